"""A reach beside a site and what lies along it: the engine of `screening.rivers`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layers.fields import fold
from layers.version import version_at
from screening.river_findings import Along, AlongAnswer, Doubt, ReachReport
from spatial.network.flow import Walk, downstream, upstream
from spatial.network.graph import Contact, Network, Position
from spatial.overlay.distance import distance_to

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from layers.georeference.rivers import Rivers
    from layers.version import OpenLayer
    from screening.river_findings import Status
    from screening.site import Site

__all__ = ["OnRiver", "Points", "RiverQuestion", "candidates", "points_of", "reach_of"]

ON_RIVER_M = 100.0
"""However rough the site's position, farther from the line it is not said to lie on the river."""
_LISTED = 5
_CLASSES = ("I", "II", "III", "IV", "V", "VI")


@dataclass(frozen=True, kw_only=True)
class OnRiver:
    """A feature on the network."""

    item: dict[str, Any]
    accuracy_m: float
    contacts: tuple[Contact, ...]
    single: bool
    """Whether it is one place, and its contacts are the reaches it may lie on."""


@dataclass(kw_only=True)
class Points:
    """The features of some layers, and what of them is not on the network."""

    points: list[OnRiver] = field(default_factory=list)
    off: list[tuple[str, BaseGeometry]] = field(default_factory=list)
    unlocated: list[tuple[str, str | None]] = field(default_factory=list)
    """Name, and the river it is declared on."""
    doubts: list[Doubt] = field(default_factory=list)
    coverages: list[BaseGeometry | None] = field(default_factory=list)
    restricted: bool = False


@dataclass(frozen=True, kw_only=True)
class RiverQuestion:
    """What is asked of every reach."""

    site: Site
    rivers: Rivers
    network: Network
    accuracy_m: float
    within_m: float
    sections: Points
    sources: Points


def points_of(
    layers: Sequence[OpenLayer], network: Network, doubts: list[Doubt], *, as_of: str, max_m: float
) -> Points:
    """The features of some layers that are in force, on the network as far as they lie within ``max_m`` of it."""
    found = Points(doubts=doubts)
    for layer in layers:
        card = layer.card
        found.restricted = found.restricted or card.restricted
        found.coverages.append(None if layer.coverage is None else layer.coverage.geometry(0))
        _, validity = version_at([layer.entry], as_of)
        if validity is not None:
            found.doubts.append(Doubt(code=validity, facts=(("layer", card.name),)))
        rejected = sum(1 for r in card.rejected if r.accepted is None)
        if rejected:
            found.doubts.append(Doubt(code="rejected_features", facts=(("layer", card.name), ("count", rejected))))
        standing = layer.records.standing(as_of, card.accuracy_m)
        for row in np.flatnonzero(standing.in_force).tolist():
            feature = layer.records.feature(row)
            geometry = layer.index.geometry(row)
            name = feature.name or feature.code or feature.id
            if geometry is None:
                found.unlocated.append((name, _river_of(feature.attributes)))
                continue
            own_m = float(standing.accuracy_m[row])
            river = _river_of(feature.attributes)
            contacts = tuple(
                c
                for c in network.contacts(geometry, max_m=max_m)
                if river is None or fold(network.edges[c.edge].name or river) == river
            )
            point = shapely.get_dimensions(geometry) == 0
            if contacts and point:
                contacts = candidates(network, contacts, own_m, 0.0)
            if not contacts:
                found.off.append((name, geometry))
                continue
            item = {
                "layer": card.name,
                "id": feature.id,
                "code": feature.code,
                "name": feature.name,
                "class_": feature.class_,
                "fields": dict(feature.own_fields),
                "flags": feature.flags,
                "misses_target": _misses(feature.own_fields),
            }
            found.points.append(OnRiver(item=item, accuracy_m=own_m, contacts=contacts, single=point))
    return found


def _river_of(attributes: dict[str, Any]) -> str | None:
    for column, value in attributes.items():
        if fold(str(column)) in {"river", "河流", "河流名称", "所在河流", "所在水体", "hdmc", "河段"} and value:
            return fold(str(value))
    return None


def _misses(fields: dict[str, str]) -> bool | None:
    target, observed = fields.get("target_class"), fields.get("observed_class")
    if target not in _CLASSES or observed not in _CLASSES:
        return None
    return _CLASSES.index(observed) > _CLASSES.index(target)


def candidates(
    network: Network, contacts: tuple[Contact, ...], accuracy_m: float, radius_m: float
) -> tuple[Contact, ...]:
    """The reaches that are nearest within the accuracy; of one that flows into another close by, the nearer."""
    limit = contacts[0].distance_m + 2 * accuracy_m + radius_m
    kept: list[Contact] = []
    for contact in (c for c in contacts if c.distance_m <= limit):
        if not any(_same_reach(network, contact, other, 4 * accuracy_m + 2 * radius_m) for other in kept):
            kept.append(contact)
    return tuple(kept)


def _same_reach(network: Network, one: Contact, two: Contact, most_m: float) -> bool:
    for first, second in ((one, two), (two, one)):
        way = downstream(network, Position(edge=first.edge, chainage_m=first.to_m)).to(
            Position(edge=second.edge, chainage_m=second.from_m)
        )
        if way is not None and way[1] <= most_m:
            return True
    return False


