"""No meaning hangs on colour alone, and numbers are not rounded into another answer."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from maps import phrases
from maps.style import KIND_ORDER, STANDARD, hatches, overlap_style_of, style_of, swatch

# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
BLINDNESS = {
    "none": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def lab(colour, opacity, matrix):
    """CIELAB (D65) of a colour laid over the paper, seen through a kind of colour blindness."""
    paper = np.array([0xF3, 0xF1, 0xEA]) / 255
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    rgb = opacity * rgb + (1 - opacity) * paper
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(matrix @ linear, 0, 1)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ linear
    f = np.cbrt(np.maximum(xyz / np.array([0.9505, 1.0, 1.089]), 1e-6))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_the_three_classes_of_control_units_stay_apart_for_the_colour_blind(blindness):
    styles = [style_of("control_units", name) for name in ("priority", "key", "general")]
    seen = [lab(style.fill, style.fill_opacity, BLINDNESS[blindness]) for style in styles]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 14


def test_every_style_has_a_hatch_or_dash_of_its_own_beside_its_colour():
    areal = {key: style for key, style in STANDARD.looks.items() if style.key not in {"section", "target"}}
    cues = {}
    for style in areal.values():
        cues.setdefault((style.hatch, style.dash), set()).add(style.key)
    assert all(len(keys) == 1 for keys in cues.values()), cues


@pytest.mark.parametrize("kind", KIND_ORDER)
def test_an_overlap_has_the_colour_and_hatch_of_its_kind(kind):
    style, part = style_of(kind, "?"), overlap_style_of(kind, "?")
    assert (part.fill, part.hatch) == (style.fill, style.hatch)
    assert part.fill_opacity > style.fill_opacity


def test_every_hatch_a_style_names_is_drawn_once():
    styles = [style_of("red_lines", "red_line"), style_of("red_lines", "x"), style_of("control_units", "priority")]
    text = hatches(styles)
    assert text.count("<pattern") == 1
    assert 'id="hatch-red"' in text
    assert "url(#hatch-red)" in swatch(styles[0], "area")


@pytest.mark.parametrize(
    ("metres", "text"),
    [(0.0, "0.000 米"), (0.0495, "0.049 米"), (9.9999, "9.999 米"), (999.99, "999.9 米"), (1000.0, "1,000 米")],
)
def test_a_distance_is_rounded_down(metres, text):
    assert phrases.distance(metres, "zh") == text


def test_a_tiny_overlap_is_not_shown_as_none():
    assert phrases.area(0.001, "zh") == "<0.01 平方米（<0.0001 公顷，<0.01 亩）"


def test_an_area_in_mu_is_a_fifteenth_of_a_hectare_each():
    # 10,000 m2 = 1 ha = 15 mu
    assert phrases.area(10000.0, "en") == "10,000.00 square metres (1.0000 ha, 15.00 mu)"


def test_the_nearest_distance_says_not_less_than_where_the_coverage_ends_nearer():
    finding = {"features": [], "distance_at_least_m": 803.5}
    assert phrases.nearest(finding, "zh") == "不小于 803.5 米"
    assert phrases.nearest(finding, "en") == "not less than 803.5 m"


@pytest.mark.parametrize("relation", ["touches", "overlaps", "within"])
def test_a_met_feature_has_no_nearest_distance(relation):
    met = {"relation": relation, "distance_m": 0.0, "bearing_deg": None, "name": "a"}
    far = {"relation": "disjoint", "distance_m": 9.0, "bearing_deg": 1.0, "name": "b"}
    assert phrases.nearest({"features": [met, far]}, "zh") is None
