"""The steps of a change to a workspace, each of which leaves the old state or the new one."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from layers.errors import ManifestUnreadableError, VersionInUseError, WorkspaceExistsError
from layers.workspace.blocks import write_blocks
from layers.workspace.inventory import LAYERS, version_folder
from layers.workspace.lock import LOCK_FILE, writing
from layers.workspace.manifest import (
    MANIFEST,
    Manifest,
    decode_manifest,
    encode_manifest,
    is_version_name,
    read_manifest,
)
from layers.workspace.names import folder_name
from layers.workspace.sources import SOURCES
from layers.workspace.staging import STAGING, clear_staging, new_stage, remove_tree, rename, sync_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from layers.workspace.store import VersionEntry

__all__ = [
    "VERDICTS",
    "changing",
    "discard",
    "folder_for",
    "is_there",
    "layer_folder",
    "move_in",
    "next_number",
    "number_after",
    "refuse_content",
    "stage_manifest",
]

VERDICTS = "verdicts"


@contextmanager
def changing(root: Path, *, timeout_s: float) -> Iterator[tuple[Manifest, Path]]:
    """
    Hold the lock; give the manifest, read anew since others may have written, and a staging folder.

    Raises
    ------
    WorkspaceBusyError
        If another writer does not end within ``timeout_s`` seconds.
    ManifestUnreadableError
        If the manifest cannot be trusted.
    """
    with writing(root, timeout_s=timeout_s):
        manifest = read_manifest(root)
        if isinstance(manifest, str):
            raise ManifestUnreadableError(path=root, detail=manifest)
        clear_staging(root)
        stage = new_stage(root)
        try:
            yield manifest, stage
        finally:
            remove_tree(stage)


def stage_manifest(stage: Path, manifest: Manifest) -> Path:
    """Write a manifest into the staging folder; what could not be read back is refused."""
    data = encode_manifest(manifest)
    decode_manifest(data)
    staged = stage / MANIFEST
    write_blocks(staged, [data])
    return staged


def layer_folder(root: Path, manifest: Manifest, layer: str) -> str:
    """Give the folder of a layer; of a new one, a name that no disk takes for one in use."""
    return folder_for(manifest, layer, present=_names_in(root / LAYERS))


def folder_for(manifest: Manifest, layer: str, *, present: Iterable[str]) -> str:
    """Give the folder of a layer; of a new one, a name that no disk takes for one listed or ``present``."""
    for entry in manifest.entries:
        if entry.layer == layer:
            return entry.folder
    return folder_name(layer, taken=[*(entry.folder for entry in manifest.entries), *present])


def next_number(root: Path, manifest: Manifest, folder: str) -> int:
    """Give the number of a layer's next version, higher than any that is listed or lies there."""
    return number_after(manifest, folder, present=_names_in(root / LAYERS / folder))


def number_after(manifest: Manifest, folder: str, *, present: Iterable[str]) -> int:
    """Give the number of a layer's next version, higher than any that is listed or ``present`` in its folder."""
    names = [entry.version for entry in manifest.entries if entry.folder == folder]
    names += filter(is_version_name, present)
    return 1 + max((int(name[1:].split("-")[0]) for name in names), default=0)


def move_in(root: Path, stage: Path, staged: Path, entry: VersionEntry) -> Path:
    """Rename a finished version to its place; give what was moved: the version or its layer's folder."""
    target = version_folder(root, entry)
    target.parent.parent.mkdir(exist_ok=True)
    if not target.parent.exists():  # the layer's folder comes with its version: never empty, however we die
        (stage / "layer").mkdir()
        staged = staged.rename(stage / "layer" / entry.version).parent
        target = target.parent
    sync_tree(staged)
    _move(root, staged, target)
    return target


def discard(root: Path, stage: Path, leftovers: Sequence[str]) -> None:
    """Remove folders that no version owns and that are ours by their names; a user's own stay."""
    for inside in leftovers:
        folder = root / inside
        is_layer = inside.count("/") == 1
        versions = [path for path in folder.iterdir() if path.is_dir()] if is_layer else [folder]
        ours = [path for path in versions if is_version_name(path.name)]
        whole = len(ours) == len(versions) and (bool(ours) or not _names_in(folder))
        for path in [folder] if whole else ours:
            _move(root, path, stage / f"discarded-{len(_names_in(stage))}")


def refuse_content(root: Path) -> None:
    """
    Allow a new workspace where nothing is, or what a `create` that died has left.

    Raises
    ------
    WorkspaceExistsError
        If anything else is there.
    """
    if is_there(root) and not root.is_dir():
        raise WorkspaceExistsError(path=root, found=[root.name])
    found = sorted(_names_in(root))
    foreign = [name for name in found if name not in {LOCK_FILE, STAGING, SOURCES, VERDICTS}]
    for name in (SOURCES, VERDICTS):
        foreign += [f"{name}/{inside}" for inside in _names_in(root / name)]
    if foreign:
        raise WorkspaceExistsError(path=root, found=foreign)


def is_there(path: Path) -> bool:
    """Whether anything has this name; also where that cannot be asked, which is damage to be found later."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _move(root: Path, source: Path, target: Path) -> None:
    try:
        rename(source, target)
    except OSError as error:
        raise VersionInUseError(path=root, folder=source, detail=str(error)) from error


def _names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []
