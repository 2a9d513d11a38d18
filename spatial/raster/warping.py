"""Warping: a scanned map drawn into a plane by its fit, and the GeoTIFF of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spatial.ellipsoid import metres_per_degree
from spatial.errors import MapWarpError
from spatial.raster.planes import planar, unit_m
from spatial.systems import parsed_crs
from spatial.writing.staging import staging

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from numpy.typing import NDArray

    from spatial.raster.fitting import MapFit
    from spatial.raster.page import Page
    from spatial.systems import CoordinateSystem

    Floats = NDArray[np.float64]

__all__ = ["Warped", "warp", "write_geotiff"]

_MAX_PIXELS = 300_000_000
_KNOTS = 15  # a side of the grid on which a fit is looked at over the whole picture
_STEPS = (16, 8, 4, 2, 1)  # pixels between places whose way back is computed
_DEPARTURE_PX = 0.05
_CENTRES = 20_000
_SIMPLER = "Measure control points near the corners, or choose a simpler method"


@dataclass(frozen=True, kw_only=True, eq=False)
class Warped:
    """
    A map drawn into a plane.

    Parameters
    ----------
    pixels
        Red, green, blue, shape (height, width, 3), uint8; white where the picture does not reach.
    inside
        Where it does, shape (height, width), bool.
    transform
        a, b, c, d, e, f: x = a·column + b·row + c, y = d·column + e·row + f, of the top left corner; north is up,
        so b = d = 0 and e < 0.
    crs
        System of x and y.
    departure_px
        How far, in pixels of the picture, the way back departs from the fit at most, before the half pixel of taking
        the nearest.
    """

    pixels: NDArray[np.uint8]
    inside: NDArray[np.bool_]
    transform: tuple[float, float, float, float, float, float]
    crs: CoordinateSystem
    departure_px: float


def warp(page: Page, fit: MapFit, *, resolution_m: float | None = None, crs: CoordinateSystem | None = None) -> Warped:
    """
    Draw a page into a plane, north up, each pixel from the nearest one of the picture: colours stay what they were.

    The way back from the plane to the picture is the inverse of *this* fit, computed every few pixels and
    interpolated between as far as that departs from it by less than 0.05 of a pixel. (GDAL's warp would fit the
    points a second time for the way back, and has no projective model; handed a grid of exact pairs of the fit
    instead, as control points of a thin plate, it was 0.9 pixels off along the edges of a bent map, whatever its
    tolerance.)

    Parameters
    ----------
    page
        The picture.
    fit
        Its fit.
    resolution_m
        Ground size of a pixel of the result; that of the picture by default. It is turned into degrees for a
        geographic ``crs``.
    crs
        System of the result, of the fit's datum; the plane of the fit by default.

    Returns
    -------
    warped
        Covers the whole picture.

    Raises
    ------
    MapWarpError
        The result would be too large, or the fit folds or ends within the picture, far from its points.
    MapFitError
        If ``crs`` is of another datum.
    """
    target = crs or fit.plane
    columns, rows = np.linspace(0, page.width, _KNOTS), np.linspace(0, page.height, _KNOTS)
    places = _places(fit, np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2), target)
    _require_no_fold(places, page)
    step_x, step_y = _steps(fit.pixel_m if resolution_m is None else resolution_m, places, target)
    left, top, width, height = _frame(places, step_x, step_y)

    def back(column: Floats, row: Floats) -> tuple[Floats, Floats]:
        """Pixels of the picture at the middles of pixels of the result."""
        x, y = left + step_x * (column + 0.5), top - step_y * (row + 0.5)
        return fit.to_pixel(*planar(x.ravel(), y.ravel(), target, fit.plane))

    knots, spacing, departure = _way_back(back, page, width, height)
    pixels = np.full((height, width, 3), 255, np.uint8)
    inside = np.zeros((height, width), dtype=bool)
    along = np.arange(width)
    cell, share = along // spacing, (along % spacing) / spacing
    for start in range(0, height, spacing):
        stop = min(start + spacing, height)
        upper, lower = knots[:, start // spacing], knots[:, start // spacing + 1]
        weights = (np.arange(stop - start) / spacing)[None, :, None]
        # with a spacing of 1 the next knot, which may have no place, weighs nothing
        edge = upper[:, None] if spacing == 1 else (1 - weights) * upper[:, None] + weights * lower[:, None]
        found = edge[:, :, cell] if spacing == 1 else (1 - share) * edge[:, :, cell] + share * edge[:, :, cell + 1]
        column, row = np.nan_to_num(found, nan=-1.0)
        here = (column >= 0) & (column < page.width) & (row >= 0) & (row < page.height)
        inside[start:stop] = here
        pixels[start:stop][here] = page.pixels[row[here].astype(np.int64), column[here].astype(np.int64)]
    return Warped(
        pixels=pixels,
        inside=inside,
        transform=(step_x, 0.0, left, 0.0, -step_y, top),
        crs=target,
        departure_px=departure,
    )


def _way_back(
    back: Callable[[Floats, Floats], tuple[Floats, Floats]], page: Page, width: int, height: int
) -> tuple[Floats, int, float]:
    """Pixels of the picture at knots, shape (2, rows, columns), their spacing, and how far off it is between them."""
    for spacing in _STEPS:
        columns, rows = np.arange(0, width + spacing, spacing), np.arange(0, height + spacing, spacing)
        grid = np.meshgrid(columns.astype(np.float64), rows.astype(np.float64))
        knots = np.stack([part.reshape(grid[0].shape) for part in back(grid[0], grid[1])])
        if spacing == 1:
            return knots, 1, 0.0
        # straight lines between knots are worst in the middle of a cell
        pick = np.arange(0, (len(rows) - 1) * (len(columns) - 1), max(1, knots[0].size // _CENTRES))
        i, j = np.unravel_index(pick, (len(rows) - 1, len(columns) - 1))
        middle_x = np.asarray(columns[j] + spacing / 2, np.float64)
        exact = np.stack(back(middle_x, np.asarray(rows[i] + spacing / 2, np.float64)))
        between = (knots[:, i, j] + knots[:, i + 1, j] + knots[:, i, j + 1] + knots[:, i + 1, j + 1]) / 4
        size = np.array([[page.width], [page.height]])
        near = ((exact > -spacing) & (exact < size + spacing)).all(axis=0)
        off = np.hypot(*(exact - between)[:, near])
        worst = float(np.nan_to_num(off, nan=np.inf).max(initial=0.0))
        if worst <= _DEPARTURE_PX:
            return knots, spacing, worst
    raise AssertionError("the last spacing returns")


def _places(fit: MapFit, pixels: Floats, target: CoordinateSystem) -> Floats:
    x, y = fit.to_map(pixels[:, 0], pixels[:, 1])
    places = np.column_stack(planar(x, y, fit.plane, target))
    if not np.isfinite(places).all():
        detail = f"the {fit.method} fit has no place for part of the picture"
        raise MapWarpError(code="outside", detail=detail, remedy=_SIMPLER)
    return places


def _require_no_fold(places: Floats, page: Page) -> None:
    corners = places.reshape(_KNOTS, _KNOTS, 2)
    across, down = np.diff(corners, axis=1)[:-1], np.diff(corners, axis=0)[:, :-1]
    turned = across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0]
    if not (turned < 0).all():
        row, column = np.argwhere(~(turned < 0))[0] / (_KNOTS - 1)
        at = f"({column * page.width:.0f}, {row * page.height:.0f})"
        detail = f"the fit folds the map over itself near pixel {at}, away from the control points"
        raise MapWarpError(code="outside", detail=detail, remedy=_SIMPLER)


def _steps(resolution_m: float, places: Floats, target: CoordinateSystem) -> tuple[float, float]:
    if not (math.isfinite(resolution_m) and resolution_m > 0):
        raise ValueError(f"a resolution is a positive number of metres, not {resolution_m}")
    if not target.is_geographic:
        return resolution_m / unit_m(target), resolution_m / unit_m(target)
    along, up = metres_per_degree(float(places[:, 1].mean()))
    return resolution_m / float(along), resolution_m / float(up)


def _frame(places: Floats, step_x: float, step_y: float) -> tuple[float, float, int, int]:
    (west, south), (east, north) = places.min(axis=0), places.max(axis=0)
    width, height = math.ceil((east - west) / step_x), math.ceil((north - south) / step_y)
    if width * height > _MAX_PIXELS:
        raise MapWarpError(
            code="too_large",
            detail=f"the result would have {width} x {height} pixels, at most {_MAX_PIXELS} are drawn",
            remedy="Name a coarser resolution, or look whether a control point is far off",
        )
    return float(west), float(north), max(width, 1), max(height, 1)


def write_geotiff(
    path: str | os.PathLike[str], warped: Warped, *, tags: dict[str, str] | None = None, indicative: bool = True
) -> Path:
    """
    Write a warped map as a GeoTIFF that any GIS opens, with transparency where the picture does not reach.

    Parameters
    ----------
    path
        The file; one of that name is replaced when the new one is complete.
    warped
        From `warp`.
    tags
        Further metadata of the file: method, accuracy, source.
    indicative
        Whether the map is marked as indicative (示意), as one placed by control points is.

    Returns
    -------
    path
        As written.

    Raises
    ------
    NotWritableError, OutputInUseError
        See there.
    """
    import rasterio
    from rasterio.crs import CRS
    from rasterio.enums import ColorInterp
    from rasterio.transform import Affine

    target = Path(path)
    height, width = warped.inside.shape
    crs = parsed_crs(warped.crs.code if warped.crs.code != "custom" else warped.crs.wkt)
    with staging(target) as stage:
        with rasterio.open(
            stage.folder / target.name,
            "w",
            driver="GTiff",
            width=width,
            height=height,
            count=4,
            dtype="uint8",
            crs=CRS.from_wkt(crs.to_wkt()),
            transform=Affine(*warped.transform),
            compress="deflate",
            predictor=2,
            tiled=True,
            photometric="RGB",
            bigtiff="IF_SAFER",
        ) as file:
            file.write(warped.pixels.transpose(2, 0, 1), [1, 2, 3])
            file.write(warped.inside.astype(np.uint8) * 255, 4)
            file.colorinterp = [ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha]
            marks = {"INDICATIVE": "yes; indicative, placed by control points (示意)"} if indicative else {}
            file.update_tags(**{**(tags or {}), **marks})
        return stage.commit([target.name], asked=[target.name])[0]
