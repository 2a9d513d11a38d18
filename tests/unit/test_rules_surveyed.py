"""Rulings from real workspaces: screen, survey, rule."""

from __future__ import annotations

import json

import pytest
import shapely

from layers.workspace import FolderStore
from screening.project import Project
from screening.rules.compliance import compliance_rows
from screening.rules.loading import load_pack, pack_of
from screening.rules.ruling import rule
from screening.screen import screen
from screening.site import Site, SitePart, site_of
from spatial.datafiles import data_file
from tests.building import add, workspace_at

AREA = shapely.box(117, 49, 118, 50)
NATIONAL = load_pack(data_file("rules", "packs", "national.toml"))
ZONE_1, ZONE_2 = shapely.box(117.2, 49.2, 117.25, 49.25), shapely.box(117.15, 49.15, 117.3, 49.3)
IN_ZONE_1, IN_ZONE_2 = shapely.box(117.21, 49.21, 117.22, 49.22), shapely.box(117.16, 49.16, 117.17, 49.17)
FAR = shapely.box(117.7, 49.7, 117.71, 49.71)
VERDICTS = {}
UNITS = [
    {"环境管控单元编码": "ZH15078110001", "管控单元分类": "优先保护单元", "空间布局约束": "禁止开矿"},
    {"环境管控单元编码": "ZH15078120002", "管控单元分类": "重点管控单元", "环境风险防控": "编制应急预案"},
]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    made = workspace_at(
        tmp_path_factory.mktemp("rules") / "ws", "red_lines", "protected_areas", "water_sources", "control_units"
    )
    add(made, "red_lines", [shapely.box(117.1, 49.1, 117.4, 49.4)], [{}], coverage=AREA, name="红线")
    add(
        made,
        "water_sources",
        [ZONE_1, ZONE_2],
        [{"级别": "一级", "名称": "甲水源"}, {"级别": "二级", "名称": "甲水源"}],
        coverage=AREA,
        name="水源",
    )
    add(
        made,
        "protected_areas",
        [shapely.box(117.3, 49.3, 117.4, 49.4)],
        [{"类型": "自然保护区", "功能分区": "核心保护区", "状态": "已批准", "名称": "乙保护区"}],
        coverage=AREA,
        name="保护地",
    )
    halves = [shapely.box(117, 49, 117.5, 50), shapely.box(117.5, 49, 118, 50)]
    add(made, "control_units", halves, UNITS, coverage="layer", name="单元")
    add(
        made,
        "other",
        [shapely.LineString([(117.6, 49.6), (117.6, 49.65)])],
        [{"名称": "黄河"}],
        name="河流",
        role="context",
        meaning="河流",
        accuracy_m=10,
    )
    return FolderStore.open(made.root)


def ruled(store, geometry, project=None, *, packs=(NATIONAL,), accuracy_m=5.0, as_of="2026-11-22"):
    site = geometry if isinstance(geometry, Site) else site_of(geometry, accuracy_m=accuracy_m)
    key = (str(store.root), geometry, accuracy_m, as_of)
    if isinstance(geometry, Site) or key not in VERDICTS:
        VERDICTS[key] = screen(site, store, as_of=as_of)
    return rule(VERDICTS[key], project or Project(), packs, store=store, site=site)


def pack(when, **more):
    clause = {"id": "x-1", "heading": "spatial_layout", "consequence": "prohibited", "title_zh": "甲", "title_en": "A"}
    clause |= {"text_zh": "乙", "text_en": "B", "status": "unverified", "when": when, **more}
    head = {"id": "x", "level": "city", "title_zh": "甲", "title_en": "A", "source": "文"}
    return pack_of({"pack": head, "clause": [clause]}, file="x.toml")


def state(store, geometry, when, project=None, **more):
    return ruled(store, geometry, project, packs=(pack(when),), **more).state("x-1")


def test_tailings_deep_in_zone_1_are_prohibited_and_the_road_far_away_is_not(store):
    found = ruled(store, IN_ZONE_1, Project(activities=("tailings_pond",)))
    assert found.state("cn-code-319") == "applies"
    assert found.state("cn-code-142-ban") is None
    assert found.state("cn-142-ban") == "applies"
    assert found.state("cn-142-core") == "does_not_apply"
    assert ruled(store, FAR, Project(activities=("road",))).state("cn-code-319") == "does_not_apply"


def test_zone_2_is_not_zone_1_though_both_lie_in_one_layer(store):
    found = ruled(store, IN_ZONE_2, Project(activities=("tailings_pond",)))
    assert (found.state("cn-code-319"), found.state("cn-gb3838-zone-2")) == ("does_not_apply", "applies")


