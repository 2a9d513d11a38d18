"""Tables of coordinates: CSV and XLSX."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from spatial.errors import MalformedSourceError
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


SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>经度</t></is></c>'
    '<c r="C1" t="str"><v>纬度</v></c></row>'
    '<row r="2"><c r="A2" t="s"><v>1</v></c><c r="B2"><v>117.10000000000001</v></c><c r="C2"><v>49.1</v></c></row>'
    '<row r="4"><c r="B4" t="inlineStr"><is><t>１１７．２</t></is></c><c r="C4"><v>49.2</v></c></row>'
    "</sheetData></worksheet>"
)


def write_xlsx(path: Path, sheet: str = SHEET) -> None:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{rel}"><sheets><sheet name="坐标" r:id="rId1"/></sheets></workbook>',
        )
        target = '<Relationship Id="rId1" Target="worksheets/sheet1.xml"/>'
        book.writestr("xl/_rels/workbook.xml.rels", f"<Relationships>{target}</Relationships>")
        book.writestr("xl/sharedStrings.xml", f'<sst xmlns="{main}"><si><t>名称</t></si><si><t>甲</t></si></sst>')
        book.writestr("xl/worksheets/sheet1.xml", sheet)


def test_xlsx_cells_of_every_kind_are_read(tmp_path: Path) -> None:
    path = tmp_path / "坐标 表.xlsx"
    write_xlsx(path)
    reading = read(path)
    assert [one.wkt for one in reading.geometries] == ["POINT (117.1 49.1)", "POINT (117.2 49.2)"]
    assert (reading.layer_names, reading.format, reading.decimals) == (("坐标",), "xlsx", 1)


def test_xlsx_with_entities_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_xlsx(path, '<!DOCTYPE a [<!ENTITY b "c">]>' + SHEET)
    with pytest.raises(MalformedSourceError, match="entities"):
        read(path)
