"""What a search for ways out gives: the proposals, and how each way was searched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from screening.avoidance.goals import Goal
    from screening.avoidance.proposals import Proposal, Way
    from screening.site import Site
    from screening.verdict import Verdict

__all__ = ["Avoidance", "Search"]


@dataclass(frozen=True, kw_only=True)
class Search:
    """
    How one way was searched, and with what success.

    ``proved`` says of a search without success that there is none: for shifts, at no place of the grid; for detours, no
    line at all within the distance. ``facts`` are its figures, JSON-ready.
    """

    way: Way
    found: int
    proved: bool | None
    goals: tuple[Goal, ...]
    reason: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """JSON of a search."""
        return {
            "way": self.way,
            "found": self.found,
            "none_proved": self.proved,
            "reason": self.reason,
            "goals": [goal.to_dict() for goal in self.goals],
            **self.facts,
        }


@dataclass(frozen=True, kw_only=True)
class Avoidance:
    """
    The ways out for one site, the least costly of each way first.

    Attributes
    ----------
    verdict
        Of the site where it lies now.
    goals
        What is to be clear, and the best that can be reached anywhere: by the data, not by the place.
    proposals
        Each judged by the engine; none of them bettered by another.
    searches
        What was searched, how finely, and where there is nothing to be found.
    refused
        How many drawn ways the engine did not agree with; none of them is listed.
    """

    site: Site
    verdict: Verdict
    goals: tuple[Goal, ...]
    within_m: float
    proposals: tuple[Proposal, ...]
    searches: tuple[Search, ...]
    refused: int = 0

    @property
    def needed(self) -> bool:
        """Whether any goal is not met where the site lies now."""
        return any(not goal.met(goal.now) for goal in self.goals)

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON; no word in it says that anything is allowed."""
        verdict = self.verdict
        return {
            "schema_version": "1.0",
            "as_of": verdict.as_of,
            "site": verdict.site,
            "now": {"answer": verdict.answer, "kinds": dict(verdict.kinds)},
            "within_m": self.within_m,
            "needed": self.needed,
            "goals": [goal.to_dict() for goal in self.goals],
            "proposals": [p.to_dict(number) for number, p in enumerate(self.proposals, start=1)],
            "searches": [search.to_dict() for search in self.searches],
            "refused_by_engine": self.refused,
            "layers": list(verdict.layers),
        }
