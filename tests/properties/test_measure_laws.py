"""Laws of areas and lengths: winding, starting point, cutting, and agreement with geodesics."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Polygon, box
from shapely.affinity import translate

from spatial.ellipsoid import geod
from spatial.measure import ellipsoidal_area, geodesic_length

PIECES = 1e-9
COMMON = settings(max_examples=60, deadline=None)


@st.composite
def polygons(draw, smallest=0.002, largest=1.5):
    """Star-shaped polygons, 200 m to 300 km across, with or without a hole, anywhere in the working area."""
    lon, lat = draw(st.floats(62, 148)), draw(st.floats(2, 58))
    count = draw(st.integers(4, 12))  # gaps between directions stay below 180 degrees
    seed = draw(st.integers(0, 2**32 - 1))
    size = 10 ** draw(st.floats(np.log10(smallest), np.log10(largest)))
    rng = np.random.default_rng(seed)
    angle = (np.arange(count) + rng.uniform(0.1, 0.9, count)) * 2 * np.pi / count
    radius = size * rng.uniform(0.3, 1, count)
    shell = np.column_stack([lon + radius * np.cos(angle), lat + radius * np.sin(angle)])
    hole = 0.5 * (shell - [lon, lat]) + [lon, lat]
    if draw(st.booleans()):
        return Polygon(shell, [hole[:: draw(st.sampled_from([1, -1]))]])
    return Polygon(shell)


@COMMON
@given(polygons())
def test_winding_is_irrelevant(shape):
    turned = Polygon(shape.exterior.coords[::-1], [ring.coords[::-1] for ring in shape.interiors])
    assert ellipsoidal_area(turned)[0] == pytest.approx(ellipsoidal_area(shape)[0], rel=1e-12)


@COMMON
@given(polygons(), st.integers(1, 11))
def test_start_of_a_ring_is_irrelevant(shape, shift):
    ring = np.asarray(shape.exterior.coords)[:-1]
    moved = Polygon(np.roll(ring, shift, axis=0), shape.interiors)
    assert ellipsoidal_area(moved)[0] == pytest.approx(ellipsoidal_area(shape)[0], rel=1e-11)


@COMMON
@given(polygons(), st.floats(-5, 5))
def test_turning_the_earth_changes_nothing(shape, degrees):
    # Longitudes near 120 have steps of 1.4e-14; a side of 0.002 degrees is good to 1e-11.
    moved = translate(shape, degrees)
    assert ellipsoidal_area(moved)[0] == pytest.approx(ellipsoidal_area(shape)[0], rel=1e-9)


@COMMON
@given(polygons(), st.integers(2, 40))
def test_vertices_on_an_edge_change_nothing(shape, pieces):
    finer = shapely.segmentize(shape, shapely.length(shape) / pieces)
    assert ellipsoidal_area(finer)[0] == pytest.approx(ellipsoidal_area(shape)[0], rel=1e-10)


@COMMON
@given(polygons(), st.floats(0, np.pi), st.floats(-0.6, 0.6))
def test_two_sides_of_a_cut_sum_to_the_whole(shape, angle, offset):
    west, south, east, north = shape.bounds
    size = max(east - west, north - south)
    middle = np.array([(west + east) / 2, (south + north) / 2])
    along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    foot = middle + across * offset * size
    far = 3 * size
    half = Polygon(
        [foot - along * far, foot + along * far, foot + (along + across) * far, foot + (across - along) * far]
    )
    pieces = [shapely.intersection(shape, half), shapely.difference(shape, half)]
    whole = ellipsoidal_area(shape)[0]
    assert ellipsoidal_area(pieces).sum() == pytest.approx(whole, rel=PIECES)


@COMMON
@given(polygons(), st.integers(2, 7))
def test_cells_of_a_grid_sum_to_the_whole(shape, cells):
    west, south, east, north = shape.bounds
    x, y = np.linspace(west, east, cells + 1), np.linspace(south, north, cells + 1)
    x[[0, -1]] += [-1e-3, 1e-3]
    y[[0, -1]] += [-1e-3, 1e-3]
    grid = [box(x[i], y[j], x[i + 1], y[j + 1]) for i in range(cells) for j in range(cells)]
    pieces = shapely.intersection(shape, np.array(grid))
    assert ellipsoidal_area(pieces).sum() == pytest.approx(ellipsoidal_area(shape)[0], rel=PIECES)


@COMMON
@given(polygons(), st.data())
def test_part_cut_out_as_a_hole_sums_to_the_whole(shape, data):
    centre = shapely.point_on_surface(shape)
    inner = shapely.buffer(centre, data.draw(st.floats(0.01, 0.9)) * shapely.distance(centre, shape.boundary))
    rest = shapely.difference(shape, inner)
    total = ellipsoidal_area([inner, rest]).sum()
    assert total == pytest.approx(ellipsoidal_area(shape)[0], rel=PIECES)


@settings(max_examples=25, deadline=None)
@given(polygons(smallest=0.005, largest=0.1))
def test_area_agrees_with_geodesics_on_dense_rings(shape):
    dense = shapely.segmentize(shape, 0.0001)
    rings = [np.asarray(ring.coords).T for ring in (dense.exterior, *dense.interiors)]
    areas = [abs(geod().polygon_area_perimeter(lon, lat)[0]) for lon, lat in rings]
    # 0.01 m2 per km2
    assert ellipsoidal_area(shape)[0] == pytest.approx(areas[0] - sum(areas[1:]), rel=1e-8)


@COMMON
@given(st.floats(61, 149), st.floats(1, 59), st.floats(-1, 1), st.floats(-1, 1), st.floats(0.01, 0.99))
def test_length_of_parts_sums_to_the_whole_and_agrees_with_dense_geodesics(lon, lat, dx, dy, part):
    start, end = np.array([lon, lat]), np.array([lon + dx, lat + dy])
    cut = start + (end - start) * part
    whole, first, second = geodesic_length([LineString([start, end]), LineString([start, cut]), LineString([cut, end])])
    assert first + second == pytest.approx(whole, rel=1e-7, abs=1e-6)
    lons, lats = np.linspace(start, end, 2001).T
    # 1 mm per km
    assert whole == pytest.approx(geod().line_length(lons, lats), rel=1e-6, abs=1e-6)
