"""Workbooks: XLSX, XLS and ODS, built here cell by cell."""

from __future__ import annotations

import struct
import zipfile
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import pytest

from spatial.errors import (
    IncompleteSourceError,
    LayerChoiceError,
    MalformedSourceError,
    ReadingError,
    SourceTooLargeError,
)
from spatial.reading import read

if TYPE_CHECKING:
    from pathlib import Path

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
Rows = list[list[str | float]]

RING: Rows = [["点号", "X", "Y"], ["J1", 5450000, 40500000], ["J2", 5450000, 40500100], ["J3", 5450100, 40500100]]


def letters(column: int) -> str:
    return chr(65 + column)


def sheet_xml(rows: Rows, merges: tuple[str, ...] = ()) -> str:
    text = f'<worksheet xmlns="{MAIN}"><sheetData>'
    for r, row in enumerate(rows, 1):
        text += f'<row r="{r}">'
        for c, cell in enumerate(row):
            at = f"{letters(c)}{r}"
            if isinstance(cell, str):
                text += f'<c r="{at}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>' if cell else ""
            else:
                text += f'<c r="{at}"><v>{cell!r}</v></c>'
        text += "</row>"
    text += "</sheetData>"
    if merges:
        text += f'<mergeCells count="{len(merges)}">' + "".join(f'<mergeCell ref="{m}"/>' for m in merges)
        text += "</mergeCells>"
    return text + "</worksheet>"


def write_xlsx(path: Path, sheets: dict[str, str], *, hidden: tuple[str, ...] = ()) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{TYPES}"><Default Extension="xml" ContentType="application/xml"/></Types>',
        )
        book.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{PACKAGE}">'
            f'<Relationship Id="r" Type="{REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        listed, targets = "", ""
        for number, (name, xml) in enumerate(sheets.items(), 1):
            state = ' state="hidden"' if name in hidden else ""
            listed += f'<sheet name="{name}" sheetId="{number}" r:id="rId{number}"{state}/>'
            targets += f'<Relationship Id="rId{number}" Type="{REL}/worksheet" Target="worksheets/sheet{number}.xml"/>'
            book.writestr(f"xl/worksheets/sheet{number}.xml", xml)
        book.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{MAIN}" xmlns:r="{REL}"><sheets>{listed}</sheets></workbook>'
        )
        book.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{PACKAGE}">{targets}</Relationships>')


def write_ods(path: Path, rows: Rows, name: str = "坐标") -> None:
    office, table = (
        "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
        "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    )
    words = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
    cells = ""
    for row in rows:
        cells += "<table:table-row>"
        for cell in row:
            if isinstance(cell, str):
                cells += (
                    f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p></table:table-cell>'
                )
            else:
                cells += f'<table:table-cell office:value-type="float" office:value="{cell!r}"/>'
        cells += "</table:table-row>"
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        book.writestr("META-INF/manifest.xml", "<manifest/>")
        book.writestr(
            "content.xml",
            f'<office:document-content xmlns:office="{office}" xmlns:table="{table}" xmlns:text="{words}"><office:body>'
            f'<office:spreadsheet><table:table table:name="{name}">{cells}</table:table></office:spreadsheet>'
            "</office:body></office:document-content>",
        )


def biff(rows: Rows, name: str) -> bytes:
    """The stream of a workbook of Excel 97-2003 with one sheet."""

    def record(kind: int, data: bytes) -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    def begin(kind: int) -> bytes:
        return record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))

    title = name.encode("utf-16-le")
    head = begin(0x0005) + record(0x0042, struct.pack("<H", 1200))
    size = 4 + 8 + len(title)  # of the record that says where the sheet begins
    place = len(head) + size + 4
    book = head + record(0x0085, struct.pack("<IBBBB", place, 0, 0, len(name), 1) + title) + record(0x000A, b"")
    cells = begin(0x0010) + record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows)), 0))
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            if isinstance(cell, str):
                text = cell.encode("utf-16-le")
                cells += record(0x0204, struct.pack("<HHHHB", r, c, 0, len(cell), 1) + text)
            else:
                cells += record(0x0203, struct.pack("<HHHd", r, c, 0, float(cell)))
    return book + cells + record(0x000A, b"")


