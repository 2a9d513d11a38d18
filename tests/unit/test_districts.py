"""A site by county: shares against a plain projection, versions that answer, borders that are not accurate."""

from __future__ import annotations

import json

import pytest
import shapely

from layers.workspace import FolderStore
from screening.district_pieces import pieces_of, split_by_county
from screening.districts import districts_document
from screening.screen import screen
from screening.site import place, site_of
from screening.words import has_word
from spatial import boundaries
from spatial.crs import from_geographic, identify
from tests.building import add, reading_of, workspace_at

DAY = "2026-11-22"
CITY, MINES = "150781", "150703"  # 满洲里市, 扎赉诺尔区
ACROSS = shapely.box(117.5, 49.49, 117.6, 49.53)
LAND = shapely.box(116, 48, 120, 51)


def plain_share(geometry, code):
    """In the plane of zone 39, with shapely alone."""
    plane = identify(4527)
    outline = boundaries.district(code).geometry
    whole, inside = from_geographic([geometry, shapely.intersection(geometry, outline)], plane)
    return inside.area / whole.area if whole.area else inside.length / whole.length


def store_at(path, *layers):
    store = workspace_at(path / "ws", "red_lines")
    for kind, geometry, row, options in layers:
        add(store, kind, [geometry], [row], **{"accuracy_m": 1.0, **options})
    return FolderStore.open(store.root)


def document(site, store, **more):
    return districts_document(site, screen(site, store, as_of=DAY), store, **more)


def test_a_site_across_a_border_is_split_and_the_shares_are_those_of_the_outlines(tmp_path):
    found = document(site_of(ACROSS, accuracy_m=1), store_at(tmp_path))
    assert (found["status"], [d["code"] for d in found["districts"]]) == ("several", [MINES, CITY])
    for district in found["districts"]:
        assert district["share"] == pytest.approx(plain_share(ACROSS, district["code"]), abs=1e-6)
        assert district["share_at_least"] < district["share"] < district["share_at_most"]
    assert sum(d["share"] for d in found["districts"]) == pytest.approx(1.0, abs=1e-9)
    assert found["uncovered"] is None
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_the_most_a_share_can_be_is_that_of_the_outline_grown_by_its_accuracy():
    """On a strip across the border, the accuracy of the border moves the cut by that many metres at least."""
    strip = shapely.box(117.5, 49.5, 117.6, 49.5005)
    (mines, city) = pieces_of(site_of(strip, accuracy_m=1))
    degree = 72_500.0  # metres of a degree of longitude at 49.5 N, roughly
    width = 0.1 * degree
    for piece in (mines, city):
        least, most = piece.share_between
        expected = (piece.accuracy_m + 1) / width
        assert most >= min(1.0, piece.share + 0.9 * expected)
        assert least <= max(0.0, piece.share - 0.9 * expected)


def test_the_border_is_as_accurate_as_the_store_says():
    (piece,) = pieces_of(site_of(shapely.Point(119.948, 47.176), accuracy_m=1))
    own = boundaries.district("152202")
    assert (piece.name, piece.city, piece.province[1]) == ("阿尔山市", ("152200", "兴安盟"), "内蒙古自治区")
    assert piece.accuracy_m == max(own.accuracy_m, own.third_source_m)


def test_each_county_has_its_own_answer_and_the_versions_that_answer_there(tmp_path):
    spot = shapely.point_on_surface(shapely.intersection(boundaries.district(CITY).geometry, ACROSS))
    red = shapely.box(spot.x - 0.002, spot.y - 0.002, spot.x + 0.002, spot.y + 0.002)
    assert not shapely.intersects(boundaries.district(MINES).geometry, red)
    store = store_at(
        tmp_path,
        ("red_lines", red, {"名称": "甲"}, {"name": "满洲里红线", "coverage": (CITY,)}),
        ("red_lines", shapely.box(117.9, 49.3, 117.91, 49.31), {}, {"name": "扎赉诺尔红线", "coverage": (MINES,)}),
        ("control_units", LAND, {"编码": "ZH15078130001", "分类": "一般管控单元"}, {"coverage": LAND}),
    )
    found = document(site_of(ACROSS, accuracy_m=1), store)
    by_code = {d["code"]: d for d in found["districts"]}
    assert (by_code[CITY]["kinds"]["red_lines"], by_code[MINES]["kinds"]["red_lines"]) == ("hit", "unknown")
    status = {(code, one["layer"]): one["status"] for code, d in by_code.items() for one in d["layers"]}
    assert status[CITY, "满洲里红线"] == status[MINES, "扎赉诺尔红线"] == "covers"
    assert status[CITY, "扎赉诺尔红线"] == status[MINES, "满洲里红线"] == "elsewhere"
    assert all(one["version"].startswith("v0001-") for d in by_code.values() for one in d["layers"])
    for district in by_code.values():
        (unit,) = district["units"]
        assert (unit["code"], unit["class"], unit["share"]) == ("ZH15078130001", "general", pytest.approx(1.0))
        assert unit["area_m2"] == pytest.approx(district["area_m2"], abs=0.02)


