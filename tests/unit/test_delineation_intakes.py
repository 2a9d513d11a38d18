"""HJ 338-2018 along a river: lengths, widths, bends, tributaries, overrides, refusals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import shapely

from layers.errors import (
    DelineationError,
    FlowUnknownError,
    IntakeOffWaterError,
    RiverTooShortError,
    RiverUnclearError,
    StudyNeededError,
)
from layers.georeference.delineation.intakes import intakes
from spatial.ellipsoid import geod
from spatial.measure import ellipsoidal_area
from tests.building import reading_of

LON, LAT = 117.4, 49.6


def at(east_m: float, north_m: float) -> tuple[float, float]:
    lon, lat, _ = geod().fwd(LON, LAT, 0.0 if north_m >= 0 else 180.0, abs(north_m))
    lon, lat, _ = geod().fwd(lon, lat, 90.0 if east_m >= 0 else 270.0, abs(east_m))
    return lon, lat


def line(*places: tuple[float, float]) -> Any:
    return shapely.LineString([at(*p) for p in places])


STRAIGHT = line((0, 6_000), (0, -2_000))  # drawn southwards, downstream


def made(river: Any = STRAIGHT, intake: tuple[float, float] = (30, 0), **options: Any) -> Any:
    lines = river if isinstance(river, list) else [river]
    given = {"flow": "drawn", "half_width_m": 40.0} | options
    rows = [{"name": "一号取水口"}]
    return intakes(reading_of([shapely.Point(at(*intake))], rows), reading_of(lines), **given)


def zone(found: Any, number: int) -> Any:
    word = {1: "一级保护区", 2: "二级保护区"}[number]
    rows = found.reading.attributes
    return shapely.union_all([g for g, r in zip(found.reading.geometries, rows, strict=True) if r["zone"] == word])


def area(shape: Any) -> float:
    return float(ellipsoidal_area(shape)[0])


def test_straight_river_gives_rectangles() -> None:
    found = made()
    # 1000 up and 100 down, 40 of water and 50 of land on each side
    assert area(zone(found, 1)) == pytest.approx(1_100 * 2 * (40 + 50), rel=1e-4)
    # 2000 more up, 200 more down, 40 and 1000 on each side; without zone 1
    whole = 3_300 * 2 * (40 + 1_000)
    assert area(zone(found, 2)) == pytest.approx(whole - 1_100 * 180, rel=1e-4)
    assert shapely.intersection(zone(found, 1), zone(found, 2)).area < 1e-18
    assert found.indicative
    assert found.parameters["not_cut_to_divide"] is True


def test_zone_reaches_a_thousand_metres_upstream_and_a_hundred_down() -> None:
    inner = zone(made(), 1)
    for north, inside in ((999, True), (1_001, False), (-99, True), (-101, False)):
        assert inner.contains(shapely.Point(at(0, north))) is inside
    against = zone(made(line((0, 2_000), (0, -6_000)), flow="against"), 1)
    for north, inside in ((99, True), (101, False), (-999, True), (-1_001, False)):
        assert against.contains(shapely.Point(at(0, north))) is inside


def test_distances_are_measured_along_a_bent_river() -> None:
    bent = line((3_000, 600), (0, 600), (0, -2_000))
    found = made(bent)
    inner = zone(found, 1)
    # 600 m up to the bend, then 400 m eastwards
    assert inner.contains(shapely.Point(at(399, 600)))
    assert not inner.contains(shapely.Point(at(401, 600)))
    # strips of 700 and 400 m share a square on the inner side and have a quarter circle on the outer
    expected = 1_100 * 180 - 90**2 + math.pi * 90**2 / 4
    assert area(inner) == pytest.approx(expected, rel=2e-4)


def test_tributaries_belong_to_the_zone_up_to_the_same_distance() -> None:
    tributary = line((4_000, 400), (0, 400))
    found = made([STRAIGHT, tributary])
    inner, outer = zone(found, 1), zone(found, 2)
    assert inner.contains(shapely.Point(at(599, 400)))  # 400 up to the mouth, 600 along it
    assert not inner.contains(shapely.Point(at(601, 400)))
    assert outer.contains(shapely.Point(at(2_599, 400)))
    assert not outer.contains(shapely.Point(at(2_601, 400)))
    [about] = found.parameters["intakes"]
    assert about["branches"] == 2


def test_tributary_below_the_intake_does_not_count() -> None:
    found = made([STRAIGHT, line((4_000, -50), (0, -50))])
    assert found.parameters["intakes"][0]["branches"] == 1
    assert not zone(found, 1).contains(shapely.Point(at(300, -50)))


def test_tributary_that_ends_early_has_its_source_there_and_is_listed() -> None:
    found = made([STRAIGHT, line((500, 400), (0, 400))])
    [end] = found.parameters["intakes"][0]["ends_short"]
    assert (end["side"], end["missing_m"]) == ("up", pytest.approx(3_000 - 900, abs=1))


def test_local_values_stand_in_for_the_standards_and_are_named() -> None:
    local = {"intake.upstream.zone_1": 500, "intake.downstream.zone_1": 500, "intake.upstream.zone_2": 1_500}
    found = made(stated=local)
    assert area(zone(found, 1)) == pytest.approx(1_000 * 180, rel=1e-4)
    numbers = {n["code"]: n for n in found.parameters["defaults"]}
    assert {code for code, n in numbers.items() if n.get("default_value")} == set(local)
    assert found.parameters["default_codes"] == [
        "intake.downstream.zone_2", "intake.land_depth.zone_1", "intake.land_depth.zone_2",
    ]  # fmt: skip


def test_width_comes_from_the_water_polygon() -> None:
    # 60 m to the east and 20 m to the west of the line
    water = shapely.Polygon([at(-20, 7_000), at(60, 7_000), at(60, -3_000), at(-20, -3_000)])
    found = made(half_width_m=None, water=reading_of([water]))
    assert area(zone(found, 1)) == pytest.approx(1_100 * (80 + 100), rel=2e-4)
    assert area(zone(found, 2)) == pytest.approx(3_300 * (80 + 2_000) - 1_100 * 180, rel=2e-4)


def test_river_line_outside_its_water_polygon_is_refused() -> None:
    water = shapely.Polygon([at(100, 7_000), at(200, 7_000), at(200, -3_000), at(100, -3_000)])
    with pytest.raises(DelineationError, match="leaves the water polygon"):
        made(half_width_m=None, water=reading_of([water]))


def test_flow_is_never_guessed() -> None:
    with pytest.raises(FlowUnknownError, match="which way the river runs; state it: --flow"):
        made(flow=None)


def test_braid_is_refused_with_its_place() -> None:
    left = line((0, 6_000), (0, 700), (-200, 500), (0, 300), (0, -2_000))
    right = line((0, 700), (200, 500), (0, 300))
    lon, lat = at(0, 700)
    with pytest.raises(RiverUnclearError, match="more than one way") as refused:
        made([left, right])
    assert (refused.value.lon, refused.value.lat) == pytest.approx((lon, lat), abs=1e-4)


def test_tributary_drawn_against_the_flow_is_refused() -> None:
    with pytest.raises(RiverUnclearError, match="a line drawn against the flow"):
        made([STRAIGHT, line((0, 400), (4_000, 400))])


def test_lines_that_cross_without_a_junction_are_refused() -> None:
    with pytest.raises(RiverUnclearError, match="cross without a junction"):
        made([STRAIGHT, line((-3_000, 500), (3_000, 500))])


def test_line_that_ends_before_the_zone_is_refused_unless_the_river_ends_there() -> None:
    short = line((0, 2_000), (0, -2_000))
    with pytest.raises(RiverTooShortError, match="1000 m short of the 3000 m needed upstream"):
        made(short)
    assert area(zone(made(short, river_ends_here=True), 2)) == pytest.approx(2_300 * 2_080 - 1_100 * 180, rel=1e-4)
    with pytest.raises(RiverTooShortError, match="downstream"):
        made(line((0, 6_000), (0, -200)))


def test_gap_in_the_river_is_no_junction() -> None:
    with pytest.raises(RiverTooShortError, match="upstream"):
        made([line((0, 6_000), (0, 530)), line((0, 500), (0, -2_000))])
    joined = made([line((0, 6_000), (0, 505)), line((0, 500), (0, -2_000))])  # within the 10 m of a junction
    assert area(zone(joined, 1)) == pytest.approx(1_105 * 180, rel=1e-2)


def test_intake_off_the_river_is_refused() -> None:
    with pytest.raises(IntakeOffWaterError, match=r"lies 800\.0 m from the water, more than the 500 m allowed"):
        made(intake=(800, 0))


def test_intake_between_two_limbs_of_a_meander_is_refused() -> None:
    meander = line((0, 8_000), (0, 0), (2_000, 0), (2_000, -60), (0, -60), (0, -6_000))
    with pytest.raises(RiverUnclearError, match="two reaches lie equally near"):
        made(meander, intake=(1_000, -32))
    assert made(meander, intake=(1_000, -3)).parameters["intakes"][0]["offset_m"] == pytest.approx(3, abs=0.1)


def test_tidal_reach_needs_a_model_and_width_must_be_stated_once() -> None:
    with pytest.raises(StudyNeededError, match=r"tidal river.*潮汐河段"):
        made(tidal=True)
    with pytest.raises(DelineationError, match="nothing says how wide the water is"):
        made(half_width_m=None)


def test_river_with_an_unreadable_line_is_refused() -> None:
    river = reading_of([STRAIGHT], unreadable=[("2", None)])
    with pytest.raises(DelineationError, match="a river with a part missing"):
        intakes(reading_of([shapely.Point(at(0, 0))]), river, flow="drawn", half_width_m=40.0)


def test_stated_accuracy_holds_for_95_percent_of_the_true_boundary() -> None:
    """Intake off by 30 m, river by 20 m, half width by 15 m, each a 95 % figure."""
    rng = np.random.default_rng(3)
    radial = math.sqrt(-2 * math.log(0.05))
    truth = zone(made(line((0, 6_000), (0, 400), (300, -2_000))), 1)
    probes = shapely.get_coordinates(shapely.segmentize(shapely.boundary(truth), 2e-4))
    scale = np.array([math.cos(math.radians(LAT)), 1.0]) * 111_200
    inside = []
    for _ in range(40):
        intake = rng.normal(0, 30.0 / radial, 2)
        east, north = rng.normal(0, 20.0 / radial, 2)
        river = line((east, 6_000 + north), (east, 400 + north), (300 + east, -2_000 + north))
        drawn = made(
            river,
            intake=(30 + intake[0], intake[1]),
            half_width_m=40.0 + rng.normal(0, 15.0 / 1.96),
            half_width_error_m=15.0,
            position_accuracy_m=30.0,
            river_accuracy_m=20.0,
        )
        assert drawn.accuracy.metres == pytest.approx(math.sqrt(30**2 + 20**2 + 15**2), abs=0.01)
        edge = shapely.transform(shapely.boundary(zone(drawn, 1)), lambda xy: xy * scale)
        inside += list(shapely.distance(shapely.points(probes * scale), edge) <= drawn.accuracy.metres)
    assert np.mean(inside) >= 0.95
