"""
Fewer vertices for borders that neighbours share, with an upper bound of how far anything moved.

Each arc is thinned once (Ramer, Douglas, Peucker), then what the thinning broke is mended by taking vertices back:
arcs that cross or lie on each other, a ring that lost its extent or turned over, arcs that left a node in another
order, an island on the other side of a border, an area that is not valid. So a tiling stays one, without gap or
overlap, and every area that was valid is.

Why the largest distance of a removed vertex from the segment in its place bounds everything: let a chain of an arc
become the segment s between its ends. Distance from s is convex along each edge of the chain, so no place p of the
chain is farther than its vertices are: at most d. Let f(p) be the place of s nearest to p: f is continuous, keeps both
ends, and covers s. Moving every p straight to f(p) carries the border onto the drawn one, and at every moment each
place is within d of f(p) and of p. So a place farther than d from the drawn border, or farther than d from the
original one, is never passed: how often the border winds around it, and so whether it is inside, stays what it was.
Vertices moved to a grid by at most q before add q in the same way. All this in the plane of `Grid.plane`, where
nothing is shorter than on the ellipsoid.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from spatial.snapping import ranges, turning, valid
from spatial.topology import SLACK, Arcs, rings_of, with_vertices

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["displacement_m", "thinned"]

AT_ONCE = 4_000_000
"""Vertices worked on at once."""


def thinned(arcs: Arcs, *, tolerance_m: float, keep: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
    """
    Which vertices of arcs to keep so that none that goes lies farther than a tolerance from what is drawn.

    Use it for the coarsest level first and hand its answer on to the next finer one: what a coarse level has, every
    finer one has as well.

    Parameters
    ----------
    arcs
        From `spatial.topology.arcs_of`.
    tolerance_m
        Metres, 0 or more; 0 removes only vertices that lie on the straight line.
    keep
        Vertices that are to stay, shape (v,).

    Returns
    -------
    keep
        Shape (v,), True at both ends of every arc. With these vertices rings have at least three, lines two, no areas
        became invalid, and no borders cross that did not before.

    References
    ----------
    Douglas, Peucker (1973), Algorithms for the reduction of the number of points required to represent a digitized
    line. Cartographica 10:112-122; Ramer (1972).

    Examples
    --------
    >>> import shapely
    >>> from spatial.topology import arcs_of, grid_of
    >>> line = shapely.LineString([(0, 0), (0.0005, 0.000001), (0.001, 0)])
    >>> arcs = arcs_of(np.array([line]), grid_of(line.bounds, step=1e-6))
    >>> thinned(arcs, tolerance_m=1).tolist(), thinned(arcs, tolerance_m=0.1).tolist()
    ([True, False, True], [True, True, True])
    """
    stay = np.zeros(len(arcs.xy), dtype=bool) if keep is None else keep.copy()
    stay[arcs.arc_start[:-1]] = stay[arcs.arc_start[1:] - 1] = True
    work = _Thinning(arcs=arcs, plane=arcs.grid.plane(arcs.xy), keep=stay)
    work.split_beyond(tolerance_m)
    work.mend()
    return work.keep


def displacement_m(arcs: Arcs, keep: NDArray[np.bool_]) -> float:
    """
    The largest distance of a removed vertex from the segment that stands for its chain, metres, rounded up.

    Parameters
    ----------
    arcs, keep
        As of `thinned`.

    Returns
    -------
    distance
        In the plane of the grid, so not less than on the ellipsoid; 0 where nothing was removed.
    """
    work = _Thinning(arcs=arcs, plane=arcs.grid.plane(arcs.xy), keep=keep)
    first, last = work.segments()
    worst = 0.0
    for some in _slices(first, last):
        distance, _ = work.farthest(first[some], last[some])
        worst = max(worst, float(distance.max(initial=0.0)))
    return math.sqrt(worst) * SLACK


@dataclass(kw_only=True)
class _Thinning:
    """Arcs being thinned: ``keep`` changes from False to True only."""

    arcs: Arcs
    plane: NDArray[np.float64]
    keep: NDArray[np.bool_]
    arc: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        self.arc = np.repeat(np.arange(len(self.arcs.arc_start) - 1), np.diff(self.arcs.arc_start))

    def segments(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """First and last vertex of each segment that is drawn."""
        kept = np.flatnonzero(self.keep)
        if len(kept) < 2:
            return kept[:0], kept[:0]
        same = self.arc[kept[:-1]] == self.arc[kept[1:]]
        return kept[:-1][same], kept[1:][same]

    def farthest(self, first: NDArray[np.int64], last: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[Any]]:
        """Square of the largest distance of a vertex between, and that vertex; 0 and ``first`` where there is none."""
        square, vertex = np.zeros(len(first)), first.copy()
        has = np.flatnonzero(last - first > 1)
        if not len(has):
            return square, vertex
        a, b = first[has], last[has]
        count = b - a - 1
        between = ranges(a + 1, count)
        own = np.repeat(np.arange(len(has)), count)
        origin, along = self.plane[a], self.plane[b] - self.plane[a]
        length = (along**2).sum(axis=1)
        off = self.plane[between] - origin[own]
        share = (off * along[own]).sum(axis=1) / np.where(length, length, 1.0)[own]
        off -= along[own] * np.clip(share, 0.0, 1.0)[:, None]
        distance = (off**2).sum(axis=1)
        begin = np.cumsum(count) - count
        worst = np.maximum.reduceat(distance, begin)
        hit = np.flatnonzero(distance == worst[own])
        found = np.empty(len(has), dtype=np.int64)
        found[own[hit[::-1]]] = between[hit[::-1]]
        square[has], vertex[has] = worst, found
        return square, vertex

    def split_beyond(self, tolerance_m: float) -> None:
        """Take vertices back until none is farther than the tolerance from its segment."""
        first, last = self.segments()
        limit = tolerance_m**2
        while len(first):
            follow_a, follow_b = [], []
            for some in _slices(first, last):
                square, vertex = self.farthest(first[some], last[some])
                far = square > limit
                self.keep[vertex[far]] = True
                follow_a += [first[some][far], vertex[far]]
                follow_b += [vertex[far], last[some][far]]
            first, last = np.concatenate(follow_a), np.concatenate(follow_b)
            more = last - first > 1
            first, last = first[more], last[more]

    def mend(self) -> None:
        """Take vertices back until nothing crosses, touches, turns over or collapses that did not before."""
        from spatial.crossing import Crossings

        crossings = Crossings(self.arcs)
        while True:
            first, last = self.segments()
            loose = last - first > 1
            wrong = crossings.found(first, last, self.plane)
            wrong |= self._small_rings(first, loose)
            if not wrong.any():
                wrong = self._spoilt_parts(first, loose)
            if not wrong.any():
                return
            _, vertex = self.farthest(first[wrong], last[wrong])
            self.keep[vertex] = True

    def _small_rings(self, first: NDArray[np.int64], loose: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Segments of rings that have fewer than three vertices left."""
        arcs = self.arcs
        number = np.where(arcs.ring_arc < 0, ~arcs.ring_arc, arcs.ring_arc)
        total = np.concatenate([[0], np.cumsum(self.keep)])
        kept = total[arcs.arc_start[1:]] - total[arcs.arc_start[:-1]] - 1
        ring = np.repeat(np.arange(len(arcs.ring_start) - 1), np.diff(arcs.ring_start))
        part = np.repeat(np.arange(len(arcs.part_dimension)), np.diff(arcs.part_start))
        size = np.bincount(ring, weights=kept[number], minlength=len(part))
        small = (size < 3) & (arcs.part_dimension[part] == 2)
        return self._in_arcs(number[small[ring]], first, loose)

    def _spoilt_parts(self, first: NDArray[np.int64], loose: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Segments of areas that are invalid or have a ring turned over, where with all vertices they are not."""
        if not loose.any():
            return loose
        arcs = self.arcs
        rings, full = rings_of(with_vertices(arcs, self.keep)), rings_of(arcs)
        part = np.repeat(np.arange(len(arcs.part_dimension)), np.diff(arcs.part_start))
        turned = np.sign(turning(rings.xy, rings.start)) != np.sign(turning(full.xy, full.start))
        bad = ~valid(rings)
        bad[part[turned & rings.closed]] = True
        ring = np.repeat(np.arange(len(arcs.ring_start) - 1), np.diff(arcs.ring_start))
        number = np.where(arcs.ring_arc < 0, ~arcs.ring_arc, arcs.ring_arc)
        return self._in_arcs(number[bad[part[ring]]], first, loose)

    def _in_arcs(
        self, numbers: NDArray[np.int64], first: NDArray[np.int64], loose: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        chosen = np.zeros(len(self.arcs.arc_start) - 1, dtype=bool)
        chosen[numbers] = True
        found: NDArray[np.bool_] = loose & chosen[self.arc[first]]
        return found


def _slices(first: NDArray[np.int64], last: NDArray[np.int64]) -> list[slice]:
    """Cuts of segments with a bounded number of vertices each."""
    total = np.cumsum(last - first)
    if not len(total):
        return []
    cuts = np.searchsorted(total, np.arange(AT_ONCE, int(total[-1]), AT_ONCE))
    edges = np.unique(np.concatenate([[0], cuts, [len(first)]]))
    return [slice(int(a), int(b)) for a, b in pairwise(edges)]
