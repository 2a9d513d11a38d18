"""Which CRS a source is in: said by the user, stated by the file, proved by the numbers, open, or refused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import shapely

from spatial import forensics
from spatial.crs import WORKING_AREA, identify, to_geographic
from spatial.errors import CRSError, SpatialError, ZoneConflictError
from spatial.forensics import DATUM_WORDS, Hypothesis, StatedReference
from spatial.forensics.placing import without_datum
from spatial.forensics.words import order_of_words
from spatial.reading.model import Evidence
from spatial.vertices import in_portions

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from spatial.crs import CoordinateSystem
    from spatial.datum_shift import Shift
    from spatial.forensics import Forensics, Hints
    from spatial.forensics.hypotheses import Offset
    from spatial.reading.draft import Draft
    from spatial.reading.model import CrsStatus, DatumStatus

__all__ = ["DATUMS", "Resolved", "grid_code", "resolve"]

DATUMS = DATUM_WORDS
"""What a user may say of the datum; ``gcj02`` and ``bd09`` are offsets to undo."""
_OFFSETS = ("gcj02", "bd09")
_TRUSTED = ("cgcs2000", "wgs84")
_FEW = 20_000
# what leaves the place itself open; without one of these only the shift of an old datum is missing
_OPEN = {
    "stated_misfit",
    "stated_contradictory",
    "crs_not_understood",
    "local_system",
    "zone_hint_differs",
    "outside_region",
    "nothing_fits",
    "several_places",
    "several_zones",
    "size",
    "not_finite",
    "no_coordinates",
}
_GEOGRAPHIC = {"cgcs2000": 4490, "wgs84": 4326, "xian80": 4610, "beijing54": 4214}
# first code minus first zone: 3° with prefix, 3° by meridian, 6° with prefix, 6° by meridian
_GRIDS = {
    "cgcs2000": (4488, 4509, 4478, 4489),
    "xian80": (2324, 2345, 2314, 2325),
    "beijing54": (2376, 2397, 21400, 21440),
}
_REMEDY = "Say which CRS is right with --crs"

_Known = tuple["CoordinateSystem | None", "CrsStatus", tuple[Evidence, ...], "DatumStatus"]


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """
    What `resolve` found.

    Parameters
    ----------
    system, status, evidence, datum
        As in `Reading`, before anything is moved; ``system`` is that of the coordinates as they stand.
    hypotheses
        Ranked.
    swapped, offset
        What `spatial.reading.placing.moved` has to undo.
    """

    system: CoordinateSystem | None
    status: CrsStatus
    evidence: tuple[Evidence, ...]
    datum: DatumStatus
    hypotheses: tuple[Hypothesis, ...] = ()
    swapped: bool = False
    offset: Offset | None = None


def grid_code(datum: str, zone: int, *, prefixed: bool) -> int | None:
    """
    EPSG code of a Gauss-Krüger zone, None where there is none.

    Parameters
    ----------
    datum
        ``cgcs2000``, ``xian80`` or ``beijing54``.
    zone
        13-23 (6°) or 25-45 (3°).
    prefixed
        Whether eastings carry the zone number.

    Examples
    --------
    >>> grid_code("cgcs2000", 40, prefixed=True), grid_code("cgcs2000", 20, prefixed=False)
    (4528, 4509)
    """
    if datum not in _GRIDS or not (13 <= zone <= 23 or 25 <= zone <= 45):
        return None
    return _GRIDS[datum][(0 if zone > 24 else 2) + (0 if prefixed else 1)] + zone


def resolve(
    draft: Draft,
    *,
    crs: str | int | None,
    datum: str | None,
    region: BaseGeometry | None = None,
    region_must_hold: bool = True,
    shift: Shift | None = None,
) -> Resolved:
    """
    CRS of a draft.

    Parameters
    ----------
    draft
        What was read.
    crs
        Said by the user; overrides the file.
    datum
        Said by the user, one of `DATUMS`: of coordinates whose datum nothing states; or the offset to undo.
    region, region_must_hold
        Where the data must, or are likely to, lie (see ``spatial.forensics.rank``); EPSG:4490.
    shift
        To CGCS2000, of the user.

    Returns
    -------
    resolved
        ``system`` None with status ``ambiguous`` or ``refused``.

    Raises
    ------
    CRSError
        If the user's ``crs`` is not understood.
    ZoneConflictError
        If the zone of the CRS, of the header and of the numbers disagree.
    """
    offset: Offset | None = "gcj02" if datum == "gcj02" else "bd09" if datum == "bd09" else None
    known = _without_ranking(draft, crs=crs, datum=None if offset else datum)
    system, status, evidence, stated = known
    if not draft.geometries:
        return Resolved(system=system, status=status, evidence=evidence, datum=stated)
    reference = _stated(draft, crs)
    found = forensics.rank(
        _points(draft),
        stated=reference,
        hints=_hints(draft),
        region=region,
        datum=_users_datum(draft, crs, datum),
        shift=shift,
        region_must_hold=region_must_hold,
    )
    if crs is not None:
        if offset is not None:
            evidence = (*evidence, Evidence(code="user_datum", value=offset))
        return Resolved(
            system=system, status=status, evidence=evidence, datum=stated, hypotheses=found.hypotheses, offset=offset
        )
    return _ranked(draft, known, found)


def _ranked(draft: Draft, known: _Known, found: Forensics) -> Resolved:
    """The finding of the ranking, in the words of the older rules where both come to the same."""
    system, status, evidence, _ = known
    lead = found.chosen
    if lead is None and not _OPEN & {one.code for one in found.evidence}:
        lead = next(iter(found.alive), None)  # an old datum: zone and order are known, only its shift is not
    if lead is None or lead.system is None:
        if system is not None and found.status == "refused" and _is_outside(draft, system):
            # what computes with it refuses it with the coordinates
            return Resolved(
                system=system, status=status, evidence=evidence, datum=known[3], hypotheses=found.hypotheses
            )
        said = {one.code for one in evidence} | ({"nothing_fits"} if evidence else set())
        if found.status == "refused":
            more = (Evidence(code=one.code, value=one.value) for one in found.evidence if one.code in _OPEN - said)
            evidence = (*evidence, *more)
        undecided: CrsStatus = "ambiguous" if found.status == "ambiguous" else "refused"
        return Resolved(
            system=None, status=undecided, evidence=evidence, datum=found.datum, hypotheses=found.hypotheses
        )
    same = system is not None and (system.code, system.wkt) == (lead.system.code, lead.system.wkt)
    plain = not lead.swapped and lead.offset is None
    if not (same and plain):
        before = evidence if system is None else tuple(draft.crs_evidence)
        grounds = (*lead.evidence_for, *lead.evidence_against)
        evidence = tuple(dict.fromkeys([*before, *(Evidence(code=one.code, value=one.value) for one in grounds)]))
        status = found.status if found.chosen is not None else "given" if draft.crs_text is not None else "proved"
    return Resolved(
        system=lead.system,
        status=status,
        evidence=evidence,
        datum=found.datum,
        hypotheses=found.hypotheses,
        swapped=lead.swapped,
        offset=lead.offset,
    )


def _points(draft: Draft) -> NDArray[np.float64]:
    """All coordinates; of very many the corners of their hull, within which every test of the ranking is decided."""
    shapes = np.empty(len(draft.geometries), dtype=object)
    shapes[:] = draft.geometries
    shapes = shapes[shapely.get_num_coordinates(shapes) > 0]
    count = int(shapely.get_num_coordinates(shapes).sum())
    if count <= _FEW:
        return np.asarray(shapely.get_coordinates(shapes), dtype=np.float64)
    step = count // _FEW + 1
    sample, boxes, place = [], [], 0
    for start, stop, xy in in_portions(shapes):
        sample.append(xy[-place % step :: step])
        place += len(xy)
        begin = np.cumsum(np.append(0, shapely.get_num_coordinates(shapes[start : stop - 1])))
        boxes.append(np.hstack([np.minimum.reduceat(xy, begin), np.maximum.reduceat(xy, begin)]))
    some = np.concatenate(sample)
    inner = shapely.convex_hull(shapely.linestrings(some))
    shapely.prepare(inner)
    rim = shapes[~shapely.contains_properly(inner, shapely.box(*np.concatenate(boxes).T))]
    hull = shapely.convex_hull(shapely.linestrings(np.concatenate([some, shapely.get_coordinates(rim)])))
    return np.vstack([shapely.get_coordinates(hull), some])


def _stated(draft: Draft, crs: str | int | None) -> StatedReference | None:
    if crs is not None:
        return StatedReference(source="user", text=crs)
    if draft.crs_text is not None:
        source = draft.crs_evidence[-1].code if draft.crs_evidence else draft.format
        return StatedReference(source=source, text=draft.crs_text)
    if draft.header_datum is None and draft.header_width is None and draft.header_zone is None:
        return None
    width: Literal[3, 6] | None = 3 if draft.header_width == 3 else 6 if draft.header_width == 6 else None
    datum = draft.header_datum if draft.header_datum in _GEOGRAPHIC else None
    return StatedReference(source="header", datum=datum, width=width, zone=draft.header_zone)  # type: ignore[arg-type]


def _hints(draft: Draft) -> Hints:
    """The draft's hints; its coordinates stand east first, so the words over them do too."""
    hints = draft.gathered_hints()
    words = hints.axis_words
    if words is not None and order_of_words(words):
        words = (words[1], words[0])
    if draft.offset is not None and not any(draft.offset in word.lower() for word in words or ()):
        words = (f"{draft.offset} {words[0]}", f"{draft.offset} {words[1]}") if words else (draft.offset, draft.offset)
    return replace(hints, axis_words=words)


