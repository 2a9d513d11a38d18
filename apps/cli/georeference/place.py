"""``sanxian georeference place``: an indicative shape from a name, a point or a published extent, and an area."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apps.cli.georeference.storing import finish, layer_options
from apps.cli.options import POSITIVE

if TYPE_CHECKING:
    from layers.georeference.gazetteer import NamedPlace
    from screening.words import Language

__all__ = ["place"]


@click.command(
    short_help="由名称、位置与面积推定 / from a name, a point and an area",
    help=(
        "由名称推定示意范围：地名库条目，或自行给出的点位与面积（须写明依据）。其上或附近的结论只能是“边界不确定”。\n\n"
        "An indicative shape from a name: an entry of the gazetteer, or a point and an area of your own, with who says "
        "so. On or near it an answer is 'uncertain', never a hit and never clear."
    ),
)
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option("--city", metavar="CITY", help="所属城市（五市之一），用于区分同名地点 / city, to tell homonyms apart")
@click.option(
    "--gazetteer",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="自有地名库（TOML） / a gazetteer of your own (TOML)",
)
@click.option("--point", metavar="LON,LAT", help="点位经纬度 / longitude and latitude of its point")
@click.option(
    "--point-accuracy-m", type=POSITIVE, metavar="M", help="点位精度，米，95% / accuracy of the point, metres, 95 %"
)
@click.option("--point-source", metavar="TEXT", help="点位依据，含网址或文号 / who says so, with an address")
@click.option("--area", metavar="AREA", help="面积，如 5878.5公顷 / area with its unit")
@click.option(
    "--status",
    type=click.Choice(["in_force", "merged", "cancelled", "unconfirmed"]),
    help="法律状态 / legal status of a protected area",
)
@layer_options("protected_areas")
def place(names: tuple[str, ...], lang: Language, **stated: Any) -> int:
    """``sanxian georeference place NAME``."""
    from layers.georeference.gazetteer import find, read_gazetteer
    from layers.georeference.places import described_places
    from layers.plans.loading import plan

    own: tuple[NamedPlace, ...] = ()
    if stated["gazetteer"] is not None:
        own = read_gazetteer(stated["gazetteer"], origin="user")
    # a blank source is none: nobody could be asked
    given = [
        stated[key] is not None and str(stated[key]).strip() != ""
        for key in ("point", "point_accuracy_m", "point_source")
    ]
    if any(given) and not (all(given) and len(names) == 1):
        raise click.UsageError(
            "--point 须与 --point-accuracy-m、--point-source 同时给出，且只有一个名称 / "
            "--point needs --point-accuracy-m and --point-source, and one name"
        )
    if all(given):
        found: list[Any] = [_own(names[0], stated)]
    else:
        of_city = plan(stated["city"]) if stated["city"] else None
        where: dict[str, Any] = {} if of_city is None else {"city": of_city.key, "districts": of_city.districts}
        found = [find(name, extra=own, **where) for name in names]
        found = [_changed(entry, stated) for entry in found]
    return finish(described_places(found), stated, default_name=found[0].name, lang=lang)


def _own(name: str, stated: dict[str, Any]) -> NamedPlace:
    """The user's word: a point, how good it is, and who says so."""
    from layers.georeference.gazetteer import NamedPlace, PlaceSource
    from spatial.reading import read_text

    point = read_text(stated["point"], datum="cgcs2000", geometry="point").geometries[0]
    return NamedPlace(
        name=name,
        sources=(PlaceSource(title=stated["point_source"], address="user"),),
        origin="user",
        point=(point.x, point.y),
        accuracy_m=stated["point_accuracy_m"],
        area_m2=_area(stated["area"]),
        status=stated["status"],
    )


def _changed(entry: NamedPlace, stated: dict[str, Any]) -> NamedPlace:
    """With the area and the status that the user states."""
    from dataclasses import replace

    area = _area(stated["area"])
    if area is not None:
        entry = replace(entry, area_m2=area)
    return entry if stated["status"] is None else replace(entry, status=stated["status"])


def _area(text: str | None) -> float | None:
    from layers.stated import areas_stated_m2

    if text is None:
        return None
    found = areas_stated_m2(text)
    if len(found) != 1:
        raise click.UsageError(f"--area: {text!r} 不是一个带单位的面积 / is not one area with its unit")
    return found[0]
