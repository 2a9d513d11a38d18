"""
The ellipsoid of CGCS2000: its numbers, its geodesics and the length of a degree on it.

Every measure of the toolkit is taken on this surface (EPSG:4490).
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from pyproj import Geod

__all__ = ["A_M", "B_M", "E2", "FLATTENING", "INVERSE_FLATTENING", "geod", "metres_per_degree"]

A_M = 6378137.0
"""Semi-major axis of CGCS2000, metres."""

INVERSE_FLATTENING = 298.257222101
"""Inverse flattening of CGCS2000."""

FLATTENING = 1 / INVERSE_FLATTENING
B_M = A_M * (1 - FLATTENING)
"""Semi-minor axis, metres."""

E2 = FLATTENING * (2 - FLATTENING)
"""First eccentricity squared."""


@cache
def geod() -> Geod:
    """
    The geodesics of CGCS2000, built once.

    Returns
    -------
    geod
        ``pyproj.Geod`` on ``A_M`` and ``INVERSE_FLATTENING``; its angles are degrees, its lengths metres.

    Examples
    --------
    >>> round(geod().inv(120, 50, 121, 50)[2], 3)
    71695.22
    """
    from pyproj import Geod

    return Geod(a=A_M, rf=INVERSE_FLATTENING)


def metres_per_degree(lat_deg: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Metres that one degree of longitude and one degree of latitude span at a latitude.

    For a local plane ``x = kx * (lon - lon0)``, ``y = ky * (lat - lat0)``; not for distances over more
    than a few kilometres.

    Parameters
    ----------
    lat_deg
        Latitude on CGCS2000, degrees; a number or an array of any shape.

    Returns
    -------
    kx, ky
        ``N cos B pi/180`` and ``M pi/180`` in metres per degree, float64, in the shape of ``lat_deg``
        (zero-dimensional for a number). NaN gives NaN.

    References
    ----------
    Prime vertical N = a / W and meridional M = a (1 - e^2) / W^3 radii of curvature,
    W^2 = 1 - e^2 sin^2 B.

    Examples
    --------
    >>> kx, ky = metres_per_degree(40)
    >>> round(float(kx), 3), round(float(ky), 3)
    (85393.857, 111034.633)
    """
    lat = np.radians(np.asarray(lat_deg, dtype=np.float64))
    w = np.sqrt(1 - E2 * np.sin(lat) ** 2)
    kx = A_M / w * np.cos(lat) * (math.pi / 180)
    ky = A_M * (1 - E2) / w**3 * (math.pi / 180)
    return np.asarray(kx), np.asarray(ky)
