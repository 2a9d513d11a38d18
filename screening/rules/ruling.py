"""
What the clauses of some packs say of a site: which apply, which may, what contradicts, what would change it.

The engine knows no law: it compares conditions, dates and strictness, all of them data. It never says that something is
allowed; a clause whose condition nobody can decide is listed as one that may apply.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from layers.workspace.canonical_json import canonical_json
from screening.rules.access_lists import unit_packs
from screening.rules.conflicts import conflicts_of
from screening.rules.counterfactuals import layer_counterfactuals, project_counterfactuals
from screening.rules.matching import Circumstances, LeafSaid, match
from screening.rules.model import (
    CONSEQUENCES,
    HEADINGS,
    LEVELS,
    STATES,
    AllOf,
    Clause,
    DistrictLeaf,
    KindLeaf,
    Pack,
    UnitLeaf,
)
from screening.rules.place import UNIT_KIND
from screening.rules.questions import questions_of
from screening.rules.surveyed import survey

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from layers.workspace.store import WorkspaceStore
    from screening.project import Project
    from screening.rules.model import Condition, State
    from screening.rules.place import Place, Truth
    from screening.site import Site
    from screening.verdict import Finding, Verdict

__all__ = ["ClauseRuling", "Ruling", "clauses_of", "rule", "ruling_of", "unit_lists_unknown"]

_STATE: dict[Truth, State] = {"yes": "applies", "open": "may_apply", "no": "does_not_apply"}
_LIMITING = frozenset({"prohibited", "restricted", "needs_approval"})
_LIST_LOST = frozenset({"layer_unreadable", "layer_expired", "not_valid_yet", "date_missing", "rejected_feature_near"})
_OUTSIDE = frozenset({"outside_coverage", "partly_outside_coverage", "coverage_not_stated"})


@dataclass(frozen=True, kw_only=True)
class ClauseRuling:
    """One clause in force, its state for the site, and the leaves that decided."""

    pack: Pack
    clause: Clause
    state: State
    leaves: tuple[LeafSaid, ...]

    @property
    def order(self) -> tuple[int, int, int, str, str]:
        """Strictest first; of equals what applies before what may, then by level and id."""
        clause = self.clause
        return (
            CONSEQUENCES.index(clause.consequence),
            STATES.index(self.state),
            LEVELS.index(self.pack.level),
            self.pack.id,
            clause.id,
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON of a clause that applies or may; a penalty only where the text was held against its publication."""
        clause = self.clause
        return {
            "id": clause.id,
            "pack": self.pack.id,
            "level": self.pack.level,
            "state": self.state,
            "heading": clause.heading,
            "consequence": clause.consequence,
            "title_zh": clause.title_zh,
            "title_en": clause.title_en,
            "text_zh": clause.text_zh,
            "text_en": clause.text_en,
            "quote": clause.quote,
            "line": clause.line,
            "facts": list(clause.facts),
            "status": "verified" if clause.verified else "unverified",
            "verified_on": clause.verified_on,
            "source": clause.source,
            "penalty_zh": clause.penalty_zh if clause.verified else None,
            "penalty_en": clause.penalty_en if clause.verified else None,
            "offices": list(clause.offices),
            "basis": None if clause.basis is None else clause.basis.to_dict(),
            "in_force_from": clause.in_force_from,
            "in_force_until": clause.in_force_until,
            "superseded_by": list(clause.superseded_by),
        }


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """
    The clauses of a site, each with its state; JSON-ready values beside them.

    ``clauses`` holds every clause in force, strictest first, also those that do not apply.
    """

    as_of: str
    project: Project
    packs: tuple[Pack, ...]
    clauses: tuple[ClauseRuling, ...]
    conflicts: tuple[dict[str, Any], ...]
    questions: tuple[dict[str, Any], ...]
    counterfactuals: tuple[dict[str, Any], ...]
    findings: tuple[dict[str, Any], ...]
    not_in_force: tuple[dict[str, Any], ...]
    notes: tuple[dict[str, Any], ...]

    def state(self, clause: str) -> State | None:
        """The state of a clause; None where it is not in force, or of no pack here."""
        return next((row.state for row in self.clauses if row.clause.id == clause), None)

    def to_dict(self) -> dict[str, Any]:
        """
        JSON of the ruling; the same site, project, packs and workspace give the same text.

        Returns
        -------
        document
            ``headings`` groups what applies and may apply under the four headings, strictest first; ``trace`` says of
            every clause in force what decided it.
        """
        listed = [row for row in self.clauses if row.state != "does_not_apply"]
        return {
            "as_of": self.as_of,
            "project": self.project.to_dict(),
            "packs": [pack.to_dict() for pack in self.packs],
            "counts": {state: sum(row.state == state for row in self.clauses) for state in STATES},
            "headings": {
                heading: [row.to_dict() for row in listed if row.clause.heading == heading] for heading in HEADINGS
            },
            "findings": list(self.findings),
            "conflicts": list(self.conflicts),
            "questions": list(self.questions),
            "counterfactuals": list(self.counterfactuals),
            "trace": [
                {
                    "clause": row.clause.id,
                    "state": row.state,
                    "when": row.clause.condition.to_dict(),
                    "decided_by": [leaf.to_dict() for leaf in row.leaves],
                }
                for row in self.clauses
            ],
            "not_in_force": list(self.not_in_force),
            "notes": list(self.notes),
        }


