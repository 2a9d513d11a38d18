"""The plane a map is fitted in: metres, so that a residual is a length."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from spatial.errors import MapFitError
from spatial.systems import CoordinateSystem, gauss_kruger, identify, parsed_crs, zone3

if TYPE_CHECKING:
    import pyproj
    from numpy.typing import NDArray

__all__ = ["planar", "plane_of", "unit_m"]

_SCALE = 0.005  # a projection whose scale is off by more gives no metres
_OLD_ZONES = {"xian80": 2324, "beijing54": 2376}  # EPSG code of 3-degree zone 0, had there been one


def plane_of(x: NDArray[np.float64], y: NDArray[np.float64], system: CoordinateSystem) -> CoordinateSystem:
    """
    The plane to fit points in.

    Parameters
    ----------
    x, y
        The points in ``system``.
    system
        Their system.

    Returns
    -------
    plane
        ``system`` itself where it is a projection in metres whose scale at the points is within 0.5 % of 1; else the
        3° Gauss-Krüger zone of their middle, on the same datum.

    Raises
    ------
    MapFitError
        If their middle lies in no such zone (73.5-136.5° E), or the datum is not known.

    Examples
    --------
    >>> plane_of(np.array([118.9, 119.9]), np.array([49.0, 49.5]), identify(4490)).code
    'EPSG:4528'
    """
    lon, lat = _degrees(x, y, system)
    if not system.is_geographic and unit_m(system) == 1.0:
        import pyproj

        factors = pyproj.Proj(parsed_crs(system.wkt)).get_factors(lon, lat)
        scales = np.concatenate([factors.meridional_scale, factors.parallel_scale])
        if np.all(np.abs(scales - 1) < _SCALE):
            return system
    middle = float((lon.min() + lon.max()) / 2)
    zone = zone3(middle)
    if system.datum in ("cgcs2000", "wgs84") and 25 <= zone <= 45:
        return identify(gauss_kruger(zone))
    if system.datum in _OLD_ZONES and 25 <= zone <= 45:
        return identify(zone + _OLD_ZONES[system.datum])
    raise MapFitError(
        code="no_plane",
        detail=f"no Gauss-Kruger zone is known for {middle:.4f} E on the datum of {system.code} ({system.datum})",
        remedy="Check the order of the columns and the coordinate system, or name the plane to fit in",
    )


def planar(
    x: NDArray[np.float64], y: NDArray[np.float64], source: CoordinateSystem, target: CoordinateSystem
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Points of one system in another, between which no shift of a datum may lie.

    Parameters
    ----------
    x, y
        In ``source``, x east.
    source, target
        Of one datum; CGCS2000 and WGS 84 count as one, they agree within a metre.

    Returns
    -------
    x, y
        In ``target``. Not finite where it has no such place.

    Raises
    ------
    MapFitError
        If a shift lies between the two.
    """
    if source.wkt == target.wkt:
        return x, y
    modern = {"cgcs2000", "wgs84"}
    if not (source.datum == target.datum != "unknown" or {source.datum, target.datum} <= modern):
        raise MapFitError(
            code="no_plane",
            detail=f"{source.code} ({source.datum}) and {target.code} ({target.datum}) are of different datums",
            remedy="Fit in a plane of the control points' own datum",
        )
    lon, lat = _degrees(x, y, source)
    if target.is_geographic:
        return lon, lat
    u, v = _transformer(target.wkt, inverse=False).transform(lon, lat)
    return np.asarray(u, dtype=np.float64), np.asarray(v, dtype=np.float64)


def unit_m(system: CoordinateSystem) -> float:
    """Metres of a unit of a projected system."""
    return float(parsed_crs(system.wkt).axis_info[0].unit_conversion_factor)


def _degrees(
    x: NDArray[np.float64], y: NDArray[np.float64], system: CoordinateSystem
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """In the system's own longitudes and latitudes."""
    if system.is_geographic:
        return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    lon, lat = _transformer(system.wkt, inverse=True).transform(x, y)
    return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)


@lru_cache(maxsize=64)
def _transformer(wkt: str, *, inverse: bool) -> pyproj.Transformer:
    """Between a projected system and its own degrees, so that no shift can slip in."""
    import pyproj

    crs = parsed_crs(wkt)
    start, end = (crs, crs.geodetic_crs) if inverse else (crs.geodetic_crs, crs)
    return pyproj.Transformer.from_crs(start, end, always_xy=True)
