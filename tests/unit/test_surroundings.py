"""Targets around a project: distances by hand in the plane, ranges by topic, and no empty table where nothing is known."""

from __future__ import annotations

import json
import random
import tomllib
from dataclasses import replace

import pytest
import shapely

from layers.importing import ImportOptions, import_layer
from layers.workspace import FolderStore
from screening.errors import EvaluationRangeError
from screening.evaluation_ranges import evaluation_ranges
from screening.surroundings import surroundings_of
from screening.words import has_word
from spatial.datafiles import data_file
from tests.building import reading_of
from tests.project_example import DAY, box, damage, degrees, layer, line, point, site_from, workspace

PARCEL = box(-10, -10, 10, 10)
ROWS = {"目标名称": "一小", "类型": "学校", "保护对象": "师生", "环境功能区": "二类区", "人口": 500}


def site(*parts, **more):
    return site_from(*((part, {}) for part in parts or (PARCEL,)), **more)


def around(store, where=None, ranges=None):
    return surroundings_of(where or site(), FolderStore.open(store.root), DAY, ranges)


def targets(path, *features, **more):
    store = workspace(path)
    layer(store, "sensitive_targets", *features, **more)
    return store


def topic(found, code, applies="areal"):
    return next(one for one in found["topics"] if (one["topic"], one["applies"]) == (code, applies))


def ranges_file(path, text):
    (path / "ranges.toml").write_text(text, encoding="utf-8")
    return evaluation_ranges(path / "ranges.toml")


def test_the_table_has_name_coordinates_object_function_zone_bearing_and_distance(tmp_path):
    found = around(targets(tmp_path, (point(160, 0), ROWS)))
    (row,) = found["targets"]
    assert (row["name"], row["object"], row["function_zone"], row["population"]) == ("一小", "师生", "二类区", "500")
    assert row["distance_m"] == pytest.approx(150.0, abs=0.002)  # from the east side at x = 10
    assert row["bearing_deg"] == pytest.approx(90.0, abs=0.1)
    place = degrees(point(160, 0))
    assert (row["lon"], row["lat"]) == (round(place.x, 6), round(place.y, 6))
    assert row["topics"] == {"air": "yes", "noise": "yes", "soil": "yes", "risk": "yes"}
    assert found["status"] == "listed"
    assert json.loads(json.dumps(found, allow_nan=False)) == found


@pytest.mark.parametrize(
    ("x", "answer"),
    # noise: 200 m beyond the side at x = 10; site and layer are accurate to 1 m each, together to 1.414 m
    [(208.5, "yes"), (208.7, "uncertain"), (211.3, "uncertain"), (211.5, None)],
)
def test_the_edge_of_a_range_is_as_sure_as_the_accuracies_are(tmp_path, x, answer):
    found = around(targets(tmp_path, (point(x, 0), ROWS)))
    assert found["targets"][0]["topics"].get("noise") == answer
    counts = topic(found, "noise")
    assert (counts["targets"], counts["uncertain"]) == (answer == "yes", answer == "uncertain")


def test_the_range_of_air_is_a_square(tmp_path):
    features = [
        (point(x, y), {"目标名称": n}) for n, x, y in (("corner", 2400, 2400), ("out", 2600, 0), ("side", 0, -2490))
    ]
    found = around(targets(tmp_path, *features))
    in_air = {row["name"] for row in found["targets"] if "air" in row["topics"]}
    assert in_air == {"corner", "side"}


def test_a_village_counts_by_its_nearest_edge_and_one_in_the_site_at_no_distance(tmp_path):
    found = around(targets(tmp_path, (box(110, -50, 400, 50), {"目标名称": "村"}), (point(0, 0), {"目标名称": "宅"})))
    assert [(r["name"], round(r["distance_m"]), r["bearing_deg"] is None) for r in found["targets"]] == [
        ("宅", 0, True),
        ("村", 100, False),
    ]


