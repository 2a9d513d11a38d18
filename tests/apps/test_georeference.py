"""The commands of ``georeference`` as a program: nothing of a file is lost on the way, nothing is stored unasked."""

from __future__ import annotations

import json
import re

import pytest

from layers.version import open_layer
from layers.workspace import FolderStore
from tests.apps.cli import run

RIVER = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"河流": "甲河"},
            "geometry": {"type": "LineString", "coordinates": [[117.0, 49.0], [117.0, 49.1]]},
        },
        {
            "type": "Feature",
            "properties": {"河流": "甲河", "端点": "河口"},
            "geometry": {"type": "Point", "coordinates": [117.0, 49.1]},
        },
    ],
}
NOTICE = """甲自然保护区
一、核心保护区
J1 东经117°40′00″，北纬49°26′00″；J2 东经117°44′00″，北纬49°26′00″；J3 东经117°44′00″，北纬49°29′00″；
J4 东经117°40′00″，北纬49°29′00″，首尾相接。
"""


def features(workspace):
    store = FolderStore.open(workspace)
    (entry,) = store.entries
    layer = open_layer(store, entry)
    return layer.card, [layer.records.feature(row) for row in range(layer.card.features)]


@pytest.fixture
def workspace(tmp_path):
    run("init", tmp_path / "ws", "--require", "protected_areas")
    return tmp_path / "ws"


def test_a_row_without_coordinates_is_no_row_lost(tmp_path, workspace):
    """甲 by coordinates, 乙 by kilometres though its coordinates are blank, 丙 by nothing: three features."""
    (tmp_path / "r.geojson").write_text(json.dumps(RIVER, ensure_ascii=False), "utf-8")
    (tmp_path / "s.csv").write_text(
        "断面名称,河流,经度,纬度,距河口(km)\n甲断面,甲河,117.0,49.05,\n乙断面,甲河,,,4.0\n丙断面,甲河,,,\n", "utf-8"
    )
    ways = ["georeference", "sections", tmp_path / "s.csv", "--rivers", tmp_path / "r.geojson", "--drawn", "downstream"]
    done = run(*ways, "--workspace", workspace)
    assert done.exit_code == 0, done.stderr
    card, found = features(workspace)
    ways = {f.name: f.attributes["georeference_method"] for f in found}
    assert ways == {"甲断面": "section_coordinates", "乙断面": "river_chainage", "丙断面": "declared"}
    assert card.georeference["not_located"] == ["丙断面"]


def test_a_notice_is_only_shown_until_a_workspace_is_named(tmp_path, workspace):
    (tmp_path / "n.txt").write_text(NOTICE, "utf-8")
    shown = run("georeference", "text", tmp_path / "n.txt")
    assert "仅显示，未存入" in shown.stdout
    assert not FolderStore.open(workspace).entries
    stored = run("georeference", "text", tmp_path / "n.txt", "--workspace", workspace)
    assert "仅显示" not in stored.stdout
    card, (feature,) = features(workspace)
    assert (card.georeference_method, feature.accuracy_m and round(feature.accuracy_m)) == ("notice_text", 15)
    assert "核心保护区" in feature.class_label


def test_a_lost_corner_is_no_polygon_and_keeps_the_layer_from_clear(tmp_path, workspace):
    lost = NOTICE.replace("J2 东经117°44′00″，北纬49°26′00″；", "")
    (tmp_path / "n.txt").write_text(lost, "utf-8")
    dated = ["--data-date", "2024-01-01", "--coverage", "150781,150703"]
    done = run("georeference", "text", tmp_path / "n.txt", "--workspace", workspace, *dated)
    assert done.exit_code == 0, done.stderr
    answer = run("check", "117.45,49.58", "--workspace", workspace, "--json", "-", "--datum", "cgcs2000")
    finding = json.loads(answer.stdout)["findings"][0]
    assert (finding["answer"], finding["reason"]) == ("unknown", "rejected_feature_near")


def test_a_point_needs_somebody_who_says_so(tmp_path):
    done = run("georeference", "place", "某湿地", "--point", "117.7,49.4", "--point-accuracy-m", "500")
    assert done.exit_code == 2
    assert "--point-source" in done.stderr


def test_what_nobody_says_where_it_is_is_refused_with_the_way_on():
    done = run("georeference", "place", "乌有湿地", "--city", "阿尔山")
    assert done.exit_code == 3
    assert "没有依据可以确定该地点的位置" in done.stderr
    assert "--gazetteer" in done.stderr


@pytest.fixture
def files(tmp_path):
    """A notice with a zone between two markers, a river, its markers, sections, a map and its control points."""
    from PIL import Image

    (tmp_path / "n.txt").write_text(
        "关于划定示例水源地饮用水水源保护区的批复\n一级保护区水域：取水口上游1000米至红旗桥的水域，两岸各宽30米。\n",
        "utf-8",
    )
    (tmp_path / "r.geojson").write_text(json.dumps(RIVER, ensure_ascii=False), "utf-8")
    (tmp_path / "m.csv").write_text(
        "名称,经度,纬度\n取水口,117.000000,49.050000\n红旗桥,117.000000,49.060000\n", "utf-8"
    )
    (tmp_path / "s.csv").write_text("断面名称,河流,距河口(km)\n甲断面,甲河,4.0\n", "utf-8")
    Image.new("RGB", (300, 300), (222, 120, 120)).save(tmp_path / "map.png", dpi=(150.0124, 150.0124))
    (tmp_path / "g.csv").write_text(
        "点号,像素列,像素行,经度,纬度\nA,10,10,117.0,49.1\nB,290,10,117.1,49.1\nC,290,290,117.1,49.0\nD,10,290,117.0,49.0\n",
        "utf-8",
    )
    return tmp_path


