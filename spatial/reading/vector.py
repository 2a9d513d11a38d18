"""Formats that GDAL or Arrow parse, through the worker: shapefile, GeoPackage, FileGDB, FlatGeobuf, GeoParquet, …"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.errors import IncompleteSourceError, MalformedSourceError
from spatial.reading.boundary import Job, run
from spatial.reading.draft import Draft
from spatial.reading.model import Evidence
from spatial.reading.shapefile import Inspection, inspect
from spatial.reading.sizes import note_sizes
from spatial.reading.sound import plain

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from spatial.accuracy import SourceKind
    from spatial.reading.boundary import LayerBytes, Limits
    from spatial.reading.sources import Bundle

__all__ = ["FORMATS", "add_features", "parse_vector"]

_MULTIPOLYGON, _COLLECTION = 6, 7
_AGAIN = "Get the file again from its source; part of it is missing"


@dataclass(frozen=True, kw_only=True)
class _Format:
    drivers: tuple[str, ...]
    source_kind: SourceKind
    open: str
    environment: tuple[tuple[str, str], ...] = ()


FORMATS: dict[str, _Format] = {
    "shapefile": _Format(
        drivers=("ESRI Shapefile",),
        source_kind="shapefile",
        open="source.shp",
        environment=(("SHAPE_RESTORE_SHX", "YES"), ("SHAPE_ENCODING", "ISO-8859-1")),
    ),
    "gpkg": _Format(drivers=("GPKG",), source_kind="geopackage", open="source.gpkg"),
    "filegdb": _Format(drivers=("OpenFileGDB",), source_kind="filegdb", open="source.gdb"),
    "flatgeobuf": _Format(drivers=("FlatGeobuf",), source_kind="flatgeobuf", open="source.fgb"),
    "geoparquet": _Format(drivers=(), source_kind="geoparquet", open="source.parquet"),
    "gml": _Format(drivers=("GML",), source_kind="gml", open="source.gml"),
    "mapinfo": _Format(drivers=("MapInfo File",), source_kind="mapinfo", open=""),
}
"""Drivers each format may use, the only ones left registered in the worker."""


def parse_vector(
    bundle: Bundle,
    *,
    layer: str | None = None,
    limits: Limits | None = None,
) -> Draft:
    """
    Features of a source that GDAL or Arrow parses.

    Parameters
    ----------
    bundle
        The bytes.
    layer
        Only this layer, else all that have geometry.
    limits
        What it may cost.

    Returns
    -------
    draft
        As many features, read and unreadable, as every count in the file says.

    Raises
    ------
    IncompleteSourceError, WorkerError, SourceTooLargeError, LayerChoiceError, MalformedSourceError
        See there.
    """
    form = FORMATS[bundle.format]
    draft = Draft(file=bundle.name, format=bundle.format, source_kind=form.source_kind)
    inspection = inspect(bundle.members, file=bundle.name) if bundle.format == "shapefile" else None
    text_encoding = inspection.encoding if inspection else None
    _check_frame(bundle, draft)
    shown = form.open or f"source{'.tab' if '.tab' in bundle.members else '.mif'}"
    prefix = "source.gdb/" if bundle.format == "filegdb" else "source"
    skipped = {".cpg", ".prj"}  # read here: GDAL recodes text, and matches home-made .prj files by name alone
    job = Job(
        source_name=bundle.name,
        format=bundle.format,
        drivers=form.drivers,
        members={prefix + name: data for name, data in bundle.members.items() if name not in skipped},
        open=shown,
        layer=None if bundle.format == "shapefile" else layer,
        encoding="ISO-8859-1" if inspection else None,
        environment=dict(form.environment),
    )
    answer = run(job, limits=limits)
    counts: dict[str, int] = next((p["counts"] for p in answer.problems if p["code"] == "layers"), {})
    stem = bundle.name.rsplit(".", 1)[0]
    systems: dict[str, str | None] = {}
    for part in answer.layers:
        own = part.facts["name"]
        name = stem if own == "source" else own
        if part.arrow is None:
            draft.warn("table_without_geometry", layer=name)
            continue
        draft.open_layer(name)
        draft.declared[name] = counts.get(own, part.facts.get("declared", part.facts["features"]))
        _add_layer(part, name, draft, inspection, encoding=text_encoding)
        if part.facts["features"]:
            systems[name] = part.facts["crs"]
    if not draft.layers:
        raise MalformedSourceError(
            file=bundle.name, code="no_layers", detail="no layer of it has geometry", remedy="Give another file"
        )
    _state_crs(systems, inspection, draft)
    if inspection is not None:
        draft.encoding, draft.encoding_evidence = inspection.encoding, list(inspection.encoding_evidence)
        draft.declared = dict.fromkeys(draft.layers, inspection.records)
        if not inspection.has_index:
            draft.warn("index_missing")
        if not inspection.has_table:
            draft.warn("attributes_missing")
    elif answer.layers:
        draft.encoding = str(answer.layers[0].facts.get("encoding") or "UTF-8")
    if draft.counted and layer is None and sum(draft.met.values()) != sum(draft.counted.values()):
        detail = f"it holds {sum(draft.counted.values())} features, {sum(draft.met.values())} were read"
        raise IncompleteSourceError(file=bundle.name, code="count", detail=detail, remedy=_AGAIN)
    note_sizes(draft)
    return draft


def _check_frame(bundle: Bundle, draft: Draft) -> None:
    """End marks and lengths that the format itself has."""
    data = next(iter(bundle.members.values()))
    problem = None
    if bundle.format == "gpkg":
        page = struct.unpack_from(">H", data, 16)[0] if len(data) >= 100 else 0
        page = 65536 if page == 1 else page
        pages = struct.unpack_from(">I", data, 28)[0] if len(data) >= 100 else 0
        if page == 0 or (".gpkg-wal" not in bundle.members and pages and len(data) < pages * page):
            problem = f"its header says {pages} pages of {page} bytes, it has {len(data)} bytes"
    elif bundle.format == "geoparquet":
        problem = None if data.endswith(b"PAR1") and len(data) > 12 else "its end mark is missing"
    elif bundle.format == "filegdb":
        problem = _check_tables(bundle.members)
    elif bundle.format == "mapinfo" and ".tab" in bundle.members:
        missing = [name for name in (".dat", ".map", ".id") if name not in bundle.members]
        problem = f"its {', '.join(missing)} is missing" if missing else None
        if not missing:
            table = bundle.members[".dat"]
            records, header, width = struct.unpack_from("<IHH", table, 4) if len(table) > 32 else (0, 0, 0)
            if len(table) < header + records * width or not header:
                problem = "its .dat is shorter than its header says"
            elif len(bundle.members[".id"]) < 4 * records:
                problem = "its .id holds fewer objects than its .dat records"
    elif bundle.format == "mapinfo" and ".mid" not in bundle.members:
        problem = "its .mid is missing"
    elif bundle.format == "gml":
        from spatial.reading.markup import check_gml

        draft.counted = check_gml(data, file=bundle.name)
    if problem:
        raise IncompleteSourceError(file=bundle.name, code="cut", detail=problem, remedy=_AGAIN)


def _check_tables(members: dict[str, bytes]) -> str | None:
    """FileGDB tables tell their own length at byte 24 and need an index beside them."""
    tables = [name for name in members if name.lower().endswith(".gdbtable")]
    if not tables:
        return "it holds no table"
    for name in tables:
        data = members[name]
        length = struct.unpack_from("<Q", data, 24)[0] if len(data) >= 40 else None
        if length is None or length > len(data):
            return f"{name} is shorter than its header says ({length} bytes, it has {len(data)})"
        if f"{name[:-9]}.gdbtablx" not in members:
            return f"the index of {name} is missing"
    return None


def _add_layer(
    part: LayerBytes,
    layer: str,
    draft: Draft,
    inspection: Inspection | None,
    *,
    encoding: str | None,
) -> None:
    import pyarrow as pa

    assert part.arrow is not None
    table = pa.ipc.open_stream(part.arrow).read_all()
    column, fid = part.facts["geometry_column"], part.facts.get("fid_column") or ""
    names = [name for name in table.column_names if name not in {column, fid}]
    values = [_values(table.column(name)) for name in names]
    if encoding is not None:
        names, values = _decoded(names, values, encoding, layer, draft)
    add_features(draft, table.column(column).to_pylist(), names, values, layer=layer, inspection=inspection)


def add_features(
    draft: Draft,
    wkb: list[bytes | None],
    names: list[str],
    values: list[list[Any]],
    *,
    layer: str,
    inspection: Inspection | None = None,
) -> None:
    """
    Note the features of a layer, or some of them in their order; those in which nothing is amiss all at once.

    Parameters
    ----------
    draft
        Takes them.
    wkb
        Geometry of each.
    names, values
        Attribute columns.
    layer
        Its name.
    inspection
        Of a shapefile: the records that are damaged or null.
    """
    with np.errstate(invalid="ignore"):  # a NaN is found, and named, when the feature is added
        shapes: NDArray[np.object_] = shapely.from_wkb(np.array(wkb, dtype=object), on_invalid="ignore")
        deep = np.flatnonzero(shapely.has_z(shapes) & (shapely.get_type_id(shapes) <= _MULTIPOLYGON))
        shapes[deep] = shapely.force_2d(shapes[deep])
        whole = plain(shapes)
    if inspection is not None:
        whole[[number for number in inspection.damaged if number < len(shapes)]] = False
    attributes = [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)] or [{} for _ in wkb]
    taken = 0
    for odd in [*np.flatnonzero(~whole).tolist(), len(shapes)]:
        if odd > taken:
            draft.add_plain(shapes[taken:odd], attributes[taken:odd], layer=layer)
        if odd < len(shapes):
            _add_feature(draft, odd, wkb[odd], shapes[odd], attributes[odd], layer=layer, inspection=inspection)
        taken = odd + 1


def _add_feature(
    draft: Draft,
    number: int,
    raw: bytes | None,
    shape: BaseGeometry | None,
    attributes: dict[str, Any],
    *,
    layer: str,
    inspection: Inspection | None,
) -> None:
    """One feature with something amiss, perhaps."""
    if inspection is not None and number in inspection.damaged:
        draft.lose("damaged_record", layer=layer, detail=inspection.damaged[number])
    elif shape is None:
        null = inspection is not None and number in inspection.null
        code = "null_shape" if null else "no_geometry" if raw is None else "bad_wkb"
        draft.lose(code, layer=layer)
    elif shapely.get_type_id(shape) > _COLLECTION or _curved(shape):
        draft.lose("curve_geometry", layer=layer, remedy="convert_to_straight_edges")
    else:
        draft.add(shape, attributes, layer=layer)


def _values(column: Any) -> list[Any]:
    """The values of an Arrow column as they are kept; what is neither text, number nor yes and no becomes text."""
    import pyarrow as pa

    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_integer, pa.types.is_floating)
    if any(is_kind(column.type) for is_kind in (*kinds, pa.types.is_boolean)):
        found: list[Any] = column.to_pylist()
        return found
    return [_plain(value) for value in column.to_pylist()]


def _curved(shape: BaseGeometry) -> bool:
    return any(shapely.get_type_id(part) > 7 or _curved(part) for part in getattr(shape, "geoms", ()))


def _plain(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    return value if value is None or isinstance(value, (str, int, float, bool, list, dict)) else str(value)


def _decoded(
    names: list[str], values: list[list[Any]], encoding: str, layer: str, draft: Draft
) -> tuple[list[str], list[list[Any]]]:
    """Text that GDAL took for Latin-1, byte by byte, in its real encoding."""
    spoilt = 0

    def decode(text: str) -> str:
        nonlocal spoilt
        if text.isascii():
            return text
        try:
            raw = text.encode("latin-1")
        except UnicodeEncodeError:
            return text
        made = raw.decode(encoding, "replace")
        spoilt += "\ufffd" in made
        return made

    decoded = [[decode(v) if isinstance(v, str) else v for v in rows] for rows in values]
    fields: list[str] = []
    for name in names:
        field = decode(name).rstrip("\ufffd")
        while field in fields:
            field += "_"
        fields.append(field)
    if spoilt:
        draft.warn("encoding_replaced", layer=layer, detail=f"{spoilt} cells are not {encoding}")
    return fields, decoded


def _state_crs(systems: dict[str, str | None], inspection: Inspection | None, draft: Draft) -> None:
    if inspection is not None:
        if inspection.prj is None:
            draft.crs_evidence.append(Evidence(code="prj_missing", value=""))
        else:
            draft.crs_text = inspection.prj
            draft.crs_evidence.append(Evidence(code="prj_file", value=inspection.prj[:1000]))
        return
    different = dict.fromkeys(systems.values())
    if len(different) > 1:
        from spatial.errors import LayerChoiceError

        shown = "; ".join(f"{name}: {str(crs)[:60]}" for name, crs in systems.items())
        raise LayerChoiceError(
            file=draft.file,
            code="several_crs",
            detail=f"its layers are in different coordinate systems ({shown})",
            remedy="Name one layer",
        )
    text = next(iter(different), None)
    if text:
        draft.crs_text = text
        draft.crs_evidence.append(Evidence(code=f"{draft.format}_crs", value=text[:1000]))
    else:
        draft.crs_evidence.append(Evidence(code="crs_missing", value=draft.format))
