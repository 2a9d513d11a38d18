"""The national pack: every clause has a case that fires it and one that does not, and says where it comes from."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from screening.rules.cases import coverage_of, load_cases
from screening.rules.loading import check_together, load_pack
from screening.rules.model import AllOf, KindLeaf, Not
from spatial.datafiles import data_file

PACK = load_pack(data_file("rules", "packs", "national.toml"))
CASES = load_cases(data_file("rules", "cases", "cn.toml"))
CODE = "生态环境法典"


def test_every_clause_has_a_case_that_fires_it_and_one_that_does_not():
    found = coverage_of(CASES, [PACK])
    assert found.broken == ()
    assert found.lacking == ()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_case_holds(case):
    assert coverage_of([case], [PACK]).broken == ()


@pytest.mark.parametrize("clause", PACK.clauses, ids=lambda clause: clause.id)
def test_a_clause_that_always_holds_or_never_does_is_noticed(clause):
    everywhere = replace(clause, condition=AllOf(parts=()))
    nowhere = replace(clause, condition=Not(part=AllOf(parts=())))
    for changed in (everywhere, nowhere):
        pack = replace(PACK, clauses=tuple(changed if c is clause else c for c in PACK.clauses))
        assert clause.id in coverage_of(CASES, [pack]).lacking


def test_the_articles_of_the_code_are_there_and_in_force_since_its_day():
    articles = {c.basis.article: c for c in PACK.clauses if c.basis and c.basis.law_zh == CODE}
    wanted = {"60", "66", "67", "317", "318", "319", "320", "321", "327", "328–329", "275", "914", "859", "861"}
    assert wanted <= set(articles)
    assert {c.in_force_from for c in articles.values()} == {"2026-08-15"}


def test_older_articles_end_the_day_before_and_lead_to_their_successors():
    check_together([PACK])
    old = [c for c in PACK.clauses if c.basis and c.basis.law_zh.startswith("水污染防治法")]
    assert {c.basis.article for c in old} == {"63", "64", "65", "66", "67"}
    assert {c.in_force_until for c in old} == {"2026-08-14"}
    numbers = {(c.basis.article, PACK.clause(s).basis.article) for c in old for s in c.superseded_by}
    assert numbers == {("63", "317"), ("64", "318"), ("65", "319"), ("66", "320"), ("67", "321")}
    assert not any(c.verified for c in old)


def test_what_stands_only_from_memory_is_unverified():
    unverified = {c.id for c in PACK.clauses if not c.verified}
    assert {f"cn-142-{n}" for n in (7, 8, 9, 10)} | {"cn-142-core", "cn-142-new-land", "cn-108", "cn-41"} <= unverified
    assert not {f"cn-142-{n}" for n in range(1, 7)} & unverified


def test_a_penalty_names_its_article():
    fined = {c.id: c for c in PACK.clauses if c.penalty_zh}
    assert set(fined) == {"cn-code-67", "cn-code-1171"}
    assert "1234" in fined["cn-code-67"].penalty_zh
    assert "1234" in fined["cn-code-67"].penalty_en


def test_red_line_clauses_name_the_offices_to_ask():
    for clause in PACK.clauses:
        if clause.id.startswith("cn-142") or clause.id == "cn-code-60":
            assert set(clause.offices) == {"natural_resources", "forestry_grassland", "ecology_environment"}, clause.id


def test_no_clause_says_that_a_project_is_allowed_and_every_text_reaches_a_gbk_console():
    for clause in PACK.clauses:
        said = f"{clause.title_zh} {clause.text_zh} {clause.title_en} {clause.text_en}"
        assert not re.search(r"予以批准|可以建设|is allowed|are allowed|符合准入", said), clause.id
        said.encode("gbk")


def test_a_clause_of_a_zone_asks_for_the_zone():
    first = next(part for part in PACK.clause("cn-code-319").condition.parts if isinstance(part, KindLeaf))
    assert first == KindLeaf(kind="water_sources", classes=("zone_1",))
