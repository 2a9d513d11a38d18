"""What is handed over, read by programs that are not ours: Debian's GDAL, GeoPandas, ezdxf; as the docs' table says."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
import zipfile

import numpy as np
import pytest
import shapely

from layers.workspace import FolderStore
from maps.delivery import FORMATS, deliver, layers_delivery
from maps.delivery.packing import placed
from tests.building import add, workspace_at

DAY = "2026-11-22"
HOLED = shapely.box(117.1234567891, 49.1, 117.2, 49.2).difference(shapely.box(117.15, 49.12, 117.16, 49.15))
TWO = shapely.MultiPolygon([shapely.box(117.3, 49.1, 117.31, 49.11), shapely.box(117.32, 49.1, 117.33, 49.11)])
UNITS = [
    {"环境管控单元编码": "ZH15078110001", "环境管控单元名称": "甲㎡", "管控单元分类": "优先保护单元", "空间布局约束": "禁止" * 200},
    {"环境管控单元编码": "ZH15078120002", "管控单元分类": "重点管控单元", "县": "满洲里市"},
]  # fmt: skip
SEEN = ("shp", "gpkg", "geojson", "kml", "gdb", "fgb", "dxf")  # what Debian's GDAL 3.6 opens; xlsx apart


@pytest.fixture(scope="module")
def ogr():
    """Debian's own programs, not those of a wheel."""
    if not shutil.which("/usr/bin/ogr2ogr"):
        pytest.skip("GDAL is not installed; as root: apt-get install gdal-bin")

    def ran(program, *arguments):
        words = [f"/usr/bin/{program}", *map(str, arguments)]
        done = subprocess.run(words, capture_output=True, text=True, encoding="utf-8", timeout=60)
        assert done.returncode == 0, done.stderr
        return done

    return ran


@pytest.fixture(scope="module")
def delivery(tmp_path_factory):
    store = workspace_at(tmp_path_factory.mktemp("ws") / "ws", "control_units")
    add(store, "control_units", [HOLED, TWO], UNITS, name="单元")
    return layers_delivery(FolderStore.open(store.root), as_of=DAY)


@pytest.fixture(scope="module")
def files(delivery, tmp_path_factory):
    """(format, crs) -> data file, unpacked."""
    found = {}

    def one(key, crs=None):
        if (key, crs) not in found:
            folder = tmp_path_factory.mktemp(key)
            (path,) = deliver(delivery, folder / "out", [key], crs=crs).paths
            with zipfile.ZipFile(path) as archive:
                archive.extractall(folder)
            (found[key, crs],) = [p for p in folder.iterdir() if p.suffix == FORMATS[key].ending]
        return found[key, crs]

    return one


def rows_of(ogr, path):
    """Every row as Debian's GDAL reads it, with its geometry as WKT."""
    arguments = ["-f", "CSV", "/vsistdout/", path, "-lco", "GEOMETRY=AS_WKT", "-lco", "STRING_QUOTING=ALWAYS"]
    if path.suffix not in {".dxf", ".shp", ".geojson", ".fgb"}:
        arguments.append("单元")
    done = ogr("ogr2ogr", *arguments)
    assert "Warning" not in done.stderr, done.stderr
    csv.field_size_limit(10**8)
    return list(csv.DictReader(io.StringIO(done.stdout, newline="")))


def epsg_of(ogr, path):
    said = ogr("ogrinfo", "-so", "-al", path)
    codes = [line.strip() for line in said.stdout.splitlines() if line.startswith('    ID["EPSG",')]
    return {int(line.split(",")[1].strip("]")) for line in codes}


@pytest.mark.parametrize("crs", [None, "zone3"])
@pytest.mark.parametrize("key", [key for key in SEEN if key != "dxf"])
def test_debians_gdal_reads_the_same_features_fields_crs_and_areas(ogr, delivery, files, key, crs):
    path = files(key, crs)
    kept = FORMATS[key].keeps
    (sheet,) = delivery.sheets
    epsg = 4527 if crs == "zone3" and kept.crs == "chosen" else 4490
    table = placed(sheet, epsg)
    rows = rows_of(ogr, path)
    assert len(rows) == 2
    assert epsg_of(ogr, path) == {4326 if kept.crs == "degrees" else epsg}
    names = [f.name for f in table.fields]
    wanted = [name for name in names if name != "ATTRS" or kept.values != "cut"]
    if key == "kml":  # columns that are null throughout are not in a KML
        empty = {name for at, name in enumerate(names) if all(row[at] is None for row in table.rows)}
        wanted = [name for name in wanted if name not in empty | {"NAME"}]
        assert [row["Name"] for row in rows] == ["甲㎡", ""]
    found = [name for name in rows[0] if name in names]
    assert sorted(found) == sorted(wanted)
    if key != "kml":  # whose columns stand in the order in which they are met
        assert found == wanted
    for was, now in zip(table.geometries, rows, strict=True):
        shape = shapely.from_wkt(now["WKT"])
        assert sum(len(part.interiors) for part in shapely.get_parts(shape)) == sum(
            len(part.interiors) for part in shapely.get_parts(was)
        )
        assert len(shapely.get_parts(shape)) == len(shapely.get_parts(was))
        assert np.isclose(shape.area, was.area, rtol=1e-5 if key == "geojson" else 1e-9, atol=0)


