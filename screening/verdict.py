"""The verdict: all findings, strictest first, as frozen values; its JSON is ``verdict.md`` §8 to the letter."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from shapely.geometry.base import BaseGeometry

    from screening.overlap import Overlap
    from screening.reasons import Answer, Reason, YesNo

__all__ = ["SCHEMA_VERSION", "ContextLayer", "FeatureFinding", "Finding", "PartAnswer", "Verdict"]

SCHEMA_VERSION = "1.0"


@dataclass(frozen=True, kw_only=True)
class FeatureFinding:
    """One feature met, or the nearest one. Areas ellipsoidal and planar square metres, distances geodesic metres."""

    id: str
    code: str | None
    name: str | None
    class_: str
    class_label: str | None
    flags: tuple[str, ...]
    accuracy_m: float
    relation: str
    overlap_m2: float
    overlap_planar_m2: float
    share: float
    length_m: float | None
    distance_m: float
    bearing_deg: float | None
    requirements: dict[str, str] = field(default_factory=dict)
    own_fields: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """JSON of one feature; keys as in the contract, then what was added within the version."""
        return {
            "id": self.id,
            "code": self.code,
            "name": self.name,
            "class": self.class_,
            "class_label": self.class_label,
            "flags": list(self.flags),
            "accuracy_m": _mm(self.accuracy_m),
            "relation": self.relation,
            "overlap_m2": round(self.overlap_m2, 2),
            "overlap_planar_m2": round(self.overlap_planar_m2, 2),
            "share": round(self.share, 9),
            "length_m": _mm(self.length_m),
            "distance_m": _mm(self.distance_m),
            "bearing_deg": None if self.bearing_deg is None else round(self.bearing_deg, 2) % 360,
            "requirements": dict(sorted(self.requirements.items())),
            "own_fields": dict(sorted(self.own_fields.items())),
        }


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One layer's answer, or that of a required kind with no usable layer (``layer`` None or its name)."""

    layer: str | None
    kind: str
    theme: str
    version: str | None
    role: str
    answer: Answer
    reasons: tuple[Reason, ...]
    accuracy_m: float | None = None
    accuracy_parts: dict[str, float] | None = None
    gap_m: float | None = None
    hold_at_least_m: float | None = None
    distance_at_least_m: float | None = None
    uncovered_share: float | None = None
    overlap_m2: float = 0.0
    share: float = 0.0
    overlap_length_m: float | None = None
    features: tuple[FeatureFinding, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON of one finding."""
        return {
            "layer": self.layer,
            "kind": self.kind,
            "theme": self.theme,
            "version": self.version,
            "role": self.role,
            "answer": self.answer,
            "reason": self.reasons[0].code,
            "reasons": [{"code": r.code, **{k: _quantised(k, v) for k, v in r.facts}} for r in self.reasons],
            "accuracy_m": _mm(self.accuracy_m),
            "accuracy_parts": None
            if self.accuracy_parts is None
            else {k: _mm(v) for k, v in self.accuracy_parts.items()},
            "gap_m": _mm(self.gap_m),
            "hold_at_least_m": self.hold_at_least_m,
            "distance_at_least_m": _mm(self.distance_at_least_m),
            "uncovered_share": None if self.uncovered_share is None else round(self.uncovered_share, 9),
            "overlap_m2": round(self.overlap_m2, 2),
            "share": round(self.share, 9),
            "overlap_length_m": _mm(self.overlap_length_m),
            "features": [f.to_dict() for f in self.features],
        }


@dataclass(frozen=True, kw_only=True)
class ContextLayer:
    """What is reported beside the answer: features of context layers, and of protective ones that do not count."""

    layer: str
    kind: str
    features: tuple[FeatureFinding, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON of one context layer."""
        return {"layer": self.layer, "kind": self.kind, "features": [f.to_dict() for f in self.features]}


@dataclass(frozen=True, kw_only=True)
class PartAnswer:
    """One part of the project and the answers for it alone."""

    id: str
    name: str | None
    use: str | None
    mode: str | None
    area_m2: float | None
    declared_area_m2: float | None
    answer: Answer
    answers: dict[str, Answer]

    def to_dict(self) -> dict[str, Any]:
        """JSON of one part."""
        return {
            "id": self.id,
            "name": self.name,
            "use": self.use,
            "mode": self.mode,
            "area_m2": None if self.area_m2 is None else round(self.area_m2, 2),
            "declared_area_m2": self.declared_area_m2,
            "answer": self.answer,
            "answers": dict(self.answers),
        }


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """
    All findings of one site, strictest first.

    ``site``, ``layers`` and ``warnings`` are JSON-ready values. ``geometry`` and ``overlaps`` (EPSG:4490) serve maps
    and exports and are in no digest.
    """

    as_of: str
    answer: Answer
    required_kinds: tuple[str, ...]
    warnings: tuple[dict[str, Any], ...]
    in_priority_zone: YesNo
    in_priority_unit: YesNo
    in_red_line: YesNo
    in_protected_area: YesNo
    in_water_source_zone: YesNo
    kinds: dict[str, Answer]
    site: dict[str, Any]
    parts: tuple[PartAnswer, ...]
    findings: tuple[Finding, ...]
    context: tuple[ContextLayer, ...]
    layers: tuple[dict[str, Any], ...]
    not_checked: tuple[str, ...]
    geometry: BaseGeometry
    overlaps: tuple[Overlap, ...] = ()
    schema_version: str = SCHEMA_VERSION

    def to_dict(self) -> dict[str, Any]:
        """The JSON of the contract as Python values."""
        return {
            "schema_version": self.schema_version,
            "as_of": self.as_of,
            "answer": self.answer,
            "required_kinds": list(self.required_kinds),
            "warnings": list(self.warnings),
            "in_priority_zone": self.in_priority_zone,
            "in_priority_unit": self.in_priority_unit,
            "in_red_line": self.in_red_line,
            "in_protected_area": self.in_protected_area,
            "in_water_source_zone": self.in_water_source_zone,
            "kinds": dict(self.kinds),
            "site": self.site,
            "parts": [p.to_dict() for p in self.parts],
            "findings": [f.to_dict() for f in self.findings],
            "context": [c.to_dict() for c in self.context],
            "layers": list(self.layers),
            "not_checked": list(self.not_checked),
        }

    def to_json(self, *, indent: int | None = 2) -> str:
        """
        The JSON text of the contract; the same verdict gives the same text.

        Returns
        -------
        text
            UTF-8 characters as they are; no NaN.
        """
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent, allow_nan=False)

    def to_frame(self) -> pd.DataFrame:
        """
        The findings as a table: one row for every feature met or nearest, and one for every finding without a feature.

        Returns
        -------
        frame
            Columns ``layer, kind, theme, role, answer, reason, gap_m, accuracy_m`` and those of the feature (None where
            there is none); strictest first.
        """
        import pandas as pd

        columns = ("layer", "kind", "theme", "role", "answer", "reason", "gap_m", "accuracy_m")
        left_out = ("flags", "requirements", "own_fields")
        return pd.DataFrame(
            [
                {k: finding[k] for k in columns} | {f"feature_{k}": v for k, v in feature.items() if k not in left_out}
                for finding in (f.to_dict() for f in self.findings)
                for feature in finding["features"] or [{}]
            ]
        )


def _mm(metres: float | None) -> float | None:
    return None if metres is None else round(metres, 3)


def _quantised(key: str, value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return round(value, 9) if key == "uncovered_share" else round(value, 3)
