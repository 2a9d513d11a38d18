"""
A table of many points, read piece by piece so that memory does not grow with the file.

Only text tables whose rows stand each for itself can be read so: the first piece is read as a file of its own, and if
every row of it is a point, so is the rest. Any other source comes as one piece, within the limits of `read`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from spatial.errors import MalformedSourceError, ReadingError, SpatialError
from spatial.reading import read, read_table

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from spatial.reading.model import Reading

__all__ = ["Piece", "digest_of", "read_pieces"]

_SUFFIXES = {".csv", ".tsv", ".txt"}
_CHUNK = 1 << 20
_QUOTE, _COMMENT = b'"', b"#"
_WIDE = (b"\xff\xfe", b"\xfe\xff")


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
    Read a source, a table of points piece by piece.

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
        In the order of the file. What the first piece says of the CRS, the datum and the accuracy holds for all: later
        rows cannot make it another system, they can only be unreadable. A later piece that cannot be read is divided,
        so that a bad row costs itself only.

    Raises
    ------
    ReadingError, CRSError
        As `read` does, where the source as a whole or its first piece cannot be read.
    """
    path = Path(source)
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
    yield Piece(before=0, records=len(head.lines), reading=first)
    before = len(head.lines)
    for block in chain([following], blocks):
        yield from _later(block, before, path.name, said, first)
        before += len(block.lines)


def _whole(source: str | os.PathLike[str], said: dict[str, Any]) -> Piece:
    reading = read(source, **said)
    return Piece(before=0, records=len(reading.ids) + len(reading.unreadable), reading=reading)


@dataclass(frozen=True)
class _Block:
    """The head of a table and some of its records, as bytes."""

    head: bytes
    lines: tuple[bytes, ...]


def _blocks(path: Path, rows: int) -> Iterator[_Block]:
    """Blocks of whole records; a record goes on over line ends inside quotes. Nothing for text of two-byte units."""
    with path.open("rb") as file:
        if file.read(2) in _WIDE:
            return
        file.seek(0)
        head, found, pending = b"", [], b""
        in_head = True
        for line in file:
            pending += line
            if pending.count(_QUOTE) % 2 and len(pending) < _CHUNK:
                continue
            record, pending = pending, b""
            if in_head:
                head += record
                in_head = not record.strip() or record.lstrip(b"\xef\xbb\xbf").startswith(_COMMENT)
            elif record.strip():
                found.append(record)
                if len(found) == rows:
                    yield _Block(head, tuple(found))
                    found = []
        if pending.strip() and not in_head:
            found.append(pending)
        if found:
            yield _Block(head, tuple(found))


def _first(block: _Block, name: str, said: dict[str, Any]) -> Reading | None:
    """The first piece, if every record of it stands for itself."""
    try:
        reading = read_table(block.head + b"".join(block.lines), file=name, **said)
    except ReadingError:
        return None  # the whole file may well be another format
    alone = len(reading.ids) + len(reading.unreadable) == len(block.lines)
    points = all(shapely.get_type_id(g) == 0 for g in reading.geometries)
    return reading if alone and points and len(reading.ids) and reading.crs is not None else None


def _later(block: _Block, before: int, name: str, said: dict[str, Any], first: Reading) -> Iterator[Piece]:
    known = dict(said)
    if first.offset is None and known.get("shift") is None and first.crs is not None:
        known["crs"] = first.crs.code
    elif first.offset is not None:
        known["datum"] = first.offset
    try:
        reading = read_table(block.head + b"".join(block.lines), file=name, **known)
        if reading.crs is None:
            raise MalformedSourceError(
                file=name,
                code="crs_differs",
                detail="these rows are not in the coordinate system of the first ones",
                remedy="Put them in a file of their own",
            )
    except SpatialError as trouble:
        if len(block.lines) == 1:
            yield Piece(before=before, records=1, reading=None, trouble=trouble)
            return
        half = len(block.lines) // 2
        yield from _later(_Block(block.head, block.lines[:half]), before, name, said, first)
        yield from _later(_Block(block.head, block.lines[half:]), before + half, name, said, first)
        return
    reading = replace(
        reading,
        crs_status=first.crs_status,
        crs_evidence=first.crs_evidence,
        datum=first.datum,
        accuracy=first.accuracy,
        hypotheses=first.hypotheses,
    )
    yield Piece(before=before, records=len(block.lines), reading=reading)


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
