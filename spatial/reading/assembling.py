"""From a draft, what a parser found in a source, to the reading: counts, kinds of shapes, the coordinate system."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import shapely

from spatial.errors import GeometryChoiceError
from spatial.reading.model import Reading

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from spatial.datum_shift import Shift
    from spatial.reading.draft import Draft
    from spatial.reading.reference import Resolved

__all__ = ["Said", "Shape", "assembled", "check_arguments", "finished", "resolved"]

Shape = Literal["point", "line", "polygon"]


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the user says about the coordinate system."""

    crs: str | int | None
    datum: str | None
    region: BaseGeometry | None
    must_hold: bool
    shift: Shift | None
    shift_m: float


def check_arguments(datum: str | None, geometry: str | None) -> None:
    """Refuse a datum or a kind of geometry that is none of theirs, before anything is read."""
    from spatial.reading.reference import DATUMS

    if datum is not None and datum not in DATUMS:
        raise ValueError(f"datum is {datum!r}; it must be one of {', '.join(DATUMS)}")
    if geometry not in (None, "point", "line", "polygon"):
        raise ValueError(f"geometry is {geometry!r}; it must be point, line or polygon")


def finished(draft: Draft, sha256: str, said: Said, *, geometry: Shape | None) -> Reading:
    """The reading of a draft that is whole: counted, its shapes as asked for, its coordinate system found."""
    draft.check_counts()
    if draft.format not in {"csv", "xlsx", "xlsb", "xls", "ods", "survey_txt", "typed"} and geometry is not None:
        for number, shape in enumerate(draft.geometries):
            draft.geometries[number] = _as(shape, geometry, draft, number)
    if not draft.keys and not draft.lost:
        draft.warn("no_features")
    return assembled(draft, sha256, said, resolved(draft, said))


def resolved(draft: Draft, said: Said) -> Resolved:
    """The coordinate system of a draft, for all that the user says about it."""
    from spatial.reading.reference import resolve

    return resolve(
        draft, crs=said.crs, datum=said.datum, region=said.region, region_must_hold=said.must_hold, shift=said.shift
    )


def assembled(draft: Draft, sha256: str, said: Said, found: Resolved) -> Reading:
    """The reading of a draft in the coordinate system that was found of it, or of the whole it is a part of."""
    from spatial.reading.placing import accuracy_of, moved

    ids, unreadable = draft.ids()
    geometries = np.empty(len(draft.geometries), dtype=object)
    geometries[:] = draft.geometries
    reading = Reading(
        source_name=draft.file,
        source_sha256=sha256,
        format=draft.format,
        encoding=draft.encoding,
        encoding_evidence=tuple(draft.encoding_evidence),
        layer_names=tuple(draft.layers),
        geometries=geometries,
        attributes=tuple(draft.attributes),
        ids=ids,
        feature_layers=tuple(layer for layer, _ in draft.keys),
        unreadable=unreadable,
        crs=None,
        crs_status=found.status,
        crs_evidence=found.evidence,
        datum=found.datum,
        notation=draft.notation,
        decimals=draft.decimals,
        source_kind=draft.source_kind,
        accuracy=accuracy_of(draft, found.system, found.datum),
        problems=tuple(draft.problems),
        declared_counts=dict(draft.declared),
        hints=draft.gathered_hints(),
        hypotheses=found.hypotheses,
    )
    if found.system is None:
        return reading
    return moved(
        reading,
        system=found.system,
        swapped=found.swapped,
        offset=found.offset,
        shift=said.shift,
        shift_m=said.shift_m,
    )


def _as(shape: BaseGeometry, geometry: Shape, draft: Draft, number: int) -> BaseGeometry:
    """A geometry as the kind asked for, where that loses nothing: lines may close to polygons."""
    layer, record = draft.keys[number]
    kind = shape.geom_type.removeprefix("Multi").replace("LinearRing", "LineString")
    if kind == {"point": "Point", "line": "LineString", "polygon": "Polygon"}[geometry]:
        return shape
    if geometry == "polygon" and kind == "LineString":
        parts = list(getattr(shape, "geoms", [shape]))
        rings = [shapely.get_coordinates(part) for part in parts]
        if all(len(np.unique(ring, axis=0)) >= 3 for ring in rings):
            if any((ring[0] != ring[-1]).any() for ring in rings):
                draft.warn("line_not_closed", layer=layer, record=record)
            made = [shapely.Polygon(ring) for ring in rings]
            return made[0] if len(made) == 1 else shapely.MultiPolygon(made)
    raise GeometryChoiceError(
        file=draft.file,
        layer=layer,
        record=record,
        code="geometry_choice",
        detail=f"a {shape.geom_type} cannot be taken as a {geometry}",
        remedy="Leave --geometry out, or give a file that holds only what is meant",
    )
