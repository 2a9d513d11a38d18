"""
The hash tree over the features of a layer: leaves, root, and proofs that a feature is in it.

A leaf is SHA-256 of a zero byte, the 2D little-endian WKB of a feature (EPSG:4490; nothing where it has no geometry),
a zero byte, and its attributes as JSON text in NFC. Leaves are sorted, so the root does not depend on row order. A node
is SHA-256 of a one byte and its two children; an odd one out moves up as it is; the root of no leaf is SHA-256 of a two
byte.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from typing import TYPE_CHECKING, Any, Literal

import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Step", "attributes_text", "climbed", "leaf_hash", "leaf_of", "path_to", "root_of", "wkb_of"]

Step = tuple[Literal["left", "right"], bytes]
"""One step up: on which side the neighbour stands, and its hash."""
_TEXT = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def attributes_text(attributes: Mapping[str, Any]) -> str:
    """
    The attributes of a feature as the text that is hashed.

    Examples
    --------
    >>> attributes_text({"名称": "甲", "面积": 1.5})
    '{"名称":"甲","面积":1.5}'
    """
    return unicodedata.normalize("NFC", _TEXT.encode(dict(attributes)))


def wkb_of(geometry: Any) -> bytes:
    """The bytes of a geometry that are hashed; none of None."""
    if geometry is None:
        return b""
    wkb: bytes = shapely.to_wkb(geometry, byte_order=1, output_dimension=2)
    return wkb


def leaf_hash(wkb: bytes, text: str) -> bytes:
    """The leaf of a feature whose bytes and text are at hand."""
    found = hashlib.sha256(b"\x00")
    found.update(wkb)  # not copied: most of it is the WKB
    found.update(b"\x00" + text.encode())
    return found.digest()


def leaf_of(attributes: Mapping[str, Any], geometry: Any) -> bytes:
    """The leaf of a feature: its attributes as read from the file, and its geometry in EPSG:4490."""
    return leaf_hash(wkb_of(geometry), attributes_text(attributes))


def root_of(leaves: Iterable[bytes]) -> bytes:
    """
    The root over some leaves, in any order.

    Examples
    --------
    >>> root_of([b"a" * 32, b"b" * 32]) == root_of([b"b" * 32, b"a" * 32])
    True
    """
    level = sorted(leaves)
    if not level:
        return hashlib.sha256(b"\x02").digest()
    while len(level) > 1:
        level = _above(level)
    return level[0]


def path_to(leaves: Sequence[bytes], leaf: bytes) -> tuple[Step, ...]:
    """
    What proves to somebody without the layer that a leaf is under its root.

    Parameters
    ----------
    leaves
        All leaves of the layer, in any order.
    leaf
        One of them.

    Returns
    -------
    path
        From the leaf up; empty where it is the only one. `climbed` gives the root back.

    Raises
    ------
    ValueError
        If the leaf is not among them.

    Examples
    --------
    >>> leaves = [bytes([i]) * 32 for i in range(5)]
    >>> [climbed(leaf, path_to(leaves, leaf)) == root_of(leaves) for leaf in leaves]
    [True, True, True, True, True]
    """
    level = sorted(leaves)
    at = level.index(leaf)
    path: list[Step] = []
    while len(level) > 1:
        other = at ^ 1
        if other < len(level):
            path.append(("left" if other < at else "right", level[other]))
        level = _above(level)
        at //= 2
    return tuple(path)


def climbed(leaf: bytes, path: Iterable[Step]) -> bytes:
    """The root that a leaf and its path lead to."""
    found = leaf
    for side, other in path:
        found = _node(other, found) if side == "left" else _node(found, other)
    return found


def _above(level: list[bytes]) -> list[bytes]:
    paired = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return paired + ([level[-1]] if len(level) % 2 else [])


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
