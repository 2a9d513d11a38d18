"""What is printed can be read: lines broken where a reader would, each clause and question once, no empty table."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from apps.cli.parts import print_parts
from apps.cli.rules import print_ruling
from apps.cli.table import Page
from apps.cli.wrapping import Flowing, breaks
from tests.apps.cli import geojson, run, small_workspace
from tests.project_example import box, checked, layer, site_from, workspace

if TYPE_CHECKING:
    from collections.abc import Callable

WORDS = st.text("甲乙丙，。；：（）“”《》 abcXYZ0123456789-_./%=()", max_size=80)


def lines_of(text: str, width: int) -> list[str]:
    cuts = [0, *breaks(text, width), len(text)]
    return [text[a:b] for a, b in pairwise(cuts)]


def printed(say: Callable[[Page], None], *, language: Any = "zh", width: int = 100) -> str:
    file = io.StringIO()
    say(Page(Console(file=file, width=width, color_system=None), language))
    return file.getvalue()


@given(WORDS, st.integers(4, 60))
def test_nothing_is_lost_and_every_line_fits(text, width):
    lines = lines_of(text, width)
    assert "".join(lines) == text
    assert all(cell_len(line.rstrip()) <= width for line in lines)


def test_codes_and_dates_stay_whole_and_no_line_begins_with_punctuation():
    text = "依据：生态环境法典，第914条，2026-08-15 起施行（见 mz-grassland-mining，cn-code-95）。"
    for width in range(24, 60):
        lines = [line.rstrip() for line in lines_of(text, width)]
        assert all(line[0] not in "，。；：）”" for line in lines)
        assert all(line[-1] not in "（“" for line in lines)
        for whole in ("2026-08-15", "mz-grassland-mining", "cn-code-95"):
            assert any(whole in line for line in lines), (width, whole)


def test_an_option_to_copy_is_not_broken():
    text = "建设性质：新建 new、改建 rebuilt、扩建 expanded、已建 existing？ (--fact project_type=)"
    for width in range(30, 90):
        assert any("(--fact project_type=)" in line for line in lines_of(text, width))


def test_styles_survive_the_breaking_of_lines():
    text = Flowing.of(Text("甲乙丙", style="bold") + Text("丁戊己", style="red"))
    lines = text.wrap(Console(width=6), 6)
    assert [line.plain for line in lines] == ["甲乙丙", "丁戊己"]
    assert [str(span.style) for span in lines[1].spans] == ["red"]


def clause(name: str, state: str, open_: str | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    row = {"id": name, "state": state, "consequence": "prohibited", "status": "verified", "offices": [], "quote": None}
    row |= {"basis": None, "source": "某文 / some text"}
    for language in ("zh", "en"):
        row |= {f"title_{language}": f"标题 {name}", f"text_{language}": f"全文 {name}", f"penalty_{language}": None}
    leaf = {"leaf": {"fact": open_ or "new_land", "is": True}, "truth": "open" if open_ else "yes", "denied": False}
    leaf["grounds"] = [] if open_ else [{"stated": True}]
    return row, {"clause": name, "decided_by": [leaf]}


def ruling(*clauses: tuple[dict[str, Any], dict[str, Any]], **more: Any) -> dict[str, Any]:
    rows, trace = [row for row, _ in clauses], [line for _, line in clauses]
    found = {"counts": {"applies": 1, "may_apply": 2, "does_not_apply": 0}, "notes": [], "packs": [], "conflicts": []}
    return {
        **found,
        "headings": {"spatial_layout": rows},
        "trace": trace,
        "questions": [],
        "counterfactuals": [],
    } | more


def test_what_applies_is_in_full_and_what_may_stands_under_what_leaves_it_open():
    one = ruling(clause("a-1", "applies"), clause("a-2", "may_apply", "in_park"), clause("a-3", "may_apply", "in_park"))
    said = printed(lambda page: print_ruling(page, one))
    assert "禁止，适用：标题 a-1 [a-1]\n    全文 a-1\n    依据：某文\n" in said
    assert said.count("待明确") == 1  # two clauses wait for the same answer
    assert "    标题 a-2 [a-2]\n    标题 a-3 [a-3]\n" in said
    assert "?" not in said
    assert "some text" in printed(lambda page: print_ruling(page, one), language="en")


def test_a_question_and_suppositions_with_the_same_effect_stand_once():
    asked = {"code": "fact", "key": "outfall", "strictest": "prohibited"}
    questions = [{**asked, "clauses": ["a-1"]}, {**asked, "clauses": ["a-1", "a-2"]}]
    supposed = [
        {"code": "if_activity", "value": value, "applies": ["a-9"], "no_longer": []}
        for value in ("landfill", "tourism")
    ]
    said = printed(lambda page: print_ruling(page, ruling(questions=questions, counterfactuals=supposed)))
    assert said.count("--fact outfall=") == 1
    assert "[a-1，a-2]" in said
    assert said.count("a-9") == 1
    assert "活动为：垃圾填埋场、旅游" in said


def test_a_word_that_is_no_use_brings_a_line_and_no_table(tmp_path):
    store = workspace(tmp_path / "w", "red_lines")
    layer(store, "red_lines", (box(0, 0, 50, 50), {}))
    odd, plain = (site_from((box(0, 0, 100, 100), {"名称": "甲", **more})) for more in ({"用途": "风力发电"}, {}))
    said = printed(lambda page: print_parts(page, checked(odd, store).to_dict()["occupation"]))
    assert "风力发电" in said
    assert "未注明" not in said
    assert len(said.splitlines()) == 3
    assert printed(lambda page: print_parts(page, checked(plain, store).to_dict()["occupation"])) == ""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    import shapely

    folder = tmp_path_factory.mktemp("避让")
    parcel = geojson(folder / "地块.geojson", shapely.box(117.4685, 49.5835, 117.4730, 49.5860), 名称="某项目")
    page = folder / "m.html"
    done = run("avoid", parcel, "-w", small_workspace(folder / "ws"), "--kinds", "red_lines", "--map", page)
    assert done.exit_code == 0, done.output
    return page.read_text("utf-8")


def test_proposals_have_a_style_a_label_and_a_line_in_the_legend(drawn):
    import json
    import re

    data = json.loads(re.search(r'id="map-data"[^>]*>(.*?)</script>', drawn, re.DOTALL)[1])
    items = {item["title"]: item for item in data["items"] if item["pane"] == "proposal"}
    assert list(items) == ["方案 P1：平移", "方案 P2：裁减"]
    for item in items.values():
        assert data["styles"][item["style"]]["dashArray"]
        assert item["label"] in drawn.split('id="legend"')[1]
        assert len(item["at"]) == 2
    assert data["styles"][items["方案 P1：平移"]["style"]] != data["styles"][items["方案 P2：裁减"]["style"]]
    assert "项目选址（现状）" in drawn
