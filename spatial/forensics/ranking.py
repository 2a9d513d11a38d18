"""Which coordinate system two columns of numbers are in: hypotheses weighed, ranked, and what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spatial.accuracy import AccuracyTerm
from spatial.forensics.candidates import Candidate, counterpart, dead_families
from spatial.forensics.evidence import Evidence
from spatial.forensics.hypotheses import DATUM_WORDS, Forensics, Hints, Hypothesis
from spatial.forensics.weighing import Case
from spatial.offsets import CHINA_BOX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike
    from shapely.geometry.base import BaseGeometry

    from spatial.datum_shift import Shift
    from spatial.forensics.hypotheses import Offset, StatedReference, Status
    from spatial.systems import Datum

    Entry = tuple[Candidate, Offset | None]

__all__ = ["LEAST_TOLERANCE_M", "rank"]

LEAST_TOLERANCE_M = 5_000.0
"""
A region tells zones apart (some 200 km) and orders of columns, never offsets (1.6 km) or datums (100 m): whatever the
accuracy of its outline, what lies within this of it counts as in it.
"""
_SAME_PLACE_DEG = 1e-8
_LARGEST = 1e9  # no coordinate of any system has more digits


def rank(
    coordinates: ArrayLike,
    *,
    stated: StatedReference | None = None,
    hints: Hints | None = None,
    region: BaseGeometry | None = None,
    datum: str | None = None,
    shift: Shift | None = None,
    region_tolerance_m: float = LEAST_TOLERANCE_M,
    region_must_hold: bool = True,
) -> Forensics:
    """
    Rank the ways to read two columns of coordinates, with what speaks for and against each.

    Use it on the whole file at once: every point counts. Nothing is guessed: one place left is given or proved; several
    are ambiguous, and `place` gives the answer under each; what contradicts itself is refused.

    Parameters
    ----------
    coordinates
        First and second column as found in the file, shape (n, 2), in degrees or metres.
    stated
        What source or user says of the system.
    hints
        What names, fields and tags let slip.
    region
        Where the data must lie, EPSG:4490 degrees.
    datum
        The user's word, one of ``DATUM_WORDS``.
    shift
        Parameters from Xi'an 80 or Beijing 54 to CGCS2000, if the user has them.
    region_tolerance_m
        How far outside the outline of ``region`` data may lie; at least `LEAST_TOLERANCE_M` is taken.
    region_must_hold
        False for an area that is only likely (the coverage of a workspace): it then settles what is open, and refutes
        neither a statement nor a zone number in the eastings.

    Returns
    -------
    forensics
        See `Forensics`.

    Raises
    ------
    ValueError
        If ``coordinates`` have another shape, ``datum`` is not known, or ``region`` is empty.

    Examples
    --------
    >>> found = rank([[5453252.0109, 40482918.4554]])
    >>> found.status, found.datum, found.chosen.code, found.chosen.swapped
    ('proved', 'assumed', 'cgcs2000_3_prefix:40', True)
    >>> rank([[482918.4554, 5453252.0109]]).status
    'ambiguous'
    """
    hints = hints or Hints()
    values = np.asarray(coordinates, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != 2:
        raise ValueError(f"coordinates come in shape (n, 2), not {values.shape}")
    if datum is not None and datum not in DATUM_WORDS:
        raise ValueError(f"{datum!r} is none of {', '.join(DATUM_WORDS)}")
    if region is not None and region.is_empty:
        raise ValueError("the region is empty")
    if not len(values):
        return _refused(Evidence(code="no_coordinates"))
    finite = np.isfinite(values).all(axis=1)
    if not finite.all():
        return _refused(Evidence(code="not_finite", value=str(int((~finite).sum()))))
    if np.abs(values).max() > _LARGEST:
        return _refused(Evidence(code="size", value=f"{np.abs(values).max():g}"), Evidence(code="nothing_fits"))
    case = Case(values, stated, hints, datum)
    case.weigh()
    if region is not None:
        case.compare_with(region, max(region_tolerance_m, LEAST_TOLERANCE_M), must_hold=region_must_hold)
    return _finding(case, shift)


def _refused(*evidence: Evidence) -> Forensics:
    return Forensics(hypotheses=(), status="refused", datum="assumed", chosen=None, evidence=evidence)


def _finding(case: Case, shift: Shift | None) -> Forensics:
    """Hypotheses ranked, and the status."""
    alive = case.alive
    if any(one.code == "several_zones" for one in case.evidence) and any(
        not any(e.code == "region" for e in one.pro) for one in alive
    ):
        case.conflict = True  # several zones of 6 degrees can look like Web Mercator; only a region parts them
    if case.offset.stated is not None and case.datum.datum not in ("cgcs2000", "wgs84"):
        case.contradict(Evidence(code="stated_contradictory", value=f"{case.offset.stated}, {case.datum.datum}"))
    ranked = [entry for one in alive for entry in _with_offsets(case, one)]
    ranked.sort(key=lambda entry: _order(case, *entry))
    groups = _places(ranked)
    chosen = groups[0][0] if len(groups) == 1 and not case.conflict else None
    if chosen is not None and _zone_hint_differs(case, chosen[0]):
        case.contradict(Evidence(code="zone_hint_differs", value=chosen[0].code))
        chosen = None
    if not alive and not case.conflict:
        case.evidence.append(Evidence(code="nothing_fits"))
    if len(groups) > 1:
        case.evidence.append(Evidence(code="several_places", value=str(len(groups))))
    leads = [group[0] for group in groups]
    hypotheses = [_hypothesis(case, one, offset, _twin(one, offset, leads)) for one, offset in ranked]
    picked = next((hypotheses[i] for i, entry in enumerate(ranked) if entry is chosen), None)
    status = _status(case, picked, several=len(groups) > 1)
    if case.datum.datum not in ("cgcs2000", "wgs84") and all(one.datum == case.datum.datum for one in alive):
        known = shift is not None and shift.datum == case.datum.datum
        case.evidence.append(Evidence(code="shift_given" if known else "no_parameters", value=case.datum.datum))
        if not known:
            picked, status = None, "refused"
    return Forensics(
        hypotheses=(*hypotheses, *_other_datums(case, ranked), *_the_dead(case, bool(alive))),
        status=status,
        datum=case.datum.status,
        chosen=picked,
        evidence=(*case.evidence, *case.datum.evidence, *case.offset.evidence),
    )


def _status(case: Case, picked: Hypothesis | None, *, several: bool) -> Status:
    if picked is None:
        return "ambiguous" if several and not case.conflict else "refused"
    said = case.said is not None or case.zone_stated or case.offset.stated is not None
    return "given" if said else "proved"


def _zone_hint_differs(case: Case, one: Candidate) -> bool:
    """A name that speaks of another zone than region or header found: neither is believed; the user is."""
    by_user = case.stated is not None and case.stated.source == "user" and case.zone_stated
    told = one.form in ("no_prefix", "utm") and not by_user
    return told and any(evidence.code == "zone_hint_differs" for evidence in one.contra)


def _with_offsets(case: Case, one: Candidate) -> list[Entry]:
    if one.datum not in ("cgcs2000", "wgs84"):
        return [(one, None)]
    west, south, east, north = CHINA_BOX
    low, high = one.outline.min(axis=0), one.outline.max(axis=0)
    shifted = low[0] >= west and low[1] >= south and high[0] <= east and high[1] <= north
    if case.offset.stated is not None:
        if not shifted:
            case.contradict(Evidence(code="stated_contradictory", value=case.offset.stated))
        return [(one, case.offset.stated)]
    return [(one, None), *((one, offset) for offset in case.offset.possible if shifted)]


def _order(case: Case, one: Candidate, offset: Offset | None) -> tuple[float, int, str]:
    share = next((float(e.value) for e in one.pro if e.code == "region"), 0.0)
    points = 2.0 * share + (1.0 if one.typical else 0.0) - 0.1 * (one.width == 6)
    points += sum(0.5 for e in one.pro if e.code in ("zone_hint", "order_as_words"))
    points -= sum(0.5 for e in one.contra if e.code in ("partly_outside_china", "order_against_words"))
    points -= 0.3 * (one.form == "utm" and case.projection != "utm")
    likely = [*case.offset.possible, None]  # a hint makes the offset likelier than none
    return -points, likely.index(offset) if offset in likely else 0, one.code


def _hypothesis(case: Case, one: Candidate, offset: Offset | None, twin: str | None) -> Hypothesis:
    pro, contra = [*one.pro, *case.datum.evidence[:1]], [*one.contra]
    if offset is not None or case.offset.plain_stated:
        pro.extend(case.offset.evidence)
    elif case.offset.possible:
        contra.extend(case.offset.evidence)
    if twin is not None:
        pro.append(Evidence(code="same_place", value=twin))
    if case.datum.status == "assumed":
        contra.extend(e for e in case.datum.evidence if e.code in ("datum_not_shown", "datum_words_differ"))
    if one.form == "no_prefix" and not case.zone_stated:
        contra.append(Evidence(code="local_not_excluded"))
    pro = [e for e in pro if e.code != "datum_not_shown"]
    shifted = str(offset) if one.system.is_geographic else f"{one.code}+{offset}"
    return Hypothesis(
        code=one.code if offset is None else shifted,
        system=one.system,
        swapped=one.swapped,
        offset=offset,
        datum=one.datum,
        standing="alive",
        evidence_for=tuple(dict.fromkeys(pro)),
        evidence_against=tuple(dict.fromkeys(contra)),
        accuracy_terms=_terms(case, one, offset),
    )


def _terms(case: Case, one: Candidate, offset: Offset | None) -> tuple[AccuracyTerm, ...]:
    terms = []
    if offset is not None:
        terms.append(AccuracyTerm(code="offset_undone", metres=10.0))
    if case.datum.status == "stated":
        if one.datum == "wgs84":
            terms.append(AccuracyTerm(code="datum_wgs84", metres=1.0))
    elif one.system.is_geographic:
        terms.append(AccuracyTerm(code="datum_wgs84_assumed", metres=1.0))
    else:
        terms.append(AccuracyTerm(code="datum_unstated", metres=100.0))
    return tuple(terms)


def _other_datums(case: Case, ranked: Sequence[Entry]) -> list[Hypothesis]:
    """Xi'an 80 and Beijing 54 beside what is assumed; or dead, where the datum is stated."""
    metric = [one for one, offset in ranked if offset is None and one.width is not None and one.form != "utm"]
    open_datum = case.datum.status == "assumed"
    evidence = Evidence(code="datum_not_excluded") if open_datum else case.datum.evidence[0]
    rows: dict[tuple[str, bool], Hypothesis] = {}
    for one in metric:
        others: tuple[Datum, ...] = ("cgcs2000", "xian80", "beijing54")
        for other in others:
            if other == one.datum or (other == "cgcs2000" and one.datum == "wgs84"):
                continue
            alone = len(metric) == 1
            rest = one.code.partition("_")[2] if alone else one.code.partition("_")[2].partition(":")[0]
            code = f"{other}_{rest}"
            rows[code, one.swapped] = Hypothesis(
                code=code,
                system=counterpart(one.system, other) if alone else None,
                swapped=one.swapped,
                offset=None,
                datum=other,
                standing="not_excluded" if open_datum else "dead",
                evidence_for=(evidence,) if open_datum else (),
                evidence_against=() if open_datum else (evidence,),
            )
    return sorted(rows.values(), key=lambda row: row.standing != "not_excluded")


