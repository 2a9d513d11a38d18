"""What every worker of a cluster runs: one part from its sites to its rows, or a word on why it cannot."""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from layers.errors import DatabaseUnreachableError, LayerError
from layers.workspace import open_workspace
from screening.batch.desk import Desk, layers_of, patiently
from screening.cluster.part_files import part_name, read_part, with_geo, write_part
from screening.errors import BatchStoppedError, WorkersDifferError

if TYPE_CHECKING:
    from layers.workspace.address import Place
    from layers.workspace.store import WorkspaceStore
    from screening.cluster.parted_job import PartedJob

__all__ = ["Engine", "Errand", "Outcome", "answer_part", "answer_parts", "desk_of", "greet", "program_facts", "require"]

_ROUNDS = 3
_DESK: list[tuple[tuple[str, str, str], Desk]] = []
"""Of this process, the last one; opened once for all parts of a batch."""
_AT_WORK = threading.Lock()
"""One part at a time in a process: threads of a worker wait for each other."""
_REMEDIES = {
    "program": "install the same versions everywhere (the same lock file or container)",
    "workspace": "put the workspace where every worker sees it under this very path (a shared folder), or start the "
    "workers on this machine",
    "database": "see that the database answers where the workers run, and that they have its password there "
    "(PGPASSWORD or ~/.pgpass), then run the same command: it goes on where it stood",
    "layers": "let every worker see the same workspace; if a layer was replaced meanwhile, give --restart",
    "folder": "put --out on a folder that every worker sees under this very path and may write to",
}


@dataclass(frozen=True, kw_only=True)
class Errand:
    """
    What a worker is told of a batch.

    Attributes
    ----------
    folder
        Of the job, as every worker must see it.
    workspace
        Its folder, as every worker must see it, or the address of its database. A pickled errand has no password.
    as_of
        ISO date.
    state
        What `state_of` said of the workspace at the start: its layers, what it asks for, its region.
    program
        What `program_facts` said at the start.
    """

    folder: str
    workspace: Place
    as_of: str
    state: list[Any]
    program: list[list[str]]

    @classmethod
    def of(cls, job: PartedJob, workspace: Place, as_of: str) -> Errand:
        """The errand of a job over a workspace as it is now."""
        root = workspace.absolute() if isinstance(workspace, Path) else workspace
        state = state_of(open_workspace(root))
        return cls(folder=str(job.folder), workspace=root, as_of=as_of, state=state, program=program_facts())


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Of one part: its rows are in place (``code`` empty), or why not; ``where`` names the worker's machine."""

    part: int
    rows: int
    code: str
    detail: str
    where: str


Engine: TypeAlias = Callable[[Errand, Sequence[int]], Iterator[Outcome]]
"""Answers parts somewhere and yields their outcomes as they come."""


def state_of(store: WorkspaceStore) -> list[Any]:
    """All that answers take from a workspace, so that two of the same state answer alike."""
    return [layers_of(store), list(store.required_kinds), store.region, store.manifest_readable]


def program_facts() -> list[list[str]]:
    """Versions on which the last digit of an answer may depend, and (of Arrow) the bytes of a part."""
    from importlib.metadata import version

    import numpy as np
    import pyarrow as pa
    import pyproj
    import shapely

    return [
        ["sanxian", version("sanxian")],
        ["numpy", np.__version__],
        ["shapely", shapely.__version__],
        ["GEOS", shapely.geos_version_string],
        ["PROJ", str(pyproj.proj_version_str)],
        ["pyarrow", pa.__version__],
    ]


def greet(errand: Errand) -> Outcome:
    """
    Whether this process can do an errand: same program, workspace there and the same, folder there and writable.

    Use it before any part is sent out.
    """
    try:
        code, detail = _hindrance(errand)
    except DatabaseUnreachableError as trouble:
        code, detail = "database", _unanswered(trouble)
    if not code:
        try:
            path = Path(errand.folder) / f".greeting-{platform.node()}-{os.getpid()}"
            path.write_bytes(b"")
            path.unlink()
        except OSError as trouble:
            code, detail = "folder", f"{errand.folder} cannot be written to ({trouble.strerror or trouble})"
    return _outcome(-1, code=code, detail=detail)


