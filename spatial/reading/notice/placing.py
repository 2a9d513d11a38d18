"""Areas of a notice as a `Reading`: in the coordinates written, with where their CRS comes from."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spatial.accuracy import AccuracyTerm, PositionalAccuracy, assumed_accuracy
from spatial.coordinates import fold
from spatial.crs import identify, to_geographic
from spatial.ellipsoid import metres_per_degree
from spatial.errors import MalformedSourceError
from spatial.reading.assembling import Said, finished
from spatial.reading.draft import Draft, note_notation
from spatial.reading.model import Evidence, Problem, Reading, UnreadableFeature
from spatial.reading.notice.document import Paragraph
from spatial.reading.survey_text import state_header_datum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from spatial.datum_shift import Shift
    from spatial.reading.notice.corners import NoticeArea
    from spatial.reading.notice.document import Document

__all__ = ["accuracy_of_area", "notice_reading", "system_words"]

_SYSTEM = re.compile(
    r"CGCS_?\s*2000|2000\s*(?:国家|中国|大地)(?:\w{0,6}?坐标系?)?|国家\s*2000|2000\s*坐标|西安\s*(?:19)?80|(?:19)?80\s*年?西安|北京\s*(?:19)?54"
    r"|(?:19)?54\s*年?北京|WGS[-_\s]*(?:19)?84|BJ[-_\s]*54|X(?:IA|A)['’]?N[-_\s]*(?:19)?80|BEIJING[-_\s]*(?:19)?54",
    re.IGNORECASE,
)
_ZONE = re.compile(r"(?<!\d)(\d{2})\s*(?:号|度)?带(?!宽)|带号\D{0,3}(\d{2})(?!\d)")
_WIDTH = re.compile(r"(?<!\d)([36三六])\s*[°度]\s*(?:分)?带|几度分带\D{0,2}([36])")
_MERIDIAN = re.compile(r"中央(?:子午线|经线)[^\d]{0,6}\d{2,3}")
_OFFSET = re.compile(r"GCJ[ _-]*0?2|BD[ _-]*0?9(?!\d)|火星|高德|百度|腾讯|奥维|独立坐标|地方坐标|UTM", re.IGNORECASE)
_DATUMS_APART = 100.0
"""Metres between degrees of CGCS2000, Xi'an 80 and Beijing 54, as for projected coordinates of an unstated datum."""
_DAY = re.compile(r"(?<!\d)(\d{4})年(\d{1,2})月(\d{1,2})日")


def accuracy_of_area(area: NoticeArea) -> PositionalAccuracy:
    """
    How far the corners of an area may be off for the way they are written, 95 %, metres; the datum comes on top.

    Corners as tables and typed coordinates (`spatial.accuracy.assumed_accuracy`). A published extent may be off by half
    the unit of the last place that longitude and latitude state, in squares: at the box's corner that is the distance
    from the true corner, and no side is further off.

    Examples
    --------
    >>> from spatial.reading.notice.corners import areas_of
    >>> from spatial.reading.notice.document import read_document
    >>> text = "位于东经119°37′—120°06′，北纬45°00′—45°26′之间"
    >>> round(accuracy_of_area(areas_of(read_document(text.encode()))[0]).metres)  # 926 m and 657 m in squares
    1136
    """
    if area.half_units is not None and area.geometry is not None:
        south, north = area.geometry.bounds[1], area.geometry.bounds[3]
        per_lon, per_lat = metres_per_degree(np.array([south, north]))
        east, up = area.half_units[0] * float(per_lon.max()), area.half_units[1] * float(per_lat.max())
        term = AccuracyTerm(code="extent_rounding", metres=float(np.hypot(east, up)))
        return PositionalAccuracy(metres=term.metres, basis=term.code, terms=(term,), assumed=True)
    draft = _drafted(area)
    return assumed_accuracy(
        source="csv", notation=draft.notation or "degrees", decimals=draft.decimals or 0, datum="cgcs2000"
    )


