"""
From Xi'an 80 and Beijing 54 to CGCS2000, by parameters.

No parameters are shipped: those between national and local systems are state secrets in China, and the few published
ones hold for single basins. The user gives them, or points known in both systems,
which `spatial.datum_fit` finds them from.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import shapely

from spatial import edges
from spatial.crs import WORKING_AREA
from spatial.ellipsoid import metres_per_degree
from spatial.errors import CRSError, OutsideWorkingAreaError
from spatial.geocentric import geocentric, geodetic, own_degrees
from spatial.systems import parsed_crs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from spatial.systems import CoordinateSystem, Datum

    Floats = NDArray[np.float64]

__all__ = [
    "ARCSEC",
    "FourParameters",
    "GeocentricParameters",
    "Shift",
    "shifted",
    "three_parameters",
    "to_geographic",
]

ARCSEC = math.pi / 180 / 3600
"""An arc second, radians."""


@dataclass(frozen=True, kw_only=True)
class GeocentricParameters:
    """
    Three or seven parameters between geocentric coordinates, heights taken as zero.

    Parameters
    ----------
    datum
        From: ``xian80`` or ``beijing54``. To: CGCS2000.
    x_m, y_m, z_m
        Translations, metres, added to the source.
    x_arcsec, y_arcsec, z_arcsec
        Rotations, arc seconds.
    scale_ppm
        Scale less one, millionths.
    rotation
        ``coordinate_frame``: the Bursa model of Chinese practice (EPSG 9607). ``position_vector``: the opposite signs
        (EPSG 9606). A set of parameters without this word is half a set.
    """

    datum: Literal["xian80", "beijing54"]
    x_m: float
    y_m: float
    z_m: float
    x_arcsec: float = 0.0
    y_arcsec: float = 0.0
    z_arcsec: float = 0.0
    scale_ppm: float = 0.0
    rotation: Literal["coordinate_frame", "position_vector"] = "coordinate_frame"


def three_parameters(datum: Literal["xian80", "beijing54"], x_m: float, y_m: float, z_m: float) -> GeocentricParameters:
    """Translations alone, metres, source to CGCS2000."""
    return GeocentricParameters(datum=datum, x_m=x_m, y_m=y_m, z_m=z_m)


@dataclass(frozen=True, kw_only=True)
class FourParameters:
    """
    Four parameters between two Gauss-Krüger planes; they hold in those planes only, zone number included.

    North: N' = ``north_m`` + k (N cos a - E sin a). East: E' = ``east_m`` + k (N sin a + E cos a). The angle a counts
    from north to east, as in Chinese practice, where north is X.

    Parameters
    ----------
    source, target
        The planes, from ``spatial.crs.identify``; ``source`` of Xi'an 80 or Beijing 54, ``target`` of CGCS2000.
    north_m, east_m
        Translations, metres.
    rotation_arcsec
        a, arc seconds.
    scale_ppm
        k less one, millionths.
    """

    source: CoordinateSystem
    target: CoordinateSystem
    north_m: float
    east_m: float
    rotation_arcsec: float
    scale_ppm: float

    @property
    def datum(self) -> Datum:
        """The datum it leads from."""
        return self.source.datum


Shift = GeocentricParameters | FourParameters


def shifted(points: Floats, system: CoordinateSystem, shift: Shift) -> Floats:
    """
    Longitude and latitude of EPSG:4490 of points of a system; `to_geographic` for geometries.

    Use it for bare points, such as control points. Neither datum nor working area is checked.

    Parameters
    ----------
    points
        Of ``system``, shape (n, 2): east and north in its unit, or longitude and latitude in degrees.
    system
        Of the datum that the shift leads from; with four parameters their source.
    shift
        The parameters.

    Returns
    -------
    lon_lat
        Degrees, shape (n, 2).

    Examples
    --------
    >>> from spatial.crs import identify
    >>> shift = three_parameters("beijing54", 12.646, -155.176, -80.863)
    >>> shifted(np.array([[109.0, 39.0]]), identify(4214), shift).round(6).tolist()
    [[109.000445, 39.000313]]
    """
    if isinstance(shift, FourParameters):
        angle, k = shift.rotation_arcsec * ARCSEC, 1 + shift.scale_ppm * 1e-6
        east, north = points[:, 0], points[:, 1]
        moved_north = shift.north_m + k * (north * math.cos(angle) - east * math.sin(angle))
        moved_east = shift.east_m + k * (north * math.sin(angle) + east * math.cos(angle))
        return own_degrees(np.column_stack([moved_east, moved_north]), shift.target)
    x = geocentric(own_degrees(points, system), shift.datum)
    sign = ARCSEC if shift.rotation == "coordinate_frame" else -ARCSEC
    rx, ry, rz = (sign * angle for angle in (shift.x_arcsec, shift.y_arcsec, shift.z_arcsec))
    turn = np.array([[1.0, rz, -ry], [-rz, 1.0, rx], [ry, -rx, 1.0]])
    moved = np.array([shift.x_m, shift.y_m, shift.z_m]) + (1 + shift.scale_ppm * 1e-6) * x @ turn.T
    return geodetic(moved)


def to_geographic(
    geometries: Iterable[shapely.Geometry | None] | shapely.Geometry | None, system: CoordinateSystem, shift: Shift
) -> NDArray[np.object_]:
    """
    Geometries of Xi'an 80 or Beijing 54 in longitude and latitude of EPSG:4490, with edges where they were.

    As ``spatial.crs.to_geographic``, with the shift of the datum on the way.

    Parameters
    ----------
    geometries
        Shapely geometries in ``system``, x east and y north; one or many.
    system
        From ``spatial.crs.identify``.
    shift
        Given by the user, or of a `spatial.datum_fit.Fit`.

    Returns
    -------
    geometries
        Two-dimensional, shape (n,), types kept. None stays None and empty stays empty.

    Raises
    ------
    CRSError
        If the shift is of another datum, or, with four parameters, of another plane.
    OutsideWorkingAreaError
        If a coordinate is not finite or lies outside the working area.

    Examples
    --------
    >>> from spatial.crs import identify
    >>> shift = three_parameters("beijing54", 12.646, -155.176, -80.863)  # published for the Ordos basin only
    >>> place = to_geographic(shapely.Point(109.0, 39.0), identify(4214), shift)[0]
    >>> round(place.x, 6), round(place.y, 6)
    (109.000445, 39.000313)
    """
    given = edges.as_array(geometries)
    _require_fits(system, shift)

    def project(x: Floats, y: Floats) -> tuple[Floats, Floats]:
        lon_lat = shifted(np.column_stack([x, y]), system, shift)
        return lon_lat[:, 0], lon_lat[:, 1]

    _require_inside(given, project)
    if system.is_geographic:  # the shift is even over any edge: chords stay within a millimetre
        flat: NDArray[np.object_] = shapely.transform(given, lambda xy: np.column_stack(project(xy[:, 0], xy[:, 1])))
        return flat
    unit_m = float(parsed_crs(system.wkt).axis_info[0].unit_conversion_factor)
    return edges.carry(given, project, source_m=unit_m, scale=metres_per_degree)


def _require_fits(system: CoordinateSystem, shift: Shift) -> None:
    if system.datum != shift.datum:
        raise CRSError(
            code="shift_of_other_datum",
            detail=f"The parameters lead from {shift.datum}, the data are in {system.code} of {system.datum}",
            remedy="Give the parameters of the datum the data are in",
        )
    if isinstance(shift, FourParameters) and shift.source.wkt != system.wkt:
        raise CRSError(
            code="shift_of_other_plane",
            detail=f"The four parameters hold in {shift.source.code}, the data are in {system.code}",
            remedy="Give parameters of the plane and zone numbering the data are in, or seven parameters",
        )


def _require_inside(given: NDArray[np.object_], project: edges.Projection) -> None:
    xy, owner = shapely.get_coordinates(given, return_index=True)
    if not len(xy):
        return
    lon, lat = project(xy[:, 0], xy[:, 1])
    west, south, east, north = WORKING_AREA
    bad = ~(np.isfinite(lon + lat) & (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))
    if bad.any():
        at = int(np.argmax(bad))
        known = bool(np.isfinite(lon[at] + lat[at]))
        raise OutsideWorkingAreaError(
            record=int(owner[at]),
            lon=float(lon[at]) if known else None,
            lat=float(lat[at]) if known else None,
            x=float(xy[at, 0]),
            y=float(xy[at, 1]),
        )
