"""A clause's ``when`` from its table to a condition; what is not understood is refused with file and clause."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NoReturn

from layers.model import KINDS
from screening.errors import RulePackError, UnknownRuleWordError
from screening.parts import MODES, USES
from screening.reasons import ANSWERS
from screening.rules.model import (
    ActivityLeaf,
    AllOf,
    AnswerLeaf,
    AnyOf,
    DistrictLeaf,
    FactLeaf,
    IndustryLeaf,
    KindLeaf,
    ModeLeaf,
    NearLeaf,
    Not,
    UnitLeaf,
    UseLeaf,
)
from screening.rules.vocabulary import activities, classes, fact_word, industry_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from screening.rules.model import Condition, Leaf

__all__ = ["TESTS", "condition_of"]

TESTS = ("at_least", "more_than", "at_most", "less_than", "is")
"""Comparisons of a fact."""
_DISTRICT = re.compile(r"[1-8]\d(\d\d)?(\d\d)?", re.ASCII)
_COMPANIONS = {
    "kind": {"class", "name", "words"},
    "near": {"within_m"},
    "district": set(),
    "unit": set(),
    "activity": set(),
    "industry": set(),
    "fact": set(TESTS),
    "mode": set(),
    "use": set(),
    "answer": {"of"},
}
_COMBINED = ("all", "any", "not")
_DEEPEST = 12


def condition_of(table: object, *, file: str, clause: str) -> Condition:
    """
    The condition that a ``when`` table states.

    Raises
    ------
    RulePackError
        If it holds anything that is not understood.

    Examples
    --------
    >>> made = condition_of({"all": [{"kind": "red_lines"}, {"not": {"use": ["temporary"]}}]}, file="f", clause="c")
    >>> made.to_dict()
    {'all': [{'kind': 'red_lines'}, {'not': {'use': ['temporary']}}]}
    """
    return _Parser(file, clause).condition(table, denied=False, depth=0)


class _Parser:
    def __init__(self, file: str, clause: str) -> None:
        self._file = file
        self._clause = clause

    def refuse(self, detail: str, remedy: str) -> NoReturn:
        raise RulePackError(file=self._file, clause=self._clause, detail=detail, remedy=remedy)

    def condition(self, table: object, *, denied: bool, depth: int) -> Condition:
        if not isinstance(table, dict) or not table or depth > _DEEPEST:
            self.refuse("a condition is no table of its own", 'write { kind = "red_lines" }, for instance')
        keys = [key for key in table if key in _COMBINED or key in _COMPANIONS]
        if len(keys) != 1:
            self.refuse(
                f"a condition has {', '.join(keys) or 'no known key'}",
                f"write exactly one of {', '.join((*_COMBINED, *_COMPANIONS))}",
            )
        key = keys[0]
        spare = set(table) - {key} - _COMPANIONS.get(key, set())
        if spare:
            self.refuse(f"unknown key {', '.join(sorted(spare))} beside {key}", "leave it out")
        if key == "not":
            return Not(part=self.condition(table["not"], denied=True, depth=depth + 1))
        if key in ("all", "any"):
            rows = table[key]
            if not isinstance(rows, list) or not rows:
                self.refuse(f"{key} is no list of conditions", f"write {key} = [ {{ … }}, {{ … }} ]")
            parts = tuple(self.condition(row, denied=denied, depth=depth + 1) for row in rows)
            return AllOf(parts=parts) if key == "all" else AnyOf(parts=parts)
        if key == "answer" and denied:
            # an answer lost turns to unknown; under `not` a lost layer could then make a clause vanish
            self.refuse("answer stands under not", "name the answers that are meant instead")
        return self.leaf(key, table)

    def leaf(self, key: str, table: Mapping[str, Any]) -> Leaf:
        if key == "kind":
            return self.kind(table)
        if key == "near":
            within = table.get("within_m")
            if isinstance(within, bool) or not isinstance(within, int | float) or not 0 < within < math.inf:
                self.refuse("near has no within_m", "add within_m = 1000")
            return NearLeaf(words=self.words(table, "near"), within_m=float(within))
        if key == "fact":
            return self.fact(table)
        if key == "answer":
            kind = table.get("of")
            if kind not in KINDS:
                self.refuse(f"answer is of {kind!r}", f"name a kind: {', '.join(KINDS)}")
            return AnswerLeaf(answers=self.among(self.words(table, "answer"), ANSWERS, "answer"), kind=kind)
        words = self.words(table, key)
        if key == "activity":
            return ActivityLeaf(tags=self.among(words, tuple(activities()), "activity"))
        if key == "industry":
            try:
                return IndustryLeaf(codes=tuple(industry_of(word) for word in words))
            except UnknownRuleWordError as error:
                self.refuse(f"industry {error.text!r} is not known", error.remedy)
        if key == "district":
            if not all(_DISTRICT.fullmatch(word) for word in words):
                self.refuse("a district is no prefix of a GB/T 2260 code", "write two, four or six digits")
            return DistrictLeaf(codes=words)
        if key == "unit":
            return UnitLeaf(codes=words)
        if key == "mode":
            return ModeLeaf(modes=self.among(words, tuple(m for m in MODES if m != "unstated"), "mode"))
        return UseLeaf(uses=self.among(words, tuple(u for u in USES if u != "unstated"), "use"))

    def kind(self, table: Mapping[str, Any]) -> KindLeaf:
        kind = table["kind"]
        if kind not in KINDS:
            self.refuse(f"kind {kind!r} is not known", f"take one of {', '.join(KINDS)}")
        words = self.words(table, "words") if "words" in table else ()
        if (kind == "other") != bool(words):
            self.refuse("words go with kind other, and only there", 'write { kind = "other", words = ["…"] }')
        return KindLeaf(
            kind=kind,
            classes=self.among(self.words(table, "class"), classes()[kind], "class") if "class" in table else (),
            names=self.words(table, "name") if "name" in table else (),
            words=words,
        )

    def fact(self, table: Mapping[str, Any]) -> FactLeaf:
        key = table["fact"]
        named = fact_word(key) if isinstance(key, str) else None
        if named is None:
            self.refuse(f"fact {key!r} is not known", "take a key of data/rules/facts.toml")
        tests = [test for test in TESTS if test in table]
        if len(tests) != 1:
            self.refuse(f"fact {key} has {len(tests)} comparisons", f"write one of {', '.join(TESTS)}")
        test, value, fact = tests[0], table[tests[0]], named[0]
        fits = {
            "boolean": test == "is" and isinstance(value, bool),
            "number": isinstance(value, int | float) and not isinstance(value, bool),
            "text": test == "is" and isinstance(value, str) and (not fact.values or value in fact.values),
        }[fact.type]
        if not fits:
            self.refuse(f"fact {key} is compared with {value!r} by {test}", f"{key} is of type {fact.type}")
        return FactLeaf(key=key, test=test, value=float(value) if fact.type == "number" else value)

    def words(self, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        found = table[key]
        if not isinstance(found, list) or not found or not all(isinstance(w, str) and w.strip() for w in found):
            self.refuse(f"{key} is no list of texts", f'write {key} = ["…"]')
        return tuple(found)

    def among(self, words: tuple[str, ...], known: tuple[str, ...], what: str) -> tuple[str, ...]:
        unknown = [word for word in words if word not in known]
        if unknown:
            shown = known if len(known) <= 20 else (*known[:20], "…")
            self.refuse(f"{what} {', '.join(unknown)} is not known", f"known: {', '.join(shown)}")
        return words
