"""Notices: corner lists, published extents and zones in words, out of TXT, DOCX, PDF text and HTML."""

from __future__ import annotations

from spatial.reading.notice.corners import NoticeArea, areas_of
from spatial.reading.notice.document import Block, Document, Paragraph, TableBlock, read_document
from spatial.reading.notice.placing import accuracy_of_area, notice_reading, system_words

__all__ = [
    "Block",
    "Document",
    "NoticeArea",
    "Paragraph",
    "TableBlock",
    "accuracy_of_area",
    "areas_of",
    "notice_reading",
    "read_document",
    "system_words",
]