def write_xls(path: Path, rows: Rows, name: str = "坐标") -> None:
    """The stream in the compound file that holds it: header, one FAT sector, one directory sector, the stream."""
    stream = biff(rows, name).ljust(4096, b"\0")  # shorter streams would go elsewhere
    stream += bytes(-len(stream) % 512)
    sectors = len(stream) // 512
    end, free = 0xFFFFFFFE, 0xFFFFFFFF
    fat = [0xFFFFFFFD, end, *range(3, 2 + sectors), end]
    fat += [free] * (128 - len(fat))
    head = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0) + struct.pack("<I", 0)
    head += struct.pack("<I", free) * 108

    def entry(title: str, kind: int, child: int, start: int, size: int) -> bytes:
        words = title.encode("utf-16-le") + b"\0\0" if title else b""
        links = struct.pack("<BBIII", kind, 1, free, free, child)
        return (
            words.ljust(64, b"\0") + struct.pack("<H", len(words)) + links + bytes(36) + struct.pack("<IQ", start, size)
        )

    folder = entry("Root Entry", 5, 1, end, 0) + entry("Workbook", 2, free, 2, len(stream)) + bytes(256)
    path.write_bytes(head + struct.pack("<128I", *fat) + folder + stream)


def write(path: Path, rows: Rows) -> None:
    if path.suffix == ".xlsx":
        write_xlsx(path, {"坐标": sheet_xml(rows)})
    else:
        {".ods": write_ods, ".xls": write_xls}[path.suffix](path, rows)


