"""What the project is, as far as rules ask: its activity, its industry, its scale, and facts only its owner knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Fact", "Project"]

Fact = bool | float | str


@dataclass(frozen=True, kw_only=True)
class Project:
    """
    What rules may ask of a project beyond where it lies; nothing is assumed of what is not stated.

    Attributes
    ----------
    activities
        Tags of ``data/rules/activities.toml`` (``tailings_pond``), sorted.
    industry
        Code of GB/T 4754: a section letter or two to four digits, as given; None where not stated.
    facts
        Sizes and answers by key: ``water_m3_per_year = 50000.0``, ``new_land = True``.
    """

    activities: tuple[str, ...] = ()
    industry: str | None = None
    facts: dict[str, Fact] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """JSON of the project; the same project gives the same text."""
        return {
            "activities": sorted(self.activities),
            "industry": self.industry,
            "facts": dict(sorted(self.facts.items())),
        }

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> Project:
        """The project of a document that `to_dict` wrote."""
        return cls(
            activities=tuple(document["activities"]), industry=document["industry"], facts=dict(document["facts"])
        )
