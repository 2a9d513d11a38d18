"""
Gazetteers: named places with who says where they are, read from files, found by name.

An entry always says where its position comes from: a registry package (the towns of GeoNames), a public page with its
address, or the user's word. Without one a feature stays declared and is not located. `layers.georeference.places`
gives an entry its shape.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import shapely

from layers.errors import PlaceFileError, PlaceNotFoundError, PlaceUnclearError
from layers.fields import fold
from layers.stated import areas_stated_m2
from spatial.boundaries import available, union
from spatial.coordinates import parse
from spatial.datafiles import data_file, shipped_files, toml_tables
from spatial.ellipsoid import geod
from spatial.errors import CoordinateError, DataFileMissingError, SourceNotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Extent", "NamedPlace", "PlaceSource", "find", "gazetteer", "read_gazetteer", "towns"]

Origin = Literal["page", "registry", "user"]

_DEGREE_M = 111_700.0
"""No degree of latitude or longitude is longer: 111,694 m at the pole."""
_STATUSES = ("in_force", "merged", "cancelled", "unconfirmed")
_PLACE_KEYS = {"name", "aliases", "kind", "city", "feature", "point", "extent", "area", "accuracy_m", "status", "level"}
_PLACE_KEYS |= {"zone", "note_zh", "note_en", "source", "successor"}
_TEXTS = ("status", "successor", "level", "zone", "note_zh", "note_en")
_SOURCE_KEYS = {"title", "address", "retrieved", "says"}


@dataclass(frozen=True, kw_only=True)
class PlaceSource:
    """Who says where it is: a title, an address one can open (or ``user``), the day it was looked at, what it says."""

    title: str
    address: str
    retrieved: str | None = None
    says: str | None = None


@dataclass(frozen=True, kw_only=True)
class Extent:
    """
    A published box (四至), degrees of EPSG:4490, with half of the last unit printed of each edge as degrees.

    Examples
    --------
    >>> box = Extent.of(west="117°44′57″", south="49°26′27″", east="117°52′10″", north="49°32′21″")
    >>> round(box.rounding_m, 1)  # half a second of latitude and of longitude: 15.5 m and 10.1 m
    18.5
    """

    west: float
    south: float
    east: float
    north: float
    half_lon: float
    half_lat: float

    @classmethod
    def of(cls, *, west: str, south: str, east: str, north: str) -> Extent:
        """The box of four printed coordinates; CoordinateError or ValueError if they make none."""
        edges = {name: parse(text) for name, text in (("w", west), ("s", south), ("e", east), ("n", north))}
        if not (edges["w"].value < edges["e"].value and edges["s"].value < edges["n"].value):
            raise ValueError(f"{west}, {south}, {east}, {north} is no box of west, south, east and north")
        half = {name: _half_unit(c.unit, c.notation, c.decimals) for name, c in edges.items()}
        return cls(
            west=edges["w"].value,
            south=edges["s"].value,
            east=edges["e"].value,
            north=edges["n"].value,
            half_lon=max(half["w"], half["e"]),
            half_lat=max(half["s"], half["n"]),
        )

    @property
    def rounding_m(self) -> float:
        """How far a corner may have been moved by rounding, metres: half a unit on both axes."""
        nearest = 0.0 if self.south <= 0 <= self.north else min(abs(self.south), abs(self.north))
        return math.hypot(self.half_lat * _DEGREE_M, self.half_lon * _DEGREE_M * math.cos(math.radians(nearest)))

    @property
    def geometry(self) -> Any:
        """The box as printed, a Polygon."""
        return shapely.box(self.west, self.south, self.east, self.north)


@dataclass(frozen=True, kw_only=True)
class NamedPlace:
    """
    One entry of a gazetteer.

    ``point`` is longitude and latitude, EPSG:4490 (WGS 84 taken as such), with its ``accuracy_m`` (95 %); ``extents``
    are the published boxes of its parts, mostly one. Without either the place is declared and not located.
    """

    name: str
    sources: tuple[PlaceSource, ...]
    origin: Origin
    aliases: tuple[str, ...] = ()
    kind: str | None = None
    city: str | None = None
    """Key of the city plan it belongs to."""
    feature: str | None = None
    """Id of the feature of that plan."""
    point: tuple[float, float] | None = None
    accuracy_m: float | None = None
    """Of the point; of extents what their rounding leaves out."""
    extents: tuple[Extent, ...] = ()
    area_m2: float | None = None
    status: str | None = None
    """in_force, merged, cancelled, unconfirmed; None where it has none to state."""
    successor: str | None = None
    level: str | None = None
    zone: str | None = None
    note_zh: str | None = None
    note_en: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def is_located(self) -> bool:
        """Whether anyone says where it is."""
        return self.point is not None or bool(self.extents)


def find(
    name: str, *, city: str | None = None, districts: Sequence[str] = (), extra: Sequence[NamedPlace] = ()
) -> NamedPlace:
    """
    The one place of a name.

    Parameters
    ----------
    name
        As written, or one of its aliases; white space and width are folded, nothing else: a stem is no name.
    city
        Key of a city plan: only its own entries of the gazetteer are looked at.
    districts
        Codes of that city: only towns that lie within its outline (or its accuracy of it) are taken. Homonyms abound.
    extra
        Entries of the user's own; they go before the others.

    Raises
    ------
    PlaceNotFoundError
        Nobody says where it is.
    PlaceUnclearError
        Several places bear the name.
    """
    wanted = fold(name)

    def named(places: Sequence[NamedPlace]) -> list[NamedPlace]:
        return [p for p in places if wanted in {fold(p.name), *(fold(a) for a in p.aliases)}]

    for group in (extra, gazetteer(city)):
        found = named(group)
        if len(found) == 1:
            return found[0]
        if found:
            raise PlaceUnclearError(name=name, places=[_where(p) for p in found])
    inside = [p for p in named(towns()) if not districts or _within(p, tuple(districts))]
    if len(inside) > 1:
        raise PlaceUnclearError(name=name, places=[_where(p) for p in inside])
    if not inside:
        raise PlaceNotFoundError(name=name, city=city)
    return inside[0]


@lru_cache(maxsize=32)
def gazetteer(city: str | None = None) -> tuple[NamedPlace, ...]:
    """
    The entries of ``data/places/<city>.toml``; of every city where none is named.

    Examples
    --------
    >>> all(place.sources for place in gazetteer())
    True
    """
    files = sorted(p for p in shipped_files("places") if p.name != "registry.toml" and city in (None, p.stem))
    return tuple(place for path in files for place in read_gazetteer(path, city=path.stem))


def read_gazetteer(path: Path, *, city: str | None = None, origin: Origin = "page") -> tuple[NamedPlace, ...]:
    """
    The places of a TOML file of ``[[place]]`` tables, as ``data/places/README.md`` describes them.

    Parameters
    ----------
    path
        The file.
    city
        Key of the city plan its places belong to.
    origin
        ``user`` for a file of the user's own.

    Raises
    ------
    SourceNotFoundError
        There is no such file.
    PlaceFileError
        A key is not known, a position has no source, a coordinate or an area is none.
    """
    if not path.is_file():
        remedy = "Give the path of a file on this machine; addresses are not opened"
        raise SourceNotFoundError(file=str(path), code="not_found", detail="there is no such file", remedy=remedy)
    try:
        tables = toml_tables(path).get("place", [])
    except (OSError, ValueError) as trouble:
        raise PlaceFileError(file=path.name, place="-", detail=str(trouble)) from None
    if not _are_tables(tables):
        raise PlaceFileError(file=path.name, place="-", detail="its places are [[place]] tables")
    return tuple(_place(table, file=path.name, city=city, origin=origin) for table in tables)


def _place(table: dict[str, Any], *, file: str, city: str | None, origin: Origin) -> NamedPlace:
    name = str(table.get("name", "")).strip()

    def refuse(detail: str) -> PlaceFileError:
        return PlaceFileError(file=file, place=name or "?", detail=detail)

    if unknown := set(table) - _PLACE_KEYS:
        raise refuse(f"unknown keys: {', '.join(sorted(unknown))}")
    if not name:
        raise refuse("it has no name")
    if not isinstance(table.get("aliases", []), list):
        raise refuse("aliases is a list of names")
    if not _are_tables(table.get("source", [])):
        raise refuse("its sources are [[place.source]] tables")
    sources = []
    for said in table.get("source", []):
        if set(said) - _SOURCE_KEYS or not said.get("title") or not said.get("address"):
            raise refuse("a source needs title and address, and may have retrieved and says")
        sources.append(PlaceSource(**said))
    if ("point" in table or "extent" in table) and not sources:
        raise refuse("a position needs a source that can be shown")
    try:
        boxes = table.get("extent", [])
        extents = tuple(Extent.of(**box) for box in ([boxes] if isinstance(boxes, dict) else boxes))
        point = _point(table["point"]) if "point" in table else None
    except (CoordinateError, ValueError, TypeError, KeyError) as trouble:
        raise refuse(str(trouble)) from None
    area = areas_stated_m2(str(table["area"])) if "area" in table else ()
    if "area" in table and len(area) != 1:
        raise refuse(f"{table['area']!r} is not one area with its unit")
    if table.get("status") not in (None, *_STATUSES):
        raise refuse(f"{table['status']!r} is none of {', '.join(_STATUSES)}")
    accuracy = table.get("accuracy_m")
    if point is not None and accuracy is None:
        raise refuse("a point needs accuracy_m, 95 %, metres")
    if accuracy is not None and not (isinstance(accuracy, int | float) and 0 < accuracy < math.inf):
        raise refuse(f"accuracy_m is metres, above 0, not {accuracy!r}")
    texts: dict[str, Any] = {key: table.get(key) for key in _TEXTS}
    return NamedPlace(
        name=name,
        sources=tuple(sources),
        origin=origin,
        aliases=tuple(table.get("aliases", ())),
        kind=table.get("kind"),
        city=table.get("city", city),
        feature=table.get("feature"),
        point=point,
        accuracy_m=None if accuracy is None else float(accuracy),
        extents=extents,
        area_m2=area[0] if area else None,
        **texts,
    )


@lru_cache(maxsize=1)
def towns() -> tuple[NamedPlace, ...]:
    """
    The towns of the registry package, as built at set-up; none where it was not built.

    Their accuracy is assumed (``data/places/registry.toml`` says why); a town's point says nothing of its outline.
    """
    try:
        held = json.loads(data_file("places", "built", "towns.json").read_text(encoding="utf-8"))
    except (DataFileMissingError, ValueError):
        return ()
    told = toml_tables(data_file("places", "registry.toml"))["build"]
    return tuple(
        NamedPlace(
            name=row["names"][0] if row["names"] else row["name"],
            aliases=(*row["names"][1:], row["name"]),
            sources=(
                PlaceSource(
                    title=told["attribution"]["zh"],
                    address=f"{told['address']}{row['id']}",
                    says=f"{row['lon']}, {row['lat']}",
                ),
            ),
            origin="registry",
            point=(row["lon"], row["lat"]),
            accuracy_m=told["accuracy_m"],
            note_zh=told["accuracy_note"]["zh"],
            note_en=told["accuracy_note"]["en"],
        )
        for row in held["towns"]
    )


def _are_tables(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, dict) for entry in value)


def _half_unit(unit: str, notation: str, decimals: int) -> float:
    """Half of the last unit written, degrees; whole degrees in decimal are half a degree."""
    base = {"second": 1 / 3600, "minute": 1 / 60}.get(unit, 1.0) if notation == "dms" else 1.0
    return base / (2.0 * float(10**decimals))


def _point(said: dict[str, Any]) -> tuple[float, float]:
    lon, lat = (v if isinstance(v, float | int) else parse(str(v)).value for v in (said["lon"], said["lat"]))
    if not (60 <= lon <= 150 and 0 <= lat <= 60):
        raise ValueError(f"{lon}, {lat} is no longitude and latitude of the working area")
    return float(lon), float(lat)


def _within(place: NamedPlace, districts: tuple[str, ...]) -> bool:
    """Inside the outline, or nearer to it than the two accuracies together."""
    if not available() or place.point is None:
        return False
    outline = union(districts)
    point = shapely.Point(place.point)
    if shapely.contains(outline.geometry, point):
        return True
    near = shapely.shortest_line(point, outline.geometry)
    (lon1, lat1), (lon2, lat2) = near.coords
    return bool(geod().inv(lon1, lat1, lon2, lat2)[2] <= math.hypot(outline.accuracy_m, place.accuracy_m or 0.0))


def _where(place: NamedPlace) -> str:
    where = f"{place.point[0]:.3f}, {place.point[1]:.3f}" if place.point is not None else "-"
    return f"{place.name} ({where}; {place.sources[0].title if place.sources else '-'})"
