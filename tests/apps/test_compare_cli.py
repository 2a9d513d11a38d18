"""``sanxian compare`` and the tables of parts, counties and surroundings: both languages, any console."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
import shapely

from apps.cli.parts import print_districts, print_parts
from apps.cli.surroundings import print_surroundings
from apps.cli.table import Page
from layers.workspace import FolderStore
from screening.districts import districts_document
from screening.parts import parts_document
from screening.screen import screen
from screening.site import site_of
from screening.surroundings import surroundings_of
from tests.apps.cli import geojson, run, small_workspace
from tests.project_example import DAY, box, checked, layer, line, point, site_from, workspace


def printed(what, document, language, encoding="gbk"):
    from rich.console import Console

    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="backslashreplace")
    console = Console(file=stream, width=120, color_system=None, markup=False, highlight=False, emoji=False)
    what(Page(console, language), document)
    stream.flush()
    return stream.buffer.getvalue().decode(encoding)


@pytest.fixture
def sites(tmp_path):
    inside = geojson(tmp_path / "甲案.geojson", shapely.box(117.45, 49.58, 117.46, 49.59), 永久临时="永久")
    outside = geojson(tmp_path / "乙案.geojson", shapely.box(117.55, 49.5, 117.56, 49.51), 永久临时="临时")
    return small_workspace(tmp_path / "ws"), inside, outside


@pytest.mark.parametrize("charset", ["utf-8", "gbk"])
def test_alternatives_stand_side_by_side_and_none_is_recommended(sites, charset):
    root, inside, outside = sites
    said = ("compare", inside, outside, "-w", root, "--datum", "cgcs2000", "--as-of", DAY)
    result = run(*said, charset=charset)
    assert result.exit_code == 0
    for text in ("方案比较", "甲案", "乙案", "生态保护红线", "其中永久", "最近距离", "不作推荐", "不等于符合准入要求"):
        assert text in result.output
    rows = [row.split() for row in result.output.splitlines()]
    assert ["总体结论", "命中", "未命中"] in rows
    english = run(*said, "--lang", "en", charset=charset).output
    for text in ("Alternatives", "of this, temporary", "none is recommended"):
        assert text in english


def test_the_json_of_a_comparison_goes_where_it_is_sent(sites, tmp_path):
    root, inside, outside = sites
    said = ("compare", inside, outside, "-w", root, "--datum", "cgcs2000", "--as-of", DAY)
    document = json.loads(run(*said, "--json", "-").stdout)
    assert [one["name"] for one in document["alternatives"]] == ["甲案", "乙案"]
    run(*said, "--json", tmp_path / "c.json")
    assert json.loads((tmp_path / "c.json").read_text("utf-8")) == document


def test_one_site_is_wrong_usage(sites):
    root, inside, _ = sites
    result = run("compare", inside, "-w", root)
    assert result.exit_code == 2
    assert "give two sites or more" in result.output


def test_an_answer_of_a_comparison_is_that_of_a_check(sites):
    root, inside, outside = sites
    options = ("-w", root, "--datum", "cgcs2000", "--as-of", DAY, "--json", "-")
    document = json.loads(run("compare", inside, outside, *options).stdout)
    for alternative, site in zip(document["alternatives"], (inside, outside), strict=True):
        alone = json.loads(run("check", site, *options).stdout)
        assert alternative["answer"] == alone["answer"]
        assert {k["kind"]: k["answer"] for k in alternative["kinds"]} == {
            kind: answer for kind, answer in alone["kinds"].items() if kind in document["kinds"]
        }


def project(path):
    store = workspace(path, "red_lines", "water_sources")
    layer(store, "red_lines", (box(500, -1000, 1100, 1000), {"名称": "甲"}))
    layer(store, "sensitive_targets", (point(0, 160), {"目标名称": "一小", "类型": "学校"}), coverage=None)
    site = site_from(
        (box(0, 0, 1000, 100), {"永久临时": "永久", "占地方式": "路基"}),
        (line((0, -500), (1200, -500)), {"占地方式": "隧道"}),
        (point(2000, 0), {"用途": "观景台"}),
    )
    return store, site, checked(site, store).verdict


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("zh", ["永久", "路基|地面", "隧道", "600.00", "未能量算", "用语未识别，按原文保留：观景台", "不改变是否命中"]),
        ("en", ["permanent", "surface", "tunnel", "600.00", "not measured", "kept as they are: 观景台", "not whether"]),
    ],
)
def test_parts_are_printed_by_use_and_mode_with_what_was_not_understood(tmp_path, language, texts):
    _, site, verdict = project(tmp_path)
    output = printed(print_parts, parts_document(site, verdict), language)
    assert [text for text in texts if not any(one in output for one in text.split("|"))] == []


def test_a_project_that_says_nothing_of_its_parts_gets_no_table_of_them(tmp_path):
    store, _, _ = project(tmp_path)
    site = site_from((box(0, 0, 10, 10), {}))
    assert printed(print_parts, parts_document(site, checked(site, store).verdict), "zh") == ""


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        (
            "zh",
            ["环境保护目标", "待核", "已见公开来源", "一小", "学校", "未声明覆盖范围", "可能有遗漏", "不改变核查结论"],
        ),
        (
            "en",
            ["Environmental targets", "to be checked", "一小", "states no coverage", "may be incomplete", "change no"],
        ),
    ],
)
def test_targets_are_printed_with_the_ranges_their_sources_and_what_may_be_missing(tmp_path, language, texts):
    store, site, _ = project(tmp_path)
    output = printed(print_surroundings, surroundings_of(site, FolderStore.open(store.root), DAY), language)
    assert [text for text in texts if text not in output] == []


def test_without_a_layer_of_targets_the_table_says_unknown_and_counts_nothing(tmp_path):
    store = workspace(tmp_path)
    site = site_from((box(0, 0, 10, 10), {}))
    output = printed(print_surroundings, surroundings_of(site, FolderStore.open(store.root), DAY), "zh")
    assert "范围内有无保护目标无法判断" in output
    assert "没有加载环境敏感目标图层" in output
    assert "没有列出的目标" not in output


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("zh", ["满洲里市 150781", "扎赉诺尔区 150703", "2107", "不代替总体结论"]),
        ("en", ["hit", "to 9", "not official"]),
    ],
)
def test_counties_are_printed_with_shares_and_the_accuracy_of_borders(tmp_path, language, texts):
    store = workspace(tmp_path)
    layer(store, "red_lines", (box(30_000, 40_000, 50_000, 80_000), {}))
    opened = FolderStore.open(store.root)
    site = site_of(shapely.box(117.5, 49.49, 117.6, 49.53), accuracy_m=1)
    verdict = screen(site, opened, as_of=DAY)
    output = printed(print_districts, districts_document(site, verdict, opened), language)
    assert [text for text in texts if text not in output] == []


def test_a_site_in_one_county_takes_one_line_and_none_where_boundaries_are_not_there(tmp_path):
    store = workspace(tmp_path)
    opened = FolderStore.open(store.root)
    site = replace(site_of(shapely.Point(119.948, 47.176), accuracy_m=1), name="点")
    verdict = screen(site, opened, as_of=DAY)
    lines = printed(print_districts, districts_document(site, verdict, opened), "zh").split("\n")
    assert [line for line in lines if line] == ["[ 所在旗县市区 ]", "阿尔山市（152202，兴安盟）"]
    missing = districts_document(site, verdict, opened, built=tmp_path / "none")
    assert "未能判断所在旗县" in printed(print_districts, missing, "zh")
