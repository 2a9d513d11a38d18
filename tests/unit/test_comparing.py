"""Alternatives side by side: figures by hand in the plane, nothing called least where it was not measured."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from screening.comparing import comparison
from screening.errors import ComparisonError
from tests.project_example import box, checked, damage, degrees, layer, line, site_from, workspace

PERMANENT, TEMPORARY = {"永久临时": "永久"}, {"永久临时": "临时"}


def area(x):
    """A parcel of 400 x 100 m with a work strip of 400 x 50 m, its west side at x."""
    return site_from(
        (box(x, 0, x + 400, 100), PERMANENT), (box(x, 100, x + 400, 150), TEMPORARY), name=f"方案{x}.geojson"
    )


def store_at(path):
    """Red lines over x 0 to 300 in two layers that share x 200 to 300; a water source at x 1000 to 1010."""
    store = workspace(path, "red_lines", "water_sources")
    layer(store, "red_lines", (box(0, -500, 300, 500), {"名称": "甲红线"}), name="a")
    layer(store, "red_lines", (box(200, -500, 300, 500), {"名称": "乙红线"}), name="b")
    layer(store, "water_sources", (box(1000, -500, 1010, 500), {"名称": "水源", "级别": "一级"}))
    return store


def kind(document, label, name):
    (alternative,) = (one for one in document["alternatives"] if one["label"] == label)
    return next(one for one in alternative["kinds"] if one["kind"] == name)


def test_areas_by_kind_and_use_zones_and_distances_stand_side_by_side(tmp_path):
    store = store_at(tmp_path)
    found = comparison([checked(area(x), store) for x in (100, -300, 500)])
    assert [(one["label"], one["name"], one["answer"]) for one in found["alternatives"]] == [
        ("A", "方案100", "hit"),
        ("B", "方案-300", "hit"),
        ("C", "方案500", "clear"),
    ]
    red = [kind(found, label, "red_lines") for label in "ABC"]
    # x 100 to 300 and 0 to 100, 150 high; both layers cover 200 to 300, which counts once
    assert [round(one["area_m2"]) for one in red] == [30_000, 15_000, 0]
    uses = [{use["use"]: round(use["area_m2"]) for use in one["uses"]} for one in red]
    assert uses == [{"permanent": 20_000, "temporary": 10_000}, {"permanent": 10_000, "temporary": 5_000}, {}]
    assert [sorted(zone["name"] for zone in one["zones"]) for one in red] == [["乙红线", "甲红线"], ["甲红线"], []]
    assert red[2]["nearest"]["distance_m"] == pytest.approx(200.0, abs=0.002)
    water = [kind(found, label, "water_sources")["nearest"]["distance_m"] for label in "ABC"]
    assert water == pytest.approx([500.0, 900.0, 100.0], abs=0.005)
    assert found["least"]["red_lines"] == {"area_m2": ["C"]}
    sizes = [{use["use"]: round(use["area_m2"]) for use in one["uses"]} for one in found["alternatives"]]
    assert sizes == [{"permanent": 40_000, "temporary": 20_000}] * 3
    assert found["kinds"] == ["red_lines", "water_sources"]
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_routes_are_compared_by_length(tmp_path):
    store = store_at(tmp_path)
    routes = [site_from((line((-100, y), (800, y)), PERMANENT)) for y in (0, 600)]
    found = comparison([checked(route, store) for route in routes])
    assert [round(kind(found, label, "red_lines")["length_m"], 1) for label in "AB"] == [300.0, 0.0]
    assert found["least"]["red_lines"] == {"length_m": ["B"]}


def test_where_one_alternative_is_unknown_nothing_is_called_least(tmp_path):
    store = workspace(tmp_path, "red_lines")
    near = {"coverage": None}
    layer(store, "red_lines", (box(0, -500, 300, 500), {}), **near)
    found = comparison([checked(area(x), store) for x in (100, 5000)])
    assert [kind(found, label, "red_lines")["answer"] for label in "AB"] == ["hit", "unknown"]
    assert found["least"]["red_lines"] is None


def test_what_could_not_be_measured_has_no_figure_instead_of_a_zero(tmp_path):
    store = store_at(tmp_path)
    damage(store, "water_sources", "card.json")
    damage(store, "b", "card.json")
    found = comparison([checked(area(x), store) for x in (100, 500)])
    water, red = (kind(found, "A", name) for name in ("water_sources", "red_lines"))
    assert (water["measured"], water["area_m2"], water["length_m"], water["answer"]) == ("none", None, None, "unknown")
    assert (red["measured"], round(red["area_m2"]), red["answer"]) == ("part", 30_000, "hit")
    assert found["least"] == {"red_lines": None, "water_sources": None}


def test_a_site_read_in_part_is_no_alternative_with_less(tmp_path):
    store = store_at(tmp_path)
    found = comparison([checked(area(100), store), checked(replace(area(250), rejected_parts=1), store)])
    assert found["alternatives"][1]["rejected_parts"] == 1
    assert found["least"]["red_lines"] is None


def test_answers_from_different_versions_say_so(tmp_path):
    store = store_at(tmp_path)
    before = checked(area(100), store)
    assert comparison([before, checked(area(500), store)])["layers_differ"] is False
    layer(
        store, "red_lines", (box(0, -500, 350, 500), {"名称": "甲红线"}), name="a", data_date="2025-01-01", replace=True
    )
    assert comparison([before, checked(area(500), store)])["layers_differ"] is True


def test_one_alternative_or_two_dates_are_refused(tmp_path):
    store = store_at(tmp_path)
    first = checked(area(100), store)
    with pytest.raises(ComparisonError, match="two or more sites"):
        comparison([first])
    later = replace(first, verdict=replace(first.verdict, as_of="2027-01-01"))
    with pytest.raises(ComparisonError, match="2026-11-22, 2027-01-01"):
        comparison([first, later])


def test_none_is_the_least_where_a_part_of_one_lies_beyond_the_coverage(tmp_path):
    """A lies half outside what the layer covers: the 50 m inside it are not all that there may be."""
    store = workspace(tmp_path, "red_lines")
    layer(store, "red_lines", (box(0, -500, 300, 500), {}), name="a", coverage=degrees(box(-1000, -5000, 300, 5000)))
    near, within = (site_from((box(x, 0, x + 200, 100), {})) for x in (250, 50))
    found = comparison([checked(site, store) for site in (near, within)])
    assert [kind(found, label, "red_lines")["answer"] for label in "AB"] == ["hit", "hit"]
    assert [kind(found, label, "red_lines")["covered"] for label in "AB"] == [False, True]
    assert found["least"]["red_lines"] is None
    layer(store, "red_lines", (box(900, 0, 901, 1), {}), name="b", coverage=degrees(box(300, -5000, 1000, 5000)))
    found = comparison([checked(site, store) for site in (near, within)])
    assert found["least"]["red_lines"] == {"area_m2": ["A"]}  # the neighbour's layer completes it
