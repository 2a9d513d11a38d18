"""A known layer printed, scanned and read back: as good as stated, and stated as good as it is."""

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
import shapely
from rich.cells import cell_len

from benchmarks.scanned_map import ClassScore, Score, compared, control_points, lines, mask_of, score
from benchmarks.scanned_page import EPSG, NAMES, known_layer, render
from layers.errors import ImportOptionError
from layers.georeference.scanned_maps import UNSURE_NAME, _features, accuracy_of_scan, georeferenced_map, map_coverage
from layers.importing import ImportOptions, import_layer
from screening.screen import screen
from screening.site import site_of
from spatial.crs import from_geographic, to_geographic
from spatial.raster.classes import FIRST_CLASS, classify
from spatial.raster.fitting import fit
from spatial.raster.legend import Legend, LegendClass
from spatial.raster.patches import mapped, patches
from spatial.systems import identify
from tests.building import workspace_at

SIDE = 10_000.0


@lru_cache(maxsize=4)
def scanned(noisy=False, strip=0.015):
    truth = known_layer(SIDE, strip=strip)
    return truth, render(truth, scale=100_000, dpi=150, noisy=noisy, labels=False)


@lru_cache(maxsize=1)
def plain():
    return read_back(scanned()[1])


def read_back(scan, *, seed=1, method="affine", sigma_px=0.5, **options):
    points = control_points(scan, sigma_px=sigma_px, seed=seed)
    return georeferenced_map(
        scan.page, points, legend=scan.legend, method=method, line_width_px=scan.line_width_px, **options
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("side", "dpi", "noisy", "method", "goal"),
    [(12_000, 300, False, "affine", 0.99), (20_000, 150, True, "projective", 0.97)],
)
def test_a_known_layer_comes_back(side, dpi, noisy, method, goal):
    found = score(side, 100_000, dpi, noisy=noisy, method=method, strip=0.01)
    assert found.iou >= goal
    assert found.within >= 0.95
    assert found.undecided < 0.001
    assert noisy or found.accuracy_m < 4 * found.pixel_m  # honest, and no larger than it need be
    assert max(abs(c.area_error) for c in found.classes) < 0.02


def test_the_stated_accuracy_holds_whichever_way_the_control_points_are_off():
    truth, scan = scanned()
    mask = mask_of(scan)
    image = classify(scan.page, scan.legend, line_width_px=scan.line_width_px)
    made = patches(image.labels, least_px=35, solid_px=image.solid_px)
    codes = np.array([scan.legend.classes[label - FIRST_CLASS].attributes["code"] for label in made.labels])
    worst = []
    for seed in range(12):
        placed = fit(control_points(scan, sigma_px=1.0, seed=seed), "affine")
        stated = accuracy_of_scan(
            placed, line_width_px=scan.line_width_px, simplified_m=made.moved_px * placed.pixel_m
        ).metres
        shapes = mapped(made.polygons, placed.to_map, bend=0.5)
        found = {code: shapely.union_all(shapes[codes == code]) for code in truth.zones}
        rows = compared(truth, found, accuracy_m=stated, step_m=2 * scan.pixel_m, mask=mask)
        worst.append(min(min(r.within, r.back_within) for r in rows))
    assert min(worst) >= 0.95


def test_areas_too_narrow_to_be_told_from_lines_are_said_to_be_missing():
    _, scan = scanned(strip=0.008)  # 0.8 mm on the page, less its outlines: 3 pixels
    problems = {p.code: p.detail for p in read_back(scan).reading.problems}
    assert "< 4 px" in problems["map_too_narrow"]
    assert "map_too_narrow" not in {p.code for p in plain().reading.problems}


