"""
Version against version of one layer: what was there and is no more (“面积不减少”).

The last two versions by validity are compared, each with the features in force when it begins. Of a protective layer
the features that count are measured; features are matched by code, else by name, else by id, and those of one key are
taken together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from layers.fields import fold
from layers.quality.model import finding
from layers.quality.shapes import NOISE_M, area_of, joined, polygons_of, united, wider_than
from spatial.measure import geodesic_length

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from layers.quality.model import ExaminedLayer, Fact, FeatureName, QualityFinding

__all__ = ["version_findings"]

_TOLERANCE_M = 0.001
"""Areas that differ by less than this along their whole outline are the same: geometry is kept to 1 mm."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Thing:
    """The features of one key: counted, their union, area, outline and accuracy."""

    names: tuple[FeatureName, ...]
    geometry: BaseGeometry
    area_m2: float
    outline_m: float
    accuracy_m: float


def version_findings(old: ExaminedLayer, new: ExaminedLayer) -> list[QualityFinding]:
    """
    What changed from one version of a layer to the next.

    Parameters
    ----------
    old, new
        Each read at the date on which it begins.

    Returns
    -------
    findings
        ``area_compared`` always, with both figures; ``area_decreased`` where the area counted once fell by more than
        1 mm along its outline; per feature what was lost, gained, shrunk or moved. A change counts as one beyond the
        accuracy where a circle as wide as the accuracy of both versions (in squares) fits into it.
    """
    before, after = _things(old), _things(new)
    every = _keys(new)
    found = _totals(old, new, before, after)
    for key, thing in before.items():
        if key in after:
            found += _changes(old, new, thing, after[key])
        else:
            code = "feature_counts_no_more" if key in every else "feature_lost"
            found.append(_one(code, new, thing, {"old_m2": round(thing.area_m2, 2)}))
    gained = [thing for key, thing in after.items() if key not in before]
    return found + [_one("feature_gained", new, thing, {"new_m2": round(thing.area_m2, 2)}) for thing in gained]


def _counted(layer: ExaminedLayer) -> NDArray[np.bool_]:
    counts = np.array([feature.counts for feature in layer.features], dtype=bool)
    return np.asarray(layer.in_force & (counts | (layer.card.role != "protective")))


def _key(layer: ExaminedLayer, row: int) -> str:
    feature = layer.features[row]
    for kind, text in (("code", feature.code), ("name", feature.name)):
        if text and fold(text):
            return f"{kind} {fold(text)}"
    return f"id {feature.id}"


def _keys(layer: ExaminedLayer) -> set[str]:
    return {_key(layer, int(row)) for row in np.flatnonzero(layer.in_force)}


def _things(layer: ExaminedLayer) -> dict[str, _Thing]:
    rows: dict[str, list[int]] = {}
    for row in np.flatnonzero(_counted(layer)):
        rows.setdefault(_key(layer, int(row)), []).append(int(row))
    return {key: _thing(layer, some) for key, some in rows.items()}


def _thing(layer: ExaminedLayer, rows: list[int]) -> _Thing:
    shapes = polygons_of(np.array([layer.geometries[r] for r in rows if layer.geometries[r] is not None], dtype=object))
    geometry = shapes[0] if len(shapes) == 1 else united(shapes)
    return _Thing(
        names=tuple(layer.named(row) for row in rows),
        geometry=geometry,
        area_m2=area_of(geometry),
        outline_m=float(geodesic_length(shapely.boundary(geometry))[0]),
        accuracy_m=float(max(layer.accuracy_m[row] for row in rows)),
    )


def _totals(
    old: ExaminedLayer, new: ExaminedLayer, before: dict[str, _Thing], after: dict[str, _Thing]
) -> list[QualityFinding]:
    whole = [_whole(old), _whole(new)]
    was_m2, is_m2 = (area_of(each) for each in whole)
    outline_m = float(geodesic_length(shapely.boundary(whole[0]))[0])
    facts: dict[str, Fact] = {
        "old": _said(old),
        "new": _said(new),
        "old_m2": round(was_m2, 2),
        "new_m2": round(is_m2, 2),
        "old_count": len(before),
        "new_count": len(after),
    }
    found = [finding("area_compared", layers=[new.name], facts=facts)]
    if was_m2 - is_m2 > max(_TOLERANCE_M * outline_m, 0.01):
        lost = polygons_of(shapely.difference(whole[0], whole[1]))
        lost = lost[wider_than(lost, NOISE_M)]
        geometry = joined(lost)
        facts |= {"decrease_m2": round(was_m2 - is_m2, 2), "decrease_share": round((was_m2 - is_m2) / was_m2, 6)}
        found.append(finding("area_decreased", layers=[new.name], geometry=geometry, at=whole[0], facts=facts))
    return found


def _whole(layer: ExaminedLayer) -> BaseGeometry:
    shapes = layer.geometries[_counted(layer) & (shapely.get_dimensions(layer.geometries) == 2)]
    return united(shapes)


def _said(layer: ExaminedLayer) -> str:
    return f"{layer.entry.version} ({layer.card.valid_from or '-'})"


def _changes(old: ExaminedLayer, new: ExaminedLayer, was: _Thing, now: _Thing) -> list[QualityFinding]:
    if shapely.equals_exact(was.geometry, now.geometry, tolerance=0.0, normalize=True):
        return []
    limit = round(math.hypot(was.accuracy_m, now.accuracy_m), 3)
    lost = polygons_of(shapely.difference(was.geometry, now.geometry))
    won = polygons_of(shapely.difference(now.geometry, was.geometry))
    wide = joined(lost[wider_than(lost, limit)])
    gain = won[wider_than(won, limit)]
    facts: dict[str, Fact] = {
        "old": _said(old),
        "new": _said(new),
        "old_m2": round(was.area_m2, 2),
        "new_m2": round(now.area_m2, 2),
        "accuracy_m": limit,
    }
    if was.area_m2 - now.area_m2 > max(_TOLERANCE_M * was.outline_m, 0.01):
        if not wide.is_empty:
            return [_made("feature_shrunk", new, now, wide, facts)]
        lost = lost[wider_than(lost, NOISE_M)]
        return [_made("feature_shrunk_within_accuracy", new, now, joined(lost), facts)]
    moved = np.concatenate([polygons_of(wide), gain])
    return [_made("feature_changed", new, now, shapely.union_all(moved), facts)] if len(moved) else []


def _made(
    code: str, layer: ExaminedLayer, thing: _Thing, geometry: BaseGeometry, facts: dict[str, Fact]
) -> QualityFinding:
    return finding(code, layers=[layer.name], features=thing.names, geometry=geometry, at=thing.geometry, facts=facts)


def _one(code: str, layer: ExaminedLayer, thing: _Thing, facts: dict[str, Fact]) -> QualityFinding:
    return finding(code, layers=[layer.name], features=thing.names, geometry=thing.geometry, facts=facts)
