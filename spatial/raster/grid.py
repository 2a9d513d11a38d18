"""A raster as pixels on the Earth: where each lies, what it holds, its area in square metres."""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.ellipsoid import geod, metres_per_degree
from spatial.errors import (
    MissingCRSError,
    RasterKindError,
    RasterNotPlacedError,
    RasterUnreadableError,
    SourceNotFoundError,
    ZonalLibraryMissingError,
)
from spatial.measure import ellipsoidal_area
from spatial.systems import CoordinateSystem, identify, parsed_crs

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

__all__ = ["Grid", "library", "opened"]

_DRIVERS = ("GTiff", "HFA", "ENVI", "AAIGrid", "SRTMHGT")  # none of them fetches anything, as a VRT would
_METRES = {"", "m", "metre", "metres", "meter", "meters", "米"}


def library(name: str) -> Any:
    """
    A library of the zonal figures.

    Raises
    ------
    ZonalLibraryMissingError
        If it is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise ZonalLibraryMissingError(library=name.split(".", 1)[0], detail=str(error)) from error


@dataclass(frozen=True, kw_only=True, eq=False)
class Grid:
    """
    One band of an open raster, north up.

    Parameters
    ----------
    name
        File name for messages.
    system
        CRS of its plane.
    west, north, size_x, size_y
        Corner of the first pixel, and the sides of a pixel, both positive, in units of the plane.
    width, height
        Pixels.
    unit
        Of what `read` gives.
    """

    name: str
    system: CoordinateSystem
    west: float
    north: float
    size_x: float
    size_y: float
    width: int
    height: int
    unit: str
    _dataset: Any
    _band: int
    _slope: str | None
    _scale: float
    _offset: float

    def corner(self, row: int, column: int) -> tuple[float, float]:
        """Plane coordinates (x, y) of the north-west corner of a pixel."""
        return self.west + column * self.size_x, self.north - row * self.size_y

    def fractional(self, xy: Floats) -> Floats:
        """Column and row, continuous, of places of the plane, shape (n, 2)."""
        return np.column_stack([(xy[:, 0] - self.west) / self.size_x, (self.north - xy[:, 1]) / self.size_y])

    def cells(self, xy: Floats) -> tuple[Indices, Indices]:
        """Row and column of the pixel that each place lies in; on an edge the one to the south-east."""
        uv = np.floor(self.fractional(xy)).astype(np.int64)
        return uv[:, 1], uv[:, 0]

    def tiles(self, bounds: tuple[float, float, float, float], size: int) -> Iterator[tuple[int, int, int, int]]:
        """Top, left, height and width of the windows that a box meets."""
        corners = self.fractional(np.array([[bounds[0], bounds[3]], [bounds[2], bounds[1]]]))
        left, top = (max(0, math.floor(value)) for value in corners[0])
        right, bottom = min(self.width, math.ceil(corners[1, 0])), min(self.height, math.ceil(corners[1, 1]))
        for down in range(top, bottom, size):
            for across in range(left, right, size):
                yield down, across, min(size, bottom - down), min(size, right - across)

    def degrees(self, xy: Floats) -> Floats:
        """Longitude and latitude of places of the plane, on its own datum, shape (n, 2)."""
        if self.system.is_geographic:
            return xy
        lon, lat = self._projection()(xy[:, 0], xy[:, 1], inverse=True)
        return np.column_stack([lon, lat])

    def distances(self, start: Floats, end: Floats) -> Floats:
        """Metres on the ellipsoid from place to place."""
        a, b = self.degrees(start), self.degrees(end)
        return np.asarray(geod().inv(a[:, 0], a[:, 1], b[:, 0], b[:, 1])[2], dtype=np.float64)

    def _projection(self) -> Any:
        import pyproj

        return pyproj.Proj(parsed_crs(self.system.wkt))

    def areas(self, row: Indices, column: Indices) -> Floats:
        """
        Area of pixels on the ellipsoid, m².

        In a geographic raster by the row's latitudes; else by the diagonals of the pixel, in metres of the ellipsoid at
        its middle (the scale that PROJ states for the plane of web maps is that of a sphere, wrong by 0.1 % here).
        """
        if self.system.is_geographic:
            rows, at = np.unique(row, return_inverse=True)
            north = self.north - rows * self.size_y
            west = np.full(len(north), self.west)
            boxes = shapely.box(west, north - self.size_y, west + self.size_x, north)
            return np.asarray(ellipsoidal_area(boxes)[at], dtype=np.float64)
        top, left = int(row.min()), int(column.min())
        down, across = np.mgrid[top : int(row.max()) + 2, left : int(column.max()) + 2]
        plane = np.column_stack([self.west + across.ravel() * self.size_x, self.north - down.ravel() * self.size_y])
        lon, lat = self.degrees(plane).T.reshape(2, *down.shape)
        kx, ky = metres_per_degree((lat[:-1, :-1] + lat[1:, 1:]) / 2)
        falling = lon[1:, 1:] - lon[:-1, :-1], lat[1:, 1:] - lat[:-1, :-1]
        rising = lon[:-1, 1:] - lon[1:, :-1], lat[:-1, 1:] - lat[1:, :-1]
        area = 0.5 * kx * ky * np.abs(falling[0] * rising[1] - falling[1] * rising[0])
        return np.asarray(area[row - top, column - left])

    def read(self, top: int, left: int, height: int, width: int) -> Floats:
        """Values of a window, or the slope there; NaN where there is no data."""
        if self._slope is None:
            return self._values(top, left, height, width)
        return self._slopes(top, left, height, width)

    def _values(self, top: int, left: int, height: int, width: int) -> Floats:
        windows, errors = library("rasterio.windows"), library("rasterio.errors")
        window = windows.Window(left, top, width, height)
        try:
            data = self._dataset.read(self._band, window=window).astype(np.float64)
            mask = self._dataset.read_masks(self._band, window=window)
        except (errors.RasterioError, OSError) as error:
            raise RasterUnreadableError(
                file=self.name,
                code="read",
                detail=f"rows {top} to {top + height - 1} cannot be read ({str(error)[:200]})",
                remedy="Get the file again from its source; part of it is missing or damaged",
            ) from error
        data[mask == 0] = np.nan
        data[~np.isfinite(data)] = np.nan
        return np.asarray(data * self._scale + self._offset)

    def _slopes(self, top: int, left: int, height: int, width: int) -> Floats:
        first, last = max(top - 1, 0), min(top + height + 1, self.height)
        begin, end = max(left - 1, 0), min(left + width + 1, self.width)
        z = np.full((height + 2, width + 2), np.nan)
        inner = self._values(first, begin, last - first, end - begin)
        z[first - top + 1 : last - top + 1, begin - left + 1 : end - left + 1] = inner
        x = self.west + (left + width / 2) * self.size_x
        y = self.north - (np.arange(top, top + height) + 0.5) * self.size_y
        side, up = self.size_x / 2, self.size_y / 2
        east = np.column_stack([np.full(height, x + side), y])
        dx = self.distances(np.column_stack([np.full(height, x - side), y]), east)[:, None]
        dy = self.distances(
            np.column_stack([np.full(height, x), y - up]), np.column_stack([np.full(height, x), y + up])
        )[:, None]
        a, b, c = z[:-2, :-2], z[:-2, 1:-1], z[:-2, 2:]
        d, f = z[1:-1, :-2], z[1:-1, 2:]
        g, h, i = z[2:, :-2], z[2:, 1:-1], z[2:, 2:]
        rise_x = ((c + 2 * f + i) - (a + 2 * d + g)) / (8 * dx)
        rise_y = ((g + 2 * h + i) - (a + 2 * b + c)) / (8 * dy)
        rise = np.hypot(rise_x, rise_y)
        rise[np.isnan(z[1:-1, 1:-1])] = np.nan
        return np.asarray(100 * rise if self._slope == "slope_percent" else np.degrees(np.arctan(rise)))


@contextmanager
def opened(path: str | os.PathLike[str], *, band: int = 1, slope: str | None = None) -> Iterator[Grid]:
    """
    Open one band of a raster.

    Parameters
    ----------
    path
        A file on this machine.
    band
        From 1.
    slope
        ``slope_degree`` or ``slope_percent`` to read the slope instead of the values.

    Yields
    ------
    grid
        Open while the context lasts.

    Raises
    ------
    SourceNotFoundError, RasterError, ZonalLibraryMissingError, CRSError
        See `spatial.raster.zonal.figures`.
    """
    rasterio, errors = library("rasterio"), library("rasterio.errors")
    file = Path(path)
    if not file.is_file():
        remedy = "Give the path of a raster file on this machine; addresses are not opened"
        raise SourceNotFoundError(file=str(path), code="not_found", detail="there is no such file", remedy=remedy)
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", errors.NotGeoreferencedWarning)  # told below, as an error
        dataset, failure = None, ""
        for driver in _DRIVERS:
            try:
                dataset = rasterio.open(file.absolute(), driver=driver)
                break
            except (errors.RasterioError, OSError) as error:
                failure = failure or str(error)[:200]
    if dataset is None:
        raise RasterUnreadableError(
            file=file.name,
            code="open",
            detail=f"it is no raster that is read here ({failure})",
            remedy="Save it as GeoTIFF",
        )
    with dataset:
        yield _grid(dataset, file.name, band, slope)


def _grid(dataset: Any, name: str, band: int, slope: str | None) -> Grid:
    if not 1 <= band <= dataset.count:
        raise RasterKindError(
            file=name,
            code="no_band",
            detail=f"it has {dataset.count} bands, no band {band}",
            remedy=f"Name one from 1 to {dataset.count}",
        )
    if "complex" in dataset.dtypes[band - 1]:
        raise RasterKindError(file=name, code="complex", detail="its values are complex", remedy="Give a real band")
    at = dataset.transform
    if dataset.crs is None and dataset.gcps[0]:
        raise RasterNotPlacedError(
            file=name,
            code="control_points",
            detail=f"it is placed by {len(dataset.gcps[0])} control points only",
            remedy="Bring it into a plane first (gdalwarp)",
        )
    if dataset.crs is None:
        raise RasterNotPlacedError(
            file=name,
            code="no_crs",
            detail="nothing says which coordinate system it is in",
            remedy="Write its CRS into it (gdal_edit -a_srs), once you know it from its source",
        )
    if at.is_identity or at.b or at.d or at.a <= 0 or at.e >= 0:
        raise RasterNotPlacedError(
            file=name,
            code="not_north_up",
            detail="its pixels are not placed, or turned against north",
            remedy="Bring it north up first (gdalwarp)",
        )
    try:
        system = identify(dataset.crs.to_wkt())
    except MissingCRSError as error:
        raise RasterNotPlacedError(
            file=name, code="no_crs", detail="its CRS is blank", remedy="Write its CRS into it (gdal_edit -a_srs)"
        ) from error
    unit = dataset.units[band - 1] or ""
    if slope is not None and unit.strip().lower() not in _METRES:
        raise RasterKindError(
            file=name,
            code="height_unit",
            detail=f"its heights are in {unit!r}, and a slope needs metres",
            remedy="Bring the heights to metres first",
        )
    return Grid(
        name=name,
        system=system,
        west=float(at.c),
        north=float(at.f),
        size_x=float(at.a),
        size_y=float(-at.e),
        width=int(dataset.width),
        height=int(dataset.height),
        unit=unit if slope is None else slope.removeprefix("slope_"),
        _dataset=dataset,
        _band=band,
        _slope=slope,
        _scale=float(dataset.scales[band - 1]),
        _offset=float(dataset.offsets[band - 1]),
    )
