"""Shapes thinned to the dots of a picture: no gaps, nothing lost, nothing moved far."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import shapely

from maps.figure.plane import plane_within
from maps.figure.thinning import FEW_VERTICES, thinned

ROOT = Path(__file__).parents[2]
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
    for count, dot in ((500, 0.1), (FEW_VERTICES + 5000, 0.1), (FEW_VERTICES + 5000, 0.002)):
        made = thinned(halves(count), PLANE, dot=dot).shapes
        west, east = ({tuple(xy) for xy in shapely.get_coordinates(one).round(6)} for one in made)
        assert len(west & east) > 100
        assert len(west - east) < 100  # the outer edges, bent
        assert len(east - west) < 100


def test_no_border_moves_by_more_than_a_dot_and_a_half_and_few_vertices_are_left():
    # The seam swings by 0.0005 degree, 36 m. A unit is 91 m: three quarters of 0.6 are 41 m, and all of it is straight.
    shapes = halves(FEW_VERTICES + 1000)
    true = shapely.transform(shapes[0], PLANE.of_degrees)
    for dot in (0.6, 0.1):
        made = thinned(shapes, PLANE, dot=dot).shapes[0]
        assert shapely.hausdorff_distance(made.exterior, true.exterior) < 1.5 * dot
        if dot == 0.6:
            assert shapely.get_num_coordinates(made) * 100 < shapely.get_num_coordinates(true)


def test_a_ring_that_crosses_itself_on_the_grid_is_thinned_in_no_time():
    angle = np.linspace(0, 2 * np.pi, FEW_VERTICES + 1000, endpoint=False)
    radius = 0.2 * (1 + 0.05 * np.sin(angle * 3001))
    star = shapely.Polygon(np.column_stack([117.5 + radius * np.cos(angle), 49.3 + radius * np.sin(angle)]))
    began = time.process_time()
    made = thinned([star], PLANE, dot=0.5)
    assert time.process_time() - began < 10
    assert made.shapes[0].geom_type == "Polygon"
    assert not len(made.specks)


def crooked(rng):
    """Areas as a damaged or careless source holds them: crossed, collapsed, empty, missing, lying on each other."""
    x, y = rng.uniform(117.1, 117.8), rng.uniform(49.1, 49.5)
    size = 10.0 ** rng.uniform(-7, -3)
    ring = np.array([x, y]) + size * rng.uniform(-1, 1, (rng.integers(3, 12), 2))
    return [
        None,
        shapely.Polygon(),
        shapely.Polygon(ring),
        shapely.Polygon([(x, y), (x + size, y), (x, y)]),
        shapely.MultiPolygon([shapely.box(x, y, x + size, y + size), shapely.box(x, y, x + size / 2, y + size)]),
        shapely.Polygon([(x, y), (x + size, y + size), (x + size, y), (x, y + size)]),
    ][rng.integers(0, 6)]


def test_no_shape_however_crooked_ends_the_process():
    """In a process of its own: GEOS 3.14 ends one on some coverages (`coverage_simplify`), so none is simplified here."""
    code = (
        "import numpy as np, shapely\n"
        "from tests.unit import test_figure_thinning as t\n"
        "from maps.figure import thinning\n"
        "from spatial.levels import level_of, levels_for\n"
        "thinning.FEW_VERTICES = 0\n"
        "rng = np.random.default_rng(5)\n"
        "for n in range(25):\n"
        "    shapes = np.array([t.crooked(rng) for _ in range(12)], dtype=object)\n"
        "    thinning.thinned(shapes, t.PLANE, dot=float(10.0 ** rng.uniform(-1, 1)))\n"
        "    level_of(shapes, tolerance_m=float(10.0 ** rng.uniform(0, 3)))\n"
        "    levels_for(shapes)\n"
        "level_of([], tolerance_m=1), levels_for([None, shapely.Polygon()])\n"
        "print('whole')\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert (run.returncode, run.stdout) == (0, "whole\n"), run.stderr[-2000:]


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
