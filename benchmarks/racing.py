"""Engines in turn in one run: each in a process of its own, round by round; answers first, then times."""

from __future__ import annotations

import statistics
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.comparing import agrees
from benchmarks.engines import BASE, INSTALL, REFERENCES, rivals_in
from benchmarks.pieces import at_its_best, pieces_of
from benchmarks.process import EngineFailedError, Rival

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.data import Data
    from benchmarks.engines import Answer, Engine

__all__ = ["LeftOut", "Pace", "Row", "race", "with_ratios"]

SPARE_MB = 4_000
"""Processes stay while so much memory is free; else each round starts anew."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """
    One measurement.

    ``seconds`` is the median of ``rounds`` runs between ``low`` and ``high``; ``ratio`` how many times faster than the
    base of its task, for each site; ``equal`` None where there is nothing to compare with.
    """

    task: str
    engine: str
    n: int
    seconds: float
    low: float
    high: float
    rounds: int
    ratio: float | None = None
    peak_mb: float | None = None
    equal: bool | None = None
    load_s: float | None = None
    prepare_s: float | None = None
    core_s: float | None = None
    """Seconds of processor, of all cores together, of what runs as a process of its own."""
    pieces: int | None = None
    """Vertices of a piece, of an engine that joins with pieces of the size it is quickest with."""

    def document(self) -> dict[str, Any]:
        """For JSON: three digits after the point of seconds are noise already."""
        return {k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in asdict(self).items()}


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """An engine that did not take part, and why."""

    task: str
    engine: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How many rounds, how long one may take (a slower one ends the engine's part), and all of one engine together."""

    rounds: int
    limit_s: float
    budget_s: float
    ours_s: float
    """What one round of ours may take: it takes part with fewer sites where all would take longer."""
    quick_s: float = 0.0
    """Who is done in less has more rounds, until that is used up: short runs scatter most."""
    most_rounds: int = 15

    def goes_on(self, taken: Sequence[float]) -> bool:
        """Whether an engine whose rounds took so long has another one."""
        if len(taken) < self.rounds:
            return not taken or sum(taken) + taken[-1] <= self.budget_s
        return len(taken) < self.most_rounds and sum(taken) + taken[-1] <= self.quick_s


def race(
    task: str, data: Data, pace: Pace, say: Callable[[str], None], *, without: Sequence[str] = ()
) -> tuple[list[Row], list[LeftOut]]:
    """Measure one task; every engine that can take part does, but those whose names begin as some in ``without``."""
    size = {"points": data.sizes.points, "areas": data.sizes.polygons}.get(task.partition("_")[0], data.sizes.parcels)
    rivals, out = [], []
    for engine in rivals_in(task):
        why = "not asked for (--without)" if engine.name.startswith(tuple(without)) else _absent(engine)
        if why is None:
            best = at_its_best(engine, task, data, size, pace.limit_s, say)
            rivals.append(Rival(best, task, data, _fitting(best, task, data, size, pace), pace.limit_s))
        else:
            out.append(LeftOut(task=task, engine=engine.name, why=why))
            say(f"{task}: {engine.name} left out: {why}")
    found: dict[str, Answer] = {}
    try:
        for _ in range(max(pace.rounds, pace.most_rounds)):
            for rival in [one for one in rivals if pace.goes_on(one.rounds)]:
                try:
                    _round(rival, found, say)
                except EngineFailedError as trouble:
                    rivals.remove(rival)
                    rival.close()
                    out.append(LeftOut(task=task, engine=rival.engine.name, why=str(trouble)))
                    say(f"{task}: {trouble}")
    finally:
        for rival in rivals:
            rival.close()
    reference = next((name for name in REFERENCES if name in found), None)
    rows = []
    for rival in rivals:
        name = rival.engine.name
        same = None
        if reference is not None and name != reference:
            same = agrees(task, found[name], found[reference], rival.count, data)
        rows.append(
            Row(
                task=task,
                engine=name,
                n=rival.count,
                seconds=statistics.median(rival.rounds),
                low=min(rival.rounds),
                high=max(rival.rounds),
                rounds=len(rival.rounds),
                peak_mb=rival.peak,
                equal=same,
                load_s=rival.load_s,
                prepare_s=rival.prepare_s,
                pieces=pieces_of(rival.engine.variant) if task in rival.engine.tuned else None,
            )
        )
    return with_ratios(rows), out


def with_ratios(rows: list[Row]) -> list[Row]:
    """With how many times faster than the base each is, time for time and site for site."""
    from dataclasses import replace

    base = next((row for row in rows if row.engine in BASE), None)
    if base is None:
        return rows
    return [replace(row, ratio=(base.seconds / base.n) / (row.seconds / row.n)) for row in rows]


def _round(rival: Rival, found: dict[str, Answer], say: Callable[[str], None]) -> None:
    if rival.process is None:
        rival.start()
    taken = rival.run()
    name = rival.engine.name
    if name not in found:
        with tempfile.TemporaryDirectory() as folder:
            found[name] = rival.answer(Path(folder) / "answer.npz")
        say(
            f"{rival.task}: {name}, n {rival.count:,}: {taken:.3g} s "
            f"(load {rival.load_s:.2g}, prepare {rival.prepare_s:.2g})"
        )
    if _free_mb() < SPARE_MB:
        rival.close()


def _absent(engine: Engine) -> str | None:
    missing = engine.missing()
    if missing:
        return f"{', '.join(missing)} not installed: {INSTALL}"
    if engine.module.endswith(".postgis"):
        from benchmarks.engines.postgis import unavailable

        return unavailable()
    return None


def _fitting(engine: Engine, task: str, data: Data, size: int, pace: Pace) -> int:
    """With how many sites an engine takes part; of ours, what can be answered in the time that a round may take."""
    most = engine.count(task, size)
    if not engine.module.endswith(".ours") or most < 1_000:
        return most
    probe = Rival(engine, task, data, most // 100, pace.limit_s)
    with suppress(EngineFailedError):
        try:
            probe.start()
            probe.run()
            probe.run()
        finally:
            probe.close()
    if not probe.rounds or probe.rounds[-1] * 100 < pace.ours_s:
        return most
    return max(most // 100, int(most // 100 * pace.ours_s / probe.rounds[-1]) // 100 * 100)


def _free_mb() -> float:
    info = Path("/proc/meminfo")
    if not info.exists():
        return float("inf")
    return float(info.read_text(encoding="utf-8").partition("MemAvailable:")[2].split()[0]) / 1024


def measured(
    task: str, engine: str, n: int, work: Callable[[], object], rounds: int, *, warm: bool = True, **facts: Any
) -> Row:
    """A row of something that runs in this process."""
    if warm:
        work()
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return row_of(task, engine, n, taken, **facts)


def row_of(task: str, engine: str, n: int, taken: list[float], **facts: Any) -> Row:
    """A row of the seconds of some runs."""
    middle = statistics.median(taken)
    return Row(
        task=task, engine=engine, n=n, seconds=middle, low=min(taken), high=max(taken), rounds=len(taken), **facts
    )
