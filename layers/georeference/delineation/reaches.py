"""
The stretch of a river above and below a point, along lines whose direction of flow is stated.

For the zones of a river intake only: some kilometres of a few lines. What the lines leave open (a braid, a crossing
without a junction, a line that ends too early) is an error that says where, never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely

from layers.errors import FlowUnknownError, RiverTooShortError, RiverUnclearError
from spatial.edges import split
from spatial.ellipsoid import geod
from spatial.overlay.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["JOIN_M", "Flow", "Place", "River", "Stretch", "river_of", "snapped", "stretch"]

Flow = Literal["drawn", "against"]
"""Every line is drawn downstream, or every line upstream."""

JOIN_M = 10.0
"""Ends of lines at most this far from another line are taken to join it, metres."""

_EDGE_M = 500.0
_BRAID = "give the one channel that the intake draws from, or the water polygon's centreline"


@dataclass(frozen=True, kw_only=True)
class River:
    """
    Lines from junction to junction, each running downstream.

    ``lines`` holds the vertices of each, EPSG:4490, shape (n, 2); ``ends`` the junctions it runs from and to;
    ``along`` the geodesic metres from its start to each vertex.
    """

    lines: tuple[Any, ...]
    ends: tuple[tuple[int, int], ...]
    along: tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class Place:
    """A position on a river: which line, metres from its start, the point, and how far off the point given lies."""

    line: int
    along_m: float
    lon: float
    lat: float
    offset_m: float


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """
    The water within some distance up and down a river.

    ``paths`` are lines from the lower end to each upper end, EPSG:4490; ``ends_short`` says of each end before the
    distance was reached how many metres were missing and on which side.
    """

    paths: tuple[Any, ...]
    ends_short: tuple[tuple[str, float], ...]


def river_of(lines: Sequence[Any], *, flow: Flow | None, join_m: float = JOIN_M) -> River:
    """
    Lines as a river: joined where an end lies on another line, cut there, all running downstream.

    Parameters
    ----------
    lines
        LineStrings or MultiLineStrings, EPSG:4490.
    flow
        Whether they are drawn with the water or against it.
    join_m
        Geodesic metres within which an end joins another line.

    Raises
    ------
    FlowUnknownError
        If ``flow`` is None.
    """
    if flow is None:
        raise FlowUnknownError(
            detail="nothing says which way the river runs",
            remedy="state it: --flow drawn (the lines are drawn downstream) or --flow against",
        )
    parts = [part for part in shapely.get_parts(list(lines)) if part.length > 0]
    while any(shapely.get_type_id(p) != 1 for p in parts):
        parts = [part for part in shapely.get_parts(parts) if part.length > 0]
    pieces = [_densified(xy) for xy in _cut_at_junctions([shapely.force_2d(p) for p in parts], join_m)]
    if flow == "against":
        pieces = [xy[::-1] for xy in pieces]
    nodes = _nodes(np.array([end for xy in pieces for end in (xy[0], xy[-1])]), join_m)
    return River(
        lines=tuple(pieces),
        ends=tuple((int(nodes[2 * i]), int(nodes[2 * i + 1])) for i in range(len(pieces))),
        along=tuple(_along(xy) for xy in pieces),
    )


def _along(xy: Floats) -> Floats:
    metres = np.asarray(geod().inv(*xy[:-1].T.copy(), *xy[1:].T.copy())[2])
    return np.concatenate([[0.0], np.cumsum(metres)])


def _densified(xy: Floats) -> Floats:
    """Edges of at most half a kilometre, along which metres and shares agree."""
    metres = np.asarray(geod().inv(*xy[:-1].T.copy(), *xy[1:].T.copy())[2])
    return split(xy, np.append(np.maximum(1, np.ceil(metres / _EDGE_M)), 1).astype(np.int64))[0]


def _cut_at_junctions(parts: list[Any], join_m: float) -> list[Any]:
    """Vertices of the lines, cut where the end of another one (or of itself) meets their interior."""
    tips = np.array([(p.coords[0], p.coords[-1]) for p in parts]).reshape(-1, 2)
    tree = shapely.STRtree([shapely.Point(tip) for tip in tips])
    found = []
    for part in parts:
        frame = Frame.around(part.bounds)
        xy = shapely.get_coordinates(part)
        flat = shapely.get_coordinates(frame.to_plane(part))
        line = shapely.LineString(flat)
        near = tree.query(shapely.box(*frame.box(part.bounds, join_m)))
        points = shapely.get_parts(frame.to_plane(shapely.multipoints(tips[near])))
        close = shapely.distance(points, line) <= join_m
        at = shapely.line_locate_point(line, points[close])
        inside = np.sort(at[(at > join_m) & (at < line.length - join_m)])
        cuts = [float(v) for i, v in enumerate(inside) if i == 0 or v - inside[i - 1] > join_m]
        found += _cut(xy, flat, cuts)
    return found


def _cut(xy: Floats, flat: Floats, cuts: list[float]) -> list[Any]:
    """A chain of vertices cut at distances along its image in a plane."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(flat, axis=0).T))])
    found, start = [], [xy[0]]
    edge = 0
    for cut in cuts:
        while along[edge + 1] < cut:
            start.append(xy[edge + 1])
            edge += 1
        share = (cut - along[edge]) / (along[edge + 1] - along[edge])
        point = xy[edge] + share * (xy[edge + 1] - xy[edge])
        found.append(np.array([*start, point]))
        start = [point]
    found.append(np.array([*start, *xy[edge + 1 :]]))
    return found


