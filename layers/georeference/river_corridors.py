"""
Stretches of a river between two markers, and the corridors along them, with how far they may be off.

A notice says 取水口上游1000米至桥下100米; the user gives the river line and the markers. What comes of it is no better
than those: its accuracy is the root of the sum of squares of the line's, of the markers' and of what the way along the
line leaves open, never that of the notice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layers.fields import FieldAliases
from spatial.accuracy import UNSTATED_LAYER, AccuracyTerm, PositionalAccuracy, restated
from spatial.buffers import buffer_error_m, geodesic_buffer
from spatial.ellipsoid import geod, metres_per_degree
from spatial.network.chainage import LENGTH_SHARE
from spatial.network.graph import nearest_chainage

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from spatial.reading.model import Reading

__all__ = ["SNAP_M", "Marker", "along_river", "corridor_accuracy", "line_accuracy_m", "point_accuracy_m"]

SNAP_M = 500.0
"""A marker farther from the river line than this is not on that river, metres."""
_BEARINGS = np.radians(np.arange(0.0, 360.0, 15.0))
_RINGS = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, kw_only=True)
class Marker:
    """
    A named point beside a river, and where along the river from it something ends.

    Parameters
    ----------
    point
        EPSG:4490.
    accuracy_m
        Of the point, 95 %.
    offset_m
        Metres along the river, downstream positive.
    """

    point: shapely.Point
    accuracy_m: float = UNSTATED_LAYER.metres
    offset_m: float = 0.0


def along_river(
    river: shapely.LineString, *, start: Marker, end: Marker, width_m: float | None = None
) -> BaseGeometry | None:
    """
    The stretch of a river between two markers, or the corridor along it.

    Parameters
    ----------
    river
        EPSG:4490, drawn downstream.
    start, end
        In either order.
    width_m
        To each side of the line; the corridor is cut at right angles at its ends. None: the stretch stays a line.

    Returns
    -------
    shape
        None where a marker lies more than `SNAP_M` from the line, or the line does not reach far enough.

    Examples
    --------
    >>> river = shapely.LineString([(117.0, 49.0), (117.1, 49.0)])
    >>> intake = shapely.Point(117.05, 49.001)
    >>> stretch = along_river(
    ...     river, start=Marker(point=intake, offset_m=-1000.0), end=Marker(point=intake, offset_m=100.0)
    ... )
    >>> round(geod().geometry_length(stretch), 3)
    1100.0
    """
    xy, metres = _measured(river)
    places = []
    for marker in (start, end):
        at, aside_m = _foot(xy, metres, marker.point.x, marker.point.y)
        if aside_m > SNAP_M or not (0.0 <= at + marker.offset_m <= metres[-1]):
            return None
        places.append(at + marker.offset_m)
    low, high = sorted(places)
    if high - low < 1e-3:
        return None
    inner = (metres > low) & (metres < high)
    points = [_at(xy, metres, low), *map(tuple, xy[inner]), _at(xy, metres, high)]
    line = shapely.LineString(points)
    if width_m is not None and not 0.1 <= width_m <= 100_000.0:
        return None  # no width of a river: its unit is misread, and the zone stays words
    return line if width_m is None else geodesic_buffer(line, width_m, ends="flat")


def corridor_accuracy(
    river: shapely.LineString,
    *,
    start: Marker,
    end: Marker,
    river_m: float,
    width_m: float | None = None,
    length_share: float = LENGTH_SHARE,
) -> PositionalAccuracy:
    """
    How far a stretch or corridor of `along_river` may be off, 95 %.

    Parameters
    ----------
    river, start, end, width_m
        As `along_river` takes them.
    river_m
        Of the line, 95 %: all of the corridor moves with it.
    length_share
        Share by which the length along another map of the river may differ, 95 %.

    Returns
    -------
    accuracy
        Terms, of the two ends the larger of each, in squares: ``river_line``, or how far an end moves when the line is
        displaced by ``river_m``, which in a bend may be more; ``river_markers``, the same of a marker displaced by its
        accuracy; ``marker_off_line``, the distance of the marker from the line,
        which shows how far the two disagree; ``length_along``, the share of the metres counted from the marker;
        ``construction`` of the outline.

    Examples
    --------
    >>> river = shapely.LineString([(117.0, 49.0), (117.1, 49.0)])
    >>> bridge, weir = (Marker(point=shapely.Point(lon, 49.0), accuracy_m=40.0) for lon in (117.04, 117.06))
    >>> round(corridor_accuracy(river, start=bridge, end=weir, river_m=30.0).metres, 2)  # root of 30² + 40²
    50.0
    """
    xy, metres = _measured(river)
    found: dict[str, float] = {"river_line": river_m}
    for marker in (start, end):
        at, aside_m = _foot(xy, metres, marker.point.x, marker.point.y)
        terms = {
            "river_line": _moved_m(xy, metres, marker, at, river_m, with_line=True),
            "river_markers": _moved_m(xy, metres, marker, at, marker.accuracy_m, with_line=False),
            "marker_off_line": aside_m,
            "length_along": length_share * abs(marker.offset_m),
        }
        found = {code: max(found.get(code, 0.0), term) for code, term in terms.items()}
    if width_m is not None:
        found["construction"] = buffer_error_m(width_m)
    kept = tuple(
        AccuracyTerm(code=code, metres=term) for code, term in found.items() if term > 0 or code == "river_line"
    )
    return PositionalAccuracy(
        metres=math.hypot(*(term.metres for term in kept)), basis="river_line", terms=kept, assumed=True
    )


def line_accuracy_m(reading: Reading, *, stated_m: float | None = None) -> float:
    """
    Of the river line of a file, 95 %, metres.

    Parameters
    ----------
    reading
        The file. Its own column of accuracies holds, the largest of the lines; of lines that state none 25 m, or what
        the way their coordinates are written leaves open where that is more.
    stated_m
        Goes before both. What datum and offset add stays, in squares.
    """
    if stated_m is None:
        lines = [
            row for row, g in zip(reading.attributes, reading.geometries, strict=True) if shapely.get_dimensions(g) == 1
        ]
        written = max(UNSTATED_LAYER.metres, reading.accuracy.terms[0].metres)
        stated_m = max((_own(row, written) for row in lines), default=written)
    return restated(reading.accuracy, stated_m).metres


def point_accuracy_m(reading: Reading, row: dict[str, Any]) -> float:
    """Of a point of a file, 95 %, metres: as its own column says, else the file's; datum and offset on top."""
    return restated(reading.accuracy, _own(row, reading.accuracy.terms[0].metres)).metres


