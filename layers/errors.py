"""
Errors of ``layers``.

* LayerError
  x WorkspaceError
    + NotAWorkspaceError        (also FileNotFoundError)
    + WorkspaceExistsError      (also FileExistsError)
    + WorkspaceBusyError        (also TimeoutError)
    + ManifestUnreadableError
    + LayerExistsError          (also FileExistsError)
    + VersionInUseError         (also PermissionError)
  x DamagedVersionError
  x ImportRefusedError
    + CoverageError             (also ValueError)
    + EmptyLayerError           (also ValueError)
    + ExpectationError          (also ValueError)
    + ImportOptionError         (also ValueError)
  x FieldAliasError             (also ValueError)
  x RoleError                   (also ValueError)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from layers.workspace.store import VersionEntry

__all__ = [
    "CoverageError",
    "DamagedVersionError",
    "EmptyLayerError",
    "ExpectationError",
    "FieldAliasError",
    "ImportOptionError",
    "ImportRefusedError",
    "LayerError",
    "LayerExistsError",
    "ManifestUnreadableError",
    "NotAWorkspaceError",
    "RoleError",
    "VersionInUseError",
    "WorkspaceBusyError",
    "WorkspaceError",
    "WorkspaceExistsError",
]


class LayerError(Exception):
    """Base of every error that ``layers`` raises on wrong data."""

    def __reduce__(self) -> tuple[object, ...]:
        # worker processes hand errors back by pickle, which by itself knows positional arguments only
        return (_rebuilt, (type(self), self.args, self.__dict__))


def _rebuilt(cls: type[LayerError], args: tuple[object, ...], facts: dict[str, object]) -> LayerError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(facts)
    return error


class WorkspaceError(LayerError):
    """Base of what can go wrong with a workspace as a whole; ``path`` is its folder."""

    def __init__(self, message: str, *, path: Path) -> None:
        super().__init__(message)
        self.path = path


class NotAWorkspaceError(WorkspaceError, FileNotFoundError):
    """The folder holds neither ``workspace.json`` nor ``layers/``."""

    def __init__(self, *, path: Path) -> None:
        super().__init__(
            f"{path} is not a workspace: it holds neither workspace.json nor layers/; "
            "name another folder, or create a workspace there",
            path=path,
        )


class WorkspaceExistsError(WorkspaceError, FileExistsError):
    """A workspace is to be created where something already is; ``found`` names some of it."""

    def __init__(self, *, path: Path, found: Sequence[str]) -> None:
        shown = ", ".join(found[:5]) + (", ..." if len(found) > 5 else "")
        super().__init__(
            f"{path} is not empty ({shown}); open it if it is a workspace, or name a new folder", path=path
        )
        self.found = tuple(found)


class WorkspaceBusyError(WorkspaceError, TimeoutError):
    """Another program is writing to the workspace, or it cannot be locked; ``waited_s`` in seconds."""

    def __init__(self, *, path: Path, waited_s: float, detail: str = "another program is writing to it") -> None:
        super().__init__(
            f"{path} could not be locked within {waited_s:g} s: {detail}; nothing was changed. "
            "Wait until the other program ends and try again (a program that has died keeps no lock)",
            path=path,
        )
        self.waited_s = waited_s
        self.detail = detail


class ManifestUnreadableError(WorkspaceError):
    """``workspace.json`` is lost, damaged or of another format version, so nothing may be written."""

    def __init__(self, *, path: Path, detail: str) -> None:
        super().__init__(
            f"{path}: workspace.json cannot be trusted ({detail}), so nothing was changed; put back an "
            "intact copy of the workspace, or create a new one and import the files of sources/ again",
            path=path,
        )
        self.detail = detail


class LayerExistsError(WorkspaceError, FileExistsError):
    """A layer of this name is there already and replacing it was not asked for."""

    def __init__(self, *, path: Path, layer: str) -> None:
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


class ImportRefusedError(LayerError):
    """Base of what keeps a file from becoming a layer; ``detail`` says what, ``remedy`` what to do."""

    def __init__(self, *, detail: str, remedy: str) -> None:
        super().__init__(f"{detail}; {remedy}")
        self.detail = detail
        self.remedy = remedy


class CoverageError(ImportRefusedError, ValueError):
    """The coverage stated at import cannot be one."""


class EmptyLayerError(ImportRefusedError, ValueError):
    """The file holds no feature, and no authority was named that declares there is none."""


class ExpectationError(ImportRefusedError, ValueError):
    """Number or area of the features is not what the user expects of the file."""


class ImportOptionError(ImportRefusedError, ValueError):
    """Options of an import that contradict each other or the kind."""


class FieldAliasError(LayerError, ValueError):
    """A user's file of field names cannot be used; ``table`` is the meaning at fault (None: the whole file)."""

    def __init__(self, *, path: object, table: str | None, detail: str) -> None:
        where = f"{path}" if table is None else f"{path}, [{table}]"
        super().__init__(f"{where}: {detail}; its shape is that of layers/fields.toml")
        self.path = path
        self.table = table
        self.detail = detail


class RoleError(LayerError, ValueError):
    """A layer of kind ``other`` needs a role; every other kind has its own."""

    def __init__(self, *, kind: str, role: str | None) -> None:
        if role is None:
            remedy = "say whether it is protective or context"
        else:
            remedy = f"it cannot be given ({role}); only a layer of kind other is given one"
        super().__init__(f"role of a layer of kind {kind}: {remedy}")
        self.kind = kind
        self.role = role
