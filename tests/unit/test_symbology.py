"""Styles beside exports: every class with its look, names as data, layer files as the specification has them."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import subprocess
import sys
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from maps.style import STANDARD, load_style
from maps.symbology import STYLED_FORMATS, StyledLayer, layer_styles_table, styles_for
from maps.symbology.colour_table import COLUMNS
from maps.symbology.model import symbol_classes
from spatial.reading import read
from spatial.writing import Field, Table, write_geopackage

SE, OGC, SLD = "{http://www.opengis.net/se}", "{http://www.opengis.net/ogc}", "{http://www.opengis.net/sld}"
LAYER = StyledLayer(
    name="管控单元",
    kind="control_units",
    geometry="polygon",
    class_field="GKDYFLDM",
    classes=(("3", "general"), ("2", "key"), ("1", "priority")),
    label_field="HJGKDYMC",
    file="管控单元.shp",
    epsg=4490,
    notes=("示意 / Indicative", "合成示例 / Synthetic example"),
)
RED = replace(LAYER, kind="red_lines", classes=(("hx", "red_line"),), file="x.gdb|layername=red_lines")
CROSSED = replace(RED, kind="other", classes=())
POINT = replace(RED, kind="sensitive_targets", geometry="point", classes=(("t", "target"),))
LINE = replace(RED, kind="other", geometry="line", classes=(("o", "other"),))
HOSTILE = "\"'<&>]]></qgis><script>alert(1)</script>${x}\u202e\x1b\x00\ud800\ufffe"


def qml(layer, **options):
    return ET.fromstring(styles_for(layer, "gpkg", **options)[".qml"])


def sld(layer):
    return ET.fromstring(styles_for(layer, "gpkg")[".sld"])


def lyrx(layer):
    return json.loads(styles_for(layer, "gdb")[".lyrx"])


@pytest.mark.parametrize("to", STYLED_FORMATS)
def test_each_format_gets_the_styles_it_takes(to):
    layer = replace(LAYER, file="x.gdb|layername=a") if to == "gdb" else LAYER
    styles = styles_for(layer, to)
    assert tuple(styles) == STYLED_FORMATS[to]
    if to in {"shp", "gpkg", "geojson", "kml", "gdb", "fgb", "dxf"}:
        assert {".qml", ".sld"} <= set(styles)
    assert (".lyrx" in styles) == (to in {"shp", "gdb"})


def test_a_format_that_is_not_known_is_refused():
    with pytest.raises(ValueError, match="there are no styles for 'docx', only for shp, gdb, gpkg"):
        styles_for(LAYER, "docx")


def test_a_geometry_that_is_not_known_is_refused():
    with pytest.raises(ValueError, match="geometry is polygon, line or point, not 'raster'"):
        replace(LAYER, geometry="raster")


def test_classes_are_drawn_in_order_over_the_look_of_every_other_value():
    drawn = symbol_classes(LAYER)
    assert [(each.value, each.style.key) for each in drawn] == [
        (None, "unit"),
        ("3", "general"),
        ("2", "key"),
        ("1", "priority"),
    ]


def test_a_value_named_twice_keeps_its_first_look():
    drawn = symbol_classes(replace(LAYER, classes=(("1", "priority"), ("1", "general"))))
    assert [(each.value, each.code) for each in drawn] == [(None, "*"), ("1", "priority")]


def test_qml_says_value_label_and_symbol_of_every_class_and_its_level():
    root = qml(LAYER)
    renderer = root.find("renderer-v2")
    assert (renderer.get("type"), renderer.get("attr")) == ("categorizedSymbol", "GKDYFLDM")
    assert renderer.get("symbollevels") == "1"
    assert [(c.get("value"), c.get("symbol")) for c in renderer.iter("category")] == [
        ("1", "3"),
        ("2", "2"),
        ("3", "1"),
        ("", "0"),
    ]
    passes = {s.get("name"): {layer.get("pass") for layer in s.findall("layer")} for s in renderer.find("symbols")}
    assert passes == {"0": {"0"}, "1": {"1"}, "2": {"2"}, "3": {"3"}}


def properties(layer):
    told = {option.get("name"): option.get("value") for option in layer.find("Option")}
    assert told == {prop.get("k"): prop.get("v") for prop in layer.findall("prop")}  # for QGIS before 3.18
    return told


def test_qml_has_fill_hatch_and_outline_in_millimetres():
    """diagonal: tile 8 px, so 8/sqrt(2) = 5.657 px apart = 1.497 mm; opacity 0.10 of 255 = 26; 2.4 px = 0.635 mm."""
    symbol = qml(RED).find("renderer-v2/symbols/symbol[@name='1']")
    fill, hatch, outline = symbol.findall("layer")
    assert [each.get("class") for each in (fill, hatch, outline)] == ["SimpleFill", "LinePatternFill", "SimpleLine"]
    assert properties(fill)["color"] == "184,0,46,26"
    assert (properties(hatch)["angle"], properties(hatch)["distance"]) == ("45", "1.497")
    inner = properties(hatch.find("symbol/layer"))
    assert (inner["line_color"], inner["line_width"]) == ("184,0,46,191", "0.344")
    assert (properties(outline)["line_width"], properties(outline)["use_custom_dash"]) == ("0.635", "0")


def test_a_layer_without_classes_is_drawn_alike_and_asks_for_no_column():
    plain = replace(LAYER, kind="coverage", classes=(), label_field=None, file="x.gdb|layername=a")
    renderer = qml(plain).find("renderer-v2")
    assert (renderer.get("type"), renderer.get("attr"), len(renderer.find("symbols"))) == ("singleSymbol", None, 1)
    (rule,) = sld(plain).findall(f".//{SE}Rule")
    assert rule.find(f"{OGC}Filter") is None
    assert rule.find(f"{SE}Name").text == "管控单元"
    definition = lyrx(plain)["layerDefinitions"][0]
    assert definition["renderer"]["type"] == "CIMSimpleRenderer"
    assert "displayField" not in definition["featureTable"]


def test_a_site_is_drawn_as_the_site_whatever_its_answer():
    site = replace(LAYER, kind="site", class_field="ANSWER", classes=(("clear", "clear"), ("hit", "hit")))
    drawn = symbol_classes(site)
    assert {each.style for each in drawn} == {STANDARD.site}
    assert [each.label for each in drawn] == ["其他值 / any other value", "未命中 / clear", "命中 / hit"]


def test_a_crossed_hatch_is_two():
    hatches = qml(CROSSED).findall("renderer-v2/symbols/symbol/layer[@class='LinePatternFill']")
    assert [properties(h)["angle"] for h in hatches] == ["0", "90"]


def test_qml_dashes_are_those_of_the_style():
    """key: "10 4" px = 2.646 and 1.058 mm."""
    outline = qml(LAYER).findall("renderer-v2/symbols/symbol[@name='2']/layer")[-1]
    assert (properties(outline)["customdash"], properties(outline)["use_custom_dash"]) == ("2.646;1.058", "1")


def test_labels_come_with_a_label_field_only():
    assert qml(LAYER).find("labeling/settings/text-style").get("fieldName") == "HJGKDYMC"
    assert qml(LAYER).get("labelsEnabled") == "1"
    bare = replace(LAYER, label_field=None)
    assert (qml(bare).find("labeling"), qml(bare).get("labelsEnabled")) == (None, "0")
    assert len(sld(LAYER).findall(f".//{SE}TextSymbolizer")) == 1
    assert sld(bare).findall(f".//{SE}TextSymbolizer") == []
    assert lyrx(RED)["layerDefinitions"][0]["labelClasses"][0]["expression"] == "$feature.HJGKDYMC"
    assert lyrx(replace(RED, label_field=None))["layerDefinitions"][0]["labelClasses"] == []


def test_the_notes_are_in_the_description_of_every_style():
    both = "示意 / Indicative\n合成示例 / Synthetic example"
    assert ET.fromstring(styles_for(LAYER, "shp")[".qmd"]).find("abstract").text == both
    assert sld(LAYER).find(f".//{SE}Abstract").text == both
    assert lyrx(RED)["layerDefinitions"][0]["description"] == both
    assert qml(LAYER).find("customproperties/Option/Option[@name='sanxian/notes']").get("value") == both


def test_every_other_value_and_none_has_its_rule_in_the_sld():
    """QGIS 3.22 overlooks ElseFilter, so the rule says: none of these, or null."""
    rest, first = sld(LAYER).findall(f".//{SE}Rule")[:2]
    either = rest.find(f"{OGC}Filter/{OGC}Or")
    assert either.find(f"{OGC}PropertyIsNull/{OGC}PropertyName").text == "GKDYFLDM"
    assert [e.text for e in either.findall(f"{OGC}And/{OGC}PropertyIsNotEqualTo/{OGC}Literal")] == ["3", "2", "1"]
    assert first.find(f"{OGC}Filter/{OGC}PropertyIsEqualTo/{OGC}Literal").text == "3"
    (one,) = sld(RED).findall(f".//{SE}Rule/{OGC}Filter/{OGC}Or")
    assert [each.tag for each in one] == [f"{OGC}PropertyIsNull", f"{OGC}PropertyIsNotEqualTo"]


@pytest.mark.parametrize("layer", [LAYER, POINT, LINE, CROSSED])
def test_hostile_names_values_fields_and_notes_are_text_in_every_style(layer):
    bad = replace(
        layer,
        name=HOSTILE,
        class_field=HOSTILE,
        classes=((HOSTILE, "priority"), (HOSTILE + "2", HOSTILE)),
        label_field=HOSTILE,
        notes=(HOSTILE,),
        file="a.shp",
    )
    clean = "\"'<&>]]></qgis><script>alert(1)</script>${x}\u202e\ufffd\ufffd\ufffd\ufffd"
    styles = styles_for(bad, "shp")
    root = ET.fromstring(styles[".qml"])
    assert root.find("renderer-v2").get("attr") == clean
    assert [c.get("value") for c in root.iter("category")] == [clean + "2", clean, ""]
    assert not list(root.iter("script"))
    described = ET.fromstring(styles[".sld"])
    assert {e.text for e in described.iter(f"{OGC}PropertyName")} == {clean}
    assert described.find(f"{SLD}NamedLayer/{SE}Name").text == clean
    definition = json.loads(styles[".lyrx"])["layerDefinitions"][0]
    assert definition["renderer"]["groups"][0]["classes"][1]["values"][0]["fieldValues"] == [HOSTILE]
    inside = definition["labelClasses"][0]["expression"].removeprefix("$feature[").removesuffix("]")
    assert json.loads(inside) == HOSTILE
    rows = list(csv.reader(io.StringIO(styles[".colours.csv"].decode("utf-8-sig"))))
    assert {len(row) for row in rows} == {len(COLUMNS)}


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_gives_styles_that_parse(name, value):
    layer = replace(
        LAYER, name=name, class_field=name, classes=((value, "key"),), label_field=name or None, notes=(value,)
    )
    styles = styles_for(layer, "shp")
    for ending in (".qml", ".qmd", ".sld"):
        ET.fromstring(styles[ending])
    assert json.loads(styles[".lyrx"])["layerDefinitions"][0]["name"] == name


def test_a_spreadsheet_runs_nothing_from_the_colour_table():
    text = styles_for(replace(LAYER, classes=(("=1+1", "key"),)), "shp")[".colours.csv"].decode("utf-8-sig")
    assert "'=1+1" in text


def test_the_colour_table_says_what_arcmap_asks_for():
    """key: 0.55 opaque = 45 % transparent; 1.6 px = 1.2 pt; dash 10 4 px = 7.5 3 pt."""
    rows = list(csv.DictReader(io.StringIO(styles_for(LAYER, "shp")[".colours.csv"].decode("utf-8-sig"))))
    assert [row["字段值 / value"] for row in rows] == ["1", "2", "3", "*"]
    key = rows[1]
    assert (key["填充色 / fill"], key["填充透明度（%） / fill transparency (%)"]) == ("#fba66a", "45")
    assert (key["边线宽（磅） / outline width (pt)"], key["虚线：划与空（磅） / dash: strokes and gaps (pt)"]) == (
        "1.2",
        "7.5 3",
    )
    red = next(csv.DictReader(io.StringIO(styles_for(RED, "gdb")[".colours.csv"].decode("utf-8-sig"))))
    assert (red["填充线角度（度） / hatch angle (deg)"], red["填充线间距（磅） / hatch separation (pt)"]) == (
        "45",
        "4.24",
    )


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("x.gdb|layername=hx", ("DATABASE=.\\x.gdb", "FileGDB", "hx")),
        ("sub/x.gdb|layername=hx", ("DATABASE=.\\sub\\x.gdb", "FileGDB", "hx")),
        ("红线.shp", ("DATABASE=.", "Shapefile", "红线.shp")),
        ("sub/红线.shp", ("DATABASE=.\\sub", "Shapefile", "红线.shp")),
    ],
)
def test_a_layer_file_points_at_the_data_beside_it(file, told):
    made = styles_for(replace(LAYER, file=file), "gdb")[".lyrx"]
    data = json.loads(made)["layerDefinitions"][0]["featureTable"]["dataConnection"]
    assert (data["workspaceConnectionString"], data["workspaceFactory"], data["dataset"]) == told


def test_a_layer_file_of_other_data_is_refused():
    with pytest.raises(ValueError, match=r"'a\.gpkg\|layername=b' is neither a feature class of a \.gdb nor a \.shp"):
        styles_for(replace(LAYER, file="a.gpkg|layername=b"), "gdb")


# What the public specification of the CIM (version 3) says of the properties used here: a type of JSON, or the values
# of an enumeration. Every property of every object was held against the specification itself once, when this was made.
PATCH = {"Default", "Point", "AreaRectangle"}
CIM = {
    "CIMLayerDocument": {"version": str, "layers": list, "layerDefinitions": list},
    "CIMFeatureLayer": {
        **dict.fromkeys(("name", "uRI", "description"), str),
        **dict.fromkeys(
            ("useSourceMetadata", "showLegends", "visibility", "showPopups", "expanded", "selectable"), bool
        ),
        **dict.fromkeys(("autoGenerateFeatureTemplates", "labelVisibility", "scaleSymbols", "snappable"), bool),
        "layerType": {"Operational", "BasemapBackground", "BasemapTopReference", "MapNotes"},
        "displayCacheType": {"Permanent", "InSession", "None", "MaxAge"},
        "featureCacheType": {"None", "Session"},
        "maxDisplayCacheAge": float,
        "serviceLayerID": int,
        "featureTable": dict,
        "labelClasses": list,
        "renderer": dict,
    },
    "CIMFeatureTable": {
        "displayField": str,
        "editable": bool,
        "dataConnection": dict,
        "studyAreaSpatialRel": {"esriSpatialRelUndefined", "esriSpatialRelIntersects"},
        "searchOrder": {"esriSearchOrderSpatial", "esriSearchOrderAttribute"},
    },
    "CIMStandardDataConnection": {
        "workspaceConnectionString": str,
        "workspaceFactory": {"SDE", "FileGDB", "Shapefile"},
        "dataset": str,
        "datasetType": {"esriDTFeatureClass", "esriDTTable"},
    },
    "CIMUniqueValueRenderer": {
        "defaultLabel": str,
        "defaultSymbol": dict,
        "defaultSymbolPatch": PATCH,
        "fields": list,
        "groups": list,
        "useDefaultSymbol": bool,
        "polygonSymbolColorTarget": {"Fill", "Outline", "FillOutline"},
    },
    "CIMSimpleRenderer": {"label": str, "patch": PATCH, "symbol": dict},
    "CIMUniqueValueGroup": {"classes": list, "heading": str},
    "CIMUniqueValueClass": {
        "label": str,
        "editable": bool,
        "patch": PATCH,
        "symbol": dict,
        "values": list,
        "visible": bool,
    },
    "CIMUniqueValue": {"fieldValues": list},
    "CIMSymbolReference": {"symbol": dict},
    "CIMPolygonSymbol": {"symbolLayers": list},
    "CIMLineSymbol": {"symbolLayers": list},
    "CIMPointSymbol": {"symbolLayers": list},
    "CIMSolidFill": {"enable": bool, "color": dict},
    "CIMHatchFill": {"enable": bool, "lineSymbol": dict, "rotation": float, "separation": float},
    "CIMSolidStroke": {
        "enable": bool,
        "capStyle": {"Butt", "Round", "Square"},
        "joinStyle": {"Bevel", "Round", "Miter"},
        "miterLimit": float,
        "width": float,
        "color": dict,
        "effects": list,
    },
    "CIMGeometricEffectDashes": {
        "dashTemplate": list,
        "lineDashEnding": {"NoConstraint", "HalfPattern", "HalfGap", "FullPattern", "FullGap", "Custom"},
    },
    "CIMRGBColor": {"values": list},
    "CIMVectorMarker": {
        "enable": bool,
        "anchorPointUnits": {"Relative", "Absolute"},
        "size": float,
        "frame": dict,
        "markerGraphics": list,
        "scaleSymbolsProportionally": bool,
        "respectFrame": bool,
    },
    "CIMMarkerGraphic": {"geometry": dict, "symbol": dict},
    "CIMLabelClass": {
        "name": str,
        "expression": str,
        "expressionEngine": {"VBScript", "JScript", "Python", "Arcade"},
        "featuresToLabel": {"AllVisibleFeatures", "MostCurrentTrackFeatures"},
        "textSymbol": dict,
        "visibility": bool,
    },
    "CIMTextSymbol": {
        "fontFamilyName": str,
        "fontStyleName": str,
        "height": float,
        "haloSize": float,
        "haloSymbol": dict,
        "symbol": dict,
    },
}


def objects(value):
    if isinstance(value, dict):
        if "type" in value:
            yield value
        for each in value.values():
            yield from objects(each)
    elif isinstance(value, list):
        for each in value:
            yield from objects(each)


def test_a_layer_file_has_the_types_properties_and_values_of_the_specification():
    met = set()
    for layer in (replace(LAYER, file="a.shp"), RED, CROSSED, POINT, LINE):
        for each in objects(lyrx(layer)):
            met.add(each["type"])
            for name, value in each.items():
                if name == "type":
                    continue
                allowed = CIM[each["type"]][name]
                if isinstance(allowed, set):
                    assert value in allowed, (each["type"], name)
                elif allowed is float:
                    assert isinstance(value, int | float), (each["type"], name)
                else:
                    assert type(value) is allowed, (each["type"], name)
    assert met == set(CIM)


def test_a_layer_file_has_colours_in_percent_and_lengths_in_points():
    """red: 184, 0, 46, 10 %; 2.4 px = 1.8 pt; hatch at 75 %, 1.3 px = 0.975 pt, 5.657 px = 4.243 pt apart."""
    definition = lyrx(RED)["layerDefinitions"][0]
    (red,) = definition["renderer"]["groups"][0]["classes"]
    outline, hatch, fill = red["symbol"]["symbol"]["symbolLayers"]
    assert fill["color"]["values"] == [184, 0, 46, 10]
    assert (outline["width"], outline["color"]["values"]) == (1.8, [184, 0, 46, 100])
    assert (hatch["rotation"], hatch["separation"]) == (45, 4.243)
    assert hatch["lineSymbol"]["symbolLayers"][0]["width"] == 0.975
    assert "effects" not in outline
    assert red["values"][0]["fieldValues"] == ["hx"]
    dashed = lyrx(replace(LAYER, file="a.shp"))["layerDefinitions"][0]["renderer"]["groups"][0]["classes"][1]
    assert dashed["symbol"]["symbol"]["symbolLayers"][0]["effects"][0]["dashTemplate"] == [7.5, 3]


def test_every_look_of_the_project_becomes_a_style():
    for kind, class_ in STANDARD.looks:
        for geometry in ("polygon", "line", "point"):
            layer = replace(LAYER, kind=kind, geometry=geometry, classes=(("v", class_),))
            assert len(list(qml(layer).iter("category"))) == 2


def test_an_office_s_own_colours_reach_every_style(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text(
        '[looks.control_units]\npriority = { key = "priority", colour = "#010203", fill = "#040506", fill_opacity = 0.5 }',
        encoding="utf-8",
    )
    styles = styles_for(LAYER, "shp", sheet=load_style(own))
    assert b"4,5,6,128" in styles[".qml"]
    assert b"#040506" in styles[".sld"]
    assert b"#040506" in styles[".colours.csv"]
    assert "4,5,6,50" in "".join(styles[".lyrx"].decode().split())


@pytest.fixture
def geopackage(tmp_path):
    path = tmp_path / "图层.gpkg"
    field = Field(name="GKDYFLDM", long_name_zh="类别", long_name_en="class")
    tables = [
        Table(name=name, fields=(field,), rows=(("1",),), geometries=(shapely.box(117, 49, 118, 50),), crs=4490)
        for name in ("管控单元", "b'; DROP TABLE gpkg_contents; --")
    ]
    write_geopackage(path, tables, {})
    return path, [replace(LAYER, file=f"{path.name}|layername={table.name}") for table in tables]


def test_a_geopackage_holds_a_default_style_for_each_layer(geopackage):
    path, layers = geopackage
    layer_styles_table(path, layers)
    with sqlite3.connect(path) as base:
        rows = base.execute(
            "SELECT f_table_name, f_geometry_column, useAsDefault, styleQML, styleSLD, description FROM layer_styles"
        ).fetchall()
        kind = base.execute("SELECT data_type FROM gpkg_contents WHERE table_name = 'layer_styles'").fetchone()
    assert kind == ("attributes",)
    assert [row[:3] for row in rows] == [(layer.data_layer, "geom", 1) for layer in layers]
    assert rows[0][3].encode() == styles_for(layers[0], "gpkg")[".qml"]
    assert rows[0][4].encode() == styles_for(layers[0], "gpkg")[".sld"]
    assert rows[0][5].startswith("示意")


def test_the_style_table_is_no_layer_for_our_own_reader(tmp_path):
    path = tmp_path / "a.gpkg"
    write_geopackage(path, [Table(name="a", fields=(), rows=((),), geometries=(shapely.Point(117, 49),), crs=4490)], {})
    layer_styles_table(path, [replace(LAYER, file="a.gpkg|layername=a")])
    assert len(read(path).geometries) == 1


def test_a_style_for_a_table_that_is_not_there_is_refused_and_leaves_the_file_as_it_was(geopackage):
    path, layers = geopackage
    before = path.read_bytes()
    with pytest.raises(ValueError, match="has no layer 'c', only b'; DROP TABLE gpkg_contents; --, 管控单元"):
        layer_styles_table(path, [layers[0], replace(LAYER, file="图层.gpkg|layername=c")])
    assert path.read_bytes() == before


def test_styles_load_no_library_that_draws_or_reads_files():
    script = (
        "import sys, maps.style, maps.symbology\n"
        "print([m for m in ('folium', 'geopandas', 'pandas', 'pyogrio', 'pyarrow', 'matplotlib', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
