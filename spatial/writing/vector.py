"""Formats that GDAL writes: FlatGeobuf, FileGDB, MapInfo, GML, DXF. Written beside, read back, moved into place."""

from __future__ import annotations

import math
import os
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.errors import NotWritableError, OutputInTheWayError, OutputInUseError, ReadBackError
from spatial.writing.columns import arrow_columns, shows_crs, visible
from spatial.writing.geometry import by_kind
from spatial.writing.model import Field, Note, WrittenFiles, grouped
from spatial.writing.staging import staging
from spatial.writing.text import cut, encodable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from spatial.writing.model import Table, Value
    from spatial.writing.staging import Staging
    from spatial.writing.text import Encoding

__all__ = ["write_dxf", "write_filegdb", "write_flatgeobuf", "write_gml", "write_mapinfo"]

_MULTI = {"polygon": "MultiPolygon", "line": "MultiLineString", "point": "MultiPoint"}
_MAKE: dict[str, Any] = {"polygon": shapely.MultiPolygon, "line": shapely.MultiLineString, "point": shapely.MultiPoint}
_NARROW = 2**31
_GRID_CELLS = 2**52  # whole numbers a double holds, with half a cell to spare
_MAP_WIDTH = 254  # bytes of a MapInfo text


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
        shapes = _shapes(table, file=path.name)
        target = stage.folder / path.name
        notes = _write(target, table, shapes, range(len(table.rows)), driver="FlatGeobuf", SPATIAL_INDEX="NO")
        _require_same(target, shapes, file=path.name, names=[f.name for f in table.fields])
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
                notes += _write(
                    target,
                    table,
                    shapes,
                    part.positions,
                    driver="OpenFileGDB",
                    geometry_type=_MULTI[part.kind],
                    layer=layer,
                    **options,
                )
                _require_same(target, shapes, file=path.name, layer=layer, names=[f.name for f in table.fields])
        _put_folder(stage, path)
        return WrittenFiles(paths=(path,), notes=grouped(notes))


def write_mapinfo(path: str | Path, table: Table, *, encoding: Encoding = "UTF-8") -> WrittenFiles:
    """
    Write one table as MapInfo TAB or MIF.

    Parameters
    ----------
    path
        ``F.tab`` (with .dat, .map, .id beside it) or ``F.mif`` (with .mid).
    table
        In any CRS of EPSG. The format has no CGCS2000: the same numbers are marked WGS 84, which is within 1 m.
    encoding
        ``UTF-8`` (MapInfo 15.2 and later) or ``GBK``.

    Returns
    -------
    written
        The files, and notes: texts over 254 bytes cut; numbers with nulls written as text, since the format would
        make them 0; the CRS marked WGS 84; in a TAB coordinates on a grid of 2³² steps over the extent.

    Raises
    ------
    NotWritableError, OutputInTheWayError, OutputInUseError, ReadBackError
        If it cannot be written, moved into place, or reads back differently.
    """
    path = Path(path)
    is_tab = path.suffix.lower() == ".tab"
    fitted, notes = _fitted_for_mapinfo(table, file=path.name, encoding=encoding, one_line=not is_tab)
    fitted, split = _one_kind_each(fitted, file=path.name)
    shapes = _shapes(fitted, file=path.name)
    options = {"ENCODING": {"UTF-8": "UTF-8", "GBK": "CP936"}[encoding], "BOUNDS": _bounds(shapes)}
    step = 0.0
    if is_tab:
        box = [float(v) for v in options["BOUNDS"].split(",")]
        step = max(box[2] - box[0], box[3] - box[1]) / 2**31
    else:
        options["FORMAT"] = "MIF"
    with staging(path) as stage:
        target = stage.folder / path.name
        more = _write(target, fitted, shapes, range(len(fitted.rows)), driver="MapInfo File", **options)
        _require_same(target, shapes, file=path.name, names=[f.name for f in fitted.fields], tolerance=max(step, 1e-7))
        from spatial.systems import identify

        if identify(table.crs or 4326).datum == "cgcs2000":
            zh, en = (
                "格式没有 CGCS2000，坐标不变，标为 WGS 84",
                "the format has no CGCS2000: same numbers, marked WGS 84",
            )
            notes.append(Note(code="crs_marked_wgs84", file=path.name, zh=zh, en=en))
        return WrittenFiles(paths=_commit_set(stage, path), notes=grouped([*notes, *split, *more]))


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
    whole, split = _one_kind_each(table, file=path.name)
    shapes = _shapes(whole, file=path.name)
    with staging(path) as stage:
        target = stage.folder / path.name
        notes = _write(
            target,
            whole,
            shapes,
            range(len(whole.rows)),
            driver="GML",
            layer=table.name,
            FORMAT="GML3.2",
            WRITE_FEATURE_BOUNDED_BY="NO",
        )
        _require_same(target, shapes, file=path.name, names=None, tolerance=1e-7)
        return WrittenFiles(paths=_commit_set(stage, path), notes=grouped([*split, *notes]))


