"""§1: which layers decide, and which of their features count."""

from __future__ import annotations

import math

import pytest
import shapely

from layers.errors import ImportOptionError
from layers.model import DEFAULT_REQUIRED_KINDS
from tests.contract.places import COUNTY, FAR, ZONE, MemoryStore, ask, beside, block, codes, finding, off, one

INSIDE = shapely.Point(117.45, 49.45)
PROTECTIVE = ("red_lines", "protected_areas", "water_sources", "control_units", "element_zones")
CENTRE = (117.5, 49.5)


def at(metres: float) -> shapely.Point:
    """So many metres east of the point feature."""
    return shapely.Point(off(*CENTRE, east=metres))


# Roles


@pytest.mark.parametrize("kind", PROTECTIVE)
def test_protective_layer_decides_the_answer(kind):
    verdict = ask(one(kind, ZONE), INSIDE)
    assert verdict.answer == "hit"
    assert verdict.kinds == {kind: "hit"}


@pytest.mark.parametrize("kind", ["sensitive_targets", "monitoring_sections"])
def test_context_layer_is_reported_beside_the_answer_and_does_not_move_it(kind):
    store = one("red_lines", ZONE)
    store.add(kind, [FAR.buffer(0.01)], [{"名称": "甲"}], coverage=None)
    verdict = ask(store, FAR)
    assert verdict.answer == "clear"
    assert list(verdict.kinds) == ["red_lines"]
    assert [(c.layer, c.features[0].name) for c in verdict.context] == [(kind, "甲")]


@pytest.mark.parametrize("word", ["撤销", "一般管控单元", "拟调出", ""])
def test_red_line_counts_whatever_its_fields_say(word):
    assert ask(one("red_lines", ZONE, {"状态": word, "类型": word}), INSIDE).answer == "hit"


# Protected areas


@pytest.mark.parametrize("word", ["已批准", "现行"])
def test_protected_area_in_force_counts_and_is_not_flagged_for_its_status(word):
    verdict = ask(one("protected_areas", ZONE, {"状态": word}), INSIDE)
    assert verdict.answer == "hit"
    assert "status_unconfirmed" not in finding(verdict).features[0].flags


@pytest.mark.parametrize("word", ["", None, "拟撤销", "在建", "??"])
def test_protected_area_of_unconfirmed_status_counts_flagged(word):
    verdict = ask(one("protected_areas", ZONE, {"状态": word}), INSIDE)
    assert verdict.answer == "hit"
    assert "status_unconfirmed" in finding(verdict).features[0].flags


def test_cancelled_protected_area_is_context():
    verdict = ask(one("protected_areas", ZONE, {"状态": "已撤销", "名称": "旧"}), INSIDE)
    assert verdict.answer == "clear"
    assert [f.name for c in verdict.context for f in c.features] == ["旧"]


def merged(successor: shapely.Polygon | None, attributes: dict[str, object] | None = None) -> MemoryStore:
    """甲 in the zone's east, 0.01 degree wide, merged into 乙."""
    old = shapely.box(117.49, 49.4, 117.5, 49.5)
    store = MemoryStore()
    rows = [{"名称": "甲", "状态": "并入乙"}, {"名称": "乙", "状态": "现行", "生效日期": None} | (attributes or {})]
    store.add("protected_areas", [old, successor or ZONE], rows)
    return store


IN_OLD = shapely.Point(117.495, 49.45)


def names(store: MemoryStore, as_of: str = "2026-11-22") -> list[str | None]:
    found = finding(ask(store, IN_OLD, as_of=as_of))
    return [f.name for f in found.features if f.relation != "disjoint"]


def test_merged_area_gives_way_to_a_successor_in_force_that_covers_it():
    assert names(merged(None)) == ["乙"]


@pytest.mark.parametrize(("share", "counted"), [(0.995, ["乙"]), (0.985, ["乙", "甲"])])
def test_successor_must_cover_99_percent_of_the_merged_area(share, counted):
    assert sorted(names(merged(shapely.box(117.3, 49.4, 117.49 + 0.01 * share, 49.5)))) == counted


