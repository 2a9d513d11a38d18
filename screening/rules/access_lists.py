"""
Access lists as packs: from the requirement fields of the control units at a site, and from a table (XLSX, CSV).

A table has one row a requirement (columns for level, unit code, heading, kind and text), or one row a unit with a
column for each of the four headings. Nothing in a row is guessed: what is not understood is refused with its row.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from layers.fields import FieldAliases, fold
from layers.workspace.canonical_json import canonical_json
from screening.errors import AccessListError, UnknownRuleWordError
from screening.rules.model import HEADINGS, ActivityLeaf, AllOf, Clause, DistrictLeaf, IndustryLeaf, Pack, UnitLeaf
from screening.rules.place import UNIT_KIND, unit_code
from screening.rules.vocabulary import activities_of, industry_of
from screening.words import word

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from layers.model import Feature
    from layers.version import OpenLayer
    from screening.rules.model import Condition, Consequence, Heading, Level

__all__ = ["TABLES", "packs_of_table", "unit_packs"]

TABLES = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".csv")
"""Endings of files that are read as access lists."""
_COLUMNS = {
    "level": ("层级", "级别", "清单层级", "level"),
    "unit": ("单元编码", "管控单元编码", "环境管控单元编码", "HJGKDYBM", "unit", "unit_code"),
    "name": ("单元名称", "管控单元名称", "环境管控单元名称", "HJGKDYMC", "名称", "name"),
    "heading": ("管控维度", "维度", "管控类别", "heading"),
    "consequence": ("类型", "要求类型", "管控类型", "禁止限制允许", "consequence"),
    "text": ("要求原文", "要求", "管控要求", "条文", "内容", "text", "requirement"),
    "text_en": ("英文", "text_en"),
    "source": ("来源", "依据", "文件", "source"),
    "districts": ("区划代码", "适用区划", "行政区划代码", "district", "districts"),
    "activity": ("活动", "行业活动", "activity"),
    "industry": ("行业代码", "国民经济行业代码", "industry"),
}
_LEVELS: dict[str, Level] = {"国家": "national", "全国": "national", "national": "national"}
_LEVELS |= dict.fromkeys(("省", "省级", "自治区", "自治区级", "全区", "总体", "province"), "province")
_LEVELS |= dict.fromkeys(("片区", "流域", "区域", "片区流域", "片区/流域", "重点区域", "basin"), "basin")
_LEVELS |= dict.fromkeys(("市", "市级", "盟市", "盟", "州", "地级市", "city"), "city")
_LEVELS |= dict.fromkeys(("单元", "管控单元", "环境管控单元", "unit"), "unit")
_CONSEQUENCES: dict[str, Consequence] = {"": "requirement", "要求": "requirement", "requirement": "requirement"}
_CONSEQUENCES |= dict.fromkeys(("禁止", "禁止类", "禁止开发", "禁止开发建设", "prohibited"), "prohibited")
_CONSEQUENCES |= dict.fromkeys(("限制", "限制类", "限制开发", "限制开发建设", "restricted"), "restricted")
_CONSEQUENCES |= dict.fromkeys(("审批", "论证", "需论证", "needs_approval"), "needs_approval")
_CONSEQUENCES |= dict.fromkeys(("允许", "允许类", "允许开发", "鼓励", "说明", "information"), "information")
_PERMITTED = frozenset({"允许", "允许类", "允许开发"})
_HEADINGS: dict[str, Heading] = {heading: heading for heading in HEADINGS}
_HEADINGS |= {
    "空间布局": "spatial_layout",
    "污染物排放": "pollutant_control",
    "环境风险": "risk_control",
    "资源效率": "resource_efficiency",
    "资源开发利用": "resource_efficiency",
}


def unit_packs(features: Iterable[tuple[OpenLayer, Feature]], *, taken: Iterable[str] = ()) -> tuple[Pack, ...]:
    """
    One pack a control unit near a site, from its own requirement fields, word for word.

    The text is what the layer says; nobody here held it against the published list, so it is unverified.

    Parameters
    ----------
    features
        Features near the site with their layers.
    taken
        Ids of packs that are there already.
    """
    found: dict[str, Pack] = {}
    names = set(taken)
    for layer, feature in features:
        if layer.card.kind != UNIT_KIND or not any(feature.requirements.values()):
            continue
        # a unit without a code is asked by its id: of a feature without a code the leaf is open, never no
        code = feature.code or f"{layer.card.name}/{feature.id}"
        name = f"unit-{_ascii(code)}"
        if name in names or name in found:  # the same unit twice, in two layers or in two pieces
            if name in found and _texts(found[name]) == _requirements(feature):
                continue
            name = f"{name}-{_ascii(layer.card.name)}-{_ascii(feature.id)}"
        source = layer.card.source or layer.card.name
        title = f"{code} {feature.name or ''}".strip()
        clauses = tuple(
            Clause(
                id=f"{name}-{heading}",
                heading=heading,
                consequence="requirement",
                title_zh=f"{title} {word(f'rules.heading_{heading}', 'zh')}",
                title_en=f"{title}: {word(f'rules.heading_{heading}', 'en')}",
                text_zh=text,
                text_en=text,
                condition=UnitLeaf(codes=(code,)),
                verified=False,
                verified_on=None,
                source=f"{source} ({layer.card.name} {layer.entry.version})",
                quote=text,
            )
            for heading, text in _requirements(feature).items()
        )
        found[name] = _pack(name, "unit", title, source, clauses, file=layer.card.name)
    return tuple(found[name] for name in sorted(found))


def _requirements(feature: Feature) -> dict[Heading, str]:
    return {heading: feature.requirements[heading] for heading in HEADINGS if feature.requirements.get(heading)}


def _texts(pack: Pack) -> dict[Heading, str]:
    return {clause.heading: clause.text_zh for clause in pack.clauses}


def _ascii(text: str) -> str:
    """A text as part of an id: ASCII as it is, anything else as its digest."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "", text)
    return plain if plain == text and plain else hashlib.sha256(text.encode()).hexdigest()[:8]


