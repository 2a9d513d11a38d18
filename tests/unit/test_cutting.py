"""Cutting by the fast clip of GEOS: whatever it gives, pieces are valid and cover what was cut."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from spatial.overlay import pieces as module
from spatial.overlay.pieces import cut
from tests.tilings import blob


def large() -> np.ndarray:
    return np.array([blob(117, 31, 0.4, 3000, np.random.default_rng(4))], dtype=object)


def spiked(polygon):
    """With an edge that goes out and comes back: the same area, and not valid."""
    if polygon.geom_type != "Polygon":
        return polygon
    ring = list(polygon.exterior.coords)
    out = (ring[0][0] + 1e-3, ring[0][1] + 1e-3)
    return shapely.Polygon([ring[0], out, *ring], [hole.coords for hole in polygon.interiors])


def assert_whole(given, made):
    assert shapely.is_valid(made.geometries).all()
    assert shapely.get_num_coordinates(made.geometries).max() <= 256
    assert shapely.area(made.geometries).sum() == pytest.approx(given[0].area, rel=1e-12)
    assert shapely.union_all(made.geometries).symmetric_difference(given[0]).area < 1e-12 * given[0].area


def test_a_clip_that_leaves_something_invalid_is_done_again_by_overlay(monkeypatch):
    given, clip = large(), module._by_rectangle

    def spoiling(parts, box):
        found = clip(parts, box)
        found[0] = spiked(found[0])
        return found

    monkeypatch.setattr(module, "_by_rectangle", spoiling)
    assert not shapely.is_valid(spoiling(given, tuple(np.array([v]) for v in shapely.bounds(given)[0])))[0]
    assert_whole(given, cut(given))


def test_a_clip_that_loses_some_area_is_done_again_by_overlay(monkeypatch):
    given, clip = large(), module._by_rectangle

    def losing(parts, box):
        found = clip(parts, box)
        found[0] = found[0].convex_hull
        return found

    monkeypatch.setattr(module, "_by_rectangle", losing)
    assert_whole(given, cut(given))


def test_a_clip_that_fails_is_done_again_by_overlay(monkeypatch):
    given = large()

    def failing(*_args):
        raise shapely.GEOSException("made so")

    monkeypatch.setattr(module.shapely, "clip_by_rect", failing)
    assert_whole(given, cut(given))


def test_lines_and_polygons_of_one_collection_are_cut_and_none_is_lost():
    line = shapely.LineString(np.column_stack([np.linspace(117, 118, 2000), np.sin(np.arange(2000.0)) + 31]))
    given = np.array([shapely.GeometryCollection([large()[0], line])], dtype=object)
    made = cut(given)
    assert (made.rows == 0).all()
    assert shapely.length(made.geometries[shapely.get_dimensions(made.geometries) == 1]).sum() == pytest.approx(
        line.length, rel=1e-9
    )
    assert shapely.area(made.geometries).sum() == pytest.approx(given[0].geoms[0].area, rel=1e-12)
