"""Shapefiles: what goes in comes out, and what cannot go in is said."""

from __future__ import annotations

import csv
import io
import os
import struct

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyogrio import raw

from spatial.errors import (
    FieldNameError,
    NotWritableError,
    NumberNotWritableError,
    OutputInTheWayError,
    OutputInUseError,
    ReadBackError,
    TextTooLongError,
)
from spatial.writing import Field, Table, reprojected, write_shapefile
from spatial.writing import dbf as dbf_module
from spatial.writing.dbf import dbf_bytes, fit_rows, require_short_names
from spatial.writing.text import cut, encodable

SQUARE = shapely.box(119.7, 49.2, 119.71, 49.21)
HOLED = shapely.Polygon(
    [(120, 49), (120.1, 49), (120.1, 49.1), (120, 49.1)],
    [[(120.02, 49.02), (120.04, 49.02), (120.04, 49.04), (120.02, 49.04)]],
)
FIELDS = (
    Field(name="HJGKDYBM", long_name_zh="环境管控单元编码", long_name_en="unit code", width=13),
    Field(name="XMMC", long_name_zh="项目名称", long_name_en="site", width=120),
    Field(name="CDMJ_M2", long_name_zh="重叠面积", long_name_en="overlap", type="number", width=18, decimals=2),
    Field(name="N", long_name_zh="个数", long_name_en="count", type="integer"),
    Field(name="SJRQ", long_name_zh="数据日期", long_name_en="data date", type="date"),
)
ROWS = (
    ("ZH15070210001", "海拉尔区河湖湿地", 240000.12, 3, "2024-06-30"),
    (None, None, None, None, None),
    ("ZH15078110002", "满洲里市𠮷林 ᠮᠣᠩᠭᠣᠯ", -0.01, -(10**16), "2026-11-22"),
)
TEXT = Field(name="T", long_name_zh="文本", long_name_en="text", width=254)


def table(*, fields=FIELDS, rows=ROWS, geometries=(SQUARE, HOLED, None), crs=4490):
    return Table(name="t", fields=fields, rows=rows, geometries=geometries, crs=crs)


def one_text(text, *, width=254):
    field = Field(name="T", long_name_zh="文本", long_name_en="text", width=width)
    return table(fields=(field,), rows=((text,),), geometries=(SQUARE,))


def read(path):
    """Rows and geometries as GDAL sees them, missing numbers as None."""
    meta, _, wkb, columns = raw.read(path)
    rows = [
        tuple(None if v is None or (isinstance(v, float) and np.isnan(v)) else v for v in row)
        for row in zip(*(c.tolist() for c in columns), strict=True)
    ]
    return meta, rows, shapely.from_wkb(wkb)


def dictionary(path):
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def test_values_and_geometries_read_back_the_same_in_utf8(tmp_path):
    written = write_shapefile(tmp_path / "选址 a.shp", table())
    meta, rows, geometries = read(written.paths[0])
    assert rows == list(ROWS)
    assert meta["crs"] == "EPSG:4490"
    assert shapely.equals(geometries[0], SQUARE)
    assert shapely.equals(geometries[1], HOLED)
    assert geometries[2] is None
    assert pyogrio.read_info(written.paths[0])["encoding"] == "UTF-8"
    assert (tmp_path / "选址 a.cpg").read_text() == "UTF-8"
    assert [p.name for p in written.paths] == [
        f"选址 a{s}" for s in (".shp", ".shx", ".dbf", ".prj", ".cpg", "_字段说明.csv")
    ]
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(p.name for p in written.paths)


