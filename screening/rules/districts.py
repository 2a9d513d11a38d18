"""Whether a site lies in districts, as far as the boundaries that are built can tell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import shapely

from spatial.boundaries import place_names
from spatial.boundary_near import NearBoundary, near_boundary
from spatial.errors import (
    BoundariesDamagedError,
    BoundariesNotBuiltError,
    DataFileMissingError,
    UnknownDistrictError,
    UnmeasuredDistrictError,
)
from spatial.overlay.frame import Frame, bounds_of, boxes_meet, widened
from spatial.overlay.hold import ARC_FACTOR

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from screening.rules.place import Truth

__all__ = ["is_of", "lies_in"]

_SLACK = 1.02
"""Metres of a frame and of the ellipsoid differ by less over the extent of a site."""
_FAR_M = 200_000.0
"""No outline is this far off; the worst that set-up measured of any district is 64 km."""


def lies_in(site: BaseGeometry, prefixes: tuple[str, ...], *, margin_m: float) -> tuple[Truth, str | None]:
    """
    Whether a site lies in the districts whose codes begin with one of some prefixes.

    Outlines are not official: within their accuracy of the border, and across it, the answer is open.

    Parameters
    ----------
    site
        EPSG:4490.
    prefixes
        Two, four or six digits of GB/T 2260.
    margin_m
        The site's own accuracy, metres.

    Returns
    -------
    truth, why
        ``open`` with ``no_boundaries`` (not built, damaged, no such code) or ``near_border``.

    Examples
    --------
    >>> lies_in(shapely.Point(117.45, 49.58), ("150781",), margin_m=5)
    ('yes', None)
    >>> lies_in(shapely.Point(111.7, 40.8), ("1507",), margin_m=5)
    ('no', None)
    """
    try:
        boundary = _boundary(prefixes)
        if not boxes_meet(boundary.boxes, widened(bounds_of(site), margin_m + _FAR_M)).any():
            return "no", None
        accuracy_m = boundary.accuracy_m
    except (
        BoundariesNotBuiltError,
        BoundariesDamagedError,
        DataFileMissingError,
        UnknownDistrictError,
        UnmeasuredDistrictError,
        ValueError,
    ):
        return "open", "no_boundaries"
    frame = Frame.around(bounds_of(site))
    reach = _SLACK * ARC_FACTOR * (margin_m + accuracy_m)
    room = frame.to_degrees(shapely.buffer(frame.to_plane(site), reach))
    known = boundary.within(bounds_of(room))
    if not shapely.intersects(room, known):
        return "no", None
    return ("yes", None) if shapely.covers(known, room) else ("open", "near_border")


def _boundary(prefixes: tuple[str, ...]) -> NearBoundary:
    names = place_names()
    codes: set[str] = set()
    for prefix in prefixes:
        whole = prefix.ljust(6, "0")
        codes |= {whole} if whole in names else {code for code in names if code.startswith(prefix)}
    return near_boundary(sorted(codes))


def is_of(code: str, prefixes: tuple[str, ...]) -> bool:
    """
    Whether a county is one of the districts that some prefixes of codes name.

    Examples
    --------
    >>> is_of("150781", ("1507",)), is_of("150781", ("150700",)), is_of("150781", ("152202",))
    (True, True, False)
    """
    return any(code.startswith(re.sub(r"(?<=..)(00)+$", "", prefix)) for prefix in prefixes)
