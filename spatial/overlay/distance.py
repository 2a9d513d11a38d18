"""Geodesic distance between geometries whose edges are straight in longitude and latitude.

The plane only proposes candidates; the distance is always ``pyproj.Geod`` between the two nearest points.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.overlay.far_edges import FAR_M, nearest_far
from spatial.overlay.frame import Frame, boxes_meet
from spatial.overlay.near_edges import TOLERANCE_M, Nearest, bias, distortion, measured, nearest_among_edges
from spatial.overlay.vantage import vantage_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from spatial.overlay.vantage import Vantage

    Box = tuple[float, float, float, float]

__all__ = [
    "FartherThanKnownError",
    "Nearest",
    "distance_at_least",
    "distance_to",
    "nearest_of",
    "nearest_of_boxes",
    "surely_beyond",
]

CHUNK = 64
FEW = 4
"""Targets that are measured first: they bound how far the others may be."""
SORTED_FIRST = 4 * CHUNK
FEW_TARGETS = 8
"""So many targets are asked for one by one, for a site asks for the same few again and again."""
WIDE_DEG = 45.0
"""Farther apart in longitude a geodesic is shorter than 0.97 of the parallel: 90° at 60°N, 0.92 of it."""
_RADIAN = math.pi / 180


class FartherThanKnownError(LookupError):
    """The nearest of some targets lies so far that one that was not given may be nearer."""


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
    return _at_least(place, _plane_distance(place, targets))


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
    known_to_m: float = math.inf,
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
    known_to_m
        Of the targets there are, those whose boxes meet the site's and those whose bound is at most this are asked
        for: the nearest of all is found among them, and the same in every digit, or an error raised.

    Returns
    -------
    nearest
        With ``row`` as in ``boxes``; None where no target is asked for, or none is within ``within_m`` metres.

    Raises
    ------
    FartherThanKnownError
        If the nearest may be one that is not asked for.
    """
    if len(rows) == 0 and known_to_m == math.inf:
        return None
    place = vantage_of(site)
    asked = boxes if len(rows) == len(boxes) else boxes[rows]
    met_boxes = rows[boxes_meet(asked, place.bounds)]
    if len(met_boxes) and within_m >= 0:
        met = _first_met(place, met_boxes, load)
        if met is not None:
            return Nearest(distance_m=0.0, bearing_deg=None, row=met)
    if len(rows) == 1 and within_m == known_to_m == math.inf:
        found = _nearest_apart(place, load(rows))
        return Nearest(distance_m=found.distance_m, bearing_deg=found.bearing_deg, row=int(rows[0]))
    bound = _least_distance(place.bounds, asked)
    if known_to_m < math.inf:
        rows, bound = rows[bound <= known_to_m], bound[bound <= known_to_m]
    if within_m < math.inf and within_m <= known_to_m:
        close = load(rows[bound <= within_m])
        if (distance_at_least(site, close) > within_m).all():
            return None
    if known_to_m < math.inf and len(rows) < FEW:
        raise FartherThanKnownError
    first = _first_by(bound)
    best = _nearest_in_order(place, bound, rows, first, load, known_to_m=known_to_m)
    if len(first) < len(bound) and (best is None or not best.distance_m < bound[first[-1]]):
        best = _nearest_in_order(place, bound, rows, np.argsort(bound, kind="stable"), load, known_to_m=known_to_m)
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
    *,
    known_to_m: float,
) -> Nearest | None:
    """
    The nearest of targets none of which meets the site, chunk by chunk until no bound is left that could win.

    Where those beyond ``known_to_m`` are left out, what is found must be nearer than that before a chunk can lack one.
    """
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
        plane = _plane_distance(place, targets)
        if best is not None and (_at_least(place, plane) > best.distance_m).all():
            continue
        found = _nearest_apart(place, targets, plane)
        if best is None or found.distance_m < best.distance_m:
            best = Nearest(distance_m=found.distance_m, bearing_deg=found.bearing_deg, row=int(rows[take[found.row]]))
        if best.distance_m > known_to_m:
            raise FartherThanKnownError
        if best.distance_m == 0.0:
            break
    return best


