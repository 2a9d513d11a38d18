"""The tables of a workspace: made in an empty schema, filled by COPY."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from layers.errors import DatabaseRefusedError, WorkspaceExistsError
from layers.workspace.blocks import BLOCK_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from layers.workspace.postgres.link import Link

__all__ = ["copy_blocks", "lock_key", "make_tables", "pieces_of"]

_TABLES = (
    "CREATE TABLE {manifest} (one integer PRIMARY KEY CHECK (one = 1), document bytea NOT NULL)",
    (
        "CREATE TABLE {version} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, folder text NOT NULL, "
        "version text NOT NULL, published text, UNIQUE (folder, version))"
    ),
    (
        "CREATE TABLE {file} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
        "version bigint NOT NULL REFERENCES {version} ON DELETE CASCADE, name text NOT NULL, UNIQUE (version, name))"
    ),
    (
        "CREATE TABLE {block} (file bigint NOT NULL REFERENCES {file} ON DELETE CASCADE, number integer NOT NULL, "
        "data bytea NOT NULL, PRIMARY KEY (file, number))"
    ),
    "CREATE TABLE {source} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE)",
    (
        "CREATE TABLE {source_block} (file bigint NOT NULL REFERENCES {source} ON DELETE CASCADE, "
        "number integer NOT NULL, data bytea NOT NULL, PRIMARY KEY (file, number))"
    ),
    "CREATE TABLE {register} (number integer PRIMARY KEY, data bytea NOT NULL)",
    # blocks as they are: nothing is decompressed when one is touched
    *(f"ALTER TABLE {{{t}}} ALTER COLUMN data SET STORAGE EXTERNAL" for t in ("block", "source_block", "register")),
)
_COMMENT = "三线一单核查工作区 / workspace of sanxian; the tables ws_* are changed by the program alone"


def lock_key(schema: str, what: str = "workspace") -> int:
    """The number of a workspace's advisory lock within its database."""
    digest = hashlib.sha256(f"sanxian {what} {schema}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def make_tables(link: Link, document: bytes) -> None:
    """
    Make the schema, its tables and the manifest, inside a transaction of the caller's.

    Raises
    ------
    WorkspaceExistsError
        If anything is in the schema.
    DatabaseRefusedError
        If the database cannot hold Chinese text, PostGIS is missing, or the rights are.
    """
    ((encoding,),) = link.rows("SHOW server_encoding")
    if encoding != "UTF8":
        detail, remedy = f"its text is {encoding}, not UTF8", "make a database with ENCODING 'UTF8'"
        raise DatabaseRefusedError(path=link.address, detail=detail, remedy=remedy)
    found = link.rows(
        "SELECT c.relname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = %s AND c.relkind IN ('r', 'v', 'm', 'p', 'f', 'S') ORDER BY 1 LIMIT 6",
        (link.address.schema,),
    )
    if found:
        raise WorkspaceExistsError(path=link.address, found=[str(name) for (name,) in found], other="a new #NAME")
    if not link.rows("SELECT 1 FROM pg_catalog.pg_extension WHERE extname = 'postgis'"):
        _add_postgis(link)
    if not link.rows("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = %s", (link.address.schema,)):
        link.rows("CREATE SCHEMA {schema}")
        link.rows(f"COMMENT ON SCHEMA {{schema}} IS '{_COMMENT}'")
    for table in _TABLES:
        link.rows(table)
    link.rows("INSERT INTO {manifest} VALUES (1, %s)", (document,))


def _add_postgis(link: Link) -> None:
    try:
        link.rows("CREATE EXTENSION postgis")
    except DatabaseRefusedError as error:
        remedy = (
            "install PostGIS on the server (Debian: postgresql-15-postgis-3) and let a superuser run "
            "CREATE EXTENSION postgis in this database"
        )
        raise DatabaseRefusedError(path=link.address, detail=error.detail, remedy=remedy) from error


def pieces_of(content: Path | bytes) -> Iterator[bytes]:
    """Cut bytes, or a file, into blocks."""
    if isinstance(content, bytes):
        yield from (content[at : at + BLOCK_BYTES] for at in range(0, len(content), BLOCK_BYTES))
        return
    with content.open("rb") as file:
        while data := file.read(BLOCK_BYTES):
            yield data


def copy_blocks(link: Link, table: str, blocks: Iterator[tuple[Any, ...]]) -> None:
    """Write rows of (file, number, data) into a table of blocks, inside a transaction of the caller's."""
    with link.connected() as connection, connection.cursor() as cursor:
        statement = link.spelled(f"COPY {{{table}}} (file, number, data) FROM STDIN (FORMAT BINARY)")
        with cursor.copy(statement) as copy:
            copy.set_types(["int8", "int4", "bytea"])
            for row in blocks:
                copy.write_row(row)
