"""The cards of a workspace's layers, and what an import did, printed."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from apps.cli.grounds import problem_words
from apps.cli.table import Page
from layers.card import LayerCard
from layers.errors import DamagedVersionError
from layers.version import open_layer, version_at
from maps import phrases
from screening.screen import today
from screening.words import has_word, word
from spatial.overlay.index import DamagedIndexError

if TYPE_CHECKING:
    from rich.console import Console

    from layers.importing import Imported
    from layers.version import OpenLayer
    from layers.workspace.store import VersionEntry, WorkspaceStore
    from screening.words import Language
    from spatial.reading.model import Reading

__all__ = ["print_cards", "print_imported"]

_SHOWN = 20
"""Rejected features, damages and problems that are printed of one layer."""


def print_cards(console: Console, store: WorkspaceStore, language: Language) -> None:
    """Every layer: the card of the version that answers today, the names of the others, and what is damaged."""
    page = Page(console, language)
    page.title(f"{page.say('layers_title')}{page.colon}{store.root}")
    kinds = page.pause.join(page.words("kind", kind) for kind in store.required_kinds) or "-"
    page.pairs([(page.say("required"), kinds), (page.say("region"), store.region or "-")])
    names = list(dict.fromkeys(e.layer for e in store.entries))
    if not names and store.manifest_readable:
        page.line(page.say("empty_workspace"))
    for name in names:
        entries = [e for e in store.entries if e.layer == name]
        _print_card(page, store, entries)
    if store.damages:
        page.heading(page.say("damage"))
        for damage in store.damages[:_SHOWN]:
            page.line(f"* {page.words('damage', damage.code)}{page.colon}{damage.path} ({damage.detail})", "bold red")


def _print_card(page: Page, store: WorkspaceStore, entries: list[VersionEntry]) -> None:
    entry, validity = version_at(entries, today())
    page.heading(entry.layer)
    try:
        layer = open_layer(store, entry)
        card = layer.card
        coverage = _coverage_words(page, store, entry)
    except (DamagedVersionError, DamagedIndexError, OSError) as trouble:
        page.line(f"* {page.words('reason', 'layer_unreadable')}{page.colon}{trouble}", "bold red")
        return
    marks = [word(f"note.{m}", page.language) for m in ("synthetic", "restricted", "indicative") if getattr(card, m)]
    if marks:
        page.line(f"** {page.comma.join(marks)} **", "bold yellow")
    rows = _facts(page, card, _own_accuracy(layer))
    rows[4:4] = [(page.say("coverage"), coverage)]
    today_is = entry.version if validity is None else f"{entry.version} ({page.words('reason', validity)})"
    rows.append((page.say("answers_today"), today_is))
    if len(entries) > 1:
        rows.append((page.say("versions"), page.pause.join(e.version for e in entries)))
    page.pairs(rows)
    for rejected in card.rejected[:_SHOWN]:
        code = "rejected_one" if rejected.accepted is None else "accepted_one"
        reason = page.words("problem", rejected.reason)
        page.line("  " + page.say(code, id=rejected.id, reason=reason, why=rejected.accepted))
    if len(card.rejected) > _SHOWN:
        page.line("  " + word("map.more", page.language, count=len(card.rejected) - _SHOWN))


def _own_accuracy(layer: OpenLayer) -> float | None:
    """The largest accuracy among the features, metres, where every one that has a place states its own."""
    placed = layer.index.feature_dimension >= 0
    own = layer.records.standing(today(), math.nan).accuracy_m[placed]
    return float(own.max()) if own.size and not np.isnan(own).any() else None


def _facts(page: Page, card: LayerCard, own_m: float | None) -> list[tuple[str, object]]:
    missing = word("map.not_stated", page.language)
    kind = f"{page.words('kind', card.kind)}{page.comma}{page.words('role', card.role)}"
    if card.meaning:
        kind += f"{page.comma}{card.meaning}"
    features = str(card.features)
    if card.declared_none:
        features += f"{page.comma}{page.say('declared_none')}"
    if card.class_counts:
        counts = [f"{page.words('class', name)} {count}" for name, count in card.class_counts.items()]
        features += f" ({page.pause.join(counts)})"
    dates = page.say(
        "date_pair",
        data=card.data_date or missing,
        start=card.valid_from or missing,
        end=card.valid_until or page.say("open_end"),
    )
    file = page.comma.join(str(v) for v in (card.source_file, card.format, card.encoding) if v) or "-"
    crs = page.comma.join([card.crs or "-", *[f"{page.words('evidence', c)} {v[:60]}" for c, v in card.crs_evidence]])
    accepted = sum(1 for r in card.rejected if r.accepted is not None)
    quality = page.say("quality_counts", repaired=card.repaired, rejected=len(card.rejected), accepted=accepted)
    basis = page.words("basis", card.accuracy_basis)
    accuracy = f"{card.accuracy_m:,.2f} {word('unit.metres', page.language)} ({basis})"
    if own_m is not None:
        accuracy = page.say("each_its_own_up_to", metres=f"{own_m:,.2f}")
    if card.georeference_method == "declared":
        accuracy = "-"  # no feature has a place
    rows: list[tuple[str, object]] = [
        (page.say("kind"), kind),
        (page.say("features"), features),
        (page.say("area"), phrases.area(card.area_m2, page.language) if card.area_m2 else "-"),
        (page.say("dates"), dates),
        (page.say("accuracy"), accuracy),
        (word("map.source", page.language), card.source or missing),
        (page.say("source_file"), file),
        (word("map.crs", page.language), crs),
        (page.say("quality"), quality),
    ]
    if card.influence_m is not None:
        rows.append((page.say("influence"), phrases.length(card.influence_m, page.language)))
    if card.theme not in (card.kind, card.name):
        rows.append((page.say("theme"), card.theme))
    return rows


def _coverage_words(page: Page, store: WorkspaceStore, entry: VersionEntry) -> str:
    """Label, size and accuracy of a coverage; touches the version's bytes."""
    layer = open_layer(store, entry)
    card = layer.card
    if layer.coverage is None:
        return f"{word('map.not_stated', page.language)}{page.comma}{page.words('reason', 'coverage_not_stated')}"
    area = float(layer.coverage.feature_area_m2.sum())
    return page.say(
        "coverage_area",
        label=card.coverage_label,
        area=f"{area / 1e6:,.2f} {page.say('square_kilometres')}",
        accuracy=f"{card.coverage_accuracy_m or 0.0:g}",
    )


