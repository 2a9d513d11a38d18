"""Codes, duplicates, zones of water sources, versions, red line and condition: what is found and what is not."""

from __future__ import annotations

import pytest
import shapely
from shapely.affinity import translate

from layers.quality.codes import code_findings
from layers.quality.duplicates import duplicate_findings
from layers.quality.inspection import inspect_quality
from layers.quality.model import CHECKS, SEVERITY
from layers.quality.red_line import red_line_findings
from layers.quality.water_zones import water_zone_findings
from layers.workspace import FolderStore
from spatial.boundaries import available
from spatial.ellipsoid import metres_per_degree
from spatial.measure import ellipsoidal_area
from tests.building import add, workspace_at

DAY = "2026-11-22"
LON, LAT = 117.48, 49.53
KX, KY = (float(k) for k in metres_per_degree(LAT))


def rectangle(east, north, width, height):
    """A rectangle by metres from a place in 满洲里."""
    west, south = LON + east / KX, LAT + north / KY
    return shapely.box(west, south, west + width / KX, south + height / KY)


def area(geometry):
    return float(ellipsoidal_area(geometry)[0])


@pytest.fixture
def store(tmp_path):
    return workspace_at(tmp_path / "ws", "control_units")


def inspected(store, **options):
    return inspect_quality(FolderStore.open(store.root), as_of=DAY, **options)


def found_by(store, check, **options):
    """The findings of one check, by code."""
    return [each for each in inspected(store, **options).findings if each.check == check]


def codes(found):
    return [each.code for each in found]


def unit(code, name, label="优先保护单元"):
    return {"环境管控单元编码": code, "环境管控单元名称": name, "管控单元分类": label}


# --- codes ---------------------------------------------------------------------------------------------------------


def units(store, rows, **options):
    shapes = [rectangle(1000 * n, 0, 1000, 1000) for n in range(len(rows))]
    return add(store, "control_units", shapes, rows, name="单元", **options)


def test_a_code_with_two_names_is_an_error_and_a_name_with_two_codes_a_warning(store):
    rows = [
        unit("ZH15078110001", "甲"),
        unit("ＺＨ15078110001", "乙"),
        unit("ZH15078110002", "丙"),
        unit("ZH15078110003", " 丙"),
        unit("ZH15078110004", "丁"),
    ]
    units(store, rows)
    found = [each for each in found_by(store, "codes") if each.code.endswith(("names", "codes"))]
    assert [(each.code, each.severity) for each in found] == [
        ("code_with_names", "error"),
        ("name_with_codes", "warning"),
    ]
    assert found[0].facts == {"code": "ZH15078110001", "names": "甲 | 乙"}
    assert [name.name for name in found[1].features] == ["丙", "丙"]
    assert found[0].place == pytest.approx((LON + 500 / KX, LAT + 500 / KY), abs=1e-6)


def test_missing_malformed_and_contradicting_codes_are_told_apart(store):
    rows = [
        unit(None, "甲"),
        unit("ZH1507811001", "乙"),
        unit("ZH15078130001", "丙", "优先保护单元"),
        unit("ZH15078120001", "丁", "待定"),
        unit("ZH15078120002", "戊", "重点管控单元"),
    ]
    units(store, rows)
    found = {each.code: each for each in found_by(store, "codes")}
    assert set(found) == {"code_missing", "code_malformed", "class_conflict", "class_unconfirmed"}
    assert {code: each.features[0].name for code, each in found.items()} == {
        "code_missing": "甲",
        "code_malformed": "乙",
        "class_conflict": "丙",
        "class_unconfirmed": "丁",
    }
    assert found["class_conflict"].facts == {"code": "ZH15078130001", "class": "general", "label": "优先保护单元"}


