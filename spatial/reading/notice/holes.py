"""Areas that a notice takes out again under a heading of their own: 扣除范围, 调出范围."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from spatial.reading.notice.grouping import Flaw

if TYPE_CHECKING:
    from spatial.reading.notice.corners import NoticeArea

__all__ = ["without_excluded"]

_OUT = re.compile(
    r"扣除|剔除|挖除|扣减|除外|空洞|天窗|挖空|不纳入|不计入|不属于|不包[括含]|不含|调出|核减|移出|退出|撤出"
)
_BRACKETS = re.compile(r"[(（][^)）]*[)）]")


def without_excluded(found: list[NoticeArea]) -> list[NoticeArea]:
    r"""
    Areas without what their notice takes out of them under another heading.

    What is taken out is no area: it is cut out of the one area that covers it; where none or several do, it is
    unreadable, for then the notice speaks of a boundary that it does not print.

    Examples
    --------
    >>> from spatial.reading.notice import areas_of, read_document
    >>> big = "J1 119.10,49.10\nJ2 119.90,49.10\nJ3 119.90,49.90\nJ4 119.10,49.90"
    >>> small = "J1 119.40,49.40\nJ2 119.50,49.40\nJ3 119.50,49.50"
    >>> text = f"一、范围拐点\n{big}\n二、扣除区域拐点\n{small}"
    >>> [(one.kind, len(one.geometry.interiors)) for one in areas_of(read_document(text.encode()))]
    [('polygon', 1)]
    """
    kept = list(found)
    gone: list[int] = []
    for i, one in enumerate(found):
        if one.kind != "polygon" or one.geometry is None or not _excluded(one):
            continue
        over = [
            k
            for k, other in enumerate(kept)
            if k != i
            and k not in gone
            and other.kind == "polygon"
            and other.geometry is not None
            and (other.place_kind, other.zone, other.swapped) == (one.place_kind, one.zone, one.swapped)
            and not _excluded(found[k])
            and other.geometry.is_valid
            and other.geometry.covers(one.geometry)
        ]
        if len(over) == 1:
            outer = kept[over[0]]
            assert outer.geometry is not None
            kept[over[0]] = replace(outer, geometry=outer.geometry.difference(one.geometry))
            gone.append(i)
        else:
            flaw = Flaw(code="hole_outside", line=one.first_line, detail=(one.title or one.headings[-1])[-40:])
            kept[i] = replace(one, kind="unreadable", geometry=None, flaw=flaw)
    return [one for i, one in enumerate(kept) if i not in gone]


def _excluded(area: NoticeArea) -> bool:
    """Whether the innermost heading, or the sentence right before the list, takes it out of something."""
    title = re.split(r"[。；;\n]|\.(?!\d)", area.title.strip("。；;\n. "))[-1]
    return any(_OUT.search(_BRACKETS.sub("", words)) for words in (*area.headings[-1:], title))
