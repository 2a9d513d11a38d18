"""Which polygons of a layer match their neighbours edge by edge, as those of a tiling do: proved without an overlay.

Where every polygon is valid and no edge is run over twice in one direction, edges run over in both directions cancel:
how many polygons lie over a place is the winding number of the edges that are left, those run over once. Polygons
overlap nowhere exactly if these few meet only at their ends and none lies in another polygon. An edge that cancels then
meets no other one either: both its sides are taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.overlay.validity import valid

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

__all__ = ["GRID_DEG", "Seams", "seams_of", "united"]

GRID_DEG = 1e-8
"""Neighbours are joined on this grid (1 mm), so that no sliver of rounding is left between them."""
_RUN = 16
"""Edges that are looked up together; any number gives the same answer."""
_MOST_ROUNDS = 8
"""Rounds in which polygons that do not match are set aside, before GEOS is asked about all that are left."""
_MOST_LOOKUPS = 8
"""Rounds in which edges are looked up by their marks, before all that are left are sorted."""
_SLOTS_AT_MOST_BITS = 24
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0xD6E8FEB86659FD93))


@dataclass(frozen=True, kw_only=True)
class Seams:
    """
    The edges of some polygons on the grid, each once, with the polygons to its left and right.

    Attributes
    ----------
    shapes
        The polygons on the grid, length n.
    rows
        Their rows in what was given.
    ends
        (m, 4): lon, lat of both ends, the western (southern) one first.
    left, right
        Rows of ``shapes``, -1 where the edge is not run over in that direction; one of them where there are several.
    sound
        Mask of n: polygons that are valid and overlap no other sound one, and whose edges meet those of sound ones at
        their ends only.
    valid
        Mask of n: polygons that are valid on the grid.
    """

    shapes: NDArray[Any]
    rows: NDArray[np.int64]
    ends: NDArray[np.float64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    sound: NDArray[np.bool_]
    valid: NDArray[np.bool_]

    def __len__(self) -> int:
        """Number of polygons."""
        return len(self.shapes)


@dataclass(frozen=True, kw_only=True)
class _Walk:
    """Edges in the order in which rings run over them: ``edge`` of ``ends``, polygon, ring, and whether it ends one."""

    edge: NDArray[np.int64]
    polygon: NDArray[np.int32]
    last: NDArray[np.bool_]


def seams_of(polygons: NDArray[Any]) -> Seams:
    """
    The edges of polygons matched with each other, and which polygons are sound.

    Parameters
    ----------
    polygons
        Any geometries, EPSG:4490, length n; those that are no polygons and None are passed over.

    Returns
    -------
    seams
        On the 1e-8 degree grid.

    Examples
    --------
    >>> found = seams_of(np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(5, 0, 6, 2)]))
    >>> len(found.ends), found.sound.tolist()
    (11, [True, True, True])
    >>> seams_of(np.array([shapely.box(0, 0, 3, 3), shapely.box(1, 1, 2, 2)])).sound.tolist()
    [True, False]
    """
    given = np.asarray(polygons, dtype=object)
    rows = np.flatnonzero(shapely.get_dimensions(given) == 2)  # -1 where there is none
    shapes = np.asarray(shapely.transform(given[rows], _on_grid), dtype=object)
    ends, left, right, walk, twice = _edges(shapes)
    whole = valid(shapes)
    sound = whole.copy()
    sound[walk.polygon[twice[walk.edge]]] = False
    for _ in range(_MOST_ROUNDS):
        counted = np.append(sound, False)  # the last one for a side on which there is none
        single = counted[left] != counted[right]
        alone = np.flatnonzero(single[walk.edge] & sound[walk.polygon])
        aside, near = _meeting(alone, ends, walk)
        if not len(aside):
            aside = _within(alone, near, ends, walk, shapes=shapes, sound=sound)
        if not len(aside):
            break
        sound[aside] = False
    else:
        kept = np.flatnonzero(sound)
        sound[kept] = shapely.is_empty(shapely.coverage_invalid_edges(shapes[kept]))
        # of two it may name one only: what is left must stand by itself, so all that meet are set aside
        sound &= ~_met_by(shapes, ~sound)
    return Seams(shapes=shapes, rows=rows, ends=ends, left=left, right=right, sound=sound, valid=whole)


def united(polygons: NDArray[Any], seams: Seams) -> BaseGeometry:
    """
    The union of polygons on the grid; seams cancel, so that only what does not match is overlaid.

    Parameters
    ----------
    polygons
        As given to `seams_of`; what is no polygon is passed over.
    seams
        Theirs.

    Returns
    -------
    union
        Polygon or multipolygon; empty where there is none.

    Examples
    --------
    >>> two = np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])
    >>> united(two, seams_of(two)).area
    2.0
    """
    sound = np.append(seams.sound, False)  # the last one for a side on which there is none
    parts = list(np.asarray(polygons, dtype=object)[seams.rows[~seams.sound]])
    rim = seams.ends[sound[seams.left] != sound[seams.right]]
    if len(rim):
        parts += list(_faces_within(rim, seams.shapes[seams.sound]))
    return shapely.union_all(np.array(parts, dtype=object), grid_size=GRID_DEG)


def _faces_within(rim: NDArray[np.float64], shapes: NDArray[Any]) -> NDArray[Any]:
    """
    The faces between edges that meet at their ends only, of which shapes hold one side: those that lie in a shape.

    Each face is asked. `shapely.build_area` guesses from how rings nest, and fills a hole that edges divide.
    """
    lines: Any = shapely.linestrings(rim.reshape(-1, 2, 2))
    merged = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(lines)))
    faces = shapely.get_parts(shapely.polygonize(merged))
    held = shapely.STRtree(shapes).query(shapely.point_on_surface(faces), predicate="intersects")[0]
    return np.asarray(faces[np.unique(held)], dtype=object)


def _on_grid(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.rint(xy / GRID_DEG) / (1 / GRID_DEG) + 0.0)  # no -0.0: bits are compared


def _edges(
    shapes: NDArray[Any],
) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int32], _Walk, NDArray[np.bool_]]:
    """Every edge once, its sides, the walk over them, and which are run over twice in one direction."""
    polygons, owner = shapely.get_parts(shapes, return_index=True)
    rings, polygon = shapely.get_rings(polygons, return_index=True)
    shell = np.ones(len(rings), dtype=bool)
    shell[1:] = polygon[1:] != polygon[:-1]
    turned = shapely.is_ccw(rings) != shell
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    x, y = np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1])
    moves = ((x[1:] != x[:-1]) | (y[1:] != y[:-1])) & (ring[1:] == ring[:-1])
    start = np.flatnonzero(moves)
    of = ring[start]
    if not len(start):
        none = np.zeros(0, dtype=np.int32)
        walk = _Walk(edge=np.zeros(0, dtype=np.int64), polygon=none, last=np.zeros(0, dtype=bool))
        return np.zeros((0, 4)), none, none, walk, np.zeros(0, dtype=bool)
    backwards = ((x[1:] < x[:-1]) | ((x[1:] == x[:-1]) & (y[1:] < y[:-1])))[moves]
    low, high = start + backwards, start + ~backwards
    mark = _marks(x, y)
    head = _first_of_equals(np.ascontiguousarray(xy).view(np.complex128).ravel(), low, high, mark[low], mark[high])
    heads = head == np.arange(len(head))
    edge = (np.cumsum(heads) - 1)[head]
    first = np.flatnonzero(heads)
    ends = np.hstack([xy[low[first]], xy[high[first]]])
    feature = owner[polygon[of]].astype(np.int32)
    against = backwards != turned[of]  # the area lies to the left of a ring that runs as it should
    left, right = np.full(len(first), -1, dtype=np.int32), np.full(len(first), -1, dtype=np.int32)
    left[edge[~against]], right[edge[against]] = feature[~against], feature[against]
    twice = np.zeros(len(first), dtype=bool)
    if np.count_nonzero(left >= 0) + np.count_nonzero(right >= 0) < len(start):
        along = np.bincount(edge[~against], minlength=len(first))
        back = np.bincount(edge[against], minlength=len(first))
        twice = (along > 1) | (back > 1)
    last = np.append(of[1:] != of[:-1], True)
    return ends, left, right, _Walk(edge=edge, polygon=feature, last=last), twice


def _first_of_equals(
    place: NDArray[np.complex128],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    low_mark: NDArray[np.uint64],
    high_mark: NDArray[np.uint64],
) -> NDArray[np.int64]:
    """
    Of each edge the row of the first one that runs between the same two places.

    Edges are looked up in a table by their marks, where the first of a slot is kept; those that find another edge
    there are asked again, by other bits.
    """
    rest = np.arange(len(low))
    found = rest.copy()
    key = low_mark * _MIX[2] + high_mark
    one, two = place[low], place[high]
    for _ in range(_MOST_LOOKUPS):
        bits = min(4 + len(rest).bit_length(), _SLOTS_AT_MOST_BITS)
        slot = (key >> np.uint64(64 - bits)).astype(np.int64)
        table = np.empty(1 << bits, dtype=np.int32)
        table[slot[::-1]] = np.arange(len(rest) - 1, -1, -1, dtype=np.int32)  # of several in a slot the first remains
        at = table[slot]
        same = (one == one[at]) & (two == two[at])
        found[rest[same]] = rest[at[same]]
        left = np.flatnonzero(~same)
        if not len(left):
            return found
        rest, key, one, two = rest[left], key[left] * _MIX[0], one[left], two[left]
    ends = np.column_stack([one, two]).view(np.float64)
    _, first, which = np.unique(ends, axis=0, return_index=True, return_inverse=True)
    found[rest] = rest[first[which.ravel()]]
    return found


def _marks(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.uint64]:
    """A number of 64 bits for each place: equal places have equal ones, others hardly ever."""
    mark = np.ascontiguousarray(x).view(np.uint64) * _MIX[0]
    mark ^= mark >> np.uint64(29)
    mark += np.ascontiguousarray(y).view(np.uint64)
    mark *= _MIX[1]
    mark ^= mark >> np.uint64(32)
    return np.asarray(mark * _MIX[0])


def _meeting(
    alone: NDArray[np.int64], ends: NDArray[np.float64], walk: _Walk
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """
    Polygons whose edges alone meet those of another polygon elsewhere than at the ends of both.

    With it which edges alone may meet those of another polygon at all.
    """
    none, near = np.zeros(0, dtype=np.int64), np.zeros(len(alone), dtype=bool)
    if not len(alone):
        return none, near
    run = _runs(alone, walk, most=_RUN)
    begin = np.flatnonzero(np.append(True, run[1:] != run[:-1]))
    of = walk.polygon[alone[begin]]
    edge = ends[walk.edge[alone]]
    west, east = np.minimum.reduceat(edge[:, 0], begin), np.maximum.reduceat(edge[:, 2], begin)
    south = np.minimum.reduceat(np.minimum(edge[:, 1], edge[:, 3]), begin)
    north = np.maximum.reduceat(np.maximum(edge[:, 1], edge[:, 3]), begin)
    boxes: Any = shapely.box(west, south, east, north)
    one, two = shapely.STRtree(boxes).query(boxes)
    apart = (one < two) & (of[one] != of[two])
    one, two = one[apart], two[apart]
    if not len(one):
        return none, near
    wanted = np.unique(np.concatenate([one, two]))
    met = np.zeros(len(begin), dtype=bool)
    met[wanted] = True
    near = met[run]
    number = np.searchsorted(wanted, run[near])
    lines = _lines(edge[near], number)
    one, two = np.searchsorted(wanted, one), np.searchsorted(wanted, two)
    meet = shapely.intersects(lines[one], lines[two])
    one, two = one[meet], two[meet]
    common = shapely.intersection(lines[one], lines[two])
    places = np.concatenate([edge[near][:, :2], edge[near][:, 2:]])
    index = np.concatenate([number, number])
    by = np.argsort(index, kind="stable")
    corners: Any = shapely.multipoints(places[by], indices=index[by])
    noded = shapely.covers(corners[one], common) & shapely.covers(corners[two], common)
    return np.unique(np.concatenate([of[wanted[one[~noded]]], of[wanted[two[~noded]]]])).astype(np.int64), near


def _within(
    alone: NDArray[np.int64],
    near: NDArray[np.bool_],
    ends: NDArray[np.float64],
    walk: _Walk,
    *,
    shapes: NDArray[Any],
    sound: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """
    Polygons that have an edge alone within another sound one; edges alone meet at their ends only.

    Of a chain of edges one is asked: it can come into another polygon only at a place where that has an edge too, so
    only among those ``near``.
    """
    if not len(alone):
        return np.zeros(0, dtype=np.int64)
    joined = np.ones(len(alone), dtype=bool)
    close = np.flatnonzero(near)
    edge = ends[walk.edge[alone[close]]]
    mark = np.concatenate([_marks(edge[:, 0], edge[:, 1]), _marks(edge[:, 2], edge[:, 3])])
    _, place, visits = np.unique(mark, return_inverse=True, return_counts=True)
    plain = visits[place] == 2  # nothing branches off here
    joined[close] = _joined(edge, plain[: len(edge)], plain[len(edge) :])
    joined[np.flatnonzero(near[1:] & ~near[:-1]) + 1] = True
    chain = _runs(alone, walk, joined=joined)
    begin = alone[np.flatnonzero(np.append(True, chain[1:] != chain[:-1]))]
    edge = ends[walk.edge[begin]]
    middle: Any = shapely.points((edge[:, :2] + edge[:, 2:]) / 2)
    kept = np.flatnonzero(sound)
    holder, held = shapely.STRtree(middle).query(shapes[kept], predicate="intersects")
    own = walk.polygon[begin[held]]
    return np.unique(own[own != kept[holder]]).astype(np.int64)


def _joined(
    edge: NDArray[np.float64], low_plain: NDArray[np.bool_], high_plain: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Whether an edge goes on in the one before it, at an end where no third one begins."""
    found = np.zeros(len(edge), dtype=bool)
    for a, b, plain in ((0, 0, low_plain), (0, 2, low_plain), (2, 0, high_plain), (2, 2, high_plain)):
        same = (edge[:-1, a : a + 2] == edge[1:, b : b + 2]).all(axis=1)
        found[1:] |= same & plain[:-1]
    return found


def _runs(
    alone: NDArray[np.int64], walk: _Walk, *, most: int | None = None, joined: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """Edges of a walk that follow each other in one ring, numbered; at most some many in a run."""
    breaks = np.ones(len(alone), dtype=bool)
    breaks[1:] = (np.diff(alone) != 1) | walk.last[alone[:-1]]
    if joined is not None:
        breaks |= ~joined
    run = np.cumsum(breaks) - 1
    if most is not None:
        place = np.arange(len(alone)) - np.flatnonzero(breaks)[run]
        run = np.cumsum(breaks | (place % most == 0)) - 1
    return np.asarray(run)


def _lines(edge: NDArray[np.float64], number: NDArray[np.int64]) -> NDArray[Any]:
    """The edges of each number as one geometry."""
    lines: Any = shapely.linestrings(edge.reshape(-1, 2, 2))
    return np.asarray(shapely.multilinestrings(lines, indices=number), dtype=object)


def _met_by(shapes: NDArray[Any], some: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Those whose boxes meet that of some of them, these included."""
    found = some.copy()
    if some.any():
        boxes: Any = shapely.box(*shapely.bounds(shapes).T)
        tree = shapely.STRtree(boxes)
        found[tree.query(boxes[some])[1]] = True
    return found
