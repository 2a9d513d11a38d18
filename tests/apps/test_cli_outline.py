"""What the map draws of a layer."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely

from layers.workspace import FolderStore
from screening.outline import outlines_of
from screening.screen import screen
from screening.site import site_of
from tests.building import add, workspace_at

CITY = shapely.box(117.0, 49.0, 118.0, 50.0)
SITE = shapely.box(117.50, 49.50, 117.51, 49.51)


def ring(lon, lat, radius, vertices):
    angles = np.linspace(0, 2 * math.pi, vertices, endpoint=False)
    return shapely.Polygon(np.column_stack([lon + radius * np.cos(angles), lat + radius * np.sin(angles)]))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    store = workspace_at(tmp_path_factory.mktemp("outline") / "ws", "red_lines")
    shapes = [ring(117.5, 49.5, 0.1, 3000), ring(117.9, 49.9, 0.05, 3000)]
    rows = [{"红线编码": "HX-1", "红线名称": "近", "红线类型": "草原"}, {"红线编码": "HX-2"}]
    add(store, "red_lines", shapes, rows, name="红线", coverage=CITY, source="某局")
    add(
        store, "monitoring_sections", [shapely.Point(117.5, 49.55)], [{"断面名称": "断面"}], name="断面", synthetic=True
    )
    return FolderStore.open(store.root)


@pytest.fixture(scope="module")
def result(store):
    return screen(site_of(SITE, accuracy_m=5), store, as_of="2026-11-22").to_dict()


def test_features_are_drawn_with_their_words(store, result):
    red, sections = outlines_of(result, store, site=SITE)
    assert [(f.code, f.name, f.class_, f.class_label) for f in red.features] == [
        ("HX-1", "近", "red_line", "草原"),
        ("HX-2", None, "red_line", None),
    ]
    assert shapely.equals_exact(
        shapely.normalize(red.features[0].geometry),
        shapely.normalize(shapely.MultiPolygon([ring(117.5, 49.5, 0.1, 3000)])),
        1e-9,
    )
    assert (red.restricted, red.synthetic, red.role, red.source, red.data_date) == (
        True,
        False,
        "protective",
        "某局",
        "2024-01-01",
    )
    assert red.coverage is not None
    assert red.coverage.equals(CITY)
    assert (sections.synthetic, sections.role, sections.coverage) == (True, "context", None)
    assert red.notes == ()
    assert red.simplified_m == 0


def test_a_large_layer_is_cut_to_a_window_and_says_so(store, result):
    (red, _) = outlines_of(result, store, site=SITE, most_vertices=5000)
    assert [f.code for f in red.features] == ["HX-1"]
    west, south, east, north = red.features[0].geometry.bounds
    # 5 km around the site: 0.0449 degrees of latitude; the ring of 0.1 degrees is farther
    assert south == pytest.approx(49.50 - 5000 / 111_320, abs=1e-6)
    assert north == pytest.approx(49.51 + 5000 / 111_320, abs=1e-6)
    assert west > 117.40
    assert east < 117.60
    assert red.notes == ("drawn_in_window",)
    assert red.simplified_m == 0


def test_what_is_still_too_large_is_simplified_by_a_stated_distance(tmp_path):
    store = workspace_at(tmp_path / "ws", "red_lines")
    add(store, "red_lines", [ring(117.5, 49.5, 0.03, 3000)], name="红线", coverage=CITY)
    store = FolderStore.open(store.root)
    verdict = screen(site_of(SITE, accuracy_m=5), store, as_of="2026-11-22").to_dict()
    (red,) = outlines_of(verdict, store, site=SITE, most_vertices=1000)
    (feature,) = red.features
    assert shapely.get_num_coordinates(feature.geometry) <= 1000
    assert red.simplified_m >= 1
    moved = shapely.hausdorff_distance(feature.geometry, ring(117.5, 49.5, 0.03, 3000)) * 111_320
    assert 0 < moved <= red.simplified_m


@pytest.mark.parametrize("file", ["features.gpkg", "coverage.gpkg"])
def test_a_version_with_a_damaged_file_is_not_drawn_at_all(store, result, tmp_path, file):
    import shutil

    root = tmp_path / "ws"
    shutil.copytree(store.root, root)
    (folder,) = (root / "layers" / "红线").iterdir()
    data = bytearray((folder / file).read_bytes())
    data[len(data) // 2] ^= 0xFF
    (folder / file).write_bytes(bytes(data))
    red, sections = outlines_of(result, FolderStore.open(root), site=SITE)
    assert red.features == ()
    assert red.coverage is None
    assert red.notes == ("not_drawn_damaged",)
    assert sections.features
