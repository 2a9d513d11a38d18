"""Sites and rows as bytes, in a job's file and between processes: a compressed Arrow stream with its checksum."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["packed", "unpacked"]

_MARK = 4


def packed(table: pa.Table) -> bytes:
    """
    A table as bytes; of a slice only what it shows.

    Examples
    --------
    >>> import pyarrow as pa
    >>> unpacked(packed(pa.table({"a": [1, 2, 3]}).slice(1))).to_pydict()
    {'a': [2, 3]}
    """
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table.combine_chunks())
    content = sink.getvalue().to_pybytes()
    return zlib.crc32(content).to_bytes(_MARK, "little") + content


def unpacked(data: bytes) -> pa.Table:
    """The table of some bytes; raises ``ValueError`` where they are not those that `packed` made."""
    import pyarrow as pa

    content = memoryview(data)[_MARK:]
    if len(data) <= _MARK or zlib.crc32(content) != int.from_bytes(data[:_MARK], "little"):
        raise ValueError("its checksum is another")
    return pa.ipc.open_stream(pa.py_buffer(content)).read_all()
