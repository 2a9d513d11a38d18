"""True boundary edges of a layer, each with the features on its two sides.

Which edges are boundary depends on the features that count at a date: an edge is boundary where exactly one of its
sides holds none of them. Seams between counted features and the cut lines of pieces are never boundary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spatial.overlay.pieces import Pieces

__all__ = ["EDGES_IN_A_GROUP", "GRID_DEG", "Edges", "edges_of"]

GRID_DEG = 1e-8
"""Neighbours are joined on this grid (1 mm), so that no sliver of rounding is left between them."""
EDGES_IN_A_GROUP = 64
_ASIDE_DEG = GRID_DEG
"""
How far beside an edge its sides are asked for: 1 mm. The grid moves an edge by up to 0.71 of its step, so anything less
may still lie on the other side of the polygon as given; what is narrower than 2 mm may be missed.
"""


@dataclass(frozen=True, kw_only=True)
class Edges:
    """
    Boundary edges in groups that lie together.

    ``xy`` is (m, 4): lon, lat of both ends. ``left`` and ``right`` are rows of the side sets
    ``set_offset``/``set_feature`` (set 0 is empty). ``group_offset`` delimits groups of at most 64 edges,
    ``group_bounds`` their boxes.
    """

    xy: NDArray[np.float64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    set_offset: NDArray[np.int64]
    set_feature: NDArray[np.int32]
    group_offset: NDArray[np.int64]
    group_bounds: NDArray[np.float64]


def edges_of(polygons: NDArray[Any], pieces: Pieces) -> Edges:
    """
    The noded boundary edges of polygons that may share edges and overlap.

    Polygons that match their neighbours vertex by vertex, as those of a tiling do, give their edges as they are; only
    the others, and what meets them, are noded, which takes some fifty times as long.

    Parameters
    ----------
    polygons
        Polygons and multipolygons of the layer, EPSG:4490, length n; other geometries and None are passed over.
    pieces
        The same polygons cut (``rows`` refer to ``polygons``): they answer what lies beside an edge.

    Returns
    -------
    edges
        On the 1e-8 degree grid: within 1 mm of the polygons as given.

    Examples
    --------
    >>> from spatial.overlay.pieces import cut
    >>> two = np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])
    >>> found = edges_of(two, cut(two))
    >>> len(found.xy)  # seven: the shared edge is stored once
    7
    """
    areal = np.array([g is not None and shapely.get_dimensions(g) == 2 for g in polygons], dtype=bool)
    if not areal.any():
        return _empty()
    shapes = shapely.transform(np.asarray(polygons, dtype=object)[areal], _on_grid)
    rows = np.flatnonzero(areal)
    sets: dict[tuple[int, ...], int] = {(): 0}
    apart, around = _unmatched(shapes)
    xy, left, right = _matched(shapes, rows, apart, sets)
    if apart.any():
        noded = _noded(np.asarray(polygons, dtype=object)[rows[around]], pieces, rows[around], rows[apart], sets)
        xy = np.concatenate([xy, noded[0]])
        left, right = np.concatenate([left, noded[1]]), np.concatenate([right, noded[2]])
    if not len(xy):  # slivers narrower than the grid: there is nothing that is boundary
        return _empty()
    order = _by_place(xy)
    xy, left, right = xy[order], left[order], right[order]
    group_offset = np.append(np.arange(0, len(xy), EDGES_IN_A_GROUP), len(xy)).astype(np.int64)
    low = np.minimum(xy[:, :2], xy[:, 2:])
    high = np.maximum(xy[:, :2], xy[:, 2:])
    starts = group_offset[:-1]
    bounds = np.hstack([np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)])
    members = list(sets)
    return Edges(
        xy=xy,
        left=left,
        right=right,
        set_offset=np.concatenate([[0], np.cumsum([len(m) for m in members])]).astype(np.int64),
        set_feature=np.array([f for m in members for f in m], dtype=np.int32),
        group_offset=group_offset,
        group_bounds=bounds,
    )


def _on_grid(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.rint(xy / GRID_DEG) / (1 / GRID_DEG))


def _unmatched(shapes: NDArray[Any]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """
    Polygons whose edges must be noded with those of others, and these with the neighbours that takes.

    The edges of every other polygon meet those of its neighbours vertex by vertex and lie in no polygon: what GEOS
    calls a valid coverage. It names the polygon that lies in another, not always the other: so whatever meets one that
    it names is taken as well.
    """
    valid = shapely.is_valid(shapes)
    named = ~valid
    sound = np.flatnonzero(valid)
    if len(sound):
        named[sound] = ~shapely.is_empty(shapely.coverage_invalid_edges(shapes[sound]))
    apart, around = named, named
    if named.any():
        boxes: Any = shapely.box(*shapely.bounds(shapes).T)
        tree = shapely.STRtree(boxes)
        apart = _met_by(tree, named)
        around = _met_by(tree, apart)
    return apart, around


def _met_by(tree: shapely.STRtree, some: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Those of a tree's boxes that meet some of them, these included."""
    found = some.copy()
    found[tree.query(tree.geometries[some], predicate="intersects")[1]] = True
    return found


