"""
The child process that takes text and tables out of DOCX, PDF and HTML (see ``spatial.reading.worker``).

Run by ``spatial.reading.notice.document`` as ``python -I document_worker.py``. It speaks the frames of
``worker.py``, which it loads from the folder above, and imports nothing else of this project. Nothing is fetched: HTML
is only parsed, of a DOCX only its own parts are read.
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys
import xml.etree.ElementTree as ET
import zipfile
import zlib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"  # says again what stands beside it
_PART_BYTES = 64 << 20
_MAX_DEPTH = 200
_MAX_SPAN = 1000
_MAX_CELLS = 1_000_000
_BLOCK_TAGS = frozenset(
    [
        "p",
        "div",
        "section",
        "article",
        "li",
        "dd",
        "dt",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "tr",
        "ul",
        "ol",
        "blockquote",
        "pre",
        "caption",
        "header",
        "footer",
        "center",
    ]
)
_SILENT = frozenset({"script", "style", "template", "noscript", "title"})


def _frames() -> Any:
    """``worker.py`` of the folder above, as a module."""
    path = Path(__file__).resolve().parent.parent / "worker.py"
    spec = importlib.util.spec_from_file_location("_worker", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


worker = _frames()
Refusal = worker.Refusal


def read_docx(path: str) -> list[dict[str, Any]]:
    """Paragraphs and tables of a DOCX, in order."""
    try:
        with zipfile.ZipFile(path) as archive:
            info = archive.getinfo("word/document.xml")
            if info.file_size > _PART_BYTES:
                raise Refusal("too_large", f"its text unpacks to {info.file_size} bytes")
            with archive.open(info) as part:
                data = part.read(_PART_BYTES + 1)
    except KeyError:
        raise Refusal("not_docx", "it is a ZIP, but no DOCX: it has no word/document.xml") from None
    except RuntimeError:
        raise Refusal("password", "it needs a password") from None
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, zlib.error, EOFError) as error:
        raise Refusal("damaged", f"it cannot be opened: {error}"[:300]) from None
    if len(data) > _PART_BYTES:
        raise Refusal("too_large", "its text unpacks to too many bytes")
    plain = data.replace(b"\0", b"")
    if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
        raise Refusal("entities", "its text declares entities, which are not read")
    try:
        root = ET.fromstring(data)  # noqa: S314 - without entities, bounded, in a process of its own
    except (ET.ParseError, RecursionError, ValueError) as error:
        raise Refusal("damaged", f"its text is no complete XML: {error}") from None
    body = root.find(f"{_W}body")
    if body is None:
        raise Refusal("damaged", "it has no body")
    blocks: list[dict[str, Any]] = []
    _docx_blocks(body, blocks, 0)
    return blocks


def _docx_blocks(parent: ET.Element, blocks: list[dict[str, Any]], depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise Refusal("damaged", "it is nested too deeply")
    for element in parent:
        if element.tag == f"{_W}p":
            style = element.find(f"{_W}pPr/{_W}pStyle")
            level = re.fullmatch(r"(?:heading|标题)?\s*([1-6])", (_value(style) or "").lower())
            marked: dict[str, Any] = {"level": int(level[1])} if level else {}
            blocks += [{"text": text, **marked} for text in _docx_text(element).split("\n")]
        elif element.tag == f"{_W}tbl":
            blocks.append({"rows": _docx_rows(element)})
        elif element.tag in {f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml", f"{_W}smartTag"}:
            _docx_blocks(element, blocks, depth + 1)


def _value(element: ET.Element | None) -> str | None:
    return None if element is None else element.get(f"{_W}val")


def _docx_text(paragraph: ET.Element) -> str:
    """Text of runs; what tracked changes deleted is no text of the document."""
    found: list[str] = []
    stack = [paragraph]
    while stack:
        element = stack.pop()
        if element.tag in {f"{_W}del", f"{_W}moveFrom", f"{_W}instrText", f"{_W}pPr", f"{_W}rPr", _FALLBACK}:
            continue
        if element.tag == f"{_W}t":
            found.append(element.text or "")
        elif element.tag == f"{_W}tab":
            found.append("\t")
        elif element.tag in {f"{_W}br", f"{_W}cr"}:
            found.append("\n")
        elif element.tag == f"{_W}noBreakHyphen":
            found.append("-")
        stack.extend(reversed(element))
    return "".join(found)


def _docx_rows(table: ET.Element) -> list[list[str]]:
    """Rows; a cell that goes on over rows (vMerge) or columns (gridSpan) stands in each."""
    rows: list[list[str]] = []
    cells = 0
    for row in table.findall(f"{_W}tr") + table.findall(f"{_W}sdt/{_W}sdtContent/{_W}tr"):
        texts: list[str] = []
        before = row.find(f"{_W}trPr/{_W}gridBefore")
        texts += [""] * min(int(_value(before) or 0) if (_value(before) or "0").isdecimal() else 0, _MAX_SPAN)
        for cell in row.findall(f"{_W}tc") + row.findall(f"{_W}sdt/{_W}sdtContent/{_W}tc"):
            text = " ".join(_docx_text(paragraph) for paragraph in cell.iter(f"{_W}p")).strip()
            span = _value(cell.find(f"{_W}tcPr/{_W}gridSpan")) or "1"
            merge = cell.find(f"{_W}tcPr/{_W}vMerge")
            width = min(int(span), _MAX_SPAN) if span.isdecimal() else 1
            if merge is not None and _value(merge) != "restart" and rows and not text:
                text = rows[-1][len(texts)] if len(texts) < len(rows[-1]) else ""
            texts += [text] * max(width, 1)
            cells += width
            if cells > _MAX_CELLS:
                raise Refusal("too_large", "a table has too many cells")
        rows.append([re.sub(r"\s+", " ", text) for text in texts])
    return rows


def read_pdf(path: str, max_pages: int) -> list[dict[str, Any]]:
    """Lines of the text layer, page by page."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        code = "password" if "assword" in str(error) else "damaged"
        raise Refusal(code, f"it cannot be opened: {error}"[:300]) from None
    if len(document) > max_pages:
        raise Refusal("too_large", f"it has {len(document)} pages")
    blocks: list[dict[str, Any]] = []
    for number in range(len(document)):
        try:
            text = document[number].get_textpage().get_text_range()
        except pypdfium2.PdfiumError as error:
            raise Refusal("damaged", f"page {number + 1} cannot be read: {error}"[:300]) from None
        # U+FFFE stands for a hyphen at the end of a line; it is kept apart from digits
        blocks += [{"text": line.replace("\ufffe", "-").strip(), "page": number + 1} for line in text.splitlines()]
    return blocks


