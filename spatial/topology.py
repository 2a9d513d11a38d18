"""
Borders that neighbours share: areas as rings of arcs on a grid, each arc once.

Vertices go to the nearest point of the grid, so that neighbours whose vertices agree up to it have the same arc; an arc
ends where the border of one feature leaves that of another. What is done to an arc afterwards (`spatial.simplifying`)
is done to every feature that has it: no gap opens and nothing overlaps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spatial.ellipsoid import metres_per_degree
from spatial.snapping import Rings, ranges, snapped

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Arcs", "Grid", "arcs_of", "grid_of", "rings_of", "with_vertices"]

REACH = 1 << 30
"""Steps that a grid may span: products of differences stay exact in 64 bits."""

SLACK = 1 + 1e-9
"""For the rounding of a few operations in double precision."""


@dataclass(frozen=True, kw_only=True)
class Grid:
    """
    Where vertices may lie: ``lon0 + step * i`` and ``lat0 + step * j``, degrees, i and j whole.

    ``x_m`` and ``y_m`` are metres that a step spans at most within the latitudes of what lies on it: a distance in the
    plane they scale is never less than the geodesic one, because a path's length is the integral of
    ``sqrt(kx^2 dlon^2 + ky^2 dlat^2)`` and both factors are at their largest.
    """

    lon0: float
    lat0: float
    step: float
    x_m: float
    y_m: float

    def places(self, degrees: NDArray[np.float64]) -> NDArray[np.int64]:
        """The nearest places (n, 2) of coordinates (n, 2)."""
        found: NDArray[np.int64] = np.rint((degrees - (self.lon0, self.lat0)) / self.step).astype(np.int64)
        return found

    def degrees(self, places: NDArray[np.int64]) -> NDArray[np.float64]:
        """Coordinates of places, as a browser computes them."""
        return np.column_stack([self.lon0 + self.step * places[:, 0], self.lat0 + self.step * places[:, 1]])

    def plane(self, places: NDArray[np.int64]) -> NDArray[np.float64]:
        """Metres from the origin in the plane that makes nothing shorter."""
        found: NDArray[np.float64] = places * np.array([self.x_m, self.y_m])
        return found

    def moved_m(self, degrees: NDArray[np.float64], places: NDArray[np.int64]) -> float:
        """How far the farthest coordinate lies from its place, metres, rounded up."""
        if not len(degrees):
            return 0.0
        off = (degrees - self.degrees(places)) / self.step * (self.x_m, self.y_m)
        rounding = 4 * np.finfo(float).eps * 180 / self.step * max(self.x_m, self.y_m)
        return float(np.hypot(off[:, 0], off[:, 1]).max() + rounding) * SLACK


@dataclass(frozen=True, kw_only=True)
class Arcs:
    """
    Geometries as arcs: arrays as in a level of the public map, in steps of ``grid``.

    ``xy`` (v, 2) vertices; ``arc_start`` (arcs + 1); ``ring_arc`` arcs of the rings in turn, ``~a`` backwards;
    ``ring_start`` (rings + 1); ``part_start`` (parts + 1) rings of the parts, of an area the shell first;
    ``part_dimension`` 0 point, 1 line, 2 area; ``part_feature`` row of each part, ascending. ``moved_m``: an upper
    bound of how far the grid moved any border.
    """

    grid: Grid
    xy: NDArray[np.int64]
    arc_start: NDArray[np.int64]
    ring_arc: NDArray[np.int64]
    ring_start: NDArray[np.int64]
    part_start: NDArray[np.int64]
    part_dimension: NDArray[np.uint8]
    part_feature: NDArray[np.int64]
    moved_m: float


def grid_of(bounds: tuple[float, float, float, float], *, step: float) -> Grid:
    """
    The grid for coordinates within bounds.

    Parameters
    ----------
    bounds
        West, south, east, north; degrees, EPSG:4490.
    step
        Degrees between neighbouring places.

    Returns
    -------
    grid
        Its origin is a whole number of steps from longitude 0 and latitude 0, so that coordinates which are multiples
        of ``step`` stay where they are.

    Raises
    ------
    ValueError
        The bounds span more than 2^30 steps, or ``step`` is not positive.

    Examples
    --------
    >>> grid = grid_of((117.25, 31.5, 118, 32), step=0.5)
    >>> grid.lon0, grid.lat0, round(grid.x_m), round(grid.y_m)
    (117.0, 31.5, 47752, 55448)
    """
    west, south, east, north = bounds
    if not step > 0 or max(east - west, north - south) / step >= REACH - 2:
        raise ValueError(f"a grid of {step} degrees does not span {bounds}; choose a larger step")
    away, near = max(abs(south), abs(north)), 0.0 if south <= 0 <= north else min(abs(south), abs(north))
    lower = max(0.0, near - step)  # a vertex may be snapped beyond the bounds
    x_m = float(metres_per_degree(lower)[0]) * step
    y_m = float(metres_per_degree(min(90.0, away + step))[1]) * step
    return Grid(
        lon0=float(round(math.floor(west / step) * step, 10)),
        lat0=float(round(math.floor(south / step) * step, 10)),
        step=step,
        x_m=x_m * SLACK,
        y_m=y_m * SLACK,
    )


def arcs_of(geometries: NDArray[Any], grid: Grid) -> Arcs:
    """
    The arcs of geometries on a grid.

    Use it before simplifying; nothing is simplified here. An area that the grid makes a line or a point becomes a part
    of that dimension; a hole that it would close stays open as the smallest box of the grid around it. What the grid
    makes cross itself is repaired by snap rounding, and how far that reaches is part of ``moved_m``.

    Parameters
    ----------
    geometries
        Any types, EPSG:4490, shape (n,); None and empty ones have no part. Areas are expected to be valid.
    grid
        From `grid_of`, around all of them.

    Returns
    -------
    arcs
        Parts in the order of rows. Every vertex of the input that differs from its forerunner on the grid is there,
        but for those on a straight stretch (`spatial.snapping.IDLE_M`) at a place that no other ring has.

    Examples
    --------
    >>> import shapely
    >>> cells = np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])
    >>> arcs = arcs_of(cells, grid_of((0, 0, 2, 1), step=1))
    >>> arcs.ring_arc.tolist(), (arcs.arc_start[1:] - arcs.arc_start[:-1]).tolist()
    ([0, 1, -1, 2], [2, 4, 4])
    """
    rings = snapped(geometries, grid)
    visits = _Visits.of(rings.xy, rings.start, rings.closed)
    start, ring_start = _cut(visits)
    xy, arc_start, ring_arc = _shared(visits, start)
    return Arcs(
        grid=grid,
        xy=xy,
        arc_start=arc_start,
        ring_arc=ring_arc,
        ring_start=ring_start,
        part_start=rings.part_start,
        part_dimension=rings.part_dimension,
        part_feature=rings.part_feature,
        moved_m=rings.moved_m,
    )


def rings_of(arcs: Arcs) -> Rings:
    """
    The way back: arcs as rings, of areas without their last vertex.

    Examples
    --------
    >>> import shapely
    >>> grid = grid_of((0, 0, 2, 1), step=1)
    >>> rings_of(arcs_of(np.array([shapely.box(0, 0, 2, 1)]), grid)).xy.tolist()
    [[0, 0], [2, 0], [2, 1], [0, 1]]
    """
    ring_part = np.repeat(np.arange(len(arcs.part_dimension)), np.diff(arcs.part_start))
    closed = arcs.part_dimension[ring_part] == 2
    arc = np.where(arcs.ring_arc < 0, ~arcs.ring_arc, arcs.ring_arc)
    backwards = arcs.ring_arc < 0
    piece_ring = np.repeat(np.arange(len(closed)), np.diff(arcs.ring_start))
    ends_line = np.zeros(len(arc), dtype=bool)
    ends_line[arcs.ring_start[1:] - 1] = ~closed
    first, last = arcs.arc_start[arc], arcs.arc_start[arc + 1] - 1
    count = last - first + ends_line  # the last vertex is the next piece's first
    step = np.repeat(np.where(backwards, -1, 1), count)
    inside = ranges(np.zeros(len(arc), dtype=np.int64), count)
    visit = np.repeat(np.where(backwards, last, first), count) + step * inside
    size = np.bincount(piece_ring, weights=count, minlength=len(closed)).astype(np.int64)
    return Rings(
        xy=arcs.xy[visit],
        start=np.concatenate([[0], np.cumsum(size)]),
        closed=closed,
        part_start=arcs.part_start,
        part_dimension=arcs.part_dimension,
        part_feature=arcs.part_feature,
        moved_m=arcs.moved_m,
    )


def with_vertices(arcs: Arcs, keep: NDArray[np.bool_]) -> Arcs:
    """Arcs with some of their vertices only; ``keep`` (v,) holds at both ends of each arc."""
    count = np.concatenate([[0], np.cumsum(keep)])
    return replace(arcs, xy=arcs.xy[keep], arc_start=count[arcs.arc_start])


@dataclass(frozen=True, kw_only=True)
class _Visits:
    """Rings as visits of vertices: closed rings without their last vertex, turned so that a node comes first."""

    xy: NDArray[np.int64]
    vertex: NDArray[np.int64]
    node: NDArray[np.bool_]
    start: NDArray[np.int64]
    closed: NDArray[np.bool_]

    @classmethod
    def of(cls, xy: NDArray[np.int64], start: NDArray[np.int64], closed: NDArray[np.bool_]) -> _Visits:
        vertex = _identities(xy)
        size = np.diff(start)
        ring = np.repeat(np.arange(len(size)), size)
        first, last = start[:-1], start[1:] - 1
        at = np.arange(len(vertex))
        before, after = at - 1, at + 1
        before[first], after[last] = np.where(closed, last, first), np.where(closed, first, last)
        node = _nodes(vertex, vertex[before], vertex[after])
        node[first[~closed]] = node[last[~closed]] = True
        # a vertex that ends a line is a node for every ring that passes it
        is_node = np.zeros(int(vertex.max(initial=-1)) + 1, dtype=bool)
        is_node[vertex[node]] = True
        node = is_node[vertex]
        turn = _turns(vertex, node, ring, start, closed)
        order = start[ring] + (at - start[ring] + turn[ring]) % np.maximum(size[ring], 1)
        return cls(xy=xy[order], vertex=vertex[order], node=node[order], start=start, closed=closed)


def _identities(xy: NDArray[np.int64]) -> NDArray[np.int64]:
    """A number for each vertex, the same for the same place."""
    if not len(xy):
        return np.empty(0, dtype=np.int64)
    key = ((xy[:, 0] + 4) << 31) + (xy[:, 1] + 4)
    found: NDArray[np.int64] = np.unique(key, return_inverse=True)[1].ravel().astype(np.int64)
    return found


def _nodes(vertex: NDArray[np.int64], before: NDArray[np.int64], after: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The vertices whose visits do not all come from and go to the same two others."""
    low, high = np.minimum(before, after), np.maximum(before, after)
    chosen = np.empty(int(vertex.max(initial=-1)) + 1, dtype=np.int64)
    chosen[vertex] = np.arange(len(vertex))
    other = chosen[vertex]
    odd = (low != low[other]) | (high != high[other])
    found = np.zeros(len(chosen), dtype=bool)
    found[vertex[odd]] = True
    result: NDArray[np.bool_] = found[vertex]
    return result


