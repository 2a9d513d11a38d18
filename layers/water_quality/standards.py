"""The standards of water quality as the project's data hold them: indicators, limits, classes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Literal

from spatial.datafiles import data_file, toml_tables

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Indicator", "Standard", "StandardName", "standard"]

StandardName = Literal["gb3838", "gbt14848"]
_FILES: dict[StandardName, str] = {"gb3838": "gb3838-2002.toml", "gbt14848": "gbt14848-2017.toml"}


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """
    One row of a standard.

    Parameters
    ----------
    code, name, english, aliases
        What it is called; aliases are headers people write.
    unit
        Unit of the limits.
    rule
        ``max``, ``min`` (dissolved oxygen), ``range`` (pH), ``absent`` (无 or 有), ``none`` (no limit for one sample).
    limits
        Worst value that meets each class, best class first; one limit only is met or not and makes no class.
    limits_lake
        The same of lakes and reservoirs; empty: no other.
    ranges
        Lower and upper bound of each class, both included.
    table
        Table of the standard.
    expressed_as
        Element or substance that the limits are expressed as.
    not_detected
        Whether class I asks that it is not detected.
    has_multiple
        Whether a multiple of the limit is computed.
    is_metal
        Cyanide or a heavy metal: first among the main pollutants.
    group
        ``assessed``, ``reference``, ``lake_reference`` or ``none``.
    """

    code: str
    name: str
    english: str
    unit: str
    table: int
    aliases: tuple[str, ...] = ()
    rule: Literal["max", "min", "range", "absent", "none"] = "max"
    limits: tuple[Decimal, ...] = ()
    limits_lake: tuple[Decimal, ...] = ()
    ranges: tuple[tuple[Decimal, Decimal], ...] = ()
    expressed_as: str = ""
    not_detected: bool = False
    has_multiple: bool = True
    is_metal: bool = False
    group: str = "assessed"

    @property
    def is_single(self) -> bool:
        """Whether there is one limit only, which is met or not."""
        return self.rule == "max" and len(self.limits) == 1

    def place(self, value: Decimal) -> int:
        """Place of the best class that a value meets, from 0; one more than there are limits if it meets none."""
        if self.rule == "range":
            inside = (low <= value <= high for low, high in self.ranges)
            return next((at for at, holds in enumerate(inside) if holds), len(self.ranges))
        if self.rule == "min":
            return next((at for at, limit in enumerate(self.limits) if value >= limit), len(self.limits))
        return next((at for at, limit in enumerate(self.limits) if value <= limit), len(self.limits))

    def span(self, low: Decimal, high: Decimal) -> tuple[int, int]:
        """Best and worst place of any value between two."""
        if self.rule != "range":
            return min(self.place(low), self.place(high)), max(self.place(low), self.place(high))
        bounds = {edge for pair in self.ranges for edge in pair if low <= edge <= high}
        nudge = Decimal("1e-12")
        tried = {low, high, *bounds, *(edge + step for edge in bounds for step in (nudge, -nudge))}
        places = [self.place(value) for value in tried if low <= value <= high]
        return min(places), max(places)


@dataclass(frozen=True, kw_only=True)
class Standard:
    """A standard: its number, names, classes (best first, the last met by anything) and indicators."""

    name: StandardName
    number: str
    title: str
    english: str
    classes: tuple[str, ...]
    indicators: tuple[Indicator, ...]

    def indicator(self, code: str) -> Indicator:
        """
        The indicator of a code.

        Raises
        ------
        KeyError
            If there is none.
        """
        found = next((one for one in self.indicators if one.code == code), None)
        if found is None:
            raise KeyError(code)
        return found

    def worse(self, class_: str, other: str) -> bool:
        """Whether one class is worse than another."""
        return self.classes.index(class_) > self.classes.index(other)


@cache
def standard(name: StandardName) -> Standard:
    """
    A standard as the project's data hold it.

    Parameters
    ----------
    name
        ``gb3838`` for surface water, ``gbt14848`` for groundwater. Where each number was read is said in the file.

    Examples
    --------
    >>> len(standard("gb3838").indicators), len(standard("gbt14848").indicators)
    (109, 93)
    >>> str(standard("gb3838").indicator("mercury").limits[0])
    '0.00005'
    """
    given = toml_tables(data_file("rules", _FILES[name]))
    indicators = tuple(_indicator(row, table) for table in (1, 2, 3) for row in given.get(f"table_{table}", ()))
    return Standard(
        name=name,
        number=given["number"],
        title=given["title"],
        english=given["english"],
        classes=tuple(given["classes"]),
        indicators=indicators,
    )


def _indicator(row: Mapping[str, object], table: int) -> Indicator:
    def numbers(key: str) -> tuple[Decimal, ...]:
        given = row.get(key, ())
        return tuple(Decimal(text) for text in given) if isinstance(given, list) else ()

    edges = numbers("ranges")
    aliases = row.get("aliases", ())
    return Indicator(
        code=str(row["code"]),
        name=str(row["name"]),
        english=str(row["english"]),
        unit=str(row["unit"]),
        table=table,
        aliases=tuple(aliases) if isinstance(aliases, list) else (),
        rule=row.get("rule", "max"),  # type: ignore[arg-type]  # the tests of the file hold it to these words
        limits=numbers("limits"),
        limits_lake=numbers("limits_lake"),
        ranges=tuple(zip(edges[::2], edges[1::2], strict=True)),
        expressed_as=str(row.get("as", "")),
        not_detected=bool(row.get("not_detected", False)),
        has_multiple=bool(row.get("multiple", True)),
        is_metal=bool(row.get("metal", False)),
        group=str(row.get("group", "assessed")),
    )
