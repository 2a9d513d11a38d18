"""
Sites and zones to judge by: each kind a recipe in metres about a place, turned to EPSG:4490 at the end.

A case is fully given by kind, seed, latitude and accuracy, so that a failure is one line to repeat:
``make_case("routes_across", seed=7, lat=49.4, a=25.0)``. Sizes are drawn in multiples of ``a``, where answers change.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from hypothesis import strategies as st
from shapely import affinity
from shapely.geometry import LineString, MultiLineString, MultiPoint, Point, Polygon, box

from tests.oracle.ellipsoid import Frame, united
from tests.oracle.plain import PlainLayer, PlainZone, combined_accuracy_m

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapely.geometry.base import BaseGeometry

    from tests.oracle.ellipsoid import Box

LATITUDES = (20.0, 30.5, 40.0, 49.4, 55.0)
ACCURACIES = (0.05, 0.3, 1.0, 5.0, 10.2, 25.0)
LON = 117.5


@dataclass(frozen=True, kw_only=True)
class Case:
    """A site, a layer and how accurate they are; ``a_m`` is the layer's combined accuracy."""

    kind: str
    seed: int
    lat: float
    site: BaseGeometry
    layer: PlainLayer
    site_accuracy_m: float
    radius_m: float = 0.0
    site_part_rejected: bool = False

    @property
    def a_m(self) -> float:
        return combined_accuracy_m(self.site_accuracy_m, self.layer.accuracy_m)

    @property
    def options(self) -> dict[str, Any]:
        """Keyword arguments of ``plain_answer`` and ``engine_answer``."""
        return {
            "site_accuracy_m": self.site_accuracy_m,
            "radius_m": self.radius_m,
            "site_part_rejected": self.site_part_rejected,
        }


@dataclass(frozen=True, kw_only=True)
class _Draft:
    """A case in metres: zones with their own properties, the layer's left to ``make_case``."""

    site: BaseGeometry
    zones: tuple[PlainZone, ...]
    coverage: BaseGeometry | None = None
    radius_m: float = 0.0
    site_part_rejected: bool = False
    valid: bool = True
    rejected_boxes: tuple[Box | None, ...] = ()


Rng = np.random.Generator


def _zones(*geometries: BaseGeometry) -> tuple[PlainZone, ...]:
    return tuple(
        PlainZone(geometry=part)
        for g in geometries
        for part in shapely.get_parts(g)
        if part.geom_type == "Polygon" and not part.is_empty
    )


def jagged(rng: Rng, radius: float, centre: tuple[float, float] = (0.0, 0.0)) -> Polygon:
    """A star-shaped ring of 5 to 24 corners, between 0.45 and 1 radius from its centre."""
    n = int(rng.integers(5, 25))
    angles = np.sort(rng.uniform(0, math.tau, n)) * 0.2 + np.arange(n) * math.tau / n * 0.8
    radii = radius * rng.uniform(0.45, 1.0, n)
    ring = Polygon(np.column_stack([centre[0] + radii * np.cos(angles), centre[1] + radii * np.sin(angles)]))
    return ring if ring.is_valid else box(*ring.bounds)


def strip(rng: Rng, width: float, length: float) -> BaseGeometry:
    """A corridor through the origin, slightly bent, in any direction."""
    bend = rng.uniform(-0.15, 0.15) * length
    axis = LineString([(-length / 2, 0), (0, bend), (length / 2, 0)])
    return affinity.rotate(
        affinity.translate(axis, 0, -bend).buffer(width / 2, join_style="mitre"), rng.uniform(0, 360)
    )


def wandering(rng: Rng, length: float, bends: int = 5) -> LineString:
    """A route through about the origin."""
    x = np.linspace(-length / 2, length / 2, bends + 2)
    y = rng.uniform(-0.1, 0.1, bends + 2) * length
    return affinity.rotate(LineString(np.column_stack([x, y])), rng.uniform(0, 360), origin=(0, 0))


def _away(rng: Rng, reach: float) -> tuple[float, float]:
    angle, r = rng.uniform(0, math.tau), reach * rng.uniform()
    return float(r * math.cos(angle)), float(r * math.sin(angle))


def jagged_parcels(rng: Rng, a: float) -> _Draft:
    site, zone = a * 10 ** rng.uniform(-0.3, 1.3), a * 10 ** rng.uniform(0, 1.5)
    return _Draft(site=jagged(rng, site, _away(rng, zone + site)), zones=_zones(jagged(rng, zone)))


def routes_across(rng: Rng, a: float) -> _Draft:
    corridor = strip(rng, a * rng.uniform(0.3, 6), a * 60)
    return _Draft(site=wandering(rng, a * rng.uniform(2, 50)), zones=_zones(corridor))


