"""
Named places as shapes: what an entry of a gazetteer draws as, how sure that is, and a layer of such places.

What comes out is indicative and never proves a hit: on it, or within its accuracy, the answer is ``uncertain``
(``docs/contract/verdict.md`` §1). `layers.georeference.gazetteer` reads and finds the entries.

Shapes. With extents: the boxes as printed, an outer bound; their accuracy is the rounding of their edges, and what else
the entry says is not sure of them (a datum nobody states, figures of one page that do not agree). With a point and an
area A: a circle of that area, r = sqrt(A / pi), around the point; its accuracy is that of the point and another
2.06 sqrt(A) - r = 2.65 r, because nobody said where in the area the point lies or what form it has: 2.06 sqrt(A) is the
farthest that two points of a 4 : 1 parcel of that area can be apart. (With 2 r, where the point itself is well known,
only 89 to 94 % of forms up to 4 : 1 lay within.) With a point alone: the point, without extent.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layers.georeference.model import Georeferenced, features_reading
from spatial.accuracy import AccuracyTerm, PositionalAccuracy
from spatial.ellipsoid import geod

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layers.georeference.gazetteer import NamedPlace

__all__ = ["described_places", "shape_of"]

_CIRCLE = 256
"""Corners of a drawn circle: its area is 0.01 % short of the circle's."""
_FAR_CORNER = math.sqrt(17) / 2
"""The diagonal of a 4 : 1 rectangle in square roots of its area, 2.06: half a root by two."""
_STATUS_WORDS = {"in_force": "现行有效", "merged": "并入", "cancelled": "已撤销", "unconfirmed": ""}


def shape_of(place: NamedPlace) -> tuple[Any, float | None, frozenset[str]]:
    """
    The indicative shape of a place.

    Parameters
    ----------
    place
        An entry.

    Returns
    -------
    geometry, accuracy_m, flags
        EPSG:4490, None where the place is not located; its 95 % accuracy in metres; ``outer_bound`` or
        ``location_only``.

    Examples
    --------
    A square kilometre around a point known to 100 m: r = 564.19 m, accuracy 100 + 2061.55 - 564.19.

    >>> from layers.georeference.gazetteer import NamedPlace, PlaceSource
    >>> source = PlaceSource(title="某公告", address="user")
    >>> spot = NamedPlace(
    ...     name="某地", sources=(source,), origin="user", point=(117.5, 49.5), accuracy_m=100, area_m2=1e6
    ... )
    >>> geometry, accuracy, flags = shape_of(spot)
    >>> geometry.geom_type, round(accuracy, 2), sorted(flags)
    ('Polygon', 1597.36, ['location_only'])
    """
    if place.extents:
        rounding = max(extent.rounding_m for extent in place.extents)
        boxes = shapely.union_all([extent.geometry for extent in place.extents])
        return boxes, math.hypot(rounding, place.accuracy_m or 0.0), frozenset({"outer_bound"})
    if place.point is None:
        return None, None, frozenset()
    accuracy = place.accuracy_m or 0.0
    if not place.area_m2:
        return shapely.Point(place.point), accuracy, frozenset({"location_only"})
    radius = math.sqrt(place.area_m2 / math.pi)
    farthest = _FAR_CORNER * math.sqrt(place.area_m2)
    azimuths = np.linspace(0.0, 360.0, _CIRCLE, endpoint=False)
    lon, lat = (np.full(_CIRCLE, v) for v in place.point)
    x, y, _ = geod().fwd(lon, lat, azimuths, np.full(_CIRCLE, radius))
    return shapely.Polygon(np.column_stack([x, y])), accuracy + farthest - radius, frozenset({"location_only"})


def described_places(places: Sequence[NamedPlace], *, source_name: str | None = None) -> Georeferenced:
    """
    A layer of named places, each with the shape it can be given and the sources that say so.

    Parameters
    ----------
    places
        At least one; those that are not located become features without a place.
    source_name
        What the layer is made from; by default the names.

    Returns
    -------
    made
        Method ``described_place``; always indicative; each feature carries its own accuracy.
    """
    geometries, rows = [], []
    for place in places:
        geometry, own_m, flags = shape_of(place)
        row: dict[str, Any] = {"name": place.name, **dict.fromkeys(sorted(flags), 1)}
        row["georeference_method"] = (
            "published_extent" if "outer_bound" in flags else "declared" if geometry is None else "described_place"
        )
        if own_m is not None:
            row["accuracy_m"] = math.ceil(own_m * 10) / 10
        if place.status is not None and _STATUS_WORDS.get(place.status):
            row["status"] = _STATUS_WORDS[place.status] + (place.successor or "" if place.status == "merged" else "")
        if place.area_m2:
            row["declared_area_m2"] = place.area_m2
        row |= {key: value for key, value in (("level", place.level), ("zone", place.zone)) if value}
        row |= place.facts
        row["position_source"] = "; ".join(f"{s.title} ({s.address})" for s in place.sources)
        geometries.append(geometry)
        rows.append(row)
    # a point's own figure is on its feature; what a feature says nothing of has no place
    widest = max((row.get("accuracy_m", 0.0) for row in rows), default=0.0)
    accuracy = PositionalAccuracy(
        metres=widest,
        basis="described_place",
        terms=(AccuracyTerm(code="described_place", metres=widest),),
        assumed=True,
    )
    return Georeferenced(
        reading=features_reading(
            geometries,
            rows,
            accuracy=accuracy,
            source_name=source_name or "、".join(place.name for place in places[:3]),
            fmt="place",
        ),
        method="described_place" if any(g is not None for g in geometries) else "declared",
        accuracy=accuracy,
        indicative=True,
        parameters={"places": [_plain(place) for place in places]},
    )


def _plain(place: NamedPlace) -> dict[str, Any]:
    """What the card keeps of an entry."""
    kept: dict[str, Any] = {"name": place.name, "origin": place.origin}
    if place.point is not None:
        kept["point"] = list(place.point)
        kept["point_accuracy_m"] = place.accuracy_m
    if place.extents:
        kept["extents"] = [[box.west, box.south, box.east, box.north] for box in place.extents]
        if place.accuracy_m:
            kept["extent_accuracy_m"] = place.accuracy_m
    if place.area_m2:
        kept["area_m2"] = place.area_m2
    kept["sources"] = [{k: v for k, v in vars(s).items() if v} for s in place.sources]
    return kept
