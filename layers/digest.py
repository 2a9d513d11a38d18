"""The content digest of a layer: a Merkle root over its sorted feature hashes, so that row order does not matter."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from typing import TYPE_CHECKING, Any

import shapely

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from layers.model import Feature

__all__ = ["content_digest"]


def content_digest(features: Sequence[Feature], geometries: NDArray[Any]) -> str:
    """
    SHA-256 Merkle root over the features: 2D little-endian WKB (EPSG:4490) and NFC attributes.

    Examples
    --------
    >>> import numpy as np
    >>> from layers.model import Feature
    >>> a, b = (Feature(id=i, code=None, name=i, class_="red_line", counts=True) for i in "ab")
    >>> p, q = shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)
    >>> content_digest([a, b], np.array([p, q])) == content_digest([b, a], np.array([q, p]))
    True
    """
    hashes = sorted(_leaf(f.attributes, g) for f, g in zip(features, geometries, strict=True))
    while len(hashes) > 1:
        paired = [hashlib.sha256(b"\x01" + hashes[i] + hashes[i + 1]).digest() for i in range(0, len(hashes) - 1, 2)]
        hashes = paired + ([hashes[-1]] if len(hashes) % 2 else [])
    return (hashes[0] if hashes else hashlib.sha256(b"\x02").digest()).hex()


def _leaf(attributes: dict[str, Any], geometry: Any) -> bytes:
    text = json.dumps(attributes, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    wkb = b"" if geometry is None else shapely.to_wkb(geometry, byte_order=1, output_dimension=2)
    return hashlib.sha256(b"\x00" + wkb + b"\x00" + unicodedata.normalize("NFC", text).encode()).digest()
