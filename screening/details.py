"""What a finding lists beside its answer: every feature met with relation, overlap, share, distance and bearing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from screening.extent import common
from screening.nearest import nearest_feature
from screening.overlap import Overlap
from screening.reasons import Reason, ordered
from screening.verdict import ContextLayer, FeatureFinding, Finding
from spatial.measure import ellipsoidal_area, geodesic_length, planar_areas
from spatial.overlay.distance import nearest_of_boxes
from spatial.overlay.frame import bounds_of, boxes_meet, widened
from spatial.overlay.index import DamagedIndexError
from spatial.overlay.influence import drawn_influence
from spatial.overlay.relate import TOUCHING_M, Meeting, meet, relation_to_thin

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from layers.records import Standing
    from layers.version import OpenLayer
    from screening.findings import LayerAnswer
    from screening.question import Question

__all__ = ["LayerReport", "in_order_m2", "report_on"]

LISTED_WHOLE = frozenset({"sensitive_targets", "monitoring_sections"})
"""Kinds of context whose every feature is listed with distance and bearing."""


@dataclass(frozen=True, kw_only=True)
class LayerReport:
    """A layer's finding with its features, what of it is context, and the overlapping parts for maps and exports."""

    finding: Finding | None
    context: ContextLayer | None
    overlaps: tuple[Overlap, ...]


@dataclass(frozen=True, kw_only=True)
class _Measures:
    """The site's own size, for shares, and its 3° zone, for planar areas."""

    area_m2: float
    length_m: float
    epsg: int


def report_on(question: Question, layer: OpenLayer, found: LayerAnswer, *, epsg: int) -> LayerReport:
    """
    The finding of one layer in full.

    Parameters
    ----------
    question
        The site and the date.
    layer
        The open version; may raise ``DamagedVersionError``.
    found
        Its answer.
    epsg
        The 3° zone in which planar areas are given.
    """
    measures = _Measures(area_m2=question.area_m2, length_m=question.length_m, epsg=epsg)
    zone = found.standing.zone
    features, overlaps = [], []
    for row in found.met:
        feature, part = _feature(question, layer, row, measures, found.standing)
        features.append(feature)
        overlaps += part
    others = [
        _feature(question, layer, int(row), measures, found.standing) for row in _context_rows(question, layer, zone)
    ]
    role = layer.card.role
    context_features = [f for f, _ in others]
    if role == "context":
        context_features = sorted([*features, *context_features], key=lambda f: (f.distance_m, f.id))
        kept = tuple(context_features)
        return LayerReport(
            finding=None,
            context=ContextLayer(layer=layer.card.name, kind=layer.card.kind, features=kept),
            overlaps=tuple(overlaps) + tuple(o for _, part in others for o in part),
        )
    features.sort(key=_weight)
    reasons = list(found.reasons)
    if found.answer == "uncertain" and found.gap_m == 0.0 and _only_touches(features):
        reasons = list(ordered([*reasons, Reason("touches")]))
    total, length = _together(question.geometry, overlaps)
    finding = Finding(
        layer=layer.card.name,
        kind=layer.card.kind,
        theme=layer.card.theme,
        version=layer.entry.version,
        role=role,
        answer=found.answer,
        reasons=tuple(reasons),
        accuracy_m=found.accuracy_m,
        accuracy_parts={
            "site": question.accuracy_m,
            "layer": found.layer_accuracy_m,
            "transformation": question.transformation_m,
        },
        gap_m=found.gap_m,
        hold_at_least_m=found.hold_at_least_m,
        distance_at_least_m=_at_least(found),
        uncovered_share=None if found.cover is None else found.cover.uncovered_share,
        overlap_m2=total,
        share=_share(total, length, measures),
        overlap_length_m=length if measures.length_m > 0 else None,
        features=tuple(features),
    )
    context = ContextLayer(layer=layer.card.name, kind=layer.card.kind, features=tuple(context_features))
    return LayerReport(
        finding=finding,
        context=context if context_features else None,
        overlaps=tuple(overlaps) + tuple(o for _, part in others for o in part),
    )


def in_order_m2(area_m2: float) -> float:
    """
    An area as features are put in order by it: to 0.01 m² and 9 digits, for its last bits say nothing.

    Two zones over the whole of a site share it alike; which of them comes out larger would differ between processors.

    Examples
    --------
    >>> in_order_m2(1_400_000.000_000_3) == in_order_m2(1_399_999.999_999_8)
    True
    """
    return round(float(f"{area_m2:.9g}"), 2)


def _weight(feature: FeatureFinding) -> tuple[float, float, float, str]:
    """The largest share first, then the longest, then the nearest."""
    length = round(feature.length_m or 0.0, 3)
    return -in_order_m2(feature.overlap_m2), -length, round(feature.distance_m, 3), feature.id


