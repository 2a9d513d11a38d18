"""Graticule ticks as control points: marks on a map's frame that have only a longitude or only a latitude."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from spatial.errors import MapFitError
from spatial.raster.planes import planar, plane_of
from spatial.systems import CoordinateSystem, identify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spatial.raster.control_points import ControlPoint

__all__ = ["GraticuleTick", "control_points_of_ticks"]

_CGCS2000 = 4490
_REMEDY = "Give two ticks of each meridian and two of each parallel, at opposite sides of the frame"


@dataclass(frozen=True, kw_only=True)
class GraticuleTick:
    """
    One mark on the frame.

    Parameters
    ----------
    column, row
        Where it is in the picture; the middle of the first pixel is (0.5, 0.5).
    lon, lat
        What is printed there, degrees; the other one is None.
    """

    column: float
    row: float
    lon: float | None = None
    lat: float | None = None


def control_points_of_ticks(
    ticks: Sequence[GraticuleTick],
    *,
    crs: CoordinateSystem | None = None,
    drawn_in: CoordinateSystem | None = None,
) -> tuple[ControlPoint, ...]:
    """
    Where the meridians of a map cross its parallels, from ticks on its frame.

    A meridian is drawn as the straight line through its ticks, a parallel likewise, and each crossing of the two is a
    control point. On a map in a projection the lines bend: a parallel of 1° of longitude at 45° N bulges 121 m in a
    Gauss-Krüger plane. With ``drawn_in`` this is put right: a first affine fit shows where in the plane the ticks
    lie, and each crossing moves by what the curve through them departs from the chord. Without it the
    crossings stay on the straight lines, and each point's ``accuracy_m`` is the shift that would have been applied in
    the Gauss-Krüger zone of the middle, since nobody can say which of the two the map has.

    Parameters
    ----------
    ticks
        At least two of each of two meridians and of two parallels; of more than two the line of least squares is
        taken. Printed numbers are compared to 1e-9 of a degree.
    crs
        The geographic system the numbers are in; EPSG:4490 by default.
    drawn_in
        The system the map was drawn in, from ``spatial.crs.identify``: a projection, or a geographic system for a
        map whose meridians and parallels are straight.

    Returns
    -------
    points
        Longitude and latitude, one a crossing, by longitude and then latitude; ids such as ``E119.5 N49.25``.

    Raises
    ------
    MapFitError
        If a tick has both numbers or none, a line has one tick or two in one place, or lines do not cross.

    Examples
    --------
    >>> ticks = [GraticuleTick(column=c, row=r, lon=x, lat=y) for c, r, x, y in [
    ...     (100, 0, 119.0, None), (100, 800, 119.0, None), (500, 0, 119.5, None), (500, 800, 119.5, None),
    ...     (0, 200, None, 49.5), (600, 200, None, 49.5), (0, 600, None, 49.0), (600, 600, None, 49.0)]]
    >>> points = control_points_of_ticks(ticks, drawn_in=identify(4490))
    >>> [(p.id, p.column, p.row) for p in points][:2]
    [('E119 N49', 100.0, 600.0), ('E119 N49.5', 100.0, 200.0)]
    """
    from spatial.raster.control_points import ControlPoint

    system = crs or identify(_CGCS2000)
    if not system.is_geographic:
        raise MapFitError(code="ticks", detail=f"ticks are longitudes or latitudes, not {system.code}", remedy=_REMEDY)
    meridians, parallels = _lines(ticks, "lon"), _lines(ticks, "lat")
    if len(meridians) < 2 or len(parallels) < 2:
        detail = f"{len(meridians)} meridians and {len(parallels)} parallels, two of each are needed"
        raise MapFitError(code="ticks", detail=detail, remedy=_REMEDY)
    found = []
    for lon, meridian in sorted(meridians.items()):
        for lat, parallel in sorted(parallels.items()):
            column, row = _crossing(meridian, parallel, lon, lat)
            found.append(ControlPoint(id=_name(lon, lat), column=column, row=row, x=lon, y=lat))
    if drawn_in is not None and drawn_in.is_geographic:
        return tuple(found)
    plane = drawn_in or plane_of(np.array([p.x for p in found]), np.array([p.y for p in found]), system)
    shifts, pixel_m = _bends(found, meridians, parallels, system, plane)
    if drawn_in is None:
        return tuple(
            replace(p, accuracy_m=float(np.hypot(*shift)) * pixel_m) for p, shift in zip(found, shifts, strict=True)
        )
    return tuple(
        replace(p, column=p.column + float(shift[0]), row=p.row + float(shift[1]))
        for p, shift in zip(found, shifts, strict=True)
    )


def _name(lon: float, lat: float) -> str:
    return f"{'E' if lon >= 0 else 'W'}{abs(lon):.10g} {'N' if lat >= 0 else 'S'}{abs(lat):.10g}"


def _lines(ticks: Sequence[GraticuleTick], axis: str) -> dict[float, NDArray[np.float64]]:
    """Value of the axis -> pixels of its ticks, shape (n, 2), n at least 2."""
    groups: dict[float, list[tuple[float, float]]] = {}
    for tick in ticks:
        values = [v for v in (tick.lon, tick.lat, tick.column, tick.row) if v is not None]
        if (tick.lon is None) == (tick.lat is None) or not all(map(math.isfinite, values)):
            detail = f"the tick at pixel ({tick.column:g}, {tick.row:g}) needs either a longitude or a latitude"
            raise MapFitError(code="ticks", detail=detail, remedy=_REMEDY)
        value = tick.lon if axis == "lon" else tick.lat
        if value is not None:
            groups.setdefault(round(value, 9), []).append((tick.column, tick.row))
    lines = {}
    for value, places in groups.items():
        pixels = np.array(places, dtype=np.float64)
        if np.ptp(pixels, axis=0).max() < 10:
            what = "meridian" if axis == "lon" else "parallel"
            detail = f"the {what} {value:g} has {len(pixels)} tick(s), all within 10 pixels"
            raise MapFitError(code="ticks", detail=detail, remedy=_REMEDY)
        lines[value] = pixels
    return lines


def _direction(pixels: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A point of the line and its unit direction; least squares across the line for more than two."""
    middle = pixels.mean(axis=0)
    return middle, np.linalg.svd(pixels - middle)[2][0]


