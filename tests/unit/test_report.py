"""Reports: the same content in DOCX, PDF, HTML, XLSX and CSV, and nothing that failed is left out of any."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest
import shapely

from maps.errors import FontMissingError, ReportFormatError
from maps.figure.fonts import FOLDER_VARIABLE, chinese_fonts, font_folders
from maps.report import FORMATS, report_of, write_report
from maps.report.finding_content import failures, sentence
from maps.report.layout import layout
from maps.report.model import Column, Table
from screening.words import word
from spatial.errors import NotWritableError
from tests.report_example import LOST, NAME, SITE, Example, example, ruling

if TYPE_CHECKING:
    from pathlib import Path

CERTIFICATE = {"sha256": "0123456789abcdef" * 4, "file": "凭证.json"}
HIT = "本项目（某风电场）涉及生态保护红线（红线图层：某草原红线（=HX-1）），重叠面积 14.1391 公顷（141,390.55 平方米），占项目面积的 38.03%。"
NOT_PERMISSION = "不在优先保护单元不等于符合准入要求"
MARKS = ("仅供内部分析，未经地图审核，不得公开发布", "内部使用", "合成示例，不代表真实管控边界", "示意")


def require_font() -> None:
    try:
        chinese_fonts()
    except FontMissingError as error:
        pytest.skip(str(error))


def require_program(name: str, package: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not here; as root: apt-get install {package}")
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Example:
    require_font()
    found = example(tmp_path_factory.mktemp("ws") / "ws")
    found.result["ruling"] = ruling()
    return found


@pytest.fixture(scope="module")
def folder(made, tmp_path_factory) -> Path:
    """The report in every format and both languages."""
    place = tmp_path_factory.mktemp("报告 files")
    for language in ("zh", "en"):
        for suffix in FORMATS:
            siblings = [place / "离线 地图.html", place / "sub" / "vectors.gpkg", place / CERTIFICATE["file"]]
            write_report(
                place / f"{language}{suffix}",
                made.result,
                language=language,
                certificate=CERTIFICATE,
                siblings=siblings,
                **made.arguments,
            )
    return place


def text_of_docx(path: Path) -> str:
    import docx

    document = docx.Document(str(path))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    heads = [p.text for section in document.sections for p in section.header.paragraphs]
    return "\n".join([*heads, *(p.text for p in document.paragraphs), *cells])


def text_of_pdf(path: Path) -> str:
    import pypdfium2

    with pypdfium2.PdfDocument(path) as document:
        return "".join(page.get_textpage().get_text_range() for page in document)


def text_of_xlsx(path: Path) -> str:
    import openpyxl

    book = openpyxl.load_workbook(path)
    return "\n".join(str(c.value) for sheet in book for row in sheet.iter_rows() for c in row if c.value is not None)


def text_of(path: Path) -> str:
    """The text of a report without spaces and line breaks, which each format puts where it likes."""
    readers = {".docx": text_of_docx, ".pdf": text_of_pdf, ".xlsx": text_of_xlsx}
    reader = readers.get(path.suffix)
    return squeezed(path.read_text(encoding="utf-8-sig") if reader is None else reader(path))


def squeezed(text: str) -> str:
    return "".join(text.split())


# ---- one content, every format


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_holds_the_sentence_of_the_hit(folder, suffix):
    assert squeezed(HIT) in text_of(folder / f"zh{suffix}")


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_layer_that_failed_is_visible_in_every_format(folder, suffix):
    text = text_of(folder / f"zh{suffix}")
    assert LOST in text
    assert "是否涉及饮用水水源保护区无法判断（水源图层）：图层无法读取或已损坏" in text
    assert "不得据此认为不涉及" in text
    english = text_of(folder / f"en{suffix}")
    assert squeezed("cannot be told (水源图层): the layer cannot be read or is damaged") in english


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_kind_without_a_layer_is_visible_in_every_format(made, tmp_path, suffix):
    lost = {**made.result["findings"][0], "layer": None, "version": None, "answer": "unknown", "features": []}
    lost |= {"reason": "layer_missing", "reasons": [{"code": "layer_missing"}], "accuracy_m": None}
    result = {**made.result, "findings": [lost], "layers": [], "answer": "unknown"}
    path = write_report(tmp_path / f"a{suffix}", result, geometry=SITE, overlaps=(), layers=())
    assert "缺少该类图层" in text_of(path)


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_is_marked_internal_synthetic_and_indicative(folder, suffix):
    text = text_of(folder / f"zh{suffix}")
    assert all(mark in text for mark in MARKS)
    english = text_of(folder / f"en{suffix}")
    for code in ("internal_map", "synthetic", "indicative", "restricted"):
        assert squeezed(word(f"note.{code}", "en")) in english


@pytest.mark.parametrize("suffix", [s for s in FORMATS if s != ".csv"])
def test_what_is_no_permission_and_what_was_not_checked_is_said(folder, suffix):
    text = text_of(folder / f"zh{suffix}")
    assert NOT_PERMISSION in text
    assert "未核查的内容" in text
    assert "风景名胜区" in text
    assert CERTIFICATE["sha256"] in text
    assert squeezed("sanxian verify 凭证.json --workspace WS") in text


@pytest.mark.parametrize("suffix", [s for s in FORMATS if s != ".csv"])
def test_the_last_columns_of_the_compliance_table_are_left_to_fill_in(folder, suffix):
    text = text_of(folder / f"zh{suffix}")
    assert text.count("待填") >= 2 * 3  # three clauses, two columns
    assert "“严禁在草原上乱采滥挖”" in text
    assert "《合成法》第7条" in text
    assert "处一万元罚款" in text
    assert "已过，以新规划为准" in text


def test_a_penalty_is_not_printed_for_a_text_that_was_not_verified(made):
    report = report_of(made.result, **made.arguments)
    section = next(one for one in report.sections if one.key == "compliance")
    tables = [block for block in section.blocks if isinstance(block, Table)]
    assert [table.caption.split("：")[1] for table in tables] == ["国家", "市（盟）", "管控单元"]
    unverified = tables[2].rows[0][1]
    assert "待核" in unverified
    assert "罚款" not in unverified


def test_no_format_holds_the_word_complies(folder):
    for suffix in (".docx", ".pdf", ".html", ".xlsx"):
        text = text_of(folder / f"zh{suffix}")
        for claim in ("待填符合", "结论符合", "项目符合准入"):
            assert claim not in text


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_same_result_gives_the_same_bytes(made, folder, suffix):
    again = folder / "again" / f"zh{suffix}"
    again.parent.mkdir(exist_ok=True)
    arguments = {"language": "zh", "certificate": CERTIFICATE, **made.arguments}
    first = write_report(again, made.result, **arguments).read_bytes()
    assert write_report(again, made.result, **arguments).read_bytes() == first


def test_a_report_of_another_ending_is_refused_with_the_endings(made, tmp_path):
    with pytest.raises(ReportFormatError, match=r"\.docx, \.pdf, \.html, \.xlsx, \.csv"):
        write_report(tmp_path / "a.odt", made.result, **made.arguments)


def test_a_folder_that_is_not_there_is_named(made, tmp_path):
    with pytest.raises(NotWritableError, match="nowhere"):
        write_report(tmp_path / "nowhere" / "a.csv", made.result, **made.arguments)


# ---- sentences


def finding_of(made, answer):
    return next(one for one in made.result["findings"] if one["answer"] == answer)


def test_each_answer_has_its_sentence(made):
    assert sentence(finding_of(made, "hit"), made.result, "zh") == HIT
    uncertain = sentence(finding_of(made, "uncertain"), made.result, "zh")
    assert uncertain.startswith("本项目（某风电场）是否涉及自然保护地不能确定（保护地图层：某湿地公园）")
    assert "综合精度 25.02 米" in uncertain  # sqrt(25^2 + 1^2) = 25.01999
    clear = sentence(finding_of(made, "clear"), made.result, "zh")
    assert clear.startswith("本项目（某风电场）未命中优先保护单元（管控单元图层，数据日期 2024-01-01）")
    assert "西部优先单元" in clear
    assert "cannot be told" in sentence(finding_of(made, "unknown"), made.result, "en")


def test_an_overlap_that_rounds_to_nothing_is_not_said_to_be_nothing(made):
    tiny = {**finding_of(made, "hit"), "overlap_m2": 0.01, "share": 0.0}
    text = sentence(tiny, made.result, "zh")
    assert "重叠面积 <0.0001 公顷" in text
    assert "占项目面积的 <0.01%" in text


def test_a_route_is_told_by_its_length_and_a_point_by_itself(made):
    route = {**finding_of(made, "hit"), "overlap_m2": 0.0, "overlap_length_m": 1234.5, "share": 0.25}
    assert "穿越长度 1,234.50 米，占线路长度的 25.00%" in sentence(route, made.result, "zh")
    point = {**finding_of(made, "hit"), "overlap_m2": 0.0, "overlap_length_m": None}
    at = {**made.result, "site": {**made.result["site"], "scope": "point"}}
    assert "仅就该点" in sentence(point, at, "zh")
    assert "没有可量算的重叠面积" in sentence(point, made.result, "zh")


def test_an_unknown_overlap_is_no_zero_in_the_table(made):
    report = report_of(made.result, **made.arguments)
    section = next(one for one in report.sections if one.key == "findings")
    table = section.blocks[0]
    overlap = [column.title for column in table.columns].index(word("report.column_overlap_ha", "zh"))
    rows = {row[0]: row[overlap] for row in table.rows}
    assert rows[LOST] is None
    assert rows["管控单元图层"] == 0.0
    assert rows["红线图层"] == pytest.approx(14.139055)


def test_a_failed_layer_is_listed_once(made):
    assert failures(made.result, "zh") == [(LOST, "饮用水水源保护区", "图层无法读取或已损坏（文件大小不符）")]


def test_a_layer_without_a_date_or_coverage_is_listed_as_incomplete(made):
    finding = {**finding_of(made, "clear"), "answer": "unknown"}
    finding["reasons"] = [{"code": "coverage_not_stated"}, {"code": "date_missing"}]
    listed = failures({**made.result, "findings": [finding], "warnings": []}, "en")
    assert [what for _, _, what in listed] == ["the layer states no coverage", "the layer has no data date"]


# ---- surroundings


def test_targets_are_listed_and_a_missing_layer_is_no_empty_table(made):
    topic = {"topic": "air", "name": {"zh": "大气", "en": "air"}, "metres": 2500.0, "standard": "HJ 2.2-2018"}
    topic |= {"mark": "K", "targets": 1, "uncertain": 2, "status": "incomplete"}
    target = {"layer": "敏感目标", "id": "1", "code": None, "name": "某小学", "object": "学校", "function_zone": "二类"}
    target |= {"lon": 117.46, "lat": 49.581, "distance_m": 420.5, "bearing_deg": 141.0, "topics": {"air": "yes"}}

    def blocks(**document):
        report = report_of({**made.result, "surroundings": {"topics": [topic], **document}}, **made.arguments)
        return next(one for one in report.sections if one.key == "surroundings").blocks

    listed = blocks(status="listed", targets=[target])
    assert listed[0].text == word("report.targets_incomplete", "zh")
    assert listed[1].rows[0][:8] == ("某小学", "学校", "二类", 117.46, 49.581, 141.0, 420.5, "大气")
    assert listed[2].rows[0][3] == "待核"
    assert listed[2].rows[0][4] == 3  # those that the accuracy leaves open are listed, so they are counted
    unknown = blocks(status="unknown", targets=[])
    assert [getattr(block, "text", None) for block in unknown][:1] == [word("report.targets_unknown", "zh")]
    assert word("report.targets_none", "zh") not in [getattr(block, "text", None) for block in unknown]


# ---- certainty


def test_what_would_settle_an_answer_is_told_for_the_real_document(made, tmp_path):
    from layers.workspace import FolderStore
    from screening.certainty import certainty_of
    from screening.inquiry import Inquiry
    from screening.screen import screen
    from screening.site import site_of

    fresh = example(tmp_path / "ws")
    store = FolderStore.open(tmp_path / "ws")
    inquiry = Inquiry(site=site_of(SITE, accuracy_m=1, name=NAME), as_of="2026-11-22")
    verdict = screen(inquiry.site, store, as_of=inquiry.as_of)
    document = certainty_of(inquiry, verdict, store, stability=False)
    report = report_of({**fresh.result, "certainty": document}, **fresh.arguments)
    table = next(one for one in report.sections if one.key == "certainty").blocks[0]
    rows = {row[0]: row for row in table.rows}
    assert set(rows) == {"红线图层", "保护地图层", LOST, "管控单元图层"}
    assert "重新导入" in rows[LOST][5]
    assert rows["保护地图层"][6] == pytest.approx(1.446, abs=0.001)  # it is clear with an accuracy better than the gap


# ---- corners


def corners(geometry, made):
    result = {**made.result, "kinds": {}, "findings": []}
    report = report_of(result, geometry=geometry, overlaps=(), layers=())
    return next(one for one in report.sections if one.key == "corners").blocks[0]


def test_corners_are_in_the_zone_of_the_site_and_in_degrees(made):
    # A point of the published pair of `from_geographic`: zone 40, X 5453252.0109, Y 40482918.4554.
    table = corners(shapely.Point(119.765558, 49.212189), made)
    row = table.rows[0]
    assert row[1:4] == ("J1", 5453252.011, 40482918.455)
    # 0.765558 deg = 45' 56.0088"; 0.212189 deg = 12' 43.8804"
    assert row[4:6] == ("119°45′56.0088″", "49°12′43.8804″")


def test_a_hole_is_an_inner_ring_and_no_first_point_is_repeated(made):
    square = shapely.box(117.45, 49.58, 117.46, 49.59)
    hole = shapely.box(117.453, 49.583, 117.456, 49.586)
    table = corners(square.difference(hole), made)
    assert [row[0] for row in table.rows] == ["外环 1"] * 4 + ["内环 1-1"] * 4
    assert [row[1] for row in table.rows] == [f"J{k}" for k in range(1, 9)]


def test_a_long_ring_is_cut_on_paper_with_its_count_and_whole_in_xlsx(made, tmp_path):
    ring = shapely.Point(117.46, 49.59).buffer(0.005, quad_segs=50)  # 200 corners
    arguments = {"geometry": ring, "overlaps": (), "layers": ()}
    words = squeezed(word("report.rows_shown", "zh", total=200, shown=60))
    for suffix in (".docx", ".pdf", ".html"):
        text = text_of(write_report(tmp_path / f"a{suffix}", made.result, **arguments))
        assert words in text
        assert "J60" in text
        assert "J61" not in text
    import openpyxl

    book = openpyxl.load_workbook(write_report(tmp_path / "a.xlsx", made.result, **arguments))
    numbers = [row[1].value for row in book["拐点坐标表"].iter_rows(min_row=1)]
    assert "J200" in numbers


# ---- DOCX


def test_docx_has_real_headings_tables_and_east_asian_fonts(folder):
    import docx
    from docx.oxml.ns import qn

    document = docx.Document(str(folder / "zh.docx"))
    headings = [p.text for p in document.paragraphs if p.style.name == "Heading 1"]
    assert headings[:2] == ["一、核查结论", "二、项目概况"]
    assert "八、准入要求符合性对照表" in headings
    headers = [[cell.text for cell in table.rows[0].cells] for table in document.tables]
    assert ["图形", "点号", "X（北，米）", "Y（东，米）", "经度", "纬度"] in headers
    assert any(cells[-2:] == ["本项目情况", "符合性"] for cells in headers)
    for name, font in (("Normal", "宋体"), ("Heading 1", "黑体"), ("Report cell", "宋体")):
        fonts = document.styles[name].element.rPr.rFonts
        assert fonts.get(qn("w:eastAsia")) == font
        assert fonts.get(qn("w:eastAsiaTheme")) is None
    assert document.inline_shapes[0]._inline.docPr.get("descr").startswith("某风电场与管控图层位置关系图")
    properties = document.core_properties
    assert (properties.created.isoformat()[:10], properties.author) == ("2026-11-22", "")


def test_docx_has_no_time_of_writing_in_it(folder):
    with zipfile.ZipFile(folder / "zh.docx") as package:
        assert {info.date_time for info in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_docx_opens_in_libreoffice(folder, tmp_path):
    soffice = require_program("soffice", "libreoffice-writer-nogui")
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = [soffice, profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path)]
    done = subprocess.run([*command, str(folder / "zh.docx")], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    text = squeezed(text_of_pdf(tmp_path / "zh.pdf"))
    assert squeezed(HIT) in text
    assert "第1页，共" in text  # the fields of the footer are filled in


# ---- PDF


def test_pdf_is_tagged_selectable_and_embeds_its_chinese_fonts(folder):
    content = (folder / "zh.pdf").read_bytes()
    assert b"/StructTreeRoot" in content
    assert b"/MarkInfo" in content
    import pypdfium2
    import pypdfium2.raw as pdfium

    with pypdfium2.PdfDocument(folder / "zh.pdf") as document:
        assert pdfium.FPDFCatalog_IsTagged(document)
        text = "".join(page.get_textpage().get_text_range() for page in document)
    assert squeezed(HIT) in squeezed(text)
    assert squeezed("图例 项目 项目选址") in squeezed(text)  # the lettering of the figure is text too


def test_every_font_of_the_pdf_is_embedded(folder):
    pdffonts = require_program("pdffonts", "poppler-utils")
    lines = subprocess.run(
        [pdffonts, folder / "zh.pdf"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    rows = [line.split() for line in lines[2:]]
    assert rows
    assert all(row[-5] == "yes" for row in rows), lines  # emb sub uni object generation


def test_pdf_holds_what_a_name_writes_as_text_and_runs_none_of_it(made, tmp_path):
    name = '#panic("x") $1/0$ \\ "quoted" ]{}<b>'
    result = {**made.result, "site": {**made.result["site"], "name": name}}
    for suffix in (".pdf", ".html", ".docx"):
        path = write_report(tmp_path / f"a{suffix}", result, **made.arguments)
        if suffix == ".html":
            assert "<b>" not in path.read_text(encoding="utf-8")
        else:
            assert squeezed('#panic("x")$1/0$') in text_of(path)


# ---- HTML


def test_html_loads_nothing_and_forbids_every_request(folder):
    page = (folder / "zh.html").read_text(encoding="utf-8")
    assert "default-src &#x27;none&#x27;" in page
    for word_ in ("<script", "<link", "@import", 'src="', "url(http"):
        assert word_ not in page
    assert page.count("<table>") == page.count("<caption>") > 5
    assert 'lang="zh-CN"' in page
    assert 'href="%E7%A6%BB%E7%BA%BF%20%E5%9C%B0%E5%9B%BE.html"' in page


# ---- XLSX


def test_xlsx_keeps_codes_as_text_numbers_as_numbers_and_formulas_quoted(folder):
    import openpyxl

    book = openpyxl.load_workbook(folder / "zh.xlsx")
    sheet = book["涉及的要素"]
    header = next(row for row in sheet.iter_rows() if row[0].value == "图层")
    cells = {c.value: sheet.cell(row=c.row + 1, column=c.column) for c in header if c.value}
    code = cells["编码"]
    assert (code.value, code.data_type, code.quotePrefix) == ("=HX-1", "s", True)
    assert (cells["重叠面积（平方米）"].value, cells["重叠面积（平方米）"].data_type) == (141390.55, "n")
    assert cells["占比"].value == pytest.approx(0.380348, abs=1e-6)
    assert cells["占比"].number_format.endswith("%")
    with zipfile.ZipFile(folder / "zh.xlsx") as package:
        sheets = [package.read(name).decode() for name in package.namelist() if "worksheets/sheet" in name]
    assert not any("<f>" in one for one in sheets)


def test_xlsx_links_are_relative_to_the_report(folder):
    import openpyxl

    book = openpyxl.load_workbook(folder / "zh.xlsx")
    targets = {cell.hyperlink.target for sheet in book for row in sheet.iter_rows() for cell in row if cell.hyperlink}
    assert targets == {"凭证.json", "离线%20地图.html", "sub/vectors.gpkg"}


# ---- CSV


def test_csv_has_a_byte_order_mark_and_a_row_for_every_finding(made, folder):
    content = (folder / "zh.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [row["结论"] for row in rows] == ["命中", "边界不确定", "无法判断", "未命中"]
    assert {row["项目"] for row in rows} == {NAME}
    assert rows[0]["编码"] == "'=HX-1"  # a spreadsheet runs no formula
    assert rows[0]["重叠面积（平方米）"] == "141390.5500"
    assert rows[2]["重叠面积（平方米）"] == ""
    assert all(MARKS[0] in row["标注"] for row in rows)


# ---- fonts and layout


def test_without_a_chinese_font_the_error_says_how_to_get_one():
    with pytest.raises(FontMissingError, match=f"fonts-noto-cjk.*SimSun.*{FOLDER_VARIABLE}=FOLDER"):
        chinese_fonts(["DejaVu Sans"])


def test_a_folder_of_fonts_is_looked_into_where_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    assert font_folders() == (str(tmp_path),)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "nowhere"))
    assert font_folders() == ()


def test_columns_are_never_narrower_than_a_code():
    codes = Column(title="编码", kind="code")
    texts = Column(title="要求", weight=20)
    table = Table(caption="t", columns=(codes, texts), rows=(("ZH15078110001", "很长的要求" * 40),))
    size, widths = layout(table, 170.0)
    assert size == 8.5
    assert sum(widths) == pytest.approx(170.0)
    # thirteen letters of 0.56 em of 8.5 pt, and the room beside them
    assert widths[0] >= 13 * 0.56 * 8.5 * 25.4 / 72 + 2.6
