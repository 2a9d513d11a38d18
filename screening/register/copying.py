"""The register of a workspace as files, checked row by row: what is carried when the workspace is copied."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from screening.errors import NoRegisterError
from screening.register.database import DATABASE, MARK, Database

if TYPE_CHECKING:
    from pathlib import Path

    from layers.workspace.address import Place

__all__ = ["register_files"]


def register_files(place: Place, folder: Path) -> tuple[int, tuple[Path, ...]]:
    """
    Copy the register of a workspace into a folder, as it is at one moment.

    Use it with `layers.workspace.copying.copy_workspace`, which carries the files.

    Parameters
    ----------
    place
        Where the workspace lies.
    folder
        Empty; for the copies.

    Returns
    -------
    sites, files
        How many sites it holds, and the database and its mark; 0 and no file where there is no register.

    Raises
    ------
    RegisterDamagedError
        If any row of it is lost or was altered.
    """
    try:
        database = Database(place)
    except NoRegisterError:
        return 0, ()
    with closing(database), database.snapshot():  # while it is read nobody else's change is written
        for row in database.sites():
            database.inquiry(row)
            database.verdict(row)
        database.states()
        database.lots()
        database.notices()
        files = folder / DATABASE, folder / MARK
        files[0].write_bytes(database.path.read_bytes())
        mark = database.path.with_name(MARK)
        files[1].write_bytes(mark.read_bytes() if mark.exists() else b"")
        return database.count(), files
