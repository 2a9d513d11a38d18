"""The search: bounds from spheres first, then from chords, then the feet of the few pairs that are left."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.ellipsoid import geod
from spatial.overlay.nearest_many.lookup import BoundaryLookup
from spatial.overlay.nearest_many.outlines import outlines_of
from spatial.overlay.nearest_many.settling import crossing, feet, least_in_space
from spatial.overlay.nearest_many.space import Spheres, apart, order_by_place, place

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spatial.overlay.nearest_many.outlines import Outlines

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

__all__ = ["NearestMany", "depth_many", "may_reach", "nearest_many"]

SITES_AT_ONCE = 1024
RUNS_AT_ONCE = 1024
POLYGONS_AT_ONCE = 64
OFF_M = 0.05
"""By how much the middles of two chords may be farther apart than the edges' own nearest points are, and to spare."""
UNSEEDED_M = 100.0
"""Within so little there are few edges: no first bound is needed."""
METRES_A_DEGREE = 111_700.0
"""No degree is longer: of latitude anywhere, of longitude that times the cosine of the latitude."""
MET_M = 1e-6
"""Below this GEOS says, on the coordinates themselves, whether a site meets an edge."""


@dataclass(frozen=True, kw_only=True)
class NearestMany:
    """
    For each site the nearest edge of a boundary.

    ``distance_m``: geodesic metres, 0 where they meet. ``bearing_deg``: from the site, degrees from north, in
    [0, 360); NaN where the distance is 0. ``edge``: the row of the edge as given. A site that is None, empty or has a
    coordinate that is not finite has NaN, NaN and -1.
    """

    distance_m: Floats
    bearing_deg: Floats
    edge: Indices


@dataclass(frozen=True, kw_only=True)
class _Pairs:
    """Edges of sites and of the boundary, by their rows; which sites the first are of; whether the two cross."""

    mine: Indices
    theirs: Indices
    site: Indices
    meets: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class _Feet:
    """Nearest points of pairs, (k, 4): lon, lat on the site and on the boundary; metres through space."""

    site: Indices
    edge: Indices
    points: Floats
    metres: Floats


def nearest_many(
    sites: NDArray[Any], boundary: BoundaryLookup | Floats, *, within_m: Floats | None = None, threads: int = 1
) -> NearestMany:
    """
    The nearest boundary edge to each of many sites, exact on the ellipsoid.

    Use it for thousands of sites; `spatial.overlay.distance.nearest_of` answers for one, without a lookup. The
    boundary is edges, not areas: a site inside of a zone gets the distance to its border.

    Parameters
    ----------
    sites
        Points, lines, polygons, multis and collections of them, EPSG:4490, length n; a polygon's inside is its own, so
        an edge in there is at distance 0.
    boundary
        A lookup, or edges (k, 4) as it takes them (then one is built for this call).
    within_m
        Metres for each site beyond which it need not be searched: a site that is farther has an infinite distance, no
        bearing, and edge -1. Ask so where only what is near matters; without, everything is searched.
    threads
        Blocks of sites answered at once; the answers are the same.

    Returns
    -------
    nearest
        Arrays of length n. Never less than the true distance; more than that by less than 1e-6 m up to 100 m, 1e-4 m up
        to 10 km and 0.001 % beyond. `spatial.overlay.distance`, which allows itself 2 mm, may say that much more.

    Raises
    ------
    ValueError
        See `BoundaryLookup`.

    Examples
    --------
    >>> zone = BoundaryLookup(np.array([[117.6, 49.4, 117.6, 49.6]]))
    >>> found = nearest_many(np.array([shapely.Point(117.5, 49.5), shapely.box(117.59, 49.5, 117.61, 49.51)]), zone)
    >>> found.distance_m.round().tolist(), found.bearing_deg.round().tolist(), found.edge.tolist()
    ([7244.0, 0.0], [90.0, nan], [0, 0])
    """
    sites = np.asarray(sites, dtype=object)
    lookup = boundary if isinstance(boundary, BoundaryLookup) else BoundaryLookup(boundary)
    found = NearestMany(
        distance_m=np.full(len(sites), np.nan),
        bearing_deg=np.full(len(sites), np.nan),
        edge=np.full(len(sites), -1, dtype=np.int64),
    )
    blocks = _blocks(sites)
    reach = np.full(len(sites), np.inf) if within_m is None else np.maximum(within_m, MET_M)
    if threads == 1 or len(blocks) == 1:
        for block in blocks:
            _answer(sites, block, lookup, reach[block], found)
        return found
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda block: _answer(sites, block, lookup, reach[block], found), blocks))
    return found


