"""``workspace.json``: which versions there are, what every file of them weighs, and its own digest."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from layers.workspace.canonical_json import canonical_json, parse_json
from layers.workspace.names import fold, is_plain_folder, is_plain_path, normal_layer_name
from layers.workspace.store import VersionEntry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = [
    "FORMAT_VERSION",
    "MANIFEST",
    "MAX_JSON_BYTES",
    "Manifest",
    "decode_manifest",
    "encode_manifest",
    "is_version_name",
    "manifest_in",
    "read_manifest",
]

MANIFEST = "workspace.json"

FORMAT_VERSION = 1
MAX_JSON_BYTES = 64 * 1024 * 1024

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_SOURCE = re.compile(r"[0-9a-f]{64}\.[a-z0-9.]{1,50}\Z")
_VERSION = re.compile(r"v[0-9]{4,9}-[0-9a-f]{8}\Z")
_OWN_FIELDS = frozenset(field.name for field in fields(VersionEntry)) - {"layer", "folder", "version"}


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """
    The list of a workspace.

    Attributes
    ----------
    required_kinds, region
        As stated when the workspace was created.
    sequence
        The highest `VersionEntry.sequence` ever given out.
    entries
        The versions, in the order of import.
    """

    required_kinds: tuple[str, ...]
    region: str | None
    sequence: int
    entries: tuple[VersionEntry, ...]


def encode_manifest(manifest: Manifest) -> bytes:
    """Spell a manifest as canonical JSON with its digest."""
    layers: dict[str, dict[str, Any]] = {}
    for entry in manifest.entries:
        own = {name: getattr(entry, name) for name in sorted(_OWN_FIELDS)}
        own["sizes"] = dict(entry.sizes)
        layers.setdefault(entry.layer, {"folder": entry.folder, "versions": {}})["versions"][entry.version] = own
    content = {
        "format_version": FORMAT_VERSION,
        "required_kinds": list(manifest.required_kinds),
        "region": manifest.region,
        "sequence": manifest.sequence,
        "layers": layers,
    }
    return canonical_json({**content, "digest": _digest(content)})


def decode_manifest(data: bytes) -> Manifest:
    """
    Read a manifest, believing nothing: neither its digest nor, the digest being right, its names.

    Raises
    ------
    ValueError
        If it is not exactly what `encode_manifest` writes; the message says why.
    """
    content = parse_json(data)
    _require(isinstance(content, dict), "not an object")
    version = content.get("format_version")
    if version != FORMAT_VERSION or isinstance(version, bool):
        raise ValueError(f"format version {version!r}; this program reads {FORMAT_VERSION}")
    digest = content.pop("digest", None)
    if digest != _digest(content):
        raise ValueError("the digest does not fit the content")
    required, region, sequence, layers = (
        content.get(name) for name in ("required_kinds", "region", "sequence", "layers")
    )
    _require(_is_texts(required), "required_kinds")
    _require(region is None or isinstance(region, str), "region")
    _require(_is_count(sequence), "sequence")
    _require(isinstance(layers, dict), "layers")
    entries = [
        _decode_entry(layer, body["folder"], version, own)
        for layer, body in layers.items()
        if _is_layer(layer, body)
        for version, own in body["versions"].items()
    ]
    folders = [fold(body["folder"]) for body in layers.values()]
    _require(len(set(folders)) == len(folders), "two layers in one folder")
    entries.sort(key=lambda entry: entry.sequence)
    numbers = [entry.sequence for entry in entries]
    _require(len(set(numbers)) == len(numbers) and all(0 < n <= sequence for n in numbers), "sequence of a version")
    return Manifest(required_kinds=tuple(required), region=region, sequence=sequence, entries=tuple(entries))


def read_manifest(root: Path) -> Manifest | str:
    """Read the manifest of a workspace; where it cannot be trusted, give the reason instead."""
    try:
        with (root / MANIFEST).open("rb") as file:
            return manifest_in(file.read(MAX_JSON_BYTES + 1))
    except OSError as error:
        return f"{type(error).__name__}: {error.strerror or error}"


def manifest_in(data: bytes) -> Manifest | str:
    """Read the manifest in some bytes; where they cannot be trusted, give the reason instead."""
    if len(data) > MAX_JSON_BYTES:
        return f"more than {MAX_JSON_BYTES} bytes"
    try:
        return decode_manifest(data)
    except ValueError as error:
        return str(error)


def is_version_name(folder: str) -> bool:
    """Whether a folder's name is one that we give to versions."""
    return bool(_VERSION.match(folder))


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(canonical_json(content)).hexdigest()


def _is_layer(name: str, body: Any) -> bool:
    _require(name == normal_layer_name(name), f"layer name {name!r}")
    _require(isinstance(body, dict) and set(body) == {"folder", "versions"}, f"layer {name!r}")
    _require(isinstance(body["folder"], str) and is_plain_folder(body["folder"]), f"folder of {name!r}")
    _require(isinstance(body["versions"], dict) and bool(body["versions"]), f"versions of {name!r}")
    return True


def _decode_entry(layer: str, folder: str, version: str, own: Any) -> VersionEntry:
    where = f"{layer!r} {version!r}"
    _require(is_version_name(version), f"version {where}")
    _require(isinstance(own, dict) and set(own) == _OWN_FIELDS, f"fields of {where}")
    for name in ("kind", "theme", "role"):
        _require(isinstance(own[name], str), f"{name} of {where}")
    for name in ("data_date", "valid_from", "valid_until"):
        _require(own[name] is None or isinstance(own[name], str), f"{name} of {where}")
    _require(_is_count(own["sequence"]), f"sequence of {where}")
    _require(_is_sha256(own["checksums_sha256"]), f"checksums of {where}")
    _require((own["sha256"] is None) == (own["source"] is None), f"source of {where}")
    if own["source"] is not None:
        _require(
            _is_sha256(own["sha256"])
            and isinstance(own["source"], str)
            and bool(_SOURCE.match(own["source"]))
            and own["source"].startswith(own["sha256"]),
            f"source of {where}",
        )
    sizes = own["sizes"]
    _require(
        isinstance(sizes, dict)
        and {"card.json", "checksums.json"} <= set(sizes)
        and all(is_plain_path(name) and _is_count(size) for name, size in sizes.items()),
        f"sizes of {where}",
    )
    return VersionEntry(**{**own, "sizes": tuple(sorted(sizes.items()))}, layer=layer, folder=folder, version=version)


def _require(condition: bool, what: str) -> None:  # noqa: FBT001
    if not condition:
        raise ValueError(f"not a manifest: {what}")


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_sha256(value: Any) -> bool:
    return isinstance(value, str) and bool(_SHA256.match(value))


def _is_texts(value: Any) -> bool:
    items: Sequence[Any] = value if isinstance(value, list) else [None]
    return all(isinstance(item, str) for item in items)
