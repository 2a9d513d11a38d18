"""Laws of the fits of scanned maps; and whether their stated accuracy holds, by experiment."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.errors import MapFitError
from spatial.raster.control_points import ControlPoint, ControlPoints
from spatial.raster.fitting import fit
from spatial.raster.graticule import GraticuleTick, control_points_of_ticks
from spatial.raster.planes import planar
from spatial.raster.transforms import NEEDED
from spatial.systems import identify

PLANE, DEGREES = identify(4549), identify(4490)
METHODS = list(NEEDED)
WIDTH, HEIGHT = 3000.0, 2000.0


def points_of(pixels: np.ndarray, places: np.ndarray, crs=PLANE) -> ControlPoints:
    return ControlPoints(
        points=tuple(
            ControlPoint(id=str(i), column=c, row=r, x=x, y=y)
            for i, ((c, r), (x, y)) in enumerate(zip(pixels.tolist(), places.tolist(), strict=True))
        ),
        crs=crs,
    )


def truth(pixels: np.ndarray, method: str) -> np.ndarray:
    """A map that the method can follow: flat, seen askew, or stretched."""
    c, r = pixels.T
    x, y = 500_000 + 8 * c + 0.3 * r, 5_450_000 + 0.25 * c - 8 * r
    if method == "projective":
        below = 1 + 2e-5 * c - 1e-5 * r
        x, y = 500_000 + (8 * c + 0.3 * r) / below, 5_450_000 + (0.25 * c - 8 * r) / below
    if method in ("polynomial2", "polynomial3", "thin_plate"):
        x, y = x + 2e-5 * (c - 1500) ** 2, y + 1.5e-5 * (r - 1000) * (c - 1500)
    if method == "polynomial3":
        x = x + 1e-8 * (c - 1500) ** 3
    return np.column_stack([x, y])


def scattered(rng: np.random.Generator, n: int) -> np.ndarray:
    """Points in all parts of the picture, as a careful person takes them."""
    side = int(np.ceil(np.sqrt(n)))
    cells = rng.permutation(side * side)[:n]
    at = np.column_stack([cells % side, cells // side]) + rng.uniform(0.2, 0.8, (n, 2))
    return at * [WIDTH / side, HEIGHT / side]


def inside_hull(rng: np.random.Generator, pixels: np.ndarray, n: int = 300) -> np.ndarray:
    hull = shapely.convex_hull(shapely.multipoints(pixels))
    tried = rng.uniform(0, 1, (n, 2)) * [WIDTH, HEIGHT]
    return tried[shapely.intersects_xy(hull, tried)]


def covered(found, pixels: np.ndarray, places: np.ndarray) -> float:
    x, y = found.to_map(pixels[:, 0], pixels[:, 1])
    return float((np.hypot(x - places[:, 0], y - places[:, 1]) <= found.accuracy_m).mean())


@pytest.mark.parametrize("extra", [1, 3, 10])
@pytest.mark.parametrize("method", METHODS)
def test_stated_accuracy_covers_the_truth_between_the_points(method, extra):
    # 20 m of noise along each axis; 60 maps, some 200 places each; 95 % stated, 93 % asked for
    shares, sizes = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        pixels = scattered(rng, NEEDED[method] + extra)
        found = fit(points_of(pixels, truth(pixels, method) + rng.normal(0, 20, pixels.shape)), method)
        if found.accuracy_m is None:
            continue
        tested = inside_hull(rng, pixels)
        shares.append(covered(found, tested, truth(tested, method)))
        sizes.append(found.accuracy_m)
    assert len(shares) >= 58
    assert np.mean(shares) >= 0.93
    if (
        extra == 10
    ):  # and it is no idle figure: of well known maps not beyond 5 times the noise of a point, 49 m at 95 %
        assert np.median(sizes) <= 2.5 * 2.448 * 20


@pytest.mark.parametrize("method", ["affine", "polynomial2"])
def test_accuracy_covers_a_map_that_the_method_cannot_follow(method):
    # waves of 60 m over the sheet, twenty points: residuals show them, and the figure must carry them
    def waved(pixels):
        c, r = pixels.T
        return truth(pixels, "affine") + 60 * np.column_stack([np.sin(c / 400), np.cos(r / 300)])

    shares = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        pixels = scattered(rng, 20)
        tested = inside_hull(rng, pixels)
        shares.append(covered(fit(points_of(pixels, waved(pixels)), method), tested, waved(tested)))
    assert np.mean(shares) >= 0.93


@pytest.mark.parametrize("number", [2, 4])
def test_accuracy_covers_the_truth_of_a_map_placed_by_its_ticks(number):
    # points that share a line share its error, which a residual does not show; two pixels of noise, 16 m, at each tick
    zone = identify(4528)
    matrix, corner = np.array([[8.0, 0.25], [0.25, -8.0]]), np.array([40_400_000.0, 5_500_000.0])

    def pixel(lon, lat):
        lon, lat = np.broadcast_arrays(np.atleast_1d(lon).astype(float), lat)
        return (np.column_stack(planar(lon, lat, DEGREES, zone)) - corner) @ np.linalg.inv(matrix)

    shares = []
    for seed in range(80):
        rng = np.random.default_rng(seed)
        ticks = []
        for lon in np.linspace(119.1, 119.9, number):
            for lat in (49.1, 49.6):
                c, r = pixel(lon, lat)[0] + rng.normal(0, 2, 2)
                ticks.append(GraticuleTick(column=c, row=r, lon=lon))
        for lat in np.linspace(49.2, 49.5, number):
            for lon in (119.0, 120.0):
                c, r = pixel(lon, lat)[0] + rng.normal(0, 2, 2)
                ticks.append(GraticuleTick(column=c, row=r, lat=lat))
        points = ControlPoints(points=control_points_of_ticks(ticks, drawn_in=zone), crs=DEGREES)
        found = fit(points, "affine", plane=zone)
        lon, lat = rng.uniform(119.1, 119.9, 300), rng.uniform(49.2, 49.5, 300)
        shares.append(covered(found, pixel(lon, lat), np.column_stack(planar(lon, lat, DEGREES, zone))))
    assert np.mean(shares) >= 0.93


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), method=st.sampled_from(METHODS), extra=st.integers(1, 6))
def test_the_way_to_the_map_and_back_is_the_identity(seed, method, extra):
    rng = np.random.default_rng(seed)
    pixels = scattered(rng, NEEDED[method] + extra)
    try:
        found = fit(points_of(pixels, truth(pixels, method) + rng.normal(0, 5, pixels.shape)), method)
    except MapFitError as error:
        assert error.code in {"folds", "degenerate"}  # noqa: PT017 - few points may bend that far
        return
    tested = inside_hull(rng, pixels, 50)
    column, row = found.to_pixel(*found.to_map(tested[:, 0], tested[:, 1]))
    np.testing.assert_allclose(np.column_stack([column, row]), tested, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), method=st.sampled_from(METHODS))
def test_a_fit_does_not_depend_on_the_order_of_points_or_the_origin_of_pixels(seed, method):
    rng = np.random.default_rng(seed)
    pixels = scattered(rng, NEEDED[method] + 4)
    places = truth(pixels, method) + rng.normal(0, 5, pixels.shape)
    order, shift = rng.permutation(len(pixels)), np.array([137.0, -71.0])
    try:
        one = fit(points_of(pixels, places), method)
        other = fit(points_of((pixels + shift)[order], places[order]), method)
    except MapFitError:
        return
    tested = inside_hull(rng, pixels, 20)
    np.testing.assert_allclose(
        one.to_map(tested[:, 0], tested[:, 1]),
        other.to_map(tested[:, 0] + shift[0], tested[:, 1] + shift[1]),
        atol=1e-4,
    )
    np.testing.assert_allclose(one.leave_one_out_m[order], other.leave_one_out_m, rtol=1e-4, atol=1e-4)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), method=st.sampled_from(METHODS), factor=st.floats(1.5, 50))
def test_worse_points_never_give_a_better_accuracy(seed, method, factor):
    # the same errors, larger by a factor: every residual of a linear model grows by it
    rng = np.random.default_rng(seed)
    pixels = scattered(rng, NEEDED[method] + 4)
    errors = rng.normal(0, 0.5, pixels.shape)
    try:
        fine = fit(points_of(pixels, truth(pixels, "affine") + errors), method)
        coarse = fit(points_of(pixels, truth(pixels, "affine") + factor * errors), method)
    except MapFitError:
        return
    assert fine.accuracy_m is not None
    assert coarse.accuracy_m is not None
    assert coarse.accuracy_m > fine.accuracy_m
    if method != "projective":
        assert coarse.accuracy_m == pytest.approx(factor * fine.accuracy_m, rel=1e-3)
