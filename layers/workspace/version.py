"""One version: written file by file, read back against its checksums, wherever its files lie."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from layers.errors import DamagedVersionError
from layers.workspace.blocks import (
    BLOCK_BYTES,
    DIGEST_BYTES,
    CheckedArray,
    FileBlocks,
    block_count,
    blocks_of,
    digest_of_block,
    read_whole,
    stored_dtype,
    write_blocks,
)
from layers.workspace.canonical_json import canonical_json, parse_json
from layers.workspace.checksums import BLOCK_DIGESTS, CARD, CHECKSUMS, FORMAT_VERSION, WHOLE, decode_checksums
from layers.workspace.manifest import MAX_JSON_BYTES
from layers.workspace.names import fold, is_plain_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from layers.workspace.blocks import BlockSource
    from layers.workspace.store import VersionEntry

__all__ = [
    "CheckedVersion",
    "FolderFiles",
    "FolderVersion",
    "VersionFiles",
    "read_loose_card",
    "write_files",
]

INDEX = "index"
_ARRAY_NAME = re.compile(r"[a-z0-9][a-z0-9_]*(/[a-z0-9][a-z0-9_]*)*\Z")
_COPY_BYTES = 1024 * 1024


def write_files(
    folder: Path,
    *,
    card: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray[Any, Any]],
    files: Mapping[str, Path | bytes],
    durable: bool = True,
) -> tuple[dict[str, int], str]:
    """
    Write all files of a version into an empty folder, which is to outlive a power cut unless not ``durable``.

    Returns
    -------
    sizes, checksums_sha256
        Bytes of every file by name, and the SHA-256 of ``checksums.json``.

    Raises
    ------
    ValueError
        If a name is not one of ours or two files share one, an array has no
        axis, or the card has numbers JSON does not know.
    TypeError
        If an array's type differs between machines, or the card is not JSON.
    """
    named = {name: _array_file(name) for name in sorted(arrays)}
    _check_names([CARD, CHECKSUMS, BLOCK_DIGESTS, *named.values(), *files])
    if any(name.startswith(INDEX + "/") for name in files):
        raise ValueError(f"the folder {INDEX}/ holds the arrays only")
    card_bytes = canonical_json(dict(card))
    (folder / INDEX).mkdir()
    listed: dict[str, dict[str, Any]] = {}
    described: dict[str, dict[str, Any]] = {}
    digests: list[bytes] = []

    def write(name: str, chunks: Iterator[bytes | memoryview]) -> None:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        size, own = write_blocks(path, chunks, durable=durable)
        listed[name] = {"size": size, "first_block": sum(map(len, digests)) // DIGEST_BYTES}
        digests.append(own)

    for name in sorted(files):
        write(name, _chunks(files[name]))
    for name, file in named.items():
        array = np.asarray(arrays[name])
        if array.ndim == 0:
            raise ValueError(f"array {name!r} has no axis")
        dtype = stored_dtype(array.dtype)
        stored = np.ascontiguousarray(array, dtype=dtype)
        write(file, iter([stored.reshape(-1).view(np.uint8).data] if stored.size else []))
        described[name] = {"file": file, "dtype": dtype.str, "shape": list(array.shape)}
    for name, data in ((CARD, card_bytes), (BLOCK_DIGESTS, b"".join(digests))):
        write_blocks(folder / name, [data], durable=durable)
        listed[name] = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    checksums = canonical_json(
        {"format_version": FORMAT_VERSION, "block_bytes": BLOCK_BYTES, "files": listed, "arrays": described}
    )
    write_blocks(folder / CHECKSUMS, [checksums], durable=durable)
    if max(len(card_bytes), len(checksums)) > MAX_JSON_BYTES:
        raise ValueError(f"a card has at most {MAX_JSON_BYTES} bytes")
    sizes = {name: int(entry["size"]) for name, entry in listed.items()} | {CHECKSUMS: len(checksums)}
    return sizes, hashlib.sha256(checksums).hexdigest()


def _array_file(name: str) -> str:
    if not _ARRAY_NAME.match(name):
        raise ValueError(f"{name!r} is no array name; use lower-case letters, digits, _ and /")
    return f"{INDEX}/{name.replace('/', '.')}.bin"


def _check_names(names: list[str]) -> None:
    for name in names:
        if not is_plain_path(name):
            raise ValueError(f"{name!r} is no file name that every disk can hold")
    folded = [fold(name) for name in names]
    for name, key in zip(names, folded, strict=True):
        if folded.count(key) > 1:
            raise ValueError(f"{name!r} is used twice or kept for the store itself")


def _chunks(content: Path | bytes) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while data := file.read(_COPY_BYTES):
            yield data


class VersionFiles(Protocol):
    """Where the files of one version lie, by name; every byte of them is checked by `CheckedVersion`."""

    def size(self, name: str) -> int:
        """Bytes of a file; raises OSError where there is none."""

    def read(self, name: str, size: int, fail: Callable[[int | None, str], Exception]) -> bytes:
        """Read a file that must have ``size`` bytes; raises what ``fail`` builds where it has not."""

    def blocks(self, name: str) -> BlockSource:
        """A file to be read block by block."""

    def pieces(self, name: str, size: int, fail: Callable[[int | None, str], Exception]) -> Iterator[bytes]:
        """Every block of a file in its order, unchecked."""


class FolderFiles:
    """Files in a folder (`VersionFiles`)."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def size(self, name: str) -> int:
        """Ask the disk."""
        return self.path.joinpath(name).stat().st_size

    def read(self, name: str, size: int, fail: Callable[[int | None, str], Exception]) -> bytes:
        """Read a whole file."""
        return read_whole(self.path / name, size, fail)

    def blocks(self, name: str) -> FileBlocks:
        """Map a file where it is touched."""
        return FileBlocks(self.path / name)

    def pieces(self, name: str, size: int, fail: Callable[[int | None, str], Exception]) -> Iterator[bytes]:
        """Read a file block by block."""
        return blocks_of(self.path / name, size, fail)


