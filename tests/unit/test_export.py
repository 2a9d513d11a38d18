"""A verdict as shapefile set, GeoPackage, GeoJSON and zip: every layer is in each, and the same values come back."""

from __future__ import annotations

import copy
import csv
import io
import json
import os
import zipfile

import numpy as np
import pyogrio
import pytest
import shapely
from pyogrio import raw

from screening.export import EXPORT_SUFFIXES, export, export_name
from screening.overlap import Overlap
from spatial.errors import NotWritableError, OutputInTheWayError, OutputInUseError

SITE = shapely.box(119.70, 49.20, 119.71, 49.21)
PIECE = shapely.box(119.70, 49.20, 119.705, 49.21)
UNIT, LINE = "环境管控单元（2024）", "满洲里生态保护红线"
LONG = "禁止" * 200  # 400 characters


def feature(**changes):
    plain = {"id": "u1", "code": "ZH15070210001", "name": "海拉尔区优先保护单元 m²", "class": "priority", "class_label": "优先",
             "flags": [], "accuracy_m": 25.0, "relation": "overlaps", "overlap_m2": 120000.55, "overlap_planar_m2": 119990.0,
             "share": 0.5, "length_m": None, "distance_m": 0.0, "bearing_deg": None}  # fmt: skip
    return {**plain, **changes}


def finding(**changes):
    plain = {"layer": UNIT, "kind": "control_units", "theme": "control_units", "version": "v1", "role": "protective", "answer": "hit",
             "reason": "overlaps", "reasons": [{"code": "overlaps"}], "accuracy_m": 25.02,
             "accuracy_parts": {"site": 1.0, "layer": 25.0, "transformation": 0.0}, "gap_m": 0.0, "hold_at_least_m": None,
             "distance_at_least_m": None, "uncovered_share": 0.0, "overlap_m2": 120000.55, "share": 0.5,
             "overlap_length_m": None, "features": [feature()]}  # fmt: skip
    return {**plain, **changes}


def card(name, kind, **changes):
    plain = {"name": name, "kind": kind, "version": "v1", "data_date": "2024-06-30", "valid_from": "2024-06-30", "valid_until": None,
             "source": LONG, "sha256": "ab" * 32, "content_digest": "cd" * 32, "coverage": "150702", "coverage_accuracy_m": 0.0,
             "accuracy_m": 25.0, "georeference_method": "official_vector", "indicative": False, "synthetic": False,
             "restricted": False, "repaired": 0, "rejected": 0, "warnings": []}  # fmt: skip
    return {**plain, **changes}


def result(**changes):
    missing = finding(
        layer=None, kind="water_sources", theme="water_sources", version=None, answer="unknown", reason="layer_missing",
        reasons=[{"code": "layer_missing"}], accuracy_m=None, accuracy_parts=None, gap_m=None, overlap_m2=None, share=None,
        uncovered_share=1.0, features=[],
    )  # fmt: skip
    failed = finding(
        layer="坏图层", kind="protected_areas", answer="unknown", reason="layer_unreadable", features=[], overlap_m2=None, share=None,
        reasons=[{"code": "layer_unreadable"}],
    )  # fmt: skip
    near = finding(
        layer=LINE, kind="red_lines", answer="clear", reason="outside", gap_m=1234.567, overlap_m2=0.0, share=0.0,
        features=[feature(id="r1", code=None, name="红线一", **{"class": "red_line"}, relation="disjoint", overlap_m2=0.0, share=0.0, distance_m=1234.567, bearing_deg=41.0)],
    )  # fmt: skip
    plain = {
        "schema_version": "1.0", "as_of": "2026-11-22", "answer": "hit", "required_kinds": ["red_lines"], "warnings": [],
        "in_priority_zone": "yes", "in_priority_unit": "yes", "in_red_line": "no", "in_protected_area": "unknown",
        "in_water_source_zone": "unknown", "kinds": {"control_units": "hit"},
        "site": {"name": "呼伦贝尔某项目 𠮷", "scope": "polygon", "radius_m": 0, "area_m2": 240001.1, "area_planar_m2": 239981.2,
                 "length_m": None, "declared_area_m2": None, "rejected_parts": 0, "crs": "EPSG:4528", "crs_status": "given",
                 "crs_evidence": [{"code": "prj_file", "value": "x"}], "datum": "stated", "accuracy_m": 1.0, "accuracy_basis": "survey"},
        "parts": [{"id": "1", "name": "一号", "use": None, "mode": None, "area_m2": 240001.1, "answer": "hit", "answers": {"control_units": "hit"}}],
        "findings": [finding(), near, failed, missing],
        "context": [{"layer": "断面", "kind": "monitoring_sections", "features": [feature(id="s1", overlap_m2=0.0, distance_m=9.5)]}],
        "layers": [card(UNIT, "control_units"), card(LINE, "red_lines"), card("坏图层", "protected_areas"), card("断面", "monitoring_sections")],
        "not_checked": ["风景名胜区"],
    }  # fmt: skip
    return {**plain, **changes}


