"""
Notices: corners, published extents and zones in words, as features of a layer.

What is printed is kept as printed. A list with a corner that cannot be read is an unreadable feature; an extent in
whole minutes is an outer bound (``docs/contract/verdict.md`` §1); a zone told in words is a feature without a place, or
the stretch of a river line that the user gives.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely

from layers.georeference.model import Georeferenced
from layers.georeference.notice_areas import differing_areas, held_extent
from layers.georeference.notice_names import Told, unplaced
from layers.georeference.notice_words import (
    Ends,
    area_in,
    ends_in,
    name_in,
    nearest_text,
    statements,
    status_in,
    width_in,
    zone_in,
)
from layers.georeference.river_corridors import Marker, along_river, corridor_accuracy
from spatial.accuracy import UNSTATED_LAYER
from spatial.reading.notice import NoticeArea, accuracy_of_area, areas_of, notice_reading, read_document, system_words
from spatial.reading.notice.grouping import Flaw

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from shapely.geometry.base import BaseGeometry

    from layers.model import KindName
    from spatial.accuracy import PositionalAccuracy
    from spatial.datum_shift import Shift
    from spatial.reading.notice import Document

__all__ = ["georeferenced_notice"]

_LONG = 1000
"""Characters of a notice kept in ``remarks``."""


@dataclass(kw_only=True)
class _Item:
    """One feature to be: an area of the notice, its columns, and the shape that a river line gives it."""

    area: NoticeArea
    row: dict[str, Any]
    shape: BaseGeometry | None = None
    ends: Ends | None = None
    accuracy: PositionalAccuracy | None = None


def georeferenced_notice(
    source: str | os.PathLike[str] | bytes,
    *,
    kind: KindName,
    file_name: str | None = None,
    crs: str | int | None = None,
    datum: str | None = None,
    region: BaseGeometry | None = None,
    region_must_hold: bool = True,
    order: Literal["east_first", "north_first"] | None = None,
    shape: Literal["polygon", "point"] | None = None,
    river: shapely.LineString | None = None,
    river_accuracy_m: float = UNSTATED_LAYER.metres,
    river_half_width_m: float | None = None,
    markers: Mapping[str, Marker] | None = None,
    shift: Shift | None = None,
    shift_m: float = 10.0,
) -> Georeferenced:
    """
    The features of a notice.

    Parameters
    ----------
    source, file_name
        A path or the bytes (TXT, DOCX, PDF with a text layer, HTML), and the name for messages.
    kind
        What the layer is: decides which zones in words are features.
    crs, datum, region, region_must_hold, shift, shift_m
        As for `spatial.reading.read`.
    order
        Which coordinate the notice writes first; a list whose numbers say otherwise is unreadable. Sizes decide anyway.
    shape
        What three and more points make where no word says that they are corners.
    river, river_accuracy_m, markers
        A river line (EPSG:4490, drawn downstream), its accuracy (95 %, with what its own datum adds), and named points
        on it: zones between two markers become the stretch, or with a stated width the corridor. ``取水口`` is found by
        itself where the notice gives its place.
    river_half_width_m
        Half the width of the water to each side of the line, 0 where the line is the bank itself. Without it a stated
        width, which counts from the banks, makes no corridor, and the stretch stays a line without extent.

    Returns
    -------
    georeferenced
        Each polygon and extent has its own ``accuracy_m`` for the way it is written, each stretch and corridor that of
        the line and markers it is made of (`corridor_accuracy`); the datum comes on top at import. ``parameters`` say
        for each feature where it stands, how many corners it has and how they are written.

    Raises
    ------
    ReadingError
        If the notice cannot be read, or says of no place.
    CRSError
        If ``crs`` is not understood.

    Examples
    --------
    >>> text = "甲自然保护区位于东经119°37′—120°06′，北纬45°00′—45°26′之间，总面积1000公顷。"
    >>> made = georeferenced_notice(text.encode(), kind="protected_areas", file_name="a.txt")
    >>> row = made.reading.attributes[0]
    >>> made.method, row["name"], row["outer_bound"], round(row["accuracy_m"])
    ('published_extent', '甲自然保护区', 1, 1136)
    """
    document = read_document(source, name=file_name)
    areas = [_ordered(area, order) for area in areas_of(document, shape=shape)]
    items = _items(document, areas, kind)
    if river is not None:
        _lay_along(items, river, river_accuracy_m, dict(markers or {}), half_width_m=river_half_width_m)
    items = _without_repeats(items)
    items += _unplaced(areas, items, kind)
    reading = notice_reading(
        document,
        [item.area for item in items],
        [item.row for item in items],
        geometries=[item.shape for item in items] if any(item.shape is not None for item in items) else None,
        crs=crs,
        datum=datum,
        region=region,
        region_must_hold=region_must_hold,
        shift=shift,
        shift_m=shift_m,
    )
    reading = replace(reading, problems=(*reading.problems, *differing_areas(reading)))
    extents = sum(item.area.kind == "extent" for item in items)
    lists = sum(item.area.kind in {"polygon", "unreadable", "line", "point"} for item in items)
    placed = lists or any(shape is not None for shape in reading.geometries)
    return Georeferenced(
        reading=reading,
        method="published_extent" if extents and not lists else "notice_text" if placed else "declared",
        accuracy=None,
        indicative=any(item.shape is not None for item in items),
        parameters={
            "notice": document.name,
            "format": document.format,
            "system_words": system_words(document),
            "features": [_told(i, item) for i, item in enumerate(items, start=1)],
        },
    )


def _ordered(area: NoticeArea, order: str | None) -> NoticeArea:
    """An area whose numbers stand in another order than the user says is unreadable."""
    if order is None or area.swapped is None or area.swapped == (order == "north_first"):
        return area
    said = "north" if area.swapped else "east"
    flaw = Flaw(code="axis_differs", line=area.first_line, detail=f"its numbers show {said} first")
    return replace(area, kind="unreadable", geometry=None, flaw=flaw)


def _items(document: Document, areas: list[NoticeArea], kind: KindName) -> list[_Item]:
    whole = "\n".join(block.text for block in document.blocks if hasattr(block, "text"))
    title = next((line for line in whole.splitlines() if line.strip()), "")
    items: list[_Item] = []
    for area in areas:
        if area.kind in {"words", "table"}:
            for said in statements(area, kind=kind):
                name = said.name or name_in(title)
                row = _row(said.zone, name, said.text, whole)
                row["declared_area"] = area_in(said.zone, said.text) or None
                items.append(_Item(area=replace(area, geometry=None, text=said.text), row=row, ends=ends_in(said.text)))
            continue
        over = (area.title, *reversed(area.headings))
        name = name_in(*over, area.text[:200], title)
        zone = zone_in(area.title) if area.kind == "point" else zone_in(*over)
        row = _row(zone, name, area.text, whole)
        row["declared_area"] = area_in(zone, area.title, *reversed(area.headings), area.text) or None
        if area.kind == "extent":
            row |= {"georeference_method": "published_extent", "outer_bound": 1}
            area = held_extent(area, row["declared_area"])  # noqa: PLW2901 - or unreadable
        if area.kind in {"extent", "polygon"}:
            row["accuracy_m"] = round(accuracy_of_area(area).metres, 3)
        items.append(_Item(area=area, row=row, ends=ends_in(area.text) if area.kind == "line" else None))
    return items


def _unplaced(areas: list[NoticeArea], items: list[_Item], kind: KindName) -> list[_Item]:
    """Zones that the notice names and that no item is yet, without a place."""
    told = [
        Told(name=item.row["name"] or "", zone=item.row["zone"] or "", headings=item.area.headings) for item in items
    ]
    found = []
    for area, said in unplaced(areas, told, kind=kind):
        row = _row(said.zone, said.name, said.text, "")
        row["declared_area"] = area_in(said.zone, said.text) or None
        found.append(_Item(area=replace(area, geometry=None, text=said.text), row=row))
    return found


def _row(zone: str, name: str, text: str, whole: str) -> dict[str, Any]:
    return {
        "name": name or None,
        "zone": zone or None,
        "status": status_in(whole, name) or None,
        "declared_area": None,
        "georeference_method": "notice_text",
        "outer_bound": None,
        "accuracy_m": None,
        "remarks": nearest_text([text], _LONG) or None,
    }


def _lay_along(
    items: list[_Item],
    river: shapely.LineString,
    river_m: float,
    markers: dict[str, Marker],
    *,
    half_width_m: float | None,
) -> None:
    """
    Zones between two markers, along the river the user gave.

    A width that a notice states counts from the banks: without half the width of the water a corridor around the line
    would be too narrow, so the stretch stays a line, which has no extent.
    """
    intakes = [item.area for item in items if item.area.kind == "point" and item.area.place_kind == "degrees"]
    if len(intakes) == 1 and intakes[0].geometry is not None:
        for word in ("取水口", "取水点"):
            markers.setdefault(word, _markers_of(intakes[0])[0])
    for item in items:
        ends: tuple[Marker, Marker] | None = None
        if item.area.kind == "line" and item.area.place_kind == "degrees" and item.area.geometry is not None:
            one, other = _markers_of(item.area)
            ends = one, other
        elif item.area.kind in {"words", "table"} and item.ends is not None:
            found = [_marker(name, markers) for name, _ in (item.ends.start, item.ends.end)]
            if found[0] is not None and found[1] is not None:
                offsets = item.ends.start[1], item.ends.end[1]
                ends = replace(found[0], offset_m=offsets[0]), replace(found[1], offset_m=offsets[1])
        if ends is None:
            continue
        start, end = ends
        stated_m = width_in(item.area.text)
        width_m = None if stated_m is None or half_width_m is None else stated_m + half_width_m
        item.shape = along_river(river, start=start, end=end, width_m=width_m)
        if item.shape is not None:
            item.accuracy = corridor_accuracy(river, start=start, end=end, river_m=river_m, width_m=width_m)
            item.row["accuracy_m"] = round(item.accuracy.metres, 3)


def _markers_of(area: NoticeArea) -> list[Marker]:
    """The points of an area as markers, as accurate as they are written."""
    accuracy_m = accuracy_of_area(area).metres
    return [Marker(point=shapely.Point(xy), accuracy_m=accuracy_m) for xy in shapely.get_coordinates(area.geometry)]


def _marker(name: str, markers: dict[str, Marker]) -> Marker | None:
    """The one marker whose name is in, or holds, the name in the notice."""
    if name in markers:
        return markers[name]
    near = [marker for own, marker in markers.items() if name and (own in name or name in own)]
    return near[0] if len(near) == 1 else None


def _without_repeats(items: list[_Item]) -> list[_Item]:
    """
    What a notice says twice, once: words beside the corners of the same zone, an extent around its own polygon.

    The words go with the feature that stays, so that the distances they state still hold for a line or a point.
    """
    kept: list[_Item] = []
    for item in items:
        if item.area.kind in {"words", "table"} and item.shape is None and "edges_in_words" not in item.area.warnings:
            same = [one for one in items if one.area.kind in {"polygon", "line"} and _same_zone(one, item)]
            if same:
                for one in same:
                    one.row["remarks"] = nearest_text([one.row["remarks"] or "", item.row["remarks"] or ""], 2 * _LONG)
                continue
        if item.area.kind == "extent" and any(_fills(one, item) for one in items if one.area.kind == "polygon"):
            continue
        kept.append(item)
    return kept


def _same_zone(one: _Item, words: _Item) -> bool:
    zone, said = one.row["zone"] or "", words.row["zone"] or ""
    names = {one.row["name"], words.row["name"]} - {None}
    level = said.removesuffix("水域").removesuffix("陆域")
    return bool(said) and zone in {said, level} and len(names) <= 1


def _fills(polygon: _Item, extent: _Item) -> bool:
    """Whether a polygon of the same name and zone reaches each side of the box within its rounding."""
    names = {polygon.row["name"], extent.row["name"]}
    if polygon.area.place_kind != "degrees" or len(names) > 1 or polygon.row["zone"] != extent.row["zone"]:
        return False
    assert polygon.area.geometry is not None
    assert extent.area.geometry is not None
    assert extent.area.half_units is not None
    lon, lat = extent.area.half_units
    off = np.abs(np.subtract(polygon.area.geometry.bounds, extent.area.geometry.bounds))
    return bool((off <= np.array([lon, lat, lon, lat]) * 1.000001).all())


def _told(number: int, item: _Item) -> dict[str, Any]:
    """What the shape of one feature depends on, for the card."""
    area = item.area
    told: dict[str, Any] = {
        "id": str(number),
        "method": item.row["georeference_method"],
        "heading": area.headings[-1] if area.headings else "",
        "lines": [area.first_line, area.last_line],
    }
    if area.page is not None:
        told["page"] = area.page
    if area.kind == "unreadable" and area.flaw is not None:
        return told | {"unreadable": area.flaw.code, "line": area.flaw.line, "point": area.flaw.point}
    if item.shape is not None:
        terms = () if item.accuracy is None else item.accuracy.terms
        told["along_river"] = {
            "text": item.row["remarks"],
            "width_m": width_in(area.text),
            "accuracy": {term.code: round(term.metres, 3) for term in terms},
        }
    elif area.kind in {"words", "table"}:
        told["words_only"] = True
    if area.half_units is not None:
        told["box"] = [round(v, 9) for v in area.geometry.bounds] if area.geometry is not None else None
        told["half_unit_degrees"] = [round(v, 9) for v in area.half_units]
    if area.written:
        told["corners"] = area.corners
        told["order"] = "north_first" if area.swapped else "east_first"
        told["written"] = area.place_kind
        told["decimals"] = max(one.decimals for one in area.written)
        told["unit"] = sorted({one.unit for one in area.written})
    if item.row["accuracy_m"] is not None:
        told["accuracy_m"] = item.row["accuracy_m"]
    return told
