"""
A source of many records, read piece by piece so that memory does not grow with the file.

GeoParquet and GeoPackages of one layer are read so (`spatial.reading.vector_pieces`), and text tables whose rows stand
each for itself: the first piece is read as a file of its own, and if every row of it is a point, so is the rest. Any
other source comes as one piece, within the limits of `read`.
"""

from __future__ import annotations

import csv
import hashlib
import math
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from spatial.errors import MalformedSourceError, ReadingError, SpatialError
from spatial.reading import read, read_table
from spatial.reading.vector_pieces import vector_format, vector_pieces

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from spatial.accuracy import PositionalAccuracy
    from spatial.reading.model import Problem, Reading

__all__ = ["Piece", "digest_of", "read_pieces"]

_SUFFIXES = {".csv", ".tsv", ".txt"}
_CHUNK = 1 << 20
_BOM, _COMMENT = b"\xef\xbb\xbf", b"#"
_NOTHING = b' \t\r\n,;"'


@dataclass(frozen=True, kw_only=True)
class Piece:
    """
    Some records of a source.

    Attributes
    ----------
    before
        Records before it.
    reading
        Of its records; None where it cannot be read at all.
    trouble
        Why it cannot.
    records
        How many records it holds.
    """

    before: int
    records: int
    reading: Reading | None
    trouble: SpatialError | None = None


def read_pieces(source: str | os.PathLike[str], *, rows: int = 5_000, **said: Any) -> Iterator[Piece]:
    """
    Read a source; a table of points, a GeoParquet file, a GeoPackage of one layer piece by piece.

    Parameters
    ----------
    source
        As for `read`.
    rows
        Records of a piece.
    said
        What `read` takes besides: ``crs``, ``datum``, ``geometry``, ``layer``, ``region`` …

    Yields
    ------
    piece
        In the order of the file. The CRS of GeoParquet and GeoPackage is found of all their coordinates. Of a table
        what the first piece says of the CRS, the datum and the accuracy holds for all: later rows cannot make it
        another system, they can only be unreadable; a later piece with places written in a coarser way (minutes among
        decimal degrees) is as accurate as that. A later piece that cannot be read is divided, so that a bad row costs
        itself only.

    Raises
    ------
    ReadingError, CRSError
        As `read` does, where the source as a whole or its first piece cannot be read.
    """
    path = Path(source)
    if said.get("geometry") is None and not said.get("layer") and (format_ := vector_format(path)) is not None:
        plain = {key: value for key, value in said.items() if key not in {"geometry", "layer"}}
        readings = vector_pieces(path, format_, rows=rows, said=plain)
        if readings is not None:
            yield from _numbered(readings)
            return
    if path.suffix.lower() not in _SUFFIXES or said.get("geometry") not in (None, "point") or said.get("layer"):
        yield _whole(source, said)
        return
    blocks = _blocks(path, rows)
    head = next(blocks, None)
    following = None if head is None else next(blocks, None)
    if head is None or following is None:  # short, or no text of lines at all
        yield _whole(source, said)
        return
    first = _first(head, path.name, said)
    if first is None:
        yield _whole(source, said)
        return
    before = _count(first.reading)
    yield Piece(before=0, records=before, reading=first.reading)
    for block in chain([following], blocks):
        for piece in _later(block, before, path.name, said, first):
            yield piece
            before += piece.records


def _numbered(readings: Iterator[Reading]) -> Iterator[Piece]:
    before = 0
    for reading in readings:
        yield Piece(before=before, records=_count(reading), reading=reading)
        before += _count(reading)


def _whole(source: str | os.PathLike[str], said: dict[str, Any]) -> Piece:
    reading = read(source, **said)
    return Piece(before=0, records=len(reading.ids) + len(reading.unreadable), reading=reading)


@dataclass(frozen=True, kw_only=True)
class _First:
    """The first piece, and a row of it that was read as a point."""

    reading: Reading
    anchor: bytes


@dataclass(frozen=True)
class _Block:
    """The head of a table and some of its records, as bytes."""

    head: bytes
    lines: tuple[bytes, ...]
    blank: int = 0
    """Rows without anything before its first one."""

    def table(self, *anchors: bytes) -> bytes:
        """A table of its own, with other rows before these."""
        return self.head + b"".join(anchors) + b"".join(self.lines)


def _blocks(path: Path, rows: int) -> Iterator[_Block]:
    """Blocks of whole records; nothing for text of two-byte units."""
    with path.open("rb") as file:
        if b"\0" in file.read(64):
            return
        file.seek(0)
        head = b""
        for line in file:
            head += line
            if line.strip() and not line.removeprefix(_BOM).startswith(_COMMENT):
                break
        found: list[bytes] = []
        blank = before = 0
        for record in _records(file, _delimiter(head)):
            if not record.strip(_NOTHING):
                blank += 1
                continue
            if not found:
                before = blank
            found.append(record)
            if len(found) == rows:
                yield _Block(head, tuple(found), before)
                found = []
        if found:
            yield _Block(head, tuple(found), before)


def _delimiter(head: bytes) -> str | None:
    """What parts the cells, as `spatial.reading.tables.parse_csv` finds it; None: blanks."""
    first = next((line for line in head.splitlines() if line.strip()), b"")
    counts = {mark: first.count(mark.encode()) for mark in "\t;,"}
    mark = max(counts, key=lambda key: counts[key])
    return mark if counts[mark] else None


