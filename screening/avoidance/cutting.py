"""The smallest cut: a parcel without what lies too near to the zones it must keep clear of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from screening.avoidance.obstacles import area_to_leave
from spatial.overlay.parts import simple_parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapely.geometry.base import BaseGeometry

    from screening.avoidance.obstacles import Obstacle

__all__ = ["EXTRA_M", "LEAST_PIECE_M2", "Cut", "cuts_of"]

EXTRA_M = (0.0, 0.05, 0.5, 2.0)
"""Further distance kept from obstacles, metres, tried in turn until the engine agrees."""
LEAST_PIECE_M2 = 1.0
"""A piece left over that is smaller is given up too."""


@dataclass(frozen=True, kw_only=True)
class Cut:
    """
    What is left of each part (None where nothing is), in the plane.

    Attributes
    ----------
    left
        One a part, in the order of the parts.
    pieces
        How many separate pieces are left of the whole site.
    """

    left: tuple[BaseGeometry | None, ...]
    pieces: int


def cuts_of(parts: Sequence[BaseGeometry], obstacles: Sequence[Obstacle], extra_m: float) -> Iterator[Cut]:
    """
    All that may stay; and where that is in several pieces, the largest piece alone.

    Parameters
    ----------
    parts
        Polygons of the plane.
    obstacles
        What to keep away from, each at its safe distance.
    extra_m
        Metres added to that distance.
    """
    leave = area_to_leave(obstacles, extra_m)
    whole = _areas(shapely.difference(shapely.union_all(list(parts)), leave))
    if not whole:
        return
    yield _cut(parts, whole)
    if len(whole) > 1:
        yield _cut(parts, [max(whole, key=lambda piece: piece.area)])


def _cut(parts: Sequence[BaseGeometry], pieces: list[Any]) -> Cut:
    kept = shapely.union_all(np.array(pieces, dtype=object))
    left: list[BaseGeometry | None] = []
    for part in parts:
        if shapely.covers(kept, part):
            left.append(part)
            continue
        areas = _areas(shapely.intersection(part, kept))
        left.append(shapely.union_all(np.array(areas, dtype=object)) if areas else None)
    return Cut(left=tuple(left), pieces=len(pieces))


def _areas(geometry: BaseGeometry) -> list[Any]:
    return [p for p in simple_parts(geometry) if shapely.get_dimensions(p) == 2 and p.area >= LEAST_PIECE_M2]
