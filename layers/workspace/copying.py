"""A workspace carried to another place: every byte of it, checked on both sides, whole or not at all."""

from __future__ import annotations

import hashlib
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from layers.errors import CopyRefusedError, DamagedVersionError, WorkspaceExistsError
from layers.workspace.blocks import write_blocks
from layers.workspace.changes import VERDICTS, is_there
from layers.workspace.folder import FolderStore
from layers.workspace.inventory import LAYERS, version_folder
from layers.workspace.lock import LOCK_FILE
from layers.workspace.manifest import MANIFEST, encode_manifest
from layers.workspace.opening import open_workspace, place_of
from layers.workspace.sources import SOURCES, source_pieces
from layers.workspace.staging import remove_tree, rename, sync_tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layers.workspace.address import DatabaseAddress
    from layers.workspace.manifest import Manifest
    from layers.workspace.store import Damage, VersionEntry, WorkspaceStore

__all__ = ["copy_workspace"]

_MOST_NAMED = 3


def copy_workspace(
    source: WorkspaceStore, target: Path | str | DatabaseAddress, *, register: Sequence[Path] = ()
) -> WorkspaceStore:
    """
    Carry a workspace from a folder to a database, back, or to another of its sort.

    Use it to begin sharing a workspace, or to take one home. Versions keep their names, digests and order, so that
    answers, certificates and registers hold there as they did here.

    Parameters
    ----------
    source
        Open; what it lists is copied, whatever others write meanwhile.
    target
        A folder that is not there or empty, or a schema in which nothing is.
    register
        The files of the register of checked sites (`screening.register.copying.register_files`); nothing else may lie
        in ``verdicts/`` of a folder.

    Returns
    -------
    copy
        Open; every byte of it was read back and found to be what was written.

    Raises
    ------
    CopyRefusedError
        If anything is damaged on either side, or cannot lie there.
    WorkspaceExistsError
        If something is at the target already.
    DamagedVersionError
        If a version is lost in the middle; then, and after every other error, nothing is at the target.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     one = FolderStore.create(Path(folder) / "one", required_kinds=["red_lines"], region=None)
    ...     other = copy_workspace(one, Path(folder) / "other")
    ...     other.required_kinds, other.verify()
    (('red_lines',), ())
    """
    place = place_of(target)
    if isinstance(place, Path):
        place = place.absolute()
        if isinstance(source.root, Path) and place.resolve().is_relative_to(source.root.resolve()):
            remedy = "name a folder outside"
            raise CopyRefusedError(path=place, detail="it lies in the workspace itself", remedy=remedy)
        _require_nothing_at(place)
    manifest = _whole(source, {path.name for path in register})
    if isinstance(place, Path):
        _into_folder(source, manifest, place, register)
    else:
        _into_schema(source, manifest, place, register)
    return open_workspace(place)


def _whole(source: WorkspaceStore, known: set[str]) -> Manifest:
    """The list of a workspace in which nothing is damaged, lost or over."""
    damages = source.verify()
    manifest = source.manifest
    if damages or manifest is None:
        remedy = "put back an intact copy, or drop what is damaged and import it again, then copy"
        raise CopyRefusedError(path=source.root, detail=_named(damages), remedy=remedy)
    if isinstance(source.root, Path):
        kept = source.root / VERDICTS
        over = [p.relative_to(kept).as_posix() for p in sorted(kept.rglob("*")) if p.is_file()]
        over = [name for name in over if name not in known | {LOCK_FILE}]
        if over:
            detail = f"{VERDICTS}/ holds what is not of the register ({', '.join(over[:_MOST_NAMED])})"
            raise CopyRefusedError(path=source.root, detail=detail, remedy="move it elsewhere, then copy")
    elif not known and source.records():
        detail, remedy = "it holds a register that was not given", "copy it with sanxian copy"
        raise CopyRefusedError(path=source.root, detail=detail, remedy=remedy)
    return manifest


def _named(damages: Sequence[Damage]) -> str:
    more = f" and {len(damages) - _MOST_NAMED} more" if len(damages) > _MOST_NAMED else ""
    return "; ".join(f"{d.code} {d.path}: {d.detail}" for d in damages[:_MOST_NAMED]) + more


