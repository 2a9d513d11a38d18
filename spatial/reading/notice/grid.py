"""A table of a notice as entries: which columns hold coordinates, point numbers and names of areas."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from spatial.coordinates import Coordinate, fold, parse, parse_all, place
from spatial.errors import CoordinateError, MalformedSourceError
from spatial.reading.columns import find_columns
from spatial.reading.notice.entries import Corner, Entry, Extent, Loose, Mention, Tail, corner_of, extent_of
from spatial.reading.notice.tokens import label_of, scan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spatial.reading.notice.document import TableBlock

__all__ = ["Grid", "grid_of"]

_POINT = re.compile(r"点号|拐点|界址点|顶点|界桩|点名|编号|点位")
_SERIAL = re.compile(r"序号|次序")
_REMARK = re.compile(r"备注|标志|说明|描述|高程|海拔|面积|边长|距离|方位|长度|位置|坐标系|带号|地址")
_REGION = re.compile(r"区|级|名称|地块|类[型别]|范围|水源|公园|单元|片|部分|界线|边界|图斑|环|圈")
_RING = re.compile(r"圈号|环号|地块圈号|圈|环")
_CLOSE = re.compile(r"首尾|依次|顺次|闭合|起点")
_HOLE = re.compile(r"扣除|剔除|挖除|不含|不包[括含]|除[外去]|内环|孔洞|内圈")


@dataclass(frozen=True, kw_only=True)
class Grid:
    """
    Entries of a table that holds coordinates, and its header.

    ``others`` names further columns of coordinates, which were not read. ``title`` is the text of the header rows.
    """

    entries: tuple[Entry, ...]
    title: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Pair:
    first: int
    second: int
    label: int | None


def _numbers(cell: str) -> list[Coordinate]:
    """The coordinates that a cell holds if it holds nothing else."""
    if not cell or len(cell) > 200 or not re.search(r"\d", cell):
        return []
    try:
        found = list(parse_all(cell))
    except CoordinateError:
        try:
            found = [parse(re.sub(r"\s+", "", cell))]
        except CoordinateError:
            return []
    return found if all(_like(one) for one in found) and len(found) <= 2 else []


def _like(one: Coordinate) -> bool:
    size = abs(one.value)
    if one.notation == "dms":
        return True
    return (200_000 <= size < 46_000_000) or ((3 <= size <= 54 or 73 <= size <= 136) and one.decimals >= 1)


def grid_of(table: TableBlock) -> Grid | None:
    """
    The corners of a table, None if it holds none.

    Every row below the first with coordinates is a point, a title, or a blank; a row that is none of these is lost and
    takes its area with it. Several pairs of columns with point numbers of their own are read one after the other.
    """
    rows = _joined([[cell.strip() for cell in row] for row in table.rows])
    width = max(map(len, rows), default=0)
    rows = [row + [""] * (width - len(row)) for row in rows]
    parsed = [[_numbers(cell) for cell in row] for row in rows]
    holding = [i for i, row in enumerate(parsed) if sum(map(len, row)) >= 2]
    if not holding:
        return None
    top = holding[0]
    title = " ".join(dict.fromkeys(cell for row in rows[:top] for cell in row if cell))
    body = range(top, len(rows))
    columns = [c for c in range(width) if sum(bool(parsed[r][c]) for r in body) * 2 >= _filled(rows, body, c) > 0]
    columns = [c for c in columns if not re.search(r"高程|海拔|面积", _head(rows, top, c))]
    extents = _extents(table, rows, parsed)
    if extents:
        return Grid(entries=tuple(extents), title=title)
    pairs = _pairs(rows, parsed, body, columns, top)
    if isinstance(pairs, str):
        detail = ", ".join(rows[top][c] for c in columns)[:120]
        lost = Loose(code="columns_unclear", detail=detail, line=table.line + top, certain=True)
        return Grid(entries=(lost,), title=title)
    chosen, others = pairs
    used = {c for pair in chosen for c in (pair.first, pair.second, pair.label) if c is not None}
    regions, ring = _regions(rows, body, [c for c in range(width) if c not in used and c not in columns], top)
    entries: list[Entry] = []
    for number, pair in enumerate(chosen):
        entries += _column(table, rows, parsed, pair, regions=regions, ring=ring, first=number == 0, top=top)
    return Grid(entries=tuple(entries), title=title, others=tuple(_head(rows, top, c) or f"{c + 1}" for c in others))


def _filled(rows: list[list[str]], body: range, column: int) -> int:
    return sum(bool(re.search(r"\d", rows[r][column])) for r in body)


def _head(rows: list[list[str]], top: int, column: int) -> str:
    return " ".join(dict.fromkeys(row[column] for row in rows[:top] if row[column]))


def _joined(rows: list[list[str]]) -> list[list[str]]:
    """Degrees, minutes and seconds in columns of their own, joined into the first of them."""
    for i, row in enumerate(rows[:10]):
        keys = [re.sub(r"[\s()]|°|′|″", "", fold(cell)) for cell in row]
        starts = [c for c in range(len(keys) - 2) if keys[c : c + 3] == ["度", "分", "秒"]]
        if len(starts) >= 2:
            return [*rows[: i + 1], *(_angles(other, [(c, 3) for c in starts]) for other in rows[i + 1 :])]
    try:
        start, columns = find_columns(rows, file="")
    except (MalformedSourceError, CoordinateError):
        return rows
    if columns.parts == (1, 1):
        return rows
    places = [(columns.first, columns.parts[0]), (columns.second, columns.parts[1])]
    return [*rows[: start + 1], *(_angles(row, places) for row in rows[start + 1 :])]


def _angles(row: list[str], places: Sequence[tuple[int, int]]) -> list[str]:
    """A row with each run of degrees, minutes and seconds as one angle in its first cell, where all are numbers."""
    made = row[:]
    for first, parts in places:
        cells = [fold(row[first + i]).strip(" °度′分″秒") if first + i < len(row) else "" for i in range(parts)]
        if parts > 1 and all(re.fullmatch(r"\d+(\.\d+)?", cell) for cell in cells):
            made[first] = "".join(f"{cell}{mark}" for cell, mark in zip(cells, "°′″", strict=False))
            made[first + 1 : first + parts] = [""] * (parts - 1)
        elif parts > 1 and any(cells):
            made[first] = " ".join(cells) + "?"  # a part is missing: no coordinate, and no blank either
            made[first + 1 : first + parts] = [""] * (parts - 1)
    return made


def _extents(table: TableBlock, rows: list[list[str]], parsed: list[list[list[Coordinate]]]) -> list[Entry]:
    """Rows that state an extent within their cells: 东经119°37′—120°06′."""
    found: list[Entry] = []
    for i, row in enumerate(rows):
        scanned = scan([(table.line + i, ", ".join(cell for cell in dict.fromkeys(row) if cell))])
        tokens = [token for token in scanned.tokens if token.kind == "coordinate"]
        extent = extent_of(tokens, scanned.text) if len(tokens) == 4 else None
        if extent is None:
            if sum(map(len, parsed[i])) >= 2 and found:
                return []
            continue
        title = " ".join(dict.fromkeys(cell for cell in row if cell and not re.search(r"[°度′]", cell)))
        found.append(
            Extent(box=extent.box, half_units=extent.half_units, line=extent.line, gap=title, text=extent.text)
        )
    return found


def _pairs(
    rows: list[list[str]], parsed: list[list[list[Coordinate]]], body: range, columns: list[int], top: int
) -> tuple[list[_Pair], list[int]] | str:
    """Which columns make pairs; of pairs in two notations the first; a word where that is not clear."""
    pairs: list[_Pair] = []
    left = list(columns)
    while left:
        column = left.pop(0)
        together = sum(len(parsed[r][column]) == 2 for r in body) * 2 >= _filled(rows, body, column)
        if together:
            second = column
        elif left:
            second = left.pop(0)
        else:
            return "odd"
        limit = max((max(pair.first, pair.second) for pair in pairs), default=-1)
        pairs.append(_Pair(first=column, second=second, label=_label_column(rows, body, column, limit, top)))
    if not pairs:
        return "none"
    kinds = [_kind(parsed, body, pair) for pair in pairs]
    same = [pair for pair, kind in zip(pairs, kinds, strict=True) if kind == kinds[0]]
    if len(same) > 1 and any(pair.label is None for pair in same):
        return "several"
    rest = [c for pair, kind in zip(pairs, kinds, strict=True) if kind != kinds[0] for c in {pair.first, pair.second}]
    if any(pair.label is not None for pair, kind in zip(pairs, kinds, strict=True) if kind != kinds[0]):
        return "mixed"
    return same, sorted(rest)


def _kind(parsed: list[list[list[Coordinate]]], body: range, pair: _Pair) -> str:
    for r in body:
        found = parsed[r][pair.first] if pair.first == pair.second else parsed[r][pair.first] + parsed[r][pair.second]
        if len(found) == 2:
            return "degrees" if place(found[0].value, found[1].value).kind == "degrees" else "metres"
    return "none"


def _label_column(rows: list[list[str]], body: range, column: int, limit: int, top: int) -> int | None:
    """The nearest column to the left that holds point numbers; one that its header calls so goes first."""
    found = []
    for c in range(column - 1, limit, -1):
        filled = [rows[r][c] for r in body if rows[r][c]]
        if (
            filled
            and sum(label_of(cell) is not None for cell in filled) * 2 > len(filled)
            and (len(set(filled)) > 1 or (len(filled) == 1 and _POINT.search(_head(rows, top, c))))
        ):
            head = _head(rows, top, c)
            found.append((0 if _POINT.search(head) else 2 if _SERIAL.search(head) else 1, column - c, c))
    return min(found)[2] if found else None


def _regions(rows: list[list[str]], body: range, others: list[int], top: int) -> tuple[list[int], int | None]:
    """Columns whose words name areas, and the one that numbers rings."""
    found: list[int] = []
    ring: int | None = None
    for c in others:
        head = _head(rows, top, c)
        cells = [rows[r][c] for r in body if rows[r][c]]
        if not cells or _REMARK.search(head):
            continue
        if _RING.fullmatch(fold(head).strip()):
            ring = c
        elif _REGION.search(head) or (
            len(set(cells)) < len(cells) and any(re.search("[\u4e00-\u9fff]", x) for x in cells)
        ):
            found.append(c)
    return found, ring


def _column(
    table: TableBlock,
    rows: list[list[str]],
    parsed: list[list[list[Coordinate]]],
    pair: _Pair,
    *,
    regions: list[int],
    ring: int | None,
    first: bool,
    top: int,
) -> list[Entry]:
    """The points of one pair of columns, downwards."""
    entries: list[Entry] = []
    region: tuple[str, ...] | None = None
    ring_name: str | None = None
    marks: set[str] = set()
    held = ""
    for r in range(top, len(rows)):
        row, line = rows[r], table.line + r
        cells = [row[pair.first]] if pair.first == pair.second else [row[pair.first], row[pair.second]]
        found = [one for c in dict.fromkeys((pair.first, pair.second)) for one in parsed[r][c]]
        label_cell = row[pair.label] if pair.label is not None else ""
        label = label_of(label_cell) if label_cell else None
        single = len({cell for cell in row if cell}) == 1
        if len(found) == 2 and not (label_cell and label is None and re.search(r"\d", label_cell)):
            here = tuple(row[c] for c in regions)
            if region is None or any(here):
                changed = region is not None and tuple(a or b for a, b in zip(here, region, strict=True)) != region
                region = here if region is None else tuple(a or b for a, b in zip(here, region, strict=True))
                if changed:
                    marks.add("title")
                    held = ""
                if (changed or not entries) and any(region):
                    held += " ".join(filter(None, region))
            if ring is not None and row[ring]:
                if ring_name is not None and row[ring] != ring_name:
                    marks.add("ring")
                ring_name = row[ring]
            made = corner_of(found[0], found[1], label=label, line=line, text=fold(" , ".join(cells)))
            if isinstance(made, Corner):
                note = " ".join(cell for cell in dict.fromkeys(row) if re.search("[\u4e00-\u9fff]", cell))
                made = replace(made, gap=held, marks=frozenset(marks), note=note)
                held, marks = "", set()
            entries.append(made)
            continue
        if not any(row) or (not any(cells) and not label_cell and not first):
            marks |= {"blank"} if not any(row) else set()
            continue
        text = " ".join(dict.fromkeys(cell for cell in row if cell))
        coordinates_blank = not any(re.search(r"\d", cell) for cell in cells)
        if single or (coordinates_blank and not label_cell):
            if not first and not single and not any(cells):
                continue
            if single and re.search(r"\d", text) and not re.search("[\u4e00-\u9fff]", text):
                entries.append(Loose(code="ragged_row", detail=text[:120], line=line, certain=True))
                continue
            merged = len(set(row)) == 1
            left = any(row[c] for c in range(min(pair.first, pair.second)))
            if not merged and not left:  # a row whose coordinates are gone and whose remark is not
                entries.append(Loose(code="missing_cell", detail=text[:120], line=line, certain=True))
                continue
            named = _REGION.search(text) or not merged
            marks |= {"hole"} if _HOLE.search(text) else {"close"} if _CLOSE.search(text) else set()
            marks |= {"title"} if named and not marks & {"hole", "close"} else set()
            entries += _stated(text, line)
            held = text if marks & {"hole", "close", "title"} else held
            continue
        if coordinates_blank and row[: len(row)] in rows[:top]:  # the header again, on the next page
            continue
        if coordinates_blank and label is not None:
            entries.append(Mention(label=label, line=line))
            entries.append(Loose(code="missing_cell", detail=text[:120], line=line, certain=True, point=label_cell))
            continue
        if coordinates_blank and not re.search(r"\d", label_cell):
            continue
        code = "missing_cell" if not all(cells) else "not_a_coordinate"
        entries.append(
            Loose(code=code, detail=" ".join(cells)[:120], line=line, certain=True, point=label_cell or None)
        )
    entries.append(Tail(gap="", marks=frozenset(marks & {"close", "hole"})))
    return entries


def _stated(text: str, line: int) -> Sequence[Entry]:
    from spatial.reading.notice.entries import Count

    return [Count(number=token.number, line=line) for token in scan([(line, text)]).tokens if token.kind == "count"]
