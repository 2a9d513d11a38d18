"""``data/plans``: what is written there holds together, and is what the plans say."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import pytest

from layers.errors import PlanFileError, UnknownCityError
from layers.plans.loading import CITIES, city_of, load_plan, plan, requirements
from layers.plans.quantities import combine, half_unit, parse_unit
from layers.plans.quotes import GAP, fold_blanks, missing_pieces, pieces
from spatial.datafiles import data_file

SHARED = Path(__file__).resolve().parents[3] / "shared" / "plans"
KEYS = [city.key for city in CITIES]
SECTIONS = set(range(1, 9))
each_city = pytest.mark.parametrize("key", KEYS)


@lru_cache
def text_lines(key: str) -> tuple[str, ...]:
    path = SHARED / "text" / f"{key}.txt"
    if not path.is_file():
        pytest.skip(f"the text of the plan is not here: {path}")
    return tuple(path.read_text("utf-8").split("\n"))


@lru_cache
def extract(key: str) -> str:
    path = SHARED / f"{key}.md"
    if not path.is_file():
        pytest.skip(f"the extract of the plan is not here: {path}")
    return path.read_text("utf-8")


def extracted_quotes(key: str) -> list[tuple[int, str]]:
    """Line and words of every quote of §0-8 of an extract: 「words」(L12) or L12「words」."""
    body = extract(key).split("\n## 9")[0]
    after = re.findall(r"「([^「」]*)」 ?\(L(\d+)\)", body)
    before = re.findall(r"L(\d+) ?「([^「」]*)」", body)
    found = [(int(line), words) for words, line in after] + [(int(line), words) for line, words in before]
    assert len(found) >= 80
    return found


# --- what holds without the texts -------------------------------------------------------------------------------


@each_city
def test_a_plan_loads_and_holds_together(key):
    loaded = plan(key)  # ids, references, numbers in their quotes and sums are checked on loading
    assert loaded.key == key
    assert loaded.facts
    assert loaded.features


@each_city
def test_every_section_of_a_plan_has_facts(key):
    assert SECTIONS - {fact.section for fact in plan(key).facts} == set()


@each_city
def test_every_feature_is_spoken_of_by_a_fact(key):
    loaded = plan(key)
    spoken = {name for fact in loaded.facts for name in fact.features}
    assert [feature.id for feature in loaded.features if feature.id not in spoken] == []


@each_city
def test_titles_are_in_the_language_they_claim(key):
    chinese = re.compile("[\u4e00-\u9fff]")
    loaded = plan(key)
    titled = (*loaded.facts, *loaded.arithmetic)
    assert [each.id for each in titled if not chinese.search(each.title_zh)] == []
    assert [each.id for each in titled if not re.search("[A-Za-z]{2}", each.title_en)] == []


@each_city
def test_own_words_can_be_shown_on_a_gbk_console(key):
    loaded = plan(key)
    words = [word for each in loaded.conflicts for word in (each.zh, each.en)]
    words += [word for each in (*loaded.facts, *loaded.arithmetic) for word in (each.title_zh, each.title_en)]
    noted = (*loaded.features, *loaded.facts, *loaded.indicators, *loaded.arithmetic)
    words += [word for each in noted for word in (each.note_zh, each.note_en) if word is not None]
    assert [word for word in words if word.encode("gbk", "replace").decode("gbk") != word] == []


@each_city
def test_a_note_is_in_both_languages_or_in_neither(key):
    loaded = plan(key)
    noted = (*loaded.features, *loaded.facts, *loaded.arithmetic)
    assert [each.id for each in noted if (each.note_zh is None) != (each.note_en is None)] == []


@each_city
def test_a_fact_in_the_words_of_a_requirement_names_it(key):
    unnamed = []
    for each in requirements().values():
        for quote in each.quotes:
            same = [fact for fact in plan(key).facts if quote.city == key and _says(fact, quote)]
            if same and not any(each.id in fact.requirements for fact in same):
                unnamed.append((each.id, [fact.id for fact in same]))
    assert unnamed == []


def _says(fact, quote):
    parts = pieces(fact.quote)
    return quote.line in fact.lines and all(any(p in q or q in p for q in parts) for p in pieces(quote.quote))


@each_city
def test_no_two_features_of_a_kind_share_a_name(key):
    names = [(feature.kind, name) for feature in plan(key).features for name in (feature.name, *feature.aliases)]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_both_numberings_of_the_requirements_are_whole():
    ids = list(requirements())
    assert [name for name in ids if name.startswith("TEM-")] == [f"TEM-R{number}" for number in range(1, 23)]
    assert [name for name in ids if name.startswith("HA-")] == [f"HA-R{number}" for number in range(1, 25)]
    assert requirements()["TEM-R4"].cities == ("tongliao", "erenhot", "manzhouli")
    assert requirements()["HA-R4"].cities == ("hohhot", "arxan")


# --- what the texts say ------------------------------------------------------------------------------------------


@each_city
def test_the_number_of_lines_is_that_of_the_text(key):
    lines = text_lines(key)
    assert plan(key).lines in (len(lines), len(lines) - 1)


@each_city
def test_every_quote_is_verbatim_in_its_lines(key):
    lines = text_lines(key)
    wrong = [
        (fact.id, fact.lines, missing)
        for fact in plan(key).facts
        if (missing := missing_pieces(fact.quote, [lines[number - 1] for number in fact.lines]))
    ]
    assert wrong == []


@each_city
def test_every_quote_of_the_extract_is_a_fact(key):
    held: dict[int, list[str]] = {}
    for fact in plan(key).facts:
        for line in fact.lines:
            held.setdefault(line, []).extend(pieces(fact.quote))
    missing = [
        f"L{line} {words}"
        for line, words in extracted_quotes(key)
        if not all(any(part in whole for whole in held.get(line, [])) for part in pieces(words))
    ]
    assert not missing, f"{len(missing)} quotes of {key}.md are no fact:\n" + "\n".join(missing)


@each_city
def test_every_row_of_indicators_is_verbatim_in_its_lines(key):
    lines = text_lines(key)
    wrong = []
    for row in plan(key).indicators:
        here = re.sub(r"\s", "", "".join(lines[row.lines[0] - 1 : row.lines[1]]))
        cells = (row.name, row.baseline, row.target, row.nature)
        wrong += [(row.no, cell) for cell in cells if re.sub(r"\s", "", cell) not in here]
    assert wrong == []


@each_city
def test_every_row_of_indicators_of_the_extract_is_there(key):
    tail = extract(key).partition("\n## 10")[2].partition("\n## 11")[0]
    rows = [int(number) for number in re.findall(r"(?m)^\| (\d+) \|", tail)]
    assert [row.no for row in plan(key).indicators] == rows


def test_every_quote_of_a_requirement_is_verbatim_in_its_line():
    wrong = [
        (each.id, quote.city, quote.line)
        for each in requirements().values()
        for quote in each.quotes
        if missing_pieces(quote.quote, [text_lines(quote.city)[quote.line - 1]])
    ]
    assert wrong == []


# --- the loader refuses what is not right -----------------------------------------------------------------------

GOOD = """
[plan]
key = "manzhouli"
city = "满洲里市"
english = "Manzhouli"
names = ["满洲里"]
districts = ["150781"]
title = "规划"
lines = 100