def overlaps(geometry=PIECE, **changes):
    return [Overlap(**{"layer": UNIT, "kind": "control_units", "feature_id": "u1", "geometry": geometry, **changes})]


def run(path, verdict=None, *, site=SITE, pieces=None, **options):
    return export(path, result() if verdict is None else verdict, site=site, overlaps=overlaps() if pieces is None else pieces, **options)  # fmt: skip


def read(path, layer=None):
    """Rows as GDAL sees them, one dict each."""
    meta, _, wkb, columns = raw.read(path, layer=layer)
    rows = [
        {
            name: None if value is None or (isinstance(value, float) and np.isnan(value)) else value
            for name, value in zip(meta["fields"], row, strict=True)
        }
        for row in zip(*(c.tolist() for c in columns), strict=True)
    ]
    return rows, None if wkb is None else shapely.from_wkb(wkb)


def tables(path):
    """Site, overlaps and findings of an export, whatever its format."""
    suffix = path.suffix
    if suffix == ".gpkg":
        return {name: read(path, name)[0] for name in ("site", "overlaps", "findings")}
    if suffix == ".geojson":
        document = json.loads(path.read_text(encoding="utf-8"))
        rows = {
            role: [f["properties"] for f in document["features"] if f["properties"]["role"] == role]
            for role in ("site", "overlap")
        }
        return {"site": rows["site"], "overlaps": rows["overlap"], "findings": document["findings"]}
    if suffix == ".zip":
        folder = path.parent / "unpacked"
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
        path = next(p for p in folder.glob("*.shp") if "overlap" not in p.name)
    stem = path.stem
    return {
        "site": read(path)[0],
        "overlaps": read(path.with_name(f"{stem}_overlap_polygon.shp"))[0],
        "findings": read(path.with_name(f"{stem}_findings.dbf"))[0],
    }


def names(folder):
    return sorted(p.name for p in folder.iterdir())


