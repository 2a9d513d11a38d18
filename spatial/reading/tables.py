"""Tables of coordinates: CSV, XLSX, and plain lists, with the headers people use."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import shapely

from spatial.coordinates import Coordinate, Place, fold, parse, parse_all, place
from spatial.errors import CoordinateError, MalformedSourceError
from spatial.reading.draft import Draft
from spatial.reading.model import Evidence
from spatial.reading.rings import close, even_odd, split
from spatial.reading.survey_text import state_header_datum
from spatial.reading.text import decode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spatial.reading.model import Box

__all__ = ["Shape", "parse_csv", "parse_rows", "parse_typed"]

Shape = Literal["point", "line", "polygon"]
Role = Literal["east", "north", "point", "ring", "name"]

_ROLES: dict[Role, frozenset[str]] = {
    "east": frozenset(
        "经度 东经 lng lon long longitude x坐标东 东坐标 y(东) 横坐标 经度坐标 point_x lon_wgs84 x_lon lon_dd longitude_dd"
        " easting 东经度".split()
    ),
    "north": frozenset(
        "纬度 北纬 lat latitude 北坐标 x(北) 纵坐标 纬度坐标 point_y lat_wgs84 y_lat lat_dd latitude_dd northing 北纬度".split()
    ),
    "point": frozenset("点号 界址点号 界址点 点名 界址点编号 拐点 拐点号 拐点编号 点编号 桩号 顶点 pointno point_no vertex".split()),
    "ring": frozenset("圈号 环号 地块圈号 ring ringno ring_no".split()),
    "name": frozenset(
        "地块名称 地块编号 地块号 地块 宗地 宗地号 宗地编号 项目名称 名称 企业名称 单位名称 站点 站名 风机编号 机位 机位号"
        " name parcel parcel_id parcelid project site siteid sitename 地块名 点位名称 断面名称 塔号 塔基".split()
    ),
}
# X and Y: north or east is told by size alone
_PLAIN = {"x": "first", "y": "second", "x坐标": "first", "y坐标": "second", "坐标x": "first", "坐标y": "second"}
_UNIT_ROW = re.compile(r"[\(\[]?(度|°|米|m|degree|degrees|dd|单位.*|公顷|hm2|ha|度分秒|dms|-|)[\)\]]?")


@dataclass(kw_only=True)
class _Columns:
    """Where things stand: column numbers; ``dms`` are the three columns of each axis."""

    first: int
    second: int
    by_name: bool
    first_is_east: bool
    point: int | None = None
    ring: int | None = None
    names: list[int] = field(default_factory=list)
    parts: tuple[int, int] = (1, 1)


@dataclass(frozen=True, kw_only=True)
class _Row:
    number: int
    cells: Sequence[str]
    place: Place | None
    code: str = ""
    detail: str = ""


def parse_csv(data: bytes, *, file: str, geometry: Shape | None = None) -> Draft:
    """
    Features of a CSV file or a plain list of coordinates.

    Parameters
    ----------
    data
        The whole file: UTF-8, UTF-16 or GB18030; parted by commas, tabs, semicolons or spaces.
    file
        Its name.
    geometry
        Overrides what the columns say (see `parse_rows`).

    Returns
    -------
    draft
        See `parse_rows`.

    Raises
    ------
    MalformedSourceError
        If no columns of coordinates are found, or a quote is not closed.
    """
    text, encoding, evidence = decode(data, file=file)
    folded = text[:65536].translate({0xFF0C: ",", 0xFF1B: ";"})
    first = next((line for line in folded.splitlines() if line.strip()), "")
    counts = {mark: first.count(mark) for mark in "\t;,"}
    mark = max(counts, key=lambda key: counts[key])
    if not counts[mark]:
        rows: list[list[str]] = [line.split() for line in text.splitlines()]
    else:
        if mark in ",;":
            text = text.translate({0xFF0C: ",", 0xFF1B: ";"})
        csv.field_size_limit(1 << 20)
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True))
        except csv.Error as error:
            raise MalformedSourceError(
                file=file, code="csv", detail=f"it is no complete table: {error}", remedy="Save it again as CSV"
            ) from None
    return parse_rows(
        rows, file=file, format_="csv", geometry=geometry, encoding=encoding, encoding_evidence=evidence
    )


def parse_rows(
    rows: Sequence[Sequence[str]],
    *,
    file: str,
    format_: Literal["csv", "xlsx"],
    geometry: Shape | None = None,
    encoding: str = "UTF-8",
    encoding_evidence: Sequence[Evidence] = (),
    layer: str | None = None,
) -> Draft:
    """
    Features of a table.

    A point-number column without a name or parcel column makes one polygon of all rows (a ring column parts its
    rings); with names, a polygon a name; without point numbers, a point a row. Which number is north is told by
    size, never by a header ``X`` or ``Y``.

    Parameters
    ----------
    rows
        Cells as text, header first, or no header.
    file, layer
        For messages; the layer is the file's stem by default.
    format_
        ``csv`` or ``xlsx``.
    geometry
        ``point``: a point a row; ``line``, ``polygon``: a line or polygon of the rows (of each name).
    encoding, encoding_evidence
        How text was decoded.

    Returns
    -------
    draft
        A row that cannot be read is unreadable; in a table that makes polygons or lines it takes the whole shape
        with it, since a polygon without one of its corners is another polygon.

    Raises
    ------
    MalformedSourceError
        If no columns of coordinates are found.
    """
    draft = Draft(
        file=file,
        format=format_,
        source_kind=format_,
        encoding=encoding,
        encoding_evidence=list(encoding_evidence),
    )
    name = layer or file.rsplit(".", 1)[0]
    draft.open_layer(name)
    start, columns, header = _columns(rows, file)
    _state_datum(rows[: start + 1], draft)
    found = _read(rows, start, columns, header, name, draft)
    shape = geometry or ("polygon" if columns.point is not None else "point")
    if shape == "point":
        for row in found:
            _add_point(row, header, name, draft)
        return draft
    groups: dict[tuple[str, ...], list[_Row]] = {}
    for row in found:
        key = tuple(_cell(row.cells, column) for column in columns.names)
        if not any(key) and groups:
            key = next(reversed(groups))  # a merged cell: the name stands in its first row
        groups.setdefault(key, []).append(row)
    for group in groups.values():
        _add_shape(group, columns, header, shape, name, draft)
    return draft


def _key(cell: str) -> str:
    plain = fold(str(cell)).strip().lower().replace(" ", "")
    return re.sub(r"[(\[](?!北|东)[^)\]]*[)\]]|[:(]?(?:°|/m|\(m\))$", "", plain).strip("*")


def _columns(rows: Sequence[Sequence[str]], file: str) -> tuple[int, _Columns, list[str]]:
    """Number of the header row (-1: none), the columns, and their names."""
    for number, row in enumerate(rows[:30]):
        keys = [_key(cell) for cell in row]
        found = _header(keys)
        if found is not None:
            return number, found, [str(cell).strip() or f"列{i}" for i, cell in enumerate(row, start=1)]
    for row in rows[:30]:  # no header: the last two numbers of a row, or two of three with a point number first
        cells = [str(cell).strip() for cell in row]
        if not any(cells):
            continue
        numbers = [i for i, cell in enumerate(cells) if _is_coordinate(cell)]
        pair = _unnamed_pair(cells, numbers)
        if pair is not None:
            columns = _Columns(first=pair[0], second=pair[1], by_name=False, first_is_east=False)
            return -1, columns, [f"列{i}" for i in range(1, len(cells) + 1)]
        break
    raise MalformedSourceError(
        file=file,
        code="no_coordinate_columns",
        detail="no columns of coordinates are found in its first 30 rows",
        remedy="Name two columns 经度 and 纬度, or X and Y",
    )


def _unnamed_pair(cells: list[str], numbers: list[int]) -> tuple[int, int] | None:
    for one in numbers:
        for other in numbers:
            if one < other:
                at = place(parse(cells[one]).value, parse(cells[other]).value)
                if at.kind in {"degrees", "zone_prefix", "no_prefix"}:
                    return one, other
    return None


def _is_coordinate(cell: str) -> bool:
    try:
        parse(cell)
    except CoordinateError:
        return False
    return True


def _header(keys: list[str]) -> _Columns | None:
    roles = {role: [i for i, key in enumerate(keys) if key in names] for role, names in _ROLES.items()}
    plain = {order: [i for i, key in enumerate(keys) if _PLAIN.get(key) == order] for order in ("first", "second")}
    point, ring = roles["point"], roles["ring"]
    more: dict[str, Any] = {
        "point": point[0] if point else None,
        "ring": ring[0] if ring else None,
        "names": roles["name"],
    }
    if roles["east"] and roles["north"]:
        east, north = roles["east"][0], roles["north"][0]
        parts = (_dms_columns(keys, east), _dms_columns(keys, north))
        return _Columns(first=east, second=north, by_name=True, first_is_east=True, parts=parts, **more)
    if plain["first"] and plain["second"]:
        first, second = plain["first"][0], plain["second"][0]
        return _Columns(first=first, second=second, by_name=False, first_is_east=False, **more)
    return None


def _dms_columns(keys: list[str], start: int) -> int:
    """3 where the two columns to the right are blank or 分 and 秒, as under a merged 经度."""
    right = keys[start + 1 : start + 3]
    return 3 if len(right) == 2 and (right in (["分", "秒"], ["", ""])) else 1


def _state_datum(rows: Sequence[Sequence[str]], draft: Draft) -> None:
    words = fold(" ".join(str(cell) for row in rows for cell in row))
    match = re.search(r"CGCS\s*2000|2000\s*国家|国家\s*2000|2000\s*坐标|西安\s*(?:19)?80|北京\s*(?:19)?54|WGS[-\s]*84", words, re.I)
    if match:
        state_header_datum(match[0], draft)
        draft.crs_evidence.append(Evidence(code="header_system", value=match[0]))


def _cell(cells: Sequence[str], column: int) -> str:
    return str(cells[column]).strip() if column < len(cells) else ""


def _read(
    rows: Sequence[Sequence[str]], start: int, columns: _Columns, header: list[str], layer: str, draft: Draft
) -> list[_Row]:
    """Every row with something in it, its place or why it has none; and the notation of the columns."""
    found: list[_Row] = []
    written: list[Coordinate] = []
    swaps = 0
    width = len(header)
    for number, cells in enumerate(rows[start + 1 :], start=start + 2):
        texts = [str(cell).strip() for cell in cells]
        if not any(texts):
            continue
        first, second = (_axis(texts, column, parts) for column, parts in _axes(columns))
        if not found and start >= 0 and number == start + 2 and _is_unit_row(first, second):
            draft.warn("unit_row", layer=layer, record=number, detail=f"{first}, {second}")
            continue
        if any(text for text in texts[width:]) or (len(texts) < width and not first + second):
            found.append(_Row(number=number, cells=texts, place=None, code="ragged_row", detail=f"{len(texts)} cells"))
            continue
        row, pair = _pair(number, texts, first, second, columns)
        found.append(row)
        written.extend(pair)
        swaps += row.place is not None and columns.by_name and row.place.swapped
    _note(found, written, draft)
    if swaps:
        draft.warn("axes_swapped", layer=layer, detail=f"{swaps} rows")
    return [_checked(row, draft) for row in found]


def _axes(columns: _Columns) -> tuple[tuple[int, int], tuple[int, int]]:
    return (columns.first, columns.parts[0]), (columns.second, columns.parts[1])


def _axis(texts: list[str], column: int, parts: int) -> str:
    if parts == 1:
        return _cell(texts, column)
    degrees, minutes, seconds = (_cell(texts, column + i).rstrip("°度′分″秒") for i in range(3))
    return f"{degrees}°{minutes}′{seconds}″" if degrees and minutes and seconds else degrees


def _is_unit_row(first: str, second: str) -> bool:
    return all(_UNIT_ROW.fullmatch(fold(text).strip().lower()) for text in (first, second)) and bool(first or second)


def _pair(
    number: int, texts: list[str], first: str, second: str, columns: _Columns
) -> tuple[_Row, list[Coordinate]]:
    if not first or not second:
        return _Row(number=number, cells=texts, place=None, code="missing_cell", detail=f"{first}, {second}"), []
    try:
        one, other = parse(first), parse(second)
        if columns.by_name and {one.axis, other.axis} not in ({None}, {"lon", "lat"}, {None, "lon"}, {None, "lat"}):
            raise CoordinateError(code="two_axes", text=first, detail="both cells name one axis")  # noqa: TRY301
        at = place(one.value, other.value)
    except CoordinateError as error:
        return _Row(number=number, cells=texts, place=None, code=error.code, detail=f"{first}, {second}"), []
    if at.kind == "local" and columns.by_name:
        if abs(one.value) > 180 or abs(other.value) > 90:
            row = _Row(number=number, cells=texts, place=None, code="out_of_range", detail=f"{first}, {second}")
            return row, []
        # degrees by the header, outside China: as the header says
        at = Place(east=one.value, north=other.value, kind="degrees", zone=None, swapped=False)
    return _Row(number=number, cells=texts, place=at), [one, other]


def _note(found: list[_Row], written: list[Coordinate], draft: Draft) -> None:
    kinds = [row.place.kind for row in found if row.place is not None]
    if not kinds:
        return
    usual = max(set(kinds), key=kinds.count)
    for row in found:
        if row.place is not None and row.place.kind == usual:
            draft.note(row.place)
    if usual != "degrees":
        draft.notation = "projected"
    elif any(one.unit == "second" for one in written):
        draft.notation = "dms"
    elif any(one.unit == "minute" for one in written):
        draft.notation = "dm"
    else:
        draft.notation = "degrees"
    units = {"dms": "second", "dm": "minute"}
    unit = units.get(draft.notation, "number")
    draft.decimals = max((one.decimals for one in written if one.unit == unit), default=0)


def _checked(row: _Row, draft: Draft) -> _Row:
    if row.place is None or row.place.kind in draft.kinds:
        return row
    detail = f"{row.place.kind}, the other rows {', '.join(draft.kinds)}"
    return _Row(number=row.number, cells=row.cells, place=None, code="kind_differs", detail=detail)


def _attributes(cells: Sequence[str], header: list[str]) -> dict[str, Any]:
    return {name: _cell(cells, i) or None for i, name in enumerate(header)}


def _add_point(row: _Row, header: list[str], layer: str, draft: Draft) -> None:
    if row.place is None:
        draft.lose(row.code, layer=layer, record=row.number, detail=row.detail, remedy="correct_row")
        return
    made = shapely.Point(row.place.east, row.place.north)
    draft.add(made, _attributes(row.cells, header), layer=layer, record=row.number)


def _add_shape(
    rows: list[_Row], columns: _Columns, header: list[str], shape: Shape, layer: str, draft: Draft
) -> None:
    bad = next((row for row in rows if row.place is None), None)
    point = columns.point
    if bad is not None:
        name = _cell(bad.cells, point) if point is not None else None
        draft.lose(
            bad.code, layer=layer, record=bad.number, point=name, detail=bad.detail, remedy="correct_row"
        )
        return
    points = [(row.place.east, row.place.north) for row in rows if row.place is not None]
    attributes = _attributes(rows[0].cells, header)
    for column in (columns.first, columns.second, columns.point, columns.ring):
        if column is not None and column < len(header):
            attributes.pop(header[column], None)
    first = rows[0].number
    if shape == "line":
        if len(set(points)) < 2:
            draft.lose("too_few_points", layer=layer, record=first, box=_box(points))
            return
        draft.add(shapely.LineString(points), attributes, layer=layer, record=first)
        return
    ring_names = [_cell(row.cells, columns.ring) if columns.ring is not None else None for row in rows]
    numbers = [
        re.sub(r"\D", "", _cell(row.cells, point)) or None if point is not None else None for row in rows
    ]
    rings = [close(ring) for ring in split(list(zip(ring_names, numbers, points, strict=True)))]
    whole = [ring for ring in rings if ring is not None]
    if len(whole) < len(rings):
        draft.lose("too_few_points", layer=layer, record=first, box=_box(points))
        return
    made = even_odd(whole)
    if made is None:
        draft.lose("ring_crosses", layer=layer, record=first, box=_box(points))
        return
    draft.add(made, attributes, layer=layer, record=first)


def _box(points: list[tuple[float, float]]) -> Box:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return (min(xs), min(ys), max(xs), max(ys))


def parse_typed(text: str, *, geometry: Shape | None = None) -> Draft:
    """
    The feature typed on a command line: one pair a point, several a line, or a polygon if asked for.

    Parameters
    ----------
    text
        ``117.45,49.58``; several pairs parted by spaces or semicolons; degrees, minutes, seconds in any usual form.
    geometry
        ``polygon`` closes the pairs to a ring; ``point`` makes several points.

    Returns
    -------
    draft
        One feature, in a layer called ``typed``.

    Raises
    ------
    CoordinateError
        If the text holds anything else, an odd number of coordinates, or pairs of different kinds.
    """
    written = parse_all(text)
    if not written or len(written) % 2:
        raise CoordinateError(
            code="not_pairs", text=text[:80], detail=f"{len(written)} numbers; a place needs two: east and north"
        )
    draft = Draft(file="typed", format="typed", source_kind="typed")
    points: list[tuple[float, float]] = []
    for one, other in zip(written[::2], written[1::2], strict=True):
        at = place(one.value, other.value)
        named = {one.axis, other.axis} - {None}
        if len(named) == 1 and one.axis is not None and other.axis is not None:
            raise CoordinateError(code="two_axes", text=text[:80], detail="both coordinates of a pair name one axis")
        if at.kind == "degrees" and named:
            east_first = one.axis == "lon" or other.axis == "lat"
            if east_first == at.swapped:
                raise CoordinateError(
                    code="axis_differs", text=text[:80], detail="the axis named and the size of the number disagree"
                )
        draft.note(at)
        points.append((at.east, at.north))
    if len(draft.kinds) > 1 or draft.kinds & {"local", "web_mercator"}:
        raise CoordinateError(
            code="no_place",
            text=text[:80],
            detail="no place in China: give longitude 73-136 and latitude 3-54, or a grid's easting and northing",
        )
    found = [_Row(number=1, cells=(), place=Place(east=0, north=0, kind=next(iter(draft.kinds)), zone=None, swapped=False))]
    _note(found, list(written), draft)
    shape = geometry or ("point" if len(points) == 1 else "line")
    made = None
    if shape == "polygon":
        ring = close(points)
        made = shapely.Polygon(ring) if ring else None
    elif shape == "line" and len(set(points)) > 1:
        made = shapely.LineString(points)
    elif shape == "point":
        made = shapely.Point(points[0]) if len(points) == 1 else shapely.MultiPoint(points)
    if made is None:
        raise CoordinateError(code="too_few_points", text=text[:80], detail=f"too few distinct points for a {shape}")
    draft.add(made, {}, layer="typed")
    return draft
