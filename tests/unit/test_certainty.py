"""What certainty says of findings whose metres and square metres are known by hand, in real workspaces."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest
import shapely

from layers.version import open_layer
from layers.workspace import FolderStore
from screening.certainty import certainty_of
from screening.certainty.curve import ACCURACIES_M
from screening.certainty.overlapping import SiteOverlap, inscribed_width_m
from screening.certainty.settling import FOR_REASON, SETTLES
from screening.inquiry import Inquiry
from screening.reasons import REASONS
from screening.screen import screen
from screening.site import place, site_of
from screening.words import has_word, word
from spatial.accuracy import AccuracyTerm, PositionalAccuracy, combined
from spatial.boundaries import available
from spatial.overlay.frame import Frame
from tests.building import add as add_to_folder
from tests.building import reading_of, workspace_at
from tests.contract.places import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from screening.site import Site

FRAME = Frame.at(117.5, 49.5)
AS_OF = "2026-11-22"


def metres(west: float, south: float, east: float, north: float) -> BaseGeometry:
    """A box in metres about 117.5 E, 49.5 N, as degrees."""
    box: BaseGeometry = FRAME.to_degrees(shapely.box(west, south, east, north))
    return box


COUNTY = metres(-20_000, -20_000, 20_000, 20_000)


def ask(store: Any, site: Site, *, stability: bool = False) -> dict[str, Any]:
    asked = Inquiry(site=site, as_of=AS_OF, stability=stability)
    verdict = screen(site, store, as_of=AS_OF, stability=stability)
    document = certainty_of(asked, verdict, store, stability=stability)
    assert [(f["layer"], f["answer"]) for f in document["findings"]] == [(f.layer, f.answer) for f in verdict.findings]
    json.dumps(document, allow_nan=False)
    return document


def one(store: Any, site: Site, *, stability: bool = False) -> dict[str, Any]:
    (finding,) = ask(store, site, stability=stability)["findings"]
    return finding


def red_line(*zones: BaseGeometry, coverage: Any = COUNTY, accuracy_m: float = 25.0, **more: Any) -> Any:
    """A workspace of one red-line layer."""
    store = MemoryStore("red_lines")
    store.add("red_lines", list(zones), coverage=coverage, accuracy_m=accuracy_m, **more)
    return store


def codes(finding: dict[str, Any]) -> list[str]:
    return [entry["code"] for entry in finding["settles"]]


# -- how many metres ---------------------------------------------------------------------------------------------------


def test_clear_changes_at_the_gap() -> None:
    store = red_line(metres(100, -500, 1100, 500))
    found = one(store, site_of(metres(-100, -50, 0, 50), accuracy_m=1))
    (flip,) = found["flips"]
    assert flip == {"error": "more", "metres": pytest.approx(100.0, abs=0.01), "bound": "exact"} | {
        "to": "uncertain",
        "by": "zone",
    }
    assert (found["answer"], found["flip_m"], found["flip_to"]) == ("clear", flip["metres"], "uncertain")
    assert found["settles"] == [{"code": "stands", "alone": None, "up_to_m": flip["metres"]}]


def test_clear_of_a_point_with_a_radius_changes_at_the_gap_less_the_radius() -> None:
    store = red_line(metres(100, -500, 1100, 500))
    found = one(store, site_of(FRAME.to_degrees(shapely.Point(0, 0)), accuracy_m=1, radius_m=60))
    (flip,) = found["flips"]
    assert (found["answer"], flip["bound"]) == ("clear", "exact")
    assert flip["metres"] == pytest.approx(100 - 60, abs=0.01)


def test_clear_changes_at_the_edge_of_the_coverage_where_that_is_nearer() -> None:
    """The edge 200 m off counts from c = 25 m inwards: 175 m; the zone is 900 m away."""
    store = red_line(metres(-2000, -500, -1000, 500), coverage=metres(-9_000, -9_000, 200, 9_000))
    found = one(store, site_of(metres(-100, -50, 0, 50), accuracy_m=1))
    (flip,) = found["flips"]
    assert (found["answer"], flip["to"], flip["by"], flip["bound"]) == ("clear", "unknown", "coverage_edge", "exact")
    assert flip["metres"] == pytest.approx(200 - 25, abs=0.01)


def test_clear_changes_where_a_rejected_feature_comes_near() -> None:
    """Its box lies 300 m off and counts widened by 1.01 a and a centimetre; the zone is 600 m away."""
    box = tuple(metres(300, -50, 400, 50).bounds)
    store = red_line(metres(600, -500, 1100, 500), unreadable=[("7", box)])
    found = one(store, site_of(metres(-100, -50, 0, 50), accuracy_m=1))
    (flip,) = found["flips"]
    assert (found["answer"], flip["to"], flip["by"], flip["bound"]) == (
        "clear",
        "unknown",
        "rejected_feature",
        "at_least",
    )
    assert flip["metres"] == pytest.approx((300 - 0.01) / 1.01, rel=0.002)


def test_clear_far_from_everything_is_said_to_stand_a_kilometre() -> None:
    store = red_line(metres(5_000, -500, 6_000, 500))
    found = one(store, site_of(metres(-100, -50, 0, 50), accuracy_m=1))
    assert found["flips"] == [{"error": "more", "metres": 1000.0, "bound": "at_least", "to": "uncertain", "by": "zone"}]


def test_a_hit_stands_its_own_accuracy_and_with_stability_its_hold() -> None:
    """The site reaches 80 m into the zone: no shift below 80 m parts them."""
    store = red_line(metres(-80, -500, 1000, 500))
    site = site_of(metres(-100, -50, 0, 50), accuracy_m=1)
    plain, tried = one(store, site), one(store, site, stability=True)
    assert plain["answer"] == tried["answer"] == "hit"
    assert plain["flips"][0] | {"metres": None} == tried["flips"][0] | {"metres": None}
    assert plain["flips"][0]["metres"] == 25.02  # sqrt(1 + 625), and it has been proved that the hold is more
    assert 79.0 <= tried["flips"][0]["metres"] <= 80.0
    assert plain["flips"][0]["bound"] == "at_least"


def test_uncertain_outside_becomes_clear_below_the_gap() -> None:
    store = red_line(metres(12, -500, 1000, 500))
    found = one(store, site_of(metres(-100, -50, 0, 50), accuracy_m=5))
    assert found["answer"] == "uncertain"
    assert found["flips"] == [
        {"error": "less", "metres": pytest.approx(12.0, abs=0.01), "bound": "exact", "to": "clear", "by": "zone"}
    ]


def test_uncertain_that_overlaps_becomes_a_hit_below_what_is_proved() -> None:
    """20 m of overlap, accuracy 25: a hit once it is known to 20 m."""
    store = red_line(metres(-20, -500, 1000, 500))
    found = one(store, site_of(metres(-100, -50, 0, 50), accuracy_m=1))
    (flip,) = found["flips"]
    assert (found["answer"], flip["error"], flip["to"], flip["bound"]) == ("uncertain", "less", "hit", "at_least")
    assert 19.5 <= flip["metres"] <= 20.0


def test_uncertain_that_only_touches_is_changed_by_no_accuracy() -> None:
    store = red_line(metres(0, -500, 1000, 500))
    found = one(store, site_of(metres(-100, -50, 0, 50), accuracy_m=1))
    assert (found["answer"], found["flips"], found["flip_m"], found["flip_to"]) == ("uncertain", [], None, None)
    assert codes(found)[0] == "agree_boundary"


# -- which accuracy dominates ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("site_m", "layer_m", "part"), [(1.0, 25.0, "layer"), (30.0, 25.0, "site")])
def test_the_greatest_accuracy_dominates_by_its_share_of_the_squares(site_m: float, layer_m: float, part: str) -> None:
    store = red_line(metres(500, -500, 1000, 500), accuracy_m=layer_m)
    found = one(store, site_of(metres(-100, -50, 0, 50), accuracy_m=site_m))
    most = max(site_m, layer_m)
    share = most**2 / (site_m**2 + layer_m**2)
    assert found["dominant"] == {"part": part, "metres": most, "share": pytest.approx(share, abs=5e-4)}


# -- areas and widths --------------------------------------------------------------------------------------------------


def test_the_interval_of_a_site_on_a_straight_boundary_is_that_of_a_strip() -> None:
    """100 m by 100 m, 60 m of it in the zone, a = 10 m: between 50 m and 70 m, give or take 0.2 % and seams of 2 mm."""
    store = red_line(metres(-60, -500, 1000, 500), accuracy_m=10.0)
    found = one(store, site_of(metres(-100, -50, 0, 50), accuracy_m=0))
    low, high = found["overlap_interval_m2"]
    assert 100 * (50 - 0.03) <= low <= 100 * 50 + 0.3
    assert 100 * 70 - 0.3 <= high <= 100 * (70 + 0.03)
    assert found["overlap_length_interval_m"] is None


def test_the_interval_reaches_a_zone_that_the_site_does_not_meet() -> None:
    """20 m apart, a = 25 m: up to 5 m of it."""
    store = red_line(metres(20, -500, 1000, 500))
    layer = open_layer(store, store.entries[0])
    overlap = SiteOverlap(metres(-100, -50, 0, 50), layer, layer.records.standing(AS_OF, 25.0), most_m=25.0)
    low, high = overlap.area_m2(25.0) or (math.nan, math.nan)
    assert low == 0.0
    assert 100 * 5 - 0.3 <= high <= 100 * (5 + 0.08)
    assert overlap.area_m2(19.9) == (0.0, 0.0)
    assert overlap.min_width_m is None


def test_the_interval_of_a_route_is_in_metres() -> None:
    """A route across a corridor of 200 m, a = 10 m: 180 m to 220 m."""
    store = red_line(metres(-100, -500, 100, 500), accuracy_m=10.0)
    route = FRAME.to_degrees(shapely.LineString([(-1000, 0), (1000, 0)]))
    found = one(store, site_of(route, accuracy_m=0))
    assert found["overlap_interval_m2"] is None
    low, high = found["overlap_length_interval_m"]
    assert 179.9 <= low <= 180.0
    assert 220.0 <= high <= 220.1
    assert (found["min_width_m"], found["sliver"]) == (None, None)


def test_deep_inside_nothing_is_open() -> None:
    store = red_line(metres(-5_000, -5_000, 5_000, 5_000))
    found = one(store, site_of(metres(-100, -50, 0, 50), accuracy_m=1))
    low, high = found["overlap_interval_m2"]
    assert low == high == pytest.approx(10_000, rel=1e-4)


@pytest.mark.parametrize("turn", [0.0, 33.0])
@pytest.mark.parametrize(("width", "is_sliver"), [(0.5, True), (9.8, True), (10.2, False), (60.0, False)])
def test_a_sliver_is_narrower_than_the_accuracy_whatever_its_area(width: float, is_sliver: bool, turn: float) -> None:
    """A strip 800 m long, of a known width, in any direction; a = 10 m."""
    strip = shapely.affinity.rotate(shapely.box(-400, 0, 400, width), turn, origin=(0, 0))
    zone = shapely.affinity.rotate(shapely.box(-5_000, 0, 5_000, 3_000), turn, origin=(0, 0))
    parcel = shapely.affinity.rotate(shapely.box(-400, -100, 400, width), turn, origin=(0, 0))
    store = red_line(FRAME.to_degrees(zone), accuracy_m=10.0)
    found = one(store, site_of(FRAME.to_degrees(parcel), accuracy_m=0))
    assert strip.area == pytest.approx(800 * width)
    assert found["min_width_m"] == pytest.approx(width, rel=0.005, abs=0.002)
    assert found["sliver"] is is_sliver


@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
def test_the_width_of_a_corner_piece_is_its_inscribed_circle(scale: float) -> None:
    """Two arms 1 wide meet at a corner: the circle touches both outer sides and the inner corner, r = (1 - r) sqrt(2)."""
    corner = shapely.union(shapely.box(0, 0, 3 * scale, scale), shapely.box(0, 0, scale, 3 * scale))
    found = inscribed_width_m(corner)
    exact = 2 * scale * math.sqrt(2) / (1 + math.sqrt(2))
    assert found == pytest.approx(exact, rel=0.004, abs=0.001)
    assert found <= exact + 1e-9


def test_the_width_is_that_of_the_widest_part() -> None:
    """A sliver of 1 m and a corner of 40 m by 30 m: the circle fits into the corner."""
    zone = shapely.union_all([shapely.box(-1, -500, 900, 500), shapely.box(-40, 0, 0, 30)])
    store = red_line(FRAME.to_degrees(zone), accuracy_m=10.0)
    found = one(store, site_of(metres(-100, -50, 0, 50), accuracy_m=0))
    assert found["min_width_m"] == pytest.approx(30.0, abs=0.2)


# -- the curve ---------------------------------------------------------------------------------------------------------


def test_answers_of_the_curve_are_those_of_a_screen_at_that_accuracy() -> None:
    """Zones 12 m inside, 40 m outside and none: kinds put together. The layers' own accuracy is 1 mm, so a is the site's."""
    store = MemoryStore("red_lines", "protected_areas", "water_sources")
    store.add("red_lines", [metres(-12, -500, 500, 500)], coverage=COUNTY, accuracy_m=0.001)
    west = metres(-600, -500, -140, 500)
    rows = [{"类型": "自然保护区"}]
    store.add("protected_areas", [west], rows, coverage=COUNTY, accuracy_m=0.001)
    far = metres(-9_000, -9_000, 30, 9_000)  # its coverage ends 30 m from the site
    zone = metres(-8_000, 0, -7_000, 500)
    store.add("water_sources", [zone], [{"级别": "一级"}], coverage=far, accuracy_m=0.001)
    site = metres(-100, -50, 0, 50)
    document = ask(store, site_of(site, accuracy_m=1), stability=True)
    seen = set()
    for i, a in enumerate(ACCURACIES_M):
        direct = screen(site_of(site, accuracy_m=math.sqrt(a**2 - 0.001**2)), store, as_of=AS_OF)
        assert document["overall"]["curve"][i] == {"a_m": a, "answer": direct.answer, "screened": direct.answer}
        by_layer = {f.layer: f.answer for f in direct.findings}
        rows_at = {f["layer"]: f["curve"][i] for f in document["findings"]}
        assert {name: row["answer"] for name, row in rows_at.items()} == by_layer
        seen |= set(by_layer.values())
    assert seen == {"hit", "clear", "uncertain", "unknown"}
    (change,) = document["overall"]["changes"]
    assert (change["from"], change["to"]) == ("hit", "uncertain")
    assert 11.0 <= change["holds_at_m"] < change["changed_at_m"] <= 12.1
    assert change["changed_at_m"] - change["holds_at_m"] <= 0.1


def test_a_kind_without_layer_keeps_the_whole_curve_unknown() -> None:
    store = MemoryStore("red_lines", "protected_areas")
    store.add("red_lines", [metres(12, -500, 500, 500)], coverage=COUNTY, accuracy_m=0.001)
    overall = ask(store, site_of(metres(-100, -50, 0, 50), accuracy_m=1), stability=True)["overall"]
    assert [row["answer"] for row in overall["curve"]] == ["unknown" if a < 12 else "uncertain" for a in ACCURACIES_M]
    assert [(change["from"], change["to"]) for change in overall["changes"]] == [("unknown", "uncertain")]


def test_the_curve_widens_and_never_narrows() -> None:
    store = red_line(metres(-60, -500, 1000, 500))
    curve = one(store, site_of(metres(-100, -50, 0, 50), accuracy_m=1), stability=True)["curve"]
    lows, highs = [row["overlap_m2"][0] for row in curve], [row["overlap_m2"][1] for row in curve]
    assert lows == sorted(lows, reverse=True)
    assert highs == sorted(highs)
    assert lows[0] == pytest.approx(100 * 59.95, rel=1e-3)
    assert highs[-1] == pytest.approx(100 * 100, rel=1e-4)  # 60 + 50 m is more than the site


def test_without_stability_there_is_no_curve_and_the_figures_are_the_same() -> None:
    store = red_line(metres(-20, -500, 1000, 500))
    site = site_of(metres(-100, -50, 0, 50), accuracy_m=1)
    plain, tried = one(store, site), one(store, site, stability=True)
    assert plain["curve"] is None
    assert plain["changes"] is None
    assert {k: v for k, v in plain.items() if k not in {"curve", "changes"}} == {
        k: v for k, v in tried.items() if k not in {"curve", "changes"}
    }


# -- what would settle it ----------------------------------------------------------------------------------------------


def test_every_reason_has_something_that_settles_it_and_words_in_both_languages() -> None:
    assert list(FOR_REASON) == list(REASONS)
    assert set(FOR_REASON.values()) <= set(SETTLES)
    for code in SETTLES:
        assert has_word(f"settles.{code}"), code
        for language in ("zh", "en"):
            word(f"settles.{code}", language).encode("gbk")


def test_a_survey_of_the_boundary_is_needed_to_what_the_site_leaves_over() -> None:
    """Gap 12 m, site 5 m: the layer must be better than sqrt(144 - 25) = 10.90 m; the site alone cannot do it (25 > 12)."""
    store = red_line(metres(12, -500, 1000, 500))
    found = one(store, site_of(metres(-100, -50, 0, 50), accuracy_m=5))
    (entry,) = found["settles"]
    assert entry | {"wanted_m": None} == {
        "code": "survey_boundary",
        "alone": True,
        "needed_m": pytest.approx(10.90, abs=0.011),
        "wanted_m": None,
        "to": "clear",
    }
    surveyed = red_line(metres(12, -500, 1000, 500), accuracy_m=entry["needed_m"])
    assert one(surveyed, site_of(metres(-100, -50, 0, 50), accuracy_m=5))["answer"] == "clear"


def test_where_either_alone_is_not_enough_both_are_asked_for() -> None:
    store = red_line(metres(4, -500, 1000, 500))
    found = one(store, site_of(metres(-100, -50, 0, 50), accuracy_m=5))
    assert codes(found) == ["survey_both"]
    assert found["settles"][0]["needed_m"] == pytest.approx(4.0, abs=0.01)


def test_a_better_survey_of_the_site_is_enough_where_the_site_dominates() -> None:
    """Gap 12 m, layer 5 m: the site must be better than 10.90 m."""
    store = red_line(metres(12, -500, 1000, 500), accuracy_m=5.0)
    found = one(store, site_of(metres(-100, -50, 0, 50), accuracy_m=30))
    assert codes(found) == ["survey_site"]
    assert found["settles"][0]["needed_m"] == pytest.approx(10.90, abs=0.011)


def test_stating_the_datum_comes_first_where_that_is_enough() -> None:
    """100 m of the site's accuracy are for a datum that nobody stated; without them a = sqrt(1 + 625) = 25.02 < 60."""
    store = red_line(metres(60, -500, 1000, 500))
    site = site_of(metres(-100, -50, 0, 50), accuracy_m=1)
    terms = (AccuracyTerm(code="projected_file", metres=1.0), AccuracyTerm(code="datum_unstated", metres=100.0))
    accuracy = PositionalAccuracy(metres=combined(1.0, 100.0), basis="projected_file", terms=terms, assumed=True)
    open_site = _with(site, accuracy=accuracy)
    found = one(store, open_site)
    assert found["answer"] == "uncertain"
    assert codes(found)[0] == "state_datum"
    assert found["settles"][0]["alone"] is True
    assert found["settles"][0]["accuracy_m"] == pytest.approx(25.02, abs=0.03)
    nearer = red_line(metres(20, -500, 1000, 500))
    entries = {entry["code"]: entry["alone"] for entry in one(nearer, open_site)["settles"]}
    assert entries == {"state_datum": False, "survey_both": True}  # 25.02 m is still more than 20 m


