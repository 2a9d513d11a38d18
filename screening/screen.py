"""A site and a workspace in, a verdict out."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from screening.details import report_on
from screening.errors import AsOfError
from screening.findings import LayerAnswer, answer_of
from screening.layer_summary import summary_of
from screening.loaded import DAMAGE, PRIORITY_KINDS, Loaded, load, unreadable_findings
from screening.not_checked import classes_not_checked
from screening.question import Question
from screening.reasons import Reason, strictest, yes_no
from screening.themes import kind_answers, kinds_that_lack_pooling
from screening.verdict import Finding, PartAnswer, Verdict
from spatial.crs import gauss_kruger, zone3
from spatial.measure import ellipsoidal_area, planar_areas

if TYPE_CHECKING:
    from layers.version import OpenLayer
    from layers.workspace.store import WorkspaceStore
    from screening.overlap import Overlap
    from screening.reasons import Answer
    from screening.site import Site
    from screening.verdict import ContextLayer

__all__ = ["judge", "screen", "today"]


def today() -> str:
    """The date in UTC+8, ISO."""
    return (datetime.now(UTC) + timedelta(hours=8)).date().isoformat()


def screen(site: Site, workspace: WorkspaceStore, *, as_of: str | None = None, stability: bool = False) -> Verdict:
    """
    Judge one site against every layer of a workspace.

    Use it wherever an answer is wanted; ``sanxian check`` prints what it returns.

    Parameters
    ----------
    site
        A placed site (``screening.site.place`` or ``site_of``), EPSG:4490.
    workspace
        An open store (``FolderStore.open``). Anything lost or damaged in it moves answers towards ``unknown``.
    as_of
        ISO date of the check; default today in UTC+8. Printed and recorded.
    stability
        Also say how many metres of error each hit would stand (``hold_at_least_m``); costs some 20 proofs a layer.

    Returns
    -------
    verdict
        Every layer is judged and listed, also when an earlier one is a hit.

    Raises
    ------
    AsOfError
        If ``as_of`` is no date.
    """
    day = today() if as_of is None else _checked_date(as_of)
    return judge(site, load(workspace, day), stability=stability)


def judge(site: Site, loaded: Loaded, *, stability: bool = False, only_deciding: bool = False) -> Verdict:
    """
    Judge one site against layers that are open already; `screen` for many sites of one date.

    Parameters
    ----------
    site
        As for `screen`.
    loaded
        From `screening.loaded.load`. It is not changed: no answer depends on what another site met.
    stability
        As for `screen`.
    only_deciding
        Pass over the layers that decide nothing, the context: for pieces of a site whose own verdict lists it.

    Returns
    -------
    verdict
        The one that `screen` gives.
    """
    loaded = loaded.fresh()
    day, required = loaded.as_of, loaded.required
    question = Question(
        geometry=site.geometry,
        accuracy_m=site.accuracy.metres,
        as_of=day,
        radius_m=site.radius_m,
        transformation_m=site.transformation_m,
        part_rejected=site.rejected_parts > 0,
        stability=stability,
    )
    epsg = gauss_kruger(zone3(float(shapely.centroid(site.geometry).x)))
    findings: list[Finding] = []
    context: list[ContextLayer] = []
    overlaps: list[Overlap] = []
    answers: list[tuple[OpenLayer, LayerAnswer]] = []
    for layer, validity in list(loaded.protective if only_deciding else loaded.layers):
        try:
            found = answer_of(question, layer, validity=validity)
            report = report_on(question, layer, found, epsg=epsg)
        except DAMAGE as trouble:
            loaded.lose(layer, trouble)
            continue
        if report.finding is not None:
            findings.append(report.finding)
            answers.append((layer, found))
        if report.context is not None and report.context.features:
            context.append(report.context)
        overlaps += report.overlaps
    findings += unreadable_findings(loaded)
    findings += _missing_findings(required, findings)
    kinds = kind_answers(question, answers, _lost_kinds(findings))
    pooling = [
        {"code": "pooling_missing", "kind": kind, "layers": list(layers)}
        for kind, layers in kinds_that_lack_pooling(question, answers, kinds)
    ]
    answer: Answer = strictest(list(kinds.values()))
    findings.sort(key=_strictness)
    parts = _parts(site, question, loaded, required, kinds=kinds, answer=answer)
    by_kind = {kind: yes_no(kinds.get(kind, "unknown")) for kind in PRIORITY_KINDS}
    in_zone = strictest(
        [kinds.get(k, "unknown") for k in PRIORITY_KINDS] + [kinds[k] for k in ("element_zones",) if k in kinds]
    )
    return Verdict(
        as_of=day,
        answer=answer,
        required_kinds=tuple(required),
        warnings=(*_warnings(loaded, site), *pooling),
        in_priority_zone=yes_no(in_zone),
        in_priority_unit=by_kind["control_units"],
        in_red_line=by_kind["red_lines"],
        in_protected_area=by_kind["protected_areas"],
        in_water_source_zone=by_kind["water_sources"],
        kinds=kinds,
        site=_site_summary(site, question, epsg),
        parts=parts,
        findings=tuple(findings),
        context=tuple(sorted(context, key=lambda c: (c.kind, c.layer))),
        layers=tuple(summary_of(layer, validity) for layer, validity in loaded.layers),
        not_checked=classes_not_checked([layer.card for layer, _ in loaded.layers]),
        geometry=site.geometry,
        overlaps=tuple(overlaps),
    )


def _checked_date(text: str) -> str:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise AsOfError(text)
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise AsOfError(text) from None


def _lost_kinds(findings: list[Finding]) -> list[str]:
    without_layer = {"layer_missing", "layer_unreadable"}
    return [
        f.kind for f in findings if f.role == "protective" and without_layer & {reason.code for reason in f.reasons}
    ]


def _missing_findings(required: tuple[str, ...], findings: list[Finding]) -> list[Finding]:
    there = {f.kind for f in findings if f.role == "protective"}
    return [
        Finding(
            layer=None,
            kind=kind,
            theme=kind,
            version=None,
            role="protective",
            answer="unknown",
            reasons=(Reason("layer_missing"),),
        )
        for kind in required
        if kind not in there
    ]


def _strictness(finding: Finding) -> tuple[int, str, str, str]:
    from screening.reasons import ANSWERS

    return ANSWERS.index(finding.answer), finding.kind, finding.layer or "", finding.version or ""


def _parts(
    site: Site,
    question: Question,
    loaded: Loaded,
    required: tuple[str, ...],
    *,
    kinds: dict[str, Answer],
    answer: Answer,
) -> tuple[PartAnswer, ...]:
    """Each part's own answers; a project of one part has those of the whole."""
    found = []
    for part in site.parts:
        own_kinds, own_answer = kinds, answer
        if len(site.parts) > 1:
            own = replace(question, geometry=part.geometry, part_rejected=False, stability=False)
            own_kinds = _kinds_of(own, loaded, required)
            own_answer = strictest(list(own_kinds.values()))
        own_area = part.geometry is not site.geometry
        area = float(np.nansum(ellipsoidal_area([part.geometry]))) if own_area else question.area_m2
        found.append(
            PartAnswer(
                id=part.id,
                name=part.name,
                use=part.use,
                mode=part.mode,
                area_m2=area if area > 0 else None,
                declared_area_m2=part.declared_area_m2,
                answer=own_answer,
                answers=own_kinds,
            )
        )
    return tuple(found)


