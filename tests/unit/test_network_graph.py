"""Rivers drawn by hand on a grid, distances by hand arithmetic; what is broken must show."""

from __future__ import annotations

import math

import pytest
import shapely

from spatial.ellipsoid import geod
from spatial.errors import NetworkError
from spatial.network.building import RiverLine, StatedEnd, build
from spatial.network.directions import Directions
from spatial.network.flow import Broken, downstream, upstream
from spatial.network.graph import Position
from spatial.network.path import Apart, Path, distance_along, reach_between

# one hundredth of a degree of latitude near 49 N, and along a parallel
NORTH = geod().inv(117, 49, 117, 49.01)[2]
EAST = geod().inv(117, 49, 117.01, 49)[2]


def line(id_, *points, name=None, flow="along", flags=(), **more):
    """A line through grid points in hundredths of a degree from 117 E, 49 N."""
    xy = [(117 + x / 100, 49 + y / 100) for x, y in points]
    return RiverLine(id=id_, geometry=shapely.LineString(xy), name=name, flow=flow, flags=flags, **more)


def end(x, y, kind="mouth"):
    return StatedEnd(lon=117 + x / 100, lat=49 + y / 100, kind=kind)


def at(network, x, y):
    found = network.snap(117 + x / 100, 49 + y / 100, max_m=50)
    assert found is not None
    return found


def codes(network):
    return [fact.code for fact in network.facts]


def test_distance_along_a_bent_line_is_the_sum_of_its_geodesic_legs():
    river = build([line("1", (0, 4), (0, 2), (3, 2), (3, 0))])
    found = distance_along(river, at(river, 0, 4), at(river, 3, 0))
    legs = [(117, 49.04, 117, 49.02), (117, 49.02, 117.03, 49.02), (117.03, 49.02, 117.03, 49)]
    assert isinstance(found, Path)
    assert found.shortest_m == pytest.approx(sum(geod().inv(*leg)[2] for leg in legs), abs=0.01)
    assert found.longest_m == found.shortest_m


def test_tributary_joins_the_inside_of_a_line_and_splits_it():
    river = build([line("1", (0, 4), (0, 0), name="甲"), line("2", (2, 2), (0, 2), name="乙")])
    assert len(river.edges) == 3
    found = distance_along(river, at(river, 1, 2), at(river, 0, 1))
    assert isinstance(found, Path)
    assert found.shortest_m == pytest.approx(
        geod().inv(117.01, 49.02, 117, 49.02)[2] + geod().inv(117, 49.02, 117, 49.01)[2], abs=0.01
    )


def test_ends_within_the_tolerance_are_joined_and_the_farthest_is_reported():
    apart = 6 / NORTH  # 6 m, in hundredths of a degree
    river = build([line("1", (0, 4), (0, 2)), line("2", (0, 2 - apart), (0, 0))])
    assert len(river.nodes) == 3
    assert river.largest_snap_m == pytest.approx(6.0, abs=0.01)
    assert isinstance(distance_along(river, at(river, 0, 3), at(river, 0, 1)), Path)


def test_ends_farther_apart_than_the_tolerance_are_a_gap_and_nothing_is_bridged():
    apart = 60 / NORTH
    river = build([line("1", (0, 4), (0, 2)), line("2", (0, 2 - apart), (0, 0))], ends=[end(0, 0)])
    assert codes(river) == ["gap", "gap"]
    found = distance_along(river, at(river, 0, 3), at(river, 0, 1))
    assert isinstance(found, Broken)
    assert found.code == "gap"
    assert found.distance_m == pytest.approx(geod().inv(117, 49.03, 117, 49.02)[2], abs=0.01)
    assert (found.lon, found.lat) == (117, 49.02)


def test_tolerance_must_be_smaller_than_a_gap():
    with pytest.raises(NetworkError, match="tolerance is 200 m and gaps reach to 200 m"):
        build([line("1", (0, 4), (0, 2))], tolerance_m=200)


