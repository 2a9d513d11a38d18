"""What a report says of the surroundings: the table of environmental targets, and whether it is whole."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from maps import phrases
from maps.report.model import Paragraph, Section, Table
from maps.report.titles import say, titled
from screening.words import word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maps.report.model import Block, Cell
    from screening.words import Language

__all__ = ["surroundings_sections"]


def surroundings_sections(document: Mapping[str, Any] | None, language: Language) -> list[Section]:
    """The section of ``result["surroundings"]``; nothing where the result has none. Without a layer it says so."""
    if not document:
        return []
    blocks: list[Block] = []
    if document["status"] == "unknown":
        blocks.append(Paragraph(text=say("targets_unknown", language), tone="warning"))
    elif any(topic["status"] != "complete" for topic in document["topics"]):
        blocks.append(Paragraph(text=say("targets_incomplete", language), tone="warning"))
    if document["targets"]:
        blocks.append(_targets(document, language))
    elif document["status"] != "unknown":
        blocks.append(Paragraph(text=say("targets_none", language)))
    if document["topics"]:
        blocks.append(_ranges(document, language))
    return [Section(key="surroundings", title=say("surroundings", language), blocks=tuple(blocks))]


def _targets(document: Mapping[str, Any], language: Language) -> Table:
    column = partial(titled, language)
    columns = (
        column("name", weight=2),
        column("object", weight=1.4),
        column("function_zone", weight=1.3),
        column("lon_degrees", "number", digits=6, weight=1.4),
        column("lat_degrees", "number", digits=6, weight=1.4),
        column("bearing", "number", digits=0, weight=1),
        column("distance", "number", digits=3, weight=1.3),
        column("topics", weight=1.6),
        column("layer", paper=False),
    )
    names = {topic["topic"]: topic["name"][language] for topic in document["topics"]}
    separator = "、" if language == "zh" else ", "
    rows: list[tuple[Cell, ...]] = []
    for target in document["targets"]:
        topics = [
            names.get(code, code) + ("" if said == "yes" else f" ({word('yesno.uncertain', language)})")
            for code, said in target["topics"].items()
        ]
        rows.append(
            (
                target["name"] or target["code"] or target["id"],
                target["object"],
                target["function_zone"],
                target["lon"],
                target["lat"],
                target["bearing_deg"],
                target["distance_m"],
                separator.join(topics),
                target["layer"],
            )
        )
    return Table(caption=say("surroundings", language), columns=columns, rows=tuple(rows), most=60)


def _ranges(document: Mapping[str, Any], language: Language) -> Table:
    column = partial(titled, language)
    columns = (
        column("topics", weight=1.4),
        column("range_m", "number", digits=0, weight=1.1),
        column("standard", weight=2.4),
        column("checked", weight=1.3),
        column("count", "number", digits=0),
        column("complete", weight=1.4),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            topic["name"][language],
            topic["metres"],
            topic["standard"],
            phrases.code_word("surroundings", f"mark_{topic['mark']}", language),
            # with those that the accuracy leaves open: they stand in the table above
            None if topic["status"] in ("unknown", "by_case") else topic["targets"] + topic["uncertain"],
            phrases.code_word("surroundings", f"status_{topic['status']}", language),
        )
        for topic in document["topics"]
    ]
    return Table(caption=say("ranges", language), columns=columns, rows=tuple(rows))
