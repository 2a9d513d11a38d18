"""``sanxian init``, ``import``, ``layers``, ``prune`` and ``inspect``."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta

import pytest
import shapely

from layers.workspace import FolderStore
from screening.screen import today
from tests.apps.cli import RED, geojson, run
from tests.building import add, workspace_at

FAR = shapely.box(117.7, 49.4, 117.71, 49.41)


@pytest.fixture
def workspace(tmp_path):
    return workspace_at(tmp_path / "工作 区", "red_lines").root


@pytest.fixture
def red(tmp_path):
    return geojson(tmp_path / "红线2024.geojson", RED, 红线编码="HX-1")


def card_of(workspace, layer):
    store = FolderStore.open(workspace)
    return store.open_version([e for e in store.entries if e.layer == layer][-1]).card


@pytest.mark.parametrize(
    "asked",
    [
        ["--require", "red_lines", "--require", "control_units"],
        ["--require", "red_lines,control_units"],
        ["--require", "red_lines", "control_units"],
        ["--require", "生态保护红线", "环境管控单元"],
    ],
)
def test_init_takes_several_kinds(tmp_path, asked):
    done = run("init", tmp_path / "ws", *asked)
    assert done.exit_code == 0
    assert FolderStore.open(tmp_path / "ws").required_kinds == ("red_lines", "control_units")


def test_init_without_kinds_asks_for_the_four(tmp_path):
    done = run("init", tmp_path / "ws", "--region", "150781", "--lang", "en")
    store = FolderStore.open(tmp_path / "ws")
    assert store.required_kinds == ("red_lines", "protected_areas", "water_sources", "control_units")
    assert store.region == "150781"
    assert "drinking-water source protection zones" in done.stdout


def test_init_refuses_what_it_does_not_know(tmp_path):
    assert run("init", tmp_path / "a", "--require", "roads").exit_code == 2
    assert run("init", tmp_path / "a", "red_lines").exit_code == 2
    assert run("init", tmp_path / "a", "--region", "999999").exit_code == 3
    assert not (tmp_path / "a").exists()
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "mine.txt").write_text("x")
    done = run("init", tmp_path / "b")
    assert done.exit_code == 3
    assert "该文件夹不是空的" in done.stderr


def test_a_layer_is_named_after_its_file_and_kept_with_its_bytes(workspace, red):
    done = run("import", workspace, red, "--layer", "red_lines", "--data-date", "2024-01-01", "--source", "某局")
    assert done.exit_code == 0
    for text in ("红线2024", "某局", "2024-01-01", "内部使用", "25.02"):
        assert text in done.stdout, text
    (entry,) = FolderStore.open(workspace).entries
    assert (workspace / "sources" / str(entry.source)).read_bytes() == red.read_bytes()


def test_no_copy_keeps_no_copy(workspace, red):
    run("import", workspace, red, "--layer", "red_lines", "--no-copy")
    assert list((workspace / "sources").iterdir()) == []


def test_of_a_shapefile_all_of_it_is_kept(workspace, tmp_path):
    from spatial.writing import Field, Table, write_shapefile

    name = Field(name="HXBM", long_name_zh="编码", long_name_en="code")
    table = Table(name="t", fields=(name,), rows=(("HX-1",),), geometries=(RED,), crs=4490)
    write_shapefile(tmp_path / "红线.shp", table)
    assert run("import", workspace, tmp_path / "红线.shp", "--layer", "red_lines").exit_code == 0
    (kept,) = (workspace / "sources").iterdir()
    again = tmp_path / "again.zip"
    shutil.copy(kept, again)
    done = run("inspect", again)
    assert "1 个面" in done.stdout
    assert "HX-1" in done.stdout


def test_open_and_restricted_are_said(workspace, red):
    run("import", workspace, red, "--layer", "red_lines", "--name", "a", "--open", "--synthetic")
    assert card_of(workspace, "a")["restricted"] is False
    assert card_of(workspace, "a")["synthetic"] is True
    run("import", workspace, red, "--layer", "control_units", "--name", "b", "--restricted")
    assert card_of(workspace, "b")["restricted"] is True


@pytest.mark.parametrize(
    ("stated", "metres"),
    [
        (["--accuracy-m", "5"], 5.099),  # root of 5 squared and the 1 m of WGS 84
        (["--scale", "10000"], 5.099),  # half a millimetre on the map is 5 m
        (["--boundary", "surveyed"], 1.414),
    ],
)
def test_accuracy_is_stated_one_way_or_another(workspace, red, stated, metres):
    assert run("import", workspace, red, "--layer", "red_lines", "--name", "a", *stated).exit_code == 0
    assert card_of(workspace, "a")["accuracy_m"] == pytest.approx(metres, abs=0.001)
    done = run(
        "import", workspace, red, "--layer", "red_lines", "--name", "b", *stated, "--accuracy-m", "7", "--scale", "5"
    )
    assert done.exit_code == 3
    assert "导入选项互相矛盾" in done.stderr


def test_coverage_is_codes_a_file_or_the_layer(workspace, red, tmp_path):
    area = geojson(tmp_path / "范围.geojson", shapely.box(117.2, 49.3, 117.9, 49.8))
    run("import", workspace, red, "--layer", "red_lines", "--name", "codes", "--coverage", "150781,150703")
    assert card_of(workspace, "codes")["coverage_label"] == "150703,150781"
    run("import", workspace, red, "--layer", "red_lines", "--name", "file", "--coverage", area)
    assert card_of(workspace, "file")["coverage_label"] == "范围.geojson"
    run("import", workspace, red, "--layer", "control_units", "--name", "layer", "--coverage", "layer")
    assert card_of(workspace, "layer")["coverage_kind"] == "layer"
    assert run("import", workspace, red, "--layer", "red_lines", "--name", "x", "--coverage", "layer").exit_code == 3
    assert run("import", workspace, red, "--layer", "red_lines", "--name", "x", "--coverage", "150799").exit_code == 3
    assert (
        run("import", workspace, red, "--layer", "red_lines", "--name", "x", "--coverage", "nofile.shp").exit_code == 3
    )


def test_declared_none_needs_no_file_but_a_name(workspace):
    declared = [
        "--layer",
        "water_sources",
        "--declared-none",
        "--source",
        "某局",
        "--coverage",
        "150781",
        "--data-date",
        "2024-01-01",
    ]
    assert run("import", workspace, *declared).exit_code == 2
    assert run("import", workspace, *declared, "--name", "水源").exit_code == 0
    assert card_of(workspace, "水源")["declared_none"] is True
    assert run("import", workspace, "--layer", "water_sources", "--name", "y").exit_code == 2


def test_other_needs_role_and_meaning(workspace, red):
    assert run("import", workspace, red, "--layer", "other", "--name", "a").exit_code == 3
    done = run("import", workspace, red, "--layer", "other", "--name", "a", "--role", "context", "--meaning", "文物")
    assert done.exit_code == 0
    assert "文物" in done.stdout


def test_expectations_are_checked(workspace, red):
    asked = ["import", workspace, red, "--layer", "red_lines"]
    assert run(*asked, "--expect-features", "2").exit_code == 3
    assert run(*asked, "--expect-area-km2", "99").exit_code == 3
    # 0.03 by 0.03 degrees at 49.585 N: 2.169 km by 3.337 km
    assert run(*asked, "--expect-features", "1", "--expect-area-km2", "7.24").exit_code == 0


def test_rejected_features_are_named_and_accepted_only_with_a_reason(workspace, tmp_path):
    bow = shapely.Polygon([(117.5, 49.5), (117.6, 49.6), (117.6, 49.5), (117.5, 49.6)])
    path = geojson(tmp_path / "a.geojson", RED, bow, bow)
    done = run("import", workspace, path, "--layer", "red_lines", "--name", "a")
    assert "拒收 2 个" in done.stdout
    assert "拒收 3：修复会使面积改变 1% 以上" in done.stdout
    assert (
        run("import", workspace, path, "--layer", "red_lines", "--name", "b", "--accept-rejected", "2").exit_code == 3
    )
    for number, ids in enumerate((["2,3"], ["2", "--accept-rejected", "3"], ["2", "3"])):
        name = f"c{number}"
        done = run(
            "import",
            workspace,
            path,
            "--layer",
            "red_lines",
            "--name",
            name,
            "--accept-rejected",
            *ids,
            "--why",
            "重复",
        )
        assert done.exit_code == 0
        assert [r["accepted"] for r in card_of(workspace, name)["rejected"]] == ["重复", "重复"]
    assert "重复" in done.stdout


def test_a_name_in_use_is_refused(workspace, red):
    run("import", workspace, red, "--layer", "red_lines")
    done = run("import", workspace, red, "--layer", "red_lines")
    assert done.exit_code == 3
    assert "--replace" in done.stderr


def test_replace_prints_before_after_and_who_answers_today(workspace, red, tmp_path):
    two = geojson(tmp_path / "two.geojson", RED, FAR)
    named = ["--layer", "red_lines", "--name", "红线"]
    run("import", workspace, red, *named, "--data-date", "2024-01-01", "--coverage", "150781,150703")
    done = run("import", workspace, two, *named, "--replace", "--data-date", "2025-01-01", "--coverage", "150781")
    compared = done.stdout.partition("[")[0]  # before the card of the new version
    lines = {line.split()[0]: line.split() for line in compared.splitlines() if line.strip()}
    old, new = (e.version for e in FolderStore.open(workspace).entries)
    assert lines["版本"] == ["版本", old, new]
    assert lines["要素数"] == ["要素数", "1", "2"]
    assert lines["面积"][1] != lines["面积"][3]
    assert [text.split("（")[0] for text in lines["覆盖范围"] if "（" in text] == ["150703,150781", "150781"]
    assert f"今天作答的版本：{new}（刚导入的版本）" in done.stdout


def test_a_version_that_begins_later_does_not_answer_today(workspace, red):
    named = ["--layer", "red_lines", "--name", "红线"]
    run("import", workspace, red, *named, "--data-date", "2024-01-01")
    later = (date.fromisoformat(today()) + timedelta(days=400)).isoformat()
    done = run("import", workspace, red, *named, "--replace", "--data-date", "2025-01-01", "--valid-from", later)
    old = FolderStore.open(workspace).entries[0].version
    assert f"今天作答的版本：{old}（不是刚导入的版本：后者自 {later} 起作答）" in done.stdout


def test_an_earlier_version_needs_historical(workspace, red):
    named = ["--layer", "red_lines", "--name", "红线"]
    run("import", workspace, red, *named, "--data-date", "2024-01-01")
    assert run("import", workspace, red, *named, "--replace", "--data-date", "2020-01-01").exit_code == 3
    done = run(
        "import", workspace, red, *named, "--replace", "--historical", "--data-date", "2020-01-01", "--lang", "en"
    )
    assert done.exit_code == 0
    assert "begins earlier" in done.stdout


def test_wrong_dates_are_usage(workspace, red):
    for given in (
        ["--data-date", "2024"],
        ["--valid-until", "31.12.2024"],
        ["--data-date", "2024-01-01", "--valid-until", "2023-01-01"],
    ):
        assert run("import", workspace, red, "--layer", "red_lines", *given).exit_code == 2


def test_layers_prints_every_card(workspace, red):
    assert "工作区内还没有图层" in run("layers", workspace).stdout
    run("import", workspace, red, "--layer", "red_lines", "--name", "甲", "--synthetic", "--accuracy-m", "5")
    run("import", workspace, red, "--layer", "red_lines", "--name", "乙", "--open")
    for language, marks in (("zh", "合成示例，不代表真实管控边界"), ("en", "Synthetic example")):
        out = run("layers", workspace, "--lang", language, charset="gbk").stdout_bytes.decode("gbk")
        assert out.count("[ 甲 ]") == 1
        assert out.count("[ 乙 ]") == 1
        assert out.count(marks) == 1


def test_layers_names_what_is_damaged(workspace, red):
    run("import", workspace, red, "--layer", "red_lines", "--name", "甲")
    (folder,) = (workspace / "layers" / "甲").iterdir()
    (folder / "checksums.json").unlink()
    done = run("layers", workspace)
    assert done.exit_code == 0
    assert "文件丢失" in done.stdout
    (workspace / "workspace.json").unlink()
    assert "工作区清单无法读取" in run("layers", workspace).stdout


def test_prune_drops_only_what_nothing_uses(tmp_path):
    store = workspace_at(tmp_path / "ws", "red_lines")
    for day in ("2020-01-01", "2021-01-01", "2022-01-01", "2999-01-01"):
        add(store, "red_lines", [RED], name="红线", data_date=day, replace=True)
    versions = [e.version for e in FolderStore.open(store.root).entries]
    (store.root / "verdicts" / "a.json").write_text(
        json.dumps({"layers": [{"version": versions[0]}]}), encoding="utf-8"
    )
    assert f"可删除：红线 {versions[1]}" in run("prune", store.root, "--dry-run").stdout
    assert [e.version for e in FolderStore.open(store.root).entries] == versions
    done = run("prune", store.root)
    assert f"已删除：红线 {versions[1]}" in done.stdout
    # the first is named by a record, the third answers today, the fourth will
    assert [e.version for e in FolderStore.open(store.root).entries] == [versions[0], versions[2], versions[3]]
    assert "没有可删除的版本" in run("prune", store.root).stdout


def test_prune_touches_nothing_where_the_list_is_damaged(workspace, red):
    run("import", workspace, red, "--layer", "red_lines")
    (workspace / "workspace.json").write_bytes(b"{")
    done = run("prune", workspace)
    assert done.exit_code == 3
    assert "工作区清单损坏" in done.stderr
    assert any((workspace / "layers").rglob("features.gpkg"))


def test_inspect_says_what_a_file_holds(red):
    done = run("inspect", red)
    assert done.exit_code == 0
    for text in ("geojson", "EPSG:4326", "1 个面", "红线编码", "HX-1", "5.10"):
        assert text in done.stdout, text


def test_inspect_of_coordinates_whose_crs_is_not_known_is_no_error(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("点号,X,Y\nJ1,5490000,500100\nJ2,5490000,500200\nJ3,5490100,500200\n", encoding="utf-8")
    done = run("inspect", path)
    assert done.exit_code == 0
    assert "--crs" in done.stdout
