"""What a report says of the project: what it is, where it lies, its parts and its corners."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import shapely

from maps import phrases
from maps.figure.plane import degrees_minutes_seconds
from maps.grounds import accuracy_words, evidence_words
from maps.report.model import KeyValues, Paragraph, Section, Table
from maps.report.quantities import hectares
from maps.report.ruling_content import activity_name, fact_words
from maps.report.titles import say, titled
from screening.words import has_word, word
from spatial.crs import from_geographic
from spatial.systems import gauss_kruger, identify, zone3

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from shapely.geometry.base import BaseGeometry

    from maps.report.model import Block, Cell
    from screening.words import Language

__all__ = ["CORNERS_ON_PAPER", "corner_section", "project_section"]

CORNERS_ON_PAPER = 60
"""Rows of the corner table that DOCX, PDF and HTML show; XLSX has all."""


def project_section(
    result: Mapping[str, Any], language: Language, *, geometry: BaseGeometry, townships: Sequence[str] = ()
) -> Section:
    """Name, size, coordinates, accuracy, county and township, and the parts where there are several."""
    site, unknown = result["site"], say("not_known", language)
    pairs = [
        (say("name", language), site["name"] or word("map.not_stated", language)),
        (say("as_of", language), result["as_of"]),
        (say("type", language), phrases.code_word("scope", site["scope"], language)),
    ]
    if site["area_m2"]:
        planar = say("area_planar", language, crs=site.get("area_planar_crs") or unknown)
        pairs += [
            (say("area", language), phrases.area(site["area_m2"], language)),
            (planar, phrases.area(site["area_planar_m2"], language)),
        ]
    if site["declared_area_m2"]:
        pairs.append((say("declared", language), phrases.area(site["declared_area_m2"], language)))
    if site["length_m"]:
        pairs.append((say("length", language), phrases.length(site["length_m"], language)))
    if site["radius_m"]:
        pairs.append((say("radius", language), phrases.length(site["radius_m"], language)))
    status = phrases.code_word("crs_status", site["crs_status"], language)
    evidence = [evidence_words(one, language) for one in site["crs_evidence"]]
    pairs += [
        (
            say("crs", language),
            say("crs_given", language, crs=site["crs"], status=_listed([status, *evidence], language)),
        ),
        (say("datum", language), phrases.code_word("datum", site["datum"], language)),
        (say("accuracy", language), accuracy_words(site, language)),
    ]
    if site["rejected_parts"]:
        pairs.append((say("rejected_parts", language), str(site["rejected_parts"])))
    pairs += _project_pairs(result.get("project") or {}, language)
    places, table = _places(result, geometry, townships, language)
    pairs += places
    blocks: list[Block] = [KeyValues(pairs=tuple((label, phrases.clean(value)) for label, value in pairs))]
    if table is not None:
        blocks.append(table)
    blocks.append(Paragraph(text=say("place_note", language), tone="note"))
    if len(result["parts"]) > 1:
        blocks.append(_parts(result, language))
    return Section(key="project", title=say("project", language), blocks=tuple(blocks))


def _project_pairs(project: Mapping[str, Any], language: Language) -> list[tuple[str, str]]:
    pairs = []
    activities = project.get("activities") or []
    if activities:
        names = [activity_name(one, language) for one in activities]
        pairs.append((say("activities", language), _listed(names, language)))
    if project.get("industry"):
        pairs.append((say("industry", language), str(project["industry"])))
    facts = project.get("facts") or {}
    if facts:
        told = [fact_words(key, value, language) for key, value in sorted(facts.items())]
        pairs.append((say("facts", language), _listed(told, language)))
    return pairs


def _places(
    result: Mapping[str, Any], geometry: BaseGeometry, townships: Sequence[str], language: Language
) -> tuple[list[tuple[str, str]], Table | None]:
    """County and township: of the result where it has them, else of the boundaries at hand."""
    split = result.get("districts") or {}
    found = split.get("districts") or []
    towns = list(townships) or [t["name"] for one in found for t in one.get("townships") or ()]
    counties = [_county(one) for one in found] if found else _counties_of(geometry, language)
    pairs = [
        (say("place", language), _listed(counties, language)),
        (say("township", language), _listed(towns, language) or say("township_none", language)),
    ]
    possible = [str(one["name"]) for one in split.get("possible") or ()]
    if possible:
        pairs.append((say("place_possible", language), _listed(possible, language)))
    if len(found) < 2:
        return pairs, None
    column = partial(titled, language)
    columns = (
        column("district", weight=2),
        column("code", "code", weight=1.3),
        column("township", weight=2),
        column("area_m2", "number", weight=1.6, paper=bool(result["site"]["area_m2"])),
        column("length", "number", weight=1.4, paper=bool(result["site"]["length_m"])),
        column("share", "share"),
        column("answer", weight=1.2),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            one["name"],
            one["code"],
            _listed([t["name"] for t in one.get("townships") or ()], language) or None,
            one.get("area_m2"),
            one.get("length_m"),
            one.get("share"),
            phrases.code_word("answer", one["answer"], language) if one.get("answer") else None,
        )
        for one in found
    ]
    return pairs, Table(caption=say("districts", language), columns=columns, rows=tuple(rows))


def _county(one: Mapping[str, Any]) -> str:
    names = [str((one.get(level) or {}).get("name") or "") for level in ("province", "city")] + [str(one["name"])]
    return "".join(dict.fromkeys(name for name in names if name)) + f" {one['code']}"


def _counties_of(geometry: BaseGeometry, language: Language) -> list[str]:
    from spatial import boundaries

    if not boundaries.available():
        return [say("place_none", language)]
    names = boundaries.place_names()
    spots = [
        shapely.point_on_surface(geometry),
        *(shapely.Point(xy) for xy in _some(shapely.get_coordinates(geometry))),
    ]
    codes = sorted({code for spot in spots for code in boundaries.districts_at(spot.x, spot.y)})
    return [f"{names[code]} {code}" for code in codes] or [say("place_outside", language)]


def _some(vertices: np.ndarray[Any, Any], most: int = 200) -> np.ndarray[Any, Any]:
    """Vertices from all along a geometry, not many more than ``most``."""
    return vertices[:: max(1, len(vertices) // most)]


def _parts(result: Mapping[str, Any], language: Language) -> Table:
    column, site = partial(titled, language), result["site"]
    columns = (
        column("id", "code"),
        column("name", weight=2),
        column("use", weight=1.2),
        column("mode", weight=1.2),
        column("area_m2", "number", weight=1.7, paper=bool(site["area_m2"])),
        column("area_ha", "number", digits=4, weight=1.4, paper=bool(site["area_m2"])),
        column("answer", weight=1.2),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            part["id"],
            part["name"],
            _worded("part_use", part["use"], language),
            _worded("part_mode", part["mode"], language),
            part["area_m2"],
            hectares(part["area_m2"]),
            phrases.code_word("answer", part["answer"], language),
        )
        for part in result["parts"]
    ]
    return Table(caption=say("parts", language), columns=columns, rows=tuple(rows), most=CORNERS_ON_PAPER)


def _worded(group: str, code: str | None, language: Language) -> str | None:
    if code is None:
        return None
    return word(f"{group}.{code}", language) if has_word(f"{group}.{code}") else code


def corner_section(geometry: BaseGeometry, language: Language) -> Section:
    """Every vertex in the 3 degree Gauss-Krueger zone and in degrees, ring by ring."""
    epsg = gauss_kruger(zone3(float(shapely.centroid(geometry).x)))
    system = identify(epsg)
    column = partial(titled, language)
    columns = (
        column("ring", weight=1.4),
        column("number", "code", weight=0.9),
        column("x", "number", digits=3, weight=1.7),
        column("y", "number", digits=3, weight=1.8),
        column("lon", "code", weight=1.9),
        column("lat", "code", weight=1.9),
        column("lon_degrees", "number", digits=9, paper=False),
        column("lat_degrees", "number", digits=9, paper=False),
    )
    rows: list[tuple[Cell, ...]] = []
    number = 0
    for name, degrees in _rings(geometry, language):
        plane = shapely.get_coordinates(from_geographic(shapely.points(degrees), system))
        for (lon, lat), (east, north) in zip(degrees, plane, strict=True):
            number += 1
            rows.append(
                (
                    name,
                    f"J{number}",
                    round(float(north), 3),
                    round(float(east), 3),
                    degrees_minutes_seconds(float(lon)),
                    degrees_minutes_seconds(float(lat)),
                    round(float(lon), 9),
                    round(float(lat), 9),
                )
            )
    table = Table(caption=say("corners", language), columns=columns, rows=tuple(rows), most=CORNERS_ON_PAPER)
    note = say("corners_note", language, crs=f"EPSG:{epsg}")
    return Section(key="corners", title=say("corners", language), blocks=(table, Paragraph(text=note, tone="note")))


def _rings(geometry: BaseGeometry, language: Language) -> list[tuple[str, np.ndarray[Any, Any]]]:
    """Name and vertices of every ring, line and point; a ring without its closing vertex."""
    found = []
    for k, part in enumerate(_flat(geometry), 1):
        dimension = int(shapely.get_dimensions(part))
        if dimension == 2:
            found.append(
                (f"{say('outer', language)} {k}", shapely.get_coordinates(shapely.get_exterior_ring(part))[:-1])
            )
            found += [
                (f"{say('inner', language)} {k}-{n}", shapely.get_coordinates(ring)[:-1])
                for n, ring in enumerate(shapely.get_rings(part)[1:], 1)
            ]
        else:
            name = say("path" if dimension == 1 else "single", language)
            found.append((f"{name} {k}", shapely.get_coordinates(part)))
    return found


def _flat(geometry: BaseGeometry) -> list[BaseGeometry]:
    parts = [one for one in shapely.get_parts(geometry) if not one.is_empty]
    return [piece for part in parts for piece in (_flat(part) if shapely.get_type_id(part) > 3 else [part])]


def _listed(items: Sequence[str], language: Language) -> str:
    return ("、" if language == "zh" else ", ").join(item for item in items if item)