def test_nothing_to_build_from_is_an_error_with_the_next_step():
    with pytest.raises(NetworkError, match="no line to make a river graph of; name a layer of lines"):
        build([])


def test_line_without_a_direction_breaks_the_way():
    river = build([line("1", (0, 4), (0, 2)), line("2", (0, 2), (0, 0), flow=None)], ends=[end(0, 0)])
    found = distance_along(river, at(river, 0, 3), at(river, 0, 1))
    assert isinstance(found, Broken)
    assert found.code == "not_directed"
    assert codes(river) == ["not_directed"]


def test_upstream_place_is_known_to_be_apart():
    river = build([line("1", (0, 4), (0, 0))])
    assert distance_along(river, at(river, 0, 1), at(river, 0, 3)) == Apart(upstream=True)


def test_place_on_another_river_is_apart_only_where_every_way_ends_at_a_stated_end():
    lines = [line("1", (0, 4), (0, 0)), line("2", (5, 4), (5, 0))]
    stated = build(lines, ends=[end(0, 0)])
    assert distance_along(stated, at(stated, 0, 3), at(stated, 5, 1)) == Apart()
    silent = build(lines)
    found = distance_along(silent, at(silent, 0, 3), at(silent, 5, 1))
    assert isinstance(found, Broken)
    assert found.code == "dead_end"


def braid(**more):
    """A fork at (0, 3): straight on, or by way of (2, 3) and (2, 1), to meet again at (0, 1)."""
    lines = [
        line("1", (0, 4), (0, 3)),
        line("2", (0, 3), (0, 1)),
        line("3", (0, 3), (2, 3), (2, 1), (0, 1)),
        line("4", (0, 1), (0, 0)),
    ]
    return build(lines, ends=[end(0, 0)], **more)


def test_braid_gives_the_shortest_and_the_longest_way():
    river = braid()
    found = distance_along(river, at(river, 0, 4), at(river, 0, 0))
    straight = sum(geod().inv(117, 49 + a / 100, 117, 49 + (a - 1) / 100)[2] for a in (4, 3, 2, 1))
    around = (
        geod().inv(117, 49.03, 117.02, 49.03)[2]
        + geod().inv(117.02, 49.03, 117.02, 49.01)[2]
        + geod().inv(117.02, 49.01, 117, 49.01)[2]
    )
    assert isinstance(found, Path)
    assert found.shortest_m == pytest.approx(straight, abs=0.01)
    assert found.longest_m == pytest.approx(straight - geod().inv(117, 49.03, 117, 49.01)[2] + around, abs=0.01)
    assert "braid" in codes(river)


def test_reach_between_holds_both_channels():
    river = braid()
    found = reach_between(river, at(river, 0, 3.5), at(river, 0, 0.5))
    assert isinstance(found, tuple)
    assert sorted({river.edges[s.edge].line for s in found}) == ["1", "2", "3", "4"]


def test_line_against_the_rest_of_its_river_loses_its_direction_and_is_named():
    lines = [
        line("1", (0, 4), (0, 2), name="甲"),
        line("2", (0, 1), (0, 2), name="甲"),
        line("3", (0, 1), (0, -2), name="甲"),
    ]
    river = build(lines, ends=[end(0, -2)])
    assert [(f.code, f.detail) for f in river.facts if f.code == "reversed_line"] == [("reversed_line", "2")]
    found = distance_along(river, at(river, 0, 3), at(river, 0, 0))
    assert isinstance(found, Broken)
    assert found.code == "not_directed"


def test_reversed_line_is_found_by_name_also_where_tributaries_join():
    lines = [
        line("1", (0, 6), (0, 4), name="甲"),
        line("2", (0, 3), (0, 4), name="甲"),
        line("3", (0, 3), (0, 0), name="甲"),
        line("4", (2, 4), (0, 4), name="乙"),
        line("5", (2, 3), (0, 3), name="丙"),
    ]
    river = build(lines, ends=[end(0, 0)])
    assert [f.detail for f in river.facts if f.code == "reversed_line"] == ["2"]