def test_a_target_beyond_all_ranges_is_named_as_the_next(tmp_path):
    found = around(targets(tmp_path, (point(6010, 0), {"目标名称": "远村"})))
    assert found["targets"] == []
    assert (found["next"]["name"], round(found["next"]["distance_m"])) == ("远村", 6000)


def test_topics_without_a_figure_list_nothing_and_say_by_case(tmp_path):
    found = around(targets(tmp_path, (point(20, 0), ROWS)))
    assert {topic(found, code)["status"] for code in ("surface_water", "groundwater", "ecology")} == {"by_case"}


def test_a_route_has_ranges_of_its_own_and_parcels_beside_it_theirs(tmp_path):
    features = [(point(500, 900), {"目标名称": "a"}), (point(5000, 1150), {"目标名称": "b"})]
    store = targets(tmp_path, *features)
    route = line((-1000, 0), (1000, 0))
    alone = around(store, site(route))
    assert {one["applies"] for one in alone["topics"]} == {"linear"}
    assert [(r["name"], r["topics"]) for r in alone["targets"]] == [("a", {"ecology": "yes"})]
    both = around(store, site(route, box(4990, 990, 5010, 1010)))
    assert topic(both, "ecology", "linear")["targets"] == 1  # b is 140 m from the parcel and no 1 km from the route
    assert {r["name"]: r["topics"].get("noise") for r in both["targets"]} == {"a": None, "b": "yes"}
    assert (topic(both, "noise", "linear")["targets"], topic(both, "noise")["targets"]) == (0, 1)


def test_the_radius_of_a_point_site_leaves_open_what_it_may_reach(tmp_path):
    spot = replace(site(point(0, 0)), radius_m=100.0)
    store = targets(tmp_path, *((point(x, 0), {"目标名称": str(x)}) for x in (150, 250, 350)))
    found = around(store, spot)
    assert {r["name"]: r["topics"].get("noise") for r in found["targets"]} == {
        "150": "yes",
        "250": "uncertain",
        "350": None,
    }


def test_without_a_layer_the_answer_is_unknown_and_no_empty_table(tmp_path):
    found = around(workspace(tmp_path))
    assert (found["status"], found["doubts"]) == ("unknown", [{"code": "layer_missing"}])
    assert {one["status"] for one in found["topics"]} == {"unknown", "by_case"}


@pytest.mark.parametrize("file", ["pieces.wkb.bin", "records.text.bin", "card.json", "coverage__pieces.wkb.bin"])
def test_a_damaged_layer_is_unknown_and_named(tmp_path, file):
    store = targets(tmp_path, (point(160, 0), ROWS))
    names = {path.name for path in (store.root / "layers").rglob("*") if path.is_file()}
    file = file if file in names else next(n for n in sorted(names) if "coverage" in n and "wkb" in n)
    damage(store, "sensitive_targets", file)
    found = around(store)
    assert (found["status"], found["targets"]) == ("unknown", [])
    assert [(d["code"], d["layer"]) for d in found["doubts"]] == [("layer_unreadable", "sensitive_targets")]


@pytest.mark.parametrize(
    ("coverage", "noise", "risk"),
    [
        (None, "incomplete", "incomplete"),
        (box(-300, -300, 300, 300), "complete", "incomplete"),
        (box(-211, -300, 300, 300), "incomplete", "incomplete"),  # 201 m to the west: 200 m and the accuracy are more
        (box(-5100, -5100, 5100, 5100), "complete", "complete"),
    ],
)
def test_a_table_is_complete_only_where_the_coverage_holds_the_range(tmp_path, coverage, noise, risk):
    cover = None if coverage is None else degrees(coverage)
    found = around(targets(tmp_path, (point(9000, 9000), ROWS), coverage=cover))
    assert (topic(found, "noise")["status"], topic(found, "risk")["status"]) == (noise, risk)


