"""The legend of a map: only what is drawn on it, each entry with its picture and its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from maps.markup import Html, join, tag
from maps.style import FeatureStyle, swatch
from screening.words import word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from screening.words import Language

__all__ = ["LegendEntry", "legend"]


@dataclass(frozen=True, kw_only=True)
class LegendEntry:
    """One line: ``group`` is its heading, ``shape`` one of area, line, point, outline."""

    group: str
    text: str
    style: FeatureStyle
    shape: str


def legend(entries: Sequence[LegendEntry], language: Language) -> Html:
    """
    The legend as a section that can be folded; equal entries once, in the order given, under their headings.

    Examples
    --------
    >>> from maps.style import SITE
    >>> entry = LegendEntry(group="Project", text="Site", style=SITE, shape="area")
    >>> legend([entry, entry], "en").count("Site")
    1
    """
    # What frames the layers is explained last.
    entries = sorted(entries, key=lambda entry: entry.shape == "outline")
    groups: dict[str, dict[tuple[str, str, str], LegendEntry]] = {}
    for entry in entries:
        groups.setdefault(entry.group, {}).setdefault((entry.text, entry.style.key, entry.shape), entry)
    body = []
    for group, lines in groups.items():
        items = [tag("li", Html(swatch(e.style, e.shape)), tag("span", e.text)) for e in lines.values()]
        heading = None if [e.text for e in lines.values()] == [group] else tag("h3", group)
        body.append(join(heading, tag("ul", *items)))
    title = word("map.legend", language)
    return tag("section", tag("div", *body, class_="fold-body"), id="legend", class_="fold", data_title=title)
