"""What stands on the page of a screened site, read from its text."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import shapely
from shapely.geometry import LineString, Point, Polygon, box

from maps.errors import NotDrawableError
from maps.screening_map import draw

_spec = importlib.util.spec_from_file_location("map_example", Path(__file__).parents[1] / "map_example.py")
example = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(example)


@pytest.fixture(scope="module", autouse=True)
def _assets():
    example.require_assets()


def drawn(**changes):
    given = {
        "result": example.result(),
        "site": example.SITE,
        "overlaps": example.overlaps(),
        "layers": example.layers(),
    }
    given |= changes
    return draw(given.pop("result"), **given)


@pytest.fixture(scope="module")
def zh():
    return drawn()


def data_of(html):
    return json.loads(re.search(r'<script type="application/json" id="map-data">(.*?)</script>', html, re.DOTALL)[1])


class _Text(HTMLParser):
    """The words of one element by its id."""

    def __init__(self, wanted):
        super().__init__()
        self.wanted, self.depth, self.words = wanted, 0, []

    def handle_starttag(self, tag, attrs):
        if self.depth or dict(attrs).get("id") == self.wanted:
            self.depth += tag not in {"br", "meta", "path", "rect", "circle"}

    def handle_endtag(self, tag):
        if self.depth:
            self.depth -= tag not in {"path", "rect", "circle"}

    def handle_data(self, data):
        if self.depth:
            self.words.append(data)


def text_of(html, wanted):
    reader = _Text(wanted)
    reader.feed(html)
    return " ".join(reader.words)


def test_the_same_input_gives_the_same_text(zh):
    assert drawn() == zh


def test_the_input_is_not_changed():
    result = example.result()
    drawn(result=result)
    assert result == example.result()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "zh",
            [
                "总体结论",
                "命中",
                "是否落入优先保护区域",
                "是否落入饮用水水源保护区",
                "无法判断",
                "不在优先保护单元不等于符合准入要求。",
                "风景名胜区",
            ],
        ),
        (
            "en",
            [
                "Overall answer",
                "hit",
                "In a priority-protection zone",
                "unknown",
                "does not mean that access requirements are met",
            ],
        ),
    ],
)
def test_the_answer_stands_in_words_beside_the_map(language, words):
    text = text_of(drawn(language=language), "panel")
    assert [word for word in words if word not in text] == []


def test_every_layer_stands_with_its_data_date_and_source(zh):
    text = text_of(zh, "panel")
    for date in ("2023-06-30", "2024-01-15", "2022-12-31", "2024-03-01", "2021-05-01"):
        assert date in text
    assert "合成数据（自然资源局格式）" in text
    assert "未注明" in text  # the water sources have neither date nor source


def test_where_nothing_is_met_the_nearest_stands_with_distance_and_bearing(zh):
    text = text_of(zh, "panel")
    assert "合成湿地公园，612.3 米，东北（方位角 52 度）" in text
    assert "合成水源地二级区，1,038 米，西南（方位角 229 度）；不小于 803.5 米" in text


def test_the_notes_stand_on_the_face_and_in_the_head(zh):
    face = text_of(zh, "notices")
    for code, words in (
        ("internal-map", "仅供内部分析，未经地图审核，不得公开发布"),
        ("restricted", "内部使用"),
        ("synthetic", "合成示例，不代表真实管控边界"),
        ("indicative", "示意"),
    ):
        assert words in face
        assert f'<meta name="{code}" content="{words}">' in zh
    assert '<meta name="as-of" content="2026-11-22">' in zh


@pytest.mark.parametrize("where", ["result", "outline"])
@pytest.mark.parametrize(
    ("code", "words"), [("restricted", "内部使用"), ("synthetic", "合成示例"), ("indicative", "示意")]
)
def test_a_note_needs_only_one_of_its_two_sources(where, code, words):
    no = {"restricted": False, "synthetic": False, "indicative": False}
    result = example.result()
    result["layers"] = [card | no for card in result["layers"]]
    outlines = [dataclasses.replace(outline, **no) for outline in example.layers()]
    assert words not in text_of(drawn(result=result, layers=outlines), "notices")
    if where == "result":
        result["layers"][2][code] = True
    else:
        outlines[2] = dataclasses.replace(outlines[2], **{code: True})
    face = text_of(drawn(result=result, layers=outlines), "notices")
    assert words in face
    assert "仅供内部分析" in face


def test_the_legend_lists_only_what_is_drawn():
    units = [outline for outline in example.layers() if outline.kind == "control_units"]
    one = dataclasses.replace(units[0], features=units[0].features[:1], coverage=None)
    parts = [part for part in example.overlaps() if part.kind == "control_units"]
    text = text_of(drawn(layers=[one], overlaps=parts), "legend")
    assert text.split() == ["项目", "项目选址", "重叠部分：优先保护单元", "环境管控单元", "优先保护单元"]


def test_coordinates_are_rounded_to_seven_decimals():
    site = Polygon([(117.12345678912, 49.1), (117.2, 49.1), (117.2, 49.2)])
    assert data_of(drawn(site=site))["site"]["geometry"]["coordinates"][0][0] == [117.1234568, 49.1]


def test_a_third_dimension_is_dropped():
    geometry = data_of(drawn(site=shapely.force_3d(example.SITE, 7.0)))["site"]["geometry"]
    assert {len(point) for point in geometry["coordinates"][0]} == {2}


def test_popups_say_areas_in_three_units_and_the_share(zh):
    part = next(item for item in data_of(zh)["items"] if item["type"] == "overlap" and item["key"].endswith("|u1"))
    rows = dict(part["rows"])
    area = example.area_m2(example.SITE.intersection(example.PRIORITY))
    assert rows["重叠面积"] == f"{area:,.2f} 平方米（{area / 1e4:,.4f} 公顷，{area * 15 / 1e4:,.2f} 亩）"
    assert rows["占选址比例"] == f"{100 * area / example.area_m2(example.SITE):.2f}%"
    assert (rows["编码"], rows["类别"], rows["空间关系"]) == ("ZH15078110001", "优先保护单元", "部分重叠")
    assert (rows["来源"], rows["数据日期"]) == ("合成数据（生态环境局格式）", "2024-01-15")


def test_a_layer_that_is_missing_or_unreadable_is_said():
    result = example.result()
    result["findings"][2] = example.finding(None, "protected_areas", "unknown", [], "layer_missing")
    result["kinds"]["protected_areas"] = "unknown"
    result["warnings"] = ["layer_expired", {"code": "date_missing"}, "自由文字"]
    text = text_of(drawn(result=result), "panel")
    for words in ("缺少该类图层", "图层已过有效期", "图层未注明数据日期", "自由文字"):
        assert words in text


@pytest.mark.parametrize(
    ("site", "why"),
    [
        (Polygon(), "it is empty"),
        (Point(40_400_000.0, 5_490_000.0), "is not in degrees"),
        (LineString([(117.0, 49.0), (117.0, float("inf"))]), "not a finite number"),
    ],
)
def test_what_is_not_in_degrees_is_not_drawn(site, why):
    with pytest.raises(NotDrawableError, match=why):
        drawn(site=site)


def test_an_empty_overlap_or_feature_is_left_out():
    part = dataclasses.replace(example.overlaps()[0], geometry=Polygon())
    outline = example.layers()[0]
    empty = dataclasses.replace(outline.features[0], id="empty", geometry=Polygon())
    html = drawn(overlaps=[part], layers=[dataclasses.replace(outline, features=(*outline.features, empty))])
    assert [item["key"] for item in data_of(html)["items"]] == [f"{example.RED}|r1"]


def test_a_result_without_a_key_of_the_contract_is_refused():
    result = example.result()
    del result["in_red_line"]
    with pytest.raises(KeyError, match="in_red_line"):
        drawn(result=result)


def test_nothing_a_name_holds_is_run_as_a_template():
    result = example.result()
    result["site"]["name"] = "{{ 7*7 }}{% for a in b %}"
    html = drawn(result=result, title="{{ this._id }}")
    assert "{{ 7*7 }}{% for a in b %}" in text_of(html, "panel")
    assert "<title>{{ this._id }}</title>" in html


def test_a_layer_name_is_not_run_as_a_template_either():
    outline = dataclasses.replace(example.layers()[0], layer="{{ 7*7 }}{% raw %}", data_date=None)
    html = drawn(layers=[outline])
    assert '"\\u0026#123;\\u0026#123; 7*7 \\u0026#125;\\u0026#125;\\u0026#123;% raw %\\u0026#125;' in html


def test_layers_of_one_name_are_both_in_the_control():
    outline = example.layers()[0]
    html = drawn(layers=[outline, outline])
    assert '"合成生态保护红线（2023-06-30） (2)"'.encode("unicode_escape").decode() in html


def test_a_feature_far_wider_than_the_site_does_not_set_the_view():
    outline = example.layers()[0]
    wide = dataclasses.replace(outline.features[0], geometry=box(100, 30, 130, 55))
    (south, west), (north, east) = data_of(drawn(layers=[dataclasses.replace(outline, features=(wide,))]))["view"]
    assert north - south < 0.05
    assert east - west < 0.05


def test_parts_of_a_route_in_several_kinds_are_drawn_in_widths_that_hide_none():
    route = LineString([(117.395, 49.603), (117.405, 49.606)])
    parts = [dataclasses.replace(part, geometry=route) for part in example.overlaps()]
    items = [item for item in data_of(drawn(site=route, overlaps=parts))["items"] if item["type"] == "overlap"]
    assert [(item["key"][-2:], item["width"]) for item in items] == [("u1", 12), ("r1", 7)]  # later lies on top
