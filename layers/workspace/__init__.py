"""The workspace: versions of layers in one folder, every byte of which is checked before it is believed."""

from layers.workspace.blocks import CheckedArray
from layers.workspace.folder import FolderStore
from layers.workspace.store import DAMAGE_CODES, Damage, StoredVersion, VersionEntry, WorkspaceStore

__all__ = [
    "DAMAGE_CODES",
    "CheckedArray",
    "Damage",
    "FolderStore",
    "StoredVersion",
    "VersionEntry",
    "WorkspaceStore",
]