class _Page(HTMLParser):
    """Paragraphs and tables of HTML as it is really written: end tags missing, tables within tables."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[dict[str, Any]] = []
        self.text: list[str] = []
        self.level: int | None = None
        self.silent: list[str] = []
        self.tables: list[_Table] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a block, a table, a cell."""
        if tag in _SILENT:
            self.silent.append(tag)
        elif tag == "table":
            self.flush()
            if len(self.tables) >= _MAX_DEPTH:
                raise Refusal("damaged", "its tables are nested too deeply")
            self.tables.append(_Table())
        elif self.tables and tag == "tr":
            self.tables[-1].open_row()
        elif self.tables and tag in {"td", "th"}:
            given = dict(attrs)
            self.tables[-1].open_cell(_span(given.get("rowspan")), _span(given.get("colspan")))
        elif tag == "br":
            self.put(" " if self.in_cell() else "\n")
        elif tag in _BLOCK_TAGS:
            self.put(" ") if self.in_cell() else self.flush()
            self.level = int(tag[1]) if re.fullmatch(r"h[1-6]", tag) and not self.tables else self.level

    def handle_endtag(self, tag: str) -> None:
        """Close a block or table."""
        if self.silent and tag == self.silent[-1]:
            self.silent.pop()
        elif tag == "table" and self.tables:
            self.end_table()
        elif tag in {"td", "th"} and self.tables:
            self.tables[-1].close_cell()
        elif tag in _BLOCK_TAGS and not self.tables:
            self.flush()

    def handle_data(self, data: str) -> None:
        """Take in text."""
        if not self.silent:
            self.put(re.sub(r"\s+", " ", data))

    def in_cell(self) -> bool:
        """Whether text goes into a cell."""
        return bool(self.tables) and self.tables[-1].cell is not None

    def put(self, text: str) -> None:
        """Text to the cell or paragraph that is open."""
        if self.tables:
            self.tables[-1].put(text)
        else:
            self.text.append(text)

    def flush(self) -> None:
        """End the paragraph."""
        if self.tables:
            return
        for line in "".join(self.text).split("\n"):
            if line.strip():
                made: dict[str, Any] = {"text": line.strip()}
                self.blocks.append(made if self.level is None else {**made, "level": self.level})
        self.text, self.level = [], None

    def end_table(self) -> None:
        """
        End a table: one within a cell of another is part of a layout and stands by itself.

        Text of a layout table becomes paragraphs, so that nothing of it is lost.
        """
        table = self.tables.pop()
        rows = table.finished()
        if self.tables:
            self.tables[-1].nested = True
        if table.nested or max(map(len, rows), default=0) < 2:
            self.blocks += [{"text": cell} for row in rows for cell in dict.fromkeys(row) if cell]
        elif rows:
            self.blocks.append({"rows": rows})

    def finish(self) -> list[dict[str, Any]]:
        """All blocks."""
        while self.tables:
            self.end_table()
        self.flush()
        return self.blocks


