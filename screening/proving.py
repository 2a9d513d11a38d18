"""Which features prove a hit, at which accuracy, and how many metres of error it would stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from spatial.overlay.frame import bounds_of, boxes_meet, widened
from spatial.overlay.hold import hold_at_least, holds_in_zone, holds_within_distance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from layers.version import OpenLayer
    from screening.question import Question, ZoneGroup

__all__ = ["accuracy_of_proof", "metres_held"]


def accuracy_of_proof(question: Question, layer: OpenLayer, groups: Sequence[ZoneGroup]) -> float | None:
    """
    The least layer accuracy at which the features up to it prove a hit; None where nothing is proved.

    Features known only roughly (``soft``) prove nothing. Zones are tried together, the most accurate first; each
    feature with an influence distance is a part of its own.
    """
    met = [g for g in groups if not g.soft and g.gap_m == 0.0]
    for accuracy in sorted({g.accuracy_m for g in met}):
        if _holds(question, layer, groups, accuracy_m=accuracy, a=question.combined(accuracy)):
            return accuracy
    return None


def metres_held(question: Question, layer: OpenLayer, groups: Sequence[ZoneGroup]) -> float | None:
    """
    The hold that all features together prove, rounded down to 0.1 m; None where the site meets none of them.

    Found by the same proof at other values of a, by bisection.
    """
    met = [g.accuracy_m for g in groups if not g.soft and g.gap_m == 0.0]
    if not met:
        return None
    return hold_at_least(lambda a: _holds(question, layer, groups, accuracy_m=max(met), a=a))


def _holds(question: Question, layer: OpenLayer, groups: Sequence[ZoneGroup], *, accuracy_m: float, a: float) -> bool:
    """Whether hold > a is proved with the features whose accuracy is at most ``accuracy_m``."""
    index, site = layer.index, question.geometry
    usable = [g for g in groups if not g.soft and g.accuracy_m <= accuracy_m]
    areal = [g.rows for g in usable if g.influence_m < 0]
    if areal:
        rows = np.any(areal, axis=0) & (index.feature_dimension == 2)
        if holds_in_zone(site, lambda box: _zone_in(layer, box, rows), a):
            return True
    for group in usable:
        if group.influence_m < 0 or group.gap_m > 0:
            continue
        near = group.rows & boxes_meet(index.feature_bounds, widened(bounds_of(site), group.influence_m))
        if any(
            holds_within_distance(site, index.geometry(int(row)), group.influence_m, a) for row in np.flatnonzero(near)
        ):
            return True
    return False


def _zone_in(layer: OpenLayer, box: tuple[float, float, float, float], rows: NDArray[np.bool_]) -> BaseGeometry:
    pieces = layer.index.load(layer.index.pieces_meeting(box, rows))
    return shapely.union_all(pieces, grid_size=1e-8) if len(pieces) else shapely.Polygon()
