"""Shapes thinned to the dots of a picture: no gaps, nothing lost, nothing moved far."""

from __future__ import annotations

import numpy as np
import shapely

from maps.figure.plane import plane_within
from maps.figure.thinning import FEW_VERTICES, thinned

BOX = (117.0, 49.0, 118.0, 49.6)
PLANE = plane_within(BOX, width=800.0, height=600.0)


def jagged(count):
    y = np.linspace(49.0, 49.6, count)
    return np.column_stack([117.5 + 0.0005 * np.sin(np.arange(count) * 1.7), y])


def halves(count):
    seam = jagged(count)
    west = shapely.Polygon([(117.0, 49.0), *seam, (117.0, 49.6)])
    east = shapely.Polygon([(118.0, 49.0), *seam, (118.0, 49.6)])
    return [west, east]


def test_neighbours_share_their_thinned_border():
    for count in (500, 4 * FEW_VERTICES):
        made = thinned(halves(count), PLANE, dot=0.1, tiles=True).shapes
        west, east = ({tuple(xy) for xy in shapely.get_coordinates(one).round(6)} for one in made)
        assert len(west & east) > 100
        assert len(west - east) < 100  # the outer edges, bent
        assert len(east - west) < 100


def test_no_border_moves_by_more_than_a_dot_and_a_half():
    shapes = halves(FEW_VERTICES + 5000)
    true = shapely.transform(shapes[0], PLANE.of_degrees)
    for tiles in (False, True):
        made = thinned(shapes, PLANE, dot=0.5, tiles=tiles).shapes[0]
        assert shapely.get_num_coordinates(made) < shapely.get_num_coordinates(true)
        assert shapely.hausdorff_distance(made.exterior, true.exterior) < 0.75


def test_a_ring_that_crosses_itself_on_the_grid_is_thinned_in_no_time():
    angle = np.linspace(0, 2 * np.pi, 60_000, endpoint=False)
    radius = 0.2 * (1 + 0.05 * np.sin(angle * 9001))
    star = shapely.Polygon(np.column_stack([117.5 + radius * np.cos(angle), 49.3 + radius * np.sin(angle)]))
    made = thinned([star], PLANE, dot=0.5)
    assert made.shapes[0].geom_type == "Polygon"
    assert not len(made.specks)


def test_what_is_smaller_than_a_dot_is_a_speck_and_a_strip_keeps_its_length():
    tiny = shapely.box(117.3, 49.3, 117.30001, 49.30001)
    strip = shapely.box(117.1, 49.3, 117.9, 49.30001)
    stub = shapely.LineString([(117.6, 49.3), (117.60001, 49.3)])
    made = thinned([tiny, strip, stub, None, shapely.Point(117.2, 49.2)], PLANE, dot=0.5)
    assert list(made.speck_rows) == [0, 2]
    assert made.shapes[0].is_empty
    assert made.shapes[3].is_empty
    wide = made.shapes[1].bounds
    ends = PLANE.of_degrees(np.array([(117.1, 49.3), (117.9, 49.3)]))
    assert abs((wide[2] - wide[0]) - (ends[1, 0] - ends[0, 0])) < 1.0
    assert made.shapes[4].geom_type == "Point"


def test_holes_stay_holes():
    ring = shapely.box(117.2, 49.2, 117.8, 49.5).difference(shapely.box(117.4, 49.3, 117.6, 49.4))
    made = thinned([ring, shapely.box(117.4, 49.3, 117.6, 49.4)], PLANE, dot=0.5).shapes
    assert len(made[0].interiors) == 1
    assert shapely.intersection(*made).area < 1e-6


def test_a_long_parallel_bends_in_the_plane():
    wide = plane_within((97.0, 37.0, 126.0, 53.0), width=800.0, height=600.0)
    line = shapely.LineString([(97.0, 45.0), (126.0, 45.0)])
    made = thinned([line], wide, dot=0.5).shapes[0]
    middle = wide.of_degrees(np.array([(111.5, 45.0)]))[0]
    assert made.distance(shapely.Point(middle)) < 0.5
