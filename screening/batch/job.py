"""A batch under way: one SQLite file beside the output, which holds every site taken in and every row answered."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from screening.batch.packing import packed, unpacked
from screening.errors import BatchJobError, BatchStoppedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pyarrow as pa

    from screening.batch.intake import TakenChunk

__all__ = ["Answered", "Job", "OpenSites"]

_FORMAT = 2
_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS chunk (
    first INTEGER PRIMARY KEY, last INTEGER NOT NULL, sites INTEGER NOT NULL, refused INTEGER NOT NULL,
    site_table BLOB NOT NULL, refused_rows BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS answered (
    chunk INTEGER NOT NULL, start INTEGER NOT NULL, count INTEGER NOT NULL, refused INTEGER NOT NULL,
    rows BLOB NOT NULL, PRIMARY KEY (chunk, start));
CREATE TABLE IF NOT EXISTS tally (
    district TEXT NOT NULL, answer TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (district, answer));
"""
Tally = dict[tuple[str | None, str | None], int]
"""How many rows by district and answer."""


@dataclass(frozen=True, kw_only=True)
class OpenSites:
    """Sites without a row: the first number of their chunk, their place in it from 0, and the sites themselves."""

    chunk: int
    start: int
    sites: pa.Table


@dataclass(frozen=True, kw_only=True)
class Answered:
    """
    The rows of some sites, packed, with what a job counts of them.

    Attributes
    ----------
    rows
        As `screening.batch.packing.packed` makes them of a table of ``row_schema``.
    count, refused
        Rows, and how many of them have no answer.
    tally
        By district and answer.
    """

    rows: bytes
    count: int
    refused: int
    tally: Tally

    @classmethod
    def of(cls, rows: pa.Table) -> Self:
        """Rows made ready to be kept."""
        answers = rows.column("answer").to_pylist()
        tally = Counter(zip(rows.column("district").to_pylist(), answers, strict=True))
        return cls(rows=packed(rows), count=len(answers), refused=answers.count(None), tally=dict(tally))


