"""One connection to the database of a workspace: opened when needed, errors named, never a password in them."""

from __future__ import annotations

import os
import re
import threading
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from layers.errors import DatabaseDriverError, DatabaseRefusedError, DatabaseUnreachableError, WorkspaceBusyError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import psycopg
    from psycopg.sql import Composed

    from layers.workspace.address import DatabaseAddress

__all__ = ["TABLES", "Link", "without_secrets"]

TABLES = ("ws_manifest", "ws_version", "ws_file", "ws_block", "ws_source", "ws_source_block", "ws_register")
"""Tables of a workspace; in statements ``{block}`` stands for ``schema.ws_block``."""
_CONNECT_S = 10
_REMEDIES = {
    "42501": "ask its administrator for the rights that docs/reference/postgres.md lists",
    "53100": "make room on the server's disk and try again",
    "53300": "wait until others disconnect, or ask its administrator for more connections",
    "57014": "ask its administrator for a longer statement_timeout",
    "2BP01": "drop what depends on a published table of the version, and try again",
}
_REMEDY = "mend what it says, or ask its administrator"


class Link:
    """
    The connection of a store; safe to share between threads, opened anew after it broke or in a forked process.

    Every statement is a transaction of its own, but for those inside `reading` and `writing`.
    """

    def __init__(self, address: DatabaseAddress) -> None:
        self.address = address
        self.breaks = 0
        """How often there was no connection, or it broke."""
        self._lock = threading.RLock()
        self._open: list[psycopg.Connection[Any]] = []  # one or none; shared with the finalizer
        self._pid = os.getpid()
        self._spelled: dict[tuple[str, bool], Composed] = {}
        weakref.finalize(self, _close, self._open, self._pid)

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """
        Run a statement; give its rows, none where it has none.

        Raises
        ------
        DatabaseUnreachableError
            If there is no connection, or it breaks.
        DatabaseRefusedError
            If the database refuses.
        """
        with self.connected() as connection:
            spelled = self.spelled(statement, with_values=bool(values))
            cursor = connection.execute(spelled, values or None, binary=True)
            return [] if cursor.description is None else cursor.fetchall()

    def spelled(self, statement: str, *, with_values: bool = False) -> Composed:
        """A statement with its tables' names quoted, each with its schema: no other schema is ever looked in."""
        from psycopg import sql

        key = (statement, with_values)
        if key not in self._spelled:
            # beside values a % of a name is doubled: the driver takes a single one for the place of a value
            schema = self.address.schema.replace("%", "%%") if with_values else self.address.schema
            names = {name.removeprefix("ws_"): sql.Identifier(schema, name) for name in TABLES}
            self._spelled[key] = sql.SQL(statement).format(schema=sql.Identifier(schema), **names)
        return self._spelled[key]

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Several statements at one moment of the database, whatever others write meanwhile."""
        with self.connected() as connection, connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Statements that may be refused without ending the transaction they stand in."""
        with self.connected() as connection, connection.transaction():
            yield

    @contextmanager
    def writing(self, key: int, *, timeout_s: float) -> Iterator[None]:
        """
        One writer, one transaction: kept when the block ends, undone when it raises or the process dies.

        Raises
        ------
        WorkspaceBusyError
            If another writer does not end within ``timeout_s`` seconds.
        """
        from psycopg.errors import LockNotAvailable

        with self.connected() as connection:
            try:
                with connection.transaction():
                    # the server takes the lock back from a process or machine that dies; it asks after one minute
                    settings = {"lock_timeout": str(max(1, round(timeout_s * 1000))), "tcp_keepalives_idle": "60"}
                    for name, value in settings.items():
                        connection.execute("SELECT set_config(%s, %s, true)", (name, value))
                    connection.execute("SELECT pg_advisory_xact_lock(%s)", (key,))
                    yield
            except LockNotAvailable as error:
                raise WorkspaceBusyError(path=self.address, waited_s=timeout_s) from error

    @contextmanager
    def connected(self) -> Iterator[psycopg.Connection[Any]]:
        """The connection, for this thread alone; what the driver says becomes an error of ours."""
        driver = _driver()
        with self._lock:
            connection = self._connection()
            try:
                yield connection
            except driver.Error as error:
                if connection.closed:
                    self._forget()
                    raise self._unreachable(error) from None
                raise self._refused(error) from error

    def _connection(self) -> psycopg.Connection[Any]:
        if self._pid != os.getpid():  # a forked child: that connection is its parent's
            self._open, self._pid = [], os.getpid()
            weakref.finalize(self, _close, self._open, self._pid)
        if self._open and self._open[0].closed:
            self._forget()
        if not self._open:
            self._open.append(self._connect())
        return self._open[0]

    def _connect(self) -> psycopg.Connection[Any]:
        driver = _driver()
        from psycopg.conninfo import conninfo_to_dict

        try:
            given: dict[str, Any] = conninfo_to_dict(self.address.conninfo)
            given.setdefault("connect_timeout", os.environ.get("PGCONNECT_TIMEOUT", str(_CONNECT_S)))
            given.setdefault("application_name", "sanxian")
            given["client_encoding"] = "UTF8"
            made: psycopg.Connection[Any] = driver.connect(**given, autocommit=True, prepare_threshold=None)
        except driver.Error as error:
            raise self._unreachable(error) from None  # the driver's own error may quote the address
        return made

    def _forget(self) -> None:
        _close(self._open, self._pid)

    def _unreachable(self, error: Exception) -> DatabaseUnreachableError:
        self.breaks += 1
        return DatabaseUnreachableError(path=self.address, detail=without_secrets(error, self.address))

    def _refused(self, error: psycopg.Error) -> DatabaseRefusedError:
        detail = without_secrets(error.diag.message_primary or error, self.address)
        remedy = _REMEDIES.get(error.sqlstate or "", _REMEDY)
        return DatabaseRefusedError(path=self.address, detail=detail, remedy=remedy)


def without_secrets(message: object, address: DatabaseAddress) -> str:
    """One line of what the driver says, in which no password stands."""
    text = re.sub(r"\s+", " ", str(message)).strip() or type(message).__name__
    for secret in address.secrets:
        text = text.replace(secret, "***")
    return text


def _driver() -> Any:
    try:
        import psycopg
    except ImportError as error:
        raise DatabaseDriverError from error
    return psycopg


def _close(open_: list[psycopg.Connection[Any]], pid: int) -> None:
    while open_:
        connection = open_.pop()
        if os.getpid() == pid:
            connection.close()
