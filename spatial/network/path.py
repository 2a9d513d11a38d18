"""
The way along a network from one place down to another: how far, over which stretches, or that there is none.

Made of the walks of `spatial.network.flow`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spatial.network.flow import Broken, Stretch, downstream

if TYPE_CHECKING:
    from spatial.network.flow import Walk
    from spatial.network.graph import Network, Position

__all__ = ["Apart", "Path", "distance_along", "reach_between"]


@dataclass(frozen=True, kw_only=True)
class Path:
    """
    The way from one place down to another.

    ``shortest_m`` and ``longest_m`` differ where channels part and meet again. ``flags`` are those of the edges that a
    way may take (``dry``, ``reservoir``, ``canal``). ``breaks`` are met on the way at a branch of which it is not
    known whether it leads there too.
    """

    shortest_m: float
    longest_m: float
    flags: tuple[str, ...] = ()
    breaks: tuple[Broken, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Apart:
    """It is known that the second place is not downstream of the first; ``upstream``: the first is downstream of it."""

    upstream: bool = False


def distance_along(network: Network, start: Position, end: Position) -> Path | Apart | Broken:
    """
    The way along the river from one place down to another.

    Parameters
    ----------
    network
        The rivers.
    start, end
        Places on it (`Network.snap`).

    Returns
    -------
    found
        `Path` if ``end`` is downstream of ``start``; `Apart` if it is known not to be; `Broken`, with the nearest
        break, where that cannot be told.

    Examples
    --------
    >>> import shapely
    >>> from spatial.network.building import RiverLine, build
    >>> from spatial.network.graph import Position
    >>> rivers = build([RiverLine(id="1", geometry=shapely.LineString([(117, 49), (117, 49.1)]), flow="along")])
    >>> distance_along(rivers, Position(edge=0, chainage_m=1000.0), Position(edge=0, chainage_m=4000.0)).shortest_m
    3000.0
    """
    walk = downstream(network, start)
    found = walk.to(end)
    if found is not None:
        shortest, longest = found
        before = tuple(
            b for b in walk.breaks if b.distance_m <= longest and not (b.edge == end.edge and b.distance_m > shortest)
        )
        used = _edges_between(walk, end)
        flags = {flag for number in used for flag in network.edges[number].flags}
        return Path(shortest_m=shortest, longest_m=longest, flags=tuple(sorted(flags)), breaks=before)
    there = network.edges[end.edge]
    if not there.directed:
        lon, lat = network.point(end)
        return Broken(code="not_directed", lon=lon, lat=lat, distance_m=0.0, edge=end.edge)
    if not walk.breaks:
        return Apart()
    back = downstream(network, end)
    if back.to(start) is not None:
        return Apart(upstream=True)
    return walk.breaks[0]


def reach_between(network: Network, start: Position, end: Position) -> tuple[Stretch, ...] | Apart | Broken:
    """
    Every stretch of river that a way from one place down to another may take, in order of distance.

    Examples
    --------
    >>> import shapely
    >>> from spatial.network.building import RiverLine, build
    >>> from spatial.network.graph import Position
    >>> rivers = build([RiverLine(id="1", geometry=shapely.LineString([(117, 49), (117, 49.1)]), flow="along")])
    >>> found = reach_between(rivers, Position(edge=0, chainage_m=1000.0), Position(edge=0, chainage_m=4000.0))
    >>> [(s.edge, s.from_m, s.to_m) for s in found]
    [(0, 1000.0, 4000.0)]
    """
    found = distance_along(network, start, end)
    if not isinstance(found, Path):
        return found
    walk = downstream(network, start)
    stretches = []
    for number in _edges_between(walk, end):
        first, last = number == start.edge, number == end.edge
        low, high = start.chainage_m if first else 0.0, end.chainage_m if last else network.edges[number].length_m
        metres = 0.0 if first else walk.nodes[network.edges[number].start][0]
        stretches.append(Stretch(edge=number, from_m=low, to_m=high, shortest_m=metres))
    return tuple(sorted(stretches, key=lambda s: (s.shortest_m, s.edge)))


def _edges_between(walk: Walk, end: Position) -> set[int]:
    """Every edge that a way from the start of a walk down to a place it reaches may take."""
    network = walk.network
    used = {walk.start.edge, end.edge}
    if walk.start.edge == end.edge:
        return used
    seen: set[int] = set()
    behind = [network.edges[end.edge].start]
    while behind:
        node = behind.pop()
        if node in seen:
            continue
        seen.add(node)
        for number in network.in_edges[node]:
            start = network.edges[number].start
            if start in walk.nodes:
                used.add(number)
                behind.append(start)
    return used
