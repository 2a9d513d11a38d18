"""
``data/rules/packs`` of the autonomous region and the five cities: what the plans say, and where it fires.

Every clause has a case for which it applies and one for which it does not (``data/rules/cases``, written by hand from
what the plan says). What is not loaded or not stated leaves a clause open, never out.
"""

from __future__ import annotations

import re
import textwrap
import tomllib
from functools import lru_cache
from pathlib import Path

import pytest

from layers.plans.loading import plan
from layers.plans.quotes import GAP, missing_pieces
from screening.project import Project
from screening.rules.access_lists import packs_of_table
from screening.rules.cases import coverage_of, load_cases, run
from screening.rules.loading import load_pack, pack_of
from screening.rules.matching import Circumstances, match
from screening.rules.model import FactLeaf, KindLeaf, leaves_of
from screening.rules.place import Said, StatedFeature, StatedPlace
from screening.rules.ruling import clauses_of
from screening.rules.vocabulary import activities, facts
from spatial.datafiles import data_file, data_root

CITIES = ("tongliao", "hohhot", "erenhot", "manzhouli", "arxan")
PACKS = (*CITIES, "neimenggu")
TEXTS = Path(__file__).resolve().parents[3] / "shared" / "plans" / "text"
each_pack = pytest.mark.parametrize("name", PACKS)
each_city = pytest.mark.parametrize("key", CITIES)


@lru_cache
def pack(name: str):
    return load_pack(data_file("rules", "packs", f"{name}.toml"))


CLAUSES = {clause.id: clause for name in PACKS for clause in pack(name).clauses}


# --- cases: data/rules/cases, one file a pack -------------------------------------------------------------------


@lru_cache
def cases(name: str):
    return load_cases(data_file("rules", "cases", f"{name}.toml"))


def truth(clause: str, *features, acts="", industry=None, near=None, **stated) -> str:
    """What a clause's own condition says, wherever the site lies."""
    project = Project(activities=tuple(acts.split()), industry=industry, facts=stated)
    place = StatedPlace(features=features, distances=near or {})
    return match(CLAUSES[clause].condition, Circumstances(place, project)).truth


def on(kind, class_=None, name=None) -> StatedFeature:
    return StatedFeature(kind=kind, class_=class_, name=name)


def layer(name, answer="hit") -> StatedFeature:
    """Inside a feature of a layer of kind other; or such a layer that holds nothing there."""
    return StatedFeature(kind="other", layer=name, class_="other", answer=answer)


@each_pack
def test_every_clause_has_a_case_that_fires_it_and_one_that_does_not(name):
    found = coverage_of(cases(name), [pack(name)])
    assert found.broken == ()
    assert found.lacking == ()


@each_pack
def test_where_nothing_is_loaded_and_nothing_stated_every_clause_stays_open(name):
    blank = next(case for case in cases(name) if case.name == "nothing loaded, nothing stated")
    assert set(blank.expected) == {clause.id for clause in pack(name).clauses}
    assert set(run(blank, [pack(name)]).values()) == {"may_apply"}


class Forced(Circumstances):
    """The circumstances of a case, one leaf of which is said otherwise."""

    def __init__(self, case, leaf, said) -> None:
        super().__init__(case.place, case.project)
        self._forced = leaf, Said(truth=said)

    def ask(self, leaf):
        return self._forced[1] if leaf == self._forced[0] else super().ask(leaf)


def unnoticed(clause, mine):
    """The leaves of a condition that could say anything: no case of the clause would come out otherwise."""
    for leaf in dict.fromkeys(leaves_of(clause.condition)):
        before = [match(clause.condition, Circumstances(case.place, case.project)).truth for case in mine]
        after = [[match(clause.condition, Forced(case, leaf, said)).truth for case in mine] for said in ("yes", "no")]
        if after == [before, before]:
            yield clause.id, leaf.to_dict()


@each_pack
def test_no_part_of_a_condition_could_be_dropped_without_a_case_noticing(name):
    found = []
    for clause in pack(name).clauses:
        mine = [case for case in cases(name) if clause.id in case.expected and "*" not in case.place.missing]
        assert len(mine) >= 2, clause.id
        found += unnoticed(clause, mine)
    assert found == []


