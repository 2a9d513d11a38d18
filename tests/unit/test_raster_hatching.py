"""Hatching is strokes of their own colour, parallel and regular: never lettering, outlines, roads or a scale bar."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from rasterio.features import rasterize
from scipy.ndimage import binary_dilation, binary_erosion
from shapely import transform

from benchmarks.scanned_map import control_points
from benchmarks.scanned_page import EPSG, chinese_font, known_layer, render
from layers.georeference.scanned_maps import UNSURE_NAME, georeferenced_map
from spatial.crs import from_geographic
from spatial.errors import ClassNotOnMapError
from spatial.raster.classes import BACKGROUND, FIRST_CLASS, UNSURE, classify
from spatial.raster.gratings import gratings, regularity
from spatial.raster.hatching import is_inky
from spatial.raster.legend import Legend, LegendClass
from spatial.raster.page import Page
from spatial.systems import identify

WHITE, BLACK, RED, GREEN = (255, 255, 255), (0, 0, 0), (200, 45, 57), (163, 200, 136)
A = FIRST_CLASS
SIZE, FINE = 400, 3
DISC = (220, 220, 380, 380)


def page_of(image):
    """Averaged to its size, noisy, and a JPEG."""
    pixels = np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BOX)).astype(float)
    pixels += np.random.default_rng(2).normal(0, 4, pixels.shape)
    buffer = io.BytesIO()
    Image.fromarray(np.clip(pixels + 0.5, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=80)
    pixels = np.asarray(Image.open(buffer).convert("RGB"))
    return Page(pixels=pixels, dpi=150.0, source_name="p.jpg", source_sha256="", page=None)


def sheet(colour=WHITE):
    return Image.new("RGB", (SIZE * FINE, SIZE * FINE), colour)


def strokes_on(image, colour, *, degrees=45.0, period=9.0, width=2.0, box=DISC):
    """The image with a hatched disc in the box, and the disc as pixels of the page."""
    rows, columns = np.mgrid[0 : SIZE * FINE, 0 : SIZE * FINE] / FINE
    disc = np.hypot(columns - (box[0] + box[2]) / 2, rows - (box[1] + box[3]) / 2) < (box[2] - box[0]) / 2
    turn = np.radians(degrees)
    pixels = np.array(image)
    pixels[disc & ((columns * np.cos(turn) + rows * np.sin(turn)) % period < width)] = colour
    return Image.fromarray(pixels), disc[FINE // 2 :: FINE, FINE // 2 :: FINE]


def words(image, *, x=15, y=15, lines=7, size=14, colour=BLACK, text="生态环境局火车站人民医院"):
    path = chinese_font()
    font = ImageFont.truetype(path, size * FINE) if path else ImageFont.load_default(size * FINE)
    for line in range(lines):
        said = text[line % 3 :] if path else "ENVIRONMENT BUREAU"[line % 3 :]
        ImageDraw.Draw(image).text((x * FINE, (y + 1.25 * line * size) * FINE), said, font=font, fill=colour)


def legend_of(strokes, ground=WHITE):
    entry = LegendClass(name="zone", colours=(strokes, ground))
    return Legend(classes=(entry,), background=(WHITE, GREEN), lines=() if strokes == BLACK else (BLACK,))


def far_from(mask, pixels=4):
    return ~binary_dilation(mask, iterations=pixels)


def areas(image, legend):
    try:
        return int((classify(page_of(image), legend).labels == A).sum())
    except ClassNotOnMapError:
        return 0


@lru_cache(maxsize=2)
def crowded(black):
    truth = known_layer(12_000, strip=0.01)
    scan = render(truth, scale=100_000, dpi=150, noisy=True, crowded=True, black_hatch=black)
    return truth, scan, classify(scan.page, scan.legend, line_width_px=scan.line_width_px)


@pytest.mark.parametrize("black", [False, True])
def test_a_crowded_map_has_hatching_only_where_it_was_drawn(black):
    truth, scan, image = crowded(black)
    codes = [c.attributes["code"] for c in scan.legend.classes]
    for code in ("water", "dotted"):
        label = FIRST_CLASS + codes.index(code)
        drawn = transform(truth.zones[code], lambda xy: np.column_stack(scan.to_page(xy[:, 0], xy[:, 1])))
        actual = rasterize([drawn], out_shape=image.labels.shape).astype(bool)
        found = image.labels == label
        assert not (found & far_from(actual, 6)).any()
        inner = binary_erosion(actual & (image.labels > 0), iterations=5)
        decided = found | (image.labels == UNSURE)
        assert (found & inner).sum() > (0.6 if black and code == "water" else 0.85) * inner.sum()
        assert (inner & ~decided).sum() < 0.015 * inner.sum()  # lost to another class or to none, between letters


def test_black_hatching_beside_black_lettering_makes_features_only_where_it_is():
    truth, scan, _ = crowded(black=True)
    points = control_points(scan, sigma_px=0.5, seed=1)
    layer = georeferenced_map(scan.page, points, legend=scan.legend, line_width_px=scan.line_width_px)
    shapes = from_geographic(layer.reading.geometries, identify(EPSG))
    near = truth.zones["water"].buffer(layer.accuracy.metres)
    rows = list(zip(shapes, layer.reading.attributes, strict=True))
    hatched = [shape for shape, row in rows if row.get("code") == "water"]
    assert hatched
    assert all(near.covers(shape) for shape in hatched)
    assert all(row["location_only"] == 1 for _, row in rows if row["name"] == UNSURE_NAME)


@pytest.mark.parametrize("colour", [RED, BLACK])
def test_lettering_outlines_roads_and_a_scale_bar_beside_hatching_are_none(colour):
    image = sheet(GREEN)
    words(image)
    draw = ImageDraw.Draw(image)
    for n in range(6):  # outlines close together
        draw.ellipse([(260 + 5 * n) * FINE, (30 + 4 * n) * FINE, (380 - 6 * n) * FINE, (110 - 5 * n) * FINE],
                     outline=BLACK, width=FINE)  # fmt: skip
    draw.line([0, 180 * FINE, 400 * FINE, 190 * FINE], fill=BLACK, width=FINE)
    draw.line([0, 186 * FINE, 400 * FINE, 196 * FINE], fill=BLACK, width=FINE)
    for n in range(6):
        draw.rectangle([(20 + 24 * n) * FINE, 370 * FINE, (44 + 24 * n) * FINE, 377 * FINE],
                       fill=BLACK if n % 2 else None, outline=BLACK, width=FINE)  # fmt: skip
    image, disc = strokes_on(image, colour)
    area = classify(page_of(image), legend_of(colour, GREEN)).labels == A
    assert not (area & far_from(disc)).any()
    assert (area & disc).sum() > 0.9 * disc.sum()


def test_black_outlines_and_lettering_on_another_tint_are_no_red_hatching_on_green():
    image = sheet((244, 228, 160))  # yellow and black make the brown that green and red do
    ImageDraw.Draw(image).rectangle([200 * FINE, 200 * FINE, 395 * FINE, 395 * FINE], fill=GREEN)
    words(image)
    image, disc = strokes_on(image, RED)
    entry = LegendClass(name="zone", colours=(RED, GREEN))
    legend = Legend(classes=(entry,), background=(WHITE, GREEN, (244, 228, 160)), lines=((42, 40, 36),))
    labels = classify(page_of(image), legend).labels
    assert not ((labels == A) & far_from(disc)).any()
    assert not (labels[:150] == UNSURE).any()


@pytest.mark.parametrize(("text", "size"), [("生态环境局火车站人民医院", 11), ("一二三王田日目回国品", 20)])
def test_black_lettering_is_no_hatching_where_no_other_black_is(text, size):
    image = sheet()
    words(image, text=text, size=size, lines=8)
    for n in range(8):  # a table
        ImageDraw.Draw(image).line([200 * FINE, (240 + 12 * n) * FINE, 390 * FINE, (240 + 12 * n) * FINE], fill=BLACK,
                                   width=FINE)  # fmt: skip
    assert areas(image, legend_of(BLACK)) == 0


def test_black_strokes_along_rows_are_undecided_for_text_and_tables_are_so_too():
    image, disc = strokes_on(sheet(), BLACK, degrees=90)
    found = classify(page_of(image), legend_of(BLACK))
    assert found.class_px == (0,)
    assert (found.labels[disc] == UNSURE).mean() > 0.85
    assert (found.labels[far_from(disc)] == BACKGROUND).all()
    coloured, disc = strokes_on(sheet(), RED, degrees=90)
    assert (classify(page_of(coloured), legend_of(RED)).labels[disc] == A).mean() > 0.9


def test_a_second_pattern_in_black_is_undecided():
    image, disc = strokes_on(sheet(), BLACK)
    image, other = strokes_on(image, BLACK, degrees=135, box=(20, 20, 120, 120))
    labels = classify(page_of(image), legend_of(BLACK)).labels
    assert (labels[disc] == A).mean() > 0.9
    assert (labels[other] == UNSURE).mean() > 0.8
    assert not (labels[other] == A).any()


def test_lettering_in_the_strokes_own_colour_is_undecided():
    image, disc = strokes_on(sheet(GREEN), RED)
    words(image, colour=RED, size=24, lines=1, x=30, y=60)
    labels = classify(page_of(image), legend_of(RED, GREEN)).labels
    assert not ((labels == A) & far_from(disc)).any()
    assert (labels[60:84, 40:150] == UNSURE).mean() > 0.5


@pytest.mark.parametrize("colour", [RED, BLACK])
def test_a_name_printed_over_hatching_is_hatched(colour):
    image, disc = strokes_on(sheet(), colour)
    words(image, x=262, y=290, size=24, lines=1, text="保护区")
    labels = classify(page_of(image), legend_of(colour)).labels
    assert (labels[292:312, 264:330] == A).all()
    assert (labels[disc] == A).mean() > 0.9


def test_hatching_under_a_towns_lettering_is_never_lost_to_the_ground():
    image, disc = strokes_on(sheet(), RED, box=(150, 150, 380, 380))
    words(image, x=15, y=60, size=13, lines=13)
    labels = classify(page_of(image), legend_of(RED)).labels
    assert not (labels[binary_erosion(disc, iterations=6)] == BACKGROUND).any()
    assert (labels[disc] == A).mean() > 0.6


def test_strokes_too_few_to_tell_a_pattern_are_no_class():
    image, disc = strokes_on(sheet(), RED)
    for n in range(2):
        ImageDraw.Draw(image).line([(40 + 9 * n) * FINE, 40 * FINE, (100 + 9 * n) * FINE, 100 * FINE], fill=RED,
                                   width=2 * FINE)  # fmt: skip
    labels = classify(page_of(image), legend_of(RED)).labels
    assert not ((labels == A) & far_from(disc)).any()


def test_ink_is_grey_or_of_a_lines_colour():
    assert is_inky([(42, 40, 36)], (), 14)
    assert is_inky([(40, 60, 190)], ((40, 64, 196),), 14)
    assert not is_inky([RED], (BLACK,), 14)


def test_regularity_is_of_several_strokes_and_of_one_gap():
    rows = np.mgrid[0:160, 0:160][0]
    strokes = (rows % 8 < 2) & (rows < 80)
    (found,) = gratings(strokes, dpi=150)
    assert found.period == pytest.approx(8, rel=0.05)
    lone, wider = rows == 100, (rows % 16 < 2) & (rows >= 80)
    assert regularity(strokes, found)[40, 80] > 0.8
    assert regularity(strokes | lone, found)[100, 80] < 0.3
    assert regularity(wider, found)[120, 80] < 0.3
    assert gratings(np.random.default_rng(0).random((160, 160)) < 0.2, dpi=150) == ()
