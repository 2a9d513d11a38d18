"""Packs, clauses and conditions as frozen values; what they mean to a site is `screening.rules.matching`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

__all__ = [
    "CONSEQUENCES",
    "HEADINGS",
    "LEVELS",
    "STATES",
    "ActivityLeaf",
    "AllOf",
    "AnswerLeaf",
    "AnyOf",
    "Basis",
    "Clause",
    "Condition",
    "Consequence",
    "DistrictLeaf",
    "FactLeaf",
    "Heading",
    "IndustryLeaf",
    "KindLeaf",
    "Leaf",
    "Level",
    "ModeLeaf",
    "NearLeaf",
    "Not",
    "Pack",
    "State",
    "UnitLeaf",
    "UseLeaf",
    "leaves_of",
]

Heading = Literal["spatial_layout", "pollutant_control", "risk_control", "resource_efficiency"]
Consequence = Literal["prohibited", "restricted", "needs_approval", "requirement", "information"]
Level = Literal["national", "province", "basin", "city", "unit"]
State = Literal["applies", "may_apply", "does_not_apply"]

HEADINGS: tuple[Heading, ...] = get_args(Heading)
"""空间布局约束, 污染物排放管控, 环境风险防控, 资源利用效率."""
CONSEQUENCES: tuple[Consequence, ...] = get_args(Consequence)
"""Strictest first."""
LEVELS: tuple[Level, ...] = get_args(Level)
"""国家, 省, 片区或流域, 市, 单元."""
STATES: tuple[State, ...] = get_args(State)


@dataclass(frozen=True, kw_only=True)
class KindLeaf:
    """The site meets a counted feature of a kind; of some classes, of some names, or (``other``) of a layer by name."""

    kind: str
    classes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As written in a pack."""
        found: dict[str, Any] = {"kind": self.kind}
        lists = {"class": self.classes, "name": self.names, "words": self.words}
        return found | {key: list(values) for key, values in lists.items() if values}


@dataclass(frozen=True, kw_only=True)
class NearLeaf:
    """The site lies within a geodesic distance of something whose name, or whose layer's name, holds a word."""

    words: tuple[str, ...]
    within_m: float

    def to_dict(self) -> dict[str, Any]:
        """As written in a pack."""
        return {"near": list(self.words), "within_m": self.within_m}


@dataclass(frozen=True, kw_only=True)
class DistrictLeaf:
    """The site lies in districts whose GB/T 2260 codes begin so."""

    codes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As written in a pack."""
        return {"district": list(self.codes)}


@dataclass(frozen=True, kw_only=True)
class UnitLeaf:
    """The site lies in one of these control units."""

    codes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As written in a pack."""
        return {"unit": list(self.codes)}


@dataclass(frozen=True, kw_only=True)
class AnswerLeaf:
    """A kind's own answer is one of these."""

    answers: tuple[str, ...]
    kind: str

    def to_dict(self) -> dict[str, Any]:
        """As written in a pack."""
        return {"answer": list(self.answers), "of": self.kind}


@dataclass(frozen=True, kw_only=True)
class ActivityLeaf:
    """The project is one of these activities."""

    tags: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As written in a pack."""
        return {"activity": list(self.tags)}


@dataclass(frozen=True, kw_only=True)
class IndustryLeaf:
    """The project's GB/T 4754 code begins so, or is of this section."""

    codes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As written in a pack."""
        return {"industry": list(self.codes)}


@dataclass(frozen=True, kw_only=True)
class FactLeaf:
    """A fact of the project compared: ``at_least``, ``more_than``, ``at_most``, ``less_than`` or ``is``."""

    key: str
    test: str
    value: bool | float | str

    def to_dict(self) -> dict[str, Any]:
        """As written in a pack."""
        return {"fact": self.key, self.test: self.value}


@dataclass(frozen=True, kw_only=True)
class ModeLeaf:
    """Some part of the site has one of these modes (tunnel, bridge …)."""

    modes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As written in a pack."""
        return {"mode": list(self.modes)}


