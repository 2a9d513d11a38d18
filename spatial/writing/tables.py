"""Tables of coordinates that WPS and Excel open: corner by corner as CSV or XLSX, or geometries as WKT."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

import shapely

from spatial.errors import MalformedSourceError, NotWritableError, TextTooLongError
from spatial.reading.columns import find_columns
from spatial.systems import identify
from spatial.writing.columns import shows_crs, visible
from spatial.writing.csv_table import guarded
from spatial.writing.geometry import by_kind
from spatial.writing.model import Note, WrittenFiles, grouped
from spatial.writing.staging import staging
from spatial.writing.text import CODECS, encodable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spatial.reading.columns import Columns
    from spatial.writing.geometry import KindPart
    from spatial.writing.model import Table, Value
    from spatial.writing.text import Encoding

__all__ = ["WKT_COLUMN", "write_csv", "write_wkt_csv", "write_xlsx"]

WKT_COLUMN = "WKT"
_NUMBERS = ("地块编号", "地块号", "宗地编号", "parcel_id")  # readers know each as what tells features apart
_MOST_ROWS = 1_048_576
_LONGEST_CELL = 32_767
_SAFE_INTEGER = 10**15  # beyond, spreadsheets round
_EPOCH = (1980, 1, 1, 0, 0, 0)

Cell = str | int | float | None


@dataclass(frozen=True, kw_only=True)
class _Sheet:
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[Note, ...]


def write_csv(path: str | Path, table: Table, *, encoding: Encoding = "UTF-8") -> WrittenFiles:
    """
    Write corners as CSV: a row a point, or a row a corner of a polygon or line.

    Parameters
    ----------
    path
        ``F.csv``.
    table
        One kind of geometry. Points make a row each; polygons and lines a row a corner, with ring and point numbers
        and the attributes repeated; a closing point is written.
    encoding
        ``UTF-8`` with BOM, which spreadsheets need, or ``GBK``.

    Returns
    -------
    written
        The file, and notes: columns renamed because readers would take them for coordinates, several parts written as
        several features, texts guarded against being run as formulas, characters the encoding lacks, and a CRS that
        nothing in the file states.

    Raises
    ------
    NotWritableError
        If geometries are of several kinds, or a column cannot be told from one of coordinates.

    Examples
    --------
    >>> import tempfile
    >>> from spatial.writing import Table
    >>> table = Table(name="t", fields=(), rows=((),), geometries=(shapely.Point(40500000, 5450000),), crs=4528)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_csv(Path(folder) / "t.csv", table).paths[0]
    ...     path.read_text("utf-8-sig").splitlines()
    ['"X(北)(CGCS2000)","Y(东)(CGCS2000)"', '5450000.0,40500000.0']
    """
    path = Path(path)
    return _write_text(path, _corners(table, file=path.name), encoding=encoding)


def write_wkt_csv(path: str | Path, table: Table, *, encoding: Encoding = "UTF-8") -> WrittenFiles:
    """
    Write one row a feature as CSV, its geometry as text in a column ``WKT``, for databases and QGIS.

    Parameters, notes and errors as :func:`write_csv`; any mixture of geometries.
    """
    path = Path(path)
    names = [field.name for field in table.fields]
    notes = [_crs_dropped(table, path.name, stated=False)]
    shapes = table.geometries or (None,) * len(table.rows)
    rows = tuple(
        ("" if g is None else shapely.to_wkt(shapely.force_2d(g), rounding_precision=-1), *row)
        for g, row in zip(shapes, table.rows, strict=True)
    )
    column = _free((WKT_COLUMN, "WKT_GEOM", "GEOM_WKT"), names)
    return _write_text(path, _Sheet(header=(column, *names), rows=rows, notes=tuple(notes)), encoding=encoding)


def write_xlsx(path: str | Path, table: Table) -> WrittenFiles:
    """
    Write corners as a sheet of an XLSX, laid out as :func:`write_csv` does.

    Numbers are numbers (spreadsheets keep 15 digits), texts are texts and never formulas. Written without a library,
    so that the same rows give the same bytes.

    Raises
    ------
    NotWritableError
        As :func:`write_csv`, and beyond 1 048 576 rows.
    TextTooLongError
        If a text is longer than a cell, 32 767 characters.
    """
    path = Path(path)
    sheet = _corners(table, file=path.name)
    if len(sheet.rows) >= _MOST_ROWS:
        raise NotWritableError(
            file=path.name,
            code="rows",
            detail=f"{len(sheet.rows)} corners, a sheet has {_MOST_ROWS} rows",
            remedy="Write CSV or a GeoPackage",
        )
    members = _workbook(table.name, sheet, file=path.name)
    with staging(path) as stage:
        with zipfile.ZipFile(stage.folder / path.name, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in members.items():
                member = zipfile.ZipInfo(name, date_time=_EPOCH)
                member.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(member, text.encode("utf-8"))
        return WrittenFiles(paths=stage.commit([path.name], asked=[path.name]), notes=grouped(sheet.notes))


def _corners(table: Table, *, file: str) -> _Sheet:
    parts, notes_of_kinds = by_kind(table.geometries or (), file=file)
    kept = [part for part in parts if any(g is not None for g in part.geometries)]
    if len(kept) != 1 or any(g is None for g in kept[0].geometries):
        raise NotWritableError(
            file=file,
            code="geometry_kind",
            detail="a table of corners holds one kind of geometry, and every row one",
            remedy="Write GeoPackage, or CSV with WKT (csv-wkt)",
        )
    (part,) = kept
    system = identify(table.crs) if table.crs is not None else None
    notes = [*notes_of_kinds, _crs_dropped(table, file, stated=shows_crs(table, datum_named=True))]
    datum = {"cgcs2000": "(CGCS2000)", "wgs84": "(WGS84)"}.get(system.datum if system else "", "")
    degrees = system is not None and system.is_geographic
    axes = (f"经度{datum}", f"纬度{datum}") if degrees else (f"X(北){datum}", f"Y(东){datum}")
    names = [field.name for field in table.fields]
    lead: tuple[str, ...] = ()
    if part.kind != "point":
        lead = (_free(_NUMBERS, names), "圈号", "点号")
    head = (*lead, *axes)
    safe = _safe_names(head, names, file=file, notes=notes)
    make = _point_rows if part.kind == "point" else _corner_rows
    rows = make(part, table, degrees=degrees, file=file, notes=notes)
    return _Sheet(header=(*head, *safe), rows=rows, notes=grouped([note for note in notes if note.code]))


def _crs_dropped(table: Table, file: str, *, stated: bool) -> Note:
    """The note, with an empty code where there is nothing to say."""
    code = "" if stated or table.crs is None else "crs_dropped"
    zh = f"文件不含坐标系；再读取时请注明 EPSG:{table.crs}"
    en = f"the file does not state the CRS: say EPSG:{table.crs} when it is read again"
    return Note(code=code, file=file, zh=zh, en=en)


def _free(candidates: Sequence[str], names: Sequence[str]) -> str:
    taken = {name.casefold() for name in names}
    numbered = (f"{candidates[0]}_{number}" for number in range(2, len(names) + 3))
    return next(name for name in (*candidates, *numbered) if name.casefold() not in taken)


def _safe_names(head: tuple[str, ...], names: list[str], *, file: str, notes: list[Note]) -> tuple[str, ...]:
    """Names that a reader takes for none of the columns before them."""
    alone = _understood(head, (), file=file)
    safe: list[str] = []
    for name in names:
        made = name
        for candidate in (name, f"属性_{name}", *(f"属性_{name}_{number}" for number in range(2, len(names) + 3))):
            made = candidate
            if made not in (*head, *safe) and _understood(head, (made,), file=file) == alone:
                break
        if made != name:
            zh, en = f"列名改为 {made}，以免被当作坐标", f"renamed {made}, so that it is not taken for a coordinate"
            notes.append(Note(code="field_renamed", file=file, field=name, zh=zh, en=en))
        safe.append(made)
    if _understood(head, tuple(safe), file=file) != alone:  # 分 and 秒 behind 经度
        raise NotWritableError(
            file=file, code="columns", detail="its columns cannot be told from coordinates", remedy="Rename them"
        )
    return tuple(safe)


def _understood(head: tuple[str, ...], more: tuple[str, ...], *, file: str) -> Columns | None:
    try:
        _, found = find_columns([[*head, *more]], file=file)
    except MalformedSourceError:
        return None
    if any(not re.sub(r"\s", "", name) for name in more):
        return None
    return replace(found, header=(), names=())  # a further name tells no features apart


def _point_rows(
    part: KindPart, table: Table, *, degrees: bool, file: str, notes: list[Note]
) -> tuple[tuple[Cell, ...], ...]:
    rows: list[tuple[Cell, ...]] = []
    for position, geometry in zip(part.positions, part.geometries, strict=True):
        places = shapely.get_coordinates(geometry).tolist()
        if part.kind == "point" and len(places) > 1:
            notes.append(_split(file, position))
        rows += [(*((x, y) if degrees else (y, x)), *table.rows[position]) for x, y in places]
    return tuple(rows)


def _corner_rows(
    part: KindPart, table: Table, *, degrees: bool, file: str, notes: list[Note]
) -> tuple[tuple[Cell, ...], ...]:
    rows: list[tuple[Cell, ...]] = []
    number = 0
    for position, geometry in zip(part.positions, part.geometries, strict=True):
        pieces = shapely.get_parts(geometry)
        features = [pieces] if part.kind == "polygon" else [[piece] for piece in pieces]
        if len(features) > 1:
            notes.append(_split(file, position))
        for feature in features:
            number += 1
            rings = [r for p in feature for r in ((p.exterior, *p.interiors) if part.kind == "polygon" else (p,))]
            for ring_number, ring in enumerate(rings, start=1):
                places = shapely.get_coordinates(ring).tolist()
                for at, (x, y) in enumerate(places):
                    closing = part.kind == "polygon" and at == len(places) - 1
                    name = f"J{1 if closing else at + 1}"
                    place = (x, y) if degrees else (y, x)
                    rows.append((number, ring_number, name, *place, *table.rows[position]))
    return tuple(rows)


def _split(file: str, position: int) -> Note:
    zh, en = "各部分分写为单独要素，属性重复", "its parts became features of their own, with the same attributes"
    return Note(code="geometry_split", file=file, rows=(position + 1,), zh=zh, en=en)


def _write_text(path: Path, sheet: _Sheet, *, encoding: Encoding) -> WrittenFiles:
    notes = [note for note in sheet.notes if note.code]
    text = io.StringIO(newline="")
    # quoted, since a full-width comma parts cells in some readers
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow([guarded(name) for name in sheet.header])
    for number, row in enumerate(sheet.rows, start=1):
        cells: list[Cell] = []
        for name, value in zip(sheet.header, row, strict=True):
            made = value
            if isinstance(value, str):
                made = guarded(value.replace("\0", "\ufffd"))
                if made != value:
                    zh, en = "表格会当作公式的文本前加 '", "texts that a spreadsheet would run have ' before them"
                    notes.append(Note(code="formula_guarded", file=path.name, field=name, rows=(number,), zh=zh, en=en))
            cells.append("" if made is None else made)
        writer.writerow(cells)
    made_text = encodable(text.getvalue(), encoding)
    for what, by in made_text.replaced:
        zh, en = f"{encoding} 没有字符 {what}，写为 {by}", f"{encoding} has no {what}; written as {by}"
        notes.append(Note(code="character_replaced", file=path.name, zh=zh, en=en))
    for what in made_text.marked:
        zh, en = f"{encoding} 没有字符 U+{ord(what):04X}", f"{encoding} has no U+{ord(what):04X}; it is marked"
        notes.append(Note(code="character_marked", file=path.name, zh=zh, en=en))
    codec = "utf-8-sig" if encoding == "UTF-8" else CODECS[encoding]
    with staging(path) as stage:
        (stage.folder / path.name).write_bytes(made_text.text.encode(codec))
        return WrittenFiles(paths=stage.commit([path.name], asked=[path.name]), notes=grouped(notes))


def _workbook(title: str, sheet: _Sheet, *, file: str) -> dict[str, str]:
    """The least a workbook consists of (ECMA-376), with texts in the cells themselves."""
    name = re.sub(r"[\[\]:*?/\\']", "_", visible(title))[:31] or "Sheet1"
    lines = []
    for number, row in enumerate([sheet.header, *sheet.rows], start=1):
        cells = "".join(_cell(value, f"{_letters(at)}{number}", file=file, row=number) for at, value in enumerate(row))
        lines.append(f'<row r="{number}">{cells}</row>')
    start = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    return {
        "[Content_Types].xml": start
        + f'<Types xmlns="{package}/content-types"><Default Extension="rels" '
        + 'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        + f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        + f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/></Types>',
        "_rels/.rels": start
        + f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" Type="{office}/officeDocument" '
        + 'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": start
        + f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name={quoteattr(name)} sheetId="1" '
        + 'r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": start
        + f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" Type="{office}/worksheet" '
        + 'Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": start
        + f'<worksheet xmlns="{main}"><sheetData>{"".join(lines)}</sheetData></worksheet>',
    }


def _letters(column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _cell(value: Value, place: str, *, file: str, row: int) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, int | float) and abs(value) < _SAFE_INTEGER:
        return f'<c r="{place}"><v>{value!r}</v></c>'
    text = visible(str(value))
    if len(text) > _LONGEST_CELL:
        raise TextTooLongError(
            file=file,
            code="text_too_long",
            row=row - 1,
            detail=f"{len(text)} characters in a cell of {_LONGEST_CELL}",
            remedy="Write CSV or a GeoPackage",
        )
    whole = escape(text, {"\r": "&#13;"})
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{whole}</t></is></c>'
