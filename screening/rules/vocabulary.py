"""
The words that clauses and command lines share: activities, facts, industries, classes. All of them data.

Examples
--------
>>> activities_of(["尾矿库", "landfill"])
('landfill', 'tailings_pond')
>>> industry_of("B0810"), facts_of(["new_land=否", "water_m3_per_year=50000"])
('0810', {'new_land': False, 'water_m3_per_year': 50000.0})
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any

from layers.fields import fold
from screening.errors import UnknownRuleWordError
from spatial.datafiles import data_file, toml_tables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from screening.project import Fact

__all__ = [
    "Activity",
    "FactWord",
    "activities",
    "activities_of",
    "classes",
    "fact_word",
    "facts",
    "facts_of",
    "industry_of",
    "industry_relation",
    "is_trait",
    "narrower_than",
    "trait_fact",
    "traits",
    "with_broader",
]

_CODE = re.compile(r"([A-T])?(\d{2,4})?", re.ASCII)
_YES = frozenset({"是", "有", "true", "yes", "1", "y"})
_TRAIT = "trait"
_NUMBER = re.compile(r"\d+(\.\d*)?([eE][+-]?\d+)?|\d{1,3}(,\d{3})+(\.\d*)?", re.ASCII)
_NO = frozenset({"否", "无", "没有", "false", "no", "0", "n"})


@dataclass(frozen=True, kw_only=True)
class Activity:
    """
    What a project can be: a tag with its names, other words for it, and the tags that it is as well.

    A ``trait`` is what a project of any activity may have (it is two-high, it discharges); ``fact`` is the fact that
    says so where it is another than ``trait:TAG``. ``industries`` are the GB/T 4754 codes of those who do it.
    """

    tag: str
    zh: str
    en: str
    aliases: tuple[str, ...] = ()
    broader: tuple[str, ...] = ()
    question_zh: str | None = None
    question_en: str | None = None
    trait: bool = False
    fact: str | None = None
    industries: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FactWord:
    """What a clause may ask of a project: its type, its unit, and the question."""

    key: str
    type: str
    zh: str
    en: str
    question_zh: str
    question_en: str
    unit: str | None = None
    argument: bool = False
    values: tuple[str, ...] = ()


def _table(name: str) -> dict[str, Any]:
    return toml_tables(data_file("rules", name))


@cache
def activities() -> Mapping[str, Activity]:
    """
    Every activity by tag.

    Examples
    --------
    >>> activities()["coal_mining"].broader
    ('mining',)
    """
    found = {}
    for row in _table("activities.toml")["activity"]:
        lists = {key: tuple(row.get(key, ())) for key in ("aliases", "broader", "industries")}
        found[row["tag"]] = Activity(**{**row, **lists})
    return found


@cache
def facts() -> Mapping[str, FactWord]:
    """Every fact by key."""
    return {
        row["key"]: FactWord(**{**row, "values": tuple(row.get("values", ()))}) for row in _table("facts.toml")["fact"]
    }


@cache
def classes() -> Mapping[str, tuple[str, ...]]:
    """The class codes of each kind of layer."""
    return {kind: tuple(codes) for kind, codes in _table("classes.toml").items()}


@cache
def _sections() -> Mapping[str, tuple[int, int]]:
    rows = _table("industries.toml")["sections"]
    return {letter: (row["first"], row["last"]) for letter, row in rows.items()}


@cache
def with_broader(tag: str) -> frozenset[str]:
    """
    A tag and every tag that it is as well.

    Examples
    --------
    >>> sorted(with_broader("coal_mining"))
    ['coal_mining', 'mining']
    """
    found: set[str] = set()
    waiting = [tag]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += activities()[one].broader if one in activities() else ()
    return frozenset(found)


@cache
def narrower_than(tag: str) -> frozenset[str]:
    """
    Every tag that is ``tag`` as well, itself left out.

    Examples
    --------
    >>> "coal_mining" in narrower_than("mining")
    True
    """
    return frozenset(other for other in activities() if other != tag and tag in with_broader(other))


@cache
def traits() -> frozenset[str]:
    """The tags that are traits."""
    return frozenset(tag for tag, activity in activities().items() if activity.trait)


def is_trait(tag: str) -> bool:
    """
    Whether a tag is a trait: stating other activities does not say that a project has it not.

    Examples
    --------
    >>> is_trait("two_high"), is_trait("road")
    (True, False)
    """
    return tag in traits()


def trait_fact(tag: str) -> str:
    """
    The key of the fact that says whether a project has a trait.

    Examples
    --------
    >>> trait_fact("two_high"), trait_fact("outfall")
    ('trait:two_high', 'outfall')
    """
    return activities()[tag].fact or f"{_TRAIT}:{tag}"


@cache
def _activity_words() -> Mapping[str, str]:
    return {
        fold(word): activity.tag
        for activity in activities().values()
        for word in (activity.tag, activity.zh, activity.en, *activity.aliases)
    }


def activities_of(texts: Sequence[str]) -> tuple[str, ...]:
    """
    The tags that some words mean; several may stand in one text, parted by commas.

    Parameters
    ----------
    texts
        Chinese or English names, other words for them, or tags.

    Raises
    ------
    UnknownRuleWordError
        If a word is none of these; the error names the nearest.

    Examples
    --------
    >>> activities_of(["煤矿，尾矿"])
    ('coal_mining', 'tailings_pond')
    """
    words = _activity_words()
    found = set()
    for text in texts:
        whole = words.get(fold(text))
        if whole is not None:  # a name may hold a comma itself
            found.add(whole)
            continue
        for part in filter(None, (p.strip() for p in re.split(r"[,，;；、]", text))):
            tag = words.get(fold(part))
            if tag is None:
                raise UnknownRuleWordError(
                    what="activity",
                    text=part,
                    near=_near_activities(part),
                    remedy="take one of these, or leave it out and answer the questions (data/rules/activities.toml)",
                )
            found.add(tag)
    return tuple(sorted(found))


def _near_activities(text: str) -> tuple[str, ...]:
    wanted = fold(text)
    words = _activity_words()
    inside = [tag for word, tag in words.items() if wanted and (wanted in word or (len(word) > 1 and word in wanted))]
    close = [words[word] for word in get_close_matches(wanted, words, n=5, cutoff=0.5)]
    tags = list(dict.fromkeys([*close, *inside]))[:5]
    return tuple(f"{activities()[tag].zh} ({tag})" for tag in tags)


def industry_of(text: str) -> str:
    """
    A code of GB/T 4754 as it is compared: a section letter, or two to four digits.

    Raises
    ------
    UnknownRuleWordError
        If it has no such form, the division does not exist, or letter and digits disagree.

    Examples
    --------
    >>> industry_of(" b "), industry_of("2523")
    ('B', '2523')
    """
    wanted = fold(text).upper()
    match = _CODE.fullmatch(wanted)
    remedy = "write a letter A to T or two to four digits, such as B, 08 or 0810"
    if match is None or not wanted:
        raise UnknownRuleWordError(what="GB/T 4754 code", text=text, near=(), remedy=remedy)
    letter, digits = match.groups()
    if digits is None:
        return str(letter)
    section = _section_of(digits)
    if section is None:
        raise UnknownRuleWordError(what="GB/T 4754 code", text=text, near=(), remedy=remedy)
    if letter is not None and letter != section:
        raise UnknownRuleWordError(
            what="GB/T 4754 code", text=text, near=(f"{section}{digits}",), remedy=f"{digits} is of section {section}"
        )
    return str(digits)


def _section_of(digits: str) -> str | None:
    division = int(digits[:2])
    return next((letter for letter, (first, last) in _sections().items() if first <= division <= last), None)


def industry_relation(stated: str, asked: str) -> bool | None:
    """
    Whether an industry is of a class: True, False, or None where it is stated less finely than asked.

    Examples
    --------
    >>> industry_relation("0810", "08"), industry_relation("0810", "B"), industry_relation("08", "0810")
    (True, True, None)
    >>> industry_relation("B", "C"), industry_relation("B", "0810"), industry_relation("810", "B")
    (False, None, None)
    """
    one, other = industry_of(stated), industry_of(asked)
    found = _related(one, other)
    if found is False and len(one) == 3 and not one.startswith("0") and _related(f"0{one}", other) is not False:
        return None  # workbooks drop a leading zero: 810 may be meant for 0810
    return found


def _related(one: str, other: str) -> bool | None:
    if one.isalpha():
        if other.isalpha():
            return one == other
        return None if _section_of(other) == one else False
    if other.isalpha():
        return _section_of(one) == other
    if one.startswith(other):
        return True
    return None if other.startswith(one) else False


def fact_word(key: str) -> tuple[FactWord, str | None] | None:
    """
    The fact that a key names, and its argument: ``distance_m:黄河`` is ``distance_m`` of 黄河; None if there is none.

    Examples
    --------
    >>> fact_word("distance_m:黄河")[1], fact_word("height")
    ('黄河', None)
    """
    name, colon, argument = (part.strip() for part in key.partition(":"))
    found = facts().get(name)
    if found is None or bool(colon) != found.argument or (found.argument and not argument):
        return None
    if name == _TRAIT:
        tag = _activity_words().get(fold(argument))
        return (found, tag) if tag is not None and trait_fact(tag) == f"{_TRAIT}:{tag}" and is_trait(tag) else None
    return found, argument or None


def facts_of(texts: Sequence[str]) -> dict[str, Fact]:
    """
    Facts from ``KEY=VALUE`` texts, each of the type its key has.

    Raises
    ------
    UnknownRuleWordError
        If a key is unknown, stated twice with different values, or a value is not of its type.

    Examples
    --------
    >>> facts_of(["distance_m:黄河=800"])
    {'distance_m:黄河': 800.0}
    """
    found: dict[str, Fact] = {}
    for text in texts:
        key, equals, value = (part.strip() for part in text.replace("：", ":").partition("="))
        named = fact_word(key)
        if not equals or named is None:
            near = get_close_matches(key.partition(":")[0], list(facts()), n=5, cutoff=0.4)
            raise UnknownRuleWordError(
                what="fact",
                text=key or text,
                near=tuple(f"{facts()[name].zh} ({name})" for name in near),
                remedy="write KEY=VALUE with a key of data/rules/facts.toml; distance_m takes a name, distance_m:NAME",
            )
        stated = _fact_value(named[0], value)
        name = key if named[1] is None else f"{named[0].key}:{named[1]}"
        if found.setdefault(name, stated) != stated:
            raise UnknownRuleWordError(what="fact", text=text, near=(), remedy=f"{name} is stated twice; state it once")
    return found


def _fact_value(word: FactWord, text: str) -> Fact:
    if word.type == "boolean":
        folded = fold(text)
        if folded in _YES | _NO:
            return folded in _YES
        raise UnknownRuleWordError(what="value", text=text, near=("true", "false"), remedy=f"{word.key} is 是 or 否")
    if word.type == "number":
        written = unicodedata.normalize("NFKC", text).strip()
        number = float(written.replace(",", "")) if _NUMBER.fullmatch(written) else math.nan
        if math.isfinite(number):
            return number
        raise UnknownRuleWordError(
            what="value", text=text, near=(), remedy=f"{word.key} is a number that is not negative, in {word.unit}"
        )
    if text and (not word.values or text in word.values):
        return text
    raise UnknownRuleWordError(what="value", text=text, near=word.values, remedy=f"{word.key} is one of these")
