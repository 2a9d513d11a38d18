"""Whether a site lies where layers claim to be complete, far enough from the edge of what they know."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from spatial.measure import ellipsoidal_area, geodesic_length
from spatial.overlay.distance import nearest_of_boxes, surely_beyond
from spatial.overlay.edges import GRID_DEG
from spatial.overlay.frame import Frame, bounds_of, widened
from spatial.overlay.hold import ARC_FACTOR, QUADRANT_SEGMENTS
from spatial.overlay.parts import simple_parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from spatial.overlay.index import GeometryIndex

__all__ = ["Cover", "StatedCover", "cover_of", "pooled_covers"]


@dataclass(frozen=True, kw_only=True)
class Cover:
    """
    How a site lies in one coverage.

    ``uncovered_share`` is the share of the site outside (of its area, its length or its points). How far the edge is
    is measured when it is asked for: where a site lies deep inside, it is enough to know that it is far.
    """

    inside: bool
    uncovered_share: float
    _site: BaseGeometry = field(repr=False, compare=False)
    _coverage: GeometryIndex = field(repr=False, compare=False)

    @cached_property
    def edge_m(self) -> float:
        """Geodesic metres to the edge of the coverage, 0 where the site is not wholly inside."""
        if not self.inside:
            return 0.0
        boxes = self._coverage.group_bounds
        nearest = nearest_of_boxes(self._site, boxes, np.arange(len(boxes)), self._coverage.load_edge_groups)
        return 0.0 if nearest is None else nearest.distance_m

    def edge_surely_beyond(self, metres: float) -> bool:
        """Whether the edge is surely farther than that; False says only that it was not seen without measuring."""
        return self.inside and surely_beyond(
            self._site, self._coverage.group_bounds, self._coverage.load_edge_groups, metres
        )


@dataclass(frozen=True, kw_only=True)
class StatedCover:
    """A stated coverage for pooling: its index, its accuracy, and what makes its edges the same as another's."""

    index: GeometryIndex
    accuracy_m: float
    source: str
    version: str


def cover_of(site: BaseGeometry, coverage: GeometryIndex) -> Cover:
    """
    How a site lies in a coverage stored as an index of one feature.

    Examples
    --------
    >>> from spatial.overlay.index import GeometryIndex
    >>> county = GeometryIndex.of(np.array([shapely.box(117, 49, 118, 50)]))
    >>> cover_of(shapely.box(117.9, 49.4, 118.1, 49.5), county).uncovered_share
    0.5
    """
    box = widened(bounds_of(site), 1.0)
    if _deep_in_a_piece(site, coverage, box):
        return Cover(inside=True, uncovered_share=0.0, _site=site, _coverage=coverage)
    known = _known_in(coverage, box)
    share = _share_outside(site, known)
    inside = share <= 0 and bool(shapely.covers(known, site))
    return Cover(inside=inside, uncovered_share=share if not inside else 0.0, _site=site, _coverage=coverage)


def pooled_covers(site: BaseGeometry, covers: Sequence[StatedCover], margin_m: float) -> bool:
    """
    Whether the pooled coverage of several layers holds the site with more than ``margin_m`` (a + R) to its edge.

    Coverages whose source and version agree are united first; each is narrowed by its own accuracy; the union of all
    is tested with c = 0.

    Parameters
    ----------
    site
        EPSG:4490.
    covers
        Readable coverages of one theme.
    margin_m
        a + R, metres.
    """
    if not covers:
        return False
    frame = Frame.around(bounds_of(site))
    widest = max(c.accuracy_m for c in covers)
    window = widened(bounds_of(site), 1.1 * margin_m + 2.2 * widest + 10.0)
    # metres of the frame and of the ellipsoid differ by tan(lat) times the half height in radians at most
    slack = (
        1.003 + math.tan(math.radians(max(abs(window[1]), abs(window[3])))) * math.radians(window[3] - window[1]) / 2
    )
    groups: dict[tuple[str, str], list[StatedCover]] = {}
    for cover in covers:
        groups.setdefault((cover.source, cover.version), []).append(cover)
    narrowed = []
    for same in groups.values():
        known = shapely.union_all([_known_in(c.index, window) for c in same], grid_size=1e-8)
        plane = frame.to_plane(shapely.intersection(known, shapely.box(*window)))
        c = max(s.accuracy_m for s in same)
        narrowed.append(_narrowed(plane, slack * c, frame.to_plane(shapely.box(*window))))
    pooled = shapely.union_all(narrowed, grid_size=1e-4)
    room = shapely.buffer(frame.to_plane(site), slack * ARC_FACTOR * margin_m, quad_segs=QUADRANT_SEGMENTS)
    return bool(shapely.covers(pooled, room))


def _narrowed(known: BaseGeometry, c: float, window: BaseGeometry) -> BaseGeometry:
    """What lies more than c inside; the window's own edge is not an edge of the coverage."""
    outside = shapely.difference(window, known)
    return shapely.difference(known, shapely.buffer(outside, ARC_FACTOR * c, quad_segs=QUADRANT_SEGMENTS))


def _known_in(coverage: GeometryIndex, box: tuple[float, float, float, float]) -> BaseGeometry:
    rows = coverage.pieces_meeting(box, np.ones(len(coverage.feature_dimension), dtype=bool))
    return shapely.union_all(coverage.load(rows), grid_size=1e-8) if len(rows) else shapely.Polygon()


def _deep_in_a_piece(site: BaseGeometry, coverage: GeometryIndex, box: tuple[float, float, float, float]) -> bool:
    """Whether one piece of a coverage holds the site, well within what joining the pieces may move its edge."""
    rows = coverage.pieces_meeting(box, np.ones(len(coverage.feature_dimension), dtype=bool))
    if len(rows) != 1:
        return False
    (piece,) = coverage.load(rows)
    shapely.prepare(piece)
    return bool(piece.contains_properly(site)) and shapely.distance(shapely.boundary(piece), site) > 10 * GRID_DEG


def _share_outside(site: BaseGeometry, known: BaseGeometry) -> float:
    """Share of the site's area, length or points outside; the measure of its highest dimension."""
    parts = simple_parts(site)
    dimension = shapely.get_dimensions(parts)
    top = int(dimension.max())
    mine = parts[dimension == top]
    if top == 0:
        return float(np.mean(~shapely.intersects(mine, known)))
    outside = simple_parts(shapely.difference(shapely.union_all(mine), known))
    left = outside[shapely.get_dimensions(outside) == top] if len(outside) else outside
    measure = ellipsoidal_area if top == 2 else geodesic_length
    whole = float(np.sum(measure(mine)))
    share = float(np.sum(measure(left))) / whole if len(left) and whole > 0 else 0.0
    return round(share, 9)
