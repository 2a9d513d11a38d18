"""What was measured: on the screen, in ``results.json``, and between the markers of the pages."""

from __future__ import annotations

import json
import os
import platform
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from benchmarks.goals import markdown as goals_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.data import Data
    from benchmarks.racing import LeftOut, Row

__all__ = ["between_markers", "machine", "markdown", "merged", "results", "shown", "title_of", "versions"]

TITLES = {
    "points_units": ("点 × 管控单元", "points in units"),
    "points_red_line": ("点 × 红线", "points in the red line"),
    "overlay_units": ("地块 × 管控单元，重叠面积", "parcels × units, area of overlap"),
    "overlay_red_line": ("地块 × 红线，重叠面积", "parcels × red line, area of overlap"),
    "nearest_sources": ("最近的水源保护区", "nearest source buffer"),
    "nearest_red_line": ("最近的红线", "nearest part of the red line"),
    "areas": ("椭球面积", "ellipsoidal areas"),
    "one_site": ("一个选址", "one site"),
    "growth_sites_points_units": ("选址增多：点 × 管控单元", "more sites: points in units"),
    "growth_sites_points_red_line": ("选址增多：点 × 红线", "more sites: points in the red line"),
    "growth_sites_answers": ("选址增多：四种结论", "more sites: the four answers"),
    "growth_longer_points": ("边界变长，疏密不变：点", "longer boundary, as dense: points"),
    "growth_longer_overlay": ("边界变长，疏密不变：重叠面积", "longer boundary, as dense: area of overlap"),
    "growth_finer_points": ("边界变细，长短不变：点", "finer boundary, as long: points"),
    "growth_finer_overlay": ("边界变细，长短不变：重叠面积", "finer boundary, as long: area of overlap"),
    "memory": ("批量核查的峰值内存", "peak memory of check-many"),
    "check_many": ("批量核查，整个进程", "check-many, the whole process"),
    "importing": ("导入两个图层", "import of both layers"),
}
HEADS = {
    "zh": ("引擎", "n", "中位秒数", "范围", "轮", "每个 µs", "快几倍", "峰值 MB", "答案相同", "读入秒", "准备秒",
           "核秒"),
    "en": ("engine", "n", "median s", "range", "rounds", "µs each", "times faster", "peak MB", "equal", "load s",
           "prepare s", "core s"),
}  # fmt: skip
YES = {"zh": ("是", "**否**"), "en": ("yes", "**no**")}
PACKAGES = ("numpy", "shapely", "pyproj", "geopandas", "pyogrio", "pandas", "pyarrow", "duckdb", "sedonadb", "dask",
            "dask-geopandas", "psycopg")  # fmt: skip


def title_of(task: str, language: str) -> str:
    return TITLES.get(task, (task, task))[language == "en"]


