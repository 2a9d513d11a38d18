"""What the map draws of each layer: its published features and coverage, every byte checked, large layers in part."""

from __future__ import annotations

import math
import sqlite3
import struct
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layers.card import LayerCard
from layers.errors import DamagedVersionError
from screening.overlap import LayerOutline, OutlineFeature

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapely.geometry.base import BaseGeometry

    from layers.workspace.store import StoredVersion, VersionEntry, WorkspaceStore

__all__ = ["MOST_VERTICES", "outlines_of"]

MOST_VERTICES = 200_000
"""A layer with more is drawn around the site only, and simplified if that is not enough."""
LEAST_WINDOW_M = 5_000.0
_METRES_A_DEGREE = 111_320.0
_FEATURES, _COVERAGE = "features.gpkg", "coverage.gpkg"
_ENVELOPE_DOUBLES = (0, 4, 6, 6, 8)
_TOO_SHORT = (struct.error, IndexError, shapely.GEOSException, sqlite3.Error, KeyError, ValueError)


@dataclass(frozen=True, kw_only=True)
class _Row:
    words: tuple[Any, ...]
    geometry: BaseGeometry


def outlines_of(
    result: Mapping[str, Any], store: WorkspaceStore, *, site: BaseGeometry, most_vertices: int = MOST_VERTICES
) -> tuple[LayerOutline, ...]:
    """
    The layers of a result as they are drawn.

    Use it for a map of a verdict; nothing is judged with it. A version that cannot be read whole is not drawn at all
    and its note says so, since a map on which something is missing looks like a map on which there is nothing.

    Parameters
    ----------
    result
        The JSON of a verdict made with this store.
    store
        The workspace.
    site
        The site, EPSG:4490.
    most_vertices
        A layer with more vertices is cut to a window around the site (its bounds widened by three times its size, at
        least 5 km); if the rest has more, it is simplified and the outline says by how much.

    Returns
    -------
    outlines
        In the order of the result's layers; those whose card could not be read are not among them: the result
        already says so.
    """
    entries = {(e.layer, e.version): e for e in store.entries}
    window = _window(site)
    found = []
    for card in result["layers"]:
        entry = entries.get((card["name"], card["version"]))
        if entry is None:
            continue
        try:
            found.append(_outline(store, entry, window, most_vertices))
        except (DamagedVersionError, OSError):
            found.append(_undrawn(card))
    return tuple(found)


def _undrawn(card: Mapping[str, Any]) -> LayerOutline:
    """A layer of which nothing is shown; of what cannot be read nobody knows that it may be shown."""
    return LayerOutline(
        layer=card["name"],
        kind=card["kind"],
        role=card["role"],
        features=(),
        data_date=card["data_date"],
        source=card["source"],
        restricted=bool(card["restricted"]),
        synthetic=bool(card["synthetic"]),
        indicative=bool(card["indicative"]),
        notes=("not_drawn_damaged",),
    )


def _outline(store: WorkspaceStore, entry: VersionEntry, window: BaseGeometry, most: int) -> LayerOutline:
    stored = store.open_version(entry)
    card = LayerCard.from_dict(stored.card)
    rows = list(_rows(stored, _FEATURES, "features", ("id", "code", "name", "class", "class_label", "flags")))
    coverage = None
    if card.coverage_kind is not None:
        coverage = shapely.union_all([row.geometry for row in _rows(stored, _COVERAGE, "coverage", ())])
    notes: list[str] = []
    simplified = 0.0
    if _vertices(rows) > most:
        rows = _cut(rows, window)
        notes.append("drawn_in_window")
        while _vertices(rows) > most and simplified < 1000:
            simplified = simplified * 2 or 1.0
            rows = _simplified(rows, simplified)
    if coverage is not None and shapely.get_num_coordinates(coverage) > most:
        coverage = shapely.simplify(coverage, 10.0 / _METRES_A_DEGREE)
    return LayerOutline(
        layer=card.name,
        kind=card.kind,
        role=card.role,
        features=tuple(_feature(row) for row in rows),
        data_date=card.data_date,
        source=card.source,
        restricted=card.restricted,
        synthetic=card.synthetic,
        indicative=card.indicative,
        coverage=coverage,
        simplified_m=simplified,
        notes=tuple(notes),
    )


