"""What a verdict shows beside its numbers: the parts that overlap, and the outlines of the layers.

Geometries are EPSG:4490 longitude/latitude and are in no digest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

__all__ = ["LayerOutline", "OutlineFeature", "Overlap"]


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """The part of the site that lies in one feature; polygon for parcels, line for routes, point for points."""

    layer: str
    kind: str
    feature_id: str
    geometry: BaseGeometry


@dataclass(frozen=True, kw_only=True)
class OutlineFeature:
    """One feature as it is drawn; ``class_`` is the canonical class code, ``class_label`` the file's own word."""

    id: str
    code: str | None
    name: str | None
    class_: str
    class_label: str | None
    geometry: BaseGeometry
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LayerOutline:
    """One layer as it is drawn, with what must be said on its face."""

    layer: str
    kind: str
    role: str
    features: tuple[OutlineFeature, ...]
    data_date: str | None
    source: str | None
    restricted: bool
    synthetic: bool
    indicative: bool
    coverage: BaseGeometry | None = None
    simplified_m: float = 0.0
    notes: tuple[str, ...] = field(default=())