@pytest.mark.parametrize("suffix", EXPORT_SUFFIXES)
def test_every_format_gives_back_the_same_values(tmp_path, suffix):
    path = run(tmp_path / f"呼伦贝尔 a{suffix}").paths[0]
    assert path.name == f"呼伦贝尔 a{suffix}"
    back = tables(path)
    site, piece = back["site"][0], back["overlaps"][0]
    assert (site["XMMC"], site["ANSWER"], site["ANSWER_T"]) == ("呼伦贝尔某项目 𠮷", "hit", "命中")
    assert [site[k] for k in ("IN_ZONE", "IN_UNIT", "IN_REDLINE", "IN_PROTECT", "IN_WATER")] == [
        "yes",
        "yes",
        "no",
        "unknown",
        "unknown",
    ]
    assert str(site["CHECKTIME"])[:10] == "2026-11-22"
    assert site["MJ_M2"] == 240001.1
    assert site["MJ_HM2"] == pytest.approx(24.00011, abs=5e-5)
    assert site["MJ_MU"] == pytest.approx(360.00165, abs=5e-3)  # 240001.1 x 3 / 2000
    assert (site["ACC_M"], site["SRC_CRS"], site["ZBX"]) == (1.0, "EPSG:4528", "EPSG:4490")
    assert site["UNKNWN_LYR"] == "坏图层; 饮用水水源保护区"
    assert (piece["HJGKDYBM"], piece["HJGKDYMC"], piece["GKDYFL"]) == (
        "ZH15070210001",
        "海拉尔区优先保护单元 m²",
        "优先保护单元",
    )
    assert (piece["LAYER"], piece["KIND"], piece["ANSWER"], piece["RELATION_T"]) == (
        UNIT,
        "control_units",
        "hit",
        "部分重叠",
    )
    assert (piece["CDMJ_M2"], piece["ZB_PCT"], piece["SJRQ"], piece["SJBB"]) == (120000.55, 50.0, "2024-06-30", "v1")
    rows = [(r["LAYER"], r["ROLE"], r["ANSWER"], r["REASON"]) for r in back["findings"]]
    assert rows == [
        (UNIT, "protective", "hit", "overlaps"),
        (LINE, "protective", "clear", "outside"),
        ("坏图层", "protective", "unknown", "layer_unreadable"),
        (None, "protective", "unknown", "layer_missing"),
        ("断面", "context", None, None),
        ("风景名胜区", "not_checked", None, None),
    ]
    assert back["findings"][3]["KIND_T"] == "饮用水水源保护区"
    assert back["findings"][3]["REASON_T"] == "缺少该类图层"
    assert (back["findings"][1]["GAP_M"], back["findings"][1]["BEARING"]) == (1234.567, 41.0)


def test_the_shapefile_set_has_the_names_it_says(tmp_path):
    written = run(tmp_path / "F.shp")
    parts = (".shp", ".shx", ".dbf", ".prj", ".cpg", ".shp.xml")
    expected = [*(f"F{s}" for s in parts), *(f"F_overlap_polygon{s}" for s in parts), "F.gpkg", "F_字段说明.csv",
                "F_findings.dbf", "F_findings.cpg", "F_findings.csv"]  # fmt: skip
    assert names(tmp_path) == sorted(expected) == sorted(p.name for p in written.paths)
    for shp in tmp_path.glob("*.shp"):
        info = pyogrio.read_info(shp)
        assert info["encoding"] == "UTF-8"
        assert info["crs"] == "EPSG:4490"
        assert all(len(name.encode()) <= 10 and name.isascii() for name in info["fields"])
    assert shapely.equals(read(tmp_path / "F.shp")[1][0], SITE)
    assert shapely.equals(read(tmp_path / "F_overlap_polygon.shp")[1][0], PIECE)


