"""Areas that a notice declares, held against what its corners and extents give."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import shapely

from layers.stated import areas_stated_m2
from spatial.crs import to_geographic
from spatial.errors import OutsideWorkingAreaError
from spatial.measure import ellipsoidal_area
from spatial.reading.model import Problem
from spatial.reading.notice.grouping import Flaw

if TYPE_CHECKING:
    from spatial.reading.model import Reading
    from spatial.reading.notice import NoticeArea

__all__ = ["differing_areas", "held_extent"]

_ALLOWED = 0.01
"""Share by which declared and measured area may differ: what import allows a repair."""


def held_extent(area: NoticeArea, declared: str | None) -> NoticeArea:
    """
    A published extent, unreadable where what it bounds is declared larger than it: one of its numbers is wrong.

    Only then may it be trusted that what lies outside the box is outside the zone.

    Examples
    --------
    >>> from spatial.reading.notice import areas_of, read_document
    >>> text = "位于东经119°37′—119°38′，北纬45°00′—45°01′之间"
    >>> box = areas_of(read_document(text.encode()))[0]
    >>> held_extent(box, "100公顷").kind, held_extent(box, "10万公顷").kind
    ('extent', 'unreadable')
    """
    stated = max(areas_stated_m2(declared or ""), default=0.0)
    if area.kind != "extent" or area.geometry is None or area.half_units is None or stated <= 0:
        return area
    west, south, east, north = area.geometry.bounds
    lon, lat = area.half_units
    widest = shapely.box(west - lon, south - lat, east + lon, north + lat)
    most = float(ellipsoidal_area([widest])[0])
    if stated <= most * (1 + _ALLOWED):
        return area
    detail = f"{stated:.0f} m2 stated, the extent holds {most:.0f} m2"
    return replace(
        area, kind="unreadable", geometry=None, flaw=Flaw(code="area_differs", line=area.first_line, detail=detail)
    )


def differing_areas(reading: Reading) -> tuple[Problem, ...]:
    """
    One problem for each name and zone whose polygons together do not measure what the notice declares, within 1 %.

    Nothing is said where the CRS is open, or where one of the polygons of the notice is unreadable.

    Examples
    --------
    >>> from layers.georeference.model import features_reading
    >>> from spatial.accuracy import stated_accuracy
    >>> made = features_reading(
    ...     [shapely.box(119.5, 49.2, 119.6, 49.3)],  # 81.1 km2
    ...     [{"name": "甲", "zone": None, "declared_area": "16200公顷"}],
    ...     accuracy=stated_accuracy(15),
    ...     source_name="a.txt",
    ...     fmt="notice",
    ... )
    >>> [one.code for one in differing_areas(made)]
    ['area_differs']
    """
    if reading.crs is None or reading.unreadable:
        return ()
    groups: dict[tuple[str, str, str], list[int]] = {}
    for i, row in enumerate(reading.attributes):
        shape = reading.geometries[i]
        if shape is None or not row.get("declared_area") or row.get("outer_bound"):
            continue
        if shapely.get_dimensions(shape) == 2 and shape.is_valid:
            key = str(row.get("name") or ""), str(row.get("zone") or ""), str(row["declared_area"])
            groups.setdefault(key, []).append(i)
    found = []
    for (name, zone, declared), rows in groups.items():
        stated = max(areas_stated_m2(declared), default=0.0)
        try:
            shapes = to_geographic([reading.geometries[i] for i in rows], reading.crs)
        except OutsideWorkingAreaError:
            continue  # import says so
        measured = float(ellipsoidal_area(list(shapes)).sum())
        if stated > 0 and abs(measured - stated) > _ALLOWED * stated:
            detail = f"{name}{zone} {declared}: {measured:.0f} m2"
            found.append(
                Problem(
                    code="area_differs",
                    file=reading.source_name,
                    record=int(reading.ids[rows[0]]),
                    detail=detail,
                    remedy="",
                )
            )
    return tuple(found)
