"""What a workspace store is: its values, and the interface that a database could stand behind too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy as np

    from layers.workspace.address import DatabaseAddress
    from layers.workspace.blocks import CheckedArray
    from layers.workspace.manifest import Manifest

__all__ = ["DAMAGE_CODES", "Damage", "StoredVersion", "VersionEntry", "WorkspaceStore"]

DAMAGE_CODES = (
    "manifest_unreadable",  # workspace.json lost, cut, altered or of another format
    "layers_unreadable",  # a folder that cannot be listed
    "folder_not_named",  # a folder under layers/ that the manifest does not know
    "version_missing",  # a version the manifest names and the disk does not have
    "file_missing",  # a file of a version lost
    "file_size",  # a file of a version shorter or longer than written
    "version_damaged",  # bytes that differ; found by `verify` only
    "source_missing",  # a copy of imported bytes lost; found by `verify` only
    "source_damaged",  # a copy of imported bytes altered; found by `verify` only
)


@dataclass(frozen=True, kw_only=True)
class VersionEntry:
    """
    One stored version of a layer, as the manifest knows it.

    Attributes
    ----------
    layer
        The layer's name, NFC.
    folder
        The folder of the layer under ``layers/``; ``version`` is the folder inside it.
    version
        ``v0001-`` and 8 hex digits of the content.
    kind, theme, role
        What the layer is, as words that the store keeps and does not understand.
    data_date, valid_from, valid_until
        ISO dates as given, None where nothing is stated.
    sequence
        Place in the order of import within the workspace, from 1; never used twice.
    sha256
        Of the imported bytes kept in ``sources/``; None where none were kept.
    source
        Name of that file in ``sources/``; None where none was kept.
    sizes
        (name, bytes) of every file of the version, sorted by name.
    checksums_sha256
        SHA-256 of ``checksums.json``, from which everything else is checked.
    """

    layer: str
    folder: str
    version: str
    kind: str
    theme: str
    role: str
    data_date: str | None
    valid_from: str | None
    valid_until: str | None
    sequence: int
    sha256: str | None
    source: str | None
    sizes: tuple[tuple[str, int], ...]
    checksums_sha256: str


@dataclass(frozen=True, kw_only=True)
class Damage:
    """
    Something lost or altered in a workspace, and whose answers that makes unknown.

    Attributes
    ----------
    code
        One of `DAMAGE_CODES`.
    layer, version
        What is damaged; None where that cannot be told.
    kind
        The kind whose answers become unknown; None: every kind.
    path
        Inside the workspace, with ``/``.
    detail
        What was found, in English, for the log.
    """

    code: str
    layer: str | None
    version: str | None
    kind: str | None
    path: str
    detail: str


class StoredVersion(Protocol):
    """A version opened for reading; everything it hands out has been checked against what was written."""

    @property
    def entry(self) -> VersionEntry:
        """The manifest's words on it."""

    @property
    def card(self) -> dict[str, Any]:
        """The card as it was given, a fresh copy each time."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the arrays, sorted."""

    def array(self, name: str) -> CheckedArray:
        """Open an array; bytes are checked when they are touched."""

    def read(self, name: str) -> bytes:
        """Read a whole file, checked."""

    def pieces(self, name: str) -> Iterator[bytes]:
        """Read a whole file in blocks, each checked before it is given."""

    def verify(self) -> None:
        """Check every byte of every file."""


class WorkspaceStore(Protocol):
    """List, open, write and remove versions of layers, in a folder (`FolderStore`) or a database (`PostgresStore`)."""

    @property
    def root(self) -> Path | DatabaseAddress:
        """Where the workspace lies; named in errors. A database's password is never in its text."""

    @property
    def name(self) -> str:
        """What people call the workspace: the name of its folder or schema."""

    @property
    def required_kinds(self) -> tuple[str, ...]:
        """Kinds a full answer needs; empty where the manifest is unreadable."""

    @property
    def region(self) -> str | None:
        """The region the workspace is for, as given."""

    @property
    def manifest_readable(self) -> bool:
        """Whether the list of layers can be trusted."""

    @property
    def manifest(self) -> Manifest | None:
        """The list of layers as a whole; None where it cannot be trusted."""

    @property
    def entries(self) -> tuple[VersionEntry, ...]:
        """Every version, in the order of import."""

    @property
    def damages(self) -> tuple[Damage, ...]:
        """What was found lost or out of place when the store was opened."""

    @property
    def breaks(self) -> int:
        """
        How often the place did not answer since the store was opened; always 0 of a folder.

        What was read meanwhile is not known to be damaged: who keeps answers asks again.
        """

    def open_version(self, entry: VersionEntry) -> StoredVersion:
        """Open a version; raises `DamagedVersionError` where it is not what was written."""

    def write_version(
        self,
        *,
        layer: str,
        kind: str,
        theme: str,
        role: str,
        data_date: str | None,
        valid_from: str | None,
        valid_until: str | None,
        card: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray[Any, Any]],
        files: Mapping[str, Path | bytes],
        source: tuple[bytes | Path, str] | None,
        replace: bool,
    ) -> VersionEntry:
        """Add a version, whole or not at all."""

    def source_pieces(self, name: str) -> Iterator[bytes]:
        """The imported bytes that a version names as its source, in order, unchecked; raises OSError without them."""

    def records(self) -> Sequence[bytes]:
        """What is kept of checked sites, to look for the versions named in it; raises OSError where it is not read."""

    def leftovers(self) -> tuple[str, ...]:
        """Name folders that no version owns."""

    def prune(self, keep: Callable[[VersionEntry], bool]) -> tuple[VersionEntry, ...]:
        """Remove the versions that ``keep`` is false for, and leftovers."""

    def verify(self) -> Sequence[Damage]:
        """Check every byte of everything."""
