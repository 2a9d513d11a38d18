"""Errors of a workspace as a whole, and of versions stored in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layers.errors.base import LayerError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from layers.workspace.address import DatabaseAddress
    from layers.workspace.store import VersionEntry

__all__ = [
    "CopyRefusedError",
    "DamagedVersionError",
    "LayerExistsError",
    "ManifestUnreadableError",
    "NotAWorkspaceError",
    "VersionInUseError",
    "WorkspaceBusyError",
    "WorkspaceError",
    "WorkspaceExistsError",
]


class WorkspaceError(LayerError):
    """Base of what can go wrong with a workspace as a whole; ``path`` is its folder, or where its database lies."""

    def __init__(self, message: str, *, path: Path | DatabaseAddress) -> None:
        super().__init__(message)
        self.path = path


class NotAWorkspaceError(WorkspaceError, FileNotFoundError):
    """The folder holds neither ``workspace.json`` nor ``layers/``, or a database no such schema; ``lacks`` says it."""

    def __init__(
        self,
        *,
        path: Path | DatabaseAddress,
        lacks: str = "it holds neither workspace.json nor layers/",
        other: str = "another folder",
    ) -> None:
        super().__init__(
            f"{path} is not a workspace: {lacks}; name {other}, or create a workspace there",
            path=path,
        )
        self.lacks = lacks


class WorkspaceExistsError(WorkspaceError, FileExistsError):
    """A workspace is to be created where something already is; ``found`` names some of it."""

    def __init__(self, *, path: Path | DatabaseAddress, found: Sequence[str], other: str = "a new folder") -> None:
        shown = ", ".join(found[:5]) + (", ..." if len(found) > 5 else "")
        super().__init__(f"{path} is not empty ({shown}); open it if it is a workspace, or name {other}", path=path)
        self.found = tuple(found)


class WorkspaceBusyError(WorkspaceError, TimeoutError):
    """Another program is writing to the workspace, or it cannot be locked; ``waited_s`` in seconds."""

    def __init__(
        self, *, path: Path | DatabaseAddress, waited_s: float, detail: str = "another program is writing to it"
    ) -> None:
        super().__init__(
            f"{path} could not be locked within {waited_s:g} s: {detail}; nothing was changed. "
            "Wait until the other program ends and try again (a program that has died keeps no lock)",
            path=path,
        )
        self.waited_s = waited_s
        self.detail = detail


class ManifestUnreadableError(WorkspaceError):
    """``workspace.json`` is lost, damaged or of another format version, so nothing may be written."""

    def __init__(self, *, path: Path | DatabaseAddress, detail: str) -> None:
        super().__init__(
            f"{path}: workspace.json cannot be trusted ({detail}), so nothing was changed; put back an "
            "intact copy of the workspace, or create a new one and import the files of sources/ again",
            path=path,
        )
        self.detail = detail


class CopyRefusedError(WorkspaceError):
    """A workspace is not copied; ``path`` is the side at fault, ``detail`` what is wrong, ``remedy`` what to do."""

    def __init__(self, *, path: Path | DatabaseAddress, detail: str, remedy: str) -> None:
        super().__init__(f"{path}: {detail}; nothing was copied: {remedy}", path=path)
        self.detail = detail
        self.remedy = remedy


class LayerExistsError(WorkspaceError, FileExistsError):
    """A layer of this name is there already and replacing it was not asked for."""

    def __init__(self, *, path: Path | DatabaseAddress, layer: str) -> None:
        super().__init__(
            f"{path} already has a layer {layer!r}; choose another name, or say that it is a new version (replace)",
            path=path,
        )
        self.layer = layer


class VersionInUseError(WorkspaceError, PermissionError):
    """A folder could not be moved since another program has a file of it open; ``folder`` names it."""

    def __init__(self, *, path: Path, folder: Path, detail: str) -> None:
        super().__init__(
            f"{folder} could not be moved ({detail}); close the program that has a file of it open "
            "(QGIS, ArcGIS, a virus scanner) and try again",
            path=path,
        )
        self.folder = folder
        self.detail = detail


class DamagedVersionError(LayerError):
    """
    A file of a stored version is lost or differs from what was written.

    ``entry`` is the version, ``file`` the name inside its folder and ``block``
    the number of the 64 KiB block that differs (None: the file as a whole).
    """

    def __init__(self, *, entry: VersionEntry, file: str, block: int | None, detail: str) -> None:
        where = file if block is None else f"{file}, block {block}"
        super().__init__(
            f"layer {entry.layer!r}, version {entry.version}: {where} is damaged ({detail}); "
            "its answers are unknown. Import the source again (replace), or put back an intact copy"
        )
        self.entry = entry
        self.file = file
        self.block = block
        self.detail = detail
