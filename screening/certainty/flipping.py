"""How many metres of error would change a layer's answer, what it would become, and what it would be that changes it.

Along a growing accuracy a an answer goes one way only: ``hit`` or ``clear`` → (``unknown``) → ``uncertain``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from screening.certainty.probing import LEAST_M
from screening.findings import floor_mm

if TYPE_CHECKING:
    from collections.abc import Callable

    from screening.certainty.probing import Probe
    from screening.findings import LayerAnswer
    from screening.reasons import Answer
    from screening.verdict import Finding

__all__ = ["CAUSES", "MOST_M", "Flip", "flips_of"]

MOST_M = 1_000.0
"""Errors beyond this are not tried: the flip is then said to be at least this."""
STEP_M = 0.01
"""What a bisection comes down to."""
MM = 0.001

CAUSES: dict[str, str] = {
    "within_accuracy": "zone",
    "within_radius": "zone",
    "outside_coverage": "coverage_edge",
    "partly_outside_coverage": "coverage_edge",
    "rejected_feature_near": "rejected_feature",
    "extent_not_given": "feature_without_extent",
    "layer_expired": "expired_unit",
}
"""What a reason that appears on the way says of what changed the answer."""


@dataclass(frozen=True, kw_only=True)
class Flip:
    """
    One change of a layer's answer along the accuracy.

    Attributes
    ----------
    error
        ``more``: the answer changes where the error exceeds ``metres``; ``less``: where it is known to be smaller.
    metres
        Rounded down: below it nothing changes (``more``), or below it the answer is ``to`` (``less``). None where it is
        further than is looked.
    bound
        ``exact``; or ``at_least`` where the true figure may be greater (a hold is a proof, not a measurement).
    to
        The answer that it becomes.
    by
        A value of ``CAUSES``: ``zone``, ``coverage_edge`` …
    """

    error: Literal["more", "less"]
    metres: float
    bound: Literal["exact", "at_least"]
    to: Answer
    by: str

    def to_dict(self) -> dict[str, Any]:
        """JSON of one flip."""
        return {"error": self.error, "metres": self.metres, "bound": self.bound, "to": self.to, "by": self.by}


def flips_of(finding: Finding, probe: Probe) -> tuple[Flip, ...]:
    """
    Where the answer of one finding changes: with less error first, then with more.

    Use it for every finding of a readable protective layer. A ``hit`` changes beyond its hold: the proved
    ``hold_at_least_m`` where it was asked for (``--stability``), else a itself, which it has been proved to exceed.
    ``clear`` changes at gap - R or where the edge of the coverage comes within c + a + R, whichever is nearer, or where
    a rejected feature or one without extent comes near. ``uncertain`` becomes ``clear`` below gap - R, or ``hit`` below
    the greatest a at which the overlap is still proved.

    Parameters
    ----------
    finding
        As in the verdict.
    probe
        Its layer.

    Returns
    -------
    flips
        Empty where no error of any size changes the answer.
    """
    answer = finding.answer
    if answer == "hit":
        held = max(finding.hold_at_least_m or 0.0, floor_mm(finding.accuracy_m or 0.0))
        return (Flip(error="more", metres=held, bound="at_least", to="uncertain", by="zone"),)
    if answer == "clear":
        return _less_room(probe, _thresholds(finding, probe))
    found = _with_less_error(finding, probe)
    gap = _to_zone(finding, probe)
    if answer == "unknown" and gap is not None and gap > 0:
        found += (_flip("more", gap, "uncertain", "zone"),)
    return found


def _to_zone(finding: Finding, probe: Probe) -> float | None:
    """The gap less R: how far the site may be off before it might reach a zone."""
    known = finding.gap_m is not None and math.isfinite(finding.gap_m)
    return (finding.gap_m or 0.0) - probe.question.radius_m if known else None


def _to_edge(probe: Probe) -> float | None:
    """The distance to the edge of the coverage less c and R; None where the site is not inside one."""
    cover = probe.at(LEAST_M).cover
    if cover is None or not cover.inside:
        return None
    return floor_mm(cover.edge_m) - (probe.layer.card.coverage_accuracy_m or 0.0) - probe.question.radius_m


def _thresholds(finding: Finding, probe: Probe) -> list[tuple[float, Answer, str]]:
    """What is known without trying, nearest first: to the zone, to the edge of the coverage."""
    found: list[tuple[float, Answer, str]] = []
    gap, edge = _to_zone(finding, probe), _to_edge(probe)
    if gap is not None:
        found.append((gap, "uncertain", "zone"))
    if edge is not None:
        found.append((edge, "unknown", "coverage_edge"))
    return sorted(found, key=lambda t: t[0])


def _less_room(probe: Probe, thresholds: list[tuple[float, Answer, str]]) -> tuple[Flip, ...]:
    """Of ``clear``: the nearest threshold, if the answer really stands up to it; else where it falls before."""
    metres, to, by = thresholds[0] if thresholds else (math.inf, "unknown", "coverage_edge")
    tried = min(metres, MOST_M) - MM
    if probe.at(max(tried, LEAST_M)).answer == "clear":
        return (_flip("more", metres, to, by),)
    low = bisected(lambda a: probe.at(a).answer == "clear", LEAST_M, tried)
    after = probe.at(round(low + STEP_M, 2))
    return (Flip(error="more", metres=low, bound="at_least", to=after.answer, by=cause_between(probe.at(low), after)),)


def _flip(error: Literal["more", "less"], metres: float, to: Answer, by: str) -> Flip:
    if metres > MOST_M:
        return Flip(error=error, metres=MOST_M, bound="at_least", to=to, by=by)
    return Flip(error=error, metres=floor_mm(metres), bound="exact", to=to, by=by)


def _with_less_error(finding: Finding, probe: Probe) -> tuple[Flip, ...]:
    """Of ``uncertain`` and ``unknown``: the accuracy below which it is another answer, if there is one."""
    best = probe.at(LEAST_M)
    if best.answer == finding.answer:
        return ()
    widest = probe.widest_m
    if best.answer != "hit":
        # clear as far as nothing on the way forbids it; unknown as far as only the zone was near
        known = [t for t in _thresholds(finding, probe) if best.answer == "clear" or t[2] == "zone"]
        metres, _, by = known[0] if known else (math.inf, "unknown", "coverage_edge")
        below = metres - MM
        if LEAST_M <= below <= MOST_M and probe.at(below).answer == best.answer:
            return (_flip("less", metres, best.answer, by),)
    low = bisected(lambda a: probe.at(a).answer == best.answer, LEAST_M, widest)
    cause = "zone" if best.answer == "hit" else cause_between(best, probe.at(widest))
    return (Flip(error="less", metres=low, bound="at_least", to=best.answer, by=cause),)


def bisected(holds: Callable[[float], bool], low: float, high: float) -> float:
    """
    The greatest accuracy up to which something holds, on a grid of 1 cm, rounded down; it holds at ``low``.

    Examples
    --------
    >>> bisected(lambda a: a < 3.14159, 0.05, 50.0)
    3.14
    """
    first, last = math.ceil(low / STEP_M - 1e-9), math.ceil(high / STEP_M - 1e-9)
    while last - first > 1:
        middle = (first + last) // 2
        first, last = (middle, last) if holds(round(middle * STEP_M, 2)) else (first, middle)
    return round(first * STEP_M, 2)


def cause_between(before: LayerAnswer, after: LayerAnswer) -> str:
    """What changed an answer between two accuracies: that of the first reason that was not there before."""
    known = {reason.code for reason in before.reasons}
    new = [reason.code for reason in after.reasons if reason.code not in known]
    return next((CAUSES[code] for code in new if code in CAUSES), "zone")
