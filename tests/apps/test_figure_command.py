"""``sanxian figure``: the same view on paper, with what must stand on it."""

from __future__ import annotations

import io
import shutil
import subprocess
import xml.etree.ElementTree as ET

import pytest
import shapely

from maps.errors import FontMissingError
from maps.figure.fonts import chinese_fonts
from maps.view import layer_key
from tests.apps.cli import run, small_workspace

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return small_workspace(tmp_path_factory.mktemp("figure") / "ws")


@pytest.fixture(scope="module")
def fonts():
    try:
        return chinese_fonts()
    except FontMissingError as error:
        pytest.skip(str(error))


def figure(workspace, tmp_path, *options, name="f.svg"):
    target = tmp_path / name
    result = run("figure", workspace, "--out", target, *options)
    assert result.exit_code == 0, result.output
    return target


def words(path):
    return " ".join(node.text or "" for node in ET.fromstring(path.read_text("utf-8")).iter(f"{SVG}text"))


def test_date_source_and_marks_of_every_layer_stand_on_the_figure(workspace, tmp_path):
    said = words(figure(workspace, tmp_path))
    for name in ("红线图层", "管控单元图层", "保护地", "水源", "敏感目标", "断面"):
        assert name in said
    assert said.count("数据日期：2024-01-01") == 6
    assert "来源：自然资源局" in said
    assert said.count("来源：未注明") == 5
    assert "合成示例，不代表真实管控边界" in said
    assert "无审图号" in said
    assert "公里" in said
    assert "117°30′00″" in said
    assert "EPSG:4527" in said


def test_a_review_number_takes_the_place_of_the_note_that_there_is_none(workspace, tmp_path):
    said = words(figure(workspace, tmp_path, "--review-number", "蒙S(2026)001号"))
    assert "审图号：蒙S(2026)001号" in said
    assert "无审图号" not in said


def test_a_link_draws_its_layers_at_its_place_and_the_legend_follows(workspace, tmp_path):
    red, units = layer_key("红线图层"), layer_key("管控单元图层")
    link = f"#view=49.585,117.455,15&layers={red},{units}:0.4&select={units}:0&lang=en"
    path = figure(workspace, tmp_path, "--view", link)
    said, text = words(path), path.read_text("utf-8")
    assert "priority protection unit" in said
    assert "general control unit" not in said  # it begins 3.2 km east, 1,200 pixels are 3.7 km
    assert "Layers switched off: " in said
    assert 'opacity="0.4"' in text
    assert "Selected: 西部优先单元" in said


def test_a_layer_outside_the_frame_is_named_below_and_not_in_the_legend(workspace, tmp_path):
    said = words(figure(workspace, tmp_path, "--bounds", "117.44,49.57,117.47,49.60"))
    below = said.split("本图幅内没有要素的图层")[1]
    assert "保护地（数据日期：2024-01-01" in below
    assert "自然公园" not in said
    assert "未选择显示" not in said


def test_a_damaged_layer_is_named_in_red_and_never_drawn_in_part(workspace, tmp_path):
    copy = tmp_path / "ws"
    shutil.copytree(workspace, copy)
    damaged = next((copy / "layers").glob("红线图层/*/features.gpkg"))
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 255
    damaged.write_bytes(bytes(content))
    said = words(figure(copy, tmp_path))
    assert "图上没有画出，不表示没有" in said
    assert "红线图层：图层无法读取或已损坏" in said
    assert "生态保护红线" not in said


def test_a_zone_smaller_than_a_dot_is_still_seen(workspace, tmp_path):
    path = figure(workspace, tmp_path, "--bounds", "100,40,125,55", "--dpi", "50", "--layer", "水源")
    assert "阿尔伯斯" in words(path)
    assert "一级保护区" in words(path)


def test_a_png_has_the_dots_of_its_paper_and_colours(workspace, tmp_path, fonts):
    from PIL import Image

    path = figure(workspace, tmp_path, "--paper", "300x200", "--dpi", "72", name="f.png")
    with Image.open(io.BytesIO(path.read_bytes())) as picture:
        assert picture.size[0] == pytest.approx(300 / 25.4 * 72, abs=1)
        assert picture.size[1] == pytest.approx(200 / 25.4 * 72, abs=1)
        assert len(picture.convert("RGB").getcolors(1 << 20)) > 50


