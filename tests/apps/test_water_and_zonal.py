"""``sanxian water`` and ``sanxian zonal``."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import shapely
from click.testing import CliRunner

from apps.cli.water import water
from apps.cli.zonal import zonal
from layers.errors import SampleUnitError
from spatial.errors import RasterNotPlacedError

CSV = """满洲里市地表水监测结果,,,,,单位：mg/L（pH无量纲）,,,
断面,日期,pH,溶解氧,COD,氨氮,水质目标,水质类别,依据
二卡牧场,2026-05,8.6,6.1,52,0.31,Ⅴ,Ⅴ,扣除本底值
二卡牧场,2026-06,8.6,6.1,32,0.02L,Ⅴ,,
二卡牧场,2026-07,断流,,,,Ⅴ,,
"""


def run(command, *arguments, charset="utf-8"):
    found = CliRunner(charset=charset).invoke(command, [str(one) for one in arguments], standalone_mode=False)
    if found.exception is not None:
        raise found.exception
    return found


def cells(line: str) -> list[str]:
    """The cells of a row of a table of ours: two blanks and more part them."""
    return re.split(r"  +", line.strip())


@pytest.fixture
def samples(tmp_path):
    path = tmp_path / "水质 监测.csv"
    path.write_text(CSV, "utf-8")
    return path


def test_both_classes_stand_side_by_side(samples):
    text = run(water, samples).output
    first = next(line for line in text.splitlines() if "2026-05" in line)
    assert cells(first) == [
        *("二卡牧场", "2026-05", "劣Ⅴ", "化学需氧量(0.30)", "Ⅴ", "是", "Ⅴ", "否"),
    ]
    assert "不评价 (断流或干涸)" in text
    assert "公布为 Ⅴ，依据：扣除本底值" in text
    assert "缺 17 项" in text


def test_water_in_english_and_as_json(samples, tmp_path):
    text = run(water, samples, "--lang", "en", "--json", tmp_path / "a.json").output
    assert "worse than Ⅴ" in text
    assert "17 indicators missing" in text
    document = json.loads((tmp_path / "a.json").read_text("utf-8"))
    first, second, dry = document["samples"]
    assert (first["class_raw"], first["class_assessed"], first["class_assessed_basis"]) == ("VI", "V", "扣除本底值")
    assert (first["target_missed_raw"], first["target_missed_assessed"]) == ("yes", "no")
    assert first["exceedances"] == [{"indicator": "cod", "multiple": 0.3}]
    assert (second["class_raw"], second["class_is_lower_bound"], second["target_missed_raw"]) == ("V", True, "unknown")
    assert (dry["status"], dry["reason"], dry["class_raw"], dry["samples_not_assessed"]) == (
        "not_assessed",
        "dry",
        None,
        1,
    )
    below = next(one for one in second["values"] if one["indicator"] == "ammonia_nitrogen")
    assert (below["value"], below["high"], below["below_detection"]) == (0.01, 0.02, True)


def test_yearly_means_and_a_target_of_ones_own(samples):
    found = CliRunner().invoke(water, [str(samples), "--yearly", "--target", "Ⅳ", "--json", "-"], standalone_mode=False)
    mean = json.loads(found.stdout)["samples"][0]
    assert (mean["date"], mean["samples_with_values"], mean["samples_not_assessed"]) == ("2026", 2, 1)
    assert (mean["class_raw"], mean["target"]) == ("VI", "IV")  # (52 + 32) / 2 = 42 mg/L
    assert mean["exceedances"] == [{"indicator": "cod", "multiple": 0.4}]


def test_groundwater_by_its_own_standard(tmp_path):
    path = tmp_path / "井.csv"
    path.write_text("井号,总硬度(mg/L),氟化物(mg/L),嗅和味\n1#,420,1.8,无\n", "utf-8")
    text = run(water, path, "--standard", "gbt14848", "--target", "Ⅲ").output
    row = next(line for line in text.splitlines() if line.startswith("1#"))
    assert cells(row)[2:6] == ["Ⅳ（至少）", "氟化物(0.80)", "Ⅲ", "是"]
    with pytest.raises(Exception, match="--body"):
        run(water, path, "--standard", "gbt14848", "--body", "lake")


def test_wrong_targets_and_missing_units_are_named(tmp_path, samples):
    with pytest.raises(Exception, match="不是水质类别"):
        run(water, samples, "--target", "优")
    path = tmp_path / "a.csv"
    path.write_text("断面,氨氮\n甲,0.5\n", "utf-8")
    with pytest.raises(SampleUnitError, match="states no unit"):
        run(water, path)
    assert run(water, path, "--unit", "mg/L").exit_code == 0


def test_every_word_of_water_survives_a_gbk_console(samples):
    for arguments in ([], ["--lang", "en"], ["--body", "intake", "--target", "3"], ["--yearly"]):
        assert "\\u" not in run(water, samples, *arguments, charset="gbk").output


BOXES = set("│─┃━┏┓┡┩└┘")


def test_water_is_printed_as_every_other_command_prints(samples):
    """A title ruled off, headings in brackets, tables ruled with dashes: no box character, which GBK has twice as wide."""
    lines = run(water, samples).output.splitlines()
    assert lines[0] == "GB 3838-2002 地表水环境质量标准"
    assert set(lines[1]) == {"="}
    assert [line for line in lines if line.startswith("[ ")] == ["[ 样品 ]", "[ 说明 ]"]
    assert not BOXES & set("".join(lines))


@pytest.fixture
def land(tmp_path):
    rasterio = pytest.importorskip("rasterio", reason="rasterio has no wheel here")
    pytest.importorskip("exactextract", reason="exactextract has no wheel here")
    path = tmp_path / "land.tif"
    data = np.array([[1, 1, 2, 0], [1, 1, 2, 0]], np.uint8)
    at = rasterio.Affine(10, 0, 40_500_000, 0, -10, 5_450_020)
    profile = {"driver": "GTiff", "count": 1, "height": 2, "width": 4, "dtype": "uint8", "nodata": 0}
    with rasterio.open(path, "w", crs="EPSG:4528", transform=at, **profile) as made:
        made.write(data, 1)
    return path


@pytest.fixture
def parcel(tmp_path):
    path = tmp_path / "地块.csv"
    rows = [(5_450_000, 40_500_000), (5_450_000, 40_500_040), (5_450_020, 40_500_040), (5_450_020, 40_500_000)]
    path.write_text("点号,X,Y\n" + "".join(f"J{n},{x},{y}\n" for n, (x, y) in enumerate(rows, 1)), "utf-8")
    return path


def test_shares_of_land_cover_of_a_parcel(land, parcel, tmp_path):
    text = run(zonal, parcel, land, "--stat", "classes", "--json", tmp_path / "z.json").output
    assert "66.67 %" in text
    assert "33.33 %" in text
    assert "部分没有数据" in text
    found = json.loads((tmp_path / "z.json").read_text("utf-8"))["figures"]
    assert len(found) == 1
    assert found[0]["valid_share"] == pytest.approx(0.75, abs=1e-6)
    assert [(one["value"], round(one["size"], 3)) for one in found[0]["classes"]] == [(1, 400), (2, 200)]


def test_parts_and_the_whole_have_their_own_rows(land, tmp_path):
    from spatial.crs import identify, to_geographic

    boxes = [shapely.box(40_500_000 + x, 5_450_000, 40_500_000 + x + 10, 5_450_020) for x in (0, 20)]
    placed = to_geographic(boxes, identify(4528))
    features = [{"type": "Feature", "properties": {}, "geometry": json.loads(shapely.to_geojson(g))} for g in placed]
    path = tmp_path / "two.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    text = run(zonal, path, land, "--crs", "EPSG:4490", "--lang", "en").output
    rows = [cells(line) for line in text.partition("[ Figures ]")[2].splitlines() if "m2" in line]
    assert [(row[0], row[4]) for row in rows] == [("1", "1"), ("2", "2"), ("all", "1.5")]


@pytest.mark.parametrize(
    ("lang", "title", "heading"), [("zh", "栅格分区统计：", "统计"), ("en", "Figures over a raster: ", "Figures")]
)
def test_zonal_is_printed_as_every_other_command_prints(land, parcel, lang, title, heading):
    lines = run(zonal, parcel, land, "--lang", lang).output.splitlines()
    assert lines[0] == f"{title}地块"
    assert set(lines[1]) == {"="}
    assert [line for line in lines if line.startswith("[ ")] == [f"[ {heading} ]"]
    assert not BOXES & set("".join(lines))


def test_slope_is_asked_for_by_name_and_survives_a_gbk_console(land, parcel):
    for stat in ("slope", "slope-percent", "values", "classes"):
        for lang in ("zh", "en"):
            assert "\\u" not in run(zonal, parcel, land, "--stat", stat, "--lang", lang, charset="gbk").output


def test_a_raster_without_a_crs_is_named(parcel, tmp_path):
    rasterio = pytest.importorskip("rasterio", reason="rasterio has no wheel here")
    at = rasterio.Affine(10, 0, 40_500_000, 0, -10, 5_450_020)
    profile = {"driver": "GTiff", "count": 1, "height": 2, "width": 4, "dtype": "uint8"}
    with rasterio.open(tmp_path / "no.tif", "w", transform=at, **profile) as made:
        made.write(np.ones((2, 4), np.uint8), 1)
    with pytest.raises(RasterNotPlacedError, match=r"no\.tif: nothing says"):
        run(zonal, parcel, tmp_path / "no.tif")


def test_a_layer_of_a_workspace_is_summarised_and_a_damaged_one_is_refused(tmp_path):
    """A box of 0.02 by 0.01 degrees over 200 pixels of class 1: all of it is class 1."""
    import numpy as np
    import rasterio
    import shapely
    from rasterio.transform import Affine

    from tests.apps.cli import run as program
    from tests.building import add, workspace_at

    grid = {"width": 50, "height": 50, "count": 1, "dtype": "uint8", "nodata": 0, "crs": "EPSG:4490"}
    with rasterio.open(
        tmp_path / "c.tif", "w", driver="GTiff", transform=Affine(0.001, 0, 117.4, 0, -0.001, 49.62), **grid
    ) as file:
        file.write(np.ones((50, 50), "uint8"), 1)
    store = workspace_at(tmp_path / "ws", "red_lines")
    add(store, "red_lines", [shapely.box(117.41, 49.59, 117.43, 49.60)], [{"name": "甲"}], name="红线")
    asked = ["zonal", store.root, tmp_path / "c.tif", "--stat", "classes", "--layer", "红线", "--json", "-"]
    done = program(*asked)
    assert done.exit_code == 0, done.stderr
    (part,) = json.loads(done.stdout)["figures"]
    assert part["valid_share"] == pytest.approx(1.0)
    path = next(store.root.glob("layers/*/*/features.gpkg"))
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert program(*asked).exit_code == 3
    assert program(*asked[:-3], "没有", "--json", "-").exit_code == 2
