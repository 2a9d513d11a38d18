"""Many sites and the nearest boundary edge of each: known distances, what meets, what is lost."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from shapely import GeometryCollection, LineString, MultiPoint, Point, Polygon, box

from spatial.ellipsoid import A_M, geod
from spatial.overlay.nearest_many import BoundaryLookup, depth_many, may_reach, nearest_many, search
from spatial.overlay.vantage import segments_of
from tests.tilings import blob

MERIDIAN = np.array([[117.6, 49.4, 117.6, 49.6]])


def array(*geometries):
    found = np.empty(len(geometries), dtype=object)
    found[:] = geometries
    return found


def outline(*geometries):
    return segments_of(array(*geometries))[0]


def zones(count=40, seed=2):
    rng = np.random.default_rng(seed)
    return array(*(blob(*rng.uniform((117, 49), (118, 50)), rng.uniform(0.005, 0.03), 80, rng) for _ in range(count)))


def sites(count, seed=5):
    rng = np.random.default_rng(seed)
    return array(*(blob(*rng.uniform((117, 49), (118, 50)), rng.uniform(1e-4, 4e-3), 20, rng) for _ in range(count)))


def test_along_the_equator_a_degree_of_longitude_is_an_arc_of_the_semi_major_axis():
    found = nearest_many(array(Point(117, 0)), np.array([[118.0, -0.1, 118.0, 0.1]]))
    assert found.distance_m[0] == pytest.approx(A_M * math.pi / 180, abs=1e-6)
    assert found.bearing_deg[0] == pytest.approx(90, abs=1e-9)


def test_to_a_meridian_the_distance_is_that_of_the_geodesic_to_its_foot_not_to_the_same_latitude():
    found = nearest_many(array(Point(117.5, 49.5)), MERIDIAN)
    lats = np.linspace(49.5, 49.502, 200_001)
    metres = geod().inv(np.full_like(lats, 117.5), np.full_like(lats, 49.5), np.full_like(lats, 117.6), lats)[2]
    assert found.distance_m[0] == pytest.approx(metres.min(), abs=1e-6)
    assert metres[0] - metres.min() > 1e-3  # what the same latitude would say


def test_the_row_of_an_edge_is_that_given_though_edges_are_sorted_and_cut():
    edges = np.array([[118.0, 49.0, 118.0, 50.0], [117.0, 49.0, 117.0, 50.0], [116.0, 49.0, 116.0, 50.0]])
    lookup = BoundaryLookup(edges)
    assert len(lookup.edges) > 3 * 222  # 111 km each, in pieces of at most 500 m
    found = nearest_many(array(Point(116.1, 49.5), Point(117.1, 49.2), Point(117.9, 49.8)), lookup)
    assert found.edge.tolist() == [2, 1, 0]
    assert lookup.count == 3


def test_bearings_run_clockwise_from_north_and_point_away_from_the_site():
    around = np.array([[118.0, 30.0, 118.0, 30.0]])
    places = array(Point(118, 29.9), Point(117.9, 30), Point(118, 30.1), Point(118.1, 30))
    assert nearest_many(places, around).bearing_deg == pytest.approx([0, 90, 180, 270], abs=0.03)


def test_an_outline_that_crosses_an_edge_far_from_every_vertex_is_at_no_distance():
    route = LineString([(117.59, 49.5001), (117.61, 49.5002)])  # crosses between vertices a kilometre away
    found = nearest_many(array(route, shapely.segmentize(route, 1e-4)), MERIDIAN)
    assert found.distance_m.tolist() == [0, 0]
    assert np.isnan(found.bearing_deg).all()
    assert found.edge.tolist() == [0, 0]


def test_what_touches_a_boundary_is_at_no_distance():
    edges = outline(box(117, 49, 118, 50))
    touching = array(
        Point(117, 49.123456789), Point(118, 50), box(116.9, 49.2, 117, 49.3), LineString([(116.5, 49), (117, 49)])
    )
    assert nearest_many(touching, edges).distance_m.tolist() == [0, 0, 0, 0]


def test_what_lies_on_a_slanting_edge_meets_it_to_the_last_bit():
    slanting = np.array([[117.0, 49.0, 118.0, 50.0]])
    on = shapely.points([(117.25, 49.25), (117.5, 49.5), (117.71875, 49.71875), (117.9375, 49.9375)])
    assert shapely.intersects(on, LineString([(117, 49), (118, 50)])).all()
    assert nearest_many(on, slanting).distance_m.tolist() == [0, 0, 0, 0]


def test_a_site_a_tenth_of_a_micrometre_away_is_not_called_touching():
    found = nearest_many(array(Point(117 - 1e-12, 49.5)), outline(box(117, 49, 118, 50)))
    assert 0 < found.distance_m[0] < 1e-6


@pytest.mark.parametrize("wide", [0.004, 0.3])
def test_a_polygon_that_holds_a_whole_zone_is_at_no_distance_from_it(wide):
    zone = outline(box(117.5, 49.5, 117.5005, 49.5005))
    holding = box(117.5 - wide, 49.5 - wide, 117.5 + wide, 49.5 + wide)
    found = nearest_many(array(holding, holding.boundary), zone)
    assert found.distance_m[0] == 0
    assert np.isnan(found.bearing_deg[0])
    assert found.distance_m[1] == pytest.approx((wide - 0.0005) * 72_400, rel=0.01)  # its line holds nothing


def test_a_zone_in_the_hole_of_a_polygon_is_not_held():
    hole = box(117.49, 49.49, 117.51, 49.51)
    ring = box(117.4, 49.4, 117.6, 49.6) - hole
    zone = outline(box(117.499, 49.499, 117.501, 49.501))
    found = nearest_many(array(ring, GeometryCollection([Point(117.3, 49.5), ring])), zone)
    assert found.distance_m == pytest.approx([0.009 * 72_400] * 2, rel=0.01)


def test_a_zone_inside_is_found_though_another_lies_nearer_to_the_outline():
    inner, outer = box(117.5, 49.5, 117.501, 49.501), box(117.5102, 49.5, 117.511, 49.501)
    found = nearest_many(array(box(117.49, 49.49, 117.51, 49.51)), outline(inner, outer))
    assert found.distance_m.tolist() == [0]
    assert found.edge[0] < 4  # of the inner


def test_sites_without_a_place_have_no_distance_rather_than_a_far_one():
    with np.errstate(invalid="ignore"):
        broken = Polygon([(117.59, 49.5), (117.5901, 49.5), (np.nan, 49.51), (117.59, 49.51)])
    mixed = GeometryCollection([Point(117.5, 49.5), LineString([(117.5, 49.5), (np.inf, 49.5)])])
    found = nearest_many(array(None, Polygon(), Point(117.5, 49.5), broken, mixed), MERIDIAN)
    assert np.isnan(found.distance_m).tolist() == [True, True, False, True, True]
    assert np.isnan(found.bearing_deg).tolist() == [True, True, False, True, True]
    assert found.edge.tolist() == [-1, -1, 0, -1, -1]


def test_no_sites_give_nothing():
    assert len(nearest_many(array(), MERIDIAN).distance_m) == 0
    assert len(depth_many(np.zeros((0, 2)), MERIDIAN)) == 0


def test_a_boundary_that_is_lost_is_refused():
    with pytest.raises(ValueError, match="no boundary edges"):
        BoundaryLookup(np.zeros((0, 4)))
    with pytest.raises(ValueError, match="not finite"):
        BoundaryLookup(np.array([[117, 49, 117.1, 49], [117, np.nan, 117, 49]]))
    with pytest.raises(ValueError, match=r"\(k, 4\)"):
        BoundaryLookup(np.zeros((3, 2)))


def test_parts_of_a_site_answer_together():
    turbines = MultiPoint([(116.0, 49.5), (117.5, 49.5), (116.8, 49.0)])
    nested = GeometryCollection([Point(116, 49.5), GeometryCollection([LineString([(117.5, 49.5), (117.4, 49.5)])])])
    alone = nearest_many(array(Point(117.5, 49.5)), MERIDIAN).distance_m[0]
    assert nearest_many(array(turbines, nested), MERIDIAN).distance_m.tolist() == [alone, alone]


def test_the_end_of_a_line_counts_as_much_as_its_beginning():
    way = [(117.4, 49.5), (117.45, 49.52), (117.5, 49.5)]
    found = nearest_many(array(LineString(way), LineString(way[::-1])), MERIDIAN)
    assert found.distance_m[0] == found.distance_m[1] == nearest_many(array(Point(way[2])), MERIDIAN).distance_m[0]


def test_answers_do_not_depend_on_order_blocks_or_threads(monkeypatch):
    edges, some = outline(*zones()), sites(300)
    once = nearest_many(some, edges)
    turned = np.random.default_rng(0).permutation(len(some))
    edge_turn = np.random.default_rng(1).permutation(len(edges))
    monkeypatch.setattr(search, "SITES_AT_ONCE", 7)
    monkeypatch.setattr(search, "RUNS_AT_ONCE", 3)
    monkeypatch.setattr(search, "POLYGONS_AT_ONCE", 2)
    again = nearest_many(some[turned], BoundaryLookup(edges[edge_turn]), threads=3)
    assert np.array_equal(again.distance_m, once.distance_m[turned])
    assert (once.distance_m == 0).sum() > 0
    assert (once.distance_m > 0).sum() > 100
    apart = again.distance_m > 0
    at = nearest_many(some[turned[apart]], edges[np.unique(edge_turn[again.edge[apart]])])
    assert np.array_equal(at.distance_m, again.distance_m[apart])


def test_a_long_route_is_as_far_as_its_nearest_piece():
    edges = outline(*zones())
    way = np.column_stack([np.linspace(116.5, 118.5, 900), 48.97 + 0.01 * np.sin(np.linspace(0, 60, 900))])
    pieces = shapely.linestrings(np.stack([way[:-1], way[1:]], axis=1))
    whole = nearest_many(array(LineString(way)), edges)
    each = nearest_many(pieces, edges)
    assert whole.distance_m[0] == pytest.approx(each.distance_m.min(), abs=1e-9)
    assert whole.bearing_deg[0] == pytest.approx(each.bearing_deg[each.distance_m.argmin()], abs=1e-6)


def test_depth_is_the_distance_of_a_point_to_the_border_it_lies_within():
    square = outline(box(117.4, 49.4, 117.6, 49.6))
    depth = depth_many(np.array([[117.5, 49.5], [117.5, 49.599], [np.nan, 49.5]]), square)
    assert depth[0] == pytest.approx(7244, abs=1)  # to its sides; north and south are 11 km away
    assert depth[1] == pytest.approx(0.001 * 111_220, rel=1e-3)
    assert np.isnan(depth[2])


def test_what_may_not_reach_is_farther():
    lookup, some = BoundaryLookup(outline(*zones())), sites(400)
    metres = nearest_many(some, lookup).distance_m
    for reach in (0.0, 50.0, 2000.0):
        may = may_reach(some, lookup, reach)
        assert may[metres <= reach].all()
        assert (metres[~may] > reach).all()
        assert not may.all()
    assert may_reach(array(None, Polygon()), lookup, 1.0).all()


def test_a_site_on_the_other_side_of_the_country_is_measured_as_any():
    edges = outline(*zones())
    found = nearest_many(array(Point(75, 20), box(134, 47, 134.001, 47.001)), edges)
    for number, (lon, lat) in enumerate(((75, 20), (134, 47))):
        ends = geod().inv(np.full(len(edges), lon), np.full(len(edges), lat), edges[:, 0], edges[:, 1])[2]
        assert found.distance_m[number] == pytest.approx(ends.min(), rel=1e-4)
        assert found.distance_m[number] <= ends.min()


def test_the_second_end_of_an_edge_counts_as_much_as_its_first():
    side = LineString([(117.4, 49.5), (117.6, 49.5)])
    down, up = [117.5, 49.6, 117.5, 49.501], [117.5, 49.501, 117.5, 49.6]
    found = nearest_many(array(side, side), np.array([down])), nearest_many(array(side), np.array([up]))
    assert found[0].distance_m == pytest.approx(found[1].distance_m[0], abs=1e-9)
    assert found[1].distance_m[0] == pytest.approx(0.001 * 111_223, abs=0.01)


def test_the_end_of_a_long_site_is_not_passed_over_for_what_lies_beside_it():
    metre = 1 / 110_854  # of latitude at 30°N
    site = LineString([(118, 30), (118, 30 + 999 * metre), (118, 30 + 1000 * metre)])
    tip, east = 30 + 1000 * metre, metre / math.cos(math.radians(30))
    ahead = [118, tip + 100 * metre, 118, tip + 101 * metre]
    beside = [118 - 105 * east, tip, 118 - 106 * east, tip]
    found = nearest_many(array(site), np.array([beside, ahead]))
    assert found.edge.tolist() == [1]
    assert found.distance_m[0] == pytest.approx(100, abs=0.01)


def test_an_edge_that_bends_towards_a_site_is_not_passed_over_for_its_chord():
    wide = 0.0069  # 442 m along a parallel at 55°N: in the middle 5 mm off the chord, to the south
    site = Point(118 + wide / 2, 55 - 1.0 / 111_323)
    parallel = [118, 55, 118 + wide, 55]
    other = [site.x, site.y - 1.003 / 111_323, site.x, site.y - 5e-5]
    found = nearest_many(array(site), np.array([other, parallel]))
    assert found.edge.tolist() == [1]
    assert found.distance_m[0] == pytest.approx(1.0, abs=1e-3)
