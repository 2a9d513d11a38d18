"""A job in the hands of two runs, on a full disk, beside a workspace that changes: said, and never a row lost or twice."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
import shapely

from layers.workspace import FolderStore
from screening.batch import desk, running
from screening.batch import pace as pace_module
from screening.batch.desk import layers_of
from screening.batch.intake import chunks_of
from screening.batch.job import Answered, Job
from screening.batch.pace import Pace, processes_that_fit
from screening.batch.running import answer, take_in
from screening.batch.table import row_schema
from screening.batch.writing import write_rows
from screening.errors import BatchJobError, BatchStoppedError
from tests.building import add, workspace_at

if TYPE_CHECKING:
    from pathlib import Path

DAY = "2026-11-22"
posix = pytest.mark.skipif(sys.platform == "win32", reason="limits and signals of POSIX")


@pytest.fixture
def store(tmp_path):
    made = workspace_at(tmp_path / "ws", "red_lines")
    add(made, "red_lines", [shapely.box(117.4, 49.5, 117.5, 49.6)], name="红线", coverage=shapely.box(117, 49, 118, 50))
    return FolderStore.open(made.root)


@pytest.fixture
def source(tmp_path):
    rows = [f"站点{i},117.{300 + i}123,49.551234" for i in range(250)]
    (tmp_path / "p.csv").write_text("名称,经度,纬度\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return tmp_path / "p.csv"


def job_of(path: Path, source: Path) -> Job:
    job = Job(path, {"source": "one"})
    take_in(job, chunks_of(source, after=job.taken, rows=120), as_of=DAY)
    return job


def numbers(job: Job) -> list[int]:
    return [number for table in job.rows() for number in table.column("row").to_pylist()]


def test_a_second_run_on_one_job_is_told_so_and_touches_nothing(tmp_path, source):
    with job_of(tmp_path / "r.job", source) as first:
        with pytest.raises(BatchStoppedError, match="another run is at work on it"):
            Job(tmp_path / "r.job", {"source": "one"})
        with pytest.raises(BatchStoppedError, match="another run is at work on it"):
            Job.drop(tmp_path / "r.job")
        assert first.total == 250
    with Job(tmp_path / "r.job", {"source": "one"}) as again:
        assert again.complete
    Job.drop(tmp_path / "r.job")
    assert not list(tmp_path.glob("r.job*"))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_layer_replaced_meanwhile_stops_the_batch_and_no_row_is_of_the_new_one(store, tmp_path, source, workers):
    meant = layers_of(store)
    with job_of(tmp_path / "r.job", source) as job:
        far = [shapely.box(117.8, 49.8, 117.81, 49.81)]
        add(store, "red_lines", far, name="红线", coverage=shapely.box(117, 49, 118, 50), replace=True)
        with pytest.raises(BatchStoppedError, match="replaced meanwhile; give --restart"):
            answer(job, store.root, as_of=DAY, workers=workers, layers=meant)
        assert job.answered == 0


@posix
def test_a_process_that_is_ended_from_outside_is_said_and_the_rest_goes_on(store, tmp_path, source, monkeypatch):
    """At the first answer, most of the sites are not handed out yet."""
    monkeypatch.setattr("screening.batch.pace.STEP", 10)
    with job_of(tmp_path / "r.job", source) as job:

        def end(_):
            for child in multiprocessing.active_children():
                os.kill(child.pid, signal.SIGKILL)

        with pytest.raises(BatchStoppedError, match="ended from outside"):
            answer(job, store.root, as_of=DAY, workers=2, on_rows=end)
        answer(job, store.root, as_of=DAY)
        assert numbers(job) == list(range(1, 251))


def desk_alone(tmp_path, source, store):
    with job_of(tmp_path / "alone.job", source) as job:
        answer(job, store.root, as_of=DAY)
        return [table.to_pylist() for table in job.rows()]


@pytest.fixture
def hasty(monkeypatch):
    """Steps of ten sites, and others that cost nothing to begin: the second step shares the rest."""
    monkeypatch.setattr("screening.batch.pace.STEP", 10)
    monkeypatch.setattr("screening.batch.pace.CHUNK", 10)
    monkeypatch.setattr("screening.batch.pace.START_S", -1000.0)


def test_a_large_rest_is_shared_and_its_rows_are_those_of_one_process(store, tmp_path, source, monkeypatch, hasty):
    monkeypatch.setattr("screening.batch.running.processes_that_fit", lambda: 2)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    children, steps = set(), []

    def look(rows):
        steps.append(rows)
        children.update(child.pid for child in multiprocessing.active_children())

    with job_of(tmp_path / "r.job", source) as job:
        answer(job, store.root, as_of=DAY, workers=None, on_rows=look)
        found = [table.to_pylist() for table in job.rows()]
    assert found == desk_alone(tmp_path, source, store)
    assert sum(steps) == 250
    assert len(children) == 2


@pytest.mark.parametrize(("cores", "fit"), [(1, 8), (8, 1)])
def test_without_cores_or_memory_for_more_one_process_answers_all(
    store, tmp_path, source, monkeypatch, hasty, cores, fit
):
    monkeypatch.setattr("screening.batch.running.processes_that_fit", lambda: fit)
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    monkeypatch.setattr("screening.batch.running._beside", lambda *_: pytest.fail("it was shared"))
    monkeypatch.setattr("screening.batch.pace.START_S", -1000.0 if fit == 1 else 0.0)
    with job_of(tmp_path / "r.job", source) as job:
        answer(job, store.root, as_of=DAY, workers=None)
        assert numbers(job) == list(range(1, 251))


def test_a_few_sites_are_answered_where_the_layers_are_open_already(store, tmp_path, source, monkeypatch):
    monkeypatch.setattr("screening.batch.running._beside", lambda *_: pytest.fail("it was shared"))
    with job_of(tmp_path / "r.job", source) as job:
        answer(job, store.root, as_of=DAY, workers=None)
        assert numbers(job) == list(range(1, 251))


def test_what_is_told_of_the_rest_comes_from_whole_steps_after_the_first():
    pace = Pace()
    pace.took(100, 1.9)
    assert not pace.settled  # bears what is done once
    pace.took(100, 1.0)
    assert (pace.settled, pace.site_s) == (True, 0.01)
    pace.took(3, 0.3)  # the end of a chunk
    assert (pace.settled, pace.site_s) == (True, 0.01)
    fast = Pace()
    for sites in (100, 100, 200, 400):  # the second was begun before the first was done
        fast.took(sites, 0.1)
        assert not fast.settled
    # of the 10 s that are left two processes save 3.5; to begin takes them 1 s and 3 times what it took one
    assert not pace.shares(1_000, 2, opening_s=0.9)
    assert pace.shares(1_000, 2, opening_s=0.8)
    assert not pace.shares(10**9, 1, opening_s=0.0)


@posix
def test_as_many_processes_as_memory_holds(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 4096)
    assert 1 <= processes_that_fit() < 4096
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert processes_that_fit() == 1


FULL = """
import resource, signal, sys
from tests.unit.test_batch_job import DAY, job_of, answer, BatchStoppedError
from pathlib import Path
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
job = job_of(Path(sys.argv[1]), Path(sys.argv[2]))
size = max(p.stat().st_size for p in Path(sys.argv[1]).parent.glob("r.job*"))
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 30_000, resource.RLIM_INFINITY))
try:
    answer(job, Path(sys.argv[3]), as_of=DAY)
