"""Parts on dask.distributed: a scheduler that the user started, or workers of this machine for one batch."""

from __future__ import annotations

import re
import tempfile
from contextlib import ExitStack, contextmanager
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screening.cluster.answering import Errand, Outcome, answer_part, greet, require
from screening.errors import BatchStoppedError, EngineMissingError, EngineUnreachableError, WorkersDifferError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["dask_engine"]

_WAIT_S = 30
_AHEAD = 4
"""Parts that wait with the scheduler, for each thread of a worker."""
_MISSING = re.compile(r"\b(ModuleNotFound|Import)Error\b")
"""How Dask hands on, as text, that a worker cannot load what it is sent."""


@contextmanager
def dask_engine(
    scheduler: str | None = None, *, workers: int | None = None, password: str | None = None
) -> Iterator[Callable[[Errand, Sequence[int]], Iterator[Outcome]]]:
    """
    An engine over dask.distributed.

    A part whose worker dies goes to another worker; only one that ends four of them stops the batch
    (``distributed.scheduler.allowed-failures``).

    Parameters
    ----------
    scheduler
        Address (``tcp://host:8786``, ``tls://…`` with the certificates of Dask's own configuration). Without one,
        worker processes of this machine, reached over loopback with certificates made for this run; they end with it.
    workers
        Processes of this machine; default: the cores there are. Not used with a scheduler.
    password
        Of the workspace's database, for the processes of this machine, which get it over the encrypted connection and
        keep it in memory. Never sent to a scheduler of yours: its workers have ``PGPASSWORD`` or ``~/.pgpass``.

    Yields
    ------
    engine
        For `screening.cluster.answering.answer_parts`.

    Raises
    ------
    EngineMissingError
        If dask.distributed is not installed.
    EngineUnreachableError
        If no scheduler answers at the address, or it has no worker.
    """
    try:
        dask: Any = import_module("distributed")
    except ImportError:
        raise EngineMissingError(engine="dask", command='pip install "sanxian[dask]"') from None
    with ExitStack() as stack:
        if scheduler is None:
            scratch = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="sanxian-dask-", ignore_cleanup_errors=True)
            )
            cluster = stack.enter_context(
                dask.LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    processes=True,
                    host="127.0.0.1",
                    protocol="tls://",
                    security=dask.Security.temporary(),
                    dashboard_address=None,
                    worker_dashboard_address=None,
                    # any free port: on 8787, its own choice, another cluster may be at work
                    scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
                    local_directory=scratch,
                    silence_logs=50,
                )
            )
            client = stack.enter_context(dask.Client(cluster))
            if password is not None:
                client.register_plugin(_password_plugin(password))
        else:
            try:
                client = stack.enter_context(dask.Client(scheduler, timeout=_WAIT_S))
            except (OSError, ValueError) as trouble:
                raise EngineUnreachableError(
                    engine="dask",
                    address=scheduler,
                    detail=f"no scheduler answers ({type(trouble).__name__})",
                    remedy="start one with `dask scheduler`, and give the address that it prints",
                ) from None
        try:
            client.wait_for_workers(1, timeout=_WAIT_S)
        except TimeoutError:
            raise EngineUnreachableError(
                engine="dask",
                address=scheduler or "-",
                detail="the scheduler has no worker",
                remedy=f"start some with `dask worker {scheduler or 'ADDRESS'} --nthreads 1`",
            ) from None
        yield lambda errand, numbers: _answered(client, errand, numbers)


def _password_plugin(password: str) -> Any:
    """Gives every worker, also one that is started in place of a dead one, the password; its command line has none."""
    dask: Any = import_module("distributed")

    class Password(dask.WorkerPlugin):  # type: ignore[misc]  # distributed is loaded when an engine is asked for
        name = "sanxian-password"

        def setup(self, worker: object) -> None:  # noqa: ARG002 - Dask passes it
            import os

            os.environ["PGPASSWORD"] = password

    return Password()


def _answered(client: Any, errand: Errand, numbers: Sequence[int]) -> Iterator[Outcome]:
    dask: Any = import_module("distributed")
    gone = (dask.comm.CommClosedError, dask.client.FutureCancelledError, TimeoutError)
    _greeted(client, errand)
    ahead = max(8, _AHEAD * sum(client.nthreads().values()))
    rest = (client.submit(answer_part, errand, number, pure=False) for number in numbers)
    running = dask.as_completed(list(islice(rest, ahead)))
    try:
        for future in running:
            yield future.result()
            for next_one in islice(rest, 1):
                running.add(next_one)
    except dask.scheduler.KilledWorker as trouble:
        detail = f"a part ended {trouble.allowed_failures + 1} workers"
        remedy = "give the workers more memory, or --part-sites fewer, then run the same command"
        raise BatchStoppedError(path=Path(errand.folder), detail=detail, remedy=remedy) from None
    except gone as trouble:
        detail = f"the scheduler is gone ({type(trouble).__name__})"
        remedy = "start it again, then run the same command: it goes on where it stood"
        raise BatchStoppedError(path=Path(errand.folder), detail=detail, remedy=remedy) from None


def _greeted(client: Any, errand: Errand) -> None:
    """Every worker there is now can do the errand; those that join later say so with their first part."""
    try:
        found = client.run(greet, errand)
    except Exception as trouble:
        if not _MISSING.search(str(trouble)):
            raise
        raise WorkersDifferError(
            workers=tuple(client.nthreads()),
            detail=f"the program cannot be loaded there ({trouble})",
            remedy="install the same version of sanxian where the workers run",
        ) from None
    for outcome in found.values():
        require(outcome, errand)