class Job:
    """
    What a batch has done so far; killed at any moment, it goes on where it stood.

    Sites are kept in chunks as they are taken in, rows in slices of a chunk as they are answered, each in one
    transaction with all that is counted of it. So none is lost and none is answered twice. Any slice of a chunk may be
    answered, in any order.

    Parameters
    ----------
    path
        The job's file; made if it is not there.
    asked
        What the batch is (source digest, options, workspace, date, versions). A file of another batch is refused.

    Raises
    ------
    BatchJobError
        If the file belongs to another batch, or is no job; from any method, if a block of it is damaged.
    BatchStoppedError
        If another run is at work on it; from any method, if the disk takes no more.
    """

    def __init__(self, path: Path, asked: dict[str, Any]) -> None:
        self.path = path
        try:
            self._base = sqlite3.connect(path, isolation_level=None, timeout=1.0)
        except sqlite3.OperationalError as trouble:
            remedy = "name an --out in a folder that is there and can be written to"
            raise BatchStoppedError(path=path, detail=str(trouble), remedy=remedy) from None
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

    def _number(self, query: str) -> int:
        (found,) = self._base.execute(query).fetchone()
        return int(found)

    @property
    def complete(self) -> bool:
        """Whether the whole source has been taken in."""
        return self._meta("complete") == "1"

    @property
    def taken(self) -> int:
        """The last record taken in."""
        return self._number("SELECT coalesce(max(last), 0) FROM chunk")

    @property
    def total(self) -> int:
        """Sites to answer, and records refused."""
        return self._number("SELECT coalesce(sum(sites + refused), 0) FROM chunk")

    @property
    def answered(self) -> int:
        """Rows there are."""
        return self._number("SELECT coalesce(sum(count), 0) FROM tally")

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

    def _count(self, tally: Tally) -> None:
        self._base.executemany(
            "INSERT INTO tally VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
            [(district or "", answer or "", count) for (district, answer), count in tally.items()],
        )

    def take(self, chunk: TakenChunk, refused: pa.Table) -> None:
        """
        Keep the next records of the source; those refused are rows at once.

        Raises
        ------
        ValueError
            If they do not follow those that are kept, or are not all there.
        """
        count = chunk.sites.num_rows + refused.num_rows
        if chunk.first != self.taken + 1 or count != chunk.last - chunk.first + 1:
            detail = f"{count} records, {chunk.first} to {chunk.last}, do not follow {self.taken}"
            raise ValueError(f"{self.path.name}: {detail}")
        row = (chunk.first, chunk.last, chunk.sites.num_rows, refused.num_rows, packed(chunk.sites), packed(refused))
        with self._step():
            self._base.execute("INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?)", row)
            self._count({(None, None): refused.num_rows} if refused.num_rows else {})

    def taken_all(self) -> None:
        """Note that the whole source has been taken in."""
        with self._step():
            self._base.execute("INSERT OR REPLACE INTO meta VALUES ('complete', '1')")

    def open_sites(self, most: Callable[[], int]) -> Iterator[OpenSites]:
        """The sites without a row in order, so many at a time as ``most`` says, never of two chunks."""
        chunks = self._base.execute(
            "SELECT first FROM chunk WHERE sites > (SELECT coalesce(sum(count), 0) FROM answered WHERE chunk = first)"
            " ORDER BY first"
        ).fetchall()
        for (first,) in chunks:
            (content,) = self._base.execute("SELECT site_table FROM chunk WHERE first = ?", (first,)).fetchone()
            sites = self._table(content)
            there = self._base.execute("SELECT start, count FROM answered WHERE chunk = ? ORDER BY start", (first,))
            at = 0
            for start, count in [*there.fetchall(), (sites.num_rows, 0)]:
                while at < start:
                    some = min(most(), start - at)
                    yield OpenSites(chunk=first, start=at, sites=sites.slice(at, some))
                    at += some
                at = start + count

    def answer(self, sites: OpenSites, answered: Answered) -> None:
        """
        Keep the rows of some sites in one step.

        Raises
        ------
        ValueError
            If one of them has a row, or there is not one row for each.
        """
        start, end = sites.start, sites.start + sites.sites.num_rows
        if answered.count != end - start:
            raise ValueError(f"{self.path.name}: {answered.count} rows for {end - start} sites")
        with self._step():
            twice = self._base.execute(
                "SELECT count(*) FROM answered WHERE chunk = ? AND start < ? AND start + count > ?",
                (sites.chunk, end, start),
            ).fetchone()
            if twice != (0,):
                raise ValueError(f"{self.path.name}: sites {start} to {end} of chunk {sites.chunk} have rows")
            row = (sites.chunk, start, answered.count, answered.refused, answered.rows)
            self._base.execute("INSERT INTO answered VALUES (?, ?, ?, ?, ?)", row)
            self._count(answered.tally)

    def rows(self) -> Iterator[pa.Table]:
        """Every row in order, a chunk at a time, as tables of ``row_schema``."""
        chunks = self._base.execute("SELECT first, refused FROM chunk ORDER BY first").fetchall()
        for first, refused in chunks:
            yield self._rows(first, refused=bool(refused))

    def _rows(self, first: int, *, refused: bool) -> pa.Table:
        import pyarrow as pa

        found = self._base.execute("SELECT rows FROM answered WHERE chunk = ? ORDER BY start", (first,)).fetchall()
        lost = self._base.execute("SELECT refused_rows FROM chunk WHERE first = ?", (first,)).fetchone()
        whole = pa.concat_tables([self._table(content) for (content,) in (*found, lost)])
        return whole.sort_by("row") if refused else whole

    def _table(self, content: bytes) -> pa.Table:
        try:
            return unpacked(content)
        except ValueError as trouble:
            detail = f"a block of it is damaged ({trouble})"
            raise BatchJobError(path=self.path, detail=detail, remedy="give --restart to begin anew") from None

    def summary(self) -> list[tuple[str | None, str | None, int]]:
        """Counts by district and answer; a refused record has neither."""
        found = self._base.execute("SELECT district, answer, count FROM tally ORDER BY district, answer")
        return [(district or None, answer or None, count) for district, answer, count in found]

    def refusals(self, count: int) -> list[dict[str, Any]]:
        """The first rows without an answer, as cells by name, without their geometry."""
        chunks = self._base.execute(
            "SELECT first, refused FROM chunk WHERE refused > 0 OR "
            "EXISTS (SELECT 1 FROM answered WHERE chunk = first AND answered.refused > 0) ORDER BY first"
        ).fetchall()
        found: list[dict[str, Any]] = []
        for first, refused in chunks:
            table = self._rows(first, refused=bool(refused)).drop_columns(["geometry"])
            found += table.filter(table.column("answer").is_null()).slice(0, count - len(found)).to_pylist()
            if len(found) >= count:
                break
        return found


def _stopped(path: Path, trouble: sqlite3.OperationalError) -> BatchStoppedError:
    if str(getattr(trouble, "sqlite_errorname", "")).startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        detail, remedy = "another run is at work on it", "wait for that, or give another --out"
        return BatchStoppedError(path=path, detail=detail, remedy=remedy)
    remedy = "see to the disk, then run the same command: it goes on where it stood"
    return BatchStoppedError(path=path, detail=str(trouble), remedy=remedy)
