"""Features that are taken as they are, told many at a time; what is left is looked at one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from spatial.vertices import not_finite

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["plain"]

_POLYGON, _MULTIPOINT, _MULTIPOLYGON = 3, 4, 6
_LEAST_DEGREES, _LEAST_METRES = 1e-10, 1e-5


def plain(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    """
    Geometries in which nothing is amiss that `spatial.reading.draft.Draft.add` would find.

    Use it to take many features at once; a geometry it does not vouch for may still be sound.

    Parameters
    ----------
    shapes
        Two-dimensional shapely geometries or None, length n, in source coordinates.

    Returns
    -------
    plain
        Length n: a point, line, polygon or several of one kind, no part of it empty, every coordinate finite, and no
        polygon but a line (mean width below 1e-9 degree or 0.01 mm).

    Examples
    --------
    >>> plain(np.array([shapely.Point(1, 2), shapely.Point(), None, shapely.box(0, 0, 1, 1)])).tolist()
    [True, False, False, True]
    """
    kinds = shapely.get_type_id(shapes)
    good = (kinds >= 0) & (kinds <= _MULTIPOLYGON) & ~shapely.is_empty(shapes)
    several = np.flatnonzero(good & (kinds >= _MULTIPOINT))
    if len(several):
        parts, owner = shapely.get_parts(shapes[several], return_index=True)
        good[several[owner[shapely.is_empty(parts)]]] = False
    good &= ~not_finite(shapes)
    areal = np.flatnonzero(good & ((kinds == _POLYGON) | (kinds == _MULTIPOLYGON)))
    if len(areal):
        drawn = shapes[areal]
        box = np.abs(shapely.bounds(drawn))
        degrees = (np.maximum(box[:, 0], box[:, 2]) <= 180) & (np.maximum(box[:, 1], box[:, 3]) <= 90)
        least = np.where(degrees, _LEAST_DEGREES, _LEAST_METRES)
        good[areal[~(2 * np.abs(shapely.area(drawn)) > least * shapely.length(drawn))]] = False
    return np.asarray(good, dtype=bool)
