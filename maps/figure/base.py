"""District outlines below a figure, where they are asked for: never by default, and never as evidence of a boundary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely

from spatial.boundary_store import open_built, outlines_of
from spatial.datafiles import data_file, toml_tables

if TYPE_CHECKING:
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

__all__ = ["DistrictBase", "district_base"]


@dataclass(frozen=True, kw_only=True)
class DistrictBase:
    """Names and outlines (EPSG:4490) of the districts in a window, and who published them, by language."""

    names: tuple[str, ...]
    outlines: tuple[BaseGeometry, ...]
    source: dict[str, str]


def district_base(window: tuple[float, float, float, float], *, built: Path | None = None) -> DistrictBase:
    """
    The districts of the primary source whose box meets a window.

    Parameters
    ----------
    window
        West, south, east, north, EPSG:4490.
    built
        Folder of the build; default: the project's own.

    Raises
    ------
    BoundariesNotBuiltError, BoundariesDamagedError
        As for `spatial.boundaries.union`.

    Examples
    --------
    >>> district_base((119.94, 47.17, 119.95, 47.18)).names
    ('阿尔山市',)
    """
    store = open_built(built)
    source = store.sources[0]
    west, south, east, north = window
    near = {
        code: place.name
        for code, place in sorted(store.places[source].items())
        if place.bounds[0] <= east and place.bounds[1] >= west and place.bounds[2] <= north and place.bounds[3] >= south
    }
    rows = outlines_of(store.path, source, tuple(near))
    register = toml_tables(data_file("boundaries", "registry.toml"))
    return DistrictBase(
        names=tuple(near[code] for code in rows),
        outlines=tuple(shapely.from_wkb(wkb) for wkb in rows.values()),
        source=next(dict(one["title"]) for one in register["source"] if one["name"] == source),
    )
