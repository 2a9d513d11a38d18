"""Places by kilometres and by a place beside the river; the accuracy stated holds in a Monte-Carlo."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spatial.ellipsoid import geod, metres_per_degree
from spatial.errors import UnknownRiverError
from spatial.network.building import build
from spatial.network.chainage import NotFound, Placed, at_chainage, at_coordinates, at_place
from tests.unit.test_network_graph import end, line

KX, KY = (float(v) for v in metres_per_degree(49.02))
EXACT = {"chainage_m": 0.0, "across_m": 0.0, "length_share": 0.0}


def metres(lat1, lat2):
    return geod().inv(117, lat1, 117, lat2)[2]


def test_kilometres_from_the_mouth_are_counted_up_the_river():
    river = build([line("1", (0, 4), (0, 0), name="甲河")], ends=[end(0, 0)])
    found = at_chainage(river, "甲河", metres(49, 49.01), origin="mouth", **EXACT)
    assert isinstance(found, Placed)
    assert (found.lon, found.lat) == pytest.approx((117, 49.01), abs=1e-7)


def test_kilometres_from_the_source_are_counted_down_from_a_stated_source():
    lines = [line("1", (0, 4), (0, 2), name="甲河"), line("2", (0, 2), (0, 0), name="甲河")]
    river = build(lines, ends=[end(0, 4, "source")])
    found = at_chainage(river, "甲河", metres(49.04, 49.01), origin="source", **EXACT)
    assert isinstance(found, Placed)
    assert found.lat == pytest.approx(49.01, abs=1e-7)


def test_mouth_into_another_river_needs_no_statement():
    river = build([line("1", (0, 4), (0, 0), name="干流"), line("2", (3, 2), (0, 2), name="支流")])
    found = at_chainage(river, "支流", 0.0, origin="mouth", **EXACT)
    assert isinstance(found, Placed)
    assert (found.lon, found.lat) == pytest.approx((117, 49.02), abs=1e-7)


def test_river_whose_lines_merely_stop_has_no_mouth_to_count_from():
    river = build([line("1", (0, 4), (0, 0), name="甲河")])
    found = at_chainage(river, "甲河", 100.0, origin="mouth", **EXACT)
    assert isinstance(found, NotFound)
    assert found.code == "end_not_in_data"


def test_kilometres_beyond_the_lines_are_not_found():
    river = build([line("1", (0, 4), (0, 0), name="甲河")], ends=[end(0, 0)])
    found = at_chainage(river, "甲河", 5000.0, origin="mouth", **EXACT)
    assert found == NotFound(code="beyond_river", detail=f"the lines reach {metres(49, 49.04) / 1000:.3f} km")


def test_river_in_two_pieces_has_several_ends():
    river = build([line("1", (0, 4), (0, 3), name="甲河"), line("2", (0, 1), (0, 0), name="甲河")], ends=[end(0, 0)])
    found = at_chainage(river, "甲河", 100.0, origin="mouth", **EXACT)
    assert isinstance(found, NotFound)
    assert found.code == "several_ends"


def test_part_without_a_direction_breaks_the_count():
    lines = [line("1", (0, 4), (0, 2), name="甲河"), line("2", (0, 2), (0, 0), name="甲河", flow=None)]
    found = at_chainage(build(lines, ends=[end(0, 0)]), "甲河", 100.0, origin="mouth", **EXACT)
    assert isinstance(found, NotFound)
    assert (found.code, found.broken.code) == ("river_broken", "not_directed")


def braided():
    lines = [
        line("1", (0, 4), (0, 3), name="甲河"),
        line("2", (0, 3), (0, 1), name="甲河"),
        line("3", (0, 3), (1, 3), (1, 1), (0, 1), name="甲河"),
        line("4", (0, 1), (0, 0), name="甲河"),
    ]
    return build(lines, ends=[end(0, 0)])


def test_place_inside_a_braid_is_not_chosen():
    found = at_chainage(braided(), "甲河", metres(49, 49.02), origin="mouth", **EXACT)
    assert isinstance(found, NotFound)
    assert found.code == "in_braid"


def test_place_above_a_braid_may_be_off_by_what_its_channels_differ():
    # up the short channel and, above the fork, 300 m more than what the long channel is longer
    detour = geod().inv(117, 49.03, 117.01, 49.03)[2] + geod().inv(117, 49.01, 117.01, 49.01)[2]
    lines = [line("0", (0, 20), (0, 4), name="甲河")]
    river = build(
        [*lines, *(line(e.line, *(((x - 117) * 100, (y - 49) * 100) for x, y in e.xy), name="甲河") for e in braided().edges)],
        ends=[end(0, 0)],
    )  # fmt: skip
    found = at_chainage(river, "甲河", metres(49, 49.03) + detour + 300, origin="mouth", **EXACT)
    assert isinstance(found, Placed)
    assert found.along_m == pytest.approx(detour, abs=0.1)


def test_unknown_river_names_those_that_are_there():
    with pytest.raises(UnknownRiverError, match="no line is named '丙河'; the network has: 甲河"):
        at_chainage(build([line("1", (0, 4), (0, 0), name="甲河")]), "丙河", 1.0, origin="mouth", **EXACT)


def test_accuracy_of_kilometres_holds_in_a_monte_carlo():
    """True figure and true river drawn at random about the stated ones: 95 % of the places lie within the accuracy."""
    river = build([line("1", (0, 4), (0.5, 3), (0, 2), (0.5, 1), (0, 0), name="甲河")], ends=[end(0, 0)])
    stated, chainage_m, across_m, share = 2000.0, 50.0, 25.0, 0.05
    options = {"chainage_m": chainage_m, "across_m": across_m, "length_share": share}
    found = at_chainage(river, "甲河", stated, origin="mouth", **options)
    assert isinstance(found, Placed)
    assert found.accuracy_m == pytest.approx(math.sqrt(50**2 + 100**2 + 25**2))
    random = np.random.default_rng(1)
    inside = []
    for _ in range(4000):
        true = stated * (1 + random.normal(0, share / 1.96)) + random.normal(0, chainage_m / 1.96)
        there = at_chainage(river, "甲河", true, origin="mouth", **EXACT)
        dx, dy = random.normal(0, across_m / 2.4477, 2)  # 95 % of a two-dimensional normal lie within 2.4477 sigma
        off = geod().inv(found.lon, found.lat, there.lon + dx / KX, there.lat + dy / KY)[2]
        inside.append(off <= found.accuracy_m)
    # 95 % of 4000, less three standard errors of such a count (0.34 % each)
    assert 0.95 - 3 * math.sqrt(0.95 * 0.05 / 4000) <= np.mean(inside) <= 0.99


@pytest.mark.parametrize("place", [(117.004, 49.02), (117.012, 49.02), (116.99, 49.015)])
def test_accuracy_of_a_place_beside_a_bend_holds_in_a_monte_carlo(place):
    """The place drawn at random about the stated point: its nearest point of the river lies within the accuracy."""
    river = build([line("1", (0, 4), (1.5, 3), (0, 2), (1.5, 1), (0, 0), name="甲河")])
    place_m = 300.0
    found = at_place(river, "甲河", *place, place_m=place_m, max_m=3000, across_m=10)
    assert isinstance(found, Placed)
    random = np.random.default_rng(2)
    inside = []
    for dx, dy in random.normal(0, place_m / 2.4477, (1000, 2)):
        there = river.snap(place[0] + dx / KX, place[1] + dy / KY, max_m=5000)
        lon, lat = river.point(there)
        inside.append(geod().inv(found.lon, found.lat, lon, lat)[2] <= found.accuracy_m)
    assert np.mean(inside) >= 0.95


def test_place_beside_a_straight_river_is_off_by_its_accuracy_and_its_distance():
    river = build([line("1", (0, 4), (0, 0), name="甲河")])
    found = at_place(river, "甲河", 117.002, 49.02, place_m=100, max_m=500, across_m=10)
    assert isinstance(found, Placed)
    offset = geod().inv(117, 49.02, 117.002, 49.02)[2]
    assert found.accuracy_m == pytest.approx(math.sqrt(100**2 + offset**2 + 10**2), rel=1e-3)
    assert at_place(river, "甲河", 117.02, 49.02, place_m=100, max_m=500, across_m=10).code == "too_far"


def test_coordinates_are_put_on_the_named_river_and_not_on_a_nearer_one():
    river = build([line("1", (0, 4), (0, 0), name="甲河"), line("2", (0.5, 4), (0.5, 0), name="乙河")])
    found = at_coordinates(river, 117.004, 49.02, point_m=5, max_m=500, across_m=10, name="甲河")
    assert isinstance(found, Placed)
    assert found.lon == pytest.approx(117, abs=1e-9)
    offset = geod().inv(117, 49.02, 117.004, 49.02)[2]
    assert found.accuracy_m == pytest.approx(math.sqrt(5**2 + offset**2 + 10**2), abs=0.01)
