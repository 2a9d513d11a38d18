"""
Layer files of ArcGIS Pro (``.lyrx``): JSON of the Cartographic Information Model (CIM), version 2.

Made after the public specification of the CIM (types, properties, enumerations); no ArcGIS was there to open one with.
Lengths are points, opacities of colours percent.
"""

from __future__ import annotations

import json
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, Any

from maps.symbology.model import (
    LABEL_COLOUR,
    LABEL_FONT,
    LABEL_HALO,
    POINT_OPACITY,
    PX_PT,
    channels,
    kind_words,
    symbol_classes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maps.style import FeatureStyle, StyleSheet
    from maps.symbology.model import StyledLayer, SymbolClass

__all__ = ["lyrx"]

_VERSION = "2.9.0"
_URI = "CIMPATH=map/layer.json"


def lyrx(layer: StyledLayer, sheet: StyleSheet | None = None) -> bytes:
    r"""
    A layer file of ArcGIS Pro for a feature class of a file geodatabase or for a shapefile.

    Use it beside the data: it refers to them by their place next to it.

    Parameters
    ----------
    layer
        The layer as it was exported; ``file`` is ``x.gdb|layername=NAME`` or ``NAME.shp``.
    sheet
        Looks to use, by default the project's own.

    Returns
    -------
    document
        JSON in ASCII, escapes for the rest.

    Raises
    ------
    ValueError
        If the file is neither.

    Examples
    --------
    >>> from maps.symbology import StyledLayer
    >>> layer = StyledLayer(name="红线", kind="red_lines", geometry="polygon", class_field="CLASS",
    ...                     classes=(("red_line", "red_line"),), label_field=None, file="x.gdb|layername=hx",
    ...                     epsg=4490, notes=())
    >>> json.loads(lyrx(layer))["layerDefinitions"][0]["featureTable"]["dataConnection"]["workspaceConnectionString"]
    'DATABASE=.\\x.gdb'
    """
    rest, *named = symbol_classes(layer, sheet)
    table = {
        "type": "CIMFeatureTable",
        **({"displayField": shown} if (shown := layer.label_field or (layer.class_field if named else "")) else {}),
        "editable": False,
        "dataConnection": _connection(layer),
        "studyAreaSpatialRel": "esriSpatialRelUndefined",
        "searchOrder": "esriSearchOrderSpatial",
    }
    renderer = _by_class(layer, rest, named) if named else _alike(layer, rest)
    definition: dict[str, Any] = {
        "type": "CIMFeatureLayer",
        "name": layer.name,
        "uRI": _URI,
        "useSourceMetadata": False,
        "description": "\n".join(layer.notes),
        "layerType": "Operational",
        "showLegends": True,
        "visibility": True,
        "displayCacheType": "Permanent",
        "maxDisplayCacheAge": 5,
        "showPopups": True,
        "serviceLayerID": -1,
        "expanded": True,
        "autoGenerateFeatureTemplates": False,
        "featureTable": table,
        "selectable": True,
        "featureCacheType": "Session",
        "labelClasses": _labels(layer),
        "labelVisibility": layer.label_field is not None,
        "renderer": renderer,
        "scaleSymbols": True,
        "snappable": True,
    }
    document = {
        "type": "CIMLayerDocument",
        "version": _VERSION,
        "layers": [_URI],
        "layerDefinitions": [definition],
    }
    return json.dumps(document, indent=1, ensure_ascii=True).encode("ascii") + b"\n"


def _connection(layer: StyledLayer) -> dict[str, str]:
    path = PureWindowsPath(layer.data_file)
    ending = path.suffix.lower()
    if ending == ".gdb" and layer.data_layer:
        folder, factory, dataset = f".\\{path}", "FileGDB", layer.data_layer
    elif ending == ".shp":
        folder = "." if path.parent == PureWindowsPath() else f".\\{path.parent}"
        factory, dataset = "Shapefile", path.name
    else:
        raise ValueError(f"{layer.file!r} is neither a feature class of a .gdb nor a .shp")
    return {
        "type": "CIMStandardDataConnection",
        "workspaceConnectionString": f"DATABASE={folder}",
        "workspaceFactory": factory,
        "dataset": dataset,
        "datasetType": "esriDTFeatureClass",
    }


def _alike(layer: StyledLayer, rest: SymbolClass) -> dict[str, Any]:
    symbol = _reference(_symbol(rest.style, layer.geometry))
    return {"type": "CIMSimpleRenderer", "label": rest.label, "patch": "Default", "symbol": symbol}


def _by_class(layer: StyledLayer, rest: SymbolClass, named: Sequence[SymbolClass]) -> dict[str, Any]:
    return {
        "type": "CIMUniqueValueRenderer",
        "defaultLabel": rest.label,
        "defaultSymbol": _reference(_symbol(rest.style, layer.geometry)),
        "defaultSymbolPatch": "Default",
        "fields": [layer.class_field],
        "groups": [
            {
                "type": "CIMUniqueValueGroup",
                "classes": [_class(each, layer) for each in reversed(named)],
                "heading": kind_words(layer.kind),
            }
        ],
        "useDefaultSymbol": True,
        "polygonSymbolColorTarget": "Fill",
    }


def _class(each: SymbolClass, layer: StyledLayer) -> dict[str, Any]:
    return {
        "type": "CIMUniqueValueClass",
        "label": each.label,
        "editable": True,
        "patch": "Default",
        "symbol": _reference(_symbol(each.style, layer.geometry)),
        "values": [{"type": "CIMUniqueValue", "fieldValues": [each.value]}],
        "visible": True,
    }


def _reference(symbol: dict[str, Any]) -> dict[str, Any]:
    return {"type": "CIMSymbolReference", "symbol": symbol}


def _symbol(style: FeatureStyle, geometry: str) -> dict[str, Any]:
    """Symbol layers lie in the order listed: the first on top."""
    outline = _stroke(style.colour, 1.0, style.weight, style.dashes)
    if geometry == "line":
        return {"type": "CIMLineSymbol", "symbolLayers": [outline]}
    if geometry == "point":
        return _marker(style, outline)
    hatches = []
    for angle in style.pattern.angles if style.pattern else ():
        assert style.pattern is not None  # the loop is over its angles
        ink = _stroke(style.pattern.colour or style.fill, style.pattern.opacity, style.pattern.width, ())
        hatches.append(
            {
                "type": "CIMHatchFill",
                "enable": True,
                "lineSymbol": {"type": "CIMLineSymbol", "symbolLayers": [ink]},
                "rotation": angle,
                "separation": _points(style.pattern.spacing(angle)),
            }
        )
    fill = {"type": "CIMSolidFill", "enable": True, "color": _colour(style.fill, style.fill_opacity)}
    return {"type": "CIMPolygonSymbol", "symbolLayers": [outline, *hatches, fill]}


def _marker(style: FeatureStyle, outline: dict[str, Any]) -> dict[str, Any]:
    """A circle of 32 sides: arcs would need the extended JSON of geometries."""
    from math import cos, pi, sin

    ring = [[round(5 * cos(step * pi / 16), 4) + 0.0, round(-5 * sin(step * pi / 16), 4) + 0.0] for step in range(32)]
    fill = {"type": "CIMSolidFill", "enable": True, "color": _colour(style.fill, POINT_OPACITY)}
    circle = {
        "type": "CIMMarkerGraphic",
        "geometry": {"rings": [[*ring, ring[0]]]},
        "symbol": {"type": "CIMPolygonSymbol", "symbolLayers": [outline, fill]},
    }
    marker = {
        "type": "CIMVectorMarker",
        "enable": True,
        "anchorPointUnits": "Relative",
        "size": _points(2 * style.radius),
        "frame": {"xmin": -5.0, "ymin": -5.0, "xmax": 5.0, "ymax": 5.0},
        "markerGraphics": [circle],
        "scaleSymbolsProportionally": False,
        "respectFrame": True,
    }
    return {"type": "CIMPointSymbol", "symbolLayers": [marker]}


def _stroke(colour: str, opacity: float, width: float, dashes: Sequence[float]) -> dict[str, Any]:
    stroke: dict[str, Any] = {
        "type": "CIMSolidStroke",
        "enable": True,
        "capStyle": "Butt",
        "joinStyle": "Round",
        "miterLimit": 10,
        "width": _points(width),
        "color": _colour(colour, opacity),
    }
    if dashes:
        template = [_points(length) for length in dashes]
        stroke["effects"] = [
            {"type": "CIMGeometricEffectDashes", "dashTemplate": template, "lineDashEnding": "NoConstraint"}
        ]
    return stroke


def _labels(layer: StyledLayer) -> list[dict[str, Any]]:
    if layer.label_field is None:
        return []
    ink = {"type": "CIMSolidFill", "enable": True, "color": _colour(LABEL_COLOUR, 1.0)}
    halo = {"type": "CIMSolidFill", "enable": True, "color": _colour(LABEL_HALO, 0.9)}
    text = {
        "type": "CIMTextSymbol",
        "fontFamilyName": LABEL_FONT,
        "fontStyleName": "Regular",
        "height": 8,
        "haloSize": 1,
        "haloSymbol": {"type": "CIMPolygonSymbol", "symbolLayers": [halo]},
        "symbol": {"type": "CIMPolygonSymbol", "symbolLayers": [ink]},
    }
    return [
        {
            "type": "CIMLabelClass",
            "name": layer.label_field,
            "expression": _arcade(layer.label_field),
            "expressionEngine": "Arcade",
            "featuresToLabel": "AllVisibleFeatures",
            "textSymbol": _reference(text),
            "visibility": True,
        }
    ]


def _arcade(field: str) -> str:
    """The value of a column; a name that is no plain word is given as a text, whatever it holds."""
    plain = field.isascii() and field.isidentifier()
    return f"$feature.{field}" if plain else f"$feature[{json.dumps(field, ensure_ascii=False)}]"


def _colour(colour: str, opacity: float) -> dict[str, Any]:
    return {"type": "CIMRGBColor", "values": [*channels(colour), round(100 * opacity, 1)]}


def _points(pixels: float) -> float:
    return round(pixels * PX_PT, 3)
