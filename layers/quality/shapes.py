"""How wide a gap or an overlap is, where it lies, and what is only rounding.

Overlays are made in longitude and latitude, where the edges of the layers are straight; widths are measured in the
local plane of each polygon.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.ellipsoid import metres_per_degree
from spatial.measure import ellipsoidal_area
from spatial.overlay.frame import Frame, bounds_of
from spatial.overlay.parts import simple_parts

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

__all__ = [
    "GRID_DEG",
    "NOISE_M",
    "area_of",
    "deeper_than",
    "filled",
    "joined",
    "place_of",
    "polygons_of",
    "united",
    "wider_than",
]

GRID_DEG = 1e-8
"""Neighbours are joined on this grid (1 mm)."""
NOISE_M = 0.005
"""
Narrower gaps and overlaps are rounding, not findings: edges that were straight in a projected file are stored within
1 mm on either side, and neighbours are joined on a grid of 1 mm.
"""


def polygons_of(geometry: Any) -> NDArray[np.object_]:
    """
    The simple polygons of one geometry, an array of them, or None.

    Examples
    --------
    >>> both = shapely.GeometryCollection([shapely.box(0, 0, 1, 1), shapely.Point(2, 2)])
    >>> len(polygons_of(both)), len(polygons_of(None))
    (1, 0)
    """
    parts = simple_parts(geometry)
    return np.asarray(parts[shapely.get_type_id(parts) == 3], dtype=object)


def joined(polygons: NDArray[np.object_]) -> BaseGeometry:
    """Some polygons as one geometry: itself, a MultiPolygon, or an empty polygon."""
    if len(polygons) == 0:
        return shapely.Polygon()
    return polygons[0] if len(polygons) == 1 else shapely.multipolygons(list(polygons))  # type: ignore[no-any-return]


def united(geometries: NDArray[np.object_], *, on_grid: bool = False) -> BaseGeometry:
    """
    The polygons of a union.

    Parameters
    ----------
    geometries
        EPSG:4490; None is passed over.
    on_grid
        Join neighbours on the grid of 1 mm: no crack of rounding is left between them, and outlines move by up to
        0.7 mm. Without it areas are exact.
    """
    return joined(polygons_of(shapely.union_all(geometries, grid_size=GRID_DEG if on_grid else None)))


def filled(geometry: BaseGeometry) -> BaseGeometry:
    """
    Polygons with all their holes closed, and what lay in the holes swallowed.

    Examples
    --------
    >>> ring = shapely.box(0, 0, 3, 3) - shapely.box(1, 1, 2, 2)
    >>> filled(ring).area
    9.0
    """
    shells = shapely.polygons(shapely.get_exterior_ring(polygons_of(geometry)))
    return joined(polygons_of(shapely.union_all(shells)))


def area_of(polygons: Any) -> float:
    """Square metres on the ellipsoid, all together."""
    return float(np.nansum(ellipsoidal_area(polygons)))


def place_of(geometry: BaseGeometry | None) -> tuple[float, float] | None:
    """
    Longitude and latitude of a point of a geometry (of the largest part, where it has several); None for nothing.

    Examples
    --------
    >>> place_of(shapely.box(0, 0, 1, 1) | shapely.box(5, 5, 9, 9))
    (7.0, 7.0)
    """
    if geometry is None or geometry.is_empty:
        return None
    parts = simple_parts(geometry)
    size = np.where(shapely.area(parts) > 0, shapely.area(parts) + 1e6, shapely.length(parts))
    point = shapely.point_on_surface(parts[int(np.argmax(size))])
    return round(float(shapely.get_x(point)), 7), round(float(shapely.get_y(point)), 7)


def wider_than(polygons: NDArray[np.object_], metres: Any) -> NDArray[np.bool_]:
    """
    Whether a circle of some diameter fits into each polygon.

    Parameters
    ----------
    polygons
        Simple polygons, EPSG:4490, n.
    metres
        The diameter, a number or n of them.

    Returns
    -------
    wider
        n. A strip 4 m wide is not wider than 5 m however long it is.

    References
    ----------
    The largest circle within a polygon has at least the radius area / perimeter; where that does not settle it, the
    polygon is eroded by half the diameter.

    Examples
    --------
    >>> strip = shapely.box(117.0, 49.0, 117.1, 49.0 + 4 / 111_218)
    >>> wider_than(np.array([strip, strip]), np.array([3.9, 4.1])).tolist()
    [True, False]
    """
    polygons = np.asarray(polygons, dtype=object)
    wide = np.zeros(len(polygons), dtype=bool)
    if len(polygons) == 0:
        return wide
    limit = np.broadcast_to(np.asarray(metres, dtype=float), len(polygons))
    plane = _planes(polygons)
    west, south, east, north = shapely.bounds(plane).T
    with np.errstate(invalid="ignore", divide="ignore"):
        sure = 2 * shapely.area(plane) / shapely.length(plane) > limit
    open_ = ~sure & (np.minimum(east - west, north - south) > limit)
    wide[sure] = True
    if open_.any():
        eroded = shapely.buffer(plane[open_], -limit[open_] / 2, join_style="mitre")
        wide[open_] = ~shapely.is_empty(eroded)
    return wide


def _planes(polygons: NDArray[np.object_]) -> NDArray[np.object_]:
    """Each polygon in metres around its own middle."""
    west, south, east, north = shapely.bounds(polygons).T
    kx, ky = metres_per_degree((south + north) / 2)
    xy, row = shapely.get_coordinates(polygons, return_index=True)
    middle = np.column_stack([(west + east) / 2, (south + north) / 2])
    scale = np.column_stack([kx, ky])
    return np.asarray(shapely.set_coordinates(polygons.copy(), (xy - middle[row]) * scale[row]), dtype=object)


def deeper_than(polygon: BaseGeometry, line: BaseGeometry, metres: float) -> BaseGeometry | None:
    """
    What of a polygon belongs to places farther than some distance from a line; None where there is no such place.

    Use it for differences along an outline that is known to that distance only: a strip along the line is dropped,
    and a part that reaches beyond it is kept, together with the strip in front of it.

    Parameters
    ----------
    polygon, line
        EPSG:4490.
    metres
        How far; measured in a plane around the polygon's middle.

    Examples
    --------
    >>> edge = shapely.LineString([(117, 49), (118, 49)])  # 0.01 degrees of latitude are 1112 m
    >>> deeper_than(shapely.box(117.4, 49, 117.5, 49.01), edge, 1200) is None
    True
    >>> round(deeper_than(shapely.box(117.4, 49, 117.5, 49.01), edge, 200).area, 6)
    0.001
    """
    frame = Frame.around(bounds_of(polygon))
    box = frame.box(bounds_of(polygon), 1.1 * metres + 1.0)
    near = shapely.clip_by_rect(line, *box)
    plane = frame.to_plane(polygon)
    deep = plane
    if not near.is_empty:
        deep = shapely.difference(plane, shapely.buffer(frame.to_plane(near), metres))
    deep = joined(polygons_of(deep))
    if deep.is_empty:
        return None
    reach = frame.to_degrees(shapely.buffer(deep, 1.01 * metres + 1.0, join_style="mitre"))
    kept = polygons_of(shapely.intersection(polygon, reach))
    return joined(kept) if len(kept) else None
