"""The parts of a project by use and mode, and its counties, as tables that a person can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maps import phrases
from screening.words import word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from apps.cli.table import Page

__all__ = ["print_districts", "print_parts"]

_SIZES = (("square_metres", "right"), ("hectares", "right"), ("length", "right"), ("points", "right"))


def print_parts(page: Page, document: Mapping[str, Any]) -> None:
    """
    What `screening.parts.parts_document` says; nothing where no part says anything of use or mode.

    Parameters
    ----------
    page
        Where to, and in which language.
    document
        The document.
    """

    def said(code: str, /, **facts: object) -> str:
        return word(f"part.{code}", page.language, **facts)

    stated = any("unstated" not in (g["use"], g["mode"]) for g in document["groups"]) or len(document["groups"]) > 1
    flagged = [part for part in document["parts"] if part["flags"]]
    only = document["groups"][0] if len(document["groups"]) == 1 else None
    if only is not None and not flagged and (only["use"], only["mode"]) == ("unstated", "unstated"):
        return
    page.heading(said("title"))
    if not stated:  # a word that says neither use nor mode: nothing to divide by
        _flags(page, flagged)
        return
    columns = [("use", "left"), ("mode", "left"), ("parts", "right"), *_SIZES]
    rows = [[*_names(page, group), group["parts"], *_sizes(group)] for group in document["groups"]]
    if len(rows) > 1:
        rows.append([said("total"), "", len(document["parts"]), *_sizes(document["total"])])
    page.table([(said(f"column_{name}"), kind) for name, kind in columns], rows)
    if document["shared_m2"]:
        page.line(said("shared", area=f"{document['shared_m2']:,.2f}"))
    rows = []
    for layer in document["layers"]:
        name = layer["layer"] or page.words("kind", layer["kind"])
        if layer["total"] is None:
            rows.append([name, said("not_measured"), "", "", "", "", ""])
        rows += [[name, *_names(page, group), *_sizes(group)] for group in layer["groups"]]
    if any(row[2] for row in rows):
        page.line(said("inside"), "bold")
        columns = [("layer", "left"), ("use", "left"), ("mode", "left"), *_SIZES]
        page.table([(said(f"column_{name}"), kind) for name, kind in columns], rows)
    _flags(page, flagged)
    for note in document["notes"]:
        page.line(said(note), "italic")


def _flags(page: Page, parts: Sequence[Mapping[str, Any]]) -> None:
    """What was not understood of a part, a line each."""
    for part in parts:
        for flag in part["flags"]:
            facts = {"id": part["name"] or part["id"], "words": page.comma.join(part["unknown_words"])}
            page.line(f"- {word(f'part.{flag}', page.language, **facts)}")


def _names(page: Page, group: Mapping[str, Any]) -> list[str]:
    return [word(f"part_use.{group['use']}", page.language), word(f"part_mode.{group['mode']}", page.language)]


def _sizes(extent: Mapping[str, Any]) -> list[str]:
    area, length, points = extent["area_m2"], extent["length_m"], extent["points"]
    return [
        f"{area:,.2f}" if area else "-",
        f"{area / 1e4:,.4f}" if area else "-",
        f"{length:,.2f}" if length else "-",
        str(points) if points else "-",
    ]


def print_districts(page: Page, document: Mapping[str, Any]) -> None:
    """
    What `screening.districts.districts_document` says: one line for a site in one county, else a table.

    Parameters
    ----------
    page
        Where to, and in which language.
    document
        The document.
    """

    def said(code: str, /, **facts: object) -> str:
        return word(f"district.{code}", page.language, **facts)

    page.heading(said("title"))
    districts = document["districts"]
    if document["status"] in ("unavailable", "outside"):
        page.line(said(document["status"]), "bold magenta")
    elif document["status"] == "one":
        page.line(said("one", name=districts[0]["name"], code=districts[0]["code"], city=districts[0]["city"]["name"]))
    else:
        _several(page, districts)
    for district in districts:
        if district["townships"]:
            names = page.comma.join(township["name"] for township in district["townships"])
            page.line(f"{district['name']}{page.pause}{said('townships')}{page.colon}{names}")
    if document["status"] == "several":
        for district in districts:
            _details(page, district)
    if document["uncovered"] and districts:
        page.line(said("uncovered", size=_size(page, document["uncovered"])), "bold magenta")
    for one in document["possible"]:
        page.line(f"- {_possible(page, one)}")
    for flag in document["flags"]:
        if flag != "boundaries_unavailable":
            page.line(said(flag), "italic")
    if document["status"] == "several":
        page.line(said("piece_answers"), "italic")


def _possible(page: Page, one: Mapping[str, Any]) -> str:
    distance = phrases.distance(one["distance_m"], page.language)
    facts = {"name": one["name"], "distance": distance, "accuracy": f"{one['accuracy_m'] or 0:g}"}
    which = "possible_unknown" if one["accuracy_m"] is None else "possible"
    return word(f"district.{which}", page.language, code=one["code"], **facts)


def _several(page: Page, districts: Sequence[Mapping[str, Any]]) -> None:
    columns = [("county", "left"), ("share", "left"), ("size", "left"), ("accuracy", "right"), ("answer", "whole")]
    rows: list[list[object]] = []
    for district in districts:
        share = phrases.share(district["share"])
        if district["share_at_least"] is not None:
            least, most = (phrases.share(district[key]) for key in ("share_at_least", "share_at_most"))
            share = word("district.between", page.language, share=share, least=least, most=most)
        if district["length_share"] is not None:
            length = phrases.share(district["length_share"])
            share += page.comma + word("district.length_share", page.language, share=length)
        accuracy = district["accuracy_m"]
        rows.append(
            [
                f"{district['name']} {district['code']}",
                share,
                _size(page, district),
                word("district.border_accuracy_unknown", page.language) if accuracy is None else f"{accuracy:g}",
                page.answer("answer", district["answer"]),
            ]
        )
    page.table([(word(f"district.column_{name}", page.language), kind) for name, kind in columns], rows)


def _details(page: Page, district: Mapping[str, Any]) -> None:
    """The versions that answer in a county, and its units."""
    layers = [
        f"{layer['layer']} {layer['version'] or ''} {layer['data_date'] or ''} "
        + word(f"district.status_{layer['status']}", page.language, share=phrases.share(layer["covered_share"] or 0.0))
        for layer in district["layers"]
        if layer["role"] == "protective"
    ]
    units = [f"{unit['code'] or unit['id']} {unit['name'] or ''}".strip() for unit in district["units"]]
    none = word("district.none", page.language)
    page.line(f"{district['name']} {district['code']}", "bold")
    page.pairs(
        [
            (word("district.layers", page.language), page.lines(layers or [none])),
            (word("district.units", page.language), page.lines(units or [none])),
            *_ruling(page, district["ruling"]),
        ]
    )


def _ruling(page: Page, ruling: Mapping[str, Any] | None) -> list[tuple[str, object]]:
    """The rules of a county in short: packs, unit lists, clauses that apply by title, those that may by id."""
    if ruling is None:
        return []

    def said(code: str) -> str:
        return word(f"district.{code}", page.language)

    def consequence(clause: Mapping[str, Any]) -> str:
        return word(f"rules.consequence_{clause['consequence']}", page.language)

    none = said("none")
    packs = [f"{pack['id']} {pack[f'title_{page.language}']} ({pack['sha256'][:12]})" for pack in ruling["packs"]]
    lists = [
        f"{one['title']} ({word('rules.state_' + one['state'], page.language)}, {one['sha256'][:12]})"
        for one in ruling["unit_lists"]
    ]
    lists += [said("unit_lists_unknown")] if ruling["unit_lists_unknown"] else []
    applies = [
        f"{consequence(clause)}{page.pause}{clause['id']} {clause[f'title_{page.language}']}"
        for clause in ruling["clauses"]
        if clause["state"] == "applies"
    ]
    may: dict[str, list[str]] = {}
    for clause in ruling["clauses"]:
        if clause["state"] == "may_apply":
            may.setdefault(consequence(clause), []).append(clause["id"])
    return [
        (said("packs"), page.lines(packs or [none])),
        (said("unit_lists"), page.lines(lists or [none])),
        (said("clauses_apply"), page.lines(applies or [none])),
        (
            said("clauses_may"),
            page.lines([f"{what}{page.colon}{page.comma.join(ids)}" for what, ids in may.items()] or [none]),
        ),
    ]


def _size(page: Page, extent: Mapping[str, Any]) -> str:
    said = []
    if extent["area_m2"]:
        said.append(f"{extent['area_m2'] / 1e4:,.4f} {word('unit.hectares', page.language)}")
    if extent["length_m"]:
        said.append(phrases.length(extent["length_m"], page.language))
    if extent["points"]:
        said.append(f"{word('part.column_points', page.language)} {extent['points']}")
    return page.comma.join(said) or "-"
