"""§2: hit, uncertain, clear, unknown, and every condition of each."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
import shapely
from shapely import LineString, MultiPoint, MultiPolygon, Point, Polygon, box

from layers.errors import CoverageError, EmptyLayerError, ImportOptionError, LayerExistsError
from layers.model import Feature
from screening.covering import StatedCover, pooled_covers
from screening.findings import answer_of
from screening.question import Question
from screening.reasons import ANSWERS, REASONS
from screening.screen import screen, today
from screening.site import place, site_of
from screening.words import word
from spatial.overlay.index import GeometryIndex
from tests.building import layer_in_memory, reading_of
from tests.contract.places import AS_OF, COUNTY, FAR, ZONE, MemoryStore, ask, beside, block, codes, finding, off, one

EDGE = (117.5, 49.45)
"""On the zone's eastern edge."""


@pytest.fixture(scope="module")
def red() -> MemoryStore:
    return one("red_lines", ZONE)


def strip(width_m: float, *, at_east_m: float = 1000.0) -> Polygon:
    """A zone 5 km long from south to north and so wide, east of the place EDGE."""
    return block(*off(*EDGE, east=at_east_m, north=-2500.0), width_m, 5000.0)


# Accuracy


def test_combined_accuracy_is_the_root_of_the_squares_and_is_printed_with_its_parts(red):
    found = finding(ask(red, beside(100.0)))
    assert found.accuracy_m == 25.0  # 7, 24, 25
    assert found.accuracy_parts == {"site": 7.0, "layer": 24.0, "transformation": 0.0}


def test_transformation_enters_the_combined_accuracy():
    assert Question(geometry=FAR, accuracy_m=2.0, as_of=AS_OF, transformation_m=3.0).combined(6.0) == 7.0  # 4 + 9 + 36


def test_combined_accuracy_is_at_least_5_cm():
    store = one("red_lines", ZONE, accuracy_m=0.0)
    assert finding(ask(store, beside(100.0), accuracy_m=0.0)).accuracy_m == 0.05


def test_where_an_accuracy_came_from_is_told_of_site_and_layer(red):
    verdict = ask(red, FAR)
    assert (verdict.site["accuracy_m"], verdict.site["accuracy_basis"]) == (7.0, "stated")
    assert (verdict.layers[0]["accuracy_m"], verdict.layers[0]["accuracy_basis"]) == (24.0, "stated")


@pytest.mark.parametrize(("site_m", "layer_m", "a"), [(1.0, 1.0, 1.415), (1.0, 25.0, 25.02), (0.3, 0.4, 0.5)])
def test_combined_accuracy_is_rounded_up_to_a_millimetre(site_m, layer_m, a):
    store = one("red_lines", ZONE, accuracy_m=layer_m)
    assert finding(ask(store, FAR, accuracy_m=site_m)).accuracy_m == a  # sqrt(2) = 1.41421…


@pytest.mark.parametrize(("metres", "gap"), [(10.0009, 10.0), (10.0019, 10.001), (0.0004, 0.0)])
def test_gap_is_rounded_down_to_a_millimetre(red, metres, gap):
    assert finding(ask(red, beside(metres))).gap_m == gap


def test_accuracy_is_a_property_of_each_feature():
    store = MemoryStore()
    store.add("red_lines", [ZONE, strip(500.0)], [{"精度": 1}, {"精度": 100}])
    assert ask(store, beside(10.0), accuracy_m=0.0).answer == "clear"
    assert ask(store, beside(930.0), accuracy_m=0.0).answer == "uncertain"  # 70 m from the rough strip
    assert finding(ask(store, beside(930.0), accuracy_m=0.0)).accuracy_m == 100.0


def test_clear_must_hold_for_each_feature_with_its_own_accuracy():
    """The rough strip is farther than the sharp zone and still the one that forbids."""
    store = MemoryStore()
    store.add("red_lines", [ZONE, strip(500.0, at_east_m=60.0)], [{"精度": 1}, {"精度": 100}])
    found = finding(ask(store, beside(10.0), accuracy_m=0.0))
    assert (found.answer, found.accuracy_m) == ("uncertain", 100.0)


def test_hit_uses_the_largest_accuracy_among_the_features_that_prove_it():
    """A strip of 40 m is no proof at 24 m; with its neighbour of 60 m accuracy there is one only deeper than 60 m."""
    west, east = strip(40.0), strip(400.0, at_east_m=1040.0)
    store = MemoryStore()
    store.add("red_lines", [west, east], [{"精度": 24}, {"精度": 60}])
    found = finding(ask(store, beside(1020.0), accuracy_m=0.0))  # 20 m deep
    assert found.answer == "uncertain"
    found = finding(ask(store, beside(1150.0), accuracy_m=0.0))
    assert (found.answer, found.accuracy_m) == ("hit", 60.0)


# Radius


