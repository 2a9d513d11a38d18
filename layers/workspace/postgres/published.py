"""The features of a version as a PostGIS table that any GIS opens: a copy, which screening never reads."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Literal

from layers.errors import DatabaseRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from layers.workspace.postgres.link import Link
    from layers.workspace.store import VersionEntry

__all__ = ["drop_published", "publish_features"]

FEATURES = "features.gpkg"
SRID = 4490
_MOST_BYTES = 63  # of a name
_TYPES = {"REAL": "double precision", "DOUBLE": "double precision", "FLOAT": "double precision", "INTEGER": "bigint"}
_TYPES |= {"MEDIUMINT": "bigint", "SMALLINT": "bigint", "TINYINT": "bigint", "BOOLEAN": "bigint"}
_SHAPES = {"MULTIPOLYGON": "MultiPolygon", "MULTILINESTRING": "MultiLineString", "MULTIPOINT": "MultiPoint"}
_SHAPES |= {"POINT": "Point", "LINESTRING": "LineString", "POLYGON": "Polygon"}
_ENVELOPE_BYTES = (0, 32, 48, 48, 64)


def publish_features(link: Link, entry: VersionEntry, features: Path, card: Mapping[str, Any]) -> str | None:
    """
    Make a table of a version's features, inside a transaction of the caller's.

    Parameters
    ----------
    link
        Of the store.
    entry
        The version.
    features
        Its ``features.gpkg``, as staged.
    card
        Says in the table's comment what it is.

    Returns
    -------
    name
        Of the table: that of the layer's folder and ``v0001``; None where ``features`` is no GeoPackage.
        Its columns are those of the file; ``geom`` is ``geometry(…, 4490)`` with a spatial index.

    Raises
    ------
    DatabaseRefusedError
        If PostGIS does not take it.
    """
    with features.open("rb") as file:
        if file.read(16) != b"SQLite format 3\x00":
            return None
    with closing(sqlite3.connect(f"{features.resolve().as_uri()}?mode=ro", uri=True)) as gpkg:
        listed = "SELECT table_name, column_name, geometry_type_name FROM gpkg_geometry_columns ORDER BY table_name"
        tables = gpkg.execute(listed).fetchall()
        if not tables:
            return None
        name = _free_name(link, entry)
        columns = _columns(gpkg, tables)
        shape = _SHAPES.get(str(tables[0][2]).upper(), "Geometry") if len(tables) == 1 else "Geometry"
        _create(link, name, columns, shape)
        _fill(link, name, list(columns), _rows(gpkg, tables, list(columns)))
    _finish(link, name, f"{entry.layer} {entry.version}; {card.get('source') or '-'}; {entry.data_date or '-'}")
    return name


def drop_published(link: Link, name: str | None) -> None:
    """Remove a version's table, if it is there; what depends on it keeps it (`DatabaseRefusedError`)."""
    if name is not None:
        _run(link, "DROP TABLE IF EXISTS {}.{}", name)


def _run(link: Link, statement: str, name: str, *parts: Any) -> None:
    from psycopg import sql

    with link.connected() as connection:
        where = (sql.Identifier(link.address.schema), sql.Identifier(name))
        connection.execute(sql.SQL(statement).format(*where, *parts))


def _free_name(link: Link, entry: VersionEntry) -> str:
    ending = " " + entry.version.split("-")[0]
    base = _cut(entry.folder, _MOST_BYTES - len(ending))
    taken = {
        str(name)
        for (name,) in link.rows(
            "SELECT c.relname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
            "ON n.oid = c.relnamespace WHERE n.nspname = %s",
            (link.address.schema,),
        )
    }
    name, number = base + ending, 2
    while name in taken:
        mark = f"~{number}"
        name, number = _cut(base, _MOST_BYTES - len(ending) - len(mark)) + mark + ending, number + 1
    return name


def _cut(text: str, most: int) -> str:
    if len(text.encode("utf-8")) <= most:
        return text
    mark = "~" + hashlib.sha256(text.encode("utf-8")).hexdigest()[:8]
    return text.encode("utf-8")[: most - len(mark)].decode("utf-8", "ignore") + mark


def _columns(gpkg: sqlite3.Connection, tables: list[tuple[str, str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for table, geometry, _ in tables:
        for _, name, kind, _, _, key in gpkg.execute(f"PRAGMA table_info({_quoted(table)})"):
            if not key and name != geometry:
                found.setdefault(name, _TYPES.get(str(kind).upper().split("(")[0], "text"))
    return found


def _create(link: Link, name: str, columns: Mapping[str, str], shape: str) -> None:
    from psycopg import sql

    # no other schema is looked in for tables, so PostGIS's own is named
    located = link.rows(
        "SELECT n.nspname::text FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n "
        "ON n.oid = e.extnamespace WHERE e.extname = 'postgis'"
    )
    if not located:
        detail, remedy = "the extension postgis is gone", "let a superuser run CREATE EXTENSION postgis"
        raise DatabaseRefusedError(path=link.address, detail=detail, remedy=remedy)
    geometry = sql.SQL("{}.geometry({}, {})").format(
        sql.Identifier(located[0][0]), sql.SQL(shape), sql.Literal(SRID)
    )  # fmt: skip
    own = [sql.SQL("{} {}").format(sql.Identifier(c), sql.SQL(t)) for c, t in columns.items()]
    body = sql.SQL(", ").join([*own, sql.SQL("geom {}").format(geometry)])
    _run(link, "CREATE TABLE {}.{} (fid bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, {})", name, body)


def _fill(link: Link, name: str, columns: list[str], rows: Iterator[tuple[Any, ...]]) -> None:
    from psycopg import sql

    statement = sql.SQL("COPY {}.{} ({}) FROM STDIN").format(
        sql.Identifier(link.address.schema),
        sql.Identifier(name),
        sql.SQL(", ").join(map(sql.Identifier, [*columns, "geom"])),
    )
    with link.connected() as connection, connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _rows(
    gpkg: sqlite3.Connection, tables: list[tuple[str, str, str]], columns: list[str]
) -> Iterator[tuple[Any, ...]]:
    for table, geometry, _ in tables:
        cursor = gpkg.execute(f"SELECT * FROM {_quoted(table)} ORDER BY 1")  # noqa: S608 - a name from the file's list
        names = [column[0] for column in cursor.description]
        for row in cursor:
            own = dict(zip(names, row, strict=True))
            blob = own[geometry]
            yield *(_storable(own.get(column)) for column in columns), None if blob is None else _ewkb(blob)


def _storable(value: Any) -> Any:
    return value.replace("\x00", "\ufffd") if isinstance(value, str) else value  # PostgreSQL's text holds no NUL


def _ewkb(blob: bytes) -> str:
    """A geometry of a GeoPackage as PostGIS reads it: the header off, the reference system in."""
    wkb = blob[8 + _ENVELOPE_BYTES[(blob[3] >> 1) & 0b111] :]
    order: Literal["little", "big"] = "little" if wkb[0] == 1 else "big"
    kind = int.from_bytes(wkb[1:5], order) | 0x20000000
    return (wkb[:1] + kind.to_bytes(4, order) + SRID.to_bytes(4, order) + wkb[5:]).hex()


def _finish(link: Link, name: str, comment: str) -> None:
    from psycopg import sql

    _run(link, "CREATE INDEX ON {}.{} USING gist (geom)", name)
    _run(link, "COMMENT ON TABLE {}.{} IS {}", name, sql.Literal(comment.replace("\x00", "")))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
