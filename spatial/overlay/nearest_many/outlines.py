"""Outlines of many sites as short edges in runs that lie together, each run in a sphere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.edges import split
from spatial.overlay.nearest_many.lookup import LONGEST_M, SHORT_DEG
from spatial.overlay.nearest_many.space import Spheres, apart, chords_between, longest, place

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

__all__ = ["Outlines", "outlines_of"]

EDGES_IN_A_RUN = 32
EDGES_IN_A_CLUSTER = 4
RUN_M = 4000.0
"""A run is no longer: its sphere must say where it lies."""


@dataclass(frozen=True, kw_only=True)
class Outlines:
    """
    The outlines of some sites.

    ``edges`` is (m, 4), lon and lat of both ends: a point, and the last vertex of a line, is an edge of no length, so
    every vertex begins one. Run k holds the edges from ``start[k]`` to ``start[k + 1]`` and lies in ``runs[k]``;
    it is of the site ``site[k]``. ``spheres`` and ``half`` (m, 3) are those of the edges' chords.
    ``polygons`` are the polygons of the sites, each with its site in ``polygon_site``.
    """

    edges: Floats
    spheres: Spheres
    half: Floats
    start: Indices
    site: Indices
    runs: Spheres
    cluster_start: Indices
    clusters: Spheres
    clusters_from: Indices
    polygons: NDArray[Any]
    polygon_site: Indices

    def __len__(self) -> int:
        return len(self.site)


def outlines_of(sites: NDArray[Any]) -> Outlines:
    """
    Outlines of sites, EPSG:4490; None, an empty one, and one with a coordinate that is not finite have no run.

    Examples
    --------
    >>> found = outlines_of(np.array([shapely.Point(117.5, 49.5), shapely.box(117.5, 49.5, 117.501, 49.501)]))
    >>> len(found), len(found.edges), found.site.tolist()
    (2, 5, [0, 1])
    """
    parts, owner = sites, np.arange(len(sites))
    if shapely.is_missing(parts).any():
        parts, owner = parts[~shapely.is_missing(parts)], np.flatnonzero(~shapely.is_missing(parts))
    while (shapely.get_type_id(parts) > 3).any():
        parts, inner = shapely.get_parts(parts, return_index=True)
        owner = owner[inner]
    kept = ~shapely.is_empty(parts)
    parts, owner = parts[kept], owner[kept]
    areal = shapely.get_dimensions(parts) == 2
    rings, ring_of = shapely.get_rings(parts[areal], return_index=True)
    lines = np.concatenate([rings, parts[~areal]])
    line_site = np.concatenate([owner[areal][ring_of], owner[~areal]]).astype(np.int64)
    if not areal.all():
        order = np.argsort(line_site, kind="stable")
        lines, line_site = lines[order], line_site[order]
    xy, line = shapely.get_coordinates(lines, return_index=True)
    polygons, polygon_site = parts[areal], owner[areal].astype(np.int64)
    finite = np.isfinite(xy).all(axis=1)
    if not finite.all():
        lost = np.unique(line_site[line[~finite]])
        whole = ~np.isin(line_site[line], lost)
        xy, line = xy[whole], line[whole]
        whole = ~np.isin(polygon_site, lost)
        polygons, polygon_site = polygons[whole], polygon_site[whole]
    return _outlines(xy, line, line_site, polygons, polygon_site)


def _outlines(
    xy: Floats,
    line: Indices,
    line_site: Indices,
    polygons: NDArray[Any],
    polygon_site: Indices,
) -> Outlines:
    edges, last = _edges_along(xy, line)
    if np.abs(edges[:, 2:] - edges[:, :2]).max(initial=0.0) > SHORT_DEG:
        pieces = np.maximum(1, np.ceil(longest(edges) / LONGEST_M)).astype(np.int64)
        xy, source, _ = split(xy, pieces)
        line = line[source]
        edges, last = _edges_along(xy, line)
    ends = np.flatnonzero(last)
    begins = np.append(0, ends[:-1] + 1)[: len(ends)]
    closed = ends[(begins < ends) & (xy[begins] == xy[ends]).all(axis=1)]
    kept = np.ones(len(xy), dtype=bool)
    kept[closed] = False  # the vertex has begun an edge already
    edges, line = edges[kept], line[kept]
    where = np.stack(place(xy[:, 0], xy[:, 1]))
    spheres, half = chords_between(where[:, kept], where[:, np.arange(len(xy)) + ~last][:, kept])
    start = _run_starts(line, 2 * spheres.r)
    sizes = np.diff(np.append(start, len(edges)))
    number = -(-sizes // EDGES_IN_A_CLUSTER)
    clusters_from = np.append(0, np.cumsum(number))
    order = np.arange(clusters_from[-1]) - np.repeat(clusters_from[:-1], number)
    cluster_start = np.repeat(start, number) + EDGES_IN_A_CLUSTER * order
    return Outlines(
        edges=edges,
        spheres=spheres,
        half=half.T.copy(),
        start=np.append(start, len(edges)),
        site=line_site[line[start]],
        runs=_around(spheres, start),
        cluster_start=np.append(cluster_start, len(edges)),
        clusters=_around(spheres, cluster_start),
        clusters_from=clusters_from,
        polygons=polygons,
        polygon_site=polygon_site,
    )


def _edges_along(xy: Floats, line: Indices) -> tuple[Floats, NDArray[np.bool_]]:
    """From each vertex to the next of its line, the last to itself; and which are last."""
    last = np.append(line[1:] != line[:-1], True)[: len(line)]
    return np.hstack([xy, xy[np.arange(len(xy)) + ~last]]), last


def _run_starts(line: Indices, metres: Floats) -> Indices:
    """Where runs begin: at every line, after 32 edges, and after 4 km."""
    if len(line) == 0:
        return np.zeros(0, dtype=np.int64)
    new = np.append(True, line[1:] != line[:-1])
    first = np.flatnonzero(new)
    number = np.cumsum(new) - 1
    way = np.cumsum(metres)
    along = (way - metres) - (way - metres)[first][number]
    step = np.floor(along / RUN_M)
    count = np.arange(len(line)) - first[number]
    new[1:] |= (step[1:] != step[:-1]) | (count[1:] % EDGES_IN_A_RUN == 0)
    return np.flatnonzero(new)


def _around(spheres: Spheres, start: Indices) -> Spheres:
    if len(start) == 0:
        return spheres
    x, y, z = (
        (np.minimum.reduceat(values, start) + np.maximum.reduceat(values, start)) / 2
        for values in (spheres.x, spheres.y, spheres.z)
    )
    run = np.repeat(np.arange(len(start)), np.diff(np.append(start, len(spheres))))
    off = apart(Spheres(x=x.take(run), y=y.take(run), z=z.take(run), r=spheres.r), spheres)
    return Spheres(x=x, y=y, z=z, r=np.maximum.reduceat(off + spheres.r, start) + 1e-6)
