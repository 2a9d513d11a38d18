"""``sanxian water``: classes of water samples by a standard, from the values in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from apps.cli.console import console_on, say, write_json
from apps.cli.options import lang_option

if TYPE_CHECKING:
    from decimal import Decimal
    from pathlib import Path

    from apps.cli.table import Page
    from layers.water_quality.model import Assessment, IndicatorResult, Published
    from layers.water_quality.samples import SampleTable
    from layers.water_quality.standards import Standard, StandardName
    from layers.water_quality.surface import Body
    from screening.words import Language

__all__ = ["class_label", "document_of", "water"]

_ROMAN = {"I": "Ⅰ", "II": "Ⅱ", "III": "Ⅲ", "IV": "Ⅳ", "V": "Ⅴ"}
_SHOWN = 6


@click.command(
    short_help="水质类别 / classes of water samples",
    help=(
        "按 GB 3838-2002（地表水）或 GB/T 14848-2017（地下水），由监测值得出单因子水质类别。FILE 为 CSV 或 Excel："
        "一行一个样品，一列一项指标，表头写单位，如 氨氮(mg/L)。公布的类别与由监测值得出的类别并列，互不改写。\n\n"
        "Classes of water samples from measured values, by the worst indicator. FILE is a CSV or workbook: a row a "
        "sample, a column an indicator, units in the header. A published class stands beside the one from the values."
    ),
)
@click.argument("file", metavar="FILE")
@click.option(
    "--standard",
    "standard_name",
    type=click.Choice(["gb3838", "gbt14848"]),
    default="gb3838",
    show_default=True,
    help="地表水或地下水 / surface water or groundwater",
)
@click.option(
    "--body",
    type=click.Choice(["river", "lake", "intake", "lake-intake"]),
    default=None,
    help="河流、湖库、河流型或湖库型饮用水取水口，默认河流 / river (default), lake or reservoir, intake on either",
)
@click.option(
    "--target", metavar="CLASS", help="水质目标，如 Ⅲ；优先于表中所列 / class asked for; overrides the table's"
)
@click.option("--yearly", is_flag=True, help="按断面和年份取算术平均后评价 / assess means of sections and years")
@click.option("--unit", metavar="UNIT", help="未注明单位的列的单位 / unit of columns that state none")
@click.option("--sheet", metavar="NAME", help="工作表 / sheet")
@click.option("--json", "json_to", metavar="F|-", help="写成 JSON；- 为标准输出 / as JSON; - is stdout")
@lang_option
def water(
    file: str,
    *,
    standard_name: StandardName,
    body: str | None,
    target: str | None,
    yearly: bool,
    unit: str | None,
    sheet: str | None,
    json_to: str | None,
    lang: Language,
) -> int:
    """``sanxian water FILE``."""
    from apps.cli.table import Page
    from layers.water_quality import groundwater, surface
    from layers.water_quality.means import yearly_means
    from layers.water_quality.samples import class_named, read_samples
    from layers.water_quality.standards import standard
    from screening.words import word

    asked = standard(standard_name)
    if body is not None and standard_name == "gbt14848":
        raise click.UsageError("--body 只用于地表水 / is for surface water only")
    wanted = None if target is None else class_named(target, asked)
    if target is not None and wanted is None:
        raise click.BadParameter(
            f"{target!r} 不是水质类别，如 Ⅲ / is no class of water, such as III", param_hint="--target"
        )
    table = read_samples(file, asked, sheet=sheet, unit=unit)
    samples = yearly_means(table.samples, asked) if yearly else table.samples
    kind: Body = (body or "river").replace("-", "_")  # type: ignore[assignment]
    found = [
        surface.assess(one, body=kind, target=wanted)
        if standard_name == "gb3838"
        else groundwater.assess(one, target=wanted)
        for one in samples
    ]
    console = console_on(stderr=json_to == "-")
    _print(Page(console, lang), asked, table, found, target=wanted)
    if json_to is not None:
        written = _write(json_to, document_of(asked, table, found, target=wanted))
        if written is not None:
            say(console, word("cli.wrote_json", lang, path=written))
    return 0


def _write(json_to: str, document: dict[str, Any]) -> Path | None:
    import json
    from pathlib import Path

    from apps.cli.outputs import write_text

    if json_to == "-":
        write_json(document)
        return None
    return write_text(Path(json_to), json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def class_label(class_: str | None, language: Language = "zh") -> str:
    """
    A class as it is printed: Ⅲ, 劣Ⅴ; a dash for none.

    Examples
    --------
    >>> class_label("III"), class_label("VI"), class_label("VI", "en"), class_label(None)
    ('Ⅲ', '劣Ⅴ', 'worse than Ⅴ', '-')
    """
    return "-" if class_ is None else _ROMAN.get(class_, "劣Ⅴ" if language == "zh" else "worse than Ⅴ")


def _number(value: Decimal | None) -> float | None:
    return None if value is None or not value.is_finite() else float(value)


def document_of(
    asked: Standard, table: SampleTable, found: list[Assessment], *, target: str | None = None
) -> dict[str, Any]:
    """
    What was assessed, as JSON: numbers in the units of the limits, codes of classes (``VI`` is worse than V).

    Parameters
    ----------
    asked, table, found
        The standard, the table, one assessment a sample.
    target
        Class asked for on the command line.
    """
    return {
        "standard": asked.number,
        "file": table.file,
        "sheet": table.sheet,
        "target": target,
        "ignored_columns": list(table.ignored),
        "skipped_rows": list(table.skipped),
        "samples": [_sample_document(one, target) for one in found],
    }


def _sample_document(one: Assessment, target: str | None) -> dict[str, Any]:
    sample, published = one.sample, one.sample.published
    return {
        "section": sample.section,
        "date": sample.date,
        "row": sample.row or None,
        "body": one.body or None,
        "samples_with_values": sample.months[0] if sample.values else 0,
        "samples_not_assessed": sample.months[1] if sample.row == 0 else int(not one.is_assessed),
        "status": "assessed" if one.is_assessed else "not_assessed",
        "reason": one.reason,
        "class_raw": one.class_raw,
        "class_is_lower_bound": one.class_is_lower_bound,
        "worst": list(one.worst),
        "main_pollutants": list(one.main_pollutants),
        "class_assessed": None if published is None else published.class_,
        "class_assessed_text": None if published is None else published.text,
        "class_assessed_basis": None if published is None else published.basis,
        "target": target or sample.target,
        "target_missed_raw": one.target_missed,
        "target_missed_assessed": one.published_missed,
        "exceedances": [{"indicator": code, "multiple": _number(times)} for code, times in one.exceedances],
        "not_met": list(one.not_met),
        "missing": list(one.missing),
        "undecided": list(one.undecided),
        "warnings": list(sample.warnings),
        "values": [_value_document(value) for value in (*one.results, *one.reference)],
    }


def _value_document(one: IndicatorResult) -> dict[str, Any]:
    measured = one.measurement
    return {
        "indicator": one.indicator.code,
        "name": one.indicator.name,
        "text": measured.text or None,
        "value": _number(measured.value),
        "low": _number(measured.low),
        "high": _number(measured.high),
        "unit": one.indicator.unit,
        "below_detection": measured.is_below,
        "count": measured.count,
        "count_below_detection": measured.count_below,
        "class": one.class_,
        "class_best": one.class_best,
        "class_worst": one.class_worst,
        "limit_met": one.is_met,
        "role": "reference" if one.is_reference else "assessed",
    }


def _print(page: Page, asked: Standard, table: SampleTable, found: list[Assessment], *, target: str | None) -> None:
    def said(code: str, **facts: object) -> str:
        from screening.words import word

        return word(f"water.{code}", page.language, **facts)

    title = asked.title if page.language == "zh" else asked.english
    page.title(f"{asked.number} {title}")
    page.pairs([(said("file"), table.file), (said("samples"), len(found))])
    page.heading(said("samples"))
    rows: list[list[object]] = []
    for one in found:
        published = one.sample.published
        rows.append(
            [
                one.sample.section or f"{one.sample.row}",
                one.sample.date or "-",
                _class_cell(one, page, said),
                page.pause.join(_worst_cell(one, page)) or "-",
                class_label(target or one.sample.target, page.language),
                said(f"missed_{one.target_missed}"),
                _published_cell(published, page),
                "-" if published is None else said(f"missed_{one.published_missed}"),
            ]
        )
    heads = ("section", "date", "class_raw", "worst", "target", "missed", "class_assessed", "missed_assessed")
    page.table([(said(head), "whole" if head == "date" else "left") for head in heads], rows)
    notes = [line for one in found for line in _notes(one, page, said)]
    for code, names in (("ignored", table.ignored), ("skipped", table.skipped)):
        if names:
            notes.append(f"{said(code)}{page.colon}{page.pause.join(names)}")
    if notes:
        page.heading(said("notes"))
    for line in notes:
        page.line(f"* {line}")
    page.print()
    page.line(said("rule"), "dim")


def _class_cell(one: Assessment, page: Page, said: Any) -> str:
    if not one.is_assessed:
        return f"{said('not_assessed')} ({said(f'reason_{one.reason}')})"
    label = class_label(one.class_raw, page.language)
    return str(said("at_least", label=label)) if one.class_is_lower_bound and one.class_raw is not None else label


def _names(codes: tuple[str, ...], one: Assessment, page: Page) -> str:
    indicators = [one.standard.indicator(code) for code in codes]
    names = [found.name if page.language == "zh" else found.english for found in indicators]
    more = [f"... ({len(names)})"] if len(names) > _SHOWN else []
    return page.pause.join([*names[:_SHOWN], *more])


def _published_cell(published: Published | None, page: Page) -> str:
    if published is None:
        return "-"
    return published.text if published.class_ is None else class_label(published.class_, page.language)


def _worst_cell(one: Assessment, page: Page) -> list[str]:
    times = dict(one.exceedances)
    cells = []
    for result in one.results:
        code = result.indicator.code
        if code not in one.worst and result.is_met is not False:
            continue
        name = result.indicator.name if page.language == "zh" else result.indicator.english
        multiple = times.get(code)
        cells.append(name if multiple is None else f"{name}({multiple:.2f})")
    return cells


def _notes(one: Assessment, page: Page, said: Any) -> list[str]:
    sample = one.sample
    who = " ".join(part for part in (sample.section, sample.date) if part) or str(sample.row)
    found = []
    if sample.row == 0 and sample.months != (1, 0):
        found.append(said("months", used=sample.months[0], unused=sample.months[1]))
    if one.is_assessed and one.missing:
        code = "missing_open" if one.class_is_lower_bound else "missing"
        found.append(said(code, count=len(one.missing), names=_names(one.missing, one, page)))
    if one.undecided:
        found.append(said("undecided", names=_names(one.undecided, one, page)))
    if one.not_met:
        found.append(said("not_met", names=_names(one.not_met, one, page)))
    if one.main_pollutants:
        found.append(said("main", names=_names(one.main_pollutants, one, page)))
    if one.body.endswith("intake"):
        chosen = sum(result.indicator.table == 3 for result in one.results)
        found.append(said("table_3", count=chosen))
    beside = [result for result in one.reference if result.class_ is not None]
    if beside:
        names = page.pause.join(
            f"{_names((result.indicator.code,), one, page)} {class_label(result.class_, page.language)}"
            for result in beside
        )
        found.append(said("reference", names=names))
    if sample.published is not None:
        basis = sample.published.basis or said("basis_blank")
        found.append(said("published", text=sample.published.text, basis=basis))
    found += [said(f"warning_{code}") for code in sample.warnings]
    return [f"{who}{page.colon}{line}" for line in found]
