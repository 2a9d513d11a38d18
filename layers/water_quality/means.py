"""Yearly means of water samples, with what the detection limits leave open."""

from __future__ import annotations

import re
from collections import defaultdict
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from layers.water_quality.model import Measurement, Sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layers.water_quality.standards import Standard

__all__ = ["yearly_means"]


def yearly_means(samples: Sequence[Sample], asked: Standard) -> tuple[Sample, ...]:
    """
    The arithmetic mean of each indicator, one sample a section and year.

    Values below a detection limit count as half of it, and the mean carries the range from nought to the whole limit. A
    sample that is dry, frozen or not taken enters no mean; it is counted (``months``). A value that is missing in one
    month leaves that indicator's mean to the other months. What is given as 有 or 无 is 有 if it ever was. A value
    below a detection limit that nobody states leaves the mean of that indicator without a value.

    Parameters
    ----------
    samples
        In any order; the year is the first four-digit number of the date. A sample without one makes a mean with others
        without one.
    asked
        The standard.

    Returns
    -------
    means
        In order of first appearance. The target is kept where all agree; published classes are not.

    References
    ----------
    环办〔2011〕22号: the mean of the year's samples, arithmetic.

    Examples
    --------
    >>> from layers.water_quality.samples import samples_of_rows
    >>> from layers.water_quality.standards import standard
    >>> rows = [["断面", "月份", "氨氮mg/L"], ["甲", "2026-01", "1.0"],
    ...         ["甲", "2026-02", "0.02L"], ["甲", "2026-03", "断流"]]
    >>> found = yearly_means(samples_of_rows(rows, standard("gb3838"), file="a.csv").samples, standard("gb3838"))
    >>> str(found[0].values["ammonia_nitrogen"].value), found[0].months
    ('0.505', (2, 1))
    """
    groups: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    for one in samples:
        year = re.search(r"(?<!\d)(?:19|20)\d\d(?!\d)|(?<!\d)(?:19|20)\d\d(?=\d\d(?:\d\d)?(?!\d))", one.date)
        groups[(one.section, year[0] if year else "")].append(one)
    means = []
    for (section, dated), members in groups.items():
        taken = [one for one in members if one.values]
        codes = [one.code for one in asked.indicators if any(one.code in member.values for member in taken)]
        targets = {one.target for one in members if one.target}
        means.append(
            Sample(
                section=section,
                date=dated,
                values={code: _mean([one.values[code] for one in taken if code in one.values]) for code in codes},
                state=None if taken else next((one.state for one in members if one.state), None),
                target=targets.pop() if len(targets) == 1 else None,
                months=(len(taken), len(members) - len(taken)),
                warnings=("targets_differ",) if len(targets) > 1 else (),
            )
        )
    return tuple(means)


def _mean(values: Sequence[Measurement]) -> Measurement:
    if len(values) == 1:
        return values[0]
    count = len(values)
    below = sum(one.count_below for one in values)
    if any(one.present is not None for one in values):
        return Measurement(value=None, high=Decimal(0), present=any(one.present for one in values), count=count)
    with localcontext() as context:
        context.prec = 60

        def mean(numbers: list[Decimal]) -> Decimal:
            return sum(numbers, Decimal(0)) / count

        middle = [one.value for one in values if one.value is not None]
        return Measurement(
            value=mean(middle) if len(middle) == count else None,
            low=mean([one.low for one in values]),
            high=mean([one.high for one in values]),
            is_below=below == count,
            count=count,
            count_below=below,
        )
