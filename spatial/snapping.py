"""
Geometries on a grid: every vertex at its nearest place, and no area lost or turned by it.

What is far from a border stays on the side where it was: how far is `Rings.moved_m`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from spatial.topology import Grid

__all__ = ["Rings", "polygons_of", "ranges", "snapped", "turning", "valid"]

IDLE_M = 1e-6
"""A vertex that no other ring has counts as lying on a straight stretch within this, metres."""


@dataclass(frozen=True, kw_only=True)
class Rings:
    """
    Parts as rings of places: ``xy`` (v, 2), ``start`` (rings + 1), ``closed`` a ring of an area, its last vertex not
    repeated.

    ``part_start`` (parts + 1) rings of the parts, the shell first; ``part_dimension``; ``part_feature`` ascending.
    """

    xy: NDArray[np.int64]
    start: NDArray[np.int64]
    closed: NDArray[np.bool_]
    part_start: NDArray[np.int64]
    part_dimension: NDArray[np.uint8]
    part_feature: NDArray[np.int64]
    moved_m: float


def snapped(geometries: NDArray[Any], grid: Grid) -> Rings:
    """
    The parts of geometries with every vertex on a grid.

    Parameters
    ----------
    geometries
        Any types, EPSG:4490, shape (n,); None and empty ones have no part.
    grid
        Around all of them.

    Returns
    -------
    rings
        No vertex equals the one before it, none lies on a straight stretch (within `IDLE_M`) at a place that nothing
        else has; every area is valid, shells run anticlockwise and holes clockwise, so that
        areas drawn as one path fill as they should. An area without extent on the grid is a line or a
        point, a hole without extent the smallest box around it.
    """
    parts, feature = _parts(np.asarray(geometries, dtype=object))
    rings, moved = _placed(parts, feature, grid)
    rings, boxed = _opened(rings, grid)
    bad = np.flatnonzero(~valid(rings))
    if not len(bad):
        return _with(rings, max(moved, boxed))
    repaired, far = _repaired(parts[bad], rings, bad, grid)
    fresh, owner = _parts(repaired)
    again, _ = _placed(fresh, feature[bad][owner], None)
    again, _ = _opened(again, grid)
    return _with(_merged(rings, bad, again), max(moved, boxed, far))


def turning(xy: NDArray[np.int64], start: NDArray[np.int64]) -> NDArray[np.int64]:
    """
    Twice the signed area of closed rings (last vertex not repeated), in steps squared, exact; 0 for an empty ring.

    Sums wrap around in 64 bits; the result is below 2^62 and therefore comes out right.
    """
    size = np.diff(start)
    found = np.zeros(len(size), dtype=np.int64)
    if not len(xy):
        return found
    ring = np.repeat(np.arange(len(size)), size)
    local = xy - xy[start[:-1][ring]]
    following = np.arange(len(xy)) + 1
    last = start[1:][size > 0] - 1
    following[last] = start[:-1][size > 0]
    ahead = local[following]
    cross = local[:, 0] * ahead[:, 1] - ahead[:, 0] * local[:, 1]
    found[size > 0] = np.add.reduceat(cross, start[:-1][size > 0])
    return found


def _parts(geometries: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Single points, lines and areas, with the row that each comes from."""
    rows = np.flatnonzero(~(shapely.is_missing(geometries) | shapely.is_empty(geometries)))
    parts = shapely.force_2d(geometries[rows])
    while (shapely.get_type_id(parts) > 3).any():
        parts, index = shapely.get_parts(parts, return_index=True)
        rows = rows[index]
    full = ~shapely.is_empty(parts)
    return parts[full], rows[full]


