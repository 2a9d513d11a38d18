"""The values of a quality inspection: what was looked at, what was found, and what could not be looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from layers.card import LayerCard
    from layers.model import Feature
    from layers.workspace.store import VersionEntry

__all__ = [
    "CHECKS",
    "SEVERITIES",
    "SEVERITY",
    "CheckName",
    "CheckRun",
    "City",
    "ExaminedLayer",
    "Fact",
    "FeatureName",
    "QualityFinding",
    "QualityReport",
    "Severity",
    "Unchecked",
    "finding",
]

Fact: TypeAlias = str | int | float | None
Severity = Literal["error", "warning", "information"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""The gravest first."""

CheckName = Literal["condition", "tiling", "codes", "duplicates", "water_zones", "versions", "red_line"]
CHECKS: tuple[CheckName, ...] = get_args(CheckName)

Unchecked = Literal[
    "no_layer",  # no layer of the kinds that the check is about
    "no_polygons",  # such layers, and no polygon in force in them
    "one_version",  # no layer has two versions
    "no_city",  # neither the workspace nor the command names districts
    "no_boundaries",  # the administrative boundaries are not set up
    "unknown_district",  # the boundaries have no such code
]

_CODES: dict[CheckName, dict[str, Severity]] = {
    "condition": {
        "damaged": "error",
        "layer_unreadable": "error",
        "geometry_invalid": "error",
        "features_rejected": "warning",
        "features_repaired": "information",
        "without_extent": "warning",
        "indicative": "information",
        "soft_features": "information",
        "date_missing": "warning",
        "not_valid_yet": "warning",
        "layer_expired": "warning",
        "coverage_missing": "warning",
        "required_kind_missing": "warning",
    },
    "tiling": {
        "gap": "error",
        "gap_sliver": "warning",
        "gap_at_edge": "error",
        "overlap": "error",
        "overlap_sliver": "warning",
        "outside_city": "warning",
        "edge_difference": "information",
        "covered": "information",
    },
    "codes": {
        "code_with_names": "error",
        "name_with_codes": "warning",
        "code_missing": "warning",
        "code_malformed": "warning",
        "class_conflict": "error",
        "class_unconfirmed": "warning",
        "code_other_district": "warning",
        "code_district_unknown": "information",
    },
    "duplicates": {
        "same_geometry": "warning",
        "near_duplicate": "warning",
        "code_repeated": "information",
    },
    "water_zones": {
        "zone_1_sticks_out": "error",
        "zone_1_apart": "warning",
        "zone_1_at_edge": "information",
        "zone_2_missing": "information",
    },
    "versions": {
        "area_decreased": "warning",
        "area_compared": "information",
        "feature_lost": "warning",
        "feature_counts_no_more": "warning",
        "feature_gained": "information",
        "feature_shrunk": "warning",
        "feature_shrunk_within_accuracy": "information",
        "feature_changed": "information",
    },
    "red_line": {
        "red_line_outside_units": "information",
    },
}
SEVERITY: dict[str, Severity] = {code: severity for codes in _CODES.values() for code, severity in codes.items()}
"""
Every code of a finding and how grave it is: ``error`` contradicts what such a layer is, ``warning`` wants a look,
``information`` is a figure that nothing is inferred from.
"""
_CHECK_OF: dict[str, CheckName] = {code: check for check, codes in _CODES.items() for code in codes}


@dataclass(frozen=True, kw_only=True)
class FeatureName:
    """A feature as a finding names it."""

    layer: str
    id: str
    code: str | None
    name: str | None


