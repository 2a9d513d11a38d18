"""A row of the register: what it holds, how it is packed, and the digest that it carries."""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import dataclass
from typing import Any

from layers.workspace.canonical_json import canonical_json

__all__ = ["DIGEST_BYTES", "SiteRow", "digest_of", "packed", "unpacked"]

DIGEST_BYTES = 16


def digest_of(*values: object) -> bytes:
    """16 bytes over some integers, texts and bytes, no two lists of which share a spelling."""
    found = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for value in values:
        data = value if isinstance(value, bytes) else str(value).encode()
        found.update(f"{type(value).__name__}{len(data)}:".encode() + data)
    return found.digest()


def packed(value: object) -> bytes:
    """JSON, compressed."""
    return zlib.compress(canonical_json(value), 3)


def unpacked(data: bytes) -> Any:
    """What `packed` was given; raises ``zlib.error`` or ``ValueError``."""
    return json.loads(zlib.decompress(data))


@dataclass(frozen=True, kw_only=True)
class SiteRow:
    """What every question to the register reads of a site; ``inquiry`` and ``verdict``: digests of what lies apart."""

    id: int
    lot: int
    key: bytes
    name: str | None
    answer: str
    windows: bytes
    inquiry: bytes
    verdict: bytes

    @property
    def digest(self) -> bytes:
        """Over the whole row."""
        return digest_of(self.id, self.lot, self.key, self.name, self.answer, self.windows, self.inquiry, self.verdict)
