"""The content digest of a layer: a Merkle root over its sorted feature hashes, so that row order does not matter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layers.merkle import attributes_text, leaf_hash, leaf_of, root_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from layers.model import Feature

__all__ = ["content_digest", "leaf_array"]


def content_digest(features: Sequence[Feature], geometries: NDArray[Any]) -> str:
    """
    SHA-256 Merkle root over the features: 2D little-endian WKB (EPSG:4490) and NFC attributes.

    Examples
    --------
    >>> import numpy as np, shapely
    >>> from layers.model import Feature
    >>> a, b = (Feature(id=i, code=None, name=i, class_="red_line", counts=True) for i in "ab")
    >>> p, q = shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)
    >>> content_digest([a, b], np.array([p, q])) == content_digest([b, a], np.array([q, p]))
    True
    """
    return root_of(leaf_of(f.attributes, g) for f, g in zip(features, geometries, strict=True)).hex()


def leaf_array(features: Sequence[Feature], geometries: NDArray[Any]) -> NDArray[np.uint8]:
    """The leaf of each feature, (n, 32) bytes in row order; kept with a version, so that a proof needs no geometry."""
    wkb = shapely.to_wkb(np.asarray(geometries, dtype=object), byte_order=1, output_dimension=2)
    leaves = b"".join(
        leaf_hash(b"" if one is None else one, attributes_text(f.attributes))
        for f, one in zip(features, wkb, strict=True)
    )
    return np.frombuffer(leaves, dtype=np.uint8).reshape(-1, 32)
