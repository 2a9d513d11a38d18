"""
The nearest pair of points searched on edges, each pair of edges at its own latitude, and what a plane may be off.

`spatial.overlay.distance` asks it where one plane could have missed the nearest pair.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.ellipsoid import geod
from spatial.overlay.edge_pairs import nearest_on
from spatial.overlay.vantage import segments_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spatial.overlay.vantage import Vantage

    Box = tuple[float, float, float, float]

__all__ = ["TOLERANCE_M", "Nearest", "bias", "distortion", "measured", "nearest_among_edges"]

EARTH_RADIUS_M = 6_371_000.0
TOLERANCE_M = 2e-3
"""A pair of edges that could be nearer by less than this is not looked at."""
EDGES_FIRST = 8
EDGE_CHUNK = 256
FEW_PAIRS = 512
"""So many pairs of edges are measured one by one; for more, a tree pays."""


@dataclass(frozen=True, kw_only=True)
class Nearest:
    """The nearest pair of points: geodesic metres, bearing from the site (degrees from north), row of the target."""

    distance_m: float
    bearing_deg: float | None
    row: int


def measured(lon1: float, lat1: float, lon2: float, lat2: float, row: int) -> Nearest:
    """The geodesic of one pair of points, degrees, to the target of a row."""
    azimuth, _, metres = geod().inv(lon1, lat1, lon2, lat2)
    bearing = azimuth % 360.0
    return Nearest(
        distance_m=metres, bearing_deg=(0.0 if bearing >= 360.0 else bearing) if metres > 0 else None, row=row
    )


def bias(bounds: Box, targets: NDArray[Any], found: Nearest) -> float:
    """
    By how much the frame of the pair found may have missed a nearer one, metres.

    Its scale along the parallel is off by tan(lat)/R for every metre north or south, so edges that run nearly parallel
    for long are compared falsely: 200 km of route beside a border 10 km away came out 100 m too far.
    """
    _, south, _, north = bounds
    box = shapely.bounds(targets)
    low, high = float(box[:, 1].min()), float(box[:, 3].max())
    d = found.distance_m
    tall = math.radians(max(0.0, min(north, high) - max(south, low))) * EARTH_RADIUS_M + 2 * d
    top = math.radians(min(80.0, max(abs(south), abs(north), abs(low), abs(high))))
    return 2 * math.tan(top) / EARTH_RADIUS_M * tall * d


def nearest_among_edges(place: Vantage, targets: NDArray[Any], found: Nearest) -> Nearest:
    """
    The nearest pair of points, searched on every pair of edges that could hold it, each pair at its own latitude.

    Edges of no length, which are points, are in no pair: what was found for them stays (`far_edges` mends it).
    """
    if not place.long.any():
        return found
    theirs, owner = segments_of(targets)
    frame, bounds = place.frame, place.bounds
    reach = found.distance_m * (1 + float(distortion(bounds, np.array([found.distance_m]))[0]))
    near, close, others = place.near(theirs, 1.001 * reach)
    best = found
    if not len(near) or not len(close):
        return best
    theirs, owner, ours = theirs[close], owner[close], place.edges[near]
    pairs, least = _pairs_within(place.lines[near], others, reach)
    if not pairs.size:
        return best
    our_lat, their_lat = ours[:, 1::2][pairs[0]], theirs[:, 1::2][pairs[1]]
    off = np.abs((our_lat + their_lat) / 2 - frame.lat0).max(axis=1)
    off = np.maximum(off, np.abs((our_lat + their_lat[:, ::-1]) / 2 - frame.lat0).max(axis=1))
    top = math.radians(min(80.0, max(abs(bounds[1]), abs(bounds[3])) + math.degrees(found.distance_m / EARTH_RADIUS_M)))
    # a pair is off by tan(lat) for every radian of its middle's latitude; half as much again for the second order
    least = least * (1 - np.minimum(0.9, 1.5 * math.tan(top) * np.radians(off) + 1e-5))
    tolerance = TOLERANCE_M if found.distance_m <= 10_000 else 1e-4 * found.distance_m
    order = np.argsort(least, kind="stable")
    start, count = 0, EDGES_FIRST
    while start < len(order):
        take = order[start : start + count]
        take = take[least[take] < best.distance_m - tolerance]
        if len(take) == 0:
            break
        lon1, lat1, lon2, lat2, at = nearest_on(ours[pairs[0][take]], theirs[pairs[1][take]])
        better = measured(lon1, lat1, lon2, lat2, int(owner[pairs[1][take[at]]]))
        best = better if better.distance_m < best.distance_m else best
        start, count = start + count, EDGE_CHUNK
    return best


def _pairs_within(
    mine: NDArray[Any], others: NDArray[Any], reach: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rows (2, n) of the lines within reach of each other, in order, and how far they are."""
    if len(mine) * len(others) > FEW_PAIRS:
        pairs = shapely.STRtree(others).query(mine, predicate="dwithin", distance=reach)
        return pairs, np.asarray(shapely.distance(mine[pairs[0]], others[pairs[1]]))
    metres = shapely.distance(mine[:, None], others)
    pairs = np.array(np.nonzero(metres <= reach))
    return pairs, metres[pairs[0], pairs[1]]


def distortion(bounds: Box, plane_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far plane and ellipsoid can differ, as a share of the distance: twice tan(lat) times the reach."""
    _, south, _, north = bounds
    reach = plane_m + math.radians(north - south) / 2 * EARTH_RADIUS_M
    top = np.minimum(math.radians(max(abs(south), abs(north))) + reach / EARTH_RADIUS_M, math.radians(80))
    return np.asarray(1e-3 + 2 * np.tan(top) * reach / EARTH_RADIUS_M, dtype=np.float64)
