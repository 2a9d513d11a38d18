"""What would have to be known to decide the clauses that are open, each question once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layers.workspace.canonical_json import canonical_json
from screening.rules.model import (
    CONSEQUENCES,
    ActivityLeaf,
    AnswerLeaf,
    DistrictLeaf,
    FactLeaf,
    IndustryLeaf,
    KindLeaf,
    ModeLeaf,
    NearLeaf,
    UnitLeaf,
    UseLeaf,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from screening.rules.matching import LeafSaid
    from screening.rules.model import Consequence

__all__ = ["questions_of"]


def questions_of(asked: Sequence[tuple[str, Consequence, Sequence[LeafSaid]]]) -> tuple[dict[str, Any], ...]:
    """
    The questions that decide some clauses.

    Parameters
    ----------
    asked
        Clause id, its consequence, and its leaves.

    Returns
    -------
    questions
        ``{"code", …subject, "strictest", "clauses"}``; those that decide the strictest clauses first. Codes:
        ``load_layer`` (kind, words), ``settle_boundary`` and ``confirm_class`` (kind, class), ``confirm_district``,
        ``confirm_unit``, ``activity`` (tag), ``industry`` (value), ``fact`` (key), ``mode``, ``use``.
    """
    found: dict[bytes, dict[str, Any]] = {}
    for clause, consequence, leaves in asked:
        for one in leaves:
            if one.said.truth != "open":
                continue
            for question in _of(one):
                kept = found.setdefault(canonical_json(question), {**question, "strictest": consequence, "clauses": []})
                kept["strictest"] = min(kept["strictest"], consequence, key=CONSEQUENCES.index)
                if clause not in kept["clauses"]:
                    kept["clauses"].append(clause)
    for question in found.values():
        question["clauses"].sort()
    return tuple(sorted(found.values(), key=lambda q: (CONSEQUENCES.index(q["strictest"]), canonical_json(q))))


def _of(one: LeafSaid) -> Iterator[dict[str, Any]]:
    leaf, why = one.leaf, one.said.why
    if isinstance(leaf, KindLeaf):
        about = {"kind": leaf.kind, "class": list(leaf.classes), "name": list(leaf.names), "words": list(leaf.words)}
        code = {"uncertain": "settle_boundary", "class_unconfirmed": "confirm_class"}.get(why or "", "load_layer")
        if code == "load_layer":
            about = {"kind": leaf.kind, "words": list(leaf.words)}
        yield {"code": code, **about}
    elif isinstance(leaf, AnswerLeaf):
        code = "settle_boundary" if why == "uncertain" else "load_layer"
        yield {"code": code, "kind": leaf.kind, "words": []} | (
            {"class": [], "name": []} if code == "settle_boundary" else {}
        )
    elif isinstance(leaf, NearLeaf):
        yield {"code": "fact", "key": f"distance_m:{leaf.words[0]}"}
    elif isinstance(leaf, DistrictLeaf):
        yield {"code": "confirm_district", "districts": sorted(leaf.codes)}
    elif isinstance(leaf, UnitLeaf):
        yield {"code": "confirm_unit", "units": sorted(leaf.codes)}
    elif isinstance(leaf, ActivityLeaf):
        yield from ({"code": "activity", "tag": tag} for tag in leaf.tags)
    elif isinstance(leaf, IndustryLeaf):
        yield from ({"code": "industry", "value": code} for code in leaf.codes)
    elif isinstance(leaf, FactLeaf):
        yield {"code": "fact", "key": leaf.key}
    elif isinstance(leaf, ModeLeaf):
        yield {"code": "mode", "modes": sorted(leaf.modes)}
    elif isinstance(leaf, UseLeaf):
        yield {"code": "use", "uses": sorted(leaf.uses)}
