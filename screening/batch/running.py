"""Answering the open sites of a job, in this process or several; the rows are the same whichever and in which order."""

from __future__ import annotations

import multiprocessing
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from layers.workspace import FolderStore
from screening.batch.intake import Taken
from screening.batch.job import Job
from screening.batch.row import refused_row, row_of
from screening.errors import BatchStoppedError
from screening.loaded import Loaded, load
from screening.screen import judge
from spatial import boundaries
from spatial.errors import SpatialError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from layers.workspace.store import WorkspaceStore

__all__ = ["answer", "layers_of", "take_in"]

Rows = list[tuple[int, dict[str, Any]]]
STEP = 100
"""Sites of one step: what a kill costs at most, for each process."""


def take_in(
    job: Job, records: Iterable[Taken], *, as_of: str, step: int = 1_000, on_taken: Callable[[int], None] | None = None
) -> None:
    """
    Take the records of a source into a job, from where an earlier run stopped.

    Parameters
    ----------
    job
        The job.
    records
        Of the whole source, from `screening.batch.intake.sites_of`; those that the job has are passed over.
    as_of
        Of the batch, for the rows of records that are refused.
    step
        Records kept at once.
    on_taken
        Called with how many have been kept.
    """
    if job.complete:
        return
    done, pending = job.taken, []
    for record in records:
        if record.number <= done:
            continue
        pending.append(record)
        if len(pending) == step:
            _keep(job, pending, as_of, last=False)
            if on_taken:
                on_taken(len(pending))
            pending = []
    _keep(job, pending, as_of, last=True)
    if on_taken:
        on_taken(len(pending))


def _keep(job: Job, records: list[Taken], as_of: str, *, last: bool) -> None:
    job.take(records, [(r.number, refused_row(r, as_of)) for r in records if r.site is None], last=last)


def layers_of(store: WorkspaceStore) -> list[list[str]]:
    """The layers of a workspace as a batch remembers them: name, version, digest of its checksums."""
    return sorted([e.layer, e.version, e.checksums_sha256] for e in store.entries)


def answer(
    job: Job,
    workspace: Path,
    *,
    as_of: str,
    workers: int = 1,
    layers: list[list[str]] | None = None,
    on_rows: Callable[[int], None] | None = None,
) -> None:
    """
    Answer every open site of a job.

    Parameters
    ----------
    job
        Complete; its rows are added, `STEP` at a time.
    workspace
        Folder of the workspace.
    as_of
        ISO date.
    workers
        Processes; 1 answers in this one.
    layers
        What `layers_of` says of the workspace that is meant; None: whatever it holds.
    on_rows
        Called with how many rows were added.

    Raises
    ------
    BatchStoppedError
        If the workspace is another by now, a process dies, or the disk takes no more; the rows so far are kept.
    """
    for opened, rows in _answered(job, workspace, as_of, workers):
        if layers is not None and opened != layers:
            detail, remedy = "a layer of the workspace was replaced meanwhile", "give --restart to begin anew"
            raise BatchStoppedError(path=job.path, detail=detail, remedy=remedy)
        job.answer(rows)
        if on_rows:
            on_rows(len(rows))


def _answered(job: Job, workspace: Path, as_of: str, workers: int) -> Iterator[tuple[list[list[str]], Rows]]:
    if workers == 1:
        desk = _Desk.opened(workspace, as_of)
        for some in job.open_sites(STEP):
            yield desk.layers, desk.rows(some)
        return
    context = multiprocessing.get_context("spawn")  # as on Windows; nothing is inherited
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_open, initargs=(workspace, as_of)) as pool:
        waiting = deque()  # type: ignore[var-annotated]
        try:
            for some in job.open_sites(STEP):
                waiting.append(pool.submit(_rows, some))
                if len(waiting) > 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool:
            detail, remedy = "a process was ended from outside", "run the same command again, with fewer --workers"
            raise BatchStoppedError(path=job.path, detail=detail, remedy=remedy) from None
        finally:
            for future in waiting:
                future.cancel()


@dataclass(frozen=True, kw_only=True)
class _Desk:
    """What one process needs to answer: the layers, open."""

    loaded: Loaded
    as_of: str
    layers: list[list[str]]

    @classmethod
    def opened(cls, workspace: Path, as_of: str) -> _Desk:
        store = FolderStore.open(workspace)
        return cls(loaded=load(store, as_of), as_of=as_of, layers=layers_of(store))

    def rows(self, sites: list[tuple[int, bytes]]) -> Rows:
        return [(number, self._row(number, document)) for number, document in sites]

    def _row(self, number: int, document: bytes) -> dict[str, Any]:
        site = Job.site_of(document)
        own = site.parts[0].id
        try:
            return row_of(number, own, judge(site, self.loaded), _district(site.geometry.centroid))
        except Exception as trouble:  # noqa: BLE001 - one bad row never stops the rest: it is listed with its reason
            code, text = type(trouble).__name__, str(trouble)
            return refused_row(
                Taken(number=number, id=own, name=site.name, site=None, code=code, trouble=text), self.as_of
            )


def _district(middle: Any) -> tuple[str | None, str | None]:
    """Code and name of the district of a point; none where the boundaries do not tell."""
    try:
        codes = boundaries.districts_at(middle.x, middle.y)
        names = boundaries.place_names()
    except (SpatialError, ValueError):
        return None, None
    return (codes[0], names.get(codes[0])) if codes else (None, None)


_DESK: list[_Desk] = []


def _open(workspace: Path, as_of: str) -> None:
    _DESK.append(_Desk.opened(workspace, as_of))


def _rows(sites: list[tuple[int, bytes]]) -> tuple[list[list[str]], Rows]:
    return _DESK[-1].layers, _DESK[-1].rows(sites)
