"""The river graph: nodes, edges that run downstream where their direction is known, and what is broken about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely

from spatial.measure import distance_bearing
from spatial.overlay.frame import Frame, bounds_of, widened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

__all__ = ["BREAKS", "FACTS", "Contact", "Edge", "EndKind", "Fact", "Network", "Node", "Position", "nearest_chainage"]

EndKind = Literal["mouth", "sink", "border", "source"]
"""What a user states of the end of a line: it flows into something that is not in the data (or the sea); it ends in an
inland lake, marsh or sand; it leaves the area the data are of; it begins there by nature."""

DirectionSource = Literal["field", "nodes", "drawn", "dem", "mouth"]
"""What the direction of an edge rests on: a column, from- and to-node columns, the drawn order (the user says so),
elevations, or a stated mouth."""

FACTS = (
    "gap",  # a loose end near another line that it is not joined to
    "crossing",  # two lines cross and have no junction there
    "not_directed",  # nothing says which way an edge flows
    "direction_conflict",  # two statements about the direction of an edge contradict each other
    "reversed_line",  # an edge runs against the rest of its own river
    "cycle",  # the directions lead round in a circle
    "all_flow_in",  # everything flows into a junction and nothing out, and nobody states a sink there
    "all_flow_out",  # everything flows out of a junction and nothing in
    "dead_end",  # a line ends and nobody states why
    "braid",  # channels part and meet again
    "inland_basin",  # every way down ends in a stated sink
    "reservoir",  # a line ends at a reservoir or lake that no line runs through
    "duplicate",  # the same line drawn twice; one is used
    "too_short",  # a line shorter than the snap tolerance; not used
    "end_not_matched",  # a stated end with no end of a line near it
)
"""Codes of what is wrong, or worth knowing, about a network."""

BREAKS = (
    "not_directed",
    "cycle",
    "crossing",
    "gap",
    "reservoir",
    "all_flow_in",
    "all_flow_out",
    "dead_end",
    "head_not_stated",
)
"""Codes of what ends a walk along the river before a stated end."""


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something about the network, with its place in EPSG:4490; ``edges`` by number, ``detail`` as found."""

    code: str
    lon: float
    lat: float
    edges: tuple[int, ...] = ()
    detail: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; degrees to 1e-7."""
        place = {"lon": round(self.lon, 7), "lat": round(self.lat, 7)}
        return {"code": self.code, **place, "edges": list(self.edges), "detail": self.detail}


@dataclass(frozen=True, kw_only=True)
class Node:
    """Where edges meet or end; ``end`` is what the user states of it."""

    lon: float
    lat: float
    end: EndKind | None = None


@dataclass(frozen=True, kw_only=True)
class Edge:
    """
    A stretch of river between two nodes.

    Parameters
    ----------
    start, end
        Nodes. Water flows from ``start`` to ``end`` if ``direction_source`` is not None.
    xy
        (n, 2) longitude and latitude of EPSG:4490 from ``start`` to ``end``.
    along_m
        (n,) geodesic metres from ``start`` to each vertex.
    line
        Id of the feature it is part of.
    name
        Of the river, or None.
    flags
        ``reservoir``, ``dry``, ``canal``.
    direction_source
        What the direction rests on; None: not known, ``xy`` is as drawn.
    against_drawn
        Whether ``xy`` runs against the line as drawn.
    crossings_m
        Where it crosses another line without a junction, metres from ``start``.
    """

    start: int
    end: int
    xy: NDArray[np.float64]
    along_m: NDArray[np.float64]
    line: str
    name: str | None = None
    flags: tuple[str, ...] = ()
    direction_source: DirectionSource | None = None
    against_drawn: bool = False
    crossings_m: tuple[float, ...] = ()

    @property
    def length_m(self) -> float:
        """Geodesic metres."""
        return float(self.along_m[-1])

    @property
    def directed(self) -> bool:
        """Whether it is known which way it flows."""
        return self.direction_source is not None

    def point(self, chainage_m: float) -> tuple[float, float]:
        """Longitude and latitude at some metres from ``start`` (clipped to the edge)."""
        lon = float(np.interp(chainage_m, self.along_m, self.xy[:, 0]))
        return lon, float(np.interp(chainage_m, self.along_m, self.xy[:, 1]))

    def between(self, from_m: float, to_m: float) -> shapely.LineString:
        """The part between two chainages as a line, running downstream; a point is a line of no length."""
        inside = (self.along_m > from_m) & (self.along_m < to_m)
        return shapely.LineString([self.point(from_m), *self.xy[inside].tolist(), self.point(to_m)])


@dataclass(frozen=True, kw_only=True)
class Position:
    """
    A place on the network.

    ``chainage_m`` is measured from the start of the edge; ``offset_m`` is how far the point that was snapped lies from
    the river, geodesic metres.
    """

    edge: int
    chainage_m: float
    offset_m: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Contact:
    """
    Where a geometry meets an edge, or comes nearest to it.

    ``from_m`` to ``to_m`` is the stretch inside the geometry, one point where they only come near; ``distance_m`` is 0
    where they meet.
    """

    edge: int
    from_m: float
    to_m: float
    distance_m: float


@dataclass(frozen=True, kw_only=True)
class Network:
    """
    Rivers as a graph. Build it with `spatial.network.building.build`.

    Use `spatial.network.flow` to ask what lies up- and downstream.

    Parameters
    ----------
    nodes, edges
        Referred to by their numbers.
    facts
        What is broken or worth knowing.
    tolerance_m
        Ends this near were joined.
    gap_m
        Loose ends this near to another line are gaps.
    largest_snap_m
        The farthest any end was moved.
    natural_heads
        Whether the user states that lines begin at natural heads where nothing flows in.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    facts: tuple[Fact, ...] = ()
    tolerance_m: float = 10.0
    gap_m: float = 200.0
    largest_snap_m: float = 0.0
    natural_heads: bool = False
    loose: dict[int, str] = field(default_factory=dict)
    """Of a loose end, by node: ``gap`` or ``reservoir``."""
    beside: dict[int, tuple[tuple[float, int], ...]] = field(default_factory=dict)
    """By edge: (metres from its start, node) of loose ends of other lines that lie beside it."""

    @cached_property
    def out_edges(self) -> tuple[tuple[int, ...], ...]:
        """Edges that flow out of each node."""
        return self._incident(lambda edge: [edge.start] if edge.directed else [])

    @cached_property
    def in_edges(self) -> tuple[tuple[int, ...], ...]:
        """Edges that flow into each node."""
        return self._incident(lambda edge: [edge.end] if edge.directed else [])

    @cached_property
    def open_edges(self) -> tuple[tuple[int, ...], ...]:
        """Edges at each node whose direction is not known."""
        return self._incident(lambda edge: [] if edge.directed else [edge.start, edge.end])

    def _incident(self, at: Any) -> tuple[tuple[int, ...], ...]:
        found: list[list[int]] = [[] for _ in self.nodes]
        for number, edge in enumerate(self.edges):
            for node in dict.fromkeys(at(edge)):
                found[node].append(number)
        return tuple(tuple(numbers) for numbers in found)

    @cached_property
    def cyclic(self) -> frozenset[int]:
        """Nodes from which the directions lead back to themselves."""
        import networkx as nx

        flow = nx.DiGraph((e.start, e.end) for e in self.edges if e.directed)
        round_about = {n for part in nx.strongly_connected_components(flow) if len(part) > 1 for n in part}
        return frozenset(round_about | {e.start for e in self.edges if e.directed and e.start == e.end})

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the rivers, sorted."""
        return tuple(sorted({e.name for e in self.edges if e.name}))

    @cached_property
    def lines(self) -> NDArray[Any]:
        """The edges as lines of EPSG:4490."""
        found = np.empty(len(self.edges), dtype=object)
        found[:] = [shapely.LineString(e.xy) for e in self.edges]
        return found

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.lines)

    def point(self, position: Position) -> tuple[float, float]:
        """Longitude and latitude of a place on the network."""
        return self.edges[position.edge].point(position.chainage_m)

    def snap(
        self, lon: float, lat: float, *, max_m: float, name: str | None = None, edges: Sequence[int] | None = None
    ) -> Position | None:
        """
        The place on the network nearest to a point, or None if none is within ``max_m``.

        Parameters
        ----------
        lon, lat
            EPSG:4490, degrees.
        max_m
            Geodesic metres.
        name
            Only the river of this name.
        edges
            Only these edges.

        Examples
        --------
        >>> from spatial.network.building import RiverLine, build
        >>> river = build([RiverLine(id="1", geometry=shapely.LineString([(117, 49), (117, 49.1)]))])
        >>> found = river.snap(117.001, 49.05, max_m=100)
        >>> round(found.offset_m, 1), round(found.chainage_m)
        (73.1, 5561)
        """
        kept = None if edges is None else set(edges)
        best: Position | None = None
        for contact in self.contacts(shapely.Point(lon, lat), max_m=max_m):
            edge = self.edges[contact.edge]
            if (name is not None and edge.name != name) or (kept is not None and contact.edge not in kept):
                continue
            if best is None or contact.distance_m < best.offset_m:
                best = Position(edge=contact.edge, chainage_m=contact.from_m, offset_m=contact.distance_m)
        return best

    def contacts(self, geometry: BaseGeometry, *, max_m: float) -> tuple[Contact, ...]:
        """
        Where a geometry meets the network, or comes within ``max_m`` of it: one an edge, the nearest first.

        Parameters
        ----------
        geometry
            EPSG:4490.
        max_m
            Geodesic metres.
        """
        if not self.edges or geometry.is_empty:
            return ()
        near = self._tree.query(shapely.box(*widened(bounds_of(geometry), max_m)))
        found = [self._contact(int(number), geometry) for number in sorted(near)]
        return tuple(sorted((c for c in found if c.distance_m <= max_m), key=lambda c: (c.distance_m, c.edge)))

    def _contact(self, number: int, geometry: BaseGeometry) -> Contact:
        edge, line = self.edges[number], self.lines[number]
        if shapely.intersects(line, geometry):
            common = shapely.get_coordinates(shapely.intersection(line, geometry))
            at = [self.chainage(edge, x, y) for x, y in common.tolist()]
            return Contact(edge=number, from_m=min(at), to_m=max(at), distance_m=0.0)
        lon, lat = (float(v) for v in shapely.get_coordinates(shapely.centroid(geometry))[0])
        foot = (lon, lat)
        for _ in range(3):  # the frame moves to the nearest pair, where it is true
            frame = Frame.at(*foot)
            pair = frame.to_degrees(shapely.shortest_line(frame.to_plane(geometry), frame.to_plane(line)))
            (lon, lat), (x, y) = shapely.get_coordinates(pair).tolist()
            foot = (x, y)
        metres = float(distance_bearing(lon, lat, *foot)[0])
        at_m = self.chainage(edge, *foot)
        return Contact(edge=number, from_m=at_m, to_m=at_m, distance_m=metres)

    @staticmethod
    def chainage(edge: Edge, lon: float, lat: float) -> float:
        """Metres from the start of an edge to its point nearest to a place that lies on or beside it."""
        return nearest_chainage(edge.xy, edge.along_m, lon, lat)


def nearest_chainage(xy: NDArray[np.float64], along_m: NDArray[np.float64], lon: float, lat: float) -> float:
    """Metres along a line to its point nearest to a place close by; ``along_m`` are those of its vertices."""
    frame = Frame.at(lon, lat)
    plane = (xy - [lon, lat]) * [frame.kx, frame.ky]
    start, step = plane[:-1], np.diff(plane, axis=0)
    square = (step**2).sum(axis=1)
    share = np.clip(-(start * step).sum(axis=1) / np.where(square > 0, square, 1.0), 0.0, 1.0)
    off = ((start + share[:, None] * step) ** 2).sum(axis=1)
    best = int(np.argmin(off))
    return float(along_m[best] + share[best] * (along_m[best + 1] - along_m[best]))
