"""
The shortest detour of a route: its ends stay, and so does all of it that is not near what it must leave.

A stretch that runs too near to an obstacle is rebuilt between a point up to ``reach_m`` before and one up to
``reach_m`` behind it, along straight lines between points of the old route and corners of the areas to leave, nowhere
farther than ``within_m`` from the old route: the shortest way of that graph (Dijkstra).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.ops import substring

from spatial.overlay.parts import simple_parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

__all__ = ["WEIGHTS", "Detour", "detours_of", "is_walled_off", "loose_ends"]

WEIGHTS = (1.0, 0.9, 0.5, 0.0)
"""
What a metre of old route costs beside a metre of new: 1 finds the shortest route, 0 the one with least to rebuild.
"""
MOST_CORNERS = 400
MOST_STATIONS = 250
INSIDE_M = 0.01
"""A way may run along the edge of what it leaves; it is tested against that area drawn in by this much."""
TOLERANCES_M = (0.0, 0.05, 0.2, 1.0, 3.0, 10.0, 25.0)


@dataclass(frozen=True, kw_only=True)
class Detour:
    """One line led around, in the plane; ``rebuilt_m`` metres of it are new, in so many stretches."""

    line: BaseGeometry
    rebuilt_m: float
    stretches: int


@dataclass(frozen=True, kw_only=True)
class _Stretch:
    """From one chainage to another, metres along the old line."""

    start: float
    end: float


def detours_of(
    line: Any,
    leave: BaseGeometry,
    *,
    within_m: float,
    step_m: float,
    reach_m: float,
    weights: Sequence[float] = WEIGHTS,
) -> tuple[Detour, ...]:
    """
    A line led around an area, once for each weight.

    Parameters
    ----------
    line
        A line of the plane, metres.
    leave
        The area that the new line must not enter.
    within_m
        How far from the old line the new one may run.
    step_m
        The old route may be left and joined again at its vertices and every so many metres.
    reach_m
        How far before and behind a blocked stretch the old route may be left.
    weights
        What a metre of old route costs beside a metre of new.

    Returns
    -------
    detours
        One a weight; none at all where an end lies in the area, or the graph has no way.

    Examples
    --------
    >>> route = shapely.LineString([(-400, 0), (400, 0)])
    >>> block = shapely.box(-100, -300, 100, 30)
    >>> found = detours_of(route, block, within_m=200, step_m=50, reach_m=1000, weights=[1.0])
    >>> round(found[0].line.length, 3) == round(2 * math.hypot(300, 30) + 200, 3)
    True
    """
    blocked = _blocked(line, leave)
    if not blocked:
        return tuple(Detour(line=line, rebuilt_m=0.0, stretches=0) for _ in weights)
    ends = shapely.points(shapely.get_coordinates(line)[[0, -1]])
    if np.any(shapely.intersects(leave, ends)):
        return ()
    windows = _windows(blocked, line.length, reach_m)
    graphs = [_Graph(substring(line, w.start, w.end), leave, within_m=within_m, step_m=step_m) for w in windows]
    if not all(graph.joined for graph in graphs):
        return ()
    return tuple(_joined(line, windows, [graph.cheapest(weight) for graph in graphs]) for weight in weights)


def _joined(line: Any, windows: Sequence[_Stretch], ways: Sequence[tuple[NDArray[np.float64], float]]) -> Detour:
    """The old line with its windows replaced by new ways."""
    pieces: list[NDArray[np.float64]] = []
    at = 0.0
    for window, (way, _) in zip(windows, ways, strict=True):
        if window.start > at:
            pieces.append(shapely.get_coordinates(substring(line, at, window.start)))
        pieces.append(way)
        at = window.end
    if at < line.length:
        pieces.append(shapely.get_coordinates(substring(line, at, line.length)))
    xy = np.concatenate(pieces)
    keep = np.concatenate([[True], np.hypot(*np.diff(xy, axis=0).T) > 1e-6])
    rebuilt = math.fsum(new_m for _, new_m in ways)
    return Detour(line=shapely.linestrings(xy[keep]), rebuilt_m=rebuilt, stretches=len(windows))


def is_walled_off(line: BaseGeometry, closed: BaseGeometry, *, within_m: float) -> bool:
    """
    Whether no way at all joins the ends of a line: proved by areas that are surely closed.

    Parameters
    ----------
    line
        A line of the plane.
    closed
        Where no point of a route can be.
    within_m
        How far from the old line a route may run.
    """
    ends = shapely.points(shapely.get_coordinates(line)[[0, -1]])
    if shapely.intersects(closed, ends).any():
        return True
    room = shapely.difference(shapely.buffer(line, within_m * 1.002 + 0.1, quad_segs=16), closed)
    return not any(shapely.intersects(part, ends).all() for part in shapely.get_parts(room))


def _blocked(line: BaseGeometry, leave: BaseGeometry) -> list[_Stretch]:
    """The stretches of a line that lie in an area, edge by edge, so that a line that crosses itself is no trouble."""
    xy = shapely.get_coordinates(line)
    length = np.hypot(*np.diff(xy, axis=0).T)
    chainage = np.concatenate([[0.0], np.cumsum(length)])
    edges: Any = shapely.linestrings(np.stack([xy[:-1], xy[1:]], axis=1))
    shapely.prepare(leave)
    found: list[_Stretch] = []
    for row in np.flatnonzero(shapely.intersects(leave, edges)):
        for part in shapely.get_parts(shapely.intersection(edges[row], leave)):
            along = np.hypot(*(shapely.get_coordinates(part) - xy[row]).T) + chainage[row]
            start, end = float(along.min()), float(along.max())
            if end - start <= 1e-6:
                continue  # a touch of the edge
            if found and start <= found[-1].end + 1e-6:
                found[-1] = _Stretch(start=found[-1].start, end=max(end, found[-1].end))
            else:
                found.append(_Stretch(start=start, end=end))
    return found


def _windows(blocked: Sequence[_Stretch], length: float, reach_m: float) -> list[_Stretch]:
    found: list[_Stretch] = []
    for one in blocked:
        start, end = max(0.0, one.start - reach_m), min(length, one.end + reach_m)
        if found and start <= found[-1].end:
            found[-1] = _Stretch(start=found[-1].start, end=end)
        else:
            found.append(_Stretch(start=start, end=end))
    return found


class _Graph:
    """Stations of the old route and corners of what is left, joined wherever nothing lies between them."""

    def __init__(self, old: Any, leave: BaseGeometry, *, within_m: float, step_m: float) -> None:
        corridor = shapely.buffer(old, within_m, quad_segs=16)
        near, corners = _corners(leave, corridor)
        stations, self.on = _stations(old, near, step_m)
        self.old = old
        self.goal = len(stations) - 1
        self.xy = np.concatenate([stations, corners])
        inner = shapely.buffer(near, -INSIDE_M)
        shapely.prepare(inner)
        i, j = np.triu_indices(len(self.xy), 1)
        lines: Any = shapely.linestrings(np.stack([self.xy[i], self.xy[j]], axis=1))
        free = ~np.asarray(shapely.intersects(inner, lines))
        room = shapely.buffer(corridor, INSIDE_M)
        shapely.prepare(room)
        free[free] = shapely.covers(room, lines[free])
        self.ends = np.column_stack([i[free], j[free]])
        self.metres = np.maximum(np.hypot(*(self.xy[i[free]] - self.xy[j[free]]).T), 1e-9)
        # of the old route, from one station to the next where nothing lies between
        along = [substring(old, start, end) for start, end in pairwise(self.on)]
        kept = [s for s, piece in enumerate(along) if not shapely.intersects(inner, piece)]
        self.kept = np.array(kept, dtype=np.int64)
        self.kept_m = np.array([self.on[s + 1] - self.on[s] for s in kept])
        self.joined = self._reaches()

    def _reaches(self) -> bool:
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import connected_components

        rows = np.concatenate([self.ends[:, 0], self.kept])
        columns = np.concatenate([self.ends[:, 1], self.kept + 1])
        n = len(self.xy)
        _, group = connected_components(coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(n, n)))
        return bool(group[0] == group[self.goal])

    def cheapest(self, weight: float) -> tuple[NDArray[np.float64], float]:
        """The way that costs least, and how many metres of it are new."""
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import dijkstra

        n = len(self.xy)
        costs = dict(zip(map(tuple, self.ends.tolist()), self.metres.tolist(), strict=True))
        stays = set()
        for station, metres in zip(self.kept.tolist(), self.kept_m.tolist(), strict=True):
            pair, cost = (station, station + 1), max(weight * metres, 1e-9)
            if cost <= costs.get(pair, math.inf) * (1 + 1e-9):
                costs[pair] = cost
                stays.add(pair)
        pairs = np.array(list(costs), dtype=np.int64).reshape(-1, 2)
        graph = coo_matrix((np.array(list(costs.values())), (pairs[:, 0], pairs[:, 1])), shape=(n, n)).tocsr()
        _, before = dijkstra(graph, directed=False, indices=0, return_predecessors=True)
        path = [self.goal]
        while path[-1] != 0:
            path.append(int(before[path[-1]]))
        path.reverse()
        new_m, pieces = 0.0, [self.xy[:1]]
        for a, b in pairwise(path):
            low, high = min(a, b), max(a, b)
            if (low, high) in stays:
                piece = shapely.get_coordinates(substring(self.old, self.on[low], self.on[high]))
                pieces.append(piece if a < b else piece[::-1])
            else:
                pieces.append(self.xy[[b]])
                new_m += float(np.hypot(*(self.xy[a] - self.xy[b])))
        return np.concatenate(pieces), new_m


def _corners(leave: BaseGeometry, corridor: BaseGeometry) -> tuple[BaseGeometry, NDArray[np.float64]]:
    """
    What is to be left in a corridor, and the corners that a way may turn at.

    Where it has too many corners it is simplified, after it was drawn wider by as much as that can take away.
    """
    room = shapely.box(*shapely.bounds(corridor))
    near = shapely.intersection(leave, shapely.buffer(room, 1.0))
    for tolerance in TOLERANCES_M:
        drawn = near if tolerance == 0 else shapely.simplify(shapely.buffer(near, 1.01 * tolerance), tolerance)
        xy = _convex_corners(drawn)
        xy = xy[shapely.intersects(corridor, shapely.points(xy))] if len(xy) else xy
        if len(xy) <= MOST_CORNERS:
            break
    return drawn, xy


def _convex_corners(area: BaseGeometry) -> NDArray[np.float64]:
    """Vertices at which the area bulges: a shortest way turns at no other."""
    found = []
    for polygon in shapely.get_parts(area):
        if shapely.get_dimensions(polygon) != 2:
            continue
        for ring in shapely.get_rings(shapely.orient_polygons(polygon)):
            xy = shapely.get_coordinates(ring)[:-1]
            before, after = xy - np.roll(xy, 1, axis=0), np.roll(xy, -1, axis=0) - xy
            turn = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
            found.append(xy[turn > 0])
    return np.concatenate(found) if found else np.zeros((0, 2))


def _stations(old: Any, leave: BaseGeometry, step_m: float) -> tuple[NDArray[np.float64], list[float]]:
    """Points of the old route at which it may be left or joined: its ends, vertices, and every so many metres."""
    xy = shapely.get_coordinates(old)
    chainage = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    step = max(step_m, old.length / MOST_STATIONS)
    inner = chainage[1:-1]
    if len(inner) > MOST_STATIONS:
        inner = inner[:: math.ceil(len(inner) / MOST_STATIONS)]
    edge = shapely.boundary(leave)
    crossing = shapely.get_coordinates(shapely.intersection(old, edge)) if not edge.is_empty else np.zeros((0, 2))
    at_edge = [float(old.project(shapely.Point(point))) for point in crossing]
    metres = np.unique(
        np.round(np.concatenate([[0.0], np.arange(step, old.length, step), inner, at_edge, [old.length]]), 6)
    )
    metres[-1] = old.length
    points: Any = shapely.line_interpolate_point(old, metres)
    shrunk = shapely.buffer(leave, -INSIDE_M)
    free = ~np.asarray(shapely.intersects(shrunk, points))
    free[[0, -1]] = True
    return shapely.get_coordinates(points[free]), [float(m) for m in metres[free]]


def loose_ends(lines: list[list[Any]], new: Any) -> int:
    """Ends of lines that lay on another line and lie on none now: branches of a stretch that was led elsewhere."""
    every = [one for part in lines for one in part]
    count = 0
    for number, one in enumerate(every):
        others = [o for k, o in enumerate(every) if k != number]
        if not others:
            continue
        for xy in shapely.get_coordinates(one)[[0, -1]]:
            end = shapely.Point(xy)
            if float(np.min(shapely.distance(end, np.array(others, dtype=object)))) > 1e-3:
                continue
            touching = [p for p in simple_parts(new) if shapely.distance(p, end) <= 2e-3]
            count += len(touching) < 2
    return count
