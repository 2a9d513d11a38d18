"""A notice cut at its headings: what stands under which, before anything in it is read."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from spatial.reading.notice.document import Document, Paragraph
from spatial.reading.notice.tokens import scan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spatial.reading.notice.document import Block

__all__ = ["Section", "document_title", "sections_of"]

_HAN = "一二三四五六七八九十百"
_HEADINGS: tuple[tuple[int, re.Pattern[str]], ...] = (
    (0, re.compile(r"附\s*[件表录图]\s*[\d一二三四五六七八九十]*\s*[:.]?")),
    (1, re.compile(rf"第[{_HAN}\d]+[章条节]|[{_HAN}]{{1,3}}\s*[,.、，．]")),
    (2, re.compile(rf"[(（]\s*[{_HAN}]{{1,3}}\s*[)）]")),
    (3, re.compile(r"\d{1,2}\s*[.、．](?!\d)")),
    (4, re.compile(r"[(（]\s*\d{1,2}\s*[)）]|\d{1,2}\s*[)）]|\d{1,2}\.\d{1,2}(?:\.\d{1,2})?(?!\d|°|度)")),
)
_BREAKABLE = re.compile(r"[°度′分]\s*\d+(?:\.\d*)?$")
_CONTINUES = re.compile(r"^\d*\.?\d*\s*[′″'\"分秒’”]")


@dataclass(kw_only=True)
class Section:
    """What stands under one heading; ``headings`` are those over it, the outermost first."""

    headings: tuple[str, ...]
    blocks: list[Block]
    line: int = 0


def sections_of(document: Document) -> list[Section]:
    r"""
    The document cut at its headings.

    Examples
    --------
    >>> from spatial.reading.notice.document import read_document
    >>> text = "公告\n一、一级保护区\n（一）水域\n水域范围\n二、二级保护区\n陆域范围"
    >>> [one.headings for one in sections_of(read_document(text.encode()))]
    [(), ('一、一级保护区',), ('一、一级保护区', '（一）水域'), ('二、二级保护区',)]
    """
    path: list[tuple[float, str]] = []
    sections = [Section(headings=(), blocks=[])]
    for block in _unbroken(document.blocks):
        heading = _heading(block) if isinstance(block, Paragraph) else None
        if heading is None:
            sections[-1].blocks.append(block)
            continue
        level, text, rest = heading
        while path and path[-1][0] >= level:
            path.pop()
        path.append((level, text))
        sections.append(Section(headings=tuple(words for _, words in path), blocks=[], line=block.line))
        if rest and isinstance(block, Paragraph):
            sections[-1].blocks.append(replace(block, text=rest))
    return sections


def document_title(document: Document) -> str:
    """The first line of Chinese words among the first twenty; empty if it holds coordinates already."""
    for block in document.blocks[:20]:
        if isinstance(block, Paragraph) and re.search("[\u4e00-\u9fff]{4}", block.text):
            return block.text[:80] if not scan([(1, block.text[:300])]).tokens else ""
    return ""


def _heading(block: Paragraph) -> tuple[float, str, str] | None:
    """Level, text and what follows on the same line of a numbered (or marked) heading."""
    text = block.text.strip()
    if block.level is not None and len(text) <= 80:
        return block.level - 1.5, text, ""
    for level, pattern in _HEADINGS:
        match = pattern.match(text)
        if match is None:
            continue
        scanned = scan([(1, text[match.end() :][:400])])
        anchors = [token for token in scanned.tokens if token.kind in {"coordinate", "label", "bad"}]
        rest = text[match.end() :]
        if not re.search("[\u4e00-\u9fff]", rest[:40]):
            return None
        if anchors:
            words = scanned.text[: anchors[0].start]
            if len(re.findall("[\u4e00-\u9fff]", words)) < 2 or (level >= 3 and re.search(r"东经|北纬", words)):
                return None
        cut = re.search(r"[。；;]|[：:](?=.{12})", rest)
        if len(text) <= 50 and not anchors and (cut is None or cut.end() == len(rest)):
            return level, text, ""
        end = match.end() + (cut.start() if cut is not None and cut.start() <= 40 else 0)
        if end == match.end():
            return level, text[:40], text
        return level, text[:end], text
    return None


def _unbroken(blocks: Sequence[Block]) -> list[Block]:
    """Lines that were broken within an angle (119°4 / 5′), joined: only the other half has the mark."""
    found: list[Block] = []
    for block in blocks:
        before = found[-1] if found else None
        if (
            isinstance(block, Paragraph)
            and isinstance(before, Paragraph)
            and _BREAKABLE.search(before.text)
            and _CONTINUES.match(block.text)
        ):
            found[-1] = replace(before, text=before.text + block.text)
        else:
            found.append(block)
    return found