def test_area_of_a_point_site_gives_the_far_corner_of_a_4_to_1_parcel():
    site = place(reading_of([FAR]), area_m2=10_000.0)  # 50 x 200 m: its diagonal is 206.16 m
    assert site.radius_m == pytest.approx(206.0)
    assert site.radius_m == pytest.approx(math.hypot(50.0, 200.0), rel=1e-3)


def test_radius_is_0_unless_given(red):
    assert ask(red, FAR).site["radius_m"] == 0
    assert place(reading_of([FAR])).radius_m == 0.0


# Hit


@pytest.mark.parametrize(
    "site",
    [
        pytest.param(block(117.44, 49.44, 200, 200), id="a parcel deep inside"),
        pytest.param(LineString([(117.3, 49.45), (117.6, 49.45)]), id="a route right through"),
        pytest.param(Point(117.45, 49.45), id="a point"),
        pytest.param(MultiPoint([(117.8, 49.8), (117.45, 49.45)]), id="one turbine of two"),
        pytest.param(box(117.3, 49.3, 117.6, 49.6), id="a parcel around the zone"),
    ],
)
def test_hit_where_no_shift_within_the_accuracy_parts_site_and_zone(red, site):
    verdict = ask(red, site)
    assert (verdict.answer, finding(verdict).reasons[0].code) == ("hit", "overlaps")


def test_site_that_swallows_a_narrow_zone_whole_is_a_hit():
    store = one("red_lines", block(*off(*EDGE, east=1000.0), 10.0, 60.0))  # 10 m wide, a is 25
    parcel = block(*off(*EDGE, east=900.0, north=-100.0), 250.0, 250.0)
    assert ask(store, parcel).answer == "hit"


def test_route_through_a_narrow_corridor_is_a_hit_and_one_that_ends_in_it_is_not():
    store = one("red_lines", strip(20.0))
    start, through, within = (off(*EDGE, east=e) for e in (500.0, 1500.0, 1010.0))
    assert ask(store, LineString([start, through])).answer == "hit"
    assert ask(store, LineString([start, within])).answer == "uncertain"


@pytest.mark.parametrize(("depth", "answer"), [(24.9, "uncertain"), (25.2, "hit")])
def test_hold_must_exceed_the_accuracy(red, depth, answer):
    assert ask(red, beside(-depth)).answer == answer


def test_best_pair_of_parts_counts():
    """Errors of separate zones are independent: two shallow meetings are no hit, one deep one among them is."""
    parcel = block(*off(*EDGE, east=1000.0), 300.0, 300.0)
    left, right = (block(*off(*EDGE, east=e, north=-100.0), 110.0, 500.0) for e in (900.0, 1290.0))  # 10 m in each
    assert ask(one("red_lines", MultiPolygon([left, right])), parcel).answer == "uncertain"
    deep = block(*off(*EDGE, east=1100.0, north=100.0), 100.0, 100.0)
    assert ask(one("red_lines", MultiPolygon([left, deep, right])), parcel).answer == "hit"


# Uncertain


@pytest.mark.parametrize(("metres", "answer"), [(24.99, "uncertain"), (25.0005, "uncertain"), (25.002, "clear")])
def test_gap_up_to_the_accuracy_is_uncertain(red, metres, answer):
    verdict = ask(red, beside(metres))
    assert verdict.answer == answer
    assert finding(verdict).reasons[0].code == ("within_accuracy" if answer == "uncertain" else "outside")


def test_parcel_that_touches_is_uncertain_and_touches():
    store = one("red_lines", ZONE)
    found = finding(ask(store, box(117.5, 49.44, 117.51, 49.45)))
    assert (found.answer, found.gap_m, found.features[0].relation) == ("uncertain", 0.0, "touches")
    assert (found.features[0].overlap_m2, found.overlap_m2) == (0.0, 0.0)
    assert codes(found) == ["within_accuracy", "touches"]


def test_site_just_within_an_influence_distance_does_not_touch():
    store = one("red_lines", Point(EDGE), {"影响距离": "1000"})
    found = finding(ask(store, Point(off(*EDGE, east=990.0))))
    assert (found.answer, found.gap_m, codes(found)) == ("uncertain", 0.0, ["within_accuracy"])


def test_radius_widens_uncertain_and_never_makes_a_hit(red):
    found = finding(ask(red, beside(224.0), radius_m=200.0))
    assert (found.answer, codes(found)) == ("uncertain", ["within_radius"])
    assert ask(red, beside(226.0), radius_m=200.0).answer == "clear"
    assert ask(red, beside(-10.0), radius_m=200.0).answer == "uncertain"


# Clear


def test_clear_needs_more_than_the_accuracy_to_the_edge_of_the_coverage(red):
    """a = 25 m and the coverage, a file, has the layer's 24 m: 49 m from the edge."""
    west = (117.0, 49.7)
    assert [ask(red, Point(off(*west, east=m))).answer for m in (48.99, 49.01)] == ["unknown", "clear"]
    assert codes(finding(ask(red, Point(off(*west, east=48.99))))) == ["partly_outside_coverage"]