def test_better_control_points_are_named_where_the_transformation_dominates() -> None:
    store = red_line(metres(40, -500, 1000, 500), accuracy_m=5.0)
    found = one(store, _with(site_of(metres(-100, -50, 0, 50), accuracy_m=1), transformation_m=60.0))
    assert found["dominant"]["part"] == "transformation"
    assert codes(found) == ["improve_transformation"]
    assert found["settles"][0]["needed_m"] == pytest.approx(math.sqrt(40**2 - 5**2 - 1), abs=0.02)


def test_a_point_within_its_radius_needs_its_outline() -> None:
    store = red_line(metres(100, -500, 1100, 500))
    found = one(store, site_of(FRAME.to_degrees(shapely.Point(0, 0)), accuracy_m=1, radius_m=150))
    assert (found["answer"], found["flips"], codes(found)) == ("uncertain", [], ["give_outline"])


def test_a_coverage_that_ends_near_names_the_side_and_the_district() -> None:
    """The coverage ends 10 m north of the site: the neighbour lies to the north."""
    store = red_line(metres(5_000, -9_000, 6_000, -8_000), coverage=metres(-9_000, -9_000, 9_000, 60))
    found = one(store, site_of(metres(-100, -50, 0, 50), accuracy_m=1))
    (entry,) = [e for e in found["settles"] if e["code"] == "load_next_coverage"]
    assert found["answer"] == "unknown"
    assert entry["alone"] is True
    assert entry["bearing_deg"] == pytest.approx(0.0, abs=0.6) or entry["bearing_deg"] > 359.4
    assert entry["edge_m"] == pytest.approx(10.0, abs=0.01)
    if available():
        assert entry["districts"] == ["满洲里市"] or len(entry["districts"]) == 1


