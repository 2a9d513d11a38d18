"""Tables of coordinates: CSV, lists, CASS, 奥维."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely

from spatial.errors import IncompleteSourceError, MalformedSourceError
from spatial.forensics.words import offset_finding
from spatial.offsets import wgs84_to_bd09, wgs84_to_gcj02
from spatial.reading import Reading, read

if TYPE_CHECKING:
    from pathlib import Path

RING = "点号,X,Y\nJ1,5450000,40500000\nJ2,5450000,40500100\nJ3,5450100,40500100\nJ4,5450100,40500000\n"


def read_csv(folder: Path, text: str, *, encoding: str = "utf-8", **options: str) -> Reading:
    path = folder / "site.csv"
    path.write_bytes(text.encode(encoding))
    return read(path, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
def test_a_point_number_column_makes_one_polygon(tmp_path: Path, encoding: str) -> None:
    reading = read_csv(tmp_path, RING, encoding=encoding)
    assert [one.area for one in reading.geometries] == [10_000.0]
    assert reading.geometries[0].bounds == (40500000, 5450000, 40500100, 5450100)  # X was north
    assert (reading.crs.code, reading.crs_status, reading.datum) == ("EPSG:4528", "proved", "assumed")
    assert reading.ids == ("1",)


def test_the_header_may_state_the_datum(tmp_path: Path) -> None:
    reading = read_csv(tmp_path, "界址点成果表 2000国家大地坐标系,,\n" + RING)
    assert (reading.crs.code, reading.datum, reading.accuracy.metres) == ("EPSG:4528", "stated", 1.0)


def test_a_ring_column_tells_holes_apart(tmp_path: Path) -> None:
    rows = [("1", n, e) for n, e in ((0, 0), (0, 100), (100, 100), (100, 0))]
    rows += [("2", n, e) for n, e in ((20, 20), (20, 30), (30, 30), (30, 20))]
    text = "点号,圈号,X,Y\n" + "".join(f"{i},{r},{5450000 + n},{40500000 + e}\n" for i, (r, n, e) in enumerate(rows, 1))
    assert [one.area for one in read_csv(tmp_path, text).geometries] == [10_000.0 - 100.0]


def test_names_beside_point_numbers_make_a_polygon_each(tmp_path: Path) -> None:
    text = "地块名称,点号,经度,纬度\n"
    text += "甲,1,117.0,49.0\n,2,117.1,49.0\n,3,117.1,49.1\n乙,1,118.0,49.0\n乙,2,118.2,49.0\n乙,3,118.2,49.2\n"
    reading = read_csv(tmp_path, text)
    assert [(a["地块名称"], round(g.area, 9)) for a, g in zip(reading.attributes, reading.geometries, strict=True)] == [
        ("甲", 0.005),
        ("乙", 0.02),
    ]


def test_names_without_point_numbers_are_points(tmp_path: Path) -> None:
    reading = read_csv(tmp_path, "风机编号,经度,纬度\nF1,117.12345,49.0\nF2,117.1,49.12\n")
    assert [one.wkt for one in reading.geometries] == ["POINT (117.12345 49)", "POINT (117.1 49.12)"]
    assert (reading.decimals, reading.notation) == (5, "degrees")


def test_geometry_overrides_what_the_columns_say(tmp_path: Path) -> None:
    assert len(read_csv(tmp_path, RING, geometry="point").geometries) == 4
    assert read_csv(tmp_path, RING, geometry="line").geometries[0].length == 300.0
    points = "经度,纬度\n117.0,49.0\n117.1,49.0\n117.1,49.1\n"
    assert read_csv(tmp_path, points, geometry="polygon").geometries[0].area == pytest.approx(0.005)


def test_headers_that_name_the_wrong_axis_are_overruled_and_reported(tmp_path: Path) -> None:
    reading = read_csv(tmp_path, "经度,纬度\n49.5,117.5\n")
    assert reading.geometries[0].wkt == "POINT (117.5 49.5)"
    assert [one.code for one in reading.problems] == ["axes_swapped"]


def test_degrees_minutes_seconds_and_a_row_of_units_are_read(tmp_path: Path) -> None:
    reading = read_csv(tmp_path, "点位名称,东经,北纬\n,度分秒,度分秒\n排口,117°27′00″,49°34′48″\n")
    assert reading.geometries[0].x == pytest.approx(117.45, abs=1e-12)
    assert (reading.notation, reading.decimals, reading.declared_counts) == ("dms", 0, {})
    assert [one.code for one in reading.problems] == ["unit_row"]


def test_three_columns_an_axis_are_one_angle(tmp_path: Path) -> None:
    reading = read_csv(tmp_path, "名称,经度,,,纬度,,\n甲,117,27,0,49,34,48\n")
    assert reading.geometries[0].y == pytest.approx(49.58, abs=1e-12)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("丙,,49.0", "missing_cell"),
        ("丙,无,49.0", "not_a_coordinate"),
        ("丙,117°75′00″,49.0", "sixty"),
        ("丙,999,49.0", "out_of_range"),
        ("丙,40500000,5450000", "kind_differs"),
        ("丙,117.1", "ragged_row"),
        ("丙,117.1,49.0,余", "ragged_row"),
    ],
)
def test_a_bad_row_is_listed_and_the_others_are_read(tmp_path: Path, row: str, code: str) -> None:
    reading = read_csv(tmp_path, f"名称,经度,纬度\n甲,117.1,49.1\n{row}\n乙,117.2,49.2\n")
    assert [(one.id, one.problem.code, one.problem.record) for one in reading.unreadable] == [("2", code, 3)]
    assert reading.ids == ("1", "3")


def test_a_polygon_with_a_bad_corner_is_no_polygon(tmp_path: Path) -> None:
    reading = read_csv(tmp_path, RING.replace("J2,5450000,", "J2,无,"))
    assert not len(reading.geometries)
    assert (reading.unreadable[0].problem.code, reading.unreadable[0].problem.point) == ("not_a_coordinate", "J2")


def test_two_zones_in_one_table_refuse_the_crs(tmp_path: Path) -> None:
    reading = read_csv(tmp_path, "名称,X,Y\n甲,5450000,40500000\n乙,5450000,41500000\n")
    assert (reading.crs, [one.code for one in reading.crs_evidence]) == (None, ["several_zones"])


def test_a_list_without_header_is_read(tmp_path: Path) -> None:
    path = tmp_path / "points.txt"
    path.write_text("117.1 49.1\n117.2 49.2\n", encoding="utf-8")
    assert [one.wkt for one in read(path).geometries] == ["POINT (117.1 49.1)", "POINT (117.2 49.2)"]


def test_tables_without_coordinates_or_with_an_open_quote_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MalformedSourceError, match="no columns of coordinates"):
        read_csv(tmp_path, "名称,面积\n甲,12\n")
    with pytest.raises(MalformedSourceError, match="no complete table"):
        read_csv(tmp_path, '名称,经度,纬度\n"甲,117.1,49.1\n')


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("点位名称,东经,北纬", "甲,117.45,49.58"),
        ("名称,lng,lat", "甲,117.45,49.58"),
        ("name,Longitude,Latitude", "甲,117.45,49.58"),
        ("名称,经度（°）,纬度（°）", "甲,１１７．４５,４９．５８"),
        ("名称,中心经度,中心纬度", "甲,117.45,49.58"),
        ("名称,纬度,经度", "甲,49.58,117.45"),
        ("名称,经度(度),经度(分),经度(秒),纬度(度),纬度(分),纬度(秒)", "甲,117,27,0,49,34,48"),
        ("名称,东经度,东经分,东经秒,北纬度,北纬分,北纬秒", "甲,117,27,0,49,34,48"),
        ("名称,经度,,,纬度,,\n,度,分,秒,度,分,秒", "甲,117,27,0,49,34,48"),
        ("名称,经度(度),经度(分),纬度(度),纬度(分)", "甲,117,27.0,49,34.8"),
        ("名称,地理坐标", '甲,"东经117°27′00″，北纬49°34′48″"'),
        ("名称,经纬度", '甲,"N49°34′48″ E117°27′00″"'),
        ("名称,X,Y", "甲,49.58,117.45"),
    ],
)
def test_every_header_and_form_gives_the_same_place(tmp_path: Path, header: str, row: str) -> None:
    reading = read_csv(tmp_path, f"{header}\n{row}\n")
    assert not reading.unreadable
    assert (reading.geometries[0].x, reading.geometries[0].y) == pytest.approx((117.45, 49.58), abs=1e-12)
    assert (reading.crs.code, reading.crs_status) == ("EPSG:4490", "proved")


@pytest.mark.parametrize(
    "header",
    [
        "X坐标(m),Y坐标(m)",
        "X(北),Y(东)",
        "纵坐标,横坐标",
        "北坐标X,东坐标Y",
        "X,Y",
        "northing,easting",
        "X（北）,Y（东）",
    ],
)
def test_every_header_of_a_grid_gives_the_same_place(tmp_path: Path, header: str) -> None:
    reading = read_csv(tmp_path, f"名称,{header}\n甲,5450000.5,40500000.25\n")
    assert reading.geometries[0].wkt == "POINT (40500000.25 5450000.5)"
    assert (reading.crs.code, reading.problems) == ("EPSG:4528", ())


def test_a_datum_in_the_name_of_a_column_is_stated(tmp_path: Path) -> None:
    reading = read_csv(tmp_path, "名称,lon_wgs84,lat_wgs84\n甲,117.45,49.58\n")
    assert (reading.crs.code, reading.datum) == ("EPSG:4326", "stated")


@pytest.mark.parametrize("words", ["117,,", "117,27,", "117,,0"])
def test_an_angle_in_three_columns_with_a_part_missing_is_no_angle(tmp_path: Path, words: str) -> None:
    reading = read_csv(tmp_path, f"名称,经度,,,纬度,,\n甲,{words},49,34,48\n")
    assert [one.problem.code for one in reading.unreadable] == ["missing_cell"]


@pytest.mark.parametrize("column", ["得分", "高程m", "面积(m2)", "备注"])
def test_a_column_beside_the_latitude_is_no_part_of_it(tmp_path: Path, column: str) -> None:
    reading = read_csv(tmp_path, f"名称,经度,纬度,{column}\n甲,117.45,49.58,7\n")
    assert reading.geometries[0].wkt == "POINT (117.45 49.58)"


def test_a_header_of_two_rows_is_one_header(tmp_path: Path) -> None:
    text = "界址点成果表,,\n点号,坐标,\n,X,Y\nJ1,5450000,40500000\nJ2,5450000,40500100\nJ3,5450100,40500100\n"
    assert [one.area for one in read_csv(tmp_path, text).geometries] == [5_000.0]


def test_columns_that_name_an_offset_are_not_taken_for_the_truth(tmp_path: Path) -> None:
    shifted = read_csv(tmp_path, "名称,gcj02_lng,gcj02_lat\n甲,117.45,49.58\n")
    assert (shifted.crs.code, shifted.crs_status, shifted.offset) == ("EPSG:4490", "given", "gcj02")
    assert shifted.geometries[0].distance(shapely.Point(117.45, 49.58)) > 0.005  # undone: some 600 m away
    assert ("offset_mark", "gcj02") in [(one.code, one.value) for one in shifted.crs_evidence]
    assert shifted.hints.axis_words == ("gcj02_lng", "gcj02_lat")
    both = read_csv(tmp_path, "名称,lng_gcj02,lat_gcj02,lng_wgs84,lat_wgs84\n甲,117.457,49.581,117.45,49.58\n")
    assert both.geometries[0].wkt == "POINT (117.45 49.58)"
    assert [(one.code, one.detail) for one in both.problems] == [("other_columns", "lng_gcj02, lat_gcj02")]


def read_list(folder: Path, text: str, name: str = "points.txt", **options: str) -> Reading:
    path = folder / name
    path.write_bytes(text.encode("gbk"))
    return read(path, **options)  # type: ignore[arg-type]


def test_cass_files_have_east_first_whatever_the_sizes_tell(tmp_path: Path) -> None:
    text = "1,,40482918.455,5453252.011,612.3\n2,F0,40482950.1,5453260.0,612.4\n3,D3,40482950.1,5453280.0,612.4\n"
    reading = read_list(tmp_path, text, "展点.dat")
    assert reading.geometries[0].wkt == "POINT (40482918.455 5453252.011)"
    assert (len(reading.geometries), reading.crs.code) == (3, "EPSG:4528")
    assert reading.attributes[1] == {
        "点号": "2", "编码": "F0", "东Y": "40482950.1", "北X": "5453260.0", "高程H": "612.4",
    }  # fmt: skip
    ring = read_list(tmp_path, text, "展点.dat", geometry="polygon")
    assert ring.geometries[0].area == pytest.approx(31.645 * 20 / 2, abs=1e-3)  # half of base times height
    local = read_list(tmp_path, "1,,1500.5,800.25,12\n", "local.dat")
    assert (local.geometries[0].wkt, local.crs) == ("POINT (1500.5 800.25)", None)
    assert local.hints.axis_words == ("东Y", "北X")


def test_boundary_points_of_a_cass_file_are_a_ring(tmp_path: Path) -> None:
    text = "3\nJ1,,500000.0,5450000.0,0\nJ2,,500100.0,5450000.0,0\nJ3,,500100.0,5450100.0,0\nEND\n"
    assert [one.area for one in read_list(tmp_path, text, "jzd.dat").geometries] == [5_000.0]
    with pytest.raises(IncompleteSourceError, match="first line says 3 points, it holds 2"):
        read_list(tmp_path, text.replace("J3,,500100.0,5450100.0,0\n", ""), "jzd.dat")


@pytest.mark.parametrize(("mark", "offset"), [("g", "gcj02"), ("b", "bd09")])
def test_a_list_of_ovital_says_its_offset_in_the_first_column(tmp_path: Path, mark: str, offset: str) -> None:
    reading = read_list(tmp_path, f"{mark} 一号 117.45 49.58 612\n{mark} 二号 117.46 49.59 613\n")
    again = wgs84_to_gcj02 if offset == "gcj02" else wgs84_to_bd09
    assert again(shapely.get_coordinates(reading.geometries[:1])) == pytest.approx(
        np.array([[117.45, 49.58]]), abs=2e-9
    )
    assert (reading.crs.code, reading.crs_status, reading.offset) == ("EPSG:4490", "given", offset)
    assert next((one.code, one.value) for one in reading.crs_evidence) == ("offset_mark", offset)
    assert reading.hints.axis_words is not None
    assert offset_finding(user=None, stated=None, hints=reading.hints).stated == offset
    plain = read_list(tmp_path, "一号 116°43'16.8618\" 34°42'29.0002\" 612\n")
    assert (plain.crs.code, plain.notation, plain.decimals) == ("EPSG:4490", "dms", 4)
    with pytest.raises(MalformedSourceError, match="some lines begin with g"):
        read_list(tmp_path, f"{mark} 一号 117.45 49.58\n117.46 49.59 613\n")


def test_blank_lines_part_polygons_of_a_plain_list(tmp_path: Path) -> None:
    one = "5450000,40500000\n5450000,40500100\n5450100,40500100\n"
    two = "5450000,40500200\n5450000,40500300\n5450100,40500300\n5450100,40500200\n"
    assert [g.area for g in read_list(tmp_path, one + "\n" + two).geometries] == [5_000.0, 10_000.0]
    assert len(read_list(tmp_path, one).geometries) == 3  # without blank lines nothing says that it is a ring


def test_blanks_within_an_angle_part_nothing(tmp_path: Path) -> None:
    reading = read_list(tmp_path, "119° 45′ 56.01″ 49° 12′ 43.88″\n")
    assert (reading.geometries[0].x, reading.decimals) == (pytest.approx(119.76555833), 2)


def test_a_ring_that_crosses_itself_is_read_and_the_place_named(tmp_path: Path) -> None:
    text = "点号,X,Y\nJ1,5450000,40500000\nJ2,5450100,40500100\nJ3,5450000,40500100\nJ4,5450120,40500000\n"
    (found,) = read_csv(tmp_path, text).problems
    # the lines y = x and y = 120 - 1.2 x meet at x = 120 / 2.2
    assert (found.code, found.record, found.point) == ("ring_self_crosses", 3, "J2")
    assert found.detail == "40500054.5455 5450054.54545"


def test_a_table_with_a_cell_whose_line_ends_in_an_at_sign_is_no_survey_text(tmp_path):
    """Found by chance in CI: ``@`` at the end of a line inside a quoted cell made survey text of a table."""
    path = tmp_path / "点.csv"
    path.write_text('名称,经度,纬度,备注\n甲,117.45123,49.58123,"乙,元@\n9<"\n', encoding="utf-8")
    reading = read(path)
    assert (reading.format, len(reading.geometries), reading.unreadable) == ("csv", 1, ())
    assert reading.attributes[0]["备注"] == "乙,元@\n9<"
