"""What is asked of a layer, and its zone features grouped by what they answer with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from spatial.accuracy import combined
from spatial.measure import geodesic_length
from spatial.overlay.vantage import vantage_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from spatial.overlay.distance import Nearest

__all__ = ["Question", "ZoneGroup"]

FARTHEST_M = 20_037_509.0
"""Half the equator: no two places are farther apart, so a greater accuracy says the same."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of every layer: a geometry (EPSG:4490), its accuracy, its radius, the date."""

    geometry: BaseGeometry
    accuracy_m: float
    as_of: str
    radius_m: float = 0.0
    transformation_m: float = 0.0
    part_rejected: bool = False
    stability: bool = False
    """Whether to say how many metres of error would change a hit."""

    @cached_property
    def area_m2(self) -> float:
        """The site's area on the ellipsoid, square metres; 0 of points and lines."""
        return float(np.nan_to_num(vantage_of(self.geometry).area_m2))

    @cached_property
    def length_m(self) -> float:
        """The geodesic length of the site's lines, metres; 0 of points and polygons."""
        return float(np.nansum(geodesic_length([self.geometry])))

    def combined(self, layer_m: float) -> float:
        """The combined accuracy a against a feature or layer of this accuracy."""
        return combined(*(min(m, FARTHEST_M) for m in (self.accuracy_m, layer_m, self.transformation_m)))


@dataclass(frozen=True, kw_only=True)
class ZoneGroup:
    """Zone features that share accuracy and influence distance."""

    rows: NDArray[np.bool_]
    accuracy_m: float
    influence_m: float
    soft: bool
    a: float
    gap_m: float
    nearest: Nearest | None
    """The nearest of their pieces, distance to the feature itself; None where there is none."""