def test_terms_add_in_squares_and_say_where_they_come_from():
    _, scan = scanned()
    found = fit(control_points(scan, sigma_px=0.5, seed=1), "affine")
    made = accuracy_of_scan(found, line_width_px=4, simplified_m=3, hatch_gap_m=10, scale=20_000)
    pixel = found.pixel_m
    assert {t.code: t.metres for t in made.terms} == pytest.approx(
        {
            "control_points": found.accuracy_m,
            "pixel": math.sqrt(2) / 2 * pixel,
            "drawn_line": 2 * pixel,
            "simplified": 3,
            "hatching": 5,
            "scale": 10,
        }
    )
    squares = found.accuracy_m**2 + pixel**2 / 2 + 4 * pixel**2 + 9 + 25 + 100
    assert made.metres == pytest.approx(math.sqrt(squares))
    assert (made.basis, made.assumed) == ("control_points", False)


def test_neighbours_on_the_ground_leave_no_gap_and_no_overlap():
    _, scan = scanned(noisy=True)
    layer = read_back(scan, method="thin_plate", sigma_px=1)
    assert shapely.coverage_is_valid(layer.reading.geometries)
    assert shapely.is_valid(layer.reading.geometries).all()


def test_what_the_shape_depends_on_is_kept():
    _, scan = scanned()
    layer = read_back(scan, min_patch_m2=5_000, tolerance_m=20, scale=100_000)
    kept = layer.parameters
    assert (layer.method, layer.indicative) == ("scanned_map", True)
    assert kept["method"] == "affine"
    assert kept["plane"] == "EPSG:4527"
    assert len(kept["control_points"]) == 16
    assert all(p["residual_m"] < 40 for p in kept["control_points"])
    assert kept["legend"][0] == {
        "name": "生态保护红线" if not scan.legend.classes[0].name.isascii() else "Red line",
        "colours": ["#de7878"],
        "pixels": pytest.approx(kept["legend"][0]["pixels"]),
        "astray_pixels": 0,
        "hatch_gap_px": None,
    }
    assert kept["tolerance_m"] == pytest.approx(20)
    assert kept["simplified_m"] <= 20
    assert kept["accuracy_terms"]["scale"] == 50
    assert kept["min_patch_m2"] == pytest.approx(5_000, rel=0.05)
    assert layer.reading.source_sha256 == scan.page.source_sha256


def test_features_carry_the_attributes_of_their_class_and_number_their_areas():
    reading = plain().reading
    assert {row["code"] for row in reading.attributes} == {"red", "green", "orange", "dotted", "strip", "water"}
    greens = [i for i, row in zip(reading.ids, reading.attributes, strict=True) if row["code"] == "green"]
    assert greens == [f"{greens[0].split('-')[0]}-{n}" for n in range(1, len(greens) + 1)]


def test_a_fit_without_a_point_to_spare_has_no_accuracy_and_is_refused():
    _, scan = scanned()
    points = control_points(scan, sigma_px=0.5, seed=1)
    three = replace(points, points=(points.points[0], points.points[3], points.points[12]))
    with pytest.raises(ImportOptionError, match="3 control points fit affine whatever their errors"):
        georeferenced_map(scan.page, three, legend=scan.legend)


@pytest.mark.parametrize("option", ["min_patch_m2", "tolerance_m"])
@pytest.mark.parametrize("value", [-1.0, math.nan])
def test_a_number_out_of_its_range_is_refused(option, value):
    _, scan = scanned()
    with pytest.raises(ImportOptionError, match=f"{option} is {value}, not 0 or more"):
        read_back(scan, **{option: value})


