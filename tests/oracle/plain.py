"""
The four answers, read off the contract in the plainest way: all zones united, whole geometries, no index, no pieces.

What the contract leaves open is decided in the docstrings here, each decision marked *Decided*.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from tests.oracle.ellipsoid import GEOD, GRID_DEG, Frame, area_m2, distance_m, metres_per_degree

Box = tuple[float, float, float, float]
Accuracy = Callable[[float | None], float]

LEAST_ACCURACY_M = 0.05
WINDOW_M = 5000.0
MOST_VERTICES = 20_000
ARC_FACTOR = 1.002
QUADRANT_SEGMENTS = 16


@dataclass(frozen=True, kw_only=True)
class PlainZone:
    """
    One counted feature, EPSG:4490.

    ``accuracy_m`` None takes the layer's. ``influence_m`` makes it the points within that distance. ``no_extent_m`` says
    that it has no extent (it is then no zone at all) and how far it keeps the layer from clear; its geometry may be None.
    """

    geometry: BaseGeometry | None
    accuracy_m: float | None = None
    influence_m: float | None = None
    outer_bound: bool = False
    no_extent_m: float | None = None


@dataclass(frozen=True, kw_only=True)
class PlainLayer:
    """
    A layer at one date. ``rejected_boxes``: west, south, east, north; None for a box that could not be read.

    ``invalid_reason`` is what ``valid=False`` is reported as; ``declared_none`` only names the reason of a clear.
    """

    zones: tuple[PlainZone, ...] = ()
    accuracy_m: float = 25.0
    coverage: BaseGeometry | None = None
    coverage_accuracy_m: float = 0.0
    valid: bool = True
    invalid_reason: str = "layer_expired"
    rejected_boxes: tuple[Box | None, ...] = ()
    declared_none: bool = False


@dataclass(frozen=True, kw_only=True)
class PlainAnswer:
    """
    ``reasons`` are those of the answer itself; ``obstacles`` what would have kept it from clear besides.

    ``gap_m`` is inf where no zone has an extent; ``overlap_m2`` is counted on the union of the zones.
    """

    answer: str
    gap_m: float
    overlap_m2: float
    reasons: frozenset[str]
    obstacles: frozenset[str] = field(default=frozenset())


def combined_accuracy_m(site_m: float, layer_m: float, transformation_m: float = 0.0) -> float:
    """√(site² + layer² + transformation²), at least 0.05 m. *Decided*: rounded up to 1 mm here, so for every use."""
    return ceil_mm(max(LEAST_ACCURACY_M, math.sqrt(site_m**2 + layer_m**2 + transformation_m**2)))


def ceil_mm(metres: float) -> float:
    """Up to 1 mm; a billionth of a metre over a millimetre is the noise of a sum and not a reason to go up."""
    return math.ceil(metres * 1000 - 1e-6) / 1000


def floor_mm(metres: float) -> float:
    return metres if math.isinf(metres) else math.floor(metres * 1000 + 1e-6) / 1000


def united(geometries: list[BaseGeometry]) -> BaseGeometry:
    """Union on the 1e-8° grid. *Decided*: a single zone is put on the grid too; parts thinner than the grid vanish."""
    return shapely.union_all(np.array(geometries, dtype=object), grid_size=GRID_DEG)


def plain_answer(
    site: BaseGeometry,
    layer: PlainLayer,
    *,
    site_accuracy_m: float,
    transformation_m: float = 0.0,
    radius_m: float = 0.0,
    site_part_rejected: bool = False,
    stretch: float = 1.0,
) -> PlainAnswer:
    """
    Answer of one site for one layer.

    ``stretch`` multiplies every combined accuracy (coverage included); it is no part of the contract but tells how near
    the answer is to changing, see ``answers_nearby``.
    """

    def accuracy(of_feature_m: float | None) -> float:
        feature_m = layer.accuracy_m if of_feature_m is None else of_feature_m
        return combined_accuracy_m(site_accuracy_m, feature_m, transformation_m) * stretch

    zones = [zone for zone in layer.zones if zone.no_extent_m is None]
    gaps = [(_gap_m(site, zone), accuracy(zone.accuracy_m)) for zone in zones]
    gap_m = floor_mm(min((gap for gap, _ in gaps), default=math.inf))
    overlap_m2 = _overlap_m2(site, zones)

    obstacles = _obstacles(site, layer, accuracy=accuracy, radius_m=radius_m, stretch=stretch)
    if site_part_rejected:
        obstacles.add("site_part_rejected")

    close: set[str] = set()
    if any(floor_mm(gap) <= a for gap, a in gaps):
        close.add("within_accuracy")
        if gap_m == 0 and not _common_interior(site, zones):
            close.add("touches")
    if any(a < floor_mm(gap) <= a + radius_m for gap, a in gaps):
        close.add("within_radius")

    if _hit(site, zones, accuracy):
        answer, reasons = "hit", {"overlaps"}
    elif close:
        answer, reasons = "uncertain", close
    elif obstacles:
        answer, reasons = "unknown", set(obstacles)
    else:
        answer, reasons = "clear", {"declared_none" if layer.declared_none else "outside"}
    return PlainAnswer(
        answer=answer,
        gap_m=gap_m,
        overlap_m2=overlap_m2,
        reasons=frozenset(reasons),
        obstacles=frozenset(obstacles - reasons),
    )


def answers_nearby(site: BaseGeometry, layer: PlainLayer, **options: Any) -> tuple[PlainAnswer, ...]:
    """Answers at accuracies 3 % smaller, as they are, and 3 % larger: where they differ, either may be right."""
    return tuple(plain_answer(site, layer, stretch=stretch, **options) for stretch in (0.97, 1.0, 1.03))


# --- what keeps a layer from clear ---------------------------------------------------------------------------------


def _obstacles(site: BaseGeometry, layer: PlainLayer, *, accuracy: Accuracy, radius_m: float, stretch: float) -> set[str]:
    """
    Reasons against clear that are not a zone.

    *Decided*: coverage and rejected features are tested with the layer's own accuracy, a feature without extent with
    its own; a feature without extent is near within max(a, reach) + R; a box is widened in degrees, at its latitude of
    the longest degrees; a site with no common interior with the coverage is outside it, else partly outside.
    """
    found: set[str] = set()
    a = accuracy(None)
    if layer.coverage is None:
        found.add("coverage_not_stated")
    else:
        coverage = united([layer.coverage])
        needed = ceil_mm(layer.coverage_accuracy_m * stretch + a + radius_m)
        if not share_interior(site, coverage):
            found.add("outside_coverage")
        elif not coverage.covers(site) or floor_mm(distance_m(site, coverage.boundary)) <= needed:
            found.add("partly_outside_coverage")
    if not layer.valid:
        found.add(layer.invalid_reason)
    for rejected in layer.rejected_boxes:
        if not _box_counts(rejected, layer.coverage) or widened(rejected, a + radius_m).intersects(site):
            found.add("rejected_feature_near")
    for zone in layer.zones:
        if zone.no_extent_m is None:
            continue
        if zone.geometry is None or zone.geometry.is_empty:
            found.add("extent_not_given")
        elif floor_mm(distance_m(site, zone.geometry)) <= max(accuracy(zone.accuracy_m), zone.no_extent_m) + radius_m:
            found.add("extent_not_given")
    return found


def _box_counts(rejected: Box | None, coverage: BaseGeometry | None) -> bool:
    """*Decided*: both sides are boxes: the feature's must meet the coverage's and lie in it widened by its own sides."""
    if rejected is None or coverage is None or not all(math.isfinite(value) for value in rejected):
        return False
    west, south, east, north = coverage.bounds
    width, height = rejected[2] - rejected[0], rejected[3] - rejected[1]
    allowed = box(west - width, south - height, east + width, north + height)
    return box(*coverage.bounds).intersects(box(*rejected)) and allowed.covers(box(*rejected))


def widened(bounds: Box | None, metres: float) -> BaseGeometry:
    assert bounds is not None
    west, south, east, north = bounds
    kx, _ = metres_per_degree(max(abs(south), abs(north)))
    _, ky = metres_per_degree(min(abs(south), abs(north)))
    return box(west - metres / kx, south - metres / ky, east + metres / kx, north + metres / ky)


# --- gap, touching, overlap ----------------------------------------------------------------------------------------


def _gap_m(site: BaseGeometry, zone: PlainZone) -> float:
    assert zone.geometry is not None
    between = distance_m(site, united([zone.geometry]) if zone.influence_m is None else zone.geometry)
    return max(0.0, between - (zone.influence_m or 0.0))


def share_interior(site: BaseGeometry, area: BaseGeometry) -> bool:
    """Whether site and polygons share more than a strip of 1 mm (the touching tolerance) along a boundary."""
    if not site.intersects(area):
        return False
    frame = Frame.at(*site.representative_point().coords[0])
    return frame.to_metres(site).intersects(frame.to_metres(area).buffer(-0.001))


def _common_interior(site: BaseGeometry, zones: list[PlainZone]) -> bool:
    areas = [z.geometry for z in zones if z.influence_m is None and z.geometry is not None]
    if areas and share_interior(site, united(areas)):
        return True
    return any(
        zone.influence_m is not None
        and zone.geometry is not None
        and distance_m(site, zone.geometry) <= zone.influence_m - 0.001
        for zone in zones
    )


def _overlap_m2(site: BaseGeometry, zones: list[PlainZone]) -> float:
    """
    Area of the site (its parts united) within the united zones.

    A zone by influence distance is drawn by 1,440 geodesic directions about a point, exact to 1e-5, or by a buffer in
    a frame at the nearest place, good to a percent below 10 km.
    """
    if site.area == 0:
        return 0.0
    drawn = []
    for zone in zones:
        assert zone.geometry is not None
        drawn.append(zone.geometry if zone.influence_m is None else _drawn(zone.geometry, zone.influence_m, site))
    if not drawn:
        return 0.0
    return area_m2(shapely.union_all(_parts(site, 2)).intersection(united(drawn)))


def _drawn(feature: BaseGeometry, influence_m: float, site: BaseGeometry) -> BaseGeometry:
    if feature.geom_type == "Point":
        n = 1440
        lon, lat, _ = GEOD.fwd(
            np.full(n, feature.x), np.full(n, feature.y), np.arange(n) * 360 / n, np.full(n, influence_m)
        )
        return shapely.Polygon(np.column_stack([lon, lat]))
    nearest = shapely.shortest_line(feature, site).interpolate(0.5, normalized=True)
    frame = Frame.at(nearest.x, nearest.y)
    return frame.to_degrees(frame.to_metres(feature).buffer(influence_m, quad_segs=256))


# --- §3: proving a hit ---------------------------------------------------------------------------------------------


def _hit(site: BaseGeometry, zones: list[PlainZone], accuracy: Accuracy) -> bool:
    """
    Whether a hit is proved.

    *Decided*: "the largest among the features that prove it" is read as: some set of features whose largest accuracy is
    a proves it at a. The zones are taken in order of accuracy, so only as many unions as there are accuracies are tried.
    """
    proving = [zone for zone in zones if not zone.outer_bound]
    for a in sorted({accuracy(zone.accuracy_m) for zone in proving}):
        usable = [zone for zone in proving if accuracy(zone.accuracy_m) <= a]
        areas = [z.geometry for z in usable if z.influence_m is None and z.geometry is not None]
        if areas and hold_proved(site, united(areas), a):
            return True
        for zone in usable:
            if zone.influence_m is None or accuracy(zone.accuracy_m) != a:
                continue
            assert zone.geometry is not None
            if any(_influence_proved(s, zone.geometry, zone.influence_m, a) for s in connected_parts(site)):
                return True
    return False


def _parts(geometry: BaseGeometry, dimension: int) -> list[BaseGeometry]:
    flat = shapely.get_parts(shapely.get_parts(geometry))
    return [p for p in flat if shapely.get_dimensions(p) == dimension and not p.is_empty]


def connected_parts(site: BaseGeometry) -> list[BaseGeometry]:
    """
    Connected parts of a site.

    *Decided*: polygons, lines and points apart (a route that ends in its station is two parts); polygons are united
    first, and two that meet in a point only stay two; lines that meet anywhere are one.
    """
    polygons = shapely.get_parts(shapely.union_all(_parts(site, 2))) if _parts(site, 2) else []
    chains: list[list[BaseGeometry]] = []
    for line in _parts(site, 1):
        met = [chain for chain in chains if any(line.intersects(other) for other in chain)]
        chains = [chain for chain in chains if chain not in met] + [[line, *(x for chain in met for x in chain)]]
    points = {(p.x, p.y): p for p in _parts(site, 0)}
    lines = [shapely.MultiLineString(chain) if len(chain) > 1 else chain[0] for chain in chains]
    return [part for part in [*polygons, *lines, *points.values()] if not part.is_empty]


def hold_proved(site: BaseGeometry, zone_union: BaseGeometry, a: float) -> bool:
    """Steps 1 to 4 for each pair of connected parts, window by window; one proof is enough."""
    for s in connected_parts(site):
        for z in _parts(zone_union, 2):
            meeting = s.intersection(z)
            if meeting.is_empty:
                continue
            for window, frame in windows(meeting.bounds, a):
                dimension = shapely.get_dimensions(s)
                clipped_site = connected_parts(shapely.union_all(_parts(s.intersection(window), dimension)))
                clipped_zone = _parts(z.intersection(window), 2)
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
    return any(
        proved(frame.to_metres(s), frame.to_metres(z), a) for s in sites for z in zones if s.intersects(z)
    )


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


def _influence_proved(s: BaseGeometry, feature: BaseGeometry, d: float, a: float) -> bool:
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
        for part in connected_parts(shapely.union_all(_parts(clip, dimension))):
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
        meets(affinity.translate(s, *v), a / 11)
        or (small_s is not None and meets(affinity.translate(small_s, *v), 0))
        for v in grid_shifts(a)
    )
