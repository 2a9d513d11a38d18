"""
Monitoring sections put on a river: by coordinates, by kilometres along a named river, or by a place beside it.

Accuracy, 95 %, is the root of the sum of squares of what the way of placing leaves open along the river and of the
accuracy of the river lines across it (`spatial.network.chainage`): of coordinates, their own accuracy and their
distance from the line; of kilometres, the rounding of the figure, a share of the length (two maps of a river differ in
its length) and the braids passed; of a place, its distance from the river and how far the nearest point moves when the
place moves by its accuracy. A section that is declared and cannot be placed stays a feature without geometry.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import shapely

from layers.fields import FieldAliases, fold, text_of
from layers.georeference.model import Georeferenced, Method, features_reading
from layers.stated import number_stated
from spatial.accuracy import AccuracyTerm, PositionalAccuracy
from spatial.errors import UnknownRiverError
from spatial.network.chainage import (
    LENGTH_SHARE,
    NotFound,
    Origin,
    Placed,
    at_chainage,
    at_coordinates,
    at_place,
)
from spatial.reading.model import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from layers.georeference.rivers import Rivers
    from spatial.reading.model import Reading

__all__ = ["MAX_OFFSET_M", "MAX_PLACE_M", "PlacePoint", "SectionRow", "georeferenced_sections", "section_rows"]

MAX_OFFSET_M = 500.0
"""Coordinates farther from the river lines are not put on them."""
MAX_PLACE_M = 5000.0
"""A place farther from the river names no section on it."""
_LEAST_CHAINAGE_M = 50.0
_UNSTATED_POINT_M = 25.0
_KEPT = ("code", "section_level", "section_type", "target_class", "observed_class", "remarks")
_COLUMNS = {
    "river": ("river", "river_name", "河流", "河流名称", "所在河流", "所在水体", "水体", "水体名称", "河流(湖库)名称"),
    "place": ("place", "地点", "所在地", "所在地名", "断面位置", "设置地点", "位置"),
    "from_mouth": ("km_from_mouth", "chainage_km", "距河口", "距河口(km)", "距河口(公里)", "河口里程", "河口距离(km)"),
    "from_source": ("km_from_source", "距河源", "距源头", "距河源(km)", "距源头(km)", "距源头(公里)"),
    "lon": ("lon", "longitude", "经度", "东经", "jd"),
    "lat": ("lat", "latitude", "纬度", "北纬", "wd"),
}


@dataclass(frozen=True, kw_only=True)
class PlacePoint:
    """A place as a gazetteer knows it: EPSG:4490, accuracy at 95 % in metres, and who says so."""

    lon: float
    lat: float
    accuracy_m: float
    source: str


@dataclass(frozen=True, kw_only=True)
class SectionRow:
    """
    One declared section.

    Parameters
    ----------
    name
        As declared.
    river
        Name of its river; without one it is placed by coordinates only.
    lon, lat, point_m
        Coordinates of EPSG:4490 and their accuracy, 95 %, metres.
    chainage_km, origin, chainage_m
        Kilometres along the river, from where, and what the figure may be off (default: half a unit of its last
        decimal, at least 50 m).
    place
        Name of a place beside the river.
    attributes
        Further columns, as ``layers/fields.toml`` names them (``section_level``, ``target_class`` …).
    """

    name: str
    river: str | None = None
    lon: float | None = None
    lat: float | None = None
    point_m: float | None = None
    chainage_km: float | None = None
    origin: Origin = "mouth"
    chainage_m: float | None = None
    place: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)


def section_rows(reading: Reading) -> list[SectionRow]:
    """
    The sections of a table or file: its columns understood, its points as coordinates.

    Columns are those of ``layers/fields.toml`` for monitoring sections; the river (河流), a place (地点), kilometres
    (距河口(km), 距源头(km)) and, in tables without geometry, 经度 and 纬度 in degrees besides.

    Parameters
    ----------
    reading
        Points in EPSG:4490, or no geometry (``None``) where a section has no coordinates.
    """
    aliases = FieldAliases.load()
    rows = []
    for number, (geometry, columns) in enumerate(zip(reading.geometries, reading.attributes, strict=True), start=1):
        view = aliases.view(columns, kind="monitoring_sections")
        said = {fold(str(column)): text_of(value) for column, value in columns.items()}
        found = {
            meaning: next((v for name in names if (v := said.get(fold(name)))), None)
            for meaning, names in _COLUMNS.items()
        }
        mouth, source = found["from_mouth"], found["from_source"]
        figure = mouth or source
        point = None if geometry is None or geometry.is_empty else shapely.centroid(geometry)
        lon = _number(found["lon"]) if point is None else float(point.x)
        lat = _number(found["lat"]) if point is None else float(point.y)
        rows.append(
            SectionRow(
                name=view.get("name") or f"#{number}",
                river=found["river"] or view.get("reach"),
                lon=lon,
                lat=lat,
                point_m=view.number("accuracy_m") or (None if point is None else reading.accuracy.metres),
                chainage_km=_number(figure),
                origin="mouth" if mouth or not source else "source",
                chainage_m=None if figure is None else _half_unit_m(figure),
                place=found["place"],
                attributes={m: v for m in _KEPT if (v := view.get(m)) is not None},
            )
        )
    return rows


def georeferenced_sections(
    rows: Sequence[SectionRow],
    rivers: Rivers,
    *,
    places: Callable[[str], PlacePoint | None] | None = None,
    source_name: str = "sections",
    max_offset_m: float = MAX_OFFSET_M,
    max_place_m: float = MAX_PLACE_M,
    length_share: float = LENGTH_SHARE,
) -> Georeferenced:
    """
    Sections as features of a layer ``monitoring_sections``.

    Each is placed by the first of coordinates, kilometres and place that it has and that works. Coordinates too far
    from the river stay where they are, with their own accuracy and a problem; what cannot be placed at all has no
    geometry, and a problem that says why.

    Parameters
    ----------
    rows
        Declared sections (`section_rows`).
    rivers
        From `layers.georeference.rivers`; where none are declared only coordinates place a section.
    places
        Gives the point of a named place, or None.
    source_name
        Where the rows come from.
    max_offset_m, max_place_m, length_share
        As in `spatial.network.chainage`; kept in ``parameters``.

    Returns
    -------
    georeferenced
        Each feature with ``accuracy_m`` and ``georeference_method``. ``indicative`` is true where any feature was
        placed by kilometres or a place.

    Examples
    --------
    >>> from layers.georeference.rivers import Rivers, network_of
    >>> line = shapely.LineString([(117, 49), (117, 49.1)])
    >>> features = [("1", line, {"河流": "甲河", "流向": "正向"}), ("2", shapely.Point(117, 49.1), {"端点": "河口"})]
    >>> rivers = Rivers(network=network_of(features), name="河流", accuracy_m=10)
    >>> rows = [SectionRow(name="甲断面", river="甲河", chainage_km=4.0), SectionRow(name="乙断面")]
    >>> made = georeferenced_sections(rows, rivers)
    >>> made.method, [None if g is None else round(g.y, 3) for g in made.reading.geometries]
    ('river_chainage', [49.064, None])
    >>> [p.code for p in made.reading.problems]
    ['section_not_located']
    """
    geometries: list[Any] = []
    attributes: list[dict[str, Any]] = []
    problems: list[Problem] = []
    used: Counter[Method] = Counter()
    ways = _Ways(places=places, max_offset_m=max_offset_m, max_place_m=max_place_m, length_share=length_share)
    for number, row in enumerate(rows, start=1):
        columns = {"name": row.name, **row.attributes}
        if row.river:
            columns["river"] = row.river
        found, method, why = _place(row, rivers, ways)
        geometry = None if found is None else shapely.Point(found[0], found[1])
        if why:
            code = "section_not_located" if found is None else "section_off_river"
            problems.append(Problem(code=code, file=source_name, record=number, point=row.name, detail=why))
        if found is not None:
            columns["accuracy_m"] = round(found[2], 3)
            used[method] += 1
        columns["georeference_method"] = method
        geometries.append(geometry)
        attributes.append(columns)
    worst = max((float(a["accuracy_m"]) for a in attributes if "accuracy_m" in a), default=_UNSTATED_POINT_M)
    return Georeferenced(
        reading=features_reading(
            geometries,
            attributes,
            accuracy=PositionalAccuracy(
                metres=worst,
                basis="river_position",
                terms=(AccuracyTerm(code="river_position", metres=worst),),
                assumed=True,
            ),
            source_name=source_name,
            fmt="sections",
            problems=problems,
        ),
        method=used.most_common(1)[0][0] if used else "declared",
        accuracy=None,
        indicative=any(used[m] for m in ("river_chainage", "river_and_place")),
        parameters={
            "rivers": rivers.name,
            "rivers_version": rivers.version,
            "rivers_synthetic": rivers.synthetic,
            "river_accuracy_m": rivers.accuracy_m,
            "max_offset_m": max_offset_m,
            "max_place_m": max_place_m,
            "length_share": length_share,
            "located": {str(m): used[m] for m in sorted(used)},
            "not_located": [row.name for row, g in zip(rows, geometries, strict=True) if g is None],
            "places": dict(sorted(ways.consulted.items())),
        },
    )


@dataclass(kw_only=True)
class _Ways:
    """What placing a row takes besides the rivers; and the places that were used, with their sources."""

    places: Callable[[str], PlacePoint | None] | None
    max_offset_m: float
    max_place_m: float
    length_share: float
    consulted: dict[str, str] = field(default_factory=dict)


def _place(row: SectionRow, rivers: Rivers, ways: _Ways) -> tuple[tuple[float, float, float] | None, Method, str]:
    """Longitude, latitude and accuracy, by which way, and what is amiss."""
    network, across = rivers.network, rivers.accuracy_m
    troubles = []
    name = None if row.river is None or network is None else _spelled(network.names, row.river)
    if row.lon is not None and row.lat is not None:
        point_m = _UNSTATED_POINT_M if row.point_m is None else row.point_m
        if network is None:
            return (row.lon, row.lat, point_m), "section_coordinates", "there are no rivers to put it on"
        by_point = _tried(
            lambda: at_coordinates(
                network,
                row.lon or 0.0,
                row.lat or 0.0,
                point_m=point_m,
                max_m=ways.max_offset_m,
                across_m=across,
                name=name,
            )
        )
        if isinstance(by_point, Placed):
            return (by_point.lon, by_point.lat, by_point.accuracy_m), "section_coordinates", ""
        return (row.lon, row.lat, point_m), "section_coordinates", by_point
    if network is None or name is None:
        return None, "declared", "no coordinates and no river" if network is not None else "there are no rivers"
    if row.chainage_km is not None:
        metres = row.chainage_km * 1000
        chainage_m = _LEAST_CHAINAGE_M if row.chainage_m is None else max(row.chainage_m, _LEAST_CHAINAGE_M)
        by_km = _tried(
            lambda: at_chainage(
                network,
                name,
                metres,
                origin=row.origin,
                chainage_m=chainage_m,
                across_m=across,
                length_share=ways.length_share,
            )
        )
        if isinstance(by_km, Placed):
            return (by_km.lon, by_km.lat, by_km.accuracy_m), "river_chainage", ""
        troubles.append(by_km)
    if row.place is not None:
        point = None if ways.places is None else ways.places(row.place)
        if point is None:
            troubles.append(f"no source for the place {row.place}")
        else:
            by_place = _tried(
                lambda: at_place(
                    network,
                    name,
                    point.lon,
                    point.lat,
                    place_m=point.accuracy_m,
                    max_m=ways.max_place_m + point.accuracy_m,
                    across_m=across,
                )
            )
            if isinstance(by_place, Placed):
                ways.consulted[row.place] = point.source
                return (by_place.lon, by_place.lat, by_place.accuracy_m), "river_and_place", ""
            troubles.append(by_place)
    return None, "declared", "; ".join(troubles) or "neither coordinates, kilometres nor a place"


def _tried(way: Callable[[], Placed | NotFound]) -> Placed | str:
    try:
        found = way()
    except UnknownRiverError as trouble:
        return str(trouble)
    return found if isinstance(found, Placed) else f"{found.code}: {found.detail}"


def _spelled(names: Sequence[str], asked: str) -> str:
    """The network's own spelling of a river's name."""
    return next((name for name in names if fold(name) == fold(asked)), asked)


def _number(text: str | None) -> float | None:
    return None if text is None else number_stated(text)


def _half_unit_m(figure: str) -> float:
    """Half a unit of the last decimal of kilometres, in metres."""
    digits = "".join(c for c in figure if c.isdigit() or c == ".")
    decimals = len(digits.partition(".")[2])
    return float(500 / 10**decimals)