def answer_part(errand: Errand, number: int) -> Outcome:
    """
    Answer one part of a job: read its sites, ask `Desk.rows`, put its rows in place.

    Every engine calls this, in whatever process; a part whose rows are there is done. Nothing is raised for what can
    be wrong with a machine: that is an outcome with a code (``program``, ``workspace``, ``database``, ``layers``,
    ``folder``, ``damaged``, ``disk``). A database that does not answer is asked again for some seconds.
    """
    target = Path(errand.folder) / "rows" / part_name(number)
    if target.exists():
        return _outcome(number)
    try:
        code, detail = patiently(lambda: _hindrance(errand))
    except DatabaseUnreachableError as trouble:
        return _outcome(number, code="database", detail=_unanswered(trouble))
    if code:
        return _outcome(number, code=code, detail=detail)
    try:
        sites = read_part(Path(errand.folder) / "sites" / part_name(number))
    except FileNotFoundError as trouble:
        return _outcome(number, code="folder", detail=f"{trouble.filename} is not there")
    except OSError as trouble:
        return _outcome(number, code="damaged", detail=f"{part_name(number)} of the sites is damaged ({trouble})")
    try:
        with _AT_WORK:
            rows = desk_of(errand.workspace, errand.as_of, errand.state).rows(sites)
    except DatabaseUnreachableError as trouble:
        return _outcome(number, code="database", detail=_unanswered(trouble))
    except WorkersDifferError as trouble:
        return _outcome(number, code="layers", detail=trouble.detail)
    try:
        write_part(target, with_geo(rows))
    except OSError as trouble:
        return _outcome(number, code="disk", detail=f"{target.name}: {trouble.strerror or trouble}")
    return _outcome(number, rows=rows.num_rows)


def desk_of(workspace: Place, as_of: str, state: list[Any]) -> Desk:
    """
    The desk of this process over a workspace; opened at the first part, closed when another is asked for.

    Raises
    ------
    WorkersDifferError
        If what was opened is not of the state that is meant.
    """
    key = (str(workspace), as_of, repr(state))
    if not _DESK or _DESK[-1][0] != key:
        _DESK.clear()
        desk = Desk.opened(workspace, as_of)
        if desk.layers != state[0]:
            raise WorkersDifferError(
                workers=(_where(),), detail="the layers of the workspace are others", remedy=_REMEDIES["layers"]
            )
        _DESK.append((key, desk))
    return _DESK[-1][1]


def answer_parts(
    job: PartedJob, errand: Errand, engine: Engine, *, on_rows: Callable[[int], None] | None = None
) -> None:
    """
    Have every open part of a job answered and read back; one that does not read back is answered again.

    Parameters
    ----------
    job
        Planned.
    errand
        Of it.
    engine
        An `Engine`: `screening.cluster.dask_engine.dask_engine` or `screening.cluster.spark_engine.spark_engine`.
    on_rows
        Called with how many rows were added.

    Raises
    ------
    WorkersDifferError
        If a worker does not see the job, or sees another workspace or program.
    BatchStoppedError
        If parts stay open; what is done is kept.
    """
    for _ in range(_ROUNDS):
        numbers = job.open_parts()
        if not numbers:
            return
        sizes = job.plan["sites"]
        for outcome in engine(errand, numbers):
            require(outcome, errand)
            if job.accept(outcome.part) and on_rows:
                on_rows(sizes[outcome.part])
    left = job.open_parts()
    if left:
        detail = f"{len(left)} parts were answered and do not read back"
        raise BatchStoppedError(path=job.folder, detail=detail, remedy="see to the disk, then run the same command")


def require(outcome: Outcome, errand: Errand) -> None:
    """Raise what an outcome that hinders a batch means."""
    if not outcome.code:
        return
    remedy = _REMEDIES.get(outcome.code)
    if remedy is not None:
        raise WorkersDifferError(workers=(outcome.where,), detail=outcome.detail, remedy=remedy)
    remedy = "give --restart to begin anew" if outcome.code == "damaged" else "see to the disk, then run it again"
    detail = f"{outcome.where}: {outcome.detail}"
    raise BatchStoppedError(path=Path(errand.folder), detail=detail, remedy=remedy)


def _hindrance(errand: Errand) -> tuple[str, str]:
    """
    Why this process must not answer: a code and what was found; two empty texts where nothing is in the way.

    Raises ``DatabaseUnreachableError`` where the database of the workspace does not answer.
    """
    here = program_facts()
    if here != errand.program:
        found, meant = dict(here), dict(errand.program)  # another version of the program may tell of other things
        other = [
            f"{name} {found.get(name)}, not {meant.get(name)}"
            for name in {**found, **meant}
            if found.get(name) != meant.get(name)
        ]
        return "program", f"other versions: {'; '.join(other)}"
    if not (Path(errand.folder) / "job.json").is_file():
        return "folder", f"{errand.folder} is not there"
    try:
        state = state_of(open_workspace(errand.workspace))
    except DatabaseUnreachableError:
        raise
    except (LayerError, OSError) as trouble:
        return "workspace", f"the workspace cannot be opened ({trouble})"
    return ("", "") if state == errand.state else ("layers", "the workspace is not the one of the start")


def _unanswered(trouble: DatabaseUnreachableError) -> str:
    return f"{trouble.path}: the database cannot be reached ({trouble.detail})"


def _outcome(part: int, *, rows: int = 0, code: str = "", detail: str = "") -> Outcome:
    return Outcome(part=part, rows=rows, code=code, detail=detail, where=_where())


def _where() -> str:
    return platform.node() or "localhost"
