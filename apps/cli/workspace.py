"""``sanxian init``, ``layers`` and ``prune``: a workspace and what lies in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from apps.cli.console import console_on, say
from apps.cli.options import DISTRICTS, KIND, lang_option, workspace_argument

if TYPE_CHECKING:
    from layers.workspace.address import Place
    from layers.workspace.store import VersionEntry, WorkspaceStore
    from screening.words import Language

__all__ = ["in_use", "init", "layers", "prune"]


@click.command(
    short_help="新建工作区 / make a workspace",
    help=(
        "新建工作区：一个文件夹，可整体复制；或数据库中的一个模式（postgresql://用户@主机/库名#工作区名）。\n\n"
        "Make a workspace: one folder, safe to copy; or a schema of a database that is there "
        "(postgresql://user@host/database#name, needs PostGIS). Without --require a full answer needs red_lines, "
        "protected_areas, water_sources and control_units."
    ),
)
@workspace_argument
@click.argument("more", nargs=-1, type=KIND, metavar="")
@click.option(
    "--require",
    multiple=True,
    metavar="KIND ...",
    help="完整结论所需的图层类型，可多个 / kinds a full answer needs, one or several",
)
@click.option("--region", type=DISTRICTS, metavar="CODES", help="所辖行政区划代码 / district codes it is for")
@lang_option
def init(workspace: Place, more: tuple[str, ...], require: tuple[str, ...], region: str | None, lang: Language) -> None:
    """``sanxian init WS``."""
    from layers.model import DEFAULT_REQUIRED_KINDS
    from layers.workspace import create_workspace
    from screening.words import word

    if more and not require:
        raise click.UsageError(f"多余的参数 / unexpected argument: {more[0]}")
    named = [KIND.convert(kind, None, None) for text in require for kind in text.replace("，", ",").split(",")]
    kinds = tuple(dict.fromkeys([*named, *more])) or DEFAULT_REQUIRED_KINDS
    if region is not None:
        _require_districts(region.split(","))
    store = create_workspace(workspace, required_kinds=kinds, region=region)
    console = console_on()
    say(console, word("cli.created", lang, path=store.root))
    names = ("、" if lang == "zh" else ", ").join(word(f"kind.{kind}", lang) for kind in kinds)
    say(console, word("cli.required_kinds", lang, kinds=names))


def _require_districts(codes: list[str]) -> None:
    """Refuse a code that no boundary is known for, where boundaries are at hand."""
    from spatial.boundaries import available, place_names, union

    if available() and not set(codes) <= set(place_names()):
        union(codes)  # raises with the codes that may have been meant


@click.command(
    short_help="列出图层卡片 / the layer cards",
    help=(
        "列出各图层的卡片：来源、日期、精度、覆盖范围、修复与拒收。\n\n"
        "The layer cards: source, dates, accuracy, coverage, what was repaired and rejected."
    ),
)
@workspace_argument
@lang_option
def layers(workspace: Place, lang: Language) -> None:
    """``sanxian layers WS``."""
    from apps.cli.cards import print_cards
    from layers.workspace import open_workspace

    print_cards(console_on(), open_workspace(workspace), lang)


@click.command(
    short_help="删除无用的旧版本 / drop versions that nothing uses",
    help=(
        "删除不再有用的旧版本：今天和以后都不作答、也没有核查记录提到的版本。\n\n"
        "Drop versions that nothing uses: they answer neither today nor later, and no record of a check names them."
    ),
)
@workspace_argument
@click.option("--dry-run", is_flag=True, help="只列出，不删除 / list them only")
@lang_option
def prune(workspace: Place, *, dry_run: bool, lang: Language) -> None:
    """``sanxian prune WS``."""
    from layers.errors import ManifestUnreadableError
    from layers.workspace import open_workspace
    from screening.words import word

    store = open_workspace(workspace)
    if not store.manifest_readable:
        raise ManifestUnreadableError(path=store.root, detail=store.damages[0].detail)
    used = in_use(store)
    leftovers = store.leftovers()
    dropped = [e for e in store.entries if e not in used]
    if not dry_run:
        # a version imported meanwhile is none of those that were looked at
        dropped = list(store.prune(lambda entry: entry not in dropped))
    console = console_on()
    for entry in dropped:
        say(
            console,
            word("cli.would_drop" if dry_run else "cli.dropped", lang, layer=entry.layer, version=entry.version),
        )
    for path in leftovers:
        say(console, word("cli.would_drop_leftover" if dry_run else "cli.dropped_leftover", lang, path=path))
    if not dropped and not leftovers:
        say(console, word("cli.nothing_to_drop", lang))


def in_use(store: WorkspaceStore) -> frozenset[VersionEntry]:
    """
    The versions of a workspace that something uses.

    Of each layer the version that answers today, those that begin later, and those that a record of checked sites
    names; if a record cannot be read, all.
    """
    from layers.version import version_at
    from screening.screen import today

    day = today()
    names = {e.layer: [other for other in store.entries if other.layer == e.layer] for e in store.entries}
    used = {version_at(entries, day)[0] for entries in names.values()}
    used |= {e for e in store.entries if e.valid_from is not None and e.valid_from > day}
    try:
        records = [data.decode("utf-8") for data in store.records()]
    except (OSError, UnicodeDecodeError):
        return frozenset(store.entries)
    used |= {e for e in store.entries if any(e.version in text for text in records)}
    return frozenset(used)
