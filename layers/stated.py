"""What words and cells state: numbers, dates, distances, areas; doubt never shortens a distance."""

from __future__ import annotations

import math
import re
import unicodedata
from calendar import monthrange
from datetime import date, datetime, timedelta, timezone
from typing import Literal

__all__ = [
    "AREA_UNITS_M2",
    "areas_stated_m2",
    "distances_stated_m",
    "iso_date",
    "number_stated",
]

AREA_UNITS_M2: dict[str, float] = {"km2": 1e6, "hm2": 1e4, "mu": 2000 / 3, "m2": 1.0}
"""Square metres in each unit that areas are declared in (1 mu = 2000/3 square metres)."""

_CHINA = timezone(timedelta(hours=8))
_NUMBER = r"\d{1,3}(?:[, ]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?(?:e[+-]?\d{1,3})?"
_HAN = "零〇一二两三四五六七八九十百千万亿半点数几"
_FACTOR = r"\s*[多余来几]?\s*(?P<factor>[百千万]?)\s*[多余来]?\s*"
_DISTANCE = re.compile(
    rf"(?:(?P<number>{_NUMBER}){_FACTOR}|(?P<han>[{_HAN}]+?)[多余来]?\s*)"
    r"(?P<unit>公里|千米|海里|英里|华里|里(?![程面外])|kilomet(?:er|re)s?|miles?|km(?![2²a-z])|met(?:er|re)s?|米|m(?![a-z0-9²³/])|(?<=[\d\s多余])k(?![a-z0-9]))"
    r"(?P<half>半)?"
)
_METRES = {"公里": 1000.0, "千米": 1000.0, "km": 1000.0, "k": 1000.0, "海里": 1852.0, "英里": 1609.344}
_METRES |= {"华里": 500.0, "里": 500.0, "米": 1.0, "m": 1.0}
_AREA = re.compile(
    rf"(?P<number>{_NUMBER}){_FACTOR}"
    r"(?P<unit>平方公里|平方千米|平方米|公顷|hm[2²]|km[2²]|m[2²]|ha(?![a-z])|亩|sq\.?\s?km|hectares?)"
)
_AREA_UNIT = {
    "平方公里": "km2",
    "平方千米": "km2",
    "km": "km2",
    "sq": "km2",
    "公顷": "hm2",
    "hm": "hm2",
    "ha": "hm2",
}
_AREA_UNIT |= {"he": "hm2", "亩": "mu", "平方米": "m2", "m2": "m2", "m²": "m2"}
_FACTORS = {"": 1.0, "百": 100.0, "千": 1000.0, "万": 10_000.0}
_DIGITS = {
    "零": 0,
    "〇": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_DIGITS |= {"数": 9, "几": 9}  # 数公里: the most that it can mean
_TENS = {"十": 10, "百": 100, "千": 1000}
_DATE = re.compile(
    r"(?P<y>\d{4})(?:[-/.年](?P<m>\d{1,2})(?:[-/.月](?P<d>\d{1,2})日?)?月?|年)?"
    r"(?:[ t]?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _digits(number: str) -> float:
    return float(number.replace(",", "").replace(" ", ""))


def _han_number(word: str) -> float:
    """Read so that doubt makes it larger: what stands before a stray 点 or 半 is no part of the number."""
    half = 0.5 if word.endswith("半") else 0.0
    whole, _, fraction = (word.removesuffix("半").rsplit("半", 1)[-1]).lstrip("点").partition("点")
    total, section, digit, last = 0, 0, 0, 1
    if whole and all(sign in _DIGITS for sign in whole):  # 一五〇〇
        total = int("".join(str(_DIGITS[sign]) for sign in whole))
    else:
        for sign in whole:
            if sign in _DIGITS:
                digit, last = _DIGITS[sign], last if _DIGITS[sign] else 1
            elif sign in _TENS:
                section += (digit or 1) * _TENS[sign]
                digit, last = 0, _TENS[sign]
            else:
                last = 10_000 if sign == "万" else 100_000_000
                total = ((total + section + digit) or 1) * last
                section = digit = 0
        total += section + digit * max(last // 10, 1)  # 一千五 is 1500, 一千零五 is 1005
    decimals = "".join(str(_DIGITS[sign]) for sign in fraction if sign in _DIGITS)
    return total + (float(f"0.{decimals}") if decimals else 0.0) + half


def distances_stated_m(text: str) -> tuple[float, ...]:
    """
    Every distance that a text states, in metres, in the order of the text.

    Use it where a text must not be understood too narrowly: heights and depths are distances here too,
    数公里 is read as nine kilometres. Areas, volumes and flows are not distances. Chinese numerals are read
    as far as they are plain.

    Returns
    -------
    distances
        Metres, >= 0; ``inf`` for a number too large to hold. Empty if the text states none.

    Examples
    --------
    >>> distances_stated_m("取水口上游１０００米至下游 100m，陆域纵深1.5公里，面积 3 平方公里")
    (1000.0, 100.0, 1500.0)
    >>> distances_stated_m("半径五百米；上溯三点五公里"), distances_stated_m("流量 5 m3/s")
    ((500.0, 3500.0), ())
    """
    found = []
    for match in _DISTANCE.finditer(_plain(text)):
        unit = match["unit"]
        metres = _METRES.get(unit) or (1000.0 if unit.startswith("k") else 1609.344 if unit.startswith("mile") else 1.0)
        if match["han"] is not None:
            word = match["han"]
            if unit == "千米" and ("万" in word or "亿" in word):  # 一万五千米 is 一万五千 米
                word, metres = f"{word}千", 1.0
            count = _han_number(word)
        else:
            count = _digits(match["number"]) * _FACTORS[match["factor"]]
        found.append((count + (0.5 if match["half"] else 0.0)) * metres)
    return tuple(found)


def areas_stated_m2(text: str) -> tuple[float, ...]:
    """
    Every area that a text states together with its unit, in square metres.

    Examples
    --------
    >>> areas_stated_m2("总面积15478.61 km²（其中核心区 2 公顷）")
    (15478610000.0, 20000.0)
    """
    found = []
    for match in _AREA.finditer(_plain(text)):
        unit = match["unit"]
        name = _AREA_UNIT.get(unit) or _AREA_UNIT[unit[:2]]
        found.append(_digits(match["number"]) * _FACTORS[match["factor"]] * AREA_UNITS_M2[name])
    return tuple(found)


def number_stated(value: object) -> float | None:
    """
    The one number that a cell holds, or None: numbers, and text of a single number with or without commas.

    Examples
    --------
    >>> number_stated("１,300.5"), number_stated(7), number_stated("3~5"), number_stated(True)
    (1300.5, 7.0, None, None)
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        number = float(value)
    else:
        text = re.sub(r"\s", "", _plain(str(value)))
        if re.fullmatch(rf"[+-]?(?:{_NUMBER})", text) is None:
            return None
        number = float(text.replace(",", ""))
    return number if math.isfinite(number) else None


def iso_date(value: object, *, edge: Literal["first", "last"] = "first") -> str | None:
    """
    The ISO date (``YYYY-MM-DD``) that a cell states, or None where it states none that can be trusted.

    A year or a month alone is its first or last day, as ``edge`` says. Times with a zone are taken to
    UTC+8. Dates before 1900 are the null dates of some formats, none of ours, and are not understood.

    Examples
    --------
    >>> [iso_date(v) for v in ("2024-01-01", "2024/1/1", 20240101, "２０２４年1月1日", "2024", "01/02/2024")]
    ['2024-01-01', '2024-01-01', '2024-01-01', '2024-01-01', '2024-01-01', None]
    >>> iso_date("2024", edge="last"), iso_date("2024年2月", edge="last"), iso_date("2023-12-31T16:00:00Z")
    ('2024-12-31', '2024-02-29', '2024-01-01')
    """
    try:
        found = _date_of(value, last=edge == "last")
    except (ValueError, OverflowError):
        return None
    return found.isoformat() if found is not None and found.year >= 1900 else None


def _date_of(value: object, *, last: bool) -> date | None:
    if isinstance(value, datetime):
        return (value.astimezone(_CHINA) if value.tzinfo else value).date()
    if isinstance(value, date):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = re.sub(r"\s+", " ", re.sub(r"\s*([年月日/.\-])\s*", r"\1", _plain(str(value)).strip()))
    if re.search(r":\d{2}.*(?:z|[+-]\d{2}:?\d{2})$", text):
        return datetime.fromisoformat(text.upper()).astimezone(_CHINA).date()
    if re.fullmatch(r"\d{8}", text):
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year = int(match["y"])
    month = int(match["m"]) if match["m"] else (12 if last else 1)
    day = int(match["d"]) if match["d"] else (monthrange(year, month)[1] if last else 1)
    return date(year, month, day)
