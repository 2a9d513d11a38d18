"""Features put on the Earth: repaired in their own plane, projected; what cannot be used is kept apart."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layers.card import RejectedFeature
from layers.repair import repair
from spatial.crs import to_geographic
from spatial.errors import OutsideWorkingAreaError
from spatial.measure import ellipsoidal_area

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spatial.reading.model import Reading

__all__ = ["Placed", "area_of", "nothing", "placed_features"]


@dataclass(frozen=True, kw_only=True)
class Placed:
    """The features of a reading after placing and repair: those that can be used, and those that cannot."""

    geometries: NDArray[Any]
    rows: tuple[dict[str, Any], ...]
    ids: tuple[str, ...]
    repaired: frozenset[str]
    rejected: tuple[RejectedFeature, ...]


def nothing() -> Placed:
    """The features of a layer of which an authority declares that there are none."""
    return Placed(geometries=np.array([], dtype=object), rows=(), ids=(), repaired=frozenset(), rejected=())


def placed_features(reading: Reading) -> Placed:
    """Features repaired in their own plane and put on EPSG:4490; what cannot be used is kept with the reason."""
    ids = _distinct(reading)
    rejected = [
        RejectedFeature(
            id=u.id,
            reason=u.problem.code,
            box=_box_of(u.box, reading),
            detail=u.problem.message,
            attributes={},
            wkb=None,
        )
        for u in reading.unreadable
    ]
    if len(reading.geometries) == 0:
        return Placed(
            geometries=np.array([], dtype=object), rows=(), ids=(), repaired=frozenset(), rejected=tuple(rejected)
        )
    mended = repair(reading.geometries)
    geometries: list[Any] = []
    rows: list[dict[str, Any]] = []
    names: list[str] = []
    repaired: set[str] = set()
    positions = _each_to_geographic(mended.geometries, reading)
    spoilt = mended.rejected
    for i, name in enumerate(ids):
        if reading.ids[i] in reading.without_place and reading.geometries[i] is None:
            geometries.append(None)
            rows.append(dict(reading.attributes[i]))
            names.append(name)
            continue
        outcome = str(mended.outcome[i])
        geometry, trouble = positions[i]
        if spoilt[i] or geometry is None:
            raw = reading.geometries[i]
            # of a ring with a NaN in it, the bounds say nothing of where the lost vertex lay
            xy = shapely.get_coordinates(raw)
            whole = len(xy) > 0 and bool(np.isfinite(xy).all())
            # of all rings: GEOS takes the bounds from the shell alone, and a swapped hole is the larger one
            box = _box_of((*xy.min(axis=0).tolist(), *xy.max(axis=0).tolist()), reading) if whole else None
            rejected.append(
                RejectedFeature(
                    id=name,
                    reason=outcome if spoilt[i] else "outside_working_area" if trouble else "emptied",
                    box=box,
                    detail=trouble,
                    attributes=dict(reading.attributes[i]),
                    wkb=None if raw is None else shapely.to_wkb(raw),
                )
            )
            continue
        if outcome == "repaired":
            repaired.add(name)
        for suffix, part in _by_dimension(geometry):
            geometries.append(part)
            rows.append(dict(reading.attributes[i]))
            names.append(name + suffix)
            if outcome == "repaired":
                repaired.add(name + suffix)
    array = np.empty(len(geometries), dtype=object)
    array[:] = geometries
    return Placed(
        geometries=array, rows=tuple(rows), ids=tuple(names), repaired=frozenset(repaired), rejected=tuple(rejected)
    )


def _each_to_geographic(geometries: NDArray[Any], reading: Reading) -> list[tuple[Any, str]]:
    """Every geometry on EPSG:4490, or None with the trouble; one that lies outside does not take the others with it."""
    assert reading.crs is not None
    try:
        found = to_geographic(geometries, reading.crs)
    except OutsideWorkingAreaError:
        singles: list[tuple[Any, str]] = []
        for geometry in geometries:
            try:
                singles.append((to_geographic([geometry], reading.crs)[0], ""))
            except OutsideWorkingAreaError as trouble:
                singles.append((None, str(trouble)))
        if all(g is None for g, _ in singles):
            raise
        return singles
    if not (reading.crs.is_geographic or _same_places(geometries, found)):
        found = repair(found).geometries  # densifying and projecting may open a hair's crossing
    return [(geometry, "") for geometry in found]


def _same_places(before: NDArray[Any], after: NDArray[Any]) -> bool:
    """Whether nothing moved: what was valid then still is."""
    first, second = (shapely.get_coordinates(some, return_index=True) for some in (before, after))
    return all(np.array_equal(one, two) for one, two in zip(first, second, strict=True))


def _by_dimension(geometry: Any) -> list[tuple[str, Any]]:
    """A collection as one feature a dimension, so that no part of it is lost; anything else as it is."""
    if shapely.get_type_id(geometry) != 7:
        return [("", geometry)]
    parts = shapely.get_parts(geometry)
    while (shapely.get_type_id(parts) == 7).any():
        parts = shapely.get_parts(parts)
    found = []
    for dimension, suffix in ((2, "/area"), (1, "/line"), (0, "/point")):
        same = [p for p in parts if shapely.get_dimensions(p) == dimension]
        if same:
            found.append((suffix, shapely.union_all(same) if dimension == 2 else _homogeneous(same)))
    return found


def _homogeneous(same: list[Any]) -> Any:
    parts = list(shapely.get_parts(same))
    return shapely.MultiLineString(parts) if shapely.get_dimensions(parts[0]) == 1 else shapely.MultiPoint(parts)


def _box_of(box: tuple[float, ...] | None, reading: Reading) -> tuple[float, float, float, float] | None:
    """A box in source coordinates as a box in EPSG:4490; None where any corner is not finite or lies outside."""
    if box is None or reading.crs is None or not all(math.isfinite(v) for v in box):
        return None
    x1, y1, x2, y2 = box
    outline = shapely.box(x1, y1, x2, y2) if x1 < x2 and y1 < y2 else shapely.LineString([(x1, y1), (x2, y2)])
    try:
        placed = to_geographic([outline], reading.crs)[0]
    except OutsideWorkingAreaError:
        return None
    west, south, east, north = (float(v) for v in placed.bounds)
    return west, south, east, north


def _distinct(reading: Reading) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    names = []
    for name in reading.ids:
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return tuple(names)


def area_of(geometries: NDArray[Any]) -> float:
    """Summed ellipsoidal area of the polygons, square metres."""
    array = np.asarray(geometries, dtype=object)
    areal = array[shapely.get_dimensions(array) == 2]  # -1 where there is none
    return float(np.sum(ellipsoidal_area(areal))) if len(areal) else 0.0
