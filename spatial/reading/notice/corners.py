"""A notice as areas: corner lists in prose and tables, published extents, and what is said in words only."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from spatial.reading.notice.document import Paragraph, TableBlock
from spatial.reading.notice.entries import Corner, Count, Tail, entries_of
from spatial.reading.notice.grid import grid_of
from spatial.reading.notice.grouping import Flaw, Group, grouped
from spatial.reading.notice.holes import without_excluded
from spatial.reading.notice.outline import outline_of
from spatial.reading.notice.sections import document_title, sections_of
from spatial.reading.notice.tokens import scan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from spatial.coordinates import Coordinate
    from spatial.reading.notice.document import Document
    from spatial.reading.notice.entries import Entry
    from spatial.reading.notice.sections import Section

__all__ = ["NoticeArea", "areas_of"]

AreaKind = Literal["polygon", "line", "point", "extent", "words", "table", "unreadable"]

_CORNERS_SAID = re.compile(r"拐点|界址|连线|围成|闭合|顶点|边界|范围")


_MOST_WORDS = 200_000
"""Characters of words kept of one section: what stands behind them would be lost."""


@dataclass(frozen=True, kw_only=True)
class NoticeArea:
    """
    One area, point or statement of a notice.

    Parameters
    ----------
    kind
        ``polygon``; ``extent`` (a published box); ``point``; ``line`` (the two ends of a stretch); ``words`` (bounds
        told in words); ``table`` (a row of a table without coordinates); ``unreadable``.
    headings
        Over it, the outermost first.
    title
        The words right before it; of a table the cells that name it.
    text
        What the notice says there.
    geometry
        East first, in the coordinates written; None for words and what is unreadable.
    place_kind, written
        How its coordinates are written.
    swapped
        Whether north stands first.
    half_units
        Of an extent: half the unit of the last place of longitude and latitude, degrees.
    corners, first_line, last_line, page
        Number of corners (closing points left out), and where it stands.
    cells
        Of a row of a table: header -> text.
    warnings, flaw
        Codes of what is not fatal; why it is unreadable.
    """

    kind: AreaKind
    headings: tuple[str, ...]
    title: str
    text: str
    first_line: int
    last_line: int
    page: int | None = None
    geometry: BaseGeometry | None = None
    place_kind: str | None = None
    zone: int | None = None
    swapped: bool | None = None
    written: tuple[Coordinate, ...] = ()
    half_units: tuple[float, float] | None = None
    corners: int = 0
    cells: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    flaw: Flaw | None = None


def areas_of(document: Document, *, shape: Literal["polygon", "point"] | None = None) -> list[NoticeArea]:
    r"""
    Everything in a notice that says where something lies, in the order it stands.

    No corner is lost silently: a number that cannot be read, a gap in the point numbers, a stated count that differs,
    a ring within a ring that nothing calls a hole make the area ``unreadable``.

    Parameters
    ----------
    document
        As `spatial.reading.notice.document.read_document` gave it.
    shape
        What three and more points make where no word of the notice says that they are corners.

    Examples
    --------
    >>> from spatial.reading.notice.document import read_document
    >>> text = "一、核心区拐点\nJ1 119.5,49.2\nJ2 119.6,49.2\nJ3 119.6,49.3\n二、缓冲区\nJ1 119.7,49.2\nJ3 119.8,49.3"
    >>> [(one.kind, one.headings[-1], one.corners) for one in areas_of(read_document(text.encode()))]
    [('polygon', '一、核心区拐点', 3), ('unreadable', '二、缓冲区', 2)]
    """
    sections = sections_of(document)
    title = document_title(document)
    found: list[NoticeArea] = []
    expected: int | None = None
    counts: list[tuple[Count, tuple[str, ...], int]] = []
    chains: list[tuple[tuple[str, list[int]], int]] = []
    for section in sections:
        made, expected, own = _read(section, title, expected, shape)
        chains += [(chain, len(found)) for chain in _chains(section)]
        counts += [(count, section.headings, len(found)) for count in own]
        found += made
    _hold_counts(found, counts)
    return without_excluded(_hold_chains(_hold_points(found), chains))


def _read(
    section: Section, title: str, expected: int | None, shape: Literal["polygon", "point"] | None
) -> tuple[list[NoticeArea], int | None, list[Count]]:
    """Areas of one section, the last point number, and counts that stand over no list of their own."""
    entries: list[Entry] = []
    lines: list[tuple[int, str]] = []
    tables: list[TableBlock] = []
    others: list[str] = []
    ring_column = False
    context = " ".join([title, *section.headings])
    for block in [*section.blocks, None]:
        if isinstance(block, Paragraph):
            lines.append((block.line, block.text))
            continue
        if lines:
            entries += entries_of(scan(lines))
            lines = []
        if block is None:
            break
        grid = grid_of(block)
        if grid is None:
            tables.append(block)
            continue
        context += " " + grid.title
        others += grid.others
        ring_column = ring_column or bool(re.search(r"圈号|环号", grid.title))
        if any(isinstance(entry, Corner) for entry in entries):
            first = next((i for i, entry in enumerate(grid.entries) if isinstance(entry, Corner)), None)
            marked = list(grid.entries)
            if first is not None:
                corner = marked[first]
                assert isinstance(corner, Corner)
                marked[first] = replace(corner, marks=corner.marks | {"ring"})
            entries += marked
        else:
            entries += grid.entries
    text = "\n".join(block.text for block in section.blocks if isinstance(block, Paragraph) and block.text)
    groups = grouped(entries, context=context + text)
    page = next((block.page for block in section.blocks if block.page is not None), None)
    found: list[NoticeArea] = []
    intro = _intro(entries)
    for group in groups:
        group.ring_column = ring_column
        area, expected = _area(
            group, section, context=f"{context} {intro} {text}", text=text, page=page, expected=expected, shape=shape
        )
        if others:
            area = replace(area, warnings=(*area.warnings, "other_columns"))
        found.append(area)
    if not any(one.kind == "words" for one in found):
        silent = _without_coordinates(section)
        if silent or (section.headings and not section.blocks):
            found.append(_words(section, silent, page))
    for table in tables:
        found += _table_rows(table, section)
    own = [entry for entry in entries if isinstance(entry, Count)] if not groups else []
    return found, expected, own


def _intro(entries: Sequence[Entry]) -> str:
    """Words before the first point of a section, and after the last: 以上各点依次连线."""
    first = next((entry for entry in entries if isinstance(entry, Corner)), None)
    said = "连线" if any(isinstance(e, Corner | Tail) and "close" in e.marks for e in entries) else ""
    said += "拐点" if any(isinstance(e, Count) for e in entries) else ""
    tail = " ".join(entry.gap for entry in entries if isinstance(entry, Tail))
    return f" {'' if first is None else first.gap} {tail} {said}"


def _area(
    group: Group,
    section: Section,
    *,
    context: str,
    text: str,
    page: int | None,
    expected: int | None,
    shape: Literal["polygon", "point"] | None,
) -> tuple[NoticeArea, int | None]:
    corners = group.corners
    lines = [corner.line for corner in corners] or [group.line]
    notes = "；".join(dict.fromkeys(corner.note for corner in corners if corner.note)) if len(corners) <= 2 else ""
    distinct = len({(corner.at.east, corner.at.north) for corner in corners})
    base = NoticeArea(
        kind="unreadable",
        headings=section.headings,
        title=re.sub(r"[^\S\n]+", " ", group.title).strip(" \n,;.:()")[-160:],
        text="；".join(filter(None, [notes, text]))[:2000],
        first_line=min(lines),
        last_line=max(lines),
        page=page,
        corners=distinct,
    )
    if group.extent is not None:
        west, south, east, north = group.extent.box
        from shapely.geometry import box

        made = replace(
            base,
            kind="extent",
            geometry=box(west, south, east, north),
            place_kind="degrees",
            half_units=group.extent.half_units,
            text=group.extent.text + ("；" + text if text else ""),
        )
        return made, expected
    outcome = outline_of(group, context=context, expected=expected, shape=shape)
    numbers = [corner.label[1] for corner in group.corners if corner.label is not None]
    after = numbers[-1] if numbers else expected
    if numbers and len(numbers) > 1 and numbers[-1] < numbers[-2]:
        after = numbers[-2]
    if isinstance(outcome, Flaw):
        return replace(base, flaw=outcome), after
    kind, geometry, warnings = outcome
    return (
        replace(
            base,
            kind=kind,
            geometry=geometry,
            place_kind=corners[0].at.kind,
            zone=corners[0].at.zone,
            swapped=corners[0].at.swapped,
            written=tuple(one for corner in corners for one in corner.written),
            warnings=tuple(warnings),
        ),
        after,
    )


def _without_coordinates(section: Section) -> str:
    """The lines of a section that hold no coordinates; of the others the sentences that hold none."""
    kept = []
    for block in section.blocks:
        if isinstance(block, Paragraph) and block.text:
            if not _anchors(block.text) & {"coordinate", "bad"}:
                kept.append(block.text)
                continue
            sentences = re.split(r"(?<=。)", block.text)
            kept += [one for one in sentences if one.strip() and not _anchors(one) & {"coordinate", "bad", "label"}]
    return "\n".join(kept)


def _anchors(text: str) -> set[str]:
    return {token.kind for token in scan([(1, text)]).tokens}


def _words(section: Section, text: str, page: int | None) -> NoticeArea:
    lines = [block.line for block in section.blocks] or [section.line]
    return NoticeArea(
        kind="words",
        headings=section.headings,
        title="",
        text=text[:_MOST_WORDS],
        first_line=min(lines),
        last_line=max(lines),
        page=page,
    )


def _table_rows(table: TableBlock, section: Section) -> list[NoticeArea]:
    """Rows of a table without coordinates, under its first rows as header."""
    if len(table.rows) < 2:
        return []
    head = table.rows[0]
    depth = 1
    second = table.rows[1]
    if len(table.rows) > 2 and len(set(head)) < len(head) and not re.search(r"\d|[。；]", "".join(second)):
        head = tuple(" ".join(dict.fromkeys((a, b))) for a, b in zip(head, second, strict=False))
        depth = 2
    found = []
    for i, row in enumerate(table.rows[depth:], start=depth):
        cells: dict[str, str] = {}
        for name, cell in zip(head, row, strict=False):
            key = name if name not in cells else f"{name}_{len(cells)}"
            cells[key] = cell
        if any(row):
            found.append(
                NoticeArea(
                    kind="table",
                    headings=section.headings,
                    title="",
                    text=" ".join(dict.fromkeys(filter(None, row)))[:2000],
                    first_line=table.line + i,
                    last_line=table.line + i,
                    page=table.page,
                    cells=cells,
                )
            )
    return found


def _hold_counts(found: list[NoticeArea], counts: list[tuple[Count, tuple[str, ...], int]]) -> None:
    """A count over sections that hold the lists: their sum, or that of the first list after it."""
    for count, headings, start in counts:
        under = [i for i in range(start, len(found)) if found[i].headings[: len(headings)] == headings]
        lists = [i for i in under if found[i].kind in {"polygon", "unreadable"}]
        if not lists or count.number == 0:
            continue
        sizes = {found[lists[0]].corners, sum(found[i].corners for i in lists)}
        if count.number in sizes:
            continue
        detail = f"{count.number} stated, {sum(found[i].corners for i in lists)} read"
        for i in lists:
            if found[i].flaw is None:
                flaw = Flaw(code="count_differs", line=count.line, detail=detail)
                found[i] = replace(found[i], kind="unreadable", geometry=None, flaw=flaw)


def _hold_points(found: list[NoticeArea]) -> list[NoticeArea]:
    """Several single points under words that speak of corners are corners, each with a heading of its own."""
    result = list(found)
    parents = {one.headings[:-1] for one in found if one.kind == "point" and one.headings}
    for parent in parents:
        points = [i for i, one in enumerate(found) if one.kind == "point" and one.headings[:-1] == parent]
        said = [one.text for one in found if one.kind == "words" and one.headings == parent]
        if len(points) >= 3 and _CORNERS_SAID.search(" ".join([*parent, *said])):
            for i in points:
                flaw = Flaw(code="not_corners", line=found[i].first_line, detail=f"{len(points)} single points")
                result[i] = replace(found[i], kind="unreadable", geometry=None, flaw=flaw)
    return result


def _chains(section: Section) -> list[tuple[str, list[int]]]:
    """Runs of point numbers without coordinates (J1-J2-J5-J1): the order in which points are joined."""
    chains: list[tuple[str, list[int]]] = []
    for block in section.blocks:
        if not isinstance(block, Paragraph):
            continue
        scanned = scan([(block.line, block.text)])
        run: list[int] = []
        series: str | None = None
        for token in [*scanned.tokens, None]:
            if (
                token is not None
                and token.kind == "label"
                and token.series not in {"X", "Y"}
                and (series is None or token.series == series)
            ):
                series = token.series
                run.append(token.number)
                continue
            if token is not None and token.kind == "coordinate" and run:
                run.pop()
            if len(run) >= 3 and series is not None:
                chains.append((series, run))
            run, series = [], None
    return chains


def _hold_chains(found: list[NoticeArea], chains: list[tuple[tuple[str, list[int]], int]]) -> list[NoticeArea]:
    """Areas stay what they are where a chain joins 1, 2, 3 … n; any other order says that they are something else."""
    odd = False
    for (_, run), _start in chains:
        ring = run[:-1] if len(run) > 1 and run[-1] == run[0] else run
        odd = odd or ring != list(range(ring[0], ring[0] + len(ring)))
    if not odd:
        return found
    return [
        replace(one, kind="unreadable", geometry=None, flaw=Flaw(code="corner_order", line=one.first_line))
        if one.kind == "polygon"
        else one
        for one in found
    ]
