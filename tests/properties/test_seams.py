"""Polygons proved to match their neighbours edge by edge: GEOS, asked slowly, says the same of every one."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spatial.overlay import edges as edges_module
from spatial.overlay import matching, noding, validity
from spatial.overlay import seams as module
from spatial.overlay.edges import edges_of
from spatial.overlay.noding import noded_lines
from spatial.overlay.pieces import cut
from spatial.overlay.seams import seams_of, united
from tests.properties.test_matched_edges import all_noded, jagged_tiling, said
from tests.tilings import blob, tiling

MM = 1e-8
"""One step of the grid, degrees."""


def array(*geometries) -> np.ndarray:
    found = np.empty(len(geometries), dtype=object)
    found[:] = geometries
    return found


def disturbed(seed: int) -> np.ndarray:
    """A tiling in which something is wrong: moved, laid over, taken out, doubled, turned into a hole, or nothing."""
    rng = np.random.default_rng(seed)
    shapes = list(jagged_tiling(seed % 50))
    for _ in range(rng.integers(0, 4)):
        at = int(rng.integers(len(shapes)))
        match rng.integers(7):
            case 0:
                shapes[at] = shapely.transform(shapes[at], lambda xy: xy + rng.uniform(-3e-6, 3e-6, 2))
            case 1:
                shapes.append(shapely.Point(shapes[at].centroid).buffer(rng.uniform(0.001, 0.2), quad_segs=4))
            case 2:
                del shapes[at]
            case 3:
                shapes.append(shapes[at])
            case 4:
                shapes.append(shapes[at].convex_hull)
            case 5:
                shapes[at] = shapely.segmentize(shapes[at], 0.01)
            case 6:
                west, south, east, north = shapes[at].bounds
                shapes.append(shapely.box(west, south, (west + east) / 2, north))
    return array(*shapes)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_sound_polygons_are_a_coverage_and_all_are_sound_where_all_are_one(seed):
    found = seams_of(disturbed(seed))
    kept = found.shapes[found.sound]
    assert shapely.is_valid(kept).all()
    assert shapely.coverage_is_valid(kept)
    one, two = shapely.STRtree(kept).query(kept, predicate="intersects")
    apart = one < two
    assert not shapely.relate_pattern(kept[one[apart]], kept[two[apart]], "T********").any()
    if shapely.coverage_is_valid(found.shapes):
        assert found.sound.all()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_edges_are_those_of_noding_everything_whatever_is_wrong(seed):
    shapes = disturbed(seed)
    mixed = edges_of(shapes, cut(shapes))
    with pytest.MonkeyPatch.context() as patch:
        noded = all_noded(shapes, patch)
    assert said(mixed) == said(noded)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6))
@example(seed=15375)  # a hole that edges divide: GEOS's build_area filled it
def test_the_union_is_that_of_an_overlay_within_the_grid(seed):
    shapes = disturbed(seed)
    fast, slow = united(shapes, seams_of(shapes)), shapely.union_all(shapes, grid_size=MM)
    assert fast.is_valid
    length = shapely.length(shapely.boundary(shapes)).sum()
    assert fast.symmetric_difference(slow).area <= 2 * MM * length
    # gone at 2 mm, so nothing wider than that is in one of them only
    assert shapely.buffer(fast.symmetric_difference(slow), -2 * MM).is_empty


def test_two_tilings_laid_over_each_other_give_every_edge_once():
    """The polygons in the middle of each share their edges properly; only their neighbours' edges are alone."""
    shapes = array(*tiling(36, 40), *tiling(49, 40, seed=8))
    found = seams_of(shapes)
    assert not (found.sound[:36].any() and found.sound[36:].all())
    with pytest.MonkeyPatch.context() as patch:
        noded = all_noded(shapes, patch)
    assert said(edges_of(shapes, cut(shapes))) == said(noded)


def test_polygons_within_a_tiling_that_takes_many_rounds_are_left_to_geos(monkeypatch):
    monkeypatch.setattr(module, "_MOST_ROUNDS", 1)
    shapes = array(*tiling(36, 40), *tiling(49, 40, seed=8))
    found = seams_of(shapes)
    assert shapely.coverage_is_valid(found.shapes[found.sound])
    with pytest.MonkeyPatch.context() as patch:
        noded = all_noded(shapes, patch)
    assert said(edges_of(shapes, cut(shapes))) == said(noded)


