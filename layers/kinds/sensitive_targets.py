"""环境敏感目标 (schools, villages, habitats …): context, always listed, never part of the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layers.kinds.model import KindSpec, LayerContext, Standing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layers.fields import FieldView
    from layers.model import Feature

__all__ = ["KIND", "default_theme", "interpret_feature"]


def default_theme(layer_name: str, _features: Sequence[Feature]) -> str:
    """The layer's own name."""
    return layer_name


def interpret_feature(view: FieldView, _dimension: int, _layer: LayerContext) -> Standing:
    """A target; its type (school, village …) is kept as the label."""
    return Standing(class_="target", counts=False, class_label=view.get("class"))


KIND = KindSpec(
    name="sensitive_targets",
    default_role="context",
    areal=False,
    tiles=False,
    restricted_by_default=False,
    no_extent_m=500.0,
    default_theme=default_theme,
    interpret_feature=interpret_feature,
    own_fields=("level",),
)
