"""The answer and the overlap at accuracies from 0.05 to 50 m, and where the answer changes between them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from screening.certainty.overlapping import Interval, SiteOverlap
    from screening.reasons import Answer

__all__ = ["ACCURACIES_M", "STEP_M", "changes_along", "proved", "widening"]

ACCURACIES_M = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 15.0, 20.0, 30.0, 50.0)
"""Combined accuracies that are tried, metres."""
STEP_M = 0.1
"""How closely a change of the answer is enclosed, metres."""


def proved(answer: Callable[[float], Answer]) -> Callable[[float], Answer]:
    """
    An answer along the accuracy in which a hit once proved stays proved at every smaller accuracy.

    A hit at a says that no shift up to a parts site and zone, so it holds of every smaller one, too. The engine's proof
    at a smaller a may still fail (seen in 1 of 500 made cases): it tries other shifts there.

    Examples
    --------
    >>> direct = {0.05: "hit", 1.0: "uncertain", 2.0: "hit"}
    >>> [proved(lambda a: direct.get(a, "uncertain"))(a) for a in (0.05, 1.0, 2.0, 3.0)]
    ['hit', 'hit', 'hit', 'uncertain']
    """
    hits = [a for a in ACCURACIES_M if answer(a) == "hit"]
    farthest = max(hits, default=0.0)
    return lambda a: "hit" if a <= farthest else answer(a)


def changes_along(answer: Callable[[float], Answer]) -> list[dict[str, Any]]:
    """
    Every change of an answer between the accuracies tried, enclosed to 0.1 m by bisection.

    Parameters
    ----------
    answer
        The answer at a combined accuracy in metres.

    Returns
    -------
    changes
        In order: ``from`` holds at ``holds_at_m``, ``to`` at ``changed_at_m``, at most 0.1 m greater.

    Examples
    --------
    >>> changes_along(lambda a: "hit" if a < 7.3 else "uncertain")
    [{'from': 'hit', 'to': 'uncertain', 'holds_at_m': 7.27, 'changed_at_m': 7.35}]
    """
    found: list[dict[str, Any]] = []
    for low, high in itertools.pairwise(ACCURACIES_M):
        found += _enclosed(answer, low, high)
    return found


def _enclosed(answer: Callable[[float], Answer], low: float, high: float) -> list[dict[str, Any]]:
    before, after = answer(low), answer(high)
    if before == after:
        return []
    if high - low <= STEP_M + 1e-9:
        return [{"from": before, "to": after, "holds_at_m": low, "changed_at_m": high}]
    middle = round((low + high) / 2, 2)
    return _enclosed(answer, low, middle) + _enclosed(answer, middle, high)


def widening(overlap: SiteOverlap) -> tuple[list[Interval | None], list[Interval | None]]:
    """
    The overlap's area and length at every accuracy tried; an interval never narrows as the accuracy gets worse.

    Returns
    -------
    areas, lengths
        One for each of ``ACCURACIES_M``; None for a site without area, or without lines.
    """
    return _nested([overlap.area_m2(a) for a in ACCURACIES_M]), _nested([overlap.length_m(a) for a in ACCURACIES_M])


def _nested(intervals: list[Interval | None]) -> list[Interval | None]:
    """Each holds the ones before it: what is true at a smaller accuracy is one of the possibilities at a greater."""
    found: list[Interval | None] = []
    held: Interval | None = None
    for one in intervals:
        if one is not None:
            held = one if held is None else (min(held[0], one[0]), max(held[1], one[1]))
        found.append(None if one is None else held)
    return found
