"""``sanxian inspect``: what a file holds, before it is checked or imported."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apps.cli.console import console_on, say, write_json
from apps.cli.errors import EXIT_REJECTED, is_named, report
from apps.cli.options import (
    control_points_option,
    crs_option,
    datum_option,
    geometry_option,
    lang_option,
    region_option,
    shift_option,
)

if TYPE_CHECKING:
    from rich.console import Console

    from apps.cli.table import Page
    from screening.words import Language
    from spatial.reading.model import Problem, Reading

__all__ = ["document_of", "inspect", "print_reading"]

_SHOWN = 20
_ROWS, _COLUMNS = 3, 6
_EMPTY: dict[str, Any] = {
    "format": None,
    "encoding": None,
    "fields": [],
    "layers": [],
    "feature_count": None,
    "area_m2": None,
    "crs": None,
    "crs_status": "refused",
    "datum": None,
    "accuracy_m": None,
    "bounds": None,
    "hypotheses": [],
    "problems": [],
}


@click.command(
    short_help="看文件里有什么 / what a file holds",
    help=(
        "看一个文件里有什么：格式、编码、坐标系及其依据、坐标系候选、要素、字段、问题。不改变任何东西。\n\n"
        "What a file holds: format, encoding, CRS and what it rests on, the hypotheses about it, features, fields, "
        "problems. Nothing is changed."
    ),
)
@click.argument("file", metavar="FILE")
@click.option("--json", "json_to", metavar="F|-", help="写成 JSON；- 为标准输出 / as JSON; - is stdout")
@crs_option
@datum_option
@geometry_option
@region_option("数据所在行政区划代码，用于判断坐标系 / district codes the data lie in, to tell the CRS")
@shift_option
@control_points_option
@lang_option
def inspect(file: str, *, json_to: str | None, lang: Language, **said: Any) -> int:
    """``sanxian inspect FILE``."""
    from apps.cli.grounds import print_fit
    from apps.cli.sites import source_of_argument
    from apps.cli.table import Page
    from screening.words import word

    try:
        source = source_of_argument(file, **said)
    except Exception as error:
        if json_to is None or isinstance(error, click.ClickException) or not is_named(error):
            raise
        _write(json_to, {**_EMPTY, "problems": [_trouble(error)]})
        report(error)
        return EXIT_REJECTED
    console = console_on(stderr=json_to == "-")
    print_reading(console, source.reading, lang)
    if source.fit is not None:
        print_fit(Page(console, lang), source.fit)
    if json_to is not None:
        written = _write(json_to, document_of(source.reading))
        if written is not None:
            say(console, word("cli.wrote_json", lang, path=written))
    return 0


def _write(json_to: str, document: dict[str, Any]) -> Path | None:
    import json

    from apps.cli.outputs import write_text

    if json_to == "-":
        write_json(document)
        return None
    return write_text(Path(json_to), json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def _trouble(error: BaseException) -> dict[str, Any]:
    found = {key: getattr(error, key, None) for key in ("code", "file", "layer", "record", "point", "detail", "remedy")}
    plain = {key: value if value is None or isinstance(value, int) else str(value) for key, value in found.items()}
    named = re.fullmatch(
        "[a-z][a-z0-9_]*", str(plain["code"] or "")
    )  # of an unknown district the code is the district's
    return {**plain, "code": plain["code"] if named else type(error).__name__, "message": str(error)}


def _problem(problem: Problem) -> dict[str, Any]:
    keys = ("code", "file", "layer", "record", "point", "detail", "remedy")
    return {**{key: getattr(problem, key) for key in keys}, "message": problem.message}


def document_of(reading: Reading) -> dict[str, Any]:
    """
    What ``inspect`` found, ready for JSON; ``bounds`` and ``area_m2`` are null where the data have no place.

    Parameters
    ----------
    reading
        A source, read.

    Returns
    -------
    document
        ``bounds`` are west, south, east, north in degrees of EPSG:4490; ``area_m2`` is ellipsoidal.
    """
    from apps.cli.grounds import hypothesis_document

    bounds, area, trouble = _placed(reading)
    problems = [_problem(p) for p in (*(u.problem for u in reading.unreadable), *reading.problems)]
    fields: dict[str, None] = dict.fromkeys(str(name) for row in reading.attributes for name in row)
    return {
        **_EMPTY,
        "format": reading.format,
        "encoding": reading.encoding,
        "fields": list(fields),
        "layers": list(reading.layer_names),
        "feature_count": len(reading.geometries),
        "area_m2": area,
        "crs": None if reading.crs is None else reading.crs.code,
        "crs_status": reading.crs_status,
        "datum": reading.datum,
        "accuracy_m": round(reading.accuracy.metres, 3),
        "bounds": bounds,
        "hypotheses": [hypothesis_document(one) for one in reading.hypotheses],
        "problems": problems + ([] if trouble is None else [trouble]),
        "source": reading.source_name,
        "sha256": reading.source_sha256,
        "encoding_evidence": [{"code": e.code, "value": e.value} for e in reading.encoding_evidence],
        "crs_evidence": [{"code": e.code, "value": e.value} for e in reading.crs_evidence],
        "accuracy_terms": [{"code": t.code, "metres": t.metres} for t in reading.accuracy.terms],
        "offset": reading.offset,
        "unreadable": len(reading.unreadable),
    }


def _placed(reading: Reading) -> tuple[list[float] | None, float | None, dict[str, Any] | None]:
    """Bounds and area on the Earth, or why there are none."""
    import numpy as np
    import shapely

    from spatial.crs import to_geographic
    from spatial.errors import SpatialError
    from spatial.measure import ellipsoidal_area

    if reading.crs is None or not len(reading.geometries):
        return None, None, None
    try:
        placed = to_geographic(reading.geometries, reading.crs)
        bounds = [round(float(v), 9) for v in shapely.total_bounds(placed)]
    except SpatialError as error:
        return None, None, _trouble(error)
    if not all(map(math.isfinite, bounds)):
        return None, None, None
    polygons = placed[np.isin(shapely.get_type_id(placed), (3, 6))]
    try:
        area = round(float(np.nansum(ellipsoidal_area(polygons))), 2) if len(polygons) else 0.0
    except SpatialError as error:
        return bounds, None, _trouble(error)
    return bounds, area, None


def print_reading(console: Console, reading: Reading, language: Language) -> None:
    """Print a reading; it is not an error that its CRS is not known."""
    import numpy as np
    import shapely

    from apps.cli.grounds import print_hypotheses
    from apps.cli.table import Page
    from maps.grounds import evidence_words
    from screening.words import word

    page = Page(console, language)
    page.title(f"{page.say('inspect_title')}{page.colon}{reading.source_name}")
    dimensions = shapely.get_dimensions(reading.geometries) if len(reading.geometries) else np.zeros(0)
    counts = [int((dimensions == d).sum()) for d in (0, 1, 2)]
    evidence = [evidence_words({"code": e.code, "value": e.value}, language) for e in reading.crs_evidence]
    known = "crs_ambiguous" if reading.crs_status == "ambiguous" else "crs_refused"
    crs = page.say(known) if reading.crs is None else f"{reading.crs.code} {reading.crs.name}"
    status = [] if reading.crs is None else [page.words("crs_status", reading.crs_status)]
    basis = page.words("basis", reading.accuracy.basis)
    why = [f"{e.code} {e.value}".strip() for e in reading.encoding_evidence]
    rows: list[tuple[str, object]] = [
        (page.say("format"), reading.format),
        (page.say("encoding"), page.comma.join([reading.encoding, *why])),
        (page.say("layer_names"), page.pause.join(reading.layer_names) or "-"),
        (page.say("features"), page.say("feature_count", points=counts[0], lines=counts[1], polygons=counts[2])),
        (page.say("unreadable"), len(reading.unreadable)),
        (word("map.crs", language), page.comma.join([crs, *status, *evidence])),
        (page.say("datum"), page.words("datum", reading.datum)),
        (page.say("accuracy"), f"{reading.accuracy.metres:,.2f} {word('unit.metres', language)} ({basis})"),
    ]
    if len(reading.geometries):
        bounds = shapely.total_bounds(reading.geometries)
        rows.append((page.say("extent"), ", ".join(f"{v:.6f}".rstrip("0").rstrip(".") for v in bounds)))
    page.pairs(rows)
    _print_fields(page, reading)
    print_hypotheses(page, reading.hypotheses)
    _print_problems(page, reading)


def _print_fields(page: Page, reading: Reading) -> None:
    fields = _fields(reading)
    if not fields:
        return
    page.heading(page.say("fields"))
    columns = [(page.say("column_field"), "left"), (page.say("column_values"), "left")]
    page.table(columns, [[name, page.pause.join(values)] for name, values in fields.items()])
    page.heading(page.say("first_rows"))
    names = list(fields)[:_COLUMNS]
    rows = [
        [reading.ids[i], reading.geometries[i].geom_type]
        + [str(reading.attributes[i].get(name, ""))[:24] for name in names]
        for i in range(min(_ROWS, len(reading.ids)))
    ]
    page.table([("#", "whole"), (page.say("column_type"), "whole"), *((name, "left") for name in names)], rows)


def _print_problems(page: Page, reading: Reading) -> None:
    from apps.cli.grounds import problem_words
    from screening.words import word

    found = (*(u.problem for u in reading.unreadable), *reading.problems)
    notes = [problem_words(p, page.language) for p in found]
    if notes:
        page.heading(page.say("problems"))
        for note in notes[:_SHOWN]:
            page.line(f"* {note}", "yellow")
        if len(notes) > _SHOWN:
            page.line(word("map.more", page.language, count=len(notes) - _SHOWN))


def _fields(reading: Reading) -> dict[str, list[str]]:
    """Fields of the file and up to three different values of each."""
    found: dict[str, dict[str, Any]] = {}
    for row in reading.attributes:
        for name, value in row.items():
            values = found.setdefault(str(name), {})
            if value is not None and len(values) < 3:
                values.setdefault(str(value)[:40], None)
    return {name: list(values) for name, values in found.items()}
