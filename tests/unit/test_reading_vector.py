"""GeoPackage, FileGDB, FlatGeobuf, GeoParquet, GML, MapInfo and DXF through the worker."""

from __future__ import annotations

import shutil
import sqlite3
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely

from spatial.errors import IncompleteSourceError, LayerChoiceError, ReadingError
from spatial.reading import read

if TYPE_CHECKING:
    from pathlib import Path

SQUARES = [shapely.box(40500000 + 200 * i, 5450000, 40500100 + 200 * i, 5450100) for i in range(3)]
DRIVERS = {".gpkg": "GPKG", ".gdb": "OpenFileGDB", ".fgb": "FlatGeobuf", ".gml": "GML", ".tab": "MapInfo File"}


def frame() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"NAME": ["甲", "乙", None], "n": np.array([1, 2, 3], dtype="int32")}, geometry=SQUARES, crs=4528
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vector files 地块")
    for suffix, driver in DRIVERS.items():
        pyogrio.write_dataframe(frame(), folder / f"site{suffix}", driver=driver)
    frame().to_parquet(folder / "site.parquet")
    return folder


@pytest.mark.parametrize("suffix", [".gpkg", ".gdb", ".fgb", ".gml", ".parquet"])
def test_every_format_gives_the_same_features(files: Path, suffix: str) -> None:
    reading = read(files / f"site{suffix}")
    assert [one.area for one in reading.geometries] == pytest.approx([10_000.0] * 3)
    # FlatGeobuf sorts its features in space
    assert {(one["n"], one.get("NAME")) for one in reading.attributes} == {(1, "甲"), (2, "乙"), (3, None)}
    assert (reading.crs.code, reading.crs_status, reading.datum) == ("EPSG:4528", "given", "stated")
    assert list(reading.declared_counts.values()) == [3]
    assert reading.accuracy.metres == 1.0
    first = [one["n"] for one in reading.attributes].index(1)
    assert reading.geometries[first].bounds == (40500000, 5450000, 40500100, 5450100)


@pytest.mark.parametrize("suffix", [".gpkg", ".fgb", ".gml", ".parquet"])
def test_a_foreign_name_does_not_matter(files: Path, tmp_path: Path, suffix: str) -> None:
    shutil.copy(files / f"site{suffix}", tmp_path / "site.txt")
    assert len(read(tmp_path / "site.txt").geometries) == 3


def test_mapinfo_is_read_with_its_companions(files: Path, tmp_path: Path) -> None:
    reading = read(files / "site.tab")
    # TAB keeps whole units of a grid over its bounds
    assert [one.area for one in reading.geometries] == pytest.approx([10_000] * 3, rel=1e-3)
    assert reading.declared_counts == {"site": 3}
    shutil.copy(files / "site.tab", tmp_path)
    with pytest.raises(IncompleteSourceError, match=r"\.dat, \.map, \.id is missing"):
        read(tmp_path / "site.tab")


@pytest.mark.parametrize("suffix", [".gpkg", ".fgb", ".gml", ".parquet"])
@pytest.mark.parametrize("share", [0.5, 0.97])
def test_a_truncated_file_is_refused(files: Path, tmp_path: Path, suffix: str, share: float) -> None:
    whole = (files / f"site{suffix}").read_bytes()
    path = tmp_path / f"cut{suffix}"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ReadingError):
        read(path)


def test_a_truncated_table_of_a_geodatabase_is_refused(files: Path, tmp_path: Path) -> None:
    path = tmp_path / "site.gdb"
    shutil.copytree(files / "site.gdb", path)
    largest = max(path.glob("*.gdbtable"), key=lambda one: one.stat().st_size)
    largest.write_bytes(largest.read_bytes()[:-10])
    with pytest.raises(IncompleteSourceError, match="shorter than its header"):
        read(path)


def test_a_geopackage_that_lost_rows_is_refused(files: Path, tmp_path: Path) -> None:
    path = tmp_path / "site.gpkg"
    shutil.copy(files / "site.gpkg", path)
    base = sqlite3.connect(path)
    for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        base.execute(f'DROP TRIGGER "{name}"')
    base.execute("DELETE FROM site WHERE n = 2")
    base.commit()
    base.close()
    with pytest.raises(IncompleteSourceError, match="holds 2 features, its register says 3"):
        read(path)


def test_a_null_and_a_damaged_geometry_of_a_geopackage_are_listed(files: Path, tmp_path: Path) -> None:
    path = tmp_path / "site.gpkg"
    shutil.copy(files / "site.gpkg", path)
    base = sqlite3.connect(path)
    for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        base.execute(f'DROP TRIGGER "{name}"')
    base.execute("UPDATE site SET geom = NULL WHERE n = 1")
    base.execute("UPDATE site SET geom = substr(geom, 1, length(geom) - 20) WHERE n = 2")
    base.commit()
    base.close()
    reading = read(path)
    assert [one.id for one in reading.unreadable] == ["1", "2"]
    assert reading.ids == ("3",)


def test_layers_in_different_systems_must_be_chosen_from(tmp_path: Path) -> None:
    path = tmp_path / "two.gpkg"
    pyogrio.write_dataframe(frame(), path, layer="红线")
    pyogrio.write_dataframe(frame().to_crs(4490), path, layer="degrees", append=False)
    with pytest.raises(LayerChoiceError, match="different coordinate systems"):
        read(path)
    reading = read(path, layer="degrees")
    assert (reading.crs.code, reading.layer_names, reading.accuracy.metres) == ("EPSG:4490", ("degrees",), 5.0)


DXF_HEAD = "0\nSECTION\n2\nENTITIES\n"
DXF_TAIL = "0\nENDSEC\n0\nEOF\n"


def polyline(corners: list[tuple[float, float]], *, closed: bool, layer: str = "项目红线") -> str:
    text = f"0\nLWPOLYLINE\n8\n{layer}\n90\n{len(corners)}\n70\n{int(closed)}\n"
    return text + "".join(f"10\n{x}\n20\n{y}\n" for x, y in corners)


CORNERS = [(40500000.0, 5450000.0), (40500100.0, 5450000.0), (40500100.0, 5450100.0), (40500000.0, 5450100.0)]


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_closed_polylines_of_a_drawing_are_polygons(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "site.dxf"
    body = (
        polyline(CORNERS, closed=True)
        + polyline([*CORNERS, CORNERS[0]], closed=False)
        + polyline(CORNERS, closed=False)
    )
    label = "0\nTEXT\n8\n0\n10\n40500050\n20\n5450050\n40\n5\n1\n地块\n"
    path.write_bytes((DXF_HEAD + body + label + "0\nACAD_PROXY_ENTITY\n8\n0\n" + DXF_TAIL).encode(encoding))
    reading = read(path)
    assert [one.geom_type for one in reading.geometries] == ["Polygon", "Polygon", "LineString"]
    assert reading.geometries[0].area == 10_000.0
    assert reading.attributes[0]["Layer"] == "项目红线"
    assert (reading.crs.code, reading.crs_status, reading.datum) == ("EPSG:4528", "proved", "assumed")
    assert [one.code for one in reading.problems] == ["text_skipped"]
    assert [(one.problem.code, one.problem.detail) for one in reading.unreadable] == [
        ("entity_not_read", "ACAD_PROXY_ENTITY")
    ]


def test_a_drawing_without_its_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "site.dxf"
    path.write_text(DXF_HEAD + polyline(CORNERS, closed=True) + "0\nENDSEC\n")
    with pytest.raises(IncompleteSourceError, match="EOF is missing"):
        read(path)
