"""``sanxian check``: the table, the JSON, files, exit statuses, and what happens when something is broken."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
import shapely
from jsonschema import Draft202012Validator

from layers.model import KINDS
from screening.reasons import ANSWERS, REASONS
from screening.schema import schema
from tests.apps.cli import geojson, require_valid, run, small_workspace

ROOT = Path(__file__).resolve().parents[2]
PARCEL = shapely.box(117.465, 49.59, 117.51, 49.61)
"""Half in the red line and in the priority unit, a corner in the general unit."""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return small_workspace(tmp_path_factory.mktemp("核查 工作区") / "ws")


@pytest.fixture(scope="module")
def parcel(tmp_path_factory):
    return geojson(tmp_path_factory.mktemp("选址") / "某 风电场.geojson", PARCEL, 名称="风电场㎡")


@pytest.fixture(scope="module")
def result(workspace, parcel):
    return json.loads(run("check", parcel, "--workspace", workspace, "--json", "-", "--as-of", "2026-11-22").stdout)


def changed(workspace, tmp_path):
    """A copy to spoil."""
    copy = tmp_path / "ws"
    shutil.copytree(workspace, copy)
    return copy


def test_the_table_says_the_answers_and_their_grounds(workspace, parcel):
    out = run("check", parcel, "--workspace", workspace, "--as-of", "2026-11-22").stdout
    for text in (
        "2026-11-22",
        "是否落入优先保护单元      是",
        "是否落入生态保护红线      是",
        "是否落入自然保护地        否",
        "是否落入饮用水水源保护区  否",
        "有重叠，且大于综合精度",
        "ZH15078110001",
        "HX-1",
        "所在环境管控单元",
        "东部一般单元",
        "未纳入本次核查",
        "风景名胜区",
        "自然资源局",
        "2024-01-01",
        "不在优先保护单元不等于符合准入要求",
        "合成示例，不代表真实管控边界",
        "GeoJSON 标准规定",
        "某小学",
    ):
        assert text in out, text


def test_overlap_stands_in_three_units_and_as_a_share(workspace, parcel, result):
    feature = next(f for f in result["findings"] if f["kind"] == "red_lines")["features"][0]
    square_metres = feature["overlap_m2"]
    # 0.005 degrees of longitude by 0.01 of latitude at 49.595 N: some 361 m by 1112 m
    assert square_metres == pytest.approx(361 * 1112, rel=0.01)
    line = next(row for row in run("check", parcel, "--workspace", workspace).stdout.splitlines() if "HX-1" in row)
    assert f"{square_metres:,.2f}" in line
    assert f"{square_metres / 10_000:,.4f}" in line
    assert f"{square_metres * 15 / 10_000:,.2f}" in line
    # the parcel is 0.045 by 0.02 degrees: 0.00005 / 0.0009 of it lies in the red line
    assert "5.56%" in line


def test_a_route_is_measured_in_metres(workspace, tmp_path):
    route = geojson(tmp_path / "线路.geojson", shapely.LineString([(117.43, 49.585), (117.48, 49.585)]))
    out = run("check", route, "--workspace", workspace).stdout
    line = next(row for row in out.splitlines() if "HX-1" in row)
    assert "穿越" in line
    assert "60.00%" in line  # 0.03 of 0.05 degrees
    assert "长度(米)" in out
    assert "公顷" not in out


def test_what_is_not_met_stands_with_distance_and_bearing(workspace, parcel):
    out = run("check", parcel, "--workspace", workspace, "--lang", "en").stdout
    assert "湿地公园" in out
    # 0.09 degrees of longitude east of the parcel: some 6.5 km
    assert "east (bearing 90 degrees)" in out
    assert "6,50" in out


def test_a_point_answers_for_the_point_and_with_an_area_for_a_circle(workspace):
    # 117.4720 is 0.0020 degrees, some 145 m, east of the red line
    alone = json.loads(run("check", "117.472000,49.585000", "-w", workspace, "--json", "-").stdout)
    assert alone["kinds"]["red_lines"] == "clear"
    assert alone["site"]["name"] == "117.472000,49.585000"
    wide = json.loads(run("check", "117.472000,49.585000", "-w", workspace, "--json", "-", "--area", "15亩").stdout)
    assert wide["site"]["radius_m"] == 206.0  # 2.06 times the root of 10,000 square metres
    assert wide["kinds"]["red_lines"] == "uncertain"
    assert "仅就该点" in run("check", "117.472000,49.585000", "-w", workspace).stdout


def test_a_site_that_begins_with_a_dash_goes_after_two(workspace):
    refused = run("check", "--workspace", workspace, "--", "-117.45,49.58")
    assert refused.exit_code == 3
    assert run("check", "-117.45,49.58", "--workspace", workspace).exit_code == 2


def test_only_json_is_on_standard_output(workspace, parcel):
    done = run("check", parcel, "--workspace", workspace, "--json", "-")
    require_valid(json.loads(done.stdout))
    assert "总体结论" in done.stderr
    assert done.exit_code == 0


def test_json_in_a_gbk_stream_is_the_same_json(workspace, parcel, result):
    done = run("check", parcel, "--workspace", workspace, "--json", "-", "--as-of", "2026-11-22", charset="gbk")
    assert done.stdout_bytes.isascii()
    assert json.loads(done.stdout_bytes) == result


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_table_fits_a_gbk_console(workspace, parcel, language):
    done = run("check", parcel, "--workspace", workspace, "--lang", language, charset="gbk")
    text = done.stdout_bytes.decode("gbk")
    assert done.exit_code == 0
    assert "\\u20ac" in text  # the euro sign, which GBK lacks
    assert "\x1b" not in text
    assert "[bold]" in text
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in max(text.splitlines(), key=len))
    assert wide + max(map(len, text.splitlines())) <= 2 * 120


def test_a_redirected_table_is_120_columns_wide_without_colour_or_trailing_blanks(workspace, parcel):
    lines = run("check", parcel, "--workspace", workspace, "--lang", "en").stdout.splitlines()
    widths = [sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line) for line in lines]
    assert max(widths) == 120
    assert all(line == line.rstrip() for line in lines)


def test_the_program_runs_under_gbk_and_imports_nothing_heavy(workspace, tmp_path):
    """In a process of its own, as a user would: typed, GeoJSON and CSV sites need none of the big libraries."""
    site = geojson(tmp_path / "a.geojson", PARCEL)
    table = tmp_path / "b.csv"
    table.write_text("点号,经度,纬度\nJ1,117.46,49.58\nJ2,117.47,49.58\nJ3,117.47,49.59\n", encoding="gbk")
    code = (
        "import sys\n"
        "from apps.cli.main import main\n"
        "for site in sys.argv[2:]:\n"
        "    main(['check', site, '--workspace', sys.argv[1]], standalone_mode=False)\n"
        "heavy = {'geopandas', 'pyogrio', 'pandas', 'folium', 'matplotlib', 'pyarrow', 'branca'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)), sys.stdout.encoding)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, workspace, "117.455,49.585", site, table],
        capture_output=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "gbk:backslashreplace", "PYTHONPATH": str(ROOT)},
    )
    out = done.stdout.decode("gbk")
    assert out.count("总体结论") == 3
    assert out.splitlines()[-1] == "HEAVY [] gbk"


def test_a_typed_site_loads_neither_parsers_nor_writers(workspace):
    code = (
        "import sys\n"
        "from apps.cli.main import main\n"
        "main(['check', '117.455,49.585', '--workspace', sys.argv[1]], standalone_mode=False)\n"
        "print('LOADED', *sorted(m for m in sys.modules if m.split('.')[0] in sys.argv[2]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, workspace, "spatial screening layers maps apps"],
        capture_output=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(ROOT)},
    )
    loaded = set(done.stdout.decode("utf-8").rpartition("LOADED ")[2].split())
    assert {"spatial.reading.typed", "screening.dossier", "spatial.forensics.hypotheses"} <= loaded
    assert not loaded & {
        "apps.cli.hypotheses",
        "layers.importing",
        "screening.hypotheses",
        "spatial.datum_shift",
        "spatial.outlines",
        "spatial.overlay.cells",
        "spatial.overlay.pieces",
        "spatial.reading.boundary",
        "spatial.reading.sources",
        "spatial.reading.tables",
        "spatial.writing",
    }


def test_a_drawn_site_loads_no_workbooks_and_no_threads(workspace, parcel):
    code = (
        "import sys\n"
        "from apps.cli.main import main\n"
        "main(['check', sys.argv[2], '--workspace', sys.argv[1]], standalone_mode=False)\n"
        "print('LOADED', *sorted(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, workspace, parcel],
        capture_output=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(ROOT)},
    )
    loaded = set(done.stdout.decode("utf-8").rpartition("LOADED ")[2].split())
    assert {"spatial.reading.geojson", "screening.dossier"} <= loaded
    assert not loaded & {
        "concurrent.futures",
        "numpy.ma",
        "spatial.overlay.cells",
        "spatial.reading.spreadsheet",
        "spatial.reading.tables",
    }


def test_memory_is_swept_rarely_and_not_at_the_end_of_a_check(workspace):
    """What is registered first runs last, when everything is frozen already."""
    code = (
        "import atexit, gc, sys\n"
        "atexit.register(lambda: print('FROZEN', gc.get_freeze_count(), gc.get_threshold()[0]))\n"
        "from apps.cli.main import main\n"
        "main(['check', '117.455,49.585', '--workspace', sys.argv[1]])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, workspace],
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0
    frozen, sweeps_after = map(int, done.stdout.decode("utf-8").rpartition("FROZEN ")[2].split())
    assert frozen > 10_000
    assert sweeps_after == 50_000  # of 700 at first: a check would be swept some hundred times


def test_every_stream_error_is_survived_when_nobody_asks_for_it():
    """PYTHONIOENCODING=gbk alone is strict; the program makes it escape."""
    done = subprocess.run(
        [sys.executable, "-m", "apps.cli.main", "check", "€.shp", "--workspace", "."],
        capture_output=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "gbk"},
    )
    assert done.returncode == 3
    line = done.stderr.decode("gbk").splitlines()
    assert len(line) == 1
    assert line[0].startswith("错误：")


def test_files_are_written_whole_under_the_names_given(workspace, parcel, tmp_path):
    done = run(
        "check", parcel, "--workspace", workspace, "--json", tmp_path / "结论.json", "--map", tmp_path / "图.html",
        "--export", tmp_path / "成果.geojson",
    )  # fmt: skip
    assert done.exit_code == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["图.html", "成果.geojson", "结论.json"]
    require_valid(json.loads((tmp_path / "结论.json").read_text(encoding="utf-8")))
    page = (tmp_path / "图.html").read_text(encoding="utf-8")
    assert "内部使用" in page
    assert "西部优先单元" in page
    assert json.loads((tmp_path / "成果.geojson").read_text(encoding="utf-8"))["features"]
    for name in ("图.html", "成果.geojson", "结论.json"):
        assert name in done.stdout


def test_a_name_the_program_chooses_says_internal_use(workspace, parcel, tmp_path):
    run("check", parcel, "--workspace", workspace, "--map", tmp_path, "--as-of", "2026-11-22")
    assert [p.name for p in tmp_path.iterdir()] == ["风电场㎡_2026-11-22_内部使用.html"]


def test_a_file_that_cannot_be_written_leaves_what_was_there(workspace, parcel, tmp_path):
    done = run("check", parcel, "--workspace", workspace, "--json", tmp_path / "no such folder" / "a.json")
    assert done.exit_code == 3
    assert "无法写出文件" in done.stderr
    assert "总体结论" in done.stdout  # the answer is not lost with the file


@pytest.mark.parametrize(
    ("site", "status"),
    [
        ("117.455000,49.585000", 10),
        ("117.470100,49.700000", 10),
        ("118.500000,49.585000", 12),
        ("117.700000,49.450000", 0),
    ],
)
def test_exit_code_tells_the_answer(workspace, site, status):
    assert run("check", site, "--workspace", workspace, "--exit-code").exit_code == status
    assert run("check", site, "--workspace", workspace).exit_code == 0


def test_uncertain_is_11(workspace):
    # 0.0001 degrees, 7 m, east of the priority unit's edge: within 25.5 m
    assert run("check", "117.500100,49.450000", "--workspace", workspace, "--exit-code").exit_code == 11


def test_usage_is_2(workspace, parcel):
    for arguments in (
        ["check", parcel],
        ["check", parcel, "-w", workspace, "--as-of", "tomorrow"],
        ["check", parcel, "-w", workspace, "--as-of", "2026-02-30"],
        ["check", parcel, "-w", workspace, "--radius-m", "nan"],
        ["check", parcel, "-w", workspace, "--accuracy-m", "-1"],
        ["check", parcel, "-w", workspace, "--area", "big"],
        ["check", parcel, "-w", workspace, "--map", "a.png"],
        ["check", parcel, "-w", workspace, "--export", "a.dwg"],
        ["check", parcel, "-w", workspace, "--geometry", "circle"],
        ["check", parcel, "-w", workspace, "--radius-m", "5", "--area", "5"],
        ["check", parcel, "-w", workspace, "--region", "满洲里"],
        ["chek"],
    ):
        done = run(*arguments)
        assert done.exit_code == 2, arguments
        assert "用法错误 / usage error" in done.stderr
        assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "chinese"),
    [
        (["nothing.shp"], "找不到文件"),
        (["../no/such/file"], "找不到文件"),
        (["somewhere"], "坐标无法识别"),
        (["117.45"], "坐标无法识别"),
        (["117.45,49.58", "--crs", "EPSG:9"], "坐标系无法识别"),
        (["PARCEL", "--radius-m", "5"], "选项不适用于该选址"),
    ],
)
def test_rejected_input_is_3_and_one_line_in_both_languages(workspace, parcel, arguments, chinese):
    named = [parcel if a == "PARCEL" else a for a in arguments]
    done = run("check", *named, "--workspace", workspace)
    assert done.exit_code == 3
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"错误：{chinese} / error: ")


def test_a_folder_that_is_no_workspace_is_rejected(parcel, tmp_path):
    done = run("check", parcel, "--workspace", tmp_path)
    assert done.exit_code == 3
    assert "该文件夹不是工作区" in done.stderr


def test_a_damaged_layer_is_no_error_but_unknown(workspace, parcel, tmp_path):
    copy = changed(workspace, tmp_path)
    (folder,) = (copy / "layers" / "红线图层").iterdir()
    (folder / "card.json").write_bytes(b"{}")
    done = run("check", parcel, "--workspace", copy)
    assert done.exit_code == 0
    assert "红线图层" in done.stdout
    assert "图层无法读取或已损坏" in done.stdout
    verdict = json.loads(run("check", parcel, "--workspace", copy, "--json", "-").stdout)
    require_valid(verdict)
    assert verdict["in_red_line"] == "unknown"
    assert verdict["in_priority_unit"] == "yes"


def test_a_lost_list_makes_every_kind_unknown_and_the_check_completes(workspace, parcel, tmp_path):
    copy = changed(workspace, tmp_path)
    (copy / "workspace.json").unlink()
    done = run("check", parcel, "--workspace", copy, "--exit-code")
    assert done.exit_code == 12
    assert "工作区清单" in done.stdout
    page = tmp_path / "map.html"
    out = run("check", parcel, "--workspace", copy, "--json", "-", "--map", page)
    require_valid(json.loads(out.stdout))
    assert "西部优先单元" not in page.read_text(encoding="utf-8")


def test_a_layer_whose_published_file_is_damaged_is_not_drawn_and_the_map_says_so(workspace, parcel, tmp_path):
    copy = changed(workspace, tmp_path)
    (folder,) = (copy / "layers" / "管控单元图层").iterdir()
    published = folder / "features.gpkg"
    data = bytearray(published.read_bytes())
    data[-1] ^= 1
    published.write_bytes(bytes(data))
    page = tmp_path / "map.html"
    done = run("check", parcel, "--workspace", copy, "--map", page, "--exit-code")
    assert done.exit_code == 10  # screening does not read that file
    assert "图层文件已损坏，未在图上画出" in page.read_text(encoding="utf-8")


def test_an_empty_workspace_is_unknown(parcel, tmp_path):
    run("init", tmp_path / "ws")
    done = run("check", parcel, "--workspace", tmp_path / "ws", "--json", "-")
    verdict = json.loads(done.stdout)
    require_valid(verdict)
    assert verdict["answer"] == "unknown"
    assert done.stderr.count("缺少该类图层") == 4


def test_parts_are_listed_each_with_its_answer(workspace, tmp_path):
    site = geojson(
        tmp_path / "s.geojson", shapely.box(117.45, 49.58, 117.452, 49.582), shapely.box(117.7, 49.4, 117.702, 49.402)
    )
    out = run("check", site, "--workspace", workspace).stdout
    assert "各部分（共 2 个）" in out
    verdict = json.loads(run("check", site, "--workspace", workspace, "--json", "-").stdout)
    require_valid(verdict)
    assert [part["answer"] for part in verdict["parts"]] == ["hit", "clear"]


def test_the_schema_lists_what_the_program_can_say():
    Draft202012Validator.check_schema(schema())
    words = schema()["$defs"]
    assert tuple(words["answer"]["enum"]) == ANSWERS
    assert tuple(words["reason_code"]["enum"]) == REASONS
    assert tuple(words["kind"]["enum"]) == KINDS


def test_the_schema_refuses_what_is_no_verdict(result):
    validator = Draft202012Validator(schema())
    assert validator.is_valid(result)
    for spoiled in (
        {k: v for k, v in result.items() if k != "warnings"},
        {**result, "answer": "allowed"},
        {**result, "schema_version": "2.0"},
        {**result, "kinds": {"roads": "hit"}},
        {**result, "findings": [{**result["findings"][0], "reasons": []}]},
    ):
        assert not validator.is_valid(spoiled)
    assert validator.is_valid({**result, "added_later": 1})


def test_help_is_in_both_languages_and_fits_gbk():
    for command in ([], ["init"], ["import"], ["layers"], ["prune"], ["check"], ["demo"], ["inspect"]):
        done = run(*command, "--help", charset="gbk")
        assert done.exit_code == 0
        text = done.stdout_bytes.decode("gbk")
        assert any("\u4e00" <= c <= "\u9fff" for c in text)
        assert any(f" {word} " in text for word in ("the", "a", "of"))