def test_a_part_outside_lies_on_the_side_that_is_named() -> None:
    store = red_line(metres(-6_000, -9_000, -5_000, -8_000), coverage=metres(-9_000, -9_000, -30, 9_000))
    found = one(store, site_of(metres(-100, -50, 0, 50), accuracy_m=1))
    (entry,) = found["settles"]
    assert (entry["code"], entry["alone"]) == ("load_next_coverage", True)
    assert entry["uncovered_share"] == pytest.approx(0.3, abs=1e-3)
    assert entry["bearing_deg"] == pytest.approx(90.0, abs=1.0)


def test_a_site_outside_needs_a_layer_of_its_own_place() -> None:
    """The coverage lies to the east; what is missing lies to the west of it, where the site is."""
    store = red_line(metres(5_000, 0, 6_000, 500), coverage=metres(1_000, -9_000, 9_000, 9_000))
    found = one(store, site_of(metres(-100, -50, 0, 50), accuracy_m=1))
    (entry,) = found["settles"]
    assert entry["code"] == "load_coverage"
    assert entry["bearing_deg"] == pytest.approx(270.0, abs=0.6)


def test_obstacles_are_named_each_with_its_cure() -> None:
    """No coverage, no date, a rejected feature without a box: three cures, none enough by itself."""
    store = red_line(metres(5_000, 0, 6_000, 500), coverage=None, data_date=None, unreadable=[("7", None)])
    found = one(store, site_of(metres(-100, -50, 0, 50), accuracy_m=1))
    entries = {entry["code"]: entry for entry in found["settles"]}
    assert set(entries) == {"state_coverage", "state_dates", "mend_rejected"}
    assert {entry["alone"] for entry in entries.values()} == {False}
    assert entries["mend_rejected"]["ids"] == ["7"]


