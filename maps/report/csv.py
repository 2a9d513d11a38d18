"""The findings of a report as CSV: UTF-8 with a byte order mark, which WPS and Excel need to read Chinese."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from maps.phrases import clean

if TYPE_CHECKING:
    from maps.report.model import Cell, Column, Report

__all__ = ["FORMULA", "csv_of"]

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a cell may not begin with, or a spreadsheet runs it."""


def csv_of(report: Report) -> bytes:
    """The findings, one row for every feature met or nearest, and one for every layer that has none or failed."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\r\n")
    table = report.findings
    writer.writerow([column.title for column in table.columns])
    for row in table.rows:
        writer.writerow([_cell(cell, column) for cell, column in zip(row, table.columns, strict=True)])
    return lines.getvalue().encode("utf-8-sig")


def _cell(cell: Cell, column: Column) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        text = clean(cell)
        return f"'{text}" if text.startswith(FORMULA) else text
    return f"{cell:.{max(column.digits, 6) if column.kind == 'share' or abs(cell) < 1 else column.digits}f}"