def depth_many(
    points: Floats, boundary: BoundaryLookup | Floats, *, within_m: Floats | None = None, threads: int = 1
) -> Floats:
    """
    How far points lie from the nearest boundary edge, metres: inside of a zone, how deep.

    Parameters
    ----------
    points
        (n, 2) lon, lat in EPSG:4490.
    boundary, within_m, threads
        As of `nearest_many`.

    Returns
    -------
    metres
        Length n, as exact as `nearest_many`; NaN where a coordinate is not finite.

    Examples
    --------
    >>> depth_many(np.array([[117.5, 49.5]]), np.array([[117.6, 49.4, 117.6, 49.6]])).round().tolist()
    [7244.0]
    """
    places = np.asarray(shapely.points(points), dtype=object).reshape(-1)
    return nearest_many(places, boundary, within_m=within_m, threads=threads).distance_m


def may_reach(sites: NDArray[Any], boundary: BoundaryLookup, reach_m: float) -> NDArray[np.bool_]:
    """
    Which sites may lie within a distance of the boundary: what is surely farther need not be asked about.

    Parameters
    ----------
    sites
        As of `nearest_many`; one that it has no distance for may lie anywhere.
    boundary
        The lookup.
    reach_m
        Geodesic metres.

    Returns
    -------
    may
        Length n. False only where the outline is farther than ``reach_m``; of edges inside of a polygon it says
        nothing.

    Examples
    --------
    >>> zone = BoundaryLookup(np.array([[117.6, 49.4, 117.6, 49.6]]))
    >>> may_reach(np.array([shapely.Point(117.5, 49.5), None]), zone, 6900.0).tolist()
    [False, True]
    """
    sites = np.asarray(sites, dtype=object)
    may = np.ones(len(sites), dtype=bool)
    for block in _blocks(sites):
        outlines = outlines_of(sites[block])
        may[block[np.unique(outlines.site)]] = False
        for at in range(0, len(outlines), RUNS_AT_ONCE):
            runs = np.arange(at, min(at + RUNS_AT_ONCE, len(outlines)))
            # a chord is no longer than the geodesic
            near, _, _ = boundary.within(outlines.runs.take(runs), np.full(len(runs), reach_m))
            may[block[outlines.site[runs[near]]]] = True
    return may


def _blocks(sites: NDArray[Any]) -> list[Indices]:
    """Rows of the sites that have a place, those together that lie together."""
    bounds = shapely.bounds(sites).reshape(-1, 4)
    rows = np.flatnonzero(np.isfinite(bounds).all(axis=1))
    if len(rows):
        rows = rows[order_by_place(bounds[rows, 0], bounds[rows, 1])]
    return [rows[at : at + SITES_AT_ONCE] for at in range(0, len(rows), SITES_AT_ONCE)]


def _answer(sites: NDArray[Any], rows: Indices, lookup: BoundaryLookup, reach: Floats, into: NearestMany) -> None:
    """The nearest edges of a block of sites, written where they belong."""
    some = sites[rows]
    outlines = outlines_of(some)
    found = _nearest_feet(outlines, lookup, reach)
    azimuth, _, metres = geod().inv(*found.points.T)
    metres[found.metres == 0.0] = 0.0
    order = np.lexsort((metres, found.site))
    order = order[np.append(True, np.diff(found.site[order]) > 0)[: len(order)]]
    site, edge, metres, bearing = found.site[order], found.edge[order], metres[order], azimuth[order] % 360.0
    row = lookup.row[edge]
    close = np.flatnonzero((metres > 0) & (metres < MET_M))
    if len(close):
        lines = shapely.linestrings(lookup.given[row[close]].reshape(-1, 2, 2))
        metres[close[shapely.intersects(some[site[close]], lines)]] = 0.0
    bearing[bearing >= 360.0] = 0.0
    limited = outlines.site[np.isfinite(reach[outlines.site])]
    into.distance_m[rows[limited]] = np.inf
    near = metres <= reach[site]
    at = rows[site[near]]
    into.distance_m[at], into.bearing_deg[at], into.edge[at] = metres[near], bearing[near], row[near]
    held, edge = _held(outlines, lookup, np.minimum(into.distance_m[rows], reach))
    into.distance_m[rows[held]], into.edge[rows[held]] = 0.0, lookup.row[edge]
    into.bearing_deg[rows[into.distance_m[rows] == 0.0]] = np.nan