def test_a_pdf_holds_title_and_dates_as_text(workspace, tmp_path, fonts):
    tool = shutil.which("pdftotext")
    if tool is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    path = figure(workspace, tmp_path, "--title", "测试图 A & <b>", "--portrait", name="f.pdf")
    said = subprocess.run([tool, str(path), "-"], capture_output=True, check=True).stdout.decode()
    assert "测试图 A & <b>" in said
    assert said.count("2024-01-01") >= 6


def test_the_same_workspace_gives_the_same_bytes(workspace, tmp_path):
    first = figure(workspace, tmp_path, "--as-of", "2026-11-22").read_bytes()
    assert figure(workspace, tmp_path, "--as-of", "2026-11-22", name="g.svg").read_bytes() == first


def test_a_site_is_drawn_and_named(workspace, tmp_path):
    assert "项目选址" in words(figure(workspace, tmp_path, "--site", "117.455,49.585", "--datum", "cgcs2000"))


def test_a_link_with_a_site_draws_it_and_its_theme_changes_nothing_on_paper(workspace, tmp_path):
    link = "#view=49.585,117.455,13&site=polygon~5~0~117.45,49.58~117.46,49.58~117.46,49.59~117.45,49.58"
    dark = figure(workspace, tmp_path, "--view", link + "&theme=dark")
    assert "项目选址" in words(dark)
    assert figure(workspace, tmp_path, "--view", link, name="g.svg").read_bytes() == dark.read_bytes()
    without = figure(workspace, tmp_path, "--view", link.partition("&")[0], name="h.svg")
    assert "项目选址" not in words(without)


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (("--view", "#zoom=3"), 3, "no such part"),
        (("--view", "#zoom=3"), 3, "分享链接有误"),
        (("--paper", "a9"), 3, "图件不能这样画"),
        (("--layer", "没有"), 3, "no layer"),
        (("--paper", "a9"), 3, "no size of paper"),
        (("--bounds", "10,40,20,50"), 3, "reaches beyond"),
        (("--bounds", "118,49,117,50"), 2, "no west, south"),
        (("--view", f"#select={layer_key('红线图层')}:99"), 3, "selects row 99"),
        (("--paper", "100x100"), 3, "leave no room for a map"),
    ],
)
def test_what_cannot_be_drawn_is_refused_and_nothing_is_written(workspace, tmp_path, options, status, said):
    result = run("figure", workspace, "--out", tmp_path / "f.svg", *options)
    assert result.exit_code == status
    assert said in result.output
    assert not (tmp_path / "f.svg").exists()


def test_names_of_layers_are_text(tmp_path):
    from tests.building import add, workspace_at

    store = workspace_at(tmp_path / "ws", "red_lines")
    attributes = [{"红线名称": "</text><script>x</script>"}]
    add(store, "red_lines", [shapely.box(117, 49, 117.2, 49.2)], attributes, name="<b>&amp;{{7*7}}")
    path = figure(store.root, tmp_path)
    assert "<script" not in path.read_text("utf-8")
    assert "<b>&amp;{{7*7}}" in words(path)


def test_colours_of_ones_own_reach_the_layers_and_the_lines_of_the_figure(workspace, tmp_path):
    own = tmp_path / "own.toml"
    own.write_text(
        '[looks.red_lines]\n"*" = { key = "red", colour = "#ab12cd", fill_opacity = 0.1 }\n'
        '[looks.coverage]\n"*" = { key = "coverage", colour = "#12ab34", fill_opacity = 0 }\n',
        encoding="utf-8",
    )
    standard = figure(workspace, tmp_path).read_text("utf-8")
    styled = figure(workspace, tmp_path, "--style", own, name="g.svg").read_text("utf-8")
    for ours, theirs in (("#ab12cd", "#b8002e"), ("#12ab34", "#5f6b76")):
        assert (ours in standard, theirs in standard) == (False, True)
        assert (ours in styled, theirs in styled) == (True, False)
    own.write_text("[looks.redlines]\n", encoding="utf-8")
    done = run("figure", workspace, "--out", tmp_path / "h.svg", "--style", own)
    assert (done.exit_code, "redlines" in done.output, (tmp_path / "h.svg").exists()) == (3, True, False)