def _drafted(area: NoticeArea) -> Draft:
    draft = Draft(file="", format="notice", source_kind="csv")
    draft.kinds = {"degrees"} if area.place_kind == "degrees" else {"no_prefix"}
    note_notation(area.written, draft)
    return draft


def system_words(document: Document) -> list[str]:
    """The phrases of a notice that speak of its coordinate system, in order, each once."""
    found: list[str] = []
    for block in document.blocks:
        texts = [block.text] if isinstance(block, Paragraph) else [cell for row in block.rows for cell in row]
        for text in texts:
            plain = fold(text)
            for pattern in (_SYSTEM, _ZONE, _WIDTH, _MERIDIAN, _OFFSET):
                found += [match[0][:60] for match in pattern.finditer(plain)]
    return list(dict.fromkeys(found))[:60]


def _stated(document: Document, draft: Draft) -> None:
    """Datum, zone and width by words, where all of them say the same."""
    words = system_words(document)
    draft.header_words += words
    datums = set()
    for word in words:
        match = _SYSTEM.search(word)
        if match:
            one = Draft(file="", format="notice", source_kind="csv")
            state_header_datum(match[0], one)
            datums.add(one.header_datum)
            draft.crs_evidence.append(Evidence(code="header_system", value=match[0]))
    if len(datums) == 1:
        draft.header_datum = datums.pop()
    zones = {int(next(filter(None, match.groups()))) for word in words if (match := _ZONE.search(word))}
    zones = {zone for zone in zones if 13 <= zone <= 23 or 25 <= zone <= 45}
    if len(zones) == 1:
        draft.header_zone = zones.pop()
        draft.crs_evidence.append(Evidence(code="header_zone", value=str(draft.header_zone)))
    widths = {next(filter(None, match.groups())) for word in words if (match := _WIDTH.search(word))}
    if len(widths) == 1:
        draft.header_width = 3 if widths.pop() in "3三" else 6
    if draft.header_zone is not None and (draft.header_width == 3) != (draft.header_zone > 24) and draft.header_width:
        draft.header_width = None


def notice_reading(
    document: Document,
    areas: Sequence[NoticeArea],
    attributes: Sequence[dict[str, Any]],
    *,
    geometries: Sequence[BaseGeometry | None] | None = None,
    crs: str | int | None = None,
    datum: str | None = None,
    region: BaseGeometry | None = None,
    region_must_hold: bool = True,
    shift: Shift | None = None,
    shift_m: float = 10.0,
) -> Reading:
    """
    Areas as features.

    Parameters
    ----------
    document
        The notice.
    areas, attributes
        One feature each, in order; unreadable ones become unreadable features.
    geometries
        In EPSG:4490, instead of those of the areas, where not None (a zone along a river that the user gave).
    crs, datum, region, region_must_hold, shift, shift_m
        As for `spatial.reading.read`; ``crs`` holds for the coordinates in metres if it is projected, else for degrees.

    Returns
    -------
    reading
        In the coordinates written; in EPSG:4490 where the notice uses both degrees and metres, or ``geometries`` are
        given. An area in words has no geometry and stands in ``without_place``.

    Raises
    ------
    MalformedSourceError
        If there is nothing (``no_places``).
    CRSError, ZoneConflictError
        As for `spatial.reading.read`.
    """
    if not areas:
        raise MalformedSourceError(
            file=document.name,
            code="no_places",
            detail="it states no corner, no extent and no zone in words",
            remedy="Give the part of the notice with the coordinates, or its annex",
        )
    made = list(geometries) if geometries is not None else [None] * len(areas)
    families: dict[str, list[int]] = {}
    for i, area in enumerate(areas):
        if area.geometry is not None and made[i] is None and area.kind not in {"words", "table", "unreadable"}:
            families.setdefault("degrees" if area.place_kind == "degrees" else "metres", []).append(i)
    said = Said(crs=crs, datum=datum, region=region, must_hold=region_must_hold, shift=shift, shift_m=shift_m)
    readings = {
        family: _family(document, areas, rows, said, alone=len(families) == 1) for family, rows in families.items()
    }
    return _whole(document, areas, attributes, made=made, families=families, readings=readings)


