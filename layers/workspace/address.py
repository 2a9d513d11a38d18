"""Where a workspace in PostgreSQL lies: the database and the schema in it. No driver is needed to know that."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from layers.errors import DatabaseAddressError

__all__ = ["DEFAULT_SCHEMA", "DatabaseAddress", "Place", "is_database", "password_of", "without_passwords"]

DEFAULT_SCHEMA = "sanxian"
_SCHEMES = ("postgresql", "postgres")
_MEANT = re.compile(r"postgres(ql)?:?/", re.IGNORECASE)
_WRITTEN = re.compile(r"(postgres(?:ql)?:/+[^/\s:@]*):\S*@", re.IGNORECASE)
_ASKED = re.compile(r"((?:ssl)?password=)[^&#\s]*", re.IGNORECASE)
_PASSWORDS = frozenset({"password", "sslpassword"})
_SECRETS = _PASSWORDS | {"passfile"}
_MOST_BYTES = 63  # PostgreSQL cuts longer names, and then two are one


def is_database(text: str) -> bool:
    """
    Whether a text is meant as the address of a database, rightly written or not.

    Examples
    --------
    >>> is_database("postgresql://host/db"), is_database("postgres:/host"), is_database("./postgres")
    (True, True, False)
    """
    return bool(_MEANT.match(text))


def without_passwords(text: str) -> str:
    """
    A text in which no address of a database has a password, rightly written or not.

    Use it on what is said of an argument that was meant as a file.

    Examples
    --------
    >>> without_passwords("postgresql:/li:a@b@gis.example/planning: no such file")
    'postgresql:/li:***@gis.example/planning: no such file'
    >>> without_passwords("postgres://gis.example/planning?password=geheim&port=1#甲")
    'postgres://gis.example/planning?password=***&port=1#甲'
    """
    return _ASKED.sub(r"\1***", _WRITTEN.sub(r"\1:***@", text))


@dataclass(frozen=True, kw_only=True)
class DatabaseAddress:
    """
    A database, as libpq spells it, and the schema that is the workspace.

    Its text (``str``) is the address without password, fit to be printed and kept. A pickled address has no password
    either, whatever pickles it and wherever that is kept or sent: another process takes its own from its environment.

    Attributes
    ----------
    conninfo
        For libpq, password included where one was written; never printed.
    schema
        The schema that holds the workspace and nothing else.
    shown
        What `str` gives.

    Examples
    --------
    >>> where = DatabaseAddress.parse("postgresql://li:secret@gis.example:5433/planning#满洲里")
    >>> where.schema, str(where)
    ('满洲里', 'postgresql://li@gis.example:5433/planning#满洲里')
    >>> DatabaseAddress.parse("postgresql:///planning").schema
    'sanxian'
    """

    conninfo: str = field(repr=False)
    schema: str
    shown: str

    def __str__(self) -> str:
        return self.shown

    def __reduce__(self) -> tuple[Any, ...]:
        parts = urlsplit(self.conninfo)
        query = urlencode([(k, v) for k, v in parse_qsl(parts.query) if k not in _PASSWORDS], quote_via=quote)
        bare = f"postgresql://{_without_password(parts.netloc)}{parts.path}{'?' + query if query else ''}"
        return _restored, (bare, self.schema, self.shown)

    def __copy__(self) -> DatabaseAddress:
        return self

    def __deepcopy__(self, _: object) -> DatabaseAddress:
        return self

    @property
    def written_out(self) -> str:
        """The whole address, password included, for `parse` in a process of this run; never kept or printed."""
        return f"{self.conninfo}#{quote(self.schema, safe='')}"

    @property
    def password(self) -> str | None:
        """The password that was written in the address; None where it is left to ``PGPASSWORD`` or ``~/.pgpass``."""
        parts = urlsplit(self.conninfo)
        asked = [v for k, v in parse_qsl(parts.query) if k == "password"]  # of two, libpq takes this one
        written = _password(parts.netloc)
        return asked[-1] if asked else unquote(written) if written else None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts that no message may hold, the longest first."""
        parts = urlsplit(self.conninfo)
        given = [_password(parts.netloc), *(v for k, v in parse_qsl(parts.query) if k in _SECRETS)]
        known = {form for text in given if text for form in (text, unquote(text))}
        return tuple(sorted(known, key=lambda text: (-len(text), text)))

    @classmethod
    def parse(cls, text: str) -> DatabaseAddress:
        """
        Read ``postgresql://[user[:password]@][host][:port]/[database][?parameters][#schema]``.

        What is left out is taken from the environment and the password file, as by ``psql``
        (``PGPASSWORD``, ``~/.pgpass``). Without ``#schema`` it is ``sanxian``.

        Raises
        ------
        DatabaseAddressError
            If it is not written so, or the schema's name cannot be one. The message does not repeat the text.
        """
        try:
            parts = urlsplit(text)
        except ValueError:
            raise DatabaseAddressError(detail="the host cannot be read") from None
        if "@" in parts.path + parts.query + parts.fragment:  # a password with #, / or ? would be printed as a name
            raise DatabaseAddressError(detail="an @ stands after the host; write @ # / ? : of a password as %XX")
        if parts.scheme not in _SCHEMES or not text.startswith(f"{parts.scheme}://"):
            raise DatabaseAddressError(detail="it does not begin with postgresql://")
        schema = unquote(parts.fragment) or DEFAULT_SCHEMA
        trouble = _schema_trouble(schema)
        if trouble:
            raise DatabaseAddressError(detail=f"{schema!r} cannot be the name of a workspace: {trouble}")
        conninfo = urlunsplit(("postgresql", parts.netloc, parts.path, parts.query, ""))
        if not conninfo.startswith("postgresql://"):  # with no host, urllib leaves out the slashes
            conninfo = "postgresql://" + conninfo.removeprefix("postgresql:")
        query = urlencode([(k, v) for k, v in parse_qsl(parts.query) if k not in _SECRETS], quote_via=quote)
        shown = f"postgresql://{_without_password(parts.netloc)}{parts.path}{'?' + query if query else ''}"
        return cls(conninfo=conninfo, schema=schema, shown=f"{shown}#{schema}")


Place: TypeAlias = Path | DatabaseAddress
"""Where a workspace lies."""


def password_of(place: Place) -> str | None:
    """The password that stands in an address, for worker processes of this run; a folder has none."""
    return None if isinstance(place, Path) else place.password


def _restored(conninfo: str, schema: str, shown: str) -> DatabaseAddress:
    return DatabaseAddress(conninfo=conninfo, schema=schema, shown=shown)


def _without_password(netloc: str) -> str:
    if _password(netloc) is None:
        return netloc
    user, _, host = netloc.rpartition("@")
    return f"{user.split(':', 1)[0]}@{host}"


def _password(netloc: str) -> str | None:
    """What stands between the first colon and the last @, if anything does."""
    user = netloc.rpartition("@")[0]
    return user.split(":", 1)[1] if ":" in user else None


def _schema_trouble(schema: str) -> str | None:
    if not schema.strip() or schema != schema.strip():
        return "it is blank or begins or ends with a blank"
    if any(ord(char) < 32 or ord(char) == 127 for char in schema):
        return "it holds a control character"
    try:
        length = len(schema.encode("utf-8"))
    except UnicodeEncodeError:
        return "it is no text"
    if length > _MOST_BYTES:
        return f"it has {length} bytes, {_MOST_BYTES} are allowed (a Chinese character has 3)"
    if schema.lower().startswith("pg_") or schema.lower() == "information_schema":
        return "PostgreSQL keeps it for itself"
    return None
