"""
``data/plans`` as values: read strictly, so that a slip of the pen is refused and not carried on.

Unknown keys, ids that repeat or lead nowhere, numbers that their own quote does not state and sums that do not come
out are errors that name file and entry. Whether quotes stand in the plans' texts is for the tests, which have them.

Examples
--------
>>> plan("满洲里").districts
('150703', '150781')
>>> requirements()["TEM-R4"].number
4
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from layers.errors import PlanFileError, UnknownCityError
from layers.plans.entries import Entry, arithmetic_of, conflict_of, fact_of, feature_of, indicator_of
from layers.plans.model import City, Plan, Quote, Requirement
from spatial.datafiles import data_file, toml_tables
from spatial.errors import DataFileMissingError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from layers.plans.model import Conflict, Fact

__all__ = ["CITIES", "city_of", "load_plan", "load_requirements", "plan", "requirements"]

CITIES = (
    City(key="tongliao", zh="通辽市", en="Tongliao", prefix="T", pair="TEM"),
    City(key="hohhot", zh="呼和浩特市", en="Hohhot", prefix="H", pair="HA"),
    City(key="erenhot", zh="二连浩特市", en="Erenhot", prefix="E", pair="TEM"),
    City(key="manzhouli", zh="满洲里市", en="Manzhouli", prefix="M", pair="TEM"),
    City(key="arxan", zh="阿尔山市", en="Arxan", prefix="A", pair="HA"),
)
_REQUIREMENT = re.compile(r"(TEM|HA)-R([1-9]\d?)", re.ASCII)


def city_of(name: str) -> City:
    """
    The city with a plan that a name means: key, Chinese with or without 市, or English.

    Raises
    ------
    UnknownCityError
        If none of the five is called so; the error names them.

    Examples
    --------
    >>> city_of(" 满洲里 ").key, city_of("Erenhot").zh
    ('manzhouli', '二连浩特市')
    """
    wanted = name.strip().casefold()
    for city in CITIES:
        if wanted in (city.key, city.zh, city.zh.removesuffix("市"), city.en.casefold()):
            return city
    raise UnknownCityError(name=name, known=tuple(f"{c.zh} ({c.key})" for c in CITIES))


@lru_cache(maxsize=len(CITIES))
def plan(name: str) -> Plan:
    """
    The plan of a city, by any of its names.

    Parameters
    ----------
    name
        As :func:`city_of` takes it.

    Raises
    ------
    UnknownCityError
        If it is none of the five cities.
    PlanFileError
        If ``data/plans`` is damaged or missing.
    """
    city = city_of(name)
    return load_plan(_there(f"{city.key}.toml"), known=tuple(requirements()))


@lru_cache(maxsize=1)
def requirements() -> Mapping[str, Requirement]:
    """The requirements of both summaries by id (``TEM-R1``, ``HA-R1``), in their order."""
    return {each.id: each for each in load_requirements(_there("requirements.toml"))}


def _there(name: str) -> Path:
    try:
        return data_file("plans", name)
    except DataFileMissingError as error:
        place = error.places[0] / name
        raise PlanFileError(path=place, entry="", detail="there is no such file") from error


def _document(path: Path) -> dict[str, Any]:
    try:
        return toml_tables(path)
    except ValueError as error:
        raise PlanFileError(path=path, entry="", detail=f"is no TOML: {error}") from error


def load_requirements(path: Path) -> tuple[Requirement, ...]:
    """
    The requirements of a file.

    Parameters
    ----------
    path
        TOML with ``[[requirement]]`` tables (``data/plans/README.md``).

    Raises
    ------
    PlanFileError
        If an entry is not as it should be.
    """
    document = Entry(_document(path), path=path, label="")
    found = []
    for raw in document.take("requirement", list) or []:
        entry = Entry(raw, path=path, label="requirement")
        name = entry.need("id", str)
        match = _REQUIREMENT.fullmatch(name)
        if match is None:
            raise entry.error(f"id = {name!r} is not written like TEM-R1 or HA-R1")
        cities = tuple(city.key for city in CITIES if city.pair == match[1])
        quotes = []
        for part in entry.need("quotes", list):
            quote = Entry(part, path=path, label=f"requirement {name}, quote")
            city = quote.choice("city", cities) or ""
            quotes.append(Quote(city=city, line=quote.need("line", int), quote=quote.need("quote", str)))
            if not city:
                raise quote.error("needs city")
            quote.done()
        found.append(
            Requirement(
                id=name,
                cities=cities,
                title_zh=entry.need("title_zh", str),
                title_en=entry.need("title_en", str),
                quotes=tuple(quotes),
            )
        )
        entry.done()
    document.done()
    _unique([each.id for each in found], document, "requirement")
    return tuple(found)


def load_plan(path: Path, *, known: Sequence[str]) -> Plan:
    """
    The plan of a file.

    Parameters
    ----------
    path
        TOML as ``data/plans/README.md`` describes it.
    known
        Ids of the requirements there are.

    Raises
    ------
    PlanFileError
        If an entry is not as it should be; the error names it.
    """
    document = Entry(_document(path), path=path, label="")
    head = Entry(document.need("plan", dict), path=path, label="[plan]")
    key = head.choice("key", tuple(city.key for city in CITIES))
    city = next((each for each in CITIES if each.key == key), None)
    if city is None:
        raise head.error("needs key")
    lines = head.need("lines", int)
    made: dict[str, list[Any]] = {}
    makers = {"feature": feature_of, "fact": fact_of, "indicator": indicator_of, "conflict": conflict_of}
    for name, make in makers.items():
        made[name] = []
        for raw in document.take(name, list) or []:
            entry = Entry(raw, path=path, label=name)
            made[name].append(make(entry))
            entry.done()
    _unique([each.id for each in made["feature"]], document, "feature")
    _unique([each.id for each in made["conflict"]], document, "conflict")
    _unique([str(each.no) for each in made["indicator"]], document, "indicator")
    _unique([each.id for each in made["fact"]], document, "fact")
    facts: dict[str, Fact] = {each.id: each for each in made["fact"]}
    strange = [name for name in facts if not re.fullmatch(rf"{city.prefix}-\d{{3}}[a-z]?", name, re.ASCII)]
    if strange:
        raise document.error(f"fact {strange[0]}: id is not {city.prefix}-nnn")
    made["arithmetic"] = []
    for raw in document.take("arithmetic", list) or []:
        entry = Entry(raw, path=path, label="arithmetic")
        made["arithmetic"].append(arithmetic_of(entry, facts))
        entry.done()
    _unique([each.id for each in made["arithmetic"]], document, "arithmetic")
    area = head.take("official_area_km2", int, float)
    source = head.take("official_area_source", str)
    if (area is None) != (source is None):
        raise head.error("official_area_km2 and official_area_source come together")
    found = Plan(
        key=city.key,
        city=head.need("city", str),
        english=head.need("english", str),
        names=head.texts("names"),
        districts=head.texts("districts"),
        title=head.need("title", str),
        lines=lines,
        official_area_km2=area,
        official_area_source=source,
        features=tuple(made["feature"]),
        facts=tuple(made["fact"]),
        indicators=tuple(made["indicator"]),
        arithmetic=tuple(made["arithmetic"]),
        conflicts=tuple(made["conflict"]),
    )
    head.done()
    document.done()
    _check(found, city, document, known)
    return found


def _unique(ids: Sequence[str], document: Entry, what: str) -> None:
    twice = sorted({each for each in ids if ids.count(each) > 1})
    if twice:
        raise document.error(f"{what} {', '.join(twice)} is there twice")


def _check(found: Plan, city: City, document: Entry, known: Sequence[str]) -> None:
    """What entries say of one another."""
    features, conflicts = {each.id for each in found.features}, {each.id: each for each in found.conflicts}
    facts, numbers = {each.id for each in found.facts}, {each.no for each in found.indicators}
    if city.zh != found.city or city.en != found.english:
        raise document.error(
            f"[plan] is of {found.city} ({found.english}), the key {city.key} of {city.zh} ({city.en})"
        )
    if not found.districts or not all(re.fullmatch(r"\d{6}", code, re.ASCII) for code in found.districts):
        raise document.error("[plan] needs districts, six digits each")
    for fact in found.facts:
        problems = [
            (not set(fact.features) <= features, f"feature {', '.join(set(fact.features) - features)} is not there"),
            (not all(1 <= line <= found.lines for line in fact.lines), f"line beyond the {found.lines} of the text"),
            (not set(fact.requirements) <= set(known), f"requirement {', '.join(fact.requirements)} is not there"),
            (
                not all(name.startswith(f"{city.pair}-") for name in fact.requirements),
                f"requirements of {city.zh} are {city.pair}-R…",
            ),
            (
                fact.measure is not None and fact.measure.what == "class" and fact.measure.subject not in features,
                f"measure {fact.measure} names no feature",
            ),
            (
                fact.conflict is not None and fact.id not in _members(conflicts, fact.conflict),
                f"conflict {fact.conflict} is not there, or does not name this fact",
            ),
        ]
        _first(problems, document, f"fact {fact.id}")
    for feature in found.features:
        missing = feature.conflict is not None and feature.conflict not in conflicts
        _first([(missing, f"conflict {feature.conflict} is not there")], document, f"feature {feature.id}")
    for row in found.indicators:
        outside = not 1 <= row.lines[0] <= row.lines[1] <= found.lines
        missing = row.conflict is not None and row.conflict not in conflicts
        problems = [(outside, f"line beyond the {found.lines} of the text"), (missing, f"no conflict {row.conflict}")]
        _first(problems, document, f"indicator {row.no}")
    for conflict in found.conflicts:
        wrong = set(conflict.facts) - facts
        lost = set(conflict.indicators) - numbers
        problems = [
            (bool(wrong), f"fact {', '.join(sorted(wrong))} is not there"),
            (bool(lost), f"indicator {', '.join(map(str, sorted(lost)))} is not there"),
            (not (conflict.facts or conflict.indicators), "names neither facts nor indicators"),
        ]
        _first(problems, document, f"conflict {conflict.id}")


def _members(conflicts: Mapping[str, Conflict], name: str) -> tuple[str, ...]:
    found = conflicts.get(name)
    return () if found is None else found.facts


def _first(problems: Sequence[tuple[bool, str]], document: Entry, entry: str) -> None:
    for wrong, detail in problems:
        if wrong:
            raise PlanFileError(path=document.path, entry=entry, detail=detail)
