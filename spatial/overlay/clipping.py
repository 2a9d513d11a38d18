"""
What polygons and pieces share, pair by pair, by their edges alone: many pairs at once, without a geometry for each.

The outline of what two polygons share is what of each outline lies within the other polygon; where the two cross, it
goes over from one to the other. So the area is a sum over parts of edges, and no edge is looked at that is not near.

Only what is certain is said: where an end of an edge comes within millimetres of the line of another, or what is found
is not closed, the pair is left to GEOS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.trapezoids import edge_areas

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]
    Mask = NDArray[np.bool_]

__all__ = ["NEAR_DEG", "Clipped", "Rings", "clip", "rings_of"]

NEAR_DEG = 3e-8
"""Features that do not meet a site but come as near as this, some 3 mm, may touch it."""
_RUN = 8
"""Edges that are passed over together."""
_RUN_PAIRS_AT_ONCE = 1 << 13
_OPEN_DEG = 1e-12
"""An outline whose ends are farther apart is not closed."""


@dataclass(frozen=True, kw_only=True)
class Rings:
    """
    The outlines of some polygons in runs of edges, none over the end of a ring.

    Attributes
    ----------
    shapes
        The polygons, length n.
    x, y
        The vertices of all rings.
    begin, last
        Length r: the vertex that each run begins with, and the last one of its ring.
    low_x, high_x, low_y, high_y
        Length r: its box.
    sign
        Length r: -1 where its ring runs the other way than the area it bounds lies.
    first
        Length r: the first run of its ring.
    start
        (n + 1): polygon k has the runs from ``start[k]`` to ``start[k + 1]``.
    edges
        Length n: how many edges each polygon has.
    bounds
        (n, 4): the box of each polygon.
    """

    shapes: NDArray[Any]
    x: Floats
    y: Floats
    begin: Indices
    last: Indices
    low_x: Floats
    high_x: Floats
    low_y: Floats
    high_y: Floats
    sign: Floats
    first: Indices
    start: Indices
    edges: Indices
    bounds: Floats

    def vertices(self, runs: Indices) -> tuple[Floats, Floats]:
        """The vertices of some runs, (_RUN + 1, k) each; NaN where a run is shorter."""
        at = self.begin.take(runs) + np.arange(_RUN + 1)[:, None]
        beyond = at > self.last.take(runs)
        x, y = self.x.take(at, mode="clip"), self.y.take(at, mode="clip")
        x[beyond] = np.nan
        return x, y


@dataclass(frozen=True, kw_only=True)
class Clipped:
    """
    What pairs share, length k.

    Attributes
    ----------
    sure
        Of which pairs anything is said here.
    meets, held
        Whether they meet, and whether all of the first lies in the second.
    area
        Square metres on the ellipsoid where they meet and are not held.
    outline
        The length of the outline of that, degrees.
    """

    sure: Mask
    meets: Mask
    held: Mask
    area: Floats
    outline: Floats


@dataclass(frozen=True, kw_only=True)
class _Walk:
    """Runs of one side of pairs, one after another, the pair of each, and from which on a new chain begins."""

    rings: Rings
    pair: Indices
    run: Indices
    head: Indices
    inside: Mask
    """Whether the chain of each head begins within the other polygon."""


@dataclass(frozen=True, kw_only=True)
class _Crossings:
    """Where edges cross: on either side the row of the walk, the place in its run, and how far along the edge."""

    row: tuple[Indices, Indices]
    place: tuple[Indices, Indices]
    along: tuple[Floats, Floats]
    xy: Floats


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """Parts of edges within the other polygon: from and to, (2, m), the pair, and the sign they count with."""

    start: Floats
    end: Floats
    pair: Indices
    sign: Floats
    whole: int
    """So many of the first are whole edges."""


def rings_of(polygons: NDArray[Any]) -> Rings:
    """
    The outlines of valid polygons and multipolygons.

    Examples
    --------
    >>> found = rings_of(np.array([shapely.box(0, 0, 1, 1)]))
    >>> found.start.tolist(), found.edges.tolist(), found.x.tolist(), found.sign.tolist()
    ([0, 1], [4], [1.0, 1.0, 0.0, 0.0, 1.0], [1.0])
    """
    rings, owner, shell = _rings(polygons)
    xy, size = shapely.get_coordinates(rings), shapely.get_num_coordinates(rings).astype(np.int64)
    x, y = np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1])
    end = np.cumsum(size)
    # twice the area below each edge, from the height of the vertex that its ring begins with
    twice = (y[1:] + y[:-1] - np.repeat(2 * y[end - size], size)[1:]) * (x[:-1] - x[1:])
    twice[end[:-1] - 1] = 0.0
    sign = np.where((np.add.reduceat(twice, end - size) > 0) == shell, 1.0, -1.0) if len(rings) else np.zeros(0)
    runs = (size + (_RUN - 2)) // _RUN
    ring = np.repeat(np.arange(len(rings)), runs)
    first = (np.cumsum(runs) - runs)[ring]
    begin = (end - size)[ring] + _RUN * (np.arange(len(ring)) - first)
    last = (end - 1)[ring]
    # the last vertex of a run is the first of the next
    after = np.minimum(begin + _RUN, last)
    box = [extreme(extreme.reduceat(of, begin), of[after]) for of in (x, y) for extreme in (np.minimum, np.maximum)]
    count = len(polygons)
    every = np.bincount(owner, weights=runs, minlength=count).astype(np.int64)
    return Rings(
        shapes=polygons,
        x=x,
        y=y,
        begin=begin,
        last=last,
        low_x=box[0],
        high_x=box[1],
        low_y=box[2],
        high_y=box[3],
        sign=sign[ring],
        first=first,
        start=np.concatenate([[0], np.cumsum(every)]),
        edges=np.bincount(owner, weights=size - 1, minlength=count).astype(np.int64),
        bounds=shapely.bounds(polygons),
    )


def _rings(polygons: NDArray[Any]) -> tuple[NDArray[Any], Indices, Mask]:
    """The rings of polygons, of which polygon each is, and which are shells; one without holes stands for its ring."""
    owner, shell = np.arange(len(polygons)), np.ones(len(polygons), dtype=bool)
    plain = (shapely.get_type_id(polygons) == 3) & (shapely.get_num_interior_rings(polygons) == 0)
    if plain.all():
        return polygons, owner, shell
    rest = np.flatnonzero(~plain)
    parts, of = shapely.get_parts(polygons[rest], return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    owner = np.concatenate([owner[plain], rest[of[part]]])
    shell = np.concatenate([shell[plain], np.append(True, part[1:] != part[:-1])[: len(part)]])
    order = np.argsort(owner, kind="stable")
    return np.concatenate([polygons[plain], rings])[order], owner[order], shell[order]


def clip(ours: Rings, site: Indices, theirs: Rings, piece: Indices) -> Clipped:
    """
    What pairs of polygons share.

    Use it for some thousand pairs at a time: what is reckoned for them stays in the processor's cache.

    Parameters
    ----------
    ours, theirs
        Sites and pieces; pieces are asked where points lie, which is quicker where they are prepared.
    site, piece
        Of each pair which it is.

    Examples
    --------
    >>> one, other = rings_of(np.array([shapely.box(0, 0, 1, 1)])), rings_of(np.array([shapely.box(0.5, 0.2, 2, 0.7)]))
    >>> found = clip(one, np.array([0]), other, np.array([0]))
    >>> found.sure.tolist(), found.meets.tolist(), found.held.tolist(), found.outline.round(9).tolist()
    ([True], [True], [False], [2.0])
    """
    west, south, east, north = ours.bounds.T.take(site, axis=1)
    pair, run = _members(ours.start, site)
    head = np.flatnonzero(ours.first.take(run) == run)
    inside = shapely.contains_xy(
        theirs.shapes[piece[pair[head]]], ours.x[ours.begin[run[head]]], ours.y[ours.begin[run[head]]]
    )
    ours_walk = _Walk(rings=ours, pair=pair, run=run, head=head, inside=inside)
    pair, run = _members(theirs.start, piece)
    near = theirs.low_x.take(run) <= (east + NEAR_DEG).take(pair)
    near &= theirs.high_x.take(run) >= (west - NEAR_DEG).take(pair)
    near &= theirs.low_y.take(run) <= (north + NEAR_DEG).take(pair)
    near &= theirs.high_y.take(run) >= (south - NEAR_DEG).take(pair)
    pair, run = pair[near], run[near]
    chained = (run[1:] == run[:-1] + 1) & (pair[1:] == pair[:-1]) & (theirs.first[run[1:]] != run[1:])
    head = np.flatnonzero(np.append(True, ~chained)[: len(run)])
    vertex, of = theirs.begin[run[head]], pair[head]
    x, y = theirs.x[vertex], theirs.y[vertex]
    # what comes before a chain is not near: it begins outside of the site, if not with a ring
    within = np.flatnonzero((x >= west[of]) & (x <= east[of]) & (y >= south[of]) & (y <= north[of]))
    inside = np.zeros(len(head), dtype=bool)
    inside[within] = shapely.contains_xy(ours.shapes[site[of[within]]], x[within], y[within])
    theirs_walk = _Walk(rings=theirs, pair=pair, run=run, head=head, inside=inside)
    crossings, doubt = _crossings(ours_walk, theirs_walk, site)
    parts = _within(ours_walk, crossings, 0), _within(theirs_walk, crossings, 1)
    return _summed(parts, ours.edges[site], south, doubt)


def _crossings(ours: _Walk, theirs: _Walk, site: Indices) -> tuple[_Crossings, Mask]:
    """Where edges of sites cross those of pieces, and of which pairs that is in doubt."""
    a, b = ours.rings, theirs.rings
    hit, mine = _members(a.start, site.take(theirs.pair))
    other = theirs.run.take(hit)
    near = (a.low_x - NEAR_DEG).take(mine) <= b.high_x.take(other)
    near &= (a.high_x + NEAR_DEG).take(mine) >= b.low_x.take(other)
    near &= (a.low_y - NEAR_DEG).take(mine) <= b.high_y.take(other)
    near &= (a.high_y + NEAR_DEG).take(mine) >= b.low_y.take(other)
    hit, mine, other = hit[near], mine[near], other[near]
    parts = [_crossed(a, mine[some], b, other[some], at) for some, at in _batches(len(hit))]
    i, j, k, t, u, x, y = (np.concatenate(one) for one in zip(*(crossed for crossed, _ in parts), strict=True))
    doubt = np.zeros(len(site), dtype=bool)
    doubt[theirs.pair[hit[np.concatenate([unsure for _, unsure in parts])]]] = True
    hit, mine = hit[k], mine[k]
    pair = theirs.pair[hit]
    row = np.searchsorted(ours.pair, np.arange(len(site)))[pair] + mine - a.start[site[pair]]
    return _Crossings(row=(row, hit), place=(i, j), along=(t, u), xy=np.stack([x, y])), doubt


def _batches(count: int) -> Iterator[tuple[slice, int]]:
    """Slices of so many, at least one: what is reckoned for one of them stays in the processor's cache."""
    for at in range(0, max(count, 1), _RUN_PAIRS_AT_ONCE):
        yield slice(at, at + _RUN_PAIRS_AT_ONCE), at


