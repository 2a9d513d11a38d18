"""
Which way edges flow: by columns, by the drawn order, by elevations, or towards stated ends.

Every statement is a vote for an edge; votes that contradict each other leave it without a direction, and say so.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from spatial.errors import NetworkError
from spatial.network.graph import DirectionSource, Edge, Fact, Node

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from spatial.network.building import RiverLine

__all__ = ["LEAST_DROP_M", "Directions", "Drawn", "elevations", "settle"]

LEAST_DROP_M = 5.0
"""Ends of a line whose elevations differ by less say nothing of its direction, unless the user says otherwise."""
_MAJORITY = 2
"""The rest of a river outvotes an edge that runs against it if it is at least this many times as long."""
_SOURCES: tuple[DirectionSource, ...] = get_args(DirectionSource)


@dataclass(frozen=True, kw_only=True)
class Directions:
    """
    What settles directions besides the columns of the lines.

    Parameters
    ----------
    drawn
        The user states that every line is drawn ``downstream`` or ``upstream``.
    dem
        A raster of elevations that rasterio reads, with a CRS; the ends of each line are sampled.
    least_drop_m
        Elevations that differ by less say nothing.
    to_ends
        Edges flow towards the stated mouths, sinks and borders. It settles what only one way can lead to: trees, and
        the two arms of a braid with one inflow.
    """

    drawn: Literal["downstream", "upstream"] | None = None
    dem: Path | str | None = None
    least_drop_m: float = LEAST_DROP_M
    to_ends: bool = False


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A line that an edge is part of, and whether the edge runs with it (``sign`` 1) or against it (-1)."""

    line: RiverLine
    part: int
    xy: NDArray[np.float64]
    sign: int


def settle(
    edges: Sequence[Edge], nodes: Sequence[Node], drawn: Sequence[Sequence[Drawn]], directions: Directions
) -> tuple[list[Edge], list[Fact]]:
    """
    The edges with the directions that the statements agree on, turned to run downstream; and what is in doubt.

    Parameters
    ----------
    edges, nodes
        Of a network whose directions nobody has looked at.
    drawn
        The lines each edge is part of.
    directions
        What else is stated.
    """
    votes: list[dict[DirectionSource, set[int]]] = [defaultdict(set) for _ in edges]
    falls = _falls(drawn, directions)
    by_nodes = _by_nodes(edges, drawn)
    for number, lines in enumerate(drawn):
        for one in lines:
            if one.line.flow in ("along", "against"):
                votes[number]["field"].add(one.sign if one.line.flow == "along" else -one.sign)
            if directions.drawn is not None:
                votes[number]["drawn"].add(one.sign if directions.drawn == "downstream" else -one.sign)
            for source, found in (("nodes", by_nodes), ("dem", falls)):
                if one.part in found:
                    votes[number][source].add(one.sign * found[one.part])  # type: ignore[index]
    if directions.to_ends:
        for number, sign in _to_ends(edges, nodes).items():
            votes[number]["mouth"].add(sign)
    facts = []
    settled = []
    for number, edge in enumerate(edges):
        said = votes[number]
        signs = {sign for found in said.values() for sign in found}
        lon, lat = edge.point(edge.length_m / 2)
        if len(signs) == 1:
            source = next(s for s in _SOURCES if said.get(s))
            settled.append(_turned(edge, signs.pop(), source))
            continue
        settled.append(edge)
        if signs:
            detail = "; ".join(
                f"{s}: {'/'.join('along' if v > 0 else 'against' for v in sorted(said[s]))}"
                for s in _SOURCES
                if said.get(s)
            )
            facts.append(Fact(code="direction_conflict", lon=lon, lat=lat, edges=(number,), detail=detail))
    return _against_their_river(settled, nodes, facts)


def _turned(edge: Edge, sign: int, source: DirectionSource) -> Edge:
    if sign > 0:
        return replace(edge, direction_source=source)
    length = edge.length_m
    return replace(
        edge,
        start=edge.end,
        end=edge.start,
        xy=edge.xy[::-1].copy(),
        along_m=length - edge.along_m[::-1],
        direction_source=source,
        against_drawn=True,
        crossings_m=tuple(sorted(length - c for c in edge.crossings_m)),
    )


def _undirected(edge: Edge) -> Edge:
    return (
        replace(_turned(edge, -1, "field"), against_drawn=False, direction_source=None)
        if edge.against_drawn
        else (replace(edge, direction_source=None))
    )


