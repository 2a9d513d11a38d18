from __future__ import annotations

import re
import unicodedata

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from layers.kinds import interpret
from layers.kinds.control_units import class_of_code

BOX = shapely.box(117.0, 49.0, 117.1, 49.1)


def unit(**fields):
    return interpret("control_units", [fields], np.array([BOX]), ["r1"]).features[0]


@pytest.mark.parametrize(
    "word",
    [
        "优先保护单元",
        "优先保护",
        "优先",
        "1",
        "１",
        1,
        1.0,
        "1.0",
        " 优先 保护单元\n",
        "优先保护单元（1）",
        "1-优先保护单元",
        "priority",
        "环境优先保护单元",
        "Priority protection unit",
        np.int64(1),
        "01",
        "优先管控单元",
    ],
)
def test_every_spelling_of_priority_counts(word):
    found = unit(ZHGKDYFL=word)
    assert (found.class_, found.counts, found.flags) == ("priority", True, ())


@pytest.mark.parametrize(
    ("word", "class_"),
    [
        ("重点管控单元", "key"),
        ("重点管控", "key"),
        ("重点", "key"),
        (2, "key"),
        ("２", "key"),
        ("一般管控单元", "general"),
        ("一般", "general"),
        (3.0, "general"),
        ("3-一般管控单元", "general"),
        ("key", "key"),
        ("general control unit", "general"),
    ],
)
def test_key_and_general_units_do_not_count(word, class_):
    found = unit(ZHGKDYFL=word)
    assert (found.class_, found.counts, found.flags) == (class_, False, ())


@pytest.mark.parametrize(
    "word",
    [
        None,
        "",
        " ",
        "-",
        "无",
        float("nan"),
        "非优先保护单元",
        "优先/重点",
        "不属于一般管控单元",
        "一般生态空间",
        "4",
        "0",
        1.5,
        "二级",
        "待定",
        "1一般管控单元",
        True,
        "重点保护单元",
        "原一般管控单元",
        "一般管控单元?",
        "Ⅲ",
        "��",
        "unconfirmed",
        "generalx",
    ],
)
def test_a_class_blank_or_not_understood_counts(word):
    found = unit(ZHGKDYFL=word)
    assert (found.class_, found.counts, found.flags) == ("unconfirmed", True, ("class_unconfirmed",))


@given(st.text(max_size=12) | st.text(alphabet="优先重点一般保护管控单元123.0 非原不\ufffd\ue000\x03", max_size=8))
def test_no_unknown_word_drops_a_unit(word):
    found = unit(ZHGKDYFL=word)
    if not found.counts:
        plain = "".join(unicodedata.normalize("NFKC", word).split())
        digits = "".join(sign for sign in plain if sign not in "-_.、:;,/()")
        assert digits.strip("0") in ("2", "3") or re.search("重点|一般", plain)
        assert not re.search("[优先非原不\ufffd\ue000\x03]", plain)


@given(
    st.sampled_from(["优先保护单元", "重点管控单元", "一般管控单元"]),
    st.text(alphabet="非优先重点一般保护管控单元区0123xyz/", min_size=1, max_size=6),
)
def test_a_class_word_with_more_around_it_is_dropped_only_if_it_says_the_same(word, more):
    found = unit(ZHGKDYFL=more + word)
    if not found.counts:
        assert word != "优先保护单元"
        assert "优先" not in more
        assert "非" not in more


