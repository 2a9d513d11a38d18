"""``sanxian figure``: the layers of a workspace as a picture on paper, with no browser."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apps.cli.options import DATE, workspace_argument
from apps.cli.sites import SiteOptions, site_in, site_options

if TYPE_CHECKING:
    from layers.workspace.address import Place
    from layers.workspace.store import WorkspaceStore
    from maps.figure.workspace_layers import WorkspaceLayers
    from maps.figure.workspace_map import Asked, Sheet
    from screening.words import Language

    _BoundsType = click.ParamType[tuple[float, float, float, float]]
else:  # older clicks know no such brackets
    _BoundsType = click.ParamType

__all__ = ["figure"]

_SUFFIXES = (".png", ".svg", ".pdf")


class BoundsType(_BoundsType):
    """West, south, east, north in degrees, parted by commas."""

    name = "W,S,E,N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The four numbers."""
        if isinstance(value, tuple):
            return value
        try:
            numbers = tuple(float(part) for part in re.split("[,，]", value))
        except ValueError:
            numbers = ()
        if (
            len(numbers) == 4
            and all(map(math.isfinite, numbers))
            and numbers[0] < numbers[2]
            and numbers[1] < numbers[3]
        ):
            return numbers
        raise click.BadParameter(
            f"{value!r} 不是西、南、东、北四个经纬度 / is no west, south, east, north", ctx=ctx, param=param
        )


@click.command(
    short_help="把工作区画成图件 / a figure of a workspace",
    help=(
        "把工作区的图层画成 PNG、SVG 或 PDF，不用浏览器；可用公众地图的分享链接画出同一视图。图上总有图例、比例尺、"
        "指北针、经纬网、各图层的数据日期与来源，以及审图号或“无审图号”。\n\n"
        "The layers of a workspace as PNG, SVG or PDF, with no browser; the share link of its map draws the same view. "
        "Legend, scale, north, graticule, dates and sources of the layers, and the map review number or that there is "
        "none, always stand on it. It answers nothing about a site."
    ),
)
@workspace_argument
@click.option(
    "--out",
    required=True,
    metavar="F.png|.svg|.pdf",
    help="写到哪里；文件夹则用自拟的 PDF 文件名 / where to; in a folder a PDF with a name of ours",
)
@click.option(
    "--paper",
    default="a4",
    show_default=True,
    metavar="SIZE",
    help="纸张：a0 至 a5、b4、b5、16k、8k，或 宽x高（毫米） / a0 to a5, b4, b5, 16k, 8k, or WxH in millimetres",
)
@click.option("--landscape/--portrait", "landscape", default=None, help="横向或纵向 / long side across, or upright")
@click.option(
    "--dpi",
    type=click.IntRange(36, 1200),
    default=300,
    show_default=True,
    metavar="N",
    help="每英寸点数：PNG 的像素，也是图形的细密程度 / dots an inch: pixels of a PNG, and detail of the shapes",
)
@click.option(
    "--view", metavar="LINK", help="公众地图的分享链接或 # 之后的部分 / share link of the map, or its part behind #"
)
@click.option("--bounds", type=BoundsType(), metavar="W,S,E,N", help="图幅：西,南,东,北（度） / what to show, degrees")
@click.option(
    "--layer",
    "layers",
    multiple=True,
    metavar="NAME",
    help="只画此图层，可多次 / draw this layer only; may be repeated",
)
@click.option("--site", metavar="SITE", help="在图上标出项目选址 / a project site to draw on it")
@click.option(
    "--as-of", type=DATE, help="按哪一天选取图层版本，默认今天 / date for the layers' versions; default today"
)
@click.option(
    "--lang",
    "--language",
    "language",
    type=click.Choice(["zh", "en", "both"]),
    help="图上的语言；默认链接所用，否则中文 / language of the figure; default: the link's, else Chinese",
)
@click.option("--title", metavar="TEXT", help="标题 / title")
@click.option(
    "--base",
    type=click.Choice(["none", "boundaries"]),
    default="none",
    show_default=True,
    help="底图：无，或区县界线（示意） / basemap: none, or district outlines (indicative)",
)
@click.option("--review-number", metavar="TEXT", help="审图号 / map review number")
@click.option(
    "--style",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="自己的配色（TOML） / colours of your own (TOML)",
)
@site_options
def figure(
    workspace: Place,
    *,
    out: str,
    paper: str,
    landscape: bool | None,
    dpi: int,
    as_of: str | None,
    site: str | None,
    options: SiteOptions,
    **given: Any,
) -> None:
    """``sanxian figure WS --out F``."""
    from apps.cli.console import console_on, say
    from apps.cli.outputs import write_bytes
    from layers.workspace import open_workspace
    from maps.figure.paper import paper_of
    from maps.figure.workspace_layers import workspace_layers
    from maps.figure.workspace_map import workspace_map
    from screening.screen import today
    from screening.words import word

    target = Path(out)
    suffix = ".pdf" if target.is_dir() else target.suffix.lower()
    if suffix not in _SUFFIXES:
        known = ", ".join(_SUFFIXES)
        raise click.UsageError(f"--out {out}: 应以下列之一结尾 / must end in one of {known}")
    sheet_of = paper_of(paper, landscape=landscape)
    store = open_workspace(workspace)
    asked = _asked(store, site, options, given)
    fonts = _fonts(suffix)
    found = workspace_layers(store, as_of=as_of or today())
    sheet = workspace_map(found, asked, paper=sheet_of, dpi=float(dpi), **fonts)
    path = target / _own_name(asked.name, found, suffix) if target.is_dir() else target
    write_bytes(path, _content(sheet, suffix, dpi))
    console = console_on()
    language: Language = "en" if sheet.language == "en" else "zh"
    size = {"width": f"{sheet.width_mm:g}", "height": f"{sheet.height_mm:g}"}
    say(console, word("sheet.wrote", language, path=path, **size))
    if sheet.unknown_keys:
        say(console, word("sheet.unknown_key", language, keys=", ".join(sheet.unknown_keys)))


