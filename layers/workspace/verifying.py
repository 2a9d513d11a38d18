"""Reading every byte of a workspace, to find what answers would only find on touch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layers.errors import DamagedVersionError
from layers.workspace.inventory import LAYERS
from layers.workspace.sources import SOURCES
from layers.workspace.store import Damage

if TYPE_CHECKING:
    from collections.abc import Callable

    from layers.workspace.store import VersionEntry, WorkspaceStore

__all__ = ["every_damage"]


def every_damage(store: WorkspaceStore, sha256_of_source: Callable[[str], str | None]) -> tuple[Damage, ...]:
    """
    Check every byte of every version and source of a store.

    Parameters
    ----------
    store
        Its ``damages`` come first; versions named in them are not read again.
    sha256_of_source
        SHA-256 of a source by its name; None where it cannot be read.
    """
    found = list(store.damages)
    said = {(damage.layer, damage.version) for damage in found}
    for entry in store.entries:
        if (entry.layer, entry.version) not in said:
            try:
                store.open_version(entry).verify()
            except DamagedVersionError as error:
                path = f"{LAYERS}/{entry.folder}/{entry.version}/{error.file}"
                block = "" if error.block is None else f"block {error.block}: "
                found.append(_damage("version_damaged", entry, path, f"{block}{error.detail}"))
        if entry.source is not None:
            inside, digest = f"{SOURCES}/{entry.source}", sha256_of_source(entry.source)
            if digest is None:
                found.append(_damage("source_missing", entry, inside, "it cannot be read"))
            elif digest != entry.sha256:
                found.append(_damage("source_damaged", entry, inside, "its digest differs"))
    return tuple(found)


def _damage(code: str, entry: VersionEntry, path: str, detail: str) -> Damage:
    return Damage(code=code, layer=entry.layer, version=entry.version, kind=entry.kind, path=path, detail=detail)