def _turns(
    vertex: NDArray[np.int64],
    node: NDArray[np.bool_],
    ring: NDArray[np.int64],
    start: NDArray[np.int64],
    closed: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """How far to turn each ring: to its first node, else to its least vertex, so that equal rings begin alike."""
    if not len(vertex):
        return np.zeros(len(closed), dtype=np.int64)
    rank = np.where(node, np.arange(len(vertex)) - start[ring] - len(vertex), vertex)
    least = np.minimum.reduceat(rank, start[:-1])
    hit = np.flatnonzero(rank == least[ring])
    turn = np.zeros(len(closed), dtype=np.int64)
    turn[ring[hit[::-1]]] = hit[::-1] - start[ring[hit[::-1]]]
    turn[~closed] = 0
    return turn


def _cut(visits: _Visits) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The visit at which each piece begins, and the first piece of each ring."""
    begins = visits.node.copy()
    begins[visits.start[:-1]] = True
    last = visits.start[1:] - 1
    size = np.diff(visits.start)
    begins[last[~visits.closed & (size > 1)]] = False  # a line's last vertex ends its last piece
    piece = np.cumsum(begins)
    before = np.concatenate([[0], piece])
    return np.flatnonzero(begins), before[visits.start]


def _shared(
    visits: _Visits, start: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Vertices and starts of the arcs, each once, and the arc of every piece, ``~a`` where it runs backwards."""
    count = len(visits.vertex)
    if not count:
        return np.empty((0, 2), dtype=np.int64), np.zeros(1, dtype=np.int64), np.empty(0, dtype=np.int64)
    ring_of = np.repeat(np.arange(len(visits.closed)), np.diff(visits.start))
    piece_ring = ring_of[start]
    following = np.append(start[1:], count)
    ends_ring = following == visits.start[1:][piece_ring]
    wraps = ends_ring & visits.closed[piece_ring]
    # one vertex more than its visits: the next piece's first, or the ring's first
    more = wraps | ~ends_ring
    size = following - start + more
    # the last vertex of each piece, and the one before it
    end = np.where(wraps, visits.start[:-1][piece_ring], following - ~more)
    last_but_one = np.maximum(following - 1 - ~more, start)
    v = visits.vertex
    second = np.where(size > 2, start + 1, end)
    ahead = v[start] * (v.max() + 1) + v[second]
    back = v[end] * (v.max() + 1) + v[np.where(size > 2, last_but_one, start)]
    key = np.minimum(ahead, back)
    single = size == 1
    key = np.where(single, -1 - v[start], key)
    _, kept, arc = np.unique(key, return_index=True, return_inverse=True)
    # arcs in the order in which they are met: neighbours in the file are neighbours on the ground
    order = np.argsort(kept, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    arc, kept = rank[arc.ravel()], kept[order]
    forwards = ahead == ahead[kept][arc]
    ring_arc = np.where(forwards | single, arc, ~arc)
    arc_start = np.concatenate([[0], np.cumsum(size[kept])])
    inside = np.arange(arc_start[-1]) - np.repeat(arc_start[:-1], size[kept])
    visit = np.repeat(start[kept], size[kept]) + inside
    is_end = inside == np.repeat(size[kept] - 1, size[kept])
    visit = np.where(is_end, np.repeat(end[kept], size[kept]), visit)
    return visits.xy[visit], arc_start, ring_arc