def write_dxf(path: str | Path, tables: Sequence[Table]) -> WrittenFiles:
    """
    Write geometries as a drawing: polygons as closed polylines, those with holes as hatches.

    Parameters
    ----------
    path
        ``F.dxf``.
    tables
        A drawing layer each; every part of a geometry becomes an entity. A drawing has no CRS and no attributes.

    Returns
    -------
    written
        The file, and notes on attributes and the CRS, which are left out.

    Raises
    ------
    NotWritableError, OutputInUseError, ReadBackError
        If it cannot be written, moved into place, or reads back differently.
    """
    path = Path(path)
    entities: list[BaseGeometry] = []
    layers: list[str] = []
    notes: list[Note] = []
    for table in tables:
        for row, shape in enumerate(_shapes(table, file=path.name), start=1):
            parts = _entities(shape)
            if len(parts) > 1:
                zh, en = "各部分分写为单独图元", "its parts became entities of their own"
                notes.append(Note(code="geometry_split", file=path.name, rows=(row,), zh=zh, en=en))
            entities += parts
            layers += [table.name] * len(parts)
        if table.fields:
            shown = [field.name for field in table.fields]
            zh, en = (
                f"图形没有属性，未写：{'、'.join(shown)}",
                f"a drawing has no attributes: {', '.join(shown)} left out",
            )
            notes.append(Note(code="attributes_dropped", file=path.name, zh=zh, en=en))
        if not shows_crs(table, datum_named=False):
            zh = f"图形不含坐标系；再读取时请注明 EPSG:{table.crs}"
            en = f"a drawing does not state its CRS: say EPSG:{table.crs} when it is read again"
            notes.append(Note(code="crs_dropped", file=path.name, zh=zh, en=en))
    field = Field(name="Layer", long_name_zh="图层", long_name_en="layer")
    drawn = replace(tables[0], fields=(field,), rows=tuple((name,) for name in layers), geometries=tuple(entities))
    shapes = _shapes(drawn, file=path.name)
    with staging(path) as stage:
        target = stage.folder / path.name
        _write_drawing(target, drawn, shapes)
        _require_same(target, shapes, file=path.name, names=None, tolerance=1e-7)
        return WrittenFiles(paths=stage.commit([path.name], asked=[path.name]), notes=grouped(notes))


def _write_drawing(path: Path, drawn: Table, shapes: NDArray[np.object_]) -> None:
    """Not through Arrow, which would make a column that the driver has already."""
    from pyogrio import raw

    layers = np.array([visible(str(row[0])) for row in drawn.rows], dtype=object)
    try:
        raw.write(
            path,
            shapely.to_wkb(shapes, byte_order=1),
            [layers],
            ["Layer"],
            driver="DXF",
            geometry_type="Unknown",
            crs=f"EPSG:{drawn.crs}",
            encoding="UTF-8",
        )
    except (RuntimeError, ValueError) as error:
        raise _refused(path.name, error) from error


def _refused(file: str, error: Exception) -> NotWritableError:
    remedy = "Write a GeoPackage, or report this with the input; nothing was kept"
    return NotWritableError(file=file, code="gdal", detail=str(error), remedy=remedy)


def _entities(shape: Any) -> list[BaseGeometry]:
    if shape is None:
        return []
    if hasattr(shape, "geoms"):
        return [entity for part in shape.geoms for entity in _entities(part)]
    if shape.geom_type == "Polygon" and not shape.interiors:
        return [shapely.LineString(shape.exterior.coords)]
    return [shape]


