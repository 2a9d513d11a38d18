"""Part files: written under another name and moved into place, so that one that is there is whole; read with checks."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

__all__ = ["PartDamagedError", "digest_file", "part_name", "placed", "read_part", "sha256_of", "with_geo", "write_part"]


class PartDamagedError(OSError):
    """A part is not what was written; whoever meets it has it answered again, or stops the batch."""


def part_name(number: int) -> str:
    """
    The file of a part.

    Examples
    --------
    >>> part_name(7)
    'part-00007.parquet'
    """
    return f"part-{number:05d}.parquet"


@contextmanager
def placed(path: Path) -> Iterator[Path]:
    """
    A name to write under; at the end it becomes ``path`` in one step, flushed to the disk, whoever else writes it too.

    The folder must be there: a straggler that wakes up after its job was handed over writes nowhere.
    """
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        yield draft
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def write_part(path: Path, table: pa.Table) -> None:
    """
    A table as one Parquet file, and its digest in a folder beside that of the file (`digest_file`).

    The digest is put in place first: a part that is there has one, and the same rows have the same bytes.
    """
    import pyarrow.parquet as pq

    with placed(path) as draft:
        pq.write_table(table, draft, compression="zstd")
        with placed(digest_file(path)) as digest:
            digest.write_text(sha256_of(draft), "ascii")


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_file(path: Path) -> Path:
    """
    Where the SHA-256 of a part is written: not among the parts, which are handed over as they are.

    Examples
    --------
    >>> from pathlib import Path
    >>> digest_file(Path("o.parts/rows/part-00007.parquet")).as_posix()
    'o.parts/rows.sha256/part-00007'
    """
    return path.parent.with_name(f"{path.parent.name}.sha256") / path.stem


def read_part(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """
    A part, every byte of it checked.

    Raises
    ------
    FileNotFoundError
        If it is not there, or has no digest.
    PartDamagedError
        If it is not what was written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != digest_file(path).read_text("ascii", "replace"):
        raise PartDamagedError(path)
    with pq.ParquetFile(pa.BufferReader(data)) as found:
        return found.read(columns=None if columns is None else list(columns))


def with_geo(rows: pa.Table) -> pa.Table:
    """
    Rows with the words of GeoParquet 1.1 on their geometry: CGCS2000 (EPSG:4490), kinds of shapes, box of the part.

    The box of each part is what lets a reader leave out parts that lie elsewhere.
    """
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": [], "crs": _cgcs2000()}
    shapes = shapely.from_wkb(rows.column("geometry").to_pylist())
    shapes = shapes[~shapely.is_missing(shapes)]
    if len(shapes):
        column["geometry_types"] = sorted({str(shape.geom_type) for shape in shapes})
        column["bbox"] = [float(v) for v in np.asarray(shapely.total_bounds(shapes))]
    words = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    return rows.replace_schema_metadata({b"geo": json.dumps(words).encode()})


@cache
def _cgcs2000() -> dict[str, Any]:
    import pyproj

    found: dict[str, Any] = json.loads(pyproj.CRS.from_epsg(4490).to_json())
    return found
