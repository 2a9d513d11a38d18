"""
Lines become a network: loose ends joined within a tolerance, lines parted where others join them, directions settled.

What does not fit is kept as a fact; nothing is bridged and no direction is made up.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.ellipsoid import geod
from spatial.errors import NetworkError
from spatial.measure import distance_bearing
from spatial.network.directions import Directions, Drawn, settle
from spatial.network.facts import facts_of
from spatial.network.graph import Edge, EndKind, Fact, Network, Node, nearest_chainage
from spatial.overlay.frame import Frame, bounds_of, widened

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

__all__ = ["GAP_M", "TOLERANCE_M", "RiverLine", "StatedEnd", "build"]

TOLERANCE_M = 10.0
"""Ends nearer than this are one place, unless the user says otherwise."""
GAP_M = 200.0
"""A loose end this near to another line is a gap, not an end of the river."""
_STEP_DEG = 0.05


@dataclass(frozen=True, kw_only=True)
class RiverLine:
    """
    One line as the user has it.

    Parameters
    ----------
    id
        Of the feature.
    geometry
        LineString or MultiLineString, EPSG:4490.
    name
        Of the river, or None.
    flags
        Any of ``reservoir``, ``dry``, ``canal``.
    flow
        What a column says: ``along`` the line as drawn, ``against`` it, or None.
    from_node, to_node
        What columns say of the nodes at its upper and lower end, or None.
    """

    id: str
    geometry: BaseGeometry
    name: str | None = None
    flags: tuple[str, ...] = ()
    flow: str | None = None
    from_node: str | None = None
    to_node: str | None = None


@dataclass(frozen=True, kw_only=True)
class StatedEnd:
    """What the user states of the end of a line nearest to a point (EPSG:4490)."""

    lon: float
    lat: float
    kind: EndKind


@dataclass(kw_only=True)
class _Part:
    """A single line of a feature, as drawn, with what is said of it."""

    line: RiverLine
    xy: NDArray[np.float64]
    along_m: NDArray[np.float64]
    cuts: list[float] = field(default_factory=list)
    crossings: list[float] = field(default_factory=list)


def build(
    lines: Sequence[RiverLine],
    *,
    directions: Directions | None = None,
    ends: Sequence[StatedEnd] = (),
    reservoirs: Sequence[BaseGeometry] = (),
    tolerance_m: float = TOLERANCE_M,
    gap_m: float = GAP_M,
    natural_heads: bool = False,
) -> Network:
    """
    The network of some lines.

    Use it for any line layer; what its columns mean is said in each `RiverLine`.

    Parameters
    ----------
    lines
        EPSG:4490. Edges are straight in longitude and latitude between vertices; lengths are geodesic.
    directions
        What else settles which way edges flow. Two statements that contradict each other settle nothing.
    ends
        Stated ends: an end of a line with none is never taken for the end of a river.
    reservoirs
        Polygons of reservoirs and lakes, EPSG:4490: edges that meet one are flagged, loose ends in or beside one
        (within ``gap_m``) are ends at a reservoir.
    tolerance_m
        Ends within this distance of each other, or of the inside of another line, are joined. Lines that cross without
        an end there are not.
    gap_m
        A loose end this near to another line is a gap.
    natural_heads
        The user states that lines begin at natural heads.

    Raises
    ------
    NetworkError
        There is no line, or a tolerance is not above 0 and below ``gap_m``.

    Examples
    --------
    >>> main = RiverLine(id="1", geometry=shapely.LineString([(117, 49), (117.2, 49)]), name="干流", flow="along")
    >>> side = RiverLine(id="2", geometry=shapely.LineString([(117.1, 49.1), (117.1, 49)]), name="支流", flow="along")
    >>> found = build([main, side], ends=[StatedEnd(lon=117.2, lat=49, kind="mouth")])
    >>> len(found.edges), [f.code for f in found.facts]
    (3, [])
    """
    if not 0 < tolerance_m < gap_m:
        raise NetworkError(
            code="tolerance",
            detail=f"the snap tolerance is {tolerance_m:g} m and gaps reach to {gap_m:g} m",
            remedy="give a tolerance above 0 and below the width of gaps",
        )
    parts, facts = _parts(lines, tolerance_m)
    if not parts:
        raise NetworkError(
            code="no_lines", detail="there is no line to make a river graph of", remedy="name a layer of lines"
        )
    _cut(parts, tolerance_m)
    edges, of_part = _edges(parts)
    edges, nodes, moved_m = _joined(edges, tolerance_m)
    edges, drawn, more = _without_duplicates(edges, [parts[p] for p in of_part], nodes, tolerance_m)
    facts += more
    nodes, more = _stated(nodes, edges, ends, max(gap_m, tolerance_m))
    facts += more
    edges = [_flagged(edge, reservoirs) for edge in edges]
    edges, more = settle(edges, nodes, drawn, directions or Directions())
    facts += more
    whole = Network(
        nodes=tuple(nodes),
        edges=tuple(edges),
        tolerance_m=tolerance_m,
        gap_m=gap_m,
        largest_snap_m=moved_m,
        natural_heads=natural_heads,
    )
    loose, beside, found = facts_of(whole, reservoirs)
    return replace(whole, facts=tuple(sorted(facts + found, key=lambda f: f.code)), loose=loose, beside=beside)


def _parts(lines: Sequence[RiverLine], tolerance_m: float) -> tuple[list[_Part], list[Fact]]:
    parts, facts = [], []
    for line in lines:
        for piece in shapely.get_parts(shapely.force_2d(line.geometry)):
            if shapely.get_type_id(piece) not in (1, 2) or piece.is_empty:
                continue
            xy = shapely.get_coordinates(shapely.segmentize(shapely.LineString(piece.coords), _STEP_DEG))
            xy = xy[np.concatenate([[True], (np.diff(xy, axis=0) != 0).any(axis=1)])]
            along = _along(xy) if len(xy) > 1 else np.zeros(1)
            if along[-1] <= tolerance_m:
                facts.append(Fact(code="too_short", lon=float(xy[0, 0]), lat=float(xy[0, 1]), detail=line.id))
                continue
            parts.append(_Part(line=line, xy=xy, along_m=along))
    return parts, facts


def _along(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    steps = distance_bearing(xy[:-1, 0], xy[:-1, 1], xy[1:, 0], xy[1:, 1])[0]
    return np.concatenate([[0.0], np.cumsum(steps)])


def _cut(parts: list[_Part], tolerance_m: float) -> None:
    """Note on every part where an end of another meets its inside, and where it is crossed without an end there."""
    shapes: list[Any] = [shapely.LineString(p.xy) for p in parts]
    tree = shapely.STRtree(shapes)
    for number, part in enumerate(parts):
        for end in (part.xy[0], part.xy[-1]):
            point = shapely.Point(end)
            for other in tree.query(shapely.box(*widened(bounds_of(point), tolerance_m))):
                if other == number:
                    continue
                frame = Frame.at(*end)
                line = frame.to_plane(shapes[other])
                if shapely.distance(line, shapely.Point(0, 0)) > tolerance_m:
                    continue
                at = nearest_chainage(parts[other].xy, parts[other].along_m, *end.tolist())
                if tolerance_m < at < parts[other].along_m[-1] - tolerance_m:
                    parts[other].cuts.append(at)
    for one, two in tree.query(shapes, predicate="intersects").T.tolist():
        if one < two:
            _note_crossings(parts[one], parts[two], shapely.intersection(shapes[one], shapes[two]), tolerance_m)


def _note_crossings(one: _Part, two: _Part, common: Any, tolerance_m: float) -> None:
    for x, y in shapely.get_coordinates(common).tolist():
        at = [nearest_chainage(part.xy, part.along_m, x, y) for part in (one, two)]
        joined = [
            any(abs(a - c) <= 2 * tolerance_m for c in (0.0, part.along_m[-1], *part.cuts))
            for a, part in zip(at, (one, two), strict=True)
        ]
        if not all(joined):
            one.crossings.append(at[0])
            two.crossings.append(at[1])


def _edges(parts: list[_Part]) -> tuple[list[Edge], list[int]]:
    """The parts between their cuts; nodes are numbered later (2i and 2i + 1 stand for the ends of edge i)."""
    edges: list[Edge] = []
    of_part = []
    for number, part in enumerate(parts):
        cuts: list[float] = []
        for at in sorted(part.cuts):
            if not cuts or at - cuts[-1] > 1e-3:
                cuts.append(at)
        for low, high in zip([0.0, *cuts], [*cuts, float(part.along_m[-1])], strict=True):
            inside = (part.along_m > low + 1e-6) & (part.along_m < high - 1e-6)
            along = np.concatenate([[low], part.along_m[inside], [high]])
            xy = np.column_stack([np.interp(along, part.along_m, part.xy[:, k]) for k in (0, 1)])
            edges.append(
                Edge(
                    start=2 * len(edges),
                    end=2 * len(edges) + 1,
                    xy=xy,
                    along_m=along - low,
                    line=part.line.id,
                    name=part.line.name,
                    flags=tuple(sorted(set(part.line.flags))),
                    crossings_m=tuple(sorted(a - low for a in set(part.crossings) if low <= a <= high)),
                )
            )
            of_part.append(number)
    return edges, of_part


def _joined(edges: list[Edge], tolerance_m: float) -> tuple[list[Edge], list[Node], float]:
    """Ends within the tolerance made one node, at the first of them; edges moved there."""
    ends = np.array([xy for edge in edges for xy in (edge.xy[0], edge.xy[-1])])
    tree = shapely.STRtree(list(shapely.points(ends)))  # type: ignore[arg-type]
    parent = list(range(len(ends)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    boxes = [shapely.box(*widened((x, y, x, y), tolerance_m)) for x, y in ends.tolist()]
    pairs = tree.query(boxes)
    pairs = pairs[:, pairs[0] < pairs[1]]
    if pairs.size:
        metres = geod().inv(*ends[pairs[0]].T.copy(), *ends[pairs[1]].T.copy())[2]
        for i, j in pairs[:, np.asarray(metres) <= tolerance_m].T.tolist():
            a, b = root(i), root(j)
            parent[max(a, b)] = min(a, b)
    roots = [root(i) for i in range(len(ends))]
    number = {r: n for n, r in enumerate(dict.fromkeys(roots))}
    nodes = [Node(lon=float(ends[r, 0]), lat=float(ends[r, 1])) for r in number]
    moved = 0.0
    kept = []
    for i, edge in enumerate(edges):
        start, end = roots[2 * i], roots[2 * i + 1]
        xy = edge.xy.copy()
        if (xy[0] != ends[start]).any() or (xy[-1] != ends[end]).any():
            shift = distance_bearing(*xy[0], *ends[start])[0], distance_bearing(*xy[-1], *ends[end])[0]
            moved = max(moved, *map(float, shift))
            xy[0], xy[-1] = ends[start], ends[end]
            edge = replace(edge, xy=xy, along_m=_along(xy))  # noqa: PLW2901 - the same edge, moved
        kept.append(replace(edge, start=number[start], end=number[end]))
    return kept, nodes, moved


def _without_duplicates(
    edges: list[Edge], of_part: list[_Part], nodes: list[Node], tolerance_m: float
) -> tuple[list[Edge], list[list[Drawn]], list[Fact]]:
    """Edges that lie on each other count once, heard by what is said of each; those shorter than nothing, not."""
    kept: list[Edge] = []
    drawn: list[list[Drawn]] = []
    facts = []
    seen: dict[tuple[int, int], list[int]] = defaultdict(list)
    for edge, part in zip(edges, of_part, strict=True):
        key = (min(edge.start, edge.end), max(edge.start, edge.end))
        place = nodes[edge.start]
        if edge.start == edge.end and edge.length_m <= 2 * tolerance_m:
            facts.append(Fact(code="too_short", lon=place.lon, lat=place.lat, detail=edge.line))
            continue
        same = next((n for n in seen[key] if _lies_on(edge, kept[n], tolerance_m)), None)
        said = Drawn(line=part.line, part=id(part), xy=part.xy, sign=1)
        if same is not None:
            facts.append(Fact(code="duplicate", lon=place.lon, lat=place.lat, edges=(same,), detail=edge.line))
            drawn[same].append(replace(said, sign=1 if kept[same].start == edge.start else -1))
            continue
        seen[key].append(len(kept))
        kept.append(edge)
        drawn.append([said])
    used = sorted({n for e in kept for n in (e.start, e.end)})
    number = {old: new for new, old in enumerate(used)}
    nodes[:] = [nodes[old] for old in used]
    return [replace(e, start=number[e.start], end=number[e.end]) for e in kept], drawn, facts


def _lies_on(one: Edge, two: Edge, tolerance_m: float) -> bool:
    frame = Frame.at(*one.xy[0])
    first, second = (frame.to_plane(shapely.LineString(e.xy)) for e in (one, two))
    return bool(shapely.hausdorff_distance(first, second, densify=0.25) <= tolerance_m)


def _stated(
    nodes: list[Node], edges: Iterable[Edge], ends: Sequence[StatedEnd], reach_m: float
) -> tuple[list[Node], list[Fact]]:
    """Stated ends put on the nearest loose end, else on the nearest node, within the width of a gap."""
    degree = np.zeros(len(nodes), dtype=int)
    for edge in edges:
        degree[edge.start] += 1
        degree[edge.end] += 1
    found = list(nodes)
    facts = []
    for stated in ends:
        metres = distance_bearing([n.lon for n in nodes], [n.lat for n in nodes], stated.lon, stated.lat)[0]
        near = np.flatnonzero(metres <= reach_m)
        if not len(near):
            facts.append(Fact(code="end_not_matched", lon=stated.lon, lat=stated.lat, detail=stated.kind))
            continue
        best = min(near.tolist(), key=lambda n: (degree[n] > 1, metres[n]))
        found[best] = replace(found[best], end=stated.kind)
    return found, facts


def _flagged(edge: Edge, reservoirs: Sequence[BaseGeometry]) -> Edge:
    line = shapely.LineString(edge.xy)
    if "reservoir" in edge.flags or not any(shapely.intersects(line, r) for r in reservoirs):
        return edge
    return replace(edge, flags=tuple(sorted({*edge.flags, "reservoir"})))
