"""Text and tables out of TXT, DOCX, PDF and HTML, and what is refused."""

from __future__ import annotations

import io
import zipfile

import pytest

from spatial.errors import IncompleteSourceError, MalformedSourceError, SourceNotFoundError, UnsupportedFormatError
from spatial.reading.notice import Paragraph, TableBlock, areas_of, read_document

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SQUARE = [("1", "5450000.0", "40500000.0"), ("2", "5450000.0", "40501000.0")]
SQUARE += [("3", "5451000.0", "40501000.0"), ("4", "5451000.0", "40500000.0")]


def docx(body: str, *, head: str = "") -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", f'{head}<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>')
    return whole.getvalue()


def paragraph(text: str, style: str = "") -> str:
    mark = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{mark}<w:r><w:t>{text}</w:t></w:r></w:p>"


def cell(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(text)}</w:tc>"


def pdf(*pages: list[str]) -> bytes:
    """A PDF whose text layer says these lines; its font is named, not embedded, and mapped to Unicode."""
    signs = sorted({sign for page in pages for line in page for sign in line})
    codes = {sign: i + 1 for i, sign in enumerate(signs)}
    mapped = "".join(f"<{codes[sign]:04x}><{ord(sign):04x}>\n" for sign in signs)
    unicode_ = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /A def\n"
        f"1 begincodespacerange <0000><ffff> endcodespacerange\n{len(signs)} beginbfchar\n{mapped}endbfchar\n"
        "endcmap end end"
    ).encode()
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b""]
    objects.append(
        b"<</Type/Font/Subtype/Type0/BaseFont/A/Encoding/Identity-H/DescendantFonts[4 0 R]/ToUnicode 5 0 R>>"
    )
    objects.append(
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/A/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)"
        b"/Supplement 0>>/DW 1000/FontDescriptor 6 0 R>>"
    )
    objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(unicode_), unicode_))
    objects.append(
        b"<</Type/FontDescriptor/FontName/A/Flags 4/FontBBox[0 0 1000 1000]/ItalicAngle 0/Ascent 800/Descent -200"
        b"/CapHeight 700/StemV 80>>"
    )
    kids = []
    for page in pages:
        lines = "".join(
            f"1 0 0 1 40 {780 - 20 * i} Tm <{''.join(f'{codes[sign]:04x}' for sign in line)}> Tj\n"
            for i, line in enumerate(page)
        )
        stream = f"BT /F1 10 Tf {lines} ET".encode()
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream))
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 2000 800]/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R>>"
            % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(kids), b" ".join(kids))
    whole, offsets = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, start=1):
        offsets.append(len(whole))
        whole += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(whole)
    whole += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    return whole + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_text_in_any_usual_encoding_is_lines(encoding):
    found = read_document("范围拐点坐标\r\n\r\nJ1\t119.5".encode(encoding), name="公告.txt")
    assert [block.text for block in found.blocks] == ["范围拐点坐标", "", "J1\t119.5"]
    assert [block.line for block in found.blocks] == [1, 2, 3]


def test_a_docx_gives_paragraphs_and_tables_in_their_order_with_merged_cells_spread():
    table = (
        f"<w:tbl><w:tr>{cell('核心区', '<w:vMerge w:val=' + chr(34) + 'restart' + chr(34) + '/>')}{cell('1')}</w:tr>"
        f"<w:tr>{cell('', '<w:vMerge/>')}{cell('2')}</w:tr>"
        f"<w:tr>{cell('合计', '<w:gridSpan w:val=' + chr(34) + '2' + chr(34) + '/>')}</w:tr></w:tbl>"
    )
    found = read_document(docx(paragraph("一、范围", "Heading1") + table + paragraph("完")), name="a.docx")
    first, middle, last = found.blocks
    assert isinstance(first, Paragraph)
    assert (first.text, first.level) == ("一、范围", 1)
    assert isinstance(middle, TableBlock)
    assert middle.rows == (("核心区", "1"), ("核心区", "2"), ("合计", "合计"))
    assert (middle.line, last.line) == (2, 5)  # the three rows of the table are lines 2, 3 and 4


