"""
The overlap of a site with a layer as an interval, and how wide the overlap is.

The interval holds the overlap under every shift v no longer than a of the zones against the site. With B(G, a) the
points within a of the boundary of G, and all areas measured where the site lies,

    area(S & Z - B(Z, a))  <=  area(S & (Z + v))  <=  area((S & Z) + (S & B(Z, a)))

and the same with the boundary of the site in place of that of the zones; the narrower of the two bounds counts. B is
made of one capsule for each edge, not of a buffer of whole rings: GEOS smooths teeth before it buffers a ring.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.measure import ellipsoidal_area, geodesic_length
from spatial.overlay.frame import Frame, bounds_of, boxes_meet, widened
from spatial.overlay.hold import ARC_FACTOR, QUADRANT_SEGMENTS
from spatial.overlay.influence import drawn_influence
from spatial.overlay.parts import simple_parts

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from layers.records import Standing
    from layers.version import OpenLayer

    Interval = tuple[float, float]

__all__ = ["SiteOverlap", "inscribed_width_m"]

EARTH_RADIUS_M = 6_356_000.0
SEAM_M = 0.002
"""Pieces are joined on a grid of 1e-8 degree, which may move a boundary by 1 mm."""
DRAWN_ERROR = 0.005
"""An influence distance is drawn to 0.5 % of itself (``spatial.overlay.influence``); a point's circle to 1e-5."""
MOST_EDGES = 20_000
MOST_M = 2_500.0
"""Beyond these the interval is said to be anything from nothing to the whole site."""
WIDTH_TOLERANCE = 0.002


class SiteOverlap:
    """
    The overlap of one site with the zones of one layer, in the frame of the site.

    Parameters
    ----------
    site
        EPSG:4490, as screened.
    layer
        An open version; touching damaged bytes raises ``DamagedVersionError``.
    standing
        What its features are at the date; zones count, also those that prove no hit.
    most_m
        The greatest accuracy that will be asked for, metres.
    """

    def __init__(self, site: BaseGeometry, layer: OpenLayer, standing: Standing, *, most_m: float) -> None:
        self._frame = Frame.around(bounds_of(site))
        farthest = float(np.nan_to_num(standing.influence_m[standing.zone], nan=0.0).max(initial=0.0))
        # what the window cuts must lie farther from the site than any band reaches
        window = widened(bounds_of(site), 2.5 * min(most_m, MOST_M) + 2.0 * DRAWN_ERROR * farthest + 10.0)
        half = math.radians(window[3] - window[1]) / 2
        top = math.tan(math.radians(max(abs(window[1]), abs(window[3]))))
        self._stretch = 1.0 + 1e-5 + 1.2 * top * half
        self._tangent = top
        plane = self._frame.to_plane(site)
        self._areal, self._lineal = _of_dimension(plane, 2), _of_dimension(plane, 1)
        shapes, self._drawn_m = _zones(site, layer, standing, window)
        # areas are those of the pieces as stored, edges those of their union on the grid, where no seam is left
        self._zone = self._plane(shapely.union_all(shapes), window)
        self._zone_edges = _edges(self._plane(shapely.union_all(shapes, grid_size=1e-8), window))
        self._site_edges = _edges(self._areal)
        self._common = _of_dimension(shapely.intersection(self._areal, self._zone), 2)

    @property
    def min_width_m(self) -> float | None:
        """Diameter of the largest circle in the overlap, metres, rounded down to 1 mm; None where there is no area."""
        return inscribed_width_m(self._common)

    def area_m2(self, a_m: float) -> Interval | None:
        """
        The least and the greatest overlap at the accuracy ``a_m``, ellipsoidal square metres, rounded outward to 0.01.

        None for a site without area.
        """
        if self._areal.is_empty:
            return None
        if a_m > MOST_M:
            return 0.0, _up(self._area(self._areal), 2)
        zone_low, zone_high = self._bounds(self._zone_edges, self._areal, self._areal, a_m)
        site_low, site_high = self._bounds(self._site_edges, self._zone, self._zone, a_m)
        # the second pair is measured where the zone lies: a shift along the meridian changes an area by tan(lat) a / R
        change = 1.5 * self._tangent * a_m / EARTH_RADIUS_M
        low = max(zone_low, site_low * (1 - change))
        high = min(zone_high, site_high * (1 + change), self._area(self._areal))
        return _outward(min(low, high), high)

    def length_m(self, a_m: float) -> Interval | None:
        """The same for the lines of a site, geodesic metres, rounded outward to 1 mm; None for a site without lines."""
        if self._lineal.is_empty:
            return None
        reach, edges = self._near(self._zone_edges, self._lineal, a_m)
        inside = shapely.intersection(self._lineal, self._zone)
        if edges is None or a_m > MOST_M:
            return 0.0, _up(self._length(self._lineal), 3)
        band = _band(edges, reach)
        low = self._length(shapely.difference(inside, band))
        high = self._length(shapely.union(inside, shapely.intersection(self._lineal, band)))
        return _down(low, 3), _up(max(low, high), 3)

    def _bounds(self, edges: NDArray[Any], beside: BaseGeometry, room: BaseGeometry, a_m: float) -> Interval:
        """The overlap less the band around some edges, and with that part of the band that lies in ``room``."""
        reach, near = self._near(edges, beside, a_m)
        if near is None:
            return 0.0, math.inf
        if len(near) == 0:
            whole = self._area(self._common)
            return whole, whole
        band = _band(near, reach)
        less = shapely.difference(self._common, band)
        more = shapely.union(self._common, _of_dimension(shapely.intersection(room, band), 2))
        return self._area(less), self._area(more)

    def _near(self, edges: NDArray[Any], beside: BaseGeometry, a_m: float) -> tuple[float, NDArray[Any] | None]:
        """What a is in the frame, with all that it may be wrong by; the edges within it; None if they are too many."""
        reach = ARC_FACTOR * self._stretch * a_m + SEAM_M + self._drawn_m
        if len(edges) == 0 or beside.is_empty:
            return reach, edges[:0]
        shapely.prepare(beside)
        found = edges[shapely.dwithin(beside, edges, 1.01 * reach)]
        return reach, None if len(found) > MOST_EDGES else found

    def _plane(self, degrees: BaseGeometry, window: tuple[float, float, float, float]) -> Any:
        return _of_dimension(self._frame.to_plane(shapely.intersection(degrees, shapely.box(*window))), 2)

    def _area(self, plane: BaseGeometry) -> float:
        return float(np.nansum(ellipsoidal_area([self._frame.to_degrees(plane)])))

    def _length(self, plane: BaseGeometry) -> float:
        return float(np.nansum(geodesic_length([self._frame.to_degrees(plane)])))


