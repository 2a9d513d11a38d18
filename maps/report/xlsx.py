"""A report as XLSX: a sheet a section, numbers as numbers, codes as text, links relative to the file."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from maps.figure.picture import png_of
from maps.phrases import clean
from maps.report.csv import FORMULA
from maps.report.layout import heading_number
from maps.report.model import Bullets, Figure, KeyValues, Paragraph, Table
from maps.report.package import link_target, repacked
from maps.report.titles import say

if TYPE_CHECKING:
    from maps.report.model import Block, Cell, Column, Report, Section

__all__ = ["xlsx_of"]

_WIDEST, _LEAST = 46, 13.0
_LINE, _MOST_LINES = 15.0, 27  # points; a row is never higher than 409
_COLUMNS_OF_TEXT = 8
_PPI = 200


def xlsx_of(report: Report) -> bytes:
    """The workbook of a report; the same report gives the same bytes."""
    import xlsxwriter  # type: ignore[import-untyped]

    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    day = date.fromisoformat(report.as_of)
    book.set_properties(
        {
            "title": f"{report.title} - {report.subject}",
            "subject": report.subject,
            "comments": "; ".join(report.marks),
            "created": datetime(day.year, day.month, day.day, tzinfo=UTC).replace(tzinfo=None),
        }
    )
    writer = _Writer(book, report)
    for number, section in enumerate(report.sections, 1):
        writer.section(section, number)
    book.close()
    return repacked(target.getvalue())


class _Writer:
    """Writes sheets; formats are made once."""

    def __init__(self, book: Any, report: Report) -> None:
        self.book, self.report = book, report
        self.names: set[str] = set()
        base = {"font_name": "Microsoft YaHei" if report.language == "zh" else "Calibri", "font_size": 10}
        wrap = {"text_wrap": True, "valign": "top"}
        cell = {**base, **wrap, "border": 1, "border_color": "#8a949c"}
        made = {
            "title": {**base, "bold": True, "font_size": 14},
            "about": base,
            "mark": {**base, "bold": True, "font_color": "#a3001f"},
            "caption": {**base, "bold": True},
            "plain": {**base, **wrap},
            "lead": {**base, **wrap, "bold": True},
            "warning": {**base, **wrap, "bold": True, "font_color": "#a3001f"},
            "note": {**base, **wrap, "font_color": "#444444"},
            "header": {**cell, "bold": True, "bg_color": "#e6ecf0"},
            "label": {**cell, "bold": True, "bg_color": "#f1f4f6"},
            "text": {**cell, "num_format": "@"},
            "quoted": {**cell, "num_format": "@", "quote_prefix": True},
            "share": {**cell, "num_format": "0.0000%"},
            "link": {**base, "font_color": "#0b57d0", "underline": 1},
        }
        self.formats = {name: book.add_format(facts) for name, facts in made.items()}
        self.numbers = {
            digits: book.add_format({**cell, "num_format": "#,##0" + (f".{'0' * digits}" if digits else "")})
            for digits in range(10)
        }

    def section(self, section: Section, number: int) -> None:
        """One sheet: the marks on top, then the blocks under one another."""
        sheet = self.book.add_worksheet(self._sheet_name(section.title))
        sheet.hide_gridlines(2)
        figure = section.key == "figure"
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 1 if figure else 0)
        if not figure:
            sheet.set_landscape()
        header = "&C&8" + " | ".join(self.report.marks).replace("&", "&&")
        sheet.set_header(header if len(header) <= 255 else header[:255])
        sheet.write_string(0, 0, heading_number(number, self.report.language) + section.title, self.formats["title"])
        about = f"{self.report.subject}  {say('as_of', self.report.language)} {self.report.as_of}"
        sheet.write_string(1, 0, clean(about), self.formats["about"])
        row = 2
        for mark in self.report.marks:
            sheet.write_string(row, 0, mark, self.formats["mark"])
            row += 1
        widths = _widths(section)
        for column, width in widths.items():
            sheet.set_column(column, column, width)
        row += 1
        for block in section.blocks:
            row = self._block(sheet, block, row, widths) + 1
        if section.key == "verify":
            for companion in self.report.companions:
                link = f"external:{link_target(companion.link)}"
                sheet.write_url(row, 0, link, self.formats["link"], string=clean(companion.link))
                row += 1

    def _sheet_name(self, title: str) -> str:
        base = re.sub(r"[\[\]:*?/\\']", " ", title)[:28].strip()
        name, count = base, 2
        while name.lower() in self.names:
            name, count = f"{base[:26]} {count}", count + 1
        self.names.add(name.lower())
        return name

    def _block(self, sheet: Any, block: Block, row: int, widths: dict[int, float]) -> int:
        if isinstance(block, Paragraph):
            return self._line(sheet, row, block.text, block.tone, widths)
        if isinstance(block, Bullets):
            for item in block.items:
                row = self._line(sheet, row, f"· {item}", "plain", widths)
            return row
        if isinstance(block, KeyValues):
            room = sum(widths[k] for k in range(1, 5))
            for label, value in block.pairs:
                sheet.write_string(row, 0, clean(label), self.formats["label"])
                sheet.merge_range(row, 1, row, 4, "", self.formats["text"])
                self._string(sheet, row, 1, value)
                sheet.set_row(row, _LINE * _lines(value, room))
                row += 1
            return row
        if isinstance(block, Figure):
            picture = png_of(block.picture.svg, width_mm=block.picture.width_mm, ppi=_PPI)
            sheet.insert_image(
                row,
                0,
                "map.png",
                {
                    "image_data": io.BytesIO(picture),
                    "object_position": 3,  # it keeps its size where rows are resized
                    "description": block.picture.alternative,
                    "x_scale": 96 / _PPI,  # the picture does not say its resolution, and 96 is what is taken
                    "y_scale": 96 / _PPI,
                },
            )
            below = row + int(block.picture.height_mm / 25.4 * 72 / 15) + 2
            return self._line(sheet, below, block.caption, "lead", widths)
        return self._table(sheet, block, row, widths)

    def _line(self, sheet: Any, row: int, words: str, tone: str, widths: dict[int, float]) -> int:
        """A paragraph over several columns, high enough to be read."""
        text = clean(words)
        sheet.merge_range(row, 0, row, _COLUMNS_OF_TEXT - 1, "", self.formats[tone])
        sheet.write_string(row, 0, text, self.formats[tone])
        sheet.set_row(row, _LINE * _lines(text, sum(widths[k] for k in range(_COLUMNS_OF_TEXT))))
        return row + 1

    def _table(self, sheet: Any, table: Table, row: int, widths: dict[int, float]) -> int:
        sheet.write_string(row, 0, clean(table.caption), self.formats["caption"])
        row += 1
        top = row
        for k, column in enumerate(table.columns):
            sheet.write_string(row, k, column.title, self.formats["header"])
        for line in table.rows:
            row += 1
            high = max(_lines(cell, widths[k]) for k, cell in enumerate(line) if isinstance(cell, str) or k == 0)
            sheet.set_row(row, _LINE * min(high, _MOST_LINES))
            for k, (cell, column) in enumerate(zip(line, table.columns, strict=True)):
                self._cell(sheet, row, k, cell, column)
        if table.rows:
            sheet.autofilter(top, 0, row, len(table.columns) - 1)
        return row + 1

    def _cell(self, sheet: Any, row: int, k: int, cell: Cell, column: Column) -> None:
        if cell is None or cell == "":
            sheet.write_blank(row, k, None, self.formats["text"])
        elif isinstance(cell, str):
            self._string(sheet, row, k, cell)
        else:
            style = self.formats["share"] if column.kind == "share" else self.numbers[column.digits]
            sheet.write_number(row, k, cell, style)

    def _string(self, sheet: Any, row: int, k: int, words: str) -> None:
        """Text as text; one that a spreadsheet might run as a formula, when it is edited, is marked as quoted."""
        text = clean(words)
        sheet.write_string(row, k, text[:32_767], self.formats["quoted" if text.startswith(FORMULA) else "text"])


def _widths(section: Section) -> dict[int, float]:
    """Widths of the columns of a sheet, for all that stands on it."""
    widths = dict.fromkeys(range(_COLUMNS_OF_TEXT), _LEAST)
    for block in section.blocks:
        if isinstance(block, KeyValues):
            widths[0] = max(widths[0], min(_WIDEST, 3.0 + max(_width(label) for label, _ in block.pairs)))
        elif isinstance(block, Table):
            for k, column in enumerate(block.columns):
                cells = [_width(cell) for cell in (line[k] for line in block.rows) if isinstance(cell, str)]
                wide = max([_width(column.title) + 3, *cells]) + 2.0
                widths[k] = max(widths.get(k, _LEAST), min(_WIDEST, wide))
    return widths


def _lines(cell: Cell, room: float) -> int:
    """How many lines a text takes in so much room."""
    if not isinstance(cell, str):
        return 1
    return sum(1 + int(_width(line) / max(room - 1.5, 1.0)) for line in cell.split("\n"))


def _width(text: str) -> int:
    """Width in letters; a Chinese character counts two."""
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)
