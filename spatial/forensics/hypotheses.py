"""The words of the forensics: what is stated, what is hinted at, a hypothesis, and the finding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from spatial.accuracy import AccuracyTerm
    from spatial.forensics.evidence import Evidence
    from spatial.systems import CoordinateSystem, Datum

__all__ = ["DATUM_WORDS", "Forensics", "Hints", "Hypothesis", "Offset", "Standing", "StatedReference", "Status"]

Offset = Literal["gcj02", "bd09"]
Standing = Literal["alive", "not_excluded", "dead"]
Status = Literal["given", "proved", "ambiguous", "refused"]
DATUM_WORDS = ("cgcs2000", "wgs84", "xian80", "beijing54", "gcj02", "bd09")
"""What a user may say of the datum. The last two are no datums, but answer the same question."""


@dataclass(frozen=True, kw_only=True)
class StatedReference:
    """
    What the source, or the user, says about the coordinate system; all of it, or parts.

    Parameters
    ----------
    source
        Who says it: ``user``, ``prj``, ``crs_member``, ``header``, ``format`` …; it is printed, and ``user`` overrides
        what names hint at.
    text
        A whole statement as ``spatial.crs.identify`` takes it: a code, WKT, PROJ.
    datum
        The datum a word names, if ``text`` is None.
    width
        3 or 6 degrees.
    zone
        Zone number: 13-23 of 6° zones, 25-45 of 3° zones, or of UTM if ``projection`` says so.
    meridian
        Central meridian, degrees east.
    projection
        Words about the projection as they stand (高斯克吕格, UTM, 独立坐标系 …).
    """

    source: str
    text: str | int | None = None
    datum: Datum | None = None
    width: Literal[3, 6] | None = None
    zone: int | None = None
    meridian: float | None = None
    projection: str | None = None


@dataclass(frozen=True, kw_only=True)
class Hints:
    """
    What the source lets slip without stating it.

    Parameters
    ----------
    format
        Name of the format as in ``Reading.format``.
    file_name
        Name of the file, folders and archive members included where they are known.
    field_names
        Names of all columns or attributes.
    header_words
        Other words: lines above a table, layer names, descriptions.
    ov_coord_types
        Values of the ``OvCoordType`` tags of an export of 奥维.
    axis_words
        The words over the first and the second coordinate column, as they stand.
    dates
        Dates of production as ``YYYY-MM-DD``; others are ignored.
    """

    format: str = ""
    file_name: str = ""
    field_names: tuple[str, ...] = ()
    header_words: tuple[str, ...] = ()
    ov_coord_types: tuple[str, ...] = ()
    axis_words: tuple[str, str] | None = None
    dates: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Hypothesis:
    """
    One way to read the two columns.

    Parameters
    ----------
    code
        ``cgcs2000``, ``wgs84``, ``xian80``, ``beijing54`` (degrees); ``cgcs2000_3_prefix:39``, ``cgcs2000_3:39``,
        ``cgcs2000_6_prefix:20``, ``cgcs2000_6:20`` and the like with other datums (Gauss-Krüger; without a zone where
        a whole family is meant); ``web_mercator``; ``utm:50``; ``gcj02``, ``bd09`` (degrees) and ``web_mercator+gcj02``
        and the like; or the lower-case code of a stated system that is none of these.
    system
        To compute with; None for a family.
    swapped
        Whether the first column is north (latitude), the second east (longitude).
    offset
        The offset to undo after the way to longitude and latitude.
    datum
        Of the system.
    standing
        ``alive``; ``dead``; or ``not_excluded``, for datums that nothing shows or excludes: they make no answer
        ambiguous, since a datum that nothing states is assumed and its metres are in ``accuracy_terms``.
    evidence_for, evidence_against
        What speaks for and against it.
    accuracy_terms
        What datum and offset add to the accuracy of positions, by verdict.md §6; added in squares.
    """

    code: str
    system: CoordinateSystem | None
    swapped: bool
    offset: Offset | None
    datum: Datum
    standing: Standing
    evidence_for: tuple[Evidence, ...] = ()
    evidence_against: tuple[Evidence, ...] = ()
    accuracy_terms: tuple[AccuracyTerm, ...] = ()

    @property
    def alive(self) -> bool:
        """Whether it is one of those an answer must be given under."""
        return self.standing == "alive"


@dataclass(frozen=True, kw_only=True)
class Forensics:
    """
    The hypotheses ranked, and what follows.

    Parameters
    ----------
    hypotheses
        The alive first, the likeliest first of all; then datums not excluded; then the dead.
    status
        ``given`` by user or source, ``proved`` by numbers and region, ``ambiguous`` (the alive ones give several
        places), or ``refused``. It speaks of projection, zone, order of the columns and offset, not of the datum. With
        ``refused`` some may still be alive, as an offer: what is stated contradicts the numbers then.
    datum
        ``assumed`` if nothing states it.
    chosen
        The hypothesis to use; None unless ``given`` or ``proved``.
    evidence
        What is true of the whole source, and why it was refused.
    """

    hypotheses: tuple[Hypothesis, ...]
    status: Status
    datum: Literal["stated", "assumed"]
    chosen: Hypothesis | None
    evidence: tuple[Evidence, ...] = ()

    @property
    def alive(self) -> tuple[Hypothesis, ...]:
        """The hypotheses that an answer must be given under."""
        return tuple(one for one in self.hypotheses if one.alive)
