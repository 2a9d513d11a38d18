"""Context below the layers: districts and towns of the project's own data, or a reviewed base map of the user's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from maps.errors import MapRequestError
from maps.phrases import clean
from maps.public_map.chunks import Chunk
from maps.public_map.facts import both
from spatial.levels import level_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from maps.public_map.edition import Edition

__all__ = ["Base", "base_layers"]

_TOLERANCE_M = 20.0
_STEP = 1e-5
_MARGIN = 0.15
"""Around what the layers cover, of its size, districts and towns are shown as well."""
_MOST_DISTRICTS = 160
_MOST_TOWNS = 1500
_KINDS = {2: "district", 1: "river", 0: "place"}


@dataclass(frozen=True, kw_only=True)
class Base:
    """``BaseLayer`` documents of ``maps/page/contract.ts``, from the lowest up, and their chunks."""

    documents: list[dict[str, Any]]
    chunks: tuple[Chunk, ...]


def base_layers(edition: Edition, box: Sequence[float] | None) -> Base:
    """
    What lies below the layers.

    Use it for the page of a workspace. A public edition shows no boundary but those of a base map that was reviewed.

    Parameters
    ----------
    edition
        For whom the page is; ``edition.base`` is a file of areas, lines and points with names.
    box
        West, south, east, north of the layers, degrees; None where nothing is shown.

    Raises
    ------
    MapRequestError
        If the base map states no coordinate system or holds nothing.
    SpatialError
        If it cannot be read.
    """
    if edition.base is not None:
        return _of_file(edition.base, title=edition.review_number)
    if edition.public or box is None:
        return Base(documents=[], chunks=())
    west, south, east, north = box
    dx, dy = _MARGIN * (east - west) + 0.05, _MARGIN * (north - south) + 0.05
    wide = (west - dx, south - dy, east + dx, north + dy)
    parts = [part for part in (_districts(wide), _towns(wide)) if part is not None]
    return Base(documents=[document for document, _ in parts], chunks=tuple(chunk for _, chunk in parts))


def _districts(box: tuple[float, float, float, float]) -> tuple[dict[str, Any], Chunk] | None:
    """Outlines of the districts whose box meets that of the map; none where they were not built."""
    from spatial.boundaries import available
    from spatial.boundary_store import open_built, outlines_of

    if not available():
        return None
    built = open_built(None)
    source = built.sources[0]
    places = built.places[source]
    near = [
        code
        for code, place in places.items()
        if place.bounds[0] <= box[2]
        and place.bounds[1] >= box[0]
        and place.bounds[2] <= box[3]
        and place.bounds[3] >= box[1]
    ]
    if not near or len(near) > _MOST_DISTRICTS:
        return None
    rows = outlines_of(built.path, source, near)
    shapes = [shapely.from_wkb(wkb) for wkb in rows.values()]
    labels: list[str | None] = [places[code].name for code in rows]
    return _packed(
        shapes,
        labels,
        key="base-districts",
        kind="district",
        name=both("public_map.base_districts"),
        source=f"{built.version} ({source})",
    )


def _towns(box: tuple[float, float, float, float]) -> tuple[dict[str, Any], Chunk] | None:
    from layers.georeference.gazetteer import towns

    west, south, east, north = box
    near = [(town, town.point) for town in towns() if town.point is not None]
    near = [(town, at) for town, at in near if west <= at[0] <= east and south <= at[1] <= north]
    if not near or len(near) > _MOST_TOWNS:
        return None
    shapes = [shapely.Point(at) for _, at in near]
    source = next((town.sources[0].title for town, _ in near if town.sources), "")
    return _packed(
        shapes,
        [_label(town.name, *town.aliases) for town, _ in near],
        key="base-towns",
        kind="place",
        name=both("public_map.base_towns"),
        source=source,
    )


def _label(*names: str) -> str:
    """
    The name of a town that a map of it bears: the town's own (…市, …镇) without that word, in simplified characters.

    Examples
    --------
    >>> _label("満州里", "満州里市", "满洲里市", "Manzhouli"), _label("乌兰", "乌兰街道", "二连浩特市", "Erenhot")
    ('满洲里', '二连浩特')
    >>> _label("扎赉诺尔", "Jalai Nur"), _label("Dalaidong")
    ('扎赉诺尔', 'Dalaidong')
    """
    plain = [name for name in names if not name.isascii() and _is_simplified(name)]
    towns = [name for name in plain if len(name) > 2 and not name.endswith("民族乡")]
    own = [name[:-1] for kind in "市镇乡" for name in towns if name.endswith(kind)]
    return next(iter(own or plain), names[0])


def _is_simplified(name: str) -> bool:
    try:
        name.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _of_file(path: Path, *, title: str | None) -> Base:
    """A base map as it is: areas, lines and points of one file, each with the name its fields give."""
    from layers.fields import FieldAliases
    from layers.placing import placed_features
    from spatial.reading import read

    reading = read(path)
    if reading.crs is None:
        raise MapRequestError(
            code="base_without_crs",
            detail=f"{path}: the base map states no coordinate system",
            remedy="give one that does (a GeoPackage, or a shapefile with its .prj)",
        )
    placed = placed_features(reading)
    if placed.rejected or not (~shapely.is_missing(placed.geometries)).any():
        what = f"{len(placed.rejected)} features cannot be used" if placed.rejected else "it holds nothing"
        raise MapRequestError(
            code="base_unusable",
            detail=f"{path}: {what}; a reviewed map is shown whole or not at all",
            remedy="check the file",
        )
    aliases = FieldAliases.load()
    documents, chunks = [], []
    dimension = shapely.get_dimensions(placed.geometries)
    for number, kind in _KINDS.items():
        rows = np.flatnonzero(dimension == number)
        if not len(rows):
            continue
        labels = [_name(aliases, placed.rows[row]) for row in rows]
        document, chunk = _packed(
            placed.geometries[rows],
            labels,
            key=f"base-{kind}",
            kind=kind,
            name=both(f"public_map.base_{kind}"),
            source=title or path.name,
            exact=True,
        )
        documents.append(document)
        chunks.append(chunk)
    return Base(documents=documents, chunks=tuple(chunks))


def _name(aliases: Any, row: Mapping[str, object]) -> str | None:
    found: str | None = aliases.view(row).get("name")
    return found


def _packed(
    shapes: Sequence[Any] | NDArray[Any],
    labels: Sequence[str | None],
    *,
    key: str,
    kind: str,
    name: dict[str, str],
    source: str,
    exact: bool = False,
) -> tuple[dict[str, Any], Chunk]:
    geometries = np.empty(len(shapes), dtype=object)
    geometries[:] = list(shapes)
    level = (
        level_of(geometries, tolerance_m=0.0) if exact else level_of(geometries, tolerance_m=_TOLERANCE_M, step=_STEP)
    )
    document = {
        "key": key,
        "name": name,
        "source": clean(source),
        "chunk": key,
        "kind": kind,
        "labels": [None if label is None else clean(label) for label in labels],
    }
    return document, Chunk(key=key, block=level.block())