def test_an_island_in_a_polygon_without_a_hole_for_it_is_not_sound():
    sea, island = shapely.box(117, 49, 118, 50), shapely.box(117.4, 49.4, 117.6, 49.6)
    assert not seams_of(array(sea, island)).sound.all()
    assert seams_of(array(sea.difference(island), island)).sound.all()


def test_a_polygon_that_enters_another_through_common_vertices_is_not_sound():
    """No two edges cross, and both rings begin outside the other: the wedge goes in where the square has vertices."""
    square = shapely.Polygon([(0, 0), (2, 0), (3, 0), (4, 0), (4, 4), (0, 4)])
    wedge = shapely.Polygon([(2, -1), (3, -1), (3, 0), (2.5, 2), (2, 0)])
    assert square.intersection(wedge).area == 1  # half of 1 by 2
    assert not seams_of(array(square, wedge)).sound.all()
    beside = shapely.Polygon([(2, -1), (3, -1), (3, 0), (2, 0)])
    assert seams_of(array(square, beside)).sound.all()


def test_an_edge_that_meets_the_middle_of_another_is_not_sound():
    """A unit of 0.2 degrees beside two of 0.1: nothing overlaps, and one edge would be two."""
    shapes = array(
        shapely.box(117, 49, 117.1, 49.2), shapely.box(117.1, 49, 117.2, 49.1), shapely.box(117.1, 49.1, 117.2, 49.2)
    )
    assert seams_of(shapes).sound.tolist() == [False, False, False]


def test_places_that_share_a_mark_are_told_apart(monkeypatch):
    shapes = jagged_tiling(3)
    before = seams_of(shapes)
    for one in (module, matching):
        monkeypatch.setattr(one, "marks", lambda x, _y: np.zeros(len(x), dtype=np.uint64))
    after = seams_of(shapes)
    assert after.sound.all()
    pairs = [
        {(*ends, left, right) for ends, left, right in zip(s.ends.tolist(), s.left, s.right, strict=True)}
        for s in (before, after)
    ]
    assert pairs[0] == pairs[1]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_lines_left_as_they_are_and_lines_overlaid_make_the_same_edges(seed):
    rng = np.random.default_rng(seed)
    shapes = array(
        *(blob(*rng.uniform((117, 31), (117.2, 31.2)), rng.uniform(0.005, 0.05), 120, rng) for _ in range(12))
    )
    quick = edges_of(shapes, cut(shapes))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(noding, "_busy", lambda _xy, _start, begin, _of: np.ones(len(begin), dtype=bool))
        slow = edges_of(shapes, cut(shapes))
    assert said(quick) == said(slow)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_few_edges_of_a_line_tell_what_lies_beside_all_of_them(seed):
    rng = np.random.default_rng(seed)
    shapes = array(
        *(blob(*rng.uniform((117, 31), (117.2, 31.2)), rng.uniform(0.005, 0.05), 120, rng) for _ in range(12))
    )
    few = edges_of(shapes, cut(shapes))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(edges_module, "_SAMPLES", 10**9)
        every = edges_of(shapes, cut(shapes))
    assert said(few) == said(every)
    assert np.array_equal(few.left, every.left)  # and the sets have the same numbers
    assert np.array_equal(few.right, every.right)


def test_lines_of_a_polygon_alone_are_not_overlaid(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("overlaid")

    far = array(shapely.box(117, 49, 118, 50), shapely.box(119, 49, 120, 50))
    monkeypatch.setattr(noding.shapely, "union_all", refuse)
    assert len(noded_lines(far, valid=np.ones(2, dtype=bool))) == 2


def test_validity_is_the_same_however_it_is_divided(monkeypatch):
    monkeypatch.setattr(validity, "_AT_ONCE", 7)
    bow = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    rng = np.random.default_rng(0)
    some = array(*(bow if rng.random() < 0.3 else shapely.box(0, 0, 1, n + 1) for n in range(100)), None)
    assert validity.valid(some).tolist() == shapely.is_valid(some).tolist()
    assert not validity.valid(some).all()