def test_a_hit_says_what_is_to_be_put_in_order_though_it_stands() -> None:
    store = red_line(metres(-5_000, -5_000, 5_000, 5_000), coverage=None)
    found = one(store, site_of(metres(-100, -50, 0, 50), accuracy_m=1))
    assert found["answer"] == "hit"
    assert [(entry["code"], entry["alone"]) for entry in found["settles"]] == [
        ("stands_beside", None),
        ("state_coverage", None),
    ]


@pytest.mark.parametrize(
    ("dates", "code"),
    [
        ({"valid_from": "2020-01-01", "valid_until": "2024-12-31"}, "load_version_in_force"),
        ({"valid_from": "2027-01-01"}, "load_earlier_version"),
    ],
)
def test_a_version_out_of_its_time_needs_the_one_in_force(dates: dict[str, str], code: str) -> None:
    store = red_line(metres(5_000, 0, 6_000, 500), **dates)
    found = one(store, site_of(metres(-100, -50, 0, 50), accuracy_m=1))
    assert (found["answer"], found["settles"]) == ("unknown", [{"code": code, "alone": True}])


def test_a_missing_layer_and_an_unread_part_of_the_site_are_named() -> None:
    store = MemoryStore("red_lines", "protected_areas")
    store.add("red_lines", [metres(5_000, 0, 6_000, 500)], coverage=COUNTY, accuracy_m=5.0)
    reading = reading_of([metres(-100, -50, 0, 50)], unreadable=[("2", None)])
    found = {f["kind"]: f for f in ask(store, place(reading))["findings"]}
    assert found["protected_areas"]["settles"] == [{"code": "load_layer", "alone": True, "kind": "protected_areas"}]
    assert found["protected_areas"]["dominant"] is None
    assert codes(found["red_lines"]) == ["mend_site"]