@pytest.mark.skipif(not available(), reason="the administrative boundaries are not built")
def test_a_unit_coded_for_another_district_is_named_with_the_one_it_lies_in(store):
    rows = [unit("ZH15078110001", "甲"), unit("ZH15220210001", "乙"), unit("ZH99990110001", "丙")]
    units(store, rows)
    found = found_by(store, "codes")
    assert codes(found) == ["code_other_district", "code_district_unknown"]
    assert found[0].features[0].name == "乙"
    assert found[0].facts["district"] == "152202 阿尔山市"
    assert found[0].facts["lies_in"] == "150781"
    assert found[0].facts["outside_share"] == 1.0
    assert found[1].facts == {"district": "999901", "units": 1}


def test_codes_of_zones_of_one_water_source_may_be_the_same(store):
    rows = [
        {"编码": "SY1", "名称": "甲水源一级", "级别": "一级"},
        {"编码": "SY1", "名称": "甲水源二级", "级别": "二级"},
    ]
    add(store, "water_sources", [rectangle(0, 0, 100, 100), rectangle(0, 0, 500, 500)], rows)
    assert found_by(store, "codes") == []


# --- duplicates ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("east", "north", "width", "height", "expected"),
    [
        (0, 0, 1000, 1000, ["same_geometry"]),
        (0, 0, 1000.0005, 1000, ["same_geometry"]),  # half a millimetre
        (0, 0, 1005, 1000, ["near_duplicate"]),  # 1000 / 1005 = 0.995
        (0, 0, 1020, 1000, []),  # 0.980
        (1000, 0, 1000, 1000, []),  # beside it
        (6, 0, 1000, 1000, []),  # 994 / 1006 = 0.988
    ],
)
def test_geometry_twice_is_found_within_a_millimetre_and_nearly_twice_above_99_percent(
    store, east, north, width, height, expected
):
    shapes = [rectangle(0, 0, 1000, 1000), rectangle(east, north, width, height)]
    add(store, "red_lines", shapes, [{"红线名称": "甲"}, {"红线名称": "乙"}])
    found = found_by(store, "duplicates")
    assert codes(found) == expected
    if expected == ["near_duplicate"]:
        assert found[0].facts["shared_share"] == pytest.approx(1000 / 1005, abs=1e-4)
        assert found[0].area_m2 == pytest.approx(1e6, rel=1e-3)


def test_other_vertices_on_the_same_outline_make_no_other_geometry(store):
    square = rectangle(0, 0, 1000, 1000)
    turned = shapely.reverse(shapely.segmentize(square, 100 / KY))
    add(store, "red_lines", [square, turned], [{}, {}])
    assert codes(found_by(store, "duplicates")) == ["same_geometry"]


def test_points_lines_and_two_layers_of_a_kind_are_compared_too(store):
    point, line = shapely.Point(LON, LAT), shapely.LineString([(LON, LAT), (LON + 0.01, LAT + 0.01)])
    add(store, "sensitive_targets", [point, translate(point, 1e-9), translate(point, 1e-6), line, line], [{}] * 5)
    add(store, "red_lines", [rectangle(0, 0, 500, 500)], name="红线一")
    add(store, "red_lines", [rectangle(0, 0, 500, 500)], name="红线二")
    found = found_by(store, "duplicates")
    assert codes(found) == ["same_geometry"] * 3
    assert sorted(each.layers for each in found) == [
        ("sensitive_targets",),
        ("sensitive_targets",),
        ("红线一", "红线二"),
    ]
    assert [[name.id for name in each.features] for each in found if each.area_m2 is None] == [["1", "2"], ["4", "5"]]


def test_one_code_and_name_on_several_features_is_information(store):
    units(store, [unit("ZH15078110001", "甲"), unit("ZH15078110001", "甲"), unit("ZH15078110002", "乙")])
    found = found_by(store, "duplicates")
    assert [(each.code, each.severity, each.facts["count"]) for each in found] == [("code_repeated", "information", 2)]


# --- zones of water sources ----------------------------------------------------------------------------------------

LAKE = rectangle(0, 0, 2000, 1000)


