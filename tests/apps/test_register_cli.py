"""``sanxian register``: sites kept, listed, and told of a change in both languages."""

from __future__ import annotations

import json

import pytest
import shapely

from layers.workspace import FolderStore
from layers.workspace.changes import VERDICTS
from tests.apps.cli import CITY, geojson, run, small_workspace
from tests.building import add

INSIDE, BESIDE = shapely.box(117.45, 49.58, 117.452, 49.582), shapely.box(117.7, 49.4, 117.702, 49.402)


@pytest.fixture
def workspace(tmp_path):
    root = small_workspace(tmp_path / "工作区")
    file = geojson(tmp_path / "选址.geojson", INSIDE, BESIDE)
    added = run("register", "add", root, file, "--each", "--as-of", "2026-11-22")
    assert added.exit_code == 0, added.output
    assert "已登记 2 个选址" in added.output
    return root


def test_each_feature_of_a_file_is_a_site_of_its_own(workspace):
    listed = json.loads(run("register", "list", workspace, "--json", "-").stdout)
    assert [(s["site"], s["answer"]) for s in listed["sites"]] == [(1, "hit"), (2, "clear")]
    assert "红线图层" in listed["sites"][0]["versions"]
    whole = json.loads(run("register", "list", workspace, "--site", "1", "--json", "-").stdout)
    assert whole["verdict"]["answer"] == "hit"
    assert whole["inquiry"]["as_of"] == "2026-11-22"


def test_a_file_is_one_site_unless_each_is_asked_for(workspace, tmp_path):
    file = geojson(tmp_path / "两块.geojson", INSIDE, BESIDE)
    assert "1 sites registered" in run("register", "add", workspace, file, "--lang", "en").output
    assert len(json.loads(run("register", "list", workspace, "--json", "-").stdout)["sites"]) == 3


@pytest.mark.parametrize(("language", "said"), [("zh", "删去了红线图层的“草原红线"), ("en", "of 红线图层 was removed")])
def test_a_removed_red_line_is_told_to_the_site_it_concerned(workspace, tmp_path, language, said):
    away = [{"红线名称": "别处", "红线编码": "HX-9"}]
    shapes = [shapely.box(117.25, 49.75, 117.26, 49.76)]
    add(FolderStore.open(workspace), "red_lines", shapes, away, name="红线图层", coverage=CITY, source="自然资源局",
        replace=True, data_date="2025-01-01")  # fmt: skip
    report = tmp_path / "通知.json"
    done = run("register", "rescreen", workspace, "--as-of", "2026-11-22", "--json", report, "--lang", language)
    assert done.exit_code == 0, done.output
    assert said in done.output.replace("\n", "")
    document = json.loads(report.read_text(encoding="utf-8"))
    notice = next(n for n in document["notices"] if n["site"] == 1)
    assert (notice["before"]["kinds"]["red_lines"], notice["after"]["kinds"]["red_lines"]) == ("hit", "clear")
    assert {"feature_removed", "feature_added"} >= {c["code"] for c in notice["because"]}
    assert all(c["zh"] and c["en"] for c in notice["because"])
    kept = json.loads(run("register", "list", workspace, "--notices", "--json", "-").stdout)
    assert len(kept["notices"]) == len(document["notices"])


def test_nothing_changed_says_so(workspace):
    assert "没有一个选址" in run("register", "rescreen", workspace, "--as-of", "2026-11-22").output


def test_a_register_that_is_missing_or_damaged_is_an_error_in_one_line(workspace, tmp_path):
    none = run("register", "list", small_workspace(tmp_path / "另一个"))
    assert (none.exit_code, "没有登记库" in none.output) == (3, True)
    (workspace / VERDICTS / "register.sqlite").write_bytes(b"SQLite format 3\0")
    for command in (["list", workspace], ["rescreen", workspace], ["add", workspace, "117.45,49.58"]):
        found = run("register", *command)
        assert (found.exit_code, "登记库已损坏" in found.output) == (3, True), found.output
