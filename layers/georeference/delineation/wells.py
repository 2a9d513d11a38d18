"""
Protection zones around wells in pore water, after HJ 338-2018.

One well: circles of the radius R of each zone, from the table of the aquifer's medium or by ``R = alpha K I T / n``.
Several: wells at most 2R apart (a chain of such counts) are a field, whose zone is the outer polygon of its wells and
what lies within R of it; wells farther apart keep circles of their own. The rule is applied to each zone with its own
R. Confined water has zone 1 only. For fissure and karst water, and from 50,000 m³/d, the standard has no table.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import shapely

from layers.errors import DelineationError, StudyNeededError
from layers.georeference.delineation.rules import FARTHEST_M, NEAREST_M, Numbers
from layers.georeference.delineation.sources import (
    ZONE_WORDS,
    Thing,
    delineated,
    joined_accuracy,
    position_accuracy,
    spacing_m,
    things_of,
    unreadable_of,
)
from spatial.accuracy import AccuracyTerm
from spatial.buffers import buffer_error_m, geodesic_buffer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from layers.georeference.model import Georeferenced
    from spatial.reading.model import Reading

__all__ = ["MEDIA", "Aquifer", "Formula", "Medium", "field_zone", "formula_radius_m", "wells", "wells_joined"]

Aquifer = Literal["unconfined", "confined", "fissure", "karst"]
"""Pore water under the water table (潜水) or confined (承压水); fissure water (裂隙水); karst water (岩溶水)."""

Medium = Literal["fine_sand", "medium_sand", "coarse_sand", "gravel", "cobble"]

MEDIA: dict[str, Medium] = {
    "细砂": "fine_sand",
    "中砂": "medium_sand",
    "粗砂": "coarse_sand",
    "砾石": "gravel",
    "卵石": "cobble",
}
"""The media of the table by their Chinese names."""

Formula = tuple[float, float, float]
"""K in metres a day, hydraulic gradient I, effective porosity n."""

_AQUIFERS_ZH = {"fissure": "裂隙水", "karst": "岩溶水"}


def formula_radius_m(*, alpha: float, k_m_per_d: float, gradient: float, days: float, porosity: float) -> float:
    """
    ``R = alpha K I T / n``, metres.

    Parameters
    ----------
    alpha
        Safety factor.
    k_m_per_d
        Hydraulic conductivity, metres a day.
    gradient
        Hydraulic gradient, metres a metre.
    days
        Travel time, days.
    porosity
        Effective porosity, above 0 and at most 1.

    Examples
    --------
    >>> formula_radius_m(alpha=1.5, k_m_per_d=20, gradient=0.002, days=100, porosity=0.2)  # 1.5 20 0.002 100 / 0.2
    30.0
    """
    if not 0 < porosity <= 1:
        raise DelineationError(detail=f"an effective porosity of {porosity!r}", remedy="give a share of 1, such as 0.2")
    return alpha * k_m_per_d * gradient * days / porosity


def wells(
    reading: Reading,
    *,
    aquifer: Aquifer = "unconfined",
    medium: str | None = None,
    formula: Formula | None = None,
    yield_m3_d: float | None = None,
    stated: Mapping[str, float] | None = None,
    radii_m: Mapping[int, float] | None = None,
    position_accuracy_m: float | None = None,
    error_m: float | None = None,
) -> Georeferenced:
    """
    The zones around wells, as an indicative layer of drinking-water sources.

    Parameters
    ----------
    reading
        Wells: points, CRS known; columns for name, source (水源地) and code are kept. Wells of several named sources
        are never joined into one field. A well without a place stays a feature without geometry, one that cannot be
        read an unreadable one: the layer is then nowhere ``clear``.
    aquifer
        See ``Aquifer``.
    medium
        Of the aquifer: a key or value of ``MEDIA``.
    formula
        K, I and n; the larger of its radius and the table's holds where ``medium`` is given too.
    yield_m3_d
        What the well field yields; not stated, it is taken to be below the limit of the table, and said so.
    stated
        Numbers in place of the standard's, by code (`Numbers`).
    radii_m
        Radii by zone, metres, in place of table and formula.
    position_accuracy_m
        Of the wells, 95 %; default: that of the reading.
    error_m
        Of the drawn outlines (`spatial.buffers.geodesic_buffer`).

    Returns
    -------
    georeferenced
        Polygons in EPSG:4490, a feature for each field and zone, zone 2 without zone 1 (they share the edge); method
        ``delineation_rule``, ``indicative``. Accuracy: position and construction, in squares: a well that is off by d
        moves no point of its circle farther than d.

    Raises
    ------
    StudyNeededError
        Fissure or karst water, or a yield from the limit on.
    DelineationError
        No radius follows from what is given, or the file holds other things than points.
    """
    numbers = Numbers(stated=stated or {})
    _require_table_holds(aquifer, yield_m3_d, numbers)
    found = things_of(reading, dimensions=frozenset({0}), what="well")
    known = medium if medium is None or medium in get_args(Medium) else MEDIA.get(medium.strip())
    if medium is not None and known is None:
        raise DelineationError(
            detail=f"{medium!r} is no medium of the table",
            remedy=f"there are: {', '.join(f'{zh} ({en})' for zh, en in MEDIA.items())}; or give K, I and n",
        )
    zones = (1,) if aquifer == "confined" else (1, 2)
    notes: dict[str, Any] = {"aquifer": aquifer, "medium": known, "yield_stated": yield_m3_d is not None}
    radii = {
        zone: _radius(zone, medium=known, formula=formula, radii_m=radii_m or {}, numbers=numbers, notes=notes)
        for zone in zones
    }
    if 2 in radii and radii[2] <= radii[1]:
        raise DelineationError(
            detail=f"zone 2 of {radii[2]:g} m would lie inside zone 1 of {radii[1]:g} m", remedy="check the radii"
        )
    share = numbers.of("wells.joining_radii")
    terms = position_accuracy(reading, position_accuracy_m, code="well_position")
    shapes, rows, fields = _zones(found, radii, share, error_m)
    construction = AccuracyTerm(code="construction", metres=buffer_error_m(max(radii.values()), error_m))
    for row in rows:
        if "accuracy_m" in row:
            row["accuracy_m"] = math.hypot(row["accuracy_m"], construction.metres)
    accuracy = joined_accuracy([*terms, construction], assumed=position_accuracy_m is None)
    notes |= {"radii_m": {f"zone_{z}": r for z, r in radii.items()}, "joining_distance_m": share * radii[1]}
    if 2 in radii:
        notes["joining_distance_zone_2_m"] = share * radii[2]
    notes["fields"] = fields
    notes["spacing_close_to_limit"] = _close(found, {z: share * r for z, r in radii.items()}, terms[0].metres)
    return delineated(
        shapes,
        rows,
        accuracy=accuracy,
        numbers=numbers,
        rule="wells",
        parameters=notes,
        made_from=[reading],
        unreadable=unreadable_of(reading),
    )


def _require_table_holds(aquifer: str, yield_m3_d: float | None, numbers: Numbers) -> None:
    if aquifer not in get_args(Aquifer):
        raise DelineationError(detail=f"{aquifer!r} is no aquifer", remedy=f"there are: {', '.join(get_args(Aquifer))}")
    if aquifer in _AQUIFERS_ZH:
        raise StudyNeededError(
            detail=f"HJ 338-2018 has no table for {aquifer} water",
            detail_zh=f"{_AQUIFERS_ZH[aquifer]}没有经验半径",
            study="a hydrogeological survey with tracer tests or a numerical model of flow and transport",
            study_zh="水文地质勘察，示踪试验或地下水流与溶质运移数值模型，按运移时间确定范围",
        )
    limit = numbers.of("wells.yield_limit")
    if yield_m3_d is not None and yield_m3_d >= limit:
        raise StudyNeededError(
            detail=f"a yield of {yield_m3_d:g} m3/d is that of a large source; the table ends below {limit:g}",
            detail_zh="大型地下水水源地没有经验半径",
            study="a numerical model of flow and transport, calibrated on the site",
            study_zh="经校正的地下水流与溶质运移数值模型，按运移时间确定范围",
        )


def _radius(
    zone: int,
    *,
    medium: str | None,
    formula: Formula | None,
    radii_m: Mapping[int, float],
    numbers: Numbers,
    notes: dict[str, Any],
) -> float:
    """The radius of a zone, and in ``notes`` what it rests on."""
    basis = notes.setdefault("radius_basis", {})
    if zone in radii_m:
        basis[f"zone_{zone}"] = "stated"
        text = {"zh": f"{ZONE_WORDS[zone]}半径", "en": f"radius of zone {zone}"}
        value = numbers.given(f"wells.radius.zone_{zone}", radii_m[zone], "m", **text)
    else:
        options = {}
        if formula is not None:
            k, gradient, porosity = formula
            numbers.given("wells.k", k, "m/d", zh="渗透系数 K", en="hydraulic conductivity K")
            numbers.given("wells.gradient", gradient, "", zh="水力坡度 I", en="hydraulic gradient I")
            numbers.given("wells.porosity", porosity, "", zh="有效孔隙度 n", en="effective porosity n")
            options["formula"] = formula_radius_m(
                alpha=numbers.of("wells.alpha"),
                k_m_per_d=k,
                gradient=gradient,
                days=numbers.of(f"wells.travel_days.zone_{zone}"),
                porosity=porosity,
            )
        if medium is not None:
            options["table"] = numbers.of(f"wells.radius.zone_{zone}.{medium}")
        if not options:
            raise DelineationError(
                detail=f"nothing says how large the radius of zone {zone} is",
                remedy="give the medium of the aquifer (--medium), K, I and n, or the radius itself",
            )
        basis[f"zone_{zone}"] = max(options, key=lambda name: options[name])
        value = max(options.values())
    if not NEAREST_M <= value <= FARTHEST_M:
        raise DelineationError(
            detail=f"the radius of zone {zone} comes out as {value:g} m, of {NEAREST_M:g} to {FARTHEST_M:g} m",
            remedy="check K, I and n, and their units",
        )
    return float(value)


def wells_joined(points: Sequence[Any], within_m: float) -> list[list[int]]:
    """
    Groups of wells: those at most ``within_m`` apart, and chains of such, belong together.

    Examples
    --------
    >>> apart = [shapely.Point(117, 49), shapely.Point(117.001, 49), shapely.Point(117.01, 49)]
    >>> wells_joined(apart, 100.0)  # 73 m and 658 m
    [[0, 1], [2]]
    """
    near = spacing_m(points) <= within_m
    left, groups = set(range(len(points))), []
    while left:
        group, edge = set(), {min(left)}
        while edge:
            group |= edge
            edge = {int(i) for i in np.flatnonzero(near[sorted(edge)].any(axis=0))} - group
        groups.append(sorted(group))
        left -= group
    return groups


def field_zone(points: Sequence[Any], radius_m: float, *, error_m: float | None = None) -> Any:
    """
    The outer polygon of some wells and what lies within ``radius_m`` of it; of a single well a circle.

    Parameters
    ----------
    points
        Wells of one field, EPSG:4490.
    radius_m
        Geodesic metres.
    error_m
        See `spatial.buffers.geodesic_buffer`.

    Examples
    --------
    >>> field_zone([shapely.Point(117, 49), shapely.Point(117.001, 49)], 50.0).geom_type
    'Polygon'
    """
    return geodesic_buffer(shapely.convex_hull(shapely.MultiPoint(list(points))), radius_m, error_m=error_m)


def _zones(
    found: Sequence[Thing], radii: Mapping[int, float], share: float, error_m: float | None
) -> tuple[list[Any], list[dict[str, Any]], list[dict[str, Any]]]:
    """Shapes and records by source and zone, and which wells each zone is that of."""
    shapes: list[Any] = []
    rows: list[dict[str, Any]] = []
    fields: list[dict[str, Any]] = []
    inner: list[Any] = []
    for source in dict.fromkeys(t.source_name for t in found):
        located = _located(t for t in found if t.source_name == source)
        points = [t.geometry for t in located]
        labels = _labels(located, points, share, max(radii.values(), default=0.0), error_m)
        for zone, radius in radii.items() if points else ():
            for shape, members in _merged(points, wells_joined(points, share * radius), radius, error_m):
                if zone == 1:
                    inner.append(shape)
                shapes.append(shape)
                rows.append(_record([located[i] for i in members], zone, label=labels[members[0]]))
                fields.append({"zone": zone, "wells": [located[i].id for i in members]})
    taken = shapely.union_all(inner)
    for i, row in enumerate(rows):
        if row["zone"] == ZONE_WORDS[2]:
            shapes[i] = shapely.difference(shapes[i], taken)
    for thing in found:
        if thing.geometry is None:
            shapes.append(None)
            rows.append({"name": thing.label, "source_name": thing.label, "code": thing.code, "zone": None})
    return shapes, rows, fields


def _located(things: Iterable[Thing]) -> list[Thing]:
    """Those with a place; of a feature of several points each for itself."""
    return [
        replace(t, id=t.id if i == 0 else f"{t.id}.{i + 1}", geometry=point)
        for t in things
        if t.geometry is not None
        for i, point in enumerate(shapely.get_parts(t.geometry))
    ]


def _merged(
    points: Sequence[Any], groups: Sequence[list[int]], radius: float, error_m: float | None
) -> list[tuple[Any, list[int]]]:
    """A zone for each group; those that overlap after all (a lone well in the bay of a field) as one."""
    zones = [(field_zone([points[i] for i in group], radius, error_m=error_m), group) for group in groups]
    merged: list[tuple[Any, list[int]]] = []
    for shape, group in zones:
        whole, members = shape, group
        for other in [m for m in merged if shapely.intersects(m[0], shape)]:
            if shapely.area(shapely.intersection(other[0], whole)) > 0:
                merged.remove(other)
                whole, members = shapely.union(other[0], whole), sorted(other[1] + members)
        merged.append((whole, members))
    return merged


def _close(found: Sequence[Thing], limits: Mapping[int, float], accuracy_m: float) -> list[dict[str, Any]]:
    """Pairs whose spacing differs from the limit by no more than two such positions may be off together."""
    located = _located(found)
    if not located:
        return []
    spacing = spacing_m([t.geometry for t in located])
    return [
        {"zone": zone, "wells": [located[i].id, located[j].id], "spacing_m": round(float(spacing[i, j]), 3)}
        for zone, limit in limits.items()
        for i, j in np.argwhere(np.triu(np.abs(spacing - limit) <= accuracy_m * math.sqrt(2), k=1))
        if located[i].source_name == located[j].source_name
    ]


def _labels(
    located: Sequence[Thing], points: Sequence[Any], share: float, radius: float, error_m: float | None
) -> dict[int, str]:
    """What each well's source is called, the same in every zone: as stated, else after the wells of its widest zone."""
    labels: dict[int, str] = {}
    for _, members in _merged(points, wells_joined(points, share * radius), radius, error_m) if points else ():
        labels |= dict.fromkeys(members, _called([located[i] for i in members]))
    return labels


def _called(wells_of_it: Sequence[Thing]) -> str:
    """The stated source of some wells, else their own names."""
    names = [t.name or t.id for t in wells_of_it]
    stated = next((t.source_name for t in wells_of_it if t.source_name), None)
    return stated or "、".join(names[:3]) + ("等" if len(names) > 3 else "")


def _record(members: Sequence[Thing], zone: int, *, label: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": f"{_called(members)}{ZONE_WORDS[zone]}",
        "zone": ZONE_WORDS[zone],
        "source_name": label,
    }
    codes = {t.code for t in members}
    row["code"] = codes.pop() if len(codes) == 1 else None
    own = [t.accuracy_m for t in members if t.accuracy_m is not None]
    if own:
        row["accuracy_m"] = max(own)
    return row
