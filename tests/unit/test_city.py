"""A workspace of a city from outlines, plan and gazetteer: nothing is invented in it, and nothing is clear."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely

from layers.city import build_city, place_of
from layers.georeference.gazetteer import Extent, NamedPlace, PlaceSource, find, gazetteer
from layers.model import DEFAULT_REQUIRED_KINDS
from layers.plans.loading import CITIES, plan
from layers.workspace import FolderStore
from screening.screen import screen
from screening.site import site_of
from spatial.boundaries import union
from spatial.datafiles import data_root

if TYPE_CHECKING:
    from pathlib import Path

KEYS = tuple(sorted(tomllib.loads(p.read_text(encoding="utf-8"))["plan"]["key"] for p in
             (data_root() / "plans").glob("*.toml") if p.name != "requirements.toml"))  # fmt: skip
PAGE = PlaceSource(title="某页", address="https://example.org/", says="111.97, 43.65")


@lru_cache(maxsize=8)
def grid(city: str) -> tuple[tuple[float, float], ...]:
    """Some 40 points over a city, and the middle of every box and every point that its gazetteer gives."""
    outline = union(plan(city).districts).geometry
    west, south, east, north = outline.bounds
    lon, lat = np.meshgrid(np.linspace(west, east, 11)[1:-1], np.linspace(south, north, 11)[1:-1])
    inside = [(float(x), float(y)) for x, y in zip(lon.ravel(), lat.ravel(), strict=True)]
    known = [p.point for p in gazetteer(city) if p.point is not None]
    known += [((e.west + e.east) / 2, (e.south + e.north) / 2) for p in gazetteer(city) for e in p.extents]
    return (*(xy for xy in inside if shapely.contains_xy(outline, *xy)), *known)


@pytest.fixture(scope="module", params=KEYS)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, FolderStore]:
    of_city = plan(request.param)
    store = FolderStore.create(
        tmp_path_factory.mktemp(request.param) / "ws",
        required_kinds=list(DEFAULT_REQUIRED_KINDS),
        region=",".join(of_city.districts),
    )
    build_city(store, of_city)
    return request.param, FolderStore.open(store.root)


def test_the_five_cities_have_a_plan() -> None:
    assert set(KEYS) == {city.key for city in CITIES}


def test_every_protective_kind_is_unknown_or_uncertain_and_nowhere_clear_or_hit(built: tuple[str, FolderStore]) -> None:
    city, store = built
    answers: dict[str, set[str]] = {}
    for lon, lat in grid(city):
        verdict = screen(site_of(shapely.Point(lon, lat), accuracy_m=1.0), store, as_of="2026-11-22")
        assert verdict.answer in {"unknown", "uncertain"}
        for found in verdict.findings:
            answers.setdefault(found.kind, set()).add(found.answer)
    assert set(answers) >= set(DEFAULT_REQUIRED_KINDS)
    assert set.union(*answers.values()) <= {"unknown", "uncertain"}
    assert answers["red_lines"] == {"unknown"}, "nobody says where a red line runs"
    boxes = any(p.extents for p in gazetteer(city) if p.kind == "protected_areas")
    assert ("uncertain" in answers["protected_areas"]) == boxes


def test_every_feature_of_the_plan_is_stored_once_and_says_how(built: tuple[str, FolderStore]) -> None:
    city, store = built
    cards = [store.open_version(entry).card for entry in store.entries]
    stored = {card["kind"]: card for card in cards if not card["declared_none"]}
    for kind, card in stored.items():
        assert card["indicative"] is True
        assert card["georeference_method"] in {"declared", "described_place"}
        assert card["coverage_kind"] is None
        if kind != "other":
            declared = [f for f in plan(city).features if f.kind == kind]
            assert [p["name"] for p in card["georeference"]["places"]] == [f.name for f in declared]


def test_the_users_entry_goes_before_ours_also_by_name_alone() -> None:
    manzhouli = plan("manzhouli")
    feature = next(f for f in manzhouli.features if f.name == "霍勒金布拉格国家湿地公园")
    assert any(p.feature == feature.id for p in gazetteer("manzhouli"))  # ours: an area, no place
    mine = NamedPlace(
        name=feature.name,
        sources=(PlaceSource(title="某局", address="user"),),
        origin="user",
        point=(117.4, 49.5),
        accuracy_m=300.0,
    )
    assert place_of(manzhouli, feature, [mine]).point == (117.4, 49.5)


def test_erenhot_has_a_river_layer_that_says_there_are_none(tmp_path: Path) -> None:
    store = FolderStore.create(tmp_path / "ws", required_kinds=["red_lines"], region="152501")
    build_city(store, plan("erenhot"))
    none = [card for e in FolderStore.open(store.root).entries if (card := store.open_version(e).card)["declared_none"]]
    assert [(card["name"], card["meaning"], card["coverage_label"]) for card in none] == [
        ("二连浩特市河流（规划称无）", "河流", "152501")
    ]
    assert "L22" in none[0]["source"]
    assert "地表无河流水系" in none[0]["source"]


@pytest.mark.parametrize("city", KEYS)
def test_what_is_located_is_what_the_gazetteer_locates_and_towns(city: str) -> None:
    of_city = plan(city)
    located = {f.id: place_of(of_city, f) for f in of_city.features if place_of(of_city, f).is_located}
    ours = {p.feature for p in gazetteer(city) if p.is_located}
    assert {key for key, place in located.items() if place.origin == "page"} == ours
    assert {of_city.feature(key).kind for key in located.keys() - ours} <= {"place"}


def test_a_section_is_not_the_town_it_is_called_after() -> None:
    """喇嘛湾 is a town of the registry and a monitoring section of the plan: nobody says where the section is."""
    hohhot = plan("hohhot")
    assert find("喇嘛湾", city="hohhot", districts=hohhot.districts).origin == "registry"
    section = hohhot.feature("lamawan")
    assert (section.name, section.kind) == ("喇嘛湾", "monitoring_sections")
    assert not place_of(hohhot, section).is_located


def test_six_things_called_after_one_place_stay_apart() -> None:
    manzhouli = plan("manzhouli")
    named = [f for f in manzhouli.features if "二卡" in f.name and f.stands_for == "one"]
    assert len(named) == 6
    assert [f.id for f in named if place_of(manzhouli, f).is_located] == ["erka-wetland-park"]


def test_an_entry_of_another_feature_or_kind_does_not_stand_in() -> None:
    """An entry that says which feature or which kind it is serves no homonym; one that says neither serves by name."""
    hohhot = plan("hohhot")
    lake, section = hohhot.feature("wanjiazhai"), hohhot.feature("wanjiazhai-section")
    assert lake.name == section.name

    def places(**said: Any) -> tuple[bool, bool]:
        own = (NamedPlace(name=lake.name, sources=(PAGE,), origin="user", point=(111.5, 39.9), accuracy_m=50, **said),)
        return place_of(hohhot, lake, own).is_located, place_of(hohhot, section, own).is_located

    assert places(feature="wanjiazhai") == (True, False)
    assert places(kind="lake") == (True, False)
    assert places(kind="monitoring_sections") == (False, True)
    assert places() == (True, True)


def test_a_place_is_stored_under_the_plans_name_with_what_the_plan_declares() -> None:
    arxan = plan("arxan")
    place = place_of(arxan, arxan.feature("aolunbukan-wetland-park"))
    assert (place.name, place.status, place.level) == ("内蒙古白狼奥伦布坎国家湿地公园", "in_force", "国家级")
    assert place.facts == {"plan_feature": "arxan/aolunbukan-wetland-park"}
    nobody = place_of(arxan, arxan.feature("dulaer-reserve"))
    assert (nobody.is_located, nobody.sources[0].address) == (False, "data/plans/arxan.toml")


def test_the_users_own_gazetteer_places_what_ours_does_not(tmp_path: Path) -> None:
    erenhot = plan("erenhot")
    own = NamedPlace(
        name="齐哈日格图水源地",
        sources=(PAGE,),
        origin="user",
        feature="qiharigetu",
        zone="二级保护区",
        extents=(Extent.of(west="112°00′", south="43°20′", east="112°05′", north="43°25′"),),
    )
    required = list(DEFAULT_REQUIRED_KINDS)
    store = FolderStore.create(tmp_path / "ws", required_kinds=required, region="152501")
    layers = build_city(store, erenhot, extra=[own])
    (water,) = [layer for layer in layers if layer.kind == "water_sources"]
    assert [feature.id for feature, place in water.places if place.is_located] == ["qiharigetu"]
    verdict = screen(
        site_of(shapely.Point(112.04, 43.38), accuracy_m=1.0), FolderStore.open(store.root), as_of="2026-11-22"
    )
    assert {f.answer for f in verdict.findings if f.kind == "water_sources"} == {"uncertain"}
