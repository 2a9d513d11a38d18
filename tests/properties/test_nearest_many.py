"""Many sites at once against the truth for one site, and against densified outlines."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiPoint, Point, Polygon, box

from spatial.ellipsoid import geod
from spatial.overlay.distance import nearest_of
from spatial.overlay.nearest_many import BoundaryLookup, depth_many, may_reach, nearest_many
from spatial.overlay.vantage import segments_of

SEED = st.integers(0, 2**32 - 1)
LAT = st.floats(0.5, 59.0)
AWAY = st.sampled_from([0.0, 1e-6, 1e-4, 3e-3, 0.03, 0.1])


def array(*geometries):
    found = np.empty(len(geometries), dtype=object)
    found[:] = geometries
    return found


def star(rng, lon, lat, size, vertices):
    angle = np.unique(np.round(np.sort(rng.uniform(0, 2 * math.pi, vertices)), 4))
    reach = size * rng.uniform(0.4, 1.0, len(angle))
    return Polygon(np.column_stack([lon + reach * np.cos(angle), lat + reach * np.sin(angle)]))


def a_site(rng, lon, lat):
    size = 10 ** rng.uniform(-6, -1.5)
    around = np.array([lon, lat])
    kind = rng.integers(5)
    if kind == 0:
        return Point(lon, lat)
    if kind == 1:
        return star(rng, lon, lat, size, int(rng.integers(5, 60)))
    if kind == 2:
        return LineString(around + np.cumsum(rng.normal(0, size, (int(rng.integers(2, 40)), 2)), axis=0))
    if kind == 3:
        return MultiPoint(around + rng.normal(0, size, (6, 2)))
    return box(lon, lat, lon + size, lat + size / 2)


def scene(seed, lat, away):
    """Edges of jagged zones and of one box with long sides, and sites around them."""
    rng = np.random.default_rng(seed)
    jagged = [
        star(rng, 117 + rng.uniform(0, 0.2), lat + rng.uniform(0, 0.2), 10 ** rng.uniform(-4, -1), 50) for _ in range(3)
    ]
    wide = box(117.5, lat, 117.5 + rng.uniform(0.1, 1), min(60.0, lat + rng.uniform(0.1, 1)))
    shapes = array(*jagged, wide)
    edges = segments_of(shapes)[0]
    some = []
    for _ in range(6):
        edge = edges[rng.integers(len(edges))]
        t, angle = rng.uniform(), rng.uniform(0, 2 * math.pi)
        lon = edge[0] + t * (edge[2] - edge[0]) + away * math.cos(angle)
        some.append(a_site(rng, lon, min(59.9, edge[1] + t * (edge[3] - edge[1]) + away * math.sin(angle))))
    return edges, array(*some)


@settings(max_examples=40, deadline=None)
@given(seed=SEED, lat=LAT, away=AWAY)
def test_each_site_is_as_far_as_the_one_site_engine_says_and_never_farther(seed, lat, away):
    edges, some = scene(seed, lat, away)
    found = nearest_many(some, edges)
    lines = shapely.linestrings(edges.reshape(-1, 2, 2))
    for number, site in enumerate(some):
        true = nearest_of(site, lines)
        mine = float(found.distance_m[number])
        assert mine <= true.distance_m + 1e-6
        # that engine passes over a pair that could be nearer by less than 2 mm, or 1e-4 beyond 10 km
        assert mine >= true.distance_m - (3e-3 if true.distance_m <= 10_000 else 1e-3 * true.distance_m)
        if true.distance_m == 0.0:
            assert mine < 1e-6
        if mine > 0:
            own = nearest_of(site, lines[found.edge[number] : found.edge[number] + 1])
            assert abs(own.distance_m - mine) <= (3e-3 if mine <= 10_000 else 1e-3 * mine)
            if abs(own.distance_m - mine) < 1e-9 and mine > 1:
                turn = abs((own.bearing_deg - found.bearing_deg[number] + 180) % 360 - 180)
                assert turn < 5  # a parallel edge is as near in many places


def test_most_figures_are_those_of_the_one_site_engine_to_the_millimetre():
    same = count = 0
    for seed in range(25):
        edges, some = scene(seed, 20 + seed, [1e-3, 0.02, 0.05][seed % 3])
        found = nearest_many(some, edges).distance_m
        lines = shapely.linestrings(edges.reshape(-1, 2, 2))
        true = np.array([nearest_of(site, lines).distance_m for site in some])
        same += int((np.floor(true * 1000) == np.floor(found * 1000)).sum())
        count += len(some)
    assert count == 150
    assert same >= 140


@settings(max_examples=15, deadline=None)
@given(seed=SEED, lat=LAT, away=AWAY)
def test_no_two_points_of_the_outlines_are_nearer(seed, lat, away):
    edges, some = scene(seed, lat, away)
    rng = np.random.default_rng(seed)
    edges = edges[rng.permutation(len(edges))[:25]]
    found = nearest_many(some, edges)
    share = np.linspace(0, 1, 60)[:, None]
    border = np.concatenate([e[:2] + (e[2:] - e[:2]) * share for e in edges])
    for number, site in enumerate(some):
        own = segments_of(array(site))[0]
        on = np.concatenate([e[:2] + (e[2:] - e[:2]) * share[::12] for e in own[:50]])
        i, j = (part.ravel() for part in np.meshgrid(np.arange(len(on)), np.arange(len(border)), indexing="ij"))
        rough = np.hypot((on[i, 0] - border[j, 0]) * math.cos(math.radians(lat)), on[i, 1] - border[j, 1])
        best = np.argpartition(rough, min(2000, len(rough) - 1))[:2000]
        metres = geod().inv(*on[i[best]].T, *border[j[best]].T)[2]
        assert found.distance_m[number] <= metres.min() + 1e-6 + 1e-5 * max(0.0, metres.min() - 10_000)


@settings(max_examples=15, deadline=None)
@given(seed=SEED, lat=LAT, far=st.floats(2, 12))
def test_far_away_it_is_right_to_a_thousandth_and_not_more_than_the_truth(seed, lat, far):
    edges, some = scene(seed, lat, 0.1)
    some = shapely.transform(some, lambda xy: xy - (far, 0))
    found = nearest_many(some, edges).distance_m
    lines = shapely.linestrings(edges.reshape(-1, 2, 2))
    for mine, site in zip(found, some, strict=True):
        true = nearest_of(site, lines).distance_m
        assert abs(mine - true) <= 1e-3 * true
        assert mine <= true * (1 + 1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=SEED, lat=LAT, away=AWAY, reach=st.floats(0, 20_000))
def test_what_may_not_reach_is_farther_and_depth_is_that_of_points(seed, lat, away, reach):
    edges, some = scene(seed, lat, away)
    lookup = BoundaryLookup(edges)
    lines = shapely.boundary(some)
    lines[shapely.is_empty(lines)] = some[shapely.is_empty(lines)]
    metres = nearest_many(lines, lookup).distance_m
    may = may_reach(lines, lookup, reach)
    assert (metres[~may] > reach).all()
    points = shapely.get_coordinates(some)[::7]
    assert np.array_equal(depth_many(points, lookup), nearest_many(shapely.points(points), lookup).distance_m)


@settings(max_examples=25, deadline=None)
@given(seed=SEED, lat=LAT)
def test_more_edges_never_put_a_site_farther_away(seed, lat):
    edges, some = scene(seed, lat, 0.03)
    all_of_them = nearest_many(some, edges).distance_m
    rng = np.random.default_rng(seed)
    fewer = nearest_many(some, edges[rng.random(len(edges)) < 0.5] if len(edges) > 8 else edges[:4]).distance_m
    assert (all_of_them <= fewer + 1e-9).all()


@settings(max_examples=40, deadline=None)
@given(seed=SEED, lat=LAT, away=AWAY, reach=st.sampled_from([0.0, 0.5, 30.0, 150.0, 3000.0, 1e7]))
def test_what_is_searched_within_a_distance_only_is_the_same_up_to_there_and_infinite_beyond(seed, lat, away, reach):
    edges, some = scene(seed, lat, away)
    lookup = BoundaryLookup(edges)
    whole = nearest_many(some, lookup)
    within = np.where(np.arange(len(some)) % 3 == 2, np.inf, reach)  # some of a block are searched wholly
    found = nearest_many(some, lookup, within_m=within)
    near = whole.distance_m <= np.maximum(within, 1e-6)
    assert np.array_equal(found.distance_m, np.where(near, whole.distance_m, np.inf))
    assert np.array_equal(found.edge >= 0, near)


def test_a_hole_deep_inside_of_a_site_is_met_however_little_is_searched():
    hole = segments_of(array(box(117.5, 49.5, 117.5001, 49.5001)))[0]
    sites = array(box(117.49, 49.49, 117.51, 49.51), box(117.52, 49.49, 117.53, 49.51), None)
    found = nearest_many(sites, hole, within_m=np.full(3, 5.0))
    assert found.distance_m[0] == 0.0  # 700 m from its outline
    assert math.isinf(found.distance_m[1])
    assert math.isnan(found.distance_m[2])


@pytest.mark.parametrize("lat", [-49.5, -0.002, 49.5])
def test_what_lies_in_the_very_middle_of_a_site_is_met(lat):
    middle = np.array([[117.5, lat, 117.5, lat + 1e-7]])  # as far from its outline as anything in there can be
    sites = array(box(117.495, lat - 0.003, 117.505, lat + 0.003), box(117.498, lat - 0.5, 117.502, lat + 0.5))
    assert nearest_many(sites, middle).distance_m.tolist() == [0.0, 0.0]
