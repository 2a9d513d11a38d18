"""Distances beyond 100 km against geodesics between densified edges; nearer than that nothing is changed by them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from spatial.ellipsoid import geod
from spatial.overlay import distance
from spatial.overlay.distance import _least_distance, distance_at_least, nearest_of, nearest_of_boxes
from spatial.overlay.far_edges import FAR_M, _on, nearest_far
from spatial.overlay.near_edges import Nearest
from spatial.overlay.nearest_many import nearest_many
from spatial.overlay.vantage import segments_of, vantage_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEEDS = st.integers(0, 2**32 - 1)
COUNTRY = shapely.box(73.0, 3.0, 135.0, 54.0)


def _blob(rng: np.random.Generator, centre: NDArray[np.float64], size: float, corners: int) -> Any:
    angle = np.sort(rng.uniform(0, 2 * math.pi, corners))
    ring = centre + size * rng.uniform(0.4, 1.0, (corners, 1)) * np.column_stack([np.cos(angle), np.sin(angle)])
    return shapely.make_valid(shapely.Polygon(ring))


def _scene(seed: int, least_km: float, most_km: float) -> tuple[Any, NDArray[Any]]:
    """A site, and up to three targets about so far away, with edges from a hundred metres to thousands of kilometres."""
    rng = np.random.default_rng(seed)
    inside = False
    while not inside:
        centre, kilometres = rng.uniform((73, 3), (135, 54)), least_km * (most_km / least_km) ** rng.random()
        lon, lat, _ = geod().fwd(centre[0], centre[1], rng.uniform(0, 360), kilometres * 1000)
        inside = 73 <= lon <= 135 and 3 <= lat <= 54
    sites: list[Any] = [
        lambda: shapely.Point(centre),
        lambda: _blob(rng, centre, 10.0 ** rng.uniform(-3, 0), 6),
        lambda: shapely.MultiPoint(centre + rng.normal(0, 0.1, (3, 2))),
        lambda: shapely.LineString([centre, centre + rng.normal(0, 3, 2)]),
    ]
    site = sites[rng.integers(4)]()
    away = np.array([lon, lat]) - centre
    targets = []
    for kind in rng.integers(5, size=rng.integers(1, 4)):
        at, size = np.array([lon, lat]) + rng.normal(0, 0.002 * kilometres, 2), 10.0 ** rng.uniform(-3, 1.5)
        way = np.array([-away[1], away[0]]) / np.hypot(*away) * size + rng.normal(0, 0.3 * size, 2)  # mostly across
        shape: Any
        if kind < 2:
            shape = shapely.LineString([at - way, at + 2 * way])
        elif kind == 2:
            shape = shapely.Polygon([at - way, at + way, at + way + size * away / np.hypot(*away)])
        else:
            shape = _blob(rng, at, size, int(rng.integers(3, 9))) if kind == 3 else shapely.Point(at)
        targets.append(shapely.intersection(shape, COUNTRY))
    found = np.array([target for target in targets if not target.is_empty], dtype=object)
    assume(len(found) > 0 and not shapely.intersects(site, found).any())
    return site, found


def _pieces(geometries: NDArray[Any]) -> NDArray[np.float64]:
    """Edges in pieces of at most 2°."""
    edges = segments_of(geometries)[0]
    count = np.maximum(1, np.ceil(np.abs(edges[:, 2:] - edges[:, :2]).max(axis=1) / 2)).astype(int)
    row, share = np.repeat(np.arange(len(edges)), count), np.concatenate([np.arange(n) / n for n in count])
    ends = [edges[row, :2] + (edges[row, 2:] - edges[row, :2]) * at[:, None] for at in (share, share + 1 / count[row])]
    return np.hstack(ends)


def _at(edges: NDArray[np.float64], share: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x1, y1, x2, y2 = (e.reshape(-1, *[1] * (share.ndim - 1)) for e in edges.T)
    return x1 + (x2 - x1) * share, y1 + (y2 - y1) * share


def _densified(site: Any, targets: NDArray[Any]) -> tuple[float, float]:
    """
    Least geodesic and its bearing, by trying: nine places along each piece of ours, nine along theirs for each of them.

    Along pieces of 2° both have one least, so both are drawn together around it. Only what can be least is followed.
    """
    ours, theirs = _pieces(np.array([site], dtype=object)), _pieces(targets)
    i, j = (k.ravel() for k in np.meshgrid(np.arange(len(ours)), np.arange(len(theirs))))
    one, two = ours[i], theirs[j]
    half = 60_000 * (np.hypot(*(one[:, 2:] - one[:, :2]).T) + np.hypot(*(two[:, 2:] - two[:, :2]).T))
    middle = geod().inv(*_at(one, np.full(len(one), 0.5)), *_at(two, np.full(len(two), 0.5)))[2]
    near = middle - half <= (middle + half).min()
    one, two, half = one[near], two[near], half[near]
    steps, s, reach = np.linspace(-1, 1, 9), np.full(len(one), 0.5), 0.5
    for _ in range(14):
        tried = np.clip(s[:, None] + steps * reach, 0, 1)
        t, span = np.full(tried.shape, 0.5), 0.5
        for _ in range(14):
            feet = np.clip(t[..., None] + steps * span, 0, 1)
            here = _at(one, np.broadcast_to(tried[..., None], feet.shape))
            azimuth, _, metres = geod().inv(*here, *_at(two, feet))
            t = np.take_along_axis(feet, metres.argmin(axis=2)[..., None], axis=2)[..., 0]
            span /= 3
        least = metres.min(axis=2)
        n, at = np.arange(len(one)), least.argmin(axis=1)
        nearest, bearing = least[n, at], azimuth[n, at, metres[n, at].argmin(axis=1)] % 360
        s, reach = tried[n, at], reach / 3
        left = nearest - 4 * half * reach <= nearest.min()
        one, two, half, s = one[left], two[left], half[left], s[left]
    return float(nearest.min()), float(bearing[nearest.argmin()])


@given(seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_distance_near_by_is_that_between_densified_edges_to_a_thousandth(seed: int) -> None:
    site, targets = _scene(seed, 1, 100)
    assert nearest_of(site, targets).distance_m == pytest.approx(_densified(site, targets)[0], rel=1e-3)


@given(seed=SEEDS)
@settings(max_examples=50, deadline=None)
def test_distance_and_bearing_far_away_are_those_between_densified_edges(seed: int) -> None:
    """The contract wants a thousandth; a bearing is held where one pair of places alone is so near."""
    site, targets = _scene(seed, 150, 3_000)
    true, bearing = _densified(site, targets)
    found = nearest_of(site, targets)
    assume(true > FAR_M)
    assert found.distance_m == pytest.approx(true, rel=1e-7)
    assert found.bearing_deg is not None
    apart = (found.bearing_deg - bearing + 180) % 360 - 180
    assert abs(apart) < 0.01 or _ties(site, targets, true)
    alone = [nearest_of(site, targets[[row]]).distance_m for row in range(len(targets))]
    assert alone[found.row] == min(alone) == found.distance_m
    asked = nearest_of_boxes(site, shapely.bounds(targets), np.arange(len(targets)), targets.take)
    assert asked is not None
    assert asked.distance_m == found.distance_m


def _ties(site: Any, targets: NDArray[Any], metres: float) -> bool:
    """Whether several pairs of edges are about as near, so that a bearing says little."""
    ours = segments_of(np.array([site], dtype=object))[0]
    theirs = np.asarray(shapely.linestrings(segments_of(targets)[0].reshape(-1, 2, 2)), dtype=object).reshape(-1)
    alone = [_densified(shapely.LineString(e.reshape(2, 2)), theirs) for e in ours]
    near = [bearing for far, bearing in alone if far < metres * (1 + 1e-7)]
    return max(near) - min(near) > 0.01


@given(seed=SEEDS)
@settings(max_examples=40, deadline=None)
def test_a_crowd_is_as_far_as_each_alone(seed: int) -> None:
    site, targets = _scene(seed, 50, 3_000)
    found = nearest_of(site, targets)
    many = nearest_many(np.array([site], dtype=object), segments_of(targets)[0])
    assert many.distance_m[0] == pytest.approx(found.distance_m, rel=1e-6 if found.distance_m > FAR_M else 1e-4)


@given(seed=SEEDS)
@settings(max_examples=40, deadline=None)
def test_nearer_than_that_not_a_digit_is_changed(seed: int) -> None:
    site, targets = _scene(seed, 1, 120)
    found = nearest_of(site, targets)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(distance, "FAR_M", math.inf)
        before = nearest_of(shapely.transform(site, np.copy), targets)
    assert found == before or before.distance_m > FAR_M


def test_a_wall_of_a_thousand_kilometres_is_met_where_the_geodesic_meets_it() -> None:
    """From 45°N, 90°E to the meridian of 103°E: the perpendicular meets it where tan B = tan 45° / cos 13°, 45.7°N."""
    wall = shapely.LineString([(103, 38), (103, 54)])
    found = nearest_of(shapely.Point(90, 45), np.array([wall], dtype=object))
    true = min(geod().inv(90, 45, 103, lat)[2] for lat in np.linspace(45.0, 46.5, 15_001))
    assert found.distance_m == pytest.approx(true, abs=0.01)
    with pytest.MonkeyPatch.context() as patched:  # what the plane said
        patched.setattr(distance, "FAR_M", math.inf)
        assert nearest_of(shapely.Point(90.0, 45.0), np.array([wall], dtype=object)).distance_m > true + 200


def test_a_bearing_to_a_wall_is_that_of_the_geodesic_to_its_foot() -> None:
    """30° away the foot lies near tan B = tan 45° / cos 30°, 49.1°N; a hundred metres there are 0.0025°."""
    site, wall = shapely.Point(75, 45), shapely.LineString([(105, 38), (105, 54)])
    lat = np.linspace(48.5, 49.7, 120_001)
    azimuth, _, metres = geod().inv(np.full_like(lat, 75), np.full_like(lat, 45), np.full_like(lat, 105), lat)
    found = nearest_of(site, np.array([wall], dtype=object))
    assert found.distance_m == pytest.approx(metres.min(), abs=1e-3)
    assert found.bearing_deg == pytest.approx(azimuth[metres.argmin()], abs=1e-4)


def test_of_many_points_far_away_the_nearest_on_the_ground_is_told() -> None:
    """Along 50°N a geodesic bends north: 60° away a point at 50°N is nearer than its parallel says."""
    rng = np.random.default_rng(7)
    site = shapely.box(74.0, 50.0, 74.01, 50.01)
    places = rng.uniform((128, 25), (135, 54), (400, 2))
    points = np.asarray(shapely.points(places), dtype=object)
    metres = [distance.distance_to(site, point) for point in points]
    found = nearest_of_boxes(site, shapely.bounds(points), np.arange(400), points.take)
    assert found is not None
    assert found.distance_m == pytest.approx(min(metres), abs=1e-3)
    assert found.row == int(np.argmin(metres))


@given(seed=SEEDS)
@settings(max_examples=60, deadline=None)
def test_bounds_are_below_the_distance_all_over_the_ground_that_is_answered_for(seed: int) -> None:
    """60–150°E, 0–60°N; across all of it along 60°N a geodesic is 0.92 times as long as 0.97 of the parallel."""
    rng = np.random.default_rng(seed)
    ends = rng.uniform((60, 0), (150, 60), (40, 2))
    ends[rng.random((40, 2)) < 0.3] = 60.0
    site, points = shapely.Point(ends[0]), np.asarray(shapely.points(ends[1:]), dtype=object)
    metres = geod().inv(*np.broadcast_to(ends[0], ends[1:].shape).T, *ends[1:].T)[2]
    assert (_least_distance(site.bounds, shapely.bounds(points)) <= metres).all()
    assert (distance_at_least(site, points) <= metres).all()


def test_edges_that_point_at_each_other_are_not_passed_over_for_their_middles() -> None:
    """Nothing is known but a pair 1 m worse; the middles of these edges are 28 km farther apart than their ends."""
    site, wall = (shapely.LineString([(110, y), (110, y + 0.25)]) for y in (20.0, 25.0))
    true = geod().inv(110, 20.25, 110, 25)[2]
    bound = Nearest(distance_m=true + 1.0, bearing_deg=1.0, row=0)
    found = nearest_far(vantage_of(site), np.array([wall], dtype=object), bound)
    assert found.distance_m == pytest.approx(true, abs=1e-3)
    assert found.bearing_deg == pytest.approx(0.0, abs=1e-6)
    assert (
        nearest_far(
            vantage_of(site), np.array([wall], dtype=object), Nearest(**{**vars(bound), "distance_m": true - 1.0})
        ).distance_m
        == true - 1.0
    )


def test_the_way_of_an_edge_is_how_its_place_moves() -> None:
    edges = np.random.default_rng(2).uniform((73, 3, 73, 3), (135, 54, 135, 54), (20, 4))
    at, step = np.linspace(0.05, 0.95, 20), 1e-6
    moved = (_on(edges, at + step)[0] - _on(edges, at - step)[0]) / (2 * step)
    assert _on(edges, at)[1] == pytest.approx(moved, abs=0.1)  # of millions of metres