class _Table:
    """Cells of one HTML table on its grid."""

    def __init__(self) -> None:
        self.rows: list[list[str]] = []
        self.open: dict[int, tuple[int, str]] = {}
        self.cell: list[str] | None = None
        self.spans = (1, 1)
        self.nested = False
        self.cells = 0

    def open_row(self) -> None:
        """Begin a row with the cells that reach into it from above."""
        self.close_cell()
        self.rows.append([])
        self._fill()

    def _fill(self) -> None:
        row = self.rows[-1]
        while len(row) in self.open:
            column = len(row)
            left, text = self.open[column]
            row.append(text)
            if left > 1:
                self.open[column] = (left - 1, text)
            else:
                del self.open[column]

    def open_cell(self, rows: int, columns: int) -> None:
        """Begin a cell."""
        self.close_cell()
        if not self.rows:
            self.rows.append([])
        self._fill()
        self.cell, self.spans = [], (rows, columns)

    def close_cell(self) -> None:
        """End a cell, in all rows and columns it spans."""
        if self.cell is None:
            return
        text = re.sub(r"\s+", " ", "".join(self.cell)).strip()
        rows, columns = self.spans
        self.cells += rows * columns
        if self.cells > _MAX_CELLS:
            raise Refusal("too_large", "a table has too many cells")
        for _ in range(columns):
            if rows > 1:
                self.open[len(self.rows[-1])] = (rows - 1, text)
            self.rows[-1].append(text)
        self.cell = None
        self._fill()

    def put(self, text: str) -> None:
        """Text of a cell; text between cells makes a row of its own, so that it is not lost."""
        if self.cell is not None:
            self.cell.append(text)
        elif text.strip():
            self.rows.append([text.strip()])

    def finished(self) -> list[list[str]]:
        """Rows that hold anything, all as wide as the widest."""
        self.close_cell()
        rows = [row for row in self.rows if any(row)]
        width = max(map(len, rows), default=0)
        return [row + [""] * (width - len(row)) for row in rows]


def _span(text: str | None) -> int:
    return min(max(int(text), 1), _MAX_SPAN) if text is not None and re.fullmatch(r"\d{1,4}", text) else 1


def read_html(path: str) -> list[dict[str, Any]]:
    """Paragraphs and tables of an HTML file in UTF-8."""
    page = _Page()
    page.feed(Path(path).read_text("utf-8", errors="replace"))
    page.close()
    return page.finish()


def main() -> int:
    """Answer one request."""
    os.environ.update(worker._QUIET)  # noqa: SLF001 - the same fence as the readers' own worker
    stdin, stdout = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    answer = worker.Answer(stdout, 1 << 62)
    folder = str(Path.cwd())
    try:
        request = worker.receive(stdin, folder)
        answer.left = int(request["max_output"])
        sys.path[:] = [entry for entry in request["sys_path"] if Path(entry).is_absolute()]
        worker.limit(int(request["max_memory"]), int(request["max_seconds"]))
        path = str(Path(folder, *request["open"].split("/")))
        if request["format"] == "docx":
            blocks = read_docx(path)
        elif request["format"] == "pdf":
            blocks = read_pdf(path, int(request["max_layers"]))
        else:
            blocks = read_html(path)
        if len(blocks) > request["max_features"]:
            raise Refusal("too_large", f"{len(blocks)} blocks")  # noqa: TRY301 - it is answered below
        answer.fact(b"L", {"blocks": blocks})
        answer.fact(b"E", {"ok": True})
    except Refusal as refusal:
        answer.fact(b"X", {"code": refusal.code, "detail": refusal.detail})
    except MemoryError:
        answer.fact(b"X", {"code": "memory", "detail": "out of memory"})
    except Exception as error:  # noqa: BLE001 - whatever a parser raises is an answer for the parent
        answer.fact(b"X", {"code": "parser", "detail": f"{type(error).__name__}: {error}".replace(folder, "")[:500]})
    finally:
        stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
