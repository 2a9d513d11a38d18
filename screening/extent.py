"""How much of a geometry there is: area of its polygons, length of its lines, number of its points.

A part of a site is set against pieces that were cut from the site before. Lines are compared with a tolerance of 1 mm:
a piece of a line that was computed does not lie on the line to the last bit, and an exact intersection of the two can
come out empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.measure import ellipsoidal_area, geodesic_length
from spatial.overlay.frame import Frame, bounds_of, boxes_meet, widened
from spatial.overlay.parts import simple_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapely.geometry.base import BaseGeometry

__all__ = ["ON_LINE_M", "Extent", "common", "extent_of", "together"]

ON_LINE_M = 1e-3
"""A point or a line nearer than this to a piece lies on it."""


@dataclass(frozen=True, kw_only=True)
class Extent:
    """
    Size of a geometry: ellipsoidal square metres, geodesic metres, number of points.

    A figure is 0 where there is nothing of its dimension.
    """

    area_m2: float = 0.0
    length_m: float = 0.0
    points: int = 0

    @property
    def nothing(self) -> bool:
        """Whether all three are 0 at the precision that is printed (0.01 m², 1 mm)."""
        return round(self.area_m2, 2) == 0 and round(self.length_m, 3) == 0 and self.points == 0

    def to_dict(self) -> dict[str, Any]:
        """Rounded to 0.01 m² and 1 mm."""
        return {"area_m2": round(self.area_m2, 2), "length_m": round(self.length_m, 3), "points": self.points}


def extent_of(geometry: BaseGeometry) -> Extent:
    """
    The size of one geometry.

    Use it of a geometry whose parts do not overlap (`together` makes one).

    Parameters
    ----------
    geometry
        Points, lines, polygons or a collection of them, EPSG:4490; empty gives zeros.

    Returns
    -------
    extent
        Its area, length and number of points.

    Examples
    --------
    >>> extent_of(shapely.MultiPoint([(117, 49), (118, 49)])).points
    2
    """
    parts = simple_parts(geometry)
    dimension = shapely.get_dimensions(parts)
    return Extent(
        area_m2=float(np.sum(ellipsoidal_area(parts[dimension == 2]))) if (dimension == 2).any() else 0.0,
        length_m=float(np.sum(geodesic_length(parts[dimension == 1]))) if (dimension == 1).any() else 0.0,
        points=int((dimension == 0).sum()),
    )


def together(geometries: Iterable[BaseGeometry]) -> Any:
    """
    Some geometries as one, what they share counted once: polygons united, lines united, points united.

    A line on a polygon stays beside it, for it is measured in metres and the polygon in square metres.

    Parameters
    ----------
    geometries
        EPSG:4490, of any dimension; none give an empty collection.

    Returns
    -------
    geometry
        A geometry collection with at most one part for each dimension.

    Examples
    --------
    >>> extent_of(together([shapely.Point(117, 49), shapely.Point(117, 49)])).points
    1
    """
    from spatial.overlay.parts import united_by_dimension

    return shapely.GeometryCollection(united_by_dimension(np.array(list(geometries), dtype=object)))


def common(part: BaseGeometry, pieces: Sequence[BaseGeometry]) -> Extent:
    """
    How much of a part lies on pieces that were cut from the whole that it belongs to.

    Use it to say how much of one parcel, or of all temporary land, lies in a layer, from the overlaps of a verdict.

    Parameters
    ----------
    part
        A part of a site, EPSG:4490; its polygons are compared with polygons, lines with lines, points with points.
    pieces
        Overlaps of the whole site; they may overlap each other, which counts once.

    Returns
    -------
    extent
        Areas exact; a length right within some millimetres at each end.

    Examples
    --------
    >>> site = shapely.LineString([(117, 49), (117.3, 49.1)])
    >>> piece = shapely.intersection(site, shapely.box(117.1, 48, 117.2, 50))
    >>> abs(common(site, [piece]).length_m - extent_of(piece).length_m) < 0.01
    True
    """
    ours, theirs = simple_parts(part), simple_parts(np.array(list(pieces), dtype=object))
    if len(ours) and len(theirs):
        theirs = theirs[boxes_meet(shapely.bounds(theirs), widened(bounds_of(part), ON_LINE_M))]
    if not len(ours) or not len(theirs):
        return Extent()
    own, other = shapely.get_dimensions(ours), shapely.get_dimensions(theirs)
    area, length, points = 0.0, 0.0, 0
    if (own == 2).any() and (other == 2).any():
        met = shapely.intersection(shapely.union_all(ours[own == 2]), shapely.union_all(theirs[other == 2]))
        area = extent_of(met).area_m2
    frame = Frame.around(bounds_of(part))
    if (own == 1).any() and (other == 1).any():
        # flat ends: what is found ends where the piece ends
        near = shapely.buffer(frame.to_plane(theirs[other == 1]), ON_LINE_M, cap_style="flat")
        lines = shapely.union_all(frame.to_plane(ours[own == 1]))
        length = extent_of(frame.to_degrees(shapely.intersection(lines, shapely.union_all(near)))).length_m
    if (own == 0).any() and (other == 0).any():
        spots = shapely.get_parts(shapely.union_all(frame.to_plane(ours[own == 0])))
        found = shapely.STRtree(frame.to_plane(theirs[other == 0])).query(spots, "dwithin", distance=ON_LINE_M)
        points = len(set(found[0].tolist()))
    return Extent(area_m2=area, length_m=length, points=points)
