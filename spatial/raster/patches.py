"""
From a labelled page to polygons that still share their boundaries.

Areas are the 4-connected groups of pixels of one label: two pixels that meet at a corner only are two areas, so that no
boundary crosses another one there. Their edges run along pixel borders; all are smoothed together as one coverage
(``shapely.coverage_simplify``, Visvalingam-Whyatt), so that what neighbours share they keep sharing, and how far that
moved anything is measured. Mapping goes point by point, each distinct one once, so that it stays so to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.edges import split
from spatial.errors import FoldedMapError
from spatial.raster.classes import BACKGROUND, FIRST_CLASS, OUTSIDE, UNSURE

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Mapping = Callable[[Floats, Floats], tuple[Floats, Floats]]

__all__ = ["Patches", "mapped", "patches"]


@dataclass(frozen=True, kw_only=True)
class Patches:
    """
    Areas of one label each, in pixels.

    Parameters
    ----------
    polygons
        Shape (n,), x = column, y = row (down); a coverage: no gap or overlap but what lies between other labels.
    labels
        Of each polygon, shape (n,).
    moved_px
        The farthest that smoothing moved the boundary, pixels.
    despeckled_px
        Pixels of areas below the least size: those of a class became `UNSURE`, others took the label of their largest
        neighbour.
    """

    polygons: NDArray[np.object_]
    labels: NDArray[np.uint8]
    moved_px: float
    despeckled_px: int


def patches(labels: NDArray[np.uint8], *, least_px: int = 0, solid_px: int = 0, tolerance_px: float = 1.5) -> Patches:
    """
    The areas of a labelled page, without those of label `OUTSIDE` and `BACKGROUND`.

    Parameters
    ----------
    labels
        As `spatial.raster.classes.classify` gives them, shape (rows, columns).
    least_px
        Areas of fewer pixels are no areas: those of a class become `UNSURE` (never nothing), others take the label of
        their largest neighbour (GDAL's sieve).
    solid_px
        Areas of a class of fewer pixels than this are noise between others, and take their largest neighbour's label,
        too; `spatial.raster.classes.ClassImage.solid_px` says how few no print is.
    tolerance_px
        The boundary is smoothed by no more than this, pixels, as measured; 0 keeps the steps of the pixels.

    Returns
    -------
    patches
        Ordered by label, then from the top left of the page.

    Raises
    ------
    ValueError
        If the tolerance is negative.

    Examples
    --------
    >>> page = np.array([[3, 3, 4, 4], [3, 3, 4, 1]], dtype=np.uint8)
    >>> found = patches(page, tolerance_px=0)
    >>> found.labels.tolist(), [p.area for p in found.polygons]
    ([3, 4], [4.0, 3.0])
    """
    from rasterio.features import shapes, sieve

    if not tolerance_px >= 0:
        raise ValueError(f"tolerance_px must be 0 or more, not {tolerance_px}")
    clean = np.ascontiguousarray(labels)
    if least_px > 1:
        clean = sieve(clean, least_px, mask=clean != OUTSIDE, connectivity=4)
    gone = clean != labels
    changed = int(gone.sum())
    solid = gone & (labels >= FIRST_CLASS)
    if solid_px > 1 and changed:
        solid &= sieve(np.ascontiguousarray(labels), solid_px, mask=labels != OUTSIDE, connectivity=4) == labels
    clean[solid] = UNSURE  # a small zone is not nothing: it is not known
    found = [
        (shapely.Polygon(rings[0], rings[1:]), int(value))
        for shape, value in shapes(clean, mask=clean > BACKGROUND, connectivity=4)
        for rings in [shape["coordinates"]]
    ]
    polygons = np.empty(len(found), dtype=object)
    polygons[:] = [polygon for polygon, _ in found]
    polygons = _noded(polygons)
    values = np.array([value for _, value in found], dtype=np.uint8)
    moved = 0.0
    if tolerance_px > 0 and len(polygons):
        polygons, moved = _smoothed(polygons, tolerance_px)
    bounds = shapely.bounds(polygons) if len(polygons) else np.empty((0, 4))
    order = np.lexsort((bounds[:, 0], bounds[:, 1], values))
    return Patches(polygons=polygons[order], labels=values[order], moved_px=moved, despeckled_px=changed)


def _noded(polygons: NDArray[np.object_]) -> NDArray[np.object_]:
    """The same areas, each with a vertex wherever another one has a corner on its edge: a coverage asks for that."""
    if not len(polygons):
        return polygons
    rings, owner = shapely.get_rings(polygons, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    pieces = np.ones(len(xy), dtype=np.int64)
    edges = np.flatnonzero(ring[:-1] == ring[1:])
    pieces[edges] = np.abs(np.diff(xy, axis=0)).sum(axis=1)[edges].astype(np.int64)  # edges run along pixel borders
    points, source, step = split(xy, pieces)
    places = np.rint(points).astype(np.int64) @ np.array([1, 1 << 24])
    kept = (step == 0) | np.isin(places, places[step == 0])
    return _polygons(points[kept], ring[source][kept], owner)


def _polygons(xy: Floats, ring: NDArray[np.int64], owner: NDArray[np.int64]) -> NDArray[np.object_]:
    """Polygons of rings, each polygon's outer one first."""
    rings: Any = shapely.linearrings(xy, indices=ring)
    made: Any = shapely.polygons(rings, indices=owner)
    return np.atleast_1d(made)


def _smoothed(polygons: NDArray[np.object_], tolerance_px: float) -> tuple[NDArray[np.object_], float]:
    """Smoothed as far as measured movement stays within the tolerance: GEOS bounds triangles' areas, not distances."""
    before = shapely.get_coordinates(polygons)
    step = tolerance_px
    for _ in range(10):
        smooth = shapely.coverage_simplify(polygons, step)
        lines = shapely.boundary(smooth)
        owner = np.repeat(np.arange(len(polygons)), shapely.get_num_coordinates(polygons))
        shapely.prepare(lines)
        moved = float(shapely.distance(shapely.points(before), lines[owner]).max())
        if moved <= tolerance_px and shapely.is_valid(smooth).all():
            return smooth, moved
        step *= 0.85
    return polygons, 0.0


def mapped(
    polygons: NDArray[np.object_],
    to_map: Mapping,
    *,
    bend: float,
    scale: tuple[float, float] = (1.0, 1.0),
    method: str = "given",
) -> NDArray[np.object_]:
    """
    A coverage of the page, on the map, its edges bent as the fit bends them.

    Parameters
    ----------
    polygons
        In pixels, shape (n,).
    to_map
        Takes columns and rows, each of shape (m,), to x and y of the map.
    bend
        Largest distance between an edge's image and its chords, in the unit of ``scale``.
    scale
        That unit per unit of the map's x and y: (1, 1) for a plane in metres; metres per degree for degrees.
    method
        Name of the fit, for the message.

    Returns
    -------
    polygons
        Shape (n,); shared boundaries are shared to the last bit.

    Raises
    ------
    FoldedMapError
        If shapes come out crossed or mirrored onto each other.

    Examples
    --------
    >>> made = mapped(np.array([shapely.box(0, 0, 10, 10)]), lambda c, r: (5 * c, 100 - 5 * r), bend=0.1)
    >>> made[0].bounds
    (0.0, 50.0, 50.0, 100.0)
    """
    if not len(polygons):
        return polygons
    polygons = shapely.orient_polygons(polygons)
    rings, owner = shapely.get_rings(polygons, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    target = _once(xy, to_map)
    pieces = np.ones(len(xy), dtype=np.int64)
    edges = np.flatnonzero(ring[:-1] == ring[1:])
    low, high = xy[edges], xy[edges + 1]
    swapped = (low[:, 0] > high[:, 0]) | ((low[:, 0] == high[:, 0]) & (low[:, 1] > high[:, 1]))
    low, high = np.where(swapped[:, None], high, low), np.where(swapped[:, None], low, high)
    first = np.where(swapped[:, None], target[edges + 1], target[edges])
    last = np.where(swapped[:, None], target[edges], target[edges + 1])
    across = np.zeros(len(edges))
    for part in (0.25, 0.5, 0.75):
        image = _once(low + (high - low) * part, to_map)
        chord = first + (last - first) * part
        across = np.maximum(across, np.hypot(*((image - chord) * scale).T))
    pieces[edges] = np.maximum(1, np.ceil(1.2 * np.sqrt(across / bend))).astype(np.int64)
    points, source, step = split(xy, pieces)
    result = target[source]
    inner = step > 0
    if inner.any():
        result[inner] = _once(points[inner], to_map)
    made = _polygons(result, ring[source], owner)
    bad = ~shapely.is_valid(made) | ~(_turn(made) == _turn(made)[0])
    if bad.any():
        centre = shapely.centroid(polygons[int(np.argmax(bad))])
        raise FoldedMapError(method=method, column=centre.x, row=centre.y)
    return made


def _turn(polygons: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Whether each outer ring runs counter-clockwise."""
    turn: NDArray[np.bool_] = shapely.is_ccw(shapely.get_exterior_ring(polygons))
    return turn


def _once(xy: Floats, to_map: Mapping) -> Floats:
    """Each distinct point mapped once: a sum may round differently at another place of an array."""
    distinct, inverse = np.unique(xy, axis=0, return_inverse=True)
    x, y = to_map(distinct[:, 0], distinct[:, 1])
    return np.column_stack([x, y])[inverse.ravel()]
