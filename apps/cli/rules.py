"""``sanxian rules``: the shipped packs, one clause in full, which clauses have cases, and a check of one's own pack."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apps.cli.options import lang_option

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.text import Text

    from apps.cli.table import Page
    from screening.rules.model import Pack
    from screening.words import Language

__all__ = ["print_ruling", "rules"]

_STYLES = {"prohibited": "bold red", "restricted": "bold yellow", "needs_approval": "yellow"}
_LISTED = 40
"""Questions and suppositions that are printed; the JSON has all."""


@click.group(
    short_help="规则包 / rule packs",
    help=(
        "规则包：条款、依据、条件；逐条查看，查哪些条款没有用例，检查自己的规则包。\n\n"
        "Rule packs: clauses, their basis and condition; one clause in full, which clauses lack a case, a check of a "
        "pack of one's own."
    ),
)
def rules() -> None:
    """The group itself does nothing."""


@rules.command(
    "list", short_help="列出规则包 / the packs", help="列出自带的规则包和条款。\n\nThe shipped packs and their clauses."
)
@click.option("--pack", "wanted", metavar="ID", help="只列一个规则包的条款 / the clauses of one pack only")
@lang_option
def list_(wanted: str | None, lang: Language) -> None:
    """``sanxian rules list``."""
    from screening.rules.loading import shipped_packs

    page = _page(lang)
    packs = shipped_packs()
    if wanted is None:
        page.heading(_words(page, "packs"))
        columns = [("pack", "whole"), ("title", "left"), ("level", "whole"), ("districts", "left"), ("number", "right")]
        page.table(
            [(_words(page, f"column_{code}"), kind) for code, kind in (*columns, ("digest", "whole"))],
            [
                [
                    pack.id,
                    pack.title_zh if lang == "zh" else pack.title_en,
                    _words(page, f"level_{pack.level}"),
                    page.comma.join(pack.districts) or _words(page, "everywhere"),
                    len(pack.clauses),
                    pack.sha256[:12],
                ]
                for pack in packs
            ],
        )
        return
    chosen = [pack for pack in packs if pack.id == wanted]
    if not chosen:
        raise _unknown("pack", wanted, [pack.id for pack in packs])
    _clauses(page, chosen[0])


@rules.command(
    "show", short_help="一条条款 / one clause", help="一条条款的全文、依据、条件和出处。\n\nOne clause in full."
)
@click.argument("name", metavar="ID")
@lang_option
def show(name: str, lang: Language) -> None:
    """``sanxian rules show ID``."""
    import json

    from screening.rules.loading import shipped_packs
    from screening.rules.phrases import basis_words
    from screening.rules.ruling import ClauseRuling

    packs = shipped_packs()
    found = [(pack, clause) for pack in packs if (clause := pack.clause(name)) is not None]
    if not found:
        raise _unknown("clause", name, [clause.id for pack in packs for clause in pack.clauses])
    pack, clause = found[0]
    row = ClauseRuling(pack=pack, clause=clause, state="may_apply", leaves=()).to_dict()
    page = _page(lang)
    page.title(f"{clause.id}  {row[f'title_{lang}']}")
    status = clause.verified_on if clause.verified else _words(page, "unverified")
    pairs: list[tuple[str, object]] = [
        (_words(page, "column_level"), _words(page, f"level_{pack.level}")),
        (_words(page, "column_heading"), _words(page, f"heading_{clause.heading}")),
        (_words(page, "column_consequence"), _words(page, f"consequence_{clause.consequence}")),
        (_words(page, "column_text"), row[f"text_{lang}"]),
        (_words(page, "quote"), clause.quote),
        (_words(page, "facts"), page.comma.join(clause.facts)),
        (_words(page, "basis"), basis_words(row, lang)),
        (_words(page, "source"), clause.source),
        (_words(page, "column_status"), status),
        (_words(page, "penalty"), row[f"penalty_{lang}"]),
        (_words(page, "offices"), page.comma.join(_words(page, f"office_{office}") for office in clause.offices)),
        (_words(page, "condition"), json.dumps(clause.condition.to_dict(), ensure_ascii=False)),
    ]
    if clause.superseded_by:
        pairs.append(("", _words(page, "superseded_by", clauses=page.comma.join(clause.superseded_by))))
    pairs.append((_words(page, "column_pack"), f"{pack.id} ({pack.sha256[:12]})"))
    page.pairs([(label, value) for label, value in pairs if value])


@rules.command(
    "coverage",
    short_help="哪些条款没有用例 / clauses without a case",
    help=(
        "运行 data/rules/cases 的用例，列出每条条款由哪个用例触发、哪个用例不触发；列出不符的用例。\n\n"
        "Run the cases of data/rules/cases: which case fires each clause and which does not; which do not hold."
    ),
)
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="列出全部条款，默认只列缺用例的 / all clauses, not only those that lack a case",
)
@click.option(
    "--rules", "files", metavar="FILE", multiple=True, help="自己的规则包，可多次 / a pack of one's own; repeatable"
)
@click.option(
    "--cases", "case_files", metavar="FILE", multiple=True, help="自己的用例，可多次 / cases of one's own; repeatable"
)
@lang_option
def coverage(*, everything: bool, files: tuple[str, ...], case_files: tuple[str, ...], lang: Language) -> None:
    """``sanxian rules coverage``."""
    from screening.rules.cases import coverage_of, load_cases, shipped_cases
    from screening.rules.loading import shipped_packs
    from screening.rules.packs import user_packs

    packs = (*shipped_packs(), *user_packs(files))
    found = coverage_of((*shipped_cases(), *(c for file in case_files for c in load_cases(Path(file)))), packs)
    page = _page(lang)
    for broken in found.broken:
        state = "-" if broken.state is None else _words(page, f"state_{broken.state}")
        expected = _words(page, f"state_{broken.expected}")
        line = _words(page, "coverage_broken", case=broken.case, clause=broken.clause, expected=expected, state=state)
        page.line(line, "bold red")
    listed = list(found.fired) if everything else list(found.lacking)
    if listed:
        columns = [("id", "whole"), ("fired", "left"), ("spared", "left")]
        page.table(
            [(_words(page, f"column_{code}"), kind) for code, kind in columns],
            [
                [name, page.comma.join(found.fired[name]) or "-", page.comma.join(found.spared[name]) or "-"]
                for name in listed
            ],
        )
    total = len(found.fired)
    code = "coverage_lacking" if found.lacking else "coverage_whole"
    page.line(_words(page, code, lacking=len(found.lacking), clauses=total))


@rules.command(
    "check-pack",
    short_help="检查自己的规则包 / check a pack",
    help=(
        "读一个规则包（TOML）或准入清单（XLSX、CSV），指出哪里不对；没有错就列出条款。\n\n"
        "Read a pack (TOML) or an access list (XLSX, CSV): what is wrong with it, or its clauses."
    ),
)
@click.argument("file", metavar="FILE")
@lang_option
def check_pack(file: str, lang: Language) -> None:
    """``sanxian rules check-pack FILE``."""
    from screening.rules.packs import user_packs

    page = _page(lang)
    for pack in user_packs([file]):
        page.line(_words(page, "pack_sound", pack=pack.id, clauses=len(pack.clauses), digest=pack.sha256[:12]))
        _clauses(page, pack)


def print_ruling(page: Page, ruling: Mapping[str, Any], *, brief: bool = False) -> None:
    """
    Print a ruling under its four headings, strictest first.

    Parameters
    ----------
    page
        Where to, and in which language.
    ruling
        Of `screening.rules.ruling.Ruling.to_dict`.
    brief
        Only the titles of what applies, and how to ask for the rest: where nothing was said of the project.
    """
    from screening.rules.phrases import counterfactual_words, note_words

    page.heading(_words(page, "title"))
    page.line(_words(page, "counts", **ruling["counts"]))
    for note in ruling["notes"]:
        page.line(note_words(note, ruling["packs"], page.language), "yellow")
    if brief:
        _titles(page, ruling)
        page.line(_words(page, "brief"), "yellow")
        page.line(_words(page, "note"))
        return
    trace = {row["clause"]: row for row in ruling["trace"]}
    for heading, clauses in ruling["headings"].items():
        if clauses:
            page.heading(_words(page, f"heading_{heading}"))
            _ruled(page, clauses, trace)
    if ruling["conflicts"]:
        page.heading(_words(page, "conflicts"))
        for conflict in ruling["conflicts"]:
            page.line(f"{_words(page, 'heading_' + conflict['heading'])}{page.colon}{' / '.join(conflict['clauses'])}")
    if ruling["questions"]:
        page.heading(_words(page, "questions"))
        asked = _asked(ruling["questions"], page.language)
        for text, (strictest, names) in [*asked.items()][:_LISTED]:
            label = page.text(_words(page, f"consequence_{strictest}"), _STYLES.get(strictest, ""))
            page.print(label + page.text(f"{page.colon}{text} ") + page.text(f"[{_some(names, page)}]", "dim"))
        _more(page, len(asked))
    if ruling["counterfactuals"]:
        page.heading(_words(page, "counterfactuals"))
        told = _alike(ruling["counterfactuals"])
        for row in told[:_LISTED]:
            what, change = counterfactual_words(row, page.language)
            page.line(what)
            page.indented(change)
        _more(page, len(told))
    page.line(_words(page, "note"), "italic")


def _asked(questions: Sequence[Mapping[str, Any]], language: Language) -> dict[str, tuple[str, list[str]]]:
    """Each question once, with the strictest consequence and the clauses it decides."""
    from screening.rules.phrases import question_words

    found: dict[str, tuple[str, list[str]]] = {}
    for question in questions:
        _, names = found.setdefault(question_words(question, language), (question["strictest"], []))
        names += [name for name in question["clauses"] if name not in names]
    return found


def _more(page: Page, count: int) -> None:
    if count > _LISTED:
        page.line(_words(page, "more", count=count - _LISTED))


def _alike(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Suppositions of an activity or an industry that would change the same, as one with several values."""
    found: dict[tuple[object, ...], dict[str, Any]] = {}
    for number, row in enumerate(rows):
        if "value" not in row:
            found[(number,)] = dict(row)
            continue
        key = (row["code"], *row["applies"], None, *row["no_longer"])
        found.setdefault(key, {**row, "values": []})["values"].append(row["value"])
    return list(found.values())