@pytest.mark.parametrize(
    "arguments",
    [
        "georeference text nowhere.txt",
        "georeference text n.txt --river nowhere.geojson",
        "georeference text n.txt --river r.geojson --markers nowhere.csv",
        "georeference map nowhere.png",
        "georeference map map.png --gcps nowhere.csv --gcps-crs EPSG:4490",
        "georeference map map.png --gcps g.csv --gcps-crs EPSG:4490 --legend nowhere.toml",
        "georeference place 某湿地 --gazetteer nowhere.toml",
        "georeference sections s.csv --rivers r.geojson --gazetteer nowhere.toml",
        "georeference sections s.csv --rivers nowhere.geojson",
        "georeference wells nowhere.csv --aquifer unconfined --medium 细砂",
        "georeference bank nowhere.geojson --within-m 100",
        "city 阿尔山 new --gazetteer nowhere.toml",
        "water nowhere.csv",
        "zonal nowhere.geojson map.png",
        "zonal r.geojson nowhere.tif",
    ],
)
def test_a_file_that_is_not_there_is_rejected_input_and_no_wrong_usage(files, monkeypatch, arguments):
    monkeypatch.chdir(files)
    done = run(*arguments.split())
    assert done.exit_code == 3, done.stderr
    assert "错误：找不到文件" in done.stderr
    assert "nowhere" in done.stderr
    assert not (files / "new").exists()


@pytest.mark.parametrize(("stated", "river_m"), [([], 25.02), (["--river-accuracy-m", "80"], 80.006)])
def test_a_corridor_is_as_good_as_the_river_line_the_user_gives(files, tmp_path, stated, river_m):
    """GeoJSON is WGS 84, 1 m more; 5 m of the markers with 1 m of their datum, 5 % of 1000 m along another map's line."""
    run("init", tmp_path / "ws", "--require", "water_sources")
    ways = ["--layer", "water_sources", "--river", files / "r.geojson", "--markers", files / "m.csv", *stated]
    done = run("georeference", "text", files / "n.txt", *ways, "--workspace", tmp_path / "ws")
    assert done.exit_code == 0, done.stderr
    card, (zone,) = features(tmp_path / "ws")
    terms = card.georeference["features"][0]["along_river"]["accuracy"]
    assert terms["river_line"] == pytest.approx(river_m, abs=0.01)
    assert terms["river_markers"] == pytest.approx(26**0.5, abs=0.01)
    # and the assumed datum of a notice that states none, 1 m
    assert zone.accuracy_m == pytest.approx(sum(m**2 for m in (*terms.values(), 1.0)) ** 0.5, abs=0.01)
    assert card.indicative


def test_the_accuracy_of_a_river_that_is_not_given_is_wrong_usage(files):
    done = run("georeference", "text", files / "n.txt", "--river-accuracy-m", "5")
    assert done.exit_code == 2
    assert "--river" in done.stderr


def test_dots_an_inch_are_printed_as_far_as_they_are_known(files):
    text = run("georeference", "map", files / "map.png").stdout
    assert re.findall(r"150[.\d]*", text) == ["150"]


@pytest.mark.parametrize(
    ("stated", "said"),
    [("（采用2000国家大地坐标系）", "2000国家大地坐标系"), ("【2000 国家大地坐标系】", "2000 国家大地坐标系")],
)
def test_the_name_of_a_system_ends_before_the_bracket(tmp_path, workspace, stated, said):
    (tmp_path / "n.txt").write_text(f"{stated}\n{NOTICE}", "utf-8")
    for lang in ("zh", "en"):
        done = run("georeference", "text", tmp_path / "n.txt", "--name", lang, "--workspace", workspace, "--lang", lang)
        line = next(line for line in done.stdout.splitlines() if "国家大地坐标系" in line)
        assert line.endswith(f" {said}") or f" {said}；" in line or f" {said};" in line


def test_what_the_user_says_is_called_so_in_words(tmp_path):
    (tmp_path / "w.csv").write_text("名称,经度,纬度\n一号井,117.450000,49.530000\n", "utf-8")
    given = ["--aquifer", "unconfined", "--radius-1-m", "50", "--radius-2-m", "500"]
    place = [
        "某湿地",
        "--point",
        "117.7,49.4",
        "--point-accuracy-m",
        "500",
        "--point-source",
        "某书",
        "--area",
        "1公顷",
    ]
    for lang, said in (("zh", "用户给出"), ("en", "given by the user")):
        for arguments in (["wells", tmp_path / "w.csv", *given], ["place", *place]):
            text = run("georeference", *arguments, "--lang", lang).stdout
            assert said in text
            assert "user" not in re.split(r"  +|[；\n]|; ", text)


def test_of_a_layer_without_any_place_no_accuracy_is_printed(files, workspace):
    """The card's figure is about places; a notice in words alone has none, as a plan's fact has none."""
    done = run("georeference", "text", files / "n.txt", "--layer", "water_sources", "--workspace", workspace)
    assert [line.split() for line in done.stdout.splitlines() if line.startswith("精度")] == [["精度", "-"]] * 2
    card, _ = features(workspace)
    assert card.georeference_method == "declared"
    checked = run("check", "117.45,49.58", "--workspace", workspace, "--datum", "cgcs2000").stdout
    row = next(line for line in checked.partition("[ 图层与数据日期 ]")[2].splitlines() if line.startswith("n "))
    assert row.split()[:5] == ["n", "未注明", "未注明", "-", "-"]
