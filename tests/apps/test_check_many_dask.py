"""Many sites on dask.distributed: the rows of one process to the byte, one for each site though workers are killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest

from screening.cluster.answering import answer_parts
from screening.cluster.dask_engine import dask_engine
from screening.cluster.handing_over import SUMMARY
from screening.cluster.part_files import part_name
from screening.errors import BatchStoppedError, EngineMissingError, EngineUnreachableError, WorkersDifferError
from tests.apps.cli import run, small_workspace
from tests.apps.parted import DAY, errand_of, job_of, points_table, rows_alone, rows_in

distributed = pytest.importorskip(
    "distributed", reason='dask.distributed is not installed: pip install "sanxian[dask]"', exc_type=ImportError
)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return small_workspace(tmp_path_factory.mktemp("dask") / "ws")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return points_table(tmp_path_factory.mktemp("dask") / "p.csv", 300, bad=(3, 44))


@pytest.fixture(scope="module")
def alone(source, workspace):
    return rows_alone(source, workspace)


@pytest.fixture(scope="module")
def two():
    """Two workers that stay, for tests that leave them as they were (one that is killed is started anew)."""
    with cluster(2) as made:
        yield made


@contextmanager
def cluster(workers=2):
    """A scheduler and workers that a user started: processes of their own, over loopback."""
    with distributed.LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
        worker_dashboard_address=None,
        scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
        silence_logs=50,
    ) as made:
        yield made


def test_a_local_cluster_says_what_one_process_says_to_the_byte(source, workspace, alone, tmp_path):
    out = tmp_path / "结果"
    options = ("--as-of", DAY, "--engine", "dask", "--workers", 1, "--part-sites", 60, "--lang", "en")
    done = run("check-many", source, "-w", workspace, "--out", out, *options)
    assert done.exit_code == 0, done.output
    assert rows_in(out).equals(alone)
    assert (out / SUMMARY).is_file()
    assert "300 rows written" in done.output
    assert "Records that could not be judged" in done.output
    assert sorted(p.name for p in tmp_path.iterdir()) == ["结果"]


@pytest.mark.skipif(
    not hasattr(signal, "SIGKILL"), reason="Windows has no such signal; its workers are not killed here"
)
def test_one_row_once_though_a_worker_is_killed_in_the_middle(source, workspace, alone, tmp_path, two):
    """Parts wait in a worker when it is killed; its sites are answered by others, and nobody's twice."""
    killed, work = [], {}
    with job_of(tmp_path / "o.parts", source, part_sites=12) as job:
        with distributed.Client(two.scheduler_address) as watch:
            pids = watch.run(os.getpid)

            def kill(_):
                if killed or job.answered < 20:
                    return
                address, tasks = max(watch.processing().items(), key=lambda item: len(item[1]))
                work.update({address: tasks})
                os.kill(pids[address], signal.SIGKILL)
                killed.append(pids[address])

            with dask_engine(two.scheduler_address) as engine:
                answer_parts(job, errand_of(job, workspace), engine, on_rows=kill)
            there = set(watch.run(os.getpid).values())
        out = job.hand_over(tmp_path / "out")
    assert len(killed) == 1
    assert any(work.values())  # it had parts to do
    assert killed[0] not in there
    assert rows_in(out).column("row").to_pylist() == list(range(1, 301))
    assert rows_in(out).equals(alone)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no such signal; the run is not killed here")
def test_the_same_command_goes_on_after_everything_was_killed(source, workspace, alone, tmp_path, two):
    """On another cluster too: what is done lies in the folder."""
    out, kept = tmp_path / "out", tmp_path / "out.parts"
    command = [sys.executable, "-m", "apps.cli.main", "check-many", source, "-w", workspace, "--out", out]
    command += ["--as-of", DAY, "--engine", "dask", "--workers", "1", "--part-sites", "12"]
    with subprocess.Popen([str(c) for c in command], start_new_session=True, stdout=subprocess.DEVNULL) as process:
        until = time.monotonic() + 60
        while time.monotonic() < until and not (kept / "rows" / part_name(2)).exists() and process.poll() is None:
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)  # of the session that was started here: the run and its workers
    assert not out.exists()
    done = {p.name: p.stat().st_mtime_ns for p in (kept / "rows").iterdir() if p.name.startswith("part-")}
    assert part_name(2) in done
    to = ("--engine", "dask", "--scheduler", two.scheduler_address)
    again = run("check-many", source, "-w", workspace, "--out", out, "--as-of", DAY, *to)
    assert again.exit_code == 0, again.output
    assert "接着上次做" in again.output
    assert rows_in(out).equals(alone)
    stayed = [name for name, when in done.items() if (out / name).stat().st_mtime_ns == when]
    assert len(stayed) >= 3


