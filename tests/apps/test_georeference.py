"""The commands of ``georeference`` as a program: nothing of a file is lost on the way, nothing is stored unasked."""

from __future__ import annotations

import json

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
