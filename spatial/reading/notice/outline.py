"""Corners to areas: where one ring ends and the next begins, what is a hole, and every way a corner may be missing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import shapely

from spatial.reading.notice.entries import Corner, Count, Extent, Loose, Mention, Tail
from spatial.reading.rings import close, self_crossing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from spatial.reading.model import Box
    from spatial.reading.notice.entries import Entry

__all__ = ["Flaw", "Group", "Ring", "grouped", "outline_of", "plain_words"]

_WIDEST_DEGREES, _WIDEST_M = 12.0, 1_000_000.0
"""No area of a notice is wider: a digit is missing."""
_SMALL = re.compile(
    r"起始点?|起点|终点|始点|拐点|界址点|顶点|界桩|控制点|坐标点|边界点|坐标|编号|点号|序号|地理|经纬度|经度|纬度|东经|北纬|方向|直线|折线"
    r"|依次|顺次|连接|连线|相连|然后|之后|位于|分别|顺时针|逆时针|按|以下|如下|下列|各点|区域|范围|面积|为界|的|所|等|共|由|用|以|在|向|折|转|再|又|至|到|从|自|和|与|及|为|是|处|点|号|止|后"
    r"|[东南西北]|米|度|分|秒"
)
_HAN_RUN = re.compile(r"[\u4e00-\u9fff]")
_WALKED = re.compile(r"沿|顺[着河沟山]|山脊|山梁|分水岭|流水线|等高线|岸线|[省市县旗乡镇村]界|河流?中|顺河")
_TITLE = re.compile(r"[区带圈]|范围|地块|水域|陆域|水源|公园|单元|片|标段|界线|[一二三四五六七八九十]、")
_STRONG = re.compile(r"拐点|界址|顶点|界桩|连线|围成|圈定|闭合|首尾|各点依次")
_EVIDENCE = re.compile(r"范围|边界|四至|界线|坐标表|坐标如下|坐标一览|定界|矿区|点号|连接|相连")
_SINGLE = re.compile(r"中心|位于|位置|坐落|地处|取水口|取水点|水井|水源井|井|站|断面|厂址|坝|排污口|标志")
_SEVERAL = re.compile(r"井|取水口|取水点|断面|站点|点位|排污口|机位|泉")
_RIVER = re.compile(r"上游|下游|水域|河|渠|江|沟|桥")


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


def _renumbered(ring: list[Corner]) -> list[Corner]:
    """Corners in the order of their numbers where a line holds several and the columns are to be read downwards."""
    lines: dict[int, list[Corner]] = {}
    for corner in ring:
        lines.setdefault(corner.line, []).append(corner)
    width = max(map(len, lines.values()))
    if width < 2 or any(corner.label is None for corner in ring):
        return ring
    down = [line[i] for i in range(width) for line in lines.values() if i < len(line)]
    numbers = [corner.label[1] for corner in down if corner.label is not None]
    return down if numbers == list(range(numbers[0], numbers[0] + len(numbers))) else ring


def _numbering(group: Group, expected: int | None) -> Flaw | None:
    """Why the point numbers do not run on, if they do not: a number left out is a corner lost."""
    labelled = [corner.label is not None for corner in group.corners]
    if not any(labelled):
        return None
    previous = expected
    for ring in group.rings:
        ring.corners = _renumbered(ring.corners)
        start = ring.corners[0]
        for i, corner in enumerate(ring.corners):
            closing = i == len(ring.corners) - 1 and i > 2 and _same(corner, start)
            if corner.label is None:
                if closing:
                    continue
                return Flaw(code="label_missing", line=corner.line, detail=f"after {_name(ring.corners[i - 1])}")
            number = corner.label[1]
            allowed = {1} if i == 0 else set()
            if previous is not None:
                allowed.add(previous + 1)
            if closing and start.label is not None:
                allowed.add(start.label[1])
            if number not in allowed:
                detail = f"{previous} is followed by {number}" if i else f"it begins with {number}"
                return Flaw(code="numbering_gap", line=corner.line, detail=detail, point=_name(corner))
            if not (closing and start.label is not None and number == start.label[1]):
                previous = number
    return None


def _notation(corners: list[Corner]) -> Flaw | None:
    """An angle without its seconds, or without their mark, among others that have them has lost something."""
    units = [{one.unit for one in corner.written} for corner in corners]
    mixed = len(set().union(*units)) > 1 and {"second"} in units
    some_marked = not all(corner.unmarked for corner in corners)
    for i, corner in enumerate(corners):
        if mixed and units[i] != {"second"}:
            return Flaw(code="notation_differs", line=corner.line, point=_name(corner), detail="seconds are missing")
        if corner.unmarked and some_marked:
            return Flaw(code="notation_differs", line=corner.line, point=_name(corner), detail="a mark is missing")
    xs, ys = [corner.at.east for corner in corners], [corner.at.north for corner in corners]
    widest = _WIDEST_DEGREES if corners[0].at.kind == "degrees" else _WIDEST_M
    if max(max(xs) - min(xs), max(ys) - min(ys)) > widest:
        return Flaw(code="far_apart", line=corners[0].line, detail=f"more than {widest:g} in its own units")
    return None


def _same(one: Corner, other: Corner) -> bool:
    return (one.at.east, one.at.north) == (other.at.east, other.at.north)


def _name(corner: Corner) -> str | None:
    if corner.label is None:
        return None
    letters, number = corner.label
    return chr(ord("A") + number - 1) if letters == "letter" else f"{letters}{number}"


Kind = Literal["polygon", "line", "point", "words"]


def outline_of(
    group: Group, *, context: str, expected: int | None = None, shape: Kind | None = None
) -> tuple[Kind, BaseGeometry | None, list[str]] | Flaw:
    """
    Kind, geometry (east first, in the coordinates written) and warnings of an area, or why it is unreadable.

    Parameters
    ----------
    group
        As `grouped` made it.
    context
        Headings and words over it; three points and more are an outline only where some word says so.
    expected
        The last point number of the list before, which this one may go on from.
    shape
        Overrides what the words say.
    """
    if group.flaws:
        return group.flaws[0]
    corners = group.corners
    if len({corner.at.kind for corner in corners}) > 1 or len({corner.at.zone for corner in corners}) > 1:
        return Flaw(code="kind_differs", line=corners[0].line, detail=", ".join(sorted({c.at.kind for c in corners})))
    if len({corner.at.swapped for corner in corners}) > 1:
        odd = next(corner for corner in corners if corner.at.swapped != corners[0].at.swapped)
        return Flaw(code="axis_differs", line=odd.line, point=_name(odd), detail="the order of the two axes changes")
    flaw = _numbering(group, expected) or _notation(corners)
    if flaw is not None:
        return flaw
    words = context + group.title + group.words
    points = [(corner.at.east, corner.at.north) for corner in group.corners]
    if shape != "polygon" and len(set(points)) <= 2:
        return _few(group, points, words)
    labelled = any(corner.label is not None and corner.label[0] for corner in corners)
    sure = _STRONG.search(words) or ((labelled or _EVIDENCE.search(words)) and not _SEVERAL.search(words))
    if shape is None and not sure:
        return Flaw(code="not_corners", line=group.line, detail=f"{len(points)} points")
    if shape == "point":
        return "point", shapely.MultiPoint(points), []
    if group.walked:
        return "words", None, ["edges_in_words"]
    return _polygon(group)


def _few(
    group: Group, points: list[tuple[float, float]], words: str
) -> tuple[Kind, BaseGeometry | None, list[str]] | Flaw:
    """Two points are the ends of a stretch, one is a place, where the words say so; else corners are missing."""
    own = group.title + " ".join(corner.note for corner in group.corners)
    if len(set(points)) == 2:
        if _RIVER.search(own) or (_RIVER.search(words) and not _STRONG.search(words)):
            return "line", shapely.LineString(list(dict.fromkeys(points))), []
        return Flaw(code="too_few_points", line=group.line, detail="2 points")
    if _SINGLE.search(own) or (_SINGLE.search(words) and not _STRONG.search(words)):
        return "point", shapely.Point(points[0]), []
    return Flaw(code="too_few_points", line=group.line, detail="1 point")


def _polygon(group: Group) -> tuple[Kind, BaseGeometry | None, list[str]] | Flaw:
    """The outer rings without the holes; a ring within another that nothing calls a hole is anybody's guess."""
    everywhere = [(corner.at.east, corner.at.north) for corner in group.corners]
    xs, ys = [x for x, _ in everywhere], [y for _, y in everywhere]
    box = (min(xs), min(ys), max(xs), max(ys))
    outer: list[BaseGeometry] = []
    holes: list[BaseGeometry] = []
    warnings: list[str] = []
    for ring in group.rings:
        points = [(corner.at.east, corner.at.north) for corner in ring.corners]
        closed = close([point for i, point in enumerate(points) if i == 0 or point != points[i - 1]])
        if closed is None:
            return Flaw(code="too_few_points", line=ring.corners[0].line, detail=f"a ring of {len(set(points))} points")
        made = shapely.Polygon(closed)
        crossing = self_crossing(made, points)
        if crossing is not None:
            corner = ring.corners[crossing[0]]
            if len(group.rings) > 1:
                return Flaw(code="ring_crosses", line=corner.line, point=_name(corner), detail=crossing[1], box=box)
            warnings.append("ring_self_crosses")
        (holes if ring.hole else outer).append(made)
    if not outer:
        return Flaw(code="hole_outside", line=group.line, box=box)
    for i, one in enumerate(outer):
        for other in outer[i + 1 :]:
            if one.overlaps(other) or one.equals(other):
                return Flaw(code="ring_crosses", line=group.line, box=box)
            if one.contains(other) or other.contains(one):
                if not group.ring_column:
                    return Flaw(code="ring_nested", line=group.line, box=box)
                holes.append(other if one.contains(other) else one)
    outer = [one for one in outer if not any(one is hole for hole in holes)]
    whole = shapely.union_all(outer) if len(outer) > 1 else outer[0]
    for hole in holes:
        if not whole.covers(hole):
            return Flaw(code="hole_outside", line=group.line, box=box)
        whole = whole.difference(hole)
    if group.excluded_in_words:
        warnings.append("exclusion_in_words")
    return "polygon", whole, warnings
