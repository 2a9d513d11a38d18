"""
Alternatives side by side: the table that reviewers ask for.

Every figure is that of the alternative's own verdict; nothing is weighed and none is called the best. For each kind the
alternatives with the least of it are named, but only where every alternative has an answer that was measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from screening.errors import ComparisonError
from screening.extent import Extent, common, extent_of
from screening.parts import NOT_MEASURED, inside_by_use, parts_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from screening.dossier import Dossier
    from screening.verdict import FeatureFinding, Finding

__all__ = ["comparison"]

_SHARE = 1e-9
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def comparison(dossiers: Sequence[Dossier]) -> dict[str, Any]:
    """
    Set alternatives side by side.

    Use it for ``sanxian compare A B C``.

    Parameters
    ----------
    dossiers
        At least two, each of one alternative, all of one date and one workspace.

    Returns
    -------
    document
        JSON-ready. ``alternatives`` in the order given, each with its size by use, and by kind: the answer, area and
        length inside (layers of one kind that overlap count once), by use; the zones met, by name; the nearest feature.
        ``least`` names for each kind those with the least area and length inside, or is None where an alternative is
        ``unknown`` there, or coverages do not hold all of it (``covered``): less was measured of it, which is no
        advantage. Figures are None where no layer of the kind could be read (``measured`` is ``none``; ``part``: of
        some). ``layers_differ`` says that the answers rest on different versions.

    Raises
    ------
    ComparisonError
        Fewer than two alternatives, or answers of different dates.
    """
    if len(dossiers) < 2:
        raise ComparisonError(detail="one alternative cannot be compared", remedy="give two or more sites")
    days = sorted({dossier.verdict.as_of for dossier in dossiers})
    if len(days) > 1:
        raise ComparisonError(
            detail=f"the answers are of different dates: {', '.join(days)}", remedy="ask them all for one date"
        )
    kinds = sorted({finding.kind for dossier in dossiers for finding in dossier.verdict.findings}, key=_strict_order)
    alternatives = [
        _alternative(label, dossier, kinds) for label, dossier in zip(_labels(dossiers), dossiers, strict=True)
    ]
    versions = [
        tuple(sorted((card["name"], card["version"]) for card in dossier.verdict.layers)) for dossier in dossiers
    ]
    return {
        "as_of": days[0],
        "alternatives": alternatives,
        "kinds": kinds,
        "least": {kind: _least(kind, alternatives) for kind in kinds},
        "layers": [
            {"name": card["name"], "kind": card["kind"], "version": card["version"], "data_date": card["data_date"]}
            for card in dossiers[0].verdict.layers
        ],
        "layers_differ": len(set(versions)) > 1,
        "notes": ["none_is_called_best"],
    }


def _labels(dossiers: Sequence[Dossier]) -> list[str]:
    return [_LETTERS[i] if i < len(_LETTERS) else str(i + 1) for i in range(len(dossiers))]


def _strict_order(kind: str) -> tuple[int, str]:
    first = ("red_lines", "protected_areas", "water_sources", "control_units", "element_zones")
    return (first.index(kind) if kind in first else len(first), kind)


def _alternative(label: str, dossier: Dossier, kinds: Sequence[str]) -> dict[str, Any]:
    site, verdict = dossier.inquiry.site, dossier.verdict
    parts = parts_document(site, verdict)
    return {
        "label": label,
        "name": site.name,
        "answer": verdict.answer,
        "in_priority_zone": verdict.in_priority_zone,
        "scope": site.scope,
        **extent_of(site.geometry).to_dict(),
        "accuracy_m": round(site.accuracy.metres, 3),
        "rejected_parts": site.rejected_parts,
        "parts": len(site.parts),
        "uses": parts["uses"],
        "modes": parts["modes"],
        "flags": sorted({flag for part in parts["parts"] for flag in part["flags"]}),
        "kinds": [_kind(kind, dossier) for kind in kinds],
        "warnings": [dict(warning) for warning in verdict.warnings],
    }


def _kind(kind: str, dossier: Dossier) -> dict[str, Any]:
    site, verdict = dossier.inquiry.site, dossier.verdict
    findings = [finding for finding in verdict.findings if finding.kind == kind]
    met = {(finding.layer, feature.id) for finding in findings for feature in finding.features}
    pieces = [o.geometry for o in verdict.overlaps if (o.layer, o.feature_id) in met]
    inside = common(site.geometry, pieces) if pieces else Extent()
    by_use = inside_by_use(site, pieces) if pieces else {}
    lost = [f for f in findings if {reason.code for reason in f.reasons} & NOT_MEASURED]
    measured = "none" if len(lost) == len(findings) else "part" if lost else "all"
    figures = dict.fromkeys(Extent().to_dict()) if measured == "none" else inside.to_dict()
    return {
        "kind": kind,
        "answer": verdict.kinds.get(kind, "unknown"),
        "reasons": sorted({reason.code for finding in findings for reason in finding.reasons}),
        "measured": measured,
        "covered": _covered(findings),
        **figures,
        "uses": [{"use": use, **extent.to_dict()} for use, extent in by_use.items() if not extent.nothing],
        "zones": [
            _zone(finding, feature)
            for finding in findings
            for feature in finding.features
            if feature.relation != "disjoint"
        ],
        "nearest": _nearest(findings),
        "distance_at_least_m": _at_least(findings),
    }


def _covered(findings: Sequence[Finding]) -> bool:
    """Whether coverages hold the whole site, theme by theme: beyond them a zone may lie that nobody measured."""
    shares: dict[str | None, float] = {}
    for finding in findings:
        codes = {reason.code for reason in finding.reasons}
        share = (
            0.0 if "coverage_not_stated" in codes or finding.uncovered_share is None else 1.0 - finding.uncovered_share
        )
        shares[finding.theme] = shares.get(finding.theme, 0.0) + share
    return all(share >= 1.0 - _SHARE for share in shares.values())


def _zone(finding: Finding, feature: FeatureFinding) -> dict[str, Any]:
    return {
        "layer": finding.layer,
        "id": feature.id,
        "code": feature.code,
        "name": feature.name,
        "class": feature.class_,
        "relation": feature.relation,
        "area_m2": round(feature.overlap_m2, 2),
        "length_m": None if feature.length_m is None else round(feature.length_m, 3),
    }


def _nearest(findings: Sequence[Finding]) -> dict[str, Any] | None:
    """The nearest counted feature of a kind; 0 metres where one is met."""
    found = [(feature, finding) for finding in findings for feature in finding.features]
    if not found:
        return None
    feature, finding = min(found, key=lambda pair: (pair[0].distance_m, pair[1].layer or "", pair[0].id))
    return {
        "layer": finding.layer,
        "id": feature.id,
        "name": feature.name or feature.code or feature.id,
        "distance_m": round(feature.distance_m, 3),
        "bearing_deg": None if feature.bearing_deg is None else round(feature.bearing_deg, 2) % 360,
    }


def _at_least(findings: Sequence[Finding]) -> float | None:
    """Where the coverage of a layer ends before its nearest feature: nothing is known beyond that edge."""
    edges = [f.distance_at_least_m for f in findings if f.distance_at_least_m is not None]
    return round(min(edges), 3) if edges else None


def _least(kind: str, alternatives: Sequence[dict[str, Any]]) -> dict[str, list[str]] | None:
    rows = [(one["label"], entry) for one in alternatives for entry in one["kinds"] if entry["kind"] == kind]
    known = all(entry["answer"] != "unknown" and entry["measured"] == "all" and entry["covered"] for _, entry in rows)
    if not known or any(one["rejected_parts"] for one in alternatives):
        return None
    found = {}
    for figure in ("area_m2", "length_m", "points"):
        if any(one[figure] for one in alternatives):
            least = min(entry[figure] for _, entry in rows)
            found[figure] = [label for label, entry in rows if entry[figure] == least]
    return found
