"""§3: what proves a hit, step by step, and that nothing proves what is not so."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, Polygon, box

from layers.model import Feature
from screening.findings import answer_of
from screening.question import Question
from spatial.ellipsoid import metres_per_degree
from spatial.overlay import hold
from spatial.overlay.frame import Frame
from spatial.overlay.hold import holds_in_zone, holds_within_distance
from tests.building import layer_in_memory
from tests.contract.places import off

HERE = Frame.at(117.5, 49.5)


def drawn(geometry: shapely.Geometry) -> shapely.Geometry:
    """Metres around 117.5 E, 49.5 N as degrees."""
    return HERE.to_degrees(geometry)


def proved(site: shapely.Geometry, zone: shapely.Geometry, a: float) -> bool:
    return holds_in_zone(drawn(site), lambda _: drawn(zone), a)


def square(x: float, y: float, half: float) -> Polygon:
    return box(x - half, y - half, x + half, y + half)


def test_frame_is_the_ellipsoids_metres_per_degree_at_a_rounded_centre():
    frame = Frame.at(117.123456789123, 49.987654321987)
    kx, ky = metres_per_degree(49.987654322)
    assert (frame.lon0, frame.lat0) == (117.123456789, 49.987654322)
    assert (frame.kx, frame.ky) == (round(float(kx), 6), round(float(ky), 6))
    x, y = frame.to_plane(Point(frame.lon0 + 0.01, frame.lat0 - 0.02)).coords[0]
    assert (x, y) == pytest.approx((frame.kx * 0.01, frame.ky * -0.02), abs=1e-7)


def test_window_is_the_meeting_part_widened_by_two_and_a_half_accuracies():
    (pair,) = hold._windows(drawn(square(0, 0, 100)), 20.0)
    assert pair[1].bounds == pytest.approx((-150.0, -150.0, 150.0, 150.0), abs=1e-3)


def test_window_is_at_most_5_km_and_a_longer_meeting_is_taken_window_by_window():
    windows = list(hold._windows(drawn(LineString([(-20_000, 0), (20_000, 0)])), 20.0))
    assert len(windows) > 8
    assert all(w.bounds[2] - w.bounds[0] <= 5000.0 + 1e-6 for _, w in windows)


def test_long_route_is_proved_in_a_window_far_from_its_middle():
    route = LineString([(-15_000, 0), (15_000, 0)])
    assert proved(route, square(14_000, 0, 60), 25.0)


def test_eroding_by_1002_thousandths_makes_up_for_the_arcs():
    """A hole in a zone: eroding grows it, and GEOS draws the growth inside the circle."""
    r = 100.0
    zone = square(0, 0, 1000).difference(Point(0, 0).buffer(1e-6))
    eroded = hold._eroded(zone, r)
    angle = np.linspace(0, 2 * math.pi, 720, endpoint=False)
    circle = shapely.points(r * 0.99999 * np.cos(angle), r * 0.99999 * np.sin(angle))
    assert not shapely.intersects(eroded, circle).any()
    plain = shapely.buffer(zone, -r, quad_segs=16)
    assert shapely.intersects(plain, circle).any()  # without the factor it would not do


def test_eroding_by_0_changes_nothing():
    zone = square(0, 0, 10)
    assert hold._eroded(zone, 0) is zone


@pytest.mark.parametrize("seed", [1877, 4003])
def test_part_that_geos_leaves_by_mistake_proves_nothing(seed):
    """
    Eroding this toothed zone by 370 m, GEOS 3.14 leaves a crumb 10 m from the boundary beside the true remainder.

    Routes across every place that its erosion keeps are hits only where they really lie 370 m deep.
    """
    rng = np.random.default_rng(seed)
    x = np.sort(rng.uniform(0, 3000, 250))
    y = 10 * np.cumsum(rng.normal(size=250)) / np.sqrt(250)
    zone = Polygon([*zip(x, y, strict=True), (3000, -1500), (0, -1500)])
    a = 370.0
    corners = shapely.points(shapely.get_coordinates(hold._eroded(zone, a)))
    assert (shapely.distance(zone.boundary, corners) >= 0.99 * a).all()
    for part in shapely.get_parts(shapely.buffer(zone, -1.002 * a, quad_segs=16)):
        at = part.representative_point()
        depth = zone.boundary.distance(at)
        route = LineString([(at.x - 0.5, at.y), (at.x + 0.5, at.y)])
        assert not (proved(route, zone, a) and depth < a - 1)
        assert proved(at, zone, a) == (depth > 1.002 * a)


def toothed_zone() -> Polygon:
    """Of its erosion by 370 m, GEOS 3.14 draws nothing at (2605, -550), which lies 374 m deep."""
    rng = np.random.default_rng(2718)
    x = np.sort(rng.uniform(0, 3000, 250))
    y = 10 * np.cumsum(rng.normal(size=250)) / np.sqrt(250)
    return Polygon([*zip(x, y, strict=True), (3000, -1500), (0, -1500)])


def test_corner_that_geos_leaves_out_of_an_erosion_is_proof_by_its_own_depth():
    zone, at = toothed_zone(), Point(2605, -550)
    assert 374.0 < zone.boundary.distance(at) < 374.1
    route = LineString([(2604.5, -550), (2605.5, -550)])
    assert not any(hold._eroded(zone, 370.0).intersects(Point(c)) for c in route.coords)
    assert proved(route, zone, 370.0)
    assert not proved(route, zone, 374.0)  # 1.002 a is 374.75 m


@pytest.mark.parametrize("site", [LineString([(0, 0), (90, 0)]), box(0, 0, 90, 90), Point(50, 0)])
def test_corner_proves_what_it_lies_in_and_nothing_from_outside(site):
    """Corners 40 m and 80 m beyond the zone: far from its boundary, but on the other side."""
    assert not proved(site, box(-2000, -2000, 10, 2000), 25.0)


@pytest.mark.parametrize(("depth", "holds"), [(25.06, True), (25.04, False)])
def test_corner_of_a_route_or_parcel_is_proof_where_a_point_there_is(depth, holds):
    """1.002 a is 25.05 m: what comes in over a straight edge is a hit from there on."""
    zone = box(-2000, -2000, depth, 2000)
    for site in (Point(0, 0), LineString([(0, 0), (300, 0)])):
        assert hold._has_deep_corner(site, zone, 1.002 * 25.0) == holds
        assert proved(site, zone, 25.0) == holds


def moves(zone: Polygon, site: Polygon, a: float, *, grow: float) -> bool:
    """Step 1 without the shares between: only the zone, or only the site, is eroded."""
    return hold._eroded(zone, a * (1 - grow)).intersects(hold._eroded(site, a * grow))


def test_step_1_shares_the_erosion_between_site_and_zone():
    """Two bars cross, each 30 m wide: neither survives 25 m, both survive 12.5."""
    bar, other = box(-15, -300, 15, 300), box(-300, -15, 300, 15)
    assert not moves(bar, other, 25.0, grow=0.0)
    assert not moves(bar, other, 25.0, grow=1.0)
    assert moves(bar, other, 25.0, grow=0.5)
    assert proved(other, bar, 25.0)


def test_step_2_a_shift_that_parts_them_is_no_hit():
    """A parcel that reaches 20 m into a zone over 400 m: shifted out by 25 m it is free."""
    assert not proved(box(-200, -500, 200, 20), box(-2000, 0, 2000, 3000), 25.0)


def test_step_3_proves_what_no_erosion_can():
    """A route and a parcel cross a strip of 10 m: eroded by a quarter of 25 m nothing is left, yet no shift parts them."""
    strip = box(-5, -500, 5, 500)
    route = LineString([(-400, 0), (400, 0)])
    assert hold._eroded(strip, 25.0).is_empty
    assert proved(route, strip, 25.0)
    assert proved(box(-200, -10, 200, 10), strip, 25.0)


def test_zone_narrower_than_two_elevenths_of_the_accuracy_is_not_proved():
    route = LineString([(-400, 0), (400, 0)])
    a = 25.0  # 2a/11 = 4.545 m
    assert proved(route, box(-2.4, -500, 2.4, 500), a)
    assert not proved(route, box(-2.2, -500, 2.2, 500), a)


def test_step_4_too_many_vertices_are_no_proof():
    zone = Point(0, 0).buffer(60, quad_segs=6000)  # all of it in the window
    assert shapely.get_num_coordinates(zone) > hold.MOST_VERTICES
    assert not proved(Point(0, 0), zone, 25.0)
    assert proved(Point(0, 0), Point(0, 0).buffer(60, quad_segs=4000), 25.0)
    assert proved(Point(0, 0), Point(0, 0).buffer(2000, quad_segs=6000), 25.0)  # few of them in the window


@pytest.mark.parametrize("a", [0.05, 1.0, 25.0, 300.0])
@pytest.mark.parametrize("depth", [0.9, 0.99, 1.01, 1.1])
def test_point_is_a_hit_where_it_is_deeper_than_the_accuracy(a, depth):
    """Beside a straight edge; the factor takes 0.2 %."""
    assert proved(Point(0, 0), box(-depth * a, -4 * a, 8 * a, 4 * a), a) == (depth > 1.0)


def test_parts_are_compared_pair_by_pair():
    """Shifting east leaves one meeting, shifting west the other: together they would never part."""
    zone = shapely.MultiPolygon([box(-500, -500, -90, 500), box(90, -500, 500, 500)])
    site = box(-100, -100, 100, 100)  # 10 m in each
    assert not proved(site, zone, 25.0)
    bridged = shapely.union_all([zone, box(-500, 120, 500, 500)])
    assert proved(site, bridged, 25.0)


def test_two_pieces_of_one_zone_are_one_part():
    """A seam, cut line or not, is no edge to part at."""
    halves = shapely.MultiPolygon([box(-500, -500, 0, 500)]), box(0, -500, 500, 500)
    zone = shapely.union_all(list(halves), grid_size=1e-8)
    assert proved(Point(0, 0), zone, 25.0)


@settings(max_examples=60, deadline=None)
@given(
    width=st.floats(0.2, 80),
    length=st.floats(5, 400),
    angle=st.floats(0, 180),
    x=st.floats(-60, 60),
    y=st.floats(-60, 60),
    shift=st.floats(0, 360),
    share=st.floats(0.2, 0.999),
    hole=st.booleans(),
)
def test_no_proof_where_some_shift_within_the_accuracy_parts_them(width, length, angle, x, y, shift, share, hole):
    """Build a meeting that a known shift v parts, |v| < a: the site is moved by -v from a place apart of the zone."""
    a = 25.0
    zone = shapely.affinity.rotate(box(-length / 2, -width / 2, length / 2, width / 2), angle)
    if hole:
        zone = zone.difference(Point(0, 0).buffer(width / 5))
    apart = shapely.affinity.translate(square(0, 0, 30), x, y)
    outside = shapely.difference(apart, shapely.buffer(zone, 1e-3))
    parts = [p for p in shapely.get_parts(outside) if p.area > 0.01]
    v = share * a * np.array([math.cos(math.radians(shift)), math.sin(math.radians(shift))])
    for part in parts:  # each is apart of the zone, so one shift back makes a site whose hold is at most |v|
        site = shapely.affinity.translate(part, *(-v))
        assert not proved(site, zone, a)


# Influence distances


def test_influence_zone_is_tested_by_geodesic_distance():
    feature = Point(117.5, 49.5)
    for distance, answer in ((970.0, True), (974.0, True), (976.0, False), (1001.0, False)):
        assert holds_within_distance(Point(off(117.5, 49.5, east=distance)), feature, 1000.0, 25.0) is answer


def test_influence_zone_smaller_than_the_accuracy_is_not_proved_by_a_point():
    assert not holds_within_distance(Point(117.5, 49.5), Point(117.5, 49.5), 20.0, 25.0)
    assert holds_within_distance(Point(117.5, 49.5), Point(117.5, 49.5), 26.0, 25.0)


def test_parcel_over_a_small_influence_zone_is_a_hit():
    parcel = drawn(square(0, 0, 60))
    assert holds_within_distance(parcel, Point(117.5, 49.5), 10.0, 25.0)
    beside = drawn(square(55, 0, 60))  # reaches 5 m beyond the well, and the zone 10 m: 15 m to part
    assert not holds_within_distance(beside, Point(117.5, 49.5), 10.0, 25.0)


def test_route_through_an_influence_zone_is_a_hit():
    route = drawn(LineString([(-500, 0), (500, 0)]))
    assert holds_within_distance(route, Point(117.5, 49.5), 30.0, 25.0)
    assert not holds_within_distance(drawn(LineString([(-500, 15), (500, 15)])), Point(117.5, 49.5), 30.0, 25.0)


def test_each_influence_feature_is_a_part_of_its_own():
    """Two wells whose zones overlap: a point between is 10 m deep in each."""
    from tests.contract.places import ask, one

    east, west = (off(117.5, 49.5, east=e) for e in (490.0, -490.0))
    store = one("red_lines", Point(east), {"影响距离": "500"})
    assert ask(store, Point(117.5, 49.5)).answer == "uncertain"
    store.add("red_lines", [Point(east), Point(west)], [{"影响距离": "500"}] * 2, name="two")
    assert {f.layer: f.answer for f in ask(store, Point(117.5, 49.5)).findings}["two"] == "uncertain"


@pytest.mark.parametrize(
    ("site", "zone", "hold_m"),
    [
        (Point(0, 0), square(0, 0, 60), 60.0),  # to the nearest edge
        (LineString([(-300, 0), (300, 0)]), square(0, 0, 60), 60.0),  # a route through: sideways, half the width
        (square(0, 0, 50), square(100, 0, 80), 30.0),  # 50 - (100 - 80): back out the way it came
    ],
)
def test_metres_that_would_change_the_answer_are_given_on_request(site, zone, hold_m):
    """Rounded down to 0.1 m; what the proof cannot see (arcs, grid of shifts) makes it less, never more."""
    layer = layer_in_memory([plain_feature()], [drawn(zone)], accuracy_m=5.0)
    asked = Question(geometry=drawn(site), accuracy_m=5.0, as_of="2026-11-22", stability=True)
    found = answer_of(asked, layer).hold_at_least_m
    assert found == round(found, 1)
    assert 0.97 * hold_m <= found <= hold_m
    assert answer_of(replace(asked, stability=False), layer).hold_at_least_m is None


def test_hold_of_a_site_that_meets_nothing_is_not_given():
    layer = layer_in_memory([plain_feature()], [drawn(square(500, 0, 60))], accuracy_m=5.0)
    asked = Question(geometry=drawn(Point(0, 0)), accuracy_m=5.0, as_of="2026-11-22", stability=True)
    assert answer_of(asked, layer).hold_at_least_m is None


def plain_feature() -> Feature:
    return Feature(id="1", code=None, name=None, class_="red_line", counts=True)
