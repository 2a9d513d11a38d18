"""One table of a plan's TOML as a value: every key taken by name, and what nobody takes refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layers.errors import PlanFileError
from layers.plans.model import (
    ABOUT,
    FEATURE_KINDS,
    LAYER_KINDS,
    STATES,
    STATUSES,
    Arithmetic,
    Conflict,
    DeclaredFeature,
    Fact,
    Indicator,
    Measure,
)
from layers.plans.quantities import combine, half_unit, parse_unit
from layers.plans.quotes import pieces

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from layers.plans.quantities import Unit

__all__ = ["Entry", "arithmetic_of", "conflict_of", "fact_of", "feature_of", "indicator_of"]

_BOUNDS = ("at_least", "at_most", "about", "more_than", "less_than")
_STANDS_FOR = ("one", "layer", "group")
_RULES = ("quotient", "sum", "difference", "product")


class Entry:
    """One table of a TOML file; what nobody takes is refused."""

    def __init__(self, raw: object, *, path: Path, label: str) -> None:
        self.path = path
        self.label = label
        if not isinstance(raw, dict):
            raise self.error("is not a table")
        self.raw: dict[str, Any] = dict(raw)
        self.label = f"{label} {raw.get('id', raw.get('no', ''))}".strip()

    def error(self, detail: str) -> PlanFileError:
        """What is wrong with this entry."""
        return PlanFileError(path=self.path, entry=self.label, detail=detail)

    def need(self, key: str, *types: type) -> Any:
        """The value of a key that has to be there."""
        value = self.take(key, *types)
        if value is None:
            raise self.error(f"needs {key}")
        return value

    def take(self, key: str, *types: type) -> Any:
        """The value of a key, or None; a text is never empty and a bool never a number."""
        value = self.raw.pop(key, None)
        if value is None:
            return None
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise self.error(f"{key} = {value!r} is not of type {' or '.join(t.__name__ for t in types)}")
        if isinstance(value, str) and not value.strip():
            raise self.error(f"{key} is empty; leave it out")
        return value

    def choice(self, key: str, choices: Sequence[str], default: str | None = None) -> Any:
        """A text out of a few."""
        value = self.take(key, str)
        if value is None:
            return default
        if value not in choices:
            raise self.error(f"{key} = {value!r} is none of {', '.join(choices)}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, each once."""
        values = self.take(key, list) or []
        if not all(isinstance(value, str) and value.strip() for value in values):
            raise self.error(f"{key} is not a list of texts")
        if len(set(values)) != len(values):
            raise self.error(f"{key} repeats an entry")
        return tuple(values)

    def done(self) -> None:
        """Refuse what nobody took."""
        if self.raw:
            raise self.error(f"unknown key {', '.join(sorted(self.raw))}")


def feature_of(entry: Entry) -> DeclaredFeature:
    """A thing the plan names."""
    kind = entry.choice("kind", FEATURE_KINDS)
    if kind is None:
        raise entry.error("needs kind")
    return DeclaredFeature(
        id=entry.need("id", str),
        name=entry.need("name", str),
        english=entry.need("english", str),
        kind=kind,
        stands_for=entry.choice("stands_for", _STANDS_FOR, "layer" if kind == "red_lines" else "one"),
        aliases=entry.texts("aliases"),
        code=entry.take("code", str),
        level=entry.take("level", str),
        status=entry.choice("status", STATUSES, "unconfirmed"),
        class_=entry.take("class", str),
        note_zh=entry.take("note_zh", str),
        note_en=entry.take("note_en", str),
        conflict=entry.take("conflict", str),
    )


def fact_of(entry: Entry) -> Fact:
    """A statement with its words; a number must stand in them."""
    value, quote = entry.take("value", int, float), entry.need("quote", str)
    unit, text = unit_of(entry, entry.take("unit", str)), entry.take("text", str)
    half = None if value is None else half_unit(quote, value)
    if (value is None) != (unit is None):
        raise entry.error("value and unit come together")
    if value is not None and half is None:
        raise entry.error(f"value = {value!r} is not a number that its quote states: {quote!r}")
    if half == 0.5 and unit is not None and unit.is_count:
        half = 0.0
    one, several = entry.take("feature", str), entry.texts("features")
    line, more = entry.take("line", int), entry.take("lines", list)
    if (one is not None and several) or (line is None) == (more is None):
        raise entry.error("one of feature and features, and one of line and lines")
    if more is not None and not (more and all(type(each) is int for each in more)):
        raise entry.error("lines is not a list of line numbers")
    about, section = entry.choice("about", ABOUT), entry.need("section", int)
    if about is None or not 0 <= section <= 8:
        raise entry.error("needs about, and a section from 0 to 8")
    if not pieces(quote):
        raise entry.error("quote has no words")
    return Fact(
        id=entry.need("id", str),
        section=section,
        about=about,
        title_zh=entry.need("title_zh", str),
        title_en=entry.need("title_en", str),
        features=several if one is None else (one,),
        value=value,
        unit=unit,
        unit_text=entry.take("unit_text", str),
        bound=entry.choice("bound", _BOUNDS),
        text=text,
        state=entry.choice("state", STATES),
        year=entry.take("year", int),
        lines=(line,) if more is None else tuple(more),
        quote=quote,
        half_unit=half,
        requirements=entry.texts("requirements"),
        measure=measure_of(entry, entry.take("measure", str)),
        declares_none=entry.choice("declares_none", FEATURE_KINDS) if "declares_none" in entry.raw else None,
        conflict=entry.take("conflict", str),
        note_zh=entry.take("note_zh", str),
        note_en=entry.take("note_en", str),
    )


