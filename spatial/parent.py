"""The process that started this one: when it ends, however it does, this one has nothing left to do."""

from __future__ import annotations

import multiprocessing
import os
import threading
from multiprocessing.connection import wait

__all__ = ["end_with_parent"]


def end_with_parent() -> None:
    """
    End this process as soon as the one that started it has ended, killed from outside included.

    Use it first in a worker process: a pool's workers wait for work for ever, with all the memory they hold, where the
    pool was killed before it could tell them. In a process that `multiprocessing` did not start nothing happens.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_watch, args=(parent.sentinel,), daemon=True).start()


def _watch(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)  # nobody is there to be told; what the process was at is done again when it is asked for
