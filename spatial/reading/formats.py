"""Which format a file is, by its content."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from spatial.errors import IncompleteSourceError, MalformedSourceError, UnsupportedFormatError
from spatial.reading.survey_text import is_survey_text
from spatial.reading.text import decode

__all__ = ["sniff"]

_REFUSED: tuple[tuple[bytes, str, str], ...] = (
    (
        b"AC10",
        "a DWG drawing",
        (
            "Save it as DXF (in AutoCAD, CASS, 中望CAD: 另存为, file type DXF 2007 or later; without CAD: the free ODA "
            "File Converter), and read that"
        ),
    ),
    (b"%PDF", "a PDF", "Ask for the drawing or table it was made from; a PDF holds no coordinates"),
    (b"Rar!", "a RAR archive", "Unpack it and read the folder"),
    (b"7z\xbc\xaf", "a 7z archive", "Unpack it and read the folder"),
    (b"\x1f\x8b", "a gzip archive", "Unpack it"),
    (b"II*\0", "an image", "Georeference it first, or ask for the vectors"),
    (b"MM\0*", "an image", "Georeference it first, or ask for the vectors"),
    (b"\x89PNG", "an image", "Georeference it first, or ask for the vectors"),
    (b"\xff\xd8\xff", "an image", "Georeference it first, or ask for the vectors"),
)


def sniff(data: bytes, *, name: str) -> str:
    """
    Format of a file by its content; the name decides only between kinds of text.

    Parameters
    ----------
    data
        The whole file.
    name
        Its name.

    Returns
    -------
    format
        ``shapefile``, ``gpkg``, ``kml``, ``gpx``, ``gml``, ``geojson``, ``flatgeobuf``, ``geoparquet``, ``mapinfo``,
        ``dxf``, ``survey_txt``, ``csv``, ``xls`` or ``zip``.

    Raises
    ------
    IncompleteSourceError
        If it is empty, or holds nothing but zero bytes.
    UnsupportedFormatError
        For anything else, with what to save it as.

    Examples
    --------
    >>> sniff(b'{"type": "Point"}', name="a.gpkg")
    'geojson'
    """
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in {".dbf", ".shx", ".prj", ".cpg"}:
        raise UnsupportedFormatError(
            file=name, code="companion", detail="it is only a part of a shapefile", remedy="Give the .shp"
        )
    if not data[: 1 << 16].strip(b"\0 \t\r\n") and not data.strip(b"\0 \t\r\n"):
        what = f"it holds {len(data)} bytes, all of them zero or blank" if data else "it is empty"
        raise IncompleteSourceError(file=name, code="empty", detail=what, remedy="Get the file again from its source")
    for magic, kind in (
        (b"SQLite format 3\0", "gpkg"),
        (b"PAR1", "geoparquet"),
        (b"fgb", "flatgeobuf"),
        (b"\0\0\x27\x0a", "shapefile"),
        (b"PK\3\4", "zip"),
        (b"AutoCAD Binary DXF", "dxf"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
    ):
        if data.startswith(magic):
            return kind
    for start, what, remedy in _REFUSED:
        if data.startswith(start):
            raise UnsupportedFormatError(file=name, code="unsupported", detail=f"it is {what}", remedy=remedy)
    if suffix == ".shp":
        raise IncompleteSourceError(
            file=name, code="shp_header", detail="it does not begin like a .shp", remedy="Get the file again"
        )
    found = _sniff_text(_head_text(data, name).lstrip("\ufeff \t\r\n"), suffix)
    if found is None:
        raise UnsupportedFormatError(
            file=name,
            code="unknown_format",
            detail="its content is no format that is read here",
            remedy="Save it as GeoPackage, GeoJSON, KML, DXF, shapefile, CSV, XLSX or survey TXT",
        )
    return found


def _head_text(data: bytes, name: str) -> str:
    """The first lines; what cannot be decoded is refused where it is parsed."""
    head = data[: 1 << 16]
    if len(data) > len(head) and b"\0" not in head[:64]:
        head = head[: head.rfind(b"\n") + 1] or head  # up to a line's end, not into a character
    try:
        return decode(head, file=name)[0]
    except MalformedSourceError:
        return head.decode("latin-1")


def _sniff_text(text: str, suffix: str) -> str | None:
    if text.startswith("<"):
        root = _ROOT.match(text, _after_prolog(text))
        if root is None:
            return None
        if root[1] in {"kml", "gpx"}:
            return root[1]
        attributes = root[2]
        is_gml = "opengis.net/gml" in attributes or (suffix == ".gml" and root[1] == "FeatureCollection")
        return "gml" if is_gml else None
    if text.startswith("{"):
        return "geojson"
    if _is_dxf(text):
        return "dxf"
    if suffix == ".tab" and text.lower().startswith("!table"):
        return "mapinfo"
    if suffix == ".mif" and re.match(r"version\s+\d+", text, re.IGNORECASE):
        return "mapinfo"
    if suffix in {".txt", ".csv", ".tsv", ".dat"} or not suffix:
        if "\0" in text:
            return None
        return "survey_txt" if is_survey_text(text) else "csv"
    return None


_ROOT = re.compile(r"<\s{0,8}(?:[\w.-]{1,60}:)?([A-Za-z][\w.-]{0,60})([^>]{0,60000})")


def _after_prolog(text: str) -> int:
    """Where the first element begins: after declarations and comments."""
    at = 0
    while text.startswith(("<?", "<!"), at):
        mark = "-->" if text.startswith("<!--", at) else ">"
        end = text.find(mark, at)
        if mark == ">" and "[" in text[at:end]:  # a document type with declarations of its own
            mark = "]>"
            end = text.find(mark, at)
        if end < 0:
            return len(text)
        at = end + len(mark)
        while at < len(text) and text[at].isspace():
            at += 1
    return at


def _is_dxf(text: str) -> bool:
    """Pairs of a number and a value, the first of them 0 SECTION but for comments (999)."""
    lines = text[:8192].splitlines()
    for at in range(0, len(lines) - 1, 2):
        code = lines[at].strip()
        if code != "999":
            return code == "0" and lines[at + 1].strip() == "SECTION"
    return False
