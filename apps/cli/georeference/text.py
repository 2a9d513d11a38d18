"""``sanxian georeference text``: corner lists, published extents and zones in words, out of a notice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apps.cli.georeference.storing import finish, layer_options
from apps.cli.options import POSITIVE, crs_option, datum_option, region_option, shift_of, shift_option

if TYPE_CHECKING:
    from layers.georeference.river_corridors import Marker
    from layers.placing import Placed
    from screening.words import Language
    from spatial.reading.model import Reading

__all__ = ["text"]


@click.command(
    short_help="公告中的拐点坐标与四至 / corners and extents in a notice",
    help=(
        "从公告（TXT、DOCX、带文字的 PDF、HTML）里取拐点坐标成面，认功能分区与扣除范围；公布的四至按外包范围存，界外"
        "才可能“未命中”；只有文字的范围作记载，不成图。少一个拐点就不成面。\n\n"
        "Corner lists of a notice become polygons, with functional zones and parts left out; a published extent is "
        "kept as an outer bound; a zone in words is declared, not drawn. A list that lacks a corner makes no polygon."
    ),
)
@click.argument("file", metavar="FILE")
@crs_option
@datum_option
@region_option("数据所在行政区划代码，用于判断坐标系 / district codes the data lie in, to tell the CRS")
@shift_option
@click.option(
    "--order",
    type=click.Choice(["east_first", "north_first"]),
    help="公告先写东（经度）还是北（纬度）；与数值不符的不读 / which coordinate the notice writes first",
)
@click.option(
    "--geometry",
    "shape",
    type=click.Choice(["polygon", "point"]),
    help="没有写明是拐点时，成面还是成点 / what points make where no word says that they are corners",
)
@click.option(
    "--river",
    metavar="FILE",
    help="河流线，自上游画向下游，用于沿河范围 / river line, drawn downstream, for river zones",
)
@click.option(
    "--river-accuracy-m",
    type=POSITIVE,
    metavar="M",
    help="河流线精度，米，95%；默认取自文件，无则 25 米 / accuracy of the river line; default: the file's, else 25 m",
)
@click.option(
    "--river-half-width-m",
    type=click.FloatRange(min=0),
    metavar="M",
    help="河线到水边的距离，米，线即岸线时为 0 / from the river line to the water's edge, metres",
)
@click.option("--markers", metavar="FILE", help="河上的地标点（桥、闸……），带名称 / named points on the river")
@layer_options("protected_areas")
def text(file: str, lang: Language, **stated: Any) -> int:
    """``sanxian georeference text FILE``."""
    from layers.georeference.notices import georeferenced_notice

    given: dict[str, Any] = {}
    if stated["shift"] is not None:
        from spatial.crs import identify

        if stated["crs"] is None:
            raise click.UsageError("--shift 须与 --crs 同用 / --shift needs --crs")
        found = shift_of(stated["shift"], None, identify(stated["crs"]))
        given = {} if found is None else {"shift": found[0], "shift_m": found[1]}
    if stated["region"] is not None:
        from spatial.boundaries import union

        given["region"] = union(stated["region"].split(",")).geometry
    if stated["river"] is not None:
        given["river"], given["river_accuracy_m"] = _river(stated["river"], stated["river_accuracy_m"])
        given["river_half_width_m"] = stated["river_half_width_m"]
    elif stated["river_accuracy_m"] is not None or stated["river_half_width_m"] is not None:
        raise click.UsageError(
            "--river-accuracy-m、--river-half-width-m 须与 --river 同用 / "
            "--river-accuracy-m and --river-half-width-m go with --river"
        )
    made = georeferenced_notice(
        file,
        kind=stated["kind"],
        crs=stated["crs"],
        datum=stated["datum"],
        order=stated["order"],
        shape=stated["shape"],
        markers=_markers(stated["markers"]),
        **given,
    )
    if made.reading.crs_status == "ambiguous":
        from apps.cli.console import console_on
        from apps.cli.errors import EXIT_REJECTED
        from apps.cli.importing import print_open

        print_open(console_on(), made.reading, lang)
        return EXIT_REJECTED
    ending = Path(file).suffix.lower().removeprefix(".") or "txt"
    return finish(made, stated, default_name=Path(file).stem, lang=lang, source=(Path(file), ending))


def _placed(file: str) -> tuple[Reading, Placed]:
    """A file with a CRS, and its features on EPSG:4490."""
    from layers.placing import placed_features
    from spatial.reading import read

    reading = read(file)
    if reading.crs is None:
        raise click.UsageError(f"{file}: 坐标系未定，先用 inspect 查看 / its CRS is open, look at it with inspect")
    return reading, placed_features(reading)


def _river(file: str, stated_m: float | None) -> tuple[Any, float]:
    """The one line of a file, its parts joined end to end, and its accuracy."""
    import shapely

    from layers.georeference.river_corridors import line_accuracy_m

    reading, placed = _placed(file)
    lines = [g for g in placed.geometries if shapely.get_dimensions(g) == 1]
    joined = shapely.line_merge(shapely.union_all(lines), directed=True) if lines else None
    if joined is None or joined.geom_type != "LineString":
        raise click.UsageError("--river 须是首尾相接、自上游画向下游的一条线 / must be one line, drawn downstream")
    return joined, line_accuracy_m(reading, stated_m=stated_m)


def _markers(file: str | None) -> dict[str, Marker]:
    from layers.fields import FieldAliases
    from layers.georeference.river_corridors import Marker, point_accuracy_m

    if file is None:
        return {}
    aliases, (reading, placed) = FieldAliases.load(), _placed(file)
    names = [aliases.view(row, kind="other").get("name") for row in placed.rows]
    return {
        name: Marker(point=geometry, accuracy_m=point_accuracy_m(reading, row))
        for name, geometry, row in zip(names, placed.geometries, placed.rows, strict=True)
        if name is not None and geometry is not None and geometry.geom_type == "Point"
    }
