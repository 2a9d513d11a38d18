"""
A site cut by county, with what the accuracy of the borders leaves open.

Outlines are those of `spatial.boundaries`, of which none is official.
"""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from screening.extent import Extent, extent_of
from spatial.boundary_accuracy import border_accuracy, border_surely_within
from spatial.boundary_store import open_built, outlines_of
from spatial.overlay.distance import distance_to
from spatial.overlay.frame import Frame, bounds_of, boxes_meet, widened
from spatial.overlay.hold import ARC_FACTOR
from spatial.overlay.parts import simple_parts, united_by_dimension

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from screening.site import Site
    from spatial.boundary_store import Built, Place

__all__ = ["DIGITS", "DistrictPiece", "PossibleDistrict", "Split", "pieces_of", "share_of", "split_by_county"]

DIGITS = 9
"""Decimals of a share."""
_ROUNDING = 1e-6
"""What rounding, and measuring a route piece by piece, can leave of a sum of shares."""
_FAR_M = 20_000.0
"""Counties farther away are looked at only where their border is known to be less accurate than this."""
_BUFFERED, _UNBUFFERED = 0.98, 1.02
"""Shares of its distance up to which a buffer reaches for certain, and beyond which it does not: GEOS is 1 % off."""


@dataclass(frozen=True, kw_only=True)
class DistrictPiece:
    """
    What of a site lies in one county.

    Attributes
    ----------
    code, name
        Six digits of GB/T 2260, and the county's name.
    city, province
        Code and name.
    site
        The site cut to the county: geometry and parts, EPSG:4490; all else is the whole site's.
    extent
        Its size.
    share
        Of the site's area; of its length where it has no area; else of its points. Of one site the shares of all
        counties and what lies in none sum to 1.
    length_share
        Of the site's length, where it has both area and length; else None.
    share_between
        The least and the most it can be if the border is off by its accuracy anywhere.
    accuracy_m
        95 % of the outline lies nearer than this to another source; at least what a third source shows; None where no
        second source has the county.
    """

    code: str
    name: str
    city: tuple[str, str]
    province: tuple[str, str]
    site: Site
    extent: Extent
    share: float
    length_share: float | None
    share_between: tuple[float, float] | None
    accuracy_m: float | None


@dataclass(frozen=True, kw_only=True)
class PossibleDistrict:
    """A county that the site lies outside of by no more than the accuracy of its border and of the site (metres)."""

    code: str
    name: str
    city: tuple[str, str]
    distance_m: float
    accuracy_m: float | None


@dataclass(frozen=True, kw_only=True)
class Split:
    """A site by county, counties that are only possible, and what lies in none."""

    pieces: tuple[DistrictPiece, ...]
    possible: tuple[PossibleDistrict, ...]
    uncovered: Extent | None
    uncovered_share: float
    source: str
    source_version: str


def pieces_of(site: Site, *, built: Path | None = None) -> tuple[DistrictPiece, ...]:
    """
    A site cut by county.

    Use it to run anything by county: rules of each city, an answer for each piece.

    Parameters
    ----------
    site
        A placed site, EPSG:4490.
    built
        Folder of the built boundaries; default: the project's own.

    Returns
    -------
    pieces
        By code; no land is in two of them. Empty where the site lies in no county of the store.

    Raises
    ------
    BoundariesNotBuiltError, BoundariesDamagedError
        As for `spatial.boundaries.union`.

    Examples
    --------
    >>> from screening.site import site_of
    >>> [piece.name for piece in pieces_of(site_of(shapely.Point(119.948, 47.176), accuracy_m=5))]
    ['阿尔山市']
    """
    return split_by_county(site, built=built).pieces


def split_by_county(site: Site, *, built: Path | None = None) -> Split:
    """
    A site by county, with the counties that are only possible and with what lies in none.

    Parameters and errors as for `pieces_of`.
    """
    store = open_built(built)
    source = store.sources[0]
    places = store.places[source]
    reach = site.accuracy.metres + site.transformation_m + site.radius_m
    codes = _near(store, places, bounds_of(site.geometry), reach)
    outlines = {code: shapely.from_wkb(wkb) for code, wkb in outlines_of(store.path, source, tuple(codes)).items()}
    rest: Any = site.geometry
    rests: list[Any] = [part.geometry for part in site.parts]
    whole = extent_of(site.geometry)
    found: list[DistrictPiece] = []
    possible: list[PossibleDistrict] = []
    for code, outline in outlines.items():
        inside = _cut(rest, outline)
        if inside is None:
            distance = distance_to(site.geometry, outline)
            if border_surely_within(code, distance - reach - 1.0, built=built):
                continue
            accuracy = border_accuracy(code, built=built)
            if distance <= (accuracy or 0.0) + reach:
                possible.append(
                    PossibleDistrict(
                        code=code,
                        name=places[code].name,
                        city=places[code].city,
                        distance_m=distance,
                        accuracy_m=accuracy,
                    )
                )
            continue
        accuracy = border_accuracy(code, built=built)
        cut = [_cut(part, outline) for part in rests]
        rest, rests = _left(rest, outline), [_left(part, outline) for part in rests]
        extent = extent_of(inside)
        found.append(
            DistrictPiece(
                code=code,
                name=places[code].name,
                city=places[code].city,
                province=places[code].province,
                site=_site_in(site, inside, cut),
                extent=extent,
                share=share_of(extent, whole),
                length_share=round(extent.length_m / whole.length_m, DIGITS)
                if whole.area_m2 > 0 and whole.length_m > 0
                else None,
                share_between=None if accuracy is None else _between(site, outline, accuracy + reach, whole),
                accuracy_m=accuracy,
            )
        )
    uncovered = extent_of(rest)
    left = round(share_of(uncovered, whole), DIGITS)
    some = any(
        round(out / full, DIGITS) > 0 for out, full in zip(astuple(uncovered), astuple(whole), strict=True) if full > 0
    )
    return Split(
        pieces=_whole(found, left),
        possible=tuple(possible),
        uncovered=uncovered if some else None,
        uncovered_share=left,
        source=source,
        source_version=store.version,
    )


