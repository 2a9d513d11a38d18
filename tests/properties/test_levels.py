"""Whatever is left out: places farther from the border than the stated bound stay on their side of it."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spatial.levels import level_of, levels_for
from spatial.topology import grid_of
from tests.tilings import blob, tiling

SLOWLY = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def in_metres(geometries, grid):
    """The plane of the grid: nothing is shorter in it than on the ellipsoid."""
    factor = np.array([grid.x_m, grid.y_m]) / grid.step
    return shapely.transform(geometries, lambda xy: (xy - (grid.lon0, grid.lat0)) * factor)


def changed_sides(geometries, level, rng):
    """
    How many places changed sides of a feature; how many of them lie farther from its border than the bound allows.
    """
    grid = grid_of(tuple(shapely.total_bounds(geometries)), step=1e-6)
    before, after = in_metres(geometries, grid), in_metres(level.geometries(count=len(geometries)), grid)
    total = far = 0
    for one, other in zip(before, after, strict=True):
        west, south, east, north = one.buffer(2 * level.displacement_m).bounds
        places = [rng.uniform((west, south), (east, north), (150, 2))]
        border = shapely.get_coordinates(one)
        near = border[rng.integers(len(border), size=150)]
        places.append(near + rng.normal(0, 1.2 * level.displacement_m, near.shape))
        points = shapely.points(np.concatenate(places))
        changed = points[shapely.contains(one, points) != shapely.contains(other, points)]
        total += len(changed)
        for edge in (other.boundary if other.area else other, one.boundary):
            far += int((shapely.distance(edge, changed) > level.displacement_m).sum())
    return total, far


@SLOWLY
@given(seed=st.integers(0, 10_000), tolerance=st.sampled_from([0.5, 20, 500, 4000]))
def test_far_from_the_border_of_a_tiling_no_place_changes_sides(seed, tolerance):
    cells = tiling(9, 120, seed=seed, side=0.5)
    level = level_of(cells, tolerance_m=tolerance, tiles=True)
    _, far = changed_sides(cells, level, np.random.default_rng(seed))
    assert far == 0
    assert shapely.coverage_is_valid(level.geometries())


@SLOWLY
@given(seed=st.integers(0, 10_000), tolerance=st.sampled_from([5, 100, 2000]), step=st.sampled_from([1e-6, 1e-3]))
def test_far_from_the_border_of_areas_that_overlap_no_place_changes_sides(seed, tolerance, step):
    rng = np.random.default_rng(seed)
    areas = [blob(*rng.uniform((117, 31), (117.1, 31.1)), rng.uniform(0.003, 0.06), 90, rng) for _ in range(6)]
    holed = [area.difference(blob(*area.centroid.coords[0], 0.002, 12, rng)) for area in areas]
    given_areas = np.array([max(shapely.get_parts(area), key=lambda part: part.area) for area in holed])
    level = level_of(given_areas, tolerance_m=tolerance, step=step)
    _, far = changed_sides(given_areas, level, rng)
    assert far == 0
    assert shapely.is_valid(level.geometries()).all()


def test_places_within_the_bound_do_change_sides_so_the_law_above_is_not_empty():
    cells = tiling(9, 120, side=0.5)
    total, _ = changed_sides(cells, level_of(cells, tolerance_m=500), np.random.default_rng(1))
    assert total > 50


@SLOWLY
@given(seed=st.integers(0, 10_000))
def test_every_level_of_a_layer_keeps_its_bound(seed):
    cells = tiling(16, 1500, seed=seed, side=0.4)
    for level in levels_for(cells, tiles=True):
        assert changed_sides(cells[:2], level_like(level, 2), np.random.default_rng(seed))[1] == 0


def level_like(level, count):
    """The level as one that holds the first features only."""

    class First:
        displacement_m = level.displacement_m

        def geometries(self, count=count):
            return level.geometries()[:count]

    return First()
