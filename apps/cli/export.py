"""``sanxian export``: layers or a result as files the next office can load."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from apps.cli.console import console_on, say
from apps.cli.options import DATE, WORKSPACE, FolderType, lang_option

if TYPE_CHECKING:
    from layers.workspace.address import Place
    from layers.workspace.store import WorkspaceStore
    from maps.delivery import Delivery
    from screening.site import Site
    from screening.words import Language
    from spatial.writing.model import Note

__all__ = ["FORMAT_KEYS", "export"]

FORMAT_KEYS = ("shp", "gpkg", "geojson", "kml", "gdb", "geoparquet", "fgb", "pmtiles", "xlsx", "dxf")
"""Those of ``maps.delivery.FORMATS``, which is not loaded for a help text; a test holds the two together."""
_NOTES_SHOWN = 8


@click.command(
    short_help="交付图层或结论 / hand over layers or a result",
    help=(
        "把工作区的图层，或一次核查的结论，写成其他单位可以直接使用的文件：数据、样式、字段说明、说明文件，每种格式一个包。"
        "参数是工作区文件夹（WS），或 check 写出的存证（--certificate）、结论（--json）。\n\n"
        "The layers of a workspace, or the result of a check, as files another office can load: data, styles, field "
        "dictionary and readme, one package a format. Given is the folder of a workspace (WS), or what a check wrote: "
        "its certificate or its JSON."
    ),
)
@click.argument("source", metavar="WS|RESULT", type=WORKSPACE)
@click.option("--out", "folder", metavar="DIR", required=True, type=FolderType(path_type=Path), help="写到 / where to")
@click.option(
    "--to",
    "formats",
    type=click.Choice(FORMAT_KEYS),
    multiple=True,
    required=True,
    help="格式，可重复 / format, may be repeated",
)
@click.option(
    "--layer", "layers", metavar="NAME", multiple=True, help="只要这个图层，可重复 / only this layer, may be repeated"
)
@click.option("--as-of", type=DATE, metavar="DATE", help="基准日，默认今天（东八区） / default today in UTC+8")
@click.option(
    "--crs",
    type=click.Choice(["4490", "zone3"]),
    help="CGCS2000 经纬度，或 3 度带（带号）；默认经纬度，DXF 为 3 度带 / degrees, or the 3-degree zone with prefix",
)
@click.option(
    "--encoding",
    type=click.Choice(["utf-8", "gbk"]),
    default="utf-8",
    show_default=True,
    help="shapefile 的文字编码 / encoding of shapefiles",
)
@click.option(
    "--style",
    metavar="F.toml",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="自定的颜色与图案 / colours and patterns of one's own",
)
@click.option("--workspace", "-w", metavar="WS", type=WORKSPACE, help="RESULT 所用的工作区 / that of a RESULT")
@click.option("--site", metavar="SITE", help="RESULT 是 --json 结论时的选址 / the site, where RESULT is JSON")
@click.option("--from-crs", metavar="CRS", help="SITE 的坐标系，默认结论所载 / CRS of SITE, by default the result's")
@lang_option
def export(
    source: Place,
    *,
    folder: Path,
    formats: tuple[str, ...],
    layers: tuple[str, ...],
    as_of: str | None,
    crs: str | None,
    encoding: str,
    style: Path | None,
    workspace: Place | None,
    site: str | None,
    from_crs: str | None,
    lang: Language,
) -> None:
    """``sanxian export WS|RESULT --out DIR --to FORMAT``."""
    from layers.workspace import open_workspace
    from maps.delivery import deliver, layers_delivery
    from maps.style import load_style
    from screening.screen import today
    from screening.words import word

    of_result = isinstance(source, Path) and not source.is_dir()
    if of_result and (layers or as_of):
        raise click.UsageError("--layer、--as-of 只用于工作区 / they belong to a workspace")
    if of_result and workspace is None:
        raise click.UsageError("RESULT 须与 --workspace 同用 / a RESULT needs --workspace: its layers are there")
    if not of_result and (workspace is not None or site is not None or from_crs is not None):
        raise click.UsageError("--workspace、--site、--from-crs 只用于 RESULT / they belong to a RESULT")
    delivery: Delivery
    if of_result:
        assert workspace is not None
        assert isinstance(source, Path)
        delivery = _of_result(source, open_workspace(workspace), site, from_crs, lang)
    else:
        store = open_workspace(source)
        delivery = layers_delivery(store, as_of=as_of or today(), layers=layers, language=lang)
    written = deliver(
        delivery,
        folder,
        formats,
        crs=crs,  # type: ignore[arg-type]  # click has checked it
        encoding="GBK" if encoding == "gbk" else "UTF-8",
        style=None if style is None else load_style(style),
    )
    console = console_on()
    if delivery.marks.restricted:
        say(console, word("delivery.restricted_first", lang), "bold red")
    for path in written.paths:
        say(console, word("delivery.wrote", lang, path=path))
    for note in written.notes[:_NOTES_SHOWN]:
        say(console, f"* {_words(note, lang)}", "yellow")
    if len(written.notes) > _NOTES_SHOWN:
        say(console, word("delivery.notes_in_readme", lang, count=len(written.notes) - _NOTES_SHOWN))


def _of_result(
    source: Path, store: WorkspaceStore, site: str | None, from_crs: str | None, language: Language
) -> Delivery:
    from apps.cli.verify import read_file
    from maps.delivery import SavedResult, result_delivery

    saved = SavedResult(read_file(source), source=source.name)
    if site is not None and saved.certificate is not None:
        raise click.UsageError("存证已含选址，不需要 --site / a certificate holds the site: leave --site out")
    placed = _site_of(saved.scope, saved.crs, site, from_crs) if site is not None else None
    return result_delivery(saved, store, site=placed, language=language)


def _site_of(scope: str, crs: str | None, text: str, from_crs: str | None) -> Site:
    """The site as the check had it: in the CRS and of the geometry that the result says."""
    from apps.cli.sites import site_of_argument

    def placed(geometry: str | None) -> Site:
        return site_of_argument(text, crs=from_crs or crs, geometry=geometry).site

    found = placed(None)
    fits = {"Polygon": "polygon", "LineString": "line", "Point": "point"}
    if scope in fits.values() and fits.get(found.geometry.geom_type.removeprefix("Multi")) != scope:
        return placed(scope)
    return found


def _words(note: Note, language: Language) -> str:
    text = note.zh if language == "zh" else note.en
    return f"{note.file}: {text}" if note.file else text
