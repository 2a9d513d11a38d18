"""The vertices of many geometries, some at a time: what is asked of millions of them needs no array of them all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["in_portions", "not_finite"]

_AT_ONCE = 1 << 15
"""So many that they stay in the processor's own memory."""


def in_portions(geometries: NDArray[Any]) -> Iterator[tuple[int, int, NDArray[np.float64]]]:
    """
    Consecutive geometries with all their vertices.

    Parameters
    ----------
    geometries
        Any types, any plane, length n; None has no vertex.

    Yields
    ------
    start, stop, xy
        Rows of the geometries, and their vertices (m, 2) in order; every row is in one portion.

    Examples
    --------
    >>> [(start, stop, len(xy)) for start, stop, xy in in_portions(np.array([shapely.box(0, 0, 1, 1), None]))]
    [(0, 2, 5)]
    """
    ends = np.cumsum(shapely.get_num_coordinates(geometries))
    start = 0
    while start < len(geometries):
        before = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + _AT_ONCE, side="right")))
        yield start, stop, shapely.get_coordinates(geometries[start:stop])
        start = stop


def not_finite(geometries: NDArray[Any]) -> NDArray[np.bool_]:
    """
    Which geometries have a coordinate that is NaN or infinite.

    Examples
    --------
    >>> not_finite(np.array([shapely.Point(1, 2), shapely.Point(1, np.inf), None])).tolist()
    [False, True, False]
    """
    found = np.zeros(len(geometries), dtype=bool)
    for start, stop, xy in in_portions(geometries):
        with np.errstate(invalid="ignore", over="ignore"):
            doubtful = not np.isfinite(xy.sum())
        if doubtful:
            row = shapely.get_coordinates(geometries[start:stop], return_index=True)[1]
            found[start + row[~np.isfinite(xy).all(axis=1)]] = True
    return found
