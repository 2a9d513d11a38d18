"""The benchmarks: engines that must agree, at tiny sizes; tables and the cost model by hand. Nothing looks at a clock."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import shapely

from benchmarks.comparing import agrees
from benchmarks.cost_model import Basis, basis_of, cost
from benchmarks.cost_model import markdown as cost_table
from benchmarks.data import QUICK, data_at, subdivided
from benchmarks.engines import ENGINES, INSTALL, TASKS, Answer, rivals_in
from benchmarks.engines.postgis import unavailable
from benchmarks.goals import goals_of
from benchmarks.process import EngineFailedError, Rival
from benchmarks.racing import Pace, Row, with_ratios
from benchmarks.tables import between_markers, markdown, merged, title_of

TINY = replace(
    QUICK, name="tiny", units=25, unit_vertices=24, red_lines=8, red_line_vertices=48, huge_vertices=600,
    sources=6, protected=4, points=1_500, parcels=80, polygons=60,
)  # fmt: skip
IN_PROCESS = ("benchmarks.engines.frames", "benchmarks.engines.trees", "benchmarks.engines.duck")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return data_at(tmp_path_factory.mktemp("bench"), TINY)


def size(task):
    return {"points": TINY.points, "areas": TINY.polygons}.get(task.partition("_")[0], TINY.parcels)


def answer(engine, task, data):
    """What an engine finds, in this process."""
    import importlib

    if engine.missing():
        pytest.skip(f"{', '.join(engine.missing())} not installed: {INSTALL}")
    racer = importlib.import_module(engine.module).racer(engine.variant, task, data, size(task))
    racer.load()
    racer.prepare()
    try:
        return racer.run()
    finally:
        racer.close()


def named(name):
    return next(engine for engine in ENGINES if engine.name == name)


CASES = [(t, e.name) for t in TASKS for e in rivals_in(t) if e.module in IN_PROCESS and e.name != "shapely, subdivided"]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(("task", "name"), CASES)
def test_peers_find_what_the_reference_finds(task, name, data):
    reference = answer(named("shapely, subdivided"), task, data)
    assert len(reference.site) > 0
    assert agrees(task, answer(named(name), task, data), reference, size(task), data)


@pytest.mark.parametrize("task", TASKS)
def test_ours_finds_what_the_reference_finds(task, data, monkeypatch):
    from benchmarks.engines import ours
    from spatial.overlay.index import GeometryIndex

    layer = task.partition("_")[2]
    if layer:
        index = GeometryIndex.of(ours.geometries(data.path(layer), "zone")[0])
        monkeypatch.setattr(ours.Ours, "index", index)
    reference = answer(named("pyproj.Geod, a loop" if task == "areas" else "shapely, subdivided"), task, data)
    assert agrees(task, answer(named("ours"), task, data), reference, size(task), data)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    ("task", "change"),
    [
        ("points_units", "a pair is missing"),
        ("points_units", "a pair too many"),
        ("overlay_red_line", "a pair is missing"),
        ("overlay_red_line", "a pair too many"),
        ("overlay_red_line", "another value"),
        ("nearest_sources", "a pair is missing"),
        ("nearest_sources", "another value"),
    ],
)
def test_an_answer_that_differs_in_one_pair_is_not_equal(task, change, data):
    reference = answer(named("shapely, subdivided"), task, data)
    large = int(np.argmax(reference.site if reference.value is None else reference.value))
    keep = np.delete(np.arange(len(reference.site)), large)
    value = reference.value
    if change == "a pair is missing":
        value = None if value is None else value[keep]
        wrong = Answer(site=reference.site[keep], zone=reference.zone[keep], value=value, metres=reference.metres)
    elif change == "a pair too many":
        more = None if value is None else np.append(value, value[large])
        site, zone = np.append(reference.site, reference.site[large]), np.append(reference.zone, 999)
        wrong = Answer(site=site, zone=zone, value=more, metres=reference.metres)
    else:
        other = value.copy()
        other[large] *= 1.01
        wrong = replace(reference, value=other)
    assert not agrees(task, wrong, reference, size(task), data)


def test_an_answer_for_fewer_sites_is_compared_as_far_as_it_goes(data):
    reference = answer(named("shapely, subdivided"), "points_units", data)
    few = reference.site < 100
    assert agrees("points_units", Answer(site=reference.site[few], zone=reference.zone[few]), reference, 100, data)
    assert not agrees("points_units", Answer(site=reference.site[few], zone=reference.zone[few]), reference, 200, data)


def test_pieces_are_small_and_make_up_the_zones():
    zones = np.array([shapely.Point(120, 45).buffer(1, quad_segs=200).difference(shapely.box(120, 45, 120.1, 45.2))])
    pieces, rows = subdivided(zones, 64)
    assert shapely.get_num_coordinates(pieces).max() <= 64
    assert set(rows) == {0}
    assert shapely.area(pieces).sum() == pytest.approx(zones[0].area, rel=1e-12)
    assert shapely.union_all(pieces).symmetric_difference(zones[0]).area < 1e-12


def test_data_are_the_same_whenever_they_are_made(data, tmp_path):
    again = data_at(tmp_path, TINY)
    assert again.path("units").read_bytes() == data.path("units").read_bytes()
    assert again.path("parcels").read_bytes() == data.path("parcels").read_bytes()
    assert (tmp_path / ".gitignore").read_text(encoding="utf-8") == "*\n"


def test_an_engine_runs_in_a_process_of_its_own_and_says_what_it_found(data, tmp_path):
    rival = Rival(named("geopandas"), "points_units", data, 200, 120)
    try:
        rival.start()
        taken = rival.run()
        found = rival.answer(tmp_path / "answer.npz")
    finally:
        rival.close()
    assert rival.rounds == [taken]
    assert found.site.max() < 200
    assert agrees("points_units", found, answer(named("shapely, subdivided"), "points_units", data), 200, data)


def test_an_engine_that_fails_says_why(data):
    rival = Rival(replace(named("geopandas"), variant="beside"), "points_units", data, 200, 120)
    try:
        rival.start()
        with pytest.raises(EngineFailedError, match=r"geopandas: ValueError: .*beside"):
            rival.run()
    finally:
        rival.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["SedonaDB, subdivided", "PostGIS, ST_Subdivide", "dask-geopandas, 2 workers, subdivided"]
)
def test_peers_with_workers_or_a_server_find_what_the_reference_finds(name, data, tmp_path):
    engine = named(name)
    if engine.missing():
        pytest.skip(f"{', '.join(engine.missing())} not installed: {INSTALL}")
    if name.startswith("PostGIS") and unavailable() is not None:
        pytest.skip(unavailable())
    rival = Rival(engine, "overlay_red_line", data, TINY.parcels, 120)
    try:
        rival.start()
        rival.run()
        found = rival.answer(tmp_path / "answer.npz")
    finally:
        rival.close()
    reference = answer(named("shapely, subdivided"), "overlay_red_line", data)
    assert agrees("overlay_red_line", found, reference, TINY.parcels, data)
    assert rival.peak > 1


def test_ratios_are_for_each_site():
    base = Row(task="t", engine="geopandas", n=100, seconds=10.0, low=9, high=11, rounds=5)
    ours = Row(task="t", engine="ours", n=1_000, seconds=20.0, low=19, high=21, rounds=5)
    # 0.1 s and 0.02 s a site
    assert [row.ratio for row in with_ratios([base, ours])] == [1.0, 5.0]
    assert with_ratios([ours])[0].ratio is None


def run_of(*rows):
    return {
        "measured": "2026-11-23", "machine": "2 cores", "versions": {"numpy": "2"}, "data": "made up", "sizes": "full",
        "facts": {}, "rows": [row.document() for row in rows], "left_out": [], "floor": [],
    }  # fmt: skip


def row(task="areas", engine="ours", n=1_000, seconds=0.5, **facts):
    return Row(task=task, engine=engine, n=n, seconds=seconds, low=seconds, high=seconds, rounds=5, **facts)


def test_a_table_has_every_row_with_time_memory_and_whether_answers_are_equal():
    found = run_of(row(peak_mb=123.4, equal=True, ratio=4.0), row(engine="other", seconds=2.0, equal=False))
    text = markdown(found, "en")
    assert "| **ours** | 1,000 | 0.5 | 0.5-0.5 | 5 | 500 | 4 | 123 | yes |  |  |" in text
    assert "| other | 1,000 | 2 | 2-2 | 5 | 2,000 |  |  | **no** |  |  |" in text
    assert text.index("**ours**") < text.index("| other")  # the quicker first
    assert "| **ours** | 1,000 | 0.5 | 0.5-0.5 | 5 | 500 | 4 | 123 | 是 |  |  |" in markdown(found, "zh")


def test_tiny_data_are_called_so_on_the_page():
    found = run_of(row())
    assert "figures mean nothing" not in markdown(found, "en")
    assert "figures mean nothing" in markdown(found | {"sizes": "quick"}, "en")


def test_a_run_of_some_tasks_keeps_the_others_of_the_same_data_and_machine():
    before = run_of(row(task="points_units"), row(task="areas", seconds=9.0))
    now = run_of(row(task="areas", seconds=1.0))
    assert [(r["task"], r["seconds"]) for r in merged(before, now)["rows"]] == [("points_units", 0.5), ("areas", 1.0)]
    assert merged(before | {"machine": "64 cores"}, now)["rows"] == now["rows"]
    assert merged(None, now) == now


def test_tables_go_between_the_markers_and_nowhere_else(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- tables zh -->\nold\n<!-- /tables zh -->\nb\n", encoding="utf-8")
    between_markers(page, "tables zh", "new")
    between_markers(page, "tables zh", "new")
    assert page.read_text(encoding="utf-8") == "a\n<!-- tables zh -->\n\nnew\n\n<!-- /tables zh -->\nb\n"
    with pytest.raises(ValueError, match=r"page\.md: not one place for tables en"):
        between_markers(page, "tables en", "new")


def test_every_task_has_a_title_in_both_languages():
    from benchmarks.__main__ import DONE_WHOLE

    for task in (*TASKS, *(t for t in DONE_WHOLE if not t.startswith("growth"))):
        assert title_of(task, "zh") != task
        assert title_of(task, "en") not in {task, title_of(task, "zh")}


def test_goals_are_ratios_of_what_was_measured():
    found = goals_of(
        [
            row(task="points_units", engine="geopandas", n=1_000_000, seconds=3.0).document(),
            row(task="points_units", engine="DuckDB, whole", n=100_000, seconds=0.2).document(),  # 2 us a point
            row(task="points_units", engine="PostGIS, whole", n=1_000_000, seconds=5.0).document(),
            row(task="points_units", engine="ours", n=1_000_000, seconds=0.5).document(),
            row(task="growth_longer_points", n=1_000, seconds=4.0).document(),  # quicker with more: no rise
            row(task="growth_longer_points", n=1_000, seconds=1.0).document(),
            row(task="growth_longer_points", n=1_000, seconds=2.5).document(),
        ]
    )
    assert [(goal.en, goal.measured, goal.wanted, goal.reached) for goal in found] == [
        ("points in units, against geopandas", pytest.approx(6.0), 5, True),
        ("points in units, against the best database", pytest.approx(4.0), 4, True),
        ("longer boundary, points: each", pytest.approx(2.5), 2, False),
    ]
    assert goals_of([]) == []


def test_goals_of_one_check_look_at_time_and_memory():
    found = goals_of(
        [row(task="one_site", engine="sanxian check, process: CSV", n=1, seconds=0.7, peak_mb=260).document()]
    )
    assert [(goal.unit, goal.reached) for goal in found] == [("s", True), ("MB", False)]


BASIS = Basis(site_s=0.0009, growth=2.0, index_mb=512.0, units=10_000, process_mb=256.0, row_bytes=1024.0)


def test_costs_follow_from_the_basis_by_hand():
    # 4 million sites of 0.9 ms are 3600 s on one core; layers ten times as large take twice as long: 2 core hours
    found = cost(BASIS, sites=4_000_000, units=100_000, cores=4, efficiency=0.5)
    assert found.core_hours == pytest.approx(2.0)
    assert found.hours == pytest.approx(2.0 / (4 * 0.5))
    assert found.memory_gb == pytest.approx((5120 + 4 * 256) / 1024)  # 6 GB
    assert found.disk_gb == pytest.approx((5120 + 4_000_000 / 1024) / 1024)
    alone = cost(BASIS, sites=4_000_000, units=10_000, cores=1, efficiency=0.5)
    assert (alone.core_hours, alone.hours) == (pytest.approx(1.0), pytest.approx(1.0))


def test_layers_that_are_smaller_or_quicker_than_measured_are_not_counted_as_a_gain():
    assert cost(replace(BASIS, growth=0.5), sites=4_000_000, units=100_000, cores=1).core_hours == pytest.approx(1.0)
    assert cost(BASIS, sites=4_000_000, units=1_000, cores=1).core_hours == pytest.approx(1.0)


def test_the_basis_is_read_from_a_run_and_none_is_made_up():
    found = run_of(
        row(task="growth_longer_overlay", n=1_000, seconds=1.0),
        row(task="growth_longer_overlay", n=1_000, seconds=1.5),
        row(task="check_many", engine="geopandas process", n=100_000, seconds=14.0, peak_mb=900.0),
        row(task="check_many", engine="sanxian check-many", n=100_000, seconds=20.0, core_s=30.0, peak_mb=300.0),
        row(task="memory", engine="sanxian check-many", n=1_000_000, seconds=100.0, core_s=180.0, peak_mb=310.0),
    )
    assert basis_of(found) is None
    assert cost_table(found, "en") == "Not all of it was measured yet."
    found["facts"] = {"index_mb": 800.0, "units": 20_000, "row_bytes": 60.0}
    assert basis_of(found) == Basis(
        site_s=0.00018, growth=1.5, index_mb=800.0, units=20_000, process_mb=310.0, row_bytes=60.0
    )
    table = cost_table(found, "zh")
    assert "| 180 µs |" in table.replace("每个选址，一个核，整个进程 | ", "")
    assert json.dumps(found)


def test_every_engine_names_what_it_needs_and_is_known_by_one_name():
    names = [engine.name for engine in ENGINES]
    assert len(set(names)) == len(names)
    for engine in ENGINES:
        assert set(engine.tasks) <= set(TASKS)
        assert set(engine.most) <= set(engine.tasks)
    assert replace(ENGINES[0], needs=("no_such_package_there",)).missing() == ("no_such_package_there",)


def test_a_database_joins_with_the_pieces_it_is_quickest_with(data, monkeypatch):
    from benchmarks import pieces

    took = {512: 3.0, 256: 2.0, 128: 1.0, 64: 0.5, 32: 4.0}
    monkeypatch.setattr(pieces, "_tried", lambda engine, task, data, size, vertices, limit_s: took[vertices])
    engine = named("DuckDB, subdivided")
    said = []
    best = pieces.at_its_best(engine, "points_units", data, 100, 10, said.append)
    assert (best.variant, pieces.pieces_of(best.variant)) == ("subdivided 64", 64)
    assert "pieces of 64 0.5 s" in said[0]
    took[512] = 0.1  # what was found is kept
    assert pieces.at_its_best(engine, "points_units", data, 100, 10, said.append) == best
    assert len(said) == 1
    assert pieces.at_its_best(named("geopandas"), "points_units", data, 100, 10, said.append) == named("geopandas")
    (data.folder / "best_pieces.json").unlink()


def test_smaller_pieces_are_the_same_whether_cut_from_zones_or_from_larger_pieces(data):
    from benchmarks.engines.trees import geometries
    from benchmarks.pieces import pieces_at

    zones, _ = geometries(data.path("red_line"), "zone")
    at_once, rows = subdivided(zones, 32)
    in_steps, of = geometries(pieces_at(data, "red_line", 32), "zone")
    assert shapely.get_num_coordinates(in_steps).max() <= 32
    assert sorted(zip(of, shapely.normalize(in_steps).tolist(), strict=True), key=str) == sorted(
        zip(rows, shapely.normalize(at_once).tolist(), strict=True), key=str
    )
    assert not list(data.folder.glob("*.half"))


def test_quick_engines_have_more_rounds_and_slow_ones_fewer():
    pace = Pace(rounds=5, limit_s=300, budget_s=75, ours_s=60, quick_s=8)
    taken = {seconds: [] for seconds in (0.1, 1.0, 10.0, 40.0)}
    for seconds, rounds in taken.items():
        while pace.goes_on(rounds):
            rounds.append(seconds)
    assert {seconds: len(rounds) for seconds, rounds in taken.items()} == {0.1: 15, 1.0: 8, 10.0: 5, 40.0: 1}
