"""``sanxian rivers``: what a person reads and what a program reads, on any console."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from apps.cli.rivers import rivers
from tests.unit.test_screening_rivers import MOUTH, SPRING, main, workspace


def run(*arguments, charset="utf-8"):
    return CliRunner(charset=charset).invoke(rivers, [str(a) for a in arguments], catch_exceptions=False)


@pytest.mark.parametrize("charset", ["utf-8", "gbk"])
def test_table_says_section_distance_class_and_that_it_is_context(tmp_path, charset):
    found = run("117.00000,49.02000", "-w", workspace(tmp_path).root, charset=charset)
    assert found.exit_code == 0
    for text in ("合成示例", "某断面，沿河 7.78 公里，目标 III，现状 IV，未达目标", "不改变核查结论", "内部使用"):
        assert text in found.output


def test_english_table_names_what_breaks(tmp_path):
    store = workspace(tmp_path, rivers=(main(流向=None), MOUTH, SPRING))
    found = run("117.00000,49.02000", "-w", store.root, "--lang", "en")
    assert "the direction of a reach ahead is not known (117.00000, 49.02000" in found.output
    told = run("117.00000,49.02000", "-w", store.root, "--lang", "en", "--drawn", "downstream")
    assert "7.78 km along the river" in told.output


def test_json_goes_to_standard_output_or_a_file(tmp_path):
    root = workspace(tmp_path).root
    found = run("117.00000,49.02000", "-w", root, "--json", tmp_path / "r.json")
    document = json.loads((tmp_path / "r.json").read_text("utf-8"))
    assert document["reaches"][0]["next_section"]["items"][0]["shortest_m"] == 7784.7
    assert "r.json" in found.output
    assert json.loads(run("117.00000,49.02000", "-w", root, "--json", "-").stdout) == document


def test_a_check_adds_the_rivers_where_asked_and_changes_no_answer(tmp_path):
    from apps.cli.main import main as program

    root = workspace(tmp_path).root
    said = ["check", "117.00000,49.02000", "--workspace", str(root), "--datum", "cgcs2000", "--json", "-"]
    plain = json.loads(CliRunner().invoke(program, said, catch_exceptions=False).stdout)
    with_rivers = json.loads(CliRunner().invoke(program, [*said, "--rivers"], catch_exceptions=False).stdout)
    assert with_rivers.pop("rivers")["reaches"][0]["next_section"]["items"][0]["shortest_m"] == 7784.7
    assert with_rivers == plain
