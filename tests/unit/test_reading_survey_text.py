"""The ministry's survey text in the variants that offices really write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from spatial.errors import IncompleteSourceError, ZoneConflictError
from spatial.reading import Reading, read

if TYPE_CHECKING:
    from pathlib import Path

HEADER = """[属性描述]
格式版本号=1.01版本
数据产生日期=2026-11-22
坐标系=2000国家大地坐标系
几度分带=3
投影类型=高斯克吕格
计量单位=米
带号=40
转换参数=0,0,0,0,0,0,0
[地块坐标]
"""
PARCEL = "5,1.0000,1,地块一,面,,工业用地,,@\n"
# 100 m x 100 m; X is north
CORNERS = [(0, 0), (0, 100), (100, 100), (100, 0), (0, 0)]


def lines(corners: list[tuple[float, float]], ring: str = "1", *, start: int = 1, n0: float = 5450000.0) -> str:
    return "".join(f"J{start + i},{ring},{n0 + n:.3f},{40500000.0 + e:.3f}\n" for i, (n, e) in enumerate(corners))


def read_txt(folder: Path, text: str, *, encoding: str = "utf-8", **options: str) -> Reading:
    path = folder / "parcel.txt"
    path.write_bytes(text.encode(encoding))
    return read(path, **options)  # type: ignore[arg-type]


def area(reading: Reading) -> float:
    assert not reading.unreadable
    return float(sum(one.area for one in reading.geometries))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16", "utf-16-le"])
def test_every_encoding_gives_the_same_parcel(tmp_path: Path, encoding: str) -> None:
    reading = read_txt(tmp_path, HEADER + PARCEL + lines(CORNERS), encoding=encoding)
    assert area(reading) == 10_000.0
    assert reading.geometries[0].bounds == (40500000.0, 5450000.0, 40500100.0, 5450100.0)
    assert reading.attributes[0]["地块名称"] == "地块一"
    assert reading.attributes[0]["declared_area_m2"] == 10_000.0
    assert (reading.crs.code, reading.crs_status, reading.datum) == ("EPSG:4528", "given", "stated")
    assert reading.accuracy.metres == 1.0


def test_full_width_marks_and_extra_sections_are_read(tmp_path: Path) -> None:
    text = "【项目信息】\n项目名称＝甲\n" + HEADER.replace("[", "【").replace("]", "】").replace("=", "＝")
    text += PARCEL.replace(",", "，").replace("@", "＠") + lines(CORNERS).replace(",", "，").replace(".", "．")
    assert area(read_txt(tmp_path, text)) == 10_000.0


HOLE = [(20, 20), (20, 30), (30, 30), (30, 20), (20, 20)]
HOLE2 = [(60, 60), (60, 80), (80, 80), (80, 60), (60, 60)]
APART = [(0, 200), (0, 300), (100, 300), (100, 200), (0, 200)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (lines(CORNERS) + lines(HOLE, "2"), 10_000 - 100),  # hole as ring 2
        (lines(CORNERS) + lines(HOLE, "2") + lines(HOLE2, "2"), 10_000 - 100 - 400),  # all holes are ring 2
        (lines(CORNERS) + lines(HOLE, "2") + lines(HOLE2, "3"), 10_000 - 100 - 400),  # counting up
        (lines(CORNERS) + lines(HOLE, "1"), 10_000 - 100),  # no ring numbers to speak of
        (lines(HOLE, "1") + lines(CORNERS, "2"), 10_000 - 100),  # hole first
        (lines(CORNERS) + lines(APART, "2"), 20_000),  # ring 2 is another part
        (lines(CORNERS[:-1]) + lines(HOLE[:-1], "2"), 10_000 - 100),  # not closed
        (lines(CORNERS[:-1]) + lines(APART[:-1]), 20_000),  # not closed, numbers restart
        (lines(CORNERS) + lines(HOLE, "2", start=6), 10_000 - 100),  # numbers run on
        (lines([*CORNERS, CORNERS[0]]), 10_000),  # closing point twice
        (lines(CORNERS) + lines(HOLE2, "2") + lines([(65, 65), (65, 70), (70, 70), (65, 65)], "3"), 9_612.5),  # island
    ],
)
def test_rings_are_combined_by_even_and_odd_whatever_their_numbers(tmp_path: Path, body: str, expected: float) -> None:
    assert area(read_txt(tmp_path, HEADER + PARCEL.replace("5,", "0,", 1) + body)) == pytest.approx(expected)


def test_swapped_axes_are_told_by_size_and_reported(tmp_path: Path) -> None:
    rows = [line.split(",") for line in lines(CORNERS).split()]
    swapped = "".join(f"{a},{b},{y},{x}\n" for a, b, x, y in rows)
    reading = read_txt(tmp_path, HEADER + PARCEL + swapped)
    assert reading.geometries[0].bounds == (40500000.0, 5450000.0, 40500100.0, 5450100.0)
    assert [one.code for one in reading.problems] == ["axes_swapped"]


def test_the_zone_comes_from_the_header_where_eastings_have_no_prefix(tmp_path: Path) -> None:
    body = lines(CORNERS).replace(",405", ",5")
    assert read_txt(tmp_path, HEADER + PARCEL + body).crs.code == "EPSG:4549"
    bare = HEADER.replace("带号=40\n", "")
    reading = read_txt(tmp_path, bare + PARCEL + body)
    assert (reading.crs, reading.crs_status) == (None, "ambiguous")


def test_a_zone_that_contradicts_the_prefix_stops_the_reading(tmp_path: Path) -> None:
    with pytest.raises(ZoneConflictError, match="says zone 39, its eastings begin with 40"):
        read_txt(tmp_path, HEADER.replace("带号=40", "带号=39") + PARCEL + lines(CORNERS))
    with pytest.raises(ZoneConflictError, match="6-degree zones, but zone 40"):
        read_txt(tmp_path, HEADER.replace("几度分带=3", "几度分带=6") + PARCEL + lines(CORNERS))
    with pytest.raises(ZoneConflictError, match=r"EPSG:4490 .* is in degrees, the coordinates are metres"):
        read_txt(tmp_path, HEADER + PARCEL + lines(CORNERS), crs="EPSG:4490")
    with pytest.raises(ZoneConflictError, match=r"EPSG:4527 .* does not fit eastings that begin with zone 40"):
        read_txt(tmp_path, HEADER + PARCEL + lines(CORNERS), crs="EPSG:4527")


@pytest.mark.parametrize(
    ("system", "code"),
    [("1980西安坐标系", "EPSG:2364"), ("80国家大地坐标系", "EPSG:2364"), ("1954年北京坐标系", "EPSG:2416")],
)
def test_old_datums_are_named_as_such(tmp_path: Path, system: str, code: str) -> None:
    header = HEADER.replace("2000国家大地坐标系", system)
    assert read_txt(tmp_path, header + PARCEL + lines(CORNERS)).crs.code == code


def test_without_header_the_datum_is_assumed_unless_the_date_tells(tmp_path: Path) -> None:
    bare = read_txt(tmp_path, PARCEL + lines(CORNERS))
    assert (bare.crs.code, bare.crs_status, bare.datum) == ("EPSG:4528", "proved", "assumed")
    assert bare.accuracy.metres == pytest.approx((1 + 100**2) ** 0.5)
    dated = read_txt(tmp_path, "数据产生日期=2019-4-19\n" + PARCEL + lines(CORNERS))
    assert (dated.datum, dated.accuracy.metres) == ("stated", 1.0)
    early = read_txt(tmp_path, "数据产生日期=2018-6-30\n" + PARCEL + lines(CORNERS))
    assert early.datum == "assumed"


@pytest.mark.parametrize(
    ("declared", "m2"), [("1.0000", 10_000), ("10000", 10_000), ("15.0", 10_000), ("1公顷", 10_000), ("15亩", 10_000)]
)
def test_the_declared_area_is_taken_in_the_unit_that_fits(tmp_path: Path, declared: str, m2: float) -> None:
    reading = read_txt(tmp_path, HEADER + PARCEL.replace("1.0000", declared) + lines(CORNERS))
    assert reading.attributes[0]["declared_area_m2"] == pytest.approx(m2)
    assert not reading.problems


def test_a_declared_area_that_fits_no_unit_is_reported(tmp_path: Path) -> None:
    reading = read_txt(tmp_path, HEADER + PARCEL.replace("1.0000", "1.0200") + lines(CORNERS))
    assert [one.code for one in reading.problems] == ["area_differs"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (lines(CORNERS).replace("5450100.000", "54501OO.000", 1), "not_a_coordinate"),
        (lines(CORNERS).replace("40500100.000", "40500", 1), "kind_differs"),
        (lines(CORNERS[:2]), "too_few_points"),
        ("", "no_geometry"),
        (lines(CORNERS) + lines([(50, 50), (50, 150), (150, 150), (150, 50), (50, 50)], "2"), "ring_crosses"),
        (lines(CORNERS[:-2]), "count_differs"),
    ],
)
def test_a_parcel_with_a_broken_line_is_listed_and_the_others_are_read(tmp_path: Path, body: str, code: str) -> None:
    reading = read_txt(tmp_path, HEADER + PARCEL + body + PARCEL.replace(",1,地块一", ",2,地块二") + lines(CORNERS))
    assert [(one.id, one.problem.code) for one in reading.unreadable] == [("1", code)]
    assert reading.ids == ("2",)
    assert reading.attributes[0]["地块名称"] == "地块二"


def test_cutting_the_text_never_gives_a_smaller_parcel_silently(tmp_path: Path) -> None:
    whole = HEADER + PARCEL + lines(CORNERS)
    begin = len(HEADER + PARCEL)
    for length in range(begin, len(whole) - len("0.000\n")):
        reading = read_txt(tmp_path, whole[:length])
        assert reading.unreadable or sum(one.area for one in reading.geometries) == pytest.approx(10_000, rel=1e-3)


def test_degrees_and_lines_are_read_as_such(tmp_path: Path) -> None:
    degrees = "4,,1,甲,面,,,,@\n" + "J1,1,49.1,117.1\nJ2,1,49.1,117.2\nJ3,1,49.2,117.2\nJ1,1,49.1,117.1\n"
    reading = read_txt(tmp_path, degrees)
    assert (reading.crs.code, reading.notation) == ("EPSG:4490", "degrees")
    assert reading.geometries[0].bounds == (117.1, 49.1, 117.2, 49.2)
    route = read_txt(tmp_path, HEADER + PARCEL.replace("面", "线") + lines(CORNERS[:3]))
    assert route.geometries[0].length == 200.0


def test_provincial_rows_of_six_cells_are_read(tmp_path: Path) -> None:
    rows = [line.split(",") for line in lines(CORNERS).split()]
    body = "".join(f"{i},1,{ring},{name},{x},{y}\n" for i, (name, ring, x, y) in enumerate(rows, start=1))
    assert area(read_txt(tmp_path, HEADER + PARCEL + body)) == 10_000.0


def test_a_header_without_parcels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IncompleteSourceError, match="no parcel"):
        read_txt(tmp_path, HEADER)


@pytest.mark.parametrize(
    ("attributes", "names"),
    [
        ("1,1.0000,1,地块一@", ["地块名称"]),
        ("5,1.0000,1,地块一,面,@", ["地块名称"]),
        ("5,1.0000,1,地块一,面,H50,工业用地,0601,@", ["地块名称", "地块用途", "地类编码"]),
        ("5,1.0000,1,地块一,面,H50,工业用地,0601,备考,@", ["地块名称", "列9"]),
        ("5,1.0000,1,地块一,面,H50,工业用地,0601,a,b,c,d,备注,@", ["地块名称", "TBLX", "DL", "GZQ", "GZH", "BZ"]),
        ("1.0000,1,地块一,面,H50,工业用地,0601,a,b,c,d,备注@", ["地块名称", "TBLX", "BZ"]),  # without the count
    ],
)
def test_attribute_lines_of_four_to_thirteen_fields_are_read(tmp_path: Path, attributes: str, names: list[str]) -> None:
    reading = read_txt(tmp_path, HEADER + attributes + "\n" + lines(CORNERS))
    assert area(reading) == 10_000.0
    assert reading.attributes[0]["地块名称"] == "地块一"
    assert reading.attributes[0]["declared_area_m2"] == 10_000.0
    assert set(names) <= set(reading.attributes[0])


@pytest.mark.parametrize("name", ["J1", "J01", "1", ""])
def test_point_names_may_be_anything(tmp_path: Path, name: str) -> None:
    rows = [line.split(",") for line in lines(CORNERS).split()]
    body = "".join(",".join([row[0].replace("J", name[:-1]) if name else "", *row[1:]]) + "\n" for row in rows)
    assert area(read_txt(tmp_path, HEADER + PARCEL + body)) == 10_000.0


def test_sections_before_and_between_parcels_are_kept_apart(tmp_path: Path) -> None:
    text = "[项目信息]\n项目名称=甲\n地类,备注=无\n" + HEADER + PARCEL + lines(CORNERS)
    text += "[其他]\n备注=第二块\n[地块坐标]\n" + PARCEL.replace(",1,地块一", ",2,地块二") + lines(APART)
    reading = read_txt(tmp_path, text)
    assert [one.area for one in reading.geometries] == [10_000.0, 10_000.0]
    assert "项目名称=甲" in reading.hints.header_words
    assert reading.hints.dates == ("2026-11-22",)


def test_a_point_line_spoilt_by_an_equals_sign_is_no_header(tmp_path: Path) -> None:
    reading = read_txt(tmp_path, HEADER + PARCEL + lines(CORNERS).replace("J2,1,5450", "J2,1,5=50", 1))
    assert [one.problem.code for one in reading.unreadable] == ["not_a_coordinate"]


@pytest.mark.parametrize(("count", "warned"), [("4", False), ("5", False), ("0", False), ("9", True)])
def test_the_declared_number_of_points_is_compared(tmp_path: Path, count: str, warned: bool) -> None:
    reading = read_txt(tmp_path, HEADER + PARCEL.replace("5,", f"{count},", 1) + lines(CORNERS))
    assert ["count_differs" in one.code for one in reading.problems] == ([True] if warned else [])


def test_a_ring_that_crosses_itself_names_its_parcel_and_point(tmp_path: Path) -> None:
    bow = [(0, 0), (100, 100), (0, 100), (120, 0), (0, 0)]
    reading = read_txt(tmp_path, HEADER + PARCEL.replace("1.0000", "0") + lines(bow))
    (found,) = reading.problems
    assert (found.code, found.record, found.point) == ("ring_self_crosses", 11, "2")


def test_a_parcel_on_one_line_encloses_nothing(tmp_path: Path) -> None:
    reading = read_txt(tmp_path, HEADER + PARCEL + lines([(0, 0), (1, 1), (2, 2), (3, 3), (0, 0)]))
    assert [(one.problem.code, one.box is not None) for one in reading.unreadable] == [("zero_area", True)]


def test_a_thousand_holes_are_cut_out_in_time(tmp_path: Path) -> None:
    outer = [(0, 0), (0, 4000), (4000, 4000), (4000, 0), (0, 0)]
    body = lines(outer)
    for i in range(1000):
        n, e = 100 * (i // 32) + 50, 100 * (i % 32) + 50
        body += lines([(n, e), (n, e + 10), (n + 10, e + 10), (n + 10, e), (n, e)], "2")
    assert area(read_txt(tmp_path, HEADER + PARCEL.replace("5,1.0000", "0,0") + body)) == 16_000_000 - 1000 * 100
