"""The river report of a site: what is found along the river, and `none` only where that can be known."""

from __future__ import annotations

import json

import pytest
import shapely

from layers.errors import RiverLayerError
from layers.georeference.rivers import Rivers, network_of
from layers.model import Feature
from layers.workspace import FolderStore
from screening.rivers import river_report, river_report_of
from screening.site import site_of
from screening.words import has_word
from spatial.ellipsoid import geod
from spatial.network.graph import BREAKS, FACTS
from tests.building import add, layer_in_memory, workspace_at

AREA = shapely.box(116.8, 48.8, 117.2, 49.2)
MAIN = shapely.LineString([(117, 49.1), (117, 48.9)])
SIDE = shapely.LineString([(117.06, 49.0), (117, 49.0)])
MOUTH = (shapely.Point(117, 48.9), {"端点": "河口"})
SPRING = (shapely.Point(117, 49.1), {"端点": "源头"})
SPRING_2 = (shapely.Point(117.06, 49.0), {"端点": "源头"})
DAY = "2025-06-01"


def main(**more):
    return MAIN, {"河流名称": "甲河", "流向": "正向", **more}


def side(**more):
    return SIDE, {"河流名称": "乙河", "流向": "正向", **more}


RIVERS = (main(), side(), MOUTH, SPRING, SPRING_2)
SECTION = (
    shapely.Point(117, 48.95),
    {"断面名称": "某断面", "断面级别": "国控", "水质目标": "Ⅲ类", "水质类别": "Ⅳ类", "精度": 5},
)
SOURCE = (shapely.box(116.995, 49.045, 117.005, 49.055), {"名称": "某水源", "级别": "一级"})


def layer(store, kind, features, **more):
    more = {"coverage": AREA, "name": kind, **more}
    if kind == "rivers":
        more = {"role": "context", "meaning": "河流", "synthetic": True, "accuracy_m": 10, **more}
        kind = "other"
    geometries, rows = zip(*features, strict=True)
    add(store, kind, list(geometries), list(rows), **more)


def workspace(path, rivers=RIVERS, sections=(SECTION,), sources=(SOURCE,), **more):
    store = workspace_at(path / "ws", "monitoring_sections")
    layer(store, "rivers", rivers, **more)
    if sections:
        layer(store, "monitoring_sections", sections)
    if sources:
        layer(store, "water_sources", sources)
    return store


def report(store, x=117.0, y=49.02, **more):
    site = x if hasattr(x, "geom_type") else shapely.Point(x, y)
    options = {"as_of": DAY, "max_to_river_m": 2000, **more}
    return river_report_of(FolderStore.open(store.root), site_of(site, accuracy_m=5), **options)


def codes(answer):
    return [doubt.code for doubt in answer.doubts]


def metres(lat1, lat2):
    return geod().inv(117, lat1, 117, lat2)[2]


def test_next_section_downstream_has_its_distance_along_the_river_and_its_classes(tmp_path):
    found = report(workspace(tmp_path))
    assert found.status == "reach"
    (reach,) = found.reaches
    assert (reach.river, reach.basis, reach.sure, reach.direction_source) == ("甲河", "on_river", True, "field")
    assert (reach.next_section.status, codes(reach.next_section)) == ("found", [])
    (item,) = reach.next_section.items
    assert item.name == "某断面"
    assert item.shortest_m == item.longest_m == pytest.approx(metres(49.02, 48.95), abs=0.1)
    assert item.fields == {"section_level": "national", "target_class": "III", "observed_class": "IV"}
    assert item.misses_target is True


@pytest.mark.parametrize(("observed", "misses"), [("Ⅱ类", False), ("Ⅲ类", False), ("劣Ⅴ", True), (None, None)])
def test_target_is_missed_only_by_a_worse_class_and_unknown_without_one(tmp_path, observed, misses):
    section = (SECTION[0], {**SECTION[1], "水质类别": observed})
    found = report(workspace(tmp_path, sections=[section]))
    assert found.reaches[0].next_section.items[0].misses_target is misses


def test_water_sources_lie_upstream_or_downstream_within_the_distance_asked(tmp_path):
    store = workspace(tmp_path)
    below = report(store, y=49.02).reaches[0]
    assert below.water_sources_upstream.status == "found"
    # from the site up to the lower edge of the zone
    assert below.water_sources_upstream.items[0].shortest_m == pytest.approx(metres(49.02, 49.045), abs=0.1)
    assert below.water_sources_downstream.status == "none"  # of the 10 km asked, all covered
    above = report(store, y=49.08).reaches[0]
    assert above.water_sources_downstream.items[0].shortest_m == pytest.approx(metres(49.08, 49.055), abs=0.1)
    near = report(store, y=49.02, within_m=1000).reaches[0]
    assert near.water_sources_upstream.items == ()
    assert near.water_sources_upstream.status == "none"


