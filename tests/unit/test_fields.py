from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import layers
from layers.declared_area import declared_area_m2
from layers.errors import FieldAliasError
from layers.fields import FieldAliases, fold, text_of
from layers.stated import areas_stated_m2, distances_stated_m, iso_date

ALIASES = FieldAliases.load()


@pytest.mark.parametrize(
    ("column", "meaning"),
    [
        ("HJGKDYBM", "code"),
        ("hjzhgkdybm", "code"),
        ("环境综合管控单元编码", "code"),
        ("HJGKDYMC\n", "name"),
        ("空间布局约束\n", "spatial_layout"),
        ("　污染物排放管控 ", "pollutant_control"),
        ("PWWPFGK", "pollutant_control"),
        ("ＨＪＦＸＦＫ", "risk_control"),
        ("ZYKFXLYQ", "resource_efficiency"),
        ("ZYLYXL", "resource_efficiency"),
        ("资源利用（开发）效率要求", "resource_efficiency"),
        ("ZHGKDYFL", "class"),
        ("REMARKS", "remarks"),
        ("LYMC", "basin"),
        ("KZDMQDJD", "section_start_lon"),
        ("COUNTY", "county"),
        ("\ufeffMJ", "declared_area"),
        ("影响距离（m）", "influence_m"),
        ("管控单元分", "class"),  # 管控单元分类 cut at 10 bytes of GBK
        ("空间布", "spatial_layout"),  # 空间布局约束 cut at 10 bytes of UTF-8
    ],
)
def test_a_column_met_in_real_files_is_understood(column, meaning):
    assert ALIASES.view({column: "甲"}, kind="control_units").has(meaning)


def test_a_cut_name_that_could_mean_two_things_means_neither():
    # 环境管控单元编码, 环境管控单元名称 and 环境管控单元分类 are all 环境管控单 in ten bytes of GBK
    view = ALIASES.view({"环境管控单": "ZH15078110001"}, kind="control_units")
    assert not view.has("code")
    assert not view.has("name")
    assert not view.has("class")


def test_the_kinds_own_column_comes_before_a_general_one():
    view = ALIASES.view({"编码": "7", "HJGKDYBM": "ZH15078110001"}, kind="control_units")
    assert view.get("code") == "ZH15078110001"
    assert view.ambiguous == ()


def test_a_general_column_stands_in_where_the_kinds_own_is_blank():
    assert ALIASES.view({"编码": "7", "HJGKDYBM": " - "}, kind="control_units").get("code") == "7"


def test_two_columns_of_one_meaning_that_differ_are_ambiguous():
    view = ALIASES.view({"HJGKDYMC": "甲", "单元名称": "乙"}, kind="control_units")
    assert view.ambiguous == ("name",)
    assert ALIASES.view({"HJGKDYMC": "甲", "单元名称": "甲 "}, kind="control_units").ambiguous == ()


def test_an_area_in_a_column_called_area_is_no_county():
    view = ALIASES.view({"AREA": 12.5}, kind="control_units")
    assert view.get("county") is None
    assert ALIASES.view({"AREA": "海拉尔区"}, kind="control_units").get("county") == "海拉尔区"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (150781.0, "150781"),
        (np.float32(150781.0), "150781"),
        (np.int64(7), "7"),
        (1.5, "1.5"),
        (float("nan"), None),
        (np.datetime64("NaT"), None),
        (b"x", None),
        ("<Null>", None),
        ("\x00", None),
        (" 无 ", None),
        (date(2024, 1, 2), "2024-01-02"),
    ],
)
def test_a_cell_becomes_text(value, text):
    assert text_of(value) == text


@pytest.mark.parametrize(
    "value",
    [
        "2024-01-01",
        "2024/1/1",
        20240101,
        20240101.0,
        "2024年1月1日",
        "２０２４．１．１",
        date(2024, 1, 1),
        datetime(2024, 1, 1, 9),  # noqa: DTZ001
        "2024-01-01 00:00:00",
        "2023-12-31T16:00:00Z",
        datetime(2023, 12, 31, 16, tzinfo=UTC),
        np.datetime64("2024-01-01"),
    ],
)
def test_every_spelling_of_a_day_is_the_same_day(value):
    view = ALIASES.view({"valid_from": value})
    assert view.date("valid_from") == "2024-01-01"
    assert view.problems == []


