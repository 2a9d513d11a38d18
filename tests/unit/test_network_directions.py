"""Which way rivers flow: by columns, nodes, elevations or a stated mouth; statements that clash settle nothing."""

from __future__ import annotations

import numpy as np
import pytest

from spatial.errors import NetworkError
from spatial.network.building import build
from spatial.network.directions import Directions, elevations
from tests.unit.test_network_graph import codes, end, line


def raster(path, heights, *, crs="EPSG:4326", nodata=-9999.0):
    """Elevations on the grid of the tests: one cell a hundredth of a degree, its centre on the grid point."""
    import rasterio
    from rasterio.transform import Affine

    values = np.asarray(heights, dtype="float32")
    rows, columns = values.shape
    transform = Affine(0.01, 0, 117 - 0.005, 0, -0.01, 49 + (rows - 1) / 100 + 0.005)
    options = {"driver": "GTiff", "height": rows, "width": columns, "count": 1, "dtype": "float32"}
    with rasterio.open(path, "w", transform=transform, crs=crs, nodata=nodata, **options) as out:
        out.write(values, 1)
    return path


def directed(network):
    return {e.line: e.direction_source for e in network.edges}


def test_nodes_tell_the_direction_where_lines_share_them():
    lines = [
        line("1", (0, 4), (0, 2), flow=None, from_node="10", to_node="20"),
        line("2", (0, 0), (0, 2), flow=None, from_node="20", to_node="30"),
    ]
    river = build(lines, ends=[end(0, 0)])
    assert directed(river) == {"1": "nodes", "2": "nodes"}
    assert [e.against_drawn for e in river.edges] == [False, True]


def test_nodes_of_a_single_line_tell_nothing():
    river = build([line("1", (0, 4), (0, 2), flow=None, from_node="10", to_node="20")])
    assert directed(river) == {"1": None}


def test_column_and_nodes_that_contradict_each_other_settle_nothing():
    lines = [
        line("1", (0, 4), (0, 2), flow="against", from_node="10", to_node="20"),
        line("2", (0, 2), (0, 0), flow=None, from_node="20", to_node="30"),
    ]
    river = build(lines)
    assert directed(river) == {"1": None, "2": "nodes"}
    assert [f.detail for f in river.facts if f.code == "direction_conflict"] == ["field: against; nodes: along"]


def test_elevations_tell_the_direction(tmp_path):
    # rows from 49.04 N down: 60 m in the north, 20 m in the south
    dem = raster(tmp_path / "dem.tif", [[60, 60], [50, 50], [40, 40], [30, 30], [20, 20]])
    river = build([line("1", (0, 0), (0, 4), flow=None)], directions=Directions(dem=dem))
    assert directed(river) == {"1": "dem"}
    assert river.edges[0].against_drawn


def test_elevations_that_differ_by_less_than_the_least_drop_say_nothing(tmp_path):
    dem = raster(tmp_path / "dem.tif", [[23], [22], [21], [20.5], [20]])
    lines = [line("1", (0, 0), (0, 4), flow=None)]
    assert directed(build(lines, directions=Directions(dem=dem))) == {"1": None}
    assert directed(build(lines, directions=Directions(dem=dem, least_drop_m=3))) == {"1": "dem"}


def test_line_against_the_elevations_is_left_without_a_direction(tmp_path):
    dem = raster(tmp_path / "dem.tif", [[60], [50], [40], [30], [20]])
    river = build([line("1", (0, 0), (0, 4))], directions=Directions(dem=dem))
    assert directed(river) == {"1": None}
    assert [f.detail for f in river.facts if f.code == "direction_conflict"] == ["field: along; dem: against"]


def test_elevations_outside_the_raster_and_without_data_are_not_numbers(tmp_path):
    dem = raster(tmp_path / "dem.tif", [[-9999.0], [50]])
    found = elevations(np.array([[117, 49.0], [117, 49.01], [118, 49.0]]), dem)
    assert found[0] == 50
    assert np.isnan(found[1:]).all()


def test_raster_without_a_crs_is_refused(tmp_path):
    import warnings

    from rasterio.errors import NotGeoreferencedWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        dem = raster(tmp_path / "dem.tif", [[60], [50]], crs=None)
        with pytest.raises(NetworkError, match="does not say which coordinate system"):
            elevations(np.array([[117, 49.0]]), dem)


def test_file_that_is_no_raster_is_refused(tmp_path):
    (tmp_path / "dem.tif").write_text("no raster")
    with pytest.raises(NetworkError, match="cannot be read"):
        elevations(np.array([[117, 49.0]]), tmp_path / "dem.tif")


TREE = [((0, 4), (0, 2)), ((0, 0), (0, 2)), ((3, 4), (0, 2)), ((4, 6), (3, 4))]


def lines_of(tree):
    return [line(str(i), *points, flow=None) for i, points in enumerate(tree)]


def test_tree_flows_to_its_stated_mouth():
    river = build(lines_of(TREE), ends=[end(0, 0)], directions=Directions(to_ends=True))
    assert directed(river) == dict.fromkeys("0123", "mouth")
    assert [e.line for e in river.edges if e.against_drawn] == ["1"]


def test_tree_with_two_mouths_is_directed_only_where_both_lie_on_one_side():
    river = build(lines_of(TREE), ends=[end(0, 0), end(0, 4)], directions=Directions(to_ends=True))
    assert directed(river) == {"0": None, "1": None, "2": "mouth", "3": "mouth"}


def test_arms_of_a_braid_with_one_inflow_flow_to_the_mouth():
    ring = [((0, 4), (0, 3)), ((0, 1), (0, 3)), ((0, 3), (2, 3), (2, 1), (0, 1)), ((0, 1), (0, 0))]
    river = build(lines_of(ring), ends=[end(0, 0)], directions=Directions(to_ends=True))
    assert directed(river) == dict.fromkeys("0123", "mouth")
    assert [e.line for e in river.edges if e.against_drawn] == ["1"]
    assert "braid" in codes(river)


def test_arm_between_two_inflows_of_a_ring_stays_without_a_direction():
    ring = [
        ((0, 4), (0, 3)),  # in at the north
        ((0, 3), (0, 1)),  # the west arm, to the outflow
        ((0, 3), (2, 3), (2, 2)),  # between the two inflows
        ((2, 2), (2, 1), (0, 1)),  # the east arm, to the outflow
        ((4, 2), (2, 2)),  # in from the east
        ((0, 1), (0, 0)),
    ]
    river = build(lines_of(ring), ends=[end(0, 0)], directions=Directions(to_ends=True))
    assert directed(river) == {"0": "mouth", "1": "mouth", "2": None, "3": "mouth", "4": "mouth", "5": "mouth"}


def test_ring_with_nothing_flowing_in_has_no_direction():
    river = build(
        lines_of([((0, 3), (0, 1)), ((0, 3), (2, 3), (2, 1), (0, 1)), ((0, 1), (0, 0))]),
        ends=[end(0, 0)],
        directions=Directions(to_ends=True),
    )
    assert directed(river) == {"0": None, "1": None, "2": "mouth"}