def test_two_layers_of_one_theme_complete_each_other_and_of_two_themes_do_not(tmp_path):
    west, east = (degrees(box(*xy)) for xy in ((-9000, -9000, 5, 9000), (-5, -9000, 9000, 9000)))
    for name, themes, status in (("a", ("甲", "甲"), "complete"), ("b", ("甲", "乙"), "incomplete")):
        store = workspace(tmp_path / name)
        for side, theme, cover in (("w", themes[0], west), ("e", themes[1], east)):
            layer(store, "sensitive_targets", (point(8000, 8000), {}), name=side, theme=theme, coverage=cover)
        assert topic(around(store), "noise")["status"] == status, name


def test_targets_past_their_date_or_rejected_are_said(tmp_path):
    features = [
        (point(50, 0), {"目标名称": "已拆", "失效日期": "2020-01-01"}),
        (point(60, 0), {"目标名称": "现有"}),
        (None, {"目标名称": "空图形"}),
    ]
    found = around(targets(tmp_path, *features, unreadable=[("9", None)]))
    assert [row["name"] for row in found["targets"]] == ["现有"]
    assert found["layers"][0]["not_in_force"] == 1
    (doubt,) = topic(found, "noise")["doubts"]
    assert (doubt["code"], doubt["count"]) == ("rejected_features", 2)
    assert topic(found, "noise")["status"] == "incomplete"


def test_targets_declared_without_a_place_are_named(tmp_path):
    store = workspace(tmp_path)
    rows = [{"目标名称": "现有"}, {"目标名称": "没有位置"}]
    reading = replace(reading_of([point(60, 0), None], rows, crs=4527), without_place=frozenset({"2"}))
    cover = reading_of([degrees(box(-9000, -9000, 9000, 9000))])
    options = ImportOptions(kind="sensitive_targets", name="t", coverage=cover, data_date="2024-01-01", accuracy_m=1.0)
    import_layer(FolderStore.open(store.root), reading, options)
    found = topic(around(store), "noise")
    assert found["doubts"] == [{"code": "not_located", "layer": "t", "count": 1, "names": ["没有位置"]}]
    assert (found["status"], found["targets"]) == ("incomplete", 1)


def test_a_layer_past_its_validity_is_listed_and_not_complete(tmp_path):
    store = targets(tmp_path, (point(60, 0), ROWS), valid_until="2025-12-31")
    found = around(store)
    assert len(found["targets"]) == 1
    assert "layer_expired" in [doubt["code"] for doubt in topic(found, "noise")["doubts"]]


def test_a_target_of_stated_elements_counts_for_those_only_and_one_of_none_for_all(tmp_path):
    rows = [{"目标名称": n, "环境要素": e} for n, e in (("a", "声、大气环境"), ("b", None), ("c", "光环境"))]
    found = around(targets(tmp_path, *((point(50 + i, 0), row) for i, row in enumerate(rows))))
    said = {row["name"]: (sorted(row["topics"]), row["flags"]) for row in found["targets"]}
    every = ["air", "electromagnetic", "noise", "risk", "soil"]
    assert said == {
        "a": (["air", "noise"], []),
        "b": (every, ["element_not_stated"]),
        "c": (every, ["element_not_understood"]),
    }


def test_every_default_has_a_source_and_only_what_was_read_is_not_marked_to_be_checked():
    table = tomllib.loads(data_file("rules", "evaluation_ranges.toml").read_text(encoding="utf-8"))
    for one in table["range"]:
        assert one["standard"]
        assert one["source"] in table["sources"]
        assert (one["mark"] == "V") == (one["source"] != "known")
        (one["zh"] + one["en"]).encode("gbk")
    for form in ("book", "form"):
        chosen = evaluation_ranges(form=form).chosen
        assert len({(one.topic, one.applies) for one in chosen}) == len(chosen)


def test_the_short_form_has_its_own_ranges(tmp_path):
    store = targets(tmp_path, (point(70, 0), ROWS))
    found = around(store, ranges=evaluation_ranges(form="form"))
    assert {one["topic"]: one["metres"] for one in found["topics"]} == {
        "air": 500.0,
        "groundwater": 500.0,
        "noise": 50.0,
        "ecology": None,
    }
    assert found["targets"][0]["topics"] == {"air": "yes", "groundwater": "yes"}  # 60 m


