"""DXF drawings: what the frame reveals, what the worker found in it, and what of that is a feature."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely

from spatial.errors import IncompleteSourceError, LayerChoiceError
from spatial.reading.boundary import Job, run
from spatial.reading.draft import Draft
from spatial.reading.model import Evidence
from spatial.reading.sizes import note_sizes

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from spatial.reading.boundary import LayerBytes, Limits
    from spatial.reading.sources import Bundle

__all__ = ["DrawingInspection", "inspect_drawing", "parse_drawing"]

# what belongs to another entity
_PARTS = {"VERTEX", "SEQEND", "ATTRIB"}
# what GDAL reads, and what is no geometry; ezdxf says so itself
_READ = {
    "POINT", "LINE", "LWPOLYLINE", "POLYLINE", "CIRCLE", "ELLIPSE", "ARC", "SPLINE", "HELIX", "TEXT", "MTEXT", "ATTDEF",
    "DIMENSION", "HATCH", "SOLID", "TRACE", "3DFACE", "INSERT", "LEADER", "MULTILEADER", "MLEADER", "ARC_DIMENSION",
    "MLINE", "LARGE_RADIAL_DIMENSION",
}  # fmt: skip
_NO_GEOMETRY = {
    "VIEWPORT", "IMAGE", "WIPEOUT", "OLEFRAME", "OLE2FRAME", "TOLERANCE", "LIGHT", "SUN", "CAMERA", "PDFUNDERLAY",
    "DWFUNDERLAY", "DGNUNDERLAY", "ACAD_TABLE", "RTEXT", "ARCALIGNEDTEXT",
}  # fmt: skip
_PAGES = {"ANSI_950": "cp950", "ANSI_932": "cp932", "ANSI_949": "cp949"}
_UNITS = {1: "inch", 2: "foot", 4: "mm", 5: "cm", 7: "km"}
_COLUMNS = ("Layer", "EntityType", "EntityHandle", "Linetype", "Block", "ExtendedEntity")
_LAYER = "entities"


@dataclass(kw_only=True)
class DrawingInspection:
    """
    Facts of a drawing.

    Parameters
    ----------
    encoding, encoding_evidence
        Of its text; None for a binary drawing.
    kinds
        Number of entities of each kind; empty for a binary drawing.
    not_read
        Kind and number (from 1) of each entity that GDAL leaves out.
    """

    encoding: str | None = None
    encoding_evidence: tuple[Evidence, ...] = ()
    kinds: Counter[str] = field(default_factory=Counter)
    not_read: list[tuple[str, int]] = field(default_factory=list)


def inspect_drawing(data: bytes, *, file: str) -> DrawingInspection:
    r"""
    Check the frame of a DXF and count its entities.

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
            remedy="Get the file again from its source; part of it is missing. "
            "If its owner has no other, open it in CAD, run RECOVER and save it as DXF",
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
                continue
            if kind not in _PARTS:
                found.kinds[kind] += 1
                number += kind not in _NO_GEOMETRY
                if kind not in _READ and kind not in _NO_GEOMETRY:
                    found.not_read.append((kind, number))
    return found


def _name_encoding(data: bytes, found: DrawingInspection) -> None:
    page = re.search(rb"\$DWGCODEPAGE\s{1,8}3\s{1,8}(\S{1,40})", data[: 1 << 16])
    word = page[1].decode("ascii", "replace") if page else ""
    evidence = [Evidence(code="dwgcodepage", value=word)] if word else []
    for encoding, code in (("utf-8", "strict_utf8"), (_PAGES.get(word.upper(), "gb18030"), "not_utf8")):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        basis = Evidence(code="ascii" if data.isascii() else code, value=encoding)
        found.encoding, found.encoding_evidence = encoding, (*evidence, basis)
        return
    found.encoding, found.encoding_evidence = "latin-1", (*evidence, Evidence(code="undecodable", value="latin-1"))


def parse_drawing(
    bundle: Bundle,
    *,
    layer: str | None = None,
    geometry: Literal["point", "line", "polygon"] | None = None,
    limits: Limits | None = None,
) -> Draft:
    """
    Entities of a drawing's model space that have an outline on the map.

    Parameters
    ----------
    bundle
        The bytes of the DXF, ASCII or binary.
    layer
        Only the entities on this layer of the drawing.
    geometry
        ``line`` keeps closed polylines lines; otherwise they are polygons.
    limits
        What it may cost.

    Returns
    -------
    draft
        A feature an entity (of a block: an entity in it), with ``Layer`` and what else CAD says of it. Curves are
        chords within 0.001 units of the drawing, and that is reported. What cannot be read is listed.

    Raises
    ------
    IncompleteSourceError, WorkerError, SourceTooLargeError, LayerChoiceError
        See there.
    """
    inspection = inspect_drawing(bundle.members[".dxf"], file=bundle.name)
    draft = Draft(file=bundle.name, format="dxf", source_kind="dxf")
    job = Job(
        source_name=bundle.name,
        format="dxf",
        drivers=("DXF",),
        members={"source.dxf": bundle.members[".dxf"]},
        open="source.dxf",
        encoding=inspection.encoding,
        # for GDAL, where ezdxf does not take the file: bytes through, arcs by steps of 0.1 degree
        environment={"DXF_ENCODING": "ISO-8859-1", "OGR_ARC_STEPSIZE": "0.1"},
    )
    answer = run(job, limits=limits)
    draft.encoding, draft.encoding_evidence = inspection.encoding or "UTF-8", list(inspection.encoding_evidence)
    draft.open_layer(_LAYER)
    part = answer.layers[0]
    records = _records(part)
    if part.facts["driver"] == "ezdxf":
        draft.encoding = inspection.encoding or str(part.facts["encoding"])
        _note_drawing(part.facts, inspection, draft)
        missing = inspection.kinds - Counter({str(k): int(n) for k, n in part.facts["kinds"].items()})
    else:
        records = _from_gdal(records, inspection, draft)
        missing = Counter()
    names = list(dict.fromkeys(str(row.get("Layer") or "0") for row in records))
    if layer is not None and layer != _LAYER:
        if layer not in names:
            raise LayerChoiceError(
                file=bundle.name,
                code="layer_unknown",
                detail=f"there is no layer {layer!r} with entities; there are: {', '.join(names[:50])}",
                remedy="Name one of these",
            )
        records = [row for row in records if (row.get("Layer") or "0") == layer]
        draft.layers, draft.met = [layer], {layer: 0}
    for row in records:
        _add(row, draft.layers[0], geometry, draft)
    for kind in missing.elements():
        draft.lose("entity_damaged", layer=draft.layers[0], detail=kind, remedy="repair_in_cad")
    draft.crs_evidence.append(Evidence(code="crs_missing", value="dxf"))
    note_sizes(draft)
    return draft


