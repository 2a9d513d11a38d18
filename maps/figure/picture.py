"""PNG of a figure, for documents that hold no SVG."""

from __future__ import annotations

from maps.figure.fonts import fonts_for_typst

__all__ = ["PPI", "png_of"]

PPI = 220
"""Points an inch: fine lines stay sharp in print, a full-width figure is about 1,470 points wide."""


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
    import typst

    page = (
        "#set page(width: auto, height: auto, margin: 0pt, fill: white)\n"
        f'#image(bytes({_quoted(svg)}), format: "svg", width: {width_mm:g}mm)\n'
    )
    made = typst.compile(page.encode(), format="png", ppi=ppi, font_paths=fonts_for_typst())
    if not isinstance(made, bytes):
        raise TypeError("one page gives one picture")
    return made


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