def _nodes(tips: Floats, join_m: float) -> NDArray[np.int64]:
    """The number of the junction at each end: ends within ``join_m`` of each other, chains of such too, are one."""
    reach = np.degrees(2 * join_m / 6.3e6) / np.cos(np.radians(min(85.0, float(np.abs(tips[:, 1]).max()))))
    points = np.array([shapely.Point(tip) for tip in tips])
    one, other = shapely.STRtree(points).query(points, predicate="dwithin", distance=reach)
    metres = np.asarray(geod().inv(*tips[one].T.copy(), *tips[other].T.copy())[2])
    node = np.arange(len(tips))
    for a, b in zip(one[metres <= join_m], other[metres <= join_m], strict=True):
        low, high = sorted((node[a], node[b]))
        node[node == high] = low
    return node.astype(np.int64)


def snapped(river: River, lon: float, lat: float, *, within_m: float, doubt_m: float) -> Place | None:
    """
    The nearest position on a river; None where it is farther than ``within_m``.

    Raises
    ------
    RiverUnclearError
        If another line, or another limb of the same one, lies nearer than ``doubt_m`` beyond the nearest: which of the
        two the point belongs to would be a guess.
    """
    frame = Frame.at(lon, lat)
    point = shapely.Point(0.0, 0.0)
    offers = []
    for i, xy in enumerate(river.lines):
        flat = frame.to_plane(shapely.LineString(xy))
        if flat.distance(point) > 1.01 * (within_m + doubt_m) + 1.0:
            continue
        offers += _feet(i, flat, xy, river.along[i], (lon, lat))
    if not offers:
        return None
    best = min(offers, key=lambda offer: offer.offset_m)
    if best.offset_m > within_m:
        return None
    for other in offers:
        if other.offset_m <= best.offset_m + doubt_m and _apart(river, best, other) > 4 * (best.offset_m + doubt_m):
            raise RiverUnclearError(
                detail=f"two reaches lie equally near, {best.offset_m:.1f} and {other.offset_m:.1f} m,",
                lon=other.lon,
                lat=other.lat,
                remedy="give only the river that the intake draws from, or a better position of the intake",
            )
    return best


def _feet(line: int, flat: Any, xy: Floats, along: Floats, at: tuple[float, float]) -> list[Place]:
    """The foot of the point on every edge that is nearer than its neighbours."""
    plane = shapely.get_coordinates(flat)
    span = np.diff(plane, axis=0)
    square = np.maximum((span**2).sum(axis=1), 1e-30)
    share = np.clip(-(plane[:-1] * span).sum(axis=1) / square, 0.0, 1.0)
    feet = xy[:-1] + share[:, None] * np.diff(xy, axis=0)
    count = len(feet)
    metres = np.asarray(geod().inv(np.full(count, at[0]), np.full(count, at[1]), *feet.T.copy())[2])
    padded = np.concatenate([[np.inf], metres, [np.inf]])
    lowest = np.flatnonzero((metres <= padded[:-2]) & (metres <= padded[2:]))
    return [
        Place(
            line=line,
            along_m=float(along[i] + share[i] * (along[i + 1] - along[i])),
            lon=float(feet[i, 0]),
            lat=float(feet[i, 1]),
            offset_m=float(metres[i]),
        )
        for i in lowest
    ]


def _apart(river: River, one: Place, other: Place) -> float:
    """Metres along the water between two places on one line, or on two that share a junction; else without end."""
    if one.line == other.line:
        return abs(one.along_m - other.along_m)
    to_ends = [
        {node: metres for node, metres in zip(river.ends[p.line], (p.along_m, river.along[p.line][-1] - p.along_m))}  # noqa: B905, C416
        for p in (one, other)
    ]
    shared = set(to_ends[0]) & set(to_ends[1])
    return min((to_ends[0][node] + to_ends[1][node] for node in shared), default=np.inf)