def _records(part: LayerBytes) -> list[dict[str, Any]]:
    import pyarrow as pa

    assert part.arrow is not None
    table = pa.ipc.open_stream(part.arrow).read_all()
    rows: list[dict[str, Any]] = table.to_pylist()
    column = part.facts["geometry_column"]
    for row in rows:
        row["geometry"] = row.pop(column)
    return rows


def _from_gdal(rows: list[dict[str, Any]], inspection: DrawingInspection, draft: Draft) -> list[dict[str, Any]]:
    """GDAL's rows in the form of ezdxf's; texts are left out and what GDAL does not read is listed."""
    codec = inspection.encoding or "latin-1"
    kept: list[dict[str, Any]] = []
    labels = 0
    for number, row in enumerate(rows, start=1):
        if "Text" in str(row.get("SubClasses")) or row.get("Text"):
            labels += 1
            continue
        made = {name: _decoded(row.get(name), codec) for name in _COLUMNS}
        kept.append({**made, "record": number, "geometry": row["geometry"], "EntityType": None})
    kept += [{"record": number, "lost": "entity_not_read", "detail": kind} for kind, number in inspection.not_read]
    if labels:
        draft.warn("text_skipped", layer=_LAYER, detail=f"{labels} labels")
    if any(inspection.kinds[kind] for kind in ("ARC", "CIRCLE", "ELLIPSE", "SPLINE")):
        draft.warn("curves_densified", layer=_LAYER, detail="by steps of 0.1 degree")
    return kept


def _decoded(text: Any, codec: str) -> Any:
    """Text that GDAL took for Latin-1, byte by byte, in its real encoding."""
    if not isinstance(text, str) or text.isascii():
        return text
    try:
        return text.encode("latin-1").decode(codec, "replace")
    except UnicodeEncodeError:
        return text


def _note_drawing(facts: dict[str, Any], inspection: DrawingInspection, draft: Draft) -> None:
    skipped: dict[str, int] = facts["skipped"]
    if texts := skipped.get("TEXT"):
        draft.warn("text_skipped", layer=_LAYER, detail=f"{texts} labels")
    if paper := skipped.get("PAPER"):
        draft.warn("paper_space_skipped", layer=_LAYER, detail=f"{paper} entities")
    others = ", ".join(f"{n} {kind}" for kind, n in sorted(skipped.items()) if kind not in {"TEXT", "PAPER"})
    if others:
        draft.warn("annotation_skipped", layer=_LAYER, detail=others)
    if facts["curves"]:
        draft.warn("curves_densified", layer=_LAYER, detail=f"{facts['curves']} curves, chords within 0.001 units")
    if facts["short_lines"]:
        draft.warn("line_is_point", layer=_LAYER, detail=f"{facts['short_lines']} lines without length")
    unit = _UNITS.get(int(facts["units"]))
    if unit:
        draft.crs_evidence.append(Evidence(code="drawing_units", value=unit))
    if not inspection.encoding_evidence:
        draft.encoding_evidence = [Evidence(code="dwgcodepage", value=str(facts["encoding"]))]


def _add(row: dict[str, Any], layer: str, geometry: str | None, draft: Draft) -> None:
    record = row.get("record")
    if row.get("lost"):
        remedy = "explode_in_cad" if row["lost"] == "entity_not_read" else "repair_in_cad"
        draft.lose(row["lost"], layer=layer, record=record, detail=str(row.get("detail") or ""), remedy=remedy)
        return
    with np.errstate(invalid="ignore"):  # a NaN is found, and named, when the feature is added
        shape = shapely.from_wkb(row["geometry"], on_invalid="ignore") if row["geometry"] is not None else None
    if shape is None:
        code = "no_geometry" if row["geometry"] is None else "bad_wkb"
        draft.lose(code, layer=layer, record=record, detail=str(row.get("EntityType") or ""))
        return
    attributes = {name: row[name] for name in _COLUMNS if row.get(name) is not None}
    if row.get("more"):
        attributes |= json.loads(row["more"])
    draft.add(_closed(shape, geometry), attributes, layer=layer, record=record)


def _closed(shape: BaseGeometry, geometry: str | None) -> BaseGeometry:
    """A closed polyline of a drawing is a polygon, unless lines are asked for."""
    if geometry == "line" or shape.geom_type != "LineString":
        return shape
    points = shapely.get_coordinates(shape)
    if len(points) >= 4 and (points[0] == points[-1]).all() and np.isfinite(points).all():
        return shapely.Polygon(points)
    return shape
