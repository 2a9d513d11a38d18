"""The cells at a date: what lies inside the counted features, what outside, and what their boundary crosses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spatial.ellipsoid import A_M, E2, metres_per_degree
from spatial.once import once
from spatial.overlay.cells.crossing import CellEdges, walk
from spatial.overlay.damage import DamagedIndexError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spatial.overlay.cells.lookup import Cells

__all__ = ["ZoneCells"]

_OUTSIDE, _INSIDE, _CROSSED = 0, 1, 2
_LEAST_METRES_A_DEGREE = float(np.radians(A_M * (1 - E2)))
"""Of latitude: at the equator."""
_HIGHEST_LAT = 89.0
_SPARE = 1.01
_SPARE_M = 0.01


class ZoneCells:
    """
    Questions to the cells of a layer of which some features count; made by `Cells.zone`, once for a layer and a date.

    An edge is boundary where exactly one of its sides holds a counted feature: seams between counted features are none.

    Attributes
    ----------
    counted
        Which features do.

    Examples
    --------
    >>> import shapely
    >>> from spatial.overlay.index import GeometryIndex
    >>> index = GeometryIndex.of(np.array([shapely.box(117, 49, 117.1, 49.1), shapely.box(117.1, 49, 117.2, 49.1)]))
    >>> both = index.cells.zone(np.array([True, True]))
    >>> both.inside(np.array([[117.05, 49.05], [117.1, 49.05], [117.2, 49.05]])).tolist()  # the seam is inside
    [1, 1, -1]
    >>> both.around(np.array([[117.09, 49.05, 117.11, 49.06]]), np.array([1000.0])).tolist()
    [1]
    """

    def __init__(self, cells: Cells, counted: NDArray[np.bool_]) -> None:
        self._cells = cells
        self.counted = np.asarray(counted, dtype=bool)
        offset, feature = cells.members
        if len(feature) and int(feature.max()) >= len(self.counted):
            raise DamagedIndexError(array="edges/set_feature", detail="names a feature that there is not")
        own = np.zeros(len(offset) - 1, dtype=np.int64)
        np.add.at(own, np.repeat(np.arange(len(own)), np.diff(offset)), self.counted[feature])
        self.holds = own > 0
        """Which side sets hold a counted feature."""
        if cells.grid is None:
            return
        left, right = cells.sides
        self._parting = self.holds[left] != self.holds[right]
        # an edge with the same on both sides bounds something too narrow to be told: it is never crossed unseen
        boundary = self._parting | (left == right)
        chosen = boundary[cells.edge]
        before = np.concatenate([[0], np.cumsum(chosen)])
        self._offset = before[cells.offset]
        self._edge = cells.edge[chosen]
        met = (np.diff(self._offset) > 0) | cells.shut | (cells.crossed_set < 0)
        labels = np.append(self.holds.astype(np.int8), np.int8(_CROSSED))  # the last: in doubt, -1
        label = labels[cells.crossed_set]
        state = labels[np.maximum(cells.cell, -1)]
        state[cells.crossed] = np.where(met, np.int8(_CROSSED), label)
        self.state = state
        """For each cell: 0 outside, 1 inside, 2 crossed by boundary or not known."""
        self._label = label

    @once
    def _edges(self) -> CellEdges:
        left, right = self._cells.sides
        return CellEdges(
            offset=self._offset,
            edge=self._edge,
            xy=self._cells.xy,
            left=self.holds.astype(np.int8)[left],
            right=self.holds.astype(np.int8)[right],
        )

    def make_ready(self) -> None:
        """Read the edges now, and sum up the cells, so that the first question need not wait for them."""
        if self._cells.grid is not None:
            _ = self._edges, self._crossed_before

    @property
    def boundary(self) -> NDArray[np.float64]:
        """(k, 4) the edges with a counted feature on exactly one side, as `spatial.overlay.edges.boundary_edges`."""
        return np.zeros((0, 4)) if self._cells.grid is None else self._cells.xy[self._parting]

    def inside(self, lonlat: NDArray[np.float64]) -> NDArray[np.int8]:
        """
        Whether points lie in the zone.

        Parameters
        ----------
        lonlat
            (n, 2) degrees, EPSG:4490.

        Returns
        -------
        answer
            Length n: 1 in it, 0 outside, -1 not to be told from cells: within some millimetres of an edge, where cells
            are too crowded, and for coordinates that are no numbers. There the geometry itself must be asked.
        """
        found = np.full(len(lonlat), -1, dtype=np.int8)
        finite = np.asarray(np.isfinite(lonlat).all(axis=1))
        cells, grid = self._cells, self._cells.grid
        if grid is None:
            found[finite] = _OUTSIDE
            return found
        sound = None if finite.all() else np.flatnonzero(finite)
        points = lonlat if sound is None else lonlat[sound]
        cell = grid.cells_of(points)
        state = self.state[cell]
        todo = np.flatnonzero(state == _CROSSED)
        number = -2 - cells.cell[cell[todo]].astype(np.int64)
        state[todo] = -1
        known = number >= 0
        known[known] = ~cells.shut[number[known]] & (self._label[number[known]] != _CROSSED)
        todo, number = todo[known], number[known]
        if len(todo):
            label, unsure = walk(points[todo], grid.centres(cell[todo]), self._label[number], number, self._edges)
            state[todo] = np.where(unsure, np.int8(-1), label)
        if sound is None:
            return state
        found[sound] = state
        return found

    def around(self, boxes: NDArray[np.float64], reach_m: NDArray[np.float64] | float = 0.0) -> NDArray[np.int8]:
        """
        Whether boxes, and everything within some distance of them, lie wholly inside the zone or wholly outside.

        Parameters
        ----------
        boxes
            (n, 4) west, south, east, north, degrees, EPSG:4490; a point is a box too.
        reach_m
            Geodesic metres, for each box or for all.

        Returns
        -------
        answer
            Length n: 1 all of it lies in the zone, 0 all of it outside, -1 cannot be told from cells. Neither 1 nor 0
            is said unless no boundary comes nearer than ``reach_m``.
        """
        wide, sound = _widened(boxes, np.broadcast_to(np.asarray(reach_m, dtype=np.float64), (len(boxes),)))
        found = np.full(len(boxes), -1, dtype=np.int8)
        grid = self._cells.grid
        if grid is None:
            found[sound] = _OUTSIDE
            return found
        rows = np.flatnonzero(sound)
        corner, met = grid.met_in(self._crossed_before, wide[rows])
        free = met == 0
        found[rows[free]] = self.state[corner[free]]
        return found

    @once
    def _crossed_before(self) -> NDArray[np.int32]:
        grid = self._cells.grid
        assert grid is not None
        return grid.summed(self.state == _CROSSED)

    def clearance_m(self, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        """
        A distance within which there is no boundary around points: geodesic metres, never too large, often 0.

        Parameters
        ----------
        lonlat
            (n, 2) degrees.

        Returns
        -------
        metres
            Length n; infinite where the layer has no boundary at all.
        """
        grid = self._cells.grid
        finite = np.asarray(np.isfinite(lonlat).all(axis=1))
        if grid is None:
            return np.where(finite, np.inf, 0.0)
        points = np.where(finite[:, None], lonlat, 0.0)
        steps = np.maximum(self._steps[grid.cells_of(points)].astype(np.float64) - 1, 0.0)
        top = np.abs(points[:, 1]) + steps * grid.height
        across, _ = metres_per_degree(np.minimum(top, _HIGHEST_LAT))
        metres = steps * np.minimum(grid.width * across, grid.height * _LEAST_METRES_A_DEGREE) / _SPARE
        inside = (points[:, 0] >= grid.west) & (points[:, 0] <= grid.west + grid.width * grid.columns)
        inside &= (points[:, 1] >= grid.south) & (points[:, 1] <= grid.south + grid.height * grid.rows)
        return np.where(finite & inside & (top < _HIGHEST_LAT), metres, 0.0)

    @once
    def _steps(self) -> NDArray[np.int32]:
        """How many cells, rows or columns, each cell is from the nearest one that is crossed."""
        from scipy.ndimage import distance_transform_cdt

        grid = self._cells.grid
        assert grid is not None
        open_ = (self.state != _CROSSED).reshape(grid.rows, grid.columns)
        if open_.all():
            return np.zeros(grid.count, dtype=np.int32)
        return np.asarray(distance_transform_cdt(open_, metric="chessboard").ravel(), dtype=np.int32)

    def features_of(self, sets: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """The counted features of some side sets: offsets (n + 1), and the features of each between two of them."""
        bounds, feature = self._cells.features_of(sets)
        counts = self.counted[feature]
        return np.concatenate([[0], np.cumsum(counts)])[bounds], feature[counts]


def _widened(boxes: NDArray[np.float64], reach_m: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """
    Boxes in degrees that hold every point within some metres of each, with 1 % and a centimetre to spare.

    On its way of r metres no curve gains more latitude than r over the shortest degree there is, nor more longitude
    than r over the shortest degree at the latitudes it can reach. Boxes near a pole or over the date line are unsound.
    """
    margin = _SPARE * reach_m + _SPARE_M
    up = margin / _LEAST_METRES_A_DEGREE
    top = np.maximum(np.abs(boxes[:, 1]), np.abs(boxes[:, 3])) + up
    sound = np.isfinite(boxes).all(axis=1) & (reach_m >= 0) & (top < _HIGHEST_LAT)
    across, _ = metres_per_degree(np.where(sound, top, 0.0))
    aside = margin / across
    wide = np.column_stack([boxes[:, 0] - aside, boxes[:, 1] - up, boxes[:, 2] + aside, boxes[:, 3] + up])
    return wide, sound & (wide[:, 0] >= -180) & (wide[:, 2] <= 180)
