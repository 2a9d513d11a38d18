"""``sanxian avoid``: ways for a site to keep clear of protective layers, each judged by the engine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apps.cli.console import console_on, say, write_json
from apps.cli.options import DATE, KIND, POSITIVE, lang_option, workspace_option
from apps.cli.sites import SiteOptions, site_in, site_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from apps.cli.table import Page
    from layers.workspace.address import Place
    from layers.workspace.store import WorkspaceStore
    from screening.avoidance import Avoidance
    from screening.words import Language

    _NumberType = click.ParamType[float]
else:  # older clicks know no such brackets
    _NumberType = click.ParamType

__all__ = ["avoid", "print_avoidance"]

_UNITS = {"": 1.0, "m": 1.0, "米": 1.0, "km": 1000.0, "公里": 1000.0, "千米": 1000.0}
_MOST_M = 20_000.0


class DistanceType(_NumberType):
    """A distance in metres, or with a unit: 500, 500m, 0.5km."""

    name = "DISTANCE"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Metres."""
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(\S*)\s*", str(value), re.ASCII)
        if found and found[2].lower() in _UNITS and 0 < float(found[1]) * _UNITS[found[2].lower()] <= _MOST_M:
            return float(found[1]) * _UNITS[found[2].lower()]
        raise click.BadParameter(
            f"{value!r} 不是距离，如 500、500m、0.5km，至多 20 公里 / is no distance, such as 500, 500m or 0.5km, "
            "at most 20 km",
            ctx=ctx,
            param=param,
        )


@click.command(
    short_help="避让方案：平移、旋转、裁减、绕行 / ways to keep clear",
    help=(
        "为选址找出避开保护性图层的最小改动：地块平移（和旋转）或裁减，线路绕行（两端不动），点位移动。每个方案都由核查引擎"
        "重新核查；找不到时说明搜索了什么、分辨率是多少。避开区域只是空间上的事，不等于符合准入要求。\n\n"
        "The smallest change that keeps a site clear of protective layers: a parcel is shifted (and turned) or cut, a "
        "route led around with its ends fixed, a point moved. Every proposal is checked again by the engine; where "
        "there is none, it says what was searched and how finely. To keep clear of a zone is a matter of space alone "
        "and no compliance with access requirements."
    ),
)
@click.argument("site", metavar="SITE")
@workspace_option
@click.option(
    "--within",
    "within_m",
    type=DistanceType(),
    default="500m",
    show_default=True,
    metavar="DISTANCE",
    help="移动或偏离原线的最大距离 / farthest shift, or distance from the old route",
)
@click.option("--layers", multiple=True, metavar="NAME", help="要避开的图层，可多次给出 / a layer to clear, repeatable")
@click.option(
    "--kinds",
    multiple=True,
    type=KIND,
    metavar="KIND",
    help="要避开的图层类型，可多次给出；默认全部保护性类型 / a kind to clear, repeatable; default: all protective",
)
@click.option(
    "--step",
    "step_m",
    type=POSITIVE,
    default=5.0,
    show_default=True,
    metavar="M",
    help="搜索步长，米 / step of the search, metres",
)
@click.option(
    "--rotate",
    "rotate_deg",
    type=click.FloatRange(0, 180),
    default=0.0,
    show_default=True,
    metavar="DEG",
    help="允许向两侧旋转的最大角度 / greatest turn to either side, degrees",
)
@click.option(
    "--rotate-step",
    "rotate_step_deg",
    type=click.FloatRange(0.1, 180),
    default=5.0,
    show_default=True,
    metavar="DEG",
    help="旋转步长 / step of the angles, degrees",
)
@click.option("--json", "json_to", metavar="F|-", help="写成 JSON；- 为标准输出 / as JSON; - is stdout")
@click.option("--map", "map_to", metavar="F.html", help="画有各方案的离线地图 / an offline map with the proposals")
@click.option("--export", "export_to", metavar="F.gpkg|.geojson", help="各方案的图形 / the proposals' geometries")
@click.option("--as-of", type=DATE, metavar="DATE", help="核查基准日，默认今天（东八区） / default today in UTC+8")
@lang_option
@site_options
def avoid(
    site: str,
    *,
    options: SiteOptions,
    workspace: Place,
    within_m: float,
    layers: tuple[str, ...],
    kinds: tuple[str, ...],
    step_m: float,
    rotate_deg: float,
    rotate_step_deg: float,
    json_to: str | None,
    map_to: str | None,
    export_to: str | None,
    as_of: str | None,
    lang: Language,
) -> None:
    """``sanxian avoid SITE``."""
    from apps.cli.table import Page
    from layers.workspace import open_workspace
    from screening.avoidance.files import PROPOSAL_SUFFIXES
    from screening.avoidance.search import avoid as search

    if map_to is not None and Path(map_to).suffix.lower() not in {".html", ".htm"}:
        raise click.UsageError(f"--map {map_to}: 应以 .html 结尾 / must end in .html")
    if export_to is not None and Path(export_to).suffix.lower() not in PROPOSAL_SUFFIXES:
        endings = ", ".join(PROPOSAL_SUFFIXES)
        raise click.UsageError(f"--export {export_to}: 应以下列之一结尾 / must end in one of {endings}")
    store = open_workspace(workspace)
    named = site_in(site, options, store)
    found = search(
        named.site,
        store,
        within_m=within_m,
        step_m=step_m,
        rotate_deg=rotate_deg,
        rotation_step_deg=rotate_step_deg,
        kinds=kinds,
        layers=layers,
        as_of=as_of,
    )
    result = found.to_dict()
    console = console_on(stderr=json_to == "-")
    print_avoidance(Page(console, lang), result)
    if json_to == "-":
        write_json(result)
    for line in _written(found, result, store, json_to=json_to, map_to=map_to, export_to=export_to, lang=lang):
        say(console, line)


