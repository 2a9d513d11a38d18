"""
What a city's ecological-environment plan says, as values: features, facts, indicators, sums and contradictions.

A plan holds names, areas, counts, classes and rules, and not one coordinate. Each fact carries the plan's own
words and their line, so that nothing here has to be believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

from layers.plans.quantities import Span, Unit

__all__ = [
    "ABOUT",
    "FEATURE_KINDS",
    "LAYER_KINDS",
    "STATES",
    "STATUSES",
    "About",
    "Arithmetic",
    "Bound",
    "City",
    "Conflict",
    "DeclaredFeature",
    "Fact",
    "Indicator",
    "Measure",
    "Plan",
    "Quote",
    "Requirement",
    "Rule",
    "StandsFor",
    "State",
    "Status",
]

About = Literal[
    "name", "area", "share", "count", "length", "distance", "volume", "capacity", "class", "target", "status", "rule",
    "date", "location", "other",
]  # fmt: skip
State = Literal["current", "baseline", "target", "planned", "rule", "done"]
Status = Literal["in_force", "planned", "under_construction", "pilot", "unconfirmed", "merged", "cancelled"]
Bound = Literal["at_least", "at_most", "about", "more_than", "less_than"]
StandsFor = Literal["one", "layer", "group"]
Rule = Literal["quotient", "sum", "difference", "product"]

ABOUT: tuple[str, ...] = get_args(About)
STATES: tuple[str, ...] = get_args(State)
STATUSES: tuple[str, ...] = get_args(Status)
LAYER_KINDS = (
    "red_lines",
    "protected_areas",
    "water_sources",
    "control_units",
    "element_zones",
    "monitoring_sections",
    "sensitive_targets",
)
"""Kinds of feature that a workspace holds as layers of the same kind."""
FEATURE_KINDS = (*LAYER_KINDS, "river", "lake", "station", "outfall", "site", "line", "zone", "place")


@dataclass(frozen=True, kw_only=True)
class City:
    """A city with a plan: its key, and the names it is asked for by."""

    key: str
    zh: str
    en: str
    prefix: str
    """The letter its facts are numbered with."""
    pair: str
    """Prefix of the requirements that its summary numbers: ``TEM`` or ``HA``."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """
    What a fact can be measured against in a workspace.

    ``what`` is ``area``, ``share``, ``count``, ``total_area`` or ``class``; ``subject`` the kind of layer or
    feature, or the id of the section for ``class``; ``subset`` a class within the kind (count only).
    """

    what: str
    subject: str | None = None
    subset: str | None = None

    def __str__(self) -> str:
        return ":".join(part for part in (self.what, self.subject, self.subset) if part is not None)


@dataclass(frozen=True, kw_only=True)
class DeclaredFeature:
    """A thing, a whole layer or a group of unnamed things that the plan names. It has no geometry: plans give none."""

    id: str
    name: str
    """As the plan writes it."""
    english: str
    kind: str
    """One of :data:`FEATURE_KINDS`; a layer of that kind where it is one of :data:`LAYER_KINDS`."""
    stands_for: StandsFor
    """``one`` thing; a ``layer`` as a whole (the red line); a ``group`` of things without names (4 reserves)."""
    aliases: tuple[str, ...]
    """Other names of the very same thing; never a stem it shares with others."""
    code: str | None
    level: str | None
    """As in the plan (国家级 …)."""
    status: Status
    """What the plan says of it; ``unconfirmed`` where it says nothing sure."""
    class_: str | None
    """Water class, type of zone …"""
    note_zh: str | None
    note_en: str | None
    conflict: str | None


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One statement: a value or a text, the plan's words for it and their lines."""

    id: str
    section: int
    """0 the document, 1 red line, 2 control units, 3 protected areas, 4 water sources, 5 monitoring, 6 waters,
    7 sites, 8 distances and tables."""
    about: About
    title_zh: str
    title_en: str
    features: tuple[str, ...]
    value: float | int | None
    """As stated, in ``unit``; None where the plan gives no number."""
    unit: Unit | None
    unit_text: str | None
    bound: Bound | None
    """How the number binds (以上, 约 …); None: as it stands."""
    text: str | None
    state: State | None
    year: int | None
    lines: tuple[int, ...]
    quote: str
    """Verbatim; ``……`` where words are left out or a line ends."""
    half_unit: float | None
    """Half of the last digit stated, in ``unit``; 0 for a count; None without a value."""
    requirements: tuple[str, ...]
    measure: Measure | None
    declares_none: str | None
    """A kind of feature of which the plan says that the city has none."""
    conflict: str | None
    note_zh: str | None
    note_en: str | None

    @property
    def span(self) -> Span | None:
        """The values that the stated one may be rounded from, in its unit."""
        if self.value is None or self.half_unit is None:
            return None
        return Span(low=self.value - self.half_unit, high=self.value + self.half_unit)


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """A row of the plan's table of indicators; the words are kept, ``——`` and 不降低 too."""

    no: int
    name: str
    unit: str
    baseline: str
    baseline_value: float | int | None
    target: str
    target_value: float | int | None
    nature: str
    lines: tuple[int, int]
    """First and last line of the row."""
    conflict: str | None
    note_zh: str | None
    note_en: str | None


