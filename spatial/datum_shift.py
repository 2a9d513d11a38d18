"""
From Xi'an 80 and Beijing 54 to CGCS2000, by parameters the user has or by control points.

No parameters are shipped: those between national and local systems are state secrets in China, and the few published
ones hold for single basins. The user gives them, or points known in both systems.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import shapely

from spatial import edges
from spatial.crs import WORKING_AREA
from spatial.ellipsoid import A_M, E2, metres_per_degree
from spatial.errors import ControlPointsError, CRSError, OutsideWorkingAreaError
from spatial.systems import parsed_crs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

    from spatial.systems import CoordinateSystem, Datum

    Floats = NDArray[np.float64]

__all__ = ["Fit", "FourParameters", "GeocentricParameters", "Shift", "fit", "three_parameters", "to_geographic"]

_ARCSEC = math.pi / 180 / 3600
_ELLIPSOIDS: dict[str, tuple[float, float]] = {  # a, 1/f
    "cgcs2000": (A_M, 298.257222101),
    "xian80": (6378140.0, 298.257),
    "beijing54": (6378245.0, 298.3),
}
_NEEDED = {3: 2, 4: 3, 7: 4}
_FLAT = 1e-3  # control points whose spread across is less than this share of their spread along are on one line
_RADIUS_95 = 2.448  # radius that holds 95 % of a circular normal distribution, in standard deviations of one axis


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


@dataclass(frozen=True, kw_only=True)
class Fit:
    """
    Parameters found from control points, and how well they hold there.

    Parameters
    ----------
    shift
        The parameters.
    residuals_m
        Shifted source less target, shape (n, 2): east, north; metres.
    rmse_m
        Root mean square of the residuals' lengths, metres.
    worst_m
        The longest residual, metres.
    redundancy
        Horizontal measurements less parameters, at least 1.
    accuracy_m
        95 % radius of a shifted position, from the residuals and the redundancy. For positions among the control
        points; it says nothing of positions far outside them.
    """

    shift: Shift
    residuals_m: Floats
    rmse_m: float
    worst_m: float
    redundancy: int
    accuracy_m: float


def fit(
    kind: Literal[3, 4, 7],
    source: ArrayLike,
    target: ArrayLike,
    *,
    source_system: CoordinateSystem,
    target_system: CoordinateSystem,
) -> Fit:
    """
    Shift of a datum from control points, by least squares.

    Use four parameters for a county, seven for a wider area, three where points are few. Each needs one point more
    than it takes to solve, since residuals of zero prove nothing.

    Parameters
    ----------
    kind
        Number of parameters. Four need projected systems on both sides.
    source, target
        The same points in both systems, shape (n, 2): east and north in metres, or longitude and latitude in degrees.
    source_system, target_system
        Of Xi'an 80 or Beijing 54, and of CGCS2000.

    Returns
    -------
    fit
        Parameters, residuals and accuracy.

    Raises
    ------
    ControlPointsError
        If there are too few points (three, four and seven parameters need 2, 3 and 4), if they lie in one place or,
        for seven, on one line.
    CRSError
        If a system is of another datum, or not projected where it must be.
    ValueError
        If the shapes differ or a number is not finite.

    References
    ----------
    Seven parameters: linear in (1+m) and (1+m) times the rotations of the Bursa model, so solved without iteration,
    about the middle of the points.

    Examples
    --------
    >>> from spatial.crs import identify
    >>> old = np.array([[500000.0, 4500000.0], [510000.0, 4500000.0], [500000.0, 4520000.0]])
    >>> found = fit(4, old, old + [-44.0, 40.5], source_system=identify(2384), target_system=identify(4548))
    >>> round(found.shift.east_m, 6), round(found.shift.north_m, 6), round(found.rmse_m, 6)
    (-44.0, 40.5, 0.0)
    """
    old, new = np.asarray(source, dtype=np.float64), np.asarray(target, dtype=np.float64)
    if old.shape != new.shape or old.ndim != 2 or old.shape[1] != 2:
        raise ValueError(f"control points come in two arrays of shape (n, 2), not {old.shape} and {new.shape}")
    if not (np.isfinite(old).all() and np.isfinite(new).all()):
        raise ValueError("a control point is not finite")
    if kind not in _NEEDED:
        raise ValueError(f"a shift has 3, 4 or 7 parameters, not {kind}")
    _require(source_system, ("xian80", "beijing54"))
    _require(target_system, ("cgcs2000",))
    if len(old) < _NEEDED[kind]:
        reason = f"at least {_NEEDED[kind]} are needed, the last to check the others by"
        raise ControlPointsError(kind=kind, given=len(old), needed=_NEEDED[kind], reason=reason)
    _require_spread(old, source_system, kind)
    shift: Shift
    if kind == 4:
        if source_system.is_geographic or target_system.is_geographic:
            raise CRSError(
                code="shift_not_planar",
                detail="Four parameters lie between two planes, and one of the systems is in degrees",
                remedy="Name the projected systems, or fit three or seven parameters",
            )
        shift = _four(old, new, source_system, target_system)
    else:
        datum: Literal["xian80", "beijing54"] = "xian80" if source_system.datum == "xian80" else "beijing54"
        x1 = _geocentric(_degrees(old, source_system), datum)
        x2 = _geocentric(_degrees(new, target_system), "cgcs2000")
        shift = _three(x1, x2, _degrees(new, target_system), datum) if kind == 3 else _seven(x1, x2, datum)
    found, wanted = _shifted(old, source_system, shift), _degrees(new, target_system)
    residuals = (found - wanted) * np.column_stack(metres_per_degree(wanted[:, 1]))
    lengths = np.hypot(residuals[:, 0], residuals[:, 1])
    redundancy = 2 * len(old) - kind
    return Fit(
        shift=shift,
        residuals_m=residuals,
        rmse_m=float(np.sqrt(np.mean(lengths**2))),
        worst_m=float(lengths.max()),
        redundancy=redundancy,
        accuracy_m=float(_RADIUS_95 * np.sqrt(np.sum(lengths**2) / redundancy)),
    )


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
        Given by the user, or of a `Fit`.

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
        lon_lat = _shifted(np.column_stack([x, y]), system, shift)
        return lon_lat[:, 0], lon_lat[:, 1]

    _require_inside(given, project)
    if system.is_geographic:  # the shift is even over any edge: chords stay within a millimetre
        flat: NDArray[np.object_] = shapely.transform(given, lambda xy: np.column_stack(project(xy[:, 0], xy[:, 1])))
        return flat
    unit_m = float(parsed_crs(system.wkt).axis_info[0].unit_conversion_factor)
    return edges.carry(given, project, source_m=unit_m, scale=metres_per_degree)


def _require(system: CoordinateSystem, datums: tuple[str, ...]) -> None:
    if system.datum not in datums:
        raise CRSError(
            code="shift_of_other_datum",
            detail=f"{system.code} ({system.name}) is of {system.datum}, not of {' or '.join(datums)}",
            remedy="Name the systems the control points are in: the old one first, CGCS2000 second",
        )


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


def _require_spread(points: Floats, system: CoordinateSystem, kind: int) -> None:
    centred = points - points.mean(axis=0)
    along, across = np.linalg.svd(centred, compute_uv=False)[:2]
    least = 1e-5 if system.is_geographic else 1.0  # a metre
    needed = _NEEDED[kind]
    if kind != 3 and along < least:
        raise ControlPointsError(kind=kind, given=len(points), needed=needed, reason="they lie in one place")
    if kind == 7 and across < _FLAT * along:
        raise ControlPointsError(kind=kind, given=len(points), needed=needed, reason="they lie on one line")


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


def _shifted(points: Floats, system: CoordinateSystem, shift: Shift) -> Floats:
    """Longitude and latitude of EPSG:4490 of points of a system."""
    if isinstance(shift, FourParameters):
        angle, k = shift.rotation_arcsec * _ARCSEC, 1 + shift.scale_ppm * 1e-6
        east, north = points[:, 0], points[:, 1]
        moved_north = shift.north_m + k * (north * math.cos(angle) - east * math.sin(angle))
        moved_east = shift.east_m + k * (north * math.sin(angle) + east * math.cos(angle))
        return _degrees(np.column_stack([moved_east, moved_north]), shift.target)
    x = _geocentric(_degrees(points, system), shift.datum)
    sign = _ARCSEC if shift.rotation == "coordinate_frame" else -_ARCSEC
    rx, ry, rz = (sign * angle for angle in (shift.x_arcsec, shift.y_arcsec, shift.z_arcsec))
    turn = np.array([[1.0, rz, -ry], [-rz, 1.0, rx], [ry, -rx, 1.0]])
    moved = np.array([shift.x_m, shift.y_m, shift.z_m]) + (1 + shift.scale_ppm * 1e-6) * x @ turn.T
    return _geodetic(moved)


def _four(old: Floats, new: Floats, source: CoordinateSystem, target: CoordinateSystem) -> FourParameters:
    middle_old, middle_new = old.mean(axis=0), new.mean(axis=0)
    (east, north), (to_east, to_north) = (old - middle_old).T, (new - middle_new).T
    square = float(np.sum(east**2 + north**2))
    a = float(np.sum(to_north * north + to_east * east)) / square  # k cos
    b = float(np.sum(to_east * north - to_north * east)) / square  # k sin
    return FourParameters(
        source=source,
        target=target,
        north_m=float(middle_new[1] - a * middle_old[1] + b * middle_old[0]),
        east_m=float(middle_new[0] - b * middle_old[1] - a * middle_old[0]),
        rotation_arcsec=math.atan2(b, a) / _ARCSEC,
        scale_ppm=(math.hypot(a, b) - 1) * 1e6,
    )


def _three(x1: Floats, x2: Floats, target: Floats, datum: Literal["xian80", "beijing54"]) -> GeocentricParameters:
    """Shifted points lie over their targets at whatever height: east and north must vanish, up is free."""
    lon, lat = np.radians(target).T
    east = np.column_stack([-np.sin(lon), np.cos(lon), np.zeros(len(lon))])
    north = np.column_stack([-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)])
    axes, wanted = np.vstack([east, north]), np.vstack([x2 - x1, x2 - x1])
    found = np.linalg.lstsq(axes, np.sum(axes * wanted, axis=1), rcond=None)[0]
    x_m, y_m, z_m = (float(value) for value in found)
    return GeocentricParameters(datum=datum, x_m=x_m, y_m=y_m, z_m=z_m)


def _seven(x1: Floats, x2: Floats, datum: Literal["xian80", "beijing54"]) -> GeocentricParameters:
    middle1, middle2 = x1.mean(axis=0), x2.mean(axis=0)
    (x, y, z), to = (x1 - middle1).T, x2 - middle2
    zero = np.zeros(len(x))
    # unknowns k, k rx, k ry, k rz;  X' = k (X + rz Y - ry Z) and so on round
    rows = [
        np.column_stack([x, zero, -z, y]),
        np.column_stack([y, z, zero, -x]),
        np.column_stack([z, -y, x, zero]),
    ]
    k, krx, kry, krz = (float(v) for v in np.linalg.lstsq(np.vstack(rows), to.T.ravel(), rcond=None)[0])
    turn = np.array([[k, krz, -kry], [-krz, k, krx], [kry, -krx, k]])
    x_m, y_m, z_m = (float(value) for value in middle2 - turn @ middle1)
    return GeocentricParameters(
        datum=datum,
        x_m=x_m,
        y_m=y_m,
        z_m=z_m,
        x_arcsec=krx / k / _ARCSEC,
        y_arcsec=kry / k / _ARCSEC,
        z_arcsec=krz / k / _ARCSEC,
        scale_ppm=(k - 1) * 1e6,
    )


def _degrees(points: Floats, system: CoordinateSystem) -> Floats:
    """Longitude and latitude in the system's own datum."""
    if system.is_geographic:
        return points
    import pyproj

    crs = parsed_crs(system.wkt)
    transformer = pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    lon, lat = transformer.transform(points[:, 0], points[:, 1])
    return np.column_stack([np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)])


def _geocentric(lon_lat: Floats, datum: str) -> Floats:
    a, rf = _ELLIPSOIDS[datum]
    e2 = (2 - 1 / rf) / rf
    lon, lat = np.radians(lon_lat).T
    normal = a / np.sqrt(1 - e2 * np.sin(lat) ** 2)
    return np.column_stack(
        [normal * np.cos(lat) * np.cos(lon), normal * np.cos(lat) * np.sin(lon), normal * (1 - e2) * np.sin(lat)]
    )


def _geodetic(xyz: Floats) -> Floats:
    """On CGCS2000; the height is dropped. Bowring's start, then rounds until the latitude rests."""
    x, y, z = xyz.T
    p = np.hypot(x, y)
    lat = np.arctan2(z, p * (1 - E2))
    for _ in range(8):
        normal = A_M / np.sqrt(1 - E2 * np.sin(lat) ** 2)
        lat = np.arctan2(z + E2 * normal * np.sin(lat), p)
    lon_lat: Floats = np.degrees(np.column_stack([np.arctan2(y, x), lat]))
    return lon_lat