def test_what_a_tracked_change_deleted_is_no_text():
    body = "<w:p><w:r><w:t>J1 </w:t></w:r><w:del><w:r><w:delText>7</w:delText><w:t>8</w:t></w:r></w:del></w:p>"
    (block,) = read_document(docx(body), name="a.docx").blocks
    assert block.text == "J1"


def test_the_text_layer_of_a_pdf_is_lines_with_their_page():
    rows = [" ".join(row) for row in SQUARE]
    found = read_document(pdf(["范围拐点坐标（2000国家大地坐标系）", *rows], ["附：说明"]), name="a.pdf")
    assert [block.page for block in found.blocks] == [1] * 5 + [2]
    (area, *_) = areas_of(found)
    assert (area.kind, area.corners, area.page, area.geometry.area) == ("polygon", 4, 1, 1_000_000.0)


def test_an_angle_broken_at_the_end_of_a_line_is_whole_again():
    lines = [
        "拐点：东经119°30′00″，北纬49°1",
        "2′00″；东经119°31′00″，北纬49°12′00″；东经119°31′00″，",
        "北纬49°13′00″",
    ]
    (area, *_) = areas_of(read_document("\n".join(lines).encode(), name="a.txt"))
    assert (area.kind, area.geometry.bounds) == ("polygon", (119.5, 49.2, 119 + 31 / 60, 49 + 13 / 60))


def test_a_pdf_of_pictures_says_how_to_go_on():
    with pytest.raises(UnsupportedFormatError, match="georeference map") as caught:
        read_document(pdf([]), name="a.pdf")
    assert caught.value.code == "no_text_layer"


def test_html_as_it_is_really_written_gives_its_table():
    text = "<p>附件<br>坐标表<TABLE><tr><td rowspan=2>一级<td>1<td>119.5<tr><td>2<td>119.6</TABLE>完<script>var J1=1</script>"
    found = read_document(f"<html>{text}".encode("gbk"), name="a.html")
    assert [getattr(block, "text", None) or block.rows for block in found.blocks] == [
        "附件",
        "坐标表",
        (("一级", "1", "119.5"), ("一级", "2", "119.6")),
        "完",
    ]


def test_the_text_of_a_table_that_only_lays_out_a_page_is_not_lost():
    text = "<html><table><tr><td>公告<table><tr><td>1<td>2</table></td></tr></table>"
    found = read_document(text.encode(), name="a.html")
    assert [getattr(block, "text", None) or block.rows for block in found.blocks] == [(("1", "2"),), "公告"]


@pytest.mark.parametrize(
    ("data", "error", "code"),
    [
        (b"", IncompleteSourceError, "empty"),
        (b" \r\n\0", IncompleteSourceError, "empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", UnsupportedFormatError, "unsupported"),
        (b"{\\rtf1 a}", UnsupportedFormatError, "unsupported"),
        (b"\x89PNG\r\n\x1a\n", UnsupportedFormatError, "unsupported"),
        (b"PK\3\4 but no archive", IncompleteSourceError, "damaged"),
        (b"%PDF-1.7 and nothing", IncompleteSourceError, "damaged"),
        (docx(paragraph("甲")).replace(b"word/document.xml", b"word/documant.xml"), MalformedSourceError, "not_docx"),
        (docx(paragraph("甲"), head='<!DOCTYPE a [<!ENTITY b "c">]>'), MalformedSourceError, "entities"),
        (docx(paragraph("")), IncompleteSourceError, "empty"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(data, error, code):
    with pytest.raises(error) as caught:
        read_document(data, name="a")
    assert caught.value.code == code


def test_an_address_is_not_opened():
    with pytest.raises(SourceNotFoundError, match="addresses are not opened"):
        read_document("no/such/notice.txt")
