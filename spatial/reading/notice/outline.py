"""Rings to a geometry: every way a corner may be missing, what the shape is, what is a hole."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import shapely

from spatial.reading.notice.grouping import Flaw
from spatial.reading.rings import close, self_crossing

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from spatial.reading.notice.entries import Corner
    from spatial.reading.notice.grouping import Group

__all__ = ["outline_of"]

Kind = Literal["polygon", "line", "point", "words"]

_WIDEST_DEGREES, _WIDEST_M = 12.0, 1_000_000.0
"""No area of a notice is wider: a digit is missing."""
_STRONG = re.compile(r"拐点|界址|顶点|界桩|连线|围成|圈定|闭合|首尾|各点依次")
_EVIDENCE = re.compile(r"范围|边界|四至|界线|坐标表|坐标如下|坐标一览|定界|矿区|点号|连接|相连")
_SINGLE = re.compile(r"中心|位于|位置|坐落|地处|取水口|取水点|水井|水源井|井|站|断面|厂址|坝|排污口|标志")
_SEVERAL = re.compile(r"井|取水口|取水点|断面|站点|点位|排污口|机位|泉")
_RIVER = re.compile(r"上游|下游|水域|河|渠|江|沟|桥")


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