def test_parts_of_a_project_go_with_the_county_they_lie_in():
    west, east = shapely.box(117.3, 49.55, 117.31, 49.56), shapely.box(117.65, 49.40, 117.66, 49.41)
    route = shapely.LineString([(117.305, 49.555), (117.655, 49.405)])
    site = place(reading_of([west, east, route], [{"name": n} for n in ("west", "east", "route")]), accuracy_m=1)
    pieces = {piece.code: piece for piece in split_by_county(site).pieces}
    assert [p.name for p in pieces[CITY].site.parts] == ["west", "route"]
    assert [p.name for p in pieces[MINES].site.parts] == ["east", "route"]
    assert sum(piece.length_share for piece in pieces.values()) == pytest.approx(1.0, abs=1e-6)
    assert pieces[CITY].length_share == pytest.approx(plain_share(route, CITY), abs=1e-5)


def test_a_site_inside_a_county_and_near_its_border_names_the_neighbour_as_possible(tmp_path):
    city, mines = (boundaries.district(code).geometry for code in (CITY, MINES))
    seam = shapely.intersection(shapely.boundary(city), shapely.boundary(mines))
    middle = shapely.get_parts(seam)[len(shapely.get_parts(seam)) // 2].interpolate(0.5, normalized=True)
    inside = shapely.intersection(city, shapely.buffer(middle, 0.004)).representative_point()
    found = document(site_of(inside, accuracy_m=1), store_at(tmp_path))
    assert (found["status"], [d["code"] for d in found["districts"]]) == ("one", [CITY])
    assert MINES in [one["code"] for one in found["possible"]]
    near = next(one for one in found["possible"] if one["code"] == MINES)
    assert 0 < near["distance_m"] < near["accuracy_m"] == 2107.0
    assert found["flags"] == ["border_not_official", "near_border"]


def test_a_site_deep_inside_a_county_has_no_flag(tmp_path):
    found = document(site_of(shapely.Point(119.948, 47.176), accuracy_m=1), store_at(tmp_path))
    assert (found["status"], found["possible"], found["flags"], found["uncovered"]) == ("one", [], [], None)
    assert found["districts"][0]["share"] == 1.0


def test_what_lies_beyond_the_frontier_is_listed_with_its_share(tmp_path):
    across = shapely.box(117.3, 49.5, 117.4, 49.75)
    found = document(site_of(across, accuracy_m=1), store_at(tmp_path))
    assert found["uncovered"]["share"] > 0.1
    assert sum(d["share"] for d in found["districts"]) + found["uncovered"]["share"] == pytest.approx(1.0, abs=1e-9)
    assert "partly_in_no_county" in found["flags"]


def test_a_route_whose_end_alone_is_beyond_the_frontier_is_not_lost_beside_a_parcel(tmp_path):
    parcel, route = shapely.box(117.3, 49.5, 117.31, 49.51), shapely.LineString([(117.35, 49.6), (117.35, 49.75)])
    site = place(reading_of([parcel, route]), accuracy_m=1)
    found = document(site, store_at(tmp_path))
    assert found["uncovered"]["share"] == 0.0  # of the area
    assert found["uncovered"]["length_m"] > 1000


def test_a_site_in_no_county_says_so(tmp_path):
    found = document(site_of(shapely.Point(104.0, 58.0), accuracy_m=1), store_at(tmp_path))
    assert (found["status"], found["districts"], found["uncovered"]["share"]) == ("outside", [], 1.0)


def test_without_the_boundaries_nothing_is_said_about_counties(tmp_path):
    found = document(site_of(ACROSS, accuracy_m=1), store_at(tmp_path), built=tmp_path / "nothing")
    assert (found["status"], found["districts"], found["flags"]) == ("unavailable", [], ["boundaries_unavailable"])
    assert found["uncovered"]["share"] == 1.0


def test_a_damaged_layer_is_named_in_every_county_and_not_as_covering(tmp_path):
    store = store_at(tmp_path, ("red_lines", LAND, {}, {"coverage": LAND}))
    (path,) = store.root.glob("layers/**/coverage*wkb*") or store.root.glob("layers/**/pieces.wkb.bin")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    found = document(site_of(ACROSS, accuracy_m=1), FolderStore.open(store.root))
    assert {one["status"] for d in found["districts"] for one in d["layers"]} == {"unreadable"}
    assert {d["answer"] for d in found["districts"]} == {"unknown"}


def test_townships_come_from_a_layer_that_says_it_holds_them(tmp_path):
    store = store_at(
        tmp_path,
        ("other", LAND, {"名称": "敖尔金街道"}, {"name": "街区", "role": "context", "meaning": "乡镇界"}),
        ("other", LAND, {"名称": "某草原"}, {"name": "草原", "role": "context", "meaning": "基本草原"}),
    )
    found = document(site_of(ACROSS, accuracy_m=1), store)
    assert [[t["name"] for t in d["townships"]] for d in found["districts"]] == [["敖尔金街道"]] * 2


def test_turbines_on_both_sides_are_counted():
    spots = shapely.MultiPoint([(117.52, 49.5), (117.3, 49.55), (117.65, 49.4)])
    pieces = pieces_of(site_of(spots, accuracy_m=1))
    assert sum(piece.extent.points for piece in pieces) == 3
    assert sum(piece.share for piece in pieces) == pytest.approx(1.0, abs=1e-9)


def test_every_flag_and_status_has_words():
    flags = ["border_not_official", "near_border", "partly_in_no_county", "border_accuracy_unknown"]
    states = ["status_covers", "status_partly", "status_elsewhere", "status_coverage_not_stated", "status_unreadable"]
    assert all(has_word(f"district.{code}") for code in [*flags, *states, "unavailable", "outside", "one"])
