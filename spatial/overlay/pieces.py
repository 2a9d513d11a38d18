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
        Single-part polygons and lines, points as they are; a polygon's pieces cover it and share only cut lines.

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
    first = shapely.box(west, south, np.where(wide, mid_x, east), np.where(wide, north, mid_y))
    second = shapely.box(np.where(wide, mid_x, west), np.where(wide, south, mid_y), east, north)
    dimension = np.concatenate([shapely.get_dimensions(parts)] * 2)
    halves = np.concatenate([shapely.intersection(parts, first), shapely.intersection(parts, second)])
    source = np.arange(2 * len(parts)) % len(parts)
    pieces, index = shapely.get_parts(halves, return_index=True)
    # a half can meet its box in a point or an edge beside the part it keeps: those belong to the other half
    keep = (shapely.get_dimensions(pieces) == dimension[index]) & ~shapely.is_empty(pieces)
    pieces, index = pieces[keep], index[keep]
    return pieces, rows[source[index]]
