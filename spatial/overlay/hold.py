"""Proof that no shift shorter than the accuracy parts a site from a zone (``docs/contract/verdict.md`` §3).

``hold`` is the shortest shift that parts one connected part of the site from one connected part of the zone. A hit
needs hold > a. Every step here can only fail to prove; none can prove what is not so.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.overlay.distance import distance_to
from spatial.overlay.frame import Frame, bounds_of, widened
from spatial.overlay.parts import simple_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    Box = tuple[float, float, float, float]

__all__ = ["connected_parts", "hold_at_least", "holds_in_zone", "holds_within_distance"]

WINDOW_M = 5_000.0
MARGIN = 2.5
ARC_FACTOR = 1.002
"""GEOS draws arcs inside the circle (16 segments a quadrant, at most 0.12 %): 1.002 r erodes by r at least."""
QUADRANT_SEGMENTS = 16
TOUCHING_M = 1e-3
LEAST_M, MOST_M = 0.05, 2_400.0
MOST_VERTICES = 20_000
LEAST_EROSION = 0.99
"""An erosion is used where every corner of it lies at least this share of r from the boundary."""


def holds_in_zone(site: BaseGeometry, zone_in: Callable[[Box], BaseGeometry], accuracy_m: float) -> bool:
    """
    Whether hold > ``accuracy_m`` is proved for a site and an areal zone.

    Parameters
    ----------
    site
        Point, line, polygon or multi, EPSG:4490.
    zone_in
        Gives the zone (the union of what counts, seams dissolved) in a box of degrees; it may reach beyond the box.
    accuracy_m
        The combined accuracy a, metres, > 0.

    Returns
    -------
    proved
        False says only that it is not proved.

    Examples
    --------
    >>> zone = shapely.box(117, 49, 117.1, 49.1)
    >>> holds_in_zone(shapely.Point(117.05, 49.05), lambda box: zone, 25.0)
    True
    >>> holds_in_zone(shapely.Point(117.0001, 49.05), lambda box: zone, 25.0)  # 7 m deep
    False
    """
    for part in connected_parts(site):
        zone = zone_in(widened(bounds_of(part), TOUCHING_M))  # neighbours may miss each other, and the site, by a hair
        meeting = shapely.intersection(part, zone)
        if meeting.is_empty:
            continue
        for frame, window in _windows(meeting, accuracy_m):
            box = bounds_of(frame.to_degrees(window))
            s = _clipped(frame.to_plane(part), window)
            z = _clipped(frame.to_plane(zone_in(box)), window)
            if shapely.get_num_coordinates(s) + shapely.get_num_coordinates(z) > MOST_VERTICES:
                continue
            if _some_pair_holds(s, z, accuracy_m):
                return True
    return False


def holds_within_distance(site: BaseGeometry, feature: BaseGeometry, influence_m: float, accuracy_m: float) -> bool:
    """
    Whether hold > ``accuracy_m`` is proved for a site and the set of points within ``influence_m`` of a feature.

    The set is never drawn: distances are geodesic, from the shifted site to the feature itself.

    Examples
    --------
    >>> intake = shapely.Point(117.5, 49.5)
    >>> near = shapely.Point(117.51, 49.5)  # 724 m away
    >>> holds_within_distance(near, intake, 1000.0, 25.0), holds_within_distance(near, intake, 740.0, 25.0)
    (True, False)
    """
    for part in connected_parts(site):
        centre = shapely.get_coordinates(shapely.shortest_line(part, feature))[0]
        frame = Frame.at(centre[0], centre[1])
        half = WINDOW_M / 2
        s = _clipped(frame.to_plane(part), shapely.box(-half, -half, half, half))
        if shapely.get_num_coordinates(s) + shapely.get_num_coordinates(feature) > MOST_VERTICES:
            continue
        for piece in connected_parts(s):
            if _holds_by_distance(piece, frame, feature, influence_m, accuracy_m):
                return True
    return False


def hold_at_least(holds: Callable[[float], bool]) -> float:
    """
    The greatest a for which a proof succeeds, by doubling and bisection, rounded down to 0.1 m.

    Parameters
    ----------
    holds
        Whether hold > a is proved, for a in metres; taken to be true up to some a and false beyond.

    Returns
    -------
    metres
        0.0 where not even 0.05 m is proved; at most 2,400 m, beyond which a window of 5 km says nothing.

    Examples
    --------
    >>> hold_at_least(lambda a: a < 59.87)
    59.8
    """
    if not holds(LEAST_M):
        return 0.0
    low, high = LEAST_M, 1.0
    while high < MOST_M and holds(high):
        low, high = high, min(2 * high, MOST_M)
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return math.floor(low * 10 + 1e-9) / 10


def connected_parts(geometry: BaseGeometry) -> list[Any]:
    """Parts of a geometry that hang together: polygons after union, lines after merging, single points; areas first."""
    if geometry.is_empty:
        return []
    parts = simple_parts(geometry)
    dimension = shapely.get_dimensions(parts)
    found: list[Any] = []
    if (dimension == 2).any():
        found += list(shapely.get_parts(shapely.union_all(parts[dimension == 2])))
    if (dimension == 1).any():
        found += list(shapely.get_parts(shapely.line_merge(shapely.union_all(parts[dimension == 1]))))
    return found + list(parts[dimension == 0])


def _windows(meeting: BaseGeometry, a: float) -> Iterator[tuple[Frame, BaseGeometry]]:
    """Windows of at most 5 km over the meeting part, the fullest first; where it is longer, they overlap by half."""
    frame = Frame.around(bounds_of(meeting))
    plane = frame.to_plane(meeting)
    west, south, east, north = bounds_of(plane)
    inner = max(WINDOW_M - 2 * MARGIN * a, 1_000.0)
    tiles = []
    for x in _steps(west, east, inner):
        for y in _steps(south, north, inner):
            reach_x, reach_y = min(inner, east - west) / 2, min(inner, north - south) / 2
            tile = shapely.box(x - reach_x, y - reach_y, x + reach_x, y + reach_y)
            tiles.append((x, y, reach_x, reach_y, tile))
    shares = [shapely.intersection(plane, t[4]) for t in tiles] if len(tiles) > 1 else [plane]
    order = sorted(range(len(tiles)), key=lambda i: (-shares[i].area, -shares[i].length, i))
    for i in order:
        if shares[i].is_empty:
            continue
        x, y, reach_x, reach_y, _ = tiles[i]
        lon, lat = shapely.get_coordinates(frame.to_degrees(shapely.Point(x, y)))[0]
        half_x, half_y = (min(r + MARGIN * a, WINDOW_M / 2) for r in (reach_x, reach_y))
        yield Frame.at(lon, lat), shapely.box(-half_x, -half_y, half_x, half_y)


def _steps(low: float, high: float, inner: float) -> list[float]:
    if high - low <= inner:
        return [(low + high) / 2]
    count = math.ceil((high - low - inner) / (inner / 2)) + 1
    return [low + inner / 2 + i * (high - low - inner) / (count - 1) for i in range(count)]


def _clipped(geometry: BaseGeometry, window: BaseGeometry) -> BaseGeometry:
    shapely.prepare(window)
    return geometry if window.contains_properly(geometry) else shapely.intersection(geometry, window)


def _some_pair_holds(s: BaseGeometry, z: BaseGeometry, a: float) -> bool:
    zones = [p for p in connected_parts(z) if shapely.get_dimensions(p) == 2]
    return any(
        _pair_holds(site, zone, a) for site in connected_parts(s) for zone in zones if shapely.intersects(site, zone)
    )


def _pair_holds(s: BaseGeometry, z: BaseGeometry, a: float) -> bool:
    areal = shapely.get_dimensions(s) == 2
    shapely.prepare(z)
    if _has_deep_corner(s, z, ARC_FACTOR * a):
        return True
    if shapely.get_dimensions(s) == 0:
        return False
    for k in range(9) if areal else range(1):
        in_s, in_z = k * a / 8, a - k * a / 8
        if _witnessed(shapely.intersection(_eroded(s, in_s), _eroded(z, in_z)), ((s, in_s), (z, in_z))):
            return True
    if not all(shapely.intersects(_shifted(s, _circle(a)), z)):
        return False
    core_z, core_s = _eroded(z, a / 11), _eroded(s, a / 11) if areal else shapely.Point()
    shapely.prepare(core_z)
    return all(
        shapely.intersects(core_z, _moved(s, v)) or (areal and shapely.intersects(z, _moved(core_s, v)))
        for v in _grid(a)
    )


def _has_deep_corner(s: BaseGeometry, z: BaseGeometry, depth: float) -> bool:
    """
    Whether some corner of s lies that deep in z: what E(z, a) says of it, without drawing that.

    GEOS loses much of an erosion on toothed edges. A window's edge is boundary to what it clips, so that corners near
    it count as less deep than they are.
    """
    corners = np.asarray(shapely.points(shapely.get_coordinates(s)), dtype=object)
    inside = corners[shapely.intersects(z, corners)]
    if not len(inside):
        return False
    edge = shapely.boundary(z)
    shapely.prepare(edge)
    return bool((shapely.distance(edge, inside) >= depth).any())


def _holds_by_distance(s: BaseGeometry, frame: Frame, feature: BaseGeometry, d: float, a: float) -> bool:
    def distance(geometry: BaseGeometry) -> float:
        return math.inf if geometry.is_empty else distance_to(frame.to_degrees(geometry), feature)

    def meets(geometry: BaseGeometry, r: float) -> bool:
        return r <= d and distance(geometry) <= d - r

    areal = shapely.get_dimensions(s) == 2
    if distance(s) > d:
        return False
    for k in range(9) if areal else range(1):
        if meets(_eroded(s, k * a / 8), a - k * a / 8):
            return True
    if any(distance(_moved(s, v)) > d for v in _circle(a)):
        return False
    core = _eroded(s, a / 11) if areal else shapely.Point()
    return all(meets(_moved(s, v), a / 11) or (areal and meets(_moved(core, v), 0.0)) for v in _grid(a))


def _eroded(geometry: BaseGeometry, r: float) -> BaseGeometry:
    """
    E(G, r); nothing where GEOS got it wrong.

    On toothed edges its buffer now and then leaves a part that lies much nearer to the boundary than r (to 0.41 r, 2 of
    1,476 made polygons), and by smoothing the teeth it falls short by up to 0.3 % (what step 3 has to spare is 2.8 %).
    """
    if r <= 0:
        return geometry
    found = shapely.buffer(geometry, -ARC_FACTOR * r, quad_segs=QUADRANT_SEGMENTS)
    if found.is_empty:
        return found
    edge = shapely.boundary(geometry)
    shapely.prepare(edge)
    rings = shapely.boundary(found)  # not the polygons: GEOS empties slivers when it cuts their edges
    corners = shapely.points(shapely.get_coordinates(shapely.segmentize(rings, max(r, found.length / MOST_VERTICES))))
    return found if shapely.distance(edge, corners).min() >= LEAST_EROSION * r else shapely.Polygon()


def _witnessed(common: BaseGeometry, margins: tuple[tuple[BaseGeometry, float], ...]) -> bool:
    """Whether some point of what the eroded shapes have in common really lies that deep in each: then they hold."""
    if common.is_empty:
        return False
    places = shapely.points(shapely.get_coordinates(common))
    inner = shapely.point_on_surface(shapely.get_parts(common))
    places = np.concatenate([places, inner[~shapely.is_empty(inner)]])
    deep = np.ones(len(places), dtype=bool)
    for shape, margin in margins:
        if margin > 0:
            edge = shapely.boundary(shape)
            shapely.prepare(edge)
            deep &= shapely.distance(edge, places) >= margin
    return bool(deep.any())


def _circle(a: float) -> NDArray[np.float64]:
    angle = np.arange(16) * (2 * math.pi / 16)
    return np.column_stack([a * np.cos(angle), a * np.sin(angle)])


def _grid(a: float) -> NDArray[np.float64]:
    """The shifts of the square grid of step a/8 within 1.1 a, the longest first (they part soonest)."""
    i, j = np.meshgrid(np.arange(-9, 10), np.arange(-9, 10))
    shifts = np.column_stack([i.ravel(), j.ravel()]) * (a / 8)
    length = np.hypot(shifts[:, 0], shifts[:, 1])
    shifts = shifts[length <= 1.1 * a]
    return np.asarray(shifts[np.argsort(-np.hypot(shifts[:, 0], shifts[:, 1]), kind="stable")], dtype=np.float64)


def _shifted(geometry: BaseGeometry, shifts: NDArray[np.float64]) -> NDArray[Any]:
    moved = np.empty(len(shifts), dtype=object)
    moved[:] = [_moved(geometry, v) for v in shifts]
    return moved


def _moved(geometry: BaseGeometry, shift: NDArray[np.float64]) -> BaseGeometry:
    return shapely.transform(geometry, lambda xy: xy + shift)
