"""
What lies down- and upstream of a place on a network, how far along it, and where the answer breaks off.

A walk ends at a *stated* end, or it breaks: nothing is concluded from a line that merely stops.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import shapely

    from spatial.network.graph import EndKind, Network, Position

__all__ = ["Broken", "Ending", "Stretch", "Walk", "downstream", "upstream"]


@dataclass(frozen=True, kw_only=True)
class Broken:
    """
    Where and why an answer breaks off.

    ``code`` is one of `spatial.network.graph.BREAKS`; ``distance_m`` the shortest way along the river to that place.
    """

    code: str
    lon: float
    lat: float
    distance_m: float
    edge: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; degrees to 1e-7, decimetres."""
        place = {"lon": round(self.lon, 7), "lat": round(self.lat, 7)}
        return {"code": self.code, **place, "distance_m": round(self.distance_m, 1)}


@dataclass(frozen=True, kw_only=True)
class Ending:
    """A stated end that a walk reaches, and the shortest and longest way there."""

    kind: EndKind
    node: int
    shortest_m: float
    longest_m: float


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Part of an edge, in metres from its start, and the shortest way from where the walk began to its near end."""

    edge: int
    from_m: float
    to_m: float
    shortest_m: float


@dataclass(frozen=True, kw_only=True)
class Walk:
    """
    Everything reached from a place, down or up.

    Parameters
    ----------
    start
        The place.
    down
        The way it goes.
    nodes
        Of each node reached: the shortest and the longest way, metres.
    breaks
        Where it breaks off, the nearest first.
    endings
        The stated ends reached, the nearest first.
    """

    network: Network
    start: Position
    down: bool
    nodes: dict[int, tuple[float, float]]
    breaks: tuple[Broken, ...]
    endings: tuple[Ending, ...]

    def to(self, position: Position) -> tuple[float, float] | None:
        """
        Shortest and longest way to a place, or None if the walk does not reach it.

        A place on an edge of no known direction is not reached.
        """
        here, there = self.start, position
        edge = self.network.edges[there.edge]
        if {edge.start, edge.end} <= self.network.cyclic:
            return None
        if here.edge == there.edge:
            ahead = (there.chainage_m - here.chainage_m) * (1 if self.down else -1)
            if ahead == 0 or (ahead > 0 and edge.directed):
                return ahead, ahead
        if not edge.directed:
            return None
        near = edge.start if self.down else edge.end
        found = self.nodes.get(near)
        if found is None or near in self.network.cyclic:
            return None
        more = there.chainage_m if self.down else edge.length_m - there.chainage_m
        return found[0] + more, found[1] + more

    def within(self, metres: float) -> tuple[Stretch, ...]:
        """The river within a distance along it (shortest way), in order of distance."""
        edge = self.network.edges[self.start.edge]
        if not edge.directed:
            return ()
        at = self.start.chainage_m
        low, high = (at, min(edge.length_m, at + metres)) if self.down else (max(0.0, at - metres), at)
        found = [Stretch(edge=self.start.edge, from_m=low, to_m=high, shortest_m=0.0)]
        for node, (shortest, _) in self.nodes.items():
            if shortest > metres or node in self.network.cyclic:
                continue
            left = metres - shortest
            for number in _ahead(self.network, node, down=self.down):
                length = self.network.edges[number].length_m
                low, high = (0.0, min(length, left)) if self.down else (max(0.0, length - left), length)
                found.append(Stretch(edge=number, from_m=low, to_m=high, shortest_m=shortest))
        return tuple(sorted(found, key=lambda s: (s.shortest_m, s.edge)))

    def lines_within(self, metres: float) -> list[shapely.LineString]:
        """The same as lines of EPSG:4490, running downstream."""
        return [self.network.edges[s.edge].between(s.from_m, s.to_m) for s in self.within(metres)]

    def breaks_within(self, metres: float) -> tuple[Broken, ...]:
        """The breaks met within a distance along the river."""
        return tuple(b for b in self.breaks if b.distance_m <= metres)


def downstream(network: Network, position: Position) -> Walk:
    """
    Everything downstream of a place, and where that breaks off.

    Examples
    --------
    >>> import shapely
    >>> from spatial.network.building import RiverLine, StatedEnd, build
    >>> from spatial.network.graph import Position
    >>> line = RiverLine(id="1", geometry=shapely.LineString([(117, 49), (117, 49.1)]), flow="along")
    >>> mouth = StatedEnd(lon=117, lat=49.1, kind="mouth")
    >>> walk = downstream(build([line], ends=[mouth]), Position(edge=0, chainage_m=1000.0))
    >>> [(e.kind, round(e.shortest_m)) for e in walk.endings], walk.breaks
    ([('mouth', 10121)], ())
    >>> [b.code for b in downstream(build([line]), Position(edge=0, chainage_m=1000.0)).breaks]
    ['dead_end']
    """
    return _walk(network, position, down=True)


def upstream(network: Network, position: Position) -> Walk:
    """Everything upstream of a place; it breaks off at a head that nobody states (see ``Network.natural_heads``)."""
    return _walk(network, position, down=False)


def _ahead(network: Network, node: int, *, down: bool) -> tuple[int, ...]:
    return network.out_edges[node] if down else network.in_edges[node]


def _walk(network: Network, position: Position, *, down: bool) -> Walk:
    edge = network.edges[position.edge]
    at = network.point(position)

    def result(nodes: Any, breaks: list[Broken], endings: list[Ending]) -> Walk:
        breaks.sort(key=lambda b: (b.distance_m, b.code, b.lon, b.lat))
        endings.sort(key=lambda e: (e.shortest_m, e.node))
        return Walk(
            network=network, start=position, down=down, nodes=nodes, breaks=tuple(breaks), endings=tuple(endings)
        )

    def stop(code: str) -> Walk:
        broken = Broken(code=code, lon=at[0], lat=at[1], distance_m=0.0, edge=position.edge)
        return result({}, [broken], [])

    if not edge.directed:
        return stop("not_directed")
    if {edge.start, edge.end} <= network.cyclic:
        return stop("cycle")
    node, first = (edge.end, edge.length_m - position.chainage_m) if down else (edge.start, position.chainage_m)
    shortest = _shortest(network, node, first, down=down)
    longest = _longest(network, node, first, shortest, down=down)
    breaks = _beside(network, position, shortest, down=down)
    endings = []
    for reached, metres in shortest.items():
        found = _end_at(network, reached, down=down)
        if found in ("mouth", "sink", "border", "source"):
            endings.append(Ending(kind=found, node=reached, shortest_m=metres, longest_m=longest[reached]))  # type: ignore[arg-type]
        elif found is not None:
            place = network.nodes[reached]
            breaks.append(Broken(code=found, lon=place.lon, lat=place.lat, distance_m=metres))
    return result({n: (m, longest[n]) for n, m in shortest.items()}, breaks, endings)


def _shortest(network: Network, node: int, first: float, *, down: bool) -> dict[int, float]:
    """Dijkstra over the nodes; nothing is followed out of a circle."""
    found: dict[int, float] = {}
    heap = [(first, node)]
    while heap:
        metres, here = heapq.heappop(heap)
        if here in found:
            continue
        found[here] = metres
        if here in network.cyclic:
            continue
        for number in _ahead(network, here, down=down):
            edge = network.edges[number]
            heapq.heappush(heap, (metres + edge.length_m, edge.end if down else edge.start))
    return found


def _longest(network: Network, node: int, first: float, reached: dict[int, float], *, down: bool) -> dict[int, float]:
    """Longest ways in the order in which water passes (what is reached holds no circle but at its rim)."""
    waiting = dict.fromkeys(reached, 0)
    for here in reached:
        if here not in network.cyclic:
            for number in _ahead(network, here, down=down):
                waiting[_far(network, number, down=down)] += 1
    found = dict.fromkeys(reached, first)
    ready = [node]
    while ready:
        here = ready.pop()
        if here in network.cyclic:
            continue
        for number in _ahead(network, here, down=down):
            there = _far(network, number, down=down)
            found[there] = max(found[there], found[here] + network.edges[number].length_m)
            waiting[there] -= 1
            if waiting[there] == 0:
                ready.append(there)
    return found


def _far(network: Network, number: int, *, down: bool) -> int:
    return network.edges[number].end if down else network.edges[number].start


def _beside(network: Network, position: Position, reached: dict[int, float], *, down: bool) -> list[Broken]:
    """
    Where water may leave (or come in) beside a line: another crosses it without a junction, or begins (ends) near it
    without being joined.
    """
    found = []

    def note(number: int, metres: float, from_m: float) -> None:
        edge = network.edges[number]
        places = [("crossing", at) for at in edge.crossings_m]
        last, stop = (edge.end, edge.length_m) if down else (edge.start, 0.0)
        for at, node in network.beside.get(number, ()):
            if last in network.loose and abs(stop - at) <= network.gap_m:
                continue  # the two ends of one gap
            if network.open_edges[node] or _ahead(network, node, down=down):
                places.append(("gap", at))
        for code, at in places:
            ahead = at - from_m if down else from_m - at
            if ahead >= 0:
                lon, lat = edge.point(at)
                found.append(Broken(code=code, lon=lon, lat=lat, distance_m=metres + ahead, edge=number))

    note(position.edge, 0.0, position.chainage_m)
    for node, metres in reached.items():
        if node not in network.cyclic:
            for number in _ahead(network, node, down=down):
                note(number, metres, 0.0 if down else network.edges[number].length_m)
    return found


def _end_at(network: Network, node: int, *, down: bool) -> str | None:
    """What a walk meets at a node: a stated end, the code of a break, or None where it goes on."""
    if node in network.cyclic:
        return "cycle"
    if network.open_edges[node]:
        return "not_directed"
    if _ahead(network, node, down=down):
        return None
    stated = network.nodes[node].end
    if down and stated in ("mouth", "sink", "border"):
        return stated
    if not down and stated in ("source", "border"):
        return stated
    if node in network.loose:
        return network.loose[node]
    behind = network.in_edges[node] if down else network.out_edges[node]
    if len(behind) > 1:
        return "all_flow_in" if down else "all_flow_out"
    if down:
        return "dead_end"
    return "source" if network.natural_heads else "head_not_stated"
