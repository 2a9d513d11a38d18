"""
Zone 1 inside zone 2 of the same drinking-water source, however the two were published.

Two ways are usual. *Nested*: zone 2 is drawn whole and contains zone 1. *Disjoint*: zone 2 leaves zone 1 out, and has a
hole (or a bay) in its place. Zone 2 with its holes filled contains zone 1 in both, and then nothing is said. A part of
zone 1 that reaches out of it by more than the accuracy of the two is

- ``zone_1_sticks_out`` where that part of zone 1 overlaps zone 2 too: the two were drawn nested, and do not fit;
- ``zone_1_at_edge`` (information) where it only borders on zone 2: drawn disjoint with zone 1 at the outer edge, as at
  a dam or a border of the region, which may well be meant;
- ``zone_1_apart`` where it does not even touch it.

A source without any zone 2 is listed as information: small wells have none.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np
import shapely

from layers.fields import fold
from layers.quality.model import finding
from layers.quality.shapes import NOISE_M, filled, joined, polygons_of, united, wider_than
from spatial.overlay.frame import Frame, bounds_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapely.geometry.base import BaseGeometry

    from layers.model import Feature
    from layers.quality.model import ExaminedLayer, QualityFinding

__all__ = ["source_of", "water_zone_findings"]

_ZONE_WORDS = re.compile(r"[一二1-2]级|准|饮用水|水源|保护区|陆域|水域|地表|地下|zone_?[12]|[()\[\]_\-—·.,、，:：]")


def source_of(feature: Feature) -> str:
    """
    The source that a zone is of: its source's name, else its own name, without the words of zones; else its code.

    Examples
    --------
    >>> from layers.model import Feature
    >>> one = Feature(id="1", code="SY-1", name="甲水库饮用水水源一级保护区(水域)", class_="zone_1", counts=True)
    >>> source_of(one)
    '甲水库'
    """
    for text in (feature.own_fields.get("source_name"), feature.name):
        stripped = _ZONE_WORDS.sub("", fold(text or ""))
        if stripped:
            return stripped
    return fold(feature.code or "") or f"id {feature.id}"


def water_zone_findings(layers: Iterable[ExaminedLayer]) -> list[QualityFinding]:
    """What does not fit between the zones 1 and 2 of each source; the module says what is a finding."""
    groups: dict[str, dict[str, list[tuple[ExaminedLayer, int]]]] = {}
    for layer in layers:
        if layer.card.kind == "water_sources":
            for row in np.flatnonzero(layer.areal() & layer.zone).tolist():
                feature = layer.features[row]
                if feature.class_ in ("zone_1", "zone_2"):
                    groups.setdefault(source_of(feature), {}).setdefault(feature.class_, []).append((layer, row))
    found: list[QualityFinding] = []
    for source, zones in groups.items():
        inner, outer = zones.get("zone_1", []), zones.get("zone_2", [])
        if inner and not outer:
            layer, row = inner[0]
            found.append(
                finding(
                    "zone_2_missing",
                    layers=[layer.name for layer, _ in inner],
                    features=[layer.named(row) for layer, row in inner],
                    at=layer.geometries[row],
                    facts={"source": _said(layer.features[row], source)},
                )
            )
        elif inner:
            found += _misfits(source, inner, outer)
    return found


def _misfits(
    source: str, inner: list[tuple[ExaminedLayer, int]], outer: list[tuple[ExaminedLayer, int]]
) -> list[QualityFinding]:
    zone_2 = united(np.array([layer.geometries[row] for layer, row in outer], dtype=object))
    whole = filled(zone_2)
    least = max(layer.accuracy_m[row] for layer, row in outer)
    found = []
    for layer, row in inner:
        limit = round(math.hypot(float(layer.accuracy_m[row]), float(least)), 3)
        for part in polygons_of(layer.geometries[row]):
            outside = polygons_of(shapely.difference(part, whole))
            outside = outside[wider_than(outside, limit)]
            if len(outside) == 0:
                continue
            found.append(
                finding(
                    _how(part, zone_2, limit),
                    layers=[layer.name, *(each.name for each, _ in outer)],
                    features=[layer.named(row), *(each.named(at) for each, at in outer)],
                    geometry=joined(outside),
                    facts={"source": _said(layer.features[row], source), "accuracy_m": limit},
                )
            )
    return found


def _said(feature: Feature, source: str) -> str:
    """The source as its file names it."""
    return feature.own_fields.get("source_name") or feature.name or source


def _how(part: BaseGeometry, zone_2: BaseGeometry, limit: float) -> str:
    shared = polygons_of(shapely.intersection(part, zone_2))
    if wider_than(shared, max(limit, NOISE_M)).any():
        return "zone_1_sticks_out"
    frame = Frame.around(bounds_of(part))
    gap = shapely.distance(frame.to_plane(part), frame.to_plane(zone_2))
    return "zone_1_at_edge" if gap <= limit else "zone_1_apart"
