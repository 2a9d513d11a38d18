"""Comparing what a manifest names with what lies on the disk; reads no data, only sizes."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from layers.workspace.names import fold
from layers.workspace.store import Damage
from layers.workspace.version import FolderFiles, read_loose_card

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from layers.workspace.store import VersionEntry

__all__ = ["LAYERS", "Inventory", "take_inventory", "unnamed_damage", "version_folder"]

LAYERS = "layers"


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """
    What was found beside and against the manifest.

    Attributes
    ----------
    damages
        Everything out of place, in the order of paths.
    leftovers
        Folders that no version owns, inside the workspace, with ``/``: layer
        folders, or version folders of a layer that is named.
    """

    damages: tuple[Damage, ...]
    leftovers: tuple[str, ...]


def version_folder(root: Path, entry: VersionEntry) -> Path:
    """Give the folder that holds a version."""
    return root / LAYERS / entry.folder / entry.version


def take_inventory(root: Path, entries: Iterable[VersionEntry]) -> Inventory:
    """Look for named things that are missing or of another size, and for folders that are not named."""
    entries = tuple(entries)
    damages: list[Damage] = []
    leftovers: list[str] = []
    versions: dict[str, set[str]] = {}
    for entry in entries:
        versions.setdefault(entry.folder, set()).add(entry.version)
        damages += _missing(root, entry)
    try:
        for layer_folder in _unnamed(root / LAYERS, versions):
            leftovers.append(f"{LAYERS}/{layer_folder}")
            damages += _unnamed_layer(root, layer_folder)
        for folder, named in sorted(versions.items()):
            for version in _unnamed(root / LAYERS / folder, named):
                path = f"{LAYERS}/{folder}/{version}"
                leftovers.append(path)
                damages.append(_unnamed_version(root, path))
    except OSError as error:
        damages.append(
            Damage(
                code="layers_unreadable", layer=None, version=None, kind=None, path=LAYERS,
                detail=f"{type(error).__name__}: {error.strerror or error}",
            )
        )  # fmt: skip
    return Inventory(damages=tuple(damages), leftovers=tuple(leftovers))


def _missing(root: Path, entry: VersionEntry) -> list[Damage]:
    folder = version_folder(root, entry)
    inside = f"{LAYERS}/{entry.folder}/{entry.version}"

    def damage(code: str, path: str, detail: str) -> Damage:
        return Damage(code=code, layer=entry.layer, version=entry.version, kind=entry.kind, path=path, detail=detail)

    if not os.path.isdir(folder):  # noqa: PTH112 - is_dir() raises where a folder may not be entered
        return [damage("version_missing", inside, "the manifest names it")]
    found: list[Damage] = []
    for name, size in entry.sizes:
        try:
            status = os.stat(f"{folder}/{name}")  # noqa: PTH116 - there are many, and Path is slow
        except OSError as error:
            found.append(damage("file_missing", f"{inside}/{name}", error.strerror or str(error)))
            continue
        if not stat.S_ISREG(status.st_mode):
            found.append(damage("file_missing", f"{inside}/{name}", "not a file"))
        elif status.st_size != size:
            detail = f"{status.st_size} bytes, {size} were written"
            found.append(damage("file_size", f"{inside}/{name}", detail))
    return found


def _unnamed(parent: Path, named: Iterable[str]) -> list[str]:
    """Folders in ``parent`` that are not those named, on disks too that ignore case or store NFD."""
    expected = {fold(name): name for name in named}
    found = []
    try:
        with os.scandir(parent) as listing:
            for item in listing:
                if not item.is_dir():
                    continue
                name = expected.get(fold(item.name))
                if name is None or (item.name != name and not _is_same(parent / item.name, parent / name)):
                    found.append(item.name)
    except (FileNotFoundError, NotADirectoryError):
        return []  # nothing lies there; what is named in it is missing and has been said so
    return sorted(found)


def _is_same(first: Path, second: Path) -> bool:
    try:
        return os.path.samefile(first, second)  # noqa: PTH121 - both may have vanished
    except OSError:
        return False


def _unnamed_layer(root: Path, layer_folder: str) -> list[Damage]:
    inside = f"{LAYERS}/{layer_folder}"
    versions = _unnamed(root / inside, ())
    if not versions:
        return [_folder_damage(inside, None, None, None)]
    return [_unnamed_version(root, f"{inside}/{version}") for version in versions]


def _unnamed_version(root: Path, inside: str) -> Damage:
    return unnamed_damage(inside, read_loose_card(FolderFiles(root / inside)))


def unnamed_damage(inside: str, card: dict[str, Any] | None) -> Damage:
    """Give the damage of a version that no manifest names; ``card`` is its card, None where that cannot be trusted."""
    kind, name = (card or {}).get("kind"), (card or {}).get("name")
    return _folder_damage(
        inside,
        name if isinstance(name, str) else None,
        inside.rsplit("/", 1)[1],
        kind if isinstance(kind, str) else None,
    )


def _folder_damage(path: str, layer: str | None, version: str | None, kind: str | None) -> Damage:
    detail = "the manifest does not name it"
    return Damage(
        code="folder_not_named",
        layer=layer,
        version=version,
        kind=kind,
        path=path.encode("utf-8", "backslashreplace").decode("utf-8"),  # some disks hold names that are no text
        detail=detail if kind else f"{detail}, nor can its card be read",
    )