def unit_of(entry: Entry, name: str | None) -> Unit | None:
    """A unit by name."""
    if name is None:
        return None
    try:
        return parse_unit(name)
    except ValueError as error:
        raise entry.error(str(error)) from error


def measure_of(entry: Entry, text: str | None) -> Measure | None:
    """``area:<kind>``, ``share:<kind>``, ``count:<kind>[:class]``, ``total_area`` or ``class:<feature>``."""
    if text is None:
        return None
    what, *rest = text.split(":")
    kinds = {"area": LAYER_KINDS, "share": LAYER_KINDS, "count": FEATURE_KINDS}.get(what)
    right = (
        (what == "total_area" and not rest)
        or (what == "class" and len(rest) == 1)
        or (kinds is not None and len(rest) in (1, 2 if what == "count" else 1) and rest[0] in kinds)
    )
    if not right or not all(rest):
        raise entry.error(
            f"{text!r} is no measure; there are area:KIND, share:KIND, count:KIND, count:KIND:CLASS, total_area and "
            "class:FEATURE"
        )
    return Measure(what=what, subject=rest[0] if rest else None, subset=rest[1] if len(rest) > 1 else None)


def indicator_of(entry: Entry) -> Indicator:
    """A row of the table of indicators."""
    lines = entry.need("lines", list)
    if len(lines) not in (1, 2) or not all(type(each) is int for each in lines) or lines != sorted(lines):
        raise entry.error("lines is not the first and the last line of the row")
    texts = {key: entry.need(key, str) for key in ("baseline", "target")}
    values = {key: entry.take(f"{key}_value", int, float) for key in texts}
    for key, value in values.items():
        if value is not None and half_unit(texts[key], value) is None:
            raise entry.error(f"{key}_value = {value!r} does not stand in {texts[key]!r}")
    return Indicator(
        no=entry.need("no", int),
        name=entry.need("name", str),
        unit=entry.take("unit", str) or "",
        baseline=texts["baseline"],
        baseline_value=values["baseline"],
        target=texts["target"],
        target_value=values["target"],
        nature=entry.take("nature", str) or "",
        lines=(lines[0], lines[-1]),
        conflict=entry.take("conflict", str),
        note_zh=entry.take("note_zh", str),
        note_en=entry.take("note_en", str),
    )


def conflict_of(entry: Entry) -> Conflict:
    """Statements that do not go together."""
    indicators = entry.take("indicators", list) or []
    if not all(type(each) is int for each in indicators):
        raise entry.error("indicators is not a list of numbers")
    return Conflict(
        id=entry.need("id", str),
        facts=entry.texts("facts"),
        indicators=tuple(indicators),
        zh=entry.need("zh", str),
        en=entry.need("en", str),
    )


def arithmetic_of(entry: Entry, facts: Mapping[str, Fact]) -> Arithmetic:
    """What numbers of the plan imply, computed again."""
    rule, names = entry.choice("rule", _RULES), entry.texts("facts")
    unit, result = unit_of(entry, entry.need("unit", str)), entry.need("result", int, float)
    if rule is None or unit is None:
        raise entry.error("needs rule")
    used = [facts[name] for name in names if name in facts]
    if len(used) != len(names) or len(used) < 2:
        raise entry.error(f"facts {', '.join(names)}: two or more that are there")
    values, spans, stated = [], [], []
    for fact in used:
        if fact.value is None or fact.span is None or fact.unit is None:
            raise entry.error(f"fact {fact.id} has no value")
        values.append(fact.value)
        spans.append(fact.span)
        stated.append(fact.unit)
    try:
        value, span = combine(rule, values, spans, stated, unit)
    except ValueError as error:
        raise entry.error(str(error)) from error
    decimals = len(repr(result).partition(".")[2]) if isinstance(result, float) and result % 1 else 0
    if abs(value - result) > 0.5 * 10.0**-decimals + 1e-9 * abs(value):
        raise entry.error(f"result = {result!r}, but the {rule} is {value:.6g} {unit}")
    against = entry.take("against", str)
    return Arithmetic(
        id=entry.need("id", str),
        rule=rule,
        facts=names,
        result=float(result),
        unit=unit,
        span=span,
        against=against if against in facts else measure_of(entry, against),
        title_zh=entry.need("title_zh", str),
        title_en=entry.need("title_en", str),
        note_zh=entry.take("note_zh", str),
        note_en=entry.take("note_en", str),
    )
