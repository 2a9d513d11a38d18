"""``sanxian quality``: table, JSON and a layer that GDAL opens."""

from __future__ import annotations

import json
import sqlite3

import pytest
import shapely

from apps.cli.quality import finding_words
from layers.quality.model import CHECKS, SEVERITIES, SEVERITY, Unchecked, finding
from screening.words import has_word, word
from tests.apps.cli import run, small_workspace
from tests.building import add, workspace_at

DAY = ("--as-of", "2026-11-22")
STEP = 0.01


@pytest.fixture
def tiled(tmp_path):
    """Nine tiles, the middle one lost, two of the others with one code and one of them over its neighbour."""
    store = workspace_at(tmp_path / "工作 区", "control_units")
    at = [(i, j) for j in range(3) for i in range(3) if (i, j) != (1, 1)]
    shapes = [shapely.box(117 + i * STEP, 49 + j * STEP, 117 + (i + 1) * STEP, 49 + (j + 1) * STEP) for i, j in at]
    shapes[0] = shapely.box(117, 49, 117 + 1.1 * STEP, 49 + STEP)
    numbers = [1, 1, *range(3, 9)]
    rows = [
        {"编码": f"ZH1507811000{n}", "名称": f"单元{k}", "管控单元分类": "优先保护单元"} for k, n in enumerate(numbers)
    ]
    add(store, "control_units", shapes, rows, name="管控单元", coverage="layer", synthetic=True)
    return store.root


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_findings_are_printed_in_both_languages(tiled, lang):
    result = run("quality", tiled, *DAY, "--lang", lang)
    assert result.exit_code == 0
    said = {
        "zh": ("图层质量检查", "单元之间有空隙", "两个单元重叠", "同一编码有不同名称", "未检查：没有这类图层", "合成示例"),
        "en": ("Quality of the layers", "a gap between units", "two units overlap", "one code with several names",
               "not made: no such layer", "Synthetic example"),
    }[lang]  # fmt: skip
    text = " ".join(result.stdout.split())
    for words in said:
        assert words in text
    assert "117.015000, 49.015000" in text  # the middle of the lost tile


def test_a_gbk_console_shows_it_without_an_escape(tiled):
    result = run("quality", tiled, *DAY, charset="gbk")
    assert result.exit_code == 0
    assert "\\x" not in result.stdout
    assert "\\u" not in result.stdout


def test_the_json_has_codes_figures_and_words(tiled, tmp_path):
    document = json.loads(run("quality", tiled, *DAY, "--json", "-").stdout)
    assert list(document) == [
        *("schema_version", "as_of", "region", "city", "counts", "checks", "layers", "findings"),
    ]
    assert document["as_of"] == "2026-11-22"
    assert document["counts"]["error"] == 3
    assert [each["code"] for each in document["findings"] if each["severity"] == "error"] == [
        *("gap", "overlap", "code_with_names"),
    ]
    gap = document["findings"][0]
    assert (gap["place"], gap["parts"], gap["layers"]) == ([117.015, 49.015], 1, ["管控单元"])
    # a hundredth of a degree at 49.015 N: 73.13 km and 111.22 km a degree
    assert gap["area_m2"] == pytest.approx(731.3 * 1112.2, rel=1e-3)
    assert len(gap["features"]) == 8
    assert gap["zh"].startswith("单元之间有空隙")
    assert gap["en"] == "a gap between units, wider than their accuracy of 25.00 m"
    target = tmp_path / "质量.json"
    assert run("quality", tiled, *DAY, "--json", target).exit_code == 0
    assert json.loads(target.read_text("utf-8")) == document


def test_the_layer_opens_in_gdal_with_every_column_and_the_very_polygons(tiled, tmp_path):
    import pyogrio

    target = tmp_path / "问题.gpkg"
    result = run("quality", tiled, *DAY, "--output", target)
    assert result.exit_code == 0
    assert str(target) in result.stdout
    layers = dict(pyogrio.list_layers(target))
    assert layers == {
        "problem_areas": "MultiPolygon",
        "problem_points": "MultiPoint",
        "checks": None,
    }
    areas = pyogrio.read_dataframe(target, layer="problem_areas")
    assert areas.crs.to_epsg() == 4490
    assert {"code", "severity", "zh", "en", "area_m2", "layers", "features", "mark"} <= set(areas.columns)
    gap = areas[areas["code"] == "gap"].iloc[0]
    assert gap.geometry.equals(shapely.MultiPolygon([shapely.box(117.01, 49.01, 117.02, 49.02)])) or (
        gap.geometry.symmetric_difference(shapely.box(117.01, 49.01, 117.02, 49.02)).area < 1e-14
    )
    assert gap["severity"] == "error"
    assert "合成示例" in gap["mark"]
    points = pyogrio.read_dataframe(target, layer="problem_points")
    assert list(points["code"]) == ["code_with_names"]
    checks = pyogrio.read_dataframe(target, layer="checks")
    assert list(checks["check"]) == list(CHECKS)
    tiling = checks[checks["check"] == "tiling"].iloc[0]
    assert (tiling["done"], tiling["why_zh"]) == (1, word("quality.why_no_city", "zh"))


