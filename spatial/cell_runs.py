"""
The cells of a fixed grid that geometries meet, or that lie wholly inside them, as runs (row, first, last).

What is shown of a shape by `spatial.generalising` follows from these cells alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from spatial.ellipsoid import metres_per_degree

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    Runs = NDArray[np.int64]

__all__ = ["PARTS", "GeneralisingGrid", "runs_inside", "runs_met", "simple", "two_by_two"]

PARTS = 8
"""A cell is widened by its eighth part on every side; coordinates are whole multiples of that part."""
MOST_ROWS = 200_000


@dataclass(frozen=True, kw_only=True)
class GeneralisingGrid:
    """
    The cells of one level: ``2**-level`` degrees of latitude by ``2**(1-level)`` degrees of longitude.

    Examples
    --------
    >>> grid = GeneralisingGrid(level=8)
    >>> grid.level, grid.lat_step * 256, round(grid.side_m(49.5)), round(grid.margin_m(49.5))
    (8, 1.0, 434, 54)
    """

    level: int

    @property
    def lat_step(self) -> float:
        """Degrees of latitude of a cell, exact."""
        return float(2.0**-self.level)

    @property
    def lon_step(self) -> float:
        """Degrees of longitude of a cell, exact."""
        return 2.0 * self.lat_step

    @property
    def coordinate_step(self) -> float:
        """Degrees of which every coordinate of a shape is a whole multiple, exact."""
        return self.lat_step / PARTS

    def side_m(self, lat_deg: float) -> float:
        """The shorter side of a cell at a latitude, metres; never less than that of the precision asked for."""
        kx, ky = metres_per_degree(lat_deg)
        return float(min(kx * self.lon_step, ky * self.lat_step))

    def margin_m(self, lat_deg: float) -> float:
        """How far inside its shape everything lies at least, metres (`generalised`)."""
        return self.side_m(lat_deg) / PARTS

    def to_cells(self, coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        """Degrees as numbers of cells; exact, since the sides are powers of two."""
        return np.asarray(coordinates / np.array([self.lon_step, self.lat_step]), dtype=np.float64)

    def from_parts(self, coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        """Numbers of parts of cells as degrees; exact."""
        part = np.array([self.lon_step, self.lat_step]) / PARTS
        return np.asarray(np.round(coordinates) * part, dtype=np.float64)


def simple(geometry: BaseGeometry) -> list[BaseGeometry]:
    """The points, lines and polygons of a geometry, however they are nested; empty ones are left out."""
    parts = shapely.get_parts([geometry])
    found: list[BaseGeometry] = []
    for part in parts:
        found += simple(part) if part.geom_type.startswith(("Multi", "GeometryCollection")) else [part]
    return [part for part in found if not part.is_empty]


def two_by_two(parts: list[BaseGeometry], grid: GeneralisingGrid) -> Runs | None:
    """Two cells by two from the south-western one met on; None where more are met, or there is but one point."""
    corners = grid.to_cells(shapely.total_bounds(parts).reshape(2, 2))
    (column, row), (last_column, last_row) = np.floor(corners).astype(np.int64)
    if last_column - column > 1 or last_row - row > 1 or (corners[0] == corners[1]).all():
        return None
    return np.array([[row, column, column + 1], [row + 1, column, column + 1]])


def runs_met(part: BaseGeometry, grid: GeneralisingGrid) -> Runs:
    """Runs of cells (row, first, last) that a point, line or polygon meets."""
    rim = _cells_of(part, grid)
    runs = [np.column_stack([rim[:, 1], rim[:, 0], rim[:, 0]])]
    if shapely.get_dimensions(part) == 2:
        runs.append(_filled(part, rim, grid))
    return _joined(np.concatenate(runs))


def runs_inside(area: BaseGeometry, grid: GeneralisingGrid) -> Runs:
    """Runs of cells that lie wholly in an area."""
    polygons = [part for part in simple(area) if shapely.get_dimensions(part) == 2]
    if not polygons:
        return np.zeros((0, 3), dtype=np.int64)
    whole = shapely.union_all(polygons)  # what runs between two parts of it is no boundary
    rims = [_cells_of(whole, grid)]
    rings = shapely.get_rings(simple(whole))  # the outer ones too: an area so small holds no cell anyway
    for ring in rings:
        small = two_by_two([ring], grid)  # a hole on a corner of cells is not shown to be there
        if small is not None:
            rims += [np.column_stack([columns, small[:, 0]]) for columns in (small[:, 1], small[:, 2])]
    rim = np.unique(np.concatenate(rims)[:, ::-1], axis=0)[:, ::-1]
    return _joined(_filled(whole, rim, grid))


def _filled(polygon: BaseGeometry, rim: NDArray[np.int64], grid: GeneralisingGrid) -> Runs:
    """Between two rim cells of a row lies either nothing but inside or nothing but outside: one point of it tells."""
    row, column = rim[:-1, 1], rim[:-1, 0]
    gap = (row == rim[1:, 1]) & (rim[1:, 0] > column + 1)
    row, first, last = row[gap], column[gap] + 1, rim[1:, 0][gap] - 1
    centres = np.column_stack([first + 0.5, row + 0.5]) * np.array([grid.lon_step, grid.lat_step])
    shapely.prepare(polygon)
    inside = shapely.contains_xy(polygon, centres[:, 0], centres[:, 1])
    return np.asarray(np.column_stack([row, first, last])[inside], dtype=np.int64)


def _joined(runs: Runs) -> Runs:
    """Runs that follow each other in a row made one."""
    if len(runs) == 0:
        return runs
    runs = runs[np.lexsort((runs[:, 1], runs[:, 0]))]
    new = np.ones(len(runs), dtype=bool)
    new[1:] = (runs[1:, 0] != runs[:-1, 0]) | (runs[1:, 1] > runs[:-1, 2] + 1)
    start = np.flatnonzero(new)
    return np.column_stack([runs[start, 0], runs[start, 1], np.maximum.reduceat(runs[:, 2], start)])


def _cells_of(geometry: BaseGeometry, grid: GeneralisingGrid) -> NDArray[np.int64]:
    """Cells (column, row) that the points, lines or rings of a geometry meet, each once, by row and column."""
    areal = shapely.get_dimensions(geometry) == 2
    lines = shapely.get_rings(shapely.get_parts([geometry])) if areal else [geometry]
    xy, of = shapely.get_coordinates(lines, return_index=True)
    places = grid.to_cells(xy)
    rows = np.floor(places[:, 1])
    if rows.max() - rows.min() > MOST_ROWS:
        raise ValueError(f"a shape spans {rows.max() - rows.min():.0f} rows of cells; ask for a coarser precision")
    same = of[1:] == of[:-1]
    start, end = places[:-1][same], places[1:][same]
    turned = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    start[turned], end[turned] = end[turned], start[turned]  # a line drawn the other way meets the same cells
    cells = np.concatenate([np.floor(places), _cells_between(start, end)]).astype(np.int64)
    return np.unique(cells[:, ::-1], axis=0)[:, ::-1]


def _cells_between(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cells that segments run through: cut where they cross a line of the grid, each piece lies in one cell."""
    segments, shares = [np.repeat(np.arange(len(start)), 2)], [np.tile([0.0, 1.0], len(start))]
    for axis in (0, 1):
        a, b = start[:, axis], end[:, axis]
        low, count = np.floor(np.minimum(a, b)), np.abs(np.floor(b) - np.floor(a)).astype(np.int64)
        which = np.repeat(np.arange(len(start)), count)
        turn = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
        segments.append(which)
        shares.append((low[which] + 1 + turn - a[which]) / (b[which] - a[which]))
    segment, share = np.concatenate(segments), np.clip(np.concatenate(shares), 0.0, 1.0)
    order = np.lexsort((share, segment))
    segment, share = segment[order], share[order]
    same = segment[1:] == segment[:-1]
    of, middle = segment[1:][same], (share[1:][same] + share[:-1][same])[:, None] / 2
    return np.asarray(np.floor(start[of] + (end[of] - start[of]) * middle), dtype=np.float64)
