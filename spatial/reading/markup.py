"""KML and GPX, read element by element, so that what cannot be read is named; and the frame of a GML."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import shapely

from spatial.errors import IncompleteSourceError, MalformedSourceError
from spatial.reading.draft import Draft
from spatial.reading.model import Evidence
from spatial.reading.text import decode

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from spatial.reading.model import Box

__all__ = ["check_gml", "parse_gpx", "parse_kml", "read_xml"]

_AGAIN = "Export it again; part of it may be missing"
_SHAPES = {"Point", "LineString", "LinearRing", "Polygon", "MultiGeometry", "Track", "MultiTrack", "Model"}
_SHAPES |= {"MultiPoint", "MultiLineString", "MultiPolygon"}
_MAX_DEPTH = 200
_MAX_BYTES = 256 << 20
_LATIN = re.compile(rb"\s{0,64}<\?xml[^>]*encoding\s*=\s*[\"']([\w.-]+)[\"']")


class _BadShapeError(Exception):
    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


def _tree(data: bytes, *, file: str) -> tuple[ET.Element, str, tuple[Evidence, ...]]:
    """The root element; entities are refused before a parser meets them."""
    if len(data) > _MAX_BYTES:
        from spatial.errors import SourceTooLargeError

        raise SourceTooLargeError(
            file=file, code="too_large", detail=f"{len(data)} bytes of XML", remedy="Cut it into smaller files"
        )
    text, encoding, evidence = decode(data, file=file)
    declared = _LATIN.match(data[:1024])
    if declared and encoding == "gb18030":
        evidence = (*evidence, Evidence(code="xml_declaration", value=declared[1].decode("ascii", "replace")))
    text = text.lstrip("\ufeff \r\n\t").rstrip("\0 \r\n\t")
    if text.startswith("<?xml"):  # its encoding was dealt with
        text = text[text.find("?>") + 2 :]
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise MalformedSourceError(
            file=file, code="entities", detail="it declares entities, which are not read", remedy="Export it again"
        )
    try:
        root = ET.fromstring(text.lstrip())  # noqa: S314 - without entities; size and depth are bounded
    except (ET.ParseError, RecursionError, ValueError) as error:
        raise IncompleteSourceError(
            file=file, code="xml", detail=f"it is no complete XML: {error}", remedy=_AGAIN
        ) from None
    _bound_depth(root, file)
    return root, encoding, evidence


def read_xml(data: bytes, *, file: str) -> ET.Element:
    """Root element of XML without entities, within bounds; raises as `parse_kml` does."""
    return _tree(data, file=file)[0]


def _bound_depth(root: ET.Element, file: str) -> None:
    level, depth = [root], 0
    while level:
        level = [child for element in level for child in element]
        depth += 1
        if depth > _MAX_DEPTH:
            raise MalformedSourceError(file=file, code="xml", detail="it is nested too deeply", remedy=_AGAIN)


def _tag(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(element: ET.Element | None) -> str:
    return (element.text or "").strip() if element is not None else ""


def parse_kml(data: bytes, *, file: str, ovital: bool = False) -> Draft:
    """
    Placemarks of a KML.

    Parameters
    ----------
    data
        The whole file.
    file
        Its name.
    ovital
        The file's name says it is an export of 奥维.

    Returns
    -------
    draft
        A layer a folder. Closed lines stay lines. A placemark without a readable geometry is unreadable, and so is
        a link to another file, which is not opened.

    Raises
    ------
    IncompleteSourceError
        If the XML does not end.
    MalformedSourceError
        If it declares entities.
    """
    root, encoding, evidence = _tree(data, file=file)
    draft = Draft(file=file, format="kml", source_kind="kml", encoding=encoding, encoding_evidence=list(evidence))
    types = {_text(element).upper() for element in root.iter() if _tag(element) == "OvCoordType"}
    draft.ov_coord_types += sorted(types)
    style = any(_tag(element).startswith("Ov") for element in root.iter())
    if ovital or style:
        draft.format, draft.source_kind = "ovkml", "ovkml"
    count = 0
    stack: list[tuple[ET.Element, str]] = [(root, file.rsplit(".", 1)[0])]
    while stack:
        element, layer = stack.pop()
        tag = _tag(element)
        if tag == "Folder":
            layer = next((_text(child) for child in element if _tag(child) == "name"), "") or layer
        if tag == "Placemark":
            count += 1
            _add(element, layer, draft)
        elif tag == "NetworkLink":
            count += 1
            draft.lose("network_link", layer=layer, remedy="give_linked_file")
        else:
            stack.extend((child, layer) for child in reversed(element))
    total = sum(1 for element in root.iter() if _tag(element) in {"Placemark", "NetworkLink"})
    if count != total:  # a placemark inside a placemark
        raise MalformedSourceError(
            file=file, code="count", detail=f"it holds {total} placemarks, {count} can be reached", remedy=_AGAIN
        )
    if types == {"CGCS2000"}:
        draft.crs_text = 4490
        draft.crs_evidence.append(Evidence(code="ov_coord_type", value="CGCS2000"))
    else:
        draft.crs_text = 4326
        draft.crs_evidence.append(Evidence(code="kml_default", value="EPSG:4326"))
    draft.notation = "degrees"
    return draft


def _add(placemark: ET.Element, layer: str, draft: Draft) -> None:
    attributes = _attributes(placemark)
    shapes = [child for child in placemark if _tag(child) in _SHAPES]
    try:
        if not shapes:
            raise _BadShapeError("no_geometry", str(attributes.get("name", "")))  # noqa: TRY301
        parts = [_shape(element) for element in shapes]
        draft.add(parts[0] if len(parts) == 1 else shapely.GeometryCollection(parts), attributes, layer=layer)
    except _BadShapeError as error:
        box = _box(shapes) if error.code in {"ring_not_closed", "too_few_points"} else None
        draft.lose(error.code, layer=layer, detail=error.detail or str(attributes.get("name", "")), box=box)


def _attributes(placemark: ET.Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in placemark:
        if _tag(child) in {"name", "description"}:
            found[_tag(child)] = _text(child)
    for data in placemark.iter():
        key = data.get("name")
        if key and _tag(data) == "Data":
            found[key] = _text(next((c for c in data if _tag(c) == "value"), None))
        elif key and _tag(data) == "SimpleData":
            found[key] = _text(data)
    return found


def _shape(element: ET.Element) -> BaseGeometry:
    tag = _tag(element)
    if tag == "Model":
        raise _BadShapeError("model_geometry")
    if tag == "Point":
        points = _coordinates(element)
        if len(points) != 1:
            raise _BadShapeError("bad_coordinates", f"a point of {len(points)} positions")
        return shapely.Point(points[0])
    if tag in {"LineString", "LinearRing"}:
        return _line(_coordinates(element))
    if tag == "Track":
        return _line([_position(_text(c).split()) for c in element if _tag(c) == "coord"])
    if tag == "Polygon":
        return _polygon(element)
    parts = [child for child in element if _tag(child) in _SHAPES]
    if not parts:
        raise _BadShapeError("empty_geometry")
    made: list[Any] = [_shape(part) for part in parts]
    kinds = {part.geom_type for part in made}
    if kinds == {"Polygon"}:
        return shapely.MultiPolygon(made)
    if kinds == {"LineString"}:
        return shapely.MultiLineString(made)
    return shapely.MultiPoint(made) if kinds == {"Point"} else shapely.GeometryCollection(made)


def _coordinates(element: ET.Element) -> list[tuple[float, float]]:
    holders = [child for child in element if _tag(child) == "coordinates"]
    if len(holders) != 1 or len(holders[0]):
        raise _BadShapeError("bad_coordinates", f"{len(holders)} lists of coordinates")
    text = re.sub(r"\s*,\s*", ",", _text(holders[0]))
    return [_position(item.split(",")) for item in text.split()]


def _position(numbers: list[str]) -> tuple[float, float]:
    if not 2 <= len(numbers) <= 3:
        raise _BadShapeError("bad_coordinates", ",".join(numbers)[:60])
    try:
        x, y = float(numbers[0]), float(numbers[1])
    except ValueError:
        raise _BadShapeError("bad_coordinates", ",".join(numbers)[:60]) from None
    if not (math.isfinite(x) and math.isfinite(y)):
        raise _BadShapeError("not_finite", ",".join(numbers)[:60])
    if abs(x) > 180 or abs(y) > 90:
        raise _BadShapeError("out_of_range", ",".join(numbers)[:60])
    return x, y


def _line(points: list[tuple[float, float]]) -> BaseGeometry:
    if len(points) < 2:
        raise _BadShapeError("too_few_points", f"a line of {len(points)}")
    return shapely.LineString(points)


def _polygon(element: ET.Element) -> BaseGeometry:
    outer: list[list[tuple[float, float]]] = []
    inner: list[list[tuple[float, float]]] = []
    for side in element:
        target = {"outerBoundaryIs": outer, "innerBoundaryIs": inner}.get(_tag(side))
        if target is not None:
            target.extend(_coordinates(ring) for ring in side if _tag(ring) == "LinearRing")
    if len(outer) != 1:
        raise _BadShapeError("bad_coordinates", f"a polygon of {len(outer)} outer rings")
    for ring in outer + inner:
        if len(ring) < 4:
            raise _BadShapeError("too_few_points", f"a ring of {len(ring)} positions")
        if ring[0] != ring[-1]:
            raise _BadShapeError("ring_not_closed", f"starts {ring[0]}, ends {ring[-1]}")
    return shapely.Polygon(outer[0], inner)


def _box(shapes: list[ET.Element]) -> Box | None:
    """Box of shapes that break another rule, if every coordinate can be read."""
    try:
        holders = [p for shape in shapes for p in shape.iter() if any(_tag(c) == "coordinates" for c in p)]
        points = [point for holder in holders for point in _coordinates(holder)]
    except _BadShapeError:
        return None
    other = any(_tag(e) in {"Model", "Track", "MultiTrack"} for shape in shapes for e in shape.iter())
    if not points or other:
        return None
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return (min(xs), min(ys), max(xs), max(ys))


def parse_gpx(data: bytes, *, file: str) -> Draft:
    """
    Waypoints, routes and tracks of a GPX, each a feature.

    Parameters
    ----------
    data
        The whole file.
    file
        Its name.

    Returns
    -------
    draft
        Layers ``waypoints``, ``routes`` and ``tracks``; a track is a line, or several where it has segments.

    Raises
    ------
    IncompleteSourceError, MalformedSourceError
        As for KML.
    """
    root, encoding, evidence = _tree(data, file=file)
    draft = Draft(file=file, format="gpx", source_kind="gpx", encoding=encoding, encoding_evidence=list(evidence))
    for element in root:
        tag = _tag(element)
        layer = {"wpt": "waypoints", "rte": "routes", "trk": "tracks"}.get(tag)
        if layer is None:
            continue
        attributes = {_tag(c): _text(c) for c in element if _tag(c) in {"name", "desc", "cmt", "type", "ele", "time"}}
        try:
            made: BaseGeometry
            if tag == "wpt":
                made = shapely.Point(_gpx_point(element))
            elif tag == "rte":
                made = _line([_gpx_point(c) for c in element if _tag(c) == "rtept"])
            else:
                segments = [c for c in element if _tag(c) == "trkseg"]
                lines: list[Any] = [_line([_gpx_point(c) for c in seg if _tag(c) == "trkpt"]) for seg in segments]
                if not lines:
                    raise _BadShapeError("no_geometry")  # noqa: TRY301
                made = lines[0] if len(lines) == 1 else shapely.MultiLineString(lines)
        except _BadShapeError as error:
            draft.lose(error.code, layer=layer, detail=error.detail)
            continue
        draft.add(made, attributes, layer=layer)
    draft.crs_text = 4326
    draft.crs_evidence.append(Evidence(code="gpx_default", value="EPSG:4326"))
    draft.notation = "degrees"
    return draft


def _gpx_point(element: ET.Element) -> tuple[float, float]:
    return _position([element.get("lon", ""), element.get("lat", "")])


def check_gml(data: bytes, *, file: str) -> dict[str, int]:
    """
    Check that a GML is complete XML, and count its features.

    Parameters
    ----------
    data
        The whole file.
    file
        Its name.

    Returns
    -------
    counts
        Features by element name, which GDAL takes for the layer's name.

    Raises
    ------
    IncompleteSourceError, MalformedSourceError
        As for KML; also if it holds fewer features than its root says.
    """
    root, _, _ = _tree(data, file=file)
    counts: dict[str, int] = {}
    for holder in root.iter():
        if _tag(holder) in {"featureMember", "featureMembers", "member"}:
            for feature in holder:
                counts[_tag(feature)] = counts.get(_tag(feature), 0) + 1
    stated = root.get("numberReturned") or root.get("numberOfFeatures") or ""
    if stated.isdecimal() and int(stated) != sum(counts.values()):
        raise IncompleteSourceError(
            file=file,
            code="count",
            detail=f"it says it holds {stated} features, and holds {sum(counts.values())}",
            remedy=_AGAIN,
        )
    return counts
