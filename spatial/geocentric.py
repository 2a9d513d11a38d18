"""
Points on the ellipsoid of their own datum: longitude and latitude, and geocentric coordinates, heights taken as zero.

The numbers of Xi'an 80 (IAG 1975) and Beijing 54 (Krassovsky 1940) stand here; those of CGCS2000 in
`spatial.ellipsoid`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spatial.ellipsoid import A_M, E2
from spatial.systems import parsed_crs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spatial.systems import CoordinateSystem

    Floats = NDArray[np.float64]

__all__ = ["geocentric", "geodetic", "own_degrees"]

_ELLIPSOIDS: dict[str, tuple[float, float]] = {  # a, 1/f
    "cgcs2000": (A_M, 298.257222101),
    "xian80": (6378140.0, 298.257),
    "beijing54": (6378245.0, 298.3),
}


def own_degrees(points: Floats, system: CoordinateSystem) -> Floats:
    """
    Longitude and latitude in a system's own datum: a projection is undone, no datum is shifted.

    Parameters
    ----------
    points
        Of the system, shape (n, 2): east and north in its unit, or longitude and latitude in degrees.
    system
        From ``spatial.crs.identify``.

    Returns
    -------
    degrees
        Shape (n, 2); those of a geographic system as they came.

    Examples
    --------
    >>> from spatial.crs import identify
    >>> own_degrees(np.array([[500000.0, 0.0]]), identify(2384)).round(9).tolist()  # Xi'an 80, meridian 117
    [[117.0, 0.0]]
    """
    if system.is_geographic:
        return points
    import pyproj

    crs = parsed_crs(system.wkt)
    transformer = pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    lon, lat = transformer.transform(points[:, 0], points[:, 1])
    return np.column_stack([np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)])


def geocentric(lon_lat: Floats, datum: str) -> Floats:
    """
    Geocentric coordinates of points on an ellipsoid.

    Parameters
    ----------
    lon_lat
        Degrees in ``datum``, shape (n, 2).
    datum
        ``cgcs2000``, ``xian80`` or ``beijing54``.

    Returns
    -------
    xyz
        Metres, shape (n, 3).

    Examples
    --------
    >>> geocentric(np.array([[0.0, 0.0]]), "beijing54").tolist()  # on the equator: the semi-major axis
    [[6378245.0, 0.0, 0.0]]
    """
    a, rf = _ELLIPSOIDS[datum]
    e2 = (2 - 1 / rf) / rf
    lon, lat = np.radians(lon_lat).T
    normal = a / np.sqrt(1 - e2 * np.sin(lat) ** 2)
    return np.column_stack(
        [normal * np.cos(lat) * np.cos(lon), normal * np.cos(lat) * np.sin(lon), normal * (1 - e2) * np.sin(lat)]
    )


def geodetic(xyz: Floats) -> Floats:
    """
    Longitude and latitude of EPSG:4490 of geocentric points near its surface; the height is dropped.

    Parameters
    ----------
    xyz
        Metres, geocentric in CGCS2000, shape (n, 3).

    Returns
    -------
    lon_lat
        Degrees, shape (n, 2).

    References
    ----------
    Bowring's start, then rounds until the latitude rests.

    Examples
    --------
    >>> geodetic(geocentric(np.array([[120.0, 50.0]]), "cgcs2000")).round(12).tolist()
    [[120.0, 50.0]]
    """
    x, y, z = xyz.T
    p = np.hypot(x, y)
    lat = np.arctan2(z, p * (1 - E2))
    for _ in range(8):
        normal = A_M / np.sqrt(1 - E2 * np.sin(lat) ** 2)
        lat = np.arctan2(z + E2 * normal * np.sin(lat), p)
    lon_lat: Floats = np.degrees(np.column_stack([np.arctan2(y, x), lat]))
    return lon_lat