def _crossed(a: Rings, mine: Indices, b: Rings, other: Indices, at: int) -> tuple[tuple[NDArray[Any], ...], Indices]:
    """
    Where edges of pairs of runs cross, and the pairs, counted from ``at``, for which that is in doubt.

    The place of either edge in its run, the pair, how far along either edge, and where.
    """
    (ax, ay), (bx, by) = a.vertices(mine), b.vertices(other)
    meet = _overlapping(ax, bx)
    meet &= _overlapping(ay, by)
    i, j, k = np.unravel_index(np.flatnonzero(meet), meet.shape)
    x1, y1, x2, y2 = ax[i, k], ay[i, k], ax[i + 1, k], ay[i + 1, k]
    x3, y3, x4, y4 = bx[j, k], by[j, k], bx[j + 1, k], by[j + 1, k]
    dx, dy, ex, ey, fx, fy = x2 - x1, y2 - y1, x4 - x3, y4 - y3, x3 - x1, y3 - y1
    turn = dx * ey - dy * ex
    from_ours = dx * fy - dy * fx  # how far the one end of theirs lies beside ours, times its length
    from_theirs = fx * ey - fy * ex
    other_ours, other_theirs = from_ours + turn, from_theirs - turn
    sure = np.minimum(np.abs(from_ours), np.abs(other_ours)) > NEAR_DEG * np.sqrt(dx * dx + dy * dy)
    sure &= np.minimum(np.abs(from_theirs), np.abs(other_theirs)) > NEAR_DEG * np.sqrt(ex * ex + ey * ey)
    cross = np.flatnonzero(((from_ours > 0) != (other_ours > 0)) & ((from_theirs > 0) != (other_theirs > 0)) & sure)
    t, u = from_theirs[cross] / turn[cross], -from_ours[cross] / turn[cross]
    xy = x1[cross] + dx[cross] * t, y1[cross] + dy[cross] * t
    return (i[cross], j[cross], k[cross] + at, t, u, *xy), k[~sure] + at


