"""How far around a project an assessment looks, by topic: ``data/rules/evaluation_ranges.toml``, editable."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from screening.errors import EvaluationRangeError
from spatial.datafiles import data_file, toml_tables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["FORMS", "Applies", "EvaluationRange", "EvaluationRanges", "Form", "evaluation_ranges"]

Applies = Literal["areal", "linear"]
Form = Literal["book", "form"]
Shape = Literal["distance", "square"]
FORMS: tuple[Form, ...] = get_args(Form)
STATED = "U"
_MARKS = frozenset("VKU")
_KEYS = frozenset(
    {"topic", "applies", "form", "level", "shape", "metres", "default", "standard", "mark", "source", "zh", "en"}
)


@dataclass(frozen=True, kw_only=True)
class EvaluationRange:
    """
    The range of one topic.

    Attributes
    ----------
    topic
        Code: a key of ``[topics]``.
    applies
        To parcels and points, or to routes.
    shape, metres
        A distance beyond the boundary, or the side of a square around the middle of the site; None where the
        guideline gives no figure.
    level
        The grade of assessment it belongs to, as text.
    standard, mark, source
        Where it comes from: ``V`` read in the source named, ``K`` not checked (待核), ``U`` stated by the user.
    zh, en
        What the figure rests on.
    """

    topic: str
    applies: Applies
    metres: float | None
    shape: Shape = "distance"
    level: str | None = None
    standard: str | None = None
    mark: str = STATED
    source: str | None = None
    zh: str = ""
    en: str = ""


@dataclass(frozen=True, kw_only=True)
class EvaluationRanges:
    """
    The ranges that are asked for.

    Attributes
    ----------
    form
        ``book`` or ``form``.
    file
        Name of the user's file; None: the defaults alone.
    topics
        Code to (Chinese, English), in the order in which they are printed.
    chosen
        One for each topic and for parcels or routes.
    others
        Figures of other grades, to be shown beside.
    """

    form: Form
    file: str | None
    topics: dict[str, tuple[str, str]]
    chosen: tuple[EvaluationRange, ...]
    others: tuple[EvaluationRange, ...]


def evaluation_ranges(path: Path | None = None, *, form: Form = "book") -> EvaluationRanges:
    """
    The default ranges, or those with a user's file put over them.

    Parameters
    ----------
    path
        A TOML file with ``[[range]]`` tables: ``topic``, and ``metres`` where there is a figure; ``applies`` (both
        where it is left out), ``shape``, ``level``, ``standard``, ``zh``, ``en``. What it says of a topic replaces all
        defaults of that topic. A topic of its own needs no more than a name.
    form
        Which defaults: of the guidelines (报告书) or of the guide to the short form (报告表).

    Returns
    -------
    ranges
        Every figure with its source and its mark.

    Raises
    ------
    EvaluationRangeError
        The file is not readable, or a table of it cannot be understood.

    Examples
    --------
    >>> [(r.topic, r.metres, r.mark) for r in evaluation_ranges().chosen if r.topic == "risk"]
    [('risk', 5000.0, 'V'), ('risk', 200.0, 'V')]
    """
    topics, defaults = _defaults()
    ranges = [(one, is_default) for one, its_form, is_default in defaults if its_form == form]
    named = dict(topics)
    stated: list[EvaluationRange] = []
    if path is not None:
        stated = _of_file(path)
        told = {one.topic for one in stated}
        ranges = [(one, is_default) for one, is_default in ranges if one.topic not in told]
        named |= {topic: (topic, topic) for topic in sorted(told - set(named))}
    order = list(named)
    chosen = [*stated, *(one for one, is_default in ranges if is_default)]
    return EvaluationRanges(
        form=form,
        file=None if path is None else path.name,
        topics=named,
        chosen=tuple(sorted(chosen, key=lambda one: (order.index(one.topic), one.applies))),
        others=tuple(one for one, is_default in ranges if not is_default),
    )


@cache
def _defaults() -> tuple[dict[str, tuple[str, str]], tuple[tuple[EvaluationRange, str, bool], ...]]:
    file = data_file("rules", "evaluation_ranges.toml")
    tables = toml_tables(file)
    topics = {code: (pair["zh"], pair["en"]) for code, pair in tables["topics"].items()}
    found = []
    for number, table in enumerate(tables["range"], 1):
        one = _range(table, applies=table["applies"], where=f"{file.name}, [[range]] {number}")
        source = tables["sources"][table["source"]]
        kept = EvaluationRange(**{**vars(one), "mark": table["mark"], "source": source})
        found.append((kept, str(table["form"]), bool(table.get("default", False))))
    return topics, tuple(found)


def _of_file(path: Path) -> list[EvaluationRange]:
    try:
        tables = toml_tables(path)
    except (OSError, ValueError) as error:
        raise EvaluationRangeError(where=path.name, detail=f"it cannot be read ({error})") from error
    rows = tables.get("range")
    if not isinstance(rows, list) or not rows:
        raise EvaluationRangeError(where=path.name, detail="it has no [[range]] table")
    found: list[EvaluationRange] = []
    for number, table in enumerate(rows, 1):
        where = f"{path.name}, [[range]] {number}"
        if not isinstance(table, dict):
            raise EvaluationRangeError(where=where, detail="it is no table")
        kinds = [table["applies"]] if "applies" in table else ["areal", "linear"]
        found += [_range(table, applies=applies, where=where) for applies in kinds]
    twice = [
        (a.topic, a.applies) for a in found if sum((b.topic, b.applies) == (a.topic, a.applies) for b in found) > 1
    ]
    if twice:
        raise EvaluationRangeError(where=path.name, detail=f"topic {twice[0][0]!r} has two ranges for {twice[0][1]}")
    return found


def _range(table: Mapping[str, Any], *, applies: Any, where: str) -> EvaluationRange:
    unknown = sorted(set(table) - _KEYS)
    if unknown:
        raise EvaluationRangeError(where=where, detail=f"it has keys that mean nothing: {', '.join(unknown)}")
    topic, metres, shape = table.get("topic"), table.get("metres"), table.get("shape", "distance")
    if not isinstance(topic, str) or not topic.strip():
        raise EvaluationRangeError(where=where, detail="it names no topic")
    if applies not in get_args(Applies) or shape not in get_args(Shape):
        raise EvaluationRangeError(where=where, detail="applies is areal or linear, shape is distance or square")
    if table.get("mark", STATED) not in _MARKS:
        raise EvaluationRangeError(where=where, detail="mark is V, K or U")
    if metres is not None and (isinstance(metres, bool) or not isinstance(metres, int | float) or not 0 < metres < 1e6):
        raise EvaluationRangeError(where=where, detail="metres is a number above 0 and below 1,000,000")
    return EvaluationRange(
        topic=topic.strip(),
        applies=cast("Applies", applies),
        metres=None if metres is None else float(metres),
        shape=cast("Shape", shape),
        level=None if table.get("level") is None else str(table["level"]),
        standard=None if table.get("standard") is None else str(table["standard"]),
        source=None if table.get("source") is None else str(table["source"]),
        zh=str(table.get("zh", "")),
        en=str(table.get("en", "")),
    )