def test_half_of_a_river_against_the_other_half_leaves_neither_directed():
    lines = [line("1", (0, 4), (0, 2)), line("2", (0, 0), (0, 2))]
    river = build(lines, ends=[end(0, 4)])
    assert [e.directed for e in river.edges] == [False, False]
    assert codes(river).count("reversed_line") == 2


def test_directions_in_a_circle_are_a_fact_and_end_the_walk():
    lines = [
        line("1", (0, 4), (0, 3)),
        line("2", (0, 3), (2, 3)),
        line("3", (2, 3), (2, 1), (0, 1), (0, 3)),
        line("4", (2, 3), (5, 3)),
    ]
    river = build(lines, ends=[end(5, 3)])
    assert codes(river).count("cycle") == 1
    found = distance_along(river, at(river, 0, 4), at(river, 4, 3))
    assert isinstance(found, Broken)
    assert found.code == "cycle"


def test_duplicate_line_makes_no_braid():
    river = build([line("1", (0, 4), (0, 0)), line("2", (0, 4), (0, 0))], ends=[end(0, 0)])
    assert len(river.edges) == 1
    assert codes(river) == ["duplicate"]


def test_duplicate_drawn_the_other_way_leaves_no_direction():
    river = build([line("1", (0, 4), (0, 0)), line("2", (0, 0), (0, 4))], ends=[end(0, 0)])
    assert [e.directed for e in river.edges] == [False]
    assert "direction_conflict" in codes(river)


def test_lines_that_cross_without_a_junction_are_not_joined_and_break_what_is_concluded():
    river = build(
        [line("1", (0, 4), (0, 0)), line("2", (-2, 2), (2, 2), flags=("canal",))], ends=[end(0, 0), end(2, 2)]
    )
    assert len(river.edges) == 2
    walk = downstream(river, at(river, 0, 3))
    assert [b.code for b in walk.breaks] == ["crossing"]
    assert walk.breaks[0].distance_m == pytest.approx(geod().inv(117, 49.03, 117, 49.02)[2], abs=0.1)
    assert downstream(river, at(river, 0, 1)).breaks == ()


def test_line_that_begins_beside_another_may_take_its_water():
    apart = 80 / EAST
    river = build([line("1", (0, 4), (0, 0)), line("2", (apart, 2), (2, 2))], ends=[end(0, 0), end(2, 2)])
    assert [b.code for b in downstream(river, at(river, 0, 3)).breaks] == ["gap"]
    assert downstream(river, at(river, 0, 1)).breaks == ()


def test_line_that_ends_beside_another_may_bring_water():
    apart = 80 / EAST
    river = build([line("1", (0, 4), (0, 0)), line("2", (2, 2), (apart, 2))], ends=[end(0, 0)], natural_heads=True)
    assert downstream(river, at(river, 0, 3)).breaks == ()
    assert [b.code for b in upstream(river, at(river, 0, 1)).breaks] == ["gap"]


def test_edges_in_a_reservoir_are_flagged_and_the_way_says_so():
    lake = shapely.box(116.995, 49.015, 117.005, 49.025)
    lines = [line("1", (0, 4), (0, 3)), line("2", (0, 3), (0, 1)), line("3", (0, 1), (0, 0))]
    river = build(lines, reservoirs=[lake])
    found = distance_along(river, at(river, 0, 3.5), at(river, 0, 0.5))
    assert isinstance(found, Path)
    assert found.flags == ("reservoir",)


def test_lines_that_stop_at_a_reservoir_are_not_led_through_it():
    lake = shapely.box(116.995, 49.01, 117.005, 49.03)
    river = build([line("1", (0, 4), (0, 3)), line("2", (0, 1), (0, 0))], reservoirs=[lake], ends=[end(0, 0)])
    found = distance_along(river, at(river, 0, 3.5), at(river, 0, 0.5))
    assert isinstance(found, Broken)
    assert found.code == "reservoir"