def _near(
    store: Built, places: Mapping[str, Place], bounds: tuple[float, float, float, float], reach_m: float
) -> list[str]:
    """Counties whose box comes within their accuracy of the site's box."""
    codes = list(places)
    boxes = np.array([places[code].bounds for code in codes])[:, [0, 2, 1, 3]]
    widest = max([_FAR_M, *(gap.p95_m + 1.0 for gap in store.gaps.values())])
    found = []
    for row in np.flatnonzero(boxes_meet(boxes, widened(bounds, reach_m + widest))):
        gap = store.gaps.get((codes[row],))
        window = widened(bounds, reach_m + max(_FAR_M, 0.0 if gap is None else gap.p95_m + 1.0))
        if boxes_meet(boxes[row : row + 1], window)[0]:
            found.append(codes[row])
    return found


def _cut(geometry: BaseGeometry, outline: BaseGeometry) -> Any:
    """What of a geometry lies in an outline, each dimension for itself; None where it only touches."""
    kept = []
    for part in united_by_dimension(geometry):
        met = simple_parts(shapely.intersection(part, outline))
        if len(met):
            kept += list(met[shapely.get_dimensions(met) == shapely.get_dimensions(part)])
    return _joined(kept)


def _left(geometry: BaseGeometry, outline: BaseGeometry) -> Any:
    kept = []
    for part in united_by_dimension(geometry):
        left = simple_parts(shapely.difference(part, outline))
        if len(left):
            kept += list(left[shapely.get_dimensions(left) == shapely.get_dimensions(part)])
    return shapely.GeometryCollection() if not kept else _joined(kept)


def _joined(parts: Sequence[BaseGeometry]) -> Any:
    if not parts:
        return None
    united = united_by_dimension(np.array(parts, dtype=object))
    return united[0] if len(united) == 1 else shapely.GeometryCollection(united)


def _site_in(site: Site, inside: BaseGeometry, parts: Sequence[BaseGeometry | None]) -> Site:
    """The site cut to a county; ``parts`` are what it holds of each part of the site."""
    kept = [
        replace(part, geometry=cut, declared_area_m2=None)
        for part, cut in zip(site.parts, parts, strict=True)
        if cut is not None
    ]
    kept = [replace(kept[0], geometry=inside)] if len(kept) == 1 else kept
    return replace(site, geometry=inside, parts=tuple(kept), declared_area_m2=None)


def share_of(extent: Extent, whole: Extent) -> float:
    """Share of the highest dimension that the whole has."""
    if whole.area_m2 > 0:
        return extent.area_m2 / whole.area_m2
    return extent.length_m / whole.length_m if whole.length_m > 0 else extent.points / max(whole.points, 1)


def _whole(pieces: Sequence[DistrictPiece], left: float) -> tuple[DistrictPiece, ...]:
    """Shares rounded, the rounding taken by the largest, so that they sum to 1 with what lies in none."""
    if not pieces:
        return ()
    shares = [round(piece.share, DIGITS) for piece in pieces]
    missing = round(1.0 - left - math.fsum(shares), DIGITS)
    if abs(missing) < _ROUNDING:
        largest = max(range(len(shares)), key=shares.__getitem__)
        shares[largest] = round(shares[largest] + missing, DIGITS)
    return tuple(replace(piece, share=share) for piece, share in zip(pieces, shares, strict=True))


def _beyond(plane: BaseGeometry, land: BaseGeometry, metres: float) -> Any:
    """What of a geometry is farther than that from a land; to buffer this takes long, and mostly is not needed."""
    nearest = float(shapely.distance(plane, land))
    west, south, east, north = bounds_of(plane)
    if nearest > _UNBUFFERED * metres:
        return plane
    if nearest + math.hypot(east - west, north - south) < _BUFFERED * metres:
        return shapely.GeometryCollection()
    return _left(plane, shapely.buffer(land, metres))


def _between(site: Site, outline: BaseGeometry, metres: float, whole: Extent) -> tuple[float, float]:
    """The least and the most of the site that lies in a county whose border is off by so much."""
    frame = Frame.around(bounds_of(site.geometry))
    window = widened(bounds_of(site.geometry), 2.5 * metres + 10.0)
    # metres of the frame and of the ellipsoid differ by tan(lat) times the half height in radians at most
    tall = math.tan(math.radians(max(abs(window[1]), abs(window[3])))) * math.radians(window[3] - window[1]) / 2
    margin = (1.003 + tall) * ARC_FACTOR * metres
    land = shapely.box(*window)
    here = frame.to_plane(shapely.intersection(outline, land))
    elsewhere = frame.to_plane(shapely.difference(land, outline))
    plane = frame.to_plane(site.geometry)
    most = plane if shapely.covers(here, plane) else _cut(plane, shapely.buffer(here, margin))
    least = _beyond(plane, elsewhere, margin)
    shares = [
        0.0 if found is None else min(1.0, share_of(extent_of(frame.to_degrees(found)), whole))
        for found in (least, most)
    ]
    return round(shares[0], DIGITS), round(shares[1], DIGITS)