def test_a_declaration_is_kept_and_a_feature_without_extent_is_asked_for() -> None:
    store = MemoryStore("red_lines", "water_sources")
    store.add("red_lines", [], coverage=COUNTY, accuracy_m=5.0, declared_none=True, source="局")
    well = FRAME.to_degrees(shapely.Point(2_000, 0))
    store.add("water_sources", [well], [{"名称": "西井"}], coverage=COUNTY, accuracy_m=5.0)
    found = {f["kind"]: f for f in ask(store, site_of(metres(-100, -50, 0, 50), accuracy_m=1))["findings"]}
    assert codes(found["red_lines"]) == ["keep_declaration"]
    assert found["water_sources"]["answer"] == "unknown"
    (entry,) = found["water_sources"]["settles"]
    assert (entry["code"], entry["name"], entry["alone"]) == ("state_extent", "西井", True)


def test_an_area_known_only_by_bounds_needs_its_real_boundary() -> None:
    store = MemoryStore("protected_areas")
    rows = [{"名称": "某保护区", "类型": "自然保护区", "flags": "outer_bound"}]
    store.add("protected_areas", [metres(-5_000, -5_000, 5_000, 5_000)], rows, coverage=COUNTY, accuracy_m=5.0)
    found = one(store, site_of(metres(-100, -50, 0, 50), accuracy_m=1))
    assert (found["answer"], found["flips"]) == ("uncertain", [])
    assert found["settles"][0] == {"code": "get_boundary", "alone": True, "features": ["某保护区"]}