def _matched(
    shapes: NDArray[Any], rows: NDArray[np.int64], apart: NDArray[np.bool_], sets: dict[tuple[int, ...], int]
) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int32]]:
    """Edges between polygons that match: each once, its sides from the ways in which the rings run over it."""
    if apart.all():
        return np.zeros((0, 4)), np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32)
    polygons, owner = shapely.get_parts(shapely.orient_polygons(shapes, exterior_cw=False), return_index=True)
    rings, polygon = shapely.get_rings(polygons, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    moves = (ring[1:] == ring[:-1]) & (xy[1:] != xy[:-1]).any(axis=1)
    steps = np.rint(xy / GRID_DEG).astype(np.int64)
    ends = np.hstack([steps[:-1][moves], steps[1:][moves]])
    feature = owner[polygon[ring[:-1][moves]]]
    backwards = (ends[:, 0] > ends[:, 2]) | ((ends[:, 0] == ends[:, 2]) & (ends[:, 1] > ends[:, 3]))
    ends[backwards] = ends[backwards][:, [2, 3, 0, 1]]
    order = np.lexsort(ends.T[::-1])
    ends, feature, backwards = ends[order], feature[order], backwards[order]
    first = np.append(True, (ends[1:] != ends[:-1]).any(axis=1))
    edge = np.cumsum(first) - 1
    known = {int(row): sets.setdefault((int(row),), len(sets)) for row in rows[~apart]}
    number = np.array([known.get(int(row), 0) for row in rows], dtype=np.int32)
    # rings of areas run anticlockwise, those of holes clockwise: the area lies to the left
    left, right = np.zeros(int(first.sum()), dtype=np.int32), np.zeros(int(first.sum()), dtype=np.int32)
    left[edge[~backwards]] = number[feature[~backwards]]
    right[edge[backwards]] = number[feature[backwards]]
    alone = np.ones(len(left), dtype=bool)
    alone[edge[apart[feature]]] = False  # an edge of a polygon that does not match is noded with its neighbours
    return ends[first][alone] / (1 / GRID_DEG), left[alone], right[alone]


def _noded(
    polygons: NDArray[Any],
    pieces: Pieces,
    rows: NDArray[np.int64],
    apart: NDArray[np.int64],
    sets: dict[tuple[int, ...], int],
) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int32]]:
    """Edges of polygons that cross, overlap or meet in the middle of an edge, cut there; one side in apart."""
    lines = shapely.get_parts(shapely.line_merge(shapely.union_all(shapely.boundary(polygons), grid_size=GRID_DEG)))
    coordinates, line = shapely.get_coordinates(lines, return_index=True)
    joined = line[1:] == line[:-1]
    xy = np.hstack([coordinates[:-1][joined], coordinates[1:][joined]])
    dx, dy = xy[:, 2] - xy[:, 0], xy[:, 3] - xy[:, 1]
    length = np.hypot(dx, dy)
    middle = (xy[:, :2] + xy[:, 2:]) / 2
    aside = np.column_stack([-dy, dx]) / length[:, None] * _ASIDE_DEG
    near = np.isin(pieces.rows, rows)
    tree = shapely.STRtree(pieces.geometries[near])
    left = _side_sets(tree, pieces.rows[near], middle + aside, sets)
    right = _side_sets(tree, pieces.rows[near], middle - aside, sets)
    wanted = frozenset(apart.tolist())
    touches = np.array([not wanted.isdisjoint(members) for members in sets], dtype=bool)
    kept = touches[left] | touches[right]
    return xy[kept], left[kept], right[kept]


def boundary_edges(edges: Edges, counted: NDArray[np.bool_], rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Those of some edges that are boundary of the union of the counted features: (k, 4)."""
    holds = np.zeros(len(edges.set_offset) - 1, dtype=bool)
    for number in range(1, len(holds)):
        members = edges.set_feature[edges.set_offset[number] : edges.set_offset[number + 1]]
        holds[number] = bool(counted[members].any())
    return np.asarray(edges.xy[rows[holds[edges.left[rows]] != holds[edges.right[rows]]]])


def _side_sets(
    tree: shapely.STRtree, piece_rows: NDArray[np.int64], places: NDArray[np.float64], sets: dict[tuple[int, ...], int]
) -> NDArray[np.int32]:
    place, piece = tree.query(shapely.points(places), predicate="intersects")
    pairs = np.unique(np.column_stack([place, piece_rows[piece]]), axis=0)
    numbers = np.zeros(len(places), dtype=np.int32)
    starts = np.searchsorted(pairs[:, 0], np.arange(len(places) + 1))
    alone = np.diff(starts) == 1
    first = (
        pairs[np.minimum(starts[:-1], max(len(pairs) - 1, 0)), 1]
        if len(pairs)
        else np.zeros(len(places), dtype=np.int64)
    )
    features, which = np.unique(first[alone], return_inverse=True)
    known = [sets.setdefault((int(feature),), len(sets)) for feature in features]
    numbers[alone] = np.array(known, dtype=np.int32)[which]
    for row in np.flatnonzero(np.diff(starts) > 1):
        members = tuple(int(v) for v in pairs[starts[row] : starts[row + 1], 1])
        numbers[row] = sets.setdefault(members, len(sets))
    return numbers


def _by_place(xy: NDArray[np.float64]) -> NDArray[np.int64]:
    """Order along a Z curve of 2^16 cells a side, so that edges that lie together are stored together."""
    middle = (xy[:, :2] + xy[:, 2:]) / 2
    low, high = middle.min(axis=0), middle.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    cell = ((middle - low) / span * 65535).astype(np.uint64)
    return np.argsort(_spread(cell[:, 0]) | (_spread(cell[:, 1]) << np.uint64(1)), kind="stable")


def _spread(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The 16 bits of a number with a zero between each two."""
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        value = (value | (value << np.uint64(shift))) & np.uint64(mask)
    return value


def _empty() -> Edges:
    return Edges(
        xy=np.zeros((0, 4)),
        left=np.zeros(0, dtype=np.int32),
        right=np.zeros(0, dtype=np.int32),
        set_offset=np.zeros(2, dtype=np.int64),
        set_feature=np.zeros(0, dtype=np.int32),
        group_offset=np.zeros(1, dtype=np.int64),
        group_bounds=np.zeros((0, 4)),
    )
