"""What a DXF drawing reveals about itself and GDAL does not say: its end, its encoding, the entities left out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from spatial.errors import IncompleteSourceError
from spatial.reading.model import Evidence

__all__ = ["DrawingInspection", "inspect_drawing"]

# what GDAL reads, what belongs to another entity, and what is no geometry
_READ = {
    "POINT", "LINE", "LWPOLYLINE", "POLYLINE", "CIRCLE", "ELLIPSE", "ARC", "SPLINE", "HELIX", "TEXT", "MTEXT", "ATTDEF",
    "ATTRIB", "DIMENSION", "HATCH", "SOLID", "TRACE", "3DFACE", "INSERT", "LEADER", "MULTILEADER", "MLEADER",
    "ARC_DIMENSION", "MLINE", "LARGE_RADIAL_DIMENSION",
}  # fmt: skip
_NO_GEOMETRY = {
    "VERTEX", "SEQEND", "VIEWPORT", "IMAGE", "WIPEOUT", "OLEFRAME", "OLE2FRAME", "TOLERANCE", "LIGHT", "SUN", "CAMERA",
    "PDFUNDERLAY", "DWFUNDERLAY", "DGNUNDERLAY", "ACAD_TABLE", "RTEXT", "ARCALIGNEDTEXT",
}  # fmt: skip


@dataclass(kw_only=True)
class DrawingInspection:
    """
    Facts of a drawing.

    Parameters
    ----------
    encoding, encoding_evidence
        Of its text; None for a binary drawing.
    not_read
        Kind and number (from 1) of each entity that GDAL leaves out.
    """

    encoding: str | None = None
    encoding_evidence: tuple[Evidence, ...] = ()
    not_read: list[tuple[str, int]] = field(default_factory=list)


def inspect_drawing(data: bytes, *, file: str) -> DrawingInspection:
    r"""
    Check the frame of a DXF and list the entities that are not read.

    Parameters
    ----------
    data
        The whole file.
    file
        For errors.

    Returns
    -------
    inspection
        See there. Of a binary drawing only the end mark is checked.

    Raises
    ------
    IncompleteSourceError
        If the end mark is missing.

    Examples
    --------
    >>> inspect_drawing(b"0\nSECTION\n2\nENTITIES\n0\nRAY\n0\nENDSEC\n0\nEOF\n", file="a.dxf").not_read
    [('RAY', 1)]
    """
    binary = data.startswith(b"AutoCAD Binary")
    tail = data[-256:]
    ended = b"EOF\0" in tail if binary else re.search(rb"(?:^|\n)\s*0\s*\r?\n\s*EOF\s*\Z", tail)
    if not ended:
        raise IncompleteSourceError(
            file=file,
            code="cut",
            detail="its end mark EOF is missing",
            remedy="Get the file again from its source; part of it is missing",
        )
    if binary:
        return DrawingInspection()
    found = DrawingInspection()
    _name_encoding(data, found)
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    section = b""
    number = 0
    for at in range(0, len(lines) - 1, 2):
        code, value = lines[at].strip(), lines[at + 1].strip()
        if code == b"2" and at >= 2 and lines[at - 1].strip() == b"SECTION":
            section = value
        elif code == b"0" and section == b"ENTITIES":
            kind = value.decode("ascii", "replace")
            if kind == "ENDSEC":
                section = b""
            elif kind not in _NO_GEOMETRY:
                number += 1
                if kind not in _READ:
                    found.not_read.append((kind, number))
    return found


def _name_encoding(data: bytes, found: DrawingInspection) -> None:
    page = re.search(rb"\$DWGCODEPAGE\s+3\s+(\S+)", data[: 1 << 16])
    word = page[1].decode("ascii", "replace") if page else ""
    evidence = [Evidence(code="dwgcodepage", value=word)] if word else []
    for encoding, code in (("utf-8", "strict_utf8"), ("gb18030", "not_utf8")):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        basis = Evidence(code="ascii" if data.isascii() else code, value=encoding)
        found.encoding, found.encoding_evidence = encoding, (*evidence, basis)
        return
    found.encoding, found.encoding_evidence = "latin-1", (*evidence, Evidence(code="undecodable", value="latin-1"))
