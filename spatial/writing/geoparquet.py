"""GeoParquet 1.1: every number and text as it is, for Python, DuckDB and R."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely

from spatial.errors import NotWritableError, ReadBackError
from spatial.writing.columns import arrow_columns
from spatial.writing.model import WrittenFiles, grouped
from spatial.writing.staging import staging

if TYPE_CHECKING:
    from spatial.writing.model import Table

__all__ = ["write_geoparquet"]

_GEOMETRY = "geometry"


def write_geoparquet(path: str | Path, table: Table) -> WrittenFiles:
    """
    Write one table as GeoParquet, with geometries as WKB and the CRS as PROJJSON.

    Parameters
    ----------
    path
        ``F.parquet``.
    table
        With geometries, of any types, in any CRS of EPSG; no column may be called ``geometry``.

    Returns
    -------
    written
        The file; notes only where a text held half a character.

    Raises
    ------
    NotWritableError
        If there are no geometries, or a number is wider than 64 bits or not finite.
    ReadBackError
        If the file reads back differently.

    Examples
    --------
    >>> import tempfile
    >>> from spatial.writing import Table
    >>> table = Table(name="t", fields=(), rows=((),), geometries=(shapely.Point(120, 49),), crs=4490)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [p.name for p in write_geoparquet(Path(folder) / "t.parquet", table).paths]
    ['t.parquet']
    """
    import pyarrow as pa
    import pyarrow.parquet as pq
    import pyproj

    path = Path(path)
    if table.geometries is None or table.crs is None:
        raise NotWritableError(
            file=path.name, code="no_geometry", detail="the table has no geometry", remedy="Write a GeoPackage"
        )
    schema, arrays, notes = arrow_columns(table, range(len(table.rows)), file=path.name, reserved={_GEOMETRY})
    shapes = np.empty(len(table.geometries), dtype=object)
    shapes[:] = [None if g is None or g.is_empty else shapely.force_2d(g) for g in table.geometries]
    schema.append(pa.field(_GEOMETRY, pa.binary()))
    arrays.append(pa.array(list(shapely.to_wkb(shapes, byte_order=1)), pa.binary()))
    types = sorted({g.geom_type for g in shapes if g is not None})
    column: dict[str, object] = {
        "encoding": "WKB",
        "geometry_types": types,
        "crs": json.loads(pyproj.CRS.from_epsg(table.crs).to_json()),
    }
    if shapes.size and not shapely.is_missing(shapes).all():
        column["bbox"] = [float(v) for v in shapely.total_bounds(shapes)]
    meta = {"version": "1.1.0", "primary_column": _GEOMETRY, "columns": {_GEOMETRY: column}}
    made = pa.Table.from_arrays(arrays, schema=pa.schema(schema, metadata={b"geo": json.dumps(meta).encode()}))
    with staging(path) as stage:
        target = stage.folder / path.name
        pq.write_table(made, target)
        if not pq.read_table(target).equals(made, check_metadata=False):
            raise ReadBackError(
                file=path.name,
                code="read_back",
                detail="a value reads back differently",
                remedy="Report this with the input; nothing was kept",
            )
        return WrittenFiles(paths=stage.commit([path.name], asked=[path.name]), notes=grouped(notes))
