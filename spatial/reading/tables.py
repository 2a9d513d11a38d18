"""Tables of coordinates: CSV, workbooks and plain lists, with the headers people use."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import shapely

from spatial.coordinates import Coordinate, Place, fold, parse, parse_all, place
from spatial.errors import CoordinateError, MalformedSourceError
from spatial.reading.columns import Columns, find_columns
from spatial.reading.draft import Draft, note_notation
from spatial.reading.lists import find_list
from spatial.reading.model import Evidence
from spatial.reading.rings import close, even_odd, self_crossing, split
from spatial.reading.survey_text import state_header_datum
from spatial.reading.text import decode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spatial.reading.model import Box

__all__ = ["Shape", "parse_csv", "parse_rows"]

Shape = Literal["point", "line", "polygon"]

_UNIT_ROW = re.compile(
    r"[\(\[]?(度|分|秒|°|′|″|米|m|degrees?|dd|单位.{0,20}|公顷|hm2|ha|度分秒|十进制度|dms|-|)[\)\]]?"
)


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
    listed = find_list(text, file=file)
    if listed is not None:
        return parse_rows(
            listed.rows,
            file=file,
            format_="csv",
            geometry=geometry or listed.shape,
            encoding=encoding,
            encoding_evidence=evidence,
            columns=listed.columns,
            numbers=listed.numbers,
        )
    first = next((line for line in text[:65536].splitlines() if line.strip()), "")
    if not any(mark in first for mark in "\t;,"):
        text = text.translate({0xFF0C: ",", 0xFF1B: ";"})
        first = first.translate({0xFF0C: ",", 0xFF1B: ";"})
    counts = {mark: first.count(mark) for mark in "\t;,"}
    mark = max(counts, key=lambda key: counts[key])
    if not counts[mark]:
        # blanks within an angle part nothing: 119° 45′ 56″
        lines = (re.sub(r"([°度′分:])[ \t]+(?=\d)", r"\1", line) for line in text.splitlines())
        rows: list[list[str]] = [line.split() for line in lines]
    else:
        csv.field_size_limit(1 << 20)
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True))
        except csv.Error as error:
            raise MalformedSourceError(
                file=file, code="csv", detail=f"it is no complete table: {error}", remedy="Save it again as CSV"
            ) from None
    return parse_rows(rows, file=file, format_="csv", geometry=geometry, encoding=encoding, encoding_evidence=evidence)


def parse_rows(
    rows: Sequence[Sequence[str]],
    *,
    file: str,
    format_: str,
    geometry: Shape | None = None,
    encoding: str = "UTF-8",
    encoding_evidence: Sequence[Evidence] = (),
    layer: str | None = None,
    columns: Columns | None = None,
    numbers: Sequence[int] | None = None,
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
        ``csv``, or the kind of workbook.
    geometry
        ``point``: a point a row; ``line``, ``polygon``: a line or polygon of the rows (of each name).
    encoding, encoding_evidence
        How text was decoded.
    columns, numbers
        Of a list whose columns its format tells, and the line of each row; there is no header then.

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
        source_kind="csv" if format_ == "csv" else "xlsx",
        encoding=encoding,
        encoding_evidence=list(encoding_evidence),
    )
    name = layer or file.rsplit(".", 1)[0]
    draft.open_layer(name)
    if columns is None:
        start, columns = find_columns(rows, file=file)
        _state_datum(rows[: start + 1], draft)
        rows, numbers = rows[start + 1 :], range(start + 2, len(rows) + 1)
    draft.offset = columns.offset
    draft.axis_words = (columns.header[columns.first], columns.header[columns.second])
    if columns.others:
        draft.warn("other_columns", layer=name, detail=", ".join(columns.others))
    found = _read(rows, numbers or range(1, len(rows) + 1), columns, name, draft)
    shape = geometry or ("polygon" if columns.point is not None else "point")
    if shape == "point":
        for row in found:
            _add_point(row, columns, name, draft)
        return draft
    groups: dict[tuple[str, ...], list[_Row]] = {}
    for row in found:
        key = tuple(_cell(row.cells, column) for column in columns.names)
        if not any(key) and groups:
            key = next(reversed(groups))  # a merged cell: the name stands in its first row
        groups.setdefault(key, []).append(row)
    if geometry is not None and len(groups) > 1 and all(len(group) == 1 for group in groups.values()):
        groups = {(): found}  # names of points, not of parcels
    for group in groups.values():
        _add_shape(group, columns, shape, name, draft)
    return draft


def _state_datum(rows: Sequence[Sequence[str]], draft: Draft) -> None:
    words = fold(" ".join(str(cell) for row in rows for cell in row))[:4096]
    draft.header_words += [str(cell).strip()[:200] for row in rows for cell in row if str(cell).strip()][:100]
    match = re.search(
        r"CGCS_?\s*2000|2000\s*国家|国家\s*2000|2000\s*坐标|西安\s*(?:19)?80|北京\s*(?:19)?54|WGS[-_\s]*84",
        words,
        re.IGNORECASE,
    )
    if match:
        state_header_datum(match[0], draft)
        draft.crs_evidence.append(Evidence(code="header_system", value=match[0]))


def _cell(cells: Sequence[str], column: int) -> str:
    return str(cells[column]).strip() if column < len(cells) else ""


def _read(
    rows: Sequence[Sequence[str]], numbers: Sequence[int], columns: Columns, layer: str, draft: Draft
) -> list[_Row]:
    """Every row with something in it, its place or why it has none; and the notation of the columns."""
    found: list[_Row] = []
    written: list[Coordinate] = []
    swaps = 0
    for number, cells in zip(numbers, rows, strict=True):
        texts = [str(cell).strip() for cell in cells]
        if not any(texts):
            continue
        if not found and number > 1 and _is_unit_row(texts, columns):
            draft.warn("unit_row", layer=layer, record=number, detail=", ".join(filter(None, texts))[:80])
            continue
        # rows of a workbook end at their last cell; a CSV row that is short is cut off or shifted
        short = draft.format == "csv" and len(texts) < columns.width
        if short or any(texts[columns.width :]):
            detail = f"{len(texts)} cells, the header has {columns.width}"
            found.append(_Row(number=number, cells=texts, place=None, code="ragged_row", detail=detail))
            continue
        row, pair = _pair(number, texts, columns)
        found.append(row)
        written.extend(pair)
        swaps += row.place is not None and columns.by_name and not columns.together and row.place.swapped
    usual = _usual(found)
    for row in found:
        if row.place is not None and row.place.kind == usual:
            draft.note(row.place)
    note_notation(written, draft)
    if swaps:
        draft.warn("axes_swapped", layer=layer, detail=f"{swaps} rows")
    return [_checked(row, draft) for row in found]


def _axis(texts: list[str], column: int, parts: int) -> str:
    """Text of an axis; of one in several columns "" if a part is missing."""
    if parts == 1:
        return _cell(texts, column)
    cells = [_cell(texts, column + i) for i in range(parts)]
    if not any(cells[1:]) and not cells[0].isdecimal():
        return cells[0]  # the whole angle in its first cell
    bare = [fold(cell).rstrip("°度′分″秒 ") for cell in cells]
    return "".join(f"{cell}{mark}" for cell, mark in zip(bare, "°′″", strict=False)) if all(bare) else ""


def _is_unit_row(texts: list[str], columns: Columns) -> bool:
    places = [*range(columns.first, columns.first + columns.parts[0])]
    places += range(columns.second, columns.second + columns.parts[1])
    cells = [_cell(texts, i) for i in places]
    return any(cells) and all(_UNIT_ROW.fullmatch(fold(cell[:40]).strip().lower()) for cell in cells)


def _pair(number: int, texts: list[str], columns: Columns) -> tuple[_Row, list[Coordinate]]:
    first, second = _axis(texts, columns.first, columns.parts[0]), _axis(texts, columns.second, columns.parts[1])
    shown = first if columns.together else f"{first}, {second}"
    if not first or not second:
        held = [_cell(texts, i) for i in (columns.first, columns.second)]
        return _Row(number=number, cells=texts, place=None, code="missing_cell", detail=", ".join(held)), []
    try:
        one, other = _together(first) if columns.together else (parse(first), parse(second))
        if columns.by_name and {one.axis, other.axis} not in ({None}, {"lon", "lat"}, {None, "lon"}, {None, "lat"}):
            raise CoordinateError(code="two_axes", text=first, detail="both cells name one axis")  # noqa: TRY301
        at = place(one.value, other.value)
    except CoordinateError as error:
        return _Row(number=number, cells=texts, place=None, code=error.code, detail=shown[:160]), []
    if at.kind == "local" and columns.degrees:
        if abs(one.value) > 180 or abs(other.value) > 90:
            return _Row(number=number, cells=texts, place=None, code="out_of_range", detail=shown[:160]), []
        # degrees by the header, outside China: as the header says
        at = Place(east=one.value, north=other.value, kind="degrees", zone=None, swapped=False)
    elif at.kind == "local" and (columns.by_name or columns.east_first):
        at = Place(east=one.value, north=other.value, kind="local", zone=None, swapped=False)
    return _Row(number=number, cells=texts, place=at), [one, other]


def _together(text: str) -> tuple[Coordinate, Coordinate]:
    """The two coordinates of one cell, the eastern first if they say which is which."""
    written = parse_all(text)
    if len(written) != 2:
        raise CoordinateError(code="not_pairs", text=text[:80], detail=f"{len(written)} numbers in one cell")
    one, other = written
    return (other, one) if one.axis == "lat" or other.axis == "lon" else (one, other)


def _usual(found: list[_Row]) -> str | None:
    kinds = [row.place.kind for row in found if row.place is not None]
    return max(sorted(set(kinds)), key=kinds.count) if kinds else None


def _checked(row: _Row, draft: Draft) -> _Row:
    if row.place is None or row.place.kind in draft.kinds:
        return row
    detail = f"{row.place.kind}, the other rows {', '.join(draft.kinds)}"
    return _Row(number=row.number, cells=row.cells, place=None, code="kind_differs", detail=detail)


def _attributes(cells: Sequence[str], header: Sequence[str]) -> dict[str, Any]:
    return {name: _cell(cells, i) or None for i, name in enumerate(header)}


def _add_point(row: _Row, columns: Columns, layer: str, draft: Draft) -> None:
    if row.place is None:
        draft.lose(row.code, layer=layer, record=row.number, detail=row.detail, remedy="correct_row")
        return
    made = shapely.Point(row.place.east, row.place.north)
    draft.add(made, _attributes(row.cells, columns.header), layer=layer, record=row.number)


def _add_shape(rows: list[_Row], columns: Columns, shape: Shape, layer: str, draft: Draft) -> None:
    bad = next((row for row in rows if row.place is None), None)
    point = columns.point
    if bad is not None:
        name = _cell(bad.cells, point) if point is not None else None
        draft.lose(bad.code, layer=layer, record=bad.number, point=name, detail=bad.detail, remedy="correct_row")
        return
    points = [(row.place.east, row.place.north) for row in rows if row.place is not None]
    attributes = _attributes(rows[0].cells, columns.header)
    for column in (columns.first, columns.second, columns.point, columns.ring):
        if column is not None and column < len(columns.header):
            attributes.pop(columns.header[column], None)
    first = rows[0].number
    if shape == "line":
        if len(set(points)) < 2:
            draft.lose("too_few_points", layer=layer, record=first, box=_box(points))
            return
        draft.add(shapely.LineString(points), attributes, layer=layer, record=first)
        return
    ring_names = [_cell(row.cells, columns.ring) if columns.ring is not None else None for row in rows]
    numbers = [re.sub(r"\D", "", _cell(row.cells, point)) or None if point is not None else None for row in rows]
    rings = [close(ring) for ring in split(list(zip(ring_names, numbers, points, strict=True)))]
    whole = [ring for ring in rings if ring is not None]
    if len(whole) < len(rings):
        draft.lose("too_few_points", layer=layer, record=first, box=_box(points))
        return
    made = even_odd(whole)
    if made is None:
        draft.lose("ring_crosses", layer=layer, record=first, box=_box(points))
        return
    if len(whole) == 1 and (crossing := self_crossing(made, points)) is not None:
        row = rows[crossing[0]]
        name = _cell(row.cells, point) if point is not None else None
        draft.warn("ring_self_crosses", layer=layer, record=row.number, point=name, detail=crossing[1])
    draft.add(made, attributes, layer=layer, record=first)


def _box(points: list[tuple[float, float]]) -> Box:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return (min(xs), min(ys), max(xs), max(ys))