def zones(store, zone_1, *zone_2):
    shapes = [zone_1, *zone_2]
    rows = [{"名称": "甲水库水源一级保护区", "级别": "一级"}]
    rows += [{"名称": "甲水库水源二级保护区", "级别": "二级"} for _ in zone_2]
    add(store, "water_sources", shapes, rows, name="水源", accuracy_m=5.0)
    return found_by(store, "water_zones")


def test_nested_and_disjoint_zones_both_fit(store, tmp_path):
    inner = rectangle(500, 300, 400, 300)
    assert zones(store, inner, LAKE) == []
    assert zones(workspace_at(tmp_path / "other"), inner, LAKE - inner) == []


def test_zone_1_that_overlaps_zone_2_and_sticks_out_is_an_error_of_that_area(store):
    found = zones(store, rectangle(1900, 300, 400, 300), LAKE)  # 300 m of its 400 m are outside
    assert [(each.code, each.severity) for each in found] == [("zone_1_sticks_out", "error")]
    assert found[0].area_m2 == pytest.approx(300 * 300, rel=1e-3)
    assert found[0].facts["accuracy_m"] == pytest.approx(50**0.5, abs=0.001)  # 5 and 5, in squares


@pytest.mark.parametrize(("out", "expected"), [(6.5, []), (7.5, ["zone_1_sticks_out"])])
def test_sticking_out_counts_beyond_the_accuracy_of_both(store, out, expected):
    assert codes(zones(store, rectangle(1600 + out, 300, 400, 300), LAKE)) == expected


def test_disjoint_zone_1_at_the_outer_edge_is_information(store):
    dam = rectangle(1600, 300, 400, 300)  # reaches the east end of the lake
    found = zones(store, dam, LAKE - dam)
    assert [(each.code, each.severity) for each in found] == [("zone_1_at_edge", "information")]
    assert found[0].area_m2 == pytest.approx(area(dam), abs=0.02)


def test_zone_1_apart_from_zone_2_is_a_warning_and_without_any_information(store, tmp_path):
    assert codes(zones(store, rectangle(2300, 300, 400, 300), LAKE)) == ["zone_1_apart"]
    found = zones(workspace_at(tmp_path / "other"), rectangle(0, 0, 100, 100))
    assert [(each.code, each.facts["source"]) for each in found] == [("zone_2_missing", "甲水库水源一级保护区")]


def test_zones_without_polygons_are_not_said_to_be_checked(store):
    add(store, "water_sources", [shapely.Point(LON, LAT)], [{"名称": "甲取水口"}])
    run = next(each for each in inspected(store).checks if each.check == "water_zones")
    assert (run.done, run.why) == (False, "no_polygons")


def test_sources_are_told_apart_by_their_own_name(store):
    rows = [
        {"名称": "一级保护区", "水源地名称": "甲", "级别": "一级"},
        {"名称": "二级保护区", "水源地名称": "甲", "级别": "二级"},
        {"名称": "一级保护区", "水源地名称": "乙", "级别": "一级"},
        {"名称": "二级保护区", "水源地名称": "乙", "级别": "二级"},
    ]
    far = [translate(shape, 1.0) for shape in (rectangle(500, 300, 100, 100), LAKE)]
    add(store, "water_sources", [rectangle(500, 300, 100, 100), LAKE, *far], rows)
    assert found_by(store, "water_zones") == []


# --- version against version ---------------------------------------------------------------------------------------


def red_lines(store, shapes, names, *, date, **options):
    rows = [{"红线名称": name} for name in names]
    add(store, "red_lines", shapes, rows, name="红线", data_date=date, accuracy_m=10.0, **options)


