from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from layers.errors import RoleError
from layers.fields import FieldAliases
from layers.kinds import KIND_SPECS, interpret, spec
from layers.model import KINDS, TILING_KINDS
from screening.words import has_word

BOX = shapely.box(117.0, 49.0, 117.1, 49.1)
POINT = shapely.Point(117, 49)
LINE = shapely.LineString([(117, 49), (117.1, 49.1)])


def run(kind, *pairs, **options):
    rows, shapes = [row for row, _ in pairs], np.array([shape for _, shape in pairs], dtype=object)
    return interpret(kind, rows, shapes, [f"r{i}" for i in range(len(rows))], **options)


def test_every_kind_has_its_specification():
    assert tuple(KIND_SPECS) == KINDS
    assert {name for name in KINDS if spec(name).tiles} == TILING_KINDS
    assert [name for name in KINDS if spec(name).default_role == "context"] == [
        "monitoring_sections",
        "sensitive_targets",
        "other",
    ]
    assert {name for name in KINDS if spec(name).restricted_by_default} == {"red_lines", "water_sources"}


@pytest.mark.parametrize(
    ("kind", "theme"),
    [("red_lines", "red_lines"), ("control_units", "control_units"), ("protected_areas", "甲"), ("other", "甲")],
)
def test_default_themes(kind, theme):
    assert spec(kind).default_theme("甲", ()) == theme


def test_a_red_line_always_counts():
    found = run(
        "red_lines", ({"状态": "撤销", "class": "一般管控单元", "名称": "甲"}, BOX), ({}, LINE), ({}, None)
    ).features
    assert [(f.class_, f.counts, f.without_extent_m) for f in found] == [
        ("red_line", True, None), ("red_line", True, 500.0), ("red_line", True, math.inf),
    ]  # fmt: skip


def test_other_areal_kinds_reach_at_least_500_m_without_extent():
    found = run("red_lines", ({"说明": "长3公里"}, LINE), ({"说明": "宽20米"}, LINE)).features
    assert [f.without_extent_m for f in found] == [3000.0, 500.0]


def test_sections_are_context_until_an_influence_distance_is_stated():
    found = run("monitoring_sections", ({"断面名称": "甲", "断面级别": "国控", "断面类型": "控制断面"}, POINT))
    assert (found.role, found.features[0].counts, found.features[0].class_label) == ("context", False, "国控 控制断面")
    found = run("monitoring_sections", ({"断面名称": "甲"}, POINT), influence_m=1000)
    assert (found.role, found.features[0].counts, found.features[0].influence_m) == ("protective", True, 1000.0)


def test_a_section_without_a_distance_beside_sections_with_one_has_no_extent():
    found = run("monitoring_sections", ({"影响距离": 200}, POINT), ({"影响距离": None}, POINT))
    assert found.role == "protective"
    assert [(f.counts, f.influence_m, f.without_extent_m) for f in found.features] == [
        (True, 200.0, None),
        (True, None, 500.0),
    ]
    assert [p.code for p in found.problems] == ["influence_not_stated"]


def test_sensitive_targets_are_always_context():
    found = run("sensitive_targets", ({"名称": "某小学", "类型": "学校"}, POINT), influence_m=100)
    assert (found.role, found.features[0].counts, found.features[0].class_, found.features[0].class_label) == (
        "context", False, "target", "学校",
    )  # fmt: skip


def test_another_layer_counts_by_its_role():
    with pytest.raises(RoleError, match="protective or context"):
        run("other", ({}, BOX))
    assert [f.counts for f in run("other", ({}, BOX), ({}, POINT), role="protective").features] == [True, True]
    assert [f.counts for f in run("other", ({}, BOX), ({}, POINT), role="context").features] == [False, False]


def test_a_role_is_given_to_another_layer_only():
    with pytest.raises(RoleError, match="red_lines"):
        run("red_lines", ({}, BOX), role="context")
    assert run("red_lines", ({}, BOX), role="protective").role == "protective"


def test_the_largest_of_several_distances_holds():
    found = run("red_lines", ({"影响距离": 100, "保护距离": "0.2公里"}, BOX)).features[0]
    assert (found.influence_m, found.flags) == (200.0, ("influence",))


def test_a_distance_of_zero_is_none():
    assert run("red_lines", ({"影响距离": 0}, BOX)).features[0].influence_m is None
    assert run("red_lines", ({"影响距离": 0}, BOX)).features[0].without_extent_m is None