def test_clear_needs_the_radius_too(red):
    west = (117.0, 49.7)
    assert [ask(red, Point(off(*west, east=m)), radius_m=300.0).answer for m in (348.9, 349.1)] == ["unknown", "clear"]


def test_no_answer_is_clear_with_an_unreadable_part_of_the_site(red):
    verdict = ask(red, FAR, rejected_parts=1)
    assert (verdict.answer, codes(finding(verdict))) == ("unknown", ["site_part_rejected"])


def test_hit_stays_a_hit_with_an_unreadable_part_of_the_site(red):
    assert ask(red, Point(117.45, 49.45), rejected_parts=1).answer == "hit"


def test_site_without_a_layer_is_unknown():
    assert ask(MemoryStore(), FAR).answer == "unknown"


# Rejected features

BOW_TIE = Polygon([(117.2, 49.2), (117.21, 49.21), (117.21, 49.2), (117.2, 49.21)])


@pytest.fixture(scope="module")
def with_bow_tie() -> MemoryStore:
    store = MemoryStore()
    store.add("red_lines", [ZONE, BOW_TIE])
    return store


def test_rejected_feature_keeps_from_clear_near_its_box(with_bow_tie):
    near, far = Point(off(117.21, 49.205, east=20.0)), Point(off(117.21, 49.205, east=40.0))
    assert codes(finding(ask(with_bow_tie, near))) == ["rejected_feature_near"]
    assert ask(with_bow_tie, near).answer == "unknown"
    assert ask(with_bow_tie, far).answer == "clear"


def test_box_of_a_rejected_feature_is_widened_by_the_radius(with_bow_tie):
    assert ask(with_bow_tie, Point(off(117.21, 49.205, east=200.0)), radius_m=190.0).answer == "unknown"


