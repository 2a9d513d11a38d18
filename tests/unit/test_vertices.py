"""Vertices in portions: nothing is left out, nothing is told of the wrong geometry, and few points stand for all."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import shapely

from spatial import vertices
from spatial.crs import identify, to_geographic
from spatial.errors import OutsideWorkingAreaError
from spatial.reading import reference
from spatial.vertices import in_portions, not_finite


def array(*geometries) -> np.ndarray:
    found = np.empty(len(geometries), dtype=object)
    found[:] = geometries
    return found


def some_shapes(rng: np.random.Generator, count: int) -> np.ndarray:
    sizes = rng.integers(2, 90, count)
    return array(*(shapely.linestrings(rng.normal((120, 45), 0.5, (size, 2))) for size in sizes))


@pytest.mark.parametrize("at_once", [1, 7, 100, 1 << 15])
def test_portions_hold_every_vertex_once_in_order(monkeypatch, at_once):
    monkeypatch.setattr(vertices, "_AT_ONCE", at_once)
    shapes = np.append(some_shapes(np.random.default_rng(1), 40), array(None, shapely.Polygon()))
    found = list(in_portions(shapes))
    assert [start for start, _, _ in found] == [0, *(stop for _, stop, _ in found[:-1])]
    assert found[-1][1] == 42
    assert np.array_equal(np.concatenate([xy for _, _, xy in found]), shapely.get_coordinates(shapes))
    assert list(in_portions(array())) == []


@pytest.mark.parametrize("at_once", [1, 100, 1 << 15])
@pytest.mark.parametrize("wild", [np.nan, np.inf, -np.inf])
def test_each_geometry_with_a_wild_coordinate_is_told_and_no_other(monkeypatch, at_once, wild):
    monkeypatch.setattr(vertices, "_AT_ONCE", at_once)
    shapes = some_shapes(np.random.default_rng(2), 30)
    for row in (0, 7, 29):
        shapes[row] = shapely.MultiPoint([(1, 2), (3, wild), (wild, 4)])
    assert np.flatnonzero(not_finite(shapes)).tolist() == [0, 7, 29]


def test_numbers_whose_sum_is_too_large_are_finite_all_the_same():
    assert not_finite(array(shapely.MultiPoint([(1e308, 1e308), (1e308, 1e308)]))).tolist() == [False]


def test_the_record_outside_is_named_wherever_its_portion_begins(monkeypatch):
    monkeypatch.setattr(vertices, "_AT_ONCE", 10)
    shapes = array(*(shapely.box(117 + n / 100, 49, 117.005 + n / 100, 49.005) for n in range(20)))
    shapes[13] = shapely.LineString([(117, 49), (10, 49)])
    with pytest.raises(OutsideWorkingAreaError) as caught:
        to_geographic(shapes, identify(4490))
    assert (caught.value.record, caught.value.lon) == (13, 10)


@pytest.mark.parametrize("seed", range(8))
def test_few_points_hold_the_corners_of_the_hull_of_all(monkeypatch, seed):
    """A hole outside of its shell reaches beyond the box that GEOS gives of the polygon."""
    monkeypatch.setattr(reference, "_FEW", 50)
    monkeypatch.setattr(vertices, "_AT_ONCE", 100)
    rng = np.random.default_rng(seed)
    shapes = some_shapes(rng, 60)
    if seed % 2:
        far = [(100, 60), (101, 60), (100, 61)]
        shapes[31] = shapely.Polygon([(120, 45), (121, 45), (120, 46)], [far])
    points = shapely.get_coordinates(shapes)
    whole = shapely.get_coordinates(shapely.convex_hull(shapely.linestrings(points)))
    told = np.vstack([whole, points[:: len(points) // 50 + 1]])
    assert np.array_equal(reference._points(SimpleNamespace(geometries=list(shapes))), told)
