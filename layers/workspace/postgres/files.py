"""Files of a version as rows: 64 KiB blocks, of which only those that are touched are fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from layers.errors import VersionUnreachableError, WorkspaceError
from layers.workspace.blocks import BLOCK_BYTES, RUN_BLOCKS, block_count
from layers.workspace.version import CheckedVersion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from layers.workspace.postgres.link import Link
    from layers.workspace.store import VersionEntry

__all__ = ["DatabaseFiles", "PostgresVersion", "RowBlocks"]

_LOST = "the database has no such file"


class RowBlocks:
    """Blocks of a file in rows (`layers.workspace.blocks.BlockSource`)."""

    def __init__(self, files: DatabaseFiles, name: str) -> None:
        self._files = files
        self._name = name

    @property
    def name(self) -> str:
        """The file's name."""
        return self._name

    def require_size(self, size: int, fail: Callable[[int | None, str], Exception]) -> None:  # noqa: ARG002 - by block
        """Ask only whether the file is there: its size was compared when the store was opened."""
        if self._name not in self._files.ids:
            raise fail(None, _LOST)

    def bring(
        self, blocks: np.ndarray[Any, Any], memory: memoryview, size: int, fail: Callable[[int | None, str], Exception]
    ) -> Iterator[tuple[int, int]]:
        """Fetch blocks and copy them into memory."""
        statement = "SELECT number, data FROM {block} WHERE file = %s AND number = ANY(%s) ORDER BY number"
        for some in np.split(blocks, range(RUN_BLOCKS, len(blocks), RUN_BLOCKS)):
            wanted = [int(number) for number in some]
            found = dict(self._files.rows(self._name, statement, wanted))
            for number in wanted:
                low, high = number * BLOCK_BYTES, min((number + 1) * BLOCK_BYTES, size)
                data = found.get(number)
                if data is None:
                    raise fail(number, "the database has no such block")
                if len(data) != high - low:
                    raise fail(number, f"{len(data)} bytes, {high - low} were written")
                memory[low:high] = data
                yield number, number + 1


class DatabaseFiles:
    """
    Files of one version (`layers.workspace.version.VersionFiles`).

    Parameters
    ----------
    link
        Of the store.
    ids
        Numbers of the files by name, as the database has them.
    entry
        The version; None for one that no manifest names.
    """

    def __init__(self, link: Link, ids: dict[str, int], entry: VersionEntry | None) -> None:
        self._link = link
        self.ids = ids
        self._entry = entry
        self.fetched = 0
        """Blocks fetched so far."""

    def size(self, name: str) -> int:
        """Ask the database."""
        statement = "SELECT coalesce(sum(octet_length(data)), 0)::bigint FROM {block} WHERE file = %s"
        if name not in self.ids:
            raise FileNotFoundError(_LOST)
        return int(self.rows(name, statement)[0][0])

    def read(self, name: str, size: int, fail: Callable[[int | None, str], Exception]) -> bytes:
        """Fetch a whole file."""
        data = b"".join(part for _, part in self._in_order(name, size, fail))
        if len(data) != size:
            raise fail(None, f"{len(data)} bytes, {size} were written")
        return data

    def blocks(self, name: str) -> RowBlocks:
        """Fetch blocks where they are touched."""
        return RowBlocks(self, name)

    def pieces(self, name: str, size: int, fail: Callable[[int | None, str], Exception]) -> Iterator[bytes]:
        """Fetch a file block by block."""
        return (data for _, data in self._in_order(name, size, fail))

    def rows(self, name: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement on a file; raises ``VersionUnreachableError`` where the database does not answer."""
        try:
            found = self._link.rows(statement, (self.ids[name], *values))
        except WorkspaceError as error:
            if self._entry is None:
                raise OSError(str(error)) from error
            detail = str(getattr(error, "detail", error))
            raise VersionUnreachableError(entry=self._entry, file=name, detail=detail) from error
        self.fetched += len(found)
        return found

    def _in_order(
        self, name: str, size: int, fail: Callable[[int | None, str], Exception]
    ) -> Iterator[tuple[int, bytes]]:
        if name not in self.ids:
            raise fail(None, _LOST)
        statement = "SELECT number, data FROM {block} WHERE file = %s AND number >= %s AND number < %s ORDER BY number"
        count = block_count(size)
        expected = 0
        for first in range(0, count + 1, RUN_BLOCKS):  # one beyond the last: it must not be there
            for number, data in self.rows(name, statement, first, min(first + RUN_BLOCKS, count + 1)):
                if number != expected:
                    raise fail(expected, "the database has no such block")
                yield number, data
                expected += 1


class PostgresVersion(CheckedVersion):
    """A version in a database."""

    def __init__(self, files: DatabaseFiles, entry: VersionEntry) -> None:
        self._rows = files
        super().__init__(files, entry)

    @property
    def blocks_fetched(self) -> int:
        """Blocks fetched from the database so far, to see how little of a layer a site needs."""
        return self._rows.fetched
