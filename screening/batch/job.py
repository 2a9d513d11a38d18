"""A batch under way: one SQLite file beside the output, which holds every site taken in and every row answered."""

from __future__ import annotations

import json
import sqlite3
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from screening.errors import BatchJobError, BatchStoppedError
from screening.inquiry import site_document, site_from

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from screening.batch.intake import Taken
    from screening.site import Site

__all__ = ["Job"]

_FORMAT = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS site (number INTEGER PRIMARY KEY, document BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS row (number INTEGER PRIMARY KEY, answer TEXT, district TEXT, cells BLOB NOT NULL);
"""


class Job:
    """
    What a batch has done so far; killed at any moment, it goes on where it stood.

    A record is written once, in the same transaction as all of its step: sites with how far the source was taken in,
    rows with their numbers. So none is lost and none is answered twice.

    Parameters
    ----------
    path
        The job's file; made if it is not there.
    asked
        What the batch is (source digest, options, workspace, date, versions). A file of another batch is refused.

    Raises
    ------
    BatchJobError
        If the file belongs to another batch, or is no job.
    BatchStoppedError
        If another run is at work on it; from any method, if the disk takes no more.
    """

    def __init__(self, path: Path, asked: dict[str, Any]) -> None:
        self.path = path
        self._base = sqlite3.connect(path, isolation_level=None, timeout=1.0)
        try:
            self._base.execute("PRAGMA locking_mode=EXCLUSIVE")  # one run at a time, until it ends or dies
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=NORMAL")
            self._base.executescript(_TABLES)
            changed = self._claim(json.dumps({"format": _FORMAT, **asked}, ensure_ascii=False, sort_keys=True))
        except sqlite3.DatabaseError as trouble:
            self._base.close()
            if isinstance(trouble, sqlite3.OperationalError):
                raise _stopped(path, trouble) from None
            raise BatchJobError(
                path=path, detail=f"it is no job file ({trouble})", remedy="give --restart to begin anew"
            ) from None
        if changed:
            self._base.close()
            raise BatchJobError(
                path=path,
                detail=f"it belongs to another batch: {', '.join(changed)} differ",
                remedy="give --restart to begin anew, or another --out",
            )

    def _claim(self, text: str) -> list[str]:
        """Write what the batch is into a new job; of one that is there, what differs."""
        kept = self._meta("asked")
        if kept is None:
            self._base.execute("INSERT INTO meta VALUES ('asked', ?)", (text,))
            return []
        then, now = json.loads(kept), json.loads(text)
        return sorted(key for key in {*then, *now} if then.get(key) != now.get(key))

    @classmethod
    def drop(cls, path: Path) -> None:
        """Remove a job with what SQLite keeps beside it; ``BatchStoppedError`` if a run is at work on it."""
        if path.exists():
            base = sqlite3.connect(path, isolation_level=None, timeout=1.0)
            try:
                base.execute("PRAGMA locking_mode=EXCLUSIVE")
                base.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as trouble:
                raise _stopped(path, trouble) from None
            except sqlite3.DatabaseError:
                pass  # no job: it goes as well
            finally:
                base.close()
        for suffix in ("", "-wal", "-shm"):
            path.with_name(f"{path.name}{suffix}").unlink(missing_ok=True)

    def close(self) -> None:
        """Leave the file as it is."""
        self._base.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _meta(self, key: str) -> str | None:
        found = self._base.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if found is None else str(found[0])

    @property
    def complete(self) -> bool:
        """Whether the whole source has been taken in."""
        return self._meta("complete") == "1"

    @property
    def taken(self) -> int:
        """The last record taken in."""
        return int(self._meta("taken") or 0)

    @property
    def total(self) -> int:
        """Sites to answer, and records refused."""
        (sites,) = self._base.execute("SELECT count(*) FROM site").fetchone()
        (refused,) = self._base.execute(
            "SELECT count(*) FROM row WHERE number NOT IN (SELECT number FROM site)"
        ).fetchone()
        return int(sites) + int(refused)

    @property
    def answered(self) -> int:
        """Rows there are."""
        return int(self._base.execute("SELECT count(*) FROM row").fetchone()[0])

    @contextmanager
    def _step(self) -> Iterator[None]:
        try:
            self._base.execute("BEGIN IMMEDIATE")
            yield
            self._base.execute("COMMIT")
        except sqlite3.OperationalError as trouble:
            raise _stopped(self.path, trouble) from None
        finally:
            if self._base.in_transaction:
                self._base.execute("ROLLBACK")

    def take(self, taken: Sequence[Taken], refusals: Iterable[tuple[int, dict[str, Any]]], *, last: bool) -> None:
        """Keep the next records of the source in one step; those refused are rows at once."""
        with self._step():
            self._base.executemany(
                "INSERT INTO site VALUES (?, ?)",
                [(t.number, _packed(site_document(t.site))) for t in taken if t.site is not None],
            )
            self._base.executemany(
                "INSERT INTO row VALUES (?, NULL, NULL, ?)", [(n, _packed(cells)) for n, cells in refusals]
            )
            if taken:
                self._base.execute("INSERT OR REPLACE INTO meta VALUES ('taken', ?)", (str(taken[-1].number),))
            if last:
                self._base.execute("INSERT OR REPLACE INTO meta VALUES ('complete', '1')")

    def open_sites(self, count: int) -> Iterator[list[tuple[int, bytes]]]:
        """The sites without a row, some at a time, in order, still packed (`site_of`)."""
        after = 0
        while True:
            found = self._base.execute(
                "SELECT site.number, site.document FROM site LEFT JOIN row ON row.number = site.number "
                "WHERE row.number IS NULL AND site.number > ? ORDER BY site.number LIMIT ?",
                (after, count),
            ).fetchall()
            if not found:
                return
            after = found[-1][0]
            yield found

    @staticmethod
    def site_of(document: bytes) -> Site:
        """The site of a packed document."""
        return site_from(json.loads(zlib.decompress(document)))

    def answer(self, rows: Iterable[tuple[int, dict[str, Any]]]) -> None:
        """Keep the rows of some sites in one step."""
        with self._step():
            self._base.executemany(
                "INSERT INTO row VALUES (?, ?, ?, ?)",
                [(n, cells["answer"], cells["district"], _packed(cells)) for n, cells in rows],
            )

    def rows(self) -> Iterator[tuple[int, dict[str, Any], Site | None]]:
        """Every row in order, with its site."""
        found = self._base.execute(
            "SELECT row.number, row.cells, site.document FROM row LEFT JOIN site ON site.number = row.number "
            "ORDER BY row.number"
        )
        for number, cells, document in found:
            yield number, json.loads(zlib.decompress(cells)), None if document is None else self.site_of(document)

    def summary(self) -> list[tuple[str | None, str | None, int]]:
        """Counts by district and answer; a refused record has neither."""
        return list(
            self._base.execute(
                "SELECT district, answer, count(*) FROM row GROUP BY district, answer ORDER BY district, answer"
            )
        )

    def refusals(self, count: int) -> list[dict[str, Any]]:
        """The first records that were refused."""
        found = self._base.execute("SELECT cells FROM row WHERE answer IS NULL ORDER BY number LIMIT ?", (count,))
        return [json.loads(zlib.decompress(cells)) for (cells,) in found]


def _stopped(path: Path, trouble: sqlite3.OperationalError) -> BatchStoppedError:
    if str(getattr(trouble, "sqlite_errorname", "")).startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        detail, remedy = "another run is at work on it", "wait for that, or give another --out"
        return BatchStoppedError(path=path, detail=detail, remedy=remedy)
    remedy = "see to the disk, then run the same command: it goes on where it stood"
    return BatchStoppedError(path=path, detail=str(trouble), remedy=remedy)


def _packed(document: dict[str, Any]) -> bytes:
    return zlib.compress(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())
