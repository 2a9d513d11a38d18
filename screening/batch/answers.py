"""What one layer says of many sites, in columns; each as `screening.findings` says it of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from screening.reasons import ANSWERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from screening.verdict import Finding

__all__ = ["LayerColumns", "called"]


@dataclass(frozen=True, kw_only=True)
class LayerColumns:
    """
    One layer's findings of n sites, as far as a row of a batch shows them.

    Attributes
    ----------
    answer
        Place in `ANSWERS`; -1 where it is not known yet.
    reasons
        Codes in catalogue order, a tuple each.
    met
        What the features that are met are called, a tuple each.
    overlap_m2, gap_m, accuracy_m
        As of a finding; NaN where it has None.
    """

    answer: NDArray[np.int8]
    reasons: NDArray[Any]
    met: NDArray[Any]
    overlap_m2: NDArray[np.float64]
    gap_m: NDArray[np.float64]
    accuracy_m: NDArray[np.float64]

    @classmethod
    def empty(cls, count: int) -> LayerColumns:
        """Columns in which nothing is known yet."""
        nothing = np.empty((), dtype=object)
        nothing[()] = ()
        reasons, met = np.full(count, nothing, dtype=object), np.full(count, nothing, dtype=object)
        return cls(
            answer=np.full(count, -1, dtype=np.int8),
            reasons=reasons,
            met=met,
            overlap_m2=np.zeros(count),
            gap_m=np.full(count, np.nan),
            accuracy_m=np.full(count, np.nan),
        )

    def say(self, rows: NDArray[np.int64], answer: str, codes: Sequence[str]) -> None:
        """The answer of some rows, for the same reasons."""
        self.answer[rows] = ANSWERS.index(answer)
        same = np.empty((), dtype=object)
        same[()] = tuple(codes)
        self.reasons[rows] = same

    def take(self, row: int, finding: Finding) -> None:
        """What the engine found for one site."""
        self.answer[row] = ANSWERS.index(finding.answer)
        self.reasons[row] = tuple(reason.code for reason in finding.reasons)
        met = [f for f in finding.features if f.relation != "disjoint"]
        self.met[row] = tuple(called(f.code, f.name, f.id) for f in met)
        self.overlap_m2[row] = round(finding.overlap_m2, 2)
        self.gap_m[row] = np.nan if finding.gap_m is None else round(finding.gap_m, 3)
        self.accuracy_m[row] = np.nan if finding.accuracy_m is None else round(finding.accuracy_m, 3)


def called(code: str | None, name: str | None, own_id: str) -> str:
    """What a feature is called in a row: code and name, else its id."""
    return " ".join(word for word in (code, name) if word) or own_id
