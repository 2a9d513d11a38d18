"""
What a plan states against what is measured: rounding of the one and accuracy of the other, added in squares.

A figure that nothing reliable can be measured against is ``not_measured``, with the reason.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from layers.kinds.monitoring_sections import water_class_of
from layers.plans.measuring import area_of_all, distinct, kinds_of, matches, of_class
from layers.plans.model import LAYER_KINDS, Measure
from layers.plans.quantities import Span, parse_unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from layers.plans.measuring import CityArea, Held, Holdings, MeasuredArea
    from layers.plans.model import Arithmetic, DeclaredFeature, Fact, Plan
    from layers.plans.quantities import Unit

__all__ = ["Comparison", "Ruler", "Verdict", "Why", "comparisons", "sum_holds"]

Verdict = Literal["agrees", "differs", "not_measured"]
Why = Literal[
    "no_workspace",
    "no_boundary",
    "no_layer",
    "no_polygon",
    "indicative_only",
    "layer_unreadable",
    "class_not_found",
    "not_located",
    "own_declaration",
    "value_not_given",
    "not_understood",
    "within_bound",
]
_CLASSES = ("priority", "key", "general")
"""Classes of unit that every layer of units tells apart, so that none of them is a number: 0."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A declared figure against a measured one, both in ``unit``."""

    id: str
    """The fact or arithmetic it is about; ``official`` for the official area of the city."""
    title_zh: str
    title_en: str
    measure: str
    state: str | None
    unit: str | None
    declared: float | str
    span: Span | None
    """What the declared figure may be rounded from."""
    verdict: Verdict = "not_measured"
    why: Why | None = None
    """Why nothing was measured; or ``within_bound``: the accuracy could explain it, were the whole outline off."""
    measured: float | str | None = None
    accuracy: float | None = None
    """Of the measured figure, 95 %."""
    difference: float | None = None
    """Measured less declared."""
    difference_percent: float | None = None
    layers: tuple[str, ...] = ()
    left_out: int = 0
    """Features of the kind that have no place or an indicative shape, and were not measured."""


@dataclass(frozen=True, kw_only=True)
class _Measured:
    value: float | str | None = None
    accuracy: float | None = None
    bound: float | None = None
    why: Why | None = None
    layers: tuple[str, ...] = ()
    left_out: int = 0