def parcels_over_strips(rng: Rng, a: float) -> _Draft:
    site = jagged(rng, a * rng.uniform(0.8, 8), _away(rng, 2 * a))
    return _Draft(site=site, zones=_zones(strip(rng, a * rng.uniform(0.1, 3), a * rng.uniform(3, 60))))


def parcels_swallowing(rng: Rng, a: float) -> _Draft:
    small = affinity.scale(jagged(rng, a * rng.uniform(0.3, 2.5)), 1, rng.uniform(0.2, 1))
    return _Draft(site=jagged(rng, a * rng.uniform(1.5, 10), _away(rng, 3 * a)), zones=_zones(small))


def points_near(rng: Rng, a: float) -> _Draft:
    zone = jagged(rng, a * 10 ** rng.uniform(0.2, 1.8))
    on_edge = zone.exterior.interpolate(rng.uniform(), normalized=True)
    deeper = rng.uniform(-0.3, 0.6)
    x, y = _away(rng, 3 * a)
    site = Point(on_edge.x * (1 - deeper) + x, on_edge.y * (1 - deeper) + y)
    return _Draft(site=site, zones=_zones(zone), radius_m=float(rng.choice([0.0, 0.0, 5 * a])))


def holes(rng: Rng, a: float) -> _Draft:
    shell, hole = jagged(rng, a * rng.uniform(8, 30)), jagged(rng, a * rng.uniform(0.5, 5))
    site = jagged(rng, a * rng.uniform(0.2, 4), _away(rng, 5 * a))
    return _Draft(site=site, zones=_zones(shell.difference(hole)))


