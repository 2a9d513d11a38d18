"""Tables of samples (rows: sections and dates, columns: indicators) to values in the units of the limits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from layers.errors import SampleTableError, SampleUnitError, SampleValueError
from layers.fields import fold
from layers.kinds.monitoring_sections import water_class_of
from layers.water_quality.cells import read_cell, state_of
from layers.water_quality.headers import Column, HeaderError, column_of, meaning_of, table_unit
from layers.water_quality.model import Measurement, Published, Sample
from layers.water_quality.units import Unit, between, unit_of

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from layers.water_quality.standards import Indicator, Standard

__all__ = ["SampleTable", "class_named", "measured", "read_samples", "samples_of_rows"]

_HEADER_ROWS = 12
_NO_SAMPLES = {
    *(
        "平均",
        "平均值",
        "均值",
        "年均值",
        "最大值",
        "最小值",
        "最大",
        "最小",
        "标准限值",
        "标准值",
        "评价标准",
        "限值",
        "标准",
    ),
    *("合计", "超标率", "mean", "max", "min", "limit"),
}
_DETECTION = ("检出限", "detectionlimit", "mdl")
_NO_UNIT = ("none", "colour", "turbidity")


@dataclass(frozen=True, kw_only=True)
class SampleTable:
    """
    A table, read.

    Parameters
    ----------
    file, sheet
        Where it stood.
    samples
        One a row, in order.
    ignored
        Headers of columns that hold neither an indicator of the standard nor what is known of a sample.
    skipped
        Rows that are no samples (means, limits), by their first word.
    """

    file: str
    sheet: str | None
    samples: tuple[Sample, ...]
    ignored: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


def measured(text: str) -> Measurement:
    """
    A value as somebody writes it, in the unit of the limits.

    Raises
    ------
    ValueError
        If it is no value.

    Examples
    --------
    >>> measured("0.01L").value, measured("0.01L").high
    (Decimal('0.005'), Decimal('0.01'))
    """
    written = read_cell(text)
    if written is None or written.unit:
        raise ValueError(f"{text!r} is no value in the unit of the limit")
    return written.measurement(text)


def class_named(text: str, asked: Standard) -> str | None:
    """
    Code of the class a text names (``Ⅲ类``, ``III``, ``3``, ``劣V``), None if it names none of the standard.

    Examples
    --------
    >>> from layers.water_quality.standards import standard
    >>> surface, ground = standard("gb3838"), standard("gbt14848")
    >>> class_named("劣V类", surface), class_named("劣V类", ground), class_named("三类", surface)
    ('VI', None, 'III')
    """
    code = water_class_of(text)
    return code if code in asked.classes else None


def read_samples(
    path: str | os.PathLike[str], asked: Standard, *, sheet: str | None = None, unit: str | None = None
) -> SampleTable:
    """
    The samples of a CSV file or a workbook (XLSX, XLSB, XLS, ODS).

    Parameters
    ----------
    path
        The file.
    asked
        Whose indicators the columns are.
    sheet
        Which sheet; default: the first visible one with a column of an indicator.
    unit
        Unit of columns that state none, where the table states none either.

    Raises
    ------
    ReadingError
        If the file cannot be read.
    SampleTableError
        If no column names an indicator, or two name the same one.
    SampleUnitError
        If a unit is missing, unknown, or of another kind than the limit's.
    SampleValueError
        If a cell is no value.
    """
    from spatial.reading.cells import read_cells

    file = Path(path).name
    sheets = [(found.name, found.visible, found.rows) for found in read_cells(path)]
    if sheet is not None:
        sheets = [(name, True, rows) for name, _, rows in sheets if name == sheet]
    shown = [(name, rows) for name, visible, rows in sheets if visible]
    for name, rows in shown:
        if _header_row(rows, asked) is not None:
            return samples_of_rows(rows, asked, file=file, sheet=name, unit=unit)
    raise SampleTableError(
        file=file,
        detail=f"no column in its first {_HEADER_ROWS} rows names an indicator of {asked.number}",
        remedy="Put one indicator a column, its name and unit in the header, such as 氨氮(mg/L)",
    )


def _header_row(rows: Sequence[Sequence[str]], asked: Standard) -> int | None:
    best, most = None, 0
    for at, row in enumerate(rows[:_HEADER_ROWS]):
        named = {fold(cell) for cell in row if _is_indicator(cell, asked)}
        found = len(named) + sum(meaning_of(cell) is not None for cell in row) if named else 0
        if found > most:
            best, most = at, found
    return best


def _is_indicator(cell: str, asked: Standard) -> bool:
    try:
        return bool(cell) and column_of(cell, asked) is not None
    except HeaderError:
        return True


def samples_of_rows(
    rows: Sequence[Sequence[str]], asked: Standard, *, file: str, sheet: str | None = None, unit: str | None = None
) -> SampleTable:
    """
    Samples of rows of text; see `read_samples`.

    Examples
    --------
    >>> from layers.water_quality.standards import standard
    >>> rows = [["断面", "日期", "汞(ug/L)"], ["某断面", "2026-01", "0.04L"], ["某断面", "2026-02", "断流"]]
    >>> table = samples_of_rows(rows, standard("gb3838"), file="a.csv")
    >>> str(table.samples[0].values["mercury"].high), table.samples[1].state
    ('0.00004', 'dry')
    """
    top = _header_row(rows, asked)
    if top is None:
        raise SampleTableError(file=file, detail="no column names an indicator", remedy="Put names into one row")
    width = max(len(row) for row in rows)
    header = [*rows[top], *[""] * (width - len(rows[top]))]
    columns, meanings, ignored = _columns(header, asked, file=file)
    stated = next((found for row in rows[:top] for cell in row if (found := table_unit(cell))), None)
    if unit is not None and (stated := unit_of(unit)) is None:
        raise SampleUnitError(file=file, column="", detail=f"{unit!r} is no unit that is known here")
    first = top + 1
    below = list(rows[first]) if first < len(rows) else []
    units_below = {at: found for at in columns if at < len(below) and (found := unit_of(_bare(below[at])))}
    if units_below and not any(at not in units_below and at < len(below) and below[at].strip() for at in columns):
        first += 1
    else:
        units_below = {}
    units = {at: _unit(one, units_below.get(at), stated, header=header[at], file=file) for at, one in columns.items()}
    return _table(
        rows[first:], asked, columns, units, meanings, file=file, sheet=sheet, first=first + 1, ignored=ignored
    )


def _bare(text: str) -> str:
    return text.strip().strip("()（）[]")


def _columns(
    header: Sequence[str], asked: Standard, *, file: str
) -> tuple[dict[int, Column], dict[str, int], tuple[str, ...]]:
    columns: dict[int, Column] = {}
    meanings: dict[str, int] = {}
    ignored = []
    for at, cell in enumerate(header):
        meaning = meaning_of(cell)
        if meaning is not None:
            meanings.setdefault(meaning, at)
            continue
        try:
            column = column_of(cell, asked) if cell.strip() else None
        except HeaderError as error:
            raise SampleUnitError(file=file, column=cell.strip(), detail=error.detail) from None
        if column is None:
            ignored += [cell.strip()] if cell.strip() else []
            continue
        twin = next((one for one in columns.values() if one.indicator is column.indicator), None)
        if twin is not None:
            raise SampleTableError(
                file=file,
                detail=f"two columns name {column.indicator.name}, the second is {cell.strip()!r}",
                remedy="Keep the one that is to be assessed",
            )
        columns[at] = column
    return columns, meanings, tuple(ignored)


def _unit(column: Column, below: Unit | None, stated: Unit | None, *, header: str, file: str) -> Unit:
    asked = unit_of(column.indicator.unit)
    assert asked is not None
    header = header.strip()
    if column.unit is not None and below is not None and column.unit != below:
        detail = f"its header says {column.unit.name}, the row below {below.name}"
        raise SampleUnitError(file=file, column=header, detail=detail)
    found = column.unit or below
    if found is None and stated is not None and stated.kind == asked.kind:
        found = stated
    if found is None and (asked.kind in _NO_UNIT or column.indicator.rule == "absent"):
        return asked
    if found is None:
        raise SampleUnitError(file=file, column=header, detail="it states no unit, and the table states none for it")
    if found.kind != asked.kind and not (found.kind == "none" and asked.kind in _NO_UNIT):
        detail = f"{found.name} is no unit of {column.indicator.name}, whose limits are in {column.indicator.unit}"
        raise SampleUnitError(file=file, column=header, detail=detail)
    return found if found.kind == asked.kind else asked


def _table(
    rows: Sequence[Sequence[str]],
    asked: Standard,
    columns: Mapping[int, Column],
    units: Mapping[int, Unit],
    meanings: Mapping[str, int],
    *,
    file: str,
    sheet: str | None,
    first: int,
    ignored: tuple[str, ...],
) -> SampleTable:
    samples: list[Sample] = []
    skipped: list[str] = []
    limits: dict[str, Measurement] = {}
    for number, row in enumerate(rows, start=first):
        said = {code: row[at].strip() if at < len(row) else "" for code, at in meanings.items()}
        if not any(cell.strip() for cell in row):
            continue
        names = [fold(said.get("section", "")), fold(said.get("date", "")), fold(row[0])]
        is_limits = any(word in name for name in names for word in _DETECTION)
        title = next((name for name in names if name in _NO_SAMPLES), None)
        if title is not None and not is_limits:
            skipped.append(title)
            continue
        values: dict[str, Measurement] = {}
        states = [state_of(text) for text in (said.get("remark", ""), said.get("date", ""), said.get("section", ""))]
        for at, column in columns.items():
            cell = row[at].strip() if at < len(row) else ""
            states.append(state_of(cell))
            value = _value(cell, column.indicator, units[at], file=file, row=number)
            if value is not None:
                values[column.indicator.code] = value
        if is_limits:
            limits = {code: value for code, value in values.items() if value.value is not None}
            continue
        samples.append(_sample(said, values, next((one for one in states if one), None), asked, row=number))
    done = tuple(replace(one, values=_with_limits(one.values, limits)) for one in samples) if limits else tuple(samples)
    return SampleTable(file=file, sheet=sheet, samples=done, ignored=ignored, skipped=tuple(skipped))


def _with_limits(values: Mapping[str, Measurement], limits: Mapping[str, Measurement]) -> dict[str, Measurement]:
    """Detection limits of a row of their own, for values that state none."""
    return {
        code: replace(value, value=limits[code].high / 2, high=limits[code].high)
        if value.is_below and value.value is None and code in limits
        else value
        for code, value in values.items()
    }


def _sample(
    said: Mapping[str, str], values: dict[str, Measurement], state: str | None, asked: Standard, *, row: int
) -> Sample:
    dated = said.get("date", "")
    if said.get("year"):
        month = said.get("month") or dated
        dated = f"{said['year'].rstrip('年')}-{month.rstrip('月').zfill(2)}" if month else said["year"].rstrip("年")
    warnings = ["state_beside_values"] if state is not None and values else []
    target = class_named(said.get("target", ""), asked) if said.get("target") else None
    if said.get("target") and target is None:
        warnings.append("target_not_understood")
    published = None
    if said.get("published"):
        code = class_named(said["published"], asked)
        published = Published(class_=code, text=said["published"], basis=said.get("basis", ""))
        if code is None and state_of(said["published"]) is None:
            warnings.append("published_not_understood")
    return Sample(
        section=said.get("section", ""),
        date=dated,
        values=values,
        state=None if values else state or (state_of(said.get("published", ""))),
        remark=said.get("remark", ""),
        target=target,
        published=published,
        row=row,
        warnings=tuple(warnings),
    )


def _value(cell: str, indicator: Indicator, unit: Unit, *, file: str, row: int) -> Measurement | None:
    try:
        if indicator.rule == "absent" and fold(cell) in ("-", ""):
            return None
        written = read_cell(cell)
    except ValueError:
        raise SampleValueError(file=file, row=row, column=indicator.name, text=cell) from None
    if written is None:
        return None
    if (written.present is not None) != (indicator.rule == "absent"):
        if written.present is False:  # 无: there is no value
            return None
        raise SampleValueError(file=file, row=row, column=indicator.name, text=cell)
    asked = unit_of(indicator.unit)
    assert asked is not None
    if written.unit:
        own = unit_of(written.unit)
        if own is None or own.kind != asked.kind:
            raise SampleValueError(file=file, row=row, column=indicator.name, text=cell)
        unit = own
    number = None if written.number is None else between(written.number, unit, asked)
    if indicator.code == "ph" and number is not None and number > 14:
        raise SampleValueError(file=file, row=row, column=indicator.name, text=cell)
    return replace(written, number=number).measurement(cell)