def test_gbk_is_stated_in_cpg_and_language_driver_and_reads_back_without_the_cpg(tmp_path):
    rows = (("ZH15070210001", "海拉尔区㎡ ≥ Ⅲ ° ′ ″", 1.5, 1, None),)
    write_shapefile(tmp_path / "a.shp", table(rows=rows, geometries=(SQUARE,)), encoding="GBK")
    assert (tmp_path / "a.cpg").read_text() == "GBK"
    assert (tmp_path / "a.dbf").read_bytes()[29] == 0x4D
    assert pyogrio.read_info(tmp_path / "a.shp")["layer_metadata"]["DBF_DATE_LAST_UPDATE"] == "1980-01-01"
    (tmp_path / "a.cpg").unlink()
    assert read(tmp_path / "a.shp")[1] == list(rows)


def test_every_character_gbk_holds_survives_gdal(tmp_path):
    every = [chr(c) for c in range(0x21, 0x10000) if _in_gbk(chr(c))]
    assert len(every) > 21_000
    rows = tuple(("".join(every[i : i + 100]),) for i in range(0, len(every), 100))
    written = write_shapefile(
        tmp_path / "a.shp", table(fields=(TEXT,), rows=rows, geometries=(None,) * len(rows)), encoding="GBK"
    )
    assert read(tmp_path / "a.shp")[1] == list(rows)
    assert written.notes == ()


def _in_gbk(character):
    try:
        character.encode("gbk")
    except UnicodeEncodeError:
        return False
    return True


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("240000 m²", "240000 m2"),
        ("10²", "10^2"),
        ("25 µg/m³", "25 μg/m3"),
        ("SO₂", "SO2"),
        ("s⁻¹", "s^-1"),
        ("平方米㎡", "平方米㎡"),
    ],
)
def test_stated_replacements_in_gbk(tmp_path, given_text, expected):
    written = write_shapefile(tmp_path / "a.shp", one_text(given_text), encoding="GBK")
    assert read(tmp_path / "a.shp")[1] == [(expected,)]
    assert bool(written.noted("character_replaced")) == (given_text != expected)


def test_rare_characters_and_mongolian_become_a_visible_mark_that_is_listed(tmp_path):
    text = "𠮷林ᠮᠣ"
    written = write_shapefile(tmp_path / "a.shp", one_text(text), encoding="GBK")
    assert read(tmp_path / "a.shp")[1] == [("〓林〓〓",)]
    notes = written.noted("character_marked")
    assert [n.field for n in notes] == ["T"] * 3
    assert "U+20BB7 𠮷" in notes[0].zh
    listed = [row for row in dictionary(tmp_path / "a_字段说明.csv") if row[4] == "character_marked"]
    assert len(listed) == 3
    assert "U+20BB7 𠮷" in listed[0][7]
    assert "row 1" in listed[0][8]


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=60), encoding=st.sampled_from(["UTF-8", "GBK"]))
def test_no_character_is_dropped_without_a_word(text, encoding):
    made = encodable(text, encoding)
    codec = {"UTF-8": "utf-8", "GBK": "gbk"}[encoding]
    assert made.text.encode(codec).decode(codec) == made.text
    assert len(made.text) >= len(text)
    assert "\0" not in made.text
    if made.text != text:
        assert made.replaced or made.marked
    else:
        assert not made.replaced
        assert not made.marked


@settings(max_examples=60, deadline=None)
@given(text=st.text(alphabet="环境a单 ²", max_size=40), width=st.integers(3, 60))
def test_a_cut_text_fits_its_bytes_and_ends_in_an_ellipsis(text, width):
    for encoding, codec in (("UTF-8", "utf-8"), ("GBK", "gbk")):
        plain = encodable(text, encoding).text
        short = cut(plain, width, encoding)
        assert len(short.encode(codec)) <= width
        assert short == plain or (short.endswith("…") and plain.startswith(short[:-1]))


