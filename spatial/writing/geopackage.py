"""GeoPackages: full texts, full numbers, several tables in one file, long names as aliases."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.errors import FieldNameError, NotWritableError, NumberNotWritableError, ReadBackError
from spatial.writing.geometry import by_kind
from spatial.writing.model import Note, WrittenFiles, grouped
from spatial.writing.staging import staging
from spatial.writing.text import encodable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from spatial.writing.geometry import KindPart
    from spatial.writing.model import Field, Table, Value

__all__ = ["stage_geopackage", "write_geopackage"]

_RESERVED = {"FID", "GEOM"}
_MULTI = {"polygon": "MultiPolygon", "line": "MultiLineString", "point": "MultiPoint"}
_WIDEST_INTEGER = 2**63
_FIRST_MULTI = 4
_VERSION = "1.2"  # QGIS 3.22 (GDAL 3.6) warns at 1.4, which newer GDAL writes by itself


def write_geopackage(
    path: str | Path,
    tables: Sequence[Table],
    metadata: Mapping[str, str],
    *,
    dated: tuple[int, int, int] | None = None,
) -> WrittenFiles:
    """
    Write tables as layers of one new GeoPackage, which replaces a file of that name as a whole.

    Use it where texts are long or numbers must stay exact; QGIS and ArcGIS show the long names as aliases.

    Parameters
    ----------
    path
        ``F.gpkg``.
    tables
        One layer each, named by the table; tables without geometry become attribute tables. A table with
        several kinds of geometry becomes ``name``, ``name_line``, ``name_point``. Heights are not written;
        polygons and lines are written as multi-geometries.
    metadata
        Written to ``gpkg_metadata`` for the whole file.
    dated
        Year, month, day of the timestamps the format demands; 1980-01-01 if not given, never today.

    Returns
    -------
    written
        The file and notes.

    Raises
    ------
    FieldNameError
        If a field is called ``fid`` or ``geom``, or two layers have one name.
    NumberNotWritableError
        If a number is not finite or an integer wider than 64 bits.
    NotWritableError, OutputInUseError, ReadBackError
        If the file cannot be written, moved into place, or reads back differently.

    Examples
    --------
    >>> import tempfile
    >>> from spatial.writing import Field, Table
    >>> text = Field(name="TEXT", long_name_zh="准入要求", long_name_en="access requirement")
    >>> table = Table(name="rules", fields=(text,), rows=(("禁止新建" * 100,),))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [p.name for p in write_geopackage(Path(folder) / "out.gpkg", [table], {"mark": "示意"}).paths]
    ['out.gpkg']
    """
    path = Path(path)
    with staging(path) as stage:
        notes = stage_geopackage(stage.folder, path.name, tables, metadata=metadata, dated=dated)
        return WrittenFiles(paths=stage.commit([path.name], asked=[path.name]), notes=grouped(notes))


def stage_geopackage(
    folder: Path,
    name: str,
    tables: Sequence[Table],
    *,
    metadata: Mapping[str, str],
    dated: tuple[int, int, int] | None = None,
) -> tuple[Note, ...]:
    """Write the file into a folder and read it back; all else as :func:`write_geopackage`."""
    import pyogrio
    from pyogrio.errors import DataSourceError

    notes: list[Note] = []
    layers: dict[str, tuple[Table, KindPart | None]] = {}
    for table in tables:
        parts: tuple[KindPart | None, ...] = (None,)
        if table.geometries is not None:
            parts, part_notes = by_kind(table.geometries, file=name)
            notes += part_notes
        for number, part in enumerate(parts):
            layer = table.name if part is None or number == 0 else f"{table.name}_{part.kind}"
            if layer.casefold() in {taken.casefold() for taken in layers}:
                raise _name_error(name, layer, "two layers have this name")
            layers[layer] = (table, part)
    clean = {_marked(key): _marked(text) for key, text in metadata.items()}
    year, month, day = dated or (1980, 1, 1)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{year:04d}-{month:02d}-{day:02d}T00:00:00.000Z"})
    written: dict[str, pa.Table] = {}
    try:
        for number, (layer, (table, part)) in enumerate(layers.items()):
            rows = _rows(table, part, file=name, notes=notes)
            written[layer] = _write_layer(
                folder / name, layer, table, part, rows, metadata=clean if number == 0 else None
            )
    except (DataSourceError, RuntimeError) as error:
        raise NotWritableError(
            file=name, code="gdal", detail=str(error), remedy="Report this with the input; nothing was kept"
        ) from error
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
    for layer, (table, part) in layers.items():
        _require_same(folder / name, layer, table, part, written[layer])
    return tuple(notes)


def _name_error(file: str, field: str, detail: str) -> FieldNameError:
    return FieldNameError(file=file, code="field_name", field=field, detail=detail, remedy="Choose another name")


def _marked(text: str) -> str:
    """NUL ends a text in C, lone surrogates are no text, and XML has no control characters."""
    visible = "".join("\ufffd" if c < " " and c not in "\t\n\r" else c for c in text)
    return encodable(visible, "UTF-8").text


def _rows(table: Table, part: KindPart | None, *, file: str, notes: list[Note]) -> list[tuple[Value, ...]]:
    positions = range(len(table.rows)) if part is None else part.positions
    given = [table.rows[position] for position in positions]
    if not given or all(map(_clean, zip(*given, strict=True), table.fields)):
        return given
    return [_row(table, position, file=file, notes=notes) for position in positions]


def _clean(values: Sequence[Value], field: Field) -> bool:
    """Whether every value of a field can be written as it is."""
    if field.type in ("integer", "number"):
        numbers = [value for value in values if value is not None]
        whole = [value for value in numbers if type(value) is int]
        if field.type == "integer" and len(whole) == len(numbers):
            return not whole or (_writable(min(whole), field) and _writable(max(whole), field))
        return all(not isinstance(value, str) and _writable(value, field) for value in numbers)
    texts = [value for value in values if value is not None]
    if not all(isinstance(text, str) for text in texts):
        return False
    joined = "".join(map(str, texts))
    try:
        joined.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return "\x00" not in joined


def _row(table: Table, position: int, *, file: str, notes: list[Note]) -> tuple[Value, ...]:
    row: list[Value] = []
    for field, given in zip(table.fields, table.rows[position], strict=True):
        value = given
        if isinstance(value, str):
            made = encodable(value, "UTF-8")
            if made.marked:
                zh, en = "空字符或孤立代理码写为 U+FFFD", "NUL or a lone surrogate is written as U+FFFD"
                at = (position + 1,)
                notes.append(Note(code="character_marked", file=file, field=field.name, rows=at, zh=zh, en=en))
            value = made.text
        elif value is not None and not _writable(value, field):
            raise NumberNotWritableError(
                file=file,
                code="number",
                field=field.name,
                row=position + 1,
                detail=f"{value!r} is not finite or wider than 64 bits",
                remedy="Give null or a number the format holds",
            )
        row.append(value)
    return tuple(row)


def _writable(value: float, field: Field) -> bool:
    if field.type == "integer":
        return -_WIDEST_INTEGER <= value < _WIDEST_INTEGER
    return isinstance(value, int) or bool(np.isfinite(value))


def _write_layer(
    path: Path,
    layer: str,
    table: Table,
    part: KindPart | None,
    rows: Sequence[tuple[Value, ...]],
    *,
    metadata: Mapping[str, str] | None,
) -> pa.Table:
    import pyarrow as pa
    import pyogrio

    types: dict[str, Any] = {"text": pa.string(), "integer": pa.int64(), "number": pa.float64(), "date": pa.date32()}
    schema, arrays = [], []
    for i, field in enumerate(table.fields):
        if field.name.upper() in _RESERVED:
            raise _name_error(path.name, field.name, "the format uses this name itself")
        comment = "; ".join(t for t in (field.long_name_en, field.note_zh, field.note_en) if t)
        names = {"GDAL:OGR:alternative_name": field.long_name_zh, "GDAL:OGR:comment": comment}
        schema.append(pa.field(field.name, types[field.type], metadata=names))
        column = (row[i] for row in rows)
        same = field.type in ("text", "integer")
        arrays.append(pa.array(list(column) if same else [_as_arrow(v, field) for v in column], types[field.type]))
    options: dict[str, object] = {}
    if part is not None:
        schema.append(pa.field("geom", pa.binary(), metadata={"ARROW:extension:name": "ogc.wkb"}))
        arrays.append(pa.array(shapely.to_wkb(_multi(part), byte_order=1), pa.binary()))
        options = {"geometry_name": "geom", "geometry_type": _MULTI[part.kind], "crs": f"EPSG:{table.crs}"}
    made = pa.Table.from_arrays(arrays, schema=pa.schema(schema))
    pyogrio.write_arrow(
        made,
        path,
        layer=layer,
        driver="GPKG",
        VERSION=_VERSION,
        dataset_metadata=dict(metadata) if metadata else None,
        **options,
    )
    return made


def _as_arrow(value: Value, field: Field) -> Value | dt.date:
    if value is None:
        return None
    if field.type == "date":
        return dt.date.fromisoformat(str(value))
    return float(value) if field.type == "number" else value


def _multi(part: KindPart) -> NDArray[Any]:
    found = np.empty(len(part.geometries), dtype=object)
    found[:] = part.geometries
    single = (shapely.get_type_id(found) >= 0) & (shapely.get_type_id(found) < _FIRST_MULTI)
    if single.any():
        make: Any = {"polygon": shapely.multipolygons, "line": shapely.multilinestrings, "point": shapely.multipoints}[
            part.kind
        ]
        found[single] = make(found[single], indices=np.arange(int(single.sum())))
    return found


def _require_same(path: Path, layer: str, table: Table, part: KindPart | None, written: pa.Table) -> None:
    """Read a layer back and compare every value with what was written."""
    import pyogrio

    meta, back = pyogrio.read_arrow(path, layer=layer)
    problem = None
    if back.num_rows != written.num_rows or list(meta["fields"]) != [f.name for f in table.fields]:
        problem = f"{written.num_rows} rows were written, {back.num_rows} read back"
    elif part is not None and meta["crs"] != f"EPSG:{table.crs}":
        problem = f"the CRS reads back as {meta['crs']}"
    elif part is not None and not (back["geom"].equals(written["geom"]) or _same_geometries(part, back)):
        problem = "a geometry reads back differently"
    else:
        for field in table.fields:
            same = back[field.name].equals(written[field.name])
            if not same and back[field.name].to_pylist() != written[field.name].to_pylist():
                problem = f"field {field.name} reads back differently"
                break
    if problem is not None:
        raise ReadBackError(
            file=f"{path.name}, layer {layer}",
            code="read_back",
            detail=problem,
            remedy="Report this with the input; nothing was kept",
        )


def _same_geometries(part: KindPart, back: pa.Table) -> bool:
    now = shapely.from_wkb(np.array(back["geom"].to_pylist(), dtype=object))
    was = _multi(part)
    missing = shapely.is_missing(was)
    return bool(np.array_equal(missing, shapely.is_missing(now)) and shapely.equals_exact(was, now)[~missing].all())
