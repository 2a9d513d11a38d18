"""One writer at a time, by a lock that the operating system takes back from a process that dies."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from layers.errors import WorkspaceBusyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["LOCK_FILE", "LOCK_TIMEOUT_S", "writing"]

LOCK_FILE = ".lock"
LOCK_TIMEOUT_S = 5.0


@contextmanager
def writing(root: Path, *, timeout_s: float = LOCK_TIMEOUT_S) -> Iterator[None]:
    """
    Hold the workspace's lock; readers never need it.

    Raises
    ------
    WorkspaceBusyError
        If another program holds it longer than ``timeout_s`` seconds, or the
        disk has no such lock: a lock file that merely exists would stay behind
        a process that dies.
    """
    from filelock import FileLock, SoftFileLock, Timeout

    lock = FileLock(root / LOCK_FILE, timeout=timeout_s)
    try:
        lock.acquire()
    except Timeout:
        raise WorkspaceBusyError(path=root, waited_s=timeout_s) from None
    except (NotImplementedError, OSError) as error:  # no locks on this disk; no right to write
        raise WorkspaceBusyError(path=root, waited_s=0.0, detail=str(error)) from error
    try:
        if isinstance(lock, SoftFileLock):
            raise WorkspaceBusyError(path=root, waited_s=0.0, detail="its disk offers no locks; use a local disk")
        yield
    finally:
        lock.release()