def test_within_the_accuracy_of_zone_1_its_clause_is_open_while_that_of_zone_2_applies(store):
    edge = shapely.box(117.18, 49.21, 117.2 + 2e-5, 49.22)  # 1.5 m into zone 1 with 25 m of the layer's accuracy
    found = ruled(store, edge, Project(activities=("tailings_pond",)))
    assert (found.state("cn-code-319"), found.state("cn-gb3838-zone-2")) == ("may_apply", "applies")
    assert {
        "code": "settle_boundary",
        "kind": "water_sources",
        "class": ["zone_1"],
        "name": [],
        "words": [],
    }.items() <= (next(q for q in found.questions if q["code"] == "settle_boundary").items())


def test_before_and_after_the_day_the_code_came_into_force_the_articles_differ(store):
    mine = Project(activities=("tailings_pond",))
    before, after = (ruled(store, IN_ZONE_1, mine, as_of=day) for day in ("2026-08-14", "2026-08-15"))
    assert (before.state("cn-water-65"), before.state("cn-code-319")) == ("applies", None)
    assert (after.state("cn-water-65"), after.state("cn-code-319")) == (None, "applies")
    assert {"clause": "cn-water-65", "superseded_by": ["cn-code-319"]} in after.not_in_force


def test_core_zone_within_the_red_line(store):
    core = shapely.box(117.33, 49.33, 117.34, 49.34)
    found = ruled(store, core, Project(activities=("patrol_research",)))
    assert [found.state(c) for c in ("cn-142-core", "cn-reserve-26", "cn-142-1")] == [
        "applies",
        "applies",
        "does_not_apply",
    ]
    pair = [c["clauses"] for c in found.conflicts]
    assert ["cn-reserve-26", "cn-reserve-26-listed"] in pair


def test_the_units_own_fields_are_its_access_list_word_for_word_and_unverified(store):
    found = ruled(store, FAR)
    row = next(r for r in found.clauses if r.clause.id == "unit-ZH15078120002-risk_control")
    assert (row.state, row.clause.quote, row.clause.verified) == ("applies", "编制应急预案", False)
    assert found.state("unit-ZH15078110001-spatial_layout") is None  # the other unit is not near


def test_a_unit_within_the_accuracy_may_apply(store):
    beside = shapely.box(117.5 + 2e-5, 49.7, 117.51, 49.71)  # 1.4 m beside the border of the two units
    found = ruled(store, beside)
    assert found.state("unit-ZH15078110001-spatial_layout") == "may_apply"
    assert found.state("unit-ZH15078120002-risk_control") == "applies"


def test_classes_that_do_not_count_are_answered_too(store):
    key = {"kind": "control_units", "class": ["key"]}
    assert state(store, FAR, key) == "applies"
    assert state(store, IN_ZONE_1, key) == "does_not_apply"
    assert state(store, shapely.box(116.99, 49.5, 116.995, 49.51), key) == "may_apply"  # outside all units


def test_a_name_is_looked_for_in_the_features(store):
    assert state(store, IN_ZONE_1, {"kind": "water_sources", "name": ["甲水"]}) == "applies"
    assert state(store, IN_ZONE_1, {"kind": "water_sources", "name": ["西湖"]}) == "does_not_apply"


def test_near_is_yes_or_open_and_a_stated_distance_decides_where_no_layer_contradicts(store):
    near = {"near": ["黄河"], "within_m": 1000}
    half_km = shapely.Point(117.6 + 0.0069, 49.62)  # 0.0069 degrees of longitude at 49.62 N: 499 m
    assert state(store, half_km, near) == "applies"
    assert state(store, FAR, near) == "may_apply"
    assert state(store, FAR, near, Project(facts={"distance_m:黄河": 12000.0})) == "does_not_apply"
    lied = ruled(store, half_km, Project(facts={"distance_m:黄河": 12000.0}), packs=(pack(near),))
    assert lied.state("x-1") == "may_apply"  # the layer shows it near: the two contradict
    note = next(n for n in lied.notes if n["code"] == "stated_differs")
    assert note["stated"] == 12000.0
    assert 495 < note["measured"] < 503


def test_a_layer_of_kind_other_is_asked_by_its_name_and_open_where_it_is_not_loaded(store):
    assert state(store, FAR, {"kind": "other", "words": ["永久基本农田"]}) == "may_apply"
    assert state(store, FAR, {"kind": "other", "words": ["河流"]}) == "may_apply"  # loaded, and no coverage stated


def test_districts_inside_outside_and_on_the_border(store):
    assert state(store, shapely.box(117.45, 49.58, 117.46, 49.59), {"district": ["150781"]}) == "applies"
    assert state(store, shapely.Point(111.7, 40.8), {"district": ["1507"]}) == "does_not_apply"
    assert state(store, shapely.LineString([(117.45, 49.58), (119.9, 47.17)]), {"district": ["150781"]}) == "may_apply"