def _feature(
    question: Question, layer: OpenLayer, row: int, measures: _Measures, standing: Standing
) -> tuple[FeatureFinding, list[Overlap]]:
    index, site, influence = layer.index, question.geometry, standing.influence_m
    own = index.pieces_of_one(row)
    meeting = Meeting(relation="disjoint", overlap=None, overlap_m2=0.0, overlap_length_m=0.0)
    influence_m = float(influence[row])
    if influence_m > 0:  # answers measure to the feature; the zone is drawn only for what is listed and shown
        zone = drawn_influence(index.geometry(row), influence_m, near=site)
        meeting = meet(site, np.array([zone], dtype=object), float(ellipsoidal_area([zone])[0]))
    elif index.feature_dimension[row] == 2:
        near = own[boxes_meet(index.piece_bounds[own], widened(bounds_of(site), TOUCHING_M))]
        meeting = meet(site, index.load(near), float(index.feature_area_m2[row]))
    nearest = nearest_of_boxes(site, index.piece_bounds, own, index.load)
    if nearest is None:
        raise DamagedIndexError(array="pieces/feature", detail=f"no piece of feature {row}")
    feature = layer.records.feature(row)
    planar = 0.0
    if meeting.overlap is not None and meeting.overlap_m2 > 0:
        planar = float(np.nansum(planar_areas([meeting.overlap], measures.epsg)))
    relation = meeting.relation
    if relation == "disjoint" and nearest.distance_m < TOUCHING_M and not influence_m > 0:
        thin = index.feature_dimension[row] < 2
        relation = relation_to_thin(site, shapely.union_all(index.load(own))) if thin else "touches"
    found = FeatureFinding(
        id=feature.id,
        code=feature.code,
        name=feature.name,
        class_=feature.class_,
        class_label=feature.class_label,
        flags=feature.flags,
        accuracy_m=float(standing.accuracy_m[row]),
        relation=relation,
        overlap_m2=meeting.overlap_m2,
        overlap_planar_m2=planar,
        share=_share(meeting.overlap_m2, meeting.overlap_length_m, measures),
        length_m=meeting.overlap_length_m if measures.length_m > 0 else None,
        distance_m=nearest.distance_m,
        bearing_deg=nearest.bearing_deg,
        requirements=feature.requirements,
        own_fields=feature.own_fields,
    )
    if meeting.overlap is None:
        return found, []
    return found, [
        Overlap(layer=layer.card.name, kind=layer.card.kind, feature_id=feature.id, geometry=meeting.overlap)
    ]


def _only_touches(features: list[FeatureFinding]) -> bool:
    """Whether a gap of 0 is a bare touch: nothing of the site lies in a zone."""
    return {f.relation for f in features} <= {"touches", "disjoint"}


def _context_rows(question: Question, layer: OpenLayer, zone: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Features that are no zone: those met; of point kinds all; of other context layers the nearest besides."""
    index = layer.index
    rest = ~zone & (index.feature_dimension >= 0)
    if layer.card.kind in LISTED_WHOLE:
        return np.flatnonzero(rest)
    if not rest.any():
        return np.zeros(0, dtype=np.int64)
    rows = index.pieces_meeting(widened(bounds_of(question.geometry), TOUCHING_M), rest)
    pieces = index.load(rows)
    met = sorted(set(index.piece_feature[rows[shapely.intersects(question.geometry, pieces)]].tolist()))
    if met or layer.card.role != "context":
        return np.array(met, dtype=np.int64)
    nearest = nearest_feature(question.geometry, layer, rest)
    return np.array([] if nearest is None else [nearest], dtype=np.int64)


def _together(site: BaseGeometry, overlaps: list[Overlap]) -> tuple[float, float]:
    """
    Area and length of the site in the layer, features that overlap each other counted once.

    Pieces cut from one line share it up to the last bits only, so lengths are taken of the site itself, near them.
    """
    if not overlaps:
        return 0.0, 0.0
    parts: list[Any] = [p for o in overlaps for p in shapely.get_parts(o.geometry)]
    areas = [p for p in parts if shapely.get_dimensions(p) == 2]
    lines = [p for p in parts if shapely.get_dimensions(p) == 1]
    area = float(ellipsoidal_area([shapely.union_all(areas)])[0]) if areas else 0.0
    if len(overlaps) == 1:
        return area, float(np.nansum(geodesic_length(lines))) if lines else 0.0
    return area, common(site, lines).length_m if lines else 0.0


def _share(area_m2: float, length_m: float, measures: _Measures) -> float:
    """Of the site's area; of its length where only its lines lie there."""
    if measures.area_m2 > 0 and (area_m2 > 0 or length_m == 0):
        return min(1.0, area_m2 / measures.area_m2)
    return min(1.0, length_m / measures.length_m) if measures.length_m > 0 else 0.0


def _at_least(found: LayerAnswer) -> float | None:
    """Distance to the edge of the coverage where that is nearer than the nearest feature, else None."""
    if found.cover is None:
        return None if found.gap_m is not None and found.gap_m <= 0.0 else 0.0
    if found.gap_m is not None and (found.gap_m <= 0.0 or found.cover.edge_surely_beyond(found.gap_m)):
        return None
    edge = found.cover.edge_m
    return None if found.gap_m is not None and found.gap_m <= edge else edge
