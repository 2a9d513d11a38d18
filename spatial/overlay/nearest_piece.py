"""The nearest piece of an index, looked for around the site before everywhere."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from spatial.overlay.distance import FartherThanKnownError, nearest_of_boxes
from spatial.overlay.frame import bounds_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from spatial.overlay.distance import Nearest
    from spatial.overlay.index import GeometryIndex

__all__ = ["nearest_piece"]

REACHES_DEG = (0.1, 0.5)
"""How far around a site is looked first: mostly some dozen pieces instead of tens of thousands."""
LEAST_SHARE = 0.96
"""A little less than what the bounds of `spatial.overlay.distance` say of a way, as a share of it."""


def nearest_piece(
    site: BaseGeometry, index: GeometryIndex, features: NDArray[np.bool_], *, within_m: float = math.inf
) -> Nearest | None:
    """
    The nearest of the pieces of some features of an index.

    Use it wherever the pieces are those of an index: it gives what `nearest_of_boxes` gives of all of them, to the last
    digit, and looks at those around the site only, where they suffice.

    Parameters
    ----------
    site
        EPSG:4490.
    index
        Of the layer.
    features
        The features asked for, a mask.
    within_m
        As for `nearest_of_boxes`.

    Returns
    -------
    nearest
        Geodesic metres, bearing and row of the piece; None where no feature asked for has one, or none is within
        ``within_m`` metres.

    Examples
    --------
    >>> import numpy as np, shapely
    >>> from spatial.overlay.index import GeometryIndex
    >>> index = GeometryIndex.of(np.array([shapely.box(117, 49, 117.1, 49.1), shapely.box(118, 49, 118.1, 49.1)]))
    >>> found = nearest_piece(shapely.Point(117.9, 49.05), index, np.array([True, True]))
    >>> found.row, round(found.distance_m)
    (1, 7310)
    """
    west, south, east, north = bounds_of(site)
    scale = math.pi / 180 * 6_335_439.0 * LEAST_SHARE
    # beside the window a piece is off by a longitude, which is least where the farthest piece north or south may reach
    top = max(index.greatest_latitude, abs(south), abs(north))
    narrowest = math.cos(math.radians(top)) if top < 80 else 0.0
    for reach in REACHES_DEG:
        box = (west - reach, south - reach, east + reach, north + reach)
        rows = index.pieces_meeting(box, features)
        try:
            return nearest_of_boxes(
                site, index.piece_bounds, rows, index.load, within_m=within_m, known_to_m=reach * scale * narrowest
            )
        except FartherThanKnownError:
            continue
    return nearest_of_boxes(site, index.piece_bounds, index.pieces_of(features), index.load, within_m=within_m)