@dataclass(frozen=True, kw_only=True)
class QualityFinding:
    """
    One thing found, for somebody to look at; it changes no answer.

    ``facts`` are JSON scalars that fill the words of ``[quality]``: a name ending in ``_m2`` is square metres, ``_m``
    metres, ``_share`` a fraction.
    """

    code: str
    """A key of `SEVERITY`."""
    severity: Severity
    check: CheckName
    layers: tuple[str, ...]
    features: tuple[FeatureName, ...] = ()
    place: tuple[float, float] | None = None
    """Longitude and latitude (EPSG:4490) of a point of it, on the largest part."""
    area_m2: float | None = None
    """Ellipsoidal, of ``geometry``."""
    length_m: float | None = None
    parts: int = 0
    """How many separate polygons ``geometry`` has."""
    geometry: BaseGeometry | None = field(default=None, compare=False)
    """The polygons in question, EPSG:4490; None where it is no matter of area."""
    facts: dict[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CheckRun:
    """Whether a check could be made; ``why`` says what it lacked, where nothing or only a part of it was looked at."""

    check: CheckName
    done: bool
    why: Unchecked | None = None


@dataclass(frozen=True, kw_only=True)
class City:
    """The outline that units should tile: EPSG:4490, with its 95 % accuracy in metres and what it is of."""

    geometry: BaseGeometry
    accuracy_m: float
    codes: tuple[str, ...]
    names: tuple[str, ...]
    source: str


@dataclass(frozen=True, kw_only=True)
class QualityReport:
    """What an inspection found at a date, the gravest first; an empty list of findings says only that."""

    as_of: str
    region: tuple[str, ...]
    city: City | None
    checks: tuple[CheckRun, ...]
    findings: tuple[QualityFinding, ...]
    layers: tuple[ExaminedLayer, ...] = field(compare=False)
    """Those that could be read, each in the version that answers at ``as_of``."""
    older: tuple[ExaminedLayer, ...] = field(default=(), compare=False)
    """The versions that were compared with each other."""

    def count(self, severity: Severity) -> int:
        """How many findings are of a severity."""
        return sum(each.severity == severity for each in self.findings)


@dataclass(frozen=True, kw_only=True, eq=False)
class ExaminedLayer:
    """
    A layer version read whole; arrays have a row a feature.

    Geometries are EPSG:4490, as screening has them (put together from the pieces of the index); None where a feature
    has none.
    """

    entry: VersionEntry
    card: LayerCard
    reason: str | None
    """Why the version can give no ``clear`` at the date: ``not_valid_yet``, ``date_missing``, ``layer_expired``."""
    features: tuple[Feature, ...]
    geometries: NDArray[np.object_]
    in_force: NDArray[np.bool_]
    zone: NDArray[np.bool_]
    """Counted, in force, with extent."""
    soft: NDArray[np.bool_]
    """A published box or a shape made from a name: it says where to look, not how far something reaches."""
    without_extent: NDArray[np.bool_]
    accuracy_m: NDArray[np.float64]

    @property
    def name(self) -> str:
        """The layer's name."""
        return self.card.name

    def areal(self) -> NDArray[np.bool_]:
        """Polygons in force whose outline is meant."""
        return np.asarray((shapely.get_dimensions(self.geometries) == 2) & self.in_force & ~self.soft)

    def named(self, row: int) -> FeatureName:
        """One feature, as a finding names it."""
        feature = self.features[row]
        return FeatureName(layer=self.name, id=feature.id, code=feature.code, name=feature.name)


def finding(
    code: str,
    *,
    layers: Iterable[str],
    features: Iterable[FeatureName] = (),
    geometry: BaseGeometry | None = None,
    at: BaseGeometry | None = None,
    length_m: float | None = None,
    facts: Mapping[str, Fact] | None = None,
) -> QualityFinding:
    """
    A finding of a known code; place, area and number of parts come from its polygons.

    Parameters
    ----------
    code
        A key of `SEVERITY`.
    layers, features
        Whom it is about; names of layers are kept once, in their order.
    geometry
        Its polygons, EPSG:4490.
    at
        Where it is, for one that has no area of its own: any geometry.
    length_m
        Where a length says more than an area.
    facts
        What its words say.

    Examples
    --------
    >>> found = finding("gap", layers=["units"], geometry=shapely.box(117, 49, 117.001, 49.001))
    >>> found.severity, found.check, found.parts, found.place
    ('error', 'tiling', 1, (117.0005, 49.0005))
    """
    from layers.quality.shapes import area_of, place_of, polygons_of

    parts = polygons_of(geometry)
    return QualityFinding(
        code=code,
        severity=SEVERITY[code],
        check=_CHECK_OF[code],
        layers=tuple(dict.fromkeys(layers)),
        features=tuple(features),
        place=place_of(geometry if len(parts) else at),
        area_m2=round(area_of(parts), 2) if len(parts) else None,
        length_m=None if length_m is None else round(length_m, 3),
        parts=len(parts),
        geometry=geometry if len(parts) else None,
        facts=dict(facts or {}),
    )
