"""The cells of a layer version, opened: which side set lies at a point, or fills a box."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from spatial.once import once
from spatial.overlay.cells.building import DOUBT, NAMES, SHUT, disagreeing, fingerprint
from spatial.overlay.cells.crossing import CellEdges, walk
from spatial.overlay.cells.grid import Grid
from spatial.overlay.cells.zone import ZoneCells
from spatial.overlay.damage import DamagedIndexError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["Cells"]

_CELLS_AT_MOST = 1 << 26
_POINTS_AT_ONCE = 1 << 15
"""So many that what is reckoned for them stays in the processor's cache."""


class Cells:
    """
    Questions to the grid of cells of one layer version.

    All its arrays are read when it is opened, the edges when a point in a crossed cell is asked for.

    Parameters
    ----------
    array
        Gives an array by name: those of `build_cells` and the ``edges/*`` of the same version.

    Raises
    ------
    DamagedIndexError
        If the arrays contradict each other.

    Examples
    --------
    >>> import shapely
    >>> from spatial.overlay.index import GeometryIndex
    >>> index = GeometryIndex.of(np.array([shapely.box(117, 49, 117.1, 49.1)]))
    >>> sets, unsure = index.cells.sets_at(np.array([[117.05, 49.05], [117.2, 49.05], [117.1, 49.05]]))
    >>> sets.tolist()[:2], unsure.tolist()
    ([1, 0], [False, False, True])
    """

    def __init__(self, array: Callable[[str], Any]) -> None:
        self._source = array
        arrays = {name: np.asarray(array(f"cells/{name}")[:]) for name in NAMES}
        place, shape = np.asarray(array("cells/grid")[:]), np.asarray(array("cells/shape")[:])
        _require(shape.shape == (5,) and shape.dtype.kind == "i", "shape", "not five whole numbers")
        _require(int(shape[4]) == fingerprint(place, shape, arrays.values()), "shape", "the checksum differs")
        self.edge_count, self.set_count = int(shape[2]), int(shape[3])
        _require(len(array("edges/xy")) == self.edge_count, "shape", "made for another number of edges")
        _require(len(array("edges/set_offset")) == self.set_count + 1, "shape", "made for another number of sets")
        self.grid = _grid_of(place, shape)
        if self.grid is None:
            _require(self.edge_count == 0, "grid", "there is none, but there are edges")
            return
        centre = _table_of(self.grid, arrays, self.set_count)
        crossed, count = arrays["crossed"].astype(np.int64), arrays["crossed_count"].astype(np.int64)
        self.offset = _offsets_of(self.grid, crossed, count, arrays["edge"], self.edge_count)
        self.edge = arrays["edge"]
        self.shut = count == SHUT
        self.crossed_set = centre[crossed]
        """The side set at the centre of each crossed cell."""
        free = np.ones(self.grid.count, dtype=bool)
        free[crossed] = False
        shape2 = (self.grid.rows, self.grid.columns)
        _require(not disagreeing(centre.reshape(shape2), free.reshape(shape2)).any(), "run_set", "neighbours disagree")
        _require(_edge_of_grid_is_empty(centre.reshape(shape2), free.reshape(shape2)), "run_set", "not 0 at the rim")
        self.crossed = crossed
        centre[crossed] = -2 - np.arange(len(crossed), dtype=np.int32)
        self.cell = centre
        """For each cell its side set, -1 where that is in doubt, or -2 - k: it is number k of the crossed ones."""

    @once
    def xy(self) -> NDArray[np.float64]:
        """(m, 4) all edges."""
        return np.asarray(self._source("edges/xy")[:]).reshape(-1, 4)

    @once
    def sides(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The side sets to the left and right of every edge."""
        found = tuple(np.asarray(self._source(f"edges/{side}")[:]) for side in ("left", "right"))
        for name, side in zip(("left", "right"), found, strict=True):
            sound = len(side) == self.edge_count and (
                len(side) == 0 or (int(side.min()) >= 0 and int(side.max()) < self.set_count)
            )
            if not sound:
                raise DamagedIndexError(array=f"edges/{name}", detail="not a set for every edge")
        return found[0], found[1]

    @once
    def members(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """The features of each side set: ``feature[offset[s]:offset[s + 1]]``."""
        offset = np.asarray(self._source("edges/set_offset")[:])
        feature = np.asarray(self._source("edges/set_feature")[:])
        sound = offset[0] == 0 and (np.diff(offset) >= 0).all() and offset[-1] == len(feature)
        if not sound or (len(feature) and int(feature.min()) < 0) or (len(offset) > 1 and offset[1] != 0):
            raise DamagedIndexError(array="edges/set_offset", detail="does not delimit the sets")
        return offset, feature

    def sets_at(self, lonlat: NDArray[np.float64], *, threads: int = 1) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """
        The side set at points: which features hold each.

        Parameters
        ----------
        lonlat
            (n, 2) degrees, EPSG:4490.
        threads
            How many work at it at once; more than one pays from some 100,000 points on.

        Returns
        -------
        number, unsure
            Length n; number 0 is no feature. Unsure within some millimetres of an edge, where the cells are too crowded
            or contradict each other, and for coordinates that are no numbers: there the number is 0 and means nothing,
            and the geometry itself must be asked.
        """
        found, unsure = np.zeros(len(lonlat), dtype=np.int32), np.zeros(len(lonlat), dtype=bool)
        if self.grid is None:
            np.logical_not(np.isfinite(lonlat).all(axis=1), out=unsure)
            return found, unsure
        blocks = [slice(at, at + _POINTS_AT_ONCE) for at in range(0, len(lonlat), _POINTS_AT_ONCE)]
        if threads == 1 or len(blocks) == 1:
            for some in blocks:
                self._answer(lonlat[some], found[some], unsure[some])
        else:
            assert len(self._edges.xy) == self.edge_count  # read once, not by each thread
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(lambda some: self._answer(lonlat[some], found[some], unsure[some]), blocks))
        return found, unsure

    @once
    def _edges(self) -> CellEdges:
        left, right = self.sides
        return CellEdges(offset=self.offset, edge=self.edge, xy=self.xy, left=left, right=right)

    def _answer(self, lonlat: NDArray[np.float64], found: NDArray[np.int32], unsure: NDArray[np.bool_]) -> None:
        """Fill in ``found`` and ``unsure`` for points few enough to stay in the processor's cache."""
        assert self.grid is not None
        lon, lat = lonlat[:, 0].copy(), lonlat[:, 1].copy()
        finite = np.isfinite(lon)
        finite &= np.isfinite(lat)
        if not finite.all():
            lon[~finite], lat[~finite] = self.grid.west, self.grid.south  # in the outermost cell: no edge
        cells = self.grid.rows_of(lat)
        cells *= self.grid.columns
        cells += self.grid.columns_of(lon)
        self.cell.take(cells, mode="clip", out=found)
        np.equal(found, DOUBT, out=unsure)
        todo = np.flatnonzero(found < DOUBT)
        number = -2 - found[todo].astype(np.int64)
        label = self.crossed_set[number]
        known = ~self.shut[number]
        known &= label != DOUBT
        unsure[todo[~known]] = True
        todo, number, label = todo[known], number[known], label[known]
        if len(todo):
            found[todo], unsure[todo] = walk(lonlat[todo], self.grid.centres(cells[todo]), label, number, self._edges)
        np.logical_or(unsure, ~finite, out=unsure)
        found[unsure] = 0

    def sole_set(self, boxes: NDArray[np.float64]) -> NDArray[np.int32]:
        """
        The one side set that fills a box wholly, no edge coming near, seams included; else -1.

        Use it to know that a site lies within a single feature, and needs no overlay.

        Parameters
        ----------
        boxes
            (n, 4) west, south, east, north, degrees.

        Returns
        -------
        number
            Length n; 0: no feature at all.
        """
        found = np.full(len(boxes), -1, dtype=np.int32)
        sound = np.isfinite(boxes).all(axis=1)
        if self.grid is None:
            found[sound] = 0
            return found
        rows = np.flatnonzero(sound)
        corner, met = self.grid.met_in(self._crossed_before, boxes[rows])
        free = met == 0
        found[rows[free]] = self.cell[corner[free]]
        return found

    @once
    def _crossed_before(self) -> NDArray[np.int32]:
        assert self.grid is not None
        return self.grid.summed(self.cell < 0)

    def zone(self, counted: NDArray[np.bool_]) -> ZoneCells:
        """
        The cells as seen when only some features count: at a date.

        Parameters
        ----------
        counted
            Which features do, by row.

        Raises
        ------
        DamagedIndexError
            If the sets name features that there are not.
        """
        return ZoneCells(self, counted)

    def features_of(self, sets: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """The features of some side sets: offsets (n + 1), and the features of each between two of them."""
        offset, feature = self.members
        start = offset[sets]
        length = offset[1:][sets] - start
        if (length == 1).all():  # nearly always: layers seldom overlap themselves
            return np.arange(len(sets) + 1), feature[start]
        bounds = np.concatenate([[0], np.cumsum(length)])
        return bounds, feature[np.arange(bounds[-1]) + np.repeat(start - bounds[:-1], length)]


def _require(sound: bool, array: str, detail: str) -> None:  # noqa: FBT001
    if not sound:
        raise DamagedIndexError(array=f"cells/{array}", detail=detail)


def _grid_of(place: NDArray[np.float64], shape: NDArray[np.int64]) -> Grid | None:
    columns, rows = int(shape[0]), int(shape[1])
    if columns == 0 and rows == 0 and len(place) == 0:
        return None
    _require(min(columns, rows) >= 3 and columns * rows <= _CELLS_AT_MOST, "shape", "no number of cells")
    _require(len(place) == 4 and bool(np.isfinite(place).all() and (place[2:] > 0).all()), "grid", "no place and size")
    west, south, width, height = (float(v) for v in place)
    return Grid(west=west, south=south, width=width, height=height, columns=columns, rows=rows)


def _table_of(grid: Grid, arrays: dict[str, NDArray[Any]], sets: int) -> NDArray[np.int32]:
    """The side set at the centre of every cell."""
    count, start, value = arrays["run_count"].astype(np.int64), arrays["run_start"].astype(np.int64), arrays["run_set"]
    _require(len(count) == grid.rows and bool((count > 0).all()), "run_count", "not a run at least in every row")
    _require(int(count.sum()) == len(start) == len(value), "run_start", "not as many as the rows have")
    first = np.cumsum(count) - count
    _require(bool((start[first] == 0).all() and (start < grid.columns).all()), "run_start", "outside of its row")
    _require(int(value.min()) >= DOUBT and int(value.max()) < sets, "run_set", "no such set")
    where = start + np.repeat(np.arange(grid.rows) * grid.columns, count)
    length = np.diff(np.append(where, grid.count))
    _require(bool((length > 0).all()), "run_start", "not in order")
    return np.repeat(value.astype(np.int32), length)


def _offsets_of(
    grid: Grid, crossed: NDArray[np.int64], count: NDArray[np.int64], edge: NDArray[np.int32], edges: int
) -> NDArray[np.int64]:
    """Where the edges of each crossed cell begin."""
    inside = len(crossed) == 0 or (int(crossed[0]) >= 0 and int(crossed[-1]) < grid.count)
    _require(bool(inside and (np.diff(crossed) > 0).all()), "crossed", "not cells in order")
    _require(len(count) == len(crossed) and bool((count > 0).all()), "crossed_count", "not one for each cell")
    own = np.where(count == SHUT, 0, count)
    _require(int(own.sum()) == len(edge), "crossed_count", "not as many edges as there are")
    _require(len(edge) == 0 or (int(edge.min()) >= 0 and int(edge.max()) < edges), "edge", "no such edge")
    return np.concatenate([[0], np.cumsum(own)])


def _edge_of_grid_is_empty(table: NDArray[np.int32], free: NDArray[np.bool_]) -> bool:
    rims = (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1])
    return all(bool(((table[rim] <= 0) & free[rim]).all()) for rim in rims)
