"""What a report holds, before a format is chosen: sections of paragraphs, pairs, tables and figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from maps import phrases
from maps.report.quantities import quantity

if TYPE_CHECKING:
    from maps.figure.static_map import StaticMap
    from screening.words import Language

__all__ = [
    "Block",
    "Bullets",
    "Cell",
    "Column",
    "Companion",
    "Figure",
    "KeyValues",
    "Paragraph",
    "Report",
    "Section",
    "Table",
    "shown",
]

Cell = str | float | int | None


@dataclass(frozen=True, kw_only=True)
class Column:
    """
    One column of a table.

    ``kind`` says what its cells are: ``text``; ``code``, text that may look like a number and is none; ``number`` with
    ``digits`` decimals; ``share``, a fraction of 1. ``weight`` is its part of the width on paper; one that is not
    ``on_paper`` stands in XLSX only.
    """

    title: str
    kind: Literal["text", "code", "number", "share"] = "text"
    digits: int = 2
    weight: float = 1.0
    on_paper: bool = True


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """A paragraph; ``tone`` is one of plain, lead, warning, note."""

    text: str
    tone: Literal["plain", "lead", "warning", "note"] = "plain"


@dataclass(frozen=True, kw_only=True)
class Bullets:
    """A list."""

    items: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class KeyValues:
    """Labels and what belongs to them."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    """
    A table with its caption.

    ``rows`` are whole; paper shows the first ``most`` and says how many there are.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    most: int | None = None
    note: str | None = None

    def for_paper(self) -> Table:
        """The columns and rows that paper shows."""
        keep = [k for k, column in enumerate(self.columns) if column.on_paper]
        rows = self.rows if self.most is None else self.rows[: self.most]
        return Table(
            caption=self.caption,
            columns=tuple(self.columns[k] for k in keep),
            rows=tuple(tuple(row[k] for k in keep) for row in rows),
            note=self.note,
        )


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A static map with its caption."""

    picture: StaticMap
    caption: str


Block = Paragraph | Bullets | KeyValues | Table | Figure


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the report; ``key`` is the same in every language."""

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True)
class Companion:
    """A file that belongs to the report; ``link`` is relative to it."""

    link: str
    what: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """
    A whole report.

    Attributes
    ----------
    marks
        What stands on every page: for internal analysis, synthetic, indicative, restricted.
    findings
        The findings and features as one plain table, for CSV.
    companions
        Files beside the report.
    """

    language: Language
    title: str
    subject: str
    as_of: str
    marks: tuple[str, ...]
    sections: tuple[Section, ...]
    findings: Table
    companions: tuple[Companion, ...] = ()


def shown(cell: Cell, column: Column) -> str:
    """
    A cell as text.

    Examples
    --------
    >>> shown(0.5, Column(title="Share", kind="share")), shown(1234.5, Column(title="m", kind="number"))
    ('50.00%', '1,234.50')
    >>> shown(None, Column(title="m", kind="number"))
    '-'
    """
    if cell is None or cell == "":
        return "-"
    if isinstance(cell, str):
        return phrases.clean(cell)
    return phrases.share(cell) if column.kind == "share" else quantity(cell, column.digits)
