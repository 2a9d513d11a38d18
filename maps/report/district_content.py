"""What a report says of the rules of a site that lies in several counties, each piece with its own packs and lists."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from maps import phrases
from maps.report.model import Column, KeyValues, Paragraph, Section, Table
from maps.report.titles import titled
from screening.words import word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maps.report.model import Block, Cell
    from screening.words import Language

__all__ = ["district_sections"]


def district_sections(districts: Mapping[str, Any] | None, language: Language) -> list[Section]:
    """A section of ``result["districts"]`` where several counties have a ruling of their own; else nothing."""
    told = [one for one in (districts or {}).get("districts") or () if one.get("ruling")]
    if not told:
        return []
    blocks: list[Block] = [Paragraph(text=word("district.clauses_note", language), tone="note")]
    for one in told:
        blocks += _district(one, language)
    return [Section(key="district_rules", title=word("district.clauses_title", language), blocks=tuple(blocks))]


def _district(district: Mapping[str, Any], language: Language) -> list[Block]:
    ruling = district["ruling"]

    def said(code: str) -> str:
        return word(code, language)

    separator, name = ("；" if language == "zh" else "; "), f"{district['name']} {district['code']}"
    packs = [f"{pack['id']} {pack[f'title_{language}']} ({pack['sha256'][:12]})" for pack in ruling["packs"]]
    lists = [
        f"{one['title']} ({said('rules.state_' + one['state'])}, {one['sha256'][:12]})" for one in ruling["unit_lists"]
    ]
    lists += [said("district.unit_lists_unknown")] if ruling["unit_lists_unknown"] else []
    none = said("district.none")
    pairs = (
        (said("district.packs"), phrases.clean(separator.join(packs) or none)),
        (said("district.unit_lists"), phrases.clean(separator.join(lists) or none)),
    )
    blocks: list[Block] = [Paragraph(text=phrases.clean(name), tone="lead"), KeyValues(pairs=pairs)]
    if not ruling["clauses"]:
        return blocks
    column = partial(titled, language)
    columns = (
        column("consequence", weight=1.4),
        column("state", weight=1.2),
        Column(title=said("rules.column_title"), weight=5),
        column("clause", "code", weight=2.5),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            said(f"rules.consequence_{clause['consequence']}"),
            said(f"rules.state_{clause['state']}"),
            phrases.clean(
                clause[f"title_{language}"]
                + ("" if clause["status"] == "verified" else f" [{said('rules.unverified')}]")
            ),
            clause["id"],
        )
        for clause in ruling["clauses"]
    ]
    caption = said("district.clauses_title") + ("：" if language == "zh" else ": ") + phrases.clean(name)
    return [*blocks, Table(caption=caption, columns=columns, rows=tuple(rows))]
