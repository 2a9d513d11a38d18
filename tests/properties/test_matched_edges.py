"""Edges of a tiling are taken as they are, all others are noded: both ways say the same of every place."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.overlay import edges as module
from spatial.overlay.edges import edges_of
from spatial.overlay.pieces import cut


def jagged_tiling(seed: int, n: int = 4) -> np.ndarray:
    """n x n cells whose common borders are the same jagged lines; some cells are united, some have islands."""
    rng = np.random.default_rng(seed)
    west, south = rng.uniform(100, 120), rng.uniform(20, 50)

    def line(a, b):
        t = np.linspace(0, 1, 7)[:, None]
        points = (1 - t) * a + t * b
        points[1:-1] += rng.uniform(-0.006, 0.006, (5, 2))
        return points

    corner = np.array([[(west + 0.1 * i, south + 0.1 * j) for j in range(n + 1)] for i in range(n + 1)])
    across = [[line(corner[i, j], corner[i + 1, j]) for j in range(n + 1)] for i in range(n)]
    along = [[line(corner[i, j], corner[i, j + 1]) for j in range(n)] for i in range(n + 1)]
    cells = []
    for i in range(n):
        for j in range(n):
            ring = np.vstack([across[i][j], along[i + 1][j], across[i][j + 1][::-1], along[i][j][::-1]])
            cells.append(shapely.Polygon(ring))
    shapes = [shapely.union_all(cells[:2]), *cells[2:]]
    island = shapely.box(*(shapes[3].centroid.coords[0] * 2)).buffer(0.01)
    return np.array([*[s if k != 3 else s.difference(island) for k, s in enumerate(shapes)], island])


def said(edges) -> dict:
    """Members on the side of each edge towards the lower left of its direction, by its ends in whole grid steps."""
    sets = [
        frozenset(edges.set_feature[a:b].tolist())
        for a, b in zip(edges.set_offset[:-1], edges.set_offset[1:], strict=True)
    ]
    found = {}
    for ends, left, right in zip(np.rint(edges.xy * 1e8).astype(int).tolist(), edges.left, edges.right, strict=True):
        forward = ends[:2] <= ends[2:]
        key = tuple(ends if forward else [*ends[2:], *ends[:2]])
        assert key not in found, "an edge is stored twice"
        found[key] = (sets[left], sets[right]) if forward else (sets[right], sets[left])
    return {key: sides for key, sides in found.items() if sides[0] != sides[1]}


def all_noded(shapes, patch):
    patch.setattr(module, "_unmatched", lambda found: (np.ones(len(found), dtype=bool),) * 2)
    return edges_of(shapes, cut(shapes))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_tiling_has_the_same_edges_whether_matched_or_noded(seed):
    shapes = jagged_tiling(seed)
    matched = edges_of(shapes, cut(shapes))
    with pytest.MonkeyPatch.context() as patch:
        noded = all_noded(shapes, patch)
    assert said(matched) == said(noded)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), radius=st.floats(0.005, 0.15))
def test_a_zone_laid_over_a_tiling_changes_only_what_it_meets(seed, radius):
    tiles = jagged_tiling(seed)
    rng = np.random.default_rng(seed + 1)
    west, south, east, north = shapely.total_bounds(tiles)
    over = shapely.Point(rng.uniform(west, east), rng.uniform(south, north)).buffer(radius, quad_segs=5)
    shapes = np.array([*tiles, over])
    mixed = edges_of(shapes, cut(shapes))
    with pytest.MonkeyPatch.context() as patch:
        noded = all_noded(shapes, patch)
    assert said(mixed) == said(noded)


def test_a_tiling_is_not_noded(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("noded")

    monkeypatch.setattr(module, "_noded", refuse)
    shapes = jagged_tiling(1)
    assert len(edges_of(shapes, cut(shapes)).xy) > 200


def test_a_border_met_in_the_middle_of_an_edge_is_cut_there():
    """Two small units beside one long edge: the long edge comes as two, each with its own neighbour."""
    shapes = np.array(
        [shapely.box(117, 49, 117.1, 49.2), shapely.box(117.1, 49, 117.2, 49.1), shapely.box(117.1, 49.1, 117.2, 49.2)]
    )
    seam = {
        key: sides for key, sides in said(edges_of(shapes, cut(shapes))).items() if key[0] == key[2] == 11_710_000_000
    }
    assert seam == {
        (11_710_000_000, 4_900_000_000, 11_710_000_000, 4_910_000_000): (frozenset({0}), frozenset({1})),
        (11_710_000_000, 4_910_000_000, 11_710_000_000, 4_920_000_000): (frozenset({0}), frozenset({2})),
    }