@pytest.mark.parametrize(
    ("area", "shape"),
    [
        pytest.param(None, [(117.2, 49.2), (117.21, 49.2), (math.nan, math.nan), (117.2, 49.21)], id="NaN vertex"),
        pytest.param(None, [(117.2, 49.2), (math.inf, 49.2), (117.21, 49.21), (117.2, 49.21)], id="infinite vertex"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_vertex_that_is_not_finite_rejects_the_feature_and_leaves_it_no_box(area, shape):
    store = MemoryStore()
    imported = store.add("red_lines", [ZONE, Polygon(shape)])
    assert [(r.reason, r.box) for r in imported.card.rejected] == [("not_finite", None)]
    assert ask(store, FAR).answer == "unknown"


@pytest.mark.parametrize(
    ("bounds", "answer"),
    [
        pytest.param((117.2, 49.2, 117.3, 49.3), "clear", id="inside the coverage's box"),
        pytest.param((117.2, 48.2, 117.3, 49.3), "clear", id="within that box widened by its own size"),
        pytest.param((117.2, 47.9, 117.3, 49.3), "unknown", id="wider than that"),
        pytest.param((118.1, 49.2, 118.3, 49.3), "unknown", id="apart from the coverage's box"),
        pytest.param(None, "unknown", id="no box"),
    ],
)
def test_box_counts_only_where_it_is_plausible(bounds, answer):
    store = MemoryStore()
    store.add("red_lines", [ZONE], unreadable=[("9", bounds)])
    assert ask(store, FAR).answer == answer


def test_without_coverage_no_box_counts():
    store = MemoryStore()
    store.add("red_lines", [ZONE], unreadable=[("9", (117.2, 49.2, 117.3, 49.3))], coverage=None)
    assert codes(finding(ask(store, FAR))) == ["coverage_not_stated", "rejected_feature_near"]


def ring(*points: tuple[float, float]) -> list[tuple[float, float]]:
    return [(117.2 + x / 100, 49.2 + y / 100) for x, y in points]


SQUARE = ((0, 0), (3, 0), (3, 3), (0, 3))


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(BOW_TIE, id="bow tie"),
        pytest.param(Polygon(ring((1, 1), (2, 1), (2, 2), (1, 2)), [ring(*SQUARE)]), id="shell and hole swapped"),
        pytest.param(Polygon(ring(*SQUARE), [ring(*SQUARE)]), id="covering hole"),
        pytest.param(Polygon(ring((0, 0), (3, 0), (3, 3), (3, 0))), id="there-and-back corridor"),
    ],
)
def test_repair_that_empties_or_changes_a_feature_is_a_rejection(broken):
    store = MemoryStore()
    imported = store.add("red_lines", [ZONE, broken])
    assert [r.id for r in imported.card.rejected] == ["2"]
    assert ask(store, Point(117.21, 49.21)).answer == "unknown"


@pytest.mark.parametrize(("loop", "rejected"), [(0.05, 0), (0.2, 1)])
def test_repair_that_changes_the_area_by_more_than_one_percent_is_a_rejection(loop, rejected):
    """A square of 3 x 3 whose western side is drawn back and forth across itself."""
    knot = Polygon(ring((0, 0), (3, 0), (3, 3), (0, 3), (0, 1), (2 * loop, 2), (0, 2), (2 * loop, 1), (0, 0.5)))
    assert not knot.is_valid
    store = MemoryStore()
    assert len(store.add("red_lines", [ZONE, knot]).card.rejected) == rejected


def test_rejected_feature_is_accepted_by_name_with_a_reason_and_kept_on_the_card():
    store = MemoryStore()
    imported = store.add("red_lines", [ZONE, BOW_TIE], accept_rejected=("2",), why="已核实为绘图残留")
    assert [(r.id, r.accepted) for r in imported.card.rejected] == [("2", "已核实为绘图残留")]
    assert ask(store, Point(117.205, 49.205)).answer == "clear"


@pytest.mark.parametrize(
    ("options", "message"),
    [({"accept_rejected": ("2",)}, "only with a reason"), ({"accept_rejected": ("7",), "why": "x"}, "has the id 7")],
)
def test_accepting_needs_a_reason_and_the_id_of_a_rejected_feature(options, message):
    with pytest.raises(ImportOptionError, match=message):
        MemoryStore().add("red_lines", [ZONE, BOW_TIE], **options)


# Versions and dates


def versions(*dates: tuple[str | None, str | None], **last: object) -> MemoryStore:
    """Versions of one layer by (valid_from, valid_until); the first holds the zone, each later one is 1 km wider."""
    store = MemoryStore()
    for i, (start, end) in enumerate(dates):
        zone = box(117.4, 49.4, off(*EDGE, east=1000.0 * i)[0], 49.5)
        options = {"valid_from": start, "valid_until": end, "replace": i > 0, "historical": True, "data_date": None}
        store.add("red_lines", [zone], **options)
    return store


def gaps(store: MemoryStore, *days: str) -> list[int]:
    """Which version answers, by the gap of a point 10 km east of the zone, km."""
    return [10 - round((finding(ask(store, beside(10_000.0), as_of=day)).gap_m or 0) / 1000) for day in days]


def test_version_with_the_latest_start_not_after_the_day_answers():
    store = versions(("2024-01-01", None), ("2025-01-01", None), ("2026-01-01", None))
    assert gaps(store, "2024-12-31", "2025-01-01", "2025-12-31", "2026-01-01") == [0, 1, 1, 2]


def test_historical_version_imported_later_does_not_answer_today():
    store = versions(("2025-01-01", None), ("2024-01-01", None))
    assert gaps(store, "2026-01-01", "2024-06-01") == [0, 1]


def test_of_equal_starts_the_last_imported_answers():
    assert gaps(versions(("2024-01-01", None), ("2024-01-01", None)), "2025-01-01") == [1]


@pytest.mark.parametrize(
    ("dates", "day", "reason", "version"),
    [
        ((("2025-01-01", None), ("2026-01-01", None)), "2024-12-31", "not_valid_yet", 1),
        (((None, None),), "2026-01-01", "date_missing", 0),
        ((("2024-01-01", None), (None, None)), "2026-01-01", "date_missing", 1),
        ((("2024-01-01", "2025-12-31"),), "2026-01-01", "layer_expired", 0),
    ],
)
def test_version_that_does_not_hold_at_the_day_gives_no_clear(dates, day, reason, version):
    store = versions(*dates)
    verdict = ask(store, FAR, as_of=day)
    assert (verdict.answer, codes(finding(verdict))) == ("unknown", [reason])
    assert gaps(store, day) == [version]


def test_version_holds_on_its_last_day():
    assert ask(versions(("2024-01-01", "2025-12-31")), FAR, as_of="2025-12-31").answer == "clear"


@pytest.mark.parametrize(("site", "answer"), [(Point(117.45, 49.45), "hit"), (beside(10.0), "uncertain")])
def test_hits_and_uncertain_of_an_expired_layer_stay_with_a_warning(site, answer):
    verdict = ask(versions(("2024-01-01", "2025-12-31")), site, as_of="2026-01-01")
    assert verdict.answer == answer
    assert {"code": "layer_expired", "layer": "red_lines"} in verdict.warnings


def test_start_defaults_to_the_data_date():
    store = one("red_lines", ZONE, data_date="2024-05-01")
    assert [ask(store, FAR, as_of=d).answer for d in ("2024-04-30", "2024-05-01")] == ["unknown", "clear"]


def test_features_may_carry_their_own_dates_and_an_undated_one_is_in_force():
    store = MemoryStore()
    store.add("red_lines", [ZONE], [{"生效日期": "2024-06-01", "失效日期": "2025-05-31"}], data_date="2020-01-01")
    inside = Point(117.45, 49.45)
    days = ("2024-05-31", "2024-06-01", "2025-05-31", "2025-06-01")
    assert [ask(store, inside, as_of=d).answer for d in days] == ["clear", "hit", "hit", "clear"]
    assert ask(one("red_lines", ZONE, data_date="2000-01-01"), inside, as_of="2000-01-01").answer == "hit"


def test_day_of_the_check_defaults_to_today_in_china_and_is_recorded(red):
    before = today()
    verdict = screen(site_of(FAR, accuracy_m=1.0), red)
    assert before <= verdict.as_of <= today()
    assert verdict.to_dict()["as_of"] == verdict.as_of


def test_today_is_the_day_in_utc_plus_8(monkeypatch):
    from datetime import UTC, datetime

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2026, 11, 21, 16, 0, tzinfo=UTC)

    monkeypatch.setattr("screening.screen.datetime", Clock)
    assert today() == "2026-11-22"


