"""
Colours of classes told apart by the colour-blind, measured; where they are close, a hatch or dash differs.

Simulation: Machado, Oliveira and Fernandes (2009), A Physiologically-based Model for Simulation of Color Vision
Deficiency, IEEE TVCG 15(6):1291-1298, matrices of severity 1.0, applied to linear RGB. Distance: CIE76 in CIELAB (D65).
"""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from maps.public_map.document import styles_of
from maps.style import STANDARD, load_style, style_of

ROOT = Path(__file__).resolve().parents[2]
SIGHT = {
    "full": np.eye(3),
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
PAPER = {"white": "#ffffff", "dark": "#20262c"}  # the stage of the public map in dark mode
CLOSE = 20.0
UNITS = ("priority", "key", "general")


def lightened(colour):
    """As the page draws in the dark (``maps/page/drawing/ink.ts``): what would drown goes half way to white."""
    parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    share = 0.5 if parts @ np.array([0.2126, 0.7152, 0.0722]) / 255 < 0.45 else 0.0
    return "#" + "".join(f"{round(part):02x}" for part in parts + (255 - parts) * share)


def linear(colour, opacity, paper):
    ink, below = (np.array([int(c[i : i + 2], 16) for i in (1, 3, 5)]) / 255 for c in (colour, paper))
    rgb = opacity * ink + (1 - opacity) * below
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(style, paper, sight):
    fill = lightened(style.fill) if paper == "dark" else style.fill
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ np.clip(
        SIGHT[sight] @ linear(fill, style.fill_opacity, PAPER[paper]), 0, 1
    )
    share = xyz / np.array([0.9505, 1.0, 1.089])
    f = np.where(share > (6 / 29) ** 3, np.cbrt(share), share / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distances(styles, paper, sight):
    """CIE76 of every pair."""
    seen = {style.key: lab(style, paper, sight) for style in styles}
    return {pair: float(np.linalg.norm(seen[pair[0]] - seen[pair[1]])) for pair in combinations(sorted(seen), 2)}


def areal():
    return list({s.key: s for s in STANDARD.looks.values() if s.key not in {"section", "target"}}.values())


def test_distance_and_lightness_are_those_of_the_textbook():
    """White has L* 100, black 0; a grey looks the same to everyone: each row of a matrix sums to 1."""
    white = STANDARD.site.__class__(key="w", colour="#ffffff", fill="#ffffff", fill_opacity=1)
    assert lab(white, "dark", "full") == pytest.approx([100, 0, 0], abs=0.05)
    for matrix in SIGHT.values():
        assert matrix.sum(axis=1) == pytest.approx([1, 1, 1], abs=1e-5)


@pytest.mark.parametrize(
    ("paper", "sight", "least"),
    [
        ("white", "full", 38.1),
        ("white", "protan", 26.5),
        ("white", "deutan", 24.3),
        ("white", "tritan", 19.9),
        ("dark", "full", 33.4),
        ("dark", "protan", 22.0),
        ("dark", "deutan", 24.7),
        ("dark", "tritan", 23.5),
    ],
)
def test_the_classes_of_control_units_are_this_far_apart(paper, sight, least):
    """Measured, to one decimal; the docs have the table."""
    measured = min(distances([style_of("control_units", name) for name in UNITS], paper, sight).values())
    print(paper, sight, round(measured, 1))
    assert round(measured, 1) == least


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("paper", PAPER)
def test_looks_whose_colours_are_close_differ_in_hatch_or_dash(paper, sight):
    by_key = {style.key: style for style in areal()}
    close = [pair for pair, distance in distances(areal(), paper, sight).items() if distance < CLOSE]
    print(paper, sight, len(close), "of", len(by_key) * (len(by_key) - 1) // 2, "pairs are closer than", CLOSE)
    assert close  # thin fills over paper are alike: the pattern has to tell them apart
    alike = [(a, b) for a, b in close if (by_key[a].hatch, by_key[a].dash) == (by_key[b].hatch, by_key[b].dash)]
    assert alike == []


def test_no_colour_of_a_map_stands_anywhere_but_in_the_style_file():
    """Looks are made by the reader of the file only; scripts of the page name colours for the paper's furniture alone."""
    makers = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "maps").rglob("*.py"))
        if re.search(r"\bFeatureStyle\(", path.read_text("utf-8"))
    ]
    assert makers == ["maps/looks.py", "maps/style_file.py"]
    scripts = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "maps" / "page").rglob("*.ts"))
        if re.search(r"[\"'`]#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?[\"'`]", path.read_text("utf-8"))
    ]
    assert scripts == ["maps/page/sheet/furniture.ts", "maps/page/sheet/sheet.ts"]


def test_the_page_gets_every_look_mark_and_line_of_a_hatch_from_the_style_file(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text(
        "[hatching]\nwidth = 2.5\n[hatches]\ndiagonal = { tile = 12, angles = [0, 45] }\n"
        '[marks]\nselected = { colour = "#ff00ff", fill_opacity = 0.5, weight = 4 }\n',
        encoding="utf-8",
    )
    styles = styles_of(load_style(own))
    lines = {
        "tile": 12,
        "angles": [0, 45],
        "width": 2.5,
        "opacity": 0.75,
        "path": "M0 6H12M-2 2L2 -2M0 12L12 0M10 14L14 10",
    }
    assert styles["red"]["hatch"] == lines
    assert (styles["mark-selected"]["colour"], styles["mark-selected"]["weight"]) == ("#ff00ff", 4)
    for name in ("site", "coverage"):
        assert styles[f"mark-{name}"] == {**styles[name], "key": f"mark-{name}"}
    script = (ROOT / "maps" / "page" / "drawing" / "ink.ts").read_text("utf-8")
    (names,) = re.findall(r"^export type Mark = ([^;]+);$", script, re.MULTILINE)
    assert set(re.findall(r'"(\w+)"', names)) == {key[5:] for key in styles if key.startswith("mark-")}


def test_the_classes_of_control_units_follow_the_usual_scheme():
    """Red line red; green, red-orange, yellow: hues of 350-10, 150-170, 15-40 and 55-65 degrees."""

    def hue(colour):
        red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        high, low = max(red, green, blue), min(red, green, blue)
        turn = {
            red: (green - blue) / (high - low) % 6,
            green: (blue - red) / (high - low) + 2,
            blue: (red - green) / (high - low) + 4,
        }
        return 60 * turn[high]

    assert (hue(style_of("red_lines", "red_line").fill) + 20) % 360 < 30
    assert 150 < hue(style_of("control_units", "priority").fill) < 170
    assert 15 < hue(style_of("control_units", "key").fill) < 40
    assert 55 < hue(style_of("control_units", "general").fill) < 65
