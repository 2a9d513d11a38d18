"""Cells against the geometry itself: where they answer, they answer as GEOS does; where they do not, they say so."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.overlay.cells import Cells
from spatial.overlay.cells.building import NAMES
from spatial.overlay.damage import DamagedIndexError
from spatial.overlay.distance import distance_to
from spatial.overlay.edges import GRID_DEG
from spatial.overlay.index import GeometryIndex, build_index
from tests.tilings import blob, tiling

SEEDS = st.integers(0, 2**32 - 1)
NARROW = 2 * GRID_DEG
"""In a crack so narrow between counted neighbours a point is inside: they are joined on the grid."""


ROUNDED_M = 0.005


def closed(zone):
    """Without cracks of rounding, which putting the vertices on a grid opens: they are no boundary."""
    return shapely.buffer(shapely.buffer(zone, 3 * GRID_DEG, join_style="mitre"), -3 * GRID_DEG, join_style="mitre")


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Areas, some of which count, and their cells."""

    areas: np.ndarray
    counted: np.ndarray
    index: GeometryIndex
    cells: Cells

    @classmethod
    def of(cls, areas, rng) -> Layer:
        index = GeometryIndex.of(areas)
        assert index.cells is not None
        counted = rng.random(len(areas)) < rng.choice([0.3, 0.7, 1.0])
        return cls(areas=areas, counted=counted, index=index, cells=index.cells)

    @property
    def zone(self):
        return self.cells.zone(self.counted)


def rough_tiling(rng) -> np.ndarray:
    """Jagged shared borders, some areas with a hole, some taken out, now and then blobs over it all."""
    side = 10.0 ** rng.uniform(-3, 0.6)
    areas = tiling(int(rng.integers(1, 30)), int(rng.integers(4, 60)), side=side, seed=int(rng.integers(1 << 30)))
    areas = areas[shapely.is_valid(areas)]
    middle = shapely.point_on_surface(areas)
    holes = shapely.buffer(middle, side / 100, quad_segs=3)
    areas = np.where(rng.random(len(areas)) < 0.3, shapely.difference(areas, holes), areas)
    areas = areas[rng.random(len(areas)) < 0.9]
    if rng.random() < 0.4:
        more = [
            blob(*rng.uniform((116, 30), (116 + side, 30 + side)), side * rng.uniform(0.02, 0.4), 40, rng)
            for _ in range(3)
        ]
        areas = np.append(areas, np.array(more, dtype=object))
    return areas if len(areas) else np.array([shapely.box(116, 30, 117, 31)], dtype=object)


def lattice(rng) -> np.ndarray:
    """A few areas on a lattice that share, cross, touch and miss each other by a step of the grid or less."""
    scale, slip = 10.0 ** rng.integers(-5, 1), rng.choice([0, 0.3e-8, 1e-8, 2e-8, 1e-6])
    areas = []
    while not areas:
        for _ in range(rng.integers(1, 6)):
            corners = rng.integers(0, 5, (rng.integers(4, 9), 2)).astype(float)
            if rng.random() < 0.4:
                x, y, w, h = rng.integers(1, 4, 4)
                corners = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], dtype=float)
            ring = corners * scale + rng.integers(-3, 4, corners.shape) * slip + [117, 40]
            made = shapely.make_valid(shapely.Polygon(ring), method="structure", keep_collapsed=False)
            if not made.is_empty:
                areas.append(made)
    return np.array(areas, dtype=object)


