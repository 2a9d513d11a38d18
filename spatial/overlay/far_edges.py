"""
The nearest pair of points far away, where neither a plane nor a middle latitude tells which pair that is.

`spatial.overlay.distance` asks it beyond `FAR_M`. Nothing is distorted in space, so pairs are compared there; the pair
that wins is settled by geodesics.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from spatial.ellipsoid import A_M, E2, geod
from spatial.overlay.near_edges import Nearest, measured
from spatial.overlay.vantage import segments_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spatial.overlay.vantage import Vantage

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

__all__ = ["FAR_M", "nearest_far"]

FAR_M = 100_000.0
"""Up to here planes are right to 0.003 % and 0.4° of bearing; at 1,000 km they were wrong by 0.3 % and 5°."""
LONGEST_DEG = 0.25
"""Edges are looked at in pieces that span no more: one this long bends aside by 21 m, 0.02 % at 100 km."""
ROUNDS = 4
"""Each foot is settled in turn so often, to compare pairs: of its error (d/R)⁴ is left, 700 m at 3,000 km: 0.1 m."""
ZOOMS = 24
"""The reach of the last geodesics is halved so often: to millimetres."""
PAIRS_AT_ONCE = 1 << 18
_GRID = np.stack(np.meshgrid(np.linspace(-1, 1, 5), np.linspace(-1, 1, 5)), axis=-1).reshape(-1, 2).T
_RADIAN = math.pi / 180


def nearest_far(place: Vantage, targets: NDArray[Any], found: Nearest) -> Nearest:
    """
    The nearest pair of points of a site and targets that do not meet, to 0.1 % and better, no farther than ``found``.

    Parameters
    ----------
    place
        The site.
    targets
        Non-empty geometries, EPSG:4490.
    found
        Any pair of points of theirs: nothing farther is looked at.

    Examples
    --------
    A parallel curves away: 15° east of a point at 40°N the nearest of a meridian lies north of that.

    >>> import shapely
    >>> from spatial.overlay.vantage import vantage_of
    >>> wall = np.array([shapely.LineString([(115, 20), (115, 55)])])
    >>> same_latitude = measured(100.0, 40.0, 115.0, 40.0, 0)
    >>> found = nearest_far(vantage_of(shapely.Point(100, 40)), wall, same_latitude)
    >>> round(same_latitude.distance_m), round(found.distance_m), round(found.bearing_deg, 1)
    (1279391, 1274772, 80.2)
    """
    theirs, owner = segments_of(targets)
    (row, low, high), (other, start, end) = _in_pieces(place.edges), _in_pieces(theirs)
    middles, reach = _spheres(place.edges, row, low, high)
    others, span = _spheres(theirs, other, start, end)
    upper, best = found.distance_m, None  # through space it is less far
    step = max(1, PAIRS_AT_ONCE // len(other))
    for at in range(0, len(row), step):
        gap = np.sqrt(sum((mine[at : at + step, None] - its) ** 2 for mine, its in zip(middles, others, strict=True)))
        i, j = np.nonzero(gap - reach[at : at + step, None] - span <= min(upper, float(gap.min())))
        i += at
        if not len(i):
            continue
        one, two = (place.edges[row[i]], low[i], high[i]), (theirs[other[j]], start[j], end[j])
        s, t, chord = _feet(one, two)
        least = int(np.argmin(chord))
        if best is None or chord[least] < upper:
            upper = min(upper, float(chord[least]))
            best = one[0][least], two[0][least], float(s[least]), float(t[least]), int(owner[other[j[least]]])
    if best is None:
        return found
    better = measured(*_settled(*best[:4]), best[4])
    return better if better.distance_m < found.distance_m else found


def _in_pieces(edges: Floats) -> tuple[Indices, Floats, Floats]:
    """Short pieces of edges: the row of each, and from where to where on it, 0 … 1."""
    count = np.maximum(1, np.ceil(np.abs(edges[:, 2:] - edges[:, :2]).max(axis=1) / LONGEST_DEG)).astype(np.int64)
    row = np.repeat(np.arange(len(edges)), count)
    number = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    return row, number / count[row], (number + 1) / count[row]


def _spheres(edges: Floats, row: Indices, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """The middles of pieces in space (3, k), and within how many metres of these they lie."""
    beginning, middle, end = (_on(edges[row], at)[0] for at in (low, (low + high) / 2, high))
    reach = np.sqrt(np.maximum(((beginning - middle) ** 2).sum(axis=0), ((end - middle) ** 2).sum(axis=0)))
    return middle, 1.001 * reach + 1.0


def _feet(one: tuple[Floats, Floats, Floats], two: tuple[Floats, Floats, Floats]) -> tuple[Floats, Floats, Floats]:
    """Of pairs of pieces (edges, from, to): where on both edges the nearest points lie, and how far through space."""
    (edge, low, high), (other, start, end) = one, two
    s, t = (low + high) / 2, (start + end) / 2
    here, along = _on(edge, s)
    for _ in range(ROUNDS):
        there, across = _on(other, t)
        t = np.clip(t - _climb(across, there - here), start, end)
        there = _on(other, t)[0]
        s = np.clip(s - _climb(along, here - there), low, high)
        here, along = _on(edge, s)
    return s, t, np.sqrt(((here - there) ** 2).sum(axis=0))


def _climb(way: Floats, from_there: Floats) -> Floats:
    """How far along an edge, as a share of it, a place lies behind the foot of another; ``way`` is all of the edge."""
    return np.asarray((way * from_there).sum(axis=0) / np.maximum((way * way).sum(axis=0), 1e-12))


def _on(edge: Floats, at: Floats) -> tuple[Floats, Floats]:
    """Places on edges in space, metres, (3, k); and the way that their edges would go from there, straight on."""
    dlon, dlat = (edge[:, 2] - edge[:, 0]) * _RADIAN, (edge[:, 3] - edge[:, 1]) * _RADIAN
    lon, lat = edge[:, 0] * _RADIAN + dlon * at, edge[:, 1] * _RADIAN + dlat * at
    sine, cosine, sa, ca = np.sin(lat), np.cos(lat), np.sin(lon), np.cos(lon)
    w2 = 1 - E2 * sine * sine
    normal = A_M / np.sqrt(w2)
    east, north = normal * cosine * dlon, normal * ((1 - E2) / w2) * dlat
    place = np.stack([normal * cosine * ca, normal * cosine * sa, normal * ((1 - E2) * sine)])
    return place, np.stack([-east * sa - north * sine * ca, east * ca - north * sine * sa, north * cosine])


def _settled(edge: Floats, other: Floats, s: float, t: float) -> tuple[float, float, float, float]:
    """Places on two edges moved to the least geodesic of those around them, each time half as far."""
    (x1, y1, x2, y2), (x3, y3, x4, y4) = edge.tolist(), other.tolist()
    reach, span = (LONGEST_DEG / max(abs(e[2] - e[0]), abs(e[3] - e[1]), LONGEST_DEG) for e in (edge, other))
    for _ in range(ZOOMS):
        si, ti = np.clip(s + _GRID[0] * reach, 0.0, 1.0), np.clip(t + _GRID[1] * span, 0.0, 1.0)
        px, py, qx, qy = x1 + (x2 - x1) * si, y1 + (y2 - y1) * si, x3 + (x4 - x3) * ti, y3 + (y4 - y3) * ti
        least = int(np.argmin(geod().inv(px, py, qx, qy)[2]))
        s, t, reach, span = float(si[least]), float(ti[least]), reach / 2, span / 2
    return float(px[least]), float(py[least]), float(qx[least]), float(qy[least])
