"""What a stretch of text says in order: corners, extents, marks between them, and what could not be read."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from spatial.coordinates import LAT_RANGE, LON_RANGE, Coordinate, Place, place
from spatial.errors import CoordinateError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spatial.reading.notice.tokens import Scan, Token

__all__ = ["Corner", "Count", "Entry", "Extent", "Loose", "Mention", "Tail", "corner_of", "entries_of", "extent_of"]

_RANGE = re.compile(r"\s*(?:\([^)]*\))?\s*(?:[-~]+|至|到|\.\.+)\s*")
_SIDE = re.compile(r"(?:最|极)?([东西南北])(?:至|到|起|抵|界|端|边界?|缘|侧|部|经|纬)?[^,;.\n]{0,12}$")
_LIST_OUT = re.compile(r"(?:的)?(?:区域|范围|部分)?[^,.;()\n]{0,8}?(?:以下|下列|如下|拐点|坐标)")
_UNMARKED = re.compile(r"[′分']\s*\d+(?:\.\d+)?\s*(?![\d.″秒\"'′])")
_WITHIN_PAIR = re.compile(
    r"(?:[\s,;:.()\[\]|/=&*+]|经度|纬度|东经|北纬|纵坐标|横坐标|坐标|[东北]坐标|和|与|及|为|[XYEN]\d{0,4}|东|北|米|M|[+-])*"
)


@dataclass(frozen=True, kw_only=True)
class Corner:
    """
    One point: its number (letters, number) if it has one, its place, and what stood before it.

    ``gap`` is the text since the point before, without what was understood; ``marks`` hold ``close``, ``hole``
    (``hole_list`` where the list that follows is the hole), ``blank``, ``title`` and ``ring`` where one of these parts
    it from that point. ``unmarked``: its seconds lack their mark, and so may lack digits.
    """

    label: tuple[str, int] | None
    at: Place
    written: tuple[Coordinate, Coordinate]
    line: int
    gap: str = ""
    marks: frozenset[str] = frozenset()
    note: str = ""
    unmarked: bool = False


@dataclass(frozen=True, kw_only=True)
class Extent:
    """A published extent: west, south, east, north, and half the unit of the last place of longitude and latitude."""

    box: tuple[float, float, float, float]
    half_units: tuple[float, float]
    line: int
    gap: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Loose:
    """Something that may be the rest of a corner; ``certain`` if it can be nothing else."""

    code: str
    detail: str
    line: int
    certain: bool
    point: str | None = None
    near: bool = False


@dataclass(frozen=True, kw_only=True)
class Mention:
    """A point number without coordinates."""

    label: tuple[str, int]
    line: int


@dataclass(frozen=True, kw_only=True)
class Count:
    """A stated number of corners."""

    number: int
    line: int


@dataclass(frozen=True, kw_only=True)
class Tail:
    """Text after the last point, which may be the title of what follows, and the marks in it."""

    gap: str
    marks: frozenset[str]


Entry = Corner | Extent | Loose | Mention | Count | Tail


def corner_of(
    first: Coordinate, second: Coordinate, *, label: tuple[str, int] | None, line: int, text: str
) -> Corner | Loose:
    """
    The point of two coordinates, or why they are none.

    Which is east is told by size; a word that says otherwise (东经 before a latitude) makes it unreadable.
    """
    name = None if label is None else f"{label[0]}{label[1]}"
    bad: tuple[str, str] | None = None
    if first.axis is not None and first.axis == second.axis:
        bad = "two_axes", f"{text}: both name one axis"
    else:
        try:
            at = place(first.value, second.value)
        except CoordinateError as error:
            bad = error.code, text
        else:
            if at.kind not in {"degrees", "zone_prefix", "no_prefix"}:
                bad = "kind_differs", text
            elif at.kind == "degrees" and (
                (first.axis is not None and (first.axis == "lat") != at.swapped)
                or (second.axis is not None and (second.axis == "lon") != at.swapped)
            ):
                bad = "axis_differs", text
    if bad is not None:
        return Loose(code=bad[0], detail=bad[1][:120], line=line, certain=True, point=name)
    unmarked = _UNMARKED.search(text) is not None
    return Corner(label=label, at=at, written=(first, second), line=line, unmarked=unmarked)


def extent_of(tokens: Sequence[Token], text: str) -> Extent | None:
    """The box that two longitudes and two latitudes with words between them state, else None."""
    values = [token.value for token in tokens]
    if len(values) != 4 or any(value is None for value in values):
        return None
    axes = [_axis(value) for value in values if value is not None]
    gaps = [text[one.end : other.start] for one, other in itertools.pairwise(tokens)]
    ranged = axes in (["lon", "lon", "lat", "lat"], ["lat", "lat", "lon", "lon"]) and all(
        _RANGE.fullmatch(gaps[i]) for i in (0, 2)
    )
    if ranged and (len(gaps[1]) > 40 or re.search(r"\d", gaps[1])):
        return None
    if not ranged:
        before = [text[max(0, tokens[0].start - 16) : tokens[0].start], *gaps]
        sides = [_SIDE.search(gap) for gap in before]
        if any(side is None for side in sides) or {side[1] for side in sides if side} != set("东西南北"):
            return None
        wanted = ["lon" if side is not None and side[1] in "东西" else "lat" for side in sides]
        if wanted != axes:
            return None
    lons = [token for token, axis in zip(tokens, axes, strict=True) if axis == "lon"]
    lats = [token for token, axis in zip(tokens, axes, strict=True) if axis == "lat"]
    west, east = sorted(token.value.value for token in lons if token.value)
    south, north = sorted(token.value.value for token in lats if token.value)
    if west == east or south == north:
        return None
    return Extent(
        box=(west, south, east, north),
        half_units=(max(map(_half_unit, lons)), max(map(_half_unit, lats))),
        line=tokens[0].line,
        gap="",
        text=text[tokens[0].start : tokens[-1].end].strip(),
    )


def _half_unit(token: Token) -> float:
    """Half the unit of the last place written, degrees."""
    assert token.value is not None
    unit = {"second": 1 / 3600, "minute": 1 / 60, "number": 1.0}[token.value.unit]
    return unit / 2 / float(10**token.value.decimals)


def _axis(value: Coordinate) -> str | None:
    if value.axis is not None:
        return value.axis
    for axis, (low, high) in (("lon", LON_RANGE), ("lat", LAT_RANGE)):
        if low <= value.value <= high:
            return axis
    return None


class _Walk:
    """The state of one walk through tokens."""

    def __init__(self, scan: Scan) -> None:
        self.scan = scan
        self.found: list[Entry] = []
        self.pending: Token | None = None
        self.label: Token | None = None
        self.marks: set[str] = set()
        self.last = 0
        self.spans: list[tuple[int, int]] = []

    def gap(self, end: int) -> str:
        """Text since the last point, what was understood blanked."""
        text, place_ = [], self.last
        for start, stop in (self.spans[i] for i in range(bisect_left(self.spans, (self.last, 0)), len(self.spans))):
            if start >= end:
                break
            text.append(self.scan.text[place_:start])
            place_ = stop
        text.append(self.scan.text[place_:end] if place_ < end else "")
        return " ".join(text)

    def drop_pending(self, code: str = "missing_cell") -> None:
        """A coordinate without its partner, a point number without coordinates."""
        if self.pending is not None:
            name = None if self.label is None else self.label.text
            token = self.pending
            self.found.append(Loose(code=code, detail=token.text, line=token.line, certain=True, point=name))
        elif self.label is not None:
            label = (self.label.series, self.label.number)
            self.found.append(Mention(label=label, line=self.label.line))
        self.pending = self.label = None

    def coordinate(self, token: Token) -> None:
        """Take a coordinate: the first of a place, or its partner."""
        if self.pending is None:
            if self.label is not None and "\n" in self.scan.text[self.label.end : token.start].strip(" \n,;:"):
                self.drop_pending()
            self.pending = token
            return
        first, text = self.pending, self.scan.text
        between = text[first.end : token.start]
        assert first.value is not None
        assert token.value is not None
        explicit = {first.value.axis, token.value.axis} == {"lon", "lat"}
        if not (_WITHIN_PAIR.fullmatch(between) or (explicit and len(between) <= 12)):
            self.drop_pending()
            self.pending = token
            return
        label = None if self.label is None else (self.label.series, self.label.number)
        if self.label is not None and self.label.series in {"X", "Y"}:
            label = ("", self.label.number)
        start = first.start if self.label is None else self.label.start
        made = corner_of(first.value, token.value, label=label, line=token.line, text=text[first.start : token.end])
        blank = bisect_left(self.scan.blanks, self.last)
        if blank < len(self.scan.blanks) and self.scan.blanks[blank] <= start:
            self.marks.add("blank")
        if isinstance(made, Corner):
            made = replace(made, gap=self.gap(start), marks=frozenset(self.marks))
            self.marks = set()
            self.last = token.end
        self.found.append(made)
        self.pending = self.label = None


def entries_of(scan: Scan) -> list[Entry]:
    """
    Everything in a scanned text, in order; the last entry is its tail.

    Examples
    --------
    >>> from spatial.reading.notice.tokens import scan
    >>> found = entries_of(scan([(1, "J1（119.5123，49.2134）；J2（119.6，49.2134）")]))
    >>> [(one.label, one.at.east) for one in found if isinstance(one, Corner)]
    [(('J', 1), 119.5123), (('J', 2), 119.6)]
    """
    walk = _Walk(scan)
    tokens = list(scan.tokens)
    walk.spans = [(token.start, token.end) for token in tokens]
    i = 0
    while i < len(tokens):
        token = tokens[i]
        if token.kind == "coordinate":
            extent = extent_of(tokens[i : i + 4], scan.text) if _all_coordinates(tokens[i : i + 4]) else None
            if extent is not None:
                walk.drop_pending()
                gap = walk.gap(tokens[i].start)
                walk.found.append(
                    Extent(box=extent.box, half_units=extent.half_units, line=extent.line, gap=gap, text=extent.text)
                )
                walk.last = tokens[i + 3].end
                i += 4
                continue
            walk.coordinate(token)
        elif token.kind == "label":
            same = (
                walk.pending is not None
                and walk.label is not None
                and {walk.label.series, token.series} <= {"X", "Y"}
                and walk.label.number == token.number
            )
            if not same:
                walk.drop_pending()
                walk.label = token
        elif token.kind in {"bad", "number"}:
            certain = token.kind == "bad" or walk.pending is not None
            name = None if walk.label is None else walk.label.text
            code = token.code or "not_a_coordinate"
            near = 0 <= token.start - walk.last <= 40 and walk.last > 0
            walk.label = None if walk.pending is None else walk.label
            walk.drop_pending()
            walk.found.append(
                Loose(code=code, detail=token.text, line=token.line, certain=certain, point=name, near=near)
            )
        elif token.kind in {"close", "hole"}:
            if walk.pending is not None:
                walk.drop_pending()
            walk.marks.add(token.kind)
            if token.kind == "hole" and _LIST_OUT.match(scan.text, token.end):
                walk.marks.add("hole_list")
        elif token.kind == "count":
            walk.found.append(Count(number=token.number, line=token.line))
        i += 1
    walk.drop_pending()
    if scan.blanks and walk.last <= scan.blanks[-1]:
        walk.marks.add("blank")
    walk.found.append(Tail(gap=walk.gap(len(scan.text)), marks=frozenset(walk.marks)))
    return walk.found


def _all_coordinates(tokens: Sequence[Token]) -> bool:
    return len(tokens) == 4 and all(token.kind == "coordinate" for token in tokens)
