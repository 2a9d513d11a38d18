"""
Geometry at a level of detail: what a page draws at a zoom, and how far it may differ from the original.

The browser's side is ``maps/page/level.ts``; `PackedLevel.geometries` gives what it will see.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.packing import packed
from spatial.simplifying import displacement_m, thinned
from spatial.topology import Arcs, arcs_of, grid_of, with_vertices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["FINEST_M", "STEP", "PackedLevel", "level_of", "levels_for"]

STEP = 1e-6
"""Degrees of the grid: 0.11 m from north to south."""

LARGE_STEP = 4e-6
"""Degrees of the grid of a layer with many vertices: 0.44 m, well below the tolerance of its finest level."""

FINEST_M = 1.0
"""Tolerance of the finest level, metres."""

LADDER = (8, 11)
"""Largest zooms of the coarse levels."""

PIXEL_M = 156_543.04
"""Metres that a pixel spans at zoom 0 on the equator (web Mercator, tiles of 256)."""

FEW_VERTICES = 10_000
"""A layer with fewer is drawn from its finest level at every zoom."""

WORTH = 0.7
"""A coarse level has at most this share of the next finer one's vertices, or is left out."""

NEAREST_ZOOM = 19
"""The largest zoom of a page; the finest level serves up to it."""


@dataclass(frozen=True, kw_only=True)
class PackedLevel:
    """
    One level: ``arrays`` by the names of ``Level`` in ``maps/page/contract.ts``, origin and step in degrees.

    ``displacement_m`` is an upper bound: a place farther from the drawn borders of a feature (or from its original
    ones) is inside it in the level if and only if it is in the original. ``max_zoom``: the largest zoom it is for.
    """

    arrays: dict[str, NDArray[Any]]
    lon0: float
    lat0: float
    step: float
    tolerance_m: float
    displacement_m: float
    max_zoom: int = NEAREST_ZOOM

    def block(self) -> bytes:
        """The level as a page carries it (`spatial.packing`)."""
        document = {"level": {"lon0": self.lon0, "lat0": self.lat0, "step": self.step}}
        return packed(self.arrays, document=document, strides={"xy": 2})

    def geometries(self, count: int | None = None) -> NDArray[Any]:
        """
        What a browser will see: a row a feature, EPSG:4490, None where it has no part.

        Parameters
        ----------
        count
            Rows; by default up to the last that has a part.
        """
        feature = self.arrays["part_feature"]
        rows = int(feature.max(initial=-1)) + 1 if count is None else count
        found: NDArray[Any] = np.full(rows, None, dtype=object)
        parts = np.array([self._part(part) for part in range(len(feature))], dtype=object)
        for row in np.unique(feature):
            own = parts[feature == row]
            found[row] = own[0] if len(own) == 1 else _together(own)
        return found

    def _part(self, part: int) -> Any:
        arrays = self.arrays
        rings = [self._ring(ring) for ring in range(arrays["part_start"][part], arrays["part_start"][part + 1])]
        kind = arrays["part_dimension"][part]
        if kind == 2:
            return shapely.Polygon(rings[0], rings[1:])
        return shapely.LineString(rings[0]) if kind == 1 else shapely.Point(rings[0][0])

    def _ring(self, ring: int) -> NDArray[np.float64]:
        arrays = self.arrays
        xy = arrays["xy"].reshape(-1, 2)
        pieces: list[NDArray[Any]] = []
        for arc in arrays["ring_arc"][arrays["ring_start"][ring] : arrays["ring_start"][ring + 1]]:
            number = arc if arc >= 0 else ~arc
            own = xy[arrays["arc_start"][number] : arrays["arc_start"][number + 1]]
            own = own if arc >= 0 else own[::-1]
            pieces.append(own if not pieces else own[1:])
        steps = np.concatenate(pieces)
        return np.column_stack([self.lon0 + self.step * steps[:, 0], self.lat0 + self.step * steps[:, 1]])


