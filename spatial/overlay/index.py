"""The packed index of a layer version: pieces, features and true boundary edges as plain arrays.

``build_index`` runs once, at import; ``GeometryIndex`` answers from the arrays, wherever they lie.
Only what a question touches is read.
"""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import shapely

from spatial.measure import ellipsoidal_area
from spatial.once import once
from spatial.overlay.damage import DamagedIndexError
from spatial.overlay.edges import Edges, edges_of
from spatial.overlay.frame import boxes_meet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from spatial.overlay.cells import Cells
    from spatial.overlay.pieces import Pieces
    from spatial.overlay.seams import Seams

    Box = tuple[float, float, float, float]

__all__ = ["ArraySource", "DamagedIndexError", "GeometryIndex", "build_index", "pieces_of"]


_VERTICES_AT_ONCE = 30_000
_PIECES_AT_ONCE = 1024
_WINDOW_MARGINS = (0.1, 0.8)
"""Degrees around a box whose pieces are kept for the next box: a small window for a small box, and a larger one."""


class ArraySource(Protocol):
    """What an index needs of an array: its length, rows by slice or by index array, and all of it."""

    def __len__(self) -> int:
        """Number of rows."""
        ...

    def __getitem__(self, key: Any) -> Any:
        """Rows by number, slice or array of numbers."""
        ...


def pieces_of(geometries: NDArray[Any]) -> Pieces:
    """
    The pieces of the geometries of a layer, for `build_index`; None and empty ones have none.

    Use it to cut in one thread while edges are matched in another one, each with geometries of its own.
    """
    from spatial.overlay.pieces import Pieces, cut

    given = np.asarray(geometries, dtype=object)
    rows = np.flatnonzero(~(shapely.is_missing(given) | shapely.is_empty(given)))
    found = cut(given[rows])
    return Pieces(geometries=found.geometries, rows=rows[found.rows])


def build_index(
    geometries: NDArray[Any], *, seams: Seams | None = None, pieces: Pieces | None = None
) -> dict[str, NDArray[Any]]:
    """
    The arrays of one layer version.

    Parameters
    ----------
    geometries
        Valid 2D geometries, EPSG:4490, length n; None or empty for a feature that has none.
    seams
        Of the same geometries (`spatial.overlay.seams`), where they are at hand: matching edges takes a while.
    pieces
        Of the same geometries (`pieces_of`), where they are at hand.

    Returns
    -------
    arrays
        By name, little-endian: ``features/*`` (n rows), ``pieces/*``, ``edges/*``, ``cells/*``. Areas in square metres.

    Examples
    --------
    >>> arrays = build_index(np.array([shapely.box(117, 49, 117.1, 49.1)]))
    >>> int(arrays["features/dimension"][0]), len(arrays["pieces/feature"]), len(arrays["edges/xy"])
    (2, 1, 4)
    """
    from spatial.overlay.cells import build_cells, narrow_rings

    geometries = np.asarray(geometries, dtype=object)
    missing = shapely.is_missing(geometries) | shapely.is_empty(geometries)
    present = geometries.copy()
    present[missing] = None
    pieces = pieces_of(geometries) if pieces is None else pieces
    edges = edges_of(present, pieces, seams=seams)
    wkb = shapely.to_wkb(pieces.geometries, byte_order=1, output_dimension=2)
    areal = shapely.get_dimensions(present) == 2
    area = np.zeros(len(geometries))
    area[areal] = _areas(geometries[areal]) if areal.any() else 0.0
    return {
        "features/bounds": shapely.bounds(present).astype("<f8").reshape(-1, 4),
        "features/area": area.astype("<f8"),
        "features/dimension": shapely.get_dimensions(present).astype("<i4"),
        "pieces/bounds": shapely.bounds(pieces.geometries).astype("<f8").reshape(-1, 4),
        "pieces/feature": pieces.rows.astype("<i4"),
        "pieces/offset": np.concatenate([[0], np.cumsum([len(b) for b in wkb])]).astype("<i8"),
        "pieces/wkb": np.frombuffer(b"".join(wkb), dtype=np.uint8),
        "edges/xy": edges.xy.astype("<f8"),
        "edges/left": edges.left.astype("<i4"),
        "edges/right": edges.right.astype("<i4"),
        "edges/set_offset": edges.set_offset.astype("<i8"),
        "edges/set_feature": edges.set_feature.astype("<i4"),
        "edges/group_offset": edges.group_offset.astype("<i8"),
        "edges/group_bounds": edges.group_bounds.astype("<f8"),
    } | build_cells(edges, np.concatenate([edges.lost, narrow_rings(present)]))


