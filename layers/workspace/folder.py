"""A workspace in a folder: safe to copy, read without writing, changed by renames only."""

from __future__ import annotations

import hashlib
import time
from contextlib import contextmanager
from dataclasses import replace as changed
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layers.errors import LayerExistsError, NotAWorkspaceError
from layers.workspace.canonical_json import canonical_json
from layers.workspace.changes import (
    VERDICTS,
    changing,
    discard,
    is_there,
    layer_folder,
    move_in,
    next_number,
    refuse_content,
    stage_manifest,
)
from layers.workspace.inventory import LAYERS, Inventory, take_inventory, version_folder
from layers.workspace.lock import LOCK_TIMEOUT_S, writing
from layers.workspace.manifest import MANIFEST, Manifest, read_manifest
from layers.workspace.names import normal_ext, normal_layer_name
from layers.workspace.sources import SOURCES, discard_sources, keep_source, sha256_of, source_pieces
from layers.workspace.staging import clear_staging, new_stage, remove_tree, rename, replace_file, sync_folder
from layers.workspace.store import Damage, VersionEntry
from layers.workspace.verifying import every_damage
from layers.workspace.version import FolderVersion, write_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np

    from layers.workspace.store import WorkspaceStore

__all__ = ["FolderStore"]

_SETTLE_S = 0.02  # a writer's renames lie closer together than this


