"""Assumed, stated and combined accuracy."""

from __future__ import annotations

import math

import pytest

from spatial.accuracy import (
    SURVEYED,
    UNSTATED_LAYER,
    accuracy_of_scale,
    assumed_accuracy,
    combined,
    stated_accuracy,
)

FILES = ["shapefile", "geojson", "geopackage", "filegdb", "geoparquet", "flatgeobuf", "mapinfo", "gml"]


def metres(source, notation, decimals=None, datum="cgcs2000", **more):
    return assumed_accuracy(source=source, notation=notation, decimals=decimals, datum=datum, **more).metres


@pytest.mark.parametrize("source", ["survey_txt", "dxf", "shapefile"])
def test_survey_in_a_stated_projection_is_one_metre(source):
    found = assumed_accuracy(source=source, notation="projected", decimals=3, datum="cgcs2000")
    assert (found.metres, found.basis, found.assumed) == (1.0, "survey", True)


@pytest.mark.parametrize("source", [*FILES[1:], "csv", "xlsx", "typed"])
def test_other_projected_coordinates_are_one_metre(source):
    found = assumed_accuracy(source=source, notation="projected", decimals=None, datum="cgcs2000")
    assert (found.metres, found.basis) == (1.0, "projected_file")


@pytest.mark.parametrize("source", FILES)
def test_degrees_in_a_vector_file_are_five_metres(source):
    found = assumed_accuracy(source=source, notation="degrees", decimals=None, datum="cgcs2000")
    assert (found.metres, found.basis) == (5.0, "vector_degrees")


@pytest.mark.parametrize(
    ("decimals", "expected"),
    [
        (0, 55_650),  # 111 300 / 2
        (2, 556.5),
        (3, 55.65),
        (4, 5.565),
        (5, 5),  # 0.5565, at least 5
        (9, 5),
    ],
)
@pytest.mark.parametrize("source", ["csv", "xlsx", "typed"])
def test_decimal_degrees_are_half_a_unit_of_the_last_decimal(source, decimals, expected):
    assert metres(source, "degrees", decimals) == pytest.approx(expected)


def test_degrees_of_a_table_need_their_decimals():
    with pytest.raises(ValueError, match="need the number of decimals"):
        metres("csv", "degrees")


@pytest.mark.parametrize(("decimals", "expected"), [(None, 15), (0, 15), (1, 5), (2, 5)])
def test_seconds(decimals, expected):
    # One decimal of a second: 30.92 / 20 = 1.5 m, at least 5.
    assert metres("csv", "dms", decimals) == expected


@pytest.mark.parametrize(("decimals", "expected"), [(0, 927.5), (1, 92.75), (2, 9.275), (3, 5)])
def test_decimal_minutes(decimals, expected):
    assert metres("csv", "dm", decimals) == pytest.approx(expected)  # 1 855 m / 2


def test_minutes_need_their_decimals():
    with pytest.raises(ValueError, match="decimals of a minute"):
        metres("csv", "dm")


@pytest.mark.parametrize("source", ["kml", "ovkml", "gpx"])
@pytest.mark.parametrize("notation", ["degrees", "dms"])
def test_drawn_is_ten_metres_however_many_decimals(source, notation):
    found = assumed_accuracy(source=source, notation=notation, decimals=15, datum="cgcs2000")
    assert (found.metres, found.basis) == (10.0, "drawn")


@pytest.mark.parametrize(("datum", "code"), [("wgs84", "datum_wgs84"), ("wgs84_assumed", "datum_wgs84_assumed")])
def test_wgs84_adds_one_metre_in_squares(datum, code):
    found = assumed_accuracy(source="geojson", notation="degrees", decimals=None, datum=datum)
    assert found.metres == pytest.approx(math.sqrt(26))
    assert [term.code for term in found.terms] == ["vector_degrees", code]


def test_unstated_datum_of_metres_adds_a_hundred_in_squares():
    found = assumed_accuracy(source="survey_txt", notation="projected", decimals=3, datum="unknown_projected")
    assert found.metres == pytest.approx(math.sqrt(1 + 100**2))
    assert [(term.code, term.metres) for term in found.terms] == [("survey", 1.0), ("datum_unstated", 100.0)]


def test_undone_offset_adds_ten_in_squares():
    assert metres("ovkml", "degrees", datum="wgs84", offset_undone=True) == pytest.approx(math.sqrt(201))


@pytest.mark.parametrize(
    ("argument", "value"), [("source", "dwg"), ("notation", "grads"), ("datum", "xian80"), ("decimals", -1)]
)
def test_what_is_no_value_is_refused(argument, value):
    good = {"source": "csv", "notation": "degrees", "decimals": 6, "datum": "cgcs2000"}
    with pytest.raises(ValueError, match=str(value)):
        assumed_accuracy(**{**good, argument: value})


def test_stated_accuracy_is_not_assumed():
    found = stated_accuracy(0.3)
    assert (found.metres, found.basis, found.assumed) == (0.3, "stated", False)


@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf])
def test_accuracy_must_be_a_length(value):
    with pytest.raises(ValueError, match="finite and at least 0"):
        stated_accuracy(value)
    with pytest.raises(ValueError, match="finite and at least 0"):
        combined(1, value)


@pytest.mark.parametrize(("denominator", "expected"), [(2_000, 1), (10_000, 5), (50_000, 25), (1_000_000, 500)])
def test_scale_is_half_a_millimetre_on_the_map(denominator, expected):
    assert accuracy_of_scale(denominator).metres == expected


@pytest.mark.parametrize("denominator", [0, -1, math.nan])
def test_scale_must_be_positive(denominator):
    with pytest.raises(ValueError, match="scale denominator must be"):
        accuracy_of_scale(denominator)


def test_layer_figures():
    assert float(SURVEYED) == 1
    assert float(UNSTATED_LAYER) == 25
    assert SURVEYED.basis == "boundary_surveyed"
    assert UNSTATED_LAYER.basis == "layer_unstated"
    assert SURVEYED.assumed
    assert UNSTATED_LAYER.assumed


@pytest.mark.parametrize(
    ("site", "layer", "transformation", "expected"),
    [
        (1, 25, 0, 25.02),  # 25.01999 up
        (3, 4, 0, 5.0),  # exact stays
        (2, 3, 6, 7.0),
        (0.3, 0.4, 0, 0.5),
        (0, 0, 0, 0.05),
        (0.03, 0.03, 0, 0.05),  # 0.0424, at least 0.05
        (1, 1, 0, 1.415),  # 1.41421 up
        (SURVEYED, UNSTATED_LAYER, 0, 25.02),
    ],
)
def test_combined_is_the_root_of_squares_rounded_up(site, layer, transformation, expected):
    assert combined(site, layer, transformation) == expected


def test_combined_never_falls_below_the_root():
    for k in range(1, 2_000):
        site, layer = k * 0.0137, 25 - k * 0.0101
        found = combined(site, layer)
        assert 0 <= found - math.hypot(site, layer) + 1e-11 <= 0.001 + 2e-11
        assert found * 1000 == pytest.approx(round(found * 1000), abs=1e-6)
