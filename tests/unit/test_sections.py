"""Monitoring sections on a river: by coordinates, kilometres or a place; what cannot be placed stays declared."""

from __future__ import annotations

import math

import pytest
import shapely

from layers.georeference.rivers import Rivers, network_of
from layers.georeference.sections import PlacePoint, SectionRow, georeferenced_sections, section_rows
from layers.version import open_layer
from spatial.ellipsoid import geod
from tests.building import reading_of, workspace_at

RIVER = shapely.LineString([(117, 49.04), (117, 49.0)])


def rivers(**more):
    network = network_of(
        [
            ("1", RIVER, {"河流名称": "甲 河", "流向": "正向"}),
            ("2", shapely.Point(117, 49.0), {"端点": "河口"}),
        ]
    )
    return Rivers(network=network, name="河流", accuracy_m=10.0, synthetic=True, **more)


def test_coordinates_are_snapped_and_the_offset_adds_to_the_accuracy():
    row = SectionRow(name="甲", lon=117.001, lat=49.02, point_m=5)
    made = georeferenced_sections([row], rivers())
    offset = geod().inv(117, 49.02, 117.001, 49.02)[2]
    assert made.method == "section_coordinates"
    assert made.reading.geometries[0].x == pytest.approx(117, abs=1e-9)
    assert made.reading.attributes[0]["accuracy_m"] == pytest.approx(math.sqrt(5**2 + offset**2 + 10**2), abs=0.01)
    assert not made.indicative


def test_coordinates_far_from_the_river_stay_where_they_are_and_say_so():
    made = georeferenced_sections([SectionRow(name="甲", lon=117.05, lat=49.02, point_m=5)], rivers())
    assert made.reading.geometries[0].x == 117.05
    assert made.reading.attributes[0]["accuracy_m"] == 5
    assert [(p.code, p.point) for p in made.reading.problems] == [("section_off_river", "甲")]


def test_kilometres_place_a_section_on_the_named_river():
    km = geod().inv(117, 49, 117, 49.01)[2] / 1000
    made = georeferenced_sections([SectionRow(name="甲", river="甲河", chainage_km=km, chainage_m=50)], rivers())
    assert made.method == "river_chainage"
    assert made.indicative
    assert made.reading.geometries[0].y == pytest.approx(49.01, abs=1e-7)
    # the rounding of the figure, 5 % of the length, the river lines
    assert made.reading.attributes[0]["accuracy_m"] == pytest.approx(
        math.sqrt(50**2 + (50 * km) ** 2 + 10**2), abs=0.01
    )


def test_place_beside_the_river_places_a_section_with_the_source_of_the_place_kept():
    places = {"某桥": PlacePoint(lon=117.002, lat=49.03, accuracy_m=100, source="gazetteer")}
    made = georeferenced_sections([SectionRow(name="甲", river="甲河", place="某桥")], rivers(), places=places.get)
    assert made.method == "river_and_place"
    assert made.reading.geometries[0].y == pytest.approx(49.03, abs=1e-6)
    assert made.parameters["places"] == {"某桥": "gazetteer"}


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (SectionRow(name="甲"), "no coordinates and no river"),
        (SectionRow(name="甲", river="甲河"), "neither coordinates, kilometres nor a place"),
        (SectionRow(name="甲", river="丙河", chainage_km=1), "no line is named '丙河'"),
        (SectionRow(name="甲", river="甲河", chainage_km=99), "beyond_river"),
        (SectionRow(name="甲", river="甲河", place="某桥"), "no source for the place 某桥"),
    ],
)
def test_section_that_cannot_be_placed_stays_declared_with_the_reason(row, why):
    made = georeferenced_sections([row], rivers())
    assert made.reading.geometries[0] is None
    assert made.method == "declared"
    assert made.reading.without_place == {"1"}
    (problem,) = made.reading.problems
    assert problem.code == "section_not_located"
    assert why in problem.detail
    assert made.parameters["not_located"] == ["甲"]


def test_where_no_rivers_are_declared_coordinates_alone_place_a_section():
    none = Rivers(network=None, name="河流", declared_by="某局")
    rows = [SectionRow(name="甲", lon=117, lat=49.02), SectionRow(name="乙", river="甲河", chainage_km=1)]
    made = georeferenced_sections(rows, none)
    assert [g is None for g in made.reading.geometries] == [False, True]


def test_columns_of_a_table_are_understood():
    reading = reading_of(
        [shapely.Point(117, 49.02), shapely.Point(117, 49.03)],
        [
            {"断面名称": "甲", "河流": "甲河", "断面级别": "国控", "水质目标": "Ⅲ类", "水质类别": "Ⅳ类"},
            {"断面名称": "乙", "所在河流": "甲河", "距河口(km)": "12.3", "地点": "某桥", "精度": 30},
        ],
    )
    one, two = section_rows(reading)
    assert (one.name, one.river, one.lon, one.lat) == ("甲", "甲河", 117.0, 49.02)
    assert one.attributes == {"section_level": "国控", "target_class": "Ⅲ类", "observed_class": "Ⅳ类"}
    assert (two.chainage_km, two.origin, two.chainage_m, two.place, two.point_m) == (12.3, "mouth", 50.0, "某桥", 30.0)


def test_sections_become_a_layer_with_declared_ones_kept_without_a_place(tmp_path):
    from layers.importing import ImportOptions, import_layer

    rows = [
        SectionRow(name="甲", lon=117, lat=49.02, attributes={"target_class": "III", "observed_class": "IV"}),
        SectionRow(name="乙", river="甲河"),
    ]
    made = georeferenced_sections(rows, rivers())
    store = workspace_at(tmp_path / "ws", "monitoring_sections")
    options = ImportOptions(
        kind="monitoring_sections",
        name="断面",
        data_date="2024-01-01",
        georeference_method=made.method,
        georeference=made.parameters,
    )
    entry = import_layer(store, made.reading, options).entry
    layer = open_layer(store, entry)
    assert layer.index.feature_dimension.tolist() == [0, -1]
    assert layer.records.feature(0).own_fields["target_class"] == "III"
    assert layer.card.georeference["located"] == {"section_coordinates": 1}
