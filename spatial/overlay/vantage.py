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

from spatial.measure import ellipsoidal_area
from spatial.overlay.frame import Frame, bounds_of, boxes_meet
from spatial.overlay.parts import united_by_dimension

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

__all__ = ["Vantage", "segments_of", "vantage_of"]

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
        self._in_plane: dict[int, tuple[BaseGeometry, BaseGeometry]] = {}
        self._plane_distance: dict[int, float] = {}

    @cached_property
    def prepared(self) -> BaseGeometry:
        """A prepared copy: which of two nearest pairs GEOS gives may depend on it, so the site stays as it is."""
        return _prepared(self.site)

    @cached_property
    def united(self) -> list[Any]:
        """Its polygons, its lines and its points, each united to one geometry."""
        return united_by_dimension(self.site)

    @cached_property
    def area_m2(self) -> float:
        """Its ellipsoidal area."""
        return float(ellipsoidal_area([self.site])[0])

    @cached_property
    def plane(self) -> BaseGeometry:
        """The site in its frame, metres."""
        found: BaseGeometry = self.frame.to_plane(self.site)
        return found

    @cached_property
    def prepared_plane(self) -> BaseGeometry:
        """A prepared copy of that."""
        return _prepared(self.plane)

    def in_plane(self, target: BaseGeometry) -> BaseGeometry:
        """A target in the frame of the site, worked out once."""
        if id(target) not in self._in_plane:  # kept with it, so that no other takes over its number
            self._in_plane[id(target)] = target, self.frame.to_plane(target)
        return self._in_plane[id(target)][1]

    def plane_distances(self, targets: NDArray[Any]) -> NDArray[np.float64]:
        """Metres to each target in the frame of the site, worked out once, all that are new together."""
        new = [target for target in targets if id(target) not in self._plane_distance]
        if new:
            there = np.empty(len(new), dtype=object)
            there[:] = new
            there = np.atleast_1d(self.frame.to_plane(there))
            for target, plane, metres in zip(new, there, shapely.distance(self.prepared_plane, there), strict=True):
                self._in_plane.setdefault(id(target), (target, plane))
                self._plane_distance[id(target)] = float(metres)
        return np.array([self._plane_distance[id(target)] for target in targets], dtype=np.float64)

    @cached_property
    def edges(self) -> NDArray[np.float64]:
        """Its edges, as `segments_of` gives them, degrees."""
        return segments_of(np.array([self.site], dtype=object))[0]

    @cached_property
    def long(self) -> NDArray[np.bool_]:
        """Which of them have a length; points have none."""
        return np.asarray((self.edges[:, :2] != self.edges[:, 2:]).any(axis=1))

    @cached_property
    def lines(self) -> NDArray[Any]:
        """Its edges as lines in its frame."""
        return np.atleast_1d(np.asarray(shapely.linestrings(_in_frame(self.edges, self.frame)), dtype=object))

    @cached_property
    def _plane_bounds(self) -> tuple[float, float, float, float]:
        return bounds_of(self.plane)

    @cached_property
    def _line_boxes(self) -> NDArray[np.float64]:
        return np.asarray(shapely.bounds(self.lines))

    def near(
        self, others: NDArray[np.float64], reach_m: float
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[Any]]:
        """
        Edges that may come within reach of each other, going by boxes in the frame; those of no length never do.

        Returns
        -------
        rows, other_rows, other_lines
            Rows of its own edges (of a few all that have a length), rows of the others (k, 4) given in degrees, and
            these as lines in the frame.
        """
        west, south, east, north = self._plane_bounds
        plane = _in_frame(others, self.frame)
        x1, y1, x2, y2 = plane.reshape(-1, 4).T
        across = (np.minimum(x1, x2) <= east + reach_m) & (np.maximum(x1, x2) >= west - reach_m)
        along = (np.minimum(y1, y2) <= north + reach_m) & (np.maximum(y1, y2) >= south - reach_m)
        close = np.flatnonzero(((x1 != x2) | (y1 != y2)) & across & along)
        plane = plane[close]
        rows = np.flatnonzero(self.long)
        if len(rows) > FEW_LINES and len(close):
            west, south = (plane.min(axis=(0, 1)) - reach_m).tolist()
            east, north = (plane.max(axis=(0, 1)) + reach_m).tolist()
            rows = rows[boxes_meet(self._line_boxes[rows], (west, south, east, north))]
        return rows, close, np.asarray(shapely.linestrings(plane), dtype=object)


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
    if (shapely.get_type_id(geometries) == 3).all():  # as the pieces of a zone mostly are
        rings, row = shapely.get_rings(geometries, return_index=True)
        xy, line = shapely.get_coordinates(rings, return_index=True)
        joined = line[1:] == line[:-1]
        return np.hstack([xy[:-1][joined], xy[1:][joined]]), row[line[:-1][joined]].astype(np.int64)
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


def _in_frame(edges: NDArray[np.float64], frame: Frame) -> NDArray[np.float64]:
    """Edges (k, 4) in degrees as (k, 2, 2) metres of the frame."""
    return np.asarray((edges.reshape(-1, 2, 2) - (frame.lon0, frame.lat0)) * (frame.kx, frame.ky))
