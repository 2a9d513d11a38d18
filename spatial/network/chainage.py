"""
Places on a river that are given by kilometres from its mouth or source, by a place beside it, or by coordinates.

Each comes with how far it may be off, at 95 %: along the river and across it; the sum in squares bounds the distance
between the place found and the true one, since a way along a river is never shorter than the straight one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from spatial.errors import UnknownRiverError
from spatial.measure import distance_bearing
from spatial.network.flow import Broken, downstream
from spatial.network.graph import Position
from spatial.overlay.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spatial.network.graph import Network

__all__ = ["LENGTH_SHARE", "NotFound", "Origin", "Placed", "at_chainage", "at_coordinates", "at_place", "river_edges"]

Origin = Literal["mouth", "source"]
LENGTH_SHARE = 0.05
"""Two maps of a river differ in its length by up to this share, 95 %: an assumption that the user may replace."""
_RINGS = (0.25, 0.5, 0.75, 1.0)
_BEARINGS = 24


@dataclass(frozen=True, kw_only=True)
class Placed:
    """
    A place on a river.

    ``along_m`` and ``across_m`` are 95 % figures in metres; `accuracy_m` is the root of the sum of their squares.
    """

    position: Position
    lon: float
    lat: float
    along_m: float
    across_m: float

    @property
    def accuracy_m(self) -> float:
        """95 %, metres, in any direction."""
        return math.hypot(self.along_m, self.across_m)


@dataclass(frozen=True, kw_only=True)
class NotFound:
    """
    Why there is no such place on the river.

    ``code``: ``river_broken`` (with ``broken``), ``several_ends``, ``end_not_in_data``, ``beyond_river``, ``in_braid``,
    ``too_far``.
    """

    code: str
    detail: str = ""
    broken: Broken | None = None


def river_edges(network: Network, name: str) -> frozenset[int]:
    """
    The edges of a river.

    Raises
    ------
    UnknownRiverError
        No line has that name.
    """
    found = frozenset(n for n, e in enumerate(network.edges) if e.name == name)
    if not found:
        raise UnknownRiverError(name=name, known=network.names)
    return found


def at_chainage(
    network: Network,
    name: str,
    metres: float,
    *,
    origin: Origin,
    chainage_m: float,
    across_m: float,
    length_share: float = LENGTH_SHARE,
) -> Placed | NotFound:
    """
    The place at some metres along a named river from its mouth or its source.

    The mouth is where the lines of that name stop and the water goes on into another river, or a stated end; the
    source is where others join to make it, or a stated source. Where lines merely stop there is neither.

    Parameters
    ----------
    network
        With directions.
    name
        Of the river.
    metres
        Along the river, at least 0.
    origin
        From where it is counted.
    chainage_m
        What the figure itself may be off, 95 %: half a unit of its last digit at least.
    across_m
        Accuracy of the river lines, 95 %.
    length_share
        Share by which the length of the river on another map may differ, 95 %.

    Returns
    -------
    found
        ``along_m`` is the root of the squares of ``chainage_m``, of the share of the length measured and of what
        braids passed on the way leave open.

    Raises
    ------
    UnknownRiverError
        No line has that name.

    Examples
    --------
    >>> import shapely
    >>> from spatial.network.building import RiverLine, StatedEnd, build
    >>> line = RiverLine(id="1", geometry=shapely.LineString([(117, 49), (117, 49.1)]), name="甲河", flow="along")
    >>> river = build([line], ends=[StatedEnd(lon=117, lat=49.1, kind="mouth")])
    >>> found = at_chainage(river, "甲河", 4000, origin="mouth", chainage_m=50, across_m=10)
    >>> round(found.position.chainage_m), round(found.along_m, 2)  # root of 50² + (0.05 · 4000)²
    (7121, 206.16)
    """
    edges = river_edges(network, name)
    start = _origin(network, edges, origin)
    if isinstance(start, NotFound):
        return start
    reached = _along(network, edges, start, down=origin == "source")
    if isinstance(reached, NotFound):
        return reached
    found = _candidates(network, edges, reached, metres, down=origin == "source")
    if not found:
        farthest = max(low for low, _ in reached.values())
        return NotFound(code="beyond_river", detail=f"the lines reach {farthest / 1000:.3f} km")
    position = found[0][0]
    if not all(_in_line(network, position, other) for other, _ in found[1:]):
        return NotFound(code="in_braid", detail=f"{len(found)} channels lie at {metres / 1000:.3f} km")
    lon, lat = network.point(position)
    along = math.hypot(chainage_m, length_share * metres, max(open_m for _, open_m in found))
    return Placed(position=position, lon=lon, lat=lat, along_m=along, across_m=across_m)


def _origin(network: Network, edges: frozenset[int], origin: Origin) -> int | NotFound:
    """The node where the named river ends or begins."""
    down = origin == "mouth"
    own = [network.edges[n] for n in edges]
    undirected = next((e for e in own if not e.directed), None)
    if undirected is not None:
        lon, lat = undirected.point(undirected.length_m / 2)
        broken = Broken(code="not_directed", lon=lon, lat=lat, distance_m=0.0)
        return NotFound(code="river_broken", detail=f"line {undirected.line} has no direction", broken=broken)
    starts, ends = {e.start for e in own}, {e.end for e in own}
    outer = sorted(ends - starts if down else starts - ends)
    if len(outer) != 1:
        shown = ", ".join(f"{network.nodes[n].lon:.4f} {network.nodes[n].lat:.4f}" for n in outer)
        return NotFound(code="several_ends", detail=f"{len(outer)} ends: {shown}")
    node = outer[0]
    stated = network.nodes[node].end in (("mouth", "sink") if down else ("source",))
    onward = network.out_edges[node] if down else network.in_edges[node]
    natural = not down and network.natural_heads and node not in network.loose and not network.open_edges[node]
    if not (stated or onward or natural):
        place = network.nodes[node]
        return NotFound(code="end_not_in_data", detail=f"the lines stop at {place.lon:.4f} {place.lat:.4f}")
    return node


def _along(
    network: Network, edges: frozenset[int], start: int, *, down: bool
) -> dict[int, tuple[float, float]] | NotFound:
    """Of the nodes of a river: shortest and longest way from its origin along it."""
    own: dict[int, list[int]] = {}
    for number in edges:
        edge = network.edges[number]
        own.setdefault(edge.start if down else edge.end, []).append(number)
        if {edge.start, edge.end} <= network.cyclic:
            place = network.nodes[edge.start]
            broken = Broken(code="cycle", lon=place.lon, lat=place.lat, distance_m=0.0)
            return NotFound(code="river_broken", detail="its directions lead round in a circle", broken=broken)
    waiting: dict[int, int] = {}
    seen, ahead = {start}, [start]
    while ahead:
        for number in own.get(ahead.pop(), ()):
            far = network.edges[number].end if down else network.edges[number].start
            waiting[far] = waiting.get(far, 0) + 1
            if far not in seen:
                seen.add(far)
                ahead.append(far)
    found = {start: (0.0, 0.0)}
    ready = [start]
    while ready:
        node = ready.pop()
        low, high = found[node]
        for number in sorted(own.get(node, ())):
            edge = network.edges[number]
            far = edge.end if down else edge.start
            a, b = found.get(far, (math.inf, 0.0))
            found[far] = (min(a, low + edge.length_m), max(b, high + edge.length_m))
            waiting[far] -= 1
            if waiting[far] == 0:
                ready.append(far)
    return found


def _candidates(
    network: Network, edges: frozenset[int], reached: dict[int, tuple[float, float]], metres: float, *, down: bool
) -> list[tuple[Position, float]]:
    """Where the river may be at some metres, by the shortest way on each edge, and what braids passed leave open."""
    found = []
    for number in sorted(edges):
        edge = network.edges[number]
        near = edge.start if down else edge.end
        if near not in reached:
            continue
        low, high = reached[near]
        if low <= metres <= high + edge.length_m:
            ahead = min(metres - low, edge.length_m)
            at = ahead if down else edge.length_m - ahead
            found.append((Position(edge=number, chainage_m=at), high - low))
    return found


def _in_line(network: Network, one: Position, two: Position) -> bool:
    """Whether one of two places is downstream of the other, not beside it in another channel."""
    return downstream(network, one).to(two) is not None or downstream(network, two).to(one) is not None


def at_place(
    network: Network, name: str, lon: float, lat: float, *, place_m: float, max_m: float, across_m: float
) -> Placed | NotFound:
    """
    The place on a named river that is nearest to a place beside it.

    Parameters
    ----------
    network
        Directions are not needed.
    name
        Of the river.
    lon, lat
        The place, EPSG:4490.
    place_m
        Its accuracy, 95 %.
    max_m
        Farther from the river it does not name a place on it.
    across_m
        Accuracy of the river lines, 95 %.

    Returns
    -------
    found
        ``along_m`` is the root of the squares of the distance from the place to the river (a section called after a
        place may lie as far up or down as the place lies aside) and of the farthest that the nearest point moves when
        the place moves by its accuracy: in a bend that is more than the accuracy.

    Raises
    ------
    UnknownRiverError
        No line has that name.
    """
    edges = river_edges(network, name)
    foot = network.snap(lon, lat, max_m=max_m, edges=tuple(edges))
    if foot is None:
        return NotFound(code="too_far", detail=f"more than {max_m:g} m from the river")
    at = network.point(foot)
    moved = place_m
    frame = Frame.at(lon, lat)
    for x, y in _around(place_m):
        shifted = network.snap(
            lon + x / frame.kx, lat + y / frame.ky, max_m=foot.offset_m + 2 * place_m + 1, edges=tuple(edges)
        )
        if shifted is not None:
            moved = max(moved, float(distance_bearing(*at, *network.point(shifted))[0]))
    along = math.hypot(moved, foot.offset_m)
    return Placed(position=foot, lon=at[0], lat=at[1], along_m=along, across_m=across_m)


def _around(radius_m: float) -> Iterable[tuple[float, float]]:
    angles = np.arange(_BEARINGS) * (2 * math.pi / _BEARINGS)
    return ((r * radius_m * math.cos(a), r * radius_m * math.sin(a)) for r in _RINGS for a in angles.tolist())


def at_coordinates(
    network: Network, lon: float, lat: float, *, point_m: float, max_m: float, across_m: float, name: str | None = None
) -> Placed | NotFound:
    """
    The place on the network (or on one river) nearest to coordinates.

    ``along_m`` is the root of the squares of the accuracy of the coordinates, ``point_m``, and of their distance from
    the river, which shows how far coordinates and line disagree.

    Raises
    ------
    UnknownRiverError
        No line has that name.
    """
    edges = None if name is None else tuple(river_edges(network, name))
    foot = network.snap(lon, lat, max_m=max_m, edges=edges)
    if foot is None:
        return NotFound(code="too_far", detail=f"more than {max_m:g} m from the river")
    x, y = network.point(foot)
    return Placed(position=foot, lon=x, lat=y, along_m=math.hypot(point_m, foot.offset_m), across_m=across_m)
