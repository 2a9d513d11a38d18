"""What was asked for, and what was measured: each goal with its figure and whether it is reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Goal", "goals_of", "markdown"]

BASES = ("DuckDB", "SedonaDB", "PostGIS")
ANSWERS = "ours, four answers with gap and proof"
CHECK = "sanxian check, process: "


@dataclass(frozen=True, kw_only=True)
class Goal:
    """``measured`` should be at least, or where ``at_most`` at most, ``wanted``."""

    zh: str
    en: str
    wanted: float
    measured: float
    at_most: bool = False
    unit: str = "x"

    @property
    def reached(self) -> bool:
        return self.measured <= self.wanted if self.at_most else self.measured >= self.wanted


def goals_of(rows: list[dict[str, Any]]) -> list[Goal]:
    """The goals whose rows were measured."""
    return [*_joins(rows), *_one_site(rows), *_nearest_and_areas(rows), *_growth(rows), *_whole(rows)]


def markdown(rows: list[dict[str, Any]], language: str) -> str:
    """As a table; an empty text where nothing of it was measured."""
    goals = goals_of(rows)
    if not goals:
        return ""
    zh = language == "zh"
    head = ("目标", "要求", "测得", "达到") if zh else ("goal", "wanted", "measured", "reached")
    lines = ["| " + " | ".join(head) + " |", "|---|---|---|---|"]
    for goal in goals:
        reached = ("是" if zh else "yes") if goal.reached else ("**否**" if zh else "**no**")
        sign = "≤" if goal.at_most else "≥"
        lines.append(
            f"| {goal.zh if zh else goal.en} | {sign} {goal.wanted:g} {goal.unit} | {goal.measured:.3g} {goal.unit} | "
            f"{reached} |"
        )
    return "\n".join(lines)


def _joins(rows: list[dict[str, Any]]) -> Iterator[Goal]:
    layers = (("units", "管控单元", "units", 5, 4), ("red_line", "红线", "red line", 12, 3_000))
    for layer, zh, en, points, overlay in layers:
        task = f"points_{layer}"
        ours = _each(rows, task, "ours")
        for name, zh_name, wanted in (("geopandas", "geopandas", points), (BASES, "最快的数据库", 4)):
            peer = _best(rows, task, name)
            if ours and peer:
                en_name = "the best database" if name is BASES else "geopandas"
                yield Goal(
                    zh=f"点 × {zh}，比{zh_name}",
                    en=f"points in {en}, against {en_name}",
                    wanted=wanted,
                    measured=peer / ours,
                )
        task = f"overlay_{layer}"
        ours, answers = _each(rows, task, "ours"), _each(rows, task, ANSWERS)
        if ours and (peer := _each(rows, task, "geopandas")):
            yield Goal(
                zh=f"重叠面积 × {zh}，比 geopandas",
                en=f"overlap with {en}, against geopandas",
                wanted=overlay,
                measured=peer / ours,
            )
        others = [_one(r) for r in rows if r["task"] == task and not r["engine"].startswith("ours")]
        if ours and others:
            yield Goal(
                zh=f"重叠面积 × {zh}，比最快的一个",
                en=f"overlap with {en}, against the quickest",
                wanted=1,
                measured=min(others) / ours,
            )
        if ours and answers:
            yield Goal(
                zh=f"四种结论与重叠面积之比，{zh}",
                en=f"four answers against the overlap alone, {en}",
                wanted=2,
                measured=answers / ours,
                at_most=True,
            )


def _one_site(rows: list[dict[str, Any]]) -> Iterator[Goal]:
    for row in rows:
        if row["task"] != "one_site":
            continue
        name = row["engine"]
        if name.startswith("screen()"):
            yield Goal(zh=name, en=name, wanted=5, measured=1000 * row["seconds"], at_most=True, unit="ms")
            continue
        wanted = 2.0 if "GDAL" in name else 0.8
        yield Goal(zh=name, en=name, wanted=wanted, measured=row["seconds"], at_most=True, unit="s")
        if wanted < 1:
            yield Goal(zh=name, en=name, wanted=250, measured=row["peak_mb"], at_most=True, unit="MB")


def _nearest_and_areas(rows: list[dict[str, Any]]) -> Iterator[Goal]:
    for layer, zh, en in (("sources", "水源缓冲", "source buffers"), ("red_line", "红线", "red line")):
        task = f"nearest_{layer}"
        ours = _each(rows, task, "ours")
        for peer_name, wanted in (("shapely, subdivided", 4), ("PostGIS, ST_Subdivide", 1)):
            if ours and (peer := _each(rows, task, peer_name)):
                yield Goal(
                    zh=f"最近距离，{zh}，比 {peer_name}",
                    en=f"nearest, {en}, against {peer_name}",
                    wanted=wanted,
                    measured=peer / ours,
                )
    ours, peer = _each(rows, "areas", "ours"), _each(rows, "areas", "pyproj.Geod, a loop")
    if ours and peer:
        yield Goal(zh="椭球面积，比 Geod 循环", en="areas, against a loop over Geod", wanted=10, measured=peer / ours)


def _growth(rows: list[dict[str, Any]]) -> Iterator[Goal]:
    cases = (
        ("growth_sites_points_units", "选址增多，点 × 管控单元：每个选址", "more sites, points in units: each", 1.5),
        (
            "growth_sites_points_red_line",
            "选址增多，点 × 红线：每个选址",
            "more sites, points in the red line: each",
            1.5,
        ),
        ("growth_sites_answers", "选址增多，四种结论：每个选址", "more sites, four answers: each", 1.5),
        ("growth_longer_points", "边界变长，点：每个选址", "longer boundary, points: each", 2),
        ("growth_longer_overlay", "边界变长，重叠面积：每个选址", "longer boundary, overlap: each", 2),
        ("growth_finer_points", "边界变细，点：每个选址", "finer boundary, points: each", 2),
        ("growth_finer_overlay", "边界变细，重叠面积：每个选址", "finer boundary, overlap: each", 2),
    )
    for task, zh, en, wanted in cases:
        each = [_one(row) for row in rows if row["task"] == task]
        if len(each) > 1:
            rise = max(one / min(each[: place + 1]) for place, one in enumerate(each))
            yield Goal(zh=zh, en=en, wanted=wanted, measured=rise, at_most=True)
    peaks = [row["peak_mb"] for row in sorted(rows, key=lambda r: r["n"]) if row["task"] == "memory"]
    if len(peaks) > 1:
        yield Goal(
            zh="批量核查的峰值内存，最多与最少选址之比",
            en="peak memory of check-many, most sites against fewest",
            wanted=1.2,
            measured=peaks[-1] / peaks[0],
            at_most=True,
        )


def _whole(rows: list[dict[str, Any]]) -> Iterator[Goal]:
    cases = (
        ("check_many", "sanxian check-many", "批量核查整个进程，比 geopandas", "check-many, against geopandas", 1.0),
        ("importing", "sanxian import", "导入，比 geopandas 读入并检查", "import, against geopandas reading", 1 / 3),
    )
    for task, engine, zh, en, wanted in cases:
        ours, peer = _each(rows, task, engine), _each(rows, task, "geopandas process")
        if ours and peer:
            yield Goal(zh=zh, en=en, wanted=round(wanted, 3), measured=peer / ours)


def _one(row: dict[str, Any]) -> float:
    return float(row["seconds"]) / float(row["n"])


def _each(rows: list[dict[str, Any]], task: str, engine: str) -> float | None:
    """Seconds a site of an engine."""
    return next((_one(row) for row in rows if (row["task"], row["engine"]) == (task, engine)), None)


def _best(rows: list[dict[str, Any]], task: str, names: str | tuple[str, ...]) -> float | None:
    """Of the engines so called; a name alone stands for itself, several for all that begin with them."""
    if isinstance(names, str):
        return _each(rows, task, names)
    return min((_one(r) for r in rows if r["task"] == task and r["engine"].startswith(names)), default=None)
