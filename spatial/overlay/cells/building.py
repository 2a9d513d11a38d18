"""Cells of a layer version, made once from its boundary edges."""

from __future__ import annotations

import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.overlay.cells.grid import NEAR_DEG, Grid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from spatial.overlay.edges import Edges

__all__ = ["DOUBT", "NAMES", "SHUT", "build_cells", "fingerprint", "narrow_rings"]

NAMES = ("run_count", "run_start", "run_set", "crossed", "crossed_count", "edge")
"""The arrays that ``cells/shape`` holds a checksum of."""
DOUBT = -1
"""Instead of a side set: the edges around do not agree on what lies there."""
SHUT = 255
"""Instead of a number of edges: too many, or edges that contradict each other; the cell answers nothing."""
MOST_EDGES = 96
_POLYGON = 3
_SLOTS_AT_MOST_BITS = 24
_NARROW_DEG = 2 * NEAR_DEG
"""The width of a ring below which it is not relied upon that each of its edges has the ring on one side only."""


def build_cells(edges: Edges, lost: NDArray[np.float64] | None = None) -> dict[str, NDArray[Any]]:
    """
    The arrays of a grid of cells over the edges of a layer.

    For every cell the side set at its centre, and for every cell that is crossed by edges which these are: then what
    lies at a point is settled by the edges between it and the centre. Where edges contradict each other (something
    narrower than the grid they lie on), the cells there are marked, and answer nothing.

    Parameters
    ----------
    edges
        Of one layer version.
    lost
        (k, 4) further edges that bound something too narrow to have a place among ``edges``.

    Returns
    -------
    arrays
        ``cells/grid`` (west, south, width, height in degrees), ``cells/shape`` (columns, rows, edges, sets, checksum),
        ``cells/run_*`` (side sets row by row, as runs), ``cells/crossed*`` and ``cells/edge``; all but the shape
        are empty where there are no edges.

    Examples
    --------
    >>> import shapely
    >>> from spatial.overlay.edges import edges_of
    >>> from spatial.overlay.pieces import cut
    >>> square = np.array([shapely.box(117, 49, 117.1, 49.1)])
    >>> arrays = build_cells(edges_of(square, cut(square)))
    >>> set(arrays["cells/run_set"].tolist())  # nothing, and the square
    {0, 1}
    """
    sets = len(edges.set_offset) - 1
    lost = np.zeros((0, 4)) if lost is None else lost
    if len(edges.xy) + len(lost) == 0:
        return _arrays(None, len(edges.xy), sets, {})
    grid = Grid.over(np.concatenate([edges.xy, lost]) if len(lost) else edges.xy)
    with ThreadPoolExecutor(1) as beside:
        crossing = beside.submit(grid.crossed_by, edges.xy)
        centre, torn = _centres(grid, edges, lost)
        torn[_loose_ends(edges)] = True
        cell, edge = crossing.result()
    starts = np.flatnonzero(np.append(True, cell[1:] != cell[:-1])) if len(cell) else np.zeros(0, dtype=np.int64)
    crossed, count = cell[starts], np.diff(np.append(starts, len(cell)))
    count[count > MOST_EDGES] = SHUT
    if torn.any():
        count[np.isin(crossed, cell[torn[edge]])] = SHUT
    if len(lost):
        crossed, count = _shut(crossed, count, grid.crossed_by(lost)[0])
    kept = np.isin(cell, crossed[count != SHUT])
    _doubt_torn_regions(grid, centre, crossed)
    run_count, run_start, run_set = _runs(centre.reshape(grid.rows, grid.columns))
    return _arrays(
        grid,
        len(edges.xy),
        sets,
        {
            "run_count": run_count,
            "run_start": run_start,
            "run_set": run_set,
            "crossed": crossed.astype("<i4"),
            "crossed_count": count.astype("u1"),
            "edge": edge[kept].astype("<i4"),
        },
    )


def narrow_rings(polygons: NDArray[Any]) -> NDArray[np.float64]:
    """
    The edges (k, 4) of outlines and holes so narrow that they may be lost among the boundary edges of a layer.

    Parameters
    ----------
    polygons
        EPSG:4490; other geometries and None are passed over.

    Examples
    --------
    >>> import shapely
    >>> len(narrow_rings(np.array([shapely.box(117, 49, 117.1, 49.1), shapely.box(117, 49, 117 + 1e-8, 49.1)])))
    4
    """
    given = np.asarray(polygons, dtype=object)
    given = given[shapely.get_dimensions(given) == 2]
    # of what is one ring, area and length are those of the ring: most need not be taken apart
    one = (shapely.get_type_id(given) == _POLYGON) & (shapely.get_num_interior_rings(given) == 0)
    one[one] = ~_narrow(given[one], given[one])
    rings = shapely.get_rings(given[~one])
    if not len(rings):
        return np.zeros((0, 4))
    narrow: Any = rings[_narrow(shapely.polygons(rings), rings)]
    xy, ring = shapely.get_coordinates(narrow, return_index=True)
    joined = ring[1:] == ring[:-1]
    return np.hstack([xy[:-1][joined], xy[1:][joined]])


