"""``sanxian avoid``: what a person reads, what a program reads, what another program loads, what a map shows."""

from __future__ import annotations

import json

import pytest
import shapely

from screening.screen import screen
from screening.site import site_of
from tests.apps.cli import geojson, run, small_workspace

PARCEL = shapely.box(117.4685, 49.5835, 117.4730, 49.5860)
ROUTE = shapely.LineString([(117.43, 49.605), (117.455, 49.598), (117.478, 49.604)])


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return small_workspace(tmp_path_factory.mktemp("避让 工作区") / "ws")


@pytest.fixture(scope="module")
def parcel(tmp_path_factory):
    return geojson(tmp_path_factory.mktemp("选址") / "地块.geojson", PARCEL, 名称="某项目")


@pytest.fixture(scope="module")
def route(tmp_path_factory):
    return geojson(tmp_path_factory.mktemp("线路") / "线路.geojson", ROUTE, 名称="某线路")


@pytest.mark.parametrize("charset", ["utf-8", "gbk"])
def test_a_person_reads_goals_proposals_search_and_that_space_is_not_consent(workspace, parcel, charset):
    found = run("avoid", parcel, "-w", workspace, "--kinds", "生态保护红线", "--rotate", "20", charset=charset)
    assert found.exit_code == 0, found.output
    for text in ("避让方案：某项目", "平移", "裁减", "未命中", "500 米以内，5 米方格", "只是空间上的事", "内部使用"):
        assert text in found.output
    for text in ("允许", "许可", "可行性"):
        assert text not in found.output


def test_english_names_what_excludes_every_place(workspace, parcel):
    found = run("avoid", parcel, "-w", workspace, "--lang", "en", "--within", "0.3km", "--step", "20")
    assert "at this resolution there is no such place within 300 m" in found.output
    assert "excludes every place by itself: environmental control units" in found.output
    assert "a matter of space alone" in found.output


def test_a_route_in_english_says_length_and_distance_from_the_old(workspace, route):
    found = run("avoid", route, "-w", workspace, "--kinds", "red_lines", "--lang", "en")
    assert "of new alignment in 1 stretch(es)" in found.output
    assert "ends fixed, at most 500 m from the old route" in found.output


def test_json_on_standard_output_is_json_alone(workspace, parcel):
    found = run("avoid", parcel, "-w", workspace, "--layers", "红线图层", "--json", "-", "--as-of", "2026-11-22")
    document = json.loads(found.stdout)
    assert (document["as_of"], document["within_m"]) == ("2026-11-22", 500.0)
    assert {p["way"] for p in document["proposals"]} == {"shift", "cut"}
    assert document["searches"][0]["places"] == 31417
    assert [goal["layer"] for goal in document["goals"]] == ["红线图层"]


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson"])
def test_exported_proposals_are_those_the_engine_judged(workspace, parcel, tmp_path, suffix):
    import pyogrio

    from layers.workspace import FolderStore

    out, told = tmp_path / f"方案{suffix}", tmp_path / "j.json"
    said = ("--kinds", "red_lines", "--export", out, "--json", told, "--as-of", "2026-11-22")
    run("avoid", parcel, "-w", workspace, *said)
    document = json.loads(told.read_text("utf-8"))
    frame = pyogrio.read_dataframe(out).set_index("ID")
    assert list(frame.index) == ["P0", *[p["id"] for p in document["proposals"]]]
    assert frame["MARK"].str.contains("内部使用").all()
    assert frame["NOTICE"].str.contains("不等于符合准入要求").all()
    store = FolderStore.open(workspace)
    for proposal in document["proposals"]:
        loaded = frame.loc[proposal["id"]]
        accuracy = float(loaded["ACC_M"])
        again = screen(site_of(loaded["geometry"], accuracy_m=accuracy), store, as_of="2026-11-22")
        assert again.kinds["red_lines"] == "clear"
        assert loaded["ANSWER"] == proposal["answer"] == again.answer


def test_the_map_draws_every_proposal(workspace, parcel, tmp_path):
    page = tmp_path / "m.html"
    run("avoid", parcel, "-w", workspace, "--kinds", "red_lines", "--map", page)
    text = page.read_text("utf-8")
    assert "方案 P1：平移" in text
    assert "方案 P2：裁减" in text


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        (("--within", "far"), 2, "is no distance"),
        (("--within", "30km"), 2, "at most 20 km"),
        (("--export", "a.shp"), 2, "must end in one of"),
        (("--map", "a.png"), 2, "must end in .html"),
        (("--rotate", "200"), 2, "rotate"),
        (("--layers", "没有"), 3, "is no protective kind or layer"),
        (("--step", "0.05"), 3, "longer step"),
    ],
)
def test_what_cannot_be_searched_is_said_in_one_line(workspace, parcel, arguments, status, text):
    found = run("avoid", parcel, "-w", workspace, *arguments)
    assert found.exit_code == status
    assert text in found.output
