"""What would settle a finding: codes with facts, what is enough by itself first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from screening.certainty.surroundings import side_not_covered
from spatial.accuracy import combined

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from screening.certainty.flipping import Flip
    from screening.certainty.probing import Probe
    from screening.reasons import Reason
    from screening.site import Site
    from screening.verdict import Finding, Verdict

__all__ = ["FOR_REASON", "SETTLES", "settles_of"]

SETTLES: tuple[str, ...] = (
    "stands",
    "stands_beside",
    "keep_declaration",
    "state_datum",
    "survey_site",
    "improve_transformation",
    "survey_boundary",
    "survey_both",
    "give_outline",
    "get_boundary",
    "agree_boundary",
    "load_layer",
    "reimport_layer",
    "load_coverage",
    "load_next_coverage",
    "state_coverage",
    "join_theme",
    "load_version_in_force",
    "load_earlier_version",
    "state_dates",
    "mend_rejected",
    "state_extent",
    "mend_site",
    "confirm_status",
    "confirm_class",
    "get_official",
)
"""All codes, in the order in which they are listed."""

FOR_REASON: Mapping[str, str] = {
    "overlaps": "stands",
    "within_accuracy": "survey_boundary",
    "within_radius": "give_outline",
    "touches": "agree_boundary",
    "outside": "stands",
    "outside_coverage": "load_coverage",
    "partly_outside_coverage": "load_next_coverage",
    "coverage_not_stated": "state_coverage",
    "layer_missing": "load_layer",
    "layer_unreadable": "reimport_layer",
    "layer_expired": "load_version_in_force",
    "not_valid_yet": "load_earlier_version",
    "date_missing": "state_dates",
    "rejected_feature_near": "mend_rejected",
    "extent_not_given": "state_extent",
    "site_part_rejected": "mend_site",
    "declared_none": "keep_declaration",
}
"""What answers each reason of the catalogue; of ``within_accuracy``, one of several (a survey of either side)."""

FLAGS: Mapping[str, str] = {
    "status_unconfirmed": "confirm_status",
    "class_unconfirmed": "confirm_class",
    "outer_bound": "get_boundary",
    "location_only": "get_boundary",
}
DATUM_TERMS = ("datum_unstated", "datum_wgs84_assumed")
LEAST_NEED_M = 0.01
NAMED = 10
"""Features or records that are named in one entry."""


def settles_of(
    finding: Finding, flips: Sequence[Flip], site: Site, verdict: Verdict, probe: Probe | None
) -> list[dict[str, Any]]:
    """
    What would settle one finding.

    Parameters
    ----------
    finding
        As in the verdict.
    flips
        Of the same finding (``screening.certainty.flipping``).
    site
        As screened; its accuracy terms say what stating the datum would gain.
    verdict
        Of which the finding is one; its warnings say where only a theme is missing.
    probe
        The layer, or None where it cannot be read.

    Returns
    -------
    entries
        Each a ``code`` of `SETTLES` with its facts, and ``alone``: True where it is enough by itself, False where it is
        needed together with others, None where the answer does not wait for it. Those enough by themselves come first.
    """
    settled = finding.answer in {"hit", "clear"}
    entries: list[dict[str, Any]] = []
    below = next((flip for flip in flips if flip.error == "less"), None)
    if below is not None:
        entries += _surveys(finding, site, below)
    entries += _of_reasons(finding, verdict, probe, below)
    entries += _of_flags(finding)
    entries += _of_the_whole(finding, site, verdict)
    if settled:
        entries.insert(0, _stands(finding, flips, beside=bool(entries)))
    needed = [e for e in entries if e["alone"] is False and e["code"] not in SURVEYS]
    if not settled and len(needed) == 1 and finding.answer == "unknown":
        needed[0]["alone"] = True
    if finding.answer == "uncertain" and needed:
        entries = [{**e, "alone": False} if e["code"] in SURVEYS and e["alone"] else e for e in entries]
    return sorted(entries, key=lambda e: (not e["alone"], SETTLES.index(e["code"])))


SURVEYS = frozenset({"state_datum", "survey_site", "improve_transformation", "survey_boundary", "survey_both"})


def _of_the_whole(finding: Finding, site: Site, verdict: Verdict) -> list[dict[str, Any]]:
    """What a settled answer leaves open: a point is not a parcel, and an indicative layer is not the authority's."""
    found: list[dict[str, Any]] = []
    if finding.answer == "clear" and site.scope == "point" and site.radius_m == 0:
        found.append({"code": "give_outline", "alone": None})
    cards = [row for row in verdict.layers if (row["name"], row["version"]) == (finding.layer, finding.version)]
    if finding.answer in {"hit", "clear"} and any(card["indicative"] for card in cards):
        found.append({"code": "get_official", "alone": None})
    return found


