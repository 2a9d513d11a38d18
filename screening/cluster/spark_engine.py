"""Parts on Spark, and a frame of sites to a frame of rows there: ``mapInArrow`` over the one function of a batch."""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layers.workspace import open_workspace
from layers.workspace.opening import place_of
from screening.batch.table import NumberedSite, row_schema, site_schema, sites_table
from screening.cluster.answering import Errand, Outcome, answer_part, desk_of, program_facts, state_of
from screening.errors import (
    BatchStoppedError,
    EngineMissingError,
    EngineUnreachableError,
    FrameColumnsError,
    WorkersDifferError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa

    from layers.workspace.address import Place

__all__ = ["answered_frame", "sites_frame", "spark_engine"]

_WAVE = 16
"""Parts of one job of Spark, for each of its cores."""
_LOCAL = {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
_OUTCOME = "part long, rows long, code string, detail string, where string"


@contextmanager
def spark_engine(
    master: str | None = None, *, session: Any = None, password: str | None = None
) -> Iterator[Callable[[Errand, Sequence[int]], Iterator[Outcome]]]:
    """
    An engine over Spark.

    Parameters
    ----------
    master
        ``local[2]``, ``spark://host:7077``, ``yarn`` …; without one, what Spark's own configuration says. A session of
        its own is started and stopped; one that is active in this process is used as it is and left running.
    session
        A SparkSession at hand, used instead and left running.
    password
        Of the workspace's database, for a local master: in the environment (``PGPASSWORD``) of the processes that are
        started. Never sent to executors elsewhere: they have ``PGPASSWORD`` or ``~/.pgpass`` of their own.

    Yields
    ------
    engine
        For `screening.cluster.answering.answer_parts`.

    Raises
    ------
    EngineMissingError
        If PySpark is not installed, or there is no Java.
    EngineUnreachableError
        If the master does not answer.
    """
    if session is not None:
        yield lambda errand, numbers: _answered(session, errand, numbers)
        return
    with _started(master, password) as own:
        yield lambda errand, numbers: _answered(own, errand, numbers)


def answered_frame(frame: Any, *, workspace: Place | str, as_of: str) -> Any:
    """
    The rows of a frame of sites, judged where its partitions lie.

    Use it where the sites are in Spark or Sedona already; Spark reads, retries and writes.

    Parameters
    ----------
    frame
        A DataFrame with the columns of `screening.batch.table.site_schema`, from `sites_frame` for instance.
    workspace
        The folder, as this process and every executor see it, or ``postgresql://…``. A password in it stays in this
        process: executors have ``PGPASSWORD`` or ``~/.pgpass`` of their own.
    as_of
        ISO date.

    Returns
    -------
    rows
        A DataFrame of `screening.batch.table.row_schema`: one row for each site. An executor that sees another
        workspace or has another version of the program fails its task with what differs.

    Raises
    ------
    FrameColumnsError
        If a column is missing or of another type.
    """
    from_arrow_schema = import_module("pyspark.sql.pandas.types").from_arrow_schema
    _require_columns(frame, {field.name: field.dataType.simpleString() for field in from_arrow_schema(site_schema())})
    place = place_of(workspace)
    root = place.absolute() if isinstance(place, Path) else place
    state, program = state_of(open_workspace(root)), program_facts()

    def rows(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield from _rows(batches, root, as_of, state, program)

    with _pandas_unused():
        return frame.select(*site_schema().names).mapInArrow(rows, from_arrow_schema(row_schema()))


def sites_frame(frame: Any, *, accuracy_m: float, radius_m: float = 0.0) -> Any:
    """
    A frame of sites from one of geometries.

    Parameters
    ----------
    frame
        A DataFrame with ``number`` (long, unlike for every row), ``id`` (text), ``name`` (text, may be null) and
        ``geometry`` (WKB, CGCS2000 longitude and latitude; of Sedona, ``ST_AsBinary(geometry)``).
    accuracy_m
        Positional accuracy of every site, 95 %, metres.
    radius_m
        Of points: the radius of the site, metres.

    Returns
    -------
    sites
        A DataFrame of `screening.batch.table.site_schema`, coordinates rounded to 1e-9 degree as in every batch. A
        geometry that is missing, empty, invalid or off the working area fails its task: mend it before.

    Raises
    ------
    FrameColumnsError
        If a column is missing or of another type.
    """
    from_arrow_schema = import_module("pyspark.sql.pandas.types").from_arrow_schema
    _require_columns(frame, {"number": "bigint", "id": "string", "name": "string", "geometry": "binary"})

    def sites(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield from _sites(batch, accuracy_m, radius_m).to_batches()

    with _pandas_unused():
        return frame.select("number", "id", "name", "geometry").mapInArrow(sites, from_arrow_schema(site_schema()))


def _require_columns(frame: Any, meant: dict[str, str]) -> None:
    """Here, where it can be told: an executor would fail with what its code trips over."""
    there = {field.name: field.dataType.simpleString() for field in frame.schema}
    wrong = tuple((name, there.get(name), type_) for name, type_ in meant.items() if there.get(name) != type_)
    if wrong:
        raise FrameColumnsError(columns=wrong)


def _sites(batch: pa.RecordBatch, accuracy_m: float, radius_m: float) -> pa.Table:
    import shapely

    from screening.errors import EmptySiteError
    from screening.inquiry import snapped
    from screening.site import site_of

    found = []
    for one in batch.to_pylist():
        geometry = None if one["geometry"] is None else shapely.from_wkb(bytes(one["geometry"]))
        if geometry is None or geometry.is_empty or not geometry.is_valid:
            detail = f"the geometry of {one['id']} is missing, empty or invalid"
            raise EmptySiteError(source=f"row {one['number']}", detail=detail, remedy="mend it first")
        site = snapped(site_of(geometry, accuracy_m=accuracy_m, name=one["name"] or one["id"], radius_m=radius_m))
        found.append(NumberedSite(number=one["number"], id=one["id"], site=site))
    return sites_table(found)


def _rows(
    batches: Iterator[pa.RecordBatch], workspace: Place, as_of: str, state: list[Any], program: list[list[str]]
) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    here = program_facts()
    if here != program:
        remedy = "install the same versions on every executor"
        raise WorkersDifferError(workers=(), detail=f"versions differ: {here}, not {program}", remedy=remedy)
    if state_of(open_workspace(workspace)) != state:
        remedy = "let every executor see the same workspace under the same path"
        raise WorkersDifferError(workers=(), detail="the workspace is not the one of the start", remedy=remedy)
    for batch in batches:
        yield from desk_of(workspace, as_of, state).rows(pa.Table.from_batches([batch])).to_batches()


def _answered(session: Any, errand: Errand, numbers: Sequence[int]) -> Iterator[Outcome]:
    spark_trouble = import_module("pyspark.errors").PySparkException
    for some in _waves(session, numbers):
        wave = list(some)

        def outcomes(batches: Iterator[pa.RecordBatch], wave: list[int] = wave) -> Iterator[pa.RecordBatch]:
            import dataclasses

            import pyarrow as pa

            for batch in batches:
                places: list[Any] = batch.column(0).to_pylist()
                for place in places:
                    found = answer_part(errand, wave[place])
                    yield pa.RecordBatch.from_pylist([dataclasses.asdict(found)])

        try:
            with _pandas_unused():
                rows = session.range(0, len(wave), 1, len(wave)).mapInArrow(outcomes, _OUTCOME).collect()
        except spark_trouble as trouble:
            raise _stopped(errand, trouble) from trouble
        except Exception as trouble:
            if type(trouble).__module__.partition(".")[0] not in {"py4j", "grpc"}:
                raise
            raise _stopped(errand, trouble) from trouble
        for row in rows:
            yield Outcome(**row.asDict())


def _stopped(errand: Errand, trouble: Exception) -> BatchStoppedError:
    lines = [line.strip() for line in str(trouble).splitlines() if line.strip()]
    told = next((line for line in lines if "Error" in line or "Exception" in line), lines[0] if lines else "")
    detail = f"Spark gave up ({told[:300]})"
    remedy = "see to Spark (sanxian must be installed on every executor), then run the same command: it goes on"
    return BatchStoppedError(path=Path(errand.folder), detail=detail, remedy=remedy)


def _waves(session: Any, numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    """Parts by some at a time: Spark tells what is done only when all of a job is."""
    try:
        cores = int(session.sparkContext.defaultParallelism)
    except Exception:  # noqa: BLE001 - Spark Connect keeps its cores to itself
        cores = 8
    step = _WAVE * max(1, cores)
    for first in range(0, len(numbers), step):
        yield numbers[first : first + step]


@contextmanager
def _started(master: str | None, password: str | None = None) -> Iterator[Any]:
    try:
        SparkSession = import_module("pyspark.sql").SparkSession
    except ImportError:
        raise EngineMissingError(engine="spark", command='pip install "sanxian[spark]"') from None
    active = SparkSession.getActiveSession()
    if active is not None:  # of this process: Spark knows one at a time, and it is not ours to end
        yield active
        return
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        raise EngineMissingError(
            engine="spark", command="install Java 17 (Debian: apt install openjdk-17-jre-headless)"
        )
    local = master is not None and master.startswith("local")
    builder = SparkSession.builder.appName("sanxian check-many").config("spark.ui.enabled", "false")
    builder = builder.config("spark.ui.showConsoleProgress", "false")
    if master is not None:
        builder = builder.master(_patient(master))
    if local:
        builder = builder.config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1")
    known = {} if password is None else {"PGPASSWORD": password}
    with _environment(_LOCAL | known if local else {}), _pandas_unused():
        try:
            session = builder.getOrCreate()
        except Exception as trouble:
            raise EngineUnreachableError(
                engine="spark",
                address=master or "-",
                detail=f"no session could be started ({type(trouble).__name__})",
                remedy="see what Spark wrote above; for this machine alone give --master local[*]",
            ) from trouble
        if local:
            session.sparkContext.setLogLevel("ERROR")
        try:
            yield session
        finally:
            _ended(session)


@contextmanager
def _environment(given: dict[str, str]) -> Iterator[None]:
    """Variables that Spark reads where it starts Java and Python, as they were afterwards."""
    kept = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in kept.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _pandas_unused() -> Iterator[None]:
    """PySpark warns of pandas 3; what passes here is Arrow alone."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas", category=FutureWarning)
        yield


def _patient(master: str) -> str:
    """
    A local master that tries a task four times, as a cluster does.

    Examples
    --------
    >>> [_patient(m) for m in ("local", "local[2]", "local[*]", "local[2,1]", "yarn")]
    ['local[1,4]', 'local[2,4]', 'local[*,4]', 'local[2,1]', 'yarn']
    """
    if master == "local":
        return "local[1,4]"
    if master.startswith("local[") and "," not in master:
        return f"{master[:-1]},4]"
    return master


def _ended(session: Any) -> None:
    """Stop a session and the Java that was started for it."""
    SparkContext = import_module("pyspark").SparkContext
    session.stop()
    gateway = SparkContext._gateway  # noqa: SLF001 - PySpark has no public way to end its Java
    if gateway is None:
        return
    process = getattr(gateway, "proc", None)
    gateway.shutdown()
    SparkContext._gateway = None  # noqa: SLF001
    SparkContext._jvm = None  # noqa: SLF001
    if process is not None:
        if process.stdin is not None:
            process.stdin.close()
        process.wait(timeout=30)