def test_an_unexplained_colour_is_neither_hit_nor_clear(tmp_path):
    truth, scan = scanned()
    legend = replace(scan.legend, classes=tuple(c for c in scan.legend.classes if c.attributes["code"] != "orange"))
    points = control_points(scan, sigma_px=0.5, seed=1)
    layer = georeferenced_map(scan.page, points, legend=legend, line_width_px=scan.line_width_px)
    unsure = [row for row in layer.reading.attributes if row["name"] == UNSURE_NAME]
    assert unsure
    assert all(row["location_only"] == 1 for row in unsure)
    assert "map_undecided" in {p.code for p in layer.reading.problems}
    store = workspace_at(tmp_path / "ws", "red_lines")
    import_layer(
        store,
        layer.reading,
        ImportOptions(
            kind="red_lines",
            name="scan",
            data_date="2024-01-01",
            coverage=map_coverage(scan.page, points, legend=legend),
            indicative=layer.indicative,
            georeference_method=layer.method,
            georeference=layer.parameters,
            accuracy=layer.accuracy,
        ),
    )
    answers = {}
    spots = {
        "orange": truth.zones["orange"].point_on_surface(),
        "red": truth.zones["red"].point_on_surface(),
        "far": shapely.Point(39_530_000 + 0.3 * SIDE, 5_480_000 + 0.42 * SIDE),
        "beyond": shapely.Point(39_530_000 + 2 * SIDE, 5_480_000),
    }
    for name, spot in spots.items():
        site = site_of(to_geographic(spot, identify(EPSG))[0], accuracy_m=1)
        answers[name] = screen(site, store, as_of="2026-11-22").answer
    assert answers == {"orange": "uncertain", "red": "hit", "far": "clear", "beyond": "unknown"}


def test_the_coverage_is_the_frame_without_the_legend_box_as_far_as_points_hold_it():
    _, scan = scanned()
    points = control_points(scan, sigma_px=0.0, seed=1)
    whole = from_geographic(map_coverage(scan.page, points, legend=scan.legend).geometries, identify(EPSG))
    mask = mask_of(scan)
    assert shapely.union_all(whole).symmetric_difference(mask).area / mask.area < 1e-3
    left = replace(points, points=tuple(p for p in points.points if p.x < 39_530_000))
    half = from_geographic(map_coverage(scan.page, left, legend=scan.legend).geometries, identify(EPSG))
    assert shapely.union_all(half).bounds[2] < 39_530_000 + 0.1 * SIDE


def test_the_benchmark_prints_a_block_a_case_and_a_line_a_class_within_100_columns():
    one = {"iou": 0.9876, "hausdorff_m": 1234.0, "area_error": -0.1234, "within": 1.0, "back_within": 0.9876}
    classes = tuple(ClassScore(code=c, shared_m2=1.0, joint_m2=1.0, width_m=9.0, **one) for c in NAMES)
    case = {"side_m": 100_000.0, "scale": 250_000.0, "dpi": 300, "noisy": True, "method": "polynomial2"}
    scores = [Score(**case, pixel_m=21.2, accuracy_m=123.4, undecided=0.0, seconds=1.0, classes=classes)] * 2
    title, *blocks = "\n".join(lines(scores)).split("\n\n")
    assert title.startswith("扫描图")
    assert len(blocks) == 2
    head, _, columns, *rows = blocks[0].splitlines()
    assert head == "100 km  1:250,000  300 dpi  有噪 noisy  polynomial2"
    assert [row.split()[0] for row in rows] == [*(zh for zh, _ in NAMES.values()), "全图"]
    assert {cell_len(row) for row in (columns, *rows)} == {cell_len(columns)}
    assert max(cell_len(line) for line in lines(scores)) <= 100


def test_a_hatched_class_proves_no_hit_and_a_plain_one_may():
    """Outlines and lettering have been read as hatching: areas of a hatched class are of the right place only."""
    plain = LegendClass(name="平涂", colours=((200, 60, 60),), attributes={})
    hatched = LegendClass(name="晕线", colours=((0, 0, 200), (255, 255, 255)), attributes={})
    legend = Legend(classes=(plain, hatched), background=((255, 255, 255),))
    labels = np.array([FIRST_CLASS, FIRST_CLASS + 1], dtype=np.uint8)
    rows, _ = _features(labels, legend, (None, 6.0))
    assert [row.get("location_only") for row in rows] == [None, 1]
