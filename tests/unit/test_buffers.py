"""Buffers at a geodesic distance: hand arithmetic, holes, flat ends, bays, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely

from spatial.buffers import buffer_error_m, geodesic_buffer
from spatial.ellipsoid import geod
from spatial.measure import ellipsoidal_area, geodesic_length

LON, LAT = 117.4, 49.6


def at(east_m: float, north_m: float) -> tuple[float, float]:
    """A point some metres from the middle, along the meridian first."""
    lon, lat, _ = geod().fwd(LON, LAT, 0.0 if north_m >= 0 else 180.0, abs(north_m))
    lon, lat, _ = geod().fwd(lon, lat, 90.0 if east_m >= 0 else 270.0, abs(east_m))
    return lon, lat


def area(shape: shapely.Geometry) -> float:
    return float(ellipsoidal_area(shape)[0])


@pytest.mark.parametrize("radius", [30.0, 300.0, 5_000.0, 20_000.0])
def test_area_of_a_circle_is_right_within_a_ten_thousandth(radius: float) -> None:
    # of a geodesic circle the area is pi r^2 (1 - K r^2 / 12 ...), K = 1/R^2: 8e-7 less at 20 km
    true = math.pi * radius**2 * (1 - (radius / 6_381_000) ** 2 / 12)
    assert area(geodesic_buffer(shapely.Point(LON, LAT), radius)) == pytest.approx(true, rel=1e-4)


@pytest.mark.parametrize("radius", [30.0, 1_000.0, 20_000.0])
def test_circle_is_circumscribed_within_the_stated_error_and_has_64_corners_a_quadrant(radius: float) -> None:
    zone = geodesic_buffer(shapely.Point(LON, LAT), radius)
    ring = shapely.get_coordinates(zone.exterior)
    assert len(ring) - 1 >= 256
    middles = (ring[:-1] + ring[1:]) / 2
    metres = np.asarray(geod().inv(*np.tile([[LON], [LAT]], len(middles)), *middles.T.copy())[2])
    corners = np.asarray(geod().inv(*np.tile([[LON], [LAT]], len(ring)), *ring.T.copy())[2])
    assert metres.min() >= radius
    assert corners.max() <= radius + 1e-5 * radius


def test_a_coarser_error_still_lies_outside() -> None:
    zone = geodesic_buffer(shapely.Point(LON, LAT), 1_000.0, error_m=5.0)
    ring = shapely.get_coordinates(zone.exterior)
    middles = (ring[:-1] + ring[1:]) / 2
    metres = np.asarray(geod().inv(*np.tile([[LON], [LAT]], len(middles)), *middles.T.copy())[2])
    assert len(ring) == 257  # never fewer than 64 a quadrant
    assert 1_000.0 <= metres.min() <= metres.max() <= 1_005.0


def test_line_is_a_rectangle_and_a_circle() -> None:
    line = shapely.LineString([at(0, 0), at(0, 2_000)])
    assert area(geodesic_buffer(line, 100.0)) == pytest.approx(2_000 * 200 + math.pi * 100**2, rel=1e-4)


def test_flat_ends_leave_the_rectangle() -> None:
    line = shapely.LineString([at(0, 0), at(0, 2_000)])
    zone = geodesic_buffer(line, 100.0, ends="flat")
    assert area(zone) == pytest.approx(2_000 * 200, rel=1e-4)
    assert not zone.intersects(shapely.Point(at(0, -1)))
    assert zone.contains(shapely.Point(at(99.9, 1)))


def test_right_angle_has_a_quarter_of_a_circle_on_its_outer_side() -> None:
    line = shapely.LineString([at(0, 2_000), at(0, 0), at(2_000, 0)])
    # two strips of 2000 x 200 share a square of side 100 on the inner side; a quarter circle outside
    expected = 2 * 2_000 * 200 - 100**2 + math.pi * 100**2 / 4
    assert area(geodesic_buffer(line, 100.0, ends="flat")) == pytest.approx(expected, rel=1e-4)


def test_polygon_keeps_its_inside_and_grows_by_perimeter_and_circle() -> None:
    square = shapely.Polygon([at(0, 0), at(1_000, 0), at(1_000, 1_000), at(0, 1_000)])
    around = float(geodesic_length(shapely.boundary(square))[0])
    expected = area(square) + around * 200 + math.pi * 200**2
    assert area(geodesic_buffer(square, 200.0)) == pytest.approx(expected, rel=1e-4)


def test_wide_hole_stays_and_a_narrow_one_closes() -> None:
    def square(half: float) -> list[tuple[float, float]]:
        return [at(-half, -half), at(half, -half), at(half, half), at(-half, half)]

    wide = shapely.Polygon(square(3_000), [square(1_000)])
    narrow = shapely.Polygon(square(3_000), [square(150)])
    left = geodesic_buffer(wide, 200.0)
    assert len(left.interiors) == 1
    assert area(shapely.Polygon(left.interiors[0])) == pytest.approx(1_600.0**2, rel=2e-3)
    assert len(geodesic_buffer(narrow, 200.0).interiors) == 0


def test_winding_does_not_matter() -> None:
    square = shapely.Polygon([at(0, 0), at(1_000, 0), at(1_000, 1_000), at(0, 1_000)])
    turned = shapely.Polygon(square.exterior.coords[::-1])
    assert area(geodesic_buffer(square, 100.0)) == pytest.approx(area(geodesic_buffer(turned, 100.0)), rel=1e-9)


def test_shallow_bay_is_not_filled_as_a_planar_buffer_fills_it() -> None:
    """The bay is 200 m deep and 5 km wide: the outline over its middle is 20,000 / cos(4.57°) = 20,064 m off."""
    bay = shapely.LineString([at(-9_000, 0), at(-2_500, 0), at(0, -200), at(2_500, 0), at(9_000, 0)])
    zone = geodesic_buffer(bay, 20_000.0)
    tilt = math.atan(200 / 2_500)
    edge = 20_000 / math.cos(tilt) - 200
    assert zone.contains(shapely.Point(at(0, edge - 2)))
    assert not zone.contains(shapely.Point(at(0, edge + 2)))


def test_parts_of_collections_are_all_buffered_and_nothing_gives_nothing() -> None:
    both = shapely.GeometryCollection([shapely.Point(at(0, 0)), shapely.MultiPoint([at(5_000, 0), at(9_000, 0)])])
    zone = geodesic_buffer(both, 100.0)
    assert len(zone.geoms) == 3
    assert area(zone) == pytest.approx(3 * math.pi * 100**2, rel=1e-4)
    assert geodesic_buffer(shapely.Point(), 100.0).is_empty


def test_there_and_back_and_repeated_vertices_do_no_harm() -> None:
    line = shapely.LineString([at(0, 0), at(0, 0), at(0, 1_000), at(0, 0)])
    assert area(geodesic_buffer(line, 100.0)) == pytest.approx(1_000 * 200 + math.pi * 100**2, rel=1e-4)


@pytest.mark.parametrize("metres", [0.0, -5.0, math.nan, math.inf, 2e6])
def test_a_distance_that_is_none_is_refused(metres: float) -> None:
    with pytest.raises(ValueError, match="a buffer needs a distance"):
        geodesic_buffer(shapely.Point(LON, LAT), metres)


def test_an_error_that_is_none_is_refused_and_a_large_one_held_to_one_percent() -> None:
    with pytest.raises(ValueError, match="error_m must be a positive number"):
        buffer_error_m(100.0, 0.0)
    assert buffer_error_m(100.0, 50.0) == 1.0


def test_coordinates_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="finite coordinates"):
        geodesic_buffer(shapely.Point(math.inf, 49), 10.0)
