"""What sizes allow, and that China lies inside what is taken for China."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from spatial import boundaries
from spatial.forensics.numbers import Numbers, china, could_be_ddmmss, forms


def test_every_district_lies_inside_the_bands_taken_for_china():
    if not boundaries.available():
        pytest.skip("the boundaries are not built here")
    for code in ("150000", "230700", "620900", "210600"):
        assert china().contains(boundaries.union([code]).geometry), code


@pytest.mark.parametrize(
    "corner",
    [
        (73.4990, 39.2),
        (135.0874, 48.4),
        (123.3, 53.5617),
        (112.0, 3.8325),
        (97.5274, 23.9),
        (124.5938, 25.9),
        (121.6215, 21.9),
    ],
)
def test_the_ends_of_china_lie_inside_them_with_a_margin(corner):
    assert china().contains(shapely.Point(corner).buffer(0.5))


@pytest.mark.parametrize("elsewhere", [(75.0, 49.2), (74.0, 30.0), (139.7, 35.7), (105.0, 55.7), (127.5, 17.0)])
def test_what_is_far_from_china_lies_outside_them(elsewhere):
    assert not china().contains(shapely.Point(elsewhere))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ((119.7, 49.2), {"degrees": 0}),
        ((49.2, 119.7), {}),
        ((40482918.0, 5453252.0), {"zone_prefix": 40}),
        ((20701488.0, 5456908.0), {"zone_prefix": 20}),
        ((24500000.0, 5456908.0), {}),
        ((46500000.0, 5456908.0), {}),
        ((482918.0, 5453252.0), {"no_prefix": 0}),
        ((482918.0, 453252.0), {"no_prefix": 0}),
        ((13332041.0, 6311563.0), {"web_mercator": 0}),
        ((13332041.0, 5000000.0), {"zone_prefix": 13, "web_mercator": 0}),
        ((-482918.0, 5453252.0), {}),
    ],
)
def test_forms_by_size(row, expected):
    assert forms(Numbers.of(np.array([row]))) == expected


def test_two_zone_numbers_are_several_zones():
    found = forms(Numbers.of(np.array([[39600000.0, 5e6], [40400000.0, 5e6]])))
    assert found == {"several_zones": 39}


def test_the_outline_holds_every_point_of_the_file():
    rng = np.random.default_rng(5)
    rows = rng.normal([500_000, 4_500_000], [30_000, 50_000], (5_000, 2))
    numbers = Numbers.of(rows)
    hull = shapely.convex_hull(shapely.multipoints(numbers.outline)).buffer(1e-6)
    assert shapely.contains_xy(hull, rows).all()
    assert len(numbers.outline) < 400
    assert numbers.turned.east == numbers.north


@pytest.mark.parametrize(
    ("rows", "possible"),
    [
        ([[119.4556, 49.1243]], True),
        ([[119.4560, 49.1243]], False),
        ([[119.6012, 49.1243]], False),
        ([[119.0, 49.0]], False),
    ],
)
def test_degrees_minutes_seconds_in_decimals(rows, possible):
    assert could_be_ddmmss(np.array(rows)) is possible
