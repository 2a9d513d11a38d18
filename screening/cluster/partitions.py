"""From sites in the order of their source to parts by space, in bounded memory: an external sort along a curve."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np
import shapely

from screening.batch.table import site_schema
from screening.cluster.hilbert import hilbert_keys
from screening.cluster.part_files import read_part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["BUCKET_SITES", "keyed", "parts_of"]

BUCKET_SITES = 1_000_000
"""Sites sorted at once, about: what the memory of cutting depends on, whatever the number of sites."""
_SAMPLED = 64


def keyed(sites: pa.Table) -> pa.Table:
    """
    Sites with the column ``key``, the place of the middle of their boxes along the curve, sorted by it and by number.

    Parameters
    ----------
    sites
        Of `screening.batch.table.site_schema`.
    """
    import pyarrow as pa

    boxes = shapely.bounds(shapely.from_wkb(sites.column("geometry").to_pylist())).reshape(-1, 4)
    keys = hilbert_keys((boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2)
    return sites.append_column("key", pa.array(keys)).sort_by([("key", "ascending"), ("number", "ascending")])


def parts_of(
    chunks: Sequence[Path], scratch: Path, *, part_sites: int, bucket_sites: int = BUCKET_SITES
) -> Iterator[pa.Table]:
    """
    Cut sites into parts of neighbours.

    Parameters
    ----------
    chunks
        Parquet files of `keyed` sites, in any order.
    scratch
        An empty folder for what does not fit into memory.
    part_sites
        Sites of a part, except for the last of a bucket.
    bucket_sites
        Sites sorted at once, about.

    Yields
    ------
    part
        Of `site_schema`, sorted by number. Every site is in one part; the same chunks give the same parts.
    """
    import pyarrow as pa

    borders = _borders(chunks, bucket_sites)
    buckets = [scratch / f"bucket-{i:05d}.arrow" for i in range(len(borders) + 1)]
    schema = site_schema().append(pa.field("key", pa.uint64()))
    with ExitStack() as open_files:
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        writers = [
            open_files.enter_context(pa.ipc.new_stream(str(bucket), schema, options=options)) for bucket in buckets
        ]
        for chunk in chunks:
            sites = _sites(chunk).cast(schema)
            cuts = [0, *_places_of(borders, *_order(sites)), sites.num_rows]
            for writer, first, last in zip(writers, cuts[:-1], cuts[1:], strict=True):
                if last > first:
                    writer.write_table(sites.slice(first, last - first))
    for bucket in buckets:
        with bucket.open("rb") as file, pa.ipc.open_stream(file) as stream:
            sites = stream.read_all().sort_by([("key", "ascending"), ("number", "ascending")]).drop_columns(["key"])
        bucket.unlink()
        for first in range(0, sites.num_rows, part_sites):
            yield sites.slice(first, part_sites).sort_by("number").combine_chunks()


def _borders(chunks: Sequence[Path], bucket_sites: int) -> list[tuple[np.uint64, np.int64]]:
    """
    Key and number that part the sites into buckets of about equal size, from a sample of every chunk.

    Keys alone would not do: where very many sites stand in one cell of the curve, all of them are one key.
    """
    keys, numbers, count = [np.empty(0, dtype=np.uint64)], [np.empty(0, dtype=np.int64)], 0
    for chunk in chunks:
        key, number = _order(_sites(chunk, ["key", "number"]))
        keys.append(key[::_SAMPLED])
        numbers.append(number[::_SAMPLED])
        count += len(key)
    key, number = np.concatenate(keys), np.concatenate(numbers)
    order = np.lexsort((number, key))
    buckets = max(1, -(-count // bucket_sites))
    places = order[np.unique((np.arange(1, buckets) * len(order)) // buckets)]
    return [(key[i], number[i]) for i in places]


def _places_of(
    borders: list[tuple[np.uint64, np.int64]], keys: NDArray[np.uint64], numbers: NDArray[np.int64]
) -> list[int]:
    """Where borders fall among sites that are sorted by key and number."""
    found = []
    for key, number in borders:
        first, last = np.searchsorted(keys, [key], "left")[0], np.searchsorted(keys, [key], "right")[0]
        found.append(int(first + np.searchsorted(numbers[first:last], number)))
    return found


def _sites(chunk: Path, columns: list[str] | None = None) -> pa.Table:
    return read_part(chunk, columns)


def _order(sites: pa.Table) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The columns that sites are sorted by."""
    return sites.column("key").to_numpy(), sites.column("number").to_numpy()
