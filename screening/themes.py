"""Layers of a kind pooled by theme; themes of a kind to one answer (``docs/contract/verdict.md`` §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screening.covering import StatedCover, cover_of, pooled_covers
from screening.reasons import COVERAGE_REASONS, strictest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from layers.version import OpenLayer
    from screening.findings import LayerAnswer
    from screening.question import Question
    from screening.reasons import Answer

__all__ = ["kind_answers", "kinds_that_lack_pooling", "theme_answer"]

HARMLESS = COVERAGE_REASONS | {"outside", "declared_none"}


def kind_answers(
    question: Question, answers: Sequence[tuple[OpenLayer, LayerAnswer]], lost: Iterable[str]
) -> dict[str, Answer]:
    """
    The answer of every protective kind, loaded, required or lost.

    Parameters
    ----------
    question
        The site.
    answers
        The protective layers that could be read.
    lost
        Kinds of which a required or damaged layer is not there to be read: each is a theme of its own, ``unknown``.
    """
    themes: dict[tuple[str, str], list[tuple[OpenLayer, LayerAnswer]]] = {}
    for layer, found in answers:
        themes.setdefault((layer.card.kind, layer.card.theme), []).append((layer, found))
    kinds: dict[str, list[Answer]] = {}
    for (kind, _), members in themes.items():
        kinds.setdefault(kind, []).append(theme_answer(question, members))
    for kind in lost:
        kinds.setdefault(kind, []).append("unknown")
    return {kind: strictest(found) for kind, found in sorted(kinds.items())}


def theme_answer(question: Question, members: Sequence[tuple[OpenLayer, LayerAnswer]]) -> Answer:
    """Hit or uncertain if any layer is; clear if the pooled coverage holds the site and nothing else forbids it."""
    own = strictest([found.answer for _, found in members])
    if own in ("hit", "uncertain"):
        return own
    if len(members) == 1:
        return own
    margin = max(found.clear_margin_m for _, found in members)
    for layer, found in members:
        if {r.code for r in found.reasons} <= HARMLESS:
            continue
        if layer.coverage is None or not _far_from(question, layer, margin):
            return "unknown"
    covers = [
        StatedCover(
            index=layer.coverage,
            accuracy_m=layer.card.coverage_accuracy_m or 0.0,
            source=layer.card.coverage_source or layer.card.name,
            version=layer.card.coverage_version or layer.entry.version,
        )
        for layer, found in members
        if layer.coverage is not None and {r.code for r in found.reasons} <= HARMLESS
    ]
    return "clear" if pooled_covers(question.geometry, covers, margin) else "unknown"


def kinds_that_lack_pooling(
    question: Question, answers: Sequence[tuple[OpenLayer, LayerAnswer]], kinds: dict[str, Answer]
) -> list[tuple[str, tuple[str, ...]]]:
    """
    Kinds that are unknown only because their layers lie in several themes, with the names of those layers.

    Two counties under two names: neither covers a site on their border, both together do. One ``--theme`` cures it.
    """
    found = []
    for kind in sorted(k for k, answer in kinds.items() if answer == "unknown"):
        members = [(layer, answer) for layer, answer in answers if layer.card.kind == kind]
        if len({layer.card.theme for layer, _ in members}) > 1 and theme_answer(question, members) == "clear":
            found.append((kind, tuple(sorted(layer.card.name for layer, _ in members))))
    return found


def _far_from(question: Question, layer: OpenLayer, margin_m: float) -> bool:
    """Whether the layer's coverage is farther from the site than a + R."""
    from spatial.overlay.distance import nearest_of_boxes

    index = layer.coverage
    if index is None or cover_of(question.geometry, index).inside:
        return False
    nearest = nearest_of_boxes(
        question.geometry, index.piece_bounds, index.pieces_of(index.feature_dimension == 2), index.load
    )
    return nearest is not None and nearest.distance_m > margin_m
