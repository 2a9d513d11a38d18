"""False answers that were found by trying to get one, each with the smallest case that gave it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from shapely import GeometryCollection, LineString, MultiLineString, MultiPolygon, Point, Polygon, box

from layers.errors import ImportOptionError
from layers.repair import repair
from screening.site import place
from spatial.accuracy import assumed_accuracy
from tests.building import reading_of
from tests.contract.places import COUNTY, FAR, ZONE, MemoryStore, ask, beside, codes, finding, off, one

LARGE = box(117.2, 49.2, 117.6, 49.6)
"""Some 1,290 km2, so that a lost part of 2 km2 is far below 1 %."""
LOST_AT = Point(117.808, 49.808)
"""In the lost part, 31 km from the large one."""


def around(x: float, y: float, half: float) -> list[tuple[float, float]]:
    """A square ring around a place, degrees."""
    return list(box(x - half, y - half, x + half, y + half).exterior.coords)


SWAPPED = Polygon(around(117.8, 49.8, 0.001), [around(117.8, 49.8, 0.01)])
COVERING_HOLE = Polygon(around(117.808, 49.808, 0.001), [around(117.808, 49.808, 0.001)])
THERE_AND_BACK = Polygon([(117.8, 49.808), (117.81, 49.808), (117.8, 49.808)])
BOW_TIE = Polygon([(117.8, 49.8), (117.81, 49.81), (117.81, 49.8), (117.8, 49.81)])


@pytest.mark.parametrize("part", [SWAPPED, COVERING_HOLE, THERE_AND_BACK, BOW_TIE])
def test_small_part_lost_in_the_repair_of_a_large_multipolygon_is_a_rejection(part):
    verdict = ask(one("red_lines", MultiPolygon([LARGE, part])), LOST_AT)
    assert (verdict.answer, codes(finding(verdict))) == ("unknown", ["rejected_feature_near"])


def test_small_part_of_a_route_lost_in_repair_is_a_rejection():
    lines = MultiLineString([[(117.2, 49.2), (117.6, 49.6)], [(117.8, 49.8), (117.8, 49.8)]])
    assert repair(np.array([lines])).outcome.tolist() == ["emptied"]


def test_site_that_loses_a_part_in_repair_is_no_site_without_it():
    site = reading_of([MultiPolygon([LARGE, SWAPPED]), box(117.1, 49.1, 117.11, 49.11)])
    assert place(site).rejected_parts == 1


def test_broken_part_that_lies_within_another_loses_nothing():
    mended = repair(np.array([MultiPolygon([box(117.7, 49.7, 117.9, 49.9), BOW_TIE])]))
    assert mended.outcome.tolist() == ["repaired"]
    assert mended.geometries[0].equals(box(117.7, 49.7, 117.9, 49.9))


@pytest.mark.parametrize("place_", [Point(117.808, 49.808), Point(117.791, 49.8)])
def test_box_of_a_rejected_polygon_holds_its_holes_where_shell_and_hole_are_swapped(place_):
    store = MemoryStore()
    store.add("red_lines", [ZONE, SWAPPED])
    assert ask(store, place_).answer == "unknown"
    assert ask(store, Point(117.7, 49.7)).answer == "clear"


def _imported(reading, **options):
    from layers.importing import ImportOptions, import_layer
    from tests.contract.places import _unpublished

    store = MemoryStore()
    given = {"kind": "red_lines", "name": "r", "coverage": reading_of([COUNTY]), "data_date": "2024-01-01"} | options
    with _unpublished():
        import_layer(store, reading, ImportOptions(**given))
    return store


UNSTATED_DATUM = assumed_accuracy(source="geojson", notation="projected", decimals=None, datum="unknown_projected")


def test_own_accuracy_of_a_feature_does_not_take_away_what_an_unstated_datum_adds():
    """Stated as 1 m in a column, of a file whose datum nothing states: √(1 + 100² + 7²) = 100.25 m."""
    store = _imported(replace(reading_of([ZONE], [{"精度": 1}]), accuracy=UNSTATED_DATUM))
    found = finding(ask(store, beside(60.0)))
    assert (found.answer, found.accuracy_m) == ("uncertain", 100.25)


def test_coverage_from_a_file_is_no_more_accurate_than_its_unstated_datum():
    """24 m of the layer and 100 m of the datum: c = 102.84 m, and 25 m of a: 127.84 m to the edge are not enough."""
    coverage = replace(reading_of([COUNTY]), accuracy=UNSTATED_DATUM)
    store = _imported(reading_of([ZONE]), coverage=coverage, accuracy_m=24.0)
    assert ask(store, Point(off(118.0, 49.5, east=-127.7))).answer == "unknown"
    assert ask(store, Point(off(118.0, 49.5, east=-128.0))).answer == "clear"


@pytest.mark.parametrize(
    "boundary",
    [
        pytest.param(LineString(ZONE.exterior.coords), id="one closed line"),
        pytest.param(
            MultiLineString([list(ZONE.exterior.coords)[:3], list(ZONE.exterior.coords)[2:]]), id="two that meet"
        ),
    ],
)
def test_inside_a_zone_drawn_as_a_closed_line_is_never_clear(boundary):
    """3.6 km from the line is farther than 500 m and inside it all the same."""
    store = one("red_lines", boundary)
    inside = finding(ask(store, Point(117.45, 49.45)))
    assert (inside.answer, codes(inside)) == ("unknown", ["extent_not_given"])
    assert finding(ask(store, FAR)).answer == "clear"


def test_collection_within_a_collection_keeps_all_its_parts():
    inner = GeometryCollection([ZONE, LineString([(117.6, 49.6), (117.7, 49.7)])])
    store = one("red_lines", GeometryCollection([inner, Point(117.1, 49.1)]))
    assert ask(store, Point(117.45, 49.45)).answer == "hit"
    for near in (Point(117.65, 49.65), Point(117.1, 49.1)):
        assert codes(finding(ask(store, near))) == ["extent_not_given"]


@pytest.mark.parametrize("name", ["—", "0", "暂无", "/"])
def test_placeholder_for_a_name_makes_no_zone_an_intakes_own(name):
    store = MemoryStore()
    zone = shapely.box(117.449, 49.449, 117.451, 49.451)
    rows = [{"名称": name, "类型": "取水口"}, {"名称": name, "类型": "一级保护区"}]
    store.add("water_sources", [Point(117.45, 49.45), zone], rows)
    site = Point(off(117.45, 49.45, east=3000.0))
    assert codes(finding(ask(store, site))) == ["extent_not_given"]


@pytest.mark.parametrize("name", [" ", "\udcff"])
def test_layer_name_that_is_none_is_refused_with_the_remedy(name):
    with pytest.raises(ImportOptionError, match="--name"):
        _imported(reading_of([ZONE]), name=name)


@pytest.mark.parametrize("metres", [1e308, 1e300, 1e12])
def test_accuracy_beyond_the_earth_leaves_no_check_without_an_answer(metres):
    for store in (one("red_lines", ZONE, {"精度": metres}), one("red_lines", ZONE, accuracy_m=metres)):
        found = finding(ask(store, FAR))
        assert found.answer == "uncertain"
        assert 20_037_508 < found.accuracy_m < 20_037_510
    assert ask(one("red_lines", ZONE), FAR, accuracy_m=metres).answer == "uncertain"


@pytest.mark.parametrize("shape", [ZONE, Point(117.45, 49.45)])
def test_influence_distance_beyond_the_earth_reaches_everywhere(shape):
    assert ask(one("water_sources", shape, {"影响距离": 1e308}), FAR).answer == "hit"


def test_layer_whose_crs_nothing_tells_is_refused_with_the_remedy():
    with pytest.raises(ImportOptionError, match="--crs"):
        _imported(replace(reading_of([ZONE]), crs=None))


def test_land_whose_only_unit_has_expired_is_not_known():
    """The coverage was cut to all units at import; where the unit's own date has passed there is a hole in it."""
    store = MemoryStore()
    rows = [
        {"分类": "一般管控单元"},
        {"分类": "一般管控单元", "失效日期": "2025-01-01"},
    ]
    west, east = shapely.box(117.0, 49.0, 117.5, 50.0), shapely.box(117.5, 49.0, 118.0, 50.0)
    store.add("control_units", [west, east], rows, coverage=COUNTY)
    assert ask(store, shapely.Point(117.2, 49.5)).kinds == {"control_units": "clear"}
    (finding,) = ask(store, shapely.Point(117.8, 49.5)).findings
    assert (finding.answer, [r.code for r in finding.reasons]) == ("unknown", ["layer_expired"])


def test_land_of_an_expired_unit_that_another_has_taken_over_is_known():
    store = MemoryStore()
    rows = [{"分类": "一般管控单元"}, {"分类": "一般管控单元", "失效日期": "2025-01-01"}]
    store.add("control_units", [COUNTY, shapely.box(117.5, 49.0, 118.0, 50.0)], rows, coverage=COUNTY)
    assert ask(store, shapely.Point(117.8, 49.5)).kinds == {"control_units": "clear"}


def test_an_influence_distance_that_applies_to_nothing_is_refused():
    store = MemoryStore()
    with pytest.raises(ImportOptionError, match="applies to no feature"):
        store.add("red_lines", [ZONE], influence_m=500.0)
