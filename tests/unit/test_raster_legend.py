"""Legend files: what colours mean, and what is refused."""

import numpy as np
import pytest

from spatial.errors import LegendError, SourceNotFoundError
from spatial.raster.legend import Legend, LegendClass, read_legend, suggest_legend
from spatial.raster.page import Page

TOML = """
background = ["#ffffff"]
lines = ["#000000", "#2860c8"]
frame = [[10, 10], [90, 10], [90, 90], [10, 90]]
exclude = [[[10, 70], [40, 70], [40, 90], [10, 90]]]
[[class]]
name = "生态保护红线"
colours = ["#de7878"]
code = "HX"
[[class]]
name = "一级保护区"
colours = ["#3c46be", "#ffffff"]
zone = "一级"
"""


def written(tmp_path, name, text, encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def page_of(pixels):
    return Page(pixels=pixels, dpi=None, source_name="p.png", source_sha256="", page=None)


def test_toml_gives_classes_colours_attributes_and_frame(tmp_path):
    legend = read_legend(written(tmp_path, "legend.toml", TOML))
    assert [(c.name, c.colours, c.attributes) for c in legend.classes] == [
        ("生态保护红线", ((222, 120, 120),), {"code": "HX"}),
        ("一级保护区", ((60, 70, 190), (255, 255, 255)), {"zone": "一级"}),
    ]
    assert legend.lines == ((0, 0, 0), (40, 96, 200))
    assert legend.frame == ((10.0, 10.0), (90.0, 10.0), (90.0, 90.0), (10.0, 90.0))
    assert legend.exclude[0][1] == (40.0, 70.0)
    assert legend.shared((255, 255, 255))  # ground of the hatching and of the map
    assert not legend.shared((60, 70, 190))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_csv_in_the_encodings_of_office_programs(tmp_path, encoding):
    text = "名称,颜色,zone\n背景,#fefefe,\n线划,#000000 #111111,\n一级保护区,#3c46be;#ffffff,一级\n红线,#de7878,\n"
    legend = read_legend(written(tmp_path, "图例.csv", text, encoding))
    assert legend.background == ((254, 254, 254),)
    assert legend.lines == ((0, 0, 0), (17, 17, 17))
    assert [(c.name, len(c.colours), c.attributes) for c in legend.classes] == [
        ("一级保护区", 2, {"zone": "一级"}),
        ("红线", 1, {}),
    ]


def test_json_has_the_keys_of_toml(tmp_path):
    text = '{"class": [{"name": "a", "colour": "#102030"}], "tolerance": 20}'
    legend = read_legend(written(tmp_path, "legend.json", text))
    assert (legend.classes[0].colours, legend.tolerance) == (((16, 32, 48),), 20.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("class = 3", "table"),
        ("[[class]]\nname = 'a'\ncolours = ['#12345']", "'#12345' is no colour; write it as #rrggbb"),
        ("[[class]]\nname = 'a'\ncolours = [3]", "3 is no colour"),
        ("[[class]]\ncolours = ['#123456']", "class 1: it has no name"),
        ("[[class]]\nname = 'a'", "its colours are missing"),
        (
            "[[class]]\nname = 'a'\ncolours = ['#123456']\n[[class]]\nname = 'b'\ncolours = '#123456'",
            "same colours as b",
        ),
        ("[[class]]\nname = 'a'\ncolours = ['#ffffff']", "same colours as background"),
        ("[[class]]\nname = 'a'\ncolours = ['#000000']", "listed under lines"),
        ("colour = 1", "no such key"),
        ("[[class]]\nname = 'a'\ncolours = ['#123456']\nx = [1]", "x is neither text nor a number"),
        ("tolerance = 'a'\n[[class]]\nname = 'a'\ncolours = ['#123456']", "tolerance: it is no number"),
        ("tolerance = 0\n[[class]]\nname = 'a'\ncolours = ['#123456']", "not above 0"),
        ("frame = [[1, 2], [3, 4]]\n[[class]]\nname = 'a'\ncolours = ['#123456']", "three corners"),
        ("frame = [1, 2]\n[[class]]\nname = 'a'\ncolours = ['#123456']", "not pairs"),
        ("", "0 classes"),
        ("[[class", "cannot be parsed"),
    ],
)
def test_a_wrong_legend_is_named_with_its_entry(tmp_path, text, said):
    with pytest.raises(LegendError, match=said.replace("[", r"\[")):
        read_legend(written(tmp_path, "legend.toml", text))


def test_a_file_that_is_not_there_or_is_no_text(tmp_path):
    with pytest.raises(SourceNotFoundError, match=r"none\.toml.*there is no such file"):
        read_legend(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe\xff\xff")
    with pytest.raises(LegendError, match="neither UTF-8 nor GBK"):
        read_legend(tmp_path / "bad.toml")


def test_main_colours_of_a_page_come_with_their_shares():
    pixels = np.full((100, 100, 3), 255, dtype=np.uint8)
    pixels[:, :30] = (222, 120, 120)
    pixels[::10, 60:] = (40, 60, 190)  # thin strokes are no ground
    noise = np.random.default_rng(0).integers(-3, 4, pixels.shape)
    pixels = np.clip(pixels.astype(int) + noise, 0, 255).astype(np.uint8)
    found = suggest_legend(page_of(pixels))
    assert [c.strokes for c in found] == [False, False, True]
    assert found[1].share == pytest.approx(0.30, abs=0.02)
    for colour, printed in ((found[1].colour, (222, 120, 120)), (found[2].colour, (40, 60, 190))):
        seen = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        assert np.abs(np.array(seen) - printed).max() <= 2
    assert [c.strokes for c in suggest_legend(page_of(np.full((100, 100, 3), 255, dtype=np.uint8)))] == [False]


def test_a_legend_for_another_page_keeps_its_classes():
    legend = Legend(classes=(LegendClass(name="a", colours=((1, 2, 3),)),))
    other = legend.framed(((0, 0), (5, 0), (5, 5)))
    assert (other.classes, other.frame) == (legend.classes, ((0, 0), (5, 0), (5, 5)))
