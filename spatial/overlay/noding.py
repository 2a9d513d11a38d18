"""Boundaries of polygons as lines that meet at their ends only; what comes near no other boundary is left as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.overlay.seams import GRID_DEG

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["noded_lines"]

_RUN = 16
"""Edges that are looked up together."""
_NEAR_DEG = 3 * GRID_DEG
"""Farther than the grid moves two boundaries towards each other."""


def noded_lines(polygons: NDArray[Any], *, valid: NDArray[np.bool_]) -> NDArray[Any]:
    """
    The boundaries of polygons that may cross, overlap or touch, on the 1e-8 degree grid.

    Only stretches that come near another polygon, and all of polygons that are not valid on the grid, are overlaid.

    Parameters
    ----------
    polygons
        Polygons and multipolygons, EPSG:4490, length n.
    valid
        Which are valid on the grid, length n.

    Returns
    -------
    lines
        Linestrings, each once, that meet at ends where the polygons beside them change.

    Examples
    --------
    >>> cross = np.array([shapely.box(0, 1, 3, 2), shapely.box(1, 0, 2, 3)])
    >>> len(noded_lines(cross, valid=np.array([True, True])))
    8
    """
    parts, owner = shapely.get_parts(np.asarray(polygons, dtype=object), return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    start = np.flatnonzero(ring[1:] == ring[:-1])
    if not len(start):
        return np.array([], dtype=object)
    of = owner[part[ring[start]]]
    breaks = np.append(True, ring[start][1:] != ring[start][:-1])
    place = np.arange(len(start)) - np.flatnonzero(breaks)[np.cumsum(breaks) - 1]
    breaks |= place % _RUN == 0
    run, begin = np.cumsum(breaks) - 1, np.flatnonzero(breaks)
    busy = _busy(xy, start, begin, of[begin])
    busy |= ~valid[of[begin]]
    new = breaks & (busy[run] | np.append(True, busy[run][:-1]) | (place == 0))  # idle runs of a ring follow on
    first = np.flatnonzero(new)
    count = np.diff(np.append(first, len(start))) + 1
    vertex = np.arange(int(count.sum())) + np.repeat(start[first] - (np.cumsum(count) - count), count)
    number = np.repeat(np.arange(len(first)), count)
    overlaid = busy[run[first]]
    found: list[NDArray[Any]] = []
    if overlaid.any():
        some = overlaid[number]
        lines: Any = shapely.linestrings(xy[vertex[some]], indices=_from_zero(number[some]))
        found.append(shapely.get_parts(shapely.union_all(lines, grid_size=GRID_DEG)))
    if not overlaid.all():
        some = ~overlaid[number]
        lines = shapely.linestrings(_placed(xy[vertex[some]]), indices=_from_zero(number[some]))
        lines = shapely.remove_repeated_points(lines)
        found.append(lines[shapely.length(lines) > 0])
    every: Any = shapely.multilinestrings(np.concatenate(found))
    return np.asarray(shapely.get_parts(shapely.line_merge(every)))


def _busy(
    xy: NDArray[np.float64], start: NDArray[np.int64], begin: NDArray[np.int64], of: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Runs whose box comes near that of a run of another polygon."""
    low, high = np.minimum(xy[start], xy[start + 1]), np.maximum(xy[start], xy[start + 1])
    west, south = np.minimum.reduceat(low, begin).T - _NEAR_DEG
    east, north = np.maximum.reduceat(high, begin).T + _NEAR_DEG
    boxes: Any = shapely.box(west, south, east, north)
    one, two = shapely.STRtree(boxes).query(boxes)
    found = np.zeros(len(begin), dtype=bool)
    found[one[of[one] != of[two]]] = True
    return found


def _placed(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """On the grid as GEOS rounds to it, so that a stretch left as it is ends where an overlaid one begins."""
    return np.asarray(np.floor(xy * (1 / GRID_DEG) + 0.5) / (1 / GRID_DEG))


def _from_zero(number: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.append(0, np.cumsum(np.diff(number) != 0))
