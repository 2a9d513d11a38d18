"""Corners to rings and areas: where one ends and the next begins, and what that could not be read belongs to which."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from spatial.reading.notice.entries import Corner, Count, Extent, Loose, Mention, Tail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spatial.reading.model import Box
    from spatial.reading.notice.entries import Entry

__all__ = ["Flaw", "Group", "Ring", "grouped", "plain_words"]

_SMALL = re.compile(
    r"起始点?|起点|终点|始点|拐点|界址点|顶点|界桩|控制点|坐标点|边界点|坐标|编号|点号|序号|地理|经纬度|经度|纬度|东经|北纬|方向|直线|折线"
    r"|依次|顺次|连接|连线|相连|然后|之后|位于|分别|顺时针|逆时针|按|以下|如下|下列|各点|区域|范围|面积|为界|的|所|等|共|由|用|以|在|向|折|转|再|又|至|到|从|自|和|与|及|为|是|处|点|号|止|后"
    r"|[东南西北]|米|度|分|秒"
)
_HAN_RUN = re.compile(r"[\u4e00-\u9fff]")
_WALKED = re.compile(r"沿|顺[着河沟山]|山脊|山梁|分水岭|流水线|等高线|岸线|[省市县旗乡镇村]界|河流?中|顺河")
_TITLE = re.compile(r"[区带圈]|范围|地块|水域|陆域|水源|公园|单元|片|标段|界线|[一二三四五六七八九十]、")


@dataclass(frozen=True, kw_only=True)
class Flaw:
    """Why an area is unreadable."""

    code: str
    line: int
    detail: str = ""
    point: str | None = None
    box: Box | None = None


@dataclass(kw_only=True)
class Ring:
    """Corners of one ring, and whether words or a column say that it is a hole."""

    corners: list[Corner]
    hole: bool = False


@dataclass(kw_only=True)
class Group:
    """
    What makes one area: its rings, or an extent; the words before it; what speaks against it.

    ``ring_column`` is true where a column tells rings apart, so that a ring within a ring is a hole.
    """

    title: str
    line: int
    rings: list[Ring] = field(default_factory=list)
    extent: Extent | None = None
    walked: bool = False
    excluded_in_words: bool = False
    ring_column: bool = False
    flaws: list[Flaw] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    words: str = ""

    @property
    def corners(self) -> list[Corner]:
        """All corners as written."""
        return [corner for ring in self.rings for corner in ring.corners]


def plain_words(gap: str) -> str:
    """
    The words of a gap that name something.

    Examples
    --------
    >>> plain_words("；依次至"), plain_words("，缓冲区：")
    ('', '缓冲区')
    """
    return "".join(_HAN_RUN.findall(_SMALL.sub("", gap.replace("区域", ""))))


def grouped(entries: Sequence[Entry], *, context: str) -> list[Group]:
    """
    Entries of one section as areas.

    A new ring begins where the ring before is closed by words or by coming back to its start, where point numbers
    begin again at 1, or (without point numbers) after a blank line. It belongs to a new area where words of its own
    stand before it; to the same area otherwise.

    Parameters
    ----------
    entries
        In order.
    context
        Headings and words over the section.
    """
    groups: list[Group] = []
    loose: list[tuple[Loose | Mention, int]] = []
    counts: list[tuple[Count, int]] = []
    blanks = _blanks_part(entries)
    held = ""
    marks: frozenset[str] = frozenset()
    for entry in entries:
        if isinstance(entry, Corner):
            corner = replace(entry, gap=held + entry.gap, marks=entry.marks | marks)
            held, marks = "", frozenset()
            _take(groups, corner, blanks=blanks, after_extent=bool(groups) and groups[-1].extent is not None)
        elif isinstance(entry, Extent):
            groups.append(Group(title=held + entry.gap, line=entry.line, extent=entry))
            held = ""
        elif isinstance(entry, Loose | Mention):
            loose.append((entry, len(groups) - 1))
        elif isinstance(entry, Count):
            counts.append((entry, len(groups) - 1))
        else:
            assert isinstance(entry, Tail)
            held, marks = held + entry.gap, marks | entry.marks
    if groups and "hole" in marks:
        groups[-1].excluded_in_words = True
    if groups:
        groups[-1].words = held
    _blame(groups, loose, context)
    _count(groups, counts)
    return groups


def _blanks_part(entries: Sequence[Entry]) -> bool:
    """Whether blank lines part rings: only where no point has a number and every part could be a ring."""
    corners = [entry for entry in entries if isinstance(entry, Corner)]
    if any(corner.label is not None for corner in corners):
        return False
    sizes = [0]
    for corner in corners:
        if "blank" in corner.marks and sizes[-1]:
            sizes.append(0)
        sizes[-1] += 1
    return all(size >= 3 for size in sizes)


def _take(groups: list[Group], corner: Corner, *, blanks: bool, after_extent: bool) -> None:
    """Put a corner where it belongs."""
    words = plain_words(corner.gap)
    if not groups or after_extent or "title" in corner.marks:
        groups.append(Group(title=corner.gap, line=corner.line, rings=[Ring(corners=[corner])]))
        if "hole_list" in corner.marks:  # 除下列拐点所围区域外: the list is what is left out of something else
            groups[-1].flaws.append(Flaw(code="hole_outside", line=corner.line))
        groups[-1].excluded_in_words = "hole" in corner.marks
        return
    group = groups[-1]
    ring = group.rings[-1].corners
    place = (corner.at.east, corner.at.north)
    first = (ring[0].at.east, ring[0].at.north)
    returned = len(ring) > 3 and (ring[-1].at.east, ring[-1].at.north) == first
    if returned and place == first and corner.label == ring[-1].label:
        return  # the closing point is written twice
    hole = "hole" in corner.marks
    restarts = corner.label is not None and corner.label[1] == 1 and place != first
    other = corner.label is not None and ring[-1].label is not None and corner.label[0] != ring[-1].label[0]
    parted = returned or restarts or other or "close" in corner.marks or "ring" in corner.marks
    parted = parted or (blanks and "blank" in corner.marks)
    if hole:
        group.rings.append(Ring(corners=[corner], hole=True))
    elif parted and len(words) >= 2:
        groups.append(Group(title=corner.gap, line=corner.line, rings=[Ring(corners=[corner])]))
    elif parted:
        group.rings.append(Ring(corners=[corner]))
    else:
        follows = _follows(ring[-1], corner)
        if _WALKED.search(corner.gap):
            group.walked = True
        elif len(words) >= 2 and not follows:
            if _TITLE.search(words) and corner.label is None:
                groups.append(Group(title=corner.gap, line=corner.line, rings=[Ring(corners=[corner])]))
                return
            group.flaws.append(Flaw(code="words_between", line=corner.line, detail=words[:40]))
        ring.append(corner)


def _follows(before: Corner, after: Corner) -> bool:
    return (
        before.label is not None
        and after.label is not None
        and before.label[0] == after.label[0]
        and (after.label[1] == before.label[1] + 1)
    )


def _blame(groups: list[Group], loose: list[tuple[Loose | Mention, int]], context: str) -> None:
    """What could not be read spoils the area it stands in or beside."""
    for entry, index in loose:
        beside = [g for g in (index, index + 1) if 0 <= g < len(groups) and groups[g].extent is None]
        if isinstance(entry, Mention):
            letters, number = entry.label
            for g in beside:
                labels = {corner.label for corner in groups[g].corners}
                series = {label[0] for label in labels if label is not None}
                if (letters in series and entry.label not in labels) or (labels == {None} and letters == "J"):
                    flaw = Flaw(code="missing_cell", line=entry.line, point=f"{letters}{number}")
                    groups[g].flaws.append(flaw)
            continue
        flaw = Flaw(code=entry.code, line=entry.line, detail=entry.detail, point=entry.point)
        for g in beside:
            lines = [corner.line for corner in groups[g].corners]
            inside = min(lines) <= entry.line <= max(lines) and g == index and _between(groups, g, entry)
            close_by = entry.near or min(abs(entry.line - line) for line in lines) <= 1
            if entry.certain or inside or close_by:
                groups[g].flaws.append(flaw)
    if not groups:
        certain = [entry for entry, _ in loose if isinstance(entry, Loose)]
        mentions = [entry for entry, _ in loose if isinstance(entry, Mention)]
        listed = re.search(r"拐点|界址点|坐标表|坐标如下|坐标一览|顶点坐标", context)
        if [one for one in certain if one.certain] or (listed and len(certain) + len(mentions) >= 3):
            group = Group(title="", line=(certain or mentions)[0].line)
            bad = next((one for one in certain if one.certain), certain[0] if certain else None)
            detail = "" if bad is None else bad.detail
            group.flaws.append(Flaw(code="no_pairs", line=group.line, detail=detail))
            groups.append(group)


def _between(groups: list[Group], index: int, entry: Loose) -> bool:
    return any(corner.line >= entry.line for corner in groups[index].corners)


def _count(groups: list[Group], counts: list[tuple[Count, int]]) -> None:
    """Hold the stated numbers of corners against those read."""
    outlines = [group for group in groups if group.extent is None]
    total = sum(map(_distinct, outlines))
    for count, index in counts:
        if not outlines or count.number == 0:
            continue
        after = next((group for group in groups[index + 1 :] if group.extent is None), None)
        target = after or outlines[-1]
        target.counts.append(count.number)
        whole = index < 0 and len(outlines) > 1 and count.number == total
        if count.number in _sizes(target) or whole:
            continue
        detail = f"{count.number} stated, {_distinct(target)} read"
        for group in outlines if index < 0 else [target]:
            group.flaws.append(Flaw(code="count_differs", line=count.line, detail=detail))


def _distinct(group: Group) -> int:
    return sum(len({(c.at.east, c.at.north) for c in ring.corners}) for ring in group.rings)


def _sizes(group: Group) -> set[int]:
    """The numbers that a count may mean: without or with closing points, or of the first ring alone."""
    first = len({(c.at.east, c.at.north) for c in group.rings[0].corners}) if group.rings else 0
    outer = {first} if len(group.rings) > 1 and all(ring.hole for ring in group.rings[1:]) else set()
    return {_distinct(group), len(group.corners)} | outer