def test_long_text_is_whole_in_the_twin_and_the_dictionary_says_where(tmp_path):
    written = run(tmp_path / "F.shp")
    short = read(tmp_path / "F_overlap_polygon.shp")[0][0]["SOURCE"]
    assert short == LONG[: (254 - 3) // 3] + "…"
    assert read(tmp_path / "F.gpkg", "overlaps")[0][0]["SOURCE"] == LONG
    assert {n.field for n in written.noted("text_cut")} == {"SOURCE"}
    assert "全文见 F.gpkg" in (tmp_path / "F_字段说明.csv").read_text(encoding="utf-8-sig")


def test_gbk_set_states_its_encoding_and_lists_what_it_replaced(tmp_path):
    written = run(tmp_path / "F.shp", encoding="GBK")
    assert {p.read_text() for p in tmp_path.glob("*.cpg")} == {"GBK"}
    assert read(tmp_path / "F.shp")[0][0]["XMMC"] == "呼伦贝尔某项目 〓"
    piece = read(tmp_path / "F_overlap_polygon.shp")[0][0]
    assert (piece["HJGKDYMC"], piece["LAYER"]) == ("海拉尔区优先保护单元 m2", UNIT)
    assert read(tmp_path / "F.gpkg", "site")[0][0]["XMMC"] == "呼伦贝尔某项目 𠮷"
    assert {n.code for n in written.notes} >= {"character_marked", "character_replaced"}
    assert "U+20BB7 𠮷" in (tmp_path / "F_字段说明.csv").read_text(encoding="utf-8-sig")


def test_findings_csv_opens_in_wps_with_words_and_runs_no_formula(tmp_path):
    verdict = result()
    verdict["findings"][2]["layer"] = verdict["layers"][2]["name"] = "=cmd|'/c calc'!A1"
    run(tmp_path / "F.shp", verdict)
    data = (tmp_path / "F_findings.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert rows[0][0] == "图层 (LAYER)"
    assert rows[3][0] == "'=cmd|'/c calc'!A1"
    assert "缺少该类图层" in rows[4]


@pytest.mark.parametrize("suffix", EXPORT_SUFFIXES)
def test_restricted_geometry_is_marked_on_its_face_and_in_its_metadata(tmp_path, suffix):
    verdict = result()
    verdict["layers"][0].update(restricted=True, synthetic=True, indicative=True)
    path = run(tmp_path / f"F{suffix}", verdict).paths[0]
    mark = "内部使用；合成示例，不代表真实管控边界；示意"
    if suffix == ".shp":
        assert read(path)[0][0]["MARK"] == mark
        assert names(tmp_path)[0] == "F.cpg"
        assert all("内部使用" in name for name in names(tmp_path) if not name.startswith("F."))
        assert read(tmp_path / "F_内部使用_overlap_polygon.shp")[0][0]["MARK"] == mark
        assert "内部使用" in (tmp_path / "F_内部使用_overlap_polygon.shp.xml").read_text(encoding="utf-8")
        assert mark in (tmp_path / "F_内部使用_字段说明.csv").read_text(encoding="utf-8-sig")
    elif suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            assert all(name.startswith("F_内部使用") for name in archive.namelist())
    elif suffix == ".gpkg":
        assert pyogrio.read_info(path, layer="site")["dataset_metadata"]["MARK"] == mark
        assert [row["MARK"] for row in read(path, "overlaps")[0]] == [mark]
    else:
        document = json.loads(path.read_text(encoding="utf-8"))
        assert document["marks"]["MARK"] == mark
        assert [f["properties"]["MARK"] for f in document["features"]] == [mark, mark]


def test_a_lost_card_counts_as_restricted(tmp_path):
    verdict = result(layers=result()["layers"][1:])
    path = run(tmp_path / "F.gpkg", verdict).paths[0]
    assert read(path, "site")[0][0]["MARK"] == "内部使用"
    assert read(path, "overlaps")[0][0]["MARK"] == "内部使用"


@pytest.mark.parametrize("said", [None, "no"])
def test_a_card_that_does_not_say_counts_as_restricted(tmp_path, said):
    verdict = result()
    verdict["layers"][0]["restricted"] = said
    rows = read(run(tmp_path / "F.gpkg", verdict).paths[0], "overlaps")[0]
    assert [row["MARK"] for row in rows] == ["内部使用"]
    assert "内部使用" in export_name(verdict, suffix=".shp")


def test_a_layer_with_a_card_and_no_finding_is_listed_as_unknown(tmp_path):
    verdict = result()
    lost = verdict["findings"].pop(1)["layer"]
    rows = read(run(tmp_path / "F.gpkg", verdict).paths[0], "findings")[0]
    assert [r["ANSWER"] for r in rows if r["LAYER"] == lost] == ["unknown"]


@pytest.mark.parametrize("suffix", EXPORT_SUFFIXES)
def test_without_overlaps_every_layer_is_still_listed(tmp_path, suffix):
    verdict = result()
    written = run(tmp_path / f"F{suffix}", verdict, pieces=[])
    assert written.noted("no_overlaps")
    if suffix == ".shp":
        assert not list(tmp_path.glob("F_overlap*"))
        assert len(read(tmp_path / "F_findings.dbf")[0]) == 6
    if suffix == ".gpkg":
        assert read(written.paths[0], "overlaps")[0] == []
        assert len(read(written.paths[0], "findings")[0]) == 6
    assert written.noted("feature_without_piece")[0].zh.endswith(f"{UNIT} / u1")


def test_an_earlier_export_is_replaced_as_a_set(tmp_path):
    run(tmp_path / "F.shp")
    run(tmp_path / "F.shp", pieces=[])
    assert not list(tmp_path.glob("F_overlap*"))
    verdict = result()
    verdict["layers"][0]["restricted"] = True
    run(tmp_path / "F.shp", verdict)
    assert not (tmp_path / "F.gpkg").exists()
    assert (tmp_path / "F_内部使用.gpkg").exists()
    run(tmp_path / "F.shp")
    assert not list(tmp_path.glob("*内部使用*"))


def test_a_geopackage_the_site_may_have_come_from_is_not_overwritten(tmp_path):
    (tmp_path / "F.gpkg").write_bytes(b"mine")
    with pytest.raises(OutputInTheWayError, match=r"F\.gpkg"):
        run(tmp_path / "F.shp")
    assert (tmp_path / "F.gpkg").read_bytes() == b"mine"
    assert names(tmp_path) == ["F.gpkg"]


@pytest.mark.parametrize("suffix", EXPORT_SUFFIXES)
def test_a_crash_while_files_are_moved_leaves_the_old_export(tmp_path, monkeypatch, suffix):
    run(tmp_path / f"F{suffix}")
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    calls = 0
    move = os.replace

    def failing(source, target):
        nonlocal calls
        calls += 1
        if calls == min(5, len(before)):
            raise PermissionError(13, "open")
        move(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(OutputInUseError):
        run(tmp_path / f"F{suffix}", result(answer="unknown"))
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_three_kinds_of_site_geometry_each_carry_the_answer(tmp_path):
    site = shapely.GeometryCollection(
        [SITE, shapely.LineString([(119.7, 49.2), (119.8, 49.3)]), shapely.Point(119.9, 49.3)]
    )
    pieces = [
        *overlaps(),
        *overlaps(shapely.LineString([(119.7, 49.2), (119.71, 49.21)])),
        *overlaps(shapely.Point(119.9, 49.3)),
    ]
    run(tmp_path / "F.shp", site=site, pieces=pieces)
    for name in ("F.shp", "F_line.shp", "F_point.shp"):
        assert [row["ANSWER"] for row in read(tmp_path / name)[0]] == ["hit"]
    for kind in ("polygon", "line", "point"):
        assert [row["CODE"] for row in read(tmp_path / f"F_overlap_{kind}.shp")[0]] == ["ZH15070210001"]
    assert {"site", "site_line", "site_point"} <= {row[0] for row in pyogrio.list_layers(tmp_path / "F.gpkg")}


def test_a_zone_with_prefix_moves_every_layer_and_is_named(tmp_path):
    run(tmp_path / "F.shp", crs="EPSG:4528")
    for name in ("F.shp", "F_overlap_polygon.shp"):
        assert pyogrio.read_info(tmp_path / name)["crs"] == "EPSG:4528"
        assert 40_000_000 < read(tmp_path / name)[1][0].bounds[0] < 41_000_000
    assert read(tmp_path / "F.shp")[0][0]["ZBX"] == "EPSG:4528"
    assert run(tmp_path / "G.shp", crs="EPSG:4525").noted("outside_zone")


@pytest.mark.parametrize(
    ("options", "match"), [({"crs": "EPSG:3857"}, "not a CRS of CGCS2000"), ({"encoding": "GB18030"}, "UTF-8 or GBK")]
)
def test_what_is_not_offered_is_refused(tmp_path, options, match):
    with pytest.raises(NotWritableError, match=match):
        run(tmp_path / "F.shp", **options)
    with pytest.raises(NotWritableError, match="Choose one of these endings"):
        run(tmp_path / "F.tab")
    assert names(tmp_path) == []


def test_a_piece_the_verdict_does_not_list_is_written_and_noted(tmp_path):
    written = run(tmp_path / "F.gpkg", pieces=[*overlaps(), *overlaps(feature_id="zz")])
    rows = read(written.paths[0], "overlaps")[0]
    assert [(r["FEATURE_ID"], r["CDMJ_M2"]) for r in rows] == [("u1", 120000.55), ("zz", None)]
    assert written.noted("piece_unlisted")[0].rows == (2,)


def test_the_whole_result_is_in_geojson_and_geopackage(tmp_path):
    verdict = result()
    document = json.loads(run(tmp_path / "F.geojson", verdict).paths[0].read_text(encoding="utf-8"))
    assert document["result"] == verdict
    metadata = pyogrio.read_info(run(tmp_path / "F.gpkg", verdict).paths[0], layer="site")["dataset_metadata"]
    assert json.loads(metadata["RESULT"]) == verdict


def test_the_result_is_not_changed_and_the_same_input_gives_the_same_bytes(tmp_path):
    verdict = result()
    kept = copy.deepcopy(verdict)
    once, twice = (run(tmp_path / name, verdict).paths[0] for name in ("a.zip", "b.zip"))
    assert verdict == kept
    with zipfile.ZipFile(once) as a, zipfile.ZipFile(twice) as b:
        assert [n.replace("a", "b", 1) for n in a.namelist() if n.startswith("a")] == b.namelist()
        assert a.infolist()[0].date_time == (2026, 11, 22, 0, 0, 0)
        assert a.read("a.shp") == b.read("b.shp")
        assert a.read("a.dbf") == b.read("b.dbf")
        assert a.read("a.gpkg") == b.read("b.gpkg")
        assert a.getinfo("a_字段说明.csv").flag_bits & 0x800


def test_english_words_beside_the_same_codes(tmp_path):
    row = read(run(tmp_path / "F.gpkg", language="en").paths[0], "findings")[0][3]
    assert (row["ANSWER"], row["ANSWER_T"], row["REASON_T"]) == (
        "unknown",
        "unknown",
        "no layer of this kind is loaded",
    )


def test_warnings_are_in_words_and_an_unknown_one_stays_as_it_is(tmp_path):
    verdict = result(warnings=[{"code": "layer_expired", "layer": LINE}, {"code": "never_heard_of"}])
    row = read(run(tmp_path / "F.gpkg", verdict).paths[0], "site")[0][0]
    assert row["WARNINGS"] == LINE + ': 图层已过有效期; {"code": "never_heard_of"}'


def test_a_name_the_program_chooses_says_internal_use():
    verdict = result()
    assert export_name(verdict, suffix=".zip") == "呼伦贝尔某项目 𠮷_2026-11-22.zip"
    verdict["layers"][1]["restricted"] = True
    assert export_name(verdict, suffix=".zip") == "呼伦贝尔某项目 𠮷_2026-11-22_内部使用.zip"
    verdict["site"]["name"] = '..\\a/b:*?"<>|. '
    assert export_name(verdict, suffix=".shp") == "_a_b" + "_" * 7 + "_2026-11-22_内部使用.shp"  # : * ? " < > |


def test_a_name_that_says_internal_use_already_is_not_marked_twice(tmp_path):
    """A user's or the program's own name carries 内部使用 once."""
    verdict = result()
    verdict["layers"][1]["restricted"] = True
    written = run(tmp_path / export_name(verdict, suffix=".zip"), verdict)
    with zipfile.ZipFile(written.paths[0]) as archive:
        assert {name.count("内部使用") for name in archive.namelist()} == {1}
