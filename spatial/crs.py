"""
Coordinate systems: which one is meant, and the way from it to EPSG:4490 and back.

The only place where such questions are answered. x is east or longitude, y is north or latitude, always; the
Chinese habit of calling north X, and the axis order of EPSG, end at the door.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import shapely

from spatial import edges
from spatial.ellipsoid import metres_per_degree
from spatial.errors import DatumShiftUnknownError, OutsideWorkingAreaError
from spatial.systems import CoordinateSystem, Datum, gauss_kruger, identify, parsed_crs, zone3
from spatial.vertices import in_portions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = [
    "WORKING_AREA",
    "CoordinateSystem",
    "Datum",
    "chains_from_geographic",
    "from_geographic",
    "gauss_kruger",
    "identify",
    "to_geographic",
    "zone3",
]

WORKING_AREA = (60.0, 0.0, 150.0, 60.0)
"""West, south, east, north of what is accepted, degrees: China and its surroundings, no antimeridian."""
_DEGREE_M = 100_000.0
"""About the metres of a degree, to tell very short edges."""


def to_geographic(
    geometries: Iterable[shapely.Geometry | None] | shapely.Geometry | None, system: CoordinateSystem
) -> NDArray[np.object_]:
    """
    Geometries in longitude and latitude of EPSG:4490, with edges where they were.

    Edges of a projected source are straight in its plane; they are given vertices there, so that the
    chords in longitude and latitude stay within about 0.01 mm of them (0.5 mm for edges beyond some 17 km;
    see ``spatial.edges``). WGS 84 is taken for CGCS2000 without a shift: the two agree within a metre, which
    the accuracy of the site carries.

    Parameters
    ----------
    geometries
        Shapely geometries of any type in ``system``, x east and y north, 2D or 3D; one or many.
    system
        From ``identify``.

    Returns
    -------
    geometries
        Two-dimensional, shape (n,), types kept. None stays None and empty stays empty.

    Raises
    ------
    DatumShiftUnknownError
        If the datum is neither CGCS2000 nor WGS 84.
    OutsideWorkingAreaError
        If a coordinate is not finite or lies outside ``WORKING_AREA``; it names the first one.
    TooManyVerticesError
        If edges are so long that no reasonable number of vertices holds them in place.

    Examples
    --------
    >>> place = to_geographic(shapely.Point(40482918.4554, 5453252.0109), identify(4528))[0]
    >>> round(place.x, 6), round(place.y, 6)
    (119.765558, 49.212189)
    """
    _require_datum(system)
    given = edges.as_array(geometries)
    if system.is_geographic:
        flat: NDArray[np.object_] = shapely.force_2d(given)
        _require_inside(flat, given)
        return flat
    inverse, unit_m = _projection(system.wkt, inverse=True)
    _require_vertices_inside(given, inverse)
    result = edges.carry(given, inverse, source_m=unit_m, scale=metres_per_degree)
    _require_inside(result, given)
    return result


def from_geographic(
    geometries: Iterable[shapely.Geometry | None] | shapely.Geometry | None, system: CoordinateSystem
) -> NDArray[np.object_]:
    """
    Geometries of EPSG:4490 in another coordinate system, with edges where they were.

    The way back of ``to_geographic``, by the same rule: an edge that is straight in longitude and latitude is
    given vertices where the plane bends it. What came from that plane comes back without any being added.

    Parameters
    ----------
    geometries
        Shapely geometries of any type in EPSG:4490, x longitude and y latitude; one or many.
    system
        From ``identify``.

    Returns
    -------
    geometries
        Two-dimensional, shape (n,), types kept. None stays None and empty stays empty.

    Raises
    ------
    DatumShiftUnknownError
        If the datum is neither CGCS2000 nor WGS 84.
    OutsideWorkingAreaError
        If a coordinate is not finite, outside ``WORKING_AREA``, or has no place in that projection.

    Examples
    --------
    >>> place = from_geographic(shapely.Point(119.765558, 49.212189), identify(4528))[0]
    >>> round(place.x, 4), round(place.y, 4)
    (40482918.4554, 5453252.0109)
    """
    _require_datum(system)
    given = edges.as_array(geometries)
    _require_inside(given, given)
    if system.is_geographic:
        flat: NDArray[np.object_] = shapely.force_2d(given)
        return flat
    forward, scale = _into_plane(system)
    result = edges.carry(given, forward, source_m=_DEGREE_M, scale=scale)
    _require_inside(result, given, area=(-np.inf, -np.inf, np.inf, np.inf))
    return result


def chains_from_geographic(
    xy: NDArray[np.float64], chain: NDArray[np.int64], system: CoordinateSystem
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """
    Chains of vertices of EPSG:4490 in another coordinate system, by the rule of ``from_geographic``.

    Use it where the vertices are all that is wanted: to build geometries of them takes ten times as long.

    Parameters
    ----------
    xy
        Longitude and latitude of the vertices, shape (n, 2).
    chain
        Number of the chain each vertex belongs to, length n, ascending.
    system
        From ``identify``.

    Returns
    -------
    xy, chain
        Vertices in that system, shape (m, 2), m >= n, and their chains.

    Raises
    ------
    DatumShiftUnknownError, OutsideWorkingAreaError
        As for ``from_geographic``; the record is the number of the chain.

    Examples
    --------
    >>> ends = np.array([[119.765558, 49.212189], [119.765559, 49.212189]])
    >>> chains_from_geographic(ends, np.zeros(2, dtype=np.int64), identify(4528))[0][0].round(4).tolist()
    [40482918.4554, 5453252.0109]
    """
    _require_datum(system)
    bad = ~_inside(xy[:, 0], xy[:, 1], WORKING_AREA)
    if bad.any():
        first = int(np.argmax(bad))
        _refuse(int(chain[first]), xy[first, 0], xy[first, 1], xy[first])
    if system.is_geographic:
        return xy, chain
    forward, scale = _into_plane(system)
    placed, chains = edges.bent(xy, chain, forward, source_m=_DEGREE_M, scale=scale)
    lost = ~np.isfinite(placed).all(axis=1)
    if lost.any():
        number, (x, y) = int(chains[np.argmax(lost)]), placed[np.argmax(lost)]
        _refuse(number, x, y, xy[np.argmax(chain == number)])
    return placed, chains


def _into_plane(system: CoordinateSystem) -> tuple[edges.Projection, edges.Scale]:
    """From longitude and latitude to a projected system, and the metres of its units."""
    forward, unit_m = _projection(system.wkt, inverse=False)

    def scale(y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        metres = np.full(len(y), unit_m)
        return metres, metres

    return forward, scale


def _require_datum(system: CoordinateSystem) -> None:
    if system.datum not in ("cgcs2000", "wgs84"):
        named = system.name if system.code == "custom" else f"{system.code} ({system.name})"
        raise DatumShiftUnknownError(system=named, datum=system.datum)


@lru_cache(maxsize=64)
def _projection(wkt: str, *, inverse: bool) -> tuple[edges.Projection, float]:
    """Between a projected system and its own longitudes and latitudes, so that no datum shift can slip in."""
    import pyproj

    crs = parsed_crs(wkt)
    start, end = (crs, crs.geodetic_crs) if inverse else (crs.geodetic_crs, crs)
    transformer = pyproj.Transformer.from_crs(start, end, always_xy=True)

    def project(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        u, v = transformer.transform(x, y)
        return np.asarray(u, dtype=np.float64), np.asarray(v, dtype=np.float64)

    return project, float(crs.axis_info[0].unit_conversion_factor)


def _inside(
    lon: NDArray[np.float64], lat: NDArray[np.float64], area: tuple[float, float, float, float]
) -> NDArray[np.bool_]:
    west, south, east, north = area
    return np.isfinite(lon) & np.isfinite(lat) & (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def _require_vertices_inside(given: NDArray[np.object_], inverse: edges.Projection) -> None:
    xy, owner = shapely.get_coordinates(given, return_index=True)
    if not len(xy):
        return
    lon, lat = inverse(xy[:, 0], xy[:, 1])
    bad = ~(_inside(lon, lat, WORKING_AREA) & np.isfinite(xy).all(axis=1))
    if bad.any():
        first = int(np.argmax(bad))
        _refuse(int(owner[first]), lon[first], lat[first], xy[first])


def _require_inside(
    result: NDArray[np.object_],
    given: NDArray[np.object_],
    area: tuple[float, float, float, float] = WORKING_AREA,
) -> None:
    for start, stop, xy in in_portions(result):
        inside = _inside(xy[:, 0], xy[:, 1], area)
        if not inside.all():
            first = int(np.argmin(inside))
            owner = start + int(shapely.get_coordinates(result[start:stop], return_index=True)[1][first])
            source = shapely.get_coordinates(given[owner])[0] if given is not result else xy[first]
            _refuse(owner, xy[first, 0], xy[first, 1], source)


def _refuse(record: int, lon: float, lat: float, xy: NDArray[np.float64]) -> None:
    known = math.isfinite(lon) and math.isfinite(lat)
    raise OutsideWorkingAreaError(
        record=record,
        lon=float(lon) if known else None,
        lat=float(lat) if known else None,
        x=float(xy[0]),
        y=float(xy[1]),
    )
