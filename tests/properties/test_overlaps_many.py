"""What many sites share with the features of a layer is what GEOS says of each pair, whatever cells and pieces save."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.measure import ellipsoidal_area
from spatial.overlay import clipping, overlap_many
from spatial.overlay.index import GeometryIndex
from spatial.overlay.overlap_many import OverlayLookup, _apart, overlaps_many
from tests.tilings import blob, tiling


def brute(sites, features, counted):
    """Each pair on its own."""
    found = {}
    for i, site in enumerate(sites):
        for j, feature in enumerate(features):
            if counted[j] and shapely.intersects(site, feature):
                found[i, j] = float(ellipsoidal_area([shapely.intersection(site, feature)])[0])
    return found


def parcels(rng, count, west, south, side):
    found = []
    for _ in range(count):
        x, y = rng.uniform(-0.1, 1.1, 2) * side + (west, south)
        reach = side * rng.choice([0.002, 0.02, 0.2])
        found.append(blob(x, y, reach, int(rng.integers(4, 40)), rng))
    return np.array(found, dtype=object)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([1, 9, 25]), st.sampled_from([8, 60]))
def test_pairs_and_areas_are_those_of_each_pair(seed, count, vertices):
    rng = np.random.default_rng(seed)
    west, south, side = 117.0, 49.0, 0.3
    tiles = list(tiling(count, vertices, west=west, south=south, side=side, seed=seed % 1000))
    over = [blob(*rng.uniform((117.05, 49.05), (117.25, 49.25)), 0.05, 30, rng) for _ in range(2)]
    features = np.array([*tiles, *over], dtype=object)
    counted = rng.random(len(features)) < 0.8
    sites = parcels(rng, 30, west, south, side)
    found = overlaps_many(sites, OverlayLookup(GeometryIndex.of(features), counted))
    truth = brute(sites, features, counted)
    mine = {(int(i), int(j)): float(a) for i, j, a in zip(found.site, found.feature, found.area_m2, strict=True)}
    assert {pair for pair, area in truth.items() if area > 0.01} <= set(mine)
    for pair, area in mine.items():
        assert area == pytest.approx(truth.get(pair, 0.0), rel=1e-9, abs=0.01)
    assert list(mine) == sorted(mine), "by site, then by feature"


def test_company_does_not_change_what_is_found():
    rng = np.random.default_rng(2)
    features = tiling(16, 40, west=117.0, south=49.0, side=0.3)
    lookup = OverlayLookup(GeometryIndex.of(features), np.ones(16, dtype=bool))
    sites = np.tile(parcels(rng, 60, 117.0, 49.0, 0.3), 150)
    alone = overlaps_many(sites[:60], lookup)
    many = overlaps_many(sites, lookup)
    first = many.site < 60
    for name in ("site", "feature", "area_m2", "outline_m"):
        assert np.array_equal(getattr(many, name)[first], getattr(alone, name))


@pytest.mark.parametrize("threads", [2, 3])
def test_several_threads_find_what_one_finds(threads):
    rng = np.random.default_rng(3)
    features = tiling(25, 60, west=117.0, south=49.0, side=0.3)
    lookup = OverlayLookup(GeometryIndex.of(features), np.arange(25) % 5 > 0)
    sites = parcels(rng, 800, 117.0, 49.0, 0.3)
    sites[5] = shapely.Polygon()
    one, several = overlaps_many(sites, lookup), overlaps_many(sites, lookup, threads=threads)
    for name in ("site", "feature", "area_m2", "outline_m", "nearly"):
        assert np.array_equal(getattr(one, name), getattr(several, name)), name
    assert overlaps_many(sites[:0], lookup, threads=threads).site.tolist() == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 6)), max_size=40, unique=True), st.integers(1, 4))
def test_no_two_threads_are_given_one_piece_or_one_site(pairs, threads):
    piece, site = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    *parts, after = _apart(site, piece, threads)
    assert sorted(np.concatenate([*parts, after]).tolist()) == list(range(len(pairs)))
    for given_to in (site, piece):
        kinds = [set(given_to[part].tolist()) for part in parts]
        assert sum(map(len, kinds)) == len(set().union(*kinds))
    if threads == 1:
        assert len(after) == 0


def test_a_feature_a_millimetre_away_is_told_and_shares_nothing():
    zone = shapely.box(117.0, 49.0, 117.1, 49.1)
    lookup = OverlayLookup(GeometryIndex.of(np.array([zone])), np.array([True]))
    sites = np.array([shapely.box(117.1 + gap, 49.02, 117.12, 49.03) for gap in (1e-8, 1e-6)], dtype=object)
    found = overlaps_many(sites, lookup)
    assert (len(found.site), found.nearly.tolist()) == (0, [True, False])


def test_a_site_of_very_many_vertices_is_cut_like_any_other():
    features = tiling(16, 40, west=117.0, south=49.0, side=0.3)
    site = shapely.Point(117.15, 49.15).buffer(0.06, quad_segs=2_000)
    found = overlaps_many(np.array([site]), OverlayLookup(GeometryIndex.of(features), np.ones(16, dtype=bool)))
    truth = brute([site], features, np.ones(16, dtype=bool))
    assert [(0, feature) for feature in found.feature.tolist()] == sorted(truth)
    assert found.area_m2 == pytest.approx([truth[0, f] for f in found.feature.tolist()], rel=1e-9)


@pytest.mark.parametrize(("vertex_pairs", "run_pairs"), [(1, 1), (500, 7), (20_000, 50)])
def test_areas_do_not_depend_on_how_many_pairs_are_settled_together(monkeypatch, vertex_pairs, run_pairs):
    features = tiling(16, 40, west=117.0, south=49.0, side=0.3)
    lookup = OverlayLookup(GeometryIndex.of(features), np.ones(16, dtype=bool))
    middles = np.random.default_rng(4).uniform((117.02, 49.02), (117.28, 49.28), (60, 2))
    sites = shapely.buffer(shapely.points(middles), 0.02)
    together = overlaps_many(sites, lookup)
    monkeypatch.setattr(overlap_many, "VERTEX_PAIRS_AT_ONCE", vertex_pairs)
    monkeypatch.setattr(clipping, "_RUN_PAIRS_AT_ONCE", run_pairs)
    apart = overlaps_many(sites, lookup)
    for name in ("site", "feature", "area_m2", "outline_m", "nearly"):
        assert getattr(together, name).tolist() == getattr(apart, name).tolist()


def test_an_empty_site_meets_nothing_and_own_areas_are_taken_as_given():
    zone = shapely.box(117.0, 49.0, 117.1, 49.1)
    lookup = OverlayLookup(GeometryIndex.of(np.array([zone])), np.array([True]))
    sites = np.array([shapely.Polygon(), shapely.box(117.04, 49.04, 117.05, 49.05)], dtype=object)
    found = overlaps_many(sites, lookup, areas_m2=np.array([0.0, 7.0]))
    assert (found.site.tolist(), found.area_m2.tolist()) == ([1], [7.0])
