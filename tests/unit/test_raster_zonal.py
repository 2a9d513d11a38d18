"""Figures of places over rasters, by hand on tiny ones."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.crs import identify, to_geographic
from spatial.ellipsoid import metres_per_degree
from spatial.errors import (
    DatumShiftUnknownError,
    RasterKindError,
    RasterNotPlacedError,
    RasterSizeError,
    RasterUnreadableError,
    SourceNotFoundError,
    UnknownCRSError,
    ZonalLibraryMissingError,
)
from spatial.measure import ellipsoidal_area, geodesic_length
from spatial.raster import zonal
from spatial.raster.zonal import figures

rasterio = pytest.importorskip("rasterio", reason="rasterio has no wheel here")
pytest.importorskip("exactextract", reason="exactextract has no wheel here")

FIELD = Path(__file__).parents[2].parent / "shared" / "field" / "raster"
ZONE = 4528  # CGCS2000, 3-degree zone 40, eastings with the zone number
WEST, NORTH = 40_500_000.0, 5_450_040.0  # on the central meridian: the plane is true to scale


def raster(path: Path, data, *, crs=ZONE, west=WEST, north=NORTH, step=10.0, nodata=None, transform=None, **more):
    array = np.asarray(data)
    array = array if array.ndim == 3 else array[None]
    at = transform or rasterio.Affine(step, 0, west, 0, -step, north)
    profile = {"driver": "GTiff", "count": array.shape[0], "height": array.shape[1], "width": array.shape[2]}
    scales, offsets, units = more.pop("scales", None), more.pop("offsets", None), more.pop("units", None)
    crs = None if crs is None else f"EPSG:{crs}"
    with rasterio.open(path, "w", dtype=array.dtype, crs=crs, transform=at, nodata=nodata, **profile, **more) as made:
        made.write(array)
        if scales:
            made.scales, made.offsets = (scales,), (offsets,)
        if units:
            made.units = (units,)
    return path


def site(*box: float, epsg: int = ZONE):
    """A box in metres from the raster's north-west corner, x east and y south, on the Earth."""
    x0, y0, x1, y1 = box
    return to_geographic(shapely.box(WEST + x0, NORTH - y1, WEST + x1, NORTH - y0), identify(epsg))[0]


GROUND = np.array([[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 3, 3], [3, 3, 3, 3]], dtype=np.uint8)


def test_a_pixel_counts_by_the_part_of_it_that_is_covered(tmp_path):
    path = raster(tmp_path / "land.tif", GROUND)
    # 5 to 25 m east, 15 to 25 m south: class 1 has 15 x 5, class 2 5 x 5, class 3 20 x 5 m
    found = figures(site(5, 15, 25, 25), path, stat="classes")[0]
    assert [(one.value, round(one.size, 3)) for one in found.classes] == [(3, 100), (1, 75), (2, 25)]
    assert [one.share for one in found.classes] == pytest.approx([0.5, 0.375, 0.125], abs=1e-6)
    assert found.pixels == pytest.approx(2.0, abs=1e-5)
    assert (found.measure, round(found.size, 3), found.covered_share, found.valid_share) == ("m2", 200, 1, 1)


def test_mean_and_deviation_and_quantiles_are_weighted(tmp_path):
    path = raster(tmp_path / "a.tif", np.array([[10.0, 20.0]], dtype=np.float32))
    found = figures(site(5, 0, 20, 10), path, quantiles=(0, 0.3, 0.34, 1))[0]  # half a pixel of 10, one of 20
    assert found.mean == pytest.approx((0.5 * 10 + 1 * 20) / 1.5, rel=1e-6)
    assert found.deviation == pytest.approx(math.sqrt((0.5 * (10 - 50 / 3) ** 2 + (20 - 50 / 3) ** 2) / 1.5), rel=1e-5)
    assert (found.minimum, found.maximum) == (10, 20)
    assert found.quantiles == ((0, 10), (0.3, 10), (0.34, 20), (1, 20))  # a third of the area is 10
    assert found.warnings == ("few_pixels",)