def _plane_distance(place: Vantage, targets: NDArray[Any]) -> NDArray[np.float64]:
    """Metres to each target in the frame of the site."""
    if len(targets) > FEW_TARGETS:
        return np.asarray(shapely.distance(place.prepared_plane, place.frame.to_plane(targets)), dtype=np.float64)
    return place.plane_distances(targets)


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


def _at_least(place: Vantage, plane: NDArray[np.float64]) -> NDArray[np.float64]:
    """A lower bound of distances that are so many metres in the frame of the site."""
    return np.asarray(plane / (1 + distortion(place.bounds, plane)), dtype=np.float64)


def _nearest_apart(place: Vantage, targets: NDArray[Any], plane: NDArray[np.float64] | None = None) -> Nearest:
    """The nearest of targets none of which meets the site; ``plane`` is how far they are in its frame, where known."""
    if len(targets) == 1:
        rows = np.zeros(1, dtype=np.int64)
    else:
        rows = _candidates(place, _plane_distance(place, targets) if plane is None else plane)
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
    best = _settled(place, targets[0], 0)
    if bias(place.bounds, targets, best) > TOLERANCE_M:
        best = nearest_among_edges(place, targets, best)
    else:
        for row in range(1, len(targets)):
            found = _settled(place, targets[row], row)
            best = found if found.distance_m < best.distance_m else best
    return best if best.distance_m <= FAR_M else nearest_far(place, targets, best)


def _candidates(place: Vantage, plane: NDArray[np.float64]) -> NDArray[np.int64]:
    """Targets that can be the nearest for all that the plane may be off, the nearest in the plane first."""
    slack = distortion(place.bounds, plane)
    upper = float(np.min(plane * (1 + slack)))
    order = np.argsort(plane, kind="stable")
    return order[plane[order] / (1 + slack[order]) <= upper]


def _settled(place: Vantage, target: BaseGeometry, row: int) -> Nearest:
    """The frame moves to the middle of the nearest pair until the pair stays: exact but for ``bias``."""
    frame, site = place.frame, place.plane
    best = Nearest(distance_m=math.inf, bearing_deg=None, row=row)
    for turn in range(4):
        there = frame.to_plane(target) if turn else place.in_plane(target)
        pair = shapely.get_coordinates(shapely.shortest_line(site, there))
        (lon1, lat1), (lon2, lat2) = frame.degrees_of(pair).tolist()
        found = measured(lon1, lat1, lon2, lat2, row)
        stays = abs(best.distance_m - found.distance_m) < 1e-5
        best = found if found.distance_m < best.distance_m else best
        if stays:
            break
        frame = Frame.at((lon1 + lon2) / 2, (lat1 + lat2) / 2)
        site = frame.to_plane(place.site)
    return best


def _least_distance(box: Box, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """A lower bound in metres between one box and many, in degrees, on the smallest scale that either meets."""
    west, south, east, north = box
    dlon = np.maximum(0.0, np.maximum(boxes[:, 0] - east, west - boxes[:, 2]))
    dlat = np.maximum(0.0, np.maximum(boxes[:, 1] - north, south - boxes[:, 3]))
    top = np.radians(np.maximum(np.maximum(np.abs(boxes[:, 1]), np.abs(boxes[:, 3])), max(abs(south), abs(north))))
    square = top * top
    cosine = 1 - square * (0.5 - square * (1 / 24 - square / 720))  # the series, cut where it falls short
    across = dlon * (_RADIAN * 6_378_137.0 * 0.97) * cosine
    across[dlon > WIDE_DEG] *= 0.95  # over the pole's side it is less far than along the parallel
    along = dlat * (_RADIAN * 6_335_439.0 * 0.97)
    return np.asarray(np.sqrt(across * across + along * along), dtype=np.float64)
