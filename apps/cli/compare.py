"""``sanxian compare``: alternatives of one project side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apps.cli.console import console_on, say, write_json
from apps.cli.options import DATE, lang_option, workspace_option
from apps.cli.sites import SiteOptions, site_in, site_options
from maps import phrases
from screening.words import word

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from apps.cli.table import Page
    from layers.workspace.address import Place
    from screening.words import Language

__all__ = ["compare", "comparison_of", "print_comparison"]

_ZONES = 12
"""Zones of one kind that are printed; the JSON has all."""


@click.command(
    short_help="几个方案并列比较 / alternatives side by side",
    help=(
        "几个选址方案并列：长度、面积、永久与临时占地、在红线及各类区域内的面积和长度、涉及的区域、最近距离、结论。"
        "SITE 与 check 相同，所给选项对每个方案都适用；不作推荐。\n\n"
        "Alternatives side by side: length, area, permanent and temporary land, what of each lies in the red line and "
        "the other kinds, zones met, nearest distances, answers. SITE is as for check and the options hold for each "
        "of them; none is recommended."
    ),
)
@click.argument("sites", metavar="SITE SITE ...", nargs=-1, required=True)
@workspace_option
@click.option("--json", "json_to", metavar="F|-", help="结果写成 JSON；- 为标准输出 / the result as JSON; - is stdout")
@lang_option
@site_options
@click.option("--as-of", type=DATE, metavar="DATE", help="核查基准日，默认今天（东八区） / default today in UTC+8")
def compare(
    sites: tuple[str, ...],
    *,
    workspace: Place,
    json_to: str | None,
    lang: Language,
    options: SiteOptions,
    as_of: str | None,
) -> None:
    """``sanxian compare SITE SITE ...``."""
    from apps.cli.outputs import json_text, write_text
    from apps.cli.table import Page

    if len(sites) < 2:
        raise click.UsageError("至少给两个方案 / give two sites or more")
    result = comparison_of(sites, workspace, options=options, as_of=as_of)
    console = console_on(stderr=json_to == "-")
    print_comparison(Page(console, lang), result)
    if json_to == "-":
        write_json(result)
    elif json_to is not None:
        path = write_text(Path(json_to), json_text(result))
        say(console, word("cli.wrote_json", lang, path=path))


def comparison_of(
    sites: Sequence[str], workspace: Place, *, options: SiteOptions, as_of: str | None = None
) -> dict[str, Any]:
    """
    Read, check and compare the sites that some arguments name.

    Raises
    ------
    EmptySiteError
        A site cannot be read, or its coordinate system stays open (``sanxian check`` shows the answers then).
    """
    from layers.workspace import open_workspace
    from screening.comparing import comparison
    from screening.dossier import examine
    from screening.inquiry import Inquiry, snapped
    from screening.screen import today

    store = open_workspace(workspace)
    day = as_of or today()
    placed = [site_in(text, options, store).site for text in sites]
    return comparison([examine(Inquiry(site=snapped(site), as_of=day), store) for site in placed])


def print_comparison(page: Page, document: Mapping[str, Any]) -> None:
    """
    What `screening.comparing.comparison` says: a row an item, a column an alternative.

    Parameters
    ----------
    page
        Where to, and in which language.
    document
        The document.
    """
    alternatives = document["alternatives"]

    def said(code: str, /, **facts: object) -> str:
        return word(f"compare.{code}", page.language, **facts)

    page.title(said("title"))
    page.pairs([(said("as_of"), document["as_of"])])
    rows: list[list[object]] = []

    def row(item: str, value: Callable[[Mapping[str, Any]], object]) -> None:
        rows.append([item, *(value(one) for one in alternatives)])

    row(said("name"), lambda one: one["name"] or "-")
    row(said("answer"), lambda one: page.answer("answer", one["answer"]))
    row(said("priority_zone"), lambda one: page.answer("yesno", one["in_priority_zone"]))
    uses = list(dict.fromkeys(use["use"] for one in alternatives for use in one["uses"]))
    for figure, show in _FIGURES.items():
        if any(one[figure] for one in alternatives):
            rows.append([said(_NAMES[figure]), *(show(one[figure]) for one in alternatives)])
            for use in _uses(uses, alternatives, figure):
                name = "  " + said("of_use", use=word(f"part_use.{use}", page.language))
                rows.append([name, *(show(_of_use(one, use, figure)) for one in alternatives)])
    row(said("accuracy"), lambda one: f"{one['accuracy_m']:g}")
    page.table([(said("item"), "left"), *((one["label"], "left") for one in alternatives)], rows)
    for kind in document["kinds"]:
        _print_kind(page, kind, document, uses)
    page.print()
    for one in alternatives:
        if one["rejected_parts"]:
            page.line(said("rejected_parts", label=one["label"], count=one["rejected_parts"]), "bold magenta")
    if document["layers_differ"]:
        page.line(said("layers_differ"), "bold magenta")
    for note in document["notes"]:
        page.line(said(note), "italic")
    page.line(word("note.not_permission", page.language), "italic")


_FIGURES: dict[str, Callable[[float | None], str]] = {
    "area_m2": lambda value: f"{value / 1e4:,.4f}" if value else "0" if value is not None else "-",
    "length_m": lambda value: f"{value:,.2f}" if value else "0" if value is not None else "-",
    "points": lambda value: f"{value:g}" if value is not None else "-",
}
_NAMES = {"area_m2": "area", "length_m": "length", "points": "points"}


def _of_use(owner: Mapping[str, Any], use: str, figure: str) -> float | None:
    found: list[float] = [one[figure] for one in owner["uses"] if one["use"] == use]
    return found[0] if found else 0.0


def _uses(uses: Sequence[str], owners: Sequence[Mapping[str, Any]], figure: str) -> list[str]:
    """The uses that have something of a figure; none where no alternative states a use."""
    return [use for use in uses if uses != ["unstated"] and any(_of_use(one, use, figure) for one in owners)]


def _print_kind(page: Page, kind: str, document: Mapping[str, Any], uses: Sequence[str]) -> None:
    alternatives = document["alternatives"]
    entries = [next(entry for entry in one["kinds"] if entry["kind"] == kind) for one in alternatives]

    def said(code: str, /, **facts: object) -> str:
        return word(f"compare.{code}", page.language, **facts)

    page.heading(page.words("kind", kind))
    rows: list[list[object]] = [[said("kind_answer"), *(page.answer("answer", one["answer"]) for one in entries)]]
    for figure, show in _FIGURES.items():
        if any(one[figure] for one in alternatives):
            rows.append([said(f"inside_{_NAMES[figure]}"), *(_measured(page, one, figure) for one in entries)])
            for use in _uses(uses, entries, figure):
                shown = [
                    said("not_measured") if one["measured"] == "none" else show(_of_use(one, use, figure))
                    for one in entries
                ]
                rows.append(["  " + said("of_use", use=word(f"part_use.{use}", page.language)), *shown])
    rows.append([said("zones"), *(page.lines(_zones(page, one)) for one in entries)])
    rows.append([said("nearest"), *(page.lines(_nearest(page, one)) for one in entries)])
    page.table([(said("item"), "left"), *((one["label"], "left") for one in alternatives)], rows)
    least = document["least"][kind]
    if least:
        told = [
            f"{said(f'inside_{_NAMES[figure]}')}{page.pause}{said('least', labels=', '.join(labels))}"
            for figure, labels in least.items()
            if len(labels) < len(alternatives)
        ]
        for line in told:
            page.line(line)


def _measured(page: Page, entry: Mapping[str, Any], figure: str) -> str:
    if entry["measured"] == "none":
        return word("compare.not_measured", page.language)
    value = _FIGURES[figure](entry[figure])
    return word("compare.partly_measured", page.language, value=value) if entry["measured"] == "part" else value


def _zones(page: Page, entry: Mapping[str, Any]) -> list[str]:
    if entry["measured"] == "none":
        return [word("compare.not_measured", page.language)]
    zones = entry["zones"]
    lines = [
        f"{zone['name'] or zone['code'] or zone['id']} ({page.words('relation', zone['relation'])})" for zone in zones
    ]
    more = len(lines) - _ZONES
    return [*lines[:_ZONES], *([page.say("more_in_json", count=more)] if more > 0 else [])] or [
        word("compare.none", page.language)
    ]


def _nearest(page: Page, entry: Mapping[str, Any]) -> list[str]:
    lines = []
    near = entry["nearest"]
    if near is not None and entry["zones"]:
        return [word("compare.met", page.language)]
    if near is not None:
        lines = [near["name"], phrases.distance(near["distance_m"], page.language)]
        if near["bearing_deg"] is not None:
            lines.append(phrases.bearing(near["bearing_deg"], page.language))
    if entry["distance_at_least_m"] is not None:
        least = phrases.distance(entry["distance_at_least_m"], page.language)
        lines.append(word("compare.not_less_than", page.language, distance=least))
    return lines or ["-"]
