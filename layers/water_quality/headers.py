"""What a column of a table of samples holds: an indicator with its unit, or what is said of the sample."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from layers.fields import fold
from layers.water_quality.units import Unit, unit_of

if TYPE_CHECKING:
    from layers.water_quality.standards import Indicator, Standard

__all__ = ["Column", "HeaderError", "column_of", "meaning_of", "table_unit"]

_MEANINGS = {
    "section": "断面 断面名称 监测断面 点位 点位名称 监测点位 监测点 采样点 水源 水源地 水源地名称 水源名称 "
    "井号 井名 名称 section site station well name",
    "date": "日期 采样日期 监测日期 采样时间 监测时间 时间 年月 月份 监测月份 date month time",
    "year": "年 年份 year",
    "month": "月",
    "target": "水质目标 目标 目标类别 目标水质 考核目标 水质目标类别 target",
    "published": "水质类别 评价类别 公布类别 水质现状 水质现状类别 评价结果 类别 class published",
    "basis": "依据 评价依据 类别依据 评价说明 basis",
    "remark": "备注 说明 状态 水情 remark remarks note",
}
_NOISE = frozenset(
    [
        "",
        "≤",
        "≥",
        "浓度",
        "值",
        "监测值",
        "实测值",
        "含量",
        "均值",
        "年均值",
        "结果",
        "总量",
        "六价",
        "河流",
        "湖",
        "库",
        "湖库",
    ]
)
_EXPRESSED = re.compile(r"以(.{1,12}?)计")


class HeaderError(ValueError):
    """A column names an indicator, and what stands behind its name is neither its unit nor understood."""

    def __init__(self, *, part: str, detail: str) -> None:
        super().__init__(detail)
        self.part = part
        self.detail = detail


@dataclass(frozen=True, kw_only=True)
class Column:
    """An indicator with the unit its header states, or None."""

    indicator: Indicator
    unit: Unit | None


@cache
def _names(asked: Standard) -> tuple[tuple[str, Indicator], ...]:
    """Folded names of every indicator, the longest first."""
    found = {}
    for one in asked.indicators:
        for name in (*one.aliases, one.code, one.name):
            found[fold(name)] = one
    return tuple(sorted(found.items(), key=lambda pair: -len(pair[0])))


def meaning_of(header: str) -> str | None:
    """
    ``section``, ``date``, ``target``, ``published``, ``basis``, ``remark`` … of a column that is no indicator.

    Examples
    --------
    >>> meaning_of("断面名称"), meaning_of("水质目标"), meaning_of("电导率")
    ('section', 'target', None)
    """
    plain = fold(header)
    return next((code for code, words in _MEANINGS.items() if plain in words.split()), None)


def column_of(header: str, asked: Standard) -> Column | None:
    """
    The indicator a header names, with its unit.

    Parameters
    ----------
    header
        e.g. ``氨氮(mg/L)``, ``总硬度(以CaCO3计，mg/L)``, ``NH3-N``.
    asked
        Whose indicators.

    Returns
    -------
    column
        None if it names no indicator (``氨氮超标倍数`` names none).

    Raises
    ------
    HeaderError
        If brackets hold what is neither a unit nor understood, or the value is expressed as something else than the
        limit.

    Examples
    --------
    >>> from layers.water_quality.standards import standard
    >>> found = column_of("氨氮（以N计，mg/L）", standard("gb3838"))
    >>> found.indicator.code, found.unit.name
    ('ammonia_nitrogen', 'mg/L')
    """
    plain = fold(header)
    for name, indicator in _names(asked):
        if not plain.startswith(name):
            continue
        rest = plain[len(name) :]
        if rest and name.isascii() and (rest[0].isalnum() and rest[0].isascii()) and unit_of(rest) is None:
            continue  # "co" begins "cod"
        column = _with_rest(rest, indicator)
        if column is not None:
            return column
    return None


def _with_rest(rest: str, indicator: Indicator) -> Column | None:
    unit = unit_of(rest) if rest else None
    if unit is not None:
        return Column(indicator=indicator, unit=unit)
    own = {fold(alias) for alias in (*indicator.aliases, indicator.name, indicator.code)}
    inside = re.fullmatch(r"([^(\[]*)((?:[(\[].*[)\]])?)(.*)", rest)
    assert inside is not None
    before, brackets, behind = inside[1], inside[2], inside[3]
    for part in (before, behind):
        part_unit = unit_of(part.strip("/_,:")) if part else None
        if part_unit is not None:
            unit = part_unit
        elif part.strip("/_,:、") not in _NOISE and part.strip("-/_,:、") not in own:
            return None
    for part in re.split(r"[(\[)\],;、]+", brackets):
        expressed = _EXPRESSED.fullmatch(part)
        if part in _NOISE or part in own:
            continue
        if expressed is not None:
            _require_expression(expressed[1], indicator, own)
        elif unit_of(part) is not None:
            unit = unit_of(part)
        elif not (part.endswith("法") or "法" in part):
            raise HeaderError(part=part, detail=f"{part!r} is no unit that is known here")
    return Column(indicator=indicator, unit=unit)


def _require_expression(said: str, indicator: Indicator, own: set[str]) -> None:
    asked = fold(indicator.expressed_as)
    if said == asked or (not asked and said in own):
        return
    wanted = indicator.expressed_as or indicator.name
    raise HeaderError(part=said, detail=f"the value is expressed as {said}, the limit as {wanted}")


def table_unit(text: str) -> Unit | None:
    """
    The unit a title states for a whole table, as in 单位：mg/L（pH无量纲）.

    Examples
    --------
    >>> table_unit("表1 监测结果  单位：mg/L（pH值除外）").name
    'mg/L'
    """
    found = re.search(r"单位[:：]?\s*([^\s(（，,、;；]+)", text) or re.search(r"[Uu]nits?:\s*([^\s(,;]+)", text)
    return unit_of(found[1]) if found else None