def test_a_tunnel_adds_its_clause_and_the_hit_stays(store):
    parts = tuple(
        SitePart(id=str(i), geometry=g, mode=mode)
        for i, (g, mode) in enumerate([(IN_ZONE_1, "隧道"), (IN_ZONE_2, "路基")])
    )
    whole = site_of(shapely.union_all([IN_ZONE_1, IN_ZONE_2]), accuracy_m=5)
    site = Site(**{**whole.__dict__, "parts": parts})
    found = ruled(store, site)
    assert found.state("cn-underground") == "applies"
    assert found.state("cn-142-ban") == "applies"
    assert screen(site, store).kinds["red_lines"] == "hit"


def test_without_a_layer_its_clauses_may_apply_and_the_answer_is_no_better(store):
    found = ruled(store, IN_ZONE_2, Project(activities=("landfill",)))
    row = next(c for c in found.counterfactuals if c.get("layer") == "红线")
    assert (row["required"], row["kind_answer"], row["answer"]) == (True, "unknown", "hit")
    assert row["clauses"] == ["cn-142-ban", "cn-code-1171", "cn-code-60"]
    far = next(c for c in ruled(store, FAR).counterfactuals if c.get("layer") == "红线")
    assert (far["kind_answer"], far["answer"], far["clauses"]) == ("unknown", "unknown", [])


def test_another_activity_is_supposed_for_the_tags_that_clauses_here_ask_for(store):
    found = ruled(store, IN_ZONE_2, Project(activities=("road",)))
    row = next(c for c in found.counterfactuals if c["code"] == "if_activity" and c["value"] == "solid_waste_site")
    assert row["applies"] == ["cn-code-1171"]


def test_the_findings_name_the_clauses_that_rest_on_them_strictest_first(store):
    found = ruled(store, IN_ZONE_2, Project(activities=("landfill",)))
    row = next(f for f in found.findings if f["layer"] == "红线")
    assert row["applies"] == ["cn-142-ban", "cn-code-1171", "cn-code-60"]


def test_the_same_question_gives_the_same_bytes_and_never_says_allowed(store):
    one, two = (
        json.dumps(
            ruled(store, IN_ZONE_1, Project(activities=("road",))).to_dict(), ensure_ascii=False, allow_nan=False
        )
        for _ in range(2)
    )
    assert one == two
    assert "符合准入" not in one
    rows = compliance_rows(json.loads(one))
    assert rows
    assert {(row["situation"], row["conformity"]) for row in rows} == {("to_fill", "to_fill")}
    levels = [row["level"] for row in rows]
    assert levels == sorted(levels, key=["national", "province", "basin", "city", "unit"].index)


def test_without_the_site_the_printed_accuracy_is_taken_and_no_state_becomes_surer(store):
    site = site_of(IN_ZONE_1, accuracy_m=5.0004)
    verdict = screen(site, store, as_of="2026-11-22")
    exact = rule(verdict, Project(), (NATIONAL,), store=store, site=site)
    printed = rule(verdict, Project(), (NATIONAL,), store=store)
    assert [row.state for row in exact.clauses] == [row.state for row in printed.clauses]


def test_a_part_that_was_not_read_leaves_modes_and_districts_open(store):
    whole = site_of(IN_ZONE_1, accuracy_m=5)
    part = SitePart(id="1", geometry=IN_ZONE_1, mode="路基")
    sound = Site(**{**whole.__dict__, "parts": (part,)})
    torn = Site(**{**sound.__dict__, "rejected_parts": 1})
    tunnel, elsewhere = {"mode": ["tunnel"]}, {"district": ["1501"]}
    assert [state(store, sound, when) for when in (tunnel, elsewhere)] == ["does_not_apply", "does_not_apply"]
    assert [state(store, torn, when) for when in (tunnel, elsewhere)] == ["may_apply", "may_apply"]


def test_units_that_nobody_knows_are_said_to_be_unknown(store):
    outside = ruled(store, shapely.box(116.99, 49.5, 116.995, 49.51))
    assert {"code": "unit_lists_unknown"} in outside.notes
    assert {"code": "unit_lists_unknown"} not in ruled(store, FAR).notes


def test_a_blank_zone_is_neither_zone_1_nor_not_zone_1(tmp_path):
    made = workspace_at(tmp_path / "ws", "water_sources")
    add(made, "water_sources", [ZONE_1], [{"名称": "甲水源"}], coverage=AREA)
    blank = FolderStore.open(made.root)
    zone_1 = {"kind": "water_sources", "class": ["zone_1"]}
    assert state(blank, IN_ZONE_1, zone_1) == "may_apply"
    assert state(blank, IN_ZONE_1, {"kind": "water_sources"}) == "applies"
    assert state(blank, FAR, zone_1) == "does_not_apply"
    question = ruled(blank, IN_ZONE_1, packs=(pack(zone_1),)).questions[0]
    assert (question["code"], question["class"]) == ("confirm_class", ["zone_1"])


def test_a_kind_that_nobody_loaded_may_apply(store):
    assert state(store, FAR, {"kind": "element_zones"}) == "may_apply"
    assert state(store, shapely.box(116.9, 49.5, 116.91, 49.51), {"kind": "red_lines"}) == "may_apply"
