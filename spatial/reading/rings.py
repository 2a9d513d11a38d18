"""Rings of points to polygons, where the order of the rings and their numbers prove nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapely.geometry.base import BaseGeometry

__all__ = ["close", "even_odd", "self_crossing", "split"]

Point = tuple[float, float]


def split(points: Iterable[tuple[str | None, str | None, Point]]) -> list[list[Point]]:
    """
    Consecutive points to rings.

    A new ring starts where the ring number changes, where the ring has just come back to its start (both
    coordinates), or where the point number falls back to 1 at a new place.

    Parameters
    ----------
    points
        Ring number, point number (digits or None) and place of each.

    Returns
    -------
    rings
        Points without repeats in a row; closed or not, as written.

    Examples
    --------
    >>> split([("1", "1", (0, 0)), ("1", "2", (1, 0)), ("1", "3", (1, 1)), ("2", "1", (5, 5)), ("2", "2", (6, 5))])
    [[(0, 0), (1, 0), (1, 1)], [(5, 5), (6, 5)]]
    """
    rings: list[list[Point]] = []
    ring: list[Point] = []
    last_number: str | None = None
    for number, name, at in points:
        closed = len(ring) > 3 and ring[0] == ring[-1]
        if ring and closed and number == last_number and at == ring[-1]:
            continue  # the closing point is written twice
        restarts = name is not None and name.lstrip("0") == "1" and len(ring) > 2 and at != ring[0]
        if ring and (number != last_number or closed or restarts):
            rings.append(ring)
            ring = []
        if not ring or ring[-1] != at:
            ring.append(at)
        last_number = number
    if ring:
        rings.append(ring)
    return rings


def close(ring: Sequence[Point]) -> list[Point] | None:
    """
    The ring closed, or None if it has fewer than three distinct points.

    Examples
    --------
    >>> close([(0, 0), (1, 0), (1, 1)])
    [(0, 0), (1, 0), (1, 1), (0, 0)]
    """
    if len(set(ring)) < 3:
        return None
    return list(ring) if ring[0] == ring[-1] else [*ring, ring[0]]


def even_odd(rings: Sequence[Sequence[Point]]) -> BaseGeometry | None:
    """
    The area that an odd number of rings encloses: holes and islands whatever their order, number and winding.

    Parameters
    ----------
    rings
        Closed rings, planar coordinates.

    Returns
    -------
    polygon
        Polygon or MultiPolygon. A single ring comes back as it is, also if it crosses itself, for the caller to
        repair or reject; of several, None if one crosses itself or another: what is inside is then anybody's guess.

    Examples
    --------
    >>> outer = [(0, 0), (4, 0), (4, 4), (0, 4), (0, 0)]
    >>> hole = [(1, 1), (2, 1), (2, 2), (1, 2), (1, 1)]
    >>> even_odd([hole, outer]).area
    15.0
    """
    if len(rings) == 1:
        return shapely.Polygon(rings[0])
    polygons = np.array([shapely.Polygon(ring) for ring in rings], dtype=object)
    if not shapely.is_valid(polygons).all():
        return None
    tree = shapely.STRtree(polygons)
    crossing = tree.query(polygons, predicate="overlaps")
    if crossing.size or len({p.normalize().wkb for p in polygons}) < len(polygons):
        return None
    # rings that neither cross nor coincide lie apart or one within another: a level of nesting at a time
    tree_pairs = tree.query(polygons, predicate="covered_by")
    depth = np.bincount(tree_pairs[0], minlength=len(polygons)) - 1  # each is covered by itself
    whole: BaseGeometry = shapely.Polygon()
    for level in range(int(depth.max()) + 1):
        here = shapely.union_all(polygons[depth == level])
        whole = shapely.difference(whole, here) if level % 2 else shapely.union(whole, here)
    return whole


def self_crossing(polygon: BaseGeometry, points: Sequence[Point]) -> tuple[int, str] | None:
    """
    Where an outline crosses itself: the nearest of its points, and the place; None if it does not.

    Parameters
    ----------
    polygon
        Of one ring.
    points
        Its points as written.

    Examples
    --------
    >>> bow = [(0, 0), (4, 4), (4, 0), (0, 5)]
    >>> self_crossing(shapely.Polygon(bow), bow)
    (1, '2.22222 2.22222')
    """
    if shapely.is_valid(polygon):
        return None
    reason = str(shapely.is_valid_reason(polygon))
    at = re.search(r"\[(\S+) (\S+)\]", reason)
    if at is None:
        return 0, reason
    x, y = float(at[1]), float(at[2])
    nearest = int(np.argmin([(px - x) ** 2 + (py - y) ** 2 for px, py in points]))
    return nearest, f"{x:.12g} {y:.12g}" if abs(x) > 180 else f"{x:.6g} {y:.6g}"
