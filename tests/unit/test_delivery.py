"""A delivery in every format: what must be said is said first, names harm nothing, nothing is half-written."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import zipfile
from dataclasses import replace
from xml.etree import ElementTree as ET

import ezdxf
import numpy as np
import openpyxl
import pyogrio
import pytest
import shapely

from apps.cli.export import FORMAT_KEYS
from layers.errors import DamagedVersionError
from layers.importing import ImportOptions, import_layer
from layers.workspace import FolderStore
from maps.delivery import FORMATS, deliver, layers_delivery
from maps.delivery.formats import keeps_rows
from maps.delivery.readme import DICTIONARY, README
from maps.errors import DeliveryLayerError, DeliverySourceError
from spatial.errors import OutputInUseError
from spatial.reading import read
from tests.apps.cli import small_workspace
from tests.building import add, reading_of, workspace_at

DAY = "2026-11-22"
PACKED = [key for key, form in FORMATS.items() if form.packed]
HOLED = shapely.box(117.1, 49.1, 117.2, 49.2).difference(shapely.box(117.12, 49.12, 117.15, 49.15))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return FolderStore.open(small_workspace(tmp_path_factory.mktemp("small") / "ws"))


@pytest.fixture(scope="module")
def packages(small, tmp_path_factory):
    """Every format of the small workspace, unpacked: key -> folder."""
    out = tmp_path_factory.mktemp("out")
    paths = deliver(layers_delivery(small, as_of=DAY), out / "all", list(FORMATS)).paths
    found = {}
    for key, path in zip(FORMATS, paths, strict=True):
        found[key] = out / key
        if FORMATS[key].packed:
            with zipfile.ZipFile(path) as archive:
                archive.extractall(out / key)
        else:
            (out / key).mkdir()
            (out / key / path.name).write_bytes(path.read_bytes())
    return found


def workspace_of(tmp_path, *geometries, name="单元", kind="control_units", attributes=None, **options):
    store = workspace_at(tmp_path / "ws", kind)
    add(store, kind, list(geometries), attributes, name=name, **options)
    return FolderStore.open(store.root)


def members(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return archive.namelist()


@pytest.mark.parametrize("key", PACKED)
def test_the_readme_says_first_that_a_layer_is_for_internal_use(packages, key):
    text = (packages[key] / README).read_text("utf-8-sig")
    chinese, _, english = text.partition("-" * 60)
    assert chinese.startswith("内部使用：")
    assert english.strip().startswith("内部使用 - internal use")
    assert "合成示例" in chinese  # the units are synthetic
    assert "Synthetic" in english


def test_the_workbook_says_it_on_its_first_sheet(packages):
    (path,) = packages["xlsx"].iterdir()
    assert "内部使用" in path.name
    book = openpyxl.load_workbook(path)
    assert book.worksheets[0]["A1"].value.startswith("内部使用：")


@pytest.mark.parametrize("key", FORMATS)
def test_the_name_of_a_package_states_crs_date_and_internal_use(small, tmp_path, key):
    (path,) = deliver(layers_delivery(small, as_of=DAY, layers=["红线图层"]), tmp_path, [key]).paths
    tag = {"kml": "WGS84_EPSG4326", "pmtiles": "WebMercator_EPSG3857", "xlsx": "CGCS2000"}
    tag |= {"dxf": "CGCS2000_3度39带_EPSG4527"}
    ending = f"_{key}.zip" if key in PACKED else ".xlsx"
    assert path.name == f"红线图层_{DAY}_{tag.get(key, 'CGCS2000_EPSG4490')}_内部使用{ending}"


def data_of(packages, key):
    return [path for path in packages[key].iterdir() if path.suffix == FORMATS[key].ending]


def marks_in(path):
    """(layer, mark) of every row of a file."""
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        return [(path.stem, mark) for mark in pq.read_table(path, columns=["MARK"])["MARK"].to_pylist()]
    from pyogrio import list_layers, raw, read_info

    found = []
    for layer in [name for name, kind in list_layers(path) if kind]:
        if "MARK" not in read_info(path, layer=layer)["fields"]:  # KML has no column of nulls
            found.append((layer, None))
            continue
        (marks,) = raw.read(path, layer=layer, columns=["MARK"], read_geometry=False)[3]
        found += [(layer, mark) for mark in marks]
    return found


@pytest.mark.parametrize("key", [key for key in PACKED if key != "dxf"])
def test_every_row_carries_the_mark_of_its_layer(packages, key):
    marks = {mark for path in data_of(packages, key) for mark in marks_in(path)}
    said = {layer: mark for layer, mark in marks if not layer.startswith("覆盖")}
    assert said["红线图层"] == "内部使用"
    assert said["管控单元图层"].startswith("合成示例")
    assert not said["断面"]  # None, or an empty text where a format has no null


def test_the_drawing_says_it_in_its_own_text(packages):
    (path,) = packages["dxf"].glob("*.dxf")
    texts = [e.dxf.text for e in ezdxf.readfile(path).modelspace().query("TEXT") if e.dxf.layer == "说明"]
    assert len(texts) == 1
    assert texts[0].startswith("内部使用；合成示例")


def test_a_drawing_is_of_r2000_in_gbk_with_a_layer_a_class(packages):
    (path,) = packages["dxf"].glob("*.dxf")
    content = path.read_bytes()
    assert b"$ACADVER\r\n  1\r\nAC1015\r\n" in content
    assert b"$DWGCODEPAGE\r\n  3\r\nANSI_936\r\n" in content
    assert "环境管控单元-优先保护单元".encode("gbk") in content
    assert "环境管控单元-优先保护单元".encode() not in content
    space = ezdxf.readfile(path).modelspace()
    red = [e for e in space.query("LWPOLYLINE") if e.dxf.layer == "生态保护红线"]
    assert [e.closed for e in red] == [True]
    assert [tag.value for tag in red[0].get_xdata("SANXIAN") if tag.code == 1000][:2] == ["FEATURE_ID=1", "CODE=HX-1"]
    assert red[0].get_points()[0][0] // 1_000_000 == 39  # eastings carry the zone
    assert any(e.dxf.text == "某断面" for e in space.query("TEXT"))


def test_holes_of_a_drawing_lie_on_a_layer_of_their_own(tmp_path):
    store = workspace_of(tmp_path, HOLED, kind="red_lines", name="红线")
    (path,) = deliver(layers_delivery(store, as_of=DAY), tmp_path / "out", ["dxf"]).paths
    with zipfile.ZipFile(path) as archive:
        archive.extract("红线.dxf", tmp_path)
    lines = ezdxf.readfile(tmp_path / "红线.dxf").modelspace().query("LWPOLYLINE")
    assert sorted(line.dxf.layer for line in lines) == ["生态保护红线", "生态保护红线_内环"]


def test_the_style_of_a_drawing_shows_inner_rings_as_the_outlines_of_their_class(tmp_path):
    store = workspace_of(tmp_path, HOLED, kind="red_lines", name="红线")
    (path,) = deliver(layers_delivery(store, as_of=DAY), tmp_path / "out", ["dxf"]).paths
    with zipfile.ZipFile(path) as archive:
        text = archive.read("红线.qml").decode("utf-8")
    root = ET.fromstring(text)
    looks = {one.get("value"): one.get("symbol") for one in root.iter("category")}
    symbols = {one.get("name"): [tuple(o.items()) for o in one.iter("Option")] for one in root.iter("symbol")}
    ring, outline = (symbols[looks[name]] for name in ("生态保护红线_内环", "生态保护红线"))
    assert ring == outline
    assert ring


def test_the_same_layers_give_the_same_drawing_and_workbook(small, tmp_path):
    delivery = layers_delivery(small, as_of=DAY)
    pairs = zip(
        *(deliver(delivery, tmp_path / name, ["dxf", "xlsx", "shp", "kml"]).paths for name in ("a", "b")), strict=True
    )
    assert all(one.read_bytes() == two.read_bytes() for one, two in pairs)


def test_kml_says_wgs84_and_how_far_that_may_be_off(packages):
    (path,) = packages["kml"].glob("*.kml")
    assert "<description>内部使用" in path.read_text("utf-8")
    assert "WGS 84 经纬度（EPSG:4326）" in (packages["kml"] / README).read_text("utf-8-sig")
    assert "不超过 1 米" in (packages["kml"] / README).read_text("utf-8-sig")


def test_a_geopackage_is_of_version_1_2_and_styled_by_itself(packages):
    (path,) = packages["gpkg"].glob("*.gpkg")
    base = sqlite3.connect(path)
    assert base.execute("PRAGMA user_version").fetchone() == (10200,)
    styled = {name for (name,) in base.execute("SELECT f_table_name FROM layer_styles WHERE useAsDefault")}
    base.close()
    assert styled == {"红线图层", "管控单元图层", "保护地", "水源", "敏感目标", "断面", "覆盖范围"}


@pytest.mark.parametrize(("key", "suffixes"), [("shp", {".qml", ".sld", ".lyrx"}), ("gdb", {".qml", ".sld", ".lyrx"}),
                                               ("fgb", {".qml", ".sld"}), ("kml", {".qml", ".sld"})])  # fmt: skip
def test_styles_lie_beside_the_data(packages, key, suffixes):
    assert suffixes <= {p.suffix for p in packages[key].iterdir() if p.name.startswith("红线图层.")}


def test_a_zone_is_that_of_the_middle_of_the_data_and_said_in_the_name_and_each_row(tmp_path):
    # 3-degree zone 40 has its meridian at 120 E: the middle of this box is 119.0
    store = workspace_of(tmp_path, shapely.box(118.9, 49.0, 119.1, 49.1), kind="red_lines", name="红线")
    (path,) = deliver(layers_delivery(store, as_of=DAY), tmp_path / "out", ["geoparquet"], crs="zone3").paths
    assert "3度40带_EPSG4528" in path.name
    with zipfile.ZipFile(path) as archive:
        archive.extract("红线.parquet", tmp_path)
    found = read(tmp_path / "红线.parquet")
    assert found.crs.code == "EPSG:4528"
    assert found.attributes[0]["ZBX"] == "EPSG:4528"
    assert shapely.get_x(shapely.centroid(found.geometries[0])) // 1_000_000 == 40


def test_data_across_zones_are_noted_where_a_zone_is_asked_for(tmp_path):
    store = workspace_of(tmp_path, shapely.box(118.0, 49.0, 121.9, 49.1), kind="red_lines", name="红线")
    written = deliver(layers_delivery(store, as_of=DAY), tmp_path / "out", ["gpkg"], crs="zone3")
    assert [note.code for note in written.noted("outside_zone")] == ["outside_zone"]
    assert not deliver(layers_delivery(store, as_of=DAY), tmp_path / "out", ["gpkg"]).noted("outside_zone")


@pytest.mark.parametrize("key", ["geojson", "kml", "pmtiles", "xlsx"])
def test_a_format_with_one_crs_keeps_it_and_says_so(small, tmp_path, key):
    delivery = layers_delivery(small, as_of=DAY, layers=["断面"])
    assert deliver(delivery, tmp_path, [key], crs="zone3").noted("crs_fixed")


def test_long_texts_are_cut_in_a_dbf_and_whole_in_the_workbook(tmp_path):
    long = "禁止新建、扩建" * 100
    fields = [{"环境管控单元编码": "ZH15078110001", "管控单元分类": "优先保护单元", "空间布局约束": long}]
    store = workspace_of(tmp_path, HOLED, attributes=fields)
    (path,) = deliver(layers_delivery(store, as_of=DAY), tmp_path / "out", ["shp"]).paths
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "un")
    (row,) = read(tmp_path / "un" / "单元.shp").attributes
    assert row["KJBJYS"].endswith("…")
    assert len(row["KJBJYS"].encode()) <= 254
    assert (row["HJGKDYBM"], row["GKDYFLDM"]) == ("ZH15078110001", "1")
    page = openpyxl.load_workbook(tmp_path / "un" / "单元_属性全文.xlsx")["单元"]
    heads = [cell.value.partition("\n")[0] for cell in page[1]]
    assert page.cell(2, heads.index("KJBJYS") + 1).value == long
    assert json.loads(page.cell(2, heads.index("ATTRS") + 1).value)["空间布局约束"] == long


def test_field_names_of_shapefiles_are_short_and_explained(packages):
    rows = list(csv.DictReader(io.StringIO((packages["shp"] / DICTIONARY).read_text("utf-8-sig"), newline="")))
    named = [row for row in rows if row["字段 field"] and row["中文名"]]
    assert all(len(row["字段 field"].encode()) <= 10 and row["字段 field"].isascii() for row in named)
    units = {row["字段 field"]: row["中文名"] for row in named if row["文件 file"] == "管控单元图层.shp"}
    assert units["HJGKDYBM"] == "环境管控单元编码"
    assert {"HJGKDYMC", "GKDYFL", "GKDYFLDM", "PROV", "CITY", "COUNTY", "SJBB", "SJRQ", "ZBX"} <= set(units)


def test_gbk_is_stated_and_what_it_lacks_is_marked(small, tmp_path):
    delivery = layers_delivery(small, as_of=DAY, layers=["红线图层"])
    (path,) = deliver(delivery, tmp_path, ["shp"], encoding="GBK").paths
    with zipfile.ZipFile(path) as archive:
        assert archive.read("红线图层.cpg") == b"GBK"
        assert "草原红线㎡[bold]".encode("gbk") in archive.read("红线图层.dbf")


HOSTILE = [
    "../../etc/红线", "CON", "a|layername=b", "甲'\"`乙", "长" * 300, "a/b\\c:d*e?f<g>h", "😀𠮷ᠮ", "...", "con.txt",
    " 空 白 ", "x\u202egpj.exe", "A", "a", "％%s{}", "layer;DROP TABLE", "ﬁle\u0301",
]  # fmt: skip


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A layer of each of the names that a layer may have."""
    store = workspace_at(tmp_path_factory.mktemp("hostile") / "ws", "red_lines")
    for number, name in enumerate(HOSTILE):
        place = shapely.box(117 + number / 100, 49, 117.005 + number / 100, 49.01)
        try:
            add(store, "red_lines", [place], [{"红线名称": name}], name=name)
        except ValueError:  # refused as the name of a layer already
            continue
    opened = FolderStore.open(store.root)
    assert len(opened.entries) >= 8
    return opened


