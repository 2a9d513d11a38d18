"""GeoJSON by RFC 7946."""

from __future__ import annotations

import json

import pyogrio
import pytest
import shapely

from spatial.errors import NotWritableError, NumberNotWritableError
from spatial.writing import Field, Table, reprojected, write_geojson

NAME = Field(name="NAME", long_name_zh="名称", long_name_en="name")
VALUE = Field(name="V", long_name_zh="值", long_name_en="value", type="number")


def table(*geometries, crs=4490, values=None):
    rows = tuple((f"海拉尔 𠮷 {i}", v) for i, v in enumerate(values or [0.1 + 0.2] * len(geometries)))
    return Table(name="t", fields=(NAME, VALUE), rows=rows, geometries=geometries, crs=crs)


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_rings_follow_the_right_hand_rule_and_have_seven_decimals(tmp_path):
    hole = [(120.02, 49.02), (120.04, 49.02), (120.04, 49.04), (120.02, 49.04)]
    clockwise = shapely.Polygon([(120, 49), (120, 49.1), (120.1, 49.1), (120.1 + 1 / 3e6, 49)], [hole])
    shape = load(write_geojson(tmp_path / "a.geojson", table(clockwise)).paths[0])["features"][0]["geometry"]
    shell, ring = (shapely.LinearRing(r) for r in shape["coordinates"])
    assert shell.is_ccw
    assert not ring.is_ccw
    assert [120.1000003, 49.0] in shape["coordinates"][0]


def test_gdal_reads_back_the_same_rows_and_shapes(tmp_path):
    point, line = shapely.Point(120, 49), shapely.LineString([(120, 49), (121, 50)])
    path = write_geojson(tmp_path / "甲 a.geojson", table(point, line, None)).paths[0]
    meta, _, wkb, columns = pyogrio.raw.read(path)
    assert meta["crs"] == "EPSG:4326"
    assert columns[0].tolist() == ["海拉尔 𠮷 0", "海拉尔 𠮷 1", "海拉尔 𠮷 2"]
    assert columns[1].tolist() == [0.1 + 0.2] * 3
    shapes = shapely.from_wkb(wkb)
    assert shapely.equals(shapes[0], point)
    assert shapely.equals(shapes[1], line)
    assert shapes[2] is None


def test_projected_coordinates_are_turned_into_degrees(tmp_path):
    square = shapely.box(119.7, 49.2, 119.71, 49.21)
    moved = reprojected(table(square), 4528)
    shape = load(write_geojson(tmp_path / "a.geojson", moved).paths[0])["features"][0]["geometry"]
    back = shapely.from_geojson(json.dumps(shape))
    assert back.hausdorff_distance(square) < 1e-7
    assert back.bounds == pytest.approx(square.bounds, abs=1e-7)


def test_wgs84_and_cgcs2000_are_said_to_be_the_same(tmp_path):
    for crs in (4326, 4490):
        document = load(write_geojson(tmp_path / "a.geojson", table(shapely.Point(120, 49), crs=crs)).paths[0])
        assert "1 m" in document["datum_note"]["en"]
        assert document["features"][0]["geometry"]["coordinates"] == [120.0, 49.0]
        assert "crs" not in document


def test_a_sliver_thinner_than_a_centimetre_is_kept_with_more_decimals(tmp_path):
    sliver = shapely.box(120, 49, 120 + 2e-8, 49.001)  # 1.5 mm wide
    written = write_geojson(tmp_path / "a.geojson", table(sliver))
    shape = load(written.paths[0])["features"][0]["geometry"]
    assert shapely.from_geojson(json.dumps(shape)).area == pytest.approx(sliver.area, rel=1e-3)
    assert written.noted("more_decimals")[0].rows == (1,)


def test_foreign_members_stay_and_reserved_ones_are_refused(tmp_path):
    path = tmp_path / "a.geojson"
    assert load(write_geojson(path, table(), members={"findings": [1]}).paths[0])["findings"] == [1]
    with pytest.raises(NotWritableError, match="member 'features' is reserved"):
        write_geojson(path, table(), members={"features": []})
    assert load(path)["findings"] == [1]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_json_has_no_word_for_are_refused(tmp_path, value):
    with pytest.raises(NumberNotWritableError, match="field V, row 1"):
        write_geojson(tmp_path / "a.geojson", table(shapely.Point(120, 49), values=[value]))
    assert list(tmp_path.iterdir()) == []