def test_a_red_line_that_loses_a_feature_and_shrinks_is_told_in_figures(store):
    one, two, three = (rectangle(3000 * n, 0, 1000, 1000) for n in range(3))
    red_lines(store, [one, two], ["甲", "乙"], date="2020-01-01")
    less = rectangle(3000 * 0, 0, 900, 1000)
    red_lines(store, [less, three], ["甲", "丙"], date="2024-01-01", replace=True)
    found = {each.code: each for each in found_by(store, "versions")}
    assert set(found) == {"area_decreased", "area_compared", "feature_lost", "feature_shrunk", "feature_gained"}
    assert found["area_decreased"].severity == "warning"
    assert found["area_decreased"].facts["decrease_m2"] == pytest.approx(area(one) - area(less), abs=0.03)
    assert found["feature_shrunk"].area_m2 == pytest.approx(100 * 1000, rel=1e-3)
    assert found["feature_shrunk"].facts["accuracy_m"] == pytest.approx(200**0.5, abs=0.001)
    assert (found["feature_lost"].features[0].name, found["feature_gained"].features[0].name) == ("乙", "丙")
    assert (found["area_compared"].facts["old_count"], found["area_compared"].facts["new_count"]) == (2, 2)


def test_within_the_accuracy_of_both_a_loss_is_information_and_the_total_still_decreases(store):
    red_lines(store, [rectangle(0, 0, 1000, 1000)], ["甲"], date="2020-01-01")
    red_lines(store, [rectangle(0, 0, 988, 1000)], ["甲"], date="2024-01-01", replace=True)  # 12 m of 14.1
    found = found_by(store, "versions")
    assert [(each.code, each.severity) for each in found] == [
        ("area_decreased", "warning"),
        ("area_compared", "information"),
        ("feature_shrunk_within_accuracy", "information"),
    ]


def test_the_same_again_has_decreased_by_nothing(store):
    shape = rectangle(0, 0, 1000, 1000)
    red_lines(store, [shape], ["甲"], date="2020-01-01")
    red_lines(store, [translate(shape, 1e-9)], ["甲"], date="2024-01-01", replace=True)  # a tenth of a millimetre
    assert codes(found_by(store, "versions")) == ["area_compared"]


def test_an_area_that_moved_without_shrinking_has_changed(store):
    shape = rectangle(0, 0, 1000, 1000)
    red_lines(store, [shape], ["甲"], date="2020-01-01")
    red_lines(store, [rectangle(50, 0, 1000, 1000)], ["甲"], date="2024-01-01", replace=True)
    found = {each.code: each for each in found_by(store, "versions")}
    assert set(found) == {"area_compared", "feature_changed"}
    assert found["feature_changed"].area_m2 == pytest.approx(2 * 50 * 1000, rel=1e-3)


def test_a_unit_that_is_no_longer_priority_is_not_called_lost(store):
    units(store, [unit("ZH15078110001", "甲")], data_date="2020-01-01")
    units(store, [unit("ZH15078130001", "甲", "一般管控单元")], data_date="2024-01-01", replace=True)
    found = codes(found_by(store, "versions"))
    assert "feature_lost" in found  # another code is another unit
    units(store, [unit("ZH15078110009", "乙")], data_date="2025-01-01", replace=True)
    rows = [{"环境管控单元编码": "单元乙", "环境管控单元名称": "乙", "管控单元分类": "一般管控单元"}]
    units(store, rows, data_date="2025-06-01", replace=True)
    assert "feature_lost" in codes(found_by(store, "versions"))
    units(store, [{**rows[0], "管控单元分类": "优先保护单元"}], data_date="2025-07-01", replace=True)
    units(store, rows, data_date="2025-08-01", replace=True)
    assert "feature_counts_no_more" in codes(found_by(store, "versions"))


