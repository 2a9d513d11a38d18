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

_ROLES: dict[Literal["east", "north", "point", "ring", "name"], frozenset[str]] = {
    "east": frozenset({
        "经度", "东经", "东经度", "经度坐标", "lng", "lon", "long", "longitude", "lon_wgs84", "lon_dd", "longitude_dd",
        "东坐标", "横坐标", "y(东)", "easting", "point_x",
    }),
    "north": frozenset({
        "纬度", "北纬", "北纬度", "纬度坐标", "lat", "latitude", "lat_wgs84", "lat_dd", "latitude_dd",
        "北坐标", "纵坐标", "x(北)", "northing", "point_y",
    }),
    "point": frozenset({
        "点号", "界址点号", "界址点", "点名", "界址点编号", "拐点", "拐点号", "拐点编号", "点编号", "桩号", "顶点",
        "pointno", "point_no", "vertex",
    }),
    "ring": frozenset({"圈号", "环号", "地块圈号", "ring", "ringno", "ring_no"}),
    "name": frozenset({
        "地块名称", "地块名", "地块编号", "地块号", "地块", "宗地", "宗地号", "宗地编号", "项目名称", "名称",
        "企业名称", "单位名称", "站点", "站名", "风机编号", "机位", "机位号", "点位名称", "断面名称", "塔号", "塔基",
        "name", "parcel", "parcel_id", "parcelid", "project", "site", "siteid", "sitename",
    }),
}  # fmt: skip
# X and Y: north or east is told by size alone
_PLAIN = {"x": "first", "y": "second", "x坐标": "first", "y坐标": "second", "坐标x": "first", "坐标y": "second"}


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
    point, ring, names
        Columns of point numbers, ring numbers and names.
    parts
        3 for an axis written in three columns: degrees, minutes, seconds.
    """

    header: tuple[str, ...]
    first: int
    second: int
    by_name: bool
    point: int | None = None
    ring: int | None = None
    names: tuple[int, ...] = ()
    parts: tuple[int, int] = (1, 1)

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
        found = _header(row)
        if found is not None:
            return number, found
    for row in rows[:30]:
        cells = [str(cell).strip() for cell in row]
        if any(cells):
            pair = _unnamed_pair(cells)
            if pair is None:
                break
            names = tuple(f"列{i}" for i in range(1, len(cells) + 1))
            return -1, Columns(header=names, first=pair[0], second=pair[1], by_name=False)
    raise MalformedSourceError(
        file=file,
        code="no_coordinate_columns",
        detail="no columns of coordinates are found in its first 30 rows",
        remedy="Name two columns 经度 and 纬度, or X and Y",
    )


def _unnamed_pair(cells: list[str]) -> tuple[int, int] | None:
    """The first two cells of a row that are a place in China."""
    numbers: dict[int, float] = {}
    for index, cell in enumerate(cells):
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
    """A header without its unit, case and width."""
    plain = fold(str(cell)).strip().lower().replace(" ", "").strip("*")
    return re.sub(r"[(\[/](?:m|米|°|度|度分秒|dd|deg|degrees?|单位.*|wgs-?84|cgcs2000)[)\]]?$", "", plain)


def _header(row: Sequence[str]) -> Columns | None:
    keys = [_key(cell) for cell in row]
    roles = {role: [i for i, key in enumerate(keys) if key in names] for role, names in _ROLES.items()}
    plain = {order: [i for i, key in enumerate(keys) if _PLAIN.get(key) == order] for order in ("first", "second")}
    by_name = bool(roles["east"] and roles["north"])
    if by_name:
        first, second = roles["east"][0], roles["north"][0]
    elif plain["first"] and plain["second"]:
        first, second = plain["first"][0], plain["second"][0]
    else:
        return None
    names: list[str] = []
    for i, cell in enumerate(row, start=1):
        name = str(cell).strip() or f"列{i}"
        names.append(name if name not in names else f"{name}_{i}")
    return Columns(
        header=tuple(names),
        first=first,
        second=second,
        by_name=by_name,
        point=roles["point"][0] if roles["point"] else None,
        ring=roles["ring"][0] if roles["ring"] else None,
        names=tuple(roles["name"]),
        parts=(_parts(keys, first), _parts(keys, second)) if by_name else (1, 1),
    )


def _parts(keys: list[str], start: int) -> int:
    """3 where the two columns to the right are blank or 分 and 秒, as under a merged 经度."""
    return 3 if keys[start + 1 : start + 3] in (["分", "秒"], ["", ""]) else 1