def test_dry_reach_is_passed_and_named():
    lines = [line("1", (0, 4), (0, 3)), line("2", (0, 3), (0, 1), flags=("dry",)), line("3", (0, 1), (0, 0))]
    river = build(lines)
    found = distance_along(river, at(river, 0, 3.5), at(river, 0, 0.5))
    assert isinstance(found, Path)
    assert found.flags == ("dry",)
    above = distance_along(river, at(river, 0, 3.5), at(river, 0, 3.2))
    assert isinstance(above, Path)
    assert above.flags == ()


def test_inland_basin_ends_in_a_stated_sink_and_only_then():
    lines = [line("1", (-2, 2), (0, 0)), line("2", (2, 2), (0, 0)), line("3", (0, 3), (0, 0))]
    basin = build(lines, ends=[end(0, 0, "sink")])
    assert codes(basin) == ["inland_basin"]
    assert [e.kind for e in downstream(basin, at(basin, -1, 1)).endings] == ["sink"]
    silent = build(lines)
    assert "all_flow_in" in codes(silent)
    assert [b.code for b in downstream(silent, at(silent, -1, 1)).breaks] == ["all_flow_in"]


def test_stated_end_with_no_line_near_is_a_fact():
    assert "end_not_matched" in codes(build([line("1", (0, 4), (0, 0))], ends=[end(9, 9)]))


def test_heads_are_broken_unless_stated_or_natural():
    lines = [line("1", (0, 4), (0, 0))]
    assert [b.code for b in upstream(build(lines), Position(edge=0, chainage_m=100)).breaks] == ["head_not_stated"]
    natural = upstream(build(lines, natural_heads=True), Position(edge=0, chainage_m=100))
    assert (natural.breaks, [e.kind for e in natural.endings]) == ((), ["source"])
    stated = upstream(build(lines, ends=[end(0, 4, "source")]), Position(edge=0, chainage_m=100))
    assert [(e.kind, e.shortest_m) for e in stated.endings] == [("source", 100.0)]


def test_snap_gives_the_foot_the_chainage_and_the_offset():
    river = build([line("1", (0, 4), (0, 0))])
    found = river.snap(117.001, 49.03, max_m=100)
    assert found is not None
    assert found.offset_m == pytest.approx(geod().inv(117, 49.03, 117.001, 49.03)[2], abs=0.01)
    assert found.chainage_m == pytest.approx(geod().inv(117, 49.04, 117, 49.03)[2], abs=0.01)
    assert river.snap(117.01, 49.03, max_m=100) is None


def test_contact_of_a_polygon_is_the_stretch_inside_it():
    river = build([line("1", (0, 4), (0, 0))])
    (found,) = river.contacts(shapely.box(116.99, 49.01, 117.01, 49.02), max_m=0)
    assert found.distance_m == 0
    assert found.from_m == pytest.approx(geod().inv(117, 49.04, 117, 49.02)[2], abs=0.01)
    assert found.to_m == pytest.approx(geod().inv(117, 49.04, 117, 49.01)[2], abs=0.01)


def test_river_within_a_distance_stops_at_it_on_every_branch():
    river = braid()
    walk = downstream(river, at(river, 0, 4))
    metres = geod().inv(117, 49.04, 117, 49.03)[2] + 500
    assert sum(s.to_m - s.from_m for s in walk.within(metres)) == pytest.approx(metres + 500, abs=0.01)


@pytest.mark.parametrize(("flow", "against"), [("along", False), ("against", True)])
def test_edge_runs_downstream_whatever_the_drawn_order(flow, against):
    river = build([line("1", (0, 4), (0, 0), flow=flow)])
    assert river.edges[0].against_drawn is against
    assert tuple(river.edges[0].xy[0]) == ((117, 49.0) if against else (117, 49.04))
    assert math.isclose(river.edges[0].length_m, geod().inv(117, 49.0, 117, 49.04)[2], abs_tol=0.01)


def test_drawn_order_counts_only_where_it_is_stated():
    lines = [line("1", (0, 4), (0, 0), flow=None)]
    assert not build(lines).edges[0].directed
    assert build(lines, directions=Directions(drawn="upstream")).edges[0].against_drawn