def test_merged_area_counts_while_its_successor_is_not_in_force_yet():
    store = merged(None, {"生效日期": "2025-06-01"})
    assert names(store, "2025-05-31") == ["甲"]
    assert names(store, "2025-06-01") == ["乙"]


def test_merged_area_counts_where_its_successor_is_cancelled_or_unnamed():
    assert names(merged(None, {"状态": "撤销"})) == ["甲"]
    assert sorted(str(n) for n in names(merged(None, {"名称": "丙"}))) == ["丙", "甲"]


def test_merged_area_that_counts_is_flagged_unconfirmed():
    (feature,) = [f for f in finding(ask(merged(None, {"状态": "撤销"}), IN_OLD)).features if f.name == "甲"]
    assert "status_unconfirmed" in feature.flags


# Water sources


@pytest.mark.parametrize("word", ["一级", "二级", "准保护区"])
def test_water_source_polygon_of_any_zone_counts(word):
    assert ask(one("water_sources", ZONE, {"保护区级别": word}), INSIDE).answer == "hit"


def test_intake_with_a_stated_influence_distance_counts_within_it():
    store = one("water_sources", shapely.Point(CENTRE), {"名称": "取水口", "影响距离": "1000米"})
    assert ask(store, at(970.0)).answer == "hit"  # 30 m deep
    assert ask(store, at(1020.0)).answer == "uncertain"  # a gap of 20 m, a is 25
    assert ask(store, at(1030.0)).answer == "clear"


def test_other_intake_keeps_the_layer_from_clear_and_is_no_hit():
    verdict = ask(one("water_sources", shapely.Point(CENTRE), {"名称": "取水口"}), at(0.0))
    assert (verdict.answer, codes(finding(verdict))) == ("unknown", ["extent_not_given"])


# Control units and element zones


def test_control_unit_of_class_1_counts():
    for row in ({"管控单元分类": "优先保护单元"}, {"管控单元分类": 1}, {"环境管控单元编码": "ZH15078110001"}):
        assert ask(one("control_units", ZONE, row), INSIDE).answer == "hit"


@pytest.mark.parametrize("word", ["重点管控单元", "一般管控单元", 2, 3])
def test_unit_of_another_class_is_no_hit_and_is_listed_as_context(word):
    verdict = ask(one("control_units", ZONE, {"管控单元分类": word, "单元名称": "甲"}), INSIDE)
    assert verdict.answer == "clear"
    assert [f.name for c in verdict.context for f in c.features] == ["甲"]


def test_every_unit_a_site_lies_in_is_listed():
    west, east = shapely.box(117.4, 49.4, 117.5, 49.5), shapely.box(117.5, 49.4, 117.6, 49.5)
    store = MemoryStore()
    rows = [{"管控单元分类": "重点管控单元", "单元名称": "甲"}, {"管控单元分类": "一般管控单元", "单元名称": "乙"}]
    store.add("control_units", [west, east], rows)
    verdict = ask(store, shapely.box(117.49, 49.45, 117.51, 49.46))
    assert sorted(str(f.name) for c in verdict.context for f in c.features) == ["乙", "甲"]


@pytest.mark.parametrize(("code", "class_"), [("ZH15078110001", "一般管控单元"), ("ZH15078130001", "优先保护单元")])
def test_code_and_class_that_disagree_count_as_the_stricter_flagged(code, class_):
    verdict = ask(one("control_units", ZONE, {"环境管控单元编码": code, "管控单元分类": class_}), INSIDE)
    assert verdict.answer == "hit"
    assert "class_conflict" in finding(verdict).features[0].flags


@pytest.mark.parametrize(
    ("word", "answer"), [("水环境优先保护区", "hit"), ("大气环境布局敏感重点管控区", "clear"), (3, "clear")]
)
def test_element_zone_counts_where_its_class_is_priority(word, answer):
    verdict = ask(one("element_zones", ZONE, {"管控区分类": word, "要素": "水"}), INSIDE)
    assert verdict.answer == answer
    assert [len(c.features) for c in verdict.context] == ([] if answer == "hit" else [1])