def _records(lines: Iterator[bytes], delimiter: str | None) -> Iterator[bytes]:
    """
    The records that a reader of CSV finds; of a quote that is not closed, line by line.

    Bytes are looked at one by one: no encoding of Chinese has a comma, a quote or a line end within a character.
    """
    if delimiter is None:
        yield from lines
        return
    taken: list[bytes] = []

    def text() -> Iterator[str]:
        for line in lines:
            taken.append(line if line.endswith(b"\n") else line + b"\n")
            yield taken[-1].decode("latin-1")

    csv.field_size_limit(_CHUNK)
    while True:
        try:
            for _ in csv.reader(text(), delimiter=delimiter, strict=True):
                yield b"".join(taken)
                taken.clear()
        except csv.Error:
            yield from tuple(taken)
            taken.clear()
            continue
        return


def _first(block: _Block, name: str, said: dict[str, Any]) -> _First | None:
    """The first piece, if every record of it stands for itself."""
    try:
        reading = read_table(block.table(), file=name, **said)
    except ReadingError:
        return None  # the whole file may well be another format
    alone = _count(reading) == len(block.lines)
    points = all(shapely.get_type_id(g) == 0 for g in reading.geometries)
    if not (alone and points and len(reading.ids) and reading.crs is not None):
        return None
    for line in block.lines:
        anchor = line if line.endswith(b"\n") else line + b"\n"
        try:
            one = read_table(_Block(block.head, (anchor,)).table(), file=name, **_known(reading, said))
        except SpatialError:
            continue
        if len(one.ids) == 1 and not one.unreadable and one.notation == reading.notation:
            return _First(reading=reading, anchor=anchor)
    return None


def _count(reading: Reading) -> int:
    return len(reading.ids) + len(reading.unreadable)


def _known(first: Reading, said: dict[str, Any]) -> dict[str, Any]:
    """What holds for all rows, the first piece being read."""
    known = dict(said)
    if first.offset is None and known.get("shift") is None and first.crs is not None:
        known["crs"] = first.crs.code
    elif first.offset is not None:
        known["datum"] = first.offset
    return known


def _later(block: _Block, before: int, name: str, said: dict[str, Any], first: _First) -> Iterator[Piece]:
    """
    The pieces of a later block; ``before`` records stand before it.

    A row of the first piece is read again before its rows, twice before a single one: what rows are taken for where
    they disagree (their units, a row of units under the header) is then what the first piece takes them for.
    """
    anchors = (first.anchor,) * (2 if len(block.lines) == 1 else 1)
    try:
        reading = read_table(block.table(*anchors), file=name, **_known(first.reading, said))
        reading = _without(reading, len(anchors), before + block.blank)
    except SpatialError as trouble:
        if len(block.lines) == 1:
            yield Piece(before=before, records=1, reading=None, trouble=trouble)
            return
        half = len(block.lines) // 2
        for lines in (block.lines[:half], block.lines[half:]):
            for piece in _later(_Block(block.head, lines, block.blank), before, name, said, first):
                yield piece
                before += piece.records
        return
    reading = replace(
        reading,
        crs_status=first.reading.crs_status,
        crs_evidence=first.reading.crs_evidence,
        datum=first.reading.datum,
        accuracy=_accuracy(reading, first.reading),
        hypotheses=first.reading.hypotheses,
    )
    yield Piece(before=before, records=_count(reading), reading=reading)


def _accuracy(reading: Reading, first: Reading) -> PositionalAccuracy:
    """That of the first piece, unless places are written in a coarser way here (minutes among decimal degrees)."""
    written, kept = reading.accuracy.terms[0], first.accuracy
    if reading.notation == first.notation or written.metres <= kept.terms[0].metres:
        return kept
    terms = (written, *kept.terms[1:])
    return replace(kept, metres=math.hypot(*(t.metres for t in terms)), basis=written.code, terms=terms)


def _without(reading: Reading, anchors: int, before: int) -> Reading:
    """The reading without its first rows, numbered from 1 again; its messages name the row of the file."""
    if reading.crs is None or reading.ids[:anchors] != tuple(str(i + 1) for i in range(anchors)):
        raise MalformedSourceError(
            file=reading.source_name,
            code="crs_differs",
            detail="these rows are not in the coordinate system of the first ones",
            remedy="Put them in a file of their own",
        )
    return replace(
        reading,
        geometries=reading.geometries[anchors:],
        attributes=reading.attributes[anchors:],
        ids=tuple(str(int(i) - anchors) for i in reading.ids[anchors:]),
        feature_layers=reading.feature_layers[anchors:],
        unreadable=tuple(
            replace(u, id=str(int(u.id) - anchors), problem=_moved(u.problem, before - anchors))
            for u in reading.unreadable
        ),
    )


def _moved(problem: Problem, rows: int) -> Problem:
    return problem if problem.record is None else replace(problem, record=problem.record + rows)


def digest_of(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file's bytes, or of a folder's names and bytes, read in chunks."""
    whole = hashlib.sha256()
    root = Path(path)
    for file in [root] if root.is_file() else sorted(p for p in root.rglob("*") if p.is_file()):
        whole.update(file.name.encode("utf-8", "surrogatepass") + b"\x00")
        with file.open("rb") as stream:
            while part := stream.read(_CHUNK):
                whole.update(part)
    return whole.hexdigest()
