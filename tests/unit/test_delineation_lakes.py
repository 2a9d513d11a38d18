"""HJ 338-2018 in lakes and reservoirs: size classes, radii, strips of land, catchments."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import shapely

from layers.errors import DelineationError, IntakeOffWaterError
from layers.georeference.delineation.lakes import lakes, size_of
from spatial.ellipsoid import geod, metres_per_degree
from spatial.measure import ellipsoidal_area
from tests.building import reading_of

LON, LAT = 117.4, 49.6


def at(east_m: float, north_m: float) -> tuple[float, float]:
    """Along the meridian, then along the parallel: shores run east straight in longitude and latitude."""
    _, lat, _ = geod().fwd(LON, LAT, 0.0 if north_m >= 0 else 180.0, abs(north_m))
    return LON + east_m / float(metres_per_degree(lat)[0]), lat


def rectangle(west: float, south: float, east: float, north: float) -> Any:
    return shapely.Polygon([at(west, south), at(east, south), at(east, north), at(west, north)])


WATER = rectangle(-4_000, 0, 4_000, 8_000)  # the intake lies in the middle of its south shore


def made(water: Any = WATER, intake: tuple[float, float] = (0, 0), **options: Any) -> Any:
    given = {"body": "reservoir", "storage_m3": 5e7, "terrain": "plain"} | options
    return lakes(reading_of([shapely.Point(at(*intake))], [{"name": "水库取水口"}]), reading_of([water]), **given)


def zone(found: Any, number: int) -> Any:
    word = {1: "一级保护区", 2: "二级保护区"}[number]
    rows = found.reading.attributes
    return shapely.union_all([g for g, r in zip(found.reading.geometries, rows, strict=True) if r["zone"] == word])


def area(shape: Any) -> float:
    return float(ellipsoidal_area(shape)[0])


def land(shape: Any) -> float:
    return area(shapely.difference(shape, WATER))


@pytest.mark.parametrize(
    ("storage", "size"), [(9_999_999, "small"), (1e7, "medium"), (99_999_999, "medium"), (1e8, "large")]
)
def test_reservoirs_are_told_by_their_storage(storage: float, size: str) -> None:
    assert size_of("reservoir", area_m2=1.0, storage_m3=storage) == size


def test_reservoir_without_its_storage_is_refused() -> None:
    with pytest.raises(DelineationError, match="depends on its storage; state it: --storage-m3"):
        made(storage_m3=None)


def test_medium_reservoir_has_300_m_of_water_and_200_m_of_shore() -> None:
    found = made()
    inner = zone(found, 1)
    assert area(shapely.intersection(inner, WATER)) == pytest.approx(math.pi * 300**2 / 2, rel=1e-3)
    # along 600 m of straight shore, and a quarter circle at each end of it
    assert land(inner) == pytest.approx(600 * 200 + math.pi * 200**2 / 2, rel=1e-3)


def test_zone_2_of_a_medium_one_is_the_rest_of_the_water_and_2000_m_around_it() -> None:
    found = made()
    whole = area(WATER) + 4 * 8_000 * 2_000 + math.pi * 2_000**2
    assert area(zone(found, 2)) == pytest.approx(whole - area(zone(found, 1)), rel=1e-3)
    assert shapely.intersection(zone(found, 1), zone(found, 2)).area < 1e-18
    assert found.parameters["not_cut_to_divide"] is True
    hill = made(terrain="hill")
    assert area(zone(hill, 2)) == pytest.approx(
        area(WATER) + 4 * 8_000 * 3_000 + math.pi * 3_000**2 - area(zone(hill, 1)), rel=1e-3
    )


def test_large_reservoir_has_500_m_and_then_2000_m_of_water() -> None:
    found = made(storage_m3=2e8, terrain=None)
    inner, outer = zone(found, 1), zone(found, 2)
    assert area(shapely.intersection(inner, WATER)) == pytest.approx(math.pi * 500**2 / 2, rel=1e-3)
    assert shapely.Point(at(0, 2_499)).within(outer)
    assert not shapely.Point(at(0, 2_501)).within(outer)
    # zone 2 water: 2000 m beyond the half disc
    assert shapely.Point(at(2_499, 1)).within(outer)
    # 3000 m of land from the shore of that water
    assert shapely.Point(at(0, -2_999)).within(outer)
    assert not shapely.Point(at(0, -3_001)).within(outer)


def test_small_reservoir_is_zone_1_as_a_whole() -> None:
    found = made(storage_m3=5e6, terrain=None)
    assert area(shapely.intersection(zone(found, 1), WATER)) == pytest.approx(area(WATER), rel=1e-9)
    assert land(zone(found, 1)) == pytest.approx(4 * 8_000 * 200 + math.pi * 200**2, rel=1e-3)
    ring = 4 * 8_000 * 1_800 + math.pi * (2_000**2 - 200**2)
    assert area(zone(found, 2)) == pytest.approx(ring, rel=1e-3)


def test_catchment_cuts_the_land_and_is_zone_2_of_a_small_reservoir() -> None:
    basin = rectangle(-5_000, -100, 5_000, 20_000)
    found = made(storage_m3=5e6, terrain=None, catchment=reading_of([basin]))
    assert not zone(found, 1).intersects(shapely.Point(at(0, -150)))  # beyond the divide
    assert area(zone(found, 1)) + area(zone(found, 2)) == pytest.approx(area(basin), rel=1e-6)
    assert found.parameters["not_cut_to_divide"] is False


def test_lakes_are_told_by_area_and_single_use() -> None:
    assert made(body="lake", storage_m3=None).parameters["size"] == "medium"  # 64 km2
    assert made(body="lake", storage_m3=None, single_use=True).parameters["size"] == "small"


def test_medium_one_needs_its_terrain_or_its_catchment() -> None:
    with pytest.raises(DelineationError, match="plain or among hills"):
        made(terrain=None)
    assert made(terrain=None, catchment=reading_of([rectangle(-9_000, -9_000, 9_000, 20_000)])).indicative


def test_intake_on_dry_land_is_refused() -> None:
    with pytest.raises(IntakeOffWaterError, match=r"lies 400\.0 m from the water"):
        made(intake=(0, -400))


def test_islands_are_land() -> None:
    water = shapely.Polygon(WATER.exterior, [rectangle(-50, 100, 50, 200).exterior])
    found = made(water)
    assert zone(found, 1).contains(shapely.Point(at(0, 150)))
    expected = math.pi * 300**2 / 2 - 100**2
    assert area(shapely.intersection(zone(found, 1), water)) == pytest.approx(expected, rel=1e-3)


def test_water_with_an_unreadable_part_is_refused() -> None:
    water = reading_of([WATER], unreadable=[("2", None)])
    with pytest.raises(DelineationError, match="a water polygon with a part missing"):
        lakes(reading_of([shapely.Point(at(0, 0))]), water, body="lake", terrain="plain")


def test_stated_accuracy_holds_for_95_percent_of_the_true_boundary() -> None:
    """Intake off by 30 m and shore by 20 m, each a 95 % figure."""
    rng = np.random.default_rng(33)
    radial = math.sqrt(-2 * math.log(0.05))
    truth = zone(made(), 1)
    probes = shapely.get_coordinates(shapely.segmentize(shapely.boundary(truth), 2e-4))
    scale = np.array([math.cos(math.radians(LAT)), 1.0]) * 111_200
    inside = []
    for _ in range(25):
        x, y = rng.normal(0, 30.0 / radial, 2)
        east, north = rng.normal(0, 20.0 / radial, 2)
        water = rectangle(-4_000 + east, north, 4_000 + east, 8_000 + north)
        drawn = made(water, intake=(x, y), position_accuracy_m=30.0, water_accuracy_m=20.0)
        assert drawn.accuracy.metres == pytest.approx(math.hypot(30, 20), abs=0.01)
        edge = shapely.transform(shapely.boundary(zone(drawn, 1)), lambda xy: xy * scale)
        inside += list(shapely.distance(shapely.points(probes * scale), edge) <= drawn.accuracy.metres)
    assert np.mean(inside) >= 0.95
