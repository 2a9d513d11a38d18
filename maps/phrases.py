"""
Numbers and codes of a result as short phrases for maps and reports, in Chinese or English.

A small overlap is never rounded to none and a nearly whole one never to the whole.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from screening.words import has_word, word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from screening.words import Language

__all__ = ["area", "bearing", "clean", "code_word", "distance", "length", "nearest", "share", "warning_word"]

_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff\U000e0000-\U000e007f]"
)


def clean(text: object) -> str:
    r"""
    Text of a file as it can be shown.

    Control characters, lone surrogates, signs that are no characters, line separators and marks of direction are
    replaced: none of them can be seen, and each can make a text be another than it looks, or a file unreadable.

    Examples
    --------
    >>> clean("A\x00B")
    'A\ufffdB'
    """
    return _CONTROL.sub("\ufffd", str(text))


def code_word(group: str, code: object, language: Language) -> str:
    """
    The words for a code, or the code itself where the catalogue has none (a newer result, a user's own class).

    Examples
    --------
    >>> code_word("class", "priority", "en")
    'priority protection unit'
    """
    key = f"{group}.{code}"
    return word(key, language) if has_word(key) else clean(code)


def warning_word(code: object, language: Language) -> str:
    """
    The words for a warning of a result: its own, else those of the reason of that name.

    Examples
    --------
    >>> warning_word("coverage_not_stated", "en") == code_word("reason", "coverage_not_stated", "en")
    True
    """
    return code_word("warning" if has_word(f"warning.{code}") else "reason", code, language)


def area(square_metres: float, language: Language) -> str:
    """
    An area in square metres, hectares and mu (1 mu = 10,000/15 square metres).

    Examples
    --------
    >>> area(240000.0, "zh")
    '240,000.00 平方米（24.0000 公顷，360.00 亩）'
    """
    units = [
        f"{_at_least(value, digits)} {word(f'unit.{unit}', language)}"
        for value, digits, unit in (
            (square_metres, 2, "square_metres"),
            (square_metres / 1e4, 4, "hectares"),
            (square_metres * 15 / 1e4, 2, "mu"),
        )
    ]
    if language == "zh":
        return f"{units[0]}（{units[1]}，{units[2]}）"
    return f"{units[0]} ({units[1]}, {units[2]})"


def share(fraction: float) -> str:
    """
    A fraction of the site in percent.

    Examples
    --------
    >>> share(0.1234), share(1e-9), share(1.0), share(0.999999)
    ('12.34%', '<0.01%', '100.00%', '>99.99%')
    """
    if 0 < fraction < 0.0001:
        return "<0.01%"
    if 0.9999 < fraction < 1:
        return ">99.99%"
    return f"{100 * fraction:.2f}%"


def distance(metres: float, language: Language) -> str:
    """
    A distance, rounded down: millimetres below 10 m, decimetres below 1 km, whole metres beyond.

    Examples
    --------
    >>> distance(3.2, "en"), distance(512.38, "zh"), distance(12345.6, "en")
    ('3.200 m', '512.3 米', '12,345 m')
    """
    digits = 3 if metres < 10 else 1 if metres < 1000 else 0
    # Results are quantised to 1 mm: a hair is added so that 3.2, which no float holds exactly, is not shown as 3.199.
    floored = math.floor((metres + 1e-7) * 10**digits) / 10**digits
    return f"{floored:,.{digits}f} {word('unit.metres', language)}"


def length(metres: float, language: Language) -> str:
    """
    A length in metres.

    Examples
    --------
    >>> length(1234.5, "en")
    '1,234.50 m'
    """
    return f"{_at_least(metres, 2)} {word('unit.metres', language)}"


def bearing(degrees: float, language: Language) -> str:
    """
    A direction from the site, clockwise from north, as one of eight words and in degrees.

    Examples
    --------
    >>> bearing(41.0, "zh")
    '东北（方位角 41 度）'
    >>> bearing(359.8, "en")
    'north (bearing 0 degrees)'
    """
    direction = word(f"map.direction_{round(degrees / 45) % 8}", language)
    return word("map.bearing", language, direction=direction, degrees=round(degrees) % 360)


def nearest(finding: Mapping[str, Any], language: Language) -> str | None:
    """
    How far the nearest feature of a finding is, or what is known at least; nothing where the site meets one.

    Parameters
    ----------
    finding
        One of ``findings`` or ``context`` of a result.
    language
        ``zh`` or ``en``.

    Examples
    --------
    >>> nearest({"features": [{"distance_m": 3.2, "bearing_deg": 41.0, "relation": "disjoint", "name": "甲"}]}, "zh")
    '甲，3.200 米，东北（方位角 41 度）'
    """
    parts = []
    features = [f for f in finding["features"] if f["distance_m"] is not None and f["relation"] == "disjoint"]
    met = any(f["relation"] != "disjoint" for f in finding["features"])
    if features and not met:
        first = min(features, key=lambda feature: feature["distance_m"])
        words = [clean(first["name"] or first.get("code") or word("map.no_name", language))]
        words.append(distance(first["distance_m"], language))
        if first["bearing_deg"] is not None:
            words.append(bearing(first["bearing_deg"], language))
        parts.append(("，" if language == "zh" else ", ").join(words))
    at_least = finding.get("distance_at_least_m")
    if at_least is not None and not met:
        parts.append(f"{word('note.not_less_than', language)} {distance(at_least, language)}")
    return ("；" if language == "zh" else "; ").join(parts) or None


def _at_least(value: float, digits: int) -> str:
    """A quantity to so many decimals; one that is not nothing is not shown as nothing."""
    if 0 < value < 0.5 * 10**-digits:
        return f"<{10**-digits:.{digits}f}"
    return f"{value:,.{digits}f}"
