"""How far answers are from the floor, reading the input once and one random memory access a point; and a profile."""

from __future__ import annotations

import cProfile
import pstats
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from benchmarks.engines import ours

if TYPE_CHECKING:
    from benchmarks.data import Data

__all__ = ["floor_of"]

TABLE = 25_000_000
"""Cells of 4 bytes: a table that no cache holds, about as large as a cell index of the layers."""


def floor_of(task: str, data: Data, count: int) -> dict[str, Any]:
    """Seconds of ours, of the floor, and the functions in which the time is spent."""
    racer = ours.racer("", task, data, count)
    racer.load()
    racer.prepare()
    racer.run()
    start = time.perf_counter()
    racer.run()
    seconds = time.perf_counter() - start
    profile = cProfile.Profile()
    profile.runcall(racer.run)
    sites = racer.sites  # type: ignore[union-attr]
    xy = sites if racer.kind == "points" else shapely.get_coordinates(sites)  # type: ignore[union-attr]
    start = time.perf_counter()
    xy.sum()
    read = time.perf_counter() - start
    table = np.zeros(TABLE, dtype=np.int32)
    rows = np.random.default_rng(1).integers(0, TABLE, len(sites))
    table[rows]
    start = time.perf_counter()
    table[rows]
    access = time.perf_counter() - start
    return {
        "task": task,
        "n": count,
        "seconds": float(f"{seconds:.4g}"),
        "read_s": float(f"{read:.3g}"),
        "access_s": float(f"{access:.3g}"),
        "top": _top(profile),
    }


def _top(profile: cProfile.Profile, count: int = 5) -> list[tuple[str, float]]:
    """The functions that take most of the time themselves, with their share."""
    stats = pstats.Stats(profile)
    found: list[tuple[str, float]] = []
    for (file, _, name), (_, _, own, _, _) in stats.stats.items():  # type: ignore[attr-defined]
        where = "" if file in {"~", ""} else f"{Path(file).stem}."
        found.append((f"{where}{name}".replace("<", "").replace(">", ""), own))
    total = sum(own for _, own in found) or 1.0
    return [(name, round(own / total, 3)) for name, own in sorted(found, key=lambda one: -one[1])[:count]]
