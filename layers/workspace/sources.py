"""``sources/``: the imported bytes, each kept once under its SHA-256."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from layers.workspace.blocks import write_blocks
from layers.workspace.staging import replace_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

__all__ = ["SOURCES", "discard_sources", "keep_source", "sha256_of", "source_pieces"]

SOURCES = "sources"
_OURS = re.compile(r"[0-9a-f]{64}\.[a-z0-9.]+\Z")
_COPY_BYTES = 1024 * 1024


def keep_source(root: Path, stage: Path, content: bytes | Path, ext: str) -> str:
    """Copy imported bytes into the workspace, unless an intact copy is there; give their SHA-256."""
    digest = hashlib.sha256()
    staged = stage / "source"
    write_blocks(staged, _digested(content, digest))
    sha256 = digest.hexdigest()
    target = root / SOURCES / f"{sha256}.{ext}"
    if sha256_of(target) != sha256:
        target.parent.mkdir(exist_ok=True)
        replace_file(staged, target)
    return sha256


def discard_sources(root: Path, *, wanted: Collection[str | None]) -> None:
    """Remove copies that no version refers to; what another program holds open stays till the next time."""
    for path in (root / SOURCES).glob("*"):
        if _OURS.match(path.name) and path.name not in wanted and path.is_file():
            with suppress(OSError):
                path.unlink()


def sha256_of(path: Path) -> str | None:
    """Give the SHA-256 of a file; None where it cannot be read."""
    digest = hashlib.sha256()
    try:
        for _ in _digested(path, digest):
            pass
    except OSError:
        return None
    return digest.hexdigest()


def source_pieces(path: Path) -> Iterator[bytes]:
    """Read a file piece by piece; raises OSError where it cannot be read."""
    with path.open("rb") as file:
        while data := file.read(_COPY_BYTES):
            yield data


def _digested(content: bytes | Path, digest: Any) -> Iterator[bytes]:
    if isinstance(content, bytes):
        digest.update(content)
        yield content
        return
    for data in source_pieces(content):
        digest.update(data)
        yield data
