"""From labels to polygons: shared boundaries stay shared, here and on the map."""

import math

import numpy as np
import pytest
import shapely

from spatial.errors import FoldedMapError
from spatial.raster.classes import BACKGROUND, FIRST_CLASS, OUTSIDE, UNSURE
from spatial.raster.patches import mapped, patches

A, B, C = FIRST_CLASS, FIRST_CLASS + 1, FIRST_CLASS + 2


def zones(size=400):
    """Three zones that meet in points, one with an enclave, in a round land."""
    rows, columns = np.mgrid[0:size, 0:size]
    labels = np.full((size, size), BACKGROUND, dtype=np.uint8)
    land = (columns - size / 2) ** 2 + (rows - size / 2) ** 2 < (0.45 * size) ** 2
    labels[land] = A
    labels[land & (columns > size / 2 + 12 * np.sin(rows / 20))] = B
    labels[(columns - 0.35 * size) ** 2 + (rows - 0.4 * size) ** 2 < (0.1 * size) ** 2] = C
    return labels


def test_areas_are_pixels_counted():
    labels = np.array([[A, A, B], [A, C, B], [OUTSIDE, BACKGROUND, B]], dtype=np.uint8)
    found = patches(labels, tolerance_px=0)
    assert found.labels.tolist() == [A, B, C]
    assert [p.area for p in found.polygons] == [3, 3, 1]
    assert (found.moved_px, found.despeckled_px) == (0, 0)


def test_pixels_that_meet_at_a_corner_are_two_areas():
    labels = np.array([[A, B], [B, A]], dtype=np.uint8)
    assert patches(labels, tolerance_px=0).labels.tolist() == [A, A, B, B]


@pytest.mark.parametrize("tolerance", [0, 1, 1.5, 3])
def test_smoothed_neighbours_leave_no_gap_and_no_overlap(tolerance):
    found = patches(zones(), tolerance_px=tolerance)
    assert shapely.coverage_is_valid(found.polygons)
    assert shapely.is_valid(found.polygons).all()
    assert found.moved_px <= tolerance


def test_smoothing_is_measured_not_believed():
    rough, smooth = patches(zones(), tolerance_px=0), patches(zones(), tolerance_px=1.5)
    assert shapely.get_num_coordinates(smooth.polygons).sum() < shapely.get_num_coordinates(rough.polygons).sum() / 2
    far = [
        shapely.distance(shapely.points(shapely.get_coordinates(r)), shapely.boundary(s)).max()
        for r, s in zip(rough.polygons, smooth.polygons, strict=True)
    ]
    assert smooth.moved_px == pytest.approx(max(far))
    assert 0.5 < smooth.moved_px <= 1.5


def test_noise_in_every_pixel_is_still_a_coverage():
    labels = np.random.default_rng(1).integers(BACKGROUND, C + 1, (80, 80)).astype(np.uint8)
    found = patches(labels, tolerance_px=1.5)
    assert shapely.coverage_is_valid(found.polygons)
    assert shapely.is_valid(found.polygons).all()


def test_specks_of_a_class_are_undecided_and_counted():
    labels = np.full((20, 20), A, dtype=np.uint8)
    labels[:, 10:] = BACKGROUND
    labels[3:5, 3:5] = B  # 4 pixels in A
    labels[10:12, 14:17] = C  # 6 pixels in the background
    found = patches(labels, least_px=6, tolerance_px=0)
    assert (found.labels.tolist(), found.despeckled_px) == ([UNSURE, A, C], 4)
    assert [p.area for p in found.polygons] == [4, 196, 6]


def test_noise_of_fewer_pixels_than_any_print_joins_its_neighbour():
    labels = np.full((20, 20), BACKGROUND, dtype=np.uint8)
    labels[3:5, 3:5] = B  # 4 pixels
    labels[10:13, 10:13] = C  # 9 pixels
    found = patches(labels, least_px=20, solid_px=9, tolerance_px=0)
    assert (found.labels.tolist(), [p.bounds for p in found.polygons]) == ([UNSURE], [(10, 10, 13, 13)])


def test_a_speck_of_a_class_on_empty_ground_never_becomes_empty_ground():
    labels = np.full((20, 20), BACKGROUND, dtype=np.uint8)
    labels[3:5, 3:5] = B
    labels[10:12, 10:12] = UNSURE  # not a class: noise joins the ground around it
    found = patches(labels, least_px=6, tolerance_px=0)
    assert (found.labels.tolist(), [p.bounds for p in found.polygons]) == ([UNSURE], [(3, 3, 5, 5)])


def test_what_is_outside_the_frame_swallows_no_speck():
    labels = np.full((20, 20), OUTSIDE, dtype=np.uint8)
    labels[5:7, 5:7] = A
    assert patches(labels, least_px=100, tolerance_px=0).labels.tolist() == [A]


def test_a_page_without_any_class_gives_nothing():
    found = patches(np.full((5, 5), BACKGROUND, dtype=np.uint8))
    assert (len(found.polygons), found.moved_px) == (0, 0)
    assert len(mapped(found.polygons, lambda c, r: (c, -r), bend=1)) == 0


def test_a_tolerance_below_0_is_refused():
    with pytest.raises(ValueError, match="tolerance_px must be 0 or more"):
        patches(zones(20), tolerance_px=-1)


def curved(column, row):
    """5 m pixels, bent by up to some 20 m."""
    return 5 * column + 3e-4 * row**2, -5 * row + 20 * np.sin(column / 90)


def test_bent_edges_keep_to_their_image_and_neighbours_together():
    found = patches(zones(), tolerance_px=3)
    made = mapped(found.polygons, curved, bend=0.1)
    assert shapely.coverage_is_valid(made)
    assert shapely.is_valid(made).all()
    for before, after in zip(found.polygons, made, strict=True):
        along = shapely.get_coordinates(shapely.segmentize(shapely.boundary(before), 0.5))
        there = shapely.points(*curved(along[:, 0], along[:, 1]))
        assert shapely.distance(there, shapely.boundary(after)).max() <= 0.1
    straight = [shapely.transform(p, lambda xy: np.column_stack(curved(*xy.T))) for p in found.polygons]
    along = shapely.get_coordinates(shapely.segmentize(shapely.boundary(found.polygons[0]), 0.5))
    far = shapely.distance(shapely.points(*curved(along[:, 0], along[:, 1])), shapely.boundary(straight[0])).max()
    assert far > 0.1  # without added vertices they would not


def test_a_map_that_rounds_differently_by_place_in_an_array_still_shares():
    def shaky(column, row):  # as a sum in another order would
        return 5 * column + 1e-9 * np.arange(len(column)), -5 * row

    assert shapely.coverage_is_valid(mapped(patches(zones()).polygons, shaky, bend=0.1))


def test_area_on_the_map_is_pixels_times_their_ground():
    found = patches(zones(), tolerance_px=0)
    made = mapped(found.polygons, lambda c, r: (5 * c, -5 * r), bend=0.1)
    assert [p.area for p in made] == pytest.approx([25 * p.area for p in found.polygons])
    assert shapely.get_num_coordinates(made).sum() == shapely.get_num_coordinates(found.polygons).sum()


def test_a_fit_that_folds_the_page_is_refused_with_the_place():
    with pytest.raises(FoldedMapError, match="the bent fit folds the page near column") as caught:
        mapped(patches(zones()).polygons, lambda c, r: (np.abs(c - 200), -r), bend=0.1, method="bent")
    assert math.hypot(caught.value.column - 200, caught.value.row - 200) < 200
