"""One engine in a process of its own: it loads, prepares and runs on demand, and says the time and memory that took."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from benchmarks.data import Data
    from benchmarks.engines import Answer, Engine

__all__ = ["EngineFailedError", "Rival", "answer_at", "core_seconds", "peak_mb", "timed_process"]


class EngineFailedError(RuntimeError):
    """An engine stopped, or took longer than it may."""


def peak_mb(process: int | None = None) -> float:
    """The most memory a process ever held, MB; NaN where the system does not say (no /proc)."""
    status = Path(f"/proc/{process or 'self'}/status")
    if not status.exists():
        return float("nan")
    return float(status.read_text(encoding="utf-8").partition("VmHWM:")[2].split()[0]) / 1024


def core_seconds() -> float:
    """Seconds of processor that all ended child processes took so far, the system's share included; NaN on Windows."""
    try:
        import resource
    except ImportError:
        return float("nan")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Rival:
    """An engine at one task; `start` it, then ask for rounds."""

    def __init__(self, engine: Engine, task: str, data: Data, count: int, limit_s: float) -> None:
        self.engine, self.task, self.data, self.count, self.limit_s = engine, task, data, count, limit_s
        self.rounds: list[float] = []
        self.load_s = self.prepare_s = self.peak = float("nan")
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Load and prepare, each timed."""
        words = [self.engine.module, self.engine.variant, self.task, str(self.count), str(self.data.folder)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.process", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if "PYTEST_CURRENT_TEST" in os.environ else None,
            text=True,
            encoding="utf-8",
            env=os.environ | {"OMP_NUM_THREADS": "2", "PYTHONWARNINGS": "ignore"},
        )
        self.load_s = self._asked("load")["seconds"]
        self.prepare_s = self._asked("prepare")["seconds"]

    def run(self) -> float:
        """One round, timed."""
        taken = float(self._asked("run")["seconds"])
        self.rounds.append(taken)
        self.peak = np.nanmax([self.peak, self._asked("peak")["mb"]])
        return taken

    def answer(self, path: Path) -> Answer:
        """What the last round found."""
        self._asked(f"answer {path}")
        return answer_at(path)

    def close(self) -> None:
        """End the process; it is asked first, so that servers and workers end as well."""
        if self.process is None:
            return
        with contextlib.suppress(EngineFailedError):
            self._asked("quit", 30)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(30)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self.process = None

    def _asked(self, what: str, limit_s: float | None = None) -> dict[str, Any]:
        process = self.process
        if process is None or process.stdin is None or process.stdout is None:
            raise EngineFailedError(f"{self.engine.name}: not started")
        late = threading.Event()

        def stop() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(limit_s or self.limit_s, stop)
        timer.start()
        try:
            process.stdin.write(what + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:
            line = ""
        finally:
            timer.cancel()
        if not line:
            said = "" if process.stderr is None else process.stderr.read()[-2_000:]
            why = f"took over {limit_s or self.limit_s:.0f} s" if late.is_set() else "stopped"
            raise EngineFailedError(f"{self.engine.name}: {what.split(maxsplit=1)[0]} {why} {said}".strip())
        reply: dict[str, Any] = json.loads(line)
        if "error" in reply:
            raise EngineFailedError(f"{self.engine.name}: {reply['error']}")
        return reply


def answer_at(path: Path) -> Answer:
    """An answer that was written down."""
    from benchmarks.engines import Answer

    with np.load(path) as found:
        value = found.get("value")
        return Answer(site=found["site"], zone=found["zone"], value=value, metres=bool(found["metres"]))


def timed_process(words: list[str], *, rounds: int = 1, env: dict[str, str] | None = None) -> tuple[list[float], float]:
    """
    A Python program as a process, run some times: seconds of each, and the peak memory of a last run, in MB.

    ``words`` is what stands after ``python``: ``-m module …``. The peak is what the process says of itself at its end,
    for what the system says of a child may be inherited. With no rounds the last run alone is timed.
    """
    said = os.environ | {"PYTHONWARNINGS": "ignore"} | (env or {})
    quiet: dict[str, Any] = {"capture_output": True, "env": said}
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        done = subprocess.run([sys.executable, *words], check=False, **quiet)
        taken.append(time.perf_counter() - start)
        _succeeded(done, words)
    if words[0] != "-m":
        raise ValueError(f"not a module: {words}")
    code = (
        "import atexit, runpy, sys; from benchmarks.process import peak_mb; "
        "atexit.register(lambda: print(f'\\npeak {peak_mb()}', file=sys.stderr, flush=True)); "
        f"sys.argv = {words[1:]!r}; runpy.run_module({words[1]!r}, run_name='__main__', alter_sys=True)"
    )
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], check=False, **quiet)
    last = time.perf_counter() - start
    _succeeded(done, words)
    return taken or [last], float(done.stderr.decode("utf-8", "replace").rpartition("\npeak ")[2].split()[0])


def _succeeded(done: subprocess.CompletedProcess[bytes], words: list[str]) -> None:
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace")[-2_000:]
        raise EngineFailedError(f"{' '.join(words)}: status {done.returncode}: {said}")


def serve(module: str, variant: str, task: str, count: str, folder: str) -> None:
    """Do what each line of standard input asks."""
    from benchmarks.data import Data, Sizes

    reply_to = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever an engine prints does not mix with replies
    made = json.loads((Path(folder) / "made.json").read_text(encoding="utf-8"))
    data = Data(folder=Path(folder), sizes=Sizes(**made["sizes"]), subdivided_s=made["subdivided_s"])
    racer = importlib.import_module(module).racer(variant, task, data, int(count))
    last: Answer | None = None

    def reply(**facts: Any) -> None:
        reply_to.write(json.dumps(facts) + "\n")
        reply_to.flush()

    for line in sys.stdin:
        what, _, path = line.strip().partition(" ")
        try:
            start = time.perf_counter()
            if what == "run":
                last = racer.run()
                reply(seconds=time.perf_counter() - start)
            elif what in {"load", "prepare"}:
                getattr(racer, what)()
                reply(seconds=time.perf_counter() - start)
            elif what == "peak":
                other = racer.peak_mb()
                reply(mb=peak_mb() if other is None else other)
            elif what == "answer" and last is not None:
                columns = {"site": last.site, "zone": last.zone, "metres": last.metres}
                np.savez(path, **columns, **({} if last.value is None else {"value": last.value}))  # type: ignore[arg-type]
                reply()
            else:
                racer.close()
                reply()
                return
        except Exception as trouble:  # noqa: BLE001 - one engine that fails is one row that says so
            reply(error=f"{type(trouble).__name__}: {trouble}"[:600])


if __name__ == "__main__":
    serve(*sys.argv[1:6])
