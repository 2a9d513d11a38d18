"""Which columns of a table hold coordinates, point numbers, rings and names, by the headers people use."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from spatial.coordinates import fold, parse, place
from spatial.errors import CoordinateError, MalformedSourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Columns", "find_columns"]

Axis = Literal["lon", "lat", "east", "north", "x", "y"]

_FRAME = (
    r"(?:中心|点位|拐点|界址点|地理|大地|高斯|平面|wgs_?-?84|cgcs_?2000|国家2000|2000|gcj_?-?0?2|bd_?-?09|gps|84"
    r"|高德|百度|腾讯)"
)
_AFTER = r"(?:坐标|值|_?(?:wgs_?-?84|cgcs_?2000|gcj_?-?0?2|bd_?-?09|dd|dms|deg|degrees?|decimal|coord))?"
_AXIS_WORDS: tuple[tuple[Axis, str], ...] = (
    ("lon", r"东经度?|經度|经度?|longitude|long|lon|lng"),
    ("lat", r"北纬度?|緯度|纬度?|latitude|lat"),
    ("east", r"东坐标y?|横坐标y?|橫坐標y?|y坐标[(\[]?[东横][)\]]?|y[(\[_]?[东横][)\]]?|[东横]y?|easting|东距"),
    ("north", r"北坐标x?|纵坐标x?|縱坐標x?|x坐标[(\[]?[北纵][)\]]?|x[(\[_]?[北纵][)\]]?|[北纵]x?|northing|北距"),
    ("x", r"x坐标|坐标x|x坐標|x值|x|point_x|coord_?x|x_coord"),
    ("y", r"y坐标|坐标y|y坐標|y值|y|point_y|coord_?y|y_coord"),
)
_AXES = tuple((axis, re.compile(rf"{_FRAME}{{0,2}}_?(?:{words}){_AFTER}")) for axis, words in _AXIS_WORDS)
_ROLES: dict[Literal["point", "ring", "name"], frozenset[str]] = {
    "point": frozenset({
        "点号", "界址点号", "界址点", "点名", "界址点编号", "拐点", "拐点号", "拐点编号", "点编号", "桩号", "顶点",
        "點號", "界址點號", "pointno", "point_no", "vertex",
    }),
    "ring": frozenset({"圈号", "环号", "地块圈号", "ring", "ringno", "ring_no"}),
    "name": frozenset({
        "地块名称", "地块名", "地块编号", "地块号", "地块", "宗地", "宗地号", "宗地编号", "项目名称", "名称",
        "企业名称", "单位名称", "站点", "站名", "风机编号", "机位", "机位号", "点位名称", "断面名称", "塔号", "塔基",
        "name", "parcel", "parcel_id", "parcelid", "project", "site", "siteid", "sitename",
    }),
}  # fmt: skip
_UNIT = re.compile(
    r"[(\[/_]?(?:m|米|°|度|度分秒|dd|dms|deg|degrees?|decimal degrees?|单位.{0,8}|wgs-?84|cgcs2000|十进制度?)[)\]]?$"
)
_ANGLE = r"(?:东经|經度|经度?|北纬|緯度|纬度?|lon|lng|lat)?[(\[_]?"
_MINUTES = re.compile(_ANGLE + r"(?:分|′|min)[)\]]?")
_SECONDS = re.compile(_ANGLE + r"(?:秒|″|sec)[)\]]?")
_PAIR = re.compile(r"(?:中心|地理|点位|中心点|项目)?(?:经纬度|坐标|地理坐标)(?:坐标|位置)?")
_OFFSETS = ((re.compile(r"gcj|火星|高德|腾讯|amap"), "gcj02"), (re.compile(r"bd_?-?09|百度|baidu"), "bd09"))


@dataclass(frozen=True, kw_only=True)
class Columns:
    """
    Where things stand in a table, columns counted from 0.

    Parameters
    ----------
    header
        Names of all columns.
    first, second
        The columns of coordinates; east first where ``by_name``, else in the order written.
    by_name
        Whether the header says which is east and which is north.
    degrees
        Whether the header says that they are longitude and latitude.
    point, ring, names
        Columns of point numbers, ring numbers and names.
    together
        Both coordinates stand in one cell, that of ``first``.
    parts
        For each axis 3 if it is written in three columns (degrees, minutes, seconds), 2 without seconds.
    east_first
        What the format says where sizes tell nothing: east first (CASS) rather than north.
    offset
        ``gcj02`` or ``bd09`` if the names of the columns say so.
    others
        Further columns of coordinates, which are not read.
    """

    header: tuple[str, ...]
    first: int
    second: int
    by_name: bool
    degrees: bool = False
    point: int | None = None
    ring: int | None = None
    names: tuple[int, ...] = ()
    together: bool = False
    parts: tuple[int, int] = (1, 1)
    east_first: bool = False
    offset: str | None = None
    others: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.header)


def find_columns(rows: Sequence[Sequence[str]], *, file: str) -> tuple[int, Columns]:
    """
    Header row and columns of a table.

    Parameters
    ----------
    rows
        Cells as text; the header stands in the first 30 rows, or there is none.
    file
        For the error.

    Returns
    -------
    row, columns
        Number of the header row from 0, -1 without one.

    Raises
    ------
    MalformedSourceError
        If no columns of coordinates are found.

    Examples
    --------
    >>> row, columns = find_columns([["点号", "X坐标(m)", "Y坐标(m)"]], file="a.csv")
    >>> row, columns.first, columns.second, columns.point
    (0, 1, 2, 0)
    """
    for number, row in enumerate(rows[:30]):
        # a header of two rows: what is blank below stands above, as 点号 beside a merged 坐标
        above = list(rows[number - 1]) if number else []
        merged = [str(cell).strip() or (above[i] if i < len(above) else "") for i, cell in enumerate(row)]
        merged += above[len(row) :]
        found = _header(row)
        if found is not None:
            return number, (_header(merged) if len([c for c in above if str(c).strip()]) > 1 else found) or found
    for row in rows[:30]:
        cells = [str(cell).strip() for cell in row]
        if any(cells):
            pair = _unnamed_pair(cells)
            if pair is None:
                break
            names = tuple(f"列{i}" for i in range(1, len(cells) + 1))
            point = 0 if pair[0] > 0 and re.fullmatch(r"[Jj]\d+", cells[0]) else None
            return -1, Columns(header=names, first=pair[0], second=pair[1], by_name=False, point=point)
    raise MalformedSourceError(
        file=file,
        code="no_coordinate_columns",
        detail="no columns of coordinates are found in its first 30 rows",
        remedy="Name two columns 经度 and 纬度, or X and Y",
    )


def _unnamed_pair(cells: list[str]) -> tuple[int, int] | None:
    """The first two cells of a row that are a place in China."""
    numbers: dict[int, float] = {}
    for index, cell in enumerate(cells[:50]):
        try:
            numbers[index] = parse(cell).value
        except CoordinateError:
            continue
    for one, value in numbers.items():
        for other, second in numbers.items():
            if one < other and place(value, second).kind in {"degrees", "zone_prefix", "no_prefix"}:
                return one, other
    return None


def _key(cell: str) -> str:
    """A header without case, width and blanks."""
    return fold(str(cell)[:60]).strip().lower().replace(" ", "").replace("\n", "").strip("*:")


def _axis(key: str) -> Axis | None:
    plain = key
    for _ in range(2):  # a unit, and perhaps a datum before it
        for axis, pattern in _AXES:
            if pattern.fullmatch(plain):
                return axis
        plain = _UNIT.sub("", plain)
    return next((axis for axis, pattern in _AXES if pattern.fullmatch(plain)), None)


def _header(row: Sequence[str]) -> Columns | None:
    keys = [_key(cell) for cell in row]
    axes = [_axis(key) for key in keys]
    roles = {role: [i for i, key in enumerate(keys) if _UNIT.sub("", key) in names] for role, names in _ROLES.items()}
    where: dict[Axis, list[int]] = {}
    for i, axis in enumerate(axes):
        if axis is not None:
            where.setdefault(axis, []).append(i)
    pair = _choose(where, keys)
    single = [i for i, key in enumerate(keys) if _PAIR.fullmatch(key)]
    # 坐标 may be merged over two columns whose names stand in the next row
    if pair is None and len(single) == 1 and sum(map(bool, keys)) > 1 and all(keys[single[0] + 1 : single[0] + 2]):
        pair = ("lon", "lat", single[0], single[0])
    if pair is None:
        return None
    one, _, first, second = pair
    names: list[str] = []
    for i, cell in enumerate(row, start=1):
        name = str(cell).strip() or f"列{i}"
        names.append(name if name not in names else f"{name}_{i}")
    by_name = one != "x"
    offsets = {mark for i in (first, second) for pattern, mark in _OFFSETS if pattern.search(keys[i])}
    parts = (1, 1)
    if by_name and first != second:
        parts = (_parts(keys, axes, first), _parts(keys, axes, second))
    taken = {*range(first, first + parts[0]), *range(second, second + parts[1])}
    return Columns(
        header=tuple(names),
        first=first,
        second=second,
        by_name=by_name,
        degrees=one == "lon",
        point=roles["point"][0] if roles["point"] else None,
        ring=roles["ring"][0] if roles["ring"] else None,
        names=tuple(roles["name"]),
        together=first == second,
        parts=parts,
        offset=min(offsets) if offsets else None,
        others=tuple(names[i] for i, axis in enumerate(axes) if axis in {"lon", "lat", "x", "y"} and i not in taken),
    )


def _choose(where: dict[Axis, list[int]], keys: list[str]) -> tuple[Axis, Axis, int, int] | None:
    """The pair of columns to read; of several pairs the first without an offset in its name."""

    def plain(columns: list[int]) -> int:
        return next((i for i in columns if not any(p.search(keys[i]) for p, _ in _OFFSETS)), columns[0])

    pairs: tuple[tuple[Axis, Axis], ...] = (("lon", "lat"), ("east", "north"), ("x", "y"))
    for one, other in pairs:
        if one in where and other in where:
            return one, other, plain(where[one]), plain(where[other])
    mixed: tuple[tuple[Axis, Axis], ...] = (("east", "x"), ("y", "north"))
    for one, other in mixed:  # "X, Y(东)"
        if one in where and other in where:
            return "east", "north", where[one][0], where[other][0]
    return None


def _parts(keys: list[str], axes: list[Axis | None], start: int) -> int:
    """3 where the two columns to the right are blank or 分 and 秒, as under a merged 经度; 2 without the 秒."""
    after = [keys[i] if i < len(keys) and axes[i] is None else None for i in (start + 1, start + 2)]
    if after == ["", ""]:
        return 3
    if after[0] and _MINUTES.fullmatch(after[0]):
        return 3 if after[1] and _SECONDS.fullmatch(after[1]) else 2
    return 1
