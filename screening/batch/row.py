"""One row of a batch: the answer of one site in fixed columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from screening.loaded import PRIORITY_KINDS
from screening.words import has_word, word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from screening.batch.intake import Taken
    from screening.verdict import Verdict
    from screening.words import Language

__all__ = ["COLUMNS", "KINDS", "Column", "reason_of", "refused_row", "row_of"]

KINDS = (*PRIORITY_KINDS, "element_zones", "monitoring_sections", "sensitive_targets", "other")


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column: its name in files, its type (``text``, ``integer``, ``number``), and what it holds."""

    name: str
    type: str
    zh: str
    en: str


def _kind_columns() -> tuple[Column, ...]:
    words = {
        "red_lines": ("生态保护红线", "red line"),
        "protected_areas": ("自然保护地", "protected areas"),
        "water_sources": ("饮用水水源保护区", "water source zones"),
        "control_units": ("环境管控单元", "control units"),
        "element_zones": ("要素管控分区", "element zones"),
        "monitoring_sections": ("监测断面", "monitoring sections"),
        "sensitive_targets": ("环境敏感目标", "sensitive targets"),
        "other": ("其他图层", "other layers"),
    }
    found = []
    for kind in KINDS:
        zh, en = words[kind]
        found.append(Column(name=kind, type="text", zh=f"{zh}：结论", en=f"{en}: answer"))
        if kind in PRIORITY_KINDS:
            found += [
                Column(name=f"{kind}_reason", type="text", zh=f"{zh}：原因代码", en=f"{en}: reason"),
                Column(name=f"{kind}_met", type="text", zh=f"{zh}：压到的要素", en=f"{en}: features met"),
                Column(name=f"{kind}_overlap_m2", type="number", zh=f"{zh}：重叠面积", en=f"{en}: overlap, m2"),
                Column(name=f"{kind}_gap_m", type="number", zh=f"{zh}：距离", en=f"{en}: distance, m"),
                Column(name=f"{kind}_accuracy_m", type="number", zh=f"{zh}：综合精度", en=f"{en}: accuracy a, m"),
            ]
    return tuple(found)


COLUMNS: tuple[Column, ...] = (
    Column(name="row", type="integer", zh="源文件中的序号", en="place in the source, from 1"),
    Column(name="site_id", type="text", zh="编号", en="id in the source"),
    Column(name="site_name", type="text", zh="名称", en="name"),
    Column(name="answer", type="text", zh="结论，读不出为空", en="answer; empty where it could not be read"),
    Column(name="in_priority_zone", type="text", zh="是否在优先保护区域", en="in a priority-protection zone"),
    *_kind_columns(),
    Column(name="district", type="text", zh="所在县级代码", en="district code"),
    Column(name="district_name", type="text", zh="所在县", en="district"),
    Column(name="scope", type="text", zh="点、线、面", en="point, line, polygon"),
    Column(name="lon", type="number", zh="中心经度", en="longitude of the middle"),
    Column(name="lat", type="number", zh="中心纬度", en="latitude of the middle"),
    Column(name="area_m2", type="number", zh="面积", en="area, m2"),
    Column(name="length_m", type="number", zh="长度", en="length, m"),
    Column(name="site_accuracy_m", type="number", zh="选址精度", en="accuracy of the site, m"),
    Column(name="as_of", type="text", zh="核查基准日", en="date of the check"),
    Column(name="marks", type="text", zh="标记：indicative 示意、synthetic 合成", en="marks: indicative, synthetic"),
    Column(name="warnings", type="text", zh="警告代码", en="codes of warnings"),
    Column(name="trouble_code", type="text", zh="未核查的原因代码", en="code of why it was not judged"),
    Column(name="trouble", type="text", zh="未核查的原因", en="why it was not judged"),
)
"""Every column of a result, in order."""


def row_of(number: int, site_id: str, verdict: Verdict, district: tuple[str | None, str | None]) -> dict[str, Any]:
    """
    The row of a verdict; every column is there, None where there is nothing.

    Parameters
    ----------
    number, site_id
        Of the record.
    verdict
        Its verdict.
    district
        Code and name of the district of its middle; None where the boundaries do not tell.
    """
    result = verdict.to_dict()
    middle = verdict.geometry.centroid
    cells: dict[str, Any] = dict.fromkeys((c.name for c in COLUMNS), None)
    cells |= {
        "row": number,
        "site_id": site_id,
        "site_name": result["site"]["name"],
        "answer": result["answer"],
        "in_priority_zone": result["in_priority_zone"],
        "district": district[0],
        "district_name": district[1],
        "scope": result["site"]["scope"],
        "lon": round(float(middle.x), 9),
        "lat": round(float(middle.y), 9),
        "area_m2": result["site"]["area_m2"],
        "length_m": result["site"]["length_m"],
        "site_accuracy_m": result["site"]["accuracy_m"],
        "as_of": result["as_of"],
        "marks": _joined(m for m in ("indicative", "synthetic") if any(layer[m] for layer in result["layers"])),
        "warnings": _joined(dict.fromkeys(w["code"] for w in result["warnings"])),
    }
    for kind in KINDS:
        cells[kind] = result["kinds"].get(kind)
        found = [f for f in result["findings"] if f["kind"] == kind and f["role"] == "protective"]
        if kind not in PRIORITY_KINDS or not found:
            continue
        first = found[0]
        gaps = [f["gap_m"] for f in found if f["gap_m"] is not None]
        met = [_called(m) for f in found for m in f["features"] if m["relation"] != "disjoint"]
        cells |= {
            f"{kind}_reason": _joined(r["code"] for r in first["reasons"]),
            f"{kind}_met": _joined(dict.fromkeys(met)),
            f"{kind}_overlap_m2": round(sum(f["overlap_m2"] for f in found), 2),
            f"{kind}_gap_m": min(gaps, default=None),
            f"{kind}_accuracy_m": first["accuracy_m"],
        }
    return cells


def refused_row(taken: Taken, as_of: str) -> dict[str, Any]:
    """The row of a record that could not be judged: no answer, and why."""
    cells: dict[str, Any] = dict.fromkeys((c.name for c in COLUMNS), None)
    return cells | {
        "row": taken.number,
        "site_id": taken.id,
        "site_name": taken.name,
        "as_of": as_of,
        "trouble_code": taken.code,
        "trouble": taken.trouble,
    }


def reason_of(cells: Mapping[str, Any], language: Language) -> str:
    """
    Why a record could not be judged, for people: in Chinese what kind of trouble it is, then the details.

    Parameters
    ----------
    cells
        Of a row without an answer: ``trouble_code`` and ``trouble``.
    language
        Of the lead-in; the details are English.

    Examples
    --------
    >>> reason_of({"trouble_code": "missing_cell", "trouble": "p.csv, record 3: a coordinate cell is blank"}, "zh")
    '坐标单元格为空：p.csv, record 3: a coordinate cell is blank'
    """
    detail = str(cells["trouble"] or "")
    known = (f"{group}.{cells['trouble_code']}" for group in ("problem", "error"))
    code = next((c for c in known if has_word(c)), None)
    return detail if language == "en" or code is None else f"{word(code, language)}：{detail}"


def _called(feature: dict[str, Any]) -> str:
    words = [w for w in (feature["code"], feature["name"]) if w]
    return " ".join(words) or str(feature["id"])


def _joined(codes: Any) -> str | None:
    return "; ".join(codes) or None
