"""Large geometries cut once into pieces, so that a site never pays for a zone of 500,000 vertices.

Cut lines are no boundary: whatever asks for a boundary uses ``spatial.overlay.edges``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MOST_VERTICES", "Pieces", "cut"]

MOST_VERTICES = 256
COLLECTION = 7


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """Pieces of at most ``MOST_VERTICES`` vertices, each with the row of the geometry it was cut from."""

    geometries: NDArray[Any]
    rows: NDArray[np.int64]


def cut(geometries: NDArray[Any]) -> Pieces:
    """
    Cut geometries into pieces of at most 256 vertices, by halving their boxes.

    Parameters
    ----------
    geometries
        Valid points, lines, polygons and multis, EPSG:4490, length n; empty ones give no piece.

    Returns
    -------
    pieces
        Of the dimension of their geometry; a polygon's pieces cover it and share only cut lines. Sorted by row.

    Examples
    --------
    >>> ring = shapely.Point(117.5, 49.5).buffer(0.1, quad_segs=400)
    >>> pieces = cut(np.array([ring]))
    >>> bool(shapely.get_num_coordinates(pieces.geometries).max() <= 256)
    True
    >>> bool(abs(shapely.area(pieces.geometries).sum() / ring.area - 1) < 1e-12)
    True
    """
    parts, rows = shapely.get_parts(np.asarray(geometries, dtype=object), return_index=True)
    keep = ~shapely.is_empty(parts)
    parts, rows = parts[keep], rows[keep].astype(np.int64)
    done_parts: list[NDArray[Any]] = []
    done_rows: list[NDArray[np.int64]] = []
    while len(parts):
        small = shapely.get_num_coordinates(parts) <= MOST_VERTICES
        done_parts.append(parts[small])
        done_rows.append(rows[small])
        parts, rows = parts[~small], rows[~small]
        if len(parts):
            parts, rows = _halved(parts, rows)
    if not done_parts:
        return Pieces(geometries=np.array([], dtype=object), rows=np.array([], dtype=np.int64))
    rows = np.concatenate(done_rows)
    order = np.argsort(rows, kind="stable")
    return Pieces(geometries=np.concatenate(done_parts)[order], rows=rows[order])


def _halved(parts: NDArray[Any], rows: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    west, south, east, north = shapely.bounds(parts).T
    wide = (east - west) >= (north - south)
    mid_x, mid_y = (west + east) / 2, (south + north) / 2
    first = (west, south, np.where(wide, mid_x, east), np.where(wide, north, mid_y))
    second = (np.where(wide, mid_x, west), np.where(wide, south, mid_y), east, north)
    low, high = _clipped(parts, first), _clipped(parts, second)
    whole = shapely.area(parts)
    lost = np.abs(shapely.area(low) + shapely.area(high) - whole) > 1e-12 * whole
    if lost.any():
        low[lost] = shapely.intersection(parts[lost], shapely.box(*(v[lost] for v in first)))
        high[lost] = shapely.intersection(parts[lost], shapely.box(*(v[lost] for v in second)))
    halves = np.concatenate([low, high])
    rows = np.concatenate([rows, rows])
    keep = ~shapely.is_empty(halves)
    return halves[keep], rows[keep]


def _clipped(parts: NDArray[Any], box: tuple[NDArray[np.float64], ...]) -> NDArray[Any]:
    """Parts within boxes, one to one, of the part's own dimension.

    The fast clip of GEOS may give something invalid, and drops lines and points that lie on the box: those are done by
    overlay, as is everything that is no polygon.
    """
    dimension = shapely.get_dimensions(parts)
    found = parts.copy()
    for row in np.flatnonzero(dimension == 2):
        found[row] = shapely.clip_by_rect(parts[row], *(float(v[row]) for v in box))
    again = (dimension < 2) | ~shapely.is_valid(found) | (shapely.get_type_id(found) == COLLECTION)
    again |= ~shapely.is_empty(found) & (shapely.get_dimensions(found) != dimension)
    if again.any():
        corners = [v[again] for v in box]
        exact = shapely.intersection(parts[again], shapely.box(*corners))
        found[again] = [_of_dimension(g, int(d)) for g, d in zip(exact, dimension[again], strict=True)]
    return found


def _of_dimension(geometry: Any, dimension: int) -> Any:
    """What is left of a half besides a point or an edge that it shares with its box: those belong to the other half."""
    pieces = shapely.get_parts(geometry)
    kept = pieces[(shapely.get_dimensions(pieces) == dimension) & ~shapely.is_empty(pieces)] if len(pieces) else pieces
    if len(kept) == 1:
        return kept[0]
    build: dict[int, Any] = {2: shapely.multipolygons, 1: shapely.multilinestrings, 0: shapely.multipoints}
    return build[dimension](list(kept))