def test_a_year_alone_is_its_first_day_or_its_last():
    view = ALIASES.view({"valid_from": 2024, "valid_until": "2024年"})
    assert (view.date("valid_from"), view.date("valid_until")) == ("2024-01-01", "2024-12-31")
    assert iso_date("2023年2月", edge="last") == "2023-02-28"


@pytest.mark.parametrize(
    "value", ["去年", "2024-13-01", "2023-02-29", 45292, "1899-12-30", True, "01/02/2024", "2024-01-01至2025-01-01"]
)
def test_a_date_not_understood_is_kept_as_a_problem(value):
    view = ALIASES.view({"valid_until": value})
    assert view.date("valid_until") is None
    assert [code for code, _, _ in view.problems] == ["date_not_understood"]


def test_an_open_end_is_no_problem():
    view = ALIASES.view({"有效期至": "长期"})
    assert view.date("valid_until") is None
    assert view.problems == []


def test_of_two_dates_the_one_that_keeps_a_zone_longer_is_used():
    view = ALIASES.view(
        {"valid_until": "2024-01-01", "有效期至": "2030-01-01", "valid_from": "2020", "生效日期": "2019"}
    )
    assert (view.date("valid_from"), view.date("valid_until")) == ("2019-01-01", "2030-01-01")


@pytest.mark.parametrize(
    ("column", "value", "metres"),
    [
        ("influence_m", 500, (500.0,)),
        ("影响距离（公里）", "1.5", (1500.0,)),
        ("影响距离", "1.5公里", (1500.0,)),
        ("影响距离", "１，２００", (1200.0,)),
        ("影响距离", "0", None),
        ("影响距离", None, None),
        ("影响距离", "-5", ()),
        ("影响距离", "很远", ()),
    ],
)
def test_a_length_is_read_in_the_unit_that_is_stated(column, value, metres):
    view = ALIASES.view({column: value})
    assert view.lengths_m("influence_m") == metres
    assert bool(view.problems) == (metres == ())


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("5公里", 5000), ("1300米", 1300), ("3 km", 3000), ("500m", 500), ("５００ｍ", 500), ("上游1000米", 1000),
        ("12,000 m", 12000), ("12 000 米", 12000), ("五公里", 5000), ("一千五百米", 1500), ("一千五米", 1500), ("一千零五米", 1005),
        ("三点五公里", 3500), ("一万五千米", 15000), ("十五千米", 15000), ("半公里", 500), ("3公里半", 3500), ("十余公里", 10000),
        ("数公里", 9000), ("5万米", 50000), ("站点一公里", 1000), ("2里", 1000), ("一五〇〇米", 1500), ("3至5千米", 5000), ("2KM。", 2000),
    ],
)  # fmt: skip
def test_a_distance_in_words_is_read(text, metres):
    assert max(distances_stated_m(text)) == pytest.approx(metres)


@pytest.mark.parametrize(
    "text", ["流量5m3/s", "面积 12 平方公里", "3 km²", "5000立方米", "110kV", "厚600mm", "半径不详", "5里外", ""]
)
def test_what_is_no_distance_is_not_read_as_one(text):
    assert distances_stated_m(text) == ()


@given(st.integers(1, 99_999))
def test_a_distance_is_the_same_in_metres_and_kilometres(metres):
    assert distances_stated_m(f"上游{metres}米") == (metres,)
    assert distances_stated_m(f"上游{metres / 1000}公里")[0] == pytest.approx(metres)
    assert distances_stated_m(f"about {metres:,} m upstream") == (metres,)


@given(st.integers(1, 99_999))
def test_a_chinese_numeral_is_read_as_its_digits(number):
    digits, units, word, zero = "零一二三四五六七八九", ["", "十", "百", "千", "万"], "", False
    for place in range(4, -1, -1):
        digit = number // 10**place % 10
        if digit:
            word += ("零" if zero and word else "") + digits[digit] + units[place]
            zero = False
        else:
            zero = True
    assert distances_stated_m(f"{word}米") == (number,)


