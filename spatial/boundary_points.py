"""
The district that a place lies in, one place or many: `spatial.boundaries` hands these on.

A name, not proof: outlines are those of the primary publisher, off by their accuracy.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.boundary_store import open_built, outlines_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["districts_at", "districts_of"]


def districts_at(lon: float, lat: float, *, built: Path | None = None) -> tuple[str, ...]:
    """
    The districts of the primary source that a point lies in.

    Use it to name where a site is. It is a name, not proof: nearer to a border than the ``accuracy_m`` of its
    `spatial.boundaries.Boundary` the neighbour may be meant.

    Parameters
    ----------
    lon, lat
        Degrees in EPSG:4490.
    built
        Folder of the build; default: the project's own.

    Returns
    -------
    tuple[str, ...]
        Codes, sorted; two or more on a border, none outside the provinces that are built.

    Raises
    ------
    ValueError
        A coordinate is not a finite number.
    BoundariesNotBuiltError, BoundariesDamagedError
        As for `spatial.boundaries.union`.

    Examples
    --------
    >>> districts_at(119.948, 47.176)
    ('152202',)
    """
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise ValueError(f"({lon}, {lat}) is no place")
    store = open_built(built)
    source, near = store.sources[0], []
    for code, place in store.places[store.sources[0]].items():
        west, east, south, north = place.bounds
        if west <= lon <= east and south <= lat <= north:
            near.append(code)
    point = shapely.Point(lon, lat)
    rows = outlines_of(store.path, source, tuple(near))
    return tuple(code for code, wkb in rows.items() if shapely.intersects(shapely.from_wkb(wkb), point))


def districts_of(lonlat: NDArray[np.float64], *, built: Path | None = None) -> NDArray[Any]:
    """
    The district of each of many points, as :func:`districts_at` gives it first.

    Parameters
    ----------
    lonlat
        (n, 2) degrees in EPSG:4490.
    built
        Folder of the build; default: the project's own.

    Returns
    -------
    codes
        (n,) objects: a code, or None outside the provinces that are built; on a border the lesser code.

    Raises
    ------
    ValueError
        A coordinate is not a finite number.
    BoundariesNotBuiltError, BoundariesDamagedError
        As for `spatial.boundaries.union`.

    Examples
    --------
    >>> districts_of(np.array([[119.948, 47.176], [0.0, 0.0]])).tolist()
    ['152202', None]
    """
    lonlat = np.asarray(lonlat, dtype=np.float64).reshape(-1, 2)
    if not np.isfinite(lonlat).all():
        raise ValueError("a coordinate is no finite number")
    store = open_built(built)
    found = np.full(len(lonlat), None, dtype=object)
    lon, lat = lonlat.T
    for code, place in sorted(store.places[store.sources[0]].items(), reverse=True):
        west, east, south, north = place.bounds
        near = np.flatnonzero((west <= lon) & (lon <= east) & (south <= lat) & (lat <= north))
        if len(near):
            inside = shapely.intersects_xy(_outline(store.path, store.sources[0], code), lon[near], lat[near])
            found[near[inside]] = code
    return found


@lru_cache(maxsize=512)
def _outline(path: Path, source: str, code: str) -> Any:
    """The outline of a district, prepared."""
    outline = shapely.from_wkb(outlines_of(path, source, (code,))[code])
    shapely.prepare(outline)
    return outline