def _areas(polygons: NDArray[Any]) -> NDArray[np.float64]:
    """Ellipsoidal areas, some polygons at a time: as many as the processor's own memory holds, one task a thread."""
    from concurrent.futures import ThreadPoolExecutor

    size = np.cumsum(shapely.get_num_coordinates(polygons))
    ends = np.unique(np.searchsorted(size, np.arange(_VERTICES_AT_ONCE, size[-1], _VERTICES_AT_ONCE)))
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        return np.concatenate(list(pool.map(ellipsoidal_area, np.split(polygons, ends))))


class GeometryIndex:
    """
    Questions to the arrays of one layer version.

    Parameters
    ----------
    array
        Gives an array by name (of ``build_index``); it may check what it reads and raise.
    prefix
        Put before every name, for a second geometry of the same version (``coverage/``).
    """

    def __init__(self, array: Callable[[str], ArraySource], prefix: str = "") -> None:
        self._source = array
        self._prefix = prefix
        self._pieces: dict[int, Any] = {}
        self._groups: dict[int, Any] = {}
        self._windows: dict[float, tuple[Box, NDArray[np.int64]]] = {}

    def _array(self, name: str) -> ArraySource:
        return self._source(self._prefix + name)

    @classmethod
    def of(cls, geometries: NDArray[Any]) -> GeometryIndex:
        """An index in memory."""
        return cls.from_arrays(build_index(geometries))

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> GeometryIndex:
        """An index over arrays that are at hand."""
        return cls(arrays.__getitem__)

    @once
    def feature_bounds(self) -> NDArray[np.float64]:
        """(n, 4) boxes of the features; NaN where there is no geometry."""
        return np.asarray(self._array("features/bounds")[:])

    @once
    def feature_area_m2(self) -> NDArray[np.float64]:
        """Ellipsoidal area of each feature, square metres."""
        return np.asarray(self._array("features/area")[:])

    @once
    def feature_dimension(self) -> NDArray[np.int32]:
        """2 for polygons, 1 for lines, 0 for points, -1 where there is no geometry."""
        return np.asarray(self._array("features/dimension")[:])

    @once
    def piece_bounds(self) -> NDArray[np.float64]:
        """(m, 4) boxes of the pieces."""
        bounds = np.asarray(self._array("pieces/bounds")[:])
        if len(bounds) != len(self.piece_feature):
            raise DamagedIndexError(array="pieces/bounds", detail="not as long as pieces/feature")
        return bounds

    @once
    def piece_feature(self) -> NDArray[np.int32]:
        """The feature of each piece."""
        return np.asarray(self._array("pieces/feature")[:])

    def pieces_meeting(self, box: Box, features: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Rows of the pieces whose box meets a box, of the features asked for."""
        if len(self.piece_feature) == 0:
            return np.zeros(0, dtype=np.int64)
        rows = self._in_window(box)
        return rows[boxes_meet(self.piece_bounds[rows], box) & features[self.piece_feature[rows]]]

    def _in_window(self, box: Box) -> NDArray[np.int64]:
        """Rows of the pieces near a box, all that meet it among them: one site asks for many boxes, all near it."""
        west, south, east, north = box
        margin = next((m for m in _WINDOW_MARGINS if max(east - west, north - south) <= 4 * m), None)
        if margin is None:
            return self._meeting(box)
        for (w, s, e, n), rows in self._windows.copy().values():
            if w <= west and s <= south and e >= east and n >= north:
                return rows
        window = (west - margin, south - margin, east + margin, north + margin)
        rows = self._meeting(window)
        self._windows[margin] = window, rows
        return rows

    def _meeting(self, box: Box) -> NDArray[np.int64]:
        """Rows of all pieces whose box meets a box; most are passed by on their longitudes alone."""
        west, south, east, north = self._sides
        rows = np.flatnonzero((west <= box[2]) & (east >= box[0]))
        return np.asarray(rows[(south[rows] <= box[3]) & (north[rows] >= box[1])], dtype=np.int64)

    @once
    def _sides(self) -> NDArray[np.float64]:
        """The boxes of the pieces with each side in a row of its own, (4, m)."""
        return np.ascontiguousarray(self.piece_bounds.T)

    @once
    def greatest_latitude(self) -> float:
        """The latitude farthest from the equator that a piece reaches, degrees without sign; 0 where there is none."""
        return float(np.abs(self.piece_bounds[:, [1, 3]]).max(initial=0.0))

    def pieces_of(self, features: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Rows of all pieces of the features asked for."""
        return np.flatnonzero(features[self.piece_feature]) if len(self.piece_feature) else np.zeros(0, dtype=np.int64)

    def pieces_of_one(self, feature: int) -> NDArray[np.int64]:
        """Rows of all pieces of one feature."""
        return np.flatnonzero(self.piece_feature == feature)

    def load(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """The geometries of some pieces."""
        found = np.empty(len(rows), dtype=object)
        new = [int(row) for row in rows if int(row) not in self._pieces]
        if new:
            self._pieces.update(zip(new, self._parsed(np.array(new, dtype=np.int64)), strict=True))
        found[:] = [self._pieces[int(row)] for row in rows]
        return found

    def _parsed(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """The geometries of some pieces, anew; pieces that are stored one after another are read at once."""
        offset, wkb = self._array("pieces/offset"), self._array("pieces/wkb")
        start, end = np.asarray(offset[rows]), np.asarray(offset[rows + 1])
        breaks = [0, *(np.flatnonzero(start[1:] != end[:-1]) + 1).tolist(), len(rows)]
        found = []
        for first, after in itertools.pairwise(breaks):
            for at in range(first, after, _PIECES_AT_ONCE):
                some = slice(at, min(at + _PIECES_AT_ONCE, after))
                low = int(start[at])
                content = np.asarray(wkb[low : int(end[some.stop - 1])]).tobytes()
                places = zip((start[some] - low).tolist(), (end[some] - low).tolist(), strict=True)
                found.append(shapely.from_wkb([content[one:other] for one, other in places]))
        return np.concatenate(found)

    def geometry(self, feature: int) -> Any:
        """One feature put together from its pieces (its cut lines dissolved); None where it has no geometry."""
        rows = self.pieces_of_one(feature)
        if len(rows) == 0:
            return None
        return shapely.union_all(self.load(rows))

    def edges_meeting(self, box: Box) -> tuple[Edges, NDArray[np.int64]]:
        """The edges of the groups whose box meets a box, with their rows among ``Edges.xy`` (0 … k-1)."""
        return self._edges_in(np.flatnonzero(boxes_meet(self.group_bounds, box)))

    @once
    def cells(self) -> Cells | None:
        """The grid of cells over the layer; None where the version was written before there were any."""
        from spatial.overlay.cells import Cells

        try:
            self._array("cells/shape")
        except KeyError:
            return None
        return Cells(self._array)

    @once
    def group_bounds(self) -> NDArray[np.float64]:
        """(g, 4) boxes of the groups of boundary edges."""
        return np.asarray(self._array("edges/group_bounds")[:]).reshape(-1, 4)

    def load_edge_groups(self, groups: NDArray[np.int64]) -> NDArray[Any]:
        """
        Some groups of edges as multilinestrings: every edge of the layer, seams included.

        Use it where the index holds one feature (a coverage), whose every edge is boundary.
        """
        found = np.empty(len(groups), dtype=object)
        new = [group for group in groups.tolist() if group not in self._groups]
        if new:
            rows = self._rows_of(np.array(new, dtype=np.int64))
            lines: Any = shapely.linestrings(np.asarray(self._array("edges/xy")[rows]).reshape(-1, 2, 2))
            owner = np.repeat(np.arange(len(new)), np.diff(self._group_offset)[new])
            self._groups.update(zip(new, shapely.multilinestrings(lines, indices=owner), strict=True))
        found[:] = [self._groups[group] for group in groups.tolist()]
        return found

    @once
    def _group_offset(self) -> NDArray[np.int64]:
        return np.asarray(self._array("edges/group_offset")[:])

    def _rows_of(self, groups: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows of the edges of some groups."""
        offset = self._group_offset
        found = [np.arange(offset[group], offset[group + 1]) for group in groups]
        return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)

    def _edges_in(self, groups: NDArray[np.int64]) -> tuple[Edges, NDArray[np.int64]]:
        rows = self._rows_of(groups)
        edges = Edges(
            xy=np.asarray(self._array("edges/xy")[rows]).reshape(-1, 4),
            left=np.asarray(self._array("edges/left")[rows]),
            right=np.asarray(self._array("edges/right")[rows]),
            set_offset=np.asarray(self._array("edges/set_offset")[:]),
            set_feature=np.asarray(self._array("edges/set_feature")[:]),
            group_offset=self._group_offset,
            group_bounds=self.group_bounds,
        )
        return edges, np.arange(len(rows), dtype=np.int64)
