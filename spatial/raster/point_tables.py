"""Files of control points as rows of named cells: QGIS points, tables, JSON and TOML."""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from spatial.coordinates import fold
from spatial.errors import MalformedSourceError
from spatial.reading.boundary import Job, run
from spatial.reading.sources import load
from spatial.reading.spreadsheet import WORKBOOKS
from spatial.reading.text import decode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["PointTable", "read_table"]

_NAMES: dict[str, frozenset[str]] = {
    "id": frozenset({"id", "点号", "点名", "编号", "序号", "控制点", "控制点号", "name", "no", "gcp", "point"}),
    "column": frozenset({
        "column", "col", "px", "pixel", "pixelx", "sourcex", "imagex", "像素列", "像素x", "列", "列号", "图像x",
        "图上x",
    }),
    "row": frozenset({
        "row", "line", "py", "pixely", "sourcey", "imagey", "像素行", "像素y", "行", "行号", "图像y", "图上y",
    }),
    "lon": frozenset({"lon", "lng", "long", "longitude", "经度", "东经"}),
    "lat": frozenset({"lat", "latitude", "纬度", "北纬"}),
    "x": frozenset({"x", "mapx", "easting", "east", "东坐标", "东", "横坐标", "x坐标"}),
    "y": frozenset({"y", "mapy", "northing", "north", "北坐标", "北", "纵坐标", "y坐标"}),
    "accuracy": frozenset({"accuracy", "accuracym", "精度", "误差", "中误差"}),
    "enable": frozenset({"enable", "enabled", "启用"}),
}  # fmt: skip
_UNIT = re.compile(r"[(\[](?:m|米|°|度|度分秒|像素|px|dd|dms)[)\]]$")
_CRS_LINE = re.compile(r"#\s*(?:crs|坐标系)\s*[:=]\s*(.+)", re.IGNORECASE)
_HEADER = "Give a header with pixel columns (column, row; 像素列, 像素行) and map columns (lon, lat; 经度, 纬度; x, y)"


@dataclass(frozen=True, kw_only=True)
class PointTable:
    """
    Rows of a file of control points.

    Parameters
    ----------
    rows
        Line, row or position in the list, from 1, and the cells by what they are: ``id``, ``column``, ``row``, ``lon``,
        ``lat``, ``x``, ``y``, ``accuracy``, ``enable``.
    crs
        What the file says of its system.
    up
        Whether rows count upwards from the top edge, as in QGIS.
    """

    rows: tuple[tuple[int, dict[str, str]], ...]
    crs: str | None
    up: bool


def read_table(data: bytes, *, file: str, path: Path | None = None) -> PointTable:
    r"""
    Rows of a file of control points.

    Parameters
    ----------
    data
        The whole file.
    file
        Its name; the end of it tells the format (``.points``, ``.csv``, ``.json``, ``.toml`` …).
    path
        Where it lies, which a workbook needs: its archive is checked and opened there.

    Returns
    -------
    table
        At least one row.

    Raises
    ------
    MalformedSourceError
        If it cannot be parsed, or a column is missing or there twice.
    WorkerError
        If a workbook cannot be read.

    Examples
    --------
    >>> text = b"#CRS: EPSG:4490\nmapX,mapY,sourceX,sourceY,enable\n119.5,49.5,100,-200,1\n"
    >>> table = read_table(text, file="a.points")
    >>> table.crs, table.up, table.rows[0][1]["row"]
    ('EPSG:4490', True, '-200')
    """
    suffix = PurePosixPath(file).suffix.lower()
    if data.startswith((b"PK\3\4", b"\xd0\xcf\x11\xe0")):
        if path is None:
            raise _malformed(file, "workbook", "a workbook is read from its file", "Save it as CSV")
        return _of_workbook(path)
    text, _, _ = decode(data, file=file)
    if suffix in {".json", ".geojson"} or text.lstrip()[:1] in ("{", "["):
        return _of_tree(_json(text, file), file)
    if suffix == ".toml":
        try:
            return _of_tree(tomllib.loads(text), file)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise _malformed(file, "toml", f"it is no TOML: {error}", "Correct the file") from None
    return _of_text(text, file)


def _malformed(file: str, code: str, detail: str, remedy: str = _HEADER, record: int | None = None) -> Exception:
    return MalformedSourceError(file=file, code=code, detail=detail, remedy=remedy, record=record)


def _json(text: str, file: str) -> Any:
    def only(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        if len(set(keys)) < len(keys):
            raise ValueError("a key stands twice in one object")
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=only)
    except (ValueError, RecursionError) as error:
        raise _malformed(file, "json", f"it is no JSON: {error}", "Correct the file") from None