@pytest.mark.parametrize("kind", ["control_units", "element_zones"])
@pytest.mark.parametrize("word", ["", None, "待定", "非重点管控单元", "4"])
def test_class_that_is_blank_or_not_understood_counts_flagged(kind, word):
    verdict = ask(one(kind, ZONE, {"分类": word}), INSIDE)
    assert verdict.answer == "hit"
    assert "class_unconfirmed" in finding(verdict).features[0].flags


def test_water_zone_that_is_not_understood_counts_flagged():
    verdict = ask(one("water_sources", ZONE, {"保护区级别": "补给区"}), INSIDE)
    assert verdict.answer == "hit"
    assert "class_unconfirmed" in finding(verdict).features[0].flags


# Monitoring sections, sensitive targets, other


def test_monitoring_section_becomes_protective_once_a_distance_is_stated():
    section = shapely.Point(CENTRE)
    stated = one("monitoring_sections", section, {"断面名称": "甲"}, influence_m=500.0)
    assert ask(stated, at(400.0)).kinds == {"monitoring_sections": "hit"}
    assert ask(stated, at(600.0)).kinds == {"monitoring_sections": "clear"}
    assert ask(one("monitoring_sections", section, {"断面名称": "甲"}), at(400.0)).kinds == {}


def test_sensitive_targets_are_all_listed_with_distance_and_bearing():
    store = one("red_lines", ZONE)
    places = [off(*CENTRE, east=1000.0), off(*CENTRE, north=40_000.0), off(*CENTRE, north=-2000.0)]
    store.add("sensitive_targets", [shapely.Point(p) for p in places], [{"名称": n} for n in "甲乙丙"], coverage=None)
    (context,) = ask(store, shapely.Point(CENTRE)).context
    assert [f.name for f in context.features] == ["甲", "丙", "乙"]
    assert [f.distance_m for f in context.features] == pytest.approx([1000.0, 2000.0, 40_000.0], abs=0.01)
    assert [f.bearing_deg for f in context.features] == pytest.approx([90.0, 180.0, 0.0], abs=0.01)


@pytest.mark.parametrize(("role", "kinds"), [("protective", {"other": "hit"}), ("context", {})])
def test_other_layer_counts_by_the_role_it_was_given(role, kinds):
    assert ask(one("other", ZONE, role=role, meaning="永久基本农田"), INSIDE).kinds == kinds


@pytest.mark.parametrize("missing", [{"role": "protective"}, {"meaning": "农田"}, {}])
def test_other_layer_needs_a_role_and_a_meaning(missing):
    with pytest.raises(ImportOptionError, match="needs a role and a meaning"):
        one("other", ZONE, **missing)


@pytest.mark.parametrize("kind", ["red_lines", "sensitive_targets"])
def test_role_is_given_for_other_layers_only(kind):
    with pytest.raises(ImportOptionError, match="follows from its kind"):
        one(kind, ZONE, role="context")


# Without extent


@pytest.mark.parametrize("kind", ["red_lines", "protected_areas", "element_zones"])
def test_line_or_point_in_an_areal_layer_keeps_it_from_clear_within_500_m(kind):
    store = one(kind, shapely.Point(CENTRE), {"分类": "1", "状态": "现行"})
    assert [ask(store, at(d)).answer for d in (0.0, 499.0, 501.0)] == ["unknown", "unknown", "clear"]


def test_unit_given_as_a_point_keeps_its_layer_from_clear_within_500_m():
    store = MemoryStore()
    store.add("control_units", [COUNTY, shapely.Point(CENTRE)], [{"管控单元分类": n} for n in (3, 1)])
    assert [ask(store, at(d)).answer for d in (499.0, 501.0)] == ["unknown", "clear"]


def test_water_source_without_extent_reaches_5_km():
    store = one("water_sources", shapely.LineString([CENTRE, off(*CENTRE, north=100.0)]), {"保护区级别": "一级"})
    assert [ask(store, at(d)).answer for d in (4999.0, 5001.0)] == ["unknown", "clear"]


