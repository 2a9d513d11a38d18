"""Wrong answers that were found by trying to get one out of what nobody publishes as vectors; the smallest case each."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from layers.errors import DelineationError, ImportOptionError
from layers.georeference.delineation.banks import ring
from layers.georeference.delineation.wells import wells
from layers.georeference.notices import georeferenced_notice
from layers.georeference.scanned_maps import georeferenced_map, map_coverage
from layers.importing import ImportOptions, import_layer
from spatial.errors import LegendError
from spatial.forensics.numbers import Numbers
from spatial.raster.control_points import ControlPoint, ControlPoints
from spatial.raster.legend import Legend, LegendClass
from spatial.raster.page import Page
from spatial.reading import read
from spatial.systems import identify
from tests.apps.cli import run
from tests.building import reading_of
from tests.contract.places import COUNTY, FAR, MemoryStore, _unpublished, ask, codes, finding

INSIDE = shapely.Point(117.45, 49.45)
CORNERS = "\n".join(
    f"J{i} 东经{lon} 北纬{lat}"
    for i, (lon, lat) in enumerate(
        [
            ("117°24′00″", "49°24′00″"),
            ("117°30′00″", "49°24′00″"),
            ("117°30′00″", "49°30′00″"),
            ("117°24′00″", "49°30′00″"),
        ],
        1,
    )
)
"""117.4 to 117.5, 49.4 to 49.5: 80.6 km2."""
WITHIN = "\n".join(
    f"J{i} 东经{lon} 北纬{lat}"
    for i, (lon, lat) in enumerate(
        [("117°26′00″", "49°26′00″"), ("117°28′00″", "49°26′00″"), ("117°28′00″", "49°28′00″")], 1
    )
)


def notice(text: str, kind: str = "protected_areas", name: str = "notice.txt"):
    return georeferenced_notice(text.encode(), kind=kind, file_name=name)


def stored(made, kind: str, coverage=None) -> MemoryStore:
    """In the county, of which the user says that the notice is complete."""
    store = MemoryStore()
    options = ImportOptions(
        kind=kind,
        name="notice",
        coverage=coverage or reading_of([COUNTY]),
        data_date="2024-01-01",
        indicative=made.indicative,
        georeference_method=made.method,
        georeference=made.parameters,
        accuracy=made.accuracy,
    )
    with _unpublished():
        import_layer(store, made.reading, options)
    return store


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("protected_areas", f"一、甲自然保护区\n拐点坐标如下：\n{CORNERS}\n二、乙自然保护区\n范围以县政府文件为准。"),
        ("protected_areas", f"一、甲自然保护区\n拐点坐标如下：\n{CORNERS}\n二、乙自然保护区（见附图）"),
        ("protected_areas", f"一、甲自然保护区核心区\n拐点坐标如下：\n{CORNERS}\n二、甲自然保护区缓冲区\n见附图。"),
        ("protected_areas", f"甲自然保护区核心区拐点：\n{CORNERS}\n实验区为保护区范围内除核心区以外的区域。"),
        ("water_sources", f"乙水源地\n一级保护区拐点坐标如下：\n{CORNERS}\n二级保护区：红旗村。"),
        ("water_sources", f"一、乙水源地一级保护区\n拐点坐标如下：\n{CORNERS}\n二、乙水源地二级保护区\n红旗村全境。"),
        ("red_lines", f"一、甲片区\n拐点坐标如下：\n{CORNERS}\n二、乙片区\n红旗林场全部施业区。"),
    ],
)
def test_a_zone_that_a_notice_names_beside_corners_of_another_is_not_lost(kind, text):
    made = notice(text, kind)
    assert len(made.reading.without_place) == 1
    verdict = ask(stored(made, kind), FAR)
    assert (verdict.answer, codes(finding(verdict))) == ("unknown", ["extent_not_given"])
    assert ask(stored(made, kind), INSIDE).answer == "hit"


def test_names_in_a_table_beside_a_corner_list_are_not_lost():
    rows = "".join(f"<tr><td>{name}</td><td>1000</td></tr>" for name in ("名称", "甲自然保护区", "乙自然保护区"))
    lines = "".join(f"<p>{line}</p>" for line in CORNERS.splitlines())
    made = notice(
        f"<html><body><table>{rows}</table><p>甲自然保护区拐点坐标如下：</p>{lines}</body></html>", name="a.html"
    )
    placed = {
        row["name"]: g is not None for row, g in zip(made.reading.attributes, made.reading.geometries, strict=True)
    }
    assert placed == {"甲自然保护区": True, "乙自然保护区": False}


def test_notice_of_one_area_with_rules_for_it_stays_answerable():
    text = f"甲自然保护区拐点坐标如下：\n{CORNERS}\n一、管理要求\n保护区内禁止开发。甲自然保护区管理机构应当巡护。"
    assert ask(stored(notice(text), "protected_areas"), FAR).answer == "clear"


@pytest.mark.parametrize(
    "text",
    [
        f"一、甲自然保护区范围拐点\n{CORNERS}\n二、扣除区域拐点\n{WITHIN}",
        f"甲自然保护区范围拐点坐标\n{CORNERS}\n其中红旗村拐点坐标如下，不纳入保护区：\n{WITHIN}",
    ],
)
def test_what_another_heading_takes_out_is_a_hole_and_no_zone(text):
    made = notice(text)
    (shape,) = made.reading.geometries
    assert len(shape.interiors) == 1
    assert not shape.contains(shapely.Point(117.46, 49.44))


@pytest.mark.parametrize(
    "text", [f"一、调出范围拐点\n{CORNERS}", f"除下列拐点所围区域外，全县均为甲自然保护区：\n{CORNERS}"]
)
def test_what_is_taken_out_of_an_area_that_is_not_printed_is_no_zone_and_leaves_nothing_clear(text):
    made = notice(text)
    assert [one.problem.code for one in made.reading.unreadable] == ["hole_outside"]
    store = stored(made, "protected_areas")
    assert {ask(store, FAR).answer, ask(store, INSIDE).answer} == {"unknown"}


def test_exclusion_in_words_before_the_corners_is_told():
    made = notice(f"甲自然保护区范围（不含红旗村）拐点坐标如下：\n{CORNERS}")
    assert [one.code for one in made.reading.problems] == ["exclusion_in_words"]


def test_extent_smaller_than_the_area_it_is_said_to_hold_bounds_nothing():
    made = notice("甲自然保护区位于东经117°24′—117°25′，北纬49°24′—49°25′之间，总面积100000公顷")  # 2 km2 against 1,000
    assert [one.problem.code for one in made.reading.unreadable] == ["area_differs"]
    assert ask(stored(made, "protected_areas"), FAR).answer == "unknown"


def test_corners_of_half_the_declared_area_are_told():
    made = notice(f"甲自然保护区总面积16120公顷。\n甲自然保护区拐点坐标如下：\n{CORNERS}")
    assert [one.code for one in made.reading.problems] == ["area_differs"]


def test_degrees_of_a_notice_that_names_two_datums_are_not_taken_for_one_of_them_to_the_metre():
    made = notice(f"甲自然保护区拐点坐标（CGCS2000）：\n{CORNERS}\n本公告另附北京54坐标。")
    assert made.reading.accuracy.metres == pytest.approx(np.hypot(15, 100))
    assert finding(ask(stored(made, "protected_areas"), INSIDE)).accuracy_m > 100


@pytest.mark.parametrize(("words", "code"), [("BJ54", 4214), ("Beijing 1954", 4214), ("Xian 1980", 4610)])
def test_latin_names_of_old_datums_are_read(words, code):
    assert notice(f"甲自然保护区拐点坐标（{words}）：\n{CORNERS}").reading.crs.code == f"EPSG:{code}"


def test_points_nearly_on_one_line_have_an_outline():
    numbers = Numbers.of(np.array([[117.4501, 49.4501], [117.801, 49.801], [117.901, 49.901]]))
    assert len(numbers.outline) > 3  # GEOS empties the polygon of its own hull of these when it cuts the edges


def test_a_table_of_points_nearly_on_one_line_is_read(tmp_path):
    file = tmp_path / "风机 点位.csv"
    file.write_text("名称,经度,纬度\n甲,117.4501,49.4501\n乙,117.801,49.801\n丙,117.901,49.901\n", encoding="utf-8")
    assert read(file).crs_status == "proved"


PIXEL_DEG = 0.0002


def page(width: int = 300, height: int = 200) -> Page:
    """White, with one red rectangle."""
    pixels = np.full((height, width, 3), 255, dtype=np.uint8)
    pixels[60:140, 100:180] = (255, 0, 0)
    return Page(pixels=pixels, dpi=300.0, source_name="page.png", source_sha256="0" * 64, page=None)


def control_points(low: float = 20.0, right: float = 280.0, bottom: float = 180.0) -> ControlPoints:
    places = [(c, r) for c in (low, (low + right) / 2, right) for r in (low, bottom)]
    made = [
        ControlPoint(id=str(i), column=c, row=r, x=117.2 + c * PIXEL_DEG, y=49.5 - r * PIXEL_DEG + 1e-5 * (i % 2))
        for i, (c, r) in enumerate(places)
    ]
    return ControlPoints(points=tuple(made), crs=identify(4490))


RED = Legend(classes=(LegendClass(name="红线", colours=((255, 0, 0),)),))


@pytest.mark.parametrize(
    "frame", [((-50, -50), (400, -50), (400, 250), (-50, 250)), ((5, 5), (305, 5), (305, 195), (5, 195))]
)
def test_frame_that_reaches_over_the_page_is_refused(frame):
    for work in (georeferenced_map, map_coverage):
        with pytest.raises(LegendError, match="is not on the page of 300 by 200 pixels"):
            work(page(), control_points(), legend=RED.framed(tuple(frame)))


def test_coverage_of_a_map_ends_with_its_page_however_far_its_control_points_reach():
    cover = map_coverage(page(), control_points(low=-100.0, right=400.0, bottom=300.0), legend=RED)
    west, south, east, north = shapely.union_all(list(cover.geometries)).bounds
    assert min(west - 117.2, 49.5 - north) > -PIXEL_DEG
    assert max(east - 117.2 - 300 * PIXEL_DEG, 49.5 - 200 * PIXEL_DEG - south) < PIXEL_DEG


def test_coverage_without_a_frame_ends_with_the_control_points():
    cover = map_coverage(page(), control_points(), legend=RED)
    assert shapely.union_all(list(cover.geometries)).bounds[0] >= 117.2 + 19 * PIXEL_DEG


def test_patches_larger_than_the_page_are_refused():
    with pytest.raises(ImportOptionError, match="the whole page"):
        georeferenced_map(page(), control_points(), legend=RED, min_patch_m2=1e12)


def test_zone_smaller_than_the_least_patch_is_not_known_and_so_not_clear():
    small = page()
    small.pixels[20:30, 240:250] = (255, 0, 0)  # 100 pixels, under 1 mm2 of a page at 300 dpi
    made = georeferenced_map(small, control_points(), legend=RED)
    assert "map_despeckled" in {p.code for p in made.reading.problems}
    cover = map_coverage(small, control_points(), legend=RED)
    store = stored(made, "red_lines", coverage=cover)
    on_it = shapely.Point(117.2 + 245 * PIXEL_DEG, 49.5 - 25 * PIXEL_DEG)
    beside = shapely.Point(117.2 + 50 * PIXEL_DEG, 49.5 - 100 * PIXEL_DEG)
    assert [ask(store, at).kinds["red_lines"] for at in (on_it, beside)] == ["uncertain", "clear"]


def test_radius_that_no_well_has_is_refused_in_words():
    well = reading_of([INSIDE], [{"name": "1号井"}])
    with pytest.raises(DelineationError, match="no zone is drawn below"):
        wells(well, aquifer="unconfined", radii_m={1: 1e9, 2: 2e9})
    with pytest.raises(DelineationError, match=r"the radius of zone 1 comes out as 1\.5e\+13 m"):
        wells(well, aquifer="unconfined", formula=(10.0, 0.01, 1e-12))  # 1.5 · 10 · 0.01 · 100 / 1e-12


@pytest.mark.parametrize(("metres", "inner_m"), [(1e9, 0.0), (1e-9, 0.0), (1000.0, 1e-9)])
def test_ring_of_a_distance_that_would_take_for_ever_is_refused(metres, inner_m):
    line = reading_of([shapely.LineString([(117.2, 49.45), (117.7, 49.46)])])
    with pytest.raises(DelineationError, match="no zone is drawn below"):
        ring(line, metres, inner_m=inner_m, drawn=True)


def test_point_whose_source_is_blank_is_no_place():
    done = run(
        "georeference", "place", "甲", "--point", "117.4,49.4", "--point-accuracy-m", "10", "--point-source", " "
    )
    assert done.exit_code == 2
    assert "--point-source" in done.output
