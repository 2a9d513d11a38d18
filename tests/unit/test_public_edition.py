"""Editions of the public map: what goes together, what is shown of a layer, what an open layer gives away."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely

from layers.model import Feature
from maps.errors import EditionError
from maps.public_map.edition import AREA_PRECISION_M, INTAKE_PRECISION_M, STANDARD, Edition
from maps.public_map.giving_away import given_away, states_a_place
from maps.public_map.shown import facts_left_out, holds_intakes, shown_of, version_shown
from spatial.generalising import grid_for
from tests.building import layer_in_memory
from tests.restricted import AS_OF, PUBLIC, in_degrees, in_metres, shown_by

if TYPE_CHECKING:
    from pathlib import Path

    from layers.version import OpenLayer

SQUARE = in_degrees(shapely.box(0, 0, 2_000, 2_000))


def layer(*shapes: Any, kind: str = "red_lines", restricted: bool = True, **options: Any) -> OpenLayer:
    card = {key: options.pop(key) for key in ("name", "source", "coverage_kind") if key in options}
    boxes, class_ = options.pop("rejected_boxes", ()), options.pop("class_", "red_line")
    label, name = options.pop("label", None), options.pop("name_of", None)
    features = [
        Feature(
            id=str(n), code=f"C{n}", name=name or f"名{n}", class_=class_, class_label=label, counts=True, **options
        )
        for n, _ in enumerate(shapes)
    ]
    county = in_degrees(shapely.box(-9_000, -9_000, 9_000, 9_000))
    made = layer_in_memory(features, list(shapes), accuracy_m=5.0, coverage=county, rejected_boxes=boxes)
    made.card = replace(made.card, kind=kind, restricted=restricted, **card)
    return made


class TestEdition:
    def test_the_public_edition_offers_nothing_unasked_and_the_standard_one_everything(self):
        for may in ("may_locate", "may_upload", "may_annotate"):
            assert getattr(STANDARD, may)
            assert not getattr(PUBLIC, may)
        assert Edition(public=True, allow_upload=True).may_upload

    def test_a_base_map_and_its_review_number_come_together(self, tmp_path: Path):
        base = tmp_path / "底图.gpkg"
        assert Edition(public=True, base=base, review_number=" GS(2026)1234 ").review_number == "GS(2026)1234"
        with pytest.raises(EditionError, match=r"a base map needs the number.*give --base FILE and --review-number"):
            Edition(public=True, base=base)
        with pytest.raises(EditionError, match="a map review number belongs to a base map"):
            Edition(public=True, review_number="GS(2026)1234")
        with pytest.raises(EditionError, match="a base map needs the number") as caught:
            Edition(public=True, base=base, review_number="  ")
        assert caught.value.code == "base_without_number"

    @pytest.mark.parametrize("metres", [0.0, -5.0, 0.5, float("nan"), float("inf"), 1e6])
    def test_a_precision_that_is_none_is_refused(self, metres: float):
        with pytest.raises(EditionError, match=r"no precision: it lies between 1 and 12000 m"):
            Edition(public=True, precision_m={"红线": metres})

    def test_every_precision_that_is_taken_has_a_grid(self):
        for metres in (1.0, 12_000.0):
            assert grid_for(Edition(public=True, precision_m={"红线": metres}).precision_m["红线"]).level >= 0

    def test_a_precision_belongs_to_the_public_edition_and_to_a_layer_that_is_there(self):
        with pytest.raises(EditionError, match="only the public edition does; give --public"):
            Edition(precision_m={"红线": 50.0})
        with pytest.raises(
            EditionError, match=r"'红线', which is no layer of the workspace; the layers are: 单元, 水源"
        ):
            Edition(public=True, precision_m={"红线": 50.0}).require_layers(["水源", "单元"])

    def test_what_is_restricted_or_holds_an_intake_is_generalised(self):
        card = layer(SQUARE).card
        assert STANDARD.precision_of(card) is None
        assert PUBLIC.precision_of(card) == AREA_PRECISION_M
        assert PUBLIC.precision_of(replace(card, restricted=False)) is None
        water = replace(card, kind="water_sources")
        assert PUBLIC.precision_of(water) == INTAKE_PRECISION_M
        assert PUBLIC.precision_of(replace(water, restricted=False)) is None
        assert PUBLIC.precision_of(replace(water, restricted=False), holds_intakes=True) == INTAKE_PRECISION_M
        asked = Edition(public=True, precision_m={card.name: 300.0})
        assert asked.precision_of(replace(card, restricted=False)) == 300.0


class TestShown:
    def test_the_standard_edition_shows_everything_as_it_is(self):
        shown = shown_by(layer(SQUARE), STANDARD)
        assert shapely.equals(shown.geometries[0], SQUARE)
        assert (shown.precision, shown.proves, shown.withheld, dict(shown.columns)) == ("full", True, (), {})

    def test_an_open_layer_of_a_public_edition_is_shown_as_it_is(self):
        shown = shown_by(layer(SQUARE, restricted=False))
        assert shapely.equals(shown.geometries[0], SQUARE)
        assert shown.proves
        assert shown.withholds_places

    def test_a_restricted_layer_proves_nothing_and_says_no_words(self):
        shown = shown_by(layer(SQUARE, SQUARE, source="某局"))
        assert not shown.proves
        assert shown.facts_withheld == {0, 1}
        assert shown.coordinate_step == grid_for(50).coordinate_step
        assert {line.ask for line in shown.withheld} == {"某局"}
        assert "精度 50 米" in shown.withheld[0].what["zh"]
        assert "restricted" in shown.withheld[0].why["en"]

    def test_an_open_layer_with_an_intake_is_generalised_whole(self):
        """A zone drawn exactly about an intake would tell where it is."""
        well = in_degrees(shapely.Point(300, 400))
        zone = in_degrees(shapely.Point(300, 400).buffer(500))
        made = layer(zone, well, kind="water_sources", restricted=False)
        shown = shown_by(made)
        assert holds_intakes(made)
        assert shown.precision == "generalised"
        assert "intakes" in shown.withheld[0].why["en"]
        assert in_metres(shown.geometries[0]).area > 10 * 500**2 * np.pi

    def test_an_influence_distance_is_kept_about_a_cell_and_not_about_the_point(self):
        well = in_degrees(shapely.Point(300, 400))
        made = layer(well, kind="water_sources", influence_m=800.0)
        shown = shown_by(made)
        assert shown.columns["dimension"].tolist() == [2]
        assert shown.geometries[0].geom_type == "Polygon"
        assert len(shown.geometries[0].exterior.coords) == 5
        assert made.records.standing(AS_OF, 5.0).influence_m.tolist() == [800.0]

    def test_a_reach_that_follows_from_a_declared_area_is_rounded_up(self):
        shown = shown_by(layer(in_degrees(shapely.Point(0, 0)), kind="water_sources", without_extent_m=5_123.4))
        assert shown.columns["without_extent_m"].tolist() == [10_000.0]

    def test_an_outline_of_districts_is_not_drawn_in_a_public_edition(self):
        made = layer(SQUARE, restricted=False, coverage_kind="districts")
        assert not shown_by(made).draws_coverage
        assert shown_by(made, STANDARD).draws_coverage
        assert shown_by(layer(SQUARE, restricted=False)).draws_coverage

    def test_a_version_is_named_without_digits_of_its_content_in_a_public_edition(self):
        """Of an open layer as well: they digest the texts that are left out of it, too."""
        assert version_shown("v0003-89abcdef", shown_by(layer(SQUARE))) == "v0003"
        assert version_shown("v0003-89abcdef", shown_by(layer(SQUARE, restricted=False))) == "v0003"
        assert version_shown("v0003-89abcdef", shown_by(layer(SQUARE), STANDARD)) == "v0003-89abcdef"

    def test_an_intake_drawn_as_an_area_in_an_open_layer_is_generalised(self):
        house = in_degrees(shapely.Point(300, 400).buffer(6))
        made = layer(house, kind="water_sources", restricted=False, class_="unconfirmed", label="取水口")
        assert holds_intakes(made)
        assert shown_by(made).precision_m == INTAKE_PRECISION_M
        zone = layer(house, kind="water_sources", restricted=False, class_="zone_1", label="取水口一级保护区")
        assert shown_by(zone).precision == "full"

    @pytest.mark.parametrize(("word", "held"), [("水厂取水口", True), ("Intake 2", True), ("河口断面", False)])
    def test_an_intake_among_targets_or_sections_is_one_of_a_water_source_as_well(self, word: str, held: bool):
        """The same intake in a second layer, of another kind, would give away what the first hides."""
        for named in ({"label": word}, {"label": None, "name_of": word}):
            made = layer(in_degrees(shapely.Point(3, 4)), kind="sensitive_targets", restricted=False, **named)
            assert (shown_by(made).precision_m == INTAKE_PRECISION_M) is held

    def test_a_unit_that_speaks_of_an_intake_is_none(self):
        made = layer(SQUARE, kind="control_units", restricted=False, label="取水口上游优先保护单元")
        assert shown_by(made).precision == "full"

    @pytest.mark.parametrize(("size_m", "held"), [(0, True), (60, True), (900, False)])
    def test_something_small_of_an_open_water_source_that_could_not_be_used_may_be_an_intake(
        self, size_m: float, held: bool
    ):
        """Its box would stand in the file as it is, and is the place of the intake."""
        box = in_degrees(shapely.box(300, 400, 300 + size_m, 400 + size_m)).bounds
        made = layer(SQUARE, kind="water_sources", restricted=False, rejected_boxes=[box], class_="zone_1")
        shown = shown_by(made)
        assert (shown.precision == "generalised") is held
        if held:
            steps = shown.columns["rejected_boxes"] / shown.coordinate_step
            assert (steps == np.round(steps)).all()

    def test_the_lines_of_what_is_withheld_follow_from_the_shapes_alone(self):
        """The size of cells named there follows a latitude: that of the shape, or it would tell the layer's own."""
        grid = grid_for(AREA_PRECISION_M)
        cell = grid.lat_step
        telling = [
            row
            for row in range(4_000, 15_000)
            if f"{grid.side_m((row + 0.01) * cell):.1e}" != f"{grid.side_m((row + 0.98) * cell):.1e}"
        ]
        assert telling
        for row in telling:
            pair = [layer(shapely.box(117.0, (row + at) * cell, 117.4, (row + 3.2) * cell)) for at in (0.01, 0.98)]
            first, second = (shown_by(one) for one in pair)
            assert first.geometries[0].wkb == second.geometries[0].wkb
            assert first.withheld == second.withheld

    def test_the_line_for_texts_left_out_counts_them(self):
        line = facts_left_out(layer(SQUARE, source="某局"), 3).to_dict()
        assert line["what"]["zh"].startswith("3 条")
        assert line["ask"] == "某局"

    def test_nothing_that_is_asked_twice_changes(self):
        made = layer(SQUARE, in_degrees(shapely.Point(5, 5)))
        standing = made.records.standing(AS_OF, 5.0)
        first, second = (shown_of(made, standing, PUBLIC) for _ in range(2))
        assert [g.wkb for g in first.geometries] == [g.wkb for g in second.geometries]


