"""True boundary edges of a layer, each with the features on its two sides.

Which edges are boundary depends on the features that count at a date: an edge is boundary where exactly one of its
sides holds none of them. Seams between counted features and the cut lines of pieces are never boundary.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.overlay.noding import noded_lines
from spatial.overlay.seams import GRID_DEG, Seams, seams_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spatial.overlay.pieces import Pieces

__all__ = ["EDGES_IN_A_GROUP", "GRID_DEG", "Edges", "edges_of"]

EDGES_IN_A_GROUP = 64
_SAMPLES = 3
"""Edges of a line, the longest ones, that are asked what lies beside it; where they differ, all of them are."""
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
    lost: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 4)))
    """(k, 4) edges of what is too narrow to tell its sides apart; not among ``xy``, and not stored."""


def edges_of(polygons: NDArray[Any], pieces: Pieces, *, seams: Seams | None = None) -> Edges:
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
    seams
        Those of the same polygons, where they are at hand.

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
    found = seams_of(polygons) if seams is None else seams
    rows = found.rows
    sets: dict[tuple[int, ...], int] = {(): 0}
    apart, around = _unmatched(found)
    xy, left, right = _matched(found, apart, sets)
    matched, lost = len(xy), np.zeros((0, 4))
    if apart.any():
        lines = noded_lines(np.asarray(polygons, dtype=object)[rows[around]], valid=found.valid[around])
        noded = _noded(lines, pieces, rows[around], rows[apart], sets)
        xy = np.concatenate([xy, noded[0]])
        left, right = np.concatenate([left, noded[1]]), np.concatenate([right, noded[2]])
        lost = noded[3]
    if not len(xy):  # slivers narrower than the grid: there is nothing that is boundary
        return replace(_empty(), lost=lost)
    order = _by_place(xy, matched)
    xy, left, right = xy.take(order, axis=0), left[order], right[order]
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
        lost=lost,
    )


def _unmatched(seams: Seams) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """
    Polygons whose edges must be noded with those of others, and these with the neighbours that takes.

    The edges of every other polygon meet those of its neighbours vertex by vertex and lie in no polygon. Of two that
    overlap one may be sound, once the other is set aside: so whatever meets one that is not is taken as well.
    """
    apart = ~seams.sound
    if not apart.any():
        return apart, apart
    boxes: Any = shapely.box(*shapely.bounds(seams.shapes).T)
    tree = shapely.STRtree(boxes)
    apart = _met_by(tree, apart)
    return apart, _met_by(tree, apart)


def _met_by(tree: shapely.STRtree, some: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Those of a tree's boxes that meet some of them, these included."""
    found = some.copy()
    found[tree.query(tree.geometries[some], predicate="intersects")[1]] = True
    return found


def _matched(
    seams: Seams, apart: NDArray[np.bool_], sets: dict[tuple[int, ...], int]
) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int32]]:
    """Edges between polygons that match: each once, its sides from the ways in which the rings run over it."""
    number = np.zeros(len(apart) + 1, dtype=np.int32)  # the last one for a side on which there is none
    number[:-1][~apart] = [sets.setdefault((int(row),), len(sets)) for row in seams.rows[~apart]]
    # an edge of a polygon that does not match is noded with its neighbours
    taken = np.append(apart, False)
    alone = ~(taken[seams.left] | taken[seams.right])
    return seams.ends[alone], number[seams.left[alone]], number[seams.right[alone]]


def _noded(
    lines: NDArray[Any],
    pieces: Pieces,
    rows: NDArray[np.int64],
    apart: NDArray[np.int64],
    sets: dict[tuple[int, ...], int],
) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    """
    Edges of polygons that cross, overlap or meet in the middle of an edge, cut there; one side in apart.

    Last the edges that bound a polygon, yet have the same on both sides.
    """
    coordinates, line = shapely.get_coordinates(lines, return_index=True)
    joined = line[1:] == line[:-1]
    xy = np.hstack([coordinates[:-1][joined], coordinates[1:][joined]])
    left, right = _sides(xy, line[:-1][joined], pieces, rows, sets)
    wanted = frozenset(apart.tolist())
    touches = np.array([not wanted.isdisjoint(members) for members in sets], dtype=bool)
    kept = touches[left] | touches[right]
    return xy[kept], left[kept], right[kept], xy[(left == right) & ~kept]


