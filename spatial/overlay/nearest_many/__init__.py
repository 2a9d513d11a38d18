"""
Distance and bearing from many sites to the nearest of many boundary edges, exact on the ellipsoid.

`spatial.overlay.distance` is the truth for one site; this is the same for thousands at once.
"""

from __future__ import annotations

from spatial.overlay.nearest_many.lookup import BoundaryLookup
from spatial.overlay.nearest_many.search import NearestMany, depth_many, may_reach, nearest_many

__all__ = ["BoundaryLookup", "NearestMany", "depth_many", "may_reach", "nearest_many"]
