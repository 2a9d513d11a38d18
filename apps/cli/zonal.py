"""``sanxian zonal``: figures of a site over a raster: land cover, NDVI, slope."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import click

from apps.cli.console import console_on, say, write_json
from apps.cli.options import (
    WORKSPACE,
    control_points_option,
    crs_option,
    datum_option,
    geometry_option,
    lang_option,
    region_option,
    shift_option,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from apps.cli.table import Page
    from screening.site import Site
    from screening.words import Language
    from spatial.raster.zonal import Stat, ZonalFigures

__all__ = ["document_of", "zonal"]

_STATS: dict[str, Stat] = {
    "values": "values",
    "classes": "classes",
    "slope": "slope_degree",
    "slope-percent": "slope_percent",
}


@click.command(
    short_help="栅格分区统计 / figures over a raster",
    help=(
        "选址在栅格上的统计：土地覆盖占比（classes）、NDVI 等数值（values）、由高程得出的坡度（slope）。\n\n"
        "Figures of a site over a raster: shares of land cover (classes), values such as NDVI (values), slope of a "
        "terrain model (slope). Every pixel counts by the part of it that is covered."
    ),
)
@click.argument("site", metavar="SITE")
@click.argument("raster", metavar="RASTER")
@click.option(
    "--stat",
    type=click.Choice(list(_STATS)),
    default="values",
    show_default=True,
    help="数值、类别占比、坡度（度或 %） / values, shares by class, slope in degrees or percent",
)
@click.option(
    "--layer", metavar="NAME", help="SITE 是工作区时，统计其中的这个图层 / where SITE is a workspace: a layer of it"
)
@click.option("--band", type=click.IntRange(1), default=1, show_default=True, help="波段 / band")
@click.option("--json", "json_to", metavar="F|-", help="写成 JSON；- 为标准输出 / as JSON; - is stdout")
@crs_option
@datum_option
@geometry_option
@region_option("选址所在行政区划代码，用于判断坐标系 / district codes the site lies in, to tell the CRS")
@shift_option
@control_points_option
@lang_option
def zonal(
    site: str,
    raster: str,
    *,
    stat: str,
    layer: str | None,
    band: int,
    json_to: str | None,
    lang: Language,
    **said: Any,
) -> int:
    """``sanxian zonal SITE RASTER``."""
    from apps.cli.sites import source_of_argument
    from apps.cli.table import Page
    from screening.site import place
    from screening.words import word
    from spatial.raster.zonal import figures

    with nullcontext(site) if layer is None else _features_of(site, layer) as where:
        source = source_of_argument(where, **said)
    found = place(source.reading)
    simple = [one for part in found.parts for one in _of_one_kind(part.id, part.geometry)]
    whole = _of_one_kind("", found.geometry) if len(simple) > 1 else []
    rows = simple + whole
    results = figures([geometry for _, geometry in rows], raster, stat=_STATS[stat], band=band)
    console = console_on(stderr=json_to == "-")
    names = [name for name, _ in rows]
    title = layer or (" ".join(site.split()) if source.reading.format == "typed" else found.name)
    _print(Page(console, lang), found, raster, names, results, stat=stat, title=title)
    if json_to is not None:
        written = _write(json_to, document_of(found, raster, names, results, stat=stat, band=band))
        if written is not None:
            say(console, word("cli.wrote_json", lang, path=written))
    return 0


@contextmanager
def _features_of(workspace: str, name: str) -> Iterator[str]:
    """The published features of the version of a layer that answers today, as a file; every byte is checked first."""
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from layers.version import version_at
    from layers.workspace import open_workspace
    from screening.screen import today

    store = open_workspace(WORKSPACE.convert(workspace, None, None))
    entries = [entry for entry in store.entries if entry.layer == name]
    if not entries:
        names = ", ".join(dict.fromkeys(entry.layer for entry in store.entries)) or "-"
        raise click.UsageError(f"工作区没有图层 {name}，有：{names} / there is no layer {name}; there are: {names}")
    entry, _ = version_at(entries, today())
    data = store.open_version(entry).read("features.gpkg")
    with TemporaryDirectory(prefix="sanxian-") as folder:
        path = Path(folder) / "features.gpkg"
        path.write_bytes(data)
        yield str(path)


def _of_one_kind(name: str, geometry: Any) -> list[tuple[str, Any]]:
    """A geometry by dimension: of a collection its points, lines and polygons, each together."""
    import shapely

    if shapely.get_type_id(geometry) != 7:
        return [(name, geometry)]
    parts = shapely.get_parts(geometry)
    kinds = shapely.get_dimensions(parts)
    made: tuple[Any, ...] = (shapely.multipoints, shapely.multilinestrings, shapely.multipolygons)
    flat = [shapely.get_parts(parts[kinds == kind]) for kind in range(3)]
    return [(name, make(some)) for make, some in zip(made, flat, strict=True) if len(some)]


def _write(json_to: str, document: dict[str, Any]) -> Path | None:
    import json
    from pathlib import Path

    from apps.cli.outputs import write_text

    if json_to == "-":
        write_json(document)
        return None
    return write_text(Path(json_to), json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def document_of(
    site: Site, raster: str, names: Sequence[str], results: Sequence[ZonalFigures], *, stat: str, band: int
) -> dict[str, Any]:
    """
    The figures as JSON.

    Parameters
    ----------
    site
        The site as it was read.
    raster, stat, band
        What was asked.
    names, results
        Id of the part, blank for the whole site, and its figures.
    """
    return {
        "site": {
            "name": site.name,
            "crs": site.crs,
            "crs_status": site.crs_status,
            "rejected_parts": site.rejected_parts,
        },
        "raster": raster,
        "band": band,
        "stat": stat,
        "figures": [
            {
                "part": name or None,
                "measure": one.measure,
                "size": one.size,
                "covered_share": one.covered_share,
                "valid_share": one.valid_share,
                "pixels": one.pixels,
                "unit": one.unit or None,
                "minimum": one.minimum,
                "maximum": one.maximum,
                "mean": one.mean,
                "deviation": one.deviation,
                "quantiles": [{"q": q, "value": value} for q, value in one.quantiles],
                "classes": [{"value": c.value, "size": c.size, "share": c.share} for c in one.classes],
                "warnings": list(one.warnings),
            }
            for name, one in zip(names, results, strict=True)
        ],
    }


def _print(
    page: Page,
    site: Site,
    raster: str,
    names: Sequence[str],
    results: Sequence[ZonalFigures],
    *,
    stat: str,
    title: str | None,
) -> None:
    from screening.words import word

    def said(code: str, **facts: object) -> str:
        return word(f"zonal.{code}", page.language, **facts)

    page.title(f"{said('title')}{page.colon}{title or page.say('unnamed_site')}")
    page.pairs([(said("raster"), raster)])
    heads = ["part", "size", "valid_share", "pixels"]
    numeric = ["mean", "minimum", "maximum", "deviation", "quantiles"]
    heads += ["value", "share", "size"] if stat == "classes" else numeric
    cells: list[list[object]] = []
    for name, one in zip(names, results, strict=True):
        size = f"size_{one.measure}"
        first = [
            name or said("whole"),
            said(size, value=_plain(one.size)),
            _percent(one.valid_share),
            _plain(one.pixels),
        ]
        if stat == "classes":
            rows = [[f"{c.value:g}", _percent(c.share), said(size, value=_plain(c.size))] for c in one.classes]
        else:
            quantiles = page.pause.join(f"{q:.0%} {value:.6g}" for q, value in one.quantiles) or "-"
            numbers = (one.mean, one.minimum, one.maximum, one.deviation)
            rows = [[*("-" if value is None else f"{value:.6g}" for value in numbers), quantiles]]
        for at, row in enumerate(rows or [["-", "-", "-"]]):
            cells.append([*(first if at == 0 else [first[0], "", "", ""]), *row])
    page.heading(said("figures"))
    kinds = {"part": "whole", "quantiles": "left"}
    page.table([(said(head), kinds.get(head, "right")) for head in heads], cells)
    page.print()
    for name, one in zip(names, results, strict=True):
        for code in one.warnings:
            page.line(f"* {name or said('whole')}{page.colon}{said(f'warning_{code}')}", "yellow")
    if site.rejected_parts:
        page.line(f"* {said('rejected', count=site.rejected_parts)}", "yellow")
    if stat.startswith("slope"):
        page.line(said("percent" if stat == "slope-percent" else "degree"), "dim")
    page.line(said("rule_classes" if stat == "classes" else "rule_values"), "dim")


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f} %"


def _plain(number: float) -> str:
    return f"{number:,.2f}".removesuffix(".00")