def test_no_section_below_is_a_fact_only_up_to_a_stated_end(tmp_path):
    stated = report(workspace(tmp_path / "a"), y=48.92).reaches[0].next_section
    assert (stated.status, stated.ends, stated.items) == ("none", ("mouth",), ())
    silent = [f for f in RIVERS if f is not MOUTH]
    open_ = report(workspace(tmp_path / "b", rivers=silent), y=48.92).reaches[0].next_section
    assert (open_.status, codes(open_)) == ("unknown", ["dead_end"])


def test_no_section_is_no_fact_from_a_reach_that_is_only_the_nearest(tmp_path):
    found = report(workspace(tmp_path), x=117.005, y=48.92).reaches[0]
    assert found.basis == "nearest"
    assert (found.next_section.status, codes(found.next_section)) == ("unknown", ["reach_only_nearest"])


def test_losing_the_line_a_section_lies_on_never_says_that_there_is_none(tmp_path):
    """The section stays, off every line: whatever the rest of the graph says, it may lie downstream."""
    fork = shapely.LineString([(117, 49.0), (116.9, 49.0), (116.9, 48.9)])
    fork = (fork, {"河流名称": "丙河", "流向": "正向"})
    west = (shapely.Point(116.9, 48.9), {"端点": "河口"})
    section = (shapely.Point(116.9, 48.95), {"断面名称": "西断面"})
    whole = report(workspace(tmp_path / "a", rivers=(*RIVERS, fork, west), sections=[section]))
    assert [i.name for i in whole.reaches[0].next_section.items] == ["西断面"]
    less = report(workspace(tmp_path / "b", rivers=RIVERS, sections=[section])).reaches[0].next_section
    assert (less.status, codes(less)) == ("unknown", ["off_network"])


def test_section_declared_without_a_place_keeps_the_next_one_from_being_sure(tmp_path):
    from layers.georeference.rivers import Rivers
    from layers.georeference.sections import SectionRow, georeferenced_sections
    from layers.importing import ImportOptions, import_layer

    rows = [
        SectionRow(name="某断面", lon=117, lat=48.95),
        SectionRow(name="未落图", river="甲河"),
        SectionRow(name="别河", river="丁河"),
    ]
    made = georeferenced_sections(rows, Rivers(network=None, name="无"))
    store = workspace(tmp_path, sections=())
    options = ImportOptions(kind="monitoring_sections", name="断面", data_date="2024-01-01")
    import_layer(FolderStore.open(store.root), made.reading, options)
    answer = report(store).reaches[0].next_section
    assert answer.status == "unknown"
    assert [i.name for i in answer.items] == ["某断面"]
    assert answer.doubts[0].to_dict() == {"code": "not_located", "names": ("未落图",)}


def test_broken_graph_makes_the_section_beyond_it_unknown(tmp_path):
    upper = (shapely.LineString([(117, 49.1), (117, 49.0)]), {"河流名称": "甲河", "流向": "正向"})
    lower = (shapely.LineString([(117, 48.999), (117, 48.9)]), {"河流名称": "甲河", "流向": "正向"})
    answer = report(workspace(tmp_path, rivers=(upper, lower, MOUTH, SPRING))).reaches[0].next_section
    assert (answer.status, answer.items, codes(answer)) == ("unknown", (), ["gap"])
    place = dict(answer.doubts[0].facts)
    assert (place["lon"], place["lat"]) == (117, 49.0)
    assert place["distance_m"] == pytest.approx(metres(49.02, 49.0), abs=0.1)


def test_river_without_a_direction_says_so(tmp_path):
    rivers = (main(流向=None), side(), MOUTH, SPRING, SPRING_2)
    reach = report(workspace(tmp_path, rivers=rivers)).reaches[0]
    assert reach.direction_source is None
    assert (reach.next_section.status, codes(reach.next_section)) == ("unknown", ["not_directed"])


def test_two_rivers_equally_near_are_both_reported(tmp_path):
    twin = (shapely.LineString([(117.001, 49.1), (117.001, 48.9)]), {"河流名称": "戊河", "流向": "正向"})
    found = report(workspace(tmp_path, rivers=(main(), MOUTH, SPRING, twin)), x=117.0005)
    assert [(r.river, r.sure) for r in found.reaches] == [("甲河", False), ("戊河", False)]
    assert [d.code for d in found.doubts] == ["reach_not_sure"]


