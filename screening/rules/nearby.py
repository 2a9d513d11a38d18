"""The nearest thing of a name in a layer, as clauses about a distance ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from screening.findings import floor_mm
from spatial.overlay.distance import nearest_of_boxes
from spatial.overlay.frame import bounds_of, widened

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from layers.version import OpenLayer
    from screening.question import Question
    from screening.rules.model import NearLeaf

__all__ = ["nearest_named"]

_THINGS = frozenset({"other", "monitoring_sections"})
"""Kinds whose features are the thing that they are named after: a river, a section of it, a dump."""


def nearest_named(
    question: Question, layer: OpenLayer, words: str, leaf: NearLeaf
) -> tuple[float, dict[str, Any], bool] | None:
    """
    Metres to the nearest feature of a layer that is named so, within reach; the ground; whether it is sure.

    Never sure of what only bears the name of the thing: a unit of the Yellow River basin is not the river. A name that
    is the word itself is taken for the thing in a layer of any kind.

    Parameters
    ----------
    question
        Site and date.
    layer, words
        An open layer, and what it is called and means.
    leaf
        Words and the distance.
    """
    index, records = layer.index, layer.records
    standing = records.standing(question.as_of, layer.card.accuracy_m)
    there = standing.in_force & (index.feature_dimension >= 0)
    a = {float(m): question.combined(float(m)) for m in set(standing.accuracy_m[there].tolist())}
    window = widened(bounds_of(question.geometry), leaf.within_m + max(a.values(), default=0.0) + question.radius_m)
    near = np.array(sorted(set(index.piece_feature[index.pieces_meeting(window, there)].tolist())), dtype=np.int64)
    if not any(word in words for word in leaf.words):
        names = {int(row): records.feature(int(row)).name or "" for row in near}
        near = np.array(
            [row for row, name in names.items() if any(word in name for word in leaf.words)], dtype=np.int64
        )
    if len(near) == 0:
        return None
    best: tuple[float, dict[str, Any], bool] | None = None
    for accuracy in sorted({float(standing.accuracy_m[row]) for row in near}):
        for soft in (False, True):
            rows: NDArray[np.bool_] = np.zeros(len(there), dtype=bool)
            rows[[r for r in near if standing.accuracy_m[r] == accuracy and bool(standing.soft[r]) == soft]] = True
            found = nearest_of_boxes(question.geometry, index.piece_bounds, index.pieces_of(rows), index.load)
            if found is None or found.distance_m - a[accuracy] - question.radius_m > leaf.within_m:
                continue
            sure = not soft and found.distance_m + a[accuracy] <= leaf.within_m
            feature = records.feature(int(index.piece_feature[found.row]))
            sure = sure and (layer.card.kind in _THINGS or (feature.name or "").strip() in leaf.words)
            ground = {
                "near": list(leaf.words),
                "layer": layer.card.name,
                "features": [
                    {"layer": layer.card.name, "id": feature.id, "name": feature.name, "class": feature.class_}
                ],
                "distance_m": floor_mm(found.distance_m),
                "accuracy_m": round(a[accuracy], 3),
            }
            if best is None or (not sure, found.distance_m) < (not best[2], best[0]):
                best = (found.distance_m, ground, sure)
    return best
