"""Ways out of a zone: the smallest shift, turn, cut or detour, each judged by the engine itself."""

from __future__ import annotations

from screening.avoidance.goals import Goal
from screening.avoidance.proposals import Cost, Proposal
from screening.avoidance.result import Avoidance, Search
from screening.avoidance.search import avoid

__all__ = ["Avoidance", "Cost", "Goal", "Proposal", "Search", "avoid"]
