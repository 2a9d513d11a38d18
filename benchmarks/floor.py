"""How far answers are from the floor, reading the input once and one random memory access a point; and a profile."""

from __future__ import annotations

import cProfile
import pstats
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.engines import ours

if TYPE_CHECKING:
    from benchmarks.data import Data
    from benchmarks.racing import Row

__all__ = ["floor_of"]

REPO = Path(__file__).resolve().parents[1]

_DEEPEST = 8
"""Calls between a function of the project and what takes its time."""
TABLE = 25_000_000
"""Cells of 4 bytes: a table that no cache holds, about as large as a cell index of the layers."""


def floor_of(row: Row, data: Data, variant: str) -> dict[str, Any]:
    """Seconds of a row of ours, of the floor, and the functions in which the time is spent, on one thread."""
    count = row.n
    racer = ours.racer(variant, row.task, data, count)
    profile = cProfile.Profile()
    with ours.alone():
        racer.load()
        racer.prepare()
        racer.run()
        profile.runcall(racer.run)
    xy = racer.coordinates()
    start = time.perf_counter()
    xy.sum()
    read = time.perf_counter() - start
    table = np.zeros(TABLE, dtype=np.int32)
    rows = np.random.default_rng(1).integers(0, TABLE, count)
    table[rows]
    start = time.perf_counter()
    table[rows]
    access = time.perf_counter() - start
    return {
        "task": row.task,
        "engine": row.engine,
        "n": count,
        "seconds": float(f"{row.seconds:.4g}"),
        "read_s": float(f"{read:.3g}"),
        "access_s": float(f"{access:.3g}"),
        "top": _top(profile),
    }


def _top(profile: cProfile.Profile, count: int = 6) -> list[tuple[str, float]]:
    """The functions of the project that take most of the time, with their share; what they call elsewhere is theirs."""
    stats: dict[Any, Any] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    spent: dict[str, float] = defaultdict(float)

    def charge(function: tuple[str, int, str], seconds: float, depth: int = 0) -> None:
        file, _, name = function
        callers = stats[function][4]
        if Path(file).is_relative_to(REPO) and "site-packages" not in file:
            spent[f"{Path(file).stem}.{name}".replace("<", "").replace(">", "")] += seconds
        elif callers and depth < _DEEPEST:
            all_of_it = sum(one[3] for one in callers.values()) or 1.0
            for caller, one in callers.items():
                charge(caller, seconds * one[3] / all_of_it, depth + 1)

    for function, (_, _, own, _, _) in stats.items():
        charge(function, own)
    total = sum(spent.values()) or 1.0
    return [(name, round(own / total, 3)) for name, own in sorted(spent.items(), key=lambda one: -one[1])[:count]]