@pytest.mark.parametrize("key", FORMATS)
def test_hostile_names_neither_break_a_package_nor_leave_it(hostile, tmp_path, key):
    out = tmp_path / "out"
    (path,) = deliver(layers_delivery(hostile, as_of=DAY), out, [key]).paths
    assert [p.name for p in out.iterdir()] == [path.name]
    assert path.name.encode("gbk")
    if not FORMATS[key].packed:
        assert len(openpyxl.load_workbook(path).sheetnames) == len(hostile.entries) + 2
        return
    names = members(path)
    assert names[:2] == [README, DICTIONARY]
    assert len({name.casefold() for name in names}) == len(names)
    for name in names:
        parts = name.split("/")
        assert len(parts) == 1 or parts[0].endswith(".gdb")
        assert not set(name) & set('<>:"\\|?*')
        assert parts[0] not in {"..", "."}
        assert name.encode("gbk")
        assert len(name) < 80
        assert parts[0].partition(".")[0].upper() not in {"CON", "PRN", "AUX", "NUL"}
    data = [name for name in names if name.endswith(FORMATS[key].ending)]
    assert len(data) == (len(hostile.entries) if FORMATS[key].each else (0 if key == "gdb" else 1))


def test_a_layer_that_is_damaged_stops_the_whole_delivery(tmp_path):
    store = workspace_of(tmp_path, HOLED, kind="red_lines", name="红线")
    (path,) = store.root.glob("layers/*/*/features.gpkg")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedVersionError, match="红线"):
        layers_delivery(FolderStore.open(store.root), as_of=DAY)


