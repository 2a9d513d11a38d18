"""The environmental targets around a project as tables that a person can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maps import phrases
from screening.words import word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from apps.cli.table import Page

__all__ = ["print_surroundings"]

_COLUMNS = (
    ("no", "right"),
    ("name", "left"),
    ("coordinates", "left"),
    ("object", "left"),
    ("zone", "left"),
    ("bearing", "left"),
    ("distance", "right"),
    ("in_range", "left"),
)


def print_surroundings(page: Page, document: Mapping[str, Any]) -> None:
    """
    What `screening.surroundings.surroundings_of` says: the ranges, the table of targets, and what may be missing.

    Parameters
    ----------
    page
        Where to, and in which language.
    document
        The document.
    """

    def said(code: str, /, **facts: object) -> str:
        return word(f"surroundings.{code}", page.language, **facts)

    page.heading(said("title"))
    if document["status"] == "unknown":
        page.line(said("unknown"), "bold magenta")
    page.line(said("ranges"), "bold")
    columns = [("topic", "left"), ("range", "left"), ("standard", "left"), ("mark", "whole"), ("count", "right")]
    page.table(
        [(said(f"column_{name}"), kind) for name, kind in [*columns, ("status", "left")]],
        [
            [
                topic["name"][page.language],
                _range(page, topic),
                topic["standard"] or document["ranges_file"] or "-",
                said(f"mark_{topic['mark']}"),
                _count(topic),
                said(f"status_{topic['status']}"),
            ]
            for topic in document["topics"]
        ],
    )
    for doubt in _doubts(document):
        text = said(f"doubt_{doubt['code']}", **{**doubt, "names": page.comma.join(doubt.get("names", ()))})
        page.line(f"- {text}")
    if document["targets"]:
        page.line(said("targets", count=len(document["targets"])), "bold")
        page.table(
            [(said(f"column_{name}"), kind) for name, kind in _COLUMNS],
            [_row(page, number, target, document) for number, target in enumerate(document["targets"], 1)],
        )
    elif document["status"] == "listed":
        page.line(said("no_targets"))
    if document["next"] is not None:
        near = document["next"]
        page.line(
            said("next", name=near["name"] or near["id"], distance=phrases.distance(near["distance_m"], page.language))
        )
    for note in document["notes"]:
        page.line(said(note), "italic")
    if document["restricted"]:
        page.line(word("note.restricted", page.language))


def _range(page: Page, topic: Mapping[str, Any]) -> str:
    if topic["metres"] is None:
        return word("surroundings.no_figure", page.language)
    code = "square" if topic["shape"] == "square" else "either_side" if topic["applies"] == "linear" else "distance"
    return word(f"surroundings.{code}", page.language, metres=f"{topic['metres']:g}")


def _count(topic: Mapping[str, Any]) -> str:
    """How many for sure, and how many the accuracy leaves open; no 0 where nothing could be listed."""
    if topic["status"] in ("unknown", "by_case"):
        return "-"
    return f"{topic['targets']} + {topic['uncertain']}?" if topic["uncertain"] else str(topic["targets"])


def _doubts(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each doubt once, whatever topics it is of."""
    every = [*document["doubts"], *(doubt for topic in document["topics"] for doubt in topic["doubts"])]
    return [doubt for place, doubt in enumerate(every) if doubt not in every[:place]]


def _row(page: Page, number: int, target: Mapping[str, Any], document: Mapping[str, Any]) -> list[object]:
    blank = word("surroundings.not_stated", page.language)
    names = {topic["topic"]: topic["name"][page.language] for topic in document["topics"]}
    ranges = [
        names[code] if answer == "yes" else word("surroundings.in_range_uncertain", page.language, topic=names[code])
        for code, answer in target["topics"].items()
    ]
    bearing = target["bearing_deg"]
    inside = word("surroundings.inside", page.language)
    return [
        number,
        target["name"] or target["id"],
        f"{target['lon']:.6f}, {target['lat']:.6f}",
        page.pause.join(text for text in (target["object"], target["population"]) if text) or blank,
        target["function_zone"] or blank,
        inside if bearing is None else phrases.bearing(bearing, page.language),
        f"{target['distance_m']:,.1f}",
        page.comma.join(ranges),
    ]