class TestGivenAway:
    def test_an_open_layer_that_shares_an_edge_is_named_and_one_that_does_not_is_not(self):
        secret = layer(in_degrees(shapely.segmentize(shapely.box(0, 0, 2_000, 2_000), 250)), name="红线")
        beside = shapely.segmentize(shapely.box(2_000, 0, 4_000, 2_000), 250)
        shares = layer(in_degrees(beside), restricted=False, name="单元")
        apart = layer(in_degrees(shapely.box(2_500, 100, 3_000, 900)), restricted=False, name="别处")
        found = given_away([(one, shown_by(one)) for one in (secret, shares, apart)])
        assert [(g.code, g.layer, g.restricted, g.count) for g in found] == [
            ("shared_boundary_shown", "单元", "红线", 9)
        ]
        assert found[0].facts == {"layer": "单元", "restricted": "红线", "vertices": 9}

    def test_a_coverage_that_follows_the_boundary_is_one_too(self):
        secret = layer(in_degrees(shapely.box(-9_000, -9_000, 9_000, 9_000)), name="红线")
        other = layer(in_degrees(shapely.box(10, 20, 500, 900)), restricted=False, name="单元")
        found = given_away([(one, shown_by(one)) for one in (secret, other)])
        assert [(g.layer, g.count) for g in found] == [("单元", 4)]

    def test_a_section_at_an_intake_and_a_zone_around_it_are_named(self):
        well = in_degrees(shapely.Point(0, 0))
        secret = layer(well, kind="water_sources", name="水源")
        section = layer(
            in_degrees(shapely.Point(90, 60)),
            in_degrees(shapely.Point(900, 60)),
            kind="monitoring_sections",
            restricted=False,
            name="断面",
        )
        zones = layer(
            in_degrees(shapely.Point(0, 0).buffer(400)), kind="water_sources", restricted=False, name="公开的保护区"
        )
        found = given_away([(one, shown_by(one)) for one in (secret, section, zones)])
        assert [(g.code, g.layer, g.count) for g in found] == [
            ("shown_beside_withheld", "断面", 1),
            ("shown_beside_withheld", "公开的保护区", 1),
        ]

    def test_a_border_drawn_again_with_other_vertices_is_the_same_border(self):
        """An open copy with its own vertices along the line: no vertex in common, and the line is there all the same."""
        secret = layer(in_degrees(shapely.segmentize(shapely.box(0, 0, 2_000, 2_000), 250)), name="红线")
        again = shapely.segmentize(shapely.box(2_000.4, 30, 4_000, 1_970), 170)
        crossing = shapely.segmentize(shapely.box(-500, 700, 2_500, 1_300), 170)
        dense = shapely.segmentize(shapely.box(-500, 100, 2_500, 400), 0.3)  # seven within a metre of each crossing
        drawn = (("单元", again), ("横过", crossing), ("密集", dense))
        others = [layer(in_degrees(shape), restricted=False, name=name) for name, shape in drawn]
        for other in others:
            other.coverage = None
        found = given_away([(one, shown_by(one)) for one in (secret, *others)])
        assert [(g.code, g.layer) for g in found] == [("shared_boundary_shown", "单元")]
        assert found[0].count == 13  # of 1940 m in twelve pieces

    def test_a_single_point_of_a_restricted_layer_that_an_open_one_shows_is_named(self):
        nest = in_degrees(shapely.Point(321, 654))
        secret = layer(nest, kind="protected_areas", name="巢区")
        shows = layer(nest, kind="sensitive_targets", restricted=False, name="目标")
        shows.coverage = None
        found = given_away([(one, shown_by(one)) for one in (secret, shows)])
        assert [(g.code, g.layer, g.count) for g in found] == [("shared_boundary_shown", "目标", 1)]

    def test_nothing_is_given_away_by_layers_that_are_all_generalised(self):
        pages = [(one, shown_by(one)) for one in (layer(SQUARE, name="甲"), layer(SQUARE, name="乙"))]
        assert given_away(pages) == ()


