"""
The areas that many sites share with the features of a layer.

A site that no edge crosses shares all of itself with what lies there, and no geometry is touched; of the others only
the edges of pieces that are near are looked at (`spatial.overlay.clipping`), and GEOS is asked about what is in doubt.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import shapely

from spatial.measure import ellipsoidal_area
from spatial.overlay.clipping import NEAR_DEG, clip, rings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from spatial.overlay.index import GeometryIndex

__all__ = ["OverlapsMany", "OverlayLookup", "overlaps_many"]

_T = TypeVar("_T")

SITES_AT_ONCE = 32768
PAIRS_AT_ONCE = 2048
VERTEX_PAIRS_AT_ONCE = 1 << 24
"""Vertices of the sites times those of the pieces, over all pairs: fewer pairs of what takes more memory."""
_METRES_A_DEGREE = 111_700.0
"""No degree is longer, on either axis."""


@dataclass(frozen=True, kw_only=True)
class OverlapsMany:
    """
    Pairs of a site and a feature that meet, by site, then by feature.

    Attributes
    ----------
    site, feature
        Rows of the sites asked and of the layer's features.
    area_m2
        What they share, ellipsoidal square metres; 0 where they only touch.
    outline_m
        At least the length of the outline of what they share, metres: an area much smaller than this times a width is
        nowhere as wide as that.
    nearly
        For each site whether some feature comes within millimetres of it and does not meet it.
    """

    site: NDArray[np.int64]
    feature: NDArray[np.int64]
    area_m2: NDArray[np.float64]
    outline_m: NDArray[np.float64]
    nearly: NDArray[np.bool_]


class OverlayLookup:
    """
    The pieces of some features of a layer, prepared once for any number of sites.

    For one thread at a time: GEOS fills what it prepares while it is asked, and two threads that ask crash.

    Parameters
    ----------
    index
        Of the layer; reading it may raise what its arrays raise.
    counted
        The features asked for, a mask.
    """

    def __init__(self, index: GeometryIndex, counted: NDArray[np.bool_]) -> None:
        self.index = index
        self.counted = np.asarray(counted, dtype=bool)
        rows = index.pieces_of(self.counted & (index.feature_dimension == 2))
        self.pieces = index.load(rows)
        self.feature = index.piece_feature[rows].astype(np.int64)
        self.vertices = shapely.get_num_coordinates(self.pieces).astype(np.int64)
        shapely.prepare(self.pieces)
        self.tree = shapely.STRtree(self.pieces)


def overlaps_many(
    sites: NDArray[Any], lookup: OverlayLookup, *, areas_m2: NDArray[np.float64] | None = None, threads: int = 1
) -> OverlapsMany:
    """
    What each site shares with each feature.

    Use it for polygons; for one site with its relations use `spatial.overlay.relate.meet`.

    Parameters
    ----------
    sites
        Valid polygons and multipolygons, EPSG:4490, length n.
    lookup
        The features.
    areas_m2
        The sites' own areas, where they are known already.
    threads
        How many work at it at once: one where processes share the work, as many as there are processors where one
        process has it all.

    Returns
    -------
    overlaps
        An empty site meets nothing.

    Examples
    --------
    >>> from spatial.overlay.index import GeometryIndex
    >>> two = np.array([shapely.box(117, 49, 117.1, 49.1), shapely.box(117.1, 49, 117.2, 49.1)])
    >>> lookup = OverlayLookup(GeometryIndex.of(two), np.array([True, True]))
    >>> found = overlaps_many(np.array([shapely.box(117.09, 49.02, 117.11, 49.03)]), lookup)
    >>> found.feature.tolist(), bool(abs(found.area_m2[0] - found.area_m2[1]) < 1e-3)
    ([0, 1], True)
    """
    sites = np.asarray(sites, dtype=object)
    own = np.zeros(len(sites)) if areas_m2 is None else np.asarray(areas_m2, dtype=np.float64)
    nearly = np.zeros(len(sites), dtype=bool)
    with ThreadPoolExecutor(threads) as pool:
        # the envelopes of the sites are kept by them from here on, and no other thread fills them in
        bounds = np.concatenate(list(_each(pool, shapely.bounds, np.array_split(sites, threads))))
        whole_site, whole_feature, rest = _whole(bounds.reshape(-1, 4), lookup)
        rows, which = np.unique(whole_site, return_inverse=True)
        parts = np.array_split(sites[rows], threads)
        if areas_m2 is None:
            own[rows] = np.concatenate(list(_each(pool, ellipsoidal_area, parts)))
        length = np.concatenate(list(_each(pool, shapely.length, parts)))[which]
        site, feature, area, outline = [whole_site], [whole_feature], [own[whole_site]], [length * _METRES_A_DEGREE]
        for at in range(0, len(rest), SITES_AT_ONCE):
            block = rest[at : at + SITES_AT_ONCE]
            found = _cut(sites[block], None if areas_m2 is None else own[block], lookup, (pool, threads))
            nearly[block] = found.nearly
            site.append(block[found.site])
            feature.append(found.feature)
            area.append(found.area_m2)
            outline.append(found.outline_m)
    sites_found, features_found = np.concatenate(site), np.concatenate(feature)
    order = np.lexsort((features_found, sites_found))
    return OverlapsMany(
        site=sites_found[order],
        feature=features_found[order],
        area_m2=np.concatenate(area)[order],
        outline_m=np.concatenate(outline)[order],
        nearly=nearly,
    )


def _whole(
    bounds: NDArray[np.float64], lookup: OverlayLookup
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Sites that no edge crosses with every feature there, and the rows of the other sites; by bounds, NaN if empty."""
    cells = lookup.index.cells
    full = np.flatnonzero(~np.isnan(bounds[:, 0]))
    if cells is None:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), full
    sole = cells.sole_set(bounds)
    rows = np.flatnonzero(sole >= 0)
    offset, feature = cells.features_of(sole[rows])
    site = np.repeat(rows, np.diff(offset))
    counts = lookup.counted[feature]
    return site[counts], feature[counts].astype(np.int64), full[sole[full] < 0]


