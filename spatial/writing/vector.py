"""FlatGeobuf, FileGDB and GML, through GDAL: written beside, read back, moved into place."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.errors import OutputInTheWayError, OutputInUseError
from spatial.writing.gdal import commit_set, one_kind_each, require_same, shapes_of, write_layer
from spatial.writing.geometry import by_kind
from spatial.writing.model import Note, WrittenFiles, grouped
from spatial.writing.staging import staging

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spatial.writing.model import Table
    from spatial.writing.staging import Staging

__all__ = ["write_filegdb", "write_flatgeobuf", "write_gml"]

_MULTI = {"polygon": "MultiPolygon", "line": "MultiLineString", "point": "MultiPoint"}
_MAKE: dict[str, Any] = {
    "polygon": shapely.MultiPolygon,
    "line": shapely.MultiLineString,
    "point": shapely.MultiPoint,
}
_NARROW = 2**31
_GRID_CELLS = 2**52  # whole numbers a double holds, with half a cell to spare


def write_flatgeobuf(path: str | Path, table: Table) -> WrittenFiles:
    """
    Write one table as FlatGeobuf, in the order of its rows (and so without a spatial index).

    Parameters
    ----------
    path
        ``F.fgb``.
    table
        Any types of geometry, in any CRS of EPSG.

    Returns
    -------
    written
        The file; notes only on texts that no format holds.

    Raises
    ------
    NotWritableError, NumberNotWritableError
        If a value or coordinate cannot be held.
    ReadBackError
        If the file reads back differently.

    Examples
    --------
    >>> import tempfile
    >>> from spatial.writing import Table
    >>> table = Table(name="t", fields=(), rows=((),), geometries=(shapely.Point(120, 49),), crs=4490)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [p.name for p in write_flatgeobuf(Path(folder) / "t.fgb", table).paths]
    ['t.fgb']
    """
    path = Path(path)
    with staging(path) as stage:
        shapes = shapes_of(table, file=path.name)
        target = stage.folder / path.name
        notes = write_layer(target, table, shapes, range(len(table.rows)), driver="FlatGeobuf", SPATIAL_INDEX="NO")
        require_same(target, shapes, file=path.name, names=[f.name for f in table.fields])
        return WrittenFiles(paths=stage.commit([path.name], asked=[path.name]), notes=grouped(notes))


def write_filegdb(path: str | Path, tables: Sequence[Table]) -> WrittenFiles:
    """
    Write tables as feature classes of a new file geodatabase.

    Coordinates are kept on a grid of a power of two of metres or degrees, as fine as the extent of the data allows
    (below 1e-9 m within a zone), where the format's default rounds to 0.1 mm.

    Parameters
    ----------
    path
        ``F.gdb``; a folder of that name is replaced if it is a geodatabase, else it is in the way.
    tables
        One feature class each, of multi-geometries; a table with several kinds of geometry becomes ``name``,
        ``name_line``, ``name_point``. Names must suit the format: letters, digits and ``_``.

    Returns
    -------
    written
        The folder, and notes: integers beyond 32 bits need ArcGIS Pro 3.2.

    Raises
    ------
    NotWritableError, NumberNotWritableError, OutputInTheWayError, OutputInUseError, ReadBackError
        If it cannot be written, moved into place, or reads back differently.
    """
    path = Path(path)
    notes: list[Note] = []
    with staging(path) as stage:
        target = stage.folder / path.name
        for table in tables:
            parts, part_notes = by_kind(table.geometries or (), file=path.name)
            notes += part_notes
            for number, part in enumerate(parts):
                layer = table.name if number == 0 else f"{table.name}_{part.kind}"
                make = _MAKE[part.kind]
                shapes = np.empty(len(part.geometries), dtype=object)
                shapes[:] = [
                    None if g is None else g if g.geom_type.startswith("Multi") else make([g]) for g in part.geometries
                ]
                options = _grid(shapes)
                if _has_wide_integers(table):
                    options["TARGET_ARCGIS_VERSION"] = "ARCGIS_PRO_3_2_OR_LATER"
                    zh, en = (
                        "有超过 32 位的整数：ArcGIS Pro 3.2 起可读",
                        "integers beyond 32 bits: ArcGIS Pro 3.2 or later",
                    )
                    notes.append(Note(code="needs_arcgis_pro", file=path.name, zh=zh, en=en))
                notes += write_layer(
                    target,
                    table,
                    shapes,
                    part.positions,
                    driver="OpenFileGDB",
                    geometry_type=_MULTI[part.kind],
                    layer=layer,
                    **options,
                )
                require_same(target, shapes, file=path.name, layer=layer, names=[f.name for f in table.fields])
        _put_folder(stage, path)
        return WrittenFiles(paths=(path,), notes=grouped(notes))


def write_gml(path: str | Path, table: Table) -> WrittenFiles:
    """
    Write one table as GML 3.2, with its schema.

    Parameters
    ----------
    path
        ``F.gml``, with ``F.xsd`` beside it.
    table
        In any CRS of EPSG; coordinates have 15 digits and the axis order of the register. Names of columns must be
        names of XML elements.

    Returns
    -------
    written
        The files, and notes on rows whose geometry had to be parted by kind.

    Raises
    ------
    NotWritableError, OutputInTheWayError, OutputInUseError, ReadBackError
        If it cannot be written, moved into place, or reads back differently.
    """
    path = Path(path)
    whole, split = one_kind_each(table, file=path.name)
    shapes = shapes_of(whole, file=path.name)
    with staging(path) as stage:
        target = stage.folder / path.name
        notes = write_layer(
            target,
            whole,
            shapes,
            range(len(whole.rows)),
            driver="GML",
            layer=table.name,
            FORMAT="GML3.2",
            WRITE_FEATURE_BOUNDED_BY="NO",
        )
        require_same(target, shapes, file=path.name, names=None, tolerance=1e-7)
        return WrittenFiles(paths=commit_set(stage, path), notes=grouped([*split, *notes]))


def _has_wide_integers(table: Table) -> bool:
    columns = [at for at, field in enumerate(table.fields) if field.type == "integer"]
    return any(
        row[at] is not None and not -_NARROW <= row[at] < _NARROW  # type: ignore[operator]  # integers, by the table
        for row in table.rows
        for at in columns
    )


def _grid(shapes: NDArray[np.object_]) -> dict[str, str]:
    """Origin and scale of a geodatabase's grid: whole origin, cells of a power of two."""
    if not len(shapes) or shapely.is_missing(shapes).all():
        return {}
    west, south, east, north = shapely.total_bounds(shapes)
    x, y = math.floor(west) - 1, math.floor(south) - 1
    extent = max(east - x, north - y) + 1
    scale = 2.0 ** math.floor(math.log2(_GRID_CELLS / extent))
    tolerance = 1e-3 if extent > 1000 or max(abs(west), abs(north)) > 1000 else 1e-8
    return {
        "XORIGIN": repr(float(x)),
        "YORIGIN": repr(float(y)),
        "XYSCALE": repr(scale),
        "XYTOLERANCE": repr(tolerance),
    }


def _put_folder(stage: Staging, path: Path) -> None:
    """Put a geodatabase in its place; one that was there comes back if that fails."""
    there = path.exists()
    if there and not (path.is_dir() and (any(path.glob("*.gdbtable")) or not any(path.iterdir()))):
        raise OutputInTheWayError(
            file=str(path),
            code="output_in_the_way",
            detail="a file or folder of this name is there and is no file geodatabase",
            remedy="Choose another name, or move it away",
        )
    kept = stage.folder.parent / "earlier.gdb"
    moved = False
    try:
        if there:
            os.replace(path, kept)  # noqa: PTH105 - as the files of other formats, tests make it fail
            moved = True
        os.replace(stage.folder / path.name, path)  # noqa: PTH105
    except OSError as error:
        if moved:
            os.replace(kept, path)  # noqa: PTH105
        raise OutputInUseError(
            file=str(path),
            code="output_in_use",
            detail=f"it could not be put in place ({error.strerror or error})",
            remedy="Close it in ArcGIS or QGIS, or choose another name; nothing was changed",
        ) from error
