"""Coordinates typed on a command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import shapely

from spatial.coordinates import parse_all, place
from spatial.errors import CoordinateError
from spatial.reading.draft import Draft, note_notation
from spatial.reading.rings import close

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

__all__ = ["parse_typed"]


def parse_typed(text: str, *, geometry: Literal["point", "line", "polygon"] | None = None) -> Draft:
    """
    The feature typed on a command line: one pair a point, several a line, or a polygon if asked for.

    Parameters
    ----------
    text
        ``117.45,49.58``; several pairs parted by spaces or semicolons; degrees, minutes, seconds in any usual form.
    geometry
        ``polygon`` closes the pairs to a ring; ``point`` makes several points.

    Returns
    -------
    draft
        One feature, in a layer called ``typed``.

    Raises
    ------
    CoordinateError
        If the text holds anything else, an odd number of coordinates, or pairs of different kinds.
    """
    written = parse_all(text)
    if not written or len(written) % 2:
        raise CoordinateError(
            code="not_pairs", text=text[:80], detail=f"{len(written)} numbers; a place needs two: east and north"
        )
    draft = Draft(file="typed", format="typed", source_kind="typed")
    points: list[tuple[float, float]] = []
    for one, other in zip(written[::2], written[1::2], strict=True):
        at = place(one.value, other.value)
        named = {one.axis, other.axis} - {None}
        if len(named) == 1 and one.axis is not None and other.axis is not None:
            raise CoordinateError(code="two_axes", text=text[:80], detail="both coordinates of a pair name one axis")
        if at.kind == "degrees" and named:
            east_first = one.axis == "lon" or other.axis == "lat"
            if east_first == at.swapped:
                raise CoordinateError(
                    code="axis_differs", text=text[:80], detail="the axis named and the size of the number disagree"
                )
        draft.note(at)
        points.append((at.east, at.north))
    if len(draft.kinds) > 1 or draft.kinds & {"local", "web_mercator"}:
        raise CoordinateError(
            code="no_place",
            text=text[:80],
            detail="no place in China: give longitude 73-136 and latitude 3-54, or a grid's easting and northing",
        )
    note_notation(written, draft)
    shape = geometry or ("point" if len(points) == 1 else "line")
    made: BaseGeometry | None = None
    if shape == "polygon":
        ring = close(points)
        made = shapely.Polygon(ring) if ring else None
    elif shape == "line" and len(set(points)) > 1:
        made = shapely.LineString(points)
    elif shape == "point":
        made = shapely.Point(points[0]) if len(points) == 1 else shapely.MultiPoint(points)
    if made is None:
        raise CoordinateError(code="too_few_points", text=text[:80], detail=f"too few distinct points for a {shape}")
    draft.add(made, {}, layer="typed")
    return draft
