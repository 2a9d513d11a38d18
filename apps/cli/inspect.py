"""``sanxian inspect``: what a file holds, before it is checked or imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from apps.cli.console import console_on
from apps.cli.options import crs_option, datum_option, geometry_option, lang_option

if TYPE_CHECKING:
    from rich.console import Console

    from screening.words import Language
    from spatial.reading.model import Reading

__all__ = ["inspect", "print_reading"]

_SHOWN = 20


@click.command(
    short_help="看文件里有什么 / what a file holds",
    help=(
        "看一个文件里有什么：格式、坐标系及其依据、要素、字段、问题。\n\n"
        "What a file holds: format, CRS and what it rests on, features, fields, problems. Nothing is changed."
    ),
)
@click.argument("file", metavar="FILE")
@crs_option
@datum_option
@geometry_option
@lang_option
def inspect(file: str, *, crs: str | None, datum: str | None, geometry: str | None, lang: Language) -> None:
    """``sanxian inspect FILE``."""
    from apps.cli.check import reading_of_site

    print_reading(console_on(), reading_of_site(file, crs=crs, datum=datum, geometry=geometry), lang)


def print_reading(console: Console, reading: Reading, language: Language) -> None:
    """Print a reading; it is not an error that its CRS is not known."""
    import numpy as np
    import shapely

    from apps.cli.grounds import evidence_words, problem_words
    from apps.cli.table import Page
    from screening.words import word

    page = Page(console, language)
    page.title(f"{page.say('inspect_title')}{page.colon}{reading.source_name}")
    dimensions = shapely.get_dimensions(reading.geometries) if len(reading.geometries) else np.zeros(0)
    counts = [int((dimensions == d).sum()) for d in (0, 1, 2)]
    evidence = [evidence_words({"code": e.code, "value": e.value}, language) for e in reading.crs_evidence]
    crs = page.say("crs_refused") if reading.crs is None else f"{reading.crs.code} {reading.crs.name}"
    basis = page.words("basis", reading.accuracy.basis)
    rows: list[tuple[str, object]] = [
        (page.say("format"), reading.format),
        (page.say("encoding"), reading.encoding),
        (page.say("layer_names"), page.pause.join(reading.layer_names) or "-"),
        (page.say("features"), page.say("feature_count", points=counts[0], lines=counts[1], polygons=counts[2])),
        (page.say("unreadable"), len(reading.unreadable)),
        (word("map.crs", language), page.comma.join([crs, *evidence])),
        (page.say("datum"), page.words("datum", reading.datum)),
        (page.say("accuracy"), f"{reading.accuracy.metres:,.2f} {word('unit.metres', language)} ({basis})"),
    ]
    if len(reading.geometries):
        bounds = shapely.total_bounds(reading.geometries)
        rows.append((page.say("extent"), ", ".join(f"{v:.6f}".rstrip("0").rstrip(".") for v in bounds)))
    page.pairs(rows)
    fields = _fields(reading)
    if fields:
        page.heading(page.say("fields"))
        columns = [(page.say("column_field"), "left"), (page.say("column_values"), "left")]
        page.table(columns, [[name, page.pause.join(values)] for name, values in fields.items()])
    notes = [problem_words(p, language) for p in (*(u.problem for u in reading.unreadable), *reading.problems)]
    if notes:
        page.heading(page.say("problems"))
        for note in notes[:_SHOWN]:
            page.line(f"* {note}", "yellow")
        if len(notes) > _SHOWN:
            page.line(word("map.more", language, count=len(notes) - _SHOWN))


def _fields(reading: Reading) -> dict[str, list[str]]:
    """Fields of the file and up to three different values of each."""
    found: dict[str, dict[str, Any]] = {}
    for row in reading.attributes:
        for name, value in row.items():
            values = found.setdefault(str(name), {})
            if value is not None and len(values) < 3:
                values.setdefault(str(value)[:40], None)
    return {name: list(values) for name, values in found.items()}
