"""A notice becomes a layer: its columns, its accuracy, and what a check against it answers."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from layers.georeference.notices import georeferenced_notice
from layers.georeference.river_corridors import Marker
from layers.importing import ImportOptions, import_layer
from layers.workspace import FolderStore
from screening.screen import screen
from screening.site import site_of
from spatial.ellipsoid import geod
from spatial.errors import MalformedSourceError
from spatial.measure import ellipsoidal_area
from tests.building import reading_of

AS_OF = "2026-11-22"
COUNTY = shapely.box(118.0, 44.0, 122.0, 50.0)


def made(text: str, kind: str = "protected_areas", **options):
    return georeferenced_notice(text.encode(), kind=kind, file_name="公告.txt", **options)


def answer(tmp_path, georeferenced, site, kind: str = "protected_areas"):
    """The finding of a point site of 0 m against the notice, in a county where coverage is stated."""
    store = FolderStore.create(tmp_path / "ws", required_kinds=[kind], region=None)
    import_layer(
        store,
        georeferenced.reading,
        ImportOptions(
            kind=kind,
            name="notice",
            coverage=reading_of([COUNTY], name="coverage.geojson"),
            data_date="2024-01-01",
            georeference_method=georeferenced.method,
            georeference=georeferenced.parameters,
            accuracy=georeferenced.accuracy,
            indicative=georeferenced.indicative,
        ),
    )
    (finding,) = screen(site_of(site, accuracy_m=0.0), FolderStore.open(store.root), as_of=AS_OF).findings
    return finding


def metres_off(lon: float, lat: float, azimuth: float, metres: float) -> shapely.Point:
    return shapely.Point(geod().fwd(lon, lat, azimuth, metres)[:2])


EXTENT = "甲自然保护区位于东经119°37′—120°06′，北纬45°00′—45°26′之间，总面积1000公顷。"
# half a minute of longitude at 45 degrees and of latitude at 45°26′, in squares, and 1 m for the assumed datum
ROUNDING_M = 1136.0


def test_an_extent_is_an_outer_bound_with_its_rounding_as_accuracy():
    (row,) = made(EXTENT).reading.attributes
    assert (row["name"], row["outer_bound"], row["georeference_method"]) == ("甲自然保护区", 1, "published_extent")
    assert row["accuracy_m"] == pytest.approx(ROUNDING_M, abs=1)
    assert row["declared_area"] == "1000公顷"


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        (shapely.Point(119.8, 45.2), "uncertain"),
        (metres_off(119.8, 45.0, 180.0, 1000.0), "uncertain"),
        (metres_off(119.8, 45.0, 180.0, 1300.0), "clear"),
        (metres_off(119 + 37 / 60, 45.2, 270.0, 1300.0), "clear"),
    ],
)
def test_outside_an_extent_and_its_rounding_is_clear_and_inside_is_uncertain(tmp_path, site, expected):
    assert answer(tmp_path, made(EXTENT), site).answer == expected


CORNERS = (
    "采用2000国家大地坐标系。乙自然保护区核心区拐点：J1（东经119°30′00″，北纬49°12′00″）、J2（东经119°36′00″，北纬49°12′00″）、"
    "J3（东经119°36′00″，北纬49°18′00″）、J4（东经119°30′00″，北纬49°18′00″）依次连线。"
)


def test_corners_in_whole_seconds_prove_a_hit_and_clear_the_rest(tmp_path):
    found = made(CORNERS)
    (row,) = found.reading.attributes
    assert (row["name"], row["zone"], row["accuracy_m"], row["outer_bound"]) == ("乙自然保护区", "核心区", 15.0, None)
    assert (found.reading.datum, found.method, found.indicative) == ("stated", "notice_text", False)
    assert answer(tmp_path / "in", found, shapely.Point(119.55, 49.25)).answer == "hit"
    assert answer(tmp_path / "edge", found, metres_off(119.55, 49.2, 180.0, 10.0)).answer == "uncertain"
    assert answer(tmp_path / "out", found, metres_off(119.55, 49.2, 180.0, 30.0)).answer == "clear"


def test_a_lost_corner_makes_everything_unknown_and_nothing_clear(tmp_path):
    found = made(CORNERS.replace("北纬49°18′00″）、J4", "）、J4"))
    assert (len(found.reading.geometries), len(found.reading.unreadable)) == (0, 1)
    finding = answer(tmp_path, found, shapely.Point(121.5, 45.0))
    assert (finding.answer, finding.reasons[0].code) == ("unknown", "rejected_feature_near")


def test_what_the_card_keeps_of_each_feature():
    (told,) = made(CORNERS).parameters["features"]
    assert told["corners"] == 4
    assert (told["order"], told["unit"], told["decimals"], told["lines"]) == ("east_first", ["second"], 0, [1, 1])
    assert made(CORNERS).parameters["system_words"] == ["2000国家大地坐标系"]


PROJECTED = (
    "丙自然保护区范围拐点坐标（{system}）\n1 5450000.0 40500000.0\n2 5450000.0 40501000.0\n"
    "3 5451000.0 40501000.0\n4 5451000.0 40500000.0"
)


@pytest.mark.parametrize(
    ("system", "code", "datum", "terms"),
    [
        ("2000国家大地坐标系，3度带", "EPSG:4528", "stated", {"projected_file"}),
        ("高斯投影", "EPSG:4528", "assumed", {"projected_file", "datum_unstated"}),
        ("西安80坐标系", "EPSG:2364", "stated", {"projected_file"}),
    ],
)
def test_the_words_of_a_notice_state_its_datum(system, code, datum, terms):
    reading = made(PROJECTED.format(system=system)).reading
    assert (reading.crs.code, reading.datum) == (code, datum)
    assert {term.code for term in reading.accuracy.terms} == terms
    assert reading.geometries[0].area == 1_000_000.0


def test_metres_without_a_zone_stay_open_until_someone_says():
    text = PROJECTED.format(system="2000国家大地坐标系").replace(" 40", " ")
    assert (made(text).reading.crs, made(text).reading.crs_status) == (None, "ambiguous")
    assert made(text, crs=4549).reading.crs.code == "EPSG:4549"
    assert made(text.replace("坐标系）", "坐标系，40带）")).reading.crs.code == "EPSG:4549"


def test_degrees_and_metres_in_one_notice_meet_in_4490():
    text = (
        PROJECTED.format(system="2000国家大地坐标系")
        + "\n二、丁自然保护区位于东经119°37′—120°06′，北纬45°00′—45°26′之间"
    )
    reading = made(text).reading
    assert (reading.crs.code, len(reading.geometries)) == ("EPSG:4490", 2)
    assert ellipsoidal_area(reading.geometries[:1])[0] == pytest.approx(1_000_000.0, rel=1e-6)


def test_an_order_that_the_numbers_deny_is_no_order():
    assert len(made(CORNERS, order="east_first").reading.geometries) == 1
    assert [one.problem.code for one in made(CORNERS, order="north_first").reading.unreadable] == ["axis_differs"]


WORDS = "（一）某水库水源地\n一级保护区：取水口上游1300米至桥下300米的水域。\n二级保护区：一级保护区以外两岸纵深1000米的陆域。"


def test_zones_in_words_are_features_without_a_place_that_keep_the_layer_from_clear(tmp_path):
    found = made(WORDS, "water_sources")
    assert [row["zone"] for row in found.reading.attributes] == ["一级保护区水域", "二级保护区陆域"]
    assert (list(found.reading.geometries), len(found.reading.without_place)) == ([None, None], 2)
    assert "1300米" in found.reading.attributes[0]["remarks"]
    finding = answer(tmp_path, found, shapely.Point(121.5, 45.0), "water_sources")
    assert (finding.answer, finding.reasons[0].code) == ("unknown", "extent_not_given")


RIVER = shapely.LineString([(119.0, 49.0), (119.2, 49.0)])
INTAKE, BRIDGE = shapely.Point(119.1, 49.001), shapely.Point(119.11, 49.0)


def test_a_zone_between_two_markers_becomes_the_stretch_of_the_river_that_the_user_gives():
    found = made(
        WORDS, "water_sources", river=RIVER, markers={"取水口": Marker(point=INTAKE), "桥": Marker(point=BRIDGE)}
    )
    first, second = found.reading.geometries
    assert (first.geom_type, second) == ("LineString", None)
    # from the intake to the bridge 0.01 degree of longitude at 49 N, 731.70 m (geodesic), and 1300 + 300 m
    assert geod().geometry_length(first) == pytest.approx(731.70 + 1600.0, abs=0.5)
    assert found.indicative


@pytest.mark.parametrize(("half_m", "width_m"), [(0.0, 100.0), (40.0, 180.0)])
def test_a_stated_width_counts_from_the_banks(half_m, width_m):
    """1,100 m along; 50 m beyond the water on either side, whose edge lies 0 or 40 m from the line."""
    text = (
        "取水口位于东经119°06′00″，北纬49°00′00″。\n一级保护区：取水口上游1000米至取水口下游100米的水域，两岸各50米。"
    )
    found = made(text, "water_sources", river=RIVER, river_half_width_m=half_m)
    point, corridor = found.reading.geometries
    assert (point.geom_type, corridor.geom_type) == ("Point", "Polygon")
    assert ellipsoidal_area(np.array([corridor]))[0] == pytest.approx(1100.0 * width_m, rel=1e-3)


def test_without_the_width_of_the_water_a_stretch_stays_a_line():
    text = (
        "取水口位于东经119°06′00″，北纬49°00′00″。\n一级保护区：取水口上游1000米至取水口下游100米的水域，两岸各50米。"
    )
    _, stretch = made(text, "water_sources", river=RIVER).reading.geometries
    assert stretch.geom_type == "LineString"


def test_a_corridor_is_no_better_than_the_river_line_and_says_what_its_figure_is_made_of(tmp_path):
    """119°06′00″ is 15 m, the intake lies on the line, 1000 m along another map's line differ by 50 m, and 30 m across."""
    text = (
        "取水口位于东经119°06′00″，北纬49°00′00″。\n一级保护区：取水口上游1000米至取水口下游100米的水域，两岸各50米。"
    )
    found = made(text, "water_sources", river=RIVER, river_accuracy_m=30.0, river_half_width_m=0.0)
    _, row = found.reading.attributes
    assert row["accuracy_m"] == pytest.approx(np.hypot(np.hypot(30.0, 15.0), 50.0), abs=0.01)
    assert found.parameters["features"][1]["along_river"]["accuracy"] == {
        "river_line": 30.0,
        "river_markers": 15.0,
        "length_along": 50.0,
        "construction": 0.001,
    }
    # 50 m inside the corridor: a proved hit, were the notice's 15 m all there is
    assert answer(tmp_path, found, shapely.Point(119.1, 49.0), "water_sources").answer == "uncertain"


