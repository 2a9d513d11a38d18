"""What would change a ruling: a layer that were not there, another activity, another industry."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from screening.reasons import strictest
from screening.rules.matching import Circumstances, match
from screening.rules.model import ActivityLeaf, IndustryLeaf, leaves_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from screening.project import Project
    from screening.rules.model import Condition, State
    from screening.rules.surveyed import SurveyedPlace
    from screening.verdict import Verdict

__all__ = ["layer_counterfactuals", "project_counterfactuals"]


def layer_counterfactuals(
    verdict: Verdict, place: SurveyedPlace, project: Project, conditions: Mapping[str, tuple[State, Condition]]
) -> tuple[dict[str, Any], ...]:
    """
    For each protective layer: what if it were not there.

    A layer that is not there says nothing: its kind is unknown where it is required and no other layer of it answers,
    and a clause that rests on it may still apply. So no answer becomes better for the loss of a layer.

    Parameters
    ----------
    verdict, place, project
        Of the ruling.
    conditions
        Clause id to its state and condition.

    Returns
    -------
    rows
        ``{"code": "without_layer", "layer", "kind", "required", "kind_answer", "answer", "clauses"}``; ``clauses`` are
        those that applied and would be open; ``kind_answer`` None where the kind would not be asked at all.
    """
    found = []
    alive = {name: condition for name, (state, condition) in conditions.items() if state == "applies"}
    layers = {(f.layer, f.kind) for f in verdict.findings if f.layer is not None and f.role == "protective"}
    for layer, kind in sorted(layers):
        others = any(f.kind == kind and f.layer != layer and f.role == "protective" for f in verdict.findings)
        required = kind in verdict.required_kinds
        less = place.without(layer)
        kinds = dict(verdict.kinds)
        answer = less.answer(kind) if others or required else None
        if answer is None:
            kinds.pop(kind, None)
        else:
            kinds[kind] = answer
        circumstances = Circumstances(less, project)
        found.append(
            {
                "code": "without_layer",
                "layer": layer,
                "kind": kind,
                "required": required,
                "kind_answer": answer,
                "answer": strictest(list(kinds.values())),
                "clauses": sorted(
                    name for name, condition in alive.items() if match(condition, circumstances).truth != "yes"
                ),
            }
        )
    return tuple(found)


def project_counterfactuals(
    circumstances: Circumstances, conditions: Mapping[str, tuple[State, Condition]]
) -> tuple[dict[str, Any], ...]:
    """
    For each activity and industry that a clause at this place asks for: what if the project were that.

    Parameters
    ----------
    circumstances
        Of the ruling.
    conditions
        Clause id to its state and condition.

    Returns
    -------
    rows
        ``{"code": "if_activity" | "if_industry", "value", "applies", "no_longer"}``: clauses that would apply and do
        not for sure now, and those that would no longer; only where there are any.
    """
    project = circumstances.project
    neutral = circumstances.with_project(replace(project, activities=(), industry=None))
    asking = {
        name: (state, condition)
        for name, (state, condition) in conditions.items()
        if any(isinstance(leaf, ActivityLeaf | IndustryLeaf) for leaf in leaves_of(condition))
        and match(condition, neutral).truth != "no"
    }
    leaves = [leaf for _, condition in asking.values() for leaf in leaves_of(condition)]
    tags = {tag for leaf in leaves if isinstance(leaf, ActivityLeaf) for tag in leaf.tags}
    codes = {code for leaf in leaves if isinstance(leaf, IndustryLeaf) for code in leaf.codes}
    found = []
    for code, value, other in _projects(project, tags, codes):
        supposed = circumstances.with_project(other)
        truths = {name: match(condition, supposed).truth for name, (_, condition) in asking.items()}
        applies = sorted(name for name, truth in truths.items() if truth == "yes" and asking[name][0] != "applies")
        no_longer = sorted(name for name, truth in truths.items() if truth == "no" and asking[name][0] == "applies")
        if applies or no_longer:
            found.append({"code": code, "value": value, "applies": applies, "no_longer": no_longer})
    return tuple(found)


def _projects(project: Project, tags: set[str], codes: set[str]) -> Iterator[tuple[str, str, Project]]:
    for tag in sorted(tags):
        if project.activities != (tag,):
            yield "if_activity", tag, replace(project, activities=(tag,))
    for code in sorted(codes):
        if project.industry != code:
            yield "if_industry", code, replace(project, industry=code)