def _placed(parts: NDArray[Any], feature: NDArray[np.int64], grid: Grid | None) -> tuple[Rings, float]:
    """Every vertex on the grid (None: they are), vertices that fall together once; how far the farthest moved."""
    dimension = shapely.get_dimensions(parts).astype(np.uint8)
    areas = np.flatnonzero(dimension == 2)
    others = np.flatnonzero(dimension < 2)
    rings, owner = shapely.get_rings(shapely.orient_polygons(parts[areas]), return_index=True)
    lines = np.concatenate([rings, parts[others]])
    part = np.concatenate([areas[owner], others])
    order = np.argsort(part, kind="stable")
    lines, part = lines[order], part[order]
    given, ring = shapely.get_coordinates(lines, return_index=True)
    closed = dimension[part] == 2
    xy = given.astype(np.int64) if grid is None else grid.places(given)
    moved = 0.0 if grid is None else grid.moved_m(given, xy)
    first = np.concatenate([[True], ring[1:] != ring[:-1]]) if len(ring) else np.empty(0, dtype=bool)
    same = np.zeros(len(xy), dtype=bool)
    same[1:] = (xy[1:] == xy[:-1]).all(axis=1) & ~first[1:]
    xy, ring, given = xy[~same], ring[~same], given[~same]
    size = np.bincount(ring, minlength=len(lines))
    end = np.cumsum(size)
    drop = closed & (size > 1)  # the last vertex repeats the first
    keep = np.ones(len(xy), dtype=bool)
    keep[end[drop] - 1] = False
    xy, given = xy[keep], given[keep]
    start = np.concatenate([[0], np.cumsum(size - drop)])
    if grid is not None:
        idle, off = _idle(xy, given, start, closed, grid)
        xy, start = xy[~idle], start - np.concatenate([[0], np.cumsum(idle)])[start]
        moved += off
    made = Rings(
        xy=xy,
        start=start,
        closed=closed,
        part_start=np.searchsorted(part, np.arange(len(parts) + 1)),
        part_dimension=dimension,
        part_feature=feature,
        moved_m=moved,
    )
    return made, moved


def _idle(
    xy: NDArray[np.int64],
    given: NDArray[np.float64],
    start: NDArray[np.int64],
    closed: NDArray[np.bool_],
    grid: Grid,
) -> tuple[NDArray[np.bool_], float]:
    """
    Vertices on a straight stretch at places that nothing else has, and how far the farthest lies beside it, metres.

    What was cut and put together again has one at each cut, its neighbour has none there: on the grid both would no
    longer have the same border. How far: as in `spatial.simplifying`, for each is a vertex that is left out.
    """
    count = len(xy)
    idle = np.zeros(count, dtype=bool)
    if not count:
        return idle, 0.0
    _, place, visits = np.unique(((xy[:, 0] + 4) << 31) + xy[:, 1] + 4, return_inverse=True, return_counts=True)
    ring = np.repeat(np.arange(len(closed)), np.diff(start))
    first, last = start[:-1], start[1:] - 1
    full = last >= first
    at = np.arange(count)
    before, after = at - 1, at + 1
    before[first[full]], after[last[full]] = last[full], first[full]
    plane = (given - (grid.lon0, grid.lat0)) / grid.step * (grid.x_m, grid.y_m)
    idle = (visits[place.ravel()] == 1) & (_beside(plane, at, before, after) <= IDLE_M)
    idle[first[full & ~closed]] = idle[last[full & ~closed]] = False
    while True:
        left = np.bincount(ring[~idle], minlength=len(closed))
        idle &= (left >= 3)[ring] | ~closed[ring]
        gone = np.flatnonzero(idle)
        if not len(gone):
            return idle, 0.0
        stays = np.flatnonzero(~idle)
        following = np.searchsorted(stays, gone)
        own_first, own_last = (
            np.searchsorted(stays, start[ring[gone]]),
            np.searchsorted(stays, start[ring[gone] + 1]) - 1,
        )
        a = stays[np.where(following > own_first, following - 1, own_last)]
        b = stays[np.where(following <= own_last, np.minimum(following, len(stays) - 1), own_first)]
        off = _beside(plane, gone, a, b)
        if (off <= IDLE_M).all():
            return idle, float(off.max()) * (1 + 1e-9)
        idle[gone[off > IDLE_M]] = False


def _beside(
    plane: NDArray[np.float64], at: NDArray[np.int64], a: NDArray[np.int64], b: NDArray[np.int64]
) -> NDArray[np.float64]:
    """How far vertices lie from the segments ab, metres."""
    along, off = plane[b] - plane[a], plane[at] - plane[a]
    length = (along**2).sum(axis=1)
    share = np.clip((off * along).sum(axis=1) / np.where(length, length, 1.0), 0.0, 1.0)
    off -= along * share[:, None]
    found: NDArray[np.float64] = np.hypot(off[:, 0], off[:, 1])
    return found


