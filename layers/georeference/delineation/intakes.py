"""
Protection zones of a river intake (no tide), after HJ 338-2018.

Measured along the water from the intake's place on the river line: zone 1 some way up and down, zone 2 from its edges
on, up every tributary that is given. Across: the water (its polygon, or half a width on both sides of the line) and a
strip of land from its edge. Zone 2 is drawn without zone 1; they share the edge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layers.errors import DelineationError, IntakeOffWaterError, StudyNeededError
from layers.georeference.delineation.reaches import JOIN_M, Flow, River, Stretch, river_of, snapped, stretch
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
from spatial.ellipsoid import geod

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from layers.georeference.model import Georeferenced
    from spatial.reading.model import Reading

__all__ = ["MAX_OFFSET_M", "intakes"]

MAX_OFFSET_M = 500.0
"""An intake farther than this from the river line is taken to belong to another river, metres."""

_TRANSECT_M = 5000.0
_SAMPLE_M = 25.0


@dataclass(frozen=True, kw_only=True)
class _Channel:
    """What is known of the water across: its polygon, or half a width."""

    water: Any
    half_width_m: float | None


def intakes(
    reading: Reading,
    river: Reading,
    *,
    flow: Flow | None,
    half_width_m: float | None = None,
    half_width_error_m: float = 0.0,
    water: Reading | None = None,
    stated: Mapping[str, float] | None = None,
    tidal: bool = False,
    river_ends_here: bool = False,
    max_offset_m: float = MAX_OFFSET_M,
    join_m: float = JOIN_M,
    position_accuracy_m: float | None = None,
    river_accuracy_m: float | None = None,
    error_m: float | None = None,
) -> Georeferenced:
    """
    The zones of river intakes, as an indicative layer of drinking-water sources.

    Parameters
    ----------
    reading
        Intakes: points, CRS known. One without a place stays a feature without geometry; one that cannot be read
        keeps the layer from ``clear`` everywhere.
    river
        Lines of the river and, where they count, of its tributaries, long enough for the zones; ends within ``join_m``
        of another line join it. Every line must run the same way with the water.
    flow
        ``drawn``: lines are drawn downstream; ``against``: upstream. None is an error: it is never guessed.
    half_width_m, half_width_error_m
        Half the width of the water at its mean level, and how far that may be off, 95 %; needed without ``water``.
    water
        Polygons of the water, which then say where its edge is.
    stated
        Numbers in place of the standard's, by code (`Numbers`): a local approval of 500 m up, 500 m down …
    tidal
        Refused: for tides the standard asks for a model.
    river_ends_here
        See `reaches.stretch`.
    max_offset_m
        How far an intake may lie from the line.
    join_m
        See ``river``.
    position_accuracy_m, river_accuracy_m
        Of the intakes and of the line or polygon, 95 %; default: the reading's, and 25 m for lines and polygons of
        which nobody says how they were drawn.
    error_m
        Of the drawn outlines (`spatial.buffers.geodesic_buffer`).

    Returns
    -------
    georeferenced
        Polygons in EPSG:4490, two a source; method ``delineation_rule``, ``indicative``. Accuracy: intake, river,
        half width and construction, in squares. Zones are not cut to the divide, a dyke or an approved limit:
        ``not_cut_to_divide``.

    Raises
    ------
    FlowUnknownError, RiverUnclearError, RiverTooShortError, IntakeOffWaterError
        The lines do not carry the rule.
    StudyNeededError
        A tidal river.
    DelineationError
        Neither width nor water is given, or a file cannot be used whole.
    """
    if tidal:
        raise StudyNeededError(
            detail="on a tidal river zone 2 follows from the flow, not from a distance",
            detail_zh="潮汐河段的二级保护区由潮流计算确定",
            study="a hydrodynamic and water-quality model of the tidal reach",
            study_zh="潮汐河段水动力与水质数值模型",
        )
    numbers = Numbers(stated=stated or {})
    channel = _channel(half_width_m, half_width_error_m, water, numbers)
    require_whole(river, "river")
    lines = [t.geometry for t in things_of(river, dimensions=frozenset({1}), what="river line") if t.geometry]
    network = river_of(lines, flow=flow, join_m=join_m)
    terms = position_accuracy(reading, position_accuracy_m, code="intake_position")
    line = position_accuracy(
        river if water is None else water,
        river_accuracy_m,
        code="river_line" if water is None else "water_edge",
        drawn=True,
    )
    shapes: list[Any] = []
    rows: list[dict[str, Any]] = []
    placed: list[dict[str, Any]] = []
    for thing in things_of(reading, dimensions=frozenset({0}), what="intake"):
        if thing.geometry is None:
            shapes.append(None)
            rows.append({"name": thing.label, "source_name": thing.label, "code": thing.code, "zone": None})
            continue
        zones, about = _zones_of(
            thing,
            network,
            channel,
            numbers,
            max_offset_m=max_offset_m,
            ends_here=river_ends_here,
            doubt_m=2 * (thing.accuracy_m or terms[0].metres),
            error_m=error_m,
        )
        placed.append(about)
        for zone, shape in zones.items():
            shapes.append(shape)
            words = ZONE_WORDS[zone]
            row: dict[str, Any] = {
                "name": f"{thing.label}{words}",
                "zone": words,
                "source_name": thing.label,
                "code": thing.code,
            }
            rows.append(row if thing.accuracy_m is None else {**row, "accuracy_m": thing.accuracy_m})
    depth = numbers.of("intake.land_depth.zone_2") + (channel.half_width_m or 0.0)
    rest = [
        *line,
        AccuracyTerm(code="half_width", metres=half_width_error_m if water is None else 0.0),
        AccuracyTerm(code="construction", metres=buffer_error_m(depth, error_m)),
    ]
    for each in rows:
        if "accuracy_m" in each:
            each["accuracy_m"] = math.hypot(each["accuracy_m"], *(term.metres for term in rest))
    return delineated(
        shapes,
        rows,
        accuracy=joined_accuracy([*terms, *rest], assumed=position_accuracy_m is None or river_accuracy_m is None),
        numbers=numbers,
        rule="intake",
        parameters={
            "flow": flow,
            "width_from": "half_width" if water is None else "water_polygon",
            "distances_along": "the water, up every line given that joins it",
            "river_ends_here": river_ends_here,
            "join_m": join_m,
            "max_offset_m": max_offset_m,
            "not_cut_to_divide": True,
            "intakes": placed,
        },
        made_from=[reading, river] + ([] if water is None else [water]),
        unreadable=unreadable_of(reading),
    )


def _channel(half_width_m: float | None, error_m: float, water: Reading | None, numbers: Numbers) -> _Channel:
    if (half_width_m is None) == (water is None):
        raise DelineationError(
            detail="the width of the water is given twice"
            if water is not None
            else "nothing says how wide the water is",
            remedy="give one of --half-width-m and --water",
        )
    if water is None:
        assert half_width_m is not None
        numbers.given("intake.half_width", half_width_m, "m", zh="水面半宽", en="half the width of the water")
        numbers.given("intake.half_width_error", error_m, "m", zh="水面半宽误差", en="error of half the width")
        return _Channel(water=None, half_width_m=half_width_m)
    require_whole(water, "water body")
    found = things_of(water, dimensions=frozenset({2}), what="water polygon")
    return _Channel(water=shapely.union_all([t.geometry for t in found if t.geometry]), half_width_m=None)


def _zones_of(
    thing: Thing,
    network: River,
    channel: _Channel,
    numbers: Numbers,
    *,
    max_offset_m: float,
    ends_here: bool,
    doubt_m: float,
    error_m: float | None,
) -> tuple[dict[int, Any], dict[str, Any]]:
    """Zone -> polygon, and where on the river the intake was put."""
    points = shapely.get_parts(thing.geometry)
    if len(points) != 1:
        raise DelineationError(
            detail=f"intake {thing.label!r} is {len(points)} points", remedy="make a feature of each"
        )
    point = points[0]
    place = snapped(network, point.x, point.y, within_m=max_offset_m, doubt_m=doubt_m)
    if place is None:
        far = min(float(_metres_to(point, xy)) for xy in network.lines)
        raise IntakeOffWaterError(name=thing.label, offset_m=far, allowed_m=max_offset_m)
    up_1, down_1 = numbers.of("intake.upstream.zone_1"), numbers.of("intake.downstream.zone_1")
    up = up_1 + numbers.of("intake.upstream.zone_2")
    down = down_1 + numbers.of("intake.downstream.zone_2")
    depths = {zone: numbers.of(f"intake.land_depth.zone_{zone}") for zone in (1, 2)}
    whole = stretch(network, place, up_m=up, down_m=down, ends_here=ends_here)
    near = stretch(network, place, up_m=up_1, down_m=down_1, ends_here=ends_here)
    inner = _corridor(near, channel, depths[1], error_m)
    outer = shapely.difference(_corridor(whole, channel, depths[2], error_m), inner)
    about: dict[str, Any] = {"name": thing.label, "lon": round(place.lon, 9), "lat": round(place.lat, 9)}
    about |= {"offset_m": round(place.offset_m, 3), "branches": len(whole.paths)}
    about["ends_short"] = [{"side": side, "missing_m": round(m, 1)} for side, m in whole.ends_short]
    return {1: inner, 2: outer}, about


def _metres_to(point: Any, xy: Any) -> float:
    from spatial.overlay.distance import distance_to

    return distance_to(point, shapely.LineString(xy))


def _corridor(reach: Stretch, channel: _Channel, depth_m: float, error_m: float | None) -> Any:
    """Water and land along a stretch, cut off at right angles at its ends."""
    if channel.half_width_m is not None:
        wide = channel.half_width_m + depth_m
        return shapely.union_all([geodesic_buffer(p, wide, error_m=error_m, ends="flat") for p in reach.paths])
    half = max(_half_width(path, channel.water) for path in reach.paths)
    along = shapely.union_all([geodesic_buffer(p, half, ends="flat") for p in reach.paths])
    parts = shapely.get_parts(shapely.intersection(channel.water, along))
    met = shapely.union_all(list(reach.paths))
    water = shapely.union_all([p for p in parts if shapely.get_dimensions(p) == 2 and p.intersects(met)])
    cut = shapely.union_all([geodesic_buffer(p, half + depth_m, error_m=error_m, ends="flat") for p in reach.paths])
    land = shapely.intersection(geodesic_buffer(water, depth_m, error_m=error_m), cut)
    return _areal(shapely.union(water, land))


def _areal(shape: Any) -> Any:
    parts = [p for p in shapely.get_parts(shape) if shapely.get_dimensions(p) == 2]
    return shapely.union_all(parts)


def _half_width(path: Any, water: Any) -> float:
    """
    The farthest that water lies from a line at right angles to it, metres, with 5 % and a metre to spare.

    Islands are taken for water, so that the arms behind them count.
    """
    filled = shapely.union_all([shapely.Polygon(p.exterior) for p in _polygons(water)])
    shapely.prepare(filled)
    points, azimuths = _samples(path)
    farthest = 0.0
    for (lon, lat), azimuth in zip(points, azimuths, strict=True):
        if not filled.intersects(shapely.Point(lon, lat)):
            raise DelineationError(
                detail=f"the river line leaves the water polygon at {lon:.6f}, {lat:.6f}",
                remedy="give a line within the water, a polygon that holds it, or --half-width-m",
            )
        for side in (-90.0, 90.0):
            far_lon, far_lat, _ = geod().fwd(lon, lat, azimuth + side, _TRANSECT_M)
            across = shapely.LineString([(lon, lat), (far_lon, far_lat)])
            reach = [
                p for p in shapely.get_parts(filled.intersection(across)) if p.distance(shapely.Point(lon, lat)) < 1e-9
            ]
            ends = shapely.get_coordinates(reach)
            metres = geod().inv(np.full(len(ends), lon), np.full(len(ends), lat), *ends.T.copy())[2]
            farthest = max(farthest, float(np.max(metres, initial=0.0)))
    return 1.05 * farthest + 1.0


def _polygons(water: Any) -> Sequence[Any]:
    return [p for p in shapely.get_parts(water) if shapely.get_type_id(p) == 3]


def _samples(path: Any) -> tuple[Any, Any]:
    """Points every 25 m along a line, and the azimuth of the edge each lies on."""
    xy = shapely.get_coordinates(path)
    azimuth, _, metres = geod().inv(*xy[:-1].T.copy(), *xy[1:].T.copy())
    points, angles = [], []
    for i, length in enumerate(metres):
        shares = (np.arange(max(1, int(length // _SAMPLE_M))) + 0.5) / max(1, int(length // _SAMPLE_M))
        points += [xy[i] + share * (xy[i + 1] - xy[i]) for share in shares]
        angles += [azimuth[i]] * len(shares)
    return points, angles
