"""Places where a workspace may lie, a folder and a database, and how to damage what lies there."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from layers.workspace import create_workspace, open_workspace
from layers.workspace.postgres.tables import pieces_of
from tests.postgres_server import DATABASE

if TYPE_CHECKING:
    from pathlib import Path

    from layers.workspace import VersionEntry
    from tests.postgres_server import Server

NAME = "满洲里 核查"


class FolderPlace:
    """Workspaces in folders."""

    kind = "folder"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self, name: str = NAME, *, kinds: tuple[str, ...] = ("red_lines", "control_units"), **given: Any) -> Any:
        """A new workspace; a writer waits a short time only."""
        given = {"region": "150781", "lock_timeout_s": 0.2, **given}
        return create_workspace(self.folder / name, required_kinds=kinds, **given)

    def open(self, name: str = NAME) -> Any:
        """Open the workspace of that name."""
        return open_workspace(self.folder / name)

    def read(self, store: Any, inside: str) -> bytes:
        """The bytes of a file of the workspace, by its path inside it."""
        return (store.root / inside).read_bytes()

    def write(self, store: Any, inside: str, data: bytes) -> None:
        """Put other bytes there, without telling the manifest."""
        (store.root / inside).write_bytes(data)

    def remove(self, store: Any, inside: str) -> None:
        """Remove a file, or a version with its files."""
        path = store.root / inside
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    def move_version(self, store: Any, entry: VersionEntry, *, folder: str, version: str) -> None:
        """Give a version another name."""
        target = store.root / "layers" / folder / version
        target.parent.mkdir(exist_ok=True)
        where(store, entry).rename(target)
        if not list(where(store, entry).parent.iterdir()):
            where(store, entry).parent.rmdir()


@dataclass
class DatabasePlace:
    """Workspaces in schemas of one database, other ones for each test."""

    server: Server
    number: int
    kind = "postgres"

    def url(self, name: str = NAME) -> str:
        """With the password of the role of the tests."""
        return self.server.url(schema=f"{name} {self.number}")

    def make(self, name: str = NAME, *, kinds: tuple[str, ...] = ("red_lines", "control_units"), **given: Any) -> Any:
        """A new workspace; a writer waits a short time only."""
        given = {"region": "150781", "lock_timeout_s": 0.2, **given}
        return create_workspace(self.url(name), required_kinds=kinds, **given)

    def open(self, name: str = NAME) -> Any:
        """Open the workspace of that name."""
        return open_workspace(self.url(name))

    def sql(self, store: Any, *statements: str) -> list[tuple[Any, ...]]:
        """Statements of somebody with all rights, in the workspace's schema."""
        path = f'SET search_path = "{store.root.schema}", public'
        return self.server.sql(DATABASE, path, *statements)

    def read(self, store: Any, inside: str) -> bytes:
        """The bytes of a file of the workspace, by its path inside it."""
        if inside == "workspace.json":
            return bytes(self.sql(store, "SELECT document FROM ws_manifest")[0][0])
        table, owner = self._rows_of(store, inside)
        return b"".join(d for (d,) in self.sql(store, f"SELECT data FROM {table} WHERE file = {owner} ORDER BY number"))

    def write(self, store: Any, inside: str, data: bytes) -> None:
        """Put other bytes there, without telling the manifest."""
        if inside == "workspace.json":
            self.sql(store, f"UPDATE ws_manifest SET document = '\\x{data.hex()}'")
            return
        table, owner = self._rows_of(store, inside)
        rows = [f"({owner}, {i}, '\\x{part.hex()}')" for i, part in enumerate(pieces_of(data))]
        self.sql(store, f"DELETE FROM {table} WHERE file = {owner}")
        if rows:
            self.sql(store, f"INSERT INTO {table} VALUES {', '.join(rows)}")

    def remove(self, store: Any, inside: str) -> None:
        """Remove a file, or a version with its files."""
        parts = inside.split("/", 3)
        if inside == "workspace.json":
            self.sql(store, "DELETE FROM ws_manifest")
        elif parts[0] == "sources":
            self.sql(store, f"DELETE FROM ws_source WHERE name = '{parts[1]}'")
        elif len(parts) == 3:
            self.sql(store, f"DELETE FROM ws_version WHERE folder = '{parts[1]}' AND version = '{parts[2]}'")
        else:
            self.sql(store, f"DELETE FROM ws_file WHERE id = {self._rows_of(store, inside)[1]}")

    def move_version(self, store: Any, entry: VersionEntry, *, folder: str, version: str) -> None:
        """Give a version another name."""
        old = f"folder = '{entry.folder}' AND version = '{entry.version}'"
        self.sql(store, f"UPDATE ws_version SET folder = '{folder}', version = '{version}' WHERE {old}")

    def _rows_of(self, store: Any, inside: str) -> tuple[str, int]:
        parts = inside.split("/", 3)
        if parts[0] == "sources":
            statement = f"SELECT id FROM ws_source WHERE name = '{parts[1]}'"
            return "ws_source_block", self.sql(store, statement)[0][0]
        version = f"SELECT id FROM ws_version WHERE folder = '{parts[1]}' AND version = '{parts[2]}'"
        statement = f"SELECT id FROM ws_file WHERE version = ({version}) AND name = '{parts[3]}'"
        return "ws_block", self.sql(store, statement)[0][0]


def where(store: Any, entry: VersionEntry) -> Path:
    """The folder of a version."""
    return store.root / "layers" / entry.folder / entry.version