def _falls(drawn: Sequence[Sequence[Drawn]], directions: Directions) -> dict[int, int]:
    """By part: 1 where its last point lies lower than its first by the least drop, -1 where higher."""
    if directions.dem is None:
        return {}
    parts = {one.part: one.xy for lines in drawn for one in lines}
    ends = np.array([xy[k] for xy in parts.values() for k in (0, -1)])
    heights = elevations(ends, directions.dem).reshape(-1, 2)
    drop = heights[:, 0] - heights[:, 1]
    return {part: int(np.sign(d)) for part, d in zip(parts, drop, strict=True) if abs(d) >= directions.least_drop_m}


def elevations(points: NDArray[np.float64], dem: Path | str) -> NDArray[np.float64]:
    """
    The cell values of a raster at points.

    Parameters
    ----------
    points
        (n, 2) longitude and latitude, EPSG:4490.
    dem
        A raster that rasterio reads; its first band counts.

    Returns
    -------
    values
        (n,) in the raster's unit; NaN outside it and where it has no data.

    Raises
    ------
    NetworkError
        The raster cannot be read or has no CRS.
    """
    import rasterio
    from pyproj import Transformer
    from rasterio.errors import RasterioError

    try:
        with rasterio.open(dem) as source:
            if source.crs is None:
                raise NetworkError(
                    code="dem_crs",
                    detail=f"{dem} does not say which coordinate system it is in",
                    remedy="give it one, for instance with a .prj or .aux.xml beside it",
                )
            change = Transformer.from_crs(4490, source.crs.to_wkt(), always_xy=True)
            x, y = (np.asarray(v, dtype=np.float64) for v in change.transform(points[:, 0], points[:, 1]))
            # inverted by hand: rasterio's own way there multiplies transforms by an operator that affine calls outdated
            a, b, c, d, e, f = (float(v) for v in tuple(source.transform)[:6])
            column = np.floor((e * (x - c) - b * (y - f)) / (a * e - b * d))
            row = np.floor((a * (y - f) - d * (x - c)) / (a * e - b * d))
            inside = (column >= 0) & (column < source.width) & (row >= 0) & (row < source.height)
            found = np.full(len(points), np.nan)
            for i in np.flatnonzero(inside).tolist():
                at = ((int(row[i]), int(row[i]) + 1), (int(column[i]), int(column[i]) + 1))
                cell = source.read(1, window=at, masked=True).astype(np.float64)
                found[i] = float(np.ma.filled(cell, np.nan)[0, 0])
            return found
    except RasterioError as trouble:
        raise NetworkError(
            code="dem_unreadable", detail=f"{dem} cannot be read ({trouble})", remedy="name a raster of elevations"
        ) from trouble


def _by_nodes(edges: Sequence[Edge], drawn: Sequence[Sequence[Drawn]]) -> dict[int, int]:
    """By part, from the columns of from- and to-nodes: a node's id is the one that all lines ending there share."""
    ends: dict[int, list[int]] = {}
    lines: dict[int, RiverLine] = {}
    parts_of: dict[str, set[int]] = defaultdict(set)
    for edge, found in zip(edges, drawn, strict=True):
        one = found[0]
        parts_of[one.line.id].add(one.part)
        if one.line.from_node and one.line.to_node and one.line.from_node != one.line.to_node:
            lines[one.part] = one.line
            ends.setdefault(one.part, [edge.start, edge.end])[1] = edge.end
    single = [part for part, line in lines.items() if len(parts_of[line.id]) == 1]
    at: dict[int, list[set[str]]] = defaultdict(list)
    for part in single:
        for node in ends[part]:
            at[node].append({str(lines[part].from_node), str(lines[part].to_node)})
    known = {node: set.intersection(*sets) for node, sets in at.items() if len(sets) > 1}
    found_signs = {}
    for part in single:
        line, (start, end) = lines[part], ends[part]
        signs = set()
        for node, own, other in ((start, line.from_node, line.to_node), (end, line.to_node, line.from_node)):
            if len(known.get(node, ())) == 1:
                name = next(iter(known[node]))
                signs |= {1} if name == own else {-1} if name == other else set()
        if len(signs) == 1:
            found_signs[part] = signs.pop()
    return found_signs