def _cut(
    sites: NDArray[Any],
    own: NDArray[np.float64] | None,
    lookup: OverlayLookup,
    workers: tuple[ThreadPoolExecutor, int],
) -> OverlapsMany:
    """Piece by piece; a site inside a piece is not cut."""
    pool, threads = workers
    west, south, east, north = shapely.bounds(sites).T
    boxes: Any = shapely.box(west - NEAR_DEG, south - NEAR_DEG, east + NEAR_DEG, north + NEAR_DEG)
    site, piece = lookup.tree.query(boxes)
    order = np.lexsort((site, piece))  # by piece: each is at hand while it is asked
    site, piece = site[order], piece[order]
    pairs = _Pairs(sites, site, lookup, piece, own)
    *parts, rest = _apart(site, piece, threads)
    list(_each(pool, pairs.settle, parts))
    pairs.settle(rest)
    nearly = np.zeros(len(sites), dtype=bool)
    nearly[site[pairs.nearly]] = True
    meets = np.flatnonzero(pairs.meets)
    key = site[meets] * len(lookup.counted) + lookup.feature[piece[meets]]
    found, which = np.unique(key, return_inverse=True)
    area, outline = (np.bincount(which, weights=of[meets], minlength=len(found)) for of in (pairs.area, pairs.outline))
    return OverlapsMany(
        site=found // len(lookup.counted),
        feature=found % len(lookup.counted),
        area_m2=np.asarray(area, dtype=np.float64),
        outline_m=np.asarray(outline * _METRES_A_DEGREE, dtype=np.float64),
        nearly=nearly,
    )


def _each(pool: ThreadPoolExecutor, work: Callable[[NDArray[Any]], _T], parts: list[NDArray[Any]]) -> Iterable[_T]:
    """By the threads of the pool where there are several parts; a single one is done here."""
    return map(work, parts) if len(parts) == 1 else pool.map(work, parts)


class _Pairs:
    """Pairs of a site and a piece, by piece, and what comes out of each."""

    def __init__(
        self,
        sites: NDArray[Any],
        site: NDArray[np.int64],
        lookup: OverlayLookup,
        piece: NDArray[np.int64],
        own: NDArray[np.float64] | None,
    ) -> None:
        self.sites, self.site, self.pieces, self.piece, self.own = sites, site, lookup.pieces, piece, own
        effort = shapely.get_num_coordinates(sites)[site] * lookup.vertices[piece]
        self.effort = np.maximum(effort, VERTEX_PAIRS_AT_ONCE // PAIRS_AT_ONCE)
        self.meets, self.nearly = np.zeros((2, len(site)), dtype=bool)
        self.area, self.outline = np.zeros((2, len(site)))

    def settle(self, rows: NDArray[np.int64]) -> None:
        """Fill in some rows."""
        found, which = np.unique(self.site[rows], return_inverse=True)
        outlines = rings_of(self.sites[found])
        ends = np.flatnonzero(np.diff(np.cumsum(self.effort[rows]) // VERTEX_PAIRS_AT_ONCE)) + 1
        for some, site in zip(np.split(rows, ends), np.split(which, ends), strict=True):
            held, piece = np.unique(self.piece[some], return_inverse=True)
            clipped = clip(outlines, site, rings_of(self.pieces[held]), piece)
            self.meets[some] = clipped.meets & clipped.sure
            cut = clipped.meets & clipped.sure & ~clipped.held
            self.area[some[cut]], self.outline[some[cut]] = clipped.area[cut], clipped.outline[cut]
            self._hold(some[clipped.held & clipped.sure])
            self._ask(some[~clipped.sure])

    def _hold(self, rows: NDArray[np.int64]) -> None:
        """Pairs of which the piece holds all of the site."""
        sites = self.sites[self.site[rows]]
        self.area[rows] = ellipsoidal_area(sites) if self.own is None else self.own[self.site[rows]]
        self.outline[rows] = shapely.length(sites)

    def _ask(self, rows: NDArray[np.int64]) -> None:
        """Pairs that GEOS is asked about."""
        sites, pieces = self.sites[self.site[rows]], self.pieces[self.piece[rows]]
        meets = shapely.intersects(pieces, sites)
        self.meets[rows] = meets
        self.nearly[rows[~meets]] = shapely.dwithin(pieces[~meets], sites[~meets], NEAR_DEG)
        rows, sites, pieces = rows[meets], sites[meets], pieces[meets]
        held = shapely.covers(pieces, sites)
        self._hold(rows[held])
        shared = shapely.intersection(sites[~held], pieces[~held])
        self.area[rows[~held]], self.outline[rows[~held]] = ellipsoidal_area(shared), shapely.length(shared)


def _apart(site: NDArray[np.int64], piece: NDArray[np.int64], threads: int) -> list[NDArray[np.int64]]:
    """
    The rows of pairs for each thread, and last those for after them.

    No two threads are given one piece nor one site: GEOS fills in some of what it knows of a geometry while it is
    asked.
    """
    _, run, count = np.unique(piece, return_inverse=True, return_counts=True)
    part = ((np.cumsum(count) - count) * threads // max(len(piece), 1))[run]
    low, high = np.full((2, int(site.max(initial=-1)) + 1), [[threads], [0]])
    np.minimum.at(low, site, part)
    np.maximum.at(high, site, part)
    part[(low < high)[site]] = threads
    return [np.flatnonzero(part == one) for one in range(threads + 1)]
