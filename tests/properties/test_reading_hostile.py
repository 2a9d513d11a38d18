"""Any bytes under any name: `read` ends in time, with a `Reading` or with an error of ``spatial``."""

from __future__ import annotations

import io
import json
import math
import struct
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spatial.errors import ReadingError, SpatialError
from spatial.reading import Reading, read, read_text

LIMIT_S = 20
NATIVE = [".txt", ".csv", ".dat", ".tsv", ".geojson", ".json", ".kml", ".ovkml", ".gpx", "", ".zip", ".kmz", ".dwg"]
FOREIGN = [".shp", ".gpkg", ".gml", ".dxf", ".xlsx", ".xls", ".ods", ".parquet", ".fgb", ".tab", ".mif"]
QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


def packed(members: dict[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return whole.getvalue()


def shp() -> bytes:
    ring = np.array([(117.0, 49.0), (117.0, 49.1), (117.1, 49.1), (117.0, 49.0)])
    body = struct.pack("<i4d2ii", 5, 117.0, 49.0, 117.1, 49.1, 1, 4, 0) + ring.astype("<f8").tobytes()
    record = struct.pack(">ii", 1, len(body) // 2) + body
    head = struct.pack(">7i", 9994, 0, 0, 0, 0, 0, (100 + len(record)) // 2) + struct.pack("<2i8d", 1000, 5, *[0.0] * 8)
    return head + record


SQUARE = [[117.0, 49.0], [117.1, 49.0], [117.1, 49.1], [117.0, 49.0]]
FEATURE = {"type": "Feature", "properties": {"名称": "甲"}, "geometry": {"type": "Polygon", "coordinates": [SQUARE]}}
KML = "<kml><Folder><name>a</name><Placemark><Polygon><outerBoundaryIs><LinearRing><coordinates>" + " ".join(
    f"{x},{y}" for x, y in SQUARE
)
KML += "</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></Folder></kml>"
SURVEY = "[属性描述]\n坐标系=2000国家大地坐标系\n带号=40\n[地块坐标]\n4,0.5,1,甲,面,,,,@\n"
SURVEY += "J1,1,5450000,40500000\nJ2,1,5450000,40500100\nJ3,1,5450100,40500100\nJ1,1,5450000,40500000\n"
DXF = "0\nSECTION\n2\nENTITIES\n0\nLINE\n8\n0\n10\n1\n20\n2\n11\n3\n21\n4\n0\nENDSEC\n0\nEOF\n"
SEEDS: dict[str, bytes] = {
    ".geojson": json.dumps({"type": "FeatureCollection", "features": [FEATURE, FEATURE]}).encode(),
    ".kml": KML.encode(),
    ".txt": SURVEY.encode("gbk"),
    ".csv": "点号,X,Y\nJ1,5450000,40500000\nJ2,5450000,40500100\nJ3,5450100,40500100\n".encode(),
    ".dat": b"1,,40500000.5,5450000.5,12\n2,,40500001.5,5450000.5,12\n",
    ".gpx": b'<gpx><wpt lon="117" lat="49"/></gpx>',
    ".zip": packed({"a/site.csv": "名称,经度,纬度\n甲,117.1,49.1\n".encode()}),
    ".shp": shp(),
    ".dxf": DXF.encode(),
    ".xls": bytes.fromhex("d0cf11e0a1b11ae1") + bytes(1528),
    ".ods": packed({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<a/>"}),
    ".gpkg": b"SQLite format 3\0" + struct.pack(">H", 4096) + bytes(4078),
    ".fgb": b"fgb\x03fgb\x00" + bytes(200),
    ".parquet": b"PAR1" + bytes(100) + b"PAR1",
    ".gml": b'<gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml"/>',
    ".mif": b"Version 300\nColumns 0\nData\n",
}


def check(data: bytes, suffix: str) -> None:
    """Read it, and hold what came of it against what is promised."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"site{suffix}")
        path.write_bytes(data)
        begin = time.monotonic()
        reading: Reading | None = None
        failure: SpatialError | None = None
        try:
            reading = read(path)
        except SpatialError as error:
            failure = error
        assert time.monotonic() - begin < LIMIT_S
        assert failure is None or (str(failure) and folder not in str(failure))
        assert not isinstance(failure, ReadingError) or (failure.file and failure.remedy)
    if reading is not None:
        assert len(reading.geometries) == len(reading.attributes) == len(reading.ids)
        assert all(np.isfinite(shapely.get_coordinates(one)).all() and not one.is_empty for one in reading.geometries)
        assert (reading.crs is None) == (reading.crs_status == "refused")
        assert all(one.problem.message for one in reading.unreadable)
        assert math.isfinite(reading.accuracy.metres)


@st.composite
def spoilt(draw: st.DrawFn, suffixes: list[str]) -> tuple[bytes, str]:
    """A good file cut, changed, or with a part of it twice."""
    suffix = draw(st.sampled_from(suffixes))
    data = bytearray(SEEDS[suffix])
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        match draw(st.integers(0, 3)):
            case 0:
                del data[at:]
            case 1 if data:
                data[at] = draw(st.integers(0, 255))
            case 2:
                data[at:at] = data[at : at + draw(st.integers(1, 60))]
            case _:
                data[at:at] = draw(st.binary(max_size=8))
    return bytes(data), suffix


@settings(max_examples=150, deadline=None, suppress_health_check=QUIET)
@given(data=st.binary(max_size=400), suffix=st.sampled_from(NATIVE))
def test_any_bytes_under_any_name_end_in_a_reading_or_an_error(data: bytes, suffix: str) -> None:
    check(data, suffix)


@settings(max_examples=150, deadline=None, suppress_health_check=QUIET)
@given(text=st.text(alphabet="0123456789.,;:°′″度分秒东经北纬JXYgb@[]地块坐标=-+e \t\n\"'", max_size=200))
def test_any_text_of_coordinates_ends_in_a_reading_or_an_error(text: str) -> None:
    check(text.encode(), ".txt")
    try:
        made = len(read_text(text).geometries)
    except SpatialError:
        made = 1
    assert made == 1


@settings(max_examples=200, deadline=None, suppress_health_check=QUIET)
@given(case=spoilt([".geojson", ".kml", ".txt", ".csv", ".dat", ".gpx", ".zip"]))
def test_a_good_file_spoilt_ends_in_a_reading_or_an_error(case: tuple[bytes, str]) -> None:
    check(*case)


@settings(max_examples=12, deadline=None, suppress_health_check=QUIET)
@given(case=spoilt([one for one in FOREIGN if one in SEEDS]))
def test_a_foreign_file_spoilt_ends_in_a_reading_or_an_error(case: tuple[bytes, str]) -> None:
    check(*case)


@settings(max_examples=30, deadline=None, suppress_health_check=QUIET)
@given(data=st.binary(max_size=300), suffix=st.sampled_from(FOREIGN))
def test_any_bytes_under_a_foreign_name_end_in_a_reading_or_an_error(data: bytes, suffix: str) -> None:
    check(data, suffix)