def tilings(rng: Rng, a: float) -> _Draft:
    """Tiles with shared corners about the origin, some not counted; the site lies on their seams."""
    n, side = int(rng.integers(2, 5)), a * rng.uniform(1.5, 8)
    nodes = (np.stack(np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij"), axis=-1) - n / 2) * side
    nodes = nodes + rng.uniform(-0.3, 0.3, nodes.shape) * side
    tiles = [
        Polygon([nodes[i, j], nodes[i + 1, j], nodes[i + 1, j + 1], nodes[i, j + 1]])
        for i in range(n)
        for j in range(n)
    ]
    kept = [tile for tile in tiles if rng.uniform() < 0.75] or tiles[:1]
    size = a * rng.uniform(0.3, 4)
    site = Point(_away(rng, n * side / 2)) if rng.uniform() < 0.3 else jagged(rng, size, _away(rng, n * side / 2))
    return _Draft(site=site, zones=_zones(*kept))


def touching(rng: Rng, a: float) -> _Draft:
    """A site cut off along the zone's edge, so that they share it."""
    zone = jagged(rng, a * rng.uniform(2, 15))
    edge = zone.exterior.interpolate(rng.uniform(), normalized=True)
    outside = jagged(rng, a * rng.uniform(1, 6), (edge.x, edge.y)).difference(zone)
    sites = [p for p in shapely.get_parts(outside) if p.geom_type == "Polygon" and p.intersects(zone)]
    return _Draft(site=sites[0] if sites else Point(edge.x, edge.y), zones=_zones(zone))


def slivers(rng: Rng, a: float) -> _Draft:
    """A site that overlaps its zone by next to nothing, or a zone of next to no width."""
    width = a * 10 ** rng.uniform(-3, 0)
    zone = box(-20 * a, -10 * a, 0, 10 * a) if rng.uniform() < 0.5 else box(-width, -10 * a, 0, 10 * a)
    site = affinity.rotate(box(-width, -3 * a, 4 * a, 3 * a), rng.uniform(-2, 2), origin=(0, 0))
    turn = rng.uniform(0, 360)
    return _Draft(
        site=affinity.rotate(site, turn, origin=(0, 0)), zones=_zones(affinity.rotate(zone, turn, origin=(0, 0)))
    )


def many_parts(rng: Rng, a: float) -> _Draft:
    """Turbines, several parcels, or a route with stations; about two zones."""
    places = [_away(rng, 30 * a) for _ in range(int(rng.integers(2, 8)))]
    kind = int(rng.integers(4))
    site: BaseGeometry
    if kind == 0:
        site = MultiPoint(places)
    elif kind == 1:
        site = shapely.union_all([jagged(rng, a * rng.uniform(0.5, 4), xy) for xy in places])
    elif kind == 2:
        site = MultiLineString([wandering(rng, a * 20), affinity.translate(wandering(rng, a * 20), *places[0])])
    else:
        route = wandering(rng, a * 30)
        stations = [box(x - a, y - a, x + a, y + a) for x, y in (route.coords[0], route.coords[-1])]
        site = shapely.GeometryCollection([route, *stations, Point(places[0])])
    zones = _zones(
        jagged(rng, a * rng.uniform(1, 6), _away(rng, 30 * a)),
        affinity.translate(strip(rng, a * rng.uniform(0.3, 3), a * 20), *_away(rng, 30 * a)),
    )
    return _Draft(site=site, zones=zones)


def influences(rng: Rng, a: float) -> _Draft:
    """A section, an intake or a river reach with a stated influence distance."""
    d = float(rng.choice([a * rng.uniform(0.5, 6), 100.0, 500.0, 5000.0]))
    feature: BaseGeometry = Point(0, 0) if rng.uniform() < 0.6 else wandering(rng, max(d, 4 * a) / 2, bends=2)
    angle = rng.uniform(0, math.tau)
    r = d + a * rng.uniform(-4, 2)
    place = (r * math.cos(angle), r * math.sin(angle))
    kind = int(rng.integers(3))
    site: BaseGeometry = Point(place)
    if kind == 1:
        site = jagged(rng, a * rng.uniform(0.3, 4), place)
    elif kind == 2:
        site = affinity.translate(wandering(rng, a * rng.uniform(1, 8)), *place)
    return _Draft(site=site, zones=(PlainZone(geometry=feature, influence_m=d),))


def tiny(rng: Rng, a: float) -> _Draft:
    """A well or a mast: a few decimetres, near the edge of a zone far larger."""
    zone = jagged(rng, a * 200)
    edge = zone.exterior.interpolate(rng.uniform(), normalized=True)
    x, y = _away(rng, 2.5 * a)
    return _Draft(site=jagged(rng, 0.3, (edge.x + x, edge.y + y)), zones=_zones(zone))


def huge(rng: Rng, a: float) -> _Draft:
    """A wind farm or a pipeline of tens of kilometres, a zone as large, a reserve in its way."""
    zone = jagged(rng, 10 ** rng.uniform(3.7, 4.3))
    reach = zone.length / 5
    if rng.uniform() < 0.5:
        site: BaseGeometry = affinity.translate(wandering(rng, 4e4, bends=20), *_away(rng, reach))
    else:
        site = jagged(rng, 10 ** rng.uniform(3, 4.2), _away(rng, 1.5 * reach))
    return _Draft(site=site, zones=_zones(zone))


def mixed_accuracies(rng: Rng, a: float) -> _Draft:
    """Zones of several accuracies, some of them outer bounds, side by side under one site."""
    zones = []
    for _ in range(int(rng.integers(2, 5))):
        accuracy = None if rng.uniform() < 0.3 else float(a * 10 ** rng.uniform(-0.7, 0.7))
        shape = jagged(rng, a * rng.uniform(2, 12), _away(rng, 12 * a))
        zones.append(PlainZone(geometry=shape, accuracy_m=accuracy, outer_bound=bool(rng.uniform() < 0.25)))
    return _Draft(site=jagged(rng, a * rng.uniform(0.5, 8), _away(rng, 8 * a)), zones=tuple(zones))


def coverage_near(rng: Rng, a: float) -> _Draft:
    """A site near the edge of what is covered, its zones far off or not there."""
    coverage = jagged(rng, a * rng.uniform(20, 60))
    if rng.uniform() < 0.3:
        coverage = coverage.difference(jagged(rng, a * rng.uniform(0.2, 4), _away(rng, 10 * a)))
    edge = coverage.boundary.interpolate(rng.uniform(), normalized=True)
    x, y = _away(rng, 8 * a)
    zones = _zones(jagged(rng, 5 * a, _away(rng, 80 * a))) if rng.uniform() < 0.5 else ()
    if rng.uniform() < 0.3:
        return _Draft(site=Point(edge.x + x, edge.y + y), zones=zones, coverage=coverage, radius_m=2 * a)
    site = jagged(rng, a * rng.uniform(0.3, 4), (edge.x + x, edge.y + y))
    return _Draft(site=site, zones=zones, coverage=coverage)


def doubtful_layers(rng: Rng, a: float) -> _Draft:
    """Rejected features, features without extent, an expired layer, an unread part of the site; zones some way off."""
    site = jagged(rng, a * rng.uniform(0.3, 4))
    zones: list[PlainZone] = list(_zones(jagged(rng, 5 * a, (a * rng.uniform(4, 40), 0.0))))
    kind = int(rng.integers(5))
    rejected: tuple[Box | None, ...] = ()
    if kind == 0:
        x, y = _away(rng, 12 * a)
        rejected = ((x, y, x + a * rng.uniform(0.1, 5), y + a * rng.uniform(0.1, 5)),)
    elif kind == 1:
        rejected = [(None,), ((0.0, 0.0, math.inf, 1.0),), ((-1e4 * a, 0.0, -0.9e4 * a, a),)][int(rng.integers(3))]
    elif kind == 2:
        reach = a * rng.uniform(0.2, 12)
        zones.append(PlainZone(geometry=Point(_away(rng, 15 * a)), no_extent_m=reach))
        if rng.uniform() < 0.2:
            zones.append(PlainZone(geometry=None, no_extent_m=reach))
    return _Draft(
        site=site,
        zones=tuple(zones),
        rejected_boxes=rejected,
        valid=kind != 3,
        site_part_rejected=kind == 4,
    )


KINDS: dict[str, Callable[[Rng, float], _Draft]] = {
    recipe.__name__: recipe
    for recipe in (
        jagged_parcels,
        routes_across,
        parcels_over_strips,
        parcels_swallowing,
        points_near,
        holes,
        tilings,
        touching,
        slivers,
        many_parts,
        influences,
        tiny,
        huge,
        mixed_accuracies,
        coverage_near,
        doubtful_layers,
    )
}

# One polygon layer of one accuracy, no influence distance: what brute-force shifts can judge.
SHIFT_KINDS = (
    "jagged_parcels",
    "routes_across",
    "parcels_over_strips",
    "parcels_swallowing",
    "points_near",
    "holes",
    "tilings",
    "slivers",
    "many_parts",
    "tiny",
    "touching",
)


def make_case(kind: str, *, seed: int, lat: float = 49.4, a: float = 25.0) -> Case:
    """
    The case of a kind and seed, about 117.5°E. ``a`` is the layer's accuracy; the site's is 0, or of the same order.

    Every recipe but ``coverage_near`` gets a coverage far wider than all it holds, so that clear is within reach.
    """
    rng = np.random.default_rng([seed, zlib.crc32(kind.encode())])
    draft = KINDS[kind](rng, a)
    frame = Frame.at(LON + rng.uniform(-0.01, 0.01), lat + rng.uniform(-0.01, 0.01))
    site_accuracy_m = float(rng.choice([0.0, 0.0, 0.3 * a, a]))
    zones = tuple(
        zone if zone.geometry is None else replace(zone, geometry=frame.to_degrees(zone.geometry))
        for zone in draft.zones
    )
    site = frame.to_degrees(draft.site)
    if draft.coverage is not None:
        coverage = frame.to_degrees(draft.coverage)
    else:
        everything = [site, *(z.geometry for z in zones if z.geometry is not None)]
        coverage = box(*shapely.total_bounds(everything)).buffer(0.02 + 400 * a / frame.kx, join_style="mitre")
    layer = PlainLayer(
        zones=zones,
        accuracy_m=a,
        coverage=coverage,
        coverage_accuracy_m=float(rng.choice([0.0, a])),
        valid=draft.valid,
        rejected_boxes=tuple(None if b is None else _box_in_degrees(b, frame) for b in draft.rejected_boxes),
    )
    return Case(
        kind=kind,
        seed=seed,
        lat=lat,
        site=site,
        layer=layer,
        site_accuracy_m=site_accuracy_m,
        radius_m=draft.radius_m,
        site_part_rejected=draft.site_part_rejected,
    )


def _box_in_degrees(bounds: Box, frame: Frame) -> Box:
    west, south, east, north = bounds
    return (
        west / frame.kx + frame.lon0,
        south / frame.ky + frame.lat0,
        east / frame.kx + frame.lon0,
        north / frame.ky + frame.lat0,
    )


def cases(kinds: tuple[str, ...] = tuple(KINDS)) -> st.SearchStrategy[Case]:
    """Cases of the kinds named, at any of the latitudes and accuracies; shrinks towards the first kind and seed 0."""
    return st.builds(
        make_case,
        st.sampled_from(kinds),
        seed=st.integers(0, 2**32 - 1),
        lat=st.sampled_from(LATITUDES),
        a=st.sampled_from(ACCURACIES),
    )


def seeded(count: int, kinds: tuple[str, ...] = tuple(KINDS), *, first_seed: int = 0) -> list[Case]:
    """The same cases every time: kinds in turn, and with each turn another latitude and accuracy (all 30 pairs)."""
    found = []
    for n in range(count):
        turn, k = divmod(n, len(kinds))
        lat, a = LATITUDES[turn % len(LATITUDES)], ACCURACIES[(turn + k) % len(ACCURACIES)]
        found.append(make_case(kinds[k], seed=first_seed + n, lat=lat, a=a))
    return found


def snapped_zones(case: Case) -> BaseGeometry:
    """The polygons of a case on the 1e-8° grid, united: what its connected parts are taken from."""
    polygons = [z.geometry for z in case.layer.zones if z.geometry is not None and z.influence_m is None]
    return united(polygons)
