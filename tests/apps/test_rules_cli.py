"""``sanxian rules``."""

from __future__ import annotations

import pytest

from screening.rules.cases import load_cases
from screening.rules.loading import shipped_packs
from tests.apps.cli import run

PACK = """[pack]
id = "mine"
level = "city"
title_zh = "本局规则"
title_en = "our rules"
source = "某文"

[[clause]]
id = "mine-1"
heading = "spatial_layout"
consequence = "prohibited"
title_zh = "甲"
title_en = "A"
text_zh = "乙"
text_en = "B"
status = "unverified"
when = { all = [{ kind = "red_lines" }, { activity = ["landfill"] }] }
"""


def test_the_packs_are_listed_in_both_languages():
    for lang, title in (("zh", "规则包"), ("en", "pack")):
        said = run("rules", "list", "--lang", lang)
        assert said.exit_code == 0
        assert title in said.stdout
        assert all(pack.id in said.stdout for pack in shipped_packs())


def test_a_clause_is_shown_in_full_and_an_unknown_one_names_the_nearest():
    said = run("rules", "show", "cn-code-319")
    assert "生态环境法典，第319条，2026-08-15 起施行" in said.stdout
    wrong = run("rules", "show", "cn-code-391")
    assert wrong.exit_code == 3
    assert "cn-code-319" in wrong.stderr


def test_an_unverified_clause_is_printed_so():
    assert "待核" in run("rules", "show", "cn-142-7").stdout
    assert "not checked" in run("rules", "show", "cn-142-7", "--lang", "en").stdout


def test_ones_own_pack_is_checked_and_a_slip_names_file_and_clause(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(PACK, "utf-8")
    said = run("rules", "check-pack", str(path))
    assert (said.exit_code, "mine-1" in said.stdout) == (0, True)
    path.write_text(PACK.replace("landfill", "landfil"), "utf-8")
    wrong = run("rules", "check-pack", str(path))
    assert wrong.exit_code == 3
    assert "mine.toml, clause mine-1: activity landfil is not known" in wrong.stderr


def test_coverage_runs_the_cases_and_says_what_lacks_and_what_does_not_hold(tmp_path):
    path, cases = tmp_path / "mine.toml", tmp_path / "cases.toml"
    path.write_text(PACK, "utf-8")
    lacking = run("rules", "coverage", "--rules", str(path))
    assert "mine-1" in lacking.stdout
    good = '[[case]]\nname = "fires"\nat = [{ kind = "red_lines" }]\nactivities = ["landfill"]\nfires = ["mine-1"]\n'
    good += '[[case]]\nname = "spares"\nactivities = ["landfill"]\nspares = ["mine-1"]\n'
    cases.write_text(good, "utf-8")
    assert "mine-1" not in run("rules", "coverage", "--rules", str(path), "--cases", str(cases)).stdout
    cases.write_text(good.replace('spares = ["mine-1"]', 'opens = ["mine-1"]'), "utf-8")
    assert "spares" in run("rules", "coverage", "--rules", str(path), "--cases", str(cases)).stdout


@pytest.mark.parametrize("change", ['at = [{ kind = "red_lines", colour = "red" }]', 'parts = ["tunnel"]', "mood = 1"])
def test_a_case_that_is_not_understood_is_refused(tmp_path, change):
    from screening.errors import RulePackError

    path = tmp_path / "cases.toml"
    path.write_text(f'[[case]]\nname = "one"\nfires = ["x"]\n{change}\n', "utf-8")
    with pytest.raises(RulePackError, match="case one"):
        load_cases(path)
