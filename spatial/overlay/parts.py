"""A geometry as its simple parts: polygons, lines and points, however they are nested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["simple_parts", "united_by_dimension"]

POLYGON = 3
"""Type numbers above this one are multis and collections."""


def simple_parts(geometries: Any) -> NDArray[Any]:
    """
    The points, lines, rings and polygons of one geometry or of many; empty ones are left out.

    Examples
    --------
    >>> nested = shapely.from_wkt("GEOMETRYCOLLECTION (MULTIPOINT (0 0, 1 1), LINESTRING (0 0, 1 1))")
    >>> [part.geom_type for part in simple_parts(nested)]
    ['Point', 'Point', 'LineString']
    """
    parts = np.atleast_1d(shapely.get_parts(geometries))
    while (shapely.get_type_id(parts) > POLYGON).any():
        parts = shapely.get_parts(parts)
    return np.asarray(parts[~shapely.is_empty(parts)], dtype=object)


def united_by_dimension(geometries: Any) -> list[Any]:
    """The polygons, the lines and the points, each united to one geometry, those there are; areas first."""
    parts = simple_parts(geometries)
    dimension = shapely.get_dimensions(parts)
    return [shapely.union_all(parts[dimension == d]) for d in (2, 1, 0) if (dimension == d).any()]
