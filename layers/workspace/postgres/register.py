"""The register of checked sites as rows: the blocks of its file, which a program works on in a copy of its own."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from layers.workspace.blocks import BLOCK_BYTES, RUN_BLOCKS
from layers.workspace.lock import LOCK_TIMEOUT_S
from layers.workspace.postgres.link import Link
from layers.workspace.postgres.tables import lock_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from layers.workspace.address import DatabaseAddress

__all__ = ["RegisterRows", "put_register"]

_MARK = -1  # the number of the row that says that there is a register


class RegisterRows:
    """
    The register's file in the table ``ws_register``: 64 KiB a row, and a row that marks that there is one.

    The bytes are those of the file in a folder's ``verdicts/``, with its own digests and seal; whoever opens it
    checks them. Errors are those of `layers.workspace.postgres.link.Link`.
    """

    def __init__(self, address: DatabaseAddress) -> None:
        self._link = Link(address)
        self._key = lock_key(address.schema, "register")

    def bring(self, file: Path, mark: Path) -> None:
        """
        Make the copy the same as the rows: only blocks that differ are fetched.

        Parameters
        ----------
        file
            The register's file here; removed where there is no row of it.
        mark
            The file that says that there is one, alike.
        """
        with self._link.reading():
            self._bring(file, mark)

    @contextmanager
    def writing(self, file: Path, mark: Path) -> Iterator[None]:
        """
        Hold the register's lock; bring the copy up to date before, put back the blocks that changed after.

        What was done to the copy is in the database when the context has ended without an error, else nothing is.

        Raises
        ------
        WorkspaceBusyError
            If another program holds it too long.
        """
        with self._link.writing(self._key, timeout_s=LOCK_TIMEOUT_S):
            there = self._bring(file, mark)
            yield
            here = _digests(file, mark)
            gone = sorted(set(there) - set(here))
            if gone:
                self._link.rows("DELETE FROM {register} WHERE number = ANY(%s)", (gone,))
            _put(self._link, file, mark, (n for n in here if there.get(n) != here[n]))

    def _bring(self, file: Path, mark: Path) -> dict[int, bytes]:
        there = _digests_there(self._link)
        here = _digests(file, mark)
        count = 1 + max(there, default=_MARK)
        if _MARK not in there:
            mark.unlink(missing_ok=True)
        if count == 0:
            file.unlink(missing_ok=True)
        wanted = sorted(n for n in there if here.get(n) != there[n])
        for at in range(0, len(wanted), RUN_BLOCKS):
            statement = "SELECT number, data FROM {register} WHERE number = ANY(%s)"
            for number, data in self._link.rows(statement, (wanted[at : at + RUN_BLOCKS],)):
                if number == _MARK:
                    mark.write_bytes(data)
                    continue
                file.touch()
                with file.open("r+b") as out:
                    out.seek(number * BLOCK_BYTES)  # where a row is lost there are noughts, which the register sees
                    out.write(data)
        if count > 0:
            ((last,),) = self._link.rows("SELECT octet_length(data) FROM {register} WHERE number = %s", (count - 1,))
            with file.open("r+b") as out:
                out.truncate((count - 1) * BLOCK_BYTES + last)
        return there


def put_register(link: Link, file: Path, mark: Path) -> bool:
    """Write a register where there is none, in a transaction of the caller's; whether the rows are then its bytes."""
    here = _digests(file, mark)
    _put(link, file, mark, here)
    return _digests_there(link) == here


def _put(link: Link, file: Path, mark: Path, numbers: Iterable[int]) -> None:
    statement = "INSERT INTO {register} VALUES (%s, %s) ON CONFLICT (number) DO UPDATE SET data = excluded.data"
    for number in sorted(numbers):
        link.rows(statement, (number, _block(file, mark, number)))


def _digests_there(link: Link) -> dict[int, bytes]:
    return {int(n): bytes(d) for n, d in link.rows("SELECT number, sha256(data) FROM {register}")}


def _digests(file: Path, mark: Path) -> dict[int, bytes]:
    """SHA-256 of every block of the copy, and of the mark."""
    found = {_MARK: hashlib.sha256(mark.read_bytes()).digest()} if mark.exists() else {}
    if file.exists():
        with file.open("rb") as data:
            number = 0
            while block := data.read(BLOCK_BYTES):
                found[number] = hashlib.sha256(block).digest()
                number += 1
    return found


def _block(file: Path, mark: Path, number: int) -> bytes:
    if number == _MARK:
        return mark.read_bytes()
    with file.open("rb") as data:
        data.seek(number * BLOCK_BYTES)
        return data.read(BLOCK_BYTES)