def test_pixels_of_a_geographic_raster_weigh_what_they_are_on_the_ellipsoid(tmp_path):
    path = raster(tmp_path / "g.tif", np.array([[1], [2]], np.uint8), crs=4490, west=117.0, north=60.0, step=20.0)
    place = shapely.box(117, 20, 137, 60)
    found = figures(place, path, stat="classes")[0]
    upper, lower = ellipsoidal_area([shapely.box(117, 40, 137, 60), shapely.box(117, 20, 137, 40)])
    sizes = {one.value: one.size for one in found.classes}
    assert sizes == pytest.approx({1: upper, 2: lower}, rel=1e-9)
    assert upper / lower < 0.75  # in degrees they are equal
    assert found.size == pytest.approx(upper + lower, rel=1e-12)


def test_areas_in_the_plane_of_web_maps_are_brought_back_to_the_ground(tmp_path):
    web = identify(3857)
    x, y = 13_072_000.0, 6_375_000.0
    path = raster(tmp_path / "w.tif", np.full((20, 20), 7, np.uint8), crs=3857, west=x, north=y, step=100.0)
    place = to_geographic(shapely.box(x + 150, y - 1750, x + 1830, y - 120), web)[0]
    found = figures(place, path, stat="classes")[0]
    assert found.classes[0].size == pytest.approx(ellipsoidal_area(place)[0], rel=1e-6)
    assert found.classes[0].size < 0.45 * 1680 * 1630  # the plane says 2.3 times as much
    assert found.covered_share == 1


def test_what_has_no_data_is_left_out_and_said(tmp_path):
    path = raster(tmp_path / "n.tif", np.array([[4.0, -9999.0], [np.nan, 8.0]]), nodata=-9999.0)
    found = figures(site(0, 0, 20, 20), path)[0]
    assert found.mean == pytest.approx(6, rel=1e-6)
    assert found.covered_share == 1
    assert found.valid_share == pytest.approx(0.5, abs=1e-6)
    assert found.warnings == ("partly_no_data",)


def test_a_site_all_without_data_has_no_figures(tmp_path):
    path = raster(tmp_path / "n.tif", np.full((4, 4), 255, np.uint8), nodata=255)
    found = figures(site(1, 1, 30, 30), path)[0]
    assert (found.mean, found.minimum, found.quantiles, found.valid_share) == (None, None, (), 0)
    assert found.warnings == ("no_data",)


def test_a_site_beside_the_raster_is_said_to_be_outside(tmp_path):
    path = raster(tmp_path / "land.tif", GROUND)
    outside, half = figures([site(400, 0, 500, 10), site(-20, 0, 20, 20)], path)
    assert (outside.covered_share, outside.mean, outside.warnings) == (0, None, ("outside_raster",))
    assert half.covered_share == pytest.approx(0.5, abs=1e-6)
    assert half.warnings == ("partly_outside_raster",)


def test_scale_and_offset_of_the_band_are_applied(tmp_path):
    path = raster(tmp_path / "ndvi.tif", np.array([[4000, 6000]], np.int16), scales=0.0001, offsets=-0.1)
    assert figures(site(0, 0, 20, 10), path)[0].mean == pytest.approx(0.5 - 0.1, rel=1e-6)


def test_the_band_that_is_named_is_read(tmp_path):
    path = raster(tmp_path / "b.tif", np.array([[[1, 1]], [[5, 5]]], np.uint8))
    assert figures(site(0, 0, 20, 10), path, band=2)[0].mean == pytest.approx(5)
    with pytest.raises(RasterKindError, match=r"has 2 bands, no band 3"):
        figures(site(0, 0, 20, 10), path, band=3)


def test_holes_count_nothing_and_overlapping_parts_count_once(tmp_path):
    path = raster(tmp_path / "land.tif", np.ones((4, 4), np.uint8))
    ring = site(0, 0, 40, 40).difference(site(10, 10, 30, 30))
    assert figures(ring, path, stat="classes")[0].classes[0].size == pytest.approx(1600 - 400, rel=1e-6)


def test_lines_count_pixels_by_their_metres(tmp_path):
    path = raster(tmp_path / "land.tif", np.array([[1, 2, 4]], np.uint8))
    line = shapely.LineString([(WEST + 4, NORTH - 5), (WEST + 23, NORTH - 5)])
    found = figures(to_geographic(line, identify(ZONE))[0], path, stat="classes")[0]
    assert {one.value: round(one.size, 4) for one in found.classes} == {1: 6, 2: 10, 4: 3}
    assert (found.measure, found.pixels) == ("m", 3)
    mean = figures(to_geographic(line, identify(ZONE))[0], path)[0].mean
    assert mean == pytest.approx((6 * 1 + 10 * 2 + 3 * 4) / 19, rel=1e-6)


