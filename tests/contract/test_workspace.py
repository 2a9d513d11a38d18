"""§9: the folder, its names and versions, its digests, and how code reaches it."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import shapely

from layers.digest import content_digest
from layers.errors import ImportOptionError, LayerExistsError, WorkspaceBusyError
from layers.importing import ImportOptions, import_layer
from layers.model import Feature
from layers.workspace import FolderStore
from layers.workspace.lock import writing
from screening.screen import screen
from screening.site import site_of
from tests.building import add, reading_of, workspace_at
from tests.contract.places import AS_OF, COUNTY, FAR, ZONE, MemoryStore, ask, beside, one

BOW_TIE = shapely.Polygon([(117.2, 49.2), (117.21, 49.21), (117.21, 49.2), (117.2, 49.21)])


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> FolderStore:
    """Two versions of one layer, the second a year later, with a rejected feature and its source kept."""
    store = workspace_at(tmp_path_factory.mktemp("满洲里 核查") / "ws", "red_lines")
    add(store, "red_lines", [ZONE], [{"名称": "甲"}], name="生态 红线", coverage=COUNTY, accuracy_m=24.0)
    import_layer(
        FolderStore.open(store.root),
        reading_of([ZONE, BOW_TIE], [{"名称": "乙"}, {"名称": "坏"}]),
        ImportOptions(
            kind="red_lines",
            name="生态 红线",
            coverage=reading_of([COUNTY], name="area.geojson"),
            data_date="2025-01-01",
            replace=True,
        ),
        source=(b"the imported bytes", "geojson"),
    )
    return FolderStore.open(store.root)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_folder_is_laid_out_as_the_contract_says(store):
    version = store.root / "layers" / store.entries[1].folder / store.entries[1].version
    names = {p.name for p in version.iterdir()}
    assert {"card.json", "checksums.json", "features.gpkg", "rejected.gpkg", "coverage.gpkg", "index"} <= names
    assert (store.root / "workspace.json").is_file()
    assert (store.root / "verdicts").is_dir()
    assert version.parent.name == "生态 红线"


def test_manifest_names_format_kinds_region_versions_and_carries_its_own_digest(store):
    content = json.loads((store.root / "workspace.json").read_text(encoding="utf-8"))
    assert content["format_version"] == 1
    assert content["required_kinds"] == ["red_lines"]
    assert "region" in content
    assert len(content["layers"]["生态 红线"]["versions"]) == 2
    digest = content.pop("digest")
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == digest


def test_published_files_are_read_by_any_gis(store):
    """GDAL stands for QGIS and ArcGIS here."""
    import pyogrio

    folder = store.open_version(store.entries[1]).path
    about = pyogrio.read_info(folder / "features.gpkg")
    assert about["features"] == 1
    assert about["crs"] == "EPSG:4490"
    assert pyogrio.read_info(folder / "rejected.gpkg")["features"] == 1
    assert pyogrio.read_info(folder / "coverage.gpkg")["geometry_type"] in {"MultiPolygon", "Polygon"}


def test_imported_bytes_are_kept_under_their_digest(store):
    path = store.source_path(store.entries[1])
    assert path is not None
    assert path.name == f"{hashlib.sha256(b'the imported bytes').hexdigest()}.geojson"
    assert path.parent.name == "sources"
    assert path.read_bytes() == b"the imported bytes"


def test_imported_bytes_are_not_kept_where_that_is_not_wanted(tmp_path):
    store = workspace_at(tmp_path / "ws")
    options = ImportOptions(kind="red_lines", name="x", data_date="2024-01-01", keep_source=False)
    imported = import_layer(store, reading_of([ZONE]), options, source=(b"bytes", "geojson"))
    assert imported.entry.source is None
    assert list((store.root / "sources").iterdir()) == []


def test_new_version_leaves_every_byte_of_the_older_ones(tmp_path):
    store = workspace_at(tmp_path / "ws")
    first = add(store, "red_lines", [ZONE], coverage=COUNTY).entry
    folder = store.root / "layers" / first.folder / first.version
    before = bytes_of(folder)
    second = add(store, "red_lines", [FAR.buffer(0.01)], coverage=COUNTY, data_date="2025-01-01", replace=True)
    assert bytes_of(folder) == before
    assert second.previous == first
    assert [e.version for e in FolderStore.open(store.root).entries] == [first.version, second.entry.version]


def test_older_versions_stay_until_they_are_pruned(tmp_path):
    store = workspace_at(tmp_path / "ws")
    first = add(store, "red_lines", [ZONE], coverage=COUNTY).entry
    second = add(store, "red_lines", [ZONE], coverage=COUNTY, data_date="2025-01-01", replace=True).entry
    opened = FolderStore.open(store.root)
    assert opened.prune(lambda e: e == second) == (first,)
    assert not (store.root / "layers" / first.folder / first.version).exists()
    assert FolderStore.open(store.root).damages == ()


def test_name_in_use_is_refused_and_nothing_is_written(tmp_path):
    store = workspace_at(tmp_path / "ws")
    add(store, "red_lines", [ZONE], coverage=COUNTY)
    before = bytes_of(store.root)
    with pytest.raises(LayerExistsError):
        add(store, "red_lines", [FAR.buffer(0.1)], coverage=COUNTY)
    assert bytes_of(store.root) == before


def test_start_before_the_newest_version_is_refused_unless_historical():
    store = MemoryStore()
    store.add("red_lines", [ZONE], data_date="2025-01-01")
    with pytest.raises(ImportOptionError, match="before the newest one"):
        store.add("red_lines", [ZONE], data_date="2024-12-31", replace=True)
    store.add("red_lines", [ZONE], data_date="2024-12-31", replace=True, historical=True)
    store.add("red_lines", [ZONE], data_date="2025-01-01", replace=True)


def test_name_of_a_layer_is_of_one_kind():
    store = MemoryStore()
    store.add("red_lines", [ZONE], name="x")
    with pytest.raises(ImportOptionError, match="is of kind red_lines"):
        store.add("protected_areas", [ZONE], name="x", replace=True)


def test_one_writer_at_a_time(tmp_path):
    root = workspace_at(tmp_path / "ws").root
    with writing(root), pytest.raises(WorkspaceBusyError):
        FolderStore.open(root, lock_timeout_s=0.1).prune(lambda _: True)


def test_lock_is_not_kept_by_a_dead_process(tmp_path):
    store = workspace_at(tmp_path / "ws")
    script = (
        "import os, sys; from pathlib import Path; from layers.workspace.lock import writing\n"
        "with writing(Path(sys.argv[1])):\n    os._exit(1)"
    )
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", script, str(store.root)], cwd=root, check=False).returncode == 1
    FolderStore.open(store.root, lock_timeout_s=0.5).prune(lambda _: True)


def test_read_only_copy_answers_the_same(store, tmp_path):
    import shutil

    copy = tmp_path / "拷贝 ws"
    shutil.copytree(store.root, copy)
    before = bytes_of(copy)
    site = site_of(beside(10.0), accuracy_m=7.0)
    assert screen(site, FolderStore.open(copy), as_of=AS_OF).to_json() == screen(site, store, as_of=AS_OF).to_json()
    assert bytes_of(copy) == before


# Digests


def feature(name: str) -> Feature:
    return Feature(id="1", code=None, name=name, class_="red_line", counts=True, attributes={"名称": name})


def test_content_digest_does_not_depend_on_row_order():
    rows, shapes = [{"名称": n} for n in "甲乙丙"], [ZONE, FAR.buffer(0.01), COUNTY]
    first, second = MemoryStore(), MemoryStore()
    one_way = first.add("red_lines", shapes, rows).card.content_digest
    other_way = second.add("red_lines", shapes[::-1], rows[::-1]).card.content_digest
    assert one_way == other_way


def test_content_digest_is_a_merkle_root_over_sorted_leaves():
    def leaf(name: str, shape: shapely.Geometry) -> bytes:
        wkb = shapely.to_wkb(shape, byte_order=1, output_dimension=2)
        text = json.dumps({"名称": name}, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(b"\0" + wkb + b"\0" + text.encode()).digest()

    low, high = sorted([leaf("甲", ZONE), leaf("乙", COUNTY)])
    root = hashlib.sha256(b"\1" + low + high).hexdigest()
    assert content_digest([feature("甲"), feature("乙")], np.array([ZONE, COUNTY])) == root


def test_content_digest_is_of_nfc_attributes_and_two_dimensions():
    composed, apart = unicodedata.normalize("NFC", "é区"), unicodedata.normalize("NFD", "é区")
    assert composed != apart
    shapes, high = np.array([ZONE]), np.array([shapely.force_3d(ZONE, 12.0)])
    assert content_digest([feature(composed)], shapes) == content_digest([feature(apart)], high)


def numbers(value: object, key: str = "") -> list[tuple[str, float]]:
    if isinstance(value, dict):
        return [found for k, v in value.items() for found in numbers(v, str(k))]
    if isinstance(value, list):
        return [found for v in value for found in numbers(v, key)]
    return [(key, value)] if isinstance(value, float) else []


def test_numbers_of_a_result_are_quantised():
    """0.01 m², 1 mm, 1e-9 of a share: the last bits of a processor are in no digest."""
    zone = shapely.Point(117.45, 49.45).buffer(0.0123)
    store = one("red_lines", zone, {"要求": "无"})
    store.add("control_units", [zone, COUNTY], [{"分类": 1}, {"分类": 3}])
    seen = 0
    for site in (zone.buffer(-0.003), beside(123.45678), shapely.box(117.9, 49.9, 118.1, 50.0)):
        for key, number in numbers(json.loads(ask(store, site, accuracy_m=1.234567).to_json())):
            digits = 9 if "share" in key else 2 if key.endswith(("_m2", "_deg")) else 3
            assert round(number, digits) == number, (key, number)
            seen += 1
    assert seen > 60


# How code reaches it


def test_screening_needs_only_the_small_interface_of_a_store(store):
    """The same layer in memory and in a folder gives the same words."""
    memory = MemoryStore("red_lines")
    memory.add("red_lines", [ZONE], [{"名称": "甲"}], name="生态 红线")
    day = "2024-06-01"
    for place in (FAR, beside(10.0), shapely.Point(117.45, 49.45)):
        one_way = ask(memory, place, as_of=day).to_dict()
        other_way = ask(store, place, as_of=day).to_dict()
        one_way, other_way = (json.loads(re.sub(r'"v0001[^"]*"', '"v"', json.dumps(d))) for d in (one_way, other_way))
        assert one_way == other_way


def test_path_of_one_check_imports_no_heavy_library(store):
    script = (
        "import sys; from layers.workspace import FolderStore\n"
        "from screening.screen import screen; from screening.site import site_of; import shapely\n"
        "v = screen(site_of(shapely.Point(117.45, 49.45), accuracy_m=7), FolderStore.open(sys.argv[1]), as_of='2026-11-22')\n"
        "v.to_json()\n"
        "heavy = {'geopandas', 'pandas', 'pyogrio', 'pyarrow', 'folium', 'matplotlib', 'rasterio', 'filelock'}\n"
        "print(v.answer, sorted(heavy & set(sys.modules)))"
    )
    root = Path(__file__).resolve().parents[2]
    run = subprocess.run(
        [sys.executable, "-c", script, str(store.root)], cwd=root, check=True, capture_output=True, text=True
    )
    assert run.stdout.strip() == "hit []"
