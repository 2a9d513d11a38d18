"""
Units and rounding of what plans state: 63.5万公顷 is 635,000 ha to the nearest 500.

Examples
--------
>>> parse_unit("1e4 ha").factor
100000000.0
>>> half_unit("到2025年……65处63.5万公顷", 63.5)
0.05
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Span", "Unit", "combine", "half_unit", "parse_unit", "units"]

# to metres, tonnes, hours …; a unit of no dimension has an empty one
_SIMPLE: dict[str, tuple[float, dict[str, int]]] = {
    "m": (1.0, {"m": 1}), "cm": (0.01, {"m": 1}), "mm": (0.001, {"m": 1}), "km": (1000.0, {"m": 1}),
    "m2": (1.0, {"m": 2}), "km2": (1e6, {"m": 2}), "ha": (1e4, {"m": 2}), "mu": (2000 / 3, {"m": 2}),
    "m3": (1.0, {"m": 3}), "L": (1e-3, {"m": 3}),
    "t": (1.0, {"t": 1}), "kg": (1e-3, {"t": 1}), "g": (1e-6, {"t": 1}), "mg": (1e-9, {"t": 1}),
    "ug": (1e-12, {"t": 1}),
    "tce": (1.0, {"tce": 1}), "yuan": (1.0, {"yuan": 1}), "℃": (1.0, {"℃": 1}), "dB": (1.0, {"dB": 1}),
    "h": (1.0, {"h": 1}), "min": (1 / 60, {"h": 1}), "d": (24.0, {"h": 1}), "month": (8766 / 12, {"h": 1}),
    "a": (8766.0, {"h": 1}), "kW": (1.0, {"kW": 1}), "MW": (1e3, {"kW": 1}), "GW": (1e6, {"kW": 1}),
    "kWh": (1.0, {"kW": 1, "h": 1}), "nGy": (1.0, {"nGy": 1}),
    "person": (1.0, {"person": 1}), "count": (1.0, {}), "1": (1.0, {}), "index": (1.0, {}), "%": (0.01, {}),
}  # fmt: skip
_PREFIX = {"1e3": 1e3, "1e4": 1e4, "1e8": 1e8}
_NUMERALS = re.compile(r"\d+(?:[,，]\d{3})*(?:\.\d+)?")
_CHINESE = re.compile("[零〇一二两三四五六七八九十百千]+|首|唯一|单")
_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_TENS = {"十": 10, "百": 100, "千": 1000}


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A unit a value is stated in: its name, what one of it is in base units, and of which dimension."""

    name: str
    factor: float
    dimension: tuple[tuple[str, int], ...]

    def __str__(self) -> str:
        return self.name

    @property
    def is_count(self) -> bool:
        """Whether it counts things: then the number stated is exact."""
        return self.name in ("count", "person")


@dataclass(frozen=True, kw_only=True)
class Span:
    """The least and the most that a number can be."""

    low: float
    high: float

    def holds(self, value: float, *, slack: float = 0.0) -> bool:
        """Whether a value lies within, give or take ``slack`` and the last bits of a double."""
        bits = 1e-9 * max(abs(self.low), abs(self.high), abs(value))
        return self.low - slack - bits <= value <= self.high + slack + bits


def units() -> tuple[str, ...]:
    """The simple units; they may be divided (``m3/d``) and taken by ten thousand (``1e4 ha``)."""
    return tuple(_SIMPLE)


@lru_cache(maxsize=256)
def parse_unit(text: str) -> Unit:
    """
    A unit from its name.

    Parameters
    ----------
    text
        A simple unit (:func:`units`), several with ``/`` between them, with ``1e3``, ``1e4`` or ``1e8`` before
        them where the plan counts in 千, 万 or 亿.

    Raises
    ------
    ValueError
        If the unit is not known.

    Examples
    --------
    >>> parse_unit("1e4 m3/a").dimension
    (('h', -1), ('m', 3))
    """
    factor = 1.0
    dimension: dict[str, int] = {}
    for place, part in enumerate(text.split("/")):
        prefix, _, name = part.rpartition(" ")
        if name not in _SIMPLE:
            raise ValueError(f"unit {text!r}: {name!r} is none of {' '.join(_SIMPLE)}")
        if prefix and prefix not in _PREFIX:
            raise ValueError(f"unit {text!r}: {prefix!r} is none of {' '.join(_PREFIX)}")
        size, dims = _SIMPLE[name]
        sign = -1 if place else 1
        factor *= (size * _PREFIX.get(prefix, 1.0)) ** sign
        for base, power in dims.items():
            dimension[base] = dimension.get(base, 0) + sign * power
    return Unit(name=text, factor=factor, dimension=_tidy(dimension))


