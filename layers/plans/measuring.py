"""
What a workspace holds of one kind, measured so that it can be held against a plan: areas, counts, outlines.

Only shapes that someone surveyed or published count: a disc made from a declared area would agree with itself.
A feature counts for a city if at least half of it lies there; of others only the part within.

The accuracy of an area is that of a polygon whose vertices err independently: for the shoelace sum
A = 1/2 sum x(i) (y(i+1) - y(i-1)) each vertex adds s^2/4 |P(i+1) - P(i-1)|^2 to the variance, s being the error on one
axis, a/2.4477 for a radial 95 % figure a. Errors that all point the same way do more: at most a times the outline,
which stands beside it as ``bound_m2``.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layers.errors import DamagedVersionError
from layers.fields import fold
from layers.plans.model import LAYER_KINDS
from layers.records import SOFT_FLAGS
from layers.version import open_layer, version_at
from spatial.ellipsoid import metres_per_degree
from spatial.errors import BoundariesDamagedError, BoundariesNotBuiltError
from spatial.measure import ellipsoidal_area, geodesic_length
from spatial.overlay.index import DamagedIndexError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapely.geometry.base import BaseGeometry

    from layers.model import Feature
    from layers.plans.model import DeclaredFeature, Plan
    from layers.workspace.store import WorkspaceStore

__all__ = [
    "CityArea",
    "Held",
    "Holdings",
    "MeasuredArea",
    "area_accuracy_m2",
    "area_of_all",
    "city_area",
    "distinct",
    "holdings",
    "kinds_of",
    "matches",
    "of_class",
    "outline_m",
    "within",
]

_RADIAL_TO_AXIS = math.sqrt(-2 * math.log(0.05))
"""95 % radial figure over the error on one axis (Rayleigh): 2.4477."""
_NORMAL = 1.959964
_GRID = 1e-8
_PLACES = ("other",)
_MEANINGS = {
    "river": "河|river",
    "lake": "湖|水库|lake|reservoir",
    "station": "站|station",
    "outfall": "排污口|outfall",
}
"""What a layer of kind ``other`` calls itself where all of its features are of a declared kind."""


@dataclass(frozen=True, kw_only=True)
class CityArea:
    """The city as its outlines have it."""

    codes: tuple[str, ...]
    geometry: BaseGeometry
    area_m2: float
    accuracy_m2: float
    """How far the two publishers' areas part, or what the accuracy of the outline does, whichever is more; 95 %."""
    bound_m2: float
    """What that accuracy could do at most, were the whole outline off to the same side."""
    accuracy_m: float
    """Of the outline, 95 %."""
    parts: tuple[tuple[str, str, float], ...]
    """Code, name and square metres of each district."""
    source: str


@dataclass(frozen=True, kw_only=True)
class Held:
    """One feature that a workspace holds, with the layer it is of; ``geometry`` is EPSG:4490, None without a place."""

    feature: Feature
    layer: str
    kind: str
    method: str
    accuracy_m: float
    geometry: BaseGeometry | None
    indicative: bool
    """Made from a name, a point or a published box: it says where to look and not how large the thing is."""
    meaning: str | None = None
    """What a layer of kind ``other`` is said to hold."""


@dataclass(frozen=True, kw_only=True)
class Holdings:
    """What the layers of a workspace hold at a date, by kind; layers that cannot be read are named."""

    held: tuple[Held, ...]
    unreadable: tuple[tuple[str, str | None], ...]
    """(layer, kind); kind None where it cannot be told."""

    def of_subject(self, subject: str) -> tuple[Held, ...]:
        """The features of a declared kind: of its layers, or of those layers ``other`` that say they hold such."""
        held = self.of_kind(*kinds_of(subject))
        if subject in LAYER_KINDS:
            return held
        words = _MEANINGS.get(subject)
        return tuple(h for h in held if words is not None and h.meaning and re.search(words, h.meaning.casefold()))

    def of_kind(self, *kinds: str) -> tuple[Held, ...]:
        """The features of some kinds."""
        return tuple(each for each in self.held if each.kind in kinds)

    def damaged(self, kind: str) -> bool:
        """Whether a layer of a kind cannot be read."""
        return any(each in (kind, None) for _, each in self.unreadable)