def test_a_file_of_ones_own_replaces_a_topic_and_is_marked_as_stated(tmp_path):
    own = ranges_file(tmp_path, '[[range]]\ntopic = "noise"\nmetres = 30\n\n[[range]]\ntopic = "光"\nmetres = 100\n')
    found = around(targets(tmp_path, (point(70, 0), ROWS)), ranges=own)
    noise = topic(found, "noise")
    assert (noise["metres"], noise["mark"], noise["targets"], noise["others"]) == (30.0, "U", 0, [])
    assert (topic(found, "光")["name"]["zh"], topic(found, "光")["targets"]) == ("光", 1)
    assert topic(found, "risk")["mark"] == "V"
    assert found["ranges_file"] == "ranges.toml"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no"),
        ("[[range]", "cannot be read"),
        ("[[range]]\nmetres = 5\n", "names no topic"),
        ('[[range]]\ntopic = "noise"\nmetres = -5\n', "above 0"),
        ('[[range]]\ntopic = "noise"\nmetres = true\n', "above 0"),
        ('[[range]]\ntopic = "noise"\nmeters = 5\n', "mean nothing: meters"),
        ('[[range]]\ntopic = "noise"\nshape = "circle"\n', "distance or square"),
        ('[[range]]\ntopic = "noise"\n[[range]]\ntopic = "noise"\napplies = "areal"\n', "two ranges for areal"),
    ],
)
def test_a_file_that_is_not_understood_is_refused_with_the_table(tmp_path, text, said):
    with pytest.raises(EvaluationRangeError, match=said):
        ranges_file(tmp_path, text)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(EvaluationRangeError, match="cannot be read"):
        evaluation_ranges(tmp_path / "none.toml")


def test_every_code_has_words():
    doubts = ["layer_missing", "layer_unreadable", "manifest_unreadable", "coverage_not_stated", "not_located"]
    doubts += ["partly_outside_coverage", "rejected_features", "layer_expired", "not_valid_yet", "date_missing"]
    codes = [f"doubt_{code}" for code in doubts] + [f"mark_{mark}" for mark in "VKU"]
    codes += [f"status_{status}" for status in ("complete", "incomplete", "unknown", "by_case")]
    codes += ["element_not_stated", "element_not_understood", "range_moves_no_answer", "only_loaded_targets"]
    assert [code for code in codes if not has_word(f"surroundings.{code}")] == []


def test_many_targets_are_found_by_a_plain_search_too(tmp_path):
    """Against shapely in the plane: which of 200 scattered points lie within 1 km (soil) of an odd parcel."""
    dice = random.Random(7)
    spots = [(dice.uniform(-3000, 3000), dice.uniform(-3000, 3000)) for _ in range(200)]
    odd = shapely.union_all([box(-400, -100, 300, 0), box(200, 0, 300, 500)])
    found = around(targets(tmp_path, *((point(*xy), {"目标名称": str(i)}) for i, xy in enumerate(spots))), site(odd))
    far = [shapely.distance(odd, point(*xy)) for xy in spots]
    inside = {row["name"] for row in found["targets"] if row["topics"].get("soil") == "yes"}
    assert inside == {str(i) for i, d in enumerate(far) if d + 2**0.5 <= 1000}
    for row in found["targets"]:
        assert row["distance_m"] == pytest.approx(far[int(row["name"])], abs=0.01)


def test_around_a_site_of_which_a_part_was_not_read_no_table_is_complete(tmp_path):
    store = targets(
        tmp_path, (box(100, 0, 110, 10), {"名称": "甲村"}), coverage=degrees(box(-30_000, -30_000, 30_000, 30_000))
    )
    whole = site()
    assert topic(around(store, whole), "noise")["status"] == "complete"
    found = topic(around(store, replace(whole, rejected_parts=1)), "noise")
    assert (found["status"], found["doubts"]) == ("incomplete", [{"code": "site_part_rejected"}])
