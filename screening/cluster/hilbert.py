"""The order in which sites are cut into parts: along a Hilbert curve, so that neighbours come together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["BITS", "hilbert_keys"]

BITS = 16
"""Of each axis: cells of 360/65,536 by 180/65,536 degree, some 0.5 km in China."""


def hilbert_keys(lon: npt.NDArray[Any], lat: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
    """
    The place of points along a Hilbert curve over the whole Earth.

    Use it to sort: points whose keys are near lie near each other. The order decides who answers a site, never what is
    answered.

    Parameters
    ----------
    lon, lat
        Degrees, one shape; what lies off the Earth or is not finite counts as its nearest border, or the first cell.

    Returns
    -------
    keys
        From 0 to 2**32 - 1, of the same shape. The curve is Hilbert's of order `BITS`, by turning and mirroring the
        square of every level (Hilbert 1891).

    Examples
    --------
    The four quarters, in the order of the curve:

    >>> keys = hilbert_keys(np.array([-90.0, -90.0, 90.0, 90.0]), np.array([-45.0, 45.0, 45.0, -45.0]))
    >>> [int(k) for k in keys >> np.uint64(30)]
    [0, 1, 2, 3]
    """
    side = 1 << BITS
    x = _cells(lon, -180.0, 360.0, side)
    y = _cells(lat, -90.0, 180.0, side)
    keys = np.zeros(x.shape, dtype=np.uint64)
    level = side >> 1
    while level:
        right, upper = (x & level) > 0, (y & level) > 0
        quarter = np.where(right, np.where(upper, 2, 3), np.where(upper, 1, 0)).astype(np.uint64)
        keys += np.uint64(level) * np.uint64(level) * quarter
        mirrored = right & ~upper
        x, y = np.where(mirrored, side - 1 - x, x), np.where(mirrored, side - 1 - y, y)
        x, y = np.where(upper, x, y), np.where(upper, y, x)
        level >>= 1
    return keys


def _cells(values: npt.NDArray[Any], first: float, width: float, side: int) -> npt.NDArray[np.int64]:
    found = np.nan_to_num((np.asarray(values, dtype=np.float64) - first) / width * side, nan=0.0, posinf=side, neginf=0)
    return np.clip(np.floor(found), 0, side - 1).astype(np.int64)