def city_area(plan: Plan) -> CityArea | None:
    """
    The measured area of the city a plan is of, or None where the boundaries are not set up.

    Examples
    --------
    >>> from layers.plans.loading import plan
    >>> city = city_area(plan("满洲里"))
    >>> round(city.area_m2 / 1e6, 1), [(code, round(area / 1e6, 1)) for code, _, area in city.parts]
    (756.9, [('150703', 252.9), ('150781', 504.0)])
    """
    from spatial.boundaries import union

    try:
        whole = union(plan.districts)
        other = union(plan.districts, source="tianditu")
        parts = [union([code]) for code in plan.districts]
    except (BoundariesNotBuiltError, BoundariesDamagedError):
        return None
    return CityArea(
        codes=whole.codes,
        geometry=whole.geometry,
        area_m2=whole.area_m2,
        accuracy_m2=max(abs(whole.area_m2 - other.area_m2), area_accuracy_m2(whole.geometry, whole.accuracy_m)),
        bound_m2=whole.accuracy_m * outline_m(whole.geometry),
        accuracy_m=whole.accuracy_m,
        parts=tuple((part.codes[0], part.names[0], part.area_m2) for part in parts),
        source=f"{whole.source}, {whole.source_version}",
    )


def holdings(store: WorkspaceStore, as_of: str) -> Holdings:
    """
    Every feature in force that the layers of a workspace hold.

    Parameters
    ----------
    store
        An open workspace.
    as_of
        ISO date: of each layer the version that answers then.
    """
    held: list[Held] = []
    unreadable: list[tuple[str, str | None]] = [(d.layer or "", d.kind) for d in store.damages]
    for name in dict.fromkeys(entry.layer for entry in store.entries):
        entry, _ = version_at([e for e in store.entries if e.layer == name], as_of)
        try:
            layer = open_layer(store, entry)
            in_force = layer.records.standing(as_of, layer.card.accuracy_m).in_force
            for row in np.flatnonzero(in_force):
                feature = layer.records.feature(int(row))
                method = feature.attributes.get("georeference_method") or layer.card.georeference_method
                held.append(
                    Held(
                        feature=feature,
                        layer=layer.card.name,
                        kind=layer.card.kind,
                        method=str(method),
                        accuracy_m=feature.accuracy_m or layer.card.accuracy_m,
                        geometry=layer.index.geometry(int(row)),
                        indicative=bool(SOFT_FLAGS & set(feature.flags)),
                        meaning=layer.card.meaning,
                    )
                )
        except (DamagedVersionError, DamagedIndexError):
            held = [each for each in held if each.layer != name]
            unreadable.append((name, entry.kind))
    return Holdings(held=tuple(held), unreadable=tuple(dict.fromkeys(unreadable)))


def within(held: Iterable[Held], city: CityArea | None) -> tuple[Held, ...]:
    """The features that lie in a city: whole if at least half of each does, cut to it otherwise."""
    found = []
    for each in held:
        if city is None or each.geometry is None:
            found.append(each)
            continue
        inside = shapely.intersection(each.geometry, city.geometry)
        if inside.is_empty:
            continue
        size, part = _size(each.geometry), _size(inside)
        if size == 0 or part >= size / 2:
            found.append(each)
        elif part > 0:
            found.append(replace(each, geometry=inside))
    return tuple(found)


def _size(geometry: BaseGeometry) -> float:
    return float(geometry.area or geometry.length)


@dataclass(frozen=True, kw_only=True)
class MeasuredArea:
    """An area with what is known of how good it is; square metres, 95 %."""

    area_m2: float
    accuracy_m2: float
    bound_m2: float
    """What the accuracy could do at most, were every part of the outline off to the same side."""


def area_of_all(held: Sequence[Held]) -> MeasuredArea:
    """The area covered by some polygons, counted once where they overlap."""
    polygons = [each for each in held if each.geometry is not None and each.geometry.area > 0]
    if not polygons:
        return MeasuredArea(area_m2=0.0, accuracy_m2=0.0, bound_m2=0.0)
    whole = shapely.union_all([each.geometry for each in polygons], grid_size=_GRID)
    accuracy_m = max(each.accuracy_m for each in polygons)
    return MeasuredArea(
        area_m2=float(ellipsoidal_area(whole)[0]),
        accuracy_m2=area_accuracy_m2(whole, accuracy_m),
        bound_m2=accuracy_m * outline_m(whole),
    )


