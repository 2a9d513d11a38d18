"""
``make bench``: the engines side by side in one run; tables on the screen, in the docs and in ``results.json``.

``python -m benchmarks [--quick] [--full] [--only TASK]... [--without ENGINE]... [--data FOLDER] [--no-write]``
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from benchmarks import cost_model, growth, whole_runs
from benchmarks.data import FULL, QUICK, data_at
from benchmarks.engines import TASKS, rivals_in
from benchmarks.engines.ours import code_digest, workspace_of
from benchmarks.floor import floor_of
from benchmarks.process import EngineFailedError
from benchmarks.racing import LeftOut, Pace, race
from benchmarks.tables import between_markers, kept_at, markdown, merged, results, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.data import Data
    from benchmarks.racing import Row

REPO = Path(__file__).resolve().parents[1]
RESULTS = REPO / "benchmarks" / "results.json"
DOCS = REPO / "docs" / "reference"
DONE_WHOLE = ("one_site", "growth_sites", "growth_vertices", "check_many", "memory", "importing")
PACE = Pace(rounds=5, limit_s=300, budget_s=75, ours_s=60, quick_s=8)
QUICK_PACE = Pace(rounds=2, limit_s=120, budget_s=20, ours_s=5)


def main(words: Sequence[str] | None = None) -> int:
    asked = _asked(words)
    os.chdir(REPO)
    console = Console(width=160)
    began = time.perf_counter()
    code_digest()
    data = data_at(asked.data, QUICK if asked.quick else FULL)
    pace = QUICK_PACE if asked.quick else PACE
    console.print(data.recipe)

    def say(text: str) -> None:
        console.print(f"[{time.perf_counter() - began:6.0f} s] {text}", highlight=False, markup=False)

    _workspaces(data, asked.only, say)
    for task in asked.only:
        try:
            found, left = _measured(task, data, pace, say, asked)
        except EngineFailedError as trouble:
            found, left = [], [LeftOut(task=task, engine="ours", why=str(trouble)[:300])]
            say(f"{task}: {trouble}")
        for name in dict.fromkeys(row.task for row in found):
            console.print(shown([row.document() for row in found if row.task == name], name))
        if asked.write:  # task by task: a run that is cut short keeps what it measured
            _write(results(data, found, left, _floors(task, data, found), _facts(data, [task])))
            say(f"written: {RESULTS.relative_to(REPO)}, docs/reference/performance.md, docs/reference/cost-model.md")
    return 0


def _write(now: dict[str, Any]) -> None:
    kept = merged(kept_at(RESULTS), now)
    RESULTS.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    for language in ("zh", "en"):
        between_markers(DOCS / "performance.md", f"tables {language}", markdown(kept, language))
        between_markers(DOCS / "cost-model.md", f"tables {language}", cost_model.markdown(kept, language))


def _asked(words: Sequence[str] | None) -> argparse.Namespace:
    known = (*TASKS, *DONE_WHOLE)
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[1])
    parser.add_argument("--quick", action="store_true", help="tiny sizes: that everything runs; writes nothing")
    parser.add_argument("--full", action="store_true", help="5,000,000 sites through check-many as well")
    parser.add_argument("--only", nargs="+", choices=known, default=list(known), metavar="TASK", help=", ".join(known))
    parser.add_argument("--data", type=Path, default=REPO / "build" / "bench", help="where the data are kept")
    parser.add_argument(
        "--without", nargs="+", default=[], metavar="ENGINE", help="leave engines out, by how they begin"
    )
    parser.add_argument("--no-write", dest="write", action="store_false", help="leave docs and results.json alone")
    asked = parser.parse_args(words)
    asked.data = asked.data.resolve()
    asked.write = asked.write and not asked.quick
    return asked


def _workspaces(data: Data, tasks: Sequence[str], say: Any) -> None:
    """What ours answers from, imported before anything is timed."""
    wanted = [(layer,) for layer in ("units", "red_line", "sources") if any(t.endswith(f"_{layer}") for t in tasks)]
    if {"growth_sites", "check_many", "memory"} & set(tasks):
        wanted += [("units",), ("red_line",), whole_runs.BOTH]  # type: ignore[list-item]
    if "one_site" in tasks:
        wanted.append(whole_runs.EVERY)  # type: ignore[arg-type]
    for layers in dict.fromkeys(wanted):
        start = time.perf_counter()
        workspace_of(data, *layers)
        say(f"workspace of {', '.join(layers)}: {time.perf_counter() - start:.1f} s")


def _measured(
    task: str, data: Data, pace: Pace, say: Any, asked: argparse.Namespace
) -> tuple[list[Row], list[LeftOut]]:
    if task in TASKS:
        return race(task, data, pace, say, without=asked.without)
    if task == "memory":
        return whole_runs.memory(data, pace, say, full=asked.full)
    room = growth if task.startswith("growth") else whole_runs
    found: tuple[list[Row], list[LeftOut]] = getattr(room, task)(data, pace, say)
    return found


def _floors(task: str, data: Data, rows: list[Row]) -> list[dict[str, Any]]:
    """Of the task itself, and of the four answers where it has them."""
    if task not in TASKS:
        return []
    variants = {engine.name: engine.variant for engine in rivals_in(task) if engine.name.startswith("ours")}
    return [floor_of(row, data, variants[row.engine]) for row in rows if row.task == task and row.engine in variants]


def _facts(data: Data, tasks: Sequence[str]) -> dict[str, Any]:
    """What the cost model takes beside the rows."""
    if "check_many" not in tasks:
        return {}
    at = workspace_of(data, *whole_runs.BOTH)
    size = sum(path.stat().st_size for path in at.rglob("*") if path.is_file())
    return {"index_mb": round(size / 1024**2, 1), "units": data.sizes.units, "row_bytes": whole_runs.row_bytes(data)}


if __name__ == "__main__":
    raise SystemExit(main())
