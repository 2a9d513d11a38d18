"""From where a workspace lies to its store: a folder, or ``postgresql://…``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from layers.workspace.address import DatabaseAddress, is_database
from layers.workspace.folder import FolderStore
from layers.workspace.lock import LOCK_TIMEOUT_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layers.workspace.store import WorkspaceStore

__all__ = ["create_workspace", "open_workspace", "place_of"]


def open_workspace(where: Path | str | DatabaseAddress, *, lock_timeout_s: float = LOCK_TIMEOUT_S) -> WorkspaceStore:
    """
    Open a workspace, whatever has become of it.

    Use it wherever a user, or another process, says where the workspace lies.

    Parameters
    ----------
    where
        A folder, ``postgresql://…#name``, or the ``root`` of another store.
    lock_timeout_s
        Seconds a writer waits for another.

    Raises
    ------
    NotAWorkspaceError
        If there is none.
    DatabaseAddressError, DatabaseDriverError, DatabaseUnreachableError, DatabaseRefusedError
        Of a database.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = create_workspace(f"{folder}/ws", required_kinds=["red_lines"], region=None)
    ...     open_workspace(store.root).required_kinds
    ('red_lines',)
    """
    place = place_of(where)
    if isinstance(place, Path):
        return FolderStore.open(place, lock_timeout_s=lock_timeout_s)
    from layers.workspace.postgres import PostgresStore

    return PostgresStore.open(place, lock_timeout_s=lock_timeout_s)


def create_workspace(
    where: Path | str | DatabaseAddress,
    *,
    required_kinds: Sequence[str],
    region: str | None,
    lock_timeout_s: float = LOCK_TIMEOUT_S,
) -> WorkspaceStore:
    """
    Make an empty workspace: a new or empty folder, or a new or empty schema of a database.

    Parameters and errors are those of `FolderStore.create` and, of a database, of `open_workspace`.
    """
    place = place_of(where)
    if isinstance(place, Path):
        return FolderStore.create(place, required_kinds=required_kinds, region=region, lock_timeout_s=lock_timeout_s)
    from layers.workspace.postgres import PostgresStore

    return PostgresStore.create(place, required_kinds=required_kinds, region=region, lock_timeout_s=lock_timeout_s)


def place_of(where: Path | str | DatabaseAddress) -> Path | DatabaseAddress:
    """A folder or the address of a database; raises ``DatabaseAddressError`` for what is neither."""
    if isinstance(where, str):
        return DatabaseAddress.parse(where) if is_database(where) else Path(where)
    return where