@pytest.mark.parametrize(
    ("text", "reach"),
    [
        ({"说明": "上游3公里，下游600米"}, 3000.0),
        ({"说明": "陆域纵深50米"}, 500.0),  # not less than the least of its kind
        ({"面积（平方公里）": 4}, 2 * math.sqrt(4e6 / math.pi)),  # 2257 m
    ],
)
def test_reach_is_the_largest_of_the_distances_stated_and_twice_the_radius_of_the_area(text, reach):
    store = one("red_lines", shapely.Point(CENTRE), text)
    assert [ask(store, at(reach + d)).answer for d in (-1.0, 1.0)] == ["unknown", "clear"]


def test_accuracy_is_a_reach_too():
    store = one("red_lines", shapely.Point(CENTRE), accuracy_m=2400.0)
    assert [ask(store, at(d), accuracy_m=700.0).answer for d in (2499.0, 2501.0)] == ["unknown", "clear"]  # a = 2500


def test_feature_without_coordinates_keeps_the_layer_from_clear_everywhere():
    store = MemoryStore()
    store.add("red_lines", [ZONE], unreadable=[("2", None)])
    verdict = ask(store, FAR)
    assert (verdict.answer, codes(finding(verdict))) == ("unknown", ["rejected_feature_near"])


def intake_and_zone(intake: dict[str, object], zone: dict[str, object], *, metres: float) -> str:
    """The answer at the intake, with a zone of first level that begins so many metres east of it."""
    store = MemoryStore()
    west = off(*CENTRE, east=metres)
    store.add(
        "water_sources", [shapely.Point(CENTRE), block(*west, 300.0, 300.0)], [intake, zone | {"保护区级别": "一级"}]
    )
    return ask(store, at(-300.0)).answer


def test_intake_has_extent_by_a_zone_of_the_same_name_within_5_km():
    name = {"名称": "甲水源"}
    assert intake_and_zone(name, name, metres=4990.0) == "clear"
    assert intake_and_zone(name, name, metres=5010.0) == "unknown"
    assert intake_and_zone(name, {"名称": "乙水源"}, metres=400.0) == "unknown"


def test_blank_names_are_not_the_same_name():
    assert intake_and_zone({"名称": ""}, {"名称": ""}, metres=400.0) == "unknown"
    assert intake_and_zone({"名称": None}, {"名称": None}, metres=400.0) == "unknown"


def test_intake_has_extent_by_a_zone_of_the_same_code_however_far():
    code = {"水源地编码": "S-15078101"}
    assert intake_and_zone(code | {"名称": "a"}, code | {"名称": "b"}, metres=9000.0) == "clear"


def test_intake_loses_its_extent_when_its_zone_is_no_longer_in_force():
    name = {"名称": "甲水源"}
    store = MemoryStore()
    zone = name | {"保护区级别": "一级", "失效日期": "2025-12-31"}
    store.add("water_sources", [shapely.Point(CENTRE), block(*at(400.0).coords[0], 300.0, 300.0)], [name, zone])
    assert ask(store, at(-300.0), as_of="2025-12-31").answer == "clear"
    assert ask(store, at(-300.0), as_of="2026-01-01").answer == "unknown"


# Soft features


@pytest.mark.parametrize("flag", [{"outer_bound": 1}, {"location_only": 1}])
def test_soft_feature_never_proves_a_hit(flag):
    store = one("red_lines", ZONE, flag)
    assert [ask(store, p).answer for p in (INSIDE, beside(20.0), beside(30.0))] == ["uncertain", "uncertain", "clear"]


def test_soft_feature_with_an_influence_distance_never_proves_a_hit():
    store = one("red_lines", shapely.Point(CENTRE), {"outer_bound": 1, "影响距离": "1000"})
    assert ask(store, at(500.0)).answer == "uncertain"