def _opened(rings: Rings, grid: Grid) -> tuple[Rings, float]:
    """Areas without extent as lines and points, holes without extent as boxes, and how large the largest box is."""
    flat = rings.closed & (turning(rings.xy, rings.start) == 0)
    if not flat.any():
        return rings, 0.0
    ring_part = np.repeat(np.arange(len(rings.part_dimension)), np.diff(rings.part_start))
    shell = np.zeros(len(flat), dtype=bool)
    shell[rings.part_start[:-1]] = True
    gone = np.zeros(len(rings.part_dimension), dtype=bool)
    gone[ring_part[flat & shell]] = True
    dimension, far = rings.part_dimension.copy(), 0.0
    pieces, closed, part = [], [], []
    for ring in range(len(flat)):
        own = rings.xy[rings.start[ring] : rings.start[ring + 1]]
        at, still = ring_part[ring], rings.closed[ring]
        if gone[at]:
            if not shell[ring]:
                continue  # in a shell that has no extent left
            still = False
            dimension[at] = 1 if len(own) > 1 else 0
            own = np.concatenate([own, own[:1]]) if len(own) > 2 else own
        elif flat[ring]:
            low, high = own.min(axis=0), own.max(axis=0)
            high = np.maximum(high, low + 1)
            own = np.array([low, (low[0], high[1]), high, (high[0], low[1])])
            far = max(far, 2 * float(np.hypot(*grid.plane(high - low))))
        pieces.append(own)
        closed.append(still)
        part.append(at)
    made = Rings(
        xy=np.concatenate(pieces),
        start=np.concatenate([[0], np.cumsum([len(piece) for piece in pieces])]),
        closed=np.array(closed),
        part_start=np.searchsorted(part, np.arange(len(dimension) + 1)),
        part_dimension=dimension,
        part_feature=rings.part_feature,
        moved_m=rings.moved_m,
    )
    return made, far


def polygons_of(rings: Rings, parts: NDArray[np.int64]) -> NDArray[Any]:
    """The areas among parts, in steps; shape as ``parts``."""
    count = rings.part_start[parts + 1] - rings.part_start[parts]
    ring = ranges(rings.part_start[parts], count)
    size = rings.start[ring + 1] - rings.start[ring]
    visit = ranges(rings.start[ring], size)
    made: Any = shapely.linearrings(rings.xy[visit].astype(np.float64), indices=np.repeat(np.arange(len(ring)), size))
    found: Any = shapely.polygons(made, indices=np.repeat(np.arange(len(parts)), count))
    return np.asarray(found, dtype=object)


def ranges(first: NDArray[np.int64], count: NDArray[np.int64]) -> NDArray[np.int64]:
    """``first[i], first[i] + 1, …`` ``count[i]`` of them, one after the other."""
    before = np.cumsum(count) - count
    found: NDArray[np.int64] = np.arange(int(count.sum())) + np.repeat(first - before, count)
    return found


