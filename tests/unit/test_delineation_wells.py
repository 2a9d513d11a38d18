"""HJ 338-2018 around wells: radii, the 2R rule, confined water, refusals, accuracy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import shapely

from layers.errors import DelineationError, StudyNeededError, UnknownFigureError
from layers.georeference.delineation.rules import Numbers, rule_pack
from layers.georeference.delineation.wells import wells, wells_joined
from spatial.ellipsoid import geod
from spatial.measure import ellipsoidal_area
from tests.building import reading_of

LON, LAT = 117.4, 49.6
# as the table of the standard is commonly cited, typed by hand: metres, zone 1 and zone 2
TABLE = {"细砂": (30, 300), "中砂": (50, 500), "粗砂": (100, 1000), "砾石": (200, 2000), "卵石": (500, 5000)}


def at(east_m: float, north_m: float = 0.0) -> tuple[float, float]:
    lon, lat, _ = geod().fwd(LON, LAT, 0.0 if north_m >= 0 else 180.0, abs(north_m))
    lon, lat, _ = geod().fwd(lon, lat, 90.0 if east_m >= 0 else 270.0, abs(east_m))
    return lon, lat


def made(*places: tuple[float, float], rows: Any = None, **options: Any) -> Any:
    options = {"medium": "细砂"} | options
    return wells(reading_of([shapely.Point(at(*p)) for p in places], rows), **options)


def zones(found: Any, word: str) -> list[Any]:
    reading = found.reading
    return [g for g, row in zip(reading.geometries, reading.attributes, strict=True) if row["zone"] == f"{word}保护区"]


def area(shape: Any) -> float:
    return float(ellipsoidal_area(shape)[0])


@pytest.mark.parametrize(("medium", "radii"), TABLE.items())
def test_radii_are_those_of_the_table(medium: str, radii: tuple[int, int]) -> None:
    found = made((0, 0), medium=medium)
    inner, outer = math.pi * radii[0] ** 2, math.pi * radii[1] ** 2
    assert area(zones(found, "一级")[0]) == pytest.approx(inner, rel=1e-4)
    assert area(zones(found, "二级")[0]) == pytest.approx(outer - inner, rel=1e-4)  # without zone 1
    assert found.parameters["radii_m"] == {"zone_1": radii[0], "zone_2": radii[1]}


def test_zones_are_disjoint_and_share_their_edge() -> None:
    found = made((0, 0))
    inner, outer = zones(found, "一级")[0], zones(found, "二级")[0]
    assert shapely.intersection(inner, outer).area == 0
    assert len(outer.interiors) == 1
    assert shapely.Polygon(outer.interiors[0]).equals(inner)


def test_radius_by_formula_is_alpha_k_i_t_over_n() -> None:
    found = made((0, 0), medium=None, formula=(20.0, 0.002, 0.2))
    # 1.5 * 20 * 0.002 * 100 / 0.2 = 30; with 1000 days 300
    assert found.parameters["radii_m"] == pytest.approx({"zone_1": 30.0, "zone_2": 300.0})
    assert found.parameters["radius_basis"] == {"zone_1": "formula", "zone_2": "formula"}


def test_larger_of_formula_and_table_holds() -> None:
    found = made((0, 0), medium="中砂", formula=(20.0, 0.002, 0.2))
    assert found.parameters["radii_m"] == {"zone_1": 50.0, "zone_2": 500.0}
    found = made((0, 0), medium="细砂", formula=(40.0, 0.002, 0.2))
    assert found.parameters["radii_m"] == pytest.approx({"zone_1": 60.0, "zone_2": 600.0})


def test_wells_61_m_apart_keep_circles_and_59_m_make_a_field() -> None:
    apart, near = made((0, 0), (61, 0)), made((0, 0), (59, 0))
    circle = math.pi * 30**2
    assert [area(z) for z in zones(apart, "一级")] == pytest.approx([circle, circle], rel=1e-4)
    assert [area(z) for z in zones(near, "一级")] == pytest.approx([59 * 60 + circle], rel=1e-4)
    # within 2 x 300 m both are one field of zone 2
    whole = math.pi * 300**2 + 61 * 600
    assert area(zones(apart, "二级")[0]) == pytest.approx(whole - 2 * circle, rel=1e-4)


def test_triangle_of_wells_is_hull_and_perimeter_and_circle() -> None:
    found = made((0, 0), (50, 0), (0, 40))
    perimeter = 50 + 40 + math.hypot(50, 40)
    expected = 50 * 40 / 2 + perimeter * 30 + math.pi * 30**2
    assert area(zones(found, "一级")[0]) == pytest.approx(expected, rel=1e-4)


def test_a_chain_of_wells_is_one_field_though_its_ends_are_far_apart() -> None:
    points = [shapely.Point(at(55.0 * i)) for i in range(5)] + [shapely.Point(at(1_000))]
    assert wells_joined(points, 60.0) == [[0, 1, 2, 3, 4], [5]]


def test_wells_of_two_named_sources_are_no_common_field() -> None:
    rows = [{"水源地名称": "甲水源地"}, {"水源地名称": "乙水源地"}]
    found = made((0, 0), (50, 0), rows=rows)
    assert [row["name"] for row in found.reading.attributes] == [
        "甲水源地一级保护区", "甲水源地二级保护区", "乙水源地一级保护区", "乙水源地二级保护区",
    ]  # fmt: skip
    # nobody's zone 2 reaches into anybody's zone 1
    inner = shapely.union_all(zones(found, "一级"))
    assert all(shapely.intersection(z, inner).area < 1e-20 for z in zones(found, "二级"))


def test_lone_well_in_the_bay_of_a_field_is_joined_to_it() -> None:
    bow = [(-100, 0), (-100, 50), (-100, 100), (-50, 100), (0, 100), (50, 100), (100, 100), (100, 50), (100, 0)]
    found = made(*bow, (0, 20))
    assert len(zones(found, "一级")) == 1
    assert len(found.parameters["fields"][0]["wells"]) == 10


def test_confined_water_has_zone_1_only() -> None:
    found = made((0, 0), aquifer="confined")
    assert [row["zone"] for row in found.reading.attributes] == ["一级保护区"]


@pytest.mark.parametrize(("aquifer", "word"), [("fissure", "裂隙水"), ("karst", "岩溶水")])
def test_fissure_and_karst_water_need_a_study_named_in_both_languages(aquifer: str, word: str) -> None:
    with pytest.raises(StudyNeededError, match=f"no table for {aquifer} water.*{word}.*numerical model.*数值模型"):
        made((0, 0), aquifer=aquifer)


def test_a_large_yield_needs_a_study_and_one_just_below_does_not() -> None:
    with pytest.raises(StudyNeededError, match="50000 m3/d is that of a large source"):
        made((0, 0), yield_m3_d=50_000)
    assert made((0, 0), yield_m3_d=49_999).parameters["yield_stated"] is True
    assert made((0, 0)).parameters["yield_stated"] is False


def test_nothing_about_the_radius_is_refused() -> None:
    with pytest.raises(DelineationError, match="nothing says how large the radius of zone 1 is"):
        made((0, 0), medium=None)
    with pytest.raises(DelineationError, match="'黏土' is no medium of the table"):
        made((0, 0), medium="黏土")
    with pytest.raises(DelineationError, match="zone 2 of 20 m would lie inside zone 1"):
        made((0, 0), radii_m={2: 20.0})


def test_numbers_are_named_and_marked_and_an_override_too() -> None:
    found = made((0, 0), stated={"wells.radius.zone_1.fine_sand": 45.0})
    numbers = {n["code"]: n for n in found.parameters["defaults"]}
    assert numbers["wells.radius.zone_2.fine_sand"]["mark"] == "K"
    assert numbers["wells.radius.zone_1.fine_sand"]["default_value"] == 30.0
    assert "wells.radius.zone_1.fine_sand" not in found.parameters["default_codes"]
    assert area(zones(found, "一级")[0]) == pytest.approx(math.pi * 45**2, rel=1e-4)


def test_numbers_that_belong_to_no_figure_or_have_no_part_are_refused() -> None:
    with pytest.raises(UnknownFigureError, match=r"no figure 'wells\.radius'"):
        made((0, 0), stated={"wells.radius": 45.0})
    with pytest.raises(DelineationError, match=r"of no use here: wells\.radius\.zone_1\.cobble"):
        made((0, 0), stated={"wells.radius.zone_1.cobble": 45.0})
    with pytest.raises(DelineationError, match="finite number above 0"):
        made((0, 0), stated={"wells.alpha": math.nan})


def test_every_figure_of_the_pack_has_a_mark_a_source_and_words() -> None:
    for figure in rule_pack().figures.values():
        assert figure.mark in {"K", "V"}
        assert figure.source
        assert figure.zh != figure.en
        assert Numbers().of(figure.code) == figure.value


def test_layer_is_indicative_and_a_lost_well_keeps_it_from_clear_everywhere() -> None:
    box = (117.4, 49.6, 117.41, 49.61)
    lost = wells(reading_of([shapely.Point(at(0, 0))], unreadable=[("2", box)]), medium="细砂")
    assert lost.indicative
    assert lost.method == "delineation_rule"
    assert [u.box for u in lost.reading.unreadable] == [None]  # the zone lies around the well, not in its box


def test_wells_that_are_polygons_are_refused() -> None:
    with pytest.raises(DelineationError, match="which is no well"):
        wells(reading_of([shapely.box(117, 49, 117.1, 49.1)]), medium="细砂")


def test_spacing_that_accuracy_may_turn_is_named() -> None:
    found = made((0, 0), (63, 0), position_accuracy_m=3.0)
    [pair] = found.parameters["spacing_close_to_limit"]
    assert (pair["zone"], pair["wells"]) == (1, ["1", "2"])
    assert pair["spacing_m"] == pytest.approx(63, abs=0.01)
    assert made((0, 0), (70, 0), position_accuracy_m=3.0).parameters["spacing_close_to_limit"] == []


def test_accuracy_is_position_and_construction_and_a_wells_own_goes_before() -> None:
    found = made((0, 0), position_accuracy_m=4.0, error_m=3.0)
    assert found.accuracy.metres == pytest.approx(5.0)  # root of 4^2 + 3^2
    assert [t.code for t in found.accuracy.terms] == ["well_position", "construction"]
    own = made((0, 0), rows=[{"accuracy_m": 12.0}])
    assert own.reading.attributes[0]["accuracy_m"] == pytest.approx(12.0, abs=1e-3)


def test_stated_accuracy_holds_for_95_percent_of_the_true_boundary() -> None:
    """Wells off by a 95 % radial figure of 20 m: how far the true outline lies from the one drawn."""
    rng = np.random.default_rng(338)
    sigma = 20.0 / math.sqrt(-2 * math.log(0.05))  # Rayleigh: 95 % radial = 2.4477 sigma
    true_wells = [(0.0, 0.0), (150.0, 40.0), (60.0, 160.0), (700.0, 0.0)]
    truth = made(*true_wells, medium="粗砂")
    probes = [shapely.get_coordinates(shapely.boundary(z))[::40] for z in zones(truth, "一级")]
    inside = []
    for _ in range(40):
        off = [(x + rng.normal(0, sigma), y + rng.normal(0, sigma)) for x, y in true_wells]
        drawn = made(*off, medium="粗砂", position_accuracy_m=20.0)
        edge = shapely.boundary(shapely.union_all(zones(drawn, "一级")))
        scale = np.array([math.cos(math.radians(LAT)), 1.0]) * 111_200
        flat = shapely.transform(edge, lambda xy: xy * scale)  # noqa: B023
        for ring in probes:
            inside += list(shapely.distance(shapely.points(ring * scale), flat) <= drawn.accuracy.metres)
    assert np.mean(inside) >= 0.95


def test_wells_of_no_stated_source_have_one_source_name_in_both_zones():
    """1 km apart: two fields of zone 1 (R 50 m), one of zone 2 (2R 1,000 m and more): one source all the same."""
    points = [shapely.Point(117, 49), shapely.Point(117.0068, 49), shapely.Point(117.0136, 49)]
    made = wells(
        reading_of(points, [{"井号": f"{i}号井"} for i in (1, 2, 3)]), aquifer="unconfined", radii_m={1: 50.0, 2: 500.0}
    )
    rows = made.reading.attributes
    assert [row["zone"] for row in rows] == ["一级保护区"] * 3 + ["二级保护区"]
    assert {row["source_name"] for row in rows} == {"1号井、2号井、3号井"}
    assert rows[0]["name"] == "1号井一级保护区"
