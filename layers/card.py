"""The card of a layer version: everything about it that a result must be able to say."""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

__all__ = ["LayerCard", "RejectedFeature"]


@dataclass(frozen=True, kw_only=True)
class RejectedFeature:
    """
    A feature that could not be used, kept.

    ``box`` is EPSG:4490 (west, south, east, north), only if every coordinate was read and is finite. ``accepted`` is
    the reason a user gave for leaving it out of account; None otherwise.
    """

    id: str
    reason: str
    box: tuple[float, float, float, float] | None
    detail: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    wkb: bytes | None = None
    """The geometry as it was, in the file's own coordinates."""
    accepted: str | None = None


@dataclass(frozen=True, kw_only=True)
class LayerCard:
    """
    What is known of one version of a layer. Dates are ISO, distances metres, areas square metres.

    Examples
    --------
    >>> card = LayerCard(name="红线", kind="red_lines", role="protective", theme="red_lines", content_digest="0")
    >>> LayerCard.from_dict(card.to_dict()) == card
    True
    """

    name: str
    kind: str
    role: str
    theme: str
    content_digest: str
    meaning: str | None = None
    source: str | None = None
    source_file: str | None = None
    sha256: str | None = None
    format: str | None = None
    encoding: str | None = None
    crs: str | None = None
    crs_status: str | None = None
    crs_evidence: tuple[tuple[str, str], ...] = ()
    datum: str | None = None
    data_date: str | None = None
    valid_from: str | None = None
    valid_until: str | None = None
    accuracy_m: float = 25.0
    accuracy_basis: str = "assumed"
    accuracy_terms: tuple[tuple[str, float], ...] = ()
    coverage_kind: str | None = None
    coverage_label: str | None = None
    coverage_source: str | None = None
    coverage_version: str | None = None
    coverage_accuracy_m: float | None = None
    georeference_method: str = "official_vector"
    georeference: dict[str, Any] = field(default_factory=dict)
    """What the geometry depends on where it was georeferenced: rule and numbers, control points, places."""
    indicative: bool = False
    synthetic: bool = False
    restricted: bool = False
    declared_none: bool = False
    features: int = 0
    class_counts: dict[str, int] = field(default_factory=dict)
    area_m2: float = 0.0
    repaired: int = 0
    rejected: tuple[RejectedFeature, ...] = ()
    influence_m: float | None = None
    problems: tuple[dict[str, Any], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; geometry bytes of rejected features as base64."""
        data = asdict(replace(self, problems=()))  # they may be as many as the features, and are plain already
        for rejected in data["rejected"]:
            if rejected["wkb"] is not None:
                rejected["wkb"] = base64.b64encode(rejected["wkb"]).decode()
            rejected["attributes"] = {str(k): _plain(v) for k, v in rejected["attributes"].items()}
        data["problems"] = [{k: _plain(v) for k, v in p.items()} for p in self.problems]
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> LayerCard:
        """A card as it was written; keys of a later version are passed over."""
        known = {f.name for f in fields(cls)}
        values = {k: v for k, v in data.items() if k in known}
        values["rejected"] = tuple(
            RejectedFeature(
                **{
                    **r,
                    "box": None if r["box"] is None else tuple(r["box"]),
                    "wkb": None if r["wkb"] is None else base64.b64decode(r["wkb"]),
                }
            )
            for r in values.get("rejected", ())
        )
        for name in ("crs_evidence", "accuracy_terms"):
            values[name] = tuple(tuple(pair) for pair in values.get(name, ()))
        values["problems"] = tuple(values.get("problems", ()))
        return cls(**values)


def _plain(value: Any) -> Any:
    """A JSON scalar; anything else as text."""
    if isinstance(value, float) and value != value:  # noqa: PLR0124 - NaN
        return None
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