def _held(outlines: Outlines, lookup: BoundaryLookup, metres: Floats) -> tuple[Indices, Indices]:
    """Sites, not nearer than so many metres to an edge, with one inside of a polygon of theirs, and such an edge."""
    west, south, east, north = shapely.bounds(outlines.polygons).reshape(-1, 4).T
    x, y, z = place((west + east) / 2, (south + north) / 2)
    middle = Spheres(x=x, y=y, z=z, r=np.zeros(len(x)))
    reach = np.zeros(len(x))
    for lon, lat in ((west, south), (east, south), (west, north), (east, north)):
        corner = place(lon, lat)
        reach = np.maximum(reach, apart(middle, Spheres(x=corner[0], y=corner[1], z=corner[2], r=reach)))
    reach = 1.01 * reach + 1.0
    # from a place inside, the outline is met within half the width to the east or west, half the height north or south
    least = np.where(south * north > 0, np.minimum(np.abs(south), np.abs(north)), 0.0)
    half = METRES_A_DEGREE / 2 * np.minimum((east - west) * np.cos(np.radians(least)), north - south)
    own = metres[outlines.polygon_site]
    asked = np.flatnonzero((own > 0) & (own <= 1.01 * half + 1.0))
    polygons = outlines.polygons
    polygons[asked] = shapely.get_parts(polygons[asked])  # copies: what is prepared belongs to one thread
    shapely.prepare(polygons[asked])
    sites, edges = [], []
    for at in range(0, len(asked), POLYGONS_AT_ONCE):
        some = asked[at : at + POLYGONS_AT_ONCE]
        whose, which, _ = lookup.within(middle.take(some), reach[some])
        polygon = some[whose]
        inside = shapely.contains_xy(polygons[polygon], *lookup.edges[which, :2].T)
        sites.append(outlines.polygon_site[polygon[inside]])
        edges.append(which[inside])
    if not sites:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    site, first = np.unique(np.concatenate(sites), return_index=True)
    return site, np.concatenate(edges)[first]


def _nearest_feet(outlines: Outlines, lookup: BoundaryLookup, reach: Floats) -> _Feet:
    """The nearest pair of points of each site within its reach, and whatever is as near in space."""
    runs, start, count = outlines.runs, outlines.start, len(reach)
    site_of = np.repeat(outlines.site, np.diff(start))
    upper = reach + OFF_M
    free = reach[outlines.site] > UNSEEDED_M
    if free.any():
        size = np.diff(start)[free]
        seed = np.repeat(lookup.near(runs.take(np.flatnonzero(free))), size)
        mine = np.flatnonzero(np.repeat(free, np.diff(start)))
        bound = _lowest(site_of[mine], apart(outlines.spheres.take(mine), lookup.spheres.take(seed)), count)
        upper = np.minimum(upper, bound + OFF_M)
    kept = []
    for at in range(0, len(runs), RUNS_AT_ONCE):
        block = np.arange(at, min(at + RUNS_AT_ONCE, len(runs)))
        pairs, upper = _near_pairs(outlines, site_of, block, lookup, upper)
        feet_of_block, upper = _feet_of(outlines, lookup, pairs, upper)
        kept.append(feet_of_block)
    found = _joined(kept)
    best = _lowest(found.site, found.metres, count)[found.site]
    # of directions as far in space one is nearer on the ground: c³/24R² changes by 0.7 % with the direction
    rows = np.flatnonzero(found.metres <= best + 1.5e-17 * best**3)
    rows = rows[np.lexsort((found.metres[rows], found.site[rows]))]
    site, metres = found.site[rows], found.metres[rows]
    # a vertex is the end of two edges
    rows = rows[np.append(True, (site[1:] != site[:-1]) | (metres[1:] != metres[:-1]))[: len(rows)]]
    return _Feet(site=found.site[rows], edge=found.edge[rows], points=found.points[rows], metres=found.metres[rows])