def test_site_across_a_river_has_what_lies_beside_it_at_no_distance(tmp_path):
    found = report(workspace(tmp_path), x=shapely.box(116.99, 48.94, 117.01, 48.96))
    assert found.reaches[0].next_section.items[0].shortest_m == 0.0


def test_far_from_every_line_is_unknown_and_not_no_river(tmp_path):
    found = report(workspace(tmp_path), x=117.15, y=49.15)
    assert (found.status, found.reaches, [d.code for d in found.doubts]) == ("unknown", (), ["no_river_near"])


def test_declared_none_says_by_whom_and_only_inside_its_coverage(tmp_path):
    store = workspace_at(tmp_path / "ws", "monitoring_sections")
    options = {"role": "context", "meaning": "河流", "name": "河流", "source": "某市生态环境局", "coverage": AREA}
    add(store, "other", [], declared_none=True, **options)
    inside, outside = report(store), report(store, x=118.0)
    assert (inside.status, inside.rivers["declared_by"], inside.doubts) == ("declared_none", "某市生态环境局", ())
    assert (outside.status, [d.code for d in outside.doubts]) == ("unknown", ["outside_coverage"])


def test_report_says_whether_the_rivers_are_synthetic_or_the_users(tmp_path):
    assert report(workspace(tmp_path / "a")).rivers["origin"] == "synthetic"
    assert report(workspace(tmp_path / "b", synthetic=False)).rivers["origin"] == "user"


def test_inland_basin_ends_in_its_sink(tmp_path):
    sink = (shapely.Point(117, 48.9), {"端点": "尾闾"})
    found = report(workspace(tmp_path, rivers=(main(), side(), sink, SPRING, SPRING_2)), y=48.92)
    assert found.rivers["facts"] == {"inland_basin": 1}
    assert (found.reaches[0].next_section.status, found.reaches[0].next_section.ends) == ("none", ("sink",))


def test_sections_without_a_stated_coverage_give_no_none(tmp_path):
    store = workspace_at(tmp_path / "ws", "monitoring_sections")
    layer(store, "rivers", RIVERS)
    layer(store, "monitoring_sections", [SECTION], coverage=None)
    found = report(store, y=48.92).reaches[0].next_section
    assert (found.status, codes(found)) == ("unknown", ["coverage_not_stated"])
    assert report(store).reaches[0].next_section.status == "found"


def test_a_river_that_leaves_the_coverage_is_not_called_a_coverage_that_nobody_states(tmp_path):
    """The coverage ends at 48.93 N, the river goes on to its mouth at 48.90 N; the section at 48.95 N lies within."""
    store = workspace_at(tmp_path / "ws", "monitoring_sections")
    layer(store, "rivers", RIVERS)
    layer(store, "monitoring_sections", [SECTION], coverage=shapely.box(116.8, 48.93, 117.2, 49.2))
    found = report(store, y=48.94).reaches[0].next_section
    assert (found.status, codes(found)) == ("unknown", ["river_leaves_coverage"])
    assert (report(store).reaches[0].next_section.status, codes(report(store).reaches[0].next_section)) == ("found", [])


def test_missing_layers_are_named(tmp_path):
    reach = report(workspace(tmp_path, sections=(), sources=())).reaches[0]
    assert reach.next_section.doubts[0].to_dict() == {"code": "layer_missing", "kind": "monitoring_sections"}
    assert reach.water_sources_upstream.status == "unknown"


def braided_system():
    """A river with a braid, a tributary above it and one below; sections on one channel, on the main and on a side."""
    ways = {
        "a": [(117, 49.1), (117, 49.05)],
        "b": [(117.06, 49.05), (117, 49.05)],
        "c": [(117, 49.05), (117, 49.02)],
        "d": [(117, 49.02), (117, 48.98)],
        "e": [(117, 49.02), (117.03, 49.0), (117, 48.98)],
        "f": [(117, 48.98), (117, 48.94)],
        "g": [(116.94, 48.94), (117, 48.94)],
        "h": [(117, 48.94), (117, 48.9)],
    }
    return {k: (shapely.LineString(xy), {"名称": k, "流向": "正向"}) for k, xy in ways.items()}