def _users_datum(draft: Draft, crs: str | int | None, datum: str | None) -> str | None:
    """The user's word where it counts: an offset always, a datum only where the file states no other."""
    if datum in _OFFSETS or datum is None:
        return datum
    if crs is not None:
        return None
    if draft.crs_text is None or any(one.code.endswith("_default") for one in draft.crs_evidence):
        return datum
    try:
        stated = identify(draft.crs_text).datum
    except CRSError:
        return datum
    return datum if stated in ("unknown", datum) else None


def _is_outside(draft: Draft, system: CoordinateSystem) -> bool:
    west, south, east, north = shapely.total_bounds(draft.geometries)
    corners = shapely.points([west, east, west, east], [south, south, north, north])
    try:
        placed = shapely.get_coordinates(to_geographic(corners, without_datum(system)))
    except SpatialError:
        return True
    low, high = placed.min(axis=0), placed.max(axis=0)
    inside = low[0] >= WORKING_AREA[0] and low[1] >= WORKING_AREA[1]
    return not (inside and high[0] <= WORKING_AREA[2] and high[1] <= WORKING_AREA[3])


def _without_ranking(draft: Draft, *, crs: str | int | None, datum: str | None) -> _Known:
    """By what is stated and the zone numbers alone, which may contradict each other."""
    evidence = [*draft.crs_evidence]
    if crs is not None:
        system = identify(crs)
        evidence.append(Evidence(code="user", value=str(crs)))
        _agree(draft, system)
        return system, "given", tuple(evidence), "stated"
    if draft.crs_text is not None:
        try:
            system = identify(draft.crs_text)
        except CRSError as error:
            evidence.append(Evidence(code="crs_not_understood", value=str(error)[:300]))
            return None, "refused", tuple(evidence), "assumed"
        _agree(draft, system)
        return system, "given", tuple(evidence), "stated"
    return _by_numbers(draft, datum, evidence)


