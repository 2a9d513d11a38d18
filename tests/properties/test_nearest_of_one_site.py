"""The nearest of one site, found by looking at little, is to the last digit what looking at everything gives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.measure import ellipsoidal_area
from spatial.overlay import edge_pairs
from spatial.overlay.distance import FartherThanKnownError, nearest_of, nearest_of_boxes
from spatial.overlay.edge_pairs import nearest_on
from spatial.overlay.frame import boxes_meet
from spatial.overlay.index import GeometryIndex
from spatial.overlay.near_edges import Nearest, nearest_among_edges
from spatial.overlay.nearest_piece import nearest_piece
from spatial.overlay.pieces import cut
from spatial.overlay.vantage import vantage_of

SEEDS = st.integers(0, 2**32 - 1)


def _blob(rng: np.random.Generator, centre: np.ndarray, size: float, corners: int) -> shapely.Geometry:
    angle = np.sort(rng.uniform(0, 2 * math.pi, corners))
    ring = centre + size * rng.uniform(0.4, 1.0, (corners, 1)) * np.column_stack([np.cos(angle), np.sin(angle)])
    return shapely.make_valid(shapely.Polygon(ring))


def _layer(rng: np.random.Generator) -> GeometryIndex:
    """Some features: crowded or strewn over up to 6 degrees, some of them in many pieces."""
    spread = 10.0 ** rng.uniform(-2, 0.5)
    places = np.array([117.5, 46.0]) + rng.uniform(-spread, spread, (int(rng.integers(1, 40)), 2))
    sizes = 10.0 ** rng.uniform(-3, -0.5, len(places))
    shapes = [_blob(rng, c, s, int(rng.choice([3, 8, 40, 400]))) for c, s in zip(places, sizes, strict=True)]
    pieces = cut(np.array(shapes, dtype=object))  # without edges and cells, which take the longest to build
    wkb = shapely.to_wkb(pieces.geometries)
    return GeometryIndex.from_arrays(
        {
            "features/dimension": np.full(len(shapes), 2),
            "pieces/bounds": shapely.bounds(pieces.geometries),
            "pieces/feature": pieces.rows,
            "pieces/offset": np.cumsum([0, *map(len, wkb)]),
            "pieces/wkb": np.frombuffer(b"".join(wkb), dtype=np.uint8),
        }
    )


def _site(rng: np.random.Generator) -> Any:
    centre = np.array([117.5, 46.0]) + rng.normal(0, 10.0 ** rng.uniform(-2, 0.5), 2)
    kind = rng.integers(0, 4)
    if kind == 0:
        return shapely.Point(centre)
    if kind == 1:
        return shapely.LineString(centre + np.cumsum(rng.normal(0, 0.01, (5, 2)), axis=0))
    if kind == 2:
        return shapely.MultiPoint(centre + rng.normal(0, 0.05, (3, 2)))
    return _blob(rng, centre, 10.0 ** rng.uniform(-4, -1), int(rng.integers(3, 40)))


@given(seed=SEEDS)
@settings(max_examples=60, deadline=None)
def test_nearest_of_the_pieces_around_a_site_is_that_of_all_pieces(seed: int) -> None:
    rng = np.random.default_rng(seed)
    index, site = _layer(rng), _site(rng)
    features = rng.random(len(index.feature_dimension)) < rng.choice([0.3, 1.0])
    within = float(rng.choice([math.inf, 10.0 ** rng.uniform(1, 5.5)]))
    every = nearest_of_boxes(site, index.piece_bounds, index.pieces_of(features), index.load, within_m=within)
    assert nearest_piece(site, index, features, within_m=within) == every


def test_a_piece_beyond_those_known_is_never_taken_for_the_nearest() -> None:
    """Four walls 0.11° off in longitude: 8.05 km at 49°N, by their bounds 7.6 km to 7.9 km."""
    walls = np.array([shapely.box(117.11 + i / 1000, 48.0, 117.1105 + i / 1000, 50.0) for i in range(4)])
    site, rows = shapely.Point(117.0, 49.0), np.arange(4)
    found = nearest_of_boxes(site, shapely.bounds(walls), rows, walls.take, known_to_m=9_000.0)
    assert found is not None
    assert found.distance_m == pytest.approx(0.11 * 73_172, abs=1.0)
    with pytest.raises(FartherThanKnownError):
        nearest_of_boxes(site, shapely.bounds(walls), rows, walls.take, known_to_m=8_000.0)
    with pytest.raises(FartherThanKnownError):  # three are too few to say what the first look would have been at
        nearest_of_boxes(site, shapely.bounds(walls), rows[:3], walls.take, known_to_m=9_000.0)


@given(seed=SEEDS)
@settings(max_examples=40, deadline=None)
def test_pieces_meeting_a_box_do_not_depend_on_the_boxes_asked_before(seed: int) -> None:
    rng = np.random.default_rng(seed)
    index = _layer(rng)
    for _ in range(12):
        centre = np.array([117.5, 46.0]) + rng.normal(0, 10.0 ** rng.uniform(-3, 0.3), 2)
        half = 10.0 ** rng.uniform(-4, 0.7, 2)
        box = (*(centre - half).tolist(), *(centre + half).tolist())
        features = rng.random(len(index.feature_dimension)) < 0.7
        plain = np.flatnonzero(boxes_meet(index.piece_bounds, box) & features[index.piece_feature])
        assert index.pieces_meeting(box, features).tolist() == plain.tolist()


def _one_after_another(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float, float, float, int]:
    """`nearest_on` with each zoom and each move made only when the one before it is known."""
    left = np.arange(len(ours))
    low, high = np.zeros(len(ours)), np.ones(len(ours))
    length = edge_pairs._metres(ours[:, :2], ours[:, 2:])
    still = not length.any()
    steps = np.zeros(1) if still else np.linspace(0.0, 1.0, 9)
    for _ in range(1 if still else edge_pairs.ZOOMS):
        s = low[:, None] + (high - low)[:, None] * steps
        t, metres = edge_pairs._tried(ours[left], theirs[left], s)
        n, least = np.arange(len(left)), np.argmin(metres, axis=1)
        nearest, at = metres[n, least], np.column_stack([s[n, least], t[n, least]])
        reach = (high - low) / 8
        low, high = np.maximum(0.0, at[:, 0] - reach), np.minimum(1.0, at[:, 0] + reach)
        alive = nearest * (1 - edge_pairs.ASTRAY) - 1.5 * (high - low) * length[left] <= nearest.min()
        left, low, high, nearest, at = left[alive], low[alive], high[alive], nearest[alive], at[alive]
    winner = int(np.argmin(nearest))
    best, metre, place = int(left[winner]), nearest[winner], at[winner]
    one, other = ours[best], theirs[best]
    lengths = np.array([float(edge_pairs._metres(e[:2], e[2:])) for e in (one, other)])
    reach = np.minimum(1.0, 0.01 * metre / np.maximum(lengths, 1e-9))
    for _ in range(2 * edge_pairs.ZOOMS):
        s, t = np.minimum(np.maximum(place + (edge_pairs._GRID[2::5] if still else edge_pairs._GRID) * reach, 0), 1).T
        p, q = one[:2] + (one[2:] - one[:2]) * s[:, None], other[:2] + (other[2:] - other[:2]) * t[:, None]
        cell = int(np.argmin(edge_pairs._metres(p, q)))
        place, reach = np.array([s[cell], t[cell]]), reach / 2
    return (*p[cell].tolist(), *q[cell].tolist(), best)


@given(seed=SEEDS)
@settings(max_examples=100, deadline=None)
def test_zooms_and_moves_tried_at_once_end_where_those_one_after_another_do(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count, away = int(rng.integers(1, 20)), 10.0 ** rng.uniform(-6, -0.5)
    ours = rng.normal((117.0, 46.0), 10.0 ** rng.uniform(-5, -1), (count + 1, 2))
    theirs = (
        ours[::-1] + np.array([away, rng.normal(0, away)]) + rng.normal(0, 10.0 ** rng.uniform(-6, -1), (count + 1, 2))
    )
    ours, theirs = np.hstack([ours[:-1], ours[1:]]), np.hstack([theirs[:-1], theirs[1:]])  # chains, corners shared
    if rng.random() < 0.2:
        ours[:, 2:] = ours[:, :2]
    assert nearest_on(ours, theirs) == _one_after_another(ours, theirs)


def test_a_pair_nearest_at_an_end_first_and_in_between_later_is_followed_there() -> None:
    """At the first look the corner is the nearest of nine places 760 m apart; the foot lies 20 m behind it."""
    ours, theirs = np.array([[117.0, 46.0, 117.0, 46.05]]), np.array([[117.001, 46.0002, 117.1, 46.0002]])
    lon1, lat1, lon2, lat2, _ = nearest_on(ours, theirs)
    assert (lon1, lon2) == (117.0, 117.001)
    assert lat1 == pytest.approx(46.0002, abs=1e-6)
    assert lat2 == 46.0002


def test_edges_without_a_length_are_in_no_pair() -> None:
    """What the moving frame found for points stays; the page says the same."""
    point, parcel = shapely.Point(117.0, 46.0), shapely.box(116.9, 45.9, 117.0, 46.0)
    wall, well = shapely.LineString([(117.2, 45.0), (117.2, 47.0)]), shapely.Point(117.2, 46.0)
    found = Nearest(distance_m=15_500.0, bearing_deg=90.0, row=0)
    assert nearest_among_edges(vantage_of(point), np.array([wall]), found) is found
    assert nearest_among_edges(vantage_of(parcel), np.array([well]), found) is found
    assert nearest_among_edges(vantage_of(parcel), np.array([wall]), found).distance_m < 15_500.0


def test_a_site_asked_about_again_is_measured_to_what_is_asked_for() -> None:
    """Targets are known by themselves, not by a number that a later one may take over."""
    site = shapely.Point(117.0, 46.0)
    for n in range(1, 60):
        metres = nearest_of(site, np.array([shapely.Point(117.0 + n / 100, 46.0)])).distance_m
        assert metres == pytest.approx(774.3 * n, rel=1e-3)


def test_area_of_few_edges_is_that_among_many_to_the_last_digit() -> None:
    rng = np.random.default_rng(4)
    shapes = [_blob(rng, rng.uniform((80, 20), (130, 50)), 10.0 ** rng.uniform(-4, 0), 60) for _ in range(40)]
    together = ellipsoidal_area(shapes)
    assert [float(ellipsoidal_area([one])[0]) for one in shapes] == together.tolist()
