"""
The river beside a site: the reach it drains to, the next section downstream, water sources down- and upstream.

A report beside the verdict; it changes no answer. Two kinds of statement only: what is found, with its distance along
the river, and ``none``, said only where every way ends at a stated end inside what the layers claim to cover. In all
other cases the status is ``unknown`` and the reasons say where the graph breaks off or what may be missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layers.errors import DamagedVersionError, RiverLayerError
from layers.georeference.rivers import rivers_of
from layers.version import open_layer, version_at
from screening.river_findings import Along, AlongAnswer, Doubt, ReachReport, RiverReport
from screening.river_reach import Points, RiverQuestion, candidates, points_of, reach_of
from spatial.accuracy import combined
from spatial.overlay.distance import distance_to
from spatial.overlay.index import DamagedIndexError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layers.georeference.rivers import Rivers
    from layers.version import OpenLayer
    from layers.workspace.store import WorkspaceStore
    from screening.site import Site

__all__ = [
    "MAX_OFFSET_M",
    "MAX_TO_RIVER_M",
    "WITHIN_M",
    "Along",
    "AlongAnswer",
    "Doubt",
    "ReachReport",
    "RiverReport",
    "river_report",
    "river_report_of",
]

MAX_TO_RIVER_M = 2000.0
"""How far a river may be from a site that is said to drain to it, where nobody says otherwise."""
MAX_OFFSET_M = 500.0
"""Sections and water sources farther from the river lines are not on them."""
WITHIN_M = 10_000.0
"""Water sources are looked for within this distance along the river."""
_DAMAGE = (DamagedVersionError, DamagedIndexError, OSError)


def river_report(
    site: Site,
    sections: Sequence[OpenLayer],
    rivers: Rivers,
    water_sources: Sequence[OpenLayer] = (),
    *,
    as_of: str,
    max_to_river_m: float,
    within_m: float = WITHIN_M,
    max_offset_m: float = MAX_OFFSET_M,
    lost: Sequence[tuple[str, str | None]] = (),
) -> RiverReport:
    """
    The reach a site drains to, and what lies along it.

    Use it beside a verdict, never instead: it is context.

    Parameters
    ----------
    site
        A placed site.
    sections, water_sources
        Open versions of layers of those kinds; none: nothing is known of them.
    rivers
        From `layers.georeference.rivers`.
    as_of
        ISO date: features not in force are left out.
    max_to_river_m
        Farther from the site no river is taken to be the one it drains to.
    within_m
        How far along the river water sources are looked for.
    max_offset_m
        Sections and water sources farther from the lines are not on the river.
    lost
        (kind, layer) of versions that could not be read: their kind is unknown.

    Raises
    ------
    DamagedVersionError
        Bytes of a layer differ from what was written (`river_report_of` makes that ``unknown``).
    """
    about = _about(rivers)
    accuracy = combined(site.accuracy, rivers.accuracy_m, site.transformation_m)
    common: dict[str, Any] = {"site": site.name, "rivers": about, "as_of": as_of, "max_to_river_m": max_to_river_m}
    if rivers.network is None:
        return _declared_none(site, rivers, accuracy, within_m=within_m, common=common)
    network = rivers.network
    found = network.contacts(site.geometry, max_m=max_to_river_m + site.radius_m)
    restricted = rivers.restricted or any(layer.card.restricted for layer in (*sections, *water_sources))
    if not found:
        doubt = Doubt(code="no_river_near", facts=(("max_to_river_m", max_to_river_m),))
        return RiverReport(status="unknown", doubts=(doubt,), within_m=within_m, restricted=restricted, **common)

    def of(kind: str, layers: Sequence[OpenLayer]) -> Points:
        doubts = [Doubt(code="layer_unreadable", facts=(("layer", name),)) for k, name in lost if k == kind]
        if not layers and not doubts:
            doubts = [Doubt(code="layer_missing", facts=(("kind", kind),))]
        return points_of(layers, network, doubts, as_of=as_of, max_m=max_offset_m)

    question = RiverQuestion(
        site=site,
        rivers=rivers,
        network=network,
        accuracy_m=accuracy,
        within_m=within_m,
        sections=of("monitoring_sections", sections),
        sources=of("water_sources", water_sources),
    )
    kept = candidates(network, found, accuracy, site.radius_m)
    reaches = tuple(reach_of(question, contact, sure=len(kept) == 1) for contact in kept)
    doubts = [Doubt(code=rivers.validity)] if rivers.validity else []
    if rivers.rejected:
        doubts.append(Doubt(code="river_lines_rejected", facts=(("count", rivers.rejected),)))
    if len(kept) > 1:
        doubts.append(Doubt(code="reach_not_sure", facts=(("count", len(kept)),)))
    return RiverReport(
        status="reach", reaches=reaches, doubts=tuple(doubts), within_m=within_m, restricted=restricted, **common
    )


def river_report_of(
    store: WorkspaceStore,
    site: Site,
    *,
    rivers_name: str | None = None,
    as_of: str,
    max_to_river_m: float,
    within_m: float = WITHIN_M,
    max_offset_m: float = MAX_OFFSET_M,
    **network: Any,
) -> RiverReport:
    """
    The same for a workspace: its river layer, all its sections and all its water sources as they are at a date.

    Whatever is lost or damaged makes what depends on it ``unknown``.

    Parameters
    ----------
    store
        An open workspace.
    site
        A placed site.
    rivers_name
        The river layer; needed where there are several.
    as_of, max_to_river_m, within_m, max_offset_m
        As in `river_report`.
    network
        What else settles the graph: options of `layers.georeference.rivers.network_of`.

    Raises
    ------
    RiverLayerError
        There is no river layer, or several and none is named.
    NetworkError
        It holds no line.
    """
    lost: list[tuple[str, str | None]] = []
    damaged = {(d.layer, d.version) for d in store.damages}
    for damage in store.damages:
        kinds = ("monitoring_sections", "water_sources", "other") if damage.kind is None else (damage.kind,)
        lost += [(kind, damage.layer) for kind in kinds]
    unknown = RiverReport(
        site=site.name,
        status="unknown",
        rivers={},
        as_of=as_of,
        max_to_river_m=max_to_river_m,
        within_m=within_m,
        doubts=(Doubt(code="layer_unreadable", facts=(("layer", rivers_name),)),),
        restricted=True,
    )
    if any(kind == "other" and layer in (None, rivers_name) for kind, layer in lost):
        return unknown
    try:
        rivers = rivers_of(store, rivers_name, as_of=as_of, **network)
    except _DAMAGE:
        return unknown
    except RiverLayerError:
        if any(kind == "other" for kind, _ in lost):
            return unknown
        raise
    opened: dict[str, list[OpenLayer]] = {"monitoring_sections": [], "water_sources": []}
    names = dict.fromkeys(e.layer for e in store.entries if e.kind in opened)
    for name in names:
        entry, _ = version_at([e for e in store.entries if e.layer == name], as_of)
        try:
            if (entry.layer, entry.version) not in damaged:
                layer = open_layer(store, entry)
                _touch(layer)
                opened[entry.kind].append(layer)
        except _DAMAGE:
            lost.append((entry.kind, entry.layer))
    return river_report(
        site,
        opened["monitoring_sections"],
        rivers,
        opened["water_sources"],
        as_of=as_of,
        max_to_river_m=max_to_river_m,
        within_m=within_m,
        max_offset_m=max_offset_m,
        lost=lost,
    )


def _touch(layer: OpenLayer) -> None:
    """Read all that the report will read, so that damage shows here."""
    index = layer.index
    index.load(np.arange(len(index.piece_feature), dtype=np.int64))
    for row in range(layer.records.count):
        layer.records.feature(row)
    if layer.coverage is not None:
        layer.coverage.geometry(0)


def _about(rivers: Rivers) -> dict[str, Any]:
    """What the report says of the river graph itself."""
    facts: dict[str, int] = {}
    for fact in rivers.network.facts if rivers.network is not None else ():
        facts[fact.code] = facts.get(fact.code, 0) + 1
    edges = rivers.network.edges if rivers.network is not None else ()
    return {
        "name": rivers.name,
        "version": rivers.version,
        "origin": "synthetic" if rivers.synthetic else "user",
        "indicative": rivers.indicative,
        "source": rivers.source,
        "data_date": rivers.data_date,
        "declared_by": rivers.declared_by,
        "accuracy_m": round(rivers.accuracy_m, 3),
        "edges": len(edges),
        "directed_edges": sum(1 for e in edges if e.directed),
        "tolerance_m": None if rivers.network is None else rivers.network.tolerance_m,
        "largest_snap_m": None if rivers.network is None else round(rivers.network.largest_snap_m, 3),
        "facts": dict(sorted(facts.items())),
    }


def _declared_none(
    site: Site, rivers: Rivers, accuracy: float, *, within_m: float, common: dict[str, Any]
) -> RiverReport:
    doubts = []
    if rivers.validity is not None:
        doubts.append(Doubt(code=rivers.validity))
    margin = accuracy + rivers.coverage_accuracy_m + site.radius_m
    if rivers.coverage is None:
        doubts.append(Doubt(code="coverage_not_stated"))
    elif not (
        shapely.covers(rivers.coverage, site.geometry)
        and distance_to(site.geometry, shapely.boundary(rivers.coverage)) > margin
    ):
        doubts.append(Doubt(code="outside_coverage"))
    return RiverReport(
        status="unknown" if doubts else "declared_none",
        doubts=tuple(doubts),
        within_m=within_m,
        restricted=rivers.restricted,
        **common,
    )
