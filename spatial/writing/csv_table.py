"""A table as CSV that WPS and Excel open by a double click: UTF-8 with BOM, long names as headings."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from spatial.writing.model import Table

__all__ = ["guarded", "table_csv"]


def guarded(text: str) -> str:
    """
    The text with an apostrophe before it where a spreadsheet would take it for a formula.

    Examples
    --------
    >>> guarded("=1+1"), guarded("满洲里")
    ("'=1+1", '满洲里')
    """
    return "'" + text if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def table_csv(table: Table, *, language: Literal["zh", "en"] = "zh") -> bytes:
    """
    The rows as CSV, nulls as empty cells, numbers in full, texts guarded against being run as formulas.

    Parameters
    ----------
    table
        Any table; geometries are left out.
    language
        Of the headings, which read ``long name (FIELD)``.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    names = [f.long_name_zh if language == "zh" else f.long_name_en for f in table.fields]
    writer.writerow([guarded(f"{name} ({f.name})") for name, f in zip(names, table.fields, strict=True)])
    for row in table.rows:
        writer.writerow([guarded(v) if isinstance(v, str) else "" if v is None else v for v in row])
    return text.getvalue().encode("utf-8-sig", errors="replace")