def test_the_last_two_by_validity_are_compared_whatever_the_order_of_import(store):
    red_lines(store, [rectangle(0, 0, 1000, 1000)], ["甲"], date="2020-01-01")
    red_lines(store, [rectangle(0, 0, 3000, 1000)], ["甲"], date="2024-01-01", replace=True)
    red_lines(store, [rectangle(0, 0, 2000, 1000)], ["甲"], date="2022-01-01", replace=True, historical=True)
    compared = next(each for each in found_by(store, "versions") if each.code == "area_compared")
    assert compared.facts["old_m2"] == pytest.approx(2e6, rel=1e-3)
    assert compared.facts["new_m2"] == pytest.approx(3e6, rel=1e-3)


# --- red line and units --------------------------------------------------------------------------------------------


def test_the_red_line_outside_priority_units_is_a_figure_for_information_only(store):
    units(store, [unit("ZH15078110001", "甲"), unit("ZH15078130001", "乙", "一般管控单元")])
    add(store, "red_lines", [rectangle(600, 200, 1000, 500)], name="红线")  # 400 m in the first, 600 m in the second
    found = found_by(store, "red_line")
    assert [(each.code, each.severity) for each in found] == [("red_line_outside_units", "information")]
    assert found[0].facts["outside_share"] == pytest.approx(0.6, abs=1e-6)
    assert found[0].area_m2 == pytest.approx(600 * 500, rel=1e-3)
    assert found[0].facts["narrow_m2"] == 0.0
    assert found[0].facts["accuracy_m"] == pytest.approx(1250**0.5, abs=0.001)  # 25 and 25


def test_strips_narrower_than_the_accuracy_are_told_apart_from_the_rest(store):
    units(store, [unit("ZH15078110001", "甲")])
    add(store, "red_lines", [rectangle(500, 200, 530, 500)], name="红线")  # 30 m stick out, 35.4 is the accuracy
    found = found_by(store, "red_line")[0]
    assert found.facts["narrow_m2"] == found.facts["outside_m2"] == pytest.approx(30 * 500, rel=1e-3)


def test_without_priority_units_the_check_is_not_made_and_says_so(store):
    add(store, "red_lines", [rectangle(0, 0, 100, 100)])
    report = inspected(store)
    assert red_line_findings(report.layers) is None
    run = next(each for each in report.checks if each.check == "red_line")
    assert (run.done, run.why) == (False, "no_layer")


SPIKE = ((0, 0), (1, 0), (1, 1), (0.5, 1), (0.5, 2), (0.5, 1), (0, 1))

# --- condition -----------------------------------------------------------------------------------------------------


def test_what_the_cards_say_is_listed(store):
    spike = shapely.Polygon([(LON + x / 100, LAT + y / 100) for x, y in SPIKE])
    add(
        store,
        "water_sources",
        [rectangle(0, 0, 100, 100), spike, shapely.Point(LON, LAT)],
        [{"级别": "一级"}, {"级别": "二级"}, {"名称": "取水口"}],
        name="水源",
        data_date=None,
        indicative=True,
        georeference_method="delineation_rule",
        unreadable=[("9", (LON, LAT, LON + 0.1, LAT + 0.1))],
    )
    found = {each.code: each for each in found_by(store, "condition")}
    expected = {"features_rejected", "features_repaired", "without_extent", "indicative", "date_missing"}
    assert set(found) == expected | {"coverage_missing", "required_kind_missing"}
    assert found["features_rejected"].facts == {"rejected": 1, "accepted": 0, "ids": "9"}
    assert (found["without_extent"].facts["count"], found["features_repaired"].facts["count"]) == (1, 1)
    assert found["indicative"].facts == {"method": "delineation_rule"}
    assert found["required_kind_missing"].facts == {"kind": "control_units"}


def test_a_published_box_takes_no_part_in_checks_of_areas(store):
    rows = [unit("ZH15078110001", "甲"), {**unit("ZH15078110002", "乙"), "outer_bound": 1}]
    add(store, "control_units", [rectangle(0, 0, 1000, 1000), rectangle(500, 0, 1000, 1000)], rows, name="单元")
    report = inspected(store)
    assert "soft_features" in codes(report.findings)
    assert not {"overlap", "gap"} & set(codes(report.findings))


