"""Answers and reasons: codes with facts, in the order of the catalogue; words are made at the rim."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["ANSWERS", "COVERAGE_REASONS", "REASONS", "Answer", "Reason", "YesNo", "ordered", "strictest", "yes_no"]

Answer = Literal["hit", "uncertain", "unknown", "clear"]
YesNo = Literal["yes", "uncertain", "unknown", "no"]

ANSWERS: tuple[Answer, ...] = get_args(Answer)
"""Strictest first."""

REASONS: tuple[str, ...] = (
    "overlaps",
    "within_accuracy",
    "within_radius",
    "touches",
    "outside",
    "outside_coverage",
    "partly_outside_coverage",
    "coverage_not_stated",
    "layer_missing",
    "layer_unreadable",
    "layer_expired",
    "not_valid_yet",
    "date_missing",
    "rejected_feature_near",
    "extent_not_given",
    "site_part_rejected",
    "declared_none",
)
COVERAGE_REASONS = frozenset({"outside_coverage", "partly_outside_coverage", "coverage_not_stated"})
"""What pooling the coverages of a theme can cure."""


class Reason(NamedTuple):
    """A code of ``REASONS`` and the facts behind it."""

    code: str
    facts: tuple[tuple[str, Any], ...] = ()


def ordered(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """
    Reasons in catalogue order; equal codes keep their order.

    Examples
    --------
    >>> [r.code for r in ordered([Reason("date_missing"), Reason("overlaps")])]
    ['overlaps', 'date_missing']
    """
    return tuple(sorted(reasons, key=lambda r: REASONS.index(r.code)))


def strictest(answers: Sequence[Answer]) -> Answer:
    """
    The strictest of some answers: hit > uncertain > unknown > clear; of none, ``unknown``.

    Examples
    --------
    >>> strictest(["clear", "unknown"]), strictest([])
    ('unknown', 'unknown')
    """
    return min(answers, key=ANSWERS.index, default="unknown")


def yes_no(answer: Answer) -> YesNo:
    """The same answer to a yes-or-no question."""
    words: dict[Answer, YesNo] = {"hit": "yes", "uncertain": "uncertain", "unknown": "unknown", "clear": "no"}
    return words[answer]
