"""``sanxian city``: a workspace of one of the five cities, from outlines, plan and gazetteer."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apps.cli.map import map_, require_html
from apps.cli.options import WORKSPACE, lang_option

if TYPE_CHECKING:
    from apps.cli.table import Page
    from layers.city import CityLayer
    from layers.workspace.address import Place
    from screening.words import Language

__all__ = ["city"]


@click.command(
    short_help="按规划与地名库建城市工作区 / a city's workspace from its plan",
    help=(
        "由行政边界、规划记载与地名库建立一个城市的工作区。能定位的按示意范围存入，其余只作记载；没有一处会得出“未命中”，"
        "取得正式成果后用 import --replace 替换。\n\n"
        "A workspace of a city from its outline, the facts of its plan and the gazetteer. What can be placed becomes "
        "an indicative shape, the rest is declared; nothing there is ever clear. Replace its layers by official ones."
    ),
)
@click.argument("name", metavar="CITY")
@click.argument("workspace", metavar="WS", type=WORKSPACE)
@click.option(
    "--gazetteer",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="自有地名库（TOML） / a gazetteer of your own (TOML)",
)
@click.option(
    "--map",
    "map_to",
    type=click.Path(path_type=Path),
    metavar="FILE.html",
    help="同时写出公众地图，见 sanxian map / write its public map as well, see sanxian map",
)
@lang_option
@click.pass_context
def city(
    context: click.Context, name: str, workspace: Place, *, gazetteer: Path | None, map_to: Path | None, lang: Language
) -> None:
    """``sanxian city 满洲里 WS``."""
    from apps.cli.console import console_on
    from apps.cli.table import Page
    from layers.city import build_city
    from layers.georeference.gazetteer import read_gazetteer
    from layers.model import DEFAULT_REQUIRED_KINDS
    from layers.plans.loading import plan
    from layers.workspace import create_workspace

    if map_to is not None:
        require_html(map_to)
    chosen = plan(name)
    extra = () if gazetteer is None else read_gazetteer(gazetteer, origin="user")
    store = create_workspace(workspace, required_kinds=list(DEFAULT_REQUIRED_KINDS), region=",".join(chosen.districts))
    built = build_city(store, chosen, extra=extra)
    page = Page(console_on(), lang)
    page.title(page.say("city_built", city=chosen.city if lang == "zh" else chosen.english, path=store.root))
    page.line(f"** {page.words('note', 'indicative')} **", "bold yellow")
    _print_layers(page, built)
    page.line(page.say("city_next"))
    if map_to is not None:
        context.invoke(map_, workspace=store.root, out=map_to, lang=lang)


def _print_layers(page: Page, built: tuple[CityLayer, ...]) -> None:
    from layers.georeference.places import shape_of

    rows: list[list[Any]] = []
    for layer in built:
        if not layer.places:
            rows.append([layer.name, "-", page.say("declared_none_by_plan"), "", ""])
        for feature, place in layer.places:
            _, accuracy, flags = shape_of(place)
            method = "published_extent" if "outer_bound" in flags else "described_place" if flags else "declared"
            source = place.sources[0].title if place.is_located else ""
            rows.append(
                [
                    layer.name,
                    feature.name,
                    page.words("method", method),
                    "" if accuracy is None else f"{math.ceil(accuracy):,}",
                    source,
                ]
            )
    heads = [("layer", "left"), ("name", "left"), ("how", "left"), ("layer_accuracy", "right"), ("source", "left")]
    page.table([(page.say(f"column_{code}"), kind) for code, kind in heads], rows)
