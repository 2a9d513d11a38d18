"""The shortest shift (and turn) that reaches the goals, on a grid whose every place is either excluded or asked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely import affinity

from screening.avoidance.obstacles import surely_closed
from screening.errors import SearchTooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from screening.avoidance.obstacles import Obstacle

__all__ = ["MOST_PLACES", "Shift", "ShiftSearch", "angles_within", "search_shifts", "shifts_within"]

MOST_PLACES = 2_000_000
CHUNK = 2048
PROBES = 9
OUTLINE_M = 0.01
"""Outlines are simplified by at most this for leaving places out; the engine gets the whole."""


@dataclass(frozen=True, kw_only=True)
class Shift:
    """A turn about the centroid (anticlockwise, degrees), then a shift in metres east and north."""

    east_m: float
    north_m: float
    rotation_deg: float

    @property
    def length_m(self) -> float:
        """How far the centroid moves."""
        return math.hypot(self.east_m, self.north_m)

    @property
    def bearing_deg(self) -> float | None:
        """Its direction, clockwise from grid north; None where it does not move."""
        return None if self.length_m == 0 else math.degrees(math.atan2(self.east_m, self.north_m)) % 360


@dataclass(frozen=True, kw_only=True)
class ShiftSearch:
    """
    What a search found, and what it did.

    Attributes
    ----------
    found
        By growing angle, each shorter than those of smaller angles.
    places
        Places of the grid, all angles.
    excluded, asked, beyond
        Places where an obstacle is surely too near; places the engine was asked of; places not looked at because they
        cost more than one found before.
    """

    found: tuple[Shift, ...]
    places: int
    excluded: int
    asked: int
    beyond: int


def shifts_within(within_m: float, step_m: float) -> NDArray[np.float64]:
    """
    The shifts of the square grid within a distance, the shortest first, of equal ones clockwise from north.

    Raises
    ------
    SearchTooLargeError
        More than `MOST_PLACES`.

    Examples
    --------
    >>> shifts_within(1.0, 1.0)
    array([[ 0.,  0.],
           [ 0.,  1.],
           [ 1.,  0.],
           [ 0., -1.],
           [-1.,  0.]])
    """
    reach = math.floor(within_m / step_m + 1e-9)
    if (2 * reach + 1) ** 2 > 2 * MOST_PLACES:
        raise SearchTooLargeError(places=(2 * reach + 1) ** 2, limit=MOST_PLACES)
    steps = np.arange(-reach, reach + 1, dtype=np.int64)
    i, j = np.repeat(steps, len(steps)), np.tile(steps, len(steps))
    square = i * i + j * j
    keep = square <= (within_m / step_m) ** 2 * (1 + 1e-12)
    i, j, square = i[keep], j[keep], square[keep]
    bearing = np.round(np.degrees(np.arctan2(i, j)) % 360, 9)
    order = np.lexsort((bearing, square))
    return np.column_stack([i[order], j[order]]).astype(np.float64) * float(step_m)


def angles_within(rotate_deg: float, step_deg: float) -> tuple[float, ...]:
    """
    Angles up to a greatest one, the smallest first, anticlockwise before clockwise.

    Examples
    --------
    >>> angles_within(10, 5)
    (0.0, 5.0, -5.0, 10.0, -10.0)
    """
    count = math.floor(rotate_deg / step_deg + 1e-9) if rotate_deg > 0 else 0
    found = [0.0]
    for k in range(1, count + 1):
        angle = float(k * step_deg)
        found += [angle] if angle >= 180 else [angle, -angle]
    return tuple(found)


def search_shifts(
    shape: BaseGeometry,
    obstacles: Sequence[Obstacle],
    reaches: Callable[[Shift], bool],
    *,
    shifts: NDArray[np.float64],
    angles: Sequence[float],
) -> ShiftSearch:
    """
    The shortest shift of each angle that is shorter than those of the smaller angles.

    Every place of the grid up to the one found is either nearer to an obstacle than the engine can call ``clear``, or
    was asked of ``reaches`` and refused: none of them is left out on a guess.

    Parameters
    ----------
    shape
        The site in the plane.
    obstacles
        Of the goals; a place that surely meets one is not asked.
    reaches
        The engine's word on a place.
    shifts, angles
        The grid, from `shifts_within` and `angles_within`.
    """
    centre = centre_of(shape)
    length = np.hypot(shifts[:, 0], shifts[:, 1])
    found: list[Shift] = []
    limit = math.inf
    excluded = asked = beyond = 0
    for angle in angles:
        turned = affinity.rotate(shape, angle, origin=centre) if angle else shape
        outline = shapely.simplify(turned, OUTLINE_M)
        outline = turned if outline.is_empty or not outline.is_valid else outline
        count = int(np.searchsorted(length, limit - 1e-6))
        beyond += len(shifts) - count
        for start, closed in _closed(outline, obstacles, shifts[:count]):
            hit = None
            for row in np.flatnonzero(~closed):
                asked += 1
                east, north = (float(v) for v in shifts[start + row])
                shift = Shift(east_m=east, north_m=north, rotation_deg=angle)
                if reaches(shift):
                    hit = int(row)
                    found.append(shift)
                    limit = shift.length_m
                    break
            if hit is not None:
                excluded += int(closed[:hit].sum())
                beyond += count - (start + hit + 1)
                break
            excluded += int(closed.sum())
    return ShiftSearch(
        found=tuple(found), places=len(shifts) * len(angles), excluded=excluded, asked=asked, beyond=beyond
    )


def some_place_open(
    shape: BaseGeometry, obstacles: Sequence[Obstacle], *, shifts: NDArray[np.float64], angles: Sequence[float]
) -> bool:
    """Whether these obstacles leave any place of the grid that is not surely closed."""
    if not obstacles:
        return True
    centre = centre_of(shape)
    for angle in angles:
        turned = affinity.rotate(shape, angle, origin=centre) if angle else shape
        if any(not closed.all() for _, closed in _closed(shapely.simplify(turned, OUTLINE_M), obstacles, shifts)):
            return True
    return False


def centre_of(shape: BaseGeometry) -> tuple[float, float]:
    """The point of the plane that a site is turned about, to the millimetre."""
    middle = shapely.centroid(shape)
    return round(float(middle.x), 3), round(float(middle.y), 3)


def _closed(
    outline: BaseGeometry, obstacles: Sequence[Obstacle], shifts: NDArray[np.float64]
) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """
    Which places are surely closed, some at a time, the first few alone.

    A few of its own points are tried before the whole outline: where one of them is too near, so is the site.
    """
    xy = shapely.get_coordinates(outline)
    probes = xy[np.unique(np.linspace(0, len(xy) - 1, PROBES).astype(int))]
    size = max(16, min(CHUNK, 400_000 // max(1, len(xy))))
    start, take = 0, min(64, size)
    while start < len(shifts):
        some = shifts[start : start + take]
        closed = np.zeros(len(some), dtype=bool)
        for probe in probes:
            left = np.flatnonzero(~closed)
            if len(left) == 0:
                break
            points: Any = shapely.points(probe + some[left])
            closed[left] = surely_closed(obstacles, points)
        left = np.flatnonzero(~closed)
        if len(left):
            places = np.empty(len(left), dtype=object)
            places[:] = [outline] * len(left)
            moved = (xy[None, :, :] + some[left][:, None, :]).reshape(-1, 2)
            closed[left] = surely_closed(obstacles, shapely.set_coordinates(places, moved))
        yield start, closed
        start, take = start + take, size
