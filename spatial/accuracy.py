"""
How accurate a position is when nobody says, and how accuracies combine.

Every figure is a 95 % figure in metres and is printed with what it rests on. Words are made elsewhere,
from the codes here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

__all__ = [
    "LEAST_M",
    "SURVEYED",
    "UNSTATED_LAYER",
    "AccuracyTerm",
    "DatumKnown",
    "Notation",
    "PositionalAccuracy",
    "SourceKind",
    "accuracy_of_scale",
    "assumed_accuracy",
    "combined",
    "parted",
    "restated",
    "stated_accuracy",
]

SourceKind = Literal[
    "survey_txt",
    "dxf",
    "shapefile",
    "geojson",
    "geopackage",
    "filegdb",
    "geoparquet",
    "flatgeobuf",
    "mapinfo",
    "gml",
    "csv",
    "xlsx",
    "typed",
    "kml",
    "ovkml",
    "gpx",
]
"""Where coordinates were read from."""

Notation = Literal["degrees", "projected", "dms", "dm"]
"""Decimal degrees; metres of a projection; degrees, minutes, seconds; degrees and decimal minutes."""

DatumKnown = Literal["cgcs2000", "wgs84", "wgs84_assumed", "unknown_projected"]
"""CGCS2000, or WGS 84, stated; WGS 84 assumed of degrees; CGCS2000 assumed of metres."""

LEAST_M = 0.05
"""No combined accuracy is taken to be better than this, metres."""

_DEGREE_M = 111_300.0
_MINUTE_M = 1_855.0
_SECOND_M = 30.92
_DEGREES_LEAST_M = 5.0
_DRAWN = ("kml", "ovkml", "gpx")
_TABLES = ("csv", "xlsx", "typed")


@dataclass(frozen=True, kw_only=True)
class AccuracyTerm:
    """
    One cause of error.

    Parameters
    ----------
    code
        ``survey``, ``projected_file``, ``vector_degrees``, ``decimals``, ``dms_seconds``,
        ``dms_minutes``, ``drawn``, ``offset_undone``, ``datum_wgs84``, ``datum_wgs84_assumed``,
        ``datum_unstated``, ``stated``, ``scale``, ``boundary_surveyed`` or ``layer_unstated``.
    metres
        Its share, 95 %.
    """

    code: str
    metres: float


@dataclass(frozen=True, kw_only=True)
class PositionalAccuracy:
    """
    How far a position may be off, and why.

    Parameters
    ----------
    metres
        95 %, the root of the sum of the squares of ``terms``.
    basis
        Code of the first term, what the figure rests on.
    terms
        What it is made of.
    assumed
        Whether nobody stated it.
    """

    metres: float
    basis: str
    terms: tuple[AccuracyTerm, ...]
    assumed: bool

    def __float__(self) -> float:
        return self.metres


def _of_terms(*terms: AccuracyTerm, assumed: bool) -> PositionalAccuracy:
    metres = math.hypot(*(term.metres for term in terms))
    return PositionalAccuracy(metres=metres, basis=terms[0].code, terms=terms, assumed=assumed)


SURVEYED = _of_terms(AccuracyTerm(code="boundary_surveyed", metres=1.0), assumed=True)
"""A layer whose boundary was surveyed and marked in the field."""

UNSTATED_LAYER = _of_terms(AccuracyTerm(code="layer_unstated", metres=25.0), assumed=True)
"""A layer about whose accuracy nothing is stated."""


def assumed_accuracy(
    *,
    source: SourceKind,
    notation: Notation,
    decimals: int | None,
    datum: DatumKnown,
    offset_undone: bool = False,
) -> PositionalAccuracy:
    """
    Accuracy of coordinates when nobody states it.

    Parameters
    ----------
    source
        Where they were read from.
    notation
        How they are written. Drawn sources (KML, OVKML, GPX) count as drawn whatever the notation.
    decimals
        The most decimals in the column: of a degree for ``degrees``, of a second for ``dms`` (None or 0:
        whole seconds), of a minute for ``dm``. Needed for degrees in tables and typed text and for
        ``dm``; elsewhere degrees of a file count as 5 m, and metres as 1 m, whatever the decimals.
    datum
        What is known of the datum.
    offset_undone
        Whether GCJ-02 or BD-09 was undone, which leaves some 10 m.

    Returns
    -------
    accuracy
        With its terms; ``assumed`` is true.

    Raises
    ------
    ValueError
        If an argument is none of its values, decimals are negative, or needed and missing.

    Examples
    --------
    >>> assumed_accuracy(source="csv", notation="degrees", decimals=4, datum="cgcs2000").metres
    5.565
    >>> found = assumed_accuracy(
    ...     source="kml", notation="degrees", decimals=None, datum="wgs84", offset_undone=True
    ... )
    >>> [(term.code, term.metres) for term in found.terms]
    [('drawn', 10.0), ('offset_undone', 10.0), ('datum_wgs84', 1.0)]
    """
    for value, allowed in ((source, SourceKind), (notation, Notation), (datum, DatumKnown)):
        if value not in get_args(allowed):
            raise ValueError(f"{value!r} is none of {', '.join(get_args(allowed))}")
    if decimals is not None and decimals < 0:
        raise ValueError(f"decimals must be 0 or more, not {decimals}")
    terms = [_written(source, notation, decimals)]
    if offset_undone:
        terms.append(AccuracyTerm(code="offset_undone", metres=10.0))
    if datum == "wgs84":
        terms.append(AccuracyTerm(code="datum_wgs84", metres=1.0))
    elif datum == "wgs84_assumed":
        terms.append(AccuracyTerm(code="datum_wgs84_assumed", metres=1.0))
    elif datum == "unknown_projected":
        terms.append(AccuracyTerm(code="datum_unstated", metres=100.0))
    return _of_terms(*terms, assumed=True)


def _written(source: SourceKind, notation: Notation, decimals: int | None) -> AccuracyTerm:
    if source in _DRAWN:
        return AccuracyTerm(code="drawn", metres=10.0)
    if notation == "dms":
        metres = _half_unit(_SECOND_M, decimals) if decimals else 15.0
        return AccuracyTerm(code="dms_seconds", metres=metres)
    if notation == "dm":
        if decimals is None:
            raise ValueError("degrees and minutes need the number of decimals of a minute")
        return AccuracyTerm(code="dms_minutes", metres=_half_unit(_MINUTE_M, decimals))
    if notation == "projected":
        surveyed = source in ("survey_txt", "dxf", "shapefile")
        return AccuracyTerm(code="survey" if surveyed else "projected_file", metres=1.0)
    if source in _TABLES:
        if decimals is None:
            raise ValueError("degrees in a table or typed need the number of decimals of their column")
        return AccuracyTerm(code="decimals", metres=_half_unit(_DEGREE_M, decimals))
    return AccuracyTerm(code="vector_degrees", metres=_DEGREES_LEAST_M)


def _half_unit(unit_m: float, decimals: int | None) -> float:
    return max(unit_m / float(2 * 10 ** (decimals or 0)), _DEGREES_LEAST_M)


def stated_accuracy(metres: float) -> PositionalAccuracy:
    """
    Accuracy that the user or the source states.

    Parameters
    ----------
    metres
        95 %, finite and at least 0.

    Raises
    ------
    ValueError
        If it is not.

    Examples
    --------
    >>> stated_accuracy(0.3).assumed
    False
    """
    return _of_terms(AccuracyTerm(code="stated", metres=_checked(metres, "accuracy")), assumed=False)


def restated(accuracy: PositionalAccuracy | None, metres: float, *, code: str = "stated") -> PositionalAccuracy:
    """
    An accuracy whose written part is stated by someone; what datum and offset add stays, in squares.

    Use it for ``--accuracy-m``, ``--scale`` and ``--boundary surveyed``: they speak of the positions as given, not of a
    datum that nothing states (that is ``--datum``).

    Examples
    --------
    >>> drawn = assumed_accuracy(source="geojson", notation="degrees", decimals=None, datum="wgs84")
    >>> round(restated(drawn, 3.0).metres, 4)  # root of 9 + 1
    3.1623
    """
    kept = () if accuracy is None else tuple(t for t in accuracy.terms if t.code.startswith(("datum", "offset")))
    return _of_terms(AccuracyTerm(code=code, metres=_checked(metres, "accuracy")), *kept, assumed=False)


def parted(accuracy: PositionalAccuracy, code: str) -> tuple[PositionalAccuracy, float]:
    """
    An accuracy without one of its terms, and the metres of that term (0 where it has none).

    Use it to hand the share of a datum shift on as that of the transformation.

    Examples
    --------
    >>> terms = (AccuracyTerm(code="survey", metres=3.0), AccuracyTerm(code="datum_shift", metres=4.0))
    >>> whole = PositionalAccuracy(metres=5.0, basis="survey", terms=terms, assumed=True)
    >>> rest, metres = parted(whole, "datum_shift")
    >>> rest.metres, metres
    (3.0, 4.0)
    """
    kept = [t for t in accuracy.terms if t.code != code]
    metres = math.hypot(*(t.metres for t in accuracy.terms if t.code == code))
    return (_of_terms(*kept, assumed=accuracy.assumed) if kept and metres else accuracy), metres if kept else 0.0


def accuracy_of_scale(denominator: float) -> PositionalAccuracy:
    """
    Accuracy of what was drawn at a map scale: 0.5 mm on the map.

    Parameters
    ----------
    denominator
        N of the scale 1:N, finite and above 0.

    Raises
    ------
    ValueError
        If it is not.

    Examples
    --------
    >>> accuracy_of_scale(10_000).metres
    5.0
    """
    if not _checked(denominator, "scale denominator") > 0:
        raise ValueError("scale denominator must be above 0")
    return _of_terms(AccuracyTerm(code="scale", metres=denominator / 2000), assumed=True)


def combined(
    site: float | PositionalAccuracy,
    layer: float | PositionalAccuracy,
    transformation: float | PositionalAccuracy = 0.0,
) -> float:
    """
    Combined accuracy **a** of a site against a layer.

    Parameters
    ----------
    site, layer, transformation
        95 %, metres, each finite and at least 0.

    Returns
    -------
    metres
        Root of the sum of squares, at least 0.05, rounded up to whole millimetres.

    Raises
    ------
    ValueError
        If a part is negative or not finite.

    Examples
    --------
    >>> combined(1, 25)
    25.02
    >>> combined(0, 0)
    0.05
    """
    parts = (_checked(float(part), "accuracy") for part in (site, layer, transformation))
    whole = max(math.hypot(*parts), LEAST_M)
    # A figure that is a whole millimetre but for the last bits of the root stays what it is.
    return math.ceil(whole * 1000 - 1e-9 * max(1.0, whole)) / 1000


def _checked(metres: float, what: str) -> float:
    if not (math.isfinite(metres) and metres >= 0):
        raise ValueError(f"{what} must be finite and at least 0, not {metres}")
    return float(metres)
