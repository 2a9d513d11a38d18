"""
Cases: stated circumstances and the clauses that must fire, be spared, or stay open there. Data, run live.

A clause is exercised when one case says that it fires, another that it does not, and both hold. So the coverage report
is of what is true now, not of what some earlier test run wrote down.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from screening.errors import RulePackError
from screening.parts import MODES, USES
from screening.project import Project
from screening.reasons import ANSWERS
from screening.rules.matching import Circumstances
from screening.rules.place import StatedFeature, StatedPlace
from screening.rules.ruling import clauses_of
from screening.rules.vocabulary import activities_of, facts_of, industry_of
from spatial.datafiles import shipped_files, toml_tables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from screening.rules.model import Pack, State

__all__ = ["Broken", "Case", "Coverage", "coverage_of", "load_cases", "run", "shipped_cases"]

_KEYS = {"name", "as_of", "at", "missing", "near", "districts", "parts", "activities", "industry", "facts"}
_KEYS |= {"fires", "spares", "opens"}
_FEATURE_KEYS = {"kind", "class", "name", "layer", "code", "answer"}
EXPECTED: Mapping[str, State] = {"fires": "applies", "spares": "does_not_apply", "opens": "may_apply"}


@dataclass(frozen=True, kw_only=True)
class Case:
    """Circumstances, the date, and the state that some clauses must have: clause id to state."""

    name: str
    file: str
    place: StatedPlace
    project: Project
    as_of: str
    expected: Mapping[str, State] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A case that does not hold; ``state`` None where the clause is not in force or in no pack."""

    case: str
    clause: str
    expected: State
    state: State | None


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """Which cases fire each clause and which spare it, of the cases that hold; and those that do not."""

    fired: Mapping[str, tuple[str, ...]]
    spared: Mapping[str, tuple[str, ...]]
    broken: tuple[Broken, ...]

    @property
    def lacking(self) -> tuple[str, ...]:
        """Clauses without a case that fires them, or without one that does not."""
        return tuple(sorted(c for c in self.fired if not self.fired[c] or not self.spared[c]))


def load_cases(path: Path) -> tuple[Case, ...]:
    """
    The cases of a TOML file (``docs/reference/rules.md``).

    Raises
    ------
    RulePackError
        If a case is not understood; names it.
    """
    try:
        document = toml_tables(path)
    except (OSError, ValueError) as error:
        raise RulePackError(
            file=str(path), clause=None, detail=f"cannot be read ({error})", remedy="mend it"
        ) from error
    rows = document.get("case", [])
    if set(document) - {"case"} or not isinstance(rows, list):
        raise RulePackError(file=path.name, clause=None, detail="holds more than [[case]]", remedy="leave it out")
    cases = tuple(_case(path.name, row) for row in rows)
    names = [case.name for case in cases]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RulePackError(file=path.name, clause=twice[0], detail="two cases have this name", remedy="rename one")
    return cases


def _case(file: str, row: Mapping[str, Any]) -> Case:
    name = str(row.get("name", "?"))

    def refuse(detail: str) -> RulePackError:
        return RulePackError(file=file, clause=f"case {name}", detail=detail, remedy="see docs/reference/rules.md")

    unknown = set(row) - _KEYS
    if unknown or "name" not in row:
        raise refuse(f"unknown or missing key: {', '.join(sorted(unknown)) or 'name'}")
    as_of = row.get("as_of", date(2026, 11, 22))
    expected = {clause: state for key, state in EXPECTED.items() for clause in row.get(key, [])}
    if type(as_of) is not date or not expected:
        raise refuse("as_of is no date, or nothing is expected")
    if len(expected) != sum(len(row.get(key, [])) for key in EXPECTED):
        raise refuse("a clause is expected in two states")
    features = []
    for one in row.get("at", []):
        if set(one) - _FEATURE_KEYS or "kind" not in one or one.get("answer", "hit") not in ANSWERS:
            raise refuse(f"what it is at is not understood: {one}")
        features.append(StatedFeature(**{("class_" if key == "class" else key): value for key, value in one.items()}))
    parts = [tuple(str(part).split("/")) for part in row.get("parts", ["permanent/surface"])]
    if any(len(part) != 2 or part[0] not in USES or part[1] not in MODES for part in parts):
        raise refuse("parts are written use/mode, permanent/tunnel for instance")
    return Case(
        name=name,
        file=file,
        place=StatedPlace(
            features=tuple(features),
            missing=frozenset(row.get("missing", [])),
            distances=dict(row.get("near", {})),
            districts=tuple(row["districts"]) if "districts" in row else None,
            occupations=tuple((part[0], part[1]) for part in parts),
        ),
        project=Project(
            activities=activities_of(row.get("activities", [])),
            industry=industry_of(row["industry"]) if "industry" in row else None,
            facts=facts_of([f"{key}={_spelled(value)}" for key, value in row.get("facts", {}).items()]),
        ),
        as_of=as_of.isoformat(),
        expected=expected,
    )


def _spelled(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def shipped_cases() -> tuple[Case, ...]:
    """Every case of ``data/rules/cases``."""
    return tuple(case for path in shipped_files("rules", "cases") for case in load_cases(path))


def run(case: Case, packs: Sequence[Pack]) -> Mapping[str, State]:
    """The state in a case of each clause that the case speaks of and that is in force."""
    circumstances = Circumstances(case.place, case.project)
    clauses, _ = clauses_of(circumstances, packs, as_of=case.as_of, only=case.expected)
    return {row.clause.id: row.state for row in clauses}


def coverage_of(cases: Sequence[Case], packs: Sequence[Pack]) -> Coverage:
    """
    Run cases and say which clauses they exercise.

    Only what a case states counts: a clause that happens to fire in a case about another one is not exercised by it.

    Parameters
    ----------
    cases
        Of `load_cases`.
    packs
        Whose clauses are asked for.
    """
    names = [clause.id for pack in packs for clause in pack.clauses]
    fired: dict[str, list[str]] = {name: [] for name in names}
    spared: dict[str, list[str]] = {name: [] for name in names}
    broken: list[Broken] = []
    for case in cases:
        states = run(case, packs)
        for clause, expected in case.expected.items():
            state = states.get(clause)
            if clause not in fired or state != expected:
                broken.append(Broken(case=case.name, clause=clause, expected=expected, state=state))
            elif expected == "applies":
                fired[clause].append(case.name)
            elif expected == "does_not_apply":
                spared[clause].append(case.name)
    return Coverage(
        fired={name: tuple(found) for name, found in fired.items()},
        spared={name: tuple(found) for name, found in spared.items()},
        broken=tuple(broken),
    )
