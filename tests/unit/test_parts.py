"""Parts by use and mode: words of files understood or kept, sizes that sum up, answers that no mode moves."""

from __future__ import annotations

import json
import tomllib
from importlib.resources import files

import pytest
import shapely

from layers.fields import fold
from screening.parts import MODES, USES, inside_by_use, occupation_of, parts_document
from screening.site import SitePart, place
from screening.words import has_word
from tests.building import reading_of
from tests.project_example import box, checked, damage, layer, line, point, site_from, workspace

TABLES = tomllib.loads(files("screening").joinpath("site_fields.toml").read_text(encoding="utf-8"))


def part(use=None, mode=None):
    return SitePart(id="1", geometry=shapely.Point(117, 49), use=use, mode=mode)


@pytest.mark.parametrize(
    ("use", "mode", "expected"),
    [
        ("永久", None, ("permanent", "unstated")),
        (None, "永久", ("permanent", "unstated")),  # 占地方式 holds it in many files
        ("临时占地", "隧道", ("temporary", "tunnel")),
        ("临时用地（施工便道）", None, ("temporary", "unstated")),
        ("工程临时用地", "高架桥段", ("temporary", "bridge")),
        ("ＴＥＭＰＯＲＡＲＹ", "HDD", ("temporary", "drilled")),
        (None, "架空线路", ("unstated", "overhead")),
        (None, "水平定向钻穿越", ("unstated", "drilled")),
        (None, "直埋", ("unstated", "surface")),
        (None, None, ("unstated", "unstated")),
    ],
)
def test_words_met_in_files_say_use_and_mode(use, mode, expected):
    found = occupation_of(part(use, mode))
    assert (found.use, found.mode) == expected
    assert found.flags == ()


@pytest.mark.parametrize(
    "word", ["工业用地", "非永久", "永久基本农田", "非开挖", "地面以下", "桥隧", "bridgehead", "地下", "下穿隧道"]
)
def test_a_word_that_is_not_understood_is_kept_and_flagged_and_nothing_is_assumed(word):
    found = occupation_of(part(mode=word))
    assert (found.use, found.mode, found.unknown_words) == ("unstated", "unstated", (word,))
    assert found.flags == ("words_not_understood",)


def test_two_things_at_once_are_neither():
    found = occupation_of(part("永久；临时", "隧道+桥梁"))
    assert (found.use, found.mode) == ("unstated", "unstated")
    assert found.flags == ("use_conflicting", "mode_conflicting")


def test_a_purpose_beside_the_use_does_not_hide_it():
    row = {"用途": "风电场", "永久临时": "临时", "占地方式": "架空", "占地类型": "草地"}
    found = place(reading_of([shapely.box(117, 49, 117.01, 49.01)], [row])).parts[0]
    assert (found.use, found.mode) == ("临时；风电场", "架空；草地")
    assert occupation_of(found).use == "temporary"
    assert occupation_of(found).unknown_words == ("风电场", "草地")


def test_no_alias_says_two_things_and_every_code_has_words():
    assert set(TABLES["use_words"]) == set(USES) - {"unstated"}
    assert set(TABLES["mode_words"]) == set(MODES) - {"unstated"}
    every = [fold(word) for table in ("use_words", "mode_words") for words in TABLES[table].values() for word in words]
    assert len(every) == len(set(every))
    assert all(has_word(f"part_use.{use}") for use in USES)
    assert all(has_word(f"part_mode.{mode}") for mode in MODES)


def road():
    """Metres: a road bed, a work strip along it, a bridge after it, a tunnel far south of it."""
    return site_from(
        (box(0, 0, 1000, 100), {"永久临时": "永久", "占地方式": "路基"}),
        (box(0, 100, 1000, 150), {"永久临时": "临时", "占地方式": "路基"}),
        (box(1000, 0, 1200, 100), {"永久临时": "永久", "占地方式": "桥梁"}),
        (line((0, -500), (1200, -500)), {"占地方式": "隧道"}),
    )


def zones(path, *more):
    """Red line over x 500 to 1100, y -1000 to 125, in two features that share a strip."""
    store = workspace(path)
    layer(store, "red_lines", (box(500, -1000, 900, 125), {"名称": "甲"}), (box(800, -1000, 1100, 125), {"名称": "乙"}))
    return store


def figures(rows, *keys):
    return {
        tuple(row[k] for k in keys): (round(row["area_m2"], 0), round(row["length_m"], 2), row["points"])
        for row in rows
    }


