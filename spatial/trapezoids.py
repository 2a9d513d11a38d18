"""
The trapezoid of one edge between two parallels: what the area of a polygon on the ellipsoid is a sum of.

The formula and where it comes from stand in `spatial.measure`, which sums the trapezoids of rings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spatial.ellipsoid import B_M, E2

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["EDGES_AT_ONCE", "edge_areas", "trapezoids"]

# The official coefficients, to e^8: (multiple n of the latitude, factor of sin nB).
_SERIES = (
    (1, 1 + 3 / 6 * E2 + 30 / 80 * E2**2 + 35 / 112 * E2**3 + 630 / 2304 * E2**4),
    (3, -(1 / 6 * E2 + 15 / 80 * E2**2 + 21 / 112 * E2**3 + 420 / 2304 * E2**4)),
    (5, 3 / 80 * E2**2 + 7 / 112 * E2**3 + 180 / 2304 * E2**4),
    (7, -(1 / 112 * E2**3 + 45 / 2304 * E2**4)),
    (9, 5 / 2304 * E2**4),
)
_MULTIPLES = np.array([[float(n)] for n, _ in _SERIES])
_FACTORS = tuple(factor for _, factor in _SERIES)
_RAD = np.pi / 180
EDGES_AT_ONCE = 1 << 13
"""Edges whose arrays stay in the processor's cache."""
_FEW = 1 << 10  # edges of which all terms together stay there


def edge_areas(
    start: NDArray[np.float64], end: NDArray[np.float64], origin: NDArray[np.float64]
) -> NDArray[np.float64]:
    """
    What edges, in any order, add to the area of an outline on the ellipsoid; `ellipsoidal_area` takes geometries.

    Parameters
    ----------
    start, end
        (2, m): lon and lat of both ends, EPSG:4490, finite.
    origin
        Length m: a latitude near by, the same for all edges of an outline.

    Returns
    -------
    area
        Square metres, length m; summed over a closed outline the area within, below 0 if that is counter-clockwise.

    Examples
    --------
    >>> import shapely
    >>> xy = shapely.get_coordinates(shapely.box(117, 49, 117.1, 49.1)).T
    >>> float(-edge_areas(xy[:, :-1], xy[:, 1:], np.full(4, 49.0)).sum().round())
    81293372.0
    """
    found = np.zeros(len(origin))
    for at in range(0, len(found), EDGES_AT_ONCE):
        some = slice(at, at + EDGES_AT_ONCE)
        found[some] = trapezoids(start[:, some], end[:, some], origin[some])
    return found


def trapezoids(
    start: NDArray[np.float64], end: NDArray[np.float64], origin: NDArray[np.float64]
) -> NDArray[np.float64]:
    """
    The integral of Q dL along each edge from start to end, (2, m), Q counted from a latitude of each edge's own.

    Sines and cosines of 3, 5, 7 and 9 times an angle come from those of the angle: cos(n + 2)x = 2 cos 2x cos nx -
    cos(n - 2)x, and likewise for the sine.
    """
    low, high = start[1], end[1]
    above = ((low - origin) + (high - origin)) * (0.5 * _RAD)  # Bm - B0
    ground = origin * _RAD
    middle = ground + above  # Bm
    half = (high - low) * (0.5 * _RAD)
    between = ground + 0.5 * above  # (Bm + B0) / 2
    angles = np.stack([np.cos(between), np.sin(0.5 * above), np.sin(middle)])
    twice = 4 * angles * angles - 2
    before = angles.copy()  # of -1 times the angle
    for sines in (twice[1:], before[1:]):
        np.negative(sines, out=sines)
    terms = []
    for factor, sinc in zip(_FACTORS, _sincs_minus_one(half), strict=True):
        cosine, climb, sine = angles  # of n times the angle
        term = cosine * climb  # half of sin nBm - sin nB0
        term *= 2
        term += sine * sinc
        term *= factor
        terms.append(term)
        np.subtract(twice * angles, before, out=before)
        before, angles = angles, before
    mean = terms[-1]
    for term in terms[-2::-1]:
        mean += term
    turn: NDArray[np.float64] = (end[0] - start[0]) * _RAD
    turn *= B_M**2
    turn *= mean
    return turn


def _sincs_minus_one(half: NDArray[np.float64]) -> Iterable[NDArray[np.float64]]:
    """``sin(x) / x - 1`` of every multiple of some angles; of few and small ones all at once."""
    if len(half) <= _FEW:
        x = _MULTIPLES * half
        if np.abs(x[-1]).max(initial=0.0) < 1e-2:  # then none takes another way than alone
            return _sinc_minus_one(x)
    return (_sinc_minus_one(n * half) for n, _ in _SERIES)


def _sinc_minus_one(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """``sin(x) / x - 1``, with all digits also where it is tiny."""
    square = x * x
    widest = square.max(initial=0.0)
    if widest <= 1e-4:  # the next terms are below 2e-17 of the first
        near = square / -42
        near += 1
        near *= square
        near /= -20
        near += 1
        near *= square
        near /= -6
        return near
    near = -square / 6 * (1 - square / 20 * (1 - square / 42 * (1 - square / 72 * (1 - square / 110))))
    far = np.abs(x) > 0.5
    if far.any():
        near[far] = np.sin(x[far]) / x[far] - 1
    return near
