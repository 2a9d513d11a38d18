"""Levels of detail: arcs shared, vertices left out, and how far a border may lie from where it was."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from spatial.levels import NEAREST_ZOOM, level_of, levels_for
from spatial.overlay.pieces import cut
from spatial.packing import unpacked
from spatial.simplifying import displacement_m, thinned
from spatial.topology import arcs_of, grid_of, rings_of
from tests.tilings import blob, tiling


def arcs(geometries, step=1e-6):
    given = np.array(geometries, dtype=object)
    return arcs_of(given, grid_of(tuple(shapely.total_bounds(given)), step=step))


def test_a_border_that_two_share_is_one_arc():
    found = arcs([shapely.box(117, 31, 118, 32), shapely.box(118, 31, 119, 32)])
    assert len(found.arc_start) - 1 == 3  # left of the first, right of the second, the one between
    assert len({arc if arc >= 0 else ~arc for arc in found.ring_arc.tolist()}) == 3
    assert (found.ring_arc < 0).sum() == 1  # one of the two runs along it the other way
    assert len(found.xy) == 4 + 2 + 4


def test_an_island_and_the_hole_it_fills_are_one_arc():
    island = shapely.Point(117.5, 31.5).buffer(0.2)
    around = shapely.box(117, 31, 118, 32).difference(island)
    found = arcs([around, shapely.Polygon(np.roll(shapely.get_coordinates(island)[:-1], 9, axis=0))])
    assert len(found.arc_start) - 1 == 2


def test_rings_of_arcs_are_the_rings_that_were_put_in():
    cells = tiling(9, 40)
    level = level_of(cells, tolerance_m=0)
    for seen, given in zip(level.geometries(), cells, strict=True):
        rounded = shapely.set_precision(given, 1e-6, mode="pointwise")
        assert seen.symmetric_difference(rounded).area < 1e-9 * given.area
    assert rings_of(arcs(cells)).closed.all()


@pytest.mark.parametrize("tolerance_m", [1, 30, 300, 3000])
def test_neighbours_still_share_their_border_whatever_the_tolerance(tolerance_m):
    cells = tiling(25, 200)
    seen = level_of(cells, tolerance_m=tolerance_m, tiles=True).geometries()
    assert shapely.is_valid(seen).all()
    assert shapely.coverage_is_valid(seen)
    assert shapely.get_num_coordinates(seen).sum() < shapely.get_num_coordinates(cells).sum()
    # no gap: the outer border of this tiling is rough, so only the inside of it must be covered
    assert shapely.get_num_interior_rings(shapely.union_all(seen)) == 0


def test_vertices_on_the_line_go_and_the_bound_is_that_of_the_grid():
    edge = np.array([(117 + i / 1000, 31) for i in range(101)])
    cell = shapely.Polygon([*edge, (117.1, 31.1), (117, 31.1)])
    level = level_of([cell], tolerance_m=0.01)
    assert shapely.get_num_coordinates(level.geometries()[0]) == 5
    assert level.displacement_m < 0.08  # half a diagonal of 0.11 m at the most


def test_areas_cut_into_pieces_and_put_together_share_their_borders_as_before():
    """So the engine keeps them: where a cut crosses a border one area has a vertex there, its neighbour has none."""
    cells = tiling(9, 1200)
    pieces = cut(cells)
    assert len(pieces.rows) > 2 * len(cells)
    joined = np.array([shapely.union_all(pieces.geometries[pieces.rows == row]) for row in range(len(cells))])
    more = shapely.get_num_coordinates(joined).sum() - shapely.get_num_coordinates(cells).sum()
    assert more > 20
    plain, found = arcs(cells, step=4e-6), arcs(joined, step=4e-6)
    assert len(found.arc_start) == len(plain.arc_start)
    assert abs(len(found.xy) - len(plain.xy)) < more / 4
    for tolerance_m in (1, 300):
        assert shapely.coverage_is_valid(level_of(joined, tolerance_m=tolerance_m, step=4e-6).geometries())


def test_a_vertex_on_a_straight_stretch_stays_where_a_neighbour_has_its_corner():
    west = shapely.Polygon([(117, 31), (118, 31), (118, 31.4), (118, 32), (117, 32)])
    found = level_of([west, shapely.box(118, 31, 119, 31.4), shapely.box(118, 31.4, 119, 32)], tolerance_m=0)
    assert [118, 31.4] in shapely.get_coordinates(found.geometries()[0]).round(9).tolist()
    assert shapely.coverage_is_valid(found.geometries())


def test_a_vertex_that_lies_beside_its_stretch_by_more_than_a_thousandth_of_a_millimetre_is_no_cut():
    def with_vertex(lat):
        return arcs([shapely.Polygon([(117, 31), (117.5, lat), (118, 31), (118, 32), (117, 32)])])

    assert len(with_vertex(31).xy) == 5  # the first again at the end
    assert len(with_vertex(31 - 1e-10).xy) == 6  # 1e-10 degrees are 11 micrometres


def test_displacement_is_the_height_of_the_vertex_left_out():
    # 0.001 degree of latitude over a chord along the parallel of 31: 110.86 m; the bound takes the longer metre
    line = shapely.LineString([(117, 31), (117.05, 31.001), (117.1, 31)])
    found = arcs([line])
    keep = thinned(found, tolerance_m=200)
    assert keep.tolist() == [True, False, True]
    assert displacement_m(found, keep) == pytest.approx(110.86, abs=0.02)
    assert displacement_m(found, keep) >= 110.86


def test_a_small_ring_and_a_small_hole_stay():
    hole = shapely.Point(117.5, 31.5).buffer(0.0001)
    small = shapely.Point(118.5, 31.5).buffer(0.0001)
    seen = level_of([shapely.box(117, 31, 118, 32).difference(hole), small], tolerance_m=5000).geometries()
    assert shapely.get_num_interior_rings(seen[0]) == 1
    assert shapely.get_type_id(seen[1]) == 3
    assert seen[1].area > 0
    assert shapely.is_valid(seen).all()


def test_an_area_smaller_than_the_grid_is_a_point_or_a_line_and_never_gone():
    dot = shapely.box(117, 31, 117 + 1e-11, 31 + 1e-11)
    thread = shapely.box(117.1, 31, 117.2, 31 + 1e-11)
    seen = level_of([dot, thread, shapely.box(117, 31.1, 117.3, 31.2)], tolerance_m=1).geometries()
    assert shapely.get_type_id(seen[:2]).tolist() == [0, 1]


def test_a_hole_that_the_grid_would_close_stays_open():
    around = shapely.box(117, 31, 117.2, 31.2)
    hole = shapely.box(117.1, 31.1, 117.1 + 1e-11, 31.1 + 1e-11)
    level = level_of([around.difference(hole)], tolerance_m=1)
    assert shapely.get_num_interior_rings(level.geometries()[0]) == 1
    assert level.displacement_m < 0.5


def test_a_slit_narrower_than_the_grid_takes_a_finer_grid_instead_of_a_far_bound():
    slit = shapely.Polygon([(117, 31), (118, 31), (118, 32), (117.5, 32), (117.5, 31.5), (117.5 - 2e-7, 32), (117, 32)])
    level = level_of([slit], tolerance_m=1)
    assert level.step < 1e-6
    assert level.geometries()[0].is_valid
    coarse = level_of([slit], tolerance_m=1, step=1e-5)
    assert coarse.step == 1e-5  # a grid that is coarser than usual is meant
    assert (
        coarse.displacement_m > 47_000
    )  # the slit is closed; its tip lies half a degree of longitude from the border left


def test_an_island_stays_on_its_side_of_a_border():
    # a bay 1 km deep in a long border, an island in it: a chord across the bay would run over the island
    bay = [
        (117, 31),
        (117.05, 31),
        (117.05, 30.99),
        (117.06, 30.99),
        (117.06, 31),
        (117.11, 31),
        (117.11, 30.9),
        (117, 30.9),
    ]
    island = shapely.box(117.054, 30.993, 117.056, 30.995)
    seen = level_of([shapely.Polygon(bay), island], tolerance_m=2000).geometries()
    assert not seen[0].intersects(seen[1])


def test_lines_points_and_nothing_are_rows_like_areas():
    given = [
        shapely.MultiPoint([(117, 31), (117.5, 31.5)]),
        None,
        shapely.MultiLineString([[(117, 31), (118, 32)], [(117, 32), (118, 31)]]),
        shapely.GeometryCollection([shapely.Point(117, 31), shapely.box(117, 31, 117.1, 31.1)]),
        shapely.Polygon(),
    ]
    seen = level_of(given, tolerance_m=1).geometries(count=5)
    assert [None if one is None else one.geom_type for one in seen] == [
        "MultiPoint",
        None,
        "MultiLineString",
        "GeometryCollection",
        None,
    ]
    assert shapely.hausdorff_distance(seen[0], given[0]) < 1e-6


def test_nothing_at_all_is_a_level_without_parts():
    level = levels_for([None, shapely.Point()])[-1]
    assert len(level.arrays["part_feature"]) == 0
    assert level.geometries(count=2).tolist() == [None, None]


def test_levels_ascend_in_detail_and_the_last_is_for_every_zoom():
    levels = levels_for(tiling(64, 800), tiles=True)
    sizes = [len(level.arrays["xy"]) for level in levels]
    assert len(levels) > 1
    assert sizes == sorted(sizes)
    assert [level.max_zoom for level in levels] == sorted({level.max_zoom for level in levels})
    assert levels[-1].max_zoom == NEAREST_ZOOM
    assert all(level.displacement_m >= level.tolerance_m * 0.9 for level in levels)
    assert all(shapely.coverage_is_valid(level.geometries()) for level in levels)


def test_areas_smaller_than_a_pixel_are_points_in_coarse_levels_only():
    rng = np.random.default_rng(5)
    many = [blob(x, y, 0.0003, 60, rng) for x in np.linspace(117, 118, 20) for y in np.linspace(31, 32, 20)]
    levels = levels_for(many)
    assert levels[0].arrays["part_dimension"].tolist() == [0] * 400
    assert levels[-1].arrays["part_dimension"].tolist() == [2] * 400
    across = max(shapely.minimum_bounding_radius(one) for one in many) * 2 * 95_000  # metres a degree, at least
    assert across < levels[0].displacement_m  # a point stands for the whole of it


def test_a_block_gives_back_every_number():
    level = level_of(tiling(9, 40), tolerance_m=1)
    arrays, document = unpacked(level.block())
    assert document == {"level": {"lon0": level.lon0, "lat0": level.lat0, "step": level.step}}
    assert all((arrays[name] == values).all() for name, values in level.arrays.items())


def test_a_grid_that_cannot_span_the_bounds_is_refused():
    with pytest.raises(ValueError, match="does not span"):
        grid_of((0, 0, 180, 60), step=1e-8)


def test_coordinates_on_a_coarse_grid_stay_where_they_are():
    cell = shapely.box(117.25, 31.5, 117.75, 31.75)
    level = level_of([cell], tolerance_m=0, step=0.25)
    assert level.geometries()[0].equals(cell)