def _written(
    found: Avoidance,
    result: Mapping[str, Any],
    store: WorkspaceStore,
    *,
    json_to: str | None,
    map_to: str | None,
    export_to: str | None,
    lang: Language,
) -> list[str]:
    """Write what was asked for; one line a file."""
    from apps.cli.outputs import json_text, write_text
    from screening.words import word

    said = []
    if json_to not in (None, "-"):
        said.append(word("cli.wrote_json", lang, path=write_text(Path(str(json_to)), json_text(result))))
    if map_to is not None:
        from maps.screening_map import draw
        from screening.avoidance.files import outlines_of_proposals
        from screening.outline import outlines_of

        now = found.verdict.to_dict()
        outlines = (
            *outlines_of_proposals(found, language=lang),
            *outlines_of(now, store, site=found.verdict.geometry),
        )
        html = draw(
            now,
            site=found.verdict.geometry,
            overlaps=(),  # they would hide what is proposed
            layers=outlines,
            language=lang,
            title=word("avoid.title", lang),
        )
        said.append(word("cli.wrote_map", lang, path=write_text(Path(map_to), html)))
    if export_to is not None:
        from screening.avoidance.files import write_proposals

        paths = write_proposals(export_to, found, language=lang)
        said.append(word("cli.wrote_export", lang, path=paths[0], count=len(paths)))
    return said


def print_avoidance(page: Page, result: Mapping[str, Any]) -> None:
    """
    Print the ways out, what was searched, and what can be reached at best.

    Parameters
    ----------
    page
        Console and language.
    result
        JSON of an avoidance.
    """
    from screening.words import word

    def said(code: str, **facts: object) -> str:
        return word(f"avoid.{code}", page.language, **facts)

    page.title(f"{said('title')}{page.colon}{result['site']['name'] or ''}")
    now = page.words("answer", result["now"]["answer"])
    page.line(f"{said('now')}{page.colon}{now}{page.pause}{said('as_of', date=result['as_of'])}")
    page.heading(said("goals"))
    page.table(
        [(said("column_what"), "left"), (said("column_now"), "whole"), (said("column_best"), "left")],
        [[_goal_name(page, goal), page.answer("answer", goal["now"]), _best(page, goal)] for goal in result["goals"]],
    )
    if not result["needed"]:
        page.line(said("not_needed"))
    elif result["proposals"]:
        page.heading(said("proposals"))
        _print_proposals(page, result["proposals"])
    if result["searches"]:
        page.heading(said("searched"))
    for search in result["searches"]:
        for line in _search_lines(page, search, within_m=result["within_m"]):
            page.line(line)
    if result["refused_by_engine"]:
        page.line(said("refused", count=result["refused_by_engine"]))
    page.print()
    page.line(said("space_only"), "bold")
    if any(card["restricted"] for card in result["layers"]):
        page.line(word("note.restricted", page.language))


def _goal_name(page: Page, goal: Mapping[str, Any]) -> str:
    kind = page.words("kind", goal["kind"])
    return kind if goal["layer"] is None else f"{goal['layer']} ({kind})"