def _the_dead(case: Case, any_alive: bool) -> list[Hypothesis]:  # noqa: FBT001
    rows = [
        Hypothesis(
            code=one.code,
            system=one.system,
            swapped=one.swapped,
            offset=None,
            datum=one.datum,
            standing="dead",
            evidence_for=tuple(one.pro),
            evidence_against=tuple(one.contra),
        )
        for one in case.open
        if one.dead
    ]
    listed = {(one.code, one.swapped) for one in case.open} | {
        (one.code.partition(":")[0], one.swapped) for one in case.open
    }
    rows.extend(
        Hypothesis(
            code=code,
            system=None,
            swapped=swapped,
            offset=None,
            datum=datum,
            standing="dead",
            evidence_against=(evidence,),
        )
        for code, swapped, datum, evidence in dead_families(case.numbers, case.datum.datum)
        if (code, swapped) not in listed
    )
    if any_alive and not case.offset.possible:
        missing = [offset for offset in ("gcj02", "bd09") if offset != case.offset.stated]
        why = (case.offset.evidence or (Evidence(code="offset_not_hinted"),))[0]
        swapped = next(one.swapped for one in case.open if not one.dead)
        rows.extend(
            Hypothesis(
                code=offset,
                system=None,
                swapped=swapped,
                offset="gcj02" if offset == "gcj02" else "bd09",
                datum="wgs84",
                standing="dead",
                evidence_against=(why,),
            )
            for offset in missing
        )
    return rows


def _places(
    ranked: Sequence[Entry],
) -> list[list[Entry]]:
    """Hypotheses by the place they give; each group in the order of rank."""
    groups: list[list[Entry]] = []
    for entry in ranked:
        for group in groups:
            one, offset = group[0]
            same = offset == entry[1] and one.outline.shape == entry[0].outline.shape
            if same and float(np.abs(one.outline - entry[0].outline).max()) < _SAME_PLACE_DEG:
                group.append(entry)
                break
        else:
            groups.append([entry])
    return groups


def _twin(one: Candidate, offset: Offset | None, leads: Sequence[Entry]) -> str | None:
    """The code of the better ranked hypothesis that gives the same place."""
    for lead, of_lead in leads:
        if lead is not one and of_lead == offset and _places([(lead, offset), (one, offset)])[0][1:]:
            return lead.code
    return None
