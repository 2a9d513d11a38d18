"""A notice (TXT, DOCX, PDF, HTML) to blocks: paragraphs and tables in the order they stand."""

from __future__ import annotations

import hashlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spatial.errors import (
    IncompleteSourceError,
    MalformedSourceError,
    SourceNotFoundError,
    SourceTooLargeError,
    UnsupportedFormatError,
    WorkerRefusedError,
)
from spatial.reading.boundary import Job, Limits, run
from spatial.reading.text import decode

if TYPE_CHECKING:
    import os

    from spatial.reading.model import Evidence

__all__ = ["LIMITS", "Block", "Document", "Paragraph", "TableBlock", "read_document"]

LIMITS = Limits(
    input_bytes=64 << 20, output_bytes=64 << 20, memory_bytes=2 << 30, seconds=60, features=200_000, layers=2_000
)
"""What one notice may cost; ``features`` bounds its blocks, ``layers`` its pages."""
_LONGEST = 20 << 20
_SCAN_REMEDY = "It is a scan; georeference its map with `sanxian georeference map`, or give the text as TXT"
_BLANKS = re.compile(r"[^\S\t]+")


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """
    One line or paragraph of text.

    Parameters
    ----------
    text
        Without line ends; "" is a blank line.
    line
        Number of the line or block in the document, from 1; names the place in messages.
    page
        Page of a PDF, from 1.
    level
        Of a heading as the format marks it (1 = highest), else None.
    """

    text: str
    line: int
    page: int | None = None
    level: int | None = None


@dataclass(frozen=True, kw_only=True)
class TableBlock:
    """
    A table: rows of cells as text; a merged cell stands in every row and column it covers.

    ``line`` is the number of its first row in the document; the rows count on from there.
    """

    rows: tuple[tuple[str, ...], ...]
    line: int
    page: int | None = None


Block = Paragraph | TableBlock


@dataclass(frozen=True, kw_only=True)
class Document:
    """
    A notice as blocks.

    Parameters
    ----------
    name, sha256, format
        File name, digest of its bytes, and ``txt``, ``docx``, ``pdf`` or ``html``.
    encoding, encoding_evidence
        How text was decoded.
    blocks
        In the order they stand.
    """

    name: str
    sha256: str
    format: str
    encoding: str
    encoding_evidence: tuple[Evidence, ...]
    blocks: tuple[Block, ...]


def read_document(source: str | os.PathLike[str] | bytes, *, name: str | None = None) -> Document:
    r"""
    Blocks of a notice; its format is told by content.

    DOCX, PDF and HTML are parsed in a child process without network, within `LIMITS`. Of a PDF only the text layer is
    read; pictures are not.

    Parameters
    ----------
    source
        A path, or the bytes themselves.
    name
        File name for messages; needed for nothing else.

    Returns
    -------
    document
        At least one block.

    Raises
    ------
    SourceNotFoundError, SourceTooLargeError, UnsupportedFormatError, IncompleteSourceError, MalformedSourceError,
    WorkerError
        If it cannot be read as a whole; a PDF without a text layer has the code ``no_text_layer``.

    Examples
    --------
    >>> found = read_document("拐点坐标\n\nJ1".encode("gbk"), name="公告.txt")
    >>> found.format, [block.text for block in found.blocks]
    ('txt', ['拐点坐标', '', 'J1'])
    """
    data, file = _bytes_of(source, name)
    kind = _kind_of(data, file)
    digest = hashlib.sha256(data).hexdigest()
    if kind == "txt":
        text, coded, found = decode(data, file=file)
        if "\0" in text:
            raise MalformedSourceError(
                file=file, code="binary", detail="it holds zero bytes, so it is no text", remedy="Save it as TXT"
            )
        return _document(file=file, digest=digest, kind=kind, encoding=(coded, found), blocks=_lines(text))
    encoding: str = "UTF-8"
    evidence: tuple[Evidence, ...] = ()
    if kind == "html":
        text, encoding, evidence = decode(data, file=file)
        data = text.encode("utf-8", "replace")
    blocks = _parsed(data, kind=kind, file=file)
    return _document(file=file, digest=digest, kind=kind, encoding=(encoding, evidence), blocks=blocks)


