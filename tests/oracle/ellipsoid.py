"""Lengths, areas and the metric frame on the CGCS2000 ellipsoid, from the formulas of a textbook."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import Geod
from shapely.geometry import box

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

Box = tuple[float, float, float, float]

SEMI_MAJOR_M = 6378137.0
FLATTENING = 1 / 298.257222101
ECC2 = FLATTENING * (2 - FLATTENING)
GEOD = Geod(a=SEMI_MAJOR_M, f=FLATTENING)
GRID_DEG = 1e-8


def metres_per_degree(lat: float) -> tuple[float, float]:
    """Metres per degree (east, north): N·cos φ and M, times π/180."""
    phi = math.radians(lat)
    w2 = 1 - ECC2 * math.sin(phi) ** 2
    prime_vertical = SEMI_MAJOR_M / math.sqrt(w2)
    meridian = SEMI_MAJOR_M * (1 - ECC2) / w2**1.5
    return math.radians(prime_vertical * math.cos(phi)), math.radians(meridian)


@dataclass(frozen=True, kw_only=True)
class Frame:
    """x = kx·(lon − lon0), y = ky·(lat − lat0); centre on 1e-9°, factors on 1e-6 m."""

    lon0: float
    lat0: float
    kx: float
    ky: float

    @classmethod
    def at(cls, lon: float, lat: float) -> Frame:
        lon0, lat0 = round(lon, 9), round(lat, 9)
        kx, ky = metres_per_degree(lat0)
        return cls(lon0=lon0, lat0=lat0, kx=round(kx, 6), ky=round(ky, 6))

    def to_metres(self, geometry: BaseGeometry) -> BaseGeometry:
        return shapely.transform(geometry, lambda c: (c - (self.lon0, self.lat0)) * (self.kx, self.ky))

    def to_degrees(self, geometry: BaseGeometry) -> BaseGeometry:
        return shapely.transform(geometry, lambda c: c / (self.kx, self.ky) + (self.lon0, self.lat0))


def united(geometries: list[BaseGeometry]) -> BaseGeometry:
    """
    Union on the 1e-8° grid. *Decided*: a single zone is put on the grid too. What is thinner than the grid vanishes: never measure a gap on it.

    ``union_all`` leaves a single geometry off its ``grid_size`` (shapely 2.2, GEOS 3.14), hence the second step.
    """
    union = shapely.union_all(np.array(geometries, dtype=object), grid_size=GRID_DEG)
    return shapely.set_precision(shapely.set_precision(union, GRID_DEG), 0)


def widened(bounds: Box | None, metres: float) -> BaseGeometry:
    assert bounds is not None
    west, south, east, north = bounds
    kx, _ = metres_per_degree(max(abs(south), abs(north)))
    _, ky = metres_per_degree(min(abs(south), abs(north)))
    return box(west - metres / kx, south - metres / ky, east + metres / kx, north + metres / ky)


def area_m2(geometry: BaseGeometry) -> float:
    """
    Ellipsoidal area of polygons with edges straight in longitude and latitude; holes subtracted, other parts 0.

    By Green's theorem the area is the contour integral of q(φ)·dλ, q being the area per radian between the equator and
    φ; along an edge q is integrated by an eight point Gauss rule.
    """
    nodes, weights = np.polynomial.legendre.leggauss(8)
    ecc = math.sqrt(ECC2)
    total = 0.0
    for part in shapely.get_parts(geometry):
        if part.geom_type != "Polygon" or part.is_empty:
            continue
        for sign, ring in [(1.0, part.exterior), *((-1.0, hole) for hole in part.interiors)]:
            lon, lat = np.radians(shapely.get_coordinates(ring)).T
            middle, half = (lat[1:] + lat[:-1]) / 2, (lat[1:] - lat[:-1]) / 2
            sine = np.sin(middle[:, None] + half[:, None] * nodes)
            q = sine / (1 - ECC2 * sine**2) + np.log((1 + ecc * sine) / (1 - ecc * sine)) / (2 * ecc)
            q *= SEMI_MAJOR_M**2 * (1 - ECC2) / 2
            q -= q.flat[0]  # a closed ring has sum dλ = 0; a small q keeps the digits
            total += sign * abs(float(np.sum(np.diff(lon) * (q @ weights) / 2)))
    return total


def distance_m(one: BaseGeometry, other: BaseGeometry) -> float:
    """
    Shortest geodesic distance between two geometries whose edges are straight in longitude and latitude.

    Every pair of edges is a candidate. Pairs are halved while their midpoints and half lengths cannot rule them out;
    the few that stay are searched along the edges with ``Geod.inv``.
    """
    if one.is_empty or other.is_empty:
        return math.inf
    if one.intersects(other):
        return 0.0
    edges_a, edges_b = _edges(one), _edges(other)
    i, j = (k.ravel() for k in np.indices((len(edges_a), len(edges_b))))
    pairs_a, pairs_b = edges_a[i], edges_b[j]
    while True:
        half_a, half_b = _half_lengths(pairs_a), _half_lengths(pairs_b)
        between = np.linalg.norm(_on_earth(_middle(pairs_a)) - _on_earth(_middle(pairs_b)), axis=1)
        # The chord is at most 1e-6 of itself shorter than the geodesic below 30 km, and never longer.
        keep = between - half_a - half_b <= between.min() * 1.0001
        pairs_a, pairs_b, half_a, half_b = pairs_a[keep], pairs_b[keep], half_a[keep], half_b[keep]
        enough = max(float(between.min()) / 10, 500.0)
        long_a, long_b = half_a > enough, half_b > enough
        if not (long_a.any() or long_b.any()):
            break
        pairs_a, pairs_b = _halve(pairs_a, pairs_b, long_a)
        long_b = _half_lengths(pairs_b) > enough
        pairs_b, pairs_a = _halve(pairs_b, pairs_a, long_b)
    planar = _planar_distances(pairs_a, pairs_b)
    best = [k for k in np.argsort(planar)[:10] if planar[k] <= 1.001 * planar.min() + 0.001]
    return float(min(_search(pairs_a[k], pairs_b[k]) for k in best))


def _edges(geometry: BaseGeometry) -> NDArray[np.float64]:
    """Edges as rows lon, lat, lon, lat; a point is an edge of length 0."""
    rows = []
    for part in shapely.get_parts(shapely.get_parts(geometry)):
        lines = [part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part]
        for line in lines:
            xy = shapely.get_coordinates(line)
            rows.append(np.hstack([xy[:-1], xy[1:]]) if len(xy) > 1 else np.hstack([xy, xy]))
    return np.vstack(rows)


def _middle(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    return (edges[:, :2] + edges[:, 2:]) / 2


def _half_lengths(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """At least half of each edge's length, in metres."""
    lowest = np.radians(np.minimum(np.abs(edges[:, 1]), np.abs(edges[:, 3])))
    east = (edges[:, 2] - edges[:, 0]) * np.cos(lowest)
    return np.hypot(east, edges[:, 3] - edges[:, 1]) * 111_700 / 2


