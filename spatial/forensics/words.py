"""What words, names and tags say about datum, offset, projection and zone; facts in, evidence out."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from spatial.forensics.evidence import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spatial.forensics.hypotheses import Hints, Offset, StatedReference
    from spatial.systems import Datum

__all__ = [
    "DatumFinding",
    "OffsetFinding",
    "datum_finding",
    "is_local",
    "offset_finding",
    "order_of_words",
    "projection_family",
    "zone_hints",
]

_DATUMS: tuple[tuple[Datum, re.Pattern[str]], ...] = (
    (
        "cgcs2000",
        re.compile(r"cgcs[ _-]*2000|国家2000|2000[ _]?(国家|大地|坐标|中国)|china[ _]*(geodetic.*)?2000|大地2000"),
    ),
    (
        "xian80",
        re.compile(
            r"西安[ _]?(19)?80|(?<!\d)(19)?80[ _]?(年(?!代)|西安|坐标|国家)|国家[ _]?(19)?80|xi'?an[ _-]*(19)?80"
        ),
    ),
    (
        "beijing54",
        re.compile(
            r"北京[ _]?(19)?54|(?<!\d)(19)?54[ _]?(年(?!代)|北京|坐标)|bei[ _]?jing[ _-]*(19)?54"
            r"|(?<![a-z])bj[ _-]?(19)?54|krasov|克拉索夫"
        ),
    ),
    ("wgs84", re.compile(r"wgs[ _-]*(19)?84")),
)
_OFFSETS: tuple[tuple[Offset, re.Pattern[str]], ...] = (
    ("gcj02", re.compile(r"gcj[ _-]*0?2|(?<![a-z])gcj|火星")),
    ("bd09", re.compile(r"(?<![a-z])bd[ _-]*0?9|(?<![a-z])bd(?=[_ -]?(lng|lon|lat|x|y))|百度经纬|百度坐标")),
)
# who shifts, and by what; 奥维 writes either, or none
_SERVICES: tuple[tuple[re.Pattern[str], tuple[Offset, ...]], ...] = (
    (re.compile(r"高德|(?<![a-z])(amap|gaode|autonavi)|腾讯|tencent"), ("gcj02",)),
    (re.compile(r"百度|baidu|(?<![a-z])bmap"), ("bd09", "gcj02")),
    (re.compile(r"奥维|ovital|ovkml|ovkmz|ovobj|(?<![a-z])ovmap"), ("gcj02", "bd09")),
)
_LOCAL = re.compile(
    r"独立坐标|独立系|地方坐标|地方独立|工程坐标|城市坐标|施工坐标|建筑坐标|假定坐标|抵偿|local (grid|coord|system)"
)
_UTM = re.compile(r"(?<![a-z])utm(?![a-z])|通用横轴")
_GAUSS = re.compile(
    r"高斯|gau(ss|ß)|kr(u|ü)ger|(?<![a-z])gk(?![a-z])|transverse[ _]*mercator|[3三6六][ _-]*(度|degree)"
)
_WEB = re.compile(r"web[ _-]*mercator|pseudo[ _-]*mercator|web墨卡托|球面墨卡托|3857|900913")
_ZONE = re.compile(r"(?<!\d)(\d{2})(?:号|度)?带|带号\D{0,3}(\d{2})(?!\d)|zone[ _-]*(\d{2})(?!\d)")
_MERIDIAN = re.compile(r"(?:中央子午线|中央经线|(?<![a-z])cm)[^\d]{0,3}(\d{2,3})(?!\d)|(?<!\d)(\d{2,3})[°度]?中央")
_NORTH = re.compile(r"北|纬|north|(?<![a-z])lat|(?<![a-z])[ny](?![a-z])|纵坐标")
_EAST = re.compile(r"东|经|east|(?<![a-z])(lon|lng)|(?<![a-z])e(?![a-z])|横坐标")
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_ONLY_CGCS2000 = (2018, 7, 1)


def _folded(words: Iterable[str]) -> str:
    return "\n".join(unicodedata.normalize("NFKC", word).lower() for word in words)


def _names(hints: Hints) -> str:
    return _folded([hints.file_name, *hints.header_words, *hints.field_names, *(hints.axis_words or ())])


@dataclass(frozen=True, kw_only=True)
class DatumFinding:
    """
    The datum to compute with, and whether anything states it.

    Parameters
    ----------
    datum
        CGCS2000 if nothing states another.
    status
        ``assumed`` if nothing states it, or if words contradict each other.
    evidence
        What that rests on.
    """

    datum: Datum
    status: Literal["stated", "assumed"]
    evidence: tuple[Evidence, ...]


def datum_finding(*, user: str | None, stated: Datum | None, by: str, hints: Hints) -> DatumFinding:
    """
    Datum by the user's word, else the statement, else names and dates, else CGCS2000 assumed.

    Parameters
    ----------
    user
        One of ``DATUM_WORDS``; ``gcj02`` and ``bd09`` say WGS 84 below the offset.
    stated
        Of the system or word stated; ``unknown`` counts as stated.
    by
        Who states it.
    hints
        Names, words and dates.

    Examples
    --------
    >>> from spatial.forensics.hypotheses import Hints
    >>> datum_finding(user=None, stated=None, by="", hints=Hints(file_name="界址点_西安80.csv")).datum
    'xian80'
    """
    if user is not None:
        datum: Datum = user if user in ("cgcs2000", "wgs84", "xian80", "beijing54") else "wgs84"  # type: ignore[assignment]
        return DatumFinding(datum=datum, status="stated", evidence=(Evidence(code="user_datum", value=user),))
    text = _names(hints)
    named = [datum for datum, pattern in _DATUMS if pattern.search(text)]
    if stated is not None:
        said = Evidence(code="stated_datum", value=f"{stated}, {by}")
        old = [datum for datum in named if datum in ("xian80", "beijing54") and datum != stated]
        # A name that speaks of an old datum over new parameters: the statement holds, but proves the datum no more.
        if old and stated in ("cgcs2000", "wgs84") and by != "user":
            differ = Evidence(code="datum_words_differ", value=", ".join(old))
            return DatumFinding(datum=stated, status="assumed", evidence=(said, differ))
        return DatumFinding(datum=stated, status="stated", evidence=(said,))
    if len(named) > 1:
        differ = Evidence(code="datum_words_differ", value=", ".join(named))
        return DatumFinding(datum="cgcs2000", status="assumed", evidence=(differ,))
    if named and (named[0] in ("xian80", "beijing54") or not _only_in_name(named[0], hints)):
        word = Evidence(code="datum_word", value=named[0])
        return DatumFinding(datum=named[0], status="stated", evidence=(word,))
    for day in hints.dates:
        match = _DAY.fullmatch(day.strip())
        if match and tuple(map(int, match.groups())) >= _ONLY_CGCS2000:
            dated = Evidence(code="date_after_2018_07", value=day)
            return DatumFinding(datum="cgcs2000", status="stated", evidence=(dated,))
    assumed = [Evidence(code="datum_word", value=datum) for datum in named]
    assumed.append(Evidence(code="datum_not_shown"))
    return DatumFinding(datum="cgcs2000", status="assumed", evidence=tuple(assumed))


def _only_in_name(datum: Datum, hints: Hints) -> bool:
    """A file is called 2000 for many reasons; words inside it state a datum, its name alone does not."""
    pattern = dict(_DATUMS)[datum]
    return pattern.search(_folded([*hints.header_words, *hints.field_names, *(hints.axis_words or ())])) is None


@dataclass(frozen=True, kw_only=True)
class OffsetFinding:
    """
    Which offsets must be reckoned with.

    Parameters
    ----------
    stated
        The offset that user, tag or column names state; None if none is.
    plain_stated
        Whether something states that there is none.
    possible
        Offsets hinted at, the likeliest first; empty if any is stated, or none.
    evidence
        What that rests on.
    """

    stated: Offset | None
    plain_stated: bool
    possible: tuple[Offset, ...]
    evidence: tuple[Evidence, ...]


def offset_finding(*, user: str | None, stated: StatedReference | None, hints: Hints) -> OffsetFinding:
    """
    Offsets by the user's word, the tags of 奥维, the words over the columns, and hints.

    Without any of them GCJ-02 and BD-09 are not reckoned with: most files are not shifted, and numbers never show it.

    Parameters
    ----------
    user
        As for `datum_finding`.
    stated
        A whole statement by the user counts as plain.
    hints
        Names, words and tags.

    Examples
    --------
    >>> from spatial.forensics.hypotheses import Hints
    >>> offset_finding(user=None, stated=None, hints=Hints(file_name="高德POI.csv")).possible
    ('gcj02',)
    """
    if user in ("gcj02", "bd09"):
        return _stated(user, "user", user)  # type: ignore[arg-type]
    if user is not None:
        return _plain("user", user)
    if stated is not None and stated.source == "user" and stated.text is not None:
        return _plain("user", str(stated.text)[:40])
    text = _names(hints)
    possible: list[Offset] = []
    found: list[Evidence] = []
    tags = {tag.strip().upper().replace("-", "").replace("_", "") for tag in hints.ov_coord_types if tag.strip()}
    over = _folded(hints.axis_words or ())
    named = [offset for offset, pattern in _OFFSETS if pattern.search(over)]
    unshifted = bool(tags) and tags <= {"CGCS2000", "WGS84"}
    for offset, pattern in _OFFSETS:
        match = pattern.search(text)
        if match:
            possible.append(offset)
            found.append(Evidence(code="offset_hint", value=match[0]))
    ovital = _SERVICES[-1][0]
    for pattern, offsets in _SERVICES:
        match = pattern.search(text + "\n" + hints.format.lower())
        if match and not (unshifted and pattern is ovital):
            possible.extend(offsets)
            found.append(Evidence(code="offset_hint", value=match[0]))
    if tags and not unshifted:
        possible.extend(("gcj02", "bd09"))
        found.append(Evidence(code="offset_hint", value="OvCoordType " + ", ".join(sorted(tags))))
        if tags in ({"GCJ02"}, {"BD09"}) and not named:
            return _stated("gcj02" if tags == {"GCJ02"} else "bd09", "OvCoordType", ", ".join(sorted(tags)))
    if len(named) == 1 and not tags:
        return _stated(named[0], "column", over.replace("\n", ", "))
    plain_columns = any(dict(_DATUMS)[datum].search(over) for datum in ("wgs84", "cgcs2000"))
    if plain_columns and not named and not tags:
        return _plain("column", over.replace("\n", ", "))
    if not possible and unshifted:
        return _plain("OvCoordType", ", ".join(sorted(tags)))
    if "bd09" in possible and "gcj02" not in possible:
        possible.append("gcj02")  # what is called 百度 is often only half undone
    return OffsetFinding(
        stated=None, plain_stated=False, possible=tuple(dict.fromkeys(possible)), evidence=tuple(found)
    )


def _stated(offset: Offset, by: str, value: str) -> OffsetFinding:
    said = Evidence(code="offset_stated", value=f"{value}, {by}")
    return OffsetFinding(stated=offset, plain_stated=False, possible=(), evidence=(said,))


def _plain(by: str, value: str) -> OffsetFinding:
    said = Evidence(code="plain_stated", value=f"{value}, {by}")
    return OffsetFinding(stated=None, plain_stated=True, possible=(), evidence=(said,))


def projection_family(stated: StatedReference | None, hints: Hints) -> tuple[str | None, bool]:
    """
    The projection words name (``gauss_kruger``, ``utm``, ``web_mercator``), and whether UTM is hinted at besides.

    Examples
    --------
    >>> from spatial.forensics.hypotheses import Hints, StatedReference
    >>> projection_family(StatedReference(source="header", projection="高斯克吕格"), Hints())
    ('gauss_kruger', False)
    """
    said = _folded([stated.projection or ""]) if stated is not None else ""
    hinted = bool(_UTM.search(_names(hints)))
    for family, pattern in (("utm", _UTM), ("web_mercator", _WEB), ("gauss_kruger", _GAUSS)):
        if pattern.search(said):
            return family, hinted
    return None, hinted


def is_local(stated: StatedReference | None, hints: Hints) -> str | None:
    """The word that names a local system, else None."""
    words = [hints.file_name, *hints.header_words]
    if stated is not None:
        words.append(stated.projection or "")
    match = _LOCAL.search(_folded(words))
    return match[0] if match else None


def zone_hints(hints: Hints) -> frozenset[int]:
    """Central meridians that file name and words speak of (39带, CM117 …), degrees."""
    text = _folded([hints.file_name, *hints.header_words])
    found: set[int] = set()
    for match in _ZONE.finditer(text):
        zone = int(next(group for group in match.groups() if group))
        if 13 <= zone <= 23:
            found.add(6 * zone - 3)
        elif 25 <= zone <= 45:
            found.add(3 * zone)
    for match in _MERIDIAN.finditer(text):
        found.add(int(match[1] or match[2]))
    return frozenset(found)


def order_of_words(axis_words: tuple[str, str] | None) -> bool | None:
    """
    Whether the words over the columns put north first; None if they do not say.

    Chinese survey calls north X, mathematics east: a bare X or Y says nothing.

    Examples
    --------
    >>> order_of_words(("纬度", "经度")), order_of_words(("X", "Y"))
    (True, None)
    """
    if axis_words is None:
        return None
    first, second = (_folded([word]) for word in axis_words)
    if first.strip() in ("x", "y") or second.strip() in ("x", "y"):
        return None
    if _NORTH.search(first) and _EAST.search(second):
        return True
    if _EAST.search(first) and _NORTH.search(second):
        return False
    return None
