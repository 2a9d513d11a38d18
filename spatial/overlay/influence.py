"""The points within a stated distance of a feature, drawn where a site lies.

For areas and pictures, never for an answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from spatial.ellipsoid import geod
from spatial.overlay.frame import Frame, bounds_of

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

__all__ = ["drawn_influence"]

CIRCLE_POINTS = 1440
QUADRANT_SEGMENTS = 90


def drawn_influence(feature: BaseGeometry, influence_m: float, *, near: BaseGeometry) -> BaseGeometry:
    """
    A polygon of the points within ``influence_m`` of a feature, right where ``near`` lies.

    Answers never use it (they measure to the feature itself): it gives the overlap that is listed and drawn.

    Parameters
    ----------
    feature
        Point, line or polygon, EPSG:4490.
    influence_m
        Geodesic metres, > 0.
    near
        The site: elsewhere the outline of a line's or polygon's influence may be off by 0.5 % of the distance.

    Returns
    -------
    polygon
        EPSG:4490; of a single point a geodesic circle of 1,440 corners (inside the true one by at most 2.4e-6 of d).

    Examples
    --------
    >>> zone = drawn_influence(shapely.Point(117.5, 49.5), 1000.0, near=shapely.Point(117.5, 49.5))
    >>> from spatial.measure import ellipsoidal_area
    >>> round(float(ellipsoidal_area([zone])[0]) / (np.pi * 1000.0**2), 4)
    1.0
    """
    if isinstance(feature, shapely.Point):
        azimuth = np.linspace(0.0, 360.0, CIRCLE_POINTS, endpoint=False)
        same = np.ones(CIRCLE_POINTS)
        lon, lat, _ = geod().fwd(same * feature.x, same * feature.y, azimuth, same * influence_m)
        return shapely.Polygon(np.column_stack([lon, lat]))
    frame = Frame.around(bounds_of(near))
    line = frame.to_plane(shapely.shortest_line(near, feature))
    ratio = 1.0
    if line.length > 0:
        (lon1, lat1), (lon2, lat2) = shapely.get_coordinates(frame.to_degrees(line))
        _, _, metres = geod().inv(lon1, lat1, lon2, lat2)
        ratio = float(line.length / metres) if metres > 0 else 1.0
    zone = shapely.buffer(frame.to_plane(feature), influence_m * ratio, quad_segs=QUADRANT_SEGMENTS)
    degrees: BaseGeometry = frame.to_degrees(zone)
    return degrees
