"""Generalised shapes: what they hold, what they are a function of, and what two of them say together."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely
import shapely.affinity
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.ellipsoid import metres_per_degree
from spatial.generalising import GeneralisingGrid, generalised, generalised_boxes, grid_for, narrowed

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

GRID = GeneralisingGrid(level=8)
LON, LAT = 2.0**-7, 2.0**-8
"""Sides of its cells: 1/128 of a degree of longitude, 1/256 of latitude."""
PLACE = (15004, 12546)
"""A cell in the middle of the tests, near 117.2 E 49.0 N."""

coordinate = st.floats(-6.0, 6.0, allow_nan=False, width=32)
corner = st.tuples(coordinate, coordinate)


def in_degrees(shape: BaseGeometry) -> BaseGeometry:
    """A shape drawn in numbers of cells about the cell ``PLACE``."""
    return shapely.transform(shape, lambda xy: (xy + np.array(PLACE)) * np.array([LON, LAT]))


def in_cells(shape: BaseGeometry) -> BaseGeometry:
    return shapely.transform(shape, lambda xy: xy / np.array([LON, LAT]) - np.array(PLACE))


def of_one(shape: BaseGeometry, grid: GeneralisingGrid = GRID, **options: bool) -> BaseGeometry:
    return generalised(np.array([shape], dtype=object), grid, **options)[0]


@st.composite
def shapes(draw: Any) -> BaseGeometry:
    """Points, lines and areas with holes, in numbers of cells."""
    kind = draw(st.sampled_from(["point", "line", "area", "ring", "parts"]))
    if kind == "point":
        return shapely.Point(draw(corner))
    if kind == "line":
        return shapely.LineString(draw(st.lists(corner, min_size=2, max_size=6, unique=True)))
    x, y = draw(corner)
    size, turn = draw(st.floats(0.01, 5.0)), draw(st.floats(0, 90))
    area = shapely.affinity.rotate(shapely.box(x, y, x + size, y + size * draw(st.floats(0.05, 1.0))), turn)
    if kind == "ring":
        return area.difference(shapely.affinity.scale(area, 0.7, 0.7))
    if kind == "parts":
        return shapely.union_all([area, shapely.affinity.translate(area, size * 1.5, 0.3)])
    return area


class TestWhatItHolds:
    @given(shape=shapes(), about=st.booleans())
    @settings(max_examples=150, deadline=None)
    def test_everything_lies_inside_with_an_eighth_of_a_cell_to_spare(self, shape: BaseGeometry, *, about: bool):
        found = in_cells(of_one(in_degrees(shape), about_centres=about))
        room = shapely.buffer(shape, 0.99 / 8)
        assert found.is_valid
        assert shapely.covers(found, shape)
        assert shapely.covers(found, room)

    @given(shape=shapes(), about=st.booleans())
    @settings(max_examples=100, deadline=None)
    def test_every_coordinate_is_a_whole_multiple_of_the_step(self, shape: BaseGeometry, *, about: bool):
        xy = shapely.get_coordinates(of_one(in_degrees(shape), about_centres=about))
        assert (xy / GRID.coordinate_step % 1 == 0).all()

    def test_the_margin_in_metres_is_an_eighth_of_the_shorter_side(self):
        kx, ky = metres_per_degree(49.0)
        assert GRID.side_m(49.0) == pytest.approx(min(kx / 128, ky / 256))
        assert GRID.margin_m(49.0) == pytest.approx(GRID.side_m(49.0) / 8)

    @pytest.mark.parametrize("precision_m", [1, 10, 50, 54, 200, 1000])
    @pytest.mark.parametrize("lat", [0.0, 18.2, 49.6, 53.5, 60.0])
    def test_the_side_is_eight_to_sixteen_precisions_wherever_it_is(self, precision_m: float, lat: float):
        grid = grid_for(precision_m)
        assert grid.side_m(lat) >= 8 * precision_m
        assert grid_for(precision_m).side_m(0.0) < 16.2 * precision_m

    def test_what_has_no_geometry_has_no_shape(self):
        found = generalised(np.array([None, shapely.Point(), shapely.Point(117, 49)], dtype=object), GRID)
        assert found[0] is None
        assert found[1] is None
        assert found[2].geom_type == "Polygon"

    def test_an_area_too_large_for_a_fine_grid_is_refused(self):
        with pytest.raises(ValueError, match="coarser precision"):
            generalised(np.array([shapely.box(110, 20, 110.1, 50)], dtype=object), grid_for(1.0))

    def test_a_precision_without_a_grid_is_refused(self):
        with pytest.raises(ValueError, match="no grid for a precision"):
            grid_for(50_000.0)


class TestWhatItIsAFunctionOf:
    @given(shape=shapes())
    @settings(max_examples=150, deadline=None)
    def test_it_is_the_union_of_the_cells_met_and_of_nothing_else(self, shape: BaseGeometry):
        """The plain way: every cell about asked whether the shape meets it (no coordinate lies on a line of cells)."""
        shape = shapely.affinity.translate(shape, math.pi / 1e5, math.e / 1e5)
        columns, rows = np.meshgrid(np.arange(-16, 32), np.arange(-16, 32))
        cells = shapely.box(columns, rows, columns + 1, rows + 1).ravel()
        meets = shapely.intersects(shape, cells).reshape(columns.shape)
        (least_row, least), (last_row, last) = (how(np.argwhere(meets), axis=0) for how in (np.min, np.max))
        if last_row - least_row <= 1 and last - least <= 1 and shape.geom_type != "Point":
            meets[least_row : least_row + 2, least : least + 2] = True  # two by two, so that a corner is not told
        met = cells[meets.ravel()]
        wide = shapely.union_all(shapely.buffer(met, 1 / 8, join_style="mitre"))
        found = in_cells(of_one(in_degrees(shape)))
        assert shapely.symmetric_difference(found, wide).area == pytest.approx(
            sum((hole.area for hole in _holes(wide) if hole.area <= 1), 0.0), abs=1e-6
        )

    @given(
        at=st.tuples(st.floats(0.001, 0.999), st.floats(0.001, 0.999)),
        size=st.floats(0.0001, 0.9),
        kind=st.sampled_from(["area", "line", "points"]),
        about=st.booleans(),
    )
    @settings(deadline=None)
    def test_something_small_says_the_cell_of_its_south_western_corner_and_not_that_it_lies_on_a_corner(
        self, at: tuple[float, float], size: float, kind: str, *, about: bool
    ):
        """Of all that meets no more than two by two; four cells would tell where it is as well as its size is known."""
        x, y = at
        corners = [(x, y), (x + size, y + size / 3), (x + size / 2, y + size)]
        shape = {"area": shapely.Polygon, "line": shapely.LineString, "points": shapely.MultiPoint}[kind](corners)
        found = in_cells(of_one(in_degrees(shape), about_centres=about and kind != "area"))
        assert found.bounds == (-1 / 8, -1 / 8, 17 / 8, 17 / 8)
        assert found.area == (18 / 8) ** 2

    @given(at=st.tuples(st.floats(0, 0.999999), st.floats(0, 0.999999)))
    @settings(deadline=None)
    def test_a_point_is_its_cell_wherever_it_lies_in_it(self, at: tuple[float, float]):
        assert of_one(in_degrees(shapely.Point(at))).wkb == of_one(in_degrees(shapely.Point(0.5, 0.5))).wkb

    @pytest.mark.parametrize("at", [(0.0, 0.5), (0.5, 0.0), (0.0, 0.0)])
    def test_a_point_on_a_line_of_cells_is_in_one_of_them(self, at: tuple[float, float]):
        """Two cells would say that it lies on the line between them."""
        assert in_cells(of_one(in_degrees(shapely.Point(at)))).bounds == (-1 / 8, -1 / 8, 9 / 8, 9 / 8)

    @given(shape=shapes())
    @settings(max_examples=60, deadline=None)
    def test_winding_and_order_of_parts_do_not_matter(self, shape: BaseGeometry):
        there = in_degrees(shape)
        assert of_one(shapely.reverse(there)).wkb == of_one(there).wkb
        assert of_one(shapely.normalize(there)).wkb == of_one(there).wkb

    @given(shape=shapes(), level=st.integers(3, 7))
    @settings(max_examples=80, deadline=None)
    def test_a_coarser_edition_says_nothing_that_the_finer_one_does_not(self, shape: BaseGeometry, level: int):
        """Made from the cells of the finer shape instead of the geometry, the coarser shape is the same bytes."""
        coarse = GeneralisingGrid(level=level)
        fine = generalised(np.array([in_degrees(shape)], dtype=object), GRID)[0]
        cells = in_cells(fine)
        columns, rows = np.meshgrid(np.arange(-16, 32), np.arange(-16, 32))
        centres = shapely.points(columns + 0.5, rows + 0.5).ravel()
        met = centres[shapely.intersects(cells, centres)]
        if not _holes(of_one(in_degrees(shape), coarse)) and not _holes(fine):
            again = generalised(np.array([in_degrees(shapely.MultiPoint(met))], dtype=object), coarse)[0]
            assert again.wkb == of_one(in_degrees(shape), coarse).wkb

    def test_a_hole_of_one_cell_is_filled_and_a_larger_one_is_kept(self):
        ring = shapely.box(0.5, 0.5, 2.5, 2.5) - shapely.box(0.9, 0.9, 2.1, 2.1)
        wide = shapely.box(0.5, 0.5, 4.5, 4.5) - shapely.box(0.9, 0.9, 4.1, 4.1)
        assert not _holes(of_one(in_degrees(ring)))
        assert [round(h.area, 6) for h in _holes(in_cells(of_one(in_degrees(wide))))] == [2.75**2]


class TestCentres:
    @given(at=st.tuples(st.floats(0.01, 0.99), st.floats(0.01, 0.99)), radius=st.floats(0.55, 0.95))
    @settings(max_examples=60, deadline=None)
    def test_a_round_zone_says_only_the_cell_of_its_centre_and_a_size_rounded_up(
        self, at: tuple[float, float], radius: float
    ):
        """Every zone of half to one cell about any place of the cell: the cell and one more on every side."""
        zone = shapely.Point(at).buffer(radius)
        found = in_cells(of_one(in_degrees(zone), about_centres=True))
        assert found.bounds == (-9 / 8, -9 / 8, 17 / 8, 17 / 8)
        assert found.area == pytest.approx((26 / 8) ** 2)

    def test_without_it_the_rim_of_a_round_zone_tells_its_centre(self):
        shifted = [of_one(in_degrees(shapely.Point(x, 0.5).buffer(1.7))).wkb for x in (0.1, 0.5, 0.9)]
        assert len(set(shifted)) == 3

    def test_zones_about_one_intake_are_shown_about_its_cell_though_their_own_centres_lie_in_the_next(self):
        intake = shapely.Point(0.98, 0.5)
        zones = [shapely.Point(1.02, 0.5).buffer(0.4), shapely.Point(1.03, 0.51).buffer(0.8)]
        found = generalised(np.array([in_degrees(s) for s in (intake, *zones)], dtype=object), GRID, about_centres=True)
        assert [in_cells(s).bounds[2] for s in found] == [9 / 8, 13 / 8, 17 / 8]

    def test_a_long_zone_along_a_river_is_shown_by_its_cells(self):
        strip = in_degrees(shapely.box(0.2, 0.2, 7.5, 0.6))
        assert of_one(strip, about_centres=True).wkb == of_one(strip).wkb


class TestNarrowed:
    @given(shape=shapes())
    @settings(max_examples=100, deadline=None)
    def test_a_coverage_only_shrinks_and_by_an_eighth_of_a_cell_at_least(self, shape: BaseGeometry):
        area = shapely.buffer(shape, 1.3)
        inside = in_cells(narrowed(in_degrees(area), GRID))
        assert inside.is_valid
        if not inside.is_empty:
            assert shapely.covers(area, inside)
            assert shapely.distance(inside, area.boundary) >= 0.999 / 8

    @given(shape=shapes())
    @settings(max_examples=60, deadline=None)
    def test_it_is_on_the_grid(self, shape: BaseGeometry):
        xy = shapely.get_coordinates(narrowed(in_degrees(shapely.buffer(shape, 1.3)), GRID))
        assert (xy / GRID.coordinate_step % 1 == 0).all()

    def test_a_hole_smaller_than_a_cell_takes_its_cell_out(self):
        area = shapely.box(0, 0, 9, 9) - shapely.Point(4.5, 4.5).buffer(0.01)
        inside = in_cells(narrowed(in_degrees(area), GRID))
        assert not shapely.intersects(inside, shapely.box(4, 4, 5, 5))
        assert shapely.covers(inside, shapely.box(2, 2, 3.8, 7))

    @given(at=st.tuples(st.floats(4.001, 4.999), st.floats(4.001, 4.999)), size=st.floats(0.0001, 0.9))
    @settings(max_examples=40, deadline=None)
    def test_a_small_hole_takes_out_two_cells_by_two_wherever_it_lies(self, at: tuple[float, float], size: float):
        hole = shapely.box(*at, at[0] + size, at[1] + size)
        inside = in_cells(narrowed(in_degrees(shapely.box(0, 0, 9, 9) - hole), GRID))
        assert [shapely.Polygon(ring).bounds for ring in inside.interiors] == [(31 / 8, 31 / 8, 49 / 8, 49 / 8)]

    def test_two_districts_side_by_side_have_no_edge_between_them(self):
        pair = shapely.MultiPolygon([shapely.box(0, 0, 4.3, 9), shapely.box(4.3, 0, 9, 9)])
        assert shapely.covers(in_cells(narrowed(in_degrees(pair), GRID)), shapely.box(4, 3, 5, 4))

    def test_what_holds_no_whole_cell_is_empty(self):
        assert narrowed(in_degrees(shapely.box(0.1, 0.1, 1.4, 1.4)), GRID).is_empty


class TestBoxes:
    @given(at=corner, size=st.floats(0, 3))
    @settings(deadline=None)
    def test_a_box_lies_in_its_cells(self, at: tuple[float, float], size: float):
        box = in_degrees(shapely.box(*at, at[0] + size, at[1] + size))
        west, south, east, north = generalised_boxes(np.array([box.bounds]), GRID)[0]
        assert shapely.covers(shapely.box(west, south, east, north), box)
        assert [v / GRID.coordinate_step % 1 for v in (west, south, east, north)] == [0, 0, 0, 0]

    @given(at=st.tuples(st.floats(0.001, 0.999), st.floats(0.001, 0.999)), size=st.floats(0.0001, 0.9))
    @settings(deadline=None)
    def test_a_small_box_is_two_cells_by_two_wherever_it_lies(self, at: tuple[float, float], size: float):
        box = in_degrees(shapely.box(*at, at[0] + size, at[1] + size))
        found = generalised_boxes(np.array([box.bounds]), GRID)[0]
        assert in_cells(shapely.box(*found)).bounds == (-1 / 8, -1 / 8, 17 / 8, 17 / 8)

    def test_a_box_that_nobody_knows_stays_unknown(self):
        assert np.isnan(generalised_boxes(np.array([[117, np.nan, 118, 50], [np.inf] * 4]), GRID)).all()


def _holes(shape: BaseGeometry) -> list[BaseGeometry]:
    return [shapely.Polygon(ring) for part in shapely.get_parts([shape]) for ring in part.interiors]