class Ruler:
    """What facts are measured with: the holdings of a workspace and the outline of the city."""

    def __init__(self, plan: Plan, here: Holdings | None, city: CityArea | None) -> None:
        self.plan = plan
        self.here = here
        self.city = city

    def of(self, measure: Measure, fact: Fact | None = None) -> _Measured:
        """A measure in base units (square metres, fractions, numbers), or why there is none."""
        if measure.what == "total_area":
            if self.city is None:
                return _Measured(why="no_boundary")
            return _Measured(
                value=self.city.area_m2,
                accuracy=self.city.accuracy_m2,
                bound=self.city.bound_m2,
                layers=tuple(name for _, name, _ in self.city.parts),
            )
        if self.here is None:
            return _Measured(why="no_workspace")
        if measure.what == "class":
            return self._class(self.here, measure.subject or "", fact)
        kinds = kinds_of(measure.subject or "")
        held = self.here.of_subject(measure.subject or "")
        reliable = [each for each in held if each.geometry is not None and not each.indicative]
        left_out = len(held) - len(reliable)
        if any(self.here.damaged(kind) for kind in kinds):
            return _Measured(why="layer_unreadable", left_out=left_out)
        if not reliable:
            return _Measured(why="indicative_only" if held else "no_layer", left_out=left_out)
        if measure.what == "count":
            return self._count(measure, reliable, left_out)
        return self._area(measure, reliable, left_out)

    def _area(self, measure: Measure, reliable: Sequence[Held], left_out: int) -> _Measured:
        counted = [each for each in reliable if each.feature.counts]
        found = area_of_all(counted)
        if found.area_m2 == 0:
            return _Measured(why="no_polygon", left_out=left_out)
        layers = _layers(counted)
        if measure.what == "area":
            return _Measured(
                value=found.area_m2, accuracy=found.accuracy_m2, bound=found.bound_m2, layers=layers, left_out=left_out
            )
        if self.city is None:
            return _Measured(why="no_boundary", left_out=left_out)
        return _Measured(
            value=found.area_m2 / self.city.area_m2,
            accuracy=_of_share(found, self.city),
            bound=found.bound_m2 / self.city.area_m2,
            layers=layers,
            left_out=left_out,
        )

    def _count(self, measure: Measure, reliable: Sequence[Held], left_out: int) -> _Measured:
        if measure.subset is None:
            return _Measured(value=float(distinct(reliable)), layers=_layers(reliable), left_out=left_out)
        chosen = [each for each in reliable if of_class(each, measure.subset or "")]
        if not chosen and measure.subset not in _CLASSES:
            return _Measured(why="class_not_found", left_out=left_out)
        return _Measured(value=float(distinct(chosen)), layers=_layers(reliable), left_out=left_out)

    def _class(self, here: Holdings, name: str, fact: Fact | None) -> _Measured:
        """The class that a layer has a section in: its target for a target, else as observed."""
        held = matches(self.plan.feature(name), here)
        # a workspace built from the plan holds the plan's own word
        found = [each for each in held if not each.feature.attributes.get("plan_feature")]
        if not found:
            return _Measured(why="own_declaration" if held else "no_layer")
        meaning = "target_class" if fact is not None and fact.state == "target" else "observed_class"
        words = [word for each in found if (word := each.feature.own_fields.get(meaning))]
        return _Measured(value=words[0], layers=_layers(found)) if words else _Measured(why="value_not_given")

    def of_feature(self, feature: DeclaredFeature) -> _Measured:
        """The area of one declared feature."""
        if self.here is None:
            return _Measured(why="no_workspace")
        found = matches(feature, self.here)
        reliable = [each for each in found if each.geometry is not None and not each.indicative]
        area = area_of_all(reliable)
        if area.area_m2 == 0:
            placed = any(each.geometry is not None for each in found)
            return _Measured(why="indicative_only" if placed else "not_located", left_out=len(found))
        return _Measured(value=area.area_m2, accuracy=area.accuracy_m2, bound=area.bound_m2, layers=_layers(reliable))


def _of_share(found: MeasuredArea, city: CityArea) -> float:
    share = found.area_m2 / city.area_m2
    return math.hypot(found.accuracy_m2, share * city.accuracy_m2) / city.area_m2


def _layers(held: Iterable[Held]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.layer for each in held))


def comparisons(plan: Plan, ruler: Ruler) -> Iterator[Comparison]:
    """
    Every figure of a plan that can be measured, in the order of the plan; the official area first, sums last.

    Parameters
    ----------
    plan
        The plan.
    ruler
        What to measure with.
    """
    square_km = parse_unit("km2")
    if plan.official_area_km2 is not None:
        stated = plan.official_area_km2
        official = Comparison(
            id="official",
            title_zh="全市面积（官方）",
            title_en="area of the city (official)",
            measure="total_area",
            state=None,
            unit=square_km.name,
            declared=stated,
            span=Span(low=stated - 0.5, high=stated + 0.5),
        )
        yield _compared(official, square_km, ruler.of(Measure(what="total_area")))
    for fact in plan.facts:
        measured = _of_fact(plan, fact, ruler)
        if measured is None:
            continue
        what = str(fact.measure) if fact.measure is not None else f"area of {fact.features[0]}"
        stated_here = Comparison(
            id=fact.id,
            title_zh=fact.title_zh,
            title_en=fact.title_en,
            measure=what,
            state=fact.state,
            unit=None if fact.unit is None else fact.unit.name,
            declared=(fact.text or "") if fact.value is None else fact.value,
            span=fact.span,
        )
        if fact.unit is None:
            yield _class_compared(stated_here, measured)
        else:
            yield _compared(stated_here, fact.unit, measured, bound=fact.bound)
    for each in plan.arithmetic:
        if each.against is not None:
            implied = Comparison(
                id=each.id,
                title_zh=each.title_zh,
                title_en=each.title_en,
                measure=str(each.against),
                state=None,
                unit=each.unit.name,
                declared=each.result,
                span=each.span,
            )
            yield _compared(implied, each.unit, _of_arithmetic(plan, each, ruler))


