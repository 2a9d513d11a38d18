"""The looks of a layer as a table, for programs whose symbols are set by hand, as ArcMap's."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from maps.symbology.model import POINT_OPACITY, PX_PT, channels, symbol_classes
from screening.words import word
from spatial.writing.csv_table import guarded

if TYPE_CHECKING:
    from maps.style import StyleSheet
    from maps.symbology.model import StyledLayer

__all__ = ["COLUMNS", "colour_table"]

COLUMNS: tuple[str, ...] = (
    *("field", "value", "class", "label"),
    *("fill", "fill_red", "fill_green", "fill_blue", "fill_transparency"),
    *("outline", "outline_red", "outline_green", "outline_blue", "outline_width", "outline_dash"),
    *("hatch_angle", "hatch_separation", "hatch_width", "size"),
)
"""What each row says; words for them are ``style.NAME``. Widths, dashes and sizes are points, transparency percent."""


def colour_table(layer: StyledLayer, sheet: StyleSheet | None = None) -> bytes:
    """
    A row for each class, the last for all other values; legends are read from the top.

    Use it where no style can be loaded: ArcMap asks for transparency, not opacity, and for points.

    Parameters
    ----------
    layer
        The layer as it was exported.
    sheet
        Looks to use, by default the project's own.

    Returns
    -------
    document
        CSV, UTF-8 with BOM; texts guarded against being run as formulas.

    Examples
    --------
    >>> from maps.symbology import StyledLayer
    >>> layer = StyledLayer(name="单元", kind="control_units", geometry="polygon", class_field="CLASS",
    ...                     classes=(("1", "priority"),), label_field=None, file="a.shp", epsg=4490, notes=())
    >>> colour_table(layer).decode("utf-8-sig").splitlines()[1].split(",")[4:9]
    ['#145242', '20', '82', '66', '45']
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([f"{word(f'style.{name}', 'zh')} / {word(f'style.{name}', 'en')}" for name in COLUMNS])
    for each in reversed(symbol_classes(layer, sheet)):
        style, pattern = each.style, each.style.pattern if layer.geometry == "polygon" else None
        angles = pattern.angles if pattern else ()
        fill = style.colour if layer.geometry == "line" else style.fill
        opacity = {"polygon": style.fill_opacity, "line": 1.0, "point": POINT_OPACITY}[layer.geometry]
        row = (
            *(layer.class_field, "*" if each.value is None else each.value, each.code, each.label),
            *(fill, *channels(fill), f"{100 * (1 - opacity):.0f}"),
            *(style.colour, *channels(style.colour), _points(style.weight)),
            " ".join(_points(length) for length in style.dashes),
            " ".join(str(angle) for angle in angles),
            " ".join(_points(pattern.spacing(angle)) for angle in angles) if pattern else "",
            _points(pattern.width) if pattern else "",
            _points(2 * style.radius) if layer.geometry == "point" else "",
        )
        writer.writerow([guarded(value) if isinstance(value, str) else value for value in row])
    return text.getvalue().encode("utf-8-sig", errors="replace")


def _points(pixels: float) -> str:
    return f"{round(pixels * PX_PT, 2):g}"
