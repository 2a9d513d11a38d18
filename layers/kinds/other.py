"""Any other layer: its role is given with it, and in a protective one every feature counts."""

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
    """A feature of a meaning that only the user knows: its words are kept, none of them decides anything."""
    return Standing(class_="other", counts=True, class_label=view.get("class"))


KIND = KindSpec(
    name="other",
    default_role="context",
    areal=True,
    tiles=False,
    restricted_by_default=False,
    no_extent_m=500.0,
    default_theme=default_theme,
    interpret_feature=interpret_feature,
)
