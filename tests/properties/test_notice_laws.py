"""Any corner list, written in any style, reads back; and no corner goes missing without a word."""

from __future__ import annotations

import contextlib
import io
import math
import time
import zipfile

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layers.georeference.notices import georeferenced_notice
from spatial.errors import SpatialError
from spatial.reading.model import Reading
from spatial.reading.notice import areas_of, read_document

QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large]
CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫"


def dms(degrees: float, decimals: int = 0) -> str:
    """Degrees, minutes and seconds as printed, the seconds rounded."""
    units = round(degrees * 3600 * 10**decimals)
    whole, rest = divmod(units, 3600 * 10**decimals)
    minutes, seconds = divmod(rest, 60 * 10**decimals)
    shown = f"{seconds / 10**decimals:0{3 + decimals if decimals else 2}.{decimals}f}"
    return f"{whole}°{minutes:02d}′{shown}″"


def spoken(degrees: float) -> str:
    return dms(degrees, 2).replace("°", "度").replace("′", "分").replace("″", "秒")


# a style: the corners (lon, lat) as tokens a corner, and how the tokens become a text
def prose(corners):
    return (
        [[f"东经{dms(x)}", f"北纬{dms(y)}"] for x, y in corners],
        lambda t: (
            "范围由"
            + "、".join(f"J{i}（{'，'.join(one)}）" for i, one in enumerate(t, 1))
            + "依次连线围成。采用2000国家大地坐标系。"
        ),
    )


def latitude_first(corners):
    return (
        [[f"北纬{spoken(y)}", f"东经{spoken(x)}"] for x, y in corners],
        lambda t: (
            "拐点坐标：\n" + "\n".join(f"拐点{i}：{'，'.join(one)}；" for i, one in enumerate(t, 1)) + "\n首尾相连。"
        ),
    )


def circled(corners):
    return [
        [f"{x:.6f}", f"{y:.6f}"] for x, y in corners
    ], lambda t: "各拐点：" + "；".join(f"{CIRCLED[i]}{','.join(one)}" for i, one in enumerate(t))


def unnumbered(corners):
    return [
        [f"{x:.5f}°E", f"{y:.5f}°N"] for x, y in corners
    ], lambda t: "拐点坐标依次为：" + "；".join(" ".join(one) for one in t) + "。"


def rows(corners):
    return [
        [f"{x:.6f}", f"{y:.6f}"] for x, y in corners
    ], lambda t: "范围拐点坐标\n点号\t经度\t纬度\n" + "\n".join("\t".join([str(i), *one]) for i, one in enumerate(t, 1))


def axes(corners):
    return [
        [f"{dms(x, 1)}E", f"{dms(y, 1)}N"] for x, y in corners
    ], lambda t: "界址点：" + "，".join(f"{i}#（{'/'.join(one)}）" for i, one in enumerate(t, 1))


def html(corners):
    return (
        [[dms(x, 2), dms(y, 2)] for x, y in corners],
        lambda t: (
            "<html><body><p>拐点坐标表<table><tr><th>拐点<th>东经<th>北纬"
            + "".join(f"<tr><td>{i}<td>{one[0]}<td>{one[1]}" for i, one in enumerate(t, 1))
            + "</table></html>"
        ),
    )


def two_columns(corners):
    def text(t):
        half = math.ceil(len(t) / 2)
        cells = [f"<td>J{i}<td>{one[0]}<td>{one[1]}" for i, one in enumerate(t, 1)] + ["<td><td><td>"] * (len(t) % 2)
        lines = "".join(f"<tr>{cells[i]}{cells[half + i]}" for i in range(half))
        return f"<html><table><tr>{'<th>点号<th>经度<th>纬度' * 2}{lines}</table></html>"

    return [[f"{x:.6f}", f"{y:.6f}"] for x, y in corners], text


STYLES = [prose, latitude_first, circled, unnumbered, rows, axes, html, two_columns]
ROUNDING = {prose: 0.5 / 3600, latitude_first: 0.005 / 3600, circled: 5e-7, unnumbered: 5e-6, rows: 5e-7}
ROUNDING |= {axes: 0.05 / 3600, html: 0.005 / 3600, two_columns: 5e-7}


@st.composite
def outlines(draw):
    """A star around a middle in Inner Mongolia: simple, with 3 to 9 corners some kilometres apart."""
    lon, lat = draw(st.floats(98, 125)), draw(st.floats(38, 53))
    count = draw(st.integers(3, 9))
    reach = [draw(st.floats(0.05, 0.09)) for _ in range(count)]
    turn = draw(st.floats(0, 2 * math.pi))
    ways = [turn + 2 * math.pi * i / count for i in range(count)]
    return [(lon + r * math.cos(w), lat + r * math.sin(w)) for r, w in zip(reach, ways, strict=True)]


def polygons(text: str) -> list[shapely.Geometry]:
    found = areas_of(read_document(text.encode(), name="notice.txt"))
    return [one.geometry for one in found if one.kind == "polygon"]


