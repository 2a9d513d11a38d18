"""
How far around a site a change can alter what is said of it.

A site has two windows for each layer: one for features, one for the coverage. What a changed feature adds to the
distance (its influence, its accuracy) is put around the feature, not around the site; so a change matters only where
the two boxes meet. The derivation is in ``docs/reference/register.md``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from screening.question import FARTHEST_M
from spatial.accuracy import combined
from spatial.overlay.frame import bounds_of, widened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from layers.version import OpenLayer
    from screening.inquiry import Inquiry

__all__ = ["EVERYWHERE", "FAR_M", "NOWHERE", "LayerFacts", "facts_of", "feature_reach_m", "inflated", "windows_of"]

Box = tuple[float, float, float, float]

EVERYWHERE: Box = (-1e3, -1e3, 1e3, 1e3)
NOWHERE: Box = (math.inf, math.inf, -math.inf, -math.inf)
FAR_M = 80_000.0
"""Beyond this a window is everywhere: the bound on the distortion of the engine's frames holds no longer."""
TALL_M = 50_000.0
"""Half the height of a site, beyond which its windows are everywhere."""
EARTH_RADIUS_M = 6_371_000.0
TAN_TOP = 1.9
"""tan(62.3 degrees): no site lies north of 60 degrees, and no reach is longer than 250 km."""
PROOF_MARGIN = 2.6
"""A proof looks at the zone within 2.5 a (``spatial.overlay.hold``)."""
STABILITY_M = 6_300.0
"""2.5 times the largest a that ``hold_at_least`` tries, and 5 %."""
ROOM_M = 1.0
"""Millimetres of touching, rounding and ties, and the metre by which coverage is asked for around a site."""


@dataclass(frozen=True, kw_only=True)
class LayerFacts:
    """What the windows of every site need of one layer version at one date. Distances are metres."""

    name: str
    kind: str
    protective: bool
    has_zone: bool
    top_accuracy_m: float
    """The largest accuracy among the layer and its zone features."""
    coverage_accuracy_m: float | None
    """None where no coverage is stated."""


def facts_of(layer: OpenLayer, as_of: str) -> LayerFacts:
    """The facts of an open layer; touching damaged bytes raises ``DamagedVersionError``."""
    card = layer.card
    standing = layer.records.standing(as_of, card.accuracy_m)
    accuracies = standing.accuracy_m[standing.zone]
    return LayerFacts(
        name=card.name,
        kind=card.kind,
        protective=card.role == "protective",
        has_zone=bool(standing.zone.any()),
        top_accuracy_m=float(max([card.accuracy_m, *accuracies])) if len(accuracies) else float(card.accuracy_m),
        coverage_accuracy_m=None if card.coverage_kind is None else float(card.coverage_accuracy_m or 0.0),
    )


def inflated(metres: float, half_height_m: float = TALL_M) -> float:
    """
    A distance with room for what the engine's plane frames may be off by, so that two of them add up.

    Of features up to (1 + s)^4 times as far as the nearest, each may have a say in which pair of edges is measured; s
    is ``_distortion`` of ``spatial.overlay.distance``. (x + y)^2 <= 2 x^2 + 2 y^2 makes the bound a sum of one term for
    the site and one for the feature.

    Examples
    --------
    >>> inflated(100.0, 0.0) < 102.0, inflated(2 * FAR_M)
    (True, inf)
    """
    if metres > FAR_M or half_height_m > TALL_M:
        return math.inf
    linear = 5 * (1e-3 + 2 * TAN_TOP * half_height_m / EARTH_RADIUS_M)
    square = 5 * 2 * 2 * TAN_TOP / EARTH_RADIUS_M
    return metres * (1 + linear) + square * metres * metres + ROOM_M


def feature_reach_m(*, zone: bool, influence_m: float, accuracy_m: float, without_extent_m: float) -> float:
    """How far beyond its geometry a feature has a say, besides the site's own part; NaN where nothing is stated."""
    if not math.isnan(without_extent_m):
        return max(accuracy_m, without_extent_m)
    return accuracy_m + (0.0 if math.isnan(influence_m) else influence_m) if zone else 0.0


def windows_of(own: dict[str, Any], inquiry: Inquiry, facts: Sequence[LayerFacts]) -> NDArray[np.float64]:
    """
    The windows of one site.

    Parameters
    ----------
    own
        Its document, or the own part of it.
    inquiry
        What was asked.
    facts
        Of every layer of the document, in the document's order.

    Returns
    -------
    windows
        (layers, 2, 4): for features and for the coverage, as (west, south, east, north) in degrees of EPSG:4490;
        ``EVERYWHERE`` where any change matters, ``NOWHERE`` where none does.
    """
    bounds = bounds_of(inquiry.site.geometry)
    half = math.radians(bounds[3] - bounds[1]) / 2 * EARTH_RADIUS_M
    context = {one["layer"]: one["features"] for one in own["context"]}
    findings = {
        one["layer"]: one for one in own["findings"] if one["gap_m"] is not None or one["accuracy_m"] is not None
    }
    found = np.empty((len(facts), 2, 4))
    for row, layer in enumerate(facts):
        if layer.protective:
            finding = findings.get(layer.name)
            near = math.inf if finding is None else _feature_window_m(finding, inquiry, layer)
            cover = math.inf if finding is None else _coverage_window_m(finding, inquiry, layer, facts)
        else:
            listed = [feature["distance_m"] for feature in context.get(layer.name, ())]
            near, cover = max(listed, default=math.inf), -math.inf
        found[row] = (_box(bounds, near, half), _box(bounds, cover, half))
    return found


def _feature_window_m(finding: dict[str, Any], inquiry: Inquiry, layer: LayerFacts) -> float:
    """A nearer feature, one that is met, one whose accuracy decides, or the zone that a proof looks at."""
    if not layer.has_zone or finding["gap_m"] is None:
        return math.inf
    site = inquiry.site
    a = _combined(inquiry, layer.top_accuracy_m)
    own = site.accuracy.metres + site.transformation_m + site.radius_m + PROOF_MARGIN * a + 0.1
    return float(finding["gap_m"]) + own + (STABILITY_M if inquiry.stability else 0.0)


def _coverage_window_m(
    finding: dict[str, Any], inquiry: Inquiry, layer: LayerFacts, facts: Sequence[LayerFacts]
) -> float:
    """The edge where it is printed, where it would be, where it is too near, and where coverages are pooled."""
    if layer.coverage_accuracy_m is None:
        return -math.inf
    radius = inquiry.site.radius_m
    reach = layer.coverage_accuracy_m + _combined(inquiry, layer.top_accuracy_m) + radius
    printed = finding["distance_at_least_m"]
    reach = max(reach, float(finding["gap_m"] if printed is None else printed))
    same = [one for one in facts if one.protective and one.kind == layer.kind]
    if len(same) > 1:
        margin = _combined(inquiry, max(one.top_accuracy_m for one in same)) + radius
        widest = max(one.coverage_accuracy_m or 0.0 for one in same)
        reach = max(reach, 1.2 * margin + 2.3 * widest + 12.0)
    return reach


def _combined(inquiry: Inquiry, layer_m: float) -> float:
    site = inquiry.site
    return combined(*(min(m, FARTHEST_M) for m in (site.accuracy.metres, layer_m, site.transformation_m)))


def _box(bounds: Box, metres: float, half_height_m: float) -> Box:
    if metres == -math.inf:
        return NOWHERE
    reach = inflated(metres, half_height_m)
    return EVERYWHERE if math.isinf(reach) else widened(bounds, reach)
