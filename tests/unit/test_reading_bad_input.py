"""What is broken, hostile or empty: one clear error that names the file and what to do, or a read with it listed."""

from __future__ import annotations

import contextlib
import json
import time
import zipfile
from typing import TYPE_CHECKING

import pytest

from spatial.coordinates import parse, parse_all
from spatial.errors import (
    CoordinateError,
    IncompleteSourceError,
    MalformedSourceError,
    ReadingError,
    SourceTooLargeError,
    UnsafeArchiveError,
    UnsupportedFormatError,
)
from spatial.reading import Reading, read
from spatial.reading.survey_text import is_survey_text

if TYPE_CHECKING:
    from pathlib import Path

SQUARE = [[117.0, 49.0], [117.1, 49.0], [117.1, 49.1], [117.0, 49.1], [117.0, 49.0]]
CSV = "名称,经度,纬度\n甲,117.1,49.1\n"


def features(*geometries: object) -> str:
    rows = [{"type": "Feature", "properties": {}, "geometry": one} for one in geometries]
    return json.dumps({"type": "FeatureCollection", "features": rows})


def polygon(*rings: object) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": list(rings)}


def read_bytes(folder: Path, name: str, data: bytes | str) -> Reading:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read(path)


def pack(path: Path, members: dict[str, bytes | str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


SUFFIXES = [
    ".shp",
    ".gpkg",
    ".geojson",
    ".kml",
    ".kmz",
    ".gpx",
    ".gml",
    ".dxf",
    ".xlsx",
    ".xls",
    ".ods",
    ".csv",
    ".txt",
]
SUFFIXES += [".dat", ".parquet", ".fgb", ".tab", ".mif", ".zip", ".dwg", ""]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("data", [b"", b" \r\n\t", bytes(5000)])
def test_an_empty_file_is_said_to_be_empty(tmp_path: Path, suffix: str, data: bytes) -> None:
    with pytest.raises(
        IncompleteSourceError, match=r"site.*(it is empty|all of them zero or blank).*Get the file again"
    ):
        read_bytes(tmp_path, f"site{suffix}", data)


@pytest.mark.parametrize("name", ["site.shp", "site.gpkg", "site.txt", "site.xlsx", "site.dwg", "site"])
def test_a_wrong_extension_does_not_matter_where_the_content_tells(tmp_path: Path, name: str) -> None:
    text = features(polygon(SQUARE))
    if name == "site.shp":
        with pytest.raises(IncompleteSourceError, match=r"does not begin like a \.shp"):
            read_bytes(tmp_path, name, text)
    else:
        assert read_bytes(tmp_path, name, text).format == "geojson"


def test_an_archive_of_ten_thousand_files_is_refused_at_once(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", {f"{i}.csv": "x" for i in range(10_000)})
    begin = time.monotonic()
    with pytest.raises(SourceTooLargeError, match="holds 10000 files, at most 5000"):
        read(path)
    assert time.monotonic() - begin < 5


def test_an_archive_that_unpacks_without_end_is_refused_before_it_does(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("site.csv", "w") as member:
        for _ in range(200):
            member.write(bytes(1 << 20))
    with pytest.raises(UnsafeArchiveError, match="unpacks to more than 300 times its size"):
        read(path)


def test_archives_within_archives_and_names_that_leave_the_folder_are_refused(tmp_path: Path) -> None:
    inner = pack(tmp_path / "inner.zip", {"site.csv": CSV}).read_bytes()
    with pytest.raises(UnsupportedFormatError, match=r"inner\.zip: an archive inside an archive"):
        read(pack(tmp_path / "a.zip", {"inner.zip": inner}))
    with pytest.raises(UnsupportedFormatError, match="an archive inside an archive"):
        read(pack(tmp_path / "b.zip", {"site.csv": inner}))
    for name in ("../site.csv", "a/../../site.csv", "/etc/site.csv", "C:\\site.csv"):
        with pytest.raises(UnsafeArchiveError, match="leaves the folder"):
            read(pack(tmp_path / "c.zip", {name: CSV}))
    kml = "<kml><Placemark><Point><coordinates>117,49</coordinates></Point></Placemark></kml>"
    kmz = pack(tmp_path / "a.kmz", {"doc.kml": kml}).read_bytes()
    assert len(read(pack(tmp_path / "d.zip", {"资料/site.kmz": kmz})).geometries) == 1


def test_an_archive_with_password_or_damage_is_refused(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", {"site.csv": CSV * 50})
    whole = bytearray(path.read_bytes())
    damaged = bytearray(whole)
    damaged[45] ^= 0xFF
    path.write_bytes(damaged)
    with pytest.raises(IncompleteSourceError, match=r"cannot be unpacked|cannot be opened"):
        read(path)
    locked = bytearray(whole)
    locked[6] |= 1
    locked[whole.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(locked)
    with pytest.raises(UnsafeArchiveError, match="needs a password"):
        read(path)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_are_listed_with_their_record(tmp_path: Path, number: str) -> None:
    bad = json.dumps(polygon(SQUARE)).replace("117.1", number, 1)
    text = features(polygon(SQUARE), {"type": "Point", "coordinates": "BAD"}).replace(
        '{"type": "Point", "coordinates": "BAD"}', bad
    )
    reading = read_bytes(tmp_path, "a.geojson", text)
    assert [(one.id, one.problem.code, one.problem.record) for one in reading.unreadable] == [("2", "not_finite", 2)]
    table = read_bytes(tmp_path, "a.csv", CSV + f"乙,{number},49.2\n")
    assert [(one.id, one.problem.record) for one in table.unreadable] == [("2", 3)]


def test_a_ring_of_a_million_points_is_read_in_time(tmp_path: Path) -> None:
    count = 1_000_000
    lon = [117 + 0.5 * i / count for i in range(count)]
    ring = [[x, 49 + (i % 2) * 1e-9] for i, x in enumerate(lon)] + [[117.5, 50], [117, 50], lon and [117.0, 49.0]]
    begin = time.monotonic()
    reading = read_bytes(tmp_path, "a.geojson", features(polygon(ring)))
    assert len(reading.geometries[0].exterior.coords) == count + 3
    assert time.monotonic() - begin < 60


def test_flat_and_crossing_polygons_mixed_types_and_none_are_told_apart(tmp_path: Path) -> None:
    flat = [[117.0, 49.0], [117.1, 49.1], [117.2, 49.2], [117.0, 49.0]]
    bow = [[117.0, 49.0], [117.1, 49.1], [117.1, 49.0], [117.0, 49.1], [117.0, 49.0]]
    line = {"type": "LineString", "coordinates": SQUARE[:2]}
    point = {"type": "Point", "coordinates": SQUARE[0]}
    reading = read_bytes(tmp_path, "a.geojson", features(polygon(flat), polygon(bow), line, point, None))
    assert [(one.id, one.problem.code) for one in reading.unreadable] == [("1", "zero_area"), ("5", "no_geometry")]
    assert reading.unreadable[0].box == (117.0, 49.0, 117.2, 49.2)
    # the crossing one is for those to repair who know how: it encloses something
    assert [one.geom_type for one in reading.geometries] == ["Polygon", "LineString", "Point"]
    nothing = read_bytes(tmp_path, "b.geojson", features())
    assert [one.code for one in nothing.problems] == ["no_features"]


@pytest.mark.parametrize(
    ("encoding", "named"),
    [
        ("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("gbk", "gb18030"), ("gb2312", "gb18030"), ("gb18030", "gb18030"),
        ("utf-16", "utf-16-le"), ("utf-16-le", "utf-16-le"), ("utf-16-be", "utf-16-be"), ("utf-32", "utf-32-le"),
        ("utf-32-be", None), ("utf-7", None),
    ],
)  # fmt: skip
def test_ten_encodings_are_read_or_refused(tmp_path: Path, encoding: str, named: str | None) -> None:
    data = "\nname,经度,纬度\n满洲里,117.1,49.1\n".lstrip().encode(encoding)
    if named is None:
        with pytest.raises((MalformedSourceError, UnsupportedFormatError), match=r"a\.csv"):
            read_bytes(tmp_path, "a.csv", data)
        return
    reading = read_bytes(tmp_path, "a.csv", data)
    assert (reading.encoding, reading.attributes[0]["name"]) == (named, "满洲里")


def test_big5_is_told_by_its_words(tmp_path: Path) -> None:
    reading = read_bytes(tmp_path, "a.csv", "名稱,經度,緯度\n滿洲里,117.1,49.1\n".encode("big5"))
    assert (reading.encoding, reading.attributes[0]["名稱"]) == ("big5", "滿洲里")
    assert reading.geometries[0].wkt == "POINT (117.1 49.1)"


@pytest.mark.parametrize(
    "text",
    [
        "999\n" * 20_000,
        "999" + "\n" * 60_000,
        "<?" * 30_000,
        "<?xml " + "encoding=" * 7_000,
        "<!--" * 16_000,
        "," * 60_000,
        "1°" + " " * 60_000,
        "1," + "°" * 60_000,
        "0\n" * 30_000,
        "[" * 60_000,
        "{" + '"a":[' * 15_000,
        "<a>" * 20_000,
        "点号,X,Y\n" + "J1,5450000,40500000\n" * 3_000,
        "\n".join("1,1" for _ in range(30_000)),
    ],
    ids=range(14),
)
@pytest.mark.parametrize("suffix", [".txt", ".kml", ".csv"])
def test_text_made_to_confuse_patterns_takes_no_time(tmp_path: Path, text: str, suffix: str) -> None:
    begin = time.monotonic()
    with contextlib.suppress(ReadingError):
        read_bytes(tmp_path, f"a{suffix}", text)
    assert time.monotonic() - begin < 5


def test_long_cells_and_typed_text_take_no_time() -> None:
    begin = time.monotonic()
    for text in ("1°" + " " * 200_000, "9" * 200_000, "东" * 200_000, "1°1′" * 50_000):
        with pytest.raises(CoordinateError):
            parse(text)
        for typed in (text, text + "x"):
            with contextlib.suppress(CoordinateError):
                parse_all(typed)
    with pytest.raises(CoordinateError) as caught:
        parse_all("9" * 200_000 + "x")
    assert len(str(caught.value)) < 500
    assert not is_survey_text("a," * 30_000)
    assert time.monotonic() - begin < 5
