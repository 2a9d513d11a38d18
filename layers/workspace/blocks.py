"""Files and arrays that are checked block by block, when they are touched."""

from __future__ import annotations

import hashlib
import mmap
import os
import threading
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

__all__ = [
    "BLOCK_BYTES",
    "DIGEST_BYTES",
    "RUN_BLOCKS",
    "BlockSource",
    "CheckedArray",
    "FileBlocks",
    "block_count",
    "blocks_of",
    "digest_of_block",
    "read_whole",
    "stored_dtype",
    "write_blocks",
]

BLOCK_BYTES = 64 * 1024  # also the step in which Windows maps files
DIGEST_BYTES = 32
_INDEXES = "index with an integer, a slice or a one-dimensional array of integers"
RUN_BLOCKS = 256  # bring at most 16 MiB at once
_ITEM_BYTES = {"b": (1,), "i": (1, 2, 4, 8), "u": (1, 2, 4, 8), "f": (2, 4, 8)}


def block_count(size: int) -> int:
    """
    Number of blocks of a file of ``size`` bytes.

    Examples
    --------
    >>> block_count(0), block_count(65536), block_count(65537)
    (0, 1, 2)
    """
    return -(-size // BLOCK_BYTES)


def stored_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """
    Give the little-endian type in which an array is stored on every machine.

    Raises
    ------
    TypeError
        If it is not made of booleans, integers or floats of at most 8 bytes, or
        text of fixed width: anything else differs between machines.

    Examples
    --------
    >>> import numpy as np
    >>> stored_dtype(np.dtype(">i4")).str
    '<i4'
    """
    if dtype.kind in "SU" and dtype.itemsize > 0:
        return dtype.newbyteorder("<")
    if dtype.itemsize in _ITEM_BYTES.get(dtype.kind, ()):
        return dtype.newbyteorder("<")
    raise TypeError(f"arrays of {dtype} cannot be stored; use booleans, integers, floats or text of fixed width")


def write_blocks(path: Path, chunks: Iterable[bytes | memoryview], *, durable: bool = True) -> tuple[int, bytes]:
    """
    Write a new file; if it is to be ``durable``, make sure it is on the disk.

    Returns
    -------
    size, digests
        Bytes written, and the SHA-256 of each 64 KiB of them, one after another.
    """
    size, digests = 0, []
    current = hashlib.sha256()
    with path.open("xb") as out:
        for chunk in chunks:
            view = memoryview(chunk).cast("B")
            out.write(view)
            while len(view):
                room = BLOCK_BYTES - size % BLOCK_BYTES
                part, view = view[:room], view[room:]
                current.update(part)
                size += len(part)
                if size % BLOCK_BYTES == 0:
                    digests.append(current.digest())
                    current = hashlib.sha256()
        if durable:
            out.flush()
            os.fsync(out.fileno())
    if size % BLOCK_BYTES:
        digests.append(current.digest())
    return size, b"".join(digests)


def read_whole(path: Path, size: int, fail: Callable[[int | None, str], Exception]) -> bytes:
    """Read a file that must have ``size`` bytes; raises what ``fail`` builds where it has not."""
    try:
        with path.open("rb", buffering=0) as file:
            _check_size(file.fileno(), size, fail)
            data = b"".join(_pieces(file, size))
    except OSError as error:
        raise fail(None, _reason(error)) from error
    if len(data) != size:
        raise fail(None, f"{len(data)} bytes, {size} were written")
    return data


def blocks_of(path: Path, size: int, fail: Callable[[int | None, str], Exception]) -> Iterator[bytes]:
    """Read a file of ``size`` bytes block by block, unchecked."""
    try:
        with path.open("rb") as file:
            _check_size(file.fileno(), size, fail)
            while data := file.read(BLOCK_BYTES):
                yield data
    except OSError as error:
        raise fail(None, _reason(error)) from error


def _pieces(file: Any, size: int) -> Iterator[bytes]:
    left = size
    while left > 0 and (data := file.read(left)):
        left -= len(data)
        yield data


def _check_size(descriptor: int, size: int, fail: Callable[[int | None, str], Exception]) -> None:
    found = os.fstat(descriptor).st_size
    if found != size:
        raise fail(None, f"{found} bytes, {size} were written")


def digest_of_block(digests: bytes, block: int) -> bytes:
    """Give the digest of a block out of the digests of its file."""
    return digests[block * DIGEST_BYTES : (block + 1) * DIGEST_BYTES]


def _reason(error: OSError) -> str:
    return f"{type(error).__name__}: {error.strerror or error}"


class BlockSource(Protocol):
    """Where the blocks of one file lie, on a disk or in a database; what it brings is believed by nobody."""

    @property
    def name(self) -> str:
        """The file's name, for people."""

    def require_size(self, size: int, fail: Callable[[int | None, str], Exception]) -> None:
        """Raise what ``fail`` builds where the file is known to have another size."""

    def bring(
        self,
        blocks: np.ndarray[Any, Any],
        memory: memoryview,
        size: int,
        fail: Callable[[int | None, str], Exception],
    ) -> Iterator[tuple[int, int]]:
        """
        Copy blocks to their places in ``memory``, the file as a whole; give what has come as (first, stop).

        Parameters
        ----------
        blocks
            Numbers, ascending, each once.
        memory
            ``size`` bytes.
        size
            Bytes of the file as written; it is never asked for more.
        fail
            Builds what is raised where a block cannot be had.
        """


class FileBlocks:
    """Blocks of a file on a disk (`BlockSource`), mapped while they are copied."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        """The file's name."""
        return self._path.name

    def require_size(self, size: int, fail: Callable[[int | None, str], Exception]) -> None:
        """Compare with the size on the disk."""
        try:
            found = self._path.stat().st_size
        except OSError as error:
            raise fail(None, _reason(error)) from error
        if found != size:
            raise fail(None, f"{found} bytes, {size} were written")

    def bring(
        self,
        blocks: np.ndarray[Any, Any],
        memory: memoryview,
        size: int,
        fail: Callable[[int | None, str], Exception],
    ) -> Iterator[tuple[int, int]]:
        """Copy blocks into memory, run by run."""
        breaks = np.flatnonzero(np.diff(blocks) != 1) + 1
        try:
            with self._path.open("rb", buffering=0) as file:
                for run in np.split(blocks, breaks):
                    for first in range(int(run[0]), int(run[-1]) + 1, RUN_BLOCKS):
                        stop = min(first + RUN_BLOCKS, int(run[-1]) + 1)
                        self._copy(file.fileno(), first, stop, memory, size=size, fail=fail)
                        yield first, stop
        except (OSError, ValueError) as error:  # mmap says ValueError where the file is too short
            raise fail(None, str(error)) from error

    @staticmethod
    def _copy(
        descriptor: int,
        first: int,
        stop: int,
        memory: memoryview,
        *,
        size: int,
        fail: Callable[[int | None, str], Exception],
    ) -> None:
        # Reading a mapped page past the end of a file kills the process, so the size is asked for right
        # before. The bytes are copied out before they are compared: what is handed out is what was checked,
        # whatever happens to the file afterwards.
        _check_size(descriptor, size, fail)
        low, high = first * BLOCK_BYTES, min(stop * BLOCK_BYTES, size)
        page = mmap.mmap(descriptor, high - low, access=mmap.ACCESS_READ, offset=low)
        with page, memoryview(page) as view:
            memory[low:high] = view


class CheckedArray:
    """
    A stored array; what it hands out has been checked against what was written.

    Opening reads nothing. Touching a row brings the 64 KiB blocks it lies in
    into this process and compares their digests; only then are they handed out,
    and they are not read again. So memory grows with what is touched, and bytes
    that change in the store later can do no harm.

    ``array[i]`` gives a row, ``array[a:b]`` a read-only view, ``array[rows]`` with
    a one-dimensional index array (or mask) a copy, ``array.all()`` everything as a
    read-only view.

    Attributes
    ----------
    shape, dtype
        As written; the byte order is little-endian.

    Raises
    ------
    DamagedVersionError
        From any of these, when the file is lost, has another size, cannot be
        read, or a touched block differs.
    """

    def __init__(
        self,
        source: BlockSource,
        *,
        dtype: np.dtype[Any],
        shape: tuple[int, ...],
        digests: bytes,
        fail: Callable[[int | None, str], Exception],
    ) -> None:
        self.dtype = dtype
        self.shape = shape
        self._source = source
        self._fail = fail
        self._digests = digests
        row_items = 1
        for length in shape[1:]:
            row_items *= length
        self._row_bytes = row_items * dtype.itemsize
        self._size = shape[0] * self._row_bytes
        self._flags = bytearray(block_count(self._size))  # 1: in memory and checked
        self._checked = np.ndarray(len(self._flags), dtype=bool, buffer=self._flags)  # for many at once
        self._complete = False
        self._memory: np.ndarray[Any, Any] | None = None  # untouched pages of it cost nothing
        self._rows: np.ndarray[Any, Any] | None = None
        self._lock = threading.Lock()
        source.require_size(self._size, fail)

    def __len__(self) -> int:
        """Give the number of rows."""
        return self.shape[0]

    def __repr__(self) -> str:
        return f"CheckedArray({self._source.name!r}, dtype={self.dtype.str!r}, shape={self.shape})"

    def __getitem__(self, key: Any) -> Any:
        """Give checked rows; see the class."""
        count = self.shape[0]
        if isinstance(key, (int, np.integer)) and not isinstance(key, bool):
            row = int(key) + (count if key < 0 else 0)
            if not 0 <= row < count:
                raise IndexError(f"row {key} of {count}")
            return self._touched(row, row + 1)[row]
        if isinstance(key, slice):
            rows = range(count)[key]
            low, high = (min(rows[0], rows[-1]), max(rows[0], rows[-1]) + 1) if rows else (0, 0)
            return self._touched(low, high)[key]
        if isinstance(key, tuple):  # numpy would take it for axes
            raise TypeError(_INDEXES)
        return self._pick(np.asarray(key))

    def all(self) -> np.ndarray[Any, Any]:
        """Give every row as one read-only view, all of it checked."""
        return self._touched(0, self.shape[0])

    def _pick(self, index: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        count = self.shape[0]
        if index.ndim != 1 or (index.size and index.dtype.kind not in "iub"):
            raise TypeError(_INDEXES)
        if index.dtype.kind == "b":
            if index.size != count:
                raise IndexError(f"a mask of {index.size} for {count} rows")
            index = np.flatnonzero(index)
        index = index.astype(np.int64)
        if index.size:
            if index.min() < -count or index.max() >= count:
                raise IndexError(f"rows {index.min()} to {index.max()} of {count}")
            index = np.where(index < 0, index + count, index)
            if not self._complete and self._row_bytes:
                first = index * self._row_bytes // BLOCK_BYTES
                last = ((index + 1) * self._row_bytes - 1) // BLOCK_BYTES
                steps = int((last - first).max())
                if steps > 1 or not (self._checked[first].all() and self._checked[last].all()):
                    touched = np.zeros(len(self._flags), dtype=bool)
                    touched[np.minimum(first[:, None] + np.arange(steps + 1), last[:, None])] = True
                    self._fetch(np.flatnonzero(touched))
        rows: np.ndarray[Any, Any] = self._memory_rows()[index]
        return rows

    def _touched(self, low: int, high: int) -> np.ndarray[Any, Any]:
        if not self._complete and high > low and self._row_bytes:
            first = low * self._row_bytes // BLOCK_BYTES
            last = (high * self._row_bytes - 1) // BLOCK_BYTES
            if 0 in self._flags[first : last + 1]:
                self._fetch(np.arange(first, last + 1))
        return self._memory_rows()

    def _memory_rows(self) -> np.ndarray[Any, Any]:
        if self._rows is None:
            with self._lock:
                self._allocate()
        assert self._rows is not None
        return self._rows

    def _allocate(self) -> None:
        if self._memory is None:
            self._memory = np.empty(self._size, dtype=np.uint8)
            rows = np.ndarray(self.shape, dtype=self.dtype, buffer=self._memory.data)
            rows.flags.writeable = False
            self._rows = rows

    def _fetch(self, blocks: np.ndarray[Any, Any]) -> None:
        """Bring the blocks (sorted) into memory, checked; those that are there stay."""
        with self._lock:
            self._allocate()
            assert self._memory is not None
            wanted = blocks[~self._checked[blocks]]
            if not wanted.size:
                return
            for first, stop in self._source.bring(wanted, self._memory.data, self._size, self._fail):
                self._check(first, stop)
            self._complete = bool(self._checked.all())

    def _check(self, first: int, stop: int) -> None:
        assert self._memory is not None
        for block in range(first, stop):
            data = self._memory.data[block * BLOCK_BYTES : min((block + 1) * BLOCK_BYTES, self._size)]
            if hashlib.sha256(data).digest() != digest_of_block(self._digests, block):
                raise self._fail(block, "its digest differs")
            self._flags[block] = 1