@dataclass(frozen=True, kw_only=True)
class Arithmetic:
    """What the plan's own numbers imply."""

    id: str
    rule: Rule
    """``quotient`` first / second; ``difference`` first - the others; ``product`` of all; ``sum`` of all but the
    first, which the first is held against."""
    facts: tuple[str, ...]
    result: float
    """As worked out and rounded, in ``unit``; computed again on loading."""
    unit: Unit
    span: Span
    """The least and the most it can be by the rounding of the facts, in ``unit``."""
    against: Measure | str | None
    """What it is held against: a measure, or the id of a fact."""
    title_zh: str
    title_en: str
    note_zh: str | None
    note_en: str | None


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """Statements of one plan that do not go together; both stay."""

    id: str
    facts: tuple[str, ...]
    indicators: tuple[int, ...]
    zh: str
    en: str


@dataclass(frozen=True, kw_only=True)
class Quote:
    """Words of a plan: city, line, text."""

    city: str
    line: int
    quote: str


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """A demand on software that plans imply. The numbers exist twice, so the pair of cities is in the id."""

    id: str
    """``TEM-R1``: 通辽, 二连浩特, 满洲里; ``HA-R1``: 呼和浩特, 阿尔山."""
    cities: tuple[str, ...]
    title_zh: str
    title_en: str
    quotes: tuple[Quote, ...]

    @property
    def number(self) -> int:
        """The number after R."""
        return int(self.id.rpartition("R")[2])


_T = TypeVar("_T", DeclaredFeature, Fact)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One city's plan as data."""

    key: str
    city: str
    english: str
    names: tuple[str, ...]
    districts: tuple[str, ...]
    """Six-digit codes whose union is the city as administered."""
    title: str
    lines: int
    """Lines of the text that the quotes are from."""
    official_area_km2: float | None
    official_area_source: str | None
    features: tuple[DeclaredFeature, ...]
    facts: tuple[Fact, ...]
    indicators: tuple[Indicator, ...]
    arithmetic: tuple[Arithmetic, ...]
    conflicts: tuple[Conflict, ...]

    def feature(self, feature_id: str) -> DeclaredFeature:
        """The feature of an id; ``KeyError`` if there is none."""
        return _of_id(self.features, feature_id)

    def fact(self, fact_id: str) -> Fact:
        """The fact of an id; ``KeyError`` if there is none."""
        return _of_id(self.facts, fact_id)


def _of_id(values: tuple[_T, ...], wanted: str) -> _T:
    for value in values:
        if value.id == wanted:
            return value
    raise KeyError(wanted)