def rule(
    verdict: Verdict,
    project: Project,
    packs: Sequence[Pack],
    *,
    store: WorkspaceStore,
    site: Site | None = None,
) -> Ruling:
    """
    The clauses that apply to a site, and those that may.

    Use it beside a verdict, which it never moves. The requirement fields of the control units at the site join the
    packs as lists of level ``unit``.

    Parameters
    ----------
    verdict
        Of `screening.screen.screen`; its ``as_of`` is the date at which clauses are in force.
    project
        What the project is; what it does not state leaves clauses open and is asked for.
    packs
        Of `screening.rules.packs.packs_for`.
    store
        The workspace that gave the verdict.
    site
        The site of the verdict, for its exact accuracies; without it those printed in the verdict.

    Returns
    -------
    ruling
        Every clause in force has a state. Losing a layer can turn ``applies`` and ``does_not_apply`` into
        ``may_apply`` and nothing else.
    """
    place = survey(verdict, store, site=site)
    every = (*packs, *unit_packs(place.features, taken={pack.id for pack in packs}))
    base = ruling_of(place, project, every, as_of=verdict.as_of)
    unknown = unit_lists_unknown(verdict)
    return replace(
        base,
        findings=tuple(_by_finding(finding, base.clauses) for finding in verdict.findings),
        notes=(
            *base.notes,
            *([{"code": "unit_lists_unknown"}] if unknown else []),
            *([{"code": "site_part_rejected"}] if verdict.site["rejected_parts"] else []),
        ),
        counterfactuals=(*layer_counterfactuals(verdict, place, project, _conditions(base)), *base.counterfactuals),
    )


def unit_lists_unknown(verdict: Verdict) -> bool:
    """Whether a unit may lie at the site whose list nobody has: its layer is lost, past its date, or covers less."""
    found = [{reason.code for reason in f.reasons} for f in verdict.findings if f.kind == UNIT_KIND]
    answer = verdict.kinds.get(UNIT_KIND, "unknown")
    return answer == "unknown" or any(codes & _LIST_LOST for codes in found) or all(codes & _OUTSIDE for codes in found)


def ruling_of(place: Place, project: Project, packs: Sequence[Pack], *, as_of: str) -> Ruling:
    """
    The clauses of packs asked of a place and a project; what `rule` does once the place is surveyed.

    Parameters
    ----------
    place
        A `SurveyedPlace`, or a `StatedPlace` of a case.
    project, packs
        As for `rule`.
    as_of
        ISO date.
    """
    circumstances = Circumstances(place, project)
    clauses, left_out = clauses_of(circumstances, packs, as_of=as_of)
    asked = [(row.clause.id, row.clause.consequence, row.leaves) for row in clauses if row.state == "may_apply"]
    conditions = {row.clause.id: (row.state, _whole_condition(row.pack, row.clause)) for row in clauses}
    return Ruling(
        as_of=as_of,
        project=project,
        packs=tuple(packs),
        clauses=clauses,
        conflicts=tuple(conflicts_of(clauses)),
        questions=questions_of(asked),
        counterfactuals=project_counterfactuals(circumstances, conditions),
        findings=(),
        not_in_force=left_out,
        notes=tuple(_notes(packs, clauses, as_of)),
    )


