"""``sanxian georeference sections``: monitoring sections by coordinates, by river kilometres, or by river and place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apps.cli.georeference.storing import finish, layer_options
from apps.cli.options import POSITIVE

if TYPE_CHECKING:
    from layers.georeference.rivers import Rivers
    from layers.georeference.sections import PlacePoint
    from screening.words import Language
    from spatial.reading.model import Reading

__all__ = ["sections"]


@click.command(
    short_help="断面：坐标、河流里程或河流加地名 / sections on a river",
    help=(
        "把监测断面落到河上：按坐标、按距河口或河源的公里数，或按“河流＋地名”。FILE 是表格或点文件，列名如断面名称、"
        "河流、距河口(km)、地点、水质目标；定不了位的只作记载。\n\n"
        "Put monitoring sections on a river: by coordinates, by kilometres from its mouth or source, or by a river and "
        "a named place. What cannot be placed stays declared."
    ),
)
@click.argument("file", metavar="FILE")
@click.option(
    "--rivers",
    "rivers_file",
    metavar="FILE",
    help="河流线文件；不给时用 --workspace 里的河流图层 / river lines; without it the river layer of --workspace",
)
@click.option(
    "--river-layer", metavar="NAME", help="工作区内河流图层名 / name of the river layer, where there are several"
)
@click.option(
    "--drawn",
    type=click.Choice(["downstream", "upstream"]),
    help="声明河流线的绘制方向 / state that every line is drawn downstream or upstream",
)
@click.option("--city", metavar="CITY", help="地名所属城市（五市之一） / city of the named places")
@click.option(
    "--gazetteer",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="自有地名库（TOML） / a gazetteer of your own (TOML)",
)
@click.option(
    "--max-offset-m", type=POSITIVE, default=500.0, show_default=True, metavar="M",
    help="坐标离河线的最大距离，米 / farthest coordinates may lie from the river, metres",
)  # fmt: skip
@layer_options("monitoring_sections")
def sections(file: str, lang: Language, **stated: Any) -> int:
    """``sanxian georeference sections FILE``."""
    from layers.georeference.sections import georeferenced_sections, section_rows

    made = georeferenced_sections(
        section_rows(_reading(file)),
        _rivers(stated),
        places=_places(stated),
        source_name=Path(file).name,
        max_offset_m=stated["max_offset_m"],
    )
    return finish(made, stated, default_name=Path(file).stem, lang=lang, source=(Path(file), Path(file).suffix[1:]))


def _reading(file: str) -> Reading:
    """The file's points; a table without coordinates as features without a place."""
    from dataclasses import replace

    from spatial.crs import to_geographic
    from spatial.errors import MalformedSourceError
    from spatial.reading import read

    try:
        reading = read(file)
    except MalformedSourceError as trouble:
        if trouble.code != "no_coordinate_columns":
            raise
        return _table(file)
    if reading.crs is None:
        raise click.UsageError("坐标系未定，请先用 inspect 查看 / the CRS is open, look at it with inspect")
    placed = replace(reading, geometries=to_geographic(reading.geometries, reading.crs))
    return placed if not reading.unreadable else _with_the_others(file, placed)


def _with_the_others(file: str, reading: Reading) -> Reading:
    """The rows whose coordinates are blank or no coordinates too: kilometres or a place may still put them."""
    from layers.georeference.model import features_reading
    from spatial.reading.cells import read_cells

    rows = next(s for s in read_cells(file) if s.visible and s.rows).rows
    header = list(reading.attributes[0]) if reading.attributes else [cell.strip() for cell in rows[0]]
    columns = [cell.strip() for cell in next(row for row in rows if {cell.strip() for cell in row} & set(header))]
    others = [
        dict(zip(columns, rows[lost.problem.record - 1], strict=False))
        for lost in reading.unreadable
        if lost.problem.record is not None and lost.problem.record <= len(rows)
    ]
    return features_reading(
        [*reading.geometries, *[None] * len(others)],
        [*reading.attributes, *others],
        accuracy=reading.accuracy,
        source_name=reading.source_name,
        source_sha256=reading.source_sha256,
        fmt="csv",
    )


def _table(file: str) -> Reading:
    """A table of names: the first row that names two columns or more is the header."""
    from layers.georeference.model import features_reading
    from spatial.accuracy import UNSTATED_LAYER
    from spatial.reading.cells import read_cells

    sheet = next(s for s in read_cells(file) if s.visible and s.rows)
    rows = [[cell.strip() for cell in row] for row in sheet.rows]
    start = next((i for i, row in enumerate(rows) if sum(map(bool, row)) > 1), 0)
    header = [name or f"column_{i + 1}" for i, name in enumerate(rows[start])]
    records = [dict(zip(header, row, strict=False)) for row in rows[start + 1 :] if any(row)]
    return features_reading(
        [None] * len(records), records, accuracy=UNSTATED_LAYER, source_name=Path(file).name, fmt="csv"
    )


def _rivers(stated: dict[str, Any]) -> Rivers:
    from layers.georeference.rivers import rivers_of, rivers_of_reading
    from spatial.network.directions import Directions

    directions = Directions(drawn=stated["drawn"])
    if stated["rivers_file"] is not None:
        from spatial.reading import read

        return rivers_of_reading(read(stated["rivers_file"]), directions=directions)
    if stated["workspace"] is None:
        raise click.UsageError("缺少河流：给出 --rivers 或 --workspace / no rivers: give --rivers or --workspace")
    from layers.workspace import open_workspace
    from screening.screen import today

    store = open_workspace(stated["workspace"])
    return rivers_of(store, stated["river_layer"], as_of=today(), directions=directions)


def _places(stated: dict[str, Any]) -> Any:
    """Points of named places from the gazetteers; None where nobody says where one is."""
    from layers.errors import PlaceNotFoundError, PlaceUnclearError
    from layers.georeference.gazetteer import find, read_gazetteer
    from layers.georeference.places import shape_of
    from layers.georeference.sections import PlacePoint
    from layers.plans.loading import plan

    own = () if stated["gazetteer"] is None else read_gazetteer(stated["gazetteer"], origin="user")
    city = plan(stated["city"]) if stated["city"] else None
    where: dict[str, Any] = {} if city is None else {"city": city.key, "districts": city.districts}

    def point_of(name: str) -> PlacePoint | None:
        try:
            found = find(name, extra=own, **where)
        except (PlaceNotFoundError, PlaceUnclearError):
            return None
        _, accuracy, _ = shape_of(found)
        if found.point is None or accuracy is None:
            return None
        return PlacePoint(lon=found.point[0], lat=found.point[1], accuracy_m=accuracy, source=found.sources[0].title)

    return point_of
