"""
A GeoParquet file or a GeoPackage of one layer, read piece by piece.

Its geometries go by once before anything else: the coordinate system is found of all of them, as it is where a file is
read whole, and its features are counted. Then its pieces are read in that system.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.errors import WorkerRefusedError
from spatial.reading.assembling import Said, assembled, check_arguments, resolved
from spatial.reading.batches import BatchStream
from spatial.reading.boundary import Job
from spatial.reading.draft import Draft
from spatial.reading.sizes import note_sizes
from spatial.reading.vector import FORMATS, _state_crs, _values, add_features

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from spatial.reading.model import Reading

__all__ = ["vector_format", "vector_pieces"]

_MANY = 20_000
_SAMPLE = 32
_SQLITE, _PARQUET = b"SQLite format 3\0", b"PAR1"


def vector_format(path: Path) -> str | None:
    """``geoparquet`` or ``gpkg`` of a file that may be read piece by piece; None: it is to be read whole."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        head = file.read(16)
        if head.startswith(_PARQUET) and path.stat().st_size > 12:
            file.seek(-4, 2)
            return "geoparquet" if file.read() == _PARQUET else None
        if head != _SQLITE or path.with_name(f"{path.name}-wal").exists():
            return None
        page = int.from_bytes(file.read(2), "big")
        file.seek(28)
        pages = int.from_bytes(file.read(4), "big")
    page = 65_536 if page == 1 else page
    return "gpkg" if page and path.stat().st_size >= pages * page else None


def vector_pieces(path: Path, format_: str, *, rows: int, said: dict[str, Any]) -> Iterator[Reading] | None:
    """
    The readings of a file's features, in its order.

    Parameters
    ----------
    path, format_
        A file of which `vector_format` says this.
    rows
        Features of a piece at most.
    said
        What `spatial.reading.read` takes, but ``geometry`` and ``layer``.

    Returns
    -------
    pieces
        Each numbered from 1; None for a file of several layers, which is to be read whole. ``declared_counts`` are
        those of the piece.

    Raises
    ------
    ReadingError, CRSError
        As `spatial.reading.read`.
    """
    check_arguments(said.get("datum"), None)
    form = FORMATS[format_]
    job = Job(source_name=path.name, format=format_, drivers=form.drivers, members={}, open=form.open)
    try:
        stream = BatchStream(path, job, rows=rows)
    except WorkerRefusedError as refusal:
        if refusal.code == "not_in_batches":
            return None
        raise
    return _pieces(stream, said)


def _pieces(stream: BatchStream, said: dict[str, Any]) -> Iterator[Reading]:
    names = {"region_must_hold": "must_hold"}
    given: dict[str, Any] = {"crs": None, "datum": None, "region": None, "must_hold": True, "shift": None}
    settled = Said(**{**given, "shift_m": 10.0, **{names.get(key, key): value for key, value in said.items()}})
    with stream:
        whole = _outlined(stream)
        found = resolved(whole, settled)
        sha256, some = stream.sha256, False
        for batch in stream.batches():
            some, draft = True, _like(whole)
            _add(stream, batch, draft)
            yield assembled(draft, sha256, settled, found)
        if not some:
            yield assembled(_like(whole), sha256, settled, found)


def _outlined(stream: BatchStream) -> Draft:
    """The whole file as far as its coordinate system goes: where its coordinates are, and what is said of them."""
    facts, name = stream.facts, _layer(stream)
    form = FORMATS[stream.job.format]
    whole = Draft(file=stream.job.source_name, format=stream.job.format, source_kind=form.source_kind)
    whole.open_layer(name)
    whole.declared[name] = int(facts["declared"])
    whole.encoding = str(facts["encoding"] or "UTF-8")
    points: NDArray[np.float64] = np.empty((0, 2))
    inner: list[NDArray[np.float64]] = []
    for batch in stream.geometries():
        part = Draft(file=whole.file, format=whole.format, source_kind=whole.source_kind)
        add_features(part, batch.column(0).to_pylist(), [], [], layer=name)
        whole.met[name] += part.met.get(name, 0)
        more = shapely.get_coordinates(part.geometries)
        points = np.vstack([points, more])
        if len(points) > _MANY:  # the corners of their hull, within which every test of the system is decided
            inner.append(more[:: len(more) // _SAMPLE + 1].copy())  # a view would keep all of the batch
            points = shapely.get_coordinates(shapely.convex_hull(shapely.linestrings(points)))
    if inner:
        points = np.vstack([points, *inner[:: len(inner) // _MANY + 1]])
    if len(points):
        whole.geometries.append(shapely.MultiPoint(points))
        whole.attributes.append({})
        whole.keys.append((name, 1))
    whole.check_counts()
    _state_crs({name: facts["crs"]} if facts["features"] else {}, None, whole)
    note_sizes(whole)
    return whole


def _layer(stream: BatchStream) -> str:
    own = str(stream.facts["name"])
    return Path(stream.job.source_name).stem if own == "source" else own


def _like(whole: Draft) -> Draft:
    """A draft of no features with all that is said of the whole."""
    return Draft(
        file=whole.file,
        format=whole.format,
        source_kind=whole.source_kind,
        encoding=whole.encoding,
        crs_text=whole.crs_text,
        crs_evidence=whole.crs_evidence,
        kinds=whole.kinds,
        zones=whole.zones,
        notation=whole.notation,
        decimals=whole.decimals,
        layers=list(whole.layers),
        met=dict.fromkeys(whole.layers, 0),
    )


def _add(stream: BatchStream, batch: Any, draft: Draft) -> None:
    column, fid = stream.facts["geometry_column"], stream.facts.get("fid_column") or ""
    names = [name for name in batch.schema.names if name not in {column, fid}]
    add_features(
        draft,
        batch.column(column).to_pylist(),
        names,
        [_values(batch.column(name)) for name in names],
        layer=_layer(stream),
    )
