"""Hits of the engine against brute-force shifts: none that a shift within the accuracy would undo, few left out."""

from __future__ import annotations

import pytest
import shapely
from hypothesis import given, settings

from tests.oracle.adapter import engine_answer
from tests.oracle.cases import SHIFT_KINDS, Case, cases, seeded, snapped_zones
from tests.oracle.proof import connected_parts
from tests.oracle.shifts import hold_up_to_m, parts_under


def ask_engine(case: Case) -> str:
    layer = case.layer
    return engine_answer(
        case.site,
        layer.zones,
        layer.accuracy_m,
        layer.coverage,
        coverage_accuracy_m=layer.coverage_accuracy_m,
        **case.options,
    ).answer


def told(case: Case) -> str:
    """The line that repeats a case."""
    return f"make_case({case.kind!r}, seed={case.seed}, lat={case.lat}, a={case.layer.accuracy_m})"


def meeting_pairs(case: Case) -> list[tuple[shapely.Geometry, shapely.Geometry]]:
    zones = [z for z in shapely.get_parts(snapped_zones(case)) if not z.is_empty]
    return [(s, z) for s in connected_parts(case.site) for z in zones if s.intersects(z)]


def best_hold_m(case: Case) -> float:
    """Hold of the best pair, exact up to twice the accuracy."""
    return max((hold_up_to_m(s, z, 2 * case.a_m) for s, z in meeting_pairs(case)), default=0.0)


@given(case=cases(SHIFT_KINDS))
@settings(max_examples=120, deadline=None, print_blob=True)
def test_no_shift_within_the_accuracy_undoes_a_hit(case: Case) -> None:
    if ask_engine(case) == "hit":
        assert best_hold_m(case) > case.a_m, told(case)


@pytest.mark.parametrize("first_seed", [0, 1000])
def test_no_shift_that_is_tried_undoes_a_hit(first_seed: int) -> None:
    """The search alone, in case the exact hold were wrong: some pair must stay together under all it tries."""
    tried = 0
    for case in seeded(22, SHIFT_KINDS, first_seed=first_seed):
        if ask_engine(case) != "hit":
            continue
        tried += 1
        stays = (parts_under(s, z, case.a_m * 0.999, directions=48, radii=3) is None for s, z in meeting_pairs(case))
        assert any(stays), told(case)
    assert tried >= 5


def test_99_of_100_that_no_shift_of_115_percent_undoes_are_hits() -> None:
    """Only what shares an interior: a parcel that fits round a zone without overlapping it is a touch (§2)."""
    sure, missed = 0, []
    for case in seeded(220, SHIFT_KINDS[:-1], first_seed=5000):
        if best_hold_m(case) < 1.15 * case.a_m:
            continue
        sure += 1
        if ask_engine(case) != "hit":
            missed.append(told(case))
    assert sure >= 90
    assert len(missed) <= 0.01 * sure, "\n".join(missed)
