"""``sanxian export`` on the command line: layers, a certificate, a JSON; and what it refuses."""

from __future__ import annotations

import json
import zipfile

import pyogrio
import pytest
import shapely

from tests.apps.cli import RED, geojson, run, small_workspace
from tests.building import add

SITE = shapely.box(117.46, 49.58, 117.48, 49.59)  # half in the red line, wholly in the priority unit


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """A workspace, a site, and what a check of it left."""
    folder = tmp_path_factory.mktemp("checked")
    workspace = small_workspace(folder / "ws")
    site = geojson(folder / "地块.geojson", SITE, 名称="某项目")
    words = ["check", site, "--workspace", workspace, "--json", folder / "r.json", "--as-of", "2026-11-22"]
    assert run(*words, "--certificate", folder / "c.json").exit_code == 0
    return folder


def sheets_of(path):
    return {name: pyogrio.read_dataframe(path, layer=name) for name, kind in pyogrio.list_layers(path) if kind}


def opened(path, folder):
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    return next(p for p in folder.iterdir() if p.suffix == ".gpkg")


def exported(result, checked, folder, *words):
    """What the program says of a result that is written down as it stands here."""
    file = folder / "r.json"
    file.write_text(json.dumps(result), encoding="utf-8")
    return run("export", file, "--workspace", checked / "ws", *words, "--out", folder / "out", "--to", "gpkg")


def test_layers_are_handed_over_and_what_is_for_internal_use_is_said_on_the_terminal(checked, tmp_path):
    done = run("export", checked / "ws", "--out", tmp_path / "out", "--to", "shp", "--to", "fgb", "--layer", "红线图层")
    assert done.exit_code == 0, done.output
    assert done.output.startswith("内部使用：")
    assert sorted(p.name.rsplit("_", 1)[1] for p in (tmp_path / "out").iterdir()) == ["fgb.zip", "shp.zip"]
    assert done.output.encode("gbk")


def test_a_layer_alone_that_may_be_shown_is_not_called_internal(checked, tmp_path):
    done = run("export", checked / "ws", "--out", tmp_path, "--to", "gpkg", "--layer", "断面", "--lang", "en")
    assert "internal" not in done.output
    (path,) = tmp_path.iterdir()
    assert "内部使用" not in path.name


@pytest.mark.parametrize("kind", ["certificate", "json", "json with the site's file"])
def test_a_result_is_handed_over_with_its_site_overlaps_and_findings(checked, tmp_path, kind):
    named = {
        "certificate": [checked / "c.json"],
        "json": [checked / "r.json"],
        "json with the site's file": [checked / "r.json", "--site", checked / "地块.geojson"],
    }[kind]
    done = run("export", *named, "--workspace", checked / "ws", "--out", tmp_path / "out", "--to", "gpkg")
    assert done.exit_code == 0, done.output
    (path,) = (tmp_path / "out").iterdir()
    with zipfile.ZipFile(path) as archive:
        readme = archive.read("说明_README.txt").decode("utf-8-sig")
    assert "结论：命中" in readme
    assert "命中：" in readme
    sheets = sheets_of(opened(path, tmp_path / "un"))
    assert set(sheets["项目选址"]["ANSWER"]) == {"hit"}
    red = sheets["重叠_生态保护红线"]
    assert red.geometry.iloc[0].equals(shapely.MultiPolygon([SITE.intersection(RED)]))
    result = json.loads((checked / "r.json").read_text("utf-8"))
    (finding,) = [f for f in result["findings"] if f["kind"] == "red_lines"]
    assert red["CDMJ_M2"].iloc[0] == finding["features"][0]["overlap_m2"]
    unit = sheets["重叠_环境管控单元"].iloc[0]
    assert (unit["HJGKDYBM"], unit["GKDYFLDM"], unit["ZBX"]) == ("ZH15078110001", "1", "EPSG:4490")
    assert (unit["XMMC"], str(unit["CHECKTIME"])[:10]) == (result["site"]["name"], "2026-11-22")


def test_a_result_that_was_edited_is_refused(checked, tmp_path):
    result = json.loads((checked / "r.json").read_text("utf-8"))
    result["answer"] = "clear"
    done = exported(result, checked, tmp_path, "--site", checked / "地块.geojson")
    assert done.exit_code == 3
    assert "answer was 'clear'" in done.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("key", "value"), [("answer", "clear"), ("overlap_m2", 0.0), ("version", "v0009-00000000")])
def test_a_finding_that_was_edited_is_refused(checked, tmp_path, key, value):
    result = json.loads((checked / "r.json").read_text("utf-8"))
    next(f for f in result["findings"] if f["kind"] == "red_lines")[key] = value
    done = exported(result, checked, tmp_path, "--site", checked / "地块.geojson")
    assert done.exit_code == 3
    assert f"findings[红线图层].{key} was" in done.output