def inscribed_width_m(plane: BaseGeometry) -> float | None:
    """
    Diameter of the largest circle that fits into polygons, rounded down to 1 mm; None where there is no area.

    Use it beside an area: a sliver of 1 km by 0.1 m has 100 square metres and is 0.1 m wide. The circle found is a real
    one, so the figure is never too great; it is too small by 0.4 % at most.

    Parameters
    ----------
    plane
        Polygons in metres (``spatial.overlay.frame``).

    Examples
    --------
    >>> inscribed_width_m(shapely.box(0, 0, 1000, 0.5))
    0.5
    """
    area, length = float(plane.area), float(plane.length)
    if area <= 0:
        return None
    # the inscribed radius is at least area / perimeter, so the tolerance is a share of the radius
    line: Any = shapely.maximum_inscribed_circle(plane, tolerance=WIDTH_TOLERANCE * area / length)  # type: ignore[call-overload]
    return math.floor(2 * float(line.length) * 1000 + 1e-6) / 1000


def _zones(
    site: BaseGeometry, layer: OpenLayer, standing: Standing, window: tuple[float, float, float, float]
) -> tuple[list[Any], float]:
    """The pieces of the zones in a window, degrees; and by how many metres a drawn influence distance may be wrong."""
    index = layer.index
    influence = np.nan_to_num(standing.influence_m, nan=-1.0)
    areal = standing.zone & (index.feature_dimension == 2) & (influence <= 0)
    pieces = index.load(index.pieces_meeting(window, areal))
    # of a long route the window holds much that is far from it; a cut to a piece left out lies as far as that piece
    shapely.prepare(site)
    degrees = (bounds_of(site)[0] - window[0]) * 1.1 + 1e-6
    shapes = list(pieces[shapely.dwithin(site, pieces, degrees)]) if len(pieces) else []
    wrong = 0.0
    for row in np.flatnonzero(standing.zone & (influence > 0)):
        metres = float(influence[row])
        if not boxes_meet(index.feature_bounds[row : row + 1], widened(window, metres)).any():
            continue
        feature = index.geometry(int(row))
        shapes.append(drawn_influence(feature, metres, near=site))
        wrong = max(wrong, (1e-5 if feature.geom_type == "Point" else DRAWN_ERROR) * metres)
    return shapes, wrong


def _of_dimension(geometry: BaseGeometry, dimension: int) -> Any:
    parts = simple_parts(geometry)
    kept = parts[shapely.get_dimensions(parts) == dimension] if len(parts) else parts
    return shapely.union_all(kept) if len(kept) else shapely.Polygon()


def _edges(areal: BaseGeometry) -> NDArray[Any]:
    """Every edge of every ring as a line of two points."""
    rings: Any = shapely.get_rings(shapely.get_parts(areal)) if not areal.is_empty else []
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    joined = np.flatnonzero(ring[1:] == ring[:-1])
    lines: Any = shapely.linestrings(np.stack([xy[joined], xy[joined + 1]], axis=1)) if len(joined) else []
    return np.asarray(lines, dtype=object)


def _band(edges: NDArray[Any], reach: float) -> Any:
    return shapely.union_all(shapely.buffer(edges, reach, quad_segs=QUADRANT_SEGMENTS))


def _outward(low: float, high: float) -> Interval:
    return _down(low, 2), _up(high, 2)


def _down(value: float, decimals: int) -> float:
    # what is a whole step but for its last bits stays what it is
    return max(0.0, math.floor(value * 10.0**decimals + 1e-4) / 10.0**decimals)


def _up(value: float, decimals: int) -> float:
    return math.ceil(value * 10.0**decimals - 1e-4) / 10.0**decimals