# Declared none


def declared(**options: object) -> MemoryStore:
    store = MemoryStore()
    store.add("water_sources", [], **{"declared_none": True, "source": "某市生态环境局", **options})
    return store


def test_declared_none_is_clear_in_its_coverage_and_says_why():
    verdict = ask(declared(), FAR)
    assert (verdict.answer, codes(finding(verdict))) == ("clear", ["declared_none"])
    assert verdict.in_water_source_zone == "no"


def test_declared_none_answers_only_in_its_coverage_and_for_its_time():
    assert ask(declared(), Point(119.0, 49.5)).answer == "unknown"
    assert ask(declared(valid_until="2025-12-31"), FAR).answer == "unknown"
    assert ask(declared(data_date=None), FAR).answer == "unknown"


@pytest.mark.parametrize("missing", ["source", "coverage"])
def test_declaring_none_needs_a_source_and_a_coverage(missing):
    with pytest.raises(ImportOptionError, match="by someone for some area"):
        declared(**{missing: None})


def test_empty_file_without_the_flag_is_refused():
    from layers.importing import ImportOptions, import_layer

    with pytest.raises(EmptyLayerError, match="holds no feature"):
        import_layer(MemoryStore(), reading_of([]), ImportOptions(kind="red_lines", name="x"))  # type: ignore[arg-type]


def test_file_with_features_is_not_none():
    with pytest.raises(ImportOptionError, match="there is not none"):
        MemoryStore().add("red_lines", [ZONE], declared_none=True, source="x")


# Coverage


def test_without_coverage_nothing_is_clear():
    store = one("red_lines", ZONE, coverage=None)
    verdict = ask(store, FAR)
    assert (verdict.answer, codes(finding(verdict))) == ("unknown", ["coverage_not_stated"])
    assert ask(store, Point(117.45, 49.45)).answer == "hit"
    assert ask(store, beside(10.0)).answer == "uncertain"


def test_site_outside_the_coverage_is_unknown_and_partly_outside_with_its_share(red):
    assert codes(finding(ask(red, Point(119.0, 49.5)))) == ["outside_coverage"]
    found = finding(ask(red, box(117.75, 49.7, 118.25, 49.71)))
    assert (found.answer, codes(found)) == ("unknown", ["partly_outside_coverage"])
    assert found.uncovered_share == pytest.approx(0.5, abs=1e-6)


def test_own_features_are_a_coverage_only_for_kinds_that_tile():
    for kind in ("control_units", "element_zones"):
        store = one(kind, COUNTY, {"分类": 3}, coverage="layer")
        assert [ask(store, p).answer for p in (FAR, Point(118.1, 49.5))] == ["clear", "unknown"]
    for kind in ("red_lines", "protected_areas", "water_sources", "other"):
        options = {"role": "protective", "meaning": "x"} if kind == "other" else {}
        with pytest.raises(CoverageError, match="do not tile"):
            one(kind, ZONE, coverage="layer", **options)


def test_districts_are_a_coverage_of_their_measured_accuracy():
    store = one("red_lines", ZONE, coverage=("150781",))
    card = store.open_version(store.entries[0]).card
    assert card["coverage_kind"] == "districts"
    assert card["coverage_accuracy_m"] >= 753.0  # a third source lies that far off at Manzhouli


def test_lost_unit_is_a_hole_in_what_is_known():
    """The county is stated, its middle third has no unit."""
    units = [box(117.0, 49.0, 117.33, 50.0), box(117.66, 49.0, 118.0, 50.0)]
    store = MemoryStore()
    store.add("control_units", units, [{"分类": 3}] * 2)
    assert [ask(store, Point(x, 49.5)).answer for x in (117.2, 117.5, 117.8)] == ["clear", "unknown", "clear"]


@pytest.mark.parametrize(("gap", "answer"), [(0.9, "clear"), (1.2, "unknown")])
def test_gaps_below_a_metre_between_units_are_no_holes(gap, answer):
    west = box(117.0, 49.0, 117.5, 50.0)
    store = MemoryStore()
    east = box(off(117.5, 49.5, east=gap)[0], 49.0, 118.0, 50.0)
    store.add("control_units", [west, east], [{"分类": 3}] * 2, accuracy_m=1.0)
    assert ask(store, Point(off(117.5, 49.5, east=30.0)), accuracy_m=1.0).answer == "clear"
    assert ask(store, Point(off(117.5, 49.5, east=1.5)), accuracy_m=1.0).answer == answer


