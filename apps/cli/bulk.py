"""A process that handles much data once and then ends: where its memory lies, and that nothing is swept."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["bulk_work", "share_arenas"]

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Of ``mallopt`` in malloc.h."""
_WHOLE = (1 << 31) - 1


@contextmanager
def bulk_work() -> Iterator[None]:
    """
    Work on large arrays in a process of its own.

    What is freed stays with the process and is used again: the system need not clear fresh pages for every array, which
    takes a third of an import. Cycles of objects are not sought meanwhile, since almost none are made.
    """
    _keep_memory()
    swept = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if swept:
            gc.enable()


def share_arenas() -> None:
    """
    Have all threads of this process take memory from the same few places.

    glibc gives threads places of their own and keeps what is freed in each: where thousands of threads follow each
    other, as over millions of sites, what a process holds grew by a third.
    """
    _tell((_ARENA_MAX, 2))


def _keep_memory() -> None:
    """Keep what is freed, in one place for all threads."""
    _tell((_MMAP_THRESHOLD, _WHOLE), (_TRIM_THRESHOLD, _WHOLE), (_ARENA_MAX, 1))


def _tell(*settings: tuple[int, int]) -> None:
    """Tell glibc; other systems have their own ways."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError, AttributeError):  # another C library
        mallopt = ctypes.CDLL(None).mallopt
        for setting, value in settings:
            mallopt(setting, value)
