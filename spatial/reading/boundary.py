"""
The boundary to the reading worker: what goes over it, what comes back, and every way it can fail.

A parser of foreign formats may crash, hang or eat memory on a hostile file. It runs in a child process
(`spatial.reading.worker`) that gets bytes and gives Arrow back, and whatever happens to it ends here as a named error.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from spatial.errors import (
    IncompleteSourceError,
    LayerChoiceError,
    SourceTooLargeError,
    WorkerCrashedError,
    WorkerError,
    WorkerMemoryError,
    WorkerRefusedError,
    WorkerTimeoutError,
)
from spatial.reading.limits import Limits

__all__ = ["Answer", "Job", "LayerBytes", "Limits", "crashed", "opened", "refused", "request_of", "run"]

_SPLIT = "Cut the file into smaller ones, or convert it to GeoPackage with a GIS and read that"
_RESAVE = "Open it in a GIS, repair or save it again as GeoPackage, and read that"


@dataclass(frozen=True, kw_only=True)
class Job:
    """
    One source for the worker.

    Parameters
    ----------
    source_name
        Shown in errors.
    format
        As `spatial.reading.formats.sniff` names it.
    drivers
        The only GDAL drivers that may look at the bytes.
    members
        Safe relative name -> bytes.
    open
        The member, or the folder of members, that is opened.
    layer
        Only this layer, else all.
    encoding
        Passed to GDAL; none: its own choice.
    environment
        GDAL settings of this format.
    """

    source_name: str
    format: str
    drivers: tuple[str, ...]
    members: dict[str, bytes]
    open: str
    layer: str | None = None
    encoding: str | None = None
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class LayerBytes:
    """One layer as it came back: facts (see the worker) and an Arrow stream, none for a table without geometry."""

    facts: dict[str, Any]
    arrow: Any
    """Bytes, as a view of the whole answer."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Layers and problems of one source."""

    layers: tuple[LayerBytes, ...]
    problems: tuple[dict[str, Any], ...]


def run(job: Job, *, limits: Limits | None = None, program: tuple[str, ...] | None = None) -> Answer:
    """
    Let the worker parse one source.

    Parameters
    ----------
    job
        The source.
    limits
        What it may cost.
    program
        Command line of the worker; the project's own by default.

    Returns
    -------
    answer
        Only complete answers come back.

    Raises
    ------
    WorkerError
        The worker crashed, hung, ran out of memory, or refused the file.
    SourceTooLargeError
        The file holds more than the limits allow.
    IncompleteSourceError
        The file is damaged or holds less than it declares.
    LayerChoiceError
        The layer asked for is not there.
    """
    bounds = limits or Limits()
    size = sum(map(len, job.members.values()))
    if size > bounds.input_bytes:
        raise SourceTooLargeError(
            file=job.source_name, code="too_large", detail=f"{size} bytes unpacked", remedy=_SPLIT
        )
    with tempfile.TemporaryDirectory(prefix="reading-", ignore_cleanup_errors=True) as folder:
        output, errors, status, late = _talk(job, bounds, folder, program or _program())
    if late == "time":
        raise WorkerTimeoutError(
            file=job.source_name,
            code="worker_timeout",
            detail=f"reading it took longer than {bounds.seconds} s",
            remedy=_SPLIT,
        )
    if late == "output":
        raise SourceTooLargeError(
            file=job.source_name,
            code="too_large",
            detail=f"it unpacks to more than {bounds.output_bytes} bytes",
            remedy=_SPLIT,
        )
    return _parse(job, output, errors, status)


def _program() -> tuple[str, ...]:
    # -I: nothing from the current folder or from PYTHON* reaches the child; -X utf8: the same on a GBK Windows
    return (sys.executable, "-I", "-X", "utf8", str(Path(__file__).with_name("worker.py")))


def request_of(job: Job, bounds: Limits, *, sizes: dict[str, int], rows: int | None = None) -> bytes:
    """The request for a job whose members have these sizes; ``rows``: features of a batch, none: all at once."""
    name = job.source_name.rsplit("/", 1)[-1].rsplit("\\", 1)[-1]
    return json.dumps(
        {
            "format": job.format,
            "drivers": list(job.drivers),
            "members": [{"name": name, "size": size} for name, size in sizes.items()],
            "open": job.open,
            "stem": name.rsplit(".", 1)[0],
            "layer": job.layer,
            "rows": rows,
            "encoding": job.encoding,
            "environment": job.environment,
            # without -I's loss of the user's own site-packages; never the current folder
            "sys_path": [str(Path(entry)) for entry in sys.path if entry and Path(entry).is_absolute()],
            "max_output": bounds.output_bytes,
            "max_memory": bounds.memory_bytes,
            "max_seconds": bounds.seconds,
            "max_features": bounds.features,
            "max_layers": bounds.layers,
        }
    ).encode()