def _of_fact(plan: Plan, fact: Fact, ruler: Ruler) -> _Measured | None:
    """The measured side of a fact; None where the fact is not one to be measured."""
    if fact.measure is not None:
        return ruler.of(fact.measure, fact) if fact.value is not None or fact.measure.what == "class" else None
    if fact.about != "area" or fact.value is None or len(fact.features) != 1:
        return None
    one = plan.feature(fact.features[0])
    return ruler.of_feature(one) if one.stands_for == "one" and one.kind in LAYER_KINDS else None


def _of_arithmetic(plan: Plan, each: Arithmetic, ruler: Ruler) -> _Measured:
    """What the plan's numbers imply is held against a measure, or against another fact of the plan."""
    if isinstance(each.against, Measure):
        return ruler.of(each.against)
    other = plan.fact(each.against or "")
    if other.value is None or other.unit is None or other.half_unit is None:
        return _Measured(why="value_not_given")
    return _Measured(value=other.value * other.unit.factor, accuracy=other.half_unit * other.unit.factor)


def _compared(stated: Comparison, unit: Unit, measured: _Measured, *, bound: str | None = None) -> Comparison:
    """Agreement within the rounding of the declared figure and the accuracy of the measured one, added in squares."""
    if not isinstance(measured.value, float) or not isinstance(stated.declared, int | float) or stated.span is None:
        return replace(stated, why=measured.why or "value_not_given", left_out=measured.left_out)
    value, accuracy = measured.value / unit.factor, (measured.accuracy or 0.0) / unit.factor
    difference, rounding = value - stated.declared, (stated.span.high - stated.span.low) / 2
    slack = math.hypot(rounding, accuracy) + 1e-9 * abs(stated.declared)
    agrees = abs(difference) <= slack
    if bound in ("at_least", "more_than"):
        agrees = difference >= -slack
    elif bound in ("at_most", "less_than"):
        agrees = difference <= slack
    most = rounding + (measured.bound or 0.0) / unit.factor
    return replace(
        stated,
        verdict="agrees" if agrees else "differs",
        why="within_bound" if not agrees and abs(difference) <= most else None,
        measured=value,
        accuracy=accuracy,
        difference=difference,
        difference_percent=difference / stated.declared * 100 if stated.declared else None,
        layers=measured.layers,
        left_out=measured.left_out,
    )


def _class_compared(stated: Comparison, measured: _Measured) -> Comparison:
    """Water classes as words: Ⅴ, V and Ⅴ类 are one."""
    one, other = water_class_of(str(stated.declared)), water_class_of(str(measured.value or ""))
    if one is None or other is None:
        return replace(
            stated,
            why=measured.why or "not_understood",
            measured=None if measured.value is None else str(measured.value),
            layers=measured.layers,
        )
    return replace(
        stated,
        verdict="agrees" if one == other else "differs",
        measured=str(measured.value),
        layers=measured.layers,
    )


def sum_holds(plan: Plan, each: Arithmetic) -> bool | None:
    """
    Whether a sum is the figure that it is held against, by the rounding of both; None for other rules.

    Examples
    --------
    >>> from layers.plans.loading import plan
    >>> manzhouli = plan("满洲里")
    >>> [sum_holds(manzhouli, each) for each in manzhouli.arithmetic]
    [None, True, None, True]
    """
    whole = plan.fact(each.facts[0])
    if each.rule != "sum" or whole.span is None or whole.unit is None:
        return None
    factor = whole.unit.factor / each.unit.factor
    return each.span.holds(each.result) and (
        whole.span.low * factor <= each.span.high * (1 + 1e-9)
        and each.span.low <= whole.span.high * factor * (1 + 1e-9)
    )