def clauses_of(
    circumstances: Circumstances, packs: Sequence[Pack], *, as_of: str, only: Collection[str] | None = None
) -> tuple[tuple[ClauseRuling, ...], tuple[dict[str, Any], ...]]:
    """
    Every clause in force with its state, strictest first; and those that are not in force, with their successors.

    A clause gives way to its successor from the day that is in force; until then it is asked in its place. ``only``
    names the clauses that are asked for, all by default.
    """
    rows: list[ClauseRuling] = []
    left_out: list[dict[str, Any]] = []
    in_force = {clause.id for pack in packs for clause in pack.clauses if clause.in_force(as_of)}
    for pack in packs:
        for clause in pack.clauses:
            if only is not None and clause.id not in only:
                continue
            successors = [name for name in clause.superseded_by if name in in_force]
            if clause.id not in in_force or successors:
                left_out.append({"clause": clause.id, "superseded_by": successors or list(clause.superseded_by)})
                continue
            found = match(_whole_condition(pack, clause), circumstances)
            rows.append(ClauseRuling(pack=pack, clause=clause, state=_STATE[found.truth], leaves=found.leaves))
    rows.sort(key=lambda row: row.order)
    return tuple(rows), tuple(sorted(left_out, key=lambda row: str(row["clause"])))


def _conditions(ruling: Ruling) -> dict[str, tuple[State, Condition]]:
    return {row.clause.id: (row.state, _whole_condition(row.pack, row.clause)) for row in ruling.clauses}


def _whole_condition(pack: Pack, clause: Clause) -> Condition:
    """A clause of a pack for some districts holds in them only."""
    if not pack.districts:
        return clause.condition
    return AllOf(parts=(DistrictLeaf(codes=pack.districts), clause.condition))


def _by_finding(finding: Finding, clauses: Sequence[ClauseRuling]) -> dict[str, Any]:
    """The clauses that rest on one finding, strictest first."""

    def rests_on(row: ClauseRuling) -> bool:
        for leaf in row.leaves:
            if leaf.denied or not isinstance(leaf.leaf, KindLeaf | UnitLeaf) or leaf.said.truth == "no":
                continue
            for ground in leaf.said.grounds:
                layers = {feature["layer"] for feature in ground["features"]} or set(ground["layers"]) or {None}
                if ground["kind"] == finding.kind and finding.layer in layers:
                    return True
        return False

    return {
        "layer": finding.layer,
        "kind": finding.kind,
        "version": finding.version,
        "answer": finding.answer,
        "applies": [row.clause.id for row in clauses if row.state == "applies" and rests_on(row)],
        "may_apply": [row.clause.id for row in clauses if row.state == "may_apply" and rests_on(row)],
    }


def _notes(packs: Sequence[Pack], clauses: Sequence[ClauseRuling], as_of: str) -> list[dict[str, Any]]:
    alive = {row.pack.id for row in clauses if row.state != "does_not_apply"}
    found: list[dict[str, Any]] = [
        {"code": "plan_period_over", "pack": pack.id, "period": pack.plan_period}
        for pack in packs
        if pack.id in alive and pack.plan_period is not None and as_of[:4] > pack.plan_period[-4:]
    ]
    for row in clauses:
        for leaf in row.leaves:
            if leaf.said.why == "stated_differs":
                measured = next(g for g in leaf.said.grounds if "distance_m" in g)
                stated = next(g for g in leaf.said.grounds if "stated" in g)
                found.append(
                    {
                        "code": "stated_differs",
                        "clause": row.clause.id,
                        "fact": stated["fact"],
                        "stated": stated["stated"],
                        "measured": measured["distance_m"],
                        "layer": measured.get("layer"),
                    }
                )
    answered = {
        name for pack in packs for clause in pack.clauses if clause.in_force(as_of) for name in clause.superseded_by
    }
    early = [
        clause.id
        for pack in packs
        for clause in pack.clauses
        if (clause.in_force_from or "") > as_of and clause.consequence in _LIMITING and clause.id not in answered
    ]
    if early:
        found.append({"code": "older_law_missing", "as_of": as_of, "count": len(early), "clauses": sorted(early)})
    if any(leaf.said.why == "no_boundaries" for row in clauses for leaf in row.leaves):
        found.append({"code": "no_boundaries"})
    return sorted(found, key=canonical_json)
