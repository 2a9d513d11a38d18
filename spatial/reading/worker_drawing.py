"""
DXF drawings by ezdxf, for the child process (see ``worker.py``): entities to outlines in map coordinates.

Arcs, bulges and circles get points on the arc itself, ellipses and splines by bisection, so that no chord lies farther
from its curve than the tolerance. Blocks are taken apart where they stand; what has no outline is listed. Like
``worker.py`` it imports nothing of this project.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import shapely

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["NotForThisReaderError", "read_drawing"]

TOLERANCE = 0.001
"""Farthest a chord may lie from its curve, in units of the drawing (1 mm where they are metres)."""

DEGREES_TOLERANCE = 1e-8
"""The same where the coordinates are degrees of a place in China (1 mm on the ground)."""

MAX_POINTS = 1_000_000
MAX_DEPTH = 16

Point = tuple[float, float]
Shape = tuple[str, Any]  # kind (point, line, closed, area: points; made: a geometry)

_TEXT = {"TEXT", "MTEXT", "ATTDEF", "ATTRIB", "RTEXT", "ARCALIGNEDTEXT"}
_ANNOTATION = {
    "DIMENSION", "ARC_DIMENSION", "LARGE_RADIAL_DIMENSION", "LEADER", "MULTILEADER", "MLEADER", "TOLERANCE",
    "ACAD_TABLE", "IMAGE", "WIPEOUT", "OLEFRAME", "OLE2FRAME", "PDFUNDERLAY", "PDFREFERENCE", "DWFUNDERLAY",
    "DGNUNDERLAY", "LIGHT", "SUN", "CAMERA", "SECTION", "GEOPOSITIONMARKER", "VIEWPORT",
}  # fmt: skip
_MODELS = {"3DSOLID", "BODY", "MESH", "SURFACE", "PLANESURFACE", "EXTRUDEDSURFACE", "LOFTEDSURFACE", "SWEPTSURFACE"}
_MODELS |= {"REVOLVEDSURFACE", "NURBSURFACE"}


class NotForThisReaderError(Exception):
    """ezdxf does not take the drawing, or is not installed; GDAL is more lenient."""


class _LostError(Exception):
    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


class _Found:
    """Rows of the answer, and what was met on the way."""

    def __init__(self, limit: int) -> None:
        self.rows: list[dict[str, Any]] = []
        self.limit = limit
        self.skipped: Counter[str] = Counter()
        self.curves = 0
        self.short_lines = 0
        self.full = False

    def add(self, row: dict[str, Any]) -> None:
        """One feature more, up to the limit."""
        if len(self.rows) >= self.limit:
            self.full = True
            raise _LostError("too_large", "")
        self.rows.append(row)


def read_drawing(path: str, encoding: str | None, max_features: int) -> tuple[dict[str, Any], Any]:
    """
    Facts and an Arrow table of a drawing's model space.

    Parameters
    ----------
    path
        The file, ASCII or binary.
    encoding
        Of its text, None to go by its code page.
    max_features
        More are refused.

    Returns
    -------
    facts, table
        ``table`` has a row an outline, or an entity that has none (``lost`` says why).

    Raises
    ------
    NotForThisReaderError
        If ezdxf does not take the file.
    OverflowError
        If there are more features than allowed.
    """
    try:
        import ezdxf
        import pyarrow as pa
    except ImportError as error:
        raise NotForThisReaderError(str(error)) from None
    try:
        document = ezdxf.readfile(path, encoding=encoding, errors="replace")  # type: ignore[attr-defined]
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - GDAL gets its turn, whatever it is
        raise NotForThisReaderError(f"{type(error).__name__}: {error}"[:300]) from None
    found = _Found(max_features)
    kinds: Counter[str] = Counter()
    for layout in (document.modelspace(), document.paperspace()):
        kinds.update(entity.dxftype() for entity in layout)
    try:
        for number, entity in enumerate(document.modelspace(), start=1):
            _take(entity, number, found, block=None, layer=None, depth=0)
    except _LostError:
        raise OverflowError(f"more than {max_features} features") from None
    paper = len(document.paperspace())
    if paper:
        found.skipped["PAPER"] = paper
    facts = {
        "name": "entities",
        "driver": "ezdxf",
        "crs": None,
        "geometry_column": "geometry",
        "features": len(found.rows),
        "encoding": document.encoding,
        "version": document.dxfversion,
        "units": int(document.header.get("$INSUNITS", 0) or 0),
        "kinds": dict(kinds),
        "skipped": dict(found.skipped),
        "curves": found.curves,
        "short_lines": found.short_lines,
    }
    fields: list[Any] = [pa.field("record", pa.int64()), pa.field("geometry", pa.binary())]
    names = ("lost", "detail", "Layer", "EntityType", "EntityHandle", "Linetype", "Block", "ExtendedEntity", "more")
    schema = pa.schema(fields + [pa.field(name, pa.string()) for name in names])
    return facts, pa.Table.from_pylist(found.rows, schema=schema)


def _take(entity: Any, number: int, found: _Found, *, block: str | None, layer: str | None, depth: int) -> None:
    kind = entity.dxftype()
    if kind in _TEXT or kind in _ANNOTATION:
        found.skipped["TEXT" if kind in _TEXT else kind] += 1
        return
    own = entity.dxf.get("layer", "0")
    row: dict[str, Any] = {
        "record": number,
        "Layer": layer if own == "0" and layer is not None else own,
        "EntityType": kind,
        "EntityHandle": entity.dxf.get("handle"),
        "Linetype": entity.dxf.get("linetype"),
        "Block": block,
        "ExtendedEntity": _extended(entity),
    }
    try:
        if kind == "INSERT":
            _explode(entity, number, found, row, depth)
            return
        if kind == "MLINE":
            for part in entity.virtual_entities():
                _take(part, number, found, block=block, layer=row["Layer"], depth=depth + 1)
            return
        for shape in _shapes(entity, kind, found):
            found.add({**row, "geometry": _wkb(shape, found)})
    except _LostError as error:
        if found.full:
            raise
        found.add({**row, "lost": error.code, "detail": error.detail})
    except Exception as error:  # noqa: BLE001 - whatever a damaged entity raises, it is listed
        found.add({**row, "lost": "entity_damaged", "detail": f"{kind}: {error}"[:200]})


def _explode(insert: Any, number: int, found: _Found, row: dict[str, Any], depth: int) -> None:
    """The entities of a block where it stands; a block that is missing or another file is listed."""
    name = str(insert.dxf.get("name", ""))
    block = insert.block()
    if block is None:
        raise _LostError("block_missing", name)
    if block.block.dxf.flags & 4 or block.block.dxf.flags & 8:
        raise _LostError("external_reference", f"{name}: {block.block.dxf.get('xref_path', '')}")
    if depth >= MAX_DEPTH:
        raise _LostError("block_nesting", name)
    more = {str(one.dxf.get("tag", "")): str(one.dxf.get("text", "")) for one in insert.attribs}
    refused: list[str] = []
    for single in insert.multi_insert() if insert.mcount > 1 else [insert]:
        for part in single.virtual_entities(skipped_entity_callback=lambda e, _: refused.append(e.dxftype())):
            before = len(found.rows)
            _take(part, number, found, block=name, layer=row["Layer"], depth=depth + 1)
            for made in found.rows[before:]:
                made["EntityHandle"] = row["EntityHandle"]
                if more:
                    made["more"] = json.dumps(more, ensure_ascii=False)
    for kind in refused:
        if kind not in _TEXT and kind not in _ANNOTATION:
            found.add({**row, "lost": "entity_not_read", "detail": f"{kind} in block {name}"})


def _extended(entity: Any) -> str | None:
    """Extended data as text, as CASS stores what a parcel is."""
    if not getattr(entity, "xdata", None):
        return None
    return " ".join(
        str(tag.value) for tags in entity.xdata.data.values() for tag in tags if tag.code in (1000, 1001, 1070, 1071)
    )


def _wkb(shape: Shape, found: _Found) -> bytes:
    """Closed lines become polygons on the other side, unless lines are asked for."""
    kind, points = shape
    made: Any = points
    if kind == "point":
        made = shapely.Point(points[0])
    elif kind != "made":
        distinct = len(set(points))
        if distinct == 0:
            raise _LostError("too_few_points", "0 points")
        if distinct == 1:
            found.short_lines += 1
            made = shapely.Point(points[0])
        elif kind in {"closed", "area"} and distinct >= 3:
            ring = points if points[0] == points[-1] else [*points, points[0]]
            made = shapely.Polygon(ring) if kind == "area" else shapely.LineString(ring)
        else:
            made = shapely.LineString(points)
    written: bytes = shapely.to_wkb(made)
    return written


def _shapes(entity: Any, kind: str, found: _Found) -> Iterator[Shape]:
    dxf = entity.dxf
    if kind == "POINT":
        yield "point", [_xy(dxf.location)]
    elif kind == "LINE":
        yield "line", [_xy(dxf.start), _xy(dxf.end)]
    elif kind == "LWPOLYLINE":
        vertices = [(x, y, bulge) for x, y, bulge in entity.get_points("xyb")]
        elevation = float(dxf.get("elevation", 0))
        yield _bulged(vertices, closed=bool(entity.closed), ocs=entity.ocs(), elevation=elevation, found=found)
    elif kind == "POLYLINE":
        yield _polyline(entity, found)
    elif kind in {"CIRCLE", "ARC"}:
        ocs, centre = entity.ocs(), dxf.center
        begin, sweep = 0.0, 2 * math.pi
        if kind == "ARC":
            begin = math.radians(dxf.start_angle)
            sweep = math.radians(dxf.end_angle) - begin
            sweep %= 2 * math.pi
            sweep = sweep or 2 * math.pi
        points = _arc(centre.x, centre.y, float(dxf.radius), begin, sweep)
        found.curves += 1
        if sweep == 2 * math.pi:
            points[-1] = points[0]
        yield "closed" if points[0] == points[-1] else "line", _world(points, ocs, centre.z)
    elif kind == "ELLIPSE":
        tool = entity.construction_tool()
        _bound(tool.major_axis.magnitude, tool.center)
        points = [_xy(p) for p in tool.flattening(_tolerance(tool.center, tool.major_axis.magnitude), segments=16)]
        found.curves += 1
        whole = abs(tool.param_span - 2 * math.pi) < 1e-9
        yield ("closed", [*points[:-1], points[0]]) if whole else ("line", points)
    elif kind in {"SPLINE", "HELIX"}:
        points = _spline(entity.construction_tool())
        found.curves += 1
        yield ("closed" if entity.closed or points[0] == points[-1] else "line"), points
    elif kind in {"SOLID", "TRACE", "3DFACE"}:
        yield "area", [_xy(p) for p in entity.wcs_vertices()]
    elif kind in {"HATCH", "MPOLYGON"}:
        yield from _hatch(entity, found)
    elif kind in _MODELS:
        raise _LostError("model_geometry", kind)
    else:
        raise _LostError("entity_not_read", kind)


def _xy(point: Any) -> Point:
    return (float(point[0]), float(point[1]))


def _world(points: list[Point], ocs: Any, z: float) -> list[Point]:
    """From the plane an entity was drawn in to the world's."""
    if not ocs.transform:
        return points
    return [_xy(ocs.to_wcs((x, y, z))) for x, y in points]


