"""
What lies near one place of several administrative areas, without joining all of them.

A region of a hundred counties takes most of a second to join, and a site meets one or two of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.boundaries import accuracy_of, members_of, union
from spatial.boundary_store import open_built, outlines_of
from spatial.overlay.frame import boxes_meet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Box = tuple[float, float, float, float]

__all__ = ["NearBoundary", "near_boundary"]

_GRID = 1e-8
_ASIDE = 1e-6
"""Degrees beside a box: to join outlines on the grid moves none of them so far."""


@dataclass(frozen=True, kw_only=True)
class NearBoundary:
    """
    Several administrative areas, to be asked about one place after another.

    Attributes
    ----------
    codes
        As asked for, sorted, each once.
    boxes
        (n, 4) west, south, east, north of the districts that belong to them, degrees.
    """

    codes: tuple[str, ...]
    boxes: NDArray[np.float64]
    _members: tuple[str, ...]
    _path: Path
    _source: str

    @property
    def accuracy_m(self) -> float:
        """The accuracy of the whole outline, metres, as `spatial.boundaries.union` has it."""
        known = accuracy_of(self.codes)
        return union(self.codes).accuracy_m if known is None else known

    def within(self, box: Box) -> Any:
        """What of them lies in the districts that meet a box of degrees: all that lies in it."""
        west, south, east, north = box
        room = shapely.box(west - _ASIDE, south - _ASIDE, east + _ASIDE, north + _ASIDE)
        near = (self._members[row] for row in np.flatnonzero(boxes_meet(self.boxes, box)))
        met = tuple(code for code in near if shapely.intersects(_outline(self._path, self._source, code), room))
        return _together(self._path, self._source, met)


def near_boundary(codes: Sequence[str]) -> NearBoundary:
    """
    Several administrative areas as `spatial.boundaries.union` joins them, of which only what is near is read.

    Use it to ask whether a place lies in them; `union` gives the outline itself.

    Parameters
    ----------
    codes
        Six-digit codes; a city's code means all its districts.

    Raises
    ------
    UnknownDistrictError, UnmeasuredDistrictError, BoundariesNotBuiltError, BoundariesDamagedError
        As for `spatial.boundaries.union`.

    Examples
    --------
    >>> region = near_boundary(["150000"])
    >>> len(region.boxes), region.accuracy_m == union(["150000"]).accuracy_m
    (103, True)
    >>> region.within((117.4, 49.5, 117.5, 49.6)).covers(shapely.Point(117.45, 49.58))
    True
    """
    asked = tuple(sorted({str(code).strip() for code in codes}))
    store = open_built(None)
    members = members_of(asked)
    places = store.places[store.sources[0]]
    boxes = np.array([places[code].bounds for code in members], dtype=np.float64)[:, [0, 2, 1, 3]]
    return NearBoundary(codes=asked, boxes=boxes, _members=members, _path=store.path, _source=store.sources[0])


@lru_cache(maxsize=64)
def _together(path: Path, source: str, members: tuple[str, ...]) -> Any:
    return shapely.union_all([_outline(path, source, code) for code in members], grid_size=_GRID)


@lru_cache(maxsize=64)
def _outline(path: Path, source: str, code: str) -> Any:
    return shapely.from_wkb(outlines_of(path, source, [code])[code])
