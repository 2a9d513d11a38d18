"""
The truth that §3 tries to reach, found without any of its steps: which shifts part a site from a zone.

Two ways, written apart. ``parts_under`` tries shifts and is right whenever it finds one. ``hold_up_to_m`` draws the set
of all shifts under which the two meet, {q − p : p in the site, q in the zone}, and measures how far out of it is.
Both take EPSG:4490 and work in a transverse Mercator of their own, not in the frame of §3.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import Transformer
from shapely import affinity

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry


def in_metres(site_part: BaseGeometry, zone_part: BaseGeometry) -> tuple[BaseGeometry, BaseGeometry]:
    """Both on a transverse Mercator of the CGCS2000 ellipsoid, through the middle of where they meet."""
    meeting = site_part.intersection(zone_part)
    middle = shapely.Point(site_part.centroid) if meeting.is_empty else shapely.box(*meeting.bounds).centroid
    plane = f"+proj=tmerc +lat_0={middle.y:.9f} +lon_0={middle.x:.9f} +ellps=GRS80 +units=m +type=crs"
    to_plane = Transformer.from_crs("EPSG:4490", plane, always_xy=True)

    def project(c: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(to_plane.transform(c[:, 0], c[:, 1]))

    # 0.0005° is 56 m: the chord of so short an edge is below 0.1 mm off.
    site, zone = (shapely.segmentize(g, 0.0005) if _extent(g) < 0.2 else g for g in (site_part, zone_part))
    return shapely.transform(site, project), shapely.transform(zone, project)


def _extent(geometry: BaseGeometry) -> float:
    west, south, east, north = geometry.bounds
    return float(max(east - west, north - south))


def parts_under(
    site_part: BaseGeometry,
    zone_part: BaseGeometry,
    length_m: float,
    *,
    directions: int = 180,
    radii: int = 8,
) -> tuple[float, float] | None:
    """
    A shift (east, north; metres) no longer than ``length_m`` that parts the two, or None where the search finds none.

    Shifts on rings out to the full length first; then, from the six that leave least in common, steps in eight
    directions that leave less, halved when none does. A shift found is a fact; none found is not quite a proof.
    """
    site, zone = in_metres(site_part, zone_part)
    shapely.prepare(zone)

    def parted(v: tuple[float, float]) -> bool:
        return not affinity.translate(site, *v).intersects(zone)

    tried = []
    for ring in range(radii, -1, -1):
        for k in range(directions if ring else 1):
            angle, r = math.tau * k / directions, length_m * ring / radii
            v = (r * math.cos(angle), r * math.sin(angle))
            if parted(v):
                return v
            tried.append(v)
    ranked = sorted(tried, key=lambda v: _in_common(affinity.translate(site, *v), zone))
    for start in ranked[:6]:
        found = _descend(site, zone, start, length_m)
        if found is not None:
            return found
    return None


def _descend(
    site: BaseGeometry, zone: BaseGeometry, start: tuple[float, float], length_m: float
) -> tuple[float, float] | None:
    best, least = start, _in_common(affinity.translate(site, *start), zone)
    step = length_m / 8
    while step > length_m / 2000:
        around = [
            (best[0] + step * math.cos(math.tau * k / 8), best[1] + step * math.sin(math.tau * k / 8)) for k in range(8)
        ]
        left = {}
        for v in around:
            size = math.hypot(*v)
            w = (v[0] * length_m / size, v[1] * length_m / size) if size > length_m else v
            shifted = affinity.translate(site, *w)
            if not shifted.intersects(zone):
                return w
            left[w] = _in_common(shifted, zone)
        w = min(left, key=left.__getitem__)
        if left[w] < least:
            best, least = w, left[w]
        else:
            step /= 2
    return None


def _in_common(site: BaseGeometry, zone: BaseGeometry) -> float:
    if shapely.get_dimensions(site) == 0:
        return float(zone.boundary.distance(site))
    common = site.intersection(zone)
    return float(common.area if shapely.get_dimensions(site) == 2 else common.length)


def hold_up_to_m(site_part: BaseGeometry, zone_part: BaseGeometry, limit_m: float) -> float:
    """
    Length of the shortest shift that parts the two, exact up to ``limit_m`` and ``limit_m`` where it is longer.

    They meet where their boundaries cross, or else where a whole ring of one lies in the other. So the shifts that keep
    them meeting are the union of q − p over boundary edges (parallelograms), of the zone less a point of each ring of
    the site, and of a point of each ring of the zone less the site. Only what comes within 1.2 limits of no shift at
    all is drawn.
    """
    site, zone = in_metres(site_part, zone_part)
    if not site.intersects(zone):
        return 0.0
    near = shapely.box(-1.2 * limit_m, -1.2 * limit_m, 1.2 * limit_m, 1.2 * limit_m)
    pieces = [affinity.translate(zone, -x, -y).intersection(near) for x, y in _one_point_a_ring(site)]
    if shapely.get_dimensions(site) == 2:
        mirrored = affinity.scale(site, -1, -1, origin=(0, 0))
        pieces.extend(affinity.translate(mirrored, x, y).intersection(near) for x, y in _one_point_a_ring(zone))
    if shapely.get_dimensions(site) > 0:
        corners = _edge_differences(_boundary_edges(site), _boundary_edges(zone))
        low, high = corners.min(axis=1), corners.max(axis=1)
        reach = 1.2 * limit_m
        corners = corners[((low <= reach) & (high >= -reach)).all(axis=1)]
        if len(corners):
            pieces.extend(shapely.intersection(shapely.convex_hull(shapely.multipoints(list(corners))), near))
    areal = [x for piece in pieces for x in shapely.get_parts(piece) if shapely.get_dimensions(x) == 2]
    still = shapely.Point(0, 0)
    for part in shapely.get_parts(shapely.union_all(areal)):
        if part.covers(still):
            rings = [part.exterior, *(h for h in part.interiors if shapely.Polygon(h).area > 1e-8 * limit_m**2)]
            return min(limit_m, *(float(ring.distance(still)) for ring in rings))
    return 0.0


def _one_point_a_ring(part: BaseGeometry) -> list[tuple[float, float]]:
    rings = [part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part]
    return [tuple(shapely.get_coordinates(ring)[0]) for ring in rings]


def _boundary_edges(geometry: BaseGeometry) -> NDArray[np.float64]:
    lines = geometry.boundary if shapely.get_dimensions(geometry) == 2 else geometry
    rows = []
    for line in shapely.get_parts(lines):
        xy = shapely.get_coordinates(line)
        rows.append(np.stack([xy[:-1], xy[1:]], axis=1))
    return np.vstack(rows)


def _edge_differences(site_edges: NDArray[np.float64], zone_edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """The four corners q − p of each pair of edges; shape (pairs, 4, 2)."""
    differences = zone_edges[None, :, None, :, :] - site_edges[:, None, :, None, :]
    return differences.reshape(-1, 4, 2)