@pytest.mark.parametrize(
    "sections", [[(117, 48.99), (117, 48.92)], [(117.03, 49.0), (117, 48.96)], [(116.97, 48.94)], [(117, 49.07)], []]
)
def test_losing_any_line_moves_the_answer_only_towards_unknown(tmp_path, sections):
    ways = braided_system()
    ends = [
        MOUTH,
        SPRING,
        (shapely.Point(117.06, 49.05), {"端点": "源头"}),
        (shapely.Point(116.94, 48.94), {"端点": "源头"}),
    ]
    rows = [(shapely.Point(*xy), {"断面名称": f"{xy[0]} {xy[1]}", "精度": 5}) for xy in [*sections, (117.06, 49.05)]]
    system = Rivers(network=network_of((str(i), g, a) for i, (g, a) in enumerate([*ways.values(), *ends])), name="河")
    made = [layer_of(rows)]

    def asked(rivers):
        site = site_of(shapely.Point(117, 49.04), accuracy_m=5)
        found = river_report(site, made, rivers, as_of=DAY, max_to_river_m=2000)
        return found.reaches[0] if found.reaches else None

    before = asked(system).next_section
    assert before.status == ("found" if any(y < 49.04 and x != 116.97 for x, y in sections) else "none")
    for lost in ways:
        left = [f for name, f in ways.items() if name != lost] + ends
        reach = asked(Rivers(network=network_of((str(i), g, a) for i, (g, a) in enumerate(left)), name="河"))
        if lost == "c":  # the reach beside the site itself: another is at best the nearest
            assert reach is None or reach.basis == "nearest"
            continue
        after = reach.next_section
        assert after.status in ("unknown", before.status), lost
        if after.status == "found":
            assert after.items[0].name == before.items[0].name, lost
            assert after.items[0].shortest_m >= before.items[0].shortest_m - 0.001


def layer_of(rows):
    """An open layer of sections in memory, complete for the area."""
    features = [
        Feature(id=str(i), code=None, name=a["断面名称"], class_="section", counts=True, accuracy_m=5.0)
        for i, (_, a) in enumerate(rows)
    ]
    return layer_in_memory(features, [g for g, _ in rows], accuracy_m=5.0, coverage=AREA, valid_from="2024-01-01")


def damage(store, name, file):
    (path,) = (p for p in (store.root / "layers").rglob(file) if name in p.parts)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


@pytest.mark.parametrize("file", ["features.gpkg", "card.json"])
def test_damaged_river_layer_makes_everything_unknown(tmp_path, file):
    store = workspace(tmp_path)
    damage(store, "rivers", file)
    found = report(store, rivers_name="rivers")
    assert (found.status, [d.code for d in found.doubts]) == ("unknown", ["layer_unreadable"])


@pytest.mark.parametrize("file", ["records.text.bin", "pieces.wkb.bin", "card.json"])
def test_damaged_sections_make_the_section_unknown_and_leave_the_rest(tmp_path, file):
    store = workspace(tmp_path)
    damage(store, "monitoring_sections", file)
    reach = report(store).reaches[0]
    assert (reach.next_section.status, "layer_unreadable" in codes(reach.next_section)) == ("unknown", True)
    assert reach.water_sources_upstream.status == "found"


def test_drawn_order_of_a_long_line_survives_the_workspace(tmp_path):
    """The index cuts lines of many vertices; the report reads them as they were imported."""
    xy = [(117 + (i % 2) * 1e-5, 49.1 - i * 0.2 / 999) for i in range(1000)]
    long = (shapely.LineString(xy), {"河流名称": "甲河", "流向": "正向"})
    mouth = (shapely.Point(xy[-1]), {"端点": "河口"})
    reach = report(workspace(tmp_path, rivers=(long, mouth, SPRING))).reaches[0]
    assert reach.next_section.items[0].shortest_m == pytest.approx(metres(49.02, 48.95), rel=1e-3)


def test_no_river_layer_is_an_error_with_the_next_step(tmp_path):
    store = workspace_at(tmp_path / "ws", "monitoring_sections")
    layer(store, "monitoring_sections", [SECTION])
    with pytest.raises(RiverLayerError, match="which river layer is meant is not said; there are: none"):
        report(store)


def test_report_is_plain_json_and_all_its_codes_have_words(tmp_path):
    found = json.loads(json.dumps(report(workspace(tmp_path)).to_dict(), allow_nan=False))
    assert set(found) == {
        *("site", "status", "as_of", "rivers", "max_to_river_m", "within_m", "reaches", "doubts", "restricted"),
    }
    assert found["restricted"] is True  # water sources are, unless the user says otherwise
    assert all(has_word(f"river_fact.{code}") for code in FACTS)
    assert all(has_word(f"river_doubt.{code}") for code in BREAKS)
