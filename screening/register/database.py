"""
The register's file: one SQLite database in which every row carries its digest and the rows together a seal.

A cut, emptied, altered or exchanged file is an error that says so. It is never taken for a register with fewer sites,
or for sites that lie elsewhere.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import zlib
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layers.workspace.canonical_json import canonical_json
from layers.workspace.changes import VERDICTS
from layers.workspace.lock import writing
from layers.workspace.postgres.register import RegisterRows
from screening.errors import NoRegisterError, RegisterDamagedError, RegisterError, RegisterUnusableError
from screening.register.rows import DIGEST_BYTES, SiteRow, digest_of, packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layers.workspace.address import Place

__all__ = ["DATABASE", "MARK", "Database"]

DATABASE = "register.sqlite"
MARK = "register.txt"
"""Says that there is a register, should the database itself be lost."""
FORMAT = 1
APPLICATION_ID = 0x53585247  # "SXRG"
_OF_THE_DISK = tuple(f"SQLITE_{code}" for code in ("BUSY", "LOCKED", "FULL", "READONLY", "IOERR", "CANTOPEN", "PERM"))
_MARK_TEXT = "此文件夹存有已核查选址的登记库 / this folder holds the register of checked sites: register.sqlite\n"
_TABLES = (
    "CREATE TABLE seal (one INTEGER PRIMARY KEY CHECK (one = 1), data BLOB NOT NULL, digest BLOB NOT NULL)",
    "CREATE TABLE states (id INTEGER PRIMARY KEY, document BLOB NOT NULL, engine TEXT NOT NULL, digest BLOB NOT NULL)",
    "CREATE TABLE lots (id INTEGER PRIMARY KEY, state INTEGER NOT NULL, digest BLOB NOT NULL)",
    (
        "CREATE TABLE sites (id INTEGER PRIMARY KEY, lot INTEGER NOT NULL, key BLOB NOT NULL UNIQUE, name TEXT, answer "
        "TEXT NOT NULL, windows BLOB NOT NULL, inquiry BLOB NOT NULL, verdict BLOB NOT NULL, digest BLOB NOT NULL)"
    ),
    "CREATE TABLE inquiries (site INTEGER PRIMARY KEY, data BLOB NOT NULL)",
    "CREATE TABLE verdicts (site INTEGER PRIMARY KEY, data BLOB NOT NULL)",
    "CREATE TABLE notices (id INTEGER PRIMARY KEY, site INTEGER NOT NULL, data BLOB NOT NULL, digest BLOB NOT NULL)",
)


@dataclass
class _Seal:
    """What the rows add up to: their number, the sum of their digests, and what is asked of all sites."""

    counts: dict[str, int]
    sums: dict[str, int]
    largest_site_m2: float

    def data(self) -> bytes:
        sums = {name: f"{value:032x}" for name, value in self.sums.items()}
        return canonical_json({"counts": self.counts, "sums": sums, "largest_site_m2": self.largest_site_m2})

    def change(self, table: str, gone: bytes | None, come: bytes | None) -> None:
        self.counts[table] += (come is not None) - (gone is not None)
        whole = int.from_bytes(come or b"", "big") - int.from_bytes(gone or b"", "big")
        self.sums[table] = (self.sums[table] + whole) % (1 << 8 * DIGEST_BYTES)


_SEALED = ("states", "lots", "sites", "notices")


class Database:
    """
    The open file. Reading checks what it reads; writing happens inside `changing`, whole or not at all.

    Raises
    ------
    NoRegisterError
        If the workspace has none.
    RegisterDamagedError
        From any method, where the file is not what was written.
    """

    def __init__(self, root: Place) -> None:
        self.where: Place = root
        self._rows: RegisterRows | None = None
        if isinstance(root, Path):
            self.folder = root / VERDICTS
            self.where = self.folder / DATABASE
        else:  # a copy of the rows, brought up to date whenever something is to be changed
            self._copy = tempfile.TemporaryDirectory(prefix="sanxian-", ignore_cleanup_errors=True)
            self.folder = Path(self._copy.name)
            self._rows = RegisterRows(root)
        self.path = self.folder / DATABASE
        try:
            if self._rows is not None:
                self._rows.bring(self.path, self.folder / MARK)
            self._open(root)
        except BaseException:
            if self._rows is not None:
                self._copy.cleanup()
            raise

    def _open(self, root: Place) -> None:
        if not self.path.exists():
            self._require(not (self.folder / MARK).exists(), "the file is gone, and there was one")
            raise NoRegisterError(path=root)
        self._require(self.path.stat().st_size > 0, "the file is empty")
        with self.checked():
            self.db = sqlite3.connect(self.path, isolation_level=None, timeout=30.0)
            self.db.execute("PRAGMA foreign_keys = OFF")
            self._check_head()
            self._seal = self._read_seal()

    @classmethod
    def create(cls, root: Place) -> Database:
        """The register of a workspace, made empty where it has none."""
        if isinstance(root, Path):
            folder = root / VERDICTS
            with writing(_made(folder)):
                if not (folder / DATABASE).exists() and not (folder / MARK).exists():
                    _make(folder)
            return cls(root)
        with tempfile.TemporaryDirectory(prefix="sanxian-") as copy:
            database, mark = Path(copy) / DATABASE, Path(copy) / MARK
            with RegisterRows(root).writing(database, mark):
                if not database.exists() and not mark.exists():
                    _make(Path(copy))
        return cls(root)

    def close(self) -> None:
        """Let go of the file."""
        self.db.close()
        if self._rows is not None:
            self._copy.cleanup()

    def _writing(self) -> AbstractContextManager[None]:
        if self._rows is None:
            return writing(self.folder)
        return self._rows.writing(self.path, self.folder / MARK)

    @contextmanager
    def checked(self) -> Iterator[None]:
        """Turn what SQLite and zlib say of broken bytes into the error that names the register."""
        try:
            yield
        except RegisterError:
            raise
        except sqlite3.Error as error:
            raise self._trouble(error) from error
        except (zlib.error, ValueError, KeyError, TypeError, OverflowError) as error:
            raise RegisterDamagedError(path=self.where, detail=str(error) or type(error).__name__) from error

    def _trouble(self, error: sqlite3.Error) -> Exception:
        if str(getattr(error, "sqlite_errorname", "")).startswith(_OF_THE_DISK):
            return RegisterUnusableError(path=self.where, detail=str(error))
        return RegisterDamagedError(path=self.where, detail=str(error))

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read one moment of the register, whatever others write meanwhile."""
        with self.checked():
            if self.db.in_transaction:
                yield
                return
            self.db.execute("BEGIN")
            try:
                self._seal = self._read_seal()
                yield
            finally:
                self.db.execute("ROLLBACK")

    @contextmanager
    def changing(self) -> Iterator[None]:
        """One writer, one transaction: kept when the block ends, undone when it raises or the process dies."""
        with self._writing():
            with self.checked():
                self.db.execute("BEGIN IMMEDIATE")
                self._seal = self._read_seal()
            try:
                yield
                data = self._seal.data()
                self.db.execute("UPDATE seal SET data = ?, digest = ?", (data, digest_of(data)))
                self.db.execute("COMMIT")
            except sqlite3.Error as error:
                raise self._trouble(error) from error
            finally:
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")

    @property
    def largest_site_m2(self) -> float:
        """The largest area that any site ever registered had."""
        return self._seal.largest_site_m2

    # --- reading ---

    def count(self) -> int:
        """Number of sites."""
        return self._seal.counts["sites"]

    def sites(self) -> list[SiteRow]:
        """Every site, by id; every row checked, and that none is missing or twice."""
        with self.snapshot():
            found: list[SiteRow] = []
            total = 0
            query = "SELECT id, lot, key, name, answer, windows, inquiry, verdict, digest FROM sites ORDER BY id"
            for *values, digest in self.db.execute(query):
                row = SiteRow(**dict(zip(SiteRow.__dataclass_fields__, values, strict=True)))
                self._require(row.digest == digest, f"site {row.id} was altered")
                self._require(not found or found[-1].id < row.id, f"site {row.id} stands out of order")
                total += int.from_bytes(digest, "big")
                found.append(row)
            self._require_whole("sites", len(found), total)
            return found

    def site(self, number: int) -> SiteRow | None:
        """One site, checked; None where no row has that number, the tree of rows being damaged or not."""
        with self.snapshot():
            found = self._one_site("id", number)
            if found is None:
                self._require(number not in {row.id for row in self.sites()}, f"site {number} cannot be found")
            return found

    def site_of_key(self, key: bytes) -> SiteRow | None:
        """The site of an inquiry, checked; None where the index, which may be damaged, has none."""
        return self._one_site("key", key)

    def _one_site(self, column: str, value: object) -> SiteRow | None:
        with self.snapshot():
            names = "id, lot, key, name, answer, windows, inquiry, verdict, digest"
            found = self.db.execute(f"SELECT {names} FROM sites WHERE {column} = ?", (value,)).fetchone()  # noqa: S608
            if found is None:
                return None
            row = SiteRow(**dict(zip(SiteRow.__dataclass_fields__, found[:-1], strict=True)))
            self._require(row.digest == found[-1], f"site {row.id} was altered")
            return row

    def states(self) -> dict[int, tuple[dict[str, Any], str]]:
        """Shared parts of documents by number, each with the engine that made them."""
        with self.snapshot():
            found, total = {}, 0
            for number, document, engine, digest in self.db.execute("SELECT id, document, engine, digest FROM states"):
                self._require(digest_of(number, document, engine) == digest, f"state {number} was altered")
                total += int.from_bytes(digest, "big")
                found[int(number)] = (unpacked(document), str(engine))
            self._require_whole("states", len(found), total)
            return found

    def lots(self) -> dict[int, int]:
        """The state of each lot of sites."""
        with self.snapshot():
            found, total = {}, 0
            for number, state, digest in self.db.execute("SELECT id, state, digest FROM lots"):
                self._require(digest_of(number, state) == digest, f"lot {number} was altered")
                total += int.from_bytes(digest, "big")
                found[int(number)] = int(state)
            self._require_whole("lots", len(found), total)
            return found

    def inquiry(self, row: SiteRow) -> dict[str, Any]:
        """What was asked of a site."""
        return self._apart("inquiries", row.id, row.inquiry)

    def verdict(self, row: SiteRow) -> dict[str, Any]:
        """The own part of a site's document."""
        return self._apart("verdicts", row.id, row.verdict)

    def _apart(self, table: str, number: int, digest: bytes) -> dict[str, Any]:
        with self.snapshot():
            found = self.db.execute(f"SELECT data FROM {table} WHERE site = ?", (number,)).fetchone()  # noqa: S608
            self._require(found is not None and digest_of(found[0]) == digest, f"{table} of site {number} were altered")
            document: dict[str, Any] = unpacked(found[0])
            return document

    def notices(self) -> list[dict[str, Any]]:
        """Every notice kept, the oldest first."""
        with self.snapshot():
            found, total = [], 0
            for number, site, data, digest in self.db.execute("SELECT id, site, data, digest FROM notices ORDER BY id"):
                self._require(digest_of(number, site, data) == digest, f"notice {number} was altered")
                total += int.from_bytes(digest, "big")
                found.append(unpacked(data))
            self._require_whole("notices", len(found), total)
            return found

    # --- writing, inside `changing` ---

    def put_site(
        self, row: SiteRow, *, before: SiteRow | None, inquiry: bytes | None, verdict: bytes, area_m2: float = 0.0
    ) -> None:
        """Write a site; ``before`` is the row it replaces, ``inquiry`` None where that stays."""
        self._seal.change("sites", None if before is None else before.digest, row.digest)
        values = (row.id, row.lot, row.key, row.name, row.answer, row.windows, row.inquiry, row.verdict, row.digest)
        self.db.execute("INSERT OR REPLACE INTO sites VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
        if inquiry is not None:
            self.db.execute("INSERT OR REPLACE INTO inquiries VALUES (?, ?)", (row.id, inquiry))
        self.db.execute("INSERT OR REPLACE INTO verdicts VALUES (?, ?)", (row.id, verdict))
        self._seal.largest_site_m2 = max(self._seal.largest_site_m2, area_m2)

    def next_site(self) -> int:
        """A number that no site has."""
        return int(self.db.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM sites").fetchone()[0])

    def put_state(self, shared: dict[str, Any], engine: str) -> int:
        """Keep a shared part; the number of an equal one where there is one."""
        data = packed(shared)
        for number, document, made_by in self.db.execute("SELECT id, document, engine FROM states"):
            if document == data and made_by == engine:
                return int(number)
        number = int(self.db.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM states").fetchone()[0])
        digest = digest_of(number, data, engine)
        self.db.execute("INSERT INTO states VALUES (?, ?, ?, ?)", (number, data, engine, digest))
        self._seal.change("states", None, digest)
        return number

    def lot_of(self, state: int) -> int:
        """A lot of sites at a state, made where there is none."""
        found = self.db.execute("SELECT id FROM lots WHERE state = ? ORDER BY id", (state,)).fetchone()
        return self.new_lot(state) if found is None else int(found[0])

    def new_lot(self, state: int) -> int:
        """A lot of its own for sites at a state."""
        number = int(self.db.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM lots").fetchone()[0])
        digest = digest_of(number, state)
        self.db.execute("INSERT INTO lots VALUES (?, ?, ?)", (number, state, digest))
        self._seal.change("lots", None, digest)
        return number

    def move_lot(self, number: int, *, before: int, after: int) -> None:
        """Bring all sites of a lot to another state, without writing to them."""
        digest = digest_of(number, after)
        self._seal.change("lots", digest_of(number, before), digest)
        self.db.execute("UPDATE lots SET state = ?, digest = ? WHERE id = ?", (after, digest, number))

    def put_notice(self, site: int, document: dict[str, Any]) -> None:
        """Keep a notice."""
        number = int(self.db.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM notices").fetchone()[0])
        data = packed(document)
        digest = digest_of(number, site, data)
        self.db.execute("INSERT INTO notices VALUES (?, ?, ?, ?)", (number, site, data, digest))
        self._seal.change("notices", None, digest)

    def drop_states(self) -> None:
        """Forget states that no lot is at."""
        rows = "SELECT id, digest FROM states WHERE id NOT IN (SELECT state FROM lots)"
        for number, digest in self.db.execute(rows).fetchall():
            self.db.execute("DELETE FROM states WHERE id = ?", (number,))
            self._seal.change("states", digest, None)

    # --- checks ---

    def _check_head(self) -> None:
        application = self.db.execute("PRAGMA application_id").fetchone()[0]
        form = self.db.execute("PRAGMA user_version").fetchone()[0]
        self._require(application == APPLICATION_ID, "it is no register")
        self._require(form == FORMAT, f"its format is {form}, not {FORMAT}")

    def _read_seal(self) -> _Seal:
        found = self.db.execute("SELECT data, digest FROM seal").fetchone()
        self._require(found is not None and digest_of(found[0]) == found[1], "its seal was altered")
        said = json.loads(found[0])
        sums = {name: int(value, 16) for name, value in said["sums"].items()}
        self._require(set(sums) == set(_SEALED) == set(said["counts"]), "its seal is of another form")
        return _Seal(counts=said["counts"], sums=sums, largest_site_m2=said["largest_site_m2"])

    def _require_whole(self, table: str, count: int, total: int) -> None:
        whole = count == self._seal.counts[table] and total % (1 << 8 * DIGEST_BYTES) == self._seal.sums[table]
        self._require(whole, f"{table}: {count} rows, {self._seal.counts[table]} were written, or not these")

    def _require(self, holds: bool, detail: str) -> None:  # noqa: FBT001 - a condition
        if not holds:
            raise RegisterDamagedError(path=self.where, detail=detail)


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def _make(folder: Path) -> None:
    """A new database beside its place, moved there whole; then the mark that there is one."""
    staged = folder / f"{DATABASE}.new"
    staged.unlink(missing_ok=True)
    db = sqlite3.connect(staged, isolation_level=None)
    try:
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {FORMAT}")
        for table in _TABLES:
            db.execute(table)
        empty = _Seal(counts=dict.fromkeys(_SEALED, 0), sums=dict.fromkeys(_SEALED, 0), largest_site_m2=0.0).data()
        db.execute("INSERT INTO seal VALUES (1, ?, ?)", (empty, digest_of(empty)))
    finally:
        db.close()
    staged.replace(folder / DATABASE)
    (folder / MARK).write_text(_MARK_TEXT, encoding="utf-8")
