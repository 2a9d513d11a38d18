"""The districts that a workspace is for: what they are called, and the box around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from layers.workspace.store import WorkspaceStore

__all__ = ["Region", "region_of"]

_MOST_DISTRICTS = 2
"""More of them are called by their cities."""


@dataclass(frozen=True, kw_only=True)
class Region:
    """``name`` in Chinese; ``bounds`` west, south, east, north, EPSG:4490 degrees."""

    name: str
    bounds: tuple[float, float, float, float]


def region_of(store: WorkspaceStore) -> Region | None:
    """
    The region of a workspace.

    Use it for headings and for what to show where no layer has a place; nothing is decided by it.

    Parameters
    ----------
    store
        The workspace.

    Returns
    -------
    region
        None where the workspace names no districts, or their outlines were not built here.
    """
    from spatial import boundaries
    from spatial.errors import SpatialError

    codes = [code.strip() for code in (store.region or "").split(",") if code.strip()]
    if not codes:
        return None
    try:
        found = boundaries.union(codes)
    except (SpatialError, LookupError):
        return None
    west, south, east, north = (float(value) for value in found.geometry.bounds)
    names = found.names
    if len(found.codes) > _MOST_DISTRICTS:  # all of one city: by its name
        cities = {f"{code[:4]}00" for code in found.codes}
        names = tuple(boundaries.place_names().get(code, code) for code in sorted(cities))
    return Region(name="、".join(names), bounds=(west, south, east, north))