def _on_earth(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    lon, lat = np.radians(lonlat).T
    n = SEMI_MAJOR_M / np.sqrt(1 - ECC2 * np.sin(lat) ** 2)
    return np.column_stack([n * np.cos(lat) * np.cos(lon), n * np.cos(lat) * np.sin(lon), n * (1 - ECC2) * np.sin(lat)])


def _halve(
    edges: NDArray[np.float64], partners: NDArray[np.float64], which: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    middle = _middle(edges[which])
    first, second = np.hstack([edges[which, :2], middle]), np.hstack([middle, edges[which, 2:]])
    return (
        np.vstack([edges[~which], first, second]),
        np.vstack([partners[~which], partners[which], partners[which]]),
    )


def _planar_distances(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Metres between each pair of edges in a plane scaled at the pair's own latitude: good enough to rank them."""
    lat = np.radians((a[:, 1] + a[:, 3] + b[:, 1] + b[:, 3]) / 4)
    w2 = 1 - ECC2 * np.sin(lat) ** 2
    east, north = SEMI_MAJOR_M * np.cos(lat) / np.sqrt(w2), SEMI_MAJOR_M * (1 - ECC2) / w2**1.5
    scale = np.radians(np.column_stack([east, north]))
    ends_a, ends_b = (a[:, :2] * scale, a[:, 2:] * scale), (b[:, :2] * scale, b[:, 2:] * scale)

    def to_edge(p: NDArray[np.float64], u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float64]:
        d = v - u
        length2 = np.einsum("ij,ij->i", d, d)
        t = np.einsum("ij,ij->i", p - u, d) / np.where(length2 > 0, length2, 1.0)
        return np.asarray(np.linalg.norm(p - u - d * np.clip(t, 0, 1)[:, None], axis=1))

    found = [to_edge(p, *ends_b) for p in ends_a] + [to_edge(p, *ends_a) for p in ends_b]
    return np.asarray(np.min(found, axis=0))


def _search(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """
    Least geodesic distance of one pair of edges that do not cross: from each end of one along the other.

    Along an edge the distance has one minimum, found by nested rows of eleven positions. A nearest pair inside both
    edges needs their curvatures to differ; below a kilometre that is worth less than 0.1 mm.
    """
    return min(
        *(_along(end, b) for end in (a[:2], a[2:])),
        *(_along(end, a) for end in (b[:2], b[2:])),
    )


def _along(point: NDArray[np.float64], edge: NDArray[np.float64]) -> float:
    length = 2 * float(_half_lengths(edge[None])[0])
    centre, span, best = 0.5, 1.0, math.inf
    while True:
        t = np.clip(centre + span * np.linspace(-0.5, 0.5, 11), 0, 1)
        at = edge[:2] + t[:, None] * (edge[2:] - edge[:2])
        found = GEOD.inv(np.full(11, point[0]), np.full(11, point[1]), at[:, 0], at[:, 1])[2]
        k = int(np.argmin(found))
        best, centre = min(best, float(found[k])), float(t[k])
        if span * length < 1e-3:
            return best
        span /= 4
