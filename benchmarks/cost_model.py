"""What a nation would cost: cores, memory and hours, from the measured growth, with every assumption named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["NATION_SITES", "NATION_UNITS", "Basis", "Cost", "basis_of", "cost", "markdown"]

NATION_UNITS = 44_604
NATION_SITES = 100_000_000
CORES = (2, 8, 32, 128)
EFFICIENCY = 0.85
"""Assumed: of a core among many; workers share no state, but memory and disk."""


@dataclass(frozen=True, kw_only=True)
class Basis:
    """
    What was measured.

    ``site_s`` is seconds of processor a site of a whole ``check-many`` process, reading and writing included;
    ``growth`` by how much a site costs more where zones have ten times the boundary, as dense, the largest measured
    against the second largest;
    ``index_mb`` the workspace on disk for ``units`` units with their red line; ``process_mb`` the peak of one process.
    """

    site_s: float
    growth: float
    index_mb: float
    units: int
    process_mb: float
    row_bytes: float


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Of one batch on so many cores: wall-clock hours, memory in GB, disk in GB for layers and rows."""

    cores: int
    core_hours: float
    hours: float
    memory_gb: float
    disk_gb: float


def cost(basis: Basis, *, sites: int, units: int, cores: int, efficiency: float = EFFICIENCY) -> Cost:
    """
    The model.

    Time is sites × seconds a site × what the larger layers add: ``growth`` for each tenfold of vertices, by the
    logarithm of how much larger they are. Memory is the index once, mapped and shared, and one process for each core.

    Examples
    --------
    1 ms a site, layers as large as measured: 3.6 million sites are one hour of one core, half an hour on two.

    >>> basis = Basis(site_s=0.001, growth=1.0, index_mb=500, units=20_000, process_mb=300, row_bytes=100)
    >>> cost(basis, sites=3_600_000, units=20_000, cores=2, efficiency=1.0).hours
    0.5
    """
    import math

    larger = units / basis.units
    grown = max(1.0, basis.growth) ** max(0.0, math.log10(larger))
    core_hours = sites * basis.site_s * grown / 3600
    index = basis.index_mb * larger
    return Cost(
        cores=cores,
        core_hours=core_hours,
        hours=core_hours / (cores * (1.0 if cores == 1 else efficiency)),
        memory_gb=(index + cores * basis.process_mb) / 1024,
        disk_gb=(index + sites * basis.row_bytes / 1024**2) / 1024,
    )


def basis_of(found: dict[str, Any]) -> Basis | None:
    """From what a run kept; None where it lacks a part."""
    rows, facts = found["rows"], found["facts"]
    many = [r for r in rows if r["task"] == "memory" and r["engine"].startswith("sanxian")]
    whole = [r for r in rows if r["task"] == "check_many" and r["engine"].startswith("sanxian")]
    grown = [r for r in rows if r["task"] == "growth_longer_overlay"]
    timed = [row for row in (*many, *whole) if row.get("core_s") is not None]
    if not timed or len(grown) < 2 or not {"index_mb", "units", "row_bytes"} <= facts.keys():
        return None
    last = max(timed, key=lambda row: row["n"])
    return Basis(
        site_s=last["core_s"] / last["n"],
        growth=grown[-1]["seconds"] / grown[-2]["seconds"],
        index_mb=facts["index_mb"],
        units=facts["units"],
        process_mb=last["peak_mb"],
        row_bytes=facts["row_bytes"],
    )


def markdown(found: dict[str, Any], language: str) -> str:
    """Basis and costs, as tables."""
    basis = basis_of(found)
    zh = language == "zh"
    if basis is None:
        return "还没有测全。" if zh else "Not all of it was measured yet."
    measured = [
        ("每个选址，整个进程的核秒", "seconds of processor a site, the whole process", f"{basis.site_s * 1e6:,.0f} µs"),
        ("边界长十倍，每个选址慢", "a site at zones of ten times the boundary", f"{basis.growth:.2f} x"),
        (
            f"{basis.units:,} 个单元和红线的工作区",
            f"workspace of {basis.units:,} units and red line",
            f"{basis.index_mb:,.0f} MB",
        ),
        ("一个进程的峰值内存", "peak memory of a process", f"{basis.process_mb:,.0f} MB"),
        ("一行结果", "a row of the result", f"{basis.row_bytes:,.0f} B"),
    ]
    lines = ["| 测得 | |" if zh else "| measured | |", "|---|---|"]
    lines += [f"| {row[0] if zh else row[1]} | {row[2]} |" for row in measured]
    head = (
        ("核", "核时", "小时", "内存 GB", "磁盘 GB") if zh else ("cores", "core hours", "hours", "memory GB", "disk GB")
    )
    lines += ["", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for cores in CORES:
        one = cost(basis, sites=NATION_SITES, units=NATION_UNITS, cores=cores)
        lines.append(
            f"| {cores} | {one.core_hours:,.0f} | {one.hours:,.2g} | {one.memory_gb:,.1f} | {one.disk_gb:,.1f} |"
        )
    return "\n".join(lines)
