"""Clauses that apply at once and contradict each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layers.workspace.canonical_json import canonical_json
from screening.rules.model import ActivityLeaf, IndustryLeaf, KindLeaf, NearLeaf, UnitLeaf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from screening.rules.ruling import ClauseRuling

__all__ = ["conflicts_of"]

_PERMITS = frozenset({"restricted", "needs_approval"})


def _subjects(row: ClauseRuling) -> set[tuple[str, str]]:
    """
    What a clause that applies is about: the kinds and classes, places and units it rests on; of a clause that rests on
    no place its activities and industries.
    """
    places: set[tuple[str, str]] = set()
    projects: set[tuple[str, str]] = set()
    for one in row.leaves:
        if one.denied or one.said.truth != "yes":
            continue
        leaf = one.leaf
        if isinstance(leaf, KindLeaf):
            places |= {(leaf.kind, word) for word in (*leaf.classes, *leaf.words)} or {(leaf.kind, "")}
        elif isinstance(leaf, NearLeaf):
            places |= {("near", word) for word in leaf.words}
        elif isinstance(leaf, UnitLeaf):
            places |= {("unit", code) for code in leaf.codes}
        elif isinstance(leaf, ActivityLeaf):
            projects |= {("activity", tag) for tag in leaf.tags}
        elif isinstance(leaf, IndustryLeaf):
            projects |= {("industry", code) for code in leaf.codes}
    return places or projects


def _common(one: set[tuple[str, str]], other: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """Subjects that both are about; a kind without a class is about all its classes."""
    found = set(one & other)
    for mine, theirs in ((one, other), (other, one)):
        found |= {(kind, word) for kind, word in theirs if (kind, "") in mine}
    return sorted(found)


def conflicts_of(clauses: Sequence[ClauseRuling]) -> list[dict[str, Any]]:
    """
    Pairs of clauses that apply at once and contradict: same heading, a common subject, one prohibits and the other lets
    through under conditions (restricted, needs approval, or information that permits). Both stay; the stricter first.
    """
    applying = [row for row in clauses if row.state == "applies"]
    found = []
    for row in applying:
        if row.clause.consequence != "prohibited":
            continue
        for other in applying:
            lets_through = other.clause.consequence in _PERMITS or other.clause.permits
            if not lets_through or other.clause.heading != row.clause.heading:
                continue
            common = _common(_subjects(row), _subjects(other))
            if common:
                found.append(
                    {
                        "heading": row.clause.heading,
                        "clauses": [row.clause.id, other.clause.id],
                        "subjects": [{"what": what, "value": value} for what, value in common],
                    }
                )
    return sorted(found, key=canonical_json)
