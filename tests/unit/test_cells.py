"""Cells: where a point or a box lies, without touching a geometry; what is not sure is said to be so."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import shapely

from spatial.overlay.cells import Cells, build_cells
from spatial.overlay.cells.building import DOUBT, MOST_EDGES, NAMES, SHUT, fingerprint
from spatial.overlay.cells.crossing import CellEdges, walk
from spatial.overlay.cells.grid import Grid
from spatial.overlay.cells.lookup import _POINTS_AT_ONCE
from spatial.overlay.damage import DamagedIndexError
from spatial.overlay.edges import Edges
from spatial.overlay.index import GeometryIndex, build_index
from tests.tilings import tiling

SQUARE = shapely.box(117, 49, 117.1, 49.1)
NEIGHBOUR = shapely.box(117.1, 49, 117.2, 49.1)
HOLED = SQUARE.difference(shapely.box(117.04, 49.04, 117.06, 49.06))


def cells_of(*shapes) -> Cells:
    cells = GeometryIndex.of(np.array(shapes, dtype=object)).cells
    assert cells is not None
    return cells


def zone_of(*shapes, counted=None):
    return cells_of(*shapes).zone(np.ones(len(shapes), bool) if counted is None else np.array(counted))


def at(*lonlat) -> np.ndarray:
    return np.array(lonlat, dtype=float).reshape(-1, 2)


def features(cells: Cells, lonlat) -> list[list[int]]:
    sets, unsure = cells.sets_at(lonlat)
    assert not unsure.any()
    bounds, found = cells.features_of(sets)
    return [sorted(found[a:b].tolist()) for a, b in itertools.pairwise(bounds)]


def test_a_point_is_told_the_features_that_hold_it() -> None:
    cells = cells_of(SQUARE, NEIGHBOUR, shapely.box(117.05, 49.05, 117.15, 49.2))
    where = at((117.01, 49.01), (117.15, 49.01), (117.07, 49.07), (117.12, 49.07), (117.1, 49.15), (117.3, 49))
    assert features(cells, where) == [[0], [1], [0, 2], [1, 2], [2], []]


def test_many_points_by_several_threads_are_told_what_each_is_told_alone() -> None:
    rng = np.random.default_rng(4)
    index = GeometryIndex.of(tiling(20, 60, west=117, south=49, side=0.3))
    assert index.cells is not None
    where = rng.uniform((116.98, 48.98), (117.32, 49.32), (2 * _POINTS_AT_ONCE + 5000, 2))
    where[[7, -1]] = np.nan, np.inf
    edges = index.load(np.arange(len(index.piece_feature)))
    where[100:200] = shapely.get_coordinates(edges)[:100]
    sets, unsure = index.cells.sets_at(where, threads=3)
    assert unsure[[7, -1]].all()
    assert unsure[100:200].all()
    assert unsure.sum() < 150
    for some in (slice(0, 1000), slice(_POINTS_AT_ONCE - 500, _POINTS_AT_ONCE + 500), slice(-1000, None)):
        alone, not_sure = index.cells.sets_at(where[some])
        assert np.array_equal(alone, sets[some])
        assert np.array_equal(not_sure, unsure[some])
        assert len(np.unique(alone)) > 10


def test_edges_are_read_for_points_in_crossed_cells_only() -> None:
    arrays = build_index(np.array([SQUARE], dtype=object))
    asked = []

    def array(name):
        asked.append(name)
        return arrays[name]

    cells = Cells(array)
    asked.clear()
    assert cells.sets_at(at((117.05, 49.05), (118, 49)))[0].tolist() == [1, 0]
    assert asked == []
    assert cells.sets_at(at((117.05, 49.1 - 1e-6)))[0].tolist() == [1]
    assert set(asked) == {"edges/xy", "edges/left", "edges/right"}


def test_where_every_point_lies_in_several_features_all_of_them_are_told() -> None:
    cells = cells_of(SQUARE, NEIGHBOUR, shapely.box(117.05, 49.05, 117.15, 49.2))
    assert features(cells, at((117.07, 49.07), (117.12, 49.07), (117.01, 49.01))) == [[0, 2], [1, 2], [0]]


def test_a_hole_is_outside_and_so_is_everything_beyond_the_grid() -> None:
    zone = zone_of(HOLED)
    where = at((117.05, 49.05), (117.02, 49.05), (0, 0), (-180, -90), (180, 90), (117.05, 89.9), (117.05, 48.99999))
    assert zone.inside(where).tolist() == [0, 1, 0, 0, 0, 0, 0]


def test_a_point_on_an_edge_or_a_vertex_or_within_four_millimetres_is_left_to_the_geometry() -> None:
    # 1e-8 degree of latitude is 1.1 mm
    where = at((117.05, 49.1), (117, 49), (117.1, 49.1), (117.05, 49.1 + 3.5e-8), (117.05, 49.1 - 3.5e-8))
    zone = zone_of(SQUARE)
    assert zone.inside(where).tolist() == [-1] * 5
    assert cells_of(SQUARE).sets_at(where)[1].all()
    assert zone.inside(at((117.0502, 49.1 + 1e-6), (117.0502, 49.1 - 1e-6))).tolist() == [0, 1]  # 11 cm


def test_a_seam_between_counted_features_is_inside_and_one_beside_a_feature_that_does_not_count_is_boundary() -> None:
    seam = at((117.1, 49.05))
    assert zone_of(SQUARE, NEIGHBOUR).inside(seam).tolist() == [1]
    assert zone_of(SQUARE, NEIGHBOUR, counted=[True, False]).inside(seam).tolist() == [-1]
    assert zone_of(SQUARE, NEIGHBOUR, counted=[False, True]).inside(at((117.05, 49.05), (117.15, 49.05))).tolist() == [
        0,
        1,
    ]


def test_of_two_features_over_one_place_one_that_counts_is_enough() -> None:
    inner = shapely.box(117.04, 49.04, 117.06, 49.06)
    centre = at((117.05, 49.05))
    assert zone_of(SQUARE, inner, counted=[True, False]).inside(centre).tolist() == [1]
    assert zone_of(SQUARE, inner, counted=[False, True]).inside(centre).tolist() == [1]
    assert zone_of(SQUARE, inner, counted=[False, False]).inside(centre).tolist() == [0]
    # nor is the outline of the inner one boundary where the outer one counts
    assert zone_of(SQUARE, inner).around(np.array([[117.03, 49.03, 117.07, 49.07]]), 0.0).tolist() == [1]


def test_coordinates_that_are_no_numbers_are_not_told() -> None:
    where = at((np.nan, 49.05), (117.05, np.inf), (117.05, 49.05))
    assert zone_of(SQUARE).inside(where).tolist() == [-1, -1, 1]
    assert cells_of(SQUARE).sets_at(where)[1].tolist() == [True, True, False]
    boxes = np.array([[np.nan, 49, 117, 49], [117.05, 49.05, 117.06, 49.06]])
    assert zone_of(SQUARE).around(boxes, 10.0).tolist() == [-1, 1]
    assert cells_of(SQUARE).sole_set(boxes).tolist() == [-1, 1]
    assert zone_of(SQUARE).around(boxes[1:], np.nan).tolist() == [-1]


@pytest.mark.parametrize(("reach_m", "answer"), [(0.0, 1), (5300.0, 1), (5561.0, -1), (5570.0, -1)])
def test_the_reach_around_a_point_is_metres_on_the_ground(reach_m, answer) -> None:
    # the square's middle lies 0.05 degree south of its northern edge: 0.05 * 111.23 km = 5561 m; east and west are
    # 0.08 degree away: 0.08 * 73.2 km = 5858 m
    wide = shapely.box(117, 49, 117.16, 49.1)
    middle = np.array([[117.08, 49.05, 117.08, 49.05]])
    assert zone_of(wide).around(middle, reach_m).tolist() == [answer]


def test_longitude_shrinks_towards_the_pole() -> None:
    # at 60 degrees a degree of longitude is 55.8 km: 1 km north of the equator's reckoning would be too far
    zone = zone_of(shapely.box(117, 60, 118, 61))
    outside = np.array([[118.5, 60.5, 118.5, 60.5]])
    assert zone.around(outside, 25_000.0).tolist() == [0]  # 0.5 degree there is 27.5 km
    assert zone.around(outside, 28_000.0).tolist() == [-1]


def test_near_a_pole_or_over_the_date_line_a_box_is_not_told() -> None:
    zone = zone_of(SQUARE)
    boxes = np.array([[10, 88.5, 11, 88.9], [179.9, 40, 179.99, 41], [10, 40, 11, 41]])
    assert zone.around(boxes, 200_000.0).tolist() == [-1, -1, 0]


def test_a_large_box_around_the_zone_is_not_taken_for_outside() -> None:
    box = np.array([[110.0, 40.0, 130.0, 60.0]])
    assert zone_of(SQUARE).around(box, 0.0).tolist() == [-1]
    assert cells_of(SQUARE).sole_set(box).tolist() == [-1]
    assert zone_of(SQUARE).around(box[:, [2, 1, 0, 3]], 0.0).tolist() == [-1]  # no box at all


def test_one_set_fills_a_box_only_where_no_seam_is() -> None:
    cells = cells_of(SQUARE, NEIGHBOUR)
    boxes = np.array(
        [[117.02, 49.02, 117.03, 49.03], [117.09, 49.02, 117.11, 49.03], [117.3, 49.3, 117.4, 49.4]], dtype=float
    )
    found = cells.sole_set(boxes)
    assert found[1:].tolist() == [-1, 0]
    assert cells.features_of(found[:1])[1].tolist() == [0]


def test_counted_features_of_a_set_leave_out_the_others() -> None:
    cells = cells_of(SQUARE, shapely.box(117.04, 49.04, 117.06, 49.06))
    sets, _ = cells.sets_at(at((117.05, 49.05), (117.01, 49.05), (118, 49)))
    bounds, found = cells.zone(np.array([False, True])).features_of(sets)
    assert bounds.tolist() == [0, 1, 1, 1]
    assert found.tolist() == [1]


def test_the_clearance_is_never_more_than_the_way_to_the_boundary() -> None:
    zone = zone_of(HOLED)
    where = at((117.02, 49.05), (117.05, 49.05), (117.2, 49.05), (117.1, 49.1))
    clearance = zone.clearance_m(where)
    # 0.02 degree of longitude from the western edge and from the hole, 73.2 km a degree; 0.01 from the hole's edge
    assert 1200 < clearance[0] <= 1464
    assert 500 < clearance[1] <= 732
    assert clearance[2:].tolist() == [0, 0]
    assert zone_of(shapely.Point(1, 1)).clearance_m(where[:1]).tolist() == [np.inf]


@pytest.mark.parametrize("shape", [shapely.Point(117, 49), shapely.LineString([(117, 49), (118, 49)]), None])
def test_a_layer_without_areas_has_no_cells_and_nothing_is_in_it(shape) -> None:
    arrays = build_index(np.array([shape], dtype=object))
    assert all(len(values) == 0 for name, values in arrays.items() if name.startswith("cells/") and "shape" not in name)
    zone = zone_of(shape)
    assert zone.inside(at((117, 49), (np.nan, 0))).tolist() == [0, -1]
    assert zone.around(np.array([[116.0, 48, 118, 50]]), 10.0).tolist() == [0]
    assert cells_of(shape).sole_set(np.array([[116.0, 48, 118, 50]])).tolist() == [0]


def test_a_workspace_written_before_there_were_cells_has_none_and_opens() -> None:
    arrays = {k: v for k, v in build_index(np.array([SQUARE])).items() if not k.startswith("cells/")}
    index = GeometryIndex.from_arrays(arrays)
    assert index.cells is None
    assert index.geometry(0).equals(SQUARE)


def test_a_coverage_has_cells_under_its_own_names() -> None:
    arrays = {f"coverage/{name}": values for name, values in build_index(np.array([SQUARE])).items()}
    cells = GeometryIndex(arrays.__getitem__, "coverage/").cells
    assert cells is not None
    assert cells.zone(np.array([True])).inside(at((117.05, 49.05))).tolist() == [1]


def test_arrays_are_little_endian_and_smaller_than_the_edges() -> None:
    arrays = build_index(tiling(400, 250))
    assert all(v.dtype.newbyteorder("<") == v.dtype for k, v in arrays.items() if k.startswith("cells/"))
    cells = sum(v.nbytes for k, v in arrays.items() if k.startswith("cells/"))
    assert cells < 0.4 * sum(arrays[f"edges/{name}"].nbytes for name in ("xy", "left", "right"))


def test_long_edges_do_not_make_pairs_without_end() -> None:
    # 2,000 blades 3 degrees long: in cells of the size that four an edge would have, they would be 180 pairs each
    lat = 40 + np.arange(2000) * 1e-3
    blades = np.array([shapely.Polygon([(117, y), (120, y + 2e-4), (117, y + 4e-4)]) for y in lat])
    arrays = build_index(blades)
    assert len(arrays["cells/edge"]) < 12 * len(arrays["edges/xy"])
    cells = Cells(arrays.__getitem__)
    where = np.column_stack([np.full(2000, 117.4), lat + 2e-4])
    sets, unsure = cells.sets_at(where)
    assert (unsure | (sets > 0)).all()


def test_a_cell_crowded_with_edges_answers_nothing() -> None:
    # a tiny comb far from a large square: many edges in one cell
    tooth = 2e-5
    teeth = 400
    top = [(116.5 + i * tooth / 2, 40 + (i % 2) * tooth) for i in range(teeth)]
    comb = shapely.Polygon([*top, (top[-1][0], 39.9999), (top[0][0], 39.9999)])
    index = GeometryIndex.of(np.array([comb, shapely.box(110, 30, 120, 45)]))
    cells = index.cells
    assert cells is not None
    assert (np.asarray(index._array("cells/crossed_count")[:]) == SHUT).any()
    inside_comb = at((116.5 + 20 * tooth, 39.99995))
    assert cells.sets_at(inside_comb)[1].tolist() == [True]
    assert cells.zone(np.array([True, False])).inside(inside_comb).tolist() == [-1]
    assert MOST_EDGES < SHUT


def one_set(xy, left, right) -> Edges:
    return Edges(
        xy=np.array(xy, dtype=float),
        left=np.array(left, dtype=np.int32),
        right=np.array(right, dtype=np.int32),
        set_offset=np.array([0, 0, 1]),
        set_feature=np.array([0], dtype=np.int32),
        group_offset=np.array([0, len(xy)]),
        group_bounds=np.zeros((1, 4)),
    )


def over(edges: Edges, lost=None) -> Cells:
    arrays = build_cells(edges, lost) | {
        f"edges/{n}": getattr(edges, n) for n in ("xy", "left", "right", "set_offset", "set_feature")
    }
    return Cells(arrays.__getitem__)


RING = [[1, 1, 2, 1], [2, 1, 2, 2], [2, 2, 1, 2], [1, 2, 1, 1]]


def test_edges_that_contradict_each_other_answer_nothing_around_them() -> None:
    sound = over(one_set(RING, [1, 1, 1, 1], [0, 0, 0, 0]))
    assert sound.sets_at(at((1.5, 1.5), (3, 3)))[0].tolist() == [1, 0]
    torn = over(one_set(RING, [1, 0, 1, 1], [0, 0, 0, 0]))  # the eastern one says that there is nothing on either side
    sets, unsure = torn.sets_at(at((1.5, 1.5), (1.999, 1.5), (1.5, 1.001)))
    assert unsure.all()
    assert sets.tolist() == [0, 0, 0]
    missing = over(one_set(RING[:3], [1, 1, 1], [0, 0, 0]))
    assert missing.sets_at(at((1.5, 1.5)))[1].all()
    assert missing.zone(np.array([True])).inside(at((1.5, 1.5), (0.5, 1.5))).tolist() == [-1, -1]


@pytest.mark.parametrize(("left", "right"), [(0, 0), (1, 1), (0, 1)])
def test_an_edge_along_no_line_of_centres_is_checked_at_its_ends(left, right) -> None:
    # the northern edge runs east and west, so that it crosses no row; a way from outside would end on its wrong side
    cells = over(one_set(RING, [1, 1, left, 1], [0, 0, right, 0]))
    inside = np.column_stack([np.full(400, 1.5), 2 - np.linspace(1e-6, 0.02, 400)])
    outside = np.column_stack([np.full(400, 1.5), 2 + np.linspace(1e-6, 0.02, 400)])
    zone = cells.zone(np.array([True]))
    assert not (zone.inside(inside) == 0).any()
    assert not (zone.inside(outside) == 1).any()
    assert (zone.inside(inside) == -1).any()


def test_a_region_that_is_open_on_one_side_is_in_doubt_as_a_whole() -> None:
    # without its northern edge no row is contradicted, but the cells inside lie beside those outside
    cells = over(one_set([RING[0], RING[1], RING[3]], [1, 1, 1], [0, 0, 0]))
    assert cells.sets_at(at((1.5, 1.5), (1.5, 1.1), (1.5, 1.9), (1.5, 2.1)))[1].all()
    assert cells.zone(np.array([True])).around(np.array([[1.4, 1.4, 1.5, 1.5]])).tolist() == [-1]


def test_an_edge_with_the_same_on_both_sides_is_never_passed_over() -> None:
    cells = over(one_set([*RING, [1.4, 1.5, 1.6, 1.5]], [1, 1, 1, 1, 1], [0, 0, 0, 0, 1]))  # a slit
    zone = cells.zone(np.array([True]))
    assert zone.inside(at((1.5, 1.5), (1.5, 1.6))).tolist() == [-1, 1]
    assert zone.around(np.array([[1.45, 1.45, 1.55, 1.55], [1.2, 1.2, 1.3, 1.3]])).tolist() == [-1, 1]


def test_a_crossed_cell_whose_centre_is_in_doubt_answers_nothing() -> None:
    # beside a lost edge across a square all is in doubt, also in the cells of the square's own edges
    open_ = []
    for east in np.linspace(2.9, 3.0, 7):
        ring = [[1, 1, 1, 2], [1, 2, east, 2], [east, 2, east, 1], [east, 1, 1, 1]]
        cells = over(one_set(ring, [0] * 4, [1] * 4), np.array([[2.0, 1, 2, 2]]))
        where = np.column_stack([np.linspace(1.0, east - 1e-6, 3000), np.full(3000, 1.5)])
        sets, unsure = cells.sets_at(where)
        assert (sets[~unsure] == 1).all()  # the centre of the last cell may lie beyond the square, where nothing does
        assert unsure[where[:, 0] < east - cells.grid.width].all()
        open_.append(((cells.crossed_set == DOUBT) & ~cells.shut).any())
    assert any(open_)


def test_an_edge_on_the_way_that_does_not_begin_where_the_last_one_ended_is_no_answer() -> None:
    # from the centre (0, 0) eastwards over two upright edges: 3 | 4 and then 4 | 5, or 9 | 5
    places = np.array([[0.5, 0.0], [1.5, 0.0], [2.5, 0.0]])
    centre = np.zeros(3), np.zeros(3)
    for second, unsure in ((4, [False, False, False]), (9, [False, False, True])):
        edges = CellEdges(
            offset=np.array([0, 2]),
            edge=np.array([1, 0], dtype=np.int32),
            xy=np.array([[1.0, -1, 1, 1.1], [2, 1.1, 2, -1]]),
            left=np.array([3, 5], dtype=np.int32),
            right=np.array([4, second], dtype=np.int32),
        )
        found, doubt = walk(places, centre, np.full(3, 3, dtype=np.int32), np.zeros(3, dtype=np.int64), edges)
        assert doubt.tolist() == unsure
        assert found.tolist() == [3, 4, 5]
    _, doubt = walk(places, centre, np.full(3, 7, dtype=np.int32), np.zeros(3, dtype=np.int64), edges)
    assert doubt.tolist() == [False, True, True]  # nor one that does not begin at the centre


def test_what_lies_beside_a_lost_edge_is_in_doubt() -> None:
    # between the two slivers nothing tells that the first one ends
    edges = one_set([[1, 1, 1, 2], [3, 2, 3, 1]], [0, 0], [1, 1])
    lost = np.array([[1 + 1e-8, 1, 1 + 1e-8, 2], [3 - 1e-8, 1, 3 - 1e-8, 2]])
    cells = over(edges, lost)
    assert (cells.cell == DOUBT).any()
    assert cells.sets_at(at((2, 1.5)))[1].all()
    assert cells.zone(np.array([True])).inside(at((2, 1.5))).tolist() == [-1]
    assert cells.zone(np.array([True])).around(np.array([[1.9, 1.4, 2.1, 1.6]])).tolist() == [-1]


@pytest.mark.parametrize(
    "shape",
    [
        shapely.box(117.49, 40.0, 117.49 + 2e-9, 40.01),  # 0.2 mm wide
        shapely.box(117.49, 40.0, 117.49 + 1e-8, 40.01),
        shapely.box(117.48, 40.0, 117.5, 40.01).difference(shapely.box(117.49, 40.001, 117.49 + 2e-9, 40.009)),
        shapely.box(117.48, 40.0, 117.5, 40.01).union(shapely.box(117.495, 40.0, 117.495 + 3e-9, 40.02)),
    ],
    ids=["sliver", "a step of the grid", "slit", "spike"],
)
def test_what_is_narrower_than_the_grid_is_never_passed_by(shape) -> None:
    beside = shapely.box(117.47, 39.99, 117.485, 40.005)  # overlaps, so that edges are noded
    for shapes in ([shape], [shape, beside]):
        zone = zone_of(*shapes)
        rng = np.random.default_rng(4)
        outline = shapely.get_coordinates(shape)
        step = np.diff(outline, axis=0)
        row = rng.integers(0, len(step), 200)
        where = outline[row] + step[row] * rng.random((200, 1))
        found = zone.inside(where)
        held = shapely.intersects(shapely.union_all(shapes), shapely.points(where))
        assert not ((found == 0) & held).any()
        assert not ((found == 1) & ~held).any()
        boxes = np.hstack([where - 1e-6, where + 1e-6])
        assert not ((zone.around(boxes) == 0) & held).any()


def test_the_grid_is_bounded_whatever_the_layer() -> None:
    flat = Grid.over(np.array([[70.0, 30, 140, 30 + 1e-7]]))
    tall = Grid.over(np.array([[117.0, -60, 117 + 1e-9, 60]]))
    point = Grid.over(np.array([[117.0, 49, 117, 49]]))
    many = Grid.over(np.tile([[100.0, 20, 100.00001, 20.00001], [130.0, 50, 130.00001, 50.00001]], (500_000, 1)))
    for grid in (flat, tall, point, many):
        assert 9 <= grid.count < 13_000_000
    assert many.count > 1_000_000


def arrays_of(*shapes) -> dict[str, np.ndarray]:
    return build_index(np.array(shapes, dtype=object))


@pytest.mark.parametrize("name", ["cells/grid", "cells/shape", *(f"cells/{name}" for name in NAMES)])
@pytest.mark.parametrize("harm", ["another value", "one less", "one more"])
def test_a_changed_array_is_damage(name, harm) -> None:
    arrays = arrays_of(SQUARE, NEIGHBOUR)
    values = arrays[name].copy()
    if harm == "another value":
        values[len(values) // 2] += 1
    arrays[name] = (
        values[:-1] if harm == "one less" else np.append(values, values[-1:]) if harm == "one more" else values
    )
    with pytest.raises(DamagedIndexError, match="import the layer again"):
        Cells(arrays.__getitem__)


def resealed(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """With a checksum that is right: what is wrong must be seen by itself."""
    shape = arrays["cells/shape"].copy()
    shape[4] = fingerprint(arrays["cells/grid"], shape, [arrays[f"cells/{name}"] for name in NAMES])
    return arrays | {"cells/shape": shape}


@pytest.mark.parametrize(
    ("name", "place", "value", "match"),
    [
        ("cells/run_set", 0, 99, "no such set"),
        ("cells/run_set", 0, -2, "no such set"),
        ("cells/run_set", 0, 1, "neighbours disagree|not 0 at the rim"),
        ("cells/run_start", 0, 3, "outside of its row"),
        ("cells/run_start", 1, 60_000, "outside of its row|not in order"),
        ("cells/run_count", 0, 0, "not a run"),
        ("cells/run_count", 0, 2, "not as many"),
        ("cells/crossed", 0, -1, "not cells in order"),
        ("cells/crossed", 1, 0, "not cells in order"),
        ("cells/crossed", -1, 10**8, "not cells in order"),
        ("cells/crossed_count", 0, 0, "not one for each cell"),
        ("cells/crossed_count", 0, 100, "not as many edges"),
        ("cells/edge", 0, -1, "no such edge"),
        ("cells/edge", 0, 10**6, "no such edge"),
        ("cells/shape", 0, 10**9, "no number of cells"),
        ("cells/shape", 1, 2, "no number of cells"),
        ("cells/shape", 2, 5, "another number of edges"),
        ("cells/shape", 3, 5, "another number of sets"),
        ("cells/grid", 2, 0.0, "no place and size"),
        ("cells/grid", 0, np.nan, "no place and size"),
    ],
)
def test_arrays_that_contradict_each_other_are_damage_even_under_a_right_checksum(name, place, value, match) -> None:
    arrays = arrays_of(SQUARE, NEIGHBOUR)
    values = arrays[name].copy()
    values[place] = value
    with pytest.raises(DamagedIndexError, match=match):
        Cells(resealed(arrays | {name: values}).__getitem__)


def test_cells_of_one_version_do_not_answer_for_another() -> None:
    arrays = arrays_of(SQUARE, NEIGHBOUR)
    other = arrays_of(SQUARE)
    mixed = arrays | {name: values for name, values in other.items() if name.startswith("cells/")}
    with pytest.raises(DamagedIndexError, match="another number of edges"):
        Cells(mixed.__getitem__)


@pytest.mark.parametrize(
    ("name", "value", "match"),
    [
        ("edges/left", 99, "not a set for every edge"),
        ("edges/right", -1, "not a set for every edge"),
        ("edges/set_offset", 7, "does not delimit the sets"),
        ("edges/set_feature", -1, "does not delimit the sets"),
        ("edges/set_feature", 2, "a feature that there is not"),
    ],
)
def test_sides_that_name_no_set_or_no_feature_are_damage(name, value, match) -> None:
    arrays = arrays_of(SQUARE, NEIGHBOUR)
    values = arrays[name].copy()
    values[-1] = value
    with pytest.raises(DamagedIndexError, match=match):
        Cells((arrays | {name: values}).__getitem__).zone(np.array([True, True])).inside(at((117.05, 49.05)))


def test_edges_that_are_no_numbers_leave_their_cells_unsure() -> None:
    arrays = arrays_of(SQUARE)
    arrays["edges/xy"] = np.full_like(arrays["edges/xy"], np.nan)
    zone = Cells(arrays.__getitem__).zone(np.array([True]))
    assert zone.inside(at((117.0502, 49.1 - 1e-6), (117.05, 49.05))).tolist() == [-1, 1]
