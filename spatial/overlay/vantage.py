"""
A site that distances are measured from: what every measurement needs of it, worked out once.

Distances from one site are asked for by the thousand, one call after another; edges, frame and prepared geometries of
the site are the same for all of them.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.overlay.frame import Frame, bounds_of, boxes_meet

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

__all__ = ["Vantage", "edge_lines", "segments_of", "vantage_of"]

FEW_LINES = 16
LAST_SITES = 8
"""Sites whose vantages are kept: those of a site and of the parts and pieces of it that are asked about in turn."""


class Vantage:
    """
    One site, EPSG:4490, as distances are measured from it.

    Attributes
    ----------
    site
        The geometry itself.
    bounds
        Its (west, south, east, north), degrees.
    frame
        The frame around it.
    known
        What was measured from it, by what it was measured to; `spatial.overlay.distance` keeps it here.
    """

    def __init__(self, site: BaseGeometry) -> None:
        self.site = site
        self.bounds = bounds_of(site)
        self.frame = Frame.around(self.bounds)
        self.known: dict[Any, Any] = {}

    @cached_property
    def prepared(self) -> BaseGeometry:
        """A prepared copy: which of two nearest pairs GEOS gives may depend on it, so the site stays as it is."""
        return _prepared(self.site)

    @cached_property
    def plane(self) -> BaseGeometry:
        """The site in its frame, metres."""
        found: BaseGeometry = self.frame.to_plane(self.site)
        return found

    @cached_property
    def prepared_plane(self) -> BaseGeometry:
        """A prepared copy of that."""
        return _prepared(self.plane)

    @cached_property
    def edges(self) -> NDArray[np.float64]:
        """Its edges, as `segments_of` gives them, degrees."""
        return segments_of(np.array([self.site], dtype=object))[0]

    @cached_property
    def lines(self) -> NDArray[Any]:
        """Its edges as lines in its frame."""
        return edge_lines(self.edges, self.frame)

    @cached_property
    def _line_boxes(self) -> NDArray[np.float64]:
        return np.asarray(shapely.bounds(self.lines))

    def lines_near(self, others: NDArray[Any], reach_m: float) -> NDArray[np.int64]:
        """Rows of the lines that may come within reach of some others in the frame; of a few lines all."""
        if len(self.lines) <= FEW_LINES:
            return np.arange(len(self.lines))
        west, south, east, north = (float(v) for v in shapely.total_bounds(others))
        box = (west - reach_m, south - reach_m, east + reach_m, north + reach_m)
        return np.flatnonzero(boxes_meet(self._line_boxes, box))


def vantage_of(site: BaseGeometry) -> Vantage:
    """
    The vantage of a site; the same one while the same geometry is asked about, call after call.

    Examples
    --------
    >>> site = shapely.Point(117.5, 49.5)
    >>> vantage_of(site) is vantage_of(site), vantage_of(site) is vantage_of(shapely.Point(117.5, 49.5))
    (True, False)
    """
    return _vantage(_Itself(site))


class _Itself:
    """A geometry as a key: equal to no other, however alike (to compare them would cost more than to start anew)."""

    def __init__(self, geometry: BaseGeometry) -> None:
        self.geometry = geometry

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and other.geometry is self.geometry

    def __hash__(self) -> int:
        return id(self.geometry)


@lru_cache(maxsize=LAST_SITES)
def _vantage(key: _Itself) -> Vantage:
    return Vantage(key.geometry)


def _prepared(geometry: BaseGeometry) -> BaseGeometry:
    copy: BaseGeometry = shapely.transform(geometry, np.copy)
    shapely.prepare(copy)
    return copy


def segments_of(geometries: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Edges as (n, 4) lon, lat of both ends, and the row each is of; a point is an edge of no length."""
    if (shapely.get_type_id(geometries) == 0).all():
        points = shapely.get_coordinates(geometries)
        return np.hstack([points, points]), np.arange(len(geometries), dtype=np.int64)
    parts, row = shapely.get_parts(geometries, return_index=True)
    while (shapely.get_type_id(parts) > 3).any():
        parts, index = shapely.get_parts(parts, return_index=True)
        row = row[index]
    dimension = shapely.get_dimensions(parts)
    rings, ring_of = shapely.get_rings(parts[dimension == 2], return_index=True)
    lines = np.concatenate([rings, parts[dimension == 1]])
    line_row = np.concatenate([row[dimension == 2][ring_of], row[dimension == 1]])
    xy, line = shapely.get_coordinates(lines, return_index=True)
    joined = line[1:] == line[:-1]
    points = shapely.get_coordinates(parts[dimension == 0])
    segments = np.vstack([np.hstack([xy[:-1][joined], xy[1:][joined]]), np.hstack([points, points])])
    owners = np.concatenate([line_row[line[:-1][joined]], row[dimension == 0]])
    return segments, owners.astype(np.int64)


def edge_lines(edges: NDArray[np.float64], frame: Frame) -> NDArray[Any]:
    """Edges (k, 4) in degrees as lines in the frame."""
    ends = (edges.reshape(-1, 2, 2) - (frame.lon0, frame.lat0)) * (frame.kx, frame.ky)
    return np.atleast_1d(np.asarray(shapely.linestrings(ends), dtype=object))
