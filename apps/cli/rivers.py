"""``sanxian rivers``: the reach a site drains to, the next section downstream, the water sources along the river."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apps.cli.console import console_on, say, write_json
from apps.cli.options import (
    DATE,
    POSITIVE,
    accuracy_option,
    crs_option,
    datum_option,
    geometry_option,
    lang_option,
    workspace_option,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from apps.cli.table import Page
    from layers.workspace.address import Place
    from screening.words import Language

__all__ = ["print_rivers", "rivers"]


@click.command(
    short_help="选址所在河段、下游断面与上下游水源 / the river beside a site",
    help=(
        "选址汇入的河段、沿河到下游最近断面的距离、该断面是否达标、上下游水源；河网断开或流向不明处为无法判断。仅供参考，"
        "不改变核查结论。河流图层用 import --layer other --role context --meaning 河流 导入。\n\n"
        "The reach a site drains to, the distance along the river to the next section downstream, whether that section "
        "misses its target, the water sources up- and downstream; unknown where the graph is broken. Context: it "
        "changes no answer."
    ),
)
@click.argument("site", metavar="SITE")
@workspace_option
@click.option("--rivers", "rivers_name", metavar="NAME", help="河流图层名 / the river layer, where there are several")
@click.option(
    "--max-to-river-m",
    type=POSITIVE,
    default=2000.0,
    show_default=True,
    metavar="M",
    help="选址到河的最大距离，米 / farthest a river may be from the site, metres",
)
@click.option(
    "--within-m",
    type=POSITIVE,
    default=10_000.0,
    show_default=True,
    metavar="M",
    help="沿河查找水源的距离，米 / how far along the river water sources are looked for, metres",
)
@click.option(
    "--drawn",
    type=click.Choice(["downstream", "upstream"]),
    help="声明河流线的绘制方向 / state that every line is drawn downstream or upstream",
)
@click.option("--dem", metavar="FILE", help="由高程栅格判断流向 / a raster of elevations that tells the direction")
@click.option(
    "--least-drop-m",
    type=POSITIVE,
    default=5.0,
    show_default=True,
    metavar="M",
    help="高差小于此值不判断，米 / elevations that differ by less say nothing, metres",
)
@click.option(
    "--to-ends",
    is_flag=True,
    help="流向声明的河口、尾闾或出境点 / edges flow to the stated mouths, sinks and borders",
)
@click.option(
    "--tolerance-m",
    type=POSITIVE,
    default=10.0,
    show_default=True,
    metavar="M",
    help="端点相接的容差，米 / ends nearer than this are joined, metres",
)
@click.option("--natural-heads", is_flag=True, help="声明河流线起点都是河源 / state that lines begin at natural heads")
@click.option("--json", "json_to", metavar="F|-", help="写成 JSON；- 为标准输出 / as JSON; - is stdout")
@click.option("--as-of", type=DATE, metavar="DATE", help="基准日，默认今天（东八区） / default today in UTC+8")
@lang_option
@crs_option
@accuracy_option
@geometry_option
@datum_option
def rivers(
    site: str,
    *,
    workspace: Place,
    rivers_name: str | None,
    max_to_river_m: float,
    within_m: float,
    drawn: Any,
    dem: str | None,
    least_drop_m: float,
    to_ends: bool,
    tolerance_m: float,
    natural_heads: bool,
    json_to: str | None,
    as_of: str | None,
    lang: Language,
    crs: str | None,
    accuracy_m: float | None,
    geometry: str | None,
    datum: str | None,
) -> None:
    """``sanxian rivers SITE``."""
    from apps.cli.outputs import write_text
    from apps.cli.sites import site_of_argument
    from apps.cli.table import Page
    from layers.workspace import open_workspace
    from screening.rivers import river_report_of
    from screening.screen import today
    from screening.words import word
    from spatial.network.directions import Directions

    store = open_workspace(workspace)
    named = site_of_argument(site, crs=crs, datum=datum, geometry=geometry, accuracy_m=accuracy_m)
    report = river_report_of(
        store,
        named.site,
        rivers_name=rivers_name,
        as_of=as_of or today(),
        max_to_river_m=max_to_river_m,
        within_m=within_m,
        directions=Directions(drawn=drawn, dem=dem, least_drop_m=least_drop_m, to_ends=to_ends),
        tolerance_m=tolerance_m,
        natural_heads=natural_heads,
    )
    result = report.to_dict()
    console = console_on(stderr=json_to == "-")
    print_rivers(Page(console, lang), result)
    if json_to == "-":
        write_json(result)
    elif json_to is not None:
        import json

        path = write_text(Path(json_to), json.dumps(result, ensure_ascii=False, indent=2, allow_nan=False) + "\n")
        say(console, word("cli.wrote_json", lang, path=path))


def print_rivers(page: Page, result: Mapping[str, Any]) -> None:
    """The report as lines that a person can read."""
    from screening.words import word

    def said(code: str, **facts: object) -> str:
        return word(f"river.{code}", page.language, **facts)

    page.title(f"{said('title')}{page.colon}{result['site'] or ''}")
    graph = result["rivers"]
    if graph:
        origin = said(f"origin_{graph['origin']}")
        if graph["declared_by"]:
            page.line(said("declared_none", source=graph["declared_by"]))
        else:
            facts = {"edges": graph["edges"], "directed": graph["directed_edges"], "accuracy": graph["accuracy_m"]}
            page.line(f"{said('graph')}{page.colon}{said('graph_line', name=graph['name'], origin=origin, **facts)}")
        if graph["facts"]:
            found = [f"{word(f'river_fact.{code}', page.language)} x{n}" for code, n in graph["facts"].items()]
            page.line(f"{said('facts')}{page.colon}{page.comma.join(found)}")
    if result["status"] == "unknown":
        page.line(said("unknown"), "bold magenta")
    for doubt in result["doubts"]:
        page.line(f"- {_doubt(page, doubt)}")
    for reach in result["reaches"]:
        name = reach["river"] or said("unnamed")
        page.heading(f"{said('reach')}{page.colon}{said('reach_line', river=name, distance=reach['distance_m'])}")
        rows: list[tuple[str, object]] = [("", said(reach["basis"] if reach["basis"] == "on_river" else "nearest"))]
        source = reach["direction_source"]
        told = said("unknown") if source is None else word(f"river_direction.{source}", page.language)
        rows.append((said("direction"), told))
        for key in ("next_section", "water_sources_downstream", "water_sources_upstream"):
            label = said(key, km=result["within_m"] / 1000) if key != "next_section" else said(key)
            rows.append((label, page.lines(_answer(page, reach[key]))))
        page.pairs(rows)
    page.line(said("context_only"))
    if result["restricted"]:
        page.line(word("note.restricted", page.language))


def _answer(page: Page, answer: Mapping[str, Any]) -> list[str]:
    from screening.words import word

    lines = [word(f"river.{answer['status']}", page.language)]
    if answer["ends"]:
        ends = [word(f"river_end.{end}", page.language) for end in answer["ends"]]
        lines[0] += f"{page.pause}{word('river.ends_at', page.language)} {page.comma.join(ends)}"
    for item in answer["items"]:
        braided = item["longest_m"] - item["shortest_m"] > 1.0
        text = word(
            "river.along_range" if braided else "river.along",
            page.language,
            name=item["name"] or item["code"] or item["id"],
            shortest=item["shortest_m"] / 1000,
            longest=item["longest_m"] / 1000,
        )
        if item["class"] == "section":
            blank = word("river.not_said", page.language)
            classes = {key: item.get(f"{key}_class") or blank for key in ("target", "observed")}
            text += page.pause + word("river.target", page.language, **classes)
            if item["misses_target"] is not None:
                text += page.pause + word("river.misses" if item["misses_target"] else "river.meets", page.language)
        else:
            text += page.pause + page.words("class", item["class"])
        lines.append(text)
    return lines + [f"- {_doubt(page, doubt)}" for doubt in answer["doubts"]]


def _doubt(page: Page, doubt: Mapping[str, Any]) -> str:
    from screening.words import word

    text = word(f"river_doubt.{doubt['code']}", page.language, **{k: v for k, v in doubt.items() if k != "code"})
    more = []
    if "names" in doubt:
        more.append(page.comma.join(doubt["names"]))
    if doubt.get("layer"):
        more.append(str(doubt["layer"]))
    if "lon" in doubt:
        more.append(f"{doubt['lon']:.5f}, {doubt['lat']:.5f}, {doubt['distance_m'] / 1000:.2f} km")
    return f"{text} ({page.comma.join(more)})" if more else text
