"""The survey text that land offices load, written by us."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from spatial.errors import NotWritableError
from spatial.reading import read
from spatial.writing import Field, Table, survey_text
from spatial.writing.survey_text import SurveyHeader, write_survey_text

HEADER = [
    "[属性描述]",
    "格式版本号=1.01版本",
    "数据产生单位=某测绘院",
    "数据产生日期=2026-11-22",
    "坐标系=2000国家大地坐标系",
    "几度分带=3",
    "投影类型=高斯克吕格",
    "计量单位=米",
    "带号=40",
    "精度=0.001",
    "转换参数=0,0,0,0,0,0,0",
    "[地块坐标]",
]


def parcels(*shapes, crs=4528, **columns):
    rows = tuple(zip(*columns.values(), strict=True)) if columns else ((),) * len(shapes)
    fields = tuple(
        Field(name=n, long_name_zh=n, long_name_en=n, type="number" if isinstance(v[0], float) else "text")
        for n, v in columns.items()
    )
    return Table(name="t", fields=fields, rows=rows, geometries=shapes, crs=crs)


def at(east, north, width=100, height=100):
    """A parcel of zone 40 whose south-west corner lies so far from 500 km E, 5450 km N."""
    return shapely.box(40_500_000 + east, 5_450_000 + north, 40_500_000 + east + width, 5_450_000 + north + height)


def lines_of(path, encoding="utf-8"):
    data = path.read_bytes()
    assert data.endswith(b"\r\n")
    assert data.count(b"\n") == data.count(b"\r\n")
    return data.decode(encoding).split("\r\n")[:-1]


def test_whole_text_of_a_parcel_with_a_hole_and_another_one(tmp_path):
    ring = at(0, 0).difference(at(20, 20, 10, 10))
    table = parcels(ring, at(0, 1000, 10, 10), 地块名称=("地块一", "地块二"), 地块用途=("工业用地", None))
    written = write_survey_text(tmp_path / "a.txt", table, header=SurveyHeader(office="某测绘院", dated="2026-11-22"))
    assert written.notes == ()
    # 100 m x 100 m less 10 m x 10 m are 9900 m2; each ring from its north-west corner, closing point written
    assert lines_of(tmp_path / "a.txt") == [
        *HEADER,
        "10,0.9900,1,地块一,面,,工业用地,,@",
        "J1,1,5450100.000,40500000.000",
        "J2,1,5450100.000,40500100.000",
        "J3,1,5450000.000,40500100.000",
        "J4,1,5450000.000,40500000.000",
        "J1,1,5450100.000,40500000.000",
        "J1,2,5450030.000,40500020.000",
        "J2,2,5450020.000,40500020.000",
        "J3,2,5450020.000,40500030.000",
        "J4,2,5450030.000,40500030.000",
        "J1,2,5450030.000,40500020.000",
        "5,0.0100,2,地块二,面,,,,@",
        "J1,1,5451010.000,40500000.000",
        "J2,1,5451010.000,40500010.000",
        "J3,1,5451000.000,40500010.000",
        "J4,1,5451000.000,40500000.000",
        "J1,1,5451010.000,40500000.000",
    ]


def test_winding_of_the_source_does_not_matter(tmp_path):
    ring = at(0, 0).difference(at(20, 20, 10, 10))
    texts = []
    for name, shape in (("a", ring), ("b", ring.reverse()), ("c", shapely.orient_polygons(ring))):
        write_survey_text(tmp_path / f"{name}.txt", parcels(shape))
        texts.append((tmp_path / f"{name}.txt").read_bytes())
    assert texts[0] == texts[1] == texts[2]


def test_text_is_utf8_without_mark_or_gbk_by_choice(tmp_path):
    table = parcels(at(0, 0), 地块名称=("甲㎡",))
    write_survey_text(tmp_path / "u.txt", table)
    write_survey_text(tmp_path / "g.txt", table, encoding="GBK")
    assert not (tmp_path / "u.txt").read_bytes().startswith(b"\xef\xbb\xbf")
    assert lines_of(tmp_path / "u.txt") == lines_of(tmp_path / "g.txt", "gbk")
    assert read(tmp_path / "g.txt").attributes[0]["地块名称"].startswith("甲")


def test_character_that_gbk_lacks_is_replaced_and_named(tmp_path):
    written = write_survey_text(tmp_path / "a.txt", parcels(at(0, 0), 地块名称=("𠮷m³",)), encoding="GBK")
    assert {note.code for note in written.notes} == {"character_marked", "character_replaced"}
    assert "〓m3" in lines_of(tmp_path / "a.txt", "gbk")[12]


def test_parts_and_holes_count_up_and_read_back_as_one_parcel(tmp_path):
    island = at(40, 40, 5, 5)
    shape = shapely.MultiPolygon([at(0, 0).difference(at(20, 20, 60, 60)), island, at(500, 0)])
    write_survey_text(tmp_path / "a.txt", parcels(shape))
    rings = [line.split(",")[1] for line in lines_of(tmp_path / "a.txt") if line.startswith("J")]
    assert list(dict.fromkeys(rings)) == ["1", "2", "3", "4"]
    reading = read(tmp_path / "a.txt")
    assert reading.crs.code == "EPSG:4528"
    assert (reading.crs_status, reading.datum, reading.problems) == ("given", "stated", ())
    assert shapely.equals(reading.geometries[0], shape)


def test_six_degree_zone_and_its_number(tmp_path):
    shape = shapely.box(20_500_000, 5_450_000, 20_500_100, 5_450_100)
    write_survey_text(tmp_path / "a.txt", parcels(shape, crs=4498))
    assert {"几度分带=6", "带号=20"} <= set(lines_of(tmp_path / "a.txt"))
    assert read(tmp_path / "a.txt").crs.code == "EPSG:4498"


@pytest.mark.parametrize(("crs", "words"), [(2364, "1980西安坐标系"), (2416, "1954北京坐标系")])
def test_older_systems_are_named_and_read_back(tmp_path, crs, words):
    write_survey_text(tmp_path / "a.txt", parcels(at(0, 0), crs=crs))
    assert f"坐标系={words}" in lines_of(tmp_path / "a.txt")
    assert read(tmp_path / "a.txt").crs.code == f"EPSG:{crs}"


@pytest.mark.parametrize("crs", [4490, 4549, 32650, 3857])
def test_system_without_zone_number_is_refused_with_the_way_out(tmp_path, crs):
    shape = shapely.box(120, 49, 120.1, 49.1) if crs == 4490 else shapely.box(5e5, 5.45e6, 500_100, 5_450_100)
    with pytest.raises(NotWritableError, match="4528 is zone 40"):
        write_survey_text(tmp_path / "a.txt", parcels(shape, crs=crs))
    assert list(tmp_path.iterdir()) == []


def test_parcel_beyond_the_longitudes_of_its_zone_is_warned_of(tmp_path):
    # 1 degree of longitude at 49.2 N is 72.9 km: 120 km from 120 E is 121.65 E, beyond 121.5
    written = write_survey_text(tmp_path / "a.txt", parcels(at(0, 0), at(120_000, 0)))
    assert [(note.code, note.rows) for note in written.notes] == [("outside_zone", (2,))]
    assert "118.5°–121.5°" in written.notes[0].zh


def test_parcel_whose_eastings_no_longer_show_the_zone_is_refused_with_a_better_zone(tmp_path):
    # 210 km from the meridian is 2.9 degrees at 49.2 N: 122.9 E, zone 41
    with pytest.raises(NotWritableError, match=r"row 1: .*zone 41 \(EPSG:4529\)"):
        write_survey_text(tmp_path / "a.txt", parcels(at(210_000, 0)))


@pytest.mark.parametrize(
    "shape", [shapely.Point(40_500_000, 5_450_000), at(0, 0).exterior, shapely.MultiPoint([(40_500_000, 5_450_000)])]
)
def test_lines_and_points_are_refused_with_the_reason(tmp_path, shape):
    with pytest.raises(NotWritableError, match=f"row 2: survey text holds parcels, and this is {shape.geom_type}"):
        write_survey_text(tmp_path / "a.txt", parcels(at(0, 0), shape))


def test_ring_that_crosses_itself_is_refused(tmp_path):
    bow = shapely.Polygon([(40_500_000 + x, 5_450_000 + y) for x, y in ((0, 0), (10, 10), (10, 0), (0, 10))])
    with pytest.raises(NotWritableError, match="crosses itself"):
        write_survey_text(tmp_path / "a.txt", parcels(bow))


def test_tiny_parcel_gets_the_decimals_it_needs(tmp_path):
    tiny = at(0, 0, 0.0004, 0.0004)
    written = write_survey_text(tmp_path / "a.txt", parcels(tiny))
    assert [note.code for note in written.notes] == ["more_decimals"]
    assert "精度=0.0001" in lines_of(tmp_path / "a.txt")
    assert read(tmp_path / "a.txt").geometries[0].area == pytest.approx(1.6e-7, rel=0.01)


def test_parcel_that_no_allowed_decimals_can_hold_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(survey_text, "_DECIMALS", (3,))  # with nine, nothing that a double can say is too small
    with pytest.raises(NotWritableError, match="row 2: a parcel does not survive being written with 3 decimals"):
        write_survey_text(tmp_path / "a.txt", parcels(at(0, 0), at(0, 200, 0.0004, 0.0004)))


def test_points_that_fall_together_at_a_millimetre_are_written_once(tmp_path):
    points = [(0, 0), (100, 0), (100, 100), (0.0001, 100), (0, 100)]
    shape = shapely.Polygon([(40_500_000 + x, 5_450_000 + y) for x, y in points])
    write_survey_text(tmp_path / "a.txt", parcels(shape))
    assert lines_of(tmp_path / "a.txt")[12].startswith("5,1.0000,")


def test_signs_of_the_format_in_a_text_are_replaced_and_named(tmp_path):
    written = write_survey_text(tmp_path / "a.txt", parcels(at(0, 0), 地块名称=("甲,乙，丙、丁@\n戊",)))
    assert [(note.code, note.field, note.rows) for note in written.notes] == [("character_replaced", "地块名称", (1,))]
    reading = read(tmp_path / "a.txt")
    assert reading.attributes[0]["地块名称"] == "甲;乙;丙;丁(at) 戊"
    assert reading.attributes[0]["图形属性"] == "面"


def test_columns_without_a_place_are_named(tmp_path):
    written = write_survey_text(tmp_path / "a.txt", parcels(at(0, 0), DKBH=("K7",), 备注=("甲",), X=("乙",)))
    assert [(note.code, note.en) for note in written.notes] == [
        ("attributes_dropped", "the format has no place for: 备注, X")
    ]
    assert lines_of(tmp_path / "a.txt")[12] == "5,1.0000,K7,,面,,,,@"


def test_declared_area_gives_way_to_the_measured_one_and_both_are_told(tmp_path):
    written = write_survey_text(tmp_path / "a.txt", parcels(at(0, 0), declared_area_m2=(10_200.0,)))
    assert [note.en for note in written.notes] == ["declared 1.0200 hm2; the measured 1.0000 hm2 is written"]


def test_coordinates_keep_to_half_a_millimetre(tmp_path):
    rng = np.random.default_rng(7)
    shape = shapely.convex_hull(shapely.MultiPoint(np.array([40_500_000, 5_450_000]) + rng.uniform(0, 1000, (30, 2))))
    write_survey_text(tmp_path / "a.txt", parcels(shape))
    back = read(tmp_path / "a.txt").geometries[0]
    assert shapely.hausdorff_distance(back, shape) <= 0.00051 * 2**0.5


def test_header_is_blank_where_nothing_is_known_and_never_today(tmp_path):
    write_survey_text(tmp_path / "a.txt", parcels(at(0, 0)))
    assert lines_of(tmp_path / "a.txt")[2:4] == ["数据产生单位=", "数据产生日期="]
    assert lines_of(tmp_path / "a.txt")[0] == "[属性描述]"