[[feature]]
id = "red-line"
name = "生态保护红线"
english = "ecological red line"
kind = "red_lines"

[[fact]]
id = "M-001"
section = 1
about = "area"
title_zh = "面积"
title_en = "area"
feature = "red-line"
value = 71.39
unit = "km2"
line = 7
quote = "全市71.39平方公里"

[[fact]]
id = "M-002"
section = 1
about = "share"
title_zh = "比例"
title_en = "share"
value = 15.36
unit = "%"
line = 8
quote = "15.36"

[[arithmetic]]
id = "M-A1"
rule = "quotient"
facts = ["M-001", "M-002"]
result = 464.8
unit = "km2"
title_zh = "全市面积"
title_en = "area of the city"
"""


def loaded_from(tmp_path, text):
    path = tmp_path / "some.toml"
    path.write_text(text, "utf-8")
    return load_plan(path, known=["TEM-R1", "HA-R1"])


def test_a_good_file_loads(tmp_path):
    made = loaded_from(tmp_path, GOOD)
    assert made.fact("M-001").half_unit == pytest.approx(0.005)
    # 71.385 / 0.15365 and 71.395 / 0.15355
    assert (round(made.arithmetic[0].span.low, 1), round(made.arithmetic[0].span.high, 1)) == (464.6, 465.0)
    assert made.feature("red-line").stands_for == "layer"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('about = "area"', 'about = "area"\nsize = 3', r"fact M-001: unknown key size"),
        ("[[arithmetic]]", "[[sum]]", r"unknown key sum"),
        ('id = "M-002"', 'id = "M-001"', r"M-001 is there twice"),
        ('id = "M-002"', 'id = "E-002"', r"id is not M-nnn"),
        ('feature = "red-line"', 'feature = "red"', r"fact M-001: feature red is not there"),
        ("value = 71.39", "value = 71.93", r"fact M-001: value = 71.93 is not a number that its quote states"),
        ('unit = "km2"\nline', 'unit = "sq km"\nline', r"fact M-001: unit 'sq km'"),
        ('unit = "km2"\nline', "line", r"fact M-001: value and unit come together"),
        ("result = 464.8", "result = 464.7", r"arithmetic M-A1: result = 464.7, but the quotient is 464.779 km2"),
        ('facts = ["M-001", "M-002"]', 'facts = ["M-001", "M-003"]', r"arithmetic M-A1: facts M-001, M-003"),
        ("line = 7", "line = 101", r"fact M-001: line beyond the 100 of the text"),
        ("line = 7", 'line = 7\nrequirements = ["TEM-R9"]', r"fact M-001: requirement TEM-R9 is not there"),
        ("line = 7", 'line = 7\nrequirements = ["HA-R1"]', r"requirements of 满洲里市 are TEM-R"),
        ("line = 7", 'line = 7\nmeasure = "area:rivers"', r"'area:rivers' is no measure"),
        ("line = 7", 'line = 7\nmeasure = "class:red"', r"measure class:red names no feature"),
        ("line = 7", 'line = 7\nconflict = "c"', r"conflict c is not there"),
        ('kind = "red_lines"', 'kind = "red_line"', r"feature red-line: kind = 'red_line' is none of"),
        ('english = "Manzhouli"', 'english = "Manchouli"', r"is of 满洲里市 \(Manchouli\)"),
        ("lines = 100", "lines = 100\nofficial_area_km2 = 735", r"official_area_source come together"),
        ("section = 1\n", "section = 9\n", r"a section from 0 to 8"),
        ("lines = 100", "lines = true", r"lines = True is not of type int"),
        ("lines = 100", "lines = ", r"is no TOML"),
    ],
)
def test_a_slip_is_refused_by_file_and_entry(tmp_path, old, new, words):
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    with pytest.raises(PlanFileError, match=words) as caught:
        loaded_from(tmp_path, text)
    assert "some.toml" in str(caught.value)


def test_a_city_without_a_plan_is_refused_with_the_five_that_have_one():
    with pytest.raises(UnknownCityError, match="海拉尔") as caught:
        plan("海拉尔")
    assert caught.value.known == (
        "通辽市 (tongliao)",
        "呼和浩特市 (hohhot)",
        "二连浩特市 (erenhot)",
        "满洲里市 (manzhouli)",
        "阿尔山市 (arxan)",
    )


def test_a_city_is_found_by_every_way_of_writing_it():
    assert {city_of(name).key for name in ("阿尔山", "阿尔山市", " arxan", "Arxan")} == {"arxan"}


@each_city
def test_a_city_is_found_by_every_name_its_plan_lists(key):
    assert {city_of(name).key for name in plan(key).names} == {key}


# --- numbers, units and words ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quote", "value", "half"),
    [
        ("15.36", 15.36, 0.005),
        ("1 887.6万", 887.6, 0.05),
        ("1887.6万立方米", 18_876_000, 500),
        ("63.5万公顷", 63.5, 0.05),
        ("1,055.11平方公里", 1055.11, 0.005),
        ("共12个", 12, 0.5),
        ("四镇", 4, 0.5),
        ("三百六十五天", 365, 0.5),
        ("唯一的水源地", 1, 0.5),
        ("下降5%", -5, 0.5),
        ("15.36", 15.3, None),
        ("共15个", 5, None),
        ("", 0, None),
    ],
)
def test_the_rounding_of_a_number_is_read_off_its_quote(quote, value, half):
    assert half_unit(quote, value) == (None if half is None else pytest.approx(half))


def test_units_are_divided_and_taken_by_ten_thousand():
    assert parse_unit("1e4 ha").factor == 1e8
    assert parse_unit("1e4 m3/d").factor == pytest.approx(1e4 / 24)
    with pytest.raises(ValueError, match="'sqm' is none of"):
        parse_unit("sqm")


def test_flow_over_area_is_a_depth():
    # 1,887.6e4 m3/a over 6.82 km2 = 2.77 m/a
    flow, area = parse_unit("1e4 m3/a"), parse_unit("km2")
    value, _ = combine("quotient", [1887.6, 6.82], [_exact(1887.6), _exact(6.82)], [flow, area], parse_unit("m/a"))
    assert value == pytest.approx(18_876_000 / 6_820_000)


def test_a_sum_leaves_its_first_out_and_adds_the_roundings():
    from layers.plans.quantities import Span

    count = parse_unit("count")
    value, span = combine(
        "sum", [15, 5, 10], [Span(low=15, high=15), Span(low=4.5, high=5.5), Span(low=10, high=10)], [count] * 3, count
    )
    assert (value, span.low, span.high) == (15, 14.5, 15.5)


def test_what_does_not_add_up_in_units_is_refused():
    with pytest.raises(ValueError, match="km2 and % do not add to km2"):
        combine("difference", [2, 1], [_exact(2), _exact(1)], [parse_unit("km2"), parse_unit("%")], parse_unit("km2"))
    with pytest.raises(ValueError, match="is not in km2"):
        combine("product", [2, 1], [_exact(2), _exact(1)], [parse_unit("km2")] * 2, parse_unit("km2"))


def _exact(value):
    from layers.plans.quantities import Span

    return Span(low=value, high=value)


def test_white_space_is_folded_and_nothing_else():
    assert fold_blanks(" 甲\t\u3000乙\xa0 丙 ") == "甲 乙 丙"
    assert missing_pieces(f"甲 乙{GAP}丁", ["丙甲  乙", "戊"]) == ("丁",)
    assert missing_pieces("甲乙", ["甲 乙"]) == ("甲乙",)
    assert missing_pieces("共15个", ["共１５个"]) == ("共15个",)


def test_the_files_are_those_of_the_five_cities():
    folder = data_file("plans")
    assert {path.stem for path in folder.glob("*.toml")} == {*KEYS, "requirements"}
