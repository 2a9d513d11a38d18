"""
Protection zones of an intake in a lake or reservoir, after HJ 338-2018, by the size of the water.

Zone 1: all the water where it is small, else the water within a radius of the intake; and a strip of land along the
shore of that water. Zone 2: the rest of the water (of large ones some way beyond zone 1) and a deeper strip of land.
Where the standard goes up to the divide and no catchment is given, the distance it names beside holds, and the card
says ``not_cut_to_divide``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import shapely

from layers.errors import DelineationError, IntakeOffWaterError
from layers.georeference.delineation.rules import Numbers
from layers.georeference.delineation.sources import (
    ZONE_WORDS,
    Thing,
    delineated,
    joined_accuracy,
    position_accuracy,
    require_whole,
    things_of,
    unreadable_of,
)
from spatial.accuracy import AccuracyTerm
from spatial.buffers import buffer_error_m, geodesic_buffer
from spatial.measure import ellipsoidal_area
from spatial.overlay.distance import distance_to

if TYPE_CHECKING:
    from collections.abc import Mapping

    from layers.georeference.model import Georeferenced
    from spatial.reading.model import Reading

__all__ = ["Body", "Size", "Terrain", "lakes", "size_of"]

Body = Literal["lake", "reservoir"]
Size = Literal["small", "medium", "large"]
"""Of the table: small reservoir or single-use lake; medium reservoir or small lake; large reservoir, or larger lake."""
Terrain = Literal["plain", "hill"]

MAX_OFFSET_M = 200.0


def size_of(
    body: Body,
    *,
    area_m2: float,
    storage_m3: float | None = None,
    single_use: bool = False,
    numbers: Numbers | None = None,
) -> Size:
    """
    The row of the table that holds for a water.

    Parameters
    ----------
    body
        A reservoir is told by its storage, a lake by its area.
    area_m2
        Of the water, square metres.
    storage_m3
        Of a reservoir, cubic metres; needed there.
    single_use
        A lake that only supplies drinking water (单一供水功能).
    numbers
        Where the limits are from; default: the standard.

    Raises
    ------
    DelineationError
        A reservoir without its storage.

    Examples
    --------
    >>> size_of("reservoir", area_m2=1e6, storage_m3=9e6), size_of("reservoir", area_m2=1e6, storage_m3=1e8)
    ('small', 'large')
    >>> size_of("lake", area_m2=99e6), size_of("lake", area_m2=1e8), size_of("lake", area_m2=99e6, single_use=True)
    ('medium', 'large', 'small')
    """
    numbers = numbers or Numbers()
    if body == "reservoir":
        if storage_m3 is None:
            raise DelineationError(
                detail="a reservoir's row of the table depends on its storage", remedy="state it: --storage-m3"
            )
        if storage_m3 < numbers.of("lake.storage.medium"):
            return "small"
        return "medium" if storage_m3 < numbers.of("lake.storage.large") else "large"
    if single_use:
        return "small"
    return "medium" if area_m2 < numbers.of("lake.area.large") else "large"


def lakes(
    reading: Reading,
    water: Reading,
    *,
    body: Body,
    storage_m3: float | None = None,
    single_use: bool = False,
    terrain: Terrain | None = None,
    catchment: Reading | None = None,
    stated: Mapping[str, float] | None = None,
    max_offset_m: float = MAX_OFFSET_M,
    position_accuracy_m: float | None = None,
    water_accuracy_m: float | None = None,
    error_m: float | None = None,
) -> Georeferenced:
    """
    The zones of intakes in one lake or reservoir, as an indicative layer of drinking-water sources.

    Parameters
    ----------
    reading
        Intakes: points, CRS known. One without a place stays a feature without geometry; one that cannot be read
        keeps the layer from ``clear`` everywhere.
    water
        The water at its normal level: polygons, taken together; a hole is an island, that is land.
    body, storage_m3, single_use
        See `size_of`.
    terrain
        Of a medium water without catchment: in a plain or among hills; needed there.
    catchment
        Polygons of the catchment: land beyond its divide is cut off, and zone 2 of a small water is all of it.
    stated
        Numbers in place of the standard's, by code (`Numbers`).
    max_offset_m
        How far from the water an intake may lie.
    position_accuracy_m, water_accuracy_m
        Of the intakes and the shore, 95 %; default: the reading's, and 25 m for a shore of which nobody says how it
        was drawn.
    error_m
        Of the drawn outlines (`spatial.buffers.geodesic_buffer`).

    Returns
    -------
    georeferenced
        Polygons in EPSG:4490, two an intake, zone 2 without the zones 1; method ``delineation_rule``, ``indicative``.
        Accuracy: intake, shore and construction, in squares.

    Raises
    ------
    DelineationError
        What the rule depends on is not stated, or a file cannot be used whole.
    IntakeOffWaterError
        An intake lies elsewhere.
    """
    numbers = Numbers(stated=stated or {})
    shape = _whole(water, "water polygon")
    area = float(ellipsoidal_area(shape)[0])
    size = size_of(body, area_m2=area, storage_m3=storage_m3, single_use=single_use, numbers=numbers)
    basin = None if catchment is None else _whole(catchment, "catchment polygon")
    if size == "medium" and terrain is None and basin is None:
        raise DelineationError(
            detail="the land of zone 2 depends on whether the water lies in a plain or among hills",
            remedy="state it (--terrain plain or hill), or give the catchment (--catchment)",
        )
    shapes: list[Any] = []
    rows: list[dict[str, Any]] = []
    for thing in things_of(reading, dimensions=frozenset({0}), what="intake"):
        if thing.geometry is None:
            shapes.append(None)
            rows.append({"name": thing.label, "source_name": thing.label, "code": thing.code, "zone": None})
            continue
        _require_at(thing, shape, max_offset_m)
        inner, outer = _zones(
            thing.geometry, shape, size, terrain=terrain, basin=basin, numbers=numbers, error_m=error_m
        )
        for zone, part in ((1, inner), (2, outer)):
            words = ZONE_WORDS[zone]
            row: dict[str, Any] = {"name": f"{thing.label}{words}", "zone": words, "source_name": thing.label}
            row["code"] = thing.code
            shapes.append(part)
            rows.append(row if thing.accuracy_m is None else {**row, "accuracy_m": thing.accuracy_m})
    taken = shapely.union_all([s for s, r in zip(shapes, rows, strict=True) if r["zone"] == ZONE_WORDS[1]])
    keep = [i for i, row in enumerate(rows) if row["zone"] != ZONE_WORDS[2]]
    for i, row in enumerate(rows):
        if row["zone"] == ZONE_WORDS[2]:
            shapes[i] = _areal(shapely.difference(shapes[i], taken))
            keep += [] if shapes[i].is_empty else [i]
    keep.sort()
    terms = position_accuracy(reading, position_accuracy_m, code="intake_position")
    reach = max(numbers.of(n["code"]) for n in numbers.listed() if n["unit"] == "m")
    rest = [
        *position_accuracy(water, water_accuracy_m, code="water_edge", drawn=True),
        AccuracyTerm(code="construction", metres=buffer_error_m(reach, error_m)),
    ]
    for row in rows:
        if "accuracy_m" in row:
            row["accuracy_m"] = math.hypot(row["accuracy_m"], *(term.metres for term in rest))
    return delineated(
        [shapes[i] for i in keep],
        [rows[i] for i in keep],
        accuracy=joined_accuracy([*terms, *rest], assumed=position_accuracy_m is None or water_accuracy_m is None),
        numbers=numbers,
        rule="lake",
        parameters={
            "body": body,
            "size": size,
            "storage_m3": storage_m3,
            "water_area_m2": round(area, 2),
            "single_use": single_use,
            "terrain": terrain,
            "not_cut_to_divide": basin is None,
            "max_offset_m": max_offset_m,
        },
        made_from=[reading, water] + ([] if catchment is None else [catchment]),
        unreadable=unreadable_of(reading),
    )


def _whole(reading: Reading, what: str) -> Any:
    require_whole(reading, what)
    found = things_of(reading, dimensions=frozenset({2}), what=what)
    return shapely.union_all([t.geometry for t in found if t.geometry is not None])


def _require_at(thing: Thing, water: Any, allowed_m: float) -> None:
    metres = max(distance_to(point, water) for point in shapely.get_parts(thing.geometry))
    if metres > allowed_m:
        raise IntakeOffWaterError(name=thing.label, offset_m=metres, allowed_m=allowed_m)


def _zones(
    intake: Any,
    water: Any,
    size: Size,
    *,
    terrain: Terrain | None,
    basin: Any,
    numbers: Numbers,
    error_m: float | None,
) -> tuple[Any, Any]:
    """Zone 1, and zone 2 with zone 1 in it."""
    if size == "small":
        water_1 = water
    else:
        radius = numbers.of(f"lake.radius.zone_1.{size}")
        water_1 = shapely.intersection(water, geodesic_buffer(intake, radius, error_m=error_m))
        if _areal(water_1).is_empty:
            raise DelineationError(
                detail=f"no water lies within {radius:g} m of the intake", remedy="check the polygon and the intake"
            )
    water_2 = water
    if size == "large":
        reach = numbers.of("lake.water_reach.zone_2.large")
        water_2 = shapely.intersection(water, geodesic_buffer(water_1, reach, error_m=error_m))
    depth_1 = numbers.of("lake.land_depth.zone_1")
    strip_1 = shapely.difference(geodesic_buffer(water_1, depth_1, error_m=error_m), water)
    inner = shapely.union(water_1, strip_1 if basin is None else shapely.intersection(strip_1, basin))
    if size == "small" and basin is not None:
        return _areal(inner), _areal(shapely.union(basin, inner))
    row = f"medium_{terrain or 'hill'}" if size == "medium" else size
    depth_2 = numbers.of(f"lake.land_depth.zone_2.{row}")
    strip_2 = shapely.difference(geodesic_buffer(water_2, depth_2, error_m=error_m), water)
    land = strip_2 if basin is None else shapely.intersection(strip_2, basin)
    return _areal(inner), _areal(shapely.union_all([water_2, land, inner]))


def _areal(shape: Any) -> Any:
    parts = shapely.get_parts(shape)
    return shapely.union_all([p for p in parts if shapely.get_dimensions(p) == 2])
