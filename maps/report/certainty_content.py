"""What a report says of how sure the answers are: what would change each, and what would settle it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from maps import phrases
from maps.certainty import change_words, dominant_words, flip_words, overlap_words, settle_lines, width_words
from maps.report.model import Bullets, Column, Paragraph, Section, Table
from maps.report.titles import say, titled
from screening.words import word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maps.report.model import Block, Cell
    from screening.words import Language

__all__ = ["certainty_sections"]


def certainty_sections(document: Mapping[str, Any] | None, language: Language) -> list[Section]:
    """The section of ``result["certainty"]``; nothing where the result has none."""
    if not document:
        return []
    blocks: list[Block] = [_findings(document, language)]
    if document.get("accuracies_m"):
        blocks.append(Paragraph(text=say("curve_of", language), tone="plain"))
        blocks.append(_curve(document, language))
        blocks.append(Bullets(items=tuple(_changes(document, language))))
    return [Section(key="certainty", title=say("certainty", language), blocks=tuple(blocks))]


def _said(code: str, language: Language) -> str:
    return word(f"certainty.{code}", language)


def _findings(document: Mapping[str, Any], language: Language) -> Table:
    column = partial(titled, language)
    columns = [
        column("layer", weight=1.6),
        column("answer", weight=1.1),
        column("flips", weight=2.6),
        column("dominant", weight=1.7),
        column("interval", weight=2.0),
        column("settles", weight=3.0),
    ]
    columns += [
        column("flip_m", "number", digits=3, paper=False),
        column("overlap_least", "number", paper=False),
        column("overlap_most", "number", paper=False),
        column("width_m", "number", digits=3, paper=False),
    ]
    separator = "；" if language == "zh" else "; "
    rows: list[tuple[Cell, ...]] = []
    for finding in document["findings"]:
        area = finding["overlap_interval_m2"]
        flips = [flip_words(flip, language) for flip in finding["flips"]] or [_said("no_flip", language)]
        overlap = overlap_words(area, finding["overlap_length_interval_m"], language)
        overlap += [width] if (width := width_words(finding, language)) else []
        rows.append(
            (
                finding["layer"] or phrases.code_word("kind", finding["kind"], language),
                phrases.code_word("answer", finding["answer"], language),
                separator.join(flips),
                dominant_words(finding["dominant"], language),
                separator.join(overlap) or None,
                separator.join(settle_lines(finding["settles"], language)) or None,
                finding["flip_m"],
                area[0] if area else None,
                area[1] if area else None,
                finding["min_width_m"],
            )
        )
    return Table(caption=say("certainty", language), columns=tuple(columns), rows=tuple(rows))


def _curve(document: Mapping[str, Any], language: Language) -> Table:
    """Answer and overlap at every accuracy that was tried, a column for each layer."""
    drawn = [finding for finding in document["findings"] if finding["curve"]]
    overall = document["overall"]
    columns = [titled(language, "accuracy", "number")]
    if overall["curve"]:
        columns.append(Column(title=word("map.overall", language)))
    columns += [Column(title=phrases.clean(finding["layer"]), weight=2) for finding in drawn]
    rows: list[tuple[Cell, ...]] = []
    for k, metres in enumerate(document["accuracies_m"]):
        row: list[Cell] = [metres]
        if overall["curve"]:
            row.append(phrases.code_word("answer", overall["curve"][k]["answer"], language))
        for finding in drawn:
            at = finding["curve"][k]
            overlap = overlap_words(at["overlap_m2"], at["overlap_length_m"], language)
            row.append(" ".join([phrases.code_word("answer", at["answer"], language), *overlap]))
        rows.append(tuple(row))
    return Table(caption=say("curve", language), columns=tuple(columns), rows=tuple(rows))


def _changes(document: Mapping[str, Any], language: Language) -> list[str]:
    colon, separator = ("：", "；") if language == "zh" else (": ", "; ")
    named = [(word("map.overall", language), document["overall"]["changes"])]
    named += [(phrases.clean(finding["layer"]), finding["changes"]) for finding in document["findings"]]
    return [
        name + colon + (separator.join(change_words(one, language) for one in changes) or _said("no_change", language))
        for name, changes in named
        if changes is not None
    ]
