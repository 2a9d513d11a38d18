"""A report as DOCX: real headings and tables, Chinese fonts named for East Asian text, marks on every page."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from maps.figure.picture import png_of
from maps.phrases import clean
from maps.report.layout import heading_number, layout
from maps.report.model import Bullets, Figure, KeyValues, Paragraph, Table, shown
from maps.report.package import repacked
from maps.report.titles import say

if TYPE_CHECKING:
    from maps.report.model import Block, Report

__all__ = ["docx_of"]

WIDTH_MM = 170.0
_SANS, _SERIF = ("Arial", "黑体"), ("Times New Roman", "宋体")
_RED, _GREY = "A3001F", "444444"
_CELL = "Reportcell"
"""Id of the style of cells."""


def docx_of(report: Report) -> bytes:
    """The document of a report; the same report and fonts give the same bytes."""
    import docx
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm

    document = docx.Document()
    _styles(document)
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(20)
    page.top_margin, page.bottom_margin = Mm(24), Mm(22)
    _header(page, report)
    _footer(page, report)
    day = date.fromisoformat(report.as_of)
    properties = document.core_properties
    properties.title = f"{report.title} - {report.subject}"
    properties.subject, properties.author, properties.comments = report.subject, "", "; ".join(report.marks)
    properties.language = "zh-CN" if report.language == "zh" else "en-GB"
    properties.created = properties.modified = datetime(day.year, day.month, day.day, tzinfo=UTC)
    properties.last_modified_by, properties.revision = "", 1
    centre = WD_ALIGN_PARAGRAPH.CENTER
    document.add_paragraph(report.title, style="Title").alignment = centre
    document.add_paragraph(clean(report.subject), style="Subtitle").alignment = centre
    document.add_paragraph(f"{say('as_of', report.language)} {report.as_of}").alignment = centre
    if report.marks:
        stamp = document.add_paragraph("\n".join(report.marks), style="Report warning")
        stamp.alignment = centre
        _framed(stamp)
    counter = {"table": 0, "figure": 0}
    for number, section in enumerate(report.sections, 1):
        document.add_heading(heading_number(number, report.language) + section.title, level=1)
        for block in section.blocks:
            _block(document, block, report, counter)
    target = io.BytesIO()
    document.save(target)
    return repacked(target.getvalue())


def _block(document: Any, block: Block, report: Report, counter: dict[str, int]) -> None:
    from docx.shared import Mm

    if isinstance(block, Paragraph):
        styles = {"plain": "Body Text", "lead": "Report lead", "warning": "Report warning", "note": "Report note"}
        document.add_paragraph(clean(block.text), style=styles[block.tone])
    elif isinstance(block, Bullets):
        for item in block.items:
            document.add_paragraph(clean(item), style="List Bullet")
    elif isinstance(block, KeyValues):
        table = document.add_table(rows=0, cols=2, style="Table Grid")
        for label, value in block.pairs:
            cells = table.add_row().cells
            _write(cells[0], label, 9.5, bold=True, shade="F1F4F6")
            _write(cells[1], value, 9.5)
        _set_widths(table, (48.0, WIDTH_MM - 48.0))
        document.add_paragraph(style="Report note")
    elif isinstance(block, Figure):
        counter["figure"] += 1
        picture = io.BytesIO(png_of(block.picture.svg, width_mm=block.picture.width_mm))
        shape = document.add_picture(picture, width=Mm(WIDTH_MM))
        shape._inline.docPr.set("descr", clean(block.picture.alternative))  # noqa: SLF001 - python-docx has no setter
        document.paragraphs[-1].paragraph_format.keep_with_next = True
        name = say("figure_number", report.language, number=counter["figure"])
        document.add_paragraph(f"{name} {clean(block.caption)}", style="Caption").alignment = _centre()
    else:
        counter["table"] += 1
        _table(document, block, report, counter["table"])


def _table(document: Any, whole: Table, report: Report, number: int) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement

    name = say("table", report.language, number=number)
    caption = document.add_paragraph(f"{name} {clean(whole.caption)}", style="Caption")
    caption.paragraph_format.keep_with_next = True
    caption.alignment = _centre()
    shown_table = whole.for_paper()
    size, widths = layout(shown_table, WIDTH_MM, padding_mm=4.2)
    table = document.add_table(rows=1, cols=len(shown_table.columns), style="Table Grid")
    for cell, column in zip(table.rows[0].cells, shown_table.columns, strict=True):
        _write(cell, column.title, size, bold=True, shade="E6ECF0")
    repeated = OxmlElement("w:tblHeader")
    table.rows[0]._tr.get_or_add_trPr().append(repeated)  # noqa: SLF001 - the header row is repeated on every page
    for line in shown_table.rows:
        row = table.add_row()
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))  # noqa: SLF001
        for cell, value, column in zip(row.cells, line, shown_table.columns, strict=True):
            _write(cell, shown(value, column), size)
            if column.kind in ("number", "share"):
                cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _set_widths(table, widths)
    words = ""
    if len(shown_table.rows) < len(whole.rows):
        words = say("rows_shown", report.language, total=len(whole.rows), shown=len(shown_table.rows))
    document.add_paragraph(words, style="Report note")


def _centre() -> Any:
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    return WD_ALIGN_PARAGRAPH.CENTER


def _framed(paragraph: Any) -> None:
    """A red frame around a paragraph."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    borders = OxmlElement("w:pBdr")
    for side in ("top", "left", "bottom", "right"):
        border = OxmlElement(f"w:{side}")
        for key, value in (("val", "single"), ("sz", "8"), ("space", "4"), ("color", _RED)):
            border.set(qn(f"w:{key}"), value)
        borders.append(border)
    properties = paragraph._p.get_or_add_pPr()  # noqa: SLF001 - python-docx knows no borders
    properties.insert_element_before(
        borders, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:outlineLvl", "w:rPr"
    )


