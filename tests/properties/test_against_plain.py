"""The engine against the plain oracle: same site, same layer, same answer, gap and reasons."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from tests.oracle.adapter import engine_answer
from tests.oracle.cases import KINDS, Case, cases, make_case, seeded
from tests.oracle.ellipsoid import widened
from tests.oracle.plain import PlainAnswer, answers_nearby, plain_answer

if TYPE_CHECKING:
    from collections.abc import Iterable


def ask_engine(case: Case) -> PlainAnswer:
    layer = case.layer
    return engine_answer(
        case.site,
        layer.zones,
        layer.accuracy_m,
        layer.coverage,
        coverage_accuracy_m=layer.coverage_accuracy_m,
        valid=layer.valid,
        rejected_boxes=layer.rejected_boxes,
        **case.options,
    )


def told(case: Case) -> str:
    """The line that repeats a case."""
    return f"make_case({case.kind!r}, seed={case.seed}, lat={case.lat}, a={case.layer.accuracy_m})"


def everything(answer: PlainAnswer) -> frozenset[str]:
    return answer.reasons | answer.obstacles


def plain_answers(case: Case) -> tuple[PlainAnswer, ...]:
    """Of the oracle: accuracies 3 % smaller, as given, 3 % larger; and rejected boxes rounded outwards by 2 cm."""
    found = answers_nearby(case.site, case.layer, **case.options)
    if case.layer.rejected_boxes:
        outwards = tuple(None if b is None else widened(b, 0.02).bounds for b in case.layer.rejected_boxes)
        rounded = replace(case.layer, rejected_boxes=outwards)
        found = (*found, plain_answer(case.site, rounded, **case.options))
    return found


def agree(case: Case) -> None:
    """
    Fail, naming the case, where the engine's answer is none of the oracle's.

    Reasons: all that the oracle gives each time, none that it never gives. A touch turns on a millimetre and is
    compared only where the gap is no more in doubt than that.
    """
    plain, engine = plain_answers(case), ask_engine(case)
    context = f"{told(case)}\nplain {plain[1]}\nengine {engine}"
    assert engine.answer in {answer.answer for answer in plain}, context

    gap_m = plain[1].gap_m
    if math.isinf(gap_m):
        assert math.isinf(engine.gap_m), context
    else:
        assert engine.gap_m == pytest.approx(
            gap_m, abs=0.0021 if gap_m < 1000 else 0.011, rel=1e-6 if gap_m < 10_000 else 1e-3
        ), context
    if not math.isnan(engine.overlap_m2):
        seam_m2 = 0.01 + 0.002 * case.site.length * 111_700  # the grid moves a boundary by less than 2 mm
        assert engine.overlap_m2 == pytest.approx(plain[1].overlap_m2, abs=seam_m2, rel=1e-3), context

    doubtful = {"touches"} if case.kind != "touching" and gap_m < 0.003 else set()
    if len({answer.answer for answer in plain}) == 1:
        surely, at_most = _common(a.reasons for a in plain), _any(everything(a) for a in plain)
        assert surely - doubtful <= everything(engine), context
        assert everything(engine) - doubtful <= at_most, context


def _common(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset.intersection(*sets)


def _any(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset.union(*sets)


@given(case=cases())
@settings(max_examples=80, deadline=None, print_blob=True)
def test_engine_and_oracle_agree_on_any_case(case: Case) -> None:
    agree(case)


@pytest.mark.parametrize("kind", KINDS)
def test_engine_and_oracle_agree_on_the_same_cases_every_time(kind: str) -> None:
    for case in seeded(12, (kind,)):
        agree(case)


@given(case=cases(("jagged_parcels", "tilings", "routes_across", "mixed_accuracies", "influences")))
@settings(max_examples=30, deadline=None, print_blob=True)
def test_taking_the_coverage_away_never_makes_an_answer_clear(case: Case) -> None:
    layer = case.layer
    with_coverage = ask_engine(case)
    without = engine_answer(case.site, layer.zones, layer.accuracy_m, None, valid=layer.valid, **case.options)
    expected = "unknown" if with_coverage.answer == "clear" else with_coverage.answer
    assert without.answer == expected, told(case)


@pytest.mark.parametrize("lat", [20.0, 55.0])
def test_an_order_of_zones_is_no_part_of_the_answer(lat: float) -> None:
    for kind in ("tilings", "mixed_accuracies", "many_parts"):
        for seed in range(4):
            case = make_case(kind, seed=seed, lat=lat, a=5.0)
            layer = case.layer
            turned = engine_answer(
                case.site,
                layer.zones[::-1],
                layer.accuracy_m,
                layer.coverage,
                coverage_accuracy_m=layer.coverage_accuracy_m,
                **case.options,
            )
            straight = ask_engine(case)
            assert (turned.answer, turned.gap_m, turned.reasons) == (
                straight.answer,
                straight.gap_m,
                straight.reasons,
            ), told(case)
