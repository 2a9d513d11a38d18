"""How sure a verdict is, as tables a person can read: what would change each answer and what would settle it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from maps.certainty import change_words, dominant_words, flip_words, overlap_words, settle_lines, width_words
from screening.words import word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from apps.cli.table import Page

__all__ = ["print_certainty"]

_CELL = 40
"""Cells of the terminal that are little enough for a column among others."""


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
    for finding in document["findings"]:
        lines = settle_lines(finding["settles"], page.language)
        if not _short(lines):
            name = finding["layer"] or page.words("kind", finding["kind"])
            page.line(f"{name}{page.pause}{_said(page, 'column_settles')}{page.colon}", "bold")
            for line in lines:
                page.indented(f"- {line}", by=2)
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
        settled[0] if _short(settled := settle_lines(finding["settles"], page.language)) else _said(page, "below"),
    ]


def _short(lines: Sequence[str]) -> bool:
    """Whether what would settle a finding fits a cell; else it stands below the table."""
    return len(lines) == 1 and cell_len(lines[0]) <= _CELL


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
