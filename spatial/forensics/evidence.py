"""What speaks for or against a hypothesis about a coordinate system: a code and the value as found."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CODES", "Evidence"]

CODES: dict[str, str] = {
    # the numbers
    "degrees": "both columns lie where degrees of China lie",
    "zone_prefix": "every easting begins with this zone number",
    "no_prefix": "eastings of at most six digits: no zone number",
    "web_mercator_size": "both columns lie where Web Mercator puts China",
    "order_by_size": "only in this order do the columns lie where east and north lie in China",
    "order_as_words": "the words over the columns say the same order",
    "order_against_words": "the words over the columns say the other order",
    "size": "the numbers are too large or too small for it; the extremes of east and north",
    "within_zone": "all lie inside the zone; the largest distance from its meridian in degrees",
    "beyond_zone": "some lie outside the zone; the largest distance from its meridian in degrees",
    "too_far_from_meridian": "further from the meridian than any work in zones; degrees",
    "outside_china": "the place is outside China; longitude and latitude of its middle",
    "partly_outside_china": "part of it is outside China",
    "same_place": "the same place as this hypothesis",
    "ddmmss_possible": "every number can be read as degrees.minutes seconds too; taken as decimal degrees",
    "local_not_excluded": "a local meridian would give such numbers too; only a zone number or a statement excludes it",
    "utm_not_stated": "UTM is not taken unless something names it; it would lie this far away",
    # statements
    "stated": "the source or the user states it; who and what",
    "stated_zone": "the zone stated",
    "stated_width": "the width of zone stated",
    "stated_meridian": "the central meridian stated",
    "stated_projection": "the projection stated",
    "not_stated": "something else is stated",
    "stated_misfit": "the numbers cannot be of what is stated",
    "stated_contradictory": "what is stated contradicts itself",
    "crs_not_understood": "what is stated cannot be read",
    "local_system": "words name a local system, whose parameters are not known",
    "zone_hint": "a name speaks of this zone or meridian",
    "zone_hint_differs": "a name speaks of another zone or meridian",
    # the region
    "region": "it lies in the region expected; share of it",
    "outside_region": "no part of it lies in the region expected; metres of tolerance",
    # the datum
    "user_datum": "the user's word",
    "stated_datum": "the datum stated",
    "date_after_2018_07": "since 2018-07-01 CGCS2000 is the only datum for new work",
    "datum_word": "a name or header speaks of this datum",
    "datum_words_differ": "names speak of another datum than what is stated, or of several",
    "datum_not_shown": "numbers show no datum: CGCS2000 assumed",
    "datum_not_excluded": "nothing excludes this datum",
    "no_parameters": "its shift to CGCS2000 is not published; parameters or control points are needed",
    "shift_given": "a shift to CGCS2000 is given",
    # the offset
    "offset_stated": "something states this offset",
    "offset_hint": "a name, field or format speaks of a service that shifts",
    "offset_not_hinted": "nothing speaks of a shifting service",
    "offset_other_stated": "something states another offset, or none",
    "plain_stated": "something states that the coordinates are not shifted",
    # no answer
    "no_coordinates": "there is no coordinate",
    "not_finite": "a coordinate is not a finite number; how many",
    "several_zones": "eastings begin with several zone numbers",
    "nothing_fits": "no system known here gives such numbers in China",
    "several_places": "what is left gives this many places",
}
"""Every code and what it says; the value of an `Evidence` holds the particulars."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """
    One fact that a decision rests on.

    Parameters
    ----------
    code
        One of `CODES`.
    value
        As found: a number, a word, a name.
    """

    code: str
    value: str = ""

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(f"no evidence is called {self.code!r}")
