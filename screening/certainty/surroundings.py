"""On which side of a site the coverage of a layer ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from screening.covering import cover_of
from spatial.boundaries import available, districts_at, place_names
from spatial.measure import distance_bearing
from spatial.overlay.distance import nearest_of_boxes
from spatial.overlay.frame import bounds_of, widened

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from layers.version import OpenLayer
    from spatial.overlay.index import GeometryIndex

__all__ = ["side_not_covered"]

BEYOND_M = 500.0
"""How far beyond the edge the district is looked up; borders are off by some hundred metres."""


def side_not_covered(site: BaseGeometry, layer: OpenLayer) -> dict[str, Any]:
    """
    Where to look for what a layer does not cover.

    Parameters
    ----------
    site
        EPSG:4490.
    layer
        A layer with a stated coverage; without one nothing is said.

    Returns
    -------
    facts
        ``bearing_deg``: from the site to what lies outside (wholly outside: away from the coverage), with the eight
        winds in mind; ``districts``: names of the districts there, where the boundaries are set up. A name is where to
        ask, not proof.
    """
    coverage = layer.coverage
    if coverage is None:
        return {}
    cover = cover_of(site, coverage)
    centre = shapely.centroid(site)
    if cover.inside:
        nearest = nearest_of_boxes(
            site, coverage.group_bounds, np.arange(len(coverage.group_bounds)), coverage.load_edge_groups
        )
        if nearest is None or nearest.bearing_deg is None:
            return {}
        return {"bearing_deg": _degrees(nearest.bearing_deg), **_districts(centre, nearest.bearing_deg, cover.edge_m)}
    if cover.uncovered_share >= 1.0:
        areal = coverage.pieces_of(coverage.feature_dimension == 2)
        nearest = nearest_of_boxes(site, coverage.piece_bounds, areal, coverage.load)
        if nearest is None or nearest.bearing_deg is None:
            return _named(centre)
        return {"bearing_deg": _degrees(nearest.bearing_deg + 180.0), **_named(centre)}
    outside = shapely.difference(site, _known(coverage, site))
    target = shapely.point_on_surface(outside)
    if target.is_empty:
        return {}
    _, bearing = distance_bearing(centre.x, centre.y, target.x, target.y)
    return {"bearing_deg": _degrees(float(bearing)), **_named(target)}


def _known(coverage: GeometryIndex, site: BaseGeometry) -> BaseGeometry:
    every = np.ones(len(coverage.feature_dimension), dtype=bool)
    pieces = coverage.load(coverage.pieces_meeting(widened(bounds_of(site), 1.0), every))
    return shapely.union_all(pieces, grid_size=1e-8) if len(pieces) else shapely.Polygon()


def _districts(centre: shapely.Point, bearing_deg: float, edge_m: float) -> dict[str, Any]:
    """What lies a little beyond the edge."""
    from spatial.ellipsoid import geod

    lon, lat, _ = geod().fwd(centre.x, centre.y, bearing_deg, edge_m + BEYOND_M)
    return _named(shapely.Point(lon, lat))


def _named(point: shapely.Point) -> dict[str, Any]:
    if not available():
        return {}
    names = place_names()
    found = [names[code] for code in districts_at(point.x, point.y) if code in names]
    return {"districts": found} if found else {}


def _degrees(bearing: float) -> float:
    return round(bearing % 360.0, 1) % 360.0
