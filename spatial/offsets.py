"""
GCJ-02 and BD-09: the offsets that map services in China put on coordinates, put on and undone.

For cleaning input only. The formulas are the public reverse-engineered ones; undoing them here is exact arithmetic
(1e-9° at the point of rest of an iteration), not truth: what services really publish may differ by about a metre, and
the accuracy of an undone position carries 10 m for it (``offset_undone`` of ``spatial.accuracy``).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from spatial.errors import OffsetUndefinedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "CHINA_BOX",
    "OFFSET_AT_MOST_M",
    "bd09_to_gcj02",
    "bd09_to_wgs84",
    "gcj02_to_bd09",
    "gcj02_to_wgs84",
    "wgs84_to_bd09",
    "wgs84_to_gcj02",
]

CHINA_BOX = (72.004, 0.8293, 137.8347, 55.8271)
"""West, south, east, north of where the offsets are applied, degrees. It takes in parts of other countries too."""

OFFSET_AT_MOST_M = 1_600.0
"""No position in ``CHINA_BOX`` is moved further than this, metres, by both offsets."""

_A_M = 6378245.0  # Krassowsky: with 6378137 the results are 8-10 mm off those of the services' own code
_EE = 0.00669342162296594323
_X_PI = math.pi * 3000.0 / 180.0
_BD_LON, _BD_LAT = 0.0065, 0.006
_REST_DEG = 1e-11  # hundred times better than is promised
_ROUNDS = 60
_SLACK_DEG = 0.05  # an undone position may lie this far out of the box, which ends nowhere in particular


def wgs84_to_gcj02(lon_lat: ArrayLike) -> Floats:
    """
    Put the offset of GCJ-02 on.

    Use it for tests and for showing what a shifted file would hold; nothing here publishes shifted data.

    Parameters
    ----------
    lon_lat
        Longitude and latitude in degrees of WGS 84 (or CGCS2000), shape (n, 2).

    Returns
    -------
    lon_lat
        Longitude and latitude of GCJ-02, degrees, float64, shape (n, 2).

    Raises
    ------
    OffsetUndefinedError
        If a coordinate is not finite or lies outside `CHINA_BOX`; it names the first one.
    ValueError
        If the shape is another.

    Examples
    --------
    >>> wgs84_to_gcj02([[116.377817, 39.911954]]).round(9).tolist()
    [[116.384047225, 39.913345455]]
    """
    return _gcj02(_checked(lon_lat))


def gcj02_to_wgs84(lon_lat: ArrayLike) -> Floats:
    """
    Undo the offset of GCJ-02 by iteration, to 1e-9°.

    The quick inverse (twice the position less its shifted one) is up to 4.7 m off; this one returns what
    `wgs84_to_gcj02` maps onto ``lon_lat`` again.

    Parameters
    ----------
    lon_lat
        Longitude and latitude of GCJ-02, degrees, shape (n, 2).

    Returns
    -------
    lon_lat
        Of WGS 84, degrees, float64, shape (n, 2).

    Raises
    ------
    OffsetUndefinedError, ValueError
        As for `wgs84_to_gcj02`.

    Examples
    --------
    >>> gcj02_to_wgs84([[116.38404722455657, 39.91334545536069]]).round(9).tolist()
    [[116.377817, 39.911954]]
    """
    return _undone(_checked(lon_lat), _gcj02)


def gcj02_to_bd09(lon_lat: ArrayLike) -> Floats:
    """
    Put the second offset, that of BD-09, on GCJ-02.

    Parameters
    ----------
    lon_lat
        Longitude and latitude of GCJ-02, degrees, shape (n, 2).

    Returns
    -------
    lon_lat
        Of BD-09, degrees, float64, shape (n, 2).

    Raises
    ------
    OffsetUndefinedError, ValueError
        As for `wgs84_to_gcj02`.

    Examples
    --------
    >>> gcj02_to_bd09([[121.09626927850977, 30.608604368560773]]).round(9).tolist()
    [[121.102717246, 30.61484576]]
    """
    return _bd09(_checked(lon_lat))


def bd09_to_gcj02(lon_lat: ArrayLike) -> Floats:
    """
    Undo the second offset by iteration, to 1e-9°.

    Parameters
    ----------
    lon_lat
        Longitude and latitude of BD-09, degrees, shape (n, 2).

    Returns
    -------
    lon_lat
        Of GCJ-02, degrees, float64, shape (n, 2).

    Raises
    ------
    OffsetUndefinedError, ValueError
        As for `wgs84_to_gcj02`.

    Examples
    --------
    >>> bd09_to_gcj02([[121.10271724622564, 30.61484575976839]]).round(9).tolist()
    [[121.096269279, 30.608604369]]
    """
    return _undone(_checked(lon_lat), _bd09)


def wgs84_to_bd09(lon_lat: ArrayLike) -> Floats:
    """
    Put both offsets on: GCJ-02, then BD-09. Arguments and errors as for `wgs84_to_gcj02`.

    Examples
    --------
    >>> wgs84_to_bd09([[121.0917077, 30.6107779]]).round(9).tolist()
    [[121.102717246, 30.61484576]]
    """
    return _bd09(_gcj02(_checked(lon_lat)))


def bd09_to_wgs84(lon_lat: ArrayLike) -> Floats:
    """
    Undo both offsets by iteration, to 1e-9°. Arguments and errors as for `wgs84_to_gcj02`.

    Examples
    --------
    >>> bd09_to_wgs84([[121.10271724622564, 30.61484575976839]]).round(9).tolist()
    [[121.0917077, 30.6107779]]
    """
    return _undone(_undone(_checked(lon_lat), _bd09), _gcj02)


def _gcj02(lon_lat: Floats) -> Floats:
    lon, lat = lon_lat[:, 0], lon_lat[:, 1]
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    short = (20.0 * np.sin(6.0 * x * math.pi) + 20.0 * np.sin(2.0 * x * math.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + short
    north += (20.0 * np.sin(y * math.pi) + 40.0 * np.sin(y / 3.0 * math.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * math.pi) + 320.0 * np.sin(y * math.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + short
    east += (20.0 * np.sin(x * math.pi) + 40.0 * np.sin(x / 3.0 * math.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * math.pi) + 300.0 * np.sin(x / 30.0 * math.pi)) * 2.0 / 3.0
    phi = lat / 180.0 * math.pi
    magic = 1 - _EE * np.sin(phi) ** 2
    north = north * 180.0 / ((_A_M * (1 - _EE)) / (magic * np.sqrt(magic)) * math.pi)
    east = east * 180.0 / (_A_M / np.sqrt(magic) * np.cos(phi) * math.pi)
    return np.column_stack([lon + east, lat + north])


def _bd09(lon_lat: Floats) -> Floats:
    x, y = lon_lat[:, 0], lon_lat[:, 1]
    z = np.sqrt(x * x + y * y) + 0.00002 * np.sin(y * _X_PI)
    theta = np.arctan2(y, x) + 0.000003 * np.cos(x * _X_PI)
    return np.column_stack([z * np.cos(theta) + _BD_LON, z * np.sin(theta) + _BD_LAT])


def _undone(shifted: Floats, shift: Callable[[Floats], Floats]) -> Floats:
    """What ``shift`` maps onto ``shifted``: the offset changes so slowly that taking it off in rounds comes to rest."""
    found = shifted.copy()
    for _ in range(_ROUNDS):
        miss = shift(found) - shifted
        found -= miss
        if not len(miss) or np.abs(miss).max() < _REST_DEG:
            return found
    worst = int(np.argmax(np.abs(miss).max(axis=1)))
    raise OffsetUndefinedError(lon=float(shifted[worst, 0]), lat=float(shifted[worst, 1]), row=worst)


def _checked(lon_lat: ArrayLike) -> Floats:
    values = np.asarray(lon_lat, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != 2:
        raise ValueError(f"longitudes and latitudes come in shape (n, 2), not {values.shape}")
    west, south, east, north = CHINA_BOX
    inside = (values[:, 0] >= west - _SLACK_DEG) & (values[:, 0] <= east + _SLACK_DEG)
    inside &= (values[:, 1] >= south - _SLACK_DEG) & (values[:, 1] <= north + _SLACK_DEG)
    if not inside.all():
        row = int(np.argmin(inside))
        raise OffsetUndefinedError(lon=float(values[row, 0]), lat=float(values[row, 1]), row=row)
    return values