def test_a_slanting_line_on_a_geographic_raster_keeps_its_length(tmp_path):
    path = raster(tmp_path / "g.tif", np.ones((50, 50), np.uint8), crs=4490, west=117, north=50, step=0.01)
    line = shapely.LineString([(117.003, 49.993), (117.311, 49.72), (117.31, 49.55)])
    found = figures(line, path, stat="classes")[0]
    assert found.classes[0].size == pytest.approx(geodesic_length(line)[0], rel=1e-6)
    assert found.valid_share == 1


def test_points_count_the_pixels_they_lie_in(tmp_path):
    path = raster(tmp_path / "land.tif", GROUND)
    points = shapely.MultiPoint([(WEST + 1, NORTH - 1), (WEST + 39, NORTH - 1), (WEST + 99, NORTH - 1)])
    found = figures(to_geographic(points, identify(ZONE))[0], path)[0]
    assert (found.measure, found.size, found.mean, found.minimum, found.maximum) == ("points", 3, 1.5, 1, 2)
    assert found.covered_share == pytest.approx(2 / 3)


def test_nothing_has_no_figures_and_a_mixture_is_refused(tmp_path):
    path = raster(tmp_path / "land.tif", GROUND)
    assert [one.valid_share for one in figures([None, shapely.Polygon()], path)] == [None, None]
    mixture = shapely.GeometryCollection([site(0, 0, 9, 9), shapely.Point(120, 49)])
    with pytest.raises(ValueError, match="mixes points, lines and polygons"):
        figures(mixture, path)
    with pytest.raises(ValueError, match="quantiles are from 0 to 1"):
        figures(site(0, 0, 9, 9), path, quantiles=(50,))


def test_slope_of_a_plane_is_that_of_the_plane(tmp_path):
    x = np.arange(8) * 10.0
    path = raster(tmp_path / "dem.tif", (100 + 0.1 * x)[None, :].repeat(8, axis=0))  # rises 1 m in 10
    inner = site(10, 10, 70, 70)
    degrees, percent = (figures(inner, path, stat=stat)[0] for stat in ("slope_degree", "slope_percent"))
    assert percent.mean == pytest.approx(10, rel=1e-5)
    assert degrees.mean == pytest.approx(math.degrees(math.atan(0.1)), rel=1e-5)
    assert (degrees.unit, percent.unit, percent.valid_share) == ("degree", "percent", 1)


def test_slope_counts_both_directions_by_the_eight_neighbours(tmp_path):
    down, east = np.mgrid[0:5, 0:5] * 10.0
    path = raster(tmp_path / "dem.tif", 0.3 * east - 0.4 * down)  # 3-4-5: steepest rise 0.5
    assert figures(site(20, 20, 30, 30), path, stat="slope_percent")[0].mean == pytest.approx(50, rel=1e-5)


def test_a_pixel_without_all_its_neighbours_has_no_slope(tmp_path):
    path = raster(tmp_path / "dem.tif", np.zeros((5, 5)))
    found = figures(site(0, 0, 50, 50), path, stat="slope_degree")[0]
    assert found.valid_share == pytest.approx(9 / 25, abs=1e-6)
    assert (found.mean, found.warnings) == (0, ("partly_no_data",))


def test_slope_of_a_geographic_terrain_model_is_taken_in_metres(tmp_path):
    step, north = 0.001, 50.0
    east_m = float(metres_per_degree(north - 4.5 * step)[0]) * step
    path = raster(
        tmp_path / "dem.tif",
        (np.arange(9) * east_m * 0.2)[None, :].repeat(9, axis=0),
        crs=4490,
        west=117,
        north=north,
        step=step,
    )
    place = shapely.box(117 + 4 * step, north - 5 * step, 117 + 5 * step, north - 4 * step)
    assert figures(place, path, stat="slope_percent")[0].mean == pytest.approx(20, rel=1e-6)


