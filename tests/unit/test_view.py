"""The view in a share link: what it says, and what is refused."""

from __future__ import annotations

import unicodedata

import pytest
import shapely

from maps.errors import ViewLinkError
from maps.view import (
    MOST_SHARED,
    Selection,
    SharedSite,
    ShownLayer,
    View,
    format_view,
    layer_key,
    metres_a_pixel,
    parse_view,
)

KEY, OTHER = "n0123abcd", "nffffffff"


def test_a_whole_link_says_its_view():
    view = parse_view(f"https://a.example/m.html#view=49.6,117.43,11.5&layers={KEY},{OTHER}:0.5&select={KEY}:7&lang=en")
    assert view == View(
        lat=49.6,
        lon=117.43,
        zoom=11.5,
        layers=(ShownLayer(key=KEY), ShownLayer(key=OTHER, opacity=0.5)),
        select=Selection(key=KEY, row=7),
        language="en",
    )


def test_every_part_may_be_missing_and_no_layers_differs_from_no_word_on_layers():
    assert parse_view("#") == parse_view("") == parse_view("file:///C:/map.html#") == View()
    assert parse_view("#layers=").layers == ()
    assert format_view(View(layers=())) == "#layers="


def test_a_link_of_the_page_says_its_theme_and_its_site_with_holes():
    text = "#theme=dark&site=polygon~24.8~0~117,49~118,49~118,50~117,49~*~117.5,49.2~117.6,49.2~117.6,49.3~117.5,49.2"
    view = parse_view(text)
    hole = [(117.5, 49.2), (117.6, 49.2), (117.6, 49.3), (117.5, 49.2)]
    shape = shapely.Polygon([(117, 49), (118, 49), (118, 50), (117, 49)], [hole])
    assert view == View(theme="dark", site=SharedSite(geometry=shape, accuracy_m=24.8))
    assert format_view(view) == text


def test_a_site_of_too_many_vertices_is_in_no_link():
    line = shapely.LineString([(117 + k / 1000, 49) for k in range(MOST_SHARED + 1)])
    with pytest.raises(ValueError, match="at most 150 vertices"):
        format_view(View(site=SharedSite(geometry=line, accuracy_m=5)))


def test_half_a_last_digit_goes_up_as_in_the_page():
    assert format_view(View(lat=0.0000005 + 2**-30, lon=-0.0078125, zoom=0.125)) == "#view=0.000001,-0.007813,0.13"


def test_percent_encoding_of_a_mail_program_is_undone():
    assert parse_view("#view=49.6%2C117.43%2C11").zoom == 11


@pytest.mark.parametrize(
    "text",
    [
        "#view=49.6,117.43",
        "#view=nan,117,3",
        "#view=1e1,117,3",
        "#view=inf,117,3",
        "#view=４９,117,3",
        "#view=90,117,3",
        "#view=49,181,3",
        "#view=49,117,25",
        "#view=49,117,-1",
        "#view=49,117,3&view=49,117,3",
        "#layers=n123",
        "#layers=n0123ABCD",
        f"#layers={KEY},{KEY}",
        f"#layers={KEY}:1.5",
        f"#layers={KEY}:",
        f"#select={KEY}",
        f"#select={KEY}:-1",
        f"#select={KEY}:1e9",
        "#lang=fr",
        "#theme=sepia",
        "#layers",
        "#site=",
        "#site=circle~5~0~117,49",
        "#site=point~5~117,49",
        "#site=point~-5~0~117,49",
        "#site=point~5~0~117,49~118,49",
        "#site=point~5~0~117,91",
        "#site=point~5~0~181,49",
        "#site=point~5~0~1e2,49",
        "#site=line~5~0~117,49",
        "#site=line~5~0~117,49~118,49~*~119,49~120,49",
        "#site=polygon~5~0~117,49~118,49~118,50",
        "#site=polygon~5~0~117,49~118,49~118,50~117,49~*",
        "#site=polygon~5~0~*~117,49~118,49~118,50~117,49",
        "#site=line~5~0" + "~117,49" * (2 * MOST_SHARED + 1),
        "#script=<script>alert(1)</script>",
        "#view=49,117,3&&",
        "#view=49,117,3%26lang=zh",
        "map.html",
        "#layers=" + ",".join([KEY] * 3000),
    ],
)
def test_a_link_that_is_none_is_refused(text):
    with pytest.raises(ViewLinkError, match="copy the link again"):
        parse_view(text)


def test_a_key_does_not_depend_on_how_characters_are_composed():
    assert layer_key(unicodedata.normalize("NFD", "Áé")) == layer_key("Áé")
    assert layer_key("红线") != layer_key("红线 ")


def test_a_zoom_more_halves_a_pixel():
    assert metres_a_pixel(49.6, 12) == pytest.approx(metres_a_pixel(49.6, 11) / 2)
