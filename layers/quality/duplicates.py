"""The same thing twice: one geometry on two features, nearly the same, or one code on several."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from layers.fields import fold
from layers.quality.codes import CODED_KINDS
from layers.quality.model import finding
from spatial.measure import geodesic_length
from spatial.overlay.frame import Frame, bounds_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from layers.quality.model import ExaminedLayer, QualityFinding

__all__ = ["NEAR_SHARE", "SAME_M", "duplicate_findings"]

SAME_M = 0.001
"""Geometries that nowhere part by more are the same."""
NEAR_SHARE = 0.99
"""Polygons that share more of their union than this are nearly the same."""


def duplicate_findings(layers: Iterable[ExaminedLayer]) -> list[QualityFinding]:
    """
    Features in force that stand for one thing: compared within a kind, whatever layers they are of.

    ``same_geometry``: no point of one is farther than 1 mm from the other (points, lines, polygons).
    ``near_duplicate``: polygons whose intersection is more than 99 % of their union. ``code_repeated``: one code and
    one name on several features, as a unit of several parts has them (information).
    """
    groups: dict[str, list[ExaminedLayer]] = {}
    for layer in layers:
        key = layer.card.kind if layer.card.kind != "other" else f"other {layer.name}"
        groups.setdefault(key, []).append(layer)
    found: list[QualityFinding] = []
    for members in groups.values():
        found += _geometries(members)
        if members[0].card.kind in CODED_KINDS:
            found += _codes(members)
    return found


def _present(layers: Sequence[ExaminedLayer]) -> list[tuple[ExaminedLayer, int]]:
    return [
        (layer, int(row))
        for layer in layers
        for row in np.flatnonzero(layer.in_force & ~shapely.is_missing(layer.geometries))
    ]


def _geometries(layers: Sequence[ExaminedLayer]) -> Iterator[QualityFinding]:
    members = _present(layers)
    geometries = np.empty(len(members), dtype=object)
    geometries[:] = [layer.geometries[row] for layer, row in members]
    for one, other in _alike(geometries):
        first, second = geometries[one], geometries[other]
        pair = [members[one], members[other]]
        if _same(first, second):
            code, share = "same_geometry", 1.0
        else:
            share = _shared(first, second) if shapely.get_dimensions(first) == 2 else 0.0
            if share <= NEAR_SHARE:
                continue
            code = "near_duplicate"
        areal = shapely.get_dimensions(first) == 2
        yield finding(
            code,
            layers=[layer.name for layer, _ in pair],
            features=[layer.named(row) for layer, row in pair],
            geometry=shapely.intersection(first, second) if areal else None,
            at=first,
            length_m=float(geodesic_length(first)[0]) if shapely.get_dimensions(first) == 1 else None,
            facts={"shared_share": round(share, 6)},
        )


def _alike(geometries: NDArray[np.object_]) -> Iterator[tuple[int, int]]:
    """Pairs of one dimension and of much the same size that meet (within 1 mm)."""
    tree = shapely.STRtree(geometries)
    first, second = tree.query(geometries, predicate="dwithin", distance=2e-8)
    dimension, size = shapely.get_dimensions(geometries), shapely.area(geometries)
    length = shapely.length(geometries)
    box = shapely.bounds(geometries)
    near = (first < second) & (dimension[first] == dimension[second])
    areal = dimension[first] == 2
    ratio = np.minimum(size[first], size[second]) / np.maximum(np.maximum(size[first], size[second]), 1e-300)
    apart = np.abs(box[first] - box[second]).max(axis=1, initial=0.0)
    linear = (apart <= 2e-8) & (np.abs(length[first] - length[second]) <= 1e-6 + 1e-3 * length[first])
    # the spare thousandth is for degrees, in which the ratio of areas is not quite that on the ground
    near &= np.where(areal, ratio > NEAR_SHARE - 0.001, linear)
    yield from zip(first[near].tolist(), second[near].tolist(), strict=True)


def _same(first: BaseGeometry, second: BaseGeometry) -> bool:
    boxes = np.abs(np.array(bounds_of(first)) - np.array(bounds_of(second)))
    if boxes.max() > 3e-8:
        return False
    frame = Frame.around(bounds_of(first))
    one, other = frame.to_plane(first), frame.to_plane(second)
    if shapely.get_dimensions(first) == 2:
        one, other = shapely.boundary(one), shapely.boundary(other)
    around = shapely.buffer(np.array([one, other]), SAME_M, quad_segs=16)
    return bool(shapely.covers(around[0], other) and shapely.covers(around[1], one))


def _shared(first: BaseGeometry, second: BaseGeometry) -> float:
    both = shapely.intersection(first, second).area
    return float(both / (first.area + second.area - both))


def _codes(layers: Sequence[ExaminedLayer]) -> Iterator[QualityFinding]:
    groups: dict[tuple[str, str, str], list[tuple[ExaminedLayer, int]]] = {}
    for layer in layers:
        for row in np.flatnonzero(layer.in_force).tolist():
            feature = layer.features[row]
            if feature.code:
                # zones of a protected area share its code; features of one class and code are parts of one thing
                key = (fold(feature.code), fold(feature.name or ""), feature.class_)
                groups.setdefault(key, []).append((layer, row))
    for members in groups.values():
        if len(members) > 1:
            layer, row = members[0]
            yield finding(
                "code_repeated",
                layers=[layer.name for layer, _ in members],
                features=[layer.named(row) for layer, row in members],
                at=layer.geometries[row],
                facts={"code": layer.features[row].code, "count": len(members)},
            )
