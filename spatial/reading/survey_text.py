"""The ministry's survey text (勘测定界界址点坐标交换格式, 部标 TXT), as it is really written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import shapely

from spatial.coordinates import Place, fold, parse, place
from spatial.errors import CoordinateError, IncompleteSourceError
from spatial.reading.draft import Draft
from spatial.reading.model import Evidence
from spatial.reading.rings import close, even_odd, self_crossing, split
from spatial.reading.text import decode

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

__all__ = ["is_survey_text", "parse_survey_text", "state_header_datum"]

_FIELDS = ("界址点数", "地块面积", "地块编号", "地块名称", "图形属性", "图幅号", "地块用途", "地类编码")
_MORE = ("TBLX", "DL", "GZQ", "GZH", "BZ")  # of the layout with 13 columns
_KINDS = ("面", "线", "点")
_UNITS_M2 = {"公顷": 1e4, "HM2": 1e4, "HA": 1e4, "亩": 10_000 / 15, "平方米": 1.0, "M2": 1.0, "㎡": 1.0}
_SECTION = re.compile(r"\[\s*([^\]]+?)\s*\]\s*")
_AREA = re.compile(r"([\d.]+)\s*([^\d\s.]*\d?)")


@dataclass(kw_only=True)
class _Parcel:
    line: int
    fields: list[str]
    points: list[tuple[str | None, str | None, float, float]] = field(default_factory=list)
    bad: list[tuple[int, str, str]] = field(default_factory=list)


def is_survey_text(text: str) -> bool:
    r"""
    Whether a text is survey text: it has a section of parcels, or its data begin with a line that ends in ``@``.

    Titles, sections and ``key=value`` lines may stand before that line. A table's header row does not end in ``@``: a
    sign at the end of a line within a cell makes no survey text of a table.

    Examples
    --------
    >>> is_survey_text("[属性描述]\n坐标系=2000国家大地坐标系\n[地块坐标]")
    True
    >>> is_survey_text("4,0.99,1,地块一,面,,,,@\nJ1,1,5450000,40500000"), is_survey_text("名称,X,Y\n\"甲,@\n乙\",1,2")
    (True, False)
    """
    folded = fold(text[:65536])
    if "[地块坐标]" in folded.replace(" ", ""):
        return True
    lines = (line.strip() for line in folded.splitlines())
    first = next((line for line in lines if "," in line and "=" not in line and not _SECTION.match(line)), "")
    return first.endswith("@")


def parse_survey_text(data: bytes, *, file: str, geometry: Literal["point", "line", "polygon"] | None = None) -> Draft:
    """
    Parcels of a survey text.

    Which number is north is told by size (X is north by the format, some writers swap); which rings are holes, by
    even and odd, since ring numbers prove nothing.

    Parameters
    ----------
    data
        The whole file: UTF-8, UTF-16 or GB18030.
    file
        Its name.
    geometry
        Overrides what the parcel lines say (面, 线, 点).

    Returns
    -------
    draft
        One feature a parcel, with its attributes and ``declared_area_m2`` where the declared area has a unit or
        fits one within 1 %. A parcel with a bad line is unreadable.

    Raises
    ------
    IncompleteSourceError
        If it ends in the middle of a line, or holds no parcel.
    """
    text, encoding, evidence = decode(data, file=file)
    draft = Draft(
        file=file,
        format="survey_txt",
        source_kind="survey_txt",
        encoding=encoding,
        encoding_evidence=list(evidence),
        notation="projected",
    )
    layer = file.rsplit(".", 1)[0]
    header: dict[str, str] = {}
    parcels = _lines(text, header)
    if not parcels:
        raise IncompleteSourceError(
            file=file,
            code="no_parcels",
            detail="it holds no parcel",
            remedy="Check that it has a line that ends in @ before its points",
        )
    _take_header(header, draft)
    draft.open_layer(layer)
    draft.declared[layer] = len(parcels)
    for parcel in parcels:
        _add(parcel, layer, geometry, draft)
    return draft


def _lines(text: str, header: dict[str, str]) -> list[_Parcel]:
    parcels: list[_Parcel] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = fold(raw).strip()
        section = _SECTION.match(line)
        if section:
            line = line[section.end() :]
        if not line:
            continue
        if line.endswith("@"):
            parcels.append(_Parcel(line=number, fields=[cell.strip() for cell in line[:-1].split(",")]))
        elif "=" in line and (not parcels or "," not in line.partition("=")[0]):  # sections stand between, too
            key, _, value = line.partition("=")
            header.setdefault(key.strip(), value.strip())
        elif parcels:
            _point(line, number, parcels[-1])
        elif "," in line:  # points without a parcel line
            first = _Parcel(line=number, fields=[])
            _point(line, number, first)
            if first.points or re.match(r"[A-Za-z]?\d+\s*,", line):
                parcels.append(first)
    return parcels


def _point(line: str, number: int, parcel: _Parcel) -> None:
    cells = [cell.strip() for cell in line.rstrip(",").split(",")]
    if len(cells) == 2:
        cells = ["", "", *cells]
    elif len(cells) == 3:
        cells = [cells[0], "", *cells[1:]]
    elif len(cells) == 6:  # 省标: 序号,地块号,圈号,点号,X,Y
        cells = [cells[3], cells[2], *cells[4:]]
    try:
        if len(cells) not in (4, 5):
            raise CoordinateError(code="bad_coordinates", text=line[:80], detail=f"{len(cells)} cells")  # noqa: TRY301
        first, second = parse(cells[2]).value, parse(cells[3]).value
    except CoordinateError as error:
        parcel.bad.append((number, error.code, line[:80]))
        return
    digits = re.sub(r"\D", "", cells[0]) or None
    parcel.points.append((cells[1] or None, digits, first, second))


def _take_header(header: dict[str, str], draft: Draft) -> None:
    system = header.get("坐标系", "")
    draft.header_words += [f"{key}={value}"[:200] for key, value in header.items() if value][:100]
    if system:
        draft.crs_evidence.append(Evidence(code="header_system", value=system))
    state_header_datum(system, draft)
    zone = re.fullmatch(r"\D*(\d{2})\D*", header.get("带号", ""))
    if zone:
        draft.header_zone = int(zone[1])
        draft.crs_evidence.append(Evidence(code="header_zone", value=zone[1]))
    width = re.fullmatch(r"\D*([36])\D*", header.get("几度分带", ""))
    if width:
        draft.header_width = int(width[1])
    day = re.search(r"(\d{4})\D+(\d{1,2})\D+(\d{1,2})", header.get("数据产生日期", ""))
    if day:
        draft.dates.append("-".join((day[1], day[2].zfill(2), day[3].zfill(2))))
    # from that day only CGCS2000 was allowed for new work
    if draft.header_datum is None and not system and day and tuple(map(int, day.groups())) >= (2018, 7, 1):
        draft.header_datum = "cgcs2000"
        draft.crs_evidence.append(Evidence(code="date_after_2018_07", value=header["数据产生日期"]))


def state_header_datum(words: str, draft: Draft) -> None:
    """Take the datum from words like 2000国家大地坐标系, 西安80, 北京54, WGS84."""
    upper = words.upper()
    for marks, datum in (
        (("2000",), "cgcs2000"),
        (("80", "西安"), "xian80"),
        (("54", "北京"), "beijing54"),
        (("WGS", "84"), "wgs84"),
    ):
        if any(mark in upper for mark in marks):
            draft.header_datum = datum
            return


def _places(parcel: _Parcel, draft: Draft) -> list[Place]:
    """All points of a parcel with one order of axes: that of most of them."""
    places = [place(first, second) for _, _, first, second in parcel.points]
    swapped = sum(one.swapped for one in places) * 2 >= len(places)
    kinds = {one.kind for one in places}
    if "local" in kinds:  # sizes prove nothing: as the format has it, X = north first, unless the others tell
        known = [one.swapped for one in places if one.kind != "local"]
        swapped = sum(known) * 2 >= len(known) if known else swapped
    for one in places:
        draft.note(one)
    return [
        one
        if one.swapped == swapped
        else Place(east=one.north, north=one.east, kind=one.kind, zone=one.zone, swapped=swapped)
        for one in places
    ]


def _add(parcel: _Parcel, layer: str, geometry: str | None, draft: Draft) -> None:
    attributes = _attributes(parcel.fields)
    name = attributes.get("地块名称") or attributes.get("地块编号")
    if parcel.bad:
        number, code, line = parcel.bad[0]
        draft.lose(code, layer=layer, record=number, detail=line, remedy="correct_line")
        return
    if not parcel.points:
        draft.lose("no_geometry", layer=layer, record=parcel.line, detail=str(name or ""))
        return
    places = _places(parcel, draft)
    if any(one.kind == "degrees" for one in places):
        draft.notation = "degrees"
    if places and not places[0].swapped and places[0].kind != "degrees":
        draft.warn("axes_swapped", layer=layer, record=parcel.line, detail="easting first")
    points = [(one.east, one.north) for one in places]
    if len({one.kind for one in places}) > 1:  # a number cut short, or a line of another table
        odd = min(range(len(places)), key=lambda i: sum(one.kind == places[i].kind for one in places))
        detail = f"{places[odd].kind}, unlike the other points"
        draft.lose("kind_differs", layer=layer, record=parcel.line, point=parcel.points[odd][1], detail=detail)
        return
    kind = geometry or {"线": "line", "点": "point"}.get(str(attributes.get("图形属性", "")), "polygon")
    made: BaseGeometry | None
    if kind == "point":
        made = shapely.Point(points[0]) if len(points) == 1 else shapely.MultiPoint(points)
        draft.add(made, attributes, layer=layer, record=parcel.line)
        return
    numbered = zip(parcel.points, points, strict=True)
    rings = split([(ring, digits, at) for (ring, digits, _, _), at in numbered])
    box = (min(x for x, _ in points), min(y for _, y in points), max(x for x, _ in points), max(y for _, y in points))
    if kind == "line":
        if any(len(ring) < 2 for ring in rings):
            draft.lose("too_few_points", layer=layer, record=parcel.line, box=box)
            return
        made = shapely.LineString(rings[0]) if len(rings) == 1 else shapely.MultiLineString(rings)
        draft.add(made, attributes, layer=layer, record=parcel.line)
        return
    closed = [close(ring) for ring in rings]
    whole = [ring for ring in closed if ring is not None]
    if len(whole) < len(closed):
        short = next(len(set(ring)) for ring, done in zip(rings, closed, strict=True) if done is None)
        declared = _whole(attributes.get("界址点数"))
        detail = f"a ring of {short} points" + (f"; {declared} are declared" if declared else "")
        draft.lose("too_few_points", layer=layer, record=parcel.line, box=box, detail=detail)
        return
    made = even_odd(whole)
    if made is None:
        draft.lose("ring_crosses", layer=layer, record=parcel.line, box=box, detail=str(name or ""))
        return
    if len(whole) == 1 and (crossing := self_crossing(made, points)) is not None:
        name_of = parcel.points[crossing[0]][1]
        draft.warn("ring_self_crosses", layer=layer, record=parcel.line, point=name_of, detail=crossing[1])
    counted = _whole(attributes.get("界址点数"))
    is_open = [ring[0] != ring[-1] for ring in rings]
    if counted is not None and counted > len(points) and is_open[-1] and not any(is_open[:-1]):
        detail = f"declared {counted}, read {len(points)}, and the last ring does not close"
        draft.lose("count_differs", layer=layer, record=parcel.line, detail=detail, remedy="get_file_again")
        return
    allowed = {0, None, len(points), len(points) + 1, sum(len(ring) - 1 for ring in whole), sum(map(len, whole))}
    if counted not in allowed:
        detail = f"declared {counted}, read {len(points)}"
        draft.warn("count_differs", layer=layer, record=parcel.line, detail=detail)
    _declare_area(attributes, made.area, parcel, layer, draft)
    draft.add(made, attributes, layer=layer, record=parcel.line)


def _attributes(cells: list[str]) -> dict[str, Any]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    fields: tuple[str, ...] = _FIELDS
    if cells[3:4] and cells[3] in _KINDS and cells[4:5] not in [[kind] for kind in _KINDS]:
        fields = _FIELDS[1:]  # some offices leave the number of points out
    if len(cells) == len(fields) + len(_MORE):
        fields += _MORE
    attributes: dict[str, Any] = dict(zip(fields, cells, strict=False))
    attributes |= {f"列{number}": cell for number, cell in enumerate(cells[len(fields) :], start=len(fields) + 1)}
    return attributes


def _whole(text: Any) -> int | None:
    return int(text) if isinstance(text, str) and text.isdecimal() else None


def _declare_area(attributes: dict[str, Any], measured_m2: float, parcel: _Parcel, layer: str, draft: Draft) -> None:
    match = _AREA.fullmatch(str(attributes.get("地块面积", "")).upper())
    if match is None or draft.notation == "degrees":
        return
    try:
        number = float(match[1])
    except ValueError:
        return
    if number == 0:
        return
    unit = _UNITS_M2.get(match[2])
    candidates = [unit] if unit else [1e4, 1.0, 10_000 / 15]
    fits = [factor for factor in candidates if abs(number * factor - measured_m2) <= 0.01 * measured_m2]
    if fits or unit:
        attributes["declared_area_m2"] = number * (fits[0] if fits else candidates[0])
    else:
        attributes["declared_area_m2"] = number * 1e4  # hm², the unit of the format
    if not fits:
        detail = f"declared {attributes['地块面积']}, measured {measured_m2:.1f} m2 in the plane"
        draft.warn("area_differs", layer=layer, record=parcel.line, detail=detail)
