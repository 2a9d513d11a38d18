"""Two columns of numbers: their extent, and what they can be by their size alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.crs import to_geographic
from spatial.errors import OutsideWorkingAreaError
from spatial.forensics.placing import without_datum

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from spatial.systems import CoordinateSystem

    Floats = NDArray[np.float64]

__all__ = ["Numbers", "china", "could_be_ddmmss", "forms", "outline_on_earth"]

LON_RANGE = (73.0, 136.0)
LAT_RANGE = (3.0, 54.0)
_NORTHING = (0.2e6, 6.1e6)
_PIECES = 32
# South edge of each band of latitude, then west and east beyond all of China's land and the sea before it, degrees;
# the outlines of two publishers lie a degree or more inside (tests/unit/test_forensics_numbers.py).
_BANDS = (
    (2.0, 104.0, 126.0),
    (18.0, 96.0, 127.0),
    (26.0, 81.0, 127.0),
    (28.0, 76.0, 127.0),
    (34.0, 72.0, 128.0),
    (40.0, 72.0, 133.0),
    (44.0, 78.0, 138.0),
    (48.0, 83.0, 138.0),
    (50.0, 84.0, 132.0),
    (55.0, 0.0, 0.0),
)


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """
    What the forensics look at of a source: the outline of all its points, in one order of the columns.

    Parameters
    ----------
    east, north
        Smallest and largest of either column, as found.
    outline
        Points of the convex hull, edges cut into pieces, shape (k, 2), east first. Whole-file evidence rests on it:
        wherever no part of the hull lies, none of the data lies.
    area
        The hull itself, in source coordinates.
    """

    east: tuple[float, float]
    north: tuple[float, float]
    outline: Floats

    @property
    def turned(self) -> Numbers:
        """The same with the columns in the other order."""
        return Numbers(east=self.north, north=self.east, outline=self.outline[:, ::-1])

    @classmethod
    def of(cls, coordinates: Floats) -> Numbers:
        """Of at least one row of finite numbers, first column taken for east."""
        low, high = coordinates.min(axis=0), coordinates.max(axis=0)
        hull: Any = shapely.convex_hull(shapely.multipoints(coordinates))
        if shapely.get_type_id(hull) == 3:  # its ring: GEOS empties the polygon of points nearly on one line
            hull = shapely.get_exterior_ring(hull)
        size = float(max(high - low))
        if size > _PIECES * 1e-9:
            hull = shapely.segmentize(hull, size / _PIECES)
        return cls(
            east=(float(low[0]), float(high[0])),
            north=(float(low[1]), float(high[1])),
            outline=shapely.get_coordinates(hull),
        )


def forms(numbers: Numbers) -> dict[str, int]:
    """
    What the columns can be by size, taken in this order: form to zone number (0 where there is none).

    ``degrees``, ``zone_prefix``, ``no_prefix`` and ``web_mercator``; ``several_zones`` alone if eastings carry more
    than one number. Limits are wide on purpose: what they cut off, no system of China gives.

    Examples
    --------
    >>> forms(Numbers.of(np.array([[40482918.4, 5453252.0]])))
    {'zone_prefix': 40}
    """
    east, north = numbers.east, numbers.north
    found: dict[str, int] = {}
    if _within(east, LON_RANGE) and _within(north, LAT_RANGE):
        found["degrees"] = 0
    if _within(north, _NORTHING):
        zones = {math.floor(value / 1e6) for value in east}
        if all(13 <= zone <= 23 or 25 <= zone <= 45 for zone in zones):
            found["zone_prefix" if len(zones) == 1 else "several_zones"] = min(zones)
        if east[0] > 0 and east[1] < 1e6:
            found["no_prefix"] = 0
    if _within(east, (8.1e6, 15.2e6)) and _within(north, (0.33e6, 7.2e6)):
        found["web_mercator"] = 0
    return found


def _within(values: tuple[float, float], bounds: tuple[float, float]) -> bool:
    return bounds[0] <= values[0] and values[1] <= bounds[1]


def outline_on_earth(numbers: Numbers, system: CoordinateSystem) -> Floats | None:
    """
    Longitudes and latitudes of the outline under a system; None where it gives no place in the working area.

    The datum of the system is left aside: the outline serves to compare places hundreds of kilometres apart.
    """
    try:
        placed = to_geographic(shapely.points(numbers.outline), without_datum(system))
    except OutsideWorkingAreaError:
        return None
    return np.asarray(shapely.get_coordinates(placed), dtype=np.float64)


@cache
def china() -> BaseGeometry:
    """China and the sea before it, generously, as bands of latitude; degrees."""
    rows = pairwise(_BANDS)
    area: BaseGeometry = shapely.union_all(
        [shapely.box(west, south, east, top[0]) for (south, west, east), top in rows]
    )
    shapely.prepare(area)
    return area


def could_be_ddmmss(coordinates: Floats) -> bool:
    """
    Whether every number reads as degrees, minutes and seconds too (119.4556 as 119°45′56″).

    A hint at most: of two random decimals one in three does, and a parcel repeats its first digits.

    Examples
    --------
    >>> could_be_ddmmss(np.array([[119.4556, 49.1243]])), could_be_ddmmss(np.array([[119.7655, 49.2121]]))
    (True, False)
    """
    parts = np.abs(coordinates) % 1.0
    minutes = np.floor(parts * 100 + 1e-7)
    seconds = np.floor((parts * 100 - minutes) * 100 + 1e-5)
    return bool(((minutes < 60) & (seconds < 60)).all() and (parts > 0).any())
