"""The grid of cells over a layer: where it lies, and which cells an edge crosses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["NEAR_DEG", "Grid"]

NEAR_DEG = 4e-8
"""
What lies within this of an edge (4 mm) is left to the geometry itself: the edges lie on a grid of 1e-8 degree, so up to
two of its steps beside the polygons as given, and sides were asked for one step beside an edge.
"""
_LEAST_DEG = 1e-5
_CELLS_AT_LEAST = 4096
_CELLS_AN_EDGE = 4
_CELLS_AT_MOST = 12_000_000
_PAIRS_AN_EDGE = 5
_AT_ONCE = 1 << 15
"""Edges that are worked on together, so that what is reckoned for them stays in the processor's own memory."""
_AWAY = 0.2718281828
"""The grid begins this share of a cell before its first whole cell, so that round coordinates lie on no line of it."""


@dataclass(frozen=True, kw_only=True)
class Grid:
    """
    Cells of equal size in degrees, numbered row by row from the south-west.

    The outermost cells on every side meet no edge: what lies outside of the grid is answered by them.
    """

    west: float
    south: float
    width: float
    height: float
    columns: int
    rows: int

    @classmethod
    def over(cls, xy: NDArray[np.float64]) -> Grid:
        """The grid for edges (m, 4), m > 0: about square on the ground, a few cells for every edge."""
        least, most = ([float(extreme(xy[:, column])) for column in range(4)] for extreme in (np.min, np.max))
        low = np.array([min(least[0], least[2]), min(least[1], least[3])])
        high = np.array([max(most[0], most[2]), max(most[1], most[3])])
        span = np.maximum(high - low, _LEAST_DEG)
        squeeze = max(0.2, float(np.cos(np.radians((low[1] + high[1]) / 2))))
        wanted = min(_CELLS_AT_LEAST + _CELLS_AN_EDGE * len(xy), _CELLS_AT_MOST)
        height = float(np.sqrt(span[0] * squeeze * span[1] / wanted))
        # long edges cross many cells: then the cells are larger
        along = float(np.abs(xy[:, 2] - xy[:, 0]).sum() * squeeze + np.abs(xy[:, 3] - xy[:, 1]).sum())
        height = max(height, along / (_PAIRS_AN_EDGE * len(xy) + 16 * _CELLS_AT_LEAST), _LEAST_DEG)
        # nor is a row or a column of cells longer than all of them may be
        height = max(height, float(max(span[0] * squeeze, span[1])) / (_CELLS_AT_MOST / 16))
        width = height / squeeze
        west, south = float(low[0]) - (1 + _AWAY) * width, float(low[1]) - (1 + _AWAY) * height
        return cls(
            west=west,
            south=south,
            width=width,
            height=height,
            columns=int((high[0] - west) / width) + 3,
            rows=int((high[1] - south) / height) + 3,
        )

    @property
    def count(self) -> int:
        """Number of cells."""
        return self.columns * self.rows

    def columns_of(self, lon: NDArray[np.float64]) -> NDArray[np.int64]:
        """The column of each longitude; the outermost where it lies outside."""
        return _whole((lon - self.west) * (1 / self.width), self.columns - 1)

    def rows_of(self, lat: NDArray[np.float64]) -> NDArray[np.int64]:
        """The row of each latitude; the outermost where it lies outside."""
        return _whole((lat - self.south) * (1 / self.height), self.rows - 1)

    def cells_of(self, lonlat: NDArray[np.float64]) -> NDArray[np.int64]:
        """The cell of each point (n, 2)."""
        found = self.rows_of(lonlat[:, 1])
        found *= self.columns
        found += self.columns_of(lonlat[:, 0])
        return found

    def centres(self, cells: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Longitude and latitude of the centres of some cells."""
        row, column = np.divmod(cells, self.columns)
        return self.west + (column + 0.5) * self.width, self.south + (row + 0.5) * self.height

    def summed(self, marked: NDArray[np.bool_]) -> NDArray[np.int32]:
        """How many marked cells lie south-west of each corner of the grid: (rows + 1, columns + 1)."""
        found = np.zeros((self.rows + 1, self.columns + 1), dtype=np.int32)
        inner = found[1:, 1:]
        np.cumsum(marked.reshape(self.rows, self.columns), axis=1, dtype=np.int32, out=inner)
        np.cumsum(inner, axis=0, out=inner)
        return found

    def met_in(
        self, before: NDArray[np.int32], boxes: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """The south-western cell of each box (n, 4), and how many marked cells it meets (`summed`)."""
        west, east = self.columns_of(boxes[:, 0]), self.columns_of(boxes[:, 2])
        south, north = self.rows_of(boxes[:, 1]), self.rows_of(boxes[:, 3])
        flat, width = before.ravel(), self.columns + 1
        low, high = south * width, (north + 1) * width
        met = flat[high + east + 1] - flat[high + west] - flat[low + east + 1] + flat[low + west]
        met[(boxes[:, 2] < boxes[:, 0]) | (boxes[:, 3] < boxes[:, 1])] = 1  # no box
        return south * self.columns + west, met

    def crossed_by(self, xy: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """
        Which cells edges (m, 4) come within `NEAR_DEG` of: cells and rows of ``xy``, pair by pair.

        Sorted by cell, then by row, each pair once. Seldom a cell too many, never one too few.
        """
        keys = [np.zeros(0, dtype=np.int64)]
        for start in range(0, len(xy), _AT_ONCE):
            keys += self._keys(xy[start : start + _AT_ONCE], start)
        key = np.concatenate(keys)
        keys.clear()
        key.sort()
        if len(key):
            key = key[np.append(True, key[1:] != key[:-1])]
        return key >> 32, key & 0xFFFFFFFF

    def _keys(self, xy: NDArray[np.float64], start: int) -> list[NDArray[np.int64]]:
        """Cell and edge in one number, for edges whose rows begin with some number."""
        spans = np.maximum(np.abs(xy[:, 2] - xy[:, 0]) / self.width, np.abs(xy[:, 3] - xy[:, 1]) / self.height)
        long = np.flatnonzero(spans > 1.0)
        short = np.flatnonzero(spans <= 1.0)
        parts, steps = _cut(xy[long], np.ceil(spans[long]).astype(np.int64))
        return self._keys_of_short(xy[short], start + short) + self._keys_of_short(parts, start + long[steps])

    def _keys_of_short(self, xy: NDArray[np.float64], edge: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """Cell and edge in one number, for edges no longer than a cell."""
        west = self.columns_of(np.minimum(xy[:, 0], xy[:, 2]) - NEAR_DEG)
        east = self.columns_of(np.maximum(xy[:, 0], xy[:, 2]) + NEAR_DEG)
        south = self.rows_of(np.minimum(xy[:, 1], xy[:, 3]) - NEAR_DEG)
        north = self.rows_of(np.maximum(xy[:, 1], xy[:, 3]) + NEAR_DEG)
        first = ((south * self.columns + west) << 32) | edge
        wide, tall = east - west, north - south
        keys = []
        four = np.flatnonzero((wide == 1) & (tall == 1))
        missed = self._missed(xy[four], west[four], south[four])
        for column in range(int(wide.max(initial=0)) + 1):
            for row in range(int(tall.max(initial=0)) + 1):
                takes = (wide >= column) & (tall >= row)
                takes[four[missed == 2 * row + column]] = False
                keys.append(first[takes] + ((row * self.columns + column) << 32))
        return keys

    def _missed(self, xy: NDArray[np.float64], west: NDArray[np.int64], south: NDArray[np.int64]) -> NDArray[np.int64]:
        """Of four cells (0 south-west, 1 south-east, 2 north-west, 3 north-east) the one that an edge misses, or -1."""
        x, y = self.west + (west + 1) * self.width, self.south + (south + 1) * self.height
        dx, dy = xy[:, 2] - xy[:, 0], xy[:, 3] - xy[:, 1]
        above = dx * (y - xy[:, 1]) - dy * (x - xy[:, 0])  # > 0: the corner of all four lies to the left of the edge
        above = np.where(dx < 0, -above, above)  # > 0: north of it
        rising = dx * dy > 0
        north, south_ = np.where(rising, 2, 3), np.where(rising, 1, 0)
        size = 2 * NEAR_DEG * (np.abs(dx) + np.abs(dy))
        found = np.where(above > size, north, np.where(above < -size, south_, -1))
        return np.where(dx * dy == 0, -1, found)


def _whole(steps: NDArray[np.float64], last: int) -> NDArray[np.int64]:
    """The whole steps between 0 and the last, of an array that is made use of."""
    np.maximum(steps, 0, out=steps)
    np.minimum(steps, last, out=steps)
    return steps.astype(np.int64)


def _cut(xy: NDArray[np.float64], parts: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Edges in equal parts, and of which edge each is one."""
    row = np.repeat(np.arange(len(xy)), parts)
    number = np.arange(len(row)) - np.repeat(np.cumsum(parts) - parts, parts)
    start, step = xy[row, :2], (xy[row, 2:] - xy[row, :2])
    share = (number / parts[row])[:, None], ((number + 1) / parts[row])[:, None]
    return np.hstack([start + step * share[0], start + step * share[1]]), row
