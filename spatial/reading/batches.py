"""The worker's answer batch by batch: it reads on as its batches are taken, so memory does not grow with the file."""

from __future__ import annotations

import contextlib
import hashlib
import json
import queue
import struct
import tempfile
import threading
from typing import IO, TYPE_CHECKING, Any, Self

from spatial.errors import WorkerTimeoutError
from spatial.reading.boundary import Job, Limits, crashed, opened, refused, request_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

__all__ = ["BatchStream"]

_CHUNK = 1 << 20
_FRAME_S = 300
"""Seconds that the worker may take for one batch."""
_BOUNDS = Limits(input_bytes=1 << 40, output_bytes=1 << 62, seconds=86_400, features=1 << 62)
_Frame = tuple[bytes, bytes]


class BatchStream:
    """
    One layer of a file from the worker: its facts, the geometry of all its batches, then the batches.

    Use it as a context; what is not taken is not read. The worker gets the bytes of the file and no path of it.

    Parameters
    ----------
    path
        The file.
    job
        As for `spatial.reading.boundary.run`, with the file as its only member, whose bytes are not looked at.
    rows
        Features of a batch at most; one of very large geometries has fewer.

    Raises
    ------
    WorkerError, SourceTooLargeError, IncompleteSourceError
        As `run` does; while it is opened or any batch is taken.
    """

    def __init__(self, path: Path, job: Job, *, rows: int) -> None:
        self.job = job
        self._path = path
        self._sha256 = hashlib.sha256()
        self._errors = bytearray()
        self._frames: queue.Queue[_Frame | None] = queue.Queue(maxsize=2)
        self._left = False
        self._folder = tempfile.TemporaryDirectory(prefix="reading-", ignore_cleanup_errors=True)
        self._child = opened(self._folder.name)
        work = (lambda: self._feed(rows), self._listen, self._drain)
        self._threads = [threading.Thread(target=target, daemon=True) for target in work]
        for thread in self._threads:
            thread.start()
        try:
            self.facts: dict[str, Any] = json.loads(self._next(b"L")[1])
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def sha256(self) -> str:
        """Of the bytes that the worker got."""
        return self._sha256.hexdigest()

    def geometries(self) -> Iterator[pa.RecordBatch]:
        """The geometry column of every batch; all of them must be taken before `batches`."""
        while (frame := self._next(b"GM"))[0] == b"G":
            yield _batch(frame[1])

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Every batch, all columns."""
        while (frame := self._next(b"AE"))[0] == b"A":
            yield _batch(frame[1])

    def close(self) -> None:
        """End the worker, done or not."""
        self._left = True
        with contextlib.suppress(OSError):
            self._child.kill()
        self._child.wait()
        for thread in self._threads:
            thread.join(timeout=30)
        for stream in (self._child.stdin, self._child.stdout, self._child.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self._folder.cleanup()

    def _next(self, kinds: bytes) -> _Frame:
        try:
            frame = self._frames.get(timeout=_FRAME_S)
        except queue.Empty:
            raise WorkerTimeoutError(
                file=self.job.source_name,
                code="worker_timeout",
                detail=f"reading a part of it took longer than {_FRAME_S} s",
                remedy="Cut the file into smaller ones, or convert it to GeoPackage with a GIS and read that",
            ) from None
        if frame is not None and frame[0] == b"X":
            raise refused(self.job, json.loads(frame[1]))
        if frame is None or frame[0] not in kinds:
            status = self._child.wait()
            raise crashed(self.job, status, self._errors.decode("utf-8", "replace"))
        return frame

    def _feed(self, rows: int) -> None:
        stdin, sizes = self._child.stdin, {self.job.open: self._path.stat().st_size}
        assert stdin is not None
        request = request_of(self.job, _BOUNDS, sizes=sizes, rows=rows)
        with contextlib.suppress(OSError, ValueError), stdin, self._path.open("rb") as file:
            stdin.write(struct.pack(">Q", len(request)) + request)
            while part := file.read(_CHUNK):
                self._sha256.update(part)
                stdin.write(part)

    def _listen(self) -> None:
        assert self._child.stderr is not None
        with contextlib.suppress(OSError, ValueError):
            while part := self._child.stderr.read(1 << 16):
                if len(self._errors) < 1 << 16:
                    self._errors.extend(part)

    def _drain(self) -> None:
        stdout = self._child.stdout
        assert stdout is not None
        frame: _Frame | None = (b"", b"")
        while frame is not None and not self._left:
            try:
                frame = _frame(stdout)
            except (OSError, ValueError):
                frame = None
            while not self._left:
                with contextlib.suppress(queue.Full):
                    self._frames.put(frame, timeout=0.2)
                    break


def _frame(stream: IO[bytes]) -> _Frame | None:
    """The next frame; None where the answer ends, or breaks off."""
    head = stream.read(9)
    if len(head) < 9:
        return None
    (size,) = struct.unpack_from(">Q", head, 1)
    payload = stream.read(size)
    return (head[:1], payload) if len(payload) == size else None


def _batch(stream: bytes) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.ipc.open_stream(stream).read_next_batch()
