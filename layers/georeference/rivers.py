"""
River layers of a workspace as a network: lines are rivers, points are stated ends, polygons are reservoirs and lakes.

A river layer is one of kind ``other``, role ``context``, whose meaning says 河流 (``--layer other --role context
--meaning 河流``). Its columns are listed in ``rivers.toml``: the river's name, the flow (along the line as drawn or
against it), from- and to-nodes, words such as 水库 or 季节性; and of points what end it is (河口, 尾闾, 出境, 源头).
"""

from __future__ import annotations

import json
import sqlite3
import struct
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from layers.errors import DamagedVersionError, RiverLayerError
from layers.fields import fold, text_of
from layers.model import in_force
from layers.placing import placed_features
from layers.version import open_layer, version_at
from spatial.datafiles import toml_tables
from spatial.network.building import GAP_M, TOLERANCE_M, RiverLine, StatedEnd, build

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

    from layers.version import OpenLayer
    from layers.workspace.store import StoredVersion, VersionEntry, WorkspaceStore
    from spatial.network.directions import Directions
    from spatial.network.graph import Network
    from spatial.reading.model import Reading

__all__ = ["Rivers", "means_rivers", "network_of", "river_layers", "rivers_of", "rivers_of_reading"]

_ENVELOPE_DOUBLES = (0, 4, 6, 6, 8)
_TROUBLE = (struct.error, IndexError, shapely.GEOSException, sqlite3.Error, KeyError, ValueError, TypeError)


@dataclass(frozen=True, kw_only=True)
class Rivers:
    """
    The rivers of an area and where they come from.

    Parameters
    ----------
    network
        None where an authority declares that there are none.
    name, version
        Of the layer; the file's name and no version where it was read from a file.
    synthetic, indicative, restricted
        As its card says. Rivers that are not synthetic are the user's own data: the toolkit has none.
    declared_by
        Who declares that there are no rivers.
    accuracy_m
        Of the lines, 95 %.
    coverage
        Where the layer claims to be complete, EPSG:4490; None if it does not say.
    validity
        ``date_missing``, ``not_valid_yet`` or ``layer_expired``; None if the version is valid at the date.
    rejected
        Features of the layer that could not be used.
    """

    network: Network | None
    name: str
    version: str | None = None
    synthetic: bool = False
    indicative: bool = False
    restricted: bool = False
    source: str | None = None
    data_date: str | None = None
    declared_by: str | None = None
    accuracy_m: float = 25.0
    coverage: BaseGeometry | None = None
    coverage_accuracy_m: float = 0.0
    validity: str | None = None
    rejected: int = 0


def network_of(
    features: Iterable[tuple[str, BaseGeometry | None, Mapping[str, Any]]],
    *,
    directions: Directions | None = None,
    ends: Sequence[StatedEnd] = (),
    tolerance_m: float = TOLERANCE_M,
    gap_m: float = GAP_M,
    natural_heads: bool = False,
) -> Network:
    """
    The network of a layer's features.

    Parameters
    ----------
    features
        Id, geometry in EPSG:4490, columns: lines are rivers, points stated ends (a point whose word is not understood
        states nothing), polygons reservoirs or lakes.
    directions, ends, tolerance_m, gap_m, natural_heads
        As `spatial.network.building.build` takes them; ``ends`` are added to the points.

    Raises
    ------
    NetworkError
        There is no line.

    Examples
    --------
    >>> line = shapely.LineString([(117, 49), (117, 49.1)])
    >>> rivers = network_of(
    ...     [
    ...         ("1", line, {"河流名称": "甲河", "流向": "正向"}),
    ...         ("2", shapely.Point(117, 49.1), {"端点": "河口"}),
    ...     ]
    ... )
    >>> rivers.names, rivers.edges[0].directed, [n.end for n in rivers.nodes]
    (('甲河',), True, [None, 'mouth'])
    """
    lines, reservoirs, stated = [], [], list(ends)
    spelled: dict[str, str] = {}
    for name, geometry, columns in features:
        if geometry is None or geometry.is_empty:
            continue
        said = {fold(str(column)): text_of(value) for column, value in columns.items()}
        dimension = shapely.get_dimensions(geometry)
        if dimension == 2:
            reservoirs.append(geometry)
        elif dimension == 0:
            kind = _exactly("end", _first(said, "end"))
            stated += [
                StatedEnd(lon=float(p.x), lat=float(p.y), kind=kind)  # type: ignore[arg-type]
                for p in shapely.get_parts(geometry)
                if kind is not None
            ]
        else:
            river = _first(said, "name")
            lines.append(
                RiverLine(
                    id=name,
                    geometry=geometry,
                    name=None if river is None else spelled.setdefault(fold(river), river),
                    flags=_flags(said),
                    flow=_exactly("flow", _first(said, "flow")),
                    from_node=_first(said, "from_node"),
                    to_node=_first(said, "to_node"),
                )
            )
    return build(
        lines,
        directions=directions,
        ends=stated,
        reservoirs=reservoirs,
        tolerance_m=tolerance_m,
        gap_m=gap_m,
        natural_heads=natural_heads,
    )