def valid(rings: Rings) -> NDArray[np.bool_]:
    """Which parts are valid; lines and points always."""
    found = np.ones(len(rings.part_dimension), dtype=bool)
    areas = np.flatnonzero(rings.part_dimension == 2)
    for some in np.array_split(areas, max(1, len(rings.xy) // 2_000_000)):
        found[some] = shapely.is_valid(polygons_of(rings, some))
    return found


def _repaired(parts: NDArray[Any], rings: Rings, bad: NDArray[np.int64], grid: Grid) -> tuple[NDArray[Any], float]:
    """What snap rounding makes of areas that the grid made cross themselves, and how far it reaches."""
    crossed = polygons_of(rings, bad)
    found, far = np.empty(len(bad), dtype=object), 0.0
    for at, (given, broken) in enumerate(zip(parts, crossed, strict=True)):
        mended = shapely.make_valid(broken, method="structure", keep_collapsed=False)
        mended = shapely.set_precision(mended, 1.0)
        if not mended.area:
            mended = shapely.LineString(shapely.get_coordinates(broken))
        found[at] = mended
        far = max(far, _apart(given, mended, grid))
    return found, far


def _apart(given: Any, mended: Any, grid: Grid) -> float:
    """An upper bound of how far a place that only one of the two holds lies from the border of the second, metres."""
    scale = np.array([grid.x_m, grid.y_m])
    origin = np.array([grid.lon0, grid.lat0])
    one = shapely.transform(given, lambda xy: (xy - origin) / grid.step * scale)
    if not one.is_valid:
        one = shapely.make_valid(one, method="structure", keep_collapsed=False)
    other = shapely.transform(mended, lambda xy: xy * scale)
    border = other.boundary if other.area else other
    between = one.symmetric_difference(other) if other.area else one
    if between.is_empty:
        return 0.0
    reach = _farthest(between, border, within=max(float(min(scale)), float(shapely.length(between)) / 100_000) / 2)
    inside = float(min(scale)) / 4
    thick = shapely.get_parts(between)  # each by itself: they are thousands of slivers, and one buffer unites them all
    while len(thick):
        low_x, low_y, high_x, high_y = shapely.bounds(thick).T
        thick = thick[np.minimum(high_x - low_x, high_y - low_y) > inside]
        thick = thick[~shapely.is_empty(shapely.buffer(thick, -inside))]
        inside *= 1.5 if len(thick) else 1.0
    return (reach + inside) * (1 + 1e-9)


def _farthest(shape: Any, border: Any, *, within: float) -> float:
    """
    How far the rim of a shape reaches from a border: at least that, and at most ``within`` or a 64th more.

    Between two places that are L apart along the rim nothing lies farther off than half of L and of their distances
    together; only stretches that could hold something farther than what is known are halved.
    """
    parts = shapely.get_parts(shape)
    rim = np.concatenate([shapely.get_rings(parts), parts[shapely.get_dimensions(parts) < 2]])
    xy, line = shapely.get_coordinates(rim, return_index=True)
    step = np.hypot(*np.diff(xy, axis=0, prepend=xy[:1]).T)
    step[1:][line[1:] != line[:-1]] = 1.0  # so that no two rings have a place in common
    along = np.cumsum(step)
    ends = np.flatnonzero(np.diff(line, prepend=-1, append=line[-1] + 1))
    tree = shapely.STRtree(_edges(border))

    def off(place: NDArray[np.float64]) -> NDArray[np.float64]:
        points = shapely.points(np.interp(place, along, xy[:, 0]), np.interp(place, along, xy[:, 1]))
        found: NDArray[np.float64] = tree.query_nearest(points, return_distance=True, all_matches=False)[1]
        return found

    low, high = along[ends[:-1]], along[ends[1:] - 1]
    off_low, off_high = off(low), off(high)
    known = float(max(off_low.max(), off_high.max()))
    while True:
        slack = max(within, known / 64)
        wide = (off_low + off_high + high - low) / 2 > known + slack
        if not wide.any():
            return known + slack
        low, high, off_low, off_high = low[wide], high[wide], off_low[wide], off_high[wide]
        middle = (low + high) / 2
        off_middle = off(middle)
        known = max(known, float(off_middle.max()))
        low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
        off_low, off_high = np.concatenate([off_low, off_middle]), np.concatenate([off_middle, off_high])


def _edges(lines: Any) -> NDArray[Any]:
    """Every segment of lines, or a point where there is none."""
    xy, line = shapely.get_coordinates(shapely.get_parts(lines), return_index=True)
    same = np.flatnonzero(line[1:] == line[:-1])
    found: Any = shapely.linestrings(np.stack([xy[same], xy[same + 1]], axis=1)) if len(same) else shapely.points(xy)
    return np.asarray(found, dtype=object)


def _merged(rings: Rings, bad: NDArray[np.int64], again: Rings) -> Rings:
    """Rings with some parts replaced, in the order of features."""
    stays = np.setdiff1d(np.arange(len(rings.part_dimension)), bad)
    sources: Iterable[tuple[Rings, NDArray[np.int64]]] = (
        (rings, stays),
        (again, np.arange(len(again.part_dimension))),
    )
    feature = np.concatenate([source.part_feature[parts] for source, parts in sources])
    order = np.argsort(feature, kind="stable")
    xy, start, closed, counts, dimension = [], [], [], [], []
    for source, parts in sources:
        count = source.part_start[parts + 1] - source.part_start[parts]
        ring = ranges(source.part_start[parts], count)
        size = source.start[ring + 1] - source.start[ring]
        xy.append(source.xy[ranges(source.start[ring], size)])
        start.append(size)
        closed.append(source.closed[ring])
        counts.append(count)
        dimension.append(source.part_dimension[parts])
    count, size = np.concatenate(counts), np.concatenate(start)
    ring_first = np.cumsum(count) - count
    ring = ranges(ring_first[order], count[order])
    first = np.cumsum(size) - size
    return Rings(
        xy=np.concatenate(xy)[ranges(first[ring], size[ring])],
        start=np.concatenate([[0], np.cumsum(size[ring])]),
        closed=np.concatenate(closed)[ring],
        part_start=np.concatenate([[0], np.cumsum(count[order])]),
        part_dimension=np.concatenate(dimension)[order],
        part_feature=feature[order],
        moved_m=rings.moved_m,
    )


def _with(rings: Rings, moved_m: float) -> Rings:
    from dataclasses import replace

    return replace(rings, moved_m=moved_m)
