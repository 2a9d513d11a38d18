"""What a river report is made of: doubts, what lies along the river, a reach, the report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Along", "AlongAnswer", "Doubt", "ReachReport", "RiverReport", "Status"]

Status = Literal["found", "none", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """Why something is not known, or not sure: a code of ``[river_doubt]`` in the catalogue of words, and facts."""

    code: str
    facts: tuple[tuple[str, Any], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """One flat object."""
        return {"code": self.code, **dict(self.facts)}


@dataclass(frozen=True, kw_only=True)
class Along:
    """
    A section or water source on the river, seen from the site.

    ``shortest_m`` and ``longest_m`` are along the river, 0 beside the site; they differ where channels part and meet.
    ``misses_target`` is None where a class is not stated; ``classes`` holds what is.
    """

    layer: str
    id: str
    code: str | None
    name: str | None
    class_: str
    shortest_m: float
    longest_m: float
    accuracy_m: float
    fields: dict[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    misses_target: bool | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready, decimetres."""
        return {
            "layer": self.layer,
            "id": self.id,
            "code": self.code,
            "name": self.name,
            "class": self.class_,
            "shortest_m": round(self.shortest_m, 1),
            "longest_m": round(self.longest_m, 1),
            "accuracy_m": round(self.accuracy_m, 1),
            "misses_target": self.misses_target,
            "flags": list(self.flags),
            **{key: self.fields.get(key) for key in sorted(self.fields)},
        }


@dataclass(frozen=True, kw_only=True)
class AlongAnswer:
    """
    What lies along the river in one direction.

    ``found``: the first of ``items`` is the nearest of the layers at hand; ``none``: there is none, and the way ends at
    a stated end (or the distance asked is covered whole); ``unknown``: ``doubts`` say why, and ``items`` are those that
    were found all the same. ``ends`` are the stated ends the way leads to.
    """

    status: Status
    items: tuple[Along, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    ends: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "status": self.status,
            "items": [item.to_dict() for item in self.items],
            "doubts": [doubt.to_dict() for doubt in self.doubts],
            "ends": list(self.ends),
        }


@dataclass(frozen=True, kw_only=True)
class ReachReport:
    """
    A reach that the site may drain to.

    ``basis``: ``on_river`` where the site lies on it within the accuracy (at most 100 m), else ``nearest``: the nearest
    line, which need not be the one that the ground drains to. ``sure``: no other reach is equally near within the
    accuracy.
    """

    river: str | None
    line: str
    lon: float
    lat: float
    distance_m: float
    basis: Literal["on_river", "nearest"]
    sure: bool
    direction_source: str | None
    flags: tuple[str, ...]
    next_section: AlongAnswer
    water_sources_downstream: AlongAnswer
    water_sources_upstream: AlongAnswer

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "river": self.river,
            "line": self.line,
            "lon": round(self.lon, 7),
            "lat": round(self.lat, 7),
            "distance_m": round(self.distance_m, 1),
            "basis": self.basis,
            "sure": self.sure,
            "direction_source": self.direction_source,
            "flags": list(self.flags),
            "next_section": self.next_section.to_dict(),
            "water_sources_downstream": self.water_sources_downstream.to_dict(),
            "water_sources_upstream": self.water_sources_upstream.to_dict(),
        }


@dataclass(frozen=True, kw_only=True)
class RiverReport:
    """
    The river beside a site.

    ``status``: ``reach`` (``reaches`` has one, or those equally near), ``declared_none`` (an authority, named in
    ``rivers``, declares that there is no river), or ``unknown``.
    """

    site: str | None
    status: Literal["reach", "declared_none", "unknown"]
    rivers: dict[str, Any]
    as_of: str
    max_to_river_m: float
    within_m: float
    reaches: tuple[ReachReport, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    restricted: bool = False

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; the keys are those of the fields."""
        return {
            "site": self.site,
            "status": self.status,
            "as_of": self.as_of,
            "rivers": self.rivers,
            "max_to_river_m": self.max_to_river_m,
            "within_m": self.within_m,
            "reaches": [reach.to_dict() for reach in self.reaches],
            "doubts": [doubt.to_dict() for doubt in self.doubts],
            "restricted": self.restricted,
        }
