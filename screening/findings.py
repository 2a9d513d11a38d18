"""One layer's answer for one site (``docs/contract/verdict.md`` §2)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from screening.covering import Cover, cover_of
from screening.nearest import nearest_feature
from screening.proving import accuracy_of_proof, metres_held
from screening.question import Question, ZoneGroup
from screening.reasons import Reason, ordered
from spatial.overlay.distance import distance_at_least, distance_to
from spatial.overlay.frame import Frame, bounds_of, boxes_meet, widened
from spatial.overlay.hold import ARC_FACTOR
from spatial.overlay.nearest_piece import nearest_piece

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from layers.records import Standing
    from layers.version import OpenLayer
    from screening.reasons import Answer

__all__ = ["LayerAnswer", "answer_of", "box_counts"]

UNIT_GAP_M = 1.0
"""Gaps between neighbouring units narrower than this are no hole (``layers.coverage``)."""


@dataclass(frozen=True, kw_only=True)
class LayerAnswer:
    """
    What one layer version says, and everything the answer rests on.

    ``accuracy_m`` is the combined a of the features that decide; ``gap_m`` the geodesic distance to Z rounded down to
    1 mm (None where Z is empty); ``cover`` None where no coverage is stated.
    """

    answer: Answer
    reasons: tuple[Reason, ...]
    accuracy_m: float
    layer_accuracy_m: float
    gap_m: float | None
    cover: Cover | None
    clear_margin_m: float
    """a + R of the feature that asks most: how far from the edge of the coverage the site must be."""
    standing: Standing
    hold_at_least_m: float | None = None
    """Proved hold, rounded down to 0.1 m; None where it was not asked for or nothing is met."""
    met: tuple[int, ...] = field(default=())
    """Rows of the zone features within their own accuracy, nearest first where none is."""


def answer_of(question: Question, layer: OpenLayer, *, validity: str | None = None) -> LayerAnswer:
    """
    The answer of one layer version.

    Parameters
    ----------
    question
        The site and the date.
    layer
        An open version; touching damaged bytes raises ``DamagedVersionError``.
    validity
        The reason why this version cannot give ``clear`` at the date, if there is one.
    """
    card = layer.card
    standing = layer.records.standing(question.as_of, card.accuracy_m)
    groups = _groups(question, layer, standing)
    reasons: list[Reason] = []
    proved = accuracy_of_proof(question, layer, groups)
    near = [g for g in groups if g.gap_m <= g.a + question.radius_m]
    gap = min((g.gap_m for g in groups), default=None)
    deciding = min(groups, key=lambda g: (g.gap_m - g.a, -g.a), default=None)
    if proved is not None:
        answer: Answer = "hit"
        accuracy, layer_accuracy = question.combined(proved), proved
        reasons.append(Reason("overlaps"))
    elif near:
        answer = "uncertain"
        closest = min(near, key=lambda g: (g.gap_m - g.a, -g.a))
        accuracy, layer_accuracy = closest.a, closest.accuracy_m
        inside = [g for g in near if g.gap_m <= g.a]
        code = "within_accuracy" if inside else "within_radius"
        reasons.append(Reason(code, (("gap_m", closest.gap_m),)))
    else:
        answer = "clear"
        accuracy = question.combined(card.accuracy_m) if deciding is None else deciding.a
        layer_accuracy = card.accuracy_m if deciding is None else deciding.accuracy_m
    margin = max([question.combined(card.accuracy_m), *(g.a for g in groups)]) + question.radius_m
    cover = None if layer.coverage is None else cover_of(question.geometry, layer.coverage)
    obstacles = [
        *_coverage_reasons(cover, card.coverage_accuracy_m, margin),
        *_feature_reasons(question, layer, standing),
        *_rejected_reasons(question, layer, margin),
        *(_unit_reasons(question, layer, standing, margin) if card.kind == "control_units" else []),
        *([Reason(validity)] if validity else []),
        *([Reason("site_part_rejected")] if question.part_rejected else []),
    ]
    if answer == "clear":
        if obstacles:
            answer = "unknown"
        else:
            reasons.append(Reason("declared_none" if card.declared_none else "outside"))
    return LayerAnswer(
        answer=answer,
        reasons=ordered([*reasons, *obstacles]),
        accuracy_m=accuracy,
        layer_accuracy_m=layer_accuracy,
        gap_m=gap,
        cover=cover,
        clear_margin_m=margin,
        standing=standing,
        hold_at_least_m=metres_held(question, layer, groups) if question.stability else None,
        met=_met(question, layer, groups),
    )


def floor_mm(metres: float) -> float:
    """Metres rounded down to 1 mm; a distance that is a whole millimetre but for its last bits stays what it is."""
    return math.floor(metres * 1000 + 1e-7) / 1000


def _groups(question: Question, layer: OpenLayer, standing: Standing) -> list[ZoneGroup]:
    index, found = layer.index, []
    for rows, accuracy, influence, soft in standing.alike:
        nearest = nearest_piece(question.geometry, index, rows)
        gap = math.inf if nearest is None else max(0.0, nearest.distance_m - max(influence, 0.0))
        found.append(
            ZoneGroup(
                rows=rows,
                accuracy_m=accuracy,
                influence_m=influence,
                soft=soft,
                a=question.combined(accuracy),
                gap_m=gap if math.isinf(gap) else floor_mm(gap),
                nearest=nearest,
            )
        )
    return found


def _met(question: Question, layer: OpenLayer, groups: list[ZoneGroup]) -> tuple[int, ...]:
    """Rows of the zone features within a + R of the site, or the nearest one; in row order."""
    index = layer.index
    met: set[int] = set()
    for group in groups:
        reach = max(group.influence_m, 0.0) + group.a + question.radius_m
        if group.nearest is None or group.nearest.distance_m > 1.001 * reach + 1.0:
            continue
        rows = index.pieces_meeting(widened(bounds_of(question.geometry), reach), group.rows)
        pieces = index.load(rows)
        least = distance_at_least(question.geometry, pieces)
        for place in np.argsort(least, kind="stable")[: np.count_nonzero(least <= reach)]:
            feature = int(index.piece_feature[rows[place]])
            if feature not in met and distance_to(question.geometry, pieces[place]) <= reach:
                met.add(feature)
    if met or not groups:
        return tuple(sorted(met))
    closest = min(groups, key=lambda g: g.gap_m)
    nearest = nearest_feature(question.geometry, layer, closest.rows, first=closest.nearest)
    return () if nearest is None else (nearest,)


def _coverage_reasons(cover: Cover | None, accuracy_m: float | None, margin_m: float) -> list[Reason]:
    if cover is None:
        return [Reason("coverage_not_stated")]
    if not cover.inside:
        code = "outside_coverage" if cover.uncovered_share >= 1.0 else "partly_outside_coverage"
        return [Reason(code, (("uncovered_share", cover.uncovered_share),))]
    needed = (accuracy_m or 0.0) + margin_m
    if cover.edge_surely_beyond(needed + 1e-3):
        return []
    if floor_mm(cover.edge_m) <= needed:
        return [Reason("partly_outside_coverage", (("edge_m", floor_mm(cover.edge_m)), ("needed_m", needed)))]
    return []


def _feature_reasons(question: Question, layer: OpenLayer, standing: Standing) -> list[Reason]:
    """Features without extent that are near, or that have no coordinates at all."""
    reasons = []
    for row in np.flatnonzero(~np.isnan(standing.without_extent_m)):
        a = question.combined(float(standing.accuracy_m[row]))
        reach = max(a, float(standing.without_extent_m[row])) + question.radius_m
        geometry = None if math.isinf(reach) else layer.index.geometry(int(row))
        distance = 0.0 if geometry is None else floor_mm(_distance_to_drawn(question.geometry, geometry))
        if distance <= reach:
            feature = layer.records.feature(int(row))
            facts: tuple[tuple[str, Any], ...] = (("feature", feature.id),)
            if feature.name is not None:
                facts += (("name", feature.name),)
            if geometry is not None:
                facts += (("distance_m", distance), ("reach_m", reach))
            reasons.append(Reason("extent_not_given", facts))
    return reasons


def _distance_to_drawn(site: BaseGeometry, drawn: BaseGeometry) -> float:
    """Metres to what a feature without extent shows; 0 inside lines that close, which may well be its boundary."""
    if shapely.get_dimensions(drawn) == 1 and boxes_meet(np.array([drawn.bounds]), bounds_of(site)).any():
        inside = shapely.polygonize(shapely.get_parts(shapely.union_all([drawn])))
        if shapely.intersects(inside, site):
            return 0.0
    return distance_to(site, drawn)


def _rejected_reasons(question: Question, layer: OpenLayer, margin_m: float) -> list[Reason]:
    boxes = layer.rejected_boxes
    if len(boxes) == 0:
        return []
    coverage = layer.coverage

    def is_near(box: NDArray[np.float64]) -> bool:
        if coverage is None or not box_counts(box, coverage.feature_bounds[0]):
            return True
        west, south, east, north = (float(v) for v in box)
        return bool(shapely.intersects(question.geometry, shapely.box(*widened((west, south, east, north), margin_m))))

    near = sum(is_near(box) for box in boxes)
    return [Reason("rejected_feature_near", (("features", near),))] if near else []


def _unit_reasons(question: Question, layer: OpenLayer, standing: Standing, margin_m: float) -> list[Reason]:
    """
    Where units past their date leave land without a unit in force: what holds there is not known.

    The coverage of a layer of units was cut to all its units at import; a unit that has expired since is a hole in it.
    """
    index = layer.index
    areal = index.feature_dimension == 2
    window = widened(bounds_of(question.geometry), margin_m)
    ended = index.pieces_meeting(window, areal & ~standing.in_force)
    if len(ended) == 0:
        return []
    frame = Frame.around(bounds_of(question.geometry))
    room = shapely.buffer(frame.to_plane(question.geometry), ARC_FACTOR * margin_m)
    now = frame.to_plane(shapely.union_all(index.load(index.pieces_meeting(window, areal & standing.in_force))))
    then = frame.to_plane(shapely.union_all(index.load(ended)))
    hole = shapely.difference(shapely.intersection(then, room), shapely.buffer(now, UNIT_GAP_M / 2, join_style="mitre"))
    units = len(set(index.piece_feature[ended].tolist()))
    return [] if hole.is_empty else [Reason("layer_expired", (("features", units),))]


def box_counts(box: NDArray[np.float64], coverage: NDArray[np.float64]) -> bool:
    """Finite, meeting the box of the coverage, and within that box widened by its own size."""
    if not np.isfinite(box).all() or not np.isfinite(coverage).all():
        return False
    width, height = coverage[2] - coverage[0], coverage[3] - coverage[1]
    meets = box[0] <= coverage[2] and box[2] >= coverage[0] and box[1] <= coverage[3] and box[3] >= coverage[1]
    within = (
        box[0] >= coverage[0] - width
        and box[2] <= coverage[2] + width
        and box[1] >= coverage[1] - height
        and box[3] <= coverage[3] + height
    )
    return bool(meets and within)
