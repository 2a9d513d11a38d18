"""The engine of rules: packs read strictly, conditions of three values, vocabulary, conflicts, access lists."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

import screening.rules
from layers.kinds import KIND_SPECS
from screening.errors import AccessListError, RulePackError, UnknownRuleWordError
from screening.project import Project
from screening.rules.access_lists import packs_of_table
from screening.rules.loading import check_together, load_pack, pack_of
from screening.rules.matching import Circumstances, match
from screening.rules.model import CONSEQUENCES
from screening.rules.packs import user_packs
from screening.rules.phrases import question_words
from screening.rules.place import StatedFeature, StatedPlace
from screening.rules.ruling import ruling_of
from screening.rules.vocabulary import (
    activities,
    activities_of,
    classes,
    facts,
    facts_of,
    industry_of,
    industry_relation,
    with_broader,
)
from screening.words import has_word, word

DAY = "2026-11-22"
RED = {"kind": "red_lines"}
AT_RED = StatedPlace(features=(StatedFeature(kind="red_lines", class_="red_line"),))
NOWHERE = StatedPlace()
LOST = StatedPlace(missing=frozenset({"*"}))


def clause(name="x-1", when=None, **more):
    made = {"id": name, "heading": "spatial_layout", "consequence": "prohibited", "title_zh": "甲", "title_en": "A"}
    made |= {"text_zh": "乙", "text_en": "B", "status": "unverified", "when": RED if when is None else when}
    return {**made, **more}


def document(*clauses, **head):
    return {
        "pack": {"id": "x", "level": "city", "title_zh": "甲", "title_en": "A", "source": "文", **head},
        "clause": list(clauses),
    }


def pack(*clauses, **head):
    return pack_of(document(*clauses, **head), file="x.toml")


def state(when, place=NOWHERE, **project):
    return ruling_of(place, Project(**project), [pack(clause(when=when))], as_of=DAY).state("x-1")


# --- loading ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"colour": "red"}, "unknown key colour"),
        ({"heading": "space"}, "heading 'space' is not known"),
        ({"consequence": "allowed"}, "consequence 'allowed' is not known"),
        ({"status": "sure"}, "status 'sure' is not known"),
        ({"status": "verified"}, "verified and nothing says when"),
        ({"title_en": ""}, "title_en is missing"),
        ({"office": ["mayor"]}, "office 'mayor' is not known"),
        ({"penalty_zh": "罚"}, "one language only"),
        ({"line": 0}, "line is no line number"),
        ({"permits": "yes"}, "permits is neither"),
        ({"in_force_from": "2026-08-15"}, "in_force_from is no date"),
        ({"basis": {"law_zh": "法", "law_en": "law", "page": 3}}, "unknown key page"),
        ({"when": {}}, "no table of its own"),
        ({"when": {"kind": "volcanoes"}}, "kind 'volcanoes' is not known"),
        ({"when": {"kind": "water_sources", "class": ["zone_9"]}}, "class zone_9 is not known"),
        ({"when": {"kind": "other"}}, "words go with kind other"),
        ({"when": {"kind": "red_lines", "words": ["甲"]}}, "words go with kind other"),
        ({"when": {"activity": ["alchemy"]}}, "activity alchemy is not known"),
        ({"when": {"activity": "mining"}}, "activity is no list"),
        ({"when": {"industry": ["9910"]}}, "industry '9910' is not known"),
        ({"when": {"fact": "mood", "is": True}}, "fact 'mood' is not known"),
        ({"when": {"fact": "new_land", "at_least": 3}}, "fact new_land is compared"),
        ({"when": {"fact": "water_m3_per_year", "is": "much"}}, "water_m3_per_year is compared"),
        ({"when": {"fact": "new_land"}}, "has 0 comparisons"),
        ({"when": {"near": ["黄河"]}}, "near has no within_m"),
        ({"when": {"near": ["黄河"], "within_m": -1}}, "near has no within_m"),
        ({"when": {"district": ["15078"]}}, "no prefix of a GB/T 2260 code"),
        ({"when": {"mode": ["teleport"]}}, "mode teleport is not known"),
        ({"when": {"answer": ["hit"], "of": "moon"}}, "answer is of 'moon'"),
        ({"when": {"not": {"answer": ["clear"], "of": "red_lines"}}}, "answer stands under not"),
        ({"when": {"kind": "red_lines", "activity": ["mining"]}}, "a condition has kind, activity"),
        ({"when": {"all": []}}, "all is no list"),
    ],
)
def test_a_slip_of_the_pen_is_refused_with_file_and_clause(change, said):
    with pytest.raises(RulePackError, match=re.escape(said)) as caught:
        pack({**clause(), **change})
    assert (caught.value.file, caught.value.clause) == ("x.toml", "x-1")


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ({"level": "village"}, "level 'village'"),
        ({"districts": ["manzhouli"]}, "no prefix"),
        ({"plan_period": "2021"}, "plan_period"),
    ],
)
def test_a_pack_is_read_as_strictly(head, said):
    with pytest.raises(RulePackError, match=said):
        pack(clause(), **head)


def test_an_id_stands_once_in_a_pack_and_over_all_packs():
    with pytest.raises(RulePackError, match="x-1: the id stands twice"):
        pack(clause(), clause())
    other = pack_of(document(clause(), id="y"), file="y.toml")
    with pytest.raises(RulePackError, match=r"y\.toml, clause x-1: x\.toml has this id"):
        check_together([pack(clause()), other])


def test_a_successor_that_leads_nowhere_is_refused():
    with pytest.raises(RulePackError, match="superseded_by leads nowhere: x-9"):
        check_together([pack(clause(superseded_by=["x-9"]))])
    with pytest.raises(RulePackError, match="leads nowhere: x-1"):
        check_together([pack(clause(superseded_by=["x-1"]))])


def test_the_digest_is_of_what_a_pack_says_and_not_of_how_it_is_spelled(tmp_path):
    one, two, three = (tmp_path / f"{n}.toml" for n in "abc")
    head = '[pack]\nid = "x"\nlevel = "city"\ntitle_zh = "甲"\ntitle_en = "A"\nsource = "文"\n[[clause]]\n'
    body = 'id = "x-1"\nheading = "risk_control"\nconsequence = "requirement"\ntitle_zh = "甲"\ntitle_en = "A"\n'
    body += 'text_zh = "乙"\ntext_en = "B"\nstatus = "unverified"\nwhen = { kind = "red_lines" }\n'
    one.write_text(head + body, "utf-8")
    two.write_text("\ufeff# a remark\n" + head + body.replace(" = ", "  =  ", 1), "utf-8")
    three.write_text(head + body.replace("乙", "丙"), "utf-8")
    digests = [load_pack(path).sha256 for path in (one, two, three)]
    assert digests[0] == digests[1] != digests[2]


def test_a_file_that_is_no_toml_is_named(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text("[pack\n", "utf-8")
    with pytest.raises(RulePackError, match=r"bad\.toml: is no TOML"):
        load_pack(path)
    with pytest.raises(RulePackError, match="there is no such file"):
        user_packs([tmp_path / "none.toml"])


# --- truth -----------------------------------------------------------------------------------------------------------

TRUTHS = {"yes": {"activity": ["road"]}, "no": {"activity": ["landfill"]}, "open": {"kind": "water_sources"}}
PLACE = StatedPlace(missing=frozenset({"water_sources"}))


@pytest.mark.parametrize(("one", "other"), list(itertools.product(TRUTHS, TRUTHS)))
def test_all_any_and_not_are_those_of_kleene(one, other):
    def truth(when):
        condition = pack(clause(when=when)).clauses[0].condition
        return match(condition, Circumstances(PLACE, Project(activities=("road",)))).truth

    rank = ["no", "open", "yes"]
    pair = [TRUTHS[one], TRUTHS[other]]
    assert truth({"all": pair}) == min(one, other, key=rank.index)
    assert truth({"any": pair}) == max(one, other, key=rank.index)
    assert truth({"not": TRUTHS[one]}) == rank[2 - rank.index(one)]


def test_what_is_lost_may_apply_and_never_vanishes():
    assert [state(RED, place) for place in (AT_RED, NOWHERE, LOST)] == ["applies", "does_not_apply", "may_apply"]
    blank = StatedPlace(features=(StatedFeature(kind="water_sources"),))
    assert state({"kind": "water_sources", "class": ["zone_1"]}, blank) == "may_apply"
    assert state({"kind": "water_sources", "name": ["甲"]}, blank) == "may_apply"


def test_an_answer_lost_leaves_the_clause_open():
    answer = {"answer": ["hit"], "of": "red_lines"}
    assert [state(answer, p) for p in (AT_RED, NOWHERE, LOST)] == ["applies", "does_not_apply", "may_apply"]


def test_activities_unstated_stated_narrower_and_broader():
    mining = {"activity": ["mining"]}
    assert state(mining) == "may_apply"
    assert state(mining, activities=("coal_mining",)) == "applies"
    assert state(mining, activities=("road",)) == "does_not_apply"
    assert state({"activity": ["coal_mining"]}, activities=("mining",)) == "may_apply"  # said less finely than asked


def test_industries_unstated_finer_coarser_and_other():
    iron = {"industry": ["08"]}
    found = [state(iron, industry=code) for code in (None, "0810", "08", "B", "0910", "C")]
    assert found == ["may_apply", "applies", "applies", "may_apply", "does_not_apply", "does_not_apply"]


@pytest.mark.parametrize(
    ("test", "at_bound", "above"),
    [("at_least", True, True), ("more_than", False, True), ("at_most", True, False), ("less_than", False, False)],
)
def test_a_fact_at_the_bound_and_above_it(test, at_bound, above):
    when = {"fact": "water_m3_per_year", test: 50000}
    truths = [state(when, facts={"water_m3_per_year": metres}) == "applies" for metres in (50000.0, 50000.5)]
    assert truths == [at_bound, above]
    assert state(when) == "may_apply"


def test_modes_of_parts_stated_and_not():
    tunnel = {"mode": ["tunnel"]}
    parts = [
        (("permanent", "tunnel"), ("permanent", "surface")),
        (("permanent", "surface"),),
        (("permanent", "unstated"),),
    ]
    found = [state(tunnel, StatedPlace(occupations=one)) for one in parts]
    assert found == ["applies", "does_not_apply", "may_apply"]


def test_a_pack_for_some_districts_holds_in_them_only():
    def of(districts):
        place = StatedPlace(features=AT_RED.features, districts=districts)
        return ruling_of(place, Project(), [pack(clause(), districts=["1507"])], as_of=DAY).state("x-1")

    assert [of(("150781",)), of(("150502",)), of(("150781", "150502")), of(None)] == [
        "applies", "does_not_apply", "may_apply", "may_apply",
    ]  # fmt: skip


# --- dates -----------------------------------------------------------------------------------------------------------


def test_a_clause_gives_way_to_its_successor_on_the_day_that_is_in_force():
    import datetime as dt

    old = clause("old", superseded_by=["new"])  # nobody wrote an end to it
    new = clause("new", in_force_from=dt.date(2026, 8, 15))
    both = pack(old, new)

    def at(day):
        found = ruling_of(AT_RED, Project(), [both], as_of=day)
        return found.state("old"), found.state("new")

    assert at("2026-08-14") == ("applies", None)
    assert at("2026-08-15") == (None, "applies")


def test_a_plan_whose_period_is_over_is_listed_with_a_note():
    plan = pack(clause(), plan_period="2021-2025")
    late, early = (ruling_of(AT_RED, Project(), [plan], as_of=day) for day in ("2026-01-01", "2025-12-31"))
    assert (late.state("x-1"), [n["code"] for n in late.notes]) == ("applies", ["plan_period_over"])
    assert early.notes == ()


# --- what is listed --------------------------------------------------------------------------------------------------


def test_clauses_stand_under_their_heading_strictest_first():
    rows = [clause(f"x-{c}", consequence=c) for c in reversed(CONSEQUENCES)]
    listed = ruling_of(AT_RED, Project(), [pack(*rows)], as_of=DAY).to_dict()["headings"]
    assert [row["consequence"] for row in listed["spatial_layout"]] == list(CONSEQUENCES)
    assert listed["risk_control"] == []


def test_a_penalty_is_printed_only_where_the_text_was_checked():
    import datetime as dt

    mine = {"penalty_zh": "罚", "penalty_en": "a fine"}
    rows = [clause("x-1", **mine), clause("x-2", **mine, status="verified", verified_on=dt.date(2026, 11, 22))]
    listed = ruling_of(AT_RED, Project(), [pack(*rows)], as_of=DAY).to_dict()["headings"]["spatial_layout"]
    assert {row["id"]: row["penalty_zh"] for row in listed} == {"x-1": None, "x-2": "罚"}


def test_conflicts_are_of_one_heading_one_subject_and_opposite():
    def conflicts(other):
        found = ruling_of(AT_RED, Project(activities=("road",)), [pack(clause(), other)], as_of=DAY)
        return [c["clauses"] for c in found.conflicts]

    both = {"all": [RED, {"activity": ["road"]}]}
    assert conflicts(clause("x-2", both, consequence="needs_approval")) == [["x-1", "x-2"]]
    assert conflicts(clause("x-2", both, consequence="information", permits=True)) == [["x-1", "x-2"]]
    assert conflicts(clause("x-2", both, consequence="information")) == []
    assert conflicts(clause("x-2", both, consequence="needs_approval", heading="risk_control")) == []
    assert conflicts(clause("x-2", {"activity": ["road"]}, consequence="needs_approval")) == []  # of another subject
    assert (
        conflicts(clause("x-2", {"all": [RED, {"activity": ["landfill"]}]}, consequence="restricted")) == []
    )  # does not apply


def test_questions_are_asked_once_with_the_clauses_they_decide():
    rows = [
        clause("x-1", {"all": [RED, {"activity": ["landfill"]}]}),
        clause("x-2", {"activity": ["landfill"]}, consequence="restricted"),
    ]
    found = ruling_of(AT_RED, Project(), [pack(*rows)], as_of=DAY).questions
    assert [(q["code"], q["tag"], q["strictest"], q["clauses"]) for q in found] == [
        ("activity", "landfill", "prohibited", ["x-1", "x-2"])
    ]
    assert "垃圾填埋场" in question_words(found[0], "zh")
    away = ruling_of(NOWHERE, Project(), [pack(rows[0])], as_of=DAY)
    assert away.questions == ()  # nothing hangs on it here


def test_another_activity_is_supposed_and_only_what_changes_is_said():
    rows = [clause("x-1", {"all": [RED, {"activity": ["landfill"]}]}), clause("x-2", {"activity": ["road"]})]
    found = ruling_of(AT_RED, Project(activities=("road",)), [pack(*rows)], as_of=DAY).counterfactuals
    assert found == ({"code": "if_activity", "value": "landfill", "applies": ["x-1"], "no_longer": ["x-2"]},)


# --- vocabulary ------------------------------------------------------------------------------------------------------


def test_a_word_stands_under_one_activity_and_broader_tags_exist():
    found = activities()
    for tag in found:
        assert with_broader(tag) <= set(found)
        assert activities_of([found[tag].zh]) == (tag,)
        assert activities_of([found[tag].en]) == (tag,)
        assert activities_of(list(found[tag].aliases)) in ((tag,), ())


def test_an_unknown_activity_names_those_that_may_be_meant():
    with pytest.raises(UnknownRuleWordError, match="tailings_pond") as caught:
        activities_of(["尾矿场"])
    assert "尾矿库 (tailings_pond)" in caught.value.near


@pytest.mark.parametrize("text", ["", "Z", "5", "98", "B2523", "08101", "八"])
def test_what_is_no_industry_is_refused(text):
    with pytest.raises(UnknownRuleWordError):
        industry_of(text)


def test_the_sections_of_the_standard_hold_every_division_once():
    divisions = [industry_relation(f"{n:02d}", letter) for n in range(1, 98) for letter in "ABCDEFGHIJKLMNOPQRST"]
    assert divisions.count(True) == 97


@pytest.mark.parametrize(
    "text",
    [
        "height=3",
        "new_land",
        "new_land=maybe",
        "water_m3_per_year=-1",
        "project_type=big",
        "distance_m=3",
        "new_land:x=是",
    ],
)
def test_facts_that_are_not_understood_are_refused(text):
    with pytest.raises(UnknownRuleWordError):
        facts_of([text])


def test_a_fact_stated_twice_differently_is_refused():
    assert facts_of(["new_land=是", "new_land=true"]) == {"new_land": True}
    with pytest.raises(UnknownRuleWordError, match="stated twice"):
        facts_of(["new_land=是", "new_land=否"])


def test_every_class_has_words_and_every_kind_its_classes():
    assert set(classes()) == set(KIND_SPECS)
    assert all(has_word(f"class.{code}") for codes in classes().values() for code in codes)
    assert all(fact.type in {"number", "boolean", "text"} for fact in facts().values())
    assert all(fact.unit for fact in facts().values() if fact.type == "number")


def test_the_engine_names_no_law_no_clause_and_no_class():
    code = "\n".join(p.read_text("utf-8") for p in Path(screening.rules.__file__).parent.glob("*.py"))
    assert (
        re.findall(
            r"cn-|zone_[12]|reserve_core|法典|条例|142号|tailings(?!_pond')|allowed to",
            re.sub(r">>>.*|\"\"\".*?\"\"\"", "", code, flags=re.DOTALL),
        )
        == []
    )


def test_no_word_of_the_rules_says_that_a_project_conforms():
    from screening.words import _catalogue

    said = " ".join(f"{pair['zh']} {pair['en']}" for code, pair in _catalogue().items() if code.startswith("rules."))
    assert not re.search(r"允许|符合|allowed|conforms|complies", said)
    assert word("rules.to_fill", "zh") == "待填"
    assert word("rules.unverified", "zh") == "待核"


# --- access lists ----------------------------------------------------------------------------------------------------


def table(tmp_path, text, name="list.csv"):
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def test_a_list_of_every_level_becomes_packs_and_blank_cells_continue_the_row_above(tmp_path):
    path = table(
        tmp_path,
        "层级,单元编码,管控维度,类型,要求原文,活动\n"
        "自治区,,空间布局约束,禁止,自治区禁止甲,\n"
        "流域,,污染物排放管控,要求,流域乙,\n"
        "市,,环境风险防控,限制,市里丙,尾矿库\n"
        "单元,ZH15078110001,空间布局约束,禁止,单元丁,\n"
        ",,,允许,单元戊,\n",
    )
    packs = {pack.level: pack for pack in packs_of_table(path)}
    assert set(packs) == {"province", "basin", "city", "unit"}
    assert packs["province"].clauses[0].condition.to_dict() == {"all": []}
    assert packs["city"].clauses[0].condition.to_dict() == {"activity": ["tailings_pond"]}
    last = packs["unit"].clauses[1]
    assert (last.condition.to_dict(), last.heading, last.consequence, last.permits) == (
        {"unit": ["ZH15078110001"]},
        "spatial_layout",
        "information",
        True,
    )
    at_unit = StatedPlace(features=(StatedFeature(kind="control_units", code="ZH15078110001"),))
    found = ruling_of(at_unit, Project(), list(packs.values()), as_of=DAY)
    assert [c["clauses"] for c in found.conflicts] == [[packs["unit"].clauses[0].id, last.id]]
    away = ruling_of(NOWHERE, Project(), list(packs.values()), as_of=DAY)
    assert (away.state(last.id), away.state(packs["province"].clauses[0].id)) == ("does_not_apply", "applies")


def test_a_list_of_one_row_a_unit_has_its_four_columns(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    for row in (
        ["满洲里市环境管控单元准入清单"],
        [
            "环境管控单元编码",
            "环境管控单元名称",
            "空间布局约束\n",
            "污染物排放管控",
            "环境风险防控",
            "资源利用效率要求",
        ],
        ["ZH15078110001", "甲单元", "一", "二", None, "四"],
    ):
        book.active.append(row)
    book.save(tmp_path / "清单.xlsx")
    (found,) = user_packs([tmp_path / "清单.xlsx"])
    assert [(c.heading, c.quote) for c in found.clauses] == [
        ("spatial_layout", "一"),
        ("pollutant_control", "二"),
        ("resource_efficiency", "四"),
    ]
    assert all(not c.verified for c in found.clauses)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("村,,空间布局约束,禁止,甲", "level '村' is not known"),
        ("单元,,空间布局约束,禁止,甲", "no unit code"),
        ("市,,外观,禁止,甲", "heading '外观' is not known"),
        ("市,,空间布局约束,也许,甲", "type '也许' is not known"),
        ("市,,空间布局约束,禁止,", "the text is blank"),
    ],
)
def test_a_row_that_is_not_understood_is_refused_with_its_number(tmp_path, row, said):
    path = table(tmp_path, f"层级,单元编码,管控维度,类型,要求原文\n市,,空间布局约束,禁止,甲\n{row}\n")
    with pytest.raises(AccessListError, match=re.escape(said)) as caught:
        packs_of_table(path)
    assert caught.value.row == 3


def test_a_table_without_the_columns_is_refused(tmp_path):
    with pytest.raises(AccessListError, match="no sheet has rows under"):
        packs_of_table(table(tmp_path, "甲,乙\n1,2\n"))