@pytest.mark.parametrize("lost", ["card.json", "index/pieces.wkb.bin", "features.gpkg"])
def test_a_damaged_layer_is_a_finding_and_the_others_are_still_checked(store, lost):
    units(store, [unit("ZH15078110001", "甲"), unit("ZH15078110001", "乙")])
    made = add(store, "red_lines", [rectangle(0, 0, 1000, 1000)], name="红线")
    path = store.root / "layers" / made.entry.folder / made.entry.version / lost
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data))
    report = inspected(store)
    found = {each.code: each for each in report.findings}
    assert found["damaged"].severity == "error"
    assert found["damaged"].layers == ("红线",)
    assert lost in found["damaged"].facts["path"]
    assert ("layer_unreadable" in found) is (lost != "features.gpkg")
    assert "code_with_names" in found


def test_a_lost_list_of_the_workspace_is_an_error_and_nothing_else_is_claimed(store):
    units(store, [unit("ZH15078110001", "甲")])
    (store.root / "workspace.json").unlink()
    report = inspected(store)
    assert {each.severity for each in report.findings} == {"error"}
    assert not any(run.done for run in report.checks if run.check != "condition")


# --- the report ----------------------------------------------------------------------------------------------------


def test_the_gravest_come_first_and_every_code_is_known(store):
    units(store, [unit("ZH15078110001", "甲"), unit("ZH15078110001", "乙"), unit(None, "丙")], indicative=True)
    report = inspected(store)
    order = {"error": 0, "warning": 1, "information": 2}
    ranks = [order[each.severity] for each in report.findings]
    assert ranks == sorted(ranks)
    assert ranks[0] == 0
    assert {each.code for each in report.findings} <= set(SEVERITY)
    assert [run.check for run in report.checks] == list(CHECKS)
    assert [report.count(s) for s in order] == [ranks.count(n) for n in range(3)]


def test_a_report_does_not_depend_on_the_order_of_features(tmp_path):
    rows = [unit("ZH15078110001", "甲"), unit("ZH15078110001", "乙"), unit("ZH15078120001", "丙", "重点管控单元")]
    shapes = [rectangle(900 * n, 0, 1000, 1000) for n in range(3)]
    seen = []
    for name, order in (("a", [0, 1, 2]), ("b", [2, 0, 1])):
        store = workspace_at(tmp_path / name)
        add(store, "control_units", [shapes[n] for n in order], [rows[n] for n in order], name="单元")
        report = inspected(store)
        seen.append(
            sorted((e.code, e.area_m2, e.place, tuple(sorted(n.name for n in e.features))) for e in report.findings)
        )
    assert seen[0] == seen[1]
    assert [each[0] for each in seen[0]].count("overlap") == 2


@pytest.mark.skipif(not available(), reason="the administrative boundaries are not built")
def test_the_region_of_the_workspace_is_the_city_and_another_may_be_named(tmp_path):
    store = FolderStore.create(tmp_path / "ws", required_kinds=[], region="150781,150703")
    units(store, [unit("ZH15078110001", "甲")])
    report = inspected(store)
    assert report.region == ("150781", "150703")
    assert report.city.accuracy_m == 753.0  # a third publisher lies 753 m off, which is more than the 653 of the two
    assert "gap_at_edge" in codes(report.findings)
    assert inspected(store, region=["152202"]).city.names == ("阿尔山市",)
    tiling = next(run for run in inspected(store, region=["999999"]).checks if run.check == "tiling")
    assert (tiling.done, tiling.why) == (True, "unknown_district")


def test_no_check_of_an_empty_workspace_claims_to_be_made(store):
    report = inspected(store)
    assert codes(report.findings) == ["required_kind_missing"]
    assert {run.check: run.done for run in report.checks} == {check: check == "condition" for check in CHECKS}
    for check in (code_findings, duplicate_findings, water_zone_findings):
        assert list(check([])) == []
