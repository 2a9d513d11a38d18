"""The figures say what the engine says now: every answer and number in them is computed again."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from docs.figures.drawing import svg_of
from docs.figures.judging import judge
from docs.figures.pictures import demo_verdict, output_svg
from docs.figures.scenes import FIGURES

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "figures"
DRAWN = [path for path in sorted(FOLDER.glob("*.svg")) if not path.name.startswith("check.")]
AGAIN = "draw them again: python -m docs.figures"


@pytest.fixture(scope="module")
def judged():
    scenes = {scene.key: scene for figure in FIGURES for scene in figure.scenes}
    return {key: judge(scene) for key, scene in scenes.items()}


def texts(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def cards(svg: str) -> list[tuple[str, ...]]:
    return re.findall(r'data-scene="(\w+)" data-answer="(\w+)" data-reasons="([\w ]+)"', svg)


def shapes(svg: str) -> list[str]:
    """Sites and zones as drawn; bands and circles are GEOS's and may differ between its versions."""
    return re.findall(r'<path class="(?:site|zone)" d="[^"]+"', svg)


def test_every_figure_of_the_list_is_drawn_and_no_other():
    assert [path.stem for path in DRAWN] == sorted(figure.name for figure in FIGURES)


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_a_figure_shows_the_answers_that_the_engine_gives_now(figure, judged):
    committed = (FOLDER / f"{figure.name}.svg").read_text("utf-8")
    now = svg_of(figure, [judged[scene.key] for scene in figure.scenes])
    assert cards(committed) == cards(now), AGAIN
    assert texts(committed) == texts(now), AGAIN
    assert shapes(committed) == shapes(now), AGAIN
    assert len(cards(committed)) == len(figure.scenes)


@pytest.mark.parametrize("name", ["hit", "uncertain", "clear", "unknown"])
def test_the_figure_of_an_answer_shows_that_answer_only(name, judged):
    figure = next(figure for figure in FIGURES if figure.name == name)
    assert {judged[scene.key].answer for scene in figure.scenes} == {name}


def test_the_first_figure_shows_all_four_answers(judged):
    assert [judged[s.key].answer for s in FIGURES[0].scenes] == ["hit", "uncertain", "clear", "unknown"]


def test_accuracy_in_the_figures_is_root_of_15_and_20_squared(judged):
    assert {item.finding["accuracy_m"] for item in judged.values()} == {25.0}


def test_hold_of_a_parcel_60_m_deep_is_proved_from_below(judged):
    # the parcel reaches from x = -60 to 60 and the zone begins at x = 0: a shift of 60 m to the west parts them
    assert 59.0 <= judged["measure_hold"].hold_at_least_m <= 60.0


def test_gap_of_the_coverage_scenes_is_followed_by_hand(judged):
    # c = 20, a = 25, R = 0: more than 45 m to the edge are needed; the parcel's east end lies at x = 90, the edge at 120
    reason = judged["coverage_near"].finding["reasons"][0]
    assert (reason["edge_m"], reason["needed_m"]) == (30.0, 45.0)


def test_reach_of_a_point_with_an_area_is_twice_its_root_over_pi(judged):
    # 30 hectares: 2 * sqrt(300000 / pi) = 618.04 m
    assert judged["unknown_extent"].finding["reasons"][0]["reach_m"] == pytest.approx(618.039, abs=0.001)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.svg")), ids=lambda path: path.name)
def test_figures_load_nothing(path):
    text = path.read_text("utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert re.findall(r"https?:|//|<script|<image|@import|@font-face|\bhref", text) == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_picture_of_the_output_shows_what_is_printed_now(demo, language):
    verdict, _ = demo_verdict(demo / "demo")
    committed = (FOLDER / f"check.{language}.svg").read_text("utf-8")
    assert texts(committed) == texts(output_svg(verdict, language)), f"{AGAIN} output"


def test_the_picture_of_the_map_is_a_small_png():
    data = (FOLDER / "map.png").read_bytes()
    assert data.startswith(b"\x89PNG")
    assert len(data) < 400_000