def _overlapping(ours: Floats, theirs: Floats) -> Mask:
    """Which edges of runs (9, k) come near those of others on one axis: (8, 8, k)."""
    low = np.minimum(ours[:-1], ours[1:]) - NEAR_DEG
    high = np.maximum(ours[:-1], ours[1:]) + NEAR_DEG
    found = low[:, None] <= np.maximum(theirs[:-1], theirs[1:])
    found &= high[:, None] >= np.minimum(theirs[:-1], theirs[1:])
    return np.asarray(found)


def _within(walk: _Walk, crossings: _Crossings, side: int) -> _Parts:
    """The parts of edges of one side that lie within the other polygon: at every crossing that changes."""
    rings, rows = walk.rings, len(walk.run)
    slot, along = crossings.row[side] * _RUN + crossings.place[side], crossings.along[side]
    count = np.bincount(slot, minlength=rows * _RUN)
    before = np.cumsum(count) - count
    begins = before[walk.head * _RUN] - walk.inside
    length = np.diff(np.append(walk.head, rows))
    inside = ((before.reshape(-1, _RUN) - np.repeat(begins, length)[:, None]) & 1).astype(bool).ravel()
    crossed = count > 0
    whole = np.flatnonzero(inside & ~crossed)
    row = whole // _RUN
    vertex = rings.begin[walk.run[row]] + whole % _RUN
    real = vertex < rings.last[walk.run[row]]
    row, vertex = row[real], vertex[real]
    first = np.flatnonzero(crossed & inside)
    last = np.flatnonzero(crossed & (inside ^ (count & 1).astype(bool)))
    key = np.concatenate([slot, first, last])
    order = np.lexsort((np.concatenate([along, np.full(len(first), -1.0), np.full(len(last), 2.0)]), key))
    ends = rings.begin[walk.run[key[len(slot) :] // _RUN]] + key[len(slot) :] % _RUN
    ends[len(first) :] += 1
    cut = np.concatenate([crossings.xy, np.stack([rings.x[ends], rings.y[ends]])], axis=1)[:, order]
    start, end = (np.stack([rings.x[at], rings.y[at]]) for at in (vertex, vertex + 1))
    row = np.concatenate([row, key[order[::2]] // _RUN])
    return _Parts(
        start=np.concatenate([start, cut[:, ::2]], axis=1),
        end=np.concatenate([end, cut[:, 1::2]], axis=1),
        pair=walk.pair[row],
        sign=rings.sign[walk.run[row]],
        whole=len(vertex),
    )


def _summed(parts: tuple[_Parts, _Parts], edges: Indices, origin: Floats, doubt: Mask) -> Clipped:
    """What pairs share by the parts that bound it: sites' first, then pieces'."""
    count = len(edges)
    pair, sign = (np.concatenate([getattr(one, name) for one in parts]) for name in ("pair", "sign"))
    start, end = (np.concatenate([getattr(one, name) for one in parts], axis=1) for name in ("start", "end"))
    step = end - start
    open_ = sum(np.abs(np.bincount(pair, weights=way * sign, minlength=count)) for way in step)
    number = np.bincount(pair, minlength=count)
    held = (np.bincount(parts[0].pair[: parts[0].whole], minlength=count) == edges) & (number == edges)
    sure = ~doubt & (open_ <= _OPEN_DEG)
    at = np.flatnonzero((sure & ~held)[pair])
    pair, sign, start, end, step = pair[at], sign[at], start[:, at], end[:, at], step[:, at]
    weights = -edge_areas(start, end, origin[pair]) * sign, np.sqrt(step[0] * step[0] + step[1] * step[1])
    area, outline = (np.bincount(pair, weights=of, minlength=count).astype(np.float64) for of in weights)
    sure &= held | (number == 0) | (area > 0)
    return Clipped(sure=sure, meets=number > 0, held=held, area=area, outline=outline)


def _members(start: Indices, chosen: Indices) -> tuple[Indices, Indices]:
    """The members of some groups one after another: the place of the group among the chosen, and the member."""
    first = start[chosen]
    count = start[chosen + 1] - first
    which = np.repeat(np.arange(len(chosen)), count)
    return which, np.arange(len(which)) + np.repeat(first - (np.cumsum(count) - count), count)
