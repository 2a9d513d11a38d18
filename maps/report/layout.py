"""How wide the columns of a table are on paper: no number, code or word of Latin letters is broken or cut."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maps.figure.lettering import text_width
from maps.report.model import shown

if TYPE_CHECKING:
    from maps.report.model import Table

__all__ = ["POINT_MM", "SIZES", "heading_number", "layout"]

POINT_MM = 25.4 / 72
SIZES = (8.5, 7.5, 6.5, 5.5)
"""Sizes of table text in points; the first that fits."""
_ONE_WORD = re.compile(r"[^\s⺀-鿿　-〿＀-￯、；，。]+")
_BOLD = 1.08
_NUMERALS = "一二三四五六七八九十"


def layout(table: Table, width_mm: float, *, padding_mm: float = 2.6) -> tuple[float, tuple[float, ...]]:
    """
    Size of the text in points and the widths of the columns in millimetres.

    Parameters
    ----------
    table
        As it is shown on paper.
    width_mm
        Of the whole table.
    padding_mm
        Left and right of a cell together.
    """
    longest = []
    for k, column in enumerate(table.columns):
        title = max((_BOLD * text_width(word, 1.0) for word in _words(column.title)), default=1.0)
        cells = (text_width(word, 1.0) for row in table.rows for word in _words(shown(row[k], column)))
        longest.append(max((title, *cells)))
    weights = [column.weight for column in table.columns]
    for size in SIZES:
        least = [max(ems * size * POINT_MM * 1.04, 6.0) + padding_mm for ems in longest]
        if sum(least) <= width_mm:
            return size, _shared(least, weights, width_mm)
    return SIZES[-1], tuple(width_mm * one / sum(least) for one in least)


def _shared(least: list[float], weights: list[float], width_mm: float) -> tuple[float, ...]:
    """Widths by weight, none narrower than its least."""
    fixed: set[int] = set()
    while True:
        free = width_mm - sum(least[k] for k in fixed)
        total = sum(weight for k, weight in enumerate(weights) if k not in fixed)
        widths = [least[k] if k in fixed else free * weight / total for k, weight in enumerate(weights)]
        narrow = {k for k, wide in enumerate(widths) if wide < least[k] - 1e-9}
        if not narrow - fixed:
            return tuple(widths)
        fixed |= narrow
        if len(fixed) == len(weights):
            return tuple(width_mm * one / sum(least) for one in least)


def _words(cell: str) -> list[str]:
    return _ONE_WORD.findall(cell)


def heading_number(number: int, language: str) -> str:
    """
    The number before a heading.

    Examples
    --------
    >>> heading_number(3, "zh"), heading_number(12, "zh"), heading_number(12, "en")
    ('三、', '十二、', '12. ')
    """
    if language != "zh":
        return f"{number}. "
    tens, ones = divmod(number, 10)
    words = ("" if tens == 0 else "十" if tens == 1 else f"{_NUMERALS[tens - 1]}十") + (
        _NUMERALS[ones - 1] if ones else ""
    )
    return f"{words}、"
