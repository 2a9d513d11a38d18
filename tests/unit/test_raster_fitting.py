"""Fits of scanned maps against hand arithmetic, made homographies and refits by brute force."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import pyproj
import pytest
from PIL import Image

from spatial.errors import MapFitError
from spatial.raster.control_points import ControlPoint, ControlPoints
from spatial.raster.fitting import RADIUS_95, best_method, fit
from spatial.raster.page import Page
from spatial.raster.planes import plane_of
from spatial.raster.residual_plot import residual_plot
from spatial.raster.transforms import NEEDED
from spatial.raster.warping import warp
from spatial.systems import identify

PLANE = identify(4549)
FIELD = Path(__file__).resolve().parents[3] / "shared" / "field" / "raster"


def points_of(pixels, places, *, crs=PLANE, accuracy=None) -> ControlPoints:
    return ControlPoints(
        points=tuple(
            ControlPoint(id=f"P{i}", column=float(c), row=float(r), x=float(x), y=float(y), accuracy_m=accuracy)
            for i, ((c, r), (x, y)) in enumerate(zip(pixels, places, strict=True), start=1)
        ),
        crs=crs,
        source_name="控制点.csv",
    )


def grid(columns: int, rows: int, step: float = 500.0) -> np.ndarray:
    return np.array([(step * i, step * j) for j in range(rows) for i in range(columns)])


def flat(pixels: np.ndarray) -> np.ndarray:
    """8 m a pixel, turned a little."""
    c, r = pixels.T
    return np.column_stack([500_000 + 8 * c + 0.5 * r, 5_450_000 + 0.5 * c - 8 * r])


def rough(columns: int, rows: int, *, seed: int = 1, sigma: float = 20.0) -> ControlPoints:
    rng = np.random.default_rng(seed)
    pixels = grid(columns, rows) + rng.uniform(-100, 100, (columns * rows, 2))
    return points_of(pixels, flat(pixels) + rng.normal(0, sigma, (columns * rows, 2)))


def test_affine_of_four_corners_by_hand():
    # a square of 1000 pixels over 10 km, its south-east corner 4 m too far east. The plane of least squares takes
    # a quarter of the bend, 1 m, at each corner, with signs + - - +; the pixel is 10 m, stretched by 2 m in 10 km
    pixels = [(0, 0), (1000, 0), (0, 1000), (1000, 1000)]
    places = [(500_000, 5_450_000), (510_000, 5_450_000), (500_000, 5_440_000), (510_004, 5_440_000)]
    found = fit(points_of(pixels, places), "affine")
    np.testing.assert_allclose(found.residuals_m[:, 0], [-1, 1, 1, -1], atol=1e-6)
    np.testing.assert_allclose(found.residuals_m[:, 1], 0, atol=1e-6)
    np.testing.assert_allclose(found.residuals_m[:, 2], 1, atol=1e-6)
    assert found.rmse_m == pytest.approx(1.0, abs=1e-6)
    # without a corner the other three fit exactly and miss it by the whole bend, 4 m
    np.testing.assert_allclose(found.leave_one_out_m, 4.0, atol=1e-6)
    # m = sqrt(4 * 1 / (4 - 6 / 2)) = 2, l = 4
    assert found.accuracy_m == pytest.approx(1.7308 * 4, rel=1e-4)
    assert found.pixel_m == pytest.approx(math.sqrt(10.002 * 10), rel=1e-6)
    x, y = found.to_map(500, 500)  # the middle: mean of the corners
    assert (float(x), float(y)) == pytest.approx((505_001, 5_445_000), abs=1e-5)
    assert found.redundancy == 1


def test_the_factor_is_that_of_rayleigh():
    # 1 - exp(-r^2 / m^2) = 0.95 for the mean square radius m^2
    assert 1 - math.exp(-(RADIUS_95**2)) == pytest.approx(0.95)
    assert round(RADIUS_95, 4) == 1.7308


def test_affine_needs_no_more_than_its_own_data_to_be_exact():
    pixels = grid(3, 3)
    found = fit(points_of(pixels, flat(pixels)), "affine")
    x, y = found.to_map([100.0, 4000.0], [50.0, -300.0])
    np.testing.assert_allclose(np.column_stack([x, y]), flat(np.array([[100.0, 50.0], [4000.0, -300.0]])), atol=1e-6)


def test_a_made_homography_is_found_again():
    def seen(pixels):
        c, r = pixels.T
        below = 1 + 4e-5 * c - 2e-5 * r
        return np.column_stack([500_000 + (8 * c + r) / below, 5_450_000 + (0.5 * c - 8 * r) / below])

    pixels = grid(4, 3) + np.random.default_rng(2).uniform(-90, 90, (12, 2))
    found = fit(points_of(pixels, seen(pixels)), "projective")
    unseen = np.array([[123.0, 456.0], [1400.0, 20.0], [700.0, 900.0]])
    x, y = found.to_map(unseen[:, 0], unseen[:, 1])
    np.testing.assert_allclose(np.column_stack([x, y]), seen(unseen), atol=1e-5)
    assert found.loo_rmse_m < 1e-4
    assert best_method(points_of(pixels, seen(pixels))).recommended == "projective"


def test_beyond_the_horizon_of_a_photograph_there_is_no_place():
    def seen(pixels):
        c, r = pixels.T
        below = 1 + 4e-4 * r
        return np.column_stack([500_000 + 8 * c / below, 5_450_000 - 8 * r / below])

    found = fit(points_of(grid(3, 3), seen(grid(3, 3))), "projective")
    assert np.isfinite(found.to_map(0.0, -2000.0)).all()  # 1 - 0.8 > 0
    assert np.isnan(found.to_map(0.0, -3000.0)).all()  # 1 - 1.2 < 0


@pytest.mark.parametrize(("method", "degree"), [("polynomial2", 2), ("polynomial3", 3)])
def test_a_polynomial_of_its_degree_is_found_again(method, degree):
    def bent(pixels):
        c, r = pixels.T / 1000
        return flat(pixels) + np.column_stack([5 * c**degree - 3 * c * r ** (degree - 1), 4 * r**degree])

    pixels = grid(5, 4)
    found = fit(points_of(pixels, bent(pixels)), method)
    unseen = np.array([[333.0, 777.0], [1999.0, 1.0]])
    np.testing.assert_allclose(np.column_stack(found.to_map(unseen[:, 0], unseen[:, 1])), bent(unseen), atol=1e-5)


def test_a_thin_plate_goes_through_every_point():
    points = rough(5, 4)
    found = fit(points, "thin_plate")
    assert found.residuals_m[:, 2].max() < 1e-6
    assert found.loo_rmse_m > 10


def test_a_thin_plate_of_flat_data_is_flat():
    pixels = grid(4, 4)
    found = fit(points_of(pixels, flat(pixels)), "thin_plate")
    np.testing.assert_allclose(
        np.column_stack(found.to_map([333.0], [444.0])), flat(np.array([[333.0, 444.0]])), atol=1e-5
    )


@pytest.mark.parametrize("method", list(NEEDED))
def test_leave_one_out_is_what_a_refit_without_the_point_makes_of_it(method):
    points = rough(4, 4)
    found = fit(points, method)
    for i, point in enumerate(points.points):
        other = fit(points.without(point.id), method)
        x, y = other.to_map(point.column, point.row)
        assert found.leave_one_out_m[i] == pytest.approx(math.hypot(float(x) - point.x, float(y) - point.y), rel=1e-6)
    assert found.loo_rmse_m == pytest.approx(math.sqrt(np.mean(found.leave_one_out_m**2)))
    assert found.worst == points.points[int(np.argmax(found.leave_one_out_m))].id


@pytest.mark.parametrize("method", list(NEEDED))
def test_derivatives_are_those_of_small_steps(method):
    model = fit(rough(4, 4), method).model
    at = np.array([[321.0, 654.0], [1200.0, 1000.0]])
    for axis, step in enumerate(np.eye(2) * 0.01):
        steps = (model.forward(at + step) - model.forward(at - step)) / 0.02
        np.testing.assert_allclose(model.jacobian(at)[:, :, axis], steps, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("method", list(NEEDED))
def test_as_many_points_as_the_method_needs_prove_nothing(method):
    points = rough(4, 4)
    few = points.without(*(p.id for p in points.points[NEEDED[method] :]))
    if method in ("affine", "thin_plate"):  # the first three stand in a row
        few = points.without(*(p.id for p in points.points if p.id not in ("P1", "P4", "P13")))
    if method == "projective":
        few = points.without(*(p.id for p in points.points if p.id not in ("P1", "P4", "P13", "P16")))
    found = fit(few, method)
    assert found.rmse_m < 1e-6
    assert found.accuracy_m is None
    assert [p.code for p in found.problems] == ["no_redundancy"]
    with pytest.raises(MapFitError, match=f"{NEEDED[method] - 1} control points, {method} needs {NEEDED[method]}"):
        fit(few.without(few.points[-1].id), method)


def test_accuracy_stated_of_the_points_is_added_in_squares():
    pixels = [(0, 0), (1000, 0), (0, 1000), (1000, 1000)]
    places = [(500_000, 5_450_000), (510_000, 5_450_000), (500_000, 5_440_000), (510_004, 5_440_000)]
    found = fit(points_of(pixels, places, accuracy=15.0), "affine")
    assert found.accuracy_m == pytest.approx(math.hypot(1.7308 * 4, 15), rel=1e-4)


@pytest.mark.parametrize("method", ["affine", "projective", "polynomial2", "thin_plate"])
def test_a_point_that_was_mistyped_is_named(method):
    points = rough(5, 4, sigma=8.0)
    wrong = [
        p if p.id != "P8" else ControlPoint(id="P8", column=p.column, row=p.row, x=p.x + 300, y=p.y)
        for p in points.points
    ]
    found = fit(ControlPoints(points=tuple(wrong), crs=PLANE, source_name="控制点.csv"), method)
    assert found.suspicious == ("P8",)
    assert found.worst == "P8"
    problem = found.problems[-1]
    assert (problem.code, problem.point, problem.file) == ("suspicious_point", "P8", "控制点.csv")
    assert fit(points, method).suspicious == ()


def test_chance_names_few_points_without_a_mistake():
    named = sum(bool(fit(rough(3, 2, seed=seed), "affine").suspicious) for seed in range(200))
    assert named <= 20  # 5 % of 200 is 10; twice that leaves room for chance


def refused(code, pixels, places, method="affine", why=""):
    with pytest.raises(MapFitError, match=why) as caught:
        fit(points_of(pixels, places), method)
    assert caught.value.code == code
    assert caught.value.remedy
    return caught.value


def test_points_on_one_line_are_refused():
    pixels = np.array([(i * 100.0, i * 50.0) for i in range(6)])
    refused("collinear", pixels, flat(pixels), why="on one line")


def test_one_place_twice_is_refused_with_both_names():
    pixels = np.vstack([grid(3, 3), [[500.3, 500.2]]])
    assert refused("duplicate_points", pixels, flat(pixels), why="one pixel").points == ("P5", "P10")
    places = flat(grid(3, 3))
    places[8] = places[0]
    assert refused("duplicate_points", grid(3, 3), places, why="one place").points == ("P1", "P9")


def test_points_on_one_circle_determine_no_polynomial_of_second_degree():
    angle = np.linspace(0, 2 * math.pi, 8, endpoint=False)
    pixels = np.column_stack([1000 + 900 * np.cos(angle), 1000 + 900 * np.sin(angle)])
    refused("degenerate", pixels, flat(pixels), "polynomial2", "determine no polynomial2")
    assert fit(points_of(pixels, flat(pixels)), "affine").rmse_m < 1e-6


def test_exchanged_columns_and_rows_from_the_bottom_are_refused_as_mirrored():
    pixels = grid(3, 3)
    refused("mirrored", pixels, flat(pixels)[:, ::-1] + [-4_900_000, 4_900_000], why="x and y")
    upward = pixels * [1, -1] + [0, 1000]
    refused("mirrored", upward, flat(pixels), why="rows are counted from the bottom")


def test_a_fit_that_folds_the_map_is_refused_with_the_point_at_fault():
    pixels = grid(4, 4)
    places = flat(pixels)
    places[5] += [9_000, 0]  # beyond its neighbours
    assert refused("folds", pixels, places, "thin_plate", "folds the map over itself").points == ("P6",)


def test_degrees_are_fitted_in_the_zone_of_their_middle():
    places = [(119.5, 49.5), (120.5, 49.5), (119.5, 49.0), (120.5, 49.0), (120.0, 49.2)]
    pixels = [(0, 0), (1000, 0), (0, 770), (1000, 770), (500, 462)]
    found = fit(points_of(pixels, places, crs=identify(4490)), "affine")
    assert found.plane.code == "EPSG:4528"
    # the middle of the zone: easting 500 km within zone 40
    assert found.to_map(500, 400)[0] == pytest.approx(40_500_000, abs=2_000)


def test_web_mercator_gives_no_metres_and_an_old_datum_keeps_its_own_zone():
    east, north = pyproj.Transformer.from_crs(4326, 3857, always_xy=True).transform([119.5, 120.5], [49.0, 49.5])
    assert plane_of(np.array(east), np.array(north), identify(3857)).code == "EPSG:4528"
    assert plane_of(np.array([119.5, 120.5]), np.array([49.0, 49.5]), identify(4610)).code == "EPSG:2364"
    with pytest.raises(MapFitError, match=r"no Gauss-Kruger zone is known for 2.5"):
        plane_of(np.array([2.0, 3.0]), np.array([49.0, 49.5]), identify(4490))


def test_a_plane_of_another_datum_or_in_degrees_is_refused():
    points = points_of(
        grid(3, 3), np.array([(119.5 + 1e-4 * c, 49.5 - 1e-4 * r) for c, r in grid(3, 3)]), crs=identify(4610)
    )
    with pytest.raises(MapFitError, match="different datums"):
        fit(points, "affine", plane=identify(4528))
    with pytest.raises(MapFitError, match="has no metres"):
        fit(points, "affine", plane=identify(4610))


def test_share_of_the_picture_outside_the_points():
    found = fit(points_of(grid(3, 3), flat(grid(3, 3))), "affine")  # hull: 1000 x 1000
    assert found.extrapolates((0, 0, 1000, 1000)) == pytest.approx(0)
    assert found.extrapolates((0, 0, 2000, 1000)) == pytest.approx(0.5)
    assert [p.code for p in found.page_problems(1100, 1100)] == []  # 1 - 1 / 1.21 = 17 %
    assert [(p.code, p.detail) for p in found.page_problems(2000, 1000)] == [("fit_extrapolates", "50%")]


def test_the_table_of_methods_shows_the_overfit():
    table = best_method(rough(4, 3))
    rows = {row.method: row for row in table.rows}
    assert list(rows) == list(NEEDED)
    assert rows["polynomial3"].rmse_m < rows["affine"].rmse_m
    assert rows["polynomial3"].loo_rmse_m > 3 * rows["affine"].loo_rmse_m
    assert table.recommended == "affine"
    few = best_method(rough(3, 2))
    assert {row.method: row.error.code for row in few.rows if row.error} == {"polynomial3": "too_few"}


def test_the_plot_is_a_picture_with_a_red_arrow_at_the_mistyped_point():
    points = rough(5, 4, sigma=4.0)
    wrong = tuple(
        p if p.id != "P8" else ControlPoint(id="P8", column=p.column, row=p.row, x=p.x + 300, y=p.y)
        for p in points.points
    )
    page = Page(pixels=np.full((1600, 2100, 3), 255, np.uint8), dpi=None, source_name="a", source_sha256="", page=None)
    drawn = Image.open(io.BytesIO(residual_plot(page, fit(ControlPoints(points=wrong, crs=PLANE), "affine"))))
    assert max(drawn.size[0], drawn.size[1] - 112) == 1600
    values = np.asarray(drawn.convert("RGB")).astype(int)
    red = (values[:, :, 0] - values[:, :, 1:].max(axis=2)) > 100
    rows, columns = np.nonzero(red)
    scale = 1600 / 2100
    point = points.points[7]
    # its place on the Earth was typed too far east, so the arrow leads east from where it was measured
    assert abs(np.median(rows) - point.row * scale) < 25
    assert columns.max() > point.column * scale + 60
    assert columns.min() >= point.column * scale - 8


@pytest.mark.skipif(not FIELD.is_dir(), reason=f"no field files: {FIELD} is absent")
@pytest.mark.parametrize("method", ["affine", "polynomial2", "thin_plate"])
def test_a_raster_with_control_points_lands_on_its_placed_twin(method):
    import rasterio

    with rasterio.open(FIELD / "au-3577.tif") as twin:
        placed, transform = twin.read(1), twin.transform
    with rasterio.open(FIELD / "au-gcp.tif") as source:
        given, raw = source.gcps[0], source.read(1)
    to_plane = pyproj.Transformer.from_crs(4326, 3577, always_xy=True)
    places = [to_plane.transform(p.x, p.y) for p in given]
    points = points_of([(p.col, p.row) for p in given], places, crs=identify(3577))
    found = fit(points, method, plane=identify(3577))
    # the points are rounded to 0.001 degrees, some 50 m; the pixel is 30 km
    corners = np.array([(0, 0), (133, 0), (0, 124), (133, 124)], dtype=float)
    x, y = found.to_map(corners[:, 0], corners[:, 1])
    truth = corners * [transform.a, transform.e] + [transform.c, transform.f]
    assert np.hypot(*(np.column_stack([x, y]) - truth).T).max() <= found.accuracy_m < 160
    page = Page(pixels=np.repeat(raw[:, :, None], 3, axis=2), dpi=None, source_name="", source_sha256="", page=None)
    warped = warp(page, found, resolution_m=30_000)
    assert warped.transform[2] == pytest.approx(-1_890_000, abs=160)
    assert (warped.pixels[:124, :133, 0] == placed).mean() > 0.98
