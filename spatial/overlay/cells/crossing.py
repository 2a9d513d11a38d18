"""What lies at a point: from what lies at the centre of its cell, and the edges between the two."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spatial.overlay.cells.grid import NEAR_DEG

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CellEdges", "walk"]

_PAIRS_AT_ONCE = 1 << 14
"""So many pairs of a point and an edge that what is reckoned for them stays in the processor's cache."""


@dataclass(frozen=True, kw_only=True)
class CellEdges:
    """
    The edges of each crossed cell, and what lies on their sides.

    ``edge[offset[k]:offset[k + 1]]`` are rows of ``xy``, ``left`` and ``right``, which hold a label: what lies there.
    """

    offset: NDArray[np.int64]
    edge: NDArray[np.int32]
    xy: NDArray[np.float64]
    left: NDArray[Any]
    right: NDArray[Any]


def walk(
    lonlat: NDArray[np.float64],
    centre: tuple[NDArray[np.float64], NDArray[np.float64]],
    label: NDArray[Any],
    number: NDArray[np.int64],
    edges: CellEdges,
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """
    The label at points, walking to each from the centre of its cell.

    Parameters
    ----------
    lonlat
        (n, 2) points.
    centre
        Longitude and latitude of the centre of the cell of each.
    label
        What lies at that centre.
    number
        The number of the cell of each among the crossed ones.
    edges
        Their edges; labels of the type of ``label``.

    Returns
    -------
    label, unsure
        Length n. Unsure where the point or the way to it comes within some millimetres of where an edge begins or ends,
        or an edge of the centre or the point, and where the edges on the way contradict each other.
    """
    found, unsure = np.empty_like(label), np.empty(len(lonlat), dtype=bool)
    pairs = np.cumsum(edges.offset[number + 1] - edges.offset[number])
    stops = np.searchsorted(pairs, np.arange(_PAIRS_AT_ONCE, int(pairs[-1]) if len(pairs) else 0, _PAIRS_AT_ONCE))
    bounds = np.unique(np.concatenate([[0], stops, [len(lonlat)]]))
    for low, high in itertools.pairwise(bounds):
        some = slice(int(low), int(high))
        one = (centre[0][some], centre[1][some])
        found[some], unsure[some] = _walk_some(lonlat[some], one, label[some], number[some], edges)
    return found, unsure


def _walk_some(
    lonlat: NDArray[np.float64],
    centre: tuple[NDArray[np.float64], NDArray[np.float64]],
    label: NDArray[Any],
    number: NDArray[np.int64],
    edges: CellEdges,
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    found, unsure = label.copy(), np.zeros(len(lonlat), dtype=bool)
    start = edges.offset[number]
    count = edges.offset[number + 1] - start
    point = np.repeat(np.arange(len(lonlat)), count)
    # `take` with a mode is several times as quick as square brackets; the rows were looked through when it was opened
    edge = edges.edge.take(np.arange(len(point)) + np.repeat(start - (np.cumsum(count) - count), count), mode="clip")
    xy = edges.xy.take(edge, axis=0, mode="clip")
    cx, cy = centre[0][point], centre[1][point]
    ax, ay = xy[:, 0] - cx, xy[:, 1] - cy  # seen from the centre
    dx, dy = xy[:, 2] - xy[:, 0], xy[:, 3] - xy[:, 1]
    vx, vy = (lonlat[:, 0] - centre[0])[point], (lonlat[:, 1] - centre[1])[point]
    side_c = dy * ax - dx * ay  # > 0: the centre lies to the left of the edge
    side_p = side_c + dx * vy - dy * vx
    near = NEAR_DEG * (np.abs(dx) + np.abs(dy))
    # nearly all edges have centre and point clearly on one side
    kept = np.flatnonzero(~((np.minimum(side_c, side_p) > near) | (np.maximum(side_c, side_p) < -near)))
    point, edge, side_c, side_p, near = point[kept], edge[kept], side_c[kept], side_p[kept], near[kept]
    ax, ay, dx, dy, vx, vy = ax[kept], ay[kept], dx[kept], dy[kept], vx[kept], vy[kept]
    side_a = vx * ay - vy * ax
    side_b = side_a + vx * dy - vy * dx
    beside = NEAR_DEG * (np.abs(vx) + np.abs(vy))
    clear = (np.minimum(side_a, side_b) > beside) | (np.maximum(side_a, side_b) < -beside)
    crosses = (np.minimum(side_a, side_b) < -beside) & (np.maximum(side_a, side_b) > beside)
    crosses &= (np.minimum(side_c, side_p) < -near) & (np.maximum(side_c, side_p) > near)
    away = (np.minimum(ax, ax + dx) > np.maximum(vx, 0) + NEAR_DEG) | (
        np.maximum(ax, ax + dx) < np.minimum(vx, 0) - NEAR_DEG
    )
    away |= (np.minimum(ay, ay + dy) > np.maximum(vy, 0) + NEAR_DEG) | (
        np.maximum(ay, ay + dy) < np.minimum(vy, 0) - NEAR_DEG
    )
    unsure[point[~(clear | crosses | away)]] = True  # numbers that are none end here too
    point, edge, side_c, side_p = point[crosses], edge[crosses], side_c[crosses], side_p[crosses]
    if not len(point):
        return found, unsure
    order = np.lexsort((side_c / (side_c - side_p), point))
    point, edge, leftwards = point[order], edge[order], side_c[order] < 0
    left, right = edges.left[edge], edges.right[edge]
    before, after = np.where(leftwards, right, left), np.where(leftwards, left, right)
    again = point[1:] == point[:-1]
    expected = found[point]
    expected[1:][again] = after[:-1][again]
    unsure[point[before != expected]] = True
    last = np.append(~again, True)
    found[point[last]] = after[last]
    return found, unsure