def test_areas_and_lengths_by_use_and_mode_in_total_and_inside_a_layer(tmp_path):
    site = road()
    found = parts_document(site, checked(site, zones(tmp_path)).verdict)
    assert figures(found["groups"], "use", "mode") == {
        ("permanent", "surface"): (100_000, 0, 0),  # 1000 x 100
        ("permanent", "bridge"): (20_000, 0, 0),  # 200 x 100
        ("temporary", "surface"): (50_000, 0, 0),  # 1000 x 50
        ("unstated", "tunnel"): (0, 1200, 0),
    }
    assert figures(found["uses"], "use")[("permanent",)] == (120_000, 0, 0)
    assert figures(found["modes"], "mode")[("surface",)] == (150_000, 0, 0)
    assert figures([found["total"]]) == {(): (170_000, 1200, 0)}
    (red,) = found["layers"]
    assert figures(red["groups"], "use", "mode") == {
        ("permanent", "surface"): (50_000, 0, 0),  # x 500 to 1000, 100 wide; the strip of both features once
        ("permanent", "bridge"): (10_000, 0, 0),  # x 1000 to 1100
        ("temporary", "surface"): (12_500, 0, 0),  # 500 x 25
        ("unstated", "tunnel"): (0, 600, 0),  # x 500 to 1100
    }
    assert figures([red["total"]]) == {(): (72_500, 600, 0)}
    assert figures(red["uses"], "use")[("permanent",)] == (60_000, 0, 0)
    assert figures(red["parts"], "id")[("2",)] == (12_500, 0, 0)
    assert red["modes"] == ["surface", "bridge", "tunnel"]
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_totals_inside_a_layer_are_those_of_its_finding(tmp_path):
    site = road()
    verdict = checked(site, zones(tmp_path)).verdict
    (red,) = parts_document(site, verdict)["layers"]
    assert red["total"]["area_m2"] == round(verdict.findings[0].overlap_m2, 2)
    assert sum(row["area_m2"] for row in red["groups"]) == pytest.approx(red["total"]["area_m2"], abs=0.03)
    assert sum(row["length_m"] for row in red["groups"]) == pytest.approx(red["total"]["length_m"], abs=0.01)


def test_land_shared_by_two_uses_counts_once_in_the_total_and_is_named(tmp_path):
    site = site_from(
        (box(0, 0, 100, 100), {"永久临时": "永久"}),
        (box(50, 0, 150, 100), {"永久临时": "永久"}),
        (box(100, 0, 300, 100), {"永久临时": "临时"}),
    )
    found = parts_document(site, checked(site, zones(tmp_path)).verdict)
    assert figures(found["uses"], "use") == {("permanent",): (15_000, 0, 0), ("temporary",): (20_000, 0, 0)}
    assert (round(found["total"]["area_m2"]), round(found["shared_m2"])) == (30_000, 5_000)


def test_a_tunnel_under_a_red_line_is_a_hit_like_a_road(tmp_path):
    store = zones(tmp_path)
    route = line((400, -300), (1200, -320))
    below, above = (checked(site_from((route, {"占地方式": mode})), store) for mode in ("隧道", "路基"))
    assert below.verdict.answer == above.verdict.answer == "hit"
    assert [f.to_dict() for f in below.verdict.findings] == [f.to_dict() for f in above.verdict.findings]
    found = parts_document(below.inquiry.site, below.verdict)
    assert (found["parts"][0]["answer"], found["layers"][0]["answer"]) == ("hit", "hit")
    assert found["layers"][0]["modes"] == ["tunnel"]
    assert found["notes"] == ["mode_moves_no_answer"]


def test_turbines_are_counted(tmp_path):
    spots = [(point(x, 50), {"永久临时": "永久"}) for x in (100, 600, 700, 2000)]
    site = site_from(*spots)
    found = parts_document(site, checked(site, zones(tmp_path)).verdict)
    assert found["total"]["points"] == 4
    assert found["layers"][0]["total"]["points"] == found["layers"][0]["groups"][0]["points"] == 2


def test_a_layer_that_cannot_be_read_or_is_missing_has_no_figures_instead_of_zeros(tmp_path):
    store = workspace(tmp_path, "red_lines", "water_sources")
    layer(store, "red_lines", (box(0, 0, 10, 10), {}))
    damage(store, "red_lines", "pieces.wkb.bin")
    site = road()
    found = parts_document(site, checked(site, store).verdict)
    assert {(one["kind"], one["answer"], one["total"]) for one in found["layers"]} == {
        ("red_lines", "unknown", None),
        ("water_sources", "unknown", None),
    }


def test_units_of_other_classes_stand_beside_as_context(tmp_path):
    store = workspace(tmp_path, "control_units")
    rows = [{"编码": "ZH15078110001", "分类": "优先保护单元"}, {"编码": "ZH15078130001", "分类": "一般管控单元"}]
    layer(store, "control_units", (box(-5000, -5000, 500, 5000), rows[0]), (box(500, -5000, 5000, 5000), rows[1]))
    site = road()
    found = parts_document(site, checked(site, store).verdict)
    sizes = {one["role"]: round(one["total"]["area_m2"]) for one in found["layers"]}
    assert sizes == {"protective": 75_000, "context": 95_000}  # 500 x 150; 500 x 150 + 200 x 100


def test_a_route_in_many_layers_keeps_its_length_although_pieces_are_not_on_it_to_the_last_bit(tmp_path):
    store = workspace(tmp_path)
    layer(store, "red_lines", *((box(x, -2000, x + 60, 2000), {}) for x in range(-900, 900, 100)))
    bent = line(*((x, (x * 37) % 501) for x in range(-1000, 1001, 40)))
    site = site_from((bent, {"永久临时": "永久"}), (line((-1000, -700), (1000, -699)), {"永久临时": "临时"}))
    verdict = checked(site, store).verdict
    uses = inside_by_use(site, [o.geometry for o in verdict.overlaps])
    assert uses["temporary"].length_m == pytest.approx(18 * 60, abs=0.05)
    assert uses["permanent"].length_m + uses["temporary"].length_m == pytest.approx(
        verdict.findings[0].overlap_length_m, abs=0.1
    )
