"""The workspace: versions of layers in a folder or a database, every byte of which is checked before it is believed."""

from layers.workspace.address import DatabaseAddress, is_database
from layers.workspace.blocks import CheckedArray
from layers.workspace.folder import FolderStore
from layers.workspace.opening import create_workspace, open_workspace
from layers.workspace.store import DAMAGE_CODES, Damage, StoredVersion, VersionEntry, WorkspaceStore

__all__ = [
    "DAMAGE_CODES",
    "CheckedArray",
    "Damage",
    "DatabaseAddress",
    "FolderStore",
    "StoredVersion",
    "VersionEntry",
    "WorkspaceStore",
    "create_workspace",
    "is_database",
    "open_workspace",
]