@each_city
def test_a_pack_is_silent_in_another_city(key):
    elsewhere = StatedPlace(features=(on("red_lines", "red_line"),), districts=("110105",))
    clauses, _ = clauses_of(Circumstances(elsewhere, Project()), [pack(key)], as_of="2026-11-22")
    assert {row.state for row in clauses} == {"does_not_apply"}


@pytest.mark.parametrize("prefix", ["tl", "hh", "ax"])
@pytest.mark.parametrize(
    "there",
    [
        on("protected_areas", "reserve"),
        on("protected_areas", "reserve_core"),
        on("protected_areas", "reserve_general"),
        layer("风景名胜区"),
        on("water_sources", "zone_1"),
        on("water_sources", "zone_2"),
        on("water_sources", "zone_quasi"),
        layer("永久基本农田"),
        layer("基本农田"),
    ],
    ids=["reserve", "core", "general", "scenic", "zone 1", "zone 2", "quasi", "permanent farmland", "farmland"],
)
def test_each_of_the_four_kinds_of_land_reaches_a_tailings_pond(prefix, there):
    assert truth(f"{prefix}-tailings-four", there, acts="tailings_pond") == "yes"


def test_a_tailings_pond_stays_open_while_farmland_is_not_loaded():
    assert truth("tl-tailings-four", layer("风景名胜区", "clear"), acts="tailings_pond") == "open"


@pytest.mark.parametrize(
    "stated", ["coking", "calcium_carbide", "pvc", "steel", "ferroalloy", "electrolytic_aluminium"]
)
def test_each_of_the_six_industries_is_not_approved(stated):
    asked = {"acts": stated, "new_capacity": True, "capacity_replaced": False}
    assert truth("hh-six-industries", **asked) == "yes"
    assert truth("hh-six-industries-replaced", **asked) == "no"


def test_a_distance_that_nobody_knows_leaves_the_clause_open():
    assert truth("hh-yellow-river-1km", acts="high_water", in_park=False) == "open"
    assert truth("tl-cadmium-5km", acts="road") == "open"


@pytest.mark.parametrize(
    ("clause", "word", "acts", "metres"),
    [
        ("tl-cadmium-5km", "涉镉", "road", 5000.0),
        ("er-landfill-20km", "垃圾填埋场", "domestic_waste", 20000.0),
        ("hh-yellow-river-1km", "黄河", "high_water", 1000.0),
        ("hh-yellow-river-10km", "黄河", "landfill", 10000.0),
        ("ax-songhua-3km", "松花江", "tailings_pond", 3000.0),
    ],
)
def test_a_stated_distance_decides_at_the_metre(clause, word, acts, metres):
    assert truth(clause, acts=acts, in_park=False, **{f"distance_m:{word}": metres}) == "yes"
    # beyond it: no, or open where another name that is meant was not stated
    assert truth(clause, acts=acts, in_park=False, **{f"distance_m:{word}": metres + 1}) != "yes"


# --- what the plans say -----------------------------------------------------------------------------------------


@lru_cache
def text_lines(key: str) -> tuple[str, ...]:
    path = TEXTS / f"{key}.txt"
    if not path.is_file():
        pytest.skip(f"the text of the plan is not here: {path}")
    return tuple(path.read_text("utf-8").split("\n"))


def lines_of(key: str, clause) -> tuple[int, ...]:
    found = {fact.id: fact for fact in plan(key).facts}
    lines = found[clause.facts[0]].lines if clause.facts else (clause.line,)
    assert lines[0] == clause.line, clause.id
    return lines


@each_city
def test_every_quote_stands_in_its_line_of_the_plan(key):
    text = text_lines(key)
    wrong = {}
    for clause in pack(key).clauses:
        lines = [text[line - 1] for line in lines_of(key, clause)]
        missing = missing_pieces(clause.quote, lines)
        if missing:
            wrong[clause.id] = missing
    assert wrong == {}


@each_city
def test_every_quote_stands_in_the_quote_of_its_fact(key):
    found = {fact.id: fact for fact in plan(key).facts}
    stated = [clause for clause in pack(key).clauses if clause.facts]
    assert len(stated) >= 15
    wrong = {c.id: missing_pieces(c.quote, [found[c.facts[0]].quote]) for c in stated}
    assert {name: missing for name, missing in wrong.items() if missing} == {}


