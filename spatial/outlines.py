"""
How far two outlines of the same area lie apart.

Two publishers draw the same border differently; the distance between their lines is what is known about the
accuracy of either. Edges are straight in longitude and latitude, distances are geodesic on GRS 80 (CGCS2000).

This module imports nothing of the project, so that the set-up script can load it on its own.

Examples
--------
A square of 0.1 degree against the same square moved 0.001 degree (111.2 m) north at the equator: the two
east-west sides of each lie 110.6 m apart, the others fall on each other but for their ends.

>>> import shapely
>>> gap = outline_gap(shapely.box(120, 0, 120.1, 0.1), shapely.box(120, 0.001, 120.1, 0.101))
>>> round(gap.max_m, 1)
110.6
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Geod, Transformer

__all__ = ["OutlineGap", "outline_gap"]

_Floats = npt.NDArray[np.float64]
_GRS80 = Geod(ellps="GRS80")


@dataclass(frozen=True, kw_only=True)
class OutlineGap:
    """Distances between two outlines, both directions pooled, weighted by length; geodesic metres."""

    median_m: float
    """Half of the pooled length lies nearer than this."""
    p95_m: float
    """95 % of the pooled length lies nearer than this."""
    max_m: float
    """The farthest of the sampled points."""


def outline_gap(one: shapely.Geometry, other: shapely.Geometry, *, step_m: float = 100.0) -> OutlineGap:
    """
    Distances between the outlines of two areas.

    Use it to say how accurate a border is when a second source draws it too; it says nothing where both
    sources repeat the same error.

    Parameters
    ----------
    one, other
        (Multi)Polygons in longitude and latitude (EPSG:4490), within 80 degrees of the equator; holes belong
        to the outline.
    step_m
        Both outlines are cut into pieces no longer than this; each piece is measured at its middle, in
        metres.

    Returns
    -------
    OutlineGap
        Median, 95th percentile and maximum, in metres. Symmetric: the order of the two does not matter.

    Raises
    ------
    ValueError
        One of the two has no outline.

    Notes ----- The nearest point is found in the ellipsoidal Mercator projection, which is conformal: over
    a few kilometres the nearest there is the nearest on the ground. The distance to it is then taken as a
    geodesic.

    Examples
    --------
    >>> import shapely
    >>> square = shapely.box(120, 45, 120.1, 45.1)
    >>> outline_gap(square, square).max_m < 1e-6
    True
    """
    first, second = _pieces(one, step_m=step_m), _pieces(other, step_m=step_m)
    distances = np.concatenate([_distances(first, second), _distances(second, first)])
    lengths = np.concatenate([first[2], second[2]])
    order = np.argsort(distances, kind="stable")
    share = np.cumsum(lengths[order])

    def quantile(q: float) -> float:
        at = min(int(np.searchsorted(share, q * share[-1])), len(order) - 1)
        return float(distances[order[at]])

    return OutlineGap(median_m=quantile(0.5), p95_m=quantile(0.95), max_m=float(distances.max()))


def _pieces(area: shapely.Geometry, *, step_m: float) -> tuple[_Floats, _Floats, _Floats]:
    """Starts, ends (degrees, n x 2) and lengths (metres, n) of the outline's pieces."""
    starts, ends = [], []
    for ring in shapely.get_rings(shapely.get_parts(area)):  # of a MultiPolygon itself it returns none
        vertices = shapely.get_coordinates(ring)
        starts.append(vertices[:-1])
        ends.append(vertices[1:])
    if not starts:
        raise ValueError("no outline to measure: the geometry is empty or is no polygon")
    a, b = np.vstack(starts), np.vstack(ends)
    length = _geodesic(a, b)
    cuts = np.maximum(1, np.ceil(length / step_m)).astype(np.int64)
    edge = np.repeat(np.arange(len(cuts)), cuts)
    rank = np.arange(len(edge)) - np.repeat(np.cumsum(cuts) - cuts, cuts)
    low, high = (rank / cuts[edge])[:, None], ((rank + 1) / cuts[edge])[:, None]
    run = (b - a)[edge]
    return a[edge] + run * low, a[edge] + run * high, (length / cuts)[edge]


def _distances(of: tuple[_Floats, _Floats, _Floats], to: tuple[_Floats, _Floats, _Floats]) -> npt.NDArray[np.float64]:
    """Geodesic distance of the middle of each piece of ``of`` to the line ``to``."""
    mercator = Transformer.from_crs("+proj=longlat +ellps=GRS80", "+proj=merc +ellps=GRS80", always_xy=True)

    def project(lonlat: _Floats) -> _Floats:
        return np.column_stack(mercator.transform(lonlat[:, 0], lonlat[:, 1]))

    middle = (of[0] + of[1]) / 2
    points, starts, ends = project(middle), project(to[0]), project(to[1])
    runs: Any = shapely.linestrings(np.stack([starts, ends], axis=1))
    tree = shapely.STRtree(runs)
    at = tree.nearest(shapely.points(points))
    run, start = (ends - starts)[at], starts[at]
    square = np.maximum((run * run).sum(axis=1), np.finfo(np.float64).tiny)
    along = np.clip(((points - start) * run).sum(axis=1) / square, 0.0, 1.0)[:, None]
    foot = start + along * run
    lon, lat = mercator.transform(foot[:, 0], foot[:, 1], direction="INVERSE")
    return _geodesic(middle, np.column_stack([lon, lat]))


def _geodesic(a: _Floats, b: _Floats) -> _Floats:
    """Length of the geodesic between each pair of points, in metres."""
    _, _, length = _GRS80.inv(a[:, 0], a[:, 1], b[:, 0], b[:, 1])
    return np.asarray(length, dtype=np.float64)
