"""How a site lies to one feature: relation, overlap, with 1 mm as the tolerance of touching."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely

from spatial.measure import ellipsoidal_area, geodesic_length
from spatial.overlay.distance import nearest_of
from spatial.overlay.edges import GRID_DEG
from spatial.overlay.frame import Frame, bounds_of
from spatial.overlay.parts import simple_parts, united_by_dimension
from spatial.overlay.vantage import vantage_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

__all__ = ["TOUCHING_M", "Meeting", "Relation", "meet", "relation_to_thin"]

Relation = Literal["disjoint", "touches", "crosses", "overlaps", "within", "contains", "equals"]
TOUCHING_M = 1e-3
CLEARLY_M = 0.01


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """How a site meets one feature. Areas are ellipsoidal square metres, lengths geodesic metres."""

    relation: Relation
    overlap: BaseGeometry | None
    """The part of the site in the feature (EPSG:4490), of the site's own dimension; None where there is none."""
    overlap_m2: float
    overlap_length_m: float


APART = Meeting(relation="disjoint", overlap=None, overlap_m2=0.0, overlap_length_m=0.0)


def meet(site: BaseGeometry, pieces: NDArray[Any], feature_area_m2: float) -> Meeting:
    """
    Relation and overlap of a site and one areal feature.

    Parameters
    ----------
    site
        Points, lines, polygons or a collection of them, EPSG:4490, valid.
    pieces
        The pieces of the feature whose boxes meet the site's box widened by the touching tolerance.
    feature_area_m2
        Area of the whole feature.

    Returns
    -------
    meeting
        An overlap narrower than the touching tolerance is a touch with overlap 0. Of a mixed site, the relation is that
        of its part of highest dimension that meets.

    Examples
    --------
    >>> site = shapely.box(117.0, 49.0, 117.1, 49.1)
    >>> zone = shapely.box(117.1, 49.0, 117.2, 49.1)
    >>> meet(site, np.array([zone]), float(ellipsoidal_area([zone])[0])).relation
    'touches'
    """
    if len(pieces) == 0:
        return APART
    of_site = vantage_of(site).united
    found = [_meet_part(part, pieces, feature_area_m2) for part in of_site]
    found = [m for m in found if m.relation != "disjoint"]
    if not found:
        return APART
    parts = [m.overlap for m in found if m.overlap is not None]
    lead = next((m for m in found if m.overlap is not None), found[0])
    relation = lead.relation
    if relation in {"within", "equals"} and len(found) < len(of_site):
        relation = "overlaps"
    return Meeting(
        relation=relation,
        overlap=None if not parts else parts[0] if len(parts) == 1 else shapely.GeometryCollection(parts),
        overlap_m2=sum(m.overlap_m2 for m in found),
        overlap_length_m=sum(m.overlap_length_m for m in found),
    )


def relation_to_thin(site: BaseGeometry, feature: BaseGeometry) -> Relation:
    """
    Relation of a site to a point or line feature (EPSG:4490), which has no area to overlap.

    A well inside a parcel is contained by it, a river through it crosses it; what only comes within the touching
    tolerance of its edge touches. Of a mixed site, the part of highest dimension that meets decides.

    Examples
    --------
    >>> parcel = shapely.box(117.0, 49.0, 117.1, 49.1)
    >>> [relation_to_thin(parcel, g) for g in (shapely.Point(117.05, 49.05), shapely.Point(117.1, 49.05))]
    ['contains', 'touches']
    """
    part = next((p for p in united_by_dimension(site) if _near(p, feature)), None)
    if part is None:
        return "disjoint"
    frame = Frame.around(bounds_of(part))
    s, f = frame.to_plane(part), frame.to_plane(feature)
    site_in = shapely.difference(s, shapely.buffer(f, TOUCHING_M)).is_empty
    feature_in = shapely.difference(f, shapely.buffer(s, TOUCHING_M)).is_empty
    if site_in:
        return "equals" if feature_in else "within"
    dimension = int(shapely.get_dimensions(part))
    if dimension == 2 and not shapely.intersects(shapely.buffer(s, -TOUCHING_M), f):
        return "touches"
    if feature_in:
        return "contains"
    if dimension == 1 and int(shapely.get_dimensions(feature)) == 1:
        if shapely.get_dimensions(shapely.intersection(s, f)) == 1:
            return "overlaps"
        return "crosses" if shapely.crosses(s, f) else "touches"
    return "crosses" if dimension == 2 and int(shapely.get_dimensions(feature)) == 1 else "overlaps"


def _near(site: BaseGeometry, feature: BaseGeometry) -> bool:
    return nearest_of(site, np.array([feature], dtype=object)).distance_m < TOUCHING_M