def _by_numbers(draft: Draft, datum: str | None, evidence: list[Evidence]) -> _Known:
    if draft.offset is not None:  # hundreds of metres off until it is undone
        evidence.append(Evidence(code="offset_mark", value=draft.offset))
        return None, "refused", tuple(evidence), "assumed"
    stated = datum or draft.header_datum
    known: DatumStatus = "stated" if stated else "assumed"
    if datum:
        evidence.append(Evidence(code="user_datum", value=datum))
    family = stated or "cgcs2000"
    if len(draft.kinds) != 1:
        code = "no_coordinates" if not draft.kinds else "mixed_coordinates"
        evidence.append(Evidence(code=code, value=", ".join(sorted(draft.kinds))))
        return None, "refused", tuple(evidence), known
    (kind,) = draft.kinds
    if kind == "degrees":
        evidence.append(Evidence(code="magnitude", value="degrees"))
        return identify(_GEOGRAPHIC[family]), "proved", tuple(evidence), known
    if kind == "zone_prefix" and len(draft.zones) == 1:
        (zone,) = draft.zones
        _header_agrees(draft, zone)
        evidence.append(Evidence(code="zone_prefix", value=str(zone)))
        status: CrsStatus = "given" if draft.header_zone == zone and draft.header_datum else "proved"
        return _zone(family, zone, status, evidence, known)
    if kind == "zone_prefix":
        evidence.append(Evidence(code="several_zones", value=", ".join(map(str, sorted(draft.zones)))))
        return None, "refused", tuple(evidence), known
    if draft.header_zone is not None and kind == "no_prefix":
        _header_agrees(draft, draft.header_zone)
        evidence.append(Evidence(code="header_zone", value=str(draft.header_zone)))
        return _zone(family, draft.header_zone, "given", evidence, known)
    evidence.append(Evidence(code="magnitude", value=kind))
    return None, "refused", tuple(evidence), known


