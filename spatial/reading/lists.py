"""Lists of coordinates whose columns the format tells, not a header: CASS, 奥维, and parcels parted by blank lines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from spatial.coordinates import fold, parse, place
from spatial.errors import CoordinateError, IncompleteSourceError, MalformedSourceError
from spatial.reading.columns import Columns

__all__ = ["CoordinateList", "find_list"]

_CASS = ("点号", "编码", "东Y", "北X", "高程H")
_MARKS = {"g": "gcj02", "b": "bd09"}
_NUMBER = re.compile(r"[+-]?\d{1,12}(?:\.\d{0,12})?")


@dataclass(frozen=True, kw_only=True)
class CoordinateList:
    """
    Rows of a list.

    Parameters
    ----------
    rows
        Cells.
    numbers
        Line of each row, from 1.
    columns
        What they mean.
    shape
        What the rows make, unless the user says otherwise; None: what a table would make.
    """

    rows: list[list[str]]
    numbers: list[int]
    columns: Columns
    shape: Literal["point", "polygon"] | None = None


def find_list(text: str, *, file: str) -> CoordinateList | None:
    r"""
    The list that a text is, or None if it is a table like others.

    Parameters
    ----------
    text
        The whole file.
    file
        For errors.

    Returns
    -------
    found
        CASS: ``点号,编码,东Y,北X,高H``, east first, with a first line that counts the points or without; one ring if
        every point is a boundary point (J1, J2 …), else points. 奥维: cells parted by blanks, ``g`` (GCJ-02) or ``b``
        (BD-09) first in every line. Rows of two or three numbers with blank lines between: a polygon each.

    Raises
    ------
    IncompleteSourceError
        If a CASS file holds another number of points than its first line says.
    MalformedSourceError
        If only some lines of a list of 奥维 carry a mark, or different ones.

    Examples
    --------
    >>> found = find_list("1,,40482918.455,5453252.011,612.3\n2,F0,40482950.1,5453252.0,612.4\n", file="a.dat")
    >>> found.columns.header, found.shape
    (('点号', '编码', '东Y', '北X', '高程H'), 'point')
    """
    lines = [(number, fold(line).strip()) for number, line in enumerate(text.splitlines(), start=1)]
    filled = [(number, line) for number, line in lines if line]
    if not filled:
        return None
    return _cass(filled, file) or _ovital(filled, file) or _groups(lines)


def _cass(lines: list[tuple[int, str]], file: str) -> CoordinateList | None:
    counted: int | None = None
    if len(lines) > 1 and lines[0][1].isdecimal() and len(lines[0][1]) < 9:
        counted, lines = int(lines[0][1]), lines[1:]
    if lines and lines[-1][1].upper() == "END":
        lines = lines[:-1]
    rows: list[list[str]] = []
    for _, line in lines:
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) == 4:  # a height that nobody measured is left out
            cells.append("")
        if len(cells) != 5 or not all(_NUMBER.fullmatch(cell) for cell in cells[2:4]):
            return None
        if cells[4] and not _NUMBER.fullmatch(cells[4]):
            return None
        if not re.fullmatch(r"[\x21-\x7e]{0,20}", cells[1]) or (_NUMBER.fullmatch(cells[1]) and "." in cells[1]):
            return None
        rows.append(cells)
    if not rows or (file.rsplit(".", 1)[-1].lower() != "dat" and any("." not in row[2] for row in rows)):
        return None
    if counted is not None and counted != len(rows):
        raise IncompleteSourceError(
            file=file,
            code="count",
            detail=f"its first line says {counted} points, it holds {len(rows)}",
            remedy="Get the file again from its source; part of it is missing",
        )
    ring = all(re.fullmatch(r"[Jj]\d{1,6}", row[0]) for row in rows)
    columns = Columns(header=_CASS, first=2, second=3, by_name=False, east_first=True, point=0 if ring else None)
    return CoordinateList(
        rows=rows, numbers=[number for number, _ in lines], columns=columns, shape=None if ring else "point"
    )


def _ovital(lines: list[tuple[int, str]], file: str) -> CoordinateList | None:
    rows = [re.split(r"[\s,]+", line) for _, line in lines]
    marks = {_MARKS.get(row[0].lower()) if len(row) > 2 else None for row in rows}
    if marks == {None}:
        return None
    if len(marks) > 1:
        raise MalformedSourceError(
            file=file,
            code="mixed_marks",
            detail="some lines begin with g (GCJ-02) or b (BD-09) and others do not",
            remedy="Put lines of one coordinate system in one file",
        )
    (mark,) = marks
    width = max(map(len, rows)) - 1
    rows = [row[1:] + [""] * (width - len(row) + 1) for row in rows]
    pair = next((i for i in range(width - 1) if _is_place(rows[0][i], rows[0][i + 1])), None)
    if pair is None:
        return None
    word = {"gcj02": "GCJ-02", "bd09": "BD-09"}[str(mark)]
    axes = {pair: f"{word} 经度", pair + 1: f"{word} 纬度"}
    header = tuple(axes.get(i, f"列{i + 1}") for i in range(width))
    columns = Columns(header=header, first=pair, second=pair + 1, by_name=True, degrees=True, offset=mark)
    return CoordinateList(rows=rows, numbers=[number for number, _ in lines], columns=columns)


def _is_place(first: str, second: str) -> bool:
    try:
        return place(parse(first).value, parse(second).value).kind == "degrees"
    except CoordinateError:
        return False


def _groups(lines: list[tuple[int, str]]) -> CoordinateList | None:
    """Blank lines part polygons where every group has three rows or more of plain numbers."""
    groups: list[list[tuple[int, list[str]]]] = [[]]
    for number, line in lines:
        if not line:
            groups.append([])
            continue
        cells = [cell for cell in re.split(r"[\s,;]+", line) if cell]
        if not 2 <= len(cells) <= 3 or not all(_NUMBER.fullmatch(cell) for cell in cells[-2:]):
            return None
        groups[-1].append((number, cells))
    groups = [group for group in groups if group]
    widths = {len(cells) for group in groups for _, cells in group}
    if len(groups) < 2 or len(widths) > 1 or any(len(group) < 3 for group in groups):
        return None
    (width,) = widths
    start = width - 2
    rows = [[str(name), *cells] for name, group in enumerate(groups, start=1) for _, cells in group]
    header = ("组", *(("点号",) if start else ()), "列1", "列2")
    columns = Columns(
        header=header, first=start + 1, second=start + 2, by_name=False, point=1 if start else None, names=(0,)
    )
    numbers = [number for group in groups for number, _ in group]
    return CoordinateList(rows=rows, numbers=numbers, columns=columns, shape="polygon")