# Several layers of a kind

WEST, EAST = box(117.0, 49.0, 117.5, 50.0), box(117.5, 49.0, 118.0, 50.0)
ON_THE_SEAM = Point(117.5, 49.8)


def two_counties(kind: str = "red_lines", *, names=("甲县", "乙县"), **options: object) -> MemoryStore:
    store = MemoryStore()
    zones = [box(117.1, 49.1, 117.2, 49.2), box(117.8, 49.1, 117.9, 49.2)]
    for name, zone, area in zip(names, zones, (WEST, EAST), strict=True):
        store.add(kind, [zone], name=name, coverage=area, **options)
    return store


def test_red_lines_of_two_counties_are_one_theme_but_each_edge_is_narrowed_by_its_own_accuracy():
    store = two_counties()
    assert {f.theme for f in ask(store, FAR).findings} == {"red_lines"}
    assert [ask(store, Point(x, 49.8)).answer for x in (117.3, 117.7)] == ["clear", "clear"]
    assert ask(store, ON_THE_SEAM).answer == "unknown"  # 24 m on each side are not known
    assert ask(store, Point(off(117.5, 49.8, east=48.0))).answer == "unknown"
    assert ask(store, Point(off(117.5, 49.8, east=50.0))).answer == "clear"


@pytest.mark.parametrize(("versions", "covered"), [(("2024", "2024"), True), (("2024", "2025"), False)])
def test_coverages_of_one_source_and_version_are_united_before_they_are_narrowed(versions, covered):
    covers = [
        StatedCover(index=GeometryIndex.of(np.array([area])), accuracy_m=24.0, source="s", version=version)
        for area, version in zip((WEST, EAST), versions, strict=True)
    ]
    assert pooled_covers(ON_THE_SEAM, covers, 25.0) is covered
    assert (
        pooled_covers(Point(off(117.0, 49.8, east=48.0)), covers, 25.0) is False
    )  # their outer edge is narrowed all the same
    assert pooled_covers(Point(off(117.0, 49.8, east=50.0)), covers, 25.0) is True


def test_two_layers_of_one_coverage_file_leave_no_seam():
    whole = MemoryStore()
    for name in ("甲", "乙"):
        whole.add(
            "red_lines", [box(117.1, 49.1, 117.2, 49.2)], name=name, coverage=MultiPolygon([WEST, EAST]).buffer(0)
        )
    assert ask(whole, ON_THE_SEAM).answer == "clear"


def test_districts_of_one_source_leave_no_seam():
    store = MemoryStore()
    for code in ("150702", "150781"):
        store.add("red_lines", [box(112.0, 41.0, 112.1, 41.1)], name=code, coverage=(code,))
    versions = {store.open_version(e).card["coverage_version"] for e in store.entries}
    sources = {store.open_version(e).card["coverage_source"] for e in store.entries}
    assert (len(sources), len(versions)) == (1, 1)


def test_protected_areas_under_two_names_are_two_themes_until_a_theme_is_given():
    apart, together = two_counties("protected_areas"), two_counties("protected_areas", theme="自然保护地")
    assert {f.theme for f in ask(apart, FAR).findings} == {"甲县", "乙县"}
    assert ask(apart, Point(117.3, 49.8)).answer == "unknown"
    assert ask(together, Point(117.3, 49.8)).answer == "clear"


def test_where_only_pooling_is_missing_the_message_says_so_and_how():
    apart, together = two_counties("protected_areas"), two_counties("protected_areas", theme="自然保护地")
    lacking = [w for w in ask(apart, Point(117.3, 49.8)).warnings if w["code"] == "pooling_missing"]
    assert lacking == [{"code": "pooling_missing", "kind": "protected_areas", "layers": ["乙县", "甲县"]}]
    assert "--theme" in word("warning.pooling_missing", "zh")
    assert "--theme" in word("warning.pooling_missing", "en")
    for quiet in (ask(together, Point(117.3, 49.8)), ask(apart, Point(119.5, 49.8))):  # clear; outside both
        assert [w for w in quiet.warnings if w["code"] == "pooling_missing"] == []


def test_default_themes():
    store = MemoryStore()
    store.add("control_units", [COUNTY], [{"分类": 3}], name="单元")
    store.add("element_zones", [COUNTY], [{"分类": 3, "要素": "水"}], name="某图")
    store.add("water_sources", [ZONE], name="水源")
    store.add("red_lines", [ZONE], name="红线")
    themes = {f.layer: f.theme for f in ask(store, FAR).findings}
    assert themes == {"单元": "control_units", "某图": "water", "水源": "水源", "红线": "red_lines"}


def test_theme_is_hit_or_uncertain_where_any_of_its_layers_is():
    store = two_counties()
    assert ask(store, Point(117.15, 49.15)).answer == "hit"
    assert ask(store, Point(off(117.2, 49.15, east=10.0))).answer == "uncertain"


