"""The rows of a job as one file: Parquet, GeoPackage, XLSX or CSV, written row by row and replaced as a whole."""

from __future__ import annotations

import csv
import json
from itertools import islice
from typing import TYPE_CHECKING, Any

import shapely

from screening.batch.row import COLUMNS
from screening.errors import BatchOutputError
from screening.words import word
from spatial.writing.staging import staging

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from screening.batch.job import Job
    from screening.words import Language

__all__ = ["BATCH_SUFFIXES", "write_rows"]

BATCH_SUFFIXES = (".parquet", ".gpkg", ".xlsx", ".csv")
_CHUNK = 5_000
_XLSX_ROWS = 1_048_576
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
    BatchOutputError
        If an XLSX cannot hold as many rows.
    NotWritableError, OutputInUseError
        If the file cannot be written; nothing has changed then.
    """
    if path.suffix.lower() == ".xlsx" and job.total >= _XLSX_ROWS:
        raise BatchOutputError(path=path, rows=job.total, most=_XLSX_ROWS - 1)
    with staging(path) as stage:
        target = stage.folder / path.name
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


def _csv(path: Path, job: Job) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([c.name for c in COLUMNS])
        for _, cells, _ in job.rows():
            writer.writerow([_safe(cells[c.name]) for c in COLUMNS])


def _safe(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula is quoted."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" else value


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
    for row, (_, cells, _) in enumerate(job.rows(), 1):
        for k, column in enumerate(COLUMNS):
            value = cells[column.name]
            if value is None:
                continue
            if column.type == "integer":
                sheet.write_number(row, k, value, whole)
            elif column.type == "number":
                sheet.write_number(row, k, value, place if column.name in {"lon", "lat"} else number)
            else:
                sheet.write_string(row, k, _shown(column.name, value, language)[:32_767])
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
    for i, (district, given, count) in enumerate(job.summary(), 1):
        sheet.write_string(i, 0, district or "-")
        sheet.write_string(
            i, 1, word("batch.not_judged", language) if given is None else word(f"answer.{given}", language)
        )
        sheet.write_number(i, 2, count)


def _shown(name: str, value: str, language: Language) -> str:
    group = _CODES.get(name)
    return value if group is None else word(f"{group}.{value}", language)


def _chunks(job: Job) -> Iterator[list[tuple[int, dict[str, Any], Any]]]:
    rows = job.rows()
    while some := list(islice(rows, _CHUNK)):
        yield some


def _schema() -> Any:
    import pyarrow as pa

    types = {"text": pa.string(), "integer": pa.int64(), "number": pa.float64()}
    return pa.schema([*(pa.field(c.name, types[c.type]) for c in COLUMNS), pa.field("geometry", pa.binary())])


def _table(some: list[tuple[int, dict[str, Any], Any]]) -> Any:
    """Some rows as Arrow, with WKB."""
    import pyarrow as pa

    schema = _schema()
    arrays = [pa.array([cells[f.name] for _, cells, _ in some], f.type) for f in list(schema)[:-1]]
    arrays.append(pa.array([_wkb(site) for _, _, site in some], pa.binary()))
    return pa.Table.from_arrays(arrays, schema=schema)


def _parquet(path: Path, job: Job) -> None:
    import pyarrow.parquet as pq
    import pyproj

    crs = json.loads(pyproj.CRS.from_epsg(4490).to_json())
    column = {"encoding": "WKB", "geometry_types": [], "crs": crs}
    meta = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    schema = _schema().with_metadata({b"geo": json.dumps(meta).encode()})
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for some in _chunks(job):
            writer.write_table(_table(some).replace_schema_metadata(schema.metadata))


def _wkb(site: Any) -> bytes | None:
    return None if site is None else bytes(shapely.to_wkb(site.geometry, byte_order=1, output_dimension=2))


def _gpkg(path: Path, job: Job) -> None:
    import pyogrio

    wrote = False
    for some in _chunks(job):
        pyogrio.write_arrow(
            _table(some),
            path,
            layer="sites",
            driver="GPKG",
            append=wrote,
            geometry_name="geometry",
            geometry_type="Unknown",
            crs="EPSG:4490",
        )
        wrote = True