def _sides(
    xy: NDArray[np.float64],
    line: NDArray[np.int64],
    pieces: Pieces,
    rows: NDArray[np.int64],
    sets: dict[tuple[int, ...], int],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """
    What lies to the left and to the right of noded edges.

    Where lines meet they end, so all along one of them the same polygons lie beside it: a few of its edges tell. All of
    them are asked where these differ, beside slivers narrower than twice the distance that is asked aside.
    """
    dx, dy = xy[:, 2] - xy[:, 0], xy[:, 3] - xy[:, 1]
    length = np.hypot(dx, dy)
    middle = (xy[:, :2] + xy[:, 2:]) / 2
    aside = np.column_stack([-dy, dx]) / length[:, None] * _ASIDE_DEG
    near = np.isin(pieces.rows, rows)
    known: dict[tuple[int, ...], int] = {(): 0}
    order = np.lexsort((-length, line))
    first = np.flatnonzero(np.append(True, line[order][1:] != line[order][:-1]))
    size = np.diff(np.append(first, len(line)))
    place = np.arange(len(line)) - np.repeat(first, size)
    asked = order[place < _SAMPLES]
    sides = np.empty((2, len(line)), dtype=np.int32)

    def ask(some: NDArray[np.int64]) -> None:
        for side, step in enumerate((aside[some], -aside[some])):
            sides[side, some] = _side_sets(pieces.geometries[near], pieces.rows[near], middle[some] + step, known)

    ask(asked)
    head = np.empty(len(line), dtype=np.int64)  # of each edge the longest one of its line
    head[order] = np.repeat(order[first], size)
    unlike = np.unique(line[asked[(sides[:, asked] != sides[:, head[asked]]).any(axis=0)]])
    rest = np.ones(len(line), dtype=bool)
    rest[asked] = False
    doubtful = np.isin(line, unlike)
    sides[:, rest & ~doubtful] = sides[:, head[rest & ~doubtful]]
    if doubtful.any():
        ask(np.flatnonzero(rest & doubtful))
    members = list(known)
    return _numbered(sides[0], members, sets), _numbered(sides[1], members, sets)


def _numbered(
    found: NDArray[np.int32], members: list[tuple[int, ...]], sets: dict[tuple[int, ...], int]
) -> NDArray[np.int32]:
    """Sets by their numbers among all: single features in their order, then the others as they are met."""
    met, where = np.unique(found, return_index=True)
    single = sorted(members[n] for n in met if len(members[n]) == 1)
    several = [members[n] for n in met[np.argsort(where)] if len(members[n]) > 1]
    for one in (*single, *several):
        sets.setdefault(one, len(sets))
    number = np.zeros(len(members), dtype=np.int32)
    number[met] = [sets[members[n]] for n in met]
    return np.asarray(number[found])


def boundary_edges(edges: Edges, counted: NDArray[np.bool_], rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Those of some edges that are boundary of the union of the counted features: (k, 4)."""
    holds = np.zeros(len(edges.set_offset) - 1, dtype=bool)
    for number in range(1, len(holds)):
        members = edges.set_feature[edges.set_offset[number] : edges.set_offset[number + 1]]
        holds[number] = bool(counted[members].any())
    return np.asarray(edges.xy[rows[holds[edges.left[rows]] != holds[edges.right[rows]]]])


def _side_sets(
    pieces: NDArray[Any], piece_rows: NDArray[np.int64], places: NDArray[np.float64], sets: dict[tuple[int, ...], int]
) -> NDArray[np.int32]:
    # pieces ask a tree of places, not the other way round: what asks is prepared, once for all its places
    points: Any = shapely.points(places)
    piece, place = shapely.STRtree(points).query(pieces, predicate="intersects")
    held = np.unique(place << 32 | piece_rows[piece])
    of, member = held >> 32, held & 0xFFFFFFFF
    numbers = np.zeros(len(places), dtype=np.int32)
    starts = np.searchsorted(of, np.arange(len(places) + 1))
    alone = np.diff(starts) == 1
    first = np.append(member, 0)[starts[:-1]]
    features, which = np.unique(first[alone], return_inverse=True)
    known = [sets.setdefault((int(feature),), len(sets)) for feature in features]
    numbers[alone] = np.array(known, dtype=np.int32)[which]
    listed = member.tolist()
    for row in np.flatnonzero(np.diff(starts) > 1):
        numbers[row] = sets.setdefault(tuple(listed[starts[row] : starts[row + 1]]), len(sets))
    return numbers


def _by_place(xy: NDArray[np.float64], matched: int) -> NDArray[np.int64]:
    """
    Order along a Z curve of 2^16 cells a side, so that edges that lie together are stored together.

    Within a cell the first ``matched`` ones come first, in the order of their ends, then the others as they are.
    """
    place = _spread(_steps(xy[:, 0], xy[:, 2])) | (_spread(_steps(xy[:, 1], xy[:, 3])) << np.uint64(1))
    key = (place << np.uint64(32)) | np.arange(len(xy), dtype=np.uint64)  # a number sorts faster than an order is found
    key.sort()
    order, placed = (key & np.uint64(0xFFFFFFFF)).astype(np.int64), key >> np.uint64(32)
    same = placed[1:] == placed[:-1]
    at = np.flatnonzero(np.append(same, False) | np.append(False, same))
    tied = order[at]
    keys = xy[tied].copy()
    keys[tied >= matched] = 0.0
    order[at] = tied[np.lexsort((*keys.T[::-1], tied >= matched, place[tied]))]
    return order


def _steps(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.uint64]:
    """The place of the middle of each edge along one axis, between 0 and 2^16 - 1."""
    middle = (start + end) / 2
    low, high = middle.min(), middle.max()
    return np.asarray(((middle - low) / (high - low if high > low else 1.0) * 65535).astype(np.uint64))


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
