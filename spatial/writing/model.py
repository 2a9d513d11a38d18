"""What is to be written, and what was: fields, tables, notes.

A :class:`Table` is format-free. Its rows are plain Python values (``str``, ``int``, ``float`` or ``None``),
its geometries shapely ones in the CRS that ``crs`` names. The writers decide what their format can hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal, TypeAlias

from spatial.errors import FieldNameError, NotWritableError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

__all__ = ["Field", "FieldType", "Note", "Table", "Value", "WrittenFiles"]

FieldType: TypeAlias = Literal["text", "integer", "number", "date"]
Value: TypeAlias = str | int | float | None

_DEFAULT_WIDTH: dict[FieldType, int] = {"text": 254, "integer": 18, "number": 18, "date": 10}
_DEFAULT_DECIMALS: dict[FieldType, int] = {"text": 0, "integer": 0, "number": 6, "date": 0}
_NUMBER_MAX = 18  # digits of N(18,x): wider ones do not survive every reader


@dataclass(frozen=True, kw_only=True)
class Field:
    """
    One column, with the short name a shapefile can hold and the long names that explain it.

    Parameters
    ----------
    name
        For a shapefile: ASCII, at most 10 bytes.
    long_name_zh, long_name_en
        What the column holds; written to the field dictionary and, in a GeoPackage, as alias and comment.
    type
        ``text``; ``integer``; ``number`` (double); ``date`` (ISO ``YYYY-MM-DD``; 10 characters of text in a
        shapefile, since datetime columns do not survive every program).
    width
        Bytes in a shapefile; 0 takes the default: text 254, numbers 18, dates 10.
    decimals
        Decimals of a ``number`` in a shapefile; -1 takes the default, 6. Other formats keep the full double.
    note_zh, note_en
        Meaning of codes, units: one line for the dictionary.

    Raises
    ------
    NotWritableError
        If a text is wider than 254, a number than 18, or decimals leave no digit before the point.

    Examples
    --------
    >>> Field(name="CDMJ_M2", long_name_zh="重叠面积", long_name_en="overlap", type="number").width
    18
    """

    name: str
    long_name_zh: str
    long_name_en: str
    type: FieldType = "text"
    width: int = 0
    decimals: int = -1
    note_zh: str = ""
    note_en: str = ""

    def __post_init__(self) -> None:
        if self.width == 0:
            object.__setattr__(self, "width", _DEFAULT_WIDTH[self.type])
        if self.decimals < 0 or self.type != "number":
            object.__setattr__(self, "decimals", _DEFAULT_DECIMALS[self.type])
        widest = 254 if self.type == "text" else _NUMBER_MAX
        room = self.width - self.decimals - 2 if self.decimals else self.width
        if not 1 <= self.width <= widest or room < 0 or (self.type == "date" and self.width != 10):
            raise NotWritableError(
                file="table",
                code="field_width",
                field=self.name,
                detail=f"{self.type} of width {self.width} with {self.decimals} decimals",
                remedy=f"Use a width up to {widest} with room for the digits before the point",
            )


@dataclass(frozen=True, kw_only=True)
class Table:
    """
    Rows with or without geometries, ready for any writer.

    Parameters
    ----------
    name
        Layer name in formats that have layers.
    fields
        The columns, in order; names differ also when case is ignored.
    rows
        One tuple a row, one value a field; ``None`` is null. Booleans, NaN and infinities are refused.
    geometries
        One a row (``None`` for a row without), or ``None`` for a table without geometry.
    crs
        EPSG code of the geometries; x is easting or longitude. Needed when there are geometries.

    Raises
    ------
    FieldNameError
        If a name is used twice.
    NotWritableError
        If a row has the wrong length or a value of another type than its field, or geometries have no CRS.
    """

    name: str
    fields: tuple[Field, ...]
    rows: tuple[tuple[Value, ...], ...]
    geometries: tuple[BaseGeometry | None, ...] | None = None
    crs: int | None = None

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for field in self.fields:
            if field.name.upper() in seen:
                raise FieldNameError(
                    file=self.name,
                    code="field_twice",
                    field=field.name,
                    detail="the name is used twice (case is ignored)",
                    remedy="Rename one of the fields",
                )
            seen.add(field.name.upper())
        if self.geometries is not None:
            if len(self.geometries) != len(self.rows):
                raise self._refuse(
                    f"{len(self.rows)} rows but {len(self.geometries)} geometries",
                    "Give one geometry, or None, a row",
                    code="row_length",
                )
            if self.crs is None:
                raise self._refuse(
                    "the geometries have no CRS",
                    "State the EPSG code; a file without one is not written",
                    "no_crs",
                )
        if self._fits():
            return
        for number, row in enumerate(self.rows, start=1):
            if len(row) != len(self.fields):
                raise self._refuse(
                    f"{len(row)} values for {len(self.fields)} fields",
                    "Give one value a field",
                    "row_length",
                    number,
                )
            for field, value in zip(self.fields, row, strict=True):
                if value is not None and not _fits_type(field.type, value):
                    raise self._refuse(
                        f"{value!r} is not a {field.type}",
                        "Give a value of that type",
                        "value_type",
                        number,
                        field,
                    )

    def _fits(self) -> bool:
        """Whether every row is as long as it should be, and every value plainly of the type of its field."""
        if any(len(row) != len(self.fields) for row in self.rows):
            return False
        columns = zip(self.fields, zip(*self.rows, strict=True), strict=bool(self.rows))
        return all(set(map(type, column)) <= _PLAIN_TYPES[field.type] for field, column in columns)

    def _refuse(
        self, detail: str, remedy: str, code: str, row: int | None = None, field: Field | None = None
    ) -> NotWritableError:
        name = field.name if field is not None else None
        return NotWritableError(file=self.name, code=code, detail=detail, remedy=remedy, row=row, field=name)


_PLAIN_TYPES: dict[FieldType, set[type]] = {
    "text": {str, type(None)},
    "integer": {int, type(None)},
    "number": {int, float, type(None)},
    "date": {type(None)},
}


def _fits_type(kind: FieldType, value: Value) -> bool:
    if isinstance(value, bool):
        return False
    if kind == "text":
        return isinstance(value, str)
    if kind == "integer":
        return isinstance(value, int)
    if kind == "number":
        return isinstance(value, int | float)
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


@dataclass(frozen=True, kw_only=True)
class Note:
    """
    Something the format could not hold as it was, and the stated rule that was applied.

    Parameters
    ----------
    code
        ``text_cut``, ``character_replaced``, ``character_marked``, ``blanks_trimmed``, ``empty_text``,
        ``rounded_to_zero``, ``geometry_split``, ``height_dropped``, ``geometry_empty``, ``more_decimals`` or
        a code of the caller.
    file, field
        Where; ``field`` is ``None`` for a geometry or a whole file.
    rows
        The rows, counted from 1; empty for a whole file.
    zh, en
        The rule in words.
    """

    code: str
    file: str
    zh: str
    en: str
    field: str | None = None
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class WrittenFiles:
    """Every file of the set (the one that was asked for first), and what was not written as it was."""

    paths: tuple[Path, ...]
    notes: tuple[Note, ...] = ()

    def noted(self, code: str) -> tuple[Note, ...]:
        """Notes of one code."""
        return tuple(note for note in self.notes if note.code == code)


def grouped(notes: Sequence[Note]) -> tuple[Note, ...]:
    """Notes that say the same of several rows, as one with all their rows; the order of first mention."""
    rows: dict[tuple[str, str, str | None, str, str], dict[int, None]] = {}
    for note in notes:
        key = (note.code, note.file, note.field, note.zh, note.en)
        rows.setdefault(key, {}).update(dict.fromkeys(note.rows))
    return tuple(
        Note(code=code, file=file, field=field, zh=zh, en=en, rows=tuple(sorted(numbers)))
        for (code, file, field, zh, en), numbers in rows.items()
    )
