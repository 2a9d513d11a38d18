"""The checksums of a version: which files and arrays it has, and what each must be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from layers.workspace.blocks import BLOCK_BYTES, stored_dtype
from layers.workspace.canonical_json import parse_json
from layers.workspace.names import is_plain_path

__all__ = ["BLOCK_DIGESTS", "CARD", "CHECKSUMS", "FORMAT_VERSION", "WHOLE", "Checksums", "decode_checksums"]

CARD = "card.json"
CHECKSUMS = "checksums.json"
BLOCK_DIGESTS = "index/_blocks.bin"  # no array's name begins with _
WHOLE = frozenset({CARD, BLOCK_DIGESTS})
"""Files that are checked as a whole; all others by block."""
FORMAT_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Checksums:
    """
    What was written: of every file its size and digest or first block, of every array its file, type and shape.

    Attributes
    ----------
    files, arrays
        By name.
    """

    files: dict[str, dict[str, Any]]
    arrays: dict[str, dict[str, Any]]


def decode_checksums(data: bytes) -> Checksums:
    """Read ``checksums.json``; raises ValueError where it cannot be ours."""
    content = parse_json(data)
    try:
        if content["format_version"] != FORMAT_VERSION or content["block_bytes"] != BLOCK_BYTES:
            raise ValueError("checksums of another format version")
        files, arrays = content["files"], content["arrays"]
        for name, own in files.items():
            kept = isinstance(own["sha256"], str) if name in WHOLE else _is_count(own["first_block"])
            if not (is_plain_path(name) and kept and _is_count(own["size"])):
                raise ValueError(f"checksums of {name!r}")
        for name, own in arrays.items():
            lengths = own["shape"]
            dtype = stored_dtype(np.dtype(str(own["dtype"])))
            if not lengths or not all(map(_is_count, lengths)) or dtype.str != own["dtype"]:
                raise ValueError(f"shape or type of {name!r}")
            if math.prod(lengths) * dtype.itemsize != files[own["file"]]["size"]:
                raise ValueError(f"size of {name!r}")
        if not WHOLE.issubset(files):
            raise ValueError("checksums without the card's")
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"checksums of another form: {error!r}") from error
    return Checksums(files=files, arrays=arrays)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
