"""A delivery as a workbook: a sheet a layer with every column in full, the field dictionary, the readme first."""

from __future__ import annotations

import io
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import shapely

from maps.phrases import clean
from maps.report.package import repacked
from screening.words import word
from spatial.errors import NotWritableError
from spatial.writing.model import Field, Note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maps.delivery.model import Delivery
    from spatial.writing.model import Table, Value

__all__ = ["workbook_of"]

_MOST_ROWS = 1_048_576
_LONGEST = 32_767
_PLACE = (
    Field(name="LON", long_name_zh="代表点经度（CGCS2000）", long_name_en="longitude of a point inside", type="number"),
    Field(name="LAT", long_name_zh="代表点纬度（CGCS2000）", long_name_en="latitude of a point inside", type="number"),
    Field(name="WEST", long_name_zh="西", long_name_en="west", type="number"),
    Field(name="SOUTH", long_name_zh="南", long_name_en="south", type="number"),
    Field(name="EAST", long_name_zh="东", long_name_en="east", type="number"),
    Field(name="NORTH", long_name_zh="北", long_name_en="north", type="number"),
)
_DECIMALS = 9


def workbook_of(
    delivery: Delivery, *, file: str, readme: Sequence[str], placed: bool = True
) -> tuple[bytes, tuple[Note, ...]]:
    """
    The workbook of a delivery.

    Numbers are numbers, texts are texts and never formulas. Geometries are not in it: of each a point inside and its
    box. The same delivery gives the same bytes.

    Parameters
    ----------
    delivery
        What is handed over.
    file
        Name of the workbook, for notes.
    readme
        Lines of the first sheet.
    placed
        Add the columns with the place.

    Returns
    -------
    content, notes
        The XLSX; a note for each text longer than a cell, which is cut.

    Raises
    ------
    NotWritableError
        If a sheet has more rows than a workbook.
    """
    import xlsxwriter  # type: ignore[import-untyped]

    notes: list[Note] = []
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    year, month, day = delivery.dated
    book.set_properties({"title": clean(delivery.title), "created": datetime(year, month, day)})  # noqa: DTZ001 - a date
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#e6ecf0"})
    text_format = book.add_format({"num_format": "@"})
    names = _Names()
    first = book.add_worksheet(names.free(word("delivery.readme_sheet", delivery.language)))
    first.set_column(0, 0, 110)
    for number, line in enumerate(readme):
        first.write_string(number, 0, clean(line), text_format)
    tables = [_placed(sheet.table) if placed else sheet.table for sheet in delivery.sheets]
    for table in (*tables, *delivery.tables):
        if len(table.rows) >= _MOST_ROWS:
            raise NotWritableError(
                file=file,
                code="rows",
                detail=f"{table.name} has {len(table.rows)} rows, a sheet has {_MOST_ROWS}",
                remedy="Write a GeoPackage",
            )
        page = book.add_worksheet(names.free(table.name))
        page.freeze_panes(1, 0)
        for column, field in enumerate(table.fields):
            long = field.long_name_zh if delivery.language == "zh" else field.long_name_en
            page.write_string(0, column, clean(f"{field.name}\n{long}"), bold)
            page.set_column(column, column, 16)
        for number, row in enumerate(table.rows, start=1):
            for column, value in enumerate(row):
                if _cell(page, number, column, value, text_format):
                    name = table.fields[column].name
                    zh, en = "超过单元格 32767 字，截短", "longer than a cell, 32 767 characters: cut"
                    notes.append(Note(code="text_cut", file=file, field=name, rows=(number,), zh=zh, en=en))
    _dictionary(book, names, (*tables, *delivery.tables), delivery, bold)
    book.close()
    return repacked(target.getvalue()), tuple(notes)


def _placed(table: Table) -> Table:
    from dataclasses import replace

    shapes = table.geometries or (None,) * len(table.rows)
    rows = []
    for row, shape in zip(table.rows, shapes, strict=True):
        place: tuple[Value, ...] = (None,) * len(_PLACE)
        if shape is not None and not shape.is_empty:
            inside = shapely.point_on_surface(shape)
            place = tuple(round(float(v), _DECIMALS) for v in (inside.x, inside.y, *shapely.bounds(shape)))
        rows.append((*row, *place))
    return replace(table, fields=(*table.fields, *_PLACE), rows=tuple(rows), geometries=None, crs=None)


def _cell(page: Any, row: int, column: int, value: Value, text_format: Any) -> bool:
    """Write one cell; whether the text was cut."""
    if value is None:
        return False
    if isinstance(value, str):
        text = clean(value)
        page.write_string(row, column, text[: _LONGEST - 1] + "…" if len(text) > _LONGEST else text, text_format)
        return len(text) > _LONGEST
    if abs(value) >= 10**15:  # spreadsheets round beyond
        page.write_string(row, column, str(value), text_format)
    else:
        page.write_number(row, column, value)
    return False


def _dictionary(book: Any, names: _Names, tables: Sequence[Table], delivery: Delivery, bold: Any) -> None:
    page = book.add_worksheet(names.free(word("delivery.dictionary_sheet", delivery.language)))
    for column, head in enumerate(("表 table", "字段 field", "中文名", "English name", "类型 type", "说明", "Note")):
        page.write_string(0, column, head, bold)
        page.set_column(column, column, 24)
    row = 1
    for table in tables:
        for f in table.fields:
            cells = (table.name, f.name, f.long_name_zh, f.long_name_en, f.type, f.note_zh, f.note_en)
            for column, text in enumerate(cells):
                page.write_string(row, column, clean(text))
            row += 1


class _Names:
    """Names of sheets: at most 31 characters, none twice."""

    def __init__(self) -> None:
        self._taken = {"history"}  # kept by Excel

    def free(self, title: str) -> str:
        """A name for a sheet of this title."""
        base = re.sub(r"[\[\]:*?/\\']", "_", clean(title)).strip()[:27] or "Sheet"
        name, count = base, 2
        while name.casefold() in self._taken:
            name, count = f"{base}_{count}", count + 1
        self._taken.add(name.casefold())
        return name
