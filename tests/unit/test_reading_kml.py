"""KML, KMZ, OVKML and GPX."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from spatial.errors import IncompleteSourceError
from spatial.reading import Reading, read

if TYPE_CHECKING:
    from pathlib import Path

RING = "117,49 117.1,49 117.1,49.1 117,49.1 117,49"
HEAD = '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
TAIL = "</Document></kml>"


def ring(text: str, side: str = "outer") -> str:
    return f"<{side}BoundaryIs><LinearRing><coordinates>{text}</coordinates></LinearRing></{side}BoundaryIs>"


def placemark(inner: str, name: str = "地块") -> str:
    return f"<Placemark><name>{name}</name>{inner}</Placemark>"


POLYGON = f"<Polygon>{ring(RING)}</Polygon>"


def read_kml(folder: Path, body: str, name: str = "site.kml", **options: str) -> Reading:
    path = folder / name
    path.write_text(HEAD + body + TAIL, encoding="utf-8")
    return read(path, **options)  # type: ignore[arg-type]


def test_folders_are_layers_and_holes_are_holes(tmp_path: Path) -> None:
    hole = ring("117.02,49.02,5 117.04,49.02,5 117.04,49.04,5 117.02,49.02,5", "inner")
    body = f"<Folder><name>红线</name>{placemark(f'<Polygon>{ring(RING)}{hole}</Polygon>')}</Folder>"
    body += placemark(f"<LineString><coordinates>{RING}</coordinates></LineString>")
    reading = read_kml(tmp_path, body)
    assert reading.layer_names == ("红线", "site")
    assert reading.ids == ("红线/1", "site/1")
    assert reading.geometries[0].area == pytest.approx(0.01 - 0.0002)
    assert reading.geometries[1].geom_type == "LineString"  # a closed line stays one
    assert (reading.crs.code, reading.datum) == ("EPSG:4326", "stated")
    assert reading.accuracy.metres == pytest.approx((10**2 + 1**2) ** 0.5)


def test_data_of_a_placemark_are_attributes(tmp_path: Path) -> None:
    data = '<ExtendedData><Data name="用途"><value>工业</value></Data>'
    data += '<SchemaData><SimpleData name="面积">24</SimpleData></SchemaData></ExtendedData>'
    assert read_kml(tmp_path, placemark(data + POLYGON)).attributes[0] == {"name": "地块", "用途": "工业", "面积": "24"}


@pytest.mark.parametrize(
    ("inner", "code", "has_box"),
    [
        ("", "no_geometry", False),
        ("<MultiGeometry/>", "empty_geometry", False),
        (f"<MultiGeometry>{POLYGON}<Model/></MultiGeometry>", "model_geometry", False),
        (f"<Polygon>{ring(RING[:-6])}</Polygon>", "ring_not_closed", True),
        ("<Polygon></Polygon>", "bad_coordinates", False),
        ("<Point><coordinates>117;49</coordinates></Point>", "bad_coordinates", False),
        ("<Point><coordinates>117,NaN</coordinates></Point>", "not_finite", False),
        ("<Point><coordinates>49,117</coordinates></Point>", "out_of_range", False),
        ("<Point/>", "bad_coordinates", False),
        ("<LineString><coordinates>117,49</coordinates></LineString>", "too_few_points", True),
        ("<LineString><coordinates>117,49 117.1,49,1,2</coordinates></LineString>", "bad_coordinates", False),
    ],
)
def test_a_placemark_that_cannot_be_read_is_listed(tmp_path: Path, inner: str, code: str, has_box: bool) -> None:
    reading = read_kml(tmp_path, placemark(inner) + placemark(POLYGON))
    assert [(one.id, one.problem.code, one.box is not None) for one in reading.unreadable] == [("1", code, has_box)]
    assert reading.ids == ("2",)


def test_a_link_to_another_file_is_not_opened_but_listed(tmp_path: Path) -> None:
    link = "<NetworkLink><Link><href>http://127.0.0.1:9/a.kml</href></Link></NetworkLink>"
    assert [one.problem.code for one in read_kml(tmp_path, link + placemark(POLYGON)).unreadable] == ["network_link"]


def test_every_truncation_of_a_kml_is_refused(tmp_path: Path) -> None:
    whole = HEAD + placemark(POLYGON) + TAIL
    path = tmp_path / "site.kml"
    for length in range(len(HEAD), len(whole)):
        path.write_text(whole[:length], encoding="utf-8")
        with pytest.raises(IncompleteSourceError):
            read(path)


def test_a_kmz_is_a_zip_with_a_kml(tmp_path: Path) -> None:
    path = tmp_path / "site.kmz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("doc.kml", HEAD + placemark(POLYGON) + TAIL)
        archive.writestr("files/icon.png", "x")
    assert read(path).geometries[0].area == pytest.approx(0.01)


def test_an_export_of_ovital_must_say_that_it_is_not_shifted(tmp_path: Path) -> None:
    open_ = read_kml(tmp_path, placemark(POLYGON), "site.ovkml")
    assert (open_.crs, open_.crs_status) == (None, "ambiguous")
    assert {one.offset for one in open_.hypotheses if one.alive} == {None, "gcj02", "bd09"}
    styled = placemark("<OvCoordType>GCJ-02</OvCoordType>" + POLYGON)
    shifted = read_kml(tmp_path, styled)
    assert (shifted.crs.code, shifted.crs_status, shifted.offset) == ("EPSG:4490", "given", "gcj02")
    assert [term.metres for term in shifted.accuracy.terms][:2] == [10, 10]  # drawn, offset undone
    assert read_kml(tmp_path, styled, crs="EPSG:4490").crs.code == "EPSG:4490"
    stated = read_kml(tmp_path, placemark("<OvCoordType>CGCS2000</OvCoordType>" + POLYGON), "site.ovkml")
    assert (stated.crs.code, stated.crs_evidence[0].code, stated.accuracy.metres) == ("EPSG:4490", "ov_coord_type", 10)


def test_a_kml_in_gbk_is_read(tmp_path: Path) -> None:
    path = tmp_path / "site.kml"
    path.write_bytes((HEAD.replace("UTF-8", "GBK") + placemark(POLYGON) + TAIL).encode("gbk"))
    assert read(path).attributes[0]["name"] == "地块"


def test_tracks_routes_and_waypoints_are_features(tmp_path: Path) -> None:
    path = tmp_path / "walk.gpx"
    points = "".join(f'<trkpt lat="49.{i}" lon="117"/>' for i in range(3))
    body = f'<wpt lat="49" lon="117"><name>井</name></wpt><trk><trkseg>{points}</trkseg></trk>'
    body += '<rte><rtept lat="49" lon="117"/></rte>'
    path.write_text(f'<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1">{body}</gpx>', encoding="utf-8")
    reading = read(path)
    assert [one.geom_type for one in reading.geometries] == ["Point", "LineString"]
    assert reading.geometries[1].coords[2] == (117.0, 49.2)
    assert [(one.id, one.problem.code) for one in reading.unreadable] == [("routes/1", "too_few_points")]
