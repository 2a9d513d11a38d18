"""A report of quality as JSON: codes and figures, no words."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from layers.quality.model import SEVERITIES

if TYPE_CHECKING:
    from layers.quality.model import QualityFinding, QualityReport

__all__ = ["SCHEMA_VERSION", "finding_document", "quality_document"]

SCHEMA_VERSION = "1.0"


def quality_document(report: QualityReport) -> dict[str, Any]:
    """
    A report with everything but its polygons, which go into a GeoPackage.

    Returns
    -------
    document
        JSON-ready; ``docs/reference/quality.md`` describes it.
    """
    city = report.city
    return {
        "schema_version": SCHEMA_VERSION,
        "as_of": report.as_of,
        "region": list(report.region),
        "city": None
        if city is None
        else {
            "codes": list(city.codes),
            "names": list(city.names),
            "accuracy_m": city.accuracy_m,
            "source": city.source,
        },
        "counts": {severity: report.count(severity) for severity in SEVERITIES},
        "checks": [asdict(run) for run in report.checks],
        "layers": [
            {
                "name": layer.name,
                "kind": layer.card.kind,
                "version": layer.entry.version,
                "synthetic": layer.card.synthetic,
                "restricted": layer.card.restricted,
                "indicative": layer.card.indicative,
            }
            for layer in report.layers
        ],
        "findings": [finding_document(each) for each in report.findings],
    }


def finding_document(found: QualityFinding) -> dict[str, Any]:
    """One finding."""
    return {
        "code": found.code,
        "severity": found.severity,
        "check": found.check,
        "layers": list(found.layers),
        "features": [asdict(name) for name in found.features],
        "place": None if found.place is None else list(found.place),
        "area_m2": found.area_m2,
        "length_m": found.length_m,
        "parts": found.parts,
        "facts": dict(found.facts),
    }
