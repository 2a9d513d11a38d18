"""What the readme of a delivery says of each layer: its card, in both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layers.version import version_at
from maps.delivery.model import CardLine
from screening.export_tables import marks_of
from screening.words import has_word, word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from layers.card import LayerCard
    from layers.workspace.store import VersionEntry
    from screening.words import Language

__all__ = ["card_line", "marks_asked"]

LANGUAGES: tuple[Language, ...] = ("zh", "en")


def marks_asked(card: LayerCard) -> Mapping[str, Any]:
    """What `screening.export_tables.marks_of` asks of a card."""
    return {"restricted": card.restricted, "synthetic": card.synthetic, "indicative": card.indicative}


def card_line(card: LayerCard, entry: VersionEntry, as_of: str) -> CardLine:
    """The card of a layer as lines of the readme; ``as_of`` is the date it is delivered for."""

    def fact(code: str, **facts: object) -> tuple[str, str]:
        return word(f"delivery.{code}", "zh", **facts), word(f"delivery.{code}", "en", **facts)

    def pair(code: str, value: Mapping[str, str]) -> tuple[str, str]:
        return word(f"delivery.{code}", "zh", value=value["zh"]), word(f"delivery.{code}", "en", value=value["en"])

    def words(group: str, code: str) -> dict[str, str]:
        key = f"{group}.{code}"
        return {language: word(key, language) if has_word(key) else code for language in LANGUAGES}

    def said(value: object) -> dict[str, str]:
        text = None if value is None else str(value)
        return {language: text or word("map.not_stated", language) for language in LANGUAGES}

    marks = marks_of([marks_asked(card)])
    accepted = sum(1 for rejected in card.rejected if rejected.accepted is not None)
    facts = [
        *([(marks.text("zh"), marks.text("en"))] if marks.text("zh") else []),
        pair("kind", words("kind", card.kind)),
        fact("version", value=entry.version, features=card.features),
        pair("source", said(card.source)),
        pair("data_date", said(card.data_date)),
        fact("no_place") if card.georeference_method == "declared" else fact("accuracy", metres=f"{card.accuracy_m:g}"),
        pair("method", words("method", card.georeference_method)),
        pair("coverage_of", said(card.coverage_label)),
        fact("digest", value=card.content_digest),
    ]
    if card.declared_none:
        facts.append(fact("declared_none"))
    if card.rejected:
        facts.append(fact("rejected", count=len(card.rejected), accepted=accepted))
    validity = version_at([entry], as_of)[1]
    if validity is not None:
        facts.append(pair("validity", words("reason", validity)))
    return CardLine(name=card.name, facts=tuple(facts))
