"""Validity of many geometries at once, on every processor: GEOS lets go of the interpreter meanwhile."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["valid"]

_AT_ONCE = 250_000
"""Vertices of one task of a thread."""
_MOST_THREADS = 4


def valid(geometries: NDArray[Any]) -> NDArray[np.bool_]:
    """
    Which geometries are valid; the same answers as ``shapely.is_valid``, whatever the number of processors.

    Parameters
    ----------
    geometries
        Any types, any plane, length n; None is not valid.

    Returns
    -------
    mask
        Length n.

    Examples
    --------
    >>> valid(np.array([shapely.box(0, 0, 1, 1), shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]), None])).tolist()
    [True, False, False]
    """
    size = np.cumsum(shapely.get_num_coordinates(geometries))
    if not len(geometries) or size[-1] <= _AT_ONCE:
        return np.asarray(shapely.is_valid(geometries), dtype=bool)
    from concurrent.futures import ThreadPoolExecutor

    ends = np.unique(np.searchsorted(size, np.arange(_AT_ONCE, size[-1], _AT_ONCE)))
    with ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1)) as pool:
        return np.concatenate(list(pool.map(shapely.is_valid, np.split(geometries, ends))))