def test_a_site_within_a_result_that_was_edited_is_refused(checked, tmp_path):
    result = json.loads((checked / "r.json").read_text("utf-8"))
    (part,) = result["inquiry"]["site"]["parts"]
    for ring, said in [
        ([[117.46, 49.58], [117.481, 49.58], [117.481, 49.59], [117.46, 49.59], [117.46, 49.58]], "site.area_m2 was"),
        ("none", "its inquiry cannot be read"),
    ]:
        part["geometry"]["coordinates"] = [ring]
        done = exported(result, checked, tmp_path)
        assert (done.exit_code, said in done.output) == (3, True), done.output
    for wrong in (3, [], {"site": "x"}, {"site": {"parts": [{"geometry": {}}]}}):
        done = exported({**result, "inquiry": wrong}, checked, tmp_path)
        assert (done.exit_code, "its inquiry cannot be read" in done.output) == (3, True), done.output
    assert not (tmp_path / "out").exists()


def test_a_result_without_its_inquiry_asks_for_the_site(checked, tmp_path):
    """As earlier versions wrote it, and `Verdict.to_json` does."""
    result = json.loads((checked / "r.json").read_text("utf-8"))
    del result["inquiry"]
    done = exported(result, checked, tmp_path)
    assert (done.exit_code, "name it with --site" in done.output) == (3, True)
    assert exported(result, checked, tmp_path, "--site", checked / "地块.geojson").exit_code == 0


def test_another_site_is_not_that_of_the_result(checked, tmp_path):
    other = geojson(tmp_path / "o.geojson", shapely.box(117.46, 49.58, 117.481, 49.59))
    words = ["--workspace", checked / "ws", "--site", other, "--out", tmp_path / "out", "--to", "gpkg"]
    done = run("export", checked / "r.json", *words)
    assert done.exit_code == 3
    assert "site.area_m2 was" in done.output


def test_layers_that_came_later_do_not_change_what_a_result_says(checked, tmp_path):
    import shutil

    from layers.workspace import FolderStore

    shutil.copytree(checked / "ws", tmp_path / "ws")
    store = FolderStore.open(tmp_path / "ws")
    add(
        store,
        "red_lines",
        [shapely.box(118, 49, 118.1, 49.1)],
        [{}],
        name="红线图层",
        replace=True,
        data_date="2025-01-01",
    )
    words = ["--workspace", tmp_path / "ws", "--out", tmp_path / "out", "--to", "gpkg"]
    for named in ([checked / "c.json"], [checked / "r.json", "--site", checked / "地块.geojson"]):
        done = run("export", *named, *words)
        assert done.exit_code == 0, done.output


def test_a_certificate_that_is_damaged_is_refused(checked, tmp_path):
    text = (checked / "c.json").read_text("utf-8")
    (tmp_path / "c.json").write_text(text.replace('"answer":"hit"', '"answer":"clear"', 1), encoding="utf-8")
    done = run("export", tmp_path / "c.json", "--workspace", checked / "ws", "--out", tmp_path / "out", "--to", "gpkg")
    assert done.exit_code == 3
    assert "certificate is damaged" in done.output


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff\xfe", b'{"answer": "hit"}', b"[" * 100_000])
def test_what_is_no_result_is_named(checked, tmp_path, content):
    (tmp_path / "x.json").write_bytes(content)
    done = run("export", tmp_path / "x.json", "--workspace", checked / "ws", "--out", tmp_path / "out", "--to", "gpkg")
    assert done.exit_code == 3
    assert "x.json" in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["{r}", "--out", "o", "--to", "gpkg"], "--workspace"),
        (["{c}", "-w", "{ws}", "--site", "117,49", "--out", "o", "--to", "gpkg"], "--site"),
        (["{r}", "-w", "{ws}", "--layer", "断面", "--out", "o", "--to", "gpkg"], "--layer"),
        (["{ws}", "--site", "117,49", "--out", "o", "--to", "gpkg"], "--site"),
        (["{ws}", "--out", "o"], "--to"),
        (["{ws}", "--out", "o", "--to", "dwg"], "dwg"),
        (["{ws}", "--out", "o", "--to", "shp", "--crs", "4326"], "4326"),
    ],
)
def test_what_does_not_go_together_is_said(checked, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    done = run(
        "export", *(word.format(r=checked / "r.json", c=checked / "c.json", ws=checked / "ws") for word in words)
    )
    assert done.exit_code in {2, 3}
    assert said in done.output
    assert list(tmp_path.iterdir()) == []


def test_the_folder_may_not_be_a_file(checked, tmp_path):
    (tmp_path / "o").write_text("x", encoding="utf-8")
    done = run("export", checked / "ws", "--out", tmp_path / "o", "--to", "kml")
    assert done.exit_code == 3
    assert (tmp_path / "o").read_text("utf-8") == "x"
