from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from layers.kinds import interpret
from layers.kinds.protected_areas import status_of_word

BOX = shapely.box(117.0, 49.0, 117.1, 49.1)


def areas(*rows, shapes=None):
    shapes = np.array(shapes or [BOX] * len(rows), dtype=object)
    return interpret("protected_areas", list(rows), shapes, [str(i) for i in range(len(rows))]).features


@pytest.mark.parametrize(
    ("type_", "zone", "class_", "flags"),
    [
        ("国家公园", "核心保护区", "park_core", ()),
        ("国家公园", "一般控制区", "park_general", ()),
        ("国家级自然保护区", "核心保护区", "reserve_core", ()),
        ("自然保护区", "一般控制区", "reserve_general", ()),
        ("自然保护区", "核心区", "reserve_core", ("pre2020_zoning",)),
        ("自然保护区", "缓冲区", "reserve_core", ("pre2020_zoning",)),
        ("自然保护区", "实验区", "reserve_general", ("pre2020_zoning",)),
        ("自然保护区", None, "reserve", ("class_unconfirmed",)),
        ("自然保护区", "外围保护地带", "reserve", ("class_unconfirmed",)),
        ("国家公园", "核心区和实验区", "park", ("class_unconfirmed",)),
        ("国家湿地公园", None, "nature_park", ()),
        ("森林公园", "一般控制区", "nature_park", ()),
        ("国家草原自然公园（试点）", "", "nature_park", ()),
        ("地质公园", None, "nature_park", ()),
        ("沙漠公园", None, "nature_park", ()),
        ("风景名胜区", "核心保护区", "unconfirmed", ("class_unconfirmed",)),
        (None, "核心保护区", "unconfirmed", ("class_unconfirmed",)),
    ],
)
def test_type_and_zone_make_the_class(type_, zone, class_, flags):
    (found,) = areas({"保护地类型": type_, "功能分区": zone, "状态": "现行"})
    assert (found.class_, found.counts, found.flags) == (class_, True, flags)


def test_our_own_class_codes_are_read_back():
    assert areas({"class": "park_core", "status": "in_force"})[0].class_ == "park_core"
    assert areas({"class": "nature_park", "status": "in_force"})[0].flags == ()


@pytest.mark.parametrize(
    ("status", "counts", "flagged"),
    [
        ("已批准", True, False),
        ("现行", True, False),
        ("有效", True, False),
        ("拟建", True, True),
        ("规划", True, True),
        ("在建", True, True),
        ("", True, True),
        (None, True, True),
        (3, True, True),
        ("拟撤销", True, True),
        ("未撤销", True, True),
        ("部分调出", True, True),
        ("撤销或保留待定", True, True),
        ("并入", True, True),
        ("整合优化", True, True),
        ("已撤销", False, False),
        ("取消", False, False),
        ("废止", False, False),
        (" 调 出\n", False, False),
    ],
)
def test_only_a_clear_cancellation_does_not_count(status, counts, flagged):
    (found,) = areas({"保护地类型": "国家公园", "功能分区": "核心保护区", "状态": status})
    assert found.counts is counts
    assert ("status_unconfirmed" in found.flags) is flagged


def test_without_a_status_column_the_status_is_unconfirmed():
    (found,) = areas({"保护地类型": "湿地公园"})
    assert (found.counts, found.flags) == (True, ("status_unconfirmed",))


def test_a_cancellation_in_one_column_and_not_in_the_other_counts():
    (found,) = areas({"状态": "现行", "法律状态": "撤销"})
    assert found.counts
    assert "status_unconfirmed" in found.flags


@given(st.text(max_size=8))
def test_no_unknown_status_drops_an_area(word):
    (found,) = areas({"状态": word})
    assert found.counts or status_of_word(word.strip()) == "cancelled"


@given(
    st.sampled_from(["撤销", "取消", "废止", "调出"]),
    st.text(alphabet="拟未待不非部分或保留申请", min_size=1, max_size=4),
)
def test_a_cancellation_with_a_reservation_counts(word, more):
    assert areas({"状态": more + word})[0].counts
    assert areas({"状态": word + more})[0].counts


def merged(*, label="并入", named="乙", shape=None, other=None):
    rows = [
        {"名称": "甲", "状态": label, "并入对象": named},
        {"名称": "乙", "编码": "P-2", "状态": "现行", **(other or {})},
        {"名称": "丙", "状态": "现行"},
    ]
    far = shapely.box(100, 40, 101, 41)
    return areas(*rows, shapes=[BOX, shape or shapely.box(116.9, 48.9, 117.2, 49.2), far])[0]


def test_a_merged_area_names_a_successor_that_covers_it():
    found = merged()
    assert (found.successor, found.counts, "status_unconfirmed" in found.flags) == (1, True, True)
    assert merged(named="P-2").successor == 1
    assert merged(named=None, label="已并入乙").successor == 1


@pytest.mark.parametrize(
    "case",
    [
        {"named": "丁"},
        {"named": None},
        {"named": "甲"},
        {"named": "丙"},  # far away
        {"shape": shapely.box(117.0, 49.0, 117.0989, 49.1)},  # covers 98.9 %
        {"other": {"状态": "撤销"}},
        {"other": {"outer_bound": "是"}},
        {"other": {"location_only": 1}},
    ],
)
def test_without_a_counted_successor_that_covers_it_a_merged_area_has_none(case):
    found = merged(**case)
    assert (found.successor, found.counts) == (None, True)


def test_a_successor_that_covers_99_percent_is_enough():
    assert merged(shape=shapely.box(117.0, 49.0, 117.0991, 49.1)).successor == 1


def test_a_name_that_two_rows_bear_names_no_successor():
    rows = [{"名称": "甲", "状态": "并入乙"}, {"名称": "乙", "状态": "现行"}, {"名称": "乙", "状态": "现行"}]
    assert areas(*rows)[0].successor is None


def test_a_successor_given_as_a_point_is_none():
    rows = [{"名称": "甲", "状态": "并入乙"}, {"名称": "乙", "状态": "现行"}]
    found = areas(*rows, shapes=[BOX, shapely.Point(117, 49)])
    assert found[0].successor is None
    assert found[1].without_extent_m == 500.0
