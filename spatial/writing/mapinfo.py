"""MapInfo TAB and MIF."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely

from spatial.writing.gdal import commit_set, one_kind_each, require_same, shapes_of, write_layer
from spatial.writing.model import Field, Note, WrittenFiles, grouped
from spatial.writing.staging import staging
from spatial.writing.text import cut, encodable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spatial.writing.model import Table, Value
    from spatial.writing.text import Encoding

__all__ = ["write_mapinfo"]

_MAP_WIDTH = 254  # bytes of a MapInfo text


def write_mapinfo(path: str | Path, table: Table, *, encoding: Encoding = "UTF-8") -> WrittenFiles:
    """
    Write one table as MapInfo TAB or MIF.

    Parameters
    ----------
    path
        ``F.tab`` (with .dat, .map, .id beside it) or ``F.mif`` (with .mid).
    table
        In any CRS of EPSG. The format has no CGCS2000: the same numbers are marked WGS 84, which is within 1 m.
    encoding
        ``UTF-8`` (MapInfo 15.2 and later) or ``GBK``.

    Returns
    -------
    written
        The files, and notes: texts over 254 bytes cut; numbers with nulls written as text, since the format would
        make them 0; the CRS marked WGS 84; in a TAB coordinates on a grid of 2³² steps over the extent.

    Raises
    ------
    NotWritableError, OutputInTheWayError, OutputInUseError, ReadBackError
        If it cannot be written, moved into place, or reads back differently.
    """
    path = Path(path)
    is_tab = path.suffix.lower() == ".tab"
    fitted, notes = _fitted_for_mapinfo(table, file=path.name, encoding=encoding, one_line=not is_tab)
    fitted, split = one_kind_each(fitted, file=path.name)
    shapes = shapes_of(fitted, file=path.name)
    options = {"ENCODING": {"UTF-8": "UTF-8", "GBK": "CP936"}[encoding], "BOUNDS": _bounds(shapes)}
    step = 0.0
    if is_tab:
        box = [float(v) for v in options["BOUNDS"].split(",")]
        step = max(box[2] - box[0], box[3] - box[1]) / 2**31
    else:
        options["FORMAT"] = "MIF"
    with staging(path) as stage:
        target = stage.folder / path.name
        more = write_layer(target, fitted, shapes, range(len(fitted.rows)), driver="MapInfo File", **options)
        require_same(target, shapes, file=path.name, names=[f.name for f in fitted.fields], tolerance=max(step, 1e-7))
        from spatial.systems import identify

        if identify(table.crs or 4326).datum == "cgcs2000":
            zh, en = (
                "格式没有 CGCS2000，坐标不变，标为 WGS 84",
                "the format has no CGCS2000: same numbers, marked WGS 84",
            )
            notes.append(Note(code="crs_marked_wgs84", file=path.name, zh=zh, en=en))
        return WrittenFiles(paths=commit_set(stage, path), notes=grouped([*notes, *split, *more]))


def _bounds(shapes: NDArray[np.object_]) -> str:
    west, south, east, north = shapely.total_bounds(shapes)
    if not np.isfinite([west, south, east, north]).all():
        return "-180,-90,180,90"
    # MapInfo stores 32-bit steps of these; whole numbers, and not nothing
    return ",".join(
        str(v) for v in (math.floor(west) - 1, math.floor(south) - 1, math.ceil(east) + 1, math.ceil(north) + 1)
    )


def _fitted_for_mapinfo(table: Table, *, file: str, encoding: Encoding, one_line: bool) -> tuple[Table, list[Note]]:
    """Texts in the encoding and up to 254 bytes; numbers with nulls as text."""
    notes: list[Note] = []
    fields: list[Field] = []
    columns: list[list[Value]] = []
    for at, field in enumerate(table.fields):
        values: list[Value] = [row[at] for row in table.rows]
        made = field
        if field.type != "text" and any(value is None for value in values):
            zh, en = (
                "格式没有空值（会变成 0），该数字列写为文本",
                "the format has no null but 0: numbers written as text",
            )
            notes.append(Note(code="number_as_text", file=file, field=field.name, zh=zh, en=en))
            made = replace(field, type="text", width=0, decimals=-1)
            values = [None if value is None else str(value) for value in values]
        for row, value in enumerate(values):
            if isinstance(value, str) and made.type == "text":
                values[row] = _fitted_text(
                    value, field.name, row=row, file=file, encoding=encoding, one_line=one_line, notes=notes
                )
        fields.append(made)
        columns.append(values)
    if not fields:
        fields.append(Field(name="ID", long_name_zh="序号", long_name_en="number", type="integer"))
        columns.append(list(range(1, len(table.rows) + 1)))
        zh, en = (
            "没有属性，加一列序号（格式至少一列）",
            "there are no attributes: a number is added, since the format has one",
        )
        notes.append(Note(code="number_added", file=file, zh=zh, en=en))
    rows = tuple(zip(*columns, strict=True))
    return replace(table, fields=tuple(fields), rows=rows), notes


def _fitted_text(
    value: str, field: str, *, row: int, file: str, encoding: Encoding, one_line: bool, notes: list[Note]
) -> str:
    def note(code: str, zh: str, en: str) -> None:
        notes.append(Note(code=code, file=file, field=field, rows=(row + 1,), zh=zh, en=en))

    made = encodable(value, encoding)
    for what, by in made.replaced:
        note(
            "character_replaced", f"{encoding} 没有字符 {what}，写为 {by}", f"{encoding} has no {what}; written as {by}"
        )
    for what in made.marked:
        code = f"U+{ord(what):04X}"
        note("character_marked", f"{encoding} 没有字符 {code}", f"{encoding} has no {code}; it is marked")
    text = made.text
    if one_line and any(c in text for c in "\r\n"):
        text = " ".join(text.splitlines())
        note("line_ends_replaced", "换行写为空格", "line ends are written as blanks")
    short = cut(text, _MAP_WIDTH, encoding)
    if short != text:
        note(
            "text_cut", f"超过 {_MAP_WIDTH} 字节，截短并以 … 结尾", f"longer than {_MAP_WIDTH} bytes: cut, ending in …"
        )
    return short
