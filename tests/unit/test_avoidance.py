"""Ways to keep clear: what moves, by how much, at which cost; figures from hand arithmetic (a = 25 m by 7-24-25)."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import shapely

from layers.workspace import FolderStore
from screening.avoidance import Cost, avoid, cutting
from screening.avoidance.detouring import detours_of, is_walled_off
from screening.avoidance.obstacles import Obstacle
from screening.avoidance.plane import LocalPlane
from screening.avoidance.proposals import Proposal, undominated
from screening.avoidance.shifting import shifts_within
from screening.errors import NothingToAvoidError, SearchTooLargeError
from screening.inquiry import site_from
from screening.screen import screen
from screening.site import SitePart, site_of
from spatial.measure import ellipsoidal_area
from tests.building import add, workspace_at
from tests.contract.places import AS_OF, COUNTY, SITE_M, ZONE, MemoryStore, beside, block, off, one


def ways_out(store, geometry, **options):
    site = site_of(geometry, accuracy_m=options.pop("accuracy_m", SITE_M), radius_m=options.pop("radius_m", 0.0))
    return avoid(site, store, as_of=AS_OF, **options)


def search_of(found, way):
    (search,) = [s for s in found.searches if s.way == way]
    return search


def parcel_over_the_edge(inside_m=40.0, width_m=200.0):
    """100 m high, its western ``inside_m`` metres in the zone."""
    return block(*off(117.5, 49.45, east=-inside_m), width_m, 100.0)


# ---- moving


@pytest.mark.parametrize("turn", [0.0, 37.0])
def test_a_moved_site_keeps_its_area_within_a_millionth_and_its_parts_their_places(turn):
    triangle = shapely.Polygon([(117.6, 49.2), (117.614, 49.2), (117.6, 49.209)])
    parts = (SitePart(id="1", geometry=triangle), SitePart(id="2", geometry=block(117.62, 49.21, 200, 200)))
    whole = shapely.union_all([p.geometry for p in parts])
    site = replace(site_of(whole, accuracy_m=1), parts=parts)
    plane = LocalPlane.of(whole)
    moved = plane.moved(site, east_m=300, north_m=-400, rotation_deg=turn, about=(0.0, 0.0))
    for before, after in zip(site.parts, moved.parts, strict=True):
        was, now = ellipsoidal_area([before.geometry, after.geometry])
        assert abs(now / was - 1) < 1e-6  # of a parcel of 20 m, rounding to 1e-9 degree alone makes 3e-6
    apart = [shapely.distance(*[shapely.centroid(plane.to_plane(p.geometry)) for p in s.parts]) for s in (site, moved)]
    assert apart[1] == pytest.approx(apart[0], abs=1e-3)
    if not turn:
        corners = [shapely.get_coordinates(plane.to_plane(s.parts[1].geometry))[0] for s in (site, moved)]
        assert corners[1] - corners[0] == pytest.approx([300, -400], abs=1e-3)


def test_the_grid_holds_every_place_within_the_distance_the_nearest_first():
    grid = shifts_within(10.0, 5.0)
    assert len(grid) == 13  # i² + j² <= 4
    assert np.hypot(*grid.T).tolist() == sorted(np.hypot(*grid.T).tolist())
    assert grid[1].tolist() == [0.0, 5.0]  # north first


def test_a_grid_that_nobody_can_wait_for_is_refused():
    with pytest.raises(SearchTooLargeError, match="longer step"):
        shifts_within(20_000.0, 1.0)


# ---- shifts


def test_a_point_moves_just_beyond_the_accuracy():
    found = ways_out(one("red_lines", ZONE), beside(-100.0))
    (proposal,) = found.to_dict()["proposals"]
    # 100 m to the edge and 25 m of accuracy: at 125 m it is still within, the next step is 130 m
    assert (proposal["shift_m"], proposal["bearing_deg"], proposal["answer"]) == (130.0, 90.0, "clear")


def test_the_radius_of_a_point_is_kept_clear_too():
    found = ways_out(one("red_lines", ZONE), beside(-100.0), radius_m=60.0)
    assert found.proposals[0].cost.shift_m == 190.0  # 100 + 25 + 60 is within, so one step more


def test_every_place_is_excluded_or_asked_or_farther_than_the_one_found():
    found = ways_out(one("red_lines", ZONE), beside(-100.0))
    facts = search_of(found, "shift").to_dict()
    assert facts["places"] == len(shifts_within(500, 5))
    assert facts["excluded"] + facts["asked"] + facts["beyond"] == facts["places"]
    assert facts["asked"] < 30  # places at 25 m and a few hundredths


def test_none_within_the_distance_is_said_with_every_place_accounted_for():
    found = ways_out(one("red_lines", ZONE), beside(-1000.0), within_m=100.0)
    facts = search_of(found, "shift").to_dict()
    assert (found.proposals, facts["found"], facts["none_proved"]) == ((), 0, True)
    assert facts["excluded"] == facts["places"] == len(shifts_within(100, 5))
    assert facts["closed_by"] == ["red_lines"]


def test_a_turn_is_listed_where_it_saves_distance():
    # 200 m long from west to east, its middle 30 m outside: turned by 90° its western side comes 75 m farther east
    parcel = block(*off(117.5, 49.45, east=-70.0), 200.0, 50.0)
    found = ways_out(one("red_lines", ZONE), parcel, rotate_deg=90, rotation_step_deg=45)
    by_way = {(p.way, p.cost.rotation_deg): p.cost.shift_m for p in found.proposals}
    assert by_way[("shift", 0.0)] == 100.0  # 70 + 25 is still within
    assert by_way[("turn", 90.0)] == 25.0  # the side is 30 - 25 = 5 m off, 20 m short of 25: one step more
    assert all(p.verdict.answer == "clear" for p in found.proposals)


def test_parts_move_together():
    west, east = parcel_over_the_edge(), block(*off(117.5, 49.45, east=400.0), 50.0, 50.0)
    parts = (SitePart(id="w", geometry=west), SitePart(id="e", geometry=east))
    site = replace(site_of(shapely.union_all([west, east]), accuracy_m=SITE_M), parts=parts)
    found = avoid(site, one("red_lines", ZONE), as_of=AS_OF, within_m=100)
    shift = next(p for p in found.proposals if p.way == "shift")
    assert shift.cost.shift_m == 70.0  # 40 + 25 is within
    assert [p.id for p in shift.site.parts] == ["w", "e"]


def test_a_place_in_another_zone_is_no_way_out_unless_kinds_are_named():
    store = MemoryStore()
    store.add("red_lines", [ZONE])
    store.add("protected_areas", [shapely.box(*off(117.5, 49.4, east=50.0), 117.52, 49.5)], [{"名称": "湿地公园"}])
    point = beside(-20.0)
    assert ways_out(store, point, within_m=150.0).proposals == ()
    found = ways_out(store, point, within_m=150.0, kinds=["red_lines"])
    (proposal,) = found.to_dict()["proposals"]
    assert (proposal["shift_m"], proposal["kinds"]["red_lines"]) == (50.0, "clear")
    assert proposal["kinds"]["protected_areas"] == "uncertain"
    assert proposal["worse"] == ["protected_areas"]


def test_a_single_layer_can_be_chosen():
    store = MemoryStore()
    store.add("red_lines", [ZONE], name="甲")
    store.add("red_lines", [shapely.box(117.3, 49.3, 117.7, 49.7)], name="乙")
    found = ways_out(store, beside(-20.0), layers=["甲"])
    assert found.proposals[0].cost.shift_m == 50.0
    assert found.to_dict()["proposals"][0]["reached"] == [{"kind": "red_lines", "layer": "甲", "answer": "clear"}]
    assert found.proposals[0].verdict.answer == "hit"


def test_what_decides_nothing_here_is_refused_with_what_there_is():
    with pytest.raises(NothingToAvoidError, match=r"'water_sources' is no protective kind.*red_lines"):
        ways_out(one("red_lines", ZONE), beside(-20.0), kinds=["water_sources"])
    with pytest.raises(NothingToAvoidError, match="'丙'"):
        ways_out(one("red_lines", ZONE), beside(-20.0), layers=["丙"])


def test_a_site_that_is_clear_needs_nothing():
    found = ways_out(one("red_lines", ZONE), beside(1000.0))
    assert (found.needed, found.proposals, found.searches) == (False, (), ())


# ---- what can be reached at best


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"coverage": None}, "coverage_not_stated"),
        ({"data_date": None}, "date_missing"),
        ({"valid_until": "2025-12-31"}, "layer_expired"),
        ({"unreadable": [("9", None)]}, "rejected_feature_near"),
    ],
)
def test_what_the_data_never_allow_is_said_and_never_reported_as_clear(options, reason):
    found = ways_out(one("red_lines", ZONE, **options), beside(-100.0))
    (goal,) = found.goals
    assert (goal.now, goal.best, goal.because) == ("hit", "unknown", (reason,))
    (proposal,) = found.to_dict()["proposals"]
    assert (proposal["shift_m"], proposal["answer"]) == (130.0, "unknown")
    assert (proposal["clears"], proposal["falls_short"]) == (False, ["red_lines"])


def test_a_missing_layer_is_said_and_nothing_is_searched_for_it():
    store = MemoryStore("red_lines", "water_sources")
    store.add("red_lines", [ZONE])
    found = ways_out(store, beside(200.0))
    assert {g.kind: (g.best, g.because) for g in found.goals} == {
        "red_lines": ("clear", ()),
        "water_sources": ("unknown", ("layer_missing",)),
    }
    assert not found.needed


def test_a_site_with_a_part_not_read_is_never_reported_as_clear():
    site = replace(site_of(beside(-100.0), accuracy_m=SITE_M), rejected_parts=1)
    found = avoid(site, one("red_lines", ZONE), as_of=AS_OF)
    assert found.goals[0].because == ("site_part_rejected",)
    assert [p.falls_short for p in found.proposals] == [("red_lines",)]


def test_beyond_the_coverage_no_place_is_clear_and_the_nearest_without_a_hit_is_named_as_unknown():
    covered = shapely.box(117.4, 49.4, off(117.5, 49.45, east=120.0)[0], 49.5)
    found = ways_out(one("red_lines", ZONE, coverage=covered), beside(-100.0), within_m=200.0)
    # clear needs 25 m from the zone and 24 + 25 m from the edge at 120 m: between 25 and 71 m lies a strip
    assert [(p.cost.shift_m, p.verdict.answer) for p in found.proposals] == [(130.0, "clear")]
    narrow = shapely.box(117.4, 49.4, off(117.5, 49.45, east=60.0)[0], 49.5)
    found = ways_out(one("red_lines", ZONE, coverage=narrow), beside(-100.0), within_m=200.0)
    assert [(p.cost.shift_m, p.verdict.answer, p.falls_short) for p in found.proposals] == [
        (130.0, "unknown", ("red_lines",))
    ]
    (goal,) = search_of(found, "shift").goals
    assert (goal.best, goal.because) == ("unknown", ("outside_coverage",))


def test_an_influence_distance_is_kept():
    store = one("water_sources", beside(0.0), {"名称": "水源"}, influence_m=300.0)
    found = ways_out(store, beside(100.0), within_m=300.0)
    # 300 + 25 from the well: 225 m straight on is within, 5 m aside of that is not
    assert found.proposals[0].cost.shift_m == pytest.approx(math.hypot(225, 5))
    assert found.proposals[0].verdict.answer == "clear"


# ---- cuts


def test_a_cut_gives_up_the_strip_of_overlap_and_accuracy():
    found = ways_out(one("red_lines", ZONE), parcel_over_the_edge(), within_m=20.0)
    (proposal,) = found.to_dict()["proposals"]
    assert proposal["way"] == "cut"
    assert 6500 <= proposal["lost_m2"] <= 6500 * 1.005  # (40 + 25) x 100 m, a little outside
    assert proposal["lost_share"] == pytest.approx(6500 / 20_000, rel=0.005)
    assert proposal["lost_m2"] + proposal["left_m2"] == pytest.approx(20_000, rel=1e-4)
    assert (proposal["answer"], proposal["pieces"], proposal["added_pieces"]) == ("clear", 1, 0)


def test_a_zone_that_parts_a_parcel_leaves_two_pieces_or_the_larger_one():
    strip = shapely.box(117.5, 49.4, off(117.5, 49.45, east=10.0)[0], 49.5)
    parcel = block(*off(117.5, 49.45, east=-100.0), 300.0, 100.0)
    found = ways_out(one("red_lines", strip), parcel, within_m=20.0)
    cuts = [p.to_dict(1) for p in found.proposals]
    assert [(c["way"], c["pieces"]) for c in cuts] == [("cut", 2), ("cut", 1)]
    # 25 + 10 + 25 m of 300; then the 75 m to the west as well
    assert cuts[0]["lost_m2"] == pytest.approx(60 * 100, rel=0.01)
    assert cuts[1]["lost_m2"] == pytest.approx((60 + 75) * 100, rel=0.01)
    assert [c["answer"] for c in cuts] == ["clear", "clear"]


def test_a_part_that_is_given_up_whole_is_named():
    inside, out = block(*off(117.5, 49.45, east=-90.0), 50.0, 50.0), block(*off(117.5, 49.45, east=200.0), 50.0, 50.0)
    parts = (SitePart(id="in", geometry=inside), SitePart(id="out", geometry=out))
    site = replace(site_of(shapely.union_all([inside, out]), accuracy_m=SITE_M), parts=parts)
    found = avoid(site, one("red_lines", ZONE), as_of=AS_OF, within_m=20.0)
    (cut,) = [p for p in found.proposals if p.way == "cut"]
    assert (cut.facts["parts_gone"], [p.id for p in cut.site.parts]) == (["in"], ["out"])
    assert cut.cost.lost_m2 == pytest.approx(2500, rel=1e-3)


def test_nothing_to_keep_is_said():
    found = ways_out(one("red_lines", ZONE), block(*off(117.5, 49.45, east=-500.0), 100.0, 100.0), within_m=100.0)
    assert (found.proposals, search_of(found, "cut").reason) == ((), "nothing_left")


# ---- detours


def test_the_shortest_way_around_a_rectangle_touches_its_corners():
    route = shapely.LineString([(-1000, 0), (1000, 0)])
    block_ = shapely.box(-100, -300, 100, 30)
    (found,) = detours_of(route, block_, within_m=500, step_m=5, reach_m=5000, weights=[1.0])
    # straight from the end to the corner, along the top, straight to the other end
    assert found.line.length == pytest.approx(2 * math.hypot(900, 30) + 200, abs=0.01)
    (near,) = detours_of(route, block_, within_m=500, step_m=5, reach_m=400, weights=[1.0])
    # left 400 m before the block: 500 m from the end it is still the old route
    assert near.line.length == pytest.approx(2 * (500 + math.hypot(400, 30)) + 200, abs=0.01)
    assert near.rebuilt_m == pytest.approx(2 * math.hypot(400, 30) + 200, abs=0.01)


def test_the_least_new_alignment_leaves_the_route_at_the_block():
    route = shapely.LineString([(-1000, 0), (1000, 0)])
    (found,) = detours_of(route, shapely.box(-100, -300, 100, 30), within_m=500, step_m=5, reach_m=400, weights=[0.0])
    assert found.rebuilt_m == pytest.approx(30 + 200 + 30, abs=0.01)
    assert found.line.length == pytest.approx(2000 + 60, abs=0.01)


def test_a_way_around_farther_than_allowed_is_none_and_that_is_proved():
    route = shapely.LineString([(-1000, 0), (1000, 0)])
    wall = shapely.box(-10, -300, 10, 300)
    assert detours_of(route, wall, within_m=250, step_m=5, reach_m=5000) == ()
    assert is_walled_off(route, wall, within_m=250)
    assert not is_walled_off(route, wall, within_m=350)
    assert detours_of(route, wall, within_m=350, step_m=5, reach_m=5000) != ()


def test_a_route_is_led_around_a_zone_with_its_ends_where_they_were():
    zone = block(*off(117.5, 49.45, east=-100.0, north=-300.0), 200.0, 330.0)
    route = shapely.LineString([off(117.5, 49.45, east=-1000.0), off(117.5, 49.45, east=1000.0)])
    found = ways_out(one("red_lines", zone), route)
    shortest = found.proposals[0]
    assert all(p.verdict.answer == "clear" for p in found.proposals)
    ends = shapely.get_coordinates(shortest.site.geometry)[[0, -1]]
    assert ends == pytest.approx(shapely.get_coordinates(route), abs=1e-9)
    # left 500 m before x = -125; then straight to the circle of 25 m around the corner (-100, 30), and around it
    d, r = math.hypot(525.1, 30), 25.0
    wrap = math.atan2(30, 525.1) + math.asin(r / d)
    half = math.sqrt(d * d - r * r) + r * wrap + 100
    assert shortest.cost.added_m == pytest.approx(2 * (half - 625.1), abs=0.3)
    assert shortest.facts["farthest_m"] == pytest.approx(55, abs=0.3)
    least = min(found.proposals, key=lambda p: p.cost.rebuilt_m)
    assert least.cost.rebuilt_m < shortest.cost.rebuilt_m
    assert least.cost.added_m > shortest.cost.added_m


def test_an_end_inside_a_zone_has_no_detour_and_says_so():
    route = shapely.LineString([off(117.5, 49.45, east=-300.0), off(117.5, 49.45, east=600.0)])
    found = ways_out(one("red_lines", ZONE), route)
    search = search_of(found, "detour")
    assert (found.proposals, search.proved, search.reason) == ((), True, "end_inside")


def test_a_zone_across_the_corridor_is_proved_to_leave_no_detour():
    wall = block(*off(117.5, 49.45, east=-10.0, north=-2000.0), 20.0, 4000.0)
    route = shapely.LineString([off(117.5, 49.45, east=-800.0), off(117.5, 49.45, east=800.0)])
    found = ways_out(one("red_lines", wall), route, within_m=300.0)
    search = search_of(found, "detour")
    assert (found.proposals, search.proved, search.reason) == ((), True, "walled_off")


def test_a_branch_that_hangs_on_a_rebuilt_stretch_is_counted_as_loose():
    zone = block(*off(117.5, 49.45, east=-100.0, north=-300.0), 200.0, 330.0)
    middle = off(117.5, 49.45, east=-300.0)
    main = shapely.LineString([off(117.5, 49.45, east=-1000.0), middle, off(117.5, 49.45, east=1000.0)])
    branch = shapely.LineString([middle, off(117.5, 49.45, east=-300.0, north=-300.0)])
    parts = (SitePart(id="1", geometry=main), SitePart(id="2", geometry=branch))
    site = replace(site_of(shapely.union_all([main, branch]), accuracy_m=SITE_M), parts=parts)
    found = avoid(site, one("red_lines", zone), as_of=AS_OF)
    assert found.proposals[0].facts["loose_ends"] == 1


# ---- the list


def _proposal(**cost):
    return Proposal(
        way="shift", site=None, cost=Cost(**cost), verdict=None, reached=(), falls_short=(), worse=(), facts={}
    )


def test_a_proposal_that_costs_more_in_every_way_is_not_listed():
    long, short, turned = _proposal(shift_m=50), _proposal(shift_m=30), _proposal(shift_m=20, rotation_deg=5)
    worse = _proposal(shift_m=30, rotation_deg=5)
    assert undominated([long, short, turned, worse]) == (short, turned)


def test_one_that_falls_short_does_not_displace_one_that_clears():
    short = replace(_proposal(shift_m=10), falls_short=("red_lines",))
    full = _proposal(shift_m=30)
    assert undominated([short, full]) == (full, short)


@pytest.mark.parametrize("accuracy_m", [1.0, 60.0])
def test_the_site_of_a_proposal_gives_the_same_answer_when_it_is_read_back(accuracy_m):
    store = one("red_lines", ZONE)
    found = ways_out(store, parcel_over_the_edge(), accuracy_m=accuracy_m, rotate_deg=20)
    document = found.to_dict()
    assert {p["way"] for p in document["proposals"]} >= {"shift", "cut"}
    for proposal in document["proposals"]:
        again = screen(site_from(proposal["site"]), store, as_of=AS_OF)
        assert (again.answer, again.kinds) == ("clear", proposal["kinds"])
    assert COUNTY.contains(shapely.union_all([p.site.geometry for p in found.proposals]))


# ---- what could go wrong


def test_a_strip_of_coverage_is_reached_where_it_is_wide_enough():
    # 24 m of the coverage and 25 m of the site on either side: of 120 m the middle 22 m are clear, 149 m away
    (west, south), (east, north) = (off(117.8, 49.8, east=e, north=n) for e, n in ((-220.0, -3000.0), (-100.0, 3000.0)))
    store = one("red_lines", ZONE, coverage=shapely.box(west, south, east, north))
    (proposal,) = ways_out(store, shapely.Point(117.8, 49.8), within_m=250.0).to_dict()["proposals"]
    assert (proposal["shift_m"], proposal["bearing_deg"], proposal["answer"]) == (150.0, 270.0, "clear")


def test_what_counts_only_beside_another_shape_closes_no_place_away_from_it():
    here = shapely.box(-10, -10, 10, 10)
    obstacle = Obstacle(
        code="rejected", layer="甲", shape=here, reach_m=5, safe_m=6, only_near=(shapely.box(0, -50, 50, 50), 1)
    )
    places = np.array([shapely.Point(-9, 0), shapely.Point(9, 0), shapely.Point(40, 0)], dtype=object)
    assert obstacle.surely_meets(places).tolist() == [False, True, False]
    assert obstacle.area_surely_closed().is_empty


@pytest.mark.parametrize("shape", ["parcel", "route"])
def test_a_way_that_is_drawn_too_near_is_refused_by_the_engine_and_not_listed(shape, monkeypatch):
    from screening.avoidance import search

    drawn = search.area_to_leave
    monkeypatch.setattr(search, "area_to_leave", lambda obstacles, extra=0: drawn(obstacles, extra).buffer(-15))
    monkeypatch.setattr(cutting, "area_to_leave", lambda obstacles, extra=0: drawn(obstacles, extra).buffer(-15))
    zone = block(*off(117.5, 49.45, east=-100.0, north=-300.0), 200.0, 330.0)
    ends = [off(117.5, 49.45, east=e) for e in (-1000.0, 1000.0)]
    site = block(*off(117.5, 49.45, east=60.0), 200.0, 10.0) if shape == "parcel" else shapely.LineString(ends)
    found = ways_out(one("red_lines", zone), site, within_m=100.0 if shape == "parcel" else 200.0, step_m=50.0)
    way = "cut" if shape == "parcel" else "detour"
    assert [p for p in found.proposals if p.way == way] == []
    assert found.refused > 0
    assert search_of(found, way).proved is False


def test_a_damaged_layer_has_no_way_to_clear(tmp_path):
    store = workspace_at(tmp_path / "ws", "red_lines")
    version = add(store, "red_lines", [ZONE], name="红线", coverage=COUNTY).entry.version
    files = [p for p in store.root.rglob("*") if p.stat().st_size and p.is_file() and version in p.parts]
    unreadable = 0
    for file in sorted(files)[::4]:
        whole = file.read_bytes()
        at = len(whole) // 2
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        damaged = FolderStore.open(store.root)
        found = avoid(site_of(beside(-100.0), accuracy_m=SITE_M), damaged, as_of=AS_OF, within_m=200.0)
        (goal,) = found.goals
        if goal.now == "unknown":
            assert (goal.best, goal.because) == ("unknown", ("layer_unreadable",))
            unreadable += 1
        for proposal in found.proposals:
            again = screen(proposal.site, damaged, as_of=AS_OF)
            assert again.answer == proposal.verdict.answer
            assert bool(proposal.falls_short) == (again.answer == "unknown")
        file.write_bytes(whole)
    assert unreadable > 0