def _family(document: Document, areas: Sequence[NoticeArea], rows: list[int], said: Said, *, alone: bool) -> Reading:
    """The areas in degrees, or those in metres, through the readers' own way to a CRS."""
    layer = document.name.rsplit(".", 1)[0]
    draft = Draft(
        file=document.name,
        format="notice",
        source_kind="csv",
        encoding=document.encoding,
        encoding_evidence=list(document.encoding_evidence),
    )
    draft.open_layer(layer)
    _stated(document, draft)
    degrees = areas[rows[0]].place_kind == "degrees"
    if degrees:
        draft.header_zone = draft.header_width = None
        draft.header_words = [word for word in draft.header_words if not (_ZONE.search(word) or _MERIDIAN.search(word))]
    for i in rows:
        area = areas[i]
        if area.place_kind == "zone_prefix" and area.zone is not None:
            draft.zones.add(area.zone)
        draft.kinds.add(area.place_kind or "degrees")  # type: ignore[arg-type]
        assert area.geometry is not None
        draft.add(area.geometry, {}, layer=layer, record=area.first_line)
    note_notation([one for i in rows for one in areas[i].written], draft)
    if not any(areas[i].written for i in rows):  # extents alone: each carries its own accuracy
        draft.notation, draft.decimals = "degrees", 6
    last = [block.text for block in document.blocks if isinstance(block, Paragraph)]
    days = [match for text in last for match in _DAY.finditer(fold(text))]
    draft.dates += ["-".join((d[1], d[2].zfill(2), d[3].zfill(2))) for d in days[-1:]]
    if said.crs is not None and not alone and identify(said.crs).is_geographic != degrees:
        said = replace(said, crs=None)
    reading = finished(draft, document.sha256, said, geometry=None)
    if degrees and said.crs is None and said.datum is None and len(_datums(system_words(document))) > 1:
        # which of them a list is in, no word tells for sure: none is assumed without what the others are away
        return replace(reading, accuracy=_doubtful(reading.accuracy))
    return reading


def _doubtful(accuracy: PositionalAccuracy) -> PositionalAccuracy:
    terms = (
        *(t for t in accuracy.terms if not t.code.startswith("datum")),
        AccuracyTerm(code="datum_unstated", metres=_DATUMS_APART),
    )
    return replace(accuracy, metres=sum(t.metres**2 for t in terms) ** 0.5, terms=terms)


def _datums(words: Sequence[str]) -> set[str]:
    """The datums that some words name; WGS 84 and CGCS2000 differ by less than is written, and count as one."""
    found = set()
    for word in words:
        match = _SYSTEM.search(word)
        if match:
            one = Draft(file="", format="notice", source_kind="csv")
            state_header_datum(match[0], one)
            found.add("cgcs2000" if one.header_datum == "wgs84" else str(one.header_datum))
    return found


def _whole(
    document: Document,
    areas: Sequence[NoticeArea],
    attributes: Sequence[dict[str, Any]],
    *,
    made: list[Any],
    families: dict[str, list[int]],
    readings: dict[str, Reading],
) -> Reading:
    layer = document.name.rsplit(".", 1)[0]
    known = {family: reading for family, reading in readings.items() if reading.crs is not None}
    open_ones = {family: reading for family, reading in readings.items() if reading.crs is None}
    given = any(one is not None for one in made)
    turned = len(readings) > 1 or (given and bool(known)) or (given and bool(open_ones))
    shapes: dict[int, Any] = {i: one for i, one in enumerate(made) if one is not None}
    lost: dict[int, Problem] = {}
    for family, reading in readings.items():
        read = {int(one) - 1: shape for one, shape in zip(reading.ids, reading.geometries, strict=True)}
        flat = {int(one.id) - 1: one.problem for one in reading.unreadable}
        rows = families[family]
        placed: dict[int, Any] = read
        if turned and reading.crs is not None:
            keys = list(read)
            placed = dict(zip(keys, to_geographic([read[k] for k in keys], reading.crs), strict=True))
        for k, row in enumerate(rows):
            if k in flat:
                lost[row] = flat[k]
            elif turned and family in open_ones:
                lost[row] = _problem(document, layer, areas[row], "crs_open", remedy="say_crs")
            else:
                shapes[row] = placed[k]
    base = _base(document, readings, turned=turned)
    return _assembled(document, areas, attributes, shapes=shapes, lost=lost, base=base)


