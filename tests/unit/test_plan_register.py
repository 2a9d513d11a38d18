"""The register of a plan: what a workspace has of it, and how figures stand against measured ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely

from layers.georeference.model import features_reading
from layers.importing import ImportOptions, import_layer
from layers.plans.document import register_document
from layers.plans.loading import CITIES, load_plan, plan
from layers.plans.measuring import area_accuracy_m2, city_area, outline_m
from layers.plans.register import register
from layers.workspace import FolderStore
from spatial.accuracy import stated_accuracy
from spatial.ellipsoid import metres_per_degree
from spatial.measure import ellipsoidal_area
from tests.building import add, workspace_at

DAY = "2026-11-22"
LAT, LON = 49.5, 117.5  # inside 满洲里市


def rectangle(width_m, height_m, east_m=0.0, north_m=0.0):
    """A rectangle measured in metres about a point in the city."""
    kx, ky = metres_per_degree(LAT)
    west, south = LON + east_m / float(kx), LAT + north_m / float(ky)
    return shapely.box(west, south, west + width_m / float(kx), south + height_m / float(ky))


def sized(km2):
    """A rectangle 8 km wide of an area that is right to a square metre."""
    height = km2 / 8 * 1000
    for _ in range(3):
        height *= km2 * 1e6 / float(ellipsoidal_area(rectangle(8000, height))[0])
    return rectangle(8000, height)


def of(made, comparison_id):
    return next(each for each in made.comparisons if each.id == comparison_id)


def against(some_plan, workspace):
    return register(some_plan, FolderStore.open(workspace.root), as_of=DAY)


def standing(made, feature_id):
    return next(each for each in made.features if each.feature.id == feature_id)


# --- the city itself ---------------------------------------------------------------------------------------------


def test_the_red_line_of_manzhouli_implies_an_area_that_is_no_boundary_of_it():
    implied = of(register(plan("满洲里")), "M-A1")
    assert implied.declared == 464.8  # 71.39 / 0.1536
    assert implied.measured == pytest.approx(756.9, abs=0.05)
    assert implied.verdict == "differs"
    parts = {code: area / 1e6 for code, _, area in city_area(plan("满洲里")).parts}
    assert parts["150781"] == pytest.approx(504.0, abs=0.05)
    assert 464.8 not in [pytest.approx(area, rel=0.05) for area in (*parts.values(), sum(parts.values()))]


def test_the_red_line_of_erenhot_implies_an_area_within_rounding_of_the_official_one():
    erenhot = plan("二连浩特")
    made = register(erenhot)
    implied = next(each for each in made.comparisons if each.measure == "total_area" and each.id != "official")
    assert implied.declared == 4011.8  # 1055.11 / 0.263
    assert (round(implied.span.low, 1), round(implied.span.high, 1)) == (4004.2, 4019.5)  # / 0.2635, / 0.2625
    assert implied.span.holds(4015)
    # the outlines have 3,996.2 and 4,017.6: the publishers part by 21 km2
    assert implied.measured == pytest.approx(3996.2, abs=0.05)
    assert implied.verdict == "agrees"


@pytest.mark.parametrize("city", [city.key for city in CITIES])
def test_without_a_workspace_nothing_is_located_and_nothing_measured_but_the_city(city):
    made = register(plan(city))
    assert {each.status for each in made.features} == {"no_workspace"}
    assert {each.measure for each in made.comparisons if each.verdict != "not_measured"} <= {"total_area"}


# --- a workspace -------------------------------------------------------------------------------------------------


@pytest.fixture
def workspace(tmp_path):
    return workspace_at(tmp_path / "ws", "red_lines")


def test_an_empty_workspace_locates_nothing_and_says_that_it_holds_nothing(workspace):
    made = against(plan("满洲里"), workspace)
    assert {each.status for each in made.features} == {"declared_not_located"}
    assert {of(made, name).why for name in ("M-006", "M-008", "M-016")} == {"no_layer"}


def test_a_red_line_of_the_declared_area_agrees_and_one_a_tenth_larger_differs(workspace):
    # 71.39 km2 = 8,000 m x 8,923.75 m; 5 m corners add 1.96 x 5 / 2.4477 / 2 x 2 x 11,984 m = 0.048 km2
    add(workspace, "red_lines", [sized(71.39)], [{"红线名称": "一"}], name="红线", accuracy_m=5.0)
    area = of(against(plan("满洲里"), workspace), "M-006")
    assert area.verdict == "agrees"
    assert area.measured == pytest.approx(71.39, rel=2e-4)
    assert area.layers == ("红线",)
    add(
        workspace, "red_lines", [rectangle(8000, 892.375, 0, -892.375)], [{"红线名称": "二"}], name="补", accuracy_m=5.0
    )
    larger = of(against(plan("满洲里"), workspace), "M-006")
    assert larger.verdict == "differs"
    assert larger.difference_percent == pytest.approx(10, abs=0.05)


def test_an_overlap_counts_once(workspace):
    add(workspace, "red_lines", [rectangle(4000, 1000), rectangle(4000, 1000, 1000)], name="红线")
    measured = of(against(plan("满洲里"), workspace), "M-006").measured
    assert measured == pytest.approx(5.0, rel=2e-4)  # 4 + 4 - 3 km2


def test_rounding_decides_where_the_accuracy_is_good(workspace):
    # 71.394 km2 rounds to 71.39, 71.396 km2 does not; 0.05 m corners add some 0.0005 km2
    for name, area, verdict in (("甲", 71.394, "agrees"), ("乙", 71.398, "differs")):
        whole = workspace_at(workspace.root.parent / name, "red_lines")
        add(whole, "red_lines", [sized(area)], name=name, accuracy_m=0.05)
        found = of(against(plan("满洲里"), whole), "M-006")
        assert found.measured == pytest.approx(area, abs=1e-5)
        assert found.verdict == verdict


def test_an_outline_off_to_one_side_is_named_as_a_possible_reason(workspace):
    # 1 % too large; 100 m along an outline of some 34 km could be 3.4 km2, independent corners 0.9 km2
    add(workspace, "red_lines", [rectangle(8000, 8923.75 * 1.02)], name="红线", accuracy_m=100.0)
    found = of(against(plan("满洲里"), workspace), "M-006")
    assert (found.verdict, found.why) == ("differs", "within_bound")


def test_the_share_is_taken_of_the_measured_city(workspace):
    add(workspace, "red_lines", [rectangle(8000, 8923.75)], name="红线", accuracy_m=5.0)
    share = of(against(plan("满洲里"), workspace), "M-008")
    assert share.measured == pytest.approx(71.39 / 756.87 * 100, rel=1e-3)  # 9.43 % where 15.36 % is declared
    assert share.verdict == "differs"


def test_what_lies_in_another_city_is_not_counted(workspace):
    far = shapely.transform(rectangle(8000, 8923.75), lambda xy: xy - np.array([0.0, 2.0]))
    add(workspace, "red_lines", [rectangle(1000, 1000), far], name="红线")
    assert of(against(plan("满洲里"), workspace), "M-006").measured == pytest.approx(1.0, rel=2e-4)


def test_units_are_counted_by_class_and_none_of_a_class_is_nought(workspace):
    boxes = [rectangle(500, 500, 600 * i) for i in range(15)]
    rows = [
        {
            "编码": f"ZH150781{1 if i < 5 else 2}{i:04d}",
            "名称": f"单元{i}",
            "管控单元分类": "优先保护单元" if i < 5 else "重点管控单元",
        }
        for i in range(15)
    ]
    add(workspace, "control_units", boxes, rows, name="单元")
    made = against(plan("满洲里"), workspace)
    assert [(of(made, name).measured, of(made, name).verdict) for name in ("M-016", "M-018", "M-020")] == [
        (15, "agrees"),
        (5, "agrees"),
        (10, "agrees"),
    ]
    assert standing(made, "priority-units").status == "located"
    assert len(standing(made, "priority-units").located) == 5


def test_rivers_are_counted_in_a_layer_that_says_it_holds_rivers(tmp_path):
    workspace = workspace_at(tmp_path / "ws", "red_lines")
    lines = [shapely.LineString([(119.9, 47.17 + i / 1e4), (119.95, 47.17 + i / 1e4)]) for i in range(47)]
    rows = [{"name": f"河{i}"} for i in range(47)]
    add(workspace, "other", lines, rows, name="水系", role="context", meaning="河流")
    add(
        workspace,
        "other",
        [shapely.Point(119.9, 47.2)],
        [{"name": "某地"}],
        name="地点",
        role="context",
        meaning="地名",
    )
    rivers = next(c for c in against(plan("阿尔山"), workspace).comparisons if c.measure == "count:river")
    assert (rivers.measured, rivers.verdict, rivers.layers) == (47, "agrees", ("水系",))


def test_areas_of_a_class_are_told_by_the_end_of_their_name(tmp_path):
    workspace = workspace_at(tmp_path / "ws", "red_lines")
    rows = [{"名称": name} for name in ("好森沟国家森林公园", "阿尔山国家森林公园", "内蒙古白狼洮儿河国家湿地公园")]
    boxes = [shapely.box(119.9 + i / 10, 47.0, 119.95 + i / 10, 47.05) for i in range(3)]
    add(workspace, "protected_areas", boxes, rows, name="保护地")
    made = against(plan("阿尔山"), workspace)
    forest = [c for c in made.comparisons if c.measure == "count:protected_areas:国家森林公园"]
    # table 1 has one, the text has two, and both stay
    assert [(c.declared, c.measured, c.verdict) for c in forest] == [(1, 2, "differs"), (2, 2, "agrees")]


def test_parts_of_one_unit_are_one(workspace):
    rows = [{"编码": "ZH15078110001", "名称": "一", "管控单元分类": "优先保护单元"}] * 2
    add(workspace, "control_units", [rectangle(500, 500), rectangle(500, 500, 900)], rows, name="单元")
    assert of(against(plan("满洲里"), workspace), "M-016").measured == 1


def test_erka_names_six_things_and_a_name_stem_locates_none_of_the_others(workspace):
    add(workspace, "protected_areas", [rectangle(900, 900)], [{"名称": "二卡国家湿地公园"}], name="保护地")
    made = against(plan("满洲里"), workspace)
    located = [each.feature.id for each in made.features if each.status == "located"]
    assert located == ["erka-wetland-park"]
    park = standing(made, "erka-wetland-park").located[0]
    assert (park.layer, park.method) == ("保护地", "official_vector")
    assert park.area_m2 == pytest.approx(810_000, rel=2e-4)


def test_a_feature_stored_without_place_stays_declared(workspace):
    reading = features_reading(
        [None], [{"name": "二卡国家湿地公园"}], accuracy=stated_accuracy(25), source_name="规划", fmt="plan"
    )
    import_layer(
        workspace, reading, ImportOptions(kind="protected_areas", name="保护地", georeference_method="declared")
    )
    park = standing(against(plan("满洲里"), workspace), "erka-wetland-park")
    assert (park.status, park.without_place, park.located) == ("declared_not_located", 1, ())


def test_an_indicative_shape_is_shown_and_never_measured(workspace):
    rows = [{"名称": "二卡国家湿地公园", "location_only": 1}]
    add(workspace, "protected_areas", [rectangle(900, 900)], rows, name="保护地")
    add(workspace, "red_lines", [rectangle(8000, 8923.75)], [{"红线名称": "一", "outer_bound": 1}], name="红线")
    made = against(plan("满洲里"), workspace)
    assert standing(made, "erka-wetland-park").status == "indicative"
    area = of(made, "M-006")
    assert (area.verdict, area.why, area.left_out) == ("not_measured", "indicative_only", 1)


def test_zones_of_a_source_are_found_by_the_name_of_the_source(workspace):
    rows = [{"名称": "一级保护区", "水源地名称": "满洲里市第二水源地", "级别": "一级"}]
    add(workspace, "water_sources", [rectangle(100, 100)], rows, name="水源")
    assert standing(against(plan("满洲里"), workspace), "second-source").status == "located"


def test_water_classes_are_compared_as_classes(workspace):
    rows = [{"断面名称": "二卡牧场", "水质目标": "V类", "水质现状": "Ⅳ"}]
    add(workspace, "monitoring_sections", [shapely.Point(LON, LAT)], rows, name="断面")
    made = against(plan("满洲里"), workspace)
    assert of(made, "M-057").verdict == "agrees"  # target Ⅴ
    assert of(made, "M-058").verdict == "differs"  # observed: worse than Ⅴ is declared
    assert of(made, "M-056").verdict == "agrees"  # one section


def test_a_layer_that_cannot_be_read_measures_nothing_and_is_named(workspace):
    add(workspace, "red_lines", [rectangle(8000, 8923.75)], name="红线", accuracy_m=5.0)
    for path in (workspace.root / "layers").rglob("*"):
        if path.is_file() and path.name not in ("card.json", "checksums.json"):
            path.write_bytes(b"\0" * path.stat().st_size)
    made = register(plan("满洲里"), FolderStore.open(workspace.root), as_of=DAY)
    assert made.unreadable == ("红线",)
    assert (of(made, "M-006").verdict, of(made, "M-006").why) == ("not_measured", "layer_unreadable")
    assert standing(made, "red-line").status == "unreadable"


def test_a_workspace_is_asked_at_a_date(workspace):
    with pytest.raises(ValueError, match="as_of"):
        register(plan("满洲里"), workspace)


# --- accuracy of an area -----------------------------------------------------------------------------------------


def test_the_accuracy_of_an_area_is_that_of_a_monte_carlo():
    """A ragged polygon whose vertices err by 10 m (95 %, radial): 95 % of the areas lie within the stated figure."""
    random = np.random.default_rng(20260722)
    angle = np.sort(random.uniform(0, 2 * np.pi, 60))
    radius = random.uniform(1500, 3000, 60)
    kx, ky = (float(k) for k in metres_per_degree(LAT))
    xy = np.column_stack([LON + radius * np.cos(angle) / kx, LAT + radius * np.sin(angle) / ky])
    stated = area_accuracy_m2(shapely.Polygon(xy), 10.0)
    axis = 10.0 / math.sqrt(-2 * math.log(0.05))
    shifts = random.normal(0, axis, (4000, 60, 2)) / (kx, ky)
    areas = ellipsoidal_area(shapely.polygons(xy + shifts))
    inside = np.mean(np.abs(areas - ellipsoidal_area(shapely.Polygon(xy))[0]) <= stated)
    assert 0.94 <= inside <= 0.96


def test_the_bound_of_an_area_is_the_outline_times_the_accuracy():
    assert outline_m(rectangle(1000, 500)) == pytest.approx(3000, rel=1e-3)
    hole = shapely.difference(rectangle(1000, 500), rectangle(100, 100, 100, 100))
    assert outline_m(hole) == pytest.approx(3400, rel=1e-3)


# --- the bound of a figure and the document ----------------------------------------------------------------------

AT_LEAST = """
[plan]
key = "manzhouli"
city = "满洲里市"
english = "Manzhouli"
names = ["满洲里"]
districts = ["150781"]
title = "规划"
lines = 10

