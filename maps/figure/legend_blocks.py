"""The legend of a whole workspace: a block a layer, with its date, source and marks, set in columns that must fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from maps.figure.lettering import text, wrapped
from maps.markup import Html, tag
from maps.phrases import clean
from maps.style import swatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maps.style import FeatureStyle

__all__ = ["Entry", "LegendBlock", "columns", "drawn_columns"]

_INK, _GREY, _RED = "#222222", "#4a5560", "#a3001f"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line: a picture of ``style`` (``shape``: area, line, point or outline) and what it means."""

    text: str
    style: FeatureStyle
    shape: str


@dataclass(frozen=True, kw_only=True)
class LegendBlock:
    """
    What belongs together under one heading.

    Attributes
    ----------
    heading
        Name of the layer; empty: none.
    about
        Its date, source, accuracy.
    marks
        What must not be overlooked: indicative, synthetic, restricted; set in red.
    entries
        Its classes.
    title
        Of the legend, above its first block.
    """

    heading: str
    about: tuple[str, ...]
    marks: str
    entries: tuple[Entry, ...]
    title: str = ""

    def height(self, width: float, size: float) -> float:
        """How high the block is in a column of a width, with letters of a size; units."""
        lines = len(self._heading(width, size)) * 1.36 + len(self._about(width, size)) * 1.22
        entries = sum(max(2.05, 0.75 + 1.22 * len(wrapped(e.text, size, width - _indent(size)))) for e in self.entries)
        return (lines + entries + (2.0 if self.title else 0)) * size + 0.9 * size

    def drawn(self, x: float, y: float, width: float, size: float) -> Html:
        """The block with its upper left corner at (x, y)."""
        parts: list[Html] = []
        if self.title:
            y += 2.0 * size
            parts.append(text(x, y - 0.75 * size, self.title, 1.25 * size, font_weight="bold", fill=_INK))
        for line in self._heading(width, size):
            y += 1.36 * size
            parts.append(text(x, y - 0.3 * size, line, size, font_weight="bold", fill=_INK))
        for line, colour in self._about(width, size):
            y += 1.22 * size
            parts.append(text(x, y - 0.3 * size, line, 0.9 * size, fill=colour))
        k = size / 9.5
        for entry in self.entries:
            lines = wrapped(entry.text, size, width - _indent(size))
            picture = swatch(entry.style, entry.shape)
            parts.append(tag("g", Html(picture), transform=f"translate({x:.2f} {y + 0.1 * size:.2f}) scale({k:.3g})"))
            for number, line in enumerate(lines):
                parts.append(text(x + _indent(size), y + (1.4 + 1.22 * number) * size, line, size, fill=_INK))
            y += max(2.05, 0.75 + 1.22 * len(lines)) * size
        return tag("g", *parts)

    def _heading(self, width: float, size: float) -> list[str]:
        return wrapped(clean(self.heading), size, width) if self.heading else []

    def _about(self, width: float, size: float) -> list[tuple[str, str]]:
        found = [(line, _GREY) for one in self.about for line in wrapped(clean(one), 0.9 * size, width)]
        if self.marks:
            found += [(line, _RED) for line in wrapped(clean(self.marks), 0.9 * size, width)]
        return found


def _indent(size: float) -> float:
    return 4.3 * size


def columns(
    blocks: Sequence[LegendBlock], *, count: int, width: float, height: float, size: float
) -> list[list[LegendBlock]] | None:
    """
    The blocks in columns in their order, none split; None where they do not fit.

    Parameters
    ----------
    blocks
        In order.
    count, width, height
        How many columns there may be, and how large each is; units.
    size
        Of the letters.
    """
    made: list[list[LegendBlock]] = [[]]
    down = 0.0
    for block in blocks:
        high = block.height(width, size)
        if down + high > height and made[-1]:
            made.append([])
            down = 0.0
        if down + high > height or len(made) > count:
            return None
        made[-1].append(block)
        down += high
    return made


def drawn_columns(
    made: Sequence[Sequence[LegendBlock]], *, x: float, y: float, width: float, gap: float, size: float
) -> Html:
    """Columns side by side, the first at (x, y)."""
    parts = []
    for number, blocks in enumerate(made):
        down = y
        for block in blocks:
            parts.append(block.drawn(x + number * (width + gap), down, width, size))
            down += block.height(width, size)
    return tag("g", *parts)
