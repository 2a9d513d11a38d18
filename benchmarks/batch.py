"""
Many sites: how fast they are taken in and answered, and the memory that takes.

``python -m benchmarks.batch 200000 2000`` takes in 200,000 rows of a table and answers 2,000 sites, in one process.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import shapely

DAY = "2026-11-22"


def table(path: Path, count: int) -> None:
    """Points in decimal degrees over the layer and around it."""
    with path.open("w", encoding="utf-8") as file:
        file.write("编号,名称,经度,纬度\n")
        file.writelines(
            f"P{i},站点{i},{117.2 + (i * 7919 % 600_000) / 1e6:.6f},{49.3 + (i * 104_729 % 400_000) / 1e6:.6f}\n"
            for i in range(count)
        )


def workspace(path: Path) -> None:
    """One red line of 400 squares."""
    from tests.building import add, workspace_at

    store = workspace_at(path, "red_lines")
    zones = [
        shapely.box(117.2 + 0.03 * i, 49.3 + 0.02 * j, 117.21 + 0.03 * i, 49.31 + 0.02 * j)
        for i in range(20)
        for j in range(20)
    ]
    add(store, "red_lines", zones, name="红线", coverage=shapely.box(117, 49, 118, 50))


def measured(folder: Path, take: int, reply: int) -> dict[str, float]:
    """One run in this process: seconds and peak resident memory, in MB, of both steps."""
    from screening.batch.intake import sites_of
    from screening.batch.job import Job
    from screening.batch.running import answer, take_in

    table(folder / f"{take}.csv", take)
    table(folder / f"answered-{take}.csv", reply)
    found = {"idle_mb": _peak()}
    started = time.perf_counter()
    with Job(folder / f"{take}.job", {}) as job:
        take_in(job, sites_of(folder / f"{take}.csv"), as_of=DAY)
        if job.total != take:
            raise AssertionError(f"{job.total} of {take} rows were taken in")
    found |= {"take_s": time.perf_counter() - started, "take_mb": _peak()}
    with Job(folder / f"answered-{take}.job", {}) as job:
        take_in(job, sites_of(folder / f"answered-{take}.csv"), as_of=DAY)
        started = time.perf_counter()
        answer(job, folder / "ws", as_of=DAY)
        found |= {"answer_s": time.perf_counter() - started, "answer_mb": _peak()}
        if job.answered != reply:
            raise AssertionError(f"{job.answered} of {reply} rows were answered")
    return found


def _peak() -> float:
    """Of this program; what the system says of a process may be inherited from the one that started it."""
    status = Path("/proc/self/status")
    if status.exists():
        return float(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    import resource  # not there on Windows, where this benchmark is not run

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(take: int = 200_000, reply: int = 2_000) -> None:
    """Measure a tenth of the rows and all of them, each in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        workspace(Path(name, "ws"))
        for rows in (take // 10, take):
            command = [sys.executable, "-m", "benchmarks.batch", "--one", name, str(rows), str(reply)]
            found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            print(
                f"{rows:,} rows taken in: {rows / found['take_s']:,.0f} rows/s, peak {found['take_mb']:.0f} MB "
                f"(idle {found['idle_mb']:.0f}); {reply:,} answered: {reply / found['answer_s']:,.1f} sites/s, "
                f"peak {found['answer_mb']:.0f} MB"
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measured(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))))
    else:
        main(*map(int, sys.argv[1:]))
