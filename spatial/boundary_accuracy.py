"""
How far the border of one district may be off, and whether that is certainly less than so many metres.

Measuring a border takes a tenth of a second; that it is better than the distance to a site is seen in a tenth of that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from spatial.boundaries import accuracy_of, district, members_of
from spatial.boundary_store import open_built, outlines_of
from spatial.ellipsoid import metres_per_degree
from spatial.errors import UnmeasuredDistrictError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

__all__ = ["border_accuracy", "border_surely_within", "outlines_surely_within"]

_MERCATOR = 1.05
"""The nearest point of the ellipsoidal Mercator plane is this much farther than the nearest on the ground at most."""
_LEAST_M = 200.0
"""Nearer than this it is measured: to show it would take as long."""
_FARTHEST_M = 100_000.0
"""Up to which `_MERCATOR` holds, at latitudes up to `_NORTHERNMOST_DEG`."""
_NORTHERNMOST_DEG = 55.0
_SHARE = 0.97
"""Of the length, taken in the plane, that proves 95 % of it, taken on the ground."""


def border_accuracy(code: str, *, built: Path | None = None) -> float | None:
    """
    Metres that the border of a district may be off: the more of what a second and a third source show.

    Use it for one district of the store; `spatial.boundaries.district` gives both figures and the outline.

    Parameters
    ----------
    code
        Six digits of GB/T 2260.
    built
        Folder of the build; default: the project's own.

    Returns
    -------
    metres
        None where no second source has the district.

    Raises
    ------
    UnknownDistrictError, BoundariesNotBuiltError, BoundariesDamagedError
        As for `spatial.boundaries.union`.

    Examples
    --------
    >>> one = district("150781")
    >>> border_accuracy("150781") == max(one.accuracy_m, one.third_source_m or 0.0)
    True
    """
    store = open_built(built)
    try:
        members = members_of([code], built=built)
    except UnmeasuredDistrictError:
        return None
    known = accuracy_of([code], built=built)
    if known is None:
        known = district(code, built=built).accuracy_m
    return max(known, *(store.third.get(member, 0.0) for member in members))


def border_surely_within(code: str, metres: float, *, built: Path | None = None) -> bool:
    """
    Whether `border_accuracy` is less than so many metres for certain; False where that takes measuring.

    Parameters, errors as for `border_accuracy`. A district that no second source has is never within.

    Examples
    --------
    >>> border_surely_within("220881", 20_000), border_surely_within("220881", 300)
    (True, False)
    """
    store = open_built(built)
    if (code,) in store.gaps:
        known = border_accuracy(code, built=built)
        return known is not None and known < metres
    pair = [(source, store.members(source, [code])) for source in store.sources]
    if any(len(members) != 1 for _, members in pair) or not store.third.get(code, 0.0) < metres:
        return False
    one, other = (shapely.from_wkb(outlines_of(store.path, source, members)[members[0]]) for source, members in pair)
    return outlines_surely_within(one, other, metres - 1.0)  # an accuracy is rounded up to the metre


def outlines_surely_within(one: BaseGeometry, other: BaseGeometry, metres: float) -> bool:
    """
    Whether the ``p95_m`` of `spatial.outlines.outline_gap` is less than so many metres for certain.

    In a plane that nowhere shortens (metres of a degree of longitude as at the lowest latitude, of latitude as at the
    highest) an edge, cut into quarters of ``metres``, is near the other outline where both its ends are nearer than
    ``metres`` less half its length. Those edges are nearly all of the length of both outlines, or nothing is said.

    Parameters
    ----------
    one, other
        (Multi)Polygons, EPSG:4490.
    metres
        The bound.

    Examples
    --------
    >>> square, moved = shapely.box(120, 45, 120.1, 45.1), shapely.box(120.001, 45, 120.101, 45.1)  # 79 m to the east
    >>> outlines_surely_within(square, moved, 10_000), outlines_surely_within(square, moved, 70)
    (True, False)
    """
    lats = shapely.bounds([one, other])[:, [1, 3]]
    if not _LEAST_M <= metres <= _FARTHEST_M or not np.isfinite(lats).all() or np.abs(lats).max() > _NORTHERNMOST_DEG:
        return False
    low = 0.0 if lats.min() <= 0.0 <= lats.max() else np.abs(lats).min()
    scale = np.array([metres_per_degree(low)[0], metres_per_degree(np.abs(lats).max())[1]])
    first, second = (shapely.boundary(shapely.transform(area, lambda xy: xy * scale)) for area in (one, other))
    whole = near = 0.0
    for line, to in ((first, second), (second, first)):
        starts, ends = _edges(shapely.segmentize(line, metres / 4))
        lengths = np.hypot(*(ends - starts).T)
        shapely.prepare(to)
        room = metres / _MERCATOR - lengths / 2
        proved = (room > 0) & _nearer(to, starts, room) & _nearer(to, ends, room)
        whole, near = whole + float(lengths.sum()), near + float(lengths[proved].sum())
    return near > _SHARE * whole


def _edges(lines: BaseGeometry) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rings = [shapely.get_coordinates(ring) for ring in shapely.get_parts(lines)]
    return np.vstack([ring[:-1] for ring in rings]), np.vstack([ring[1:] for ring in rings])


def _nearer(to: BaseGeometry, points: NDArray[np.float64], metres: NDArray[np.float64]) -> NDArray[np.bool_]:
    near = shapely.dwithin(to, shapely.points(points), np.maximum(metres, 0.0))  # type: ignore[call-overload]  # a ufunc
    return np.asarray(near)