def _titles(page: Page, ruling: Mapping[str, Any]) -> None:
    """A line for every clause that applies, and the ids of those that prohibit and may."""
    from screening.rules.phrases import basis_words

    rows: list[list[object]] = [
        [
            page.text(_words(page, f"consequence_{clause['consequence']}"), _STYLES.get(clause["consequence"], "")),
            f"{clause['id']} {clause[f'title_{page.language}']}",
            basis_words(clause, page.language),
        ]
        for clauses in ruling["headings"].values()
        for clause in clauses
        if clause["state"] == "applies"
    ]
    if rows:
        _table(page, (("consequence", "left"), ("id", "left"), ("basis", "left")), rows)
    may = [
        clause["id"]
        for clauses in ruling["headings"].values()
        for clause in clauses
        if (clause["state"], clause["consequence"]) == ("may_apply", "prohibited")
    ]
    if may:
        page.line(_words(page, "prohibited_may", count=len(may), clauses=page.comma.join(may)), "bold yellow")


def _ruled(page: Page, clauses: Sequence[Mapping[str, Any]], trace: Mapping[str, Mapping[str, Any]]) -> None:
    """
    Clauses of one heading: in full what applies; of what may, the titles under what leaves them open.

    Texts and grounds of what only may apply are in the JSON.
    """
    from screening.rules.phrases import leaf_words

    above: tuple[str, str] | None = None
    for clause in clauses:
        applies = clause["state"] == "applies"
        because = [
            leaf_words(leaf, page.language)
            for leaf in trace[clause["id"]]["decided_by"]
            if applies or leaf["truth"] == "open"
        ]
        why = page.comma.join(dict.fromkeys(because))
        if applies:
            page.print(_label(page, clause) + page.text(page.colon) + _title(page, clause, "bold"))
            _full(page, clause, why)
            above = None
            continue
        if above != (clause["consequence"], why):
            page.print(_label(page, clause) + page.text(f"{page.pause}{_words(page, 'open')}{page.colon}{why}"))
        above = (clause["consequence"], why)
        page.indented(_title(page, clause))


