"""
What lies around a project: the table of environmental targets (环境保护目标表), by topic.

Ranges say how far an assessment looks (`screening.evaluation_ranges`); they stand beside the verdict and move no
answer. A table is empty only where layers of sensitive targets are there and cover the range; else it says what is
missing.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely

from layers.fields import fold, text_of
from screening.evaluation_ranges import evaluation_ranges
from screening.extent import together
from screening.target_layers import TargetLayer, doubts_within, layers_of_targets
from spatial.datafiles import toml_tables
from spatial.overlay.distance import nearest_of
from spatial.overlay.frame import Frame, bounds_of, widened
from spatial.overlay.parts import simple_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapely.geometry.base import BaseGeometry

    from layers.model import Feature
    from layers.workspace.store import WorkspaceStore
    from screening.evaluation_ranges import EvaluationRange, EvaluationRanges
    from screening.site import Site

__all__ = ["surroundings_of"]

InRange = Literal["yes", "uncertain", "no"]
_SEPARATORS = re.compile(r"[；;、，,/|+()（）]+")
_NEXT_M = 20_000.0
"""How far the nearest target outside all ranges is looked for."""


@dataclass(frozen=True, kw_only=True)
class _Target:
    """One target: where it lies to the site, and what its file says."""

    layer: TargetLayer
    feature: Feature
    geometry: BaseGeometry
    distance_m: float
    bearing_deg: float | None
    distances: dict[str, float]
    """To the parcels and points, and to the routes, of a site that has both."""
    accuracy_m: float
    """Combined with that of the site."""


def surroundings_of(
    site: Site, store: WorkspaceStore, as_of: str, ranges: EvaluationRanges | None = None
) -> dict[str, Any]:
    """
    The sensitive targets within the evaluation range of each topic.

    Use it beside a verdict; it moves no answer.

    Parameters
    ----------
    site
        A placed site, EPSG:4490.
    store
        An open workspace; all its layers of kind ``sensitive_targets`` are read as they are at the date.
    as_of
        ISO date: targets not in force then are left out and counted.
    ranges
        From `screening.evaluation_ranges.evaluation_ranges`; default: the defaults of the guidelines.

    Returns
    -------
    document
        JSON-ready. ``targets`` has every target in the range of a topic, or so near its edge that the accuracy leaves
        it open, nearest first: name, object, function zone, longitude and latitude of a point in it (degrees), geodesic
        distance to the boundary of the site (metres; 0 inside) and bearing from there. ``topics`` says for each range
        how many there are and whether that is all of them. ``status`` is ``unknown`` where no layer could be read.

    Raises
    ------
    EvaluationRangeError
        Only from reading a user's file, before.
    """
    asked = evaluation_ranges() if ranges is None else ranges
    layers, lost = layers_of_targets(store, as_of)
    footprints = _footprints(site)
    mine = [one for one in asked.chosen if one.applies in footprints]
    farthest = max((_reach(one) for one in mine), default=0.0)
    targets = sorted(
        (t for layer in layers for t in _targets(site, footprints, layer, farthest)),
        key=lambda t: (t.distance_m, t.layer.name, t.feature.id),
    )
    rows: list[dict[str, Any]] = []
    beyond: list[dict[str, Any]] = []
    counts: dict[int, dict[str, int]] = {number: {"yes": 0, "uncertain": 0} for number in range(len(mine))}
    for target in targets:
        elements, flags = _elements(target.feature)
        topics: dict[str, InRange] = {}
        for number, one in enumerate(mine):
            answer: InRange = (
                "no" if elements and one.topic not in elements else _in_range(site, footprints, one, target)
            )
            if answer == "no":
                continue
            counts[number][answer] += 1
            topics[one.topic] = "yes" if "yes" in (answer, topics.get(one.topic)) else "uncertain"
        (rows if topics else beyond).append({**_row(target, elements, flags), "topics": topics})
    return {
        "status": "listed" if layers else "unknown",
        "as_of": as_of,
        "form": asked.form,
        "ranges_file": asked.file,
        "topics": [
            _topic(site, one, asked, counts[number], layers=layers, lost=lost) for number, one in enumerate(mine)
        ],
        "targets": rows,
        "next": beyond[0] if beyond else None,
        "layers": [layer.to_dict() for layer in layers],
        "doubts": lost,
        "restricted": any(layer.open.card.restricted for layer in layers),
        "notes": ["range_moves_no_answer", "only_loaded_targets"],
    }


def _footprints(site: Site) -> dict[str, Any]:
    """What areal ranges are measured from, parcels and points, and what linear ones are, routes; those there are."""
    parts = simple_parts(np.array([part.geometry for part in site.parts], dtype=object))
    linear = shapely.get_dimensions(parts) == 1
    found = {"areal": parts[~linear], "linear": parts[linear]}
    if not all(len(kept) for kept in found.values()):
        return {applies: site.geometry for applies, kept in found.items() if len(kept)}
    return {applies: together(kept) for applies, kept in found.items()}


def _reach(one: EvaluationRange) -> float:
    """No target farther from the site than this is in the range, metres."""
    if one.metres is None:
        return 0.0
    return one.metres if one.shape == "distance" else one.metres * math.sqrt(0.5)


def _targets(site: Site, footprints: dict[str, Any], layer: TargetLayer, farthest_m: float) -> list[_Target]:
    """Targets in force that can be in a range, and others within 20 km."""
    index = layer.open.index
    reach = max(farthest_m, _NEXT_M) + site.radius_m
    reach += layer.combined(site, max(layer.open.card.accuracy_m, layer.worst_accuracy_m))
    rows = index.pieces_meeting(
        widened(bounds_of(site.geometry), reach), layer.standing.in_force & (index.feature_dimension >= 0)
    )
    found = []
    for row in np.unique(index.piece_feature[rows]):
        pieces = index.load(rows[index.piece_feature[rows] == row])
        nearest = nearest_of(site.geometry, pieces)
        distances = dict.fromkeys(footprints, nearest.distance_m)
        if len(footprints) > 1:
            distances = {applies: nearest_of(own, pieces).distance_m for applies, own in footprints.items()}
        found.append(
            _Target(
                layer=layer,
                feature=layer.open.records.feature(int(row)),
                geometry=shapely.union_all(pieces),
                distance_m=nearest.distance_m,
                bearing_deg=nearest.bearing_deg,
                distances=distances,
                accuracy_m=layer.combined(site, float(layer.standing.accuracy_m[row])),
            )
        )
    return found


def _in_range(site: Site, footprints: dict[str, Any], one: EvaluationRange, target: _Target) -> InRange:
    """Whether a target is in a range, where accuracy and radius of the site leave no doubt; else ``uncertain``."""
    if one.metres is None:
        return "no"
    a, distance = target.accuracy_m, target.distances[one.applies]
    if one.shape == "distance":
        if distance + a <= one.metres:
            return "yes"
        return "no" if distance - site.radius_m - a > one.metres else "uncertain"
    if distance == 0.0:
        return "yes"
    frame = Frame.around(bounds_of(footprints[one.applies]))
    plane, half = frame.to_plane(target.geometry), one.metres / 2
    if half > a and shapely.intersects(plane, _square(half - a)):
        return "yes"
    return "uncertain" if shapely.intersects(plane, _square(half + a + site.radius_m)) else "no"


def _square(half_m: float) -> Any:
    return shapely.box(-half_m, -half_m, half_m, half_m)


def _topic(
    site: Site,
    one: EvaluationRange,
    asked: EvaluationRanges,
    counts: dict[str, int],
    *,
    layers: Sequence[TargetLayer],
    lost: list[dict[str, Any]],
) -> dict[str, Any]:
    doubts = [] if one.metres is None else [*lost, *doubts_within(site, layers, _reach(one))]
    if one.metres is None:
        status = "by_case"
    elif not layers:
        status = "unknown"
    else:
        status = "incomplete" if doubts else "complete"
    zh, en = asked.topics[one.topic]
    return {
        "topic": one.topic,
        "name": {"zh": zh, "en": en},
        "applies": one.applies,
        "shape": one.shape,
        "metres": one.metres,
        "level": one.level,
        "standard": one.standard,
        "mark": one.mark,
        "source": one.source,
        "basis": {"zh": one.zh, "en": one.en},
        "others": [
            {"metres": other.metres, "shape": other.shape, "level": other.level, "mark": other.mark}
            for other in asked.others
            if (other.topic, other.applies) == (one.topic, one.applies)
        ],
        "status": status,
        "targets": counts["yes"],
        "uncertain": counts["uncertain"],
        "doubts": doubts,
    }


def _row(target: _Target, elements: frozenset[str], flags: Iterable[str]) -> dict[str, Any]:
    feature = target.feature
    point = target.geometry if target.geometry.geom_type == "Point" else shapely.point_on_surface(target.geometry)
    said = _said(feature)
    return {
        "layer": target.layer.name,
        "id": feature.id,
        "code": feature.code,
        "name": feature.name,
        "object": said["object"] or feature.class_label,
        "function_zone": said["function_zone"],
        "population": said["population"],
        "elements": sorted(elements),
        "lon": round(float(shapely.get_x(point)), 6),
        "lat": round(float(shapely.get_y(point)), 6),
        "distance_m": round(target.distance_m, 3),
        "bearing_deg": None if target.bearing_deg is None else round(target.bearing_deg, 2) % 360,
        "accuracy_m": round(target.accuracy_m, 3),
        "flags": [*feature.flags, *flags],
    }


def _said(feature: Feature) -> dict[str, str | None]:
    """What the file says of a target by meaning; the first column of a meaning that says something."""
    columns = {fold(name): value for name, value in feature.attributes.items()}
    return {
        meaning: next((text for alias in aliases if (text := text_of(columns.get(fold(alias)))) is not None), None)
        for meaning, aliases in _columns().items()
    }


def _elements(feature: Feature) -> tuple[frozenset[str], list[str]]:
    """Topics that the file names for a target; none where it names none that is understood: then all apply."""
    said = _said(feature)["element"]
    if said is None:
        return frozenset(), ["element_not_stated"]
    words = [fold(word) for word in _SEPARATORS.split(said) if word.strip()]
    codes = {code for code, aliases in _element_words().items() if any(word in aliases for word in words)}
    known = {word for aliases in _element_words().values() for word in aliases}
    if not words or not set(words) <= known:
        return frozenset(), ["element_not_understood"]
    return frozenset(codes), []


@cache
def _tables() -> dict[str, Any]:
    return toml_tables(Path(__file__).with_name("target_fields.toml"))


def _columns() -> dict[str, list[str]]:
    return {meaning: aliases for meaning, aliases in _tables().items() if isinstance(aliases, list)}


@cache
def _element_words() -> dict[str, frozenset[str]]:
    return {code: frozenset(fold(word) for word in words) for code, words in _tables()["element_words"].items()}
