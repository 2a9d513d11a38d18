"""
Figures of places over a raster: shares of land cover, mean NDVI, slope, by exact pixel coverage.

A polygon counts each pixel by the part of it that it covers (``exactextract``, which is optional), weighted by the
true area of the pixel on the ellipsoid: in a geographic raster pixels shrink towards the pole, and a plane as that of
web maps swells. A line counts each pixel by its length in it, in metres; points count the pixels they lie in. What has
no data is left out of every figure, and how much that is is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import shapely

from spatial.crs import from_geographic
from spatial.edges import as_array
from spatial.errors import RasterSizeError
from spatial.measure import ellipsoidal_area, geodesic_length
from spatial.raster.grid import library, opened

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from spatial.raster.grid import Grid

    Floats = NDArray[np.float64]
    Pieces = tuple[Floats, NDArray[np.int64], NDArray[np.int64]]

__all__ = ["ClassShare", "Measure", "Stat", "ZonalFigures", "figures"]

Stat = Literal["values", "classes", "slope_degree", "slope_percent"]
Measure = Literal["m2", "m", "points"]

MAX_CELLS = 20_000_000
"""Pixels one place may cover: their values are kept for the quantiles."""
MAX_CLASSES = 4096

_TILE = 1024
_MEASURES: dict[int, Measure] = {0: "points", 1: "m", 2: "m2"}


@dataclass(frozen=True, kw_only=True)
class ClassShare:
    """
    What one value of the raster takes.

    Parameters
    ----------
    value
        The value of the pixels.
    size
        m² of a polygon, m of a line, number of points.
    share
        Of what has data, 0 to 1; all shares sum to 1.
    """

    value: float
    size: float
    share: float


@dataclass(frozen=True, kw_only=True)
class ZonalFigures:
    """
    Figures of one place.

    Parameters
    ----------
    measure
        What sizes are: ``m2`` of a polygon, ``m`` of a line, ``points``.
    size
        Of the place itself, on the ellipsoid.
    covered_share
        How much of it lies within the raster, 0 to 1; None for a place of no size.
    valid_share
        How much of it has data, 0 to 1, never more than ``covered_share``.
    pixels
        How many pixels it covers, parts counted as parts (of a line or point: that it meets).
    minimum, maximum
        Of the pixels met, however little; None without data.
    mean, deviation
        Weighted by size; the deviation is that of the whole, not of a sample.
    quantiles
        Pairs of q and the least value that at least q of the size does not exceed.
    classes
        Only for ``classes``: one a value, the largest first.
    unit
        ``degree`` or ``percent`` for a slope, else what the band states, or blank.
    warnings
        ``outside_raster``, ``partly_outside_raster``, ``no_data``, ``partly_no_data``, ``few_pixels`` (fewer than 4).
    """

    measure: Measure
    size: float
    covered_share: float | None
    valid_share: float | None
    pixels: float
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    deviation: float | None = None
    quantiles: tuple[tuple[float, float], ...] = ()
    classes: tuple[ClassShare, ...] = ()
    unit: str = ""
    warnings: tuple[str, ...] = ()


def figures(
    geometries: Iterable[BaseGeometry | None] | BaseGeometry | None,
    path: str | os.PathLike[str],
    *,
    stat: Stat = "values",
    band: int = 1,
    quantiles: Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95),
) -> tuple[ZonalFigures, ...]:
    """
    Figures of places over one band of a raster.

    Parameters
    ----------
    geometries
        In EPSG:4490; polygons, lines or points, parts of one kind. They are carried into the raster's system with their
        edges where they were. None and empty ones have no size and no figures.
    path
        A raster file with a CRS of CGCS2000 or WGS 84, north up (GeoTIFF, ERDAS IMG, ENVI, Arc ASCII grid, SRTM HGT).
    stat
        ``values``: of the numbers, with the scale and offset the band states; ``classes``: shares by value;
        ``slope_degree`` or ``slope_percent`` of a terrain model in metres (Horn's formula on the eight neighbours,
        spacing in metres on the ellipsoid at each row; a pixel without all its neighbours has no slope).
    band
        From 1.
    quantiles
        Each from 0 to 1.

    Returns
    -------
    figures
        One a geometry, in order.

    Raises
    ------
    ZonalLibraryMissingError
        If rasterio, or for polygons exactextract, is not installed.
    SourceNotFoundError, RasterUnreadableError, RasterNotPlacedError, RasterKindError, RasterSizeError
        About the raster.
    CRSError
        If its system is not understood, or of another datum.
    ValueError
        If a geometry mixes points, lines and polygons, or a quantile is not from 0 to 1.

    Notes
    -----
    Within one pixel the part covered is taken in the raster's plane: for pixels up to 1 km wrong by some 1e-4 of a
    pixel at most.

    References
    ----------
    Horn (1981), Hill shading and the reflectance map, Proc. IEEE 69:14-47.
    """
    if not all(0 <= q <= 1 for q in quantiles):
        raise ValueError(f"quantiles are from 0 to 1: {list(quantiles)}")
    given = as_array(geometries)
    with opened(path, band=band, slope=stat if stat.startswith("slope") else None) as grid:
        return tuple(_figures(one, grid, stat=stat, quantiles=quantiles) for one in given)


def _figures(geometry: BaseGeometry | None, grid: Grid, *, stat: Stat, quantiles: Sequence[float]) -> ZonalFigures:
    if geometry is None or geometry.is_empty:
        return ZonalFigures(measure="m2", size=0.0, covered_share=None, valid_share=None, pixels=0.0, unit=grid.unit)
    kinds = {int(kind) for kind in shapely.get_dimensions(shapely.get_parts(geometry)) if kind >= 0}
    if len(kinds) != 1 or shapely.get_type_id(geometry) == 7:
        raise ValueError("a geometry mixes points, lines and polygons; give them one by one")
    dimension = kinds.pop()
    size = _size(geometry, dimension)
    placed = from_geographic(geometry, grid.system)[0]
    if dimension == 2 and not placed.is_valid:
        placed = shapely.make_valid(placed, method="structure")
    values, weights, covered, pixels = [], [], 0.0, 0.0
    kept = 0
    for found, size_in, part in _pieces(placed, grid, dimension):
        covered += float(size_in.sum())
        pixels += float(part.sum())
        valid = np.isfinite(found) & (size_in > 0)
        kept += int(valid.sum())
        if kept > MAX_CELLS:
            raise RasterSizeError(
                file=grid.name,
                code="too_many_pixels",
                detail=f"the place covers more than {MAX_CELLS} pixels",
                remedy="Use a coarser copy of the raster, or cut the place into parts",
            )
        values.append(found[valid])
        weights.append(size_in[valid])
    value = np.concatenate(values) if values else np.empty(0)
    weight = np.concatenate(weights) if weights else np.empty(0)
    total = float(weight.sum())
    covered_share = _share(covered, size)
    valid_share = None if covered_share is None else min(_share(total, size) or 0.0, covered_share)
    mean = float((value * weight).sum() / total) if total > 0 else None
    return ZonalFigures(
        measure=_MEASURES[dimension],
        size=size,
        covered_share=covered_share,
        valid_share=valid_share,
        pixels=pixels,
        minimum=float(value.min()) if len(value) else None,
        maximum=float(value.max()) if len(value) else None,
        mean=mean,
        deviation=None if mean is None else float(np.sqrt((weight * (value - mean) ** 2).sum() / total)),
        quantiles=_quantiles(value, weight, quantiles) if stat != "classes" else (),
        classes=_classes(value, weight, grid) if stat == "classes" else (),
        unit=grid.unit,
        warnings=_warnings(covered_share, valid_share, pixels),
    )


def _size(geometry: BaseGeometry, dimension: int) -> float:
    if dimension == 2:
        return float(ellipsoidal_area(geometry)[0])
    return float(geodesic_length(geometry)[0]) if dimension == 1 else float(len(shapely.get_parts(geometry)))


def _share(part: float, whole: float) -> float | None:
    """To 1e-4 of whole, the sums differ by how pixels and edges are measured; what is nearly all is all."""
    if whole <= 0:
        return None
    share = part / whole
    return 1.0 if share > 1 - 1e-4 else share


def _warnings(covered: float | None, valid: float | None, pixels: float) -> tuple[str, ...]:
    if covered is None or valid is None:
        return ()
    found = []
    if covered == 0:
        return ("outside_raster",)
    if covered < 1:
        found.append("partly_outside_raster")
    if valid == 0:
        found.append("no_data")
    elif valid < covered:
        found.append("partly_no_data")
    if pixels < 4:
        found.append("few_pixels")
    return tuple(found)


def _quantiles(value: Floats, weight: Floats, asked: Sequence[float]) -> tuple[tuple[float, float], ...]:
    if not len(value):
        return ()
    order = np.argsort(value, kind="stable")
    grown = np.cumsum(weight[order])
    at = np.searchsorted(grown, np.asarray(asked) * grown[-1] * (1 - 1e-12))
    return tuple((float(q), float(value[order][i])) for q, i in zip(asked, np.minimum(at, len(value) - 1), strict=True))


def _classes(value: Floats, weight: Floats, grid: Grid) -> tuple[ClassShare, ...]:
    names, at = np.unique(value, return_inverse=True)
    if len(names) > MAX_CLASSES:
        raise RasterSizeError(
            file=grid.name,
            code="too_many_classes",
            detail=f"it has {len(names)} values in the place: these are no classes",
            remedy="Ask for the figures of its values instead",
        )
    sizes = np.bincount(at, weights=weight, minlength=len(names))
    total = sizes.sum()
    order = sorted(range(len(names)), key=lambda i: (-sizes[i], names[i]))
    return tuple(ClassShare(value=float(names[i]), size=float(sizes[i]), share=float(sizes[i] / total)) for i in order)


def _pieces(placed: BaseGeometry, grid: Grid, dimension: int) -> Iterator[tuple[Floats, Floats, Floats]]:
    """Tile by tile: values of the pixels met, the size of the place in each, and the part of each that is covered."""
    if dimension == 0:
        xy = shapely.get_coordinates(placed)
        row, column = grid.cells(xy)
        one = np.ones(len(row))
        for at, values in _by_tile(row, column, grid):
            yield values, one[at], one[at]
        return
    if dimension == 1:
        metres, row, column = _lengths(placed, grid)
        met = np.zeros(len(row))
        met[np.unique(np.column_stack([row, column]), axis=0, return_index=True)[1]] = 1.0
        for at, values in _by_tile(row, column, grid):
            yield values, metres[at], met[at]
        return
    for tile in grid.tiles(placed.bounds, _TILE):
        part, row, column = _coverage(placed, grid, tile)
        if len(part):
            yield grid.read(*tile)[row, column], part * grid.areas(tile[0] + row, tile[1] + column), part


def _by_tile(
    row: NDArray[np.int64], column: NDArray[np.int64], grid: Grid
) -> Iterator[tuple[NDArray[np.int64], Floats]]:
    inside = np.flatnonzero((row >= 0) & (row < grid.height) & (column >= 0) & (column < grid.width))
    tile = np.column_stack([row[inside] // _TILE, column[inside] // _TILE])
    names, group = np.unique(tile, axis=0, return_inverse=True)
    for number, (down, across) in enumerate(names):
        at = inside[group.ravel() == number]
        top, left = int(down) * _TILE, int(across) * _TILE
        data = grid.read(top, left, min(_TILE, grid.height - top), min(_TILE, grid.width - left))
        yield at, data[row[at] - top, column[at] - left]


def _coverage(placed: BaseGeometry, grid: Grid, tile: tuple[int, int, int, int]) -> Pieces:
    top, left, height, width = tile
    extract = library("exactextract")
    rasters, features = library("exactextract.raster"), library("exactextract.feature")
    west, north = grid.corner(top, left)
    east, south = grid.corner(top + height, left + width)
    source = rasters.NumPyRasterSource(
        np.zeros((height, width), dtype=np.int8), xmin=west, ymin=south, xmax=east, ymax=north
    )
    feature = features.JSONFeatureSource(
        [{"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(placed)}]
    )
    found = extract.exact_extract(source, feature, ["cell_id", "coverage"])[0]["properties"]
    cell = np.asarray(found["cell_id"], dtype=np.int64)
    part = np.asarray(found["coverage"], dtype=np.float64)
    return part, cell // width, cell % width


def _lengths(placed: BaseGeometry, grid: Grid) -> Pieces:
    """A line cut where it leaves a pixel: metres on the ellipsoid, row and column of each piece."""
    starts, ends = [], []
    for line in shapely.get_parts(placed):
        xy = shapely.get_coordinates(line)
        uv = grid.fractional(xy)
        for a, b, u, v in zip(xy[:-1], xy[1:], uv[:-1], uv[1:], strict=True):
            cuts = [np.array([0.0, 1.0])]
            for axis in (0, 1):
                low, high = sorted((u[axis], v[axis]))
                if high > low:
                    edges = np.arange(np.ceil(low), np.floor(high) + 1)
                    cuts.append((edges - u[axis]) / (v[axis] - u[axis]))
            t = np.unique(np.clip(np.concatenate(cuts), 0, 1))[:, None]
            points = a + (b - a) * t
            starts.append(points[:-1])
            ends.append(points[1:])
    start, end = np.concatenate(starts), np.concatenate(ends)
    row, column = grid.cells((start + end) / 2)
    return grid.distances(start, end), row, column