[[feature]]
id = "park"
name = "某公园"
english = "some park"
kind = "protected_areas"

[[fact]]
id = "M-001"
section = 3
about = "area"
title_zh = "公园面积"
title_en = "area of the park"
feature = "park"
value = 1
unit = "km2"
bound = "at_least"
line = 7
quote = "公园1平方公里以上"
"""


def test_at_least_is_kept_by_anything_larger(workspace, tmp_path):
    path = tmp_path / "some.toml"
    path.write_text(AT_LEAST, "utf-8")
    small = load_plan(path, known=[])
    add(workspace, "protected_areas", [rectangle(3000, 1000)], [{"名称": "某公园"}], name="保护地")
    assert of(against(small, workspace), "M-001").verdict == "agrees"
    path.write_text(AT_LEAST.replace("at_least", "at_most"), "utf-8")
    assert of(against(load_plan(path, known=[]), workspace), "M-001").verdict == "differs"


def test_the_document_has_every_fact_with_words_and_line():
    document = register_document(register(plan("阿尔山")))
    assert len(document["facts"]) == len(plan("阿尔山").facts)
    share = next(fact for fact in document["facts"] if fact["value"] == 86.17)
    assert (share["unit"], share["lines"]) == ("%", [179])
    assert "86.17" in share["quote"]
    assert {each["id"][:3] for each in document["requirements"]} == {"HA-"}
    assert document["requirements"][0]["cities"] == ["呼和浩特市", "阿尔山市"]
