"""A process that handles much data once and then ends: memory is kept for reuse, nothing is swept, pandas stays out."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.machinery import ModuleSpec

__all__ = ["bulk_work", "import_gdal_without_pandas"]

_UNUSED = frozenset({"geopandas", "pandas"})
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
    import_gdal_without_pandas()
    swept = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if swept:
            gc.enable()


def import_gdal_without_pandas() -> None:
    """Import GDAL and Arrow, which load pandas and geopandas wherever they find them; a command uses neither."""
    if "pyogrio" in sys.modules or "pandas" in sys.modules:
        return
    absent = _Absent()
    sys.meta_path.insert(0, absent)
    try:
        import pyarrow as pa
        import pyogrio  # noqa: F401 - it asks for them once

        pa.array([""])  # so does this
    finally:
        sys.meta_path.remove(absent)


class _Absent:
    """A finder that finds some packages not to be there."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG004
        if name.partition(".")[0] in _UNUSED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


def _keep_memory() -> None:
    """Tell glibc to keep what is freed, in one arena for all threads; other systems have their own ways."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError, AttributeError):  # another C library
        mallopt = ctypes.CDLL(None).mallopt
        for setting, value in ((_MMAP_THRESHOLD, _WHOLE), (_TRIM_THRESHOLD, _WHOLE), (_ARENA_MAX, 1)):
            mallopt(setting, value)
