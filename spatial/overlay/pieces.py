"""Large geometries cut once into pieces, so that a site never pays for a zone of 500,000 vertices.

Cut lines are no boundary: whatever asks for a boundary uses ``spatial.overlay.edges``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.overlay.validity import valid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Box = tuple[NDArray[np.float64], ...]

__all__ = ["MOST_VERTICES", "Pieces", "cut"]

MOST_VERTICES = 256
"""Of a piece."""
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
    quick, spoilt = _cascade(parts, rows, careful=False)
    again = np.isin(rows, spoilt)
    careful, _ = _cascade(parts[again], rows[again], careful=True)
    kept = ~np.isin(quick.rows, spoilt)
    rows = np.concatenate([quick.rows[kept], careful.rows])
    order = np.argsort(rows, kind="stable")
    return Pieces(geometries=np.concatenate([quick.geometries[kept], careful.geometries])[order], rows=rows[order])


def _cascade(parts: NDArray[Any], rows: NDArray[np.int64], *, careful: bool) -> tuple[Pieces, NDArray[np.int64]]:
    """
    Parts halved until they are small, and the rows of which that did not give what it should.

    Not careful, a half is taken as the fast clip of GEOS gives it where the areas add up, and only the pieces in the
    end are asked whether they are valid.
    """
    empty = np.array([], dtype=np.int64)
    done_parts, done_rows, spoilt = [np.array([], dtype=object)], [empty], [empty]
    while len(parts):
        small = shapely.get_num_coordinates(parts) <= MOST_VERTICES
        done_parts.append(parts[small])
        done_rows.append(rows[small])
        parts, rows = parts[~small], rows[~small]
        if len(parts):
            if not careful:
                fine = shapely.get_dimensions(parts) == 2
                spoilt.append(rows[~fine])
                parts, rows = parts[fine], rows[fine]
            parts, rows, wrong = _halved(parts, rows, careful=careful)
            spoilt.append(wrong)
    found, of = np.concatenate(done_parts), np.concatenate(done_rows)
    if not careful:
        whole = sum(len(some) for some in done_parts[:2])  # not cut at all
        spoilt.append(of[whole:][~valid(found[whole:])])
    return Pieces(geometries=found, rows=of), np.unique(np.concatenate(spoilt))


def _halved(
    parts: NDArray[Any], rows: NDArray[np.int64], *, careful: bool
) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.int64]]:
    """Halves, their rows, and rows whose halves are not what they should be."""
    west, south, east, north = shapely.bounds(parts).T
    wide = (east - west) >= (north - south)
    mid_x, mid_y = (west + east) / 2, (south + north) / 2
    first = (west, south, np.where(wide, mid_x, east), np.where(wide, north, mid_y))
    second = (np.where(wide, mid_x, west), np.where(wide, south, mid_y), east, north)
    if careful:
        low, high = _carefully(parts, first, second)
        return *_joined(low, high, rows), np.zeros(0, dtype=np.int64)
    low, high = _by_rectangle(parts, first), _by_rectangle(parts, second)
    doubtful = np.flatnonzero(_lost(parts, low, high) | _odd(low, 2) | _odd(high, 2))
    sound = valid(parts[doubtful])
    at, spoilt = doubtful[sound], doubtful[~sound]
    if len(at):
        low[at], high[at] = _carefully(parts[at], tuple(v[at] for v in first), tuple(v[at] for v in second))
    kept = np.ones(len(parts), dtype=bool)
    kept[spoilt] = False
    return *_joined(low[kept], high[kept], rows[kept]), rows[spoilt]


def _joined(low: NDArray[Any], high: NDArray[Any], rows: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    halves, of = np.concatenate([low, high]), np.concatenate([rows, rows])
    keep = ~shapely.is_empty(halves)
    return halves[keep], of[keep]


def _carefully(parts: NDArray[Any], first: Box, second: Box) -> tuple[NDArray[Any], NDArray[Any]]:
    """Valid halves of valid parts, each of its part's own dimension, whose areas add up."""
    low, high = _clipped(parts, first), _clipped(parts, second)
    lost = _lost(parts, low, high)
    if lost.any():
        for half, box in ((low, first), (high, second)):
            corners: Any = [v[lost] for v in box]
            half[lost] = shapely.intersection(parts[lost], shapely.box(*corners))
    return low, high


def _lost(parts: NDArray[Any], low: NDArray[Any], high: NDArray[Any]) -> NDArray[np.bool_]:
    """
    Which halves do not add up, by more than rounding explains.

    A cut puts a vertex on an edge, half a unit in the last place beside it at most: that turns the edge by so much
    along its length. A comb of thousands of thin teeth has little area and much edge.
    """
    whole = shapely.area(parts)
    last_place = np.spacing(np.nanmax(np.abs(shapely.bounds(parts)), axis=1, initial=0.0))
    rounding = 1e-12 * whole + last_place * shapely.length(parts)
    return np.asarray(np.abs(shapely.area(low) + shapely.area(high) - whole) > rounding)


def _clipped(parts: NDArray[Any], box: Box) -> NDArray[Any]:
    """Parts within boxes, one to one, of the part's own dimension.

    The fast clip of GEOS may give something invalid, and drops lines and points that lie on the box: those are done by
    overlay, as is everything that is no polygon.
    """
    dimension = shapely.get_dimensions(parts)
    found = parts.copy()
    areal = dimension == 2
    found[areal] = _by_rectangle(parts[areal], tuple(v[areal] for v in box))
    again = ~areal | ~shapely.is_valid(found) | _odd(found, dimension)
    if again.any():
        corners = [v[again] for v in box]
        exact = shapely.intersection(parts[again], shapely.box(*corners))
        found[again] = [_of_dimension(g, int(d)) for g, d in zip(exact, dimension[again], strict=True)]
    return found


def _by_rectangle(parts: NDArray[Any], box: Box) -> NDArray[Any]:
    """The fast clip of GEOS, one to one; an empty collection where it fails."""
    found = np.empty(len(parts), dtype=object)
    for row, corner in enumerate(zip(*(v.tolist() for v in box), strict=True)):
        try:
            found[row] = shapely.clip_by_rect(parts[row], *corner)
        except shapely.GEOSException:  # of what a clip before left invalid
            found[row] = shapely.GeometryCollection()
    return found


def _odd(found: NDArray[Any], dimension: NDArray[np.int32] | int) -> NDArray[np.bool_]:
    """Collections, and what is of another dimension than it should be."""
    other = ~shapely.is_empty(found) & (shapely.get_dimensions(found) != dimension)
    return np.asarray(other | (shapely.get_type_id(found) == COLLECTION))


def _of_dimension(geometry: Any, dimension: int) -> Any:
    """What is left of a half besides a point or an edge that it shares with its box: those belong to the other half."""
    pieces = shapely.get_parts(geometry)
    kept = pieces[(shapely.get_dimensions(pieces) == dimension) & ~shapely.is_empty(pieces)] if len(pieces) else pieces
    if len(kept) == 1:
        return kept[0]
    build: dict[int, Any] = {2: shapely.multipolygons, 1: shapely.multilinestrings, 0: shapely.multipoints}
    return build[dimension](list(kept))