def area_accuracy_m2(geometry: BaseGeometry, accuracy_m: float) -> float:
    """
    The 95 % accuracy of a polygon's area where its vertices err independently.

    Parameters
    ----------
    geometry
        Polygon or MultiPolygon, EPSG:4490.
    accuracy_m
        95 % radial accuracy of each vertex, metres.

    Returns
    -------
    accuracy_m2
        Square metres; 0 without a polygon.

    References
    ----------
    Propagation of variance through the shoelace sum; see the module.

    Examples
    --------
    A square of 1 km whose corners are good to 10 m: s = 10/2.4477, each corner adds s^2/4 (sqrt(2) km)^2.

    >>> side = 1000.0
    >>> round(1.96 * 10 / 2.4477 / 2 * (4 * 2 * side**2) ** 0.5)
    11324
    >>> square = shapely.box(117.0, 49.0, 117.0 + side / 73144.0, 49.0 + side / 111218.0)
    >>> abs(area_accuracy_m2(square, 10.0) / 11324 - 1) < 0.002
    True
    """
    total = 0.0
    for ring in _rings(geometry):
        xy = shapely.get_coordinates(ring)[:-1]
        kx, ky = metres_per_degree(float(xy[:, 1].mean()))
        metres = xy * (kx, ky)
        total += float((np.square(np.roll(metres, -1, axis=0) - np.roll(metres, 1, axis=0))).sum())
    return _NORMAL * accuracy_m / _RADIAL_TO_AXIS / 2 * math.sqrt(total)


def outline_m(geometry: BaseGeometry) -> float:
    """The length of all rings of a polygon on the ellipsoid, metres."""
    rings = _rings(geometry)
    return float(geodesic_length(np.array(rings, dtype=object)).sum()) if rings else 0.0


def _rings(geometry: BaseGeometry) -> list[Any]:
    polygons = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"]
    return [ring for part in polygons for ring in (part.exterior, *part.interiors)]


def of_class(each: Held, subset: str) -> bool:
    """
    Whether a feature is of a class that a plan names: its class code, a word of its fields, or the end of its name.

    罕山国家级自然保护区 ends with 国家级自然保护区 and is one; a stem at the front says nothing.
    """
    feature, wanted = each.feature, fold(subset)
    words = [feature.class_, feature.class_label, *feature.own_fields.values()]
    if any(word is not None and fold(str(word)) == wanted for word in words):
        return True
    return feature.name is not None and fold(feature.name).endswith(wanted)


def distinct(held: Iterable[Held]) -> int:
    """How many things some features are: parts and zones of one code, source or name are one."""
    return len(
        {
            fold(f.code or f.own_fields.get("source_name") or f.name or f"{each.layer}/{f.id}")
            for each in held
            for f in (each.feature,)
        }
    )


def kinds_of(kind: str) -> tuple[str, ...]:
    """The kinds of layer that hold features of a declared kind: rivers, stations and sites lie in ``other``."""
    return (kind,) if kind in LAYER_KINDS else _PLACES


def matches(feature: DeclaredFeature, here: Holdings) -> list[Held]:
    """The features of the right kind that are it: all for a layer, those of its class for a group, else by name."""
    candidates = here.of_kind(*kinds_of(feature.kind))
    if feature.stands_for == "layer":
        return list(candidates)
    names = {fold(name) for name in (feature.name, *feature.aliases)}

    def is_it(each: Held) -> bool:
        own = each.feature
        if feature.code is not None and own.code is not None and fold(own.code) == fold(feature.code):
            return True
        if feature.stands_for == "group" and feature.kind == "control_units" and feature.class_ is not None:
            return of_class(each, feature.class_) or (own.class_label or "").startswith(feature.class_)
        return any(fold(name) in names for name in (own.name, own.own_fields.get("source_name")) if name is not None)

    return [each for each in candidates if is_it(each)]