def _document(
    *, file: str, digest: str, kind: str, encoding: tuple[str, tuple[Evidence, ...]], blocks: list[Block]
) -> Document:
    filled = any(block.text.strip() if isinstance(block, Paragraph) else any(map(any, block.rows)) for block in blocks)
    if not filled:
        if kind == "pdf":
            raise UnsupportedFormatError(
                file=file, code="no_text_layer", detail="its pages hold pictures and no text", remedy=_SCAN_REMEDY
            )
        raise IncompleteSourceError(
            file=file, code="empty", detail="it holds no text", remedy="Get the file again from its source"
        )
    return Document(
        name=file,
        sha256=digest,
        format=kind,
        encoding=encoding[0],
        encoding_evidence=encoding[1],
        blocks=tuple(blocks),
    )


def _bytes_of(source: str | os.PathLike[str] | bytes, name: str | None) -> tuple[bytes, str]:
    if isinstance(source, bytes):
        data, file = source, name or "notice"
        if len(data) > LIMITS.input_bytes:
            raise _too_large(file, f"{len(data)} bytes")
        return data, file
    path = Path(source)
    file = name or path.name or str(path)
    if not path.is_file():
        remedy = "Give the path of a file on this machine; addresses are not opened"
        raise SourceNotFoundError(file=str(source), code="not_found", detail="there is no such file", remedy=remedy)
    with path.open("rb") as opened:
        data = opened.read(LIMITS.input_bytes + 1)
    if len(data) > LIMITS.input_bytes:
        raise _too_large(file, f"more than {LIMITS.input_bytes >> 20} MB")
    return data, file


def _too_large(file: str, detail: str) -> SourceTooLargeError:
    return SourceTooLargeError(
        file=file, code="too_large", detail=detail, remedy="Give only the pages with the coordinates, or cut it up"
    )


def _kind_of(data: bytes, file: str) -> str:
    if not data.strip(b"\0 \t\r\n"):
        what = f"it holds {len(data)} bytes, all of them zero or blank" if data else "it is empty"
        raise IncompleteSourceError(file=file, code="empty", detail=what, remedy="Get the file again from its source")
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith(b"PK\3\4"):
        return "docx"
    for start, what, remedy in (
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Word document (DOC)", "Save it as DOCX"),
        (b"{\\rtf", "an RTF document", "Save it as DOCX"),
        (b"\x89PNG", "an image", _SCAN_REMEDY),
        (b"\xff\xd8\xff", "an image", _SCAN_REMEDY),
        (b"II*\0", "an image", _SCAN_REMEDY),
        (b"MM\0*", "an image", _SCAN_REMEDY),
        (b"Rar!", "a RAR archive", "Unpack it and give the document"),
    ):
        if data.startswith(start):
            raise UnsupportedFormatError(file=file, code="unsupported", detail=f"it is {what}", remedy=remedy)
    if len(data) > _LONGEST:
        raise _too_large(file, f"{len(data)} bytes of text")
    head = data[:4096].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if re.match(rb"<(?:!doctype\s+html|html|head|body|table|div|p|h\d|meta|!--)\b", head) or b"<html" in head:
        return "html"
    return "txt"


def _lines(text: str) -> list[Block]:
    """Lines of a text; runs of lines with tabs between their cells stay lines, they are told apart later."""
    return [Paragraph(text=_plain(line), line=i) for i, line in enumerate(text.splitlines(), 1)]


def _plain(line: str) -> str:
    """A line with runs of blanks made one, and none around its tabs."""
    return "\t".join(part.strip() for part in _BLANKS.sub(" ", line).split("\t")).strip()


def _parsed(data: bytes, *, kind: str, file: str) -> list[Block]:
    job = Job(source_name=file, format=kind, drivers=(), members={f"source.{kind}": data}, open=f"source.{kind}")
    program = (sys.executable, "-I", "-X", "utf8", str(Path(__file__).with_name("document_worker.py")))
    try:
        answer = run(job, limits=LIMITS, program=program)
    except WorkerRefusedError as error:
        remedy = "Open it, take the password off and save it" if error.code == "password" else "Save it again as DOCX"
        raise MalformedSourceError(file=file, code=error.code, detail=error.detail, remedy=remedy) from None
    blocks: list[Block] = []
    line = 1
    for layer in answer.layers:
        for made in layer.facts["blocks"]:
            page = made.get("page")
            if "rows" in made:
                rows = tuple(tuple(str(cell) for cell in row) for row in made["rows"])
                blocks.append(TableBlock(rows=rows, line=line, page=page))
                line += len(rows)
            else:
                blocks.append(Paragraph(text=_plain(str(made["text"])), line=line, page=page, level=made.get("level")))
                line += 1
    return blocks