def test_a_distance_not_understood_leaves_the_extent_open():
    found = run("red_lines", ({"影响距离": "5OO"}, BOX))
    assert (found.features[0].counts, found.features[0].without_extent_m) == (True, 500.0)
    assert [p.code for p in found.problems] == ["number_not_understood"]


@pytest.mark.parametrize("wrong", [0, -1, math.nan, math.inf])
def test_a_distance_for_the_layer_must_be_one(wrong):
    with pytest.raises(ValueError, match="positive number of metres"):
        run("monitoring_sections", ({}, POINT), influence_m=wrong)


def test_rows_geometries_and_ids_must_be_as_many():
    with pytest.raises(ValueError, match="2 rows, 1 geometries and 1 ids"):
        interpret("red_lines", [{}, {}], np.array([BOX]), ["1"])


def test_no_rows_give_no_features():
    found = interpret("red_lines", [], np.array([], dtype=object), [])
    assert (found.features, found.role, found.class_counts) == ((), "protective", {})


@pytest.mark.parametrize(
    ("values", "ids"),
    [
        ([7, 8.0], ["7", "8"]),
        (["a", "a"], ["r0", "r1"]),
        ([1, 1.0], ["r0", "r1"]),
        (["a", None], ["r0", "r1"]),
        ([None, None], ["r0", "r1"]),
    ],
)
def test_the_files_ids_are_taken_only_if_unique(values, ids):
    found = run("red_lines", *(({"OBJECTID": value}, BOX) for value in values))
    assert [f.id for f in found.features] == ids


def test_code_and_name_are_text():
    found = run("red_lines", ({"编码": 150781.0, "名称": 12}, BOX)).features[0]
    assert (found.code, found.name) == ("150781", "12")


@pytest.mark.parametrize(
    ("fields", "flags"),
    [
        ({"outer_bound": 1}, ("outer_bound",)),
        ({"outer_bound": "否"}, ()),
        ({"location_only": True}, ("location_only",)),
        ({"location_only": "大概"}, ("location_only",)),
        ({"范围来源": "公布四至"}, ("outer_bound",)),
        ({"georeference_method": "location_only"}, ("location_only",)),
        ({"flags": "location_only;class_conflict"}, ("location_only",)),
    ],
)
def test_soft_shapes_are_flagged(fields, flags):
    assert run("red_lines", (fields, BOX)).features[0].flags == flags


def test_dates_of_a_feature():
    found = run("red_lines", ({"生效日期": "2024年", "失效日期": "2025"}, BOX)).features[0]
    assert (found.valid_from, found.valid_until) == ("2024-01-01", "2025-12-31")


@pytest.mark.parametrize(
    "fields",
    [
        {"生效日期": "2025-01-01", "失效日期": "2024-01-01"},
        {"失效日期": "1900-01-01"},
        {"失效日期": "乱"},
        {"生效日期": "9999-01-01"},
    ],
)
def test_dates_that_cannot_be_meant_leave_a_feature_in_force(fields):
    found = run("red_lines", (fields, BOX))
    assert (found.features[0].valid_from, found.features[0].valid_until) == (None, None)
    assert [p.code for p in found.problems] == ["date_not_understood"]


@pytest.mark.parametrize(
    ("value", "accuracy"), [(5, 5.0), ("±5米", 5.0), (0, None), (-3, None), ("高", None), (None, None)]
)
def test_a_features_own_accuracy(value, accuracy):
    assert run("red_lines", ({"精度": value}, BOX)).features[0].accuracy_m == accuracy


def test_attributes_are_json_scalars_under_folded_names():
    row = {
        "HJGKDYMC\n": "甲", "数": np.int32(3), "小数": np.float64(1.5), "空": math.nan, "无穷": math.inf, "日": date(2024, 1, 2),
        "时": datetime(2024, 1, 2, 3, tzinfo=UTC), "NaT": np.datetime64("NaT"), "真": np.True_, "表": [1, "a"], "图": b"\x00\x01",
        "Ａ": 1, "a": 2, "残": "甲\ud800",
    }  # fmt: skip
    found = run("red_lines", (row, BOX))
    assert found.features[0].attributes == {
        "hjgkdymc": "甲", "数": 3, "小数": 1.5, "空": None, "无穷": None, "日": "2024-01-02", "时": "2024-01-02T03:00:00+00:00",
        "nat": None, "真": True, "表": '[1, "a"]', "a": 1, "a_2": 2, "残": "甲?",
    }  # fmt: skip
    json.dumps(found.features[0].attributes, ensure_ascii=False, allow_nan=False).encode()
    assert [(p.code, p.field) for p in found.problems] == [("bytes_dropped", "图"), ("text_not_decodable", "残")]


