"""Versions and sources as rows: written inside a transaction of the caller's, sources read block by block."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from layers.workspace.postgres.published import FEATURES, publish_features
from layers.workspace.postgres.tables import copy_blocks, pieces_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from layers.workspace.postgres.link import Link
    from layers.workspace.store import VersionEntry

__all__ = ["put_source", "put_version", "sha256_of_source", "source_pieces"]


def put_version(link: Link, entry: VersionEntry, staged: Path, card: Mapping[str, Any]) -> dict[str, int]:
    """
    Write the files of a version, and the table of its features.

    Parameters
    ----------
    link
        Of the store.
    entry
        Names the files.
    staged
        The folder in which they lie.
    card
        Says in the comment of the table what it is.

    Returns
    -------
    ids
        Numbers of the files by name.
    """
    published = None
    if (staged / FEATURES).is_file():
        published = publish_features(link, entry, staged / FEATURES, card)
    ((version,),) = link.rows(
        "INSERT INTO {version} (folder, version, published) VALUES (%s, %s, %s) RETURNING id",
        (entry.folder, entry.version, published),
    )
    ids = {}
    for name, _ in entry.sizes:
        statement = "INSERT INTO {file} (version, name) VALUES (%s, %s) RETURNING id"
        ((ids[name],),) = link.rows(statement, (version, name))
    copy_blocks(link, "block", ((ids[n], i, data) for n in ids for i, data in enumerate(pieces_of(staged / n))))
    return ids


def put_source(link: Link, name: str, pieces: Iterable[bytes]) -> None:
    """Write imported bytes, cut into blocks as they are, in the place of what has that name."""
    link.rows("DELETE FROM {source} WHERE name = %s", (name,))
    ((number,),) = link.rows("INSERT INTO {source} (name) VALUES (%s) RETURNING id", (name,))
    copy_blocks(link, "source_block", ((number, i, data) for i, data in enumerate(pieces)))


def source_pieces(link: Link, name: str) -> Iterator[bytes]:
    """Read imported bytes, unchecked; raises FileNotFoundError where there are none of that name."""
    rows = link.rows("SELECT id FROM {source} WHERE name = %s", (name,))
    if not rows:
        raise FileNotFoundError(f"the database has no source {name}")
    statement = "SELECT data FROM {source_block} WHERE file = %s AND number = %s"
    number = 0
    while found := link.rows(statement, (rows[0][0], number)):
        yield bytes(found[0][0])
        number += 1


def sha256_of_source(link: Link, name: str) -> str | None:
    """SHA-256 of imported bytes; None where there are none of that name."""
    digest = hashlib.sha256()
    try:
        for data in source_pieces(link, name):
            digest.update(data)
    except FileNotFoundError:
        return None
    return digest.hexdigest()
