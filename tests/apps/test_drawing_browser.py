"""Layers as a browser draws them: what colour is where, what is pointed at, at every zoom."""

from __future__ import annotations

import io

import numpy as np
import pytest
import shapely

from spatial.levels import level_of, levels_for
from tests.bundling import bundled
from tests.drawing_page import ENTRY, html_of, layer_of, spec_of, style
from tests.tilings import blob, tiling

pytestmark = pytest.mark.browser
SIZE = {"width": 900, "height": 700}
RED, BLUE, WHITE = (200, 0, 0), (0, 0, 200), (255, 255, 255)


@pytest.fixture(scope="module")
def script():
    return bundled(ENTRY)


class Drawn:
    """A page on which layers are drawn."""

    def __init__(self, page):
        self.page = page

    def wait(self):
        self.page.evaluate("Promise.all(drawings.map((one) => one.whenDrawn()))")
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def view(self, lon, lat, zoom):
        self.page.evaluate(f"map.setView([{lat}, {lon}], {zoom}, {{ animate: false }})")
        self.wait()

    def picture(self):
        from PIL import Image

        return np.asarray(Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")).astype(int)

    def pixels(self, places):
        """Where places fall in the picture, (n, 2) x and y, CSS pixels."""
        given = [[float(lat), float(lon)] for lon, lat in places]
        js = "(all) => all.map((one) => { const p = map.latLngToContainerPoint(one); return [p.x, p.y]; })"
        return np.array(self.page.evaluate(js, given))

    def at(self, lon, lat, pixels=3, layer=0):
        return self.page.evaluate(f"drawings[{layer}].featuresAt(L.latLng({lat}, {lon}), {pixels})")


@pytest.fixture
def drawn(chromium, script, tmp_path):
    contexts = []

    def draw(layers, styles, *, centre, zoom, ratio=1, dark=False):
        context = chromium.new_context(viewport=SIZE, device_scale_factor=ratio, offline=True)
        contexts.append(context)
        file = tmp_path / "drawn.html"
        file.write_text(html_of(script, dark=dark), encoding="utf-8")
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto(file.as_uri())
        page.evaluate("(spec) => harness(spec)", spec_of(layers, styles, centre=centre, zoom=zoom))
        found = Drawn(page)
        found.wait()
        return found

    yield draw
    for context in contexts:
        context.close()


def near(picture, place, colour, off=12):
    x, y = (round(float(n)) for n in place)
    return np.abs(picture[y, x] - colour).max() <= off


def test_each_area_has_its_colour_at_every_zoom(drawn):
    cells = tiling(16, 2400, side=1, west=117, south=31)
    levels = levels_for(cells, tiles=True)
    assert len(levels) > 1
    classes = [row % 2 for row in range(16)]
    layer = layer_of("a", cells, levels, ["red", "blue"], classes)
    page = drawn([layer], [style("red", "#c80000"), style("blue", "#0000c8")], centre=[31.5, 117.5], zoom=9)
    for zoom in (7, 9, 10, 12, 15):
        for row in (5, 6, 10):
            inner = shapely.maximum_inscribed_circle(cells[row]).coords[0]
            page.view(*inner, zoom)
            assert near(page.picture(), page.pixels([inner])[0], RED if row % 2 == 0 else BLUE), (zoom, row)


def test_no_gap_opens_between_neighbours_at_any_zoom(drawn):
    cells = tiling(25, 1200, side=1, west=117, south=31)
    layer = layer_of("a", cells, levels_for(cells, tiles=True), ["red"])
    page = drawn([layer], [style("red", "#c80000")], centre=[31.5, 117.5], zoom=6)
    places = np.random.default_rng(1).uniform((117.1, 31.1), (117.9, 31.9), (20_000, 2))
    for zoom in (6, 7, 8, 9, 10, 11, 12, 14):
        page.view(117.5, 31.5, zoom)
        picture = page.picture()
        x, y = np.rint(page.pixels(places)).astype(int).T
        seen = (x >= 0) & (x < SIZE["width"]) & (y >= 0) & (y < SIZE["height"])
        assert seen.sum() > 50
        # borders smoothed on both sides let a little white through, a gap would let through all of it (255)
        assert np.abs(picture[y[seen], x[seen]] - RED).max() <= 60, zoom


def test_a_border_half_a_million_vertices_long_is_drawn_where_it_lies(drawn):
    rng = np.random.default_rng(4)
    angle = np.linspace(0, 2 * np.pi, 200_000, endpoint=False)
    reach = 0.4 * (1 + 0.1 * np.sin(7 * angle) + 0.0002 * rng.standard_normal(len(angle)))
    ring = np.column_stack([117.5 + reach * np.cos(angle), 31.5 + reach * np.sin(angle)])
    area = shapely.make_valid(shapely.Polygon(ring), method="structure", keep_collapsed=False)
    layer = layer_of("a", [area], [level_of([area], tolerance_m=0)], ["red"])
    page = drawn([layer], [style("red", "#c80000")], centre=[31.5, 117.9], zoom=13)
    for zoom in (9, 13, 17):
        page.view(117.5 + 0.4, 31.5, zoom)
        picture = page.picture()
        spread = np.array([0.3, 0.2]) * 2.0 ** (9 - zoom)
        places = np.array([117.9, 31.5]) + rng.uniform(-spread, spread, (300, 2))
        dots = shapely.points(places)
        clear = shapely.distance(dots, area.boundary) > 3 * 360 / 256 / 2**zoom
        inside = shapely.contains(area, dots)
        spots = page.pixels(places)
        within = (spots > 2).all(axis=1) & (spots < (SIZE["width"] - 3, SIZE["height"] - 3)).all(axis=1)
        for place, lies_in in zip(spots[clear & within], inside[clear & within], strict=True):
            assert near(picture, place, RED if lies_in else WHITE), (zoom, place, lies_in)
        assert (clear & within).sum() > 30


def test_what_is_pointed_at_is_what_holds_the_place(drawn):
    cells = tiling(16, 400, side=1, west=117, south=31)
    rng = np.random.default_rng(2)
    holed = cells.copy()
    holed[5] = cells[5].difference(cells[5].centroid.buffer(0.03))
    level = levels_for(holed, tiles=True)[-1]
    layer = layer_of("a", holed, [level], ["red"])
    page = drawn([layer], [style("red", "#c80000")], centre=[31.5, 117.5], zoom=9)
    shown = level.geometries()
    for lon, lat in rng.uniform((117, 31), (118, 32), (120, 2)):
        assert page.at(lon, lat) == np.flatnonzero(shapely.contains_xy(shown, lon, lat)).tolist()
    middle = cells[5].centroid.coords[0]
    assert page.at(*middle) == []


def test_lines_and_points_are_pointed_at_within_pixels(drawn):
    line = shapely.LineString([(117, 31.5), (118, 31.5)])
    dot = shapely.Point(117.5, 31.8)
    layer = layer_of("a", [line, dot], [level_of([line, dot], tolerance_m=0)], ["red"])
    page = drawn([layer], [style("red", "#c80000", weight=3, radius=6)], centre=[31.5, 117.5], zoom=9)
    pixel = 360 / 256 / 2**9  # of longitude; a pixel of latitude is a little less
    assert page.at(117.3, 31.5 + 2.5 * pixel) == [0]  # 2.9 pixels
    assert page.at(117.3, 31.5 + 8 * pixel) == []
    assert page.at(117.5 + 2.5 * pixel, 31.8) == [1]
    assert page.at(117.5 + 4 * pixel, 31.8) == []
    picture = page.picture()
    x, y = page.pixels([(117.5, 31.8)])[0]
    assert near(picture, (x + 4, y), RED)
    assert near(picture, (x + 10, y), WHITE)
    page.view(117.5, 31.8, 14)
    x, y = page.pixels([(117.5, 31.8)])[0]
    assert near(page.picture(), (x + 4, y), RED)  # as large as before
    assert near(page.picture(), (x + 10, y), WHITE)


@pytest.mark.parametrize(("hatch", "period"), [("diagonal", 8), ("level", 6), ("crossed", 9)])
def test_a_hatch_runs_on_across_tiles(drawn, hatch, period):
    area = shapely.box(116, 30, 119, 33)
    look = style("red", "#c80000", fill_opacity=0.1, hatch=hatch, weight=0)
    layer = layer_of("a", [area], [level_of([area], tolerance_m=0)], ["red"])
    page = drawn([layer], [look], centre=[31.5, 117.5], zoom=10)
    picture = page.picture()
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) >= 2
    whole = picture[: period * (700 // period), : period * (900 // period)]
    shifted_x, shifted_y = whole[:, period:], whole[period:]
    assert (np.abs(shifted_x - whole[:, :-period]) <= 2).all()  # tiles of 512 meet somewhere in it
    assert (np.abs(shifted_y - whole[:-period]) <= 2).all()


def test_classes_are_hidden_layers_fade_and_go(drawn):
    cells = np.array([shapely.box(117, 31, 117.5, 32), shapely.box(117.5, 31, 118, 32)])
    layer = layer_of("a", cells, levels_for(cells), ["red", "blue"], [0, 1])
    page = drawn([layer], [style("red", "#c80000"), style("blue", "#0000c8")], centre=[31.5, 117.5], zoom=9)
    left, right = page.pixels([(117.25, 31.5), (117.75, 31.5)])
    page.page.evaluate("drawings[0].hideClasses(new Set([0]))")
    page.wait()
    picture = page.picture()
    assert near(picture, left, WHITE)
    assert near(picture, right, BLUE)
    assert page.at(117.25, 31.5) == []
    page.page.evaluate("drawings[0].hideClasses(new Set()); drawings[0].setOpacity(0.5)")
    page.wait()
    assert near(page.picture(), left, (228, 128, 128))  # half of (200, 0, 0) over white
    page.page.evaluate("drawings[0].show(false)")
    page.wait()
    assert (page.picture() == 255).all()
    assert sorted(page.page.evaluate("[...drawings[0].classesIn(L.latLngBounds([31, 117], [32, 117.2]))]")) == [0]


def test_what_is_chosen_stands_out_and_only_that(drawn):
    cells = np.array([shapely.box(117, 31, 117.5, 32), shapely.box(117.6, 31, 118, 32)])
    layer = layer_of("a", cells, levels_for(cells), ["red"], [0, 0])
    page = drawn([layer], [style("red", "#c80000", fill_opacity=0.2)], centre=[31.5, 117.5], zoom=9)
    before = page.picture()
    page.page.evaluate("drawings[0].select([1])")
    page.wait()
    after = page.picture()
    (x0, y0), (x1, _) = page.pixels([(117.0, 31.5), (117.6, 31.5)])
    assert near(after, (x1, y0), (0, 56, 199))  # #0038c7, selected in maps/style.toml
    assert (after[:, int(x0) - 5 : int(x1) - 12] == before[:, int(x0) - 5 : int(x1) - 12]).all()
    page.page.evaluate("drawings[0].select([])")
    page.wait()
    assert (page.picture() == before).all()


def test_an_area_smaller_than_a_pixel_is_still_seen(drawn):
    rng = np.random.default_rng(5)
    many = [blob(x, y, 0.0006, 60, rng) for x in np.linspace(116, 119, 15) for y in np.linspace(30, 33, 15)]
    levels = levels_for(many)
    assert 0 in levels[0].arrays["part_dimension"]
    page = drawn([layer_of("a", many, levels, ["red"])], [style("red", "#c80000")], centre=[31.5, 117.5], zoom=6)
    picture = page.picture()
    spots = np.rint(page.pixels([one.centroid.coords[0] for one in many])).astype(int)
    for x, y in spots:
        assert picture[y - 2 : y + 3, x - 2 : x + 3, 1].min() < 200, (x, y)


def test_tiles_are_as_fine_as_the_screen(drawn):
    cells = np.array([shapely.box(117, 31, 118, 32)])
    layer = layer_of("a", cells, levels_for(cells), ["red"])
    page = drawn([layer], [style("red", "#c80000")], centre=[31.5, 117.5], zoom=9, ratio=2)
    assert page.page.evaluate("[...document.querySelectorAll('canvas')].every((one) => one.width === 1024)")
    x, y = page.pixels([(117.5, 31.5)])[0]
    assert near(page.picture(), (2 * x, 2 * y), RED)


def test_dark_lines_are_lighter_on_a_dark_page_at_once(drawn):
    line = shapely.LineString([(117, 31.5), (118, 31.5)])
    layer = layer_of("a", [line], [level_of([line], tolerance_m=0)], ["deep"])
    page = drawn([layer], [style("deep", "#0b3a2e", weight=9)], centre=[31.5, 117.5], zoom=9)
    spot = page.pixels([(117.5, 31.5)])[0]
    assert near(page.picture(), spot, (11, 58, 46))
    page.page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.page.wait_for_timeout(50)
    page.wait()
    assert near(page.picture(), spot, (133, 157, 151))  # half way to white
