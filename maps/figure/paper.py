"""Paper that a figure is drawn on: its size, and how large its letters are there."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from maps.errors import FigureError

__all__ = ["PAPERS", "Paper", "paper_of"]

PAPERS: dict[str, tuple[float, float]] = {
    "a0": (841.0, 1189.0),
    "a1": (594.0, 841.0),
    "a2": (420.0, 594.0),
    "a3": (297.0, 420.0),
    "a4": (210.0, 297.0),
    "a5": (148.0, 210.0),
    "b4": (257.0, 364.0),
    "b5": (182.0, 257.0),
    "16k": (195.0, 270.0),
    "8k": (270.0, 390.0),
}
"""Width and height upright, millimetres; B sizes as in China's offices (JIS), 16k and 8k as printers there cut them."""
_LEAST_MM, _MOST_MM = 100.0, 2000.0
_UNIT_MM = 0.25
_A4_DIAGONAL_MM = 363.74


@dataclass(frozen=True, kw_only=True)
class Paper:
    """
    A sheet.

    Attributes
    ----------
    width_mm, height_mm
        As it lies before the reader.
    """

    width_mm: float
    height_mm: float

    @property
    def unit_mm(self) -> float:
        """Millimetres in one unit of the picture: 0.25 on A4, more on larger sheets, which are read from farther."""
        diagonal = math.hypot(self.width_mm, self.height_mm)
        return _UNIT_MM * max(math.sqrt(diagonal / _A4_DIAGONAL_MM), 0.85)

    @property
    def width(self) -> float:
        """Width in units."""
        return self.width_mm / self.unit_mm

    @property
    def height(self) -> float:
        """Height in units."""
        return self.height_mm / self.unit_mm


def paper_of(name: str, *, landscape: bool | None = None) -> Paper:
    """
    The sheet that a name or a size means.

    Parameters
    ----------
    name
        One of `PAPERS` in any case, or ``300x200``: millimetres, width first.
    landscape
        True: the longer side lies across; False: it stands upright; None: a size as it is given, a name across.

    Raises
    ------
    FigureError
        There is no such sheet, or a side is not 100 to 2,000 mm long.

    Examples
    --------
    >>> paper_of("A3").width_mm, paper_of("300x400").width_mm, paper_of("a4", landscape=False).width_mm
    (420.0, 300.0, 210.0)
    """
    text = name.strip().casefold()
    size = re.fullmatch(r"(\d{1,5}(?:\.\d+)?)\s*[x*×]\s*(\d{1,5}(?:\.\d+)?)(?:\s*mm)?", text, re.ASCII)
    if text in PAPERS:
        width, height = PAPERS[text]
        landscape = True if landscape is None else landscape
    elif size:
        width, height = float(size[1]), float(size[2])
    else:
        raise _no_paper(f"{name!r} is no size of paper")
    if not (min(width, height) >= _LEAST_MM and max(width, height) <= _MOST_MM):
        raise _no_paper(f"a sheet of {width:g} x {height:g} mm cannot be drawn on")
    if landscape is not None:
        width, height = (max(width, height), min(width, height)) if landscape else sorted((width, height))
    return Paper(width_mm=width, height_mm=height)


def _no_paper(detail: str) -> FigureError:
    known = ", ".join(PAPERS)
    remedy = f"name one of {known}, or a size in millimetres such as 300x200 ({_LEAST_MM:g} to {_MOST_MM:,.0f})"
    return FigureError(code="paper", detail=detail, remedy=remedy)