@pytest.mark.parametrize("trouble", [{"data_date": None}, {"valid_until": "2025-01-01"}, {"unreadable": [("9", None)]}])
def test_layer_with_another_reason_keeps_its_theme_from_clear_unless_its_coverage_is_far(trouble):
    store = MemoryStore()
    store.add("red_lines", [ZONE], name="甲县", coverage=COUNTY)
    store.add("red_lines", [box(117.8, 49.1, 117.9, 49.2)], name="乙县", coverage=EAST, **trouble)
    assert ask(store, Point(117.8, 49.8)).answer == "unknown"
    assert ask(store, Point(off(117.5, 49.8, east=-60.0))).answer == "clear"  # 60 m from the other's coverage, a = 25
    assert ask(store, Point(off(117.5, 49.8, east=-60.0)), radius_m=40.0).answer == "unknown"


def test_layer_in_trouble_without_coverage_keeps_its_theme_from_clear_everywhere():
    store = MemoryStore()
    store.add("red_lines", [ZONE], name="甲县")
    store.add("red_lines", [box(117.8, 49.1, 117.9, 49.2)], name="乙县", coverage=None, data_date=None)
    assert ask(store, FAR).answer == "unknown"


def test_kind_is_the_strictest_of_its_themes():
    store = MemoryStore()
    store.add("protected_areas", [ZONE], name="甲")
    store.add("protected_areas", [beside(1000.0).buffer(0.003)], name="乙")
    verdict = ask(store, Point(117.45, 49.45))
    assert {f.layer: f.answer for f in verdict.findings} == {"甲": "hit", "乙": "clear"}
    assert verdict.kinds == {"protected_areas": "hit"}


# A point is not a parcel


@pytest.mark.parametrize(
    ("site", "scope"),
    [
        (FAR, "point"),
        (MultiPoint([FAR, (117.7, 49.7)]), "point"),
        (LineString([FAR, (117.7, 49.7)]), "line"),
        (FAR.buffer(0.01), "polygon"),
        (shapely.GeometryCollection([FAR, box(117.7, 49.7, 117.71, 49.71)]), "mixed"),
    ],
)
def test_scope_says_what_kind_of_geometry_the_answer_is_for(red, site, scope):
    assert ask(red, site).site["scope"] == scope


def test_point_without_a_radius_is_said_to_answer_for_the_point_only():
    assert "仅就该点" in word("scope.point", "zh")
    assert "that point only" in word("scope.point", "en")


# Distances


def test_nearest_feature_is_listed_with_distance_and_bearing(red):
    (feature,) = finding(ask(red, beside(1234.5))).features
    assert feature.distance_m == pytest.approx(1234.5, abs=0.01)
    assert feature.bearing_deg == pytest.approx(270.0, abs=0.02)
    assert feature.relation == "disjoint"


def test_where_the_coverage_ends_nearer_the_distance_is_a_lower_bound(red):
    found = finding(ask(red, Point(off(118.0, 49.45, east=-3000.0))))
    assert found.distance_at_least_m == pytest.approx(3000.0, abs=1.0)
    assert found.features[0].distance_m == pytest.approx(33_260, abs=100)  # the known feature stays listed
    assert word("note.not_less_than", "zh") == "不小于"


def test_where_a_feature_is_nearer_than_the_coverage_ends_there_is_no_lower_bound(red):
    assert finding(ask(red, beside(3000.0))).distance_at_least_m is None


# What is listed


def test_every_counted_feature_met_is_listed_with_its_own_relation_and_area():
    west, east = box(117.4, 49.4, 117.45, 49.5), box(117.45, 49.4, 117.5, 49.5)
    inner = block(117.44, 49.45, 100.0, 100.0)
    store = MemoryStore()
    store.add("red_lines", [west, east, inner], [{"名称": n} for n in ("西", "东", "里")])
    site = box(117.43, 49.44, 117.46, 49.46)
    found = finding(ask(store, site))
    listed = {f.name: f for f in found.features}
    assert {n: f.relation for n, f in listed.items()} == {"西": "overlaps", "东": "overlaps", "里": "contains"}
    assert listed["西"].share + listed["东"].share == pytest.approx(1.0, abs=1e-9)
    assert listed["西"].overlap_m2 == pytest.approx(2 * listed["东"].overlap_m2, rel=1e-9)
    assert listed["里"].overlap_m2 == pytest.approx(10_000.0, rel=1e-4)
    assert found.share == pytest.approx(1.0, abs=1e-9)  # what lies in two of them is counted once


def test_on_the_seam_of_two_zones_the_site_is_a_hit():
    store = MemoryStore()
    store.add("red_lines", [box(117.4, 49.4, 117.45, 49.5), box(117.45, 49.4, 117.5, 49.5)])
    found = finding(ask(store, Point(117.45, 49.45)))
    assert found.answer == "hit"
    assert len(found.features) == 2


# Order


