"""Worlds of several layers, and sites in them that lie where answers change: for the judge in the page."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry import (
    GeometryCollection,
    LineString,
    MultiLineString,
    MultiPoint,
    MultiPolygon,
    Point,
    Polygon,
    box,
)

from layers.model import Feature
from screening.site import Site, site_of
from spatial.overlay.frame import Frame
from tests.page_harness import layer_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapely.geometry.base import BaseGeometry

    from layers.version import OpenLayer

ACCURACIES = (0.05, 1.0, 5.0, 10.0, 25.0)
__all__ = ["ADVERSARIAL", "HALF", "World", "adversarial", "feature", "jagged", "uniform", "world_of"]

HALF = 4_000.0
"""Half the side of a world, metres."""


@dataclass(frozen=True, kw_only=True)
class World:
    """Layers with the reasons why they give no clear, the kinds asked for, and the frame it was drawn in."""

    frame: Frame
    layers: tuple[tuple[OpenLayer, str | None], ...]
    required: tuple[str, ...]

    @property
    def shapes(self) -> list[BaseGeometry]:
        """Every feature and every coverage, EPSG:4490."""
        found = []
        for layer, _ in self.layers:
            found += [layer.index.geometry(row) for row in range(layer.records.count)]
            found += [layer.coverage.geometry(0)] if layer.coverage is not None else []
        return [g for g in found if g is not None]


def feature(name: str, class_: str = "red_line", **fields: Any) -> Feature:
    """A counted feature whose code is its name."""
    return Feature(id=name, code=name, name=f"区{name}", class_=class_, **{"counts": True, **fields})


def jagged(rng: np.random.Generator, radius: float, x: float, y: float, corners: int = 40) -> Polygon:
    """A star of random reach about a place, metres."""
    angle = np.sort(rng.uniform(0, 2 * math.pi, corners))
    reach = radius * rng.uniform(0.45, 1.0, corners)
    return Polygon(np.column_stack([x + reach * np.cos(angle), y + reach * np.sin(angle)]))


KINDS = (
    ("red_lines", "other"),
    ("protected_areas", "element_zones"),
    ("red_lines", "control_units"),
    ("water_sources", "sensitive_targets"),
    ("control_units", "element_zones", "other"),
)
"""Kinds of layers that a world has, in turn by its seed: all of them in one take the engine 0.1 s a site."""


def world_of(seed: int, *, lat: float = 49.4) -> World:
    """
    A world with some of: red lines of two counties, protected areas, sources of water, units, elements, context.

    Every seed draws other shapes; every third has troubles: a rejected feature, one without extent, a version past its
    date, units that have ended, a layer without coverage.
    """
    rng = np.random.default_rng(seed)
    frame = Frame.at(117.5 + seed / 100, lat)
    trouble = seed % 3 == 2

    def deg(geometry: Any) -> Any:
        return frame.to_degrees(geometry)

    def at(spread: float = 0.75) -> tuple[float, float]:
        x, y = rng.uniform(-spread * HALF, spread * HALF, 2)
        return float(x), float(y)

    whole = jagged(rng, 1.25 * HALF, 0, 0, 60).union(box(-HALF, -HALF, HALF, HALF))
    split = 400.0 * float(rng.uniform(-1, 1))
    west = whole.intersection(box(-9 * HALF, -9 * HALF, split, 9 * HALF))
    east = whole.intersection(box(split, -9 * HALF, 9 * HALF, 9 * HALF))
    layers: list[tuple[OpenLayer, str | None]] = []
    for name, county, offset in (("红线甲", west, -1), ("红线乙", east, 1)):
        shapes = [jagged(rng, 900, offset * 2000 + x / 3, y) for x, y in (at(), at())]
        ring = jagged(rng, 800, offset * 2200, at()[1])
        hole = affinity.scale(ring, 0.4, 0.4)
        strip = LineString([at(), at()]).buffer(float(rng.uniform(3, 40)), cap_style="flat")
        drawn = [deg(g) for g in (*shapes, ring.difference(hole), strip)]
        features = [
            feature(f"{name}{i}", accuracy_m=own, flags=flags)
            for i, (own, flags) in enumerate([(None, ()), (2.0, ()), (60.0, ()), (None, ("outer_bound",))])
        ]
        layer = layer_of(
            features,
            drawn,
            kind="red_lines",
            name=name,
            theme="red_lines" if seed % 2 else name,
            accuracy_m=float(rng.choice([5.0, 25.0])),
            coverage=deg(county),
            coverage_accuracy_m=float(rng.choice([0.0, 12.0])),
            coverage_source="测绘院" if seed % 4 < 2 else name,
            coverage_version="2024",
            rejected_boxes=[tuple(deg(box(0, 0, 300, 200)).bounds)] if trouble and offset > 0 else [],
        )
        layers.append((layer, "layer_expired" if trouble and offset < 0 else None))
    two = MultiPolygon([jagged(rng, 500, *at(0.5)), box(3000, 3000, 3200, 3500)])
    over = affinity.translate(two.geoms[0], 200, 100)
    areas = [deg(two if two.is_valid else two.buffer(0)), deg(over), deg(LineString([at(), at(), at()]))]
    layers.append(
        (
            layer_of(
                [
                    feature("自1", "nature_reserve"),
                    feature("自2", "nature_reserve", accuracy_m=100.0),
                    feature("自3", "nature_reserve", without_extent_m=500.0)
                    if trouble
                    else feature("自3", "nature_reserve", counts=False),
                ],
                areas,
                kind="protected_areas",
                accuracy_m=10.0,
                coverage=deg(whole.difference(jagged(rng, 600, *at()))),
                coverage_accuracy_m=3.0,
            ),
            None,
        )
    )
    river = LineString([at(), at(), at()])
    sources = [Point(*at()), river, jagged(rng, 300, *at()), Point(*at()), MultiPoint([at(), at()])]
    layers.append(
        (
            layer_of(
                [
                    feature("水1", "zone_1", influence_m=float(rng.uniform(100, 900))),
                    feature("水2", "zone_2", influence_m=150.0, accuracy_m=15.0),
                    feature("水3", "zone_1"),
                    feature("水4", "intake", counts=False),
                    feature("水5", "zone_2", influence_m=60.0),
                ],
                [deg(g) for g in sources],
                kind="water_sources",
                accuracy_m=25.0,
                coverage=None if seed % 5 == 4 else deg(whole),
            ),
            None,
        )
    )
    cuts = [-HALF, *sorted(rng.uniform(-HALF, HALF, 2).tolist()), HALF]
    cells = [box(cuts[i], cuts[j], cuts[i + 1], cuts[j + 1]).intersection(whole) for i in range(3) for j in range(3)]
    units = [
        feature(
            f"ZH{i}",
            ("priority", "key", "general")[i % 3],
            counts=i % 3 == 0,
            valid_until="2024-12-31" if trouble and i == 4 else None,
        )
        for i in range(9)
    ]
    layers.append(
        (
            layer_of(
                units,
                [deg(c) for c in cells],
                kind="control_units",
                accuracy_m=25.0,
                coverage=deg(shapely.union_all(cells)),
                coverage_accuracy_m=25.0,
            ),
            "date_missing" if trouble else None,
        )
    )
    layers.append(
        (
            layer_of([], [], kind="element_zones", theme="water", coverage=deg(whole), declared_none=True),
            None,
        )
    )
    places = [deg(Point(*at())) for _ in range(4)]
    layers.append(
        (
            layer_of(
                [feature(f"村{i}", "village", counts=False) for i in range(4)],
                places,
                kind="sensitive_targets",
                role="context",
            ),
            None,
        )
    )
    layers.append(
        (
            layer_of(
                [feature("路1", "other", counts=False), feature("园1", "other", counts=False)],
                [deg(LineString([at(), at()])), deg(jagged(rng, 200, *at()))],
                kind="other",
                name="其他",
                role="context",
            ),
            None,
        )
    )
    kinds = KINDS[seed % len(KINDS)]
    kept = tuple((layer, validity) for layer, validity in layers if layer.card.kind in kinds)
    asked = tuple(kind for kind in kinds if kind not in ("other", "sensitive_targets"))
    return World(frame=frame, layers=kept, required=asked + (("protected_areas",) if seed % 7 == 6 else ()))


def uniform(world: World, rng: np.random.Generator, *, reach: float = 1.2 * HALF) -> Site:
    """A parcel, a point or a route anywhere in a world, as projects are."""
    x, y = rng.uniform(-reach, reach, 2)
    shape = (
        Point(x, y),
        jagged(rng, float(rng.uniform(30, 400)), x, y, 9),
        LineString([(x, y), (x + rng.uniform(-1500, 1500), y + rng.uniform(-1500, 1500))]),
    )[int(rng.integers(3))]
    return _site(world, rng, world.frame.to_degrees(shape if shape.is_valid else Point(x, y)))


def _site(world: World, rng: np.random.Generator, geometry: BaseGeometry, **changes: Any) -> Site:
    point = shapely.get_dimensions(geometry) == 0
    site = site_of(
        geometry,
        accuracy_m=float(rng.choice(ACCURACIES)),
        radius_m=float(rng.choice([0.0, 0.0, 40.0, 600.0])) if point else 0.0,
    )
    if rng.random() < 0.2:
        changes["transformation_m"] = float(rng.choice([0.5, 3.0]))
    if rng.random() < 0.03:
        changes["rejected_parts"] = 1
    return replace(site, **changes)


def on_a_vertex(world: World, rng: np.random.Generator) -> BaseGeometry:
    """A point that is a corner of a feature or coverage."""
    return Point(_corner(world, rng))


def on_an_edge(world: World, rng: np.random.Generator) -> BaseGeometry:
    """A point half way along an edge."""
    one, other = _edge(world, rng)
    return Point((one + other) / 2)


def sharing_an_edge(world: World, rng: np.random.Generator) -> BaseGeometry:
    """A parcel on one side of an edge, of which it has both ends."""
    one, other = _edge(world, rng)
    along = other - one
    aside = np.array([-along[1], along[0]]) / np.hypot(*along) * rng.choice([-1, 1]) * rng.uniform(2e-4, 3e-3)
    return Polygon([one, other, other + aside, one + aside])


def sliver(world: World, rng: np.random.Generator) -> BaseGeometry:
    """A parcel of centimetres or metres along an edge, across it."""
    one, other = _edge(world, rng)
    along = other - one
    width = 10 ** rng.uniform(-7.5, -4.5)
    aside = np.array([-along[1], along[0]]) / np.hypot(*along) * width
    return Polygon([one - aside, other - aside, other + aside, one + aside])


def at_a_distance(world: World, rng: np.random.Generator) -> BaseGeometry:
    """A parcel about as far from a corner as accuracies reach."""
    x, y = _corner(world, rng)
    size, off = rng.uniform(1e-4, 2e-3, 2)
    angle = rng.uniform(0, 2 * math.pi)
    reach = rng.choice([2e-5, 2e-4, 4e-4, 1e-3]) * rng.uniform(0.5, 1.5)
    x, y = x + reach * math.cos(angle), y + reach * math.sin(angle)
    return box(x, y, x + size, y + off)


def whole_feature(world: World, rng: np.random.Generator) -> BaseGeometry:
    """A feature itself as the site, or one of its holes."""
    areas = [g for g in world.shapes if shapely.get_dimensions(g) == 2 and g.area < 3e-3]
    found = areas[int(rng.integers(len(areas)))]
    parts = shapely.get_parts(found)
    holes = [Polygon(ring) for part in parts for ring in part.interiors]
    return holes[0] if holes and rng.random() < 0.6 else found


def long_route(world: World, rng: np.random.Generator) -> BaseGeometry:
    """A route from one end to the other."""
    ends = rng.uniform(-1.1 * HALF, 1.1 * HALF, (4, 2))
    return world.frame.to_degrees(LineString(ends))


def many_points(world: World, rng: np.random.Generator) -> BaseGeometry:
    """Masts."""
    return world.frame.to_degrees(MultiPoint(rng.uniform(-HALF, HALF, (4, 2)) / 2))


def mixed(world: World, rng: np.random.Generator) -> BaseGeometry:
    """A parcel, a road and a point of one project."""
    x, y = rng.uniform(-HALF, HALF, 2) * 0.8
    parts = [jagged(rng, 300, x, y, 8), LineString([(x + 400, y), (x + 1400, y + 300)]), Point(x, y - 600)]
    return world.frame.to_degrees(GeometryCollection(parts))


def several_routes(world: World, rng: np.random.Generator) -> BaseGeometry:
    """Two routes that do not meet."""
    ends = rng.uniform(-HALF, HALF, (2, 2, 2))
    return world.frame.to_degrees(MultiLineString(list(ends)))


def far_away(world: World, rng: np.random.Generator) -> BaseGeometry:
    """Tens of kilometres off."""
    x, y = rng.choice([-1, 1], 2) * rng.uniform(15_000, 60_000, 2)
    return world.frame.to_degrees(jagged(rng, 2_000, x, y, 7))


ADVERSARIAL: tuple[Callable[[World, np.random.Generator], BaseGeometry], ...] = (
    on_a_vertex,
    on_an_edge,
    sharing_an_edge,
    sliver,
    at_a_distance,
    whole_feature,
    long_route,
    many_points,
    mixed,
    several_routes,
    far_away,
)


def adversarial(world: World, rng: np.random.Generator, number: int) -> Site:
    """A site that lies where an answer changes; numbers go through the ways in turn."""
    return _site(world, rng, ADVERSARIAL[number % len(ADVERSARIAL)](world, rng))


def _corner(world: World, rng: np.random.Generator) -> Any:
    shapes = world.shapes
    xy = shapely.get_coordinates(shapes[int(rng.integers(len(shapes)))])
    return xy[int(rng.integers(len(xy)))]


def _edge(world: World, rng: np.random.Generator) -> tuple[Any, Any]:
    shapes = [g for g in world.shapes if shapely.get_dimensions(g) == 2]
    part = shapely.get_parts(shapes[int(rng.integers(len(shapes)))])[0]
    xy = shapely.get_coordinates(part.exterior)
    start = int(rng.integers(len(xy) - 1))
    return xy[start], xy[start + 1]