def _own(row: dict[str, Any], default: float) -> float:
    return max(FieldAliases.load().view(row, kind="other").lengths_m("accuracy_m") or (), default=default)


def _measured(river: shapely.LineString) -> tuple[Any, Any]:
    """The vertices of a line and the geodesic metres from its start to each."""
    xy = shapely.get_coordinates(river)
    steps = geod().inv(*xy[:-1].T.copy(), *xy[1:].T.copy())[2]
    return xy, np.concatenate([[0.0], np.cumsum(steps)])


def _foot(xy: Any, metres: Any, lon: float, lat: float) -> tuple[float, float]:
    """Metres along the line to its point nearest to a place, and geodesic metres between the two."""
    at = nearest_chainage(xy, metres, lon, lat)
    return at, float(geod().inv(lon, lat, *_at(xy, metres, at))[2])


def _at(xy: Any, metres: Any, place: float) -> tuple[float, float]:
    return float(np.interp(place, metres, xy[:, 0])), float(np.interp(place, metres, xy[:, 1]))


def _moved_m(xy: Any, metres: Any, marker: Marker, at: float, radius_m: float, *, with_line: bool) -> float:
    """
    The farthest an end moves when its marker (or the line, the marker standing still) is displaced by a radius.

    Displacing the line is displacing the marker the other way and then both back. Where the foot leaps to another limb
    of a bend, all of the bend is in or out, and nothing of it is farther from the end than the leap is long.
    """
    lon, lat = marker.point.x, marker.point.y
    kx, ky = (float(k) for k in metres_per_degree(lat))
    here = np.array(_at(xy, metres, at + marker.offset_m))
    farthest = radius_m
    for ring in _RINGS:
        for east, north in radius_m * ring * np.column_stack([np.sin(_BEARINGS), np.cos(_BEARINGS)]):
            foot = nearest_chainage(xy, metres, lon + east / kx, lat + north / ky)
            moved = (np.array(_at(xy, metres, foot + marker.offset_m)) - here) * [kx, ky]
            leap = abs(foot - at)
            apart = math.hypot(*(moved - [east, north] if with_line else moved))
            farthest = max(farthest, leap if leap > 4 * radius_m else apart)
    return farthest
