"""A batch in parts under way: a folder beside the output, which every worker sees and only whole files are put into."""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from screening.batch.row import refused_row
from screening.batch.table import row_schema, rows_table, site_schema
from screening.cluster.handing_over import hand_over, put_back
from screening.cluster.part_files import digest_file, part_name, placed, read_part, sha256_of, write_part
from screening.cluster.partitions import keyed, parts_of
from screening.cluster.tally import Tally
from screening.errors import BatchJobError, BatchStoppedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    import pyarrow as pa

    from screening.batch.intake import TakenChunk

__all__ = ["PART_SITES", "PartedJob"]

PART_SITES = 5_000
"""Sites of a part: what a killed worker loses at most."""
_FORMAT = 1
_STEP = 50_000


class PartedJob:
    """
    What a batch in parts has done so far; stopped at any moment, it goes on where it stood.

    A file is written under another name, flushed, and moved into place: a part that is there is whole, whoever wrote
    it and however often. The rows of a part are a function of its sites, so a part answered twice is the same file.

    Parameters
    ----------
    folder
        Of the job; made if it is not there. Workers read and write in it: it must lie where all of them see it.
    asked
        What the batch is, as for `screening.batch.job.Job`. A folder of another batch is refused.

    Raises
    ------
    BatchJobError
        If the folder belongs to another batch, or is no job.
    BatchStoppedError
        If another run is at work on it, or it cannot be written.
    """

    def __init__(self, folder: Path, asked: dict[str, Any]) -> None:
        self.folder = folder.absolute()
        self.asked = asked
        self.tally = Tally()
        self._sound: set[int] = set()
        self._plan: dict[str, Any] | None = None
        self._lock = _locked(self.folder)
        try:
            self._claim({"format": _FORMAT, **asked})
        except BaseException:
            self._lock.release()
            raise

    def _claim(self, asked: dict[str, Any]) -> None:
        path = self.folder / "job.json"
        now = json.loads(json.dumps(asked))
        if not path.exists():
            if {p.name for p in self.folder.iterdir()} - {"lock"}:
                detail = "the folder holds something else"
                raise BatchJobError(path=self.folder, detail=detail, remedy="give another --out, or empty it yourself")
            _write_json(path, now)
            return
        then = self._read("job.json")
        changed = sorted(key for key in {*then, *now} if then.get(key) != now.get(key))
        if changed:
            raise BatchJobError(
                path=self.folder,
                detail=f"it belongs to another batch: {', '.join(changed)} differ",
                remedy="give --restart to begin anew, or another --out",
            )

    @classmethod
    def drop(cls, folder: Path, out: Path | None = None) -> None:
        """
        Remove a job's folder; ``BatchStoppedError`` if a run is at work on it, ``BatchJobError`` if it is none.

        An earlier result that a run was killed with in its hands goes back to ``out`` first.
        """
        if not folder.exists():
            return
        if not (folder / "job.json").is_file() and any(folder.iterdir()):
            detail = "it is no folder of a batch"
            raise BatchJobError(path=folder, detail=detail, remedy="give another --out, or remove it yourself")
        lock = _locked(folder)
        try:
            if out is not None:
                put_back(folder, out)
            (folder / "plan.json").unlink(missing_ok=True)  # a plan goes before its parts
            for path in list(folder.iterdir()):  # and what says whose folder it is last: killed here, it can go on
                if path.is_dir():
                    shutil.rmtree(path)
                elif path.name not in {"job.json", "lock"}:
                    path.unlink()
        finally:
            lock.release()
        shutil.rmtree(folder)

    def close(self) -> None:
        """Leave the folder as it is."""
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # what lies where

    @property
    def _taken(self) -> Path:
        return self.folder / "taken"

    @property
    def rows_folder(self) -> Path:
        """Where the answered parts are put."""
        return self.folder / "rows"

    def _asked_part(self, number: int) -> Path:
        """The sites of a part, or of one of records that were refused the rows that are known already."""
        kind = "sites" if number < len(self.plan["sites"]) else "refused"
        return self.folder / kind / part_name(number)

    @property
    def plan(self) -> dict[str, Any]:
        """Rows of every part: first those of sites, then those of records that were refused."""
        if self._plan is None:
            self._plan = self._read("plan.json")
        return self._plan

    @property
    def planned(self) -> bool:
        """Whether the whole source has been taken in and cut into parts."""
        return (self.folder / "plan.json").exists()

    # taking in

    def take_in(
        self,
        chunks: Iterable[TakenChunk],
        *,
        as_of: str,
        part_sites: int = PART_SITES,
        step: int = _STEP,
        on_taken: Callable[[int], None] | None = None,
    ) -> None:
        """
        Take the records of a source in, from where an earlier run stopped, and cut them into parts by space.

        Parameters
        ----------
        chunks
            Of the source, from `screening.batch.intake.chunks_of`; what the job has (`taken`) is passed over.
        as_of
            Of the batch, for the rows of records that are refused.
        part_sites
            Sites of a part; an earlier run's parts stay as they are.
        step
            Records kept at once, about.
        on_taken
            Called with how many have been kept.
        """
        if self.planned:
            return
        try:
            for folder in (self._taken, digest_file(self._taken / "_").parent):
                folder.mkdir(exist_ok=True)
            if not (self._taken / "complete.json").exists():
                for some in _steps(chunks, self.taken, step):
                    self._keep(some, as_of)
                    if on_taken:
                        on_taken(some[-1].last - some[0].first + 1)
                _write_json(self._taken / "complete.json", {"records": self.taken})
            self._cut(part_sites)
        except OSError as trouble:
            raise self._stopped(str(trouble), "see to the disk, then run the same command") from trouble

    @property
    def taken(self) -> int:
        """The last record that is kept, of a source not taken in yet."""
        there = sorted(self._taken.glob("sites-*.parquet")) if self._taken.exists() else []
        return int(there[-1].stem.rpartition("-")[2]) if there else 0

    def _keep(self, some: list[TakenChunk], as_of: str) -> None:
        import pyarrow as pa

        last = f"{some[-1].last:012d}"
        refused = [(refused_row(taken, as_of), None) for chunk in some for taken in chunk.refused]
        if refused:
            write_part(self._taken / f"refused-{last}.parquet", rows_table(refused).cast(row_schema()))
        sites: pa.Table = pa.concat_tables([chunk.sites.cast(site_schema()) for chunk in some])
        write_part(self._taken / f"sites-{last}.parquet", keyed(sites))

    def _cut(self, part_sites: int) -> None:
        folders = {name: self.folder / name for name in ("sites", "refused", "rows", "scratch")}
        for folder in folders.values():
            for each in (folder, digest_file(folder / "_").parent):
                shutil.rmtree(each, ignore_errors=True)
                each.mkdir()
        chunks = sorted(self._taken.glob("sites-*.parquet"))
        there = {path.name.removeprefix("sites-") for path in chunks}
        plan: dict[str, list[int]] = {"sites": [], "refused": []}
        for part in parts_of(chunks, folders["scratch"], part_sites=part_sites):
            write_part(folders["sites"] / part_name(len(plan["sites"])), part)
            plan["sites"].append(part.num_rows)
        for path in sorted(self._taken.glob("refused-*.parquet")):
            if path.name.removeprefix("refused-") not in there:
                continue  # of a step that was never finished, and taken in again under another name
            rows = read_part(path)
            write_part(folders["refused"] / part_name(len(plan["sites"]) + len(plan["refused"])), rows)
            plan["refused"].append(rows.num_rows)
        if not plan["sites"] and not plan["refused"]:
            write_part(folders["refused"] / part_name(0), row_schema().empty_table())
            plan["refused"].append(0)
        if sum(map(sum, plan.values())) != self._read("taken/complete.json")["records"]:
            raise self._damaged("records of the source are missing")
        _write_json(self.folder / "plan.json", plan)
        for folder in (self._taken, folders["scratch"]):
            for each in (folder, digest_file(folder / "_").parent):
                shutil.rmtree(each, ignore_errors=True)

    # answering

    @property
    def total(self) -> int:
        """Records of the source: sites to answer, and those refused."""
        return int(sum(self.plan["sites"]) + sum(self.plan["refused"]))

    @property
    def answered(self) -> int:
        """Rows there are, by whole parts."""
        sizes = [*self.plan["sites"], *self.plan["refused"]] if self.planned else []
        return sum(size for number, size in enumerate(sizes) if (self.rows_folder / part_name(number)).exists())

    def open_parts(self) -> list[int]:
        """
        The parts of sites that have no rows yet, or damaged ones: those are removed.

        Rows of records that were refused are put in place at once.
        """
        plan = self.plan
        self.rows_folder.mkdir(exist_ok=True)
        for number in range(len(plan["sites"]), len(plan["sites"]) + len(plan["refused"])):
            if not self.accept(number):
                self._settle(number)
        return [number for number in range(len(plan["sites"])) if not self.accept(number)]

    def _settle(self, number: int) -> None:
        from screening.cluster.part_files import with_geo

        with suppress(OSError):
            write_part(self.rows_folder / part_name(number), with_geo(read_part(self._asked_part(number))))
        if not self.accept(number):
            raise self._damaged(f"{part_name(number)} is not what was written")

    def accept(self, number: int) -> bool:
        """
        Whether a part is answered: its rows read back, every page of them, one for each of its sites, in their order.

        Rows that do not are removed. A part is read back once in a run.
        """
        if number in self._sound:
            return True
        path = self.rows_folder / part_name(number)
        if not path.exists():
            return False
        asked = self._asked_part(number)
        try:
            rows = read_part(path)
            column = "number" if asked.parent.name == "sites" else "row"
            meant = read_part(asked, [column]).column(column).to_pylist()
        except OSError:
            rows, meant = None, []
        if rows is None or rows.schema.names != row_schema().names or rows.column("row").to_pylist() != meant:
            path.unlink()
            return False
        self.tally.add(rows)
        self._sound.add(number)
        return True

    # handing over

    def summary(self) -> list[tuple[str | None, str | None, int]]:
        """Counts by district and answer of the parts accepted; a refused record has neither."""
        return self.tally.summary()

    def refusals(self, count: int) -> list[dict[str, Any]]:
        """The first records that were refused, of the parts accepted; at most `screening.cluster.tally.LISTED`."""
        return self.tally.refusals(count)

    def hand_over(self, out: Path) -> Path:
        """
        Put the rows in place of ``out``, a folder of GeoParquet parts and ``_summary.json``, in one step.

        The job is over then: its folder is empty but for the lock, and goes with `drop`.

        Raises
        ------
        OutputInTheWayError
            If ``out`` is there and is not an earlier result.
        BatchStoppedError
            If a part is open, or the folder cannot be moved (a program has a file of it open).
        """
        sizes = [*self.plan["sites"], *self.plan["refused"]]
        left = [number for number in range(len(sizes)) if number not in self._sound or not self._stands(number)]
        self._sound.difference_update(left)
        if left:
            raise self._stopped(f"{len(left)} parts are not answered", "run the same command again")
        names = {part_name(number) for number in range(len(sizes))}
        for path in self.rows_folder.iterdir():
            if path.name not in names:
                path.unlink()
        parts = [{"file": part_name(number), "rows": size} for number, size in enumerate(sizes)]
        document = {"format": _FORMAT, **self.asked, "records": sum(sizes), "parts": parts}
        answers = [{"district": d, "answer": a, "sites": n} for d, a, n in self.summary()]
        return hand_over(self.folder, out, document | {"answers": answers})

    def _stands(self, number: int) -> bool:
        """Whether the rows of a part that was accepted are still what was written."""
        path = self.rows_folder / part_name(number)
        try:
            return sha256_of(path) == digest_file(path).read_text("ascii", "replace")
        except OSError:
            return False

    def _read(self, name: str) -> dict[str, Any]:
        """A JSON document of the folder, if it is what was written."""
        try:
            found: dict[str, Any] = json.loads((self.folder / name).read_text("utf-8"))
            meant = found.pop("sha256")
        except (OSError, ValueError, KeyError, AttributeError):
            raise self._damaged(f"{name} cannot be read") from None
        if meant != _digest(found):
            raise self._damaged(f"{name} is not what was written")
        return found

    def _damaged(self, detail: str) -> BatchJobError:
        return BatchJobError(path=self.folder, detail=detail, remedy="give --restart to begin anew")

    def _stopped(self, detail: str, remedy: str) -> BatchStoppedError:
        return BatchStoppedError(path=self.folder, detail=detail, remedy=remedy)


