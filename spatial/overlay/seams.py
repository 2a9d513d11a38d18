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

from spatial.overlay.matching import Walk, edges_once, marks, portions
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
    xy: list[NDArray[np.float64]] = []

    def placed(vertices: NDArray[np.float64]) -> NDArray[np.float64]:
        xy.append(_on_grid(vertices))
        return vertices

    shapes = np.asarray(shapely.transform(given[rows], placed), dtype=object)
    ends, left, right, walk, twice = edges_once(shapes, xy.pop())
    whole = valid(shapes)
    sound = whole.copy()
    if twice.any():
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
    """Vertices on the grid, in place."""
    for part in portions(len(xy)):
        some = xy[part]
        some /= GRID_DEG
        np.rint(some, out=some)
        some /= 1 / GRID_DEG
        some += 0.0  # no -0.0: bits are compared
    return xy


def _meeting(
    alone: NDArray[np.int64], ends: NDArray[np.float64], walk: Walk
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
    walk: Walk,
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
    mark = np.concatenate([marks(edge[:, 0], edge[:, 1]), marks(edge[:, 2], edge[:, 3])])
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
    alone: NDArray[np.int64], walk: Walk, *, most: int | None = None, joined: NDArray[np.bool_] | None = None
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
