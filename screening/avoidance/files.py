"""Proposals as files another program loads, and as outlines that a map draws."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely
from shapely.geometry import mapping

from screening.export_tables import marks_of
from screening.overlap import LayerOutline, OutlineFeature
from screening.words import word
from spatial.errors import NotWritableError
from spatial.writing import Field, Table, write_geopackage
from spatial.writing.staging import staging

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from screening.avoidance.result import Avoidance
    from screening.words import Language
    from spatial.writing.model import Value, WrittenFiles

__all__ = ["PROPOSAL_SUFFIXES", "outlines_of_proposals", "proposals_table", "write_proposals"]

PROPOSAL_SUFFIXES = (".gpkg", ".geojson")
_FIELDS = (
    Field(name="ID", long_name_zh="方案号", long_name_en="proposal", width=12),
    Field(name="XMMC", long_name_zh="项目名称", long_name_en="project"),
    Field(name="WAY", long_name_zh="方式代码", long_name_en="way, code", width=12),
    Field(name="WAY_T", long_name_zh="方式", long_name_en="way"),
    Field(name="ANSWER", long_name_zh="结论代码", long_name_en="answer, code", width=12),
    Field(name="ANSWER_T", long_name_zh="结论", long_name_en="answer"),
    Field(name="SHORT", long_name_zh="仍无法判断的类别或图层", long_name_en="kinds or layers that stay unknown"),
    Field(name="SHIFT_M", long_name_zh="移动距离（米）", long_name_en="shift, metres", type="number"),
    Field(name="BEARING", long_name_zh="移动方向（度）", long_name_en="direction of the shift, degrees", type="number"),
    Field(
        name="TURN_DEG", long_name_zh="旋转（度，逆时针）", long_name_en="turn, degrees anticlockwise", type="number"
    ),
    Field(name="LOST_M2", long_name_zh="减少面积（平方米）", long_name_en="area given up, m2", type="number"),
    Field(name="ADDED_M", long_name_zh="增加长度（米）", long_name_en="length added, metres", type="number"),
    Field(name="REBUILT_M", long_name_zh="新线长度（米）", long_name_en="new alignment, metres", type="number"),
    Field(name="ACC_M", long_name_zh="选址精度（米）", long_name_en="accuracy of the site, metres", type="number"),
    Field(name="CHECKTIME", long_name_zh="核查基准日", long_name_en="date of the check", type="date", width=10),
    Field(name="NOTICE", long_name_zh="说明", long_name_en="note"),
    Field(name="MARK", long_name_zh="标识", long_name_en="marks"),
)


def proposals_table(avoidance: Avoidance, *, language: Language) -> Table:
    """
    One row for the site as it is (``P0``) and one for each proposal, geometries in EPSG:4490.

    A cut follows the edge of a zone, so a restricted layer marks the table too.
    """
    document = avoidance.to_dict()
    marks = marks_of(document["layers"]).text(language) or None
    now: dict[str, Any] = {"id": "P0", "way": "now", "answer": avoidance.verdict.answer, "falls_short": []}
    rows: list[tuple[Value, ...]] = [
        (
            one["id"],
            avoidance.site.name,
            one["way"],
            word(f"avoid.way_{one['way']}", language),
            one["answer"],
            word(f"answer.{one['answer']}", language),
            ", ".join(one["falls_short"]) or None,
            one.get("shift_m"),
            one.get("bearing_deg"),
            one.get("turn_deg"),
            one.get("lost_m2"),
            one.get("added_m"),
            one.get("rebuilt_m"),
            round(float(avoidance.site.accuracy.metres), 3),
            avoidance.verdict.as_of,
            word("avoid.space_only", language),
            marks,
        )
        for one in [now, *document["proposals"]]
    ]
    shapes = (avoidance.site.geometry, *(p.site.geometry for p in avoidance.proposals))
    return Table(name="proposals", fields=_FIELDS, rows=tuple(rows), geometries=shapes, crs=4490)


def write_proposals(path: str | Path, avoidance: Avoidance, *, language: Language = "zh") -> tuple[Path, ...]:
    """
    Write the site and its proposals, coordinates as the engine judged them (1e-9 degree).

    Parameters
    ----------
    path
        ``F.gpkg`` or ``F.geojson``.
    avoidance
        From `screening.avoidance.avoid`.
    language
        Of words beside codes.

    Raises
    ------
    NotWritableError
        For another ending.
    """
    path = Path(path)
    table = proposals_table(avoidance, language=language)
    if path.suffix.lower() == ".gpkg":
        metadata = {"NOTICE": word("avoid.space_only", "zh"), "NOTICE_EN": word("avoid.space_only", "en")}
        metadata |= {"MARK": str(table.rows[0][-1] or ""), "SEARCH": json.dumps(_searches(avoidance), sort_keys=True)}
        year, month, day = (int(part) for part in avoidance.verdict.as_of.split("-"))
        written: WrittenFiles = write_geopackage(path, [table], metadata, dated=(year, month, day))
        return written.paths
    if path.suffix.lower() != ".geojson":
        raise NotWritableError(
            file=path.name,
            code="format",
            detail=f"proposals are written as {', '.join(PROPOSAL_SUFFIXES)}",
            remedy="Choose one of these endings",
        )
    names = [field.name for field in table.fields]
    features = [
        {"type": "Feature", "properties": dict(zip(names, row, strict=True)), "geometry": _drawn(shape)}
        for row, shape in zip(table.rows, table.geometries or (), strict=True)
    ]
    document = {
        "type": "FeatureCollection",
        "name": path.stem,
        "crs_note": "EPSG:4490",
        "searches": _searches(avoidance),
        "features": features,
    }
    with staging(path) as stage:
        text = json.dumps(document, ensure_ascii=False, allow_nan=False)
        (stage.folder / path.name).write_text(f"{text}\n", encoding="utf-8", newline="\n")
        return stage.commit([path.name], asked=[path.name])


def outlines_of_proposals(avoidance: Avoidance, *, language: Language) -> tuple[LayerOutline, ...]:
    """The proposals as layers that `maps.screening_map.draw` draws beside those of the workspace."""
    marks = marks_of(avoidance.to_dict()["layers"])
    found = []
    for number, one in enumerate(avoidance.proposals, start=1):
        way = word(f"avoid.way_{one.way}", language)
        name = word("avoid.proposal", language, id=f"P{number}", way=way)
        feature = OutlineFeature(
            id=f"P{number}",
            code=None,
            name=name,
            class_=one.way,
            class_label=_label(one.to_dict(number), language),
            geometry=one.site.geometry,
        )
        found.append(
            LayerOutline(
                layer=name,
                kind="proposal",
                role="context",
                features=(feature,),
                data_date=avoidance.verdict.as_of,
                source=word("avoid.title", language),
                restricted=marks.restricted,
                synthetic=marks.synthetic,
                indicative=marks.indicative,
            )
        )
    return tuple(found)


def _label(one: dict[str, Any], language: Language) -> str:
    """What a proposal changes, as short as a label on a map must be."""
    way = one["way"]
    facts: dict[str, Any] = {"id": one["id"]}
    facts["metres"] = one["added_m"] if way == "detour" else one["shift_m"]
    facts["degrees"] = abs(one["rotation_deg"])
    facts["share"] = 100 * one.get("lost_share", 0.0)
    return word(f"avoid.label_{way}", language, **facts)


def _searches(avoidance: Avoidance) -> list[dict[str, Any]]:
    return [search.to_dict() for search in avoidance.searches]


def _drawn(shape: BaseGeometry | None) -> dict[str, Any]:
    assert shape is not None
    drawn: dict[str, Any] = mapping(shapely.orient_polygons(shape))
    return drawn
