"""
The child process that parses foreign formats with GDAL, Arrow, ezdxf and calamine.

Run by ``spatial.reading.boundary`` as ``python -I worker.py``; it imports nothing of this project but
``worker_drawing.py``, ``worker_geopackage.py`` and ``worker_tables.py`` beside it, so that it runs the same from a
clone and from a wheel. It gets the bytes of the source on standard input, works in a temporary folder made for it, and
answers on standard output:

    in   8 bytes length, JSON request, then the bytes of each member in order
    out  frames: 1 byte kind, 8 bytes length, payload
         L  JSON: one layer (name, crs, counts …)      A  Arrow IPC stream of that layer
         P  JSON: a problem of the file                E  JSON: the end; without it the answer is void
         X  JSON: refused, with a code

With ``rows`` in the request the one layer comes batch by batch: the geometry of every batch, then all columns of each:

         G  Arrow IPC stream: geometry of a batch      M  JSON: the geometries end      A  a batch

GDAL looks at content, not at names: a file called ``.gpkg`` may be a virtual format that opens other files or
addresses. So only the drivers the request names stay registered, and every network reach is off before GDAL loads.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_CHUNK, _FRAME = 1 << 20, 32 << 20
_QUIET = {
    "CPL_VSIL_CURL_ALLOWED_FILENAME": "none",
    "GDAL_HTTP_MAX_RETRY": "0",
    "GDAL_HTTP_TIMEOUT": "1",
    "GDAL_HTTP_PROXY": "127.0.0.1:9",
    "GDAL_DRIVER_PATH": "disable",
    "OGR_DRIVER_PATH": "disable",
    "GDAL_VRT_ENABLE_PYTHON": "NO",
    "GML_DOWNLOAD_SCHEMA": "NO",
    "GML_SKIP_RESOLVE_ELEMS": "ALL",
    "OGR_SQLITE_LOAD_EXTENSIONS": "",
    "OGR_SQLITE_STATIC_VIRTUAL_OGR": "NO",
    "GDAL_NUM_THREADS": "1",
    "OGR_ORGANIZE_POLYGONS": "DEFAULT",
    "CPL_LOG": os.devnull,
    "PROJ_NETWORK": "OFF",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}
_UNUSED = ("geopandas", "pandas", "pyproj", "shapely")
"""What pyogrio imports where it is installed; nothing of it is used here, and it takes longer than most files."""


class Refusal(Exception):  # noqa: N818 - it is an answer, no fault of this program
    """The file is not read; the code says why."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Answer:
    """Frames on standard output, up to a number of bytes."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self.stream = stream
        self.left = limit

    def frame(self, kind: bytes, payload: bytes | memoryview) -> None:
        """Write one frame."""
        self.left -= len(payload)
        if self.left < 0 and kind not in b"XE":
            raise Refusal("too_large", "the file unpacks to more than may be read")
        self.stream.write(kind + struct.pack(">Q", len(payload)))
        self.stream.write(payload)

    def fact(self, kind: bytes, value: dict[str, Any]) -> None:
        """Write one frame of JSON."""
        self.frame(kind, json.dumps(value).encode())


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise Refusal("bad_request", "the request ended early")
    return data


def receive(stream: BinaryIO, folder: str) -> dict[str, Any]:
    """Read the request and put its members into the folder, under the names the parent made."""
    (length,) = struct.unpack(">Q", _exactly(stream, 8))
    request: dict[str, Any] = json.loads(_exactly(stream, length))
    for member in request["members"]:
        path = Path(folder, *member["name"].split("/"))
        path.parent.mkdir(parents=True, exist_ok=True)
        left = int(member["size"])
        with path.open("wb") as target:
            while left:
                part = _exactly(stream, min(left, _CHUNK))
                target.write(part)
                left -= len(part)
    return request


def limit(memory: int, seconds: int) -> None:
    """Bound memory and processor time where the system can; the parent bounds wall time everywhere."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for name, value in (("RLIMIT_AS", memory), ("RLIMIT_CPU", seconds), ("RLIMIT_CORE", 0)):
        with contextlib.suppress(ValueError, OSError, AttributeError):
            resource.setrlimit(getattr(resource, name), (value, value))