@each_city
def test_every_fact_named_is_in_the_plan(key):
    known = {fact.id for fact in plan(key).facts}
    assert [(c.id, f) for c in pack(key).clauses for f in c.facts if f not in known] == []


@each_city
def test_what_is_forbidden_is_forbidden_by_the_words_of_the_plan(key):
    said = re.compile("禁止|严禁|不得|不批|不再审批|禁采")
    refusals = {"ax-refuse-siting", "ax-refuse-quality", "ax-refuse-measures", "ax-refuse-existing", "ax-refuse-data"}
    forbidden = [c for c in pack(key).clauses if c.consequence == "prohibited" and c.id not in refusals]
    # a gap of a quote may fall within the word; 封禁: the zone is closed by name
    words = {c.id: c.quote.replace(GAP, "") for c in forbidden}
    assert [name for name, quote in words.items() if not said.search(quote) and "封禁" not in quote] == []


def test_the_five_refusals_stand_under_their_heading():
    text = text_lines("arxan")
    assert text[586].startswith("“五个不批”要求")
    lines = [CLAUSES[f"ax-refuse-{name}"].line for name in ("siting", "quality", "measures", "existing", "data")]
    assert lines == [589, 591, 593, 597, 599]


@each_city
def test_a_ban_on_what_the_project_may_not_do_is_no_mere_information(key):
    said = re.compile("禁止|严禁|不再审批")
    assert [c.id for c in pack(key).clauses if said.search(c.quote) and c.consequence == "information"] == []


@each_city
def test_a_plan_is_named_as_policy_with_its_title_period_and_line(key):
    loaded = pack(key)
    assert loaded.plan_period == "2021-2025"
    assert "不是法律" in loaded.source
    assert plan(key).title in loaded.source
    assert set(loaded.districts) == set(plan(key).districts)
    for clause in loaded.clauses:
        assert clause.verified
        assert clause.basis.law_zh == plan(key).title
        assert "policy, not law" in clause.basis.law_en
        assert clause.basis.article == f"line {clause.line}"
        assert clause.penalty_zh is None  # a plan sets no penalty
        assert clause.in_force_until is None  # and states no end


@each_pack
def test_texts_are_in_both_languages_and_survive_a_gbk_console(name):
    for clause in pack(name).clauses:
        for text in (clause.title_zh, clause.text_zh, clause.title_en, clause.text_en, clause.quote or ""):
            text.encode("gbk")
        assert re.search("[\u4e00-\u9fff]", clause.title_zh), clause.id
        assert re.search("[\u4e00-\u9fff]", clause.text_zh), clause.id
        assert re.search("[a-z]{3}", clause.text_en), clause.id
        assert "符合要求" not in clause.text_zh, clause.id
        assert "允许" not in clause.text_zh, clause.id


@pytest.mark.parametrize(
    ("fact", "consequences"),
    [
        ("T-024", {"prohibited"}),
        ("T-036", {"restricted"}),
        ("H-050", {"restricted"}),
        ("A-051", {"requirement"}),
        ("T-153", {"information"}),
        ("E-119", {"requirement"}),
        ("H-219", {"restricted"}),
        ("H-220", {"information"}),
        ("A-135", {"information"}),
        ("M-024", {"prohibited", "restricted"}),
        ("M-025", {"needs_approval"}),
        ("H-041", {"prohibited", "needs_approval"}),
        ("H-051", {"prohibited", "restricted"}),
        ("A-005", {"prohibited"}),
        ("A-080", {"prohibited"}),
        ("A-034", {"prohibited"}),
        ("A-038", {"prohibited"}),
        ("M-019", {"restricted"}),
        ("M-021", {"requirement"}),
    ],
)
def test_the_rules_that_matter_most_weigh_what_the_plan_says(fact, consequences):
    assert {c.consequence for c in CLAUSES.values() if c.facts[:1] == (fact,)} == consequences


@pytest.mark.parametrize("fact", ["T-020", "H-028", "A-027"])
def test_the_four_headings_have_a_clause_each(fact):
    found = [c.heading for c in CLAUSES.values() if fact in c.facts]
    assert sorted(found) == ["pollutant_control", "resource_efficiency", "risk_control", "spatial_layout"]