def _crossing(
    meridian: NDArray[np.float64], parallel: NDArray[np.float64], lon: float, lat: float
) -> tuple[float, float]:
    (p, u), (q, v) = _direction(meridian), _direction(parallel)
    across = u[0] * v[1] - u[1] * v[0]  # sine of the angle between them
    if abs(across) < 0.1:
        detail = f"the meridian {lon:g} and the parallel {lat:g} meet at less than 6 degrees in the picture"
        raise MapFitError(code="ticks", detail=detail, remedy="Look whether longitudes and latitudes are exchanged")
    t = ((q[0] - p[0]) * v[1] - (q[1] - p[1]) * v[0]) / across
    return float(p[0] + t * u[0]), float(p[1] + t * u[1])


def _bends(
    points: list[ControlPoint],
    meridians: dict[float, NDArray[np.float64]],
    parallels: dict[float, NDArray[np.float64]],
    system: CoordinateSystem,
    plane: CoordinateSystem,
) -> tuple[NDArray[np.float64], float]:
    """
    How far each crossing of the curves lies from the crossing of their chords, in pixels; and metres a pixel.

        chord of the parallel    o----------x----------o      x: crossing of the chords, *: of the curves
        the parallel itself       ``--.._____*_____..--''
    """
    pixels = np.array([(p.column, p.row) for p in points])
    lon, lat = np.array([p.x for p in points]), np.array([p.y for p in points])
    true = np.column_stack(planar(lon, lat, system, plane))
    shifts = np.zeros_like(pixels)
    for _ in range(3):  # the affine fit itself moves with the crossings
        design = np.column_stack([np.ones(len(pixels)), pixels + shifts])
        affine = np.linalg.lstsq(design, true, rcond=None)[0]
        inverse = np.linalg.inv(affine[1:])
        for i, point in enumerate(points):
            ends_m = _ends(meridians[round(point.x, 9)], affine, plane, system)[1]
            ends_p = _ends(parallels[round(point.y, 9)], affine, plane, system)[0]
            chord_m = np.column_stack(planar(np.full(2, point.x), ends_m, system, plane))
            chord_p = np.column_stack(planar(ends_p, np.full(2, point.y), system, plane))
            column, row = _crossing(chord_m, chord_p, point.x, point.y)
            shifts[i] = (true[i] - (column, row)) @ inverse
    return shifts, float(math.sqrt(abs(np.linalg.det(affine[1:]))))


def _ends(
    pixels: NDArray[np.float64], affine: NDArray[np.float64], plane: CoordinateSystem, system: CoordinateSystem
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitudes and latitudes between which the ticks of a line lie, (least, greatest) each."""
    places = np.column_stack([np.ones(len(pixels)), pixels]) @ affine
    lon, lat = planar(places[:, 0], places[:, 1], plane, system)
    return np.array([lon.min(), lon.max()]), np.array([lat.min(), lat.max()])
