"""What was read, as tables that can be written: columns with one type each, layers apart or merged."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from spatial.writing.model import Field, Note, Table, grouped
from spatial.writing.text import CODECS, encodable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spatial.conversion.formats import Format
    from spatial.reading.model import Reading
    from spatial.writing.model import FieldType, Value
    from spatial.writing.text import Encoding

__all__ = ["for_shapefile", "tables_of"]

_WIDEST = 2**63
_LAYER = "LAYER"


def tables_of(reading: Reading, form: Format, *, file: str, crs: int) -> tuple[list[Table], tuple[Note, ...]]:
    """
    Tables for a format: one a layer where it holds layers, else one.

    Parameters
    ----------
    reading
        What was read, its geometries in ``crs``.
    form
        Its rule of names is applied.
    file
        For notes.
    crs
        EPSG code of the geometries.

    Returns
    -------
    tables, notes
        Columns are ``integer`` or ``number`` where all values are, else ``text``. Nested values become JSON, true and
        false 1 and 0, numbers that are not finite null; each is noted, as are columns and layers renamed.
    """
    layers = list(dict.fromkeys(reading.feature_layers)) or list(reading.layer_names[:1]) or ["layer"]
    notes: list[Note] = []
    merged = len(layers) > 1 and not form.keeps.layers
    if merged:
        zh, en = f"各图层合并，{_LAYER} 列写明原图层", f"layers are merged; column {_LAYER} tells which each row was in"
        notes.append(Note(code="layers_merged", file=file, zh=zh, en=en))
    groups = [layers] if merged else [[layer] for layer in layers]
    titles = [_title(group[0], number) for number, group in enumerate(groups, start=1)]
    wanted = list(form.rule.fitted(titles)) if form.rule.words else _apart(titles)
    for title, name in zip(titles, wanted, strict=True):
        if title != name:
            zh, en = f"图层 {title} 改名为 {name}", f"layer {title} is called {name}"
            notes.append(Note(code="layer_renamed", file=file, zh=zh, en=en))
    tables = []
    for group, name in zip(groups, wanted, strict=True):
        at = [i for i, layer in enumerate(reading.feature_layers) if layer in group]
        rows: list[dict[str, Any]] = [dict(reading.attributes[i]) for i in at]
        if merged:
            key = next(k for k in (_LAYER, *(f"{_LAYER}_{n}" for n in range(2, 99))) if not any(k in r for r in rows))
            rows = [{key: reading.feature_layers[i], **row} for i, row in zip(at, rows, strict=True)]
        tables.append(_table(name, rows, [reading.geometries[i] for i in at], form, file=file, crs=crs, notes=notes))
    return tables, grouped(notes)


def _title(layer: str, number: int) -> str:
    return layer.strip() or f"layer_{number}"


def _apart(names: list[str]) -> list[str]:
    made: list[str] = []
    for name in names:
        count, this = 1, name
        while this.casefold() in {other.casefold() for other in made}:
            count += 1
            this = f"{name}_{count}"
        made.append(this)
    return made


def _table(
    name: str, rows: list[dict[str, Any]], shapes: list[Any], form: Format, *, file: str, crs: int, notes: list[Note]
) -> Table:
    keys = list(dict.fromkeys(key for row in rows for key in row))
    names = form.rule.fitted([str(key) for key in keys])
    fields: list[Field] = []
    columns: list[list[Value]] = []
    for key, made in zip(keys, names, strict=True):
        if made != key:
            zh, en = f"列名改为 {made}", f"the column is called {made}"
            notes.append(Note(code="field_renamed", file=file, field=str(key), zh=zh, en=en))
        kind, values = _column([row.get(key) for row in rows], str(key), file=file, notes=notes)
        fields.append(Field(name=made, long_name_zh=str(key), long_name_en=str(key), type=kind))
        columns.append(values)
    cells = tuple(zip(*columns, strict=True)) if columns else ((),) * len(rows)
    return Table(name=name, fields=tuple(fields), rows=cells, geometries=tuple(shapes), crs=crs)


def _column(raw: Sequence[Any], field: str, *, file: str, notes: list[Note]) -> tuple[FieldType, list[Value]]:
    """One type for all values of a column."""

    def note(code: str, row: int, zh: str, en: str) -> None:
        notes.append(Note(code=code, file=file, field=field, rows=(row,), zh=zh, en=en))

    values: list[Value] = []
    for row, value in enumerate(raw, start=1):
        if isinstance(value, bool):
            note("boolean_as_number", row, "真假写为 1 和 0", "true and false are written as 1 and 0")
            values.append(int(value))
        elif isinstance(value, float) and not math.isfinite(value):
            note("not_finite_null", row, "非有限数值写为空值", "a number that is not finite is written as null")
            values.append(None)
        elif value is None or isinstance(value, str | int | float):
            values.append(value)
        else:
            note("nested_as_json", row, "嵌套的值写为 JSON 文本", "a nested value is written as JSON")
            values.append(json.dumps(value, ensure_ascii=False, default=str))
    kinds = {type(value) for value in values if value is not None}
    wide = any(isinstance(value, int) and not -_WIDEST <= value < _WIDEST for value in values)
    inexact = float in kinds and any(isinstance(value, int) and int(float(value)) != value for value in values)
    if kinds == {int} and not wide:
        return "integer", values
    if kinds and kinds <= {int, float} and not wide and not inexact:
        return "number", [None if value is None else float(value) for value in values]
    if kinds - {str}:
        zh, en = (
            "一列中有数字也有文本（或数字过长），全列写为文本",
            "numbers and texts in one column, or too long: all as text",
        )
        notes.append(Note(code="mixed_as_text", file=file, field=field, zh=zh, en=en))
    return "text", [None if value is None else str(value) for value in values]


def for_shapefile(table: Table, *, encoding: Encoding, file: str) -> tuple[Table, tuple[Note, ...]]:
    """
    The table with columns as wide as their values, and as many decimals as they have, within 18 digits.

    Returns
    -------
    table, notes
        A number that needs more digits is rounded and noted; one wider than 18 digits makes its column text.
    """
    notes: list[Note] = []
    fields, columns = [], []
    for at, field in enumerate(table.fields):
        values: list[Value] = [row[at] for row in table.rows]
        if field.type == "text":
            longest = max((len(_bytes(v, encoding)) for v in values if isinstance(v, str)), default=0)
            fields.append(replace(field, width=min(max(longest, 1), 254)))
        else:
            numbers = [v for v in values if isinstance(v, int | float)]
            decimals, fits = _decimals(numbers) if field.type == "number" else (0, True)
            width = max((len(f"{v:.{decimals}f}") for v in numbers), default=1)
            if width > 18:
                zh, en = "超过 18 位的数字写为文本", "numbers of more than 18 digits are written as text"
                notes.append(Note(code="number_as_text", file=file, field=field.name, zh=zh, en=en))
                values = [None if v is None else str(v) for v in values]
                fields.append(replace(field, type="text", width=max(len(str(v)) for v in values), decimals=-1))
            else:
                if not fits:
                    zh = f"数字四舍五入到 {decimals} 位小数（DBF 最多 18 位）"
                    en = f"numbers are rounded to {decimals} decimals: a DBF has 18 digits"
                    notes.append(Note(code="number_rounded", file=file, field=field.name, zh=zh, en=en))
                least = decimals + 2 if decimals else 1
                fields.append(replace(field, width=max(width, least), decimals=decimals))
        columns.append(values)
    if not fields:
        fields.append(Field(name="ID", long_name_zh="序号", long_name_en="number", type="integer", width=9))
        columns.append(list(range(1, len(table.rows) + 1)))
        zh, en = (
            "没有属性，加一列序号（DBF 至少一列）",
            "there are no attributes: a number is added, since a DBF has one",
        )
        notes.append(Note(code="number_added", file=file, zh=zh, en=en))
    rows = tuple(zip(*columns, strict=True)) if table.rows else ()
    return replace(table, fields=tuple(fields), rows=rows), tuple(notes)


def _bytes(text: str, encoding: Encoding) -> bytes:
    return encodable(text, encoding).text.strip(" ").encode(CODECS[encoding])


def _decimals(numbers: Sequence[float]) -> tuple[int, bool]:
    """Decimals that hold all numbers exactly as they print, as far as 18 characters allow; and whether they do."""
    needed = max((-int(Decimal(repr(v)).as_tuple().exponent) for v in numbers), default=0)
    room = 18 - max((len(f"{int(v)}") for v in numbers), default=1) - 2
    decimals = max(0, min(needed, room, 15))
    return decimals, decimals >= needed