@pytest.mark.parametrize("key", [key for key in SEEN if key != "dxf"])
def test_values_are_kept_as_the_table_says(ogr, files, key):
    first, second = rows_of(ogr, files(key))
    assert (first["HJGKDYBM"], first["HJGKDYMC"], first["GKDYFL"]) == ("ZH15078110001", "甲㎡", "优先保护单元")
    assert [row["GKDYFLDM"] for row in (first, second)] == ["1", "2"]
    assert second["COUNTY"] == "满洲里市"
    assert second["HJGKDYMC"] == ""
    long = "禁止" * 200
    if FORMATS[key].keeps.values == "cut":
        assert first["KJBJYS"] == "禁止" * 41 + "禁…"  # 83 characters of 3 bytes, and 3 for the ellipsis, within 254
    else:
        assert first["KJBJYS"] == long


def test_the_geopackage_opens_without_a_word_of_warning(ogr, files):
    assert ogr("ogrinfo", "-al", "-so", files("gpkg")).stderr == ""


@pytest.mark.parametrize("key", ["gdb", "fgb"])
def test_columns_say_their_long_names(ogr, files, key):
    said = ogr("ogrinfo", "-so", "-al", files(key)).stdout
    assert 'alternative name="环境管控单元编码"' in said


def test_a_drawing_is_read_with_its_layers_texts_and_every_ring(ogr, delivery, files):
    rows = rows_of(ogr, files("dxf"))
    lines = [(row["Layer"], shapely.from_wkt(row["WKT"])) for row in rows if row["WKT"].startswith("LINESTRING")]
    assert sorted(layer for layer, _ in lines) == [
        "环境管控单元-优先保护单元",
        "环境管控单元-优先保护单元_内环",
        *["环境管控单元-重点管控单元"] * 2,
    ]
    assert all(line.is_closed for _, line in lines)
    (sheet,) = delivery.sheets
    was = placed(sheet, 4527).geometries[0]
    areas = {layer: shapely.Polygon(line).area for layer, line in lines}
    ring = areas["环境管控单元-优先保护单元"] - areas["环境管控单元-优先保护单元_内环"]
    assert np.isclose(ring, was.area, rtol=1e-9)
    assert [row["Text"] for row in rows if row["Layer"].endswith("_注记")] == ["甲㎡"]


def test_a_workbook_is_read_with_a_sheet_a_layer(ogr, delivery, tmp_path):
    (path,) = deliver(delivery, tmp_path, ["xlsx"]).paths
    said = ogr("ogrinfo", path).stdout
    assert [line.split(": ")[1].split(" (")[0] for line in said.splitlines() if line[:1].isdigit()] == [
        "说明",
        "单元",
        "字段说明",
    ]
    done = ogr("ogr2ogr", "-f", "CSV", "/vsistdout/", path, "单元", "-oo", "HEADERS=FORCE").stdout
    rows = list(csv.DictReader(io.StringIO(done, newline="")))
    assert len(rows) == 2
    assert rows[0]["KJBJYS\n空间布局约束"] == "禁止" * 200


def test_geoparquet_is_read_by_geopandas_to_the_last_bit(delivery, files):
    import geopandas

    frame = geopandas.read_parquet(files("geoparquet", "zone3"))
    (sheet,) = delivery.sheets
    table = placed(sheet, 4527)
    assert frame.crs.to_epsg() == 4527
    assert [name for name in frame if name != "geometry"] == [f.name for f in table.fields]
    assert all(one.equals_exact(two, 0) for one, two in zip(frame.geometry, table.geometries, strict=True))


def test_tiles_hold_every_feature_within_the_step_that_is_stated(delivery, tmp_path):
    from pyogrio import raw

    from spatial.writing.tiles import step_m

    written = deliver(delivery, tmp_path / "out", ["pmtiles"])
    (note,) = written.noted("on_tile_grid")
    zoom = int(re.search(r"zoom (\d+)", note.en)[1])
    with zipfile.ZipFile(written.paths[0]) as archive:
        archive.extract("单元.pmtiles", tmp_path)
    meta, _, wkb, columns = raw.read(tmp_path / "单元.pmtiles", columns=["FEATURE_ID"])
    assert meta["crs"] == "EPSG:3857"
    assert set(columns[0]) == {"1", "2"}
    from pyproj import Transformer

    mercator = Transformer.from_crs(4326, 3857, always_xy=True)
    was = shapely.transform(HOLED, lambda xy: np.column_stack(mercator.transform(xy[:, 0], xy[:, 1])))
    now = shapely.union_all(shapely.buffer(shapely.from_wkb(wkb)[columns[0] == "1"], 0.01))
    assert shapely.hausdorff_distance(was.boundary, now.boundary) <= step_m(zoom) * 1.5


def test_the_table_holds_the_coarsest_step_of_tiles():
    from spatial.writing.tiles import step_m, tile_depth

    shallowest = tile_depth(73, 3, 135, 54)
    assert shallowest == 6 or step_m(shallowest) <= FORMATS["pmtiles"].keeps.moves_m
    assert step_m(6) <= FORMATS["pmtiles"].keeps.moves_m  # 40 075 016.68 / 64 / 4096 = 152.9
