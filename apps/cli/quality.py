"""``sanxian quality``: what is wrong with the layers of a workspace, as a table, JSON and a layer one can open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apps.cli.options import DATE, lang_option, region_option, workspace_argument

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from apps.cli.table import Page
    from layers.quality.model import QualityFinding, QualityReport
    from layers.workspace.address import Place
    from screening.words import Language
    from spatial.writing.model import Table, Value

__all__ = ["finding_words", "print_quality", "problem_tables", "quality"]

_MOST = 20
"""Findings of one code that are printed; the JSON and the layer have all."""
_NAMED = 3
_STYLES = {"error": "bold red", "warning": "bold yellow", "information": "bold cyan"}
_CATALOGUED = {"damage": "damage", "kind": "kind", "class": "class", "method": "method"}
"""Facts whose values are codes, and the table of words they are of."""


@click.command(
    short_help="检查图层质量 / check the layers themselves",
    help=(
        "检查工作区中的图层：管控单元是否铺满全市、编码、重复、水源一级区与二级区、前后版本、损坏与缺项。"
        "发现的问题可写成 GeoPackage，用 QGIS 打开。\n\n"
        "Check the layers of a workspace: whether units tile their city, codes, duplicates, zones 1 and 2 of water "
        "sources, version against version, damage and what is not stated. Problems can be written as a GeoPackage. "
        "Problems are findings: the exit status is 0."
    ),
)
@workspace_argument
@region_option(
    "管控单元应铺满的行政区划代码；默认工作区的区域 / districts that units should tile; default: the workspace's"
)
@click.option("--as-of", type=DATE, help="检查日期，默认今天 / date at which the layers are asked; default today")
@click.option("--json", "json_to", metavar="F|-", help="写成 JSON；- 为标准输出 / as JSON; - is stdout")
@click.option("--output", metavar="F.gpkg", help="把有位置的发现写成图层 / findings with a place as layers")
@lang_option
def quality(
    workspace: Place, *, region: str | None, as_of: str | None, json_to: str | None, output: str | None, lang: Language
) -> None:
    """``sanxian quality WS``."""
    from apps.cli.console import console_on, say, write_json
    from apps.cli.outputs import write_text
    from apps.cli.table import Page
    from layers.quality.document import quality_document
    from layers.quality.inspection import inspect_quality
    from layers.workspace import open_workspace
    from screening.screen import today
    from screening.words import word

    target = None if output is None else Path(output)
    if target is not None and not target.is_dir() and target.suffix.casefold() != ".gpkg":
        raise click.UsageError(f"--output 须为 .gpkg 文件 / must be a .gpkg file: {output}")
    store = open_workspace(workspace)
    codes = None if region is None else region.split(",")
    report = inspect_quality(store, as_of=as_of or today(), region=codes)
    document = quality_document(report)
    for found, entry in zip(report.findings, document["findings"], strict=True):
        entry |= {"zh": finding_words(found, "zh"), "en": finding_words(found, "en")}
    console = console_on(stderr=json_to == "-")
    if json_to == "-":
        write_json(document)
    else:
        print_quality(Page(console, lang), report, path=store.root)
    if json_to not in (None, "-"):
        text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
        say(console, word("cli.wrote_json", lang, path=write_text(Path(str(json_to)), text)))
    if target is not None:
        path = target / _own_name(report) if target.is_dir() else target
        _write(path, report)
        count = sum(found.place is not None for found in report.findings)
        say(console, word("quality.wrote", lang, path=path, count=count))


# --- words ---------------------------------------------------------------------------------------------------------


def finding_words(found: QualityFinding, language: Language) -> str:
    """
    A finding in words, its figures with their units.

    Examples
    --------
    >>> from layers.quality.model import finding
    >>> finding_words(finding("gap", layers=["units"], facts={"accuracy_m": 25.0}), "en")
    'a gap between units, wider than their accuracy of 25.00 m'
    """
    from screening.words import word

    said = {name: _fact(name, value, language) for name, value in found.facts.items()}
    return word(f"quality.{found.code}", language, **said)


def _fact(name: str, value: object, language: Language) -> str:
    from maps import phrases
    from screening.words import word

    if value is None:
        return "-"
    if name in _CATALOGUED:
        return phrases.code_word(_CATALOGUED[name], value, language)
    if name.endswith("_m2") and isinstance(value, int | float):
        return _square(float(value), language)
    if name.endswith("_m") and isinstance(value, int | float):
        return f"{value:,.2f} {word('unit.metres', language)}"
    if name.endswith("_share") and isinstance(value, int | float):
        return phrases.share(float(value))
    return phrases.clean(value)


def _square(square_metres: float, language: Language) -> str:
    """Square metres, above a square kilometre in those."""
    from screening.words import word

    if abs(square_metres) >= 1e6:
        return f"{square_metres / 1e6:,.4f} {word('quality.km2', language)}"
    return f"{square_metres:,.2f} {word('unit.square_metres', language)}"


# --- table ---------------------------------------------------------------------------------------------------------


def print_quality(page: Page, report: QualityReport, *, path: Place) -> None:
    """
    Print a report: what was checked, then what was found, the gravest first.

    Parameters
    ----------
    page
        Where to, and in which language.
    report
        Of ``layers.quality.inspection.inspect_quality``.
    path
        The workspace.
    """
    from layers.quality.model import SEVERITIES

    def said(code: str, **facts: object) -> str:
        from screening.words import word

        return word(f"quality.{code}", page.language, **facts)

    page.title(f"{said('title')}{page.colon}{path}")
    mark = _marks(report, _all_layers(report), page.language)
    if mark:
        page.line(f"** {mark} **", "bold yellow")
    city = report.city
    outline = said("no_city")
    if city is not None:
        names = page.pause.join(city.names)
        accuracy = _fact("accuracy_m", city.accuracy_m, page.language)
        outline = said("city_of", names=names, codes=", ".join(city.codes), accuracy_m=accuracy)
    counts = said("counts_of", **{severity: report.count(severity) for severity in SEVERITIES})
    page.pairs([(said("as_of"), report.as_of), (said("city"), outline), (said("counts"), counts)])
    page.heading(said("checks"))
    rows = []
    for run in report.checks:
        why = None if run.why is None else said(f"why_{run.why}")
        made = (
            said("not_made", why=why) if not run.done else said("made") if why is None else said("made_partly", why=why)
        )
        rows.append([said(f"check_{run.check}"), made])
    page.table([(said("column_check"), "left"), (said("column_made"), "left")], rows)
    if not report.findings:
        page.line(said("nothing"))
    columns = [(said(f"column_{c}"), "left") for c in ("finding", "layers", "features", "place")]
    for severity in SEVERITIES:
        some = [found for found in report.findings if found.severity == severity]
        if some:
            page.heading(f"{said(f'severity_{severity}')} {len(some)}")
            page.table([*columns, (said("column_size"), "right")], _rows(page, some))
    page.line(said("no_answer"), "dim")


def _rows(page: Page, findings: Sequence[QualityFinding]) -> list[list[object]]:
    from screening.words import word

    rows: list[list[object]] = []
    for code in dict.fromkeys(found.code for found in findings):
        same = [found for found in findings if found.code == code]
        for found in same[:_MOST]:
            text = page.text(finding_words(found, page.language), _STYLES[found.severity])
            place = "-" if found.place is None else f"{found.place[0]:.6f}, {found.place[1]:.6f}"
            rows.append([text, page.pause.join(found.layers) or "-", _features(page, found), place, _size(page, found)])
        if len(same) > _MOST:
            more = word("quality.more", page.language, count=len(same) - _MOST)
            rows.append([page.text(more, "dim"), "", "", "", ""])
    return rows


def _features(page: Page, found: QualityFinding) -> str:
    from screening.words import word

    names = [" ".join(part for part in (name.code, name.name) if part) or name.id for name in found.features]
    said = page.comma.join(names[:_NAMED]) or "-"
    if len(names) > _NAMED:
        said += f" {word('quality.features_more', page.language, count=len(names))}"
    return said


def _size(page: Page, found: QualityFinding) -> str:
    from screening.words import word

    if found.area_m2 is None:
        return "-" if found.length_m is None else _fact("length_m", found.length_m, page.language)
    size = _square(found.area_m2, page.language)
    return size if found.parts < 2 else f"{size}{page.pause}{word('quality.parts', page.language, count=found.parts)}"


# --- layer ---------------------------------------------------------------------------------------------------------


def problem_tables(report: QualityReport) -> list[Table]:
    """
    A report as tables for a GeoPackage.

    Returns
    -------
    tables
        ``problem_areas`` (polygons, EPSG:4490), ``problem_points`` (a point for what has a place and no area),
        ``problems_without_place`` and ``checks`` (what was looked at); the first three only where there are rows.
    """
    import shapely

    from spatial.writing import Table

    numbered = list(enumerate(report.findings, start=1))
    areas = [(n, f) for n, f in numbered if f.geometry is not None]
    points = [(n, f) for n, f in numbered if f.geometry is None and f.place is not None]
    dots = tuple(shapely.Point(f.place) for _, f in points if f.place is not None)
    rest = [(n, f) for n, f in numbered if f.place is None]
    tables = []
    for name, some, geometries in (
        ("problem_areas", areas, tuple(f.geometry for _, f in areas)),
        ("problem_points", points, dots),
        ("problems_without_place", rest, None),
    ):
        if some:
            rows = tuple(_values(report, number, found) for number, found in some)
            crs = None if geometries is None else 4490
            tables.append(Table(name=name, fields=_fields(), rows=rows, geometries=geometries, crs=crs))
    return [*tables, _checks(report)]


def _fields() -> tuple[Any, ...]:
    from spatial.writing import Field

    texts: Iterable[tuple[str, str, str]] = (
        ("code", "问题代码", "code"),
        ("severity", "程度", "error, warning or information"),
        ("check", "检查", "check"),
        ("zh", "说明", "in Chinese"),
        ("en", "说明（英文）", "in English"),
        ("layers", "图层", "layers"),
        ("features", "要素", "features: code, name or id"),
    )
    return (
        Field(name="no", long_name_zh="序号", long_name_en="number", type="integer"),
        *(Field(name=name, long_name_zh=zh, long_name_en=en) for name, zh, en in texts),
        Field(name="area_m2", long_name_zh="面积(平方米)", long_name_en="area, m2", type="number"),
        Field(name="length_m", long_name_zh="长度(米)", long_name_en="length, m", type="number"),
        Field(name="parts", long_name_zh="处数", long_name_en="separate polygons", type="integer"),
        Field(name="lon", long_name_zh="经度", long_name_en="longitude", type="number"),
        Field(name="lat", long_name_zh="纬度", long_name_en="latitude", type="number"),
        Field(name="facts", long_name_zh="数值(JSON)", long_name_en="figures as JSON"),
        Field(name="mark", long_name_zh="标注", long_name_en="mark"),
    )


def _values(report: QualityReport, number: int, found: QualityFinding) -> tuple[Value, ...]:
    names = ["/".join(part for part in (name.code, name.name) if part) or name.id for name in found.features]
    lon, lat = found.place or (None, None)
    return (
        number,
        found.code,
        found.severity,
        found.check,
        finding_words(found, "zh"),
        finding_words(found, "en"),
        "; ".join(found.layers),
        "; ".join(names),
        found.area_m2,
        found.length_m,
        found.parts,
        lon,
        lat,
        json.dumps(found.facts, ensure_ascii=False, sort_keys=True),
        _marks(report, found.layers, "zh"),
    )


def _checks(report: QualityReport) -> Table:
    from screening.words import word
    from spatial.writing import Field, Table

    fields = (
        Field(name="check", long_name_zh="检查", long_name_en="check"),
        Field(name="done", long_name_zh="是否检查(1 是)", long_name_en="made (1 yes)", type="integer"),
        Field(name="why_zh", long_name_zh="原因", long_name_en="why not, in Chinese"),
        Field(name="why_en", long_name_zh="原因（英文）", long_name_en="why not, in English"),
    )
    rows = []
    for run in report.checks:
        why = (None, None) if run.why is None else [word(f"quality.why_{run.why}", lang) for lang in ("zh", "en")]
        rows.append((run.check, int(run.done), *why))
    return Table(name="checks", fields=fields, rows=tuple(rows))


def _write(path: Path, report: QualityReport) -> None:
    from screening.words import word
    from spatial.writing import write_geopackage

    mark = _marks(report, _all_layers(report), "zh")
    about: Mapping[str, str] = {
        "title": f"{word('quality.title', 'zh')} / {word('quality.title', 'en')}",
        "as_of": report.as_of,
        "mark": mark,
        "note": f"{word('quality.no_answer', 'zh')} / {word('quality.no_answer', 'en')}",
    }
    write_geopackage(path, problem_tables(report), about)


def _marks(report: QualityReport, names: Iterable[str], language: Language) -> str:
    """What must be said of an output that shows something of these layers."""
    from screening.export_tables import marks_of

    return marks_of(_cards(report, names)).text(language)


def _cards(report: QualityReport, names: Iterable[str]) -> list[dict[str, bool] | None]:
    """What must be said of each version of the layers that were read; None for a layer that could not be."""
    cards: list[dict[str, bool] | None] = []
    for name in names:
        versions = [layer.card for layer in (*report.layers, *report.older) if layer.name == name]
        cards += [
            {"restricted": card.restricted, "synthetic": card.synthetic, "indicative": card.indicative}
            for card in versions
        ] or [None]
    return cards


def _own_name(report: QualityReport) -> str:
    """A name for a folder that the user gave: 内部使用 where it must be said."""
    from screening.export_tables import INTERNAL, marks_of

    restricted = marks_of(_cards(report, _all_layers(report))).restricted
    return f"quality_{report.as_of}{f'_{INTERNAL}' if restricted else ''}.gpkg"


def _all_layers(report: QualityReport) -> tuple[str, ...]:
    """Every layer that was read or that a finding names."""
    named = [name for found in report.findings for name in found.layers]
    return tuple(dict.fromkeys([*(layer.name for layer in report.layers), *named]))
