"""Reasons, warnings and evidence with the figures behind them, as words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maps import phrases
from screening.words import has_word, word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from screening.words import Language
    from spatial.reading.model import Problem

__all__ = ["accuracy_words", "evidence_words", "problem_words", "reason_words", "warning_words"]

_HIDDEN = {"code", "needed_m", "reach_m"}
_DISTANCES = {"gap_m": False, "edge_m": False, "distance_m": False}


def reason_words(reason: Mapping[str, Any], language: Language) -> str:
    """
    A reason and its facts.

    Examples
    --------
    >>> reason_words({"code": "within_accuracy", "gap_m": 3.2}, "zh")
    '与边界的距离在综合精度以内（相距 3.200 米）'
    """
    facts = [_fact(key, value, language) for key, value in reason.items() if key not in _HIDDEN]
    if "edge_m" in reason and "needed_m" in reason:
        facts.append(word("cli.fact_needed_m", language, value=f"{reason['needed_m']:,.1f}"))
    if "distance_m" in reason and "reach_m" in reason:
        facts.append(word("cli.fact_reach_m", language, value=f"{reason['reach_m']:,.0f}"))
    text = phrases.code_word("reason", reason["code"], language)
    if not facts:
        return text
    return f"{text}（{'，'.join(facts)}）" if language == "zh" else f"{text} ({', '.join(facts)})"


def _fact(key: str, value: Any, language: Language) -> str:
    if key == "detail":
        return phrases.code_word("damage", value, language)
    text = phrases.clean(value)
    if key in _DISTANCES:
        text = phrases.distance(float(value), language)
    elif key.endswith("share"):
        text = phrases.share(float(value))
    return word(f"cli.fact_{key}", language, value=text) if has_word(f"cli.fact_{key}") else f"{key} {text}"


def warning_words(warning: Mapping[str, Any], language: Language) -> str:
    """A warning and what it is about."""
    code = warning["code"]
    group = "warning" if has_word(f"warning.{code}") else "reason"
    about = [
        warning.get("layer"),
        None if warning.get("kind") is None else phrases.code_word("kind", warning["kind"], language),
    ]
    if warning.get("detail"):
        about.append(phrases.code_word("damage", warning["detail"], language))
    about += ["、".join(warning["layers"])] if warning.get("layers") else []
    about += [warning.get("version"), warning.get("crs"), warning.get("parts")]
    text = phrases.code_word(group, code, language)
    named = [phrases.clean(part) for part in about if part is not None]
    if not named:
        return text
    return f"{text}：{'，'.join(named)}" if language == "zh" else f"{text}: {', '.join(named)}"


def evidence_words(evidence: Mapping[str, Any], language: Language) -> str:
    """One piece of evidence for a CRS; long values are cut, the JSON has them whole."""
    text = phrases.code_word("evidence", evidence["code"], language)
    value = phrases.clean(evidence["value"])
    value = value if len(value) <= 60 else f"{value[:57]}..."
    return f"{text} {value}".strip()


def accuracy_words(site: Mapping[str, Any], language: Language) -> str:
    """The accuracy of the site and where it came from."""
    metres = f"{site['accuracy_m']:,.2f} {word('unit.metres', language)}"
    basis = phrases.code_word("basis", site["accuracy_basis"], language)
    how = word("cli.assumed" if site.get("accuracy_assumed", True) else "cli.stated", language)
    return f"{metres}（{how}：{basis}）" if language == "zh" else f"{metres} ({how}: {basis})"


def problem_words(problem: Problem, language: Language) -> str:
    """
    Something noted while a file was read, and where.

    Examples
    --------
    >>> from spatial.reading import Problem
    >>> problem_words(Problem(code="ring_not_closed", file="a.shp", record=3, detail="J4"), "zh")
    'a.shp，记录 3：环未闭合（J4）'
    """
    where = [problem.file]
    for code, value in (("layer", problem.layer), ("record", problem.record), ("point", problem.point)):
        if value is not None:
            where.append(word(f"problem.at_{code}", language, value=value))
    text = phrases.code_word("problem", problem.code, language)
    if language == "zh":
        return f"{'，'.join(where)}：{text}" + (f"（{problem.detail}）" if problem.detail else "")
    return f"{', '.join(where)}: {text}" + (f" ({problem.detail})" if problem.detail else "")
