"""Errors of coordinate systems, datums and planes."""

from __future__ import annotations

from spatial.errors.base import SpatialError

__all__ = [
    "CRSError",
    "ControlPointsError",
    "DatumShiftUnknownError",
    "MissingCRSError",
    "OffsetUndefinedError",
    "OutsideWorkingAreaError",
    "TooManyVerticesError",
    "UnknownCRSError",
]


class CRSError(SpatialError, ValueError):
    """
    A question about the coordinate system that has no safe answer.

    Parameters
    ----------
    detail
        One English line with the facts.
    remedy
        The next step, one English line.
    code
        What is wrong, as a code: words are made elsewhere.
    """

    def __init__(self, *, detail: str, remedy: str, code: str) -> None:
        super().__init__(f"{detail}. {remedy}.")
        self.detail = detail
        self.remedy = remedy
        self.code = code


class MissingCRSError(CRSError):
    """Nothing says which coordinate system is meant."""

    def __init__(self) -> None:
        super().__init__(
            code="crs_missing",
            detail="No coordinate system is stated",
            remedy="Name it, e.g. EPSG:4528 for CGCS2000 zone 40, or add the .prj",
        )


class UnknownCRSError(CRSError):
    """
    A coordinate system that cannot be read, contradicts itself, or cannot be used.

    Parameters
    ----------
    source
        What was given.
    reason
        Why it is not used, one English line.
    """

    def __init__(self, *, source: str, reason: str) -> None:
        shown = source if len(source) <= 120 else source[:117] + "..."
        super().__init__(
            code="crs_unknown",
            detail=f"{shown!r} is not a usable coordinate system: {reason}",
            remedy="Name it by its EPSG code, e.g. EPSG:4490 or EPSG:4528",
        )
        self.source = source
        self.reason = reason


class DatumShiftUnknownError(CRSError):
    """
    A datum from which no published parameters lead to CGCS2000.

    Parameters
    ----------
    system
        Code or name of the coordinate system.
    datum
        ``xian80``, ``beijing54`` or ``unknown``.
    """

    def __init__(self, *, system: str, datum: str) -> None:
        named = {"xian80": "Xi'an 1980", "beijing54": "Beijing 1954"}.get(datum, "of a datum not known here")
        super().__init__(
            code="datum_shift_unknown",
            detail=f"{system} is {named}; its shift to CGCS2000 (some 50-150 m) is not published",
            remedy="Have the data transformed to CGCS2000 by the surveying office that holds the parameters, "
            "or name the right system if this one is not it",
        )
        self.system = system
        self.datum = datum


class OutsideWorkingAreaError(CRSError):
    """
    A coordinate that is not finite, or lies outside 60-150 E, 0-60 N.

    Parameters
    ----------
    record
        Position of the geometry in the array, from 0.
    lon, lat
        The first such coordinate in degrees, or None where it has none.
    x, y
        The coordinate as it was given.
    """

    def __init__(self, *, record: int, lon: float | None, lat: float | None, x: float, y: float) -> None:
        place = "no place on the Earth" if lon is None or lat is None else f"{lon:.6f} E, {lat:.6f} N"
        super().__init__(
            code="outside_working_area",
            detail=f"Geometry {record}: ({x}, {y}) is {place}, not within 60-150 E, 0-60 N",
            remedy="Check the coordinate system, the zone and the order of the columns",
        )
        self.record = record
        self.lon = lon
        self.lat = lat
        self.x = x
        self.y = y


class OffsetUndefinedError(CRSError):
    """
    A coordinate where GCJ-02 and BD-09 are not defined: not finite, or not in China.

    Parameters
    ----------
    lon, lat
        The first such coordinate, degrees.
    row
        Its position in the array, from 0.
    """

    def __init__(self, *, lon: float, lat: float, row: int) -> None:
        super().__init__(
            code="offset_undefined",
            detail=f"Row {row}: GCJ-02 and BD-09 have no value at {lon}, {lat}; they are defined in China only",
            remedy="Check the order of the columns, and whether these are degrees",
        )
        self.lon = lon
        self.lat = lat
        self.row = row


class ControlPointsError(CRSError):
    """
    Control points from which no shift of a datum follows.

    Parameters
    ----------
    kind
        ``3``, ``4`` or ``7`` parameters.
    given, needed
        How many points there are, and the least there must be.
    reason
        Why they are not used, one English line.
    """

    def __init__(self, *, kind: int, given: int, needed: int, reason: str) -> None:
        super().__init__(
            code="control_points",
            detail=f"{given} control points give no {kind}-parameter shift: {reason}",
            remedy=f"Give at least {needed} points known in both systems, spread over and around the data",
        )
        self.kind = kind
        self.given = given
        self.needed = needed


class TooManyVerticesError(SpatialError, ValueError):
    """
    Edges so long that carrying them into another plane would take more vertices than allowed.

    Parameters
    ----------
    vertices
        How many would be added.
    limit
        How many may be.
    """

    def __init__(self, *, vertices: int, limit: int) -> None:
        super().__init__(
            f"{vertices} vertices would have to be added to keep long edges in place, {limit} are allowed. "
            "Check the coordinates, or split the data."
        )
        self.vertices = vertices
        self.limit = limit
