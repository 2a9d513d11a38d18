"""``inspect``, ``check`` and ``import`` of files whose coordinate system is open, shifted, or of an old datum."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layers.workspace import FolderStore
from screening.words import has_word, word
from spatial import boundaries, crs
from spatial.crs import identify
from spatial.datum_shift import three_parameters, to_geographic
from spatial.forensics import CODES
from spatial.offsets import wgs84_to_gcj02
from tests.apps.cli import RED, require_valid, run, small_workspace
from tests.building import add, workspace_at

KEYS = ["format", "encoding", "fields", "layers", "feature_count", "area_m2", "crs", "crs_status", "datum"]
KEYS += ["accuracy_m", "bounds", "hypotheses", "problems"]
# 117.455 E, 49.585 N in the zone of meridian 117 without zone number
X, Y = 5494400.0, 532900.0


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return small_workspace(tmp_path_factory.mktemp("work") / "ws")


def csv(path, text):
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def open_csv(tmp_path):
    return csv(tmp_path / "地块.csv", f"名称,X,Y\n甲,{X},{Y}\n")


def test_inspect_writes_json_alone_on_standard_output(open_csv):
    done = run("inspect", open_csv, "--json", "-")
    found = json.loads(done.stdout)
    assert done.exit_code == 0
    assert set(KEYS) <= set(found)
    assert (found["crs"], found["crs_status"], found["bounds"]) == (None, "ambiguous", None)
    codes = [one["code"] for one in found["hypotheses"] if one["standing"] == "alive"]
    assert {"cgcs2000_3:39", "cgcs2000_3:40"} <= set(codes)
    assert all({"for", "against", "crs", "swapped", "offset", "datum"} <= set(one) for one in found["hypotheses"])


def test_inspect_with_a_crs_gives_bounds_in_degrees(open_csv):
    found = json.loads(run("inspect", open_csv, "--json", "-", "--crs", "EPSG:4548").stdout)
    west, south, east, north = found["bounds"]
    assert (found["crs"], found["crs_status"], west, south) == ("EPSG:4548", "given", east, north)
    assert (west, south) == pytest.approx((117.455, 49.585), abs=0.01)


def test_inspect_of_a_file_that_cannot_be_read_says_why_in_json_with_exit_3(tmp_path):
    path = csv(tmp_path / "bad.geojson", '{"type": "FeatureCollection", "features": [')
    done = run("inspect", path, "--json", "-")
    found = json.loads(done.stdout)
    assert done.exit_code == 3
    assert set(KEYS) <= set(found)
    assert (found["crs_status"], found["bounds"], found["problems"][0]["file"]) == ("refused", None, "bad.geojson")
    assert found["problems"][0]["remedy"]
    assert "bad.geojson" in done.stderr


@pytest.mark.parametrize("language", ["zh", "en"])
def test_inspect_prints_the_hypotheses_with_their_evidence(open_csv, language):
    done = run("inspect", open_csv, "--lang", language)
    assert word("cli.hypotheses", language) in done.stdout
    for text in ("EPSG:4548", "EPSG:4549"):
        assert text in done.stdout
    done.stdout.encode("gbk")


def test_every_code_of_evidence_has_words_that_gbk_can_hold():
    assert [code for code in CODES if not has_word(f"evidence.{code}")] == []
    for code in CODES:
        word(f"evidence.{code}", "zh").encode("gbk")


def test_check_stops_where_the_answers_differ_and_the_workspace_gives_no_region(open_csv, tmp_path):
    store = workspace_at(tmp_path / "ws", "red_lines")
    wide = shapely.box(75, 45, 135, 53)
    add(store, "red_lines", [RED], [{"红线编码": "HX-1"}], name="红线", coverage=wide)
    done = run("check", open_csv, "--workspace", store.root)
    assert done.exit_code == 3
    assert word("cli.under_differ", "zh") in done.stdout.replace("\n", "")
    assert word("answer.hit", "zh") in done.stdout
    refused = run("check", open_csv, "--workspace", store.root, "--accept-agreeing", "--json", "-")
    found = json.loads(refused.stdout)
    assert (refused.exit_code, found["agree"], "answer" in found) == (3, False, False)
    hits = [one["code"] for one in found["under"] if one["answer"] == "hit"]
    assert "cgcs2000_3:39" in hits
    assert len(hits) < len(found["under"])


def test_check_goes_on_where_all_answers_agree_and_the_user_accepts(open_csv, tmp_path):
    root = workspace_at(tmp_path / "ws", "red_lines").root  # nothing in it: unknown wherever the site lies
    stopped = run("check", open_csv, "--workspace", root)
    assert stopped.exit_code == 3
    assert word("cli.under_agree", "zh")[:12] in stopped.stdout
    done = run("check", open_csv, "--workspace", root, "--accept-agreeing", "--json", "-")
    result = json.loads(done.stdout)
    assert done.exit_code == 0
    require_valid(result)
    assert result["answer"] == "unknown"
    assert "accepted_agreeing" in [one["code"] for one in result["site"]["crs_evidence"]]


def test_the_coverage_of_a_workspace_settles_the_zone(open_csv, workspace):
    done = run("check", open_csv, "--workspace", workspace, "--json", "-")
    result = json.loads(done.stdout)
    assert done.exit_code == 0
    assert (result["site"]["crs"], result["site"]["crs_status"]) == ("EPSG:4548", "proved")
    assert result["in_red_line"] != "no"


def test_import_stops_while_the_crs_is_open_and_writes_nothing(open_csv, tmp_path):
    store = workspace_at(tmp_path / "ws", "red_lines")
    done = run("import", store.root, open_csv, "--layer", "sensitive_targets")
    assert done.exit_code == 3
    assert "EPSG:4548" in done.stdout
    assert FolderStore.open(store.root).entries == ()


def test_a_site_in_gcj02_is_undone_by_the_users_word_and_says_so(tmp_path, workspace):
    lon, lat = wgs84_to_gcj02([[117.455, 49.585]])[0]
    path = csv(tmp_path / "高德.csv", f"名称,经度,纬度\n甲,{lon:.9f},{lat:.9f}\n")
    assert run("check", path, "--workspace", workspace).exit_code == 3
    done = run("check", path, "--workspace", workspace, "--datum", "gcj02", "--json", "-")
    site = json.loads(done.stdout)["site"]
    assert done.exit_code == 0
    assert site["accuracy_m"] == pytest.approx(np.hypot(10, 5), abs=1.0)
    assert "offset_stated" in [one["code"] for one in site["crs_evidence"]]


def test_an_old_datum_needs_parameters_or_control_points(tmp_path, workspace):
    text = "5494400.0, 39532900.0"
    bare = run("check", text, "--workspace", workspace, "--datum", "xian80")
    assert bare.exit_code == 3
    given = ("check", text, "--workspace", workspace, "--datum", "xian80", "--json", "-")
    done = run(*given, "--shift", "-41,17,33")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["site"]["crs"] == "EPSG:4490"
    system, shift = identify(2363), three_parameters("xian80", -41.0, 17.0, 33.0)
    lines = ["名称,东,北,经度,纬度"]
    for east, north in ((39520000, 5490000), (39540000, 5490000), (39530000, 5510000), (39545000, 5505000)):
        place = to_geographic(shapely.Point(east, north), system, shift)[0]
        lines.append(f"K,{east},{north},{place.x:.10f},{place.y:.10f}")
    points = csv(tmp_path / "控制点.csv", "\n".join(lines) + "\n")
    fitted = run(*given, "--control-points", points)
    assert fitted.exit_code == 0
    assert "7 参数" in fitted.stderr
    assert run(*given, "--shift", "1,2").exit_code == 2
    assert run("check", "117.45,49.58", "--workspace", workspace, "--shift", "-41,17,33").exit_code == 3


def test_a_control_point_that_is_no_number_is_named(tmp_path, workspace):
    points = csv(tmp_path / "控制点.csv", "a,b,c,d\n1,2,3\n")
    done = run(
        "check", "5494400.0, 39532900.0", "--workspace", workspace, "--datum", "xian80", "--control-points", points
    )
    assert done.exit_code == 3
    assert "line 2" in done.stderr


@pytest.mark.skipif(not boundaries.available(), reason="district boundaries are not built here: make setup")
def test_a_district_settles_the_zone_and_one_elsewhere_refutes_a_stated_zone(open_csv, tmp_path):
    found = json.loads(run("inspect", open_csv, "--json", "-", "--region", "150781").stdout)  # Manzhouli, meridian 117
    assert (found["crs"], found["crs_status"]) == ("EPSG:4548", "proved")
    numbered = csv(tmp_path / "a.csv", f"名称,X,Y\n甲,{X},{39_000_000 + Y}\n")
    far = json.loads(run("inspect", numbered, "--json", "-", "--region", "210106").stdout)  # Shenyang
    assert (far["crs"], far["crs_status"], far["bounds"]) == (None, "refused", None)


def test_a_district_that_is_not_known_is_named(open_csv):
    done = run("inspect", open_csv, "--json", "-", "--region", "999999")
    assert done.exit_code == 3
    assert "999999" in json.loads(done.stdout)["problems"][0]["message"]


def test_four_parameters_hold_in_the_plane_of_the_same_zone(tmp_path, workspace):
    """North 4.5 m and east -3.25 m, no turn, no scale: the easting and northing simply move."""
    east, north = 40_410_000.0, 5_500_000.0
    site = csv(tmp_path / "点.csv", f"名称,X,Y\n甲,{north},{east}\n")
    given = ("inspect", site, "--crs", "EPSG:2364", "--json", "-")
    done = run(*given, "--shift", "4.5,-3.25,0,0")
    assert done.exit_code == 0, done.output
    west, south, *_ = json.loads(done.stdout)["bounds"]
    moved = crs.to_geographic(shapely.Point(east - 3.25, north + 4.5), identify(4528))[0]
    assert (west, south) == pytest.approx((moved.x, moved.y), abs=2e-9)
    degrees = csv(tmp_path / "度.csv", "名称,经度,纬度\n甲,117.45123,49.58123\n")
    refused = run("inspect", degrees, "--crs", "EPSG:4610", "--shift", "4.5,-3.25,0,0", "--json", "-")
    assert refused.exit_code == 3
    assert "plane" in refused.stdout + refused.stderr


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=400), suffix=st.sampled_from([".geojson", ".csv", ".txt", ".kml", ".dat", ""]))
def test_inspect_of_any_bytes_ends_with_0_or_3(tmp_path, data, suffix):
    path = tmp_path / f"任意{suffix}"
    path.write_bytes(data)
    done = run("inspect", path, "--json", "-")
    assert done.exit_code in (0, 3), done.output
    assert json.loads(done.stdout)
