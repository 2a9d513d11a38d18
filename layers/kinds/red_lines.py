"""生态保护红线: every feature counts, always."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layers.kinds.model import KindSpec, LayerContext, Standing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layers.fields import FieldView
    from layers.model import Feature

__all__ = ["KIND", "default_theme", "interpret_feature"]


def default_theme(_layer_name: str, _features: Sequence[Feature]) -> str:
    """One theme for all red-line layers: two counties' red lines cover a site together."""
    return "red_lines"


def interpret_feature(view: FieldView, _dimension: int, _layer: LayerContext) -> Standing:
    """A red line counts whatever its fields say; its type is kept as the label."""
    return Standing(class_="red_line", counts=True, class_label=view.get("class"))


KIND = KindSpec(
    name="red_lines",
    default_role="protective",
    areal=True,
    tiles=False,
    restricted_by_default=True,
    no_extent_m=500.0,
    default_theme=default_theme,
    interpret_feature=interpret_feature,
)
