"""How far the rim of a shape reaches from a border: never less than it does, little more."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from spatial import snapping
from spatial.snapping import _farthest, snapped
from spatial.topology import grid_of


def brute(shape, border, every=0.05):
    """The farthest of places that lie close to each other on the rim."""
    return float(
        shapely.distance(shapely.points(shapely.get_coordinates(shapely.segmentize(shape, every))), border).max()
    )


@pytest.mark.parametrize("seed", range(8))
def test_reach_is_the_farthest_place_of_the_rim_and_little_more(seed):
    rng = np.random.default_rng(seed)
    turns = np.sort(rng.uniform(0, 2 * np.pi, 60))
    radius = rng.uniform(20, 40, 60)
    corners = np.column_stack([np.cos(turns), np.sin(turns)]) * radius[:, None]
    star = shapely.Polygon(corners)
    away = shapely.make_valid(shapely.Polygon(corners + rng.uniform(-9, 9, corners.shape)))
    holed = shapely.union_all([away.difference(shapely.box(-3, -2, 4, 5)), shapely.box(60, 60, 61, 62)])
    found = _farthest(holed, star.boundary, within=0.25)
    true = brute(holed, star.boundary)
    assert true <= found <= true + max(0.25, found / 64) + 0.05


def test_a_place_far_off_in_the_middle_of_one_edge_is_found():
    # both ends of the long edges lie on the border; half-way they are 50 off it
    border = shapely.MultiPoint([(0, 0), (100, 0)])
    bar = shapely.LineString([(0, 0), (100, 0)])
    found = _farthest(bar, border, within=0.5)
    assert 50.0 <= found <= 50.0 + 50 / 64 + 1e-9


def test_rims_of_lines_points_and_areas_count_alike():
    border = shapely.LineString([(0, 0), (10, 0)])
    assert _farthest(shapely.Point(3, 8), border, within=0.1) == pytest.approx(8 + 8 / 64)
    mixed = shapely.GeometryCollection(
        [shapely.Point(3, 8), shapely.box(0, 0, 2, 1), shapely.LineString([(0, 0), (1, 9)])]
    )
    assert _farthest(mixed, border, within=0.1) == pytest.approx(9 + 9 / 64)


def test_a_long_rim_is_asked_at_few_places(monkeypatch):
    asked = []
    tree = shapely.STRtree
    rim = shapely.Point(0, 0).buffer(1000, 20_000)  # 80,000 edges

    class Counted:
        def __init__(self, edges):
            self.tree = tree(edges)

        def query_nearest(self, points, **how):
            asked.append(len(points))
            return self.tree.query_nearest(points, **how)

    monkeypatch.setattr(snapping.shapely, "STRtree", Counted)
    found = _farthest(rim, shapely.Point(0, 0), within=0.5)
    assert 1000.0 <= found <= 1000 * (1 + 1 / 64) + 1e-6
    assert sum(asked) < 2_000


@pytest.mark.parametrize("seed", [0, 1, 3])
def test_no_place_of_what_was_mended_lies_farther_off_than_it_says(seed, monkeypatch):
    mended = []
    monkeypatch.setattr(snapping, "_apart", lambda *of, apart=snapping._apart: mended.append(1) or apart(*of))
    rng = np.random.default_rng(seed)
    turns = np.sort(rng.uniform(0, 2 * np.pi, 80))
    radius = 0.02 * (1 + 0.3 * rng.normal(size=80).clip(-2, 2))
    star = shapely.Polygon(np.column_stack([110 + np.cos(turns) * radius, 40 + np.sin(turns) * radius]))
    star = shapely.make_valid(star, method="structure", keep_collapsed=False)
    grid = grid_of(star.bounds, step=1e-3)
    given = shapely.get_parts(np.array([star]))
    made = snapped(given, grid)
    assert mended
    areas = np.flatnonzero(made.part_dimension == 2)
    plane = (grid.x_m, grid.y_m)
    drawn = shapely.union_all(shapely.transform(snapping.polygons_of(made, areas), lambda xy: xy * plane))
    before = shapely.transform(star, lambda xy: (xy - (grid.lon0, grid.lat0)) / grid.step * plane)
    lost = shapely.symmetric_difference(before, drawn)
    assert 0 < brute(lost, drawn.boundary, every=5.0) <= made.moved_m