def test_slope_in_a_stretched_plane_is_taken_on_the_ground(tmp_path):
    x, y, step = 13_072_000.0, 6_375_000.0, 100.0
    path = raster(
        tmp_path / "dem.tif", (np.arange(7) * 10.0)[None, :].repeat(7, axis=0), crs=3857, west=x, north=y, step=step
    )
    place = to_geographic(shapely.box(x + 300, y - 400, x + 400, y - 300), identify(3857))[0]
    lat = place.centroid.y
    ground = step * float(metres_per_degree(lat)[0]) / (math.pi / 180 * 6378137.0)  # a parallel is 1/cos too long there
    assert figures(place, path, stat="slope_percent")[0].mean == pytest.approx(100 * 10 / ground, rel=1e-5)


def test_heights_that_are_not_in_metres_have_no_slope(tmp_path):
    path = raster(tmp_path / "dem.tif", np.zeros((5, 5)), units="ft")
    with pytest.raises(RasterKindError, match="heights are in 'ft'"):
        figures(site(20, 20, 30, 30), path, stat="slope_degree")
    assert figures(site(20, 20, 30, 30), path)[0].unit == "ft"


def test_tiles_leave_no_seam(tmp_path, monkeypatch):
    rng = np.random.default_rng(3)
    path = raster(tmp_path / "r.tif", rng.integers(0, 5, (30, 30)).astype(np.float64))
    place = to_geographic(shapely.Point(WEST + 150, NORTH - 150).buffer(133), identify(ZONE))[0]
    line = to_geographic(shapely.LineString([(WEST + 3, NORTH - 8), (WEST + 290, NORTH - 211)]), identify(ZONE))[0]
    whole = [figures([place, line], path, stat=stat) for stat in ("values", "slope_percent")]
    monkeypatch.setattr(zonal, "_TILE", 7)
    parts = [figures([place, line], path, stat=stat) for stat in ("values", "slope_percent")]
    for one, other in zip(sum(whole, ()), sum(parts, ()), strict=True):
        assert other.pixels == pytest.approx(one.pixels, rel=1e-9)
        assert other.mean == pytest.approx(one.mean, rel=1e-7)
        assert (other.minimum, other.maximum) == pytest.approx((one.minimum, one.maximum), rel=1e-6)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 60), st.floats(0, 60)), min_size=3, max_size=8),
    st.floats(5, 55),
)
def test_coverage_is_that_of_the_geometry_and_survives_a_cut(tmp_path_factory, points, cut):
    plane = shapely.MultiPoint([(WEST + x, NORTH - y) for x, y in points]).convex_hull
    if shapely.get_dimensions(plane) != 2 or plane.area < 1:
        return
    path = tmp_path_factory.mktemp("z") / "r.tif"
    raster(path, np.arange(36, dtype=np.uint8).reshape(6, 6))
    system = identify(ZONE)

    def sizes(shape) -> dict[float, float]:
        if shapely.get_dimensions(shape) != 2 or shape.area < 1e-3:
            return {}
        return {one.value: one.size for one in figures(to_geographic(shape, system), path, stat="classes")[0].classes}

    whole = sizes(plane)
    for value in range(36):
        cell = shapely.box(
            WEST + value % 6 * 10, NORTH - value // 6 * 10 - 10, WEST + value % 6 * 10 + 10, NORTH - value // 6 * 10
        )
        assert whole.get(value, 0) == pytest.approx(plane.intersection(cell).area, abs=2e-3)
    left = sizes(plane.intersection(shapely.box(WEST, NORTH - 60, WEST + cut, NORTH)))
    right = sizes(plane.intersection(shapely.box(WEST + cut, NORTH - 60, WEST + 60, NORTH)))
    for value, size in whole.items():
        assert left.get(value, 0) + right.get(value, 0) == pytest.approx(size, abs=5e-3)