def _stands(finding: Finding, flips: Sequence[Flip], *, beside: bool) -> dict[str, Any]:
    if any(reason.code == "declared_none" for reason in finding.reasons):
        return {"code": "keep_declaration", "alone": None}
    facts = {} if not flips else {"up_to_m": flips[0].metres}
    return {"code": "stands_beside" if beside else "stands", "alone": None, **facts}


def _surveys(finding: Finding, site: Site, below: Flip) -> list[dict[str, Any]]:
    """Which of the three accuracies, improved alone, brings a below what is wanted; else that all must."""
    parts = finding.accuracy_parts or {}
    wanted = below.metres
    found: list[dict[str, Any]] = []
    for term in site.accuracy.terms:
        if term.code in DATUM_TERMS and term.metres > 0:
            rest = math.sqrt(max(0.0, parts["site"] ** 2 - term.metres**2))
            then = combined(rest, parts["layer"], parts["transformation"])
            found.append({"code": "state_datum", "alone": then < wanted, "accuracy_m": then, "wanted_m": wanted})
    for part, code in (
        ("site", "survey_site"),
        ("transformation", "improve_transformation"),
        ("layer", "survey_boundary"),
    ):
        others = sum(metres**2 for key, metres in parts.items() if key != part)
        need = math.floor(math.sqrt(max(0.0, wanted**2 - others)) / LEAST_NEED_M) * LEAST_NEED_M
        if parts[part] > 0 and LEAST_NEED_M <= need < parts[part]:
            found.append({"code": code, "alone": True, "needed_m": round(need, 2), "wanted_m": wanted})
    if not any(entry["alone"] for entry in found):
        found.append({"code": "survey_both", "alone": True, "needed_m": wanted})
    return [{**entry, "to": below.to} for entry in found]


def _of_reasons(finding: Finding, verdict: Verdict, probe: Probe | None, below: Flip | None) -> list[dict[str, Any]]:
    alone = None if finding.answer in {"hit", "clear"} else False
    found: list[dict[str, Any]] = []
    for reason in finding.reasons:
        code = FOR_REASON[reason.code]
        if code in {"stands", "keep_declaration"}:
            continue
        if code == "survey_boundary":
            if below is None and not _only_soft(finding):  # no accuracy settles it: too narrow, or it only touches
                found.append({"code": "agree_boundary", "alone": True})
            continue
        if code in {"give_outline", "agree_boundary"}:
            found.append({"code": code, "alone": True if below is None else None})
            continue
        found.append({"code": code, "alone": alone, **_facts(finding, reason, probe)})
    for warning in verdict.warnings:
        layers = warning.get("layers", [])
        if warning["code"] == "pooling_missing" and finding.layer in layers:  # nothing else needs to be loaded
            found = [entry for entry in found if entry["code"] not in {"load_coverage", "load_next_coverage"}]
            found.append({"code": "join_theme", "alone": True, "kind": finding.kind, "layers": list(layers)})
    return _once(found)


def _facts(finding: Finding, reason: Reason, probe: Probe | None) -> dict[str, Any]:
    facts: dict[str, Any] = {key: _rounded(value) for key, value in reason.facts}
    if reason.code in {"layer_missing", "layer_unreadable"}:
        facts["kind"] = finding.kind
    if reason.code in {"outside_coverage", "partly_outside_coverage"} and probe is not None:
        facts |= side_not_covered(probe.question.geometry, probe.layer)
    if reason.code == "rejected_feature_near" and probe is not None:
        facts["ids"] = [str(r.id) for r in probe.layer.card.rejected][:NAMED]
    return facts


def _of_flags(finding: Finding) -> list[dict[str, Any]]:
    """What is not confirmed of the features that a hit or a doubt rests on."""
    if finding.answer not in {"hit", "uncertain"}:
        return []
    named: dict[str, list[str]] = {}
    for feature in finding.features:
        for flag in feature.flags:
            if flag in FLAGS:
                named.setdefault(FLAGS[flag], []).append(feature.name or feature.code or feature.id)
    alone = True if finding.answer == "uncertain" and _only_soft(finding) else None
    return [
        {
            "code": code,
            "alone": alone if code == "get_boundary" else None,
            "features": list(dict.fromkeys(names))[:NAMED],
        }
        for code, names in named.items()
    ]


def _only_soft(finding: Finding) -> bool:
    """Whether all that is met is known only roughly, so that no accuracy proves a hit."""
    return bool(finding.features) and all({"outer_bound", "location_only"} & set(f.flags) for f in finding.features)


def _once(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = []
    for entry in entries:
        if entry not in kept:
            kept.append(entry)
    return kept


def _rounded(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) else value