def test_a_layer_that_is_not_there_is_refused_with_those_that_are(small):
    with pytest.raises(DeliveryLayerError, match=r"没有它.*断面"):
        layers_delivery(small, as_of=DAY, layers=["没有它"])


def test_an_unknown_format_is_refused(small, tmp_path):
    with pytest.raises(DeliverySourceError, match="use one of shp, gpkg"):
        deliver(layers_delivery(small, as_of=DAY), tmp_path / "out", ["dwg"])
    assert not (tmp_path / "out").exists()


def test_where_one_format_fails_nothing_is_written_and_what_was_there_stays(small, tmp_path, monkeypatch):
    delivery = layers_delivery(small, as_of=DAY, layers=["断面"])
    (earlier,) = deliver(delivery, tmp_path / "out", ["gpkg"]).paths
    before = earlier.read_bytes()

    def failing(*_arguments, **_named):
        raise OutputInUseError(file="x", code="output_in_use", detail="d", remedy="r")

    monkeypatch.setattr("spatial.writing.vector.write_flatgeobuf", failing)
    with pytest.raises(OutputInUseError):
        deliver(delivery, tmp_path / "out", ["shp", "fgb"])
    with pytest.raises(OutputInUseError):
        deliver(delivery, tmp_path / "new", ["shp", "fgb"])
    assert [p.name for p in (tmp_path / "out").iterdir()] == [earlier.name]
    assert earlier.read_bytes() == before
    assert not (tmp_path / "new").exists()


