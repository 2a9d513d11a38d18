"""How sure a verdict is, as tables a person can read: what would change each answer and what would settle it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maps.certainty import change_words, dominant_words, flip_words, overlap_words, settle_words, width_words
from screening.words import word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from apps.cli.table import Page

__all__ = ["print_certainty"]


def print_certainty(page: Page, document: Mapping[str, Any]) -> None:
    """
    Print what ``screening.certainty.certainty_of`` says: a row for each finding, and the curve where there is one.

    Parameters
    ----------
    page
        Where to, and in which language.
    document
        As JSON.
    """
    page.heading(_said(page, "title"))
    page.table(
        [(_said(page, f"column_{name}"), kind) for name, kind in _COLUMNS],
        [_row(page, f) for f in document["findings"]],
    )
    if document["accuracies_m"]:
        _curve(page, document)


_COLUMNS = (
    ("layer", "left"),
    ("flip", "left"),
    ("dominant", "left"),
    ("overlap", "left"),
    ("settles", "left"),
)


def _said(page: Page, code: str, **facts: object) -> str:
    return word(f"certainty.{code}", page.language, **facts)


def _row(page: Page, finding: Mapping[str, Any]) -> list[object]:
    flips = [flip_words(flip, page.language) for flip in finding["flips"]]
    overlap = overlap_words(finding["overlap_interval_m2"], finding["overlap_length_interval_m"], page.language)
    overlap += [width] if (width := width_words(finding, page.language)) else []
    return [
        finding["layer"] or page.words("kind", finding["kind"]),
        page.lines(flips or [_said(page, "no_flip")]),
        dominant_words(finding["dominant"], page.language),
        page.lines(overlap or ["-"]),
        page.lines([_settled(page, entry) for entry in finding["settles"]] or ["-"]),
    ]


def _settled(page: Page, entry: Mapping[str, Any]) -> str:
    """What would settle it; marked only where it is not enough, since the first lines are."""
    text = settle_words(entry, page.language)
    return f"{text}{page.pause}{_said(page, 'together')}" if entry["alone"] is False else text


def _curve(page: Page, document: Mapping[str, Any]) -> None:
    page.heading(f"{_said(page, 'curve')}{page.colon}{_said(page, 'curve_of')}")
    drawn = [f for f in document["findings"] if f["curve"]]
    overall = document["overall"]
    columns = [(_said(page, "column_a"), "right")]
    columns += [] if overall["curve"] is None else [(_said(page, "overall"), "left")]
    columns += [(finding["layer"], "left") for finding in drawn]
    rows = []
    for i, metres in enumerate(document["accuracies_m"]):
        row: list[object] = [f"{metres:g}"]
        row += [] if overall["curve"] is None else [page.answer("answer", overall["curve"][i]["answer"])]
        for finding in drawn:
            at = finding["curve"][i]
            answer = page.answer("answer", at["answer"])
            overlap = overlap_words(at["overlap_m2"], at["overlap_length_m"], page.language)
            row.append(answer + page.text("".join(f"\n{line}" for line in overlap)))
        rows.append(row)
    page.table(columns, rows)
    named = [] if overall["changes"] is None else [(_said(page, "overall"), overall["changes"])]
    named += [(finding["layer"], finding["changes"]) for finding in drawn]
    page.pairs(
        [
            (
                name,
                page.lines([change_words(change, page.language) for change in changes] or [_said(page, "no_change")]),
            )
            for name, changes in named
        ]
    )