def _pack(
    name: str,
    level: Level,
    title: str,
    source: str,
    clauses: tuple[Clause, ...],
    *,
    file: str,
    sha256: str | None = None,
) -> Pack:
    said = [
        [c.id, c.heading, c.consequence, c.permits, c.text_zh, c.text_en, c.source, c.condition.to_dict()]
        for c in clauses
    ]
    return Pack(
        id=name,
        level=level,
        title_zh=title,
        title_en=title,
        source=source,
        verified_on=None,
        clauses=clauses,
        sha256=sha256 or hashlib.sha256(canonical_json([name, level, title, source, said])).hexdigest(),
        file=file,
    )


def packs_of_table(path: Path) -> tuple[Pack, ...]:
    """
    An access list from a workbook or a CSV file: one pack a level that occurs in it.

    Columns, in Chinese or English: 层级, 单元编码, 管控维度, 类型 (禁止, 限制, 允许, 论证, 要求), 要求原文; and, where
    there are any, 来源, 区划代码, 活动, 行业代码, 英文. Or, one row a unit, a column a heading. Blank
    cells of level, code and heading continue the row above, as merged cells do.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    packs
        Unverified: nobody held the texts against their publication.

    Raises
    ------
    AccessListError
        If there is no such table, or a row is not understood; names sheet and row.
    """
    from spatial.reading.cells import read_cells

    rows: dict[Level, list[Clause]] = {}
    stem = _ascii(path.stem)
    found = False
    for number, sheet in enumerate(read_cells(path), start=1):
        table = _Table.of(path.name, sheet.name, sheet.rows)
        if table is None:
            continue
        found = True
        for level, clause in table.clauses(f"list-{stem}" if number == 1 else f"list-{stem}-{number}"):
            rows.setdefault(level, []).append(clause)
    if not found or not rows:
        raise AccessListError(
            file=path.name,
            sheet=None,
            row=None,
            detail="no sheet has rows under columns 管控维度 and 要求原文, or under the four headings",
            remedy="name the columns as docs/reference/rules.md shows",
        )
    return tuple(
        _pack(f"list-{stem}-{level}", level, path.stem, path.name, tuple(clauses), file=path.name)
        for level, clauses in sorted(rows.items())
    )


