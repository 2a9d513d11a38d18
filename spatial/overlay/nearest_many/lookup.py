"""Boundary edges of a layer laid out once, so that the few that can be nearest are found for thousands of sites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spatial.edges import split
from spatial.overlay.nearest_many.space import Spheres, apart, chords, longest, order_by_place

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

__all__ = ["FAN", "LONGEST_M", "BoundaryLookup", "shortened"]

FAN = 8
"""Edges to a node, nodes to the node above."""
TOP = 64
"""With no more nodes than this there is no node above."""
LONGEST_M = 500.0
"""Longer edges are cut: the nearest pair of two edges is sought at their ends, 5e-7 m off at 100 m for this length."""
SHORT_DEG = 0.003
"""An edge that spans no more on either axis is shorter than 475 m: it need not be cut."""
BUILT_AT_ONCE = 1 << 15
NODES_AT_ONCE = 1 << 12


class BoundaryLookup:
    """
    Boundary edges in a tree of spheres, built once and asked by any number of threads.

    Takes some 1 µs and 130 bytes an edge; keep it as long as the layer is open.

    Parameters
    ----------
    edges
        (k, 4) in EPSG:4490: lon, lat of both ends, at least one; straight in longitude and latitude. Those of
        `spatial.overlay.edges.boundary_edges`, or the outlines of whatever distances are asked to.

    Attributes
    ----------
    count
        The number of edges given.

    Raises
    ------
    ValueError
        Without edges, or where one is not finite: a boundary that is lost would be one that is far.

    Examples
    --------
    >>> BoundaryLookup(np.array([[117.0, 49.0, 117.1, 49.0], [117.1, 49.0, 117.1, 49.1]])).count
    2
    """

    def __init__(self, edges: Floats) -> None:
        given = np.asarray(edges, dtype=np.float64)
        if given.ndim != 2 or given.shape[1] != 4:
            raise ValueError(f"boundary edges come as (k, 4), not as {given.shape}")
        if len(given) == 0:
            raise ValueError("no boundary edges to measure to")
        if not np.isfinite(given).all():
            raise ValueError("boundary edges with coordinates that are not finite; import the layer again")
        self.count = len(given)
        self.given = given
        cut, row = shortened(given)
        order = order_by_place(cut[:, 0] + cut[:, 2], cut[:, 1] + cut[:, 3])
        self.edges: Floats = cut[order]
        self.row: Indices = row[order]
        spheres, self.half = _built(self.edges)
        self.levels: list[Spheres] = [spheres]
        while len(self.levels) == 1 or len(self.levels[-1]) > TOP:
            self.levels[-1] = _padded(self.levels[-1])
            self.levels.append(_above(self.levels[-1]))
        self.spheres = self.levels[0]
        self._seeds = _seeds(self.levels[0])

    def near(self, spheres: Spheres) -> Indices:
        """For each sphere an edge near its centre, not always the nearest: a row of ``edges``."""
        _, found = self._seeds.query(np.column_stack([spheres.x, spheres.y, spheres.z]))
        gaps = _gap(_column(spheres), _families(self.spheres, found))
        return np.asarray(found * FAN + gaps.argmin(axis=1), dtype=np.int64)

    def within(self, spheres: Spheres, reach: Floats) -> tuple[Indices, Indices, Floats]:
        """
        All edges whose spheres come within reach, metres in space, of other spheres; some of them are not within.

        Returns
        -------
        sphere, edge, gap
            Rows of ``spheres``, ascending, and of ``edges``; metres from the centre of the one to the surface of the
            sphere around the other.
        """
        top = self.levels[-1]
        limit = spheres.r + reach
        gaps = _gap(_column(spheres), top)
        met = np.flatnonzero(gaps <= limit[:, None])  # several times as fast as nonzero of two axes
        whose, which = np.divmod(met, len(top))
        gap = gaps.take(met)
        for level in self.levels[-2::-1]:
            gaps = _gap(_column(spheres.take(whose)), _families(level, which))
            met = np.flatnonzero(gaps <= limit.take(whose)[:, None])
            parent = met // FAN
            whose, which, gap = whose.take(parent), which.take(parent) * FAN + met % FAN, gaps.take(met)
        return whose, which, gap


def shortened(edges: Floats) -> tuple[Floats, Indices]:
    """Edges (k, 4) in degrees cut into equal pieces of at most 500 m, and the row that each piece is of."""
    pieces = np.ones(len(edges), dtype=np.int64)
    wide = np.flatnonzero(np.abs(edges[:, 2:] - edges[:, :2]).max(axis=1) > SHORT_DEG)
    pieces[wide] = np.maximum(1, np.ceil(longest(edges[wide]) / LONGEST_M))
    row = np.repeat(np.arange(len(edges), dtype=np.int64), pieces)
    if len(row) == len(edges):
        return edges, row
    long = np.flatnonzero(pieces > 1)
    ends = np.column_stack([pieces[long], np.ones_like(long)]).ravel()
    points, source, _ = split(edges[long].reshape(-1, 2), ends)
    start = np.flatnonzero(source % 2 == 0)
    cut = edges[row]
    cut[pieces[row] > 1] = np.hstack([points[start], points[start + 1]])
    return cut, row


def _column(spheres: Spheres) -> Spheres:
    return Spheres(x=spheres.x[:, None], y=spheres.y[:, None], z=spheres.z[:, None], r=spheres.r[:, None])


def _families(level: Spheres, nodes: Indices) -> Spheres:
    """The children of some nodes, (k, 8)."""
    x, y, z, r = (values.reshape(-1, FAN).take(nodes, axis=0) for values in (level.x, level.y, level.z, level.r))
    return Spheres(x=x, y=y, z=z, r=r)


def _gap(one: Spheres, other: Spheres) -> Floats:
    """From the centre of one to the surface of the other, metres; below 0 inside."""
    gap = apart(one, other)
    gap -= other.r
    return gap


def _built(edges: Floats) -> tuple[Spheres, Floats]:
    """The chords of all edges, padded to whole eights; block by block: what lies between stays in the cache."""
    count = len(edges)
    x, y, z, r = np.empty((4, count + -count % FAN))
    half = np.empty((count, 3))
    for at in range(0, count, BUILT_AT_ONCE):
        some = slice(at, min(at + BUILT_AT_ONCE, count))
        spheres, own = chords(edges[some])
        x[some], y[some], z[some], r[some] = spheres.x, spheres.y, spheres.z, spheres.r
        half[some] = own.T
    for values in (x, y, z):
        values[count:] = values[count - 1]
    r[count:] = -np.inf  # what fills up the last eight is near nothing
    return Spheres(x=x, y=y, z=z, r=r), half


def _above(level: Spheres) -> Spheres:
    """A sphere around every eight."""
    count = len(level) // FAN
    found = np.empty((4, count))
    for at in range(0, count, NODES_AT_ONCE):
        some = slice(at * FAN, (at + NODES_AT_ONCE) * FAN)
        x, y, z, r = (values[some].reshape(-1, FAN) for values in (level.x, level.y, level.z, level.r))
        middle = [((values.min(axis=1) + values.max(axis=1)) / 2) for values in (x, y, z)]
        apart = np.sqrt(sum((values - m[:, None]) ** 2 for values, m in zip((x, y, z), middle, strict=True)))
        found[:, at : at + NODES_AT_ONCE] = *middle, (apart + r).max(axis=1) + 1e-6
    return Spheres(x=found[0], y=found[1], z=found[2], r=found[3])


def _padded(level: Spheres) -> Spheres:
    """Whole eights: what fills up the last is near nothing."""
    more = -len(level) % FAN
    if not more:
        return level
    x, y, z = (np.append(values, np.full(more, values[-1])) for values in (level.x, level.y, level.z))
    return Spheres(x=x, y=y, z=z, r=np.append(level.r, np.full(more, -np.inf)))


def _seeds(level: Spheres) -> Any:
    """A KD-tree of the middle of every eighth edge: a place near every boundary."""
    from scipy.spatial import cKDTree

    return cKDTree(
        np.column_stack([level.x[::FAN], level.y[::FAN], level.z[::FAN]]), balanced_tree=False, compact_nodes=False
    )
