"""``sanxian georeference wells|intake|lake|bank``: zones that a standard or a plan defines by a rule."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from apps.cli.georeference.storing import finish, layer_options
from apps.cli.options import POSITIVE, crs_option, datum_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from screening.words import Language
    from spatial.reading.model import Reading

__all__ = ["bank", "intake", "lake", "wells"]

_F = TypeVar("_F", bound="Callable[..., Any]")
_FILE = click.Path(path_type=Path)


def _figure_option(function: _F) -> _F:
    text = "以自定数值代替规则数值，可重复 / a number in place of the rule's; may be repeated"
    return click.option("--figure", "figures", multiple=True, metavar="CODE=VALUE", help=text)(function)


def _position_option(function: _F) -> _F:
    text = "点位精度，米，95% 置信；默认取自文件 / accuracy of the points, metres, 95 %; default: the file's"
    return click.option("--position-accuracy-m", type=POSITIVE, metavar="M", help=text)(function)


def _outline_option(function: _F) -> _F:
    text = "轮廓作图外偏，米；默认距离的十万分之一 / how far out it may be drawn; default 1e-5 of it"
    return click.option("--outline-error-m", type=POSITIVE, metavar="M", help=text)(function)


def _file_argument(function: _F) -> _F:
    return click.argument("file", metavar="FILE", type=_FILE)(function)


def _stated(figures: tuple[str, ...]) -> dict[str, float]:
    found: dict[str, float] = {}
    for text in figures:
        code, sign, value = text.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not sign or not math.isfinite(number):
            raise click.BadParameter(
                f"{text!r}: 应写作 intake.upstream.zone_1=500 / write it as intake.upstream.zone_1=500",
                param_hint="--figure",
            )
        found[code.strip()] = number
    return found


def _read(path: Path, stated: dict[str, Any], *, geometry: str | None = None) -> Reading:
    from spatial.reading import read

    return read(path, crs=stated.pop("crs"), datum=stated.pop("datum"), geometry=geometry)  # type: ignore[arg-type]


def _beside(path: Path | None) -> Reading | None:
    """A further file; what it says of its own CRS holds."""
    from spatial.reading import read

    return None if path is None else read(path)


def _finish(made: Any, stated: dict[str, Any], path: Path, suffix: str, lang: Language) -> int:
    from apps.cli.importing import source_of

    return finish(made, stated, default_name=f"{path.stem}_{suffix}", lang=lang, source=source_of(path))


@click.command(
    short_help="水井保护区（HJ 338-2018） / zones around wells",
    help=(
        "按 HJ 338-2018 由井位推算孔隙水水源保护区（仅示意，以批复为准）。\n\n"
        "Zones around wells in pore water after HJ 338-2018: by medium, by R = alpha K I T / n, or by stated "
        "radii. Indicative: the approved boundary replaces it."
    ),
)
@_file_argument
@crs_option
@datum_option
@click.option(
    "--aquifer",
    type=click.Choice(["unconfined", "confined", "fissure", "karst"]),
    required=True,
    help="潜水、承压水、裂隙水、岩溶水 / kind of aquifer",
)
@click.option("--medium", metavar="TEXT", help="介质：细砂 中砂 粗砂 砾石 卵石 / medium: fine_sand … cobble")
@click.option("--k-m-per-d", type=POSITIVE, metavar="K", help="渗透系数，米/日 / hydraulic conductivity")
@click.option("--gradient", type=POSITIVE, metavar="I", help="水力坡度 / hydraulic gradient")
@click.option("--porosity", type=POSITIVE, metavar="N", help="有效孔隙度 / effective porosity")
@click.option("--radius-1-m", type=POSITIVE, metavar="M", help="一级保护区半径 / radius of zone 1")
@click.option("--radius-2-m", type=POSITIVE, metavar="M", help="二级保护区半径 / radius of zone 2")
@click.option("--yield-m3-d", type=POSITIVE, metavar="Q", help="开采量，立方米/日 / yield of the source, m3 a day")
@_figure_option
@_position_option
@_outline_option
@layer_options("water_sources")
def wells(file: Path, lang: Language, **stated: Any) -> int:
    """``sanxian georeference wells FILE``."""
    from layers.georeference.delineation.wells import wells as delineate

    formula = tuple(stated.pop(key) for key in ("k_m_per_d", "gradient", "porosity"))
    if any(v is not None for v in formula) and any(v is None for v in formula):
        raise click.UsageError("K、I、n 须同时给出 / --k-m-per-d, --gradient and --porosity go together")
    radii = {zone: stated.pop(f"radius_{zone}_m") for zone in (1, 2)}
    made = delineate(
        _read(file, stated, geometry="point"),
        aquifer=stated.pop("aquifer"),
        medium=stated.pop("medium"),
        formula=formula if formula[0] is not None else None,
        yield_m3_d=stated.pop("yield_m3_d"),
        stated=_stated(stated.pop("figures")),
        radii_m={zone: metres for zone, metres in radii.items() if metres is not None},
        position_accuracy_m=stated.pop("position_accuracy_m"),
        error_m=stated.pop("outline_error_m"),
    )
    return _finish(made, stated, file, "wells", lang)


@click.command(
    short_help="河流取水口保护区（HJ 338-2018） / zones of a river intake",
    help=(
        "按 HJ 338-2018 沿河流线由取水口推算保护区（仅示意，以批复为准）。\n\n"
        "Zones of river intakes after HJ 338-2018, measured along the river line. Indicative: the approved boundary "
        "replaces it."
    ),
)
@_file_argument
@crs_option
@datum_option
@click.option(
    "--river", type=_FILE, required=True, metavar="FILE", help="河流线（含支流） / lines of the river and tributaries"
)
@click.option(
    "--flow",
    type=click.Choice(["drawn", "against"]),
    help="流向：与线的绘制方向相同或相反 / the water runs as the lines are drawn, or against",
)
@click.option("--half-width-m", type=POSITIVE, metavar="M", help="水面半宽 / half the width of the water")
@click.option(
    "--half-width-error-m", type=POSITIVE, default=None, metavar="M", help="水面半宽误差 / error of half the width"
)
@click.option("--water", type=_FILE, metavar="FILE", help="水面范围 / polygons of the water")
@click.option("--tidal", is_flag=True, help="潮汐河段（标准要求模型计算） / a tidal reach")
@click.option("--river-ends-here", is_flag=True, help="河流在线的端点起止 / the river itself ends where its line does")
@click.option(
    "--max-offset-m",
    type=POSITIVE,
    default=500.0,
    show_default=True,
    metavar="M",
    help="取水口离河流线 / from the line",
)
@click.option("--river-accuracy-m", type=POSITIVE, metavar="M", help="河流线或水面精度 / accuracy of line or polygon")
@_figure_option
@_position_option
@_outline_option
@layer_options("water_sources")
def intake(file: Path, river: Path, water: Path | None, lang: Language, **stated: Any) -> int:
    """``sanxian georeference intake FILE --river LINES``."""
    from layers.georeference.delineation.intakes import intakes

    lines = _beside(river)
    assert lines is not None
    made = intakes(
        _read(file, stated, geometry="point"),
        lines,
        water=_beside(water),
        flow=stated.pop("flow"),
        half_width_m=stated.pop("half_width_m"),
        half_width_error_m=stated.pop("half_width_error_m") or 0.0,
        tidal=stated.pop("tidal"),
        river_ends_here=stated.pop("river_ends_here"),
        max_offset_m=stated.pop("max_offset_m"),
        river_accuracy_m=stated.pop("river_accuracy_m"),
        stated=_stated(stated.pop("figures")),
        position_accuracy_m=stated.pop("position_accuracy_m"),
        error_m=stated.pop("outline_error_m"),
    )
    return _finish(made, stated, file, "intake", lang)


@click.command(
    short_help="湖库取水口保护区（HJ 338-2018） / zones of a lake or reservoir",
    help=(
        "按 HJ 338-2018 由取水口与水面推算湖泊、水库保护区（仅示意，以批复为准）。\n\n"
        "Zones of intakes in a lake or reservoir after HJ 338-2018. Indicative: the approved boundary replaces it."
    ),
)
@_file_argument
@crs_option
@datum_option
@click.option("--water", type=_FILE, required=True, metavar="FILE", help="正常水位的水面 / the water, normal level")
@click.option("--body", type=click.Choice(["lake", "reservoir"]), required=True, help="湖泊或水库 / lake or reservoir")
@click.option("--storage-m3", type=POSITIVE, metavar="V", help="库容，立方米 / storage of a reservoir")
@click.option("--single-use", is_flag=True, help="单一供水功能的湖泊 / a lake that only supplies drinking water")
@click.option("--terrain", type=click.Choice(["plain", "hill"]), help="平原或山区（中型） / for a medium one")
@click.option("--catchment", type=_FILE, metavar="FILE", help="集水范围 / polygons of the catchment")
@click.option(
    "--max-offset-m", type=POSITIVE, default=200.0, show_default=True, metavar="M", help="取水口离水面 / from the water"
)
@click.option("--water-accuracy-m", type=POSITIVE, metavar="M", help="水边线精度 / accuracy of the shore")
@_figure_option
@_position_option
@_outline_option
@layer_options("water_sources")
def lake(file: Path, water: Path, catchment: Path | None, lang: Language, **stated: Any) -> int:
    """``sanxian georeference lake FILE --water POLYGONS``."""
    from layers.georeference.delineation.lakes import lakes

    shore = _beside(water)
    assert shore is not None
    made = lakes(
        _read(file, stated, geometry="point"),
        shore,
        catchment=_beside(catchment),
        body=stated.pop("body"),
        storage_m3=stated.pop("storage_m3"),
        single_use=stated.pop("single_use"),
        terrain=stated.pop("terrain"),
        max_offset_m=stated.pop("max_offset_m"),
        water_accuracy_m=stated.pop("water_accuracy_m"),
        stated=_stated(stated.pop("figures")),
        position_accuracy_m=stated.pop("position_accuracy_m"),
        error_m=stated.pop("outline_error_m"),
    )
    return _finish(made, stated, file, "lake", lang)


@click.command(
    short_help="沿岸或周边一定距离 / within a distance of a bank or a thing",
    help=(
        "沿岸或对象周边一定距离的范围，如沿黄 1 公里、填埋场周边 20 公里（仅示意）。"
        "默认保存对象本身与影响距离，核查按真实距离计算。\n\n"
        "Everything within a distance of a bank, a works, a landfill. Stored as the thing with its influence distance, "
        "which screening measures exactly; --drawn makes the polygon. A layer of kind other needs --role and --meaning."
    ),
)
@_file_argument
@crs_option
@datum_option
@click.option("--within-m", type=POSITIVE, required=True, metavar="M", help="距离，米 / the distance, metres")
@click.option("--inner-m", type=POSITIVE, metavar="M", help="内侧距离，其内不计 / leave out what is nearer than this")
@click.option(
    "--measure-from",
    type=click.Choice(["thing", "bank", "centreline"]),
    default="thing",
    show_default=True,
    help="自对象、自水边线、自中心线起算 / from the thing itself, its bank, or a line in its middle",
)
@click.option("--half-width-m", type=POSITIVE, metavar="M", help="水面半宽（自中心线推水边） / half the water's width")
@click.option("--half-width-error-m", type=POSITIVE, metavar="M", help="水面半宽误差 / error of half the width")
@click.option("--drawn", is_flag=True, help="画成面 / make the polygon")
@_position_option
@_outline_option
@layer_options("other")
def bank(file: Path, lang: Language, **stated: Any) -> int:
    """``sanxian georeference bank FILE --within-m M``."""
    from layers.georeference.delineation import banks

    measure_from, inner = stated.pop("measure_from"), stated.pop("inner_m")
    half_width, half_error = stated.pop("half_width_m"), stated.pop("half_width_error_m")
    shared = {
        "drawn": stated.pop("drawn"),
        "position_accuracy_m": stated.pop("position_accuracy_m"),
        "error_m": stated.pop("outline_error_m"),
    }
    within = stated.pop("within_m")
    reading = _read(file, stated)
    if measure_from == "thing":
        if half_width is not None:
            raise click.UsageError("--half-width-m 须与 --measure-from bank 同用 / goes with --measure-from bank")
        made = banks.ring(reading, within, inner_m=inner or 0.0, **shared)
    else:
        if inner is not None:
            raise click.UsageError("--inner-m 须与 --measure-from thing 同用 / goes with --measure-from thing")
        made = banks.bank(
            reading,
            within,
            measure_from=measure_from,
            half_width_m=half_width,
            half_width_error_m=half_error or 0.0,
            **shared,
        )
    return _finish(made, stated, file, "bank", lang)