def machine() -> str:
    """Cores, memory, system; nothing that names the machine."""
    info = Path("/proc/meminfo")
    memory = ""
    if info.exists():
        memory = f", {float(info.read_text(encoding='utf-8').split()[1]) / 1024**2:.0f} GB"
    return (
        f"{os.cpu_count()} cores{memory}, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    )


def versions() -> dict[str, str]:
    """Of what was compared, where it is installed; the server's by itself."""
    import shapely

    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found | {"GEOS": shapely.geos_version_string}


def results(
    data: Data, rows: Iterable[Row], left_out: Iterable[LeftOut], floors: list[dict[str, Any]], facts: dict[str, Any]
) -> dict[str, Any]:
    """All of a run, as kept in ``results.json``."""
    from dataclasses import asdict

    return {
        "measured": datetime.now().astimezone().date().isoformat(),
        "machine": machine(),
        "versions": versions(),
        "data": data.recipe,
        "sizes": data.sizes.name,
        "facts": facts,
        "rows": [row.document() for row in rows],
        "left_out": [asdict(one) for one in left_out],
        "floor": floors,
    }


def merged(before: dict[str, Any] | None, now: dict[str, Any]) -> dict[str, Any]:
    """A run of some tasks in a run of all: the others stay, where data and machine are the same."""
    if before is None or (before["data"], before["machine"]) != (now["data"], now["machine"]):
        return now
    tasks = {row["task"] for row in now["rows"]}

    def order(row: dict[str, Any]) -> int:
        return list(TITLES).index(row["task"]) if row["task"] in TITLES else len(TITLES)

    def kept(key: str) -> list[dict[str, Any]]:
        return sorted([*(r for r in before[key] if r["task"] not in tasks), *now[key]], key=order)

    both = {key: kept(key) for key in ("rows", "left_out", "floor")}
    return now | both | {"facts": before["facts"] | now["facts"]}


def shown(rows: list[dict[str, Any]], task: str) -> Table:
    """A task on the screen."""
    table = Table(*HEADS["en"], title=title_of(task, "en"))
    for row in _ordered(rows, task):
        table.add_row(*_cells(row, "en"))
    return table


def markdown(found: dict[str, Any], language: str) -> str:
    """All tables of a page."""
    zh = language == "zh"
    lines = [
        f"{'测于' if zh else 'Measured on'} {found['measured']}; {found['machine']}; "
        + ", ".join(f"{name} {number}" for name, number in found["versions"].items())
        + ".",
        "",
        f"{'数据' if zh else 'Data'}: {found['data']}.",
        "",
    ]
    if found["sizes"] != "full":
        lines += [
            "**小数据（`--quick`）：只说明程序能跑，数字没有意义。**"
            if zh
            else "**Tiny data (`--quick`): this shows that the program runs; the figures mean nothing.**",
            "",
        ]
    goals = goals_table(found["rows"], language)
    if goals:
        lines += ["### 目标" if zh else "### Goals", "", goals, ""]
    tasks = dict.fromkeys(row["task"] for row in found["rows"])
    for task in tasks:
        rows = [row for row in found["rows"] if row["task"] == task]
        lines += [
            f"### {title_of(task, language)}",
            "",
            *_grid(HEADS[language], [_cells(r, language) for r in _ordered(rows, task)]),
        ]
    if found["floor"]:
        head = (
            ("任务", "n", "用时 s", "读一遍输入 s", "每点一次随机访问 s", "是底线的几倍", "时间花在")
            if zh
            else (
                "task",
                "n",
                "s",
                "reading the input once s",
                "one random access each s",
                "times the floor",
                "where it goes",
            )
        )
        lines += ["### 离底线多远" if zh else "### How far from the floor", ""]
        cells = [
            [
                _floor_name(one, language), f"{one['n']:,}", _number(one["seconds"]), _number(one["read_s"]),
                _number(one["access_s"]), f"{one['seconds'] / max(1e-9, one['read_s'] + one['access_s']):.0f}",
                "; ".join(f"{name} {share:.0%}" for name, share in one["top"]),
            ]
            for one in found["floor"]
        ]  # fmt: skip
        lines += _grid(head, cells)
    if found["left_out"]:
        lines += ["### 没有参加的" if zh else "### Left out", ""]
        head = ("任务", "引擎", "原因") if zh else ("task", "engine", "why")
        lines += _grid(head, [[title_of(o["task"], language), o["engine"], o["why"]] for o in found["left_out"]])
    return "\n".join(lines).rstrip()


def between_markers(page: Path, name: str, text: str) -> None:
    """Put text between ``<!-- name -->`` and ``<!-- /name -->`` of a page."""
    whole = page.read_text(encoding="utf-8")
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    if whole.count(start) != 1 or whole.count(end) != 1:
        raise ValueError(f"{page.name}: not one place for {name}")
    before, _, rest = whole.partition(start)
    page.write_text(f"{before}{start}\n\n{text}\n\n{end}{rest.partition(end)[2]}", encoding="utf-8", newline="\n")


def kept_at(path: Path) -> dict[str, Any] | None:
    """What an earlier run kept."""
    if not path.exists():
        return None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _ordered(rows: list[dict[str, Any]], task: str) -> list[dict[str, Any]]:
    """The quickest first; what grows stays in order."""
    return rows if task.startswith(("growth", "memory", "one_site")) else sorted(rows, key=_speed)


def _floor_name(one: dict[str, Any], language: str) -> str:
    """The task, and where it is the four answers, that."""
    name = title_of(one["task"], language)
    if one.get("engine", "ours") == "ours":
        return name
    return f"{name}：四种结论" if language == "zh" else f"{name}: the four answers"


def _speed(row: dict[str, Any]) -> float:
    return float(row["seconds"]) / max(1, int(row["n"]))


def _cells(row: dict[str, Any], language: str) -> list[str]:
    name = row["engine"]
    if row.get("pieces"):
        name += f"（每块至多 {row['pieces']}）" if language == "zh" else f" (pieces of {row['pieces']})"
    return [
        f"**{name}**" if name.startswith(("ours", "sanxian", "screen")) else name,
        f"{row['n']:,}",
        _number(row["seconds"]),
        f"{_number(row['low'])}-{_number(row['high'])}",
        str(row["rounds"]),
        _number(1e6 * row["seconds"] / max(1, row["n"])),
        "" if row["ratio"] is None else _number(row["ratio"]),
        "" if row["peak_mb"] is None else f"{row['peak_mb']:.0f}",
        "" if row["equal"] is None else YES[language][not row["equal"]],
        "" if row["load_s"] is None else _number(row["load_s"]),
        "" if row["prepare_s"] is None else _number(row["prepare_s"]),
        "" if row.get("core_s") is None else _number(row["core_s"]),
    ]


def _number(value: float) -> str:
    """Three digits that count, never with an exponent."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 else f"{value:.4f}"


def _grid(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    head = list(head)
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows]
    return [*lines, ""]