def test_pandas_values_are_scalars_too():
    pd = pytest.importorskip("pandas")
    row = {
        "a": pd.NaT,
        "b": pd.NA,
        "c": pd.Timestamp("2024-01-02"),
        "valid_from": pd.Timestamp("2024-01-02"),
        "status": pd.NA,
    }
    found = run("protected_areas", (row, BOX)).features[0]
    assert (found.attributes["a"], found.attributes["b"], found.attributes["c"]) == (None, None, "2024-01-02T00:00:00")
    assert found.valid_from == "2024-01-02"


def test_columns_that_disagree_are_noted_once():
    found = run("red_lines", ({"红线名称": "甲", "hxmc": "乙"}, BOX))
    assert [(p.code, p.field, p.value) for p in found.problems] == [("ambiguous_field", "name", "甲; 乙")]


def test_classes_are_counted():
    found = run(
        "control_units",
        ({"ZHGKDYFL": 1}, BOX),
        ({"ZHGKDYFL": 2}, BOX),
        ({"ZHGKDYFL": 2}, BOX),
        ({"ZHGKDYFL": "?"}, BOX),
    )
    assert found.class_counts == {"key": 2, "priority": 1, "unconfirmed": 1}


def test_users_aliases_are_used(tmp_path):
    path = tmp_path / "fields.toml"
    path.write_text('[class]\ncontrol_units = ["等"]\n', encoding="utf-8")
    found = run("control_units", ({"等": "一般"}, BOX), aliases=FieldAliases.load(path))
    assert found.features[0].class_ == "general"


CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.floats(), st.text(max_size=6), st.binary(max_size=2), st.dates(), st.datetimes(),
    st.sampled_from(["优先", "一般管控单元", "已撤销", "并入乙", "5公里", "2024", "国家公园", "核心区", "一级"]),
)  # fmt: skip
ROWS = st.dictionaries(
    st.sampled_from(
        [
            "ZHGKDYFL",
            "类型",
            "状态",
            "功能分区",
            "保护区级别",
            "名称",
            "编码",
            "影响距离",
            "valid_until",
            "MJ",
            "备注",
            "flags",
        ]
    ),
    CELLS,
)


@given(st.sampled_from(KINDS), st.lists(st.tuples(ROWS, st.sampled_from([BOX, POINT, LINE, None])), max_size=4))
def test_whatever_a_file_holds_is_interpreted_and_has_words(kind, pairs):
    found = run(kind, *pairs, role="protective" if kind == "other" else None)
    assert len(found.features) == len(pairs)
    for feature in found.features:
        assert has_word(f"class.{feature.class_}")
        assert all(has_word(f"flag.{flag}") for flag in feature.flags)
        assert feature.influence_m is None or feature.without_extent_m is None
        assert feature.counts or (feature.influence_m is None and feature.without_extent_m is None)
        json.dumps(feature.attributes, allow_nan=False)
    assert all(has_word(f"field_problem.{problem.code}") for problem in found.problems)


@given(st.sampled_from(["red_lines", "water_sources"]), ROWS, st.sampled_from([BOX, POINT, LINE, None]))
def test_in_these_kinds_no_field_at_all_drops_a_feature(kind, row, shape):
    assert run(kind, (row, shape)).features[0].counts
    assert spec(kind).default_role == "protective"


@given(
    st.sampled_from(["control_units", "element_zones", "protected_areas", "water_sources", "red_lines"]),
    ROWS,
    st.data(),
)
def test_blanking_a_cell_never_drops_a_counted_zone(kind, row, data):
    before = run(kind, (row, BOX)).features[0]
    blanked = {key: (None if data.draw(st.booleans()) else value) for key, value in row.items()}
    after = run(kind, (blanked, BOX)).features[0]
    single = {"ZHGKDYFL", "状态", "功能分区", "保护区级别"}
    if before.counts and not {key for key in row if key not in single and row[key] != blanked[key]}:
        assert after.counts
