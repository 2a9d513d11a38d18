"""
The shift of a datum from control points: three, four or seven parameters by least squares, and how well they hold.

`spatial.datum_shift` applies what is found here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from spatial.datum_shift import ARCSEC, FourParameters, GeocentricParameters, shifted
from spatial.ellipsoid import metres_per_degree
from spatial.errors import ControlPointsError, CRSError
from spatial.geocentric import geocentric, own_degrees

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from spatial.datum_shift import Shift
    from spatial.systems import CoordinateSystem

    Floats = NDArray[np.float64]

__all__ = ["Fit", "fit"]

_NEEDED = {3: 2, 4: 3, 7: 4}
_FLAT = 1e-3  # control points whose spread across is less than this share of their spread along are on one line
_RADIUS_95 = 2.448  # radius that holds 95 % of a circular normal distribution, in standard deviations of one axis


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
        x1 = geocentric(own_degrees(old, source_system), datum)
        x2 = geocentric(own_degrees(new, target_system), "cgcs2000")
        shift = _three(x1, x2, own_degrees(new, target_system), datum) if kind == 3 else _seven(x1, x2, datum)
    found, wanted = shifted(old, source_system, shift), own_degrees(new, target_system)
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


def _require(system: CoordinateSystem, datums: tuple[str, ...]) -> None:
    if system.datum not in datums:
        raise CRSError(
            code="shift_of_other_datum",
            detail=f"{system.code} ({system.name}) is of {system.datum}, not of {' or '.join(datums)}",
            remedy="Name the systems the control points are in: the old one first, CGCS2000 second",
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
        rotation_arcsec=math.atan2(b, a) / ARCSEC,
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
        x_arcsec=krx / k / ARCSEC,
        y_arcsec=kry / k / ARCSEC,
        z_arcsec=krz / k / ARCSEC,
        scale_ppm=(k - 1) * 1e6,
    )