def fence(drivers: list[str]) -> None:
    """Leave only these drivers registered, and refuse to go on if another one stays."""
    unused: Any = dict.fromkeys(_UNUSED)
    sys.modules.update(unused)
    import pyogrio
    from pyogrio import _ogr

    others = [name for name in pyogrio.list_drivers() if name not in drivers]
    # registering again drops what OGR_SKIP names
    pyogrio.set_gdal_config_options({"OGR_SKIP": ",".join(others)})
    _ogr._register_drivers()  # noqa: SLF001 - nothing public drops drivers; what is left is checked
    left = [name for name in pyogrio.list_drivers() if name not in drivers]
    if left:
        raise Refusal("fence", f"drivers that must not be used stay registered: {', '.join(left)}")
    if not pyogrio.list_drivers():
        raise Refusal("driver_missing", f"this GDAL has no driver {' or '.join(drivers)}")


def check_sqlite(path: str) -> dict[str, int]:
    """Counts of the feature tables of a GeoPackage, after SQLite's own check."""
    database = _sibling("worker_geopackage")
    try:
        counts: dict[str, int] = database.feature_counts(path)
    except database.GeoPackageError as error:
        raise Refusal(error.code, error.detail) from None
    return counts


def read_parquet(path: str, answer: Answer, request: dict[str, Any]) -> None:
    """GeoParquet, by Arrow: GDAL's wheels have no driver for it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    # a column of a large row group is read as it is needed, not as a whole
    source = pq.ParquetFile(path, buffer_size=_CHUNK if request.get("rows") else 0)
    raw = (source.schema_arrow.metadata or {}).get(b"geo")
    if raw is None:
        raise Refusal("not_geoparquet", "the Parquet file says nothing about geometry")
    meta = json.loads(raw)
    primary = meta.get("primary_column", "geometry")
    column = meta.get("columns", {}).get(primary, {})
    if column.get("encoding", "WKB") != "WKB":
        raise Refusal("not_wkb", f"geometry is stored as {column.get('encoding')}, only WKB is read")
    if column.get("edges", "planar") != "planar":
        raise Refusal("edges", "edges on the sphere are not read; save them with planar edges")
    rows = source.metadata.num_rows
    if rows > request["max_features"]:
        raise Refusal("too_large", f"{rows} features")
    crs = column.get("crs", "OGC:CRS84")  # absent: this; null: unknown
    answer.fact(
        b"L",
        {
            "name": request["stem"],
            "driver": "Parquet",
            "crs": json.dumps(crs) if isinstance(crs, dict) else crs,
            "geometry_column": primary,
            "geometry_type": ",".join(column.get("geometry_types", [])) or "Unknown",
            "features": rows,
            "declared": rows,
            "encoding": "UTF-8",
        },
    )
    if size := request.get("rows"):
        flow(answer, lambda columns: source.iter_batches(batch_size=size, columns=columns), [primary])
        return
    table = source.read()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema.remove_metadata()) as writer:
        writer.write_table(table.replace_schema_metadata(None))
    answer.frame(b"A", memoryview(sink.getvalue()))


def flow(answer: Answer, batches: Callable[[list[str] | None], Iterable[Any]], geometry: list[str]) -> None:
    """A layer batch by batch, twice: its geometries, then everything."""
    read = 0
    for batch in batches(geometry):
        read += batch.num_rows
        frame_batch(answer, b"G", batch)
    answer.fact(b"M", {"read": read})
    for batch in batches(None):
        frame_batch(answer, b"A", batch)


def frame_batch(answer: Answer, kind: bytes, batch: Any) -> None:
    """A batch as frames of no more than some bytes each."""
    import pyarrow as pa

    if batch.nbytes > _FRAME and batch.num_rows > 1:
        half = batch.num_rows // 2
        frame_batch(answer, kind, batch.slice(0, half))
        frame_batch(answer, kind, batch.slice(half))
        return
    plain = batch.replace_schema_metadata(None)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, plain.schema) as writer:
        writer.write_batch(plain)
    answer.frame(kind, memoryview(sink.getvalue()))
    answer.stream.flush()


def flow_layer(path: str, name: str, answer: Answer, request: dict[str, Any], declared: int) -> None:
    """The one layer of a source, through GDAL, batch by batch."""
    import pyogrio
    from pyogrio.raw import open_arrow

    info = pyogrio.read_info(path, layer=name, force_feature_count=True)
    if info["geometry_type"] is None:
        raise Refusal("not_in_batches", "its only layer has no geometry")
    facts = {key: info[key] for key in ("driver", "crs", "geometry_type", "encoding")}
    options = {"use_pyarrow": True, "datetime_as_string": True, "batch_size": request["rows"]}
    with open_arrow(path, layer=name, columns=[], return_fids=True, **options) as (meta, _):
        column, fid = meta["geometry_name"] or "wkb_geometry", meta["fid_column"]
    facts |= {"name": name, "features": int(info["features"]), "declared": declared}
    answer.fact(b"L", {**facts, "geometry_column": column, "fid_column": fid})

    def batches(columns: list[str] | None) -> Iterator[Any]:
        with open_arrow(path, layer=name, columns=columns, return_fids=columns is None, **options) as (_, reader):
            yield from reader

    flow(answer, batches, [])


def read_layer(path: str, name: str, answer: Answer, request: dict[str, Any]) -> None:
    """One layer through GDAL: its facts, then its features as Arrow."""
    import pyarrow as pa
    import pyogrio
    from pyogrio.raw import open_arrow

    encoding = request.get("encoding")
    info = pyogrio.read_info(path, layer=name, encoding=encoding, force_feature_count=True)
    facts = {
        "name": name,
        "driver": info["driver"],
        "crs": info["crs"],
        "geometry_type": info["geometry_type"],
        "features": int(info["features"]),
        "encoding": info["encoding"],
    }
    if info["geometry_type"] is None:
        answer.fact(b"L", {**facts, "geometry_column": None})
        return
    if facts["features"] > request["max_features"]:
        raise Refusal("too_large", f"layer {name} holds {facts['features']} features")
    sink = pa.BufferOutputStream()
    with open_arrow(
        path,
        layer=name,
        encoding=encoding,
        use_pyarrow=True,
        datetime_as_string=True,
        batch_size=8192,
        return_fids=True,
    ) as (meta, reader):
        read = 0
        with pa.ipc.new_stream(sink, reader.schema) as writer:
            for batch in reader:
                read += batch.num_rows
                if read > request["max_features"] or sink.tell() > answer.left:
                    raise Refusal("too_large", f"layer {name} holds more than may be read")
                writer.write_batch(batch)
        column = meta["geometry_name"] or "wkb_geometry"
    answer.fact(b"L", {**facts, "geometry_column": column, "fid_column": meta["fid_column"], "read": read})
    answer.frame(b"A", memoryview(sink.getvalue()))


def read_source(path: str, answer: Answer, request: dict[str, Any]) -> None:
    """Every layer of the source, or the one that is asked for."""
    import pyogrio

    counts = check_sqlite(path) if request["format"] == "gpkg" else {}
    names = [str(name) for name, _ in pyogrio.list_layers(path)]
    missing = sorted(set(counts) - set(names))
    if missing:
        raise Refusal("count", f"feature tables that GDAL does not see: {', '.join(missing)}")
    if len(names) > request["max_layers"]:
        raise Refusal("too_large", f"{len(names)} layers")
    if request.get("rows"):
        if len(names) != 1:
            raise Refusal("not_in_batches", f"{len(names)} layers")
        flow_layer(path, names[0], answer, request, counts[names[0]])
        return
    wanted = request.get("layer")
    if wanted is not None and wanted not in names:
        answer.fact(b"P", {"code": "layer_unknown", "names": names})
        raise Refusal("layer_unknown", f"there is no layer {wanted!r}; there are: {', '.join(names)}")
    for name in names:
        if wanted is None or name == wanted:
            read_layer(path, name, answer, request)
    answer.fact(b"P", {"code": "layers", "names": names, "counts": counts})


def _sibling(name: str) -> Any:
    """A module beside this file; the package itself is not imported here."""
    spec = importlib.util.spec_from_file_location(f"_{name}", Path(__file__).with_name(f"{name}.py"))
    if spec is None or spec.loader is None:
        raise Refusal("driver_missing", f"{name}.py is not installed")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_workbook(path: str, answer: Answer, request: dict[str, Any]) -> None:
    """Rows of every sheet, as text."""
    tables = _sibling("worker_tables")
    try:
        sheets = tables.read_sheets(path, max_sheets=request["max_layers"])
    except tables.WorkbookError as error:
        raise Refusal(error.code, error.detail) from None
    for sheet in sheets:
        answer.fact(b"L", {**sheet, "geometry_column": None})


def read_drawing(path: str, answer: Answer, request: dict[str, Any]) -> bool:
    """A drawing by ezdxf; False where it does not take the file and GDAL is to try."""
    import pyarrow as pa

    drawing = _sibling("worker_drawing")
    try:
        facts, table = drawing.read_drawing(path, request.get("encoding"), request["max_features"])
    except OverflowError as error:
        raise Refusal("too_large", str(error)) from None
    except drawing.NotForThisReaderError as error:
        answer.fact(b"P", {"code": "lenient", "detail": str(error).replace(str(Path.cwd()), "")})
        request["encoding"] = None  # GDAL hands the bytes through, they are decoded on the other side
        return False
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    answer.fact(b"L", facts)
    answer.frame(b"A", memoryview(sink.getvalue()))
    return True


def main() -> int:
    """Answer one request."""
    os.environ.update(_QUIET)
    stdin, stdout = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not write into the answer
    answer = Answer(stdout, 1 << 62)
    folder = str(Path.cwd())  # made for this request by the parent, which also removes it
    try:
        request = receive(stdin, folder)
        answer.left = int(request["max_output"])
        sys.path[:] = [entry for entry in request["sys_path"] if Path(entry).is_absolute()]
        limit(int(request["max_memory"]), int(request["max_seconds"]))
        os.environ.update(request.get("environment", {}))
        path = str(Path(folder, *request["open"].split("/")))
        if request["format"] == "geoparquet":
            read_parquet(path, answer, request)
        elif request["format"] in {"xlsx", "xls", "xlsb", "ods"}:
            read_workbook(path, answer, request)
        elif request["format"] == "dxf" and read_drawing(path, answer, request):
            pass
        else:
            fence(request["drivers"])
            read_source(path, answer, request)
        answer.fact(b"E", {"ok": True})
    except Refusal as refusal:
        answer.fact(b"X", {"code": refusal.code, "detail": refusal.detail})
    except MemoryError:
        answer.fact(b"X", {"code": "memory", "detail": "out of memory"})
    except Exception as error:  # noqa: BLE001 - whatever a parser raises is an answer for the parent
        words = ("realloc", "malloc", "bad_alloc", "Out of memory", "failed to map", "Cannot allocate")
        memory = any(word in str(error) for word in words)
        detail = f"{type(error).__name__}: {error}".replace(folder, "")
        answer.fact(b"X", {"code": "memory" if memory else "parser", "detail": detail[:500]})
    finally:
        stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
