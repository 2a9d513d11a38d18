"""
QGIS layer styles (QML) and the layer description beside them (QMD).

Lengths are millimetres on the page. Every property is written twice, as QGIS 3 and as QGIS 2.18 to 3.16 read it. With
symbol levels, classes are drawn in the order of the layer, whatever order the features lie in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from maps.symbology.model import (
    LABEL_COLOUR,
    LABEL_FONT,
    LABEL_HALO,
    POINT_OPACITY,
    PX_MM,
    channels,
    symbol_classes,
    writable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from maps.style import StyleSheet
    from maps.symbology.model import StyledLayer, SymbolClass

__all__ = ["qmd", "qml"]

_SYMBOL = {"polygon": "fill", "line": "line", "point": "marker"}
_PLACEMENT = {"polygon": "1", "line": "2", "point": "6"}
_VERSION = "3.22.0"


def qml(layer: StyledLayer, sheet: StyleSheet | None = None) -> bytes:
    """
    A QGIS style of a layer: its classes by the values of the class column, and labels.

    Use it as ``F.qml`` beside ``F.shp``, ``F.geojson`` and the like: QGIS takes it up when it opens the file.

    Parameters
    ----------
    layer
        The layer as it was exported.
    sheet
        Looks to use, by default the project's own.

    Returns
    -------
    document
        UTF-8; read by QGIS 3, by 2.18 without labels' halos.

    Examples
    --------
    >>> from maps.symbology import StyledLayer
    >>> layer = StyledLayer(name="单元", kind="control_units", geometry="polygon", class_field="class",
    ...                     classes=(("1", "priority"),), label_field=None, file="a.shp", epsg=4490, notes=())
    >>> b'attr="class"' in qml(layer)
    True
    """
    classes = symbol_classes(layer, sheet)
    root = ET.Element(
        "qgis",
        {
            "version": _VERSION,
            "styleCategories": "Symbology|Labeling|CustomProperties",
            "labelsEnabled": "1" if layer.label_field else "0",
        },
    )
    renderer = ET.SubElement(root, "renderer-v2", {"symbollevels": "1", "enableorderby": "0", "forceraster": "0"})
    if layer.classes:
        renderer.attrib |= {"type": "categorizedSymbol", "attr": writable(layer.class_field)}
        categories = ET.SubElement(renderer, "categories")
        for number, each in reversed(list(enumerate(classes))):
            value = "" if each.value is None else writable(each.value)
            told = {"symbol": str(number), "value": value, "label": writable(each.label), "render": "true"}
            ET.SubElement(categories, "category", told)
    else:
        renderer.set("type", "singleSymbol")
    symbols = ET.SubElement(renderer, "symbols")
    for number, each in enumerate(classes):
        _symbol(symbols, str(number), layer.geometry, each, level=number)
    if layer.label_field:
        root.append(_labels(layer.label_field, layer.geometry))
    notes = ET.SubElement(root, "customproperties")
    _option(notes, {"sanxian/title": writable(layer.name), "sanxian/notes": layer.description})
    return _document(root)


def qmd(layer: StyledLayer) -> bytes:
    """The title of a layer and its notes as QGIS shows them in the properties of the layer."""
    root = ET.Element("qgis", {"version": _VERSION})
    for tag, text in (
        ("identifier", writable(layer.data_layer or layer.data_file)),
        ("type", "dataset"),
        ("title", writable(layer.name)),
        ("abstract", layer.description),
    ):
        ET.SubElement(root, tag).text = text
    return _document(root)


def _document(root: ET.Element) -> bytes:
    ET.indent(root, " ")
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _option(parent: ET.Element, properties: Mapping[str, str]) -> None:
    options = ET.SubElement(parent, "Option", {"type": "Map"})
    for name, value in properties.items():
        ET.SubElement(options, "Option", {"name": name, "value": value, "type": "QString"})


def _layer(symbol: ET.Element, class_: str, properties: Mapping[str, str], level: int) -> ET.Element:
    layer = ET.SubElement(symbol, "layer", {"class": class_, "enabled": "1", "locked": "0", "pass": str(level)})
    _option(layer, properties)
    for name, value in properties.items():
        ET.SubElement(layer, "prop", {"k": name, "v": value})
    return layer


def _new_symbol(parent: ET.Element, name: str, type_: str) -> ET.Element:
    return ET.SubElement(
        parent, "symbol", {"name": name, "type": type_, "alpha": "1", "clip_to_extent": "1", "force_rhr": "0"}
    )


def _symbol(parent: ET.Element, name: str, geometry: str, each: SymbolClass, *, level: int) -> None:
    style = each.style
    symbol = _new_symbol(parent, name, _SYMBOL[geometry])
    if geometry == "line":
        _layer(symbol, "SimpleLine", _line(style.colour, 1.0, style.weight, style.dashes), level)
        return
    if geometry == "point":
        marker = {
            "name": "circle",
            "color": _rgba(style.fill, POINT_OPACITY),
            "outline_color": _rgba(style.colour, 1.0),
            "outline_style": "dash" if style.dash else "solid",
            "outline_width": _mm(style.weight),
            "outline_width_unit": "MM",
            "size": _mm(2 * style.radius),
            "size_unit": "MM",
        }
        _layer(symbol, "SimpleMarker", marker, level)
        return
    fill = {"color": _rgba(style.fill, style.fill_opacity), "style": "solid", "outline_style": "no"}
    _layer(symbol, "SimpleFill", fill, level)
    for order, angle in enumerate(style.pattern.angles if style.pattern else (), start=1):
        assert style.pattern is not None  # the loop is over its angles
        lines = {"angle": str(angle), "distance": _mm(style.pattern.spacing(angle)), "distance_unit": "MM"}
        hatch = _layer(symbol, "LinePatternFill", lines, level)
        within = _new_symbol(hatch, f"@{name}@{order}", "line")
        ink = style.pattern.colour or style.fill
        _layer(within, "SimpleLine", _line(ink, style.pattern.opacity, style.pattern.width, ()), 0)
    _layer(symbol, "SimpleLine", _line(style.colour, 1.0, style.weight, style.dashes), level)


def _line(colour: str, opacity: float, width: float, dashes: Sequence[float]) -> dict[str, str]:
    told = {
        "line_color": _rgba(colour, opacity),
        "line_style": "solid",
        "line_width": _mm(width),
        "line_width_unit": "MM",
        "capstyle": "flat",
        "joinstyle": "round",
        "use_custom_dash": "1" if dashes else "0",
    }
    if dashes:
        told |= {"customdash": ";".join(_mm(length) for length in dashes), "customdash_unit": "MM"}
    return told


def _labels(field: str, geometry: str) -> ET.Element:
    labeling = ET.Element("labeling", {"type": "simple"})
    settings = ET.SubElement(labeling, "settings")
    text = ET.SubElement(
        settings,
        "text-style",
        {
            "fieldName": writable(field),
            "isExpression": "0",
            "fontFamily": LABEL_FONT,
            "fontSize": "8",
            "fontSizeUnit": "Point",
            "textColor": _rgba(LABEL_COLOUR, 1.0),
            "textOpacity": "1",
        },
    )
    halo = {"bufferDraw": "1", "bufferSize": "0.7", "bufferSizeUnits": "MM", "bufferColor": _rgba(LABEL_HALO, 0.9)}
    ET.SubElement(text, "text-buffer", halo)
    # over the middle of an area, along a line, round a point
    ET.SubElement(settings, "placement", {"placement": _PLACEMENT[geometry], "quadOffset": "4", "dist": "1"})
    return labeling


def _rgba(colour: str, opacity: float) -> str:
    red, green, blue = channels(colour)
    return f"{red},{green},{blue},{round(255 * opacity)}"


def _mm(pixels: float) -> str:
    return f"{pixels * PX_MM:.4g}"