def _kinds_of(question: Question, loaded: Loaded, required: tuple[str, ...]) -> dict[str, Answer]:
    answers, lost = [], [kind for kind in required if kind not in {layer.card.kind for layer, _ in loaded.protective}]
    lost += [f.kind for f in unreadable_findings(loaded) if f.role == "protective"]
    for layer, validity in loaded.protective:
        try:
            answers.append((layer, answer_of(question, layer, validity=validity)))
        except DAMAGE:  # damage met only here: this part's kind is unknown
            lost.append(layer.card.kind)
    return kind_answers(question, answers, lost)


def _site_summary(site: Site, question: Question, epsg: int) -> dict[str, Any]:
    area, length = question.area_m2, question.length_m
    planar = float(np.nansum(planar_areas([site.geometry], epsg))) if area > 0 else 0.0
    return {
        "name": site.name,
        "scope": site.scope,
        "radius_m": round(site.radius_m, 3),
        "area_m2": round(area, 2) if area > 0 else None,
        "area_planar_m2": round(planar, 2) if area > 0 else None,
        "area_planar_crs": f"EPSG:{epsg}" if area > 0 else None,
        "length_m": round(length, 3) if length > 0 else None,
        "declared_area_m2": site.declared_area_m2,
        "rejected_parts": site.rejected_parts,
        "crs": site.crs,
        "crs_status": site.crs_status,
        "crs_evidence": [{"code": code, "value": value} for code, value in site.crs_evidence],
        "datum": site.datum,
        "accuracy_m": round(site.accuracy.metres, 3),
        "accuracy_basis": site.accuracy.basis,
        "accuracy_assumed": site.accuracy.assumed,
    }


def _warnings(loaded: Loaded, site: Site) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if not loaded.manifest_readable:
        found.append({"code": "manifest_unreadable"})
    found += [
        {
            "code": "layer_unreadable",
            "layer": lost.layer,
            "kind": lost.kind,
            "version": lost.version,
            "detail": lost.detail,
        }
        for lost in loaded.lost
    ]
    found += [{"code": validity, "layer": layer.card.name} for layer, validity in loaded.layers if validity is not None]
    if site.datum == "assumed":
        found.append({"code": "datum_assumed", "crs": site.crs})
    if site.rejected_parts:
        found.append({"code": "site_part_rejected", "parts": site.rejected_parts})
    return found
