"""
Edges that are straight in one plane, carried into another where they are not.

A survey draws its edges straight in the Gauss-Krüger plane; the toolkit compares in longitude and
latitude, with edges straight there. Between the two an edge is given enough vertices that its chords stay
within ``CHORD_M`` of it.

The bend of an edge grows with the square of its length: about ``tan B / R * L^2 / 8``, that is 0.01 mm
for a 20 m edge and 0.4 m for a 4 km one at 50°N. It is measured on the edge itself at its quarter points,
so the rule needs no knowledge of the projection. Up to ``FINE_PIECES`` pieces an edge keeps to
``CHORD_M`` (a step of about 17 m at 50°N, at which two neighbours that split a common edge differently
overlap by less than 0.01 m² a kilometre); longer edges (some 17 km on) may bend up to ``COARSE_CHORD_M``,
which bounds the number of vertices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.errors import TooManyVerticesError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]
    Projection = Callable[[Floats, Floats], tuple[Floats, Floats]]
    Objects = NDArray[np.object_]
    Scale = Callable[[Floats], tuple[Floats, Floats]]

__all__ = [
    "CHORD_M",
    "COARSE_CHORD_M",
    "FINE_PIECES",
    "MAX_ADDED_VERTICES",
    "as_array",
    "bent",
    "carry",
    "split",
]

CHORD_M = 1e-5
"""
Distance between an edge and its chords that is aimed at, metres, for edges of up to ``FINE_PIECES`` pieces.

Measured at most: 0.008 mm on edges up to 16 km, 0.022 mm on 100 km whose bend changes sides.
"""

COARSE_CHORD_M = 5e-4
"""The same for longer edges; half of the 1 mm that counts as touching."""

FINE_PIECES = 1000
MAX_ADDED_VERTICES = 20_000_000
"""Vertices that one call may add; beyond, the input is refused (an edge of 500 km takes about 4 100)."""

_POLYGON, _MULTIPOINT = 3, 4
_PARTS = np.array([0.25, 0.5, 0.75])[:, None, None]
_SHORT_M = 10.0  # bends by less than 5 micrometres anywhere between 0 and 60°N: not measured


def as_array(geometries: Iterable[shapely.Geometry | None] | shapely.Geometry | None) -> Objects:
    """One geometry or many as a new array of shape (n,)."""
    if geometries is None or isinstance(geometries, shapely.Geometry):
        geometries = [geometries]
    listed = list(geometries)
    result = np.empty(len(listed), dtype=object)
    result[:] = listed
    return result


def split(xy: Floats, pieces: Indices) -> tuple[Floats, Indices, Indices]:
    """
    Cut every edge of some vertex chains into equal pieces.

    Parameters
    ----------
    xy
        Vertices, shape (n, 2), in any plane.
    pieces
        Number of pieces of the edge from each vertex to the next, length n, at least 1; of the last
        vertex of a chain it must be 1.

    Returns
    -------
    points, source, step
        The vertices of the finer chains, shape (m, 2); for each the index of the vertex it follows, and its
        place behind that vertex (0 for the vertex itself). An edge gives the same points to the last bit
        whichever way it runs, so that neighbours still share them.
    """
    source = np.repeat(np.arange(len(xy), dtype=np.int64), pieces)
    first = np.cumsum(pieces) - pieces
    step = np.arange(len(source), dtype=np.int64) - first[source]
    points = xy[source].copy()
    inner = np.flatnonzero(step)
    at = source[inner]
    low, high, back = _ordered(xy[at], xy[at + 1])
    part = np.where(back, pieces[at] - step[inner], step[inner]) / pieces[at]
    points[inner] = low + (high - low) * part[:, None]
    return points, source, step


def bent(xy: Floats, group: Indices, project: Projection, *, source_m: float, scale: Scale) -> tuple[Floats, Indices]:
    """
    The image of vertex chains whose edges are straight before the projection, with vertices added.

    Parameters
    ----------
    xy
        Vertices in the source plane, shape (n, 2), finite.
    group
        Number of the chain each vertex belongs to, length n, ascending.
    project
        Takes x and y of the source plane to x and y of the target.
    source_m
        Metres per unit of the source plane, to leave very short edges alone.
    scale
        Takes y of the target to metres per unit of its x and y there.

    Returns
    -------
    points, groups
        Vertices in the target plane, shape (m, 2), m >= n, and their chains. Not checked for being finite.

    Raises
    ------
    TooManyVerticesError
        If more than ``MAX_ADDED_VERTICES`` would have to be added.
    """
    target = np.column_stack(project(xy[:, 0], xy[:, 1])) if len(xy) else xy
    pieces = _pieces(xy, group, target, project=project, source_m=source_m, scale=scale)
    added = int(pieces.sum()) - len(xy)
    if added > MAX_ADDED_VERTICES:
        raise TooManyVerticesError(vertices=added, limit=MAX_ADDED_VERTICES)
    if added == 0:
        return target, group
    points, source, step = split(xy, pieces)
    result = target[source]
    inner = step > 0
    result[inner] = np.column_stack(project(points[inner, 0], points[inner, 1]))
    return result, group[source]


def _ordered(start: Floats, end: Floats) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Both ends of each edge in an order free of its direction, and whether they were swapped."""
    back = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    return np.where(back[:, None], end, start), np.where(back[:, None], start, end), back


