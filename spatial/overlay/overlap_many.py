"""
The areas that many sites share with the features of a layer.

A site that no edge crosses shares all of itself with what lies there, and no geometry is touched; of the others only
those pieces are cut that do not hold the whole site.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.measure import ellipsoidal_area

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spatial.overlay.index import GeometryIndex

__all__ = ["OverlapsMany", "OverlayLookup", "overlaps_many"]

NEAR_DEG = 3e-8
"""Features that do not meet a site but come as near as this, some 3 mm, may touch it."""
SITES_AT_ONCE = 4096
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
        shapely.prepare(self.pieces)
        self.tree = shapely.STRtree(self.pieces)


def overlaps_many(
    sites: NDArray[Any], lookup: OverlayLookup, *, areas_m2: NDArray[np.float64] | None = None
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
    own = ellipsoidal_area(sites) if areas_m2 is None else np.asarray(areas_m2, dtype=np.float64)
    whole_site, whole_feature, rest = _whole(sites, lookup)
    blocks = [rest[at : at + SITES_AT_ONCE] for at in range(0, len(rest), SITES_AT_ONCE)]
    cut = [_cut(sites[block], own[block], lookup) for block in blocks]
    nearly = np.zeros(len(sites), dtype=bool)
    site, feature = [whole_site], [whole_feature]
    area, outline = [own[whole_site]], [shapely.length(sites[whole_site]) * _METRES_A_DEGREE]
    for block, found in zip(blocks, cut, strict=True):
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
    sites: NDArray[Any], lookup: OverlayLookup
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Sites that no edge crosses with every feature there, and the rows of the other sites."""
    cells = lookup.index.cells
    full = np.flatnonzero(~shapely.is_empty(sites))
    if cells is None:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), full
    sole = np.full(len(sites), -1, dtype=np.int32)
    sole[full] = cells.sole_set(shapely.bounds(sites[full]).reshape(-1, 4))
    rows = np.flatnonzero(sole >= 0)
    bounds, feature = cells.features_of(sole[rows])
    site = np.repeat(rows, np.diff(bounds))
    counts = lookup.counted[feature]
    return site[counts], feature[counts].astype(np.int64), full[sole[full] < 0]


def _cut(sites: NDArray[Any], own: NDArray[np.float64], lookup: OverlayLookup) -> OverlapsMany:
    """Piece by piece; a site inside a piece is not cut."""
    west, south, east, north = shapely.bounds(sites).T
    boxes: Any = shapely.box(west - NEAR_DEG, south - NEAR_DEG, east + NEAR_DEG, north + NEAR_DEG)
    near = lookup.tree.query(boxes)
    order = np.lexsort((near[1], near[0]))
    site, piece = near[0][order], near[1][order]
    pieces = lookup.pieces[piece]
    meets = shapely.intersects(pieces, sites[site])
    nearly = np.zeros(len(sites), dtype=bool)
    nearly[site[~meets][shapely.dwithin(pieces[~meets], sites[site[~meets]], NEAR_DEG)]] = True
    site, pieces, feature = site[meets], pieces[meets], lookup.feature[piece[meets]]
    covered = shapely.covers(pieces, sites[site])
    area, outline = own[site], shapely.length(sites[site])
    shared = shapely.intersection(sites[site[~covered]], pieces[~covered])
    area[~covered], outline[~covered] = ellipsoidal_area(shared), shapely.length(shared)
    pairs, which = np.unique(site * len(lookup.counted) + feature, return_inverse=True)
    return OverlapsMany(
        site=pairs // len(lookup.counted),
        feature=pairs % len(lookup.counted),
        area_m2=np.asarray(np.bincount(which, weights=area, minlength=len(pairs)), dtype=np.float64),
        outline_m=np.asarray(np.bincount(which, weights=outline, minlength=len(pairs)) * _METRES_A_DEGREE),
        nearly=nearly,
    )
