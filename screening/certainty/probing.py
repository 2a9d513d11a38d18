"""One layer asked the same question at other accuracies: the engine's own answer, nothing computed twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from screening.findings import LayerAnswer, answer_of
from screening.question import FARTHEST_M, Question
from spatial.accuracy import LEAST_M, combined

if TYPE_CHECKING:
    from layers.version import OpenLayer

__all__ = ["LEAST_M", "Probe", "QuestionAt"]


@dataclass(frozen=True, kw_only=True)
class QuestionAt(Question):
    """The same question with one combined accuracy a for every feature, whatever the site's and the layers' are."""

    a_m: float = LEAST_M

    def combined(self, layer_m: float) -> float:  # noqa: ARG002 - every feature has the same
        """a, at least 0.05 m and rounded up to 1 mm as every combined accuracy is."""
        return combined(min(self.a_m, FARTHEST_M), 0.0)


class Probe:
    """
    One open layer and one site, answered at any combined accuracy.

    Parameters
    ----------
    question
        The site, its radius, the date, as they were screened.
    layer
        An open version; touching damaged bytes raises ``DamagedVersionError``.
    validity
        The reason why this version cannot give ``clear`` at the date, if there is one.
    """

    def __init__(self, question: Question, layer: OpenLayer, validity: str | None) -> None:
        self.question = question
        self.layer = layer
        self.standing = layer.records.standing(question.as_of, layer.card.accuracy_m)
        self._validity = validity
        self._known: dict[float, LayerAnswer] = {}

    def question_at(self, a_m: float) -> QuestionAt:
        """The question with the combined accuracy ``a_m``."""
        asked = self.question
        return QuestionAt(
            geometry=asked.geometry,
            accuracy_m=asked.accuracy_m,
            as_of=asked.as_of,
            radius_m=asked.radius_m,
            transformation_m=asked.transformation_m,
            part_rejected=asked.part_rejected,
            a_m=a_m,
        )

    def at(self, a_m: float) -> LayerAnswer:
        """The layer's answer if every combined accuracy were ``a_m`` metres (at least 0.05); kept once found."""
        if a_m not in self._known:
            self._known[a_m] = answer_of(self.question_at(a_m), self.layer, validity=self._validity)
        return self._known[a_m]

    @property
    def widest_m(self) -> float:
        """The greatest combined accuracy of any zone feature, or of the layer where it has none."""
        zone = self.standing.zone
        layer_m = float(self.standing.accuracy_m[zone].max()) if zone.any() else self.layer.card.accuracy_m
        return self.question.combined(layer_m)
