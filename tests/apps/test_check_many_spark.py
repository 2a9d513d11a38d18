"""Many sites on Spark: through the same function, from a file or from a frame that Spark has already."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

import pyarrow as pa
import pytest
import shapely

from screening.batch.desk import Desk
from screening.batch.table import NumberedSite, row_schema, sites_table
from screening.cluster.answering import answer_parts
from screening.cluster.part_files import part_name
from screening.cluster.spark_engine import answered_frame, sites_frame, spark_engine
from screening.errors import EngineMissingError, FrameColumnsError, WorkersDifferError
from screening.inquiry import snapped
from screening.site import site_of
from tests.apps.cli import run, small_workspace
from tests.apps.parted import DAY, errand_of, job_of, points_table, rows_alone, rows_in
from tests.postgres_server import PASSWORD
from tests.workspace_places import DatabasePlace

pytest.importorskip("pyspark", reason='PySpark is not installed: pip install "sanxian[spark]"', exc_type=ImportError)
needs_java = pytest.mark.skipif(
    shutil.which("java") is None and not os.environ.get("JAVA_HOME"),
    reason="Spark needs Java 17: apt install openjdk-17-jre-headless",
)
pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return small_workspace(tmp_path_factory.mktemp("spark") / "ws")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return points_table(tmp_path_factory.mktemp("spark") / "p.csv", 80, bad=(3, 44))


@pytest.fixture(scope="module")
def alone(source, workspace):
    return rows_alone(source, workspace)


@pytest.fixture(scope="module")
def session():
    """One for the whole file; its Java compiles little, since it does not live long."""
    from screening.cluster.spark_engine import _started

    options = "--driver-java-options '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC' pyspark-shell"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_SUBMIT_ARGS", options)
        patch.setenv("PGPASSWORD", PASSWORD)  # where executors have it of their own; nothing sends it
        with _started("local[2]") as made:
            made.conf.set("spark.sql.codegen.wholeStage", "false")
            made.conf.set("spark.sql.adaptive.enabled", "false")
            yield made


def test_without_spark_or_java_the_error_says_what_to_install(monkeypatch):
    """First in this file: where Spark is at work already, nothing is missing."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EngineMissingError, match="install Java 17"), spark_engine("local[1]"):
        pass
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(EngineMissingError, match=r'pip install "sanxian\[spark\]"'), spark_engine("local[1]"):
        pass


@needs_java
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no such signal; no worker is killed here")
def test_one_row_once_though_a_python_worker_of_spark_is_killed(source, workspace, alone, tmp_path, session):
    """Killed as soon as one part is there, with more to do: Spark tries what it was doing again."""
    killed = []

    def pids(batches):
        for batch in batches:
            time.sleep(0.5)  # so that both workers get one
            yield pa.RecordBatch.from_pylist([{"pid": os.getpid()} for _ in range(batch.num_rows)])

    workers = {row.pid for row in session.range(0, 2, 1, 2).mapInArrow(pids, "pid long").collect()}
    assert os.getpid() not in workers

    def kill(rows):
        until = time.monotonic() + 120
        while time.monotonic() < until and not killed:
            if any((rows / part_name(number)).exists() for number in range(10)):
                os.kill(pid := min(workers), signal.SIGKILL)
                killed.append(pid)
            time.sleep(0.005)

    with job_of(tmp_path / "o.parts", source, part_sites=8) as job, spark_engine(session=session) as engine:
        assert len(job.open_parts()) == 10
        killer = threading.Thread(target=kill, args=(job.rows_folder,))
        killer.start()
        counted = []
        answer_parts(job, errand_of(job, workspace), engine, on_rows=counted.append)
        killer.join()
        assert sum(counted) == 78
        assert killed
        assert rows_in(job.hand_over(tmp_path / "out")).equals(alone)


