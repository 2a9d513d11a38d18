"""More of the public map in Chromium: locating, full screen, tiles, coverage, uploads of many parts, measured areas."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import shapely

from layers.workspace import FolderStore
from maps.public_map.document import MapRequest
from maps.public_map.page import build_page
from maps.public_map.tiles import tiles_of
from spatial.measure import ellipsoidal_area, geodesic_length
from tests.map_page import DAY, open_in, workspace

pytestmark = pytest.mark.browser
TILES = "https://tiles.example.cn/{z}/{x}/{y}.png"
DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc0000003010100"
    "c9fe92ef0000000049454e44ae426082"
)
KML = '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{}</Document></kml>'


def placemark(shape):
    return f"<Placemark>{shape}</Placemark>"


def coordinates(points):
    return f"<coordinates>{' '.join(f'{x},{y},0' for x, y in points)}</coordinates>"


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("features")
    store = FolderStore.open(workspace(folder))
    made = folder / "map.html"
    page = build_page(store, MapRequest(as_of=DAY, title="查询图", tiles=tiles_of(TILES)))
    made.write_text(page.html, encoding="utf-8", newline="\n")
    return made


@pytest.fixture(scope="module")
def one(chromium, file):
    opened = open_in(
        chromium,
        file,
        permissions=["geolocation"],
        geolocation={"latitude": 49.585, "longitude": 117.455, "accuracy": 30},
    )
    opened.page.context.route(
        "https://tiles.example.cn/**", lambda route: route.fulfill(body=DOT, content_type="image/png")
    )
    return opened


def painted(one, pane):
    """How many dots of a pane's canvas are not empty."""
    return one.page.evaluate(
        """(pane) => [...document.querySelectorAll(`.leaflet-${pane}-pane canvas`)].reduce((sum, canvas) => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          for (let i = 3; i < data.length; i += 4) if (data[i]) sum += 1;
          return sum;
        }, 0)""",
        pane,
    )


def square_metres(text):
    return float(re.search(r"([\d,.]+) 平方米", text)[1].replace(",", ""))


def test_locating_goes_to_the_reader_and_says_how_well(one):
    one.page.evaluate("mapOfPage.setView([49.4, 117.8], 9, { animate: false })")
    one.page.get_by_role("button", name="我的位置").click()
    one.page.wait_for_function("mapOfPage.getZoom() >= 13")
    centre = one.page.evaluate("[mapOfPage.getCenter().lat, mapOfPage.getCenter().lng]")
    assert centre == pytest.approx([49.585, 117.455], abs=1e-6)
    assert "30" in one.page.locator("[role=status].live").inner_text()


def test_a_reader_who_does_not_tell_the_place_is_told_so(one):
    one.page.context.clear_permissions()
    one.page.evaluate("mapOfPage.setView([49.4, 117.8], 9, { animate: false })")
    one.page.get_by_role("button", name="我的位置").click()
    one.page.wait_for_function(
        "text => document.querySelector('[role=status].live').textContent !== text", arg="正在定位…"
    )
    assert one.page.evaluate("mapOfPage.getZoom()") == 9
    assert "30" not in one.page.locator("[role=status].live").inner_text()


def test_full_screen_goes_on_and_off(one):
    button = one.page.locator("[data-tool=full]")
    button.click()
    one.page.wait_for_function("document.fullscreenElement === document.documentElement")
    button.click()
    one.page.wait_for_function("document.fullscreenElement === null")


def test_tiles_are_asked_for_only_when_switched_on_and_their_maker_is_named(one):
    one.page.locator("#tab-layers").click()
    assert [url for url in one.requests if url.startswith("http")] == []
    toggle = one.page.locator(".background .plain")
    assert toggle.get_attribute("aria-pressed") == "false"
    toggle.click()
    one.page.wait_for_selector("img.leaflet-tile-loaded", state="attached")
    asked = [url for url in one.requests if url.startswith("http")]
    assert asked
    assert all(url.startswith("https://tiles.example.cn/") for url in asked)
    assert toggle.get_attribute("aria-pressed") == "true"
    assert one.page.locator(".tile-credit").is_visible()
    toggle.click()
    assert one.page.locator("img.leaflet-tile").count() == 0
    assert one.page.locator(".tile-credit").is_hidden()


