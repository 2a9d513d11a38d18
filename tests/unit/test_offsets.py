"""GCJ-02 and BD-09, forward and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.ellipsoid import metres_per_degree
from spatial.errors import CRSError, OffsetUndefinedError
from spatial.offsets import (
    CHINA_BOX,
    OFFSET_AT_MOST_M,
    bd09_to_gcj02,
    bd09_to_wgs84,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)

# WGS 84 and GCJ-02, latitude first as published with a public implementation; a = 6378245
PUBLISHED = [
    ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
    ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
    ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
    ((30.6107779, 121.0917077), (30.608604368560773, 121.09626927850977)),
]
# name, WGS 84, GCJ-02, BD-09 (longitude first), metres between the first and the last but one
INNER_MONGOLIA = [
    ("Hohhot", (111.749995, 40.842356), (111.756913062, 40.843803075), (111.763470540, 40.849689500), 605.2),
    ("Hailar", (119.765558, 49.212189), (119.772900582, 49.214130028), (119.779297832, 49.220415569), 576.9),
    ("Alxa", (105.728957, 38.851892), (105.733226420, 38.852457248), (105.739618096, 38.858694533), 375.9),
    ("Tongliao", (122.243444, 43.652890), (122.248996655, 43.655252082), (122.255485405, 43.661226350), 519.2),
]


def metres(one, other):
    kx, ky = metres_per_degree(np.asarray(one)[:, 1])
    step = np.asarray(other) - one
    return np.hypot(step[:, 0] * kx, step[:, 1] * ky)


@pytest.mark.parametrize(("wgs", "gcj"), PUBLISHED)
def test_published_points_come_out_to_the_last_digits(wgs, gcj):
    assert wgs84_to_gcj02([wgs[::-1]])[0] == pytest.approx(gcj[::-1], abs=2e-13)


def test_a_published_point_of_bd09_comes_out():
    found = wgs84_to_bd09([[121.0917077, 30.6107779]])[0]
    assert found == pytest.approx((121.10271724622564, 30.61484575976839), abs=2e-13)


@pytest.mark.parametrize(("name", "wgs", "gcj", "bd", "away"), INNER_MONGOLIA)
def test_places_of_inner_mongolia_are_shifted_as_recorded(name, wgs, gcj, bd, away):
    assert wgs84_to_gcj02([wgs])[0] == pytest.approx(gcj, abs=6e-10), name
    assert gcj02_to_bd09([gcj])[0] == pytest.approx(bd, abs=2e-9), name
    assert metres([wgs], [gcj])[0] == pytest.approx(away, abs=0.6), name
    assert bd09_to_wgs84([bd])[0] == pytest.approx(wgs, abs=3e-9), name


inside = st.tuples(st.floats(73.5, 135.1), st.floats(3.8, 53.6))


@settings(max_examples=60, deadline=None)
@given(st.lists(inside, min_size=1, max_size=50))
def test_undoing_an_offset_brings_every_point_back_to_a_billionth_of_a_degree(points):
    here = np.array(points)
    assert np.abs(gcj02_to_wgs84(wgs84_to_gcj02(here)) - here).max() < 1e-9
    assert np.abs(bd09_to_gcj02(gcj02_to_bd09(here)) - here).max() < 1e-9
    assert np.abs(bd09_to_wgs84(wgs84_to_bd09(here)) - here).max() < 1e-9


def test_the_quick_inverse_would_be_metres_off():
    rng = np.random.default_rng(1)
    shifted = wgs84_to_gcj02(np.column_stack([rng.uniform(97, 126, 20_000), rng.uniform(37.4, 53.3, 20_000)]))
    quick = 2 * shifted - wgs84_to_gcj02(shifted)
    assert 3 < metres(gcj02_to_wgs84(shifted), quick).max() < 5  # up to 4.7 m: the reason to iterate


def test_no_point_of_the_box_moves_further_than_is_said():
    west, south, east, north = CHINA_BOX
    lon, lat = np.meshgrid(np.linspace(west, east, 400), np.linspace(south, north, 400))
    here = np.column_stack([lon.ravel(), lat.ravel()])
    assert 1_200 < metres(here, wgs84_to_bd09(here)).max() < OFFSET_AT_MOST_M


@pytest.mark.parametrize("shift", [wgs84_to_gcj02, gcj02_to_wgs84, gcj02_to_bd09, bd09_to_gcj02, wgs84_to_bd09])
@pytest.mark.parametrize(
    "place", [(49.2, 119.7), (500000.0, 4500000.0), (np.nan, 40.0), (140.0, 40.0), (116.0, np.inf)]
)
def test_a_point_outside_china_is_an_error_that_names_it(shift, place):
    with pytest.raises(OffsetUndefinedError, match="Row 1: GCJ-02 and BD-09 have no value") as caught:
        shift([[116.0, 40.0], place])
    assert caught.value.row == 1
    assert isinstance(caught.value, CRSError)


def test_nothing_in_gives_nothing_out():
    assert bd09_to_wgs84(np.empty((0, 2))).shape == (0, 2)


def test_the_input_is_left_alone():
    here = np.array([[116.0, 40.0]])
    gcj02_to_wgs84(here)
    assert here.tolist() == [[116.0, 40.0]]


@pytest.mark.parametrize("shape", [[116.0, 40.0], [[116.0, 40.0, 5.0]]])
def test_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match=r"shape \(n, 2\)"):
        wgs84_to_gcj02(shape)
