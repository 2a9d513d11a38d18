"""How far a border may be off, and that it is surely less than so many metres."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.district_pieces import split_by_county
from screening.site import site_of
from spatial import boundaries, boundary_accuracy
from spatial.boundaries import district
from spatial.boundary_accuracy import border_accuracy, border_surely_within, outlines_surely_within
from spatial.boundary_store import open_built
from spatial.errors import UnmeasuredDistrictError
from spatial.outlines import outline_gap


def wobbling(lon: float, lat: float, degrees: float, seed: int, *, corners: int, by: float) -> shapely.Polygon:
    """A ring round a place, each corner off by up to ``by`` degrees."""
    turn = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    off = np.random.default_rng(seed).uniform(-by, by, (corners, 2))
    ring = np.column_stack([lon + degrees * np.cos(turn), lat + degrees * np.sin(turn)]) + off
    return shapely.Polygon(ring).buffer(0)


@settings(max_examples=60, deadline=None)
@given(
    lat=st.floats(4, 54),
    degrees=st.floats(0.02, 1.0),
    seeds=st.tuples(st.integers(0, 99), st.integers(0, 99)),
    corners=st.tuples(st.integers(4, 60), st.integers(4, 60)),
    by=st.floats(0, 0.01),
    metres=st.floats(1, 30_000),
)
def test_what_is_said_to_be_surely_within_is_within_when_measured(lat, degrees, seeds, corners, by, metres):
    one, other = (wobbling(118, lat, degrees, seed, corners=n, by=by) for seed, n in zip(seeds, corners, strict=True))
    if outlines_surely_within(one, other, metres):
        assert outline_gap(one, other).p95_m < metres


def test_a_square_beside_itself_is_within_twice_what_is_measured():
    """0.005 degree of longitude at 45 degrees north are 394 m: of a square moved by that the two upright sides part."""
    square, moved = shapely.box(120, 45, 120.1, 45.1), shapely.box(120.005, 45, 120.105, 45.1)
    assert outline_gap(square, moved).p95_m == pytest.approx(394.3, abs=1.5)
    assert outlines_surely_within(square, moved, 800)
    assert not outlines_surely_within(square, moved, 390)


@pytest.mark.parametrize("width", [0.02, 0.001])
def test_a_tongue_that_is_more_than_a_twentieth_of_the_outline_is_not_passed_over(width):
    """3.3 km long, its sides are 0.06 of 0.86 degrees of outline: of these 5 % most distant 0.043 lie 1 km out or more."""
    square = shapely.box(120, 45, 120.1, 45.1)
    tongue = square.union(shapely.box(120.05, 45.1, 120.05 + width, 45.13))
    assert outline_gap(square, tongue).p95_m > 1_000
    assert not outlines_surely_within(square, tongue, 1_000)
    assert outlines_surely_within(square, tongue, 4_000)


def test_nothing_is_said_of_the_far_north_of_nothing_and_of_nan():
    square = shapely.box(120, 60, 120.1, 60.1)
    assert not outlines_surely_within(square, square, 10_000)
    south = shapely.box(120, 45, 120.1, 45.1)
    assert not outlines_surely_within(south, shapely.Polygon(), 10_000)
    assert not outlines_surely_within(south, south, float("nan"))


@pytest.mark.parametrize("code", ["220881", "150781", "232722", "640104", "152221"])
def test_a_border_is_as_accurate_as_its_district_says(code):
    found = district(code)
    true = max(found.accuracy_m, found.third_source_m or 0.0)
    assert border_accuracy(code) == true
    for metres in (0.5 * true, true - 0.5, true, true + 0.5, 1.1 * true, 3 * true, 30 * true):
        assert not border_surely_within(code, metres) or true < metres
    assert true > 3_000 or border_surely_within(code, 90_000)


def test_a_district_without_a_second_source_has_no_accuracy_and_is_within_nothing():
    store = open_built(None)
    first, second = (set(store.places[source]) for source in store.sources)
    alone = next(code for code in sorted(first - second) if not store.members(store.sources[1], [code]))
    with pytest.raises(UnmeasuredDistrictError):
        district(alone)
    assert border_accuracy(alone) is None
    assert not border_surely_within(alone, 90_000)


@pytest.mark.parametrize(("lon", "lat"), [(122.002, 46.002), (122.0465, 45.98), (119.66, 46.62), (123.2, 44.1)])
def test_a_site_has_the_same_counties_whether_borders_are_measured_or_shown(lon, lat, monkeypatch):
    site = site_of(shapely.Point(lon, lat), accuracy_m=5)
    short = split_by_county(site)
    monkeypatch.setattr("screening.district_pieces.border_surely_within", lambda *_, **__: False)
    assert split_by_county(site) == short
    assert all(one.accuracy_m == border_accuracy(one.code) for one in short.possible)


def test_a_county_whose_border_is_surely_better_than_its_distance_is_not_measured(monkeypatch):
    """220881 lies 2 km from here and was not measured at set-up; its outlines part by 363 m."""

    def never(*_, **__):
        raise AssertionError("measured")

    monkeypatch.setattr(boundaries, "union", never)
    monkeypatch.setattr(boundary_accuracy, "district", never)
    split = split_by_county(site_of(shapely.Point(122.002, 46.002), accuracy_m=5))
    assert "220881" not in {one.code for one in (*split.pieces, *split.possible)}
