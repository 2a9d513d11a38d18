"""``sanxian register``: sites that were checked, kept; and what a new version of a layer changes for them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apps.cli.options import DATE, lang_option, workspace_argument
from apps.cli.sites import named_site, site_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apps.cli.sites import SiteOptions
    from apps.cli.table import Page
    from layers.workspace.address import Place
    from screening.register import Notice
    from screening.site import Site
    from screening.words import Language
    from spatial.reading.model import Reading

__all__ = ["because_words", "print_notices", "register"]

MOST_REASONS = 5
"""Reasons printed for a site; the others stand in the JSON."""


@click.group(
    short_help="登记核查过的选址，图层更新后找出受影响的 / keep checked sites; what a new version changes for them",
    help=(
        "登记核查过的选址；图层有了新版本或日期推移后，只重新核查变化所及的选址，逐个给出变更通知。\n\n"
        "Keep the sites that were checked. When a layer gets a new version, or time passes, only the sites that the "
        "change can reach are run again, and each that changed gets a notice."
    ),
)
def register() -> None:
    """The group itself does nothing."""


@register.command(
    "add",
    short_help="核查并登记 / check and register",
    help=(
        "核查选址并登记；已登记的（同一选址）重新核查。\n\n"
        "Check a site and keep it; one that is there already is checked anew. SITE as of check."
    ),
)
@workspace_argument
@click.argument("site", metavar="SITE")
@click.option("--each", is_flag=True, help="文件中的每个要素各是一个项目 / each feature of the file is a project")
@click.option("--as-of", type=DATE, metavar="DATE", help="核查基准日，默认今天（东八区） / default today in UTC+8")
@click.option("--stability", is_flag=True, help="同 check：命中能承受多少米的误差 / as of check: hold_at_least_m")
@site_options
@lang_option
def add(
    workspace: Place,
    site: str,
    *,
    each: bool,
    as_of: str | None,
    stability: bool,
    options: SiteOptions,
    lang: Language,
) -> None:
    """``sanxian register add WS SITE``."""
    from apps.cli.console import console_on, say
    from layers.workspace import open_workspace
    from screening.inquiry import Inquiry
    from screening.register import Register
    from screening.screen import today
    from screening.words import word

    store = open_workspace(workspace)
    reading = options.source(site, store).reading
    console = console_on()
    day = as_of or today()
    sites: list[Site] = []
    for one, trouble in _sites(reading, options, site, each=each):
        if one is None:
            record, reason = trouble
            say(console, word("register.not_added", lang, record=record, reason=reason))
        else:
            sites.append(one)
    with Register(store, create=True) as kept:
        numbers = kept.add_many(Inquiry(site=one, as_of=day, stability=stability) for one in sites)
        answers = {row.id: row for row in kept.sites()}
        for number in dict.fromkeys(numbers):
            row = answers[number]
            say(console, f"{number}  {row.name or ''}  {word(f'answer.{row.answer}', lang)}")
        path = kept.database.path if isinstance(store.root, Path) else store.root
        say(console, word("register.added", lang, count=len(set(numbers)), path=path))


def _sites(
    reading: Reading, options: SiteOptions, text: str, *, each: bool
) -> Iterator[tuple[Site | None, tuple[str, str]]]:
    """The file as one site, or each feature of it; of these, one that cannot be judged is named and passed over."""
    from screening.errors import SiteError
    from screening.site import place

    if not each:
        yield named_site(place(reading, **options.size), reading, text).site, ("", "")
        return
    for unreadable in reading.unreadable:
        yield None, (unreadable.id, unreadable.problem.message)
    for row, name in enumerate(reading.ids):
        one = replace(
            reading,
            geometries=reading.geometries[row : row + 1],
            attributes=reading.attributes[row : row + 1],
            ids=(name,),
            feature_layers=reading.feature_layers[row : row + 1],
            unreadable=(),
        )
        try:
            site = place(one, **options.size)
        except SiteError as error:
            yield None, (name, error.detail)
            continue
        yield (site if site.parts[0].name else replace(site, name=f"{site.name} {name}")), ("", "")


@register.command(
    "list", short_help="列出登记的选址 / list registered sites", help="列出登记的选址。\n\nList the registered sites."
)
@workspace_argument
@click.option("--site", "number", type=click.IntRange(min=1), metavar="N", help="这一个的完整结论 / its whole verdict")
@click.option("--notices", "with_notices", is_flag=True, help="列出历次变更通知 / list the notices kept")
@click.option("--json", "json_to", metavar="F|-", help="写成 JSON；- 为标准输出 / as JSON; - is stdout")
@lang_option
def list_(workspace: Place, *, number: int | None, with_notices: bool, json_to: str | None, lang: Language) -> None:
    """``sanxian register list WS``."""
    from apps.cli.console import console_on, say
    from apps.cli.table import Page
    from layers.workspace import open_workspace
    from screening.register import Register
    from screening.words import word

    store = open_workspace(workspace)
    with Register(store) as kept:
        document: dict[str, Any] = {"sites": [_site_document(row) for row in kept.sites()]}
        if with_notices:
            notices = kept.notices()
            document["notices"] = [_notice_document(notice) for notice in notices]
        if number is not None:
            document = {"inquiry": kept.inquiry(number).to_dict(), "verdict": kept.document(number)}
    page = Page(console_on(stderr=json_to == "-"), lang)
    if number is not None:
        from apps.cli.table import print_verdict

        if json_to is None:
            print_verdict(page.console, document["verdict"], lang)
    elif json_to != "-":
        _print_sites(page, document["sites"])
        if with_notices:
            print_notices(page, notices)
    _write(document, json_to, page)
    if json_to != "-":
        say(page.console, word("register.says_nothing", lang))


@register.command(
    "rescreen",
    short_help="图层更新后重新核查 / bring the sites up to date",
    help=(
        "图层有了新版本或日期推移后，使登记的选址与工作区一致：只重新核查变化所及的选址，结果与全部重新核查相同。\n\n"
        "Bring the registered sites to the workspace as it is: only sites that a change can reach are run again, "
        "and the result is that of running all of them."
    ),
)
@workspace_argument
@click.option("--as-of", type=DATE, metavar="DATE", help="核查基准日，默认今天（东八区） / default today in UTC+8")
@click.option("--all", "every", is_flag=True, help="全部重新核查 / run every site")
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    metavar="N",
    help="进程数，默认处理器核数 / processes; default: the cores there are",
)
@click.option(
    "--json", "json_to", metavar="F|-", help="变更通知写成 JSON；- 为标准输出 / the notices as JSON; - is stdout"
)
@lang_option
def rescreen(
    workspace: Place, *, as_of: str | None, every: bool, workers: int | None, json_to: str | None, lang: Language
) -> None:
    """``sanxian register rescreen WS``."""
    import os

    from apps.cli.console import console_on, say
    from apps.cli.table import Page
    from layers.workspace import open_workspace
    from screening.register import Register
    from screening.register import rescreen as bring
    from screening.screen import today
    from screening.words import word

    store = open_workspace(workspace)
    with Register(store) as kept:
        done = bring(kept, as_of=as_of or today(), every=every, workers=workers or os.cpu_count() or 1)
    document = done.to_dict()
    document["notices"] = [_notice_document(notice) for notice in done.notices]
    document["everywhere"] = [change | _both(change) for change in done.everywhere]
    page = Page(console_on(stderr=json_to == "-"), lang)
    changed = sum(notice.answer_changed for notice in done.notices)
    said = {"sites": done.sites, "run": done.run, "changed": changed, "details": len(done.notices) - changed}
    say(page.console, word("register.summary", lang, **said, as_of=done.as_of))
    if done.everywhere:
        say(page.console, word("register.everywhere", lang))
        for change in done.everywhere[:MOST_REASONS]:
            say(page.console, f"  {because_words(change, lang)}")
        _print_more(page, len(done.everywhere) - MOST_REASONS)
    print_notices(page, done.notices)
    _write(document, json_to, page)
    say(page.console, word("register.says_nothing", lang))


# --- words and tables ------------------------------------------------------------------------------------------------


def because_words(change: dict[str, Any], language: Language) -> str:
    """
    A change in words.

    Examples
    --------
    >>> feature = {"id": "2", "code": "R2", "name": "B"}
    >>> because_words({"code": "feature_moved", "layer": "red", "feature": feature, "moved_m": 12.5}, "en")
    '“B” of red moved, by 12.50 m at most'
    """
    from apps.cli.console import shown
    from screening.words import word

    layer = shown(change.get("layer") or "-")
    facts: dict[str, Any] = {"layer": layer, "kind": "-", "feature": layer, "moved": "-"}
    if change.get("kind"):
        facts["kind"] = word(f"kind.{change['kind']}", language)
    if change.get("feature"):
        feature = change["feature"]
        named = shown(feature["name"] or feature["code"] or feature["id"])
        facts["feature"] = word("register.feature", language, layer=layer, feature=named)
    if change.get("moved_m") is not None:
        facts["moved"] = f"{change['moved_m']:,.2f} {word('unit.metres', language)}"
    for side in ("before", "after"):
        facts[side] = _side(change, side, language)
    return word(f"register.because_{change['code']}", language, **facts)


def _side(change: dict[str, Any], side: str, language: Language) -> str:
    from apps.cli.console import shown
    from maps import phrases
    from screening.words import word

    value = change.get(side)
    if change["code"] == "validity_changed":
        return word("register.valid", language) if value is None else phrases.code_word("reason", value, language)
    if isinstance(value, dict):
        label = value.get("class_label") or (
            phrases.code_word("class", value["class"], language) if "class" in value else ""
        )
        counted = word(f"register.counts_{str(bool(value.get('counts'))).lower()}", language)
        return shown(f"{label} ({counted})" if label else counted)
    return "-" if value is None else shown(value)


def _both(change: dict[str, Any]) -> dict[str, str]:
    return {"zh": because_words(change, "zh"), "en": because_words(change, "en")}


def _notice_document(notice: Notice) -> dict[str, Any]:
    document = notice.to_dict()
    return document | {"because": [change | _both(change) for change in notice.because]}


def _site_document(row: Any) -> dict[str, Any]:
    return {"site": row.id, "name": row.name, "answer": row.answer, "as_of": row.as_of, "versions": row.versions}


def _print_sites(page: Page, sites: list[dict[str, Any]]) -> None:
    from rich.table import Table

    from screening.words import word

    table = Table(box=None, pad_edge=False)
    for heading in ("site", "name", "answer", "as_of"):
        table.add_column(word(f"register.{heading}", page.language))
    for one in sites:
        cells = (one["site"], one["name"] or "", page.words("answer", one["answer"]), one["as_of"])
        table.add_row(*(page.text(cell) for cell in cells))
    page.print(table)
    page.print(page.text(word("register.count", page.language, count=len(sites))))


def print_notices(page: Page, notices: tuple[Notice, ...]) -> None:
    """Print change notices: site, answer before and after, and because of what."""
    from rich.table import Table

    from screening.words import word

    if not notices:
        page.print(page.text(word("register.no_notices", page.language)))
        return
    page.print(page.text(word("register.notices", page.language)))
    table = Table(box=None, pad_edge=False)
    for heading in ("site", "name", "answer", "because"):
        table.add_column(word(f"register.{heading}", page.language), overflow="fold")
    for notice in notices:
        reasons = [because_words(change, page.language) for change in notice.because]
        if len(reasons) > MOST_REASONS:
            more = word("register.more", page.language, count=len(reasons) - MOST_REASONS)
            reasons = [*reasons[:MOST_REASONS], more]
        cells = (str(notice.site), notice.name or "", "\n".join(_answers(page, notice)), "\n".join(reasons))
        table.add_row(*(page.lines(cell.split("\n")) for cell in cells))
    page.print(table)


def _answers(page: Page, notice: Notice) -> list[str]:
    from screening.words import word

    before, after = notice.before["answer"], notice.after["answer"]
    lines = [
        page.words("answer", after)
        if before == after
        else f"{page.words('answer', before)} -> {page.words('answer', after)}"
    ]
    for kind in sorted(notice.before["kinds"].keys() | notice.after["kinds"].keys()):
        sides = [kinds.get(kind) for kinds in (notice.before["kinds"], notice.after["kinds"])]
        if sides[0] != sides[1]:
            said = [page.words("answer", side) if side else "-" for side in sides]
            facts = {"kind": word(f"kind.{kind}", page.language), "before": said[0], "after": said[1]}
            lines.append(word("register.kind_change", page.language, **facts))
    return lines if notice.answer_changed else [*lines, word("register.details_only", page.language)]


def _print_more(page: Page, count: int) -> None:
    from screening.words import word

    if count > 0:
        page.print(page.text(f"  {word('register.more', page.language, count=count)}"))


def _write(document: dict[str, Any], json_to: str | None, page: Page) -> None:
    from apps.cli.console import say, write_json
    from apps.cli.outputs import json_text, write_text
    from screening.words import word

    if json_to == "-":
        write_json(document)
    elif json_to is not None:
        say(page.console, word("cli.wrote_json", page.language, path=write_text(Path(json_to), json_text(document))))