def opened(folder: str, program: tuple[str, ...] | None = None) -> subprocess.Popen[bytes]:
    """The worker, started in a folder made for it, with an environment of its own."""
    kept = ("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "PATH", "LD_LIBRARY_PATH", "LANG", "GDAL_DATA", "PROJ_DATA")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    # the worker's own scratch files stay in the folder that is removed
    environment |= {"TEMP": folder, "TMP": folder, "TMPDIR": folder, "HOME": folder, "CPL_TMPDIR": folder}
    environment |= {"USERPROFILE": folder, "XDG_CONFIG_HOME": folder, "XDG_CACHE_HOME": folder}
    return subprocess.Popen(  # noqa: S603 - our own interpreter and file
        program or _program(),
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _talk(job: Job, bounds: Limits, folder: str, program: tuple[str, ...]) -> tuple[bytearray, str, int, str | None]:
    """Feed the child and drain it; end it when it is late or says too much."""
    with opened(folder, program) as child:
        stdin, stdout, stderr = child.stdin, child.stdout, child.stderr
        assert stdin is not None
        assert stdout is not None
        assert stderr is not None
        output, errors = bytearray(), bytearray()
        late: list[str] = []

        def feed() -> None:
            request = request_of(job, bounds, sizes={name: len(data) for name, data in job.members.items()})
            with contextlib.suppress(OSError), stdin:
                stdin.write(struct.pack(">Q", len(request)) + request)
                for data in job.members.values():
                    stdin.write(data)

        def drain() -> None:
            slack = 1 << 20
            while part := stdout.read(1 << 20):
                output.extend(part)
                if len(output) > bounds.output_bytes + slack:
                    late.append("output")
                    child.kill()
                    return

        def listen(stream: IO[bytes]) -> None:
            while part := stream.read(1 << 16):
                if len(errors) < 1 << 16:
                    errors.extend(part)

        threads = [
            threading.Thread(target=feed, daemon=True),
            threading.Thread(target=drain, daemon=True),
            threading.Thread(target=listen, args=(stderr,), daemon=True),
        ]
        for thread in threads:
            thread.start()
        try:
            status = child.wait(timeout=bounds.seconds)
        except subprocess.TimeoutExpired:
            late.append("time")
            child.kill()
            status = child.wait()
        except BaseException:  # an interrupt must not leave the child behind
            child.kill()
            raise
        for thread in threads:
            thread.join(timeout=30)
    return output, errors.decode("utf-8", "replace"), status, late[0] if late else None


def _parse(job: Job, output: bytearray, errors: str, status: int) -> Answer:
    layers: list[LayerBytes] = []
    problems: list[dict[str, Any]] = []
    place, ended = 0, False
    given = memoryview(output)
    while place + 9 <= len(output):
        kind = bytes(given[place : place + 1])
        (size,) = struct.unpack_from(">Q", output, place + 1)
        payload = given[place + 9 : place + 9 + size]
        place += 9 + size
        if len(payload) != size:
            break
        if kind == b"L":
            layers.append(LayerBytes(facts=json.loads(bytes(payload)), arrow=None))
        elif kind == b"A":
            layers[-1] = LayerBytes(facts=layers[-1].facts, arrow=payload)
        elif kind == b"P":
            problems.append(json.loads(bytes(payload)))
        elif kind == b"X":
            raise refused(job, json.loads(bytes(payload)))
        elif kind == b"E":
            ended = True
    if not ended or status != 0:
        raise crashed(job, status, errors)
    return Answer(layers=tuple(layers), problems=tuple(problems))


def crashed(job: Job, status: int, errors: str) -> WorkerError:
    """What it means that the worker ended so, without a whole answer."""
    if "MemoryError" in errors or "bad_alloc" in errors or status in {-9, 137}:
        return WorkerMemoryError(
            file=job.source_name,
            code="worker_memory",
            detail="reading it took more memory than allowed",
            remedy=_SPLIT,
        )
    if status == -24:  # SIGXCPU
        return WorkerTimeoutError(
            file=job.source_name,
            code="worker_timeout",
            detail="reading it took more processor time than allowed",
            remedy=_SPLIT,
        )
    last = errors.strip().splitlines()[-1][:200] if errors.strip() else "no message"
    return WorkerCrashedError(
        file=job.source_name,
        code="worker_crashed",
        detail=f"the parser died on it (exit {status}; {last})",
        remedy=_RESAVE,
    )


def refused(job: Job, said: dict[str, Any]) -> Exception:
    """What it means that the worker refused a source."""
    code, detail = str(said["code"]), str(said["detail"])
    if code == "memory":
        return WorkerMemoryError(file=job.source_name, code="worker_memory", detail=detail, remedy=_SPLIT)
    if code == "too_large":
        return SourceTooLargeError(file=job.source_name, code=code, detail=detail, remedy=_SPLIT)
    if code in {"damaged", "count"}:
        remedy = "Get the file again from its source; part of it is missing"
        return IncompleteSourceError(file=job.source_name, code=code, detail=detail, remedy=remedy)
    if code == "layer_unknown":
        return LayerChoiceError(file=job.source_name, code=code, detail=detail, remedy="Name one of these layers")
    return WorkerRefusedError(file=job.source_name, code=code, detail=detail, remedy=_RESAVE)
