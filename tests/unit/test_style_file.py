"""A style file of a user's: what it leaves out stays, what is wrong in it is named with the remedy."""

from __future__ import annotations

import re

import pytest

from maps.errors import StyleFileError
from maps.style import STANDARD, Hatch, hatches, load_style, style_of, swatch

RED = 'key = "red", colour = "#ff0000", fill_opacity = 0.1'


def written(tmp_path, text):
    path = tmp_path / "样式.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_empty_file_is_the_standard(tmp_path):
    assert load_style(written(tmp_path, "")) == load_style() == STANDARD


def test_what_a_file_names_replaces_that_look_as_a_whole(tmp_path):
    sheet = load_style(written(tmp_path, f'[looks.red_lines]\n"*" = {{ {RED} }}\n'))
    red = sheet.style_of("red_lines", "red_line")
    assert (red.colour, red.fill, red.weight, red.hatch) == ("#ff0000", "#ff0000", 1.6, None)
    assert {k: v for k, v in sheet.looks.items() if k[0] != "red_lines"} == {
        k: v for k, v in STANDARD.looks.items() if k[0] != "red_lines"
    }


def test_a_class_that_had_no_look_of_its_own_can_get_one(tmp_path):
    text = '[looks.control_units]\nunconfirmed = { key = "open", colour = "#000000", fill_opacity = 0.2 }\n'
    sheet = load_style(written(tmp_path, text))
    assert sheet.style_of("control_units", "unconfirmed").key == "open"
    assert style_of("control_units", "unconfirmed").key == "unit"


def test_the_site_and_the_overlap_can_be_given_too(tmp_path):
    text = (
        '[overlap]\nhatch_colour = "#FFFF00"\n'
        '[looks.site]\n"*" = { key = "site", colour = "#00FFFF", fill_opacity = 0.3 }\n'
    )
    sheet = load_style(written(tmp_path, text))
    assert sheet.site.colour == "#00ffff"
    part = sheet.overlap_style_of("red_lines", "red_line")
    assert (part.pattern.colour, part.colour, part.fill_opacity) == ("#ffff00", "#111111", 0.92)
    assert 'stroke="#ffff00"' in hatches([part])


def test_a_mark_is_replaced_and_the_casing_is_wider_than_what_lies_on_it(tmp_path):
    sheet = load_style(written(tmp_path, '[marks]\nriver = { colour = "#0000ff", fill_opacity = 0 }\n'))
    assert (sheet.marks["river"].colour, sheet.marks["river"].weight, sheet.marks["river"].key) == (
        "#0000ff",
        1.6,
        "mark-river",
    )
    assert {k: v for k, v in sheet.marks.items() if k != "river"} == {
        k: v for k, v in STANDARD.marks.items() if k != "river"
    }
    casing = sheet.casing_of(sheet.site)
    assert (casing.weight, casing.colour) == (3 + 3.2, "#ffffff")


def test_a_hatch_can_be_drawn_otherwise(tmp_path):
    sheet = load_style(written(tmp_path, "[hatches]\ndiagonal = { tile = 10, angles = [0, 45] }\n"))
    pattern = sheet.style_of("red_lines", "red_line").pattern
    assert pattern == Hatch(name="diagonal", tile=10, angles=(0, 45), width=1.3, opacity=0.75)
    assert pattern.path.startswith("M0 5H10M-2 2L2 -2M0 10L10 0")


