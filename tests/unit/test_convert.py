"""``sanxian convert`` and `spatial.conversion`: what is asked for, what is refused, what is told."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
import shapely
from click.testing import CliRunner

from apps.cli.convert import FORMAT_KEYS
from apps.cli.formats import filled
from apps.cli.main import main
from spatial.conversion import FORMATS, convert
from spatial.conversion.names import NameRule
from spatial.errors import DatumShiftUnknownError, NotWritableError, OutputInTheWayError, UnknownCRSError
from spatial.reading import read, read_text
from spatial.writing.text import encodable

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "conversion.md"
SQUARE = shapely.box(40_500_000, 5_450_000, 40_500_100, 5_450_100)


def source(folder, *features, crs="EPSG:4528", name="源"):
    """A GeoJSON of (geometry, properties), read."""
    described = [
        {"type": "Feature", "properties": values, "geometry": json.loads(shapely.to_geojson(shape)) if shape else None}
        for shape, values in features
    ]
    document = {"type": "FeatureCollection", "features": described}
    document["crs"] = {"type": "name", "properties": {"name": crs}}
    path = folder / f"{name}.geojson"
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return read(path)


def codes(written):
    return {note.code for note in written.notes}


def run(*arguments):
    return CliRunner().invoke(main, ["convert", *map(str, arguments)])


def test_program_names_every_format_that_can_be_written():
    assert set(FORMAT_KEYS) == set(FORMATS)


def test_page_holds_the_tables_that_the_program_makes():
    page = PAGE.read_text(encoding="utf-8")
    assert filled(page) == page
    for form in FORMATS.values():
        assert page.count(f"| {form.title} `{form.key}`") == 2


def test_without_crs_no_coordinate_moves(tmp_path):
    reading = source(tmp_path, (SQUARE, {}))
    back = read(convert(reading, tmp_path / "a.fgb").paths[0])
    assert shapely.equals_identical(back.geometries[0], reading.geometries[0])


def test_zone_with_and_without_its_number_differ_by_the_number_only(tmp_path):
    written = convert(source(tmp_path, (SQUARE, {})), tmp_path / "a.parquet", crs="EPSG:4549")
    assert codes(written) == set()
    back = read(written.paths[0])
    assert back.crs.code == "EPSG:4549"
    assert shapely.get_coordinates(back.geometries[0])[0].tolist() == [500_100.0, 5_450_000.0]


def test_long_edge_gets_vertices_in_another_plane_and_says_so(tmp_path):
    long = shapely.box(40_500_000, 5_450_000, 40_510_000, 5_460_000)
    written = convert(source(tmp_path, (SQUARE, {}), (long, {})), tmp_path / "a.parquet", crs=4490)
    (note,) = written.notes
    assert (note.code, note.rows) == ("vertices_added", (1, 2))


def test_parcel_of_a_hundred_metres_keeps_its_four_corners_in_survey_text(tmp_path):
    square = shapely.box(120, 49, 120.001, 49.001)
    written = convert(source(tmp_path, (square, {}), crs="EPSG:4490"), tmp_path / "a.txt")
    assert codes(written) == {"zone_chosen"}
    assert sum(line.startswith("J") for line in written.paths[0].read_text("utf-8").splitlines()) == 5


def test_parcel_of_ten_kilometres_does_not(tmp_path):
    square = shapely.box(120, 49, 120.1, 49.1)
    written = convert(source(tmp_path, (square, {}), crs="EPSG:4490"), tmp_path / "a.txt")
    assert codes(written) == {"zone_chosen", "vertices_added"}


@pytest.mark.parametrize("crs", ["EPSG:999999", "呼伦贝尔", "4528x"])
def test_crs_that_is_none_is_refused(tmp_path, crs):
    with pytest.raises(UnknownCRSError):
        convert(source(tmp_path, (SQUARE, {})), tmp_path / "a.gpkg", crs=crs)
    assert not (tmp_path / "a.gpkg").exists()


@pytest.mark.parametrize("crs", [2364, 2416, 3034])
def test_crs_on_another_datum_is_refused(tmp_path, crs):
    with pytest.raises(NotWritableError, match="neither on CGCS2000 nor on WGS 84"):
        convert(source(tmp_path, (SQUARE, {})), tmp_path / "a.gpkg", crs=crs)


def test_older_datum_may_change_its_format_but_not_its_system(tmp_path):
    reading = source(tmp_path, (SQUARE, {}), crs="EPSG:2364")
    assert read(convert(reading, tmp_path / "a.fgb").paths[0]).crs.code == "EPSG:2364"
    with pytest.raises(DatumShiftUnknownError):
        convert(reading, tmp_path / "b.fgb", crs=4528)
    with pytest.raises(DatumShiftUnknownError):
        convert(reading, tmp_path / "b.kml")


def test_source_without_known_crs_is_refused_with_the_option_that_names_it(tmp_path):
    (tmp_path / "a.csv").write_text("点号,X,Y\nJ1,5450000,500000\nJ2,5450000,500100\nJ3,5450100,500100\n", "utf-8")
    reading = read(tmp_path / "a.csv")
    assert reading.crs is None
    with pytest.raises(NotWritableError, match="--from-crs"):
        convert(reading, tmp_path / "a.gpkg")


def test_source_with_unreadable_features_is_refused_unless_they_are_left_out(tmp_path):
    reading = source(tmp_path, (SQUARE, {"A": 1}), (None, {"A": 2}))
    with pytest.raises(NotWritableError, match=r"1 of its features cannot be read \(2;.*--skip-unreadable"):
        convert(reading, tmp_path / "a.fgb")
    written = convert(reading, tmp_path / "a.fgb", skip_unreadable=True)
    assert [note.code for note in written.notes] == ["unreadable_left_out"]
    assert len(read(written.paths[0]).geometries) == 1


def test_source_without_features_is_refused(tmp_path):
    with pytest.raises(NotWritableError, match="no feature"):
        convert(source(tmp_path), tmp_path / "a.fgb")


@pytest.mark.parametrize(
    ("name", "to", "words"),
    [("a.doc", None, "tells no format"), ("a.gpkg", "docx", "no format 'docx'"), ("a.gpkg", "kml", r"Call it a\.kml")],
)
def test_format_and_ending_must_be_known_and_agree(tmp_path, name, to, words):
    with pytest.raises(NotWritableError, match=words):
        convert(read_text("120,49"), tmp_path / name, to=to)


def test_encoding_is_refused_where_there_is_no_choice(tmp_path):
    with pytest.raises(NotWritableError, match="KML is always UTF-8, not GBK"):
        convert(read_text("120,49"), tmp_path / "a.kml", encoding="GBK")


def test_columns_get_one_type_and_each_change_is_told(tmp_path):
    first = {"b": True, "m": 1, "n": {"k": [1]}, "i": 1, "f": 1}
    second = {"b": None, "m": "甲", "n": None, "i": None, "f": 0.5}
    written = convert(source(tmp_path, (SQUARE, first), (SQUARE, second)), tmp_path / "a.parquet")
    told = {note.field: note.code for note in written.notes}
    assert told == {"b": "boolean_as_number", "m": "mixed_as_text", "n": "nested_as_json"}
    one, other = read(written.paths[0]).attributes
    assert (one["b"], one["m"], one["n"], one["i"], one["f"]) == (1, "1", '{"k": [1]}', 1, 1.0)
    assert (other["b"], other["m"], other["n"], other["i"], other["f"]) == (None, "甲", None, None, 0.5)


@pytest.mark.parametrize("key", ["gpkg", "fgb", "parquet", "gdb"])
def test_column_names_that_a_format_uses_itself_are_changed_and_told(tmp_path, key):
    written = convert(source(tmp_path, (SQUARE, {"FID": 7, "geometry": "甲"})), tmp_path / f"a.{key}")
    assert codes(written) == {"field_renamed"}
    attributes = read(written.paths[0]).attributes[0]
    assert {attributes["FID_2"], attributes["geometry_2"]} == {7, "甲"}


def test_names_stay_apart_whatever_their_case_and_length():
    rule = NameRule(short=True)
    assert rule.fitted(["ABCDEFGHIJKL", "ABCDEFGHIJ", "编码", "f03", "F03"]) == (
        "ABCDEFGH_2",
        "ABCDEFGHIJ",
        "F03_3",
        "f03",
        "F03_2",
    )


def test_layers_stay_apart_or_are_named_in_a_column(tmp_path):
    text = (
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder><name>风机</name><Placemark><name>一</name>'
        "<Point><coordinates>120,49</coordinates></Point></Placemark></Folder><Folder><name>道路</name><Placemark>"
        "<LineString><coordinates>120,49 120.1,49</coordinates></LineString></Placemark></Folder></Document></kml>"
    )
    (tmp_path / "a.kml").write_text(text, encoding="utf-8")
    reading = read(tmp_path / "a.kml")
    assert read(convert(reading, tmp_path / "b.gpkg").paths[0]).feature_layers == ("风机", "道路")
    merged = convert(reading, tmp_path / "c.fgb")
    assert codes(merged) == {"layers_merged"}
    assert [row["LAYER"] for row in read(merged.paths[0]).attributes] == ["风机", "道路"]


def test_points_and_lines_become_waypoints_and_tracks_and_polygons_are_refused(tmp_path):
    line = shapely.MultiLineString([[(120, 49), (120.1, 49.2)], [(121, 49), (121.1, 49)]])
    shapes = [(shapely.Point(120.123456789, 49), {"名称": "井<1>", "深": 3}), (line, {"名称": None, "深": 4})]
    written = convert(source(tmp_path, *shapes, crs="EPSG:4326"), tmp_path / "a.gpx")
    assert [(note.code, note.en[-1]) for note in written.notes] == [("attributes_dropped", "深")]
    back = read(written.paths[0])
    assert [g.wkt for g in back.geometries] == [g.wkt for g, _ in shapes]
    assert [row.get("name") for row in back.attributes] == ["井<1>", None]
    with pytest.raises(NotWritableError, match="GPX holds points and lines"):
        convert(source(tmp_path, (SQUARE, {})), tmp_path / "b.gpx")


def test_hole_of_a_drawing_stays_a_hole(tmp_path):
    holed = SQUARE.difference(shapely.box(40_500_020, 5_450_020, 40_500_030, 5_450_030))
    written = convert(source(tmp_path, (holed, {"名称": "甲"}), (SQUARE.exterior, {})), tmp_path / "a.dxf")
    assert codes(written) == {"attributes_dropped"}
    back = read(written.paths[0])
    assert [g.area for g in back.geometries] == [9900.0, 10_000.0]


def test_mapinfo_tells_null_from_nought(tmp_path):
    rows = [(SQUARE, {"N": 0, "T": "长" * 100}), (SQUARE, {"N": None, "T": ""})]
    written = convert(source(tmp_path, *rows), tmp_path / "a.tab")
    assert codes(written) == {"number_as_text", "text_cut", "crs_marked_wgs84"}
    assert [row["N"] for row in read(written.paths[0]).attributes] == ["0", ""]
    assert {path.suffix for path in written.paths} == {".tab", ".dat", ".map", ".id"}


def test_mapinfo_does_not_replace_a_file_that_only_has_its_name(tmp_path):
    (tmp_path / "a.dat").write_text("1,,500000,5450000,0\n")
    with pytest.raises(OutputInTheWayError):
        convert(source(tmp_path, (SQUARE, {})), tmp_path / "a.tab")
    assert (tmp_path / "a.dat").read_text().startswith("1,,")


def test_geodatabase_replaces_a_geodatabase_and_nothing_else(tmp_path):
    reading = source(tmp_path, (SQUARE, {"A": 1}))
    convert(reading, tmp_path / "a.gdb")
    convert(source(tmp_path, (SQUARE, {"A": 2})), tmp_path / "a.gdb")
    assert read(tmp_path / "a.gdb").attributes[0]["A"] == 2
    (tmp_path / "b.gdb").mkdir()
    (tmp_path / "b.gdb" / "notes.txt").write_text("mine")
    with pytest.raises(OutputInTheWayError):
        convert(reading, tmp_path / "b.gdb")
    assert [path.name for path in (tmp_path / "b.gdb").iterdir()] == ["notes.txt"]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".writing")]


def test_wide_integers_of_a_geodatabase_are_kept_and_told(tmp_path):
    written = convert(source(tmp_path, (SQUARE, {"A": 2**40 + 1})), tmp_path / "a.gdb")
    assert codes(written) == {"needs_arcgis_pro"}
    assert read(tmp_path / "a.gdb").attributes[0]["A"] == 2**40 + 1


def test_shapefile_has_long_names_in_its_dictionary_and_long_texts_in_its_twin(tmp_path):
    rows = [(SQUARE, {"环境管控单元名称": "甲" * 100, "面积": 0.1234567891, "N": 12})]
    written = convert(source(tmp_path, *rows), tmp_path / "a.shp")
    assert codes(written) == {"field_renamed", "text_cut"}
    assert "环境管控单元名称" in (tmp_path / "a_字段说明.csv").read_text("utf-8-sig")
    back = read(written.paths[0]).attributes[0]
    assert (back["F01"][-1], back["F02"], back["N"]) == ("…", 0.1234567891, 12)
    assert read(tmp_path / "a.gpkg").attributes[0]["F01"] == "甲" * 100


def test_number_that_a_dbf_cannot_hold_exactly_is_rounded_and_told(tmp_path):
    rows = [(SQUARE, {"A": 123456789.5}), (SQUARE, {"A": 1e-9})]
    written = convert(source(tmp_path, *rows), tmp_path / "a.shp")
    assert "number_rounded" in codes(written)
    assert read(written.paths[0]).attributes[0]["A"] == 123456789.5


def test_corner_table_reads_back_with_rings_and_names(tmp_path):
    holed = SQUARE.difference(shapely.box(40_500_020, 5_450_020, 40_500_030, 5_450_030))
    rows = [
        (holed, {"名称": "甲，一", "X": "=1+1", "点号": "K1"}),
        (shapely.box(40_501_000, 5_450_000, 40_501_010, 5_450_010), {}),
    ]
    for name in ("a.csv", "a.xlsx"):
        written = convert(source(tmp_path, *rows), tmp_path / name)
        back = read(written.paths[0])
        assert (back.crs.code, back.datum) == ("EPSG:4528", "stated")
        assert [g.area for g in back.geometries] == [9900.0, 100.0]
        first = back.attributes[0]
        assert (first["名称"], first["属性_点号"]) == ("甲，一", "K1")
        assert first["属性_X"] == ("'=1+1" if name == "a.csv" else "=1+1")
        assert ("formula_guarded" in codes(written)) == (name == "a.csv")


def test_points_make_a_row_each_and_wgs84_is_named(tmp_path):
    rows = [(shapely.Point(120.123456789012, 49.5), {"名称": "一"}), (shapely.Point(121, 49), {"名称": "二"})]
    for name in ("a.csv", "a.xlsx"):
        back = read(convert(source(tmp_path, *rows, crs="EPSG:4326"), tmp_path / name).paths[0])
        assert [g.wkt for g in back.geometries] == [g.wkt for g, _ in rows]
        assert (back.crs.code, back.datum) == ("EPSG:4326", "stated")


def test_table_that_does_not_show_its_crs_says_so(tmp_path):
    written = convert(source(tmp_path, (SQUARE, {})), tmp_path / "a.csv", crs=4549)
    assert [(note.code, note.en[-13:]) for note in written.notes] == [("crs_dropped", "is read again")]
    assert "EPSG:4549" in written.notes[0].zh


def test_mixed_geometries_are_refused_by_a_table_of_corners_and_held_by_wkt(tmp_path):
    reading = source(tmp_path, (SQUARE, {"A": "甲"}), (shapely.Point(40_500_000.125, 5_450_000), {"A": None}))
    with pytest.raises(NotWritableError, match="csv-wkt"):
        convert(reading, tmp_path / "a.csv")
    written = convert(reading, tmp_path / "a.csv", to="csv-wkt")
    lines = written.paths[0].read_text("utf-8-sig").splitlines()
    assert lines[0] == '"WKT","A"'
    assert lines[2] == '"POINT (40500000.125 5450000)",""'


def test_same_rows_make_the_same_workbook(tmp_path):
    reading = source(tmp_path, (SQUARE, {"A": "甲"}))
    one, other = (convert(reading, tmp_path / name).paths[0].read_bytes() for name in ("a.xlsx", "b.xlsx"))
    assert one == other
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        assert archive.testzip() is None


def test_lines_of_a_table_read_back_as_lines(tmp_path):
    line = shapely.MultiLineString([[(120, 49), (120.1, 49.2), (120.3, 49)], [(121, 49), (121.1, 49)]])
    written = convert(source(tmp_path, (line, {"名称": "路"}), crs="EPSG:4490"), tmp_path / "a.csv")
    assert codes(written) == {"geometry_split"}
    back = read(written.paths[0], geometry="line")
    assert [g.wkt for g in back.geometries] == [part.wkt for part in line.geoms]


def test_output_that_fails_leaves_what_was_there(tmp_path):
    (tmp_path / "a.txt").write_text("before")
    with pytest.raises(NotWritableError):
        convert(source(tmp_path, (SQUARE.exterior, {})), tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "源.geojson"]


def test_command_lists_files_and_what_is_not_as_it_was(tmp_path):
    source(tmp_path, (SQUARE, {"地块名称": "甲", "备注": "乙"}))
    done = run(tmp_path / "源.geojson", tmp_path / "a.txt", "--to", "survey-txt", "--crs", "4528", "--encoding", "GBK")
    assert done.exit_code == 0, done.output
    text = re.sub(r"\s", "", done.output)
    assert "已写" in text
    assert "格式没有位置，未写：备注" in text
    assert "地块名称" not in text
    assert "甲" in (tmp_path / "a.txt").read_text("gbk")
    english = run(tmp_path / "源.geojson", tmp_path / "a.gpkg", "--lang", "en")
    assert "written as they were" in english.output


def test_command_ends_with_3_on_a_crs_that_is_none_and_2_on_its_own_input(tmp_path):
    source(tmp_path, (SQUARE, {}))
    path = tmp_path / "源.geojson"
    assert run(path, tmp_path / "a.gpkg", "--crs", "999999").exit_code == 3
    assert run(path, tmp_path / "a.gpkg", "--to", "docx").exit_code == 2
    before = path.read_bytes()
    assert run(path, path, "--to", "geojson").exit_code == 2
    assert path.read_bytes() == before


def test_source_crs_and_date_are_taken_from_the_command(tmp_path):
    rows = "点号,X,Y\nJ1,5450000,500000\nJ2,5450000,500100\nJ3,5450100,500100\n"
    (tmp_path / "a.csv").write_text(rows, "utf-8")
    asked = ("--from-crs", "4549", "--date", "2026-11-22", "--office", "某院")
    done = run(tmp_path / "a.csv", tmp_path / "a.txt", *asked)
    assert done.exit_code == 0, done.output
    text = (tmp_path / "a.txt").read_text("utf-8")
    assert "数据产生日期=2026-11-22" in text
    assert "数据产生单位=某院" in text
    assert "5450100.000,40500100.000" in text


def test_every_note_can_be_written_to_a_gbk_console(tmp_path):
    rows = [(SQUARE, {"b": True, "m": 1, "长" * 90: "甲"}), (SQUARE.centroid, {"b": False, "m": "x"})]
    reading = source(tmp_path, *rows)
    notes = [
        note
        for key in ("gpkg", "shp", "mif", "kml", "csv-wkt", "dxf", "geojson")
        for note in convert(reading, tmp_path / f"{key}{FORMATS[key].endings[0]}", to=key).notes
    ]
    assert len(notes) > 10
    assert [note.zh for note in notes if encodable(note.zh, "GBK").text != note.zh] == []


def test_bits_survive_the_four_lossless_formats(tmp_path):
    rng = np.random.default_rng(3)
    shape = shapely.convex_hull(shapely.MultiPoint(np.array([40_500_000, 5_450_000]) + rng.uniform(0, 9e4, (40, 2))))
    reading = source(tmp_path, (shape, {"A": "007", "B": 0.1, "C": None}))
    for key in ("gpkg", "gdb", "parquet", "fgb"):
        back = read(convert(reading, tmp_path / f"a.{key}").paths[0])
        assert np.array_equal(
            np.unique(shapely.get_coordinates(back.geometries[0]), axis=0),
            np.unique(shapely.get_coordinates(reading.geometries[0]), axis=0),
        )
        assert back.attributes == reading.attributes
