"""
Where thinned arcs no longer lie as they did: they cross or touch, leave a node in another order, or pass an island.

`Crossings` remembers what it has compared, so that each round costs what changed since the last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.snapping import ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spatial.topology import Arcs

__all__ = ["Crossings"]


class Crossings:
    """
    What is wrong with segments that stand for chains of arcs, round after round.

    Parameters
    ----------
    arcs
        Whose vertices the segments join; how they lie with all vertices is what they are compared with.
    """

    def __init__(self, arcs: Arcs) -> None:
        self._arcs = arcs
        self._seen: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._base: tuple[Any, NDArray[np.int64]] | None = None
        self._nodes = _Nodes(arcs)
        self._islands = _Islands(arcs, self._nodes)

    def found(self, first: NDArray[np.int64], last: NDArray[np.int64], plane: NDArray[np.float64]) -> NDArray[np.bool_]:
        """
        Which segments stand for a chain and are in the way of another, at a wrong place at a node, or of an island.

        Parameters
        ----------
        first, last
            Vertices at their ends, all segments that are drawn now, in order.
        plane
            Unused coordinates of every vertex in metres, for tests of sides.
        """
        loose = last - first > 1
        wrong = np.zeros(len(first), dtype=bool)
        if not loose.any():
            return wrong
        key = first * (len(self._arcs.xy) + 1) + last
        new = ~_among(key, self._seen)
        self._mark_crossing(wrong, first, last, key, new)
        self._nodes.mark(wrong, first, last)
        self._islands.mark(wrong, first, last, new & loose, plane)
        self._seen = key
        return wrong & loose

    def _mark_crossing(
        self,
        wrong: NDArray[np.bool_],
        first: NDArray[np.int64],
        last: NDArray[np.int64],
        key: NDArray[np.int64],
        new: NDArray[np.bool_],
    ) -> None:
        xy = self._arcs.xy
        loose = last - first > 1
        initial = self._base is None
        if self._base is None:
            self._base = (shapely.STRtree(_lines(xy, first, last)), key)
        tree, known = self._base
        asked = np.flatnonzero(new & loose) if initial else np.flatnonzero(new)
        if not len(asked):
            return
        lines = _lines(xy, first[asked], last[asked])
        place = np.searchsorted(key, known)
        alive = (place < len(key)) & (key[np.minimum(place, len(key) - 1)] == known)
        fresh = np.flatnonzero(~_among(key, known))
        sources = [(tree, np.where(alive, place, -1))]
        if len(fresh):
            sources.append((shapely.STRtree(_lines(xy, first[fresh], last[fresh])), fresh))
        for some in np.array_split(np.arange(len(asked)), max(1, len(asked) // 200_000)):
            for searched, number in sources:
                left, right = searched.query(lines[some], predicate="intersects")
                left, right = asked[some][left], number[right]
                fits = (right >= 0) & (left != right)
                left, right = left[fits], right[fits]
                open_to = loose[left] | loose[right]
                left, right = left[open_to], right[open_to]
                bad = _meet_badly(xy, first[left], last[left], first[right], last[right])
                wrong[left[bad]] = wrong[right[bad]] = True


class _Nodes:
    """The order in which arcs leave their ends."""

    def __init__(self, arcs: Arcs) -> None:
        start, end = arcs.arc_start[:-1], arcs.arc_start[1:] - 1
        some = np.flatnonzero(end > start)
        self._xy = arcs.xy
        self.at = np.concatenate([start[some], end[some]])
        following = np.concatenate([start[some] + 1, end[some] - 1])
        _, identity = np.unique(arcs.xy[self.at], axis=0, return_inverse=True)
        self.node = identity.ravel()
        degree = np.bincount(self.node, minlength=1)
        self._is_tested = degree[self.node] > 2
        self._ends = np.flatnonzero(self._is_tested)
        self._degree = degree
        self._before = self._ranks(following[self._ends])
        self._is_start = np.concatenate([np.ones(len(some), dtype=bool), np.zeros(len(some), dtype=bool)])

    def _ranks(self, following: NDArray[np.int64]) -> NDArray[np.int64]:
        """The place of each tested end among those of its node, by direction."""
        at, node = self.at[self._ends], self.node[self._ends]
        off = (self._xy[following] - self._xy[at]).astype(np.float64)
        order = np.lexsort((np.arctan2(off[:, 1], off[:, 0]), node))
        ordered = node[order]
        begin = np.searchsorted(ordered, ordered)
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order)) - begin
        return rank

    def mark(self, wrong: NDArray[np.bool_], first: NDArray[np.int64], last: NDArray[np.int64]) -> None:
        if not len(self._ends):
            return
        at, node = self.at[self._ends], self.node[self._ends]
        is_start = self._is_start[self._ends]
        segment = np.where(is_start, np.searchsorted(first, at), np.searchsorted(last, at))
        rank = self._ranks(np.where(is_start, last[segment], first[segment]))
        turn = (rank - self._before) % self._degree[node]
        chosen = np.empty(len(self._degree), dtype=np.int64)
        chosen[node] = turn
        odd = np.zeros(len(self._degree), dtype=bool)
        odd[node[turn != chosen[node]]] = True
        wrong[segment[odd[node]]] = True


class _Islands:
    """Arcs that hang together, by one vertex each: no chain may be drawn on the other side of one."""

    def __init__(self, arcs: Arcs, nodes: _Nodes) -> None:
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import connected_components

        half = len(nodes.at) // 2
        count = int(nodes.node.max(initial=-1)) + 1
        edges = (np.ones(half, dtype=np.int8), (nodes.node[:half], nodes.node[half:]))
        self.count, label = connected_components(coo_matrix(edges, shape=(count, count)), directed=False)
        arc = np.repeat(np.arange(len(arcs.arc_start) - 1), np.diff(arcs.arc_start))
        of_arc = np.full(len(arcs.arc_start) - 1, -1)
        of_arc[arc[nodes.at[:half]]] = label[nodes.node[:half]]
        self._of_vertex = of_arc[arc]
        self._xy = arcs.xy
        singles = arcs.arc_start[:-1][of_arc < 0]  # points
        _, chosen = np.unique(label[nodes.node[:half]], return_index=True)
        self._vertex = np.concatenate([nodes.at[:half][chosen], singles])
        self._tree = shapely.STRtree(shapely.points(arcs.xy[self._vertex].astype(np.float64)))

    def mark(
        self,
        wrong: NDArray[np.bool_],
        first: NDArray[np.int64],
        last: NDArray[np.int64],
        asked: NDArray[np.bool_],
        plane: NDArray[np.float64],
    ) -> None:
        chain = np.flatnonzero(asked)
        if len(self._vertex) < 2 or not len(chain):
            return
        a, count = first[chain], last[chain] - first[chain] + 1
        inside, begin = ranges(a, count), np.cumsum(count) - count
        low, high = (how.reduceat(self._xy[inside], begin, axis=0) for how in (np.minimum, np.maximum))
        which, point = self._tree.query(shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1]))
        vertex = self._vertex[point]
        other = self._of_vertex[vertex] != self._of_vertex[a[which]]
        for number, at in zip(which[other], vertex[other], strict=True):
            own = chain[number]
            if not wrong[own] and _winds(plane[first[own] : last[own] + 1], plane[at]):
                wrong[own] = True


def _winds(chain: NDArray[np.float64], place: NDArray[np.float64]) -> bool:
    """Whether a chain, closed, runs around a place (even-odd)."""
    a, b = chain, np.roll(chain, -1, axis=0)
    up = (a[:, 1] > place[1]) != (b[:, 1] > place[1])
    a, b = a[up], b[up]
    x = a[:, 0] + (place[1] - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0])
    return bool(np.count_nonzero(x > place[0]) % 2)


def _among(values: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which values are among others, both ascending."""
    if not len(others):
        return np.zeros(len(values), dtype=bool)
    place = np.minimum(np.searchsorted(others, values), len(others) - 1)
    found: NDArray[np.bool_] = others[place] == values
    return found


def _lines(xy: NDArray[np.int64], first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[Any]:
    ends = np.stack([xy[first], xy[last]], axis=1).astype(np.float64)
    found: Any = shapely.linestrings(ends)
    return np.asarray(found, dtype=object)


def _meet_badly(
    xy: NDArray[np.int64],
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    c: NDArray[np.int64],
    d: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Of segments ab and cd that meet: whether they do so elsewhere than in one common end."""
    p, q, r, s = xy[a], xy[b], xy[c], xy[d]
    common = np.zeros(len(a), dtype=bool)
    along = np.zeros(len(a), dtype=bool)
    for here, there, other, far in ((p, q, r, s), (p, q, s, r), (q, p, r, s), (q, p, s, r)):
        same = (here == other).all(axis=1)
        one, two = there - here, far - here
        cross = one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]
        along |= same & (cross == 0) & ((one * two).sum(axis=1) > 0)
        common |= same
    return ~common | along