def print_imported(
    console: Console, store: WorkspaceStore, imported: Imported, language: Language, *, reading: Reading | None
) -> None:
    """
    What an import did.

    Of a new version: features, area and coverage before and after, and which version answers today.

    Parameters
    ----------
    console
        Where to.
    store
        The workspace, opened after the import.
    imported
        What was written.
    language
        ``zh`` or ``en``.
    reading
        The file as it was read; None where nothing was.
    """
    page = Page(console, language)
    entry, card, previous = imported.entry, imported.card, imported.previous
    page.title(page.say("imported" if previous is None else "replaced", name=card.name))
    if previous is not None:
        _print_change(page, store, previous, entry)
    _print_card(page, store, [e for e in store.entries if e.layer == entry.layer])
    _print_problems(page, imported, reading)


def _print_change(page: Page, store: WorkspaceStore, before: VersionEntry, after: VersionEntry) -> None:
    columns = [("", "whole"), (page.say("column_before"), "left"), (page.say("column_after"), "left")]
    cells = [_change_cells(page, store, entry) for entry in (before, after)]
    labels = [page.say(code) for code in ("version", "features", "area", "coverage")]
    page.table(columns, [[label, *pair] for label, *pair in zip(labels, *cells, strict=True)])
    answering, _ = version_at([e for e in store.entries if e.layer == after.layer], today())
    start = after.valid_from or "?"
    if answering.version == after.version:
        text = page.say("answers_this", version=answering.version)
    else:
        code = "answers_other" if start > today() else "answers_older"
        text = page.say(code, version=answering.version, start=start)
    page.line(f"{page.say('answers_today')}{page.colon}{text}", "bold")


def _change_cells(page: Page, store: WorkspaceStore, entry: VersionEntry) -> list[str]:
    """Version, features, area, coverage; what is damaged says so."""
    try:
        card = LayerCard.from_dict(store.open_version(entry).card)
        coverage = _coverage_words(page, store, entry)
    except (DamagedVersionError, DamagedIndexError, OSError):
        lost = page.words("reason", "layer_unreadable")
        return [entry.version, lost, lost, lost]
    area = phrases.area(card.area_m2, page.language) if card.area_m2 else "-"
    return [entry.version, str(card.features), area, coverage]


def _print_problems(page: Page, imported: Imported, reading: Reading | None) -> None:
    lines = [problem_words(problem, page.language) for problem in (() if reading is None else reading.problems)]
    counted: Counter[tuple[str, str]] = Counter()
    for found in imported.problems:
        what: Any = found
        code = f"field_problem.{what.code}"
        text = word(code, page.language) if has_word(code) else str(what.code)
        counted[text, str(getattr(what, "field", ""))] += 1
    for (text, field), count in counted.items():
        named = page.say("field_problem", text=text, field=field) if field else text
        lines.append(page.say("problem_count", text=named, count=count) if count > 1 else named)
    if lines:
        page.heading(page.say("problems"))
        for line in lines[:_SHOWN]:
            page.line(f"* {line}", "yellow")
        if len(lines) > _SHOWN:
            page.line(word("map.more", page.language, count=len(lines) - _SHOWN))
