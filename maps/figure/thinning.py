"""
Shapes as a picture shows them: cut to its window, each border thinned once for both sides, on the grid of its dots.

Areas with many vertices are thinned as the public map thins them (`spatial.levels`): what neighbours share stays so.
Then vertices go to the nearest dot, which takes neighbours along alike. A shape that is smaller than a dot is kept as a
speck: on a map it may be small, never gone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.levels import LARGE_STEP, level_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from maps.figure.plane import Plane

__all__ = ["FEW_VERTICES", "Thinned", "thinned"]

FEW_VERTICES = 20_000
"""A layer with fewer vertices in the window is only put on the grid: nothing is gained by more."""
_BENDS, _MANY = 32, 3_000
_LEAST_M = 1.0
"""Left for the fine grid of the levels; where a dot is not larger, nothing would be gained."""
_SHARE = 0.75
"""Of a dot: how far thinning may move a border. Its dot is at most 0.71 away from there."""


@dataclass(frozen=True, kw_only=True)
class Thinned:
    """
    What of some geometries a picture shows, in its units.

    Attributes
    ----------
    shapes
        Shape (n,): areas, lines and points, a collection where there are several; empty where nothing is shown.
    specks
        Shape (k, 2): where an area or a line lies that is smaller than a dot.
    speck_rows
        Shape (k,), ascending: the row of each speck.
    """

    shapes: NDArray[Any]
    specks: NDArray[np.float64]
    speck_rows: NDArray[np.int64]


def thinned(geometries: Sequence[Any] | NDArray[Any], plane: Plane, *, dot: float) -> Thinned:
    """
    Geometries in units of a picture, with no more vertices than its dots can show.

    Use it for whole layers; `Plane.project` does one geometry.

    Parameters
    ----------
    geometries
        Any types, EPSG:4490, n of them; None is taken as empty.
    plane
        The window and its projection.
    dot
        Size of a dot in units of the picture; no border moves by more than one dot and a half.

    Raises
    ------
    NotDrawableError
        A coordinate in the window has no place in the projection.
    """
    given = np.empty(len(geometries), dtype=object)
    given[:] = [shapely.GeometryCollection() if g is None else g for g in geometries]
    given = shapely.force_2d(given)
    shown = np.full(len(given), shapely.GeometryCollection(), dtype=object)
    rows, cut = _in_window(given, plane.window)
    if not len(rows):
        return Thinned(shapes=shown, specks=np.empty((0, 2)), speck_rows=np.empty(0, dtype=np.int64))
    west, south, east, north = plane.window
    step = np.array([(east - west) / plane.width, (north - south) / plane.height]) * dot
    parts, owner = shapely.get_parts(cut, return_index=True)
    dimension = shapely.get_dimensions(parts)
    pieces = [_Pieces(shapes=parts[dimension == 0], owner=owner[dimension == 0])]
    if (dimension == 1).any():
        pieces.append(_lines(parts[dimension == 1], owner[dimension == 1], step))
    if (dimension == 2).any():
        areas = _fewer(parts[dimension == 2], _SHARE * dot * plane.unit_m)
        pieces.append(_areas(areas, owner[dimension == 2], step))
    # Straight in degrees is bent in the plane: by 4 m in 12 km at 50 N, far less than a dot where 12 km are a 32nd.
    bent = _bent(np.concatenate([one.shapes for one in pieces]), (east - west) / _BENDS)
    flat = shapely.transform(bent, plane.of_degrees)
    of = np.concatenate([one.owner for one in pieces])
    first = np.searchsorted(np.sort(of), np.arange(len(rows) + 1))
    order = np.argsort(of, kind="stable")
    for k, row in enumerate(rows):
        some = flat[order[first[k] : first[k + 1]]]
        shown[row] = some[0] if len(some) == 1 else shapely.geometrycollections(some)
    small = np.concatenate([one.specks for one in pieces])
    small_of = rows[np.concatenate([one.speck_owner for one in pieces])]
    _, once = np.unique(np.column_stack([small_of, np.rint(small / step)]), axis=0, return_index=True)
    specks = plane.of_degrees(small[once]) if len(once) else np.empty((0, 2))
    return Thinned(shapes=shown, specks=specks, speck_rows=small_of[once])


@dataclass(frozen=True, kw_only=True)
class _Pieces:
    """Shapes in degrees with the row of each, and the places of those that no dot shows."""

    shapes: NDArray[Any]
    owner: NDArray[np.int64]
    specks: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 2)))
    speck_owner: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))


def _in_window(
    given: NDArray[Any], window: tuple[float, float, float, float]
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Rows that reach into the window, and what of them lies in it."""
    west, south, east, north = window
    bounds = shapely.bounds(given)
    with np.errstate(invalid="ignore"):
        near = (bounds[:, 0] <= east) & (bounds[:, 2] >= west) & (bounds[:, 1] <= north) & (bounds[:, 3] >= south)
        out = (bounds[:, 0] < west) | (bounds[:, 2] > east) | (bounds[:, 1] < south) | (bounds[:, 3] > north)
    rows = np.flatnonzero(near)
    cut = given[rows]
    crossing = np.flatnonzero(out[rows])
    if len(crossing):
        cut[crossing] = shapely.clip_by_rect(cut[crossing], *window)
    # A collection within a collection comes apart in two steps at most: a file's own, and the cut's.
    nested = np.flatnonzero(shapely.get_type_id(cut) == shapely.GeometryType.GEOMETRYCOLLECTION)
    for k in nested:
        cut[k] = shapely.geometrycollections(list(_simple_parts(cut[k])))
    there = ~shapely.is_empty(cut)
    return rows[there], cut[there]


