"""
Coordinates as people write them: decimal degrees, degrees-minutes-seconds, and projected metres of a Chinese grid.

Text becomes numbers here, and two numbers become east and north by their size, never by what a header says: Chinese
survey tables call the northing X. What the numbers cannot tell (the datum, an offset) is left to others.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from spatial.errors import CoordinateError

__all__ = ["Coordinate", "PairKind", "Place", "fold", "parse", "parse_all", "place", "zone_of_easting"]

PairKind = Literal["degrees", "zone_prefix", "no_prefix", "web_mercator", "local"]
Axis = Literal["lon", "lat"]

_LOOKALIKES = str.maketrans(
    {
        "º": "°", "˚": "°", "゜": "°", "∘": "°",
        "‘": "′", "’": "′", "`": "′", "´": "′", "'": "′", "ʹ": "′",
        "“": "″", "”": "″", '"': "″", "ʺ": "″",
        "−": "-", "–": "-", "—": "-", "﹣": "-",
        "、": ",", "。": ".", "【": "[", "】": "]", "〔": "[", "〕": "]",
    }
)  # fmt: skip
_WORDS: dict[str, tuple[Axis, int]] = {
    "东经": ("lon", 1), "西经": ("lon", -1), "北纬": ("lat", 1), "南纬": ("lat", -1),
    "经度": ("lon", 1), "纬度": ("lat", 1), "经": ("lon", 1), "纬": ("lat", 1),
    "LONGITUDE": ("lon", 1), "LATITUDE": ("lat", 1), "LON": ("lon", 1), "LNG": ("lon", 1), "LAT": ("lat", 1),
    "E": ("lon", 1), "W": ("lon", -1), "N": ("lat", 1), "S": ("lat", -1),
}  # fmt: skip
_WORD = "|".join(_WORDS)
_NUMBER = r"\d+(?:\.\d*)?|\.\d+"
_BODY = (
    rf"(?P<deg>\d{{1,3}})\s*(?P<mark>[°度:-])\s*(?P<min>{_NUMBER})(?:\s*[′分:-]\s*(?P<sec>{_NUMBER})?)?\s*[″′秒分]*"
    rf"|(?P<plain>{_NUMBER})(?P<exp>E[+-]?\d+(?![\d.]))?\s*[°度]?"
)
_COORDINATE = re.compile(
    rf"(?:(?P<before>{_WORD})\s*[:=]?\s*)?(?P<sign>[+-])?(?:{_BODY})\s*(?:(?P<after>[EWNS])(?![A-Z\d.+-]))?"
)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_BETWEEN = re.compile(r"[\s,;|()\[\]/]*")

LONGEST = 200
"""Characters of one coordinate; a longer text is none."""

LON_RANGE = (73.0, 136.0)
LAT_RANGE = (3.0, 54.0)
NORTHING_RANGE = (330_000.0, 6_000_000.0)
EASTING_RANGE = (200_000.0, 800_000.0)


@dataclass(frozen=True, kw_only=True)
class Coordinate:
    """
    One number as it was written.

    Parameters
    ----------
    value
        Degrees, or metres; degrees-minutes-seconds are already made decimal degrees.
    notation
        ``dms`` also for degrees and decimal minutes.
    decimals
        Decimals of the last unit written (of the seconds in ``119°45′56.01″``: 2).
    unit
        The last unit written; ``number`` for a plain number.
    axis
        What the text itself says (东经, N, …), if it does.

    Examples
    --------
    >>> parse("东经119°45′56.01″")
    Coordinate(value=119.76555833333333, notation='dms', decimals=2, unit='second', axis='lon')
    """

    value: float
    notation: Literal["decimal", "dms"]
    decimals: int
    unit: Literal["number", "minute", "second"]
    axis: Axis | None


@dataclass(frozen=True, kw_only=True)
class Place:
    """
    Two numbers as east and north.

    Parameters
    ----------
    east, north
        Longitude and latitude in degrees, or easting and northing in metres, as written (a zone prefix stays).
    kind
        What the sizes show; ``local`` fits nothing in China.
    zone
        Zone of the prefix: 13-23 is a 6° zone, 25-45 a 3° zone.
    swapped
        True if the second number written is the east one.
    """

    east: float
    north: float
    kind: PairKind
    zone: int | None
    swapped: bool


def fold(text: str) -> str:
    """
    Full-width and look-alike characters made plain, case kept.

    Examples
    --------
    >>> fold("［属性描述］　１．01，")
    '[属性描述] 1.01,'
    """
    folded = unicodedata.normalize("NFKC", text.translate(_LOOKALIKES).replace("″", "\0"))
    return folded.translate(_LOOKALIKES).replace("\0", "″").replace("′′", "″").replace("\ufeff", "")


def parse(text: str) -> Coordinate:
    """
    One coordinate from the text of a cell.

    Parameters
    ----------
    text
        ``119.7655``, ``119°45′56.01″``, ``119度45分56.01秒``, ``119°45.9335′``, ``N 49-12-43.88``, ``49:12:43.88``,
        with 东经/北纬/E/N before or after; full-width digits and thousands separators are read.

    Returns
    -------
    coordinate
        West and south are negative. ``119.4556`` is decimal degrees, never DD.MMSS.

    Raises
    ------
    CoordinateError
        If the text is no coordinate, or minutes or seconds reach 60.

    Examples
    --------
    >>> parse("N 49-12-43.88").value
    49.21218888888889
    >>> parse("40,482,918.455").value
    40482918.455
    """
    if len(text) > LONGEST:
        raise CoordinateError(code="not_a_coordinate", text=text[:80], detail="this is no coordinate")
    folded = fold(text).strip().upper()
    if _THOUSANDS.fullmatch(folded):
        folded = folded.replace(",", "")
    match = _COORDINATE.fullmatch(folded)
    if match is None:
        raise CoordinateError(code="not_a_coordinate", text=text, detail="this is no coordinate")
    return _coordinate(match, text)


def parse_all(text: str) -> tuple[Coordinate, ...]:
    """
    Every coordinate of a text that holds nothing else.

    Parameters
    ----------
    text
        Coordinates parted by spaces, commas, semicolons, brackets or their own marks.

    Returns
    -------
    coordinates
        In the order written.

    Raises
    ------
    CoordinateError
        If anything else stands in the text.

    Examples
    --------
    >>> [c.value for c in parse_all("117.45,49.58; 117.46,49.59")]
    [117.45, 49.58, 117.46, 49.59]
    >>> [c.axis for c in parse_all("东经113°12′23.048″，北纬22°50′32.808″")]
    ['lon', 'lat']
    """
    folded = fold(text).upper()
    found: list[Coordinate] = []
    position = _skip(folded, 0)
    while position < len(folded):
        match = _COORDINATE.match(folded, position)
        if match is None:
            rest = folded[position : position + 20]
            raise CoordinateError(code="not_a_coordinate", text=text[:80], detail=f"{rest!r} is no coordinate")
        end = match.end()
        after = _skip(folded, end)
        parted = after > end or match.group()[-1].isspace() or end == len(folded)
        if not parted and not _ends_itself(match, folded):
            raise CoordinateError(
                code="not_a_coordinate",
                text=text[:80],
                detail=f"{match.group()[:40]!r} is not parted from what follows",
            )
        found.append(_coordinate(match, text[:80]))
        position = after
    return tuple(found)


def place(first: float, second: float) -> Place:
    """
    East and north of two numbers, by their size.

    Use it for tables and typed text. Longitudes (73-136) and latitudes (3-54) of China do not overlap, a northing
    has at most seven digits before the point and an easting either a zone prefix (eight digits) or six.

    Parameters
    ----------
    first, second
        As written, degrees or metres.

    Returns
    -------
    place
        ``kind`` tells what was recognised. ``local`` keeps the order of Chinese survey, X = north first.

    Raises
    ------
    CoordinateError
        If a number is not finite.

    Examples
    --------
    >>> place(49.5, 117.4).swapped
    True
    >>> place(5453252.01, 40482918.46).zone
    40
    """
    if not (abs(first) < 1e12 and abs(second) < 1e12):
        raise CoordinateError(code="not_finite", text=f"{first}, {second}", detail="not a finite number")
    for east, north, swapped in ((first, second, False), (second, first, True)):
        if _within(east, LON_RANGE) and _within(north, LAT_RANGE):
            return Place(east=east, north=north, kind="degrees", zone=None, swapped=swapped)
        zone = zone_of_easting(east)
        if zone is not None and _within(north, NORTHING_RANGE):
            return Place(east=east, north=north, kind="zone_prefix", zone=zone, swapped=swapped)
    for east, north, swapped in ((second, first, True), (first, second, False)):
        if _within(east, EASTING_RANGE) and _within(north, NORTHING_RANGE):
            return Place(east=east, north=north, kind="no_prefix", zone=None, swapped=swapped)
    for east, north, swapped in ((first, second, False), (second, first, True)):
        if _within(east, (8.1e6, 15.2e6)) and _within(north, (0.33e6, 7.2e6)):
            return Place(east=east, north=north, kind="web_mercator", zone=None, swapped=swapped)
    if abs(second) >= 1e6 > abs(first):
        return Place(east=first, north=second, kind="local", zone=None, swapped=False)
    return Place(east=second, north=first, kind="local", zone=None, swapped=True)


def zone_of_easting(easting: float) -> int | None:
    """
    Zone of an easting with a zone prefix, else None.

    Parameters
    ----------
    easting
        Metres, eight digits: 13-23 a 6° zone, 25-45 a 3° zone (24 is none); the rest must lie where such a zone lies.

    Returns
    -------
    zone
        13-23 or 25-45.

    Examples
    --------
    >>> zone_of_easting(40482918.455), zone_of_easting(20701488.4), zone_of_easting(482918.455)
    (40, 20, None)
    """
    zone, rest = divmod(easting, 1e6)
    if 13 <= zone <= 23 and 200_000 <= rest <= 800_000:
        return int(zone)
    if 25 <= zone <= 45 and 300_000 <= rest <= 700_000:
        return int(zone)
    return None


def _within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


def _skip(text: str, position: int) -> int:
    match = _BETWEEN.match(text, position)
    return match.end() if match else position


def _ends_itself(match: re.Match[str], text: str) -> bool:
    """Whether a coordinate needs no separator: it ends in a mark or a hemisphere, or a word follows."""
    rest = text[match.end() :]
    return match.group()[-1] in "°度′″分秒EWNS" or any(rest.startswith(word) for word in _WORDS)


def _coordinate(match: re.Match[str], text: str) -> Coordinate:
    words = [_WORDS[word] for word in (match["before"], match["after"]) if word]
    if len({axis for axis, _ in words}) > 1:
        raise CoordinateError(code="two_axes", text=text, detail="it names two axes")
    axis, sign = words[-1] if words else (None, 1)
    sign *= -1 if match["sign"] == "-" else 1
    if match["plain"] is not None:
        value = float(match["plain"] + (match["exp"] or ""))
        decimals = len(match["plain"].partition(".")[2])
        return Coordinate(value=sign * value, notation="decimal", decimals=decimals, unit="number", axis=axis)
    if match["mark"] in "-:" and match["sec"] is None:  # 20-5 is a range or a date, no angle
        raise CoordinateError(code="not_a_coordinate", text=text, detail="minutes without seconds need their marks")
    minutes, seconds = float(match["min"]), float(match["sec"] or 0)
    if minutes >= 60 or seconds >= 60:
        raise CoordinateError(code="sixty", text=text, detail="minutes and seconds must be below 60")
    if match["sec"] is not None and "." in match["min"]:
        raise CoordinateError(code="two_fractions", text=text, detail="minutes with decimals and seconds besides")
    last = match["sec"] if match["sec"] is not None else match["min"]
    # one division, so that whole seconds come out as near as a float can
    value = (float(match["deg"]) * 3600 + minutes * 60 + seconds) / 3600
    return Coordinate(
        value=sign * value,
        notation="dms",
        decimals=len(last.partition(".")[2]),
        unit="minute" if match["sec"] is None else "second",
        axis=axis,
    )
