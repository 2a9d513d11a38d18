"""Words on a static map: how wide they are, how they wrap, and where they can stand without hiding one another."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

from maps.markup import Html, tag

__all__ = ["Labels", "text", "text_width", "wrapped"]

_CLOSING = frozenset("，。；：、）》】”’！？")
"""Never the first of a line: they hang over its end."""
_NARROW = 0.56
"""Width of a Latin letter in parts of its size, a little more than it is, so that nothing runs over."""


def text_width(words: str, size: float) -> float:
    """
    About how wide words are, in the unit of ``size``; a Chinese character is as wide as it is high.

    Examples
    --------
    >>> text_width("红线", 10.0)
    20.0
    """
    wide = sum(1 if unicodedata.east_asian_width(c) in "WF" else 0 for c in words)
    return size * (wide + _NARROW * (len(words) - wide))


def wrapped(words: str, size: float, width: float) -> list[str]:
    """
    Words in lines no wider than ``width``; Latin text breaks at spaces where it can.

    Examples
    --------
    >>> wrapped("草原防风固沙红线", 10.0, 40.0)
    ['草原防风', '固沙红线']
    >>> wrapped("zone two", 10.0, 30.0)
    ['zone', 'two']
    >>> wrapped("数据日期，来源", 10.0, 40.0)
    ['数据日期，', '来源']
    """
    lines, line = [], ""
    for character in words:
        if line and character not in _CLOSING and text_width(line + character, size) > width:
            head, space, rest = line.rpartition(" ")
            if character == " ":
                lines.append(line)
                line = ""
                continue
            breaks = space and character.isascii()
            lines.append(head if breaks else line)
            line = rest if breaks else ""
        line += character
    return [one for one in (*lines, line) if one.strip()] or [""]


def text(x: float, y: float, words: str, size: float, **attributes: object) -> Html:
    """One line of text with its baseline at ``y``."""
    return tag("text", words, x=f"{x:.2f}", y=f"{y:.2f}", font_size=f"{size:g}", **attributes)


@dataclass(kw_only=True)
class Labels:
    """Labels that were placed; a new one that would lie on another, or outside, is left out."""

    width: float
    height: float
    taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    def place(self, x: float, y: float, words: str, size: float, *, fill: str, anchor: str = "middle") -> Html | None:
        """A label with a white edge, its middle at (x, y), or None where there is no room for it."""
        wide = text_width(words, size)
        left = x - wide / 2 if anchor == "middle" else x
        box = (left - 2, y - size * 0.75, left + wide + 2, y + size * 0.6)
        if box[0] < 1 or box[1] < 1 or box[2] > self.width - 1 or box[3] > self.height - 1:
            return None
        if any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in self.taken):
            return None
        self.taken.append(box)
        return text(
            left,
            y + size * 0.36,
            words,
            size,
            fill=fill,
            stroke="#ffffff",
            stroke_width="2.6",
            stroke_linejoin="round",
            paint_order="stroke",
        )