def test_outlines_of_coverage_go_off_and_on_and_off_with_their_layers(one):
    one.page.locator("#tab-layers").click()
    one.page.evaluate("mapOfPage.setView([49.55, 117.5], 9, { animate: false })")
    one.page.wait_for_timeout(300)
    assert painted(one, "coverage") > 200
    one.page.locator("#show-coverage").uncheck()
    one.page.wait_for_timeout(300)
    assert painted(one, "coverage") == 0
    one.page.locator("#show-coverage").check()
    one.page.wait_for_timeout(300)
    assert painted(one, "coverage") > 200
    for name in ("生态红线", "管控单元"):
        one.page.get_by_label(name, exact=True).uncheck()
    one.page.wait_for_timeout(300)
    assert painted(one, "coverage") == 0
    for name in ("生态红线", "管控单元"):
        one.page.get_by_label(name, exact=True).check()


def test_a_file_of_many_parts_is_one_site_and_its_areas_are_summed(one, tmp_path):
    parts = [shapely.box(117.7 + 0.03 * k, 49.5, 117.71 + 0.03 * k, 49.51) for k in range(3)]
    features = [{"type": "Feature", "properties": {}, "geometry": json.loads(shapely.to_geojson(g))} for g in parts]
    one.upload("三块.geojson", json.dumps({"type": "FeatureCollection", "features": features}), tmp_path)
    one.page.wait_for_selector("#answer .overall[data-answer=clear]")
    assert "3" in re.search(r"[^\n]*部分[^\n]*", one.page.locator(".site-card").inner_text())[0]
    area = square_metres(one.page.locator("#answer .facts").inner_text())
    assert area == pytest.approx(ellipsoidal_area(np.array(parts, dtype=object)).sum(), abs=0.02)
    features.append({"type": "Feature", "properties": {}, "geometry": None})  # a part with no place: never clear
    one.upload("四块.geojson", json.dumps({"type": "FeatureCollection", "features": features}), tmp_path)
    one.page.wait_for_selector("#answer .overall[data-answer=unknown]")


def test_a_kml_line_and_an_area_with_a_hole_are_read_with_their_length_and_area(one, tmp_path):
    line = shapely.LineString([(117.7, 49.5), (117.75, 49.52), (117.8, 49.5)])
    one.upload("线.kml", KML.format(placemark(f"<LineString>{coordinates(line.coords)}</LineString>")), tmp_path)
    one.page.wait_for_selector("#answer .overall[data-answer=clear]")
    said = re.search(r"([\d,.]+) (公里|米)", one.page.locator("#answer .facts").inner_text())
    metres = float(said[1].replace(",", "")) * (1000 if said[2] == "公里" else 1)
    assert metres == pytest.approx(geodesic_length(line)[0], abs=6)  # 10 m where kilometres have two decimals
    area = shapely.box(117.7, 49.5, 117.74, 49.52).difference(shapely.box(117.71, 49.505, 117.72, 49.51))
    rings = f"<outerBoundaryIs><LinearRing>{coordinates(area.exterior.coords)}</LinearRing></outerBoundaryIs>"
    rings += f"<innerBoundaryIs><LinearRing>{coordinates(area.interiors[0].coords)}</LinearRing></innerBoundaryIs>"
    one.upload("面.kml", KML.format(placemark(f"<Polygon>{rings}</Polygon>")), tmp_path)
    one.page.wait_for_selector("#answer .overall[data-answer=clear]")
    own = square_metres(one.page.locator("#answer .facts").inner_text())
    assert own == pytest.approx(ellipsoidal_area(area)[0], abs=0.02)


def test_an_area_is_measured_on_the_ellipsoid_as_python_measures_it(one):
    one.page.evaluate("mapOfPage.setView([49.55, 117.5], 11, { animate: false })")
    one.page.locator("#tab-measure").click()
    one.page.locator("[data-measure=polygon]").click()
    one.page.evaluate("mapOfPage.on('click', (e) => (window.clicked ??= []).push([e.latlng.lng, e.latlng.lat]))")
    for lon, lat in ((117.45, 49.52), (117.55, 49.52), (117.55, 49.57), (117.47, 49.58)):
        one.click(lon, lat)
    corners = [
        [round(number, 8) for number in corner] for corner in one.page.evaluate("window.clicked")
    ]  # a sketch is kept so
    assert len(corners) == 4
    one.page.locator(".body-measure .sketch-bar .strong").click()
    one.page.wait_for_selector(".measured .big")
    measured = square_metres(one.page.locator(".measured strong").inner_text())
    assert measured == pytest.approx(ellipsoidal_area(shapely.Polygon(corners))[0], rel=1e-9, abs=0.02)
    assert [
        text for text in one.complaints if "willReadFrequently" not in text
    ] == []  # that is our own reading of dots