def _pieces(
    xy: Floats, group: Indices, target: Floats, *, project: Projection, source_m: float, scale: Scale
) -> Indices:
    pieces = np.ones(len(xy), dtype=np.int64)
    if len(xy) < 2:
        return pieces
    long = np.hypot(*np.diff(xy, axis=0).T) * source_m > _SHORT_M
    edges = np.flatnonzero(long & (group[:-1] == group[1:]))
    if not len(edges):
        return pieces
    start, end, back = _ordered(xy[edges], xy[edges + 1])
    image = target[np.where(back, edges + 1, edges)]
    chord = target[np.where(back, edges, edges + 1)] - image
    per_x, per_y = scale(image[:, 1] + chord[:, 1] / 2)
    chord_x, chord_y = chord[:, 0] * per_x, chord[:, 1] * per_y
    length = np.hypot(chord_x, chord_y)
    middle = (start + (end - start) * _PARTS).reshape(-1, 2)
    x, y = (value.reshape(len(_PARTS), -1) for value in project(middle[:, 0], middle[:, 1]))
    across = np.abs((x - image[:, 0]) * per_x * chord_y - (y - image[:, 1]) * per_y * chord_x)
    bend = (across / np.where(length > 0, length, 1)).max(axis=0)
    bend = np.where(np.isfinite(bend), bend, 0)
    # A curvature that changes along the edge bends one piece more than the mean: a fifth more pieces.
    fine = np.ceil(1.2 * np.sqrt(bend / CHORD_M))
    coarse = np.maximum(FINE_PIECES, np.ceil(1.2 * np.sqrt(bend / COARSE_CHORD_M)))
    wanted = np.where(bend <= CHORD_M, 1, np.where(fine <= FINE_PIECES, fine, coarse))
    pieces[edges] = np.maximum(1, wanted).astype(np.int64)
    return pieces


def carry(geometries: Objects, project: Projection, *, source_m: float, scale: Scale) -> Objects:
    """
    Geometries in another plane, two-dimensional, their edges bent as ``bent`` does.

    Parameters
    ----------
    geometries
        Any shapely geometries, shape (n,); None stays None, empty stays empty, types and nesting are kept.
    project, source_m, scale
        As for ``bent``.

    Returns
    -------
    geometries
        Shape (n,). Not checked for being finite.

    Raises
    ------
    TooManyVerticesError
        If an edge is too long to be kept in place.
    """
    flat: Objects = shapely.force_2d(geometries)
    result = flat.copy()
    kind = shapely.get_type_id(flat)
    kind[(kind >= 0) & shapely.is_empty(flat)] = -1

    def chains(parts: Objects) -> tuple[Floats, Indices]:
        xy, group = shapely.get_coordinates(parts, return_index=True)
        return bent(xy, group, project, source_m=source_m, scale=scale)

    def moved(xy: Floats) -> Floats:
        return np.column_stack(project(xy[:, 0], xy[:, 1])) if len(xy) else xy

    for number, build in ((1, shapely.linestrings), (2, shapely.linearrings)):
        if len(at := np.flatnonzero(kind == number)):
            xy, group = chains(flat[at])
            result[at] = build(xy, indices=group)
    if len(at := np.flatnonzero(kind == _POLYGON)):
        rings, owner = shapely.get_rings(flat[at], return_index=True)
        xy, group = chains(rings)
        made: Any = shapely.linearrings(xy, indices=group)
        result[at] = shapely.polygons(made, indices=owner)
    if len(at := np.flatnonzero((kind == 0) | (kind == _MULTIPOINT))):
        result[at] = shapely.transform(flat[at], moved)
    several: tuple[tuple[int, Any], ...] = (
        (5, shapely.multilinestrings),
        (6, shapely.multipolygons),
        (7, shapely.geometrycollections),
    )
    for number, gather in several:
        if len(at := np.flatnonzero(kind == number)):
            parts, owner = shapely.get_parts(flat[at], return_index=True)
            inner = carry(parts, project, source_m=source_m, scale=scale)
            result[at] = gather(inner, indices=owner)
    return result
