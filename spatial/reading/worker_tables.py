"""
Workbooks (XLSX, XLSB, XLS, ODS) by calamine, for the child process (see ``worker.py``): sheets to rows of text.

Values only: no formulas are run, nothing is fetched. Like ``worker.py`` it imports nothing of this project.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from typing import Any

__all__ = ["WorkbookError", "read_sheets"]

MAX_CELLS = 5_000_000
_SPAN = re.compile(r"PT(\d{1,4})H(\d{1,2})M(\d{1,2}(?:[.,]\d{1,9})?)S")


class WorkbookError(Exception):
    """The workbook is not read; the code says why."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def read_sheets(path: str, *, max_sheets: int) -> list[dict[str, Any]]:
    """
    Every sheet of cells, in the order of the workbook.

    Parameters
    ----------
    path
        The file; its name ends as its content is.
    max_sheets
        More are refused.

    Returns
    -------
    sheets
        ``name``, ``visible``, and ``rows``: cells as text from A1, all rows as wide as the widest. A merged cell
        stands in every row it covers, in its first column.

    Raises
    ------
    WorkbookError
        If it is damaged, has a password, is no workbook, or too large.
    """
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_path(path)
    except calamine.PasswordError:
        raise WorkbookError("password", "it needs a password") from None
    except (calamine.CalamineError, OSError, ValueError) as error:
        code = "password" if "assword" in str(error) else "damaged"
        raise WorkbookError(code, f"it cannot be opened as a workbook: {error}"[:300]) from None
    metadata = [one for one in book.sheets_metadata if one.typ == calamine.SheetTypeEnum.WorkSheet]
    if len(metadata) > max_sheets:
        raise WorkbookError("too_large", f"{len(metadata)} sheets")
    sheets: list[dict[str, Any]] = []
    left = MAX_CELLS
    for one in metadata:
        try:
            sheet = book.get_sheet_by_name(one.name)
            if sheet.total_height * sheet.total_width > left:
                raise WorkbookError("too_large", f"more than {MAX_CELLS} cells")
            rows = [[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
        except (calamine.CalamineError, OSError, ValueError) as error:
            raise WorkbookError("damaged", f"sheet {one.name} cannot be read: {error}"[:300]) from None
        left -= sheet.total_height * sheet.total_width
        _spread(rows, sheet)
        width = max((number for row in rows for number, cell in enumerate(row, start=1) if cell), default=0)
        rows = [row[:width] for row in rows]
        visible = one.visible == calamine.SheetVisibleEnum.Visible
        sheets.append({"name": one.name, "visible": visible, "rows": rows})
    return sheets


def _text(cell: Any) -> str:
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        # the shortest text of the number: a file may hold 117.38999999999999
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else f"{cell:.15g}"
    if isinstance(cell, dt.time):
        cell = dt.timedelta(hours=cell.hour, minutes=cell.minute, seconds=cell.second, microseconds=cell.microsecond)
    if isinstance(cell, dt.timedelta):
        return _angle(cell)
    if isinstance(cell, (dt.date, dt.datetime)):
        return cell.isoformat()
    text = str(cell).strip()
    span = _SPAN.fullmatch(text)  # ODS hands times over as they are written
    return f"{span[1]}:{span[2]}:{span[3].replace(',', '.')}" if span else text


def _angle(span: dt.timedelta) -> str:
    """49:12:43.88 typed into a cell is a time of 49 hours to a spreadsheet, and an angle to its writer."""
    thousandths = round(span / dt.timedelta(milliseconds=1))
    seconds, rest = divmod(thousandths, 1000)
    fraction = f".{rest:03d}".rstrip("0").rstrip(".")
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{fraction}"


def _spread(rows: list[list[str]], sheet: Any) -> None:
    """A merged cell's text down the rows it covers."""
    ranges: list[tuple[tuple[int, int], tuple[int, int]]] = []
    with contextlib.suppress(Exception):  # not every kind of workbook knows them
        ranges = list(sheet.merged_cell_ranges or [])
    written = 0
    for (top, left), (bottom, _) in ranges:
        if top >= len(rows) or left >= len(rows[top]):
            continue
        text = rows[top][left]
        for row in rows[top + 1 : bottom + 1] if text else []:
            written += 1
            if written > MAX_CELLS:
                raise WorkbookError("too_large", f"merged cells over more than {MAX_CELLS} rows")
            if left < len(row) and not row[left]:
                row[left] = text
