"""``sanxian check``: one site against a workspace; a table for people, JSON, map and export on request."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apps.cli.console import console_on, say, write_json
from apps.cli.errors import EXIT_OF_ANSWER, EXIT_REJECTED
from apps.cli.options import DATE, lang_option
from apps.cli.sites import NamedSite, SiteOptions, named_site, site_options

if TYPE_CHECKING:
    from rich.console import Console

    from layers.workspace.store import WorkspaceStore
    from screening.dossier import Dossier
    from screening.words import Language

__all__ = ["check"]


@click.command(
    short_help="核查一个项目选址 / check one site",
    help=(
        "核查一个项目选址。SITE 为文件（GeoJSON、shapefile、ZIP、KML、GeoPackage、DXF、CSV、XLSX、TXT 等），"
        "或直接键入的坐标，如 117.45,49.58；以“-”开头的写在 -- 之后。\n\n"
        "Check one site. SITE is a file (GeoJSON, shapefile, ZIP, KML, GeoPackage, DXF, CSV, XLSX, TXT ...) or "
        "coordinates typed, such as 117.45,49.58; one that begins with a dash goes after --.\n\n"
        "退出码 / exit status: 0 已完成，不论结论 completed, whatever the answer; 2 用法 usage; "
        "3 输入未被接受 input rejected; "
        "--exit-code: 10 命中 hit, 11 边界不确定 uncertain, 12 无法判断 unknown"
    ),
)
@click.argument("site", metavar="SITE")
@click.option(
    "--workspace", "-w", required=True, metavar="WS", type=click.Path(path_type=Path), help="工作区 / the workspace"
)
@click.option("--json", "json_to", metavar="F|-", help="结论写成 JSON；- 为标准输出 / the verdict as JSON; - is stdout")
@click.option("--map", "map_to", metavar="F.html", help="离线地图 / an offline map")
@click.option(
    "--export", "export_to", metavar="F.shp|.gpkg|.geojson|.zip", help="供其他软件使用的成果 / files for other programs"
)
@lang_option
@site_options
@click.option(
    "--accept-agreeing",
    is_flag=True,
    help="坐标系未定而各候选结论一致时，按第一个候选继续 / where the CRS is open and the answers under all hypotheses "
    "agree, go on with the first",
)
@click.option("--as-of", type=DATE, metavar="DATE", help="核查基准日，默认今天（东八区） / default today in UTC+8")
@click.option(
    "--stability", is_flag=True, help="给出命中能承受多少米的误差 / say how many metres of error each hit would stand"
)
@click.option(
    "--rivers",
    "with_rivers",
    is_flag=True,
    help="附上河流与断面：汇入的河段、下游断面、水源 / add the reach it drains to, the next section, water sources",
)
@click.option("--exit-code", is_flag=True, help="退出码表示结论 / the exit status tells the answer")
def check(
    site: str,
    *,
    options: SiteOptions,
    workspace: Path,
    json_to: str | None,
    map_to: str | None,
    export_to: str | None,
    lang: Language,
    accept_agreeing: bool,
    as_of: str | None,
    stability: bool,
    with_rivers: bool,
    exit_code: bool,
) -> int:
    """``sanxian check SITE``."""
    from apps.cli.table import print_verdict
    from layers.workspace import FolderStore
    from screening.dossier import examine
    from screening.inquiry import Inquiry
    from screening.screen import today

    _require_suffixes(map_to, export_to)
    store = FolderStore.open(workspace)
    console = console_on(stderr=json_to == "-")
    day = as_of or today()
    found = _placed(site, options, store, console, lang, accept=accept_agreeing, as_of=day, json_to=json_to)
    if found is None:
        return EXIT_REJECTED
    dossier = examine(Inquiry(site=found.site, as_of=day, stability=stability), store)
    result = dossier.to_dict()
    print_verdict(console, result, lang, problems=found.problems)
    if with_rivers:
        result["rivers"] = _rivers(store, dossier, console, lang)
    if json_to == "-":
        write_json(result)
    for line in _write_outputs(dossier, result, store, json_to=json_to, map_to=map_to, export_to=export_to, lang=lang):
        say(console, line)
    return EXIT_OF_ANSWER[dossier.verdict.answer] if exit_code else 0


def _placed(
    text: str,
    options: SiteOptions,
    store: WorkspaceStore,
    console: Console,
    lang: Language,
    *,
    accept: bool,
    as_of: str,
    json_to: str | None,
) -> NamedSite | None:
    """The site on the Earth; where its system stays open the answers under each are printed, and None is given."""
    from apps.cli.grounds import print_fit
    from apps.cli.hypotheses import print_answers, write_open
    from apps.cli.table import Page
    from screening.hypotheses import accepted, agree, under_each
    from screening.site import place

    source = options.source(text, store)
    if source.fit is not None:
        print_fit(Page(console, lang), source.fit)
    if source.reading.crs_status != "ambiguous":
        return named_site(place(source.reading, **options.size), source.reading, text)
    answers = under_each(source.reading, store, as_of=as_of, shift=source.shift, shift_m=source.shift_m, **options.size)
    taken = accept and agree(answers)
    print_answers(console, source.reading, answers, lang, accepted=taken)
    if taken:
        return named_site(accepted(answers), source.reading, text)
    write_open(source.reading, answers, json_to)
    return None


def _rivers(store: WorkspaceStore, dossier: Dossier, console: Console, lang: Language) -> dict[str, Any]:
    """The report on rivers, printed."""
    from apps.cli.rivers import print_rivers
    from apps.cli.table import Page
    from screening.rivers import MAX_TO_RIVER_M, river_report_of

    asked = dossier.inquiry
    report = river_report_of(store, asked.site, as_of=asked.as_of, max_to_river_m=MAX_TO_RIVER_M).to_dict()
    console.print()
    print_rivers(Page(console, lang), report)
    return report


def _require_suffixes(map_to: str | None, export_to: str | None) -> None:
    from screening.export import EXPORT_SUFFIXES

    if map_to is not None and not Path(map_to).is_dir() and Path(map_to).suffix.lower() not in {".html", ".htm"}:
        raise click.UsageError(f"--map {map_to}: 应以 .html 结尾 / must end in .html")
    if export_to is not None and not Path(export_to).is_dir() and Path(export_to).suffix.lower() not in EXPORT_SUFFIXES:
        endings = ", ".join(EXPORT_SUFFIXES)
        raise click.UsageError(f"--export {export_to}: 应以下列之一结尾 / must end in one of {endings}")


def _write_outputs(
    dossier: Dossier,
    result: dict[str, Any],
    store: WorkspaceStore,
    *,
    json_to: str | None,
    map_to: str | None,
    export_to: str | None,
    lang: Language,
) -> list[str]:
    """Write what was asked for; one line a file, and one for everything an export could not hold as it was."""
    from apps.cli.outputs import json_text, map_of, named, write_text
    from screening.export import export
    from screening.words import word

    verdict = dossier.verdict
    said = []
    if json_to not in (None, "-"):
        path = write_text(named(str(json_to), result, suffix=".json"), json_text(result))
        said.append(word("cli.wrote_json", lang, path=path))
    if map_to is not None:
        path = write_text(named(map_to, result, suffix=".html"), map_of(verdict, result, store, language=lang))
        said.append(word("cli.wrote_map", lang, path=path))
    if export_to is not None:
        target = named(export_to, result, suffix=".zip")
        written = export(target, result, site=verdict.geometry, overlaps=verdict.overlaps, language=lang)
        said.append(word("cli.wrote_export", lang, path=written.paths[0], count=len(written.paths)))
        said += [f"  {note.file}: {note.zh if lang == 'zh' else note.en}" for note in written.notes]
    return said
