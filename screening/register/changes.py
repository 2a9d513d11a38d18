"""What is different between two states of a workspace, as values that a notice can name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CHANGES", "Change", "LayerDifference", "no_boxes"]

CHANGES = (
    "feature_added",
    "feature_removed",
    "feature_moved",
    "feature_reclassed",
    "feature_came_into_force",
    "feature_ended",
    "feature_not_begun",
    "feature_not_ended",
    "feature_dates",
    "feature_accuracy",
    "feature_attributes",
    "feature_reordered",
    "rejected_changed",
    "coverage_changed",
    "coverage_accuracy",
    "layer_accuracy",
    "card_changed",
    "layer_added",
    "layer_removed",
    "validity_changed",
    "layer_unreadable",
    "version_gone",
    "warnings_changed",
    "required_kinds_changed",
    "pooling_changed",
    "program_changed",
    "witness_differs",
)
"""Every code, as ``register.because_<code>`` in the catalogue of words."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Change:
    """
    One difference.

    Attributes
    ----------
    code
        One of `CHANGES`.
    layer, kind
        Where; None where it is the workspace or the program.
    ids
        Of a feature: its id before and after (one where it was added or removed, both where they differ).
    feature
        Of a feature: JSON of its id, code and name.
    facts
        JSON: ``before`` and ``after``, ``moved_m``, ``fields``.
    box
        Where, widened by how far it has a say; None where everywhere.
    """

    code: str
    layer: str | None = None
    kind: str | None = None
    ids: frozenset[str] = frozenset()
    feature: dict[str, Any] | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    box: NDArray[np.float64] | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON of the change; keys without a value are left out."""
        said = {"code": self.code, "layer": self.layer, "kind": self.kind, "feature": self.feature}
        return {k: v for k, v in said.items() if v is not None} | dict(self.facts)


def no_boxes() -> NDArray[np.float64]:
    """No box at all, in the shape of boxes."""
    return np.zeros((0, 4))


@dataclass(frozen=True, kw_only=True, eq=False)
class LayerDifference:
    """
    Two versions of a layer, or one at two dates.

    Attributes
    ----------
    changes
        What differs; those without a box reach every site.
    boxes, cover_boxes
        (k, 4) west, south, east, north: where features and where the coverage differ, for the two windows of a site.
    """

    changes: tuple[Change, ...] = ()
    boxes: NDArray[np.float64] = field(default_factory=no_boxes)
    cover_boxes: NDArray[np.float64] = field(default_factory=no_boxes)

    @property
    def everywhere(self) -> bool:
        """Whether it reaches every site."""
        return any(change.box is None for change in self.changes)