def _of_tree(tree: Any, file: str) -> PointTable:
    crs = tree.get("crs") if isinstance(tree, dict) else None
    points = tree.get("points") if isinstance(tree, dict) else tree
    if not isinstance(points, list) or not all(isinstance(one, dict) for one in points):
        raise _malformed(file, "no_points", "it holds no list `points` of control points")
    if crs is not None and not isinstance(crs, str | int):
        raise _malformed(file, "crs", f"`crs` is {crs!r}, no code and no text", "Write it as EPSG:4490")
    rows = []
    up = False
    for number, one in enumerate(points, start=1):
        names = [str(name) for name in one]
        columns, counted_up = _columns(names, file, number)
        up |= counted_up
        values = list(one.values())
        cells = {key: "" if values[i] is None else str(values[i]) for key, i in columns.items()}
        rows.append((number, cells))
    return _table(rows, None if crs is None else str(crs), file, up=up)


def _of_text(text: str, file: str) -> PointTable:
    crs: str | None = None
    lines: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        match = _CRS_LINE.match(line.strip())
        if match:
            crs = match[1].strip().strip('"')
        elif line.strip() and not line.lstrip().startswith("#"):
            lines.append((number, line))
    if not lines:
        raise _malformed(file, "no_points", "it holds no lines")
    head = lines[0][1].translate({0xFF0C: ",", 0xFF1B: ";"})
    mark = max("\t;,", key=head.count)
    if not head.count(mark):
        raise _malformed(file, "no_columns", f"its first line {lines[0][1][:60]!r} is no header of several columns")
    try:
        parsed = [
            (number, next(csv.reader(io.StringIO(line.translate({0xFF0C: ","})), delimiter=mark, strict=True)))
            for number, line in lines
        ]
    except csv.Error as error:
        raise _malformed(file, "csv", f"it is no complete table: {error}", "Save it again as CSV") from None
    return _of_rows(parsed, crs, file)


def _of_workbook(path: Path) -> PointTable:
    bundle = load(path)
    file, name = bundle.name, f"source.{bundle.format}"
    if bundle.format not in WORKBOOKS:
        raise _malformed(file, "no_workbook", "it is an archive and no workbook")
    members = {name: next(iter(bundle.members.values()))}
    answer = run(Job(source_name=file, format=bundle.format, drivers=(), members=members, open=name))
    sheets = [layer.facts for layer in answer.layers if layer.facts.get("visible", True)]
    failure: MalformedSourceError | None = None
    for sheet in sheets:
        rows = [(i, [str(cell) for cell in row]) for i, row in enumerate(sheet["rows"], start=1)]
        crs, kept = None, []
        for number, row in rows:
            match = _CRS_LINE.match(row[0].strip()) if row else None
            if match:
                crs = match[1].strip()
            elif any(cell.strip() for cell in row):
                kept.append((number, row))
        try:
            return _of_rows(kept, crs, file)
        except MalformedSourceError as error:
            failure = failure or error
    raise failure or _malformed(file, "no_sheets", "it holds no sheet of cells")


def _of_rows(rows: Sequence[tuple[int, list[str]]], crs: str | None, file: str) -> PointTable:
    if not rows:
        raise _malformed(file, "no_points", "it holds no lines")
    number, header = rows[0]
    columns, up = _columns(header, file, number)
    found = []
    for line, cells in rows[1:]:
        if len(cells) < max(columns.values()) + 1 and any(cell.strip() for cell in cells):
            cells = cells + [""] * (max(columns.values()) + 1 - len(cells))  # noqa: PLW2901 - short rows of workbooks
        if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
            detail = f"{len(cells)} cells, the header has {len(header)}"
            raise _malformed(file, "ragged_row", detail, "Correct that line of the file", line)
        found.append((line, {key: cells[i] for key, i in columns.items()}))
    return _table(found, crs, file, up=up)


def _table(rows: list[tuple[int, dict[str, str]]], crs: str | None, file: str, *, up: bool) -> PointTable:
    if not rows:
        raise _malformed(file, "no_points", "it holds a header and no control point")
    return PointTable(rows=tuple(rows), crs=crs, up=up)


def _columns(names: Sequence[str], file: str, record: int) -> tuple[dict[str, int], bool]:
    """What each column is; and whether rows count upwards."""
    found: dict[str, int] = {}
    keys = [_UNIT.sub("", fold(name[:60]).strip().lower().replace(" ", "")).replace("_", "") for name in names]
    for i, key in enumerate(keys):
        for what, known in _NAMES.items():
            if key in known:
                if what in found:
                    detail = f"two columns are the {what}: {names[found[what]]!r} and {names[i]!r}"
                    raise _malformed(file, "columns_twice", detail, "Keep one of them", record)
                found[what] = i
    missing = [what for what in ("column", "row") if what not in found]
    earth = ("lon" in found or "lat" in found) or ("x" in found and "y" in found)
    if missing or not earth:
        lacking = ", ".join([*missing, *([] if earth else ["map coordinates"])])
        raise _malformed(file, "no_columns", f"no column for: {lacking}", _HEADER, record)
    if ("lon" in found or "lat" in found) and ("x" in found or "y" in found):
        detail = "it holds longitude or latitude and x or y besides"
        raise _malformed(file, "columns_twice", detail, "Keep one pair of map columns", record)
    return found, "sourcey" in keys or ("pixely" in keys and "mapx" in keys)  # QGIS, since 3.26 and before
