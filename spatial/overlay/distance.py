"""Geodesic distance between geometries whose edges are straight in longitude and latitude.

The plane only proposes candidates; the distance is always ``pyproj.Geod`` between the two nearest points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.measure import distance_bearing
from spatial.overlay.frame import Frame, bounds_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

__all__ = ["Nearest", "distance_to", "nearest_of", "nearest_of_boxes"]

EARTH_RADIUS_M = 6_371_000.0
CHUNK = 64


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
    meets = shapely.intersects(site, targets)
    if meets.any():
        return Nearest(distance_m=0.0, bearing_deg=None, row=int(np.argmax(meets)))
    frame = Frame.around(bounds_of(site))
    plane = shapely.distance(frame.to_plane(site), frame.to_plane(targets))
    slack = _distortion(site, plane)
    upper = float(np.min(plane * (1 + slack)))
    best = Nearest(distance_m=math.inf, bearing_deg=None, row=-1)
    order = np.argsort(plane, kind="stable")
    for row in order[plane[order] / (1 + slack[order]) <= upper]:
        found = _refined(site, targets[row], int(row))
        if found.distance_m < best.distance_m:
            best = found
    return best


def nearest_of_boxes(
    site: BaseGeometry,
    boxes: NDArray[np.float64],
    rows: NDArray[np.int64],
    load: Callable[[NDArray[np.int64]], NDArray[Any]],
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

    Returns
    -------
    nearest
        With ``row`` as in ``boxes``; None where no target is asked for.
    """
    if len(rows) == 0:
        return None
    bound = _least_distance(bounds_of(site), boxes[rows])
    order = np.argsort(bound, kind="stable")
    best: Nearest | None = None
    for start in range(0, len(order), CHUNK):
        take = order[start : start + CHUNK]
        if best is not None:
            take = take[bound[take] <= best.distance_m]
            if len(take) == 0:
                break
        found = nearest_of(site, load(rows[take]))
        if best is None or found.distance_m < best.distance_m:
            best = Nearest(distance_m=found.distance_m, bearing_deg=found.bearing_deg, row=int(rows[take[found.row]]))
        if best.distance_m == 0.0:
            break
    return best


def _refined(site: BaseGeometry, target: BaseGeometry, row: int) -> Nearest:
    """The frame moves to the middle of the nearest pair, where its error is of third order, until the pair stays."""
    west, south, east, north = bounds_of(site)
    lon, lat = (west + east) / 2, (south + north) / 2
    best = (math.inf, 0.0)
    for _ in range(4):
        frame = Frame.at(lon, lat)
        pair = frame.to_degrees(shapely.shortest_line(frame.to_plane(site), frame.to_plane(target)))
        (lon1, lat1), (lon2, lat2) = shapely.get_coordinates(pair)
        metres, bearing = distance_bearing(lon1, lat1, lon2, lat2)
        settled = abs(best[0] - float(metres)) < 1e-5
        best = min(best, (float(metres), float(bearing)))
        if settled:
            break
        lon, lat = (lon1 + lon2) / 2, (lat1 + lat2) / 2
    return Nearest(distance_m=best[0], bearing_deg=best[1] if best[0] > 0 else None, row=row)


def _distortion(site: BaseGeometry, plane_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far plane and ellipsoid can differ, as a share of the distance: twice tan(lat) times the reach."""
    _, south, _, north = bounds_of(site)
    reach = plane_m + math.radians(north - south) / 2 * EARTH_RADIUS_M
    top = np.minimum(math.radians(max(abs(south), abs(north))) + reach / EARTH_RADIUS_M, math.radians(80))
    return np.asarray(1e-3 + 2 * np.tan(top) * reach / EARTH_RADIUS_M, dtype=np.float64)


def _least_distance(box: tuple[float, float, float, float], boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """A lower bound in metres between one box and many, in degrees, on the smallest scale that either meets."""
    west, south, east, north = box
    dlon = np.maximum(0.0, np.maximum(boxes[:, 0] - east, west - boxes[:, 2]))
    dlat = np.maximum(0.0, np.maximum(boxes[:, 1] - north, south - boxes[:, 3]))
    top = np.radians(np.maximum(np.maximum(np.abs(boxes[:, 1]), np.abs(boxes[:, 3])), max(abs(south), abs(north))))
    across = np.radians(dlon) * 6_378_137.0 * np.cos(top) * 0.97
    along = np.radians(dlat) * 6_335_439.0 * 0.97
    return np.asarray(np.hypot(across, along), dtype=np.float64)
