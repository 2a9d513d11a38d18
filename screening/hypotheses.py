"""The answer under each way to read a site's coordinates, where the file leaves its coordinate system open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from screening.errors import ScreeningError
from screening.screen import screen
from screening.site import place
from spatial.errors import SpatialError
from spatial.reading import under

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layers.workspace.store import WorkspaceStore
    from screening.site import Site
    from screening.verdict import Verdict
    from spatial.datum_shift import Shift
    from spatial.reading import Hypothesis, Reading

__all__ = ["Under", "accepted", "agree", "under_each"]


@dataclass(frozen=True, kw_only=True)
class Under:
    """
    The answer under one hypothesis.

    Parameters
    ----------
    hypothesis
        One that is alive.
    site, verdict
        None if its coordinates have no place under it, or no part of it can be used.
    trouble
        Why there is no verdict; else empty.
    same_place
        Codes of other hypotheses alive that give the same place, and so the same answer.
    """

    hypothesis: Hypothesis
    site: Site | None
    verdict: Verdict | None
    trouble: str = ""
    same_place: tuple[str, ...] = ()


def under_each(
    reading: Reading,
    store: WorkspaceStore,
    *,
    accuracy_m: float | None = None,
    radius_m: float | None = None,
    area_m2: float | None = None,
    as_of: str | None = None,
    stability: bool = False,
    shift: Shift | None = None,
    shift_m: float = 10.0,
) -> tuple[Under, ...]:
    """
    Judge a site under every hypothesis that is alive, the likeliest first.

    Use it where ``reading.crs`` is None and ``crs_status`` is ``ambiguous``: it shows whether the coordinate system
    matters.

    Parameters
    ----------
    reading
        The site as read.
    store
        The workspace.
    accuracy_m, radius_m, area_m2
        As for ``screening.site.place``.
    as_of, stability
        As for ``screening.screen.screen``.
    shift, shift_m
        From Xi'an 80 or Beijing 54, if the user has it, and what it adds to the accuracy, metres.

    Returns
    -------
    answers
        One a place; hypotheses that give the same place are named once, with the others in ``same_place``.
    """
    found: list[Under] = []
    alive = [one for one in reading.hypotheses if one.alive]
    for one in alive:
        if any(evidence.code == "same_place" for evidence in one.evidence_for):
            continue
        twins = tuple(
            other.code
            for other in alive
            if other.offset == one.offset
            and any(e.code == "same_place" and one.code.startswith(e.value) for e in other.evidence_for)
        )
        try:
            placed = under(reading, one, shift=shift, shift_m=shift_m)
            site = place(placed, accuracy_m=accuracy_m, radius_m=radius_m, area_m2=area_m2)
            verdict = screen(site, store, as_of=as_of, stability=stability)
        except (SpatialError, ScreeningError) as trouble:
            found.append(Under(hypothesis=one, site=None, verdict=None, trouble=str(trouble), same_place=twins))
            continue
        found.append(Under(hypothesis=one, site=site, verdict=verdict, same_place=twins))
    return tuple(found)


def agree(answers: Sequence[Under]) -> bool:
    """
    Whether all answers are the same: in all, of every kind and to every question; one without verdict agrees with none.

    Examples
    --------
    >>> agree([])
    False
    """
    said = {
        None
        if one.verdict is None
        else (
            one.verdict.answer,
            tuple(sorted(one.verdict.kinds.items())),
            one.verdict.in_priority_zone,
            one.verdict.in_priority_unit,
            one.verdict.in_red_line,
            one.verdict.in_protected_area,
            one.verdict.in_water_source_zone,
        )
        for one in answers
    }
    return len(said) == 1 and None not in said


def accepted(answers: Sequence[Under]) -> Site:
    """
    The site under the first of answers that agree; its evidence says that the user accepts them unsettled.

    Raises
    ------
    ValueError
        If they do not agree.
    """
    first = answers[0].site if agree(answers) else None
    if first is None:
        raise ValueError("the answers under the hypotheses do not agree")
    codes = ", ".join(one.hypothesis.code for one in answers)
    return replace(first, crs_evidence=(*first.crs_evidence, ("accepted_agreeing", codes)))