def _tidy(dimension: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((base, power) for base, power in dimension.items() if power))


def half_unit(quote: str, value: float) -> float | None:
    """
    Half of the last digit of a number as a quote states it; None if the quote does not state that number.

    Use it to know which values the stated one may be rounded from. The quote may count in 万 or 亿 where the value
    does not. Chinese numerals are whole numbers, and 首, 唯一 and 单 are one.

    Examples
    --------
    >>> half_unit("占辖区面积比为26.3%", 26.3), half_unit("四镇全部", 4), half_unit("63.5万公顷", 635000)
    (0.05, 0.5, 500.0)
    >>> half_unit("26.3%", 26.4) is None
    True
    """
    for found in _NUMERALS.findall(quote):
        plain = found.replace(",", "").replace("，", "")
        decimals = len(plain.partition(".")[2])
        for scale in (1.0, 1e4, 1e8, 1e3):
            if math.isclose(float(plain) * scale, abs(value), rel_tol=1e-9, abs_tol=1e-12):
                return float(0.5 * scale * 10.0**-decimals) if decimals else 0.5 * scale
    for found in _CHINESE.findall(quote):
        if abs(value) in (_chinese_number(found), *(_DIGITS[c] for c in found if c in _DIGITS)):
            return 0.5
    return None


def _chinese_number(text: str) -> int:
    """三百六十五 as 365; 首, 唯一 and 单 as 1."""
    if text in ("首", "唯一", "单"):
        return 1
    total = digit = 0
    for character in text:
        if character in _TENS:
            total += (digit or 1) * _TENS[character]
            digit = 0
        else:
            digit = _DIGITS[character]
    return total + digit


def combine(
    rule: str, values: Sequence[float], spans: Sequence[Span], stated: Sequence[Unit], unit: Unit
) -> tuple[float, Span]:
    """
    A quotient, product, sum or difference of stated values in a unit, with the least and most it can be.

    Parameters
    ----------
    rule
        ``quotient`` (first / second), ``product`` (of all), ``sum`` (of all but the first), ``difference`` (first
        minus the others).
    values, spans, stated
        Values, what they may be rounded from, and their units; all of one length.
    unit
        Of the result.

    Raises
    ------
    ValueError
        If the units do not make ``unit``, or a divisor may be nought.

    Examples
    --------
    >>> percent, area = parse_unit("%"), parse_unit("km2")
    >>> spans = [Span(low=1055.105, high=1055.115), Span(low=26.25, high=26.35)]
    >>> value, span = combine("quotient", [1055.11, 26.3], spans, [area, percent], area)
    >>> round(value, 1), round(span.low, 1), round(span.high, 1)
    (4011.8, 4004.2, 4019.5)
    """
    if rule == "sum":
        values, spans, stated = values[1:], spans[1:], stated[1:]
    if rule in ("sum", "difference"):
        if any(each.dimension != unit.dimension for each in stated):
            raise ValueError(f"{' and '.join(map(str, stated))} do not add to {unit}")
        signs = [-1.0 if rule == "difference" and place else 1.0 for place in range(len(values))]
        parts = [(sign, each.factor / unit.factor) for sign, each in zip(signs, stated, strict=True)]
        lows = [s * f * (p.low if s > 0 else p.high) for (s, f), p in zip(parts, spans, strict=True)]
        highs = [s * f * (p.high if s > 0 else p.low) for (s, f), p in zip(parts, spans, strict=True)]
        total = math.fsum(s * f * v for (s, f), v in zip(parts, values, strict=True))
        return total, Span(low=math.fsum(lows), high=math.fsum(highs))
    dimension: dict[str, int] = {}
    total = low = high = 1 / unit.factor
    for place, (value, span, each) in enumerate(zip(values, spans, stated, strict=True)):
        divides = rule == "quotient" and place > 0
        for base, power in each.dimension:
            dimension[base] = dimension.get(base, 0) + (-power if divides else power)
        if span.low < 0 or (divides and span.low == 0):
            raise ValueError(f"{value:g} {each} may be nought or less, which no {rule} is made with")
        total *= 1 / (value * each.factor) if divides else value * each.factor
        low *= 1 / (span.high * each.factor) if divides else span.low * each.factor
        high *= 1 / (span.low * each.factor) if divides else span.high * each.factor
    if _tidy(dimension) != unit.dimension:
        raise ValueError(f"the {rule} of {' and '.join(map(str, stated))} is not in {unit}")
    return total, Span(low=low, high=high)
