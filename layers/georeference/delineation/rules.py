"""The figures of a rule, as data (``data/rules``), and which of them a delineation took."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from layers.errors import UnknownFigureError
from spatial.datafiles import data_file, toml_tables

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["HJ338", "Figure", "Numbers", "RulePack", "rule_pack", "usable"]

HJ338 = "hj338-2018.toml"
"""The file of the figures of HJ 338-2018 in ``data/rules``."""

STATED = "U"
"""The mark of a number that the user stated in place of the rule's."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """
    One number of a rule.

    Parameters
    ----------
    code
        What it is, with dots: ``intake.upstream.zone_1``.
    value, unit
        In SI units, as written.
    mark
        ``V`` read in a public source, ``K`` well known but not confirmed in the text of the standard.
    source
        Where it is from.
    zh, en
        What it is, in words.
    """

    code: str
    value: float
    unit: str
    mark: str
    source: str
    zh: str
    en: str


@dataclass(frozen=True, kw_only=True)
class RulePack:
    """The figures of one standard: its name, its title, and the numbers by code."""

    standard: str
    title: str
    figures: Mapping[str, Figure]


NEAREST_M, FARTHEST_M = 0.1, 400_000.0
"""Distances that a zone can be drawn by: less is below any accuracy and takes for ever, more is a wrong unit."""


@cache
def rule_pack(file: str = HJ338) -> RulePack:
    """
    A rule pack of ``data/rules``.

    Examples
    --------
    >>> figure = rule_pack().figures["wells.radius.zone_1.fine_sand"]
    >>> figure.value, figure.unit, figure.mark
    (30.0, 'm', 'K')
    """
    data = toml_tables(data_file("rules", file))
    figures = {
        code: Figure(
            code=code,
            value=float(entry["value"]),
            unit=entry["unit"],
            mark=entry["mark"],
            source=data["sources"][entry["source"]],
            zh=entry["zh"],
            en=entry["en"],
        )
        for code, entry in data["figures"].items()
    }
    return RulePack(standard=data["standard"], title=data["title"], figures=figures)


@dataclass(kw_only=True)
class Numbers:
    """
    The numbers that one delineation takes, in the order in which it asks for them.

    Every number goes through here, so that none can shape a zone without being named in its output.

    Parameters
    ----------
    rules
        The rule pack.
    stated
        Numbers that stand in place of the rule's, by code.

    Raises
    ------
    UnknownFigureError
        If ``stated`` names a figure that the rule has not.
    DelineationError
        If a stated number is not finite or negative.

    Examples
    --------
    >>> numbers = Numbers(stated={"intake.upstream.zone_1": 500.0})
    >>> numbers.of("intake.upstream.zone_1"), numbers.of("intake.downstream.zone_1")
    (500.0, 100.0)
    >>> [(n["code"], n["mark"], n.get("default_value")) for n in numbers.listed()]
    [('intake.upstream.zone_1', 'U', 1000.0), ('intake.downstream.zone_1', 'K', None)]
    """

    rules: RulePack = field(default_factory=rule_pack)
    stated: Mapping[str, float] = field(default_factory=dict)
    _taken: dict[str, dict[str, Any]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Refuse numbers that belong to no figure, before any is used."""
        for code, value in self.stated.items():
            if code not in self.rules.figures:
                raise UnknownFigureError(code=code, known=sorted(self.rules.figures))
            usable(code, value, zero=".downstream." in code, unit=self.rules.figures[code].unit)

    def of(self, code: str) -> float:
        """The number of that name: the one stated, else the rule's."""
        if code not in self.rules.figures:
            raise UnknownFigureError(code=code, known=sorted(self.rules.figures))
        figure = self.rules.figures[code]
        entry: dict[str, Any] = {"code": code, "value": figure.value, "unit": figure.unit, "mark": figure.mark}
        entry |= {"source": figure.source, "zh": figure.zh, "en": figure.en, "default": True}
        if code in self.stated:
            entry |= {"value": float(self.stated[code]), "mark": STATED, "source": "user", "default": False}
            entry["default_value"] = figure.value
        self._taken[code] = entry
        return float(entry["value"])

    def given(self, code: str, value: float, unit: str, *, zh: str, en: str) -> float:
        """A number that no rule has and the user states (a gradient, half a width)."""
        usable(code, value, zero=True, unit="" if code.endswith("_error") else unit)
        self._taken[code] = {"code": code, "value": float(value), "unit": unit, "mark": STATED, "source": "user"}
        self._taken[code] |= {"zh": zh, "en": en, "default": False}
        return float(value)

    def require_all_used(self) -> None:
        """Refuse a number that was stated and had no part in the zones: it was meant for something."""
        from layers.errors import DelineationError

        unused = sorted(set(self.stated) - set(self._taken))
        if unused:
            raise DelineationError(
                detail=f"stated and of no use here: {', '.join(unused)}", remedy="leave it out, or check its name"
            )

    def listed(self) -> list[dict[str, Any]]:
        """What was taken, JSON-ready: code, value, unit, mark, source, words, and whether it is the rule's own."""
        return [dict(entry) for entry in self._taken.values()]


def usable(name: str, value: float, *, zero: bool = False, unit: str = "") -> float:
    """A number that can be used: finite and above 0 (or 0, where that has a meaning), and a distance in metres sane."""
    from layers.errors import DelineationError

    if not (math.isfinite(value) and (value > 0 or (zero and value == 0))):
        raise DelineationError(
            detail=f"{name} is {value!r}", remedy=f"give a finite number {'of at least' if zero else 'above'} 0"
        )
    if unit == "m" and value and not NEAREST_M <= value <= FARTHEST_M:
        raise DelineationError(
            detail=f"{name} is {value:g} m, and no zone is drawn below {NEAREST_M:g} m or beyond {FARTHEST_M:g} m",
            remedy="check the number and its unit",
        )
    return float(value)
