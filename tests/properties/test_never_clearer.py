"""What a public edition shows of a layer is never clearer than the engine on the layer itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.model import Feature
from maps.public_map.edition import Edition
from screening.findings import answer_of
from screening.question import Question
from tests.building import layer_in_memory
from tests.restricted import AS_OF, as_page, in_degrees, shown_by

metres = st.floats(-4_000, 4_000).map(lambda v: round(v, 1))
place = st.tuples(metres, metres)
PUBLIC = Edition(public=True, precision_m={"layer": 20.0})


@st.composite
def features(draw: Any) -> tuple[list[Feature], list[Any]]:
    """Areas, points with an influence distance, features without extent, some past their date."""
    found, shapes = [], []
    for row in range(draw(st.integers(1, 4))):
        x, y = draw(place)
        kind = draw(st.sampled_from(["area", "ring", "influence", "line", "without", "ended"]))
        size = draw(st.floats(5, 2_500))
        box = shapely.box(x, y, x + size, y + size / 2)
        shape = {
            "area": box,
            "ended": box,
            "ring": box.difference(shapely.box(x + size / 4, y + size / 8, x + size / 2, y + size / 4)),
            "influence": shapely.Point(x, y),
            "without": shapely.Point(x, y),
            "line": shapely.LineString([(x, y), (x + size, y + size / 3)]),
        }[kind]
        shapes.append(in_degrees(shape))
        found.append(
            Feature(
                id=str(row + 1),
                code=None,
                name=None,
                class_="red_line",
                counts=True,
                influence_m=size if kind in ("influence", "line") else None,
                without_extent_m=size if kind == "without" else None,
                valid_until="2020-01-01" if kind == "ended" else None,
                accuracy_m=draw(st.sampled_from([None, 0.5, 40.0])),
            )
        )
    return found, shapes


@st.composite
def layers(draw: Any) -> Any:
    """A layer in memory with or without coverage and rejected features."""
    found, shapes = draw(features())
    half = draw(st.floats(1_000, 6_000))
    coverage = draw(
        st.sampled_from(
            [
                None,
                in_degrees(shapely.box(-half, -half, half, half)),
                in_degrees(shapely.box(-half, -half, half, half) - shapely.box(-300, -200, half / 2, 600)),
            ]
        )
    )
    x, y = draw(place)
    box = in_degrees(shapely.box(x, y, x + 200, y + 100)).bounds
    far = in_degrees(shapely.box(6_200, 0, 6_400, 90)).bounds
    rejected = draw(st.sampled_from([(), (box,), (None,), (far,), (box, far)]))
    return layer_in_memory(
        found,
        shapes,
        accuracy_m=draw(st.sampled_from([1.0, 25.0])),
        coverage=coverage,
        coverage_accuracy_m=draw(st.sampled_from([0.0, 30.0])),
        rejected_boxes=rejected,
    )


@st.composite
def sites(draw: Any) -> Question:
    """Points, routes and parcels with accuracies down to nothing and radii."""
    x, y = draw(place)
    size = draw(st.floats(0.5, 800))
    shape = draw(
        st.sampled_from(
            [
                shapely.Point(x, y),
                shapely.box(x, y, x + size, y + size),
                shapely.LineString([(x, y), (x - size, y + 3 * size)]),
            ]
        )
    )
    return Question(
        geometry=in_degrees(shape),
        accuracy_m=draw(st.sampled_from([0.05, 1.0, 25.0])),
        radius_m=draw(st.sampled_from([0.0, 60.0])) if shape.geom_type == "Point" else 0.0,
        as_of=AS_OF,
    )


@given(layer=layers(), asked=st.lists(sites(), min_size=1, max_size=4))
@settings(max_examples=70, deadline=None)
def test_the_page_says_clear_only_where_the_engine_does_and_hit_never(layer: Any, asked: list[Question]):
    shown = shown_by(layer, PUBLIC)
    page = as_page(layer, shown)
    for question in asked:
        engine, found = answer_of(question, layer).answer, answer_of(question, page).answer
        allowed = {"hit": {"uncertain"}, "uncertain": {"uncertain"}, "unknown": {"uncertain", "unknown"}}
        assert found in allowed.get(engine, {"uncertain", "unknown", "clear"})


def test_the_page_can_say_clear_at_all():
    """Without this the law above would hold of a page that never answers."""
    found = [Feature(id="1", code=None, name=None, class_="red_line", counts=True)]
    layer = layer_in_memory(
        found,
        [in_degrees(shapely.box(0, 0, 900, 700))],
        accuracy_m=1.0,
        coverage=in_degrees(shapely.box(-9_000, -9_000, 9_000, 9_000)),
    )
    page = as_page(layer, shown_by(layer, PUBLIC))
    answers = [
        answer_of(Question(geometry=in_degrees(shapely.Point(x, 300)), accuracy_m=1.0, as_of=AS_OF), page).answer
        for x in (450, -150, -3_000, 8_990, 40_000)
    ]
    assert answers == ["uncertain", "uncertain", "clear", "unknown", "unknown"]


def test_land_of_a_unit_past_its_date_is_a_hole_in_the_coverage_that_is_shown():
    """Its neighbours are drawn larger than they are, and would cover what nobody knows."""
    units = [
        Feature(id="1", code=None, name=None, class_="general", counts=False),
        Feature(id="2", code=None, name=None, class_="general", counts=False, valid_until="2020-01-01"),
    ]
    shapes = [in_degrees(shapely.box(-6_000, -6_000, 0, 6_000)), in_degrees(shapely.box(0, -6_000, 6_000, 6_000))]
    layer = layer_in_memory(
        units, shapes, accuracy_m=1.0, coverage=in_degrees(shapely.box(-6_000, -6_000, 6_000, 6_000))
    )
    from dataclasses import replace

    layer.card = replace(layer.card, kind="control_units")
    shown = shown_by(layer, PUBLIC)
    assert shown.coverage is not None
    assert shapely.covers(shown.coverage, in_degrees(shapely.box(-5_500, -5_500, -500, 5_500)))
    assert not shapely.intersects(shown.coverage, in_degrees(shapely.box(1, -5_900, 5_900, 5_900)))
    site = Question(geometry=in_degrees(shapely.Point(100, 0)), accuracy_m=1.0, as_of=AS_OF)
    assert answer_of(site, layer).answer == "unknown"
    assert answer_of(site, as_page(layer, shown)).answer == "unknown"


def test_a_rejected_box_that_does_not_count_goes_on_keeping_the_whole_layer_from_clear():
    """Drawn out to cells it could seem to lie where boxes count, and then forbid only what is near."""
    found = [Feature(id="1", code=None, name=None, class_="red_line", counts=True)]
    coverage = in_degrees(shapely.box(-6_000, -6_000, 6_000, 6_000))
    outside = in_degrees(shapely.box(6_001, 0, 6_050, 50)).bounds
    layer = layer_in_memory(
        found,
        [in_degrees(shapely.box(0, 0, 500, 500))],
        accuracy_m=1.0,
        coverage=coverage,
        rejected_boxes=[outside],
    )
    shown = shown_by(layer, PUBLIC)
    assert np.isnan(shown.columns["rejected_boxes"]).all()