def _meet_part(site: BaseGeometry, pieces: NDArray[Any], feature_area_m2: float) -> Meeting:
    dimension = int(shapely.get_dimensions(site))
    if dimension == 2:
        return _meet_parcel(site, pieces, feature_area_m2)
    frame = Frame.around(bounds_of(site))
    plane = frame.to_plane(site)
    if dimension == 0 and len(pieces) == 1 and shapely.get_type_id(site) == 0:
        piece = frame.to_plane(pieces[0])
        if shapely.distance(shapely.boundary(piece), plane) > CLEARLY_M:  # far from what the tolerance decides
            if not shapely.intersects(piece, plane):
                return _touch_or_apart(site, pieces)
            return Meeting(relation="within", overlap=frame.to_degrees(plane), overlap_m2=0.0, overlap_length_m=0.0)
    zone = frame.to_plane(shapely.union_all(pieces, grid_size=GRID_DEG))
    inside = shapely.intersection(plane, shapely.buffer(zone, -TOUCHING_M))
    outside = shapely.difference(plane, shapely.buffer(zone, TOUCHING_M))
    if dimension == 1:
        if inside.length <= TOUCHING_M:
            return _touch_or_apart(site, pieces)
        overlap = _of_dimension(frame.to_degrees(shapely.intersection(plane, zone)), 1)
        relation: Relation = "within" if outside.length <= TOUCHING_M else "crosses"
        length = float(geodesic_length([overlap])[0])
        return Meeting(relation=relation, overlap=overlap, overlap_m2=0.0, overlap_length_m=length)
    if inside.is_empty:
        return _touch_or_apart(site, pieces)
    overlap = frame.to_degrees(inside)
    relation = "within" if outside.is_empty else "overlaps"
    return Meeting(relation=relation, overlap=overlap, overlap_m2=0.0, overlap_length_m=0.0)


def _meet_parcel(site: BaseGeometry, pieces: NDArray[Any], feature_area_m2: float) -> Meeting:
    shapely.prepare(site)
    covered = shapely.covers(site, pieces)
    parts = pieces.copy()
    parts[~covered] = shapely.intersection(site, pieces[~covered])
    parts = np.array([_of_dimension(p, 2) for p in parts], dtype=object)
    area = float(np.sum(ellipsoidal_area(parts)))
    overlap = shapely.union_all(parts)
    frame = Frame.around(bounds_of(site))
    if area <= 0 or (not _is_wide(overlap, area) and _is_narrow(frame.to_plane(overlap))):
        return _touch_or_apart(site, pieces)
    site_area = vantage_of(site).area_m2
    site_in = abs(site_area - area) <= max(1e-6 * site_area, 0.01)
    if site_in and not (len(pieces) == 1 and _is_deep(site, pieces[0])):
        left = shapely.difference(site, shapely.union_all(pieces, grid_size=GRID_DEG))
        site_in = left.is_empty or _is_narrow(frame.to_plane(left))
    zone_in = bool(abs(feature_area_m2 - area) <= 1e-9 * feature_area_m2)
    relation: Relation = "overlaps"
    if site_in:
        relation = (
            "equals" if abs(feature_area_m2 - site_area) <= 1e-9 * max(feature_area_m2, 1.0) + 0.001 else "within"
        )
    elif zone_in:
        relation = "contains"
    return Meeting(relation=relation, overlap=overlap, overlap_m2=area, overlap_length_m=0.0)


def _is_narrow(plane: BaseGeometry) -> bool:
    """Whether an area in metres is narrower than the touching tolerance everywhere."""
    return bool(shapely.buffer(plane, -TOUCHING_M / 2).is_empty)


def _is_wide(area: BaseGeometry, area_m2: float) -> bool:
    """
    Whether an area in degrees is surely not narrow anywhere: what lies so near its edge is a small part of it.

    Within r of an edge of length l lie at most 2·r·l + π·r² of it, and no degree is longer than 112 km.
    """
    edges_m2 = TOUCHING_M * 112_000.0 * float(shapely.length(area))
    return area_m2 > 4.0 * (edges_m2 + TOUCHING_M**2 * float(shapely.get_num_coordinates(area)))


def _is_deep(site: BaseGeometry, piece: BaseGeometry) -> bool:
    """Whether a piece holds a site farther from its edge than joining pieces on the grid can move that."""
    return bool(shapely.covers(piece, site)) and not shapely.dwithin(shapely.boundary(piece), site, 4 * GRID_DEG)


def _touch_or_apart(site: BaseGeometry, pieces: NDArray[Any]) -> Meeting:
    if nearest_of(site, pieces).distance_m < TOUCHING_M:
        return Meeting(relation="touches", overlap=None, overlap_m2=0.0, overlap_length_m=0.0)
    return APART


def _of_dimension(geometry: BaseGeometry, dimension: int) -> Any:
    """The parts of one dimension; what an intersection leaves besides (points, edges) is dropped."""
    parts = simple_parts(geometry)
    kept = parts[shapely.get_dimensions(parts) == dimension] if len(parts) else parts
    if len(kept) == 1:
        return kept[0]
    return shapely.MultiPolygon(list(kept)) if dimension == 2 else shapely.MultiLineString(list(kept))