def _asked(store: WorkspaceStore, site: str | None, options: SiteOptions, given: dict[str, Any]) -> Asked:
    from maps.figure.workspace_map import Asked
    from maps.region import region_of
    from maps.style import load_style
    from maps.view import View, parse_view

    placed = None if site is None else site_in(site, options, store).site
    region = region_of(store)
    view = given["view"]
    return Asked(
        view=View() if view is None else parse_view(view),
        bounds=given["bounds"],
        layers=given["layers"] or None,
        language=given["language"],
        title=given["title"],
        name=store.name if region is None else region.name,
        site=None if placed is None else placed.geometry,
        site_name="" if placed is None else placed.name or "",
        base=given["base"] == "boundaries",
        review_number=given["review_number"],
        region=None if region is None else region.bounds,
        sheet=load_style(given["style"]),
    )


def _fonts(suffix: str) -> dict[str, str]:
    """An SVG is lettered by its reader's fonts, the others by one that is here, or they are refused."""
    if suffix == ".svg":
        return {}
    from maps.figure.fonts import chinese_fonts

    return {"fonts": chinese_fonts()[0]}


def _content(sheet: Sheet, suffix: str, dpi: int) -> bytes:
    if suffix == ".svg":
        return sheet.svg.encode("utf-8", "backslashreplace")
    from maps.figure.picture import pdf_of, sheet_png

    return pdf_of(sheet) if suffix == ".pdf" else sheet_png(sheet, dpi=dpi)


def _own_name(name: str, found: WorkspaceLayers, suffix: str) -> str:
    from screening.export import export_name

    cards = [{"name": one.outline.layer, "restricted": one.card.restricted} for one in found.layers]
    return export_name({"site": {"name": name}, "as_of": found.as_of, "layers": cards}, suffix=suffix)
