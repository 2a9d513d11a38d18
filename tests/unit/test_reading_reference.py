"""Which CRS a reading has: what is open stays open with its hypotheses, a region settles it, offsets are undone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely

from spatial.crs import identify, to_geographic
from spatial.datum_shift import three_parameters
from spatial.datum_shift import to_geographic as shifted_to_geographic
from spatial.offsets import wgs84_to_bd09, wgs84_to_gcj02
from spatial.reading import read, read_text, under

if TYPE_CHECKING:
    from pathlib import Path

# the same parcel in zone 40 (meridian 120): eastings without zone number
OPEN = "5453252.01, 482918.45"
HOME = shapely.box(119.0, 49.0, 120.5, 49.5)


def csv(folder: Path, text: str, name: str = "site.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def degrees_of(reading: object) -> np.ndarray:
    return shapely.get_coordinates(to_geographic(reading.geometries, reading.crs))  # type: ignore[attr-defined]


def test_eastings_without_zone_leave_every_zone_over_china_open() -> None:
    reading = read_text(OPEN)
    alive = {one.code for one in reading.hypotheses if one.alive}
    assert (reading.crs, reading.crs_status) == (None, "ambiguous")
    assert {"cgcs2000_3:39", "cgcs2000_3:40", "cgcs2000_6:20"} <= alive


def test_a_region_settles_the_zone_and_is_named_as_evidence() -> None:
    reading = read_text(OPEN, region=HOME)
    assert (reading.crs.code, reading.crs_status) == ("EPSG:4549", "proved")  # 3 degrees, meridian 120
    assert "region" in {one.code for one in reading.crs_evidence}
    assert degrees_of(reading)[0] == pytest.approx([119.765558, 49.212189], abs=1e-5)


def test_a_region_that_must_hold_refutes_a_zone_number_and_one_that_is_likely_does_not() -> None:
    far = shapely.box(100, 30, 101, 31)
    with_zone = "5453252.01, 40482918.45"
    refuted = read_text(with_zone, region=far)
    assert (refuted.crs, refuted.crs_status) == (None, "refused")
    assert "outside_region" in {one.code for one in refuted.crs_evidence}
    kept = read_text(with_zone, region=far, region_must_hold=False)
    assert (kept.crs.code, kept.crs_status) == ("EPSG:4528", "proved")


def test_the_users_crs_wins_over_the_region() -> None:
    reading = read_text(OPEN, crs=4549, region=shapely.box(100, 30, 101, 31))
    assert (reading.crs.code, reading.crs_status) == ("EPSG:4549", "given")


def test_a_reading_under_a_hypothesis_lies_where_its_zone_puts_it() -> None:
    reading = read_text(OPEN)
    places = {
        one.code: degrees_of(under(reading, one))[0, 0]
        for one in reading.hypotheses
        if one.code.startswith("cgcs2000_3:")
    }
    assert places["cgcs2000_3:40"] - places["cgcs2000_3:39"] == pytest.approx(3.0, abs=1e-9)
    with pytest.raises(ValueError, match="is known to be in EPSG:4549"):
        under(read_text(OPEN, crs=4549), reading.hypotheses[0])


def test_a_name_of_a_shifting_service_leaves_the_offset_open(tmp_path: Path) -> None:
    text = "名称,经度,纬度\n甲,117.45,49.58\n"
    plain = read(csv(tmp_path, text))
    assert (plain.crs.code, plain.crs_status, plain.datum) == ("EPSG:4490", "proved", "assumed")
    hinted = read(csv(tmp_path, text, "高德导出.csv"))
    assert (hinted.crs, hinted.crs_status) == (None, "ambiguous")
    assert {one.offset for one in hinted.hypotheses if one.alive} == {"gcj02", None}


@pytest.mark.parametrize(("offset", "put_on"), [("gcj02", wgs84_to_gcj02), ("bd09", wgs84_to_bd09)])
def test_an_offset_the_user_names_is_undone_with_its_10_metres(tmp_path: Path, offset: str, put_on) -> None:  # type: ignore[no-untyped-def]
    lon, lat = put_on([[117.45, 49.58]])[0]
    path = csv(tmp_path, f"名称,经度,纬度\n甲,{lon:.9f},{lat:.9f}\n", "高德导出.csv")
    reading = read(path, datum=offset)
    assert shapely.get_coordinates(reading.geometries)[0] == pytest.approx([117.45, 49.58], abs=2e-9)
    assert (reading.crs.code, reading.crs_status, reading.offset) == ("EPSG:4490", "given", offset)
    assert ("offset_undone", 10.0) in [(term.code, term.metres) for term in reading.accuracy.terms]
    assert "offset_undone" in {one.code for one in reading.problems}


def test_a_long_edge_is_undone_along_its_way_and_not_at_its_ends_only(tmp_path: Path) -> None:
    line = {"type": "LineString", "coordinates": [[117.0, 49.0], [117.5, 49.0]]}
    path = tmp_path / "line.geojson"
    path.write_text(
        json.dumps({"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": line}]})
    )
    undone = read(path, datum="gcj02").geometries[0]
    assert len(undone.coords) > 2
    again = shapely.LineString(wgs84_to_gcj02(shapely.get_coordinates(undone)))
    assert np.abs(shapely.get_coordinates(again)[:, 1] - 49.0).max() < 1e-8


def test_columns_in_the_other_order_are_exchanged_and_the_user_is_told(tmp_path: Path) -> None:
    ring = [[5450000, 40500000], [5450100, 40500000], [5450100, 40500100], [5450000, 40500000]]
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    path = tmp_path / "swapped.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    reading = read(path)
    assert (reading.crs.code, reading.crs_status) == ("EPSG:4528", "proved")
    assert shapely.get_coordinates(reading.geometries)[0].tolist() == [40500000, 5450000]
    assert "columns_exchanged" in {one.code for one in reading.problems}


def test_an_old_datum_is_known_but_not_placed_until_a_shift_is_given() -> None:
    text = "5453252.01, 40482918.45"
    bare = read_text(text, datum="xian80")
    assert (bare.crs.code, bare.crs.datum) == ("EPSG:2364", "xian80")
    assert "no_parameters" not in {one.code for one in bare.crs_evidence}
    shift = three_parameters("xian80", -41.0, 17.0, 33.0)
    reading = read_text(text, datum="xian80", shift=shift, shift_m=2.0)
    wanted = shifted_to_geographic(shapely.Point(40482918.45, 5453252.01), identify(2364), shift)[0]
    assert reading.crs.code == "EPSG:4490"
    assert reading.geometries[0].equals_exact(wanted, 1e-12)
    assert ("datum_shift", 2.0) in [(term.code, term.metres) for term in reading.accuracy.terms]
    assert reading.accuracy.metres == pytest.approx((1 + 4) ** 0.5)


def test_boxes_of_unreadable_features_move_with_the_coordinates(tmp_path: Path) -> None:
    flat = [[5450000, 40500000], [5450100, 40500000], [5450000, 40500000], [5450000, 40500000]]
    ring = [[5450000, 40500000], [5450100, 40500000], [5450100, 40500100], [5450000, 40500000]]
    features = [
        {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [one]}}
        for one in (ring, flat)
    ]
    path = tmp_path / "swapped.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    assert read(path).unreadable[0].box == (40500000, 5450000, 40500000, 5450100)


def test_a_name_that_speaks_of_another_datum_takes_the_proof_of_the_prj_away(tmp_path: Path) -> None:
    crs = {"type": "name", "properties": {"name": "EPSG:4528"}}
    point = {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [40500000, 5450000]}}
    text = json.dumps({"type": "FeatureCollection", "crs": crs, "features": [point]})
    for name, datum in (("site.geojson", "stated"), ("西安80.geojson", "assumed")):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        assert read(path).datum == datum