def places(layer: Layer, rng) -> np.ndarray:
    """Anywhere, on vertices, on edges, within millimetres to metres of both, and on the lines of the grid of cells."""
    west, south, east, north = shapely.total_bounds(layer.areas)
    spread = max(east - west, north - south)
    anywhere = rng.uniform((west - spread / 9, south - spread / 9), (east + spread / 9, north + spread / 9), (150, 2))
    corners = shapely.get_coordinates(layer.areas)
    some = corners[rng.integers(0, len(corners), 60)]
    start = rng.integers(0, len(corners) - 1, 60)
    along = corners[start] + (corners[start + 1] - corners[start]) * rng.random((60, 1))
    aside = rng.normal(size=(60, 2)) * 10.0 ** rng.uniform(-10, -5, (60, 1))
    lines = anywhere[:60].copy()
    grid = layer.cells.grid
    if grid is not None:
        lines[:, 0] = grid.west + grid.columns_of(lines[:, 0]) * grid.width
        lines[30:, 1] = grid.south + grid.rows_of(lines[30:, 1]) * grid.height
    return np.concatenate([anywhere, some, along, some + aside, along + aside, lines])


def check_points(layer: Layer, rng) -> None:
    where = places(layer, rng)
    points = shapely.points(where)
    held = shapely.intersects(layer.areas[:, None], points[None])
    sets, unsure = layer.cells.sets_at(where)
    bounds, feature = layer.cells.features_of(sets)
    told = np.zeros_like(held)
    told[feature, np.repeat(np.arange(len(where)), np.diff(bounds))] = True
    wrong = (told != held).any(axis=0) & ~unsure
    assert not wrong.any(), where[wrong]
    answer = layer.zone.inside(where)
    counted = held[layer.counted]
    assert not ((answer == 0) & counted.any(axis=0)).any()
    alone = np.flatnonzero((answer == 1) & ~counted.any(axis=0))
    if len(alone):
        away = shapely.distance(layer.areas[layer.counted][:, None], points[alone][None]).min(axis=0)
        assert away.max() <= NARROW, where[alone]


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_points_lie_where_the_polygons_have_them_on_tilings_with_holes_and_overlaps(seed) -> None:
    rng = np.random.default_rng(seed)
    check_points(Layer.of(rough_tiling(rng), rng), rng)


@settings(max_examples=80, deadline=None)
@given(seed=SEEDS)
def test_points_lie_where_the_polygons_have_them_however_narrow_what_is_between_them(seed) -> None:
    rng = np.random.default_rng(seed)
    check_points(Layer.of(lattice(rng), rng), rng)


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_no_boundary_comes_within_the_reach_that_a_box_was_promised(seed) -> None:
    rng = np.random.default_rng(seed)
    layer = Layer.of(rough_tiling(rng) if rng.random() < 0.6 else lattice(rng), rng)
    zone, where = layer.zone, places(layer, rng)[:220]
    spread = float(np.ptp(shapely.get_coordinates(layer.areas), axis=0).max())
    half = spread * 10.0 ** rng.uniform(-4, -0.5, (len(where), 1)) * (rng.random((len(where), 1)) < 0.7)
    boxes = np.hstack([where - half, where + half * rng.random((len(where), 2))])
    reach = spread * 111e3 * 10.0 ** rng.uniform(-4, -0.3, len(where))
    answer = zone.around(boxes, reach)
    clearance = zone.clearance_m(where)
    zones = layer.areas[layer.counted]
    united = closed(shapely.union_all(zones, grid_size=GRID_DEG))
    for row in np.flatnonzero((answer >= 0) | (clearance > 0))[:25]:
        shape = shapely.box(*boxes[row]) if half[row, 0] > 0 else shapely.Point(where[row])
        if answer[row] >= 0:
            assert shapely.intersects(united, shape) == (answer[row] == 1)
            assert answer[row] == 0 or shapely.covers(united, shape)
            if not united.is_empty:
                assert distance_to(shape, united.boundary) > reach[row] - ROUNDED_M
        if clearance[row] > 0 and not united.is_empty:
            assert distance_to(shapely.Point(where[row]), united.boundary) >= clearance[row] - ROUNDED_M


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS)
def test_a_box_said_to_lie_in_one_set_lies_in_all_of_its_features_and_meets_no_other(seed) -> None:
    rng = np.random.default_rng(seed)
    layer = Layer.of(rough_tiling(rng) if rng.random() < 0.6 else lattice(rng), rng)
    where = places(layer, rng)[:150]
    spread = float(np.ptp(shapely.get_coordinates(layer.areas), axis=0).max())
    half = spread * 10.0 ** rng.uniform(-5, -0.7, (len(where), 1))
    boxes = np.hstack([where - half, where + half])
    found = layer.cells.sole_set(boxes)
    rows = np.flatnonzero(found >= 0)
    bounds, feature = layer.cells.features_of(found[rows])
    shapes = shapely.box(*boxes[rows].T)
    met = shapely.intersects(layer.areas[:, None], shapes[None])
    told = np.zeros_like(met)
    told[feature, np.repeat(np.arange(len(rows)), np.diff(bounds))] = True
    np.testing.assert_array_equal(met, told)
    for area, row in np.argwhere(told):
        assert shapely.covers(layer.areas[area], shapes[row])


