"""A workspace whose versions are opened once for many sites."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from layers.workspace.store import Damage, StoredVersion, VersionEntry, WorkspaceStore

__all__ = ["opened_once"]


def opened_once(store: WorkspaceStore) -> WorkspaceStore:
    """
    The same workspace for reading, in which every version is opened once and its bytes are checked once.

    Use it for one run over many sites; what is damaged afterwards is seen by the next run.
    """
    return cast("WorkspaceStore", _OpenedOnce(store))


class _OpenedOnce:
    def __init__(self, store: WorkspaceStore) -> None:
        self._store = store
        self._versions: dict[tuple[str, str], StoredVersion] = {}
        self.root = store.root
        self.required_kinds = store.required_kinds
        self.region = store.region
        self.manifest_readable = store.manifest_readable
        self.entries: tuple[VersionEntry, ...] = store.entries
        self.damages: tuple[Damage, ...] = store.damages

    def open_version(self, entry: VersionEntry) -> StoredVersion:
        """The version, the same object each time; one that cannot be opened is tried again."""
        key = (entry.layer, entry.version)
        if key not in self._versions:
            self._versions[key] = self._store.open_version(entry)
        return self._versions[key]