def test_a_restricted_layer_marks_what_is_written(tmp_path):
    workspace = small_workspace(tmp_path / "ws")
    assert run("quality", workspace, *DAY, "--output", tmp_path).exit_code == 0
    written = tmp_path / "quality_2026-11-22_内部使用.gpkg"
    with sqlite3.connect(written) as db:
        about = " ".join(text for (text,) in db.execute("SELECT metadata FROM gpkg_metadata"))
        marks = dict(db.execute("SELECT code, mark FROM problem_points"))
    db.close()
    assert "内部使用" in about
    assert "内部使用" in marks["zone_2_missing"]


def test_problems_are_findings_and_a_damaged_layer_is_one(tiled):
    card = next(tiled.glob("layers/*/*/card.json"))
    card.write_bytes(card.read_bytes()[:-2])
    result = run("quality", tiled, *DAY, "--json", "-")
    assert result.exit_code == 0
    found = json.loads(result.stdout)["findings"]
    assert [each["code"] for each in found][:2] == ["damaged", "layer_unreadable"]
    assert all(each["severity"] == "error" for each in found[:2])


def test_what_is_no_workspace_or_no_geopackage_is_refused(tiled, tmp_path):
    assert run("quality", tmp_path / "nothing").exit_code == 3
    result = run("quality", tiled, "--output", tmp_path / "a.shp")
    assert result.exit_code == 2
    assert ".gpkg" in result.stderr
    assert not (tmp_path / "a.shp").exists()


FACTS = {
    "accuracy_m": 25.0, "damage": "file_missing", "path": "p", "kind": "red_lines", "version": "v0001", "count": 2,
    "rejected": 1, "accepted": 0, "ids": "1", "method": "scanned_map", "valid_from": "2024-01-01",
    "valid_until": "2025-01-01", "short_m2": 1.0, "over_m2": 2.0, "units": 3, "city": "某市", "covered_share": 0.5,
    "covered_m2": 5e6, "city_m2": 1e7, "code": "C", "names": "a | b", "name": "n", "codes": "a | b", "class": "general",
    "label": "x", "district": "150781", "outside_share": 0.7, "lies_in": "150727", "shared_share": 0.995, "source": "s",
    "decrease_m2": 1.0, "decrease_share": 0.1, "old": "v1", "new": "v2", "old_m2": 3.0, "new_m2": 2.0, "old_count": 1,
    "new_count": 1, "red_line_m2": 1e6, "outside_m2": 2.0, "narrow_m2": 1.0, "detail": "d",
}  # fmt: skip


@pytest.mark.parametrize("code", SEVERITY)
def test_every_finding_has_words_in_both_languages_that_gbk_can_hold(code):
    for lang in ("zh", "en"):
        said = finding_words(finding(code, layers=["a"], facts=FACTS), lang)
        assert "{" not in said
        assert said.encode("gbk")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_check_severity_and_reason_has_words(lang):
    from typing import get_args

    codes = [f"check_{c}" for c in CHECKS] + [f"severity_{s}" for s in SEVERITIES]
    codes += [f"why_{why}" for why in get_args(Unchecked)]
    assert all(has_word(f"quality.{code}") and word(f"quality.{code}", lang) for code in codes)


def test_long_lists_are_cut_in_print_and_whole_in_json(tmp_path):
    store = workspace_at(tmp_path / "ws", "control_units")
    shapes = [shapely.box(117 + 0.01 * n, 49, 117 + 0.01 * (n + 1), 49.01) for n in range(30)]
    add(store, "control_units", shapes, [{"名称": f"单元{n}", "分类": "一般"} for n in range(30)], name="管控单元")
    text = run("quality", store.root, *DAY).stdout
    assert "另有 10 项同类" in text
    found = json.loads(run("quality", store.root, *DAY, "--json", "-").stdout)["findings"]
    assert sum(each["code"] == "code_missing" for each in found) == 30


def test_the_reference_lists_every_code_with_its_severity():
    from pathlib import Path

    page = (Path(__file__).parents[2] / "docs" / "reference" / "quality.md").read_text("utf-8")
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in page.splitlines() if row.startswith("| `")]
    listed = {code: row[1] for row in rows for code in row[0].replace("`", "").split() if row[1] in SEVERITIES}
    assert listed == SEVERITY
    assert [row[0].split("`")[1] for row in rows[: len(CHECKS)]] == list(CHECKS)
