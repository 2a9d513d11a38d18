"""What one check does not measure, join or open again: the answers are those of measuring, joining and opening."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from layers.version import open_layer
from layers.workspace import FolderStore
from screening.covering import cover_of
from screening.rules.districts import lies_in
from spatial.boundaries import available, union
from spatial.overlay.distance import distance_to, nearest_of, surely_beyond
from spatial.overlay.index import GeometryIndex
from tests.building import add, workspace_at

COUNTY = shapely.box(117.0, 49.0, 118.0, 50.0)


@pytest.mark.parametrize("seed", range(20))
def test_edge_that_is_surely_beyond_is_measured_beyond(seed: int) -> None:
    rng = np.random.default_rng(seed)
    site = shapely.Point(*rng.uniform((117.05, 49.05), (117.95, 49.95)))
    edge_m = distance_to(site, COUNTY.exterior)
    cover = cover_of(site, GeometryIndex.of(np.array([COUNTY])))
    assert cover.edge_m == pytest.approx(edge_m, abs=0.01)
    # the plane's own doubt: 0.1 % and twice tan(lat) times the reach over the Earth's radius, 2.3 per 6,371 km
    least = edge_m / (1.001 + 2.5 * edge_m / 6_371_000) - 1
    assert cover.edge_surely_beyond(0.9 * least)
    assert not cover.edge_surely_beyond(edge_m)


def test_outside_a_coverage_no_edge_is_beyond_anything() -> None:
    cover = cover_of(shapely.Point(118.5, 49.5), GeometryIndex.of(np.array([COUNTY])))
    assert (cover.inside, cover.edge_m, cover.edge_surely_beyond(0.0)) == (False, 0.0, False)


def test_too_many_targets_near_are_not_looked_at_for_a_bound() -> None:
    targets = np.array([shapely.Point(117.5 + i * 1e-3, 49.5) for i in range(1, 66)], dtype=object)
    site = shapely.Point(117.5, 49.5)
    assert not surely_beyond(site, shapely.bounds(targets), targets.take, 10_000.0)
    assert surely_beyond(site, shapely.bounds(targets[:64]), targets.take, 50.0)


def test_what_was_measured_once_is_the_same_for_the_same_targets_only() -> None:
    site, near, far = shapely.Point(117.5, 49.5), shapely.Point(117.51, 49.5), shapely.Point(117.6, 49.5)
    first = nearest_of(site, np.array([far, near]))
    again = nearest_of(site, np.array([near]))
    assert (first.row, again.row) == (1, 0)
    assert first.distance_m == again.distance_m == pytest.approx(724.3, abs=1)
    assert nearest_of(site, np.array([shapely.Point(117.52, 49.5)])).distance_m > 1400


def test_a_store_opens_a_version_once_and_another_store_anew(tmp_path) -> None:
    store = workspace_at(tmp_path / "ws", "red_lines")
    add(store, "red_lines", [shapely.box(117.1, 49.1, 117.2, 49.2)], coverage=COUNTY)
    store, other = FolderStore.open(tmp_path / "ws"), FolderStore.open(tmp_path / "ws")
    (entry,) = store.entries
    assert open_layer(store, entry) is open_layer(store, entry)
    assert open_layer(other, entry) is not open_layer(store, entry)


@pytest.mark.skipif(not available(), reason="the boundaries are not built: make setup")
@pytest.mark.parametrize("codes", [("150781",), ("150502", "150521"), ("150500",)])
def test_lying_in_districts_by_what_is_near_is_what_the_whole_outline_says(codes: tuple[str, ...]) -> None:
    whole = union(codes)
    west, south, east, north = whole.geometry.bounds
    rng = np.random.default_rng(4)
    ways = set()
    border = shapely.get_coordinates(whole.geometry)
    for n in range(40):
        x, y = rng.uniform((west, south), (east, north)) if n % 4 else border[rng.integers(len(border))]
        place = shapely.Point(x, y)
        said, _ = lies_in(place, codes, margin_m=5.0)
        inside = whole.geometry.contains(place)
        edge_m = distance_to(place, whole.geometry.boundary)
        room_m = whole.accuracy_m + 5.0
        if edge_m > 1.05 * room_m:
            assert said == ("yes" if inside else "no"), (codes, n)
        elif edge_m < 0.99 * room_m:
            assert said == "open", (codes, n)
        ways.add(said)
    assert ways == {"yes", "no", "open"}