@pytest.mark.parametrize(
    "text",
    [
        "取水口：东经117°28′12.5″，北纬49°36′07″",
        "E117.4012° N49.6023°",
        "117.40123, 49.60231",
        "经度：117.4",
        "坐标 X:5487213.2",
        "（39527311.45，5487213.25）",
        "１１７．４０１２３",
        "lat 49.6 lon 117.4",
        "117:28:12 49:36:08",
        "117-28-12.5，49-36-07",
        "东经一百一十七度二十八分",
        "X=5487213, Y=39527311",
        "527311 5487213",
        "N 49 36 07",
    ],
)
def test_a_text_that_quotes_coordinates_states_a_place(text: str):
    assert states_a_place(text)


@pytest.mark.parametrize(
    "text",
    [
        "禁止新建、扩建制浆造纸项目",
        "面积 12.3456 平方公里，占比 45.678%",
        "ZH15078110001",
        "2024-01-01 至 2026-12-31",
        "距岸线 1000 米，纵深 1.5 km",
        "Ⅲ类水质，COD 20.0 mg/L",
        "总量 1234567.89 吨/年",
        "投资 1234567 元，其中环保 234567 元",
        "电话 0470-2213456",
        "2026-11-22 10:28:12",
    ],
)
def test_a_text_without_coordinates_states_none(text: str):
    assert not states_a_place(text)
