"""What the writers through GDAL share: geometries as it wants them, one layer, the look back, files in place."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from spatial.errors import NotWritableError, ReadBackError
from spatial.writing.columns import arrow_columns
from spatial.writing.geometry import by_kind
from spatial.writing.model import Note

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from spatial.writing.model import Field, Table
    from spatial.writing.staging import Staging

__all__ = ["commit_set", "one_kind_each", "refused", "require_same", "shapes_of", "write_layer"]


_WITH_ALIASES = {"OpenFileGDB", "FlatGeobuf"}
_ALIAS_CHARACTERS = 255  # of a geodatabase


def _says_more(field: Field) -> bool:
    return field.long_name_zh not in {"", field.name} and len(field.long_name_zh) <= _ALIAS_CHARACTERS


def shapes_of(table: Table, *, file: str) -> NDArray[np.object_]:
    """Two-dimensional geometries, empty ones as None."""
    shapes = np.empty(len(table.rows), dtype=object)
    for number, geometry in enumerate(table.geometries or ()):
        if geometry is None or geometry.is_empty:
            continue
        if not np.isfinite(shapely.get_coordinates(geometry)).all():
            raise NotWritableError(
                file=file,
                code="coordinate",
                row=number + 1,
                detail="a coordinate is not a finite number",
                remedy="Repair the geometry first",
            )
        flat = shapely.force_2d(geometry)
        shapes[number] = shapely.LineString(flat.coords) if flat.geom_type == "LinearRing" else flat
    return shapes


def one_kind_each(table: Table, *, file: str) -> tuple[Table, tuple[Note, ...]]:
    """Rows whose geometry mixes points, lines and polygons, as a row for each kind."""
    if all(g is None or g.geom_type != "GeometryCollection" for g in table.geometries or ()):
        return table, ()
    parts, notes = by_kind(table.geometries or (), file=file)
    pairs = sorted(
        (
            (position, number, g)
            for number, part in enumerate(parts)
            for position, g in zip(part.positions, part.geometries, strict=True)
        ),
        key=lambda item: item[:2],
    )
    rows = tuple(table.rows[position] for position, _, _ in pairs)
    return replace(table, rows=rows, geometries=tuple(g for _, _, g in pairs)), notes


def write_layer(
    path: Path,
    table: Table,
    shapes: NDArray[np.object_],
    positions: Sequence[int],
    *,
    driver: str,
    geometry_type: str = "Unknown",
    layer: str | None = None,
    **options: str,
) -> tuple[Note, ...]:
    """Write some rows of a table as a layer, through Arrow; GDAL's warnings become notes, its errors ours."""
    import pyarrow as pa
    import pyogrio

    schema, arrays, notes = arrow_columns(table, positions, file=path.name)
    if driver in _WITH_ALIASES:
        schema = [
            made.with_metadata({"GDAL:OGR:alternative_name": field.long_name_zh}) if _says_more(field) else made
            for made, field in zip(schema, table.fields, strict=True)
        ]
    name = "geometry"
    while name in {field.name.casefold() for field in schema}:
        name += "_"
    schema.append(pa.field(name, pa.binary(), metadata={"ARROW:extension:name": "ogc.wkb"}))
    arrays.append(pa.array(list(shapely.to_wkb(shapes, byte_order=1)), pa.binary()))
    said: list[str] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            pyogrio.write_arrow(
                pa.Table.from_arrays(arrays, schema=pa.schema(schema)),
                path,
                layer=layer,
                driver=driver,
                geometry_name=name,
                geometry_type=geometry_type,
                crs=f"EPSG:{table.crs}",
                **options,
            )
        said = list(dict.fromkeys(str(warning.message) for warning in caught))
    except (RuntimeError, ValueError) as error:
        raise refused(path.name, error) from error
    more = [Note(code="driver_says", file=path.name, zh=f"GDAL 提示：{text}", en=f"GDAL says: {text}") for text in said]
    return (*notes, *more)


def refused(file: str, error: Exception) -> NotWritableError:
    """What GDAL raised, as an error of ours."""
    remedy = "Write a GeoPackage, or report this with the input; nothing was kept"
    return NotWritableError(file=file, code="gdal", detail=str(error), remedy=remedy)


def require_same(
    path: Path,
    shapes: NDArray[np.object_],
    *,
    file: str,
    names: list[str] | None,
    layer: str | None = None,
    tolerance: float = 1e-8,
) -> None:
    """Read a layer back: as many rows, the same names, every geometry within a tolerance of each coordinate."""
    from pyogrio import raw

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        meta, _, wkb, _ = raw.read(path, layer=layer)
    back = shapely.from_wkb(wkb)
    problem = None
    if len(back) != len(shapes):
        problem = f"{len(shapes)} rows were written, {len(back)} read back"
    elif names is not None and list(meta["fields"]) != names:
        problem = f"fields read back as {', '.join(meta['fields'])}"
    elif not np.array_equal(shapely.is_missing(back), shapely.is_missing(shapes)):
        problem = "a geometry reads back as nothing, or nothing as a geometry"
    else:
        vertices = shapely.get_num_coordinates(shapes)
        there = ~shapely.is_missing(shapes)
        same = shapely.get_num_coordinates(back) == vertices
        same &= (np.abs(shapely.bounds(back) - shapely.bounds(shapes)) <= tolerance).all(axis=1)
        same &= np.abs(shapely.length(back) - shapely.length(shapes)) <= 2 * tolerance * (vertices + 1)
        slack = 2 * tolerance * shapely.length(shapes) + 1e-12 * np.abs(shapely.area(shapes))
        # a drawing's hatch is an area, its closed polylines are lines here
        same &= np.abs(shapely.area(back) - shapely.area(shapes)) <= slack
        if not same[there].all():
            problem = f"the geometry of row {int(np.flatnonzero(~same & there)[0]) + 1} reads back differently"
    if problem is not None:
        raise ReadBackError(
            file=file if layer is None else f"{file}, layer {layer}",
            code="read_back",
            detail=problem,
            remedy="Write a GeoPackage instead, and report this with the input; nothing was kept",
        )


def commit_set(stage: Staging, path: Path) -> tuple[Path, ...]:
    """The file asked for and those beside it; the latter replace files of that name only if a main file was there."""
    names = sorted(file.name for file in stage.folder.iterdir() if file.name != path.name)
    earlier = names if path.exists() else []
    return stage.commit([path.name, *names], asked=[path.name], earlier=earlier)