except BatchStoppedError as stopped:
    print("stopped:", stopped)
"""


@posix
def test_a_disk_that_takes_no_more_stops_the_batch_and_loses_no_row(store, tmp_path, source):
    done = subprocess.run(
        [sys.executable, "-c", FULL, tmp_path / "r.job", source, store.root],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "stopped: r.job:" in done.stdout, done.stdout + done.stderr
    assert "see to the disk" in done.stdout
    with Job(tmp_path / "r.job", {"source": "one"}) as job:
        assert job.complete
        assert job.answered < 250
        answer(job, store.root, as_of=DAY)
        assert numbers(job) == list(range(1, 251))


def test_a_site_that_fails_while_it_is_judged_is_counted_once(store, tmp_path, source, monkeypatch):
    def fails(*_):
        raise RuntimeError("this one")

    opened = desk.Desk.opened
    with job_of(tmp_path / "r.job", source) as job:
        monkeypatch.setattr(desk, "judge", fails)
        monkeypatch.setattr(running.Desk, "opened", lambda *given, **_: opened(*given, one_by_one=True))
        answer(job, store.root, as_of=DAY)
        assert (job.total, job.answered) == (250, 250)
        assert {why for table in job.rows() for why in table.column("trouble").to_pylist()} == {"this one"}
        assert job.summary() == [(None, None, 250)]
        assert [cells["row"] for cells in job.refusals(3)] == [1, 2, 3]


def test_the_rows_and_the_file_are_the_same_however_many_sites_are_answered_at_once(
    store, tmp_path, source, monkeypatch
):
    """A site's row does not depend on those beside it: all at once, one at a time, in chunks of other sizes."""
    written = []
    for name, step, rows in (("all", 5_000, 5_000), ("seven", 7, 5_000), ("one", 1, 40)):
        monkeypatch.setattr(pace_module, "STEP", step)
        with Job(tmp_path / f"{name}.job", {}) as job:
            take_in(job, chunks_of(source, rows=rows), as_of=DAY)
            answer(job, store.root, as_of=DAY)
            written.append(write_rows(tmp_path / f"{name}.parquet", job, language="en").read_bytes())
            assert sum(count for _, _, count in job.summary()) == 250
    assert written[0] == written[1] == written[2]


