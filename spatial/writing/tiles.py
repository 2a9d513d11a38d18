"""PMTiles: vector tiles in one file, for maps on the web."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely

from spatial.errors import NotWritableError, ReadBackError
from spatial.writing.gdal import shapes_of, write_layer
from spatial.writing.model import Note, WrittenFiles, grouped
from spatial.writing.staging import staging

if TYPE_CHECKING:
    from spatial.writing.model import Table

__all__ = ["step_m", "tile_depth", "write_pmtiles"]

_EQUATOR_M = 40_075_016.68
_GRID = 4096  # cells a tile is drawn on
_MOST_TILES = 1024
_DEEPEST, _SHALLOWEST = 14, 6
_MOST_BYTES = 5_000_000
_MOST_FEATURES = 1_000_000


def tile_depth(west: float, south: float, east: float, north: float) -> int:
    """
    The deepest zoom whose tiles over a box of degrees are not too many: 6 to 14.

    Examples
    --------
    >>> tile_depth(117.0, 49.0, 117.1, 49.1), tile_depth(97, 37, 126, 53)
    (14, 8)
    """
    for zoom in range(_DEEPEST, _SHALLOWEST, -1):
        side = 360.0 / 2**zoom
        squeeze = math.cos(math.radians(min(abs(south + north) / 2, 80)))
        if (1 + (east - west) / side) * (1 + (north - south) / (side * squeeze)) <= _MOST_TILES:
            return zoom
    return _SHALLOWEST


def step_m(zoom: int) -> float:
    """
    Metres on the equator between two cells of a tile: a coordinate moves by up to half of it on each axis.

    Examples
    --------
    >>> round(step_m(14), 2)
    0.6
    """
    return _EQUATOR_M / (1 << zoom) / _GRID


def write_pmtiles(path: str | Path, table: Table, *, key: str, title: str, about: str) -> WrittenFiles:
    """
    Write one table as PMTiles, through GDAL.

    Use it for showing data on the web; coordinates lie on the grid of their tile, and nothing is measured on them.

    Parameters
    ----------
    path
        ``F.pmtiles``.
    table
        In degrees of CGCS2000 or WGS 84; tiles are in the Mercator plane of the web (EPSG:3857).
    key
        The field that tells features apart: every value must be found again in the tiles of the deepest zoom.
    title, about
        Name and description in the metadata.

    Returns
    -------
    written
        The file, and notes: how far coordinates moved, and rows that have no place.

    Raises
    ------
    NotWritableError
        If no row has a place, or the table is not in degrees.
    ReadBackError
        If a feature is not in the tiles.
    """
    from pyogrio import raw

    path = Path(path)
    if table.crs not in {4490, 4326}:
        raise NotWritableError(
            file=path.name, code="crs", detail=f"EPSG:{table.crs}", remedy="Give EPSG:4490 or EPSG:4326"
        )
    shapes = shapes_of(table, file=path.name)
    there = np.flatnonzero(~shapely.is_missing(shapes))
    if not len(there):
        raise NotWritableError(
            file=path.name, code="no_features", detail="no row has a place", remedy="Leave the layer out"
        )
    notes: list[Note] = []
    missing = sorted(set(range(len(shapes))) - set(there.tolist()))
    if missing:
        zh, en = "没有位置的行不在瓦片中", "rows without a place are not in the tiles"
        rows = tuple(row + 1 for row in missing)
        notes.append(Note(code="geometry_empty", file=path.name, rows=rows, zh=zh, en=en))
    zoom = tile_depth(*map(float, shapely.total_bounds(shapes[there])))
    zh = f"坐标归到第 {zoom} 级瓦片的格网，移动不超过 {step_m(zoom):.1f} 米；只供显示，不供量算"
    en = (
        f"coordinates lie on the grid of tiles of zoom {zoom} and moved by up to {step_m(zoom):.1f} m; for display only"
    )
    notes.append(Note(code="on_tile_grid", file=path.name, zh=zh, en=en))
    with staging(path) as stage:
        target = stage.folder / path.name
        notes += write_layer(
            target,
            replace(table, crs=4326),
            shapes[there],
            there.tolist(),
            driver="PMTiles",
            NAME=title,
            DESCRIPTION=about,
            MINZOOM="0",
            MAXZOOM=str(zoom),
            MAX_SIZE=str(_MOST_BYTES),
            MAX_FEATURES=str(_MOST_FEATURES),
        )
        at = [field.name for field in table.fields].index(key)
        wanted = {table.rows[row][at] for row in there}
        _, _, _, columns = raw.read(target, columns=[key], read_geometry=False)
        lost = wanted - set(columns[0].tolist())
        if lost:
            shown = ", ".join(map(str, sorted(map(str, lost))[:5]))
            raise ReadBackError(
                file=path.name,
                code="read_back",
                detail=f"{len(lost)} features are not in the tiles of zoom {zoom} ({shown})",
                remedy="Write FlatGeobuf or a GeoPackage instead; nothing was kept",
            )
        return WrittenFiles(paths=stage.commit([path.name], asked=[path.name]), notes=grouped(notes))
