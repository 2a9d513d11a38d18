"""The rows of a job as one file: Parquet, GeoPackage, XLSX or CSV, written block by block and replaced as a whole."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from screening.batch.row import COLUMNS, reason_of
from screening.batch.table import row_schema
from screening.errors import BatchJobError, BatchOutputError
from screening.words import word
from spatial import boundaries
from spatial.errors import NotWritableError, SpatialError
from spatial.writing.staging import staging

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

    from screening.batch.job import Job
    from screening.words import Language

__all__ = ["BATCH_SUFFIXES", "write_rows"]

BATCH_SUFFIXES = (".parquet", ".gpkg", ".xlsx", ".csv")
_BLOCK = 20_000
"""Rows of a row group of Parquet: always as many, however the rows were answered, so the bytes are the same."""
_XLSX_ROWS = 1_048_576
_FORMULA = frozenset("=+-@\t\r")
_CODES = {"answer": "answer", **{c.name: "answer" for c in COLUMNS if c.en.endswith(": answer")}}
_CODES |= {"in_priority_zone": "yesno"}


def write_rows(path: Path, job: Job, *, language: Language) -> Path:
    """
    Write every row of a job.

    Parameters
    ----------
    path
        Ending in one of `BATCH_SUFFIXES`. XLSX has words in ``language``, a sheet of the columns and a summary; the
        others hold codes. Parquet is GeoParquet; Parquet and GeoPackage hold the geometry of the site, EPSG:4490.
    job
        Complete and answered.
    language
        Of an XLSX.

    Raises
    ------
    BatchJobError
        If rows are missing; nothing is written then.
    BatchOutputError
        If an XLSX cannot hold as many rows.
    NotWritableError, OutputInUseError
        If the file cannot be written, for want of room above all; nothing has changed then.
    """
    if job.answered != job.total or not job.complete:
        detail, remedy = f"{job.total - job.answered} of its rows are missing", "run the same command again"
        raise BatchJobError(path=job.path, detail=detail, remedy=remedy)
    if path.suffix.lower() == ".xlsx" and job.total >= _XLSX_ROWS:
        raise BatchOutputError(path=path, rows=job.total, most=_XLSX_ROWS - 1)
    with staging(path) as stage:
        target = stage.folder / path.name
        with _told_where(path):
            match path.suffix.lower():
                case ".csv":
                    _csv(target, job)
                case ".xlsx":
                    _xlsx(target, job, language)
                case ".parquet":
                    _parquet(target, job)
                case _:
                    _gpkg(target, job)
        written: Path = stage.commit([path.name], asked=[path.name])[0]
    return written


@contextmanager
def _told_where(path: Path) -> Iterator[None]:
    """What a writer says of a disk that takes no more names the file that was to be written."""
    try:
        yield
    except _disk_troubles(path.suffix.lower()) as trouble:
        raise NotWritableError(
            file=str(path),
            code="disk",
            detail=f"it cannot be written ({trouble})",
            remedy="Make room on that disk or name another folder, and run the same command: only this step is left",
        ) from trouble


def _disk_troubles(suffix: str) -> tuple[type[Exception], ...]:
    """What the writer of a format raises where the disk takes no more."""
    match suffix:
        case ".gpkg":
            from pyogrio.errors import DataLayerError, DataSourceError

            return OSError, DataLayerError, DataSourceError
        case ".xlsx":
            from xlsxwriter.exceptions import XlsxFileError  # type: ignore[import-untyped]

            return OSError, XlsxFileError
        case _:
            return (OSError,)


def _csv(path: Path, job: Job) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([c.name for c in COLUMNS])
        for table in job.rows():
            columns = (_safe(table.column(c.name).to_pylist(), c.type) for c in COLUMNS)
            writer.writerows(zip(*columns, strict=True))


def _safe(values: list[Any], type_: str) -> list[Any]:
    """Text that a spreadsheet would take for a formula is quoted."""
    if type_ != "text":
        return values
    return [f"'{value}" if value is not None and value[:1] in _FORMULA else value for value in values]


def _xlsx(path: Path, job: Job, language: Language) -> None:
    import datetime as dt

    import xlsxwriter  # type: ignore[import-untyped]

    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_formulas": False})
    book.set_properties({"created": dt.datetime(1980, 1, 1, tzinfo=dt.UTC)})
    head = book.add_format({"bold": True, "bg_color": "#E8EEF4", "text_wrap": True, "valign": "top"})
    whole, number = book.add_format({"num_format": "0"}), book.add_format({"num_format": "#,##0.00"})
    place = book.add_format({"num_format": "0.000000000"})
    sheet = book.add_worksheet(word("batch.sheet_rows", language))
    sheet.freeze_panes(1, 3)
    for k, column in enumerate(COLUMNS):
        sheet.set_column(k, k, 26 if column.name.endswith(("_met", "trouble", "name")) else 14)
        sheet.write_string(0, k, column.zh if language == "zh" else column.en, head)
    row = 0
    for row, cells in enumerate((cells for table in job.rows() for cells in table.to_pylist()), 1):
        for k, column in enumerate(COLUMNS):
            value = cells[column.name]
            if value is None:
                continue
            if column.type == "integer":
                sheet.write_number(row, k, value, whole)
            elif column.type == "number":
                sheet.write_number(row, k, value, place if column.name in {"lon", "lat"} else number)
            else:
                text = reason_of(cells, language) if column.name == "trouble" else _shown(column.name, value, language)
                sheet.write_string(row, k, text[:32_767])
    sheet.autofilter(0, 0, row, len(COLUMNS) - 1)
    _summary_sheet(book, job, language, head)
    legend = book.add_worksheet(word("batch.sheet_columns", language))
    legend.set_column(0, 2, 40)
    for k, column in enumerate(COLUMNS):
        for j, text in enumerate((column.name, column.zh, column.en)):
            legend.write_string(k, j, text)
    book.close()


def _summary_sheet(book: Any, job: Job, language: Language, head: Any) -> None:
    sheet = book.add_worksheet(word("batch.sheet_summary", language))
    sheet.set_column(0, 2, 20)
    titles = ("batch.district", "batch.answer", "batch.count")
    for k, code in enumerate(titles):
        sheet.write_string(0, k, word(code, language), head)
    try:
        names = boundaries.place_names()
    except SpatialError:
        names = {}
    i = 0
    for i, (district, given, count) in enumerate(job.summary(), 1):
        sheet.write_string(i, 0, f"{district or '-'} {names.get(district or '', '')}".strip())
        sheet.write_string(
            i, 1, word("batch.not_judged", language) if given is None else word(f"answer.{given}", language)
        )
        sheet.write_number(i, 2, count)
    sheet.write_string(i + 2, 0, word("note.not_permission", language))


def _shown(name: str, value: str, language: Language) -> str:
    group = _CODES.get(name)
    return value if group is None else word(f"{group}.{value}", language)


def _blocks(job: Job) -> Iterator[pa.Table]:
    """Every row, so many at a time; the geometry column is the last."""
    import pyarrow as pa

    held = row_schema().empty_table()
    for some in job.rows():
        held = pa.concat_tables([held, some])
        while held.num_rows >= _BLOCK:
            yield held.slice(0, _BLOCK).combine_chunks()
            held = held.slice(_BLOCK)
    if held.num_rows:
        yield held.combine_chunks()


def _parquet(path: Path, job: Job) -> None:
    import pyarrow.parquet as pq
    import pyproj

    crs = json.loads(pyproj.CRS.from_epsg(4490).to_json())
    column = {"encoding": "WKB", "geometry_types": [], "crs": crs}
    meta = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    schema = row_schema().with_metadata({b"geo": json.dumps(meta).encode()})
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for some in _blocks(job):
            writer.write_table(some.replace_schema_metadata(schema.metadata))


def _gpkg(path: Path, job: Job) -> None:
    import pyogrio

    wrote = False
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "1980-01-01T00:00:00.000Z"})  # the same rows, the same bytes
    try:
        for some in _blocks(job):
            pyogrio.write_arrow(
                some,
                path,
                layer="sites",
                driver="GPKG",
                append=wrote,
                geometry_name="geometry",
                geometry_type="Unknown",
                crs="EPSG:4490",
            )
            wrote = True
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
    if wrote:
        _require_whole(path, job.total)


def _require_whole(path: Path, rows: int) -> None:
    """Raise OSError where a GeoPackage lost something: of a disk that is full when it is closed, GDAL says nothing."""
    base = sqlite3.connect(path)
    try:
        (told,) = base.execute("PRAGMA quick_check").fetchone()
        (there,) = base.execute("SELECT count(*) FROM sites").fetchone()
        (shapes,) = base.execute("SELECT count(*) FROM sites WHERE geom IS NOT NULL").fetchone()
        (indexed,) = base.execute("SELECT count(*) FROM rtree_sites_geom").fetchone()
        if (told, there, indexed) != ("ok", rows, shapes):
            raise OSError(f"it does not read back whole: {told}; {there} rows of {rows}, {indexed} of {shapes} indexed")
    except sqlite3.DatabaseError as trouble:
        raise OSError(f"it does not read back whole: {trouble}") from trouble
    finally:
        base.close()