def test_order_of_the_answers():
    assert ANSWERS == ("hit", "uncertain", "unknown", "clear")


@pytest.mark.parametrize(
    ("site", "answer"),
    [(Point(117.45, 49.45), "hit"), (beside(10.0), "uncertain"), (FAR, "unknown")],
)
def test_overall_answer_is_the_strictest_of_the_kinds(site, answer):
    """Red lines answer by the site; protected areas are far away, and water sources are missing."""
    store = MemoryStore("red_lines", "protected_areas", "water_sources")
    store.add("red_lines", [ZONE])
    store.add("protected_areas", [box(117.1, 49.1, 117.11, 49.11)])
    verdict = ask(store, site)
    assert verdict.kinds["protected_areas"] == "clear"
    assert verdict.kinds["water_sources"] == "unknown"
    assert verdict.answer == answer
    assert [ANSWERS.index(f.answer) for f in verdict.findings] == sorted(
        ANSWERS.index(f.answer) for f in verdict.findings
    )


def test_kind_keys_are_the_kinds_answers_as_yes_and_no():
    store = MemoryStore("red_lines")
    store.add("red_lines", [ZONE])
    store.add(
        "control_units", [box(117.0, 49.0, 117.3, 50.0), box(117.3, 49.0, 118.0, 50.0)], [{"分类": n} for n in (1, 3)]
    )
    verdict = ask(store, Point(off(117.3, 49.45, east=10.0)))
    assert verdict.in_red_line == "no"
    assert verdict.in_priority_unit == "uncertain"
    assert verdict.in_protected_area == "unknown"  # no layer, and not required
    assert verdict.in_water_source_zone == "unknown"
    assert verdict.in_priority_zone == "uncertain"
    assert ask(store, Point(117.1, 49.5)).in_priority_unit == "yes"
    assert ask(store, Point(117.1, 49.5)).in_priority_zone == "yes"


def test_element_zones_join_the_priority_zone_only_where_loaded_or_required():
    def four(*required: str) -> MemoryStore:
        store = MemoryStore(*required)
        for kind in ("red_lines", "protected_areas", "water_sources"):
            store.add(kind, [ZONE])
        store.add("control_units", [COUNTY], [{"分类": 3}])
        return store

    assert ask(four(), FAR).in_priority_zone == "no"
    assert ask(four("element_zones"), FAR).in_priority_zone == "unknown"
    loaded = four()
    loaded.add("element_zones", [FAR.buffer(0.05)], [{"分类": 1}])
    assert ask(loaded, FAR).in_priority_zone == "yes"


def test_sentence_that_is_always_printed_is_in_the_catalogue():
    assert word("note.not_permission", "zh") == "不在优先保护单元不等于符合准入要求。"


def test_first_reason_is_the_first_in_catalogue_order():
    store = MemoryStore()
    store.add("red_lines", [ZONE], data_date=None, coverage=None, unreadable=[("9", None)])
    found = finding(ask(store, FAR, rejected_parts=1))
    assert codes(found) == ["coverage_not_stated", "date_missing", "rejected_feature_near", "site_part_rejected"]
    assert codes(found) == sorted(codes(found), key=REASONS.index)
    assert found.to_dict()["reason"] == "coverage_not_stated"


def test_row_order_of_a_layer_does_not_move_an_answer():
    rng = random.Random(3)
    zones = [block(117.3 + rng.random() / 5, 49.3 + rng.random() / 5, 800, 500) for _ in range(30)]
    rows = [{"名称": str(i), "精度": rng.choice([1, 25, 100])} for i in range(30)]
    site = box(117.38, 49.38, 117.42, 49.42)
    seen = set()
    for _ in range(3):
        order = rng.sample(range(30), 30)
        store = MemoryStore()
        store.add("red_lines", [zones[i] for i in order], [rows[i] for i in order])
        found = finding(ask(store, site))
        seen.add(
            (
                found.answer,
                found.accuracy_m,
                found.overlap_m2,
                frozenset((f.name, f.overlap_m2) for f in found.features),
            )
        )
    assert len(seen) == 1


def test_name_in_use_is_refused():
    store = MemoryStore()
    store.add("red_lines", [ZONE])
    with pytest.raises(LayerExistsError):
        store.add("red_lines", [ZONE])


def test_every_answer_of_a_layer_in_memory_is_that_of_an_imported_one():
    """The oracle judges ``layer_in_memory``; it must be the same engine on the same arrays."""
    feature = Feature(id="1", code=None, name=None, class_="red_line", counts=True)
    layer = layer_in_memory([feature], [ZONE], accuracy_m=24.0, coverage=COUNTY, coverage_accuracy_m=24.0)
    store = one("red_lines", ZONE)
    for site in (Point(117.45, 49.45), beside(10.0), beside(30.0), Point(117.0, 49.5), Point(119.0, 49.0)):
        question = Question(geometry=site, accuracy_m=7.0, as_of=AS_OF)
        assert answer_of(question, layer).answer == ask(store, site).answer
