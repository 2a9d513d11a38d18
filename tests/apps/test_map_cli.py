"""``sanxian map``: what it writes, what it says of it, and what it refuses."""

from __future__ import annotations

import json
import os
import re
import shutil

import pytest

from maps.errors import AssetsMissingError
from maps.offline import locked_files
from tests.apps.cli import run, small_workspace

DAY = ("--as-of", "2026-11-22")
KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module", autouse=True)
def assets():
    try:
        locked_files()
    except AssetsMissingError as missing:
        pytest.skip(f"the scripts of the maps were never built: {missing}")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return small_workspace(tmp_path_factory.mktemp("工作区 1"))


def document(path):
    return json.loads(re.search(r'id="map-document"[^>]*>(.*?)</script>', path.read_text("utf-8"), re.DOTALL)[1])


def tree(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_one_command_writes_one_file_and_says_who_may_have_it(workspace, tmp_path):
    out = tmp_path / "地图.html"
    done = run("map", workspace, "--out", out, *DAY, charset="gbk")
    assert done.exit_code == 0, done.stderr
    said = done.stdout_bytes.decode("gbk")
    assert f"已写出地图：{out}" in said
    assert "6 个图层完整" in said
    assert "内部使用的图层以完整精度写入了文件，只交给可以看的人：红线图层、水源" in said
    assert [p.name for p in tmp_path.iterdir()] == ["地图.html"]
    assert document(out)["as_of"] == "2026-11-22"
    assert '<html lang="zh-CN">' in out.read_text("utf-8")


def test_in_english_with_a_title_and_some_layers(workspace, tmp_path):
    out = tmp_path / "map.html"
    chosen = ("--layer", "保护地", "--layer", "断面", "--title", "Parks <of> the town", "--lang", "en")
    done = run("map", workspace, "--out", out, *DAY, *chosen)
    assert done.exit_code == 0, done.stderr
    assert "the layer is not in this map" in done.stdout
    assert "note: layers for internal use" not in done.stdout
    made = document(out)
    assert [layer["name"] for layer in made["layers"]] == ["保护地", "断面"]
    assert (made["language"], made["title"]["zh"]) == ("en", "Parks <of> the town")
    assert {lost["kind"] for lost in made["lost"]} == {"red_lines", "water_sources", "control_units"}
    assert "<title>Parks &lt;of&gt; the town</title>" in out.read_text("utf-8")


def test_beside_the_page_its_blocks_are_replaced_with_it(workspace, tmp_path):
    out = tmp_path / "map.html"
    done = run("map", workspace, "--out", out, *DAY, "--folder")
    assert done.exit_code == 0, done.stderr
    assert "map_files" in done.stdout
    first = tree(tmp_path)
    assert len(first) == 1 + len(document(out)["chunks"])
    assert run("map", workspace, "--out", out, *DAY, "--folder", "--layer", "断面").exit_code == 0
    names = {entry["file"] for entry in document(out)["chunks"].values()}
    assert set(tree(tmp_path)) == {"map.html", *names}
    assert len(names) < len(first) - 1


@pytest.mark.parametrize("name", ["foreign.js", "photo.png"])
def test_a_folder_with_something_else_in_it_is_left_alone(workspace, tmp_path, name):
    (tmp_path / "map_files").mkdir()
    (tmp_path / "map_files" / name).write_bytes(b"alert(1)")
    before = tree(tmp_path)
    done = run("map", workspace, "--out", tmp_path / "map.html", *DAY, "--folder")
    assert done.exit_code == 3
    assert name in done.stderr
    assert tree(tmp_path) == before


def test_when_the_page_cannot_be_replaced_the_earlier_one_keeps_its_blocks(workspace, tmp_path, monkeypatch):
    out = tmp_path / "map.html"
    assert run("map", workspace, "--out", out, *DAY, "--folder").exit_code == 0
    before = tree(tmp_path)
    own = os.replace

    def refuse(source, target):
        if str(target).endswith("map.html"):
            raise PermissionError(13, "open in a browser")
        own(source, target)

    monkeypatch.setattr(os, "replace", refuse)
    done = run("map", workspace, "--out", out, *DAY, "--folder", "--precision", "simplified")
    monkeypatch.undo()
    assert done.exit_code == 3
    assert tree(tmp_path) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["map.html", "map_files"]


def test_what_is_damaged_is_told_and_unknown_in_the_page(workspace, tmp_path):
    root = tmp_path / "ws"
    shutil.copytree(workspace, root)
    folder = next(p for p in (root / "layers").iterdir() if "红线" in p.name)
    path = next(folder.rglob("pieces.wkb.bin"))
    data = bytearray(path.read_bytes())
    data[20] ^= 1
    path.write_bytes(data)
    done = run("map", root, "--out", tmp_path / "map.html", *DAY)
    assert done.exit_code == 0, done.stderr
    assert "在图中为“无法判断”：红线图层（生态保护红线）：内容与校验值不符" in done.stdout
    assert [lost["kind"] for lost in document(tmp_path / "map.html")["lost"]] == ["red_lines"]


def test_a_key_is_kept_out_unless_it_is_to_be_written(workspace, tmp_path, monkeypatch):
    out = tmp_path / "map.html"
    monkeypatch.setenv("TIANDITU_TK", KEY)
    assert run("map", workspace, "--out", out, *DAY, "--basemap", "tianditu").exit_code == 0
    assert KEY not in out.read_text("utf-8")
    done = run("map", workspace, "--out", out, *DAY, "--basemap", "tianditu", "--write-key")
    assert document(out)["tiles"]["key"] == KEY
    assert "天地图密钥已写入文件" in done.stdout
    assert run("map", workspace, "--out", out, *DAY).exit_code == 0
    assert (document(out)["tiles"], KEY in out.read_text("utf-8")) == (None, False)


def test_offset_tiles_are_refused_in_both_languages_before_anything_is_written(workspace, tmp_path):
    address = "https://webrd01.is.autonavi.com/appmaptile?x={x}&y={y}&z={z}"
    done = run("map", workspace, "--out", tmp_path / "map.html", "--basemap", address)
    assert done.exit_code == 3
    assert "底图坐标有偏移，未采用" in done.stderr
    assert "33 to 700 m" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_public_edition_generalises_what_is_restricted(workspace, tmp_path):
    out = tmp_path / "map.html"
    done = run("map", workspace, "--out", out, *DAY, "--public", "--precision-m", "红线图层=200", "--allow-locate")
    assert done.exit_code == 0, done.stderr
    made = document(out)
    found = {layer["name"]: layer["judge"]["precision"] for layer in made["layers"]}
    assert (found["红线图层"], found["水源"]) == ("generalised", "generalised")
    assert (made["edition"], made["allow"]) == ("public", {"locate": True, "upload": False, "annotate": False})
    assert "只交给可以看的人" not in done.stdout


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (("--layer", "没有"), 3, "which is no layer of the workspace"),
        (("--precision-m", "红线图层=50"), 3, "--public"),
        (("--precision-m", "红线图层"), 2, "LAYER=METRES"),
        (("--precision-m", "=5"), 2, "LAYER=METRES"),
        (("--public", "--review-number", "蒙S(2026)1号"), 3, "base map"),
        (("--tianditu-key", KEY), 2, "--basemap tianditu"),
        (("--write-key",), 2, "--basemap tianditu"),
        (("--basemap", "osm"), 3, "is no address of tiles"),
        (("--style", "没有.toml"), 3, "没有.toml"),
    ],
)
def test_what_does_not_go_together_is_refused(workspace, tmp_path, options, status, said):
    done = run("map", workspace, "--out", tmp_path / "map.html", *options)
    assert done.exit_code == status, done.stdout + done.stderr
    assert said in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["map.pdf", "map", "."])
def test_a_page_ends_in_html(workspace, tmp_path, name):
    done = run("map", workspace, "--out", tmp_path / name)
    assert done.exit_code == 2
    assert ".html" in done.stderr


def test_a_folder_that_is_not_there_is_named(workspace, tmp_path):
    done = run("map", workspace, "--out", tmp_path / "没有" / "map.html", *DAY)
    assert done.exit_code == 3
    assert "没有" in done.stderr
