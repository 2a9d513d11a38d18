"""Attribute tables of shapefiles (dBASE III), byte by byte.

Written here and not by GDAL because GDAL drops characters the encoding lacks without a word, cuts texts,
chooses widths itself and dates the file today.
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spatial.errors import FieldNameError, NotWritableError, NumberNotWritableError, TextTooLongError
from spatial.writing.model import Note, grouped
from spatial.writing.text import CODECS, cut, encodable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spatial.writing.model import Field, Table, Value
    from spatial.writing.text import Encoding

__all__ = ["FittedRows", "dbf_bytes", "fit_rows", "require_short_names"]

_SHORT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,9}", re.ASCII)
_RESERVED = {"FID", "SHAPE", "OID", "OBJECTID"}
_MOST_FIELDS = 255
_LONGEST_RECORD = 4000  # of dBASE III and ArcGIS; GDAL would go on to 65,535
_LANGUAGE_DRIVER = {"UTF-8": 0x00, "GBK": 0x4D}  # ArcMap reads this byte before the .cpg
_NO_DATE = (80, 1, 1)


@dataclass(frozen=True, kw_only=True)
class FittedRows:
    """Rows exactly as a reader will see them, and what was changed to make them fit."""

    rows: tuple[tuple[Value, ...], ...]
    notes: tuple[Note, ...]


def require_short_names(fields: Sequence[Field], *, file: str) -> None:
    """
    Refuse names a shapefile cannot hold: 1 to 10 bytes, ASCII letters, digits and ``_``, a letter first.

    Raises
    ------
    FieldNameError
        Naming the field. (Longer UTF-8 names are cut inside a character by common writers, and the file is
        then unreadable.)
    NotWritableError
        If there are no fields or more than 255.
    """
    for field in fields:
        if not _SHORT_NAME.fullmatch(field.name) or field.name.upper() in _RESERVED:
            raise FieldNameError(
                file=file,
                code="field_name",
                field=field.name,
                detail=f"{len(field.name.encode('utf-8', 'replace'))} bytes; use 1 to 10 of A-Z, 0-9, _,"
                f" a letter first, and none of {', '.join(sorted(_RESERVED))}",
                remedy="Use a short name and put the long one in long_name_zh",
            )
    if not 1 <= len(fields) <= _MOST_FIELDS or 1 + sum(f.width for f in fields) > _LONGEST_RECORD:
        raise NotWritableError(
            file=file,
            code="field_count",
            detail=f"{len(fields)} fields of {sum(f.width for f in fields)} bytes",
            remedy="Use 1 to 255 fields of together at most 3,999 bytes, or write a GeoPackage",
        )


def fit_rows(table: Table, *, file: str, encoding: Encoding, twin: str | None) -> FittedRows:
    """
    The rows as a DBF can hold them.

    Parameters
    ----------
    table
        The rows.
    file
        Name for notes and errors.
    encoding
        ``UTF-8`` or ``GBK``; characters it lacks are replaced by the rule of :mod:`spatial.writing.text`.
    twin
        File that carries the full texts; with it a long text is cut and ends in ``…``, without it refused.

    Returns
    -------
    fitted
        Texts without outer blanks (a DBF pads with blanks), empty texts as ``None``, numbers rounded to their
        decimals, dates as text; and a note for each kind of change.

    Raises
    ------
    TextTooLongError
        A text is too long and there is no twin.
    NumberNotWritableError
        A number is wider than its field, or not finite.
    """
    notes: list[Note] = []
    rows = []
    for number, row in enumerate(table.rows, start=1):
        fitted: list[Value] = []
        for field, value in zip(table.fields, row, strict=True):
            if isinstance(value, str):
                place = _Place(file=file, field=field, row=number)
                fitted.append(_fit_text(value, place, encoding=encoding, twin=twin, notes=notes))
            elif value is None:
                fitted.append(None)
            else:
                fitted.append(_fit_number(value, _Place(file=file, field=field, row=number), notes=notes))
        rows.append(tuple(fitted))
    return FittedRows(rows=tuple(rows), notes=grouped(notes))


@dataclass(frozen=True, kw_only=True)
class _Place:
    file: str
    field: Field
    row: int

    def note(self, code: str, zh: str, en: str) -> Note:
        return Note(code=code, file=self.file, field=self.field.name, rows=(self.row,), zh=zh, en=en)


def _fit_text(value: str, place: _Place, *, encoding: Encoding, twin: str | None, notes: list[Note]) -> str | None:
    made = encodable(value, encoding)
    for what, by in made.replaced:
        zh, en = f"{encoding} 没有字符 {what}，写为 {by}", f"{encoding} has no {what}; written as {by}"
        notes.append(place.note("character_replaced", zh, en))
    for what in made.marked:
        point, mark = f"U+{ord(what):04X}", encodable(what, encoding).text
        shown = "" if "\ud800" <= what <= "\udfff" or what < " " else f" {what}"
        zh = f"{encoding} 没有字符 {point}{shown}，写为 {mark}"
        notes.append(place.note("character_marked", zh, f"{encoding} has no {point}{shown}; written as {mark}"))
    text = made.text.strip(" ")
    if not text:
        if value != "" or place.field.type == "text":
            notes.append(
                place.note("empty_text", "空文本在 DBF 中与空值相同", "an empty text is the same as null in a DBF")
            )
        return None
    if text != made.text:
        notes.append(place.note("blanks_trimmed", "首尾空格不写", "outer blanks are not written"))
    size = len(text.encode(CODECS[encoding]))
    if size <= place.field.width:
        return text
    if twin is None:
        raise TextTooLongError(
            file=place.file,
            code="text_too_long",
            field=place.field.name,
            row=place.row,
            detail=f"{size} bytes of {encoding} in a field of {place.field.width}",
            remedy="Write a GeoPackage, or a shapefile with its GeoPackage twin, which carries the full text",
        )
    zh = f"超过 {place.field.width} 字节，截短并以 … 结尾；全文见 {twin}"
    en = f"longer than {place.field.width} bytes: cut, ending in …; the full text is in {twin}"
    notes.append(place.note("text_cut", zh, en))
    return cut(text, place.field.width, encoding)


def _fit_number(value: float, place: _Place, *, notes: list[Note]) -> int | float:
    finite = isinstance(value, int) or math.isfinite(value)
    text = _digits(value, place.field) if finite else ""
    if not finite or len(text) > place.field.width:
        raise NumberNotWritableError(
            file=place.file,
            code="number",
            field=place.field.name,
            row=place.row,
            detail=f"{value!r} does not fit N({place.field.width},{place.field.decimals})",
            remedy="Give null, a larger unit or a wider field (18 at most), or write a GeoPackage",
        )
    if place.field.type == "integer":
        return int(value)
    if value and not float(text):
        zh = f"不为零，但小于 {place.field.decimals} 位小数所能表示，写为 0"
        notes.append(place.note("rounded_to_zero", zh, f"not zero, but rounds to 0 at {place.field.decimals} decimals"))
    return float(text)


def _digits(value: float, field: Field) -> str:
    text = f"{value:d}" if isinstance(value, int) and not field.decimals else f"{value:.{field.decimals}f}"
    return text.removeprefix("-") if not text.strip("-0.") else text  # no minus zero


def dbf_bytes(
    fields: Sequence[Field],
    fitted: FittedRows,
    *,
    encoding: Encoding,
    dated: tuple[int, int, int] | None = None,
) -> bytes:
    """
    The table as the bytes of a ``.dbf``; nulls are blanks.

    Parameters
    ----------
    fields
        Columns with short names.
    fitted
        Rows from :func:`fit_rows` for the same fields and encoding.
    encoding
        ``UTF-8`` (language driver 0) or ``GBK`` (0x4D).
    dated
        Year, month and day of the header; 1980-01-01 if not given, never today, so that the same rows give
        the same bytes.
    """
    codec = CODECS[encoding]
    year, month, day = (dated[0] - 1900, *dated[1:]) if dated else _NO_DATE
    head = 32 + 32 * len(fields) + 1
    width = 1 + sum(f.width for f in fields)
    header = struct.pack(
        "<BBBBIHH17xB2x", 3, year % 256, month, day, len(fitted.rows), head, width, _LANGUAGE_DRIVER[encoding]
    )
    columns = b"".join(
        struct.pack(
            "<11sc4xBB14x",
            f.name.encode("ascii"),
            b"C" if f.type in {"text", "date"} else b"N",
            f.width,
            f.decimals,
        )
        for f in fields
    )
    chunks = [header, columns, b"\r"]
    for row in fitted.rows:
        chunks.append(b" ")
        for field, value in zip(fields, row, strict=True):
            if value is None:
                chunks.append(b" " * field.width)
            elif isinstance(value, str):
                chunks.append(value.encode(codec).ljust(field.width))
            else:
                chunks.append(_digits(value, field).encode("ascii").rjust(field.width))
    chunks.append(b"\x1a")
    return b"".join(chunks)