def test_long_text_is_refused_without_a_twin(tmp_path):
    with pytest.raises(TextTooLongError, match=r"a\.shp, field T, row 1: 1200 bytes of UTF-8 in a field of 254"):
        write_shapefile(tmp_path / "a.shp", one_text("禁" * 400))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("encoding", "kept"), [("UTF-8", (254 - 3) // 3), ("GBK", (254 - 2) // 2)])
def test_long_text_is_cut_where_the_twin_carries_it(tmp_path, encoding, kept):
    text = "禁" * 400
    written = write_shapefile(tmp_path / "a.shp", one_text(text), encoding=encoding, twin=True)
    assert read(tmp_path / "a.shp")[1] == [("禁" * kept + "…",)]
    assert read(tmp_path / "a.gpkg")[1] == [(text,)]
    assert written.noted("text_cut")[0].rows == (1,)
    assert any("全文见 a.gpkg" in row[7] for row in dictionary(tmp_path / "a_字段说明.csv"))


def test_blanks_and_empty_texts_are_noted(tmp_path):
    rows = (("  a ",), ("",), ("a\0b",))
    written = write_shapefile(tmp_path / "a.shp", table(fields=(TEXT,), rows=rows))
    assert read(tmp_path / "a.shp")[1] == [("a",), (None,), ("a\ufffdb",)]
    assert {n.code: n.rows for n in written.notes} == {
        "blanks_trimmed": (1,),
        "empty_text": (2,),
        "character_marked": (3,),
    }


@pytest.mark.parametrize("value", [10.0**15, float("nan"), float("inf"), -(10.0**14)])
def test_numbers_that_do_not_fit_are_refused_by_name(tmp_path, value):
    # N(18,2) holds 15 digits before the point, 14 with a sign: 10^15 needs 16 + 3, -10^14 needs 1 + 15 + 3
    rows = ((None, None, 1.0, 1, None), (None, None, value, 1, None))
    with pytest.raises(NumberNotWritableError, match=r"field CDMJ_M2, row 2: .* does not fit N\(18,2\)"):
        write_shapefile(tmp_path / "a.shp", table(rows=rows, geometries=(SQUARE, SQUARE)))
    assert list(tmp_path.iterdir()) == []


def test_integers_of_eighteen_digits_stay_exact_and_nineteen_are_refused(tmp_path):
    field = Field(name="N", long_name_zh="数", long_name_en="n", type="integer")
    write_shapefile(tmp_path / "a.shp", table(fields=(field,), rows=((10**18 - 1,),), geometries=(SQUARE,)))
    assert read(tmp_path / "a.shp")[1] == [(10**18 - 1,)]
    with pytest.raises(NumberNotWritableError, match="field N, row 1"):
        write_shapefile(tmp_path / "a.shp", table(fields=(field,), rows=((10**18,),), geometries=(SQUARE,)))


def test_a_small_overlap_that_rounds_to_zero_is_noted(tmp_path):
    rows = ((None, None, 0.004, None, None), (None, None, -0.001, None, None))
    written = write_shapefile(tmp_path / "a.shp", table(rows=rows, geometries=(SQUARE, SQUARE)))
    assert [row[2] for row in read(tmp_path / "a.shp")[1]] == [0.0, 0.0]
    assert b"-0.00" not in (tmp_path / "a.dbf").read_bytes()
    assert written.noted("rounded_to_zero")[0].rows == (1, 2)


@pytest.mark.parametrize("name", ["环境管控单元", "CONTROL_UNIT", "1A", "A-B", "", "FID", "é", "A" * 11, "A\n"])
def test_names_a_shapefile_cannot_hold_are_refused(tmp_path, name):
    field = Field(name=name, long_name_zh="", long_name_en="")
    with pytest.raises(FieldNameError, match=r"a\.shp, field"):
        write_shapefile(tmp_path / "a.shp", table(fields=(field,), rows=(("x",),), geometries=(SQUARE,)))


@settings(max_examples=100, deadline=None)
@given(name=st.text(max_size=14) | st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,12}", fullmatch=True))
def test_names_that_pass_are_ascii_of_at_most_ten_bytes(name):
    field = Field(name=name, long_name_zh="", long_name_en="")
    good = name.isascii() and 1 <= len(name.encode("utf-8", "replace")) <= 10 and name.replace("_", "a").isalnum()
    good = good and name[0].isalpha() and name.upper() not in {"FID", "SHAPE", "OID", "OBJECTID"}
    try:
        require_short_names([field], file="a.shp")
    except FieldNameError:
        assert not good
    else:
        assert good


def test_names_that_differ_only_in_case_are_refused():
    fields = (
        Field(name="Name", long_name_zh="", long_name_en=""),
        Field(name="NAME", long_name_zh="", long_name_en=""),
    )
    with pytest.raises(FieldNameError, match="used twice"):
        Table(name="t", fields=fields, rows=())


def test_a_record_longer_than_arcgis_takes_is_refused():
    fields = [Field(name=f"T{i}", long_name_zh="", long_name_en="") for i in range(16)]  # 16 x 254 = 4064
    with pytest.raises(NotWritableError, match="16 fields of 4064 bytes"):
        require_short_names(fields, file="a.shp")


def test_widths_decimals_and_header_are_what_the_fields_say():
    fitted = fit_rows(Table(name="t", fields=FIELDS, rows=ROWS[:1]), file="a", encoding="UTF-8", twin=None)
    data = dbf_bytes(FIELDS, fitted, encoding="UTF-8", dated=(2026, 11, 22))
    count, head, record = struct.unpack_from("<IHH", data, 4)
    assert (count, head, record) == (1, 32 + 32 * 5 + 1, 1 + 13 + 120 + 18 + 18 + 10)
    assert data[1:4] == bytes([126, 11, 22])
    assert len(data) == head + record + 1
    shapes = [(data[32 + 32 * i + 11 : 32 + 32 * i + 12], *data[32 + 32 * i + 16 : 32 + 32 * i + 18]) for i in range(5)]
    assert shapes == [(b"C", 13, 0), (b"C", 120, 0), (b"N", 18, 2), (b"N", 18, 0), (b"C", 10, 0)]


def test_three_kinds_of_geometry_go_to_three_files_and_the_first_keeps_the_name(tmp_path):
    line, point = shapely.LineString([(120, 49), (120.1, 49.1)]), shapely.Point(120.5, 49.5)
    mixed = shapely.GeometryCollection([SQUARE, shapely.GeometryCollection([line, point])])
    rows = (("a",), ("b",), ("c",))
    written = write_shapefile(tmp_path / "a.shp", table(fields=(TEXT,), rows=rows, geometries=(mixed, point, None)))
    assert {p.name for p in written.paths if p.suffix == ".shp"} == {"a.shp", "a_line.shp", "a_point.shp"}
    assert read(tmp_path / "a.shp")[1] == [("a",), ("c",)]
    assert read(tmp_path / "a_line.shp")[1] == [("a",)]
    assert read(tmp_path / "a_point.shp")[1] == [("a",), ("b",)]
    assert shapely.equals(read(tmp_path / "a_line.shp")[2][0], line)
    assert pyogrio.read_info(tmp_path / "a_point.shp")["geometry_type"] == "Point"
    assert written.noted("geometry_split")[0].rows == (1,)


def test_heights_are_left_out_and_noted(tmp_path):
    written = write_shapefile(
        tmp_path / "a.shp", table(fields=(TEXT,), rows=(("a",),), geometries=(shapely.Point(120, 49, 600),))
    )
    assert shapely.get_coordinates(read(tmp_path / "a.shp")[2], include_z=True).tolist()[0][:2] == [120, 49]
    assert written.noted("height_dropped")[0].rows == (1,)


def test_many_points_in_one_row_make_a_multipoint_file(tmp_path):
    points = (shapely.MultiPoint([(120, 49), (121, 49)]), shapely.Point(122, 49))
    write_shapefile(tmp_path / "a.shp", table(fields=(TEXT,), rows=(("a",), ("b",)), geometries=points))
    assert [len(shapely.get_parts(g)) for g in read(tmp_path / "a.shp")[2]] == [2, 1]


def test_a_table_without_rows_or_shapes_is_still_a_file(tmp_path):
    write_shapefile(tmp_path / "a.shp", table(rows=(), geometries=()))
    meta, rows, _ = read(tmp_path / "a.shp")
    assert rows == []
    assert list(meta["fields"]) == [f.name for f in FIELDS]


def test_a_table_without_crs_is_refused():
    with pytest.raises(NotWritableError, match="the geometries have no CRS"):
        table(crs=None)


def test_coordinates_that_are_not_finite_are_refused(tmp_path):
    with pytest.raises(NotWritableError, match="row 1: a coordinate is not a finite number"):
        write_shapefile(
            tmp_path / "a.shp", table(fields=(TEXT,), rows=(("a",),), geometries=(shapely.Point(120, float("inf")),))
        )


@pytest.mark.parametrize("value", [True, 1, "2026-13-01"])
def test_values_of_another_type_are_refused(value):
    field = Field(name="D", long_name_zh="", long_name_en="", type="date")
    with pytest.raises(NotWritableError, match=r"row 1: .* is not a date"):
        Table(name="t", fields=(field,), rows=((value,),))


def test_zone_with_prefix_is_written_as_esri_names_it(tmp_path):
    moved = reprojected(table(), 4528)
    write_shapefile(tmp_path / "a.shp", moved)
    prj = (tmp_path / "a.prj").read_text()
    assert prj.startswith('PROJCS["CGCS2000_3_Degree_GK_Zone_40"')
    assert '"False_Easting",40500000.0' in prj
    assert pyogrio.read_info(tmp_path / "a.shp")["crs"] == "EPSG:4528"
    west = read(tmp_path / "a.shp")[2][0].bounds[0]
    assert 40_000_000 < west < 41_000_000
    assert moved.geometries[0].area == pytest.approx(809_400, rel=0.01)  # 0.01° x 0.01° at 49.2°N: 729 m x 1112 m


def test_edges_are_densified_before_they_are_projected():
    from pyproj import Transformer

    edge = shapely.LineString([(119.0, 50.0), (120.0, 50.0)])
    moved = reprojected(table(fields=(TEXT,), rows=(("a",),), geometries=(edge,)), 4528).geometries[0]
    middle = shapely.Point(*Transformer.from_crs(4490, 4528, always_xy=True).transform(119.50037, 50.0))
    assert moved.distance(middle) < 0.001


def test_another_datum_is_not_reprojected():
    with pytest.raises(NotWritableError, match="EPSG:2349 is not on CGCS2000"):
        reprojected(table(), 2349)  # Xi'an 80


def test_files_of_the_same_name_are_replaced_as_a_set(tmp_path):
    line = shapely.LineString([(120, 49), (120.1, 49.1)])
    both = table(fields=(TEXT,), rows=(("a",), ("b",)), geometries=(SQUARE, line))
    write_shapefile(tmp_path / "a.shp", both)
    (tmp_path / "a.qix").write_bytes(b"index of the old geometry")
    (tmp_path / "a_b.shp").write_bytes(b"somebody's")
    write_shapefile(tmp_path / "a.shp", one_text("new"))
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(
        ["a_b.shp", "a_字段说明.csv", *(f"a{s}" for s in (".shp", ".shx", ".dbf", ".prj", ".cpg"))]
    )
    assert read(tmp_path / "a.shp")[1] == [("new",)]


def test_a_file_somebody_else_made_is_not_overwritten(tmp_path):
    (tmp_path / "a.gpkg").write_bytes(b"the source of the site")
    with pytest.raises(OutputInTheWayError, match=r"a\.gpkg: .* was not made by an earlier export"):
        write_shapefile(tmp_path / "a.shp", one_text("x"), twin=True)
    assert [p.name for p in tmp_path.iterdir()] == ["a.gpkg"]
    assert (tmp_path / "a.gpkg").read_bytes() == b"the source of the site"


def test_a_forged_dictionary_names_nothing_outside_the_set(tmp_path):
    write_shapefile(tmp_path / "a.shp", one_text("x"))
    page = tmp_path / "a_字段说明.csv"
    text = page.read_text(encoding="utf-8-sig")
    tail = ",,,,,,,成套文件之一,one file of the set\r\n"
    page.write_text(text + "".join(name + tail for name in ("b.shp", "a.docx", "a/../b.csv")), encoding="utf-8-sig")
    for name in ("b.shp", "a.docx", "b.csv"):
        (tmp_path / name).write_bytes(b"mine")
    write_shapefile(tmp_path / "a.shp", one_text("y"))
    assert [(tmp_path / name).read_bytes() for name in ("b.shp", "a.docx", "b.csv")] == [b"mine"] * 3


def _contents(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir()}


@pytest.mark.parametrize("fails_at", range(1, 7))
@pytest.mark.parametrize("for_good", [False, True])
def test_a_failure_between_two_moves_leaves_the_old_files(tmp_path, monkeypatch, fails_at, for_good):
    write_shapefile(tmp_path / "a.shp", one_text("old"))
    before = _contents(tmp_path)
    calls = 0
    move = os.replace

    def failing(source, target):
        nonlocal calls
        calls += 1
        if calls == fails_at or (for_good and calls > fails_at):
            raise PermissionError(13, "open in another program")
        move(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(OutputInUseError, match=r"a\.shp: .*open in another program.*nothing was changed"):
        write_shapefile(tmp_path / "a.shp", one_text("new"))
    assert _contents(tmp_path) == before


def test_a_failure_in_an_empty_folder_leaves_nothing(tmp_path, monkeypatch):
    def failing(source, target):
        if target.suffix == ".shp":
            raise PermissionError(13, "no")
        source.rename(target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(OutputInUseError):
        write_shapefile(tmp_path / "a.shp", one_text("new"))
    assert list(tmp_path.iterdir()) == []


def test_the_main_file_is_moved_last_so_that_who_sees_it_finds_its_parts(tmp_path, monkeypatch):
    order = []
    move = os.replace
    monkeypatch.setattr(os, "replace", lambda s, t: (order.append(t.name), move(s, t)))
    write_shapefile(tmp_path / "a.shp", one_text("x"), twin=True)
    assert order[-1] == "a.shp"
    assert len(order) == 7


def test_a_writer_that_writes_something_else_is_found_out(tmp_path, monkeypatch):
    monkeypatch.setattr(dbf_module, "_digits", lambda value, _field: str(int(value) + 1))
    fields = (Field(name="N", long_name_zh="", long_name_en="", type="integer"),)
    with pytest.raises(ReadBackError, match=r"field N, row 1: 7 reads back as 8"):
        write_shapefile(tmp_path / "a.shp", table(fields=fields, rows=((7,),), geometries=(SQUARE,)))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_an_error_with_a_next_step(tmp_path):
    with pytest.raises(NotWritableError, match="Create the folder"):
        write_shapefile(tmp_path / "no" / "a.shp", one_text("x"))


def test_the_same_rows_give_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_shapefile(tmp_path / name / "a.shp", table(), twin=True, dated=(2026, 11, 22))
    assert _contents(tmp_path / "one") == _contents(tmp_path / "two")


def test_the_dictionary_explains_every_field_in_both_languages(tmp_path):
    write_shapefile(tmp_path / "a.shp", table())
    assert (tmp_path / "a_字段说明.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    rows = {row[1]: row for row in dictionary(tmp_path / "a_字段说明.csv") if row[0] == "a.shp" and row[1]}
    assert rows["HJGKDYBM"] == ["a.shp", "HJGKDYBM", "环境管控单元编码", "unit code", "text", "13", "", "", ""]
    assert set(rows) == {f.name for f in FIELDS}
