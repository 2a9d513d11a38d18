"""Shapefiles: what GDAL does not check is checked, and every record is read or listed."""

from __future__ import annotations

import shutil
import struct
import zipfile
from typing import TYPE_CHECKING

import geopandas as gpd
import pytest
import shapely

from spatial.errors import (
    IncompleteSourceError,
    LayerChoiceError,
    SourceNotFoundError,
    UnsafeArchiveError,
    UnsupportedFormatError,
)
from spatial.reading import read

if TYPE_CHECKING:
    from pathlib import Path

SQUARES = [shapely.box(40500000 + 200 * i, 5450000, 40500100 + 200 * i, 5450100) for i in range(3)]
PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")


def write(folder: Path, name: str = "地块", *, encoding: str = "GBK") -> Path:
    path = folder / f"{name}.shp"
    frame = gpd.GeoDataFrame({"名称": ["甲", "乙地", "丙"], "n": [1, 2, 3]}, geometry=SQUARES, crs=4528)
    frame.to_file(path, encoding=encoding)
    return path


class GbkName(zipfile.ZipInfo):
    """A member named as Chinese Windows names it: GBK bytes, without the UTF-8 flag."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.filename.encode("gbk"), self.flag_bits


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("shp"))


@pytest.fixture
def shp(original: Path, tmp_path: Path) -> Path:
    for suffix in PARTS:
        shutil.copy(original.with_suffix(suffix), tmp_path)
    return tmp_path / original.name


def test_gbk_without_cpg_and_without_shx_is_read_in_full(shp: Path) -> None:
    shp.with_suffix(".cpg").unlink()
    shp.with_suffix(".shx").unlink()
    reading = read(shp)
    assert [one["名称"] for one in reading.attributes] == ["甲", "乙地", "丙"]
    assert (reading.encoding, [one.code for one in reading.encoding_evidence]) == ("gb18030", ["not_utf8"])
    assert [one.area for one in reading.geometries] == [10_000.0] * 3
    assert (reading.crs.code, reading.crs_status, reading.accuracy.metres) == ("EPSG:4528", "given", 1.0)
    assert [one.code for one in reading.problems] == ["index_missing"]
    assert reading.declared_counts == {"地块": 3}


def test_without_prj_the_zone_prefix_proves_the_crs_and_its_lack_leaves_it_open(shp: Path) -> None:
    shp.with_suffix(".prj").unlink()
    reading = read(shp)
    assert (reading.crs.code, reading.crs_status, reading.datum) == ("EPSG:4528", "proved", "assumed")
    assert [one.code for one in reading.crs_evidence] == ["prj_missing", "zone_prefix"]
    frame = gpd.GeoDataFrame(geometry=[shapely.box(500000, 5450000, 500100, 5450100)])
    with pytest.warns(UserWarning, match="crs"):
        frame.to_file(shp)
    bare = read(shp)
    assert (bare.crs, bare.crs_status) == (None, "ambiguous")


def test_a_cpg_that_the_bytes_contradict_is_overruled(shp: Path) -> None:
    shp.with_suffix(".cpg").write_text("UTF-8")
    reading = read(shp)
    assert reading.attributes[1]["名称"] == "乙地"
    assert [one.code for one in reading.encoding_evidence] == ["cpg", "contradicted_by_bytes", "not_utf8"]


def test_a_null_shape_is_listed(shp: Path) -> None:
    data = bytearray(shp.read_bytes())
    length = 8 + 2 * struct.unpack_from(">i", data, 104)[0]
    struct.pack_into("<i", data, 100 + length + 8, 0)  # the second record becomes a null shape
    shp.write_bytes(data)
    reading = read(shp)
    assert [(one.id, one.problem.code) for one in reading.unreadable] == [("2", "null_shape")]
    assert reading.ids == ("1", "3")
    assert [one["n"] for one in reading.attributes] == [1, 3]


def test_a_record_that_claims_two_billion_points_is_listed(shp: Path) -> None:
    data = bytearray(shp.read_bytes())
    struct.pack_into("<i", data, 100 + 8 + 40, 2**31 - 1)
    shp.write_bytes(data)
    reading = read(shp)
    assert [(one.id, one.problem.code) for one in reading.unreadable] == [("1", "damaged_record")]
    assert reading.ids == ("2", "3")


def test_a_coordinate_that_is_no_number_is_listed(shp: Path) -> None:
    data = bytearray(shp.read_bytes())
    struct.pack_into("<d", data, 100 + 8 + 48 + 16, float("nan"))
    shp.write_bytes(data)
    assert [one.problem.code for one in read(shp).unreadable] == ["not_finite"]


def test_every_truncation_of_the_shp_and_dbf_is_refused(shp: Path) -> None:
    for suffix in (".shp", ".shx", ".dbf"):
        part = shp.with_suffix(suffix)
        whole = part.read_bytes()
        for length in range(0, len(whole) - 1, 7):
            part.write_bytes(whole[:length])
            with pytest.raises(IncompleteSourceError):
                read(shp)
        part.write_bytes(whole)


def test_a_header_that_claims_more_than_there_is_is_refused(shp: Path) -> None:
    data = bytearray(shp.read_bytes())
    struct.pack_into(">i", data, 24, len(data))
    shp.write_bytes(data)
    with pytest.raises(IncompleteSourceError, match=r"says 1016 bytes, it has 508"):
        read(shp)


def test_a_table_of_records_without_width_is_refused_at_once(shp: Path) -> None:
    """Four thousand million records of no bytes fit any file, and take an hour to walk through."""
    data = bytearray(shp.with_suffix(".dbf").read_bytes())
    struct.pack_into("<I", data, 4, 2**32 - 1)
    struct.pack_into("<H", data, 10, 0)
    shp.with_suffix(".dbf").write_bytes(data)
    with pytest.raises(IncompleteSourceError, match="room for fewer"):
        read(shp)


def test_files_with_different_numbers_of_records_are_refused(shp: Path) -> None:
    """The .shp is cut after two records and its length corrected: only the other files tell."""
    data = bytearray(shp.read_bytes())
    data = data[: 100 + 2 * 136]
    struct.pack_into(">i", data, 24, len(data) // 2)
    shp.write_bytes(data)
    with pytest.raises(IncompleteSourceError, match=r"\.shp 2, \.shx 3, \.dbf 3"):
        read(shp)


def test_a_zip_with_inner_folders_and_gbk_names_is_read(shp: Path, tmp_path: Path) -> None:
    packed = tmp_path / "资料.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for suffix in PARTS:
            info = GbkName(f"项目 资料/红线/地块{suffix}")
            archive.writestr(info, shp.with_suffix(suffix).read_bytes())
        archive.writestr("readme.txt", "x")
        archive.writestr("__MACOSX/._a.shp", "x")
    assert packed.read_bytes().count("项目 资料".encode("gbk")) == 2 * len(PARTS)
    reading = read(packed)
    assert (reading.source_name, len(reading.geometries)) == ("地块.shp", 3)
    assert reading.attributes[1]["名称"] == "乙地"


def test_several_shapefiles_in_a_folder_must_be_chosen_from(shp: Path, tmp_path: Path) -> None:
    for suffix in PARTS:
        shutil.copy(shp.with_suffix(suffix), tmp_path / f"other{suffix}")
    with pytest.raises(LayerChoiceError, match=r"other\.shp"):
        read(tmp_path)
    assert read(tmp_path, layer="other").source_name == "other.shp"


@pytest.mark.parametrize("name", ["../../evil.shp", "/etc/evil.shp", "C:/evil.shp", "a\\..\\..\\evil.shp"])
def test_a_zip_that_climbs_out_of_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    packed = tmp_path / "evil.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, b"x")
    with pytest.raises(UnsafeArchiveError, match="leaves the folder"):
        read(packed)
    assert [one.name for one in tmp_path.iterdir()] == ["evil.zip"]


def test_a_zip_bomb_is_stopped_while_it_unpacks(tmp_path: Path) -> None:
    packed = tmp_path / "bomb.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.shp", "w") as member:
        for _ in range(80):
            member.write(bytes(1 << 20))
    assert packed.stat().st_size < 100_000
    with pytest.raises(UnsafeArchiveError, match="300 times its size"):
        read(packed)


def test_a_truncated_or_locked_zip_is_refused(shp: Path, tmp_path: Path) -> None:
    packed = tmp_path / "a.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for suffix in PARTS:
            archive.write(shp.with_suffix(suffix), f"a{suffix}")
    whole = packed.read_bytes()
    for length in (30, len(whole) // 2, len(whole) - 1):
        packed.write_bytes(whole[:length])
        with pytest.raises(IncompleteSourceError):
            read(packed)
    flipped = bytearray(whole)
    flipped[60] ^= 0xFF
    packed.write_bytes(flipped)
    with pytest.raises(IncompleteSourceError, match="cannot be unpacked"):
        read(packed)


@pytest.mark.parametrize(
    ("content", "remedy"),
    [(b"AC1027" + bytes(20), "Save it as DXF"), (b"%PDF-1.7", "drawing or table"), (b"Rar!\x1a", "Unpack it")],
)
def test_formats_that_are_not_read_say_what_to_do(tmp_path: Path, content: bytes, remedy: str) -> None:
    path = tmp_path / "a.shp"
    path.write_bytes(content)
    with pytest.raises(UnsupportedFormatError, match=remedy):
        read(path)


@pytest.mark.parametrize("source", ["http://127.0.0.1:9/a.geojson", "/vsicurl/http://127.0.0.1:9/a", "missing.shp"])
def test_addresses_are_not_opened(source: str) -> None:
    with pytest.raises(SourceNotFoundError, match="on this machine"):
        read(source)
