"""§3 of the verdict: proving a hit, on whole geometries clipped to a window."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry import box

from tests.oracle.ellipsoid import Box, Frame, distance_m, metres_per_degree, widened

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

WINDOW_M = 5000.0
MOST_VERTICES = 20_000
ARC_FACTOR = 1.002
QUADRANT_SEGMENTS = 16


def parts_of(geometry: BaseGeometry, dimension: int) -> list[BaseGeometry]:
    flat = shapely.get_parts(shapely.get_parts(geometry))
    return [p for p in flat if shapely.get_dimensions(p) == dimension and not p.is_empty]


def connected_parts(site: BaseGeometry) -> list[BaseGeometry]:
    """
    Connected parts of a site.

    *Decided*: polygons, lines and points apart (a route that ends in its station is two parts); polygons are united
    first, and two that meet in a point only stay two; lines that meet anywhere are one.
    """
    polygons = shapely.get_parts(shapely.union_all(parts_of(site, 2))) if parts_of(site, 2) else []
    chains: list[list[BaseGeometry]] = []
    for line in parts_of(site, 1):
        met = [chain for chain in chains if any(line.intersects(other) for other in chain)]
        chains = [chain for chain in chains if chain not in met] + [[line, *(x for chain in met for x in chain)]]
    points = {(p.x, p.y): p for p in parts_of(site, 0)}
    lines = [shapely.MultiLineString(chain) if len(chain) > 1 else chain[0] for chain in chains]
    return [part for part in [*polygons, *lines, *points.values()] if not part.is_empty]


def hold_proved(site: BaseGeometry, zone_union: BaseGeometry, a: float) -> bool:
    """Steps 1 to 4 for each pair of connected parts, window by window; one proof is enough."""
    for s in connected_parts(site):
        for z in parts_of(zone_union, 2):
            meeting = s.intersection(z)
            if meeting.is_empty:
                continue
            for window, frame in windows(meeting.bounds, a):
                dimension = shapely.get_dimensions(s)
                clipped_site = connected_parts(shapely.union_all(parts_of(s.intersection(window), dimension)))
                clipped_zone = parts_of(z.intersection(window), 2)
                if _pair_proved(clipped_site, clipped_zone, frame, a):
                    return True
    return False


def windows(bounds: Box, a: float) -> list[tuple[BaseGeometry, Frame]]:
    """
    Windows over the box of a meeting part, each with its frame.

    *Decided*: the meeting part of a pair is its whole intersection, as a box; the box is cut into the fewest equal cells
    whose windows, 2.5 a added on each side, stay below 5 km; where 5 a leaves less than 1 km for the cell, the cell is
    1 km and the window is cut to 5 km about its middle.
    """
    west, south, east, north = bounds
    kx, ky = metres_per_degree((south + north) / 2)
    core = max(WINDOW_M - 5 * a, 1000.0)
    columns = max(1, math.ceil((east - west) * kx / core))
    rows = max(1, math.ceil((north - south) * ky / core))
    found = []
    for column in range(columns):
        for row in range(rows):
            lon = west + (east - west) * (column + 0.5) / columns
            lat = south + (north - south) * (row + 0.5) / rows
            frame = Frame.at(lon, lat)
            half_x = min((east - west) * frame.kx / columns / 2 + 2.5 * a, WINDOW_M / 2) / frame.kx
            half_y = min((north - south) * frame.ky / rows / 2 + 2.5 * a, WINDOW_M / 2) / frame.ky
            found.append((box(lon - half_x, lat - half_y, lon + half_x, lat + half_y), frame))
    return found


def _pair_proved(sites: list[BaseGeometry], zones: list[BaseGeometry], frame: Frame, a: float) -> bool:
    """*Decided*: the vertices of step 4 are those of all of site and zones in the window, and they stop step 1 as well."""
    if sum(shapely.get_num_coordinates(g) for g in [*sites, *zones]) > MOST_VERTICES:
        return False
    return any(proved(frame.to_metres(s), frame.to_metres(z), a) for s in sites for z in zones if s.intersects(z))


def eroded(geometry: BaseGeometry, metres: float) -> BaseGeometry:
    """E(G, r); E(G, 0) = G."""
    return geometry if metres == 0 else geometry.buffer(-ARC_FACTOR * metres, quad_segs=QUADRANT_SEGMENTS)


def circle_shifts(a: float) -> list[tuple[float, float]]:
    """Sixteen shifts of length a, the first to the east."""
    return [(a * math.cos(math.tau * k / 16), a * math.sin(math.tau * k / 16)) for k in range(16)]


def grid_shifts(a: float) -> list[tuple[float, float]]:
    """The square grid of step a/8 within 1.1 a: 241 shifts."""
    return [(i * a / 8, j * a / 8) for i in range(-9, 10) for j in range(-9, 10) if i * i + j * j <= 8.8**2]


def proved(s: BaseGeometry, z: BaseGeometry, a: float) -> bool:
    """Steps 1 to 3 for one connected part of the site and one of the zone, both in metres."""
    if not s.intersects(z):
        return False
    areal = shapely.get_dimensions(s) == 2
    steps = range(9) if areal else range(1)
    if any(eroded(s, k * a / 8).intersects(eroded(z, a - k * a / 8)) for k in steps):
        return True
    if any(not affinity.translate(s, *v).intersects(z) for v in circle_shifts(a)):
        return False
    small_z = eroded(z, a / 11)
    small_s = eroded(s, a / 11) if areal else None
    return all(
        affinity.translate(s, *v).intersects(small_z)
        or (small_s is not None and affinity.translate(small_s, *v).intersects(z))
        for v in grid_shifts(a)
    )


def influence_proved(s: BaseGeometry, feature: BaseGeometry, d: float, a: float) -> bool:
    """
    Steps 1 to 4 against the points within d of a feature; the feature itself is never clipped.

    *Decided*: the meeting part is bounded by the box of the site's part cut to the feature's box widened by d.
    """
    if distance_m(s, feature) > d:
        return False
    reach = widened(feature.bounds, d * 1.01)
    low, high = np.maximum(s.bounds[:2], reach.bounds[:2]), np.minimum(s.bounds[2:], reach.bounds[2:])
    for window, frame in windows((*low, *high), a):
        clip = s.intersection(window)
        dimension = shapely.get_dimensions(s)
        for part in connected_parts(shapely.union_all(parts_of(clip, dimension))):
            vertices = shapely.get_num_coordinates(part) + shapely.get_num_coordinates(feature)
            if vertices <= MOST_VERTICES and _influence_part_proved(frame.to_metres(part), feature, frame, d, a):
                return True
    return False


def _influence_part_proved(s: BaseGeometry, feature: BaseGeometry, frame: Frame, d: float, a: float) -> bool:
    def meets(shifted: BaseGeometry, r: float) -> bool:
        return r <= d and not shifted.is_empty and distance_m(frame.to_degrees(shifted), feature) <= d - r

    if not meets(s, 0):
        return False
    areal = shapely.get_dimensions(s) == 2
    if any(meets(eroded(s, k * a / 8), a - k * a / 8) for k in (range(9) if areal else range(1))):
        return True
    if any(not meets(affinity.translate(s, *v), 0) for v in circle_shifts(a)):
        return False
    small_s = eroded(s, a / 11) if areal else None
    return all(
        meets(affinity.translate(s, *v), a / 11) or (small_s is not None and meets(affinity.translate(small_s, *v), 0))
        for v in grid_shifts(a)
    )
