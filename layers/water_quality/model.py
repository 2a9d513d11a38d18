"""
Measured values and what follows from them: the class by the worst indicator.

Values are compared as given, never rounded, and as decimal numbers, so that one that equals a limit meets it.
A value below a detection limit counts as half of the limit; its range, from nought to the limit, goes with it, and
where the range holds more than one class the result says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from layers.water_quality.standards import Indicator, Standard

__all__ = [
    "Assessment",
    "IndicatorResult",
    "Measurement",
    "Missed",
    "Published",
    "Sample",
    "judge",
    "multiple_of",
]

Missed = Literal["yes", "no", "unknown"]
_ZERO, _INF = Decimal(0), Decimal("Infinity")


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """
    A value in the unit of its indicator's limits.

    Parameters
    ----------
    value
        What is compared: the value; half the detection limit; None where neither is known.
    low, high
        Between these the true value lies: the value itself, or nought and the detection limit, or the value and
        infinity (``> 24000``); ``high`` is infinite where no detection limit is stated.
    text
        As it was written.
    is_below
        Whether it is below a detection limit (of a mean: every value was).
    present
        Of odour and visible matter: 有 or 无.
    count, count_below
        How many values a mean is made of, and how many of them were below a detection limit.
    """

    value: Decimal | None
    low: Decimal = _ZERO
    high: Decimal = _INF
    text: str = ""
    is_below: bool = False
    present: bool | None = None
    count: int = 1
    count_below: int = 0


@dataclass(frozen=True, kw_only=True)
class Published:
    """
    A class as somebody published it: kept beside the class from the values, never in its place.

    Parameters
    ----------
    class_
        Code, None if the words were not understood.
    text
        The words.
    basis
        What it rests on, as the source says it: a background taken off, a mean over other months … Blank if not said.
    """

    class_: str | None
    text: str
    basis: str = ""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """
    One sample of a section, intake or well, or the mean of several.

    Parameters
    ----------
    section, date
        As written; the date of a mean is its year.
    values
        By code of indicator.
    state
        ``dry`` (断流, 干涸), ``frozen`` or ``not_sampled`` where the row says so; None else.
    remark
        As written.
    target
        Class that is asked for, or None.
    published
        The class somebody published, or None.
    row
        Row of the table, from 1; 0 for a mean.
    months
        Of a mean: rows with values, and rows without (dry or not sampled).
    warnings
        Codes of what is odd about it.
    """

    section: str
    date: str = ""
    values: Mapping[str, Measurement] = field(default_factory=dict)
    state: str | None = None
    remark: str = ""
    target: str | None = None
    published: Published | None = None
    row: int = 0
    months: tuple[int, int] = (1, 0)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class IndicatorResult:
    """
    What one value says.

    Parameters
    ----------
    indicator, measurement
        Of what.
    class_
        Class by the value compared; None if there is no value, no limit, or one limit only.
    class_best, class_worst
        Classes of the ends of its range.
    is_met
        Of an indicator with one limit: whether it is met; None if that is not decided.
    is_reference
        Whether it is said beside and decides nothing.
    """

    indicator: Indicator
    measurement: Measurement
    class_: str | None
    class_best: str | None
    class_worst: str | None
    is_met: bool | None = None
    is_reference: bool = False

    @property
    def is_decided(self) -> bool:
        """Whether every value of its range gives the same."""
        return self.is_met is not None if self.indicator.is_single else self.class_best == self.class_worst


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """
    The class of one sample, and how far it can be trusted.

    Parameters
    ----------
    standard, body, sample
        What was assessed by what; ``body`` is blank for groundwater.
    is_assessed
        False for a dry or empty sample: then there is no class, and ``reason`` says why (``dry``, ``frozen``,
        ``not_sampled``, ``no_values``).
    class_raw
        From the values; the worst indicator decides.
    class_is_lower_bound
        Whether the true class may be worse: indicators are missing, or a value may be worse than it was counted (never
        of the worst class there is).
    worst
        Codes of all indicators of that class, where it is worse than the best.
    results, reference
        One a value; the second decide nothing.
    missing
        Codes of indicators that the standard asks for and the sample has not.
    undecided
        Codes whose class the detection limit (or a value over the range of the method) does not decide.
    not_met
        Codes of indicators with one limit that do not meet it.
    target_missed, published_missed
        Whether the target is missed by ``class_raw`` and ``not_met``, and by the published class; ``unknown`` where
        there is no target or class, or where what is missing may decide.
    exceedances
        Code and multiple (C/S - 1 against the target) of what is worse than the target; pH, dissolved oxygen and what
        is not a number have no multiple.
    main_pollutants
        Surface water worse than III: up to three codes.
    """

    standard: Standard
    body: str
    sample: Sample
    is_assessed: bool
    reason: str | None = None
    class_raw: str | None = None
    class_is_lower_bound: bool = True
    worst: tuple[str, ...] = ()
    results: tuple[IndicatorResult, ...] = ()
    reference: tuple[IndicatorResult, ...] = ()
    missing: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    not_met: tuple[str, ...] = ()
    target_missed: Missed = "unknown"
    published_missed: Missed = "unknown"
    exceedances: tuple[tuple[str, Decimal | None], ...] = ()
    main_pollutants: tuple[str, ...] = ()


def _result(asked: Standard, indicator: Indicator, measured: Measurement, *, reference: bool) -> IndicatorResult:
    def made(place: int | None, best: int | None, worst: int | None, *, met: bool | None = None) -> IndicatorResult:
        names = [None if at is None else asked.classes[at] for at in (place, best, worst)]
        return IndicatorResult(
            indicator=indicator,
            measurement=measured,
            class_=names[0],
            class_best=names[1],
            class_worst=names[2],
            is_met=met,
            is_reference=reference,
        )

    last = len(asked.classes) - 1
    if indicator.rule == "none":
        return made(None, None, None)
    if indicator.rule == "absent":
        at = None if measured.present is None else last * measured.present
        return made(at, at, at)
    if indicator.is_single:
        best, worst = indicator.span(measured.low, measured.high)
        met = (worst == 0) if measured.value is None else indicator.place(measured.value) == 0
        return made(None, None, None, met=met if best == worst else None)
    if measured.is_below and indicator.not_detected:
        return made(0, 0, 0)
    best, worst = indicator.span(measured.low, measured.high)
    return made(None if measured.value is None else indicator.place(measured.value), best, worst)


def multiple_of(result: IndicatorResult, target: int) -> Decimal | None:
    """
    How many times over the limit of a class a value is, C/S - 1; None where that is not computed.

    Parameters
    ----------
    result
        Of the value.
    target
        Place of the class, from 0.

    References
    ----------
    环办〔2011〕22号: none for water temperature, pH and dissolved oxygen.
    """
    indicator, value = result.indicator, result.measurement.value
    if not indicator.has_multiple or indicator.rule != "max" or value is None:
        return None
    limit = indicator.limits[0 if indicator.is_single else min(target, len(indicator.limits) - 1)]
    return None if limit == 0 or not limit.is_finite() else value / limit - 1


def judge(
    asked: Standard,
    sample: Sample,
    *,
    required: Sequence[Indicator],
    optional: Sequence[Indicator] = (),
    reference: Sequence[Indicator] = (),
    body: str = "",
    target: str | None = None,
) -> Assessment:
    """
    The class of a sample by the worst of its indicators.

    Use `layers.water_quality.surface.assess` or `layers.water_quality.groundwater.assess`, which know what to ask for.

    Parameters
    ----------
    asked
        The standard.
    sample
        Values in the units of the limits.
    required, optional, reference
        What decides and is missing where there is no value; what decides where there is one; what is said beside.
    body
        Kind of water body, for the record.
    target
        Class that is asked for; default: the sample's own.

    Returns
    -------
    assessment
        Never a class out of nothing: a sample without a value that decides is not assessed.
    """
    target = target or sample.target
    deciding = tuple(
        _result(asked, one, sample.values[one.code], reference=False)
        for one in (*required, *optional)
        if one.code in sample.values
    )
    beside = tuple(
        _result(asked, one, sample.values[one.code], reference=True) for one in reference if one.code in sample.values
    )
    missing = tuple(one.code for one in required if one.code not in sample.values)
    published_missed = _missed(asked, None if sample.published is None else sample.published.class_, target)
    if not any(one.class_ is not None or one.is_met is not None for one in deciding):
        return Assessment(
            standard=asked,
            body=body,
            sample=sample,
            is_assessed=False,
            reason=sample.state or "no_values",
            results=deciding,
            reference=beside,
            missing=missing,
            undecided=tuple(one.indicator.code for one in deciding if not one.is_decided),
            published_missed=published_missed,
        )
    order = asked.classes.index
    places = [order(one.class_) for one in deciding if one.class_ is not None]
    worst_place = max(places, default=None)
    class_raw = None if worst_place is None else asked.classes[worst_place]
    undecided = tuple(one.indicator.code for one in deciding if not one.is_decided)
    at_worst = max((order(one.class_worst) for one in deciding if one.class_worst is not None), default=0)
    can_be = worst_place is None or worst_place < len(asked.classes) - 1
    may_be_worse = can_be and (bool(missing) or worst_place is None or at_worst > worst_place)
    not_met = tuple(one.indicator.code for one in deciding if one.is_met is False)
    missed = _missed(asked, class_raw, target)
    singles_open = any(one.indicator.is_single and one.is_met is None for one in deciding)
    if target is None:
        missed = "unknown"
    elif not_met:
        missed = "yes"
    elif missed == "no" and (missing or at_worst > order(target) or singles_open):
        missed = "unknown"
    over = () if target is None else _exceedances(deciding, asked, target)
    return Assessment(
        standard=asked,
        body=body,
        sample=sample,
        is_assessed=True,
        class_raw=class_raw,
        class_is_lower_bound=may_be_worse,
        worst=tuple(one.indicator.code for one in deciding if class_raw == one.class_) if worst_place else (),
        results=deciding,
        reference=beside,
        missing=missing,
        undecided=undecided,
        not_met=not_met,
        target_missed=missed,
        published_missed=published_missed,
        exceedances=over,
    )


def _missed(asked: Standard, class_: str | None, target: str | None) -> Missed:
    if class_ is None or target is None:
        return "unknown"
    return "yes" if asked.worse(class_, target) else "no"


def _exceedances(
    results: Sequence[IndicatorResult], asked: Standard, target: str
) -> tuple[tuple[str, Decimal | None], ...]:
    at = asked.classes.index(target)
    return tuple(
        (one.indicator.code, multiple_of(one, at))
        for one in results
        if one.is_met is False or (one.class_ is not None and asked.worse(one.class_, target))
    )