def _label(page: Page, clause: Mapping[str, Any]) -> Text:
    """How strict, and whether it applies."""
    consequence = clause["consequence"]
    label = page.text(_words(page, f"consequence_{consequence}"), _STYLES.get(consequence, ""))
    return label + page.text(f"{page.pause}{_words(page, 'state_' + clause['state'])}")


def _title(page: Page, clause: Mapping[str, Any], style: str = "") -> Text:
    unverified = f" [{_words(page, 'unverified')}]" if clause["status"] == "unverified" else ""
    return page.text(clause[f"title_{page.language}"], style) + page.text(f" [{clause['id']}]{unverified}", "dim")


def _full(page: Page, clause: Mapping[str, Any], why: str) -> None:
    """What a clause says, its basis, why it applies, what breaking it costs, whom to ask."""
    from screening.rules.phrases import basis_words

    page.indented(clause["quote"] if page.language == "zh" and clause["quote"] else clause[f"text_{page.language}"])
    offices = page.pause.join(_words(page, f"office_{office}") for office in clause["offices"])
    told = [("basis", basis_words(clause, page.language)), ("why", why)]
    told += [("penalty", clause[f"penalty_{page.language}"]), ("ask", offices)]
    for code, words in told:
        if words:
            page.indented(f"{_words(page, code)}{page.colon}{words}")


