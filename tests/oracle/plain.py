"""
The four answers, read off the contract in the plainest way: all zones united, whole geometries, no index, no pieces.

What the contract leaves open is decided in the docstrings here, each decision marked *Decided*.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.geometry import box

from tests.oracle.ellipsoid import GEOD, Box, Frame, area_m2, distance_m, united, widened
from tests.oracle.proof import connected_parts, hold_proved, influence_proved, parts_of

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

__all__ = ["Box", "PlainAnswer", "PlainLayer", "PlainZone", "answers_nearby", "combined_accuracy_m", "plain_answer"]

Accuracy = Callable[[float | None], float]

LEAST_ACCURACY_M = 0.05


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


def _obstacles(
    site: BaseGeometry, layer: PlainLayer, *, accuracy: Accuracy, radius_m: float, stretch: float
) -> set[str]:
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
        reach = max(accuracy(zone.accuracy_m), zone.no_extent_m) + radius_m
        somewhere = zone.geometry is not None and not zone.geometry.is_empty
        if not somewhere or floor_mm(distance_m(site, zone.geometry)) <= reach:
            found.add("extent_not_given")
    return found


def _box_counts(rejected: Box | None, coverage: BaseGeometry | None) -> bool:
    """*Decided*: both sides are boxes: the feature's must meet the coverage's and lie in it widened by its own sides."""
    if rejected is None or coverage is None or not all(math.isfinite(value) for value in rejected):
        return False
    west, south, east, north = coverage.bounds
    width, height = rejected[2] - rejected[0], rejected[3] - rejected[1]
    allowed = box(west - width, south - height, east + width, north + height)
    return bool(box(*coverage.bounds).intersects(box(*rejected)) and allowed.covers(box(*rejected)))


# --- gap, touching, overlap ----------------------------------------------------------------------------------------


def _gap_m(site: BaseGeometry, zone: PlainZone) -> float:
    """*Decided*: to the zone as stored, not to the union: on the grid a zone narrower than 1e-8° would be lost."""
    assert zone.geometry is not None
    return max(0.0, distance_m(site, zone.geometry) - (zone.influence_m or 0.0))


def share_interior(site: BaseGeometry, area: BaseGeometry) -> bool:
    """Whether site and polygons share more than a strip of 1 mm (the touching tolerance) along a boundary."""
    if not site.intersects(area):
        return False
    frame = Frame.at(*site.representative_point().coords[0])
    return bool(frame.to_metres(site).intersects(frame.to_metres(area).buffer(-0.001)))


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
    return area_m2(shapely.union_all(parts_of(site, 2)).intersection(united(drawn)))


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
            if any(influence_proved(s, zone.geometry, zone.influence_m, a) for s in connected_parts(site)):
                return True
    return False
