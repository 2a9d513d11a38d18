"""
Surface water: GB 3838-2002, and the circular 环办〔2011〕22号 on how it is applied.

Rivers, lakes and reservoirs: 21 indicators decide (table 1 without water temperature, total nitrogen and faecal
coliforms, which are said beside). Intakes of drinking water: table 1 without chemical oxygen demand too (it decides
where it is given), the five indicators of table 2, which are met or not, and those of table 3 that the sample has
values for: which of its 80 an authority asks for is its choice, so none is ever missing.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from layers.water_quality.model import judge, multiple_of
from layers.water_quality.standards import standard

if TYPE_CHECKING:
    from layers.water_quality.model import Assessment, IndicatorResult, Sample
    from layers.water_quality.standards import Indicator

__all__ = ["BODIES", "Body", "assess", "condition"]

Body = Literal["river", "lake", "intake", "lake_intake"]
BODIES: tuple[Body, ...] = ("river", "lake", "intake", "lake_intake")
"""River; lake or reservoir; drinking-water intake on a river; on a lake or reservoir."""

_CONDITIONS = {
    "I": "excellent",
    "II": "excellent",
    "III": "good",
    "IV": "light_pollution",
    "V": "medium_pollution",
    "VI": "heavy_pollution",
}
_MAIN_FROM = 2  # worse than class III


def assess(sample: Sample, *, body: Body = "river", target: str | None = None) -> Assessment:
    """
    The class of a sample of surface water.

    Parameters
    ----------
    sample
        From `layers.water_quality.samples`; values in the units of the limits.
    body
        Kind of water body; total phosphorus and total nitrogen have other limits in lakes and reservoirs.
    target
        Class that is asked for (``III``); default: the sample's own.

    Returns
    -------
    assessment
        ``VI`` is worse than class V (劣Ⅴ).

    References
    ----------
    GB 3838-2002, tables 1 to 3; 环办〔2011〕22号.

    Examples
    --------
    >>> from layers.water_quality.model import Sample
    >>> from layers.water_quality.samples import measured
    >>> values = {"ammonia_nitrogen": measured("1.2"), "do": measured("6.8"), "mercury": measured("0.00004L")}
    >>> found = assess(Sample(section="某断面", values=values), target="III")
    >>> found.class_raw, found.worst, found.class_is_lower_bound, len(found.missing), found.target_missed
    ('IV', ('ammonia_nitrogen',), True, 18, 'yes')
    """
    asked = standard("gb3838")
    is_lake, is_intake = body in ("lake", "lake_intake"), body in ("intake", "lake_intake")
    rows = [_of_body(one, is_lake=is_lake) for one in asked.indicators]
    first = [one for one in rows if one.table == 1]
    required = [one for one in first if one.group == "assessed" and not (is_intake and one.code == "cod")]
    optional: list[Indicator] = []
    if is_intake:
        required += [one for one in rows if one.table == 2]
        optional = [one for one in rows if one.table == 3 or one.code == "cod"]
    reference = [one for one in first if one.group != "assessed"]
    found = judge(asked, sample, required=required, optional=optional, reference=reference, body=body, target=target)
    return replace(found, main_pollutants=_main_pollutants(found))


def condition(class_: str) -> str:
    """
    Condition of a section by its class: ``excellent``, ``good``, ``light_pollution``, ``medium_``, ``heavy_pollution``.

    Examples
    --------
    >>> condition("II"), condition("VI")
    ('excellent', 'heavy_pollution')
    """
    return _CONDITIONS[class_]


def _of_body(indicator: Indicator, *, is_lake: bool) -> Indicator:
    if is_lake and indicator.limits_lake:
        return replace(indicator, limits=indicator.limits_lake)
    if indicator.group == "lake_reference" and not is_lake:
        return replace(indicator, rule="none", limits=())
    return indicator


def _main_pollutants(found: Assessment) -> tuple[str, ...]:
    """Worse than III: cyanide and heavy metals first, then the worst classes, within a class the greatest multiple."""
    order = found.standard.classes.index
    over = [one for one in found.results if one.class_ is not None and order(one.class_) > _MAIN_FROM]

    def rank(one: IndicatorResult) -> tuple[bool, int, Decimal]:
        multiple = multiple_of(one, _MAIN_FROM)
        return not one.indicator.is_metal, -order(one.class_ or "I"), -(multiple or Decimal(0))

    return tuple(one.indicator.code for one in sorted(over, key=rank)[:3])
