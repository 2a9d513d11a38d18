"""Ways out of a zone: what each costs, and which of them no other one betters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from shapely.geometry import mapping

from screening.inquiry import site_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from screening.reasons import Answer
    from screening.site import Site
    from screening.verdict import Verdict

__all__ = ["WAYS", "Cost", "Proposal", "Way", "undominated"]

Way = Literal["shift", "turn", "cut", "detour"]
WAYS: tuple[Way, ...] = ("shift", "turn", "cut", "detour")
"""Moving all of it; turning and moving it; giving up a part of it; leading a route around."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """
    What a proposal costs, each number the less the better.

    Attributes
    ----------
    shift_m
        How far the site is moved, metres; with a rotation, how far its centroid.
    rotation_deg
        By how much it is turned, degrees, without sign.
    lost_m2
        Area given up, square metres of the ellipsoid.
    pieces
        Separate pieces more than before.
    added_m
        Length that a route gains, geodesic metres; negative where the way around is the shorter one.
    rebuilt_m
        Length of new alignment, metres.
    """

    shift_m: float = 0.0
    rotation_deg: float = 0.0
    lost_m2: float = 0.0
    pieces: int = 0
    added_m: float = 0.0
    rebuilt_m: float = 0.0

    def betters(self, other: Cost) -> bool:
        """Whether this costs no more in any respect and less in one."""
        mine, theirs = self._values(), other._values()
        return all(m <= t for m, t in zip(mine, theirs, strict=True)) and mine != theirs

    def _values(self) -> tuple[float, ...]:
        return (
            round(self.shift_m, 3),
            round(self.rotation_deg, 6),
            round(self.lost_m2, 2),
            float(self.pieces),
            round(self.added_m, 3),
            round(self.rebuilt_m, 3),
        )


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """
    One way out, judged by the engine.

    ``verdict`` is that of the site as proposed, by `screening.screen.screen`; ``facts`` what the way has to say of
    itself (direction, share, offsets), JSON-ready; ``falls_short`` names goals that stay ``unknown``.
    """

    way: Way
    site: Site
    cost: Cost
    verdict: Verdict
    reached: tuple[tuple[str, str | None, Answer], ...]
    falls_short: tuple[str, ...]
    worse: tuple[str, ...]
    facts: dict[str, Any]

    def to_dict(self, number: int) -> dict[str, Any]:
        """JSON of a proposal, with the site as `screening.inquiry.site_from` reads it."""
        cost = self.cost
        return {
            "id": f"P{number}",
            "way": self.way,
            "clears": not self.falls_short,
            "falls_short": list(self.falls_short),
            "shift_m": round(cost.shift_m, 3),
            "rotation_deg": round(cost.rotation_deg, 6),
            "lost_m2": round(cost.lost_m2, 2),
            "added_pieces": cost.pieces,
            "added_m": round(cost.added_m, 3),
            "rebuilt_m": round(cost.rebuilt_m, 3),
            **self.facts,
            "answer": self.verdict.answer,
            "kinds": dict(self.verdict.kinds),
            "reached": [{"kind": kind, "layer": layer, "answer": answer} for kind, layer, answer in self.reached],
            "worse": list(self.worse),
            "site": site_document(self.site),
            "geometry": mapping(self.site.geometry),
        }


def undominated(proposals: Sequence[Proposal]) -> tuple[Proposal, ...]:
    """
    Those that none of the others betters, by way, then by cost; of equal ones the first.

    A proposal that falls short betters none that does not.
    """
    found: list[Proposal] = []
    for one in proposals:
        others = [o for o in proposals if o is not one and len(o.falls_short) <= len(one.falls_short)]
        equal_before = any(o.cost == one.cost and o.falls_short == one.falls_short for o in found)
        if not equal_before and not any(o.cost.betters(one.cost) for o in others):
            found.append(one)
    return tuple(
        sorted(
            found,
            key=lambda p: (
                len(p.falls_short),
                WAYS.index(p.way),
                p.cost.rotation_deg,
                p.cost.shift_m,
                p.cost.added_m,
                p.cost.lost_m2,
            ),
        )
    )