def _simple_parts(geometry: shapely.Geometry) -> Any:
    for part in shapely.get_parts(geometry):
        if shapely.get_type_id(part) >= shapely.GeometryType.MULTIPOINT:
            yield from _simple_parts(part)
        elif not part.is_empty:
            yield part


def _on_grid(
    xy: NDArray[np.float64], ring: NDArray[np.int64], step: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Vertices on the grid, each once in a row; with their ring, and how many each ring keeps."""
    rings = int(ring[-1]) + 1
    cell = np.rint(xy / step)
    fresh = np.ones(len(xy), dtype=bool)
    fresh[1:] = (ring[1:] != ring[:-1]) | (cell[1:] != cell[:-1]).any(axis=1)
    kept = ring[fresh]
    return cell[fresh] * step, kept, np.bincount(kept, minlength=rings)


def _lines(parts: NDArray[Any], owner: NDArray[np.int64], step: NDArray[np.float64]) -> _Pieces:
    xy, line = shapely.get_coordinates(parts, return_index=True)
    placed, of, count = _on_grid(xy, line, step)
    long = count >= 2
    starts = np.concatenate([[0], np.cumsum(count)])[:-1]
    member, number = long[of], np.cumsum(long) - 1
    made: NDArray[Any] = np.empty(0, dtype=object)
    if long.any():
        made = np.asarray(shapely.linestrings(placed[member], indices=number[of[member]]))
    return _Pieces(shapes=made, owner=owner[long], specks=placed[starts[~long]], speck_owner=owner[~long])


def _fewer(areas: NDArray[Any], tolerance_m: float) -> NDArray[Any]:
    """
    Polygons with fewer vertices where they have many; none moves by more than the tolerance.

    One that is a line or a point on the fine grid of the levels, or comes apart there, is given back as it was.
    """
    if int(shapely.get_num_coordinates(areas).sum()) <= FEW_VERTICES or tolerance_m < _LEAST_M:
        return areas
    level = level_of(areas, tolerance_m=tolerance_m - _LEAST_M, step=LARGE_STEP)
    if level.displacement_m > tolerance_m:
        return areas
    thin = level.geometries(len(areas))
    kept = shapely.get_type_id(thin) == shapely.GeometryType.POLYGON
    return np.where(kept, thin, areas)


def _areas(parts: NDArray[Any], owner: NDArray[np.int64], step: NDArray[np.float64]) -> _Pieces:
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    placed, of, count = _on_grid(xy, ring, step)
    is_shell = np.ones(len(rings), dtype=bool)
    is_shell[1:] = part[1:] != part[:-1]
    wide = count >= 3  # two corners, and the first again: a strip narrower than a dot is still as long as it is
    starts = np.concatenate([[0], np.cumsum(count)])[:-1]
    twice = np.ones(len(placed), dtype=np.int64)
    twice[starts[count == 3] + 1] = 2  # a ring has four vertices at least
    shown = wide[is_shell]
    wide &= shown[part]
    specks, speck_owner = placed[starts[is_shell][~shown]], owner[~shown]
    if not shown.any():
        return _Pieces(shapes=np.empty(0, dtype=object), owner=owner[:0], specks=specks, speck_owner=speck_owner)
    placed, of = np.repeat(placed, twice, axis=0), np.repeat(of, twice)
    member, number = wide[of], np.cumsum(wide) - 1
    made = np.asarray(shapely.linearrings(placed[member], indices=number[of[member]]))
    shells, holes = made[is_shell[wide]], made[~is_shell[wide]]
    hole_of = (np.cumsum(shown) - 1)[part[wide & ~is_shell]]
    areas = np.array(shapely.polygons(shells))
    holed = np.unique(hole_of)
    for row, start, end in zip(
        holed, np.searchsorted(hole_of, holed), np.searchsorted(hole_of, holed + 1), strict=True
    ):
        areas[row] = shapely.Polygon(shells[row], list(holes[start:end]))
    return _Pieces(shapes=areas, owner=owner[shown], specks=specks, speck_owner=speck_owner)


def _bent(shapes: NDArray[Any], longest: float) -> NDArray[Any]:
    """Shapes with vertices along their long edges; of very many vertices none is far, and GEOS would take minutes."""
    boxes = shapely.bounds(shapes)
    wide = np.fmax(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]) > longest
    some = wide & (shapely.get_num_coordinates(shapes) < _MANY)
    made = shapes.copy()
    bent = shapely.segmentize(shapes[some], longest)  # of a strip without area GEOS leaves nothing
    made[some] = np.where(shapely.is_empty(bent), shapes[some], bent)
    return made