def test_a_hit_on_what_is_not_confirmed_names_what_to_confirm() -> None:
    store = MemoryStore("protected_areas")
    rows = [{"名称": "某保护区", "类型": "自然保护区"}]
    store.add("protected_areas", [metres(-5_000, -5_000, 5_000, 5_000)], rows, coverage=COUNTY, accuracy_m=5.0)
    found = one(store, site_of(metres(-100, -50, 0, 50), accuracy_m=1))
    assert found["answer"] == "hit"
    assert found["settles"][1:] == [
        {"code": "confirm_status", "alone": None, "features": ["某保护区"]},
        {"code": "confirm_class", "alone": None, "features": ["某保护区"]},
    ]


def test_two_counties_under_two_names_need_one_theme() -> None:
    """Their coverages overlap by 400 m, the site lies in the middle of that and too near the edge of either."""
    store = MemoryStore("protected_areas")
    covers = {"西县": metres(-9_000, -9_000, 20, 9_000), "东县": metres(-120, -9_000, 9_000, 9_000)}
    zones = {"西县": metres(-8_000, 8_000, -7_000, 8_500), "东县": metres(7_000, 8_000, 8_000, 8_500)}
    for name, cover in covers.items():
        rows = [{"类型": "自然公园"}]
        store.add("protected_areas", [zones[name]], rows, name=name, coverage=cover, accuracy_m=25.0)
    findings = ask(store, site_of(metres(-100, -50, 0, 50), accuracy_m=1))["findings"]
    assert [f["answer"] for f in findings] == ["unknown", "unknown"]
    for found in findings:
        assert found["settles"][0] == {
            "code": "join_theme",
            "alone": True,
            "kind": "protected_areas",
            "layers": ["东县", "西县"],
        }


