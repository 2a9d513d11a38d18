"""What is to be reached: the answer ``clear`` of some kinds or layers, or the best that the data allow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from screening.errors import NothingToAvoidError
from screening.findings import answer_of
from screening.loaded import DAMAGE, load
from screening.question import Question
from screening.reasons import ANSWERS, strictest
from screening.themes import kind_answers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layers.version import OpenLayer
    from layers.workspace.store import WorkspaceStore
    from screening.findings import LayerAnswer
    from screening.reasons import Answer
    from screening.site import Site
    from screening.verdict import Verdict

__all__ = ["Goal", "Judge", "at_best", "goals_of", "reached"]

LOST = frozenset({"layer_missing", "layer_unreadable"})


@dataclass(frozen=True, kw_only=True)
class Goal:
    """
    One kind, or one layer, whose answer shall become ``clear``.

    Attributes
    ----------
    kind
        The kind; of a layer, the layer's.
    layer
        The layer's name where single layers were chosen, else None.
    now
        The answer where the site lies now.
    best
        The best answer a place can give: ``clear``, or ``unknown`` where the data allow no more.
    because
        Codes of the reasons why it is no better.
    """

    kind: str
    layer: str | None
    now: Answer
    best: Answer = "clear"
    because: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str | None]:
        """What the goal is about."""
        return self.kind, self.layer

    def met(self, answer: Answer) -> bool:
        """Whether an answer is as good as this goal asks."""
        return ANSWERS.index(answer) >= ANSWERS.index(self.best)

    def to_dict(self) -> dict[str, Any]:
        """JSON of a goal."""
        return {
            "kind": self.kind,
            "layer": self.layer,
            "now": self.now,
            "best": self.best,
            "because": list(self.because),
        }


def goals_of(verdict: Verdict, *, kinds: Sequence[str] = (), layers: Sequence[str] = ()) -> tuple[Goal, ...]:
    """
    What to clear: the kinds or the layers named; by default every protective kind.

    By default the kinds that are clear already are goals too: a place that leaves one zone for another is no way out.

    Raises
    ------
    NothingToAvoidError
        If a kind or a layer named does not decide in this workspace.
    """
    if not kinds and not layers:
        return tuple(Goal(kind=kind, layer=None, now=answer) for kind, answer in verdict.kinds.items())
    found = [
        Goal(kind=kind, layer=None, now=verdict.kinds[kind]) for kind in dict.fromkeys(kinds) if _known(kind, verdict)
    ]
    protective = {f.layer: f for f in verdict.findings if f.role == "protective" and f.layer is not None}
    for name in dict.fromkeys(layers):
        if name not in protective:
            raise NothingToAvoidError(chosen=name, available=tuple(sorted(map(str, protective))))
        found.append(Goal(kind=protective[name].kind, layer=name, now=protective[name].answer))
    return tuple(found)


def _known(kind: str, verdict: Verdict) -> bool:
    if kind not in verdict.kinds:
        raise NothingToAvoidError(chosen=kind, available=tuple(sorted(verdict.kinds)))
    return True


class Judge:
    """
    The engine's answers for places tried, the versions opened once.

    Nothing is judged here: it calls what `screening.screen.screen` calls, for the kinds and layers asked for alone.
    """

    def __init__(self, site: Site, store: WorkspaceStore, verdict: Verdict, goals: Sequence[Goal]) -> None:
        self.site = site
        self.verdict = verdict
        self.goals = tuple(goals)
        self.asked = 0
        wanted = {goal.kind for goal in goals}
        self.lost = [
            f.kind for f in verdict.findings if f.role == "protective" and LOST & {reason.code for reason in f.reasons}
        ]
        unreadable = {f.layer for f in verdict.findings if LOST & {reason.code for reason in f.reasons}}
        self.layers = [
            (layer, validity)
            for layer, validity in load(store, verdict.as_of).protective
            if layer.card.kind in wanted and layer.card.name not in unreadable
        ]

    def question(self, site: Site) -> Question:
        """What is asked of a layer at a place."""
        return Question(
            geometry=site.geometry,
            accuracy_m=site.accuracy.metres,
            as_of=self.verdict.as_of,
            radius_m=site.radius_m,
            transformation_m=site.transformation_m,
            part_rejected=site.rejected_parts > 0,
        )

    def reaches(self, site: Site, goals: Sequence[Goal]) -> bool:
        """Whether every goal is met at a place, by the engine; stops at the first that is not."""
        self.asked += 1
        question = self.question(site)
        for kind in dict.fromkeys(goal.kind for goal in goals):
            of_kind = [goal for goal in goals if goal.kind == kind]
            own, answers, broken = self._answers(question, kind)
            for goal in of_kind:
                lost = [k for k in self.lost if k == kind] + ([kind] if broken else [])
                answer = (
                    kind_answers(question, answers, lost).get(kind, "unknown")
                    if goal.layer is None
                    else own.get(goal.layer, "unknown")
                )
                if not goal.met(answer):
                    return False
        return True

    def _answers(
        self, question: Question, kind: str
    ) -> tuple[dict[str, Answer], list[tuple[OpenLayer, LayerAnswer]], bool]:
        answers, broken = [], False
        for layer, validity in self.layers:
            if layer.card.kind != kind:
                continue
            try:
                answers.append((layer, answer_of(question, layer, validity=validity)))
            except DAMAGE:  # damage met only here
                broken = True
        return {layer.card.name: found.answer for layer, found in answers}, answers, broken


def reached(verdict: Verdict, goal: Goal) -> Answer:
    """The answer of a verdict to a goal."""
    if goal.layer is None:
        return verdict.kinds.get(goal.kind, "unknown")
    return strictest([f.answer for f in verdict.findings if f.layer == goal.layer and f.role == "protective"])


def at_best(goal: Goal, codes: Sequence[str]) -> Goal:
    """A goal that can only become ``unknown``, where codes say why; what is lost already stays the better answer."""
    if not codes:
        return goal
    return replace(goal, best="unknown", because=tuple(dict.fromkeys([*goal.because, *codes])))