def test_few_points_are_left_to_the_geometry() -> None:
    rng = np.random.default_rng(5)
    areas = tiling(400, 250, side=1.0)
    blobs = [blob(*rng.uniform((116, 30), (117, 31)), 0.05, 300, rng) for _ in range(8)]
    layer = Layer.of(np.append(areas, np.array(blobs, dtype=object)), rng)
    where = rng.uniform((116, 30), (117, 31), (200_000, 2))
    assert layer.cells.sets_at(where)[1].mean() < 0.002
    assert (layer.zone.inside(where) < 0).mean() < 0.002
    half = 20 / 111e3
    boxes = np.hstack([where - half, where + half])[:50_000]
    assert (layer.cells.sole_set(boxes) < 0).mean() < 0.35


@pytest.fixture(scope="module")
def original() -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(8)
    layer = Layer.of(np.append(tiling(9, 40), np.array([blob(118, 32, 0.7, 90, rng)], dtype=object)), rng)
    where = places(layer, rng)
    held = shapely.intersects(layer.areas[:, None], shapely.points(where)[None])[layer.counted].any(axis=0)
    return build_index(layer.areas), layer.counted, where, held


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from(["grid", "shape", *NAMES]), seed=SEEDS)
def test_whatever_is_done_to_an_array_is_damage_and_never_another_answer(original, name, seed) -> None:
    arrays, counted, where, held = original
    rng = np.random.default_rng(seed)
    values = arrays[f"cells/{name}"].copy()
    harm = rng.integers(5)
    if harm == 0:
        values.view(np.uint8)[rng.integers(values.nbytes)] ^= np.uint8(1 << rng.integers(8))
    elif harm == 1:
        values = np.delete(values, rng.integers(len(values)))
    elif harm == 2:
        values = np.insert(values, rng.integers(len(values)), values[rng.integers(len(values))])
    elif harm == 3:
        a, b = rng.integers(len(values), size=2)
        values[[a, b]] = values[[b, a]]
    else:
        values = values[:0] if rng.random() < 0.5 else np.zeros_like(values)
    try:
        answer = Cells((arrays | {f"cells/{name}": values}).__getitem__).zone(counted).inside(where)
    except DamagedIndexError:
        return
    assert np.array_equal(values, arrays[f"cells/{name}"])  # a swap of equals
    assert not ((answer >= 0) & ((answer == 1) != held)).any()


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(["edges/xy", "edges/left", "edges/right"]), seed=SEEDS)
def test_edges_that_moved_or_changed_sides_never_raise_anything_but_damage(original, name, seed) -> None:
    arrays, counted, where, _ = original
    rng = np.random.default_rng(seed)
    values = arrays[name].copy()
    flat = values.reshape(-1)
    flat[rng.integers(len(flat), size=20)] = rng.choice(
        [0, -1, 3, 1 << 20] if flat.dtype.kind == "i" else [0.0, math.nan]
    )
    try:
        answer = Cells((arrays | {name: values}).__getitem__).zone(counted).inside(where)
    except DamagedIndexError:
        return
    assert set(np.unique(answer)) <= {-1, 0, 1}