def test_areas_are_read_with_their_units():
    # 3 hm2 = 30,000; 15 mu = 10,000; 2 km2 = 2,000,000
    assert areas_stated_m2("3公顷，15亩，2 km²，1.5万平方米") == pytest.approx((30_000, 10_000, 2_000_000, 15_000))


@pytest.mark.parametrize(
    ("column", "value", "measured", "declared"),
    [
        ("面积（公顷）", 2.5, None, 25_000),
        ("面积_m2", "1,000", None, 1_000),
        ("面积(亩)", 15, 1e9, 10_000),  # the header decides, not the geometry
        ("面积", "3.2平方公里", None, 3_200_000),
        ("MJ", 24.0, 241_000.0, 240_000),  # hm2 fits
        ("MJ", 240_000, 241_000.0, 240_000),  # m2 fits
        ("MJ", 360, 241_000.0, 240_000),  # mu fits
        ("MJ", 24.0, 1.0, None),  # nothing fits
        ("MJ", 24.0, None, 24e6),  # no geometry: the largest unit that is no giant
        ("MJ", 50_000, None, 5e8),  # 50,000 km2 would be a giant, hm2 are none
        ("MJ", 0, None, None),
        ("MJ", "待测", None, None),
        ("Shape_Area", 5.0, None, None),  # computed by a program, declared by nobody
    ],
)
def test_a_declared_area_is_in_square_metres(column, value, measured, declared):
    found = declared_area_m2(ALIASES.view({column: value}), measured)
    assert found == (None if declared is None else pytest.approx(declared))


def test_an_assumed_unit_is_noted():
    view = ALIASES.view({"MJ": 24.0})
    declared_area_m2(view, None)
    assert view.problems == [("area_unit_assumed", "MJ", "24")]


def test_a_users_file_extends_the_package(tmp_path):
    path = tmp_path / "我的 字段.toml"
    path.write_text('[code]\ncontrol_units = ["单元代号"]\n', encoding="utf-8")
    view = FieldAliases.load(path).view({"单元代号": "A", "HJGKDYBM": "B"}, kind="control_units")
    assert view.get("code") == "A"
    assert ALIASES.view({"单元代号": "A"}, kind="control_units").get("code") is None


def test_a_users_file_can_drop_the_packages_names(tmp_path):
    path = tmp_path / "fields.toml"
    path.write_text('[declared_area]\nreplace = true\nany = ["批复MJ"]\n', encoding="utf-8")
    view = FieldAliases.load(path).view({"MJ": 1, "批复MJ": 2})
    assert [cell.column for cell in view.cells("declared_area")] == ["批复MJ"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[kode]\nany = ["x"]\n', "kode.*no such meaning"),
        ('[code]\nunits = ["x"]\n', "'units' is no kind"),
        ("[code]\nany = 3\n", "not a list of names"),
        ('[code]\nany = ["x", " "]\n', "not a list of names"),
        ("code = 3\n", "not a table"),
        ("[code\n", "its shape is that of"),
    ],
)
def test_a_users_file_that_cannot_be_used_is_refused(tmp_path, text, said):
    path = tmp_path / "fields.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FieldAliasError, match=said) as caught:
        FieldAliases.load(path)
    assert caught.value.path == path


def test_a_users_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(FieldAliasError, match=r"none\.toml"):
        FieldAliases.load(tmp_path / "none.toml")


def test_in_the_package_no_name_of_a_kind_has_two_deciding_meanings():
    path = Path(layers.__file__).parent / "fields.toml"
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    deciding = ("class", "status", "code", "successor", "influence_m", "valid_from", "valid_until")
    seen: dict[tuple[str, str], str] = {}
    for meaning in deciding:
        for kind, names in tables[meaning].items():
            for name in names:
                assert seen.setdefault((kind, fold(name)), meaning) == meaning
    assert len(seen) > 100


@given(st.text())
def test_folding_twice_is_folding_once(name):
    assert fold(fold(name)) == fold(name)


def test_folding_ends_where_case_folding_takes_apart_what_nfkc_joins():
    """T with a spacing diaeresis: its fold is the composed letter, which folds to itself (once an endless recursion)."""
    assert fold("T\u00a8") == "\u1e97"
    assert fold("\u1e97") == "\u1e97"