def _steps(chunks: Iterable[TakenChunk], after: int, step: int) -> Iterator[list[TakenChunk]]:
    """What comes after a record, some chunks at a time."""
    some: list[TakenChunk] = []
    for whole in chunks:
        chunk = whole.after(after)
        if chunk is None:
            continue
        some.append(chunk)
        if chunk.last - some[0].first + 1 >= step:
            yield some
            some = []
    if some:
        yield some


def _locked(folder: Path) -> Any:
    """The lock of a job's folder, held; the system takes it back from a process that dies."""
    from filelock import FileLock, Timeout

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / "lock", timeout=1.0)
        lock.acquire()
    except Timeout:
        detail, remedy = "another run is at work on it", "wait for that, or give another --out"
        raise BatchStoppedError(path=folder, detail=detail, remedy=remedy) from None
    except (NotImplementedError, OSError) as trouble:
        remedy = "name an --out in a folder that can be written to, on a disk that has locks"
        raise BatchStoppedError(path=folder, detail=str(trouble), remedy=remedy) from None
    return lock


def _write_json(path: Path, document: dict[str, Any]) -> None:
    with placed(path) as draft:
        draft.write_text(json.dumps(document | {"sha256": _digest(document)}, ensure_ascii=False), "utf-8")


def _digest(document: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
