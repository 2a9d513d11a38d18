"""Shapefiles that the next office can open: short names, stated encoding, nothing lost without a word."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely

from spatial.errors import NotWritableError, ReadBackError
from spatial.writing.dbf import FittedRows, dbf_bytes, fit_rows, require_short_names
from spatial.writing.dictionary import DICTIONARY_SUFFIX, dictionary_csv, files_of_earlier_set
from spatial.writing.geometry import by_kind
from spatial.writing.model import WrittenFiles, grouped
from spatial.writing.staging import staging
from spatial.writing.text import CODECS

if TYPE_CHECKING:
    from spatial.writing.geometry import KindPart
    from spatial.writing.model import Note, Table, Value
    from spatial.writing.text import Encoding

__all__ = [
    "SHAPEFILE_PARTS",
    "encoding_statement",
    "require_encoding",
    "stage_dbf",
    "stage_shapefile",
    "write_shapefile",
]

SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_LARGEST = 2**31 - 1


def write_shapefile(
    path: str | Path,
    table: Table,
    *,
    encoding: Encoding = "UTF-8",
    twin: bool = False,
    dated: tuple[int, int, int] | None = None,
) -> WrittenFiles:
    """
    Write one table as a shapefile, with a field dictionary beside it.

    Use it for one layer that another program must load; a site check with all its tables is
    ``screening.export``. Everything is written beside, read back, compared, and moved into place together.

    Parameters
    ----------
    path
        ``F.shp``. If the rows hold several kinds of geometry, polygons (else lines) go there and the others
        to ``F_line.shp`` and ``F_point.shp``. The dictionary is ``F_字段说明.csv``.
    table
        With geometries and CRS; names of fields are ASCII of at most 10 bytes. Heights are not written.
    encoding
        ``UTF-8``, or ``GBK`` for ArcMap up to 10.2, CASS and the like; the ``.cpg`` states it. Characters GBK
        lacks are replaced by the rule of :mod:`spatial.writing.text`.
    twin
        Also write ``F.gpkg`` with the full texts; a text wider than its field is then cut and ends in ``…``,
        otherwise it is refused.
    dated
        Year, month, day for headers that want a date; never taken from the clock.

    Returns
    -------
    written
        The files, the main one first, and a note for each thing that was not written as it was.

    Raises
    ------
    FieldNameError, TextTooLongError, NumberNotWritableError, NotWritableError
        If the table cannot be held by a shapefile.
    OutputInTheWayError, OutputInUseError
        If a file cannot take its place.
    ReadBackError
        If what was written reads back differently.

    Notes
    -----
    In a DBF an empty text is null. Rings are written clockwise, holes counter-clockwise.

    Examples
    --------
    >>> import tempfile
    >>> from spatial.writing import Field, Table
    >>> site = Table(
    ...     name="site",
    ...     fields=(Field(name="XMMC", long_name_zh="项目名称", long_name_en="project", width=120),),
    ...     rows=(("呼伦贝尔某项目",),),
    ...     geometries=(shapely.box(119.7, 49.2, 119.71, 49.21),),
    ...     crs=4490,
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [p.name for p in write_shapefile(Path(folder) / "site.shp", site).paths]
    ['site.shp', 'site.shx', 'site.dbf', 'site.prj', 'site.cpg', 'site_字段说明.csv']
    """
    path = Path(path)
    stem = path.stem
    asked = [stem + part for part in SHAPEFILE_PARTS]
    with staging(path) as stage:
        names: list[str] = []
        notes: list[Note] = []
        files = []
        twin_name = f"{stem}.gpkg" if twin else None
        for name, part_notes in stage_shapefile(
            stage.folder, stem, table, encoding=encoding, twin=twin_name, dated=dated
        ):
            names += [name.removesuffix(".shp") + part for part in SHAPEFILE_PARTS]
            files.append((name, table.fields))
            notes += part_notes
        if twin_name is not None:
            from spatial.writing.geopackage import stage_geopackage

            notes += stage_geopackage(stage.folder, twin_name, [table], metadata={}, dated=dated)
            names.append(twin_name)
        dictionary = stem + DICTIONARY_SUFFIX
        names.append(dictionary)
        merged = grouped(notes)
        (stage.folder / dictionary).write_bytes(
            dictionary_csv(files=files, members=names, statements=[encoding_statement(encoding)], notes=merged)
        )
        earlier = files_of_earlier_set(path.parent / dictionary, stem=stem)
        return WrittenFiles(paths=stage.commit(names, asked=asked, earlier=earlier), notes=merged)


def encoding_statement(encoding: Encoding) -> tuple[str, str]:
    """What a dictionary says of the texts of a set, in Chinese and English."""
    zh = (
        f"属性编码 {encoding}（见 .cpg）；空文本与空值相同；文本首尾空格不写；"
        "该编码没有的字符按所列规则替换，不会静默丢弃"
    )
    en = (
        f"attributes in {encoding} (see .cpg); empty text is null; outer blanks are not written; "
        "characters the encoding lacks are replaced by the rules listed, never dropped silently"
    )
    return zh, en


def require_encoding(encoding: str, *, file: str) -> None:
    """Refuse an encoding other than UTF-8 and GBK."""
    if encoding not in CODECS:
        raise NotWritableError(
            file=file, code="encoding", detail=f"encoding {encoding!r}", remedy="Choose UTF-8 or GBK"
        )


def stage_shapefile(
    folder: Path,
    stem: str,
    table: Table,
    *,
    encoding: Encoding,
    twin: str | None,
    dated: tuple[int, int, int] | None = None,
    kind_in_name: bool = False,
) -> list[tuple[str, tuple[Note, ...]]]:
    """
    Write the shapefiles of one table into a folder, one a kind of geometry, and read them back.

    ``kind_in_name`` puts the kind into every name (``<stem>_polygon.shp``), not only the second and third.
    Returns the name of each ``.shp`` with its notes; errors as :func:`write_shapefile`.
    """
    require_encoding(encoding, file=f"{stem}.shp")
    require_short_names(table.fields, file=f"{stem}.shp")
    if table.geometries is None or table.crs is None:
        raise NotWritableError(
            file=f"{stem}.shp",
            code="no_geometry",
            detail="the table has no geometries",
            remedy="Write it as a table (.dbf, .csv) or give geometries and a CRS",
        )
    parts, notes = by_kind(table.geometries, file=f"{stem}.shp")
    made = []
    for number, part in enumerate(parts):
        suffix = f"_{part.kind}" if kind_in_name or number else ""
        name = f"{stem}{suffix}.shp"
        fitted = fit_rows(table, file=name, encoding=encoding, twin=twin)
        rows = FittedRows(rows=tuple(fitted.rows[p] for p in part.positions), notes=fitted.notes)
        _write_part(folder / name, table, part, rows, encoding=encoding, dated=dated)
        _require_same(folder / name, table, part, rows)
        made.append((name, (*fitted.notes, *(notes if number == 0 else ()))))
    return made


def stage_dbf(
    folder: Path,
    stem: str,
    table: Table,
    *,
    encoding: Encoding,
    twin: str | None,
    dated: tuple[int, int, int] | None = None,
) -> tuple[Note, ...]:
    """Write ``<stem>.dbf`` and ``.cpg`` of a table without geometry, and read them back; errors as above."""
    require_encoding(encoding, file=f"{stem}.dbf")
    require_short_names(table.fields, file=f"{stem}.dbf")
    fitted = fit_rows(table, file=f"{stem}.dbf", encoding=encoding, twin=twin)
    (folder / f"{stem}.dbf").write_bytes(dbf_bytes(table.fields, fitted, encoding=encoding, dated=dated))
    (folder / f"{stem}.cpg").write_bytes(encoding.encode("ascii"))
    _require_same_rows(folder / f"{stem}.dbf", table, fitted)
    return fitted.notes


def _write_part(
    path: Path,
    table: Table,
    part: KindPart,
    fitted: FittedRows,
    *,
    encoding: Encoding,
    dated: tuple[int, int, int] | None,
) -> None:
    """GDAL writes .shp, .shx and .prj; the .dbf it makes is replaced by ours."""
    from pyogrio import raw
    from pyogrio.errors import DataSourceError

    try:
        raw.write(
            path,
            shapely.to_wkb(np.array(part.geometries, dtype=object), byte_order=1),
            [np.arange(len(part.positions), dtype=np.int32)],
            ["ROW"],
            driver="ESRI Shapefile",
            geometry_type=_type_of(part),
            crs=f"EPSG:{table.crs}",
            encoding=encoding,
        )
    except (DataSourceError, RuntimeError, ValueError) as error:
        raise NotWritableError(
            file=path.name,
            code="gdal",
            detail=str(error),
            remedy="Write a GeoPackage, or report this with the input",
        ) from error
    path.with_suffix(".dbf").write_bytes(dbf_bytes(table.fields, fitted, encoding=encoding, dated=dated))
    path.with_suffix(".cpg").write_bytes(encoding.encode("ascii"))
    for suffix in SHAPEFILE_PARTS:
        file = path.with_suffix(suffix)
        if not file.exists() or file.stat().st_size > _LARGEST:
            raise NotWritableError(
                file=file.name,
                code="shapefile_part",
                detail="the part is missing (no ESRI name for this CRS?) or larger than 2 GB",
                remedy="Choose EPSG:4490 or a CGCS2000 zone, or write a GeoPackage",
            )


def _type_of(part: KindPart) -> str:
    if part.kind == "polygon":
        return "Polygon"
    if part.kind == "line":
        return "LineString"
    multi = any(g is not None and g.geom_type == "MultiPoint" for g in part.geometries)
    return "MultiPoint" if multi else "Point"


def _require_same(path: Path, table: Table, part: KindPart, fitted: FittedRows) -> None:
    """Read the file back: same vertices, same nulls, same area, same CRS, same values."""
    from pyogrio import raw, read_info

    crs = read_info(path)["crs"]
    if crs != f"EPSG:{table.crs}":
        raise _differs(path, f"the CRS reads back as {crs}")
    _, _, wkb, _ = raw.read(path, columns=[])
    back = shapely.from_wkb(wkb)
    if len(back) != len(part.geometries):
        raise _differs(path, f"{len(part.geometries)} rows were written, {len(back)} read back")
    for row, (was, now) in enumerate(zip(part.geometries, back, strict=True), start=1):
        if (was is None) != (now is None):
            raise _differs(path, "a geometry reads back as null, or a null as a geometry", row=row)
        if was is None:
            continue
        if not np.array_equal(_vertices(was), _vertices(now)) or not np.isclose(was.area, now.area, rtol=1e-9, atol=0):
            raise _differs(path, "the geometry reads back differently", row=row)
    _require_same_rows(path, table, fitted)


def _vertices(geometry: shapely.Geometry) -> np.ndarray:
    """Distinct vertices, sorted: independent of where rings begin and how they run."""
    return np.unique(shapely.get_coordinates(geometry), axis=0)


def _require_same_rows(path: Path, table: Table, fitted: FittedRows) -> None:
    from pyogrio import raw

    meta, _, _, columns = raw.read(path, read_geometry=False)
    names = [f.name for f in table.fields]
    if list(meta["fields"]) != names:
        raise _differs(path, f"fields read back as {list(meta['fields'])}")
    for field, column, expected in zip(table.fields, columns, _columns(table, fitted), strict=True):
        if len(column) != len(expected):
            raise _differs(path, f"{len(expected)} rows were written, {len(column)} read back")
        for row, (was, now) in enumerate(zip(expected, column.tolist(), strict=True), start=1):
            missing = now is None or (isinstance(now, float) and np.isnan(now))
            if (was is None) != missing or (was is not None and was != now):
                raise _differs(path, f"{was!r} reads back as {now!r}", field=field.name, row=row)


def _columns(table: Table, fitted: FittedRows) -> list[tuple[Value, ...]]:
    return [tuple(row[i] for row in fitted.rows) for i in range(len(table.fields))]


def _differs(path: Path, detail: str, *, field: str | None = None, row: int | None = None) -> ReadBackError:
    return ReadBackError(
        file=path.name,
        code="read_back",
        field=field,
        row=row,
        detail=detail,
        remedy="Write a GeoPackage instead, and report this with the input; nothing was kept",
    )
