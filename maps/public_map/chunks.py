"""Packed chunks of a page: in it as text that nothing runs, or beside it as scripts that only hand it over."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from maps.markup import Html, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Chunk", "beside", "described", "inside"]


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """
    A packed block under its key.

    Attributes
    ----------
    key
        Lower-case letters, digits and -; it is part of a file name.
    block
        From `spatial.packing.packed`.
    """

    key: str
    block: bytes

    @property
    def sha256(self) -> str:
        """Hex digits of the block's digest, which the page compares."""
        return hashlib.sha256(self.block).hexdigest()

    @property
    def base64(self) -> str:
        """The block as text."""
        return base64.b64encode(self.block).decode("ascii")


def described(chunks: Sequence[Chunk], *, folder: str | None) -> dict[str, dict[str, Any]]:
    """
    ``chunks`` of the page's document.

    Parameters
    ----------
    chunks
        Each key once.
    folder
        Name of the folder beside the page, None where they stand in it.

    Examples
    --------
    >>> described([Chunk(key="judge", block=b"abc")], folder="map_files")["judge"]["file"]
    'map_files/judge.js'
    """
    return {
        chunk.key: {
            "file": None if folder is None else f"{folder}/{chunk.key}.js",
            "bytes": len(chunk.block),
            "sha256": chunk.sha256,
        }
        for chunk in chunks
    }


def inside(chunks: Sequence[Chunk]) -> Html:
    """The chunks as elements of the page; their text is base64 and their type one that no browser runs."""
    return Html(
        "\n".join(
            tag("script", Html(chunk.base64), type="application/octet-stream", id=f"chunk-{chunk.key}")
            for chunk in chunks
        )
    )


def beside(chunk: Chunk) -> bytes:
    r"""
    The file of a chunk beside the page: one call.

    Examples
    --------
    >>> beside(Chunk(key="judge", block=b"abc"))
    b'sanxianChunk("judge","YWJj");\n'
    """
    return f"sanxianChunk({json.dumps(chunk.key)},{json.dumps(chunk.base64)});\n".encode("ascii")