def some_rows(job: Job, count: int):
    some = next(job.open_sites(lambda: count))
    cells = {name: [None] * count for name in row_schema().names}
    return some, pa.table(cells | {"row": some.sites.column("number").to_pylist()}, schema=row_schema())


def test_no_site_can_be_answered_twice_and_no_row_left_out(tmp_path, source):
    with job_of(tmp_path / "r.job", source) as job:
        some, rows = some_rows(job, 30)
        with pytest.raises(ValueError, match="29 rows for 30 sites"):
            job.answer(some, Answered.of(rows.slice(1)))
        job.answer(some, Answered.of(rows))
        with pytest.raises(ValueError, match="have rows"):
            job.answer(some, Answered.of(rows))
        assert job.answered == 30
        with pytest.raises(BatchJobError, match="220 of its rows are missing; run the same command again"):
            write_rows(tmp_path / "r.csv", job, language="en")
        assert not (tmp_path / "r.csv").exists()


def test_slices_may_be_answered_in_any_order_and_those_between_stay_open(tmp_path, source):
    with job_of(tmp_path / "r.job", source) as job:
        slices = list(job.open_sites(lambda: 50))  # chunks of 120, 120 and 10
        assert [(s.chunk, s.start, s.sites.num_rows) for s in slices] == [
            (1, 0, 50), (1, 50, 50), (1, 100, 20), (121, 0, 50), (121, 50, 50), (121, 100, 20), (241, 0, 10),
        ]  # fmt: skip
        cells = {name: [None] * 50 for name in row_schema().names}
        for i in (4, 1):
            own = {"row": slices[i].sites.column("number").to_pylist()}
            job.answer(slices[i], Answered.of(pa.table(cells | own, schema=row_schema())))
        left = [(s.chunk, s.start, s.sites.num_rows) for s in job.open_sites(lambda: 1000)]
        assert left == [(1, 0, 50), (1, 100, 20), (121, 0, 50), (121, 100, 20), (241, 0, 10)]


