"""
The register of a plan as JSON: every fact with value, unit, the plan's own words and their line.

Codes and numbers only, as everywhere; titles are in both languages because they are data of the plan's files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layers.plans.comparing import sum_holds
from layers.plans.loading import CITIES, requirements

if TYPE_CHECKING:
    from layers.plans.comparing import Comparison
    from layers.plans.model import Arithmetic, Conflict, Fact, Indicator, Plan, Requirement
    from layers.plans.quantities import Span
    from layers.plans.register import FeatureStanding, PlanRegister

__all__ = ["register_document", "requirements_of"]


def register_document(register: PlanRegister) -> dict[str, Any]:
    """
    A register as plain values, ready for JSON.

    Use it for ``sanxian plan CITY --json``; keys may be added, none is renamed. Areas are square metres where the key
    says so, else in the unit beside them.

    Parameters
    ----------
    register
        Of ``layers.plans.register.register``.

    Examples
    --------
    >>> from layers.plans.loading import plan
    >>> from layers.plans.register import register
    >>> fact = register_document(register(plan("满洲里")))["facts"][5]
    >>> fact["value"], fact["unit"], fact["lines"], fact["quote"]
    (71.39, 'km2', [7], '全市71.39平方公里的国土面积划入生态保护红线')
    """
    plan, city = register.plan, register.city
    return {
        "schema_version": "1.0",
        "city": {"key": plan.key, "zh": plan.city, "en": plan.english, "districts": list(plan.districts)},
        "plan": {"title": plan.title, "lines": plan.lines},
        "as_of": register.as_of,
        "area": None
        if city is None
        else {
            "measured_m2": city.area_m2,
            "accuracy_m2": city.accuracy_m2,
            "outline_accuracy_m": city.accuracy_m,
            "official_km2": plan.official_area_km2,
            "official_source": plan.official_area_source,
            "source": city.source,
            "districts": [{"code": code, "name": name, "area_m2": area} for code, name, area in city.parts],
        },
        "unreadable_layers": list(register.unreadable),
        "features": [_feature(each) for each in register.features],
        "comparisons": [_comparison(each) for each in register.comparisons],
        "facts": [_fact(each) for each in plan.facts],
        "arithmetic": [_arithmetic(plan, each) for each in plan.arithmetic],
        "indicators": [_indicator(each) for each in plan.indicators],
        "conflicts": [_conflict(each) for each in plan.conflicts],
        "requirements": [
            _requirement(each, [f.id for f in plan.facts if each.id in f.requirements])
            for each in requirements_of(plan)
        ],
    }


def requirements_of(plan: Plan) -> tuple[Requirement, ...]:
    """The requirements of the pair of cities that a plan belongs to."""
    return tuple(each for each in requirements().values() if plan.key in each.cities)


def _feature(standing: FeatureStanding) -> dict[str, Any]:
    feature = standing.feature
    return {
        "id": feature.id,
        "name": feature.name,
        "english": feature.english,
        "kind": feature.kind,
        "stands_for": feature.stands_for,
        "aliases": list(feature.aliases),
        "level": feature.level,
        "status": feature.status,
        "class": feature.class_,
        "note_zh": feature.note_zh,
        "note_en": feature.note_en,
        "conflict": feature.conflict,
        "standing": standing.status,
        "without_place": standing.without_place,
        "located": [
            {
                "layer": each.layer,
                "name": each.name,
                "georeference_method": each.method,
                "accuracy_m": each.accuracy_m,
                "indicative": each.indicative,
                "area_m2": each.area_m2,
            }
            for each in standing.located
        ],
    }


def _span(span: Span | None) -> list[float] | None:
    return None if span is None else [span.low, span.high]


def _comparison(each: Comparison) -> dict[str, Any]:
    return {
        "id": each.id,
        "title_zh": each.title_zh,
        "title_en": each.title_en,
        "measure": each.measure,
        "state": each.state,
        "unit": each.unit,
        "declared": each.declared,
        "declared_span": _span(each.span),
        "measured": each.measured,
        "accuracy": each.accuracy,
        "difference": each.difference,
        "difference_percent": each.difference_percent,
        "verdict": each.verdict,
        "why": each.why,
        "layers": list(each.layers),
        "left_out": each.left_out,
    }


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "id": fact.id,
        "section": fact.section,
        "about": fact.about,
        "title_zh": fact.title_zh,
        "title_en": fact.title_en,
        "features": list(fact.features),
        "value": fact.value,
        "unit": None if fact.unit is None else fact.unit.name,
        "unit_text": fact.unit_text,
        "bound": fact.bound,
        "text": fact.text,
        "state": fact.state,
        "year": fact.year,
        "lines": list(fact.lines),
        "quote": fact.quote,
        "half_unit": fact.half_unit,
        "requirements": list(fact.requirements),
        "measure": None if fact.measure is None else str(fact.measure),
        "conflict": fact.conflict,
        "note_zh": fact.note_zh,
        "note_en": fact.note_en,
    }


def _arithmetic(plan: Plan, each: Arithmetic) -> dict[str, Any]:
    return {
        "id": each.id,
        "rule": each.rule,
        "facts": list(each.facts),
        "result": each.result,
        "unit": each.unit.name,
        "span": _span(each.span),
        "holds": sum_holds(plan, each),
        "against": None if each.against is None else str(each.against),
        "title_zh": each.title_zh,
        "title_en": each.title_en,
        "note_zh": each.note_zh,
        "note_en": each.note_en,
    }


def _indicator(row: Indicator) -> dict[str, Any]:
    return {
        "no": row.no,
        "name": row.name,
        "unit": row.unit,
        "baseline": row.baseline,
        "baseline_value": row.baseline_value,
        "target": row.target,
        "target_value": row.target_value,
        "nature": row.nature,
        "lines": list(row.lines),
        "conflict": row.conflict,
        "note_zh": row.note_zh,
        "note_en": row.note_en,
    }


def _conflict(each: Conflict) -> dict[str, Any]:
    return {
        "id": each.id,
        "facts": list(each.facts),
        "indicators": list(each.indicators),
        "zh": each.zh,
        "en": each.en,
    }


def _requirement(each: Requirement, facts: list[str]) -> dict[str, Any]:
    names = {city.key: city.zh for city in CITIES}
    return {
        "id": each.id,
        "cities": [names[key] for key in each.cities],
        "title_zh": each.title_zh,
        "title_en": each.title_en,
        "facts": facts,
    }