def test_a_layer_damaged_after_the_verdict_leaves_the_figures_out(tmp_path: Path) -> None:
    store = workspace_at(tmp_path / "ws", "red_lines")
    zone = metres(-80, -500, 1000, 500)
    add_to_folder(store, "red_lines", [zone], coverage=COUNTY, accuracy_m=25.0)
    site = site_of(metres(-100, -50, 0, 50), accuracy_m=1)
    fresh = FolderStore.open(store.root)
    verdict = screen(site, fresh, as_of=AS_OF)
    for path in (store.root / "layers").rglob("*"):
        if path.is_file() and "index" in path.parts:
            path.write_bytes(bytes(len(path.read_bytes())))
    document = certainty_of(Inquiry(site=site, as_of=AS_OF), verdict, FolderStore.open(store.root), stability=True)
    (found,) = document["findings"]
    assert (found["answer"], found["flips"], found["overlap_interval_m2"], found["curve"]) == ("hit", [], None, None)


def _with(site: Site, **changes: Any) -> Site:
    from dataclasses import replace

    return replace(site, **changes)


def test_a_point_that_is_clear_needs_its_outline_and_a_parcel_needs_nothing() -> None:
    """It said that nothing was needed, of a point that stands for a parcel."""
    store = red_line(metres(5_000, 0, 6_000, 500))
    whole = one(store, site_of(metres(-100, -50, 0, 50), accuracy_m=1))
    spot = one(store, site_of(metres(-100, -50, 0, 50).centroid, accuracy_m=1))
    assert [found["answer"] for found in (whole, spot)] == ["clear", "clear"]
    assert codes(whole) == ["stands"]
    assert codes(spot) == ["stands_beside", "give_outline"]


def test_an_answer_from_an_indicative_layer_waits_for_the_official_one() -> None:
    store = red_line(metres(-5_000, -5_000, 5_000, 5_000), indicative=True)
    found = one(store, site_of(metres(-100, -50, 0, 50), accuracy_m=1))
    assert (found["answer"], codes(found)) == ("hit", ["stands_beside", "get_official"])
