"""Which CRS a source is in: said by the user, stated by the file, proved by the numbers, or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from spatial.accuracy import PositionalAccuracy, assumed_accuracy
from spatial.crs import identify
from spatial.errors import CRSError, ZoneConflictError
from spatial.reading.model import Evidence

if TYPE_CHECKING:
    from spatial.accuracy import DatumKnown
    from spatial.crs import CoordinateSystem
    from spatial.reading.draft import Draft
    from spatial.reading.model import CrsStatus, DatumStatus

__all__ = ["DATUMS", "accuracy_of", "grid_code", "resolve"]

DATUMS = ("cgcs2000", "wgs84", "xian80", "beijing54")
_GEOGRAPHIC = {"cgcs2000": 4490, "wgs84": 4326, "xian80": 4610, "beijing54": 4214}
# first code minus first zone: 3° with prefix, 3° by meridian, 6° with prefix, 6° by meridian
_GRIDS = {
    "cgcs2000": (4488, 4509, 4478, 4489),
    "xian80": (2324, 2345, 2314, 2325),
    "beijing54": (2376, 2397, 21400, 21440),
}
_REMEDY = "Say which CRS is right with --crs"

Resolved = tuple["CoordinateSystem | None", "CrsStatus", tuple[Evidence, ...], "DatumStatus"]


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


def resolve(draft: Draft, *, crs: str | int | None, datum: str | None) -> Resolved:
    """
    CRS of a draft.

    Parameters
    ----------
    draft
        What was read.
    crs
        Said by the user; overrides the file.
    datum
        Said by the user, one of `DATUMS`: of coordinates whose datum nothing states.

    Returns
    -------
    crs, status, evidence, datum
        CRS None with status ``refused``.

    Raises
    ------
    CRSError
        If the user's ``crs`` is not understood.
    ZoneConflictError
        If the zone of the CRS, of the header and of the numbers disagree.
    """
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


def _by_numbers(draft: Draft, datum: str | None, evidence: list[Evidence]) -> Resolved:
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


def _zone(family: str, zone: int, status: CrsStatus, evidence: list[Evidence], known: DatumStatus) -> Resolved:
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


def accuracy_of(
    draft: Draft, system: CoordinateSystem | None, known: Literal["stated", "assumed"]
) -> PositionalAccuracy:
    """Positional accuracy of a draft, assumed by its form (see `spatial.accuracy.assumed_accuracy`)."""
    notation = draft.notation or "degrees"
    if system is not None and not system.is_geographic:
        notation = "projected"
    datum: DatumKnown = "cgcs2000"
    if known == "assumed":
        datum = "unknown_projected" if notation == "projected" else "wgs84_assumed"
    elif system is not None and system.datum == "wgs84":
        datum = "wgs84"
    return assumed_accuracy(source=draft.source_kind, notation=notation, decimals=draft.decimals or 0, datum=datum)