def reach_of(question: RiverQuestion, contact: Contact, *, sure: bool) -> ReachReport:
    """One reach and what lies along it, from the downstream end of its contact down and from the upper end up."""
    network = question.network
    edge = network.edges[contact.edge]
    lon, lat = edge.point(contact.to_m)
    on_river = contact.distance_m <= min(question.accuracy_m, ON_RIVER_M)
    doubts = []
    if not on_river:
        doubts.append(Doubt(code="reach_only_nearest", facts=(("distance_m", round(contact.distance_m, 1)),)))
    if not sure:
        doubts.append(Doubt(code="reach_not_sure"))
    if question.rivers.rejected:
        doubts.append(Doubt(code="river_lines_rejected", facts=(("count", question.rivers.rejected),)))
    if question.rivers.validity is not None:
        doubts.append(Doubt(code=question.rivers.validity, facts=(("layer", question.rivers.name),)))
    below = downstream(network, Position(edge=contact.edge, chainage_m=contact.to_m))
    above = upstream(network, Position(edge=contact.edge, chainage_m=contact.from_m))
    return ReachReport(
        river=edge.name,
        line=edge.line,
        lon=lon,
        lat=lat,
        distance_m=contact.distance_m,
        basis="on_river" if on_river else "nearest",
        sure=sure,
        direction_source=edge.direction_source,
        flags=edge.flags,
        next_section=_along(question, (contact, below), question.sections, None, doubts),
        water_sources_downstream=_along(question, (contact, below), question.sources, question.within_m, doubts),
        water_sources_upstream=_along(question, (contact, above), question.sources, question.within_m, doubts),
    )


def _along(
    question: RiverQuestion, start: tuple[Contact, Walk], points: Points, limit_m: float | None, reach: list[Doubt]
) -> AlongAnswer:
    """What of some layers lies one way along the river; ``reach`` is what makes a ``none`` unsure."""
    contact, walk = start
    reached = []
    torn = []
    for point in points.points:
        ways = _ways(walk, contact, point)
        if point.single and ways and len(ways) < len(point.contacts):
            torn.append(point.item["name"] or point.item["id"])
        way = min(ways, default=None)
        if way is not None and (limit_m is None or way[0] <= limit_m):
            accuracy = math.hypot(question.accuracy_m, point.accuracy_m)
            reached.append(Along(shortest_m=way[0], longest_m=way[1], accuracy_m=accuracy, **point.item))
    reached.sort(key=lambda item: (item.shortest_m, item.layer, item.id))
    far = reached[0].shortest_m if reached else limit_m if limit_m is not None else math.inf
    doubts = [
        Doubt(code=b.code, facts=tuple((k, v) for k, v in b.to_dict().items() if k != "code"))
        for b in walk.breaks_within(far)
    ]
    doubts += points.doubts
    if torn:
        doubts.append(Doubt(code="feature_reach_not_sure", facts=(("names", tuple(torn)),)))
    doubts += _hidden(question, walk, points, far)
    if reached:
        status: Status = "unknown" if doubts else "found"
        return AlongAnswer(
            status=status, items=tuple(reached[:_LISTED]), doubts=(*doubts, *_uncovered(walk, points, far))
        )
    ends = tuple(dict.fromkeys(e.kind for e in walk.endings if e.shortest_m <= far))
    doubts += reach
    doubts += _uncovered(walk, points, far)
    return AlongAnswer(status="unknown" if doubts else "none", doubts=tuple(doubts), ends=ends)


def _ways(walk: Walk, site: Contact, point: OnRiver) -> list[tuple[float, float]]:
    """The ways from the site's contact to each contact of a feature that is reached; 0 where they share a stretch."""
    ways = []
    for contact in point.contacts:
        if contact.edge == site.edge and contact.from_m <= site.to_m and contact.to_m >= site.from_m:
            ways.append((0.0, 0.0))
            continue
        near = Position(edge=contact.edge, chainage_m=contact.from_m if walk.down else contact.to_m)
        way = walk.to(near)
        if way is not None:
            ways.append(way)
    return ways


def _hidden(question: RiverQuestion, walk: Walk, points: Points, far: float) -> list[Doubt]:
    """Features that may lie on the way without being on it: declared without a place, or off the lines."""
    doubts = []
    names = {question.network.edges[s.edge].name for s in walk.within(far)}
    rivers = None if None in names or not names else {fold(str(name)) for name in names}
    unlocated = [n for n, river in points.unlocated if rivers is None or river is None or river in rivers]
    if unlocated:
        doubts.append(Doubt(code="not_located", facts=(("names", tuple(unlocated)),)))
    # a way along the river is never shorter than the straight one
    off = [
        n
        for n, g in points.off
        if not math.isfinite(far) or distance_to(question.site.geometry, g) <= far + question.accuracy_m
    ]
    if off:
        doubts.append(Doubt(code="off_network", facts=(("names", tuple(off)),)))
    return doubts


def _uncovered(walk: Walk, points: Points, far: float) -> list[Doubt]:
    """Why the river as far as that does not lie in what the layers claim to be complete for; nothing if it does."""
    stated = [c for c in points.coverages if c is not None]
    if not stated:
        return [Doubt(code="coverage_not_stated")]
    area = shapely.union_all(stated)
    inside = all(shapely.covers(area, line) for line in walk.lines_within(far))
    return [] if inside else [Doubt(code="river_leaves_coverage")]
