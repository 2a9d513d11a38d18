"""The site: geometry on the Earth, where its CRS came from, and how accurate that makes it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely

from layers.fields import fold
from layers.repair import Repaired, repair
from layers.stated import AREA_UNITS_M2, areas_stated_m2, number_stated
from screening.errors import EmptySiteError, SiteOptionError
from spatial.accuracy import PositionalAccuracy, parted, restated, stated_accuracy
from spatial.crs import identify, to_geographic
from spatial.datafiles import toml_tables
from spatial.measure import ellipsoidal_area
from spatial.overlay.parts import united_by_dimension

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from spatial.reading.model import Reading

__all__ = ["FAR_CORNER", "Site", "SitePart", "declared_m2", "place", "site_fields", "site_of", "united"]

FAR_CORNER = 2.06
"""R = 2.06 sqrt(A): the far corner of a parcel of area A whose sides are as 4 to 1, seen from its centre."""
Scope = Literal["point", "line", "polygon", "mixed"]


@dataclass(frozen=True, kw_only=True)
class SitePart:
    """One part of the project: a parcel, a route, a turbine. Geometry is EPSG:4490."""

    id: str
    geometry: BaseGeometry
    name: str | None = None
    use: str | None = None
    mode: str | None = None
    declared_area_m2: float | None = None


@dataclass(frozen=True, kw_only=True)
class Site:
    """
    A project site: one project, however many parts its file holds.

    ``geometry`` is the union of the parts in EPSG:4490; ``accuracy`` the 95 % figure in metres with where it came from;
    ``radius_m`` the radius R of a point site, 0 where none is given; ``rejected_parts`` counts those not read.
    """

    name: str | None
    geometry: BaseGeometry
    parts: tuple[SitePart, ...]
    accuracy: PositionalAccuracy
    crs: str
    crs_status: str
    crs_evidence: tuple[tuple[str, str], ...] = ()
    datum: str = "stated"
    radius_m: float = 0.0
    rejected_parts: int = 0
    declared_area_m2: float | None = None
    transformation_m: float = 0.0
    """What a shift of the datum adds, 95 %, metres."""

    @property
    def scope(self) -> Scope:
        """What kind of geometry answers: point, line, polygon or mixed."""
        found = {int(shapely.get_dimensions(p.geometry)) for p in self.parts}
        found |= {3} if any(shapely.get_type_id(p.geometry) == 7 for p in self.parts) else set()
        if len(found) > 1 or 3 in found:
            return "mixed"
        names: dict[int, Scope] = {0: "point", 1: "line", 2: "polygon"}
        return names[found.pop()]


def site_of(geometry: BaseGeometry, *, accuracy_m: float, name: str | None = None, radius_m: float = 0.0) -> Site:
    """
    A site from a geometry at hand (EPSG:4490 or 4326), with its accuracy stated.

    Raises
    ------
    OutsideWorkingAreaError
        Where the geometry lies outside 60-150 degrees east, 0-60 degrees north.

    Examples
    --------
    >>> site_of(shapely.Point(117.45, 49.58), accuracy_m=5).scope
    'point'
    """
    to_geographic([geometry], identify(4490))  # refuses what lies outside 60-150 E, 0-60 N
    part = SitePart(id="1", geometry=geometry, name=name)
    return Site(
        name=name,
        geometry=geometry,
        parts=(part,),
        accuracy=stated_accuracy(accuracy_m),
        crs="EPSG:4490",
        crs_status="given",
        crs_evidence=(("api", "EPSG:4490"),),
        radius_m=radius_m,
    )


def place(
    reading: Reading, *, accuracy_m: float | None = None, radius_m: float | None = None, area_m2: float | None = None
) -> Site:
    """
    The site of a reading, on the Earth.

    Parameters
    ----------
    reading
        With a CRS (``crs_status`` given or proved).
    accuracy_m
        Stated accuracy, in place of the assumed one.
    radius_m, area_m2
        Of a point site: its radius R, or its area (R = 2.06 sqrt(area)).

    Raises
    ------
    EmptySiteError
        No part could be read, or the CRS is not known.
    SiteOptionError
        A radius for a site that is no point.
    """
    if reading.crs is None:
        raise EmptySiteError(
            source=reading.source_name,
            detail="its coordinate system is not known and numbers alone do not tell it",
            remedy="state it: --crs EPSG:4528, for instance",
        )
    mended = repair(reading.geometries) if len(reading.geometries) else None
    rejected = len(reading.unreadable)
    parts: list[SitePart] = []
    if mended is not None:
        rejected += int(mended.rejected.sum())
        keep = np.flatnonzero(~mended.rejected)
        placed = repair(to_geographic(mended.geometries[keep], reading.crs)).geometries
        for i, geometry in zip(keep, placed, strict=True):
            if geometry is None:
                rejected += 1
                continue
            parts.append(_part(reading.ids[i], geometry, reading.attributes[i]))
    if not parts:
        raise EmptySiteError(
            source=reading.source_name,
            detail=f"no part of the site could be read ({rejected} rejected): {_troubles(reading, mended)}",
            remedy="mend the file",
        )
    whole = reading.accuracy if accuracy_m is None else restated(reading.accuracy, accuracy_m)
    accuracy, transformation_m = parted(whole, "datum_shift")
    geometry = parts[0].geometry if len(parts) == 1 else united([p.geometry for p in parts])
    areas = [p.declared_area_m2 for p in parts]
    return Site(
        name=parts[0].name if len(parts) == 1 and parts[0].name else _stem(reading.source_name),
        geometry=geometry,
        parts=tuple(parts),
        accuracy=accuracy,
        transformation_m=transformation_m,
        crs=reading.crs.code,
        crs_status=reading.crs_status,
        crs_evidence=tuple((e.code, e.value) for e in reading.crs_evidence),
        datum=reading.datum,
        radius_m=_radius(reading.source_name, parts, radius_m, area_m2),
        rejected_parts=rejected,
        declared_area_m2=None if any(a is None for a in areas) else math.fsum(a for a in areas if a is not None),
    )


REPAIR_TROUBLES = {
    "missing": "has no geometry",
    "not_finite": "has a coordinate that is not a finite number",
    "emptied": "has rings that enclose nothing",
    "area_changed": "crosses itself: to mend it would change its area by more than 1 %",
}


def _troubles(reading: Reading, mended: Repaired | None) -> str:
    """The first few reasons why parts are unusable, in English."""
    found = [u.problem.message for u in reading.unreadable]
    if mended is not None:
        outcomes = zip(reading.ids, mended.outcome, strict=True)
        found += [f"record {i} {REPAIR_TROUBLES[str(o)]}" for i, o in outcomes if str(o) in REPAIR_TROUBLES]
    return "; ".join(found[:3]) + (f"; and {len(found) - 3} more" if len(found) > 3 else "")


def _radius(source: str, parts: list[SitePart], radius_m: float | None, area_m2: float | None) -> float:
    if radius_m is None and area_m2 is None:
        return 0.0
    if radius_m is not None and area_m2 is not None:
        raise SiteOptionError(source=source, detail="radius and area are both given", remedy="give one of them")
    if any(shapely.get_dimensions(p.geometry) != 0 for p in parts):
        raise SiteOptionError(
            source=source, detail="only a point site has a radius", remedy="leave out --radius-m and --area"
        )
    return float(radius_m) if radius_m is not None else FAR_CORNER * math.sqrt(float(area_m2 or 0.0))


def _part(name: str, geometry: Any, attributes: dict[str, Any]) -> SitePart:
    columns = {fold(column): value for column, value in attributes.items()}

    def first(meaning: str) -> Any:
        found = (columns.get(fold(alias)) for alias in site_fields()[meaning])
        return next((value for value in found if value not in (None, "")), None)

    def text(meaning: str) -> str | None:
        value = first(meaning)
        return None if value is None else str(value).strip() or None

    def texts(meaning: str) -> str | None:
        """What all columns of a meaning say: one file has 用途 beside 永久临时, and both are kept."""
        found = (str(columns.get(fold(alias)) or "").strip() for alias in site_fields()[meaning])
        return "；".join(dict.fromkeys(value for value in found if value)) or None

    measured = float(np.nansum(ellipsoidal_area([geometry])))
    declared = attributes.get("declared_area_m2")  # a reading that knows the unit says so by this name
    return SitePart(
        id=name,
        geometry=geometry,
        name=text("name"),
        use=texts("use"),
        mode=texts("mode"),
        declared_area_m2=float(declared) if isinstance(declared, int | float) else declared_m2(first("area"), measured),
    )


@cache
def site_fields() -> dict[str, list[str]]:
    """Names that the columns of a site's file have, by what they mean: ``name``, ``use``, ``mode``, ``area``."""
    table: dict[str, list[str]] = toml_tables(Path(__file__).with_name("site_fields.toml"))
    return table


def declared_m2(value: Any, measured_m2: float) -> float | None:
    """A declared area in square metres; of a bare number the unit (m², hm², 亩, km²) that fits the geometry by 5 %."""
    if isinstance(value, str):
        stated = areas_stated_m2(value)
        if stated:
            return float(max(stated))
    number = number_stated(str(value)) if value is not None else None
    if number is None or number <= 0 or measured_m2 <= 0:
        return None
    fits = [number * unit for unit in AREA_UNITS_M2.values() if abs(number * unit / measured_m2 - 1) <= 0.05]
    return fits[0] if fits else None


def united(geometries: list[Any]) -> Any:
    """All features as one geometry: polygons united, lines and points beside them."""
    found = united_by_dimension(geometries)
    return found[0] if len(found) == 1 else shapely.GeometryCollection([p for f in found for p in shapely.get_parts(f)])


def _stem(name: str) -> str:
    return name.rsplit("/", 1)[-1].rsplit("\\", 1)[-1].split(".", 1)[0] or name
