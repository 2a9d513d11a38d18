"""Losing a layer, or damaging it, never makes a clause vanish: applies and may_apply never turn to does_not_apply."""

from __future__ import annotations

import itertools
import shutil

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.workspace import FolderStore
from screening.project import Project
from screening.rules.loading import load_pack, pack_of
from screening.rules.matching import Circumstances, match
from screening.rules.place import StatedFeature, StatedPlace
from screening.rules.ruling import rule
from screening.screen import screen
from screening.site import site_of
from spatial.datafiles import data_file
from tests.building import add, workspace_at

AREA = shapely.box(117, 49, 118, 50)
NATIONAL = load_pack(data_file("rules", "packs", "national.toml"))
LEAVES = [
    {"kind": "red_lines"},
    {"not": {"kind": "red_lines"}},
    {"not": {"kind": "water_sources", "class": ["zone_1"]}},
    {"kind": "control_units", "class": ["key"]},
    {"not": {"unit": ["ZH15078110001"]}},
    {"kind": "other", "words": ["农田"]},
    {"not": {"kind": "other", "words": ["农田"]}},
    {"near": ["甲"], "within_m": 2000},
    {"not": {"near": ["甲"], "within_m": 2000}},
    {"answer": ["hit", "uncertain"], "of": "water_sources"},
    {"answer": ["clear"], "of": "red_lines"},
]
OWN = pack_of(
    {
        "pack": {"id": "x", "level": "city", "title_zh": "甲", "title_en": "A", "source": "文"},
        "clause": [
            {
                "id": f"x-{i}", "heading": "risk_control", "consequence": "requirement", "title_zh": "甲", "title_en": "A",
                "text_zh": "乙", "text_en": "B", "status": "unverified", "when": when,
            }
            for i, when in enumerate(LEAVES)
        ],
    },
    file="x.toml",
)  # fmt: skip
SITES = [
    shapely.box(117.21, 49.21, 117.22, 49.22),  # red line, zone 1, priority unit
    shapely.box(117.26, 49.26, 117.27, 49.27),  # red line, zone 2
    shapely.box(117.495, 49.2, 117.505, 49.21),  # across the units
    shapely.box(117.7, 49.7, 117.71, 49.71),  # key unit, nothing else
]
LAYERS = ("red_lines", "water_sources", "control_units", "farmland")


def build(path, layers):
    store = workspace_at(path, "red_lines", "water_sources", "control_units")
    if "red_lines" in layers:
        add(store, "red_lines", [shapely.box(117.1, 49.1, 117.3, 49.3)], [{"名称": "甲红线"}], coverage=AREA)
    if "water_sources" in layers:
        zones = [shapely.box(117.2, 49.2, 117.25, 49.25), shapely.box(117.15, 49.15, 117.3, 49.3)]
        add(
            store,
            "water_sources",
            zones,
            [{"级别": "一级", "名称": "甲"}, {"级别": "二级", "名称": "甲"}],
            coverage=AREA,
        )
    if "control_units" in layers:
        halves = [shapely.box(117, 49, 117.5, 50), shapely.box(117.5, 49, 118, 50)]
        rows = [
            {"环境管控单元编码": "ZH15078110001", "管控单元分类": "优先保护单元"},
            {"环境管控单元编码": "ZH15078120002", "管控单元分类": "重点管控单元"},
        ]
        add(store, "control_units", halves, rows, coverage="layer")
    if "farmland" in layers:
        fields = [shapely.box(117.69, 49.69, 117.72, 49.72)]
        add(store, "other", fields, [{}], name="farmland", role="protective", meaning="永久基本农田", coverage=AREA)
    return FolderStore.open(store.root)


def states(store, site):
    placed = site_of(site, accuracy_m=5)
    verdict = screen(placed, store, as_of="2026-11-22")
    project = Project(activities=("landfill",))
    return {
        row.clause.id: row.state for row in rule(verdict, project, (NATIONAL, OWN), store=store, site=placed).clauses
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    store = build(tmp_path_factory.mktemp("whole") / "ws", LAYERS)
    return store, [states(store, site) for site in SITES]


@pytest.mark.parametrize("lost", LAYERS)
def test_a_layer_that_is_not_there_makes_no_clause_vanish(tmp_path, whole, lost):
    store = build(tmp_path / "ws", [layer for layer in LAYERS if layer != lost])
    for site, before in zip(SITES, whole[1], strict=True):
        after = states(store, site)
        units = {name for name in before if name.startswith("unit-")}  # lists that lay in the lost layer itself
        gone = [c for c in set(before) - units if before[c] != "does_not_apply" and after[c] == "does_not_apply"]
        surer = [c for c in set(before) - units if before[c] == "may_apply" and after[c] != "may_apply"]
        assert (gone, surer) == ([], [])


def test_a_damaged_file_makes_no_clause_vanish(tmp_path, whole):
    original, before = whole
    for number, file in enumerate(sorted(p for p in original.root.glob("layers/*/*/**/*") if p.is_file())):
        if number % 19:  # every nineteenth file of the workspace
            continue
        copy = tmp_path / str(number)
        shutil.copytree(original.root, copy)
        target = copy / file.relative_to(original.root)
        target.write_bytes(target.read_bytes()[:-1])
        after = states(FolderStore.open(copy), SITES[0])
        gone = [
            c for c in after if c in before[0] and before[0][c] != "does_not_apply" and after[c] == "does_not_apply"
        ]
        assert gone == [], file


LEAF = st.sampled_from(
    [
        {"kind": "red_lines"},
        {"kind": "water_sources", "class": ["zone_1"]},
        {"kind": "protected_areas"},
        {"activity": ["landfill"]},
        {"unit": ["ZH1"]},
        {"fact": "new_land", "is": True},
    ]
)
CONDITION = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=8,
)
KINDS = ("red_lines", "water_sources", "protected_areas", "control_units")
FEATURES = st.lists(
    st.builds(
        StatedFeature,
        kind=st.sampled_from(KINDS),
        class_=st.sampled_from([None, "zone_1", "zone_2"]),
        code=st.sampled_from([None, "ZH1", "ZH2"]),
        answer=st.sampled_from(["hit", "uncertain"]),
    ),
    max_size=3,
)


@settings(max_examples=300, deadline=None)
@given(when=CONDITION, features=FEATURES, lost=st.sets(st.sampled_from(KINDS)), stated=st.booleans())
def test_knowing_less_turns_yes_and_no_into_open_only(when, features, lost, stated):
    row = {
        "id": "x-1", "heading": "risk_control", "consequence": "requirement", "title_zh": "甲", "title_en": "A",
        "text_zh": "乙", "text_en": "B", "status": "unverified", "when": when,
    }  # fmt: skip
    head = {"id": "x", "level": "city", "title_zh": "甲", "title_en": "A", "source": "文"}
    condition = pack_of({"pack": head, "clause": [row]}, file="x").clauses[0].condition
    project = Project(activities=("landfill",), facts={"new_land": stated})
    full = StatedPlace(features=tuple(features))
    less = StatedPlace(features=tuple(f for f in features if f.kind not in lost), missing=frozenset(lost))
    known, unknown = (match(condition, Circumstances(place, project)).truth for place in (full, less))
    assert unknown in (known, "open")
    silent = match(condition, Circumstances(full, Project())).truth
    assert silent in (known, "open")


def test_the_truths_of_the_leaves_above_are_all_met(whole):
    found = set(itertools.chain.from_iterable(one.values() for one in whole[1]))
    assert found == {"applies", "may_apply", "does_not_apply"}