def read_loose_card(files: VersionFiles) -> dict[str, Any] | None:
    """Give the card of a version no manifest names, if it fits the version's own checksums; else None."""

    def fail(block: int | None, detail: str) -> Exception:
        return ValueError(f"{block}: {detail}")

    try:
        size = files.size(CHECKSUMS)
        if size > MAX_JSON_BYTES:
            return None
        own = decode_checksums(files.read(CHECKSUMS, size, fail)).files[CARD]
        if own["size"] > MAX_JSON_BYTES:
            return None
        data = files.read(CARD, own["size"], fail)
        if hashlib.sha256(data).hexdigest() != own["sha256"]:
            return None
        card = parse_json(data)
    except (OSError, ValueError, TypeError):
        return None
    return card if isinstance(card, dict) else None


class CheckedVersion:
    """
    A version opened for reading (`StoredVersion`), wherever its files lie.

    Opening reads ``checksums.json`` and ``card.json`` and nothing else.

    Raises
    ------
    DamagedVersionError
        From any method, where its files differ from what was written.
    """

    def __init__(self, files: VersionFiles, entry: VersionEntry) -> None:
        self._files = files
        self._entry = entry
        self._sizes = dict(entry.sizes)
        data = self._read_sized(CHECKSUMS, self._sizes[CHECKSUMS], entry.checksums_sha256)
        try:
            self._checksums = decode_checksums(data)
        except ValueError as error:
            raise self._fail(CHECKSUMS)(None, str(error)) from error
        listed = {name: own["size"] for name, own in self._checksums.files.items()}
        if listed | {CHECKSUMS: len(data)} != self._sizes:
            raise self._fail(CHECKSUMS)(None, "its files are not those of the manifest")
        self._card = self._read_sized(CARD, listed[CARD], self._checksums.files[CARD]["sha256"])
        self._digests: bytes | None = None
        self._arrays: dict[str, CheckedArray] = {}

    @property
    def entry(self) -> VersionEntry:
        """The manifest's words on this version."""
        return self._entry

    @property
    def card(self) -> dict[str, Any]:
        """The card as it was given to ``write_version``, a fresh copy each time."""
        card: dict[str, Any] = json.loads(self._card)  # its digest is that of what was written
        return card

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the arrays, sorted."""
        return tuple(sorted(self._checksums.arrays))

    def array(self, name: str) -> CheckedArray:
        """
        Open an array, the same object for the same name; its bytes are checked when touched.

        Raises
        ------
        KeyError
            If the version has no array of that name.
        DamagedVersionError
            If its file is lost or has another size.
        """
        if name not in self._arrays:
            own = self._checksums.arrays[name]
            self._arrays[name] = CheckedArray(
                self._files.blocks(own["file"]),
                dtype=np.dtype(own["dtype"]),
                shape=tuple(own["shape"]),
                digests=self._digests_of(own["file"]),
                fail=self._fail(own["file"]),
            )
        return self._arrays[name]

    def read(self, name: str) -> bytes:
        """
        Read a whole file of the version, checked.

        Raises
        ------
        KeyError
            If the version has no file of that name.
        """
        own = self._checksums.files[name]
        if name in WHOLE:
            return self._read_sized(name, own["size"], own["sha256"])
        data = self._files.read(name, own["size"], self._fail(name))
        digests = self._digests_of(name)
        for block in range(block_count(len(data))):
            part = data[block * BLOCK_BYTES : (block + 1) * BLOCK_BYTES]
            if hashlib.sha256(part).digest() != digest_of_block(digests, block):
                raise self._fail(name)(block, "its digest differs")
        return data

    def pieces(self, name: str) -> Iterator[bytes]:
        """
        A whole file in blocks, each checked before it is given: to copy what may be larger than memory.

        Raises
        ------
        KeyError
            If the version has no file of that name.
        """
        size = self._sizes[name]
        if name == CHECKSUMS:
            yield self._read_sized(name, size, self._entry.checksums_sha256)
        elif name in WHOLE:
            yield self.read(name)
        else:
            digests, found = self._digests_of(name), 0
            for block, data in enumerate(self._files.pieces(name, size, self._fail(name))):
                found += len(data)
                if found > size:
                    break
                if hashlib.sha256(data).digest() != digest_of_block(digests, block):
                    raise self._fail(name)(block, "its digest differs")
                yield data
            if found != size:
                raise self._fail(name)(None, f"{found} bytes, {size} were written")

    def verify(self) -> None:
        """
        Read every byte of every file anew and check it, ``features.gpkg`` included.

        Raises
        ------
        DamagedVersionError
            Naming the first file, and the block of it, that differs.
        """
        CheckedVersion(self._files, self._entry)
        for name in sorted(self._checksums.files):
            for _ in self.pieces(name):
                pass

    def _digests_of(self, file: str) -> bytes:
        if self._digests is None:
            own = self._checksums.files[BLOCK_DIGESTS]
            self._digests = self._read_sized(BLOCK_DIGESTS, own["size"], own["sha256"])
        own = self._checksums.files[file]
        first, count = own["first_block"], block_count(own["size"])
        digests = self._digests[first * DIGEST_BYTES : (first + count) * DIGEST_BYTES]
        if len(digests) != count * DIGEST_BYTES:
            raise self._fail(BLOCK_DIGESTS)(None, f"too short for {file}")
        return digests

    def _read_sized(self, name: str, size: int, sha256: str) -> bytes:
        if size > MAX_JSON_BYTES:
            raise self._fail(name)(None, f"{size} bytes; at most {MAX_JSON_BYTES} are read")
        data = self._files.read(name, size, self._fail(name))
        if hashlib.sha256(data).hexdigest() != sha256:
            raise self._fail(name)(None, "its digest differs")
        return data

    def _fail(self, file: str) -> Callable[[int | None, str], DamagedVersionError]:
        def build(block: int | None, detail: str) -> DamagedVersionError:
            return DamagedVersionError(entry=self._entry, file=file, block=block, detail=detail)

        return build


class FolderVersion(CheckedVersion):
    """A version in a folder."""

    def __init__(self, path: Path, entry: VersionEntry) -> None:
        super().__init__(FolderFiles(path), entry)
        self._path = path

    @property
    def path(self) -> Path:
        """The folder of the version; a GIS may open ``features.gpkg`` from it, `verify` checks that file."""
        return self._path
