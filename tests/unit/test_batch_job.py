"""A job in the hands of two runs, on a full disk, beside a workspace that changes: said, and never a row lost or twice."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import shapely

from layers.workspace import FolderStore
from screening.batch import running
from screening.batch.intake import sites_of
from screening.batch.job import Job
from screening.batch.running import answer, layers_of, take_in
from screening.errors import BatchStoppedError
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
    take_in(job, sites_of(source), as_of=DAY)
    return job


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
def test_a_process_that_is_ended_from_outside_is_said_and_the_rest_goes_on(store, tmp_path, source):
    with job_of(tmp_path / "r.job", source) as job:

        def end(_):
            for child in multiprocessing.active_children():
                os.kill(child.pid, signal.SIGKILL)

        with pytest.raises(BatchStoppedError, match="ended from outside"):
            answer(job, store.root, as_of=DAY, workers=2, on_rows=end)
        answer(job, store.root, as_of=DAY)
        assert [n for n, _, _ in job.rows()] == list(range(1, 251))


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
        assert [n for n, _, _ in job.rows()] == list(range(1, 251))


def test_a_site_that_fails_while_it_is_judged_is_counted_once(store, tmp_path, source, monkeypatch):
    def fails(*_):
        raise RuntimeError("this one")

    with job_of(tmp_path / "r.job", source) as job:
        monkeypatch.setattr(running, "judge", fails)
        answer(job, store.root, as_of=DAY)
        assert (job.total, job.answered) == (250, 250)
        assert {cells["trouble"] for _, cells, _ in job.rows()} == {"this one"}


COPIES = """
import sys
from tests.unit.test_batch_job import DAY, job_of, answer
from pathlib import Path
job = job_of(Path(sys.argv[1]), Path(sys.argv[2]))
answer(job, Path(sys.argv[3]), as_of=DAY)
"""


@posix
def test_killed_again_and_again_at_any_moment_it_ends_with_every_row_once(store, tmp_path, source, monkeypatch):
    monkeypatch.setattr(running, "STEP", 100)
    drawn = random.Random(5)
    command = [sys.executable, "-c", COPIES, tmp_path / "r.job", source, store.root]
    for _ in range(4):
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.6 + 1.2 * drawn.random())
        child.kill()
        child.wait()
    with job_of(tmp_path / "r.job", source) as job:
        answer(job, store.root, as_of=DAY)
        assert [n for n, _, _ in job.rows()] == list(range(1, 251))
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
