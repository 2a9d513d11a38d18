r"""
A plan's own words: what counts as verbatim.

A quote is pieces joined by ``……``; each piece stands in one line of the text. The texts come from PDF and Word, so
one thing is folded and no other: a run of white space (blanks, tabs, ideographic and no-break spaces) is one blank.

Examples
--------
>>> pieces("生态保护红线占国土空间面积 比例 (%)\t\t——……不降低")
('生态保护红线占国土空间面积 比例 (%) ——', '不降低')
>>> stands_in("红线  面积", ("甲", "红线 面积为"))
True
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["GAP", "fold_blanks", "missing_pieces", "pieces", "stands_in"]

GAP = "……"
_BLANKS = re.compile(r"\s+")


def fold_blanks(text: str) -> str:
    """A text whose runs of white space are one blank each, none at the ends."""
    return _BLANKS.sub(" ", text).strip()


def pieces(quote: str) -> tuple[str, ...]:
    """The parts of a quote between its gaps, folded; empty ones are left out."""
    folded = (fold_blanks(part) for part in quote.split(GAP))
    return tuple(part for part in folded if part)


def missing_pieces(quote: str, lines: Iterable[str]) -> tuple[str, ...]:
    """
    The parts of a quote that stand in none of the lines.

    Parameters
    ----------
    quote
        Verbatim words with ``……`` for gaps.
    lines
        Lines of the text, as they are.
    """
    folded = [fold_blanks(line) for line in lines]
    return tuple(part for part in pieces(quote) if not any(part in line for line in folded))


def stands_in(quote: str, lines: Iterable[str]) -> bool:
    """Whether every part of a quote stands in one of the lines, and there is a part."""
    return bool(pieces(quote)) and not missing_pieces(quote, lines)
