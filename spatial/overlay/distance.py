"""Geodesic distance between geometries whose edges are straight in longitude and latitude.

The plane only proposes candidates; the distance is always ``pyproj.Geod`` between the two nearest points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.ellipsoid import geod
from spatial.overlay.edge_pairs import nearest_on
from spatial.overlay.frame import Frame, boxes_meet
from spatial.overlay.vantage import edge_lines, segments_of, vantage_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from spatial.overlay.vantage import Vantage

    Box = tuple[float, float, float, float]

__all__ = ["Nearest", "distance_at_least", "distance_to", "nearest_of", "nearest_of_boxes", "surely_beyond"]

EARTH_RADIUS_M = 6_371_000.0
CHUNK = 64
FEW = 4
"""Targets that are measured first: they bound how far the others may be."""
SORTED_FIRST = 4 * CHUNK
EDGE_CHUNK = 256
EDGES_FIRST = 8
_RADIAN = math.pi / 180
TOLERANCE_M = 2e-3
"""A pair of edges that could be nearer by less than this is not looked at."""


@dataclass(frozen=True, kw_only=True)
class Nearest:
    """The nearest pair of points: geodesic metres, bearing from the site (degrees from north), row of the target."""

    distance_m: float
    bearing_deg: float | None
    row: int


def distance_to(site: BaseGeometry, target: BaseGeometry) -> float:
    """
    Geodesic metres between two geometries in EPSG:4490; 0 where they meet.

    Within 1 cm up to 10 km and 0.1 % beyond (tested against ``pyproj.Geod`` on densified edges).

    Examples
    --------
    >>> round(distance_to(shapely.Point(117.5, 49.5), shapely.box(117.6, 49.4, 117.7, 49.6)), 0)
    7244.0
    """
    return nearest_of(site, np.array([target], dtype=object)).distance_m


def nearest_of(site: BaseGeometry, targets: NDArray[Any]) -> Nearest:
    """
    The target nearest to the site (targets: array of non-empty geometries, EPSG:4490).

    Raises
    ------
    ValueError
        If there are no targets.
    """
    if len(targets) == 0:
        raise ValueError("no targets to measure to")
    place = vantage_of(site)
    meets = shapely.intersects(place.prepared, targets)
    if meets.any():
        return Nearest(distance_m=0.0, bearing_deg=None, row=int(np.argmax(meets)))
    return _nearest_apart(place, targets)


def distance_at_least(site: BaseGeometry, targets: NDArray[Any]) -> NDArray[np.float64]:
    """
    A lower bound of the distance to each target, metres, from one plane: what is surely too far is not measured.

    Use it before `distance_to` wherever only distances up to some limit matter.

    Parameters
    ----------
    site
        EPSG:4490.
    targets
        Non-empty geometries, EPSG:4490, length n.

    Returns
    -------
    metres
        Length n; never more than `distance_to` gives, 0 where they meet.

    Examples
    --------
    >>> bound = distance_at_least(shapely.Point(117.5, 49.5), np.array([shapely.box(117.6, 49.4, 117.7, 49.6)]))
    >>> bool(7_100 < bound[0] < 7244)
    True
    """
    place = vantage_of(site)
    plane = _plane_distance(place, targets)
    return np.asarray(plane / (1 + _distortion(place.bounds, plane)), dtype=np.float64)


def surely_beyond(
    site: BaseGeometry,
    boxes: NDArray[np.float64],
    load: Callable[[NDArray[np.int64]], NDArray[Any]],
    metres: float,
) -> bool:
    """
    Whether all of many targets known by their boxes are surely farther than so many metres, from bounds alone.

    Use it before `nearest_of_boxes` where only that matters: nothing is measured.

    Parameters
    ----------
    site
        EPSG:4490.
    boxes
        (n, 4) west, south, east, north of the targets.
    load
        Gives the geometries of some rows.
    metres
        The limit; infinity is never surely exceeded.

    Returns
    -------
    beyond
        False says only that bounds do not tell, or that too many targets would have to be looked at.

    Examples
    --------
    >>> walls = np.array([shapely.box(117.0, 49.0, 118.0, 50.0).exterior])
    >>> [surely_beyond(shapely.Point(117.5, 49.5), shapely.bounds(walls), walls.take, m) for m in (30e3, 36e3)]
    [True, False]
    """
    rows = np.flatnonzero(_least_distance(vantage_of(site).bounds, boxes) <= metres)
    if len(rows) > CHUNK:
        return False
    return len(rows) == 0 or bool((distance_at_least(site, load(rows)) > metres).all())


def nearest_of_boxes(
    site: BaseGeometry,
    boxes: NDArray[np.float64],
    rows: NDArray[np.int64],
    load: Callable[[NDArray[np.int64]], NDArray[Any]],
    *,
    within_m: float = math.inf,
) -> Nearest | None:
    """
    The nearest of many targets known by their boxes; only those that can still win are loaded.

    Parameters
    ----------
    site
        EPSG:4490.
    boxes
        (n, 4) west, south, east, north of all targets.
    rows
        The targets asked for, as rows of ``boxes``.
    load
        Gives the geometries of some rows.
    within_m
        Where all are farther than this, none need be given: then nothing is measured.

    Returns
    -------
    nearest
        With ``row`` as in ``boxes``; None where no target is asked for, or none is within ``within_m`` metres.
    """
    if len(rows) == 0:
        return None
    place = vantage_of(site)
    asked = boxes if len(rows) == len(boxes) else boxes[rows]
    met_boxes = rows[boxes_meet(asked, place.bounds)]
    if len(met_boxes) and within_m >= 0:
        met = _first_met(place, met_boxes, load)
        if met is not None:
            return Nearest(distance_m=0.0, bearing_deg=None, row=met)
    bound = _least_distance(place.bounds, asked)
    if within_m < math.inf:
        close = load(rows[bound <= within_m])
        if (distance_at_least(site, close) > within_m).all():
            return None
    first = _first_by(bound)
    best = _nearest_in_order(place, bound, rows, first, load)
    if len(first) < len(bound) and (best is None or not best.distance_m < bound[first[-1]]):
        best = _nearest_in_order(place, bound, rows, np.argsort(bound, kind="stable"), load)
    return best if best is not None and not best.distance_m > within_m else None


def _first_by(bound: NDArray[np.float64]) -> NDArray[np.int64]:
    """The beginning of the order of all by their bounds, in whole chunks: most are never looked at, nor sorted."""
    if len(bound) <= 4 * SORTED_FIRST:
        return np.argsort(bound, kind="stable")
    found = np.flatnonzero(bound <= np.partition(bound, SORTED_FIRST)[SORTED_FIRST])
    return found[np.argsort(bound[found], kind="stable")]


def _nearest_in_order(
    place: Vantage,
    bound: NDArray[np.float64],
    rows: NDArray[np.int64],
    order: NDArray[np.int64],
    load: Callable[[NDArray[np.int64]], NDArray[Any]],
) -> Nearest | None:
    """The nearest of targets none of which meets the site, chunk by chunk until no bound is left that could win."""
    best: Nearest | None = None
    start, count = 0, FEW
    while start < len(order):
        take = order[start : start + count]
        start, count = start + count, CHUNK
        if best is not None:
            take = take[bound[take] <= best.distance_m]
            if len(take) == 0:
                break
        targets = load(rows[take])
        if best is not None and (distance_at_least(place.site, targets) > best.distance_m).all():
            continue
        found = _nearest_apart(place, targets)
        if best is None or found.distance_m < best.distance_m:
            best = Nearest(distance_m=found.distance_m, bearing_deg=found.bearing_deg, row=int(rows[take[found.row]]))
        if best.distance_m == 0.0:
            break
    return best


def _plane_distance(place: Vantage, targets: NDArray[Any]) -> NDArray[np.float64]:
    """Metres to each target in the frame of the site."""
    return np.asarray(shapely.distance(place.prepared_plane, place.frame.to_plane(targets)), dtype=np.float64)


def _first_met(
    place: Vantage, rows: NDArray[np.int64], load: Callable[[NDArray[np.int64]], NDArray[Any]]
) -> int | None:
    """The first of some rows whose target meets the site."""
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        meets = shapely.intersects(place.prepared, load(chunk))
        if meets.any():
            return int(chunk[np.argmax(meets)])
    return None


def _nearest_apart(place: Vantage, targets: NDArray[Any]) -> Nearest:
    """The nearest of targets none of which meets the site."""
    rows = np.zeros(1, dtype=np.int64) if len(targets) == 1 else _candidates(place, targets)
    asked = _Same(tuple(targets[rows]))
    if asked not in place.known:  # the nearest of a layer is asked for again as that of its feature
        place.known[asked] = _nearest_of_candidates(place, targets[rows])
    found: Nearest = place.known[asked]
    return Nearest(distance_m=found.distance_m, bearing_deg=found.bearing_deg, row=int(rows[found.row]))


class _Same:
    """Some geometries as a key: equal to the same objects in the same order, whatever others look like."""

    def __init__(self, geometries: tuple[BaseGeometry, ...]) -> None:
        self.geometries = geometries
        self.ids = tuple(map(id, geometries))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.ids == self.ids

    def __hash__(self) -> int:
        return hash(self.ids)


def _nearest_of_candidates(place: Vantage, targets: NDArray[Any]) -> Nearest:
    """Of targets that can all be the nearest, the nearest in the plane first."""
    rows = np.arange(len(targets))
    best = _settled(place, targets[0], 0)
    if _bias(place.bounds, targets, best) > TOLERANCE_M:
        return _among_edges(place, targets, rows, best)
    for row in rows[1:]:
        found = _settled(place, targets[row], int(row))
        best = found if found.distance_m < best.distance_m else best
    return best


def _candidates(place: Vantage, targets: NDArray[Any]) -> NDArray[np.int64]:
    """Targets that can be the nearest for all that the plane may be off, the nearest in the plane first."""
    plane = _plane_distance(place, targets)
    slack = _distortion(place.bounds, plane)
    upper = float(np.min(plane * (1 + slack)))
    order = np.argsort(plane, kind="stable")
    return order[plane[order] / (1 + slack[order]) <= upper]


def _settled(place: Vantage, target: BaseGeometry, row: int) -> Nearest:
    """The frame moves to the middle of the nearest pair until the pair stays: exact but for ``_bias``."""
    frame, site = place.frame, place.plane
    best = Nearest(distance_m=math.inf, bearing_deg=None, row=row)
    for _ in range(4):
        pair = shapely.get_coordinates(shapely.shortest_line(site, frame.to_plane(target)))
        (lon1, lat1), (lon2, lat2) = frame.degrees_of(pair).tolist()
        found = _measured(lon1, lat1, lon2, lat2, row)
        stays = abs(best.distance_m - found.distance_m) < 1e-5
        best = found if found.distance_m < best.distance_m else best
        if stays:
            break
        frame = Frame.at((lon1 + lon2) / 2, (lat1 + lat2) / 2)
        site = frame.to_plane(place.site)
    return best


def _measured(lon1: float, lat1: float, lon2: float, lat2: float, row: int) -> Nearest:
    azimuth, _, metres = geod().inv(lon1, lat1, lon2, lat2)
    bearing = azimuth % 360.0
    return Nearest(
        distance_m=metres, bearing_deg=(0.0 if bearing >= 360.0 else bearing) if metres > 0 else None, row=row
    )


def _bias(bounds: Box, targets: NDArray[Any], found: Nearest) -> float:
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


def _among_edges(place: Vantage, targets: NDArray[Any], rows: NDArray[np.int64], found: Nearest) -> Nearest:
    """The nearest pair of points, searched on every pair of edges that could hold it, each pair at its own latitude."""
    theirs, owner = segments_of(targets[rows])
    frame, bounds = place.frame, place.bounds
    reach = found.distance_m * (1 + float(_distortion(bounds, np.array([found.distance_m]))[0]))
    others = edge_lines(theirs, frame)
    near = place.lines_near(others, 1.001 * reach)
    ours, mine = place.edges[near], place.lines[near]
    pairs = shapely.STRtree(others).query(mine, predicate="dwithin", distance=reach)
    best = found
    if not pairs.size:
        return best
    least = shapely.distance(mine[pairs[0]], others[pairs[1]])
    off = np.abs((ours[pairs[0]] + theirs[pairs[1]])[:, [1, 3]] / 2 - frame.lat0).max(axis=1)
    off = np.maximum(
        off, np.abs((ours[pairs[0]][:, [1, 3]] + theirs[pairs[1]][:, [3, 1]]) / 2 - frame.lat0).max(axis=1)
    )
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
        better = _measured(lon1, lat1, lon2, lat2, int(rows[owner[pairs[1][take[at]]]]))
        best = better if better.distance_m < best.distance_m else best
        start, count = start + count, EDGE_CHUNK
    return best


def _distortion(bounds: Box, plane_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far plane and ellipsoid can differ, as a share of the distance: twice tan(lat) times the reach."""
    _, south, _, north = bounds
    reach = plane_m + math.radians(north - south) / 2 * EARTH_RADIUS_M
    top = np.minimum(math.radians(max(abs(south), abs(north))) + reach / EARTH_RADIUS_M, math.radians(80))
    return np.asarray(1e-3 + 2 * np.tan(top) * reach / EARTH_RADIUS_M, dtype=np.float64)


def _least_distance(box: Box, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """A lower bound in metres between one box and many, in degrees, on the smallest scale that either meets."""
    west, south, east, north = box
    dlon = np.maximum(0.0, np.maximum(boxes[:, 0] - east, west - boxes[:, 2]))
    dlat = np.maximum(0.0, np.maximum(boxes[:, 1] - north, south - boxes[:, 3]))
    top = np.radians(np.maximum(np.maximum(np.abs(boxes[:, 1]), np.abs(boxes[:, 3])), max(abs(south), abs(north))))
    square = top * top
    cosine = 1 - square * (0.5 - square * (1 / 24 - square / 720))  # the series, cut where it falls short
    across = dlon * (_RADIAN * 6_378_137.0 * 0.97) * cosine
    along = dlat * (_RADIAN * 6_335_439.0 * 0.97)
    return np.asarray(np.sqrt(across * across + along * along), dtype=np.float64)
