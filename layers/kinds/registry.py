"""The kinds that there are, each from its own file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layers.kinds import (
    control_units,
    element_zones,
    monitoring_sections,
    other,
    protected_areas,
    red_lines,
    sensitive_targets,
    water_sources,
)

if TYPE_CHECKING:
    from layers.kinds.model import KindSpec
    from layers.model import KindName

__all__ = ["KIND_SPECS", "spec"]

KIND_SPECS: dict[KindName, KindSpec] = {
    module.KIND.name: module.KIND
    for module in (
        red_lines,
        protected_areas,
        water_sources,
        control_units,
        element_zones,
        monitoring_sections,
        sensitive_targets,
        other,
    )
}


def spec(kind: KindName) -> KindSpec:
    """
    What a kind is.

    Examples
    --------
    >>> spec("control_units").tiles, spec("water_sources").no_extent_m
    (True, 5000.0)
    """
    return KIND_SPECS[kind]
