"""Errors of a workspace that lies in a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layers.errors.base import LayerError
from layers.errors.workspace import DamagedVersionError, WorkspaceError

if TYPE_CHECKING:
    from layers.workspace.address import DatabaseAddress
    from layers.workspace.store import VersionEntry

__all__ = [
    "DatabaseAddressError",
    "DatabaseDriverError",
    "DatabaseRefusedError",
    "DatabaseUnreachableError",
    "VersionUnreachableError",
]


class DatabaseUnreachableError(WorkspaceError, ConnectionError):
    """The database of a workspace cannot be reached, or the connection broke; ``detail`` is what was said of it."""

    def __init__(self, *, path: DatabaseAddress, detail: str) -> None:
        super().__init__(
            f"{path}: the database cannot be reached ({detail}); check that the server runs and host, port, database, "
            "user and password (PGPASSWORD or ~/.pgpass), then try again: a change is made whole or not at all",
            path=path,
        )
        self.detail = detail


class DatabaseRefusedError(WorkspaceError):
    """The database refused a statement: rights, space, an extension; ``detail`` says what, ``remedy`` what to do."""

    def __init__(self, *, path: DatabaseAddress, detail: str, remedy: str) -> None:
        super().__init__(f"{path}: the database refused ({detail}), so nothing was changed; {remedy}", path=path)
        self.detail = detail
        self.remedy = remedy


class DatabaseAddressError(LayerError, ValueError):
    """The address of a workspace in a database is not written as one; the text itself is not repeated."""

    def __init__(self, *, detail: str) -> None:
        super().__init__(
            f"the address of the database cannot be used: {detail}; write postgresql://USER@HOST:PORT/DATABASE#NAME "
            "and leave the password to PGPASSWORD or ~/.pgpass"
        )
        self.detail = detail


class DatabaseDriverError(LayerError, ImportError):
    """The driver for PostgreSQL is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "a workspace in PostgreSQL needs the driver psycopg, which is not installed; "
            'install it: pip install "sanxian[postgis]"'
        )


class VersionUnreachableError(DamagedVersionError):
    """The database did not give a file of a stored version; whether it is intact is not known."""

    def __init__(self, *, entry: VersionEntry, file: str, detail: str) -> None:
        super().__init__(entry=entry, file=file, block=None, detail=detail)
        message = (
            f"layer {entry.layer!r}, version {entry.version}: {file} could not be read from the database ({detail}); "
            "its answers are unknown. Check the connection and the rights to read, and ask again"
        )
        self.args = (message,)