def _some(clauses: Sequence[str], page: Page) -> str:
    shown = page.pause.join(clauses[:4])
    return shown if len(clauses) <= 4 else f"{shown} (+{len(clauses) - 4})"


def _table(page: Page, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[object]]) -> None:
    page.table([(_words(page, f"column_{code}"), kind) for code, kind in columns], rows)


def _clauses(page: Page, pack: Pack) -> None:
    rows: list[list[object]] = [
        [
            clause.id,
            page.text(_words(page, f"consequence_{clause.consequence}"), _STYLES.get(clause.consequence, "")),
            _words(page, f"heading_{clause.heading}"),
            clause.title_zh if page.language == "zh" else clause.title_en,
            clause.verified_on if clause.verified else _words(page, "unverified"),
        ]
        for clause in pack.clauses
    ]
    columns = (("id", "whole"), ("consequence", "left"), ("heading", "left"), ("title", "left"), ("status", "left"))
    _table(page, columns, rows)


def _page(language: Language) -> Page:
    from apps.cli.console import console_on
    from apps.cli.table import Page

    return Page(console_on(), language)


def _words(page: Page, code: str, **facts: object) -> str:
    from screening.words import word

    return word(f"rules.{code}", page.language, **facts)


def _unknown(what: str, text: str, known: Sequence[str]) -> Exception:
    from difflib import get_close_matches

    from screening.errors import UnknownRuleWordError

    near = tuple(get_close_matches(text, known, n=5, cutoff=0.4))
    return UnknownRuleWordError(what=what, text=text, near=near, remedy="see sanxian rules list")
