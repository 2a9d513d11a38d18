"""What the sizes of coordinates show, where a file does not say what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely

from spatial.coordinates import place
from spatial.reading.model import Evidence

if TYPE_CHECKING:
    from spatial.reading.draft import Draft

__all__ = ["note_sizes"]


def note_sizes(draft: Draft) -> None:
    """What the sizes of all coordinates show, by the corners of their box (the ranges are convex)."""
    if not draft.geometries:
        return
    west, south, east, north = map(float, shapely.total_bounds(draft.geometries))
    corners = [place(west, south), place(east, north)]
    if any(corner.swapped for corner in corners):  # x is east in these formats; sizes say otherwise
        draft.kinds.add("local")
        draft.crs_evidence.append(Evidence(code="axes_swapped", value=f"{west:g} {south:g} {east:g} {north:g}"))
    else:
        for corner in corners:
            draft.note(corner)
    on_earth = max(abs(west), abs(east)) <= 180 and max(abs(south), abs(north)) <= 90
    draft.notation = "degrees" if on_earth else "projected"