def _to_ends(edges: Sequence[Edge], nodes: Sequence[Node]) -> dict[int, int]:
    """By edge, the sign under which it flows to the stated ends; only where nothing else is possible."""
    import networkx as nx

    graph = nx.Graph()  # an edge is a node of its own, so that parallel channels stay apart
    for number, edge in enumerate(edges):
        graph.add_edge(edge.start, -1 - number)
        graph.add_edge(edge.end, -1 - number)
    targets = [n for n, node in enumerate(nodes) if node.end in ("mouth", "sink", "border") and n in graph]
    bridges = {frozenset(pair) for pair in nx.bridges(graph)}
    signs: dict[int, set[int]] = defaultdict(set)
    for target in targets:
        steps = nx.single_source_shortest_path_length(graph, target)
        for number, edge in enumerate(edges):
            if edge.start in steps and frozenset((edge.start, -1 - number)) in bridges:
                signs[number].add(1 if steps[edge.end] < steps[edge.start] else -1)
        for number, sign in _arms(edges, nodes, graph, bridges, steps).items():
            signs[number].add(sign)
    return {number: found.pop() for number, found in signs.items() if len(found) == 1}


def _arms(edges: Sequence[Edge], nodes: Sequence[Node], graph: Any, bridges: set[Any], steps: Any) -> dict[int, int]:
    """Of braids that are a simple ring: the arms between its outflow and the nearest inflow on either side."""
    import networkx as nx

    ring_graph = graph.copy()
    ring_graph.remove_edges_from([tuple(b) for b in bridges])
    found = {}
    for part in nx.connected_components(ring_graph):
        if len(part) < 3 or any(ring_graph.degree(n) != 2 for n in part) or not part <= steps.keys():
            continue
        places = [n for n in part if n >= 0]
        out = min(places, key=lambda n: steps[n])
        flows_in = {n for n in places if n != out and (graph.degree(n) > 2 or nodes[n].end == "source")}
        if not flows_in:
            continue
        for first in ring_graph.neighbors(out):
            before, here = out, first
            while True:
                step = next(n for n in ring_graph.neighbors(here) if n != before) if here < 0 else None
                if step is None:
                    break
                edge = edges[-1 - here]
                found[-1 - here] = 1 if edge.end == before else -1
                if step in flows_in:
                    break
                before, here = step, next(n for n in ring_graph.neighbors(step) if n != here)
    return found


def _against_their_river(edges: list[Edge], nodes: Sequence[Node], facts: list[Fact]) -> tuple[list[Edge], list[Fact]]:
    """Take the direction from edges that run against the rest of their river; from all where no part prevails."""
    result = list(edges)
    for chain in _chains(edges, nodes):
        length: Counter[int] = Counter()
        for number, sign in chain:
            if edges[number].directed:
                length[sign] += edges[number].length_m  # type: ignore[assignment]
        if len(length) < 2:
            continue
        less, more = sorted((1, -1), key=lambda s: length[s])
        minority = {less} if length[more] >= _MAJORITY * length[less] else {1, -1}
        for number, sign in chain:
            if edges[number].directed and sign in minority:
                lon, lat = edges[number].point(edges[number].length_m / 2)
                facts.append(Fact(code="reversed_line", lon=lon, lat=lat, edges=(number,), detail=edges[number].line))
                result[number] = _undirected(edges[number])
    for number, edge in enumerate(result):
        if not edge.directed:
            lon, lat = edge.point(edge.length_m / 2)
            facts.append(Fact(code="not_directed", lon=lon, lat=lat, edges=(number,), detail=edge.line))
    return result, facts


def _chains(edges: Sequence[Edge], nodes: Sequence[Node]) -> list[list[tuple[int, int]]]:
    """Runs of edges that are one river: through nodes of two edges, and where just two of the same name meet."""
    at: list[list[int]] = [[] for _ in nodes]
    for number, edge in enumerate(edges):
        if edge.start != edge.end:
            at[edge.start].append(number)
            at[edge.end].append(number)
    following: dict[tuple[int, int], int] = {}
    for node, here in enumerate(at):
        if nodes[node].end is not None:
            continue
        groups = [here] if len(here) == 2 else _by_name(edges, here)
        for one, two in groups:
            following[one, node], following[two, node] = two, one
    chains = []
    left = set(range(len(edges)))
    while left:
        first = min(left)
        chain = deque([(first, 1)])
        left.discard(first)
        for forward in (True, False):
            number, node = first, edges[first].end if forward else edges[first].start
            while (nxt := following.get((number, node))) is not None and nxt in left:
                left.discard(nxt)
                with_chain = edges[nxt].start == node if forward else edges[nxt].end == node
                (chain.append if forward else chain.appendleft)((nxt, 1 if with_chain else -1))
                node = edges[nxt].end if edges[nxt].start == node else edges[nxt].start
                number = nxt
        chains.append(list(chain))
    return chains


def _by_name(edges: Sequence[Edge], here: list[int]) -> list[list[int]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for number in here:
        name = edges[number].name
        if name:
            groups[name].append(number)
    return [group for group in groups.values() if len(group) == 2]