@dataclass(frozen=True, kw_only=True)
class UseLeaf:
    """Some part of the site has one of these uses (permanent, temporary)."""

    uses: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As written in a pack."""
        return {"use": list(self.uses)}


Leaf = (
    KindLeaf
    | NearLeaf
    | DistrictLeaf
    | UnitLeaf
    | AnswerLeaf
    | ActivityLeaf
    | IndustryLeaf
    | FactLeaf
    | ModeLeaf
    | UseLeaf
)


@dataclass(frozen=True, kw_only=True)
class AllOf:
    """Every part holds."""

    parts: tuple[Condition, ...]

    def to_dict(self) -> dict[str, Any]:
        """As written in a pack."""
        return {"all": [part.to_dict() for part in self.parts]}


@dataclass(frozen=True, kw_only=True)
class AnyOf:
    """Some part holds."""

    parts: tuple[Condition, ...]

    def to_dict(self) -> dict[str, Any]:
        """As written in a pack."""
        return {"any": [part.to_dict() for part in self.parts]}


@dataclass(frozen=True, kw_only=True)
class Not:
    """The part does not hold."""

    part: Condition

    def to_dict(self) -> dict[str, Any]:
        """As written in a pack."""
        return {"not": self.part.to_dict()}


Condition = AllOf | AnyOf | Not | Leaf


def leaves_of(condition: Condition) -> tuple[Leaf, ...]:
    """
    The leaves of a condition, in the order they are written.

    Examples
    --------
    >>> both = AllOf(parts=(KindLeaf(kind="red_lines"), Not(part=ActivityLeaf(tags=("road",)))))
    >>> [type(leaf).__name__ for leaf in leaves_of(both)]
    ['KindLeaf', 'ActivityLeaf']
    """
    if isinstance(condition, AllOf | AnyOf):
        return tuple(leaf for part in condition.parts for leaf in leaves_of(part))
    if isinstance(condition, Not):
        return leaves_of(condition.part)
    return (condition,)


@dataclass(frozen=True, kw_only=True)
class Basis:
    """The legal basis: a law or a policy, its article or line, and from when until when it is in force (ISO dates)."""

    law_zh: str
    law_en: str
    article: str | None = None
    in_force_from: str | None = None
    in_force_until: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON of the basis."""
        return {
            "law_zh": self.law_zh,
            "law_en": self.law_en,
            "article": self.article,
            "in_force_from": self.in_force_from,
            "in_force_until": self.in_force_until,
        }


@dataclass(frozen=True, kw_only=True)
class Clause:
    """
    One clause of a pack; texts in both languages, dates ISO.

    ``verified`` says whether the text was held against its publication; where it was not, it is printed 待核 and its
    penalty is not printed. ``permits`` marks information that says something is allowed under conditions.
    """

    id: str
    heading: Heading
    consequence: Consequence
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    condition: Condition
    verified: bool
    verified_on: str | None
    source: str
    quote: str | None = None
    line: int | None = None
    facts: tuple[str, ...] = ()
    penalty_zh: str | None = None
    penalty_en: str | None = None
    superseded_by: tuple[str, ...] = ()
    offices: tuple[str, ...] = ()
    basis: Basis | None = None
    in_force_from: str | None = None
    in_force_until: str | None = None
    permits: bool = False

    def in_force(self, as_of: str) -> bool:
        """Whether the clause counts at an ISO date; a date that is not stated bounds nothing."""
        return (self.in_force_from or "") <= as_of and (self.in_force_until is None or as_of <= self.in_force_until)


@dataclass(frozen=True, kw_only=True)
class Pack:
    """
    A dated set of clauses.

    ``sha256`` is of its canonical JSON (not of its spelling); ``districts`` prefixes of GB/T 2260 codes where it
    applies, empty: everywhere; ``plan_period`` of a plan (``2021-2025``), whose end is not stated by the plan itself.
    """

    id: str
    level: Level
    title_zh: str
    title_en: str
    source: str
    verified_on: str | None
    clauses: tuple[Clause, ...]
    sha256: str
    file: str
    districts: tuple[str, ...] = ()
    plan_period: str | None = None

    def clause(self, name: str) -> Clause | None:
        """The clause of an id."""
        return next((clause for clause in self.clauses if clause.id == name), None)

    def to_dict(self) -> dict[str, Any]:
        """What a result says of the pack."""
        return {
            "id": self.id,
            "level": self.level,
            "title_zh": self.title_zh,
            "title_en": self.title_en,
            "source": self.source,
            "verified_on": self.verified_on,
            "districts": list(self.districts),
            "plan_period": self.plan_period,
            "clauses": len(self.clauses),
            "sha256": self.sha256,
        }
