"""Columns of a table as Arrow arrays, for the formats that are written through it."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any

from spatial.errors import FieldNameError, NumberNotWritableError
from spatial.writing.model import Note
from spatial.writing.text import encodable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from spatial.writing.model import Field, Table, Value

__all__ = ["arrow_columns", "shows_crs", "visible"]

_WIDEST = 2**63
_NARROW = 2**31


def visible(text: str) -> str:
    r"""
    The text without what XML and C strings cannot hold: control characters become ``U+FFFD``.

    Examples
    --------
    >>> visible("a\x00b\tc") == "a\ufffdb\tc"
    True
    """
    shown = "".join("\ufffd" if (c < " " and c not in "\t\n\r") or c in "\ufffe\uffff" else c for c in text)
    return encodable(shown, "UTF-8").text


def shows_crs(table: Table, *, datum_named: bool) -> bool:
    """
    Whether the numbers of a table alone show its CRS: degrees, or eastings with the number of their zone.

    Parameters
    ----------
    table
        With geometries in a CRS.
    datum_named
        Whether the file will name CGCS2000 or WGS 84; without it, numbers are taken for CGCS2000.
    """
    import shapely

    from spatial.coordinates import zone_of_easting
    from spatial.systems import identify

    if table.crs is None:
        return False
    system = identify(table.crs)
    if system.is_geographic:
        return system.datum == "cgcs2000" or (datum_named and system.datum == "wgs84")
    if system.datum != "cgcs2000" or not system.has_zone_prefix or system.central_meridian is None:
        return False
    zone = round(system.central_meridian / 3 if system.zone_width == 3 else (system.central_meridian + 3) / 6)
    west, _, east, _ = shapely.total_bounds([g for g in table.geometries or () if g is not None])
    return zone_of_easting(west) == zone_of_easting(east) == zone


def arrow_columns(
    table: Table, positions: Iterable[int], *, file: str, reserved: Collection[str] = ()
) -> tuple[list[Any], list[Any], tuple[Note, ...]]:
    """
    Fields and arrays of some rows of a table.

    Parameters
    ----------
    table
        The table; its geometries are left to the caller.
    positions
        Rows, from 0, in order.
    file
        For notes and errors.
    reserved
        Names the format uses itself, lower case.

    Returns
    -------
    fields, arrays, notes
        Integers are 32 bits wide where all of a column fit, else 64; texts have no control characters.

    Raises
    ------
    FieldNameError
        If a column has a reserved name.
    NumberNotWritableError
        If a number is not finite or wider than 64 bits.
    """
    import pyarrow as pa

    rows = list(positions)
    fields, arrays = [], []
    notes: list[Note] = []
    for at, field in enumerate(table.fields):
        if field.name.casefold() in reserved:
            raise FieldNameError(
                file=file,
                code="field_name",
                field=field.name,
                detail="the format uses this name itself",
                remedy="Choose another name",
            )
        values = [_value(table.rows[row][at], field, row=row, file=file, notes=notes) for row in rows]
        kind: Any = {"text": pa.string(), "number": pa.float64(), "date": pa.date32()}.get(field.type)
        if kind is None:
            narrow = all(value is None or -_NARROW <= value < _NARROW for value in values)
            kind = pa.int32() if narrow else pa.int64()
        fields.append(pa.field(field.name, kind))
        arrays.append(pa.array(values, kind))
    return fields, arrays, tuple(notes)


def _value(value: Value, field: Field, *, row: int, file: str, notes: list[Note]) -> Any:
    if value is None:
        return None
    if isinstance(value, str):
        if field.type == "date":
            return dt.date.fromisoformat(value)
        made = visible(value)
        if made != value:
            zh, en = "控制字符或孤立代理码写为 U+FFFD", "a control character or half a character is written as U+FFFD"
            at = (row + 1,)
            notes.append(Note(code="character_marked", file=file, field=field.name, rows=at, zh=zh, en=en))
        return made
    wide = field.type == "integer" and not -_WIDEST <= value < _WIDEST
    if wide or not math.isfinite(value):
        raise NumberNotWritableError(
            file=file,
            code="number",
            field=field.name,
            row=row + 1,
            detail=f"{value!r} is not finite or wider than 64 bits",
            remedy="Give null or a number the format holds",
        )
    return float(value) if field.type == "number" else value