def level_of(
    geometries: NDArray[Any] | Sequence[Any],
    *,
    tolerance_m: float,
    step: float = STEP,
    tiles: bool = False,  # noqa: ARG001
) -> PackedLevel:
    """
    Geometries at one level of detail.

    Use it for one level, as of a coverage; `levels_for` makes those of a layer together.

    Parameters
    ----------
    geometries
        Any types, EPSG:4490, shape (n,); None has no part. Areas are expected to be valid.
    tolerance_m
        No vertex that is left out lies farther from the drawn border, metres; 0 leaves out none but those on the line.
    step
        Degrees of the grid. Where one of `LARGE_STEP` or finer would move a border farther than its places lie apart
        (slivers narrower than a place), a grid ten or a hundred times finer is taken; a coarser one is taken as given.
    tiles
        Whether the areas are meant to share their borders. Borders that are shared are found and kept shared either
        way; it is there for the reader of the call.

    Returns
    -------
    level
        Every valid area is valid, neighbours that shared a border share the drawn one.

    Raises
    ------
    ValueError
        The geometries span more than 2^30 steps.

    Examples
    --------
    >>> cells = [shapely.box(117, 31, 117.5, 32), shapely.box(117.5, 31, 118, 32)]
    >>> level = level_of(cells, tolerance_m=1, tiles=True)
    >>> bool(shapely.coverage_is_valid(level.geometries())), level.displacement_m < 0.1
    (True, True)
    """
    arcs = _arcs(np.asarray(geometries, dtype=object), step, tolerance_m)
    return _made(arcs, thinned(arcs, tolerance_m=tolerance_m), tolerance_m, NEAREST_ZOOM)


def levels_for(
    geometries: NDArray[Any] | Sequence[Any],
    *,
    tiles: bool = False,  # noqa: ARG001
    step: float | None = None,
    finest_m: float = FINEST_M,
) -> list[PackedLevel]:
    """
    The levels a page needs, the coarsest first; the last is the finest, which may be judged with.

    Use it for a layer. A level is for the zooms at which a pixel is not less than its tolerance; one that would
    save little beside the next finer is left out, and a small layer has its finest only. In coarse levels an area
    that stands alone and is smaller than a pixel is a point: small, never gone.

    Parameters
    ----------
    geometries, tiles
        As of `level_of`.
    step
        As of `level_of`; None: `STEP`, or `LARGE_STEP` where there are more than `FEW_VERTICES` vertices.
    finest_m
        Tolerance of the finest level, metres.

    Returns
    -------
    levels
        With ``max_zoom`` ascending, the last `NEAREST_ZOOM`; each with its own bound.

    Raises
    ------
    ValueError
        The geometries span more than 2^30 steps.

    Examples
    --------
    >>> [level.max_zoom for level in levels_for([shapely.box(117, 31, 118, 32)])]
    [19]
    """
    given = np.asarray(geometries, dtype=object)
    large = int(shapely.get_num_coordinates(given).sum()) > FEW_VERTICES
    arcs = _arcs(given, step or (LARGE_STEP if large else STEP), finest_m)
    middle = arcs.grid.lat0 + arcs.grid.step * float(arcs.xy[:, 1].mean()) if len(arcs.xy) else 0.0
    pixels = {zoom: PIXEL_M * math.cos(math.radians(middle)) / 2**zoom for zoom in LADDER}
    steps = [(zoom, pixel) for zoom, pixel in pixels.items() if pixel > 2 * finest_m]
    keep, found = None, []
    if len(arcs.xy) > FEW_VERTICES:
        for zoom, pixel in steps:
            keep = thinned(arcs, tolerance_m=pixel, keep=keep)
            found.append((zoom, pixel, keep))
    levels = [_made(arcs, thinned(arcs, tolerance_m=finest_m, keep=keep), finest_m, NEAREST_ZOOM)]
    for zoom, pixel, kept in reversed(found):
        coarser = _made(arcs, kept, pixel, zoom, dot_m=pixel)
        if len(coarser.arrays["xy"]) <= WORTH * len(levels[0].arrays["xy"]):
            levels.insert(0, coarser)
    return levels