def stretch(river: River, place: Place, *, up_m: float, down_m: float, ends_here: bool = False) -> Stretch:
    """
    The river from ``down_m`` below a place to ``up_m`` above it, up every tributary.

    Parameters
    ----------
    river, place
        As `river_of` and `snapped` give them.
    up_m, down_m
        Geodesic metres along the water.
    ends_here
        The river itself begins (or ends) where its line does. Otherwise a line that ends early is an error; a
        tributary may end early where another branch reaches the whole distance: it has its source there.

    Raises
    ------
    RiverUnclearError
        If the water has two ways at a junction, comes back to one, or lines cross without one.
    RiverTooShortError
        If the lines end before the distance is reached.
    """
    used: set[int] = set()
    below, missing_down = _down(river, place, down_m, used)
    above, short = _up(river, place, up_m, used)
    if not ends_here and missing_down > 0:
        raise RiverTooShortError(side="down", needed_m=down_m, missing_m=missing_down)
    if not ends_here and len(short) == len(above):
        raise RiverTooShortError(side="up", needed_m=up_m, missing_m=min(short))
    _require_no_crossing(river, used)
    here = np.array([[place.lon, place.lat]])
    paths = [_line(np.vstack([below[::-1], here, branch])) for branch in above]
    ends = [("down", missing_down)] if missing_down > 0 else []
    return Stretch(paths=tuple(paths), ends_short=(*ends, *(("up", m) for m in short)))


def _line(xy: Floats) -> Any:
    kept = np.concatenate([[True], (np.diff(xy, axis=0) != 0).any(axis=1)])
    return shapely.LineString(xy[kept])


def _leaving(river: River, node: int) -> list[int]:
    return [i for i, (start, _) in enumerate(river.ends) if start == node]


def _arriving(river: River, node: int) -> list[int]:
    return [i for i, (_, end) in enumerate(river.ends) if end == node]


def _down(river: River, place: Place, metres: float, used: set[int]) -> tuple[Floats, float]:
    """Vertices downstream of a place, in that order, and the metres that are missing."""
    line, at, left = place.line, place.along_m, metres
    found = [np.empty((0, 2))]
    while True:
        used.add(line)
        length = float(river.along[line][-1])
        found.append(_between(river, line, at, min(at + left, length)))
        left -= length - at
        if left <= 0:
            return np.vstack(found), 0.0
        onward = _leaving(river, river.ends[line][1])
        if not onward:
            return np.vstack(found), left
        if len(onward) > 1 or onward[0] in used:
            raise _braid(river, line, end=1)
        line, at = onward[0], 0.0


def _up(river: River, place: Place, metres: float, used: set[int]) -> tuple[list[Floats], list[float]]:
    """Vertices upstream of a place, a chain for each branch, and the metres missing on those that end early."""
    chains: list[Floats] = []
    short: list[float] = []
    waiting = [(place.line, place.along_m, metres, np.empty((0, 2)))]
    seen = set(used) - {place.line}
    while waiting:
        line, at, left, chain = waiting.pop()
        if line in seen:
            raise _braid(river, line, end=1)
        seen.add(line)
        chain = np.vstack([chain, _between(river, line, max(0.0, at - left), at)[::-1]])
        if left <= at:
            chains.append(chain)
            continue
        node = river.ends[line][0]
        if len(_leaving(river, node)) > 1:
            raise _braid(river, line, end=0)
        inflows = _arriving(river, node)
        if not inflows:
            chains.append(chain)
            short.append(left - at)
        waiting += [(i, float(river.along[i][-1]), left - at, chain) for i in inflows]
    used |= seen
    return chains, short


def _between(river: River, line: int, start_m: float, end_m: float) -> Floats:
    """The vertices of a line between two distances from its start, with those two points."""
    along, xy = river.along[line], river.lines[line]
    inner = (along > start_m) & (along < end_m)
    ends = [[np.interp(m, along, xy[:, axis]) for axis in (0, 1)] for m in (start_m, end_m)]
    return np.vstack([ends[:1], xy[inner], ends[1:]])


def _braid(river: River, line: int, *, end: int) -> RiverUnclearError:
    lon, lat = river.lines[line][0 if end == 0 else -1]
    return RiverUnclearError(
        detail="the water has more than one way (a braid, or a line drawn against the flow)",
        lon=float(lon),
        lat=float(lat),
        remedy=_BRAID,
    )


def _require_no_crossing(river: River, used: set[int]) -> None:
    """Lines that cross away from any junction: canal over river, or a junction that was not drawn."""
    shapes = np.array([shapely.LineString(xy) for xy in river.lines])
    tree = shapely.STRtree(shapes)
    for i in sorted(used):
        for j in tree.query(shapes[i], predicate="crosses"):
            at = shapely.point_on_surface(shapely.intersection(shapes[i], shapes[j]))
            metres = [geod().inv(at.x, at.y, *river.lines[k][e])[2] for k in (i, int(j)) for e in (0, -1)]
            if min(metres) > 2 * JOIN_M:
                raise RiverUnclearError(
                    detail="two lines cross without a junction", lon=float(at.x), lat=float(at.y), remedy=_BRAID
                )