def _narrow(polygons: Any, rings: Any) -> NDArray[np.bool_]:
    """Which rings are narrow: one is about twice its area over its length wide."""
    return np.asarray(2 * shapely.area(polygons) < _NARROW_DEG * shapely.length(rings), dtype=np.bool_)


def fingerprint(grid: NDArray[np.float64], shape: NDArray[np.int64], arrays: Iterable[NDArray[Any]]) -> int:
    """The checksum of all arrays of one grid, so that none of them is taken for another's."""
    found = 0
    for values in (grid, shape[:4], *arrays):
        found = zlib.crc32(np.ascontiguousarray(values).data, found)
    return found


def _arrays(grid: Grid | None, edges: int, sets: int, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    size = (0, 0) if grid is None else (grid.columns, grid.rows)
    place = np.array([] if grid is None else [grid.west, grid.south, grid.width, grid.height], dtype="<f8")
    found = {name: arrays.get(name, np.zeros(0, dtype="<i4")) for name in NAMES}
    shape = np.array([*size, edges, sets, 0], dtype="<i8")
    shape[4] = fingerprint(place, shape, found.values())
    return {"cells/grid": place, "cells/shape": shape} | {f"cells/{name}": values for name, values in found.items()}


def _centres(grid: Grid, edges: Edges, lost: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """
    The side set at every cell's centre, and the edges that disagree about one.

    Each row's line of centres is walked from west to east: what lies east of an edge that crosses it must lie west of
    the next. What lies beside an edge that was lost is in doubt.
    """
    nothing_known = np.full(len(lost), DOUBT, dtype=np.int32)
    row, x, west, east, edge = _crossings(
        grid,
        np.concatenate([edges.xy, lost]) if len(lost) else edges.xy,
        np.concatenate([edges.left, nothing_known]),
        np.concatenate([edges.right, nothing_known]),
    )
    same = row[1:] == row[:-1]
    # between two crossings lies what the one says to its east and the other to its west; before the first and after
    # the last of a row, nothing
    first = np.ceil(x).astype(np.int64)
    begins, ends = np.append(True, ~same)[: len(row)], np.append(~same, True)[: len(row)]
    following = np.append(np.where(same, first[1:], grid.columns), grid.columns)[: len(row)]
    claim = np.append(np.where(same, west[1:], 0), 0)[: len(row)].astype(np.int32)
    found = np.where(east == claim, east, DOUBT).astype(np.int32)
    length = np.maximum(following - first, 0)
    torn = np.zeros(len(edges.xy) + len(lost), dtype=bool)
    wrong = np.flatnonzero((found == DOUBT) & (length > 0) & (east != DOUBT) & (claim != DOUBT))
    torn[edge[wrong]] = True
    torn[edge[wrong[~ends[wrong]] + 1]] = True
    before = np.flatnonzero(begins & (west != 0) & (first > 0))
    torn[edge[before]] = True
    # as one row after another: what lies before the first crossing of each, then each run
    starts = np.concatenate([np.arange(grid.rows) * grid.columns, row * grid.columns + first])
    values = np.concatenate([np.zeros(grid.rows, dtype=np.int32), found])
    values[row[before]] = DOUBT
    lengths = np.concatenate([np.full(grid.rows, grid.columns), length])
    lengths[row[begins]] = first[begins]
    order = np.argsort(starts * 2 + (lengths > 0), kind="stable")
    return np.repeat(values[order], lengths[order]), torn[: len(edges.xy)]


def _crossings(
    grid: Grid, xy: NDArray[np.float64], left: NDArray[np.int32], right: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """
    Where edges cross the lines of centres: row, column (in which a centre is a whole number), what lies west and east
    of it, edge; sorted by row and column.
    """
    # a centre is a whole number in these; an edge crosses the rows from its lower end to before its upper one, so that
    # of two edges that end on a line the right number crosses it
    y0, y1 = ((xy[:, end] - grid.south) / grid.height - 0.5 for end in (1, 3))
    low, high = np.ceil(np.minimum(y0, y1)).astype(np.int64), np.ceil(np.maximum(y0, y1)).astype(np.int64)
    edge = np.flatnonzero(high > low)
    times = (high - low)[edge]
    edge, row = np.repeat(edge, times), np.repeat(low[edge], times)
    row += np.arange(len(row)) - np.repeat(np.cumsum(times) - times, times)
    share = (row - y0[edge]) / (y1[edge] - y0[edge])
    lon = xy[edge, 0] + (xy[edge, 2] - xy[edge, 0]) * share
    x = np.clip((lon - grid.west) / grid.width - 0.5, 0, grid.columns - 1)
    up = y1[edge] > y0[edge]
    west, east = np.where(up, left[edge], right[edge]), np.where(up, right[edge], left[edge])
    along = row * float(grid.columns) + x
    order = np.argsort(along)
    row = row[order]
    # as sorted, to some billionths of a cell: two at one place never come out of order
    return row, along[order] - row * float(grid.columns), west[order], east[order], edge[order]


def _loose_ends(edges: Edges) -> NDArray[np.bool_]:
    """
    Edges at a vertex around which the sides do not come out even.

    Going around a vertex, what lies to the left of one edge lies to the right of the next: so, taken together, the left
    sides of the edges that leave it are its right sides. Each set counts by a number of its own; vertices share slots
    by chance, which only doubts a few more.
    """
    weight = np.random.default_rng(20).integers(1, 1 << 40, len(edges.set_offset))
    turn = weight[edges.left] - weight[edges.right]
    places = [_place(edges.xy[:, :2]), _place(edges.xy[:, 2:])]
    # each vertex times a number of its own: it comes out even as a whole where it does at every vertex
    if not np.sum(turn.view(np.uint64) * (_scrambled(places[0]) - _scrambled(places[1]))):
        return np.zeros(len(edges.xy), dtype=bool)
    bits = min(8 + len(edges.xy).bit_length(), _SLOTS_AT_MOST_BITS)
    slots = [(place >> np.uint64(64 - bits)).astype(np.int64) for place in places]
    turning = turn.astype(np.float64)
    balance = np.bincount(slots[0], turning, 1 << bits) - np.bincount(slots[1], turning, 1 << bits)
    return np.asarray((balance[slots[0]] != 0) | (balance[slots[1]] != 0), dtype=np.bool_)


def _place(lonlat: NDArray[np.float64]) -> NDArray[np.uint64]:
    """A number for each place on the grid of the edges."""
    steps = np.rint(lonlat * 1e8).astype(np.int64).view(np.uint64)
    return np.asarray(steps[:, 0] * np.uint64(0x9E3779B97F4A7C15) + steps[:, 1] * np.uint64(0xC2B2AE3D27D4EB4F))


def _scrambled(place: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Another number for each, in no proportion to where it lies: those of a parallelogram's corners do not cancel."""
    mixed = place ^ (place >> np.uint64(30))
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def _shut(
    crossed: NDArray[np.int64], count: NDArray[np.int64], cells: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The crossed cells and their numbers of edges, with some cells shut that may not have been among them."""
    every = np.union1d(crossed, cells)
    found = np.full(len(every), SHUT, dtype=np.int64)
    found[np.searchsorted(every, crossed)] = count
    found[np.searchsorted(every, np.unique(cells))] = SHUT
    return every, found


def _doubt_torn_regions(grid: Grid, centre: NDArray[np.int32], crossed: NDArray[np.int64]) -> None:
    """Doubt, in place, every region of cells that no edge crosses, yet two of which disagree."""
    free = np.ones(grid.count, dtype=bool)
    free[crossed] = False
    table, open_ = centre.reshape(grid.rows, grid.columns), free.reshape(grid.rows, grid.columns)
    if not disagreeing(table, open_).any():
        return
    from scipy.ndimage import label

    regions, number = label(open_ & (table != DOUBT))
    low, high = np.full(number + 1, np.iinfo(np.int32).max, dtype=np.int32), np.full(number + 1, -1, dtype=np.int32)
    np.minimum.at(low, regions, table)
    np.maximum.at(high, regions, table)
    torn = low != high
    torn[0] = False
    table[torn[regions]] = DOUBT


def disagreeing(table: NDArray[np.int32], free: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Cells (without the last row and column) that disagree with that north or east of them, both being free."""
    here, sure = table[:-1, :-1], free[:-1, :-1] & (table[:-1, :-1] != DOUBT)
    found = np.zeros(here.shape, dtype=bool)
    for other, open_ in ((table[1:, :-1], free[1:, :-1]), (table[:-1, 1:], free[:-1, 1:])):
        found |= (here != other) & (other != DOUBT) & open_
    return np.asarray(found & sure, dtype=np.bool_)


def _runs(table: NDArray[np.int32]) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.int32]]:
    """The runs of equal values in each row: how many, where each begins, its value."""
    begins = np.empty(table.shape, dtype=bool)
    begins[:, 0] = True
    np.not_equal(table[:, 1:], table[:, :-1], out=begins[:, 1:])
    where = np.flatnonzero(begins)
    start = (where % table.shape[1]).astype("<u2" if table.shape[1] <= 1 << 16 else "<i4")
    return begins.sum(axis=1, dtype=np.int64).astype("<i4"), start, table.ravel()[where].astype("<i4")
