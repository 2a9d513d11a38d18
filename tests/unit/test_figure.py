"""The static map of a report: its scale, its north, its graticule, its legend, and what must stand on it."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import shapely
from pyproj import Geod

from maps.errors import FontMissingError, NotDrawableError
from maps.figure.fonts import chinese_fonts
from maps.figure.picture import png_of
from maps.figure.plane import degrees_minutes_seconds, plane_of
from maps.figure.static_map import MAP_WIDTH, static_map
from screening.words import word
from tests import map_example

GEOD = Geod(a=6378137, rf=298.257222101)
SVG = "{http://www.w3.org/2000/svg}"


def drawn(**changes):
    arguments = {
        "geometry": map_example.SITE,
        "overlaps": map_example.overlaps(),
        "layers": map_example.layers(),
        "language": "zh",
    }
    result = changes.pop("result", None) or map_example.result()
    return static_map(result, **(arguments | changes))


def texts(figure):
    return [element.text for element in ET.fromstring(figure.svg).iter(f"{SVG}text")]


def plane(site=map_example.SITE, **site_facts):
    result = map_example.result()
    result["site"] = result["site"] | site_facts
    return plane_of(site, result, width=400.0, height=300.0)


def test_a_kilometre_on_the_ground_is_a_kilometre_of_the_scale():
    shown = plane()
    lon, lat = map_example.SITE.centroid.x, map_example.SITE.centroid.y
    for azimuth in (0, 45, 90, 200):
        east, north, _ = GEOD.fwd(lon, lat, azimuth, 1000.0)
        ends = shown.units_of(np.array([(lon, lat), (east, north)]))
        metres = math.dist(*ends) * shown.unit_m
        # 0.4 degrees from the central meridian: 29 km, (29/6371)^2/2 = 1.0e-5 of scale
        assert metres == pytest.approx(1000.0, rel=2e-5)


def test_the_scale_bar_is_as_long_as_it_says():
    figure = drawn()
    root = ET.fromstring(figure.svg)
    bars = [
        float(one.get("width"))
        for one in root.iter(f"{SVG}rect")
        if one.get("height") == "5" and one.get("stroke") == "#111111"
    ]
    assert len(bars) == 4
    said = next(text for text in texts(figure) if text and re.fullmatch(r"[\d.]+ 米", text))
    result = map_example.result()
    height = float(next(one.get("height") for one in root.iter(f"{SVG}rect") if one.get("fill") == "#fcfcfa"))
    shown = plane_of(map_example.SITE, result, width=MAP_WIDTH, height=height)
    assert sum(bars) * shown.unit_m == pytest.approx(float(said.split()[0]), rel=1e-3)


def test_north_turns_with_the_distance_from_the_central_meridian():
    # Convergence is (L - L0) sin B: 1 degree east of 117 E at 49.6 N gives 0.7615 degrees.
    site = shapely.box(117.99, 49.59, 118.01, 49.61)
    assert plane(site).convergence() == pytest.approx(
        -math.degrees(math.radians(1.0) * math.sin(math.radians(49.6))), abs=2e-3
    )
    west = shapely.box(115.99, 49.59, 116.01, 49.61)
    assert plane(west).convergence() == pytest.approx(0.7615, abs=2e-3)


def test_the_graticule_says_where_its_lines_are():
    shown = plane()
    for name, line in shown.graticule().meridians:
        degrees, minutes, seconds = (int(one) for one in re.fullmatch(r"(\d+)°(\d+)′(\d+)″", name).groups())
        lon = degrees + minutes / 60 + seconds / 3600
        assert shown.units_of(np.array([(lon, 49.604)]))[0, 0] == pytest.approx(
            np.interp(0, [0], [line[:, 0].mean()]), abs=3
        )
    west, south, east, north = shown.window
    assert west < map_example.SITE.bounds[0] < map_example.SITE.bounds[2] < east
    assert south < map_example.SITE.bounds[1] < map_example.SITE.bounds[3] < north


def test_seconds_are_rounded_as_a_whole():
    assert degrees_minutes_seconds(119 + 59 / 60 + 59.99999 / 3600) == "120°00′00.0000″"
    assert degrees_minutes_seconds(49.5, decimals=0) == "49°30′00″"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_face_of_the_figure_says_marks_date_crs_and_no_basemap(language):
    figure = drawn(language=language)
    said = " ".join(text for text in texts(figure) if text)
    for code in ("internal_map", "restricted", "synthetic", "indicative"):
        assert word(f"note.{code}", language) in said
    assert "2026-11-22" in said
    assert "EPSG:4527" in said  # 117.4 E lies in zone 39, whose meridian is 117
    assert "117°E" in said
    assert word("figure.base", language).split("；")[0].split(";")[0] in said


def test_only_what_is_drawn_stands_in_the_legend_and_what_is_not_is_named():
    figure = drawn()
    said = [text for text in texts(figure) if text]
    assert "合成生态保护红线（2023-06-30）" in said
    assert "重叠部分：生态保护红线" in said
    assert any(text.startswith("图幅范围内没有要素的图层：合成监测断面") for text in said)
    assert not any("合成监测断面（" in text for text in said)


def test_a_unit_that_is_only_context_is_not_drawn_as_an_overlap():
    overlap = map_example.overlaps()[0]
    from dataclasses import replace

    context = replace(overlap, layer=map_example.UNITS, kind="control_units", feature_id="u3")
    figure = drawn(overlaps=[context])
    assert "重叠部分：一般管控单元" not in texts(figure)
    assert "重叠部分：优先保护单元" in texts(drawn())


def test_a_layer_that_could_not_be_read_is_named_on_the_figure():
    lost = map_example.finding(None, "red_lines", "unknown", [], "layer_missing")
    damaged = map_example.finding("坏图层", "water_sources", "unknown", [], "layer_unreadable")
    result = map_example.result(findings=[lost, damaged])
    figure = drawn(result=result, overlaps=())
    said = "".join(text for text in texts(figure) if text)
    assert "图上没有画出，不表示没有：生态保护红线：缺少该类图层；坏图层：图层无法读取或已损坏" in said
    assert figure.not_drawn == ("生态保护红线：缺少该类图层", "坏图层：图层无法读取或已损坏")


def test_a_layer_found_damaged_while_it_is_drawn_is_named():
    empty = map_example.outline("红线", "red_lines", None, None, notes=("not_drawn_damaged",))
    assert drawn(layers=[empty]).not_drawn == ("红线：图层文件已损坏，未在图上画出",)


def test_corners_carry_the_numbers_of_the_corner_table():
    said = texts(drawn())
    assert [text for text in said if text and re.fullmatch(r"J\d+", text)] == ["J1", "J2", "J3", "J4", "J5"]


@pytest.mark.parametrize(
    "site",
    [
        shapely.Point(117.40, 49.60),
        shapely.LineString([(117.36, 49.60), (117.43, 49.601)]),
        shapely.MultiPolygon(
            [shapely.box(117.39, 49.59, 117.392, 49.591), shapely.box(117.41, 49.60, 117.412, 49.601)]
        ),
    ],
    ids=["point", "route", "two parcels"],
)
def test_points_routes_and_parts_are_drawn_inside_the_frame(site):
    result = map_example.result()
    result["site"] |= {"radius_m": 300.0 if site.geom_type == "Point" else 0}
    figure = drawn(geometry=site, overlaps=(), result=result)
    ET.fromstring(figure.svg)
    assert figure.width_mm == 170.0
    assert 80 < figure.height_mm < 240
    shown = plane_of(site, result, width=400.0, height=300.0)
    x, y = shown.units_of(shapely.get_coordinates(site)).T
    assert (x > 0).all()
    assert (x < 400).all()
    assert (y > 0).all()
    assert (y < 300).all()


def test_a_site_that_is_not_in_degrees_is_refused():
    with pytest.raises(NotDrawableError, match="not in degrees"):
        drawn(geometry=shapely.box(500000, 5400000, 500100, 5400100))


def test_names_of_files_are_text_on_the_figure():
    nasty = map_example.outline(
        "<script>x</script>&\"'",
        "red_lines",
        None,
        None,
        map_example.drawn(map_example.RED_FEATURE | {"name": "<b>{{7*7}}</b>"}, map_example.RED_LINE),
    )
    figure = drawn(layers=[nasty])
    assert "<script" not in figure.svg
    assert any("<script>" in text for text in texts(figure) if text)


def test_the_same_figure_is_drawn_every_time_and_loads_nothing():
    one, two = drawn(), drawn()
    assert one == two
    assert "href" not in one.svg
    assert "http" not in one.svg.replace("http://www.w3.org/2000/svg", "")


def test_the_picture_is_a_png_of_its_size_and_is_not_blank():
    try:
        font = chinese_fonts()[0]
    except FontMissingError as error:
        pytest.skip(str(error))
    import io

    from PIL import Image

    figure = drawn(fonts=font)
    picture = Image.open(io.BytesIO(png_of(figure.svg, width_mm=figure.width_mm, ppi=100)))
    assert picture.size[0] == pytest.approx(170 / 25.4 * 100, abs=1)
    assert picture.size[1] == pytest.approx(figure.height_mm / 25.4 * 100, abs=2)
    colours = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    red = (colours == (0xB8, 0x00, 0x2E)).all(axis=1).sum()
    assert red > 200  # the line of the red line
    assert (colours == 255).all(axis=1).mean() < 0.6
