"""PNG and PDF of a figure, for documents that hold no SVG and for printers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from maps.errors import FigureError
from maps.figure.fonts import fonts_for_typst
from maps.phrases import clean

if TYPE_CHECKING:
    from maps.figure.workspace_map import Sheet

__all__ = ["MOST_PIXELS", "PPI", "pdf_of", "png_of", "sheet_png"]

PPI = 220
"""Points an inch: fine lines stay sharp in print, a full-width figure is about 1,470 points wide."""
MOST_PIXELS = 150_000_000
"""A0 at 300 dots an inch has 140 million; each takes four bytes while the picture is made."""


def png_of(svg: str, *, width_mm: float, ppi: float = PPI) -> bytes:
    """
    A picture of an SVG at its size on paper; the same SVG and fonts give the same bytes.

    Parameters
    ----------
    svg
        As `maps.figure.static_map.static_map` writes it, lettered in a family that `chinese_fonts` found.
    width_mm
        Width on paper; the height follows.
    ppi
        Resolution.
    """
    page = (
        "#set page(width: auto, height: auto, margin: 0pt, fill: white)\n"
        f'#image(bytes({_quoted(svg)}), format: "svg", width: {width_mm:g}mm)\n'
    )
    return _png(page, ppi)


def sheet_png(sheet: Sheet, *, dpi: float) -> bytes:
    """
    A sheet as PNG: as many pixels as its paper has dots.

    Raises
    ------
    FigureError
        It would have more than `MOST_PIXELS`.
    """
    pixels = sheet.width_mm * sheet.height_mm * (dpi / 25.4) ** 2
    if pixels > MOST_PIXELS:
        raise FigureError(
            code="pixels",
            detail=f"{sheet.width_mm:g} x {sheet.height_mm:g} mm at {dpi:g} dpi are {pixels / 1e6:,.0f} million "
            f"pixels, more than {MOST_PIXELS / 1e6:,.0f} million",
            remedy="give a lower --dpi, a smaller --paper, or write PDF or SVG",
        )
    return _png(_sheet_page(sheet), dpi)


def pdf_of(sheet: Sheet) -> bytes:
    """A sheet as PDF of its size, its text selectable and its fonts embedded; the same sheet gives the same bytes."""
    import typst

    day = date.fromisoformat(sheet.as_of)
    head = f"#set document(title: {_quoted(sheet.title)})\n#set text(lang: {_quoted(sheet.language)})\n"
    made = typst.compile(
        (head + _sheet_page(sheet)).encode(),
        format="pdf",
        font_paths=fonts_for_typst(),
        timestamp=int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()),
    )
    if not isinstance(made, bytes):
        raise TypeError("a PDF is one file")
    return made


def _sheet_page(sheet: Sheet) -> str:
    return (
        f"#set page(width: {sheet.width_mm:g}mm, height: {sheet.height_mm:g}mm, margin: 0pt, fill: white)\n"
        f'#image(bytes({_quoted(sheet.svg)}), format: "svg", width: 100%, height: 100%, '
        f"alt: {_quoted(sheet.alternative)})\n"
    )


def _png(page: str, ppi: float) -> bytes:
    import typst

    made = typst.compile(page.encode(), format="png", ppi=ppi, font_paths=fonts_for_typst())
    if not isinstance(made, bytes):
        raise TypeError("one page gives one picture")
    return made


def _quoted(text: str) -> str:
    return '"' + clean(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
