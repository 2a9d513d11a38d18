"""The field dictionary beside an export: short names explained, rules stated, files of the set listed."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from spatial.writing.csv_table import guarded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from spatial.writing.model import Field, Note

__all__ = ["DICTIONARY_SUFFIX", "dictionary_csv", "files_of_earlier_set"]

DICTIONARY_SUFFIX = "_字段说明.csv"
_HEADER = (
    "文件 file",
    "字段 field",
    "中文名",
    "English name",
    "类型 type",
    "宽度（字节）width",
    "小数位 decimals",
    "说明",
    "Note",
)
_PART_OF_SET = ("成套文件之一", "one file of the set")
_OURS = (".shp", ".shx", ".dbf", ".prj", ".cpg", ".csv", ".gpkg", ".xml")
_ROWS_SHOWN = 20


def dictionary_csv(
    *,
    files: Sequence[tuple[str, Sequence[Field]]],
    members: Sequence[str],
    statements: Sequence[tuple[str, str]] = (),
    notes: Sequence[Note] = (),
) -> bytes:
    """
    The dictionary as CSV in UTF-8 with BOM, which WPS, Excel and LibreOffice open without asking.

    Parameters
    ----------
    files
        Each table file and its columns.
    members
        Every file of the set, so that the next export of the same name can replace all of them.
    statements
        What holds for the whole set, in Chinese and English: CRS, encoding, marks.
    notes
        What was not written as it was.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_HEADER)
    for zh, en in statements:
        writer.writerow(("", "", "", "", "", "", "", guarded(zh), guarded(en)))
    for file, fields in files:
        for f in fields:
            names = (guarded(f.long_name_zh), guarded(f.long_name_en))
            size = (f.width, f.decimals if f.type == "number" else "")
            writer.writerow((file, f.name, *names, f.type, *size, guarded(f.note_zh), guarded(f.note_en)))
    for note in notes:
        zh, en = note.zh, note.en
        if note.rows:
            shown = ", ".join(map(str, note.rows[:_ROWS_SHOWN])) + (" …" if len(note.rows) > _ROWS_SHOWN else "")
            zh, en = (
                f"{zh}（第 {shown} 行，共 {len(note.rows)} 行）",
                f"{en} (row {shown}; {len(note.rows)} in all)",
            )
        writer.writerow((note.file, note.field or "", "", "", note.code, "", "", guarded(zh), guarded(en)))
    for member in members:
        writer.writerow((member, "", "", "", "", "", "", *_PART_OF_SET))
    return text.getvalue().encode("utf-8-sig", errors="replace")


def files_of_earlier_set(dictionary: Path, *, stem: str) -> frozenset[str]:
    """
    Names an earlier export listed as its own; empty if there is no dictionary or it cannot be read.

    Only plain names that begin with ``stem`` and end like a file of an export count, whatever the file says.
    """
    try:
        text = dictionary.read_text(encoding="utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except (OSError, ValueError, csv.Error):
        return frozenset()
    if not rows or tuple(rows[0]) != _HEADER:
        return frozenset()
    listed = {row[0] for row in rows[1:] if len(row) == len(_HEADER) and tuple(row[-2:]) == _PART_OF_SET}
    return frozenset(
        name
        for name in listed | {dictionary.name}
        if name.startswith(stem) and name.endswith(_OURS) and not set(name) & set('/\\:*?"<>|')
    )
