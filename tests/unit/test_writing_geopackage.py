"""GeoPackages: several tables, full texts, exact numbers."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing

import numpy as np
import pyogrio
import pytest
import shapely

from spatial.errors import FieldNameError, NumberNotWritableError
from spatial.writing import Field, Table, write_geopackage

SQUARE = shapely.box(119.7, 49.2, 119.71, 49.21)
FIELDS = (
    Field(name="要求", long_name_zh="准入要求", long_name_en="requirement", note_en="full text"),
    Field(name="V", long_name_zh="值", long_name_en="value", type="number"),
    Field(name="N", long_name_zh="数", long_name_en="count", type="integer"),
    Field(name="D", long_name_zh="日期", long_name_en="date", type="date"),
)
ROWS = (
    ("禁止新建 m² 𠮷 ᠮᠣ\n" * 100, 0.1 + 0.2, 2**62 + 1, "2026-11-22"),
    (None, None, None, None),
    ("", 1e-300, -1, "1999-12-31"),
)


def read(path, layer):
    meta, back = pyogrio.read_arrow(path, layer=layer)
    return meta, [tuple(row[name] for name in meta["fields"]) for row in back.to_pylist()], back


def test_texts_numbers_dates_and_nulls_read_back_exactly(tmp_path):
    spatial = Table(name="site", fields=FIELDS, rows=ROWS, geometries=(SQUARE, None, SQUARE), crs=4490)
    plain = Table(name="findings", fields=FIELDS, rows=ROWS)
    empty = Table(name="overlaps", fields=FIELDS, rows=(), geometries=(), crs=4490)
    written = write_geopackage(tmp_path / "结果 a.gpkg", [spatial, plain, empty], {"MARK": "内部使用", "x": "a<b\x01"})
    expected = [
        (*ROWS[0][:3], dt.date(2026, 11, 22)),
        ROWS[1],
        (*ROWS[2][:3], dt.date(1999, 12, 31)),
    ]
    for layer in ("site", "findings"):
        assert read(written.paths[0], layer)[1] == expected
    meta, _, back = read(written.paths[0], "site")
    assert meta["crs"] == "EPSG:4490"
    assert meta["geometry_type"] == "MultiPolygon"
    shapes = shapely.from_wkb(np.array(back["geom"].to_pylist(), dtype=object))
    assert shapely.equals(shapes[0], SQUARE)
    assert shapes[1] is None
    assert read(written.paths[0], "overlaps")[1] == []
    info = pyogrio.read_info(written.paths[0], layer="site")
    assert info["dataset_metadata"] == {"MARK": "内部使用", "x": "a<b\ufffd"}
    assert [p.name for p in tmp_path.glob("结果*.gpkg")] == ["结果 a.gpkg"]


def test_long_names_are_aliases_and_times_are_not_of_today(tmp_path):
    table = Table(name="t", fields=FIELDS, rows=ROWS)
    path = write_geopackage(tmp_path / "a.gpkg", [table], {}, dated=(2026, 11, 22)).paths[0]
    with closing(sqlite3.connect(path)) as database:
        named = database.execute("select column_name, name, description from gpkg_data_columns").fetchall()
        changed = database.execute("select last_change from gpkg_contents").fetchall()
    assert ("要求", "准入要求", "requirement; full text") in named
    assert changed == [("2026-11-22T00:00:00.000Z",)]


def test_kinds_of_geometry_are_layers_of_their_own(tmp_path):
    mixed = shapely.GeometryCollection([SQUARE, shapely.Point(120, 49)])
    table = Table(name="site", fields=FIELDS[1:2], rows=((1.0,),), geometries=(mixed,), crs=4490)
    path = write_geopackage(tmp_path / "a.gpkg", [table], {}).paths[0]
    assert [tuple(row) for row in pyogrio.list_layers(path)] == [("site", "MultiPolygon"), ("site_point", "MultiPoint")]


def test_an_earlier_file_is_replaced_whole(tmp_path):
    for name in ("one", "two"):
        write_geopackage(tmp_path / "a.gpkg", [Table(name=name, fields=FIELDS, rows=ROWS)], {})
    assert [row[0] for row in pyogrio.list_layers(tmp_path / "a.gpkg")] == ["two"]


@pytest.mark.parametrize("name", ["fid", "GEOM"])
def test_names_the_format_uses_itself_are_refused(tmp_path, name):
    table = Table(name="t", fields=(Field(name=name, long_name_zh="", long_name_en=""),), rows=(("x",),))
    with pytest.raises(FieldNameError, match=f"field {name}"):
        write_geopackage(tmp_path / "a.gpkg", [table], {})
    assert list(tmp_path.iterdir()) == []


def test_two_layers_of_one_name_are_refused(tmp_path):
    tables = [Table(name=name, fields=FIELDS, rows=ROWS) for name in ("a", "A")]
    with pytest.raises(FieldNameError, match="two layers have this name"):
        write_geopackage(tmp_path / "a.gpkg", tables, {})


@pytest.mark.parametrize("value", [float("nan"), float("-inf")])
def test_numbers_that_are_not_finite_are_refused(tmp_path, value):
    table = Table(name="t", fields=FIELDS[1:2], rows=((value,),))
    with pytest.raises(NumberNotWritableError, match="field V, row 1"):
        write_geopackage(tmp_path / "a.gpkg", [table], {})


def test_a_nul_does_not_end_a_text_silently(tmp_path):
    written = write_geopackage(tmp_path / "a.gpkg", [Table(name="t", fields=FIELDS[:1], rows=(("a\0b",),))], {})
    assert read(written.paths[0], "t")[1] == [("a\ufffdb",)]
    assert written.noted("character_marked")[0].rows == (1,)
