"""Files that appear together or not at all.

Everything is written into a new folder beside its destination and moved into place when it is complete, the
main file last, so that a program that finds ``F.shp`` finds its parts. If a move fails, what was there before
is put back. (A process killed between two moves leaves the earlier files in that folder, under ``old``.)
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from spatial.errors import NotWritableError, OutputInTheWayError, OutputInUseError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

__all__ = ["Staging", "staging"]

# Files other programs keep beside a .shp; of an older geometry they would be wrong.
_SIDECARS = (
    *(".sbn", ".sbx", ".qix", ".qpj", ".fbn", ".fbx", ".ain", ".aih", ".atx", ".ixs", ".mxs", ".fix", ".cst"),
    *(".idm", ".ind", ".shp.xml", ".gpkg-wal", ".gpkg-shm", ".gpkg.aux.xml"),
)


class Staging:
    """A folder to write into, and :meth:`commit` to move what was written to its place."""

    def __init__(self, *, destination: Path, root: Path) -> None:
        self.destination = destination
        self.folder = root / "new"
        self._kept = root / "old"
        self.folder.mkdir()
        self._kept.mkdir()

    def commit(
        self, names: Sequence[str], *, asked: Collection[str], earlier: Collection[str] = ()
    ) -> tuple[Path, ...]:
        """
        Move the named files into the destination; all of them, or none.

        Parameters
        ----------
        names
            Names in :attr:`folder`, the main file first; it is moved last.
        asked
            Names the user asked for: they replace what is there.
        earlier
            Names an earlier export made: they may be replaced too, and those not written again are removed.

        Returns
        -------
        paths
            The files in place, in the order of ``names``.

        Raises
        ------
        OutputInTheWayError
            If another file has one of the other names.
        OutputInUseError
            If a file cannot be moved; everything is as it was.
        """
        for name in names:
            target = self.destination / name
            if target.is_dir() or (name not in asked and name not in earlier and target.exists()):
                raise OutputInTheWayError(
                    file=str(target),
                    code="output_in_the_way",
                    detail="a file or folder of this name is there and was not made by an earlier export",
                    remedy="Choose another name for the export, or move that file away",
                )
        stale = [name for name in self._stale(names, earlier) if (self.destination / name).is_file()]
        moved: list[str] = []
        removed: list[str] = []
        try:
            for name in [*names, *stale]:
                self._keep(name)
            for name in reversed(names):
                os.replace(self.folder / name, self.destination / name)  # noqa: PTH105 - tests make it fail
                moved.append(name)
            for name in stale:
                (self.destination / name).unlink()
                removed.append(name)
        except BaseException as error:
            for name in [*moved, *removed]:
                self._put_back(name)
            if isinstance(error, OSError):
                raise OutputInUseError(
                    file=str(self.destination / names[0]),
                    code="output_in_use",
                    detail=f"a file of the set could not be put in place ({error.strerror or error})",
                    remedy="Close it in WPS, ArcGIS or QGIS, or choose another name; nothing was changed",
                ) from error
            raise
        return tuple(self.destination / name for name in names)

    def _stale(self, names: Sequence[str], earlier: Collection[str]) -> list[str]:
        """Earlier files that are not written again, and other programs' indexes of those that are."""
        stems = {Path(name).stem for name in [*names, *earlier] if name.endswith((".shp", ".gpkg"))}
        beside = {stem + suffix for stem in stems for suffix in _SIDECARS}
        return sorted((set(earlier) | beside) - set(names))

    def _keep(self, name: str) -> None:
        source, kept = self.destination / name, self._kept / name
        if not source.is_file():
            return
        try:
            os.link(source, kept)
        except OSError:  # FAT, some network shares
            shutil.copy2(source, kept)

    def _put_back(self, name: str) -> None:
        kept, target = self._kept / name, self.destination / name
        if not kept.exists():
            target.unlink(missing_ok=True)
            return
        try:
            os.replace(kept, target)  # noqa: PTH105 - as above
        except OSError:
            target.unlink(missing_ok=True)
            shutil.copy2(kept, target)


@contextmanager
def staging(path: Path) -> Iterator[Staging]:
    """
    A :class:`Staging` beside ``path``; its folder is gone when the block ends, however it ends.

    Raises
    ------
    NotWritableError
        If the folder of ``path`` does not exist or cannot be written to.
    """
    destination = path.parent
    try:
        root = Path(tempfile.mkdtemp(dir=destination, prefix=".writing-"))
    except OSError as error:
        raise NotWritableError(
            file=str(path),
            code="folder",
            detail=f"its folder cannot be written to ({error.strerror or error})",
            remedy="Create the folder, or choose one you may write to",
        ) from error
    try:
        yield Staging(destination=destination, root=root)
    finally:
        with suppress(OSError):
            shutil.rmtree(root)