@pytest.mark.parametrize(
    ("clause", "metres"),
    [
        ("tl-cadmium-5km", 5000.0),
        ("er-landfill-20km", 20000.0),
        ("hh-yellow-river-1km", 1000.0),
        ("hh-yellow-river-10km", 10000.0),
        ("ax-songhua-3km", 3000.0),
    ],
)
def test_distances_are_those_of_the_plan(clause, metres):
    found = CLAUSES[clause]
    assert [leaf.within_m for leaf in leaves_of(found.condition) if hasattr(leaf, "within_m")] == [metres]
    assert re.search(rf"{metres / 1000:g} ?公里", found.quote)


# --- the pages ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["data/rules/packs/README.md", "docs/how-to/rules.md"])
def test_the_example_pack_of_a_page_is_read(page):
    text = (data_root().parent / page).read_text("utf-8")
    found = re.findall(r"^ *```toml\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    assert len(found) == 1
    assert pack_of(tomllib.loads(textwrap.dedent(found[0])), file=page).clauses[0].id


def test_the_access_list_of_the_how_to_is_read(tmp_path):
    text = (data_root().parent / "docs" / "how-to" / "rules.md").read_text("utf-8")
    rows = re.search(r"^ *```csv\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    path = tmp_path / "准入清单.csv"
    path.write_text(textwrap.dedent(rows[1]), "utf-8")
    levels = {found.level: [c.consequence for c in found.clauses] for found in packs_of_table(path)}
    assert levels == {"province": ["prohibited"], "city": ["requirement"], "unit": ["restricted", "requirement"]}


# --- what was left out ------------------------------------------------------------------------------------------


def left_out() -> dict[str, list[str]]:
    """City -> ids listed in the README as left out, ranges opened."""
    page = (data_root() / "rules" / "packs" / "README.md").read_text("utf-8")
    table = page.split("<!-- left out -->")[1]
    found: dict[str, list[str]] = {}
    for first, last in re.findall(r"\b([THEMA]-\d{3})(?:–(\d{3}))?", table):
        letter, number = first.split("-")
        for each in range(int(number), int(last or number) + 1):
            found.setdefault(letter, []).append(f"{letter}-{each:03d}")
    return found


@each_city
def test_every_fact_of_a_plan_is_a_clause_or_is_listed_as_left_out(key):
    known = [fact.id for fact in plan(key).facts]
    used = {f for clause in pack(key).clauses for f in clause.facts}
    listed = left_out()[known[0][0]]
    assert len(listed) == len(set(listed))
    assert used & set(listed) == set()
    assert sorted([*used, *listed]) == sorted(known)


# --- the words the packs brought with them ----------------------------------------------------------------------


def test_no_word_was_added_that_no_clause_asks():
    asked = {leaf.key for c in CLAUSES.values() for leaf in leaves_of(c.condition) if isinstance(leaf, FactLeaf)}
    rows = (data_file("rules", "facts.toml")).read_text("utf-8").split("# --- asked by the city plans")[1]
    brought = {row["key"] for row in tomllib.loads(rows.partition("\n")[2]).get("fact", [])} & set(facts())
    assert brought
    assert brought - asked == set()


def test_every_activity_added_for_the_plans_is_asked():
    asked = {tag for c in CLAUSES.values() for leaf in leaves_of(c.condition) for tag in getattr(leaf, "tags", ())}
    rows = (data_file("rules", "activities.toml")).read_text("utf-8").split("# --- words of the city plans")[1]
    brought = {row["tag"] for row in tomllib.loads(rows.partition("\n")[2])["activity"]} & set(activities())
    assert brought - asked == set()


def test_names_asked_of_protected_areas_and_sources_are_names_the_plans_use():
    texts = {key: " ".join(f.quote for f in plan(key).facts) for key in CITIES}
    for key in CITIES:
        for clause in pack(key).clauses:
            for leaf in leaves_of(clause.condition):
                if isinstance(leaf, KindLeaf) and leaf.kind in ("protected_areas", "water_sources"):
                    assert all(name in texts[key] for name in leaf.names), clause.id
