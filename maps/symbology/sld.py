"""Styled Layer Descriptors (OGC SLD 1.1 with Symbology Encoding 1.1): lengths in CSS pixels, hatches as in QGIS."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from maps.symbology.model import LABEL_COLOUR, LABEL_FONT, LABEL_HALO, POINT_OPACITY, PX_MM, symbol_classes, writable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maps.style import FeatureStyle, StyleSheet
    from maps.symbology.model import StyledLayer, SymbolClass

__all__ = ["sld"]

_SPACES = {
    "xmlns": "http://www.opengis.net/sld",
    "xmlns:se": "http://www.opengis.net/se",
    "xmlns:ogc": "http://www.opengis.net/ogc",
}


def sld(layer: StyledLayer, sheet: StyleSheet | None = None) -> bytes:
    """
    An SLD 1.1 document of a layer: a rule for each class, one for all other values, one for labels.

    Use it for QGIS. Rules are drawn one after the other, so that classes lie in the order of the layer.

    Parameters
    ----------
    layer
        The layer as it was exported.
    sheet
        Looks to use, by default the project's own.

    Returns
    -------
    document
        UTF-8. A hatch is a graphic fill of the mark ``horline``, turned, as QGIS itself writes it; servers that know
        other marks draw the fill without it.

    Examples
    --------
    >>> from maps.symbology import StyledLayer
    >>> layer = StyledLayer(name="<&>", kind="red_lines", geometry="polygon", class_field="CLASS",
    ...                     classes=(("red_line", "red_line"),), label_field=None, file="a.shp", epsg=4490, notes=())
    >>> b"<se:Name>&lt;&amp;&gt;</se:Name>" in sld(layer)
    True
    """
    root = ET.Element("StyledLayerDescriptor", {"version": "1.1.0", **_SPACES})
    named = ET.SubElement(root, "NamedLayer")
    _text(named, "Name", layer.name)
    user = ET.SubElement(named, "UserStyle")
    _text(user, "Name", layer.name)
    described = _se(user, "Description")
    _text(described, "Title", layer.name)
    _text(described, "Abstract", layer.description)
    drawn = _se(user, "FeatureTypeStyle")
    classes = symbol_classes(layer, sheet)
    for each in classes:
        rule = _se(drawn, "Rule")
        _text(rule, "Name", each.label)
        _text(_se(rule, "Description"), "Title", each.label)
        if layer.classes:
            _filter(rule, each.value, classes, layer.class_field)
        _symbolizers(rule, each.style, layer.geometry)
    if layer.label_field:
        _labels(_se(drawn, "Rule"), layer.label_field)
    ET.indent(root, " ")
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _se(parent: ET.Element, tag: str) -> ET.Element:
    return ET.SubElement(parent, f"se:{tag}")


def _text(parent: ET.Element, tag: str, text: str) -> None:
    _se(parent, tag).text = writable(text)


def _parameter(parent: ET.Element, name: str, value: str) -> None:
    element = _se(parent, "SvgParameter")
    element.set("name", name)
    element.text = value


def _fill(parent: ET.Element, colour: str, opacity: float) -> None:
    fill = _se(parent, "Fill")
    _parameter(fill, "fill", colour)
    _parameter(fill, "fill-opacity", f"{opacity:g}")


def _stroke(parent: ET.Element, colour: str, opacity: float, width: float, dashes: Sequence[float]) -> None:
    stroke = _se(parent, "Stroke")
    _parameter(stroke, "stroke", colour)
    _parameter(stroke, "stroke-opacity", f"{opacity:g}")
    _parameter(stroke, "stroke-width", f"{width:g}")
    _parameter(stroke, "stroke-linejoin", "round")
    _parameter(stroke, "stroke-linecap", "butt")
    if dashes:
        _parameter(stroke, "stroke-dasharray", " ".join(f"{length:g}" for length in dashes))


def _filter(rule: ET.Element, value: str | None, classes: Sequence[SymbolClass], field: str) -> None:
    """What a class holds for. QGIS 3.22 overlooks ElseFilter: every other value, and none, are said in full."""
    place = ET.SubElement(rule, "ogc:Filter")
    if value is None:
        either = ET.SubElement(place, "ogc:Or")
        missing = ET.SubElement(either, "ogc:PropertyIsNull")
        ET.SubElement(missing, "ogc:PropertyName").text = writable(field)
        others = [each.value for each in classes if each.value is not None]
        place = ET.SubElement(either, "ogc:And") if len(others) > 1 else either
        for other in others:
            _compare(place, "PropertyIsNotEqualTo", field, other)
    else:
        _compare(place, "PropertyIsEqualTo", field, value)


def _compare(parent: ET.Element, operator: str, field: str, value: str) -> None:
    comparison = ET.SubElement(parent, f"ogc:{operator}")
    ET.SubElement(comparison, "ogc:PropertyName").text = writable(field)
    ET.SubElement(comparison, "ogc:Literal").text = writable(value)


def _symbolizers(rule: ET.Element, style: FeatureStyle, geometry: str) -> None:
    if geometry == "line":
        _stroke(_se(rule, "LineSymbolizer"), style.colour, 1, style.weight, style.dashes)
        return
    if geometry == "point":
        graphic = _se(_se(rule, "PointSymbolizer"), "Graphic")
        mark = _se(graphic, "Mark")
        _text(mark, "WellKnownName", "circle")
        _fill(mark, style.fill, POINT_OPACITY)
        _stroke(mark, style.colour, 1, style.weight, style.dashes)
        _text(graphic, "Size", f"{2 * style.radius:g}")
        return
    _fill(_se(rule, "PolygonSymbolizer"), style.fill, style.fill_opacity)
    for angle in style.pattern.angles if style.pattern else ():
        assert style.pattern is not None  # the loop is over its angles
        graphic = _se(_se(_se(_se(rule, "PolygonSymbolizer"), "Fill"), "GraphicFill"), "Graphic")
        mark = _se(graphic, "Mark")
        _text(mark, "WellKnownName", "horline")
        # QGIS 3.22 takes this one width for millimetres; where it is pixels, the hatch is a hairline
        width = round(style.pattern.width * PX_MM, 3)
        _stroke(mark, style.pattern.colour or style.fill, style.pattern.opacity, width, ())
        _text(graphic, "Size", f"{style.pattern.spacing(angle):.4g}")
        # not turned, it would be a brush of a fixed spacing
        ET.SubElement(_se(graphic, "Rotation"), "ogc:Literal").text = str(angle or 180)
    _stroke(_se(rule, "PolygonSymbolizer"), style.colour, 1, style.weight, style.dashes)


def _labels(rule: ET.Element, field: str) -> None:
    symbolizer = _se(rule, "TextSymbolizer")
    ET.SubElement(_se(symbolizer, "Label"), "ogc:PropertyName").text = writable(field)
    font = _se(symbolizer, "Font")
    _parameter(font, "font-family", LABEL_FONT)
    _parameter(font, "font-size", "11")
    halo = _se(symbolizer, "Halo")
    _text(halo, "Radius", "2")
    _fill(halo, LABEL_HALO, 0.9)
    _fill(symbolizer, LABEL_COLOUR, 1)