def _write(cell: Any, words: str, size: float, *, bold: bool = False, shade: str | None = None) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Pt

    paragraph = cell.paragraphs[0]
    paragraph._p.style = _CELL  # noqa: SLF001 - by id: looking the name up for every cell took most of the time
    run = paragraph.add_run(clean(words))
    run.font.size, run.bold = Pt(size), bold or None
    if shade is not None:
        shading = OxmlElement("w:shd")
        for key, value in (("val", "clear"), ("color", "auto"), ("fill", shade)):
            shading.set(qn(f"w:{key}"), value)
        cell._tc.get_or_add_tcPr().append(shading)  # noqa: SLF001


def _set_widths(table: Any, widths: tuple[float, ...]) -> None:
    from docx.shared import Mm

    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    for row in table.rows:
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = Mm(width)


def _styles(document: Any) -> None:
    """Fonts of every style used, the East Asian one named too: without it Word takes whatever it likes."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Pt, RGBColor

    styles = document.styles
    for name in ("Report lead", "Report warning", "Report note", "Report cell"):
        style = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = styles["Normal"]
    facts: dict[str, tuple[tuple[str, str], float, bool, str]] = {
        "Normal": (_SERIF, 10.5, False, "14181B"),
        "Body Text": (_SERIF, 10.5, False, "14181B"),
        "List Bullet": (_SERIF, 10.5, False, "14181B"),
        "Title": (_SANS, 18, True, "14181B"),
        "Subtitle": (_SANS, 13, False, "14181B"),
        "Heading 1": (_SANS, 14, True, "14181B"),
        "Caption": (_SANS, 9, True, "14181B"),
        "Report lead": (_SERIF, 11, True, "14181B"),
        "Report warning": (_SERIF, 10.5, True, _RED),
        "Report note": (_SERIF, 9, False, _GREY),
        "Report cell": (_SERIF, 8.5, False, "14181B"),
        "Header": (_SANS, 8, False, _RED),
        "Footer": (_SANS, 8, False, _GREY),
    }
    for name, (fonts, size, bold, colour) in facts.items():
        style = styles[name]
        style.font.size, style.font.bold, style.font.italic = Pt(size), bold, False
        style.font.color.rgb = RGBColor.from_string(colour)
        _name_fonts(style.element.get_or_add_rPr(), fonts)
    for name in ("Report lead", "Report warning"):
        styles[name].paragraph_format.keep_with_next = True
    for name, before, after in (("Heading 1", 16, 6), ("Caption", 8, 4), ("Report cell", 0, 0), ("Report note", 2, 6)):
        styles[name].paragraph_format.space_before = Pt(before)
        styles[name].paragraph_format.space_after = Pt(after)


def _name_fonts(properties: Any, fonts: tuple[str, str]) -> None:
    """Latin and East Asian fonts of a style, in place of those of the template's theme."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    named = properties.find(qn("w:rFonts"))
    if named is None:
        named = OxmlElement("w:rFonts")
        properties.insert(0, named)
    for key in list(named.attrib):
        del named.attrib[key]
    for key, font in (("ascii", fonts[0]), ("hAnsi", fonts[0]), ("cs", fonts[0]), ("eastAsia", fonts[1])):
        named.set(qn(f"w:{key}"), font)
    spoken = properties.find(qn("w:lang"))
    if spoken is None:
        spoken = OxmlElement("w:lang")
        properties.append(spoken)
    spoken.set(qn("w:val"), "en-GB")
    spoken.set(qn("w:eastAsia"), "zh-CN")


def _header(page: Any, report: Report) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    line = page.header.paragraphs[0]
    line.text = ("　" if report.language == "zh" else " | ").join(report.marks)
    line.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _footer(page: Any, report: Report) -> None:
    """The number of the page and of all, as fields that Word and LibreOffice fill in."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    line = page.footer.paragraphs[0]
    line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    number, total = "\ue000", "\ue001"
    before, _, rest = say("page", report.language, number=number, total=total).partition(number)
    between, _, after = rest.partition(total)
    line.add_run(before)
    _field(line.add_run(), "PAGE")
    line.add_run(between)
    _field(line.add_run(), "NUMPAGES")
    line.add_run(after)


def _field(run: Any, code: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for kind in ("begin", "code", "end"):
        if kind == "code":
            element = OxmlElement("w:instrText")
            element.set(qn("xml:space"), "preserve")
            element.text = code
        else:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
        run._r.append(element)  # noqa: SLF001
