"""Many sites: each row is what one check says, none is lost or repeated, and one bad row costs itself only."""

import csv
import gc
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import geopandas as gpd
import pyarrow.parquet as pq
import pytest
import shapely

from layers.workspace import FolderStore
from screening.batch.intake import chunks_of, sites_of
from screening.batch.job import Job
from screening.batch.row import COLUMNS, row_of
from screening.batch.running import answer, take_in
from screening.batch.writing import write_rows
from screening.errors import BatchJobError
from screening.inquiry import snapped
from screening.loaded import load
from screening.screen import judge, screen
from screening.site import place
from spatial.errors import NotWritableError
from spatial.reading import read
from spatial.reading.pieces import read_pieces
from tests.apps.cli import run, small_workspace

DAY = "2026-11-22"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return small_workspace(tmp_path_factory.mktemp("many") / "ws")


def points(count):
    """Over the red line's corner, 200 m apart."""
    return [(round(117.43 + 0.002 * (i % 20), 6), round(49.56 + 0.006 * (i // 20), 6)) for i in range(count)]


def table(path, count, bad=()):
    rows = ["编号,名称,经度,纬度"]
    rows += [
        f"P{i},站点{i}," + ("abc,49.5" if i in bad else f"{x:.6f},{y:.6f}") for i, (x, y) in enumerate(points(count))
    ]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8-sig")
    return path


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_is_what_a_check_of_that_site_alone_says(workspace, tmp_path):
    source, out = table(tmp_path / "点.csv", 60), tmp_path / "结果.csv"
    done = run("check-many", source, "-w", workspace, "--out", out, "--as-of", DAY, "--workers", 1)
    assert done.exit_code == 0, done.output
    rows, store, reading = rows_of(out), FolderStore.open(workspace), read(source)
    assert [int(r["row"]) for r in rows] == list(range(1, 61))
    assert {"hit", "clear"} <= {r["red_lines"] for r in rows}
    for i in (0, 17, 25, 59):
        x, y = points(60)[i]
        alone = run("check", f"{x:.6f},{y:.6f}", "-w", workspace, "--as-of", DAY, "--json", "-")
        said = json.loads(alone.stdout)
        assert (rows[i]["answer"], rows[i]["red_lines"]) == (said["answer"], said["kinds"]["red_lines"])
        assert float(rows[i]["site_accuracy_m"]) == pytest.approx(said["site"]["accuracy_m"])
        assert rows[i]["site_name"] == f"站点{i}"
    assert len(reading.ids) == 60
    assert store.entries


def test_bad_rows_are_listed_with_their_reason_and_stop_nothing(workspace, tmp_path):
    source, out = table(tmp_path / "p.csv", 12, bad=(3, 7)), tmp_path / "r.csv"
    done = run("check-many", source, "-w", workspace, "--out", out, "--as-of", DAY, "--workers", 1)
    rows = rows_of(out)
    assert [r["answer"] == "" for r in rows] == [i in (3, 7) for i in range(12)]
    assert "a cell is no coordinate" in rows[3]["trouble"]
    assert rows[3]["trouble_code"]
    assert "未能核查的记录" in done.output
    assert "12" in done.output


def test_a_point_off_the_earth_is_a_bad_row_too(workspace, tmp_path):
    source, out = tmp_path / "p.csv", tmp_path / "r.csv"
    source.write_text("名称,经度,纬度\n甲,117.45,49.58\n乙,179.5,49.5\n丙,117.5,49.5\n", encoding="utf-8")
    assert run("check-many", source, "-w", workspace, "--out", out, "--workers", 1).exit_code == 0
    assert [r["answer"] == "" for r in rows_of(out)] == [False, True, False]


def test_pieces_say_what_the_whole_says(tmp_path):
    source = table(tmp_path / "p.csv", 50, bad=(10, 49))
    whole = read(source)
    found, lost = {}, {}
    for piece in read_pieces(source, rows=7):
        assert piece.reading.crs == whole.crs
        assert piece.reading.accuracy == whole.accuracy
        found |= {piece.before + int(i): g for i, g in zip(piece.reading.ids, piece.reading.geometries, strict=True)}
        lost |= {piece.before + int(u.id): u.problem.code for u in piece.reading.unreadable}
    assert found == {int(i): g for i, g in zip(whole.ids, whole.geometries, strict=True)}
    assert lost == {int(u.id): u.problem.code for u in whole.unreadable}


def test_quoted_line_ends_part_no_record(tmp_path):
    source = tmp_path / "q.csv"
    source.write_text('名称,经度,纬度\n"甲\n一",117.4,49.5\n乙,117.5,49.5\n"丙,丁",117.6,49.5\n', encoding="utf-8")
    assert [len(p.reading.ids) for p in read_pieces(source, rows=1)] == [1, 1, 1]


def test_corners_of_a_parcel_are_read_as_a_whole(tmp_path):
    source = tmp_path / "c.csv"
    corners = [(117.4, 49.5), (117.41, 49.5), (117.41, 49.51), (117.4, 49.51)]
    rows = [f"J{i},{x},{y}" for i, (x, y) in enumerate(corners, 1)]
    source.write_text("点号,经度,纬度\n" + "\n".join(rows) + "\n", encoding="utf-8")
    (piece,) = read_pieces(source, rows=2)
    assert [g.geom_type for g in piece.reading.geometries] == ["Polygon"]


def test_a_later_piece_in_other_units_is_refused_row_by_row(tmp_path):
    source = tmp_path / "p.csv"
    rows = ["甲,117.4,49.5", "乙,117.5,49.5", "丙,5450000,40500000", "丁,117.6,49.5"]
    source.write_text("名称,经度,纬度\n" + "\n".join(rows) + "\n", encoding="utf-8")
    taken = {t.number: t for t in sites_of(source)}
    small = list(read_pieces(source, rows=2))
    assert [n for n, t in taken.items() if t.site is None] == [3]
    lost = [p.before + int(u.id) for p in small if p.reading for u in p.reading.unreadable]
    lost += [p.before + 1 for p in small if p.reading is None]
    assert lost == [3]


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".gpkg", ".xlsx"])
def test_formats_hold_the_same_rows(suffix, workspace, tmp_path):
    source, out = table(tmp_path / "p.csv", 25, bad=(4,)), tmp_path / f"r{suffix}"
    done = run("check-many", source, "-w", workspace, "--out", out, "--as-of", DAY, "--workers", 1, "--lang", "en")
    assert done.exit_code == 0, done.output
    assert not list(tmp_path.glob("*.job*"))
    if suffix == ".csv":
        rows = rows_of(out)
        names, answers = list(rows[0]), [r["answer"] or None for r in rows]
    elif suffix == ".parquet":
        found = pq.read_table(out).to_pydict()
        names, answers = [n for n in found if n != "geometry"], found["answer"]
        assert shapely.from_wkb(found["geometry"][0]).equals(shapely.Point(*points(1)[0]))
        assert gpd.read_parquet(out).crs.to_epsg() == 4490
    elif suffix == ".gpkg":
        frame = gpd.read_file(out, layer="sites")
        names = [n for n in frame.columns if n != "geometry"]
        answers = [a if isinstance(a, str) else None for a in frame["answer"]]
        assert frame.crs.to_epsg() == 4490
    else:
        import openpyxl

        book = openpyxl.load_workbook(out)
        sheet = book["Rows"]
        names = [c.name for c in COLUMNS]
        assert [c.value for c in sheet[1]] == [c.en for c in COLUMNS]
        answers = [row[3].value for row in sheet.iter_rows(min_row=2)]
        assert sheet.cell(2, 1).data_type == "n"
        assert {s.title for s in book} == {"Rows", "Summary", "Columns"}
    assert names == [c.name for c in COLUMNS]
    expected = [t.site and screen(t.site, FolderStore.open(workspace), as_of=DAY).answer for t in sites_of(source)]
    assert answers == expected


def jobs(tmp_path, workspace, source, name="a"):
    job = Job(tmp_path / f"{name}.job", {"source": str(source)})
    take_in(job, chunks_of(source, rows=7), as_of=DAY)
    return job


def rows_in(job):
    return [cells for table in job.rows() for cells in table.to_pylist()]


def test_a_job_that_stops_goes_on_and_gives_the_same_rows(workspace, tmp_path):
    source = table(tmp_path / "p.csv", 230, bad=(5, 150))
    whole = jobs(tmp_path, workspace, source)
    answer(whole, workspace, as_of=DAY)

    class StoppedError(Exception):
        pass

    def stop(_):
        raise StoppedError

    job = Job(tmp_path / "b.job", {"source": str(source)})
    with pytest.raises(StoppedError):
        take_in(job, chunks_of(source, rows=50), as_of=DAY, on_taken=stop)
    assert job.taken == 50
    job.close()
    job = Job(tmp_path / "b.job", {"source": str(source)})
    take_in(job, chunks_of(source, rows=50), as_of=DAY)
    with pytest.raises(StoppedError):
        answer(job, workspace, as_of=DAY, on_rows=stop)
    assert 0 < job.answered < 230
    answer(job, workspace, as_of=DAY)
    assert rows_in(job) == rows_in(whole)
    assert [cells["row"] for cells in rows_in(job)] == list(range(1, 231))
    whole.close()
    job.close()


def test_two_processes_give_the_rows_of_one(workspace, tmp_path):
    source = table(tmp_path / "p.csv", 250)
    one, two = jobs(tmp_path, workspace, source, "one"), jobs(tmp_path, workspace, source, "two")
    answer(one, workspace, as_of=DAY)
    answer(two, workspace, as_of=DAY, workers=2)
    assert rows_in(one) == rows_in(two)
    one.close()
    two.close()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX; the other tests stop a job at every seam")
def test_a_batch_killed_outright_goes_on_with_the_same_command(workspace, tmp_path):
    source, out = table(tmp_path / "p.csv", 400), tmp_path / "r.csv"
    command = [sys.executable, "-m", "apps.cli.main", "check-many", source, "-w", workspace, "--out", out]
    command += ["--as-of", DAY, "--workers", "1"]
    job = out.with_name("r.csv.job")
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    answered = 0
    until = time.monotonic() + 120
    while answered < 100 and time.monotonic() < until and child.poll() is None:
        time.sleep(0.05)
        if job.exists():  # nobody else can open it, so a copy is looked at
            try:
                for suffix in ("", "-wal"):
                    shutil.copy(f"{job}{suffix}", tmp_path / f"copy{suffix}")
                with closing(sqlite3.connect(tmp_path / "copy")) as base:
                    answered = base.execute("SELECT coalesce(sum(count), 0) FROM answered").fetchone()[0]
            except (sqlite3.Error, OSError):
                pass
    assert child.poll() is None, "it was done before it could be killed; give it more sites"
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert not out.exists()
    done = run(*command[3:])
    assert "接着上次做" in done.output
    rows = rows_of(out)
    assert [int(r["row"]) for r in rows] == list(range(1, 401))
    assert all(r["answer"] for r in rows)


def test_a_job_of_another_batch_is_refused_and_says_what_differs(workspace, tmp_path):
    source, out = table(tmp_path / "p.csv", 5), tmp_path / "r.csv"
    with Job(out.with_name("r.csv.job"), {"source": "another"}):
        pass
    done = run("check-many", source, "-w", workspace, "--out", out)
    assert done.exit_code == 3
    assert "source" in done.output
    assert run("check-many", source, "-w", workspace, "--out", out, "--restart", "--workers", 1).exit_code == 0


def test_a_source_that_cannot_be_read_leaves_no_job_to_refuse_the_next_one(workspace, tmp_path):
    bad, out = tmp_path / "bad.geojson", tmp_path / "out.csv"
    bad.write_text("{", encoding="utf-8")
    assert run("check-many", bad, "-w", workspace, "--out", out, "--workers", 1).exit_code != 0
    assert not list(tmp_path.glob("out.csv*"))
    assert run("check-many", table(tmp_path / "s.csv", 3), "-w", workspace, "--out", out, "--workers", 1).exit_code == 0


def test_an_output_in_a_folder_that_is_not_there_is_refused(workspace, tmp_path):
    source = table(tmp_path / "p.csv", 3)
    done = run("check-many", source, "-w", workspace, "--out", tmp_path / "nowhere" / "r.csv", "--as-of", DAY)
    assert done.exit_code == 3, done.output
    assert "name an --out in a folder that is there" in " ".join(done.stderr.split())


def _answered(job, source, workspace):
    take_in(job, chunks_of(source), as_of=DAY)
    answer(job, workspace, as_of=DAY)
    return job


def test_the_same_rows_are_the_same_geopackage_whenever_it_is_written(workspace, tmp_path):
    with _answered(Job(tmp_path / "j", {}), table(tmp_path / "p.csv", 5), workspace) as job:
        first = write_rows(tmp_path / "a.gpkg", job, language="zh").read_bytes()
        time.sleep(0.01)  # GDAL's own stamp has milliseconds
        assert write_rows(tmp_path / "b.gpkg", job, language="zh").read_bytes() == first


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        ("DROP TABLE rtree_sites_geom", "no such table: rtree_sites_geom"),
        ("DELETE FROM rtree_sites_geom WHERE id = 2", "ok; 5 rows of 5, 4 of 5 indexed"),
        ("DELETE FROM sites WHERE fid = 3", "4 rows of 5"),
    ],
)
def test_a_geopackage_that_lost_something_to_a_full_disk_is_no_result(harm, told, workspace, tmp_path, monkeypatch):
    """GDAL says nothing where the index finds no room when the file is closed: what is there is read back."""
    import pyogrio

    real = pyogrio.write_arrow

    def harmed(rows, path, **given):
        real(rows, path, **given)
        with closing(sqlite3.connect(path)) as base, base:
            if harm.startswith("DELETE FROM sites"):
                for (trigger,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                    base.execute(f'DROP TRIGGER "{trigger}"')
                base.execute("DELETE FROM rtree_sites_geom WHERE id = 3")
            base.execute(harm)

    monkeypatch.setattr(pyogrio, "write_arrow", harmed)
    told_all = pytest.raises(NotWritableError, match=rf"does not read back whole: .*{told}.*Make room on that disk")
    with _answered(Job(tmp_path / "j", {}), table(tmp_path / "p.csv", 5), workspace) as job, told_all:
        write_rows(tmp_path / "r.gpkg", job, language="zh")
    assert not (tmp_path / "r.gpkg").exists()


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet", ".gpkg"])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a ZIP of Python's, half written
def test_a_full_disk_is_told_with_the_file_and_leaves_nothing(suffix, workspace, tmp_path):
    small = tmp_path / "小盘"
    small.mkdir()
    made = ["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(small)]
    if shutil.which("mount") is None or subprocess.run(made, capture_output=True).returncode != 0:
        pytest.skip("a small disk needs the right to mount one")
    try:
        told = pytest.raises(NotWritableError, match=rf"r{suffix}: .*Make room on that disk")
        with _answered(Job(tmp_path / "j", {}), table(tmp_path / "p.csv", 40), workspace) as job, told:
            write_rows(small / f"r{suffix}", job, language="zh")
        assert not list(small.iterdir())
    finally:
        gc.collect()  # here, where what it says of itself is not another test's trouble
        subprocess.run(["umount", "-l", str(small)], check=True)


def test_a_file_that_is_no_job_is_refused(tmp_path):
    (tmp_path / "x.job").write_bytes(b"not a database, but long enough to be looked at" * 50)
    with pytest.raises(BatchJobError, match="it is no job file"):
        Job(tmp_path / "x.job", {})


def test_layers_opened_once_answer_as_layers_opened_each_time(workspace, tmp_path):
    store, source = FolderStore.open(workspace), table(tmp_path / "p.csv", 12)
    loaded = load(store, DAY)
    for taken in sites_of(source):
        assert judge(taken.site, loaded).to_dict() == screen(taken.site, store, as_of=DAY).to_dict()


def test_damage_met_by_one_site_is_that_sites_own(tmp_path):
    """Order changes nothing: a site that touches no damaged block answers the same before and after one that does."""
    folder = small_workspace(tmp_path / "ws")
    index = next(p for p in (folder / "layers").rglob("*") if p.is_file() and "wkb" in p.name)
    data = bytearray(index.read_bytes())
    data[len(data) // 2] ^= 1
    index.write_bytes(bytes(data))
    loaded = load(FolderStore.open(folder), DAY)
    sites = [t.site for t in sites_of(table(tmp_path / "p.csv", 40))]
    forward = [judge(s, loaded).to_dict() for s in sites]
    assert forward == [judge(s, loaded).to_dict() for s in reversed(sites)][::-1]
    assert any(f["reason"] == "layer_unreadable" for v in forward for f in v["findings"])


def test_every_row_has_every_column(workspace):
    store = FolderStore.open(workspace)
    verdict = screen(snapped(place(read_text_site())), store, as_of=DAY)
    assert list(row_of(1, "1", verdict, (None, None))) == [c.name for c in COLUMNS]


def read_text_site():
    from spatial.reading import read_text

    return read_text("117.45,49.58")


def test_cells_that_a_spreadsheet_would_run_are_text(workspace, tmp_path):
    source, out = tmp_path / "p.csv", tmp_path / "r.csv"
    source.write_text('名称,经度,纬度\n"=1+1",117.45,49.58\n', encoding="utf-8")
    run("check-many", source, "-w", workspace, "--out", out, "--workers", 1)
    assert rows_of(out)[0]["site_name"] == "'=1+1"


@pytest.mark.parametrize(
    ("lang", "sentence", "mark", "lead"),
    [
        ("zh", "不在优先保护单元不等于符合准入要求", "合成示例，不代表真实管控边界", "坐标单元格为空："),
        ("en", "does not mean that access requirements are met", "Synthetic example", ""),
    ],
)
def test_the_summary_says_what_no_answer_means_and_why_in_the_reader_s_language(
    workspace, tmp_path, lang, sentence, mark, lead
):
    from openpyxl import load_workbook

    source, out = tmp_path / "p.csv", tmp_path / "r.xlsx"
    source.write_text("名称,经度,纬度\n甲,117.45,49.58\n乙,,49.5\n", encoding="utf-8")
    done = run("check-many", source, "-w", workspace, "--out", out, "--workers", 1, "--lang", lang)
    assert done.exit_code == 0, done.output
    said = "".join(done.output.split())
    assert "".join(sentence.split()) in said
    assert "".join(mark.split()) in said
    assert f"{lead}p.csv" in said
    book = load_workbook(out)
    summary = [str(cell) for row in book.worksheets[1].values for cell in row]
    assert any(sentence in cell for cell in summary)
    assert "150781 满洲里市" in summary
    last = list(book.worksheets[0].values)[2]
    assert any(str(cell).startswith(f"{lead}p.csv") for cell in last)
