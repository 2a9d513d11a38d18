"""Changing a workspace in one step: prepare beside it, force it to the disk, rename."""

from __future__ import annotations

import os
import shutil
import sys
import time
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = [
    "STAGING",
    "clear_staging",
    "new_stage",
    "remove_tree",
    "rename",
    "replace_file",
    "sync_folder",
    "sync_tree",
]

STAGING = ".staging"
_PATIENCE_S = 2.0  # Windows: a scanner or indexer holds fresh files for a moment


def new_stage(root: Path) -> Path:
    """Make an empty folder inside the workspace, on the same disk, that no reader looks into."""
    stage = root / STAGING / uuid.uuid4().hex
    stage.mkdir(parents=True)
    return stage


def clear_staging(root: Path) -> None:
    """Remove what writers that died have left; the caller holds the lock, so nobody is at work there."""
    staging = root / STAGING
    if staging.is_dir() and not staging.is_symlink():
        for stage in staging.iterdir():
            remove_tree(stage)


def remove_tree(path: Path) -> None:
    """Remove a file or folder; what another program holds open stays until the next writer clears up."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        if path.exists():  # copied from a read-only disk: Windows keeps such files
            for child in path.rglob("*"):
                with suppress(OSError):
                    child.chmod(0o700)
            shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def rename(source: Path, target: Path) -> None:
    """Give a folder its final name; nothing may be there yet."""
    if os.path.lexists(target):
        raise FileExistsError(f"{target} is there already")
    _patiently(lambda: source.rename(target))
    sync_folder(target.parent)


def replace_file(source: Path, target: Path) -> None:
    """Put a finished file in the place of another, in one step."""
    if sys.platform == "win32" and target.exists():
        target.chmod(0o600)  # Windows does not replace a read-only file
    _patiently(lambda: source.replace(target))
    sync_folder(target.parent)


def sync_tree(folder: Path) -> None:
    """Force the entries of a folder and of the folders in it to the disk."""
    for child in folder.iterdir():
        if child.is_dir():
            sync_tree(child)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Force a folder's entries to the disk; Windows does so by itself and knows no such call."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network disks refuse; the rename itself still holds
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _patiently(change: Callable[[], object]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            change()
        except PermissionError:
            if sys.platform != "win32" or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