def _assembled(
    document: Document,
    areas: Sequence[NoticeArea],
    attributes: Sequence[dict[str, Any]],
    *,
    shapes: dict[int, Any],
    lost: dict[int, Problem],
    base: Reading,
) -> Reading:
    layer = document.name.rsplit(".", 1)[0]
    problems: list[Problem] = []
    unreadable: list[UnreadableFeature] = []
    kept: list[int] = []
    for i, area in enumerate(areas):
        if area.kind == "unreadable" and i not in shapes:
            assert area.flaw is not None
            lost[i] = _problem(document, layer, area, area.flaw.code)
        problems += [
            _problem(document, layer, area, code, remedy="")
            for code in area.warnings
            if i in shapes or area.kind in {"words", "table"}
        ]
        if i in lost:
            unreadable.append(UnreadableFeature(id=str(i + 1), layer=layer, box=None, problem=lost[i]))
        else:
            kept.append(i)
    geometries = np.empty(len(kept), dtype=object)
    geometries[:] = [shapes.get(i) for i in kept]
    return replace(
        base,
        source_sha256=document.sha256,
        layer_names=(layer,),
        geometries=geometries,
        attributes=tuple(dict(attributes[i]) for i in kept),
        ids=tuple(str(i + 1) for i in kept),
        feature_layers=(layer,) * len(kept),
        unreadable=tuple(unreadable),
        problems=tuple(dict.fromkeys([*base.problems, *problems])),
        declared_counts={layer: len(areas)},
        without_place=frozenset(str(i + 1) for i in kept if shapes.get(i) is None),
    )


def _problem(document: Document, layer: str, area: NoticeArea, code: str, *, remedy: str = "correct_line") -> Problem:
    flaw = area.flaw
    return Problem(
        code=code,
        file=document.name,
        layer=layer,
        record=area.first_line if flaw is None else flaw.line,
        point=None if flaw is None else flaw.point,
        detail=(area.title or (area.headings[-1] if area.headings else "")) if flaw is None else flaw.detail,
        remedy=remedy,
    )


def _base(document: Document, readings: dict[str, Reading], *, turned: bool) -> Reading:
    """The reading that tells of CRS and accuracy; of several the one whose datum and offset add most."""
    if not readings:
        layer = document.name.rsplit(".", 1)[0]
        draft = Draft(file=document.name, format="notice", source_kind="csv", encoding=document.encoding, decimals=6)
        draft.open_layer(layer)
        empty = finished(
            draft,
            document.sha256,
            Said(crs=4490, datum=None, region=None, must_hold=True, shift=None, shift_m=10.0),
            geometry=None,
        )
        return replace(empty, crs_evidence=(Evidence(code="no_coordinates", value=""),), problems=())

    def doubt(reading: Reading) -> float:
        return sum(t.metres**2 for t in reading.accuracy.terms if t.code.startswith(("datum", "offset")))

    ranked = sorted(readings.values(), key=lambda one: (one.crs is not None, doubt(one)))
    worst = ranked[-1]
    if not turned:
        return worst
    evidence = tuple(dict.fromkeys(e for reading in readings.values() for e in reading.crs_evidence))
    problems = tuple(dict.fromkeys(p for reading in readings.values() for p in reading.problems))
    status = worst.crs_status if worst.crs is not None else "given"
    return replace(worst, crs=identify(4490), crs_status=status, crs_evidence=evidence, problems=problems)
