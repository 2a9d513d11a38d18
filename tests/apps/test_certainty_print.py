"""How sure, as it is printed: one line a finding, both languages, any console; and its JSON against its schema."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
import shapely
from rich.console import Console

from apps.cli.certainty import print_certainty
from apps.cli.table import Page
from maps.certainty import settle_lines, settle_words
from screening.certainty import certainty_of
from screening.certainty.flipping import CAUSES
from screening.certainty.settling import SETTLES
from screening.inquiry import Inquiry
from screening.screen import screen
from screening.site import site_of
from screening.words import has_word
from spatial.overlay.frame import Frame
from tests.contract.places import MemoryStore

if TYPE_CHECKING:
    from screening.words import Language

FRAME = Frame.at(117.5, 49.5)


def document(*, stability: bool) -> dict[str, Any]:
    """A red line that overlaps by a strip of 10 m, a zone 12 m off, and a kind that is missing."""

    def box(west: float, east: float) -> Any:
        return FRAME.to_degrees(shapely.box(west, -500, east, 500))

    store = MemoryStore("red_lines", "protected_areas", "water_sources")
    county = FRAME.to_degrees(shapely.box(-9_000, -9_000, 9_000, 9_000))
    store.add("red_lines", [box(-10, 900)], name="红线", coverage=county, accuracy_m=25.0)
    rows = [{"类型": "自然公园"}]
    store.add("protected_areas", [box(12, 900)], rows, name="保护地", coverage=county, accuracy_m=25.0)
    site = site_of(FRAME.to_degrees(shapely.box(-100, -50, 0, 50)), accuracy_m=1)
    verdict = screen(site, store, as_of="2026-11-22", stability=stability)  # type: ignore[arg-type]
    asked = Inquiry(site=site, as_of="2026-11-22", stability=stability)
    return certainty_of(asked, verdict, store, stability=stability)  # type: ignore[arg-type]


def printed(found: dict[str, Any], language: Language, *, charset: str = "gbk", width: int = 160) -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding=charset, newline="\n")
    print_certainty(Page(Console(file=file, width=width, color_system=None), language), found)
    file.flush()
    return file.buffer.getvalue().decode(charset)  # type: ignore[attr-defined,no-any-return]


def test_every_code_that_is_printed_has_words() -> None:
    for by in set(CAUSES.values()):
        assert has_word(f"certainty.by_{by}"), by
    for code in SETTLES:
        assert settle_words({"code": code, "alone": True}, "zh") != code


def test_what_would_change_and_what_would_settle_it_is_printed_in_both_languages() -> None:
    found = document(stability=False)
    zh, en = printed(found, "zh"), printed(found, "en")
    flat_zh, flat_en = "".join(zh.split()), " ".join(en.split())
    assert "图层25.0米" in flat_zh
    assert "最小宽度10.0" in flat_zh
    assert "自然保护地" not in flat_zh.split("饮用水水源保护区")[0]  # the layer is named, not its kind
    assert "导入该类图层" in flat_zh
    assert "(a sliver)" in flat_en
    assert "clear" in flat_en
    assert "0.05" not in zh  # no curve unless asked for


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_curve_is_a_table_with_a_line_for_each_accuracy(language: Language) -> None:
    found = document(stability=True)
    text = printed(found, language, width=200)
    for metres in ("0.05", "0.1", "0.2", "0.3", "0.5", "1", "1.5", "2", "3", "5", "10", "15", "20", "30", "50"):
        assert any(line.split()[:1] == [metres] for line in text.splitlines()), metres
    changes = next(f for f in found["findings"] if f["layer"] == "保护地")["changes"]
    assert len(changes) == 1
    assert f"{changes[0]['changed_at_m']:.2f}" in text


def test_a_narrow_console_loses_nothing() -> None:
    found = document(stability=False)
    wide, narrow = printed(found, "zh", width=200), printed(found, "zh", width=60)
    for cell in ("25.0", "10.0", "12.0"):
        assert cell in wide
        assert cell in narrow


def test_what_would_settle_many_features_is_said_once_with_their_names() -> None:
    wanted = {"code": "state_extent", "alone": False}
    entries = [{**wanted, "name": "甲", "feature": "1"}, {**wanted, "name": "乙", "feature": "2"}]
    dates = {"code": "state_dates", "alone": False}
    lines = settle_lines([*entries, dates], "zh")
    assert [("甲、乙" in line, line.count("一并")) for line in lines] == [(True, 0), (False, 0), (False, 1)]
    mixed = settle_lines([{**dates, "alone": True}, *entries], "en")
    assert ["needed with the others" in line for line in mixed] == [False, True]
    other = {**wanted, "name": "丙", "needed_m": 3.0, "code": "survey_boundary"}
    assert len(settle_lines([other, {**other, "name": "丁", "needed_m": 4.0}], "zh")) == 3  # figures are not merged


def test_long_advice_stands_below_the_table() -> None:
    found = document(stability=False)
    text = printed(found, "zh", width=80)
    table, _, below = text.partition("怎样才能确定：")
    assert "见下" in table
    assert "导入该类图层" in below
    assert "导入该类图层" not in table