@pytest.mark.parametrize("suffix", [".xlsx", ".xls", ".ods"])
def test_every_kind_of_workbook_gives_the_same_ring(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"界址点 表{suffix}"
    write(path, RING)
    reading = read(path)
    assert [one.wkt for one in reading.geometries] == [
        "POLYGON ((40500000 5450000, 40500100 5450000, 40500100 5450100, 40500000 5450000))"
    ]
    assert (reading.format, reading.layer_names, reading.crs.code) == (suffix[1:], ("坐标",), "EPSG:4528")
    assert reading.accuracy.metres == pytest.approx((1 + 100**2) ** 0.5)


@pytest.mark.parametrize("suffix", [".xlsx", ".xls", ".ods"])
def test_cells_are_read_as_people_fill_them(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    rows: Rows = [
        ["名称", "经度", "纬度"],
        ["", "度", "度"],
        ["number", 117.10000000000001, 49.1],
        ["text", "117.2", "\u00a049.2\u00a0"],
        ["full width", "１１７．３", "４９．３"],
        ["angle", "117°24′00″", "北纬49°24′00″"],
    ]
    write(path, rows)
    reading = read(path)
    assert [(round(one.x, 12), round(one.y, 12)) for one in reading.geometries] == [
        (117.1, 49.1), (117.2, 49.2), (117.3, 49.3), (117.4, 49.4),
    ]  # fmt: skip
    assert [(one.code, one.record) for one in reading.problems] == [("unit_row", 2)]


def test_angles_that_the_spreadsheet_took_for_a_time_are_angles(tmp_path: Path) -> None:
    path = tmp_path / "a.ods"
    write_ods(path, [["经度", "纬度"], ["TIME", "TIME"]])
    text = zipfile.ZipFile(path).read("content.xml").decode()
    for span in ("PT117H27M00S", "PT49H34M48S"):
        text = text.replace(
            '<table:table-cell office:value-type="string"><text:p>TIME</text:p></table:table-cell>',
            f'<table:table-cell office:value-type="time" office:time-value="{span}"/>',
            1,
        )
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        book.writestr("META-INF/manifest.xml", "<manifest/>")
        book.writestr("content.xml", text)
    point = read(path).geometries[0]
    assert (point.x, point.y) == pytest.approx((117.45, 49.58), abs=1e-9)


def test_an_excel_cell_formatted_as_hours_is_an_angle(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    xml = sheet_xml([["经度", "纬度"], [117.45 / 24, 49.58 / 24]]).replace('<c r="A2">', '<c r="A2" s="1">')
    write_xlsx(path, {"坐标": xml.replace('<c r="B2">', '<c r="B2" s="1">')})
    styles = f'<styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="[h]:mm:ss"/></numFmts>'
    styles += '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="164" applyNumberFormat="1"/></cellXfs></styleSheet>'
    with zipfile.ZipFile(path, "a") as book:
        book.writestr("xl/styles.xml", styles)
    reading = read(path)
    assert (reading.geometries[0].x, reading.geometries[0].y) == pytest.approx((117.45, 49.58), abs=1e-9)
    assert reading.notation == "dms"


def test_merged_cells_stand_for_every_row_they_cover(tmp_path: Path) -> None:
    rows: Rows = [["地块名称", "点号", "坐标", ""], ["", "", "X", "Y"]]
    for name, east in (("甲", 0), ("乙", 500)):
        for number, (n, e) in enumerate([(0, 0), (0, 100), (100, 100)], 1):
            rows.append([name if number == 1 else "", f"J{number}", 5450000 + n, 40500000 + east + e])
    path = tmp_path / "a.xlsx"
    write_xlsx(path, {"表": sheet_xml(rows, ("A1:A2", "B1:B2", "C1:D1", "A3:A5", "A6:A8"))})
    reading = read(path)
    assert [(a["地块名称"], g.area) for a, g in zip(reading.attributes, reading.geometries, strict=True)] == [
        ("甲", 5000.0), ("乙", 5000.0),
    ]  # fmt: skip


def test_degrees_minutes_and_seconds_in_three_columns_under_a_merged_header(tmp_path: Path) -> None:
    rows: Rows = [["点位名称", "经度", "", "", "纬度", "", ""], ["", "度", "分", "秒", "度", "分", "秒"]]
    rows.append(["排口", 117, 27, 0, 49, 34, 48.5])
    path = tmp_path / "a.xlsx"
    write_xlsx(path, {"表": sheet_xml(rows, ("A1:A2", "B1:D1", "E1:G1"))})
    reading = read(path)
    point = reading.geometries[0]
    assert (point.x, point.y) == pytest.approx((117.45, 49 + 34 / 60 + 48.5 / 3600), abs=1e-12)
    assert (reading.notation, reading.decimals) == ("dms", 1)


def test_the_sheet_with_coordinates_is_found_and_two_of_them_must_be_chosen_from(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    note = sheet_xml([["说明"], ["本表由测绘单位提供"]])
    write_xlsx(path, {"说明": note, "坐标": sheet_xml(RING)})
    assert read(path).layer_names == ("坐标",)
    write_xlsx(path, {"坐标": sheet_xml(RING), "坐标 (2)": sheet_xml(RING)})
    with pytest.raises(LayerChoiceError, match="several sheets hold coordinates"):
        read(path)
    assert read(path, layer="坐标 (2)").layer_names == ("坐标 (2)",)
    with pytest.raises(LayerChoiceError, match="there are: 坐标, 坐标 \\(2\\)"):
        read(path, layer="红线")
    write_xlsx(path, {"坐标": sheet_xml(RING), "旧": sheet_xml(RING)}, hidden=("旧",))
    reading = read(path)
    assert (reading.layer_names, [(one.code, one.layer) for one in reading.problems]) == (
        ("坐标",), [("hidden_sheet_skipped", "旧")],
    )  # fmt: skip
    write_xlsx(path, {"旧": sheet_xml(RING)}, hidden=("旧",))
    with pytest.raises(LayerChoiceError, match="only hidden sheets"):
        read(path)
    write_xlsx(path, {"说明": note})
    with pytest.raises(MalformedSourceError, match="no columns of coordinates"):
        read(path)


def test_a_workbook_inside_a_zip_is_read(tmp_path: Path) -> None:
    inner = tmp_path / "坐标.xlsx"
    write_xlsx(inner, {"坐标": sheet_xml(RING)})
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(inner, "资料/坐标.xlsx")
    assert [one.area for one in read(path).geometries] == [5000.0]


def test_entities_in_a_workbook_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_xlsx(path, {"坐标": '<!DOCTYPE a [<!ENTITY b "c">]>' + sheet_xml(RING)})
    with pytest.raises(MalformedSourceError, match=r"sheet1\.xml declares entities"):
        read(path)


def test_a_damaged_workbook_is_refused_never_read_in_part(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    xml = sheet_xml(RING)
    for length in range(len(xml) // 2, len(xml) - 1, 37):
        write_xlsx(path, {"坐标": xml[:length]})
        with pytest.raises(ReadingError, match=r"a\.xlsx"):
            read(path)
    write_xlsx(path, {"坐标": xml})
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    with pytest.raises(IncompleteSourceError, match="ZIP cannot be opened"):
        read(path)
    path.with_suffix(".xls").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + b"Word")
    with pytest.raises(IncompleteSourceError, match="cannot be opened as a workbook"):
        read(path.with_suffix(".xls"))


def test_a_cell_at_the_far_end_costs_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    far = sheet_xml(RING).replace("</sheetData>", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')
    write_xlsx(path, {"坐标": far})
    with pytest.raises((SourceTooLargeError, ReadingError), match=r"a\.xlsx"):
        read(path)
