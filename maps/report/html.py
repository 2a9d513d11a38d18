"""A report as one HTML page: it loads nothing, prints on A4 and reads well aloud."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import quote

from maps.markup import Html, join, tag
from maps.report.layout import heading_number
from maps.report.model import Bullets, Figure, KeyValues, Paragraph, Table, shown
from maps.report.titles import say

if TYPE_CHECKING:
    from maps.report.model import Block, Cell, Column, Report

__all__ = ["html_of"]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def html_of(report: Report) -> str:
    """The page of a report; the same report gives the same text."""
    css = files("maps").joinpath("templates").joinpath("report.css").read_text(encoding="utf-8")
    counter = {"table": 0, "figure": 0}
    sections = [
        tag(
            "section",
            tag("h2", heading_number(k, report.language) + section.title),
            *[_block(block, report, counter) for block in section.blocks],
            _links(report) if section.key == "verify" else None,
            id=section.key,
        )
        for k, section in enumerate(report.sections, 1)
    ]
    marks = tag("p", *[tag("span", mark) for mark in report.marks], class_="marks")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{report.title} - {report.subject}"),
        tag("style", Html(css)),
    )
    as_of = tag(
        "p", say("as_of", report.language), " ", tag("time", report.as_of, datetime=report.as_of), class_="date"
    )
    body = tag(
        "body",
        tag("header", tag("h1", report.title), tag("p", report.subject, class_="subject"), as_of, marks),
        tag("main", *sections),
        tag("footer", marks),
    )
    lang = "zh-CN" if report.language == "zh" else "en"
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang=lang)}\n"


def _block(block: Block, report: Report, counter: dict[str, int]) -> Html:
    if isinstance(block, Paragraph):
        return tag("p", block.text, class_=block.tone)
    if isinstance(block, Bullets):
        return tag("ul", *[tag("li", item) for item in block.items])
    if isinstance(block, KeyValues):
        rows = [tag("tr", tag("th", label, scope="row"), tag("td", value)) for label, value in block.pairs]
        return tag("table", tag("tbody", *rows), class_="pairs")
    if isinstance(block, Figure):
        counter["figure"] += 1
        name = say("figure_number", report.language, number=counter["figure"])
        # The picture's own title would hide the longer words for those who listen.
        svg = block.picture.svg.replace("<svg ", f'<svg aria-label="{_attribute(block.picture.alternative)}" ', 1)
        return tag("figure", Html(svg), tag("figcaption", f"{name} {block.caption}"))
    counter["table"] += 1
    return _table(block, report, counter["table"])


def _table(whole: Table, report: Report, number: int) -> Html:
    table = whole.for_paper()
    name = f"{say('table', report.language, number=number)} {whole.caption}"
    caption = tag("caption", name)
    head = tag("thead", tag("tr", *[tag("th", column.title, scope="col") for column in table.columns]))
    rows = [
        tag("tr", *[_cell(cell, column) for cell, column in zip(row, table.columns, strict=True)]) for row in table.rows
    ]
    told = None
    if len(table.rows) < len(whole.rows):
        words = say("rows_shown", report.language, total=len(whole.rows), shown=len(table.rows))
        told = tag("p", words, class_="note")
    # On a phone a table scrolls sideways: by the keyboard only where the Tab key reaches it.
    reached: dict[str, object] = {"tabindex": 0, "role": "group", "aria_label": name}
    return join(tag("div", tag("table", caption, head, tag("tbody", *rows)), class_="wide", **reached), told)


def _cell(cell: Cell, column: Column) -> Html:
    kinds = {"number": "number", "share": "number", "code": "code"}
    return tag("td", shown(cell, column), class_=kinds.get(column.kind))


def _links(report: Report) -> Html | None:
    if not report.companions:
        return None
    return tag("ul", *[tag("li", tag("a", one.link, href=quote(one.link, safe="/.:"))) for one in report.companions])


def _attribute(text: str) -> str:
    return str(tag("i", text))[3:-4].replace('"', "&quot;")
