"""Sets of pixels: their surroundings, and their larger pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask: TypeAlias = NDArray[np.bool_]

__all__ = ["large", "near"]


def near(mask: Mask, pixels: int) -> Mask:
    """Pixels within so many of the mask, along rows and columns together (a square)."""
    from scipy.ndimage import maximum_filter

    grown: Mask = maximum_filter(mask.view(np.uint8), 2 * pixels + 1, mode="constant").view(bool)
    return grown


def large(mask: Mask, least: float) -> Mask:
    """Its 8-connected pieces of at least so many pixels."""
    from scipy.ndimage import label

    pieces, _ = label(mask, structure=np.ones((3, 3)))
    kept = np.bincount(pieces.ravel()) >= least
    kept[0] = False
    found: Mask = kept[pieces]
    return found
