"""Answering the open sites of a job, in this process or several; the rows are the same whichever and in which order."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections import deque
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING, Self

from layers.errors import DatabaseUnreachableError
from layers.workspace.opening import place_of
from screening.batch.desk import Desk
from screening.batch.job import Answered
from screening.batch.pace import Pace, processes_that_fit
from screening.batch.packing import packed, unpacked
from screening.batch.row import refused_row
from screening.batch.table import row_schema, rows_table
from screening.errors import BatchStoppedError
from spatial.parent import end_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

    import pyarrow as pa

    from layers.workspace.address import Place
    from screening.batch.intake import TakenChunk
    from screening.batch.job import Job, OpenSites

__all__ = ["DeskAhead", "answer", "take_in"]

THREADS = 4
"""Layers that a process of its own asks at once, at most; and no more than it has cores."""


class DeskAhead:
    """
    A desk of this process, opened while the sites are still taken in.

    Use it where one process answers them. What lies in a database is opened only when it is asked for.

    Parameters
    ----------
    workspace
        Folder of the workspace, or its address in a database.
    as_of
        ISO date.

    Attributes
    ----------
    asked
        The workspace and the date.
    seconds
        It took to open, once it is open.
    """

    def __init__(self, workspace: Place, as_of: str) -> None:
        self.asked = workspace, as_of
        self.seconds = 0.0
        self._pool = ThreadPoolExecutor(1)
        self._opening: Future[Desk] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def begin(self) -> None:
        """Begin to open it, if that has not begun."""
        if self._opening is None and isinstance(self.asked[0], Path):
            self._opening = self._pool.submit(self._opened)

    def desk(self) -> Desk:
        """The desk, when it is open; raises what opening it raised."""
        return self._opened() if self._opening is None else self._opening.result()

    def close(self) -> None:
        """Let go of the desk, and of the memory that its layers take."""
        self._opening = None

    def _opened(self) -> Desk:
        started = time.monotonic()
        desk = Desk.opened(*self.asked, threads=min(THREADS, os.cpu_count() or 1))
        if isinstance(self.asked[0], Path):
            desk.make_ready()
        self.seconds = time.monotonic() - started
        return desk


def take_in(
    job: Job, chunks: Iterable[TakenChunk], *, as_of: str, on_taken: Callable[[int], None] | None = None
) -> None:
    """
    Take the records of a source into a job, from where an earlier run stopped.

    Parameters
    ----------
    job
        The job.
    chunks
        Of the source, from `screening.batch.intake.chunks_of`: what the job has is passed over.
    as_of
        Of the batch, for the rows of records that are refused.
    on_taken
        Called with how many have been kept.
    """
    if job.complete:
        return
    for whole in chunks:
        chunk = whole.after(job.taken)
        if chunk is None:
            continue
        rows = ((refused_row(taken, as_of), None) for taken in chunk.refused)
        job.take(chunk, rows_table(rows).cast(row_schema()))
        if on_taken:
            on_taken(chunk.last - chunk.first + 1)
    job.taken_all()


def answer(
    job: Job,
    workspace: Place,
    *,
    as_of: str,
    workers: int | None = 1,
    layers: list[list[str]] | None = None,
    ahead: DeskAhead | None = None,
    on_rows: Callable[[int], None] | None = None,
) -> None:
    """
    Answer every open site of a job.

    Parameters
    ----------
    job
        Complete; its rows are added, some seconds' worth at a time.
    workspace
        Folder of the workspace, or its address in a database.
    as_of
        ISO date.
    workers
        Processes; 1 answers in this one. None: in this one, and in as many as there are cores and memory for once what
        is left takes this one longer than all of them, which have to open the layers first.
    layers
        What `screening.batch.desk.layers_of` says of the workspace that is meant; None: whatever it holds.
    ahead
        Of the same workspace and date, where its opening may have begun; of use to one process.
    on_rows
        Called with how many rows were added.

    Raises
    ------
    BatchStoppedError
        If the workspace is another by now, its database goes away, a process dies, or the disk takes no more; the rows
        so far are kept.
    """
    pace = Pace()
    ahead = ahead or DeskAhead(workspace, as_of)
    if workers is None:
        replies = _shared(job, ahead, pace)
    elif workers == 1:
        replies = _here(job, ahead, pace)
    else:
        replies = _beside(job, workspace, as_of, pace, workers)
    try:
        for opened, sites, answered, seconds in replies:
            if layers is not None and opened != layers:
                detail, remedy = "a layer of the workspace was replaced meanwhile", "give --restart to begin anew"
                raise BatchStoppedError(path=job.path, detail=detail, remedy=remedy)
            job.answer(sites, answered)
            pace.took(answered.count, seconds)
            if on_rows:
                on_rows(answered.count)
    except DatabaseUnreachableError as trouble:
        detail = f"the database of the workspace does not answer ({trouble.detail})"
        remedy = "see to the database, then run the same command: it goes on where it stood"
        raise BatchStoppedError(path=job.path, detail=detail, remedy=remedy) from trouble


_Reply = tuple[list[list[str]], "OpenSites", Answered, float]


def _shared(job: Job, ahead: DeskAhead, pace: Pace) -> Iterator[_Reply]:
    """In this process, until several would be done sooner."""
    processes = 1

    def shares() -> bool:
        nonlocal processes
        left = job.total - job.answered
        if pace.shares(left, os.cpu_count() or 1, opening_s=ahead.seconds):
            processes = processes_that_fit()
        return processes > 1 and pace.shares(left, processes, opening_s=ahead.seconds)

    yield from _here(job, ahead, pace, until=shares)
    if processes > 1 and job.answered < job.total:
        ahead.close()
        yield from _beside(job, *ahead.asked, pace, processes)


def _here(job: Job, ahead: DeskAhead, pace: Pace, *, until: Callable[[], bool] = lambda: False) -> Iterator[_Reply]:
    desk = ahead.desk()
    if desk.threads == 1:
        for some in job.open_sites(lambda: pace.sites):
            yield _timed(desk, some)
            if until():
                return
        return
    pool = ThreadPoolExecutor(1)  # while a step is answered, the one before is kept and the next is fetched
    try:
        waiting: Future[_Reply] | None = None
        for some in job.open_sites(lambda: pace.sites):
            before, waiting = waiting, pool.submit(_timed, desk, some)
            if before is not None:
                yield before.result()
            if until():
                break
        if waiting is not None:
            yield waiting.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _timed(desk: Desk, some: OpenSites) -> _Reply:
    started = time.monotonic()
    return desk.layers, some, _answered(desk, some.sites), time.monotonic() - started


def _beside(job: Job, workspace: Place, as_of: str, pace: Pace, workers: int) -> Iterator[_Reply]:
    context = multiprocessing.get_context("spawn")  # as on Windows; nothing is inherited
    where = workspace if isinstance(workspace, Path) else workspace.written_out  # through a pipe, never a file
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_told, initargs=(where, as_of)) as pool:
        waiting = deque()  # type: ignore[var-annotated]

        def reply() -> _Reply:
            some, future = waiting.popleft()
            opened, answered, seconds = future.result()
            return opened, some, answered, seconds

        try:
            for some in job.open_sites(lambda: pace.sites):
                waiting.append((some, pool.submit(_reply, packed(some.sites))))
                if len(waiting) > 2 * workers:
                    yield reply()
            while waiting:
                yield reply()
        except BrokenProcessPool:
            detail, remedy = "a process was ended from outside", "run the same command again, with fewer --workers"
            raise BatchStoppedError(path=job.path, detail=detail, remedy=remedy) from None
        finally:
            for _, future in waiting:
                future.cancel()


def _answered(desk: Desk, sites: pa.Table) -> Answered:
    """The rows of some sites; one for each, or the batch has a defect and must not go on."""
    rows = desk.rows(sites)
    if rows.column("row").to_pylist() != sites.column("number").to_pylist():
        raise AssertionError("the rows are not those of the sites")
    return Answered.of(rows.cast(row_schema()))


_TOLD: list[tuple[Path | str, str]] = []
_DESK: list[Desk] = []


def _told(workspace: Path | str, as_of: str) -> None:
    end_with_parent()
    _TOLD.append((workspace, as_of))


def _reply(sites: bytes) -> tuple[list[list[str]], Answered, float]:
    started = time.monotonic()
    if not _DESK:  # here, where what goes wrong is said
        workspace, as_of = _TOLD[-1]
        _DESK.append(Desk.opened(place_of(workspace), as_of))
    answered = _answered(_DESK[-1], unpacked(sites))
    return _DESK[-1].layers, answered, time.monotonic() - started