class _Table:
    """A sheet whose header row was found."""

    def __init__(self, file: str, sheet: str | None, header: int, rows: list[list[str]]) -> None:
        self._file = file
        self._sheet = sheet
        self._first = header + 2
        self._rows = rows[header + 1 :]
        self._column = {meaning: at for at, cell in enumerate(rows[header]) if (meaning := _meaning(cell)) is not None}

    @classmethod
    def of(cls, file: str, sheet: str | None, rows: list[list[str]]) -> _Table | None:
        """The first row among the first ten that names what is needed."""
        for at, row in enumerate(rows[:10]):
            meanings = [m for m in (_meaning(cell) for cell in row) if m is not None]
            if {"heading", "text"} <= set(meanings) or ({"unit"} <= set(meanings) and set(HEADINGS) & set(meanings)):
                twice = sorted({m for m in meanings if meanings.count(m) > 1})
                if twice:
                    raise AccessListError(
                        file=file,
                        sheet=sheet,
                        row=at + 1,
                        detail=f"two columns mean {', '.join(twice)}",
                        remedy="keep one",
                    )
                return cls(file, sheet, at, rows)
        return None

    def clauses(self, stem: str) -> Iterable[tuple[Level, Clause]]:
        """Every requirement of the sheet."""
        above: dict[str, str] = {}
        wide = "heading" not in self._column
        for number, cells in enumerate(self._rows, start=self._first):
            row = {meaning: cells[at].strip() if at < len(cells) else "" for meaning, at in self._column.items()}
            if not any(row.values()):
                continue
            if not any(row.get(key) for key in ("level", "unit", "districts")):
                row |= {key: above.get(key, "") for key in ("level", "unit", "districts", "name")}
            if not wide:
                same = row["heading"] in ("", above.get("heading", ""))
                row["heading"] = row["heading"] or above.get("heading", "")
                if same and "consequence" in row and not row["consequence"]:
                    row["consequence"] = above.get("consequence", "")  # a merged cell: never less strict than above
            above = row
            pairs = [(h, row.get(h, "")) for h in HEADINGS] if wide else [(self._heading(row, number), row["text"])]
            for heading, text in pairs:
                if text:
                    yield self._clause(
                        f"{stem}-{number}-{heading}" if wide else f"{stem}-{number}", row, heading, text, number
                    )
                elif not wide:
                    self._refuse(number, "the text is blank", "write the requirement, or delete the row")

    def _refuse(self, row: int, detail: str, remedy: str) -> Any:
        raise AccessListError(file=self._file, sheet=self._sheet, row=row, detail=detail, remedy=remedy)

    def _heading(self, row: dict[str, str], number: int) -> Heading:
        found = _heading_of(row["heading"])
        if found is None:
            self._refuse(
                number, f"heading {row['heading']!r} is not known", "write one of the four, 空间布局约束 for instance"
            )
        return found  # type: ignore[return-value]  # refused above

    def _clause(self, name: str, row: dict[str, str], heading: Heading, text: str, number: int) -> tuple[Level, Clause]:
        units = tuple(map(unit_code, filter(None, re.split(r"[,，;；、\s]+", row.get("unit", "")))))
        level = _LEVELS.get(fold(row["level"])) if row.get("level") else ("unit" if units else None)
        if level is None:
            self._refuse(number, f"level {row.get('level', '')!r} is not known", "write 省, 片区, 流域, 市 or 单元")
        if level == "unit" and not units:
            self._refuse(
                number, "a requirement of a unit has no unit code", "write its code, ZH15078110001 for instance"
            )
        kind = fold(row.get("consequence", ""))
        consequence = _CONSEQUENCES.get(kind)
        if consequence is None:
            self._refuse(number, f"type {row['consequence']!r} is not known", "write 禁止, 限制, 论证, 要求 or 允许")
        title = f"{' '.join(units[:3])} {row.get('name', '')}".strip() or row.get("level", "")
        return level, Clause(  # type: ignore[return-value]  # refused above
            id=name,
            heading=heading,
            consequence=consequence,  # type: ignore[arg-type]
            title_zh=f"{title} {word(f'rules.heading_{heading}', 'zh')}",
            title_en=f"{title}: {word(f'rules.heading_{heading}', 'en')}",
            text_zh=text,
            text_en=row.get("text_en") or text,
            condition=self._condition(row, units, number),
            verified=False,
            verified_on=None,
            source=row.get("source") or self._file,
            quote=text,
            permits=kind in _PERMITTED,
        )

    def _condition(self, row: dict[str, str], units: tuple[str, ...], number: int) -> Condition:
        parts: list[Condition] = []
        if units:
            parts.append(UnitLeaf(codes=units))
        districts = tuple(filter(None, re.split(r"[,，;；、\s]+", row.get("districts", ""))))
        if any(re.fullmatch(r"[1-8]\d(\d\d)?(\d\d)?", code, re.ASCII) is None for code in districts):
            self._refuse(number, f"district {row['districts']!r}", "write two, four or six digits of GB/T 2260")
        if districts:
            parts.append(DistrictLeaf(codes=districts))
        try:
            if row.get("activity"):
                parts.append(ActivityLeaf(tags=activities_of([row["activity"]])))
            if row.get("industry"):
                written = [code for code in re.split(r"[,，;；、\s]+", row["industry"]) if code]
                if any(re.fullmatch(r"[1-9]\d\d", code) for code in written):  # a workbook drops a leading zero
                    self._refuse(
                        number,
                        f"industry {row['industry']!r}: a class of three digits, or one of four that lost its zero",
                        "write its letter before it, C252 or B0810 for instance",
                    )
                codes = tuple(industry_of(code) for code in written)
                parts.append(IndustryLeaf(codes=codes))
        except UnknownRuleWordError as error:
            self._refuse(number, str(error), "mend the cell")
        return parts[0] if len(parts) == 1 else AllOf(parts=tuple(parts))


def _heading_of(cell: str) -> Heading | None:
    wanted = fold(cell)
    if wanted in _HEADINGS:
        return _HEADINGS[wanted]
    aliases = FieldAliases.load()
    return (
        next((h for h in HEADINGS if aliases.view({cell: "x"}, kind="control_units").cells(h)), None) if cell else None
    )


def _meaning(cell: str) -> str | None:
    """What a column of this name holds: one of the columns above, or one of the four headings."""
    wanted = fold(cell)
    if not wanted:
        return None
    named = next((m for m, words in _COLUMNS.items() if wanted in {fold(w) for w in words}), None)
    return named or _heading_of(cell)