def test_soft_feature_lends_nothing_to_the_proof_of_its_neighbour():
    """20 m deep in a strip of 40 m, a = 25 m; only together with the soft zones on both sides is it deep."""
    strip = block(*CENTRE, 40.0, 5000.0)
    west = shapely.box(CENTRE[0] - 0.07, CENTRE[1], CENTRE[0], CENTRE[1] + 0.045)
    east = shapely.box(strip.bounds[2], CENTRE[1], CENTRE[0] + 0.07, CENTRE[1] + 0.045)
    site = shapely.Point(off(*off(*CENTRE, east=20.0), north=2500.0))
    store = MemoryStore()
    store.add("red_lines", [strip, west, east], [{}, {"outer_bound": 1}, {"outer_bound": 1}], name="soft")
    store.add("red_lines", [strip, west, east], name="hard")
    assert {f.layer: f.answer for f in ask(store, site).findings} == {"soft": "uncertain", "hard": "hit"}


def test_soft_feature_does_not_take_a_hit_from_another():
    store = MemoryStore()
    store.add("red_lines", [ZONE, ZONE], [{"outer_bound": 1}, {}])
    assert ask(store, INSIDE).answer == "hit"


# Influence distances


def test_influence_distance_makes_gap_and_depth_of_the_distance_to_the_feature():
    store = one("red_lines", shapely.Point(CENTRE), {"影响距离": "1000"})
    assert finding(ask(store, at(1010.0))).gap_m == pytest.approx(10.0, abs=0.002)
    assert finding(ask(store, at(990.0))).gap_m == 0.0
    assert ask(store, at(974.0)).answer == "hit"  # depth 26 m > a = 25 m
    assert ask(store, at(976.0)).answer == "uncertain"


def test_influence_distance_is_no_buffer_polygon():
    """GEOS's arcs lie up to 96 m inside a circle of 20 km: between two of 16 segments a quadrant."""
    store = one("red_lines", shapely.Point(CENTRE), {"影响距离": "20000"})
    bearing = 90.0 / 16 / 2
    from spatial.ellipsoid import geod

    lon, lat, _ = geod().fwd(*CENTRE, bearing, 19_970.0)  # 30 m deep, and outside such a polygon
    assert ask(store, shapely.Point(lon, lat)).answer == "hit"
    lon, lat, _ = geod().fwd(*CENTRE, bearing, 20_010.0)
    assert finding(ask(store, shapely.Point(lon, lat))).gap_m == pytest.approx(10.0, abs=0.05)


def test_polygon_with_an_influence_distance_reaches_beyond_its_edge():
    store = one("red_lines", ZONE, {"影响距离": "200"})
    assert [ask(store, beside(d)).answer for d in (170.0, 190.0, 220.0, 230.0)] == [
        "hit",
        "uncertain",
        "uncertain",
        "clear",
    ]


# Required kinds


def test_default_required_kinds_are_the_four():
    assert DEFAULT_REQUIRED_KINDS == ("red_lines", "protected_areas", "water_sources", "control_units")


def test_required_kind_without_a_layer_is_a_finding_of_its_own():
    store = MemoryStore("red_lines", "water_sources")
    store.add("red_lines", [ZONE])
    verdict = ask(store, FAR)
    assert verdict.answer == "unknown"
    assert verdict.kinds == {"red_lines": "clear", "water_sources": "unknown"}
    (missing,) = [f for f in verdict.findings if f.layer is None]
    assert (missing.kind, missing.answer, codes(missing)) == ("water_sources", "unknown", ["layer_missing"])


def test_required_kind_that_is_only_context_is_missing():
    store = MemoryStore("monitoring_sections")
    store.add("monitoring_sections", [INSIDE])
    assert ask(store, FAR).kinds == {"monitoring_sections": "unknown"}


def test_further_classes_are_listed_as_not_checked_and_do_not_move_the_answer():
    store = one("red_lines", ZONE)
    before = ask(store, FAR)
    assert before.answer == "clear"
    assert {"风景名胜区", "永久基本农田", "基本草原", "文物保护单位"} <= set(before.not_checked)
    store.add("other", [COUNTY], name="永久基本农田", role="context", meaning="永久基本农田")
    assert set(before.not_checked) - set(ask(store, FAR).not_checked) == {"永久基本农田"}
