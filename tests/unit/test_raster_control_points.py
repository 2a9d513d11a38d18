"""Files of control points: what they hold, whatever program wrote them, and what is refused."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest

from spatial.errors import CRSError, MalformedSourceError, MapFitError, MissingCRSError, SourceNotFoundError
from spatial.raster.control_points import ControlPoint, ControlPoints, read_control_points
from spatial.raster.graticule import GraticuleTick, control_points_of_ticks
from spatial.raster.planes import planar
from spatial.systems import identify
from tests.unit.test_reading_workbooks import sheet_xml, write_xlsx

DEGREES, PLANE = identify(4490), identify(4528)


@pytest.fixture
def points_of(tmp_path):
    def read(text: str | bytes, name: str = "控制点.csv", **options) -> ControlPoints:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return read_control_points(path, **options)

    return read


def shown(points: ControlPoints) -> list[tuple]:
    return [(p.id, p.column, p.row, p.x, p.y) for p in points.points]


def test_rows_of_qgis_count_up_from_the_top_edge_and_switched_off_points_stay_out(points_of):
    wkt = identify(4528).wkt.replace("\n", "")
    text = (
        f"#CRS: {wkt}\nmapX,mapY,sourceX,sourceY,enable,dX,dY,residual\n"
        "40482918.4,5453252.0,100.5,-200.25,1,0,0,0\n40483918.4,5453252.0,300.5,-200.25,0,0,0,0\n"
    )
    found = points_of(text, "图.png.points")
    assert found.crs.code == "EPSG:4528"
    assert shown(found) == [("1", 100.5, 200.25, 40482918.4, 5453252.0)]
    assert [(p.code, p.detail) for p in found.problems] == [("points_disabled", "1")]


def test_the_older_header_of_qgis_is_read_alike(points_of):
    found = points_of("mapX,mapY,pixelX,pixelY,enable\n119.5,49.5,10,-20,1\n", "a.points", crs=4490)
    assert shown(found) == [("1", 10.0, 20.0, 119.5, 49.5)]


def test_points_taken_on_a_placed_picture_are_refused(points_of):
    text = "mapX,mapY,sourceX,sourceY,enable\n119.5,49.5,482918.4,5453252.0,1\n"
    with pytest.raises(MalformedSourceError, match="record 2: sourceY is above the top edge"):
        points_of(text, "a.points", crs=4490)


def test_chinese_headers_and_degrees_minutes_seconds_in_gbk(points_of):
    text = "点号,像素列,像素行,经度,纬度,精度(m)\nA1,10.5,20.5,119°30′00″,北纬49°15′36″,5\n"
    found = points_of(text.encode("gbk"), crs=4490)
    # 15/60 + 36/3600 = 0.26
    assert found.points == (ControlPoint(id="A1", column=10.5, row=20.5, x=119.5, y=49.26, accuracy_m=5.0),)


def test_north_first_under_x_is_told_by_size_as_chinese_survey_writes_it(points_of):
    text = "点号,列,行,X,Y\n1,10,20,5453252.0,40482918.4\n2,30,20,5453252.0,40483918.4\n"
    found = points_of(text, crs=4528)
    assert shown(found)[0] == ("1", 10.0, 20.0, 40482918.4, 5453252.0)
    assert [p.code for p in found.problems] == ["axes_swapped"]


def test_rows_of_which_only_some_stand_the_other_way_round_are_refused(points_of):
    text = "列,行,X,Y\n10,20,5453252.0,40482918.4\n30,20,40483918.4,5453252.0\n"
    with pytest.raises(MalformedSourceError, match=r"record 2.*the other way round"):
        points_of(text, crs=4528)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", json.dumps({"crs": "EPSG:4490", "points": [{"id": "P", "column": 1, "row": 2, "lon": "119°30′", "lat": 49}]})),
        ("a.toml", 'crs = "EPSG:4490"\n[[points]]\nid = "P"\ncolumn = 1\nrow = 2\nlon = 119.5\nlat = 49.0\n'),
        ("a.csv", "# CRS: EPSG:4490\nid\tcol\trow\tlon\tlat\nP\t1\t2\t119.5\t49.0\n"),
        ("a.txt", "# 坐标系：EPSG:4490\nid；列；行；经度；纬度\n".replace("：", ":").replace("；", ";") + "P;1;2;119.5;49.0\n"),
    ],
    ids=["json", "toml", "tabs", "semicolons"],
)  # fmt: skip
def test_json_toml_and_tables_say_the_same(points_of, name, text):
    found = points_of(text, name)
    assert shown(found) == [("P", 1.0, 2.0, 119.5, 49.0)]
    assert found.crs.code == "EPSG:4490"


def test_a_workbook_is_read_as_a_table(tmp_path):
    rows = [["# CRS: EPSG:4490"], ["点号", "像素列", "像素行", "经度", "纬度"], ["A", 1.5, 2.5, "119°30′", 49.25]]
    write_xlsx(tmp_path / "a.xlsx", {"控制点": sheet_xml(rows)})
    assert shown(read_control_points(tmp_path / "a.xlsx")) == [("A", 1.5, 2.5, 119.5, 49.25)]


def test_an_archive_that_is_no_workbook_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", "列,行,经度,纬度\n1,2,119.5,49.5\n")
    with pytest.raises(MalformedSourceError, match="an archive and no workbook"):
        read_control_points(tmp_path / "a.zip", crs=4490)


def test_without_a_stated_system_nothing_is_read(points_of):
    with pytest.raises(MissingCRSError, match="No coordinate system is stated"):
        points_of("列,行,经度,纬度\n1,2,119.5,49.5\n")


def test_two_statements_of_the_system_must_agree(points_of):
    text = "# CRS: EPSG:4610\n列,行,经度,纬度\n1,2,119.5,49.5\n"
    assert points_of(text).crs.datum == "xian80"
    with pytest.raises(CRSError, match=r"The file says EPSG:4610.*the option says EPSG:4490"):
        points_of(text, crs=4490)


@pytest.mark.parametrize(
    ("crs", "x", "y", "why"),
    [
        (4528, "119.5", "49.5", "look like longitude and latitude"),
        (4528, "482918.4", "5453252.0", "carry a zone number"),
        (4549, "40482918.4", "5453252.0", "do not carry a zone number"),
        (4527, "40482918.4", "5453252.0", "they are of zone 40"),
        (4490, "40482918.4", "5453252.0", "they are no degrees"),
    ],
)
def test_numbers_that_do_not_fit_the_system_are_refused_with_their_line(points_of, crs, x, y, why):
    with pytest.raises(CRSError, match=rf"line 3.*{why}"):
        points_of(f"# from the plan\nid,列,行,x,y\nA,1,2,{x},{y}\n", crs=crs)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("列,行,经度,纬度\n1,,119.5,49.5\n", "record 2: no row"),
        ("列,行,经度,纬度\n1,2°,119.5,49.5\n", "record 2.*row is '2°'|record 2: row"),
        ("列,行,经度,纬度\n1,2,119°75′,49.5\n", "minutes and seconds must be below 60"),
        ("列,行,经度,纬度\n1,2,119.5,49.5,7\n", "5 cells, the header has 4"),
        ("列,行,经度,lon,纬度\n1,2,119.5,119.5,49.5\n", "two columns are the lon"),
        ("列,行,经度,纬度,x,y\n1,2,119.5,49.5,1,2\n", "x or y besides"),
        ("列,经度,纬度\n1,119.5,49.5\n", "no column for: row"),
        ("1,2,119.5,49.5\n", "no column for: column, row, map coordinates"),
        ("点号,列,行,经度,纬度\nA,1,2,119.5,49.5\nA,5,2,119.6,49.5\n", "two control points are called 'A'"),
        ("列,行,经度,纬度,精度\n1,2,119.5,49.5,-3\n", "accuracy: -3 m|-3 m"),
        ("列,行,经度,纬度\n", "no control point"),
        ("", "holds no lines"),
        ('列,行,经度,纬度\n1,2,"119.5,49.5\n', "no complete table"),
    ],
)
def test_a_row_that_cannot_be_read_stops_the_file(points_of, text, why):
    with pytest.raises(MalformedSourceError, match=why):
        points_of(text, crs=4490)


def test_broken_json_and_toml_are_named(points_of):
    with pytest.raises(MalformedSourceError, match="no JSON"):
        points_of('{"points": [', "a.json", crs=4490)
    with pytest.raises(MalformedSourceError, match="a key stands twice"):
        points_of('{"points": [], "points": []}', "a.json", crs=4490)
    with pytest.raises(MalformedSourceError, match="no TOML"):
        points_of("points = [", "a.toml", crs=4490)
    with pytest.raises(MalformedSourceError, match="no list `points`"):
        points_of('{"type": "FeatureCollection"}', "a.json", crs=4490)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SourceNotFoundError, match="no such file"):
        read_control_points(tmp_path / "none.csv", crs=4490)


# -- ticks ----------------------------------------------------------------------------------------------------------

STEP, TURN = 8.0, 0.25  # metres a pixel, and a scan laid askew
MATRIX = np.array([[STEP, TURN], [TURN, -STEP]])
CORNER = np.array([40_400_000.0, 5_500_000.0])


def pixel(lon: float, lat: float) -> np.ndarray:
    """Where a map drawn in zone 40 shows a place."""
    x, y = planar(np.array([lon]), np.array([lat]), DEGREES, PLANE)
    return (np.array([x[0], y[0]]) - CORNER) @ np.linalg.inv(MATRIX)


def frame_ticks(lons=(119.2, 119.8), lats=(49.2, 49.5)) -> list[GraticuleTick]:
    ticks = []
    for lon in lons:
        for lat in (49.1, 49.6):
            column, row = pixel(lon, lat)
            ticks.append(GraticuleTick(column=column, row=row, lon=lon))
    for lat in lats:
        for lon in (119.0, 120.0):
            column, row = pixel(lon, lat)
            ticks.append(GraticuleTick(column=column, row=row, lat=lat))
    return ticks


def test_ticks_of_a_map_in_a_known_projection_cross_where_the_curves_do():
    for point in control_points_of_ticks(frame_ticks(), drawn_in=PLANE):
        assert np.hypot(*(pixel(point.x, point.y) - (point.column, point.row))) < 0.02


def test_ticks_of_a_map_in_an_unknown_projection_carry_the_bend_as_their_accuracy():
    # sagitta of the parallel over 1 degree, R sin f cos f dl^2 / 8, at its middle; here at 0.2 of the way in:
    # 4 t (1 - t) of it
    for point in control_points_of_ticks(frame_ticks()):
        lat = np.radians(point.y)
        sagitta = 6.378e6 * np.sin(lat) * np.cos(lat) * np.radians(1.0) ** 2 / 8
        expected = 4 * 0.2 * 0.8 * sagitta
        assert point.accuracy_m == pytest.approx(expected, rel=0.1)
        assert np.hypot(*(pixel(point.x, point.y) - (point.column, point.row))) * STEP <= point.accuracy_m * 1.01


def test_a_row_with_a_longitude_or_latitude_alone_is_a_tick(points_of):
    text = (
        "id,列,行,经度,纬度\nP,250,250,119.5,49.25\n,100,0,119°,\n,100,900,119°,\n,500,0,120°,\n,500,900,120°,\n"
        ",0,100,,49.5\n,600,100,,49.5\n,0,700,,49\n,600,700,,49\n"
    )
    found = points_of(text, crs=4490, drawn_in=DEGREES)
    assert shown(found) == [
        ("P", 250.0, 250.0, 119.5, 49.25),
        ("E119 N49", 100.0, 700.0, 119.0, 49.0),
        ("E119 N49.5", 100.0, 100.0, 119.0, 49.5),
        ("E120 N49", 500.0, 700.0, 120.0, 49.0),
        ("E120 N49.5", 500.0, 100.0, 120.0, 49.5),
    ]


def test_more_than_two_ticks_of_a_line_are_averaged():
    ticks = [t for t in frame_ticks() if t.lon is None]
    # a vertical meridian at column 1000, its three ticks off by +3, -6, +3: the line of least squares is the middle
    ticks += [GraticuleTick(column=1000 + d, row=r, lon=119.5) for d, r in ((3, 0), (-6, 3000), (3, 6000))]
    ticks += [GraticuleTick(column=9000, row=r, lon=119.9) for r in (0, 6000)]
    found = control_points_of_ticks(ticks, drawn_in=DEGREES)
    assert found[0].column == pytest.approx(1000, abs=0.01)


@pytest.mark.parametrize(
    ("ticks", "why"),
    [
        (frame_ticks(lons=(119.2,)), "1 meridians and 2 parallels"),
        (frame_ticks()[1:], "the meridian 119.2 has 1 tick"),
        ([*frame_ticks(), GraticuleTick(column=1, row=1)], "either a longitude or a latitude"),
        ([*frame_ticks(), GraticuleTick(column=1, row=1, lon=119.0, lat=49.0)], "either a longitude or a latitude"),
        (
            [
                GraticuleTick(column=t.column, row=t.row, lat=None if t.lon is None else 49.0 + t.lon % 1, lon=t.lat)
                for t in frame_ticks()
            ][:4]
            + frame_ticks()[:4],
            "less than 6 degrees",
        ),
    ],
)
def test_ticks_that_make_no_graticule_are_refused(ticks, why):
    with pytest.raises(MapFitError, match=why):
        control_points_of_ticks(ticks, drawn_in=DEGREES)
