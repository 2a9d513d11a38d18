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


def comb(teeth: int) -> np.ndarray:
    """Teeth of 100 m, a third of a metre apart, as a boundary digitised from pixels has them: much edge, little area."""
    lon = 122 + np.arange(2 * teeth + 1) * 1.6e-6
    lat = 46 + np.where(np.arange(2 * teeth + 1) % 2, 1e-3, 1e-9)
    ring = [(lon[-1], 45.9999999), (lon[0], 45.9999999), *zip(lon, lat, strict=True)]
    return np.array([shapely.Polygon(ring)], dtype=object)


def halves_of(given):
    """A comb cut through all its teeth, at a place that no vertex has."""
    west, south, east, north = shapely.bounds(given).T
    middle = (south + north) / 2 + 1e-7 / 3
    low = module._by_rectangle(given, (west, south, east, middle))
    return low, module._by_rectangle(given, (west, middle, east, north))


def test_what_rounding_takes_from_a_comb_is_no_loss():
    given = comb(5000)
    low, high = halves_of(given)
    missing = abs(low[0].area + high[0].area - given[0].area)
    assert missing > 1e-12 * given[0].area  # ten thousand cuts, each rounded
    assert not module._lost(given, low, high).any()


def test_a_tooth_that_is_gone_from_a_comb_is_lost():
    given = comb(5000)
    low, high = halves_of(given)
    tips = shapely.get_parts(high)
    assert module._lost(given, low, np.array([shapely.multipolygons(tips[1:])], dtype=object)).all()
    assert_whole(given, cut(given))