def _zone(family: str, zone: int, status: CrsStatus, evidence: list[Evidence], known: DatumStatus) -> _Known:
    code = grid_code(family, zone, prefixed=any(one.code == "zone_prefix" for one in evidence))
    if code is None:
        evidence.append(Evidence(code="no_such_grid", value=f"{family}, zone {zone}"))
        return None, "refused", tuple(evidence), known
    return identify(code), status, tuple(evidence), known


def _header_agrees(draft: Draft, zone: int) -> None:
    width = 6 if zone <= 24 else 3
    if draft.header_zone not in (None, zone):
        detail = f"its header says zone {draft.header_zone}, its eastings begin with {zone}"
    elif draft.header_width not in (None, width):
        detail = f"its header says {draft.header_width}-degree zones, but zone {zone} is a {width}-degree one"
    else:
        return
    raise ZoneConflictError(file=draft.file, code="zone_conflict", detail=detail, remedy=_REMEDY)


def _agree(draft: Draft, system: CoordinateSystem) -> None:
    """Degrees taken for metres put a site on the equator, the numbers of another zone 3° away: stop."""
    if draft.notation is not None and system.is_geographic == (draft.notation == "projected"):
        raise ZoneConflictError(
            file=draft.file,
            code="crs_conflict",
            detail=f"{system.code} ({system.name}) is in {'degrees' if system.is_geographic else 'metres'}, "
            f"the coordinates are {'metres' if draft.notation == 'projected' else 'degrees'}",
            remedy=_REMEDY,
        )
    if system.central_meridian is None or system.zone_width is None or draft.kinds != {"zone_prefix"}:
        return
    expected = {3 * zone if zone > 24 else 6 * zone - 3 for zone in draft.zones}
    if system.has_zone_prefix and expected == {round(system.central_meridian)}:
        return
    zones = ", ".join(map(str, sorted(draft.zones)))
    raise ZoneConflictError(
        file=draft.file,
        code="zone_conflict",
        detail=f"{system.code} ({system.name}) does not fit eastings that begin with zone {zones}",
        remedy=_REMEDY,
    )