def _shapes(table: Table, *, file: str) -> NDArray[np.object_]:
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


def _one_kind_each(table: Table, *, file: str) -> tuple[Table, tuple[Note, ...]]:
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


def _write(
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
    import pyarrow as pa
    import pyogrio

    schema, arrays, notes = arrow_columns(table, positions, file=path.name)
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
        raise _refused(path.name, error) from error
    more = [Note(code="driver_says", file=path.name, zh=f"GDAL 提示：{text}", en=f"GDAL says: {text}") for text in said]
    return (*notes, *more)


def _require_same(
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


def _bounds(shapes: NDArray[np.object_]) -> str:
    west, south, east, north = shapely.total_bounds(shapes)
    if not np.isfinite([west, south, east, north]).all():
        return "-180,-90,180,90"
    # MapInfo stores 32-bit steps of these; whole numbers, and not nothing
    return ",".join(
        str(v) for v in (math.floor(west) - 1, math.floor(south) - 1, math.ceil(east) + 1, math.ceil(north) + 1)
    )


def _fitted_for_mapinfo(table: Table, *, file: str, encoding: Encoding, one_line: bool) -> tuple[Table, list[Note]]:
    """Texts in the encoding and up to 254 bytes; numbers with nulls as text."""
    notes: list[Note] = []
    fields: list[Field] = []
    columns: list[list[Value]] = []
    for at, field in enumerate(table.fields):
        values: list[Value] = [row[at] for row in table.rows]
        made = field
        if field.type != "text" and any(value is None for value in values):
            zh, en = (
                "格式没有空值（会变成 0），该数字列写为文本",
                "the format has no null but 0: numbers written as text",
            )
            notes.append(Note(code="number_as_text", file=file, field=field.name, zh=zh, en=en))
            made = replace(field, type="text", width=0, decimals=-1)
            values = [None if value is None else str(value) for value in values]
        for row, value in enumerate(values):
            if isinstance(value, str) and made.type == "text":
                values[row] = _fitted_text(
                    value, field.name, row=row, file=file, encoding=encoding, one_line=one_line, notes=notes
                )
        fields.append(made)
        columns.append(values)
    if not fields:
        fields.append(Field(name="ID", long_name_zh="序号", long_name_en="number", type="integer"))
        columns.append(list(range(1, len(table.rows) + 1)))
        zh, en = (
            "没有属性，加一列序号（格式至少一列）",
            "there are no attributes: a number is added, since the format has one",
        )
        notes.append(Note(code="number_added", file=file, zh=zh, en=en))
    rows = tuple(zip(*columns, strict=True))
    return replace(table, fields=tuple(fields), rows=rows), notes


def _fitted_text(
    value: str, field: str, *, row: int, file: str, encoding: Encoding, one_line: bool, notes: list[Note]
) -> str:
    def note(code: str, zh: str, en: str) -> None:
        notes.append(Note(code=code, file=file, field=field, rows=(row + 1,), zh=zh, en=en))

    made = encodable(value, encoding)
    for what, by in made.replaced:
        note(
            "character_replaced", f"{encoding} 没有字符 {what}，写为 {by}", f"{encoding} has no {what}; written as {by}"
        )
    for what in made.marked:
        code = f"U+{ord(what):04X}"
        note("character_marked", f"{encoding} 没有字符 {code}", f"{encoding} has no {code}; it is marked")
    text = made.text
    if one_line and any(c in text for c in "\r\n"):
        text = " ".join(text.splitlines())
        note("line_ends_replaced", "换行写为空格", "line ends are written as blanks")
    short = cut(text, _MAP_WIDTH, encoding)
    if short != text:
        note(
            "text_cut", f"超过 {_MAP_WIDTH} 字节，截短并以 … 结尾", f"longer than {_MAP_WIDTH} bytes: cut, ending in …"
        )
    return short


def _commit_set(stage: Staging, path: Path) -> tuple[Path, ...]:
    """The file asked for and those beside it; the latter replace files of that name only if a main file was there."""
    names = sorted(file.name for file in stage.folder.iterdir() if file.name != path.name)
    earlier = names if path.exists() else []
    return stage.commit([path.name, *names], asked=[path.name], earlier=earlier)


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
