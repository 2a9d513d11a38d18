"""
The plane a static map is drawn in, and the window of it that is shown.

It is the 3 degree Gauss-Krueger zone of the middle; a window wider than two zones lies in an Albers conic instead.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from maps.errors import FigureError, NotDrawableError
from spatial.crs import WORKING_AREA, from_geographic
from spatial.systems import gauss_kruger, identify, zone3

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from spatial.systems import CoordinateSystem

__all__ = [
    "Graticule",
    "Plane",
    "checked",
    "degrees_minutes_seconds",
    "path_data",
    "plane_at",
    "plane_of",
    "plane_within",
]

_METRES_A_DEGREE = 111_320.0
_WIDEST_ZONE = 6.0
"""Degrees: two zones; scale is then at most 1.0014 at the edges."""
_STEPS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 18000, 36000)
"""Steps of a graticule in seconds of arc."""


@dataclass(frozen=True, kw_only=True)
class Graticule:
    """Meridians and parallels as lines in units of the map, each with its label."""

    meridians: tuple[tuple[str, NDArray[np.float64]], ...]
    parallels: tuple[tuple[str, NDArray[np.float64]], ...]


@dataclass(frozen=True, kw_only=True)
class Plane:
    """
    What is shown, and how metres of the plane become units of the picture (x right, y down, origin top left).

    Attributes
    ----------
    system, zone
        The system of the plane: Gauss-Krueger with its zone number; 0 where the window is too wide for a zone and the
        plane is a conic.
    meridian
        Its central meridian, degrees east.
    west, north
        Corner of the window in metres.
    width, height
        Size of the picture of the map in units.
    unit_m
        Metres in one unit.
    """

    system: CoordinateSystem
    zone: int
    meridian: int
    west: float
    north: float
    width: float
    height: float
    unit_m: float

    @property
    def window(self) -> tuple[float, float, float, float]:
        """The window in degrees: west, south, east, north; a little more than is shown."""
        corners = np.array(
            [(x, y) for x in (0.0, self.width / 2, self.width) for y in (0.0, self.height / 2, self.height)]
        )
        lon, lat = self._degrees(corners)
        dx, dy = (float(np.ptp(lon)) + 1e-6) * 0.03, (float(np.ptp(lat)) + 1e-6) * 0.03
        return float(lon.min()) - dx, float(lat.min()) - dy, float(lon.max()) + dx, float(lat.max()) + dy

    def project(self, geometry: BaseGeometry) -> BaseGeometry:
        """A geometry of EPSG:4490 in units of the picture, cut to the window and thinned to what a print shows."""
        cut = shapely.clip_by_rect(shapely.force_2d(geometry), *self.window)
        if cut.is_empty:
            return cut
        flat = from_geographic(cut, self.system)[0]
        units = shapely.transform(flat, self.of_metres)
        thin = shapely.simplify(units, 0.12, preserve_topology=True)
        made: BaseGeometry = units if thin.is_empty else thin
        return made

    def units_of(self, degrees: NDArray[np.float64]) -> NDArray[np.float64]:
        """Vertices of EPSG:4490 in units of the picture, one for one, wherever they lie."""
        points = from_geographic(shapely.points(degrees), self.system)
        return self.of_metres(shapely.get_coordinates(points))

    def of_degrees(self, degrees: NDArray[np.float64]) -> NDArray[np.float64]:
        """
        Many vertices of EPSG:4490 in units of the picture; edges between them are the caller's business.

        Raises
        ------
        NotDrawableError
            A vertex has no place in the projection.
        """
        x, y = _forward(self.system.wkt).transform(degrees[:, 0], degrees[:, 1])
        placed = self.of_metres(np.column_stack([x, y]))
        if not np.isfinite(placed).all():
            raise NotDrawableError(what="a layer", why="a coordinate has no place in the projection of the map")
        return placed

    def of_metres(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Metres of the plane, east and north, in units of the picture."""
        return np.column_stack([(xy[:, 0] - self.west) / self.unit_m, (self.north - xy[:, 1]) / self.unit_m])

    def _degrees(self, units: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        from pyproj import Transformer

        back = Transformer.from_crs(self.system.wkt, 4490, always_xy=True)
        lon, lat = back.transform(self.west + units[:, 0] * self.unit_m, self.north - units[:, 1] * self.unit_m)
        return np.asarray(lon), np.asarray(lat)

    def convergence(self) -> float:
        """Degrees by which true north is turned clockwise from the upper edge, at the middle of the map."""
        middle = np.array([(self.width / 2, self.height / 2)])
        lon, lat = self._degrees(middle)
        line = shapely.LineString([(lon[0], lat[0]), (lon[0], lat[0] + 1e-4)])
        (x0, y0), (x1, y1) = shapely.get_coordinates(from_geographic(line, self.system)[0])[[0, -1]]
        return math.degrees(math.atan2(x1 - x0, y1 - y0))

    def graticule(self) -> Graticule:
        """Three to six meridians and parallels at whole steps."""
        west, south, east, north = self.window
        return Graticule(
            meridians=tuple(self._lines(west, east, lambda v: [(v, t) for t in np.linspace(south, north, 25)])),
            parallels=tuple(self._lines(south, north, lambda v: [(t, v) for t in np.linspace(west, east, 25)])),
        )

    def _lines(self, low: float, high: float, points: Any) -> list[tuple[str, NDArray[np.float64]]]:
        span = (high - low) * 3600
        step = next((s for s in _STEPS if span / s <= 4.5), _STEPS[-1])
        lines = []
        for k in range(math.ceil(low * 3600 / step), math.floor(high * 3600 / step) + 1):
            value = k * step / 3600
            line = from_geographic(shapely.LineString(points(value)), self.system)[0]
            xy = self.of_metres(shapely.get_coordinates(line))
            lines.append((degrees_minutes_seconds(value, decimals=0), xy))
        return lines


def plane_of(site: BaseGeometry, result: Mapping[str, Any], *, width: float, height: float) -> Plane:
    """
    The window around a site: the site, some ground, and the nearest zone where it is near.

    Parameters
    ----------
    site
        EPSG:4490.
    result
        The verdict's JSON: the distances of its findings and the radius of a point.
    width, height
        Of the picture of the map, in units; the window has this shape.

    Raises
    ------
    NotDrawableError
        The site has no finite coordinates in degrees.
    """
    checked(site, "site")
    middle = shapely.centroid(site)
    projection = _zone_at(float(middle.x))
    x0, y0, x1, y1 = shapely.bounds(from_geographic(site, projection.system)[0])
    near = [f["distance_m"] for finding in result["findings"] for f in finding["features"] if f["distance_m"]]
    radius = float(result["site"]["radius_m"] or 0)
    size = max(x1 - x0, y1 - y0)
    ground = max(0.35 * size, 250.0, 1.3 * radius, min(1.2 * min(near, default=0.0), 2e4))
    wide, high = x1 - x0 + 2 * ground, y1 - y0 + 2 * ground
    unit_m = max(wide / width, high / height)
    return _plane(projection, ((x0 + x1) / 2, (y0 + y1) / 2), unit_m, width=width, height=height)


def plane_within(bounds: tuple[float, float, float, float], *, width: float, height: float) -> Plane:
    """
    The window that shows a box of degrees whole, and a little ground around it.

    Parameters
    ----------
    bounds
        West, south, east, north, EPSG:4490; a box without size becomes one of 2 km.
    width, height
        Of the picture of the map, in units; the window has this shape.

    Raises
    ------
    FigureError
        The box is none, or reaches beyond the area that the toolkit works in.
    """
    west, south, east, north = bounds
    if not (np.isfinite(bounds).all() and west <= east and south <= north):
        raise _no_window(f"{west:g},{south:g},{east:g},{north:g} is no box of west, south, east, north")
    _require_inside(bounds)
    projection = _projection((west + east) / 2, south, north, east - west)
    edges = [np.linspace(a, b, 9) for a, b in ((west, east), (south, north))]
    around = np.array(
        [(x, y) for x in edges[0] for y in (south, north)] + [(x, y) for x in (west, east) for y in edges[1]]
    )
    x, y = shapely.get_coordinates(from_geographic(shapely.points(around), projection.system)).T
    wide, high = max(float(np.ptp(x)) * 1.04, 2000.0), max(float(np.ptp(y)) * 1.04, 2000.0)
    middle = (float(x.min() + x.max()) / 2, float(y.min() + y.max()) / 2)
    plane = _plane(projection, middle, max(wide / width, high / height), width=width, height=height)
    _require_inside(plane.window)
    return plane


def plane_at(lat: float, lon: float, *, unit_m: float, width: float, height: float) -> Plane:
    """
    The window around a place at a scale.

    Parameters
    ----------
    lat, lon
        Its middle, EPSG:4490.
    unit_m
        Metres of the ground in one unit of the picture.
    width, height
        Of the picture of the map, in units.

    Raises
    ------
    FigureError
        The window reaches beyond the area that the toolkit works in.
    """
    tall = height * unit_m / _METRES_A_DEGREE / 2
    wide = width * unit_m / _METRES_A_DEGREE / 2 / max(math.cos(math.radians(min(abs(lat) + tall, 89.0))), 0.02)
    _require_inside((lon - wide, lat - tall, lon + wide, lat + tall))
    projection = _projection(lon, lat - tall, lat + tall, 2 * wide)
    middle = shapely.get_coordinates(from_geographic(shapely.Point(lon, lat), projection.system))[0]
    return _plane(projection, (float(middle[0]), float(middle[1])), unit_m, width=width, height=height)


def _require_inside(bounds: tuple[float, float, float, float]) -> None:
    west, south, east, north = bounds
    if west < WORKING_AREA[0] or south < WORKING_AREA[1] or east > WORKING_AREA[2] or north > WORKING_AREA[3]:
        raise _no_window(
            f"the window {west:.2f},{south:.2f},{east:.2f},{north:.2f} reaches beyond "
            f"{WORKING_AREA[0]:g}-{WORKING_AREA[2]:g} E, {WORKING_AREA[1]:g}-{WORKING_AREA[3]:g} N"
        )


def _no_window(detail: str) -> FigureError:
    return FigureError(code="window", detail=detail, remedy="name a smaller window: --bounds W,S,E,N, or zoom in")


@lru_cache(maxsize=16)
def _forward(wkt: str) -> Any:
    """From the system's own longitudes and latitudes, so that no datum shift can slip in."""
    from pyproj import CRS, Transformer

    crs = CRS.from_wkt(wkt)
    return Transformer.from_crs(crs.geodetic_crs, crs, always_xy=True)


@dataclass(frozen=True, kw_only=True)
class _Projection:
    system: CoordinateSystem
    zone: int
    meridian: int


def _zone_at(lon: float) -> _Projection:
    zone = zone3(lon)
    return _Projection(system=identify(gauss_kruger(zone)), zone=zone, meridian=3 * zone)


def _projection(lon: float, south: float, north: float, wide: float) -> _Projection:
    """The zone of the middle; for a wide window a conic whose standard parallels lie a sixth inside it."""
    if wide <= _WIDEST_ZONE and 73.5 <= lon < 136.5:
        return _zone_at(lon)
    first, second = (round(max(south + (north - south) * part, 1.0), 1) for part in (1 / 6, 5 / 6))
    conic = f"+proj=aea +lat_0={first:g} +lat_1={first:g} +lat_2={second:g} +lon_0={round(lon):d} +ellps=GRS80 +units=m"
    return _Projection(system=identify(conic), zone=0, meridian=round(lon))


def _plane(
    projection: _Projection, middle: tuple[float, float], unit_m: float, *, width: float, height: float
) -> Plane:
    return Plane(
        system=projection.system,
        zone=projection.zone,
        meridian=projection.meridian,
        west=middle[0] - unit_m * width / 2,
        north=middle[1] + unit_m * height / 2,
        width=width,
        height=height,
        unit_m=unit_m,
    )


def checked(geometry: BaseGeometry, what: str) -> BaseGeometry:
    """
    The geometry, if it can be drawn.

    Raises
    ------
    NotDrawableError
        It is empty, not finite or not in degrees.
    """
    coordinates = shapely.get_coordinates(geometry)
    if not len(coordinates):
        raise NotDrawableError(what=what, why="it is empty")
    if not np.isfinite(coordinates).all():
        raise NotDrawableError(what=what, why="a coordinate is not a finite number")
    if (np.abs(coordinates) > (180.0, 90.0)).any():
        raise NotDrawableError(what=what, why="a coordinate is not in degrees")
    return geometry


def degrees_minutes_seconds(degrees: float, *, decimals: int = 4) -> str:
    """
    An angle in degrees, minutes and seconds, rounded as a whole so that no 60 seconds appear.

    Examples
    --------
    >>> degrees_minutes_seconds(117.45)
    '117°27′00.0000″'
    >>> degrees_minutes_seconds(49.99999999999, decimals=2)
    '50°00′00.00″'
    """
    scale = 10**decimals
    total = round(degrees * 3600 * scale)
    minutes, seconds = divmod(total, 60 * scale)
    whole, minutes = divmod(minutes, 60)
    width = decimals + 3 if decimals else 2
    return f"{whole}°{minutes:02d}′{seconds / scale:0{width}.{decimals}f}″"


def path_data(geometry: BaseGeometry) -> str:
    """SVG path data of lines and polygons in units of the map."""
    parts = []
    pieces = shapely.get_parts(geometry)
    for piece in pieces:
        rings = [piece.exterior, *piece.interiors] if piece.geom_type == "Polygon" else [piece]
        for ring in rings:
            xy = shapely.get_coordinates(ring)
            closed = piece.geom_type == "Polygon"
            points = " ".join(f"{x:.1f} {y:.1f}" for x, y in (xy[:-1] if closed else xy))
            if points:
                parts.append(f"M{points}{'Z' if closed else ''}")
    return "".join(parts)
