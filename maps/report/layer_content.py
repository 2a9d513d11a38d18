"""What a report says of its data: the cards of the layers, what failed, what was not checked, how it was done."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from maps import phrases
from maps.report.finding_content import failures, layer_marks
from maps.report.model import Bullets, Companion, KeyValues, Paragraph, Section, Table
from maps.report.titles import say, titled
from screening.not_checked import class_in_english
from screening.words import word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from maps.report.model import Block, Cell
    from screening.words import Language

__all__ = ["data_sections", "method_section", "verify_section"]


def data_sections(result: Mapping[str, Any], language: Language) -> list[Section]:
    """Layer cards, layers that failed, classes not checked."""
    cards = _cards(result, language)
    failed = failures(result, language)
    column = partial(titled, language)
    blocks: list[Block] = [Paragraph(text=say("all_read", language))]
    if failed:
        table = Table(
            caption=say("failed", language),
            columns=(column("layer", weight=2), column("kind", weight=2), column("remarks", weight=4)),
            rows=tuple(failed),
        )
        blocks = [Paragraph(text=say("failed_note", language), tone="warning"), table]
    names = [one if language == "zh" else class_in_english(one) for one in result["not_checked"]]
    unchecked: list[Block] = [Paragraph(text=say("empty", language))]
    if names:
        unchecked = [Paragraph(text=say("not_checked_note", language)), Bullets(items=tuple(names))]
    return [
        Section(key="layers", title=say("layers", language), blocks=tuple(cards)),
        Section(key="failed", title=say("failed", language), blocks=tuple(blocks)),
        Section(key="not_checked", title=say("not_checked", language), blocks=tuple(unchecked)),
    ]


def _cards(result: Mapping[str, Any], language: Language) -> list[Block]:
    if not result["layers"]:
        return [Paragraph(text=say("no_layers", language), tone="warning")]
    separator = "；" if language == "zh" else "; "
    missing = word("map.not_stated", language)
    column = partial(titled, language)
    columns = (
        column("layer", weight=2.1),
        column("kind", weight=1.7),
        column("data_date", "code", weight=1.5),
        column("valid", weight=1.7),
        column("source", weight=2),
        column("coverage", weight=1.6),
        column("layer_accuracy", "number", weight=1.1),
        column("marks", weight=2),
    )
    rows: list[tuple[Cell, ...]] = []
    for card in result["layers"]:
        own_m = None if card["georeference_method"] == "declared" else card["accuracy_m"]
        rows.append(
            (
                card["name"],
                phrases.code_word("kind", card["kind"], language),
                card["data_date"] or missing,
                f"{card['valid_from'] or '?'} – {card['valid_until'] or say('open_end', language)}",
                card["source"] or missing,
                say("coverage_layer", language) if card["coverage"] == "layer" else card["coverage"] or missing,
                own_m,
                separator.join(_remarks(card, language)) or None,
            )
        )
    digests = Table(
        caption=say("digests", language),
        columns=(column("layer", weight=1.5), column("version", "code", weight=1), column("digest", "code", weight=4)),
        rows=tuple((card["name"], card["version"], card["content_digest"]) for card in result["layers"]),
    )
    table = Table(caption=say("layers", language), columns=columns, rows=tuple(rows))
    return [table, Paragraph(text=say("layers_note", language), tone="note"), digests]


def _remarks(card: Mapping[str, Any], language: Language) -> list[str]:
    """Marks, method, counts and default numbers of a layer."""
    found = layer_marks(card, language)
    if card["georeference_method"] != "official_vector":
        found.append(phrases.code_word("method", card["georeference_method"], language))
    found += [word(f"cli.count_{code}", language, count=card[code]) for code in ("repaired", "rejected") if card[code]]
    numbers = [f"{one[language]} {one['value']:g} {one['unit']}" for one in card.get("georeference_defaults") or ()]
    if numbers:
        found.append(say("defaults", language, numbers=("，" if language == "zh" else ", ").join(numbers)))
    shown = {"rejected_features", "default_numbers"}
    found += [phrases.warning_word(one["code"], language) for one in card["warnings"] if one["code"] not in shown]
    return found


def method_section(language: Language) -> Section:
    """How areas, distances and answers come about, and what the report is not."""
    items = [say(f"method_{code}", language) for code in ("geometry", "answers", "accuracy", "promise", "scope")]
    return Section(key="method", title=say("method", language), blocks=(Bullets(items=tuple(items)),))


def verify_section(
    certificate: Mapping[str, str] | None, companions: Sequence[Companion], language: Language
) -> Section:
    """The certificate's hash and how to run the check again; the files beside the report."""
    blocks: list[Block] = [Paragraph(text=say("certificate_none", language))]
    if certificate is not None:
        name = phrases.clean(certificate["file"])
        command = f"sanxian verify {_quoted(name)} --workspace WS"
        blocks = [
            KeyValues(
                pairs=(
                    (say("certificate_hash", language), certificate["sha256"]),
                    (say("certificate_file", language), name),
                    (say("certificate_command", language), command),
                )
            ),
            Paragraph(text=say("certificate_how", language)),
        ]
    if companions:
        blocks.append(Paragraph(text=say("files", language), tone="lead"))
        colon = "：" if language == "zh" else ": "
        blocks.append(Bullets(items=tuple(f"{one.what}{colon}{one.link}" for one in companions)))
    return Section(key="verify", title=say("verify", language), blocks=tuple(blocks))


def _quoted(name: str) -> str:
    return f'"{name}"' if any(c in name for c in " ()&;'") else name