@pytest.mark.parametrize(
    ("code", "word", "class_", "counts", "flags"),
    [
        ("ZH15070210001", "优先保护单元", "priority", True, ()),
        ("ZH15070210001", "重点管控单元", "priority", True, ("class_conflict",)),
        ("ZH15070220001", "优先保护单元", "priority", True, ("class_conflict",)),
        ("ZH15070220001", "一般管控单元", "key", False, ("class_conflict",)),
        ("ZH15070230001", "重点", "key", False, ("class_conflict",)),
        (" ｚｈ15070210001\n", "一般", "priority", True, ("class_conflict",)),
        ("ZH15070220001", "", "unconfirmed", True, ("class_unconfirmed",)),
        ("ZH15070210001", "", "priority", True, ("class_unconfirmed",)),
        ("ZH15070220001", "待定", "unconfirmed", True, ("class_unconfirmed",)),
        ("ZH1507022001", "一般管控单元", "general", False, ()),
        ("ZH1507022001", "", "unconfirmed", True, ("class_unconfirmed",)),
        ("ZH15070240001", "重点", "key", False, ()),
        (None, "重点", "key", False, ()),
    ],
)
def test_code_and_class_field_together(code, word, class_, counts, flags):
    found = unit(HJGKDYBM=code, ZHGKDYFL=word)
    assert (found.class_, found.counts, found.flags) == (class_, counts, flags)


@pytest.mark.parametrize(
    ("code", "class_", "counts"),
    [
        ("ZH15070210001", "priority", True),
        ("ZH15070220001", "key", False),
        ("ZH1507022", "unconfirmed", True),
        (None, "unconfirmed", True),
    ],
)
def test_without_a_class_column_the_code_decides(code, class_, counts):
    found = unit(HJGKDYBM=code, HJGKDYMC="某单元")
    assert (found.class_, found.counts) == (class_, counts)


def test_a_record_that_lacks_the_class_column_of_the_others_has_a_blank_class():
    rows = [{"HJGKDYBM": "ZH15070220001", "ZHGKDYFL": "重点"}, {"HJGKDYBM": "ZH15070220002"}]
    found = interpret("control_units", rows, np.array([BOX, BOX]), ["1", "2"]).features
    assert [f.counts for f in found] == [False, True]


def test_two_class_columns_that_disagree_give_the_stricter():
    found = unit(ZHGKDYFL="一般管控单元", 管控单元分类="优先保护单元")
    assert (found.class_, found.counts, found.flags) == ("priority", True, ("class_conflict",))


def test_the_class_may_stand_in_the_remarks():
    assert unit(HJGKDYMC="甲", REMARKS="重点管控单元").class_ == "key"
    assert unit(HJGKDYBM="ZH15070230001", REMARKS="优先保护单元").counts
    assert unit(HJGKDYBM="ZH15070230001", REMARKS="面积以批复为准").class_ == "general"


def test_a_general_type_column_cannot_soften_the_class_but_can_make_it_stricter():
    assert unit(ZHGKDYFL="优先保护单元", 类型="一般管控单元").class_ == "priority"
    assert unit(ZHGKDYFL="一般管控单元", 类型="优先保护单元").counts
    assert unit(ZHGKDYFL="一般管控单元", 类型="陆域").class_ == "general"


def test_a_malformed_code_is_noted():
    found = interpret("control_units", [{"HJGKDYBM": "ZH15", "ZHGKDYFL": "一般"}], np.array([BOX]), ["r1"])
    assert [(p.code, p.record, p.value) for p in found.problems] == [("code_malformed", "r1", "ZH15")]


def test_the_four_requirements_are_kept_by_code():
    found = unit(ZHGKDYFL=1, **{"空间布局约束\n": "禁止", "PWWPFGK": "排放", "HJFXFK": "风险", "ZYKFXLYQ": "效率"})
    assert found.requirements == {
        "spatial_layout": "禁止", "pollutant_control": "排放", "risk_control": "风险", "resource_efficiency": "效率",
    }  # fmt: skip


@given(st.integers(0, 999_999), st.integers(1, 3), st.integers(0, 9999))
def test_the_class_digit_is_the_seventh(county, digit, serial):
    assert class_of_code(f"ZH{county:06d}{digit}{serial:04d}") == ("priority", "key", "general")[digit - 1]


def test_a_priority_unit_given_as_a_line_has_no_extent_and_a_key_one_needs_none():
    line = shapely.LineString([(117, 49), (117.1, 49)])
    rows = [{"ZHGKDYFL": "优先"}, {"ZHGKDYFL": "重点"}]
    found = interpret("control_units", rows, np.array([line, line]), ["1", "2"]).features
    assert [(f.counts, f.without_extent_m) for f in found] == [(True, 500.0), (False, None)]
