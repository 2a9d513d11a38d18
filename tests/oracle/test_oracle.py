"""The oracle judged by hand arithmetic, and its proof judged by brute-force shifts."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, MultiPoint, Point, Polygon, box

from tests.oracle.cases import KINDS, SHIFT_KINDS, make_case, seeded, snapped_zones
from tests.oracle.ellipsoid import GEOD, Frame, area_m2, distance_m, metres_per_degree, united
from tests.oracle.plain import (
    PlainAnswer,
    PlainLayer,
    PlainZone,
    answers_nearby,
    ceil_mm,
    combined_accuracy_m,
    floor_mm,
    plain_answer,
)
from tests.oracle.proof import circle_shifts, connected_parts, grid_shifts, hold_proved, windows
from tests.oracle.shifts import hold_up_to_m, parts_under

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from tests.oracle.ellipsoid import Box

HERE = Frame.at(117.5, 49.4)
EVERYWHERE = HERE.to_degrees(box(-60_000, -60_000, 60_000, 60_000))


def degrees(geometry: BaseGeometry) -> BaseGeometry:
    return HERE.to_degrees(geometry)


def zone(geometry: BaseGeometry, **properties: float | bool) -> PlainZone:
    return PlainZone(geometry=degrees(geometry), **properties)  # type: ignore[arg-type]


def ask(site: BaseGeometry, *zones: PlainZone, a: float, **options: float | bool) -> PlainAnswer:
    """Answer of a layer of accuracy ``a`` that covers everything, for a site in metres without an error of its own."""
    layer = PlainLayer(zones=zones, accuracy_m=a, coverage=EVERYWHERE)
    return plain_answer(degrees(site), layer, site_accuracy_m=0, **options)  # type: ignore[arg-type]


def reasons_against_clear(site: BaseGeometry, layer: PlainLayer, **options: float | bool) -> set[str]:
    answer = plain_answer(degrees(site), layer, site_accuracy_m=0, **options)  # type: ignore[arg-type]
    assert answer.answer == "unknown"
    return set(answer.reasons)


SQUARE_200 = box(-100, -100, 100, 100)


class TestEllipsoid:
    def test_a_degree_at_the_equator_is_the_semi_axes_times_pi_over_180(self) -> None:
        kx, ky = metres_per_degree(0)
        assert kx == pytest.approx(6378137 * math.pi / 180, abs=1e-9)  # N(0) = a
        assert ky == pytest.approx(6356752.314140356**2 / 6378137 * math.pi / 180, abs=1e-6)  # M(0) = b²/a

    def test_a_degree_at_the_pole_is_a_squared_over_b(self) -> None:
        assert metres_per_degree(90)[1] == pytest.approx(6378137**2 / 6356752.314140356 * math.pi / 180, abs=1e-6)

    @pytest.mark.parametrize("lat", [20.0, 49.4, 55.0])
    def test_metres_per_degree_agree_with_short_geodesics(self, lat: float) -> None:
        kx, ky = metres_per_degree(lat)
        assert GEOD.inv(117, lat, 117 + 1e-4, lat)[2] == pytest.approx(kx * 1e-4, rel=1e-9)
        assert GEOD.inv(117, lat - 5e-5, 117, lat + 5e-5)[2] == pytest.approx(ky * 1e-4, rel=1e-9)

    def test_frame_is_rounded_as_the_contract_says(self) -> None:
        frame = Frame.at(117.12345678949, 49.00000000051)
        assert (frame.lon0, frame.lat0) == (117.123456789, 49.000000001)
        assert frame.kx == round(frame.kx, 6)

    def test_frame_and_back_is_the_same_place(self) -> None:
        there = HERE.to_degrees(Point(3000, -2000))
        back = HERE.to_metres(there)
        assert (back.x, back.y) == pytest.approx((3000, -2000), abs=1e-6)

    def test_area_of_all_lunes_is_the_surface_of_grs80(self) -> None:
        lune = box(100, 0, 110, 90)  # 10° of 360°, half from the equator: 1/72
        e = math.sqrt(1 - (6356752.314140356 / 6378137) ** 2)
        surface = 2 * math.pi * 6378137**2 * (1 + (1 - e**2) / e * math.atanh(e))  # of an oblate spheroid
        assert area_m2(shapely.segmentize(lune, 1.0)) * 72 == pytest.approx(surface, rel=1e-12)

    @pytest.mark.parametrize("reverse", [False, True])
    def test_hole_is_subtracted_whatever_its_winding(self, *, reverse: bool) -> None:
        hole = [(-10, -10), (10, -10), (10, 10), (-10, 10)][:: -1 if reverse else 1]
        assert area_m2(degrees(Polygon(SQUARE_200.exterior, [hole]))) == pytest.approx(40_000 - 400, rel=1e-7)

    @pytest.mark.parametrize(("azimuth", "metres"), [(0, 0.01), (37, 3.2), (90, 996), (211, 10_000), (300, 250_000)])
    def test_distance_of_two_points_is_the_geodesic_laid_off(self, azimuth: float, metres: float) -> None:
        lon, lat, _ = GEOD.fwd(117.5, 40, azimuth, metres)
        assert distance_m(Point(117.5, 40), Point(lon, lat)) == pytest.approx(metres, abs=1e-8)

    def test_distance_to_a_meridian_is_the_perpendicular_geodesic(self) -> None:
        meridian = LineString([(117.5, 30), (117.5, 50)])  # a meridian is a geodesic; leave it at a right angle
        lon, lat, _ = GEOD.fwd(117.5, 40, 90, 30_000)
        assert distance_m(Point(lon, lat), meridian) == pytest.approx(30_000, abs=1e-4)

    @pytest.mark.parametrize("apart", [0.5, 40, 3000, 60_000])
    def test_distance_agrees_with_points_every_few_decimetres(self, apart: float) -> None:
        site = degrees(LineString([(0, 0), (900, -400), (700, 500)]))
        other = degrees(LineString([(-apart - 300, -2000), (-apart, 100), (-apart - 500, 3000)]))
        sampled = math.inf
        for corners, edges in ((site, other), (other, site)):  # a nearest pair has a corner at one end
            q = shapely.get_coordinates(shapely.segmentize(edges, 4e-6))  # 0.4 m
            for lon, lat in corners.coords:
                p = np.tile((lon, lat), (len(q), 1))
                sampled = min(sampled, GEOD.inv(p[:, 0], p[:, 1], q[:, 0], q[:, 1])[2].min())
        found = distance_m(site, other)
        assert sampled - 0.05 < found <= sampled + 1e-6  # √(0.5² + 0.2²) = 0.54

    def test_distance_picks_the_nearest_of_corners_nearly_as_near_in_every_direction(self) -> None:
        # The ellipsoid's degrees are 0.7 % off a sphere's: the corner to the north is 1 mm nearer than that to the east.
        corners = MultiPoint([HERE.to_degrees(Point(12.001, 0)), HERE.to_degrees(Point(0, 12.0))])
        assert distance_m(Point(117.5, 49.4), corners) == pytest.approx(12.0, abs=1e-4)
        swapped = MultiPoint([HERE.to_degrees(Point(12.0, 0)), HERE.to_degrees(Point(0, 12.001))])
        assert distance_m(Point(117.5, 49.4), swapped) == pytest.approx(12.0, abs=1e-4)

    def test_distance_is_zero_inside_and_infinite_to_nothing(self) -> None:
        assert distance_m(degrees(Point(0, 0)), degrees(SQUARE_200)) == 0
        assert distance_m(degrees(Point(0, 0)), Polygon()) == math.inf


class TestUnion:
    @pytest.mark.parametrize("count", [1, 2])
    def test_zones_lie_on_the_grid_whether_one_or_many(self, count: int) -> None:
        zones = [box(117.1234567891, 49.0 + k, 117.2, 49.5 + k) for k in range(count)]
        union = united(zones)
        assert union.bounds[0] == pytest.approx(117.12345679, abs=1e-12)
        assert shapely.get_precision(union) == 0

    def test_tiles_a_hair_apart_are_one_part(self) -> None:
        tiles = [box(117.0, 49.0, 117.1, 49.1), box(117.1 + 4e-9, 49.0, 117.2, 49.1)]
        assert united(tiles).geom_type == "Polygon"


class TestAccuracy:
    def test_accuracies_add_in_squares(self) -> None:
        assert combined_accuracy_m(3, 4, 12) == 13

    def test_combined_accuracy_is_at_least_5_cm(self) -> None:
        assert combined_accuracy_m(0, 0.01) == 0.05

    def test_accuracy_is_rounded_up_and_gap_down(self) -> None:
        assert combined_accuracy_m(1, 1) == 1.415  # 1.41421…
        assert (ceil_mm(2.0), floor_mm(2.0)) == (2.0, 2.0)
        assert (ceil_mm(2.0001), floor_mm(2.9999)) == (2.001, 2.999)


class TestShiftsOfTheProof:
    def test_sixteen_shifts_of_length_a(self) -> None:
        shifts = circle_shifts(25)
        assert len(set(shifts)) == 16
        assert {round(math.hypot(*v), 9) for v in shifts} == {25}

    def test_grid_reaches_every_shift_up_to_a_within_a_over_11(self) -> None:
        grid = np.array(grid_shifts(1.0))
        assert np.hypot(*grid.T).max() <= 1.1
        angles = np.linspace(0, math.tau, 721)
        for r in (0.3, 0.77, 1.0):
            shifts = np.column_stack([r * np.cos(angles), r * np.sin(angles)])
            nearest = np.linalg.norm(shifts[:, None] - grid[None], axis=2).min(axis=1)
            assert nearest.max() <= 1 / 11

    def test_a_longer_meeting_part_is_taken_window_by_window(self) -> None:
        found = windows(degrees(box(-6000, -10, 6000, 10)).bounds, 25.0)
        assert len(found) == 3  # 12,000 / (5,000 − 5·25) = 2.46
        for window, frame in found:
            west, south, east, north = frame.to_metres(window).bounds
            assert east - west == pytest.approx(4000 + 125, rel=1e-3)
            assert north - south == pytest.approx(20 + 125, rel=1e-3)


class TestHit:
    @pytest.mark.parametrize(("a", "answer"), [(1, "hit"), (99, "hit"), (100.5, "uncertain")])
    def test_a_point_100_m_deep_is_a_hit_below_100_m(self, a: float, answer: str) -> None:
        assert ask(Point(0, 0), zone(SQUARE_200), a=a).answer == answer

    @pytest.mark.parametrize(("a", "answer"), [(990, "hit"), (1000, "uncertain")])
    def test_a_point_996_m_deep_is_so_deep_in_tiles_too(self, a: float, answer: str) -> None:
        edges = np.linspace(-996, 996, 5)
        tiles = [zone(box(w, s, e, n)) for w, e in itertools.pairwise(edges) for s, n in itertools.pairwise(edges)]
        assert ask(Point(0, 0), *tiles, a=a).answer == answer

    @pytest.mark.parametrize(("a", "answer"), [(4.9, "hit"), (5.1, "uncertain")])
    def test_a_parcel_5_m_over_the_edge_is_a_hit_below_5_m(self, a: float, answer: str) -> None:
        site = box(95, -10, 115, 10)
        found = ask(site, zone(SQUARE_200), a=a)
        assert found.answer == answer
        assert found.overlap_m2 == pytest.approx(5 * 20, rel=1e-4)

    def test_reason_of_a_hit_is_the_overlap(self) -> None:
        assert ask(Point(0, 0), zone(SQUARE_200), a=25).reasons == {"overlaps"}

    def test_the_seam_of_two_zones_is_not_boundary(self) -> None:
        west, east = zone(box(-100, -100, 0, 100)), zone(box(0, -100, 100, 100))
        assert ask(Point(0, 0), west, east, a=50).answer == "hit"
        assert ask(Point(0, 0), west, a=50).answer == "uncertain"

    def test_the_seam_to_an_outer_bound_is_boundary(self) -> None:
        west, east = zone(box(-100, -100, 0, 100)), zone(box(0, -100, 100, 100), outer_bound=True)
        assert ask(Point(0, 0), west, east, a=50).answer == "uncertain"

    def test_an_outer_bound_never_proves_a_hit(self) -> None:
        found = ask(Point(0, 0), zone(SQUARE_200, outer_bound=True), a=1)
        assert (found.answer, set(found.reasons)) == ("uncertain", {"within_accuracy"})

    @pytest.mark.parametrize(("width", "answer"), [(40, "hit"), (10, "hit"), (4, "uncertain")])
    def test_a_route_right_through_a_corridor_is_a_hit_unless_narrower_than_2_a_over_11(
        self, width: float, answer: str
    ) -> None:
        corridor = zone(box(-width / 2, -500, width / 2, 500))
        assert ask(LineString([(-300, 0), (300, 0)]), corridor, a=25).answer == answer  # 2·25/11 = 4.5

    @pytest.mark.parametrize(("end", "answer"), [(60, "hit"), (40, "uncertain")])
    def test_a_route_must_stick_out_of_the_corridor_by_more_than_a(self, end: float, answer: str) -> None:
        corridor = zone(box(-10, -500, 10, 500))
        # It leaves the corridor when moved by end + 10 to the west.
        assert ask(LineString([(-300, 0), (end - 20, 0)]), corridor, a=45).answer == answer

    @pytest.mark.parametrize(("a", "answer"), [(100, "hit"), (111, "uncertain")])
    def test_a_parcel_that_swallows_a_zone_holds_it_by_the_way_out(self, a: float, answer: str) -> None:
        # 20 m zone in the middle of a 200 m parcel: 100 + 10 m to leave it. The grid goes to a due east, and the site
        # less 0.0911 a must still meet: proved up to 110 / 1.0911 = 100.8.
        assert ask(SQUARE_200, zone(box(-10, -10, 10, 10)), a=a).answer == answer

    def test_separate_parts_hold_each_for_themselves(self) -> None:
        turbines = MultiPoint([(-95, 0), (95, 0)])  # each 5 m deep; together no shift below 95 m frees both
        assert ask(turbines, zone(SQUARE_200), a=10).answer == "uncertain"
        assert ask(turbines, zone(SQUARE_200), a=4.9).answer == "hit"

    def test_a_route_of_12_km_in_a_wide_zone_is_a_hit(self) -> None:
        route = LineString([(-6000, 3), (6000, -3)])
        assert ask(route, zone(box(-7000, -100, 7000, 100)), a=25).answer == "hit"

    def test_more_than_20000_vertices_prove_nothing(self) -> None:
        for quadrant, answer in ((4500, "hit"), (5500, "uncertain")):
            assert ask(SQUARE_200, zone(Point(0, 0).buffer(50, quad_segs=quadrant)), a=10).answer == answer

    def test_overlapping_zones_are_counted_once(self) -> None:
        found = ask(SQUARE_200, zone(box(-50, -50, 20, 50)), zone(box(-20, -50, 50, 50)), a=1)
        assert found.overlap_m2 == pytest.approx(100 * 100, rel=1e-4)

    def test_connected_parts_of_a_site(self) -> None:
        lines = [LineString([(0, 0), (5, 5)]), LineString([(0, 5), (5, 0)]), LineString([(9, 9), (9, 8)])]
        mixed = shapely.GeometryCollection([*lines, box(0, 0, 1, 1), box(1, 0, 2, 1), Point(7, 7), Point(7, 7)])
        kinds = sorted(part.geom_type for part in connected_parts(mixed))
        assert kinds == ["LineString", "MultiLineString", "Point", "Polygon"]


class TestAccuracyOfEachFeature:
    def test_a_hit_needs_only_the_features_that_prove_it(self) -> None:
        surveyed, sketched = zone(SQUARE_200, accuracy_m=1), zone(box(100, -100, 300, 100), accuracy_m=500)
        assert ask(Point(0, 0), surveyed, sketched, a=25).answer == "hit"

    def test_a_hit_proved_by_two_uses_the_larger(self) -> None:
        for larger, answer in ((90, "hit"), (110, "uncertain")):
            halves = zone(box(-100, -100, 0, 100), accuracy_m=1), zone(box(0, -100, 100, 100), accuracy_m=larger)
            assert ask(Point(0, 0), *halves, a=25).answer == answer

    def test_clear_must_hold_for_each_with_its_own(self) -> None:
        near, far = zone(box(10, 0, 20, 9), accuracy_m=5), zone(box(-400, 0, -300, 9), accuracy_m=200)
        assert ask(Point(0, 5), near, far, a=1).answer == "clear"
        coarse = zone(box(-400, 0, -300, 9), accuracy_m=310)
        found = ask(Point(0, 5), near, coarse, a=1)
        assert found.answer == "uncertain"
        assert found.gap_m == pytest.approx(10, abs=0.002)


class TestUncertainAndClear:
    @pytest.mark.parametrize(("a", "answer", "reason"), [(5, "uncertain", "within_accuracy"), (3, "clear", "outside")])
    def test_a_gap_of_3_m_20(self, a: float, answer: str, reason: str) -> None:
        found = ask(Point(103.2, 0), zone(SQUARE_200), a=a)
        assert (found.answer, set(found.reasons)) == (answer, {reason})
        assert found.gap_m == pytest.approx(3.2, abs=0.0021)

    @pytest.mark.parametrize(("radius", "answer"), [(0.0, "clear"), (27.0, "clear"), (29.0, "uncertain")])
    def test_a_radius_widens_the_gap_that_is_needed(self, radius: float, answer: str) -> None:
        found = ask(Point(130, 0), zone(SQUARE_200), a=2, radius_m=radius)  # 30 against 2 + R
        assert found.answer == answer
        assert found.reasons == ({"within_radius"} if answer == "uncertain" else {"outside"})

    def test_a_shared_edge_is_a_touch_and_uncertain(self) -> None:
        found = ask(box(100, -20, 130, 20), zone(SQUARE_200), a=0.05)
        assert (found.answer, set(found.reasons), found.gap_m) == ("uncertain", {"within_accuracy", "touches"}, 0.0)
        assert found.overlap_m2 < 40 * 0.001

    def test_an_overlap_within_the_accuracy_is_no_touch(self) -> None:
        found = ask(box(99, -20, 130, 20), zone(SQUARE_200), a=5)
        assert (found.answer, set(found.reasons)) == ("uncertain", {"within_accuracy"})

    def test_a_site_in_a_hole_is_measured_to_its_rim(self) -> None:
        ring = zone(SQUARE_200.difference(box(-40, -40, 40, 40)))
        assert ask(Point(0, 0), ring, a=39).answer == "clear"
        assert ask(Point(0, 0), ring, a=41).answer == "uncertain"

    def test_a_zone_narrower_than_the_grid_is_not_lost(self) -> None:
        assert united([degrees(box(0, -50, 0.0003, 50))]).is_empty
        assert ask(Point(1, 0), zone(box(0, -50, 0.0003, 50)), a=2).answer == "uncertain"

    def test_nothing_declared_is_clear_by_declaration(self) -> None:
        layer = PlainLayer(coverage=EVERYWHERE, declared_none=True)
        found = plain_answer(degrees(Point(0, 0)), layer, site_accuracy_m=1)
        assert (found.answer, set(found.reasons), found.gap_m) == ("clear", {"declared_none"}, math.inf)

    def test_what_stands_against_clear_is_kept_beside_a_hit(self) -> None:
        layer = PlainLayer(zones=(zone(SQUARE_200),), accuracy_m=5, valid=False)
        found = plain_answer(degrees(Point(0, 0)), layer, site_accuracy_m=0)
        assert (found.answer, set(found.obstacles)) == ("hit", {"layer_expired", "coverage_not_stated"})


class TestInfluenceDistance:
    @pytest.mark.parametrize(("a", "answer"), [(39, "hit"), (41, "uncertain")])
    def test_depth_is_distance_less_than_d(self, a: float, answer: str) -> None:
        section = zone(Point(0, 0), influence_m=100)
        assert ask(Point(60, 0), section, a=a).answer == answer  # 100 − 60 = 40

    def test_gap_is_distance_beyond_d(self) -> None:
        found = ask(Point(0, 130), zone(LineString([(-50, 0), (50, 0)]), influence_m=100), a=5)
        assert found.answer == "clear"
        assert found.gap_m == pytest.approx(30, abs=0.002)

    def test_the_rim_is_no_polygon(self) -> None:
        lon, lat, _ = GEOD.fwd(117.5, 49.4, 2.8125, 20_000 - 30)  # half way between two corners of a GEOS arc
        section = PlainZone(geometry=Point(117.5, 49.4), influence_m=20_000)
        layer = PlainLayer(zones=(section,), accuracy_m=25, coverage=EVERYWHERE)
        assert plain_answer(Point(lon, lat), layer, site_accuracy_m=0).answer == "hit"

    def test_a_parcel_round_an_intake_is_a_hit(self) -> None:
        assert ask(SQUARE_200, zone(Point(0, 0), influence_m=10), a=50).answer == "hit"

    def test_area_within_the_distance_is_that_of_the_circle(self) -> None:
        found = ask(SQUARE_200, zone(Point(0, 0), influence_m=50), a=5)
        assert found.overlap_m2 == pytest.approx(math.pi * 50**2, rel=1e-4)

    def test_a_route_through_is_a_hit_and_one_along_the_rim_is_not(self) -> None:
        section = zone(Point(0, 0), influence_m=100)
        assert ask(LineString([(-300, 0), (300, 0)]), section, a=60).answer == "hit"
        assert ask(LineString([(-300, 95), (300, 95)]), section, a=10).answer == "uncertain"


class TestUnknown:
    def layer(self, **properties: object) -> PlainLayer:
        given = {"zones": (zone(box(900, 0, 950, 50)),), "accuracy_m": 10.0, "coverage": EVERYWHERE, **properties}
        return PlainLayer(**given)

    def test_the_layer_is_clear_by_itself(self) -> None:
        assert plain_answer(degrees(Point(0, 0)), self.layer(), site_accuracy_m=0).answer == "clear"

    def test_no_coverage(self) -> None:
        assert reasons_against_clear(Point(0, 0), self.layer(coverage=None)) == {"coverage_not_stated"}

    @pytest.mark.parametrize(
        ("x", "radius", "reason"),
        [(83.0, 0.0, None), (86.0, 0.0, "partly"), (62.0, 20.0, None), (66.0, 20.0, "partly"), (101.0, 0.0, "")],
    )
    def test_coverage_must_reach_beyond_c_a_and_r(self, x: float, radius: float, reason: str | None) -> None:
        layer = self.layer(coverage=degrees(SQUARE_200), coverage_accuracy_m=5.0)  # c + a = 15: up to 85, less R
        found = plain_answer(degrees(Point(x, 0)), layer, site_accuracy_m=0, radius_m=radius)
        expected = {None: {"outside"}, "partly": {"partly_outside_coverage"}, "": {"outside_coverage"}}[reason]
        assert found.reasons == expected

    def test_a_hole_in_the_coverage_is_an_edge(self) -> None:
        layer = self.layer(coverage=EVERYWHERE.difference(degrees(box(-1, -1, 1, 1))))
        assert reasons_against_clear(SQUARE_200, layer) == {"partly_outside_coverage"}

    def test_a_seam_of_two_coverages_is_no_edge(self) -> None:
        halves = shapely.MultiPolygon([degrees(box(-500, -500, 0, 500)), degrees(box(0, -500, 500, 500))])
        assert plain_answer(degrees(Point(0, 0)), self.layer(coverage=halves), site_accuracy_m=0).answer == "clear"

    @pytest.mark.parametrize("reason", ["layer_expired", "not_valid_yet", "date_missing"])
    def test_a_version_out_of_date(self, reason: str) -> None:
        assert reasons_against_clear(Point(0, 0), self.layer(valid=False, invalid_reason=reason)) == {reason}

    def test_an_unread_part_of_the_site(self) -> None:
        found = reasons_against_clear(Point(0, 0), self.layer(), site_part_rejected=True)
        assert found == {"site_part_rejected"}

    @pytest.mark.parametrize(("x", "near"), [(9.0, True), (11.0, False), (30.0, False)])
    def test_a_rejected_box_counts_within_a(self, x: float, *, near: bool) -> None:
        layer = self.layer(rejected_boxes=(degrees(box(x, -5, x + 4, 5)).bounds,))
        found = plain_answer(degrees(Point(0, 0)), layer, site_accuracy_m=0)
        assert found.reasons == ({"rejected_feature_near"} if near else {"outside"})

    @pytest.mark.parametrize(
        "bounds",
        [
            None,
            (117.5, 49.4, math.inf, 49.5),
            (117.5, math.nan, 117.6, 49.5),
            (100.0, 30.0, 100.1, 30.1),  # does not meet the coverage
            (-180.0, -90.0, 180.0, 90.0),  # lies within the coverage widened by its own size, and meets the site
        ],
    )
    def test_a_rejected_box_that_says_nothing_is_everywhere(self, bounds: Box | None) -> None:
        layer = self.layer(rejected_boxes=(bounds,))
        assert reasons_against_clear(Point(0, 0), layer) == {"rejected_feature_near"}

    def test_a_rejected_box_without_coverage_is_everywhere(self) -> None:
        far = degrees(box(5000, 0, 5010, 10)).bounds
        found = reasons_against_clear(Point(0, 0), self.layer(coverage=None, rejected_boxes=(far,)))
        assert found == {"coverage_not_stated", "rejected_feature_near"}

    @pytest.mark.parametrize(("reach", "near"), [(90.0, False), (110.0, True)])
    def test_a_feature_without_extent_counts_within_its_reach(self, reach: float, *, near: bool) -> None:
        layer = self.layer(zones=(zone(Point(100, 0), no_extent_m=reach),))
        found = plain_answer(degrees(Point(0, 0)), layer, site_accuracy_m=0)
        assert found.reasons == ({"extent_not_given"} if near else {"outside"})
        assert found.gap_m == math.inf

    def test_a_feature_without_coordinates_is_everywhere(self) -> None:
        layer = self.layer(zones=(PlainZone(geometry=None, no_extent_m=500.0),))
        assert reasons_against_clear(Point(0, 0), layer) == {"extent_not_given"}

    def test_a_feature_without_extent_is_never_a_hit(self) -> None:
        layer = self.layer(zones=(zone(SQUARE_200, no_extent_m=500.0),))
        assert reasons_against_clear(Point(0, 0), layer) == {"extent_not_given"}


class TestNearby:
    def test_answers_differ_only_where_the_accuracy_nearly_decides(self) -> None:
        layer = PlainLayer(zones=(zone(SQUARE_200),), accuracy_m=10.0, coverage=EVERYWHERE)
        for x, expected in ((110.1, {"uncertain", "clear"}), (111.0, {"clear"}), (88.0, {"hit"})):
            found = answers_nearby(degrees(Point(x, 0)), layer, site_accuracy_m=0)
            assert {answer.answer for answer in found} == expected


class TestBruteShifts:
    def test_hold_of_a_square_over_an_edge_is_its_depth(self) -> None:
        assert hold_up_to_m(degrees(box(95, -10, 115, 10)), degrees(SQUARE_200), 50) == pytest.approx(5, abs=1e-3)

    def test_hold_of_a_parcel_over_a_strip_is_half_of_both(self) -> None:
        site, strip = box(-30, -30, 30, 30), box(-10, -1000, 10, 1000)
        assert hold_up_to_m(degrees(site), degrees(strip), 100) == pytest.approx(30 + 10, abs=1e-3)

    def test_hold_is_cut_at_the_limit_and_zero_when_apart(self) -> None:
        assert hold_up_to_m(degrees(Point(0, 0)), degrees(SQUARE_200), 60) == 60
        assert hold_up_to_m(degrees(Point(101, 0)), degrees(SQUARE_200), 60) == 0

    def test_a_small_hole_does_not_part_a_site_larger_than_it(self) -> None:
        ring, hole = SQUARE_200.difference(box(-10, -10, 10, 10)), 10
        assert hold_up_to_m(degrees(box(-20, -20, 20, 20)), degrees(ring), 80) == 80
        fits = box(-3, -3, 3, 3)
        moved = shapely.affinity.translate(fits, 9, 0)  # sticks 2 m out of the hole
        assert hold_up_to_m(degrees(moved), degrees(ring), 80) == pytest.approx(9 + 3 - hole, abs=1e-3)

    @pytest.mark.parametrize(("length", "found"), [(39.8, False), (40.2, True)])
    def test_the_search_parts_them_just_above_the_hold(self, length: float, *, found: bool) -> None:
        site, strip = degrees(box(-30, -30, 30, 30)), degrees(box(-10, -1000, 10, 1000))
        shift = parts_under(site, strip, length)
        assert (shift is not None) is found
        if shift is not None:
            assert abs(shift[0]) == pytest.approx(40.1, abs=0.2)

    def test_search_and_exact_hold_agree(self) -> None:
        compared = 0
        for case in seeded(30, SHIFT_KINDS[:-1], first_seed=900):
            site, polygons = connected_parts(case.site)[0], shapely.get_parts(snapped_zones(case))
            hold = max((hold_up_to_m(site, z, 2 * case.a_m) for z in polygons), default=0.0)
            if len(polygons) != 1 or not 1e-3 < hold < 1.9 * case.a_m:
                continue
            assert parts_under(site, polygons[0], hold * 0.99, directions=60, radii=4) is None, case
            assert parts_under(site, polygons[0], hold * 1.02 + 1e-4, directions=90, radii=4) is not None, case
            compared += 1
        assert compared >= 6

    def test_the_proof_makes_no_wrong_hit_and_finds_99_in_100(self) -> None:
        hits = sure = found = 0
        for case in seeded(150, SHIFT_KINDS[:-1]):
            zones = snapped_zones(case)
            pairs = [(s, z) for s in connected_parts(case.site) for z in shapely.get_parts(zones) if s.intersects(z)]
            if not pairs:
                continue
            hold = max(hold_up_to_m(s, z, 2 * case.a_m) for s, z in pairs)
            hit = hold_proved(case.site, zones, case.a_m)
            hits += hit
            assert not hit or hold > case.a_m, case
            if hold >= 1.15 * case.a_m:
                sure += 1
                found += hit
        assert hits >= 50
        assert found >= 0.99 * sure


class TestCases:
    @pytest.mark.parametrize("kind", KINDS)
    def test_a_case_is_given_by_its_seed(self, kind: str) -> None:
        one, again, other = (make_case(kind, seed=seed, lat=20.0, a=0.3) for seed in (5, 5, 6))
        assert one == again
        assert one.site != other.site

    def test_cases_are_valid_and_give_every_answer(self) -> None:
        answers = set()
        for case in seeded(96):
            assert case.site.is_valid
            assert not case.site.is_empty
            assert all(z.geometry is None or z.geometry.is_valid for z in case.layer.zones)
            answers.add(plain_answer(case.site, case.layer, **case.options).answer)
        assert answers == {"hit", "uncertain", "clear", "unknown"}
