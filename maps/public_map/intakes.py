"""Where a layer says that an intake of a drinking-water source is."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from layers.version import OpenLayer

__all__ = ["holds_intakes", "intake_rows", "names_an_intake"]

SMALL_BOX_DEG = 0.002
"""A box of something unused that is no larger than this, some 200 m, may be that of an intake."""
_ZONES = frozenset({"zone_1", "zone_2", "zone_quasi"})
_INTAKE = re.compile(
    r"取水(?:口|点|井|泵|头部|设施|构筑物|工程|位置)|水源井|水厂取水|(?<![a-z])intakes?(?![a-z])", re.IGNORECASE
)


def names_an_intake(text: str) -> bool:
    """
    Whether a text calls something an intake of a water source.

    Examples
    --------
    >>> [names_an_intake(text) for text in ("秘密水厂取水口", "3号水源井", "Intake No. 2", "河口断面")]
    [True, True, True, False]
    """
    return _INTAKE.search(unicodedata.normalize("NFKC", text)) is not None


def intake_rows(layer: OpenLayer) -> NDArray[np.bool_]:
    """
    Which features of a layer say where an intake is.

    Of a layer of water sources every point and line stands for one, and so does an area that is called one and is no
    zone. Of any other layer (targets, sections) those points and lines that are called one.

    Parameters
    ----------
    layer
        An open version.

    Returns
    -------
    rows
        A mask, one a feature.
    """
    dimension = layer.index.feature_dimension
    thin = (dimension == 0) | (dimension == 1)
    water = layer.card.kind == "water_sources"
    found = thin.copy() if water else np.zeros(len(thin), dtype=bool)
    for row in np.flatnonzero(~thin if water else thin):
        feature = layer.records.feature(int(row))
        if feature.class_ not in _ZONES:
            words = (feature.id, feature.code, feature.name, feature.class_label)
            found[row] = any(word is not None and names_an_intake(word) for word in words)
    return np.asarray(found, dtype=bool)


def holds_intakes(layer: OpenLayer) -> bool:
    """
    Whether a layer says where an intake of a drinking-water source is.

    Besides `intake_rows`, something small of a layer of water sources that could not be used may be an intake: its box
    is its place.
    """
    if layer.card.kind == "water_sources":
        boxes = np.asarray(layer.rejected_boxes, dtype=np.float64).reshape(-1, 4)
        with np.errstate(invalid="ignore"):
            if (boxes[:, 2:] - boxes[:, :2] <= SMALL_BOX_DEG).all(axis=1).any():
                return True
    return bool(intake_rows(layer).any())