@pytest.mark.parametrize("style", STYLES)
@settings(max_examples=12, deadline=None, suppress_health_check=QUIET)
@given(corners=outlines())
def test_a_list_reads_back_within_the_rounding_of_its_notation(style, corners):
    tokens, text = style(corners)
    (shape,) = polygons(text(tokens))
    ring = shapely.get_coordinates(shape)[:-1]
    assert len(ring) == len(corners)
    for (x, y), (east, north) in zip(corners, ring, strict=True):
        assert abs(x - east) <= ROUNDING[style] * 1.0001 + 1e-12
        assert abs(y - north) <= ROUNDING[style] * 1.0001 + 1e-12


@pytest.mark.parametrize("style", STYLES)
@settings(max_examples=12, deadline=None, suppress_health_check=QUIET)
@given(corners=outlines(), data=st.data())
def test_a_list_without_one_of_its_numbers_is_no_polygon(style, corners, data):
    tokens, text = style(corners)
    which = data.draw(st.integers(0, len(tokens) - 1))
    side = data.draw(st.integers(0, 1))
    damaged = [list(one) for one in tokens]
    damaged[which][side] = data.draw(st.sampled_from(["", "—", "4O.5", "?", "1"]))
    found = areas_of(read_document(text(damaged).encode(), name="notice.txt"))
    assert [one.kind for one in found if one.geometry is not None] == []
    assert any(one.kind == "unreadable" for one in found)


@pytest.mark.parametrize("style", [prose, latitude_first, circled, rows, axes, html, two_columns])
@settings(max_examples=8, deadline=None, suppress_health_check=QUIET)
@given(corners=outlines(), data=st.data())
def test_a_numbered_list_without_one_of_its_corners_is_no_polygon(style, corners, data):
    tokens, text = style(corners)
    which = data.draw(st.integers(0, len(tokens) - 2))  # the last one is missed by a count or not at all
    whole = text(tokens)
    first, second = tokens[which]
    at = whole.index(first)
    end = whole.index(second, at) + len(second)
    found = areas_of(read_document((whole[:at] + whole[end:]).encode(), name="notice.txt"))
    assert [one.kind for one in found if one.geometry is not None] == []


@settings(max_examples=20, deadline=None, suppress_health_check=QUIET)
@given(corners=outlines(), count=st.integers(3, 12))
def test_a_stated_number_of_corners_must_be_that_read(corners, count):
    tokens, _ = unnumbered(corners)
    text = f"由{count}个拐点依次连线围成：" + "；".join(" ".join(one) for one in tokens)
    assert len(polygons(text)) == (1 if count == len(corners) else 0)


def packed(members: dict[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return whole.getvalue()


PIECES = [
    "J1", "J2", "119.5", "49.2", "东经", "119°30′", "北纬49°", "12′00″", "；", "\n", "\n\n", "（一）", "一级保护区", "一、核心区",
    "5450000.0", "40500000.0", "扣除", "依次连线", "共4个拐点", "至", "—", "上游1000米", "取水口", "公顷", "①", "1", "0", "x", "。",
    "2000国家大地坐标系", "40带", "<table>", "<tr>", "<td>", "拐点坐标", "东至", "\t", "E", "N",
]  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=QUIET)
@given(parts=st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_text_is_a_reading_or_a_named_error(parts):
    began = time.perf_counter()
    try:
        found = georeferenced_notice("".join(parts).replace("<", "").encode(), kind="water_sources", file_name="a.txt")
    except SpatialError:
        pass  # a named error is what is asked for; anything else fails the test
    else:
        assert isinstance(found.reading, Reading)
    assert time.perf_counter() - began < 5


@settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
@given(data=st.binary(max_size=400))
def test_any_bytes_are_a_reading_or_a_named_error(data):
    with contextlib.suppress(SpatialError):  # a named error is what is asked for; anything else fails the test
        georeferenced_notice(data, kind="protected_areas", file_name="a.bin")


BODY = '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{}</w:body></w:document>'
SEEDS = [
    packed({"word/document.xml": BODY.format("<w:p><w:r><w:t>范围拐点</w:t></w:r></w:p>").encode()}),
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>",
    b"<html><table><tr><td rowspan=99999999999 colspan=1000>1<td>119.5<td>49.2</table>",
]


@settings(max_examples=12, deadline=None, suppress_health_check=QUIET)
@given(seed=st.sampled_from(SEEDS), cut=st.integers(0, 400), extra=st.binary(max_size=20))
def test_damaged_documents_are_a_reading_or_a_named_error(seed, cut, extra):
    with contextlib.suppress(SpatialError):
        georeferenced_notice(seed[:cut] + extra + seed[cut + len(extra) :], kind="water_sources", file_name="a.docx")


@pytest.mark.parametrize(
    "text", [" " * 100_000 + "东经", "1" * 100_000, "119.55 " * 8_000, "东至" * 30_000, "J1 " * 10_000]
)
def test_long_runs_of_one_thing_end_in_time(text):
    began = time.perf_counter()
    with contextlib.suppress(SpatialError):
        georeferenced_notice(text.encode(), kind="water_sources", file_name="a.txt")
    assert time.perf_counter() - began < 10
