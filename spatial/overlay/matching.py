"""The edges of polygons matched: each once with what lies on its sides, looked up by marks of 64 bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MIX", "Walk", "edges_once", "first_of_equals", "marks", "portions"]

_MOST_LOOKUPS = 8
"""Rounds in which edges are looked up by their marks, before all that are left are sorted."""
_SLOTS_AT_MOST_BITS = 24
_SHAPES_AT_ONCE = 128
_AT_ONCE = 1 << 15
"""Edges or vertices that are worked on together: what is reckoned for them stays in the processor's own memory."""
MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0xD6E8FEB86659FD93))


@dataclass(frozen=True, kw_only=True)
class Walk:
    """Edges in the order in which rings run over them: ``edge`` of ``ends``, polygon, ring, and whether it ends one."""

    edge: NDArray[np.int64]
    polygon: NDArray[np.int32]
    last: NDArray[np.bool_]


def portions(count: int) -> list[slice]:
    """The rows of so many, in portions of which all that is reckoned stays in the processor's own memory."""
    return [slice(start, min(start + _AT_ONCE, count)) for start in range(0, count, _AT_ONCE)]


def edges_once(
    shapes: NDArray[Any], xy: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int32], Walk, NDArray[np.bool_]]:
    """Every edge once, its sides, the walk over them, and which are run over twice in one direction."""
    owner, turned, size = _rings(shapes)
    place = np.ascontiguousarray(xy).view(np.complex128).ravel()
    start, backwards, key = _steps(place, np.cumsum(size) - 1)
    low, high = start + backwards, start + ~backwards
    if not len(start):
        none = np.zeros(0, dtype=np.int32)
        walk = Walk(edge=np.zeros(0, dtype=np.int64), polygon=none, last=np.zeros(0, dtype=bool))
        return np.zeros((0, 4)), none, none, walk, np.zeros(0, dtype=bool)
    of = np.repeat(np.arange(len(owner), dtype=np.int32), size)[start]
    head = first_of_equals(place, low, high, key)
    heads = head == np.arange(len(head), dtype=np.int32)
    edge = np.take(np.cumsum(heads) - 1, head)
    first = np.flatnonzero(heads)
    ends = np.empty((len(first), 4))
    ends[:, :2], ends[:, 2:] = xy.take(low[first], axis=0), xy.take(high[first], axis=0)
    feature = owner[of]
    left, right = np.full(len(first), -1, dtype=np.int32), np.full(len(first), -1, dtype=np.int32)
    against = backwards != turned[of]  # the area lies to the left of a ring that runs as it should
    for part in portions(len(start)):
        back = against[part]
        left[edge[part][~back]], right[edge[part][back]] = feature[part][~back], feature[part][back]
    twice = np.zeros(len(first), dtype=bool)
    if np.count_nonzero(left >= 0) + np.count_nonzero(right >= 0) < len(start):
        along = np.bincount(edge[~against], minlength=len(first))
        back = np.bincount(edge[against], minlength=len(first))
        twice = (along > 1) | (back > 1)
    last = np.append(of[1:] != of[:-1], True)
    return ends, left, right, Walk(edge=edge, polygon=feature, last=last), twice


def _rings(shapes: NDArray[Any]) -> tuple[NDArray[np.int32], NDArray[np.bool_], NDArray[np.int64]]:
    """Of every ring the row of its shape, whether it runs the wrong way round, and its number of vertices."""
    found: list[tuple[NDArray[Any], ...]] = [(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=bool), np.zeros(0, "i8"))]
    for first in range(0, len(shapes), _SHAPES_AT_ONCE):  # rings are copies: all of them would be a second layer
        polygons, owner = shapely.get_parts(shapes[first : first + _SHAPES_AT_ONCE], return_index=True)
        rings, polygon = shapely.get_rings(polygons, return_index=True)
        shell = np.ones(len(rings), dtype=bool)
        shell[1:] = polygon[1:] != polygon[:-1]
        row = (first + owner[polygon]).astype(np.int32)
        found.append((row, shapely.is_ccw(rings) != shell, shapely.get_num_coordinates(rings)))
    owners, turned, size = zip(*found, strict=True)
    return np.concatenate(owners), np.concatenate(turned), np.concatenate(size)


def _steps(
    place: NDArray[np.complex128], ring_ends: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.bool_], NDArray[np.uint64]]:
    """The vertices from which a ring moves on, whether it then runs backwards, and the mark of the edge."""
    joined = np.ones(len(place), dtype=bool)
    joined[ring_ends] = False
    start = np.empty(len(place), dtype=np.int32)
    backwards, key = np.empty(len(place), dtype=bool), np.empty(len(place), dtype=np.uint64)
    found = 0
    for part in portions(len(place) - 1):
        one, two = place[part], place[part.start + 1 : part.stop + 1]
        moves = np.flatnonzero((one != two) & joined[part])
        xy = place[part.start : part.stop + 1].view(np.float64).reshape(-1, 2)
        mark = marks(xy[:, 0], xy[:, 1])
        back = two < one  # by longitude, then by latitude
        low, high = np.where(back, mark[1:], mark[:-1]), np.where(back, mark[:-1], mark[1:])
        here = slice(found, found + len(moves))
        start[here], backwards[here] = moves + part.start, back[moves]
        key[here] = (low * MIX[2] + high)[moves]
        found = here.stop
    return start[:found], backwards[:found], key[:found]


def first_of_equals(
    place: NDArray[np.complex128],
    low: NDArray[np.integer[Any]],
    high: NDArray[np.integer[Any]],
    key: NDArray[np.uint64],
) -> NDArray[np.int32]:
    """
    Of each edge the row of the first one that runs between the same two places.

    Edges are looked up in a table by their marks, where the first of a slot is kept; those that find another edge
    there are asked again, by other bits.
    """
    found = np.arange(len(low), dtype=np.int32)
    rest, turn = found.copy(), np.uint64(1)
    for _ in range(_MOST_LOOKUPS):
        bits = min(4 + len(rest).bit_length(), _SLOTS_AT_MOST_BITS)
        table, parts = np.empty(1 << bits, dtype=np.int32), portions(len(rest))

        def slots(rows: NDArray[np.int32], turn: np.uint64 = turn, bits: int = bits) -> NDArray[np.uint64]:
            return (key[rows] * turn) >> np.uint64(64 - bits)

        for part in reversed(parts):
            last_first = rest[part][::-1]
            table[slots(last_first)] = last_first  # of several in a slot the first remains
        left = []
        for part in parts:
            at = table[slots(rest[part])]
            others = np.flatnonzero(at != rest[part])
            mine, its = rest[part][others], at[others]
            same = (place[low[mine]] == place[low[its]]) & (place[high[mine]] == place[high[its]])
            found[mine[same]] = its[same]
            left.append(mine[~same])
        rest = np.concatenate(left)
        if not len(rest):
            return found
        turn = np.multiply(turn, MIX[0])
    ends = np.column_stack([place[low[rest]], place[high[rest]]]).view(np.float64)
    _, first, which = np.unique(ends, axis=0, return_index=True, return_inverse=True)
    found[rest] = rest[first[which.ravel()]]
    return found


def marks(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.uint64]:
    """A number of 64 bits for each place: equal places have equal ones, others hardly ever."""
    mark = np.ascontiguousarray(x).view(np.uint64) * MIX[0]
    mark ^= mark >> np.uint64(29)
    mark += np.ascontiguousarray(y).view(np.uint64)
    mark *= MIX[1]
    mark ^= mark >> np.uint64(32)
    return np.asarray(mark * MIX[0])