def _arcs(geometries: NDArray[Any], step: float, tolerance_m: float) -> Arcs:
    """Arcs on the coarsest grid that moves no border farther than its places lie apart."""
    there = geometries[~shapely.is_missing(geometries)]
    bounds = shapely.total_bounds(there) if len(there) else np.full(4, np.nan)
    if not np.isfinite(bounds).all():
        bounds = np.zeros(4)
    west, south, east, north = map(float, bounds)
    best: Arcs | None = None
    for finer in (1.0, 0.1, 0.01) if step <= LARGE_STEP else (1.0,):
        try:
            grid = grid_of((west, south, east, north), step=step * finer)
        except ValueError:
            if best is None:
                raise
            break
        arcs = arcs_of(geometries, grid)
        if best is None or arcs.moved_m < best.moved_m:
            best = arcs
        if best.moved_m <= max(2 * math.hypot(grid.x_m, grid.y_m), tolerance_m / 4):
            break
    assert best is not None
    return best


def _made(
    arcs: Arcs, keep: NDArray[np.bool_], tolerance_m: float, max_zoom: int, *, dot_m: float | None = None
) -> PackedLevel:
    moved = arcs.moved_m + displacement_m(arcs, keep)
    drawn = with_vertices(arcs, keep)
    if dot_m is not None:
        drawn, contracted = _dotted(drawn, dot_m)
        moved += contracted
    return _level(drawn, tolerance_m, moved, max_zoom)


def _dotted(arcs: Arcs, dot_m: float) -> tuple[Arcs, float]:
    """Areas of one ring that no other shares as points where they are smaller than a dot; the largest such."""
    number = np.where(arcs.ring_arc < 0, ~arcs.ring_arc, arcs.ring_arc)
    used = np.bincount(number, minlength=len(arcs.arc_start) - 1)
    parts = np.flatnonzero((arcs.part_dimension == 2) & (np.diff(arcs.part_start) == 1))
    ring = arcs.part_start[parts]
    alone = np.diff(arcs.ring_start)[ring] == 1
    parts, arc = parts[alone], number[arcs.ring_start[ring[alone]]]
    low, high = (how.reduceat(arcs.xy, arcs.arc_start[:-1], axis=0)[arc] for how in (np.minimum, np.maximum))
    across = arcs.grid.plane(high - low)
    size = np.hypot(across[:, 0], across[:, 1])
    small = (used[arc] == 1) & (size < dot_m)
    if not small.any():
        return arcs, 0.0
    keep = np.ones(len(arcs.xy), dtype=bool)
    is_dot = np.zeros(len(arcs.arc_start) - 1, dtype=bool)
    is_dot[arc[small]] = True
    keep[np.repeat(is_dot, np.diff(arcs.arc_start))] = False
    keep[arcs.arc_start[:-1]] = True
    dimension = arcs.part_dimension.copy()
    dimension[parts[small]] = 0
    return replace(with_vertices(arcs, keep), part_dimension=dimension), float(size[small].max())


def _level(arcs: Arcs, tolerance_m: float, moved_m: float, max_zoom: int) -> PackedLevel:
    return PackedLevel(
        arrays={
            "xy": arcs.xy.ravel().astype(np.int32),
            "arc_start": arcs.arc_start.astype(np.int32),
            "ring_arc": arcs.ring_arc.astype(np.int32),
            "ring_start": arcs.ring_start.astype(np.int32),
            "part_start": arcs.part_start.astype(np.int32),
            "part_dimension": arcs.part_dimension.astype(np.uint8),
            "part_feature": arcs.part_feature.astype(np.int32),
        },
        lon0=arcs.grid.lon0,
        lat0=arcs.grid.lat0,
        step=arcs.grid.step,
        tolerance_m=tolerance_m,
        displacement_m=math.ceil(moved_m * 1e4 + 1e-6) / 1e4,
        max_zoom=max_zoom,
    )


def _together(parts: NDArray[Any]) -> Any:
    kinds = set(shapely.get_dimensions(parts).tolist())
    if kinds == {2}:
        return shapely.MultiPolygon(list(parts))
    if kinds == {1}:
        return shapely.MultiLineString(list(parts))
    return shapely.MultiPoint(list(parts)) if kinds == {0} else shapely.GeometryCollection(list(parts))