def test_a_workspace_out_of_reach_of_the_workers_stops_before_any_part(source, workspace, tmp_path, two):
    own = shutil.copytree(workspace, tmp_path / "ws")
    with job_of(tmp_path / "o.parts", source, part_sites=100) as job:
        errand = errand_of(job, own)
        with dask_engine(two.scheduler_address) as engine:
            shutil.rmtree(own)  # as if the workers ran elsewhere
            with pytest.raises(WorkersDifferError, match="put the workspace where every worker sees it"):
                answer_parts(job, errand, engine)
            with pytest.raises(WorkersDifferError, match="put --out on a folder that every worker sees"):
                answer_parts(job, replace(errand, folder=str(tmp_path / "elsewhere")), engine)
        assert job.answered == 2  # the records refused at reading


def test_workers_without_the_program_are_named(source, workspace, tmp_path, two):
    def lose():
        for name in [name for name in sys.modules if name.partition(".")[0] == "screening"]:
            del sys.modules[name]
        sys.modules["screening"] = None  # as where it was never installed

    def found():
        del sys.modules["screening"]

    told = pytest.raises(WorkersDifferError, match="install the same version of sanxian where the workers run")
    with job_of(tmp_path / "o.parts", source, part_sites=100) as job, distributed.Client(two.scheduler_address) as all_:
        all_.run(lose)
        try:
            with dask_engine(two.scheduler_address) as engine, told:
                answer_parts(job, errand_of(job, workspace), engine)
        finally:
            all_.run(found)


def test_one_worker_of_another_version_stops_before_any_part(source, workspace, tmp_path, two):
    def replaced(version):
        import shapely

        before, shapely.geos_version_string = shapely.geos_version_string, version
        return before

    told = pytest.raises(WorkersDifferError, match=r"other versions: GEOS 3\.0\.0, not .*; install the same versions")
    with job_of(tmp_path / "o.parts", source, part_sites=100) as job, distributed.Client(two.scheduler_address) as all_:
        one = min(all_.nthreads())
        before = all_.run(replaced, "3.0.0", workers=[one])[one]
        try:
            with dask_engine(two.scheduler_address) as engine, told:
                answer_parts(job, errand_of(job, workspace), engine)
        finally:
            all_.run(replaced, before, workers=[one])
        assert job.answered == 2  # the records refused at reading


def test_two_engines_at_once_on_one_job_are_refused(source, workspace, tmp_path, two):
    """The lock is of the folder, whichever engine comes second."""
    out = tmp_path / "out"
    with job_of(tmp_path / "out.parts", source, part_sites=100) as job:
        for more in (("dask", "--scheduler", two.scheduler_address), ("spark",), ("dask", "--restart")):
            done = run("check-many", source, "-w", workspace, "--out", out, "--as-of", DAY, "--engine", *more)
            assert done.exit_code == 3, done.output
            assert "another run is at work on it" in " ".join(done.stderr.split())
        assert job.open_parts() == [0, 1, 2]


def test_a_scheduler_that_does_not_answer_or_has_no_worker_is_named(monkeypatch):
    monkeypatch.setattr("screening.cluster.dask_engine._WAIT_S", 1)
    with pytest.raises(EngineUnreachableError, match="no scheduler answers"), dask_engine("tcp://127.0.0.1:9"):
        pass
    told = pytest.raises(EngineUnreachableError, match="has no worker; start some with `dask worker")
    with cluster(0) as made, told, dask_engine(made.scheduler_address):
        pass


def test_without_dask_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(EngineMissingError, match=r'pip install "sanxian\[dask\]"'), dask_engine():
        pass


def test_options_of_another_engine_are_refused(source, workspace, tmp_path):
    start = ("check-many", source, "-w", workspace, "--out")
    for said, told in (
        ((tmp_path / "o", "--engine", "dask", "--master", "local"), "--master goes with --engine spark"),
        ((tmp_path / "o.csv", "--scheduler", "tcp://h:1"), "--scheduler goes with --engine dask"),
        ((tmp_path / "o.csv", "--part-sites", 5), "--part-sites goes with --engine dask|spark"),
        ((tmp_path / "o.csv", "--engine", "dask"), "writes a folder of Parquet parts"),
        ((tmp_path / "o", "--engine", "dask", "--scheduler", "tcp://h:1", "--workers", 2), "a cluster has its own"),
        ((tmp_path,), "is a folder"),
    ):
        done = run(*start, *said)
        assert done.exit_code == 2, done.output
        assert told in " ".join(done.output.split())


def test_a_scheduler_that_goes_away_stops_the_batch(source, workspace, tmp_path, two):
    """Last in this file: the cluster that its tests share goes away."""
    closed = []

    def close(_):
        if not closed:
            closed.append(two.close())

    told = pytest.raises(BatchStoppedError, match=r"the scheduler is gone .* it goes on where it stood")
    with job_of(tmp_path / "o.parts", source, part_sites=12) as job:
        with dask_engine(two.scheduler_address) as engine, told:
            answer_parts(job, errand_of(job, workspace), engine, on_rows=close)
        assert 2 < job.answered < 300