def _rows(stored: StoredVersion, file: str, table: str, columns: tuple[str, ...]) -> Iterator[_Row]:
    """The rows of a published file whose every byte was checked; rows without geometry are left out."""
    try:
        data = stored.read(file)
        with closing(sqlite3.connect(":memory:")) as db:
            db.deserialize(data)
            names = [
                name for (name,) in db.execute("SELECT table_name FROM gpkg_contents WHERE data_type = 'features'")
            ]
            own = [name for name in names if name == table or name in {f"{table}_{k}" for k in ("line", "point")}]
            for name in sorted(own):
                wanted = ", ".join(f'"{column}"' for column in ("geom", *columns))
                for blob, *words in db.execute(f'SELECT {wanted} FROM "{name}" ORDER BY fid'):  # noqa: S608 - our names
                    geometry = None if blob is None else _geometry(blob)
                    if geometry is not None and not geometry.is_empty:
                        yield _Row(words=tuple(words), geometry=geometry)
    except _TOO_SHORT as error:
        raise DamagedVersionError(entry=stored.entry, file=file, block=None, detail=str(error)) from error


def _geometry(blob: bytes) -> BaseGeometry:
    """
    The geometry behind a GeoPackage header.

    Examples
    --------
    >>> header = b"GP" + bytes([0, 1]) + (4490).to_bytes(4, "little")
    >>> _geometry(header + shapely.to_wkb(shapely.Point(117, 49))).wkt
    'POINT (117 49)'
    """
    if blob[:2] != b"GP":
        raise ValueError("a geometry without a GeoPackage header")
    envelope = (blob[3] >> 1) & 0b111
    return shapely.from_wkb(blob[8 + 8 * _ENVELOPE_DOUBLES[envelope] :])


def _feature(row: _Row) -> OutlineFeature:
    id_, code, name, class_, label, flags = row.words
    return OutlineFeature(
        id=id_,
        code=code,
        name=name,
        class_=class_,
        class_label=label,
        geometry=row.geometry,
        flags=tuple(f for f in (flags or "").split(",") if f),
    )


def _window(site: BaseGeometry) -> BaseGeometry:
    west, south, east, north = (float(v) for v in site.bounds)
    squeeze = max(math.cos(math.radians((south + north) / 2)), 0.1)
    size_m = max((east - west) * squeeze, north - south) * _METRES_A_DEGREE
    reach = max(LEAST_WINDOW_M, 3 * size_m) / _METRES_A_DEGREE
    return shapely.box(west - reach / squeeze, south - reach, east + reach / squeeze, north + reach)


def _vertices(rows: list[_Row]) -> int:
    return int(sum(shapely.get_num_coordinates(row.geometry) for row in rows))


def _cut(rows: list[_Row], window: BaseGeometry) -> list[_Row]:
    geometries = np.array([row.geometry for row in rows], dtype=object)
    near = np.flatnonzero(shapely.intersects(shapely.box(*shapely.bounds(geometries).T), window))
    box = tuple(float(v) for v in window.bounds)
    cut = [(rows[i].words, shapely.clip_by_rect(geometries[i], *box)) for i in near]
    return [_Row(words=words, geometry=geometry) for words, geometry in cut if not geometry.is_empty]


def _simplified(rows: list[_Row], metres: float) -> list[_Row]:
    degrees = metres / _METRES_A_DEGREE
    return [_Row(words=r.words, geometry=shapely.simplify(r.geometry, degrees, preserve_topology=True)) for r in rows]