class FolderStore:
    """
    Versions of layers in a folder (`WorkspaceStore`).

    Opening and reading never write, so a workspace may lie on a read-only disk.
    A store is a picture of the moment it was opened or last wrote; open it again
    to see what others have written since.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "满洲里 核查"
    ...     store = FolderStore.create(path, required_kinds=["red_lines"], region=None)
    ...     entry = store.write_version(
    ...         layer="红线", kind="red_lines", theme="red_lines", role="protective",
    ...         data_date="2024-05-01", valid_from=None, valid_until=None, card={"kind": "red_lines"},
    ...         arrays={"ids": np.arange(3)}, files={}, source=None, replace=False)
    ...     again = FolderStore.open(store.root)
    ...     again.damages, again.open_version(entry).array("ids")[1:].tolist()
    ((), [1, 2])
    """

    def __init__(self, root: Path, *, lock_timeout_s: float) -> None:
        self._root = root
        self._lock_timeout_s = lock_timeout_s
        self._manifest: Manifest | None = None
        self._inventory = Inventory(damages=(), leftovers=())
        self._load()

    @classmethod
    def create(
        cls,
        path: Path | str,
        *,
        required_kinds: Sequence[str],
        region: str | None,
        lock_timeout_s: float = LOCK_TIMEOUT_S,
    ) -> FolderStore:
        """
        Make an empty workspace in a new or empty folder.

        Parameters
        ----------
        path
            The folder; its parents are made as needed.
        required_kinds
            Kinds without which an answer is not complete, each once.
        region
            What the workspace is for, in the caller's words.
        lock_timeout_s
            Seconds to wait for another writer.

        Raises
        ------
        WorkspaceExistsError
            If anything is in the folder.
        ValueError
            If a kind is blank or named twice.
        """
        kinds = tuple(required_kinds)
        if isinstance(required_kinds, str) or not all(kinds) or len(set(kinds)) != len(kinds):
            raise ValueError(f"required kinds are names, each once: {required_kinds!r}")
        root = Path(path).absolute()
        refuse_content(root)
        root.mkdir(parents=True, exist_ok=True)
        with writing(root, timeout_s=lock_timeout_s):
            refuse_content(root)
            clear_staging(root)
            (root / SOURCES).mkdir(exist_ok=True)
            (root / VERDICTS).mkdir(exist_ok=True)
            stage = new_stage(root)
            empty = Manifest(required_kinds=kinds, region=region, sequence=0, entries=())
            replace_file(stage_manifest(stage, empty), root / MANIFEST)
            (root / LAYERS).mkdir(exist_ok=True)  # last: with it alone the folder would be a damaged workspace
            sync_folder(root)
            remove_tree(stage)
        return cls(root, lock_timeout_s=lock_timeout_s)

    @classmethod
    def open(cls, path: Path | str, *, lock_timeout_s: float = LOCK_TIMEOUT_S) -> FolderStore:
        """
        Open a workspace, whatever has become of it.

        Damage is no error here: it is listed in `damages`, and a damaged list
        of layers shows in `manifest_readable`.

        Raises
        ------
        NotAWorkspaceError
            If the folder has neither ``workspace.json`` nor ``layers/``.
        """
        root = Path(path).absolute()
        if not is_there(root / MANIFEST) and not is_there(root / LAYERS):
            raise NotAWorkspaceError(path=root)
        return cls(root, lock_timeout_s=lock_timeout_s)

    @property
    def root(self) -> Path:
        """The workspace's folder."""
        return self._root

    @property
    def name(self) -> str:
        """The folder's name."""
        return self._root.resolve().name

    @property
    def manifest_readable(self) -> bool:
        """Whether ``workspace.json`` is what was written; if not, every kind is unknown."""
        return self._manifest is not None

    @property
    def manifest(self) -> Manifest | None:
        """What ``workspace.json`` says; None where it is unreadable."""
        return self._manifest

    @property
    def required_kinds(self) -> tuple[str, ...]:
        """Kinds as stated at `create`; empty where the manifest is unreadable."""
        return self._manifest.required_kinds if self._manifest else ()

    @property
    def region(self) -> str | None:
        """The region as stated at `create`; None where the manifest is unreadable."""
        return self._manifest.region if self._manifest else None

    @property
    def entries(self) -> tuple[VersionEntry, ...]:
        """Every version, in the order of import; empty where the manifest is unreadable."""
        return self._manifest.entries if self._manifest else ()

    @property
    def damages(self) -> tuple[Damage, ...]:
        """What was found lost or out of place when the store was opened or last wrote."""
        return self._inventory.damages

    def leftovers(self) -> tuple[str, ...]:
        """Folders under ``layers/`` that no version owns (a writer died); `prune` removes them."""
        return self._inventory.leftovers

    @property
    def breaks(self) -> int:
        """How often the folder did not answer: it is not asked."""
        return 0

    def open_version(self, entry: VersionEntry) -> FolderVersion:
        """
        Open a version for reading.

        Raises
        ------
        DamagedVersionError
            If its checksums or its card are not what was written.
        """
        return FolderVersion(version_folder(self._root, entry), entry)

    def source_path(self, entry: VersionEntry) -> Path | None:
        """Where the imported bytes are kept, unchecked; None where none were kept."""
        return None if entry.source is None else self._root / SOURCES / entry.source

    def source_pieces(self, name: str) -> Iterator[bytes]:
        """What ``sources/`` holds under a name, as it is; raises OSError where it cannot be read."""
        return source_pieces(self._root / SOURCES / name)

    def records(self) -> tuple[bytes, ...]:
        """What lies in ``verdicts/``, file by file, as it is; raises OSError where it cannot be read."""
        return tuple(path.read_bytes() for path in sorted((self._root / VERDICTS).rglob("*")) if path.is_file())

    def verify(self) -> tuple[Damage, ...]:
        """Check every byte of every version and source; what is found, `damages` included."""
        return every_damage(self, lambda source: sha256_of(self._root / SOURCES / source))

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
        """
        Add a version, whole or not at all.

        Parameters
        ----------
        layer
            Any text that is not blank; compared in NFC.
        kind, theme, role, data_date, valid_from, valid_until
            Kept as they are.
        card
            Kept as canonical JSON. Its ``kind`` (the same as ``kind``) says which
            answers become unknown should the manifest lose this version.
        arrays
            By name (``pieces/bounds``), with at least one axis; stored little-endian
            in ``index/pieces.bounds.bin``.
        files
            Further files by name, as bytes or copied from a path.
        source
            The imported bytes and their file ending, kept once in ``sources/``.
        replace
            Whether the layer may already be there; its older versions stay.

        Returns
        -------
        entry
            As `entries` then lists it, last.

        Raises
        ------
        LayerExistsError
            If the layer is there and ``replace`` is false.
        WorkspaceBusyError
            If another program is writing.
        ManifestUnreadableError
            If the list of layers is damaged.
        VersionInUseError
            If the disk refuses the last step.
        ValueError, TypeError
            If a name, the card or an array cannot be stored.
        """
        layer = normal_layer_name(layer)
        if card.get("kind", kind) != kind:
            raise ValueError(f"the card says kind {card['kind']!r}, not {kind!r}")
        ext = "" if source is None else normal_ext(source[1])
        own: dict[str, Any] = {"kind": kind, "theme": theme, "role": role, "data_date": data_date}
        own |= {"valid_from": valid_from, "valid_until": valid_until, "sha256": None, "source": None}
        with self._changing() as (manifest, stage):
            if not replace and any(entry.layer == layer for entry in manifest.entries):
                raise LayerExistsError(path=self._root, layer=layer)
            staged = stage / "version"
            staged.mkdir()
            sizes, own["checksums_sha256"] = write_files(staged, card=card, arrays=arrays, files=files)
            own["sizes"] = tuple(sorted(sizes.items()))
            if source is not None:
                own["sha256"] = keep_source(self._root, stage, source[0], ext)
                own["source"] = f"{own['sha256']}.{ext}"
            content = hashlib.sha256(canonical_json({**own, "layer": layer})).hexdigest()
            folder = layer_folder(self._root, manifest, layer)
            entry = VersionEntry(
                **own,
                layer=layer,
                folder=folder,
                version=f"v{next_number(self._root, manifest, folder):04d}-{content[:8]}",
                sequence=manifest.sequence + 1,
            )
            after = changed(manifest, sequence=entry.sequence, entries=(*manifest.entries, entry))
            staged_manifest = stage_manifest(stage, after)
            moved = move_in(self._root, stage, staged, entry)
            try:
                replace_file(staged_manifest, self._root / MANIFEST)
            except BaseException:
                if staged_manifest.exists():  # the new list is not in place, so its version must not be either
                    rename(moved, stage / "taken-back")
                raise
        return entry

    def prune(self, keep: Callable[[VersionEntry], bool]) -> tuple[VersionEntry, ...]:
        """
        Remove versions that ``keep`` is false for, leftovers, and sources nothing refers to any more.

        Returns
        -------
        removed
            The versions that are no longer listed.

        Raises
        ------
        VersionInUseError
            If a folder could not be moved since a program has a file of it open.
            It is a leftover then, and its kind unknown until it is pruned again.
        WorkspaceBusyError, ManifestUnreadableError
            As for `write_version`.
        """
        with self._changing() as (manifest, stage):
            kept = tuple(entry for entry in manifest.entries if keep(entry))
            removed = tuple(entry for entry in manifest.entries if entry not in kept)
            if removed:
                staged_manifest = stage_manifest(stage, changed(manifest, entries=kept))
                replace_file(staged_manifest, self._root / MANIFEST)
            discard(self._root, stage, take_inventory(self._root, kept).leftovers)
            discard_sources(self._root, wanted={entry.source for entry in kept})
        return removed

    def _load(self) -> None:
        before: object = None
        for _ in range(5):
            found = read_manifest(self._root)
            if isinstance(found, Manifest):
                self._manifest = found
                self._inventory = take_inventory(self._root, found.entries)
            else:
                self._manifest = None
                damage = Damage(
                    code="manifest_unreadable",
                    layer=None,
                    version=None,
                    kind=None,
                    path=MANIFEST,
                    detail=found,
                )
                self._inventory = Inventory(damages=(damage,), leftovers=())
            now = (self._manifest, self._inventory)
            if not self._inventory.damages or now == before:
                return
            before = now
            time.sleep(_SETTLE_S)  # perhaps a writer is between two renames

    @contextmanager
    def _changing(self) -> Iterator[tuple[Manifest, Path]]:
        try:
            with changing(self._root, timeout_s=self._lock_timeout_s) as (manifest, stage):
                yield manifest, stage
        finally:
            self._load()


if TYPE_CHECKING:
    _conforms: type[WorkspaceStore] = FolderStore
