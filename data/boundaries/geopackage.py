"""
The GeoPackage 1.3 of the administrative boundaries, written with sqlite3 alone: a layer a source, and their accuracy.

``build.py`` loads it from its own place; like that script it is of set-up only and no wheel holds it.
"""

from __future__ import annotations

import sqlite3
import struct
from contextlib import closing
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

COLUMNS = ("name", "city_code", "city_name", "province_code", "province_name")


class Row(Protocol):
    """What is written of a district; ``facts`` in the order of `COLUMNS`."""

    code: str
    facts: tuple[str, ...]
    wkb: bytes
    bounds: tuple[float, float, float, float]


_TABLES = """
PRAGMA application_id = 0x47504B47;
PRAGMA user_version = 10300;
CREATE TABLE gpkg_spatial_ref_sys (
    srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
    organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (
    table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
    description TEXT DEFAULT '', last_change DATETIME NOT NULL,
    min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE,
    srs_id INTEGER REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (
    table_name TEXT NOT NULL UNIQUE REFERENCES gpkg_contents(table_name), column_name TEXT NOT NULL,
    geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL REFERENCES gpkg_spatial_ref_sys(srs_id),
    z TINYINT NOT NULL, m TINYINT NOT NULL, PRIMARY KEY (table_name, column_name));
CREATE TABLE accuracy (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, codes TEXT NOT NULL UNIQUE,
    median_m DOUBLE NOT NULL, p95_m DOUBLE NOT NULL, max_m DOUBLE NOT NULL);
"""


def write(
    path: Path,
    *,
    register: Mapping[str, Any],
    sources: Mapping[str, Sequence[Row]],
    gaps: Mapping[str, tuple[float, float, float]],
) -> None:
    """Districts of each source of the register, and the gaps between them by codes, as a new file."""
    changed = f"{register['package']['retrieved']}T00:00:00.000Z"
    content = "INSERT INTO gpkg_contents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(_TABLES)
        db.executemany("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)", _reference_systems())
        for source in register["source"]:
            name, rows = source["name"], sources[source["name"]]
            box = _box(rows)
            about = f"{register['package']['name']} {register['package']['version']}, {source['title']['en']}"
            db.execute(content, (name, "features", name, about, changed, *box, 4490))
            db.execute("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 'GEOMETRY', 4490, 0, 0)", (name,))
            columns = ", ".join(f"{column} TEXT NOT NULL" for column in COLUMNS)
            db.execute(
                f"CREATE TABLE {name} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, "
                f"code TEXT NOT NULL UNIQUE, {columns}, geom BLOB NOT NULL)"
            )
            db.executemany(
                f"INSERT INTO {name} (code, {', '.join(COLUMNS)}, geom) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - names of the register
                ((row.code, *row.facts, _blob(row)) for row in rows),
            )
        about = "distance between the outlines of the two sources, metres: half, 95 % and all of it lies nearer"
        db.execute(content, ("accuracy", "attributes", "accuracy", about, changed, None, None, None, None, None))
        db.executemany(
            "INSERT INTO accuracy (codes, median_m, p95_m, max_m) VALUES (?, ?, ?, ?)",
            ((codes, *(round(metres, 3) for metres in gap)) for codes, gap in sorted(gaps.items())),
        )


def _reference_systems() -> Iterable[tuple[str, int, str, int, str, str]]:
    from pyproj import CRS

    yield "Undefined Cartesian", -1, "NONE", -1, "undefined", ""
    yield "Undefined geographic", 0, "NONE", 0, "undefined", ""
    for code in (4326, 4490):
        crs = CRS.from_epsg(code)
        yield crs.name, code, "EPSG", code, crs.to_wkt("WKT1_GDAL"), ""


def _box(rows: Sequence[Row]) -> tuple[float, float, float, float]:
    west, south, east, north = zip(*(row.bounds for row in rows), strict=True)
    return min(west), min(south), max(east), max(north)


def _blob(row: Row) -> bytes:
    """GeoPackage header (little-endian, envelope minx maxx miny maxy, EPSG:4490) and the WKB."""
    west, south, east, north = row.bounds
    return struct.pack("<2sBBi4d", b"GP", 0, 0b0011, 4490, west, east, south, north) + row.wkb
