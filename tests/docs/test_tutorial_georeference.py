"""The tutorial of georeferencing is done from the first line to the last, and prints what its page says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import shapely

from docs.figures.georeference import SITES, WELLS
from docs.figures.tutorial_page import BAD_POINT, EPSG, city_outline, truth
from docs.figures.tutorial_pictures import NAMES
from docs.figures.tutorial_run import PAGE, run_all, steps, unlike
from spatial.boundaries import available
from spatial.crs import from_geographic
from spatial.raster.control_points import read_control_points
from spatial.reading import read
from spatial.systems import identify

TEXT = PAGE.read_text("utf-8")
CHINESE = TEXT.partition("\n---\n")[0]
FIGURES = PAGE.parent / "figures"


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The folder the tutorial leaves, and what each step printed."""
    if not available():
        pytest.skip("the administrative boundaries are not built: python data/boundaries/build.py")
    folder = tmp_path_factory.mktemp("tutorial")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        told = run_all(TEXT)
    return folder / "教程", told


@pytest.mark.slow
def test_every_step_prints_what_the_page_says(done):
    _, told = done
    wrong = {step.commands[-1]: unlike(step.said, printed) for step, printed in told}
    assert {line: missing for line, missing in wrong.items() if missing} == {}


def test_every_step_but_the_first_says_what_it_prints():
    first, *others = steps(TEXT)
    assert first.commands == ("python -m docs.figures.georeference 教程", "cd 教程")
    assert [step.commands for step in others if not step.said] == []


@pytest.mark.slow
def test_excerpts_of_files_on_the_page_stand_in_the_files(done):
    folder, _ = done
    found = re.findall(r"`([^`]+\.(?:csv|toml|txt))`[^`]*\n\n```(?:csv|toml|txt)\n(.*?)```", CHINESE, re.DOTALL)
    assert [name for name, _ in found] == ["控制点.csv", "图例_管控单元.toml", "公告.txt"]
    for name, excerpt in found:
        text = (folder / name).read_text("utf-8")
        for line in re.split(r"\n|……", excerpt):
            assert line in text


@pytest.mark.slow
def test_the_two_files_of_control_points_differ_by_half_a_minute_at_one_point(done):
    folder, _ = done
    wrong, right = (read_control_points(folder / name).points for name in ("控制点.csv", "控制点_已改.csv"))
    off = {a.id: (a.x - b.x) * 3600 for a, b in zip(wrong, right, strict=True) if a != b}
    assert off == {BAD_POINT: pytest.approx(30.0, abs=1e-6)}
    assert len(right) == 4 + 15


@pytest.mark.slow
def test_the_boundary_read_off_the_scan_is_as_near_to_the_truth_as_the_page_says(done):
    folder, _ = done
    (said,) = re.findall(r"95% 的点离真值不到 (\d+) 米", CHINESE)
    first = min((folder / "工作区" / "layers" / "管控单元").iterdir(), key=lambda path: path.name)
    reading = read(first / "features.gpkg")
    system = identify(EPSG)
    actual = [from_geographic([shape], system)[0] for shape in truth().values()]
    seam = shapely.union_all([shapely.boundary(shape) for shape in actual])
    flat = from_geographic(list(reading.geometries), system)
    edges = shapely.union_all([shapely.boundary(shape) for shape in flat])
    points = shapely.points(shapely.get_coordinates(shapely.segmentize(edges, 20.0)))
    assert np.percentile(shapely.distance(points, seam), 95) < float(said)


@pytest.mark.slow
def test_synthetic_things_lie_inside_the_city_and_every_layer_says_what_it_is(done):
    folder, _ = done
    city = city_outline()
    assert all(city.contains(shapely.Point(at)) for at in [*WELLS, *(middle for middle, _, _ in SITES.values())])
    for path in (folder / "工作区" / "layers").glob("*/*/card.json"):
        assert json.loads(path.read_text("utf-8"))["synthetic"] is True, path.parent.parent.name
    for name in ("图例_管控单元.toml", "公告.txt", "地名库.toml", "管控单元_正式.geojson"):
        assert "合成" in (folder / name).read_text("utf-8")


def test_every_picture_is_shown_and_small():
    shown = re.findall(r"!\[[^\]]+\]\(figures/([^)]+)\)", TEXT)
    assert sorted(Path(name).stem for name in shown) == sorted(f"georeference-{name}" for name in NAMES)
    assert all((FIGURES / name).stat().st_size < 300_000 for name in shown)


def test_a_line_that_was_not_printed_is_found_and_a_count_may_not_differ():
    assert unlike(("要素数 9", "精度 147.18 米"), "x\n要素数   9\n精度 147.30 米") == []
    assert unlike(("要素数 9",), "要素数 8") == ["要素数 9"]
    assert unlike(("精度 147.18 米",), "精度 150.00 米") == ["精度 147.18 米"]
    assert unlike(("#2a2824   0.09%",), "#292824  0.08%") == []
    assert unlike(("#2a2824   0.09%",), "#222824  0.09%") == ["#2a2824   0.09%"]
    assert unlike(("b", "a"), "a\nb") == ["a"]  # in this order