def test_words_beside_the_corners_of_the_same_zone_are_not_a_second_feature():
    corners = "一级保护区水域拐点：J1 119.50,49.20；J2 119.60,49.20；J3 119.60,49.30\n"
    found = made(
        "（一）某水库水源地\n" + corners + "二级保护区：两岸纵深1000米的陆域。\n一级保护区水域：取水口上游1000米。",
        "water_sources",
    )
    assert [(row["zone"], shape is None) for row, shape in zip(found.reading.attributes, found.reading.geometries, strict=True)] == [
        ("一级保护区水域", False),
        ("二级保护区陆域", True),
    ]  # fmt: skip


def test_an_extent_around_its_own_polygon_is_said_twice_and_kept_once():
    corners = "丁自然保护区拐点：J1 119°37′10″,45°00′05″；J2 120°06′02″,45°00′05″；J3 120°06′02″,45°26′01″；J4 119°37′10″,45°26′01″。"
    text = "丁自然保护区位于东经119°37′—120°06′，北纬45°00′—45°26′之间。\n" + corners
    assert len(made(text).reading.geometries) == 1
    other = text.replace("45°26′01″", "45°20′01″")  # the polygon does not reach the box: the box says more
    assert len(made(other).reading.geometries) == 2


@pytest.mark.parametrize(
    ("sentence", "status"),
    [
        ("国务院已批准设立戊自然保护区。", "已批准"),
        ("撤销戊自然保护区。", "撤销"),
        ("拟撤销戊自然保护区。", None),
        ("撤销戊自然保护区部分区域。", None),
        ("戊自然保护区整体并入己国家公园。", "并入己国家公园"),
        ("调整戊自然保护区范围。", None),
    ],
)
def test_a_status_is_taken_only_where_it_is_said_plainly(sentence, status):
    text = f"{sentence}\n（一）戊自然保护区\n位于东经119°37′—120°06′，北纬45°00′—45°26′之间"
    assert made(text).reading.attributes[0]["status"] == status


def test_a_text_without_any_place_is_refused_by_name():
    with pytest.raises(MalformedSourceError, match="no corner, no extent") as caught:
        made("关于召开会议的通知")
    assert caught.value.code == "no_places"
