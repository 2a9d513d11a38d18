"""``sanxian demo``: built once through the program, then looked at."""

from __future__ import annotations

import json
import zipfile

import pytest
import shapely

from apps.demo.build import MARKER
from apps.demo.content import COVERAGE, demo_layers
from apps.demo.sites import SITES
from layers.workspace import FolderStore
from maps.errors import FontMissingError
from maps.figure.fonts import chinese_fonts
from spatial.boundaries import available, union
from tests.apps.cli import require_valid, run

pytestmark = pytest.mark.skipif(not available(), reason="administrative boundaries are not built here: run make setup")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A demo in the place of an earlier one."""
    folder = tmp_path_factory.mktemp("演示") / "my demo"
    (folder / "results").mkdir(parents=True)
    (folder / "results" / "stale.txt").write_text("of the earlier demo")
    (folder / MARKER).write_text("{}")
    return folder, run("demo", folder, charset="gbk")


@pytest.fixture(scope="module")
def city():
    return union(COVERAGE).geometry


def answers(folder):
    results = {}
    for site in SITES:
        document = json.loads((folder / "results" / f"{site.result}.json").read_text(encoding="utf-8"))
        require_valid(document)
        results[site.argument] = document
    return results


def test_it_says_where_things_lie_in_both_languages(made):
    folder, done = made
    assert done.exit_code == 0, done.stderr
    text = done.stdout_bytes.decode("gbk")
    for label in ("地图 / Map", "公众地图 / Public map", "报告数据 / Report data", "shapefile 成果 / Shapefile export"):
        assert label in text
    for name in ("map.html", "public-map.html", "result.json", "export.zip"):
        assert str(folder / "results" / name) in text
        assert (folder / "results" / name).stat().st_size > 1000
    assert "合成示例，不代表真实管控边界" in text


def test_an_earlier_demo_is_replaced_as_a_whole(made):
    folder, _ = made
    assert not (folder / "results" / "stale.txt").exists()
    assert sorted(p.name for p in folder.iterdir()) == ["README.txt", "results", MARKER, "sites", "workspace"]
    assert [p.name for p in folder.parent.iterdir()] == ["my demo"]


def test_a_report_and_a_certificate_that_verifies_are_left(made):
    folder, done = made
    results, said = folder / "results", done.stdout_bytes.decode("gbk")
    (report,) = [p for p in results.iterdir() if p.stem == "report"]
    try:
        chinese_fonts()
        assert report.read_bytes().startswith(b"%PDF-")
    except FontMissingError:
        assert report.suffix == ".html"
    certificate = json.loads((results / "certificate.json").read_text("utf-8"))
    assert "wind_power" in json.dumps(certificate)
    for path in (report, results / "certificate.json"):
        assert str(path) in said
    assert f'sanxian verify "{results / "certificate.json"}" --workspace "{folder / "workspace"}"' in said
    assert "sanxian verify results/certificate.json" in (folder / "README.txt").read_text("utf-8")
    assert run("verify", results / "certificate.json", "--workspace", folder / "workspace").exit_code == 0


def test_all_answers_and_all_geometries_occur(made):
    folder, _ = made
    found = answers(folder)
    assert {d["answer"] for d in found.values()} == {"hit", "uncertain", "unknown", "clear"}
    assert {d["site"]["scope"] for d in found.values()} == {"point", "line", "polygon"}
    assert {a: d["answer"] for a, d in found.items()} == {
        "合成风电场.geojson": "hit",
        "合成物流园区.zip": "clear",
        "合成输电线路.kml": "hit",
        "合成光伏电站.gpkg": "uncertain",
        "合成采石场.csv": "unknown",
        "合成风机点位.csv": "hit",
        "117.45,49.58": "clear",
    }
    assert len({site.format for site in SITES}) >= 6


def test_a_check_with_no_flag_but_workspace_gives_the_same(made):
    folder, _ = made
    kept = answers(folder)
    for site in SITES:
        if site.format in ("geojson", "csv_ring", "csv_points", "typed", "kml"):
            argument = site.argument if site.format == "typed" else folder / "sites" / site.argument
            again = json.loads(run("check", argument, "--workspace", folder / "workspace", "--json", "-").stdout)
            assert again["findings"] == kept[site.argument]["findings"]
            assert again["site"] == kept[site.argument]["site"]


def test_every_card_map_and_export_is_marked_synthetic(made):
    folder, _ = made
    store = FolderStore.open(folder / "workspace")
    assert store.damages == ()
    assert store.verify() == ()
    cards = [store.open_version(entry).card for entry in store.entries]
    assert len(cards) == 6
    assert all(card["synthetic"] and not card["restricted"] and "合成" in card["name"] for card in cards)
    assert not any(card["rejected"] or card["problems"] for card in cards)
    page = (folder / "results" / "map.html").read_text(encoding="utf-8")
    assert "合成示例，不代表真实管控边界" in page
    assert "内部使用" not in page
    page = (folder / "results" / "public-map.html").read_text(encoding="utf-8")
    assert '<meta name="synthetic" content="合成示例，不代表真实管控边界">' in page
    assert '"restricted":true' not in page
    with zipfile.ZipFile(folder / "results" / "export.zip") as archive:
        names = archive.namelist()
        dictionary = next(name for name in names if name.endswith(".csv") and "字段说明" in name)
        assert "合成示例，不代表真实管控边界" in archive.read(dictionary).decode("utf-8-sig")
    assert any(name.endswith(".shp") for name in names)
    assert (folder / "results" / "result.json").read_bytes() == (folder / "results" / "合成风电场.json").read_bytes()


def test_the_site_on_the_map_meets_a_red_line_and_two_units(made):
    folder, _ = made
    shown = json.loads((folder / "results" / "result.json").read_text(encoding="utf-8"))
    assert (shown["in_red_line"], shown["in_priority_unit"]) == ("yes", "yes")
    units = [
        f
        for owner in (*shown["findings"], *shown["context"])
        if owner["kind"] == "control_units"
        for f in owner["features"]
    ]
    # units tile the land: the shares of a site inside the city make one
    assert sum(f["share"] for f in units) == pytest.approx(1, abs=1e-6)


def test_layers_lie_inside_the_real_boundary_and_units_tile_it(city):
    layers = {layer.kind: layer for layer in demo_layers(city)}
    for layer in layers.values():
        for shape, fields in layer.features:
            assert shapely.is_valid(shape)
            assert shapely.difference(shape, city).area < 1e-9  # rounding to 1e-7 degree
            assert any("合成" in str(value) for value in fields.values())
    units = [shape for shape, _ in layers["control_units"].features]
    assert sum(shape.area for shape in units) == pytest.approx(city.area, rel=1e-6)
    assert shapely.union_all(units).area == pytest.approx(city.area, rel=1e-6)
    assert {f["保护区级别"] for _, f in layers["water_sources"].features} == {"一级", "二级", None}


def test_the_same_layers_come_out_every_time(city):
    first, second = ([shapely.to_wkb(s) for layer in demo_layers(city) for s, _ in layer.features] for _ in range(2))
    assert first == second


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path):
    mine = tmp_path / "mine.txt"
    mine.write_text("x")
    done = run("demo", tmp_path)
    assert done.exit_code == 3
    assert "演示文件夹不是空的" in done.stderr
    (tmp_path / MARKER).write_text("{}")
    assert run("demo", tmp_path).exit_code == 3
    assert mine.read_text() == "x"