def rivers_of_reading(reading: Reading, *, accuracy_m: float | None = None, **options: Any) -> Rivers:
    """
    The rivers of a file, for georeferencing sections before anything is in a workspace.

    ``options`` are those of `network_of`. Raises ``NetworkError`` where the file holds no line.
    """
    placed = placed_features(reading)
    rows = zip(placed.ids, placed.geometries, placed.rows, strict=True)
    return Rivers(
        network=network_of(rows, **options),
        name=reading.source_name,
        accuracy_m=reading.accuracy.metres if accuracy_m is None else accuracy_m,
        rejected=len(placed.rejected),
    )


def means_rivers(meaning: str) -> bool:
    """
    Whether the meaning of a layer of kind ``other`` says that it holds rivers.

    Examples
    --------
    >>> means_rivers("河流中心线"), means_rivers("Rivers"), means_rivers("道路")
    (True, True, False)
    """
    return any(word in fold(meaning) for word in ("河", "水系", "river"))


def river_layers(store: WorkspaceStore) -> tuple[str, ...]:
    """
    Names of the river layers of a workspace: kind ``other``, role ``context``, and a meaning with 河 or ``river``.

    Raises
    ------
    DamagedVersionError
        If the card of a layer of that kind cannot be read: it may be one.
    """
    found: dict[str, None] = {}
    for entry in store.entries:
        if entry.kind != "other" or entry.role != "context":
            continue
        if means_rivers(str(store.open_version(entry).card.get("meaning") or "")):
            found[entry.layer] = None
    return tuple(sorted(found))


def rivers_of(store: WorkspaceStore, name: str | None = None, *, as_of: str, **options: Any) -> Rivers:
    """
    The rivers of a workspace, as they are at a date.

    Parameters
    ----------
    store
        An open workspace.
    name
        Of the layer; needed where there are several river layers.
    as_of
        ISO date.
    options
        Those of `network_of`.

    Raises
    ------
    RiverLayerError
        There is no such layer, or several and none is named.
    DamagedVersionError
        Its bytes differ from what was written.
    NetworkError
        It holds no line.
    """
    names = river_layers(store) if name is None else (name,)
    entries = [e for e in store.entries if len(names) == 1 and e.layer == names[0] and e.kind == "other"]
    if not entries:
        raise RiverLayerError(asked=name, found=river_layers(store))
    entry, validity = version_at(entries, as_of)
    layer = open_layer(store, entry)
    card = layer.card
    network = None
    if not card.declared_none:
        network = network_of(
            ((i, g, a) for i, g, a, first, last in _features(store, entry) if in_force(first, last, as_of)), **options
        )
    return Rivers(
        network=network,
        name=card.name,
        version=entry.version,
        synthetic=card.synthetic,
        indicative=card.indicative,
        restricted=card.restricted,
        source=card.source,
        data_date=card.data_date,
        declared_by=card.source if card.declared_none else None,
        accuracy_m=card.accuracy_m,
        coverage=_coverage(layer),
        coverage_accuracy_m=card.coverage_accuracy_m or 0.0,
        validity=validity,
        rejected=sum(1 for r in card.rejected if r.accepted is None),
    )


def _coverage(layer: OpenLayer) -> BaseGeometry | None:
    found: BaseGeometry | None = None if layer.coverage is None else layer.coverage.geometry(0)
    return found


def _features(
    store: WorkspaceStore, entry: VersionEntry
) -> Iterator[tuple[str, BaseGeometry, dict[str, Any], str | None, str | None]]:
    """Features as they were imported, lines in their drawn order (the index may cut and turn them)."""
    stored: StoredVersion = store.open_version(entry)
    try:
        data = stored.read("features.gpkg")
        with closing(sqlite3.connect(":memory:")) as db:
            db.deserialize(data)
            tables = [t for (t,) in db.execute("SELECT table_name FROM gpkg_contents WHERE data_type = 'features'")]
            for table in sorted(tables):
                query = f'SELECT geom, id, attributes, valid_from, valid_until FROM "{table}" ORDER BY fid'  # noqa: S608
                for blob, name, text, first, last in db.execute(query):
                    if blob is not None:
                        yield str(name), _geometry(blob), json.loads(text or "{}"), first, last
    except _TROUBLE as error:
        raise DamagedVersionError(entry=entry, file="features.gpkg", block=None, detail=str(error)) from error


def _geometry(blob: bytes) -> BaseGeometry:
    """The geometry behind a GeoPackage header."""
    if blob[:2] != b"GP":
        raise ValueError("a geometry without a GeoPackage header")
    found: BaseGeometry = shapely.from_wkb(blob[8 + 8 * _ENVELOPE_DOUBLES[(blob[3] >> 1) & 0b111] :])
    return found


@cache
def _words() -> dict[str, dict[str, list[str]]]:
    tables = toml_tables(Path(__file__).with_name("rivers.toml"))
    return {table: {k: [fold(w) for w in v] for k, v in keys.items()} for table, keys in tables.items()}


def _first(said: Mapping[str, str | None], meaning: str) -> str | None:
    return next((value for column in _words()["columns"][meaning] if (value := said.get(column))), None)


def _exactly(table: str, word: str | None) -> str | None:
    """The code whose words hold this one."""
    return next((code for code, words in _words()[table].items() if word is not None and fold(word) in words), None)


def _flags(said: Mapping[str, str | None]) -> tuple[str, ...]:
    cells = [fold(value) for column in _words()["columns"]["flags"] if (value := said.get(column))]
    return tuple(code for code, words in _words()["flags"].items() if any(w in cell for cell in cells for w in words))
