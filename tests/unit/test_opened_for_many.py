"""What opening a layer for many sites reads and lays out: the same, bit for bit, as piece by piece and edge by edge."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.edges import split
from spatial.overlay import index as index_module
from spatial.overlay.edges import boundary_edges
from spatial.overlay.index import GeometryIndex, build_index
from spatial.overlay.nearest_many import BoundaryLookup, lookup
from spatial.overlay.nearest_many.space import longest
from tests.tilings import blob, tiling

SEEDS = st.integers(0, 2**32 - 1)
EVERYWHERE = (-180.0, -90.0, 180.0, 90.0)


def mixed(rng, count):
    """Edges from millimetres to some kilometres, some along the axes, one without length."""
    start = rng.uniform((100, -60), (130, 60), (count, 2))
    length = 10.0 ** rng.uniform(-8, -1.3, count)
    turn = rng.choice([0.0, np.pi / 2, 1.0, 4.0], count)
    edges = np.hstack([start, start + length[:, None] * np.column_stack([np.cos(turn), np.sin(turn)])])
    edges[0, 2:] = edges[0, :2]
    return edges


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, count=st.integers(1, 60))
def test_long_edges_are_cut_where_each_would_be_cut_alone_and_short_ones_stay(seed, count):
    edges = mixed(np.random.default_rng(seed), count)
    found, row = lookup.shortened(edges)
    told, rows = [], []
    for n, edge in enumerate(edges):
        pieces = max(1, int(np.ceil(longest(edge[None])[0] / lookup.LONGEST_M)))
        points = split(edge.reshape(2, 2), np.array([pieces, 1]))[0][: pieces + 1]
        told += np.hstack([points[:-1], points[1:]]).tolist()
        rows += [n] * pieces
    assert found.tolist() == told
    assert row.tolist() == rows


@pytest.mark.parametrize("count", [1, 7, 8, 64, 513, 700])
def test_the_tree_of_spheres_is_the_same_however_many_edges_are_taken_at_once(count, monkeypatch):
    edges = mixed(np.random.default_rng(count), count)
    whole = BoundaryLookup(edges)
    monkeypatch.setattr(lookup, "BUILT_AT_ONCE", 16)
    monkeypatch.setattr(lookup, "NODES_AT_ONCE", 3)
    parts = BoundaryLookup(edges)
    assert len(whole.levels) == len(parts.levels) > 1
    for one, other in zip(whole.levels, parts.levels, strict=True):
        for name in "xyzr":
            assert getattr(one, name).tolist() == getattr(other, name).tolist()
    assert whole.half.tolist() == parts.half.tolist()
    assert all(len(level) % lookup.FAN == 0 for level in whole.levels[:-1])
    assert (whole.spheres.r[len(whole.edges) :] == -np.inf).all()


def layer(rng):
    """A tiling, and areas across it."""
    areas = [*tiling(9, 30, west=117.0, south=49.0, side=0.1)]
    areas += [blob(*rng.uniform((117, 49), (117.1, 49.1)), 0.02, 400, rng) for _ in range(3)]
    found = np.empty(len(areas), dtype=object)
    found[:] = areas
    return found


@pytest.mark.parametrize("seed", range(4))
def test_the_boundary_by_cells_is_that_of_the_edges_in_their_order(seed):
    rng = np.random.default_rng(seed)
    areas = layer(rng)
    index = GeometryIndex.of(areas)
    edges, rows = index.edges_meeting(EVERYWHERE)
    for share in (0.0, 0.3, 0.7, 1.0):
        counted = rng.random(len(areas)) < share
        told = boundary_edges(edges, counted, rows)
        assert index.cells.zone(counted).boundary.tolist() == told.tolist()
        assert (len(told) > 0) == counted.any()


def test_a_layer_without_areas_has_no_boundary_by_cells():
    index = GeometryIndex.of(np.array([shapely.Point(117, 49), None], dtype=object))
    assert index.cells.zone(np.array([True, True])).boundary.shape == (0, 4)


@pytest.mark.parametrize("at_once", [1, 3, 1024])
def test_pieces_are_read_the_same_in_any_order_with_gaps_and_again(at_once, monkeypatch):
    monkeypatch.setattr(index_module, "_PIECES_AT_ONCE", at_once)
    rng = np.random.default_rng(3)
    arrays = build_index(layer(rng))
    offset, wkb = arrays["pieces/offset"], arrays["pieces/wkb"].tobytes()
    index = GeometryIndex.from_arrays(arrays)
    count = len(offset) - 1
    assert count > 10
    for rows in (np.array([4]), np.arange(2, 9), rng.permutation(count), np.array([7, 7, 0]), np.arange(count)):
        told = [wkb[offset[row] : offset[row + 1]] for row in rows.tolist()]
        assert shapely.to_wkb(index.load(rows), byte_order=1).tolist() == told
    assert len(index.load(np.zeros(0, dtype=np.int64))) == 0


def test_only_the_bytes_of_the_pieces_asked_for_are_read():
    """The window of a site touches what is there; damage elsewhere is none of its business."""
    rng = np.random.default_rng(4)
    arrays = dict(build_index(layer(rng)))
    read = []

    class Watched:
        def __init__(self, content):
            self.content = content

        def __len__(self):
            return len(self.content)

        def __getitem__(self, key):
            read.append((key.start, key.stop))
            return self.content[key]

    offset = arrays["pieces/offset"]
    arrays["pieces/wkb"] = Watched(arrays["pieces/wkb"])
    index = GeometryIndex.from_arrays(arrays)
    index.load(np.array([3, 4, 5, 9]))
    index.load(np.array([4, 9, 10]))
    assert read == [(offset[3], offset[6]), (offset[9], offset[10]), (offset[10], offset[11])]
