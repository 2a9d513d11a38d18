"""GeoJSON, read to the letter of RFC 7946, with the older ``crs`` member."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import shapely

from spatial.coordinates import place
from spatial.errors import MalformedSourceError
from spatial.reading.draft import Draft
from spatial.reading.model import Evidence
from spatial.reading.text import decode

if TYPE_CHECKING:
    from shapely import LineString, Polygon
    from shapely.geometry.base import BaseGeometry

    from spatial.reading.model import Box

__all__ = ["parse_geojson"]

_GEOMETRIES = {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"}
_DEPTH = 64


class _Object(dict[str, Any]):
    """A JSON object that remembers keys which stand twice in it."""

    twice: tuple[str, ...] = ()


class _BadGeometryError(Exception):
    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    made = _Object(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        made.twice = tuple(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    return made


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= 18 else float(digits)


def parse_geojson(data: bytes, *, file: str) -> Draft:
    """
    Features of a GeoJSON text: a FeatureCollection, a Feature or a geometry.

    Parameters
    ----------
    data
        The whole file; a byte order mark and GB18030 are accepted.
    file
        Its name.

    Returns
    -------
    draft
        One layer. A feature that breaks the format (a ring not closed, a key twice, NaN, wrong nesting, no geometry)
        is unreadable and keeps its number.

    Raises
    ------
    MalformedSourceError
        If the text is no complete JSON, or no GeoJSON.
    """
    text, encoding, evidence = decode(data, file=file)
    try:
        root = json.loads(text, object_pairs_hook=_object, parse_int=_integer)
    except (ValueError, RecursionError) as error:
        detail = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise _malformed(file, f"it is no complete JSON: {detail}") from None
    draft = Draft(
        file=file, format="geojson", source_kind="geojson", encoding=encoding, encoding_evidence=list(evidence)
    )
    kind = root.get("type") if isinstance(root, _Object) else None
    layer = file.rsplit(".", 1)[0]
    if kind == "FeatureCollection" and isinstance(root.get("features"), list):
        features = root["features"]
    elif kind == "Feature":
        features = [root]
    elif kind in _GEOMETRIES or kind == "GeometryCollection":
        features = [_Object(type="Feature", properties=None, geometry=root)]
    else:
        raise _malformed(file, f"it is no GeoJSON: its type is {kind!r}")
    if root.twice and kind == "FeatureCollection":
        raise _malformed(file, f"a key stands twice at its top: {', '.join(root.twice)}")
    _state_crs(root, draft)
    draft.open_layer(layer)
    draft.declared[layer] = len(features)
    for number, feature in enumerate(features, start=1):
        _add(feature, number, layer, draft)
    _note_sizes(draft)
    return draft


def _malformed(file: str, detail: str) -> MalformedSourceError:
    return MalformedSourceError(
        file=file, code="geojson", detail=detail, remedy="Export it again; part of it may be missing"
    )


def _state_crs(root: _Object, draft: Draft) -> None:
    if "crs" not in root:
        return
    crs = root["crs"]
    name = None
    if isinstance(crs, dict) and crs.get("type") == "name" and isinstance(crs.get("properties"), dict):
        name = crs["properties"].get("name")
    draft.crs_text = str(name) if name is not None else ""
    draft.crs_evidence.append(Evidence(code="geojson_crs_member", value=json.dumps(crs, ensure_ascii=False)[:200]))


def _note_sizes(draft: Draft) -> None:
    """What the sizes of the numbers show; only asked where the file does not say."""
    for geometry in draft.geometries:
        for x, y in shapely.get_coordinates(geometry)[:1]:
            draft.note(place(float(x), float(y)))
    bounds = shapely.total_bounds(draft.geometries) if draft.geometries else [math.nan] * 4
    on_earth = all(abs(v) <= bound for v, bound in zip(bounds, (180, 90, 180, 90), strict=True))
    if draft.geometries:
        draft.notation = "degrees" if on_earth else "projected"
    if draft.crs_text is None and on_earth:
        draft.crs_text = 4326
        draft.crs_evidence.append(Evidence(code="geojson_default", value="EPSG:4326"))


def _add(feature: Any, number: int, layer: str, draft: Draft) -> None:
    if not isinstance(feature, _Object) or feature.get("type") != "Feature":
        draft.lose("bad_feature", layer=layer, record=number)
        return
    geometry = feature.get("geometry")
    try:
        twice = _twice(feature)
        if twice:
            raise _BadGeometryError("duplicate_key", twice)  # noqa: TRY301
        if geometry is None:
            raise _BadGeometryError("no_geometry")  # noqa: TRY301
        made = _geometry(geometry, 0)
    except _BadGeometryError as error:
        box = _box(geometry) if error.code in {"ring_not_closed", "too_few_points"} else None
        draft.lose(error.code, layer=layer, record=number, detail=error.detail, box=box)
        return
    properties = feature.get("properties")
    attributes = dict(properties) if isinstance(properties, dict) else {}
    if "id" in feature and "id" not in attributes:
        attributes["id"] = feature["id"]
    draft.add(made, attributes, layer=layer, record=number)


def _twice(feature: _Object) -> str:
    """Keys that stand twice where it matters: in the feature, its geometry, its properties."""
    members = (feature, feature.get("geometry"), feature.get("properties"))
    return ", ".join(key for member in members if isinstance(member, _Object) for key in member.twice)


def _geometry(geometry: Any, depth: int) -> BaseGeometry:
    if not isinstance(geometry, _Object) or depth > _DEPTH:
        raise _BadGeometryError("bad_nesting")
    if geometry.twice:
        raise _BadGeometryError("duplicate_key", ", ".join(geometry.twice))
    kind = geometry.get("type")
    if kind == "GeometryCollection":
        parts = geometry.get("geometries")
        if not isinstance(parts, list):
            raise _BadGeometryError("bad_nesting", "geometries is no list")
        return shapely.GeometryCollection([_geometry(part, depth + 1) for part in parts])
    if kind not in _GEOMETRIES:
        raise _BadGeometryError("unknown_type", str(kind)[:40])
    coordinates = geometry.get("coordinates")
    if not isinstance(coordinates, list):
        raise _BadGeometryError("bad_nesting", "coordinates is no list")
    if kind == "Point":
        return shapely.Point(_position(coordinates)) if coordinates else shapely.Point()
    if kind == "MultiPoint":
        return shapely.MultiPoint(_positions(coordinates))
    if kind == "LineString":
        return _line(coordinates) if coordinates else shapely.LineString()
    if kind == "MultiLineString":
        return shapely.MultiLineString([_line(part) for part in coordinates])
    if kind == "Polygon":
        return _polygon(coordinates) if coordinates else shapely.Polygon()
    return shapely.MultiPolygon([_polygon(part) for part in coordinates])


def _position(value: Any) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) < 2:
        raise _BadGeometryError("bad_nesting", "a position is no pair of numbers")
    for number in value:
        if type(number) not in (int, float):
            raise _BadGeometryError("bad_nesting", f"{str(number)[:40]!r} is no number")
    x, y = float(value[0]), float(value[1])
    if not (math.isfinite(x) and math.isfinite(y)):
        raise _BadGeometryError("not_finite")
    return x, y


def _positions(value: Any) -> list[tuple[float, float]]:
    if not isinstance(value, list):
        raise _BadGeometryError("bad_nesting", "positions are no list")
    return [_position(item) for item in value]


def _box(geometry: Any) -> Box | None:
    """Box of a geometry that breaks another rule, if every coordinate of it can be read."""
    try:
        points = _every_position(geometry)
    except _BadGeometryError:
        return None
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return (min(xs), min(ys), max(xs), max(ys)) if points else None


def _every_position(value: Any, depth: int = 0) -> list[tuple[float, float]]:
    if depth > _DEPTH:
        raise _BadGeometryError("bad_nesting")
    if isinstance(value, _Object):
        if value.twice:
            raise _BadGeometryError("duplicate_key")
        value = value.get("geometries") if value.get("type") == "GeometryCollection" else value.get("coordinates")
    if not isinstance(value, list) or not value:
        raise _BadGeometryError("bad_nesting")
    if isinstance(value[0], (list, dict)):
        return [point for item in value for point in _every_position(item, depth + 1)]
    return [_position(value)]


def _line(value: Any) -> LineString:
    points = _positions(value)
    if len(points) < 2:
        raise _BadGeometryError("too_few_points", f"a line of {len(points)}")
    return shapely.LineString(points)


def _polygon(value: Any) -> Polygon:
    if not isinstance(value, list) or not value:
        raise _BadGeometryError("bad_nesting", "a polygon without rings")
    rings = [_positions(ring) for ring in value]
    for ring in rings:
        if len(ring) < 4:
            raise _BadGeometryError("too_few_points", f"a ring of {len(ring)} positions")
        if ring[0] != ring[-1]:
            raise _BadGeometryError("ring_not_closed", f"starts {ring[0]}, ends {ring[-1]}")
    return shapely.Polygon(rings[0], rings[1:])
