"""Single layers of the oracle's cases, judged by the engine and by the page: shared by the files that test the page."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING

from layers.model import Feature
from screening.question import Question
from screening.screen import judge
from screening.site import site_of
from tests.page_harness import (
    differences,
    document_of,
    engine_words,
    layer_of,
    loaded_of,
    page_layer,
    page_words,
    question_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layers.version import OpenLayer
    from screening.site import Site
    from tests.oracle.cases import Case
    from tests.page_harness import JudgePage

AT_ONCE = 50


def check_single_layers(judging: JudgePage, cases: Sequence[Case]) -> Counter[str]:
    """Every answer, area and distance of the page is the engine's; how often each answer was."""
    answers: Counter[str] = Counter()
    for start in range(0, len(cases), AT_ONCE):
        given, engines = [], []
        for case in cases[start : start + AT_ONCE]:
            layer, validity, site = single(case)
            engines.append(judge(site, loaded_of([(layer, validity)], "red_lines")))
            given.append(([page_layer(layer, validity)], document_of("red_lines"), question_of(site)))
        for case, engine, page in zip(cases[start:], engines, judging.ask_each(given), strict=False):
            assert differences(engine_words(engine), page_words(page)) == [], case
            answers[engine.answer] += 1
    return answers


def single(case: Case) -> tuple[OpenLayer, str | None, Site]:
    """A case of the oracle as a layer, the reason why it gives no clear, and a site."""
    drawn = case.layer
    features = [
        Feature(
            id=str(i),
            code=None,
            name=None,
            class_="red_line",
            counts=True,
            flags=("outer_bound",) if zone.outer_bound else (),
            accuracy_m=zone.accuracy_m,
            influence_m=zone.influence_m,
            without_extent_m=zone.no_extent_m,
        )
        for i, zone in enumerate(drawn.zones)
    ]
    layer = layer_of(
        features,
        [zone.geometry for zone in drawn.zones],
        kind="red_lines",
        accuracy_m=drawn.accuracy_m,
        coverage=drawn.coverage,
        coverage_accuracy_m=drawn.coverage_accuracy_m,
        rejected_boxes=drawn.rejected_boxes,
    )
    site = site_of(case.site, accuracy_m=case.site_accuracy_m, radius_m=case.radius_m)
    site = dataclasses.replace(site, rejected_parts=int(case.site_part_rejected))
    return layer, None if drawn.valid else "layer_expired", site


def question_for(site: Site) -> Question:
    return Question(
        geometry=site.geometry,
        accuracy_m=site.accuracy.metres,
        as_of="2026-11-22",
        radius_m=site.radius_m,
        transformation_m=site.transformation_m,
        part_rejected=site.rejected_parts > 0,
    )
