from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from pyproj import Geod

from layers.kinds import interpret

BOX = shapely.box(117.0, 49.0, 117.01, 49.01)
POINT = shapely.Point(117.005, 49.005)
GEOD = Geod(a=6378137.0, rf=298.257222101)


def features(*pairs, **options):
    rows, shapes = [row for row, _ in pairs], np.array([shape for _, shape in pairs], dtype=object)
    return interpret("water_sources", rows, shapes, [str(i) for i in range(len(rows))], **options).features


@pytest.mark.parametrize(
    ("word", "class_"),
    [
        ("一级", "zone_1"),
        ("一级保护区（水域）", "zone_1"),
        ("Ⅰ", "zone_1"),
        ("Ⅱ级", "zone_2"),
        (1, "zone_1"),
        ("2", "zone_2"),
        ("准保护区", "zone_quasi"),
        ("准", "zone_quasi"),
        ("饮用水水源二级保护区陆域", "zone_2"),
        ("zone_quasi", "zone_quasi"),
        ("zone_1", "zone_1"),
        ("quasi", "zone_quasi"),
    ],
)
def test_a_polygon_of_a_zone_counts(word, class_):
    (found,) = features(({"保护区级别": word}, BOX))
    assert (found.class_, found.counts, found.flags, found.without_extent_m) == (class_, True, (), None)


@pytest.mark.parametrize("word", [None, "", "补给区", "县级", "一级、二级", "非一级", 3, "取水口"])
def test_a_polygon_whose_zone_is_blank_or_unknown_counts(word):
    (found,) = features(({"保护区级别": word}, BOX))
    assert (found.class_, found.counts, found.flags) == ("unconfirmed", True, ("class_unconfirmed",))


def test_an_intake_with_a_stated_distance_counts_by_it():
    (found,) = features(({"名称": "某取水口", "影响距离": "1.2公里"}, POINT))
    assert (found.class_, found.influence_m, found.without_extent_m, found.flags) == (
        "intake",
        1200.0,
        None,
        ("influence",),
    )


def test_a_distance_stated_for_the_layer_holds_for_its_points_but_not_its_polygons():
    found = features(({}, POINT), ({"影响距离": 50}, POINT), ({"保护区级别": "一级"}, BOX), influence_m=300)
    assert [f.influence_m for f in found] == [300.0, 50.0, None]
    assert all(f.counts for f in found)


@pytest.mark.parametrize(
    ("fields", "reach"),
    [
        ({}, 5000.0),
        ({"说明": "取水口上游1000米"}, 5000.0),
        ({"说明": "上溯１２公里，下游一百米"}, 12000.0),
        ({"说明": "沿河上溯十二公里"}, 12000.0),
        ({"面积（平方公里）": 100}, 2 * math.sqrt(100e6 / math.pi)),  # 11,284 m
        ({"说明": "保护区面积100平方公里"}, 2 * math.sqrt(100e6 / math.pi)),
        ({"距离_km": 7}, 7000.0),
        ({"影响距离": "未定"}, 5000.0),
    ],
)
def test_an_intake_without_extent_reaches_as_far_as_anything_it_states(fields, reach):
    (found,) = features((fields, POINT))
    assert found.counts
    assert found.without_extent_m == pytest.approx(reach)
    assert found.flags == ("no_extent",)


def test_without_coordinates_it_is_everywhere():
    found = features(
        ({"名称": "甲"}, None), ({"影响距离": 100}, shapely.Point()), ({"保护区级别": "一级"}, shapely.Polygon())
    )
    assert [(f.counts, f.without_extent_m, f.influence_m) for f in found] == [(True, math.inf, None)] * 3


def test_a_zone_given_as_a_line_or_a_point_has_no_extent_and_no_zones_of_its_own():
    zone = ({"名称": "甲", "保护区级别": "一级"}, BOX)
    for shape in (BOX.exterior, POINT):
        found = features(zone, ({"名称": "甲", "保护区级别": "二级"}, shape))[1]
        assert (found.class_, found.without_extent_m, found.own_zones) == ("zone_2", 5000.0, ())


def test_an_intakes_own_zones_have_its_code_however_far():
    far = shapely.box(118.0, 49.0, 118.1, 49.1)
    found = features(
        ({"编码": "S-1"}, POINT),
        ({"编码": "s-1 ", "保护区级别": "一级"}, far),
        ({"编码": "S-2", "保护区级别": "一级"}, BOX),
    )
    assert found[0].own_zones == (1,)
    assert found[0].without_extent_m == 5000.0


def test_a_code_that_is_only_a_county_names_no_source():
    for code in ("150781", 150781.0, "150781100", "0"):
        assert features(({"编码": code}, POINT), ({"编码": code, "保护区级别": "一级"}, BOX))[0].own_zones == ()


def test_an_intakes_own_zones_have_its_name_within_five_kilometres():
    lon, lat, _ = GEOD.fwd(117.01, 49.005, 90, 4_999)
    near = shapely.Point(lon, lat)
    lon, lat, _ = GEOD.fwd(117.01, 49.005, 90, 5_001)
    out = shapely.Point(lon, lat)
    found = features(
        ({"名称": "甲水源", "保护区级别": "一级"}, BOX),
        ({"名称": " 甲水源"}, near),
        ({"名称": "甲水源"}, out),
        ({"名称": "乙水源"}, near),
    )
    assert [f.own_zones for f in found] == [(), (0,), (), ()]


@pytest.mark.parametrize("bearing", [0, 37, 180, 263])
@pytest.mark.parametrize("lat", [20.0, 38.0, 53.0])
def test_five_kilometres_are_measured_on_the_ellipsoid_in_every_direction(bearing, lat):
    zone = shapely.Point(115.0, lat).buffer(1e-6)  # 0.1 m
    for metres, own in ((4_999, (0,)), (5_001, ())):
        x, y, _ = GEOD.fwd(115.0, lat, bearing, metres)
        found = features(({"名称": "甲", "保护区级别": "一级"}, zone), ({"名称": "甲"}, shapely.Point(x, y)))
        assert found[1].own_zones == own


def test_a_blank_name_or_placeholder_is_no_common_name():
    for name in (None, "", "无", "未知", "-"):
        assert features(({"名称": name, "保护区级别": "一级"}, BOX), ({"名称": name}, POINT))[1].own_zones == ()


def test_the_name_of_the_source_joins_an_intake_with_its_zones():
    zone = {"保护区名称": "甲水源地一级保护区", "水源地名称": "甲水源地", "保护区级别": "一级"}
    found = features((zone, BOX), ({"取水口名称": "1号取水口", "水源地名称": "甲水源地", "级别": "县级"}, POINT))
    assert (found[1].class_, found[1].own_zones) == ("intake", (0,))


def test_a_polygon_that_has_no_extent_itself_is_nobodys_zone():
    found = features(({"名称": "甲", "保护区级别": "一级"}, shapely.Polygon()), ({"名称": "甲"}, POINT))
    assert found[1].own_zones == ()