def _require_nothing_at(root: Path) -> None:
    if is_there(root):
        found = sorted(path.name for path in root.iterdir()) if root.is_dir() else [root.name]
        if found:
            raise WorkspaceExistsError(path=root, found=found)


def _put_files(source: WorkspaceStore, entry: VersionEntry, folder: Path, *, durable: bool) -> None:
    """The files of a version, each block of them checked as it is read."""
    version = source.open_version(entry)
    for name, _ in entry.sizes:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_blocks(path, version.pieces(name), durable=durable)


def _sources(manifest: Manifest) -> dict[str, str | None]:
    return {entry.source: entry.sha256 for entry in manifest.entries if entry.source is not None}


def _into_folder(source: WorkspaceStore, manifest: Manifest, root: Path, register: Sequence[Path]) -> None:
    """Written beside its place, and moved there in one step."""
    root.parent.mkdir(parents=True, exist_ok=True)
    staged = root.parent / f".sanxian-{uuid.uuid4().hex[:12]}"
    staged.mkdir()
    try:
        for inside in (LAYERS, SOURCES, VERDICTS):
            (staged / inside).mkdir()
        for entry in manifest.entries:
            _put_files(source, entry, version_folder(staged, entry), durable=True)
        for name in _sources(manifest):
            write_blocks(staged / SOURCES / name, source.source_pieces(name))
        for path in register:
            write_blocks(staged / VERDICTS / path.name, source_pieces(path))
            if _sha256(staged / VERDICTS / path.name) != _sha256(path):
                raise _differs(root, f"{VERDICTS}/{path.name}")
        write_blocks(staged / MANIFEST, [encode_manifest(manifest)])
        made = FolderStore.open(staged)
        damages = made.verify()
        if damages or made.manifest != manifest:
            raise _differs(root, _named(damages) or MANIFEST)
        sync_tree(staged)
        if is_there(root):
            _clear_way(root)
        rename(staged, root)
    finally:
        remove_tree(staged)


def _clear_way(root: Path) -> None:
    try:
        root.rmdir()
    except OSError as error:
        remedy = "name a folder that is not there yet"
        raise CopyRefusedError(path=root, detail=f"the folder cannot be replaced: {error}", remedy=remedy) from error


def _into_schema(
    source: WorkspaceStore, manifest: Manifest, address: DatabaseAddress, register: Sequence[Path]
) -> None:
    """In one transaction, in which everything is read back before it is kept."""
    from layers.workspace.lock import LOCK_TIMEOUT_S
    from layers.workspace.postgres.contents import manifest_of
    from layers.workspace.postgres.files import DatabaseFiles, PostgresVersion
    from layers.workspace.postgres.filling import put_source, put_version, sha256_of_source
    from layers.workspace.postgres.link import Link
    from layers.workspace.postgres.register import put_register
    from layers.workspace.postgres.tables import lock_key, make_tables, pieces_of

    link = Link(address)
    with link.writing(lock_key(address.schema), timeout_s=LOCK_TIMEOUT_S):
        make_tables(link, encode_manifest(manifest))
        if manifest_of(link) != manifest:
            raise _differs(address, "ws_manifest")
        for entry in manifest.entries:
            with tempfile.TemporaryDirectory(prefix="sanxian-") as folder:
                _put_files(source, entry, Path(folder), durable=False)
                ids = put_version(link, entry, Path(folder), source.open_version(entry).card)
            try:
                PostgresVersion(DatabaseFiles(link, ids, entry), entry).verify()
            except DamagedVersionError as error:
                raise _differs(address, str(error)) from error
        for name, sha256 in _sources(manifest).items():
            with tempfile.TemporaryDirectory(prefix="sanxian-") as folder:
                staged = Path(folder) / "source"
                write_blocks(staged, source.source_pieces(name), durable=False)
                put_source(link, name, pieces_of(staged))
            if sha256_of_source(link, name) != sha256:
                raise _differs(address, f"{SOURCES}/{name}")
        if register and not put_register(link, *register):
            raise _differs(address, "ws_register")


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    for data in source_pieces(path):
        digest.update(data)
    return digest.hexdigest()


def _differs(place: Path | DatabaseAddress, what: str) -> CopyRefusedError:
    detail = f"what was written does not read back as it was: {what}"
    return CopyRefusedError(path=place, detail=detail, remedy="see to that disk or server, then copy again")
