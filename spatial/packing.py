"""
Named arrays in few bytes: what a page carries and a browser unpacks.

Whole numbers that change little from one to the next (quantised coordinates, offsets) are written as differences in as
many bytes as each needs, numbers at full precision byte by byte by their place so that deflate finds what repeats.
Nothing is lost: `unpacked` gives back every bit. The browser's side is ``maps/page/packing.ts``.
"""

from __future__ import annotations

import json
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from spatial.errors import PackedDataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["packed", "unpacked"]

MAGIC = b"SXP1"
TYPES = {"u1": np.dtype("u1"), "i4": np.dtype("<i4"), "f8": np.dtype("<f8")}
LEVEL = 9


def packed(
    arrays: Mapping[str, NDArray[Any]], *, document: Any = None, strides: Mapping[str, int] | None = None
) -> bytes:
    """
    Arrays and a JSON document as one compressed block.

    Use it for what a page carries; `unpacked` is the way back.

    Parameters
    ----------
    arrays
        By name, one-dimensional or flattened row by row: uint8, int32 (also int64 within its range) or float64.
    document
        Anything JSON can hold, without numbers that are not finite.
    strides
        For int32 arrays how far back the number lies that each is written as a difference from: 2 for coordinates x
        and y in turn; 1 by default.

    Returns
    -------
    block
        Bytes, the same for the same input and the same zlib.

    Raises
    ------
    PackedDataError
        If an array is of another type or does not fit into int32.

    Examples
    --------
    >>> block = packed({"xy": np.array([10, 20, 11, 21])}, document={"step": 1e-6}, strides={"xy": 2})
    >>> arrays, document = unpacked(block)
    >>> arrays["xy"].tolist(), document
    ([10, 20, 11, 21], {'step': 1e-06})
    """
    entries, blobs = [], []
    for name, array in arrays.items():
        kind, values = _plain(name, array)
        stride = (strides or {}).get(name, 1)
        if kind == "i4":
            blob = _differences(values, stride)
        elif kind == "f8":
            blob = values.astype("<f8").view(np.uint8).reshape(-1, 8).T.tobytes()
        else:
            blob = values.tobytes()
        entries.append({"name": name, "type": kind, "count": len(values), "stride": stride, "bytes": len(blob)})
        blobs.append(blob)
    header = json.dumps(
        {"arrays": entries, "document": document}, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    ).encode()
    return zlib.compress(MAGIC + struct.pack("<I", len(header)) + header + b"".join(blobs), LEVEL)


def unpacked(block: bytes) -> tuple[dict[str, NDArray[Any]], Any]:
    """
    The arrays and the document of a block.

    Parameters
    ----------
    block
        From `packed`.

    Returns
    -------
    arrays, document
        Arrays one-dimensional, uint8, int32 or float64.

    Raises
    ------
    PackedDataError
        If the block is cut off or is none.
    """
    try:
        data = zlib.decompress(block)
        if data[:4] != MAGIC:
            raise PackedDataError(name=None, why="it does not begin as a packed block does")
        (length,) = struct.unpack_from("<I", data, 4)
        header = json.loads(data[8 : 8 + length])
        arrays, at = {}, 8 + length
        for entry in header["arrays"]:
            blob = np.frombuffer(data, dtype=np.uint8, count=entry["bytes"], offset=at)
            arrays[entry["name"]] = _values(blob, entry)
            at += entry["bytes"]
    except (zlib.error, struct.error, ValueError, KeyError) as error:
        if isinstance(error, PackedDataError):
            raise
        raise PackedDataError(name=None, why=f"it cannot be read ({type(error).__name__}: {error})") from error
    return arrays, header["document"]


def _plain(name: str, array: NDArray[Any]) -> tuple[str, NDArray[Any]]:
    values = np.asarray(array).ravel()
    if values.dtype in (np.bool_, np.uint8):
        return "u1", values.astype(np.uint8)
    if values.dtype.kind in "iu":
        limit = np.iinfo(np.int32)
        if len(values) and (values.min() < limit.min or values.max() > limit.max):
            raise PackedDataError(name=name, why="a number does not fit into 32 bits")
        return "i4", values.astype(np.int64)
    if values.dtype.kind == "f":
        return "f8", values.astype("<f8")
    raise PackedDataError(name=name, why=f"arrays of {values.dtype} are not packed")


def _differences(values: NDArray[np.int64], stride: int) -> bytes:
    """Zigzag differences, seven bits a byte, the low ones first, the top bit where more follow."""
    difference = values.copy()
    difference[stride:] -= values[:-stride]
    zigzag = ((difference << 1) ^ (difference >> 63)).astype(np.uint64)
    size = np.ones(len(zigzag), dtype=np.int64)
    for bits in range(7, 35, 7):
        size += (zigzag >> np.uint64(bits)) > 0
    out = np.zeros(int(size.sum()), dtype=np.uint8)
    start = np.cumsum(size) - size
    for place in range(5):
        has = size > place
        more = (size > place + 1)[has]
        low = (zigzag[has] >> np.uint64(7 * place)) & np.uint64(0x7F)
        out[start[has] + place] = low.astype(np.uint8) | (more.astype(np.uint8) << 7)
    return out.tobytes()


def _values(blob: NDArray[np.uint8], entry: Mapping[str, Any]) -> NDArray[Any]:
    count, stride = entry["count"], entry["stride"]
    if entry["type"] == "u1":
        found: NDArray[Any] = blob.copy()
    elif entry["type"] == "f8":
        found = np.ascontiguousarray(blob.reshape(8, count).T).reshape(-1).view("<f8")
    else:
        ends = np.flatnonzero(blob < 0x80)
        start = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
        size = ends - start + 1
        zigzag = np.zeros(len(ends), dtype=np.uint64)
        for place in range(5):
            has = size > place
            low = blob[start[has] + place].astype(np.uint64) & np.uint64(0x7F)
            zigzag[has] |= low << np.uint64(7 * place)
        difference = (zigzag >> np.uint64(1)).astype(np.int64) ^ -(zigzag & np.uint64(1)).astype(np.int64)
        found = np.empty(len(difference), dtype=np.int64)
        for turn in range(stride):
            found[turn::stride] = np.cumsum(difference[turn::stride])
        found = found.astype("<i4")
    if len(found) != count:
        raise PackedDataError(name=str(entry["name"]), why=f"{len(found)} numbers where {count} were written")
    return found
