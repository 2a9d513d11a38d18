"""What is broken about a network, or worth knowing: gaps, circles, junctions nothing leaves, braids, inland basins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from spatial.network.graph import Fact
from spatial.overlay.distance import distance_to
from spatial.overlay.frame import bounds_of, widened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from spatial.network.graph import Network

__all__ = ["facts_of"]


Beside = dict[int, tuple[tuple[float, int], ...]]


def facts_of(network: Network, reservoirs: Sequence[BaseGeometry]) -> tuple[dict[int, str], Beside, list[Fact]]:
    """
    What the graph as a whole shows.

    Parameters
    ----------
    network
        With directions settled.
    reservoirs
        Polygons, EPSG:4490.

    Returns
    -------
    loose, beside, facts
        Of loose ends by node: ``gap`` or ``reservoir``; by edge, the loose ends beside it; and the facts, those of
        directions apart.
    """
    loose, beside, facts = _loose_ends(network, reservoirs)
    for number, edge in enumerate(network.edges):
        for at in edge.crossings_m:
            lon, lat = edge.point(at)
            facts.append(Fact(code="crossing", lon=lon, lat=lat, edges=(number,), detail=edge.line))
    facts += _junctions(network, loose)
    facts += _circles(network)
    facts += _braids(network)
    facts += _inland(network)
    return loose, beside, facts


def _loose_ends(network: Network, reservoirs: Sequence[BaseGeometry]) -> tuple[dict[int, str], Beside, list[Fact]]:
    touching: list[list[int]] = [[] for _ in network.nodes]
    for number, edge in enumerate(network.edges):
        touching[edge.start].append(number)
        touching[edge.end].append(number)
    tree = shapely.STRtree(network.lines)
    found: dict[int, str] = {}
    beside: dict[int, list[tuple[float, int]]] = {}
    facts = []
    for number, node in enumerate(network.nodes):
        if len(touching[number]) != 1 or node.end is not None:
            continue
        point = shapely.Point(node.lon, node.lat)
        if any(distance_to(point, r) <= network.gap_m for r in reservoirs):
            found[number] = "reservoir"
            facts.append(Fact(code="reservoir", lon=node.lon, lat=node.lat, edges=tuple(touching[number])))
            continue
        near = [int(e) for e in tree.query(shapely.box(*widened(bounds_of(point), network.gap_m)))]
        others = [(distance_to(point, network.lines[e]), e) for e in near if e not in touching[number]]
        metres, other = min(others, default=(np.inf, -1))
        if metres <= network.gap_m:
            found[number] = "gap"
            edges = (*touching[number], other)
            at = network.chainage(network.edges[other], node.lon, node.lat)
            beside.setdefault(other, []).append((at, number))
            facts.append(Fact(code="gap", lon=node.lon, lat=node.lat, edges=edges, detail=f"{metres:.1f} m"))
    return found, {edge: tuple(sorted(at)) for edge, at in beside.items()}, facts


def _junctions(network: Network, loose: dict[int, str]) -> list[Fact]:
    facts = []
    for number, node in enumerate(network.nodes):
        flows_in, flows_out = network.in_edges[number], network.out_edges[number]
        if node.end is not None or network.open_edges[number] or number in loose:
            continue
        code = None
        if not flows_out:
            code = "dead_end" if len(flows_in) == 1 else "all_flow_in"
        elif not flows_in and len(flows_out) > 1:
            code = "all_flow_out"
        if code is not None:
            facts.append(Fact(code=code, lon=node.lon, lat=node.lat, edges=flows_in or flows_out))
    return facts


def _circles(network: Network) -> list[Fact]:
    if not network.cyclic:
        return []
    import networkx as nx

    flow = nx.DiGraph()
    for edge in network.edges:
        if edge.directed and {edge.start, edge.end} <= network.cyclic:
            flow.add_edge(edge.start, edge.end)
    facts = []
    for part in nx.strongly_connected_components(flow):
        edges = tuple(n for n, e in enumerate(network.edges) if e.directed and e.start in part and e.end in part)
        node = network.nodes[min(part)]
        if edges:
            facts.append(Fact(code="cycle", lon=node.lon, lat=node.lat, edges=edges))
    return sorted(facts, key=lambda f: f.edges)


def _braids(network: Network) -> list[Fact]:
    """Forks whose channels meet again further down."""
    facts = []
    for number, outs in enumerate(network.out_edges):
        if len(outs) < 2 or number in network.cyclic:
            continue
        seen: set[int] = set()
        meets = False
        for out in outs:
            below = _below(network, network.edges[out].end)
            meets = meets or bool(below & seen)
            seen |= below
        if meets:
            node = network.nodes[number]
            facts.append(Fact(code="braid", lon=node.lon, lat=node.lat, edges=outs))
    return facts


def _below(network: Network, start: int) -> set[int]:
    found, ahead = {start}, [start]
    while ahead:
        for edge in network.out_edges[ahead.pop()]:
            node = network.edges[edge].end
            if node not in found:
                found.add(node)
                ahead.append(node)
    return found


def _inland(network: Network) -> list[Fact]:
    """Parts of the network whose every lower end is a stated sink."""
    import networkx as nx

    graph = nx.Graph((e.start, e.end) for e in network.edges)
    facts = []
    for part in nx.connected_components(graph):
        lowest = [n for n in part if not network.out_edges[n]]
        if lowest and all(network.nodes[n].end == "sink" and not network.open_edges[n] for n in lowest):
            node = network.nodes[min(lowest)]
            facts.append(Fact(code="inland_basin", lon=node.lon, lat=node.lat))
    return facts
