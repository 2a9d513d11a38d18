"""What a report says of the findings: the sentence of each, the tables of layers, features and units."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from maps import phrases
from maps.grounds import reasons_words, warning_words
from maps.panel import QUESTIONS
from maps.report.model import Bullets, KeyValues, Paragraph, Section, Table
from maps.report.quantities import hectares, mu, quantity
from maps.report.titles import say, titled
from screening.words import word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from maps.report.model import Block, Cell
    from screening.words import Language

__all__ = ["FAILED", "failures", "finding_sections", "layer_marks", "plain_table", "sentence", "summary_section"]

FAILED = ("layer_unreadable", "layer_missing", "layer_expired", "not_valid_yet", "date_missing", "coverage_not_stated")
"""Reasons for which a layer could not do its part; each is named in every format."""
_NAMED = 3


def summary_section(result: Mapping[str, Any], language: Language) -> Section:
    """The conclusion: overall answer, what failed, a sentence for every finding, the five questions."""
    lead = say("lead", language, answer=phrases.code_word("answer", result["answer"], language))
    blocks: list[Block] = [Paragraph(text=lead, tone="lead")]
    failed = failures(result, language)
    if failed:
        lines = [f"{layer}：{what}" if language == "zh" else f"{layer}: {what}" for layer, _, what in failed]
        blocks.append(Paragraph(text=say("failed_note", language), tone="warning"))
        blocks.append(Bullets(items=tuple(dict.fromkeys(lines))))
    blocks += [Paragraph(text=sentence(finding, result, language)) for finding in result["findings"]]
    blocks.append(
        KeyValues(
            pairs=tuple(
                (word(f"question.{q}", language), phrases.code_word("yesno", result[q], language)) for q in QUESTIONS
            )
        )
    )
    blocks.append(Paragraph(text=word("note.not_permission", language), tone="warning"))
    return Section(key="summary", title=say("summary", language), blocks=tuple(blocks))


def failures(result: Mapping[str, Any], language: Language) -> list[tuple[str, str, str]]:
    """Every layer that failed, is missing or cannot give “clear”: its name, its kind, what is the matter."""
    found: dict[tuple[str, str, str], None] = {}
    for finding in result["findings"]:
        kind = phrases.code_word("kind", finding["kind"], language)
        layer = phrases.clean(finding["layer"] or kind)
        told = [reason for reason in finding["reasons"] if reason["code"] in FAILED]
        for words in reasons_words(told, language):
            found[layer, kind, words] = None
    told_of = {(one["layer"], reason["code"]) for one in result["findings"] for reason in one["reasons"]}
    for warning in result["warnings"]:
        if (warning.get("layer"), warning["code"]) in told_of:
            continue
        layer = phrases.clean(warning.get("layer") or say("workspace", language))
        kind = "" if warning.get("kind") is None else phrases.code_word("kind", warning["kind"], language)
        words = warning_words({key: value for key, value in warning.items() if key not in ("layer", "kind")}, language)
        found[layer, kind, words] = None
    return list(found)


def sentence(finding: Mapping[str, Any], result: Mapping[str, Any], language: Language) -> str:
    """
    The sentence of one finding as reports word it; there is one for every answer.

    Parameters
    ----------
    finding
        One of ``result["findings"]``.
    result
        The JSON of a verdict.
    language
        ``zh`` or ``en``.
    """
    separator = "；" if language == "zh" else "; "
    kind = finding["kind"]
    kind_words = (
        word("class.priority", language) if kind == "control_units" else phrases.code_word("kind", kind, language)
    )
    facts: dict[str, object] = {
        "project": phrases.clean(result["site"]["name"] or word("map.site", language)),
        "kind": kind_words,
        "layer": phrases.clean(finding["layer"] or say("no_layer", language)),
        "features": _named(finding, language),
        "why": separator.join(reasons_words(finding["reasons"], language)),
    }
    answer = finding["answer"]
    if answer == "hit":
        return _hit(finding, result, language, facts)
    if answer == "uncertain":
        accuracy = quantity(finding["accuracy_m"] or 0.0, 2)
        return say("sentence_uncertain", language, **facts, accuracy=accuracy, overlap=_as_drawn(finding, language))
    if answer == "clear":
        card = next((c for c in result["layers"] if c["name"] == finding["layer"]), None)
        date = (card and card["data_date"]) or word("map.not_stated", language)
        near = phrases.nearest(finding, language)
        told = say("nearest", language, nearest=near) if near else ""
        return say("sentence_clear", language, **facts, data_date=date, nearest=told).rstrip()
    return say("sentence_unknown", language, **facts)


def _hit(finding: Mapping[str, Any], result: Mapping[str, Any], language: Language, facts: dict[str, object]) -> str:
    area, metres = finding["overlap_m2"] or 0.0, finding["overlap_length_m"] or 0.0
    share = _share(finding)
    if area > 0:
        text = say(
            "sentence_area",
            language,
            **facts,
            hectares=quantity(area / 1e4, 4),
            square_metres=quantity(area, 2),
            share=share,
        )
        return text + (say("also_length", language, metres=quantity(metres, 2)) if metres > 0 else "")
    if metres > 0:
        return say("sentence_length", language, **facts, metres=quantity(metres, 2), share=share)
    return say("sentence_point" if result["site"]["scope"] == "point" else "sentence_inside", language, **facts)


def _share(finding: Mapping[str, Any]) -> str:
    """The share in words; of an overlap that is there it is never nothing."""
    there = (finding["overlap_m2"] or 0.0) > 0 or (finding["overlap_length_m"] or 0.0) > 0
    return phrases.share(max(finding["share"] or 0.0, 1e-12 if there else 0.0))


def _as_drawn(finding: Mapping[str, Any], language: Language) -> str:
    """What the coordinates as they are would give; nothing where nothing overlaps."""
    area, metres = finding["overlap_m2"] or 0.0, finding["overlap_length_m"] or 0.0
    share = _share(finding)
    if area > 0:
        return say("as_drawn_area", language, hectares=quantity(area / 1e4, 4), share=share)
    return say("as_drawn_length", language, metres=quantity(metres, 2), share=share) if metres > 0 else ""


def _named(finding: Mapping[str, Any], language: Language) -> str:
    """The features met, or the nearest, by name and code."""
    met = [f for f in finding["features"] if f["relation"] != "disjoint"] or list(finding["features"][:1])
    names = []
    for feature in met[:_NAMED]:
        name = phrases.clean(feature["name"] or feature["code"] or feature["id"])
        code = feature["code"] if feature["name"] else None
        names.append(name if not code else f"{name}（{code}）" if language == "zh" else f"{name} ({code})")
    text = ("、" if language == "zh" else ", ").join(names) or say("no_feature", language)
    return text if len(met) <= _NAMED else say("features_more", language, names=text, count=len(met))


def finding_sections(result: Mapping[str, Any], language: Language) -> list[Section]:
    """Findings by layer, features met, control units, context."""
    site, sections = result["site"], []
    column = partial(titled, language)
    rows = [_finding_row(finding, result, language) for finding in result["findings"]]
    columns = (
        column("layer", weight=2.2),
        column("kind", weight=1.7),
        column("version", "code", paper=False),
        column("answer", weight=1.3),
        column("why", weight=2.6),
        column("nearest", weight=1.9),
        column("distance", "number", digits=3, weight=1.4),
        column("at_least", "number", digits=3, paper=False),
        column("bearing", "number", digits=0, paper=False),
        column("accuracy", "number", weight=1.2),
        column("overlap_ha", "number", digits=4, weight=1.4),
        column("overlap_m2", "number", paper=False),
        column("overlap_m", "number", weight=1.3, paper=bool(site["length_m"])),
        column("share", "share", weight=1.1),
        column("marks", paper=False),
    )
    table = Table(caption=say("findings", language), columns=columns, rows=tuple(rows))
    sections.append(Section(key="findings", title=say("findings", language), blocks=(table,)))
    met = [(finding, feature) for finding in result["findings"] for feature in finding["features"] if _meets(feature)]
    blocks: list[Block] = [Paragraph(text=say("nothing_met", language))]
    if met:
        blocks = [_features_table(say("met", language), met, result, language)]
    sections.append(Section(key="met", title=say("met", language), blocks=tuple(blocks)))
    sections.append(_units(result, language))
    near = [
        (owner, feature)
        for owner in result["context"]
        if owner["kind"] != "control_units"
        for feature in owner["features"]
    ]
    if near:
        table = _features_table(say("context", language), near, result, language, distances=True)
        sections.append(Section(key="context", title=say("context", language), blocks=(table,)))
    return sections


def _units(result: Mapping[str, Any], language: Language) -> Section:
    """The control units of every class that the site lies in, and their requirements in their own words."""
    inside: dict[tuple[str, str], tuple[Mapping[str, Any], Mapping[str, Any]]] = {}
    for owner in (*result["findings"], *result["context"]):
        for feature in owner["features"]:
            if owner["kind"] == "control_units" and feature["relation"] not in ("disjoint", "touches"):
                inside.setdefault((owner["layer"], feature["id"]), (owner, feature))
    blocks: list[Block] = [Paragraph(text=say("no_units", language))]
    if inside:
        blocks = [_features_table(say("units", language), list(inside.values()), result, language)]
    column = partial(titled, language)
    rows: list[tuple[Cell, ...]] = [
        (feature["code"], feature["name"], say(heading, language), text)
        for _, feature in inside.values()
        for heading in ("spatial_layout", "pollutant_control", "risk_control", "resource_efficiency")
        if (text := (feature.get("requirements") or {}).get(heading))
    ]
    if rows:
        columns = (
            column("code", "code", weight=1.6),
            column("name", weight=1.4),
            column("heading", weight=1.2),
            column("requirement", weight=4),
        )
        blocks.append(Table(caption=say("requirements", language), columns=columns, rows=tuple(rows)))
    return Section(key="units", title=say("units", language), blocks=tuple(blocks))


def plain_table(result: Mapping[str, Any], language: Language, marks: Sequence[str]) -> Table:
    """Every finding and feature as one row, with the sentence of the finding and every mark: what CSV holds."""
    separator = "；" if language == "zh" else "; "
    column = partial(titled, language)
    titles = [
        column("name_of_project"),
        column("as_of"),
        *[column(name) for name in ("layer", "kind", "version", "answer", "why")],
        *[column(name) for name in ("code", "name", "class", "relation")],
        *[column(name, "number", digits=4) for name in ("overlap_m2", "overlap_ha", "overlap_m", "share")],
        *[column(name, "number", digits=3) for name in ("distance", "at_least", "bearing", "accuracy")],
        *[column(name) for name in ("data_date", "sentence", "marks")],
    ]
    cards = {card["name"]: card for card in result["layers"]}
    rows: list[tuple[Cell, ...]] = []
    for finding in result["findings"]:
        card = cards.get(finding["layer"])
        own = [mark for mark in layer_marks(card, language) if mark not in marks] if card else []
        rows += [
            (
                result["site"]["name"],
                result["as_of"],
                finding["layer"] or say("no_layer", language),
                phrases.code_word("kind", finding["kind"], language),
                finding["version"],
                phrases.code_word("answer", finding["answer"], language),
                separator.join(reasons_words(finding["reasons"], language)),
                *_feature_text(feature, language),
                *_feature_numbers(feature, finding),
                card["data_date"] if card else None,
                sentence(finding, result, language),
                separator.join([*marks, *own]),
            )
            for feature in finding["features"] or [None]
        ]
    return Table(caption=say("findings", language), columns=tuple(titles), rows=tuple(rows))


def layer_marks(card: Mapping[str, Any], language: Language) -> list[str]:
    """What must be said of a layer wherever it is named."""
    return [word(f"cli.mark_{mark}", language) for mark in ("restricted", "synthetic", "indicative") if card[mark]]


def _feature_text(feature: Mapping[str, Any] | None, language: Language) -> tuple[Cell, ...]:
    if feature is None:
        return (None,) * 4
    return (
        feature["code"],
        feature["name"] or feature["id"],
        phrases.code_word("class", feature["class"], language),
        phrases.code_word("relation", feature["relation"], language),
    )


def _feature_numbers(feature: Mapping[str, Any] | None, finding: Mapping[str, Any]) -> tuple[Cell, ...]:
    if feature is None:
        return (*((None,) * 5), finding["distance_at_least_m"], None, finding["accuracy_m"])
    return (
        feature["overlap_m2"],
        hectares(feature["overlap_m2"]),
        feature["length_m"],
        feature["share"],
        feature["distance_m"],
        finding["distance_at_least_m"],
        feature["bearing_deg"],
        finding["accuracy_m"],
    )


def _finding_row(finding: Mapping[str, Any], result: Mapping[str, Any], language: Language) -> tuple[Cell, ...]:
    separator = "；" if language == "zh" else "; "
    away = [f for f in finding["features"] if f["distance_m"] is not None]
    first = (
        None if any(_meets(f) for f in finding["features"]) else min(away, key=lambda f: f["distance_m"], default=None)
    )
    card = next((c for c in result["layers"] if c["name"] == finding["layer"]), None)
    # What a layer that cannot say “clear” does not overlap is not known to be nothing.
    known = finding["answer"] != "unknown" or bool(finding["overlap_m2"] or finding["overlap_length_m"])
    return (
        finding["layer"] or say("no_layer", language),
        phrases.code_word("kind", finding["kind"], language),
        finding["version"],
        phrases.code_word("answer", finding["answer"], language),
        separator.join(reasons_words(finding["reasons"], language)),
        None if first is None else first["name"] or first["code"] or first["id"],
        None if first is None else first["distance_m"],
        finding["distance_at_least_m"],
        None if first is None else first["bearing_deg"],
        finding["accuracy_m"],
        hectares(finding["overlap_m2"]) if known else None,
        finding["overlap_m2"] if known else None,
        finding["overlap_length_m"],
        finding["share"] if known else None,
        separator.join(layer_marks(card, language)) if card else None,
    )


def _features_table(
    caption: str,
    pairs: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]],
    result: Mapping[str, Any],
    language: Language,
    *,
    distances: bool = False,
) -> Table:
    column, site = partial(titled, language), result["site"]
    separator = "；" if language == "zh" else "; "
    columns = (
        column("layer", weight=2),
        column("code", "code", weight=1.9),
        column("name", weight=2.2),
        column("class", weight=1.7),
        column("remarks", paper=False),
        column("relation", weight=1.2),
        column("overlap_m2", "number", weight=1.8, paper=bool(site["area_m2"]) and not distances),
        column("overlap_ha", "number", digits=4, weight=1.4, paper=bool(site["area_m2"]) and not distances),
        column("overlap_mu", "number", weight=1.3, paper=bool(site["area_m2"]) and not distances),
        column("overlap_m", "number", weight=1.4, paper=bool(site["length_m"]) and not distances),
        column("share", "share", weight=1.1, paper=not distances),
        column("distance", "number", digits=3, weight=1.5, paper=distances),
        column("bearing", "number", digits=0, weight=1.2, paper=distances),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            owner["layer"],
            feature["code"],
            feature["name"] or feature["id"],
            phrases.code_word("class", feature["class"], language),
            separator.join(phrases.code_word("flag", flag, language) for flag in feature["flags"]) or None,
            phrases.code_word("relation", feature["relation"], language),
            feature["overlap_m2"],
            hectares(feature["overlap_m2"]),
            mu(feature["overlap_m2"]),
            feature["length_m"],
            feature["share"],
            feature["distance_m"],
            feature["bearing_deg"],
        )
        for owner, feature in pairs
    ]
    return Table(caption=caption, columns=columns, rows=tuple(rows))


def _meets(feature: Mapping[str, Any]) -> bool:
    return bool(feature["relation"] != "disjoint")
