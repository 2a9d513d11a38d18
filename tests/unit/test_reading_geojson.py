"""GeoJSON to the letter: what breaks the format is listed, never dropped."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from spatial.errors import (
    GeometryChoiceError,
    IncompleteSourceError,
    LayerChoiceError,
    MalformedSourceError,
    ZoneConflictError,
)
from spatial.reading import Reading, read

if TYPE_CHECKING:
    from pathlib import Path

SQUARE = [[117.0, 49.0], [117.1, 49.0], [117.1, 49.1], [117.0, 49.1], [117.0, 49.0]]


def feature(geometry: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"name": "地块"}, "geometry": geometry}


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def read_json(folder: Path, root: Any, **options: Any) -> Reading:
    path = folder / "site.geojson"
    path.write_text(root if isinstance(root, str) else json.dumps(root), encoding="utf-8")
    return read(path, **options)


def collection(*features: Any, **members: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features), **members}


def test_without_a_crs_member_it_is_wgs_84_stated(tmp_path: Path) -> None:
    reading = read_json(tmp_path, collection(feature(polygon(SQUARE))))
    assert (reading.crs.code, reading.crs_status, reading.datum) == ("EPSG:4326", "given", "stated")
    assert reading.accuracy.metres == pytest.approx((5**2 + 1**2) ** 0.5)
    assert reading.attributes[0] == {"name": "地块"}
    assert reading.declared_counts == {"site": 1}


@pytest.mark.parametrize(
    "root",
    [feature(polygon(SQUARE)), polygon(SQUARE), {"type": "GeometryCollection", "geometries": [polygon(SQUARE)]}],
)
def test_a_bare_feature_or_geometry_is_one_feature(tmp_path: Path, root: Any) -> None:
    reading = read_json(tmp_path, root)
    assert reading.geometries[0].area == pytest.approx(0.1 * 0.1)


@pytest.mark.parametrize(
    ("geometry", "code", "has_box"),
    [
        (None, "no_geometry", False),
        (polygon(SQUARE[:-1]), "ring_not_closed", True),
        (polygon([SQUARE[0], SQUARE[1], SQUARE[0]]), "too_few_points", True),
        ({"type": "MultiPolygon", "coordinates": [[SQUARE[:-1]], [[[1, 2], ["a", 3]]]]}, "ring_not_closed", False),
        (polygon(), "empty_geometry", False),
        ({"type": "MultiPolygon", "coordinates": [SQUARE]}, "bad_nesting", False),
        ({"type": "Polygon", "coordinates": SQUARE}, "bad_nesting", False),
        ({"type": "Point", "coordinates": ["117", "49"]}, "bad_nesting", False),
        ({"type": "Point", "coordinates": [True, 49]}, "bad_nesting", False),
        ({"type": "Point", "coordinates": [117]}, "bad_nesting", False),
        ({"type": "Point"}, "bad_nesting", False),
        ({"type": "Circle", "coordinates": [117, 49]}, "unknown_type", False),
        ({"type": "LineString", "coordinates": [[117, 49]]}, "too_few_points", True),
        ({"type": "Point", "coordinates": [float("nan"), 49]}, "not_finite", False),
        ({"type": "Point", "coordinates": [float("inf"), 49]}, "not_finite", False),
        ({"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": []}]}, "empty_geometry", False),
        (17, "bad_nesting", False),
    ],
)
def test_a_feature_that_breaks_the_format_is_listed_and_the_rest_is_read(
    tmp_path: Path, geometry: Any, code: str, has_box: bool
) -> None:
    reading = read_json(tmp_path, collection(feature(geometry), feature(polygon(SQUARE))))
    assert [(one.id, one.problem.code, one.problem.record) for one in reading.unreadable] == [("1", code, 1)]
    assert (reading.unreadable[0].box is not None) == has_box
    assert reading.ids == ("2",)


def test_the_box_of_an_unreadable_feature_holds_every_coordinate(tmp_path: Path) -> None:
    far = [[118.0, 49.0], [118.5, 49.0], [118.5, 50.0], [118.0, 49.0]]
    broken = {"type": "MultiPolygon", "coordinates": [[SQUARE[:-1]], [far]]}
    reading = read_json(tmp_path, collection(feature(broken)))
    assert reading.unreadable[0].box == (117.0, 49.0, 118.5, 50.0)


def test_a_key_that_stands_twice_makes_its_feature_unreadable(tmp_path: Path) -> None:
    twice = '{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[1,2],"coordinates":[117,49]}}'
    reading = read_json(tmp_path, '{"type":"FeatureCollection","features":[' + twice + "]}")
    assert reading.unreadable[0].problem.code == "duplicate_key"
    with pytest.raises(MalformedSourceError, match="stands twice at its top: features"):
        read_json(tmp_path, '{"type":"FeatureCollection","features":[],"features":[' + twice + "]}")


def test_every_truncation_of_a_file_is_refused(tmp_path: Path) -> None:
    whole = json.dumps(collection(feature(polygon(SQUARE)), feature(polygon(SQUARE))))
    for length in range(1, len(whole)):
        with pytest.raises((MalformedSourceError, IncompleteSourceError)):
            read_json(tmp_path, whole[:length])


def test_deep_nesting_and_long_numbers_end_in_an_error_not_in_a_crash(tmp_path: Path) -> None:
    with pytest.raises(MalformedSourceError, match="nested too deeply"):
        read_json(tmp_path, '{"type":"Polygon","coordinates":' + "[" * 200_000 + "]" * 200_000 + "}")
    reading = read_json(tmp_path, '{"type":"Point","coordinates":[' + "9" * 5000 + ",49]}")
    assert reading.unreadable[0].problem.code == "not_finite"


def test_the_older_crs_member_is_read(tmp_path: Path) -> None:
    ring = [[40500000, 5450000], [40500100, 5450000], [40500100, 5450100], [40500000, 5450000]]
    named = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4528"}}
    reading = read_json(tmp_path, collection(feature(polygon(ring)), crs=named))
    assert (reading.crs.code, reading.crs_status, reading.accuracy.metres) == ("EPSG:4528", "given", 1.0)


def test_projected_coordinates_without_crs_member_are_proved_by_prefix_or_stay_open(tmp_path: Path) -> None:
    ring = [[500000, 5450000], [500100, 5450000], [500100, 5450100], [500000, 5450000]]
    reading = read_json(tmp_path, collection(feature(polygon(ring))))
    assert (reading.crs, reading.crs_status) == (None, "ambiguous")
    assert [one.code for one in reading.crs_evidence] == ["magnitude"]
    assert read_json(tmp_path, collection(feature(polygon(ring))), crs="EPSG:4549").crs.code == "EPSG:4549"


def test_a_crs_member_that_is_not_understood_refuses_the_crs(tmp_path: Path) -> None:
    linked = {"type": "link", "properties": {"href": "http://example.org/crs"}}
    reading = read_json(tmp_path, collection(feature(polygon(SQUARE)), crs=linked))
    assert (reading.crs, reading.crs_status) == (None, "refused")


def test_lines_close_to_polygons_only_when_asked_for(tmp_path: Path) -> None:
    line = {"type": "LineString", "coordinates": SQUARE}
    assert read_json(tmp_path, feature(line)).geometries[0].geom_type == "LineString"
    made = read_json(tmp_path, feature(line), geometry="polygon")
    assert made.geometries[0].area == pytest.approx(0.01)
    with pytest.raises(GeometryChoiceError, match="Polygon cannot be taken as a point"):
        read_json(tmp_path, feature(polygon(SQUARE)), geometry="point")


def test_heights_and_gb18030_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "地块.geojson"
    text = json.dumps(feature({"type": "Point", "coordinates": [117, 49, 600]}), ensure_ascii=False)
    path.write_bytes(text.encode("gb18030"))
    reading = read(path)
    assert reading.geometries[0].wkt == "POINT (117 49)"
    assert (reading.encoding, reading.attributes[0]["name"]) == ("gb18030", "地块")


def test_a_large_file_on_one_line_is_recognised(tmp_path: Path) -> None:
    many = [feature(polygon(SQUARE)) for _ in range(1000)]
    reading = read_json(tmp_path, json.dumps(collection(*many), ensure_ascii=False))
    assert len(reading.geometries) == 1000


def test_a_layer_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LayerChoiceError, match="no layer '红线'; there are: site"):
        read_json(tmp_path, feature(polygon(SQUARE)), layer="红线")


def test_degrees_are_not_taken_for_metres(tmp_path: Path) -> None:
    with pytest.raises(ZoneConflictError, match="is in metres, the coordinates are degrees"):
        read_json(tmp_path, feature(polygon(SQUARE)), crs="EPSG:4549")
