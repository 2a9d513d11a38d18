"""What a result says of each layer: its card in short."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from layers.version import OpenLayer

__all__ = ["STATED", "summary_of"]

STATED = "U"
"""Mark of a number that the user stated; every other number of a rule is a default and is named in every output."""


def summary_of(layer: OpenLayer, validity: str | None) -> dict[str, Any]:
    """One row of ``layers`` in the JSON of the contract."""
    card = layer.card
    warnings = [{"code": validity}] if validity else []
    if card.rejected:
        warnings.append({"code": "rejected_features"})
    if card.coverage_kind is None:
        warnings.append({"code": "coverage_not_stated"})
    defaults = [
        {**{key: number[key] for key in ("code", "value", "unit", "mark")}, "zh": number["zh"], "en": number["en"]}
        for number in card.georeference.get("defaults", ())
        if number["mark"] != STATED
    ]
    if defaults:
        warnings.append({"code": "default_numbers"})
    return {
        "name": card.name,
        "kind": card.kind,
        "role": card.role,
        "theme": card.theme,
        "version": layer.entry.version,
        "data_date": card.data_date,
        "valid_from": card.valid_from,
        "valid_until": card.valid_until,
        "source": card.source,
        "source_file": card.source_file,
        "sha256": card.sha256,
        "content_digest": card.content_digest,
        "coverage": card.coverage_label,
        "coverage_accuracy_m": card.coverage_accuracy_m,
        "accuracy_m": round(card.accuracy_m, 3),
        "accuracy_basis": card.accuracy_basis,
        "georeference_method": card.georeference_method,
        "georeference_defaults": defaults,
        "indicative": card.indicative,
        "synthetic": card.synthetic,
        "restricted": card.restricted,
        "declared_none": card.declared_none,
        "features": card.features,
        "repaired": card.repaired,
        "rejected": len(card.rejected),
        "warnings": warnings,
    }