def test_a_raster_without_a_place_is_refused(tmp_path):
    place = site(0, 0, 10, 10)
    with pytest.raises(RasterNotPlacedError, match="nothing says which coordinate system"):
        figures(place, raster(tmp_path / "a.tif", GROUND, crs=None))
    turned = rasterio.Affine(10, 1, WEST, 1, -10, NORTH)
    with pytest.raises(RasterNotPlacedError, match="turned against north"):
        figures(place, raster(tmp_path / "b.tif", GROUND, transform=turned))
    upside_down = rasterio.Affine(10, 0, WEST, 0, 10, NORTH - 40)
    with pytest.raises(RasterNotPlacedError, match="turned against north"):
        figures(place, raster(tmp_path / "c.tif", GROUND, transform=upside_down))
    with pytest.raises(DatumShiftUnknownError, match="Beijing"):
        figures(place, raster(tmp_path / "d.tif", GROUND, crs=2416, west=40_500_000.0))
    with pytest.raises(UnknownCRSError):
        figures(place, raster(tmp_path / "e.tif", GROUND, crs=4978))


def test_what_is_no_raster_is_refused(tmp_path):
    with pytest.raises(SourceNotFoundError, match="no such file"):
        figures(site(0, 0, 10, 10), tmp_path / "none.tif")
    with pytest.raises(SourceNotFoundError, match="addresses are not opened"):
        figures(site(0, 0, 10, 10), "/vsicurl/https://example.org/a.tif")
    (tmp_path / "text.tif").write_text("no raster", "utf-8")
    with pytest.raises(RasterUnreadableError, match="no raster that is read here"):
        figures(site(0, 0, 10, 10), tmp_path / "text.tif")
    other = tmp_path / "points.vrt"  # could name a file anywhere
    other.write_text('<VRTDataset rasterXSize="1" rasterYSize="1"></VRTDataset>', "utf-8")
    with pytest.raises(RasterUnreadableError, match="no raster that is read here"):
        figures(site(0, 0, 10, 10), other)
    path = raster(tmp_path / "complex.tif", GROUND.astype(np.complex64))
    with pytest.raises(RasterKindError, match="complex"):
        figures(site(0, 0, 10, 10), path)


def test_a_raster_that_was_cut_short_gives_no_figure(tmp_path):
    path = raster(tmp_path / "cut.tif", np.random.default_rng(1).random((400, 400)))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(RasterUnreadableError, match=r"cut\.tif: .*(cannot be read|no raster)"):
        figures(site(0, 0, 4000, 4000), path)


def test_too_many_pixels_or_classes_are_refused(tmp_path, monkeypatch):
    path = raster(tmp_path / "r.tif", np.arange(400.0).reshape(20, 20))
    monkeypatch.setattr(zonal, "MAX_CLASSES", 100)
    with pytest.raises(RasterSizeError, match="400 values"):
        figures(site(0, 0, 200, 200), path, stat="classes")
    monkeypatch.setattr(zonal, "MAX_CELLS", 100)
    with pytest.raises(RasterSizeError, match="more than 100 pixels"):
        figures(site(0, 0, 200, 200), path)


def test_a_missing_library_is_named_with_what_to_do(tmp_path, monkeypatch):
    path = raster(tmp_path / "land.tif", GROUND)
    monkeypatch.setitem(sys.modules, "exactextract", None)
    with pytest.raises(ZonalLibraryMissingError, match="pip install exactextract"):
        figures(site(0, 0, 10, 10), path)
    point = to_geographic(shapely.Point(WEST + 1, NORTH - 1), identify(ZONE))[0]
    assert figures(point, path)[0].mean == 1  # points need none
    monkeypatch.setitem(sys.modules, "rasterio", None)
    with pytest.raises(ZonalLibraryMissingError, match="pip install rasterio"):
        figures(point, path)


@pytest.mark.skipif(not FIELD.is_dir(), reason="the rasters of shared/field are not here")
def test_real_rasters_are_read_and_damaged_ones_refused():
    found = figures(shapely.box(117.2, 49.3, 117.9, 49.8), FIELD / "SPEI_12_2023_08.tif")[0]
    assert -3 < found.minimum <= found.mean <= found.maximum < 3
    assert found.valid_share == 1
    with rasterio.open(FIELD / "corrupt.tif") as damaged:
        box = shapely.box(*damaged.bounds)
    with pytest.raises(RasterUnreadableError, match=r"corrupt\.tif: rows .* cannot be read"):
        figures(to_geographic(box, identify(3857)), FIELD / "corrupt.tif")
    with pytest.raises(RasterNotPlacedError, match="24 control points only"):
        figures(box, FIELD / "au-gcp.tif")
