"""Codes: unique, one to a name, of the right form, and of the district they lie in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import shapely

from layers.fields import fold
from layers.kinds.control_units import class_of_code
from layers.quality.examining import city_of
from layers.quality.model import City, finding
from layers.quality.shapes import wider_than

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from layers.quality.model import ExaminedLayer, Fact, QualityFinding

__all__ = ["CODED_KINDS", "code_findings"]

CODED_KINDS = ("control_units", "element_zones", "monitoring_sections", "protected_areas")
"""
Kinds whose codes name one thing each. A code of a red line often names its type, one of a water source is that of all
its zones.
"""
_DISTRICT = re.compile(r"zh(\d{6})[123]\d{4}")


def code_findings(layers: Iterable[ExaminedLayer]) -> list[QualityFinding]:
    """
    What is wrong with the codes of some layers.

    Every feature in force counts, polygons or not. Codes and names are compared without case, width and white space.
    The same code on several features of one name is no finding here (`layers.quality.duplicates` lists it).
    """
    coded = [layer for layer in layers if layer.card.kind in CODED_KINDS]
    found: list[QualityFinding] = []
    for kind in dict.fromkeys(layer.card.kind for layer in coded):
        same = [layer for layer in coded if layer.card.kind == kind]
        found += _names_of_codes(same)
        found += _codes_of_names(same)
    for layer in coded:
        if layer.card.kind == "control_units":
            found += _forms(layer)
            found += _districts(layer)
    return found


def _rows(layers: Sequence[ExaminedLayer]) -> Iterator[tuple[ExaminedLayer, int]]:
    for layer in layers:
        for row in np.flatnonzero(layer.in_force):
            yield layer, int(row)


def _names_of_codes(layers: Sequence[ExaminedLayer]) -> list[QualityFinding]:
    groups: dict[str, list[tuple[ExaminedLayer, int]]] = {}
    for layer, row in _rows(layers):
        code = fold(layer.features[row].code or "")
        if code and layer.features[row].name:
            groups.setdefault(code, []).append((layer, row))
    found = []
    for members in groups.values():
        names = dict.fromkeys(layer.features[row].name or "" for layer, row in members)
        if len({fold(name) for name in names}) > 1:
            layer, row = members[0]
            found.append(
                _about("code_with_names", members, {"code": layer.features[row].code, "names": _listed(names)})
            )
    return found


def _codes_of_names(layers: Sequence[ExaminedLayer]) -> list[QualityFinding]:
    groups: dict[str, list[tuple[ExaminedLayer, int]]] = {}
    for layer, row in _rows(layers):
        name = fold(layer.features[row].name or "")
        if name and layer.features[row].code:
            groups.setdefault(name, []).append((layer, row))
    found = []
    for members in groups.values():
        codes = dict.fromkeys(layer.features[row].code or "" for layer, row in members)
        if len({fold(code) for code in codes}) > 1:
            layer, row = members[0]
            found.append(
                _about("name_with_codes", members, {"name": layer.features[row].name, "codes": _listed(codes)})
            )
    return found


def _forms(layer: ExaminedLayer) -> list[QualityFinding]:
    found = []
    for _, row in _rows([layer]):
        feature = layer.features[row]
        here = [(layer, row)]
        by_code = class_of_code(feature.code) if feature.code else None
        if not feature.code:
            found.append(_about("code_missing", here))
        elif by_code is None:
            found.append(_about("code_malformed", here, {"code": feature.code}))
        if "class_conflict" in feature.flags:
            facts: dict[str, Fact] = {"code": feature.code or "-", "class": by_code or "unconfirmed"}
            found.append(_about("class_conflict", here, facts | {"label": feature.class_label or "-"}))
        elif "class_unconfirmed" in feature.flags:
            found.append(_about("class_unconfirmed", here, {"label": feature.class_label or "-"}))
    return found


def _districts(layer: ExaminedLayer) -> list[QualityFinding]:
    """Units whose code names a district other than the one that most of them lies in, beyond the outline's accuracy."""
    by_district: dict[str, list[int]] = {}
    for row in np.flatnonzero(layer.areal()):
        match = _DISTRICT.fullmatch(fold(layer.features[int(row)].code or ""))
        if match is not None:
            by_district.setdefault(match[1], []).append(int(row))
    found = []
    for district, rows in by_district.items():
        outline = city_of([district])
        if outline == "unknown_district":
            members = [(layer, row) for row in rows]
            found.append(_about("code_district_unknown", members, {"district": district, "units": len(rows)}))
        elif isinstance(outline, City):
            found += _elsewhere(layer, rows, district, outline)
    return found


def _elsewhere(layer: ExaminedLayer, rows: list[int], district: str, outline: City) -> list[QualityFinding]:
    from spatial.boundaries import districts_at

    shapely.prepare(outline.geometry)
    found = []
    for row in rows:
        unit = layer.geometries[row]
        if shapely.contains(outline.geometry, unit):
            continue
        outside = shapely.difference(unit, outline.geometry)
        if outside.area <= unit.area / 2 or not _beyond(outside, outline):
            continue
        at = shapely.point_on_surface(outside)
        lies_in = districts_at(float(shapely.get_x(at)), float(shapely.get_y(at)))
        found.append(
            _about(
                "code_other_district",
                [(layer, row)],
                {
                    "code": layer.features[row].code,
                    "district": f"{district} {outline.names[0]}",
                    "lies_in": "、".join(lies_in) or "-",
                    "outside_share": round(outside.area / unit.area, 4),
                },
            )
        )
    return found


def _beyond(outside: shapely.Geometry, outline: City) -> bool:
    """Whether the part outside is wider than the outline's accuracy."""
    parts = shapely.get_parts(outside)
    return bool(wider_than(parts[shapely.get_dimensions(parts) == 2], outline.accuracy_m).any())


def _about(
    code: str, members: Sequence[tuple[ExaminedLayer, int]], facts: Mapping[str, Fact] | None = None
) -> QualityFinding:
    shapes = [layer.geometries[row] for layer, row in members if layer.geometries[row] is not None]
    return finding(
        code,
        layers=[layer.name for layer, _ in members],
        features=[layer.named(row) for layer, row in members],
        at=shapes[0] if shapes else None,
        facts=facts,
    )


def _listed(words: Iterable[str]) -> str:
    return " | ".join(words)
