"""
How much of the red line lies outside the priority units, as a figure and nothing else.

Red lines and units were drawn in different years by different methods; that the one lies within the other is no law of
the data, and no answer is inferred from it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import shapely

from layers.quality.model import finding
from layers.quality.shapes import NOISE_M, area_of, joined, polygons_of, united, wider_than

if TYPE_CHECKING:
    from collections.abc import Iterable

    from layers.quality.model import ExaminedLayer, QualityFinding

__all__ = ["red_line_findings"]


def red_line_findings(layers: Iterable[ExaminedLayer]) -> list[QualityFinding] | None:
    """
    The part of all red lines that no priority unit covers; None where there are not both.

    Returns
    -------
    findings
        One, always ``information``: area of the red line, of the part outside, and of what of that is no wider than
        the accuracy of the two layers together (in squares).
    """
    layers = tuple(layers)
    lines = [layer for layer in layers if layer.card.kind == "red_lines" and (layer.zone & layer.areal()).any()]
    units = [layer for layer in layers if layer.card.kind == "control_units" and (layer.zone & layer.areal()).any()]
    if not lines or not units:
        return None
    red, priority = (
        united(np.concatenate([layer.geometries[layer.zone & layer.areal()] for layer in some]))
        for some in (lines, units)
    )
    accuracy = math.hypot(*(max(float(layer.accuracy_m.max()) for layer in some) for some in (lines, units)))
    outside = polygons_of(shapely.difference(red, priority))
    outside = outside[wider_than(outside, NOISE_M)]
    red_m2, outside_m2 = area_of(red), area_of(outside)
    narrow = outside[~wider_than(outside, accuracy)]
    return [
        finding(
            "red_line_outside_units",
            layers=[layer.name for layer in (*lines, *units)],
            geometry=joined(outside),
            facts={
                "red_line_m2": round(red_m2, 2),
                "outside_m2": round(outside_m2, 2),
                "outside_share": round(outside_m2 / red_m2, 9),
                "narrow_m2": round(area_of(narrow), 2),
                "accuracy_m": round(accuracy, 3),
            },
        )
    ]
