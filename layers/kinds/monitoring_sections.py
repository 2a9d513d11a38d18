"""监测断面: context beside the answer; protective within an influence distance, once one is stated."""

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
    """A section of the level and type that its fields name; it counts where the layer is protective."""
    words = [word for meaning in ("section_level", "section_type") if (word := view.get(meaning)) is not None]
    return Standing(class_="section", counts=True, class_label=" ".join(dict.fromkeys(words)) or None)


KIND = KindSpec(
    name="monitoring_sections",
    default_role="context",
    areal=False,
    tiles=False,
    restricted_by_default=False,
    no_extent_m=500.0,
    default_theme=default_theme,
    interpret_feature=interpret_feature,
)
