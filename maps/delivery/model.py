"""A delivery before a format is chosen: sheets with one kind of geometry, tables without, and what must be said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from maps.delivery.names import stems_apart
from spatial.writing.geometry import by_kind
from spatial.writing.model import grouped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from screening.export_tables import Marks
    from screening.words import Language
    from spatial.writing.geometry import GeometryKind
    from spatial.writing.model import Note, Table

__all__ = ["CardLine", "Delivery", "Sheet", "apart", "sheets_of"]

CLASS_ORDER = (
    *("red_line", "priority", "key", "general", "priority_zone", "key_zone", "general_zone"),
    *("park_core", "park_general", "park", "reserve_core", "reserve_general", "reserve", "nature_park"),
    *("zone_1", "zone_2", "zone_quasi", "intake", "section", "target"),
    *("hit", "uncertain", "unknown", "clear", "other", "unconfirmed"),
)
"""Order of classes in a style, the strictest first."""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """
    Rows that go into one layer or file: one kind of geometry.

    Parameters
    ----------
    title
        What it is called, as people gave it.
    stem
        The same as a file or a layer may be called; unique in its delivery.
    kind
        Kind of layer (``control_units`` …), ``site`` or ``coverage``.
    geometry
        ``polygon``, ``line`` or ``point``.
    table
        Geometries in EPSG:4490; columns with short names.
    class_field, label_field
        Column with class codes, by which it is drawn; column with the names written beside features; or None.
    id_field
        Column that tells rows apart.
    marks
        What must be said on its face.
    """

    title: str
    stem: str
    kind: str
    geometry: GeometryKind
    table: Table
    class_field: str | None
    label_field: str | None
    id_field: str
    marks: Marks

    def column(self, name: str) -> list[object]:
        """The values of one column."""
        at = [field.name for field in self.table.fields].index(name)
        return [row[at] for row in self.table.rows]

    @property
    def classes(self) -> tuple[str, ...]:
        """The class codes that occur, the strictest first."""
        if self.class_field is None:
            return ()
        there = {str(value) for value in self.column(self.class_field) if value is not None}
        known = [code for code in CLASS_ORDER if code in there]
        return (*known, *sorted(there - set(known)))


@dataclass(frozen=True, kw_only=True)
class CardLine:
    """What the readme says of one layer; both languages, one line a fact."""

    name: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """
    Everything that is handed over, before a format is chosen.

    Parameters
    ----------
    title
        Names the files.
    as_of
        ISO date it stands for; files carry it and never the time of writing.
    sheets
        With geometry.
    tables
        Without: findings, layer cards.
    cards
        The layers, for the readme.
    statements
        What holds for all of it, Chinese and English, after the marks.
    marks
        What must be said first.
    notes
        What is not in it as it was in the source.
    language
        Of words beside codes.
    """

    title: str
    as_of: str
    sheets: tuple[Sheet, ...]
    tables: tuple[Table, ...] = ()
    cards: tuple[CardLine, ...] = ()
    statements: tuple[tuple[str, str], ...] = ()
    marks: Marks
    notes: tuple[Note, ...] = ()
    language: Language = "zh"

    @property
    def dated(self) -> tuple[int, int, int]:
        """Year, month, day of ``as_of``, for headers that want a date."""
        year, month, day = self.as_of.split("-")
        return int(year), int(month), int(day)


def sheets_of(
    table: Table, *, kind: str, class_field: str | None, label_field: str | None, id_field: str, marks: Marks
) -> tuple[tuple[Sheet, ...], tuple[Note, ...]]:
    """
    The sheets of one table, a sheet for each kind of geometry in it; their stems are not yet `apart`.

    Rows without a place are in the first. A row that mixes kinds is in several, which is noted.
    """
    parts, notes = by_kind(table.geometries or (), file=table.name)
    sheets = []
    for number, part in enumerate(parts):
        title = table.name if number == 0 else f"{table.name}_{part.kind}"
        rows = tuple(table.rows[position] for position in part.positions)
        sheets.append(
            Sheet(
                title=title,
                stem=title,
                kind=kind,
                geometry=part.kind,
                table=replace(table, name=title, rows=rows, geometries=part.geometries),
                class_field=class_field,
                label_field=label_field,
                id_field=id_field,
                marks=marks,
            )
        )
    return tuple(sheets), grouped(notes)


def apart(sheets: Sequence[Sheet]) -> tuple[Sheet, ...]:
    """The sheets with stems that no two share; tables are called by their stem."""
    stems = stems_apart([sheet.title for sheet in sheets])
    return tuple(
        replace(sheet, stem=stem, table=replace(sheet.table, name=stem))
        for sheet, stem in zip(sheets, stems, strict=True)
    )