def _tolerance(centre: Any, size: float) -> float:
    x, y = float(centre[0]), float(centre[1])
    degrees = 73 <= x <= 136 and 3 <= y <= 54 and abs(size) <= 10
    return DEGREES_TOLERANCE if degrees else TOLERANCE


def _bound(size: float, centre: Any) -> None:
    tolerance = _tolerance(centre, size)
    if not math.isfinite(size) or math.pi * math.sqrt(abs(size) / (2 * tolerance)) > MAX_POINTS:
        raise _LostError("curve_too_large", f"a curve of size {size:g}")


def _arc(x: float, y: float, radius: float, begin: float, sweep: float) -> list[Point]:
    """Points on an arc, both ends with them: the chord of an angle t lies r·(1 - cos(t/2)) = 2r·sin²(t/4) inside."""
    radius = abs(radius)
    if not all(map(math.isfinite, (x, y, radius, begin, sweep))):
        raise _LostError("not_finite", "an arc")
    share = min(_tolerance((x, y), radius) / radius, 0.07) if radius > 0 else 0.07  # at least 8 chords a circle
    count = max(1, math.ceil(abs(sweep) / (4 * math.asin(math.sqrt(share / 2)))))
    if count > MAX_POINTS:
        raise _LostError("curve_too_large", f"an arc of radius {radius:g}")
    angles = (begin + sweep * i / count for i in range(count + 1))
    return [(x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles]


def _bulged(
    vertices: list[tuple[float, float, float]], *, closed: bool, ocs: Any, elevation: float, found: _Found
) -> Shape:
    """A polyline whose edges may be arcs: a bulge is the tangent of a quarter of the angle, left turns positive."""
    points: list[Point] = []
    ends = vertices[1:] + vertices[:1] if closed else vertices[1:]
    for (x, y, bulge), (x2, y2, _) in zip(vertices, ends, strict=False):
        points.append((x, y))
        chord = math.hypot(x2 - x, y2 - y)
        if abs(bulge) * chord / 2 <= 0.01 * _tolerance((x, y), chord):  # as good as straight
            continue
        found.curves += 1
        # sweep 4·atan(bulge), radius chord·(1 + bulge²)/(4·|bulge|), centre chord·(1 - bulge²)/(4·bulge) to the left
        radius = chord * (1 + bulge * bulge) / (4 * abs(bulge))
        off = (1 - bulge * bulge) / (4 * bulge)
        cx, cy = (x + x2) / 2 - (y2 - y) * off, (y + y2) / 2 + (x2 - x) * off
        begin = math.atan2(y - cy, x - cx)
        points.extend(_arc(cx, cy, radius, begin, 4 * math.atan(bulge))[1:-1])
    if vertices:
        points.append((ends[-1][0], ends[-1][1]) if ends else (vertices[-1][0], vertices[-1][1]))
    joined = len(points) > 1 and points[0] == points[-1]
    return ("closed" if closed or joined else "line"), _world(points, ocs, elevation)


def _polyline(entity: Any, found: _Found) -> Shape:
    mode = entity.get_mode()
    if mode in {"AcDbPolygonMesh", "AcDbPolyFaceMesh"}:
        raise _LostError("model_geometry", mode)
    vertices = [v for v in entity.vertices if not v.dxf.flags & 16]  # 16: the frame of a spline, not the line
    if mode == "AcDb3dPolyline":
        points = [_xy(v.dxf.location) for v in vertices]
        if entity.is_closed and points:
            points.append(points[0])
        return ("closed" if len(points) > 1 and points[0] == points[-1] else "line"), points
    plain = [(float(v.dxf.location.x), float(v.dxf.location.y), float(v.dxf.get("bulge", 0))) for v in vertices]
    elevation = entity.dxf.elevation.z if entity.dxf.hasattr("elevation") else 0.0
    return _bulged(plain, closed=bool(entity.is_closed), ocs=entity.ocs(), elevation=float(elevation), found=found)


def _spline(tool: Any) -> list[Point]:
    frame = [_xy(p) for p in tool.control_points]
    low = (min(p[0] for p in frame), min(p[1] for p in frame))
    size = math.dist(low, (max(p[0] for p in frame), max(p[1] for p in frame)))
    _bound(size, low)
    return [_xy(p) for p in tool.flattening(_tolerance(low, size), segments=8)]


def _hatch(entity: Any, found: _Found) -> Iterator[Shape]:
    """One area by even and odd of the rings of a fill."""
    ocs = entity.ocs()
    elevation = float(entity.dxf.elevation.z) if entity.dxf.hasattr("elevation") else 0.0
    whole = None
    for path in entity.paths.rendering_paths(entity.dxf.get("hatch_style", 0)):
        ring: list[Point] = []
        if hasattr(path, "vertices"):
            corners = [(v[0], v[1], v[2]) for v in path.vertices]
            _, ring = _bulged(corners, closed=True, ocs=ocs, elevation=elevation, found=found)
        else:
            for edge in path.edges:
                piece = _edge(edge, found)
                if ring and piece and math.dist(ring[-1], piece[0]) > math.dist(ring[-1], piece[-1]):
                    piece.reverse()
                ring.extend(piece)
            ring = _world(ring, ocs, elevation)
        if len(set(ring)) < 3:
            raise _LostError("too_few_points", "a fill of fewer than three points")
        area = shapely.make_valid(shapely.Polygon(ring), method="structure", keep_collapsed=False)
        whole = area if whole is None else shapely.symmetric_difference(whole, area)
    if whole is None or whole.is_empty:
        raise _LostError("no_geometry", "a fill without boundary")
    yield "made", whole


def _edge(edge: Any, found: _Found) -> list[Point]:
    name = type(edge).__name__
    if name == "LineEdge":
        return [_xy(edge.start), _xy(edge.end)]
    found.curves += 1
    if name == "ArcEdge":
        begin, end = math.radians(edge.start_angle), math.radians(edge.end_angle)
        sweep = (end - begin) % (2 * math.pi) or 2 * math.pi
        return _arc(edge.center.x, edge.center.y, edge.radius, begin, sweep)
    tool = edge.construction_tool()
    if name == "EllipseEdge":
        _bound(tool.major_axis.magnitude, tool.center)
        return [_xy(p) for p in tool.flattening(_tolerance(tool.center, tool.major_axis.magnitude), segments=16)]
    return _spline(tool)
