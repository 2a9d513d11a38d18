"""Real files of the kinds users bring, where they lie beside this repository."""

from __future__ import annotations

from pathlib import Path

import pyproj
import pytest
import shapely

from spatial.errors import ReadingError
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


# file -> what it is read as: format, features, unreadable, CRS; or the words of its refusal
TABLE: dict[str, tuple[str, int, int, str | None] | str] = {
    "README.md": "no format that is read here",
    "dxf/5_us_states.dxf": ("dxf", 5650, 0, None),
    "dxf/ASCII_R12.dxf": ("dxf", 2, 0, None),
    "dxf/bin_dxf_r2000.dxf": ("dxf", 0, 0, None),  # it holds nothing but one text
    "dxf/dxf_unicode.dxf": ("dxf", 0, 0, None),  # it holds no entity, only names
    "dxf/houses_of_parliament_georeferenced.dxf": ("dxf", 1, 0, None),
    "dxf/recover01.dxf": "end mark EOF is missing",
    "dxf/usa.dxf": ("dxf", 59, 0, None),
    "excel/EJAM_3points.xlsx": ("xlsx", 3, 0, "EPSG:4490"),
    "excel/EJAM_testpoints_bad.xlsx": ("xlsx", 7, 2, "EPSG:4490"),
    "excel/EJAM_testpoints_invalid_latlon.xlsx": ("xlsx", 2, 5, "EPSG:4490"),
    "excel/digitalland_xlsx_res.xlsx": "no columns of coordinates",  # GeoX, GeoY of the British grid
    "filegdb/portland.gdb.zip": ("filegdb", 98, 0, "EPSG:3857"),
    "ovkml/CAD多段线.ovkml": ("ovkml", 1, 0, "EPSG:4490"),
    "ovkml/多边形.ovkml": ("ovkml", 1, 0, "EPSG:4490"),
    "ovkml/测试点.ovkmz": ("ovkml", 3, 0, "EPSG:4490"),
    "raster/SPEI_01_1951_07.tif": "it is an image",
    "raster/SPEI_12_2023_08.tif": "it is an image",
    "raster/au-3577.tif": "it is an image",
    "raster/au-gcp.tif": "it is an image",
    "raster/corrupt.tif": "it is an image",
    "shp/EJAM_portland_folder_shp.zip": ("shapefile", 98, 0, "EPSG:3857"),
    "shp/dongli_china_utf8_nocpg.shp": ("shapefile", 1367, 0, "EPSG:4326"),
    "sites/wri_power_plants_five_cities.csv": ("csv", 62, 0, "EPSG:4490"),
    # its four corners lie on one line: nothing is enclosed
    "survey_txt/axes_swapped_easting_first.txt": ("survey_txt", 0, 1, "EPSG:4527"),
    "survey_txt/hangzhou_pengbu_R14_zone40.txt": ("survey_txt", 1, 0, "EPSG:4528"),
    "survey_txt/hole_ring2_and_two_parcels.txt": ("survey_txt", 2, 0, None),
    "survey_txt/htoooth_csv_id_x_y_north_first_no_header_crs.txt": ("csv", 429, 0, None),
    "survey_txt/multipart_ring2_disjoint.txt": ("survey_txt", 1, 0, None),
    # a polygon of which the file holds two points of the 13 it declares
    "survey_txt/ogu4j_13_columns_no_zone_prefix.txt": ("survey_txt", 0, 1, None),
    "survey_txt/polygontxt_44120000072.txt": ("survey_txt", 1, 0, "EPSG:4526"),
    "survey_txt/polygontxt_44120000105.txt": ("survey_txt", 1, 0, "EPSG:4526"),
}
ZONES = {"manzhouli": 39, "arxan": 40, "erenhot": 37}


def expected(name: str) -> tuple[str, int, int, str | None] | str | None:
    """What is right for a file, None if nobody has said."""
    if name in TABLE:
        return TABLE[name]
    if name.endswith((".dbf", ".shx", ".prj")):
        return "only a part of a shapefile"
    zone = next((zone for city, zone in ZONES.items() if name.startswith(f"made_here/{city}")), None)
    if zone is None:
        return None
    if name.endswith(".kml"):
        return ("kml", 1, 0, "EPSG:4326")
    form = {".shp": "shapefile", ".dxf": "dxf", ".txt": "survey_txt", ".xlsx": "xlsx"}[name[name.rindex(".") :]]
    return (form, 1, 0, f"EPSG:{(4509 if 'noprefix' in name else 4488) + zone}")


@pytest.mark.slow
def test_every_file_of_the_folder_is_read_right_or_refused_with_the_reason() -> None:
    wrong: list[str] = []
    for path in sorted(FIELD.rglob("*")):
        if not path.is_file():
            continue
        name = path.relative_to(FIELD).as_posix()
        found: tuple[str, int, int, str | None] | str
        try:
            reading = read(path)
            crs = reading.crs.code if reading.crs else None
            found = (reading.format, len(reading.geometries), len(reading.unreadable), crs)
        except ReadingError as error:
            found = str(error)
        right = expected(name)
        same = right is not None and (right in found if isinstance(right, str) else right == found)
        if not same:
            wrong.append(f"{name}: {found}, not {right}")
    assert wrong == []


def test_reasons_of_what_the_folder_holds_in_vain_are_told() -> None:
    for name, code, words in [
        ("ogu4j_13_columns_no_zone_prefix.txt", "too_few_points", "a ring of 2 points; 13 are declared"),
        ("axes_swapped_easting_first.txt", "zero_area", "in its own units"),
    ]:
        (lost,) = read(FIELD / "survey_txt" / name).unreadable
        assert lost.problem.code == code
        assert words in lost.problem.detail
    for name in ("bin_dxf_r2000.dxf", "dxf_unicode.dxf"):
        assert "no_features" in [one.code for one in read(FIELD / "dxf" / name).problems]
