"""Where the engine is plugged in, so that the property tests can judge it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from layers.model import Feature
from screening.details import report_on
from screening.findings import answer_of
from screening.question import Question
from tests.building import layer_in_memory
from tests.oracle.plain import PlainAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from tests.oracle.plain import Box, PlainZone

ANSWER_REASONS = frozenset({"overlaps", "within_accuracy", "within_radius", "touches", "outside", "declared_none"})


def engine_answer(
    site: BaseGeometry,
    zones: Sequence[PlainZone],
    layer_accuracy_m: float,
    coverage: BaseGeometry | None,
    *,
    coverage_accuracy_m: float = 0.0,
    valid: bool = True,
    rejected_boxes: Sequence[Box | None] = (),
    site_accuracy_m: float,
    transformation_m: float = 0.0,
    radius_m: float = 0.0,
    site_part_rejected: bool = False,
) -> PlainAnswer:
    """
    Answer of the real engine for one site and one layer, in the words of ``PlainAnswer``.

    ``valid=False`` stands for a layer past its date (``layer_expired``). ``gap_m`` is inf where no zone has an extent.
    """
    features = [
        Feature(
            id=str(i),
            code=None,
            name=None,
            class_="red_line",
            counts=True,
            flags=("outer_bound",) if z.outer_bound else (),
            accuracy_m=z.accuracy_m,
            influence_m=z.influence_m,
            without_extent_m=z.no_extent_m,
        )
        for i, z in enumerate(zones)
    ]
    layer = layer_in_memory(
        features,
        [z.geometry for z in zones],
        accuracy_m=layer_accuracy_m,
        coverage=coverage,
        coverage_accuracy_m=coverage_accuracy_m,
        rejected_boxes=rejected_boxes,
    )
    question = Question(
        geometry=site,
        accuracy_m=site_accuracy_m,
        as_of="2026-11-22",
        radius_m=radius_m,
        transformation_m=transformation_m,
        part_rejected=site_part_rejected,
    )
    found = answer_of(question, layer, validity=None if valid else "layer_expired")
    finding = report_on(question, layer, found, epsg=4527).finding
    assert finding is not None
    codes = frozenset(r.code for r in finding.reasons)
    return PlainAnswer(
        answer=found.answer,
        gap_m=math.inf if found.gap_m is None else found.gap_m,
        overlap_m2=finding.overlap_m2,
        reasons=codes & ANSWER_REASONS,
        obstacles=codes - ANSWER_REASONS,
    )
