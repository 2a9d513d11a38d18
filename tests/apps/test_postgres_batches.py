"""Many sites over a workspace in a database: the rows of the folder, the password nowhere, a server started anew."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from layers.workspace import open_workspace
from screening.batch import desk as desk_module
from screening.batch.desk import Desk
from screening.batch.table import row_schema
from screening.cluster.answering import answer_part, answer_parts, greet
from screening.cluster.dask_engine import dask_engine
from screening.cluster.parted_job import PartedJob
from tests.apps.cli import run, small_workspace
from tests.apps.parted import DAY, errand_of, job_of, points_table, rows_alone, rows_in
from tests.postgres_server import PASSWORD
from tests.workspace_places import DatabasePlace

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from tests.postgres_server import Server

COUNT = 150


@pytest.fixture(scope="module")
def url(postgres: Server) -> str:
    """The small workspace in a database; the password stands in its address."""
    found = DatabasePlace(postgres, postgres.another()).url("成批%25#1")  # its name has a % and a #
    small_workspace(found)  # type: ignore[arg-type]
    return found


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return points_table(tmp_path_factory.mktemp("batch") / "p.csv", COUNT, bad=(3, 44))


@pytest.fixture(scope="module")
def alone(source: Path, tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    """What one process says over the same layers in a folder."""
    return rows_alone(source, small_workspace(tmp_path_factory.mktemp("folder") / "ws"))


def rows_of(path: Path) -> pa.Table:
    """Of one file or of a folder of parts."""
    if path.is_dir():
        return rows_in(path)
    return pq.read_table(path).replace_schema_metadata(None).sort_by("row").combine_chunks().cast(row_schema())


def require_no_password(*folders: Path) -> int:
    """In no file; how many were read."""
    read = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    for path in read:
        assert PASSWORD.encode() not in path.read_bytes(), path
    return len(read)


def children() -> set[int]:
    """Every process that this one started, and those that these started."""
    parents: dict[int, int] = {}
    for one in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(one.parent.name)] = int(one.read_text("utf-8", "replace").rpartition(")")[2].split()[1])
        except OSError:
            continue
    mine = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in mine} - mine:
        mine |= more
    return mine - {os.getpid()}


def commands_of(processes: set[int]) -> list[bytes]:
    """Command line and environment of processes, as `ps` and root can see them."""
    found = []
    for pid in processes:
        try:
            found += [(Path("/proc") / str(pid) / name).read_bytes() for name in ("cmdline", "environ")]
        except OSError:
            continue
    return found


@pytest.mark.parametrize("workers", [1, 2])
def test_rows_are_those_of_the_folder_and_hold_no_password(workers, url, source, alone, tmp_path):
    out = tmp_path / "out.parquet"
    done = run("check-many", source, "-w", url, "--out", out, "--as-of", DAY, "--workers", workers)
    assert done.exit_code == 0, done.output
    assert rows_of(out).equals(alone)
    assert PASSWORD not in done.output
    assert require_no_password(tmp_path) >= 1


def test_workers_of_dask_have_the_password_and_show_it_nowhere(url, source, alone, tmp_path, monkeypatch):
    """Looked for while they are at work: in the files of job and workers, in what `ps` and /proc tell of them."""
    pytest.importorskip("distributed", reason='pip install "sanxian[dask]"', exc_type=ImportError)
    monkeypatch.delenv("PGPASSWORD", raising=False)
    seen: list[bytes] = []
    scratch: list[Path] = []
    others = children()  # of tests before this one: Spark's lives as long as this process
    accept = PartedJob.accept

    def looking(job: PartedJob, number: int) -> bool:
        there = accept(job, number)
        seen.extend(commands_of(children() - others))
        scratch.extend(Path(tempfile.gettempdir()).glob("sanxian-dask-*"))
        assert require_no_password(tmp_path, *scratch) > 5
        return there

    monkeypatch.setattr(PartedJob, "accept", looking)
    out = tmp_path / "out"
    more = ("--engine", "dask", "--workers", 1, "--part-sites", 60)
    done = run("check-many", source, "-w", url, "--out", out, "--as-of", DAY, *more)
    assert done.exit_code == 0, done.output
    assert rows_of(out).equals(alone)
    assert PASSWORD not in done.output
    assert require_no_password(tmp_path) >= 3
    assert scratch
    if Path("/proc/self/environ").exists():
        assert any(b"spawn" in one for one in seen)
    assert not [one for one in seen if PASSWORD.encode() in one]


def test_workers_elsewhere_need_a_password_of_their_own(url, source, tmp_path, monkeypatch):
    """What is sent to them has none: that they lack it is said, with where to put it; with it, they answer."""
    import pickle

    monkeypatch.setattr(desk_module, "_PATIENCE_S", (0.0,))
    with job_of(tmp_path / "o.parts", source, part_sites=100) as job:
        sent = pickle.dumps(errand_of(job, open_workspace(url).root))
        assert PASSWORD.encode() not in sent
        errand = pickle.loads(sent)
        monkeypatch.delenv("PGPASSWORD", raising=False)
        for outcome in (greet(errand), answer_part(errand, 0)):
            assert outcome.code == "database"
            assert "cannot be reached" in outcome.detail
            assert PASSWORD not in outcome.detail
        monkeypatch.setenv("PGPASSWORD", PASSWORD)
        assert [greet(errand).code, answer_part(errand, 0).code] == ["", ""]
        require_no_password(tmp_path)


def test_a_server_started_anew_in_the_middle_changes_no_row(postgres, url, source, alone, tmp_path, monkeypatch):
    """Thrown down when the desk is open and has read nothing of a site: what it cannot read then is no answer."""
    rows, breaks = Desk.rows, []

    def rows_while_away(desk: Desk, sites: pa.Table) -> pa.Table:
        assert desk.store is not None
        if not breaks:
            postgres.stop()
        found = rows(desk, sites)
        breaks.append(desk.store.breaks)
        return found

    def wait(_: float) -> None:
        """In place of waiting: the server comes back at the second time."""
        if waits.pop(0) == 2:
            postgres.start()

    waits = [1, 2]
    monkeypatch.setattr(desk_module, "time", SimpleNamespace(sleep=wait))
    monkeypatch.setattr(Desk, "rows", rows_while_away)
    out = tmp_path / "o.parquet"
    done = run("check-many", source, "-w", url, "--out", out, "--as-of", DAY, "--workers", 1)
    assert done.exit_code == 0, done.output
    assert breaks[0] > 0
    assert not waits
    assert rows_of(out).equals(alone)


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """A scheduler and one worker that a user started, with the password in its environment and nowhere else."""
    distributed: Any = pytest.importorskip("distributed", reason='pip install "sanxian[dask]"', exc_type=ImportError)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSWORD", PASSWORD)
        nothing = {"dashboard_address": None, "worker_dashboard_address": None, "silence_logs": 50}
        more = {"processes": True, "host": "127.0.0.1", "scheduler_kwargs": {"dashboard_address": "127.0.0.1:0"}}
        with distributed.LocalCluster(n_workers=1, threads_per_worker=1, **nothing, **more) as made:
            yield made.scheduler_address


def test_a_server_started_anew_while_workers_of_a_cluster_are_at_work_changes_no_row(
    postgres, url, source, alone, tmp_path, scheduler
):
    """Thrown down after the first part, back a second later: every connection is another one, the rows are the same."""
    away: list[int] = []

    def throw_down(rows: int) -> None:
        if not away:
            away.append(rows)
            postgres.stop()
            time.sleep(1.0)
            postgres.start()

    with job_of(tmp_path / "o.parts", source, part_sites=12) as job:
        with dask_engine(scheduler) as engine:
            answer_parts(job, errand_of(job, open_workspace(url).root), engine, on_rows=throw_down)
        assert away == [12]
        assert rows_in(job.hand_over(tmp_path / "out")).equals(alone)
    require_no_password(tmp_path)


def test_a_layer_damaged_while_workers_are_at_work_moves_rows_to_unknown_only(
    postgres, source, alone, tmp_path, scheduler
):
    """The worker is killed as well, so that another must read what was altered; no row is there twice, none is lost."""
    distributed: Any = pytest.importorskip("distributed", exc_type=ImportError)
    where = DatabasePlace(postgres, postgres.another())
    own = where.url("改坏")
    small_workspace(own)  # type: ignore[arg-type]
    altered: list[int] = []

    def alter(_: int) -> None:
        if not altered:
            harm = "UPDATE ws_block SET data = set_byte(data, 0, get_byte(data, 0) # 255) WHERE length(data) > 0"
            where.sql(open_workspace(own), harm)
            with distributed.Client(scheduler) as watch:
                altered.extend(watch.run(os.getpid).values())
            os.kill(altered[0], getattr(signal, "SIGKILL", signal.SIGTERM))

    with job_of(tmp_path / "o.parts", source, part_sites=12) as job:
        with dask_engine(scheduler) as engine:
            answer_parts(job, errand_of(job, open_workspace(own).root), engine, on_rows=alter)
        rows = rows_in(job.hand_over(tmp_path / "out"))
    assert rows.column("row").to_pylist() == alone.column("row").to_pylist()
    for name in ("answer", "red_lines", "protected_areas", "water_sources", "control_units"):
        found, meant = rows.column(name).to_pylist(), alone.column(name).to_pylist()
        moved = [one for one, other in zip(found, meant, strict=True) if one != other]
        assert set(moved) == {"unknown"}, name


@pytest.mark.parametrize("workers", [1, 2, None])
def test_a_server_that_stays_away_stops_the_batch_and_the_same_command_goes_on(
    workers, postgres, url, source, alone, tmp_path, monkeypatch
):
    from screening.batch import running

    monkeypatch.setattr(desk_module, "_PATIENCE_S", ())
    out = tmp_path / "o.parquet"
    command = ("check-many", source, "-w", url, "--out", out, "--as-of", DAY)
    with monkeypatch.context() as patch:
        opened = Desk.opened
        if workers != 2:  # the desk is open, and has answered nothing
            patch.setattr(Desk, "opened", lambda *given, **more: (opened(*given, **more), postgres.stop())[0])
        else:  # two processes are about to open theirs
            said = running._beside
            patch.setattr(running, "_beside", lambda *given: (postgres.stop(), said(*given))[1])
        done = run(*command, *([] if workers is None else ["--workers", workers]))
    assert done.exit_code == 3, done.output
    assert "the database of the workspace does not answer" in " ".join(done.stderr.split())
    assert "it goes on where it stood" in " ".join(done.stderr.split())
    assert PASSWORD not in done.output
    assert require_no_password(tmp_path) >= 1  # what the job keeps
    assert not out.exists()
    postgres.start()
    again = run(*command, "--workers", 1)
    assert again.exit_code == 0, again.output
    assert rows_of(out).equals(alone)
