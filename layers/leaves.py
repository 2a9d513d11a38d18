"""The leaves of a stored version, and its features as they were hashed, from its published file and its records."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layers.errors import DamagedVersionError
from layers.merkle import attributes_text, leaf_hash, root_of, wkb_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layers.workspace.store import StoredVersion

__all__ = ["LEAVES", "StoredFeature", "feature_rows", "recomputed_root", "stored_features", "stored_leaves"]

LEAVES = "records/leaf"
FEATURES = "features.gpkg"
_TABLES = ("features", "features_line", "features_point")
_ENVELOPE_DOUBLES = (0, 4, 6, 6, 8)
_BROKEN = (sqlite3.Error, shapely.GEOSException, KeyError, ValueError, TypeError, IndexError)


@dataclass(frozen=True, kw_only=True)
class StoredFeature:
    """
    One feature as it was hashed at import.

    Attributes
    ----------
    row
        Its row in the version.
    id
        As results name it.
    wkb
        2D little-endian WKB, EPSG:4490; empty where it has no geometry.
    text
        Its attributes as they were hashed.
    """

    row: int
    id: str
    wkb: bytes
    text: str

    @property
    def leaf(self) -> bytes:
        """Its leaf in the hash tree of the layer."""
        return leaf_hash(self.wkb, self.text)


def stored_leaves(stored: StoredVersion) -> list[bytes]:
    """
    The leaf of every feature, in row order: as kept at import, or made anew for a version that keeps none.

    Raises
    ------
    DamagedVersionError
        If bytes differ from what was written.
    """
    if LEAVES in stored.names:
        packed = np.asarray(stored.array(LEAVES)[:]).tobytes()
        return [packed[i : i + 32] for i in range(0, len(packed), 32)]
    return [feature.leaf for feature in stored_features(stored)]


def recomputed_root(stored: StoredVersion) -> str:
    """
    The content digest of what the version holds now, made from the features themselves and nothing that is kept.

    The geometries are those of ``features.gpkg``, the attributes those of the records that screening reads; a
    published attribute that differs from its record is damage.
    """
    return root_of(feature.leaf for feature in stored_features(stored)).hex()


def stored_features(stored: StoredVersion) -> list[StoredFeature]:
    """
    Every feature as it was hashed at import, in row order.

    ``features.gpkg`` is checked byte by byte first. It holds multi-geometries only, so whether a geometry of one part
    was single is told by the leaf kept beside it; where none is kept, by the content digest of the whole.

    Raises
    ------
    DamagedVersionError
        If bytes differ from what was written, or the published features are not those of the records.
    """
    try:
        offset = np.asarray(stored.array("records/text_offset")[:])
        words = np.asarray(stored.array("records/text")[:]).tobytes()
        records = [json.loads(words[a:b]) for a, b in pairwise(offset.tolist())]
        shapes = _published(stored, {record["id"]: row for row, record in enumerate(records)}, records)
        texts = [attributes_text(record["attributes"]) for record in records]
        if LEAVES in stored.names:
            kept = np.asarray(stored.array(LEAVES)[:]).tobytes()
            wkb = [
                next((w for w in _spellings(shape) if leaf_hash(w, text) == kept[i * 32 : i * 32 + 32]), wkb_of(shape))
                for i, (shape, text) in enumerate(zip(shapes, texts, strict=True))
            ]
        else:
            wkb = _spelled_as_a_whole(shapes, texts, stored.card["content_digest"])
    except _BROKEN as trouble:
        raise DamagedVersionError(entry=stored.entry, file=FEATURES, block=None, detail=str(trouble)) from trouble
    return [
        StoredFeature(row=row, id=record["id"], wkb=wkb[row], text=texts[row]) for row, record in enumerate(records)
    ]


def feature_rows(stored: StoredVersion, ids: set[str]) -> dict[str, int]:
    """
    The rows of some features by their ids, without reading every record's words as JSON.

    Ids that the version does not have are not among them.
    """
    offset = np.asarray(stored.array("records/text_offset")[:])
    words = np.asarray(stored.array("records/text")[:]).tobytes()
    found: dict[str, int] = {}
    for name in sorted(ids):
        needle = f'"id":{json.dumps(name, ensure_ascii=False)}'.encode()
        at = words.find(needle)
        while at >= 0:
            row = int(np.searchsorted(offset, at, side="right")) - 1
            if json.loads(words[int(offset[row]) : int(offset[row + 1])])["id"] == name:
                found[name] = row
                break
            at = words.find(needle, at + 1)
    return found


def _published(stored: StoredVersion, rows: dict[str, int], records: list[dict[str, Any]]) -> list[Any]:
    """The geometries of ``features.gpkg`` in row order, single where they have one part."""
    found: list[Any] = [None] * len(rows)
    seen: set[int] = set()
    for name, blob, attributes in _read(stored):
        row = rows[name]
        if row in seen:
            raise ValueError(f"feature {name!r} twice")
        if json.loads(attributes) != records[row]["attributes"]:
            raise ValueError(f"the published attributes of {name!r} are not those of its record")
        seen.add(row)
        found[row] = None if blob is None else _single(_geometry(blob))
    if len(seen) != len(records):
        raise ValueError(f"{len(seen)} features are published, the records hold {len(records)}")
    return found


def _read(stored: StoredVersion) -> Iterator[tuple[str, bytes | None, str]]:
    data = stored.read(FEATURES)
    with closing(sqlite3.connect(":memory:")) as db:
        db.deserialize(data)
        tables = {name for (name,) in db.execute("SELECT table_name FROM gpkg_contents")}
        for table in _TABLES:
            if table in tables:
                yield from db.execute(f'SELECT id, geom, attributes FROM "{table}" ORDER BY fid')  # noqa: S608 - ours


def _geometry(blob: bytes) -> Any:
    if blob[:2] != b"GP":
        raise ValueError("a geometry without a GeoPackage header")
    return shapely.from_wkb(blob[8 + 8 * _ENVELOPE_DOUBLES[(blob[3] >> 1) & 0b111] :])


def _single(geometry: Any) -> Any:
    parts = shapely.get_parts(geometry)
    return parts[0] if len(parts) == 1 else geometry


def _multi(geometry: Any) -> Any:
    make: Any = (shapely.multipoints, shapely.multilinestrings, shapely.multipolygons)
    return make[int(shapely.get_dimensions(geometry))]([geometry])


def _spellings(geometry: Any) -> list[bytes]:
    """The bytes that a geometry may have had at import: of one part it may have been single or multi."""
    if geometry is None or shapely.get_type_id(geometry) > 3:
        return [wkb_of(geometry)]
    return [wkb_of(geometry), wkb_of(_multi(geometry))]


def _spelled_as_a_whole(shapes: list[Any], texts: list[str], digest: str) -> list[bytes]:
    """Of versions that keep no leaves: all single or all multi, whichever gives the content digest."""
    for pick in (0, -1):
        wkb = [_spellings(shape)[pick] for shape in shapes]
        if root_of(leaf_hash(w, t) for w, t in zip(wkb, texts, strict=True)).hex() == digest:
            return wkb
    return [wkb_of(shape) for shape in shapes]
