"""``sanxian plan``."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from layers.georeference.model import METHODS
from layers.plans.comparing import Verdict, Why
from layers.plans.loading import plan
from layers.plans.model import FEATURE_KINDS, LAYER_KINDS, STATES, STATUSES, Bound, Rule
from layers.plans.register import Standing
from screening.words import word
from tests.apps.cli import run, small_workspace


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_register_of_a_city_is_printed_in_both_languages(lang):
    result = run("plan", "满洲里", "--lang", lang)
    assert result.exit_code == 0
    head = {"zh": "满洲里市：规划记载与实测对照", "en": "Manzhouli: the plan, declared and measured"}[lang]
    assert head in result.stdout
    for text in ("M-006", "71.39", "L7", "TEM-R4", "464.8", "756.8", "150703"):
        assert text in result.stdout
    assert {"zh": "未给工作区", "en": "no workspace given"}[lang] in result.stdout


def test_a_gbk_console_shows_it_without_an_escape():
    result = run("plan", "阿尔山", charset="gbk")
    assert result.exit_code == 0
    assert "\\x" not in result.stdout
    assert "\\u" not in result.stdout


def test_a_workspace_is_held_against_the_plan(tmp_path):
    workspace = small_workspace(tmp_path / "ws")
    result = run("plan", "满洲里市", workspace, "--as-of", "2026-11-22")
    assert result.exit_code == 0
    assert "已定位" in result.stdout  # the red line
    assert "有记载，未定位" in result.stdout  # the rest
    assert "不符" in result.stdout  # 2 units where 15 are declared


def test_the_json_has_every_fact_with_value_unit_words_and_line(tmp_path):
    document = json.loads(run("plan", "manzhouli", "--json", "-").stdout)
    assert [fact["id"] for fact in document["facts"]] == [fact.id for fact in plan("满洲里").facts]
    area = next(fact for fact in document["facts"] if fact["id"] == "M-006")
    assert (area["value"], area["unit"], area["lines"]) == (71.39, "km2", [7])
    assert area["quote"] == "全市71.39平方公里的国土面积划入生态保护红线"
    target = tmp_path / "plan.json"
    assert run("plan", "manzhouli", "--json", target).exit_code == 0
    assert json.loads(target.read_text("utf-8")) == document


def test_a_city_without_a_plan_is_refused_with_the_five(tmp_path):
    result = run("plan", "海拉尔")
    assert result.exit_code == 3
    for name in ("通辽市", "呼和浩特市", "二连浩特市", "满洲里市", "阿尔山市"):
        assert name in result.stderr
    assert "没有该城市的规划" in result.stderr


def test_a_folder_that_is_no_workspace_is_refused(tmp_path):
    result = run("plan", "满洲里", tmp_path)
    assert result.exit_code == 3
    assert "not a workspace" in result.stderr


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_code_of_a_register_has_words(lang):
    codes = {
        "plan.standing": get_args(Standing),
        "plan.verdict": get_args(Verdict),
        "plan.why": get_args(Why),
        "plan.bound": get_args(Bound),
        "plan.state": STATES,
        "plan.status": STATUSES,
        "plan.kind": set(FEATURE_KINDS) - set(LAYER_KINDS),
    }
    assert all(word(f"{group}_{code}", lang) for group, some in codes.items() for code in some)
    assert all(word(f"plan.rule_{rule}", lang, facts="x") for rule in get_args(Rule))
    assert all(word(f"kind.{kind}", lang) for kind in LAYER_KINDS)
    assert all(word(f"method.{method}", lang) for method in METHODS)


def test_a_workspace_of_another_city_is_said_to_be_one(tmp_path):
    from tests.apps.cli import run as program

    program("init", tmp_path / "ws", "--region", "150781")
    assert "为别处（150781）建的" in program("plan", "通辽", tmp_path / "ws").stdout
    assert "为别处" not in program("plan", "满洲里", tmp_path / "ws").stdout