@needs_java
def test_a_frame_of_geometries_gets_the_rows_of_a_desk(workspace, session):
    """What a Sedona user has: numbers, names and WKB; the answers are those of the same sites in this process."""
    shapes = [shapely.box(117.41 + 0.02 * i, 49.55, 117.43 + 0.02 * i, 49.58) for i in range(6)]
    shapes += [shapely.LineString([(117.3, 49.4), (117.6, 49.65)]), shapely.Point(117.455, 49.585)]
    given = [(i + 1, f"S{i}", None if i else "甲", bytearray(shape.wkb)) for i, shape in enumerate(shapes)]
    frame = session.createDataFrame(given, "number long, id string, name string, geometry binary")
    rows = answered_frame(sites_frame(frame.repartition(2), accuracy_m=5), workspace=workspace, as_of=DAY).toArrow()
    sites = [
        NumberedSite(number=i + 1, id=f"S{i}", site=snapped(site_of(shape, accuracy_m=5, name=f"S{i}" if i else "甲")))
        for i, shape in enumerate(shapes)
    ]
    meant = Desk.opened(workspace, DAY).rows(sites_table(sites))
    assert rows.sort_by("row").combine_chunks().cast(row_schema()).equals(meant.combine_chunks())
    assert {"hit", "clear"} <= set(rows.column("red_lines").to_pylist())


@needs_java
def test_a_workspace_that_executors_do_not_see_is_named(source, workspace, tmp_path, session):
    own = Path(shutil.copytree(workspace, tmp_path / "ws"))
    with job_of(tmp_path / "o.parts", source, part_sites=60) as job, spark_engine(session=session) as engine:
        errand = errand_of(job, own)
        shutil.rmtree(own)
        with pytest.raises(WorkersDifferError, match="put the workspace where every worker sees it"):
            answer_parts(job, errand, engine)


@needs_java
def test_a_geometry_that_is_none_fails_with_its_number(session):
    frame = session.createDataFrame([(7, "S7", "x", None)], "number long, id string, name string, geometry binary")
    with pytest.raises(Exception, match=r"row 7: the geometry of S7 is missing"):
        sites_frame(frame, accuracy_m=5).collect()


@needs_java
@pytest.mark.parametrize(
    ("cells", "columns", "told"),
    [
        (
            (7, "S7", "x", "POINT (117 49)"),
            "number long, id string, name string, geometry string",
            "geometry is string",
        ),
        ((7, "S7", "x"), "number int, id string, name string", "number is int, not bigint; geometry is missing"),
    ],
)
def test_a_frame_of_other_columns_is_refused_before_any_task(cells, columns, told, workspace, session):
    frame = session.createDataFrame([cells], columns)
    with pytest.raises(FrameColumnsError, match=told):
        sites_frame(frame, accuracy_m=5)
    with pytest.raises(FrameColumnsError, match="facts is missing, not string; cast or rename the columns first"):
        answered_frame(frame, workspace=workspace, as_of=DAY)


@needs_java
def test_check_many_on_spark_over_a_database(source, alone, tmp_path, session, postgres):
    """Executors take the password from their own environment; what is sent, kept or said has none."""
    url = DatabasePlace(postgres, postgres.another()).url("火花")
    small_workspace(url)
    out = tmp_path / "库 中"
    options = ("--as-of", DAY, "--engine", "spark", "--master", "local[2]", "--part-sites", 40)
    done = run("check-many", source, "-w", url, "--out", out, *options)
    assert done.exit_code == 0, done.output
    assert rows_in(out).equals(alone)
    assert PASSWORD not in done.output
    assert not [path for path in out.iterdir() if PASSWORD.encode() in path.read_bytes()]


@needs_java
def test_check_many_on_spark(source, workspace, alone, tmp_path, session):
    """In this process Spark is at work already: that session is used and left running."""
    out = tmp_path / "结果"
    options = ("--as-of", DAY, "--engine", "spark", "--master", "local[2]", "--part-sites", 40, "--lang", "en")
    done = run("check-many", source, "-w", workspace, "--out", out, *options)
    assert done.exit_code == 0, done.output
    assert "80 rows written" in done.output
    assert rows_in(out).equals(alone)
    assert session.range(3).count() == 3