def test_records_that_do_not_follow_are_not_taken_in(tmp_path, source):
    first, second, _ = chunks_of(source, rows=120)
    none = row_schema().empty_table()
    with Job(tmp_path / "r.job", {}) as job:
        with pytest.raises(ValueError, match="121 to 240, do not follow 0"):
            job.take(second, none)
        with pytest.raises(ValueError, match="119 records, 1 to 120"):
            job.take(replace(first, sites=first.sites.slice(1)), none)
        job.take(first, none)
        assert (job.taken, job.total) == (120, 120)
        rest = second.after(200)
        assert (rest.first, rest.last, rest.sites.column("number")[0].as_py()) == (201, 240, 201)
        assert first.after(120) is None


def test_a_damaged_block_of_a_job_is_said_and_never_read(tmp_path, source):
    with job_of(tmp_path / "r.job", source):
        pass
    with closing(sqlite3.connect(tmp_path / "r.job")) as base, base:
        (content,) = base.execute("SELECT site_table FROM chunk WHERE first = 1").fetchone()
        spoilt = bytearray(content)
        spoilt[len(spoilt) // 2] ^= 1
        base.execute("UPDATE chunk SET site_table = ? WHERE first = 1", (bytes(spoilt),))
    with (
        Job(tmp_path / "r.job", {"source": "one"}) as job,
        pytest.raises(BatchJobError, match=r"a block of it is damaged .*; give --restart"),
    ):
        next(job.open_sites(lambda: 10))


def test_a_job_of_the_format_before_is_refused(tmp_path):
    with closing(sqlite3.connect(tmp_path / "r.job")) as base, base:
        base.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
        base.execute("INSERT INTO meta VALUES ('asked', ?)", (json.dumps({"format": 1, "source": "one"}),))
    with pytest.raises(BatchJobError, match="it belongs to another batch: format differ; give --restart"):
        Job(tmp_path / "r.job", {"source": "one"})


def test_steps_grow_while_they_are_fast_and_shrink_where_they_are_slow():
    pace = Pace()
    seen = [pace.sites]
    for seconds in (0.1, 0.1, 1.5, 9.0, *[0.1] * 9):
        pace.took(pace.sites, seconds)
        seen.append(pace.sites)
    assert seen[:5] == [100, 200, 400, 400, 200]
    assert seen[-1] == 5_000  # a chunk


COPIES = """
import sys
from tests.unit.test_batch_job import DAY, job_of, answer
from pathlib import Path
job = job_of(Path(sys.argv[1]), Path(sys.argv[2]))
answer(job, Path(sys.argv[3]), as_of=DAY)
"""


@posix
def test_killed_again_and_again_at_any_moment_it_ends_with_every_row_once(store, tmp_path, source, monkeypatch):
    monkeypatch.setattr(pace_module, "STEP", 100)
    drawn = random.Random(5)
    command = [sys.executable, "-c", COPIES, tmp_path / "r.job", source, store.root]
    for _ in range(4):
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.6 + 1.2 * drawn.random())
        child.kill()
        child.wait()
    with job_of(tmp_path / "r.job", source) as job:
        answer(job, store.root, as_of=DAY)
        assert numbers(job) == list(range(1, 251))
        assert job.total == 250


def test_a_job_whose_files_were_half_removed_begins_anew(tmp_path, source):
    """A kill between the removal of the job and that of SQLite's log beside it."""
    with job_of(tmp_path / "r.job", source):
        shutil.copy(tmp_path / "r.job-wal", tmp_path / "kept")
    (tmp_path / "r.job").unlink()
    shutil.copy(tmp_path / "kept", tmp_path / "r.job-wal")
    with Job(tmp_path / "r.job", {"source": "another"}) as job:
        assert (job.complete, job.taken, job.total) == (False, 0, 0)
    with sqlite3.connect(tmp_path / "r.job") as base:
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