@pytest.mark.parametrize(
    ("text", "key", "why"),
    [
        ("looks = 3", "looks", "3 is no table"),
        ("colours = {}", "colours", "there is no 'colours'; use one of format, hatching"),
        ("format = 2", "format", "2 is not known; this version reads 1"),
        ("[looks.redlines]", "looks.redlines", "there is no 'redlines'; use one of red_lines, "),
        ("[looks.control_units]\npriorty = {}", "looks.control_units.priorty", "there is no class 'priorty'; use *, "),
        (f'[looks.red_lines]\n"*" = {{ {RED}, color = "red" }}', "looks.red_lines.*.color", "use one of key, colour"),
        (
            '[looks.red_lines]\n"*" = { key = "red", colour = "red" }',
            "looks.red_lines.*.colour",
            'write it as "#b8002e"',
        ),
        ('[looks.red_lines]\n"*" = { key = "red" }', "looks.red_lines.*.colour", "None is no colour"),
        ('[looks.red_lines]\n"*" = { colour = "#ff0000" }', "looks.red_lines.*.key", "None is no key"),
        (
            '[looks.red_lines]\n"*" = { key = "red", colour = "#ff0000" }',
            "looks.red_lines.*.fill_opacity",
            "None cannot be drawn; give a number from 0 to 1",
        ),
        (f'[looks.red_lines]\n"*" = {{ {RED}, weight = nan }}', "looks.red_lines.*.weight", "nan cannot be drawn"),
        (f'[looks.red_lines]\n"*" = {{ {RED}, weight = true }}', "looks.red_lines.*.weight", "True cannot be drawn"),
        (f'[looks.red_lines]\n"*" = {{ {RED}, dash = "9" }}', "looks.red_lines.*.dash", "strokes and gaps in turn"),
        (f'[looks.red_lines]\n"*" = {{ {RED}, dash = "9 x" }}', "looks.red_lines.*.dash", "'9 x' is no dash"),
        (f'[looks.red_lines]\n"*" = {{ {RED}, dash = "0 0" }}', "looks.red_lines.*.dash", "'0 0' is no dash"),
        (f'[looks.red_lines]\n"*" = {{ {RED}, hatch = "dots" }}', "looks.red_lines.*.hatch", "use one of diagonal, "),
        (
            '[looks.red_lines]\n"*" = { key = "park", colour = "#ff0000", fill_opacity = 0.1 }',
            "looks.protected_areas.*.key",
            "'park' is the key of another look as well",
        ),
        ("[hatches]\ndiagonal = { tile = 8, angles = [30] }", "hatches.diagonal.angles", "use 0, 45, 90 and 135"),
        ("[hatches]\ndiagonal = { tile = 8, angles = [[0]] }", "hatches.diagonal.angles", "cannot be drawn"),
        ("[hatches]\ndiagonal = { tile = 0, angles = [0] }", "hatches.diagonal.tile", "give a number from 4 to 64"),
        ("[hatches]\nwaves = { tile = 8, angles = [0] }", "hatches.waves", "there is no 'waves'"),
        ("[hatching]\nwidth = 99", "hatching.width", "99 cannot be drawn"),
        ('[overlap]\ncolour = "white"', "overlap.colour", "'white' is no colour"),
        ('[marks]\nline = { colour = "#ffffff" }', "marks.line", "there is no 'line'; use one of casing, radius"),
        ("[marks]\nriver = 3", "marks.river", "3 is no table"),
        ('[marks]\nriver = { color = "#ffffff" }', "marks.river.color", "use one of key, colour"),
        (
            '[looks.red_lines]\n"*" = { key = "mark-site", colour = "#ff0000", fill_opacity = 0.1 }',
            "looks.red_lines.*.key",
            "mark-… are the keys of [marks]",
        ),
    ],
)
def test_what_cannot_be_drawn_is_named_with_its_place_and_the_remedy(text, key, why, tmp_path):
    path = written(tmp_path, text)
    with pytest.raises(StyleFileError, match=re.escape(why)) as caught:
        load_style(path)
    assert caught.value.key == key
    assert str(caught.value).startswith(f"{path}, {key}: ")


@pytest.mark.parametrize("content", [b"[looks", b"\xff\xfe", "颜色=".encode("gbk")])
def test_a_file_that_is_no_toml_is_refused(content, tmp_path):
    path = tmp_path / "a.toml"
    path.write_bytes(content)
    with pytest.raises(StyleFileError, match="save it as TOML in UTF-8"):
        load_style(path)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(StyleFileError, match="check the name and that it can be read"):
        load_style(tmp_path / "none.toml")


def test_a_byte_order_mark_does_not_matter(tmp_path):
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xef\xbb\xbfformat = 1\n")
    assert load_style(path) == STANDARD


@pytest.mark.parametrize("bad", ['red" onload="x', "a)b", "<svg>", "", "x" * 41])
def test_no_key_can_leave_its_attribute(bad, tmp_path):
    quoted = bad.replace('"', '\\"')
    text = f'[looks.red_lines]\n"*" = {{ key = "{quoted}", colour = "#ff0000", fill_opacity = 0.1 }}'
    with pytest.raises(StyleFileError, match="use letters, digits, - and _"):
        load_style(written(tmp_path, text))


def test_the_same_look_may_stand_for_two_classes():
    assert style_of("protected_areas", "park_core") == style_of("protected_areas", "reserve_core")
    assert swatch(style_of("protected_areas", "park_core"), "area").startswith("<svg")
