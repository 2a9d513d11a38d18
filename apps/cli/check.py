"""``sanxian check``: one site against a workspace; a table for people, JSON, map and export on request."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apps.cli.asked import ProjectOptions, project_options
from apps.cli.console import console_on, say, write_json
from apps.cli.errors import EXIT_OF_ANSWER, EXIT_REJECTED
from apps.cli.options import DATE, lang_option, workspace_option
from apps.cli.sites import NamedSite, SiteOptions, named_site, site_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from apps.cli.table import Page
    from layers.workspace.address import Place
    from layers.workspace.store import WorkspaceStore
    from screening.dossier import Dossier
    from screening.evaluation_ranges import Form
    from screening.words import Language
    from spatial.reading.model import Problem

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
@workspace_option
@click.option("--json", "json_to", metavar="F|-", help="结论写成 JSON；- 为标准输出 / the verdict as JSON; - is stdout")
@click.option("--map", "map_to", metavar="F.html", help="离线地图 / an offline map")
@click.option(
    "--export", "export_to", metavar="F.shp|.gpkg|.geojson|.zip", help="供其他软件使用的成果 / files for other programs"
)
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="F.docx|.pdf|.html|.xlsx|.csv",
    help="报告：一图一表一说明（可重复） / a report with map and tables (may be repeated)",
)
@click.option(
    "--certificate", metavar="F.json", help="存证：可复核的结论 / a certificate that `sanxian verify` re-runs"
)
@click.option(
    "--sign",
    metavar="KEY.pem",
    type=click.Path(path_type=Path),
    help="用此私钥给存证签名 / sign it with this private key",
)
@click.option(
    "--envelope",
    metavar="F.toml",
    type=click.Path(path_type=Path),
    help="存证的经办、单位、图层来文等 / operator, office, suppliers of layers, beside the certificate",
)
@lang_option
@site_options
@project_options
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
@click.option(
    "--surroundings", is_flag=True, help="附上评价范围内的环境保护目标 / add the sensitive targets in evaluation ranges"
)
@click.option(
    "--ranges",
    metavar="F.toml",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="自定的评价范围 / evaluation ranges of one's own",
)
@click.option(
    "--assessment",
    type=click.Choice(["book", "form"]),
    default="book",
    help="报告书或报告表 / for a full assessment or a form; default book",
)
@click.option(
    "--compare",
    "others",
    multiple=True,
    metavar="SITE",
    help="并列比较的其他方案（可重复） / another alternative to set beside",
)
@click.option("--exit-code", is_flag=True, help="退出码表示结论 / the exit status tells the answer")
def check(
    site: str,
    *,
    options: SiteOptions,
    asked: ProjectOptions,
    workspace: Place,
    lang: Language,
    accept_agreeing: bool,
    as_of: str | None,
    stability: bool,
    with_rivers: bool,
    surroundings: bool,
    ranges: Path | None,
    assessment: Form,
    others: tuple[str, ...],
    exit_code: bool,
    **outputs: Any,
) -> int:
    """``sanxian check SITE``."""
    from apps.cli.outputs import Outputs, kept
    from apps.cli.table import Page
    from layers.workspace import open_workspace
    from screening.dossier import examine
    from screening.inquiry import Inquiry
    from screening.screen import today

    wanted = Outputs(**outputs)
    wanted.require_suffixes()
    project, rules = asked.project, asked.rule_files
    store = open_workspace(workspace)
    console = console_on(stderr=wanted.json_to == "-")
    day = as_of or today()
    found = _placed(site, options, store, console, lang, accept=accept_agreeing, as_of=day, json_to=wanted.json_to)
    if found is None:
        return EXIT_REJECTED
    inquiry = Inquiry(site=found.site, as_of=day, project=project, rules=rules, stability=stability)
    if wanted.certificate is not None:
        from screening.certificate import settled

        inquiry = settled(inquiry)
    dossier = examine(inquiry, store)
    result = dossier.to_dict()
    if with_rivers:
        result["rivers"] = _rivers(store, dossier)
    if surroundings:
        from screening.evaluation_ranges import evaluation_ranges
        from screening.surroundings import surroundings_of

        result["surroundings"] = surroundings_of(
            dossier.inquiry.site, store, day, evaluation_ranges(ranges, form=assessment)
        )
    print_dossier(Page(console, lang), result, problems=found.problems, own_rules=bool(rules))
    if others:
        from apps.cli.compare import comparison_of, print_comparison

        result["comparison"] = comparison_of([site, *others], workspace, options=options, as_of=day)
        console.print()
        print_comparison(Page(console, lang), result["comparison"])
    if wanted.json_to == "-":
        write_json(kept(result, dossier))
    for line in wanted.write(dossier, result, store, lang):
        say(console, line)
    return EXIT_OF_ANSWER[dossier.verdict.answer] if exit_code else 0


def print_dossier(
    page: Page, result: Mapping[str, Any], *, problems: Sequence[Problem] = (), own_rules: bool = False
) -> None:
    """Everything a dossier says, the verdict first; what has nothing to say is not printed."""
    from apps.cli.certainty import print_certainty
    from apps.cli.parts import print_districts, print_parts
    from apps.cli.rules import print_ruling
    from apps.cli.table import print_verdict

    print_verdict(page.console, result, page.language, problems=problems)
    print_certainty(page, result["certainty"])
    print_parts(page, result["occupation"])
    print_districts(page, result["districts"])
    said = result["project"]
    print_ruling(page, result["ruling"], brief=not (own_rules or any(said.values())))
    if "rivers" in result:
        from apps.cli.rivers import print_rivers

        page.print()
        print_rivers(page, result["rivers"])
    if "surroundings" in result:
        from apps.cli.surroundings import print_surroundings

        print_surroundings(page, result["surroundings"])


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
    from apps.cli.table import Page
    from screening.site import place

    source = options.source(text, store)
    if source.fit is not None:
        print_fit(Page(console, lang), source.fit)
    if source.reading.crs_status != "ambiguous":
        return named_site(place(source.reading, **options.size), source.reading, text)
    from apps.cli.hypotheses import print_answers, write_open
    from screening.hypotheses import accepted, agree, under_each

    answers = under_each(source.reading, store, as_of=as_of, shift=source.shift, shift_m=source.shift_m, **options.size)
    taken = accept and agree(answers)
    print_answers(console, source.reading, answers, lang, accepted=taken)
    if taken:
        return named_site(accepted(answers), source.reading, text)
    write_open(source.reading, answers, json_to)
    return None


def _rivers(store: WorkspaceStore, dossier: Dossier) -> dict[str, Any]:
    """The report on rivers."""
    from screening.rivers import MAX_TO_RIVER_M, river_report_of

    asked = dossier.inquiry
    return river_report_of(store, asked.site, as_of=asked.as_of, max_to_river_m=MAX_TO_RIVER_M).to_dict()
