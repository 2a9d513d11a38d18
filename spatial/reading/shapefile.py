"""What a shapefile reveals about itself and GDAL does not check: lengths, counts, null shapes, encoding, CRS."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from spatial.errors import IncompleteSourceError
from spatial.reading.model import Evidence
from spatial.reading.text import encoding_of_cells, named_encoding

__all__ = ["Inspection", "inspect"]

_AGAIN = "Get all files of the shapefile again from their source"
_LDIDS = {0x4D: "gb18030", 0x7A: "gb18030", 0x4F: "cp950", 0x78: "cp950"}
_SAMPLE = 4 << 20


@dataclass(kw_only=True)
class Inspection:
    """
    Facts of a shapefile's own headers.

    Parameters
    ----------
    records
        Number of records.
    null, damaged
        Record numbers from 0; of damaged ones with what is wrong.
    encoding, encoding_evidence
        Of the .dbf.
    prj
        Text of the .prj, None without one.
    """

    records: int
    null: set[int] = field(default_factory=set)
    damaged: dict[int, str] = field(default_factory=dict)
    encoding: str = "utf-8"
    encoding_evidence: tuple[Evidence, ...] = ()
    prj: str | None = None
    has_index: bool = True
    has_table: bool = True


def inspect(members: dict[str, bytes], *, file: str) -> Inspection:
    """
    Check the headers and every record of a shapefile.

    Parameters
    ----------
    members
        ``.shp`` and what there is of ``.shx``, ``.dbf``, ``.prj``, ``.cpg``.
    file
        Name for errors.

    Returns
    -------
    inspection
        See there.

    Raises
    ------
    IncompleteSourceError
        If a file is shorter than its header says, or the three files hold different numbers of records.
    """
    shp, shx, dbf = members[".shp"], members.get(".shx"), members.get(".dbf")
    _length(shp, f"{file}", 100)
    found = _records(shp, file)
    found.has_index, found.has_table = shx is not None, dbf is not None
    counts = {".shp": found.records}
    if shx is not None:
        _length(shx, f"{file} (.shx)", 100)
        counts[".shx"] = (len(shx) - 100) // 8
    if dbf is not None:
        counts[".dbf"] = _table(dbf, members.get(".cpg"), found, file)
    if len(set(counts.values())) > 1:
        detail = "its files hold different numbers of records: " + ", ".join(
            f"{name} {count}" for name, count in counts.items()
        )
        raise IncompleteSourceError(file=file, code="count", detail=detail, remedy=_AGAIN)
    prj = members.get(".prj")
    if prj is not None and prj.strip():
        for encoding in ("utf-8-sig", "gb18030", "latin-1"):
            try:
                found.prj = prj.decode(encoding).strip().strip("\0")
                break
            except UnicodeDecodeError:
                continue
    return found


def _length(data: bytes, file: str, least: int) -> None:
    if len(data) < least or data[:4] != b"\0\0\x27\x0a":
        detail = f"its header is missing or damaged ({len(data)} bytes)"
        raise IncompleteSourceError(file=file, code="header", detail=detail, remedy=_AGAIN)
    declared = 2 * struct.unpack_from(">i", data, 24)[0]
    if declared != len(data):
        detail = f"its header says {declared} bytes, it has {len(data)}"
        raise IncompleteSourceError(file=file, code="length", detail=detail, remedy=_AGAIN)


def _records(shp: bytes, file: str) -> Inspection:
    """Walk through all records; each names its own length."""
    found = Inspection(records=0)
    place = 100
    while place < len(shp):
        if place + 12 > len(shp):
            raise _cut(file, found.records)
        length = 2 * struct.unpack_from(">i", shp, place + 4)[0]
        kind = struct.unpack_from("<i", shp, place + 8)[0]
        end = place + 8 + length
        if length < 4 or end > len(shp):
            raise _cut(file, found.records)
        number = found.records
        if kind == 0:
            found.null.add(number)
        elif kind in {3, 5, 13, 15, 23, 25}:
            _check_parts(shp, place + 8, length, number, found)
        found.records += 1
        place = end
    return found


def _cut(file: str, record: int) -> IncompleteSourceError:
    return IncompleteSourceError(
        file=file, record=record + 1, code="record_cut", detail="the record is cut off or damaged", remedy=_AGAIN
    )


def _check_parts(shp: bytes, start: int, length: int, number: int, found: Inspection) -> None:
    """Numbers of parts and points against the length of the record, and the box it states against its points."""
    if length < 44:
        found.damaged[number] = f"{length} bytes"
        return
    kind, *_, parts, points = struct.unpack_from("<i4d2i", shp, start)
    need = 44 + 4 * parts + 16 * points
    if parts < 0 or points < 0 or need > length:
        found.damaged[number] = f"{parts} parts and {points} points do not fit {length} bytes"
        return
    starts = struct.unpack_from(f"<{parts}i", shp, start + 44)
    ascending = all(one < other for one, other in zip(starts, (*starts[1:], points), strict=True))
    if parts and (starts[0] != 0 or not ascending):
        found.damaged[number] = f"parts begin at {starts[:5]} of {points} points"
    elif kind in {5, 15, 25}:
        xy = start + 44 + 4 * parts
        for first, after in zip(starts, (*starts[1:], points), strict=True):
            a, b = xy + 16 * first, xy + 16 * (after - 1)
            if shp[a : a + 16] != shp[b : b + 16]:
                found.damaged[number] = "a ring is not closed"
                break
            if after - first < 4:
                found.damaged[number] = f"a ring of {after - first} points"
                break


def _table(dbf: bytes, cpg: bytes | None, found: Inspection, file: str) -> int:
    if len(dbf) < 33:
        raise IncompleteSourceError(file=f"{file} (.dbf)", code="header", detail="its header is missing", remedy=_AGAIN)
    records, header, width = struct.unpack_from("<IHH", dbf, 4)
    if width < 1 or header < 33 or len(dbf) < header + records * width:
        detail = f"its header says {records} records of {width} bytes, there is room for fewer"
        raise IncompleteSourceError(file=f"{file} (.dbf)", code="length", detail=detail, remedy=_AGAIN)
    names, cells = _texts(dbf, records, header, width)
    evidence: list[Evidence] = []
    codec = None
    if cpg is not None:
        word = cpg.decode("ascii", "replace").strip()
        codec = named_encoding(word)
        evidence.append(Evidence(code="cpg", value=word))
    if codec is None and dbf[29]:
        codec = _LDIDS.get(dbf[29])
        evidence.append(Evidence(code="ldid", value=f"0x{dbf[29]:02X}"))
    if codec is not None and not _decodes(cells + names, codec):
        evidence.append(Evidence(code="contradicted_by_bytes", value=codec))
        codec = None
    if codec is None:
        codec = encoding_of_cells(cells + names)
        ascii_only = all(cell.isascii() for cell in cells + names)
        evidence.append(
            Evidence(code="ascii" if ascii_only else ("strict_utf8" if codec == "utf-8" else "not_utf8"), value=codec)
        )
    found.encoding, found.encoding_evidence = codec, tuple(evidence)
    return int(records)


def _texts(dbf: bytes, records: int, header: int, width: int) -> tuple[list[bytes], list[bytes]]:
    names: list[bytes] = []
    spans: list[tuple[int, int]] = []
    at, offset = 32, 1
    while at + 32 <= header and dbf[at : at + 1] not in (b"\r", b""):
        names.append(dbf[at : at + 11].split(b"\0")[0])
        length = dbf[at + 16]
        if dbf[at + 11 : at + 12] == b"C":
            length += dbf[at + 17] << 8
            spans.append((offset, length))
        offset += length
        at += 32
    cells: list[bytes] = []
    size = 0
    for record in range(records):
        start = header + record * width
        for begin, length in spans:
            cell = dbf[start + begin : start + begin + length].rstrip(b" \0")
            if cell and not cell.isascii():
                cells.append(cell)
                size += len(cell)
        if size > _SAMPLE:
            break
    return names, cells


def _decodes(cells: list[bytes], codec: str) -> bool:
    if codec == "utf-8":
        return encoding_of_cells(cells) == "utf-8"
    for cell in cells:
        try:
            cell.decode(codec)
        except UnicodeDecodeError:
            try:  # the width of the field may have cut the last character
                cell[:-1].decode(codec)
            except UnicodeDecodeError:
                return False
    return True
