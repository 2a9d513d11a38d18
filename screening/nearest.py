"""The nearest feature of a layer, the same one in whatever order its rows stand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import shapely

from spatial.overlay.nearest_piece import nearest_piece

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from layers.version import OpenLayer
    from spatial.overlay.distance import Nearest

__all__ = ["TIE_M", "nearest_feature"]

TIE_M = 1e-3
"""Features whose distances differ by no more than this are equally near: a result is printed to 1 mm."""


def nearest_feature(
    site: BaseGeometry, layer: OpenLayer, features: NDArray[np.bool_], *, first: Nearest | None = None
) -> int | None:
    """
    The row of the nearest of some features; of those equally near (within 1 mm), the first by what it is.

    Use it wherever one feature stands for "the nearest": which one is then no matter of row order.

    Parameters
    ----------
    site
        EPSG:4490.
    layer
        The open version.
    features
        The rows asked for, a mask.
    first
        The nearest of their pieces, where it is known already.

    Returns
    -------
    row
        None where no row asked for has a geometry.
    """
    index = layer.index
    left = features.copy()
    found = first or nearest_piece(site, index, left)
    if found is None:
        return None
    least, tied = found.distance_m, []
    while found is not None:
        row = int(index.piece_feature[found.row])
        tied.append(row)
        left[row] = False
        found = nearest_piece(site, index, left, within_m=least + TIE_M)
    return tied[0] if len(tied) == 1 else min(tied, key=lambda row: _what_it_is(layer, row))


def _what_it_is(layer: OpenLayer, row: int) -> tuple[str, str, bytes, str]:
    feature = layer.records.feature(row)
    words = json.dumps(feature.attributes, ensure_ascii=False, sort_keys=True)
    geometry = shapely.to_wkb(shapely.normalize(layer.index.geometry(row)))
    return feature.code or "", words, geometry, feature.id
