"""GeoJSON as RFC 7946 has it: longitude and latitude, right-hand rule, foreign members for the rest."""

from __future__ import annotations

import json
import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from spatial.errors import NotWritableError, NumberNotWritableError
from spatial.writing.geometry import reprojected
from spatial.writing.model import Note, WrittenFiles, grouped
from spatial.writing.staging import staging
from spatial.writing.text import encodable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from spatial.writing.model import Table

__all__ = ["DATUM_NOTE", "stage_geojson", "write_geojson"]

DATUM_NOTE = (
    "坐标为 CGCS2000 经纬度；RFC 7946 规定 WGS 84，二者相差不超过 1 m，未作转换",
    "coordinates are CGCS2000 longitude and latitude; RFC 7946 says WGS 84: within 1 m, not transformed",
)
_DECIMALS = (7, 9, 12)  # 7 decimals: 1.1 cm; more only where a part would be lost
_FORBIDDEN = {"type", "features", "coordinates", "geometries", "geometry", "properties", "crs", "bbox"}


def write_geojson(path: str | Path, table: Table, *, members: Mapping[str, Any] | None = None) -> WrittenFiles:
    """
    Write one table as a FeatureCollection.

    Use it for the web and for GitHub-like viewers; it has no field types and no long names.

    Parameters
    ----------
    path
        ``F.geojson``.
    table
        Geometries in EPSG:4490, EPSG:4326 or a CGCS2000 projection, which is turned into EPSG:4490; WGS 84 is
        taken as CGCS2000 and a member says so. A table without geometries gives features whose geometry is
        null.
    members
        Further top-level members (RFC 7946 §6.1): any JSON values.

    Returns
    -------
    written
        The file, and a note where coordinates needed more than 7 decimals (1 cm) to keep a part.

    Raises
    ------
    NumberNotWritableError
        If a number is not finite: JSON has no word for it.
    NotWritableError
        If a member has a reserved name, or the CRS is of another datum.

    Examples
    --------
    >>> import tempfile
    >>> from spatial.writing import Field, Table
    >>> name = Field(name="NAME", long_name_zh="名称", long_name_en="name")
    >>> at = (shapely.Point(120, 49),)
    >>> table = Table(name="t", fields=(name,), rows=(("甲",),), geometries=at, crs=4490)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_geojson(Path(folder) / "t.geojson", table).paths[0]
    ...     json.loads(path.read_text(encoding="utf-8"))["features"][0]["geometry"]
    {'type': 'Point', 'coordinates': [120.0, 49.0]}
    """
    path = Path(path)
    with staging(path) as stage:
        notes = stage_geojson(stage.folder, path.name, [table], members=members or {})
        return WrittenFiles(paths=stage.commit([path.name], asked=[path.name]), notes=grouped(notes))


def stage_geojson(folder: Path, name: str, tables: Sequence[Table], *, members: Mapping[str, Any]) -> tuple[Note, ...]:
    """
    Write the features of several tables into one file in a folder.

    With more than one table every feature has a property ``role`` with the name of its table. Notes and
    errors as :func:`write_geojson`.
    """
    reserved = sorted(set(members) & _FORBIDDEN)
    if reserved:
        raise NotWritableError(
            file=name, code="member", detail=f"member {reserved[0]!r} is reserved", remedy="Rename the member"
        )
    notes: list[Note] = []
    features = []
    for table in tables:
        placed = reprojected(table, 4490)
        for number, row in enumerate(placed.rows, start=1):
            properties: dict[str, Any] = {"role": table.name} if len(tables) > 1 else {}
            for field, value in zip(placed.fields, row, strict=True):
                if isinstance(value, float) and not math.isfinite(value):
                    raise NumberNotWritableError(
                        file=name,
                        code="number",
                        field=field.name,
                        row=number,
                        detail=f"{value!r} has no form in JSON",
                        remedy="Give null or a finite number",
                    )
                properties[field.name] = value
            geometry = None if placed.geometries is None else placed.geometries[number - 1]
            shape, decimals = _geometry(geometry, file=name, row=number)
            if decimals > _DECIMALS[0]:
                zh, en = (
                    f"坐标写到 {decimals} 位小数，以免丢失细小部分",
                    f"{decimals} decimals, so that no small part is lost",
                )
                notes.append(Note(code="more_decimals", file=name, rows=(number,), zh=zh, en=en))
            features.append({"type": "Feature", "properties": properties, "geometry": shape})
    document = {
        "type": "FeatureCollection",
        "datum_note": {"zh": DATUM_NOTE[0], "en": DATUM_NOTE[1]},
        **members,
        "features": features,
    }
    try:
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
    except (ValueError, TypeError) as error:
        raise NotWritableError(
            file=name, code="member", detail=str(error), remedy="Give members that JSON can hold"
        ) from error
    made = encodable(text, "UTF-8")
    if made.marked:
        zh, en = "孤立代理码写为 U+FFFD", "a lone surrogate is written as U+FFFD"
        notes.append(Note(code="character_marked", file=name, zh=zh, en=en))
    (folder / name).write_bytes(made.text.encode("utf-8"))
    return tuple(notes)


def _geometry(geometry: BaseGeometry | None, *, file: str, row: int) -> tuple[dict[str, Any] | None, int]:
    """The geometry as GeoJSON and the decimals it needed."""
    if geometry is None or geometry.is_empty:
        return None, 0
    flat = shapely.orient_polygons(shapely.force_2d(geometry), exterior_cw=False)
    if not all(map(math.isfinite, shapely.get_coordinates(flat).ravel())):
        raise NotWritableError(
            file=file,
            code="coordinate",
            row=row,
            detail="a coordinate is not a finite number",
            remedy="Repair the geometry first",
        )
    for decimals in _DECIMALS:
        rounded = shapely.transform(flat, partial(_rounded, decimals=decimals))
        if not _loses(flat, rounded):
            return _mapping(rounded), decimals
    return _mapping(flat), 17


def _loses(was: BaseGeometry, now: BaseGeometry) -> bool:
    """Whether rounding made a valid shape invalid, or changed its area by more than a thousandth."""
    if bool(shapely.is_valid(was)) and not bool(shapely.is_valid(now)):
        return True
    return bool(was.area > 0 and abs(now.area - was.area) > 1e-3 * was.area)


def _mapping(geometry: BaseGeometry) -> dict[str, Any]:
    # shapely's own writer prints the shortest digits of a double, and nests collections as RFC 7946 does
    shape: dict[str, Any] = json.loads(shapely.to_geojson(geometry))
    return shape


def _rounded(points: NDArray[np.float64], *, decimals: int) -> NDArray[np.float64]:
    return points.round(decimals)