def _joined(found: list[_Feet]) -> _Feet:
    if not found:
        none = np.zeros(0, dtype=np.int64)
        return _Feet(site=none, edge=none, points=np.zeros((0, 4)), metres=np.zeros(0))
    return _Feet(
        site=np.concatenate([one.site for one in found]),
        edge=np.concatenate([one.edge for one in found]),
        points=np.concatenate([one.points for one in found]),
        metres=np.concatenate([one.metres for one in found]),
    )


def _near_pairs(
    outlines: Outlines, site_of: Indices, block: Indices, lookup: BoundaryLookup, upper: Floats
) -> tuple[_Pairs, Floats]:
    """Pairs of edges that can be the nearest by their spheres; and the bound of each site, lowered."""
    spheres, boundary = outlines.spheres, lookup.spheres
    whose, which, gap = lookup.within(outlines.runs.take(block), upper.take(outlines.site[block]))
    run = block[whose]
    cluster, pair = _members(outlines.clusters_from, run)
    outer, inner = outlines.clusters.take(cluster), boundary.take(which).take(pair)
    gap = apart(outer, inner)
    gap -= outer.r
    gap -= inner.r
    near = np.flatnonzero(gap <= upper.take(outlines.site.take(run)).take(pair))
    cluster, which = cluster[near], which[pair[near]]
    mine, pair = _members(outlines.cluster_start, cluster)
    ours, theirs = spheres.take(mine), boundary.take(which).take(pair)
    metres = apart(ours, theirs)
    upper = np.minimum(upper, _lowest(site_of.take(mine), metres, len(upper)) + OFF_M)
    metres -= ours.r
    metres -= theirs.r
    near = np.flatnonzero(metres <= upper.take(site_of.take(mine)))
    mine, theirs_row = mine[near], which[pair[near]]
    meets = crossing(outlines.edges.take(mine, axis=0), lookup.edges.take(theirs_row, axis=0))
    return _Pairs(mine=mine, theirs=theirs_row, site=site_of[mine], meets=meets), upper


def _feet_of(outlines: Outlines, lookup: BoundaryLookup, pairs: _Pairs, upper: Floats) -> tuple[_Feet, Floats]:
    """The feet of the pairs that are near enough as chords; and the bound of each site, lowered."""
    mine, theirs, site = pairs.mine, pairs.theirs, pairs.site
    metres, off = least_in_space(
        outlines.spheres.take(mine),
        outlines.half.take(mine, axis=0),
        lookup.spheres.take(theirs),
        lookup.half.take(theirs, axis=0),
    )
    metres[0, pairs.meets] = 0.0
    upper = np.minimum(upper, _lowest(site, metres.min(axis=0) + off, len(upper)))
    limit = (upper + 1.5e-17 * upper**3)[site] + off
    which, row = np.nonzero(metres <= limit)
    ours, others = outlines.edges.take(mine[row], axis=0), lookup.edges.take(theirs[row], axis=0)
    from_site = (which == 0)[:, None]
    point = np.where(from_site, ours[:, :2], np.where((which == 1)[:, None], others[:, :2], others[:, 2:]))
    lon, lat, straight = feet(point[:, 0], point[:, 1], np.where(from_site, others, ours))
    foot = np.column_stack([lon, lat])
    straight[pairs.meets[row]] = 0.0
    points = np.where(from_site, np.hstack([point, foot]), np.hstack([foot, point]))
    return _Feet(site=site[row], edge=theirs[row], points=points, metres=straight), upper


def _members(start: Indices, runs: Indices) -> tuple[Indices, Indices]:
    """The edges of some runs one after another, and for each the place of its run among those given."""
    count = start[runs + 1] - start[runs]
    which = np.repeat(np.arange(len(runs)), count)
    return np.arange(len(which)) + np.repeat(start[runs] - (np.cumsum(count) - count), count), which


def _lowest(group: Indices, values: Floats, count: int) -> Floats:
    """The least value of each of ``count`` groups, infinite for one without any."""
    least = np.full(count, np.inf)
    np.minimum.at(least, group, values)
    return least