def test_features_without_a_place_are_kept_where_a_format_can(tmp_path):
    reading = replace(
        reading_of([HOLED, None], [{"红线名称": "甲"}, {"红线名称": "乙"}]), without_place=frozenset({"2"})
    )
    store = workspace_at(tmp_path / "ws", "red_lines")
    options = ImportOptions(kind="red_lines", name="红线", georeference_method="declared")
    import_layer(FolderStore.open(store.root), reading, options)
    delivery = layers_delivery(FolderStore.open(store.root), as_of=DAY)
    assert [len(sheet.table.rows) for sheet in delivery.sheets] == [2]
    written = deliver(delivery, tmp_path / "out", list(FORMATS))
    with zipfile.ZipFile(written.paths[0]) as archive:
        archive.extractall(tmp_path / "un")
        assert "仅有记载，没有位置" in archive.read(README).decode("utf-8-sig")
    names = [row["NAME"] for row in pyogrio.read_dataframe(tmp_path / "un" / "红线.shp").to_dict("records")]
    assert names == ["甲", "乙"]
    said = {note.file for note in written.noted("geometry_empty")}
    assert {"红线.pmtiles", "红线.dxf"} <= said


def test_a_layer_declared_empty_is_named_in_the_readme(tmp_path):
    store = workspace_of(tmp_path, HOLED, kind="red_lines", name="红线")
    add(store, "protected_areas", [], name="保护地", coverage=HOLED, declared_none=True, source="林草局")
    delivery = layers_delivery(FolderStore.open(store.root), as_of=DAY)
    (path,) = deliver(delivery, tmp_path / "out", ["gpkg"]).paths
    with zipfile.ZipFile(path) as archive:
        text = archive.read(README).decode("utf-8-sig")
    assert "* 保护地" in text
    assert "声明没有此类区域" in text


def test_the_coverage_of_the_layers_goes_with_them(packages):
    found = read(packages["gpkg"] / "ws.gpkg", layer="覆盖范围")
    assert {row["LAYER"] for row in found.attributes} == {"红线图层", "管控单元图层", "保护地", "水源"}
    areas = dict(zip([row["LAYER"] for row in found.attributes], shapely.area(found.geometries), strict=True))
    assert np.isclose(areas["红线图层"], 0.7 * 0.5)  # CITY is 0.7 by 0.5 degrees


def test_the_program_names_the_formats_that_there_are():
    assert tuple(FORMATS) == FORMAT_KEYS


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_table_of_the_docs_is_that_of_the_program(language):
    from pathlib import Path

    page = Path(__file__).parents[2].joinpath("docs/reference/export.md").read_text("utf-8")
    for row in keeps_rows(language):
        assert f"| {' | '.join(row)} |" in page
