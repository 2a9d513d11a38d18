"""
Shapes shown more coarsely than they are known: supersets (or subsets) that depend on grid cells alone.

The plane of longitude and latitude is divided once and for all into cells: ``2**-level`` degrees of latitude by twice
that of longitude, counted from 0°, 0°; every cell holds its western and southern edge and neither of the others.
An outward shape is the union of the cells that a geometry meets, each widened by an eighth of itself. So

* it holds the geometry, with an eighth of a cell to spare (`GeneralisingGrid.margin_m`);
* it is a function of *which cells are met*: two geometries that meet the same cells give the same shape to the last
  bit, and no question to the shape tells them apart. A point may be anywhere in its cell, a boundary anywhere in the
  cells that it runs through;
* something small that lies on a corner of cells gives no more away: whatever meets no more than two cells by two is
  shown as two by two, from the cell of its south-western corner on. Four cells would say that it lies on that corner;
* cells of a level are unions of cells of every finer one: shapes of two precisions together say what the finer says;
* nothing of the grid is taken from the data: the same place in two layers, or in two editions, is the same cell.

The sides of a cell are powers of two of a degree, so that every coordinate is exact in binary numbers.

What this does not hide: somebody who knows more than the shape, for instance that a boundary is straight for ten
kilometres or that a zone is a circle, fits that to the rim cells and comes closer. For zones about a point whose place
is the secret there is ``about_centres``: the shape then follows from the cell of the centre and a size rounded up.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.cell_runs import PARTS, GeneralisingGrid, runs_inside, runs_met, simple, two_by_two
from spatial.ellipsoid import metres_per_degree

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    Runs = NDArray[np.int64]

__all__ = ["GeneralisingGrid", "generalised", "generalised_boxes", "grid_for", "narrowed"]

SIDE_IN_PRECISIONS = 8.0
"""
The least side of a cell in precisions. Half of all guesses at a boundary are off by a quarter of the side, by an eighth
where somebody smooths the rim of a smooth shape (measured): by the precision or more.
"""
LEVELS = range(21)
SAME_CENTRE_CELLS = 0.1
"""A centre nearer than this to one before it is taken as the same, so that no two neighbouring cells are named."""
LARGEST_REACH_CELLS = 4.0
COMPACT = 0.4
"""Least share of its smallest enclosing circle that a shape must fill to have a centre worth hiding."""


def grid_for(precision_m: float) -> GeneralisingGrid:
    """
    The finest grid that shows nothing more exactly than a precision.

    The shorter side of its cells is eight to sixteen times the precision, anywhere from 0° to 60° N. So whatever is
    asked of a shape, a point may lie anywhere in an area that holds a circle of four times the precision, and half of
    the best guesses at a boundary of which no more is known are off by the precision or more.

    Parameters
    ----------
    precision_m
        Metres, > 0.

    Raises
    ------
    ValueError
        If no grid is so fine or so coarse: less than about 0.01 m or more than 13 km.

    Examples
    --------
    >>> [grid_for(metres).level for metres in (50, 53, 54, 200)]
    [8, 8, 7, 6]
    """
    shortest = float(metres_per_degree(0.0)[1])  # a degree of latitude at the equator; of longitude twice, at 60°, more
    for level in reversed(LEVELS):
        if shortest * 2.0**-level >= SIDE_IN_PRECISIONS * precision_m:
            return GeneralisingGrid(level=level)
    raise ValueError(f"no grid for a precision of {precision_m!r} m")


def generalised(geometries: NDArray[Any], grid: GeneralisingGrid, *, about_centres: bool = False) -> NDArray[Any]:
    """
    Supersets of some geometries that give away no more than the cells they meet.

    Use it for shapes that may be published only coarsely and must still never leave out what is there. Holes of a
    single cell are filled. What is no single point and meets at most two cells by two is shown as two by two.

    Parameters
    ----------
    geometries
        Valid 2D geometries, EPSG:4490, length n; None or empty gives None.
    grid
        From `grid_for`.
    about_centres
        Also hide the centres of compact parts (zones about an intake): the shape is then the cell of the centre
        widened on all sides by the part's reach in whole half cells. Points among ``geometries`` are taken for centres
        of what is around them.

    Returns
    -------
    shapes
        Polygons or multipolygons, length n, on multiples of ``grid.coordinate_step``; each holds its geometry with at
        least ``grid.margin_m`` to spare.

    Raises
    ------
    ValueError
        If a geometry spans more than 200,000 rows of cells: the grid is too fine for it.

    Examples
    --------
    >>> import shapely
    >>> grid = grid_for(50.0)
    >>> well = shapely.Point(117.4012, 49.6023)
    >>> shape = generalised(np.array([well]), grid)[0]
    >>> bool(shapely.covers(shape, well)), [x / grid.coordinate_step % 1 for x in shape.bounds]
    (True, [0.0, 0.0, 0.0, 0.0])
    >>> elsewhere = shapely.Point(117.4002, 49.6019)  # in the same cell
    >>> generalised(np.array([elsewhere]), grid)[0].wkb == shape.wkb
    True
    """
    shapes = np.empty(len(geometries), dtype=object)
    centres = _Centres(geometries, grid) if about_centres else None
    for row, geometry in enumerate(geometries):
        if geometry is not None and not geometry.is_empty:
            shapes[row] = _outward(geometry, grid, centres)
    return shapes


def narrowed(area: BaseGeometry, grid: GeneralisingGrid) -> BaseGeometry:
    """
    A subset of an area that gives away no more than the cells its boundary runs through.

    Use it for what is known to be complete (a coverage): the counterpart of `generalised`, an eighth of a cell
    inside. Empty where no cell lies wholly in the area.

    Examples
    --------
    >>> grid = grid_for(50.0)
    >>> area = shapely.box(117.0001, 49.0001, 117.1, 49.1)
    >>> inside = narrowed(area, grid)
    >>> bool(shapely.covers(area, inside)), round(inside.area / area.area, 2)
    (True, 0.78)
    """
    runs = runs_inside(area, grid)
    if len(runs) == 0:
        return shapely.Polygon()
    plane = shapely.buffer(_united(_boxes(runs, 0)), -1.0, join_style="mitre", mitre_limit=2.0)
    return _in_degrees(_polygons_of(plane), grid)


def generalised_boxes(boxes: NDArray[np.float64], grid: GeneralisingGrid) -> NDArray[np.float64]:
    """
    Boxes (k, 4) of west, south, east, north widened to the cells they meet; what is not finite becomes NaN.

    A box that meets at most two cells by two becomes two by two, as in `generalised`; one without size its cell.

    Examples
    --------
    >>> generalised_boxes(np.array([[117.001, 49.001, 117.001, 49.001]]), GeneralisingGrid(level=3)).tolist()
    [[116.96875, 48.984375, 117.28125, 49.140625]]
    """
    boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    found = np.full(boxes.shape, np.nan)
    whole = np.isfinite(boxes).all(axis=1)
    least, most = grid.to_cells(boxes[whole, :2]), grid.to_cells(boxes[whole, 2:])
    first, last = np.floor(least), np.floor(most)
    small = (last - first <= 1).all(axis=1) & (most > least).any(axis=1)
    last[small] = first[small] + 1
    found[whole, :2] = grid.from_parts(first * PARTS - 1)
    found[whole, 2:] = grid.from_parts((last + 1) * PARTS + 1)
    return found


# ---- in numbers of cells --------------------------------------------------------------------------------------


def _outward(geometry: BaseGeometry, grid: GeneralisingGrid, centres: _Centres | None) -> BaseGeometry:
    boxes, others = [], []
    for part in simple(geometry):
        about = None if centres is None else centres.box_about(part)
        others += [part] if about is None else []
        boxes += [] if about is None else [about]
    small = two_by_two(others, grid) if others else None
    boxes += [_boxes(runs_met(part, grid), 1) for part in others] if small is None else [_boxes(small, 1)]
    plane = _united(np.concatenate(boxes))
    return _in_degrees(_polygons_of(plane, least_hole=PARTS**2), grid)


def _boxes(runs: Runs, margin: int) -> NDArray[Any]:
    """Runs of cells (row, first, last) as boxes in parts of cells, widened by so many parts."""
    row, first, last = runs.T
    return np.asarray(
        shapely.box(
            first * PARTS - margin, row * PARTS - margin, (last + 1) * PARTS + margin, (row + 1) * PARTS + margin
        )
    )


def _united(boxes: NDArray[Any]) -> BaseGeometry:
    return shapely.union_all(boxes, grid_size=1.0)


def _polygons_of(plane: BaseGeometry, least_hole: float = 0.0) -> list[shapely.Polygon]:
    """Its polygons, of each the corners alone, without holes up to a size."""
    found = []
    for part in shapely.get_parts([plane]):
        holes = [_corners(ring) for ring in part.interiors if shapely.Polygon(ring).area > least_hole]
        found.append(shapely.Polygon(_corners(part.exterior), holes))
    return found


def _corners(ring: BaseGeometry) -> NDArray[np.float64]:
    """The corners of a ring along the axes: where boxes were joined on the way must not show."""
    xy = np.round(shapely.get_coordinates(ring)[:-1])
    upright = (xy[:, 0] == np.roll(xy[:, 0], 1)) & (xy[:, 0] == np.roll(xy[:, 0], -1))
    level = (xy[:, 1] == np.roll(xy[:, 1], 1)) & (xy[:, 1] == np.roll(xy[:, 1], -1))
    return np.asarray(xy[~(upright | level)], dtype=np.float64)


def _in_degrees(polygons: list[shapely.Polygon], grid: GeneralisingGrid) -> BaseGeometry:
    """In degrees, normalised: the same cells give the same bytes."""
    if not polygons:
        return shapely.Polygon()
    shape: BaseGeometry = polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
    return shapely.normalize(shapely.transform(shapely.normalize(shape), grid.from_parts))


class _Centres:
    """Centres of points and compact parts, in numbers of cells; one that lies by an earlier one is that one."""

    def __init__(self, geometries: NDArray[Any], grid: GeneralisingGrid) -> None:
        self._grid = grid
        parts = [part for g in geometries if g is not None for part in simple(g)]
        points = [part for part in parts if shapely.get_dimensions(part) == 0]
        compact = [part for part in parts if _is_compact(part)]
        self._known = np.zeros((0, 2))
        for part in [*points, *sorted(compact, key=lambda part: (part.area, shapely.to_wkb(part)))]:
            place = self._own(part)
            if not len(self._near(place)):
                self._known = np.vstack([self._known, place])

    def box_about(self, part: BaseGeometry) -> NDArray[Any] | None:
        """The box of a compact part in parts of cells, None where it is not compact or too large."""
        if not _is_compact(part):
            return None
        near = self._near(self._own(part))
        centre = near[0] if len(near) else self._own(part)
        reach = np.abs(self._grid.to_cells(shapely.get_coordinates(part)) - centre).max()
        widened = math.ceil(2 * reach) / 2
        if widened > LARGEST_REACH_CELLS:
            return None
        margin = int(widened * PARTS) + 1
        cell = np.floor(centre).astype(np.int64)
        return _boxes(np.array([[cell[1], cell[0], cell[0]]]), margin)

    def _own(self, part: BaseGeometry) -> NDArray[np.float64]:
        return np.asarray(self._grid.to_cells(shapely.get_coordinates(shapely.centroid(shapely.convex_hull(part))))[0])

    def _near(self, place: NDArray[np.float64]) -> NDArray[np.float64]:
        near = np.abs(self._known - place).max(axis=1) <= SAME_CENTRE_CELLS
        return np.asarray(self._known[near], dtype=np.float64)


def _is_compact(part: BaseGeometry) -> bool:
    if shapely.get_dimensions(part) != 2:
        return False
    kx, ky = metres_per_degree(part.bounds[1])
    plane = shapely.transform(shapely.convex_hull(part), lambda xy: xy * np.array([float(kx), float(ky)]))
    circle = math.pi * float(shapely.minimum_bounding_radius(plane)) ** 2
    return bool(circle > 0 and plane.area / circle >= COMPACT)
