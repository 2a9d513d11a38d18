"""Which class a pixel belongs to: ground decides, not the pixel's own colour."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from spatial.errors import ClassNotOnMapError
from spatial.raster.classes import BACKGROUND, FIRST_CLASS, OUTSIDE, UNSURE, classify, framed_mask
from spatial.raster.legend import Legend, LegendClass
from spatial.raster.page import Page

WHITE, BLACK, RED, GREEN, PINK, BLUE, GREY = (
    (255, 255, 255),
    (0, 0, 0),
    (222, 120, 120),
    (168, 208, 141),
    (239, 188, 188),  # half way from RED to WHITE
    (60, 70, 190),
    (150, 150, 150),
)
A, B, C = FIRST_CLASS, FIRST_CLASS + 1, FIRST_CLASS + 2
SIZE, FINE = 300, 3


def entry(name, *colours):
    return LegendClass(name=name, colours=colours)


def page_of(image, *, quality=None, noise=0.0):
    """The drawing averaged to its size, then as noisy as asked."""
    pixels = np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BOX)).astype(float)
    pixels += np.random.default_rng(2).normal(0, noise, pixels.shape)
    pixels = np.clip(pixels + 0.5, 0, 255).astype(np.uint8)
    if quality:
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
        pixels = np.asarray(Image.open(buffer).convert("RGB"))
    return Page(pixels=pixels, dpi=150.0, source_name="p.png", source_sha256="", page=None)


def sheet(colour=WHITE):
    image = Image.new("RGB", (SIZE * FINE, SIZE * FINE), colour)
    return image, ImageDraw.Draw(image)


def scaled(*numbers):
    return [n * FINE for n in numbers]


def disc(cx, cy, radius):
    rows, columns = np.mgrid[0:SIZE, 0:SIZE] + 0.5
    return np.hypot(columns - cx, rows - cy) < radius


def circle(draw, cx, cy, radius, **how):
    draw.ellipse(scaled(cx - radius, cy - radius, cx + radius, cy + radius), **how)


def shared(labels, label, truth):
    found = labels == label
    return (found & truth).sum() / (found | truth).sum()


@pytest.mark.parametrize(("quality", "noise"), [(None, 0), (70, 0), (70, 8)])
def test_a_ring_of_blended_pixels_is_no_area_of_the_colour_half_way(quality, noise):
    image, draw = sheet()
    circle(draw, 100, 150, 60, fill=RED)
    draw.rectangle(scaled(200, 100, 260, 200), fill=PINK)
    legend = Legend(classes=(entry("red", RED), entry("pink", PINK)), tolerance=14)
    found = classify(page_of(image, quality=quality, noise=noise), legend)
    assert not (found.labels[:, :190] == B).any()
    assert shared(found.labels, A, disc(100, 150, 60)) > 0.985
    assert abs(int((found.labels == B).sum()) - 60 * 100) < 0.02 * 6000


def test_lines_and_lettering_take_what_lies_beside_them():
    image, draw = sheet()
    circle(draw, 150, 150, 100, fill=RED, outline=BLACK, width=2 * FINE)
    draw.line(scaled(0, 150, 300, 150), fill=BLACK, width=2 * FINE)
    draw.text(tuple(scaled(110, 90)), "RED LINE", fill=BLACK, font_size=18 * FINE)
    legend = Legend(classes=(entry("red", RED),))
    found = classify(page_of(image), legend)
    assert shared(found.labels, A, disc(150, 150, 99)) > 0.985  # the middle of the outline
    assert set(np.unique(found.labels)) == {BACKGROUND, A}
    assert found.filled_share > 0.01
    bare = classify(page_of(image), legend, fill_labels=False)
    assert (bare.labels == UNSURE).mean() == pytest.approx(found.filled_share)


def test_two_areas_meet_in_the_middle_of_the_line_between_them():
    image, draw = sheet(RED)
    draw.rectangle(scaled(150, 0, 300, 300), fill=GREEN)
    draw.line(scaled(150, 0, 150, 300), fill=BLACK, width=4 * FINE)
    found = classify(page_of(image), Legend(classes=(entry("a", RED), entry("b", GREEN))), line_width_px=4)
    edge = (found.labels[20:-20] == A).sum(axis=1)
    assert np.abs(edge - 150).max() <= 1


@pytest.mark.parametrize("quality", [None, 75])
@pytest.mark.parametrize("outline", [True, False])
def test_hatching_on_the_maps_own_ground_is_an_area(outline, quality):
    image, draw = sheet()
    strokes = Image.new("RGB", image.size, WHITE)
    lines = ImageDraw.Draw(strokes)
    for at in range(-SIZE, SIZE, 10):
        lines.line(scaled(at, 300, at + 300, 0), fill=BLUE, width=2 * FINE)
    mask = Image.new("L", image.size)
    circle(ImageDraw.Draw(mask), 150, 150, 100, fill=255)
    image.paste(strokes, (0, 0), mask)
    if outline:
        circle(draw, 150, 150, 100, outline=BLACK, width=2 * FINE)
    draw.line(scaled(0, 20, 300, 24), fill=BLUE, width=2 * FINE)  # a lone line of that colour is none
    found = classify(page_of(image, quality=quality), Legend(classes=(entry("zone", BLUE, WHITE),)))
    assert shared(found.labels, A, disc(150, 150, 99 if outline else 100)) > (0.98 if outline else 0.96)
    assert not (found.labels[:40] == A).any()
    assert found.hatch_gap_px[0] == pytest.approx(10 / np.sqrt(2) - 2, abs=4)
    assert (found.hatch_open_px[0] > 0) is not outline


def test_strokes_over_another_classes_tint_are_their_own_class():
    image, draw = sheet()
    draw.rectangle(scaled(40, 60, 260, 240), fill=GREEN)
    for at in range(-SIZE, SIZE, 10):  # clipped to the right half
        for x in range(300 * FINE):
            y = (at + 300) * FINE - x
            if 150 * FINE <= x < 260 * FINE and 60 * FINE <= y < 240 * FINE:
                draw.rectangle([x, y, x + FINE, y + FINE], fill=BLUE)
    draw.rectangle(scaled(40, 60, 260, 240), outline=BLACK, width=FINE)
    draw.line(scaled(150, 60, 150, 240), fill=BLACK, width=2 * FINE)
    found = classify(page_of(image), Legend(classes=(entry("plain", GREEN), entry("struck", BLUE, GREEN))))
    assert (found.labels[80:220, 60:145] == A).mean() > 0.99
    assert (found.labels[80:220, 156:250] == B).mean() > 0.99


def test_a_colour_that_the_legend_lacks_is_never_taken_for_background():
    image, draw = sheet()
    draw.rectangle(scaled(30, 30, 100, 100), fill=RED)
    draw.rectangle(scaled(150, 150, 250, 250), fill=GREY)
    found = classify(page_of(image), Legend(classes=(entry("red", RED),)))
    assert (found.labels[155:245, 155:245] == UNSURE).all()
    assert found.left_unsure_share == pytest.approx(100 * 100 / SIZE**2, rel=0.05)
    assert found.unsure_share > found.left_unsure_share


def test_a_band_too_thin_for_an_area_is_undecided_not_background():
    image, draw = sheet()
    draw.rectangle(scaled(30, 30, 100, 100), fill=RED)
    draw.rectangle(scaled(20, 200, 280, 203), fill=RED)  # 3 pixels wide: an area or a line?
    found = classify(page_of(image), Legend(classes=(entry("red", RED),)), line_width_px=5)
    assert found.narrowest_px > 3
    assert (found.labels[201, 40:260] == UNSURE).all()


def test_outside_the_frame_and_in_the_legend_box_there_is_no_map():
    image, draw = sheet()
    draw.rectangle(scaled(0, 0, 300, 300), fill=RED)
    legend = Legend(
        classes=(entry("red", RED),),
        frame=((50, 50), (250, 50), (250, 250), (50, 250)),
        exclude=(((50, 200), (100, 200), (100, 250), (50, 250)),),
    )
    found = classify(page_of(image), legend)
    assert found.class_px == (200 * 200 - 50 * 50,)
    assert (found.labels[~framed_mask((SIZE, SIZE), legend.frame, legend.exclude)] == OUTSIDE).all()


def test_a_pixel_is_framed_by_its_centre():
    assert framed_mask((1, 4), ((1.4, 0), (2.6, 0), (2.6, 1), (1.4, 1))).tolist() == [[False, True, True, False]]


def test_a_class_without_a_pixel_is_named_with_the_colours_there_are():
    image, draw = sheet()
    draw.rectangle(scaled(30, 30, 100, 100), fill=RED)
    legend = Legend(classes=(entry("red", RED), entry("green", GREEN)))
    with pytest.raises(ClassNotOnMapError, match="green: no area of 4 pixels or more across has #a8d08d") as caught:
        classify(page_of(image), legend)
    assert caught.value.found == ("#ffffff", "#de7878")
