"""A report as PDF: tagged, its text selectable, its fonts embedded; set by typst."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from maps.figure.fonts import chinese_fonts, fonts_for_typst
from maps.figure.lettering import text_width
from maps.phrases import clean
from maps.report.layout import POINT_MM, heading_number, layout
from maps.report.model import Bullets, Figure, KeyValues, Paragraph, Table, shown
from maps.report.titles import say

if TYPE_CHECKING:
    from maps.report.model import Block, Column, Report

__all__ = ["pdf_of", "typst_source"]

WIDTH_MM, LABEL_MM = 170.0, 46.0
_TONES = {
    "plain": "",
    "lead": 'weight: "bold"',
    "warning": 'fill: rgb("#a3001f"), weight: "bold"',
    "note": 'size: 9pt, fill: rgb("#444444")',
}
_PREAMBLE = """
#set page(
  paper: "a4",
  margin: (x: 20mm, top: 24mm, bottom: 22mm),
  header: text(font: sans, size: 8pt, fill: rgb("#a3001f"), align(center, marks)),
  footer: context text(font: sans, size: 8pt, fill: rgb("#444444"), align(
    center,
    page-words(counter(page).get().first(), counter(page).final().first()),
  )),
)
#set text(font: (serif, sans), size: 10.5pt, lang: lang, region: region)
#set par(leading: 0.85em, spacing: 1em, justify: true)
#set list(indent: 0.6em, spacing: 0.8em)
#set table(stroke: 0.5pt + rgb("#8a949c"), inset: (x: 1.3mm, y: 1.4mm))
#show heading: set text(font: sans, size: 13pt)
#show heading: set block(above: 1.6em, below: 0.9em)
#show title: set text(font: sans, size: 18pt)
#show title: set align(center)
#show figure: set block(breakable: true)
#show figure.where(kind: image): set block(breakable: false)
#show figure.where(kind: table): set figure.caption(position: top)
#show figure.caption: set text(font: sans, size: 9pt)
#show figure.caption: set align(center)
#show figure.caption.where(kind: table): set block(sticky: true)
"""


def pdf_of(report: Report) -> bytes:
    """
    The PDF of a report (PDF/UA-1).

    Returns
    -------
    content
        The same report and fonts give the same bytes: its date is that of the check.

    Raises
    ------
    FontMissingError
        No Chinese font is there to embed.
    """
    import typst

    day = date.fromisoformat(report.as_of)
    made = typst.compile(
        typst_source(report, *chinese_fonts()).encode(),
        format="pdf",
        font_paths=fonts_for_typst(),
        pdf_standards=["ua-1"],
        timestamp=int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()),
    )
    if not isinstance(made, bytes):
        raise TypeError("a PDF is one file")
    return made


def typst_source(report: Report, sans: str, serif: str) -> str:
    """The text that typst sets; every word of a report stands in it as a string and is never read as markup."""
    zh = report.language == "zh"
    day = date.fromisoformat(report.as_of)
    marks = ("　" if zh else " | ").join(report.marks)
    number, total = "\ue000", "\ue001"
    words = say("page", report.language, number=number, total=total)
    page_words = words.replace(number, '" + str(n) + "').replace(total, '" + str(t) + "')
    parts = [
        f"#let sans = {_string(sans)}",
        f"#let serif = {_string(serif)}",
        f"#let lang = {_string('zh' if zh else 'en')}",
        f"#let region = {_string('cn' if zh else 'gb')}",
        f"#let marks = {_string(marks)}",
        f'#let page-words(n, t) = "{page_words}"',
        (
            f"#set document(title: {_string(f'{report.title} - {report.subject}')}, "
            f"date: datetime(year: {day.year}, month: {day.month}, day: {day.day}))"
        ),
        _PREAMBLE,
        f"#title[#{_string(report.title)}]",
        f"#align(center, text(font: sans, size: 13pt, {_string(report.subject)}))",
        f"#align(center, text(size: 10pt, {_string(say('as_of', report.language) + ' ' + report.as_of)}))",
    ]
    if report.marks:
        lines = " + linebreak() + ".join(_string(mark) for mark in report.marks)
        parts.append(
            '#align(center, block(stroke: 1pt + rgb("#a3001f"), inset: 3mm, text(font: sans, size: 10pt, '
            f'fill: rgb("#a3001f"), weight: "bold", {lines})))'
        )
    for k, section in enumerate(report.sections, 1):
        parts.append(f"#heading(level: 1, {_string(heading_number(k, report.language) + section.title)})")
        parts += [_block(block, report) for block in section.blocks]
    return "\n".join(parts)


def _block(block: Block, report: Report) -> str:
    if isinstance(block, Paragraph):
        tone = _TONES[block.tone]
        if block.tone in ("lead", "warning"):
            return f"#block(sticky: true, text({tone}, {_string(block.text)}))"
        return f"#par(text({tone}{', ' if tone else ''}{_string(block.text)}))"
    if isinstance(block, Bullets):
        return "#list(" + ", ".join(f"[#{_string(item)}]" for item in block.items) + ")"
    if isinstance(block, KeyValues):
        cells = ", ".join(
            f'table.cell(fill: rgb("#f1f4f6"))[#strong({_string(label)})], '
            f"[#text(size: {_size_of(value):g}pt, {_string(value)})]"
            for label, value in block.pairs
        )
        return (
            "#block({ set text(size: 9.5pt); set par(justify: false, leading: 0.6em); "
            f"table(columns: ({LABEL_MM:g}mm, 1fr), {cells}) }})"
        )
    if isinstance(block, Figure):
        image = (
            f'image(bytes({_string(block.picture.svg)}), format: "svg", '
            f"width: {block.picture.width_mm:g}mm, alt: {_string(block.picture.alternative)})"
        )
        name = say("figure_number", report.language, number="").strip()
        return f"#figure({image}, supplement: {_string(name)}, caption: [#{_string(block.caption)}])"
    return _table(block, report)


def _table(whole: Table, report: Report) -> str:
    table = whole.for_paper()
    size, widths = layout(table, WIDTH_MM)
    header = ", ".join(f"[#strong({_string(column.title)})]" for column in table.columns)
    rows = ", ".join(_cell(cell, column) for row in table.rows for cell, column in zip(row, table.columns, strict=True))
    columns = ", ".join(f"{width:.2f}mm" for width in widths)
    fill = '(_, y) => if y == 0 { rgb("#e6ecf0") }'
    body = f"table(align: left, columns: ({columns},), fill: {fill}, table.header({header}), {rows})"
    name = say("table", report.language, number="").strip()
    made = (
        f"#figure(kind: table, supplement: {_string(name)}, caption: [#{_string(whole.caption)}], "
        f"{{ set text(size: {size:g}pt); set par(justify: false, leading: 0.6em, spacing: 0.6em); {body} }})"
    )
    if len(table.rows) < len(whole.rows):
        told = say("rows_shown", report.language, total=len(whole.rows), shown=len(table.rows))
        made += f"\n#par(text(size: 9pt, {_string(told)}))"
    return made


def _cell(cell: object, column: Column) -> str:
    words = f"[#{_string(shown(cell, column))}]"  # type: ignore[arg-type]
    return f"table.cell(align: right){words}" if column.kind in ("number", "share") else words


def _size_of(value: str) -> float:
    """Smaller where one word, a digest say, would be wider than its cell."""
    widest = max((text_width(one, 1.0) for one in value.split()), default=1.0)
    return min(9.5, (WIDTH_MM - LABEL_MM - 5) / (widest * 1.04 * POINT_MM))


def _string(text: str) -> str:
    """A string literal of typst."""
    safe = clean(text).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + safe.replace("\n", "\\n").replace("\r", "").replace("\t", " ") + '"'
