"""Control units tile their city: gaps, overlaps and slivers, against areas by hand."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely.affinity import translate

from layers.quality.model import City, FeatureName
from layers.quality.shapes import area_of, deeper_than, wider_than
from layers.quality.tiling import Units, tiling_findings
from spatial.ellipsoid import metres_per_degree
from spatial.measure import ellipsoidal_area

LON, LAT = 117.0, 49.0
KX, KY = (float(k) for k in metres_per_degree(LAT + 0.02))
"""Metres a degree in the middle of the tiles."""


def units(tiles, accuracy_m=5.0):
    array = np.empty(len(tiles), dtype=object)
    array[:] = tiles
    names = [FeatureName(layer="单元", id=str(n), code=f"c{n}", name=f"单元{n}") for n in range(len(tiles))]
    return Units(array, names, [accuracy_m] * len(tiles))


def city(geometry, accuracy_m=5.0):
    return City(geometry=geometry, accuracy_m=accuracy_m, codes=("150781",), names=("某市",), source="made")


def grid(columns=4, rows=4, step=0.01):
    """Square tiles of a hundredth of a degree: 731 m by 1112 m."""
    return [
        shapely.box(LON + i * step, LAT + j * step, LON + (i + 1) * step, LAT + (j + 1) * step)
        for j in range(rows)
        for i in range(columns)
    ]


def whole(tiles):
    return shapely.union_all(tiles)


def codes(found):
    return [each.code for each in found]


def problems(found):
    """All but the figures that are always there."""
    return [each for each in found if each.code != "covered"]


def area(geometry):
    return float(ellipsoidal_area(geometry)[0])


# --- known gaps and overlaps ---------------------------------------------------------------------------------------


def test_a_tiling_without_fault_is_told_so_by_its_share_alone():
    tiles = grid()
    found = tiling_findings(units(tiles), city(whole(tiles)))
    assert codes(found) == ["covered"]
    assert found[0].facts["covered_share"] == 1.0
    assert (found[0].facts["units"], found[0].facts["city"]) == (16, "某市")
    assert found[0].facts["city_m2"] == pytest.approx(sum(map(area, tiles)), abs=0.02)


def test_a_hole_of_200_m_by_100_m_is_a_gap_of_two_hectares():
    tile = grid(1, 1)[0]
    middle = tile.centroid
    kx, ky = (float(k) for k in metres_per_degree(middle.y))
    hole = shapely.box(middle.x - 100 / kx, middle.y - 50 / ky, middle.x + 100 / kx, middle.y + 50 / ky)
    found = problems(tiling_findings(units([tile - hole]), None))
    assert codes(found) == ["gap"]
    assert found[0].area_m2 == pytest.approx(20_000, abs=0.1)
    assert found[0].severity == "error"
    assert [name.name for name in found[0].features] == ["单元0"]
    assert found[0].place == pytest.approx((middle.x, middle.y), abs=1e-6)


def test_a_missing_tile_inside_is_a_gap_with_or_without_a_city():
    tiles = grid()
    left = tiles[:5] + tiles[6:]
    for outline in (None, city(whole(tiles)), city(whole(tiles), 653.0)):
        found = problems(tiling_findings(units(left), outline))
        assert codes(found) == ["gap"]
        assert found[0].area_m2 == pytest.approx(area(tiles[5]), abs=0.01)
        assert len(found[0].features) == 8  # corners touch too


def test_a_missing_tile_at_the_edge_needs_the_city_to_be_seen():
    tiles = grid()
    left = tiles[1:]
    assert codes(tiling_findings(units(left), None)) == []
    found = problems(tiling_findings(units(left), city(whole(tiles), 100.0)))
    assert codes(found) == ["gap_at_edge"]
    assert found[0].area_m2 == pytest.approx(area(tiles[0]), abs=0.01)
    share = tiling_findings(units(left), city(whole(tiles)))[-1].facts["covered_share"]
    assert share == pytest.approx(1 - area(tiles[0]) / sum(map(area, tiles)), abs=1e-8)


def test_a_gap_at_the_edge_within_the_accuracy_of_the_outline_is_no_error():
    tiles = grid()  # the corner tile is 731 m wide: no point of it is 800 m from the outline
    found = problems(tiling_findings(units(tiles[1:]), city(whole(tiles), 800.0)))
    assert codes(found) == ["edge_difference"]
    assert found[0].severity == "information"
    assert found[0].facts["short_m2"] == pytest.approx(area(tiles[0]), abs=0.01)
    assert found[0].facts["accuracy_m"] == pytest.approx(math.hypot(800, 5), abs=0.001)


def test_a_strip_left_along_the_whole_outline_hides_no_missing_tile():
    tiles = grid()
    outline = shapely.buffer(whole(tiles), 30 / KY, join_style="mitre")  # 20 to 30 m around
    found = problems(tiling_findings(units(tiles[1:]), city(outline, 100.0)))
    assert codes(found) == ["gap_at_edge", "edge_difference"]
    # the tile, and of the strip only what lies in front of it
    assert area(tiles[0]) < found[0].area_m2 < area(tiles[0]) + 30 * (731 + 1112 + 2 * 140) * 1.1


def test_a_crack_that_opens_to_the_edge_is_found_where_it_is_deep():
    tiles = grid(2, 1, 0.1)  # 7.3 km by 11.1 km each
    west = shapely.box(LON, LAT, LON + 0.1 - 60 / KX, LAT + 0.1)
    found = problems(tiling_findings(units([west, tiles[1]]), city(whole(tiles), 500.0)))
    assert codes(found) == ["gap_at_edge"]
    assert found[0].area_m2 == pytest.approx(60 * 0.1 * KY, rel=0.002)


def test_an_overlap_of_two_tiles_has_the_area_of_their_common_strip():
    one, other = grid(2, 1)
    wide = shapely.box(LON + 0.009, LAT, LON + 0.02, LAT + 0.01)  # a tenth of the first
    found = problems(tiling_findings(units([one, wide]), None))
    assert codes(found) == ["overlap"]
    assert found[0].area_m2 == pytest.approx(0.1 * area(one), abs=0.02)
    assert [name.id for name in found[0].features] == ["0", "1"]
    assert area(other) > 0


@pytest.mark.parametrize(("metres", "expected"), [(4.0, "sliver"), (6.0, "")])
def test_narrower_than_the_accuracy_it_is_a_sliver(metres, expected):
    one, other = grid(2, 1)
    kx = float(metres_per_degree(LAT + 0.005)[0])
    overlapping = tiling_findings(units([one, translate(other, -metres / kx)]), None)
    assert codes(overlapping) == ["overlap_sliver" if expected else "overlap"]
    assert overlapping[0].area_m2 == pytest.approx(metres * 0.01 * KY, rel=2e-4)
    above = shapely.box(LON, LAT + 0.01, LON + 0.03, LAT + 0.02)  # closes the crack to a hole, with one below
    below = shapely.box(LON, LAT - 0.01, LON + 0.03, LAT)
    parted = tiling_findings(units([one, translate(other, metres / kx), above, below]), None)
    assert codes(parted) == ["gap_sliver" if expected else "gap"]
    assert parted[0].area_m2 == pytest.approx(metres * 0.01 * KY, rel=2e-4)
    assert parted[0].severity == ("warning" if expected else "error")


def test_slivers_of_the_same_two_units_are_one_finding_with_parts():
    teeth = [(LON + 0.01 + (2 / KX if n % 2 else 0), LAT + 0.001 * n) for n in range(11)]
    west = shapely.Polygon([(LON, LAT), *teeth, (LON, LAT + 0.01)])
    east = shapely.box(LON + 0.01, LAT, LON + 0.02, LAT + 0.01)
    found = tiling_findings(units([west, east]), None)
    assert codes(found) == ["overlap_sliver"]
    assert found[0].parts == 5  # teeth of 2 m, each two hundredths of the tile long: 1/2 * 2 * 0.002 * KY
    assert found[0].area_m2 == pytest.approx(5 * 0.5 * 2 * 0.002 * KY, rel=1e-3)


def test_rounding_of_a_few_millimetres_is_no_finding():
    one, other = grid(2, 1)
    shifted = [translate(other, d / KX) for d in (-0.003, 0.003)]
    frame = [shapely.box(LON, LAT + 0.01, LON + 0.03, LAT + 0.02), shapely.box(LON, LAT - 0.01, LON + 0.03, LAT)]
    assert [tiling_findings(units([one, each, *frame]), None) for each in shifted] == [[], []]


def test_a_unit_far_outside_its_city_is_named():
    tiles = grid()
    astray = translate(tiles[0], 1.0)
    found = problems(tiling_findings(units([*tiles, astray]), city(whole(tiles), 100.0)))
    assert codes(found) == ["outside_city"]
    assert [name.id for name in found[0].features] == ["16"]
    assert found[0].area_m2 == pytest.approx(area(astray), abs=0.01)
    found = problems(tiling_findings(units([*tiles, astray]), city(whole(tiles), 3000.0)))
    assert codes(found) == ["outside_city"]  # smaller than the accuracy of the outline, and 70 km from it


# --- laws ----------------------------------------------------------------------------------------------------------

SQUARE = shapely.box(LON, LAT, LON + 0.04, LAT + 0.04)


@st.composite
def tilings(draw):
    """A square of 2.9 km by 4.4 km cut by random lines, each through one tile only, so that corners meet edges."""
    tiles = [SQUARE]
    for _ in range(draw(st.integers(3, 9))):
        tile = tiles.pop(draw(st.integers(0, len(tiles) - 1)))
        angle, shift = draw(st.floats(0, math.pi)), draw(st.floats(-0.3, 0.3))
        west, south, east, north = tile.bounds
        x, y = tile.centroid.x + shift * (east - west) / 2, tile.centroid.y + shift * (north - south) / 2
        dx, dy = math.cos(angle), math.sin(angle)
        half = shapely.Polygon(
            [(x + dx, y + dy), (x - dx, y - dy), (x - dx - dy, y - dy + dx), (x + dx - dy, y + dy + dx)]
        )
        parts = [tile & half, tile - half]
        tiles += parts if all(p.geom_type == "Polygon" and p.area > 1e-8 for p in parts) else [tile]
    return tiles


@settings(max_examples=40, deadline=None)
@given(tilings())
def test_no_tiling_by_random_cuts_has_a_fault(tiles):
    found = tiling_findings(units(tiles), city(SQUARE))
    assert codes(found) == ["covered"]
    assert found[0].facts["covered_share"] == 1.0


@settings(max_examples=40, deadline=None)
@given(tilings(), st.data())
def test_a_tile_taken_away_leaves_one_gap_of_its_area(tiles, data):
    assume(len(tiles) > 2)
    gone = tiles[data.draw(st.integers(0, len(tiles) - 1))]
    assume(wider_than(np.array([gone]), 30.0)[0])
    left = [tile for tile in tiles if tile is not gone]
    found = problems(tiling_findings(units(left), city(SQUARE, 1.0)))
    assert len(found) == 1
    assert found[0].code in ("gap", "gap_at_edge")
    assert found[0].area_m2 == pytest.approx(area(gone), rel=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.floats(20, 300), st.sampled_from([5, 6, 9, 10]))
def test_a_shifted_tile_leaves_a_gap_behind_and_overlaps_what_is_before(metres, which):
    tiles = grid()
    kx = float(metres_per_degree(tiles[which].centroid.y)[0])
    moved = [translate(tile, metres / kx) if n == which else tile for n, tile in enumerate(tiles)]
    found = problems(tiling_findings(units(moved), city(whole(tiles), 1.0)))
    assert codes(found) == ["gap", "overlap"]
    strip = area(tiles[which]) * metres / (0.01 * kx)
    assert [each.area_m2 for each in found] == pytest.approx([strip, strip], rel=1e-6)


@given(st.floats(1, 1000), st.floats(1, 1000), st.floats(0.5, 1500))
def test_a_rectangle_is_wider_than_every_circle_that_its_short_side_holds(width, height, limit):
    kx, ky = (float(k) for k in metres_per_degree(LAT))
    box = shapely.box(LON, LAT, LON + width / kx, LAT + height / ky)
    short = min(width, height)
    assume(abs(limit / short - 1) > 1e-3)
    assert bool(wider_than(np.array([box]), limit)[0]) is (short > limit)


def test_a_place_as_deep_as_the_distance_is_kept_whole_and_a_shallower_one_dropped():
    edge = shapely.LineString([(LON, LAT), (LON + 1, LAT)])
    bay = shapely.box(LON + 0.4, LAT, LON + 0.5, LAT + 300 / KY)
    assert deeper_than(bay, edge, 301) is None
    kept = deeper_than(bay, edge, 299)
    assert area_of(kept) == pytest.approx(area(bay), rel=1e-9)


# --- size ----------------------------------------------------------------------------------------------------------


def test_four_hundred_units_with_sixty_thousand_vertices_take_seconds():
    step, n = 0.02, 20
    t = np.linspace(0, 1, 41)[:-1]
    wave = 0.0004 * np.sin(6 * np.pi * t)

    def edge(x0, y0, x1, y1):
        along = np.column_stack([x0 + (x1 - x0) * t, y0 + (y1 - y0) * t])
        return along + (np.column_stack([0 * t, wave]) if y0 == y1 else np.column_stack([wave, 0 * t]))

    def tile(i, j):
        x0, y0 = LON + i * step, LAT + j * step
        x1, y1 = x0 + step, y0 + step
        end = np.array([[x0, y0]])
        low, right = edge(x0, y0, x1, y0), edge(x1, y0, x1, y1)
        up, left = edge(x0, y1, x1, y1), edge(x0, y0, x0, y1)
        up, left = np.vstack([up, [[x1, y1]]])[::-1][:-1], np.vstack([left, [[x0, y1]]])[::-1][:-1]
        return shapely.Polygon(np.vstack([low, right, up, left, end]))

    tiles = [tile(i, j) for j in range(n) for i in range(n)]
    assert sum(map(shapely.get_num_coordinates, tiles)) > 60_000
    began = time.perf_counter()
    found = problems(tiling_findings(units(tiles[:190] + tiles[191:]), city(whole(tiles))))
    assert time.perf_counter() - began < 10
    assert codes(found) == ["gap"]
    assert found[0].area_m2 == pytest.approx(area(tiles[190]), rel=1e-6)
