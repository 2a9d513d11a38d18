"""Warps: every pixel where the fit says, and GeoTIFFs that other programs read."""

from __future__ import annotations

import numpy as np
import pytest

from spatial.errors import MapFitError, MapWarpError, NotWritableError
from spatial.raster.control_points import ControlPoint, ControlPoints
from spatial.raster.fitting import fit
from spatial.raster.page import Page
from spatial.raster.planes import planar
from spatial.raster.warping import warp, write_geotiff
from spatial.systems import identify

PLANE, DEGREES = identify(4549), identify(4490)
WIDTH, HEIGHT = 300, 200
METHODS = ["affine", "projective", "polynomial2", "polynomial3", "thin_plate"]


def coded_page() -> Page:
    """A page whose colours say which pixel they are: red the column by 8, green the row, blue the rest."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    pixels = np.dstack([columns // 8, rows, columns % 8 * 30]).astype(np.uint8)
    return Page(pixels=pixels, dpi=300.0, source_name="图.png", source_sha256="0" * 64, page=None)


def decoded(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    values = pixels.astype(int)
    return values[..., 0] * 8 + values[..., 2] // 30, values[..., 1]


def points(*, seed: int = 3, sigma: float = 12.0, bend: float = 0.0) -> ControlPoints:
    rng = np.random.default_rng(seed)
    pixels = np.array([(c, r) for c in (10, 80, 150, 220, 290) for r in (10, 70, 130, 190)], dtype=float)
    c, r = pixels.T
    x = 500_000 + 10 * c + 2 * r + bend * (c - 150) ** 2 + rng.normal(0, sigma, len(c))
    y = 5_450_000 + 2 * c - 10 * r + rng.normal(0, sigma, len(c))
    made = [ControlPoint(id=str(i), column=c[i], row=r[i], x=x[i], y=y[i]) for i in range(len(c))]
    return ControlPoints(points=tuple(made), crs=PLANE)


@pytest.mark.parametrize("crs", [None, DEGREES], ids=["plane", "degrees"])
@pytest.mark.parametrize("method", METHODS)
def test_every_pixel_of_a_warp_is_the_one_the_fit_names(method, crs):
    found = fit(points(bend=0.01), method)
    page = coded_page()
    warped = warp(page, found, crs=crs)
    a, b, left, d, e, top = warped.transform
    assert (b, d) == (0, 0)
    assert a > 0 > e
    rows, columns = np.nonzero(warped.inside)
    x, y = left + a * (columns + 0.5), top + e * (rows + 0.5)
    want_column, want_row = found.to_pixel(*planar(x, y, warped.crs, PLANE))
    column, row = decoded(warped.pixels[rows, columns])
    # the nearest pixel is half a pixel away at most, and the warp may depart by what it says
    most = 0.5 + warped.departure_px + 1e-6
    assert np.abs(column + 0.5 - want_column).max() <= most
    assert np.abs(row + 0.5 - want_row).max() <= most
    assert warped.departure_px <= (1e-6 if method == "affine" and crs is None else 0.05)


def test_the_whole_picture_is_in_the_warp_and_beside_it_is_white():
    warped = warp(coded_page(), fit(points(), "affine"))
    seen = set(zip(*decoded(warped.pixels[warped.inside]), strict=True))
    assert len(seen) > 0.95 * WIDTH * HEIGHT
    assert not warped.inside.all()
    assert (warped.pixels[~warped.inside] == 255).all()
    # the picture has its area: 104 m2 a pixel (10 * 10 + 2 * 2)
    area = warped.inside.sum() * warped.transform[0] ** 2
    assert area == pytest.approx(104 * WIDTH * HEIGHT, rel=0.01)


def test_resolution_is_that_of_the_picture_or_as_asked():
    found = fit(points(sigma=0.0), "affine")
    assert warp(coded_page(), found).transform[0] == pytest.approx(np.sqrt(104), rel=1e-6)
    assert warp(coded_page(), found, resolution_m=25).transform[0] == 25
    # metres of a degree at 49.2 N: 72,9xx east and 111,2xx north
    step_x, _, _, _, step_y, _ = warp(coded_page(), found, resolution_m=25, crs=DEGREES).transform
    assert step_x == pytest.approx(25 / 72_950, rel=0.01)
    assert -step_y == pytest.approx(25 / 111_210, rel=0.001)


def test_a_warp_that_would_be_huge_or_has_no_resolution_is_refused():
    found = fit(points(), "affine")
    with pytest.raises(MapWarpError, match="at most 300000000 are drawn"):
        warp(coded_page(), found, resolution_m=0.01)
    with pytest.raises(ValueError, match="positive number of metres"):
        warp(coded_page(), found, resolution_m=0.0)


def test_a_fit_that_folds_away_from_its_points_is_refused():
    # points in the left half only; the bend turns back at 150 + 10 / (2 * 0.06) = 233 columns
    few = points(bend=-0.06, sigma=0.0)
    left = few.without(*(p.id for p in few.points if p.column > 200))
    with pytest.raises(MapWarpError, match=r"folds the map over itself near pixel \(2[1-4]\d"):
        warp(coded_page(), fit(left, "polynomial2"))


def test_a_warp_into_another_datum_is_refused():
    with pytest.raises(MapFitError, match="different datums"):
        warp(coded_page(), fit(points(), "affine"), crs=identify(4610))


def test_a_geotiff_is_read_back_with_its_place_its_marks_and_its_transparency(tmp_path):
    import rasterio

    warped = warp(coded_page(), fit(points(), "affine"))
    path = write_geotiff(tmp_path / "示意 图.tif", warped, tags={"METHOD": "affine", "ACCURACY_M": "35.2"})
    with rasterio.open(path) as file:
        assert file.crs.to_epsg() == 4549
        assert tuple(file.transform)[:6] == pytest.approx(warped.transform)
        assert (file.read([1, 2, 3]).transpose(1, 2, 0) == warped.pixels).all()
        assert ((file.read(4) == 255) == warped.inside).all()
        tags = file.tags()
    assert (tags["METHOD"], tags["ACCURACY_M"]) == ("affine", "35.2")
    assert "示意" in tags["INDICATIVE"]
    assert [p.name for p in tmp_path.iterdir()] == ["示意 图.tif"]


def test_a_caller_cannot_overwrite_the_mark_that_it_is_indicative(tmp_path):
    import rasterio

    path = write_geotiff(tmp_path / "a.tif", warp(coded_page(), fit(points(), "affine")), tags={"INDICATIVE": "no"})
    with rasterio.open(path) as file:
        assert file.tags()["INDICATIVE"].startswith("yes")


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NotWritableError, match="cannot be written to"):
        write_geotiff(tmp_path / "none" / "a.tif", warp(coded_page(), fit(points(), "affine")))
