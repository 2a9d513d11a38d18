"""The plane a static map is drawn in: the site's 3 degree Gauss-Krueger zone, and the window of it that is shown."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from maps.errors import NotDrawableError
from spatial.crs import from_geographic
from spatial.systems import gauss_kruger, identify, zone3

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from spatial.systems import CoordinateSystem

__all__ = ["Graticule", "Plane", "checked", "degrees_minutes_seconds", "path_data", "plane_of"]

_METRES_A_DEGREE = 111_320.0
_STEPS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 18000)
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
        The Gauss-Krueger system and its zone number.
    west, north
        Corner of the window in metres.
    width, height
        Size of the picture of the map in units.
    unit_m
        Metres in one unit.
    """

    system: CoordinateSystem
    zone: int
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
        units = shapely.transform(flat, lambda xy: np.column_stack(self._units(xy)))
        thin = shapely.simplify(units, 0.12, preserve_topology=True)
        made: BaseGeometry = units if thin.is_empty else thin
        return made

    def units_of(self, degrees: NDArray[np.float64]) -> NDArray[np.float64]:
        """Vertices of EPSG:4490 in units of the picture, one for one, wherever they lie."""
        points = from_geographic(shapely.points(degrees), self.system)
        return np.column_stack(self._units(shapely.get_coordinates(points)))

    def _units(self, xy: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return (xy[:, 0] - self.west) / self.unit_m, (self.north - xy[:, 1]) / self.unit_m

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
            xy = np.column_stack(self._units(shapely.get_coordinates(line)))
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
    zone = zone3(float(middle.x))
    system = identify(gauss_kruger(zone))
    x0, y0, x1, y1 = shapely.bounds(from_geographic(site, system)[0])
    near = [f["distance_m"] for finding in result["findings"] for f in finding["features"] if f["distance_m"]]
    radius = float(result["site"]["radius_m"] or 0)
    size = max(x1 - x0, y1 - y0)
    ground = max(0.35 * size, 250.0, 1.3 * radius, min(1.2 * min(near, default=0.0), 2e4))
    wide, high = x1 - x0 + 2 * ground, y1 - y0 + 2 * ground
    unit_m = max(wide / width, high / height)
    return Plane(
        system=system,
        zone=zone,
        west=(x0 + x1) / 2 - unit_m * width / 2,
        north=(y0 + y1) / 2 + unit_m * height / 2,
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
