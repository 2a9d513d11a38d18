"""A stretch along a river that a user gives: where it ends, and how far line and markers let it be off."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely

from layers.georeference.river_corridors import (
    Marker,
    along_river,
    corridor_accuracy,
    line_accuracy_m,
    point_accuracy_m,
)
from spatial.ellipsoid import geod, metres_per_degree
from spatial.reading import read

RIVER = shapely.LineString([(119.0, 49.0), (119.2, 49.0)])
BEND = shapely.LineString(
    [(119.0, 49.0), (119.08, 49.0), (119.1, 49.008), (119.1, 49.03), (119.12, 49.04), (119.2, 49.04)]
)


def at(lon: float, lat: float, accuracy_m: float = 0.0, offset_m: float = 0.0) -> Marker:
    return Marker(point=shapely.Point(lon, lat), accuracy_m=accuracy_m, offset_m=offset_m)


@pytest.mark.parametrize(("lon", "lat"), [(119.1, 49.1), (119.0, 49.0)])
def test_a_marker_off_the_river_or_a_river_too_short_gives_no_stretch(lon, lat):
    assert along_river(RIVER, start=at(lon, lat, offset_m=-1300.0), end=at(lon, lat, offset_m=300.0)) is None


def terms(river=RIVER, **stated) -> dict[str, float]:
    found = corridor_accuracy(river, **stated)
    assert found.metres == pytest.approx(math.sqrt(sum(t.metres**2 for t in found.terms)))
    return {t.code: t.metres for t in found.terms}


def test_on_a_straight_river_the_terms_are_what_was_stated():
    found = terms(start=at(119.05, 49.0, 40.0, -1000.0), end=at(119.15, 49.0, 20.0, 600.0), river_m=30.0, width_m=50.0)
    expected = {"river_line": 30.0, "river_markers": 40.0, "length_along": 50.0, "construction": 5e-4}
    assert found == pytest.approx(expected, abs=0.01)


def test_a_marker_beside_the_line_shows_how_far_the_two_disagree():
    off_m = 0.001 * float(metres_per_degree(49.0)[1])  # due north of an edge along the parallel
    assert terms(start=at(119.05, 49.001), end=at(119.15, 49.0), river_m=25.0)["marker_off_line"] == pytest.approx(
        off_m, rel=1e-3
    )


def test_a_marker_that_may_belong_to_either_limb_of_a_bend_leaves_all_of_the_bend_open():
    """Two limbs 111 m apart join 2 km to the east; a marker between them that may be 60 m off names either."""
    hairpin = shapely.LineString([(119.0, 49.001), (119.05, 49.001), (119.05, 49.0), (119.0, 49.0)])
    marker = at(119.0226, 49.00055, 60.0)
    whole = geod().geometry_length(
        shapely.LineString([(119.0226, 49.001), (119.05, 49.001), (119.05, 49.0), (119.0226, 49.0)])
    )
    found = terms(hairpin, start=marker, end=at(119.001, 49.001), river_m=5.0)
    assert found["river_markers"] == pytest.approx(whole, rel=0.05)


@pytest.mark.parametrize("river", [RIVER, BEND], ids=["straight", "bend"])
def test_the_true_corridor_lies_within_the_accuracy_in_95_of_100_draws(river):
    """Line and markers displaced at random, 95 % within their figures; the corridor drawn from them moves by less."""
    random = np.random.default_rng(20261122)
    kx, ky = (float(k) for k in metres_per_degree(49.02))
    river_m, marker_m = 30.0, 20.0
    sigma = math.sqrt(-2 * math.log(0.05))  # Rayleigh: 95 % of the radii are within sigma times this
    first, last = (119.05, 49.0), (119.1, 49.02) if river is BEND else (119.08, 49.0)
    drawn = {"start": at(*first, marker_m), "end": at(*last, marker_m)}
    metric = [kx, ky]

    def outline(line, ends):
        shape = along_river(line, **ends, width_m=50.0)
        return shapely.segmentize(shapely.transform(shape.exterior, lambda p: (p - first) * metric), 100.0)

    own = outline(river, drawn)
    limit = corridor_accuracy(river, **drawn, river_m=river_m, width_m=50.0).metres
    assert limit < 60.0
    off = []
    for _ in range(120):
        moved = shapely.transform(river, lambda p: p + random.normal(0.0, river_m / sigma, 2) / metric)
        ends = {
            side: at(*(np.array([m.point.x, m.point.y]) + random.normal(0.0, marker_m / sigma, 2) / metric))
            for side, m in drawn.items()
        }
        off.append(shapely.hausdorff_distance(own, outline(moved, ends)))
    assert np.mean(np.array(off) <= limit) >= 0.95
    assert max(off) > 0.5 * limit  # and the figure is no wild one


def written(tmp_path, name: str, text: str):
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return read(path)


LINE = '{"type": "Feature", "properties": {%s}, "geometry": {"type": "LineString", "coordinates": [[119, 49], [119.2, 49]]}}'


@pytest.mark.parametrize(
    ("columns", "stated_m", "expected"),
    [
        ("", None, math.hypot(25.0, 1.0)),
        ('"accuracy_m": 8', None, math.hypot(8.0, 1.0)),
        ('"accuracy_m": 8', 60.0, math.hypot(60.0, 1.0)),
    ],
)
def test_a_river_line_is_as_good_as_is_stated_else_as_its_file_says_else_25_m(tmp_path, columns, stated_m, expected):
    """GeoJSON is WGS 84: 1 m more, in squares."""
    reading = written(tmp_path, "river.geojson", LINE % columns)
    assert line_accuracy_m(reading, stated_m=stated_m) == pytest.approx(expected)


def test_a_marker_is_as_good_as_its_own_row_says_else_as_it_is_written(tmp_path):
    reading = written(tmp_path, "m.csv", "名称,经度,纬度,精度\n桥,119.1000,49.0000,\n闸,119.1500,49.0000,80\n")
    found = [point_accuracy_m(reading, row) for row in reading.attributes]
    rest = [t.metres for t in reading.accuracy.terms[1:]]
    assert found == pytest.approx([math.hypot(5.565, *rest), math.hypot(80.0, *rest)])
