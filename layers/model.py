"""The nouns of ``layers``: what a feature of a layer is once its fields have been understood.

A layer has a *kind* and a *role* (``docs/contract/verdict.md`` §1). Everything here is a value.
Geometry lies beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

__all__ = ["DEFAULT_REQUIRED_KINDS", "KINDS", "TILING_KINDS", "Feature", "KindName", "Role", "in_force"]

KindName = Literal[
    "red_lines",
    "protected_areas",
    "water_sources",
    "control_units",
    "element_zones",
    "monitoring_sections",
    "sensitive_targets",
    "other",
]
Role = Literal["protective", "context"]

KINDS: tuple[KindName, ...] = get_args(KindName)
DEFAULT_REQUIRED_KINDS: tuple[KindName, ...] = ("red_lines", "protected_areas", "water_sources", "control_units")
TILING_KINDS: frozenset[KindName] = frozenset({"control_units", "element_zones"})
"""Kinds whose features tile the land, so that their union may be stated as the coverage (``--coverage layer``)."""


@dataclass(frozen=True, kw_only=True)
class Feature:
    """
    One feature of a layer, its fields understood.

    ``counts`` says whether it is a zone of the layer's own kind (before dates are asked): a counted polygon, or a
    geometry with an influence distance. A counted feature whose ``without_extent_m`` is set has no extent: it keeps the
    layer from ``clear`` within that distance (``inf`` = everywhere). Distances are metres.

    Examples
    --------
    >>> Feature(id="1", code="ZH15078110001", name="某单元", class_="priority", counts=True).flags
    ()
    """

    id: str
    code: str | None
    name: str | None
    class_: str
    """Canonical class code: a key of ``[class]`` in the catalogue of words."""
    counts: bool
    class_label: str | None = None
    """The file's own word for the class."""
    flags: tuple[str, ...] = ()
    valid_from: str | None = None
    valid_until: str | None = None
    accuracy_m: float | None = None
    """Own 95 % accuracy; None = the layer's."""
    influence_m: float | None = None
    """A stated influence distance: the zone is the set of points within it of the geometry."""
    without_extent_m: float | None = None
    own_zones: tuple[int, ...] = ()
    """Of an intake: rows of the zone polygons of its own source; one of them counted and in force gives it extent."""
    successor: int | None = None
    """Of a merged protected area: the row of the area that took it over and covers at least 99 % of it."""
    requirements: dict[str, str] = field(default_factory=dict)
    """Of a unit, by code: spatial_layout, pollutant_control, risk_control, resource_efficiency."""
    own_fields: dict[str, str] = field(default_factory=dict)
    """What its kind asks besides, by meaning: level and type of a section, zone and status of a protected area …"""
    attributes: dict[str, str | int | float | bool | None] = field(default_factory=dict)
    """Every field of the file, under the file's own (folded) names."""


def in_force(valid_from: str | None, valid_until: str | None, as_of: str) -> bool:
    """
    Whether a feature with these ISO dates is in force at ``as_of`` (both ends included); an undated one is.

    Examples
    --------
    >>> in_force("2024-01-01", None, "2023-12-31"), in_force(None, None, "2023-12-31")
    (False, True)
    """
    return (valid_from is None or valid_from <= as_of) and (valid_until is None or as_of <= valid_until)
