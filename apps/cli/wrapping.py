"""Lines of a terminal: where Chinese and Latin text is broken, no code cut and no line begun with a full stop."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.containers import Lines
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console, JustifyMethod, OverflowMethod

__all__ = ["Flowing", "breaks"]

_OPENING = "“‘（《〈【「『〔([{"
_CLOSING = "，。；：、！？”’）》〉】」』〕…％)]},.;:!?%"
_WIDE = "⺀-鿿　-〿가-힣豈-﫿＀-￯“”‘’…"
_UNIT = re.compile(rf"\(--\S+ \S*\)\s*|[{_WIDE}]\s*|[^\s{_WIDE}]+\s*|\s+")
_PIECE = re.compile(r"[^-_/\\,，;；、]*[-_/\\,，;；、]|[^-_/\\,，;；、]+")
"""Of what is longer than a line, which is then cut after its hyphens and strokes."""


def breaks(text: str, width: int) -> list[int]:
    """
    Where a line of text is broken to fit a width: before these characters.

    Use it for text that mixes Chinese and Latin letters. A word, number or code of Latin letters stays whole where it
    fits a line; no line begins with closing punctuation or ends with an opening bracket.

    Parameters
    ----------
    text
        One line.
    width
        Cells of the terminal; a Chinese character takes two.

    Examples
    --------
    >>> breaks("自 2026-08-15 起施行，到期为止", 14)
    [13, 20]
    """
    if cell_len(text) <= width:
        return []
    found: list[int] = []
    start = end = 0
    for unit in _units(text, width):
        if end > start and cell_len(text[start:end] + unit.rstrip()) > width:
            found.append(end)
            start = end
        end += len(unit)
    return found


def _units(text: str, width: int) -> list[str]:
    """What is not broken, in order."""
    units: list[str] = []
    for match in _UNIT.finditer(text):
        one = match[0]
        glued = bool(units) and cell_len((units[-1] + one).rstrip()) <= width
        if glued and ((one[0] in _CLOSING and not units[-1][-1].isspace()) or units[-1][-1] in _OPENING):
            units[-1] += one
        elif cell_len(one.rstrip()) <= width:
            units.append(one)
        else:
            units += _cut(one, width)
    return units


def _cut(word: str, width: int) -> list[str]:
    """A word longer than a line, in pieces that fit."""
    pieces: list[str] = []
    for match in _PIECE.finditer(word):
        piece = match[0]
        while cell_len(piece.rstrip()) > width:
            take = max(1, width)
            while take > 1 and cell_len(piece[:take]) > width:
                take -= 1
            pieces.append(piece[:take])
            piece = piece[take:]
        if piece:
            pieces.append(piece)
    return pieces


class Flowing(Text):
    """Text that is broken into lines by `breaks`; never cut."""

    @classmethod
    def of(cls, text: Text) -> Flowing:
        """The same text with the same styles."""
        made = cls(text.plain, style=text.style, justify=text.justify, overflow="fold", no_wrap=text.no_wrap)
        made.spans = list(text.spans)
        return made

    def wrap(
        self,
        console: Console,
        width: int,
        *,
        justify: JustifyMethod | None = None,
        overflow: OverflowMethod | None = None,
        tab_size: int = 8,
        no_wrap: bool | None = None,
    ) -> Lines:
        """As rich asks for it."""
        if no_wrap or self.no_wrap or overflow == "ignore" or width < 2:
            return super().wrap(console, width, justify=justify, overflow=overflow, tab_size=tab_size, no_wrap=no_wrap)
        lines = Lines()
        for line in self.split(allow_blank=True):
            folded = line.divide(breaks(line.plain, width))
            for one in folded:
                one.rstrip()
            folded.justify(console, width, justify=justify or self.justify or "default", overflow="fold")
            lines.extend(folded)
        return lines
