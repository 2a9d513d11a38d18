"""``sanxian georeference map``: a scanned map is placed by control points, its coloured areas become a layer."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apps.cli.georeference.storing import finish, layer_options
from apps.cli.options import POSITIVE

if TYPE_CHECKING:
    from apps.cli.table import Page as Console
    from screening.words import Language
    from spatial.raster.control_points import ControlPoints
    from spatial.raster.fitting import MapFit, MethodTable
    from spatial.raster.page import Page

__all__ = ["map_"]

_METHODS = ["affine", "projective", "polynomial2", "polynomial3", "thin_plate"]
_COLOURS = 16


@click.command(
    name="map",
    short_help="扫描图或 PDF 附图 / a scanned map",
    help=(
        "扫描图（PNG、JPEG、TIFF）或 PDF 的一页：控制点配准，打印残差、中误差与逐点剔除误差；给出图例（颜色→类别）则"
        "分类、矢量化成图层，相邻地块共用边界。没有图例只配准；没有控制点只列出图上主要颜色，供写图例。\n\n"
        "A scanned map (PNG, JPEG, TIFF) or a page of a PDF: control points place it, with residuals, RMSE and "
        "leave-one-out errors; with a legend (colours to classes) its areas become a layer whose neighbours share "
        "their boundaries. Without a legend it is only placed; without control points its colours are listed."
    ),
)
@click.argument("image", metavar="IMAGE", type=click.Path(path_type=Path))
@click.option(
    "--gcps",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="控制点：CSV、XLSX、JSON、TOML 或 QGIS 的 .points；也可是图廓经纬网刻度 / control points, or graticule ticks",
)
@click.option("--gcps-crs", metavar="CRS", help="控制点坐标系，文件未注明时 / CRS of the control points")
@click.option("--drawn-in", metavar="CRS", help="图的投影，仅刻度需要 / projection the map was drawn in, for ticks")
@click.option(
    "--method",
    type=click.Choice(_METHODS),
    default="affine",
    show_default=True,
    help="变换模型 / model of the transformation",
)
@click.option(
    "--legend",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="图例：颜色对应类别（TOML、JSON、CSV） / legend: colours to classes",
)
@click.option(
    "--page", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="PDF 或 TIFF 的页 / page"
)
@click.option(
    "--dpi",
    type=click.IntRange(min=50, max=1200),
    default=300,
    show_default=True,
    metavar="D",
    help="PDF 页的分辨率 / resolution a page of a PDF is drawn at",
)
@click.option(
    "--min-patch-m2",
    type=POSITIVE,
    metavar="M2",
    help="小于此面积的斑块记为无法判别 / smaller patches stand as undecided",
)
@click.option("--tolerance-m", type=POSITIVE, metavar="M", help="简化容差，米；默认 1.5 像素 / simplification, metres")
@click.option(
    "--line-width-px", type=POSITIVE, metavar="P", help="界线宽度，像素；默认 0.3 毫米 / width of drawn lines"
)
@click.option(
    "--warped", type=click.Path(path_type=Path), metavar="F.tif", help="写出配准后的 GeoTIFF / write the placed map"
)
@click.option(
    "--residuals", type=click.Path(path_type=Path), metavar="F.png", help="写出残差图 / write a plot of the residuals"
)
@click.option(
    "--frame-coverage",
    is_flag=True,
    help="覆盖范围取图框（图内完整，且在控制点之间） / coverage: the map's frame, as far as control points hold it",
)
@layer_options("red_lines")
def map_(image: Path, lang: Language, **stated: Any) -> int:
    """``sanxian georeference map IMAGE --gcps FILE --legend FILE``."""
    from apps.cli.console import console_on
    from apps.cli.table import Page as Console
    from spatial.raster.page import read_page

    console = Console(console_on(), lang)
    page = read_page(image, page=stated["page"], dpi=stated["dpi"])
    if stated["gcps"] is None:
        if stated["legend"] is not None or stated["workspace"] is not None:
            raise click.UsageError("成图须有控制点 --gcps / a layer needs control points: --gcps")
        print_colours(console, page)
        return 0
    points = _points(stated)
    if stated["legend"] is None:
        if stated["workspace"] is not None or stated["output"] is not None:
            raise click.UsageError("成图须有图例 --legend / a layer needs a legend: --legend")
        _place(console, page, points, stated)
        return 0
    return _layer(console, image, page, points, stated, lang=lang)


def _points(stated: dict[str, Any]) -> ControlPoints:
    from spatial.crs import identify
    from spatial.raster.control_points import read_control_points

    drawn = None if stated["drawn_in"] is None else identify(stated["drawn_in"])
    return read_control_points(stated["gcps"], crs=stated["gcps_crs"], drawn_in=drawn)


def _place(console: Console, page: Page, points: ControlPoints, stated: dict[str, Any]) -> MapFit:
    """Fit, print what it is worth, write the plot and the placed map where asked for."""
    from apps.cli.console import say
    from spatial.raster.fitting import best_method, fit

    found = fit(points, stated["method"])
    print_map_fit(console, found, best_method(points))
    written = []
    if stated["residuals"] is not None:
        from apps.cli.outputs import write_bytes
        from spatial.raster.residual_plot import residual_plot

        written.append(write_bytes(stated["residuals"], residual_plot(page, found)))
    if stated["warped"] is not None:
        from spatial.raster.warping import warp, write_geotiff

        tags = {"georeference_method": found.method, "accuracy_m": f"{found.accuracy_m}", "source": page.source_name}
        written.append(write_geotiff(stated["warped"], warp(page, found), tags=tags))
    for path in written:
        say(console.console, f"{console.words('convert', 'written')} {path}")
    return found


def _layer(
    console: Console,
    image: Path,
    page: Page,
    points: ControlPoints,
    stated: dict[str, Any],
    *,
    lang: Language,
) -> int:
    from layers.georeference.scanned_maps import georeferenced_map, map_coverage
    from spatial.raster.legend import read_legend

    _place(console, page, points, stated)
    legend = read_legend(stated["legend"])
    made = georeferenced_map(
        page,
        points,
        legend=legend,
        method=stated["method"],
        min_patch_m2=stated["min_patch_m2"],
        tolerance_m=stated["tolerance_m"],
        line_width_px=stated["line_width_px"],
        scale=stated["scale"],
    )
    # the map's scale is one term of its accuracy, not the whole of it
    stated = {**stated, "scale": None}
    if stated["frame_coverage"]:
        stated["coverage"] = map_coverage(page, points, legend=legend, method=stated["method"])
    ending = image.suffix.lower().removeprefix(".") or "bin"
    return finish(made, stated, default_name=image.stem, lang=lang, source=(image, ending))


def print_colours(console: Console, page: Page) -> None:
    """The main colours of a page, to write a legend from."""
    from spatial.raster.legend import suggest_legend

    console.title(f"{console.say('map_colours')}{console.colon}{page.source_name}")
    size = f"{page.width} x {page.height}"
    console.pairs([(console.say("map_size"), size), (console.say("map_dpi"), f"{page.dpi:.4g}" if page.dpi else "-")])
    rows = [
        [c.colour, f"{c.share:.2%}", console.say("map_strokes" if c.strokes else "map_ground")]
        for c in suggest_legend(page, count=_COLOURS)
    ]
    heads = [("column_colour", "left"), ("column_share_of_page", "right"), ("column_seen_as", "left")]
    console.table([(console.say(head), side) for head, side in heads], rows)
    console.line(console.say("map_next"), "yellow")


def print_map_fit(console: Console, found: MapFit, methods: MethodTable) -> None:
    """Residuals and leave-one-out errors of each control point, and every method beside the one taken."""
    from apps.cli.grounds import problem_words

    console.title(f"{console.say('map_fit')}{console.colon}{console.words('fit_method', found.method)}")
    console.pairs(
        [
            (console.say("map_plane"), found.plane.code),
            (console.say("map_pixel"), f"{found.pixel_m:,.3f}"),
            (console.say("map_rmse"), _metres(found.rmse_m)),
            (console.say("map_loo"), _metres(found.loo_rmse_m)),
            (console.say("map_accuracy"), _metres(found.accuracy_m)),
        ]
    )
    rows = [
        [p.id, f"{p.column:,.1f}", f"{p.row:,.1f}", f"{r[0]:,.2f}", f"{r[1]:,.2f}", f"{r[2]:,.2f}", _metres(e)]
        for p, r, e in zip(found.points.points, found.residuals_m, found.leave_one_out_m, strict=True)
    ]
    heads = ["point", "pixel_column", "pixel_row", "dx", "dy", "residual", "left_out"]
    console.table([(console.say(f"column_{h}"), "left" if h == "point" else "right") for h in heads], rows)
    console.heading(console.say("map_methods"))
    compared = [
        [
            console.words("fit_method", row.method),
            str(row.needed),
            *map(_metres, (row.rmse_m, row.loo_rmse_m, row.accuracy_m)),
        ]
        for row in methods.rows
    ]
    heads = ["fit_method", "needed", "rmse", "left_out", "layer_accuracy"]
    console.table([(console.say(f"column_{h}"), "left" if h == "fit_method" else "right") for h in heads], compared)
    if methods.recommended is not None:
        name = console.words("fit_method", methods.recommended)
        console.line(console.say("map_recommended", method=name))
    for problem in found.problems:
        console.line(f"* {problem_words(problem, console.language)}", "yellow")


def _metres(value: float | None) -> str:
    return f"{value:,.2f}" if value is not None and math.isfinite(value) else "-"
