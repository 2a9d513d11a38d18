"""How a sheet is divided: title, marks, map, legend and what stands below, on a paper of a given size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from maps.errors import FigureError
from maps.figure.furniture import MARGIN
from maps.figure.legend_blocks import columns, drawn_columns
from maps.figure.lettering import text, wrapped
from maps.markup import Html, join, tag
from maps.phrases import clean

if TYPE_CHECKING:
    from maps.figure.legend_blocks import LegendBlock
    from maps.figure.paper import Paper

__all__ = ["Division", "Face", "divided", "drawn_face"]

EDGE = 26.0
"""Empty edge of the paper, units."""
_TITLE, _STAMP, _FOOT = 17.0, 10.5, 8.5
_GAP = 14.0
_RED = "#a3001f"
_SIZES = (9.5, 8.4, 7.4)
_LEAST_PART = 0.34
"""The map never gets less of the paper than this."""


@dataclass(frozen=True, kw_only=True)
class Face:
    """The words around a map: ``stamp`` in a red box below the title, ``foot`` (words, colour) below the map."""

    title: str
    stamp: tuple[str, ...]
    blocks: tuple[LegendBlock, ...]
    foot: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Division:
    """
    Where the parts of a sheet are, in units.

    Attributes
    ----------
    frame
        x, y, width, height of the map.
    legend
        x, y, width of a column, how many, and the height they may have.
    size
        Of the letters of the legend.
    """

    frame: tuple[float, float, float, float]
    legend: tuple[float, float, float, int, float]
    size: float

    def holds(self, paper: Paper, face: Face) -> bool:
        """Whether other words fit in the same division."""
        _, y, width, count, height = self.legend
        if columns(face.blocks, count=count, width=width, height=height, size=self.size) is None:
            return False
        bottom = self.frame[1] + self.frame[3] + MARGIN
        if y > self.frame[1]:  # a legend below the map
            bottom = y + height
        return bottom + _foot_height(paper, face) <= paper.height - EDGE + 0.01 and _head_height(paper, face) <= (
            self.frame[1] - MARGIN + 0.01
        )


def divided(paper: Paper, face: Face, *, spare: float = 0.0) -> Division:
    """
    The division of a sheet in which its words fit and the map is largest.

    Parameters
    ----------
    paper
        The sheet.
    face
        Its words.
    spare
        Height kept free for words that only the drawing will show to be needed, units.

    Raises
    ------
    FigureError
        The words leave no room for a map.
    """
    top = _head_height(paper, face) + MARGIN
    bottom = paper.height - EDGE - _foot_height(paper, face) - spare
    found: list[tuple[float, Division]] = []
    for size in _SIZES:
        if paper.width > paper.height * 0.95:
            found += _beside(paper, face, top, bottom - MARGIN, size)
        found += _below(paper, face, top, bottom, size)
        if any(area >= 0.45 * paper.width * paper.height for area, _ in found):
            break
    wanted = [one for one in found if one[0] >= _LEAST_PART * paper.width * paper.height]
    if not wanted:
        raise FigureError(
            code="paper",
            detail=f"legend, dates and sources leave no room for a map on {paper.width_mm:g} x {paper.height_mm:g} mm",
            remedy="take a larger paper (--paper a3), fewer layers (--layer NAME) or one language",
        )
    return max(wanted, key=lambda one: one[0])[1]


def _beside(paper: Paper, face: Face, top: float, bottom: float, size: float) -> list[tuple[float, Division]]:
    """The legend in one or two columns right of the map."""
    column, height = 23.0 * size, bottom - top
    found = []
    for count in (1, 2):
        wide = count * column + (count - 1) * _GAP
        x = paper.width - EDGE - wide
        frame = (EDGE + MARGIN, top, x - _GAP - MARGIN - (EDGE + MARGIN), height)
        fits = columns(face.blocks, count=count, width=column, height=height, size=size) is not None
        if fits and height > 100 and frame[2] > 100:
            division = Division(frame=frame, legend=(x, top - 4, column, count, height), size=size)
            found.append((frame[2] * frame[3], division))
            break
    return found


def _below(paper: Paper, face: Face, top: float, bottom: float, size: float) -> list[tuple[float, Division]]:
    """The legend in columns below the map, as low as it can be."""
    inner = paper.width - 2 * EDGE
    count = max(1, int((inner + _GAP) / (22.0 * size + _GAP)))
    column = (inner - (count - 1) * _GAP) / count
    every = sum(block.height(column, size) for block in face.blocks)
    height = max([every / count, *(block.height(column, size) for block in face.blocks)], default=0.0) + 1
    while columns(face.blocks, count=count, width=column, height=height, size=size) is None:
        height += size
        if height > bottom - top:
            return []
    high = bottom - height - MARGIN - top
    if high < 100:
        return []
    frame = (EDGE + MARGIN, top, inner - 2 * MARGIN, high)
    legend = (EDGE, top + high + MARGIN, column, count, height)
    return [(frame[2] * frame[3], Division(frame=frame, legend=legend, size=size))]


def drawn_face(paper: Paper, face: Face, division: Division) -> Html:
    """Title, marks, legend and foot as SVG."""
    parts: list[Html] = []
    y = EDGE - 6
    for line in _title(paper, face):
        y += 1.3 * _TITLE
        parts.append(text(paper.width / 2, y - 4, line, _TITLE, font_weight="bold", text_anchor="middle"))
    lines = _stamp(paper, face)
    if lines:
        high = 1.4 * _STAMP * len(lines) + 5
        parts.append(
            tag(
                "rect",
                x=f"{EDGE:g}",
                y=f"{y + 4:.2f}",
                width=f"{paper.width - 2 * EDGE:.2f}",
                height=f"{high:.2f}",
                fill="#fff5f5",
                stroke=_RED,
                stroke_width="1",
            )
        )
        for k, line in enumerate(lines):
            down = y + 4 + 1.4 * _STAMP * (k + 1)
            parts.append(text(paper.width / 2, down, line, _STAMP, fill=_RED, font_weight="bold", text_anchor="middle"))
    x, top, width, count, height = division.legend
    made = columns(face.blocks, count=count, width=width, height=height, size=division.size) or []
    parts.append(drawn_columns(made, x=x, y=top, width=width, gap=_GAP, size=division.size))
    y = paper.height - EDGE - _foot_height(paper, face) + 4
    for words, colour in face.foot:
        for line in wrapped(clean(words), _FOOT, paper.width - 2 * EDGE):
            y += 1.35 * _FOOT
            parts.append(text(EDGE, y, line, _FOOT, fill=colour))
    return join(*parts)


def _title(paper: Paper, face: Face) -> list[str]:
    return wrapped(clean(face.title), _TITLE, paper.width - 2 * EDGE)


def _stamp(paper: Paper, face: Face) -> list[str]:
    """The marks on as few lines as they fit on."""
    room, lines = paper.width - 2 * EDGE - 16, [""]
    for mark in face.stamp:
        together = f"{lines[-1]}　|　{mark}" if lines[-1] else mark
        if wrapped(clean(together), _STAMP, room) == [clean(together)]:
            lines[-1] = together
        else:
            lines.append(mark)
    return [one for line in lines if line for one in wrapped(clean(line), _STAMP, room)]


def _head_height(paper: Paper, face: Face) -> float:
    stamp = _stamp(paper, face)
    return EDGE - 6 + 1.3 * _TITLE * len(_title(paper, face)) + (1.4 * _STAMP * len(stamp) + 12 if stamp else 0)


def _foot_height(paper: Paper, face: Face) -> float:
    lines = sum(len(wrapped(clean(words), _FOOT, paper.width - 2 * EDGE)) for words, _ in face.foot)
    return 1.35 * _FOOT * lines + 8
