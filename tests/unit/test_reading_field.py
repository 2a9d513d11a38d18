"""Real files of the kinds users bring, where they lie beside this repository."""

from __future__ import annotations

from pathlib import Path

import pyproj
import pytest
import shapely

from spatial.reading import Reading, read

FIELD = Path(__file__).resolve().parents[3] / "shared" / "field"
pytestmark = pytest.mark.skipif(not FIELD.is_dir(), reason=f"no field files: {FIELD} is absent")

CENTRES = {"manzhouli": (117.77047, 49.490303), "arxan": (120.262489, 47.158504), "erenhot": (111.9131, 43.38018)}
FORMS = [".kml", "_gbk.txt", "_界址点.xlsx", "_closed_polyline.dxf", "_gk3_prefix_gbk_nocpg.shp"]
FORMS += ["_gk3_noprefix_gbk_nocpg.shp", "_gk3_prefix_noprj.shp"]


def on_earth(reading: Reading) -> shapely.Geometry:
    """The only feature in longitude and latitude, by pyproj alone."""
    assert reading.crs is not None
    assert (len(reading.geometries), reading.unreadable) == (1, ())
    to_degrees = pyproj.Transformer.from_crs(reading.crs.wkt, 4490, always_xy=True)
    return shapely.transform(reading.geometries[0], to_degrees.transform, interleaved=False)


def check_parcel(path: Path, centre: tuple[float, float]) -> None:
    polygon = on_earth(read(path))
    area, _ = pyproj.Geod(ellps="GRS80").geometry_area_perimeter(polygon)
    assert abs(area) == pytest.approx(240_000, rel=5e-4)  # 24.0 ha drawn in the plane of a zone
    assert (polygon.centroid.x, polygon.centroid.y) == pytest.approx(centre, abs=2e-6)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_the_made_parcel_is_the_same_24_hectares(form: str) -> None:
    check_parcel(FIELD / "made_here" / f"manzhouli{form}", CENTRES["manzhouli"])


@pytest.mark.parametrize("city", ["arxan", "erenhot"])
@pytest.mark.parametrize("form", [".kml", "_gbk.txt", "_界址点.xlsx"])
def test_the_parcels_of_the_other_cities_are_theirs(city: str, form: str) -> None:
    check_parcel(FIELD / "made_here" / f"{city}{form}", CENTRES[city])


@pytest.mark.parametrize("form", ["_utf16le_bom.txt", "_utf8bom.txt"])
def test_every_encoding_of_the_survey_text_is_read(form: str) -> None:
    check_parcel(FIELD / "made_here" / f"manzhouli{form}", CENTRES["manzhouli"])


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("polygontxt_44120000072.txt", "EPSG:4526"),
        ("polygontxt_44120000105.txt", "EPSG:4526"),
        ("hangzhou_pengbu_R14_zone40.txt", "EPSG:4528"),
    ],
)
def test_the_area_of_real_survey_parcels_is_the_declared_one(name: str, code: str) -> None:
    reading = read(FIELD / "survey_txt" / name)
    assert reading.crs is not None
    assert reading.crs.code == code
    declared = reading.attributes[0]["declared_area_m2"]
    assert reading.geometries[0].area == pytest.approx(declared, rel=1e-4)
    assert reading.problems == ()


def test_a_hole_and_a_second_parcel_are_both_there() -> None:
    reading = read(FIELD / "survey_txt" / "hole_ring2_and_two_parcels.txt")
    assert [one.area for one in reading.geometries] == [2.0, 9.0 - 1.0]
    assert (reading.crs, reading.crs_status) == (None, "refused")


def test_bytes_in_utf_8_without_cpg_are_readable_names() -> None:
    reading = read(FIELD / "shp" / "dongli_china_utf8_nocpg.shp")
    assert (reading.encoding, len(reading.geometries), reading.unreadable) == ("utf-8", 1367, ())
    assert [one["FCNAME"] for one in reading.attributes[:2]] == ["黑龙江省", "内蒙古自治区"]


def test_a_nested_zip_and_a_zipped_geodatabase_hold_98_polygons() -> None:
    for name in ("shp/EJAM_portland_folder_shp.zip", "filegdb/portland.gdb.zip"):
        reading = read(FIELD / name)
        assert (len(reading.geometries), reading.crs.code) == (98, "EPSG:3857")  # type: ignore[union-attr]


def test_bad_rows_of_a_workbook_are_listed_and_good_ones_read() -> None:
    reading = read(FIELD / "excel" / "EJAM_testpoints_bad.xlsx")
    assert len(reading.geometries) == 7
    assert [one.problem.code for one in reading.unreadable] == ["out_of_range", "missing_cell"]


def test_ovital_exports_are_read_with_their_own_datum() -> None:
    for name in ("多边形.ovkml", "测试点.ovkmz"):
        reading = read(FIELD / "ovkml" / name)
        assert reading.crs.code == "EPSG:4490"  # type: ignore[union-attr]
        assert 100.2 < reading.geometries[0].centroid.x < 100.4
