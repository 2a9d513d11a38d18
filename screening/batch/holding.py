"""
Proof for parcels at an edge, many at once: a deep corner, a place deep in both, or a shift that parts them.

Each is certain with room to spare, in any frame; what none finds, the engine of one site must prove.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.ellipsoid import metres_per_degree
from spatial.overlay.hold import ARC_FACTOR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from screening.batch.crowd import Crowd
    from screening.batch.ground import LayerGround, Outline

__all__ = ["corners_of", "has_deep_corner", "parted", "witnessed"]

PARTING = 0.98
"""
A shift this many times a that parts all of a site from all of a zone leaves nothing to prove.

Its neighbour in the grid of the proof is 0.09 a from it, where the proof wants the zone eroded by a/11 met.
"""
LEAST_A_M = 1.0
"""Of a smaller a, 2 % come near to the millimetre by which a union of pieces moves."""
SHIFTS = 32
TURN = 11
"""Shifts follow each other by 11/32 of a circle: what one does not part, one well away from it may."""
DEPTH = 1.15
"""A place whose depths in site and zone add up to this many times a is proof: 9/8 suffice for one of its nine steps."""
HIGHEST_DEG = 0.2
"""Taller sites are left to the engine: a degree of longitude is 0.6 % shorter at their other end."""
LEAST_M2 = 1.0
"""Of less there is no widest place worth finding."""
INSCRIBED_M = 1.0
"""So near to the middle of the widest place; that is no less deep than so much."""


def has_deep_corner(
    outline: Outline, crowd: Crowd, rows: NDArray[np.int64], deep_m: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Which sites have a corner inside an outline that lies so many metres from it, one figure for each of the rows."""
    xy, place = corners_of(crowd, rows)
    inside = outline.cells.inside(xy)
    # first of each site the corner farthest from where it lies outside: that is nearly always deep, and then enough
    out = inside == 0
    weight = np.maximum(np.bincount(place[out], minlength=len(rows)), 1)
    away = [np.bincount(place[out], weights=xy[out, axis], minlength=len(rows)) / weight for axis in (0, 1)]
    xy, place = xy[inside == 1], place[inside == 1]
    order = np.lexsort((-np.hypot(xy[:, 0] - away[0][place], xy[:, 1] - away[1][place]), place))
    xy, place = xy[order], place[order]
    likely = np.append(True, place[1:] != place[:-1])[: len(place)]
    found = np.zeros(len(rows), dtype=bool)
    for some in (likely, ~likely):
        asked = np.flatnonzero(some & ~found[place])
        deep = outline.depth(xy[asked], deep_m[place[asked]] + 1.0) >= deep_m[place[asked]]
        found[place[asked[deep]]] = True
    return found


def parted(ground: LayerGround, crowd: Crowd, rows: NDArray[np.int64], a: NDArray[np.float64]) -> NDArray[np.bool_]:
    """
    Which sites some shift shorter than a parts from every zone of a layer: no hit can be proved for them.

    Parameters
    ----------
    ground
        The layer; each of its zones is taken, whatever group it is of.
    crowd, rows
        The polygons asked about.
    a
        Metres, one for each of ``rows``.
    """
    open_ = (a >= LEAST_A_M) & _low(crowd, rows)
    found = np.zeros(len(rows), dtype=bool)
    kx, ky = _degree(crowd, rows)
    sites = crowd.geometry[rows]
    for number in range(SHIFTS):
        some = np.flatnonzero(open_)
        if not len(some):
            break
        turn = number * TURN % SHIFTS * (2 * np.pi / SHIFTS)
        xy, which = shapely.get_coordinates(sites[some], return_index=True)
        shift = PARTING * a[some, None] * np.column_stack([np.cos(turn) / kx[some], np.sin(turn) / ky[some]])
        moved = shapely.set_coordinates(sites[some].copy(), xy + shift[which])
        met = np.zeros(len(some), dtype=bool)
        met[ground.overlay.tree.query(moved, predicate="intersects")[0]] = True
        found[some[~met]] = True
        open_[some[~met]] = False
    return found


def witnessed(
    ground: LayerGround, outline: Outline, crowd: Crowd, rows: NDArray[np.int64], a: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """
    Which sites share a place with the zones that lies so deep in both that no shift of length a parts them.

    Parameters
    ----------
    ground, crowd, rows, a
        As of `parted`; the layer has these zones only.
    outline
        The boundary of the zones.
    """
    found = np.zeros(len(rows), dtype=bool)
    kx, ky = _degree(crowd, rows)
    site, piece = ground.overlay.tree.query(crowd.geometry[rows], predicate="intersects")
    low = np.flatnonzero(_low(crowd, rows)[site])
    order = low[np.argsort(site[low], kind="stable")]
    site, piece = site[order], piece[order]
    shared, which = shapely.get_parts(
        shapely.intersection(crowd.geometry[rows[site]], ground.overlay.pieces[piece]), return_index=True
    )
    areal = shapely.get_dimensions(shared) == 2
    asked, first = np.unique(site[which[areal]], return_index=True)
    common = np.empty(len(asked), dtype=object)
    common[:] = [shapely.union_all(group) for group in np.split(shared[areal], first[1:])] if len(asked) else []
    common = _scaled(common, np.column_stack([kx, ky])[asked])
    wide = shapely.area(common) > LEAST_M2
    common, asked = common[wide], asked[wide]
    if not len(asked):
        return found
    scale = np.column_stack([kx, ky])[asked]
    circle = shapely.maximum_inscribed_circle(common, tolerance=INSCRIBED_M)
    middle = shapely.get_point(circle, 0)
    own: Any = shapely.distance(shapely.boundary(_scaled(crowd.geometry[rows[asked]], scale)), middle)
    place = shapely.get_coordinates(middle) / scale
    wanted = DEPTH * ARC_FACTOR * a[asked] - own
    depth = outline.depth(place, np.maximum(wanted, 0.0) + 1.0)
    # the place lies in the middle of what both share; where cells are crowded they do not tell
    found[asked] = (outline.cells.inside(place) != 0) & (depth >= wanted)
    return found


def corners_of(crowd: Crowd, rows: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The vertices (m, 2) of some sites, and which of the rows each is of."""
    xy, place = shapely.get_coordinates(crowd.geometry[rows], return_index=True)
    return np.asarray(xy), np.asarray(place)


def _low(crowd: Crowd, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.asarray(crowd.bounds[rows, 3] - crowd.bounds[rows, 1] < HIGHEST_DEG)


def _degree(crowd: Crowd, rows: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Metres a degree at the middle of sites."""
    return metres_per_degree(crowd.bounds[rows, 1::2].mean(axis=1))


def _scaled(shapes: NDArray[Any], scale: NDArray[np.float64]) -> NDArray[Any]:
    """Degrees to metres, each by its own scale."""
    xy, which = shapely.get_coordinates(shapes, return_index=True)
    return np.asarray(shapely.set_coordinates(shapes.copy(), xy * scale[which]), dtype=object)
