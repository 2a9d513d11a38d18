"""A page is headed by the region its workspace is for, and rivers of the workspace look as rivers do."""

from __future__ import annotations

import pytest
import shapely

from layers.workspace import FolderStore
from maps.public_map.document import MapRequest, contents_of
from maps.public_map.edition import Edition
from maps.region import region_of
from spatial.boundaries import available
from tests.building import add

DAY = "2026-11-22"
built = pytest.mark.skipif(not available(), reason="administrative boundaries are not built here: run make setup")


def document_of(store, **request):
    return contents_of(FolderStore.open(store.root), MapRequest(as_of=DAY, **request)).document


@built
@pytest.mark.parametrize(
    ("codes", "name"),
    [("150781", "满洲里市"), ("150703, 150781", "扎赉诺尔区、满洲里市"), ("150702,150703,150781", "呼伦贝尔市")],
)
def test_a_map_without_a_title_is_headed_by_its_region(tmp_path, codes, name):
    store = FolderStore.create(tmp_path / "ws", required_kinds=["red_lines"], region=codes)
    title = document_of(store)["title"]
    assert title["zh"] == f"{name}生态环境管控分区查询图"
    assert title["en"] == f"{name}: map of environmental control zones"
    assert document_of(store, title="我的图")["title"]["zh"] == "我的图"


@built
def test_the_box_of_a_region_is_that_of_its_outline(tmp_path):
    store = FolderStore.create(tmp_path / "ws", required_kinds=["red_lines"], region="150781")
    west, south, east, north = region_of(store).bounds
    assert 117 < west < 117.5 < 117.7 < east < 118.1  # 满洲里 lies at 117.4 E, 49.6 N
    assert 49.1 < south < 49.5 < 49.6 < north < 49.9


@pytest.mark.parametrize("codes", [None, "", "nowhere", "999999"])
def test_where_no_region_is_known_the_heading_is_the_general_one(tmp_path, codes):
    store = FolderStore.create(tmp_path / "ws", required_kinds=["red_lines"], region=codes)
    assert region_of(store) is None
    assert document_of(store)["title"]["zh"] == "生态环境管控分区查询图"


@pytest.fixture
def rivers(tmp_path):
    store = FolderStore.create(tmp_path / "ws", required_kinds=["red_lines"], region=None)
    line = shapely.LineString([(117.1, 49.5), (117.9, 49.6)])
    for name, meaning in (("河流", "河流中心线"), ("道路", "公路"), ("坐标", "河流 117.123456 49.654321")):
        add(store, "other", [line], [{}], name=name, role="context", meaning=meaning)
    return store


def test_rivers_look_as_rivers_and_a_kind_of_ones_own_is_called_what_it_means(rivers):
    looks = {
        layer["name"]: (one["label"]["zh"], one["label"]["en"], one["style"])
        for layer in document_of(rivers)["layers"]
        for one in layer["classes"]
    }
    assert looks["河流"] == ("河流中心线", "河流中心线", "mark-river")
    assert looks["道路"] == ("公路", "公路", "other")
    assert "mark-river" in document_of(rivers)["styles"]


def test_a_meaning_that_states_a_place_or_belongs_to_a_generalised_layer_is_not_told(rivers):
    request = {"edition": Edition(public=True, precision_m={"道路": 100.0})}
    (coordinates,), (coarse,) = (
        layer["classes"]
        for name in ("坐标", "道路")
        for layer in document_of(rivers, **request)["layers"]
        if layer["name"] == name
    )
    assert "117" not in coordinates["label"]["zh"]
    assert "公路" not in coarse["label"]["zh"]