def _best(page: Page, goal: Mapping[str, Any]) -> str:
    text = page.words("answer", goal["best"])
    why = page.comma.join(page.words("reason", code) for code in goal["because"])
    return f"{text}{page.colon}{why}" if why else text


def _print_proposals(page: Page, proposals: Sequence[Mapping[str, Any]]) -> None:
    from screening.reasons import strictest
    from screening.words import word

    columns = [("id", "whole"), ("way", "whole"), ("change", "left"), ("goals", "left"), ("answer", "whole")]
    rows: list[list[object]] = []
    for one in proposals:
        goals = page.words("answer", strictest([reached["answer"] for reached in one["reached"]]))
        short = page.comma.join(page.words("kind", name) for name in one["falls_short"])
        rows.append(
            [
                one["id"],
                word(f"avoid.way_{one['way']}", page.language),
                page.lines(_change(page, one)),
                f"{goals}{page.colon}{short}" if short else goals,
                page.answer("answer", one["answer"]),
            ]
        )
    page.table([(word(f"avoid.column_{name}", page.language), kind) for name, kind in columns], rows)


def _change(page: Page, one: Mapping[str, Any]) -> list[str]:
    """What a proposal changes, a line each."""
    from maps import phrases
    from screening.words import word

    def said(code: str, **facts: object) -> str:
        return word(f"avoid.{code}", page.language, **facts)

    lines = []
    if one["way"] in ("shift", "turn"):
        if one["turn_deg"]:
            way = "turned_left" if one["turn_deg"] > 0 else "turned_right"
            lines.append(said(way, degrees=abs(one["turn_deg"])))
        if one["shift_m"]:
            lines.append(said("shifted", metres=one["shift_m"], bearing=one["bearing_deg"]))
            lines.append(said("shifted_by", east=one["east_m"], north=one["north_m"]))
    if one["way"] == "cut":
        lost = phrases.area(one["lost_m2"], page.language)
        lines.append(said("lost", area=lost, share=100 * one["lost_share"]))
        lines.append(said("left", area=phrases.area(one["left_m2"], page.language), pieces=one["pieces"]))
        if one["parts_gone"]:
            lines.append(said("parts_gone", parts=page.comma.join(one["parts_gone"])))
    if one["way"] == "detour":
        lines.append(said("added" if one["added_m"] >= 0 else "saved", metres=abs(one["added_m"])))
        lines.append(said("rebuilt", metres=one["rebuilt_m"], stretches=one["stretches"], farthest=one["farthest_m"]))
        if one["loose_ends"]:
            lines.append(said("loose_ends", count=one["loose_ends"]))
    if one["worse"]:
        lines.append(said("worse", kinds=page.comma.join(page.words("kind", kind) for kind in one["worse"])))
    return lines


def _search_lines(page: Page, search: Mapping[str, Any], *, within_m: float) -> list[str]:
    """How one way was searched, and that nothing was found where nothing was."""
    from screening.words import word

    def said(code: str, **facts: object) -> str:
        return word(f"avoid.{code}", page.language, **facts)

    lines = []
    if search["way"] == "shift":
        figures = {name: search[name] for name in ("step_m", "places", "excluded", "asked", "beyond")}
        angles = search["angles_deg"]
        turns = said("angles", greatest=max(angles), count=len(angles)) if len(angles) > 1 else said("no_angles")
        lines.append(said("search_shift", within=within_m, turns=turns, **figures))
    elif search["way"] == "cut":
        lines.append(said("search_cut", piece=search["least_piece_m2"]))
    else:
        lines.append(said("search_detour", within=within_m, step=search["step_m"]))
    if not search["found"]:
        proved = {True: "proved", False: "not_proved", None: "not_proved"}[search["none_proved"]]
        reason = search["reason"] or f"{search['way']}_{proved}"
        lines.append(f"  {said(f'none_{reason}', within=within_m)}")
        closed = page.comma.join(page.words("kind", name) for name in search.get("closed_by", ()))
        lines += [f"  {said('closed_by', names=closed)}"] if closed else []
    if search["reason"] in ("end_inside", "nothing_left"):  # the place decides then, whatever the data allow
        return lines
    short = [goal for goal in search["goals"] if goal["best"] != "clear"]
    lines += [f"  {_goal_name(page, goal)}{page.colon}{said('at_best', best=_best(page, goal))}" for goal in short]
    return lines
